"""Models that are served: what one token of answer costs, and which of the catalogue's workloads serve which model."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

from catalogs.estimates.packages import DEEPSEEK_R1, GPT_OSS_120B, LLAMA_2_70B, LLAMA_31_8B, LLAMA_31_405B, MIXTRAL_8X7B

BYTES = {"bf16": 2.0, "fp8": 1.0, "int8": 1.0, "fp4": 0.5, "int4": 0.5}
"""Bytes of a weight."""
CACHED_BYTES = {"bf16": 2.0}
"""Bytes of a cached value, where they are not one."""


@dataclass(frozen=True)
class Model:
    """A served model and its mean request: parameters in billions, values cached a token, tokens in and out."""

    parameters_bn: float
    active_bn: float
    cached_values: float
    prompt_tokens: float
    answer_tokens: float

    @property
    def context_tokens(self) -> float:
        return self.prompt_tokens + self.answer_tokens

    def weights_gb(self, precision: str) -> float:
        return self.parameters_bn * BYTES[precision]

    def cache_gb(self, precision: str, tokens: float) -> float:
        """What is kept of so many tokens."""
        return self.cached_values * CACHED_BYTES.get(precision, 1.0) * tokens / 1e9

    def memory_gb(self, precision: str) -> float:
        """Weights and the cache of one request: rule 8 of docs/estimates.md."""
        return self.weights_gb(precision) + self.cache_gb(precision, self.context_tokens)


MODELS = {
    "llama_3_1_8b": Model(8.03, 8.03, LLAMA_31_8B.cached_values, 778, 128),
    "mixtral_8x7b": Model(46.7, 12.9, MIXTRAL_8X7B.cached_values, 380, 145),
    "llama_2_70b": Model(70, 70, LLAMA_2_70B.cached_values, 294, 294),
    "llama_3_1_405b": Model(405, 405, LLAMA_31_405B.cached_values, 9_400, 684),
    "deepseek_r1": Model(671, 37, DEEPSEEK_R1.cached_values, 880, 3_880),
    "gpt_oss_120b": Model(117, 5.1, GPT_OSS_120B.cached_values, 1_100, 1_278),
    "glm_5": Model(744, 40, 78 * (512 + 64), 8_192, 1_024),
    "kimi_k2_5": Model(1_000, 32, 61 * (512 + 64), 8_192, 1_024),
}
"""Models of which rates were measured, each with the mean request of its benchmark (docs/estimates.md, rule 9)."""

SERVED_AS = {
    "llm_serving_8b": ("llama_3_1_8b", 1 / 0.100),
    "llm_serving_8b_interactive": ("llama_3_1_8b", 1 / 0.030),
    "llm_serving_mixtral": ("mixtral_8x7b", 1 / 0.200),
    "llm_serving_70b": ("llama_2_70b", 1 / 0.200),
    "llm_serving_70b_interactive": ("llama_2_70b", 1 / 0.040),
    "llm_serving_405b": ("llama_3_1_405b", 1 / 0.175),
    "llm_serving_405b_interactive": ("llama_3_1_405b", 1 / 0.080),
    "llm_serving_moe": ("deepseek_r1", 1 / 0.080),
    "llm_serving_moe_interactive": ("deepseek_r1", 1 / 0.015),
    "llm_serving_gpt_oss": ("gpt_oss_120b", 1 / 0.080),
    "llm_serving_gpt_oss_interactive": ("gpt_oss_120b", 1 / 0.015),
}
"""The model of a workload, and tokens per second of one user: one over MLPerf's limit on the time of a token."""

GROUPED = ("llama_3_1_8b", "mixtral_8x7b", "llama_2_70b", "llama_3_1_405b", "gpt_oss_120b")
"""Models whose heads share keys and values in groups, as most do; DeepSeek's and its kin compress them further."""


@cache
def cached_values_like(active_bn: float) -> float:
    """Values cached a token of a model that says nothing of it: a power law through those that share in groups."""
    points = [(math.log(MODELS[name].active_bn), math.log(MODELS[name].cached_values)) for name in GROUPED]
    middle_x, middle_y = (math.fsum(values) / len(points) for values in zip(*points, strict=True))
    slope = math.fsum((x - middle_x) * (y - middle_y) for x, y in points)
    slope /= math.fsum((x - middle_x) ** 2 for x, _ in points)
    return math.exp(middle_y + slope * (math.log(active_bn) - middle_x))
