"""Measured rates are carried over from the collection that they were read from, where that is at hand.

The collection, one submission a row, is not part of the repository: `CHIPMIX_FACTS` names the folder that holds it.
"""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

from catalogs.estimates.rounding import rounded
from catalogs.load import bundled_folder, catalog_of
from catalogs.schema import Catalog

FACTS = Path(os.environ.get("CHIPMIX_FACTS", "facts")) / "measured_throughput.csv"
SERVED = {
    "llama2-70b-99.9": "llm_serving_70b", "llama3.1-405b": "llm_serving_405b", "deepseek-r1": "llm_serving_moe",
    "llama3.1-8b": "llm_serving_8b", "mixtral-8x7b": "llm_serving_mixtral", "gpt-oss-120b": "llm_serving_gpt_oss",
    "stable-diffusion-xl": "image_generation", "dlrm-v3": "recommendation_inference_v3",
    "dlrm-v2-99.9": "recommendation_inference",
}  # fmt: skip
WORKLOADS = {f"{model} Server": workload for model, workload in SERVED.items()}
WORKLOADS |= {f"{model} Interactive": f"{workload}_interactive" for model, workload in SERVED.items()}
WORKLOADS |= {"qwen3-vl-235b-a22b Offline": "vision_language_batch"}
CHIPS = {"gb200_nvl72": "gb200", "gb300_nvl72": "gb300", "vr200_nvl72": "vr200", "rtx_pro_6000_bse": "rtx_pro_6000"}


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return catalog_of([bundled_folder()])


def _rows() -> list[tuple[str, str, float]]:
    """(accelerator, workload, rate of one accelerator) of each submission on a workload of the catalogue."""
    found = []
    with FACTS.open(encoding="utf-8", newline="") as text:
        for row in csv.DictReader(text):
            chip = CHIPS.get(row["chip_id"], row["chip_id"])
            if row["workload"] == "LLM fine-tuning (LoRA)" and row["unit"] == "minutes":
                found.append((chip, "llm_fine_tuning", 24 * 60 / (float(row["value"]) * int(row["chips"]))))
            elif row["model"] in WORKLOADS and "throughput" in row["metric"] and "power" not in row["metric"]:
                found.append((chip, WORKLOADS[row["model"]], float(row["value"]) / int(row["chips"])))
    return found


@pytest.mark.skipif(not FACTS.exists(), reason="the collection of submissions is not at hand")
def test_the_best_submission_of_each_accelerator_is_a_point(catalog: Catalog) -> None:
    best: dict[tuple[str, str], float] = {}
    for chip, workload, rate in _rows():
        best[chip, workload] = max(rate, best.get((chip, workload), 0.0))
    assert len(best) >= 90
    wrong = {}
    for (chip, workload), rate in best.items():
        points = [float(str(point.rate)) for point in catalog.points(chip, workload) if point.basis == "measured"]
        if max(points, default=0.0) != pytest.approx(rounded(rate), rel=0.006):
            wrong[chip, workload] = (rate, points)
    assert not wrong
