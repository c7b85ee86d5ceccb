"""The part of Unit costs behind its results: hours and power discounted, the market's rent, accelerators at work."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from optimizer.workbook.facts import Facts
from optimizer.workbook.sheets.book_inputs import MarketOffer, market_of, market_rent
from optimizer.workbook.sheets.buy_or_rent import buying_workings
from optimizer.workbook.sheets.capacity import Task, tasks_of
from optimizer.workbook.sheets.input_offers import listed
from optimizer.workbook.sheets.unit_accelerators import RENTED, Bearer, Stood, bearer_costs, bearers_of, draws, rows_of
from optimizer.workbook.writing.lines import SUM, Line, Of, Section, filled, line_of
from optimizer.workbook.writing.references import at, down, key_of, of_each, sum_down


class Pair(NamedTuple):
    """An accelerator and a demand that it works on."""

    accelerator: str
    demand: str

    @property
    def id(self) -> str:
        """Its name in the keys of lines."""
        return f"{self.accelerator}/{self.demand}"

    @property
    def suffix(self) -> str:
        return f" {self.demand}"

    @property
    def item(self) -> str:
        return self.accelerator

    @property
    def place(self) -> str:
        return ""


def pairs_of(facts: Facts) -> list[Pair]:
    """Accelerators and the demands that they work on, an accelerator's demands together."""
    return sorted({Pair(task.accelerator, task.demand) for task in tasks_of(facts)})


def unit_workings(facts: Facts, stood: Sequence[Stood]) -> Iterator[Section]:
    """The lines behind the results, block by block."""
    bearers = bearers_of(stood)
    note = "From Cash: flows and quantities of a period at its middle, residual at its end."
    yield Section("Discount factors", note, [
        Line(f"Discount factor, {label}", "factor", periods=f"={at('discount factor', when)}",
             key=key_of("unit costs", when))
        for label, when in (("mid-period", "mid"), ("end of period", "end"))
    ])  # fmt: skip
    yield Section("Units of work in a period", lines=[
        Line("PFLOP-hours of one TFLOP/s", "ratio", constant="=hours_per_period/tflop_per_pflop",
             key=key_of("units of work", "PFLOP-hours")),
        Line("Millions of one a second", "ratio", key=key_of("units of work", "millions"),
             constant="=hours_per_period*seconds_per_hour/units_per_million"),
    ])  # fmt: skip
    yield from draws(facts, stood)
    yield from _quantities(stood, bearers)
    yield from _rents(facts)
    yield from _work(facts)
    yield from (bearer_costs(facts, stood, bearer) for bearer in bearers)
    yield from buying_workings(facts, stood)


def _quantities(stood: Sequence[Stood], bearers: Sequence[Bearer]) -> Iterator[Section]:
    """By bearer and period, discounted: accelerator-hours, kW-years and, at our sites, MW-years at the meter."""
    ours = [bearer for bearer in bearers if bearer.place != RENTED]
    hours = "SUMPRODUCT({0},{1})*hours_per_period"
    for label, unit, note, of, what, amount in (
        ("Accelerator-hours", "accelerator-hours", "Accelerators in service, at work or not, times hours.",
         bearers, "systems", hours),
        ("Provisioned kW-years", "kW-years", "Of hosted systems: the provider's kW.",
         bearers, "provisioned", "SUM({1})/periods_per_year"),
        ("MW-years at the meter", "MW-years", "At our sites, at the PUE at peak.",
         ours, "at the meter", "SUM({1})/periods_per_year"),
    ):  # fmt: skip
        yield Section(f"{label}, discounted", note, [
            line_of(bearer, label, unit, what=unit, total=SUM,
                    periods=f"={amount.format(down(rows, '$E'), down(rows))}*{{/unit costs/mid}}")
            for bearer in of
            for rows in [rows_of(bearer, stood, what)]
        ])  # fmt: skip


def source_of(offers: Sequence[MarketOffer]) -> str:
    """The offers that set the market's rent, in words."""
    first = offers[0].offer
    return first if len(offers) == 1 else f"{first} and {len(offers) - 1} more, see below"


def _rents(facts: Facts) -> Iterator[Section]:
    """The cheapest rent of each accelerator by period; zero where nothing may be ordered."""
    market, unit = market_of(facts), "USD/accelerator-hour"
    note = "Hosted offers that are the cheapest in some period; zero: not to be had then."
    yield from filled("Market's rent by offer", note, [
        line_of(Of(each.offer), "Market's rent", unit, what="rent on the market",
                periods=f"={market_rent(facts, each.offer)}" + "*{market's rent open}" * (each.offer in listed(facts)))
        for offers in market.values() for each in offers
    ])  # fmt: skip
    yield from filled("Market's rent, the cheapest in the period", "Zero: none known.", [
        line_of(Of(accelerator), "Cheapest rent", unit,
                periods=f"=IFERROR(SMALL({rents},1+SUMPRODUCT(({rents}=0)*1)),0)")
        for accelerator, offers in market.items()
        for rents in [down([at("rent on the market", each.offer) for each in offers])]
    ])  # fmt: skip


def _work(facts: Facts) -> Iterator[Section]:
    """Accelerators at work and the work they do, an accelerator's demands together."""
    tasks: dict[Pair, list[Task]] = {pair: [] for pair in pairs_of(facts)}
    for task in tasks_of(facts):
        tasks[Pair(task.accelerator, task.demand)].append(task)
    note = "Assigned by the optimiser; does not follow an override. Constant of Capacity: accelerators in a system."
    yield from filled("Accelerators at work", note, [
        line_of(pair, "At work on", "accelerators", periods=f"=SUMPRODUCT({sizes},{systems})")
        for pair, own in tasks.items()
        for sizes in [down(of_each("work", own), "$E")]
        for systems in [down(of_each("at work", own))]
    ])  # fmt: skip
    note = "Per second, in the unit of the workload, at the throughput on Inputs."
    yield from filled("Work done", note, [
        line_of(pair, "Work done on", "units/s", periods=sum_down(of_each("work", own)))
        for pair, own in tasks.items()
    ])  # fmt: skip
    yield from filled("Accelerators at work, all demands", lines=[
        line_of(Of(accelerator), "At work", "accelerators", what="busy",
                periods=sum_down([at("at work on", pair) for pair in tasks if pair.accelerator == accelerator]))
        for accelerator in dict.fromkeys(accelerator for accelerator, _ in tasks)
    ])  # fmt: skip
