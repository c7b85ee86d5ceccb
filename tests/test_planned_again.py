"""Planned again from an earlier plan: never dearer than its decisions, its orders kept where nothing is gained."""

from __future__ import annotations

import random
import tempfile
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest
from builders import EXACT, Tree, accelerator, catalog, load, plan, rates, scenario, site, system
from test_properties import LOOSE, few_and_many, planned
from test_properties_whole import request
from workbook_cells import find

from cli.main import run
from optimizer.plan.format import Plan
from optimizer.plan.recost import recosted
from optimizer.plan_files import read_plan
from optimizer.planning import make_plan
from optimizer.proven import stated
from optimizer.replan.approved import Approved
from optimizer.replan.earlier import Earlier
from optimizer.request.edits import as_text
from optimizer.solving.solution import Options, Solution
from optimizer.workbook import write_workbook
from optimizer.workbook.language.wording import Wording

pytestmark = pytest.mark.usefixtures("in_process")
ROUNDING = 1e-7
"""Of a cost: what solvers round, and the certainty with which a whole number is whole."""
A_CENT = 0.01


def ordered(found: Plan) -> dict[tuple[str, str, str], float]:
    return {(o.offer, o.place, o.enters_service): o.systems for o in found.orders if not o.commitment}


def in_japanese(text: str) -> str:
    return Wording("ja", ["test"]).say(text)


def again(folder: Path, old: Plan, asked: Tree, known: Tree, options: Options = EXACT) -> Plan:
    planned = make_plan(load(folder, asked, known), options, before=old)
    assert planned.plan.audit.ok
    assert all(in_japanese(text) for text in planned.plan.notes if "the plan before" in text)
    return planned.plan


# Random edits. Money limits are taken away: then a change of prices, and room given, forbids no decision of old.


def without_limits_on_money(asked: Tree) -> Tree:
    rules = [limit for limit in asked["limits"] if limit["measure"] not in ("spend_usd", "capex_usd")]
    return {**asked, "budget": {}, "limits": rules}


def retyped(number: Any, chance: random.Random, low: float = 0.6, high: float = 1.5) -> Any:
    """A number, or each number of a schedule, somewhat larger or smaller."""
    if isinstance(number, dict):
        return {key: retyped(one, chance, low, high) for key, one in number.items()}
    return f"{float(number) * chance.uniform(low, high):.6g}"


def edited(asked: Tree, known: Tree, chance: random.Random) -> tuple[Tree, Tree]:
    """Prices, rents, tariffs and rates retyped, here and there more power and less work."""
    asked, known = deepcopy(asked), deepcopy(known)
    for file in known.values():
        for offer in file.get("offers", {}).values():
            for key in {"price_usd", "usd_per_accelerator_hour"} & offer.keys():
                if chance.random() < 0.4:
                    offer[key] = retyped(offer[key], chance)
    for place in asked["sites"].values():
        if chance.random() < 0.5:
            place["electricity_usd_per_mwh"] = retyped(place["electricity_usd_per_mwh"], chance)
        if chance.random() < 0.5:
            place["power_mw"] = retyped(place["power_mw"], chance, 1.0, 2.0)
    for entry in asked["demand"].values():
        if "per_second" in entry and "cluster" not in entry and chance.random() < 0.4:
            entry["per_second"] = retyped(entry["per_second"], chance, 0.5, 1.0)
    asked["finance"] = {**asked["finance"], "discount_rate": chance.choice(["0.03", "0.09", "0.14"])}
    return asked, known


def old_plan(seed: int, options: Options = LOOSE) -> tuple[Tree, Tree, Plan] | None:
    asked, known = request(seed, limits=True)
    asked = without_limits_on_money(asked)
    made = planned(asked, known, options)
    return None if made is None else (asked, known, made)


@few_and_many
def test_edits_never_make_worse_and_change_no_order_for_nothing(seed: int) -> None:
    found = old_plan(seed)
    if found is None:
        return
    asked, known, old = found
    asked, known = edited(asked, known, random.Random(seed))
    with tempfile.TemporaryDirectory() as name:
        asked_again = load(Path(name), asked, known)
        new = make_plan(asked_again, LOOSE, before=old).plan
    assert new.audit.ok
    assert new.gap <= LOOSE.gap
    before = float(recosted(old, as_text(asked_again.scenario), as_text(asked_again.catalog)).objective_usd)
    assert new.objective_usd <= before + ROUNDING * abs(before) + A_CENT
    if ordered(new) != ordered(old):
        assert before - new.bound_usd >= 0.9 * LOOSE.gap * abs(before) - A_CENT, "the old orders are within the gap"


@few_and_many
def test_a_request_that_is_not_changed_keeps_its_orders(seed: int) -> None:
    found = old_plan(seed)
    if found is None:
        return
    asked, known, old = found
    with tempfile.TemporaryDirectory() as name:
        new = again(Path(name), old, asked, known, LOOSE)
    assert ordered(new) == ordered(old)
    assert new.objective_usd <= old.objective_usd + ROUNDING * abs(old.objective_usd) + A_CENT
    assert new.bound_usd >= old.bound_usd - LOOSE.gap * abs(old.objective_usd) - A_CENT


# By hand. A box of either offer does 8 × 100 = 800 a second; 3,200 are asked for, then 6,400: 4 boxes a quarter.


def two_offers(first_usd: int = 100_000, second_usd: int = 110_000, **terms: Any) -> Tree:
    offers = {
        name: {"system": "box", "route": "purchase", "price_usd": usd, **terms}
        for name, usd in (("box.first", first_usd), ("box.second", second_usd))
    }
    return catalog(accelerator("chip", {"box": system()}, offers, rates(training=100)))


def four_and_four(second: Any = 6400, **parts: Any) -> Tree:
    demand = {"train": {"workload": "training", "per_second": {"2025q1": 3200, "2025q2": second}}}
    return scenario(demand=demand, **parts)


OLD = {("box.first", "oslo", "2025q1"): 4, ("box.first", "oslo", "2025q2"): 4}
KEPT = "every order of the plan before is kept: no change gains more than "


def test_a_gain_below_the_gap_changes_nothing(tmp_path: Path) -> None:
    """The second offer is now 0.1 % cheaper: less than a gap of 1 %."""
    old = plan(tmp_path / "old", four_and_four(), two_offers())
    new = again(tmp_path, old, four_and_four(), two_offers(second_usd=99_900), Options(gap=0.01))
    assert ordered(new) == OLD
    assert new.status == "optimal"
    assert any(note.startswith(KEPT) for note in new.notes)
    assert new.run.options["begun_from"].startswith("test (")


def test_a_gain_above_the_gap_is_made(tmp_path: Path) -> None:
    """8 boxes at 99,900 instead of 100,000, discounted: 800 USD less, which a gap of 1e-9 does not cover."""
    old = plan(tmp_path / "old", four_and_four(), two_offers())
    new = again(tmp_path, old, four_and_four(), two_offers(second_usd=99_900))
    assert ordered(new) == {("box.second", place, period): n for (_, place, period), n in OLD.items()}
    assert any("changed against the plan before: 4; with all of its decisions kept" in note for note in new.notes)


@pytest.mark.parametrize("price", [100_000, 100_001])
def test_orders_as_good_as_others_are_kept(tmp_path: Path, price: int) -> None:
    """The offer that was dearer, and not chosen, is now as dear; and its twin of the old plan by a dollar less so."""
    old = plan(tmp_path / "old", four_and_four(), two_offers(first_usd=100_002, second_usd=price))
    assert {offer for offer, *_ in ordered(old)} == {"box.second"}
    new = again(tmp_path, old, four_and_four(), two_offers(second_usd=100_000), Options())
    assert ordered(new) == ordered(old)


def test_what_an_edit_does_not_touch_stays(tmp_path: Path) -> None:
    """Both offers cost the same; 800 more are asked for in the second quarter: one line grows, none is swapped."""
    old = plan(tmp_path / "old", four_and_four(), two_offers(first_usd=100_001, second_usd=100_000))
    new = again(tmp_path, old, four_and_four(second=7200), two_offers(second_usd=100_000))
    assert ordered(new) == {("box.second", "oslo", "2025q1"): 4, ("box.second", "oslo", "2025q2"): 5}
    assert any("changed against the plan before: 1; not all" in note for note in new.notes)


def test_orders_that_are_not_needed_any_more_go(tmp_path: Path) -> None:
    old = plan(tmp_path / "old", four_and_four(), two_offers())
    new = again(tmp_path, old, four_and_four(second=3200), two_offers())
    assert ordered(new) == {("box.first", "oslo", "2025q1"): 4}


def test_an_offer_that_is_denied_now_is_replaced(tmp_path: Path) -> None:
    old = plan(tmp_path / "old", four_and_four(), two_offers())
    new = again(tmp_path, old, four_and_four(offers={"deny": ["box.first"]}), two_offers())
    assert {offer for offer, *_ in ordered(new)} == {"box.second"}
    assert any("not all of its decisions are possible any more" in note for note in new.notes)


def test_parts_of_systems_are_kept(tmp_path: Path) -> None:
    """Work for 4.5 boxes; the second offer is 0.1 % cheaper."""
    old = plan(tmp_path / "old", four_and_four(second=3600), two_offers(divisible="true"))
    known = two_offers(second_usd=99_900, divisible="true")
    new = again(tmp_path, old, four_and_four(second=3600), known, Options(gap=0.01))
    assert ordered(new) == {("box.first", "oslo", "2025q1"): 4, ("box.first", "oslo", "2025q2"): 0.5}


def test_more_is_kept_than_is_worth_having(tmp_path: Path) -> None:
    """Eight boxes of which four have no work any more, at a price of nothing much: within a gap of 90 % they stay."""
    old = plan(tmp_path / "old", four_and_four(), two_offers())
    new = again(tmp_path, old, four_and_four(second=3200), two_offers(), Options(gap=0.9))
    assert ordered(new) == OLD
    assert new.gap <= 0.9


def test_a_fleet_that_was_sold_is_sold_again(tmp_path: Path) -> None:
    """Two of three old boxes alike are sold at once, as one does the work; the price of power changes little."""
    fleet = [
        {"system": "box", "site": "oslo", "count": count, "may_retire": "true", "resale_usd": 90_000}
        for count in (1, 2)
    ]
    demand = {"train": {"workload": "training", "per_second": 800}}
    old = plan(tmp_path / "old", scenario(demand=demand, fleet=fleet), two_offers())
    assert sum(row.systems for row in old.retired) == 2
    dearer = scenario(demand=demand, fleet=fleet, sites={"oslo": site(electricity_usd_per_mwh=51)})
    new = again(tmp_path, old, dearer, two_offers(), Options(gap=0.01))
    assert [(r.period, r.systems) for r in new.retired] == [(r.period, r.systems) for r in old.retired]
    assert any(note.startswith(KEPT) for note in new.notes)


def test_a_search_that_finds_nothing_leaves_the_plan_before(tmp_path: Path) -> None:
    """What a search without time hands over: no values, no duals, no bound. The old decisions are the plan."""
    old = plan(tmp_path / "old", four_and_four(), two_offers())
    model, matrix = stated(load(tmp_path, four_and_four(), two_offers()))
    nothing = Solution("no_plan", np.array([]), np.array([]), np.inf, -np.inf, False, "none")
    kept = Earlier(old, model, matrix, Options()).no_dearer(nothing)
    assert kept.status == "feasible"
    assert kept.objective * 1e6 == pytest.approx(old.objective_usd)
    assert np.isfinite(kept.bound)
    assert kept.bound <= kept.objective


def test_staying_close_begins_from_the_approved_plan(tmp_path: Path) -> None:
    """With a gap of 50 % a search may end anywhere; what is approved costs no more than what it ends with."""
    old = plan(tmp_path / "old", four_and_four(), two_offers())
    close = make_plan(load(tmp_path, four_and_four(), two_offers()), Options(gap=0.5), approved=Approved(old)).plan
    assert close.objective_usd <= old.objective_usd + A_CENT
    assert all(in_japanese(text) for text in close.warnings)


def test_a_workbook_planned_again_unedited_has_the_same_orders(tmp_path: Path, capsys: Any) -> None:
    old, first, second = plan(tmp_path, four_and_four(), two_offers()), tmp_path / "1.xlsx", tmp_path / "2.xlsx"
    write_workbook(old, first)
    assert run(["plan", str(first), "-o", str(second)]) == 0
    assert read_plan(second).orders == old.orders
    assert KEPT in capsys.readouterr().out


def test_a_workbook_with_an_edited_price_costs_no_more_than_it_shows(tmp_path: Path) -> None:
    """The workbook re-costs the old orders as the price is typed; planning again starts from there."""
    old = plan(tmp_path, four_and_four(), two_offers())
    write_workbook(old, tmp_path / "1.xlsx")
    book = openpyxl.load_workbook(tmp_path / "1.xlsx")
    book["Inputs"].cell(find(book["Inputs"], "Price", "box.first"), 9).value = 104_000
    book.save(tmp_path / "1.xlsx")
    assert run(["plan", str(tmp_path / "1.xlsx"), "-o", str(tmp_path / "2.xlsx")]) == 0
    new = read_plan(tmp_path / "2.xlsx")
    assert new.objective_usd <= float(recosted(old, new.scenario, new.catalog).objective_usd) + A_CENT
    assert ordered(new) == OLD
