"""Futures drawn from distributions, by a seed: the same ones on every machine, however many are drawn.

Each draw has a normal score in each year of the horizon; all scores of a future have one correlation matrix, and each
distribution is read at the probability of its score (a Gaussian copula).
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from math import exp, fsum, sqrt
from statistics import NormalDist
from typing import Any

from catalogs.schema import Catalog
from optimizer.request.calendar import MONTHS_PER_YEAR
from optimizer.request.draws import Decline, Draw, Range
from optimizer.request.futures import Future
from optimizer.request.load import Request
from optimizer.request.uncertainty import Uncertainty

NORMAL = NormalDist()
DIGITS = 6
"""Of a factor that is drawn: as many as anybody would write, and fewer than machines differ in."""
LEAST = 1e-300
"""No probability that a score is read at is 0."""
Tree = dict[str, Any]
Rows = list[list[float]]


@dataclass(frozen=True)
class Drawn:
    """A future that was drawn, with the figure that each draw came to: a factor, or months."""

    future: Future
    figures: Mapping[str, float]


@dataclass(frozen=True)
class Sampler:
    """Draws futures of a request."""

    request: Request

    @cached_property
    def uncertainty(self) -> Uncertainty:
        return self.request.scenario.uncertainty or Uncertainty()

    @cached_property
    def draws(self) -> Mapping[str, Draw]:
        """The scenario's draws, and where it says so those of the ranges of prices and rents in the catalogue."""
        ranges = ranges_in(self.request.catalog) if self.uncertainty.catalog_ranges == "true" else {}
        return dict(sorted({**ranges, **self.uncertainty.draws}.items()))

    @cached_property
    def years(self) -> int:
        calendar = self.request.scenario.calendar
        return -(-calendar.count * calendar.months // MONTHS_PER_YEAR)

    @cached_property
    def _roots(self) -> tuple[Rows, Rows]:
        """Roots of the correlation of the draws and of the years; the matrix of all scores is their product."""
        how, vendors = self.uncertainty.correlation, [draw.vendor for draw in self.draws.values()]
        among = range(len(vendors))
        draws = [[_correlation(i, j, vendors, how) for j in among] for i in among]
        years = [[float(how.next_year) ** abs(i - j) for j in range(self.years)] for i in range(self.years)]
        return root(draws), root(years)

    def scores(self, number: int) -> Rows:
        """The scores of a future by draw and year: correlated normal numbers, whatever else is drawn."""
        source = random.Random(f"{self.uncertainty.seed}/{number}")
        plain = [[NORMAL.inv_cdf(max(source.random(), LEAST)) for _ in range(self.years)] for _ in self.draws]
        of_draws, of_years = self._roots
        in_years = [[_product(row, year) for year in of_years] for row in plain]
        columns = list(zip(*in_years, strict=True))
        return [[_product(row, column) for column in columns] for row in of_draws]

    def drawn(self, number: int) -> Drawn:
        """A future by its number, from 1."""
        scores, changes, figures = self.scores(number), dict[str, list[Tree]](), dict[str, float]()
        for (name, draw), score in zip(self.draws.items(), scores, strict=True):
            change, figures[name] = _change(draw, score, self.request)
            if change is not None:
                changes.setdefault(draw.change, []).append(change)
        future = Future.model_validate({"name": f"drawn_{number}", "probability": 1, **changes})
        return Drawn(future, figures)


def root(matrix: Rows) -> Rows:
    """The lower triangle whose product with its transpose is a positive definite matrix (Cholesky)."""
    found: Rows = [[0.0] * len(matrix) for _ in matrix]
    for i, row in enumerate(matrix):
        for j in range(i + 1):
            left = row[j] - _product(found[i][:j], found[j][:j])
            found[i][j] = sqrt(left) if i == j else left / found[j][j]
    return found


def _product(one: Sequence[float], other: Sequence[float]) -> float:
    return fsum(a * b for a, b in zip(one, other, strict=True))


def _correlation(i: int, j: int, vendors: Sequence[str | None], how: Any) -> float:
    if i == j:
        return 1.0
    same = vendors[i] is not None and vendors[i] == vendors[j]
    return float(how.same_vendor if same else how.others)


def ranges_in(catalog: Catalog) -> dict[str, Draw]:
    """Each price and rent of the catalogue that states how far off it may be."""
    found = {}
    for offer, entry in catalog.offers.items():
        kind, field = ("price", "price_usd") if entry.route == "purchase" else ("rent", "usd_per_accelerator_hour")
        cite = catalog.cite(offer, field)
        if cite is not None and cite.uncertainty is not None:
            between = {"low": cite.uncertainty.low, "mode": 1, "high": cite.uncertainty.high}
            vendor = catalog.accelerators[catalog.systems[entry.system].accelerator].vendor
            found[f"catalog.{offer}"] = Draw.model_validate(
                {"change": kind, "of": {"offer": offer, "vendor": vendor}, "between": between}
            )
    return found


def _change(draw: Draw, scores: Sequence[float], request: Request) -> tuple[Tree | None, float]:
    """The change that a draw comes to, and its figure; None where nothing changes."""
    of = draw.of.model_dump(exclude_none=True)
    if draw.months is not None:
        months = _delay(draw.months, NORMAL.cdf(scores[0]))
        return ({"of": of, "months": months} if months else None), float(months)
    if draw.between is not None:
        factor = _written(_at(draw.between, NORMAL.cdf(scores[0])))
        begins = {} if draw.from_ is None else {"from": draw.from_}
        return {"of": of, "factor": factor, **begins}, float(factor)
    steps = _by_period(draw, scores, request)
    return {"of": of, "factor": steps}, float(list(steps.values())[-1])


def _delay(months: Mapping[int, Decimal], probability: float) -> int:
    """The least delay whose probability, with that of all shorter ones, is as much."""
    reached = 0.0
    for delay, share in sorted(months.items()):
        reached += float(share)
        if probability <= reached:
            return delay
    return max(months)


def _at(between: Range | Decline, probability: float) -> float:
    """The inverse of a triangular distribution, of a uniform one without a mode."""
    low, high = float(between.low), float(between.high)
    if between.mode is None or low == high:
        return low + probability * (high - low)
    mode = float(between.mode)
    below = (mode - low) / (high - low)
    if probability < below:
        return low + sqrt(probability * (high - low) * (mode - low))
    return high - sqrt((1 - probability) * (high - low) * (high - mode))


def _by_period(draw: Draw, scores: Sequence[float], request: Request) -> dict[str, str]:
    """A factor for each period of the horizon: the growth of whole years, and of the year's part that has passed."""
    calendar, rates = request.scenario.calendar, [_of_year(draw, score) for score in scores]
    found = {}
    for t in calendar.periods:
        years, months = divmod((t - 1) * calendar.months, MONTHS_PER_YEAR)
        factor = rates[min(years, len(rates) - 1)] ** (months / MONTHS_PER_YEAR)
        for rate in rates[:years]:
            factor *= rate
        found[calendar.key(t)] = _written(factor)
    return found


def _of_year(draw: Draw, score: float) -> float:
    """What a year multiplies by: lognormal growth of mean 1, or one less a decline."""
    if draw.lognormal_per_year is not None:
        spread = float(draw.lognormal_per_year)
        return exp(spread * score - spread * spread / 2)
    assert draw.decline_per_year is not None
    return 1 - _at(draw.decline_per_year, NORMAL.cdf(score))


def _written(factor: float) -> str:
    return f"{Decimal(f'{factor:.{DIGITS}g}'):f}"
