"""48 published-style procurement cases with known optima: which GPUs to rent for a mix of request types.

The data stay outside the repository, in ../shared/cases (prices, stock and mixes after arXiv 2502.00722).
The reading that reproduces every known cost:

* `availability` is the stock of each GPU, shared by replicas of 1, 2, 4 and 8 of it. Here a pool named after
  the GPU; a replica of k GPUs is a system of k accelerators that each draw 1 from it.
* a replica of k GPUs does h(g,w) · speedup[k] requests of type w a second, so each of its accelerators does
  h · speedup[k] / k; h is that of one GPU, whose memory must hold the type's requests by itself.
* `N` times the ratio is the demand of each type, all of which must be served at once; a replica may divide
  its time between types (the work is continuous, the number of replicas is whole).
* the cost is USD an hour. Here one month of 730 hours, undiscounted, leased for that month, no energy cost.

Prices are a million times as high, because a solve stops at a difference of 1 USD.
"""

from __future__ import annotations

import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from builders import Tree, accelerator, catalog, plan, scenario, site, system

from optimizer.elastic import Infeasible

FOLDER = Path(os.environ.get("CHIPMIX_CASES") or Path(__file__).parents[2] / "shared" / "cases")
CASES = FOLDER / "procurement_cases.json"
PRICE_SCALE = 1_000_000
HOURS_A_MONTH = 730

pytestmark = [
    pytest.mark.usefixtures("in_process"),
    pytest.mark.skipif(not CASES.exists(), reason="the published cases are not part of the repository"),
]


def data() -> Tree:
    return json.loads(CASES.read_text(), parse_float=Decimal)["hetero_availability"]["data"] if CASES.exists() else {}


def cases() -> list[Any]:
    return [pytest.param(case, id=case["id"]) for case in data().get("cases", [])]


def requests_a_second(gpu: Tree, kind: Tree) -> Decimal | None:
    """h(g,w) of one GPU: by memory or by compute, whichever is less; None if a request does not fit."""
    if kind["mem_req"] > Decimal("0.95") * gpu["memory_gb"]:
        return None
    by_memory = Decimal("0.9") * gpu["memory_gb"] / kind["mem_req"]
    return min(by_memory, Decimal(10) * gpu["compute"] / kind["comp_req"])


def replicas(name: str, gpu: Tree, k: int, speedup: Decimal, kinds: Tree) -> Tree:
    """The file of one GPU used k at a time."""
    one = {kind: requests_a_second(gpu, facts) for kind, facts in kinds.items()}
    work = {
        f"type_{kind}": {"rate": str(rate * speedup / k), "basis": "measured", "source": "hand"}
        for kind, rate in one.items() if rate is not None
    }  # fmt: skip
    key = f"{name}_x{k}"
    lease = {
        "system": key,
        "route": "lease",
        "term_months": 1,
        "usd_per_accelerator_hour": gpu["price_hr"] * PRICE_SCALE,
    }
    return accelerator(key, {key: system(k, 1, 1)}, {f"{key}.lease": lease}, work, draws={name: 1})


def known(published: Tree) -> Tree:
    files = [
        replicas(name.lower(), gpu, int(k), Decimal(speedup), published["types"])
        for name, gpu in published["gpu"].items() for k, speedup in published["speedup"].items()
    ]  # fmt: skip
    return catalog(
        *files,
        workloads={
            f"type_{kind}": {"unit": "req/s", "phase": "serving", "describes": "requests"}
            for kind in published["types"]
        },
        pools={name.lower(): {"unit": "GPU", "describes": "stock"} for name in published["gpu"]},
    )


def asked(published: Tree, case: Tree) -> Tree:
    kinds = zip(published["types"], case["ratios"], strict=True)
    return scenario(
        horizon={"start": "2025-01", "periods": 1},
        finance={"discount_rate": 0, "residual": "none"},
        sites={"rented": site(1000, pue=1, electricity_usd_per_mwh=0)},
        demand={f"d{kind}": {"workload": f"type_{kind}", "per_second": ratio * case["N"]} for kind, ratio in kinds},
        pools_per_month={name.lower(): stock for name, stock in case["availability"].items()},
    )


@pytest.mark.parametrize("case", cases())
def test_known_cost(tmp_path: Path, case: Tree) -> None:
    published = data()
    if case["highs_status"] == "Infeasible":
        with pytest.raises(Infeasible):
            plan(tmp_path, asked(published, case), known(published))
        return
    made = plan(tmp_path, asked(published, case), known(published))
    usd_an_hour = made.objective_usd / HOURS_A_MONTH / PRICE_SCALE
    assert usd_an_hour == pytest.approx(float(case["highs_cost"]), rel=1e-6)


def test_all_cases_are_there() -> None:
    statuses = [case["highs_status"] for case in data()["cases"]]
    assert (statuses.count("Optimal"), statuses.count("Infeasible")) == (45, 3)
