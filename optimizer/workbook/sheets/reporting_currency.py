"""Reporting currency: the costs of Cash in the scenario's currency, each period at its rate."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.formulation.register import COST_LINES
from optimizer.workbook.facts import Facts
from optimizer.workbook.sheets.balances import by_year
from optimizer.workbook.writing.assumptions import assumed, scheduled
from optimizer.workbook.writing.lines import SUM, Check, Line, Section
from optimizer.workbook.writing.references import Row, at, down, key_of
from optimizer.workbook.writing.styles import Role
from optimizer.workbook.writing.time_sheet import TimeSheet

PATH, ONE_RATE = "currency/per_usd", "currency_per_usd"
RATE = at("currency rate")
NET, OTHER_WAY = at("converted", "net present value"), at("converted", "other way")
CASH_PAID = at("paid", "all")
"""The line of Cash with all that is paid in a period."""
USD = "USD"
NOTE = "Each flow of a period at the rate of that period: a translation for reports, for every decision is made in USD."


def code_of(facts: Facts) -> str:
    """The currency that money is reported in."""
    return str(facts.scenario.get("currency", {}).get("code", USD))


def by_period(facts: Facts) -> bool:
    """Whether its rate is given by period."""
    return isinstance(facts.scenario.get("currency", {}).get("per_usd"), dict)


def rate_input(facts: Facts) -> Line:
    """The line of Inputs with the rate: one number, or one for each period."""
    label = f"Exchange rate, {code_of(facts)} per USD"
    if by_period(facts):
        return scheduled(facts, PATH, label, "currency/USD", "positive", key=RATE.key)
    return assumed(facts, PATH, label, "currency/USD", "positive", absent="1", name=ONE_RATE)


def rate_now(facts: Facts) -> str:
    """The rate of a formula's own period."""
    return RATE.now if by_period(facts) else ONE_RATE


def rate_of_period(facts: Facts, number: str) -> str:
    """The rate of the period with a number."""
    return f"INDEX({RATE.across},{number})" if by_period(facts) else ONE_RATE


def reporting_currency(facts: Facts) -> list[TimeSheet]:
    """The sheet, where money is reported in another currency than USD."""
    code = code_of(facts)
    if code == USD:
        return []
    lines = {record.name: record.label for record in COST_LINES if record.name in facts.plan.costs}
    sections = [
        Section("Cost by period", NOTE, [
            *(_converted(facts, at("cost", name), label) for name, label in lines.items()),
            _total(facts, "Total cost", [at("converted", at("cost", name).key) for name in lines],
                   key_of("converted", at("cost", "total").key)),
            _converted(facts, CASH_PAID, "Cash paid"),
        ]),
        Section("Present value", "Discounted in USD on Cash, then at the rate of the period that it falls in.", [
            *(_converted(facts, at("present value", name), f"PV of {label[0].lower()}{label[1:]}")
              for name, label in lines.items()),
            _total(facts, "Net present value of cost",
                   [at("converted", at("present value", name).key) for name in lines], NET.key),
            Line("Net present value, other way", code, total=_other_way(facts), key=OTHER_WAY.key,
                 source="net present value of each period"),
        ]),
        Section("By fiscal year", "A period belongs to the fiscal year in which it starts.", list(_yearly(facts))),
    ]  # fmt: skip
    meaning = "Present values of all costs in the reporting currency, summed by cost and by period."
    value = f"=({NET.total}-{OTHER_WAY.total})/{rate_of_period(facts, '1')}"
    check = Check("Reporting currency, computed twice", value, USD, meaning)
    return [TimeSheet("Reporting currency", f"Reporting currency: costs in {code}", "C55A11", sections, [check],
                      money=max(1.0, *_rates(facts)))]  # fmt: skip


def _rates(facts: Facts) -> list[float]:
    rates = facts.over_periods("per_usd", facts.scenario["currency"]["per_usd"])
    return [rate for rate in rates if rate is not None]


def _converted(facts: Facts, row: Row, label: str) -> Line:
    return Line(label, code_of(facts), total=SUM, periods=f"={row}*{rate_now(facts)}", key=key_of("converted", row.key))


def _total(facts: Facts, label: str, rows: list[Row], key: str) -> Line:
    return Line(label, code_of(facts), total=SUM, role=Role.TOTAL, periods=f"=SUM({down(rows)})", key=key)


def _other_way(facts: Facts) -> str:
    """The net present value of each period times its rate."""
    value = at("net present value")
    if by_period(facts):
        return f"=SUMPRODUCT({value.across},{RATE.across})"
    return f"={value.total}*{ONE_RATE}"


def _yearly(facts: Facts) -> Iterator[Line]:
    """The fiscal years' total cost and cash paid."""
    for label, key in (("Total cost", at("cost", "total").key), ("Cash paid", CASH_PAID.key)):
        for line in by_year(facts, label, at("converted", key)):
            yield Line(line.label, code_of(facts), line.item, total=line.total, key=key_of("converted", line.key))
