"""The limits that a buyer can do something about, each with the keys of the scenario that set it.

A limit of the business is many rows of the model: the power of one site is a row a period. It is moved by
changing the scenario, so that what is asked is what `--set` would give.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from optimizer.formulation.model import Model
from optimizer.formulation.register import LIMIT, NAME, LimitRecord
from optimizer.request.edits import Key, changed, each_number, listed_at, text_at
from optimizer.request.load import Request

PERCENT = Decimal(100)


@dataclass(frozen=True)
class BusinessLimit:
    """One limit: the constraint that states it, what it is the limit of, and its rows.

    `key` leads to its figures in the scenario. `is_share` says that they are shares of a whole, which move
    by points and not in proportion; `is_floor` that more of it asks for more.
    """

    constraint: str
    name: str
    rows: tuple[str, ...]
    unit: str
    key: Key
    is_share: bool
    is_floor: bool

    @property
    def record(self) -> LimitRecord:
        """What is said of limits of its constraint."""
        return LIMIT[self.constraint]

    @property
    def kind(self) -> str:
        """The kind of thing that it limits, such as power."""
        return self.record.kind

    @property
    def label(self) -> str:
        """The limit in the planner's words, such as `power at oslo`."""
        return label_of(self.constraint, self.name)


def label_of(constraint: str, name: str) -> str:
    """The limits of one constraint of one thing, in the planner's words."""
    return LIMIT[constraint].label.format(name)


_BOUNDS = ("at_most", "at_least", "at_most_share", "at_least_share")


def business_limits(model: Model) -> tuple[BusinessLimit, ...]:
    """Every limit of a model that a buyer could move, in the model's order."""
    request = model.tables.request
    rows: dict[tuple[str, str], list[str]] = {}
    for name, row in model.rows.items():
        constraint = name.partition("(")[0]
        if constraint in LIMIT:
            rows.setdefault((constraint, row.keys[0]), []).append(name)
    return tuple(_limit(request, model, *which, names) for which, names in rows.items())


def _limit(request: Request, model: Model, constraint: str, name: str, rows: Sequence[str]) -> BusinessLimit:
    key, first = _key(request, constraint, name), model.rows[rows[0]]
    is_share = key[-1].endswith("share")
    return BusinessLimit(constraint, name, tuple(rows), first.unit, key, is_share, first.sense == ">=")


def _key(request: Request, constraint: str, name: str) -> Key:
    if LIMIT[constraint].key:
        key: Key = tuple(name if part == NAME else part for part in LIMIT[constraint].key)
        forecast = LIMIT[constraint].of == "pool" and "share" in (text_at(request, key) or {})
        return (*key, "share") if forecast else key
    number, rule = next((i, rule) for i, rule in enumerate(request.scenario.limits) if rule.name == name)
    bound = next(bound for bound in _BOUNDS if getattr(rule, bound) is not None)
    return ("limits", str(number), bound)


def moved(request: Request, limit: BusinessLimit, percent: Decimal) -> Request:
    """The request with a limit moved by some percent; a share moves by so many points, inside 0 to 1."""

    def move(number: Decimal) -> Decimal:
        if limit.is_share:
            return min(Decimal(1), max(Decimal(0), number + percent / PERCENT))
        return number * (1 + percent / PERCENT)

    return changed(request, {limit.key: each_number(text_at(request, limit.key), move)})


def with_one_more(request: Request, limit: BusinessLimit) -> Request:
    """The request with one whole unit more of a limit, wherever there is any of it."""
    listed = listed_at(request, limit.key)
    return changed(request, {limit.key: each_number(listed, lambda number: number + (number > 0))})


def stated_unit(request: Request, limit: BusinessLimit) -> str:
    """The unit of the number that sets a limit; a share has none."""
    unit = request.catalog.pools[limit.name].unit if limit.record.of == "pool" else limit.unit
    return f"{unit} a month" if limit.record.per_month else unit


def figure(request: Request, limit: BusinessLimit) -> Any:
    """The number or schedule that sets a limit, as text."""
    return text_at(request, limit.key)
