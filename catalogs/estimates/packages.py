"""What a package draws from pools that nobody publishes, and the memory that a served model takes."""

from __future__ import annotations

from dataclasses import dataclass

from catalogs.estimates.rounding import Value, for_each, rounded
from catalogs.schema import Catalog


def wafers_per_package(neighbour: float, stacks: float, neighbour_stacks: float) -> float:
    """CoWoS wafers per package, from a neighbour's, by the number of HBM stacks beside the die."""
    return neighbour * stacks / neighbour_stacks


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


LLAMA_31_8B = Served(8.03, 2 * 32 * 8 * 128, 906)


MIXTRAL_8X7B = Served(46.7, 2 * 32 * 8 * 128, 2_048)


GPT_OSS_120B = Served(117, 2 * 36 * 8 * 64, 10_240)


QWEN3_VL_235B = Served(235, 2 * 94 * 4 * 128, 0)
"""Weights alone: nobody states how long its requests are."""


STABLE_DIFFUSION_XL = Served(3.5, 0, 0)


SERVED = {
    "llm_serving_70b": LLAMA_2_70B,
    "llm_serving_70b_interactive": LLAMA_2_70B,
    "llm_serving_405b": LLAMA_31_405B,
    "llm_serving_405b_interactive": LLAMA_31_405B,
    "llm_serving_moe": DEEPSEEK_R1,
    "llm_serving_moe_interactive": DEEPSEEK_R1,
    "llm_serving_8b": LLAMA_31_8B,
    "llm_serving_8b_interactive": LLAMA_31_8B,
    "llm_serving_mixtral": MIXTRAL_8X7B,
    "llm_serving_gpt_oss": GPT_OSS_120B,
    "llm_serving_gpt_oss_interactive": GPT_OSS_120B,
    "vision_language_batch": QWEN3_VL_235B,
    "image_generation": STABLE_DIFFUSION_XL,
}


CACHE_BYTES = {"bf16": 2, "fp8": 1, "int8": 1, "fp4": 1}
"""Bytes of a cached value, by the precision of the weights: FP8 caches serve weights of 8 and 4 bits."""


def memory_gb(model: Served, precision: str) -> float:
    """GB that a model's weights and the cache of one request take: what a system must hold at the least."""
    cache = model.cached_values * model.tokens * CACHE_BYTES[precision] / 1e9
    return model.parameters_bn * BYTES[precision] + cache


BYTES = {"fp4": 0.5, "fp8": 1.0, "int8": 1.0, "bf16": 2.0}


WAFERS_LIKE = {
    **for_each("h100_sxm", """
        a100_80 h100_pcie h100_nvl gh200 tpu_v4 tpu_v5e tpu_v5p tpu_v6e trainium1 inferentia2 trainium2 maia_100
        gaudi2
    """),
    **for_each("b200", """
        b300 gb300 mi300x mi325x mi350x mi355x gaudi3 trainium3 maia_200 mtia_300 mtia_400 mtia_450 mtia_500
    """),
    "mi455x": "vr200",
}  # fmt: skip
"""CoWoS wafers per package where nobody publishes them: from this chip's, by HBM stacks."""


def draw_figures(catalog: Catalog) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for name, other in WAFERS_LIKE.items():
        here, there = catalog.accelerators[name].draws, catalog.accelerators[other].draws
        wafers = wafers_per_package(float(there["cowos_wafers"]), float(here["hbm_stacks"]), float(there["hbm_stacks"]))
        found[f"{name}.draws.cowos_wafers"] = rounded(wafers)
    return found


def memory_figures() -> dict[str, Value]:
    return {
        f"{workload}.memory_gb": {precision: rounded(memory_gb(model, precision)) for precision in CACHE_BYTES}
        for workload, model in SERVED.items()
    }
