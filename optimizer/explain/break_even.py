"""At which price an offer would enter a plan, or leave it.

With z(f) the cost of the best plan with an offer's prices times f, the offer is in every best plan for f below

    f* = sup { f : z(f) < z_without }

A plan found at some f costs a + f · b, with b what it spends on the offer at the list price; so it beats
z_without up to (z_without − a) / b, where the next solve is made (`crossing`). Where the price counts in budgets,
limits or frames too, what is possible changes with it: every step solves the changed scenario.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import fsum
from typing import Any

from optimizer.explain.crossing import CLOSE, Crossing, Tried
from optimizer.explain.explanation import Entry, Placed, Price
from optimizer.explain.inquiry import Inquiry, between, changes
from optimizer.formulation.model import Model
from optimizer.plan.format import Plan
from optimizer.proven import stated
from optimizer.request.edits import Key, changed, scaled, text_at
from optimizer.request.load import Request
from optimizer.request.scenario import EACH
from optimizer.request.schedules import mean
from optimizer.solving.matrix import in_usd
from optimizer.tables import Cohort
from optimizer.tables.selection import chosen, facts_of_offer, selected
from optimizer.what_if import Bracket, Outcome

LOWEST = 0.01
"""The factor where the search begins: what does not pay at a hundredth of its price never will."""
BESIDE = CLOSE
"""The confirming solves are made so far below and above."""
USED = 1e-6


@dataclass(frozen=True)
class Priced(Tried):
    """The best plan found with an offer's prices times a factor; `spend_usd` is at the list price."""

    spend_usd: float

    @property
    def factor(self) -> float:
        return self.figure

    def pays_up_to(self, without_usd: float) -> float:
        return self.factor + (without_usd - self.cost.most) / self.spend_usd


class Search(Crossing[Priced]):
    """The search for the price at which one offer enters."""

    def __init__(self, inquiry: Inquiry, offer: str, without: Bracket) -> None:
        super().__init__(inquiry, without)
        self.offer = offer
        self._weights = price_weights(inquiry, [offer])
        committed = {v.name: c.systems for c, v in inquiry.model.cohort.items() if c.committed and c.offer == offer}
        self._committed = frozenset(committed)
        self._committed_usd = fsum(self._weights[name] * systems for name, systems in committed.items())

    def at(self, factor: float) -> Priced:
        """The best plan with the offer's prices times a factor; its own commitments stay at the list price."""
        self.solves += 1
        outcome = self.inquiry.ask(changed(self.inquiry.request, _priced(self.inquiry, self.offer, factor)))
        extra = (factor - 1) * self._committed_usd
        cost = Bracket(outcome.cost.least - extra, outcome.cost.most - extra)
        return Priced(factor, outcome, cost, self._spend_usd(outcome))

    def pays(self, priced: Priced) -> bool:
        """Whether a plan with the offer is cheaper than any without it."""
        return priced.spend_usd > 0 and super().pays(priced)

    def _spend_usd(self, outcome: Outcome) -> float:
        """What the orders of the offer cost at its list price, as far as its price decides it."""
        if outcome.solved is None:
            return 0.0
        matrix, values = outcome.solved.matrix, outcome.solved.solution.values
        return fsum(
            self._weights[name] * float(values[j])
            for j, name in enumerate(matrix.columns)
            if name in self._weights and name not in self._committed and values[j] > USED
        )


def entry(inquiry: Inquiry, offer: str, without: Bracket, start: float = LOWEST) -> Entry | None:
    """The price at which an offer enters the plan (from below), or leaves it (`start` 1); None if none does."""
    search = Search(inquiry, offer, without)
    first = search.at(start)
    if not search.pays(first):
        return None
    found = search.steps(first)
    last = found[-1]
    factor = last.pays_up_to(without.most)
    beside = max(BESIDE, 2 * search.open_usd / last.spend_usd / factor)
    below = search.at(factor * (1 - beside)) if beside < 1 else first
    if not search.pays(below) and _counts_in(inquiry, offer):
        below = search.halved(last, below.factor)
        factor, beside = below.factor, BESIDE
    above = search.at(factor * (1 + beside))
    return _entry(search, found, below, above, factor)


def _entry(search: Search, found: list[Priced], below: Priced, above: Priced, factor: float) -> Entry:
    inquiry, counts_in = search.inquiry, _counts_in(search.inquiry, search.offer)
    sure = [
        one.factor if counts_in else one.pays_up_to(search.without.least) for one in [*found, below] if search.pays(one)
    ]
    shown = below if search.pays(below) else found[-1]
    plan = shown.outcome.plan()
    now = _price(inquiry, search.offer)
    return Entry(
        factor=factor,
        factor_least=min(max(sure), factor),
        factor_most=above.factor,
        price_now=now,
        price=now.model_copy(update={"usd": now.usd * factor}),
        saves_below_usd=between(search.without.less(shown.cost)),
        saves_above_usd=max(0.0, search.without.most - above.cost.least),
        orders=_orders(plan, search.offer),
        changes=changes(inquiry.plan, plan),
        counts_in=counts_in,
        solves=search.solves,
    )


def price_weights(inquiry: Inquiry, offers: Iterable[str]) -> Mapping[str, float]:
    """What one unit of each column of some offers costs by the list price, as present value in USD.

    Costs are affine in the price, so two models tell what of them is price: purchase, rent, maintenance, residual.
    """
    model, chosen_offers = inquiry.model, frozenset(offers)
    halves = {key: value for offer in sorted(chosen_offers) for key, value in _priced(inquiry, offer, 0.5).items()}
    half = stated(changed(inquiry.request, halves))[1]
    listed = dict(zip(inquiry.matrix.columns, inquiry.matrix.cost.tolist(), strict=True))
    halved = dict(zip(half.columns, half.cost.tolist(), strict=True))
    own = [variable.name for cohort, variable in model.cohort.items() if cohort.offer in chosen_offers]
    own += [variable.name for band, variable in model.band.items() if band.offer in chosen_offers]
    return {name: in_usd(2 * (listed[name] - halved[name])) for name in own}


def _priced(inquiry: Inquiry, offer: str, factor: float) -> dict[Key, Any]:
    """Changes that set an offer's prices to a factor of them; what is committed stays at its list price."""
    request = inquiry.request
    path = _price_path(request, offer)
    found: dict[Key, Any] = {path: scaled(text_at(request, path), Decimal(repr(factor)))}
    for number, item in enumerate(request.scenario.commitments):
        if item.offer == offer and item.price_usd is None:
            price = _committed_price(inquiry.model, offer, item.period)
            if price is not None:
                found["commitments", str(number), "price_usd"] = str(price)
    return found


def _price_path(request: Request, offer: str) -> Key:
    bought = request.catalog.offers[offer].route == "purchase"
    return ("catalog", "offers", offer, "price_usd" if bought else "usd_per_accelerator_hour")


def _committed_price(model: Model, offer: str, period: str) -> Decimal | None:
    """The list price of one system of a commitment when it was ordered; None where it is rented."""
    tables = model.tables
    t = tables.calendar.number(period)
    assert t is not None, "the scenario was checked"
    ordered = tables.calendar.span(t - tables.offers[offer].lead_periods)
    return mean(tables.request.catalog.offers[offer].price_usd, ordered)


def _orderable(model: Model, offer: str) -> list[Cohort]:
    """The orders that may be placed of an offer, the earliest first."""
    found = [cohort for cohort in model.cohort if cohort.offer == offer and not cohort.committed]
    return sorted(found, key=lambda cohort: (cohort.ordered, cohort.place))


def _price(inquiry: Inquiry, offer: str) -> Price:
    """An offer's price when it can first be ordered."""
    model = inquiry.model
    first = _orderable(model, offer)[0]
    period = model.tables.calendar.key(first.ordered)
    if first.price_usd is not None:
        return Price(period=period, usd=first.price_usd, unit="USD per system")
    hourly = (first.rent_usd or 0.0) / model.tables.offers[offer].accelerators
    return Price(period=period, usd=hourly, unit="USD per accelerator and hour")


def _counts_in(inquiry: Inquiry, offer: str) -> tuple[str, ...]:
    """The budgets, limits and frames in which an offer's price counts beside the cost."""
    tables = inquiry.model.tables
    frames = {f"frame {frame.frame}" for frame in tables.frames_of(tables.offers[offer]) if frame.promised_usd}
    return tuple(sorted({*_budgets(inquiry, offer), *_money_limits(inquiry, offer), *frames}))


def _budgets(inquiry: Inquiry, offer: str) -> Iterator[str]:
    scenario, entry = inquiry.request.scenario, inquiry.request.catalog.offers[offer]
    bought = entry.route == "purchase"
    if bought:
        yield from (f"capex budget {window}" for window in scenario.budget.capex_usd)
    if not bought or scenario.finance.maintenance_share:
        yield from (f"opex budget {window}" for window in scenario.budget.opex_usd)


def _money_limits(inquiry: Inquiry, offer: str) -> Iterator[str]:
    tables = inquiry.model.tables
    facts = facts_of_offer(tables.request.catalog, tables.offers[offer], tables.systems[tables.offers[offer].system])
    for rule in tables.scenario.limits:
        of = {key: wanted for key, wanted in chosen(rule).items() if key in facts and wanted != (EACH,)}
        of_all = rule.at_most_share is not None or rule.at_least_share is not None
        if rule.measure in ("spend_usd", "capex_usd") and (of_all or selected(of, facts)):
            yield f"limit {rule.name}"


def _orders(plan: Plan, offer: str) -> tuple[Placed, ...]:
    rows = [row for row in plan.orders if row.offer == offer and not row.commitment]
    return tuple(
        Placed(place=row.place, enters_service=row.enters_service, systems=row.systems)
        for row in sorted(rows, key=lambda row: (row.enters_service, row.place))
    )
