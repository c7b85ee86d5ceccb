"""Capacity: what is asked for, what is done of it and by which accelerator, and the systems that takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from optimizer.tables import grouped
from optimizer.workbook.facts import Facts
from optimizer.workbook.points import Point, points_for
from optimizer.workbook.sheets.input_work import unit_of
from optimizer.workbook.sheets.standing import able_to_work, available, standing, systems_in_service
from optimizer.workbook.writing.lines import Check, Line, Of, Section, filled, line_of, lines_of
from optimizer.workbook.writing.references import HERE, Row, area, at, down, key_of, left_of, of_each, sum_down
from optimizer.workbook.writing.styles import Role
from optimizer.workbook.writing.time_sheet import TimeSheet


@dataclass(frozen=True)
class Task:
    """Systems that do work of a demand at a place, by period, and the work they do per second."""

    demand: str
    workload: str
    accelerator: str
    system: str
    place: str
    systems: tuple[float, ...]
    work: tuple[float, ...]
    points: tuple[Point, ...]

    @property
    def id(self) -> str:
        """Its name in the keys of lines."""
        return f"{self.demand}/{self.system}/{self.place}"

    @property
    def suffix(self) -> str:
        return f" {self.demand}"

    @property
    def item(self) -> str:
        return self.system

    def throughput(self, facts: Facts) -> str:
        """What an accelerator of it does per second, in a formula: the best of the points in force."""
        rates = [
            str(at("throughput", point)) + f"*{at('throughput in force', point)}" * point.begins_in(facts)
            for point in self.points
        ]
        return rates[0] if len(rates) == 1 else f"MAX({','.join(rates)})"


def tasks_of(facts: Facts) -> list[Task]:
    """The optimiser's assignment, in an order in which a demand's lines, and an accelerator's, stand together."""
    found = grouped(facts.plan.work, lambda row: (row.demand, row.workload, row.accelerator, row.system, row.place))
    return [
        Task(
            *key,
            facts.added_up((row.period, row.systems) for row in rows),
            facts.added_up((row.period, row.work_per_second) for row in rows),
            tuple(points_for(facts, key[0], key[3])),
        )
        for key, rows in sorted(found.items())
    ]


def capacity(facts: Facts) -> TimeSheet:
    """Results on top, the systems behind them below."""
    tasks = tasks_of(facts)
    sections = [
        *_served(facts, tasks), *_deadlines(facts), *_by_accelerator(facts, tasks),
        *_work(facts, tasks), systems_in_service(facts), *_spare(facts, tasks),
    ]  # fmt: skip
    return TimeSheet("Capacity", "Capacity: work asked for and done", "0070C0", sections, list(_checks(facts)))


def _block(
    facts: Facts, what: str, label: str, unit: str, note: str, demands: Sequence[str],
    periods: str | Callable[[str], str],
) -> Iterator[Section]:  # fmt: skip
    """A heading and a line for each demand, its workload's unit in the note column."""
    hours = " × h" if unit == "unit-hours" else ""
    yield from filled(label, note, [
        line_of(Of(name), label, unit, what=what, source=unit_of(facts, name) + hours,
                periods=periods if isinstance(periods, str) else periods(name))
        for name in demands
    ])  # fmt: skip


def _served(facts: Facts, tasks: Sequence[Task]) -> Iterator[Section]:
    """Demands per second; `beyond` is what is done beyond the demand, negative: what is missing."""
    asked = facts.asked_for
    may_lack = [name for name in asked if name in facts.unmet]

    def done(name: str) -> str:
        return sum_down([at("work", task) for task in tasks if task.demand == name])

    def beyond(name: str) -> str:
        more = "{done}-{asked}" + "+{not served}" * (name in may_lack)
        return f"=IF(ABS({more})<=tolerance_quantity*{{asked}},0,{more})"

    yield from _block(facts, "asked", "Demand", "units/s", "Work asked for per second.", asked, "={demand}")
    yield from _block(facts, "done", "Work done", "units/s", "By the systems that the optimiser put to it; see below.",
                      [*asked, *facts.as_much_as_fits, *facts.with_deadlines], done)  # fmt: skip
    yield from _block(facts, "not served", "Not served", "units/s", "Left by the optimiser, at its price or value.",
                      may_lack, "={unmet}")  # fmt: skip
    note = "Work done and work not served, less demand. Negative: an edit asks for more than the systems do."
    yield from _block(facts, "beyond demand", "Done beyond demand", "units/s", note, asked, beyond)
    yield from _block(facts, "missing of demand", "Missing, share of demand", "share",
                      "Zero: all of the demand is accounted for.", asked,
                      "=IF({asked}=0,0,MIN(0,{beyond demand}/{asked}))")  # fmt: skip


def _deadlines(facts: Facts) -> Iterator[Section]:
    """Unit-hours due and done so far, and what is missing at a deadline as a share of what is due."""
    demands = facts.with_deadlines
    yield from _block(facts, "due", "Work due", "unit-hours", "By the end of the period, from the first on.", demands,
                      "={deadline}")  # fmt: skip
    yield from _block(facts, "done so far", "Work done so far", "unit-hours", "Work done per second times hours.",
                      demands, "=SUM({done.so_far})*hours_per_period")  # fmt: skip
    yield from _block(facts, "missing of due", "Missing, share of work due", "share", "Zero: the deadline is met.",
                      demands, "=IF({due}=0,0,MIN(0,{done so far}/{due}-1))")  # fmt: skip


def _by_accelerator(facts: Facts, tasks: Sequence[Task]) -> Iterator[Section]:
    rows: dict[tuple[str, str], list[Row]] = {}
    for task in tasks:
        rows.setdefault((task.demand, task.accelerator), []).append(at("work", task))
    note = "Work done per second by demand and accelerator, all places."
    yield from filled("Which accelerator does what", note, [
        Line(f"Done of {demand}", "units/s", accelerator, periods=sum_down(rows[demand, accelerator]),
             source=unit_of(facts, demand), key=key_of("done by", demand, accelerator))
        for demand, accelerator in rows
    ])  # fmt: skip


def _work(facts: Facts, tasks: Sequence[Task]) -> Iterator[Section]:
    note = "Assigned by the optimiser; an override does not change it. Whether it fits: see Spare."
    yield Section("Systems at work", note, [
        line_of(task, "At work on", "systems", what="at work", periods=task.systems, role=Role.SOLVER, whole=False)
        for task in tasks
    ])  # fmt: skip
    note = "Systems at work times accelerators in one (constant) times throughput."
    yield Section("Work by system and place", note, [
        line_of(task, "Work on", "units/s", what="work", source=unit_of(facts, task.demand),
                constant="system/accelerators", shows=task.work,
                periods=f"={{at work}}*{{here.constant}}*{task.throughput(facts)}",
                meaning=f"work of {task.system} at {task.place} on {task.demand} in")
        for task in tasks
    ])  # fmt: skip


def _spare(facts: Facts, tasks: Sequence[Task]) -> Iterator[Section]:
    """Available systems less those at work; a negative number is work that no longer fits."""
    present = standing(facts)
    yield from able_to_work(facts)
    yield from filled("Available", "Systems in service times their availability.", [
        line_of(of, "Available", "systems", whole=False, periods=available(facts, stands))
        for of, stands in present.items()
    ])  # fmt: skip
    yield from filled("At work", "On all demands.", lines_of(
        present, "At work", "systems", what="at work in all", whole=False,
        periods=_by_name(of_each("at work", tasks)),
    ))  # fmt: skip
    note = "Available less at work. Negative: the work that the optimiser put there no longer fits."
    yield from filled("Spare", note, lines_of(
        present, "Spare", "systems", whole=False, periods=left_of("{available}", "{at work in all}"),
    ))  # fmt: skip


def _by_name(rows: Sequence[Row]) -> str:
    """The sum of those of the lines that have the item and the place of the formula's own."""
    if not rows:
        return "=0"
    names = ",".join(f"{down(rows, f'${column}', fixed=True)},{HERE.part(f'${column}#n')}" for column in "BC")
    return f"=SUMIFS({down(rows, fixed=True)},{names})"


def _checks(facts: Facts) -> Iterator[Check]:
    present = standing(facts)
    if present:
        value = f"=MIN(0,{area(of_each('spare', present))})"
        meaning = "Most systems missing at a place, negative, for the work put there; see Spare on Capacity."
        yield Check("Work fits the systems", value, "systems", meaning)
    for label, what, demands in (
        ("Demand is served", "missing of demand", facts.asked_for),
        ("Deadlines are met", "missing of due", facts.with_deadlines),
    ):
        if demands:
            value = f"=MIN(0,{area(of_each(what, demands))})"
            meaning = "Largest part of a demand that is neither done nor listed as not served, negative; see Capacity."
            yield Check(label, value, "ratio", meaning)
