"""Slips in what a system is: its power against that of its accelerators, its racks, how many it holds."""

from __future__ import annotations

from collections.abc import Iterator

from catalogs.schema import Catalog
from catalogs.slips.quotients import Quotient, Rule
from catalogs.slips.slip import Figure


def _figure(key: str, field: str, value: float, side: int = 1) -> Figure:
    return Figure(("systems", key, field), value, side)


def power_by_accelerators(catalog: Catalog, key: str) -> Iterator[Quotient]:
    system = catalog.systems[key]
    tdp_w, count, kw = catalog.accelerators[system.accelerator].tdp_w, system.accelerators, float(system.provisioned_kw)
    if tdp_w:
        figures = (
            _figure(key, "provisioned_kw", kw), _figure(key, "accelerators", count, -1),
            Figure(("accelerators", system.accelerator, "tdp_w"), float(tdp_w), -1),
        )  # fmt: skip
        yield Quotient(1000 * kw / count / float(tdp_w), figures, count)


def power_of_one(catalog: Catalog, key: str) -> Iterator[Quotient]:
    """Of an accelerator whose own power nobody published."""
    system = catalog.systems[key]
    chip, count, kw = catalog.accelerators[system.accelerator], system.accelerators, float(system.provisioned_kw)
    if not chip.tdp_w and chip.peak_tflops:
        yield Quotient(kw / count, (_figure(key, "provisioned_kw", kw), _figure(key, "accelerators", count, -1)), count)


def average_by_provisioned(catalog: Catalog, key: str) -> Iterator[Quotient]:
    system = catalog.systems[key]
    if catalog.accelerators[system.accelerator].peak_tflops:
        average, provisioned = float(system.average_kw), float(system.provisioned_kw)
        figures = (_figure(key, "average_kw", average), _figure(key, "provisioned_kw", provisioned, -1))
        yield Quotient(average / provisioned, figures, system.accelerators)


def power_of_a_rack(catalog: Catalog, key: str) -> Iterator[Quotient]:
    system = catalog.systems[key]
    if system.racks and catalog.accelerators[system.accelerator].peak_tflops:
        kw, racks = float(system.provisioned_kw), float(system.racks)
        figures = (_figure(key, "racks", racks, -1), _figure(key, "provisioned_kw", kw))
        yield Quotient(kw / racks, figures, system.accelerators)


RULES = (
    Rule(
        "what its accelerators take with their host and network",
        "1.1 to 3.3 times their own power, the most for small cards in a large host",
        1.8, 0.75, 4.5, power_by_accelerators,
    ),
    Rule(
        "what an accelerator takes with its host and network, in kW",
        "0.08 (a card for inference) to 4 (a package of 2026); 30 for one the size of a wafer",
        1.0, 0.03, 40.0, power_of_one,
    ),
    Rule(
        "its share of what is provisioned",
        "meters in service see 0.69 to 0.89 of what is reserved, network and storage included",
        0.75, 0.3, 1.0, average_by_provisioned,
    ),
    Rule(
        "what a rack takes, in kW",
        "10 in a hall for cards, 30 to 60 by air, 120 to 250 by liquid, 600 are announced",
        45.0, 5.0, 700.0, power_of_a_rack,
    ),
)  # fmt: skip
