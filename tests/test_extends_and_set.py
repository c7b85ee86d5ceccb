"""A scenario that extends another, and changes from the command line: what the effective scenario is."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from builders import Tree, as_yaml, load, one_offer, scenario, site, write

from catalogs.problems import InputError
from optimizer.request.edits import as_text
from optimizer.request.load import Request, load_request

BASE = scenario(
    sites={"oslo": site({"2025q1": 1, "2025q2": 2}, racks=50), "paris": site(3)},
    budget={"capex_usd": {"total": "9e9"}},
    fleet=[{"system": "box", "site": "oslo", "count": 5}, {"system": "box", "site": "paris", "count": 6}],
    limits=[{"name": "few", "measure": "systems", "at_most": 500}],
)


def extended(folder: Path, over: Tree, *settings: str, base: Tree = BASE) -> Request:
    """`over` in a folder of its own extends the base beside the catalogue."""
    write(folder, base)
    (folder / "mine").mkdir(exist_ok=True)
    path = folder / "mine" / "over.yaml"
    path.write_text(as_yaml({"extends": "../scenario.yaml", **over}), encoding="utf-8")
    return load_request(path, settings)


def changed(folder: Path, *settings: str, known: Any = None, asked: Tree = BASE) -> Request:
    return load_request(write(folder, asked, known), settings)


def problems(folder: Path, *settings: str) -> list[str]:
    with pytest.raises(InputError) as refused:
        changed(folder, *settings)
    return [str(problem) for problem in refused.value.problems]


# extends


def test_what_is_not_said_is_the_base(tmp_path: Path) -> None:
    assert as_text(extended(tmp_path, {"name": "mine"}).scenario) == {
        **as_text(load(tmp_path / "alone", BASE).scenario), "name": "mine",
    }  # fmt: skip


def test_maps_merge_deeply(tmp_path: Path) -> None:
    asked = extended(tmp_path, {"finance": {"maintenance_share": "0.05"}, "sites": {"oslo": {"pue": "1.1"}}}).scenario
    assert (asked.finance.maintenance_share, asked.finance.discount_rate) == (Decimal("0.05"), Decimal("0.08"))
    assert (asked.sites["oslo"].pue, asked.sites["oslo"].racks) == (Decimal("1.1"), Decimal(50))
    assert asked.sites["paris"].pue == Decimal("1.2")


def test_windows_of_a_budget_are_limits_of_their_own(tmp_path: Path) -> None:
    """Though they are written like the periods of a schedule: one more leaves the others as they are."""
    base = scenario(budget={"capex_usd": {"2025q1": 1, "2025q2": 2}})
    over = {"budget": {"capex_usd": {"2025q2": 3}}}
    windows = extended(tmp_path, over, "budget/capex_usd/2025=4", base=base).scenario.budget.capex_usd
    assert windows == {"2025q1": Decimal(1), "2025q2": Decimal(3), "2025": Decimal(4)}


def test_lists_are_replaced_whole(tmp_path: Path) -> None:
    asked = extended(tmp_path, {"fleet": [{"system": "box", "site": "paris", "count": 1}], "limits": []}).scenario
    assert [(item.site, item.count) for item in asked.fleet] == [("paris", 1)]
    assert asked.limits == ()


@pytest.mark.parametrize("power", [{"2025q2": 7}, 7, {"2025": 1, "2025-03": 4}])
def test_schedules_are_replaced_whole(tmp_path: Path, power: Any) -> None:
    """No key of the base's schedule stays; a number replaces a schedule and the other way round."""
    asked = extended(tmp_path, {"sites": {"oslo": {"power_mw": power}, "paris": {"power_mw": {"2025q1": 5}}}}).scenario
    wanted = {key: Decimal(mw) for key, mw in power.items()} if isinstance(power, dict) else Decimal(power)
    assert asked.sites["oslo"].power_mw == wanted
    assert asked.sites["paris"].power_mw == {"2025q1": Decimal(5)}


def test_null_takes_a_field_away(tmp_path: Path) -> None:
    """An absent limit is no limit."""
    assert extended(tmp_path, {"sites": {"oslo": {"racks": None}}}).scenario.sites["oslo"].racks is None


def test_a_demand_may_be_added_and_changed(tmp_path: Path) -> None:
    more = {"train": {"per_second": 99}, "other": {"workload": "training", "per_second": 1}}
    demand = extended(tmp_path, {"demand": more}).scenario.demand
    assert (demand["train"].per_second, demand["train"].workload, demand["other"].per_second) == (99, "training", 1)


def test_extends_may_be_a_chain(tmp_path: Path) -> None:
    """The nearest one wins."""
    extended(tmp_path, {"name": "middle", "buyer": "other"})
    path = tmp_path / "mine" / "last.yaml"
    path.write_text(as_yaml({"extends": "over.yaml", "name": "last"}))
    asked = load_request(path).scenario
    assert (asked.name, asked.buyer, asked.horizon.start) == ("last", "other", "2025q1")


def test_catalogs_of_the_base_lie_beside_the_base(tmp_path: Path) -> None:
    """And those of the scenario beside the scenario."""
    assert set(extended(tmp_path, {}).catalog.accelerators) == {"chip"}
    quotes = tmp_path / "mine" / "own"
    quotes.mkdir()
    for name, content in one_offer(price_usd=7).items():
        (quotes / name).write_text(as_yaml(content))
    assert extended(tmp_path, {"catalogs": ["own"]}).catalog.offers["box.purchase"].price_usd == 7


def test_a_bundled_scenario_can_be_extended(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("extends: quick_start\nname: My own\nfinance: {discount_rate: 0.2}\n")
    request = load_request(path)
    assert (request.scenario.name, request.scenario.finance.discount_rate) == ("My own", Decimal("0.2"))
    assert "h100_sxm" in request.catalog.accelerators


@pytest.mark.parametrize("name", ["scenario.yaml", "./scenario.yaml", "../{folder}/scenario.yaml"])
def test_a_scenario_cannot_extend_itself(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, {**BASE, "extends": name.format(folder=tmp_path.name)})
    with pytest.raises(InputError, match="leads back to a file that is already part of this scenario"):
        load_request(path)


def test_a_circle_is_an_error_where_it_closes(tmp_path: Path) -> None:
    for name, base in (("a", "b"), ("b", "c"), ("c", "a")):
        (tmp_path / f"{name}.yaml").write_text(as_yaml({**BASE, "extends": f"{base}.yaml"}))
    with pytest.raises(InputError) as refused:
        load_request(tmp_path / "a.yaml")
    assert any("c.yaml:" in str(problem) and "leads back" in str(problem) for problem in refused.value.problems)


def test_a_base_that_is_not_there(tmp_path: Path) -> None:
    path = write(tmp_path, {**BASE, "extends": "qick_start"})
    with pytest.raises(InputError, match=r"extends: there is no file 'qick_start'.*did you mean 'quick_start'"):
        load_request(path)


def test_a_mistake_is_reported_in_the_file_that_makes_it(tmp_path: Path) -> None:
    broken = {**BASE, "sites": {"oslo": site(pue="0.5")}}
    with pytest.raises(InputError) as refused:
        extended(tmp_path, {"buyer": "No Good"}, base=broken)
    found = {str(problem).split(":")[0].rpartition("/")[2] for problem in refused.value.problems}
    assert found == {"over.yaml", "scenario.yaml"}


# --set


def test_scenario_fields_are_set(tmp_path: Path) -> None:
    asked = changed(tmp_path, "finance/discount_rate=0.1", "name=New name", "sites/oslo/racks=1e2").scenario
    assert asked.finance.discount_rate == Decimal("0.1")
    assert (asked.name, asked.sites["oslo"].racks) == ("New name", Decimal(100))


def test_settings_lie_on_top_of_what_a_scenario_extends(tmp_path: Path) -> None:
    over = {"finance": {"discount_rate": "0.3"}}
    assert extended(tmp_path, over, "finance/discount_rate=0.1").scenario.finance.discount_rate == Decimal("0.1")


def test_later_settings_win(tmp_path: Path) -> None:
    asked = changed(tmp_path, "finance/discount_rate=0.1", "finance/discount_rate=0.2").scenario
    assert asked.finance.discount_rate == Decimal("0.2")


def test_catalogue_fields_are_set(tmp_path: Path) -> None:
    request = changed(
        tmp_path, "catalog/offers/box.purchase/price_usd=275e3", "catalog/accelerators/chip/vendor=other",
        "catalog/throughput/chip/training/rate=500", "catalog/systems/box/average_kw=9.5",
    )  # fmt: skip
    assert request.catalog.offers["box.purchase"].price_usd == Decimal("275e3")
    assert request.catalog.accelerators["chip"].vendor == "other"
    assert [point.rate for point in request.catalog.points("chip", "training")] == [500]
    assert request.catalog.systems["box"].average_kw == Decimal("9.5")


def test_a_list_item_goes_by_its_number(tmp_path: Path) -> None:
    asked = changed(tmp_path, "fleet/1/count=9", "limits/0/at_most=3").scenario
    assert {(item.site, item.count) for item in asked.fleet} == {("oslo", 5), ("paris", 9)}
    assert asked.limits[0].at_most == 3


def test_a_list_may_grow_by_one(tmp_path: Path) -> None:
    asked = changed(tmp_path, "fleet/2={system: box, site: oslo, count: 1}").scenario
    assert len(asked.fleet) == 3


@pytest.mark.parametrize(
    ("setting", "read"),
    [
        ("sites/oslo/power_mw=5", Decimal(5)),
        ("sites/oslo/power_mw={2025q1: 5, 2025q2: 6}", {"2025q1": Decimal(5), "2025q2": Decimal(6)}),
    ],
)
def test_a_value_may_be_a_schedule(tmp_path: Path, setting: str, read: Any) -> None:
    assert changed(tmp_path, setting).scenario.sites["oslo"].power_mw == read


def test_a_value_may_hold_an_equals_sign(tmp_path: Path) -> None:
    assert changed(tmp_path, "name=a=b").scenario.name == "a=b"


def test_a_new_entry_may_be_set(tmp_path: Path) -> None:
    assert changed(tmp_path, "budget/opex_usd/2025=5e6").scenario.budget.opex_usd == {"2025": Decimal("5e6")}


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("finance/discount_rat=0.1", "unknown key 'discount_rat'; did you mean 'discount_rate'?"),
        ("finanse/discount_rate=0.1", "unknown key 'finanse'; did you mean 'finance'?"),
        ("finance/discount_rate=high", "finance.discount_rate"),
        ("finance/discount_rate=-1", "finance.discount_rate must be at least 0 (got -1)"),
        ("sites/oslo/pue=0.5", "sites.oslo.pue must be at least 1 (got 0.5)"),
        ("demand/train/workload=trainig", "there is no workload 'trainig'; did you mean 'training'?"),
        ("fleet/7/count=3", "there is no item 7"),
        ("finance=0.1", "finance"),
        ("finance/discount_rate", "must be KEY=VALUE"),
        ("=5", "must be KEY=VALUE"),
        ("finance//discount_rate=5", "must be KEY=VALUE"),
        ("name=[a", "not valid YAML"),
        ("catalog/offers/box.purchase/price_usd=0", "is zero"),
        ("catalog/offers/box.purchase/prise_usd=1", "did you mean 'price_usd'?"),
        ("catalog/offers/box.purchas/price_usd=1", "box.purchas"),
        ("catalog/accelerators/chipp/vendor=x", "chipp"),
        ("catalog/nothing/x=1", "nothing"),
    ],
)
def test_a_wrong_setting_is_refused_and_named(tmp_path: Path, setting: str, says: str) -> None:
    found = problems(tmp_path, setting)
    assert any(says in problem for problem in found), found
    assert any(problem.startswith(f"--set {setting}") for problem in found), found


def test_wrong_settings_come_all_at_once(tmp_path: Path) -> None:
    assert len(problems(tmp_path, "finance/discount_rate=x", "finance/discount_rat=1", "nothing")) == 3


def test_settings_are_part_of_the_plan(tmp_path: Path) -> None:
    """What a plan holds is the effective scenario, without `extends`."""
    text = as_text(extended(tmp_path, {"name": "mine"}, "finance/discount_rate=0.11").scenario)
    assert text["finance"]["discount_rate"] == "0.11"
    assert "extends" not in text
