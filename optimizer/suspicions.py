"""What is possible but looks wrong: warnings that stand in the plan."""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import median

from catalogs.periods import first_month, value_at
from catalogs.schema import Catalog, Offer
from optimizer.answer import Answer
from optimizer.calendar import MONTHS_PER_YEAR
from optimizer.doubts import dead_quotes, nothing_in_time, uncounted_carbon
from optimizer.formulation.model import USD_PER_MODEL_UNIT
from optimizer.formulation.owed import rent_after_usd
from optimizer.rounded_terms import rounded_terms
from optimizer.tables import Tables

GENERATION_MONTHS = 18
PEERS = 3
"""A trend needs at least this many prices."""


def doubtful(answer: Answer) -> Iterator[str]:
    """What is doubtful about the request and touches this plan."""
    tables = answer.tables
    sites = {place for (_, place, _), systems in answer.in_service.items() if systems > 0} & set(tables.scenario.sites)
    hosted = {c.offer for c, systems in answer.cohorts.items() if systems > 0 and tables.offers[c.offer].hosted}
    for doubt in (*nothing_in_time(tables), *dead_quotes(tables), *uncounted_carbon(tables, sites, hosted)):
        yield doubt.text


def high_residual(answer: Answer) -> Iterator[str]:
    """What is left at the end is worth more than half of what was bought."""
    bought = sum(answer.costs["hardware_usd"].values()) + sum(answer.costs["network_usd"].values())
    left = -sum(answer.costs["residual_usd"].values())
    if bought > 0 and left > bought / 2:
        yield (
            f"the residual value is {left / bought:.0%} of what is bought: the horizon is short against the life "
            "of the hardware, so the plan leans on what it can be sold for (finance.residual)"
        )


def rent_after_horizon(answer: Answer) -> Iterator[str]:
    """Rent due after the horizon that the scenario leaves out of the costs: a longer term then looks the cheaper."""
    tables = answer.tables
    owed = math.fsum(systems * rent_after_usd(tables, cohort) for cohort, systems in answer.cohorts.items())
    if owed > 0 and tables.scenario.finance.owed_after_horizon == "ignored":
        millions = f"{owed / USD_PER_MODEL_UNIT:,.3f} million USD"
        yield (
            f"{millions} of rent falls due after the horizon, on terms running past it; it is not in the costs "
            "(finance.owed_after_horizon: ignored)"
        )


def terms_rounded(answer: Answer) -> Iterator[str]:
    """Terms of what is ordered or committed that are no whole number of periods."""
    committed = {cohort.offer for cohort, systems in answer.cohorts.items() if cohort.committed and systems > 0}
    return (doubt.text for doubt in rounded_terms(answer.tables, {*ordered_offers(answer), *committed}))


def idle_systems(answer: Answer) -> Iterator[str]:
    """Systems that are ordered and never do any work: bought to meet a limit, or to sell back."""
    tables = answer.tables
    working = {(row.system, place) for row, n in answer.run.items() if n > 0 for place in tables.places_of(row.group)}
    idle: dict[str, float] = {}
    for cohort, systems in answer.cohorts.items():
        system = tables.offers[cohort.offer].system
        if systems > 0 and not cohort.committed and (system, cohort.place) not in working:
            idle[system] = idle.get(system, 0.0) + systems
    for system, count in sorted(idle.items()):
        yield f"{count:,.0f} {system} ordered never do any work: a limit asks for them, or what they can be sold for"


def empty_limits(answer: Answer) -> Iterator[str]:
    """A ceiling over nothing that can be ordered, is in service or emits: it holds by itself."""
    named = {row.keys[0] for name, row in answer.model.rows.items() if name.startswith("limit(")}
    for rule in answer.tables.scenario.limits:
        if rule.name not in named:
            yield f"limit '{rule.name}' selects nothing in this plan and holds by itself"


def ordered_offers(answer: Answer) -> dict[str, int]:
    """The offers ordered, each with its first period of order."""
    found: dict[str, int] = {}
    for cohort, systems in answer.cohorts.items():
        if systems > 0 and not cohort.committed:
            found[cohort.offer] = min(cohort.ordered, found.get(cohort.offer, cohort.ordered))
    return dict(sorted(found.items()))


def _price(offer: Offer, month: int) -> float | None:
    price = value_at(offer.price_usd, month)
    return None if price is None else float(price)


def old_quotes(answer: Answer) -> Iterator[str]:
    """A price that was quoted more than a year before the order that rests on it."""
    for name, t in ordered_offers(answer).items():
        offer, month = answer.tables.request.catalog.offers[name], answer.tables.calendar.first_month(t)
        schedule = offer.price_usd if offer.route == "purchase" else offer.usd_per_accelerator_hour
        quoted = (
            max((k for k in schedule if first_month(k) <= month), key=first_month)
            if isinstance(schedule, dict)
            else None
        )
        if quoted is not None and month - first_month(quoted) > MONTHS_PER_YEAR:
            yield f"the price of {name} ordered in {answer.period(t)} was quoted in {quoted}, more than a year before"


def off_trend(answer: Answer) -> Iterator[str]:
    """A purchase price more than half off the median of its generation, per accelerator and peak rate."""
    tables = answer.tables
    for name, t in ordered_offers(answer).items():
        month = tables.calendar.first_month(t)
        own = _usd_per_tflops(tables, name, month)
        peers = [usd for other in _peers(tables, name) if (usd := _usd_per_tflops(tables, other, month)) is not None]
        if own is not None and len(peers) >= PEERS and abs(own / median(peers) - 1) > 0.5:
            yield (
                f"the price of {name} is {own / median(peers):.1f} times the median of its generation "
                f"({own:,.0f} against {median(peers):,.0f} USD per TFLOP/s of bf16 peak)"
            )


def _peers(tables: Tables, name: str) -> list[str]:
    """Purchase offers open to anyone, of other accelerators announced within a year and a half."""
    catalog = tables.request.catalog
    own = catalog.accelerators[tables.offers[name].accelerator]
    if own.announced is None or catalog.offers[name].buyers is not None:
        return []
    dated = {key: first_month(a.announced) for key, a in catalog.accelerators.items() if a.announced is not None}
    near = {key for key, month in dated.items() if abs(month - dated[own.id]) <= GENERATION_MONTHS and key != own.id}
    bought = {key for key, offer in catalog.offers.items() if offer.route == "purchase" and offer.buyers is None}
    return sorted(key for key in bought if tables.offers[key].accelerator in near)


def _usd_per_tflops(tables: Tables, name: str, month: int) -> float | None:
    facts = tables.offers[name]
    price = _price(tables.request.catalog.offers[name], month)
    peak = tables.request.catalog.accelerators[facts.accelerator].peak_tflops.get("bf16")
    return price / facts.accelerators / float(peak) if price and peak else None


def slower_successor(answer: Answer) -> Iterator[str]:
    """A newer chip that draws no less than an older one of its maker and kind, and works slower."""
    catalog, calendar = answer.tables.request.catalog, answer.tables.calendar
    bought = sorted({answer.tables.offers[name].accelerator for name in ordered_offers(answer)})
    for work in sorted({demand.workload for demand in answer.tables.scenario.demand.values()}):
        month = calendar.first_month(calendar.count)
        able = {a: value_at(by[work].rate, month) for a, by in catalog.throughput.items() if work in by}
        rate = {a: float(value) for a, value in able.items() if value}
        for new in bought:
            faster = [old for old in rate if new in rate and rate[old] > rate[new] and _succeeds(catalog, new, old)]
            if faster:
                best = max(faster, key=lambda old: rate[old])
                yield f"{new} is newer than {best} and slower at {work} ({rate[new]:g} against {rate[best]:g})"


def _succeeds(catalog: Catalog, new: str, old: str) -> bool:
    """Whether one accelerator is a later one of the same maker and kind with at least the same power."""
    a, b = catalog.accelerators[new], catalog.accelerators[old]
    if (a.vendor, a.kind) != (b.vendor, b.kind) or a.announced is None or b.announced is None:
        return False
    heavier = a.tdp_w is not None and b.tdp_w is not None and a.tdp_w >= b.tdp_w
    return heavier and first_month(a.announced) > first_month(b.announced)


SUSPICIONS = (
    doubtful,
    high_residual,
    rent_after_horizon,
    terms_rounded,
    idle_systems,
    empty_limits,
    old_quotes,
    off_trend,
    slower_successor,
)


def warnings(answer: Answer) -> list[str]:
    """Every suspicion about a plan, in words."""
    return [text for suspicion in SUSPICIONS for text in suspicion(answer)]
