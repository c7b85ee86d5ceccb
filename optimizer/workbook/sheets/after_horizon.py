"""The part of Cash about terms that outlast the horizon: what of their rent is owed, and when it falls due."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from optimizer.workbook.facts import Group
from optimizer.workbook.sheets.carriers import OrderRows
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.lines import PERIOD, SUM, Line
from optimizer.workbook.writing.references import HERE, Row, area, down
from optimizer.workbook.writing.styles import Role
from optimizer.workbook.writing.table import Table

DUE = "Rent due after the horizon"


@dataclass(frozen=True)
class Owed:
    """Of terms by group, in one order: rent of a period and the periods left, both by period of entry; what is owed.

    `years` are the fiscal years after the horizon, `still` the rent due from the start of each on, in the total column.
    """

    rent: dict[Group, Row]
    left: dict[Group, Row]
    owed: dict[Group, Row]
    years: list[Row]
    still: list[Row]


@dataclass(frozen=True)
class DueRows:
    """In the total column: rent due by fiscal year after the horizon, and all of it."""

    years: list[Row]
    by_year: list[Row]
    total: Row


def write_owed(table: Table, orders: OrderRows, hourly: Mapping[Group, Row], share_left: Row) -> Owed | None:
    """The lines behind what is owed, block by block; None where no order has a term to outlast the horizon."""
    groups = [group for group in hourly if group in table.book.facts.terms]
    if not table.book.facts.after_horizon:
        return None
    rent = _rent(table, groups, hourly)
    left = _left(table, groups, orders)
    value = _value(table, left)
    counted = _counted(table, share_left)
    table.heading(
        "Owed by period of entry", "Rent of a period times the value of the periods left, as far as it counts."
    )
    entry = {}
    for group in groups:
        formula = Formula(f"={rent[group].now}*{value[group].now}*{counted.now}")
        entry[group] = table.line(replace(_line("Owed of entry", group), total=SUM, periods=formula))
    table.heading("Owed in the last period of the horizon", "What is owed of all that has entered by then.")
    owed = {}
    for group, row in entry.items():
        formula = Formula(f"=(@${PERIOD}=periods_in_horizon)*{row.total}")
        owed[group] = table.line(replace(_line("Owed", group), total=SUM, periods=formula))
    return Owed(rent, left, owed, *_still_due(table, list(rent.values()), list(left.values())))


def _line(label: str, group: Group) -> Line:
    return Line(f"{label}{group.suffix}", "USD", group.offer)


def _rent(table: Table, groups: Sequence[Group], hourly: Mapping[Group, Row]) -> dict[Group, Row]:
    table.heading("Terms: rent of a period", "Of what enters, in each period of its term.")
    rows = {}
    for group in groups:
        formula = Formula(f"={hourly[group].now}*hours_per_period")
        rows[group] = table.line(replace(_line("Rent of a period", group), periods=formula))
    return rows


def _left(table: Table, groups: Sequence[Group], orders: OrderRows) -> dict[Group, Row]:
    table.heading("Terms: periods after the horizon", "By period of entry; constant: periods of the term.")
    rows = {}
    for group in groups:
        link = Formula(f"={orders.groups[group].service.constant}")
        formula = Formula(f"=MAX(0,{HERE.constant}-periods_in_horizon+@${PERIOD}-1)")
        line = replace(_line("Periods after", group), unit="periods", constant=link)
        rows[group] = table.line(replace(line, periods=formula))
    return rows


def _value(table: Table, left: Mapping[Group, Row]) -> dict[Group, Row]:
    """One USD in each of the periods left, discounted to the middle of the horizon's last period."""
    table.heading("Terms: value of the periods left", "Of one USD in each, discounted to the horizon's last period.")
    formula = Formula("=(1+discount_rate)^(1/periods_per_year)")
    growth = table.line(
        Line("Discount of a period", "factor", source="from the discount rate", constant=formula)
    ).constant
    rows = {}
    for group, row in left.items():
        formula = Formula(f"=IF(discount_rate=0,{row.now},(1-{growth}^-{row.now})/({growth}-1))")
        rows[group] = table.line(replace(_line("Value of the periods left", group), unit="factor", periods=formula))
    return rows


def _counted(table: Table, share_left: Row) -> Row:
    """The share of the rent that counts: less what hardware of that age would be worth, unless in full or ignored."""
    note = "By period of entry: one less the share left at the age that the horizon ends at; see Inputs."
    table.heading("Share of the rent that is owed", note)
    age = f"periods_in_horizon-@${PERIOD}+1"
    formula = Formula(f"=rent_after_counted*(1-rent_after_less_worth*INDEX({share_left.across},{age}))")
    return table.line(Line("Share owed", "share", periods=formula))


def _still_due(table: Table, rent: Sequence[Row], left: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """Fiscal years after the horizon, and the rent still due at the start of each, undiscounted."""
    note = (
        "A period belongs to the fiscal year in which it starts; constant: periods after the horizon before the year."
    )
    table.heading("Rent still due from a fiscal year on", note)
    end = "=EDATE(horizon_start,periods_in_horizon*months_per_period)"
    first = table.line(Line("First day after the horizon", "date", constant=Formula(end))).constant
    names = table.book.facts.after_horizon
    years: list[Row] = []
    for name in names:
        text = (
            f"={years[-1].constant}+1" if years else f"=YEAR(EDATE({first},MOD(1-fiscal_year_starts,months_per_year)))"
        )
        years.append(table.line(Line("Fiscal year after the horizon", "year", name, constant=Formula(text))))
    still: list[Row] = []
    for i, name in enumerate(names):
        before = Formula(("=0", _rest_of_year(first), f"=$E{table.next - 1}+periods_per_year")[min(i, 2)])
        periods = f"({down(left)}>{HERE.constant})*({down(left)}-{HERE.constant})"
        line = Line("Rent still due", "USD", name, constant=before, constant_unit="periods", total=SUM)
        still.append(table.line(replace(line, periods=Formula(f"=SUMPRODUCT({down(rent)},{periods})"))))
    return years, still


def _rest_of_year(first: str) -> str:
    """Periods that start after the horizon and before its fiscal year ends."""
    months = f"months_per_year-MOD(MONTH({first})-fiscal_year_starts,months_per_year)"
    return f"=ROUNDUP(({months})/months_per_period,0)"


def height_of(years: int) -> int:
    """Rows that the section of results takes, without its heading."""
    return years + 1 if years else 0


def write_due(table: Table, made: Owed | None) -> DueRows | None:
    """Rent due after the horizon by fiscal year: what is still due at its start, less what is at the next."""
    if made is None:
        return None
    table.heading(
        f"{DUE}, by fiscal year", "Undiscounted, of terms that outlast it; what of it counts is a cost above."
    )
    names, by_year = table.book.facts.after_horizon, []
    for name, row, following in zip(names, made.still, [*made.still[1:], None], strict=True):
        formula = Formula(f"={row.total}-{following.total}" if following else f"={row.total}")
        by_year.append(table.line(Line(DUE, "USD", name, total=formula)))
    plan = {row.fiscal_year: row.rent_usd for row in table.book.facts.plan.after_horizon}
    for name, row in zip(names, by_year, strict=True):
        table.book.tie_total(row, plan.get(name, 0.0), f"rent due after the horizon in {name}")
    total = table.line(Line(f"{DUE}, all", "USD", total=Formula(f"=SUM({down(by_year, '$F')})"), role=Role.TOTAL))
    return DueRows(made.years, by_year, total)


def all_due(made: Owed) -> str:
    """The same sum another way: rent of a period times the periods left."""
    return f"SUMPRODUCT({area(list(made.rent.values()))},{area(list(made.left.values()))})"
