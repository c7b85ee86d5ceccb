"""Unit costs: an accelerator-hour, a kW, a MW and a unit of work, beside the market's rent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from optimizer.formulation.register import COST_LINES
from optimizer.workbook.decisions import ENGINEER, EXPAND, decisions_of
from optimizer.workbook.facts import Facts
from optimizer.workbook.points import evidence_of
from optimizer.workbook.sheets.book_inputs import market_of
from optimizer.workbook.sheets.buy_or_rent import BEFORE_TAX, buy_or_rent
from optimizer.workbook.sheets.input_work import unit_of
from optimizer.workbook.sheets.unit_accelerators import FLEET, OURS, RENTED, Bearer, bearers_of, has_residual, stood_of
from optimizer.workbook.sheets.unit_workings import Pair, pairs_of, source_of, unit_workings
from optimizer.workbook.writing.lines import Check, Line, Section, filled, line_of, lines_of
from optimizer.workbook.writing.references import HERE, Row, at, down, key_of, of_each, sum_down, summed
from optimizer.workbook.writing.styles import Role
from optimizer.workbook.writing.time_sheet import TimeSheet

NOTES = (
    "Levelised: the present value of all cost less residual value, over the quantity discounted alike; the constant "
    "price that would pay for it.",
    "Deposits sunk before the horizon and what the fleet once cost are in no figure. A dash: nothing to divide by.",
)
LONGEST_LABEL = len("Per million sample, ")
AT_MARKET, KEPT, GROSS = "at market", "residual kept", "present value before residual of"
COMPUTE, TFLOPS = "PFLOP-hour", "TFLOP/s"
PER_HOUR, HOURS = "USD/accelerator-hour", "{accelerator-hours.across}"
FALLS_ON = ("software", "work", "site", "frame", "profit")
REST = sorted((record for record in COST_LINES if record.unborne), key=lambda record: FALLS_ON.index(record.falls_on))
"""Costs that fall on no accelerator."""
MID, END = at("unit costs", "mid"), at("unit costs", "end")


def unit_costs(facts: Facts) -> TimeSheet:
    """Unit costs, then cost by accelerator and work, then workings."""
    stood = stood_of(facts)
    bearers = bearers_of(stood)
    results = [
        *_hours(facts, bearers), *buy_or_rent(facts, stood), *_work(facts, bearers), *_power(bearers),
    ]  # fmt: skip
    sections = [
        Section("", more=[*NOTES, *[BEFORE_TAX] * facts.taxed]),
        *(section for section in results if section.lines or section.more),
        *_parts(facts, bearers), *unit_workings(facts, stood),
    ]  # fmt: skip
    longest = LONGEST_LABEL + max(map(len, facts.scenario.get("demand", ())), default=0)
    heading = "Unit costs: levelised, beside the market's rent"
    checks = _checks(facts, bearers)
    return TimeSheet("Unit costs", heading, "806000", sections, checks, money=True, longest=longest)


def _over(bearers: Iterable[Bearer], label: str, unit: str, quantity: str, of: str = "present value of") -> list[Line]:
    """Cost over a discounted quantity."""
    return [
        line_of(bearer, label, unit, total=f"=IFERROR({{{of}.total}}/{{{quantity}.total}},0)",
                what="gross cost per accelerator-hour" if of == GROSS else label.lower(),
                source="running costs only" if bearer.place == FLEET else "")
        for bearer in bearers
    ]  # fmt: skip


def _hours(facts: Facts, bearers: Sequence[Bearer]) -> Iterator[Section]:
    """Cost of an accelerator-hour in service, with and without residual, the market's rent, and the difference."""
    lines = _over(bearers, "Cost per accelerator-hour", PER_HOUR, "accelerator-hours")
    yield Section("Cost of an accelerator-hour, all in", "In service, at work or not; residual value deducted.", lines)
    lines = _over(bearers, "Cost per accelerator-hour, residual not deducted", PER_HOUR, "accelerator-hours", GROSS)
    yield Section(
        "Cost of an accelerator-hour, residual value not deducted", "What it costs if nothing is left.", lines
    )
    market = market_of(facts)
    compared = [bearer for bearer in bearers if bearer.item in market]
    note = (
        "Over the same hours: the cheapest on-demand offer in each period, whether allowed here or not; the cheapest "
        "hosted offer of any term where there is none on demand."
    )
    yield Section("Market's rent of an accelerator-hour", note, [
        line_of(bearer, "Market's rent", PER_HOUR, source=source_of(market[bearer.item]),
                total=f"=IFERROR(SUMPRODUCT({rent},{HOURS})/SUMPRODUCT(({rent}>0)*{HOURS}),0)")
        for bearer in compared
        for rent in [at("cheapest rent", bearer.item).across]
    ])  # fmt: skip
    gap = "({cost per accelerator-hour.total}-{market's rent.total})"
    yield Section("Cost less the market's rent", "Positive: renting an hour would have cost less.", lines_of(
        compared, "Cost less market's rent", PER_HOUR,
        total=f"=IF({{market's rent.total}}=0,0,(ABS{gap}>tolerance_quantity)*{gap})",
    ))  # fmt: skip


def _power(bearers: Sequence[Bearer]) -> Iterator[Section]:
    at_sites = [bearer for bearer in bearers if bearer.place != RENTED]
    yield Section("Cost of a provisioned kW and year", "Over provisioned IT kW; of hosted systems the provider's.",
                  _over(bearers, "Cost per kW-year", "USD/kW-year", "kW-years"))  # fmt: skip
    yield Section("Cost of a MW at the meter and year", "Over provisioned power at the meter, PUE at peak.",
                  _over(at_sites, "Cost per MW-year", "USD/MW-year", "MW-years"))  # fmt: skip


def _work(facts: Facts, bearers: Sequence[Bearer]) -> Iterator[Section]:
    """Cost of a unit of work by demand, by accelerator and demand, and the latter at the market's rent."""
    pairs, market = pairs_of(facts), market_of(facts)
    note = "Of the work done, as the workload measures it: a PFLOP-hour is useful work, not the peak of a data sheet."
    lines = [_of_pair(facts, pair, present(pair), "cost per unit") for pair in pairs]
    yield Section("Cost of a unit of work, by accelerator", f"{note} Of accelerators with orders and fleet.", lines)
    lines = [_of_pair(facts, pair, before_residual(pair), "gross cost per unit", KEPT) for pair in pairs]
    yield Section("Cost of a unit of work, by accelerator, residual value not deducted", lines=lines)
    lines = [_at_market(facts, pair, bearers) for pair in pairs if pair.accelerator in market]
    yield Section("Cost of a unit of work, at the market's rent", "The same work on hours that are rented.", lines)
    demands = demands_of(pairs)
    yield Section("Cost of a unit of work", "All accelerators together; all in, then residual value not deducted.", [
        *(_of_demand(facts, demand, present(demand), "net cost of a unit") for demand in demands),
        *(_of_demand(facts, demand, before_residual(demand), "gross cost of a unit", KEPT) for demand in demands),
    ])  # fmt: skip


def _of_demand(facts: Facts, demand: str, cost: Row, what: str, item: str = "") -> Line:
    return Line(*per_unit(facts, demand), place=item, total=_cost(facts, demand, cost, at("done", demand)),
                key=key_of(what, demand))  # fmt: skip


def per_unit(facts: Facts, demand: str) -> tuple[str, str]:
    """Label and unit of a unit of work: a PFLOP-hour where it is counted in TFLOP/s, else a million."""
    unit = unit_of(facts, demand)
    if unit == TFLOPS:
        return f"Per {COMPUTE}, {demand}", f"USD/{COMPUTE}"
    return f"Per million {unit.removesuffix('/s')}, {demand}", "USD/million"


def _cost(facts: Facts, demand: str, cost: Row, work: Row) -> str:
    """Cost over work done."""
    factor = at("units of work", "PFLOP-hours" if unit_of(facts, demand) == TFLOPS else "millions").constant
    return f"=IFERROR({cost.total}/(SUMPRODUCT({work.across},{MID.across})*{factor}),0)"


def _of_pair(facts: Facts, pair: Pair, cost: Row, what: str, place: str = "") -> Line:
    accelerator, demand = pair
    total = _cost(facts, demand, cost, at("work done on", pair))
    return Line(*per_unit(facts, demand), accelerator, place, total=total, source=_throughput(facts, pair),
                key=key_of(what, pair))  # fmt: skip


def _throughput(facts: Facts, pair: Pair) -> str:
    """What the work rate of an accelerator rests on."""
    points = evidence_of(facts, *pair)
    return "; ".join(dict.fromkeys(", ".join(filter(None, (point.precision, point.basis))) for point in points))


def _at_market(facts: Facts, pair: Pair, bearers: Sequence[Bearer]) -> Line:
    """The same work if all hours of the accelerator were rented."""
    accelerator, demand = pair
    own = [bearer for bearer in bearers if bearer.item == accelerator]
    rent, hours = (down(of_each(what, own), "$F") for what in ("market's rent", "accelerator-hours"))
    own_cost = at("cost per unit", pair).total
    cost = f"=IFERROR({own_cost}*SUMPRODUCT({rent},{hours})/{present_of(accelerator, bearers)},0)"
    return Line(*per_unit(facts, demand), accelerator, AT_MARKET, total=cost)


def demands_of(pairs: Sequence[Pair]) -> list[str]:
    return sorted({demand for _, demand in pairs})


def present(of: Bearer | Pair | str) -> Row:
    """The present value of cost of a bearer, of an accelerator's work on a demand, or of a demand; in the total."""
    return at("present value of", of)


def before_residual(of: Bearer | Pair | str) -> Row:
    """The same without what is left at the end."""
    return at(GROSS, of)


def present_of(accelerator: str, bearers: Sequence[Bearer], what: str = "present value of") -> str:
    """The present value of cost of an accelerator, wherever it stands."""
    return f"SUM({down([at(what, bearer) for bearer in bearers if bearer.item == accelerator], '$F')})"


def _parts(facts: Facts, bearers: Sequence[Bearer]) -> Iterator[Section]:
    """Present values by accelerator and by work, and that they are the plan's cost."""
    pairs = pairs_of(facts)
    note = "Cost at mid-period less residual at the period's end."
    yield from filled("Present value of cost, by accelerator", note, [
        _valued(bearer, "Present value of cost", total=_of_bearer(facts, bearer)) for bearer in bearers
    ])  # fmt: skip
    note = "Split by accelerators at work, discounted; time without work falls on the work done."
    yield from filled("Present value of cost, by accelerator and work", note, [
        _valued(pair, "Work on", total=f"=IFERROR({present_of(pair.accelerator, bearers)}*{_share(pair)},0)")
        for pair in pairs
    ])  # fmt: skip
    yield from filled("Present value of cost, by work", "The lines above of the same name.", [
        _summed(demand, present(demand), [present(pair) for pair in pairs]) for demand in demands_of(pairs)
    ])  # fmt: skip
    yield from _before_residual(bearers, pairs)
    yield _total(facts, bearers, pairs)


def _before_residual(bearers: Sequence[Bearer], pairs: Sequence[Pair]) -> Iterator[Section]:
    """The same three, with residual value not deducted."""
    yield from filled("Present value before residual, by accelerator", lines=[
        line_of(bearer, "Present value before residual", "USD", what=GROSS,
                total=f"=SUMPRODUCT({{cost before residual.across}},{MID.across})")
        for bearer in bearers
    ])  # fmt: skip
    yield from filled("Present value before residual, by accelerator and work", lines=[
        line_of(pair, "Before residual, work on", "USD", what=GROSS,
                total=f"=IFERROR({present_of(pair.accelerator, bearers, GROSS)}*{_share(pair)},0)")
        for pair in pairs
    ])  # fmt: skip
    yield from filled("Present value before residual, by work", lines=[
        _summed(demand, before_residual(demand), [before_residual(pair) for pair in pairs], "Before residual, work on")
        for demand in demands_of(pairs)
    ])  # fmt: skip


def _summed(demand: str, row: Row, parts: Sequence[Row], label: str = "Work on") -> Line:
    """What the lines of accelerators of the same name sum to."""
    total = f"=SUMIFS({down(parts, '$F')},{down(parts, '$A', fixed=True)},{HERE.label})"
    return Line(f"{label} {demand}", "USD", key=row.key, total=total)


def _valued(of: Bearer | Pair, label: str, total: str) -> Line:
    return line_of(of, label, "USD", what="present value of", total=total)


def _of_bearer(facts: Facts, bearer: Bearer) -> str:
    value = f"=SUMPRODUCT({{cost before residual.across}},{MID.across})"
    return value + f"-SUMPRODUCT({{residual value.across}},{END.across})" * has_residual(facts, bearer)


def _share(pair: Pair) -> str:
    """How much of an accelerator's work time goes to a demand, by which its cost is split."""
    return "/".join(
        f"SUMPRODUCT({row.across},{MID.across})" for row in (at("at work on", pair), at("busy", pair.accelerator))
    )


def _total(facts: Facts, bearers: Sequence[Bearer], pairs: Sequence[Pair]) -> Section:
    """From accelerators to the plan's cost; and from work to accelerators."""
    power = of_each("residual", decisions_of(facts, EXPAND))
    left = f"=-SUM({down(power, '$F')})*INDEX({END.across},periods_in_horizon)" if power else "=0"
    summands = [
        ("Accelerators, all", sum_down([present(bearer) for bearer in bearers], "$F"), ""),
        *(
            (f"Not allocated: {r.apart or r.label.lower()}", f"={at('present value', r.name).total}", r.unborne)
            for r in REST
            if r.name in facts.plan.costs
        ),
        ("Not allocated: residual of added power", left, "at the end"),
        ("Not allocated: engineering of what is not bought", _engineering(facts, bearers), ""),
    ]
    lines = [
        Line(label, "USD", total=total, source=why, key=key_of("part", label)) for label, total, why in summands
    ]  # fmt: skip
    idle = [bearer for bearer in bearers if bearer.item not in {accelerator for accelerator, _ in pairs}]
    note = "What falls on no accelerator stands alone and is in no unit cost."
    return Section("From the parts to the total", note, [
        *lines,
        Line("All parts", "USD", total=f"=SUM({down([Row(line.key) for line in lines], '$F')})", role=Role.TOTAL,
             key="all parts"),
        Line("Of it: accelerators that do no work", "USD", key="idle",
             total=sum_down([present(bearer) for bearer in idle], "$F")),
    ])  # fmt: skip


def _engineering(facts: Facts, bearers: Sequence[Bearer]) -> str:
    """Engineering of an accelerator that then is not bought."""
    bought = {bearer.item for bearer in bearers if bearer.place == OURS}
    rows = [at("flow", decision) for decision in decisions_of(facts, ENGINEER) if decision.item not in bought]
    return "=" + ("+".join(f"SUMPRODUCT({row.across},{MID.across})" for row in rows) or "0")


def _checks(facts: Facts, bearers: Sequence[Bearer]) -> list[Check]:
    """The parts are the whole."""
    work = summed([present(pair) for pair in pairs_of(facts)], "$F")
    every = summed([present(bearer) for bearer in bearers], "$F")
    return [
        Check("Unit costs: parts are the total", f"={at('all parts').total}-total_npv_usd", "USD",
              "Cost by accelerator and what falls on none is the net present value of cost."),
        Check("Unit costs: work bears all accelerators", f"={work}+{at('idle').total}-{every}", "USD",
              "Cost by work, and of accelerators without work, is the cost of accelerators."),
    ]  # fmt: skip
