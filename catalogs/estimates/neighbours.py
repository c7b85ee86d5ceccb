"""Which rates that nobody has measured are like whose, by accelerator and workload."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Like:
    """As efficient as these neighbours on the workload, times a factor."""

    neighbours: tuple[str, ...]
    factor: float = 1.0


@dataclass(frozen=True)
class SmallRun:
    """The neighbour's rate at scale times the ratio of two small runs (ours over the neighbour's), times 0.9."""

    neighbour: str
    ratio: float


@dataclass(frozen=True)
class Back:
    """Measured in the latest round only: before it by the gain of a neighbour on `on` between the rounds."""

    neighbour: str
    on: str


@dataclass(frozen=True)
class AsOn:
    """As efficient against the neighbour as the two are on another workload, `on`."""

    neighbour: str
    on: str


@dataclass(frozen=True)
class Matmul:
    """The neighbour's BF16 rate by the ratio of what matrix products of the two reach, in TFLOP/s."""

    neighbour: str


MATMUL_BF16_TFLOPS = {
    "h100_sxm": 794.5, "b200": 1745.0, "b300": 1769.0, "gb200": 1822.0, "mi300x": 668.4, "mi325x": 784.9,
    "mi355x": 1565.0, "gaudi2": 418.7, "gaudi3": 1243.0,
}  # fmt: skip
"""What the best shape of a matrix product reaches in BF16 (ML Engineering, August 2026)."""


RELAXED, INTERACTIVE = "llm_serving_70b", "llm_serving_70b_interactive"


LARGE, LARGE_INTERACTIVE = "llm_serving_405b", "llm_serving_405b_interactive"


MOE, MOE_INTERACTIVE = "llm_serving_moe", "llm_serving_moe_interactive"


TRAINING, RECOMMEND_TRAINING, RECOMMEND = "llm_training", "recommendation_training", "recommendation_inference"


SMALL_DOMAIN = 0.74
"""Eight GPUs in one domain against 72, mixture of experts at 75 tokens/s per user: B200 6,968 over GB200
9,379 tokens/s per GPU (InferenceX, May 2026)."""


Rule = Like | SmallRun | Back | AsOn | Matmul


def _small_run(neighbour: str, ratio: float) -> dict[str, Rule]:
    return {TRAINING: SmallRun(neighbour, ratio)}


def _back(workload: str, neighbour: str) -> dict[str, Rule]:
    return {workload: Back(neighbour, MOE)}


def _dense_as(neighbour: str) -> dict[str, Rule]:
    """The large dense model as the smaller one, at either latency: that of 70 B is measured on both."""
    return {LARGE: AsOn(neighbour, RELAXED), LARGE_INTERACTIVE: AsOn(neighbour, INTERACTIVE)}


def _all(neighbour: str, factor: float, *workloads: str) -> dict[str, Rule]:
    return {workload: Like((neighbour,), factor) for workload in workloads}


RATES: dict[str, dict[str, Rule]] = {
    # NVIDIA. Software is the neighbour's own: factors are for what a form factor loses.
    "a100_80": _all("h100_sxm", 0.9, RELAXED, INTERACTIVE) | _all("h100_sxm", 1.0, RECOMMEND_TRAINING, RECOMMEND),
    "h100_sxm": _all("h200_sxm", 1.0, INTERACTIVE, LARGE_INTERACTIVE) | _all("b200", 0.8, MOE, MOE_INTERACTIVE),
    "h100_pcie": _all("h100_sxm", 0.7, TRAINING) | _all("h100_nvl", 0.8, INTERACTIVE),
    "h100_nvl": _all("h100_sxm", 0.75, TRAINING)
    | _all("h200_nvl", 0.8, INTERACTIVE)
    | _all("h200_nvl", 1.0, RECOMMEND_TRAINING),
    "h200_sxm": _all("b200", 1.0, MOE, MOE_INTERACTIVE),
    "h200_nvl": _small_run("h200_sxm", 2.974 / 3.394)
    | _all("h200_sxm", 0.85, LARGE, LARGE_INTERACTIVE, MOE)
    | _all("h200_sxm", 0.6, MOE_INTERACTIVE),
    "gh200": _all("h200_sxm", 0.95, TRAINING, INTERACTIVE)
    | _all("h200_sxm", 0.8, LARGE, LARGE_INTERACTIVE)
    | _all("h200_sxm", 1.0, RECOMMEND_TRAINING),
    "h20": _all("h100_sxm", 1.0, TRAINING)
    | _all("h200_sxm", 1.0, RELAXED, INTERACTIVE, LARGE, LARGE_INTERACTIVE, MOE, MOE_INTERACTIVE)
    | _all("h200_sxm", 1.0, RECOMMEND_TRAINING, RECOMMEND),
    "l40s": _small_run("h100_sxm", 5.344 / 23.3) | _all("h100_sxm", 0.8, RECOMMEND_TRAINING),
    "b200": _all("gb200", SMALL_DOMAIN, MOE_INTERACTIVE) | _all("h100_sxm", 0.75, RECOMMEND),
    "gb200": _back(MOE_INTERACTIVE, "gb200") | _all("h100_sxm", 0.75, RECOMMEND),
    "b300": _small_run("gb300", 2165 / 2494)
    | _back(MOE, "gb300")
    | _all("gb200", 1.0, INTERACTIVE)
    | _all("gb300", 1.0, LARGE)
    | _all("b200", 1.0, LARGE_INTERACTIVE)
    | _all("gb300", SMALL_DOMAIN, MOE_INTERACTIVE)
    | _all("h100_sxm", 0.75, RECOMMEND),
    "gb300": _back(MOE_INTERACTIVE, "gb300")
    | _all("gb200", 1.0, INTERACTIVE, LARGE_INTERACTIVE, RECOMMEND_TRAINING)
    | _all("h100_sxm", 0.75, RECOMMEND),
    "rtx_pro_6000": _all("b200", 0.8, INTERACTIVE) | _all("b200", 0.6, LARGE, LARGE_INTERACTIVE),
    "vr200": _all("gb300", 0.9, TRAINING)
    | _all("gb300", 0.8, RELAXED, INTERACTIVE, LARGE, LARGE_INTERACTIVE)
    | _all("gb200", 1.0, RECOMMEND_TRAINING)
    | _all("gb200", 0.6, RECOMMEND),
    # AMD. The 405 B model goes by what both chips reach on 70 B. Nobody has measured the mixture of experts on MI300X
    # and MI325X: 0.75 and 0.6 are MI325X's efficiencies on 70 B over H200's, rounded (0.73, interactive 0.64). MI355X's
    # interactive one: 0.67, as its relaxed one is measured against B200's. Recommendation, 0.6 to 0.8, is judgement.
    "mi250x": _all("a100_80", 0.7, TRAINING) | _all("mi300x", 1.0, RELAXED),
    "mi300x": _small_run("h100_sxm", 3.604 / 3.656)
    | _dense_as("h200_sxm")
    | _all("h200_sxm", 0.75, MOE)
    | _all("h200_sxm", 0.6, MOE_INTERACTIVE)
    | _all("h100_sxm", 0.6, RECOMMEND_TRAINING, RECOMMEND),
    "mi325x": _small_run("h200_sxm", 2.974 / 2.672)
    | _dense_as("h200_sxm")
    | _all("h200_sxm", 0.75, MOE)
    | _all("h200_sxm", 0.6, MOE_INTERACTIVE)
    | _all("h100_sxm", 0.6, RECOMMEND_TRAINING, RECOMMEND),
    "mi350x": _small_run("b200", 1372 / 1946)
    | _all("mi355x", 1.0, RELAXED, INTERACTIVE, MOE, MOE_INTERACTIVE)
    | _dense_as("b200")
    | _all("b200", 0.8, RECOMMEND_TRAINING, RECOMMEND),
    "mi355x": _small_run("b200", 1653 / 1946)
    | _back(MOE, "b200")
    | _dense_as("b200")
    | _all("b200", 0.8, RECOMMEND_TRAINING, RECOMMEND)
    | _all("b200", 0.67, MOE_INTERACTIVE),
    "mi455x": _all("mi355x", 1.0, TRAINING)
    | _all("mi355x", 0.8, RELAXED, INTERACTIVE, LARGE, LARGE_INTERACTIVE, MOE)
    | _all("mi355x", 1.0, RECOMMEND_TRAINING, RECOMMEND)
    | _all("gb200", 0.67, MOE_INTERACTIVE),
    # Intel. No serving round at this scale: 0.6 of NVIDIA's efficiency, 0.5 where latency or size bite.
    "gaudi2": _all("h100_sxm", 0.6, RELAXED) | _all("h100_sxm", 0.5, INTERACTIVE) | _all("h200_sxm", 0.5, LARGE),
    "gaudi3": _all("gaudi2", 1.0, TRAINING, RELAXED, INTERACTIVE)
    | _all("h200_sxm", 0.5, LARGE, LARGE_INTERACTIVE, MOE)
    | _all("h200_sxm", 0.4, MOE_INTERACTIVE),
    # Google. 0.75: TPU v5e reaches all, v6e 0.6 of H100's efficiency on Stable Diffusion XL (MLPerf v4.1).
    "tpu_v4": _all("h100_sxm", 0.75, RELAXED, INTERACTIVE, RECOMMEND_TRAINING, RECOMMEND),
    "tpu_v5e": _all("h100_sxm", 0.75, RELAXED, INTERACTIVE),
    "tpu_v5p": _all("h100_sxm", 0.75, RELAXED, INTERACTIVE, RECOMMEND_TRAINING, RECOMMEND)
    | _all("h200_sxm", 0.75, LARGE, LARGE_INTERACTIVE, MOE),
    "tpu_v6e": _all("h100_sxm", 0.75, RELAXED, INTERACTIVE, RECOMMEND_TRAINING, RECOMMEND)
    | _all("h200_sxm", 0.75, LARGE, LARGE_INTERACTIVE, MOE)
    | _all("h200_sxm", 0.6, MOE_INTERACTIVE),
    "tpu_v7": {TRAINING: Like(("tpu_v5p", "tpu_v6e"))}
    | _all("h100_sxm", 0.75, RELAXED, INTERACTIVE, RECOMMEND_TRAINING, RECOMMEND)
    | _all("h200_sxm", 0.75, LARGE, LARGE_INTERACTIVE, MOE)
    | _all("gb200", 0.67, MOE_INTERACTIVE),
    # AWS. No MLPerf round: 0.9 of TPU's training efficiency, half of NVIDIA's serving efficiency.
    "inferentia2": _all("h100_sxm", 0.5, RELAXED, INTERACTIVE, RECOMMEND),
    "trainium1": _all("tpu_v4", 0.9, TRAINING) | _all("h100_sxm", 0.5, RELAXED, INTERACTIVE),
    "trainium2": _all("tpu_v6e", 0.9, TRAINING)
    | _all("h100_sxm", 0.5, RELAXED, INTERACTIVE)
    | _all("h200_sxm", 0.5, LARGE, LARGE_INTERACTIVE, MOE)
    | _all("h200_sxm", 0.4, MOE_INTERACTIVE),
    "trainium3": {TRAINING: Like(("tpu_v5p", "tpu_v6e"), 0.9)}
    | _all("h200_sxm", 0.6, RELAXED, INTERACTIVE, LARGE, LARGE_INTERACTIVE, MOE)
    | _all("gb200", 0.5, MOE_INTERACTIVE),
    # Chips for one owner. No public measurement at all: 0.5 for a first, 0.6 to 0.75 for a later generation.
    "maia_100": _all("tpu_v5p", 0.75, TRAINING) | _all("h100_sxm", 0.5, RELAXED, INTERACTIVE),
    "maia_200": _all("b200", 0.75, RELAXED, INTERACTIVE, LARGE, LARGE_INTERACTIVE, MOE)
    | _all("gb200", 0.5, MOE_INTERACTIVE),
    "mtia_v1": _all("h100_sxm", 1.0, RECOMMEND),
    "mtia_v2": _all("h100_sxm", 1.0, RECOMMEND),
    "mtia_300": _all("h100_sxm", 1.0, RECOMMEND_TRAINING, RECOMMEND),
    **{
        chip: _all("b200", 0.6, RELAXED, INTERACTIVE, LARGE, LARGE_INTERACTIVE, MOE)
        | _all("gb200", 0.5, MOE_INTERACTIVE)
        | _all("b200", 0.8, RECOMMEND_TRAINING, RECOMMEND)
        for chip in ("mtia_400", "mtia_450", "mtia_500")
    },
    "ascend_910c": _all("a100_80", 0.7, TRAINING)
    | _all("h100_sxm", 0.5, RELAXED, INTERACTIVE)
    | _all("h200_sxm", 0.5, LARGE, LARGE_INTERACTIVE)
    | _all("h200_sxm", 0.6, MOE, MOE_INTERACTIVE),
}
"""Rates that nobody has measured, by accelerator and workload."""


TRAINING_AT: dict[tuple[str, str], Rule] = {
    **{(chip, "bf16"): Like(("h100_sxm",)) for chip in ("h200_sxm", "h20")},
    ("h100_pcie", "bf16"): Like(("h100_sxm",), 0.7),
    ("h100_nvl", "bf16"): Like(("h100_sxm",), 0.75),
    ("gh200", "bf16"): Like(("h200_sxm",), 0.95),
    ("h200_nvl", "bf16"): SmallRun("h200_sxm", 2.974 / 3.394),
    ("l40s", "bf16"): SmallRun("h100_sxm", 5.344 / 23.3),
    **{
        (chip, "bf16"): Matmul("h100_sxm")
        for chip in ("b200", "b300", "gb200", "mi300x", "mi325x", "mi355x", "gaudi2", "gaudi3")
    },
    ("b300", "fp8"): Like(("b200",)),
    ("gb300", "fp8"): Like(("gb200",)),
    ("gb300", "bf16"): Like(("gb200",)),
    ("vr200", "fp8"): Like(("gb300",), 0.9),
    ("vr200", "bf16"): Like(("gb300",), 0.9),
    ("mi350x", "bf16"): Like(("mi355x",)),
    ("mi455x", "bf16"): Like(("mi355x",)),
    ("tpu_v7", "bf16"): Like(("tpu_v5p", "tpu_v6e")),
    ("trainium2", "bf16"): Like(("tpu_v6e",), 0.9),
    ("trainium3", "bf16"): Like(("tpu_v5p", "tpu_v6e"), 0.9),
}
"""Training in further precisions than that of RATES, for demands that name those that are good enough."""
