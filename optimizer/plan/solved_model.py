"""A solution read against its model: what was decided, what is in service, what it costs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Set
from math import fsum
from typing import Any

import numpy as np

from optimizer.formulation.frames import spent_in_window, unit_of
from optimizer.formulation.model import DEMAND_PARTS, CostTerm, Model, model_name, row_name
from optimizer.formulation.register import AT_PERIOD_END
from optimizer.formulation.site_resources import take_or_pay
from optimizer.solving.matrix import Floats, Matrix
from optimizer.solving.settle import TRACE
from optimizer.solving.solution import Solution
from optimizer.tables import Cohort, Need, Work, grouped

_UNITS = {"unmet": DEMAND_PARTS, "served": DEMAND_PARTS, "expand": 1e-3}
"""What a trace is a part of, 1 where it is not here: a demand, a kW."""
SPENT = 1e-12
"""The part of what is promised that is rounding: a promise is spent if no more of it is missing."""


def _without_traces(matrix: Matrix, values: Floats) -> dict[str, float]:
    """Values inside their bounds and without the solver's rounding, so that what is not shown costs nothing either."""
    whole = np.where(matrix.integer, np.round(values), np.clip(values, matrix.lower, matrix.upper)).tolist()
    rows = zip(matrix.columns, whole, matrix.upper.tolist(), strict=True)
    return {name: 0.0 if value < TRACE * _unit(name, most) else value for name, value, most in rows}


def _unit(column: str, most: float) -> float:
    return _UNITS.get(column.partition("(")[0], min(1.0, most))


class SolvedModel:
    """A solution with the model it solves: what the parts of a plan are read from."""

    def __init__(self, model: Model, matrix: Matrix, solution: Solution) -> None:
        self.model, self.tables, self.solution = model, model.tables, solution
        values = _without_traces(matrix, solution.values)
        duals = dict(zip(matrix.rows, solution.duals.tolist(), strict=False))
        self.duals: Mapping[str, float] = {name: duals.get(model_name(name), 0.0) for name in model.rows}
        values |= {model.expand[site, t].name: mw for (site, t), mw in self._whole_blocks(values)}
        self.cohorts: dict[Cohort, float] = {c: values[v.name] for c, v in model.cohort.items()}
        self.unmet = {key: values[v.name] for key, v in model.unmet.items()}
        self.retire = {key: values[v.name] for key, v in model.retire.items()}
        self.paid_usd = self._paid(values)
        self.in_service = self._in_service(frozenset())
        values |= self._idle(values)
        self.signed = self._signed()
        values |= {model.sign[name].name: float(signed) for name, signed in self.signed.items()}
        self.spent_usd = {name: _spent(terms, values) for name, terms in spent_in_window(model).items()}
        values |= {
            v.name: self.shortfall_usd(f) / unit_of(self.tables.frames[f]) for f, v in model.frame_shortfall.items()
        }
        self.costs = {line: self._by_period(terms, values) for line, terms in model.costs.items()}
        self._alike, self._unlike = self._able()
        self.run = self._at_work({row: values[v.name] for row, v in model.run.items()})
        counted = {model.in_service[key].name: systems for key, systems in self.in_service.items()}
        working = {model.run[row].name: systems for row, systems in self.run.items()}
        self.values: dict[str, float] = {**values, **counted, **working}

    def _whole_blocks(self, values: Mapping[str, float]) -> Iterable[tuple[tuple[str, int], float]]:
        """MW added by whole blocks, by site and period: of what a solver finds, the blocks are exact."""
        for (site, t), variable in self.model.blocks.items():
            expansion = self.tables.scenario.sites[site].expansion
            assert expansion is not None
            assert expansion.block_mw is not None
            yield (site, t), float(expansion.block_mw * round(values[variable.name]))

    def _idle(self, values: Mapping[str, float]) -> dict[str, float]:
        """Energy that is paid for and not used, by its column: what `take_or_pay` leaves, whatever it costs."""
        counted = {self.model.in_service[key].name: systems for key, systems in self.in_service.items()}
        found = {}
        for (site, t), variable in self.model.idle_mwh.items():
            row = self.model.rows[row_name(take_or_pay.__name__, (site, self.period(t)))]
            others = [(v.name, mwh) for v, mwh in row.terms if v.name != variable.name]
            used = fsum(mwh * counted.get(name, values[name]) for name, mwh in others)
            found[variable.name] = max(0.0, row.bound - used)
        return found

    def _signed(self) -> dict[str, bool]:
        """Frames under which something is ordered, and those signed already: to sign another is worth nothing."""
        ordered = {cohort.frame for cohort, systems in self.cohorts.items() if systems > 0}
        return {name: frame.signed or name in ordered for name, frame in self.tables.frames.items()}

    def shortfall_usd(self, frame: str) -> float:
        """What a frame promises and is not spent, counted from the orders."""
        promised = self.tables.frames[frame].promised_usd * self.signed[frame]
        missing = promised - self.spent_usd[frame]
        return missing if missing > SPENT * promised else 0.0

    def _paid(self, values: Mapping[str, float]) -> dict[Cohort, float]:
        """The price paid for one system of each purchase, averaged where its order has price breaks."""
        spent: defaultdict[tuple[str, int], float] = defaultdict(float)
        bought: defaultdict[tuple[str, int], float] = defaultdict(float)
        for band, variable in self.model.band.items():
            spent[band.label, band.t] += values[variable.name] * band.factor
            bought[band.label, band.t] += values[variable.name]
        prices = {}
        for cohort in self.cohorts:
            key = (cohort.label, cohort.t)
            broken = not cohort.committed and bought.get(key, 0.0) > 0
            if cohort.price_usd is not None:
                prices[cohort] = cohort.price_usd * (spent[key] / bought[key] if broken else 1.0)
        return prices

    def _by_period(self, terms: Iterable[Any], values: Mapping[str, float]) -> dict[int, float]:
        usd: dict[int, list[float]] = {t: [] for t in self.tables.calendar.periods}
        for term in terms:
            usd[term.t].append(term.usd * values[term.variable.name])
        return {t: fsum(parts) for t, parts in usd.items()}

    def _in_service(self, apart: Set[tuple[Cohort, int]]) -> dict[tuple[str, str, int], float]:
        """Counted from fleet, commitments and orders, not read from the solver: sums of whole numbers.

        All but some cohorts that are apart in a period.
        """
        count = {(row.system, row.place, row.t): row.fleet for row in self.tables.stock}
        for key, systems in gone(self):
            count[key] -= systems
        for cohort, systems in self.cohorts.items():
            for t in cohort.served:
                if (cohort, t) not in apart:
                    count[self.tables.offers[cohort.offer].system, cohort.place, t] += systems
        return count

    def _able(self) -> tuple[dict[tuple[str, str, int], float], dict[tuple[str, str, int], float]]:
        """Systems of which al works, and of all others what works of them."""
        unlike = self.tables.unlike
        alike = self._in_service({(cohort, key[2]) for key, cohorts in unlike.items() for cohort, _ in cohorts})
        return alike, {key: fsum(share * self.cohorts[c] for c, share in cohorts) for key, cohorts in unlike.items()}

    def able(self, system: str, places: Iterable[str], t: int) -> float:
        """Systems at some places that are able to work in period t."""
        present = [(system, place, t) for place in places]
        alike, unlike = (fsum(of.get(key, 0.0) for key in present) for of in (self._alike, self._unlike))
        return self.tables.availability * alike + unlike

    def _at_work(self, run: Mapping[Work, float]) -> dict[Work, float]:
        """Systems at work, no more than are able to: a solver's tolerance lets a ten-billionth more work."""
        group_of = {place: group for group, places in self.tables.groups.items() for place in places}
        alone = self._held(run, lambda row: row.group)
        return self._held(alone, lambda row: group_of.get(row.group, row.group))

    def _held(self, run: Mapping[Work, float], where: Callable[[Work], str]) -> dict[Work, float]:
        busy = dict(run)
        for (system, group, t), rows in grouped(run, lambda row: (row.system, where(row), row.t)).items():
            able, wanted = self.able(system, self.tables.places_of(group), t), fsum(run[row] for row in rows)
            if wanted > able:
                busy.update({row: run[row] * (able / wanted) for row in rows})
        return busy

    def undone(self, need: Need) -> float:
        """The part of a demand's work that is left undone in a period."""
        return self.unmet.get((need.demand, need.t), 0.0) / DEMAND_PARTS

    def period(self, t: int) -> str:
        return self.tables.calendar.key(t)

    @property
    def objective_usd(self) -> float:
        factors = {line: self.tables.end if line in AT_PERIOD_END else self.tables.mid for line in self.costs}
        return fsum(usd * float(factors[line][t]) for line, by_t in self.costs.items() for t, usd in by_t.items())


def _spent(terms: Iterable[CostTerm], values: Mapping[str, float]) -> float:
    return fsum(term.usd * values[term.variable.name] for term in terms)


def gone(solved: SolvedModel) -> Iterable[tuple[tuple[str, str, int], float]]:
    """The systems retired by each decision, at their place in every period from then on."""
    for (entry, start), systems in solved.retire.items():
        for t in range(start, entry.last + 1):
            yield (entry.system, entry.site, t), systems
