"""The part of Inputs behind Capacity: what is asked for, what an accelerator does, how often it is available."""

from __future__ import annotations

from dataclasses import dataclass, replace

from optimizer.workbook.facts import Facts, number
from optimizer.workbook.writing.lines import Line
from optimizer.workbook.writing.references import Row, key_of
from optimizer.workbook.writing.table import Table


@dataclass(frozen=True)
class WorkInputs:
    """Where demand (of work without a value), deadlines and throughput by (accelerator, workload) stand."""

    demand: dict[str, Row]
    deadline: dict[str, Row]
    throughput: dict[tuple[str, str], Row]


def write_work_inputs(table: Table) -> WorkInputs:
    """Availability, demand and deadlines, then throughput of what does work in the plan."""
    table.heading("Work", "A unit is that of the workload, named in the source; throughput is that of one accelerator.")
    availability = Line(
        "Availability of systems in service", "share", source="scenario: availability", rule="share",
        name="availability", keys=("assumptions/availability",),
    )  # fmt: skip
    assumptions = table.book.facts.scenario["assumptions"]
    table.line(replace(availability, constant=number(assumptions["availability"])))
    return WorkInputs(_demand(table), _deadlines(table), _throughput(table))


def unit_of(facts: Facts, demand: str) -> str:
    """The unit in which a demand's workload is counted, e.g. token/s."""
    workload = facts.scenario["demand"][demand]["workload"]
    return str(facts.catalog["workloads"].get(workload, {}).get("unit", "unit/s"))


def _demand(table: Table) -> dict[str, Row]:
    """Work asked for per second; where value is maximised it stands with its value."""
    facts = table.book.facts
    rows = {}
    for name in facts.asked_for:
        if name not in facts.valued:
            source = f"scenario: per_second, {unit_of(facts, name)}"
            line = Line("Demand", "units/s", name, source=source, rule="amount", keys=(f"demand/{name}/per_second",))
            rows[name] = table.line(replace(line, periods=facts.asked(name), key=key_of("demand", name)))
    return rows


def _deadlines(table: Table) -> dict[str, Row]:
    """Work to be done by the end of a period, from the start of the horizon."""
    facts = table.book.facts
    rows = {}
    for name, demand in sorted(facts.scenario["demand"].items()):
        if "by_deadline_unit_hours" in demand:
            by_key = demand["by_deadline_unit_hours"]
            values = [number(by_key[key]) if key in by_key else None for key in facts.keys]
            source = f"scenario: by_deadline_unit_hours, {unit_of(facts, name)} × h"
            rows[name] = table.line(
                Line(
                    "Work due by the end of the period",
                    "unit-hours",
                    name,
                    source=source,
                    periods=values,
                    key=key_of("deadline", name),
                )
            )
    return rows


def _throughput(table: Table) -> dict[tuple[str, str], Row]:
    facts = table.book.facts
    rows = {}
    for accelerator, workload in sorted({(row.accelerator, row.workload) for row in facts.plan.work}):
        given = facts.catalog["throughput"][accelerator][workload]
        line = Line(
            f"Throughput, {workload}",
            "units/s/accelerator",
            accelerator,
            basis=str(given["basis"]),
            date=str(facts.catalog["sources"].get(given["source"], {}).get("date", "")),
            source=f"{given['source']} (see Log)",
            periods=facts.over_periods("rate", given["rate"]),
            key=key_of("throughput", accelerator, workload),
            rule="amount",
            keys=(f"catalog/throughput/{accelerator}/{workload}/rate",),
        )
        rows[accelerator, workload] = table.line(line)
    return rows
