"""Plans made by hand for the workbook tests: the worked example, one with everything, one of any size."""

from __future__ import annotations

import copy
from typing import Any

from workbook_pricing import Case, Decided, Entry, Retired
from workbook_tables import plan_of as plan_of

TABLE = {"1": "0.62", "2": "0.42", "3": "0.30", "4": "0.18", "5": "0.12"}


def _offer(system: str, route: str, **more: Any) -> dict[str, Any]:
    return {
        "system": system,
        "route": route,
        "lead_time_months": 0,
        "available": {},
        "deposit_share": "0",
        "network_usd": "0",
        "software_usd_per_year": "0",
        "divisible": "false",
        "free": "false",
        **more,
    }


def _site(**given: Any) -> dict[str, Any]:
    return {"hosting_usd_per_kw_month": "0", "carbon_kg_per_mwh": "0", **given}


def worked_example() -> Case:
    """The worked example: 660,432.79 USD."""
    scenario = {
        "name": "Worked example",
        "buyer": "any",
        "catalogs": ["bundled"],
        "currency": {"code": "USD", "per_usd": "1"},
        "horizon": {"start": "2025q1", "periods": 2},
        "objective": "minimize_cost",
        "finance": {
            "discount_rate": "0.08",
            "fiscal_year_starts": 1,
            "service_life_years": "5",
            "book_life_years": "5",
            "residual": "book",
            "maintenance_share": "0.04",
            "owed_after_horizon": "as_residual",
            "carbon_usd_per_t": "0",
        },
        "assumptions": {"availability": "0.95"},
        "sites": {"north": _site(power_mw="5", pue="1.2", electricity_usd_per_mwh="50")},
        "demand": {"training": {"workload": "llm_training", "per_second": {"2025q1": "30000", "2025q2": "60000"}}},
    }
    catalog = {
        "accelerators": {"h100": {"id": "h100", "name": "H100", "vendor": "nvidia", "kind": "gpu", "stack": "cuda"}},
        "systems": {
            "dgx": {
                "accelerator": "h100",
                "name": "DGX H100",
                "accelerators": 8,
                "provisioned_kw": "10",
                "average_kw": "7",
                "cooling": "air",
                "racks": "0.25",
            }
        },
        "offers": {"dgx.purchase": _offer("dgx", "purchase", price_usd="300000")},
        "throughput": {"h100": {"llm_training": {"rate": "400", "basis": "measured", "source": "mlperf"}}},
        "workloads": {},
        "pools": {},
        "sources": {"mlperf": {"title": "MLPerf Training", "date": "2025-06"}},
        "cites": {},
    }
    entries = (Entry("dgx.purchase", "north", 1, 10.0), Entry("dgx.purchase", "north", 2, 10.0))
    return Case(scenario, catalog, entries, {})


HOSTILE = "=cmd|' /C calc'!A0"
"""A name that would run as a formula if it were not written as text."""


def _rich_catalog() -> dict[str, Any]:
    accelerators: dict[str, dict[str, Any]] = {
        key: {"id": key, "name": name, "vendor": vendor, "kind": kind, "stack": "cuda"}
        for key, name, vendor, kind in (
            ("b200", "B200 192GB", "nvidia", "gpu"),
            ("h100", "H100 SXM5 80GB", "nvidia", "gpu"),
            ("mi355x", "MI355X 288GB", "amd", "gpu"),
            ("own_chip", "Own chip", "meta", "asic"),
            ("tpu_v6e", "TPU v6e", "google", "asic"),
        )
    }
    accelerators["own_chip"]["one_off"] = {"usd": "30e6", "months": 5}
    systems = {
        "dgx_h100": {
            "accelerator": "h100",
            "name": "DGX H100",
            "accelerators": 8,
            "provisioned_kw": "11",
            "average_kw": "7.6",
            "cooling": "air",
            "racks": "0.25",
        },
        "nvl72": {
            "accelerator": "b200",
            "name": "NVL72 rack",
            "accelerators": 72,
            "provisioned_kw": "132",
            "average_kw": "98.5",
            "cooling": "liquid",
            "racks": "1",
        },
        "mi355x_8": {
            "accelerator": "mi355x",
            "name": "MI355X 8-way",
            "accelerators": 8,
            "provisioned_kw": "14.5",
            "average_kw": "10.2",
            "cooling": "liquid",
            "racks": "0.2",
        },
        "own_rack": {
            "accelerator": "own_chip",
            "name": "Own rack",
            "accelerators": 36,
            "provisioned_kw": "45",
            "average_kw": "31",
            "cooling": "air",
            "racks": "1",
        },
        "tpu_slice": {
            "accelerator": "tpu_v6e",
            "name": "v6e slice",
            "accelerators": 256,
            "provisioned_kw": "90",
            "average_kw": "70",
            "cooling": "liquid",
            "racks": "4",
        },
    }
    offers = {
        "nvl72.purchase": _offer(
            "nvl72",
            "purchase",
            price_usd={"2024q1": "3100000", "2025q3": "2900000", "2026q2": "2700000"},
            lead_time_months=6,
            deposit_share="0.3",
            network_usd="150000",
            software_usd_per_year="36000",
        ),
        "dgx_h100.purchase": _offer(
            "dgx_h100",
            "purchase",
            price_usd={"2024q3": "310000", "2025q3": "270000"},
            lead_time_months=4,
            deposit_share="0.2",
            network_usd="12000",
            term_months=15,
            availability="0.9",
            bring_up_months=4,
            price_breaks={
                "kind": "all_units",
                "steps": [{"from_systems": 50, "factor": "0.95"}, {"from_systems": 200, "factor": "0.9"}],
            },
        ),
        "own_rack.purchase": _offer(
            "own_rack",
            "purchase",
            price_usd={"2025q1": "410000", "2026q1": "380000"},
            lead_time_months=3,
            deposit_share="0.5",
            network_usd="20000",
            price_breaks={
                "kind": "incremental",
                "steps": [{"from_systems": 11, "factor": "0.97"}, {"from_systems": 31, "factor": "0.88"}],
            },
        ),
        "mi355x.lease": _offer(
            "mi355x_8",
            "lease",
            usd_per_accelerator_hour={"2025q1": "2.1", "2026q1": "1.85"},
            lead_time_months=3,
            availability="0.97",
            term_months=18,
            network_usd="5000",
            software_usd_per_year="800",
        ),
        "tpu.reserved": _offer(
            "tpu_slice",
            "reservation",
            host="gcp",
            usd_per_accelerator_hour={"2025q1": "1.9", "2025q4": "1.6"},
            term_months=12,
            carbon_kg_per_accelerator_hour="0.12",
        ),
        "h100.on_demand": _offer(
            "dgx_h100",
            "on_demand",
            host="neocloud",
            usd_per_accelerator_hour={"2024q1": "2.85", "2025q4": "1.7"},
            carbon_kg_per_accelerator_hour="0.35",
            software_usd_per_year="120",
        ),
    }
    sources = {
        "quote_2024": {
            "title": "+1 8-GPU server price survey",
            "url": "https://example.org/a?b=1&c=2",
            "date": "2024-08",
        },
        "list": {"title": "@x list prices of a cloud", "date": "2025-06", "note": HOSTILE},
    }
    cites = {
        "dgx_h100.purchase.price_usd": {"source": "quote_2024", "basis": "estimated"},
        "tpu.reserved": {"source": "list", "basis": "vendor"},
    }
    return {
        "accelerators": accelerators,
        "systems": systems,
        "offers": offers,
        "throughput": {
            accelerator: {
                workload: {"rate": "2e4", "basis": "vendor", "source": "list"}
                for workload in ("llm_training", "llm_serving", "dlrm")
            }
            for accelerator in accelerators
        },
        "workloads": {},
        "pools": {},
        "sources": sources,
        "cites": cites,
    }


def rich() -> Case:
    """Two sites, two hosts, all routes, deposits, lead times, commitments, fleet, unmet work, carbon, budgets.

    And the decisions besides orders: fleet sold, power added, an own chip engineered, a port, a cluster,
    both kinds of price breaks, work with a value, frame agreements signed and not, one of them not spent in full.
    """
    scenario = {
        "name": HOSTILE,
        "buyer": "meta",
        "catalogs": ["bundled"],
        "currency": {"code": "EUR", "per_usd": "0.92"},
        "horizon": {"start": "2025q1", "periods": 8},
        "objective": "maximize_value",
        "finance": {
            "discount_rate": "0.09",
            "fiscal_year_starts": 7,
            "service_life_years": "1.25",
            "book_life_years": "5.5",
            "residual": TABLE,
            "maintenance_share": "0.03",
            "owed_after_horizon": "as_residual",
            "tax": {"rate": "0.27", "depreciation": "macrs_5"},
            "carbon_usd_per_t": {"2025q1": "40", "2026q1": "55"},
        },
        "assumptions": {"availability": "0.95", "bring_up_months": {"lease": 2, "purchase": 1}},
        "sites": {
            "prineville": _site(
                power_mw={"2025q1": "20", "2025q3": "40"},
                pue="1.09",
                peak_pue="1.15",
                liquid_mw={"2025q2": "20"},
                air_mw="15",
                racks="4000",
                electricity_usd_per_mwh={"2025q1": "52", "2026q1": "49.5"},
                hosting_usd_per_kw_month="3",
                carbon_kg_per_mwh="120",
                expansion={"usd_per_mw": "11e6", "lead_time_months": 8, "max_mw": "25", "life_years": "20"},
            ),
            "oslo": _site(
                power_mw="12",
                pue="1.2",
                electricity_usd_per_mwh="61",
                take_or_pay_share="0.4",
                hosting_usd_per_kw_month={"2025q1": "90", "2026q3": "95"},
                carbon_kg_per_mwh={"2025q1": "30", "2026q1": "25"},
                expansion={
                    "usd_per_mw": "9e6",
                    "lead_time_months": 0,
                    "max_mw": "4",
                    "life_years": "1.5",
                    "block_mw": "0.25",
                },
            ),
        },
        "demand": {
            "training": {
                "workload": "llm_training",
                "per_second": "1e6",
                "unmet_usd_per_unit_hour": {"2025q1": "0.002", "2026q1": "0.0018"},
                "value_usd_per_unit_hour": {"2025q1": "0.04", "2025q3": "0.035"},
                "cluster": {"accelerators": 1000},
            },
            "serving": {
                "workload": "llm_serving",
                "per_second": {"2025q1": "2e5", "2025q4": "3e5"},
                "stacks": {"cuda": "0", "own": {"usd": "12e6", "months": 4}},
                "value_usd_per_unit_hour": "0.02",
            },
            "recommending": {"workload": "dlrm", "by_deadline_unit_hours": {"2025q4": "2e10"}},
        },
        "fleet": [
            {
                "system": "dgx_h100",
                "site": "prineville",
                "count": "900",
                "until": "2026q1",
                "may_retire": "true",
                "resale_usd": "90000",
            },
            {"system": "dgx_h100", "site": "prineville", "count": "60", "may_retire": "true", "resale_usd": "95000"},
            {"system": "dgx_h100", "site": "prineville", "count": "40", "may_retire": "true", "resale_usd": "70000"},
            {"system": "dgx_h100", "site": "prineville", "count": "100"},
            {"system": "mi355x_8", "site": "oslo", "count": "12"},
        ],
        "commitments": [{"offer": "nvl72.purchase", "site": "prineville", "period": "2025q3", "systems": "20"}],
        "budget": {
            "capex_usd": {"total": "900e6", "fy2025": "400e6", "2025": "600e6"},
            "opex_usd": {"2026": "300e6", "2025q2..2025q4": "250e6"},
        },
        "accounts": [
            {"of": {"route": ["purchase"], "vendor": ["nvidia"]}, "cost_centre": "0047", "gl_account": "160200"},
            {"of": {"host": ["gcp"]}, "gl_account": "-rent;=1+1"},
            {"of": {"kind": ["asic"]}, "cost_centre": "原価, 12"},
        ],
        "frames": {
            "chip_deal": {
                "of": {"offer": ["own_*", "dgx_*"]},
                "orders": "2025q1..2026q2",
                "within": "2025q2..2026q1",
                "spend_usd": "20e6",
                "factor": "0.9",
                "signed": "optional",
            },
            "cloud_deal": {
                "of": {"host": ["neocloud"]},
                "orders": "2025q1..2025q3",
                "within": "2025q1..2027q2",
                "spend_usd": "60e6",
                "factor": "0.8",
                "signed": "true",
            },
            "not_worth_it": {
                "of": {"vendor": ["google"]},
                "orders": "2025q1..2026q4",
                "within": "2025q1..2026q4",
                "spend_usd": "600e6",
                "factor": "0.95",
                "signed": "optional",
            },
        },
    }
    entries = (
        Entry("nvl72.purchase", "prineville", 2, 20.0, True),
        Entry("nvl72.purchase", "oslo", 4, 5.0, True, "2500000"),
        Entry("nvl72.purchase", "prineville", 4, 5.0, True, "2600000"),
        Entry("tpu.reserved", "gcp", 1, 2.0, True),
        Entry("tpu.reserved", "gcp", -1, 1.0, True, "2.05"),
        Entry("nvl72.purchase", "oslo", -2, 4.0, True, "3000000"),
        Entry("mi355x.lease", "oslo", 0, 6.0, True, "2.2"),
        Entry("nvl72.purchase", "prineville", 3, 12.0),
        Entry("nvl72.purchase", "prineville", 7, 30.0),
        Entry("nvl72.purchase", "oslo", 8, 7.0),
        Entry("dgx_h100.purchase", "oslo", 3, 40.0),
        Entry("dgx_h100.purchase", "prineville", 3, 22.0),
        Entry("dgx_h100.purchase", "prineville", 3, 8.0, frame="chip_deal"),
        Entry("dgx_h100.purchase", "oslo", 5, 25.0),
        Entry("own_rack.purchase", "oslo", 5, 12.0),
        Entry("own_rack.purchase", "prineville", 5, 24.0, frame="chip_deal"),
        Entry("own_rack.purchase", "prineville", 6, 8.0),
        Entry("mi355x.lease", "oslo", 2, 60.0),
        Entry("mi355x.lease", "prineville", 5, 33.5),
        Entry("tpu.reserved", "gcp", 2, 3.0),
        Entry("tpu.reserved", "gcp", 4, 1.0),
        Entry("tpu.reserved", "gcp", 6, 2.0),
        Entry("h100.on_demand", "neocloud", 1, 120.0),
        Entry("h100.on_demand", "neocloud", 2, 80.0, frame="cloud_deal"),
        Entry("h100.on_demand", "neocloud", 6, 17.0),
    )
    decided = Decided(
        retired=(Retired(0, 3, 300.0), Retired(0, 4, 50.0), Retired(1, 2, 60.0), Retired(2, 6, 15.0)),
        expanded=(("prineville", 4, 7.25), ("prineville", 7, 3.5), ("oslo", 2, 1.75)),
        engineering=(("own_chip", 2),),
        porting=(("serving", "own", 3),),
        clusters=(("training", 1, "h100", "prineville", 2000.0), ("training", 5, "own_chip", "prineville", 1500.0)),
    )
    unmet: dict[str, tuple[float, ...]] = {
        "training": (5e4, 2e4, 0.0, 0.0, 0.0, 0.0, 0.0, 1e3),
        "serving": (0.0, 4e4, 0.0, 0.0, 0.0, 0.0, 0.0, 7.5),
    }
    return Case(scenario, _rich_catalog(), entries, unmet, decided)


def taxed(depreciation: str, case: Case | None = None, **finance: Any) -> Case:
    """The rich plan, or another, after tax by some rule."""
    case = case or rich()
    tax = {"rate": "0.3", "depreciation": depreciation}
    return case.edited({"scenario/finance": {**case.scenario["finance"], "tax": tax, **finance}})


def large(offers: int, sites: int, periods: int, every: int) -> Case:
    """Many offers and sites for measuring time: an order of each offer at each site every so many periods."""
    case = rich()
    scenario, catalog = copy.deepcopy(case.scenario), copy.deepcopy(case.catalog)
    scenario["horizon"]["periods"], scenario["name"] = periods, "Large"
    scenario["sites"] = {f"site_{i:02d}": copy.deepcopy(case.scenario["sites"]["prineville"]) for i in range(sites)}
    for site in scenario["sites"].values():
        site["power_mw"], site["liquid_mw"], site["air_mw"], site["racks"] = "9000", "9000", "9000", "90000"
    scenario["fleet"], scenario["commitments"], scenario["budget"] = [], [], {"capex_usd": {"total": "1e13"}}
    del scenario["frames"]
    for offer in case.catalog["offers"].values():
        offer.pop("price_breaks", None)
    scenario["objective"] = "minimize_cost"
    models = ("nvl72.purchase", "dgx_h100.purchase", "mi355x.lease")
    catalog["offers"] = {f"offer_{i:02d}": copy.deepcopy(case.catalog["offers"][models[i % 3]]) for i in range(offers)}
    entries = tuple(
        Entry(f"offer_{o:02d}", f"site_{s:02d}", t, float(1 + (o + s + t) % 7))
        for o in range(offers)
        for s in range(sites)
        for t in range(3 + (o + s) % every, periods + 1, every)
    )
    return Case(scenario, catalog, entries, {})
