"""Tokens per second of an accelerator on a served model: how many users share a pass, and what bounds it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from catalogs.own_work.models import Model
from catalogs.schema import Catalog

USABLE = 0.9
"""Of the memory; the rest holds activations and what the runtime keeps."""
BISECTIONS = 24
WIDER = {"fp4": ("fp4", "fp8", "int8", "bf16"), "fp8": ("fp8", "int8", "bf16"), "int8": ("int8", "fp8", "bf16"),
         "bf16": ("bf16",)}  # fmt: skip
"""In which precision a model runs that asks for one: the first that the accelerator has."""


@dataclass(frozen=True)
class Parameters:
    """What the measured rates say of all accelerators alike.

    `computing` and `moving` are the shares of peak and bandwidth that are reached, `computing` in 4 bits times `fp4`;
    a model of which a share `a` of the parameters is active computes at aˢ of that, s = `sparse`; twice as many
    accelerators together are each `parallel` as fast; a user gets `drafted` tokens a pass.
    """

    computing: float
    fp4: float
    moving: float
    sparse: float
    parallel: float
    drafted: float


@dataclass(frozen=True)
class Chip:
    """What an accelerator has in one precision."""

    precision: str
    peak_tflops: float
    bandwidth_tb_s: float
    memory_gb: float


def chip_in(catalog: Catalog, accelerator: str, precision: str) -> Chip | None:
    """An accelerator in a precision; None where the catalogue lacks its peak, bandwidth or memory."""
    spec = catalog.accelerators[accelerator]
    peaks = {str(name): float(peak) for name, peak in spec.peak_tflops.items()}
    peak = peaks.get("fp8" if precision == "int4" else precision)
    if peak is None and precision == "fp8" and "fp4" in peaks:
        peak = peaks["fp4"] / 2
    if peak is None or spec.memory_bandwidth_tb_s is None or spec.memory_gb is None:
        return None
    return Chip(precision, peak, float(spec.memory_bandwidth_tb_s), float(spec.memory_gb))


@dataclass(frozen=True)
class Group:
    """So many accelerators that serve a model together, and tokens per second of each of them."""

    accelerators: int
    rate: float


def sizes_up_to(largest: int) -> Iterator[int]:
    """Groups that are tried: powers of two, and all of the system."""
    size = 1
    while size < largest:
        yield size
        size *= 2
    yield largest


def best_group(model: Model, chip: Chip, largest: int, user: float, p: Parameters) -> Group | None:
    """The group, of at most so many, that gives most at `user` tokens per second; None where none can."""
    found = [Group(size, rate) for size in sizes_up_to(largest) if (rate := group_rate(model, chip, size, user, p))]
    return max(found, key=lambda group: (group.rate, -group.accelerators), default=None)


def group_rate(model: Model, chip: Chip, size: int, user: float, p: Parameters) -> float | None:
    """Tokens per second of each of `size` accelerators, with as many users as memory and latency allow.

    seconds of a pass of b users = (b · token + weights read / bandwidth) / size ≤ drafted / user, where
    token = 2 · active · (1 + prompt / answer) / peak + cache / bandwidth; rate = b / (b · token + weights / bandwidth).
    Of a mixture of experts, b users touch 1 − (1 − active share)ᵇ of the weights.
    """
    shared = float(p.parallel ** math.log2(size))
    moving = chip.bandwidth_tb_s * p.moving * shared
    token = _seconds_of_a_token(model, chip, p) / shared + _cache_tb(model, chip) / moving
    free_gb = size * chip.memory_gb * USABLE - model.weights_gb(chip.precision)
    users = free_gb / model.cache_gb(chip.precision, model.context_tokens)
    share = model.active_bn / model.parameters_bn

    def busy(batch: float) -> float:
        touched = 1 - math.pow(1 - share, batch)
        return batch * token + model.weights_gb(chip.precision) / 1000 * touched / moving

    longest = size * p.drafted / user
    if users < 1 or busy(1.0) > longest:
        return None
    batch = users if busy(users) <= longest else _most(lambda b: busy(b) <= longest, users)
    return batch / busy(batch)


def _seconds_of_a_token(model: Model, chip: Chip, p: Parameters) -> float:
    """Of one accelerator that computes alone: the token, and its part of the prompt."""
    tflop = 2 * model.active_bn / 1000 * (1 + model.prompt_tokens / model.answer_tokens)
    efficiency = p.computing * (p.fp4 if chip.precision == "fp4" else 1.0)
    return tflop / (chip.peak_tflops * efficiency * math.pow(model.active_bn / model.parameters_bn, p.sparse))


def _cache_tb(model: Model, chip: Chip) -> float:
    """What a token reads of its own request, halfway through the answer."""
    return model.cache_gb(chip.precision, model.prompt_tokens + model.answer_tokens / 2) / 1000


def _most(allowed: Callable[[float], bool], most: float) -> float:
    """The largest number of users, from one, that is allowed."""
    low, high = 1.0, most
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if allowed(middle) else (low, middle)
    return low


def fits(model: Model, chip: Chip, size: int) -> bool:
    """Whether so many accelerators hold the weights and one request."""
    free_gb = size * chip.memory_gb * USABLE - model.weights_gb(chip.precision)
    return free_gb >= model.cache_gb(chip.precision, model.context_tokens)
