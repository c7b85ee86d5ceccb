"""Rates of one model on every accelerator of a catalogue, and what cannot be known of which of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from catalogs.estimates.rounding import rounded
from catalogs.own_work.calibration import Calibration, Factor, Row, calibrated, measured_rows, rows_of
from catalogs.own_work.models import MODELS, Model
from catalogs.own_work.roofline import WIDER, Chip, Group, best_group, chip_in, fits
from catalogs.schema import Catalog

SPEEDS = {"server": 12.5, "interactive": 40.0}
"""Tokens per second of one user, by the name of a latency: reading along, and about three times that."""


@dataclass(frozen=True)
class Asked:
    """A workload of one's own: the model, tokens per second of a user, and the precisions that it may run in."""

    name: str
    model: Model
    user: float
    precisions: tuple[str, ...]


@dataclass(frozen=True)
class Rate:
    """Tokens per second of one accelerator, in a group of so many."""

    precision: str
    group: Group
    factor: Factor


@dataclass(frozen=True)
class Estimate:
    """Rates by accelerator; why others have none; what the calibration cannot know of this model."""

    asked: Asked
    calibration: Calibration
    rates: dict[str, list[Rate]] = field(default_factory=dict)
    without: dict[str, str] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)


def estimate(catalog: Catalog, asked: Asked) -> Estimate:
    """What each accelerator of a catalogue does on the model, in each precision asked for or the next wider one."""
    rows = measured_rows(catalog)
    found = Estimate(asked, calibrated(catalog, rows, rows_of(catalog, "estimated")))
    for accelerator in sorted(catalog.accelerators):
        rates, reasons = _on(catalog, accelerator, found)
        if rates:
            found.rates[accelerator] = rates
        else:
            found.without[accelerator] = "; ".join(dict.fromkeys(reasons))
    found.doubts.extend(doubts(asked, rows))
    return found


def _on(catalog: Catalog, accelerator: str, found: Estimate) -> tuple[list[Rate], list[str]]:
    sizes = sorted({s.accelerators for s in catalog.systems.values() if s.accelerator == accelerator})
    if not sizes:
        return [], ["no system of it is known"]
    factor = found.calibration.factor(accelerator, catalog.accelerators[accelerator].vendor)
    rates: dict[tuple[str, int], Rate] = {}
    reasons = []
    for asked in found.asked.precisions:
        chip = next((c for wider in WIDER[asked] if (c := chip_in(catalog, accelerator, wider))), None)
        if chip is None:
            reasons.append(_missing(catalog, accelerator, asked))
            continue
        for size in sizes:
            group = best_group(found.asked.model, chip, size, found.asked.user, found.calibration.parameters)
            if group is not None:
                together = Group(group.accelerators, rounded(group.rate * factor.value))
                rates[chip.precision, group.accelerators] = Rate(chip.precision, together, factor)
        if not any(precision == chip.precision for precision, _ in rates):
            reasons.append(_too_small(found.asked, chip, sizes[-1]))
    return list(rates.values()), reasons


def _missing(catalog: Catalog, accelerator: str, precision: str) -> str:
    spec = catalog.accelerators[accelerator]
    lacks = [
        name
        for name, value in (
            ("memory_bandwidth_tb_s", spec.memory_bandwidth_tb_s),
            ("memory_gb", spec.memory_gb),
            (f"peak_tflops in {precision} or wider", spec.peak_tflops),
        )
        if not value
    ]
    return f"the catalogue lacks {' and '.join(lacks or [f'peak_tflops in {precision} or wider'])}"


def _too_small(asked: Asked, chip: Chip, largest: int) -> str:
    holds = largest * chip.memory_gb
    if not fits(asked.model, chip, largest):
        takes = rounded(asked.model.memory_gb(chip.precision))
        return f"its largest system, {largest} of {chip.memory_gb:g} GB, holds no {takes:g} GB in {chip.precision}"
    return f"no system of it gives a user {asked.user:g} tokens/s in {chip.precision} (the largest has {holds:g} GB)"


def doubts(asked: Asked, rows: Sequence[Row]) -> list[str]:
    """In what the model lies outside all that was measured, and the measured speed next to the one asked for."""
    models = [MODELS[row.model] for row in rows]
    ranges: tuple[tuple[str, float, Iterable[float], str], ...] = (
        ("tokens per second of a user", asked.user, [row.user for row in rows], "tokens/s"),
        ("parameters", asked.model.parameters_bn, [m.parameters_bn for m in models], "billion"),
        ("active parameters", asked.model.active_bn, [m.active_bn for m in models], "billion"),
        ("context", asked.model.context_tokens, [m.context_tokens for m in models], "tokens"),
    )
    said = []
    for what, value, known, unit in ranges:
        low, high = min(known), max(known)
        if not 0.999 * low <= value <= 1.001 * high:
            said.append(f"no rate was measured at such {what}: {value:g}, measured are {low:g} to {high:g} {unit}")
    for precision in asked.precisions:
        if not any(row.precision == precision for row in rows):
            said.append(f"no rate was measured in {precision}")
    return said
