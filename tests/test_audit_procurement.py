"""The audit of the whole procurement problem against arithmetic done by hand."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from audit_plans import (
    CATALOG,
    D2,
    F2,
    LEASE,
    OWN,
    SCENARIO,
    C,
    S,
    Tree,
    costs,
    filled,
    merged,
    names,
    ok,
    order,
    own_plan,
    plan,
    rich_plan,
    work,
)

from optimizer.audit import audit, keep_accounts
from optimizer.audit.expected import expected_limits

STEPS = [{"from_systems": 10, "factor": "0.9"}, {"from_systems": 20, "factor": "0.8"}]


@pytest.mark.parametrize(
    ("kind", "systems", "usd"),
    [
        # at 100 USD: all at 1 to 9, all at 0.9 from 10 to 19, all at 0.8 from 20 on
        ("all_units", 9, 900), ("all_units", 10, 900), ("all_units", 11, 990),
        ("all_units", 19, 1710), ("all_units", 20, 1600), ("all_units", 21, 1680),
        # 9 at 100, the 10th to the 19th at 90, the 20th and later ones at 80
        ("incremental", 1, 100), ("incremental", 9, 900), ("incremental", 10, 990), ("incremental", 11, 1080),
        ("incremental", 19, 1800), ("incremental", 20, 1880), ("incremental", 21, 1960),
    ],
)  # fmt: skip
def test_price_breaks_count_all_places_of_a_period(kind: str, systems: int, usd: int) -> None:
    """Price paid feeds maintenance (4 % / 4) and the residual, book over 5 years at age 2/4: 0.9."""
    bought = plan(
        {"sites/bergen": SCENARIO["sites"]["oslo"], "finance/maintenance_share": "0.04"},
        {"offers/box.purchase/price_usd": "100", "offers/box.purchase/price_breaks": {"kind": kind, "steps": STEPS}},
        orders=[order("box.purchase", "oslo", "2025q1", systems - 1.0), order("box.purchase", "bergen", "2025q1", 1.0)],
    )
    assert costs(bought, "hardware_usd") == [usd, 0]
    assert costs(bought, "maintenance_usd") == [Fraction(usd, 100)] * 2
    assert costs(bought, "residual_usd") == [0, -Fraction(9, 10) * usd]
    assert [row["price_usd"] for row in bought["orders"]] == [pytest.approx(usd / systems)] * 2
    ok(bought)


def test_price_breaks_count_each_period_apart_and_no_commitments() -> None:
    """9 and 9 in two quarters, and 5 committed beside: no step of 10 is reached; 10 % of the price ahead."""
    entry = {"offer": "box.purchase", "site": "oslo", "period": "2025q2", "systems": 5}
    bought = plan(
        {"horizon/periods": 3, "commitments": [entry]},
        {"offers/box.purchase/price_usd": {"2024q4": "100", "2025q2": "200"},
         "offers/box.purchase/deposit_share": "0.1",
         "offers/box.purchase/price_breaks": {"kind": "all_units", "steps": STEPS},
         "offers/box.purchase/minimum_order_systems": 6, "offers/box.purchase/lead_time_months": 3},
        orders=[order("box.purchase", "oslo", "2025q2", 9.0), order("box.purchase", "oslo", "2025q3", 10.0),
                order("box.purchase", "oslo", "2025q2", 5.0, 100.0)],
    )  # fmt: skip
    # 9 at 100 and 5 committed at 100, both ordered in q1; 10 at 200 * 0.9, ordered in q2
    assert costs(bought, "hardware_usd") == [90 + 50, 810 + 450 + 180, 1620]
    assert [row["price_usd"] for row in bought["orders"]] == [100.0, 180.0, 100.0]
    ok(bought)
    fewer = filled(merged(bought, {"orders/0/systems": 5.0}))
    assert audit(fewer).findings == ("order_at_least_minimum(box.purchase,2025q2): used 5 systems, required 6 systems",)
    assert names(merged(bought, {"orders/1/price_usd": 200.0})) == {"orders", "buy_in_one_band"}
    assert names(merged(bought, {"orders/2/price_usd": 90.0})) == {"orders"}


def test_expansion_brings_power_and_keeps_a_residual() -> None:
    """2 MW on line in 2025q3 after 5 months: 22 M USD; in T at age 2/4 of 20 years 0.975 is left."""
    grown = plan(
        {"horizon/periods": 4, "budget/capex_usd": {"2025q3": "22300000"}, "sites/oslo/power_mw": {"2025q4": "0.5"},
         "sites/oslo/expansion": {"usd_per_mw": "11e6", "lead_time_months": 5, "max_mw": "2", "life_years": "20"}},
        orders=[order("box.purchase", "oslo", "2025q3", 1.0)],
        expanded=[{"site": "oslo", "period": "2025q3", "mw": 1.5}, {"site": "oslo", "period": "2025q4", "mw": 0.5}],
    )  # fmt: skip
    assert costs(grown, "facility_usd") == [0, 0, 16500000, 5500000]
    # 16.5 M * (1 - 0.5 / 20) + 5.5 M * (1 - 0.25 / 20), beside 300000 * 0.9
    assert costs(grown, "residual_usd") == [0, 0, 0, -(16087500 + 5431250 + 270000)]
    assert [site["power_limit_mw"] for site in grown["sites"]] == [0.0, 0.0, 1.5, 2.5]
    assert [b["used_usd"] for b in grown["budget"]] == [16800000.0]
    ok(grown)
    written_off = filled(merged(grown, {S + "sites/oslo/expansion/life_years": "0.25"}))
    assert costs(written_off, "residual_usd") == [0, 0, 0, -270000]


def test_retired_systems_leave_service_and_are_sold() -> None:
    """Two lots of one system: 5 to the end, sold at 900 each, and 4 to 2025q3, sold at 1000."""
    lots = [
        {"system": "box", "site": "oslo", "count": 5, "may_retire": "true", "resale_usd": "900"},
        {"system": "box", "site": "oslo", "count": 4, "until": "2025q3", "may_retire": "true", "resale_usd": "1e3"},
    ]
    gone = plan(
        {"horizon/periods": 4, "fleet": lots, "demand/train/per_second": {"2025q4": "9120"},
         "sites/oslo/hosting_usd_per_kw_month": "1"},
        work=[work("train", "box", "oslo", "2025q4", 2.85)],
        retired=[{"system": "box", "site": "oslo", "period": "2025q2", "until": None, "systems": 2.0},
                 {"system": "box", "site": "oslo", "period": "2025q3", "until": "2025q3", "systems": 3.0}],
    )  # fmt: skip
    in_service = [9, 7, 4, 3]  # 5 + 4; 3 + 4; 3 + 1; 3
    assert [row["fleet"] for row in gone["in_service"]] == in_service
    assert costs(gone, "energy_usd") == [Fraction("919.8") * x for x in in_service]
    assert costs(gone, "hosting_usd") == [30 * x for x in in_service]
    assert costs(gone, "resale_usd") == [0, -1800, -3000, 0]
    assert [site["power_used_mw"] for site in gone["sites"]] == [pytest.approx(0.012 * x) for x in in_service]
    ok(gone)
    assert names(filled(merged(gone, {"retired/0/systems": 3.0}))) == {"run_within_fleet"}
    assert names(filled(merged(gone, {"retired/1/systems": 5.0}))) == {"retire_within_fleet"}
    assert names(filled(merged(gone, {"retired/1/period": "2025q4"}))) == {"retire_while_in_service"}
    assert names(filled(merged(gone, {"retired/0/until": "2025q3"}))) == {"retire_within_fleet"}
    assert names(filled(merged(gone, {"retired/0/until": "2026q3"}))) == {"rows_are_known"}
    assert names(merged(gone, {"retired/0/resale_usd": 2000.0})) == {"retired"}


def test_lots_that_differ_in_resale_alone_are_told_apart_by_what_they_are_sold_for() -> None:
    lot = {"system": "box", "site": "oslo", "count": 2, "may_retire": "true"}
    sold = {"system": "box", "site": "oslo", "period": "2025q2", "until": None, "systems": 2.0}
    gone = plan({"fleet": [lot | {"resale_usd": "10"}, lot | {"resale_usd": "20"}]},
                retired=[sold | {"resale_usd": 40.0}, sold | {"resale_usd": 20.0}])  # fmt: skip
    assert costs(gone, "resale_usd") == [0, -60]
    ok(gone)
    twice = filled(merged(gone, {"retired/1/resale_usd": 40.0}))
    assert "retire_within_fleet(box,oslo): used 4 systems, limit 2 systems" in audit(twice).findings


def test_work_is_worth_its_value_and_need_not_be_done() -> None:
    """2 USD an hour and unit of 3200 served of 4800; unmet costs 1 USD beside; served does not exceed demand."""
    valued = plan(
        {"objective": "maximize_value", "demand/train": {
            "workload": "training", "per_second": {"2025q2": "4800"}, "value_usd_per_unit_hour": "2"}},
        orders=[order("box.purchase", "oslo", "2025q2", 2.0)],
        work=[work("train", "box", "oslo", "2025q2", 1.0)],
        unmet=[{"demand": "train", "period": "2025q2", "per_second": 1600.0}],
    )  # fmt: skip
    assert costs(valued, "value_usd") == [0, -2 * 3200 * 2190]
    assert costs(valued, "unmet_usd") == [0, 0]
    # d_2 * (600000 + energy 2 * 919.8 - 14016000) - f_2 * 600000 * 0.95
    mid, end = Fraction(D2), Fraction(F2)
    assert keep_accounts(valued).objective_usd == mid * (Fraction("601839.6") - 14016000) - end * 570000
    ok(valued)
    ok(filled(merged(valued, {"unmet/0/per_second": 4800.0, "work": []})))
    priced = filled(merged(valued, {S + "demand/train/unmet_usd_per_unit_hour": "1"}))
    assert costs(priced, "unmet_usd") == [0, 1600 * 2190]
    assert costs(priced, "value_usd") == costs(valued, "value_usd")
    ok(priced)
    cheap = filled(merged(priced, {S + "objective": "minimize_cost"}))
    assert costs(cheap, "value_usd") == [0, 0]
    ok(cheap)
    assert names(filled(merged(valued, {S + "objective": "minimize_cost"}))) == {"unmet_has_price"}
    assert names(filled(merged(valued, {S + "demand/train/value_usd_per_unit_hour": None}))) == {"unmet_has_price"}
    assert names(filled(merged(valued, {"unmet/0/per_second": 1500.0}))) == {"serve_demand"}
    # a value that only begins later lets it be left all the same, and is nothing yet
    later = filled(merged(valued, {S + "demand/train/value_usd_per_unit_hour": {"2025q3": "2"}}))
    assert costs(later, "value_usd") == [0, 0]
    ok(later)
    assert names(merged(valued, {"costs/value_usd/2025q2": -14016001.0})) == {"costs"}


def test_a_deadline_counts_the_periods_that_end_in_time() -> None:
    """1 box does 3200 * 2190 h = 7008000 a quarter; November ends before 2025q4, 2025 with it."""
    deadlines = {"2025q2": "14016000", "2025-11": "21024000", "2025": "28032000", "2027": "28032000"}
    run = {"workload": "training", "by_deadline_unit_hours": deadlines}
    boxes = [order("box.purchase", "oslo", "2025q1", 2.0)]
    done = plan({"horizon/periods": 4, "demand/train": run}, orders=boxes,
                work=[work("train", "box", "oslo", f"2025q{q}", 1.0) for q in (1, 2, 3, 4)])  # fmt: skip
    ok(done)
    for key in deadlines:
        more = filled(
            merged(done, {f"scenario/demand/train/by_deadline_unit_hours/{key}": str(int(deadlines[key]) + 40)})
        )
        assert [f.split(":")[0] for f in audit(more).findings] == [f"finish_by_deadline(train,{key})"]
    early = plan({"demand/train": run | {"unmet_usd_per_unit_hour": "1", "by_deadline_unit_hours": {"2024": "1"}}},
                 unmet=[{"demand": "train", "period": "2025q1", "per_second": 1.0}])  # fmt: skip
    assert names(early) == {"finish_by_deadline", "unmet_has_price"}


def cluster_plan(**changes: Any) -> Tree:
    """A cluster of 40 on five boxes in oslo, then on two boxes and three tanks of the same chip in bergen."""
    return plan(
        {"sites/bergen": SCENARIO["sites"]["oslo"], "fleet": [
            {"system": system, "site": site, "count": 5} for system in ("box", "tank") for site in ("oslo", "bergen")],
         "demand/train": {"workload": "training", "per_second": "16000", "cluster": {"accelerators": 40},
                          "unmet_usd_per_unit_hour": "1"}},
        {"systems/tank": CATALOG["systems"]["box"]},
        work=[work("train", "box", "oslo", "2025q1", 4.75), work("train", "tank", "oslo", "2025q1", 0.25),
              work("train", "box", "bergen", "2025q2", 2.0), work("train", "tank", "bergen", "2025q2", 3.0)],
        **changes,
    )  # fmt: skip


def test_a_cluster_is_one_accelerator_at_one_place_large_enough() -> None:
    cluster = cluster_plan()
    assert [(c["period"], c["accelerator"], c["place"], c["accelerators"]) for c in cluster["clusters"]] == [
        ("2025q1", "chip", "oslo", 40.0), ("2025q2", "chip", "bergen", 40.0),
    ]  # fmt: skip
    ok(cluster)
    split = filled(merged(cluster, {"work/3/place": "oslo", S + "demand/train/cluster/accelerators": 0}))
    assert audit(split).findings == (
        "cluster_on_one_site(train,2025q2,elsewhere): used 16 accelerators, limit 0 accelerators",
    )
    other = {f"{C}{table}/other": CATALOG[table]["chip"] for table in ("accelerators", "throughput")}
    mixed = filled(merged(split, other | {C + "systems/tank/accelerator": "other", "work/3/place": "bergen"}))
    assert names(mixed) == {"cluster_on_one_site"}
    small = filled(merged(cluster, {S + "demand/train/cluster/accelerators": 41}))
    assert "cluster_on_one_site(train,2025q1): used 40 accelerators, required 41 accelerators" in audit(small).findings
    assert names(merged(cluster, {"clusters/0/place": "bergen"})) == {"clusters"}
    assert names(merged(cluster, {"clusters/1/accelerators": 41.0})) == {"clusters"}
    assert names(cluster | {"clusters": cluster["clusters"][1:]}) == {"clusters"}


def test_a_cluster_may_be_left_out_whole_but_not_in_part() -> None:
    cluster = cluster_plan(unmet=[{"demand": "train", "period": "2025q2", "per_second": 16000.0}])
    left = filled(cluster | {"work": cluster["work"][:2]})
    assert [c["period"] for c in left["clusters"]] == ["2025q1"]
    ok(left)
    part = filled(cluster | {"work": cluster["work"][:3]})
    assert names(part) == {"cluster_on_one_site"}


def test_own_silicon_by_hand() -> None:
    own = own_plan()
    assert costs(own, "hardware_usd") == [0, 0, 0, 12 * 80000]
    assert costs(own, "engineering_usd") == [1000000, 0, 0, 0]
    assert costs(own, "porting_usd") == [0, 0, 50000, 0]
    assert costs(own, "facility_usd") == [0, 0, 62500, 0]
    assert costs(own, "resale_usd") == [0, -60000, 0, 0]
    # book 0.95 after a quarter; the hall after 2 of 80 quarters
    assert costs(own, "residual_usd") == [0, 0, 0, -Fraction("0.95") * 960000 - Fraction("0.975") * 62500]
    assert [row["ready"] for row in (*own["engineering"], *own["porting"])] == ["2025q3", "2025q4"]
    # engineering, 12 boxes at 919.80 of energy, 1 rented at 3 * 8 * 2190 h
    assert own["budget"][0]["used_usd"] == 1000000 + 12 * 919.8 + 52560
    ok(own)


def limits_of(of: Tree) -> dict[str, Any]:
    """Use and limit of the user's limits."""
    return {row: (values["used"], values["limit"]) for (row,), values in expected_limits(keep_accounts(of)).items()
            if row.startswith("limit(")}  # fmt: skip


def test_limits_by_hand() -> None:
    """Spend 12 * 80000 and 52560 of rent; kW at 10 a box; 18.396 MWh a box and quarter, 0.1 t a MWh."""
    found = limits_of(own_plan())
    assert found["limit(own_floor,2025)"] == (96, 96)
    assert found["limit(rented,total)"] == (52560, Fraction("0.052") * (960000 + 52560))
    assert [found[f"limit(kw,2025q{q})"] for q in (1, 2, 3, 4)] == [(x, 120) for x in (120, 90, 90, 80)]
    assert found["limit(own_work,total)"] == (12000, Fraction("0.78") * 15200)  # 3 * 8 * 500 of it and 8 * 400
    assert found["limit(carbon,oslo,fy2025)"] == (Fraction("1.8396") * (12 + 9 + 9 + 8), 70)
    assert found["limit(carbon,bergen,fy2025)"] == (0, 70)
    assert {row: found[row] for row in found if "lots" in row} == {"limit(lots,box,2025)": (1, 1),
                                                                   "limit(lots,ownbox,2025)": (12, 1)}  # fmt: skip


def one_limit(measure: str, within: str, of: Tree, **changes: Any) -> list[str]:
    """The rows of one ceiling of 1, with use as whole numbers where they are."""
    rule = {"name": "r", "measure": measure, "of": of, "at_most": "1", "within": within}
    tested = filled(merged(own_plan(), {S + "limits": [rule], **changes}))
    return [
        f"{row.removeprefix('limit(r').strip(',)')} {float(used):g}" for row, (used, _) in limits_of(tested).items()
    ]


def test_what_each_selection_and_measure_counts() -> None:
    commit = {S + "commitments": [{"offer": "box.purchase", "site": "oslo", "period": "2025q1", "systems": 1}],
              C + "offers/box.purchase/network_usd": "5"}  # fmt: skip
    # commitments count; a rented system has no capex; spend is all rent inside the horizon, on entering service
    assert one_limit("systems", "2025q1", {"vendor": ["maker"]}, **commit) == ["2025q1 2"]
    assert one_limit("capex_usd", "2025q1", {"system": ["box"]}, **commit) == ["2025q1 300005"]
    assert one_limit("spend_usd", "2025q1", {"system": ["box"]}, **commit) == ["2025q1 352565"]
    assert one_limit("systems", "total", {"host": ["cl*"]}) == ["total 1"]
    assert one_limit("systems", "total", {"site": ["oslo", "bergen"]}) == ["total 12"]
    assert one_limit("accelerators", "total", {"route": ["each"], "kind": ["asic"]}) == ["purchase,total 96"]
    # the fleet has no offer and no route, but the buyers of the offers of its system
    assert one_limit("it_kw", "2025q1", {"offer": ["*"]}) == ["2025q1 10"]
    assert one_limit("it_kw", "2025q1", {}) == ["2025q1 130"]
    buyers = {C + "offers/box.rented/buyers": ["acme", "zeta"]}
    assert one_limit("it_kw", "2025q1", {"buyers": ["zeta"]}, **buyers) == ["2025q1 130"]
    assert one_limit("work", "2025q1", {"buyers": ["zeta"], "demand": ["run"]}, **buyers) == ["2025q1 3200"]
    assert one_limit("systems", "2025q4", {"buyers": ["each"]}, **buyers) == ["acme,2025q4 12", "zeta,2025q4 0"]
    # work is summed over periods: 4000 * 3 and 3200; 25600 in three quarters
    assert one_limit("work", "total", {"demand": ["each"]}) == ["run,total 15200", "train,total 76800"]
    assert one_limit("work", "2025q4", {"stack": ["own"], "demand": ["run"], "accelerator": ["own"]}) == [
        "2025q4 12000"
    ]
    # hosted carbon by the accelerator hour: 8 * 2190 h * 0.5 kg
    hosted = {C + "offers/box.rented/carbon_kg_per_accelerator_hour": "0.5"}
    assert one_limit("carbon_t", "total", {"host": ["cloud"]}, **hosted) == ["total 8.76"]
    fiscal = {S + "finance/fiscal_year_starts": 7}
    assert one_limit("systems", "each_year", {"kind": ["asic"]}, **fiscal) == ["fy2025 0", "fy2026 12"]


def test_a_floor_of_kilowatts_is_one_on_the_highest_period_of_its_window() -> None:
    rule = {"name": "r", "measure": "it_kw", "of": {"site": ["oslo"]}, "at_least": "120", "within": "2025"}
    ok(filled(merged(own_plan(), {S + "limits": [rule]})))
    each = filled(merged(own_plan(), {S + "limits": [rule | {"within": "each_period"}]}))
    assert [f.split(":")[0] for f in audit(each).findings] == [f"limit(r,2025q{q})" for q in (2, 3, 4)]


def test_a_floor_for_each_holds_for_what_might_have_been_ordered() -> None:
    """Nothing of box was bought; it cannot be without a price, dates, or the right to order it."""
    rule = {"name": "r", "measure": "capex_usd", "of": {"offer": ["each"]}, "at_least": "1", "within": "total"}
    closed = merged(own_plan(), {S + "limits": [rule], "orders": own_plan()["orders"][:2],
                                 C + "offers/box.rented/available": {"until": "2024"}})  # fmt: skip
    ok(filled(closed))
    opened = filled(merged(closed, {C + "offers/box.purchase/available": {}}))
    assert [f.split(":")[0] for f in audit(opened).findings] == ["limit(r,box.purchase,total)"]
    barred: list[Tree] = [
        {C + "offers/box.purchase/buyers": ["zeta"]}, {S + "offers/deny": ["chip"]},
        {C + "offers/box.purchase/price_usd": {"2026": "1"}}, {S + "offers/basis": ["measured", "unsourced"]},
    ]  # fmt: skip
    for change in barred:
        ok(filled(merged(opened, change)))


def test_a_share_is_of_the_same_demand_where_the_limit_names_one() -> None:
    rule = {"name": "r", "measure": "work", "of": {"vendor": ["each"], "demand": ["each"]}, "at_most_share": "0.85",
            "within": "each_period"}  # fmt: skip
    found = limits_of(filled(merged(own_plan(), {S + "limits": [rule]})))
    assert found["limit(r,acme,run,2025q4)"] == (12000, Fraction("0.85") * 12000)
    assert found["limit(r,maker,train,2025q1)"] == (25600, Fraction("0.85") * 25600)
    assert found["limit(r,acme,train,2025q1)"] == (0, Fraction("0.85") * 25600)


def test_leases_and_commitments_need_no_engineering() -> None:
    entry = {"offer": "ownbox.purchase", "site": "oslo", "period": "2025q1", "systems": 1, "price_usd": "1"}
    other = plan(
        {"commitments": [entry]},
        {"accelerators/own": OWN, "systems/ownbox": CATALOG["systems"]["box"] | {"accelerator": "own"},
         "offers/ownbox.purchase": CATALOG["offers"]["box.purchase"] | {"system": "ownbox"},
         "offers/ownbox.lease": LEASE | {"system": "ownbox"}},
        orders=[order("ownbox.purchase", "oslo", "2025q1", 1.0, 1.0), order("ownbox.lease", "oslo", "2025q1", 1.0)],
    )  # fmt: skip
    ok(other)
    bought = other["orders"] + [order("ownbox.purchase", "oslo", "2025q1", 1.0)]
    assert names(filled(other | {"orders": bought})) == {"engineer_before_order"}


def test_a_plain_cost_of_a_stack_is_paid_and_ready_at_once() -> None:
    ported = plan({"demand/train": {"workload": "training", "per_second": "3200", "stacks": {"cuda": "700"}}},
                  orders=[order("box.purchase", "oslo", "2025q1", 2.0)],
                  work=[work("train", "box", "oslo", t, 1.0) for t in ("2025q1", "2025q2")],
                  porting=[{"demand": "train", "stack": "cuda", "starts": "2025q1"}])  # fmt: skip
    assert costs(ported, "porting_usd") == [700, 0]
    ok(ported)
    assert names(filled(merged(ported, {"porting": []}))) == {"port_before_run"}


def test_work_of_different_units_is_never_added() -> None:
    rule = {"name": "r", "measure": "work", "of": {"site": ["oslo"]}, "at_most": "1e9", "within": "total"}
    mixed = filled(merged(rich_plan(), {S + "limits": [rule]}))
    assert audit(mixed).findings == ("limit(r): it adds work in TFLOP/s and tokens/s",)
