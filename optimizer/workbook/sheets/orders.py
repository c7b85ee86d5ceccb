"""Orders: what the optimiser chose, what the reader puts in its place, and what is used."""

from __future__ import annotations

from dataclasses import dataclass

from optimizer.workbook.decisions import clusters_of
from optimizer.workbook.facts import Facts, Group, OrderLine
from optimizer.workbook.sheets.decision_orders import DecisionChecks, DecisionRows, write_checks, write_decisions
from optimizer.workbook.sheets.inputs import InputRows
from optimizer.workbook.writing.book import Book
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.lines import OVERRIDE, PERIOD, SUM, Line
from optimizer.workbook.writing.references import HERE, Row, at_order, cohort, down, key_of, sum_down
from optimizer.workbook.writing.styles import Role
from optimizer.workbook.writing.table import Table


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


def write_orders(book: Book, inputs: InputRows) -> OrderRows:
    """Write the sheet; needs Inputs."""
    table = Table(book, "Orders", "Orders: systems entering service", "7030A0")
    _time(table)
    lead, service = _terms(table, inputs)
    solver, override = _choices(table)
    decisions = write_decisions(table)
    entering = _used(table, inputs, solver, override)
    by_group = _by_group(table, entering)
    accelerators = _accelerators(table, entering)
    in_service = _in_service(table, by_group, service)
    totals = _corkscrew(table, by_group, in_service, service)
    early = _early(table, by_group, lead)
    timing = {group: (by_group[group], lead[group]) for group in book.facts.groups}
    checks = write_checks(table, inputs.decisions, inputs.fleet, decisions, timing)
    unmet = _unmet(table)
    _clusters(table)
    table.finish()
    groups = {
        group: GroupRows(lead[group], service[group], by_group[group], in_service[group]) for group in book.facts.groups
    }
    overrides = [rows for rows in (list(override.values()), decisions.overrides) if rows]
    return OrderRows(overrides, decisions, checks, entering, groups, accelerators, *totals, early, unmet)


def _time(table: Table) -> None:
    table.heading("Time")
    for label, unit, text, name in (
        ("Hours in a period", "hours", "=hours_per_year/periods_per_year", "hours_per_period"),
        ("Months in a period", "months", "=months_per_year/periods_per_year", "months_per_period"),
        (
            "Periods in the horizon",
            "periods",
            f"=MAX($I${PERIOD}:${table.book.last_column}${PERIOD})",
            "periods_in_horizon",
        ),
    ):
        table.line(Line(label, unit, constant=Formula(text), name=name))


def _terms(table: Table, inputs: InputRows) -> tuple[dict[Group, Row], dict[Group, Row]]:
    """Lead time and service in periods, by group."""
    table.heading("Terms in periods", "A lead time rounds up to whole periods, a term to the nearest, at least one.")
    lead, service = {}, {}
    for group in table.book.facts.groups:
        rows = inputs.offers[group.offer]
        formula = Formula(f"=ROUNDUP({rows.lead.constant}/months_per_period,0)")
        lead[group] = table.line(
            Line(f"Lead time{group.suffix}", "periods", group.offer, constant=formula, key=key_of("lead", group))
        )
    for group in table.book.facts.groups:
        term = inputs.offers[group.offer].term
        months = term.constant if term else "service_life_years*months_per_year"
        formula = Formula(f"=MAX(1,ROUND({months}/months_per_period,0))")
        service[group] = table.line(
            Line(
                f"Periods in service{group.suffix}",
                "periods",
                group.offer,
                constant=formula,
                key=key_of("service", group),
            )
        )
    return lead, service


def _pairs(table: Table, committed: bool) -> list[tuple[Group, OrderLine]]:
    return [(group, line) for group in table.book.facts.groups if group.committed == committed for line in group.lines]


Chosen = dict[tuple[Group, str], Row]


def _choices(table: Table) -> tuple[Chosen, Chosen]:
    """The optimiser's systems and the block of overrides in the same order."""
    facts, pairs = table.book.facts, _pairs(table, committed=False)
    table.heading(
        "Chosen by the optimiser", "By period of entering service. Do not type here but in the overrides below."
    )
    solver = {(group, line.place): table.line(_solver(group, line)) for group, line in pairs}
    table.heading(
        "Overrides", "Blank: the optimiser's number stands. A number, 0 included, replaces it and re-costs the plan."
    )
    override = {
        (group, line.place): table.line(_override(group, line, facts.periods, _divisible(facts, group)))
        for group, line in pairs
    }
    return solver, override


def _solver(group: Group, line: OrderLine) -> Line:
    return Line(
        "Optimiser",
        "systems",
        key=key_of("optimiser", group, line.place),
        item=group.offer,
        place=line.place,
        total=SUM,
        periods=line.systems,
        role=Role.SOLVER,
        whole=_whole(line),
    )


def _divisible(facts: Facts, group: Group) -> bool:
    return bool(facts.catalog["offers"][group.offer].get("divisible") == "true")


def _override(group: Group, line: OrderLine, periods: int, divisible: bool) -> Line:
    return Line(
        "Override",
        "systems",
        key=key_of("override", group, line.place),
        item=group.offer,
        place=line.place,
        periods=[None] * periods,
        whole=_whole(line),
        rule="amount" if divisible else "count",
        keys=(f"{OVERRIDE}systems/{group.offer}/{line.place}",),
    )


def _whole(line: OrderLine) -> bool:
    return all(systems.is_integer() for systems in line.systems)


def _used(table: Table, inputs: InputRows, solver: Chosen, override: Chosen) -> Chosen:
    """Systems entering service, accelerators per system in the constant column."""
    table.heading(
        "Systems entering service", "The override where there is one, else the optimiser's; commitments as in Inputs."
    )
    rows = {}
    for group in table.book.facts.groups:
        for line in group.lines:
            key = (group, line.place)
            if group.committed:
                formula = Formula(f"={inputs.committed[group].systems[line.place].now}")
            else:
                formula = Formula(f"=IF(ISBLANK({override[key].now}),{solver[key].now},{override[key].now})")
            size = Formula(f"={inputs.systems[group.system].accelerators.constant}")
            rows[key] = _used_line(table, group, line, formula, size)
    return rows


def _used_line(table: Table, group: Group, line: OrderLine, formula: Formula, size: Formula) -> Row:
    shown = Line(
        f"Entering service{group.suffix}",
        "systems",
        group.offer,
        line.place,
        constant=size,
        total=SUM,
        source="constant: accelerators in a system",
        periods=formula,
        whole=_whole(line),
        constant_unit="accelerators/system",
        key=key_of("entering", group, line.place),
    )
    row = table.line(shown)
    table.book.tie(row, line.systems, f"systems of {group.offer} at {line.place} in")
    return row


def _by_group(table: Table, entering: Chosen) -> dict[Group, Row]:
    table.heading("Systems entering service, all places")
    rows = {}
    for group in table.book.facts.groups:
        places = [entering[group, line.place] for line in group.lines]
        whole = all(_whole(line) for line in group.lines)
        label = f"All places{group.suffix}"
        rows[group] = table.line(
            Line(
                label,
                "systems",
                group.offer,
                total=SUM,
                periods=sum_down(places),
                whole=whole,
                key=key_of("entering", group),
            )
        )
    return rows


def _accelerators(table: Table, entering: Chosen) -> dict[str, Row]:
    """Accelerators entering service: systems times accelerators in a system."""
    table.heading("Accelerators entering service", "Orders and commitments, all places.")
    rows = {}
    for vendor, accelerator in table.book.facts.accelerators:
        lines = [row for (group, _), row in entering.items() if group.accelerator == accelerator]
        formula = Formula(f"=SUMPRODUCT({down(lines, '$E')},{down(lines)})")
        shown = Line(
            "Accelerators",
            "accelerators",
            accelerator,
            total=SUM,
            source=f"vendor: {vendor}",
            periods=formula,
            key=key_of("accelerators entering", accelerator),
        )
        rows[accelerator] = table.line(shown)
    return rows


def _in_service(table: Table, by_group: dict[Group, Row], service: dict[Group, Row]) -> dict[Group, Row]:
    table.heading("Systems in service", "What entered within the periods of service (constant); fleet not included.")
    rows = {}
    for group, row in by_group.items():
        periods = Formula(f"={service[group].constant}")
        label = f"In service{group.suffix}"
        here = Line(
            label,
            "systems",
            group.offer,
            constant=periods,
            periods=cohort(row, HERE.constant),
            constant_unit="periods",
            key=key_of("in service", group),
        )
        rows[group] = table.line(here)
    return rows


def _corkscrew(
    table: Table, by_group: dict[Group, Row], in_service: dict[Group, Row], service: dict[Group, Row]
) -> tuple[Row, Row, Row]:
    """Opening, entering, leaving, closing; returns entering, closing and the sum of what is in service."""
    table.heading("Leaving service", "What entered as long ago as the periods of service.")
    leaving = []
    for group, row in by_group.items():
        formula = at_order(row, row, service[group].constant)
        leaving.append(
            table.line(
                Line(f"Leaving{group.suffix}", "systems", group.offer, periods=formula, key=key_of("leaving", group))
            )
        )
    table.heading("Balance of systems", "Opening balance plus what entered and minus what left before the period.")
    top = table.next
    opening = Formula(f"=$G{top}+SUM($H{top + 1}:~{top + 1})-SUM($H{top + 2}:~{top + 2})")
    table.line(Line("Opening", "systems", opening=Formula("=0"), periods=opening, key=key_of("balance", "opening")))
    enter = table.line(
        Line(
            "Entering",
            "systems",
            total=SUM,
            periods=sum_down(list(by_group.values())),
            key=key_of("balance", "entering"),
        )
    )
    table.line(
        Line("Leaving, all offers", "systems", total=SUM, periods=sum_down(leaving), key=key_of("balance", "leaving"))
    )
    closing = table.line(
        Line("Closing", "systems", periods=Formula(f"=@{top}+@{top + 1}-@{top + 2}"), key=key_of("balance", "closing"))
    )
    total = table.line(
        Line(
            "In service, all offers",
            "systems",
            periods=sum_down(list(in_service.values())),
            key=key_of("balance", "in service"),
        )
    )
    return enter, closing, total


def _early(table: Table, by_group: dict[Group, Row], lead: dict[Group, Row]) -> list[Row]:
    """Systems that enter service sooner than an order placed in the first period could arrive."""
    table.heading("Entering before the lead time", "Systems in periods that no order of this horizon can reach.")
    rows = []
    for group, row in by_group.items():
        if not group.committed:
            formula = Formula(f'=SUMIFS({row.across},{row.axis_across},"<="&{lead[group].constant})')
            rows.append(
                table.line(Line("Too early", "systems", group.offer, total=formula, key=key_of("too early", group)))
            )
    return rows


def _unmet(table: Table) -> dict[str, Row]:
    unmet = table.book.facts.unmet
    if not unmet:
        return {}
    table.heading("Work not served", "Left by the optimiser; an override above does not change it.")
    return {
        demand: table.line(
            Line("Unmet work", "units/s", demand, periods=values, role=Role.SOLVER, key=key_of("unmet", demand))
        )
        for demand, values in unmet.items()
    }


def _clusters(table: Table) -> None:
    """Where the optimiser runs each cluster."""
    clusters = clusters_of(table.book.facts)
    if not clusters:
        return
    table.heading("Clusters", "Accelerators on which a demand runs at one place; an override does not change it.")
    for (demand, accelerator, place), values in clusters.items():
        line = Line(
            f"Cluster of {demand}",
            "accelerators",
            accelerator,
            place,
            periods=values,
            role=Role.SOLVER,
            key=key_of("cluster", demand, accelerator, place),
        )
        table.line(line)
