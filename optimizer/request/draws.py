"""Distributions that futures are drawn from: how what changes is spread, and what moves together."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field

from catalogs.periods import Number, Period
from catalogs.schema import Frozen
from catalogs.values import Id, Months, Positive, Share, Truth
from optimizer.request.futures import Changed

WHOLE_KEYS: Any = {"propertyNames": {"pattern": "^[0-9]+$"}}
"""In the JSON Schema: months by number, which it has no other words for."""
Part = Annotated[Number, Field(ge=0, le=1000)]


class Range(Frozen):
    """A triangular distribution; without `mode` a uniform one."""

    low: Part
    high: Part
    mode: Part | None = None


class Decline(Frozen):
    """How much a price falls in a year, as a share, triangular or uniform; below 0 it rises."""

    low: Annotated[Number, Field(gt=-1, lt=1)]
    high: Annotated[Number, Field(gt=-1, lt=1)]
    mode: Annotated[Number, Field(gt=-1, lt=1)] | None = None


class Draw(Frozen):
    """What one change of futures is drawn from: one of four distributions.

    `lognormal_per_year` is the standard deviation of the logarithm of a year's growth, of mean 1, compounded year by
    year; `decline_per_year` compounds likewise. `between` is one factor, from a period on where `from` says so.
    `months` are delays with their probabilities.
    """

    change: Literal[
        "demand", "price", "rent", "supply", "pools", "power", "electricity", "residual", "delivery_delay", "hall_delay"
    ]
    of: Changed = Changed.model_construct()
    lognormal_per_year: Annotated[Positive, Field(le=3)] | None = None
    decline_per_year: Decline | None = None
    between: Range | None = None
    from_: Period | None = Field(default=None, alias="from")
    months: Annotated[dict[Months, Share], Field(min_length=1, json_schema_extra=WHOLE_KEYS)] | None = None

    @property
    def vendor(self) -> str | None:
        """The one vendor that it is about, if it is about one."""
        return self.of.vendor[0] if self.of.vendor is not None and len(self.of.vendor) == 1 else None


class Correlation(Frozen):
    """What moves together: two draws of one vendor, any two others, a draw in one year and in the next.

    Scores are normal, and each distribution is read at the probability of its score. Their one matrix is
    correlation of the draws × next_year^|years between|.
    """

    same_vendor: Annotated[Number, Field(ge=0, lt=1)] = Decimal(0)
    others: Annotated[Number, Field(ge=0, lt=1)] = Decimal(0)
    next_year: Annotated[Number, Field(ge=0, lt=1)] = Decimal(0)


DISTRIBUTIONS = ("lognormal_per_year", "decline_per_year", "between", "months")
Draws = dict[Id, Draw]
Drawn = Mapping[str, Draw]
FromCites = Truth
"""Whether prices and rents are drawn from the ranges that stand beside their sources in the catalogue."""
