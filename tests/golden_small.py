"""The first golden request, a small one, and the third, of terms that outlast two years, with their LP rows and costs.

One system `box` of 8 chips, provisioned 10 kW and average 7 kW, liquid-cooled, half a rack, at 100 of work a
chip: 800 a box. It can be bought (ordered a quarter ahead, in service one quarter) for Oslo or rented in the
cloud. One box stands in Oslo in the first quarter, two are committed for the second. Two quarters of 2,190
hours; nothing is discounted.
"""

from __future__ import annotations

from builders import accelerator, catalog, rates, scenario, site, system

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
        "Σ_{t in window} energy + idle power + hosting + maintenance + software + rent + engineering + porting + carbon"
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
