"""Published procurement problems with known optima, solved as scenarios.

The data stay outside the repository, in ../shared/cases or the folder that CHIPMIX_CASES names.

1. `hetero_availability`: 48 cases, which GPUs to rent for a mix of request types (prices, stock and mixes
after arXiv 2502.00722). The reading that reproduces every known cost:

* `availability` is the stock of each GPU, shared by replicas of 1, 2, 4 and 8 of it. Here a pool named after
  the GPU; a replica of k GPUs is a system of k accelerators that each draw 1 from it.
* a replica of k GPUs does h(g,w) · speedup[k] requests of type w a second, so each of its accelerators does
  h · speedup[k] / k; h is that of one GPU, whose memory must hold the type's requests by itself.
* `N` times the ratio is the demand of each type, all of which must be served at once; a replica may divide
  its time between types (the work is continuous, the number of replicas is whole).
* the cost is USD an hour. Here one month of 730 hours, undiscounted, leased for that month, no energy cost.

Prices are a million times as high, because a solve stops at a difference of a cent.

2. `communicorp` (Hillier & Lieberman, Introduction to Operations Research, case "Capacity Concerns"): which
servers to buy in which of five months. The users of all months so far are the demand; the discount of the first
two months is a price schedule, their budget a window, and "one of the better servers by month 3" a limit.

3. `melange_cases`: 169 cases of Melange's own solver: the cheapest GPUs for buckets of requests, every bucket cut
into slices, each of which goes to one type of GPU whole. Here each slice is a demand with a cluster of no least
size, which means just that; `1e-6` requests a second stands for "cannot" and is left out.
"""

from __future__ import annotations

import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from builders import Tree, accelerator, catalog, plan, scenario, site, system

from optimizer.infeasible.shortage import Infeasible

FOLDER = Path(os.environ.get("CHIPMIX_CASES") or Path(__file__).parents[2] / "shared" / "cases")
CASES = FOLDER / "procurement_cases.json"
PRICE_SCALE = 1_000_000
HOURS_A_MONTH = 730

MELANGE = FOLDER / "melange_cases.json"
MELANGE_SCALE = 10_000
CANNOT = Decimal("1e-6")

pytestmark = [
    pytest.mark.usefixtures("in_process"),
    pytest.mark.skipif(not CASES.exists(), reason="the published cases are not part of the repository"),
]


def read(path: Path) -> Tree:
    return json.loads(path.read_text(), parse_float=Decimal) if path.exists() else {}


def data() -> Tree:
    return read(CASES)["hetero_availability"]["data"] if CASES.exists() else {}


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


# communicorp


def servers(published: Tree) -> Tree:
    """Every server is a system of one, that serves so many users."""
    files = []
    for name, price in published["unit_cost"].items():
        key, saved = name.lower(), published["early_discount_months_1_2"].get(name, 0)
        offer = {
            "system": key, "route": "purchase",
            "price_usd": {"2025-01": price * (1 - saved) * 1000, "2025-03": price * 1000},
        }  # fmt: skip
        users = {"rate": published["capacity_users"][name], "basis": "measured", "source": "hand"}
        files.append(accelerator(f"{key}_chip", {key: system(1, 1, 1)}, {f"{key}.buy": offer}, {"users": users}))
    return catalog(*files, workloads={"users": {"unit": "user", "phase": "serving", "describes": "employees"}})


def five_months(published: Tree, which: str) -> Tree:
    """Thousandfold prices; nothing is discounted, and nothing is left at the end."""
    new = published["new_users_by_month"][which]
    users = {f"2025-{month:02d}": sum(new[str(m)] for m in range(1, month + 1)) for month in range(2, 6)}
    return scenario(
        horizon={"start": "2025-01", "periods": 5},
        finance={"discount_rate": 0, "residual": "none"},
        sites={"office": site(1000, pue=1, electricity_usd_per_mwh=0)},
        demand={"staff": {"workload": "users", "per_second": users}},
        budget={"capex_usd": {"2025-01..2025-02": published["budget_months_1_plus_2"] * 1000}},
        limits=[{
            "name": "technical", "measure": "systems", "of": {"system": ["enhanced", "sgi", "sun"]}, "at_least": 1,
            "within": "2025q1",
        }],
    )  # fmt: skip


@pytest.mark.parametrize("which", ["A", "B"])
def test_communicorp(tmp_path: Path, which: str) -> None:
    published = read(CASES)["communicorp"]
    made = plan(tmp_path, five_months(published, which), servers(published))
    assert made.objective_usd / 1000 == pytest.approx(published["answers"][f"{which}_whole_horizon"]["cost"])
    assert {order.offer for order in made.orders} == {"sgi.buy"}


# melange


def gpus(case: Tree) -> Tree:
    """Each GPU is leased for a month; a bucket of requests is a workload."""
    files = []
    for name, facts in case["gpu_info"].items():
        key = name.lower().replace("-", "_")
        rates = {
            f"bucket_{i}_{j}": {"rate": rate, "basis": "measured", "source": "hand"}
            for i, row in enumerate(facts["tputs"]) for j, rate in enumerate(row) if rate > CANNOT
        }  # fmt: skip
        usd = facts["cost"] * MELANGE_SCALE
        lease = {"system": key, "route": "lease", "term_months": 1, "usd_per_accelerator_hour": usd}
        files.append(accelerator(f"{key}_chip", {key: system(1, 1, 1)}, {f"{key}.lease": lease}, rates))
    shares = case["workload_distribution"]
    workloads = {
        f"bucket_{i}_{j}": {"unit": "req/s", "phase": "serving", "describes": "requests"}
        for i, row in enumerate(shares) for j, _ in enumerate(row)
    }  # fmt: skip
    return catalog(*files, workloads=workloads)


def slices(case: Tree) -> Tree:
    demand = {
        f"bucket_{i}_{j}_{k}": {
            "workload": f"bucket_{i}_{j}",
            "per_second": share * case["total_request_rate"] / case["slice_factor"],
            "cluster": {"accelerators": 0},
        }
        for i, row in enumerate(case["workload_distribution"])
        for j, share in enumerate(row) if share > 0
        for k in range(case["slice_factor"])
    }  # fmt: skip
    return scenario(
        horizon={"start": "2025-01", "periods": 1},
        finance={"discount_rate": 0, "residual": "none"},
        sites={"rented": site(1000, pue=1, electricity_usd_per_mwh=0)},
        demand=demand,
    )


def families() -> list[Any]:
    """Every fourth always runs, the others in the slow suite."""
    return [
        pytest.param(case, id=case["id"], marks=[pytest.mark.slow] if number % 4 else [])
        for number, case in enumerate(read(MELANGE).get("cases", []))
    ]


@pytest.mark.parametrize("case", families())
def test_melange(tmp_path: Path, case: Tree) -> None:
    made = plan(tmp_path, slices(case["input"]), gpus(case["input"]))
    usd_an_hour = made.objective_usd / HOURS_A_MONTH / MELANGE_SCALE
    assert usd_an_hour == pytest.approx(float(case["highs_check"]["cost"]), rel=1e-6)


def test_all_melange_cases_are_there() -> None:
    assert len(families()) == 169
