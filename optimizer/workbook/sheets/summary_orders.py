"""The table of Summary about orders: what to buy, lease and rent by year, new and committed, and its contract value."""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum

from openpyxl.utils import get_column_letter

from optimizer.workbook.decisions import KINDS, decisions_of
from optimizer.workbook.facts import Facts
from optimizer.workbook.sheets.frames import names
from optimizer.workbook.sheets.rates import money_unit
from optimizer.workbook.sheets.summary_tables import WHOLE, YEAR, cut_to, of_accelerator, others, titled, total_of
from optimizer.workbook.sheets.ways import HOURLY, Way, ways_of, worth_of
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.lists import Cell, Content
from optimizer.workbook.writing.page import Rowed, Table
from optimizer.workbook.writing.references import FIRST_PERIOD, at, blocks, down, of_each
from optimizer.workbook.writing.styles import Role

MOST_WAYS, MOST_YEARS, MOST_DECISIONS = 7, 4, 2
Span = tuple[str, str, str]
"""A fiscal year, and the letters of its first and last period."""


def ordered(facts: Facts, cut: int) -> Table:
    """Accelerators entering service by way and fiscal year, those of the largest contracts first; then what else."""
    ways = ways_of(facts)
    lasting, hourly = ([way for way in ways if way.by_the_hour is by] for by in (False, True))
    shown, rest = cut_to(lasting, MOST_WAYS - cut)
    rows = [_way(facts, way) for way in shown]
    if rest:
        rows.append(_sum(facts, f"and {len(rest)} others", rest))
    rows.append(_sum(facts, "All that enters service", lasting, Role.TOTAL))
    if hourly:
        rows.append(_hourly(facts, hourly))
    spans = _spans(facts)
    headers = [Cell(Formula(f"={at('fiscal year', year).part('$E#n')}"), YEAR) for year, *_ in spans]
    if len(facts.years) > MOST_YEARS:
        headers[-1] = Cell("later")
    blank = [None] * (MOST_YEARS - len(spans))
    return Table(
        (titled("Accelerators to order"), *headers, *blank, "Total", money_unit(facts)), [*rows, *_decisions(facts)]
    )


def _spans(facts: Facts) -> list[Span]:
    """Fiscal years, the last of them with all that follow, and the letters of their first and last period."""
    found, years = [], facts.years[:MOST_YEARS]
    for year in years:
        until = facts.years[-1] if year == years[-1] else year
        inside = [i for i, row in enumerate(facts.plan.periods) if year <= row.fiscal_year <= until]
        first, last = (get_column_letter(FIRST_PERIOD + i) for i in (inside[0], inside[-1]))
        found.append((year, first, last))
    return found


def _way(facts: Facts, way: Way) -> Rowed:
    """What enters in each year, in all, and its contract value."""
    row, spans = at("entering by way", way), _spans(facts)
    counts = [Cell(Formula(f"=SUM({row.part(f'{first}#n:{last}#n')})"), WHOLE) for _, first, last in spans]
    total, value = Cell(Formula(f"={row.total}"), WHOLE), total_of(facts, worth_of(way))
    return Rowed(
        (of_accelerator(facts, way.accelerator, f": {way.does}"), *_filled(counts), total, value),
        at("summary", "orders", way).key,
    )


def _sum(facts: Facts, label: str, ways: Sequence[Way], role: Role | None = None) -> Rowed:
    """What enters of several, and the contract value of all."""
    rows, values = of_each("entering by way", ways), list(map(worth_of, ways))
    spans = [*((first, last) for _, first, last in _spans(facts)), ("$F", "$F")]
    sums = [Formula(f"=SUM({blocks(rows, first, last)})" if rows else "=0") for first, last in spans]
    *years, total = (Cell(each, WHOLE, role) for each in sums)
    value = others(facts, values, role) if values else Cell(Formula("=0"), WHOLE, role)
    return Rowed((Cell(label, role=role), *_filled(years, role), total, value))


def _hourly(facts: Facts, ways: list[Way]) -> Rowed:
    """Rented by the hour: the most at once in each year and in all, because periods do not add up."""
    peaks = [Cell(Formula(f"=MAX({HOURLY.part(f'{first}#n:{last}#n')})"), WHOLE) for _, first, last in _spans(facts)]
    most = Cell(Formula(f"={HOURLY.total}"), WHOLE)
    return Rowed(("By the hour, most at once", *_filled(peaks), most,
                  others(facts, list(map(worth_of, ways)))))  # fmt: skip


def _filled(counts: Sequence[Content], role: Role | None = None) -> list[Content]:
    """One cell for each of the years that the table has room for."""
    return [*counts, *[Cell(role=role) if role else None] * (MOST_YEARS - len(counts))]


def _decisions(facts: Facts) -> list[Rowed]:
    """Decisions besides orders, those of most cash first: how much is done of each, and its cash."""
    found: list[tuple[float, Rowed]] = []
    blank = [None] * MOST_YEARS
    for kind in KINDS:
        if decisions := decisions_of(facts, kind):
            done = Cell(Formula(f"=SUM({down(of_each('decision used', decisions), '$F')})"), kind.unit)
            usd = fsum(abs(usd) for usd in facts.plan.costs.get(kind.cost, {}).values())
            label = f"{kind.label}, {kind.unit}" if kind.unit == "MW" else kind.label
            found.append((usd, Rowed((label, *blank, done, total_of(facts, at("cost", kind.cost))))))
    if promised := of_each("promised", names(facts)):
        count = Cell(Formula(f"=SUMPRODUCT(({down(promised, '$E')}>0)*1)"), "count")
        shortfall = total_of(facts, at("cost", "frame_usd"))
        found.append((0.0, Rowed(("Frame agreements signed, shortfall", *blank, count, shortfall))))
    return [row for _, row in sorted(found, key=lambda each: -each[0])[:MOST_DECISIONS]]
