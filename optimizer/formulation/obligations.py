"""Rent that falls due after the horizon, of terms that outlast it: how much, and what of it the plan counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import accumulate

from optimizer.formulation.costs import residual_share
from optimizer.formulation.model import CostTerm, Model
from optimizer.tables import Cohort, Tables


def owed_usd(model: Model) -> Iterator[CostTerm]:
    """Rent due after the horizon, in its last period T, less what the rest of the term would fetch.

    Σ_{τ > T} d_τ / d_T · rent of τ · (1 − worth) · order(o,s,t)

    Without it a long term would cost the horizon's part of its rent alone. It is in no budget, because nothing of
    it is paid inside the horizon. It is never negative: no rent is, and worth is at most 1.
    """
    later = discounted_after(model.tables)
    for cohort, variable in model.cohort.items():
        usd = owed_by_system(model.tables, cohort, later)
        if usd:
            yield CostTerm(variable, model.tables.calendar.count, usd)


def periods_after(tables: Tables, cohort: Cohort) -> int:
    """Periods after the horizon in which rent of a cohort is due; none of a purchase, which is paid by then."""
    return max(0, cohort.ends - tables.calendar.count) if cohort.rent_usd else 0


def rent_after_usd(tables: Tables, cohort: Cohort) -> float:
    """Rent of one system that falls due after the horizon, undiscounted."""
    return (cohort.rent_usd or 0.0) * tables.calendar.hours * periods_after(tables, cohort)


def discounted_after(tables: Tables) -> Sequence[Decimal]:
    """Σ_{T < τ ≤ T + k} d_τ / d_T by k = 0, 1, …: what one USD in each of k periods after the horizon is in T."""
    count = tables.calendar.count
    after = (tables.mid[t] / tables.mid[count] for t in sorted(tables.mid) if t > count)
    return tuple(accumulate(after, initial=Decimal(0)))


def owed_by_system(tables: Tables, cohort: Cohort, later: Sequence[Decimal]) -> float:
    """What one system of a cohort owes after the horizon, as a sum of period T; `later` is `discounted_after`."""
    periods = periods_after(tables, cohort)
    if not periods:
        return 0.0
    counted = later[periods] * (1 - _worth(tables, cohort))
    return (cohort.rent_usd or 0.0) * tables.calendar.hours * float(counted)


def _worth(tables: Tables, cohort: Cohort) -> Decimal:
    """The share of the rent after the horizon that the rest of the term would fetch.

    0 in full, 1 ignored, else the residual share of hardware at age (T − t + 1)/n years.
    """
    finance, calendar = tables.scenario.finance, tables.calendar
    if finance.owed_after_horizon != "as_residual":
        return Decimal(finance.owed_after_horizon == "ignored")
    return residual_share(finance, Decimal(calendar.count - cohort.t + 1) / calendar.periods_per_year)
