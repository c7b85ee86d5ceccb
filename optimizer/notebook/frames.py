"""Rows as a typed DataFrame. pandas is imported when the first one is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, get_args

from optimizer.plan.provenance import Part

if TYPE_CHECKING:
    import pandas as pd

TYPES = ((bool, "bool"), (int, "int64"), (float, "float64"))
TEXT = "string"


def typed(columns: Mapping[str, str], rows: Iterable[Iterable[Any]]) -> pd.DataFrame:
    """Rows under columns of some types; without rows too there are the columns, and their types."""
    import pandas as pd

    return pd.DataFrame(list(rows), columns=list(columns), dtype=object).astype(dict(columns))


def frame_of(model: type[Part], rows: Iterable[Part], leave_out: Iterable[str] = ()) -> pd.DataFrame:
    """The rows of a plan's table, a column for each field of their model: numbers NaN and text NA where it is None."""
    hidden = set(leave_out)
    columns = {name: _type(field.annotation) for name, field in model.model_fields.items() if name not in hidden}
    return typed(columns, ([getattr(row, name) for name in columns] for row in rows))


def _type(annotation: Any) -> str:
    """The type of a column, by that of a field: `float | None` is a float, words of a list are text."""
    possible = [annotation, *get_args(annotation)]
    return next((name for kind, name in TYPES if kind in possible), TEXT)
