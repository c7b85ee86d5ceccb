"""A solution read against its model: what was decided, what is in service, what it costs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from optimizer.formulation import AT_PERIOD_END
from optimizer.formulation.model import DEMAND_PARTS, Model, model_name
from optimizer.matrix import Matrix
from optimizer.solve import Solution
from optimizer.tables import Cohort, Need

TRACE = 1e-7
"""Less than this part of a system, or of a demand, is rounding and not shown."""


def _no_trace(column: str, value: float) -> float:
    """A value without the solver's rounding, so that what is not shown costs nothing either."""
    unit = DEMAND_PARTS if column.startswith("unmet(") else 1.0
    return 0.0 if abs(value) < TRACE * unit else value


class Answer:
    """A solution with the model it solves: what the parts of a plan are read from."""

    def __init__(self, model: Model, matrix: Matrix, solution: Solution) -> None:
        self.model, self.tables, self.solution = model, model.tables, solution
        whole = np.where(matrix.integer, np.round(solution.values), solution.values).tolist()
        values = {name: _no_trace(name, value) for name, value in zip(matrix.columns, whole, strict=True)}
        duals = dict(zip(matrix.rows, solution.duals.tolist(), strict=False))
        self.duals: Mapping[str, float] = {name: duals.get(model_name(name), 0.0) for name in model.rows}
        self.cohorts: dict[Cohort, float] = {c: values[v.name] for c, v in model.cohort.items()}
        self.run = {row: values[v.name] for row, v in model.run.items()}
        self.unmet = {key: values[v.name] for key, v in model.unmet.items()}
        self.retire = {key: values[v.name] for key, v in model.retire.items()}
        self.paid_usd = self._paid(values)
        self.costs = {line: self._by_period(terms, values) for line, terms in model.costs.items()}
        self.in_service = self._in_service()
        counted = {model.in_service[key].name: systems for key, systems in self.in_service.items()}
        self.values: dict[str, float] = {**values, **counted}

    def _paid(self, values: Mapping[str, float]) -> dict[Cohort, float]:
        """The price paid for one system of each purchase, averaged where its order has price breaks."""
        spent: defaultdict[tuple[str, int], float] = defaultdict(float)
        bought: defaultdict[tuple[str, int], float] = defaultdict(float)
        for band, variable in self.model.band.items():
            spent[band.offer, band.t] += values[variable.name] * band.factor
            bought[band.offer, band.t] += values[variable.name]
        prices = {}
        for cohort in self.cohorts:
            key = (cohort.offer, cohort.t)
            broken = not cohort.committed and bought.get(key, 0.0) > TRACE
            if cohort.price_usd is not None:
                prices[cohort] = cohort.price_usd * (spent[key] / bought[key] if broken else 1.0)
        return prices

    def _by_period(self, terms: Iterable[Any], values: Mapping[str, float]) -> dict[int, float]:
        usd = dict.fromkeys(self.tables.calendar.periods, 0.0)
        for term in terms:
            usd[term.t] += term.usd * values[term.variable.name]
        return usd

    def _in_service(self) -> dict[tuple[str, str, int], float]:
        """Counted from fleet, commitments and orders, not read from the solver: sums of whole numbers."""
        count = {(row.system, row.place, row.t): row.fleet for row in self.tables.stock}
        for key, systems in gone(self):
            count[key] -= systems
        for cohort, systems in self.cohorts.items():
            for t in range(cohort.t, cohort.last + 1):
                count[self.tables.offers[cohort.offer].system, cohort.place, t] += systems
        return count

    def undone(self, need: Need) -> float:
        """The part of a demand's work that is left undone in a period."""
        return self.unmet.get((need.demand, need.t), 0.0) / DEMAND_PARTS

    def period(self, t: int) -> str:
        return self.tables.calendar.key(t)

    @property
    def objective_usd(self) -> float:
        factors = {line: self.tables.end if line in AT_PERIOD_END else self.tables.mid for line in self.costs}
        return sum(usd * float(factors[line][t]) for line, by_t in self.costs.items() for t, usd in by_t.items())


def gone(answer: Answer) -> Iterable[tuple[tuple[str, str, int], float]]:
    """The systems retired by each decision, at their place in every period from then on."""
    for (entry, start), systems in answer.retire.items():
        for t in range(start, entry.last + 1):
            yield (entry.system, entry.site, t), systems
