"""Rows of Inputs, Orders, Capacity and Sites, by what they show: for sheets that do not refer by key yet."""

from __future__ import annotations

from dataclasses import dataclass

from optimizer.workbook.decisions import ENGINEER, EXPAND, RETIRE, Decision, Kind, decisions_of, factors_paid
from optimizer.workbook.facts import Facts
from optimizer.workbook.sheets.decision_inputs import fleet_rows
from optimizer.workbook.sheets.sites import limit_of, limited
from optimizer.workbook.writing.book import Book
from optimizer.workbook.writing.lines import HEADER
from optimizer.workbook.writing.references import Row, at


@dataclass(frozen=True)
class DecisionInputs:
    more: dict[tuple[Decision, str], Row]


@dataclass(frozen=True)
class FleetInputs:
    rows: list[Row]


@dataclass(frozen=True)
class WorkInputs:
    deadline: dict[str, Row]


@dataclass(frozen=True)
class BudgetRows:
    budget: str
    window: str
    start: Row
    end: Row
    limit: Row


@dataclass(frozen=True)
class InputRows:
    fleet: FleetInputs
    decisions: DecisionInputs
    work: WorkInputs
    last: int


def input_rows(book: Book) -> InputRows:
    facts = book.facts
    return InputRows(
        FleetInputs([row for key in facts.fleet for row in fleet_rows(facts, *key)]),
        DecisionInputs({(d, name): at("decision", name, d) for d in decisions_of(facts) for name, _ in d.more}),
        WorkInputs({demand: at("deadline", demand) for demand in facts.with_deadlines}),
        book.workbook["Inputs"].max_row,
    )


@dataclass(frozen=True)
class DecisionRows:
    used: dict[Decision, Row]

    def of(self, kind: Kind) -> dict[Decision, Row]:
        return {decision: row for decision, row in self.used.items() if decision.kind is kind}


@dataclass(frozen=True)
class DecisionChecks:
    off: dict[Decision, Row]
    left: list[Row]
    late: list[Row]
    room: list[Row]
    early: list[Row]
    unready: list[Row]


@dataclass(frozen=True)
class OrderRows:
    overrides: list[list[Row]]
    decisions: DecisionRows
    decision_checks: DecisionChecks
    accelerators: dict[str, Row]
    closing: Row
    in_service_total: Row
    early: list[Row]


def order_rows(facts: Facts) -> OrderRows:
    decisions, retired, expanded = decisions_of(facts), decisions_of(facts, RETIRE), decisions_of(facts, EXPAND)
    ordered = [group for group in facts.groups if not group.committed]
    overrides = [at("override", group, line.place) for group in ordered for line in group.lines]
    factors = [at("factor override", offer) for offer in factors_paid(facts)]
    others = [*factors, *(at("decision override", d) for d in decisions)]
    unready = [(d, group) for d in decisions_of(facts, ENGINEER) for group in ordered if group.purchased]
    checks = DecisionChecks(
        {d: at("retired so far", d) for d in retired},
        [at("left of fleet", d) for d in retired],
        [at("retired too late", d) for d in retired],
        [at("room for power", d) for d in expanded],
        [at("power too early", d) for d in expanded],
        [at("ordered before engineering", d, group) for d, group in unready if group.accelerator == d.item],
    )
    return OrderRows(
        [each for each in (overrides, others) if each],
        DecisionRows({d: at("decision used", d) for d in decisions}),
        checks,
        {accelerator: at("accelerators entering", accelerator) for _, accelerator in facts.accelerators},
        at("balance", "closing"),
        at("balance", "in service"),
        [at("too early", group) for group in ordered],
    )


@dataclass(frozen=True)
class SiteUse:
    exceeded: Row
    limits: dict[str, tuple[Row, Row]]


@dataclass(frozen=True)
class PlaceRows:
    sites: dict[str, SiteUse]
    in_service: Row
    power: Row
    limit: Row
    share: Row
    first_row: int
    last_row: int


def place_rows(book: Book) -> PlaceRows:
    facts = book.facts
    uses = {}
    for site in facts.sites:
        limits = {of.field: (at("used", of.field, site), limit_of(facts, of, site)) for of in limited(facts, site)}
        uses[site] = SiteUse(at("limits exceeded", site), limits)
    systems, power, limit, share = (at("all sites", what) for what in ("systems", "power", "limit", "share"))
    return PlaceRows(uses, systems, power, limit, share, HEADER + 1, book.places[at("all sites")].number)
