"""The rules that fill figures nobody publishes: one place, one function each, inputs beside them.

A figure of the shipped catalogue whose source is named `rule_…` is the result of a rule here and of
nothing else; `figures` recomputes all of them and a test compares. `docs/estimates.md` explains the
rules with worked examples. Money is in USD, power in kW, rates in the workload's unit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from catalogs.periods import first_month, value_at
from catalogs.schema import Accelerator, Catalog, Offer, System, Throughput

T = TypeVar("T")
Value = float | dict[str, float]
"""A number, or numbers by period."""

DIGITS = 3
"""Every estimate is rounded to three significant digits: more would look like knowledge."""


def rounded(value: float, digits: int = DIGITS) -> float:
    """The value to so many significant digits."""
    return round(value, digits - 1 - math.floor(math.log10(abs(value)))) if value else 0.0


# ---------------------------------------------------------------------------------------- power


NETWORK_POWER = 1.09
"""IT power of a node with its share of switches and storage, over the node's own: 64 nodes of 8 H100
with their switches drew 7.6 kW a node in a GPT-3 run, a node alone 6.95 kW (MLPerf Training v4.0)."""

MEASURED_NODE_KW = {"dgx_h100": 6.951, "dgx_b200": 9.86}
"""AC power of a busy 8-GPU node: H100 mean of a training run (MLPerf Training v4.0); B200 mean of one
training run (9.57) and three inference runs (10.40, 9.89, 9.57; MLPerf Training v5.0, Inference v5.1)."""


def provisioned_from_tdp(accelerators: int, tdp_w: float, all_in_over_tdp: float) -> float:
    """Provisioned kW of a system from its chips' TDP and a neighbour's ratio of all-in power to TDP."""
    return accelerators * tdp_w / 1000 * all_in_over_tdp


def provisioned_from_nameplate(nameplate_kw: float) -> float:
    """Provisioned kW of a system whose own largest power is published: plus network and storage."""
    return nameplate_kw * NETWORK_POWER


def average_from_measured(node_kw: float) -> float:
    """Average kW of a system whose node was measured at work: plus network and storage."""
    return node_kw * NETWORK_POWER


def average_from_load(provisioned_kw: float, load: float) -> float:
    """Average kW from provisioned kW and a measured neighbour's ratio of the two."""
    return provisioned_kw * load


# ---------------------------------------------------------------------------------------- money


def scaled_price(price: float, bandwidth_ratio: float, peak_ratio: float) -> float:
    """A price carried from a chip of the same generation: by the geometric mean of the ratios of memory
    bandwidth and of 8-bit peak, the two things an accelerator is bought for."""
    return price * math.sqrt(bandwidth_ratio * peak_ratio)


def middle(low: float, high: float) -> float:
    """The middle of a published range of prices: its geometric mean."""
    return math.sqrt(low * high)


def system_price(accelerators: int, chip_usd: float, rest_usd: float) -> float:
    """A system from its chips: each with its share of CPUs, memory, NICs, chassis and integration."""
    return accelerators * (chip_usd + rest_usd)


def network_price(accelerators: int, gbit_s: float) -> float:
    """Switches, optics and cables of a system's scale-out network, from Gbit/s per accelerator.

    Through two published points: 6,600 USD at 400 Gbit/s (a cluster of 104,858 H100, 12.8 % of 51.6 k)
    and 10,600 USD at 800 Gbit/s (13 % of 5.9 M USD for a rack of 72 Blackwell).
    """
    exponent = math.log(10_600 / 6_600) / math.log(2)
    return accelerators * 6_600 * math.pow(gbit_s / 400, exponent)


def lease_rent(system_usd: float, accelerators: int, months: int) -> float:
    """USD per accelerator-hour that pays a system off: an annuity at 10 % a year, a quarter left at the end."""
    monthly, left = 0.10 / 12, 0.25
    paid_off = math.pow(1 + monthly, -months)
    payment = system_usd * (1 - left * paid_off) * monthly / (1 - paid_off)
    return payment / (accelerators * 730)


# --------------------------------------------------------------------------------------- carbon


GRID_KG_PER_KWH = 0.37
"""Mean carbon intensity of the US grid, location-based."""

HOST_PUE = {"google_cloud": 1.10, "aws": 1.15, "oracle_cloud": 1.15, "azure": 1.18, "neocloud": 1.30}
"""Published fleet PUE; for neoclouds halfway between those and the industry's 1.55."""


def carbon_per_hour(average_kw: float, accelerators: int, pue: float) -> float:
    """kg CO2 per accelerator-hour at a host: its share of the average power, PUE, mean grid."""
    return average_kw / accelerators * pue * GRID_KG_PER_KWH


# ---------------------------------------------------------------------------------------- draws


def wafers_per_package(neighbour: float, stacks: float, neighbour_stacks: float) -> float:
    """CoWoS wafers per package, from a neighbour's, by the number of HBM stacks beside the die."""
    return neighbour * stacks / neighbour_stacks


# --------------------------------------------------------------------------------------- memory


@dataclass(frozen=True)
class Served:
    """A model that is served: parameters in billions, values cached a token, and tokens of one request."""

    parameters_bn: float
    cached_values: int
    tokens: int


LLAMA_2_70B = Served(70, 2 * 80 * 8 * 128, 2_048)
LLAMA_31_405B = Served(405, 2 * 126 * 8 * 128, 10_084)
DEEPSEEK_R1 = Served(671, 61 * (512 + 64), 20_000)
"""Keys and values of each layer and head that has its own, or DeepSeek's compressed ones with their rotary part; a
request of MLPerf: at most 1,024 tokens in and out, on average 9,400 in and 684 out, at most 20,000 out."""
SERVED = {
    "llm_serving_70b": LLAMA_2_70B,
    "llm_serving_70b_interactive": LLAMA_2_70B,
    "llm_serving_405b": LLAMA_31_405B,
    "llm_serving_405b_interactive": LLAMA_31_405B,
    "llm_serving_moe": DEEPSEEK_R1,
    "llm_serving_moe_interactive": DEEPSEEK_R1,
}
CACHE_BYTES = {"bf16": 2, "fp8": 1, "int8": 1, "fp4": 1}
"""Bytes of a cached value, by the precision of the weights: FP8 caches serve weights of 8 and 4 bits."""


def memory_gb(model: Served, precision: str) -> float:
    """GB that a model's weights and the cache of one request take: what a system must hold at the least."""
    cache = model.cached_values * model.tokens * CACHE_BYTES[precision] / 1e9
    return model.parameters_bn * BYTES[precision] + cache


# ----------------------------------------------------------------------------------- throughput


BYTES = {"fp4": 0.5, "fp8": 1.0, "int8": 1.0, "bf16": 2.0}


@dataclass(frozen=True)
class Work:
    """What one unit of a workload costs: TFLOP, and GB moved to and from memory.

    `weights_gb` is the model at one byte a weight divided by the batch, `other_gb` the key-value cache
    or embeddings, which do not shrink with the weights' precision.
    """

    tflop: float
    weights_gb: float = 0.0
    other_gb: float = 0.0


WORK = {
    "llm_training": Work(tflop=1.0),
    # 70 B weights; as much prompt as answer; batches of 256 and 96; 0.16 MB of cache a token, 440 tokens.
    "llm_serving_70b": Work(tflop=0.28, weights_gb=70 / 256, other_gb=0.072),
    "llm_serving_70b_interactive": Work(tflop=0.28, weights_gb=70 / 96, other_gb=0.072),
    # 405 B weights; a prompt of 9,400 tokens for 684 of answer; batches of 16 and 6.
    "llm_serving_405b": Work(tflop=11.9, weights_gb=405 / 16, other_gb=2.5),
    "llm_serving_405b_interactive": Work(tflop=11.9, weights_gb=405 / 6, other_gb=2.5),
    # 671 B weights, 37 B active; 880 tokens of prompt for 3,880 of answer; batches of 4,096 and 512.
    "llm_serving_moe": Work(tflop=0.091, weights_gb=671 / 4096, other_gb=0.1),
    "llm_serving_moe_interactive": Work(tflop=0.091, weights_gb=671 / 512, other_gb=0.1),
    # Fitted to H100 and H200, which differ in memory only.
    "recommendation_training": Work(tflop=395e-6, other_gb=0.6e-3),
    "recommendation_inference": Work(tflop=39.4e-3, other_gb=8.1e-3),
}


def roofline(work: Work, peak_tflops: float, bandwidth_tb_s: float, bytes_per_weight: float) -> float:
    """Units per second if computing and moving data took turns and each ran at its peak."""
    moved_tb = (work.weights_gb * bytes_per_weight + work.other_gb) / 1000
    return 1 / (work.tflop / peak_tflops + moved_tb / bandwidth_tb_s)


def like_neighbours(rooflines: Iterable[tuple[float, float]], roofline_here: float, factor: float) -> float:
    """A rate at the efficiency of measured neighbours, given as (rate, roofline); their geometric mean."""
    efficiencies = [rate / line for rate, line in rooflines]
    return math.prod(efficiencies) ** (1 / len(efficiencies)) * roofline_here * factor


def from_small_run(neighbour_rate: float, speed_ratio: float, factor: float) -> float:
    """A rate at scale, where only a small run was measured: the neighbour's by the ratio of small runs."""
    return neighbour_rate * speed_ratio * factor


def carried_back(rate_now: float, neighbour_then: float, neighbour_now: float) -> float:
    """A rate measured in one round, as of an earlier round: by the gain of a neighbour between the two."""
    return rate_now * neighbour_then / neighbour_now


# --------------------------------------------------------------- which figure is filled from what


def _to(value: T, names: str) -> dict[str, T]:
    """The same value for each of the names in a text."""
    return dict.fromkeys(names.split(), value)


ALL_IN_LIKE = {
    "dgx_a100": "dgx_h100", "hgx_h20": "dgx_h100", "gaudi2_server": "dgx_h100",
    "h100_pcie_server": "dgx_h100", "h100_nvl_server": "dgx_h100", "h200_nvl_server": "dgx_h200",
    "l40s_server": "rtx_pro_6000_server",
    "mi250x_node": "mi300x_server", "mi350x_server": "mi325x_server", "gaudi3_server": "dgx_b200",
    "tpu_v4_rack": "tpu_v7_rack", "tpu_v5e_server": "tpu_v7_rack", "tpu_v5p_rack": "tpu_v7_rack",
    "tpu_v6e_server": "tpu_v7_rack", "trn1_server": "trn2_server",
    "trn3_ultraserver": "trn2_server", "maia_100_server": "gb200_nvl72", "maia_200_server": "gb200_nvl72",
    "mtia_300_server": "dgx_b200", "mtia_400_rack": "gb200_nvl72", "mtia_450_rack": "gb200_nvl72",
    "mtia_500_rack": "gb200_nvl72",
}  # fmt: skip
"""Provisioned power of a system from its TDP at the all-in ratio of another system."""

PACKAGES_LIKE = {"mi455x_rack": "vr200_nvl72", "inf2_server": "trn1_server", "trn2_ultraserver": "trn2_server"}
"""Provisioned power of a system whose chip has no published TDP: as much per package as another."""

NAMEPLATE_KW = {"tpu_v7_rack": 100.0, "gh200_server": 1.0}
"""Published power of the whole system, without scale-out network and storage."""

CARD_HOST_KW = {"mtia_v1_server": 0.6, "mtia_v2_rack": 3.0}
"""Power of the host servers of cards too small for a ratio of TDP: one server for 12 or 24 cards."""

LOAD_LIKE = {
    "dgx_h100": "dgx_h100", "dgx_b200": "dgx_b200",
    **_to("dgx_h100", """
        dgx_h200 dgx_a100 hgx_h20 h100_pcie_server h100_nvl_server h200_nvl_server gh200_server l40s_server
        mi250x_node mi300x_server mi325x_server gaudi2_server gaudi3_server tpu_v4_rack tpu_v5e_server
        tpu_v5p_rack tpu_v6e_server trn1_server inf2_server trn2_server trn2_ultraserver maia_100_server
        mtia_v1_server mtia_v2_rack cloudmatrix_384
    """),
    **_to("dgx_b200", """
        dgx_b300 rtx_pro_6000_server gb200_nvl72 gb300_nvl72 vr200_nvl72 mi350x_server mi355x_server mi455x_rack
        tpu_v7_rack trn3_ultraserver maia_200_server mtia_300_server mtia_400_rack mtia_450_rack mtia_500_rack
    """),
}  # fmt: skip
"""Average over provisioned power: as measured on H100 (chips to 2024) or B200 (from 2025)."""

CHIP_PRICE_USD: dict[str, dict[str, tuple[float, float]]] = {
    "a100_80": {"2023": (10_000, 15_000)},
    "h100_sxm": {
        "2022": (30_000, 45_000), "2023": (30_000, 40_000), "2024": (23_000, 30_000), "2025": (20_000, 27_000),
    },
    "h20": {"2024": (10_000, 15_000), "2025": (9_000, 12_000)},
    "b200": {"2024": (35_000, 45_000), "2025": (30_000, 45_000)},
    "mi250x": {"2022": (8_000, 12_000)},
    "mi300x": {"2023": (10_000, 15_000)},
    "mi325x": {"2024": (10_000, 20_000)},
    "mi350x": {"2025": (22_000, 25_000)},
    "mi355x": {"2025": (25_000, 30_000)},
    "gaudi2": {"2022": (65_000 / 8, 65_000 / 8)},
    "gaudi3": {"2024": (125_000 / 8, 125_000 / 8)},
}  # fmt: skip
"""Published range of what large buyers pay for the bare chip or board, by year of order (Epoch AI; Intel)."""

MADE_FOR_USD: dict[str, tuple[float, float, float, float]] = {
    "tpu_v4": (1_100, 1_500, 0.55, 0.70),
    "tpu_v5e": (950, 1_400, 0.50, 0.65),
    "tpu_v5p": (2_300, 2_900, 0.50, 0.65),
    "tpu_v6e": (1_600, 1_900, 0.50, 0.65),
    "tpu_v7": (4_600, 5_500, 0.50, 0.65),
}
"""Range of manufacturing cost, and of the design partner's gross margin (Epoch AI)."""

CHIP_PRICE_LIKE = {
    "h200_sxm": "h100_sxm", "h100_pcie": "h100_sxm", "h100_nvl": "h100_sxm", "h200_nvl": "h100_sxm",
    "gh200": "h100_sxm", "l40s": "h100_sxm", "b300": "b200", "rtx_pro_6000": "b200",
    "trainium1": "tpu_v4", "inferentia2": "tpu_v5e", "trainium2": "tpu_v6e", "trainium3": "tpu_v7",
    "maia_100": "tpu_v5p", "maia_200": "tpu_v7", "mtia_v1": "tpu_v5e", "mtia_v2": "tpu_v5e",
    "mtia_300": "tpu_v7", "mtia_400": "tpu_v7", "mtia_450": "tpu_v7", "mtia_500": "tpu_v7",
}  # fmt: skip

BASEBOARD_REST_USD = 12_500.0
"""Per accelerator of an 8-GPU server: 310,000 USD (August 2024) less eight chips, over eight."""
HOST_OF_4_REST_USD = 6_250.0
"""Per accelerator where there is no switched baseboard: PCIe servers and trays of four chips."""
HOST_OF_8_REST_USD = 3_125.0
"""Per accelerator where one plain host carries eight or more small chips."""
CARD_REST_USD = 1_000.0
"""Per accelerator where one server carries 12 to 24 cards."""

REST_USD = {
    **_to(BASEBOARD_REST_USD, """
        dgx_h100 dgx_h200 dgx_a100 hgx_h20 dgx_b200 dgx_b300 mi250x_node mi300x_server mi325x_server
        mi350x_server mi355x_server
    """),
    **_to(HOST_OF_4_REST_USD, """
        h100_pcie_server h100_nvl_server h200_nvl_server gh200_server l40s_server rtx_pro_6000_server
        gaudi2_server gaudi3_server tpu_v4_rack tpu_v5p_rack tpu_v7_rack trn2_server trn2_ultraserver
        trn3_ultraserver maia_100_server maia_200_server mtia_300_server mtia_400_rack mtia_450_rack
        mtia_500_rack
    """),
    **_to(HOST_OF_8_REST_USD, "tpu_v5e_server tpu_v6e_server trn1_server inf2_server"),
    **_to(CARD_REST_USD, "mtia_v1_server mtia_v2_rack"),
}  # fmt: skip

RACK_PRICE_LIKE = {"mi455x_rack.purchase": "vr200_nvl72.purchase"}
"""Racks whose price per package is scaled from another whole rack."""

TWELVE_OVER_36 = 1.32
"""Rent of a 12-month over a 36-month term: H100 in 2026, 2.35 over 1.78."""
NO_TERM_OVER_36 = 1.46
"""Rent without a term over a 36-month term: H100 in 2026, 2.60 over 1.78."""
SCARCE_OVER_36 = 2.04
"""The same for Blackwell, which is scarcer: B200 in 2026, 5.30 over 2.60."""
LIST_12, LIST_36 = 0.70, 0.55
"""Rent of a 12- and of a 36-month commitment over the list price without one, at Google Cloud and AWS."""
LARGE_CLOUD = 1.2
"""Rent at a large cloud over a neocloud's, at the same term."""


def _terms(route: str, of: str, factor: float, systems: str) -> dict[str, tuple[str, float]]:
    return {f"{system}.{route}": (f"{system}.{of}", factor) for system in systems.split()}


RENT_LIKE: dict[str, tuple[str, float]] = {
    **_terms("reservation", "reservation_36", TWELVE_OVER_36, """
        dgx_h200 dgx_b200 dgx_b300 gb200_nvl72 gb300_nvl72 mi300x_server mi325x_server mi355x_server
    """),
    **_terms("on_demand", "reservation_36", SCARCE_OVER_36, "dgx_b300 gb200_nvl72 gb300_nvl72"),
    **_terms("on_demand", "reservation_36", NO_TERM_OVER_36, "mi325x_server mi355x_server"),
    **_terms("reservation", "on_demand", LIST_12, """
        tpu_v4_rack tpu_v5e_server tpu_v5p_rack tpu_v6e_server tpu_v7_rack trn1_server inf2_server
        trn2_ultraserver trn3_ultraserver
    """),
    **_terms("reservation_36", "on_demand", LIST_36, """
        tpu_v4_rack tpu_v5e_server tpu_v5p_rack tpu_v6e_server tpu_v7_rack trn2_ultraserver trn3_ultraserver
    """),
    **_terms("aws_reservation", "reservation_36", LARGE_CLOUD, "dgx_h100 dgx_h200 dgx_b200 gb200_nvl72 gb300_nvl72"),
    **_terms("azure_reservation", "reservation_36", LARGE_CLOUD, "dgx_h100 dgx_h200 gb200_nvl72 gb300_nvl72"),
    **_terms("google_reservation", "reservation_36", LARGE_CLOUD, "dgx_h100 dgx_b200"),
    **_terms("oracle_reservation", "reservation_36", LARGE_CLOUD, "dgx_h100 gb200_nvl72 gb300_nvl72 mi355x_server"),
    "dgx_a100.on_demand": ("dgx_h100.on_demand", 1.0),
    "gh200_server.on_demand": ("dgx_h100.on_demand", 1.0),
    "h100_pcie_server.on_demand": ("dgx_h100.on_demand", 1.0),
    "h200_nvl_server.on_demand": ("dgx_h200.on_demand", 1.0),
    "gaudi2_server.on_demand": ("dgx_h100.on_demand", 1.0),
    "gaudi3_server.on_demand": ("dgx_h100.on_demand", 1.0),
    "mi350x_server.reservation_36": ("mi355x_server.reservation_36", 1.0),
    "tpu_v7_rack.on_demand": ("dgx_b200.on_demand", 1.0),
    "trn2_server.on_demand": ("dgx_h200.on_demand", 1.0),
    "trn2_ultraserver.on_demand": ("dgx_h200.on_demand", 1.0),
    "trn3_ultraserver.on_demand": ("dgx_b200.on_demand", 1.0),
}  # fmt: skip
"""Rents: another offer's rent, scaled by bandwidth and peak, times the factor."""

LEASE_OF = {
    "dgx_h100.lease": "dgx_h100.purchase",
    "dgx_b200.lease": "dgx_b200.purchase",
    "gb200_nvl72.lease": "gb200_nvl72.purchase",
    "mi355x_server.lease": "mi355x_server.purchase",
}

NETWORK_GBIT_S = {
    **_to(400.0, """
        dgx_h100 dgx_h200 hgx_h20 dgx_b200 gb200_nvl72 mi300x_server mi325x_server mi350x_server mi355x_server
        cloudmatrix_384 mtia_300_server mtia_400_rack mtia_450_rack mtia_500_rack gh200_server maia_100_server
        maia_200_server
    """),
    **_to(800.0, "dgx_b300 gb300_nvl72 mi455x_rack"),
    **_to(200.0, """
        dgx_a100 mi250x_node gaudi2_server gaudi3_server h100_nvl_server h200_nvl_server h100_pcie_server
        trn2_server trn2_ultraserver trn3_ultraserver tpu_v7_rack
    """),
    **_to(100.0, """
        l40s_server rtx_pro_6000_server tpu_v4_rack tpu_v5e_server tpu_v5p_rack tpu_v6e_server trn1_server
    """),
    **_to(50.0, "inf2_server mtia_v1_server mtia_v2_rack"),
    "vr200_nvl72": 1600.0,
}  # fmt: skip
"""Scale-out network per accelerator; the links inside a rack or pod are part of the system."""

WAFERS_LIKE = {
    **_to("h100_sxm", """
        a100_80 h100_pcie h100_nvl gh200 tpu_v4 tpu_v5e tpu_v5p tpu_v6e trainium1 inferentia2 trainium2 maia_100
        gaudi2
    """),
    **_to("b200", """
        b300 gb300 mi300x mi325x mi350x mi355x gaudi3 trainium3 maia_200 mtia_300 mtia_400 mtia_450 mtia_500
    """),
    "mi455x": "vr200",
}  # fmt: skip
"""CoWoS wafers per package where nobody publishes them: from this chip's, by HBM stacks."""


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
    """Measured in the latest round only: earlier by the gain of a neighbour on `on` between the rounds."""

    rate_now: float
    neighbour: str
    on: str


SCALE_ALLOWANCE = 0.9
"""Small runs flatter chips whose submissions stop at 8 to 32 accelerators."""


RELAXED, INTERACTIVE = "llm_serving_70b", "llm_serving_70b_interactive"
LARGE, LARGE_INTERACTIVE = "llm_serving_405b", "llm_serving_405b_interactive"
MOE, MOE_INTERACTIVE = "llm_serving_moe", "llm_serving_moe_interactive"
TRAINING, RECOMMEND_TRAINING, RECOMMEND = "llm_training", "recommendation_training", "recommendation_inference"

SMALL_DOMAIN = 0.74
"""Eight GPUs in one domain against 72, mixture of experts at 75 tokens/s per user: B200 6,968 over GB200
9,379 tokens/s per GPU (InferenceX, May 2026)."""


Rule = Like | SmallRun | Back


def _small_run(neighbour: str, ratio: float) -> dict[str, Rule]:
    return {TRAINING: SmallRun(neighbour, ratio)}


def _back(workload: str, rate_now: float, neighbour: str) -> dict[str, Rule]:
    return {workload: Back(rate_now, neighbour, MOE)}


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
    "gb200": _back(MOE_INTERACTIVE, 3337.1, "gb200") | _all("h100_sxm", 0.75, RECOMMEND),
    "b300": _small_run("gb300", 2165 / 2494)
    | _back(MOE, 8846.5, "gb300")
    | _all("gb200", 1.0, INTERACTIVE)
    | _all("gb300", 1.0, LARGE)
    | _all("b200", 1.0, LARGE_INTERACTIVE)
    | _all("gb300", SMALL_DOMAIN, MOE_INTERACTIVE)
    | _all("h100_sxm", 0.75, RECOMMEND),
    "gb300": _back(MOE_INTERACTIVE, 3520.9, "gb300")
    | _all("gb200", 1.0, INTERACTIVE, LARGE_INTERACTIVE, RECOMMEND_TRAINING)
    | _all("h100_sxm", 0.75, RECOMMEND),
    "rtx_pro_6000": _all("b200", 0.8, INTERACTIVE) | _all("b200", 0.6, LARGE, LARGE_INTERACTIVE),
    "vr200": _all("gb300", 0.9, TRAINING)
    | _all("gb300", 0.8, RELAXED, INTERACTIVE, LARGE, LARGE_INTERACTIVE)
    | _all("gb200", 1.0, RECOMMEND_TRAINING)
    | _all("gb200", 0.6, RECOMMEND),
    # AMD. 0.75 is what MI325X reaches of H200's efficiency on the 70 B model; interactive lags further.
    "mi250x": _all("a100_80", 0.7, TRAINING) | _all("mi300x", 1.0, RELAXED),
    "mi300x": _small_run("h100_sxm", 3.604 / 3.656)
    | _all("h200_sxm", 0.75, LARGE, MOE)
    | _all("h200_sxm", 0.6, LARGE_INTERACTIVE, MOE_INTERACTIVE)
    | _all("h100_sxm", 0.6, RECOMMEND_TRAINING, RECOMMEND),
    "mi325x": _small_run("h200_sxm", 2.974 / 2.672)
    | _all("h200_sxm", 0.75, LARGE, MOE)
    | _all("h200_sxm", 0.6, LARGE_INTERACTIVE, MOE_INTERACTIVE)
    | _all("h100_sxm", 0.6, RECOMMEND_TRAINING, RECOMMEND),
    "mi350x": _small_run("b200", 1372 / 1946)
    | _all("mi355x", 1.0, RELAXED, INTERACTIVE, MOE, MOE_INTERACTIVE)
    | _all("b200", 0.95, LARGE)
    | _all("b200", 0.8, LARGE_INTERACTIVE, RECOMMEND_TRAINING, RECOMMEND),
    "mi355x": _small_run("b200", 1653 / 1946)
    | _back(MOE, 4697.9, "b200")
    | _all("b200", 0.95, LARGE)
    | _all("b200", 0.8, LARGE_INTERACTIVE, RECOMMEND_TRAINING, RECOMMEND)
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


# ------------------------------------------------------------------------- all of it, recomputed


def _number(value: Decimal | None) -> float:
    if value is None:
        raise ValueError("an estimate needs a figure that the catalogue does not have")
    return float(value)


def _each(schedule: Decimal | dict[str, Decimal], change: Callable[[float], float]) -> Value:
    """The rounded result of `change` for a number or for every step of a schedule; equal steps merge."""
    if isinstance(schedule, Decimal):
        return rounded(change(float(schedule)))
    return _merged({key: rounded(change(float(amount))) for key, amount in schedule.items()})


def _from_first_order(steps: Mapping[str, float], offer: Offer) -> dict[str, float]:
    """A schedule that starts when the offer opens."""
    return _starting(steps, offer.available.from_) if offer.available.from_ else dict(steps)


def _starting(steps: Mapping[str, float], start: str) -> dict[str, float]:
    """A schedule that starts at a period: what held before is written there."""
    opening = first_month(start)
    held = [value for key, value in steps.items() if first_month(key) <= opening] or [next(iter(steps.values()))]
    later = {key: value for key, value in steps.items() if first_month(key) > opening}
    return _merged({start: held[-1], **later})


def _merged(steps: Mapping[str, float]) -> dict[str, float]:
    """The steps without those that repeat the one before."""
    values = list(steps.values())
    return {key: value for i, (key, value) in enumerate(steps.items()) if i == 0 or value != values[i - 1]}


def _peak(chip: Accelerator, precision: str | None) -> float:
    return _number(chip.peak_tflops.get(precision)) if precision else 0.0  # type: ignore[call-overload]


def common_peaks(here: Accelerator, there: Accelerator) -> float:
    """Ratio of two chips' peaks at the lowest precision both have: 4 bits, else 8 bits, else BF16."""
    for names in (("fp4",), ("fp8", "int8"), ("bf16",)):
        peaks = [max((float(v) for k, v in c.peak_tflops.items() if k in names), default=0.0) for c in (here, there)]
        if all(peaks):
            return peaks[0] / peaks[1]
    raise ValueError(f"{here.id} and {there.id} have no precision in common")


def _ratios(here: Accelerator, there: Accelerator) -> tuple[float, float]:
    bandwidths = _number(here.memory_bandwidth_tb_s) / _number(there.memory_bandwidth_tb_s)
    return bandwidths, common_peaks(here, there)


def _chip_price(chip: str, catalog: Catalog) -> dict[str, float]:
    if chip in CHIP_PRICE_USD:
        return {period: middle(*pair) for period, pair in CHIP_PRICE_USD[chip].items()}
    if chip in MADE_FOR_USD:
        low, high, least, most = MADE_FOR_USD[chip]
        return {"2021": middle(low, high) / (1 - (least + most) / 2)}
    neighbour = CHIP_PRICE_LIKE[chip]
    ratios = _ratios(catalog.accelerators[chip], catalog.accelerators[neighbour])
    return {period: scaled_price(usd, *ratios) for period, usd in _chip_price(neighbour, catalog).items()}


def _provisioned(name: str, catalog: Catalog) -> float | None:
    system = catalog.systems[name]
    chip = catalog.accelerators[system.accelerator]
    if name in NAMEPLATE_KW:
        return provisioned_from_nameplate(NAMEPLATE_KW[name])
    if name in CARD_HOST_KW:
        cards_kw = system.accelerators * _number(chip.tdp_w) / 1000
        return provisioned_from_nameplate(cards_kw + CARD_HOST_KW[name])
    if name in PACKAGES_LIKE:
        other = catalog.systems[PACKAGES_LIKE[name]]
        return system.accelerators * float(other.provisioned_kw) / other.accelerators
    if name in ALL_IN_LIKE:
        other = catalog.systems[ALL_IN_LIKE[name]]
        chips_kw = other.accelerators * _number(catalog.accelerators[other.accelerator].tdp_w) / 1000
        return provisioned_from_tdp(system.accelerators, _number(chip.tdp_w), float(other.provisioned_kw) / chips_kw)
    return None


def _power(catalog: Catalog) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for name, system in catalog.systems.items():
        provisioned = _provisioned(name, catalog)
        if provisioned is not None:
            found[f"{name}.provisioned_kw"] = rounded(provisioned)
        if name in MEASURED_NODE_KW:
            found[f"{name}.average_kw"] = rounded(average_from_measured(MEASURED_NODE_KW[name]))
        elif name in LOAD_LIKE:
            other = LOAD_LIKE[name]
            load = average_from_measured(MEASURED_NODE_KW[other]) / float(catalog.systems[other].provisioned_kw)
            found[f"{name}.average_kw"] = rounded(average_from_load(float(system.provisioned_kw), load))
    return found


def _prices(catalog: Catalog) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for name, offer in catalog.offers.items():
        system = catalog.systems[offer.system]
        if offer.route == "purchase" and offer.system in NETWORK_GBIT_S:
            usd = network_price(system.accelerators, NETWORK_GBIT_S[offer.system])
            found[f"{name}.network_usd"] = rounded(usd)
        if name in RACK_PRICE_LIKE:
            found[f"{name}.price_usd"] = _rack_price(system, catalog.offers[RACK_PRICE_LIKE[name]], catalog)
        elif name.endswith(".purchase") and offer.system in REST_USD:
            chip = _chip_price(system.accelerator, catalog)
            rest = REST_USD[offer.system]
            steps = {p: rounded(system_price(system.accelerators, usd, rest)) for p, usd in chip.items()}
            found[f"{name}.price_usd"] = _from_first_order(steps, offer)
    return found


def _rack_price(system: System, other: Offer, catalog: Catalog) -> Value:
    there = catalog.systems[other.system]
    ratios = _ratios(catalog.accelerators[system.accelerator], catalog.accelerators[there.accelerator])
    assert other.price_usd is not None
    return _each(other.price_usd, lambda usd: scaled_price(usd * system.accelerators / there.accelerators, *ratios))


def _rents(catalog: Catalog) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for name, offer in catalog.offers.items():
        system = catalog.systems[offer.system]
        if name in RENT_LIKE:
            other, factor = RENT_LIKE[name]
            found[f"{name}.usd_per_accelerator_hour"] = _rent_like(offer, catalog.offers[other], factor, catalog)
        if name in LEASE_OF:
            sold = catalog.offers[LEASE_OF[name]]
            assert sold.price_usd is not None
            assert offer.term_months is not None
            rent = _lease(float(sold.network_usd), system.accelerators, offer.term_months)
            steps = _each(sold.price_usd, rent)
            found[f"{name}.usd_per_accelerator_hour"] = (
                _from_first_order(steps, offer) if isinstance(steps, dict) else steps
            )
        if offer.hosted and offer.host in HOST_PUE:
            kg = carbon_per_hour(float(system.average_kw), system.accelerators, HOST_PUE[offer.host])
            found[f"{name}.carbon_kg_per_accelerator_hour"] = rounded(kg)
    return found


def _lease(network_usd: float, accelerators: int, months: int) -> Callable[[float], float]:
    return lambda usd: lease_rent(usd + network_usd, accelerators, months)


def _rent_like(offer: Offer, other: Offer, factor: float, catalog: Catalog) -> Value:
    chips = [catalog.accelerators[catalog.systems[o.system].accelerator] for o in (offer, other)]
    ratios = _ratios(chips[0], chips[1])
    assert other.usd_per_accelerator_hour is not None
    rents = _each(other.usd_per_accelerator_hour, lambda usd: scaled_price(usd, *ratios) * factor)
    return _from_first_order(rents, offer) if isinstance(rents, dict) else rents


def _draws(catalog: Catalog) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for name, other in WAFERS_LIKE.items():
        here, there = catalog.accelerators[name].draws, catalog.accelerators[other].draws
        wafers = wafers_per_package(float(there["cowos_wafers"]), float(here["hbm_stacks"]), float(there["hbm_stacks"]))
        found[f"{name}.draws.cowos_wafers"] = rounded(wafers)
    return found


def _memory() -> dict[str, Value]:
    return {
        f"{workload}.memory_gb": {precision: rounded(memory_gb(model, precision)) for precision in CACHE_BYTES}
        for workload, model in SERVED.items()
    }


def _roofline_of(catalog: Catalog, chip: str, workload: str, precision: str | None) -> float:
    spec = catalog.accelerators[chip]
    bandwidth = _number(spec.memory_bandwidth_tb_s)
    return roofline(WORK[workload], _peak(spec, precision), bandwidth, BYTES[precision or "bf16"])


def _rate(catalog: Catalog, chip: str, workload: str, rule: Rule) -> Value:
    here: Throughput = catalog.throughput[chip][workload]
    if isinstance(rule, SmallRun):
        rate = catalog.throughput[rule.neighbour][workload].rate
        return _each(rate, lambda at_scale: from_small_run(at_scale, rule.ratio, SCALE_ALLOWANCE))
    if isinstance(rule, Back):
        gains = catalog.throughput[rule.neighbour][rule.on].rate
        assert isinstance(gains, dict)
        latest = float(list(gains.values())[-1])
        return _each(gains, lambda then: carried_back(rule.rate_now, then, latest))
    line = _roofline_of(catalog, chip, workload, here.precision)
    others = [catalog.throughput[n][workload] for n in rule.neighbours]
    lines = [_roofline_of(catalog, n, workload, o.precision) for n, o in zip(rule.neighbours, others, strict=True)]
    if len(others) == 1:
        return _each(others[0].rate, lambda rate: like_neighbours([(rate, lines[0])], line, rule.factor))
    latest_rates = [_number(value_at(other.rate, 12 * 2100)) for other in others]
    return rounded(like_neighbours(zip(latest_rates, lines, strict=True), line, rule.factor))


def _first_year(catalog: Catalog, chip: str) -> str:
    """The year in which a chip can first be ordered; its rates start there."""
    offers = [o for o in catalog.offers.values() if catalog.systems[o.system].accelerator == chip]
    return str(min(first_month(o.available.from_) for o in offers if o.available.from_) // 12)


def _rates(catalog: Catalog) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for chip, rules in RATES.items():
        for workload, rule in rules.items():
            rate = _rate(catalog, chip, workload, rule)
            if isinstance(rate, dict):
                steps = _starting(rate, _first_year(catalog, chip))
                rate = steps if len(steps) > 1 else next(iter(steps.values()))
            found[f"throughput.{chip}.{workload}"] = rate
    return found


def figures(catalog: Catalog) -> dict[str, Value]:
    """Every figure that a rule fills, by `<entry>.<field>` or `throughput.<accelerator>.<workload>`.

    Rules build on figures of the catalogue, some of which are estimates themselves, so this is one
    step: in the shipped catalogue every figure equals its recomputed value.
    """
    return {**_power(catalog), **_prices(catalog), **_rents(catalog), **_draws(catalog), **_memory(), **_rates(catalog)}
