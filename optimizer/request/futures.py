"""Courses that events may take: each multiplies figures of a request, or lets what was promised come later.

Whatever a future changes it selects as limits select, and changes by a factor, a schedule of factors or some months.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, WrapSerializer

from catalogs.periods import Period, Schedule
from catalogs.schema import Frozen
from catalogs.values import Id, Months
from optimizer.request.selection import InOrder, Selected, Selection

OFFERED = ("vendor", "kind", "accelerator", "system", "offer", "route", "host", "stack", "buyers")
SELECTS: Mapping[str, tuple[str, ...]] = {
    "demand": ("demand",),
    "price": OFFERED,
    "rent": OFFERED,
    "supply": OFFERED,
    "pools": ("pool",),
    "power": ("site",),
    "electricity": ("site",),
    "residual": (),
    "delivery_delay": OFFERED,
    "hall_delay": ("site",),
}
"""What each change of a future may select by: what is ordered, a demand, a pool, a site of ours, or nothing."""
DELAYS = ("delivery_delay", "hall_delay")


class Changed(Selection):
    """What a change of a future is about; nothing said is all that there is."""

    pool: Selected | None = None


class Factor(Frozen):
    """What figures are multiplied by: one number, from a period on where `from` says so, or numbers by period.

    Before the first of these it is 1.
    """

    of: Changed = Changed.model_construct()
    factor: Schedule
    from_: Period | None = Field(default=None, alias="from")

    @property
    def schedule(self) -> Decimal | dict[str, Decimal]:
        """The factor as a schedule; one number where it always holds."""
        return self.factor if self.from_ is None or isinstance(self.factor, dict) else {self.from_: self.factor}


class Delay(Frozen):
    """Months by which what was promised comes later."""

    of: Changed = Changed.model_construct()
    months: Annotated[Months, Field(ge=1)]


def _as_list(value: Any) -> Any:
    """One change may stand alone, without the list."""
    return value if isinstance(value, (list, tuple)) else (value,)


def _as_written(changes: tuple[Any, ...], written: Any) -> Any:
    found = list(written(changes))
    return found[0] if len(found) == 1 else found


Factors = Annotated[
    tuple[Factor, ...],
    Field(min_length=1),
    BeforeValidator(_as_list, json_schema_input_type=Factor | Annotated[list[Factor], Field(min_length=1)]),
    AfterValidator(lambda changes: tuple(sorted(changes, key=str))),
    WrapSerializer(_as_written),
]
Delays = Annotated[
    tuple[Delay, ...],
    Field(min_length=1),
    BeforeValidator(_as_list, json_schema_input_type=Delay | Annotated[list[Delay], Field(min_length=1)]),
    AfterValidator(lambda changes: tuple(sorted(changes, key=str))),
    WrapSerializer(_as_written),
]


class Changes(Frozen):
    """What a future changes; what is not said stays as the scenario has it. Changes of one figure multiply."""

    demand: Factors | None = None
    price: Factors | None = None
    rent: Factors | None = None
    supply: Factors | None = None
    pools: Factors | None = None
    power: Factors | None = None
    electricity: Factors | None = None
    residual: Factors | None = None
    delivery_delay: Delays | None = None
    hall_delay: Delays | None = None


class Future(Changes):
    """A course that events may take, with its probability."""

    name: Id
    probability: Annotated[Decimal, Field(gt=0, le=1, allow_inf_nan=False)]

    @property
    def changes(self) -> Changes:
        """What it changes, without its name and probability."""
        return Changes.model_construct(**{name: getattr(self, name) for name in Changes.model_fields})


Futures = Annotated[tuple[Future, ...], InOrder, AfterValidator(lambda futures: futures or None)]
"""None at all are as good as nothing said."""
