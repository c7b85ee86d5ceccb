"""What a plan has of something, as linear expressions over the columns of its model.

The measures are those of the user's limits, so that what is shown is what a limit would count.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from optimizer.formulation.limits import MEASURES, Measured
from optimizer.formulation.model import Model
from optimizer.solving.matrix import Floats, Matrix, NewColumn, NewRow
from optimizer.tables import KW_PER_MW
from optimizer.tables.rows import MILLION
from optimizer.tables.selection import selected

M_USD = "M USD"


class Linear(NamedTuple):
    """Σ coefficient · column + constant, columns by their number."""

    terms: Mapping[int, float]
    constant: float = 0.0

    def at(self, values: Floats) -> float:
        return math.fsum([*(amount * float(values[j]) for j, amount in self.terms.items()), self.constant])

    def less(self, other: Linear, times: float) -> Linear:
        """This less `times` the other."""
        left = dict(self.terms)
        for j, amount in other.terms.items():
            left[j] = left.get(j, 0.0) - times * amount
        return Linear(left, self.constant - times * other.constant)


@dataclass(frozen=True)
class Figure:
    """Something a plan has so much of: the highest of its parts, which are often one."""

    kind: Literal["vendor", "accelerator", "site", "power", "cash"]
    name: str
    unit: str
    parts: tuple[Linear, ...]

    def at(self, values: Floats) -> float:
        """How much a solution has of it."""
        return max(part.at(values) for part in self.parts)


def minimised(matrix: Matrix, parts: tuple[Linear, ...]) -> tuple[Matrix, float]:
    """The model that minimises the highest of some parts, and the constant that its objective leaves out.

    Several parts take a column that is no less than any: it stands for their highest, less the lowest that
    this can be.
    """
    if len(parts) == 1:
        return matrix.minimising(parts[0].terms), parts[0].constant
    floor = lowest(matrix, parts)
    most = max(0.0, *(-lowest(matrix, (negative(part),)) - floor for part in parts))
    peak = len(matrix.cost)
    wider = matrix.with_columns([NewColumn("highest()", 0.0, most, {})])
    rows = [
        NewRow(f"below_highest({k})", -math.inf, floor - part.constant, {**part.terms, peak: -1.0})
        for k, part in enumerate(parts)
    ]
    return wider.with_rows(rows).minimising({peak: 1.0}), floor


def lowest(matrix: Matrix, parts: tuple[Linear, ...]) -> float:
    """What the highest of some parts can never be below, from the columns' bounds alone."""
    return max(
        math.fsum([part.constant, *(_least(matrix, j, amount) for j, amount in part.terms.items())]) for part in parts
    )


def _least(matrix: Matrix, j: int, amount: float) -> float:
    return float(amount * (matrix.lower[j] if amount > 0 else matrix.upper[j]))


def negative(part: Linear) -> Linear:
    """Minus a part: what is minimised to find the most of it."""
    return Linear({j: -amount for j, amount in part.terms.items()}, -part.constant)


class Gauge:
    """Reads figures off a model: which columns count how much in each measure."""

    def __init__(self, model: Model, matrix: Matrix) -> None:
        self.model = model
        self.number = {name: j for j, name in enumerate(matrix.columns)}
        self._measured: dict[str, list[Measured]] = {}

    def measured(self, measure: str) -> list[Measured]:
        """All parts of a measure of limits."""
        if measure not in self._measured:
            self._measured[measure] = list(MEASURES[measure](self.model))
        return self._measured[measure]

    def total(self, measure: str, **of: str) -> Linear:
        """A measure over the whole horizon, of what is selected by such as `vendor`."""
        return self._summed((part, 1.0) for part in self._of(measure, of))

    def it_kw(self, factor: Mapping[tuple[str, int], float]) -> tuple[Linear, ...]:
        """IT load in each period, times a factor by site and period; sites that are not named do not count."""
        found: defaultdict[int, list[tuple[Measured, float]]] = defaultdict(list)
        for part in self.measured("it_kw"):
            for site in part.facts.get("site", ()):
                if (site, part.t) in factor:
                    found[part.t].append((part, factor[site, part.t]))
        return undominated(self._summed(found[t]) for t in sorted(found))

    def _of(self, measure: str, of: Mapping[str, str]) -> Iterator[Measured]:
        patterns = {key: (value,) for key, value in of.items()}
        return (part for part in self.measured(measure) if selected(patterns, part.facts))

    def _summed(self, parts: Iterable[tuple[Measured, float]]) -> Linear:
        terms: defaultdict[int, float] = defaultdict(float)
        constant = 0.0
        for part, times in parts:
            if part.variable is None:
                constant += times * part.amount
            else:
                terms[self.number[part.variable.name]] += times * part.amount
        return Linear({j: amount for j, amount in terms.items() if amount}, constant)

    def values_of(self, key: str) -> list[str]:
        """What there is of a key such as `vendor` among what may be ordered or is committed."""
        return sorted({value for part in self.measured("accelerators") for value in part.facts.get(key, ())})

    def spend(self, **of: str) -> Linear:
        """Money for systems and their rent, undiscounted, in millions of USD."""
        return _scaled(self.total("spend_usd", **of), 1 / MILLION)

    def in_service(self, accelerator: str) -> tuple[Linear, ...]:
        """Accelerators of one kind in service in each period, the existing fleet apart."""
        tables = self.model.tables
        found: defaultdict[int, dict[int, float]] = defaultdict(dict)
        for cohort, variable in self.model.cohort.items():
            if tables.systems[tables.offers[cohort.offer].system].accelerator == accelerator:
                for t in cohort.served:
                    found[t][self.number[variable.name]] = float(tables.offers[cohort.offer].accelerators)
        return undominated(Linear(found[t]) for t in sorted(found))

    def peak_mw(self, site: str | None = None) -> tuple[Linear, ...]:
        """Power at the meter in each period, of one of our sites or all together."""
        rows = [row for row in self.model.tables.site_periods if site in (None, row.site)]
        return self.it_kw({(row.site, row.t): row.peak_pue / KW_PER_MW for row in rows})

    def cash(self, periods: range) -> Linear:
        """Capex and opex of some periods, undiscounted, in millions of USD."""
        terms: defaultdict[int, float] = defaultdict(float)
        for variable, t, usd in (term for cash in self.model.cash.values() for term in cash):
            if t in periods:
                terms[self.number[variable.name]] += usd / MILLION
        return Linear({j: amount for j, amount in terms.items() if amount})


def _scaled(part: Linear, factor: float) -> Linear:
    return Linear({j: factor * amount for j, amount in part.terms.items()}, factor * part.constant)


def undominated(parts: Iterable[Linear]) -> tuple[Linear, ...]:
    """Parts without those that are never the highest: columns are never negative, and another has more of each."""
    kept: list[Linear] = []
    for part in parts:
        if not any(_covers(other, part) for other in kept):
            kept = [other for other in kept if not _covers(part, other)]
            kept.append(part)
    return tuple(kept)


def _covers(more: Linear, less: Linear) -> bool:
    columns = more.terms.keys() | less.terms.keys()
    return more.constant >= less.constant and all(more.terms.get(j, 0.0) >= less.terms.get(j, 0.0) for j in columns)
