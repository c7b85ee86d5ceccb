"""Laws that a buyer expects of the whole procurement problem, on random requests; see `test_properties.py`."""

from __future__ import annotations

import random
import tempfile
from copy import deepcopy
from pathlib import Path

import pytest
from builders import EXACT, Tree, load
from test_properties import (
    LOOSE,
    ROUNDING,
    discounted_costs,
    few_and_many,
    never_costs_more,
    planned,
    scaled,
    shuffled,
)
from whole_requests import drawn

from catalogs.problems import InputError
from optimizer.audit import audit
from optimizer.formulation import build_model
from optimizer.plan.text import plan_text
from optimizer.tables import build_tables

pytestmark = pytest.mark.usefixtures("in_process")
ONE_USD = 1.0


def request(seed: int, limits: bool = False) -> tuple[Tree, Tree]:
    """A random request that is sound, with or without limits."""
    for i in range(1000):
        found = drawn(f"law of the whole {seed} {i}", large=i % 2 == 0)
        if found is None:
            continue
        asked, known, _ = found
        if not limits:
            asked["limits"] = []
        if sound(asked, known):
            return asked, known
    raise AssertionError("the generator makes no sound request")


def sound(asked: Tree, known: Tree) -> bool:
    with tempfile.TemporaryDirectory() as name:
        try:
            build_model(build_tables(load(Path(name), asked, known)))
        except InputError:
            return False
    return True


def dated(asked: Tree) -> list[Tree]:
    return [entry for entry in asked["demand"].values() if "by_deadline_unit_hours" in entry]


@few_and_many
def test_more_room_to_grow_never_costs_more(seed: int) -> None:
    asked, known = request(seed)
    for site in asked["sites"].values():
        site.setdefault("expansion", {"usd_per_mw": 10**8, "lead_time_months": 3, "max_mw": 1, "life_years": 5})
    easier = deepcopy(asked)
    for site in easier["sites"].values():
        site["expansion"] |= {"max_mw": 2 * site["expansion"]["max_mw"], "lead_time_months": 0}
    never_costs_more(asked, known, easier)


@few_and_many
def test_without_limits_nothing_costs_more(seed: int) -> None:
    asked, known = request(seed, limits=True)
    never_costs_more(asked, known, {**asked, "limits": []})


@few_and_many
def test_lower_one_off_costs_never_cost_more(seed: int) -> None:
    """Engineering, porting and expansion at half the price and without a wait; growth loses no residual value."""
    asked, known = request(seed)
    easier, more = deepcopy(asked), deepcopy(known)
    for file in more.values():
        one_off = file.get("accelerator", {}).get("one_off")
        if one_off is not None:
            one_off |= {"usd": one_off["usd"] // 2, "months": 0}
    for entry in easier["demand"].values():
        for cost in entry.get("stacks", {}).values():
            if cost:
                cost |= {"usd": cost["usd"] // 2, "months": 0}
    never_costs_more(asked, known, easier, more)


@few_and_many
def test_without_minimum_orders_nothing_costs_more(seed: int) -> None:
    asked, known = request(seed)
    more = deepcopy(known)
    for file in more.values():
        for offer in file.get("offers", {}).values():
            offer.pop("minimum_order_systems", None)
    never_costs_more(asked, known, asked, more)


@few_and_many
def test_a_better_price_break_never_costs_more(seed: int) -> None:
    asked, known = request(seed)
    more = deepcopy(known)
    for file in more.values():
        for offer in file.get("offers", {}).values():
            for step in offer.get("price_breaks", {}).get("steps", ()):
                step["factor"] = f"{float(step['factor']) / 2:g}"
    never_costs_more(asked, known, asked, more)


@few_and_many
def test_without_clusters_nothing_costs_more(seed: int) -> None:
    asked, known = request(seed)
    easier = deepcopy(asked)
    for entry in easier["demand"].values():
        entry.pop("cluster", None)
    never_costs_more(asked, known, easier)


@few_and_many
def test_being_allowed_to_sell_never_costs_more(seed: int) -> None:
    asked, known = request(seed)
    box = sorted(known["chip_a.yaml"]["systems"])[0]
    asked["fleet"] = [{"system": box, "site": sorted(asked["sites"])[0], "count": 2}]
    easier = deepcopy(asked)
    easier["fleet"][0] |= {"may_retire": "true", "resale_usd": 5_000_000}
    never_costs_more(asked, known, easier)


@few_and_many
def test_less_to_finish_never_costs_more(seed: int) -> None:
    asked, known = request(seed)
    easier = deepcopy(asked)
    for entry in dated(easier):
        entry["by_deadline_unit_hours"] = {end: n / 2 for end, n in entry["by_deadline_unit_hours"].items()}
    for entry in easier["demand"].values():
        entry.pop("sites", None)
    never_costs_more(asked, known, easier)


@few_and_many
def test_work_that_is_worth_more_never_leaves_less(seed: int) -> None:
    asked, known = request(seed)
    first = next(entry for entry in asked["demand"].values() if "per_second" in entry) if not all(
        "per_second" not in entry for entry in asked["demand"].values()
    ) else None  # fmt: skip
    if first is None:
        return
    asked["objective"] = "maximize_value"
    for entry in asked["demand"].values():
        entry.pop("value_usd_per_unit_hour", None)
    first["value_usd_per_unit_hour"] = 5000
    easier = deepcopy(asked)
    next(e for e in easier["demand"].values() if "value_usd_per_unit_hour" in e)["value_usd_per_unit_hour"] = 9000
    never_costs_more(asked, known, easier)


@few_and_many
def test_more_power_budget_and_supply_never_cost_more(seed: int) -> None:
    asked, known = request(seed)
    for site in asked["sites"].values():
        site.pop("take_or_pay_share", None)  # with one, more power is more energy to pay for
    easier = deepcopy(asked)
    for site in easier["sites"].values():
        site["power_mw"] = scaled(site["power_mw"], 2)
    for windows in easier.get("budget", {}).values():
        windows.update({window: 2 * usd for window, usd in windows.items()})
    easier.pop("supply_per_month", None)
    never_costs_more(asked, known, easier)


@few_and_many
def test_order_in_files_changes_no_byte_of_the_whole(seed: int) -> None:
    chance = random.Random(seed)
    asked, known = request(seed, limits=True)
    made = planned(asked, known)
    items = [(f"f{chance.randrange(10**6)}_{i}.yaml", content) for i, content in enumerate(known.values())]
    chance.shuffle(items)
    again = planned(shuffled(asked, chance), {name: shuffled(content, chance) for name, content in items})
    assert (made and plan_text(made)) == (again and plan_text(again))


@few_and_many
def test_a_plan_of_the_whole_is_consistent(seed: int) -> None:
    """Lines sum to the objective; certified bound ≤ bound ≤ objective; the audit agrees; the best plan is no worse."""
    asked, known = request(seed, limits=True)
    made = planned(asked, known)
    if made is None:
        return
    assert discounted_costs(made) == pytest.approx(made.objective_usd, rel=1e-12, abs=1e-3)
    assert made.bound_usd <= made.objective_usd
    assert made.objective_usd - made.bound_usd <= LOOSE.gap * abs(made.objective_usd) + ONE_USD
    assert made.certified.bound_usd <= made.bound_usd + ROUNDING * abs(made.bound_usd) + ONE_USD
    assert audit(made.model_dump(mode="json")).ok
    best = planned(asked, known, EXACT)
    assert best is not None
    assert made.bound_usd <= best.objective_usd + ROUNDING * abs(best.objective_usd) + ONE_USD
