"""Supply: what is delivered against what can be had of accelerators, offers and pools."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.workbook.facts import Facts
from optimizer.workbook.sheets.input_work import draws_on, limited_accelerators, limited_offers, limited_pools
from optimizer.workbook.writing.lines import SUM, Check, Line, Section
from optimizer.workbook.writing.references import HERE, area, at, key_of, left_of, sum_down
from optimizer.workbook.writing.time_sheet import TimeSheet

UNITS = {"accelerator": "accelerators", "offer": "systems", "pool": "pool units"}


def supply(facts: Facts) -> TimeSheet:
    """What is delivered or ordered, what can be had, and what is left of it."""
    title, heading = "Supply", "Supply: deliveries against what can be had"
    limited = limited_by_supply(facts)
    if not limited:
        nothing = Section("Nothing is limited", "The scenario limits no accelerators, offers in the plan or pools.")
        return TimeSheet(title, heading, "00B0A0", [nothing])
    sections = [*_delivered(facts), *_accelerators(facts), *_offers(facts), *_pools(facts), _left(limited)]
    return TimeSheet(title, heading, "00B0A0", sections, [_within(limited)])


def limited_by_supply(facts: Facts) -> list[tuple[str, str]]:
    """What can be had only so much of, as kind and id, in the order of the sheet."""
    kinds = {"accelerator": limited_accelerators, "offer": limited_offers, "pool": limited_pools}
    return [(kind, each) for kind, ids in kinds.items() for each in ids(facts)]


def _delivered(facts: Facts) -> Iterator[Section]:
    """Accelerators that come to our sites, by offer, then by accelerator; commitments do not count."""
    note = "Orders of purchases and leases: systems entering service times accelerators in one (constant)."
    by_offer = [
        Line("Delivered", "accelerators", group.offer, key=key_of("delivered", group), total=SUM,
             constant=at("system", "accelerators", group.system),
             periods=f"={HERE.constant}*{at('entering', group)}")
        for group in facts.delivered
    ]  # fmt: skip
    yield Section("Deliveries by offer", f"{note} Commitments were granted before and do not count.", by_offer)
    accelerators = dict.fromkeys([*(group.accelerator for group in facts.delivered), *limited_accelerators(facts)])
    yield Section("Deliveries by accelerator", "Over all offers.", [_all_offers(facts, each) for each in accelerators])


def _all_offers(facts: Facts, accelerator: str) -> Line:
    rows = [at("delivered", group) for group in facts.delivered if group.accelerator == accelerator]
    return _used(facts, "accelerator", accelerator, "Delivered, all offers", sum_down(rows))


def _used(facts: Facts, kind: str, of: str, label: str, formula: str) -> Line:
    known = {row.period: row.used for row in facts.plan.supply if (row.kind, row.id) == (kind, of)}
    return Line(label, UNITS[kind], of, key=key_of("supply used", kind, of), total=SUM, periods=formula,
                shows=facts.by_period(known), meaning=f"used of {kind} {of} in")  # fmt: skip


def _limit(facts: Facts, kind: str, of: str, label: str, share: str = "") -> Line:
    """What can be had in a period, from what can be had in a month of it."""
    known = {row.period: row.limit for row in facts.plan.supply if (row.kind, row.id) == (kind, of)}
    formula = f"={share}{at('supply per month', kind, of)}*months_per_period"
    return Line(label, UNITS[kind], of, key=key_of("supply limit", kind, of), total=SUM, periods=formula,
                shows=facts.by_period(known), meaning=f"limit of {kind} {of} in")  # fmt: skip


def _accelerators(facts: Facts) -> Iterator[Section]:
    limits = [_limit(facts, "accelerator", each, "Supply") for each in limited_accelerators(facts)]
    if limits:
        yield Section("Supply of accelerators", "Supply in a month times months in a period.", limits)


def _offers(facts: Facts) -> Iterator[Section]:
    """Offers limited by what they can supply, any route; only those that are ordered."""
    ordered = {group.offer: group for group in facts.groups if not group.committed}
    used = [
        _used(facts, "offer", offer, "Ordered", sum_down([at("entering", ordered[offer])]))
        for offer in limited_offers(facts)
    ]
    limits = [_limit(facts, "offer", offer, "Supply of the offer") for offer in limited_offers(facts)]
    if limits:
        note = "Systems entering service; commitments do not count."
        yield Section("Supply of offers that are ordered", note, [*used, *limits])


def _pools(facts: Facts) -> Iterator[Section]:
    for pool in limited_pools(facts):
        drawing = draws_on(facts, pool)
        drawn = sum_down([at("drawn", pool, accelerator) for accelerator in drawing])
        lines = [
            *(_drawn(pool, accelerator) for accelerator in drawing),
            _used(facts, "pool", pool, "Drawn", drawn),
            _limit(facts, "pool", pool, "Our part of the pool", f"{at('share of the pool', pool).constant}*"),
        ]
        yield Section(f"Pool {pool}", "Deliveries times what an accelerator draws on the pool (constant).", lines)


def _drawn(pool: str, accelerator: str) -> Line:
    return Line(
        f"Drawn on {pool}", "pool units", accelerator, key=key_of("drawn", pool, accelerator), total=SUM,
        constant=at("draw on a pool", pool, accelerator),
        periods=f"={HERE.constant}*{at('supply used', 'accelerator', accelerator)}",
    )  # fmt: skip


def _left(limited: list[tuple[str, str]]) -> Section:
    lines = [
        Line(f"Left of {kind}", UNITS[kind], of, key=key_of("supply left", kind, of),
             periods=left_of(at("supply limit", kind, of).now, at("supply used", kind, of).now))
        for kind, of in limited
    ]  # fmt: skip
    return Section("Left", "Supply less what is ordered; negative: an edit orders more than can be had.", lines)


def _within(limited: list[tuple[str, str]]) -> Check:
    left = area([at("supply left", kind, of) for kind, of in limited])
    meaning = "Periods in which more is ordered of an accelerator, an offer or a pool than can be had; see Supply."
    return Check("Orders stay within supply", f"=SUMPRODUCT(({left}<0)*1)", "count", meaning)
