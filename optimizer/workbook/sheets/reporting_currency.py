"""Reporting currency: all that Summary shows of money, in the scenario's currency, flow by flow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from optimizer.formulation.register import COST_LINES
from optimizer.workbook.facts import Facts
from optimizer.workbook.groups import Group
from optimizer.workbook.sheets.assets import assets_of
from optimizer.workbook.sheets.balances import by_year
from optimizer.workbook.sheets.paid import NEW, SIGNED, binding, other_cash
from optimizer.workbook.sheets.rates import (
    CASH_PAID,
    LAST_RATE,
    MEAN_RATE,
    ONE_RATE,
    RATE,
    USD,
    by_period,
    code_of,
    last_rate,
    rate_now,
    rate_of_period,
    rates_in,
    reported,
    rule_of,
    translates,
)
from optimizer.workbook.sheets.rent_after import DUE
from optimizer.workbook.sheets.ways import groups_of, ways_of, worth_of
from optimizer.workbook.writing.lines import SUM, Check, Line, Section, filled, line_of
from optimizer.workbook.writing.references import HERE, Row, at, down, of_each
from optimizer.workbook.writing.styles import Role
from optimizer.workbook.writing.time_sheet import TimeSheet

NPV = at("net present value")
OTHER_WAY = at("converted", "other way")
AFTER_NOTE = "Undiscounted, of terms that outlast the horizon, at the last rate: no later one is known."
BALANCE_NOTE = "At the rate of the period at whose end they stand."
CONTRACT_NOTE = (
    "Each payment at the rate of its period; before the horizon (opening) at the first, after it at the last."
)


def reporting_currency(facts: Facts) -> list[TimeSheet]:
    """The sheet, where money is reported in another currency than USD."""
    if not translates(facts):
        return []
    sections = [
        _rates(facts), _costs(facts), _present(facts),
        Section("By fiscal year", "A period belongs to the fiscal year in which it starts.", list(_yearly(facts))),
        *_after(facts), *_balances(facts), *_contracts(facts),
    ]  # fmt: skip
    meaning = "Present values of all costs in the reporting currency, summed by cost and by period."
    value = f"=({reported(facts, NPV).total}-{OTHER_WAY.total})/{rate_of_period(facts, '1')}"
    check = Check("Reporting currency, computed twice", value, USD, meaning)
    return [TimeSheet("Reporting currency", f"Reporting currency: costs in {code_of(facts)}", "C55A11", sections,
                      [check], money=max(1.0, *rates_in(facts)))]  # fmt: skip


def _rates(facts: Facts) -> Section:
    """The rule and, of rates by period, those that are none of a period's."""
    lines = [
        Line("Mean rate of the periods", "currency/USD", constant=f"=AVERAGE({RATE.across})", name=MEAN_RATE),
        Line("Rate of the last period", "currency/USD", constant=f"=INDEX({RATE.across},periods_in_horizon)",
             name=LAST_RATE),
    ]  # fmt: skip
    return Section("Rates", rule_of(facts), lines if by_period(facts) else [])


def _known(facts: Facts) -> dict[str, str]:
    """The plan's costs, and their labels."""
    return {record.name: record.label for record in COST_LINES if record.name in facts.plan.costs}


def _flow(facts: Facts, label: str, row: Row) -> Line:
    """A line of Cash at the rate of each period."""
    return Line(label, code_of(facts), total=SUM, periods=f"={row}*{rate_now(facts)}", key=reported(facts, row).key)


def _sum(facts: Facts, label: str, row: Row, parts: Iterable[Row]) -> Line:
    """What lines of this sheet sum to, as others do on Cash."""
    own = [reported(facts, part) for part in parts]
    return Line(label, code_of(facts), total=SUM, role=Role.TOTAL, periods=f"=SUM({down(own)})",
                key=reported(facts, row).key)  # fmt: skip


def _costs(facts: Facts) -> Section:
    """Each cost and its sum, then the sums that fiscal years and quarters are made of."""
    known = _known(facts)
    return Section("Cost by period", "Undiscounted.", [
        *(_flow(facts, label, at("cost", name)) for name, label in known.items()),
        _sum(facts, "Total cost", at("cost", "total"), [at("cost", name) for name in known]),
        *(_flow(facts, label, row) for label, row in _paid(facts).items()),
    ])  # fmt: skip


def _paid(facts: Facts) -> dict[str, Row]:
    """What is paid and of what, by label."""
    return {
        "Capex, cash": at("cost", "capex"),
        "Opex without rent, cash": at("cost", "opex without rent"),
        **({"Tax and resale": at("cost", "tax and resale")} if other_cash(facts) else {}),
        "Cash paid": CASH_PAID,
        **(_under_orders() if binding(facts) else {}),
    }


def _under_orders() -> dict[str, Row]:
    return {
        "Due under commitments": at("under orders", SIGNED),
        "Due under new orders": at("under orders", NEW),
    }


def _present(facts: Facts) -> Section:
    """Each present value, and the net present value in two ways."""
    known = _known(facts)
    note = "Discounted in USD on Cash, then at the rate of the period that it falls in."
    return Section("Present value", note, [
        *(_flow(facts, f"PV of {label[0].lower()}{label[1:]}", at("present value", name))
          for name, label in known.items()),
        _sum(facts, "Net present value of cost", NPV, [at("present value", name) for name in known]),
        Line("Net present value, other way", code_of(facts), total=_other_way(facts), key=OTHER_WAY.key,
             source="net present value of each period"),
    ])  # fmt: skip


def _other_way(facts: Facts) -> str:
    """The net present value of each period times its rate."""
    return f"=SUMPRODUCT({NPV.across},{RATE.across})" if by_period(facts) else f"={NPV.total}*{ONE_RATE}"


def _yearly(facts: Facts) -> Iterator[Line]:
    """The same by fiscal year, under the labels that they have on Cash."""
    flows = {
        "Capex": at("cost", "capex"),
        "Opex without rent": at("cost", "opex without rent"),
        "Rent": at("cost", "rent_usd"),
        **({"Tax and resale": at("cost", "tax and resale")} if other_cash(facts) else {}),
        "Total cost": at("cost", "total"),
        "Cash paid": CASH_PAID,
        **(_under_orders() if binding(facts) else {}),
    }
    for label, row in flows.items():
        for line in by_year(facts, label, reported(facts, row)):
            yield replace(line, unit=code_of(facts), key=reported(facts, Row(line.key)).key)


def _after(facts: Facts) -> Iterator[Section]:
    """What is owed after the horizon by fiscal year."""
    years = facts.after_horizon
    lines = [_at(facts, DUE, at("due", year), last_rate(facts), year) for year in years]
    if lines:
        total = f"=SUM({down([Row(line.key) for line in lines], '$F')})"
        every = Line(f"{DUE}, all", code_of(facts), total=total, role=Role.TOTAL,
                     key=reported(facts, at("due", "all")).key)  # fmt: skip
        yield Section(f"{DUE}, by fiscal year", AFTER_NOTE, [*lines, every])


def _at(facts: Facts, label: str, row: Row, rate: str, item: str = "") -> Line:
    """The total of a line at a rate."""
    return Line(label, code_of(facts), item, total=f"={row.total}*{rate}", key=reported(facts, row).key)


def _balances(facts: Facts) -> Iterator[Section]:
    """What the books hold at the end of each fiscal year, and what is left at the end."""
    if not assets_of(facts):
        return
    held, year_end = "net book value at the end", "Net book value at the end of the year"
    yield Section("Balances", BALANCE_NOTE, [
        *(_at(facts, year_end, at(held, year), _closing(facts, year), year) for year in facts.years),
        _at(facts, "Net book value at the end", at("book value at the end"), last_rate(facts)),
        _at(facts, "Residual value at the end", at("residual value at the end"), last_rate(facts)),
    ])  # fmt: skip


def _closing(facts: Facts, year: str) -> str:
    """The rate of the last period of a fiscal year."""
    return rate_of_period(facts, f"MATCH({at('fiscal year', year).constant},{HERE.years_across},1)")


def _contracts(facts: Facts) -> Iterator[Section]:
    """Contract values as on Cash, by offer and by how accelerators come."""
    code, ways = code_of(facts), ways_of(facts)
    yield from filled("Contract value, by offer", CONTRACT_NOTE, [
        line_of(group, "Contract value", code, what="converted/contract value", **_contract(facts, group))
        for group in groups_of(ways)
    ])  # fmt: skip
    yield from filled("Contract value, by how accelerators come", "Network and running cost not included.", [
        Line(f"Contract value, {way.does}", code, way.accelerator, key=reported(facts, worth_of(way)).key,
             total=f"=SUM({down(of_each('converted/contract value', way.groups), '$F')})")
        for way in ways
    ])  # fmt: skip


def _contract(facts: Facts, group: Group) -> dict[str, str]:
    """Deposits, of them those before the horizon as opening, and balances; or rent, and rent after the horizon."""
    whole, rates = "{contract value.total}", RATE.across
    if not by_period(facts):
        return {"total": f"={whole}*{ONE_RATE}"}
    if group.purchased:
        paid = f"SUMPRODUCT({{deposit.across}}+{{balance paid.across}},{rates})"
        return {"opening": f"={{deposit.opening}}*{rate_of_period(facts, '1')}", "total": f"={{here.opening}}+{paid}"}
    return {"total": f"=SUMPRODUCT({{rent.across}},{rates})+({whole}-{{rent.total}})*{last_rate(facts)}"}
