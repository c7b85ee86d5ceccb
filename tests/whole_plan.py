"""A small plan in which every table has a row, so that whatever a plan says is said in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from builders import Tree, accelerator, catalog, load, site, system

from optimizer.plan.format import Plan
from optimizer.planning import make_plan
from optimizer.request.load import Request
from optimizer.solving.solution import Options

WORKLOADS: Tree = {
    "training": {"unit": "unit", "phase": "training", "describes": "work"},
    "chatting": {"unit": "token", "phase": "serving", "describes": "talk"},
}


def _rates(training: Any, chatting: Any, basis: str, **fields: Any) -> Tree:
    return {
        "training": {"rate": training, "basis": basis, "source": "hand", **fields},
        "chatting": {"rate": chatting, "basis": "measured", "source": "hand"},
    }


POINTS = [
    {"rate": 400, "precision": "bf16", "basis": "measured", "source": "hand"},
    {"rate": 440, "precision": "fp8", "accelerators": 8, "from": "2025q2", "basis": "vendor", "source": "hand"},
]
"""The run that has a deadline may use the second, the cluster only the first."""


def _catalog() -> dict[str, Tree]:
    chip = accelerator(
        "chip", {"box": system(racks="0.5")},
        {
            "box.purchase": {
                "system": "box", "route": "purchase", "price_usd": {"2024q1": 310000, "2025q2": 300000},
                "lead_time_months": 3, "deposit_share": "0.2", "network_usd": 5000, "software_usd_per_year": 1200,
                "price_breaks": {"kind": "incremental", "steps": [{"from_systems": 4, "factor": "0.9"}]},
                "supply_systems_per_month": 20, "bring_up_months": 1,
            },
            "box.rent": {
                "system": "box", "route": "on_demand", "host": "cloud", "usd_per_accelerator_hour": "6",
                "carbon_kg_per_accelerator_hour": "0.2", "availability": "0.9",
            },
            "box.late": {"system": "box", "route": "purchase", "price_usd": 1, "available": {"from": "2027q1"}},
        },
        {**_rates(400, 50, "measured"), "training": POINTS}, draws={"hbm": 5},
    )  # fmt: skip
    own = accelerator(
        "own", {"tray": system(accelerators=4, provisioned_kw=4, average_kw=3, cooling="liquid", racks="0.25")},
        {
            "tray.purchase": {"system": "tray", "route": "purchase", "price_usd": 30000, "buyers": ["acme"]},
            "tray.lease": {
                "system": "tray", "route": "lease", "usd_per_accelerator_hour": 1, "term_months": 18,
                "available": {"from": "2025q1"},
            },
        },
        _rates(300, 10, "estimated", precision="bf16"), vendor="ours", kind="asic", stack="own",
        one_off={"usd": 100000, "months": 3},
    )  # fmt: skip
    files = catalog(chip, own, workloads=WORKLOADS, pools={"hbm": {"unit": "stack", "describes": "memory"}})
    files["chip.yaml"]["cites"] = {"box.purchase.price_usd": {"source": "hand", "basis": "vendor"}}
    return files


SCENARIO: Tree = {
    "name": "whole",
    "buyer": "acme",
    "catalogs": ["quotes"],
    "horizon": {"start": "2025q1", "periods": 4},
    "finance": {
        "discount_rate": "0.08", "residual": "book", "maintenance_share": "0.02", "carbon_usd_per_t": 50,
        "tax": {"rate": "0.25", "depreciation": "macrs_5"},
    },
    "assumptions": {"availability": "0.95", "bring_up_months": {"purchase": 2}},
    "sites": {
        "hall": site(
            "0.09", peak_pue="1.3", liquid_mw=1, air_mw=2, racks=40, take_or_pay_share="0.9",
            carbon_kg_per_mwh=300, hosting_usd_per_kw_month=3,
            expansion={"usd_per_mw": 500000, "lead_time_months": 3, "max_mw": 1, "life_years": 20, "block_mw": "0.02"},
        )
    },
    "demand": {
        "train": {
            "workload": "training", "per_second": {"2025q1": 12000, "2025q3": 40000}, "cluster": {"accelerators": 16},
            "stacks": {"cuda": 0, "own": {"usd": 20000, "months": 3}}, "precisions": ["bf16"],
        },
        "batch": {"workload": "training", "by_deadline_unit_hours": {"2025q4": "2e7"}},
        "chat": {
            "workload": "chatting", "per_second": {"2025q2": 300, "2025q4": 3000}, "unmet_usd_per_unit_hour": "0.002",
        },
    },
    "fleet": [
        {"system": "box", "site": "hall", "count": 4, "until": "2025q3", "may_retire": "true", "resale_usd": 90000}
    ],
    "commitments": [{"offer": "box.purchase", "site": "hall", "period": "2025q1", "systems": 1, "price_usd": 290000}],
    "frames": {
        "bulk": {
            "of": {"offer": "box.purchase"}, "orders": "2025q1..2025q3", "within": "2025", "spend_usd": "5e5",
            "factor": "0.96",
        },
        "cloudy": {
            "of": {"host": ["cloud"]}, "orders": "2025q4", "within": "2025q4..2026q1", "spend_usd": "6e5",
            "factor": "0.9", "signed": "true",
        },
        "never": {
            "of": {"vendor": "ours"}, "orders": "2025", "within": "2025", "spend_usd": "9e8", "factor": "0.9",
        },
    },
    "budget": {"capex_usd": {"total": "2e7", "2025": "1.9e7"}, "opex_usd": {"total": "2e7"}},
    "supply_per_month": {"chip": 100},
    "pools_per_month": {"hbm": 1000},
    "offers": {"deny": ["tray.lease"]},
    "limits": [
        {"name": "shares", "measure": "spend_usd", "of": {"vendor": "each"}, "at_most_share": "0.95"},
        {"name": "green", "measure": "carbon_t", "at_most": 5000, "within": "each_year"},
        {"name": "rented", "measure": "systems", "of": {"route": "on_demand"}, "at_least": 1, "within": "2025q4"},
    ],
}  # fmt: skip


def whole_request(folder: Path) -> Request:
    return load(folder, SCENARIO, _catalog())


def whole_plan(folder: Path) -> Plan:
    return make_plan(whole_request(folder), Options()).plan
