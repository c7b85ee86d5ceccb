"""What an earlier plan would have paid, by cost line and fiscal year: what a later one is held against."""

from __future__ import annotations

from math import fsum

from optimizer.plan.bridge import Stamp, stamp_of
from optimizer.plan.format import Plan
from optimizer.plan.provenance import Part


class Prior(Part):
    """The costs of an earlier plan, undiscounted, in USD by cost line and fiscal year, and the run that it is from."""

    stamp: Stamp
    costs: dict[str, dict[str, float]]


def prior_of(plan: Plan) -> Prior:
    """A line has a figure for every fiscal year of the plan's own horizon; other years are not known."""
    years = {row.period: row.fiscal_year for row in plan.periods}
    costs: dict[str, dict[str, float]] = {}
    for name, by_period in plan.costs.items():
        of_year: dict[str, list[float]] = {year: [] for year in years.values()}
        for period, usd in by_period.items():
            of_year[years[period]].append(usd)
        costs[name] = {year: fsum(found) for year, found in of_year.items()}
    return Prior(stamp=stamp_of(plan), costs=costs)
