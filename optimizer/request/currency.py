"""The currency that money is reported in, and its rate by period: a translation, for every decision is made in USD."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import fsum
from typing import Annotated

from pydantic import AfterValidator, Discriminator, Field, StringConstraints, Tag

from catalogs.periods import TAGS, MayGrow, Number, Period, first_month, form_of, one_key_a_month
from catalogs.schema import Frozen
from catalogs.values import Positive
from optimizer.request.calendar import Calendar
from optimizer.request.schedules import mean

USD = "USD"
_Steps = Annotated[dict[Period, Annotated[Number, Field(gt=0)]], AfterValidator(one_key_a_month)]
RateSchedule = Annotated[
    Annotated[Positive, Tag(f"{TAGS}constant")] | Annotated[_Steps, *MayGrow, Tag(f"{TAGS}steps")],
    Discriminator(form_of),
]
"""How much of a currency one USD is: a number, or numbers by period above 0."""


class Currency(Frozen):
    """How money is shown; files stay in USD. A rate by period holds for the flows of that period."""

    code: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = "USD"
    per_usd: RateSchedule = Decimal(1)


@dataclass(frozen=True)
class Rates:
    """What a currency's rate is in each period of a horizon, by key.

    What lies before the horizon has the rate of its first period, what lies after it that of its last. What has no
    period of its own (bounds, differences between plans, worth of limits) is translated at the `mean` of the periods.
    """

    currency: Currency
    exactly: Mapping[str, Decimal]

    @property
    def code(self) -> str:
        return self.currency.code

    @property
    def varies(self) -> bool:
        """Whether it is given by period."""
        return isinstance(self.currency.per_usd, dict)

    @property
    def by_period(self) -> dict[str, float]:
        return {key: float(rate) for key, rate in self.exactly.items()}

    @property
    def mean(self) -> float:
        """The rate, or the mean of those of the periods."""
        if not isinstance(self.currency.per_usd, dict):
            return float(self.currency.per_usd)
        return fsum(self.by_period.values()) / len(self.exactly)

    def at(self, key: str) -> Decimal:
        """The rate in a period inside or outside the horizon."""
        if key in self.exactly:
            return self.exactly[key]
        first, *_, last = self.exactly if len(self.exactly) > 1 else [*self.exactly] * 2
        return self.exactly[first if first_month(key) < first_month(first) else last]

    def translated(self, usd: Mapping[str, float]) -> float:
        """Flows by period, each at the rate of its period."""
        return fsum(amount * float(self.at(key)) for key, amount in usd.items())


def rates_of(currency: Currency, calendar: Calendar) -> Rates:
    """The rates of a currency over a horizon: the mean of the months of each period."""
    read = {calendar.key(t): mean(currency.per_usd, calendar.span(t)) for t in calendar.periods}
    return Rates(currency, {key: rate for key, rate in read.items() if rate is not None})
