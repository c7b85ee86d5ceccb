"""The roofline's parameters from measured rates, how far off each accelerator is, and how wrong it is where unseen."""

from __future__ import annotations

import csv
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from importlib.resources import files
from typing import Literal

from catalogs.own_work.models import MODELS, SERVED_AS
from catalogs.own_work.roofline import Parameters, best_group, chip_in
from catalogs.schema import Basis, Catalog

GRID: tuple[tuple[float, ...], ...] = (
    (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9),
    (0.6, 0.7, 0.8, 0.9, 1.0),
    (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8),
    (0.2, 0.3, 0.4, 0.5, 0.6, 0.7),
    (0.8, 0.85, 0.9, 0.95, 1.0),
    (1.0, 1.5, 2.0, 2.5, 3.0, 4.0),
)
"""What is tried of each parameter, in the order of `Parameters`: coarse, because more would be fitting noise."""
START = Parameters(0.6, 1.0, 0.4, 0.5, 0.9, 2.0)
ROUNDS = 4
UNREACHED = 3.0
"""What a rate counts in logarithms that was measured and is said to be impossible."""
VENDOR_WEIGHT = 2
"""An accelerator's own factor counts as much as its vendor's once so many rates of it were measured."""


@dataclass(frozen=True)
class Row:
    """A rate that was measured, or that the catalogue estimates: tokens per second of one accelerator."""

    model: str
    accelerator: str
    precision: str
    user: float
    rate: float


def largest_system(catalog: Catalog, accelerator: str) -> int:
    return max(system.accelerators for system in catalog.systems.values() if system.accelerator == accelerator)


def rows_of(catalog: Catalog, basis: Basis) -> list[Row]:
    """The best rate of each accelerator, workload and precision on models that are known, of one basis."""
    best: dict[tuple[str, str, str], float] = {}
    for accelerator, rated in sorted(catalog.throughput.items()):
        for workload in sorted(SERVED_AS.keys() & rated.keys()):
            for point in rated[workload]:
                if point.basis == basis and point.precision and not isinstance(point.rate, dict):
                    key = (workload, accelerator, str(point.precision))
                    best[key] = max(float(point.rate), best.get(key, 0.0))
    return [Row(SERVED_AS[w][0], a, p, SERVED_AS[w][1], rate) for (w, a, p), rate in best.items()]


def measured_rows(catalog: Catalog) -> list[Row]:
    """What was measured: MLPerf's rates in the catalogue, and InferenceX's of two more models at several speeds."""
    rows = rows_of(catalog, "measured")
    with (files("catalogs") / "own_work" / "inferencex.csv").open(encoding="utf-8") as text:
        for line in csv.DictReader(text):
            model = MODELS[line["model"]]
            output = float(line["total_tokens_per_second_per_accelerator"]) * model.answer_tokens / model.context_tokens
            user = float(line["tokens_per_second_per_user"])
            rows.append(Row(line["model"], line["accelerator"], line["precision"], user, output))
    return [row for row in rows if row.accelerator in catalog.accelerators]


def log_ratios(catalog: Catalog, rows: Iterable[Row], parameters: Parameters) -> list[float | None]:
    """How far each rate lies above the roofline, in logarithms; None where that says impossible."""
    found: list[float | None] = []
    for row in rows:
        chip = chip_in(catalog, row.accelerator, row.precision)
        largest = largest_system(catalog, row.accelerator)
        group = best_group(MODELS[row.model], chip, largest, row.user, parameters) if chip else None
        found.append(math.log(row.rate / group.rate) if group else None)
    return found


def _loss(catalog: Catalog, rows: Sequence[Row], parameters: Parameters) -> float:
    ratios = log_ratios(catalog, rows, parameters)
    return math.fsum(UNREACHED if r is None else min(abs(r), UNREACHED) for r in ratios) / len(rows)


def fit(catalog: Catalog, rows: Sequence[Row]) -> Parameters:
    """The parameters with the least mean error, each in turn, until none changes any more."""
    best, least = START, _loss(catalog, rows, START)
    for _ in range(ROUNDS):
        before = best
        for place, values in enumerate(GRID):
            for value in values:
                numbers = list(astuple(best))
                numbers[place] = value
                tried = Parameters(*numbers)
                loss = _loss(catalog, rows, tried) if tried != best else least
                if loss < least - 1e-9:
                    best, least = tried, loss
        if best == before:
            break
    return best


@dataclass(frozen=True)
class Factor:
    """Rate over roofline of an accelerator, and where that comes from."""

    value: float
    rests_on: Literal["accelerator", "vendor", "estimates", "all"]


@dataclass(frozen=True)
class Calibration:
    """Parameters, and what each accelerator and vendor reaches of the roofline, in logarithms."""

    parameters: Parameters
    by_accelerator: Mapping[str, float]
    by_vendor: Mapping[str, float]
    estimated: Mapping[str, float]

    def factor(self, accelerator: str, vendor: str) -> Factor:
        """Own rates first; then the catalogue's estimates of it, its vendor's rates, and the mean of all vendors.

        What is only estimated is never better than the best that was measured.
        """
        if accelerator in self.by_accelerator:
            return Factor(math.exp(self.by_accelerator[accelerator]), "accelerator")
        if accelerator in self.estimated:
            return Factor(math.exp(min(self.estimated[accelerator], max(self.by_accelerator.values()))), "estimates")
        if vendor in self.by_vendor:
            return Factor(math.exp(self.by_vendor[vendor]), "vendor")
        return Factor(math.exp(_mean(self.by_vendor.values())), "all")


def calibrated(catalog: Catalog, rows: Sequence[Row], estimated: Sequence[Row] = ()) -> Calibration:
    """Fits the roofline to rows; an accelerator's own factor leans on its vendor's the more the fewer its rows are."""
    parameters = fit(catalog, rows)
    own = _grouped(catalog, rows, parameters)
    vendors: dict[str, list[float]] = {}
    for accelerator, ratios in own.items():
        vendors.setdefault(catalog.accelerators[accelerator].vendor, []).extend(ratios)
    by_vendor = {vendor: _mean(ratios) for vendor, ratios in vendors.items()}
    by_accelerator = {
        name: (math.fsum(ratios) + VENDOR_WEIGHT * by_vendor[catalog.accelerators[name].vendor])
        / (len(ratios) + VENDOR_WEIGHT)
        for name, ratios in own.items()
    }
    others = _grouped(catalog, estimated, parameters)
    return Calibration(parameters, by_accelerator, by_vendor, {name: _middle(found) for name, found in others.items()})


def _mean(values: Collection[float]) -> float:
    return math.fsum(values) / len(values)


def _middle(values: Collection[float]) -> float:
    """The median; of an even number the lower of the two."""
    return sorted(values)[(len(values) - 1) // 2]


def _grouped(catalog: Catalog, rows: Sequence[Row], parameters: Parameters) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for row, ratio in zip(rows, log_ratios(catalog, rows, parameters), strict=True):
        if ratio is not None:
            found.setdefault(row.accelerator, []).append(ratio)
    return found


IMPOSSIBLE = math.inf


def unseen_errors(catalog: Catalog, rows: Sequence[Row], left_out: str) -> dict[str, list[float]]:
    """Errors of rates that the calibration did not see, as shares, by what was left out: `accelerator` or `model`."""
    found: dict[str, list[float]] = {}
    for name in sorted({getattr(row, left_out) for row in rows}):
        unseen = [row for row in rows if getattr(row, left_out) == name]
        known = calibrated(catalog, [row for row in rows if getattr(row, left_out) != name])
        for row, ratio in zip(unseen, log_ratios(catalog, unseen, known.parameters), strict=True):
            factor = known.factor(row.accelerator, catalog.accelerators[row.accelerator].vendor).value
            error = IMPOSSIBLE if ratio is None else abs(factor / math.exp(ratio) - 1)
            found.setdefault(name, []).append(error)
    return found
