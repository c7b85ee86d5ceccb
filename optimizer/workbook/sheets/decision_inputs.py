"""The part of Inputs behind decisions other than orders: what they cost or bring, and what bounds them."""

from __future__ import annotations

from collections.abc import Iterator
from math import fsum
from typing import Any

from optimizer.workbook.decisions import ENGINEER, EXPAND, KINDS, PORT, RETIRE, Decision, decisions_of
from optimizer.workbook.facts import Facts
from optimizer.workbook.writing.assumptions import cited
from optimizer.workbook.writing.lines import Line, Of, Section, filled, line_of, lines_of
from optimizer.workbook.writing.references import Row, key_of

HEADINGS = {
    RETIRE: ("Fleet that may be retired", "Sold for the resale price in the period it is retired."),
    EXPAND: ("Power that may be added", "Paid when it comes on line; what is left is straight-line over its life."),
    ENGINEER: ("One-off engineering", "Paid when it starts; a purchase may be ordered when it is ready."),
    PORT: ("Porting", "Bringing a demand's software to a stack; paid when it starts."),
}
MORE = {
    "lead_time_months": ("Time to add power", "months", "amount"),
    "max_mw": ("Most power added", "MW", "positive"),
    "life_years": ("Life of added power", "years", "positive"),
    "block_mw": ("Block of added power", "MW", "positive"),
    "months": ("Time for engineering", "months", "amount"),
}
TIMING = "sets when it is ready"


def decision_inputs(facts: Facts) -> Iterator[Section]:
    """Kind by kind: the prices, then what else counts."""
    for kind in KINDS:
        decisions = decisions_of(facts, kind)
        prices = [_price(facts, decision) for decision in decisions]
        more = [_more(decision, name, value) for decision in decisions for name, value in decision.more]
        yield from filled(*HEADINGS[kind], [*prices, *more])


def _price(facts: Facts, decision: Decision) -> Line:
    kind = decision.kind
    behind = cited(facts, decision.item, "one_off") if kind is ENGINEER else {"source": kind.source}
    return line_of(decision, kind.price_label, kind.price_unit, what="decision/price", constant=decision.usd,
                   rule="amount", keys=decision.keys, **behind)  # fmt: skip


def _more(decision: Decision, name: str, value: float) -> Line:
    label, unit, rule = MORE[name]
    locked = name in ("lead_time_months", "months")
    folder = decision.keys[0].rpartition("/")[0]
    return Line(
        label, unit, decision.item, decision.place, constant=value, rule=rule, locked=TIMING if locked else "",
        source=f"{decision.kind.source.rpartition(' ')[0]} {name}", keys=() if locked else (f"{folder}/{name}",),
        key=key_of("decision", name, decision),
    )  # fmt: skip


def fleet_inputs(facts: Facts) -> Iterator[Section]:
    """Systems in service before this plan, those that may be retired on lines of their own."""
    lines = [line for system, site in facts.fleet for line in _fleet(facts, system, site)]
    note = "Systems in service before this plan: energy, hosting and carbon count, and resale where one is retired."
    yield from filled("Fleet", note, lines)


def _fleet(facts: Facts, system: str, site: str) -> list[Line]:
    """What stays, then what may be retired, one under another."""
    known: dict[str, Any] = {"source": "scenario: fleet", "rule": "amount", "locked": "already in service"}
    retirable = retirements(facts, system, site)
    there = enumerate(facts.fleet[system, site])
    stays = tuple(count - fsum(each.available[i] for each in retirable) for i, count in there)
    lines = lines_of(
        [Of(system, site)] if any(stays) or not retirable else [], "Fleet in service", "systems", what="fleet",
        periods=stays, **known,
    )  # fmt: skip
    return lines + [
        line_of(each, "Fleet that may be retired", "systems", periods=each.available, **known) for each in retirable
    ]


def retirements(facts: Facts, system: str, site: str) -> list[Decision]:
    """What may be retired of a system at a site."""
    return [each for each in decisions_of(facts, RETIRE) if (each.item, each.place) == (system, site)]


def fleet_rows(facts: Facts, system: str, site: str) -> list[Row]:
    """The lines of the fleet of a system at a site, one under another."""
    return [Row(line.key) for line in _fleet(facts, system, site)]
