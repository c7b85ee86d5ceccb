"""The part of Cash behind decisions other than orders: what they cost or bring, and the value of work."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.workbook.decisions import ENGINEER, EXPAND, KINDS, PORT, RETIRE, Decision, decisions_of
from optimizer.workbook.facts import Facts
from optimizer.workbook.writing.lines import SUM, Line, Section
from optimizer.workbook.writing.references import HERE, at, key_of

WORDS = {
    EXPAND: ("Facility", "Facility cost", "Power added (MW) times its price (constant)."),
    ENGINEER: ("Engineering", "Engineering cost", "One-off cost (constant) in the period in which it starts."),
    PORT: ("Porting", "Porting cost", "Cost (constant) in the period in which it starts."),
    RETIRE: ("Resale", "Resale", "Systems retired times the resale price (constant)."),
}
"""Heading, label and note of each kind."""


def flows(facts: Facts) -> Iterator[Section]:
    """Price times what is decided, by decision and period; positive also where it is received."""
    for kind in KINDS:
        heading, _, note = WORDS[kind]
        decisions = decisions_of(facts, kind)
        if decisions:
            yield Section(heading, note, [_flow(decision) for decision in decisions])


def _flow(decision: Decision) -> Line:
    return Line(
        WORDS[decision.kind][1] + decision.suffix, "USD", decision.item, decision.place, total=SUM,
        constant=f"={at('decision', 'price', decision).constant}", constant_unit=decision.kind.price_unit,
        periods=f"={HERE.constant}*{at('decision used', decision).now}", key=key_of("flow", decision),
    )  # fmt: skip


def worth_of_work(facts: Facts) -> Iterator[Section]:
    """Work served and its value; positive, though it counts as a receipt."""
    if not facts.valued:
        return
    yield Section("Work served", "The demand less what is left unmet.", [
        Line("Work served", "units/s", demand, key=key_of("work served", demand),
             periods=f"={at('demand', demand).now}-{at('unmet', demand).now}")
        for demand in facts.valued
    ])  # fmt: skip
    yield Section("Value of work", "Work served times hours times its value.", [
        Line("Value of work", "USD", demand, total=SUM, key=key_of("worth of work", demand),
             periods=f"={at('work served', demand).now}*hours_per_period*{at('value', demand).now}")
        for demand in facts.valued
    ])  # fmt: skip
