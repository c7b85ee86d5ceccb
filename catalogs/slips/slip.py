"""A figure that looks like a slip: what it is compared with, how far off it is, and what may have been meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import inf, log
from typing import Any, NamedTuple

from catalogs.figures import shown
from catalogs.periods import steps

Path = tuple[str, ...]
NEAR = 1.8
"""A factor this far from that of a known slip may still be it."""
UNKNOWN = "check its unit"
WHOLE, SINGLE = "a whole system instead of one accelerator", "one accelerator instead of a whole system"

SLIPS: Mapping[str, Mapping[float, str]] = {
    "tdp_w": {1e-3: "kW instead of W", 1e3: "mW instead of W"},
    "memory_gb": {1e-3: "TB instead of GB", 1e3: "MB instead of GB", 8: "Gbit instead of GB"},
    "memory_bandwidth_tb_s": {
        1e3: "GB/s instead of TB/s", 8: "Tbit/s instead of TB/s", 8e3: "Gbit/s instead of TB/s",
        1e-3: "PB/s instead of TB/s",
    },
    "peak_tflops": {
        2: "with sparsity instead of dense", 0.5: "another precision", 1e-3: "PFLOP/s instead of TFLOP/s",
        1e3: "GFLOP/s instead of TFLOP/s",
    },
    "provisioned_kw": {1e3: "W instead of kW", 1e-3: "MW instead of kW"},
    "average_kw": {1e3: "W instead of kW", 1e-3: "MW instead of kW"},
    "racks": {16: "systems of a rack instead of racks of a system", 42: "rack units instead of racks"},
    "price_usd": {
        1e-3: "thousands of USD instead of USD", 1e-6: "millions of USD instead of USD", 100: "cents instead of USD",
        150: "yen instead of USD",
    },
    "network_usd": {1e-3: "thousands of USD instead of USD"},
    "software_usd_per_year": {1e-3: "thousands of USD instead of USD", 1 / 12: "a month instead of a year"},
    "usd_per_accelerator_hour": {
        730: "a month instead of an hour", 24: "a day instead of an hour", 8760: "a year instead of an hour",
        100: "cents instead of USD",
    },
    "rate": {60: "a minute instead of a second", 3600: "an hour instead of a second", 1e-3: "thousands of the unit"},
    "carbon_kg_per_accelerator_hour": {1e3: "g instead of kg", 1e-3: "t instead of kg"},
    "lead_time_months": {4.3: "weeks instead of months", 30: "days instead of months"},
    "bring_up_months": {4.3: "weeks instead of months", 30: "days instead of months"},
    "term_months": {1 / 12: "years instead of months", 4.3: "weeks instead of months", 30: "days instead of months"},
    "usd": {1e-6: "millions of USD instead of USD", 1e-3: "thousands of USD instead of USD"},
}  # fmt: skip
"""What is mistaken for what, by field: the factor by which it is off."""
OF_ONE = frozenset({"tdp_w", "memory_gb", "memory_bandwidth_tb_s", "peak_tflops", "usd_per_accelerator_hour", "rate",
                    "carbon_kg_per_accelerator_hour", "cowos_wafers", "hbm_stacks"})  # fmt: skip
"""Fields of one accelerator; those of its system are as many times as much."""
OF_ALL = frozenset({"provisioned_kw", "average_kw", "price_usd", "network_usd", "software_usd_per_year"})
"""Fields of a whole system."""


class Figure(NamedTuple):
    """A number that a catalogue states, where, and on which side of a comparison: 1 above, -1 below the line."""

    path: Path
    value: float
    side: int = 1


@dataclass(frozen=True)
class Slip:
    """Figures that do not go together: the first of them that is the user's own is told.

    `factor` is how many times too large what stands above the line is against what is below it, `against` what it is
    compared with, in words. `together` are the accelerators of the system that they are of. `said` is the whole
    message where no factor tells it.
    """

    figures: tuple[Figure, ...]
    factor: float
    against: str
    together: int = 1
    said: str = ""

    def text(self, figure: Figure) -> str:
        """The message about one of the figures."""
        name = f"{_field(figure.path)} of {_entry(figure.path)} looks like a slip"
        if self.said:
            return f"{name}: {self.said}"
        factor = self.factor**figure.side
        usual, guess = _rounded(figure.value / factor, 3), likely(_field(figure.path), factor, self.together)[0]
        times = f"{shown(figure.value)} is {_rounded(factor, 2)} times {self.against}, about {usual}"
        return f"{name}: {times}: {guess}?"

    @property
    def distance(self) -> float:
        """How far its factor is from that of a known slip."""
        figure = self.figures[0]
        return likely(_field(figure.path), self.factor**figure.side, self.together)[1]


def _rounded(value: float, digits: int) -> str:
    return shown(float(f"{value:.{digits}g}"))


def likely(field: str, factor: float, together: int = 1) -> tuple[str, float]:
    """What a figure that is so many times too large may be instead of what its field asks for, and how far from it."""
    known = dict(SLIPS.get(field, {}))
    if together > 1 and field in OF_ONE:
        known[together] = WHOLE
    if together > 1 and field in OF_ALL:
        known[1 / together] = SINGLE
    far, best = min(((abs(log(factor / each)), each) for each in known), default=(inf, 0.0))
    return (known[best], far) if far <= log(NEAR) else (UNKNOWN, far)


def _field(path: Path) -> str:
    """The name of the field that a path leads to: of a rate or a draw its own, else that of the entry."""
    if path[0] == "throughput":
        return "rate"
    return path[-1] if path[2] in ("draws", "one_off") else path[2]


def _entry(path: Path) -> str:
    return f"{path[1]} for {path[2]}" if path[0] == "throughput" else path[1]


def values_of(schedule: Decimal | Mapping[str, Decimal] | None) -> Iterator[float]:
    """The numbers that a schedule lists."""
    listed: Any = steps(schedule).values() if isinstance(schedule, Mapping) else (schedule,)
    return (float(value) for value in listed if value)


def middle(values: Sequence[float]) -> float:
    """The median: of an even number the higher of the two in the middle."""
    return sorted(values)[len(values) // 2]
