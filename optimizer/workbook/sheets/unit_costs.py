"""Unit costs: an accelerator-hour, a kW, a MW and a unit of work, beside the market's rent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from optimizer.workbook.facts import Facts
from optimizer.workbook.sheets.input_work import unit_of
from optimizer.workbook.sheets.market import market_of
from optimizer.workbook.sheets.unit_accelerators import FLEET, RENTED, Bearer, bearers_of, stood_of
from optimizer.workbook.sheets.unit_parts import MID, demands_of, parts, present, present_of, unit_checks
from optimizer.workbook.sheets.unit_workings import Pair, pairs_of, source_of, unit_workings
from optimizer.workbook.writing.lines import Line, Section, line_of
from optimizer.workbook.writing.references import Row, at, down, key_of
from optimizer.workbook.writing.time_sheet import TimeSheet

NOTES = (
    "Levelised: the present value of all cost less residual value, over the quantity discounted alike; the constant "
    "price that would pay for it.",
    "Deposits sunk before the horizon and what the fleet once cost are in no figure. A dash: nothing to divide by.",
)
LONGEST_LABEL = len("Per million sample, ")
AT_MARKET = "at market"
COMPUTE, TFLOPS = "PFLOP-hour", "TFLOP/s"
PER_HOUR = "USD/accelerator-hour"


def unit_costs(facts: Facts) -> TimeSheet:
    """Unit costs, then cost by accelerator and work, then workings."""
    stood = stood_of(facts)
    bearers = bearers_of(stood)
    results = [*_hours(facts, bearers), *_power(bearers), *_work(facts, bearers)]
    sections = [
        Section("", more=NOTES), *(section for section in results if section.lines),
        *parts(facts, bearers), *unit_workings(facts, stood),
    ]  # fmt: skip
    longest = LONGEST_LABEL + max(map(len, facts.scenario.get("demand", ())), default=0)
    heading = "Unit costs: levelised, beside the market's rent"
    checks = unit_checks(facts, bearers)
    return TimeSheet("Unit costs", heading, "806000", sections, checks, money=True, longest=longest)


def _over(bearer: Bearer, label: str, unit: str, quantity: str) -> Line:
    """Cost over a discounted quantity."""
    source = "running costs only" if bearer.where == FLEET else ""
    cost = f"=IFERROR({present(bearer).total}/{at(quantity, bearer).total},0)"
    return line_of(bearer, label, unit, total=cost, source=source)


def _hours(facts: Facts, bearers: Sequence[Bearer]) -> Iterator[Section]:
    """Cost of an accelerator-hour in service, the market's rent over the same hours, and the difference."""
    lines = [_over(bearer, "Cost per accelerator-hour", PER_HOUR, "accelerator-hours") for bearer in bearers]
    yield Section("Cost of an accelerator-hour", "In service, at work or not.", lines)
    market = market_of(facts)
    compared = [bearer for bearer in bearers if bearer.accelerator in market]
    note = (
        "Over the same hours: the cheapest hosted offer in each period, whatever its term, whether allowed here or not."
    )
    yield Section("Market's rent of an accelerator-hour", note, [
        line_of(bearer, "Market's rent", PER_HOUR, total=_rent(bearer), source=source_of(market[bearer.accelerator]))
        for bearer in compared
    ])  # fmt: skip
    lines = [line_of(bearer, "Cost less market's rent", PER_HOUR, total=_gap(bearer)) for bearer in compared]
    yield Section("Cost less the market's rent", "Positive: renting an hour would have cost less.", lines)


def _rent(bearer: Bearer) -> str:
    rent, hours = at("cheapest rent", bearer.accelerator).across, at("accelerator-hours", bearer).across
    return f"=IFERROR(SUMPRODUCT({rent},{hours})/SUMPRODUCT(({rent}>0)*{hours}),0)"


def _gap(bearer: Bearer) -> str:
    rent = at("market's rent", bearer).total
    gap = f"({at('cost per accelerator-hour', bearer).total}-{rent})"
    return f"=IF({rent}=0,0,(ABS{gap}>tolerance_quantity)*{gap})"


def _power(bearers: Sequence[Bearer]) -> Iterator[Section]:
    note = "Over provisioned IT kW; of hosted systems the provider's."
    lines = [_over(bearer, "Cost per kW-year", "USD/kW-year", "kW-years") for bearer in bearers]
    yield Section("Cost of a provisioned kW and year", note, lines)
    at_sites = [bearer for bearer in bearers if bearer.where != RENTED]
    lines = [_over(bearer, "Cost per MW-year", "USD/MW-year", "MW-years") for bearer in at_sites]
    note = "Over provisioned power at the meter, PUE at peak."
    yield Section("Cost of a MW at the meter and year", note, lines)


def _work(facts: Facts, bearers: Sequence[Bearer]) -> Iterator[Section]:
    """Cost of a unit of work by demand, by accelerator and demand, and the latter at the market's rent."""
    pairs, market = pairs_of(facts), market_of(facts)
    note = "Of the work done, as the workload measures it: a PFLOP-hour is useful work, not the peak of a data sheet."
    lines = [_of_demand(facts, demand) for demand in demands_of(pairs)]
    yield Section("Cost of a unit of work", note, lines)
    lines = [_of_pair(facts, pair) for pair in pairs]
    yield Section("Cost of a unit of work, by accelerator", "Of accelerators with orders and fleet.", lines)
    lines = [_at_market(facts, pair, bearers) for pair in pairs if pair[0] in market]
    yield Section("Cost of a unit of work, at the market's rent", "The same work on hours that are rented.", lines)


def _per_unit(facts: Facts, demand: str) -> tuple[str, str]:
    """Label and unit of a unit of work: a PFLOP-hour where it is counted in TFLOP/s, else a million."""
    unit = unit_of(facts, demand)
    if unit == TFLOPS:
        return f"Per {COMPUTE}, {demand}", f"USD/{COMPUTE}"
    return f"Per million {unit.removesuffix('/s')}, {demand}", "USD/million"


def _cost(facts: Facts, demand: str, cost: Row, work: Row) -> str:
    """Cost over work done."""
    factor = at("units of work", "PFLOP-hours" if unit_of(facts, demand) == TFLOPS else "millions").constant
    return f"=IFERROR({cost.total}/(SUMPRODUCT({work.across},{MID.across})*{factor}),0)"


def _of_demand(facts: Facts, demand: str) -> Line:
    return Line(*_per_unit(facts, demand), total=_cost(facts, demand, present(demand), at("done", demand)))


def _of_pair(facts: Facts, pair: Pair) -> Line:
    accelerator, demand = pair
    cost = _cost(facts, demand, present(pair), at("Work done on", *pair))
    return Line(*_per_unit(facts, demand), accelerator, total=cost, source=_throughput(facts, pair),
                key=key_of("cost per unit", *pair))  # fmt: skip


def _throughput(facts: Facts, pair: Pair) -> str:
    """What the work rate of an accelerator rests on."""
    workload = facts.scenario["demand"][pair[1]]["workload"]
    given = facts.catalog["throughput"][pair[0]][workload]
    return ", ".join(filter(None, (str(given.get("precision", "")), str(given.get("basis", "")))))


def _at_market(facts: Facts, pair: Pair, bearers: Sequence[Bearer]) -> Line:
    """The same work if all hours of the accelerator were rented."""
    accelerator, demand = pair
    own = [bearer for bearer in bearers if bearer.accelerator == accelerator]
    rent, hours = (down([at(what, bearer) for bearer in own], "$F") for what in ("market's rent", "accelerator-hours"))
    own_cost = at("cost per unit", *pair).total
    cost = f"=IFERROR({own_cost}*SUMPRODUCT({rent},{hours})/{present_of(accelerator, bearers)},0)"
    return Line(*_per_unit(facts, demand), accelerator, AT_MARKET, total=cost)
