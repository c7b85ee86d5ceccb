"""Figures whose quotient is much the same for everything of a kind: rules as records, and how one is broken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from catalogs.generation import FEWEST_PEERS
from catalogs.schema import Accelerator, Catalog
from catalogs.slips.slip import Figure, Slip, middle


class Quotient(NamedTuple):
    """What figures above a line come to by those below it; `together` are the accelerators of their system."""

    value: float
    figures: tuple[Figure, ...]
    together: int = 1


@dataclass(frozen=True)
class Rule:
    """A quotient that lies between `low` and `high`, mostly about `usual`, and why.

    Where `peers` names others of a kind, it is also held against their median, and looks wrong where it is less than
    1 / `near` of that or more than `near` times.
    """

    against: str
    why: str
    usual: float
    low: float
    high: float
    of: Callable[[Catalog, str], Iterator[Quotient]]
    peers: Callable[[Catalog, str], Iterator[str]] | None = None
    near: float = 5.0

    def broken(self, catalog: Catalog, key: str) -> list[Slip]:
        """The quotients of an entry that look wrong, those first of which it is best known why."""
        return sorted(self._broken(catalog, key), key=lambda slip: slip.distance)

    def _broken(self, catalog: Catalog, key: str) -> Iterator[Slip]:
        found = list(self.of(catalog, key))
        usual = self._usual(catalog, key) if found else None
        for quotient in found:
            factor = quotient.value / (usual or self.usual)
            far = usual is not None and not 1 / self.near <= factor <= self.near
            if far or not self.low <= quotient.value <= self.high:
                yield Slip(quotient.figures, factor, self.against, quotient.together)

    def _usual(self, catalog: Catalog, key: str) -> float | None:
        """The median of its peers."""
        peers = self.peers(catalog, key) if self.peers is not None else ()
        values = [middle([each.value for each in found]) for peer in peers if (found := list(self.of(catalog, peer)))]
        return middle(values) if len(values) >= FEWEST_PEERS else None


def dense_tflops(chip: Accelerator) -> float | None:
    """The peak in BF16 or, where only other precisions are known, what their steps make of them."""
    peak = {precision: float(value) for precision, value in chip.peak_tflops.items()}
    steps = (("bf16", 1.0), ("fp8", 2.0), ("int8", 2.0), ("fp4", 4.0))
    return next((peak[precision] / step for precision, step in steps if precision in peak), None)
