"""Capacity: what is asked for, what is done of it and by which accelerator, and the systems that takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from optimizer.workbook.sheets.carriers import OrderRows
from optimizer.workbook.sheets.inputs import InputRows
from optimizer.workbook.sheets.stands import Stand, write_stands
from optimizer.workbook.sheets.work_inputs import unit_of
from optimizer.workbook.writing.above import results_above
from optimizer.workbook.writing.book import Book, Check
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.lines import Line
from optimizer.workbook.writing.references import HERE, Row, area, down, key_of, left_of, sum_down
from optimizer.workbook.writing.styles import Role
from optimizer.workbook.writing.table import Table

Lines = dict[str, Row]


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

    @property
    def id(self) -> str:
        """Its name in the keys of lines."""
        return f"{self.demand}/{self.system}/{self.place}"


@dataclass(frozen=True)
class CapacityRows:
    """Systems in service by place; by demand: what is asked for, done and not served, per second.

    `due` and `done_so_far` are the unit-hours of demands with deadlines; `tasks` the work of systems at places,
    `at_work` those systems.
    """

    stands: dict[str, list[Stand]]
    asked: Lines
    done: Lines
    unmet: Lines
    due: Lines
    done_so_far: Lines
    tasks: dict[Task, Row]
    at_work: dict[Task, Row]


def write_capacity(book: Book, inputs: InputRows, orders: OrderRows) -> CapacityRows:
    """Write the sheet: results on top, the systems behind them below; needs Inputs and Orders."""
    table = Table(book, "Capacity", "Capacity: work asked for and done", "0070C0")
    tasks = _tasks(book)

    def workings() -> tuple[dict[Task, Row], dict[Task, Row], dict[str, list[Stand]]]:
        at_work = _at_work(table, tasks)
        work = _work(table, inputs, tasks, at_work)
        stands = write_stands(table, inputs, orders)
        _spare(table, stands, list(at_work.values()))
        return at_work, work, stands

    rows = results_above(table, _height(book, tasks), workings, lambda found: _results(table, inputs, orders, *found))
    table.finish()
    return rows


def _tasks(book: Book) -> list[Task]:
    """The optimiser's assignment, in an order in which a demand's lines, and an accelerator's, stand together."""
    facts = book.facts
    found: dict[tuple[str, str, str, str, str], tuple[list[float], list[float]]] = {}
    for row in facts.plan.work:
        key = (row.demand, row.workload, row.accelerator, row.system, row.place)
        systems, work = found.setdefault(key, ([0.0] * facts.periods, [0.0] * facts.periods))
        systems[facts.index[row.period]] += row.systems
        work[facts.index[row.period]] += row.work_per_second
    return [Task(*key, tuple(found[key][0]), tuple(found[key][1])) for key in sorted(found)]


def _height(book: Book, tasks: Iterable[Task]) -> int:
    """Rows that the results take; a heading takes a blank line, itself and its note."""
    asked, due = book.facts.asked_for, book.facts.with_deadlines
    unmet = [name for name in asked if name in book.facts.unmet]
    pairs = {(task.demand, task.accelerator) for task in tasks}
    blocks = [asked, [*asked, *due], unmet, asked, asked, due, due, due, pairs]
    return sum(3 + len(block) for block in blocks if block)


def _results(
    table: Table,
    inputs: InputRows,
    orders: OrderRows,
    at_work: dict[Task, Row],
    work: dict[Task, Row],
    stands: dict[str, list[Stand]],
) -> CapacityRows:
    asked_for, due_by = table.book.facts.asked_for, list(table.book.facts.with_deadlines)
    given = {
        name: inputs.values[name].demand if name in inputs.values else inputs.work.demand[name] for name in asked_for
    }
    left_out = {name: orders.unmet[name] for name in asked_for if name in orders.unmet}
    asked = _block(table, "asked", "Demand", "units/s", "Work asked for per second.", _links(given))
    done = _done(table, [*asked_for, *due_by], work)
    unmet = _block(
        table, "not served", "Not served", "units/s", "Left by the optimiser, at its price or value.", _links(left_out)
    )
    short = _short(table, asked, done, unmet)
    due, so_far, late = _deadlines(table, inputs, due_by, done)
    _by_accelerator(table, work)
    for rows, label in ((short, "Demand is served"), (late, "Deadlines are met")):
        if rows:
            meaning = "Largest part of a demand that is neither done nor listed as not served, negative; see Capacity."
            value = Formula(f"=MIN(0,{area(list(rows.values()))})")
            table.book.checks.append(Check(label, value, "ratio", "tolerance_quantity", meaning))
    return CapacityRows(stands, asked, done, unmet, due, so_far, work, at_work)


def demand_row(inputs: InputRows, name: str) -> Row:
    """Where a demand per second stands on Inputs: with its value, if that counts."""
    return inputs.values[name].demand if name in inputs.values else inputs.work.demand[name]


def _links(rows: Mapping[str, Row]) -> dict[str, str]:
    return {name: f"={row.now}" for name, row in rows.items()}


def _block(table: Table, key: str, label: str, unit: str, note: str, formulas: Mapping[str, str]) -> Lines:
    """A heading and a line for each demand, its workload's unit in the note column."""
    if not formulas:
        return {}
    table.heading(label, note)
    hours = " × h" if unit == "unit-hours" else ""
    return {
        name: table.line(
            Line(
                label,
                unit,
                name,
                periods=Formula(text),
                source=unit_of(table.book.facts, name) + hours,
                key=key_of(key, name),
            )
        )
        for name, text in formulas.items()
    }


def _done(table: Table, demands: Iterable[str], work: Mapping[Task, Row]) -> Lines:
    lines = {name: [row for task, row in work.items() if task.demand == name] for name in demands}
    texts = {name: sum_down(rows).text for name, rows in lines.items()}
    return _block(
        table, "done", "Work done", "units/s", "By the systems that the optimiser put to it; see below.", texts
    )


def _short(table: Table, asked: Lines, done: Lines, unmet: Lines) -> Lines:
    """What is done beyond the demand (negative: what is missing), then what is missing as a share of it."""
    texts = {}
    for name, row in asked.items():
        more = f"{done[name].now}-{row.now}" + (f"+{unmet[name].now}" if name in unmet else "")
        texts[name] = f"=IF(ABS({more})<=tolerance_quantity*{row.now},0,{more})"
    note = "Work done and work not served, less demand. Negative: an edit asks for more than the systems do."
    over = _block(table, "beyond demand", "Done beyond demand", "units/s", note, texts)
    shares = {name: f"=IF({row.now}=0,0,MIN(0,{over[name].now}/{row.now}))" for name, row in asked.items()}
    return _block(
        table,
        "missing of demand",
        "Missing, share of demand",
        "share",
        "Zero: all of the demand is accounted for.",
        shares,
    )


def _deadlines(table: Table, inputs: InputRows, demands: list[str], done: Lines) -> tuple[Lines, Lines, Lines]:
    """Unit-hours due and done so far, and what is missing at a deadline as a share of what is due."""
    given = {name: inputs.work.deadline[name] for name in demands}
    due = _block(table, "due", "Work due", "unit-hours", "By the end of the period, from the first on.", _links(given))
    sums = {name: f"=SUM({done[name].so_far})*hours_per_period" for name in demands}
    so_far = _block(table, "done so far", "Work done so far", "unit-hours", "Work done per second times hours.", sums)
    shares = {name: f"=IF({due[name].now}=0,0,MIN(0,{so_far[name].now}/{due[name].now}-1))" for name in demands}
    return (
        due,
        so_far,
        _block(table, "missing of due", "Missing, share of work due", "share", "Zero: the deadline is met.", shares),
    )


def _by_accelerator(table: Table, work: Mapping[Task, Row]) -> None:
    if not work:
        return
    table.heading("Which accelerator does what", "Work done per second by demand and accelerator, all places.")
    for demand, accelerator in dict.fromkeys((task.demand, task.accelerator) for task in work):
        rows = [row for task, row in work.items() if (task.demand, task.accelerator) == (demand, accelerator)]
        source = unit_of(table.book.facts, demand)
        table.line(
            Line(
                f"Done of {demand}",
                "units/s",
                accelerator,
                periods=sum_down(rows),
                source=source,
                key=key_of("done by", demand, accelerator),
            )
        )


def _at_work(table: Table, tasks: Iterable[Task]) -> dict[Task, Row]:
    table.heading(
        "Systems at work", "Assigned by the optimiser; an override does not change it. Whether it fits: see Spare."
    )
    return {
        task: table.line(
            Line(
                f"At work on {task.demand}",
                "systems",
                task.system,
                task.place,
                periods=task.systems,
                role=Role.SOLVER,
                whole=False,
                key=key_of("at work", task),
            )
        )
        for task in tasks
    }


def _work(table: Table, inputs: InputRows, tasks: Iterable[Task], at_work: Mapping[Task, Row]) -> dict[Task, Row]:
    table.heading("Work by system and place", "Systems at work times accelerators in one (constant) times throughput.")
    rows = {}
    for task in tasks:
        size = Formula(f"={inputs.systems[task.system].accelerators.constant}")
        rate = inputs.work.throughput[task.accelerator, task.workload]
        formula = Formula(f"={at_work[task].now}*{HERE.constant}*{rate.now}")
        line = Line(
            f"Work on {task.demand}",
            "units/s",
            task.system,
            task.place,
            constant=size,
            periods=formula,
            source=unit_of(table.book.facts, task.demand),
            constant_unit="accelerators/system",
            key=key_of("work", task),
        )
        rows[task] = table.line(line)
        table.book.tie(rows[task], task.work, f"work of {task.system} at {task.place} on {task.demand} in")
    return rows


def _spare(table: Table, stands: Mapping[str, list[Stand]], at_work: list[Row]) -> None:
    """Available systems less those at work; a negative number is work that no longer fits."""
    pairs = [(place, system) for place, found in stands.items() for system in dict.fromkeys(s.system for s in found)]
    if not pairs:
        return

    def block(key: str, label: str, note: str, formula: Callable[[int], str]) -> list[Row]:
        table.heading(label, note)
        return [
            table.line(
                Line(
                    label,
                    "systems",
                    system,
                    place,
                    whole=False,
                    periods=Formula(formula(i)),
                    key=key_of(key, place, system),
                )
            )
            for i, (place, system) in enumerate(pairs)
        ]

    present = [[stand.row for stand in stands[place] if stand.system == system] for place, system in pairs]
    times = "Systems in service times their availability."
    available = block("available", "Available", times, lambda i: f"=availability*SUM({down(present[i])})")
    used = block("at work in all", "At work", "On all demands.", lambda _: _by_name(at_work))
    left = "Available less at work. Negative: the work that the optimiser put there no longer fits."

    spare = block("spare", "Spare", left, lambda i: left_of(available[i].now, used[i].now).text)
    meaning = "Most systems missing at a place, negative, for the work put there; see Spare on Capacity."
    value = Formula(f"=MIN(0,{area(spare)})")
    table.book.checks.append(Check("Work fits the systems", value, "systems", "tolerance_quantity", meaning))


def _by_name(rows: list[Row]) -> str:
    """The sum of those of the lines that have the item and the place of the formula's own."""
    if not rows:
        return "=0"
    names = ",".join(f"{_fixed(rows, f'${column}')},{HERE.part(f'${column}#n')}" for column in "BC")
    return f"=SUMIFS({_fixed(rows, '@')},{names})"


def _fixed(rows: list[Row], column: str) -> str:
    """A column of lines that stand together, its rows fixed."""
    return down(rows, column, fixed=True)
