"""Money for people: USD of a plan in its scenario's currency."""

from __future__ import annotations

from cli.tables import figure, number
from optimizer.plan.format import Plan

MILLION = 1e6


class Money:
    """USD in the scenario's currency."""

    def __init__(self, plan: Plan) -> None:
        currency = plan.scenario["currency"]
        self.code, self.per_usd = currency["code"], float(currency["per_usd"])

    def exact(self, usd: float) -> str:
        return f"{number(usd * self.per_usd, 2)} {self.code}"

    def millions(self, usd: float) -> str:
        value = usd * self.per_usd / MILLION
        return figure(value, 1 if abs(value) >= 100 else 3)
