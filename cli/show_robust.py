"""A decision under uncertainty, printed: what to sign now, what may change, what it costs in each future."""

from __future__ import annotations

from math import fsum
from typing import TYPE_CHECKING

from cli.money import tell_mean_rate
from cli.tables import amount, figure, heading, percent, show_table, show_wide_table, subheading, tell
from optimizer.request.currency import rates_of

if TYPE_CHECKING:
    from optimizer.request.load import Request
    from optimizer.uncertainty.results import Between, Difference, Insurance, RobustResult, SignNow

MILLION = 1e6
MOST_ROWS = 40
SAID = {
    "order": "order {}",
    "expand": "add power at {}",
    "engineer": "engineer {}",
    "port": "port {}",
    "sign": "sign frame {}",
    "retire": "switch off {}",
}
AIMS = {"expected": "expected cost", "cvar": "expected cost and the mean of the worst", "regret": "largest regret"}
NAMED = {"MEAN": "of the mean", "ROBUST": "this decision"}


class Money:
    """Amounts in millions of the scenario's currency."""

    def __init__(self, request: Request) -> None:
        currency = request.scenario.currency
        self.rates = rates_of(currency, request.scenario.calendar)
        self.code, self.per_usd = currency.code, self.rates.mean

    def millions(self, usd: float) -> str:
        return figure(usd * self.per_usd / MILLION, 3 if abs(usd) < 1e7 else 1)

    def between(self, usd: Between) -> str:
        least, most = self.millions(usd.least_usd), self.millions(usd.most_usd)
        return least if least == most else f"{least} to {most}"


def show_robust(result: RobustResult, request: Request) -> None:
    """Prints all of it."""
    money = Money(request)
    tell_mean_rate(money.rates)
    _show_sign_now(result)
    _show_may_change(result)
    _show_worth(result, money)
    _show_regret(result, money)
    _show_futures(result, money)
    if result.insurance is not None:
        _show_insurance(result.insurance, money)
    _show_trust(result)


def _show_sign_now(result: RobustResult) -> None:
    heading(f"Sign now: up to {result.decide_by}, the same in every future")
    rows = [(row.period or "", _said(row), f"{amount(row.amount)} {row.unit}".strip()) for row in result.sign_now]
    show_table(("when", "what", "how much"), rows or [("", "nothing", "")], (2,))


def _said(row: SignNow | Difference) -> str:
    return SAID[row.kind].format(", ".join(row.what))


def _show_may_change(result: RobustResult) -> None:
    heading("Planned, may change: orders placed later, by future")
    rows = [
        (row.ordered, row.offer, row.place, amount(row.least), amount(row.expected), amount(row.most))
        for row in result.may_change[:MOST_ROWS]
    ]
    show_table(
        ("when", "offer", "place", "least", "expected", "most"), rows or [("", "nothing", "", "", "", "")], (3, 4, 5)
    )
    if len(result.may_change) > MOST_ROWS:
        tell(f"and {len(result.may_change) - MOST_ROWS} more; --json has them all")
    if result.kept_open:
        tell(f"kept open, ordered in some futures and not in others: {', '.join(result.kept_open)}")


def _show_worth(result: RobustResult, money: Money) -> None:
    heading(f"What uncertainty costs, in M {money.code}, as present value")
    rows = [
        ("expected cost of this decision", money.between(result.expected_usd)),
        ("less than the plan of the mean, expected", money.between(result.value_of_stochastic_solution)),
        ("what it would save to know the future, expected", money.between(result.value_of_perfect_information)),
    ]
    show_table(("", f"M {money.code}"), rows, (1,))


def _show_regret(result: RobustResult, money: Money) -> None:
    heading(f"Every plan in every future, in M {money.code}")
    names = [future.name for future in result.futures]
    columns = ("plan", *names, "expected", "worst", "largest regret")
    rows = [
        (
            NAMED.get(row.plan, f"of {row.plan}"),
            *(money.millions(row.costs_usd[name]) for name in names),
            *(money.millions(usd) for usd in (row.expected_usd, row.worst_usd, row.largest_regret_usd)),
        )
        for row in result.regret
    ]
    show_wide_table(columns, rows)


def _show_futures(result: RobustResult, money: Money) -> None:
    heading(f"This decision in each future, in M {money.code}")
    rows = [
        (
            future.name,
            percent(future.probability),
            money.millions(future.cost_usd),
            money.millions(future.regret_usd),
            money.millions(future.unmet_usd),
            money.millions(fsum(row.usd for row in future.over)),
            amount(max((row.systems for row in future.unpowered), default=0.0)),
        )
        for future in result.futures
    ]
    columns = ("future", "probability", "cost", "regret", "work not done", "limits passed", "most systems unpowered")
    show_table(columns, rows, range(1, len(columns)))
    for future in result.futures:
        for row in future.over[:3]:
            tell(f"{future.name}: {row.row} is passed by {amount(row.amount)} {row.unit}")


def _show_insurance(insurance: Insurance, money: Money) -> None:
    heading("What is insured against")
    premium, saved = money.millions(insurance.premium_usd), money.millions(insurance.saves_at_worst_usd)
    tell(f"in {insurance.against}, the likeliest, this decision costs {premium} M {money.code} more than its own plan, "
         f"and saves {saved} M {money.code} in {insurance.worst}")  # fmt: skip
    subheading(f"otherwise than the plan of {insurance.against}:")
    rows = [(row.period or "", _said(row), f"{row.more:+,.2f}".replace(".00", "")) for row in insurance.differences]
    show_table(("when", "what", "more"), rows[:MOST_ROWS], (2,))


def _show_trust(result: RobustResult) -> None:
    heading("How far to trust it")
    tell(f"by {AIMS[result.measured.by]}, no decision is better by more than {percent(result.gap)}; "
         f"every plan above is audited in its future")  # fmt: skip
    for demand, usd in result.unmet_usd_per_unit_hour.items():
        tell(f"work of {demand} that is not done counts {usd:.4g} USD per unit and hour; "
             "uncertainty.unmet_usd_per_unit_hour says otherwise")  # fmt: skip
    for note in result.notes:
        tell(note)
