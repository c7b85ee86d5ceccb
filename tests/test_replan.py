"""Re-planning from an approved plan: placed orders stay, a saving is bought with the fewest changes; comparison."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from builders import EXACT, accelerator, catalog, load, plan, rates, scenario, site, system

from catalogs.problems import InputError
from optimizer.plan.compare import compare
from optimizer.plan.format import Plan
from optimizer.planning import make_plan
from optimizer.replan.approved import Approved, PlacedOrdersConflict

pytestmark = pytest.mark.usefixtures("in_process")


def two_offers(first_usd: int = 100_000, second_usd: int = 110_000) -> dict[str, Any]:
    """Two boxes alike in all but price, both arriving when ordered."""
    offers = {
        name: {"system": "box", "route": "purchase", "price_usd": usd}
        for name, usd in (("box.first", first_usd), ("box.second", second_usd))
    }
    return catalog(accelerator("chip", {"box": system()}, offers, rates(training=100)))


def asked(**parts: Any) -> dict[str, Any]:
    """3,200 then 6,400 of work a second: a box does 8 x 100 = 800, so 4 boxes and 4 more in the second quarter."""
    demand = {"train": {"workload": "training", "per_second": {"2025q1": 3200, "2025q2": 6400}}}
    return scenario(demand=demand, **parts)


def ordered(found: Plan) -> dict[tuple[str, str], float]:
    return {(o.offer, o.enters_service): o.systems for o in found.orders}


def replan(folder: Path, approved: Approved, request: dict[str, Any], known: dict[str, Any]) -> Plan:
    planned = make_plan(load(folder, request, known), EXACT, approved=approved)
    assert planned.plan.audit.ok
    return planned.plan


def test_no_saving_means_no_change(tmp_path: Path) -> None:
    """The second offer is now cheaper, but nothing that was approved has to change."""
    old = plan(tmp_path / "old", asked(), two_offers())
    assert ordered(old) == {("box.first", "2025q1"): 4, ("box.first", "2025q2"): 4}
    new = replan(tmp_path, Approved(old, saving=0.0), asked(), two_offers(second_usd=50_000))
    assert ordered(new) == ordered(old)
    assert new.status == "feasible"
    assert any("0 of 2 order lines changed" in warning for warning in new.warnings)


def test_part_of_the_saving_is_bought_with_the_fewest_changes(tmp_path: Path) -> None:
    """Changing a line means 4 boxes of the first offer dropped and 4 of the second added: 2 lines a quarter.

    Both quarters save alike but for discounting: the first a little more (d_1 > d_2), so 40 % of the
    saving takes one quarter (2 lines) and all of it takes both (4 lines). 4 × 50,000 × d_1 of 4 × 50,000 × (d_1 + d_2)
    is 50.5 %, and the second alone 49.5 %: either buys 40 %, and the cheaper of them is the first.
    """
    old = plan(tmp_path / "old", asked(), two_offers())
    cheaper = two_offers(second_usd=50_000)
    part = replan(tmp_path / "part", Approved(old, saving=0.4), asked(), cheaper)
    assert ordered(part) == {("box.second", "2025q1"): 4, ("box.first", "2025q2"): 4}
    assert any("2 of 2 order lines changed" in warning for warning in part.warnings)
    whole = replan(tmp_path / "whole", Approved(old), asked(), cheaper)
    assert ordered(whole) == {("box.second", "2025q1"): 4, ("box.second", "2025q2"): 4}
    assert whole.status == "optimal"


def test_placed_orders_stay_and_none_is_added_beside_them(tmp_path: Path) -> None:
    """What was ordered in the first quarter stays, though the other offer now costs half."""
    old = plan(tmp_path / "old", asked(), two_offers())
    new = replan(tmp_path, Approved(old, placed_until="2025q1"), asked(), two_offers(second_usd=50_000))
    assert ordered(new) == {("box.first", "2025q1"): 4, ("box.second", "2025q2"): 4}


def test_placed_until_runs_to_the_end_of_its_period(tmp_path: Path) -> None:
    """A year in a plan by quarters is all of it; a month inside a quarter is that quarter, which began before."""
    old = plan(tmp_path / "old", asked(), two_offers())
    for until, second in (("2025", "first"), ("2025-05", "first"), ("2025-02", "second"), ("2025-03", "second")):
        new = replan(tmp_path / until, Approved(old, placed_until=until), asked(), two_offers(second_usd=50_000))
        assert ordered(new) == {("box.first", "2025q1"): 4, (f"box.{second}", "2025q2"): 4}, until


def test_a_placed_order_stays_though_nobody_needs_it_any_more(tmp_path: Path) -> None:
    """The demand fell to one box; the four that were ordered come all the same."""
    old = plan(tmp_path / "old", asked(), two_offers())
    fallen = scenario(demand={"train": {"workload": "training", "per_second": 800}})
    new = replan(tmp_path, Approved(old, placed_until="2025q1"), fallen, two_offers())
    assert ordered(new) == {("box.first", "2025q1"): 4}


def test_a_placed_order_that_is_no_longer_possible_is_named(tmp_path: Path) -> None:
    old = plan(tmp_path / "old", asked(), two_offers())
    without = asked(offers={"deny": ["box.first"]})
    with pytest.raises(
        InputError, match=r"box\.first for oslo in 2025q1 was placed in 2025q1 and is no longer possible"
    ):
        replan(tmp_path, Approved(old, placed_until="2025q1"), without, two_offers())


def test_placed_orders_that_no_longer_fit_leave_no_plan(tmp_path: Path) -> None:
    """Four boxes draw 4 × 10 kW × 1.2 = 48 kW at the meter; 40 kW are left, enough for the three that are needed."""
    old = plan(tmp_path / "old", asked(), two_offers())
    demand = {"train": {"workload": "training", "per_second": 2400}}
    smaller = scenario(demand=demand, sites={"oslo": site(power_mw="0.04")})
    assert ordered(plan(tmp_path / "free", smaller, two_offers())) == {("box.first", "2025q1"): 3}
    with pytest.raises(PlacedOrdersConflict, match="no plan keeps every order placed until 2025q1"):
        replan(tmp_path, Approved(old, placed_until="2025q1"), smaller, two_offers())


def test_comparison_tells_moved_from_added_and_dropped(tmp_path: Path) -> None:
    """Nothing may be used at oslo any more: all 8 boxes move to bergen, none is added or dropped."""
    sites = {"oslo": site(), "bergen": site(electricity_usd_per_mwh=60)}
    old = plan(tmp_path / "old", asked(sites=sites), two_offers())
    closed = {**sites, "oslo": site(power_mw=0)}
    new = plan(tmp_path / "new", asked(sites=closed), two_offers())
    (change,) = compare([old, new], ["old", "new"]).changes
    assert [(c.change, c.systems, c.from_place, c.place) for c in change.orders] == [
        ("moved", 4, "oslo", "bergen"),
        ("moved", 4, "oslo", "bergen"),
    ]
    assert change.same_systems == 0


def test_sides_add_up(tmp_path: Path) -> None:
    """The lines of a side are present values that sum to its objective; capex is 8 boxes at 100,000."""
    old = plan(tmp_path, asked(), two_offers())
    (side,) = compare([old], ["old"]).plans
    assert sum(side.present_usd.values()) == pytest.approx(side.objective_usd, rel=1e-12)
    assert side.capex_usd == pytest.approx(800_000)
    assert side.accelerators == {"acme": 64}


def test_commitments_kept_and_dropped(tmp_path: Path) -> None:
    committed = {"offer": "box.first", "site": "oslo", "period": "2025q1", "systems": 2}
    old = plan(tmp_path / "old", asked(commitments=[committed, {**committed, "systems": 1}]), two_offers())
    new = plan(tmp_path / "new", asked(commitments=[committed]), two_offers())
    (change,) = compare([old, new], ["old", "new"]).changes
    assert change.commitments_kept == 1
    assert change.commitments_dropped == ("1 box.first at oslo from 2025q1",)
