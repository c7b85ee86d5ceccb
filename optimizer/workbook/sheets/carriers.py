"""Rows of Inputs, by what they show: for sheets that do not refer by key yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from optimizer.workbook.decisions import ENGINEER, EXPAND, RETIRE, Decision, Kind, decisions_of, factors_paid
from optimizer.workbook.facts import Facts, Group
from optimizer.workbook.sheets.book_inputs import LIVES, BookInputs, market_rent
from optimizer.workbook.sheets.capacity import Task, tasks_of
from optimizer.workbook.sheets.decision_inputs import DecisionInputs, FleetInputs, ValueInputs, fleet_rows
from optimizer.workbook.sheets.input_finance import residual_points
from optimizer.workbook.sheets.input_offers import SYSTEM, has_term
from optimizer.workbook.sheets.input_rows import BudgetRows, CommittedRows, InputRows, OfferRows, SiteRows, SystemRows
from optimizer.workbook.sheets.input_sites import LIMITS, TARIFFS, _peak, by_period, priced_unmet
from optimizer.workbook.sheets.market import market_of
from optimizer.workbook.sheets.sites import limit_of, limited
from optimizer.workbook.sheets.stands import Stand, stands_at
from optimizer.workbook.sheets.work_inputs import WorkInputs
from optimizer.workbook.writing.book import Book
from optimizer.workbook.writing.lines import HEADER
from optimizer.workbook.writing.references import Row, at


@dataclass(frozen=True)
class DecisionRows:
    """What is used: decisions by period, factors by offer and period of entering service; and their overrides."""

    used: dict[Decision, Row]
    factors: dict[str, Row]
    overrides: list[Row]

    def of(self, kind: Kind) -> dict[Decision, Row]:
        return {decision: row for decision, row in self.used.items() if decision.kind is kind}


@dataclass(frozen=True)
class DecisionChecks:
    """The lines behind the checks of decisions."""

    off: dict[Decision, Row]
    left: list[Row]
    late: list[Row]
    room: list[Row]
    early: list[Row]
    unready: list[Row]


@dataclass(frozen=True)
class GroupRows:
    """Per group: lead and service in periods (constants), systems entering and in service by period."""

    lead: Row
    service: Row
    entering: Row
    in_service: Row


@dataclass(frozen=True)
class OrderRows:
    """Where systems, accelerators and unmet work stand."""

    overrides: list[list[Row]]
    decisions: DecisionRows
    decision_checks: DecisionChecks
    entering: dict[tuple[Group, str], Row]
    groups: dict[Group, GroupRows]
    accelerators: dict[str, Row]
    entering_total: Row
    closing: Row
    in_service_total: Row
    early: list[Row]
    unmet: dict[str, Row]


def order_rows(facts: Facts) -> OrderRows:
    groups, decisions, factors = facts.groups, decisions_of(facts), factors_paid(facts)
    ordered = [group for group in groups if not group.committed]
    overrides = [at("override", group, line.place) for group in ordered for line in group.lines]
    others = [*(at("factor override", o) for o in factors), *(at("decision override", d) for d in decisions)]
    used = {d: at("decision used", d) for d in decisions}
    rows = DecisionRows(used, {o: at("factor used", o) for o in factors}, others)
    retired, expanded = decisions_of(facts, RETIRE), decisions_of(facts, EXPAND)
    checks = DecisionChecks(
        {d: at("retired so far", d) for d in retired},
        [at("left of fleet", d) for d in retired],
        [at("retired too late", d) for d in retired],
        [at("room for power", d) for d in expanded],
        [at("power too early", d) for d in expanded],
        [
            at("ordered before engineering", d, group)
            for d in decisions_of(facts, ENGINEER)
            for group in ordered
            if group.purchased and group.accelerator == d.item
        ],
    )
    return OrderRows(
        [each for each in (overrides, others) if each],
        rows,
        checks,
        {(group, line.place): at("entering", group, line.place) for group in groups for line in group.lines},
        {g: GroupRows(*(at(what, g) for what in ("lead", "service", "entering", "in service"))) for g in groups},
        {accelerator: at("accelerators entering", accelerator) for _, accelerator in facts.accelerators},
        at("balance", "entering"),
        at("balance", "closing"),
        at("balance", "in service"),
        [at("too early", group) for group in ordered],
        {demand: at("unmet", demand) for demand in facts.unmet},
    )


def input_rows(book: Book) -> InputRows:
    facts = book.facts
    market = market_of(facts)
    points = range(len(residual_points(facts)))
    retirable = {d: at("fleet that may be retired", d) for d in book.decisions if d.kind.name == "retire"}
    work = {(row.accelerator, row.workload) for row in facts.plan.work}
    budgets = [(row.budget, row.window) for row in facts.plan.budget]
    opened = [each.offer for found in market.values() for each in found if each.offer in facts.offers]
    return InputRows(
        {s: SystemRows(*(at("system", name, s) for name in SYSTEM)) for s in facts.systems},
        {offer: _offer(facts, offer) for offer in facts.offers},
        {group: _committed(group) for group in facts.groups if group.committed},
        {site: _site(facts, site) for site in facts.sites},
        FleetInputs({key: fleet_rows(facts, *key) for key in facts.fleet}, retirable),
        DecisionInputs(
            {d: at("decision", "price", d) for d in book.decisions},
            {(d, name): at("decision", name, d) for d in book.decisions for name, _ in d.more},
        ),
        {d: ValueInputs(at("demand", d), at("value", d)) for d in facts.valued},
        {d: at("price of unmet work", d) for d in priced_unmet(facts)},
        WorkInputs(
            {d: at("demand", d) for d in facts.asked_for if d not in facts.valued},
            {d: at("deadline", d) for d in facts.with_deadlines},
            {pair: at("throughput", *pair) for pair in work},
        ),
        [BudgetRows(*of, *(at("budget", n, *of) for n in ("first day", "last day", "limit"))) for of in budgets],
        [at("residual age", i) for i in points],
        [at("residual share", i) for i in points],
        at("carbon price"),
        BookInputs(
            {label: at("life", label) for label, *_ in LIVES},
            {a: {each: market_rent(facts, each.offer) for each in offers} for a, offers in market.items()},
            {offer: at("market's rent open", offer) for offer in opened},
        ),
        book.workbook["Inputs"].max_row,
    )


def _offer(facts: Facts, offer: str) -> OfferRows:
    def row(name: str) -> Any:
        return at("offer", name, offer) if has_term(facts, offer, name) else None

    return OfferRows(
        row("lead_time_months"),
        row("term_months"),
        row("deposit_share"),
        row("network_usd"),
        row("software_usd_per_year"),
        row("price"),
        row("carbon_kg_per_accelerator_hour"),
    )


def _committed(group: Group) -> CommittedRows:
    systems = {line.place: at("commitment", "systems", group, line.place) for line in group.lines}
    return CommittedRows(at("commitment", "price", group), systems)


def _site(facts: Facts, site: str) -> SiteRows:
    given = facts.scenario["sites"][site]
    limits: dict[str, Row] = {name: at("site", name, site) for name in LIMITS if name in given}
    tariffs = (at("site", name, site) for name in TARIFFS)
    peak = _peak(facts, site)
    return SiteRows(limits, at("site", "pue", site), peak, by_period(facts, site), "peak_pue" in given, *tariffs)


@dataclass(frozen=True)
class CapacityRows:
    """Systems in service by place; by demand: what is asked for, done and not served, per second."""

    stands: dict[str, list[Stand]]
    asked: dict[str, Row]
    done: dict[str, Row]
    unmet: dict[str, Row]
    due: dict[str, Row]
    done_so_far: dict[str, Row]
    tasks: dict[Task, Row]
    at_work: dict[Task, Row]


def capacity_rows(facts: Facts) -> CapacityRows:
    asked, due, tasks = facts.asked_for, facts.with_deadlines, tasks_of(facts)

    def rows(what: str, *names: str) -> dict[str, Row]:
        return {name: at(what, name) for name in names}

    return CapacityRows(
        {place: stands_at(facts, place) for place in facts.places},
        rows("asked", *asked),
        rows("done", *asked, *due),
        rows("not served", *(name for name in asked if name in facts.unmet)),
        rows("due", *due),
        rows("done so far", *due),
        {task: at("work", task) for task in tasks},
        {task: at("at work", task) for task in tasks},
    )


def demand_row(inputs: InputRows, name: str) -> Row:  # noqa: ARG001
    return at("demand", name)


@dataclass(frozen=True)
class SiteUse:
    """What a site uses; `limits` gives use and limit by the name of the limit in the scenario, e.g. power_mw."""

    provisioned_kw: Row
    energy_mwh: Row
    power: Row
    exceeded: Row
    limits: dict[str, tuple[Row, Row]]


@dataclass(frozen=True)
class PlaceRows:
    """Use by site, and the rows over all sites."""

    sites: dict[str, SiteUse]
    in_service: Row
    power: Row
    limit: Row
    share: Row
    first_row: int
    last_row: int


def place_rows(book: Book) -> PlaceRows:
    facts = book.facts
    uses = {
        site: SiteUse(
            at("provisioned load", site),
            at("energy", site),
            at("used", "power_mw", site),
            at("limits exceeded", site),
            {name: (at("used", name, site), limit_of(facts, name, site)) for name in limited(facts, site)},
        )
        for site in facts.sites
    }
    systems, power, limit, share = (at("all sites", what) for what in ("systems", "power", "limit", "share"))
    return PlaceRows(uses, systems, power, limit, share, HEADER + 1, book.places[at("all sites")].number)
