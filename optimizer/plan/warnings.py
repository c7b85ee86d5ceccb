"""What is possible but looks wrong: warnings and notes that stand in the plan.

A warning is of substance: it changes what the decision means, and stands on the first screen of `plan` and on
Summary. A note is worth knowing and may wait: it stands at the end and on Log.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import fsum
from statistics import median

from catalogs.generation import FEWEST_PEERS, sold_likewise
from catalogs.periods import first_month, steps
from catalogs.schema import Catalog, Offer
from optimizer.formulation.obligations import rent_after_usd
from optimizer.plan.solved_model import SolvedModel
from optimizer.request.calendar import MONTHS_PER_YEAR
from optimizer.request.regions import of_regions
from optimizer.request.schedule_notes import readings
from optimizer.request.schedules import mean
from optimizer.request.throughputs import best
from optimizer.solving.settle import FRACTIONS
from optimizer.tables import Need, Tables, grouped
from optimizer.tables.rounded_terms import rounded_terms
from optimizer.tables.rows import MILLION
from optimizer.tables.warnings import dead_quotes, idle_frames, nothing_asked, nothing_in_time, slips, uncounted_carbon

SHOWN_IN_USD = 1000.0
"""Smaller amounts are not shown in millions."""
LEAST_SHOWN = 0.005
"""What two digits after the point would show as nothing."""


def work_left_undone(solved: SolvedModel) -> Iterator[str]:
    """Work that the plan leaves undone: how much of it, when, and what that costs or would be worth."""
    for demand, needs in grouped(solved.tables.needs, lambda need: need.demand).items():
        undone = {need: left for need in needs if (left := solved.undone(need)) > 0}
        if undone:
            asked = fsum(need.per_second for need in needs)
            share = fsum(left * need.per_second for need, left in undone.items()) / asked
            part = "all" if share > 1 - FRACTIONS else _percent(share)
            when, cost = _when(solved, undone), _cost_of_undone(solved, undone)
            yield f"{part} of the work of {demand} is left undone, {when}; {cost}"


def _when(solved: SolvedModel, needs: Collection[Need]) -> str:
    first, last = (solved.period(end(need.t for need in needs)) for end in (min, max))
    return f"in {first}" if first == last else f"in {len(needs)} periods from {first} to {last}"


def _cost_of_undone(solved: SolvedModel, undone: Mapping[Need, float]) -> str:
    """What leaving work undone costs, undiscounted, and the value that it does not earn."""
    hours = solved.tables.calendar.hours
    paid = fsum(left * need.per_second * hours * (need.unmet_usd or 0.0) for need, left in undone.items())
    lost = fsum(left * need.per_second * hours * (need.value_usd or 0.0) for need, left in undone.items())
    cost = f"that costs {_never_nothing(paid)}" if paid else "that costs nothing"
    return f"{cost} and forgoes a value of {_never_nothing(lost)}" if lost else cost


def _never_nothing(usd: float) -> str:
    """An amount in words, with the digits that it takes where cents would show nothing."""
    return usd_in_words(usd) if usd >= LEAST_SHOWN else f"{Decimal(f'{usd:.3g}'):f} USD"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if share >= 0.001 else f"{100 * share:.2g} %"


def usd_in_words(usd: float) -> str:
    """An amount in words: small ones in USD, others in millions."""
    return f"{usd / MILLION:,.3f} million USD" if usd >= SHOWN_IN_USD else f"{usd:,.2f} USD"


def doubtful(solved: SolvedModel) -> Iterator[str]:
    """What is doubtful about the request and touches this plan."""
    tables = solved.tables
    sites = {place for (_, place, _), systems in solved.in_service.items() if systems > 0} & set(tables.scenario.sites)
    used = {cohort.offer for cohort, systems in solved.cohorts.items() if systems > 0}
    hosted = {offer for offer in used if tables.offers[offer].hosted}
    for doubt in (
        *nothing_asked(tables),
        *nothing_in_time(tables),
        *dead_quotes(tables),
        *idle_frames(tables),
        *uncounted_carbon(tables, sites, hosted),
        *slips(tables, used, {system for (system, _, _), systems in solved.in_service.items() if systems > 0}),
    ):
        yield doubt.text


def high_residual(solved: SolvedModel) -> Iterator[str]:
    """What is left at the end is worth more than half of what was bought."""
    bought = fsum(solved.costs["hardware_usd"].values()) + fsum(solved.costs["network_usd"].values())
    left = -fsum(solved.costs["residual_usd"].values())
    if bought > 0 and left > bought / 2:
        yield (
            f"the residual value is {left / bought:.0%} of what is bought: the horizon is short against the life "
            "of the hardware, so the plan leans on what it can be sold for (finance.residual)"
        )


def rent_after_horizon(solved: SolvedModel) -> Iterator[str]:
    """Rent due after the horizon that the scenario leaves out of the costs: a longer term then looks the cheaper."""
    tables = solved.tables
    owed = fsum(systems * rent_after_usd(tables, cohort) for cohort, systems in solved.cohorts.items())
    if owed > 0 and tables.scenario.finance.owed_after_horizon == "ignored":
        millions = f"{owed / MILLION:,.3f} million USD"
        yield (
            f"{millions} of rent falls due after the horizon, on terms running past it; it is not in the costs "
            "(finance.owed_after_horizon: ignored)"
        )


def promised_not_spent(solved: SolvedModel) -> Iterator[str]:
    """What frames promise and the plan does not spend: it is paid for nothing."""
    for name, frame in solved.tables.frames.items():
        if missing := solved.shortfall_usd(name):
            part, whole = _never_nothing(missing), usd_in_words(frame.promised_usd)
            due = solved.period(frame.within[-1])
            yield (
                f"frame {name}: {part} of the {whole} that it promises is not spent; it is paid all the same, in {due}"
            )


def terms_rounded(solved: SolvedModel) -> Iterator[str]:
    """Terms of what is ordered or committed that are no whole number of periods."""
    committed = {cohort.offer for cohort, systems in solved.cohorts.items() if cohort.committed and systems > 0}
    return (doubt.text for doubt in rounded_terms(solved.tables, {*ordered_offers(solved), *committed}))


def idle_systems(solved: SolvedModel) -> Iterator[str]:
    """Systems that are ordered and never do any work: bought to meet a limit or a promise, or to sell back."""
    tables = solved.tables
    working = {(row.system, place) for row, n in solved.run.items() if n > 0 for place in tables.places_of(row.group)}
    idle: dict[str, float] = {}
    for cohort, systems in solved.cohorts.items():
        system = tables.offers[cohort.offer].system
        if systems > 0 and not cohort.committed and (system, cohort.place) not in working:
            idle[system] = idle.get(system, 0.0) + systems
    for system, n in sorted(idle.items()):
        if tables.frames:
            yield f"{n:,.0f} {system} ordered never do any work: a limit or a frame asks for them, or their resale"
        else:
            yield f"{n:,.0f} {system} ordered never do any work: a limit asks for them, or what they can be sold for"


def empty_limits(solved: SolvedModel) -> Iterator[str]:
    """A ceiling over nothing that can be ordered, is in service or emits: it holds by itself."""
    named = {row.keys[0] for name, row in solved.model.rows.items() if name.startswith("limit(")}
    for name in sorted({rule.name for rule in solved.tables.scenario.limits} - named):
        yield f"limit '{name}' selects nothing in this plan and holds by itself"


def futures_not_counted(solved: SolvedModel) -> Iterator[str]:
    """Futures that the scenario names: what `plan` finds is best where none of them comes."""
    futures = solved.tables.scenario.futures
    if futures is not None:
        yield (
            f"the scenario's futures ({len(futures)}) are not counted: every figure is of the scenario as it stands; "
            "`chipmix robust` decides for all of them"
        )


def read_otherwise(solved: SolvedModel) -> Iterator[str]:
    """What the scenario writes by period and is not read by its own period: what was read."""
    return map(str, readings(solved.tables.scenario))


def figures_of_regions(solved: SolvedModel) -> Iterator[str]:
    """Which figures of sites are their regions', and what these rest on."""
    return map(str, of_regions(solved.tables.scenario, solved.tables.request.catalog))


def ordered_offers(solved: SolvedModel) -> dict[str, int]:
    """The offers ordered, each with its first period of order."""
    found: dict[str, int] = {}
    for cohort, systems in solved.cohorts.items():
        if systems > 0 and not cohort.committed:
            found[cohort.offer] = min(cohort.ordered, found.get(cohort.offer, cohort.ordered))
    return dict(sorted(found.items()))


def _price(offer: Offer, months: range) -> float | None:
    price = mean(offer.price_usd, months)
    return None if price is None else float(price)


def old_quotes(solved: SolvedModel) -> Iterator[str]:
    """A price that was quoted more than a year before the order that rests on it."""
    for name, t in ordered_offers(solved).items():
        offer, months = solved.tables.request.catalog.offers[name], solved.tables.calendar.span(t)
        schedule = offer.price_usd if offer.route == "purchase" else offer.usd_per_accelerator_hour
        quoted = (
            max((k for k in steps(schedule) if first_month(k) <= months[-1]), key=first_month)
            if isinstance(schedule, dict)
            else None
        )
        if quoted is not None and months[0] - first_month(quoted) > MONTHS_PER_YEAR:
            yield f"the price of {name} ordered in {solved.period(t)} was quoted in {quoted}, more than a year before"


def off_trend(solved: SolvedModel) -> Iterator[str]:
    """A purchase price more than half off the median of its generation, per accelerator and peak rate."""
    tables = solved.tables
    for name, t in ordered_offers(solved).items():
        months = tables.calendar.span(t)
        own = _usd_per_tflops(tables, name, months)
        peers = [usd for other in _peers(tables, name) if (usd := _usd_per_tflops(tables, other, months)) is not None]
        if own is not None and len(peers) >= FEWEST_PEERS and abs(own / median(peers) - 1) > 0.5:
            yield (
                f"the price of {name} is {own / median(peers):.1f} times the median of its generation "
                f"({own:,.0f} against {median(peers):,.0f} USD per TFLOP/s of bf16 peak)"
            )


def _peers(tables: Tables, name: str) -> list[str]:
    """Purchase offers open to anyone, of other accelerators of its generation; none for one that is not open itself."""
    catalog = tables.request.catalog
    return sorted(sold_likewise(catalog, name)) if catalog.offers[name].buyers is None else []


def _usd_per_tflops(tables: Tables, name: str, months: range) -> float | None:
    facts = tables.offers[name]
    price = _price(tables.request.catalog.offers[name], months)
    peak = tables.request.catalog.accelerators[facts.accelerator].peak_tflops.get("bf16")
    return price / facts.accelerators / float(peak) if price and peak else None


def slower_successor(solved: SolvedModel) -> Iterator[str]:
    """A newer chip that draws no less than an older one of its maker and kind, and works slower."""
    catalog, calendar = solved.tables.request.catalog, solved.tables.calendar
    bought = sorted({solved.tables.offers[name].accelerator for name in ordered_offers(solved)})
    for work in sorted({demand.workload for demand in solved.tables.scenario.demand.values()}):
        months = calendar.span(calendar.count)
        able = {a: best(catalog.points(a, work), months) for a in catalog.throughput}
        rate = {a: float(one.rate) for a, one in able.items() if one is not None}
        for new in bought:
            faster = [old for old in rate if new in rate and rate[old] > rate[new] and _succeeds(catalog, new, old)]
            if faster:
                other = max(faster, key=lambda old: rate[old])
                yield f"{new} is newer than {other} and slower at {work} ({rate[new]:g} against {rate[other]:g})"


def _succeeds(catalog: Catalog, new: str, old: str) -> bool:
    """Whether one accelerator is a later one of the same maker and kind with at least the same power."""
    a, b = catalog.accelerators[new], catalog.accelerators[old]
    if (a.vendor, a.kind) != (b.vendor, b.kind) or a.announced is None or b.announced is None:
        return False
    heavier = a.tdp_w is not None and b.tdp_w is not None and a.tdp_w >= b.tdp_w
    return heavier and first_month(a.announced) > first_month(b.announced)


OF_SUBSTANCE = (
    work_left_undone,
    doubtful,
    promised_not_spent,
    rent_after_horizon,
    terms_rounded,
    high_residual,
    idle_systems,
    empty_limits,
    futures_not_counted,
)
"""What changes the meaning of a decision, in the order in which it is told."""
WORTH_KNOWING = (
    read_otherwise,
    figures_of_regions,
    old_quotes,
    off_trend,
    slower_successor,
)


@dataclass(frozen=True)
class Said:
    """What is said about a plan: of substance, and what is only worth knowing."""

    warnings: tuple[str, ...]
    notes: tuple[str, ...]


def said(solved: SolvedModel, warnings: Iterable[str] = (), notes: Iterable[str] = ()) -> Said:
    """Every suspicion about a plan, after what is said of how it was made."""
    return Said(
        (*warnings, *(text for suspicion in OF_SUBSTANCE for text in suspicion(solved))),
        (*notes, *(text for suspicion in WORTH_KNOWING for text in suspicion(solved))),
    )
