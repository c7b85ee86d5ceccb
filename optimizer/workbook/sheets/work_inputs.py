"""The part of Inputs behind Capacity: what is asked for, what an accelerator does, how often it is available."""

from __future__ import annotations

from optimizer.workbook.facts import Facts, number
from optimizer.workbook.writing.citations import cited_in
from optimizer.workbook.writing.lines import Line, Section
from optimizer.workbook.writing.references import key_of


def work_inputs(facts: Facts) -> Section:
    """Availability, demand and deadlines, then throughput of what does work in the plan."""
    availability = Line(
        "Availability of systems in service", "share", source="scenario: availability", rule="share",
        constant=number(facts.scenario["assumptions"]["availability"]), name="availability",
        keys=("assumptions/availability",),
    )  # fmt: skip
    does_work = sorted({(row.accelerator, row.workload) for row in facts.plan.work})
    lines = [
        availability,
        *(_demand(facts, name) for name in facts.asked_for if name not in facts.valued),
        *(_deadline(facts, name) for name in facts.with_deadlines),
        *(_throughput(facts, accelerator, workload) for accelerator, workload in does_work),
    ]
    note = "A unit is that of the workload, named in the source; throughput is that of one accelerator."
    return Section("Work", note, lines)


def unit_of(facts: Facts, demand: str) -> str:
    """The unit in which a demand's workload is counted, e.g. token/s."""
    workload = facts.scenario["demand"][demand]["workload"]
    return str(facts.catalog["workloads"].get(workload, {}).get("unit", "unit/s"))


def _demand(facts: Facts, name: str) -> Line:
    """Work asked for per second; where value is maximised it stands with its value."""
    return Line(
        "Demand", "units/s", name, periods=facts.asked(name), rule="amount", keys=(f"demand/{name}/per_second",),
        source=f"scenario: per_second, {unit_of(facts, name)}", key=key_of("demand", name),
    )  # fmt: skip


def _deadline(facts: Facts, name: str) -> Line:
    """Work to be done by the end of a period, from the start of the horizon."""
    field = "by_deadline_unit_hours"
    due = {key: number(value) for key, value in facts.scenario["demand"][name][field].items()}
    return Line(
        "Work due by the end of the period", "unit-hours", name, periods=facts.by_period(due),
        source=f"scenario: {field}, {unit_of(facts, name)} × h", key=key_of("deadline", name),
    )  # fmt: skip


def _throughput(facts: Facts, accelerator: str, workload: str) -> Line:
    given = facts.catalog["throughput"][accelerator][workload]
    return Line(
        f"Throughput, {workload}", "units/s/accelerator", accelerator, rule="amount",
        periods=facts.over_periods("rate", given["rate"]), keys=(f"catalog/throughput/{accelerator}/{workload}/rate",),
        key=key_of("throughput", accelerator, workload), **cited_in(facts, given),
    )  # fmt: skip
