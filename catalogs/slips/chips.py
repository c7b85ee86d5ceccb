"""Slips in what an accelerator is: power, memory, peaks, what it draws from pools, dates, its stack."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from catalogs.generation import FEWEST_PEERS, of_its_generation
from catalogs.schema import Catalog, Precision
from catalogs.slips.quotients import Quotient, Rule, dense_tflops
from catalogs.slips.slip import UNKNOWN, Figure, Slip

STEPS: tuple[tuple[Precision, Precision], ...] = (("bf16", "fp8"), ("fp8", "fp4"))
ALIKE = 0.75
"""Words that are alike by this share of their letters may be meant for each other."""
SPARSE = 4.0
"""A step of this much is that from dense to sparse, taken together with that of a precision."""
AS_SPARSE = 0.02
"""How near to it a step has to be; steps of another kind, such as 3.75, exist."""
GREATEST_STEP = 8.0
STACKS, WAFERS = "hbm_stacks", "cowos_wafers"


def _together(catalog: Catalog, key: str) -> int:
    """The accelerators of the smallest system of an accelerator."""
    return min((system.accelerators for system in catalog.systems.values() if system.accelerator == key), default=1)


def _figure(key: str, field: str, value: float, side: int = 1) -> Figure:
    return Figure(("accelerators", key, field), value, side)


def _draw(catalog: Catalog, key: str, pool: str, side: int = 1) -> Figure | None:
    drawn = catalog.accelerators[key].draws.get(pool)
    return Figure(("accelerators", key, "draws", pool), float(drawn), side) if drawn else None


def power_by_peak(catalog: Catalog, key: str) -> Iterator[Quotient]:
    chip, dense = catalog.accelerators[key], dense_tflops(catalog.accelerators[key])
    if chip.tdp_w and dense:
        figures = (_figure(key, "tdp_w", float(chip.tdp_w)), _figure(key, "peak_tflops", dense, -1))
        yield Quotient(float(chip.tdp_w) / dense, figures, _together(catalog, key))


def memory_by_bandwidth(catalog: Catalog, key: str) -> Iterator[Quotient]:
    chip = catalog.accelerators[key]
    if chip.memory_gb and chip.memory_bandwidth_tb_s and chip.draws.get(STACKS):
        memory, bandwidth = float(chip.memory_gb), float(chip.memory_bandwidth_tb_s)
        figures = (_figure(key, "memory_gb", memory), _figure(key, "memory_bandwidth_tb_s", bandwidth, -1))
        yield Quotient(memory / bandwidth, figures, _together(catalog, key))


def bandwidth_by_peak(catalog: Catalog, key: str) -> Iterator[Quotient]:
    chip, dense = catalog.accelerators[key], dense_tflops(catalog.accelerators[key])
    if chip.memory_bandwidth_tb_s and dense:
        bandwidth = float(chip.memory_bandwidth_tb_s)
        figures = (_figure(key, "memory_bandwidth_tb_s", bandwidth), _figure(key, "peak_tflops", dense, -1))
        yield Quotient(bandwidth / dense, figures, _together(catalog, key))


def memory_by_stack(catalog: Catalog, key: str) -> Iterator[Quotient]:
    memory, stacks = catalog.accelerators[key].memory_gb, _draw(catalog, key, STACKS, -1)
    if memory and stacks:
        figures = (_figure(key, "memory_gb", float(memory)), stacks)
        yield Quotient(float(memory) / stacks.value, figures, _together(catalog, key))


def wafers_by_stack(catalog: Catalog, key: str) -> Iterator[Quotient]:
    wafers, stacks = _draw(catalog, key, WAFERS), _draw(catalog, key, STACKS, -1)
    if wafers and stacks:
        yield Quotient(wafers.value / stacks.value, (wafers, stacks), _together(catalog, key))


def wafers_of_one(catalog: Catalog, key: str) -> Iterator[Quotient]:
    if wafers := _draw(catalog, key, WAFERS):
        yield Quotient(wafers.value, (wafers,), _together(catalog, key))


def one_off_usd(catalog: Catalog, key: str) -> Iterator[Quotient]:
    one_off = catalog.accelerators[key].one_off
    if one_off and catalog.accelerators[key].peak_tflops:
        yield Quotient(float(one_off.usd), (Figure(("accelerators", key, "one_off", "usd"), float(one_off.usd)),))


RULES = (
    Rule(
        "the power that others of its time take for their peak",
        "W per TFLOP/s in BF16 fell from 1.3 in 2020 to 0.35 in 2026; 2.7 where a peak was cut for export",
        0.6, 0.1, 5.0, power_by_peak, of_its_generation,
    ),
    Rule(
        "the memory that goes with its bandwidth, GB per TB/s of HBM",
        "a stack has 8 to 48 GB at 0.3 to 3.5 TB/s: 13 to 43 GB for each TB/s",
        30.0, 8.0, 80.0, memory_by_bandwidth,
    ),
    Rule(
        "the bandwidth that goes with its peak, TB/s per TFLOP/s in BF16",
        "0.001 to 0.03 with DRAM; two chips that keep all in SRAM come to 2",
        0.003, 0.0003, 2.1, bandwidth_by_peak,
    ),
    Rule(
        "the memory of its HBM stacks",
        "a stack has 8 GB (HBM2) to 48 GB (HBM4), 64 are announced",
        24.0, 4.0, 80.0, memory_by_stack,
    ),
    Rule(
        "the wafers that go with its HBM stacks",
        "an interposer has room for its stacks beside the dies: 0.006 to 0.014 wafers for each",
        0.008, 0.003, 0.03, wafers_by_stack,
    ),
    Rule(
        "what a package takes of a wafer",
        "6 to 70 packages of this kind fit on a wafer",
        0.04, 0.004, 0.5, wafers_of_one,
    ),
    Rule(
        "what a chip of one's own costs to design",
        "some 100 to 700 million USD at 3 to 5 nm, thousands for none",
        3e8, 1e6, 1e11, one_off_usd,
    ),
)  # fmt: skip


def peak_by_precision(catalog: Catalog, key: str) -> Iterator[Slip]:
    """Half the bits give once to three times the peak, and in most vendors' lines always twice.

    Four times, or once where the others of the vendor have twice, is a sparse peak beside a dense one.
    """
    peak = catalog.accelerators[key].peak_tflops
    for coarse, fine in STEPS:
        if coarse in peak and fine in peak:
            step = float(peak[fine] / peak[coarse])
            sparse = abs(step / SPARSE - 1) <= AS_SPARSE or (step < 1.5 and _others_double(catalog, key, coarse, fine))
            if sparse or not 0.9 <= step <= GREATEST_STEP:
                guess = "with sparsity instead of dense" if sparse else UNKNOWN
                said = f"the peak in {fine} is {step:.3g} times that in {coarse}: {guess}?"
                yield Slip((_figure(key, "peak_tflops", 0.0),), 1.0, "", said=said)


def _others_double(catalog: Catalog, key: str, coarse: Precision, fine: Precision) -> bool:
    """Whether all others of the vendor, three at least, have twice the peak in half the bits."""
    vendor = catalog.accelerators[key].vendor
    peaks = [chip.peak_tflops for other, chip in catalog.accelerators.items() if other != key and chip.vendor == vendor]
    steps = [float(peak[fine] / peak[coarse]) for peak in peaks if coarse in peak and fine in peak]
    return len(steps) >= FEWEST_PEERS and min(steps) >= 1.8


def spelling_of_stack(catalog: Catalog, key: str) -> Iterator[Slip]:
    """A stack that no other accelerator has and that is written almost like one that some have."""
    stack = catalog.accelerators[key].stack
    others = sorted({chip.stack for other, chip in catalog.accelerators.items() if other != key})
    meant = [] if stack in others else get_close_matches(stack, others, 1, ALIKE)
    for other in meant:
        said = f"no other accelerator has the stack {stack}; did you mean {other}?"
        yield Slip((_figure(key, "stack", 0.0),), 1.0, "", said=said)


OTHERS = (peak_by_precision, spelling_of_stack)
