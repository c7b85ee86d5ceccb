"""Slips against what a figure replaces: the best neighbour of all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from catalogs.leaves import number
from catalogs.periods import steps
from catalogs.slips.slip import Figure, Path, Slip
from catalogs.yaml_text import Map, Seq

AGAINST = "what it replaces"
FIELDS = {
    "accelerators": {"memory_gb": 2.5, "memory_bandwidth_tb_s": 2.5, "peak_tflops": 1.7, "tdp_w": 2.0, "draws": 3.0},
    "systems": {"accelerators": 3.0, "provisioned_kw": 2.0, "average_kw": 2.5, "racks": 6.0},
    "offers": {
        "price_usd": 3.0, "usd_per_accelerator_hour": 4.0, "network_usd": 5.0, "software_usd_per_year": 8.0,
        "carbon_kg_per_accelerator_hour": 15.0, "lead_time_months": 3.5, "term_months": 8.0,
        "supply_systems_per_month": 500.0,
    },
    "workloads": {"memory_gb": 3.0},
    "throughput": {"rate": 4.0},
}  # fmt: skip
"""How many times what it replaces a figure may be, and no less than the same part of it: facts of a machine hardly
move, what is asked for it does."""


def against_the_old(text: Map, path: Path, together: int) -> Iterator[Slip]:
    """The figures of a field that an overlay changes by more than such figures change."""
    section, entry = path[0], text[path[0]].get(path[1])
    most = FIELDS.get(section, {}).get("rate" if section == "throughput" else path[2])
    if most is None or not isinstance(entry, Map) or path[2] not in entry.was:
        return
    for below, old, new in _pairs(entry.was[path[2]], entry[path[2]]):
        factor = new / old
        if not 1 / most <= factor <= most:
            yield Slip((Figure((*path, *below), new),), factor, AGAINST, together)


def _pairs(old: Any, new: Any) -> Iterator[tuple[Path, float, float]]:
    """Numbers that stand where others stood: of a schedule the last, of a mapping by precision or pool each."""
    if _rated(old) and _rated(new):
        yield (), max(_rated(old)), max(_rated(new))
        return
    before, after = _last(old), _last(new)
    if before and after:
        yield (), before, after
    elif isinstance(old, Map) and isinstance(new, Map):
        both = ((key, _last(old[key]), _last(new[key])) for key in old if key in new)
        yield from (((key,), was, now) for key, was, now in both if was and now)


def _rated(entry: Any) -> list[float]:
    """The last rates of the points of a throughput."""
    points = entry if isinstance(entry, Seq) else [entry]
    return [rate for point in points if isinstance(point, Map) and (rate := _last(point.get("rate")))]


def _last(value: Any) -> float | None:
    """A number, or the last that a schedule lists; None where it is neither."""
    if isinstance(value, Map):
        listed = sorted(steps(value))
        dated = bool(listed) and all(key[:4].isdecimal() for key in listed)
        return _last(value[listed[-1]]) if dated else None
    written = number(value)
    return float(written) if written else None
