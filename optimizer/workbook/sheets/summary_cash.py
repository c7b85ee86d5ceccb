"""The table of Summary about cash: what is paid by quarter and fiscal year, and what is owed after the horizon."""

from __future__ import annotations

from collections.abc import Iterator

from openpyxl.utils import get_column_letter

from catalogs.periods import written
from optimizer.tables import grouped
from optimizer.workbook.decisions import RETIRE, decisions_of
from optimizer.workbook.facts import Facts
from optimizer.workbook.sheets.assets import assets_of
from optimizer.workbook.sheets.paid import NEW, PAID, SIGNED, binding, other_cash
from optimizer.workbook.sheets.rates import money_unit, reported
from optimizer.workbook.sheets.summary_tables import YEAR, in_millions, others, titled, total_of
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.lists import Cell, Content, note
from optimizer.workbook.writing.page import LEFT, Rowed, Table
from optimizer.workbook.writing.references import FIRST_PERIOD, Row, at, of_each
from optimizer.workbook.writing.styles import Role

MONTHS_PER_QUARTER, QUARTERS_PER_YEAR = 3, 4
MOST_QUARTERS, MOST_YEARS, MOST_AFTER = 12, 5, 3
LATER = "later"


def cash_paid(facts: Facts, cut: int) -> Table:
    """Quarter by quarter, each fiscal year below its quarters, then the years after the horizon.

    With a `cut` the first quarters alone, fewer by a year for each.
    """
    headers = ("Capex", "Opex", "Rent", _other(facts), "Paid", "Signed", "New", "Book")
    rows = [*_inside(facts, MOST_QUARTERS - QUARTERS_PER_YEAR * cut), *_after(facts)]
    rows.append(
        Rowed((note("Opex: without rent. Signed, New: of it under commitments, new orders. Book: at its end."),))
    )
    return Table((titled(f"Cash paid, {money_unit(facts)}"), *headers), rows, key="summary/cash")


def _other(facts: Facts) -> str:
    """What is paid besides capex, opex and rent, if anything can be."""
    sold = bool(decisions_of(facts, RETIRE))
    return "Tax, sold" if facts.taxed and sold else "Tax" if facts.taxed else "Sold" if sold else ""


def _columns(facts: Facts) -> list[tuple[str, Row] | None]:
    """The label of a line in the fiscal years, and the line by period, of each column."""
    orders = bool(binding(facts))
    return [
        ("Capex", at("cost", "capex")),
        ("Opex without rent", at("cost", "opex without rent")),
        ("Rent", at("cost", "rent_usd")),
        ("Tax and resale", at("cost", "tax and resale")) if other_cash(facts) else None,
        ("Cash paid", PAID),
        ("Due under commitments", at("under orders", SIGNED)) if orders else None,
        ("Due under new orders", at("under orders", NEW)) if orders else None,
    ]


def quarters(facts: Facts) -> list[tuple[str, int, int]]:
    """Quarters of the fiscal years: what each is called, its first period and its last, counted from 0."""
    starts = int(facts.scenario["finance"]["fiscal_year_starts"]) - 1
    first = [facts.first + i * facts.months for i in range(facts.periods)]
    together = grouped(range(facts.periods), lambda i: (first[i] - starts) // MONTHS_PER_QUARTER)
    found = []
    for own in together.values():
        month, months = first[own[0]], facts.months * len(own)
        whole = months == MONTHS_PER_QUARTER and month % MONTHS_PER_QUARTER == 0
        until = f"..{facts.keys[own[-1]]}" * (len(own) > 1)
        found.append((written(month, months) if whole else f"{facts.keys[own[0]]}{until}", own[0], own[-1]))
    return found


def _inside(facts: Facts, most: int) -> Iterator[Rowed]:
    """Quarters, as many as fit, and years; where the list is cut, what is left out as a sum."""
    shown = quarters(facts)[: max(most, 2 * QUARTERS_PER_YEAR)] if facts.months <= MONTHS_PER_QUARTER else []
    years, rest = facts.years, []
    if len(years) > MOST_YEARS:
        years, rest = years[: MOST_YEARS - 1], years[MOST_YEARS - 1 :]
    for year in years:
        yield from (_quarter(facts, *each) for each in shown if facts.plan.periods[each[1]].fiscal_year == year)
        yield _year(facts, year)
    if rest:
        cells: list[Content] = [f"{len(rest)} more years"]
        for column in _columns(facts):
            rows = of_each(f"by year/{column[0]}", rest) if column else []
            cells.append(others(facts, rows) if rows else None)
        yield Rowed(cells)


def _quarter(facts: Facts, label: str, first: int, last: int) -> Rowed:
    part = f"{get_column_letter(FIRST_PERIOD + first)}#n:{get_column_letter(FIRST_PERIOD + last)}#n"
    sums = (
        column and in_millions(facts, f"SUM({reported(facts, column[1]).part(part)})") for column in _columns(facts)
    )
    return Rowed((label, *sums))


def _year(facts: Facts, year: str) -> Rowed:
    """A fiscal year: its number, its months where they are no calendar year, its sums, what the books hold then."""
    number = Cell(Formula(f"={at('fiscal year', year).constant}"), named(facts, year), Role.TOTAL, alignment=LEFT)
    blank = Cell(role=Role.TOTAL)
    cells = [
        total_of(facts, at("by year", column[0], year), Role.TOTAL) if column else blank for column in _columns(facts)
    ]
    book = total_of(facts, at("net book value at the end", year), Role.TOTAL) if assets_of(facts) else blank
    return Rowed((number, *cells, book), key=f"summary/year/{year}")


def named(facts: Facts, year: str, more: str = "") -> str:
    """The format of a fiscal year's number, with the months of the year where it is no calendar year."""
    said = ", ".join(filter(None, (facts.months_of(year), more)))
    if not facts.months_of(year):
        return YEAR + f'" {more}"' * bool(more)
    return f'{YEAR}" ({said})"'


def _after(facts: Facts) -> Iterator[Rowed]:
    """Rent that falls due after the horizon by fiscal year, as far as the plan has any, and all of it."""
    known = {row.fiscal_year for row in facts.plan.after_horizon}
    years, rest = [year for year in facts.after_horizon if year in known], []
    if len(years) > MOST_AFTER:
        years, rest = years[: MOST_AFTER - 1], years[MOST_AFTER - 1 :]
    for year in years:
        number = Cell(
            Formula(f"={at('year after the horizon', year).constant}"), named(facts, year, "after"), alignment=LEFT
        )
        yield _rent(number, total_of(facts, at("due", year)))
    if rest:
        yield _rent(f"{len(rest)} more years after", others(facts, of_each("due", rest)))
    every = (
        total_of(facts, at("due", "all"), Role.TOTAL)
        if facts.after_horizon
        else Cell(Formula("=0"), "USD m", Role.TOTAL)
    )
    yield _rent(Cell("Owed after the horizon", role=Role.TOTAL), every, Cell(role=Role.TOTAL))


def _rent(label: Content, due: Cell, blank: Cell | None = None) -> Rowed:
    """Rent alone is owed after the horizon, and all that is paid then."""
    return Rowed((label, blank, blank, due, blank, due, blank, blank, blank))
