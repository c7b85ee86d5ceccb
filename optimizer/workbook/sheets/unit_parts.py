"""The part of Unit costs that splits the plan's cost: by accelerator, by work, and what falls on neither."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from optimizer.workbook.decisions import ENGINEER, Decision
from optimizer.workbook.sheets.bearers import OURS, Bearer
from optimizer.workbook.sheets.book_checks import usd
from optimizer.workbook.sheets.cash_carriers import CashRows
from optimizer.workbook.sheets.unit_workings import Pair, UnitWorkings
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.lines import Line
from optimizer.workbook.writing.references import HERE, Row, blocks, down, sum_down
from optimizer.workbook.writing.styles import Role
from optimizer.workbook.writing.table import Table

REST = (
    ("Porting", "porting_usd", "of software, not of an accelerator"),
    ("Unmet work", "unmet_usd", "no accelerator does it"),
    ("Value of work", "value_usd", "a receipt"),
    ("Added power", "facility_usd", "of a site"),
)
"""Costs that fall on no accelerator: label, cost line, why."""


@dataclass(frozen=True)
class Shares:
    """Present values in the total column: by bearer, by accelerator and demand, by demand, and the sum of all."""

    present: dict[Bearer, Row]
    pairs: dict[Pair, Row]
    demands: dict[str, Row]
    total: Row


def parts_height(bearers: Sequence[Bearer], pairs: Sequence[Pair]) -> int:
    """Rows that the split takes."""
    demands = {demand for _, demand in pairs}
    return sum(3 + len(lines) for lines in (bearers, pairs, demands) if lines) + 3 + len(REST) + 5


def write_parts(table: Table, cash: CashRows, made: UnitWorkings) -> tuple[UnitWorkings, Shares]:
    """Present values by accelerator and by work, and that they are the plan's cost."""
    present = _present(table, made)
    pairs = _pairs(table, made, present)
    demands = _demands(table, pairs)
    total = _total(table, cash, made, present, pairs)
    return made, Shares(present, pairs, demands, total)


def _present(table: Table, made: UnitWorkings) -> dict[Bearer, Row]:
    rows: dict[Bearer, Row] = {}
    if made.costs:
        table.heading("Present value of cost, by accelerator", "Cost at mid-period less residual at the period's end.")
    for bearer, lines in made.costs.items():
        text = f"=SUMPRODUCT({lines.cost.across},{made.mid.across})"
        if lines.residual:
            text += f"-SUMPRODUCT({lines.residual.across},{made.end.across})"
        line = Line("Present value of cost", "USD", bearer.accelerator, bearer.where, total=Formula(text))
        rows[bearer] = table.line(line)
    return rows


def _pairs(table: Table, made: UnitWorkings, present: dict[Bearer, Row]) -> dict[Pair, Row]:
    """An accelerator's cost, split by how much of its work time goes to each demand."""
    rows: dict[Pair, Row] = {}
    if made.at_work:
        note = "Split by accelerators at work, discounted; time without work falls on the work done."
        table.heading("Present value of cost, by accelerator and work", note)
    for pair, row in made.at_work.items():
        cost = f"SUM({down(_of(pair[0], present), '$F')})"
        share = [f"SUMPRODUCT({each.across},{made.mid.across})" for each in (row, made.busy[pair[0]])]
        formula = Formula(f"=IFERROR({cost}*{share[0]}/{share[1]},0)")
        rows[pair] = table.line(Line(f"Work on {pair[1]}", "USD", pair[0], total=formula))
    return rows


def _of(accelerator: str, present: dict[Bearer, Row]) -> list[Row]:
    return [row for bearer, row in present.items() if bearer.accelerator == accelerator]


def _demands(table: Table, pairs: dict[Pair, Row]) -> dict[str, Row]:
    rows: dict[str, Row] = {}
    if pairs:
        table.heading("Present value of cost, by work", "The lines above of the same name.")
        lines = list(pairs.values())
        names, values = down(lines, "$A", fixed=True), down(lines, "$F")
        for demand in dict.fromkeys(sorted(demand for _, demand in pairs)):
            formula = Formula(f"=SUMIFS({values},{names},{HERE.label})")
            rows[demand] = table.line(Line(f"Work on {demand}", "USD", total=formula))
    return rows


def _total(table: Table, cash: CashRows, made: UnitWorkings, present: dict[Bearer, Row], pairs: dict[Pair, Row]) -> Row:
    """From accelerators to the plan's cost; and from work to accelerators."""
    table.heading("From the parts to the total", "What falls on no accelerator stands alone and is in no unit cost.")
    first = table.next
    table.line(Line("Accelerators, all", "USD", total=sum_down(list(present.values()), "$F")))
    for label, name, why in REST:
        formula = Formula(f"={cash.present[name].total}")
        table.line(Line(f"Not allocated: {label.lower()}", "USD", total=formula, source=why))
    power = [row for of, row in cash.workings.falls.items() if isinstance(of, Decision)]
    end = f"INDEX({made.end.across},periods_in_horizon)"
    left = f"=-SUM({down(power, '$F')})*{end}" if power else "=0"
    table.line(Line("Not allocated: residual of added power", "USD", total=Formula(left), source="at the end"))
    table.line(_engineering(cash, made, present))
    total = table.line(Line("All parts", "USD", total=Formula(f"=SUM($F{first}:$F{table.next - 1})"), role=Role.TOTAL))
    idle = [row for bearer, row in present.items() if bearer.accelerator not in made.busy]
    text = f"=SUM({blocks(idle, '$F')})" if idle else "=0"
    without = table.line(Line("Of it: accelerators that do no work", "USD", total=Formula(text)))
    table.book.checks += [
        usd("Unit costs: parts are the total", f"{total.total}-total_npv_usd",
            "Cost by accelerator and what falls on none is the net present value of cost."),
        usd("Unit costs: work bears all accelerators", _work_check(present, pairs, without),
            "Cost by work, and of accelerators without work, is the cost of accelerators."),
    ]  # fmt: skip
    return total


def _work_check(present: dict[Bearer, Row], pairs: dict[Pair, Row], without: Row) -> str:
    work, all_of_it = (sum_down(list(rows.values()), "$F")[1:] for rows in (pairs, present))
    return f"{work}+{without.total}-{all_of_it}"


def _engineering(cash: CashRows, made: UnitWorkings, present: dict[Bearer, Row]) -> Line:
    """Engineering of an accelerator that then is not bought."""
    bought = {bearer.accelerator for bearer in present if bearer.where == OURS}
    rows = [row for d, row in cash.workings.flows[ENGINEER].items() if d.item not in bought]
    flows = "+".join(f"SUMPRODUCT({row.across},{made.mid.across})" for row in rows)
    return Line("Not allocated: engineering of what is not bought", "USD", total=Formula(f"={flows or '0'}"))
