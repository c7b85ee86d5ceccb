"""Cash by month: what each month of a plan by quarters or years pays, from the periods of Cash."""

from __future__ import annotations

from collections.abc import Sequence

from openpyxl.utils import get_column_letter

from optimizer.formulation.register import COST_LINES, InMonths
from optimizer.workbook.facts import Facts
from optimizer.workbook.sheets.purchase_orders import DATE
from optimizer.workbook.sheets.rates import CASH_PAID, USD, code_of, rate_of_period
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.lines import SUM, Check, Line
from optimizer.workbook.writing.lists import Block, Cell, Column, Columns, Entry, ListSheet
from optimizer.workbook.writing.references import Row, at, down, sum_down
from optimizer.workbook.writing.styles import Role

NOTE = (
    "Due when ordered, started or entering service: in a period's first month. Running costs: evenly. What is missing "
    "of a frame: in the last."
)
PERIOD, IN_PERIOD, PAID, SO_FAR, LEFT, CONVERTED = "period", "in period", "paid", "so far", "left", "currency"
FALLS: dict[InMonths, str] = {
    "first": f"=({{{IN_PERIOD}}}=1)*%s",
    "evenly": "=%s/months_per_period",
    "last": f"=({{{IN_PERIOD}}}=months_per_period)*%s",
}
"""What of a period's amount falls on a month of it."""


def cash_paid(lines: Sequence[str]) -> Line:
    """The line of Cash whose periods the months divide."""
    source = "capex, opex, resale; no value, penalty or residual"
    if "tax_usd" in lines:
        source = "capex, opex, tax, resale; no value, penalty or residual"
    return Line("Cash paid", "USD", total=SUM, source=source,
                periods=sum_down([at("cost", name) for name in lines]), key=CASH_PAID.key)  # fmt: skip


def paid_lines(facts: Facts) -> tuple[str, ...]:
    """The plan's cost lines that are cash, by name."""
    return tuple(record.name for record in COST_LINES if record.in_months and record.name in facts.plan.costs)


def cash_by_month(facts: Facts) -> list[ListSheet]:
    """A row a month and a column a cost line; none where the periods are months."""
    if facts.months == 1:
        return []
    months, columns = [_month(i) for i in range(facts.periods * facts.months)], _columns(facts)
    entries = [_entry(facts, i, months) for i in range(len(months))]
    total = {name: Cell(role=Role.TOTAL) for name in columns} | {
        name: Cell(Formula(sum_down(months, f"<{name}>")), "USD", Role.TOTAL)
        for name, column in columns.items() if column.unit in (USD, CONVERTED) and name not in (SO_FAR, LEFT)
    } | {"month": Cell("All months", role=Role.TOTAL)}  # fmt: skip
    blocks = [
        Block(entries, columns, notes=[NOTE], height=42, gap=0, filtered=True),
        Block([Entry(total)], {name: Column() for name in columns}),
    ]
    meaning = "What the months of a period pay is what the period pays on Cash; the sum of all differences."
    left = down(months, f"<{LEFT}>")
    check = Check("Months sum to their periods", f"=SUMPRODUCT((({left}>0)-({left}<0))*{left})", "USD", meaning)
    return [ListSheet("Cash by month", "Cash by month, USD", "C55A11", blocks,
                      [check], head=4, frozen="B")]  # fmt: skip


def _month(i: int) -> Row:
    return at("month of cash", i)


def _columns(facts: Facts) -> Columns:
    labels, code = {record.name: record.label for record in COST_LINES}, code_of(facts)
    longest = max(14.0, len(f"{facts.flows_usd:,.0f}") + 3.0)
    return {
        "month": Column("Month", DATE, 13),
        "number": Column("Number", "number", 9),
        PERIOD: Column("Period number", "number", 9),
        IN_PERIOD: Column("Month of the period", "number", 9),
        "year": Column("Fiscal year", "year", 9),
        **{name: Column(labels[name], "USD", longest) for name in paid_lines(facts)},
        PAID: Column("Cash paid", "USD", longest),
        SO_FAR: Column("Cash paid so far", "USD", longest),
        **({CONVERTED: Column(f"Cash paid, {code}", CONVERTED, longest + 3.0)} if code != USD else {}),
        LEFT: Column("Months less their period", "USD", longest),
    }


def _entry(facts: Facts, i: int, months: Sequence[Row]) -> Entry:
    """A month: its place in the horizon, then what of its period's amounts falls on it."""
    lines, periods = paid_lines(facts), down(months, f"$<{PERIOD}>", fixed=True)
    falls = {record.name: FALLS[record.in_months] for record in COST_LINES if record.in_months}
    first, last = (get_column_letter(1 + list(_columns(facts)).index(name)) for name in (lines[0], lines[-1]))
    formulas = {
        "month": "=EDATE(horizon_start,{number}-1)",
        "number": f"={months[i - 1].cell('number')}+1" if i else "=1",
        PERIOD: "=ROUNDUP({number}/months_per_period,0)",
        IN_PERIOD: f"={{number}}-({{{PERIOD}}}-1)*months_per_period",
        "year": "=YEAR(EDATE({month},MOD(1-fiscal_year_starts,months_per_year)))-fiscal_year_shift",
        **{name: falls[name] % _of_period(at("cost", name)) for name in lines},
        PAID: f"=SUM({months[i].part(f'{first}#n:{last}#n')})",
        SO_FAR: f"=SUM({down([months[0], *months[1 : i + 1]], f'<{PAID}>')})",
        LEFT: f"=SUMIFS({down(months, f'$<{PAID}>', fixed=True)},{periods},{{{PERIOD}}})-{_of_period(CASH_PAID)}",
    }
    formulas |= {CONVERTED: f"={{{PAID}}}*{rate_of_period(facts, f'{{{PERIOD}}}')}"} if code_of(facts) != USD else {}
    return Entry({name: Cell(Formula(text)) for name, text in formulas.items()}, months[i].key)


def _of_period(line: Row) -> str:
    """What a line of Cash shows in the period of the row."""
    return f"INDEX({line.across},{{{PERIOD}}})"
