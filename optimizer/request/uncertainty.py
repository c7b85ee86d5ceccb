"""What is decided before anybody knows which future comes, and what it costs where a future breaks a limit."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from catalogs.periods import Amount, Period
from catalogs.schema import Frozen
from catalogs.values import Id, Whole
from optimizer.request.draws import Correlation, Draws, FromCites


class Beyond(Frozen):
    """What going beyond a limit costs, as a multiple of what is beyond it.

    Of a budget, of each USD; of supply and of limits of one's own, of the dearest system that counts in them.
    """

    budget: Amount = Decimal(1)
    supply: Amount = Decimal(1)
    limits: Amount = Decimal(1)


class Uncertainty(Frozen):
    """How `robust` and `stress` look at futures.

    Orders placed, projects started and frames signed up to the period `decide_by`, the first one if nothing is said,
    are one decision for all futures. Work that is not done costs its own price, else the one here, else what is
    derived from the dearest way to do it. Futures are drawn from `draws`, and with `catalog_ranges` prices and rents
    from the ranges that the catalogue states, by the `seed`.
    """

    decide_by: Period | None = None
    unmet_usd_per_unit_hour: dict[Id, Amount] = {}
    beyond: Beyond = Beyond.model_construct()
    seed: Annotated[Whole, Field(ge=0, le=2**32)] = 0
    draws: Draws = {}
    catalog_ranges: FromCites = "false"
    correlation: Correlation = Correlation.model_construct()
