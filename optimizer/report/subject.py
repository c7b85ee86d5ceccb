"""What a report is about: a plan, the language that it is said in, and its money in the currency of the reports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from math import fsum

from optimizer.plan.currency import Flows, objective_flows, plan_rates
from optimizer.plan.format import OrderRow, Plan
from optimizer.report.elements import Number
from optimizer.workbook.embedded import Made
from optimizer.workbook.language.given import given_keys, given_texts, marked
from optimizer.workbook.language.wording import ENGLISH, Language, Missing, Wording

MILLION = 1e6


class Subject:
    """A plan and how it is told."""

    def __init__(self, plan: Plan, language: Language) -> None:
        self.plan, self.language = plan, language
        self.rates = plan_rates(plan)
        self.periods = [row.period for row in plan.periods]
        self.untranslated = set[str]()

    @property
    def code(self) -> str:
        return self.rates.code

    @property
    def is_value(self) -> bool:
        """Whether the value of work is maximised, so that the objective is shown the other way round."""
        return bool(self.plan.scenario["objective"] == "maximize_value")

    @cached_property
    def _wording(self) -> Wording:
        made = marked(Made(self.plan, "", language=self.language))
        return Wording(self.language, given_texts(made), given_keys(made))

    def say(self, text: str) -> str:
        """A text of ours in the language of the page; one without an entry stands in English."""
        if self.language == ENGLISH:
            return text
        try:
            return self._wording.say(text)
        except Missing:
            self.untranslated.add(text)
            return text

    def all(self, texts: Iterable[str]) -> list[str]:
        return [self.say(text) for text in texts]

    @property
    def unit(self) -> str:
        """Of money on the page."""
        return f"M {self.code}"

    def flows(self, usd: Flows) -> float:
        """Flows in millions of the currency, each at the rate of its period."""
        return self.rates.translated(usd) / MILLION

    def at_mean(self, usd: float) -> float:
        """What has no period of its own, in millions of the currency."""
        return usd * self.rates.mean / MILLION

    @cached_property
    def objective(self) -> float:
        """Present value of all costs, in millions of the currency."""
        return self.flows(objective_flows(self.plan)) if self.rates.varies else self.at_mean(self.plan.objective_usd)

    def money(self, millions: float) -> Number:
        """An amount, with the digits that the page has; what is little is never shown as nothing."""
        size = abs(self.objective)
        return figure(millions, 1 if size >= 1000 else 2 if size >= 10 else 3)

    def by_period(self, names: Iterable[str]) -> list[float]:
        """Cost lines together in each period, in millions of the currency."""
        lines = [self.plan.costs[name] for name in names if name in self.plan.costs]
        return [self.flows({key: fsum(line.get(key, 0.0) for line in lines)}) for key in self.periods]

    @property
    def years(self) -> list[str]:
        """The fiscal years of the horizon."""
        return list(dict.fromkeys(row.fiscal_year for row in self.plan.periods))

    def by_year(self, values: Sequence[float]) -> dict[str, float]:
        """Figures of periods summed by the fiscal year in which each starts."""
        return {
            year: fsum(v for v, row in zip(values, self.plan.periods, strict=True) if row.fiscal_year == year)
            for year in self.years
        }

    def name_of(self, accelerator: str) -> str:
        return str(self.plan.catalog["accelerators"][accelerator].get("name") or accelerator)


def kind_of(order: OrderRow) -> str:
    """How something is had."""
    return {"purchase": "Buy", "lease": "Lease", "reservation": "Rent for a term", "on_demand": "Rent by the period"}[
        order.route
    ]


def figure(value: float, digits: int) -> Number:
    """A number with thousands separated and so many digits, more where these would show it as nothing."""
    if value and abs(value) < 0.5 * 10**-digits:
        return Number(f"{Decimal(f'{value:.1g}'):f}")
    return Number(f"{value:,.{digits}f}")


def count(value: float) -> Number:
    """How many there are; parts where there are parts."""
    return Number(f"{round(value):,}") if abs(value - round(value)) < 1e-6 else figure(value, 2)


def percent(share: float) -> Number:
    """A share; small ones keep two digits."""
    if not share:
        return Number("0 %")
    return Number(f"{100 * share:.1f} %" if abs(share) >= 0.001 else f"{100 * share:.2g} %")


def summed(rows: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """Figures by key, added up."""
    found: dict[str, list[float]] = {}
    for row in rows:
        for key, value in row.items():
            found.setdefault(key, []).append(value)
    return {key: fsum(values) for key, values in found.items()}
