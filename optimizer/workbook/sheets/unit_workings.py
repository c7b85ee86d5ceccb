"""The part of Unit costs behind its results: hours and power discounted, the market's rent, accelerators at work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from optimizer.workbook.facts import Facts
from optimizer.workbook.sheets.book_inputs import market_rent
from optimizer.workbook.sheets.capacity import Task, tasks_of
from optimizer.workbook.sheets.market import MarketOffer, market_of
from optimizer.workbook.sheets.unit_accelerators import RENTED, Bearer, Stood, bearer_costs, bearers_of, draws, rows_of
from optimizer.workbook.writing.lines import SUM, Line, Section
from optimizer.workbook.writing.references import at, down, key_of, sum_down, summed

Pair = tuple[str, str]
"""An accelerator and a demand."""


def pairs_of(facts: Facts) -> list[Pair]:
    """Accelerators and the demands that they work on, an accelerator's demands together."""
    return sorted({(task.accelerator, task.demand) for task in tasks_of(facts)})


def unit_workings(facts: Facts, stood: Sequence[Stood]) -> Iterator[Section]:
    """The lines behind the results, block by block."""
    bearers = bearers_of(stood)
    yield _factors()
    yield _units()
    yield from draws(facts, stood)
    yield from _quantities(stood, bearers)
    yield from _rents(facts)
    yield from _work(facts)
    yield from (bearer_costs(facts, stood, bearer) for bearer in bearers)


def _factors() -> Section:
    mid, end = at("discount factor", "mid").now, at("discount factor", "end").now
    note = "From Cash: flows and quantities of a period at its middle, residual at its end."
    return Section("Discount factors", note, [
        Line("Discount factor, mid-period", "factor", periods=f"={mid}", key=key_of("unit costs", "mid")),
        Line("Discount factor, end of period", "factor", periods=f"={end}", key=key_of("unit costs", "end")),
    ])  # fmt: skip


def _units() -> Section:
    return Section("Units of work in a period", lines=[
        Line("PFLOP-hours of one TFLOP/s", "ratio", constant="=hours_per_period/tflop_per_pflop",
             key=key_of("units of work", "PFLOP-hours")),
        Line("Millions of one a second", "ratio", key=key_of("units of work", "millions"),
             constant="=hours_per_period*seconds_per_hour/units_per_million"),
    ])  # fmt: skip


def _quantities(stood: Sequence[Stood], bearers: Sequence[Bearer]) -> Iterator[Section]:
    """By bearer and period, discounted: accelerator-hours, kW-years and, at our sites, MW-years at the meter."""
    note = "Accelerators in service, at work or not, times hours."
    yield Section("Accelerator-hours, discounted", note, [
        _quantity(bearer, "Accelerator-hours", "accelerator-hours",
                  f"SUMPRODUCT({down(rows, '$E')},{down(rows)})*hours_per_period")
        for bearer in bearers
        for rows in [rows_of(bearer, stood, "systems")]
    ])  # fmt: skip
    yield Section("Provisioned kW-years, discounted", "Of hosted systems: the provider's kW.", [
        _quantity(bearer, "Provisioned kW-years", "kW-years",
                  f"{summed(rows_of(bearer, stood, 'provisioned'))}/periods_per_year")
        for bearer in bearers
    ])  # fmt: skip
    yield Section("MW-years at the meter, discounted", "At our sites, at the PUE at peak.", [
        _quantity(bearer, "MW-years at the meter", "MW-years",
                  f"{summed(rows_of(bearer, stood, 'at the meter'))}/periods_per_year")
        for bearer in bearers if bearer.where != RENTED
    ])  # fmt: skip


def _quantity(bearer: Bearer, label: str, unit: str, amount: str) -> Line:
    return Line(label, unit, bearer.accelerator, bearer.where, total=SUM, key=key_of(unit, bearer),
                periods=f"={amount}*{at('unit costs', 'mid')}")  # fmt: skip


def source_of(offers: Sequence[MarketOffer]) -> str:
    """The offers that set the market's rent, in words."""
    first = offers[0].offer
    return first if len(offers) == 1 else f"{first} and {len(offers) - 1} more, see below"


def _rents(facts: Facts) -> Iterator[Section]:
    """The cheapest rent of each accelerator by period; zero where nothing may be ordered."""
    market = market_of(facts)
    if not market:
        return
    note = "Hosted offers that are the cheapest in some period; zero: not to be had then."
    lines = [_rent(facts, each) for offers in market.values() for each in offers]
    yield Section("Market's rent by offer", note, lines)
    yield Section("Market's rent, the cheapest in the period", "Zero: none known.", _cheapest(market))


def _rent(facts: Facts, each: MarketOffer) -> Line:
    rent, opened = market_rent(facts, each.offer).now, at("market's rent open", each.offer).now
    return Line("Market's rent", "USD/accelerator-hour", each.offer, key=key_of("rent on the market", each.offer),
                periods=f"={rent}*{opened}" if each.offer in facts.offers else f"={rent}")  # fmt: skip


def _cheapest(market: Mapping[str, Sequence[MarketOffer]]) -> list[Line]:
    return [
        Line("Cheapest rent", "USD/accelerator-hour", accelerator, key=key_of("cheapest rent", accelerator),
             periods=f"=IFERROR(SMALL({rents},1+SUMPRODUCT(({rents}=0)*1)),0)")
        for accelerator, offers in market.items()
        for rents in [down([at("rent on the market", each.offer) for each in offers])]
    ]  # fmt: skip


def _work(facts: Facts) -> Iterator[Section]:
    """Accelerators at work and the work they do, an accelerator's demands together."""
    tasks: dict[Pair, list[Task]] = {pair: [] for pair in pairs_of(facts)}
    for task in tasks_of(facts):
        tasks[task.accelerator, task.demand].append(task)
    if not tasks:
        return
    note = "Assigned by the optimiser; does not follow an override. Constant of Capacity: accelerators in a system."
    yield Section("Accelerators at work", note, [
        _pair(pair, "At work on", "accelerators", f"=SUMPRODUCT({sizes},{systems})")
        for pair, own in tasks.items()
        for sizes in [down([at("work", task) for task in own], "$E")]
        for systems in [down([at("at work", task) for task in own])]
    ])  # fmt: skip
    note = "Per second, in the unit of the workload, at the throughput on Inputs."
    yield Section("Work done", note, [
        _pair(pair, "Work done on", "units/s", sum_down([at("work", task) for task in own]))
        for pair, own in tasks.items()
    ])  # fmt: skip
    yield Section("Accelerators at work, all demands", lines=[
        Line("At work", "accelerators", accelerator, key=key_of("busy", accelerator),
             periods=sum_down([at("At work on", *pair) for pair in tasks if pair[0] == accelerator]))
        for accelerator in dict.fromkeys(accelerator for accelerator, _ in tasks)
    ])  # fmt: skip


def _pair(pair: Pair, label: str, unit: str, periods: str) -> Line:
    return Line(f"{label} {pair[1]}", unit, pair[0], periods=periods, key=key_of(label, *pair))
