"""The most systems that an order can be worth having: theorems about the model, each with its proof.

Every bound here may be wider than it need be, never narrower: plans, certificates and proofs of infeasibility all rest
on it. What limits an order from outside (supply, room at the site, budgets) follows from single rows of the model. What
is of use to it follows from an exchange: a plan with more of the order stays a plan, and costs no more, with so many.
"""

from __future__ import annotations

import math

from optimizer.request.resources import RESOURCES
from optimizer.tables.beyond_demand import helps_a_share
from optimizer.tables.by_period import Circumstances
from optimizer.tables.rows import Cohort, OfferFacts, SitePeriod

ROUNDING = 1e-12
"""Floats that should be whole numbers may be off by this part; an order's variable is one system wider anyway."""
GIVE = 1e-9
"""The part of itself by which a limit may be passed where fractions count in it, such as a site's with added power."""
MOST_IDLE_SYSTEMS = 100_000.0
"""The most of an order that only a share wants and that nothing else bounds: no site, supply or budget."""


def most_systems(here: Circumstances, offer: OfferFacts, order: Cohort) -> float:
    """The most systems of an order: of use, and within what supply, site and money leave; whole unless divisible.

    A request read loosely has no outer limits, since it asks what they lack; what it leaves is never less than what
    the request as it stands leaves, so that a proof about the one is a proof about the other.
    """
    useful = _of_use(here, offer, order)
    outer = [*_supply_bounds(here, offer, order), *_rooms(here, offer, order)]
    if useful is None:
        outer += _money_bounds(here, offer, order)
        useful = math.inf if outer and not here.loose else max(_most_idle(here), min(outer, default=0.0))
    kept = [] if here.loose else outer
    if offer.divisible or here.parts:
        return min([useful, *kept])
    whole = [float(math.floor(bound * (1 + GIVE) + ROUNDING)) for bound in kept]
    return min([useful if math.isinf(useful) else float(math.ceil(useful * (1 - ROUNDING))), *whole])


def _of_use(here: Circumstances, offer: OfferFacts, order: Cohort) -> float | None:
    """Systems beyond which one more of an order only costs; None where there may be no such number.

    Proof, for an order of more than so many, N, that no share wants (`helps_a_share`): take all beyond N off.
    - Work: N alone do all that runs at the place in every period of service in which they do any at all, since then
      Σ_w run ≤ al_o · up(o,k) · N (`_work_of_all`); in the others they are of no use.
    - Minimum order and price breaks: N is no less than the minimum and the last step, so that the order stays in its
      step; in the one before, each further system costs no less than nothing.
    - Floors: N alone is enough for each (`floors_by_offer`). Ceilings, budgets, supply and sites only gain.
    - Cost: no cost is negative, rent owed after the horizon included (a share from 0 to 1 of it), and what is left of
      a price is never more than the price: residual shares are at most 1, and are discounted no less than the price.
      Energy that has to be taken or paid for has one price, used or not: without the order it is idle, and no dearer.
      Tax takes the same share r ≤ 1 from each: of a price p it gives back r · p at the most, in parts that are deducted
      when the system has entered service or later, and it takes r of what is left; so (1 − r) · (p − what is left) is
      the least that remains, which is nothing or more.
    - Frames: N alone spend all that the frame of their price promises (`_of_promise`), so nothing is missing without
      the rest; what is not at a frame's price counts in none.
    With a share, one idle system more may be worth its cost, however many there are.
    """
    if not here.tight or helps_a_share(here, offer, order.place):
        return None
    periods = range(order.t, order.last + 1)
    work = (_work_of_all(here, offer, order.place, order.t, t) for t in periods)
    most = max([here.floors.get(offer.offer, 0.0), _of_promise(here, offer, order), *work])
    if math.isinf(most):
        return None
    terms = _by_terms(here, offer)
    if terms and (most or here.frames_of(offer) or _of_use_elsewhere(here, offer, order.t, periods)):
        most = max(most, terms)
    return most


def _of_promise(here: Circumstances, offer: OfferFacts, order: Cohort) -> float:
    """Systems that alone spend what the frame of an order's price promises; 0 where they spend nothing in its window.

    Of price breaks the best step counts: what is dearer spends more.
    """
    if order.frame is None:
        return 0.0
    frame, price = here.frames[order.frame], (order.price_usd or 0.0) * here.best_step(offer.offer)
    dated = ((order.ordered, price * offer.deposit_share), (order.t, price * (1 - offer.deposit_share)))
    rent = (order.rent_usd or 0.0) * here.calendar.hours * len(set(order.served) & set(frame.within))
    spent = math.fsum([rent, *(usd for t, usd in dated if t in frame.within)])
    return frame.promised_usd / spent if spent else 0.0


def _work_of_all(here: Circumstances, offer: OfferFacts, place: str, entered: int, t: int) -> float:
    """Systems that would do all the work that they may do at a place in period t, the most that `run` can be.

    A demand takes the systems that do it alone or fill its cluster, whichever is more (`most_running`). While they are
    brought up none of them does any.
    """
    able = offer.able(t - entered)
    if not able:
        return 0.0
    there = (offer.system, place, t)
    if there not in here.running_there:
        running = (most_running(here, offer.system, demand, t) for demand in here.demands_at[place])
        here.running_there[there] = math.fsum(running)
    return here.running_there[there] / (offer.accelerators * able)


def most_running(here: Circumstances, system: str, demand: str, t: int) -> float:
    """Accelerators of one system, in one group of places, beyond which more do a demand no good in a period.

    Proof: so many alone meet the demand in the period, or finish a run with a deadline in it, fill a cluster, and
    measure what a floor on work asks for in its whole window; take off what runs beyond. Infinite where a share
    counts the work, which more of it may help, and where the demand is open, of which more is worth more.
    """
    key = (system, demand, t)
    if key not in here.running:
        here.running[key] = _most_running(here, *key)
    return here.running[key]


def _most_running(here: Circumstances, system: str, demand: str, t: int) -> float:
    ask, rate = here.ask_of.get((demand, t)), here.rate.get((system, demand, t))
    if ask is None or rate is None:
        return 0.0
    if not here.tight or demand in here.shared_work:
        return math.inf
    return max(ask.per_second / rate, float(ask.accelerators))


def _of_use_elsewhere(here: Circumstances, offer: OfferFacts, entered: int, periods: range) -> bool:
    """Whether an order has work at another place, whose terms may be filled up here."""
    return any(_work_of_all(here, offer, place, entered, t) for place in here.places(offer) for t in periods)


def _by_terms(here: Circumstances, offer: OfferFacts) -> float:
    """Systems that the offer's own terms may make one take."""
    breaks = here.catalog.offers[offer.offer].price_breaks
    steps = [step.from_systems for step in breaks.steps] if breaks is not None and breaks.kind == "all_units" else []
    return float(max([offer.minimum_order or 0, *steps]))


def _most_idle(here: Circumstances) -> float:
    """Where neither work nor any outer limit bounds an order, a rule does: so many, or a hundredfold of all the work.

    It is no theorem but part of the model, and documented (docs/format.md, limits).
    """
    needed = (
        max(ask.per_second / rate, float(ask.accelerators))
        for (_, demand, t), rate in here.rate.items()
        if (ask := here.ask_of.get((demand, t))) is not None and math.isfinite(ask.per_second)
    )
    return max(MOST_IDLE_SYSTEMS, 100 * max(needed, default=0.0))


def is_bounded(here: Circumstances, offer: OfferFacts, order: Cohort) -> bool:
    """Whether supply, a site or money bounds an order, whatever work there is."""
    bounds = (*_supply_bounds(here, offer, order), *_rooms(here, offer, order), *_money_bounds(here, offer, order))
    return any(map(math.isfinite, bounds))


def _supply_bounds(here: Circumstances, offer: OfferFacts, order: Cohort) -> list[float]:
    """Systems that each limit of supply would leave to this order alone.

    From orders_within_offer, deliveries_within_supply and draws_within_pool.
    """
    uses = [("offer", offer.offer, 1.0)]
    if not offer.hosted:
        uses.append(("accelerator", offer.accelerator, float(offer.accelerators)))
        draws = here.catalog.accelerators[offer.accelerator].draws
        uses += [("pool", pool, float(draw) * offer.accelerators) for pool, draw in draws.items()]
    limits = ((here.supply_at.get((kind, key, order.t)), use) for kind, key, use in uses)
    return [most / use for most, use in limits if most is not None]


def _money_bounds(here: Circumstances, offer: OfferFacts, order: Cohort) -> list[float]:
    """Systems that each budget would leave to this order alone.

    From capex_within_budget and opex_within_budget. Only the price on entering service, at the best step of price
    breaks, and the rent count: no line of a budget is negative, so all else only leaves fewer.
    """
    due = {order.t: (order.price_usd or 0.0) * here.best_step(offer.offer) * (1 - offer.deposit_share)}
    rent = dict.fromkeys(range(order.t, order.last + 1), (order.rent_usd or 0.0) * here.calendar.hours)
    bounds = []
    for budget, usd in (("capex_usd", due), ("opex_usd", rent)):
        for window, most_usd in here.budgets[budget].items():
            spent = (math.fsum(usd.get(t, 0.0) for t in inside) for _, inside in here.calendar.windows(window))
            bounds += [most_usd / per_system for per_system in spent if per_system]
    return bounds


def _rooms(here: Circumstances, offer: OfferFacts, order: Cohort) -> list[float]:
    """Systems that each period of service leaves room for, where they stand at a site of ours."""
    periods = () if offer.hosted else range(order.t, order.last + 1)
    places = [(offer.system, order.place, t) for t in periods]
    for system, place, t in places:
        if (system, place, t) not in here.room_there:
            here.room_there[system, place, t] = _room(here, system, here.site_at[place, t])
    return [here.room_there[each] for each in places]


def _room(here: Circumstances, name: str, site: SitePeriod) -> float:
    """Systems that fit a site on its own limits alone, grown as far as it can be by then."""
    system, expansion = here.systems[name], here.scenario.sites[site.site].expansion
    grown = expansion is not None and site.t > here.wait(expansion.lead_time_months)
    added_mw = float(expansion.most_mw) if grown and expansion is not None else 0.0
    limits = ((each, site.most(each)) for each in RESOURCES)
    amounts = ((each, most + added_mw if each.grows else most) for each, most in limits if most is not None)
    rooms = (each.room(most, site, system, here.calendar.months) for each, most in amounts)
    return min((room for room in rooms if room is not None), default=math.inf)
