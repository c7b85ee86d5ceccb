"""A golden row for every constraint, cost and variable: two small requests, their LP files beside the arithmetic.

One system `box` of 8 chips, provisioned 10 kW and average 7 kW, liquid-cooled, half a rack, at 100 of work a
chip: 800 a box. It can be bought (ordered a quarter ahead, in service one quarter) for Oslo or rented in the
cloud. One box stands in Oslo in the first quarter, two are committed for the second. Two quarters of 2,190
hours; nothing is discounted.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from builders import Tree, accelerator, catalog, model, plan, rates, scenario, site, system

from optimizer.formulation import CONSTRAINTS, COSTS, VARIABLES
from optimizer.formulation.model import Model, model_name
from optimizer.infeasible.shortage import Infeasible
from optimizer.solving.matrix import to_matrix

KNOWN = catalog(
    accelerator(
        "chip",
        {"box": system(8, 10, 7, cooling="liquid", racks="0.5")},
        {
            "box.buy": {
                "system": "box", "route": "purchase", "price_usd": 300000, "lead_time_months": 3,
                "deposit_share": "0.2", "network_usd": 20000, "software_usd_per_year": 4000, "term_months": 3,
            },
            "box.rent": {
                "system": "box", "route": "on_demand", "host": "cloud", "usd_per_accelerator_hour": 2,
                "carbon_kg_per_accelerator_hour": "0.5", "supply_systems_per_month": 1,
            },
        },
        rates(training=100),
        draws={"wafers": "0.5"},
    ),
    pools={"wafers": {"unit": "wafer", "describes": "packaging"}},
)  # fmt: skip

ASKED = scenario(
    finance={"discount_rate": 0, "residual": "book", "maintenance_share": "0.04", "carbon_usd_per_t": 100},
    assumptions={"availability": "0.9"},
    sites={"oslo": site(
        {"2025q1": 1, "2025q2": "0.5"}, peak_pue="1.5", liquid_mw="0.4", air_mw="0.3", racks=7,
        hosting_usd_per_kw_month=3, carbon_kg_per_mwh=100,
    )},
    demand={"train": {
        "workload": "training", "per_second": {"2025q1": 1000, "2025q2": 2000}, "unmet_usd_per_unit_hour": "0.5",
    }},
    fleet=[{"system": "box", "site": "oslo", "count": 1, "until": "2025q1"}],
    commitments=[{"offer": "box.buy", "site": "oslo", "period": "2025q2", "systems": 2, "price_usd": 250000}],
    budget={"capex_usd": {"2025q1": "1e6", "total": "2e6"}, "opex_usd": {"total": "3e6"}},
    supply_per_month={"chip": {"2025q2": 4}},
    pools_per_month={"wafers": 5},
)  # fmt: skip

# constraint -> (its equation in the docstring, its rows in the LP file)
ROWS: dict[str, tuple[str, list[str]]] = {
    "honour_commitment": (
        "commit(o,s,t) = systems",
        ["honour_commitment(box.buy,oslo,2025q2): commit(box.buy,oslo,2025q2) = 2"],
    ),
    "carry_in_service": (
        "in_service(y,s,t) − in_service(y,s,t−1) − Σ_o order(o,s,t) + Σ_o order(o,s,t−K_o) = fleet(t) − fleet(t−1)",
        [
            # the cloud: a rented box leaves after one quarter, so the first quarter's order enters with a plus
            "carry_in_service(box,cloud,2025q1): in_service(box,cloud,2025q1) - order(box.rent,cloud,2025q1) = 0",
            "carry_in_service(box,cloud,2025q2): - in_service(box,cloud,2025q1) + in_service(box,cloud,2025q2)"
            " + order(box.rent,cloud,2025q1) - order(box.rent,cloud,2025q2) = 0",
            # Oslo: the fleet is 1 and then 0, so it changes by 1 and by -1
            "carry_in_service(box,oslo,2025q1): in_service(box,oslo,2025q1) = 1",
            "carry_in_service(box,oslo,2025q2): - commit(box.buy,oslo,2025q2) - in_service(box,oslo,2025q1)"
            " + in_service(box,oslo,2025q2) - order(box.buy,oslo,2025q2) = -1",
        ],
    ),
    "run_within_fleet": (
        "Σ_w run(y,g,w,t) ≤ al · Σ_{s in g} in_service(y,s,t)",
        [  # availability 0.9; the work may run anywhere, so both places are one group
            f"run_within_fleet(box,ANYWHERE,{t}): - 0.9 in_service(box,cloud,{t}) - 0.9 in_service(box,oslo,{t})"
            f" + run(box,ANYWHERE,train,{t}) <= 0"
            for t in ("2025q1", "2025q2")
        ],
    ),
    "serve_demand": (
        "Σ_y a_y · r(y,w) · run(y,g,w,t) + unmet(w,t) ≥ per_second(w,t)",
        [  # in thousandths of the demand: 8 · 100 / (1000 / 1000) = 800, then 800 / (2000 / 1000) = 400
            "serve_demand(train,2025q1): 800 run(box,ANYWHERE,train,2025q1) + unmet(train,2025q1) >= 1000",
            "serve_demand(train,2025q2): 400 run(box,ANYWHERE,train,2025q2) + unmet(train,2025q2) >= 1000",
        ],
    ),
    "power_within_site": (
        "peak_pue(s,t) · Σ_y P_y · in_service(y,s,t) / 1000 ≤ power_mw(s,t) + Σ_{τ ≤ t} expand(s,τ)",
        [  # 1.5 · 10 kW / 1000 = 0.015 MW
            "power_within_site(oslo,2025q1): 0.015 in_service(box,oslo,2025q1) <= 1",
            "power_within_site(oslo,2025q2): 0.015 in_service(box,oslo,2025q2) <= 0.5",
        ],
    ),
    "liquid_within_site": (
        "Σ_{liquid y} P_y · in_service(y,s,t) / 1000 ≤ liquid_mw(s,t)",
        [  # 10 kW / 1000, without PUE
            "liquid_within_site(oslo,2025q1): 0.01 in_service(box,oslo,2025q1) <= 0.4",
            "liquid_within_site(oslo,2025q2): 0.01 in_service(box,oslo,2025q2) <= 0.4",
        ],
    ),
    "air_within_site": (
        "Σ_{air y} P_y · in_service(y,s,t) / 1000 ≤ air_mw(s,t)",
        [  # nothing here is air-cooled
            "air_within_site(oslo,2025q1): nothing() <= 0.3",
            "air_within_site(oslo,2025q2): nothing() <= 0.3",
        ],
    ),
    "racks_within_site": (
        "Σ_y racks_y · in_service(y,s,t) ≤ racks(s,t)",
        [
            "racks_within_site(oslo,2025q1): 0.5 in_service(box,oslo,2025q1) <= 7",
            "racks_within_site(oslo,2025q2): 0.5 in_service(box,oslo,2025q2) <= 7",
        ],
    ),
    "deliveries_within_supply": (
        "Σ a_o · order(o,s,t) over purchase and lease offers of accelerator a ≤ supply_per_month(a,t) · months",
        # 4 a month for 3 months; the commitment does not count; in the first quarter nothing can arrive
        ["deliveries_within_supply(chip,2025q2): 8 order(box.buy,oslo,2025q2) <= 12"],
    ),
    "orders_within_offer": (
        "Σ_s order(o,s,t) ≤ supply_systems_per_month(o,t) · months",
        [
            "orders_within_offer(box.rent,2025q1): order(box.rent,cloud,2025q1) <= 3",
            "orders_within_offer(box.rent,2025q2): order(box.rent,cloud,2025q2) <= 3",
        ],
    ),
    "draws_within_pool": (
        "Σ draws(o,p) · a_o · order(o,s,t) over purchase and lease offers ≤ pools_per_month(p,t) · months",
        # 0.5 wafers · 8 chips; 5 · 3; the rented box draws nothing
        ["draws_within_pool(wafers,2025q2): 4 order(box.buy,oslo,2025q2) <= 15"],
    ),
    "capex_within_budget": (
        "Σ_{t in window} hardware_usd(t) + network_usd(t) + facility_usd(t) ≤ capex_usd(window)",
        [  # in millions. Deposits of 20 %: 0.06 and, at the committed price, 0.05
            "capex_within_budget(2025q1): 0.05 commit(box.buy,oslo,2025q2) + 0.06 order(box.buy,oslo,2025q2) <= 1",
            # all of the price and the network of 0.02
            "capex_within_budget(total): 0.27 commit(box.buy,oslo,2025q2) + 0.32 order(box.buy,oslo,2025q2) <= 2",
        ],
    ),
    "opex_within_budget": (
        "Σ_{t in window} energy + hosting + maintenance + software + rent + engineering + porting + carbon"
        " ≤ opex_usd(window)",
        [  # commitment: maintenance 2,500 + software 1,000; order: 3,000 + 1,000
            # in Oslo: energy 919.80 + hosting 90 + carbon 183.96; rented: 35,040 + carbon 876
            "opex_within_budget(total): 0.0035 commit(box.buy,oslo,2025q2) + 0.00119376 in_service(box,oslo,2025q1)"
            " + 0.00119376 in_service(box,oslo,2025q2) + 0.004 order(box.buy,oslo,2025q2)"
            " + 0.035916 order(box.rent,cloud,2025q1) + 0.035916 order(box.rent,cloud,2025q2) <= 3",
        ],
    ),
}

BUY, COMMIT = "order(box.buy,oslo,2025q2)", "commit(box.buy,oslo,2025q2)"
RENT_1, RENT_2 = "order(box.rent,cloud,2025q1)", "order(box.rent,cloud,2025q2)"
OSLO_1, OSLO_2 = "in_service(box,oslo,2025q1)", "in_service(box,oslo,2025q2)"

# cost -> (its equation in the docstring, USD by (variable, period))
PRICES: dict[str, tuple[str, dict[tuple[str, int], float]]] = {
    "hardware_usd": (
        "price paid(t − l_o) · (deposit_share in t − l_o, 1 − deposit_share in t) · order(o,s,t)",
        # 20 % in the quarter of order, 80 % a quarter later: of 300,000, and of the committed 250,000
        {(BUY, 1): 60000, (BUY, 2): 240000, (COMMIT, 1): 50000, (COMMIT, 2): 200000},
    ),
    "network_usd": ("network_usd_o · order(o,s,t)", {(BUY, 2): 20000, (COMMIT, 2): 20000}),
    "energy_usd": (
        "pue(s,t) · A_y · H · electricity/1000 · in_service(y,s,t)",
        # 1.2 · 7 kW · 2,190 h = 18.396 MWh at 50
        {(OSLO_1, 1): 919.80, (OSLO_2, 2): 919.80},
    ),
    "hosting_usd": (
        "hosting_usd_per_kw_month · P_y · months · in_service(y,s,t)",
        # 3 · 10 kW · 3 months
        {(OSLO_1, 1): 90, (OSLO_2, 2): 90},
    ),
    "maintenance_usd": (
        "maintenance_share / n · price paid · purchased systems in service",
        # 4 % / 4 of the price paid; not of the fleet
        {(BUY, 2): 3000, (COMMIT, 2): 2500},
    ),
    "software_usd": (
        "software_usd_per_year / n · systems in service",
        {(BUY, 2): 1000, (COMMIT, 2): 1000},
    ),
    "rent_usd": (
        "usd_per_accelerator_hour(t − l_o) · a_o · H · cohorts in service",
        # 2 · 8 · 2,190
        {(RENT_1, 1): 35040, (RENT_2, 2): 35040},
    ),
    "carbon_usd": (
        "carbon_usd_per_t · (carbon_kg_per_mwh · MWh + carbon_kg_per_accelerator_hour · a_o · H · hosted) / 1000",
        # 18.396 MWh · 100 kg = 1.8396 t at 100; 0.5 kg · 8 · 2,190 = 8.76 t
        {(OSLO_1, 1): 183.96, (OSLO_2, 2): 183.96, (RENT_1, 1): 876, (RENT_2, 2): 876},
    ),
    "unmet_usd": (
        "unmet_usd_per_unit_hour · H · unmet(w,t)",
        # a thousandth of 1,000, then of 2,000, for 2,190 h at 0.50
        {("unmet(train,2025q1)", 1): 1095, ("unmet(train,2025q2)", 2): 2190},
    ),
    "residual_usd": (
        "− (price paid + network) · residual share at age (z − t + 1)/n, in period z = min(T, last period of service),",
        # a quarter old: 1 − 0.25 / 5 = 0.95 of 300,000 + 20,000 and of 250,000 + 20,000
        {(BUY, 2): -304000, (COMMIT, 2): -256500},
    ),
}

# variable -> upper bound by name; whole numbers are marked with an int. Orders are bounded by one system more
# than can be worth having, so that a limit's price stands on the limit's row and not on the bound
BOUNDS: dict[str, dict[str, float]] = {
    "order": {
        # 2,000 / (800 · 0.9) = 2.8, so 3 are of use; the supply of 12 chips is 1.5 boxes, so 1
        "order(box.buy,oslo,2025q2)": 1 + 1,
        # 1,000 / 720 = 1.4, so 2; then 3; the offer has 3
        "order(box.rent,cloud,2025q1)": 2 + 1,
        "order(box.rent,cloud,2025q2)": 3 + 1,
    },
    "commit": {"commit(box.buy,oslo,2025q2)": 2.0},
    "in_service": {
        "in_service(box,cloud,2025q1)": 3.0,
        "in_service(box,cloud,2025q2)": 4.0,
        "in_service(box,oslo,2025q1)": 1.0,  # the fleet
        "in_service(box,oslo,2025q2)": 5.0,  # 2 committed, 1 ordered, and one more each
    },
    "run": {"run(box,ANYWHERE,train,2025q1)": 1.25, "run(box,ANYWHERE,train,2025q2)": 2.5},  # demand / 800
    "unmet": {"unmet(train,2025q1)": 1000.0, "unmet(train,2025q2)": 1000.0},  # all of it, in thousandths
}


# The second request: the terms of orders, one-off costs, clusters, runs to be finished, value, retirement,
# expansion and limits. One system `pod` of 4 chips, 10 kW provisioned and 5 average: 400 of training, 200 of
# serving a pod. Two stand in Oslo, which has a peak PUE of 1.25, so 0.0125 MW a pod.
WHOLE_KNOWN = catalog(
    accelerator(
        "chip",
        {"pod": system(4, 10, 5)},
        {
            "pod.bulk": {
                "system": "pod", "route": "purchase", "price_usd": 120000,
                "price_breaks": {"kind": "all_units", "steps": [{"from_systems": 3, "factor": "0.8"}]},
            },
            "pod.buy": {
                "system": "pod", "route": "purchase", "price_usd": 100000, "minimum_order_systems": 2,
                "price_breaks": {"kind": "incremental", "steps": [{"from_systems": 3, "factor": "0.9"}]},
            },
        },
        rates(training=100, serving=50),
        stack="neuron",
        one_off={"usd": "5e6", "months": 3},
    ),
    workloads={
        "training": {"unit": "unit", "phase": "training", "describes": "work"},
        "serving": {"unit": "req/s", "phase": "serving", "describes": "work"},
    },
)  # fmt: skip

WHOLE_ASKED = scenario(
    objective="maximize_value",
    finance={"discount_rate": 0, "residual": "book", "maintenance_share": "0.04"},
    sites={"oslo": site("0.08", pue="1.25", expansion={
        "usd_per_mw": "1e6", "lead_time_months": 3, "max_mw": "0.02", "life_years": 10,
    })},
    demand={
        "serve": {"workload": "serving", "per_second": 600, "value_usd_per_unit_hour": 2},
        "train": {
            "workload": "training", "by_deadline_unit_hours": {"2025q2": 876000}, "cluster": {"accelerators": 8},
            "stacks": {"neuron": {"usd": "2e6", "months": 3}},
        },
    },
    fleet=[{"system": "pod", "site": "oslo", "count": 2, "may_retire": "true", "resale_usd": 30000}],
    limits=[
        {"name": "few", "measure": "systems", "of": {"offer": "pod.*"}, "at_most": 4},
        {"name": "mix", "measure": "accelerators", "of": {"offer": "pod.bulk"}, "at_most_share": "0.5",
         "within": "2025q2"},
    ],
)  # fmt: skip

QUARTERS = ("2025q1", "2025q2")

# How many pods an order is worth: 600 / 200 = 3 to serve; the run of 876,000 unit hours is 400 a second for a
# quarter, so 1, but its cluster of 8 takes 2; together 5. The hall has room for 0.08 / 0.0125 = 6, and in the second
# quarter for (0.08 + 0.02) / 0.0125 = 8: idle pods of pod.buy may be bought so that pod.bulk is at most half of all.
MOST = {
    ("pod.bulk", "2025q1"): 5, ("pod.bulk", "2025q2"): 5, ("pod.buy", "2025q1"): 6, ("pod.buy", "2025q2"): 8,
}  # fmt: skip
WHOLE_ROWS: dict[str, tuple[str, list[str]]] = {
    "retire_within_fleet": (
        "Σ_t retire(f,t) ≤ count_f",
        ["retire_within_fleet(pod,oslo): retire(pod,oslo,2025q1) + retire(pod,oslo,2025q2) <= 2"],
    ),
    "carry_in_service": (
        "in_service(y,s,t) − in_service(y,s,t−1) − Σ_o order(o,s,t) + Σ_o order(o,s,t−K_o) = fleet(t) − fleet(t−1)",
        [  # what is retired leaves; the fleet of 2 does not change otherwise
            "carry_in_service(pod,oslo,2025q1): in_service(pod,oslo,2025q1) - order(pod.bulk,oslo,2025q1)"
            " - order(pod.buy,oslo,2025q1) + retire(pod,oslo,2025q1) = 2",
            "carry_in_service(pod,oslo,2025q2): - in_service(pod,oslo,2025q1) + in_service(pod,oslo,2025q2)"
            " - order(pod.bulk,oslo,2025q2) - order(pod.buy,oslo,2025q2) + retire(pod,oslo,2025q2) = 0",
        ],
    ),
    "count_served": (
        "served(w,t) + unmet(w,t) = per_second(w,t)",
        [f"count_served(serve,{t}): served(serve,{t}) + unmet(serve,{t}) = 1000" for t in QUARTERS],
    ),
    "finish_by_deadline": (
        "Σ_{τ ≤ t} H · Σ_y a_y · r(y,w) · run(y,g,w,τ) ≥ by_deadline_unit_hours(w,t)",
        [  # 2,190 h · 400 / (876,000 / 1,000)
            "finish_by_deadline(train,2025q2): 1000 run(pod,oslo,train,2025q1)"
            " + 1000 run(pod,oslo,train,2025q2) >= 1000"
        ],
    ),
    "port_before_run": (
        "Σ_{y on stack} a_y · r(y,w) · run(y,g,w,t) ≤ most work of w in t · Σ_{τ ≤ t − months} port(w,stack,τ)",
        [  # the most work is that of a cluster of 8: 800, in thousandths; ported from the quarter after the start
            "port_before_run(train,neuron,2025q1): 500 run(pod,oslo,train,2025q1) <= 0",
            "port_before_run(train,neuron,2025q2): - 1000 port(train,neuron,2025q1)"
            " + 500 run(pod,oslo,train,2025q2) <= 0",
        ],
    ),
    "cluster_on_one_site": (
        "Σ_{a,s} host_cluster(a,s,w,t) ≤ 1",
        [f"cluster_on_one_site(train,{t}): host_cluster(chip,oslo,train,{t}) <= 1" for t in QUARTERS],
    ),
    "run_in_cluster": (
        "Σ_{y of a} a_y · r(y,w) · run(y,s,w,t) ≤ most work of w in t · host_cluster(a,s,w,t)",
        [
            f"run_in_cluster(chip,oslo,train,{t}): - 1000 host_cluster(chip,oslo,train,{t})"
            f" + 500 run(pod,oslo,train,{t}) <= 0"
            for t in QUARTERS
        ],
    ),
    "fill_cluster": (
        "Σ_{y of a} a_y · run(y,s,w,t) ≥ accelerators(w) · host_cluster(a,s,w,t)",
        [  # 4 of the 8 accelerators a pod
            f"fill_cluster(chip,oslo,train,{t}): - host_cluster(chip,oslo,train,{t}) + 0.5 run(pod,oslo,train,{t}) >= 0"
            for t in QUARTERS
        ],
    ),
    "cluster_within_fleet": (
        "Σ_{y of a} a_y · run(y,s,w,t) ≤ al · (F · host_cluster(a,s,w,t) + Σ_{y of a} a_y · (in_service + gone) − F)",
        [  # in eights, what the two pods of the fleet have; what is retired of them is no order
            "cluster_within_fleet(chip,oslo,train,2025q1): - host_cluster(chip,oslo,train,2025q1)"
            " - 0.5 in_service(pod,oslo,2025q1) - 0.5 retire(pod,oslo,2025q1) + 0.5 run(pod,oslo,train,2025q1) <= -1",
            "cluster_within_fleet(chip,oslo,train,2025q2): - host_cluster(chip,oslo,train,2025q2)"
            " - 0.5 in_service(pod,oslo,2025q2) - 0.5 retire(pod,oslo,2025q1) - 0.5 retire(pod,oslo,2025q2)"
            " + 0.5 run(pod,oslo,train,2025q2) <= -1",
        ],
    ),
    "power_within_site": (
        "peak_pue(s,t) · Σ_y P_y · in_service(y,s,t) / 1000 ≤ power_mw(s,t) + Σ_{τ ≤ t} expand(s,τ)",
        [  # nothing can be on line before the second quarter
            "power_within_site(oslo,2025q1): 0.0125 in_service(pod,oslo,2025q1) <= 0.08",
            "power_within_site(oslo,2025q2): - expand(oslo,2025q2) + 0.0125 in_service(pod,oslo,2025q2) <= 0.08",
        ],
    ),
    "expansion_within_site": (
        "Σ_t expand(s,t) ≤ max_mw(s)",
        ["expansion_within_site(oslo): expand(oslo,2025q2) <= 0.02"],
    ),
    "engineer_before_order": (
        "Σ_s order(o,s,t) ≤ most(o,t) · Σ_{τ ≤ t − l_o − months} engineer(a,τ)",
        [
            row
            for offer in ("pod.bulk", "pod.buy")
            for row in (
                f"engineer_before_order({offer},2025q1): order({offer},oslo,2025q1) <= 0",
                f"engineer_before_order({offer},2025q2): - {MOST[offer, '2025q2']} engineer(chip,2025q1)"
                f" + order({offer},oslo,2025q2) <= 0",
            )
        ],
    ),
    "order_at_least_minimum": (
        "minimum_order_systems · orders_any(o,t) ≤ Σ_s order(o,s,t) ≤ most(o,t) · orders_any(o,t)",
        [
            f"order_at_least_minimum(pod.buy,{t},{end}): order(pod.buy,oslo,{t})"
            f" - {most} orders_any(pod.buy,{t}) {sense} 0"
            for t in QUARTERS
            for end, most, sense in (("least", 2, ">="), ("most", MOST["pod.buy", t], "<="))
        ],
    ),
    "buy_in_one_band": (
        "Σ_step band(o,t,step) = Σ_s order(o,s,t), and",
        [
            row
            for t in QUARTERS
            for row in (
                # all units: 1 or 2 at the full price, or 3 to 5 at 0.8
                f"buy_in_one_band(pod.bulk,{t},0,least): band(pod.bulk,{t},0) - band_used(pod.bulk,{t},0) >= 0",
                f"buy_in_one_band(pod.bulk,{t},0,most): band(pod.bulk,{t},0) - 2 band_used(pod.bulk,{t},0) <= 0",
                f"buy_in_one_band(pod.bulk,{t},1,least): band(pod.bulk,{t},1) - 3 band_used(pod.bulk,{t},1) >= 0",
                f"buy_in_one_band(pod.bulk,{t},1,most): band(pod.bulk,{t},1) - 5 band_used(pod.bulk,{t},1) <= 0",
                f"buy_in_one_band(pod.bulk,{t},all): band(pod.bulk,{t},0) + band(pod.bulk,{t},1)"
                f" - order(pod.bulk,oslo,{t}) = 0",
                f"buy_in_one_band(pod.bulk,{t},one): band_used(pod.bulk,{t},0) + band_used(pod.bulk,{t},1) <= 1",
            )
        ]
        + [
            row
            for t in QUARTERS
            for row in (
                # incremental: 2 at the full price, all of them before the others at 0.9
                f"buy_in_one_band(pod.buy,{t},0,least): band(pod.buy,{t},0) - 2 band_used(pod.buy,{t},1) >= 0",
                f"buy_in_one_band(pod.buy,{t},0,most): band(pod.buy,{t},0) - 2 band_used(pod.buy,{t},0) <= 0",
                f"buy_in_one_band(pod.buy,{t},1,most): band(pod.buy,{t},1)"
                f" - {MOST['pod.buy', t] - 2} band_used(pod.buy,{t},1) <= 0",
                f"buy_in_one_band(pod.buy,{t},all): band(pod.buy,{t},0) + band(pod.buy,{t},1)"
                f" - order(pod.buy,oslo,{t}) = 0",
            )
        ],
    ),
    "limit": (
        "Σ measure of what is selected ≤ at_most, ≥ at_least, ≤ or ≥ share · Σ measure of everything",
        [
            "limit(few,total): order(pod.bulk,oslo,2025q1) + order(pod.bulk,oslo,2025q2)"
            " + order(pod.buy,oslo,2025q1) + order(pod.buy,oslo,2025q2) <= 4",
            # 4 · bulk − 0.5 · (4 · bulk + 4 · buy) ≤ 0
            "limit(mix,2025q2): 2 order(pod.bulk,oslo,2025q2) - 2 order(pod.buy,oslo,2025q2) <= 0",
        ],
    ),
}  # fmt: skip

# the price of a step for the first and the second quarter: 120,000 and 0.8 of it, 100,000 and 0.9 of it
STEPS = {("pod.bulk", 0): 120000, ("pod.bulk", 1): 96000, ("pod.buy", 0): 100000, ("pod.buy", 1): 90000}


def by_step(amounts: dict[int, list[tuple[int, float]]]) -> dict[tuple[str, int], float]:
    """Shares of the price paid: by period of entering service, (period of the cost, share)."""
    return {
        (f"band({offer},2025q{entering},{step})", t): price * share
        for (offer, step), price in STEPS.items()
        for entering, shares in amounts.items()
        for t, share in shares
    }


WHOLE_PRICES: dict[str, tuple[str, dict[tuple[str, int], float]]] = {
    "hardware_usd": (
        "price paid(t − l_o) · (deposit_share in t − l_o, 1 − deposit_share in t) · order(o,s,t)",
        by_step({1: [(1, 1)], 2: [(2, 1)]}),
    ),
    "maintenance_usd": (  # 4 % / 4 of the price paid, in every quarter of service
        "maintenance_share / n · price paid · purchased systems in service",
        by_step({1: [(1, 0.01), (2, 0.01)], 2: [(2, 0.01)]}),
    ),
    "residual_usd": (
        "− (price paid + network) · residual share at age (z − t + 1)/n, in period z = min(T, last period of service),",
        # of the price paid: 0.5 / 5 gone, or 0.25 / 5; of the power: 0.25 / 10
        {**by_step({1: [(2, -0.90)], 2: [(2, -0.95)]}), ("expand(oslo,2025q2)", 2): -975000},
    ),
    "facility_usd": ("usd_per_mw · expand(s,t)", {("expand(oslo,2025q2)", 2): 1e6}),
    "engineering_usd": (
        "usd_a · engineer(a,t)",
        {("engineer(chip,2025q1)", 1): 5e6, ("engineer(chip,2025q2)", 2): 5e6},
    ),
    "porting_usd": (
        "usd · port(w,stack,t)",
        {("port(train,neuron,2025q1)", 1): 2e6, ("port(train,neuron,2025q2)", 2): 2e6},
    ),
    "value_usd": (  # a thousandth of 600, for 2,190 h at 2
        "− value_usd_per_unit_hour · H · served(w,t)",
        {("served(serve,2025q1)", 1): -2628, ("served(serve,2025q2)", 2): -2628},
    ),
    "resale_usd": (
        "− resale_usd_f · retire(f,t)",
        {("retire(pod,oslo,2025q1)", 1): -30000, ("retire(pod,oslo,2025q2)", 2): -30000},
    ),
}

WHOLE_BOUNDS: dict[str, dict[str, float]] = {
    "order": {f"order({offer},oslo,{t})": most + 1 for (offer, t), most in MOST.items()},
    "retire": {"retire(pod,oslo,2025q1)": 2, "retire(pod,oslo,2025q2)": 2},
    "in_service": {"in_service(pod,oslo,2025q1)": 15.0, "in_service(pod,oslo,2025q2)": 30.0},  # 2, 6 + 7, 6 + 9
    "run": {
        **{f"run(pod,oslo,serve,{t})": 3.0 for t in QUARTERS},
        **{f"run(pod,oslo,train,{t})": 2.0 for t in QUARTERS},
    },
    "served": {"served(serve,2025q1)": 1000.0, "served(serve,2025q2)": 1000.0},
    "expand": {"expand(oslo,2025q2)": 0.02},
    "engineer": {"engineer(chip,2025q1)": 1, "engineer(chip,2025q2)": 1},
    "port": {"port(train,neuron,2025q1)": 1, "port(train,neuron,2025q2)": 1},
    "host_cluster": {f"host_cluster(chip,oslo,train,{t})": 1 for t in QUARTERS},
    "orders_any": {"orders_any(pod.buy,2025q1)": 1, "orders_any(pod.buy,2025q2)": 1},
    "band": {  # whole, as the orders are: a budget that they are paid from holds to the last cent
        f"band({offer},{t},{step})": int(most)
        for offer, t in MOST
        for step, most in enumerate([2, MOST[offer, t] - 2 * (offer == "pod.buy")])
    },
    "band_used": {
        f"band_used({offer},{t},{step})": 1 for offer in ("pod.bulk", "pod.buy") for t in QUARTERS for step in (0, 1)
    },
}  # fmt: skip


# The third request: terms that outlast two years, at 25 % a year. A box of 8 chips rents at 2 USD on our site for three
# years and at 1 USD in the cloud for two; two boxes are committed for 2025.
LEASED_KNOWN = catalog(
    accelerator(
        "chip",
        {"box": system(8, 10, 7)},
        {
            "box.lease": {"system": "box", "route": "lease", "usd_per_accelerator_hour": 2, "term_months": 36},
            "box.reserved": {
                "system": "box", "route": "reservation", "host": "cloud", "usd_per_accelerator_hour": 1,
                "term_months": 24,
            },
        },
        rates(training=100),
    )
)  # fmt: skip
LEASED_ASKED = scenario(
    horizon={"start": "2025", "periods": 2},
    finance={"discount_rate": "0.25", "residual": "book"},
    demand={"train": {"workload": "training", "per_second": 800}},
    commitments=[{"offer": "box.lease", "site": "oslo", "period": "2025", "systems": 2}],
)
LEASED_PRICES: dict[str, tuple[str, dict[tuple[str, int], float]]] = {
    "owed_usd": (
        "Σ_{τ > T} d_τ / d_T · rent of τ · (1 − worth) · order(o,s,t)",
        # 2 · 8 · 8,760 = 140,160 a year, and half of that in the cloud; d_3 / d_2 = 0.8, d_4 / d_2 = 0.64.
        # From 2025: 2027 is left, at an age of 2 of 5 years 0.4 of it is owed: 140,160 · 0.8 · 0.4.
        # From 2026: 2027 and 2028 are left, at an age of 1 year 0.2: 140,160 · 1.44 · 0.2; in the cloud 2027 alone.
        {("order(box.lease,oslo,2025)", 2): 44851.2, ("commit(box.lease,oslo,2025)", 2): 44851.2,
         ("order(box.lease,oslo,2026)", 2): 40366.08, ("order(box.reserved,cloud,2026)", 2): 11212.8},
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return model(tmp_path_factory.mktemp("whole"), WHOLE_ASKED, WHOLE_KNOWN)


@pytest.fixture(scope="module")
def golden(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return model(tmp_path_factory.mktemp("golden"), ASKED, KNOWN)


def lp_rows(built: Model, folder: Path) -> dict[str, list[str]]:
    """The rows of the LP file by constraint, each on one line."""
    file = folder / "model.lp"
    built.problem.writeLP(str(file))
    body = file.read_text().partition("Subject To\n")[2].partition("Bounds\n")[0]
    lines = re.sub(r"\n ", " ", body).splitlines()
    found: dict[str, list[str]] = {}
    for line in lines:
        found.setdefault(line.partition("(")[0], []).append(re.sub(r" +", " ", line).strip())
    return found


@pytest.mark.parametrize("constraint", ROWS)
def test_golden_row(golden: Model, tmp_path: Path, constraint: str) -> None:
    assert lp_rows(golden, tmp_path)[constraint] == ROWS[constraint][1]


@pytest.mark.parametrize("constraint", WHOLE_ROWS)
def test_golden_row_of_the_whole(whole: Model, tmp_path: Path, constraint: str) -> None:
    assert lp_rows(whole, tmp_path)[constraint] == WHOLE_ROWS[constraint][1]


@pytest.mark.parametrize("cost", PRICES)
def test_golden_cost(golden: Model, cost: str) -> None:
    summed: dict[tuple[str, int], float] = {}
    for term in golden.costs[cost]:
        summed[term.variable.name, term.t] = summed.get((term.variable.name, term.t), 0.0) + term.usd
    assert summed == pytest.approx(PRICES[cost][1])


@pytest.mark.parametrize("cost", WHOLE_PRICES)
def test_golden_cost_of_the_whole(whole: Model, cost: str) -> None:
    terms = whole.costs[cost]
    assert {(term.variable.name, term.t): term.usd for term in terms} == pytest.approx(WHOLE_PRICES[cost][1])
    assert len(terms) == len(WHOLE_PRICES[cost][1])


@pytest.mark.parametrize("cost", LEASED_PRICES)
def test_golden_cost_of_long_terms(tmp_path: Path, cost: str) -> None:
    leased = model(tmp_path, LEASED_ASKED, LEASED_KNOWN)
    usd = {(term.variable.name, term.t): term.usd for term in leased.costs[cost]}
    assert usd == pytest.approx(LEASED_PRICES[cost][1])


def check_bounds(built: Model, variable: str, expected: dict[str, float]) -> None:
    """A bound that is an int marks whole numbers."""
    matrix = to_matrix(built.problem)
    columns = matrix.column_numbers(variable)
    assert {matrix.columns[j]: matrix.upper[j] for j in columns} == expected
    assert {bool(matrix.integer[j]) for j in columns} == {isinstance(most, int) for most in expected.values()}
    assert all(matrix.lower[j] == 0 for j in columns)


@pytest.mark.parametrize("variable", BOUNDS)
def test_golden_bound(golden: Model, variable: str) -> None:
    check_bounds(golden, variable, BOUNDS[variable])


@pytest.mark.parametrize("variable", WHOLE_BOUNDS)
def test_golden_bound_of_the_whole(whole: Model, variable: str) -> None:
    check_bounds(whole, variable, WHOLE_BOUNDS[variable])


def test_golden_objective(golden: Model) -> None:
    """Without a discount a coefficient of the objective is the sum of its costs, in millions."""
    total: dict[str, float] = {}
    for _, prices in PRICES.values():
        for (variable, _), usd in prices.items():
            total[variable] = total.get(variable, 0.0) + usd / 1e6
    matrix = to_matrix(golden.problem)
    assert {name: usd for name, usd in zip(matrix.columns, matrix.cost, strict=True) if usd} == pytest.approx(total)


@pytest.mark.parametrize(("accelerators", "part"), [(0, 1000), (4, 1000), (8, 1000), (16, 500), (32, 250)])
def test_a_system_of_a_cluster_serves_no_more_than_its_part(tmp_path: Path, accelerators: int, part: float) -> None:
    """A box of 8 does all of 3,200, and so a whole demand of it in thousandths; as one of 4 in a cluster, a quarter."""
    demand = {"workload": "training", "per_second": 3200, "cluster": {"accelerators": accelerators}}
    row = model(tmp_path, scenario(demand={"train": demand})).rows["serve_demand(train,2025q1)"]
    assert [coefficient for _, coefficient in row.terms] == [part]


GOLDEN = (ROWS, WHOLE_ROWS, PRICES, WHOLE_PRICES, LEASED_PRICES)


def test_everything_has_a_golden_case(golden: Model, whole: Model, tmp_path: Path) -> None:
    """A new constraint, cost or variable needs one."""
    assert {f.__name__ for f in CONSTRAINTS} == {*ROWS, *WHOLE_ROWS}
    assert {f.__name__ for f in COSTS} == {*PRICES, *WHOLE_PRICES, *LEASED_PRICES}
    assert {f.__name__ for f in VARIABLES} == {*BOUNDS, *WHOLE_BOUNDS}
    assert set(lp_rows(golden, tmp_path)) == set(ROWS)
    assert set(lp_rows(whole, tmp_path)) == {*WHOLE_ROWS, "run_within_fleet", "serve_demand"}


@pytest.mark.parametrize("rule", [*CONSTRAINTS, *COSTS], ids=lambda rule: rule.__name__)
def test_docstring_says_the_equation(rule: object) -> None:
    name = rule.__name__  # type: ignore[attr-defined]
    lines = " ".join((rule.__doc__ or "").split())
    equations = [cases[name][0] for cases in GOLDEN if name in cases]
    assert equations
    assert all(equation in lines for equation in equations)


def test_discount_multiplies_each_cost(tmp_path: Path) -> None:
    """d_t = 1.21^(-(t - 0.5)/4), f_2 = 1.21^-0.5 = 1/1.1: exact for the residual."""
    rate: Tree = {**ASKED, "finance": {**ASKED["finance"], "discount_rate": "0.21"}}
    matrix = to_matrix(model(tmp_path, rate, KNOWN).problem)
    cost = dict(zip(matrix.columns, matrix.cost, strict=True))
    d_1, d_2, f_2 = 1.21**-0.125, 1.21**-0.375, 1 / 1.1
    # deposit; the rest, network, maintenance and software; residual
    assert cost[BUY] * 1e6 == pytest.approx(60000 * d_1 + (240000 + 20000 + 3000 + 1000) * d_2 - 304000 * f_2)
    assert cost[OSLO_1] * 1e6 == pytest.approx((919.80 + 90 + 183.96) * d_1)


def test_a_row_that_nothing_can_fill_stays(tmp_path: Path) -> None:
    """Nothing arrives in the first quarter: the row must not vanish, or the demand would."""
    late = {**KNOWN["chip.yaml"], "offers": {"box.buy": KNOWN["chip.yaml"]["offers"]["box.buy"]}}
    bare = {key: part for key, part in ASKED.items() if key not in ("fleet", "commitments")}
    firm = {"train": {"workload": "training", "per_second": 1000}}
    built = model(tmp_path, {**bare, "demand": firm}, {**KNOWN, "chip.yaml": late})
    assert "serve_demand(train,2025q1): nothing() >= 1000" in lp_rows(built, tmp_path)["serve_demand"]


def test_names_of_months_survive(tmp_path: Path) -> None:
    built = model(tmp_path, scenario(horizon={"start": "2025-11", "periods": 2}))
    assert set(to_matrix(built.problem).rows) == set(map(model_name, built.rows))
    assert "serve_demand(train,2025-11)" in built.rows
    assert "serve_demand(train,2025m11)" in to_matrix(built.problem).rows


def test_infeasible_by_months_is_explained(tmp_path: Path) -> None:
    """12 kW at the meter for the one system needed, of which there are 6."""
    asked = scenario(horizon={"start": "2025-11", "periods": 2}, sites={"oslo": site("0.012")},
                     demand={"train": {"workload": "training", "per_second": 6400}})  # fmt: skip
    with pytest.raises(Infeasible):
        plan(tmp_path, asked)


@pytest.mark.parametrize("start", ["2025-11"])
def test_limits_have_prices_by_months(tmp_path: Path, start: str) -> None:
    """Power for one system, work for two: more power is worth something, whatever the periods are called."""
    demand = {"train": {"workload": "training", "per_second": 6400, "unmet_usd_per_unit_hour": 1000}}
    asked = scenario(horizon={"start": start, "periods": 2}, sites={"oslo": site("0.012")}, demand=demand)
    assert any(limit.price_usd for limit in plan(tmp_path, asked).limits)


def test_limits_have_prices_by_quarters(tmp_path: Path) -> None:
    demand = {"train": {"workload": "training", "per_second": 6400, "unmet_usd_per_unit_hour": 1000}}
    assert any(
        limit.price_usd for limit in plan(tmp_path, scenario(sites={"oslo": site("0.012")}, demand=demand)).limits
    )
