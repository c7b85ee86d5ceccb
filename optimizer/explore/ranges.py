"""The least and the most of everything that matters, among all plans of nearly the best cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Literal

from optimizer.explore.extremes import SAME, End, Extremes
from optimizer.explore.figures import M_USD, Figure, Gauge, Linear
from optimizer.explore.results import Range
from optimizer.formulation.model import Model
from optimizer.solving.matrix import Matrix

RANGE_GAP = 0.03
"""An end of a range is proved to within this part of itself, or says how much is left open."""
FigureKind = Literal["vendor", "accelerator", "site", "power", "cash"]


def figures(model: Model, gauge: Gauge) -> Iterator[Figure]:
    """What the range table shows of a model: money by vendor, chips, power at sites, power and cash in all."""
    for vendor in gauge.values_of("vendor"):
        yield Figure("vendor", vendor, M_USD, (gauge.spend(vendor=vendor),))
    for accelerator in gauge.values_of("accelerator"):
        yield Figure("accelerator", accelerator, "accelerators", gauge.in_service(accelerator))
    sites = sorted(model.tables.scenario.sites)
    for site in sites:
        yield from _power("site", site, gauge.peak_mw(site))
    if len(sites) > 1:
        yield from _power("power", "peak", gauge.peak_mw())
    calendar = model.tables.calendar
    first_year = range(1, min(calendar.periods_per_year, calendar.count) + 1)
    yield Figure("cash", "first year", M_USD, (gauge.cash(first_year),))


def _power(kind: FigureKind, name: str, parts: tuple[Linear, ...]) -> Iterator[Figure]:
    if parts:
        yield Figure(kind, name, "MW", parts)


def ranges(
    extremes: Extremes, wanted: Sequence[Figure], told: Callable[[int, int], None]
) -> Iterator[tuple[Range, End, End]]:
    """The range of each figure with its two ends, found on all cores; not of those that there was no time for."""
    ends = extremes.asked.all(wanted, lambda figure: (extremes.least(figure), extremes.most(figure)), told)
    for figure, found in zip(wanted, ends, strict=True):
        if found is not None:
            yield _range(extremes, figure, *found), *found


def _range(extremes: Extremes, figure: Figure, low: End, high: End) -> Range:
    return Range(
        kind=figure.kind,
        name=figure.name,
        unit=figure.unit,
        here=figure.at(extremes.here),
        least=low.value,
        least_bound=low.bound,
        most=high.value,
        most_bound=high.bound,
        need=_need(extremes.matrix, figure, low, high) if figure.kind == "accelerator" else None,
    )


def _need(matrix: Matrix, figure: Figure, low: End, high: End) -> Literal["must", "optional", "never"] | None:
    """Whether every plan has some of a chip, or none: whole systems are told from nothing by less than one."""
    systems = [(matrix.integer[j], amount) for part in figure.parts for j, amount in part.terms.items()]
    one = min((amount if whole else SAME for whole, amount in systems), default=1.0)
    if low.bound > SAME:
        return "must"
    if high.bound < one * (1 - SAME):
        return "never"
    return "optional" if low.value <= SAME and high.value > SAME else None
