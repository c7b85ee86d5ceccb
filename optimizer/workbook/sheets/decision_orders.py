"""The part of Orders that holds the other decisions and the factors paid: optimiser, override, what is used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import starmap
from typing import Any, NamedTuple

from optimizer.workbook.decisions import ENGINEER, EXPAND, RETIRE, Decision, breaks_in_words, decisions_of, factors_paid
from optimizer.workbook.facts import Facts
from optimizer.workbook.groups import Group
from optimizer.workbook.writing.lines import OVERRIDE, PERIOD, SUM, Check, Line, Section, Subject, filled, lines_of
from optimizer.workbook.writing.references import HERE, Row, area, at, down, key_of, of_each
from optimizer.workbook.writing.styles import Role

FACTOR_NOTE = (
    "Price breaks depend on how many systems an order has: the optimiser's factor holds for its own number. "
    "Where you override systems, override the factor too."
)


class Choice(NamedTuple):
    """A factor paid for an offer, or a decision: what it is called, what is decided by period, what may be typed."""

    what: str
    of: Subject
    label: str
    unit: str
    values: tuple[float, ...]
    rule: str = "amount"

    def row(self, kind: str) -> Row:
        return at(f"{self.what} {kind}", self.of)

    def line(self, kind: str, ending: str = "", **more: Any) -> Line:
        label, of = f"{self.label}{self.of.suffix}{ending}", self.of
        total = SUM if self.what == "decision" else None
        return Line(label, self.unit, of.item, of.place, key=self.row(kind).key, **{"total": total, **more})


def other_decisions(facts: Facts) -> Iterator[Section]:
    """Factors paid and decisions, three blocks in one order."""
    factors = factors_paid(facts)
    choices = [
        *(Choice("factor", each, "Price paid over list price", "factor", paid) for each, paid in factors.items()),
        *(Choice("decision", of, of.kind.label, of.kind.unit, of.values, of.kind.rule) for of in decisions_of(facts)),
    ]
    if choices:
        note = "Do not type here but in the overrides below."
        chosen = [each.line("optimiser", ", optimiser", periods=each.values, role=Role.SOLVER) for each in choices]
        offers = dict.fromkeys(group.offer for group in factors)
        yield Section("Other decisions of the optimiser", note, chosen, _break_notes(facts, offers))
        yield Section("Overrides of other decisions", "Blank: the optimiser's number stands.", [
            each.line("override", ", override", total=None, periods=[None] * facts.periods, rule=each.rule,
                      keys=(f"{OVERRIDE}{each.what}/{each.of.item}",))
            for each in choices
        ])  # fmt: skip
        yield Section("Other decisions used", "The override where there is one, else the optimiser's.", [
            each.line("used", shows=each.values,
                      periods=f"=IF(ISBLANK({each.row('override')}),{each.row('optimiser')},{each.row('override')})",
                      meaning=f"{each.label}{each.of.suffix} {each.of.item} {each.of.place} in")
            for each in choices
        ])  # fmt: skip


def _break_notes(facts: Facts, offers: Iterable[str]) -> list[str]:
    """The terms of each offer with price breaks, in words."""
    breaks = {offer: breaks_in_words(facts.catalog["offers"][offer]["price_breaks"]) for offer in offers}
    notes = [f"Price breaks of {offer}, {words}." for offer, words in breaks.items()]
    return [FACTOR_NOTE, *notes] if notes else []


def behind_checks(facts: Facts) -> Iterator[Section]:
    """Lines behind the checks, about fleet, power and engineering."""
    yield from _retired(decisions_of(facts, RETIRE))
    yield from _expanded(decisions_of(facts, EXPAND))
    if decisions_of(facts, ENGINEER):
        note = "Purchases by period of entering service; constant: periods that engineering takes."
        yield Section("Ordered before engineering is ready", note, list(starmap(_unready, _engineered(facts))))


def _retired(decisions: Sequence[Decision]) -> Iterator[Section]:
    """Systems off that would still be there, what is left, and systems switched off when there were none."""
    there = "fleet that may be retired"
    yield from filled("Fleet retired so far", "Up to the last period in which it would have been in service.", lines_of(
        decisions, "Off so far", "systems", what="retired so far",
        periods=f"=IF({{{there}}}>0,SUM({{decision used.so_far}}),0)",
    ))  # fmt: skip
    yield from filled("Fleet left of what may be retired", lines=lines_of(
        decisions, "Left in service", "systems", what="left of fleet", periods=f"={{{there}}}-{{retired so far}}",
    ))  # fmt: skip
    note = "Systems in periods in which none was in service any more."
    yield from filled("Fleet retired after its end", note, lines_of(
        decisions, "Off too late", "systems", what="retired too late",
        total=f"=SUMPRODUCT(({{{there}.across}}=0)*{{decision used.across}})",
    ))  # fmt: skip


def _expanded(decisions: Sequence[Decision]) -> Iterator[Section]:
    """MW that may still be added, and MW on line before the time it takes to add them."""
    yield from filled("Power that may still be added", "Most power added less what is added in all periods.", lines_of(
        decisions, "Room for power", "MW", total="={decision/max_mw.constant}-{decision used.total}",
    ))  # fmt: skip
    lead = "ROUNDUP({decision/lead_time_months.constant}/months_per_period,0)"
    note = "MW in periods that an order in the first period cannot reach."
    yield from filled("Power on line too early", note, lines_of(
        decisions, "Power too early", "MW",
        total=f'=SUMIFS({{decision used.across}},{{decision used.axis_across}},"<="&{lead})',
    ))  # fmt: skip

    blocks = [decision for decision in decisions if decision.has("block_mw")]
    each = "{decision used}/{decision/block_mw.constant}"
    note = "Power added in blocks, less the nearest whole number of them."
    yield from filled("Parts of a block of power", note, lines_of(
        blocks, "Part of a block", "blocks", periods=f"={each}-ROUND({each},0)",
    ))  # fmt: skip


def _unready(decision: Decision, group: Group) -> Line:
    """Systems bought before the engineering of their accelerator was ready."""
    months, used = at("decision", "months", decision).constant, at("decision used", decision)
    ready = f'SUMIFS({used.across},{used.axis_across},"<="&@${PERIOD}-{at("lead", group).constant}-{HERE.constant})'
    return Line(
        f"Ordered too early{group.suffix}", "systems", group.offer, total=SUM, constant_unit="periods",
        constant=f"=ROUNDUP({months}/months_per_period,0)", periods=f"=IF({ready}=0,{at('entering', group)},0)",
        key=key_of("ordered before engineering", decision, group),
    )  # fmt: skip


def _engineered(facts: Facts) -> list[tuple[Decision, Group]]:
    """One-off engineering and the purchases that need it."""
    bought = [group for group in facts.groups if group.purchased and not group.committed]
    return [
        (each, group) for each in decisions_of(facts, ENGINEER) for group in bought if group.accelerator == each.item
    ]


def decision_checks(facts: Facts) -> Iterator[Check]:
    """Fleet, expansion and engineering: nothing that is not there, and nothing before its time."""
    if retired := decisions_of(facts, RETIRE):
        left, late = area(of_each("left of fleet", retired)), down(of_each("retired too late", retired), "$F")
        meaning = "Systems retired that the fleet does not have, or no longer has; negative."
        yield Check("Only fleet that is there is retired", f"=MIN(0,{left})-SUM({late})", "systems", meaning)
    if expanded := decisions_of(facts, EXPAND):
        room, early = (down(of_each(what, expanded), "$F") for what in ("room for power", "power too early"))
        meaning = "MW added to a site beyond the most it can have or before the time that takes; negative."
        yield Check("Power is added within what a site can have", f"=MIN(0,{room})-SUM({early})", "MW", meaning)
    if parts := of_each("part of a block", [each for each in expanded if each.has("block_mw")]):
        meaning = "Parts of a block that are added, squared, where a site grows by whole blocks."
        yield Check("Power is added in whole blocks", f"=SUMPRODUCT({area(parts)}*{area(parts)})", "blocks", meaning)
    if unready := [at("ordered before engineering", *of) for of in _engineered(facts)]:
        meaning = "Systems bought before the one-off engineering of their accelerator is ready, or without it."
        yield Check("Engineering is ready before purchases", f"=SUM({down(unready, '$F')})", "systems", meaning)
