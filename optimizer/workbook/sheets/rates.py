"""The rate of the reporting currency: where it stands, and how formulas of any sheet take it."""

from __future__ import annotations

from optimizer.workbook.facts import Facts
from optimizer.workbook.writing.assumptions import assumed, scheduled
from optimizer.workbook.writing.lines import Line
from optimizer.workbook.writing.references import Row, at, key_of

PATH, ONE_RATE, IN_A_UNIT = "currency/per_usd", "currency_per_usd", "currency_per_unit"
MEAN_RATE, LAST_RATE = "currency_mean", "currency_last"
"""Names of cells: the rate and how much of the currency Summary counts in, on Inputs; on Reporting currency those that
rates by period come to."""
RATE = at("currency rate")
CASH_PAID = at("paid", "all")
"""The line of Cash with all that is paid in a period."""
USD = "USD"
MILLION, BILLION = 1e6, 1e9
TOO_MANY_MILLIONS = 1e12
"""From this much of a currency on, Summary shows billions of it."""
RULE = (
    "Each flow at the rate of its period, balances at the rate at their end, what is owed later at the last rate, what "
    "has no period (budgets, worth, unit costs) at the mean rate. Every decision is made in USD."
)
ONE_RATE_RULE = "All of it at the one rate on Inputs. Every decision is made in USD."


def code_of(facts: Facts) -> str:
    """The currency that money is reported in."""
    return str(facts.scenario.get("currency", {}).get("code", USD))


def translates(facts: Facts) -> bool:
    """Whether money is reported in another currency than that of every decision."""
    return code_of(facts) != USD


def rule_of(facts: Facts) -> str:
    """At which rates money is translated, in words."""
    return RULE if by_period(facts) else ONE_RATE_RULE


def by_period(facts: Facts) -> bool:
    """Whether its rate is given by period."""
    return isinstance(facts.scenario.get("currency", {}).get("per_usd"), dict)


def rate_input(facts: Facts) -> Line:
    """The line of Inputs with the rate: one number, or one for each period."""
    label = f"Exchange rate, {code_of(facts)} per USD"
    if by_period(facts):
        return scheduled(facts, PATH, label, "currency/USD", "positive", key=RATE.key)
    return assumed(facts, PATH, label, "currency/USD", "positive", absent="1", name=ONE_RATE)


def rates_in(facts: Facts) -> list[float]:
    """The rate in each period."""
    rates = facts.over_periods("per_usd", facts.scenario["currency"].get("per_usd", "1"))
    return [rate for rate in rates if rate is not None]


def rate_now(facts: Facts) -> str:
    """The rate of a formula's own period."""
    return RATE.now if by_period(facts) else ONE_RATE


def rate_of_period(facts: Facts, number: str) -> str:
    """The rate of the period with a number."""
    return f"INDEX({RATE.across},{number})" if by_period(facts) else ONE_RATE


def last_rate(facts: Facts) -> str:
    """The rate of the last period, at which what falls due later is shown."""
    return LAST_RATE if by_period(facts) else ONE_RATE


def at_mean(facts: Facts, usd: str) -> str:
    """What has no period of its own, in the reporting currency."""
    if not translates(facts):
        return usd
    return f"{usd}*{MEAN_RATE if by_period(facts) else ONE_RATE}"


def reported(facts: Facts, row: Row) -> Row:
    """The line that shows another line's USD in the reporting currency."""
    return Row(key_of("converted", row.key)) if translates(facts) else row


def in_billions(facts: Facts) -> bool:
    """Whether a million of the currency is too little to count in."""
    if not translates(facts):
        return False
    return (facts.flows_usd + facts.plan.rent_after_usd) * max(rates_in(facts)) >= TOO_MANY_MILLIONS


def money_unit(facts: Facts) -> str:
    """What the amounts of Summary are counted in."""
    return f"{code_of(facts)} {'bn' if in_billions(facts) else 'm'}"


def in_a_unit(facts: Facts) -> str:
    """The name of the cell that says how much of the currency that is."""
    return IN_A_UNIT if translates(facts) else "usd_per_million"
