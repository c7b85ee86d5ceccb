"""Supply: what is delivered against what can be had of accelerators, offers and pools."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from optimizer.tables import grouped
from optimizer.workbook.facts import Facts
from optimizer.workbook.sheets.input_work import draws_on, limited_accelerators, limited_offers, limited_pools
from optimizer.workbook.writing.lines import SUM, Check, Line, Of, Section, filled, line_of, lines_of
from optimizer.workbook.writing.references import Row, area, at, left_of, of_each, sum_down
from optimizer.workbook.writing.time_sheet import TimeSheet

UNITS = {"accelerator": "accelerators", "offer": "systems", "pool": "pool units"}


def supply(facts: Facts) -> TimeSheet:
    """What is delivered or ordered, what can be had, and what is left of it."""
    title, heading = "Supply", "Supply: deliveries against what can be had"
    limited = limited_by_supply(facts)
    if not limited:
        nothing = Section("Nothing is limited", "The scenario limits no accelerators, offers in the plan or pools.")
        return TimeSheet(title, heading, "00B0A0", [nothing])
    sections = [*_delivered(facts), *_limited(facts), _left(limited)]
    left = area([at("supply left", kind, of) for kind, of in limited])
    meaning = "Periods in which more is ordered of an accelerator, an offer or a pool than can be had; see Supply."
    within = Check("Orders stay within supply", f"=SUMPRODUCT(({left}<0)*1)", "count", meaning)
    return TimeSheet(title, heading, "00B0A0", sections, [within])


def limited_by_supply(facts: Facts) -> list[tuple[str, str]]:
    """What can be had only so much of, as kind and id, in the order of the sheet."""
    kinds = {"accelerator": limited_accelerators, "offer": limited_offers, "pool": limited_pools}
    return [(kind, each) for kind, ids in kinds.items() for each in ids(facts)]


def _delivered(facts: Facts) -> Iterator[Section]:
    """Accelerators that come to our sites, by offer, then by accelerator; commitments do not count."""
    note = "Orders of purchases and leases: systems entering service times accelerators in one (constant)."
    yield Section("Deliveries by offer", f"{note} Commitments were granted before and do not count.", lines_of(
        facts.delivered, "Delivered", "accelerators", total=SUM, constant="system/accelerators",
        periods="={here.constant}*{entering}",
    ))  # fmt: skip
    accelerators = dict.fromkeys([*(group.accelerator for group in facts.delivered), *limited_accelerators(facts)])
    yield Section("Deliveries by accelerator", "Over all offers.", [
        _used(facts, "accelerator", each, "Delivered, all offers", [
            at("delivered", group) for group in facts.delivered if group.accelerator == each
        ])
        for each in accelerators
    ])  # fmt: skip


def _used(facts: Facts, kind: str, of: str, label: str, rows: Sequence[Row]) -> Line:
    known = {row.period: row.used for row in facts.plan.supply if (row.kind, row.id) == (kind, of)}
    return line_of(Of(of), label, UNITS[kind], what=f"supply used/{kind}", total=SUM, periods=sum_down(rows),
                   shows=facts.by_period(known), meaning=f"used of {kind} {of} in")  # fmt: skip


def _limit(facts: Facts, kind: str, of: str, label: str, share: str = "") -> Line:
    """What can be had in a period, from what can be had in a month of it."""
    known = {row.period: row.limit for row in facts.plan.supply if (row.kind, row.id) == (kind, of)}
    return line_of(Of(of), label, UNITS[kind], what=f"supply limit/{kind}", total=SUM,
                   periods=f"={share}{{supply per month/{kind}}}*months_per_period", shows=facts.by_period(known),
                   meaning=f"limit of {kind} {of} in")  # fmt: skip


def _limited(facts: Facts) -> Iterator[Section]:
    """Accelerators; offers that are ordered, any route; pools, with what draws on them."""
    limits = [_limit(facts, "accelerator", each, "Supply") for each in limited_accelerators(facts)]
    yield from filled("Supply of accelerators", "Supply in a month times months in a period.", limits)
    offers = limited_offers(facts)
    ordered = grouped((group for group in facts.groups if not group.committed), lambda group: group.offer)
    yield from filled("Supply of offers that are ordered", "Systems entering service; commitments do not count.", [
        *(_used(facts, "offer", offer, "Ordered", of_each("entering", ordered[offer])) for offer in offers),
        *(_limit(facts, "offer", offer, "Supply of the offer") for offer in offers),
    ])  # fmt: skip
    for pool in limited_pools(facts):
        drawn = lines_of(
            map(Of, draws_on(facts, pool)), f"Drawn on {pool}", "pool units", what=f"drawn/{pool}", total=SUM,
            constant=f"draw on a pool/{pool}", periods="={here.constant}*{supply used/accelerator}",
        )  # fmt: skip
        yield Section(f"Pool {pool}", "Deliveries times what an accelerator draws on the pool (constant).", [
            *drawn, _used(facts, "pool", pool, "Drawn", [Row(line.key) for line in drawn]),
            _limit(facts, "pool", pool, "Our part of the pool", "{share of the pool.constant}*"),
        ])  # fmt: skip


def _left(limited: list[tuple[str, str]]) -> Section:
    return Section("Left", "Supply less what is ordered; negative: an edit orders more than can be had.", [
        line_of(Of(of), f"Left of {kind}", UNITS[kind], what=f"supply left/{kind}",
                periods=left_of(f"{{supply limit/{kind}}}", f"{{supply used/{kind}}}"))
        for kind, of in limited
    ])  # fmt: skip
