"""Hand-worked plans of the whole procurement problem: terms, one-off costs, clusters, runs, growth, limits, value.

One box of 8 chips does 3,200 of work, so demands are given in boxes. Unless a case is about them, nothing is
discounted, electricity is free and nothing is left of a price. A box on demand at 1 USD an hour for each chip
costs 8 · 2,190 = 17,520 USD a quarter.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from builders import Tree, accelerator, catalog, one_offer, plan, rates, scenario, site, system

from catalogs.problems import InputError
from optimizer.infeasible.shortage import Infeasible
from optimizer.plan.format import Plan

pytestmark = pytest.mark.usefixtures("in_process")
BOX = 3200
HOURS = 2190
QUARTER_BOX = 17520
PLAIN: Tree = {"discount_rate": 0, "residual": "none"}
QUARTERS = ("2025q1", "2025q2", "2025q3", "2025q4", "2026q1", "2026q2")


def quarters(count: int) -> Tree:
    return {"start": "2025q1", "periods": count}


def boxes(count: Any, **more: Any) -> Tree:
    """A demand of so many boxes: a number, or one for each quarter."""
    if isinstance(count, list):
        steps = {QUARTERS[i]: n * BOX for i, n in enumerate(count)}
        return {"workload": "training", "per_second": steps, **more}
    return {"workload": "training", "per_second": count * BOX, **more}


def asked(count: int = 1, **parts: Any) -> Tree:
    """A scenario of so many quarters in which only what a case is about costs anything."""
    base: Tree = {
        "horizon": quarters(count), "finance": PLAIN, "sites": {"oslo": site(electricity_usd_per_mwh=0)},
        "demand": {"train": boxes(1)},
    }  # fmt: skip
    return scenario(**{**base, **parts})


def chip(name: str, offers: Tree, rate: int = 400, **facts: Any) -> Tree:
    """An accelerator with one box; offers are named after it."""
    named = {f"{name}.{key}": {"system": f"{name}_box", **offer} for key, offer in offers.items()}
    return accelerator(name, {f"{name}_box": system()}, named, rates(training=rate), **facts)


def buy(price_usd: Any, **terms: Any) -> Tree:
    return {"route": "purchase", "price_usd": price_usd, **terms}


def rent(usd: Any, **terms: Any) -> Tree:
    return {"route": "on_demand", "host": "cloud", "usd_per_accelerator_hour": usd, **terms}


def bought(made: Plan) -> dict[tuple[str, str], float]:
    """Systems by offer and the period in which they enter service, commitments apart."""
    found: dict[tuple[str, str], float] = {}
    for order in made.orders:
        if not order.commitment:
            key = (order.offer, order.enters_service)
            found[key] = found.get(key, 0) + order.systems
    return found


def total(made: Plan, line: str) -> float:
    return sum(made.costs[line].values())


def flows(made: Plan, line: str) -> list[float]:
    return [made.costs[line][row.period] for row in made.periods]


# price breaks


ALL_UNITS = {"kind": "all_units", "steps": [{"from_systems": 10, "factor": "0.79"}]}
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


# limits


def ten_boxes(**limit: Any) -> tuple[Tree, Tree]:
    """10 boxes: `red` bought at 100,000 or rented at 140,160, or `blue` bought at 150,000."""
    known = catalog(
        chip("red", {"buy": buy(100_000, buyers=["acme", "rival"]), "rent": rent(8)}, vendor="vermilion"),
        chip("blue", {"buy": buy(150_000)}, vendor="azure", kind="asic", stack="xla"),
    )
    hall = site(electricity_usd_per_mwh=0, carbon_kg_per_mwh=100)
    return asked(
        sites={"oslo": hall}, demand={"train": boxes(10)}, limits=[{"name": "rule", **limit}] if limit else []
    ), known


FOUR_BLUE, FOUR_RENTED = 600_000 + 4 * 150_000, 600_000 + 4 * 140_160

LIMITS: list[tuple[Tree, int]] = [
    # every measure at most what six red boxes use: then four are blue
    ({"measure": "systems", "of": {"accelerator": "red"}, "at_most": 6}, FOUR_BLUE),
    ({"measure": "accelerators", "of": {"vendor": "vermilion"}, "at_most": 55}, FOUR_BLUE),
    ({"measure": "it_kw", "of": {"kind": "gpu"}, "at_most": "69.9"}, FOUR_BLUE),
    ({"measure": "spend_usd", "of": {"system": "red_box"}, "at_most": 650_000}, FOUR_BLUE),
    ({"measure": "work", "of": {"stack": "cuda", "demand": "train"}, "at_most": 6 * BOX}, FOUR_BLUE),
    # rent is no capex, and the cloud emits nothing: then four are rented
    ({"measure": "capex_usd", "of": {"accelerator": "red"}, "at_most": 650_000}, FOUR_RENTED),
    # 1.2 · 7 kW · 2,190 h · 100 kg/MWh = 1.8396 t a box: 6 are 11.04, 7 are 12.88
    ({"measure": "carbon_t", "of": {"accelerator": "red"}, "at_most": 12}, FOUR_RENTED),
    ({"measure": "carbon_t", "at_most": 12}, FOUR_RENTED),
    # selections that let red boxes in by another door
    ({"measure": "systems", "of": {"offer": "red.buy"}, "at_most": 6}, FOUR_RENTED),
    ({"measure": "systems", "of": {"route": "purchase"}, "at_most": 6}, FOUR_RENTED),
    ({"measure": "systems", "of": {"site": "oslo"}, "at_most": 6}, FOUR_RENTED),
    ({"measure": "systems", "of": {"buyers": "rival"}, "at_most": 6}, FOUR_RENTED),
    ({"measure": "it_kw", "of": {"site": "oslo"}, "at_most": 60}, FOUR_RENTED),
    ({"measure": "work", "of": {"site": "oslo", "demand": "train"}, "at_most": 6 * BOX}, FOUR_RENTED),
    # patterns, lists, and all keys together
    ({"measure": "systems", "of": {"offer": "red.*"}, "at_most": 6}, FOUR_BLUE),
    ({"measure": "systems", "of": {"offer": ["red.buy", "red.rent"]}, "at_most": 6}, FOUR_BLUE),
    ({"measure": "systems", "of": {"accelerator": "red", "route": "on_demand"}, "at_most": 0}, 1_000_000),
    # the work of a system is that of all its buyers' offers
    ({"measure": "work", "of": {"buyers": "rival", "demand": "train"}, "at_most": 6 * BOX}, FOUR_BLUE),
    # floors
    ({"measure": "systems", "of": {"accelerator": "blue"}, "at_least": 4}, FOUR_BLUE),
    ({"measure": "accelerators", "of": {"kind": "asic"}, "at_least": 25}, FOUR_BLUE),
    ({"measure": "it_kw", "of": {"vendor": "azure"}, "at_least": "30.1", "within": "each_period"}, FOUR_BLUE),
    ({"measure": "spend_usd", "of": {"stack": "xla"}, "at_least": 450_001}, FOUR_BLUE),
    ({"measure": "capex_usd", "of": {"system": "blue_box"}, "at_least": 450_001}, FOUR_BLUE),
    ({"measure": "work", "of": {"accelerator": "blue", "demand": "train"}, "at_least": 3 * BOX + 1}, FOUR_BLUE),
    # more work than is asked: 12 boxes of it; 10 of each vendor; over one quarter its sum is its rate
    ({"measure": "work", "of": {"accelerator": "red", "demand": "train"}, "at_least": 12 * BOX}, 1_200_000),
    ({"measure": "work", "of": {"vendor": "each", "demand": "train"}, "at_least": 10 * BOX}, 1_000_000 + 1_500_000),
    ({"measure": "work", "of": {"demand": "each"}, "at_least": 12 * BOX, "within": "each_year"}, 1_200_000),
    ({"measure": "systems", "of": {"host": "cloud"}, "at_least": 4}, FOUR_RENTED),
    # a floor above all need: 20 blue boxes, of which 10 stand idle
    ({"measure": "systems", "of": {"accelerator": "blue"}, "at_least": 20}, 20 * 150_000),
    # shares: six of ten
    ({"measure": "systems", "of": {"vendor": "vermilion"}, "at_most_share": "0.6"}, FOUR_BLUE),
    ({"measure": "accelerators", "of": {"vendor": "vermilion"}, "at_most_share": "0.69"}, FOUR_BLUE),
    ({"measure": "it_kw", "of": {"vendor": "vermilion"}, "at_most_share": "0.6"}, FOUR_BLUE),
    ({"measure": "work", "of": {"vendor": "vermilion", "demand": "train"}, "at_most_share": "0.6"}, FOUR_BLUE),
    # of the money: 6 · 100 of 1,200 is a half, 7 · 100 of 1,150 is 0.609
    ({"measure": "spend_usd", "of": {"vendor": "vermilion"}, "at_most_share": "0.6"}, FOUR_BLUE),
    # rent is no capex: 6 bought and 3 blue leave a tenth to be rented, 600 of 1,050
    ({"measure": "capex_usd", "of": {"vendor": "vermilion"}, "at_most_share": "0.6"}, 600_000 + 450_000 + 140_160),
    ({"measure": "systems", "of": {"vendor": "azure"}, "at_least_share": "0.31"}, FOUR_BLUE),
    ({"measure": "work", "of": {"vendor": "azure", "demand": "train"}, "at_least_share": "0.31"}, FOUR_BLUE),
    # each vendor, each offer
    ({"measure": "systems", "of": {"vendor": "each"}, "at_most_share": "0.6"}, FOUR_BLUE),
    ({"measure": "work", "of": {"vendor": "each", "demand": "each"}, "at_most_share": "0.6"}, FOUR_BLUE),
    ({"measure": "systems", "of": {"offer": "each"}, "at_most": 6}, FOUR_RENTED),
    ({"measure": "systems", "of": {"vendor": "each"}, "at_most": 6}, FOUR_BLUE),
]  # fmt: skip


@pytest.mark.parametrize(("limit", "usd"), LIMITS, ids=lambda value: str(value) if isinstance(value, dict) else "")
def test_limit(tmp_path: Path, limit: Tree, usd: int) -> None:
    made = plan(tmp_path, *ten_boxes(**limit))
    assert made.objective_usd == pytest.approx(usd)
    assert any(row.row.startswith("limit(rule") for row in made.limits)


def test_a_floor_on_work_may_be_met_at_any_time(tmp_path: Path) -> None:
    """3 boxes are asked for in each of two quarters and 10 wanted in all: 5 in the first do 5 in both."""
    limit = {"name": "rule", "measure": "work", "of": {"demand": "train"}, "at_least": 10 * BOX}
    made = plan(tmp_path, asked(2, demand={"train": boxes(3)}, limits=[limit]), one_offer(price_usd=100_000))
    assert bought(made) == {("box.purchase", "2025q1"): 5}
    assert sum(row.work_per_second for row in made.work) == pytest.approx(10 * BOX)


@pytest.mark.parametrize("more", [{}, {"cluster": {"accelerators": 0}}], ids=["spread", "not split"])
def test_floors_on_the_work_of_each_system_add_up(tmp_path: Path, more: Tree) -> None:
    """6 boxes and 12 half boxes at 60,000 do a part of 6 boxes each, of 10 asked, after the port to their stack."""
    known = chip("red", {"buy": buy(100_000)}, stack="own")
    known["systems"]["half"] = system(4)
    known["offers"]["half.buy"] = {"system": "half", **buy(60_000)}
    limit = {"name": "rule", "measure": "work", "of": {"system": "each", "demand": "train"}, "at_least": 6 * BOX}
    demand = {"train": boxes(10, stacks={"own": {"usd": 5_000, "months": 0}}, **more)}
    made = plan(tmp_path, asked(demand=demand, limits=[limit]), catalog(known))
    assert made.objective_usd == pytest.approx(6 * 100_000 + 12 * 60_000 + 5_000)


def test_without_a_limit_all_are_red(tmp_path: Path) -> None:
    assert plan(tmp_path, *ten_boxes()).objective_usd == pytest.approx(1_000_000)


def rented(limit: Tree, **finance: Any) -> tuple[Tree, Tree]:
    """10 boxes in each of two quarters, rented: red at 17,520 a quarter, blue at twice that."""
    known = catalog(chip("red", {"rent": rent(1)}), chip("blue", {"rent": rent(2)}))
    demand = {"train": boxes(10)}
    return asked(2, demand=demand, finance={**PLAIN, **finance}, limits=[{"name": "rule", **limit}]), known


WINDOWS: list[tuple[Tree, Tree, int]] = [
    # a limit, finance, and how many of the 20 are blue
    ({"measure": "systems", "at_most": 10}, {}, 10),
    ({"measure": "systems", "at_most": 10, "within": "total"}, {}, 10),
    ({"measure": "systems", "at_most": 8, "within": "each_period"}, {}, 4),
    ({"measure": "systems", "at_most": 8, "within": "2025q2"}, {}, 2),
    ({"measure": "systems", "at_most": 8, "within": "2025"}, {}, 12),
    ({"measure": "systems", "at_most": 8, "within": "2025q1..2025q2"}, {}, 12),
    ({"measure": "systems", "at_most": 8, "within": "each_year"}, {}, 12),
    # from April on: the first quarter is in fy2025, the second in fy2026
    ({"measure": "systems", "at_most": 8, "within": "each_year"}, {"fiscal_year_starts": 4}, 4),
    ({"measure": "systems", "at_most": 8, "within": "fy2025"}, {"fiscal_year_starts": 4}, 2),
    # power counts at its highest, work is summed
    ({"measure": "it_kw", "at_most": 80}, {}, 4),
    ({"measure": "it_kw", "at_most": 80, "within": "each_year"}, {}, 4),
    ({"measure": "it_kw", "at_most": 80, "within": "2025q2"}, {}, 2),
    ({"measure": "work", "at_most": 12 * BOX}, {}, 8),
    ({"measure": "work", "at_most": 8 * BOX, "within": "each_period"}, {}, 4),
    ({"measure": "systems", "at_most_share": "0.5"}, {}, 10),
    ({"measure": "systems", "at_most_share": "0.5", "within": "2025q1"}, {}, 5),
]  # fmt: skip


@pytest.mark.parametrize(("limit", "finance", "blue"), WINDOWS)
def test_window_of_a_limit(tmp_path: Path, limit: Tree, finance: Tree, blue: int) -> None:
    of = {"accelerator": "red", **({"demand": "train"} if limit["measure"] == "work" else {})}
    made = plan(tmp_path, *rented({**limit, "of": of}, **finance))
    assert made.objective_usd == pytest.approx((20 + blue) * QUARTER_BOX)


def test_a_share_over_the_whole_horizon_may_be_uneven(tmp_path: Path) -> None:
    """Red may do all of the first quarter and none of the second."""
    known = catalog(chip("red", {"rent": rent({"2025q1": 1, "2025q2": 9})}), chip("blue", {"rent": rent(2)}))
    limit = {"name": "rule", "measure": "systems", "of": {"accelerator": "red"}, "at_most_share": "0.5"}
    made = plan(tmp_path, asked(2, demand={"train": boxes(10)}, limits=[limit]), known)
    assert bought(made) == {("red.rent", "2025q1"): 10, ("blue.rent", "2025q2"): 10}


def test_spend_counts_all_rent_inside_the_horizon(tmp_path: Path) -> None:
    """A lease of four quarters that begins in the second of three pays two of them: 35,040 a box."""
    lease = {
        "route": "lease", "term_months": 12, "usd_per_accelerator_hour": 1,
        "available": {"from": "2025q2", "until": "2025q2"},
    }  # fmt: skip
    known = catalog(chip("a", {"lease": lease}), chip("b", {"rent": rent(9)}))
    demand = {"train": {"workload": "training", "per_second": {"2025q2": 2 * BOX}}}
    for most, leased in ((35_040 * 2, 2), (35_040 * 2 - 1, 1)):
        limit = {"name": "rule", "measure": "spend_usd", "of": {"offer": "a.lease"}, "at_most": most}
        made = plan(tmp_path / str(most), asked(3, demand=demand, limits=[limit]), known)
        assert sum(count for (offer, _), count in bought(made).items() if offer == "a.lease") == leased


def test_commitments_count_in_limits_and_the_fleet_in_power(tmp_path: Path) -> None:
    """Two committed and three that stand there: five boxes of power, but two systems that enter service."""
    committed = [{"offer": "box.purchase", "site": "oslo", "period": "2025q1", "systems": 2}]
    fleet = [{"system": "box", "site": "oslo", "count": 3}]
    for measure, enough in (("systems", 2), ("it_kw", 50)):
        for most in (enough, enough - 1):
            limit = {"name": "rule", "measure": measure, "at_most": most}
            wanted = asked(commitments=committed, fleet=fleet, limits=[limit])
            if most == enough:
                plan(tmp_path / f"{measure} enough", wanted)
            else:
                with pytest.raises(Infeasible, match="rule"):
                    plan(tmp_path / f"{measure} too little", wanted)


def test_retiring_helps_a_limit(tmp_path: Path) -> None:
    fleet = [{"system": "box", "site": "oslo", "count": 5, "may_retire": "true"}]
    limit = {"name": "rule", "measure": "it_kw", "at_most": 30}
    made = plan(tmp_path, asked(fleet=fleet, limits=[limit]))
    assert sum(row.systems for row in made.retired) >= 2


RED_AND_BLUE = catalog(chip("red", {"buy": buy(100)}, vendor="red"), chip("blue", {"rent": rent(1)}, vendor="blue"))
ONE_OF_OSLO = {"train": boxes(1, sites=["oslo"])}
NONE_OF_BLUE = [{"at_least_share": "0.3"}, {"at_least": 1}]


@pytest.mark.parametrize("bound", NONE_OF_BLUE, ids=str)
@pytest.mark.parametrize("key", ["vendor", "accelerator", "offer", "route"])
def test_each_vendor_counts_even_where_it_has_none_of_it(tmp_path: Path, key: str, bound: Tree) -> None:
    """Oslo's box must be bought from red; of that capex no part can be that of blue, who only rents."""
    limit = {"name": "rule", "measure": "capex_usd", "of": {key: "each"}, **bound}
    two = {**ONE_OF_OSLO, "chat": boxes(1, sites=["cloud"])}
    with pytest.raises(Infeasible, match="give in the limit rule"):
        plan(tmp_path, asked(limits=[limit], demand=two), RED_AND_BLUE)


def test_what_is_short_of_a_limit_is_told_in_its_unit(tmp_path: Path) -> None:
    """Of the half million of each vendor, amber's rows count in hundreds, blue's in single dollars."""
    amber, blue = chip("amber", {"buy": buy(100)}, vendor="amber"), chip("blue", {"rent": rent(1)}, vendor="blue")
    limit = {"name": "rule", "measure": "capex_usd", "of": {"vendor": "each"}, "at_least": 500_000}
    with pytest.raises(Infeasible, match=r"limits: 0\.500 million USD of give in the limit rule"):
        plan(tmp_path, asked(limits=[limit]), catalog(amber, blue))


@pytest.mark.parametrize("bound", NONE_OF_BLUE, ids=str)
def test_what_can_do_no_work_counts_in_each(tmp_path: Path, bound: Tree) -> None:
    """Blue rents at the cloud, where nothing may run: it could be ordered all the same, and has no capex."""
    limit = {"name": "rule", "measure": "capex_usd", "of": {"vendor": "each"}, **bound}
    with pytest.raises(Infeasible, match="give in the limit rule"):
        plan(tmp_path, asked(limits=[limit], demand=ONE_OF_OSLO), RED_AND_BLUE)


def test_idle_systems_are_ordered_for_a_floor_or_a_share_of_each(tmp_path: Path) -> None:
    """Red works at Oslo for 100. Blue may only stand idle at the cloud, at 1 USD for each of 8 · 2190 hours."""
    blue = 8 * 2190
    floor = {"name": "rule", "measure": "systems", "of": {"vendor": "each"}, "at_least": 2}
    made = plan(tmp_path / "floor", asked(limits=[floor], demand=ONE_OF_OSLO), RED_AND_BLUE)
    assert made.objective_usd == pytest.approx(2 * 100 + 2 * blue)
    share = {"name": "rule", "measure": "systems", "of": {"vendor": "each"}, "at_least_share": "0.3"}
    made = plan(tmp_path / "share", asked(limits=[share], demand=ONE_OF_OSLO), RED_AND_BLUE)
    assert made.objective_usd == pytest.approx(100 + blue)  # one of each: a half
    assert any("never do any work" in warning for warning in made.warnings)


@pytest.mark.parametrize("bound", NONE_OF_BLUE, ids=str)
@pytest.mark.parametrize("of", [{"vendor": "blue"}, {"vendor": "blue", "offer": "each"}], ids=str)
def test_a_floor_over_nothing_is_infeasible(tmp_path: Path, of: Tree, bound: Tree) -> None:
    """All that blue has is denied."""
    limit = {"name": "rule", "measure": "systems", "of": of, **bound}
    with pytest.raises(Infeasible, match="give in the limit rule"):
        plan(tmp_path, asked(limits=[limit], demand=ONE_OF_OSLO, offers={"deny": ["blue*"]}), RED_AND_BLUE)
    ceiling = {"name": "rule", "measure": "systems", "of": of, "at_most": 0}
    made = plan(
        tmp_path / "ceiling", asked(limits=[ceiling], demand=ONE_OF_OSLO, offers={"deny": ["blue*"]}), RED_AND_BLUE
    )
    assert made.objective_usd == 100


def test_a_share_of_nothing_holds(tmp_path: Path) -> None:
    """The system costs a million at Oslo, 17,520 at the cloud: no capex at all, of which each has its half."""
    known = catalog(chip("red", {"buy": buy(10**6)}, vendor="red"), chip("blue", {"rent": rent(1)}, vendor="blue"))
    limit = {"name": "rule", "measure": "capex_usd", "of": {"vendor": "each"}, "at_least_share": "0.5"}
    made = plan(tmp_path, asked(limits=[limit]), known)
    assert made.objective_usd == pytest.approx(QUARTER_BOX)
    assert {row.row: (row.used, row.limit) for row in made.limits if row.row.startswith("limit")} == {
        "limit(rule,blue,total)": (0, 0), "limit(rule,red,total)": (0, 0),
    }  # fmt: skip


def test_each_goes_through_what_one_offer_is_at_once(tmp_path: Path) -> None:
    """Red's chip is red's and blue's is blue's; every demand is crossed with both."""
    limit = {
        "name": "rule", "measure": "work", "at_least_share": 0,
        "of": {"vendor": "each", "accelerator": "each", "demand": "each"},
    }  # fmt: skip
    two = {**ONE_OF_OSLO, "chat": boxes(1, sites=["cloud"])}
    made = plan(tmp_path, asked(limits=[limit], demand=two), RED_AND_BLUE)
    assert [row.row for row in made.limits if row.row.startswith("limit")] == [
        f"limit(rule,{chip},{chip},{demand},total)" for chip in ("blue", "red") for demand in ("chat", "train")
    ]


@pytest.mark.parametrize(
    ("of", "counted"),
    [
        ({"vendor": "each"}, ["blue", "red"]),
        ({"vendor": "each", "route": "purchase"}, ["red"]),
        ({"vendor": "each", "host": "*"}, ["blue"]),
        ({"site": "each"}, ["oslo", "rome"]),
        ({"host": "each"}, ["cloud"]),
        ({"site": "each", "vendor": "red"}, ["oslo", "rome"]),
    ],
)
def test_the_rest_of_a_selection_narrows_each(tmp_path: Path, of: Tree, counted: list[str]) -> None:
    """Nothing fits in Rome, but what could be ordered may stand there."""
    sites = {"oslo": site(electricity_usd_per_mwh=0), "rome": site(0)}
    limit = {"name": "rule", "measure": "systems", "of": of, "at_least_share": 0}
    made = plan(tmp_path, asked(limits=[limit], sites=sites), RED_AND_BLUE)
    rows = [row.row for row in made.limits if row.row.startswith("limit")]
    assert rows == [f"limit(rule,{value},total)" for value in counted]


def test_money_of_price_breaks_is_not_told_apart_by_site(tmp_path: Path) -> None:
    """6 for Oslo and 4 for Paris share one discount; with one site there is nothing to tell apart."""
    hall = site(electricity_usd_per_mwh=0)
    known = one_offer(price_usd=100_000, price_breaks=ALL_UNITS)
    limit = {"name": "rule", "measure": "capex_usd", "of": {"site": "oslo"}, "at_most": 790_000}
    two = {"north": boxes(6, sites=["oslo"]), "south": boxes(4, sites=["paris"])}
    with pytest.raises(InputError, match="not told apart by site"):
        plan(tmp_path / "two", asked(sites={"oslo": hall, "paris": hall}, demand=two, limits=[limit]), known)
    made = plan(tmp_path / "one", asked(demand={"train": boxes(10)}, limits=[limit]), known)
    assert made.objective_usd == pytest.approx(790_000)


def test_a_floor_of_money_counts_the_price_paid(tmp_path: Path) -> None:
    """600,000 at 50,000 each are 12 boxes, more than at the list price of 100,000."""
    breaks = {"kind": "all_units", "steps": [{"from_systems": 5, "factor": "0.5"}]}
    limit = {"name": "rule", "measure": "capex_usd", "at_least": 600_000}
    made = plan(tmp_path, asked(limits=[limit]), one_offer(price_usd=100_000, price_breaks=breaks))
    assert made.objective_usd == pytest.approx(600_000)


# maximising value


def worth(usd: Any, count: Any = 1, **more: Any) -> Tree:
    return boxes(count, value_usd_per_unit_hour=usd, **more)


ON_DEMAND = catalog(chip("a", {"rent": rent(1)}))
"""17,520 USD for 3,200 · 2,190 unit hours: 0.0025 USD each."""


def test_only_work_that_pays_is_done(tmp_path: Path) -> None:
    demand = {"good": worth("0.005"), "poor": worth("0.002")}
    made = plan(tmp_path, asked(objective="maximize_value", demand=demand), ON_DEMAND)
    assert bought(made) == {("a.rent", "2025q1"): 1}
    assert [(row.demand, row.per_second, row.usd) for row in made.unmet] == [("poor", BOX, 0)]
    # 0.005 · 3,200 · 2,190 = 35,040 are received
    assert total(made, "value_usd") == pytest.approx(-35_040)
    assert made.objective_usd == pytest.approx(QUARTER_BOX - 35_040)


def test_a_price_of_unmet_work_adds_to_its_value(tmp_path: Path) -> None:
    """0.002 and 0.001 are more than 0.0025."""
    demand = {"poor": worth("0.002", unmet_usd_per_unit_hour="0.001")}
    made = plan(tmp_path, asked(objective="maximize_value", demand=demand), ON_DEMAND)
    assert made.unmet == ()
    assert made.objective_usd == pytest.approx(QUARTER_BOX - 0.002 * BOX * HOURS)


@pytest.mark.parametrize(("value", "taken"), [("0.004", 1), ("0.006", 2)])
def test_a_last_box_must_pay_for_itself(tmp_path: Path, value: str, taken: int) -> None:
    """Of 1.5 boxes of work, the second box does half a box, worth 14,016 or 21,024 USD for its 17,520."""
    made = plan(tmp_path, asked(objective="maximize_value", demand={"train": worth(value, 1.5)}), ON_DEMAND)
    assert bought(made) == {("a.rent", "2025q1"): taken}
    assert sum(row.per_second for row in made.unmet) == pytest.approx((1.5 - min(taken, 1.5)) * BOX)


def test_value_may_change(tmp_path: Path) -> None:
    values = {"2025q1": "0.002", "2025q2": "0.005"}
    made = plan(tmp_path, asked(2, objective="maximize_value", demand={"train": worth(values)}), ON_DEMAND)
    assert bought(made) == {("a.rent", "2025q2"): 1}


def test_work_without_a_value_must_be_done(tmp_path: Path) -> None:
    demand = {"poor": worth("0.002"), "must": boxes(1)}
    made = plan(tmp_path, asked(objective="maximize_value", demand=demand), ON_DEMAND)
    assert {row.demand for row in made.work} == {"must"}
    assert made.objective_usd == pytest.approx(QUARTER_BOX)


def test_no_more_than_the_demand_has_value(tmp_path: Path) -> None:
    """Two boxes stand there; there is work for one."""
    fleet = [{"system": "a_box", "site": "oslo", "count": 2}]
    made = plan(tmp_path, asked(objective="maximize_value", demand={"train": worth("0.005")}, fleet=fleet), ON_DEMAND)
    assert made.objective_usd == pytest.approx(-35_040)


def test_nothing_that_could_do_valued_work_is_no_mistake(tmp_path: Path) -> None:
    """A demand with a value need not be served, even if nothing ever could."""
    demand = {"must": boxes(1), "other": worth("1", stacks={"cuda": 0})}
    made = plan(tmp_path, asked(objective="maximize_value", demand=demand), catalog(
        chip("b", {"rent": rent(1)}, stack="xla"), chip("a", {"rent": rent(1, available={"until": "2024"})}),
    ))  # fmt: skip
    assert {row.demand for row in made.unmet} == {"other"}


# refusals


@pytest.mark.parametrize(
    ("value", "left", "usd"),
    [
        # 0.003 · 3,200 · 2,190 h are 21,024 for a rent of 17,520; before and after the first key nothing must be done
        ({"2025q2": "0.003"}, [BOX, 0], QUARTER_BOX - 21_024),
        ({"2025q1": "0.003"}, [0, 0], 2 * (QUARTER_BOX - 21_024)),
        ({"2025q3": "0.003"}, [BOX, BOX], 0),
        ({"2025q1": "0.003", "2025q2": 0}, [0, BOX], QUARTER_BOX - 21_024),
    ],
)
def test_a_value_that_begins_late_forces_nothing_before(tmp_path: Path, value: Tree, left: list[int], usd: int) -> None:
    made = plan(tmp_path, asked(2, objective="maximize_value", demand={"train": worth(value)}), ON_DEMAND)
    unmet = {row.period: row.per_second for row in made.unmet}
    assert [unmet.get(quarter, 0) for quarter in QUARTERS[:2]] == pytest.approx(left)
    assert made.objective_usd == pytest.approx(usd)


def test_an_unmet_price_that_begins_late_forces_what_is_before(tmp_path: Path) -> None:
    """A price for work left undone is no value: before it begins the box is rented, then left at a dollar."""
    demand = {"train": boxes(1, unmet_usd_per_unit_hour={"2025q2": "1e-7"})}
    made = plan(tmp_path, asked(2, demand=demand), ON_DEMAND)
    assert [row.period for row in made.unmet] == ["2025q2"]
    assert made.objective_usd == pytest.approx(QUARTER_BOX + 1e-7 * BOX * HOURS)


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ({"limits": [{"name": "x", "measure": "systems", "of": {"host": "cloud"}, "at_most": 1}]}, "selects no host"),
        ({"limits": [{"name": "x", "measure": "systems", "at_most": 1, "at_least": 1}]}, "at_most and at_least"),
        ({"limits": [{"name": "x", "measure": "work", "at_most": 1}]}, "name a demand, or demand: each"),
        ({"limits": [{"name": "x", "measure": "it_kw", "at_least": 1}]}, "needs within: each_period"),
        ({"limits": [{"name": "x", "measure": "carbon_t", "at_least": 1}]}, "carbon has ceilings only"),
        ({"demand": {"train": {"workload": "training"}}}, "needs one of per_second and by_deadline_unit_hours"),
        ({"objective": "maximize_value"}, "needs a demand with value_usd_per_unit_hour"),
        ({"demand": {"train": worth(1)}}, "goes with objective: maximize_value only"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, parts: Tree, says: str) -> None:
    with pytest.raises(InputError, match=says):
        plan(tmp_path, asked(**parts))
