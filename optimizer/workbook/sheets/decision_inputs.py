"""The part of Inputs behind decisions other than orders: what they cost or bring, and what bounds them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import fsum

from optimizer.workbook.decisions import ENGINEER, EXPAND, KINDS, PORT, RETIRE, Decision, Kind
from optimizer.workbook.writing.citations import of_catalog
from optimizer.workbook.writing.lines import Line
from optimizer.workbook.writing.references import Row, key_of
from optimizer.workbook.writing.table import Table

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
    "months": ("Time for engineering", "months", "amount"),
}

VALUE = "value_usd_per_unit_hour"
TIMING = "sets when it is ready"


@dataclass(frozen=True)
class DecisionInputs:
    """Price by decision, and further assumptions by decision and name; each in the constant column."""

    price: dict[Decision, Row]
    more: dict[tuple[Decision, str], Row]


@dataclass(frozen=True)
class FleetInputs:
    """Fleet in service by (system, site): the part that stays and parts that may be retired, one under another."""

    lines: dict[tuple[str, str], list[Row]]
    retirable: dict[Decision, Row]

    @property
    def rows(self) -> list[Row]:
        return [row for rows in self.lines.values() for row in rows]


@dataclass(frozen=True)
class ValueInputs:
    """Work asked for and its value, by period."""

    demand: Row
    value: Row


def write_decision_inputs(table: Table) -> DecisionInputs:
    """Kind by kind: the prices, then what else counts."""
    price: dict[Decision, Row] = {}
    more: dict[tuple[Decision, str], Row] = {}
    for kind in KINDS:
        decisions = [decision for decision in table.book.decisions if decision.kind is kind]
        if decisions:
            table.heading(*HEADINGS[kind])
            price.update({decision: table.line(_price(table, decision)) for decision in decisions})
            more.update(_more(table, kind, decisions))
    return DecisionInputs(price, more)


def _price(table: Table, decision: Decision) -> Line:
    kind = decision.kind
    line = Line(
        kind.price_label + decision.suffix,
        kind.price_unit,
        decision.item,
        decision.place,
        constant=decision.usd,
        source=kind.source,
        rule="amount",
        keys=decision.keys,
        key=key_of("decision", "price", decision),
    )
    return of_catalog(table.book.facts, decision.item, "one_off", line) if kind is ENGINEER else line


def _more(table: Table, kind: Kind, decisions: Iterable[Decision]) -> dict[tuple[Decision, str], Row]:
    rows = {}
    for decision in decisions:
        for name, value in decision.more:
            label, unit, rule = MORE[name]
            source = f"{kind.source.rpartition(' ')[0]} {name}"
            line = Line(
                label,
                unit,
                decision.item,
                decision.place,
                constant=value,
                source=source,
                rule=rule,
                key=key_of("decision", name, decision),
            )
            locked = name in ("lead_time_months", "months")
            folder = decision.keys[0].rpartition("/")[0]
            line = replace(line, locked=TIMING) if locked else replace(line, keys=(f"{folder}/{name}",))
            rows[decision, name] = table.line(line)
    return rows


def write_fleet(table: Table) -> FleetInputs:
    """Systems in service before this plan, those that may be retired on lines of their own."""
    facts = table.book.facts
    lines: dict[tuple[str, str], list[Row]] = {}
    retirable: dict[Decision, Row] = {}
    if facts.fleet:
        note = "Systems in service before this plan: energy, hosting and carbon count, and resale where one is retired."
        table.heading("Fleet", note)
    for (system, site), counts in facts.fleet.items():
        own = [d for d in table.book.decisions if d.kind is RETIRE and (d.item, d.place) == (system, site)]
        stays = tuple(count - fsum(d.available[i] for d in own) for i, count in enumerate(counts))
        line = Line("Fleet in service", "systems", system, site, source="scenario: fleet", rule="amount")
        line = replace(line, locked="already in service")
        rows = (
            [table.line(replace(line, periods=stays, key=key_of("fleet", system, site)))]
            if any(stays) or not own
            else []
        )
        for decision in own:
            label = f"Fleet that may be retired{decision.suffix}"
            retirable[decision] = table.line(
                replace(
                    line, label=label, periods=decision.available, key=key_of("fleet that may be retired", decision)
                )
            )
            rows.append(retirable[decision])
        lines[system, site] = rows
    return FleetInputs(lines, retirable)


def write_values(table: Table) -> dict[str, ValueInputs]:
    """What is asked for and what it is worth, where value is maximised."""
    facts = table.book.facts
    if facts.valued:
        table.heading("Value of work", "Of what is served: the demand less what is left unmet.")
    rows = {}
    for demand in facts.valued:
        given = facts.scenario["demand"][demand]
        asked = Line(
            "Demand", "units/s", demand, source="scenario: per_second", rule="amount", key=key_of("demand", demand)
        )
        worth = Line(
            "Value of work",
            "USD/unit-hour",
            demand,
            source=f"scenario: {VALUE}",
            rule="amount",
            key=key_of("value", demand),
        )
        worth = replace(worth, periods=facts.over_periods(VALUE, given[VALUE]), keys=(f"demand/{demand}/{VALUE}",))
        asked = replace(asked, periods=facts.asked(demand), keys=(f"demand/{demand}/per_second",))
        rows[demand] = ValueInputs(table.line(asked), table.line(worth))
    return rows
