"""Money for people: USD of a plan in its scenario's currency."""

from __future__ import annotations

from cli.tables import figure, number, tell
from optimizer.plan.currency import Flows, plan_rates
from optimizer.plan.format import Plan
from optimizer.request.currency import Rates

MILLION = 1e6


class Money:
    """USD in the scenario's currency: at its rate, or where that is given by period at the mean of the periods."""

    def __init__(self, plan: Plan) -> None:
        self.rates = plan_rates(plan)
        self.code, self.per_usd = self.rates.code, self.rates.mean

    def exact(self, usd: float) -> str:
        return f"{number(usd * self.per_usd, 2)} {self.code}"

    def millions(self, usd: float) -> str:
        value = usd * self.per_usd / MILLION
        return figure(value, 1 if abs(value) >= 100 else 3)

    def as_paid(self, usd: float, flows: Flows) -> float:
        """What a sum of flows is worth with each at the rate of its period, as USD at the mean rate."""
        return self.rates.translated(flows) / self.per_usd if self.rates.varies else usd


def tell_mean_rate(rates: Rates) -> None:
    """Says which rate stands behind figures that belong to no period, where it is given by period."""
    if rates.varies:
        tell_mean(rates.code, rates.mean)


def tell_mean(code: str, per_usd: float) -> None:
    """Says that figures are shown at the mean of rates by period."""
    tell(f"in {code} at the mean rate of the periods, {per_usd:,.6g} per USD")


def tell_rates(rates: Rates) -> None:
    """Says at which rates a plan is shown, where they are given by period."""
    if rates.varies:
        least, most = min(rates.by_period.values()), max(rates.by_period.values())
        tell(f"in {rates.code} at the rate of the period of each flow, {least:,.6g} to {most:,.6g} per USD; what has "
             f"no period at their mean, {rates.mean:,.6g}")  # fmt: skip
