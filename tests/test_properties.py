"""Laws that a buyer expects, on random requests.

Where two plans are compared, the comparison knows their bounds: a relaxed request's bound may not exceed
the other's cost. Comparing costs alone is wrong wherever plans stop at a gap.
"""

from __future__ import annotations

import json
import random
import re
import tempfile
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from builders import EXACT, Tree, as_yaml, load, plan, points_of, scenario, write
from hypothesis import given, settings
from hypothesis import strategies as st
from test_brute_force import drawn

from catalogs.problems import InputError
from catalogs.schema import Catalog
from optimizer.audit import audit
from optimizer.formulation.register import AT_PERIOD_END
from optimizer.infeasible.shortage import Infeasible
from optimizer.plan.format import Plan
from optimizer.plan.text import plan_text
from optimizer.planning import make_plan
from optimizer.request.load import Request, load_request
from optimizer.request.scenario import Scenario
from optimizer.solving.solution import Options

pytestmark = pytest.mark.usefixtures("in_process")
EXAMPLES, MANY = 3, 250
LOOSE = Options(gap=0.02)
ROUNDING = 1e-9
ONE_USD = 1.0
"""Where a solve stops, whatever the gap asked for."""

seeds = st.integers(min_value=0, max_value=10**6)
Law = Callable[[int], None]


def few_and_many(law: Law) -> Law:
    """Runs a law on a few seeds, and with `-m slow` on many."""

    def run(many: bool) -> None:
        settings(max_examples=MANY if many else EXAMPLES)(given(seed=seeds)(law))()

    run.__name__, run.__doc__ = law.__name__, law.__doc__
    return pytest.mark.parametrize("many", [False, pytest.param(True, marks=pytest.mark.slow)])(run)


def request(seed: int) -> tuple[Tree, Tree]:
    """A random request that is sound; most have a plan."""
    for i in range(1000):
        found = drawn(f"law {seed} {i}", large=i % 2 == 0)
        if found is not None:
            return found[0], found[1]
    raise AssertionError("the generator makes no sound request")


def planned(asked: Tree, known: Tree, options: Options = LOOSE) -> Plan | None:
    """The audited plan, or None if there is none."""
    with tempfile.TemporaryDirectory() as name:
        try:
            return make_plan(load(Path(name), asked, known), options).plan
        except Infeasible:
            return None
        except InputError as error:
            if not any(words in str(error) for words in ("can serve it", "selects no")):
                raise
            return None


def never_costs_more(asked: Tree, known: Tree, easier: Tree, more: Tree | None = None) -> None:
    """An easier request has a plan if the first one has, and its bound stays below the first one's cost."""
    before, after = planned(asked, known), planned(easier, more if more is not None else known)
    if before is None:
        return
    assert after is not None
    assert after.bound_usd <= before.objective_usd + ROUNDING * abs(before.objective_usd) + ONE_USD


def scaled(schedule: Any, factor: int) -> Any:
    return {key: n * factor for key, n in schedule.items()} if isinstance(schedule, dict) else schedule * factor


def has_plan(seed: int) -> tuple[Tree, Tree, Plan] | None:
    asked, known = request(seed)
    made = planned(asked, known)
    return None if made is None else (asked, known, made)


# more of what is limited


@few_and_many
def test_more_budget_never_costs_more(seed: int) -> None:
    asked, known = request(seed)
    asked["budget"] = {
        "capex_usd": {"total": 900_000_000},
        "opex_usd": {"total": 300_000_000},
        **asked.get("budget", {}),
    }
    easier = deepcopy(asked)
    for windows in easier["budget"].values():
        windows.update({window: most * 2 for window, most in windows.items()})
    never_costs_more(asked, known, easier)


@few_and_many
def test_more_power_cooling_and_racks_never_cost_more(seed: int) -> None:
    asked, known = request(seed)
    easier = deepcopy(asked)
    for place in easier["sites"].values():
        place.update(
            {key: scaled(place[key], 2) for key in ("power_mw", "liquid_mw", "air_mw", "racks") if key in place}
        )
    never_costs_more(asked, known, easier)


@few_and_many
def test_more_supply_never_costs_more(seed: int) -> None:
    asked, known = request(seed)
    asked.setdefault("supply_per_month", {"chip_a": 3})
    asked["pools_per_month"] = {"wafers": 2}
    easier, more = deepcopy(asked), deepcopy(known)
    for limits in (easier["supply_per_month"], easier["pools_per_month"]):
        limits.update({name: scaled(schedule, 3) for name, schedule in limits.items()})
    for file in more.values():
        for offer in file.get("offers", {}).values():
            if "supply_systems_per_month" in offer:
                offer["supply_systems_per_month"] = scaled(offer["supply_systems_per_month"], 2)
    never_costs_more(asked, known, easier, more)


@few_and_many
def test_another_offer_never_hurts(seed: int) -> None:
    asked, known = request(seed)
    more = deepcopy(known)
    box = next(iter(more["chip_a.yaml"]["systems"]))
    more["chip_a.yaml"]["offers"]["new.offer"] = {"system": box, "route": "purchase", "price_usd": 90_000_000}
    never_costs_more(asked, known, asked, more)


@few_and_many
def test_more_demand_never_costs_less(seed: int) -> None:
    asked, known = request(seed)
    harder = deepcopy(asked)
    for demand in harder["demand"].values():
        demand["per_second"] = scaled(demand["per_second"], 2)
    never_costs_more(harder, known, asked)


@few_and_many
def test_lower_prices_never_cost_more(seed: int) -> None:
    """Without a residual value, which falls with the price."""
    asked, known = request(seed)
    asked["finance"]["residual"] = "none"
    dearer = deepcopy(known)
    for file in dearer.values():
        for offer in file.get("offers", {}).values():
            for field in ("price_usd", "usd_per_accelerator_hour"):
                if field in offer:
                    offer[field] = scaled(offer[field], 2)
    never_costs_more(asked, dearer, asked, known)


@few_and_many
def test_a_better_chip_never_costs_more(seed: int) -> None:
    asked, known = request(seed)
    better = deepcopy(known)
    for file in better.values():
        for entry in points_of(file):
            entry["rate"] = scaled(entry["rate"], 2)
    never_costs_more(asked, known, asked, better)


@few_and_many
def test_another_point_never_costs_more(seed: int) -> None:
    """The best of more points is no less, whatever their order, precision, size and first period."""
    asked, known = request(seed)
    chance, better = random.Random(seed), deepcopy(known)
    for file in better.values():
        for name, entry in file.get("throughput", {}).items():
            found = entry if isinstance(entry, list) else [entry]
            more = {**found[0], "rate": chance.randint(1, 20), "accelerators": chance.choice([1, 4, 9])}
            more |= chance.choice([{}, {"precision": "fp8"}, {"precision": "bf16", "from": asked["horizon"]["start"]}])
            file["throughput"][name] = [more, *found]
    never_costs_more(asked, known, asked, better)


@few_and_many
def test_another_precision_never_costs_more(seed: int) -> None:
    asked, known = request(seed)
    for entry in asked["demand"].values():
        entry["precisions"] = ["bf16"]
    easier = deepcopy(asked)
    for entry in easier["demand"].values():
        entry["precisions"] = ["fp8", "bf16"]
    never_costs_more(asked, known, easier)
    every = deepcopy(easier)
    for entry in every["demand"].values():
        del entry["precisions"]
    never_costs_more(easier, known, every)


# what may not matter


IN_ORDER = ("catalogs", "steps")
"""Lists whose order means something."""


def shuffled(tree: Any, chance: random.Random) -> Any:
    """The same tree with the keys of every mapping, and the items of most lists, in another order."""
    if isinstance(tree, dict):
        keys = chance.sample(sorted(tree), len(tree))
        return {key: tree[key] if key in IN_ORDER else shuffled(tree[key], chance) for key in keys}
    if isinstance(tree, list):
        return [shuffled(item, chance) for item in chance.sample(tree, len(tree))]
    return tree


@few_and_many
def test_order_in_files_changes_no_byte(seed: int) -> None:
    """Keys, lists, names of files, and which file an entry is in."""
    chance = random.Random(seed)
    asked, known = request(seed)
    made = planned(asked, known)
    items = [(f"f{chance.randrange(10**6)}_{i}.yaml", content) for i, content in enumerate(known.values())]
    chance.shuffle(items)
    renamed = {name: shuffled(content, chance) for name, content in items}
    again = planned(shuffled(asked, chance), renamed)
    assert (made and plan_text(made)) == (again and plan_text(again))


@few_and_many
def test_same_input_gives_the_same_bytes(seed: int) -> None:
    found = has_plan(seed)
    if found is not None:
        asked, known, made = found
        again = planned(asked, known)
        assert again is not None
        assert plan_text(again) == plan_text(made)


MONEY = ("price_usd", "usd_per_accelerator_hour", "network_usd", "software_usd_per_year", "electricity_usd_per_mwh",
         "hosting_usd_per_kw_month",
         "carbon_usd_per_t", "unmet_usd_per_unit_hour", "capex_usd", "opex_usd")  # fmt: skip


def dearer(tree: Any, factor: int) -> Any:
    """Every amount of money times a factor."""
    if isinstance(tree, dict):
        return {key: scaled(part, factor) if key in MONEY else dearer(part, factor) for key, part in tree.items()}
    return [dearer(item, factor) for item in tree] if isinstance(tree, list) else tree


@few_and_many
def test_ten_times_the_money_is_ten_times_the_cost(seed: int) -> None:
    asked, known = request(seed)
    made, more = planned(asked, known, EXACT), planned(dearer(asked, 10), dearer(known, 10), EXACT)
    assert (made is None) == (more is None)
    if made is not None and more is not None:
        assert more.objective_usd == pytest.approx(10 * made.objective_usd, rel=1e-8, abs=10 * ONE_USD)


@few_and_many
def test_a_currency_changes_only_the_display(seed: int) -> None:
    found = has_plan(seed)
    if found is None:
        return
    asked, known, made = found
    yen = planned({**asked, "currency": {"code": "JPY", "per_usd": 155}}, known)
    assert yen is not None
    kept = [name for name in Plan.model_fields if name not in ("scenario", "run")]
    assert {name: getattr(yen, name) for name in kept} == {name: getattr(made, name) for name in kept}


@few_and_many
def test_doubling_everything_costs_at_most_double(seed: int) -> None:
    """Twice the work, room, supply, fleet and budget: buying everything twice is a plan."""
    asked, known = request(seed)
    twice, more = deepcopy(asked), deepcopy(known)
    for part in [*twice["demand"].values(), *twice["sites"].values()]:
        keys = [key for key in ("per_second", "power_mw", "liquid_mw", "air_mw", "racks") if key in part]
        part.update({key: scaled(part[key], 2) for key in keys})
    for part in [*twice.get("budget", {}).values(), twice.get("supply_per_month", {})]:
        part.update({key: scaled(part[key], 2) for key in part})
    twice["pools_per_month"] = {
        pool: {**rule, "share": "0.04"} if isinstance(rule, dict) and "share" in rule else scaled(rule, 2)
        for pool, rule in asked.get("pools_per_month", {}).items()
    }
    for entry in twice.get("fleet", []):
        entry["count"] *= 2
    for entry in twice.get("commitments", []):
        entry["systems"] *= 2
    for file in more.values():
        for offer in file.get("offers", {}).values():
            if "supply_systems_per_month" in offer:
                offer["supply_systems_per_month"] = scaled(offer["supply_systems_per_month"], 2)
    one, two = planned(asked, known), planned(twice, more)
    if one is not None:
        assert two is not None
        assert two.bound_usd <= 2 * one.objective_usd * (1 + ROUNDING) + 2 * ONE_USD


# what a plan says about itself


def discounted_costs(made: Plan) -> float:
    factor = {row.period: (float(row.discount_mid), float(row.discount_end)) for row in made.periods}
    return sum(
        usd * factor[period][line in AT_PERIOD_END]
        for line, by_period in made.costs.items() for period, usd in by_period.items()
    )  # fmt: skip


@few_and_many
def test_plan_is_consistent(seed: int) -> None:
    """Lines sum to the objective; certified bound ≤ bound ≤ objective; the gap is kept; the audit agrees."""
    found = has_plan(seed)
    if found is None:
        return
    asked, known, made = found
    assert discounted_costs(made) == pytest.approx(made.objective_usd, rel=1e-12, abs=1e-3)
    assert made.bound_usd <= made.objective_usd
    assert made.objective_usd - made.bound_usd <= LOOSE.gap * abs(made.objective_usd) + ONE_USD
    assert made.certified.bound_usd <= made.bound_usd + ROUNDING * abs(made.bound_usd) + ONE_USD
    assert audit(made.model_dump(mode="json")).ok
    best = planned(asked, known, EXACT)
    assert best is not None
    assert made.bound_usd <= best.objective_usd + ROUNDING * abs(best.objective_usd) + ONE_USD
    assert made.certified.bound_usd <= best.objective_usd + ROUNDING * abs(best.objective_usd) + ONE_USD


@few_and_many
def test_plan_holds_the_inputs_it_came_from(seed: int) -> None:
    """A plan is solved again from its own scenario and catalogue, without any file, to the same bytes."""
    asked, known = request(seed)
    rules = {"basis": ["measured", "vendor", "quoted", "estimated", "unsourced"], **asked.get("offers", {})}
    made = planned({**asked, "offers": rules}, known)
    if made is not None:
        read = Plan.model_validate_json(plan_text(made))
        held = Request(Scenario.model_validate(read.scenario), Catalog.model_validate(read.catalog))
        assert beside_quotes(make_plan(held, LOOSE).plan) == beside_quotes(made)


OF_ONES_OWN = "^the own quote | looks like a slip: "


def beside_quotes(plan: Plan) -> Tree:
    """A plan but for what is said of the user's own figures: it does not hold whose a figure is."""
    tree = json.loads(plan_text(plan))
    del tree["run"]["plan_sha256"]
    return {**tree, "warnings": [text for text in plan.warnings if not re.search(OF_ONES_OWN, text)]}


def test_stating_a_default_changes_no_byte(tmp_path: Path) -> None:
    stated = scenario(offers={"deny": [], "basis": ["measured", "vendor", "quoted", "estimated", "unsourced"]})
    assert plan_text(plan(tmp_path / "a", stated)) == plan_text(plan(tmp_path / "b", scenario()))


def test_files_are_read_as_written() -> None:
    """The helper that writes the requests of these laws loses nothing."""
    asked, known = request(3)
    with tempfile.TemporaryDirectory() as name:
        path = write(Path(name), asked, known)
        assert json.loads(path.read_text()) == json.loads(as_yaml(asked))
        assert load_request(path).scenario.name == "random"
