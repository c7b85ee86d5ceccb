"""Hand-worked plans of the whole procurement problem: terms, one-off costs, clusters, runs, growth.

`procurement_requests.py` says what a box does and costs; limits and value have files of their own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from builders import Tree, accelerator, catalog, one_offer, plan, rates, site, system
from procurement_requests import (
    ALL_UNITS,
    BOX,
    HOURS,
    QUARTER_BOX,
    QUARTERS,
    asked,
    bought,
    boxes,
    buy,
    chip,
    flows,
    rent,
    total,
)

from optimizer.infeasible.shortage import Infeasible

pytestmark = pytest.mark.usefixtures("in_process")

# price breaks

INCREMENTAL = {"kind": "incremental", "steps": [{"from_systems": 10, "factor": "0.5"}]}


@pytest.mark.parametrize(
    ("breaks", "needed", "taken", "usd"),
    [
        # 10 at 79,000 are 790,000: less than 8 or 9 at 100,000
        (ALL_UNITS, 7, 7, 700_000), (ALL_UNITS, 8, 10, 790_000), (ALL_UNITS, 9, 10, 790_000),
        (ALL_UNITS, 10, 10, 790_000), (ALL_UNITS, 11, 11, 869_000),
        # the first 9 at 100,000, from the tenth on 50,000: never worth more than is needed
        (INCREMENTAL, 8, 8, 800_000), (INCREMENTAL, 9, 9, 900_000), (INCREMENTAL, 10, 10, 950_000),
        (INCREMENTAL, 11, 11, 1_000_000),
    ],
)  # fmt: skip
def test_price_breaks(tmp_path: Path, breaks: Tree, needed: int, taken: int, usd: int) -> None:
    known = one_offer(price_usd=100_000, price_breaks=breaks)
    made = plan(tmp_path, asked(demand={"train": boxes(needed)}), known)
    assert bought(made) == {("box.purchase", "2025q1"): taken}
    assert made.objective_usd == pytest.approx(usd)
    assert [order.price_usd for order in made.orders] == [pytest.approx(usd / taken)]


def test_three_steps_of_both_kinds(tmp_path: Path) -> None:
    """From 3 on 0.9, from 5 on 0.7: 6 boxes are 6 · 70,000, or 2 · 100,000 + 2 · 90,000 + 2 · 70,000."""
    steps = [{"from_systems": 3, "factor": "0.9"}, {"from_systems": 5, "factor": "0.7"}]
    for kind, usd in (("all_units", 420_000), ("incremental", 520_000)):
        known = one_offer(price_usd=100_000, price_breaks={"kind": kind, "steps": steps})
        made = plan(tmp_path / kind, asked(demand={"train": boxes(6)}), known)
        assert made.objective_usd == pytest.approx(usd)


def test_a_surcharge_for_large_orders(tmp_path: Path) -> None:
    """A factor above 1 from 3 systems on: 4 boxes are split over the quarters in which they may come."""
    breaks = {"kind": "all_units", "steps": [{"from_systems": 3, "factor": "1.5"}]}
    known = one_offer(price_usd=100_000, price_breaks=breaks)
    made = plan(tmp_path, asked(2, demand={"train": boxes([2, 4])}), known)
    assert bought(made) == {("box.purchase", "2025q1"): 2, ("box.purchase", "2025q2"): 2}
    assert made.objective_usd == pytest.approx(400_000)


def test_breaks_count_all_places_together(tmp_path: Path) -> None:
    """6 for Oslo and 4 for Paris are an order of 10."""
    hall = site(electricity_usd_per_mwh=0)
    demand = {"north": boxes(6, sites=["oslo"]), "south": boxes(4, sites=["paris"])}
    known = one_offer(price_usd=100_000, price_breaks=ALL_UNITS)
    made = plan(tmp_path, asked(sites={"oslo": hall, "paris": hall}, demand=demand), known)
    assert [(o.place, o.systems) for o in made.orders] == [("oslo", 6), ("paris", 4)]
    assert [o.price_usd for o in made.orders] == pytest.approx([79_000, 79_000])


def test_breaks_do_not_count_over_periods(tmp_path: Path) -> None:
    """5 at 200,000 and then 5 at 100,000 are 1.5 million; 10 at once would be 1.58."""
    known = one_offer(price_usd={"2025q1": 200_000, "2025q2": 100_000}, price_breaks=ALL_UNITS)
    made = plan(tmp_path, asked(2, demand={"train": boxes([5, 10])}), known)
    assert bought(made) == {("box.purchase", "2025q1"): 5, ("box.purchase", "2025q2"): 5}
    assert made.objective_usd == pytest.approx(1_500_000)


def test_commitments_count_in_no_break_and_no_minimum(tmp_path: Path) -> None:
    """5 are committed at 100,000, 5 more are needed at 100,000; 10 more at 79,000 would be dearer."""
    known = one_offer(price_usd=100_000, price_breaks=ALL_UNITS, minimum_order_systems=6)
    committed = [{"offer": "box.purchase", "site": "oslo", "period": "2025q1", "systems": 5}]
    made = plan(tmp_path, asked(demand={"train": boxes(10)}, commitments=committed), known)
    # the minimum of 6, though 5 would do: 600,000 and 500,000
    assert bought(made) == {("box.purchase", "2025q1"): 6}
    assert made.objective_usd == pytest.approx(1_100_000)


@pytest.mark.parametrize(("needed", "taken", "net"), [(1, 1, 6_000), (9, 10, 30_000)])
def test_what_is_left_and_maintenance_follow_the_price_paid(tmp_path: Path, needed: int, taken: int, net: int) -> None:
    """A quarter old, 0.95 of the price paid is left; maintenance is 0.01 of it: 0.06 a box of the price paid.

    At the list price the second half of the discount would come back as residual value: a money pump.
    """
    breaks = {"kind": "all_units", "steps": [{"from_systems": 10, "factor": "0.5"}]}
    known = one_offer(price_usd=100_000, price_breaks=breaks)
    finance = {"discount_rate": 0, "residual": "book", "maintenance_share": "0.04"}
    made = plan(tmp_path, asked(finance=finance, demand={"train": boxes(needed)}), known)
    assert bought(made) == {("box.purchase", "2025q1"): taken}
    # 1 · 100,000 · 0.06, or 10 · 50,000 · 0.06 rather than 9 · 100,000 · 0.06
    assert made.objective_usd == pytest.approx(net)
    paid = total(made, "hardware_usd")
    assert total(made, "residual_usd") == pytest.approx(-0.95 * paid)
    assert total(made, "maintenance_usd") == pytest.approx(0.01 * paid)


# minimum orders


@pytest.mark.parametrize(
    ("needed", "taken"),
    # 4 or more of `cheap` at 100,000, or any number of `dear` at 150,000
    [(2, {"a.dear": 2}), (3, {"a.cheap": 4}), (4, {"a.cheap": 4}), (5, {"a.cheap": 5})],
)
def test_an_order_is_nothing_or_at_least_its_minimum(tmp_path: Path, needed: int, taken: Tree) -> None:
    known = catalog(chip("a", {"cheap": buy(100_000, minimum_order_systems=4), "dear": buy(150_000)}))
    made = plan(tmp_path, asked(demand={"train": boxes(needed)}), known)
    assert {offer: count for (offer, _), count in bought(made).items()} == taken


def test_a_minimum_counts_all_places_and_each_period(tmp_path: Path) -> None:
    """2 for each hall in the first quarter are 4; one more in the second would again be 4, so it comes early."""
    hall = site(electricity_usd_per_mwh=0)
    demand = {"north": boxes([2, 3], sites=["oslo"]), "south": boxes(2, sites=["paris"])}
    known = one_offer(price_usd=100_000, minimum_order_systems=4)
    made = plan(tmp_path, asked(2, sites={"oslo": hall, "paris": hall}, demand=demand), known)
    assert bought(made) == {("box.purchase", "2025q1"): 5}


def test_a_minimum_beyond_the_supply_closes_the_offer(tmp_path: Path) -> None:
    known = catalog(chip("a", {"big": buy(1, minimum_order_systems=7, supply_systems_per_month=2), "dear": buy(9)}))
    assert bought(plan(tmp_path, asked(), known)) == {("a.dear", "2025q1"): 1}


# order, cash and service, each on its own calendar


def terms_of_two_orders(**parts: Any) -> tuple[Tree, Tree]:
    """Ordered two quarters ahead and until 2025q2, paid 20 % at order, in service for two quarters.

    Work for one box from 2025q3 to 2026q1 takes a first box (2025q3, 2025q4), ordered in 2025q1 at 300,000,
    and a second (2025q4, 2026q1), ordered in 2025q2 at 200,000.
    """
    known = one_offer(
        price_usd={"2025q1": 300_000, "2025q2": 200_000}, lead_time_months=6, available={"until": "2025q2"},
        deposit_share="0.2", term_months=6, network_usd=10_000, software_usd_per_year=4_000,
    )  # fmt: skip
    finance = {"discount_rate": 0, "residual": {1: "0"}, "maintenance_share": "0.04"}
    demand = {"train": {"workload": "training", "per_second": {"2025q3": BOX}}}
    return asked(5, finance=finance, sites={"oslo": site()}, demand=demand, **parts), known


def test_three_calendars(tmp_path: Path) -> None:
    made = plan(tmp_path, *terms_of_two_orders())
    assert [(o.ordered, o.enters_service, o.in_service_until, o.systems) for o in made.orders] == [
        ("2025q1", "2025q3", "2025q4", 1), ("2025q2", "2025q4", "2026q1", 1),
    ]  # fmt: skip
    # 60,000 at order and 240,000 on entering; 40,000 and 160,000
    assert flows(made, "hardware_usd") == pytest.approx([60_000, 40_000, 240_000, 160_000, 0])
    assert flows(made, "network_usd") == pytest.approx([0, 0, 10_000, 10_000, 0])
    # 1.2 · 7 kW · 2,190 h at 50 USD/MWh a box: one, two, one
    assert flows(made, "energy_usd") == pytest.approx([0, 0, 919.80, 1839.60, 919.80])
    # 0.01 of 300,000 for two quarters, of 200,000 for two quarters
    assert flows(made, "maintenance_usd") == pytest.approx([0, 0, 3_000, 5_000, 2_000])
    assert flows(made, "software_usd") == pytest.approx([0, 0, 1_000, 2_000, 1_000])
    # half a year old, half of price and network is left, in the last quarter of service
    assert flows(made, "residual_usd") == pytest.approx([0, 0, 0, -155_000, -105_000])


CASH = {"2025q1": 60_000, "2025q2": 40_000, "2025q3": 250_000, "2025q4": 170_000}


def test_budgets_see_cash_when_it_flows(tmp_path: Path) -> None:
    """To the dollar in every quarter; ten dollars less in any is too little."""
    plan(tmp_path / "enough", *terms_of_two_orders(budget={"capex_usd": CASH}))
    for quarter, usd in CASH.items():
        with pytest.raises(Infeasible, match="budget"):
            plan(tmp_path / quarter, *terms_of_two_orders(budget={"capex_usd": {**CASH, quarter: usd - 10}}))


@pytest.mark.parametrize("cents", [100, 50, 5])
def test_half_a_dollar_short_is_infeasible(tmp_path: Path, cents: int) -> None:
    """Of 40,000 the audit forgives four cents; what is short is told, and proved."""
    budget = {"capex_usd": {**CASH, "2025q2": 40_000 - cents / 100}}
    with pytest.raises(Infeasible, match=f"budget: {cents / 100:.2f} USD more capex in 2025q2") as caught:
        plan(tmp_path, *terms_of_two_orders(budget=budget))
    assert caught.value.proof.startswith("proved")


# one-off engineering


ONE_OFF = {"usd": 1_000_000, "months": 4}


@pytest.mark.parametrize(("first", "starts", "ready"), [(3, "2025q1", "2025q3"), (4, "2025q2", "2025q4")])
def test_engineering_comes_before_the_order(tmp_path: Path, first: int, starts: str, ready: str) -> None:
    """4 months are 2 quarters, then one quarter of lead time; it starts as late as it can."""
    known = catalog(chip("own", {"buy": buy(100_000, lead_time_months=3)}, one_off=ONE_OFF))
    demand = {"train": {"workload": "training", "per_second": {QUARTERS[first]: BOX}}}
    made = plan(tmp_path, asked(5, finance={"discount_rate": "0.21", "residual": "none"}, demand=demand), known)
    assert [(row.accelerator, row.starts, row.ready, row.usd) for row in made.engineering] == [
        ("own", starts, ready, 1_000_000)
    ]
    assert bought(made) == {("own.buy", QUARTERS[first]): 1}
    # d_t = 1.21^-(t − 0.5)/4, of the start and of entering service
    t = QUARTERS.index(starts) + 1
    assert made.objective_usd == pytest.approx(1e6 * 1.21 ** (-(t - 0.5) / 4) + 1e5 * 1.21 ** (-(first + 0.5) / 4))


def test_engineering_too_late_is_no_plan(tmp_path: Path) -> None:
    known = catalog(chip("own", {"buy": buy(100_000, lead_time_months=3)}, one_off=ONE_OFF))
    demand = {"train": {"workload": "training", "per_second": {"2025q3": BOX}}}
    with pytest.raises(Infeasible, match="1 quarters shorter"):
        plan(tmp_path, asked(5, demand=demand), known)


@pytest.mark.parametrize(("needed", "which"), [(19, "gpu.buy"), (21, "own.buy")])
def test_own_silicon_pays_from_a_volume_on(tmp_path: Path, needed: int, which: str) -> None:
    """Half the price after a million: 20 boxes are the same."""
    known = catalog(chip("gpu", {"buy": buy(100_000)}), chip("own", {"buy": buy(50_000)}, one_off={"usd": "1e6"}))
    assert list(bought(plan(tmp_path, asked(demand={"train": boxes(needed)}), known))) == [(which, "2025q1")]


def test_a_lease_and_a_commitment_need_no_engineering(tmp_path: Path) -> None:
    lease = {"route": "lease", "term_months": 3, "usd_per_accelerator_hour": 1}
    known = catalog(chip("own", {"buy": buy(1), "lease": lease}, one_off=ONE_OFF))
    committed = [{"offer": "own.buy", "site": "oslo", "period": "2025q1", "systems": 1}]
    made = plan(tmp_path, asked(demand={"train": boxes(2)}, commitments=committed), known)
    assert made.engineering == ()
    # 1 for the committed box, 17,520 for the leased one
    assert made.objective_usd == pytest.approx(QUARTER_BOX + 1)


# porting


@pytest.mark.parametrize(
    ("usd", "total_usd"),
    # three quarters of the GPU are 3 · 175,200 = 525,600; one and two of the ported chip 175,200 + 35,040
    [(300_000, 510_240), (320_000, 525_600)],
)
def test_porting_waits_and_has_its_price(tmp_path: Path, usd: int, total_usd: int) -> None:
    known = catalog(chip("gpu", {"rent": rent(10)}), chip("tpu", {"rent": rent(1)}, stack="xla"))
    demand = {"train": boxes(1, stacks={"cuda": 0, "xla": {"usd": usd, "months": 2}})}
    made = plan(tmp_path, asked(3, demand=demand), known)
    assert made.objective_usd == pytest.approx(total_usd)
    ported = [("train", "xla", "2025q1", "2025q2", float(usd))] if usd == 300_000 else []
    assert [(p.demand, p.stack, p.starts, p.ready, p.usd) for p in made.porting] == ported


def test_each_demand_is_ported_by_itself(tmp_path: Path) -> None:
    known = catalog(chip("tpu", {"rent": rent(1)}, stack="xla"))
    demand = {name: boxes(1, stacks={"xla": {"usd": 1000}}) for name in ("one", "two")}
    made = plan(tmp_path, asked(demand=demand), known)
    assert [(p.demand, p.starts) for p in made.porting] == [("one", "2025q1"), ("two", "2025q1")]
    assert made.objective_usd == pytest.approx(2 * QUARTER_BOX + 2_000)


def test_a_stack_not_listed_cannot_be_used(tmp_path: Path) -> None:
    known = catalog(chip("gpu", {"rent": rent(10)}), chip("tpu", {"rent": rent(1)}, stack="xla"))
    made = plan(tmp_path, asked(demand={"train": boxes(1, stacks={"cuda": 0})}), known)
    assert bought(made) == {("gpu.rent", "2025q1"): 1}


# clusters


TWO_HALLS = {name: site("0.06", electricity_usd_per_mwh=0) for name in ("oslo", "paris")}
"""Room for 0.06 / 0.012 = 5 boxes each."""


def test_a_cluster_is_not_split_over_sites(tmp_path: Path) -> None:
    plan(tmp_path / "split", asked(sites=TWO_HALLS, demand={"train": boxes(6)}))
    with pytest.raises(Infeasible, match="power"):
        plan(tmp_path / "whole", asked(sites=TWO_HALLS, demand={"train": boxes(6, cluster={"accelerators": 0})}))
    made = plan(tmp_path / "fits", asked(sites=TWO_HALLS, demand={"train": boxes(5, cluster={"accelerators": 0})}))
    assert len({order.place for order in made.orders}) == 1


@pytest.mark.parametrize(("accelerators", "taken"), [(0, 1), (8, 1), (9, 2), (40, 5)])
def test_a_cluster_has_its_accelerators(tmp_path: Path, accelerators: int, taken: int) -> None:
    made = plan(tmp_path, asked(demand={"train": boxes(1, cluster={"accelerators": accelerators})}))
    assert bought(made) == {("box.purchase", "2025q1"): taken}
    (row,) = made.clusters
    assert (row.demand, row.accelerator, row.place) == ("train", "chip", "oslo")
    assert row.accelerators >= max(accelerators, 8) - 1e-6


def test_availability_counts_in_a_cluster(tmp_path: Path) -> None:
    """40 of them working at 0.9 are 44.4: 6 boxes."""
    demand = {"train": boxes(1, cluster={"accelerators": 40})}
    made = plan(tmp_path, asked(demand=demand, assumptions={"availability": "0.9"}))
    assert bought(made) == {("box.purchase", "2025q1"): 6}


def test_a_cluster_is_of_one_accelerator(tmp_path: Path) -> None:
    """2 boxes of each kind stand there. Work for 3 runs on both, but as a cluster it takes a third of one."""
    known = catalog(chip("a", {"buy": buy(100)}), chip("b", {"buy": buy(200)}))
    fleet = [{"system": f"{name}_box", "site": "oslo", "count": 2} for name in "ab"]
    assert bought(plan(tmp_path / "both", asked(fleet=fleet, demand={"train": boxes(3)}), known)) == {}
    demand = {"train": boxes(3, cluster={"accelerators": 0})}
    assert bought(plan(tmp_path / "one", asked(fleet=fleet, demand=demand), known)) == {("a.buy", "2025q1"): 1}


def test_a_cluster_of_two_systems_of_one_accelerator(tmp_path: Path) -> None:
    """A box of 8 and a rack of 16 of the same chip are one cluster of 24."""
    both = accelerator(
        "chip", {"box": system(8), "rack": system(16)},
        {"box.buy": {"system": "box", **buy(100)}, "rack.buy": {"system": "rack", **buy(190)}}, rates(training=400),
    )  # fmt: skip
    made = plan(tmp_path, asked(demand={"train": boxes(1, cluster={"accelerators": 24})}), catalog(both))
    assert bought(made) == {("box.buy", "2025q1"): 1, ("rack.buy", "2025q1"): 1}


def test_a_cluster_may_move_between_periods(tmp_path: Path) -> None:
    """The old boxes leave after the first quarter, the new ones come in the second."""
    known = catalog(chip("a", {"buy": buy(100)}), chip("b", {"buy": buy(200)}))
    made = plan(tmp_path, asked(
        2, demand={"train": boxes(2, cluster={"accelerators": 16})}, sites=TWO_HALLS,
        fleet=[{"system": "a_box", "site": "oslo", "count": 2, "until": "2025q1"}],
        commitments=[{"offer": "b.buy", "site": "paris", "period": "2025q2", "systems": 2}],
    ), known)  # fmt: skip
    assert [(c.period, c.accelerator, c.place, c.accelerators) for c in made.clusters] == [
        ("2025q1", "a", "oslo", 16), ("2025q2", "b", "paris", 16),
    ]  # fmt: skip


def test_without_its_cluster_all_is_unmet(tmp_path: Path) -> None:
    """One box stands there and could do the work, but not as a cluster of 16; a second costs more than the work."""
    demand = {"train": boxes(1, cluster={"accelerators": 16}, unmet_usd_per_unit_hour="0.001")}
    made = plan(tmp_path, asked(demand=demand, fleet=[{"system": "box", "site": "oslo", "count": 1}]))
    assert [(row.per_second, row.usd) for row in made.unmet] == [(3200, pytest.approx(0.001 * 3200 * HOURS))]
    assert made.clusters == made.work == ()


def test_two_clusters_share_no_system(tmp_path: Path) -> None:
    """Each takes 16 of the same accelerators, but not the same ones."""
    demand = {name: boxes(1, cluster={"accelerators": 16}) for name in ("one", "two")}
    assert bought(plan(tmp_path, asked(demand=demand))) == {("box.purchase", "2025q1"): 4}


# runs with a deadline


FALLING = {"2025q1": 10, "2025q2": 5, "2025q3": 1}


@pytest.mark.parametrize(
    ("deadlines", "usd"),
    [
        # three box quarters, all of them in the last and cheapest quarter
        ({"2025q3": 3}, 3 * 1),
        ({"2025q2": 3}, 3 * 5), ({"2025q1": 3}, 3 * 10),
        # one by the second quarter, all by the third
        ({"2025q2": 1, "2025q3": 3}, 5 + 2 * 1),
        # a later and smaller amount asks for nothing more
        ({"2025q1": 2, "2025q3": 2}, 2 * 10),
    ],
)  # fmt: skip
def test_a_run_is_done_when_it_is_cheapest(tmp_path: Path, deadlines: dict[str, int], usd: int) -> None:
    hours = {quarter: count * BOX * HOURS for quarter, count in deadlines.items()}
    demand = {"train": {"workload": "training", "by_deadline_unit_hours": hours}}
    made = plan(tmp_path, asked(3, demand=demand), catalog(chip("a", {"rent": rent(FALLING)})))
    assert made.objective_usd == pytest.approx(usd * QUARTER_BOX)


def test_a_run_fits_around_other_work(tmp_path: Path) -> None:
    """3 boxes: 1, then 2, then 3 are busy, so 2 + 1 + 0 box quarters are left for the run."""
    hours = {"workload": "training", "by_deadline_unit_hours": {"2025q3": 3 * BOX * HOURS}}
    fleet = [{"system": "box", "site": "oslo", "count": 3}]
    made = plan(tmp_path, asked(3, demand={"busy": boxes([1, 2, 3]), "run": hours}, fleet=fleet))
    assert bought(made) == {}
    done = {row.period: row.work_per_second / BOX for row in made.work if row.demand == "run"}
    assert done == {"2025q1": pytest.approx(2), "2025q2": pytest.approx(1)}


def test_a_run_in_a_cluster_runs_as_one_or_not_at_all(tmp_path: Path) -> None:
    """4 box quarters in a cluster of 4 boxes: one quarter at once; two boxes twice would be no cluster."""
    run = {
        "workload": "training", "by_deadline_unit_hours": {"2025q2": 4 * BOX * HOURS}, "cluster": {"accelerators": 32},
    }  # fmt: skip
    made = plan(tmp_path, asked(2, demand={"run": run}), catalog(chip("a", {"rent": rent(1)})))
    assert list(bought(made).values()) == [4]


# expansion


ADDED = {"usd_per_mw": 1_000_000, "lead_time_months": 6, "max_mw": "0.03", "life_years": 10}


def growing(boxes_then: int, power_mw: str = "0.012", **expansion: Any) -> Tree:
    hall = site(power_mw, electricity_usd_per_mwh=0, expansion={**ADDED, **expansion})
    first = 1 if power_mw != "0" else 0
    demand = boxes([first, first, boxes_then])
    return asked(4, sites={"oslo": hall}, demand={"train": demand})


@pytest.mark.parametrize("power_mw", ["0.012", "0"])
def test_power_is_added_when_it_is_needed(tmp_path: Path, power_mw: str) -> None:
    """Two boxes more from the third quarter on: 0.024 MW for 24,000; half a year of 10 years old, 0.95 is left."""
    then = 3 if power_mw == "0.012" else 2
    made = plan(tmp_path, growing(then, power_mw))
    assert [(row.site, row.period, row.mw, row.usd) for row in made.expanded] == [
        ("oslo", "2025q3", pytest.approx(0.024), pytest.approx(24_000))
    ]
    assert flows(made, "facility_usd") == pytest.approx([0, 0, 24_000, 0])
    assert flows(made, "residual_usd") == pytest.approx([0, 0, 0, -22_800])
    assert made.objective_usd == pytest.approx(then * 300_000 + 1_200)


def test_power_for_orders_placed_earlier_counts(tmp_path: Path) -> None:
    """A box with a term of a year that enters when there is room, stays in the added power."""
    known = one_offer(term_months=12)
    made = plan(tmp_path, growing(3), known)
    assert sum(bought(made).values()) == 3


@pytest.mark.parametrize("short", ["max_mw", "lead_time_months", "budget"])
def test_expansion_has_its_limits(tmp_path: Path, short: str) -> None:
    """Of 0.024 MW 0.02 may be added, or they come a quarter too late, or cost ten dollars too much."""
    parts = {"max_mw": {"max_mw": "0.02"}, "lead_time_months": {"lead_time_months": 9}}.get(short, {})
    wanted = growing(3, **parts)
    if short == "budget":
        wanted["budget"] = {"capex_usd": {"total": 923_990}}
    with pytest.raises(Infeasible):
        plan(tmp_path, wanted)


def test_a_budget_to_the_dollar_pays_hardware_and_power(tmp_path: Path) -> None:
    made = plan(tmp_path, {**growing(3), "budget": {"capex_usd": {"total": 924_000}}})
    assert [row.mw for row in made.expanded] == [pytest.approx(0.024)]


def test_power_that_the_fleet_lacks_can_be_added(tmp_path: Path) -> None:
    """Two committed boxes in a hall for one."""
    hall = site("0.012", electricity_usd_per_mwh=0, expansion={**ADDED, "lead_time_months": 0})
    committed = [{"offer": "box.purchase", "site": "oslo", "period": "2025q1", "systems": 2}]
    made = plan(tmp_path, asked(sites={"oslo": hall}, demand={"train": boxes(2)}, commitments=committed))
    assert [(row.period, row.mw) for row in made.expanded] == [("2025q1", pytest.approx(0.012))]


# retirement


OLD = accelerator("old", {"old_box": system()}, {}, rates(training=40))
"""An old box does 320."""


def full_hall(**fleet: Any) -> tuple[Tree, Tree]:
    """Two old boxes fill the hall; the work takes a new one and one of them."""
    entry = {"system": "old_box", "site": "oslo", "count": 2, **fleet}
    hall = site("0.024", electricity_usd_per_mwh=0)
    demand = {"train": {"workload": "training", "per_second": {"2025q1": 320, "2025q2": BOX + 300}}}
    return asked(2, sites={"oslo": hall}, demand=demand, fleet=[entry]), catalog(
        OLD, chip("new", {"buy": buy(100_000)})
    )


def test_retiring_makes_room_and_is_paid(tmp_path: Path) -> None:
    wanted, known = full_hall(may_retire="true", resale_usd=30_000)
    wanted["finance"] = {"discount_rate": "0.21", "residual": "none"}
    made = plan(tmp_path, wanted, known)
    # one old box does the 320 of the first quarter, so the other is sold at once
    assert [(r.system, r.site, r.period, r.systems, r.resale_usd) for r in made.retired] == [
        ("old_box", "oslo", "2025q1", 1, 30_000)
    ]
    assert made.objective_usd == pytest.approx(1e5 * 1.21**-0.375 - 3e4 * 1.21**-0.125)
    fleet = {(row.system, row.period): row.systems for row in made.in_service}
    assert fleet["old_box", "2025q1"] == fleet["old_box", "2025q2"] == fleet["new_box", "2025q2"] == 1


def test_what_may_not_retire_stays(tmp_path: Path) -> None:
    with pytest.raises(Infeasible, match="power"):
        plan(tmp_path, *full_hall())


def test_nothing_is_sold_after_it_has_left(tmp_path: Path) -> None:
    """Entries alike are told apart; the one that leaves after the first quarter can be sold only in it."""
    fleet = [
        {"system": "box", "site": "oslo", "count": 2, "until": "2025q1", "may_retire": "true", "resale_usd": 1000},
        {"system": "box", "site": "oslo", "count": 3, "may_retire": "true", "resale_usd": 500},
    ]
    made = plan(tmp_path, asked(2, demand={"train": boxes([4, 1])}, fleet=fleet))
    # 4 of the 5 are needed first: the dearer one of the two that leave is sold; later two of the three
    assert {(r.until, r.period, r.systems) for r in made.retired} == {("2025q1", "2025q1", 1), (None, "2025q2", 2)}
    assert made.objective_usd == pytest.approx(-2_000)


def test_a_fleet_is_kept_where_selling_pays_less(tmp_path: Path) -> None:
    """A box sold for 100,000 must be replaced for 300,000."""
    fleet = [{"system": "box", "site": "oslo", "count": 1, "may_retire": "true", "resale_usd": 100_000}]
    made = plan(tmp_path, asked(fleet=fleet))
    assert made.retired == made.orders == ()
