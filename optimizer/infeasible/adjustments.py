"""What can give way: each business limit as an amount that loosens its rows and a change of the scenario."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, Decimal
from typing import Any

from optimizer.formulation.business_limits import PERCENT, BusinessLimit, business_limits, stated_unit
from optimizer.formulation.model import Model, Row, model_name
from optimizer.formulation.register import KINDS, LIMITS
from optimizer.infeasible.edits import edited, plain, setting
from optimizer.request.edits import Key, changed, listed_at, text_at
from optimizer.request.load import Request
from optimizer.request.schedules import supplied
from optimizer.solving.matrix import Matrix
from optimizer.tables.frames import share_inside
from optimizer.tables.rows import MILLION

DIGITS = 4
"""An amount is shown to so many digits, rounded up."""
SLACK = 1e-4
"""The part of the last digit that a solver's tolerance may add."""

GROWN_DIGITS = 12
"""What a schedule has grown to is written with so many in a repair, which is proved as it is written."""

REPAIRED_AS = tuple(dict.fromkeys([*KINDS, *(record.repaired_as for record in LIMITS if record.repaired_as)]))
"""What may be changed to move limits, by the kind of change."""


@dataclass(frozen=True)
class ElasticRow:
    """A row that an elastic limit loosens: its number, its period where it has one, its units per unit of amount."""

    row: int
    t: int | None
    per_unit: float


@dataclass(frozen=True)
class ElasticLimit:
    """A limit that may give way by an amount of `unit` times `scale`: more of it, or less of what is asked.

    `weight` is what a unit counts against others of its kind, `share` the part of today's figure that it is.
    """

    limit: BusinessLimit
    rows: tuple[ElasticRow, ...]
    unit: str
    scale: float
    weight: float
    share: float

    @property
    def kind(self) -> str:
        return kind_of(self.limit)

    @property
    def whole(self) -> bool:
        return self.limit.record.whole

    @property
    def periods(self) -> list[int]:
        """The periods of its rows, if an amount may be for some of them only; none if it holds as a whole."""
        return sorted({row.t for row in self.rows if row.t is not None})

    def digit(self, amount: Decimal) -> Decimal:
        """One in the last place in which an amount is shown."""
        return Decimal(1) if self.whole else Decimal(1).scaleb(amount.adjusted() - DIGITS + 1)

    def rounded_up(self, give: float) -> Decimal:
        """An amount as it is shown: whole, or to a few digits, and never less than what is needed."""
        amount = Decimal(repr(give * self.scale))
        step = self.digit(amount)
        steps = (amount / step - Decimal(repr(SLACK))).to_integral_value(ROUND_CEILING)
        return max(steps, Decimal(1)) * step


@dataclass(frozen=True)
class Adjustment:
    """An elastic limit adjusted by an amount, in its unit, from a period to another."""

    elastic: ElasticLimit
    amount: Decimal
    first: int
    last: int

    def bumped(self) -> Adjustment:
        """The next larger amount that can be shown; no more than all of the work is left undone."""
        amount = self.amount + self.elastic.digit(self.amount)
        return replace(self, amount=min(amount, PERCENT) if self.elastic.unit == "%" else amount)

    def moved(self, number: Decimal) -> Decimal:
        """A figure of the scenario after the move."""
        limit = self.elastic.limit
        if limit.kind == "demand":
            return number * (1 - self.amount / PERCENT)
        amount = self.amount / PERCENT if limit.is_share else self.amount
        return max(Decimal(0), number - amount) if limit.is_floor else number + amount

    def loosened(self) -> dict[int, float]:
        """By how much each row gives way."""
        give = float(self.amount) / self.elastic.scale
        inside = [row for row in self.elastic.rows if row.t is None or self.first <= row.t <= self.last]
        return {row.row: row.per_unit * give for row in inside}


def kind_of(limit: BusinessLimit) -> str:
    """What is changed to move a limit: room to grow is not power that is there."""
    return limit.record.repaired_as or limit.kind


def elastic_limits(model: Model, matrix: Matrix) -> list[ElasticLimit]:
    """Every limit that may give way by an amount; work not done is one for each period."""
    number = {name: i for i, name in enumerate(matrix.rows)}
    found: list[ElasticLimit] = []
    for limit in business_limits(model):
        if limit.is_share and limit.kind == "limits":
            continue  # a share of what is decided is no amount: see `steps`
        whole = _elastic(model, limit, number)
        found += _each_period(whole) if limit.kind == "demand" else [whole]
    return found


def _each_period(elastic: ElasticLimit) -> list[ElasticLimit]:
    """An elastic limit for each period, each counting for the part of the whole that it is."""
    return [replace(elastic, rows=(row,), share=elastic.share / len(elastic.rows)) for row in elastic.rows]


def _elastic(model: Model, limit: BusinessLimit, number: Mapping[str, int]) -> ElasticLimit:
    rows = [model.rows[name] for name in limit.rows]
    unit, scale, per_unit = _units(model, limit, rows)
    loose = tuple(
        ElasticRow(number[model_name(name)], _period(model, limit, row), each if row.sense == "<=" else -each)
        for name, row, each in zip(limit.rows, rows, per_unit, strict=True)
    )
    asks = _if_signed if limit.kind == "frames" else _stated
    today = max(asks(row) / each if each else 0.0 for row, each in zip(rows, per_unit, strict=True))
    share = 100 / today if today else 1.0
    return ElasticLimit(limit, loose, unit, scale, _weight(model, limit, scale, share), share)


def _stated(row: Row) -> float:
    return abs(row.bound)


def _if_signed(row: Row) -> float:
    """What the row of a frame asks for if it is signed: the one term that is taken off."""
    return -min(amount for _, amount in row.terms)


def _period(model: Model, limit: BusinessLimit, row: Row) -> int | None:
    dated = limit.record.over == "period" and not limit.is_share
    return model.tables.calendar.index(row.keys[1]) if dated else None


def _units(model: Model, limit: BusinessLimit, rows: Sequence[Row]) -> tuple[str, float, list[float]]:
    """The unit of an amount, how many of it one unit in the model is, and how many units of each row that is."""
    tables = model.tables
    months = float(tables.calendar.months)
    if limit.kind == "demand":
        return "%", 1.0, [row.bound / float(PERCENT) for row in rows]
    if limit.is_share:
        return "points", 1.0, [months * forecast / float(PERCENT) for forecast in _forecast(model, limit, rows)]
    unit = stated_unit(tables.request, limit)
    if limit.record.per_month:
        return unit, 1.0, [months] * len(rows)
    scale, counted = max(row.scale for row in rows), 1.0
    if limit.kind == "frames":
        counted = float(share_inside(tables.calendar, (tables.scenario.frames or {})[limit.name].within))
    return unit, scale, [counted * scale / row.scale for row in rows]


def _forecast(model: Model, limit: BusinessLimit, rows: Sequence[Row]) -> list[float]:
    tables = model.tables
    name = text_at(tables.request, (*limit.key[:-1], "forecast"))
    schedule = tables.request.catalog.pools[limit.name].forecasts[name]
    spans = [tables.calendar.span(tables.calendar.index(row.keys[1]) or 1) for row in rows]
    return [float(supplied(schedule, months) or 0) for months in spans]


def _weight(model: Model, limit: BusinessLimit, scale: float, share: float) -> float:
    """What a unit counts in the sum of its kind: MW, millions of USD, thousands of accelerators, percent."""
    record = limit.record
    if record.unit == "USD":
        return scale / MILLION
    weight = record.weight if record.weight_of is None else record.weight_of(model, limit.name)
    return share if limit.is_share or weight is None else weight


def repaired(request: Request, moves: Iterable[Adjustment]) -> Request:
    """The request with elastic limits adjusted."""
    return changed(request, figures(request, moves))


def figures(request: Request, moves: Iterable[Adjustment]) -> dict[Key, Any]:
    """The figures of the scenario after some moves, exact."""
    found: dict[Key, Any] = {}
    for move in moves:
        limit, calendar = move.elastic.limit, request.scenario.calendar
        value = found.get(limit.key, listed_at(request, limit.key, GROWN_DIGITS))
        if limit.record.by_period_end:  # an amount of its own, which does not hold until the next one
            key = calendar.key(move.first)
            found[limit.key] = {**value, key: plain(move.moved(Decimal(value[key])))}
        else:
            found[limit.key] = edited(value, calendar, move.first, move.last, move.moved)
    return found


def settings(request: Request, values: Mapping[Key, Any]) -> tuple[str, ...]:
    """The `--set` lines of some figures."""
    return tuple(setting(request, key, value) for key, value in values.items())
