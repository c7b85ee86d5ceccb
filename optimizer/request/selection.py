"""What a rule is about, and in which window: ids or patterns of what is ordered and where it stands."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from catalogs.schema import Frozen

WINDOW_FORM = "window"
"""Marks texts that write a window, for a JSON Schema."""
_WINDOW = Field(json_schema_extra={"format": WINDOW_FORM})
Window = Annotated[str, StringConstraints(min_length=1, max_length=40), _WINDOW]
Pattern = Annotated[str, StringConstraints(max_length=200)]
"""An id, or one with `*` and the like, which may fit several."""


def _in_order(items: tuple[Any, ...]) -> tuple[Any, ...]:
    """Lists in the file are sets: their order changes nothing, so it is not kept."""
    return tuple(sorted(items, key=str))


InOrder = AfterValidator(_in_order)


def _as_list(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


_Listed = Annotated[list[Pattern], Field(min_length=1)]
Selected = Annotated[
    tuple[Pattern, ...],
    Field(min_length=1),
    BeforeValidator(_as_list, json_schema_input_type=Pattern | _Listed),
    InOrder,
]


class Selection(Frozen):
    """What a limit or a frame is about: ids or patterns, a list of them, or `each` for one limit apiece."""

    vendor: Selected | None = None
    kind: Selected | None = None
    accelerator: Selected | None = None
    system: Selected | None = None
    offer: Selected | None = None
    route: Selected | None = None
    site: Selected | None = None
    host: Selected | None = None
    stack: Selected | None = None
    demand: Selected | None = None
    buyers: Selected | None = None
