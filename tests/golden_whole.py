"""The second golden request, with every kind of decision, and its LP rows and costs."""

from __future__ import annotations

from builders import accelerator, catalog, rates, scenario, site, system

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
    sites={"oslo": site("0.08", pue="1.25", take_or_pay_share="0.5", expansion={
        "usd_per_mw": "1e6", "lead_time_months": 3, "max_mw": "0.02", "life_years": 10, "block_mw": "0.01",
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

OWN_ASKED = {
    **{key: part for key, part in WHOLE_ASKED.items() if key not in ("fleet", "limits")},
    "demand": {"serve": {**WHOLE_ASKED["demand"]["serve"], "per_second": 800}},
}
"""Without a fleet nothing runs on the chip before it is engineered."""

QUARTERS = ("2025q1", "2025q2")

# How many pods an order is worth: 600 / 200 = 3 to serve; the run of 876,000 unit hours is 400 a second for a
# quarter, so 1, but its cluster of 8 takes 2; together 5. The hall has room for 0.08 / 0.0125 = 6, and in the second
# quarter for (0.08 + 0.02) / 0.0125 = 8: idle pods of pod.buy may be bought so that pod.bulk is at most half of all.
MOST = {
    ("pod.bulk", "2025q1"): 5, ("pod.bulk", "2025q2"): 5, ("pod.buy", "2025q1"): 6, ("pod.buy", "2025q2"): 8,
}  # fmt: skip
OWN_ROWS: dict[str, tuple[str, list[str]]] = {
    "engineer_before_run": (
        "Σ_{y of a} a_y · r(y,w) · run(y,g,w,t) ≤ most work of w in t · Σ_{τ ≤ t − l_o − months} engineer(a,τ)",
        [  # a pod serves 200 of 800, in thousandths; engineering takes the first quarter
            "engineer_before_run(chip,serve,2025q1): 250 run(pod,oslo,serve,2025q1) <= 0",
            "engineer_before_run(chip,serve,2025q2): - 1000 engineer(chip,2025q1)"
            " + 250 run(pod,oslo,serve,2025q2) <= 0",
        ],
    ),
}
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
    "expand_in_blocks": (
        "expand(s,t) = block_mw(s) · blocks(s,t)",
        ["expand_in_blocks(oslo,2025q2): - 0.01 blocks(oslo,2025q2) + expand(oslo,2025q2) = 0"],
    ),
    "take_or_pay": (
        "Σ_y pue(s,t) · A_y · H · in_service(y,s,t) / 1000 + idle_mwh(s,t)"
        " ≥ take_or_pay_share(s) · H · (power_mw(s,t) + Σ_{τ ≤ t} expand(s,τ))",
        [  # 1.25 · 5 kW · 2,190 h = 13.6875 MWh a pod; half of 0.08 MW · 2,190 h = 87.6 MWh, and of a MW 1,095
            "take_or_pay(oslo,2025q1): idle_mwh(oslo,2025q1) + 13.6875 in_service(pod,oslo,2025q1) >= 87.6",
            "take_or_pay(oslo,2025q2): - 1095 expand(oslo,2025q2) + idle_mwh(oslo,2025q2)"
            " + 13.6875 in_service(pod,oslo,2025q2) >= 87.6",
        ],
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
    "idle_power_usd": (
        "electricity · idle_mwh(s,t)",
        {("idle_mwh(oslo,2025q1)", 1): 50, ("idle_mwh(oslo,2025q2)", 2): 50},
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

# The second request after tax: 25 %, fiscal years from April, so that 2025q1 is the last quarter of fy2025. Of what
# enters then 20 % are charged in it, 32 % / 4 in 2025q2, and 72 % are left; of what enters in 2025q2 20 % / 4 and 95 %.
TAXED_ASKED = {**WHOLE_ASKED, "finance": {
    **WHOLE_ASKED["finance"], "fiscal_year_starts": 4, "tax": {"rate": "0.25", "depreciation": "macrs_5"},
}}  # fmt: skip
TAXED_PRICES: dict[str, tuple[str, dict[tuple[str, int], float]]] = {
    "tax_usd": (
        "rate · (value + resale − deductible costs − depreciation for tax)",
        {
            # of the price 1 % of maintenance and what is charged; of a MW a million over 40 quarters
            **by_step({1: [(1, -0.25 * (0.01 + 0.20)), (2, -0.25 * (0.01 + 0.08))], 2: [(2, -0.25 * (0.01 + 0.05))]}),
            ("expand(oslo,2025q2)", 2): -6250,
            # a pod's energy is 13.6875 MWh at 50 USD
            **{(f"in_service(pod,oslo,2025q{t})", t): -0.25 * 684.375 for t in (1, 2)},
            **{(f"idle_mwh(oslo,2025q{t})", t): -12.5 for t in (1, 2)},
            **{(f"engineer(chip,2025q{t})", t): -1.25e6 for t in (1, 2)},
            **{(f"port(train,neuron,2025q{t})", t): -5e5 for t in (1, 2)},
            **{(f"served(serve,2025q{t})", t): 657 for t in (1, 2)},
            **{(f"retire(pod,oslo,2025q{t})", t): 7500 for t in (1, 2)},
        },
    ),
    "tax_on_residual_usd": (
        "rate · (residual − what is left to depreciate), in period z = min(T, last period of service)",
        # 0.90 of the price are left against 0.72, 0.95 against 0.95; of the power as much in value as to depreciate
        {**by_step({1: [(2, 0.25 * (0.90 - 0.72))], 2: [(2, 0)]}), ("expand(oslo,2025q2)", 2): 0},
    ),
}  # fmt: skip

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
    "idle_mwh": {  # half of 0.08 MW in all hours, and of 0.1 when grown
        "idle_mwh(oslo,2025q1)": 0.5 * 0.08 * 2190, "idle_mwh(oslo,2025q2)": 0.5 * (0.08 + 0.02) * 2190,
    },
    "blocks": {"blocks(oslo,2025q2)": 2},  # 0.02 / 0.01
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
