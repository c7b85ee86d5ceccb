"""Whether a system's memory holds what a workload needs: the weights, and a minimal cache."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from catalogs.schema import Catalog, Throughput, Workload


class Misfit(NamedTuple):
    """A system that holds less than a workload takes; `precision` is the one that counts."""

    system: str
    accelerators: int
    holds_gb: Decimal
    workload: str
    takes_gb: Decimal
    precision: str

    def __str__(self) -> str:
        chips = "1 accelerator holds" if self.accelerators == 1 else f"{self.accelerators} accelerators hold"
        return f"its {chips} {self.holds_gb:f} GB, {self.workload} takes {self.takes_gb:f} GB in {self.precision}"


def misfit(catalog: Catalog, system: str, workload: str, point: Throughput) -> Misfit | None:
    """Why a system cannot hold a workload at a point of its throughput; None where it can, or where nobody can tell.

    accelerators · memory_gb of the accelerator < memory_gb of the workload, in the precision of the point, or in the
    one that takes least where the point names none that the workload lists.
    """
    entry, known = catalog.systems[system], catalog.workloads.get(workload)
    memory_gb = catalog.accelerators[entry.accelerator].memory_gb
    if known is None or known.memory_gb is None or memory_gb is None:
        return None
    precision, takes_gb = _taken(known, point.precision)
    holds_gb = entry.accelerators * memory_gb
    return None if holds_gb >= takes_gb else Misfit(system, entry.accelerators, holds_gb, workload, takes_gb, precision)


def _taken(workload: Workload, precision: str | None) -> tuple[str, Decimal]:
    """The precision that counts, and what the workload takes in it."""
    listed = {str(name): amount for name, amount in (workload.memory_gb or {}).items()}
    if precision in listed:
        return precision, listed[precision]
    return min(listed.items(), key=lambda item: (item[1], item[0]))
