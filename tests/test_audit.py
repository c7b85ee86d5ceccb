"""The audit against arithmetic done by hand: every cost, term and window of a plan, and the calendar.

`audit_plans.py` writes the derived tables of a plan with the audit's own numbers; the numbers themselves
are checked here.
"""

from __future__ import annotations

import ast
import sys
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from audit_plans import (
    CATALOG,
    D1,
    D2,
    F1,
    F2,
    LEASE,
    RENTED,
    RESERVED,
    SCENARIO,
    Tree,
    costs,
    filled,
    merged,
    names,
    ok,
    order,
    plan,
    rich_plan,
    work,
)

from optimizer.audit import audit, keep_accounts
from optimizer.audit.periods import Horizon, fiscal_year_of, schedule, span, window_span

# --- the worked example of DESIGN 6.4, every table written by hand ---


def worked_example() -> Tree:
    """Ten systems a quarter; nothing in it comes from the code under test."""
    inputs = {
        "scenario": merged(SCENARIO, {
            "finance/maintenance_share": "0.04", "demand/train/per_second": {"2025q1": "30000", "2025q2": "60000"},
        }),
        "catalog": CATALOG,
    }  # fmt: skip
    zero = {"2025q1": 0.0, "2025q2": 0.0}
    unused = ("network_usd", "facility_usd", "hosting_usd", "software_usd", "rent_usd", "engineering_usd",
              "porting_usd", "carbon_usd", "owed_usd", "unmet_usd", "value_usd", "resale_usd")  # fmt: skip
    lines = dict.fromkeys(unused, zero)
    fixed = {
        "offer": "box.purchase", "system": "box", "accelerator": "chip", "vendor": "maker", "route": "purchase",
        "place": "oslo", "in_service_until": "2025q2", "systems": 10.0, "accelerators": 80.0, "price_usd": 300000.0,
        "usd_per_accelerator_hour": None, "capex_usd": 3000000.0, "rent_usd": 0.0, "commitment": False,
        "rent_after_usd": 0.0, "owed_usd": 0.0,
    }  # fmt: skip
    box = {"system": "box", "accelerator": "chip", "vendor": "maker", "place": "oslo", "fleet": 0.0}
    done = {"demand": "train", "workload": "training", "system": "box", "accelerator": "chip", "place": "oslo"}
    site = {"site": "oslo", "power_limit_mw": 1.0, "liquid_used_mw": 0.0, "liquid_limit_mw": None,
            "air_limit_mw": None, "racks_limit": None}  # fmt: skip
    return inputs | {
        "periods": [
            {"period": "2025q1", "start": "2025-01-01", "months": 3, "fiscal_year": "fy2025", "discount_mid": D1,
             "discount_end": F1},
            {"period": "2025q2", "start": "2025-04-01", "months": 3, "fiscal_year": "fy2025", "discount_mid": D2,
             "discount_end": F2},
        ],
        # energy: 1.2 * 7 kW * 10 * 2190 h / 1000 = 183.96 MWh, at 50 USD; maintenance 300000 * 4 % / 4 = 3000 each;
        # residual -300000 * (10 * (1 - 0.5 / 5) + 10 * (1 - 0.25 / 5)) = -300000 * (9 + 9.5)
        "costs": lines | {
            "hardware_usd": {"2025q1": 3000000.0, "2025q2": 3000000.0},
            "energy_usd": {"2025q1": 9198.0, "2025q2": 18396.0},
            "maintenance_usd": {"2025q1": 30000.0, "2025q2": 60000.0},
            "residual_usd": {"2025q1": 0.0, "2025q2": -5550000.0},
        },
        # five years of service: the first ten leave after 2029q4, the others a quarter later
        "orders": [fixed | {"ordered": p, "enters_service": p, "term_until": until}
                   for p, until in (("2025q1", "2029q4"), ("2025q2", "2030q1"))],
        "after_horizon": [],
        # 30000 / (8 * 400) = 9.375 of 9.5 available
        "work": [
            done | {"period": "2025q1", "systems": 9.375, "work_per_second": 30000.0},
            done | {"period": "2025q2", "systems": 18.75, "work_per_second": 60000.0},
        ],
        "unmet": [], "retired": [], "expanded": [], "engineering": [], "porting": [], "clusters": [],
        # every site has the row, whether or not it is near its limit of 1 MW
        "limits": [
            {"row": f"power_within_site(oslo,{period})", "unit": "MW", "used": used, "limit": 1.0, "at_least": False,
             "slack": slack, "price_usd": None}
            for period, used, slack in (("2025q1", 0.12, 0.88), ("2025q2", 0.24, 0.76))
        ],
        "in_service": [
            box | {"period": "2025q1", "systems": 10.0, "accelerators": 80.0},
            box | {"period": "2025q2", "systems": 20.0, "accelerators": 160.0},
        ],
        # power at the meter 1.2 * 10 kW * 10 = 0.12 MW; racks 0.25 * 10
        "sites": [
            site | {"period": "2025q1", "power_used_mw": 0.12, "air_used_mw": 0.1, "racks_used": 2.5,
                    "energy_mwh": 183.96},
            site | {"period": "2025q2", "power_used_mw": 0.24, "air_used_mw": 0.2, "racks_used": 5.0,
                    "energy_mwh": 367.92},
        ],
        "budget": [], "supply": [],
        "objective_usd": 660432.79, "bound_usd": 660432.79, "gap": 0.0,
        "certified": {"bound_usd": 627411.15, "gap": 0.05},
    }  # fmt: skip


def test_worked_example_to_the_cent() -> None:
    example = worked_example()
    d, end = [Fraction(D1), Fraction(D2)], Fraction(F2)
    lines = keep_accounts(example).costs
    present = {name: round(float(sum(f * usd for f, usd in zip(d, lines[name], strict=True))), 2) for name in lines}
    assert present["hardware_usd"] == 5_885_934.26  # 300000 * 10 * (d_1 + d_2)
    assert present["energy_usd"] == 26_982.61  # 1.2 * 7 * 2190 * 0.05 * (10 d_1 + 20 d_2)
    assert present["maintenance_usd"] == 88_005.91  # 3000 * (10 d_1 + 20 d_2)
    assert round(float(end * lines["residual_usd"][1]), 2) == -5_340_489.99  # -300000 * 1.08^-0.5 * 18.5
    assert round(float(keep_accounts(example).objective_usd), 2) == 660_432.79
    ok(example)


def test_fractions_of_the_text_raise_no_false_alarm() -> None:
    """3 * 0.1 = 0.3, which is false in floats."""
    box = plan({"budget/capex_usd": {"total": "0.3"}}, {"offers/box.purchase/price_usd": "0.1"},
               orders=[order("box.purchase", "oslo", "2025q1", 3.0)])  # fmt: skip
    assert 0.1 * 3 > 0.3
    assert audit(box).ok
    assert audit(box).largest_violation == 0.0


# --- plans worked by hand ---


def test_lease_and_reservation_terms_and_cohorts() -> None:
    """A lease of 6 months serves 2 quarters, a reservation of 9 months 3; rent is that of the period of order."""
    leased = plan(
        {"horizon/periods": 4},
        {"offers/box.lease": LEASE | {"usd_per_accelerator_hour": {"2025q1": "2", "2025q2": "1"}},
         "offers/box.reserved": RESERVED},
        orders=[order("box.lease", "oslo", "2025q1", 1.0), order("box.lease", "oslo", "2025q2", 3.0),
                order("box.reserved", "cloud", "2025q1", 2.0)],
    )  # fmt: skip
    # an accelerator-hour for 8 accelerators over 2190 h is 17520 USD per USD of rent and system:
    # lease of q1: 1 * 2 in q1, q2; lease of q2: 3 * 1 in q2, q3; reservation: 2 * 2 in q1 to q3
    assert costs(leased, "rent_usd") == [17520 * x for x in (2 + 4, 2 + 3 + 4, 3 + 4, 0)]
    assert costs(leased, "energy_usd") == [Fraction("919.8") * x for x in (1, 4, 3, 0)]  # reserved systems are not ours
    assert costs(leased, "hardware_usd") == costs(leased, "residual_usd") == [0, 0, 0, 0]
    assert [r["in_service_until"] for r in leased["orders"]] == ["2025q2", "2025q3", "2025q3"]
    assert [r["rent_usd"] for r in leased["orders"]] == [17520.0 * 4, 17520.0 * 6, 17520.0 * 12]
    assert [r["price_usd"] for r in leased["orders"]] == [None] * 3
    ok(leased)


def outlasting(**finance: Any) -> Tree:
    """A lease of nine months in a horizon of two quarters: one system from the first, three from the second."""
    return plan(
        {f"finance/{key}": value for key, value in finance.items()},
        {"offers/box.lease": LEASE | {"term_months": 9}},
        orders=[order("box.lease", "oslo", "2025q1", 1.0), order("box.lease", "oslo", "2025q2", 3.0)],
    )


# A quarter of a system is 2 USD * 8 * 2190 h = 35040 USD. After 2025q2 the first system owes one quarter, the others
# two; d_3 / d_2 = 1.08^-0.25 = 0.980944, d_4 / d_2 = 1.08^-0.5 = 0.962250. Ages at the end: 0.5 and 0.25 years.
OWED = [
    # book over 5 years leaves 0.90 and 0.95: 35040 * (0.10 * 0.980944 + 3 * 0.05 * (0.980944 + 0.962250))
    ({"residual": "book"}, 13650.65),
    # nothing is left of anything: 35040 * (0.980944 + 3 * (0.980944 + 0.962250))
    ({"residual": "none"}, 238640.83),
    ({"residual": "book", "owed_after_horizon": "in_full"}, 238640.83),
    # 1 - 0.38 * 0.5 = 0.81 and 1 - 0.38 * 0.25 = 0.905: 35040 * (0.19 * 0.980944 + 3 * 0.095 * (0.980944 + 0.962250))
    ({"residual": {"1": "0.62", "2": "0.42"}}, 25936.24),
    ({"residual": "none", "owed_after_horizon": "ignored"}, 0.0),
]


@pytest.mark.parametrize(("finance", "usd"), OWED)
def test_what_is_owed_after_the_horizon(finance: Tree, usd: float) -> None:
    leased = outlasting(**finance)
    assert [round(float(amount), 2) for amount in costs(leased, "owed_usd")] == [0, usd]
    assert [(row["term_until"], row["rent_after_usd"]) for row in leased["orders"]] == [
        ("2025q3", 35040.0), ("2025q4", 3 * 2 * 35040.0)]  # fmt: skip
    assert round(sum(row["owed_usd"] for row in leased["orders"]), 2) == usd
    ok(leased)


@pytest.mark.parametrize(("starts", "years"), [
    (1, {"fy2025": 7 * 35040.0}),
    (10, {"fy2025": 4 * 35040.0, "fy2026": 3 * 35040.0}),  # from October: the last quarter is of the next year
    (11, {"fy2025": 7 * 35040.0}),  # a period belongs to the year in which it starts: 2025q4 starts in October
])  # fmt: skip
def test_rent_after_the_horizon_by_fiscal_year(starts: int, years: dict[str, float]) -> None:
    """One quarter of one system and of three in 2025q3, of three in 2025q4."""
    leased = outlasting(fiscal_year_starts=starts)
    assert {row["fiscal_year"]: row["rent_usd"] for row in leased["after_horizon"]} == years
    ok(leased)


def test_a_long_term_is_discounted_year_by_year() -> None:
    """50 years of months at 8 %, of which one is inside the horizon: an annuity of 599 months at 1.08^(-1/12)."""
    leased = plan(
        {"horizon": {"start": "2025-01", "periods": 1}, "finance/owed_after_horizon": "in_full"},
        {"offers/box.lease": LEASE | {"term_months": 600}},
        orders=[order("box.lease", "oslo", "2025-01", 1.0)],
    )
    month = 1.08 ** (1 / 12)
    annuity = (1 - month**-599) / (month - 1)
    assert float(costs(leased, "owed_usd")[0]) == pytest.approx(2 * 8 * 730 * annuity, rel=1e-12)
    ok(leased)


@pytest.mark.parametrize(("months", "periods"), [(1, 1), (4, 1), (5, 2), (7, 2), (8, 3), (13, 4), (14, 5)])
def test_terms_are_rounded_to_periods_half_up(months: int, periods: int) -> None:
    """max(1, floor(term / 3 + 1/2)): 4 / 3 + 1/2 = 1.83 is 1, 5 / 3 + 1/2 = 2.17 is 2, 7 / 3 + 1/2 = 2.83 is 2."""
    leased = plan({"horizon/periods": 8}, {"offers/box.lease": LEASE | {"term_months": months}},
                  orders=[order("box.lease", "oslo", "2025q1", 1.0)])  # fmt: skip
    assert [x > 0 for x in costs(leased, "rent_usd")] == [t < periods for t in range(8)]
    ok(leased)


def test_half_a_period_rounds_up() -> None:
    """18 months in years: 1.5 + 0.5 = 2."""
    leased = plan({"horizon": {"start": "2025", "periods": 3}}, {"offers/box.lease": LEASE | {"term_months": 18}},
                  orders=[order("box.lease", "oslo", "2025", 1.0)])  # fmt: skip
    assert costs(leased, "rent_usd") == [2 * 8 * 8760, 2 * 8 * 8760, 0]
    ok(leased)


def test_on_demand_serves_one_period_in_months() -> None:
    """H = 730 h a month: 3 USD * 8 * 730 = 17520 a system; carbon 0.1 kg/h at 50 USD/t."""
    rented = plan(
        {"horizon": {"start": "2025-01", "periods": 3}, "finance/carbon_usd_per_t": {"2025-02": "50"},
         "demand/train/per_second": {"2025-02": "3200", "2025-03": "0"}},
        {"offers/box.rented": RENTED | {"carbon_kg_per_accelerator_hour": "0.1"}},
        orders=[order("box.rented", "cloud", "2025-01", 1.0), order("box.rented", "cloud", "2025-02", 2.0)],
        work=[work("train", "box", "cloud", "2025-02", 1.0)],
    )  # fmt: skip
    assert costs(rented, "rent_usd") == [17520, 35040, 0]
    # the carbon price begins in February: 2 * 8 * 730 h * 0.1 kg / 1000 * 50 USD = 58.40
    assert costs(rented, "carbon_usd") == [0, Fraction("58.4"), 0]
    assert costs(rented, "energy_usd") == [0, 0, 0]
    ok(rented)


def test_deposits_and_lead_times() -> None:
    """A lead of 4 months is 2 quarters: ceil(4 / 3). The price is that of the order, a fifth is paid then."""
    ordered = plan(
        {"horizon/periods": 4, "budget/capex_usd": {"2025q1": "600000", "2025q3": "2410000", "total": "3010000"}},
        {"offers/box.purchase/price_usd": {"2025q1": "300000", "2025q2": "200000"},
         "offers/box.purchase/lead_time_months": 4, "offers/box.purchase/deposit_share": "0.2",
         "offers/box.purchase/network_usd": "1000"},
        orders=[order("box.purchase", "oslo", "2025q3", 10.0)],
    )  # fmt: skip
    # 300000 * 10: 600000 in q1, 2400000 in q3, with 10 * 1000 of network
    assert costs(ordered, "hardware_usd") == [600000, 0, 2400000, 0]
    assert costs(ordered, "network_usd") == [0, 0, 10000, 0]
    # book over 5 years at age 2/4: 0.9 of price and network
    assert costs(ordered, "residual_usd") == [0, 0, 0, -Fraction(9, 10) * 3010000]
    assert ordered["orders"][0]["ordered"] == "2025q1"
    assert ordered["orders"][0]["capex_usd"] == 3010000.0
    assert [b["used_usd"] for b in ordered["budget"]] == [600000.0, 2410000.0, 3010000.0]
    ok(ordered)


def committed(price: str | None = None, **catalog: Any) -> Tree:
    """Five systems committed to enter in 2025q2, a half year after their order."""
    entry = {"offer": "box.purchase", "site": "oslo", "period": "2025q2", "systems": 5}
    return plan(
        {"horizon/periods": 3, "finance/maintenance_share": "0.04", "supply_per_month": {"chip": "0"},
         "pools_per_month": {"hbm": "0"}, "offers/deny": ["chip"],
         "commitments": [entry | ({"price_usd": price} if price else {})]},
        {"offers/box.purchase/price_usd": {"2024q4": "250000", "2025q1": "200000"},
         "offers/box.purchase/lead_time_months": 6, "offers/box.purchase/deposit_share": "0.4",
         "offers/box.purchase/supply_systems_per_month": "0",
         "offers/box.purchase/available": {"until": "2024q2"}, "offers/box.purchase/buyers": ["others"]} | catalog,
        orders=[order("box.purchase", "oslo", "2025q2", 5.0, float(price or 250000))],
    )  # fmt: skip


def test_commitment_with_sunk_deposit_breaks_no_rule_of_orders() -> None:
    """Ordered in 2024q4 at 250000: 40 % are sunk; dates, buyers, deny, supply and pools do not apply."""
    entry = committed()
    assert costs(entry, "hardware_usd") == [0, Fraction("0.6") * 1250000, 0]
    assert costs(entry, "maintenance_usd") == [0, 12500, 12500]  # 250000 * 4 % / 4 * 5, of the price in full
    assert costs(entry, "residual_usd") == [0, 0, -Fraction(9, 10) * 1250000]
    assert entry["orders"][0]["ordered"] == "2024q4"
    assert entry["orders"][0]["capex_usd"] == 1250000.0
    ok(entry)


def test_commitment_at_its_own_price() -> None:
    entry = committed("100000.50")
    assert costs(entry, "hardware_usd") == [0, Fraction("0.6") * Fraction("500002.5"), 0]
    ok(entry)


def test_fleet_serves_until_and_pays_no_maintenance() -> None:
    """4 systems to 2025q2, whose last month is June; 1 to 2025q4; `until: 2025-07` reaches into 2025q3."""
    fleet = plan(
        {"horizon/periods": 4, "finance/maintenance_share": "0.04", "sites/oslo/hosting_usd_per_kw_month": "100",
         "finance/carbon_usd_per_t": "50", "sites/oslo/carbon_kg_per_mwh": {"2025q1": "100", "2025q4": "200"},
         "demand/train/per_second": {"2025q2": "15200"},
         "fleet": [{"system": "box", "site": "oslo", "count": 4, "until": "2025q2"},
                   {"system": "box", "site": "oslo", "count": 2, "until": "2025-07"},
                   {"system": "box", "site": "oslo", "count": 1, "until": "2025"}]},
        {"offers/box.purchase/software_usd_per_year": "400", "throughput/chip/training/rate": {"2025q1": "400",
                                                                                             "2025q3": "3000"}},
        work=[work("train", "box", "oslo", t, x) for t, x in (("2025q2", 4.75), ("2025q3", 2.85), ("2025q4", 0.95))],
    )  # fmt: skip
    in_service = [7, 7, 3, 1]
    # 15200 = 4.75 * 8 * 400; in 2025q4 0.95 * 8 * 3000 = 22800
    assert costs(fleet, "energy_usd") == [Fraction("919.8") * x for x in in_service]
    assert costs(fleet, "hosting_usd") == [100 * 10 * 3 * x for x in in_service]
    # 18.396 MWh * 100 kg / 1000 * 50 USD = 91.98 a system
    assert costs(fleet, "carbon_usd") == [Fraction("91.98") * x for x in (7, 7, 3, 2)]
    assert costs(fleet, "maintenance_usd") == costs(fleet, "software_usd") == [0, 0, 0, 0]
    ok(fleet)


def test_windows_of_fiscal_years() -> None:
    """A year from July: fy2025 holds 2025q1 and q2, fy2026 the four after it."""
    windows = {"fy2025": "600000", "fy2026": "900000", "2025": "1200000", "2025q3": "300000",
               "2025q2..2026-03": "1200000", "total": "1800000"}  # fmt: skip
    quarters = ["2025q1", "2025q2", "2025q3", "2025q4", "2026q1", "2026q3"]
    spent = plan(
        {"horizon/periods": 7, "finance/fiscal_year_starts": 7, "budget/capex_usd": windows},
        orders=[order("box.purchase", "oslo", quarter, 1.0) for quarter in quarters],
    )  # fmt: skip
    assert {b["window"]: b["used_usd"] for b in spent["budget"]} == {w: float(x) for w, x in windows.items()}
    assert [p["fiscal_year"] for p in spent["periods"]] == ["fy2025"] * 2 + ["fy2026"] * 4 + ["fy2027"]
    ok(spent)
    for window in windows:
        less = merged(spent, {f"scenario/budget/capex_usd/{window}": "299999"})
        assert [f.split(":")[0] for f in audit(filled(less)).findings] == [f"capex_within_budget({window})"]


def test_opex_holds_every_running_cost_but_unmet() -> None:
    rich = rich_plan()
    running = ("energy_usd", "hosting_usd", "maintenance_usd", "software_usd", "rent_usd", "carbon_usd")
    used = next(b["used_usd"] for b in rich["budget"] if b["budget"] == "opex_usd")
    assert used == pytest.approx(sum(rich["costs"][name][t] for name in running for t in ("2025q1", "2025q2")))


@pytest.mark.parametrize(
    ("term", "share"),
    [
        # in 8 quarters from the first: age 2 where the life is 5 years, else the term's own end
        (None, Fraction("0.42")),
        (3, Fraction("0.905")),  # 1 - 0.38 / 4
        (18, Fraction("0.52")),  # between 0.62 and 0.42
        (12, Fraction("0.62")),
    ],
)
def test_residual_table_and_early_end_of_service(term: int | None, share: Fraction) -> None:
    table = {"1": "0.62", "2": "0.42", "3": "0.30"}
    offer = {"offers/box.purchase/term_months": term} if term else {}
    bought = plan({"horizon/periods": 8, "finance/residual": table, "finance/maintenance_share": "0.04"}, offer,
                  orders=[order("box.purchase", "oslo", "2025q1", 1.0)])  # fmt: skip
    z = (term or 24) // 3 - 1
    assert costs(bought, "residual_usd") == [-300000 * share if t == z else 0 for t in range(8)]
    assert costs(bought, "maintenance_usd") == [3000 if t <= z else 0 for t in range(8)]
    ok(bought)


def test_residual_stays_at_its_last_value_none_is_nothing_and_book_ends_at_zero() -> None:
    def last(residual: Any, book_life: str = "5") -> Fraction:
        bought = plan({"horizon": {"start": "2025", "periods": 6}, "finance/residual": residual,
                       "finance/service_life_years": "6", "finance/book_life_years": book_life},
                      orders=[order("box.purchase", "oslo", "2025", 1.0)])  # fmt: skip
        ok(bought)
        return costs(bought, "residual_usd")[-1]

    assert last({"1": "0.62", "2": "0.25"}) == -75000
    assert last("none") == 0
    assert last("book", "5.5") == 0
    assert last("book", "8") == -75000  # 1 - 6/8


def test_residual_discounted_at_the_end_of_its_own_period() -> None:
    """A purchase that ends in period 1 of 2: -300000 * 0.95 * f_1, beside 300000 * d_1 and energy 919.8 * d_1."""
    ended = plan(catalog={"offers/box.purchase/term_months": 3}, orders=[order("box.purchase", "oslo", "2025q1", 1.0)])
    assert keep_accounts(ended).objective_usd == Fraction("300919.8") * Fraction(D1) - 285000 * Fraction(F1)
    ok(ended)


def test_pool_by_share_of_a_forecast_and_supply_that_begins_later() -> None:
    """1000 stacks a month for all from 2025q2: 12 % are 360 a quarter; a box draws 5 * 8 = 40."""
    drawn = plan(
        {"pools_per_month": {"hbm": {"forecast": "house", "share": "0.12"}},
         "supply_per_month": {"chip": {"2025q2": "24"}}},
        {"offers/box.lease": LEASE, "offers/box.rented": RENTED | {"supply_systems_per_month": "2"}},
        orders=[order("box.purchase", "oslo", "2025q2", 5.0), order("box.lease", "oslo", "2025q2", 4.0),
                order("box.rented", "cloud", "2025q1", 6.0)],
    )  # fmt: skip
    supply = {(s["kind"], s["period"]): (s["used"], s["limit"]) for s in drawn["supply"]}
    assert supply["pool", "2025q1"] == (0, 0)
    assert supply["pool", "2025q2"] == (360, 360)
    assert supply["accelerator", "2025q2"] == (72, 72)
    assert supply["offer", "2025q1"] == (6, 6)
    ok(drawn)
    early = merged(drawn, {"orders/0/enters_service": "2025q1"})
    assert names(filled(early)) == {"draws_within_pool", "deliveries_within_supply"}


def test_unmet_is_priced_by_the_hour() -> None:
    """0.01 USD * 1600 per second * 2190 h = 35040; nothing asked before the schedule's first key."""
    left = plan(
        {"demand/train": {"workload": "training", "per_second": {"2025q2": "4800"}, "unmet_usd_per_unit_hour": "0.01"}},
        orders=[order("box.purchase", "oslo", "2025q2", 2.0)],
        work=[work("train", "box", "oslo", "2025q2", 1.0)],
        unmet=[{"demand": "train", "period": "2025q2", "per_second": 1600.0}],
    )
    assert costs(left, "unmet_usd") == [0, 35040]
    ok(left)


def test_limits_that_begin_later_are_zero_before() -> None:
    """The hall opens in 2025q2; what stands there in 2025q1 exceeds each limit."""
    limits = {f"sites/oslo/{name}": {"2025q2": "1"} for name in ("power_mw", "air_mw", "liquid_mw", "racks")}
    later = plan(limits, orders=[order("box.purchase", "oslo", "2025q2", 4.0)])
    ok(later)
    early = filled(merged(later, {"orders/0/enters_service": "2025q1"}))
    assert names(early) == {"power_within_site", "air_within_site", "racks_within_site"}
    assert "power_within_site(oslo,2025q1): used 0.048 MW, limit 0 MW" in audit(early).findings


def test_electricity_and_price_that_begin_later_do_not_exist_before() -> None:
    bought = [order("box.purchase", "oslo", "2025q1", 1.0)]
    assert names(plan({"sites/oslo/electricity_usd_per_mwh": {"2025q2": "50"}}, orders=bought)) == {
        "site_has_electricity"
    }
    assert names(plan(None, {"offers/box.purchase/price_usd": {"2025q2": "1"}}, orders=bought)) == {"order_has_price"}


def test_until_runs_to_the_end_of_its_key() -> None:
    """2025 ends in December; the lead time of 5 months puts the order of 2025q4 into 2025q2."""
    dates = {"offers/box.purchase/available": {"from": "2025q2", "until": "2025"},
             "offers/box.purchase/lead_time_months": 5}  # fmt: skip
    later = plan({"horizon/periods": 7}, dates, orders=[order("box.purchase", "oslo", "2025q4", 1.0),
                                                        order("box.purchase", "oslo", "2026q2", 1.0)])  # fmt: skip
    ok(later)
    assert [row["ordered"] for row in later["orders"]] == ["2025q2", "2025q4"]
    assert names(filled(merged(later, {"orders/1/enters_service": "2026q3"}))) == {"order_while_available"}
    assert names(filled(merged(later, {"orders/0/enters_service": "2025q3"}))) == {"order_while_available"}


def test_peak_pue_limits_power_and_pue_pays_energy() -> None:
    peak = plan({"sites/oslo/peak_pue": "1.5", "sites/oslo/power_mw": "0.15"},
                orders=[order("box.purchase", "oslo", "2025q1", 10.0)])  # fmt: skip
    assert peak["sites"][0]["power_used_mw"] == 0.15
    assert peak["sites"][0]["energy_mwh"] == 183.96
    ok(peak)


# --- calendar ---


def test_periods_windows_and_schedules() -> None:
    january = 12 * 2025
    assert [span(key) for key in ("2025", "2025q2", "2025-12")] == [
        (january, january + 11), (january + 3, january + 5), (january + 11, january + 11),
    ]  # fmt: skip
    horizon = Horizon(january + 9, 3, 4)
    assert list(horizon.positions()) == ["2025q4", "2026q1", "2026q2", "2026q3"]
    assert horizon.key(-1) == "2025q3"
    assert window_span("total", horizon, 7) == (january + 9, january + 20)
    assert window_span("fy2025", horizon, 7) == (january - 6, january + 5)
    assert window_span("fy2025", horizon, 1) == (january, january + 11)
    assert window_span("2025q2..2026", horizon, 1) == (january + 3, january + 23)
    assert [fiscal_year_of(january + m, 7) for m in (0, 5, 6, 11)] == ["fy2025", "fy2025", "fy2026", "fy2026"]
    steps = schedule({"2026": "2", "2025q2": "1.10"})
    assert [steps.at(january + m) for m in (2, 3, 11, 12)] == [None, Fraction("1.1"), Fraction("1.1"), 2]
    for wrong in ("2025q5", "2025-13", "25q1", "2025q", "2025-1"):
        with pytest.raises(ValueError, match=r"period|invalid literal"):
            span(wrong)


# --- independence and speed ---


def test_the_audit_imports_nothing_of_the_model() -> None:
    allowed = ("optimizer.audit",)
    for path in sorted((Path(__file__).parents[1] / "optimizer" / "audit").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            modules += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for module in modules:
                own = module in allowed or module.startswith("optimizer.audit.")
                assert own or module.split(".")[0] in sys.stdlib_module_names, f"{path.name} imports {module}"
            assert not (isinstance(node, ast.ImportFrom) and node.level), f"{path.name} has a relative import"


def large_plan() -> Tree:
    """Ten offers at 40 sites in 8 quarters: 3200 order rows and as many of work."""
    sites = {f"site{s}": SCENARIO["sites"]["oslo"] | {"power_mw": "100"} for s in range(40)}
    systems = {f"box{o}": CATALOG["systems"]["box"] for o in range(10)}
    offers = {f"box{o}.buy": CATALOG["offers"]["box.purchase"] | {"system": f"box{o}"} for o in range(10)}
    quarters = [f"{year}q{q}" for year in (2025, 2026) for q in (1, 2, 3, 4)]
    cells = [(o, s, q) for o in range(10) for s in range(40) for q in quarters]
    return plan(
        {"horizon/periods": 8, "sites": sites, "budget/capex_usd": {"total": "1e12"}},
        {"systems": systems, "offers": offers},
        orders=[order(f"box{o}.buy", f"site{s}", q, 3.0) for o, s, q in cells],
        work=[work("train", f"box{o}", f"site{s}", q, 1 / 3) for o, s, q in cells],
    )


def test_a_large_plan_takes_a_moment() -> None:
    large = large_plan()
    begun = time.process_time()
    verdict = audit(large)
    assert verdict.findings == ()
    assert time.process_time() - begun < 5
