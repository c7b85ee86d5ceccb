"""The part of Unit costs behind its results: hours and power discounted, the market's rent, accelerators at work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from optimizer.workbook.sheets.bearer_costs import BearerCost, write_costs
from optimizer.workbook.sheets.bearers import RENTED, Bearer, Draws, Stood, write_draws
from optimizer.workbook.sheets.capacity import Task
from optimizer.workbook.sheets.carriers import CapacityRows
from optimizer.workbook.sheets.cash_carriers import CashRows
from optimizer.workbook.sheets.inputs import InputRows
from optimizer.workbook.sheets.market import MarketOffer
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.lines import SUM, Line
from optimizer.workbook.writing.references import Row, down, sum_down
from optimizer.workbook.writing.table import Table

Pair = tuple[str, str]
"""An accelerator and a demand."""


@dataclass(frozen=True)
class Quantities:
    """By bearer and period, discounted: accelerator-hours, kW-years and, at our sites, MW-years at the meter."""

    hours: dict[Bearer, Row]
    kw_years: dict[Bearer, Row]
    mw_years: dict[Bearer, Row]


@dataclass(frozen=True)
class UnitWorkings:
    """What the results are made from.

    `rents` is the market's rent by accelerator and period; `at_work` accelerators and `work` per second by pair;
    `busy` accelerators at work on all demands. `sources` names the offers that set the market's rent. The last two
    hold, as constants, the PFLOP-hours and the millions that one unit a second makes in a period.
    """

    mid: Row
    end: Row
    costs: dict[Bearer, BearerCost]
    quantities: Quantities
    rents: dict[str, Row]
    sources: dict[str, str]
    at_work: dict[Pair, Row]
    work: dict[Pair, Row]
    busy: dict[str, Row]
    pflop_hours: Row
    millions: Row


def pairs_of(capacity: CapacityRows) -> list[Pair]:
    """Accelerators and the demands that they work on, an accelerator's demands together."""
    return sorted({(task.accelerator, task.demand) for task in capacity.tasks})


def write_unit_workings(
    table: Table, inputs: InputRows, capacity: CapacityRows, cash: CashRows, stood: Sequence[Stood]
) -> UnitWorkings:
    """The lines behind the results, block by block."""
    mid, end = _factors(table, cash)
    pflop_hours, millions = _units(table)
    draws = write_draws(table, inputs, stood)
    bearers = list(dict.fromkeys(stood.bearer for stood in draws.systems))
    quantities = _quantities(table, draws, bearers, mid)
    rents = _rents(table, inputs)
    at_work, work, busy = _work(table, capacity)
    costs = write_costs(table, inputs, cash, draws, bearers)
    sources = {accelerator: _source(market) for accelerator, market in inputs.book.rents.items()}
    return UnitWorkings(mid, end, costs, quantities, rents, sources, at_work, work, busy, pflop_hours, millions)


def _source(market: Mapping[MarketOffer, Row]) -> str:
    names = [each.offer for each in market]
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more, see below"


def _factors(table: Table, cash: CashRows) -> tuple[Row, Row]:
    table.heading("Discount factors", "From Cash: flows and quantities of a period at its middle, residual at its end.")
    mid = table.line(Line("Discount factor, mid-period", "factor", periods=Formula(f"={cash.mid.now}")))
    end = table.line(Line("Discount factor, end of period", "factor", periods=Formula(f"={cash.end.now}")))
    return mid, end


def _units(table: Table) -> tuple[Row, Row]:
    table.heading("Units of work in a period")
    rows = []
    for label, text in (
        ("PFLOP-hours of one TFLOP/s", "=hours_per_period/tflop_per_pflop"),
        ("Millions of one a second", "=hours_per_period*seconds_per_hour/units_per_million"),
    ):
        rows.append(table.line(Line(label, "ratio", constant=Formula(text))))
    return rows[0], rows[1]


def _quantities(table: Table, draws: Draws, bearers: Sequence[Bearer], mid: Row) -> Quantities:
    table.heading("Accelerator-hours, discounted", "Accelerators in service, at work or not, times hours.")
    hours = {}
    for bearer in bearers:
        rows = draws.of(bearer, draws.systems)
        text = f"=SUMPRODUCT({down(rows, '$E')},{down(rows)})*hours_per_period*{mid.now}"
        hours[bearer] = table.line(_quantity(bearer, "Accelerator-hours", "accelerator-hours", text))
    table.heading("Provisioned kW-years, discounted", "Of hosted systems: the provider's kW.")
    kw_years = {}
    for bearer in bearers:
        text = f"{sum_down(draws.of(bearer, draws.provisioned))}/periods_per_year*{mid.now}"
        kw_years[bearer] = table.line(_quantity(bearer, "Provisioned kW-years", "kW-years", text))
    table.heading("MW-years at the meter, discounted", "At our sites, at the PUE at peak.")
    mw_years = {}
    for bearer in (bearer for bearer in bearers if bearer.where != RENTED):
        text = f"{sum_down(draws.of(bearer, draws.meter))}/periods_per_year*{mid.now}"
        mw_years[bearer] = table.line(_quantity(bearer, "MW-years at the meter", "MW-years", text))
    return Quantities(hours, kw_years, mw_years)


def _quantity(bearer: Bearer, label: str, unit: str, text: str) -> Line:
    return Line(label, unit, bearer.accelerator, bearer.where, total=SUM, periods=Formula(text))


def _rents(table: Table, inputs: InputRows) -> dict[str, Row]:
    """The cheapest rent of each accelerator by period; zero where nothing may be ordered."""
    market = inputs.book.rents
    if not market:
        return {}
    table.heading(
        "Market's rent by offer", "Hosted offers that are the cheapest in some period; zero: not to be had then."
    )
    offers: dict[str, list[Row]] = {}
    for accelerator, rents in market.items():
        offers[accelerator] = []
        for each, row in rents.items():
            opened = inputs.book.open.get(each.offer)
            text = f"={row.now}*{opened.now}" if opened else f"={row.now}"
            line = Line("Market's rent", "USD/accelerator-hour", each.offer, periods=Formula(text))
            offers[accelerator].append(table.line(line))
    table.heading("Market's rent, the cheapest in the period", "Zero: none known.")
    rows = {}
    for accelerator, lines in offers.items():
        cells = down(lines)
        text = f"=IFERROR(SMALL({cells},1+SUMPRODUCT(({cells}=0)*1)),0)"
        rows[accelerator] = table.line(
            Line("Cheapest rent", "USD/accelerator-hour", accelerator, periods=Formula(text))
        )
    return rows


def _work(table: Table, capacity: CapacityRows) -> tuple[dict[Pair, Row], dict[Pair, Row], dict[str, Row]]:
    """Accelerators at work and the work they do, an accelerator's demands together."""
    tasks: dict[Pair, list[Task]] = {}
    for task in capacity.tasks:
        tasks.setdefault((task.accelerator, task.demand), []).append(task)
    if not tasks:
        return {}, {}, {}
    pairs = pairs_of(capacity)
    note = "Assigned by the optimiser; does not follow an override. Constant of Capacity: accelerators in a system."
    table.heading("Accelerators at work", note)
    at_work = {}
    for pair in pairs:
        sizes = down([capacity.tasks[task] for task in tasks[pair]], "$E")
        text = f"=SUMPRODUCT({sizes},{down([capacity.at_work[task] for task in tasks[pair]])})"
        at_work[pair] = table.line(replace(_pair(pair, "At work on", "accelerators"), periods=Formula(text)))
    table.heading("Work done", "Per second, in the unit of the workload, at the throughput on Inputs.")
    work = {}
    for pair in pairs:
        formula = sum_down([capacity.tasks[task] for task in tasks[pair]])
        work[pair] = table.line(replace(_pair(pair, "Work done on", "units/s"), periods=formula))
    table.heading("Accelerators at work, all demands")
    busy = {}
    for accelerator in dict.fromkeys(accelerator for accelerator, _ in pairs):
        rows = [at_work[pair] for pair in pairs if pair[0] == accelerator]
        busy[accelerator] = table.line(Line("At work", "accelerators", accelerator, periods=sum_down(rows)))
    return at_work, work, busy


def _pair(pair: Pair, label: str, unit: str) -> Line:
    return Line(f"{label} {pair[1]}", unit, pair[0])
