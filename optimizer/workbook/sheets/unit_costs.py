"""Unit costs: an accelerator-hour, a kW, a MW and a unit of work, beside the market's rent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from optimizer.workbook.facts import Facts
from optimizer.workbook.sheets.bearers import FLEET, RENTED, Bearer, stood_of
from optimizer.workbook.sheets.carriers import CapacityRows
from optimizer.workbook.sheets.cash_carriers import CashRows
from optimizer.workbook.sheets.inputs import InputRows
from optimizer.workbook.sheets.unit_parts import Shares, parts_height, write_parts
from optimizer.workbook.sheets.unit_workings import Pair, UnitWorkings, pairs_of, write_unit_workings
from optimizer.workbook.sheets.work_inputs import unit_of
from optimizer.workbook.writing.above import results_above
from optimizer.workbook.writing.book import Book
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.columns import fit_labels, fit_money
from optimizer.workbook.writing.lines import LABEL, Line
from optimizer.workbook.writing.references import Row, down
from optimizer.workbook.writing.styles import Role
from optimizer.workbook.writing.table import Table

NOTES = (
    "Levelised: the present value of all cost less residual value, over the quantity discounted alike; the constant "
    "price that would pay for it.",
    "Deposits sunk before the horizon and what the fleet once cost are in no figure. A dash: nothing to divide by.",
)
LONGEST_LABEL = len("Per million sample, ")
AT_MARKET = "at market"
COMPUTE, TFLOPS = "PFLOP-hour", "TFLOP/s"
Key = TypeVar("Key")


@dataclass(frozen=True)
class UnitCostRows:
    """Figures in the total column, in USD: by bearer, by demand, and by accelerator and demand."""

    per_hour: dict[Bearer, Row]
    market: dict[Bearer, Row]
    per_kw_year: dict[Bearer, Row]
    per_mw_year: dict[Bearer, Row]
    per_unit: dict[str, Row]
    by_pair: dict[Pair, Row]
    at_market: dict[Pair, Row]
    shares: Shares


def write_unit_costs(book: Book, inputs: InputRows, capacity: CapacityRows, cash: CashRows) -> UnitCostRows:
    """Write the sheet: unit costs, then cost by accelerator and work, then workings; needs Inputs to Cash."""
    table = Table(book, "Unit costs", "Unit costs: levelised, beside the market's rent", "806000")
    fit_money(table)
    fit_labels(table, LONGEST_LABEL + max(map(len, book.facts.scenario.get("demand", ())), default=0))
    for note in NOTES:
        table.text(table.next, LABEL, note, Role.NOTE)
        table.skip()
    stood = stood_of(book.facts, capacity.stands)
    bearers, pairs = list(dict.fromkeys(each.bearer for each in stood)), pairs_of(capacity)
    rows = results_above(
        table,
        _height(inputs, bearers, pairs),
        lambda: results_above(
            table,
            parts_height(bearers, pairs),
            lambda: write_unit_workings(table, inputs, capacity, cash, stood),
            lambda workings: write_parts(table, cash, workings),
        ),
        lambda made: _results(table, capacity, *made),
    )
    table.finish()
    return rows


def _height(inputs: InputRows, bearers: Sequence[Bearer], pairs: Sequence[Pair]) -> int:
    """Rows that the unit costs take: blocks with a blank line, a heading and a note, if they have lines."""
    known = inputs.book.rents
    compared = [bearer for bearer in bearers if bearer.accelerator in known]
    at_sites = [bearer for bearer in bearers if bearer.where != RENTED]
    priced = [pair for pair in pairs if pair[0] in known]
    demands = {demand for _, demand in pairs}
    return sum(
        3 + len(lines) for lines in (bearers, compared, compared, bearers, at_sites, demands, pairs, priced) if lines
    )


def _block(table: Table, title: str, note: str, lines: Mapping[Key, Line]) -> dict[Key, Row]:
    if not lines:
        return {}
    table.heading(title, note)
    return {key: table.line(line) for key, line in lines.items()}


def _results(table: Table, capacity: CapacityRows, made: UnitWorkings, shares: Shares) -> UnitCostRows:
    per_hour, market = _hours(table, made, shares)
    quantities = made.quantities
    per_kw = _block(
        table, "Cost of a provisioned kW and year", "Over provisioned IT kW; of hosted systems the provider's.",
        {b: _over(b, "Cost per kW-year", "USD/kW-year", shares.present[b], q) for b, q in quantities.kw_years.items()},
    )  # fmt: skip
    per_mw = _block(
        table, "Cost of a MW at the meter and year", "Over provisioned power at the meter, PUE at peak.",
        {b: _over(b, "Cost per MW-year", "USD/MW-year", shares.present[b], q) for b, q in quantities.mw_years.items()},
    )  # fmt: skip
    return UnitCostRows(per_hour, market, per_kw, per_mw, *_work(table, capacity, made, shares, market), shares)


def _over(bearer: Bearer, label: str, unit: str, cost: Row, quantity: Row) -> Line:
    """Cost over a discounted quantity."""
    source = "running costs only" if bearer.where == FLEET else ""
    formula = Formula(f"=IFERROR({cost.total}/{quantity.total},0)")
    return Line(label, unit, bearer.accelerator, bearer.where, total=formula, source=source)


def _hours(table: Table, made: UnitWorkings, shares: Shares) -> tuple[dict[Bearer, Row], dict[Bearer, Row]]:
    """Cost of an accelerator-hour in service, the market's rent over the same hours, and the difference."""
    unit, hours = "USD/accelerator-hour", made.quantities.hours
    lines = {b: _over(b, "Cost per accelerator-hour", unit, shares.present[b], row) for b, row in hours.items()}
    per_hour = _block(table, "Cost of an accelerator-hour", "In service, at work or not.", lines)
    rents = {}
    for bearer in (bearer for bearer in hours if bearer.accelerator in made.rents):
        rent, weight = made.rents[bearer.accelerator].across, hours[bearer].across
        text = f"=IFERROR(SUMPRODUCT({rent},{weight})/SUMPRODUCT(({rent}>0)*{weight}),0)"
        line = Line("Market's rent", unit, bearer.accelerator, bearer.where, total=Formula(text))
        rents[bearer] = replace(line, source=made.sources[bearer.accelerator])
    note = (
        "Over the same hours: the cheapest hosted offer in each period, whatever its term, whether allowed here or not."
    )
    market = _block(table, "Market's rent of an accelerator-hour", note, rents)
    gaps = {}
    for bearer, row in market.items():
        gap = f"({per_hour[bearer].total}-{row.total})"
        formula = Formula(f"=IF({row.total}=0,0,(ABS{gap}>tolerance_quantity)*{gap})")
        gaps[bearer] = Line("Cost less market's rent", unit, bearer.accelerator, bearer.where, total=formula)
    _block(table, "Cost less the market's rent", "Positive: renting an hour would have cost less.", gaps)
    return per_hour, market


def _work(
    table: Table,
    capacity: CapacityRows,
    made: UnitWorkings,
    shares: Shares,
    market: dict[Bearer, Row],
) -> tuple[dict[str, Row], dict[Pair, Row], dict[Pair, Row]]:
    """Cost of a unit of work by demand, by accelerator and demand, and the latter at the market's rent."""
    facts = table.book.facts
    lines = {
        demand: _unit_line(facts, demand, "", row, capacity.done[demand], made)
        for demand, row in shares.demands.items()
    }
    note = "Of the work done, as the workload measures it: a PFLOP-hour is useful work, not the peak of a data sheet."
    per_unit = _block(table, "Cost of a unit of work", note, lines)
    of_pairs = {}
    for pair, row in shares.pairs.items():
        line = _unit_line(facts, pair[1], pair[0], row, made.work[pair], made)
        of_pairs[pair] = replace(line, source=_throughput(facts, pair))
    by_pair = _block(
        table, "Cost of a unit of work, by accelerator", "Of accelerators with orders and fleet.", of_pairs
    )
    return per_unit, by_pair, _at_market(table, made, shares, market, by_pair, of_pairs)


def _unit_line(facts: Facts, demand: str, accelerator: str, cost: Row, work: Row, made: UnitWorkings) -> Line:
    """Cost over work done: per PFLOP-hour where it is counted in TFLOP/s, else per million."""
    unit = unit_of(facts, demand)
    factor = made.pflop_hours if unit == TFLOPS else made.millions
    name = COMPUTE if unit == TFLOPS else f"million {unit.removesuffix('/s')}"
    text = f"=IFERROR({cost.total}/(SUMPRODUCT({work.across},{made.mid.across})*{factor.constant}),0)"
    unit = "USD/PFLOP-hour" if unit == TFLOPS else "USD/million"
    return Line(f"Per {name}, {demand}", unit, accelerator, total=Formula(text))


def _throughput(facts: Facts, pair: Pair) -> str:
    """What the work rate of an accelerator rests on."""
    workload = facts.scenario["demand"][pair[1]]["workload"]
    given = facts.catalog["throughput"][pair[0]][workload]
    return ", ".join(filter(None, (str(given.get("precision", "")), str(given.get("basis", "")))))


def _at_market(
    table: Table,
    made: UnitWorkings,
    shares: Shares,
    market: dict[Bearer, Row],
    by_pair: dict[Pair, Row],
    lines: dict[Pair, Line],
) -> dict[Pair, Row]:
    """The same work if all hours of the accelerator were rented."""
    found = {}
    for pair, row in by_pair.items():
        bearers = [bearer for bearer in market if bearer.accelerator == pair[0]]
        if bearers:
            rented = [down([rows[b] for b in bearers], "$F") for rows in (market, made.quantities.hours)]
            cost = f"SUM({down([shares.present[b] for b in bearers], '$F')})"
            formula = Formula(f"=IFERROR({row.total}*SUMPRODUCT({rented[0]},{rented[1]})/{cost},0)")
            line = lines[pair]
            found[pair] = replace(line, place=AT_MARKET, total=formula, source="")
    return _block(
        table, "Cost of a unit of work, at the market's rent", "The same work on hours that are rented.", found
    )
