"""How much of a plan rests on which kind of evidence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from math import fsum
from typing import get_args

from catalogs.schema import UNSOURCED
from catalogs.schema import Basis as Evidence
from optimizer.plan.operations import ordered
from optimizer.plan.provenance import Basis, BasisShares
from optimizer.plan.solved_model import SolvedModel


def basis(solved: SolvedModel) -> Basis:
    """Shares of the work done, each demand in parts of itself (an open one of what is done), and of the money spent.

    A price that a commitment states itself has no cite.
    """
    catalog = solved.tables.request.catalog
    work: defaultdict[str, float] = defaultdict(float)
    need: defaultdict[tuple[str, int], float] = defaultdict(float)
    need.update({(row.demand, row.t): row.per_second for row in solved.tables.asked_for})
    need.update({(d.demand, t): d.total for d in solved.tables.deadlines for t in solved.tables.calendar.periods})
    for row, systems in solved.run.items():
        if solved.tables.scenario.demand[row.demand].is_open:
            need[row.demand, row.t] += systems * row.per_system
    for row, systems in solved.run.items():
        basis = solved.tables.best[row.system, row.demand, row.t].point.basis
        whole = need[row.demand, row.t]
        work[basis] += systems * row.per_system / whole if whole else 0.0
    spend: defaultdict[str, float] = defaultdict(float)
    for cohort, order in ordered(solved):
        priced = "price_usd" if order.route == "purchase" else "usd_per_accelerator_hour"
        behind = UNSOURCED if cohort.own_price else catalog.basis(order.offer, priced)
        spend[behind] += order.capex_usd + order.rent_usd
    return Basis(work=_shares(work), spend=_shares(spend))


def _shares(amounts: Mapping[str, float]) -> BasisShares:
    total = fsum(amounts.values())
    share = {basis: amounts.get(basis, 0.0) / total if total else 0.0 for basis in get_args(Evidence)}
    return BasisShares(**share)
