"""Why this offer and not that one: in the plan, ineligible, dominated or priced out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import fsum
from typing import Literal

import numpy as np

from catalogs.figures import told_apart
from catalogs.problems import suggestion
from optimizer.explain.break_even import entry, price_weights
from optimizer.explain.dominance import Dominance, dominating
from optimizer.explain.explanation import OfferReason, Without
from optimizer.explain.inquiry import Inquiry, between, changes, ordered
from optimizer.explain.names import UnknownName
from optimizer.formulation.order_terms import orders_of
from optimizer.plan.format import OrderRow
from optimizer.request.edits import changed
from optimizer.request.load import Request
from optimizer.request.scenario import matches
from optimizer.solving.matrix import in_usd, row_numbers
from optimizer.what_if import Bracket, Outcome

SHOWN = 3
"""So many offers in the plan, and so many of those nearest to it, are looked at closely unasked."""


def offers_named(inquiry: Inquiry, patterns: Sequence[str]) -> tuple[OfferReason, ...]:
    """All that can be said of the offers that ids or patterns of offers, systems or accelerators name.

    Raises UnknownName for a pattern that names none.
    """
    catalog = inquiry.request.catalog
    ids = {
        name: (name, entry.system, catalog.systems[entry.system].accelerator) for name, entry in catalog.offers.items()
    }
    known = sorted({word for words in ids.values() for word in words})
    for pattern in patterns:
        if not any(matches(pattern, words) for words in ids.values()):
            raise UnknownName(f"no offer, system or accelerator is called '{pattern}'{suggestion(pattern, known)}")
    asked = [name for name in sorted(ids) if any(matches(pattern, ids[name]) for pattern in patterns)]
    return _closely(inquiry, _cheaply(inquiry, asked), frozenset(asked))


def all_offers(inquiry: Inquiry) -> tuple[OfferReason, ...]:
    """A reason for every offer; closely of the few that most is spent on, and of the few nearest to the plan."""
    found = _cheaply(inquiry, sorted(inquiry.request.catalog.offers))
    spent: dict[str, float] = {}
    for order in _orders(inquiry):
        spent[order.offer] = spent.get(order.offer, 0.0) + order.capex_usd + order.rent_usd
    most = sorted(spent, key=lambda offer: (-spent[offer], offer))[:SHOWN]
    out = [one for one in found if one.verdict == "not_ordered"]
    nearest = sorted(out, key=lambda one: (-(one.hint_factor or 0.0), one.offer))[:SHOWN]
    return _closely(inquiry, found, frozenset([*most, *(one.offer for one in nearest)]))


def _orders(inquiry: Inquiry) -> list[OrderRow]:
    return [order for order in inquiry.plan.orders if not order.commitment]


def _cheaply(inquiry: Inquiry, offers: Iterable[str]) -> list[OfferReason]:
    """What can be said of offers without a solve."""
    in_plan, tables = ordered(inquiry.plan), inquiry.model.tables
    eligible = [offer for offer in offers if offer not in tables.excluded]
    better = dominating(inquiry, [offer for offer in eligible if offer not in in_plan], frozenset(in_plan))
    hints = _hints(inquiry)
    return [_cheap(inquiry, offer, in_plan.get(offer, 0.0), better.get(offer), hints) for offer in offers]


def _cheap(
    inquiry: Inquiry, offer: str, systems: float, better: Dominance | None, hints: Mapping[str, float]
) -> OfferReason:
    tables = inquiry.model.tables
    committed = fsum(order.systems for order in inquiry.plan.orders if order.commitment and order.offer == offer)
    one = OfferReason(
        offer=offer,
        accelerator=tables.offers[offer].accelerator,
        verdict="not_ordered",
        systems=systems,
        reason="the plan is cheaper without it"
        if not committed
        else "the plan is cheaper without more than is committed",
        hint_factor=hints.get(offer),
    )
    if systems:
        return one.model_copy(update={"verdict": "ordered", "reason": "the plan is cheapest with it"})
    if offer in tables.excluded:
        verdict = {"verdict": "committed", "systems": committed} if committed else {"verdict": "ineligible"}
        return one.model_copy(update={**verdict, "reason": tables.excluded[offer]})
    if better is not None:
        words = (
            f"better on {', '.join(better.better_on)} and in nothing worse" if better.better_on else "the same in all"
        )
        reason = f"{better.offer} is {words}"
        return one.model_copy(update={"verdict": "dominated", "reason": reason, "dominated_by": better.offer})
    return one


def _hints(inquiry: Inquiry) -> dict[str, float]:
    """The factor at which each offer's price would pay in the relaxation: to rank by, not to quote.

    1 − the least reduced cost of a column by what of it is price; fixed costs and minimum orders make it too kind.
    """
    tables = inquiry.model.tables
    open_offers = {cohort.offer for cohort in tables.cohorts if not cohort.committed}
    weights = price_weights(inquiry, open_offers)
    reduced = _reduced_costs(inquiry)
    offer_of = {
        variable.name: cohort.offer for cohort, variable in inquiry.model.cohort.items() if not cohort.committed
    }
    offer_of |= {variable.name: band.offer for band, variable in inquiry.model.band.items()}
    found: dict[str, float] = {}
    for name, offer in offer_of.items():
        if weights[name] > 0:
            factor = 1 - max(0.0, reduced[name]) / weights[name]
            found[offer] = max(found.get(offer, -1.0), factor)
    return found


def _reduced_costs(inquiry: Inquiry) -> dict[str, float]:
    """c − Aᵀy in USD, with y the duals of the relaxation."""
    matrix, duals = inquiry.matrix, inquiry.root.duals
    reduced = matrix.cost.copy()
    np.subtract.at(reduced, matrix.index, matrix.value * duals[row_numbers(matrix)])
    return dict(zip(matrix.columns, map(in_usd, reduced.tolist()), strict=True))


def _closely(inquiry: Inquiry, found: Sequence[OfferReason], which: frozenset[str]) -> tuple[OfferReason, ...]:
    """The reasons, those of some offers with the solves that they take."""

    def look(one: OfferReason) -> OfferReason:
        if one.offer not in which or one.verdict in ("ineligible", "committed"):
            return one
        return _in_plan(inquiry, one) if one.verdict == "ordered" else _out_of_plan(inquiry, one)

    near = [one for one in found if one.offer in which]
    seen = {one.offer: one for one in inquiry.all("offers", near, look) if one is not None}
    return tuple(seen.get(one.offer, one) for one in found)


def _out_of_plan(inquiry: Inquiry, one: OfferReason) -> OfferReason:
    """The price at which an offer would enter, or why none does."""
    small = _too_small(inquiry, one.offer)
    if small is not None:
        return one.model_copy(update={"verdict": "no_price", "reason": small})
    found = entry(inquiry, one.offer, inquiry.cost)
    if found is None:
        reason = "not even at a hundredth of its price does it save more than the gap leaves open"
        return one.model_copy(update={"verdict": "no_price", "reason": reason})
    verdict = one.verdict if one.verdict == "dominated" else "priced_out"
    return one.model_copy(update={"verdict": verdict, "entry": found})


def _too_small(inquiry: Inquiry, offer: str) -> str | None:
    """A sentence where a minimum order is more than can ever be had or used; else None."""
    minimum = inquiry.model.tables.offers[offer].minimum_order
    orders = [
        fsum(c.systems for c in cohorts) for (name, _), cohorts in orders_of(inquiry.model).items() if name == offer
    ]
    most = max(orders, default=0.0)
    if minimum is None or minimum <= most:
        return None
    asked, there = told_apart(minimum, most)
    return f"its minimum order of {asked} systems is more than supply, sites and work leave room for ({there})"


def _in_plan(inquiry: Inquiry, one: OfferReason) -> OfferReason:
    """What the plan costs without an offer, what takes its place, and up to which price it stays."""
    outcome = inquiry.ask(denied(inquiry.request, one.offer))
    cost = Bracket(max(outcome.cost.least, inquiry.cost.least), outcome.cost.most)  # fewer plans never cost less
    stays = entry(inquiry, one.offer, cost, start=1.0) if outcome.has_plan else None
    return one.model_copy(update={"without": _without(inquiry, outcome, cost), "entry": stays})


def denied(request: Request, *offers: str) -> Request:
    """The request with some offers denied."""
    return changed(request, {("offers", "deny"): sorted({*request.scenario.offers.deny, *offers})})


def _without(inquiry: Inquiry, outcome: Outcome, cost: Bracket) -> Without:
    if not outcome.has_plan:
        answer: Literal["infeasible", "stopped"] = "infeasible" if outcome.status == "infeasible" else "stopped"
        return Without(answer=answer, change_usd=None, changes=())
    change = Bracket(max(0.0, cost.least - inquiry.cost.most), cost.most - inquiry.cost.least)
    return Without(answer="solved", change_usd=between(change), changes=changes(inquiry.plan, outcome.plan()))
