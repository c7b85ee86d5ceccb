"""The part of Cash about residual value: what is left of purchases and added power, and when it is received."""

from __future__ import annotations

from dataclasses import dataclass

from optimizer.workbook.decisions import Decision
from optimizer.workbook.facts import Group
from optimizer.workbook.sheets.carriers import OrderRows
from optimizer.workbook.sheets.decision_costs import write_facility_left
from optimizer.workbook.sheets.inputs import InputRows
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.lines import PERIOD, SUM, Line
from optimizer.workbook.writing.references import HERE, Row, down
from optimizer.workbook.writing.table import Table

Left = dict[Group | Decision, Row]
"""By group or expansion: what is left, by period."""


@dataclass(frozen=True)
class Worth:
    """What may have a residual: price paid and network by group, facility cost by expansion."""

    paid: dict[Group, Row]
    network: dict[Group, Row]
    facility: dict[Decision, Row]


def write_residual(table: Table, curve: Row, inputs: InputRows, orders: OrderRows, worth: Worth) -> tuple[Left, Left]:
    """What is left of purchases and added power, by period of entry, then by the period in which it is received."""
    falls = _falls(table, orders, worth.paid)
    shares = write_facility_left(table, inputs, worth.facility)
    if not worth.paid and not worth.facility:
        return {}, {}
    table.heading("Residual by period of entry", "What was paid times the share left at that age.")
    entry: Left = {}
    for group, row in worth.paid.items():
        share = f"INDEX({curve.across},{falls[group].now}-@${PERIOD}+1)"
        formula = Formula(f"=({row.now}+{worth.network[group].now})*{share}")
        entry[group] = table.line(_residual_line("Residual of entry", group, formula))
    for decision, row in worth.facility.items():
        formula = Formula(f"={row.now}*{shares[decision].now}")
        entry[decision] = table.line(_residual_line("Residual of added power", decision, formula))
    table.heading("Residual by period in which it falls", "Added power: in the last period of the horizon.")
    received: Left = {}
    for of, row in entry.items():
        formula = Formula(f"=(@${PERIOD}=periods_in_horizon)*{row.total}")
        if isinstance(of, Group):
            formula = Formula(f"=SUMIFS({row.across},{falls[of].across},@${PERIOD})")
        received[of] = table.line(_residual_line("Residual", of, formula))
    return entry, received


def _residual_line(label: str, of: Group | Decision, formula: Formula) -> Line:
    if isinstance(of, Decision):
        return Line(label + of.suffix, "USD", of.item, of.place, total=SUM, periods=formula)
    return Line(label + of.suffix, "USD", of.offer, total=SUM, periods=formula)


def _falls(table: Table, orders: OrderRows, paid: dict[Group, Row]) -> dict[Group, Row]:
    """The period in which the residual of what enters now is received."""
    if not paid:
        return {}
    table.heading(
        "Period in which the residual falls",
        "By period of entry: last period of service or of the horizon; constant: periods in service.",
    )
    falls = {}
    for group in paid:
        link = Formula(f"={orders.groups[group].service.constant}")
        formula = Formula(f"=MIN(periods_in_horizon,@${PERIOD}+{HERE.constant}-1)")
        line = Line(f"Falls in{group.suffix}", "periods", group.offer, constant=link, periods=formula)
        falls[group] = table.line(line)
    return falls


def write_curve(table: Table, inputs: InputRows) -> Row:
    """Share left after as many periods as the column's number."""
    ages, shares = (down(rows, "$E", fixed=True) for rows in (inputs.ages, inputs.shares))
    table.heading("Share left by age", "Age: as many periods as the column's number.")
    slopes = _slopes(table, inputs)
    age = table.line(Line("Age", "years", periods=Formula(f"=@${PERIOD}/periods_per_year")))
    point = table.line(Line("Table point below", "number", periods=Formula(f"=MATCH({age.now},{ages},1)")))
    text = f"=INDEX({shares},{point.now})+INDEX({down(slopes, '$E', fixed=True)},{point.now})"
    start = table.line(Line("Age at that point", "years", periods=Formula(f"=INDEX({ages},{point.now})")))
    by_table = table.line(Line("Share left, table", "share", periods=Formula(f"{text}*({age.now}-{start.now})")))
    by_book = table.line(Line("Share left, book", "share", periods=Formula(f"=MAX(0,1-{age.now}/book_life_years)")))
    formula = Formula(f"=residual_counted*IF(residual_by_book_life=1,{by_book.now},{by_table.now})")
    return table.line(Line("Share left", "share", periods=formula))


def _slopes(table: Table, inputs: InputRows) -> list[Row]:
    """Change of the share in a year after each point of the table; none after the last."""
    rows = []
    for i, (age, share) in enumerate(zip(inputs.ages, inputs.shares, strict=True)):
        text = "=0"
        if i + 1 < len(inputs.ages):
            rise = f"({inputs.shares[i + 1].constant}-{share.constant})"
            text = f"={rise}/({inputs.ages[i + 1].constant}-{age.constant})"
        rows.append(table.line(Line(f"Slope after point {i}", "share/year", constant=Formula(text))))
    return rows
