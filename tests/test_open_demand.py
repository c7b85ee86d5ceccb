"""Demands with a value and no amount: as much is done as pays, bounded by power, supply and money."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest
from builders import EXACT, Tree, catalog, load, model, plan, site, tables, write
from procurement_requests import asked, bought, boxes, buy, chip, flows, rent, total
from test_brute_force_whole import check_against_plain_model
from test_golden_rows import lp_rows
from test_properties import few_and_many, planned
from test_workbook_back import Edit, edited
from whole_requests import DrawWhole, drawn
from workbook_cells import named

from catalogs.problems import InputError
from optimizer.audit import audit
from optimizer.explain import explain
from optimizer.infeasible.repair import repair
from optimizer.planning import make_plan
from optimizer.request.load import load_request
from optimizer.solving.solution import Options
from optimizer.workbook import write_workbook
from optimizer.workbook.back import reopened
from optimizer.workbook.check import check_workbook

pytestmark = pytest.mark.usefixtures("in_process")
HOURS = 2190
BOX_WORTH = 70_080
"""3,200 of work by a box, at 0.01 USD a unit and hour, 2,190 hours."""
PLAIN_INSTANCES = 8
AVAILABLE = {"availability": 1}
BOUGHT = catalog(chip("chip", {"buy": buy(10_000)}))
RENTED = catalog(chip("chip", {"rent": rent(1)}))


def fits(value: Any = "0.01", **more: Any) -> Tree:
    """A demand for as much as fits."""
    return {"workload": "training", "value_usd_per_unit_hour": value, **more}


def wanted(count: int = 1, power: Any = "0.05", **parts: Any) -> Tree:
    """A scenario whose hall has room for 4 boxes of 12 kW at the meter, if it says nothing else."""
    hall = {"oslo": site(power, electricity_usd_per_mwh=0)}
    base: Tree = {"objective": "maximize_value", "assumptions": AVAILABLE, "sites": hall, "demand": {"train": fits()}}
    return asked(count, **{**base, **parts})


# plans by hand


def test_power_bounds_it(tmp_path: Path) -> None:
    """0.05 MW hold 4 boxes of 0.012 MW: 4 · 70,080 USD of work for 4 · 10,000 USD of boxes."""
    made = plan(tmp_path, wanted(), BOUGHT)
    assert bought(made) == {("chip.buy", "2025q1"): 4}
    assert made.objective_usd == pytest.approx(4 * 10_000 - 4 * BOX_WORTH)
    assert flows(made, "value_usd") == pytest.approx([-4 * BOX_WORTH])
    assert not made.unmet
    assert not [row for row in made.limits if row.row.startswith("serve_demand")]


def test_supply_bounds_it(tmp_path: Path) -> None:
    """8 chips a month are 3 boxes a quarter."""
    made = plan(tmp_path, wanted(power=100, supply_per_month={"chip": 8}), BOUGHT)
    assert bought(made) == {("chip.buy", "2025q1"): 3}


def test_money_bounds_it(tmp_path: Path) -> None:
    """A rented box costs 17,520 USD a quarter, so that 100,000 pay for 5 and a part; nothing else bounds them."""
    made = plan(tmp_path, wanted(budget={"opex_usd": {"each_period": 100_000}}), RENTED)
    assert bought(made) == {("chip.rent", "2025q1"): 5}


def test_what_does_not_pay_is_not_done(tmp_path: Path) -> None:
    """A box that earns 70,080 USD is not bought for more."""
    made = plan(tmp_path, wanted(), catalog(chip("chip", {"buy": buy(70_081)})))
    assert not made.orders
    assert made.objective_usd == 0


def test_it_stands_beside_work_that_must_be_done(tmp_path: Path) -> None:
    """Two of the four boxes do what is asked for, the others what pays; a value may begin later."""
    demand = {"must": boxes(2), "train": fits({"2025q2": "0.01"})}
    made = plan(tmp_path, wanted(2, demand=demand), catalog(chip("chip", {"buy": buy(10_000)})))
    assert bought(made) in (
        {("chip.buy", "2025q1"): 2, ("chip.buy", "2025q2"): 2}, {("chip.buy", "2025q1"): 4},
    )  # fmt: skip
    assert flows(made, "value_usd") == pytest.approx([0, -2 * BOX_WORTH])


def test_a_cluster_of_it_is_filled_or_not_run(tmp_path: Path) -> None:
    """Room for 32 chips at one place: enough for a cluster of 24, not of 40."""
    enough = plan(tmp_path / "24", wanted(demand={"train": fits(cluster={"accelerators": 24})}), BOUGHT)
    assert total(enough, "value_usd") == pytest.approx(-4 * BOX_WORTH)
    none = plan(tmp_path / "40", wanted(demand={"train": fits(cluster={"accelerators": 40})}), BOUGHT)
    assert not none.work


def test_its_software_is_brought_once_for_all_that_runs_on_it(tmp_path: Path) -> None:
    """Two chips of one stack, two boxes of each to be had: all four work once it is ported, which is paid once."""
    known = catalog(*(chip(name, {"buy": buy(10_000)}) for name in ("one", "two")))
    demand = {"train": fits(stacks={"cuda": {"usd": 100_000, "months": 0}})}
    supply = {"one": "5.4", "two": "5.4"}  # 16.2 chips a quarter
    made = plan(tmp_path, wanted(demand=demand, supply_per_month=supply), known)
    assert made.objective_usd == pytest.approx(100_000 + 4 * 10_000 - 4 * BOX_WORTH)


def test_rows_of_the_model(tmp_path: Path) -> None:
    """The most that can be done are five systems at a time, 16,000 of work: 3,200 of it is 200 thousandths.

    Five: one order is never more than 4, and its variable one system wider.
    """
    built = model(tmp_path, wanted(), BOUGHT)
    assert lp_rows(built, tmp_path)["count_served"] == [
        "count_served(train,2025q1): - 200 run(chip_box,oslo,train,2025q1) + served(train,2025q1) = 0"
    ]
    assert "serve_demand" not in lp_rows(built, tmp_path)


def test_bounds_are_those_of_power_supply_and_money(tmp_path: Path) -> None:
    parts: Tree = {"power": "1.2", "supply_per_month": {"chip": 80}, "budget": {"capex_usd": {"total": 90_000}}}
    for i, most in enumerate((9, 30, 100)):  # 90,000 of 10,000; 80 · 3 / 8; 1.2 MW of 0.012
        (order,) = [c for c in tables(tmp_path / str(i), wanted(**parts), BOUGHT).cohorts if not c.committed]
        assert order.systems == most
        parts.pop(sorted(parts)[0] if i == 0 else "supply_per_month", None)


# how it is refused


def test_what_nothing_bounds_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nothing bounds how much of it there may be: .* limits chip\.rent; give"):
        load_and_tabulate(tmp_path / "rent", wanted(), RENTED)
    load_and_tabulate(tmp_path / "here", wanted(demand={"train": fits(sites=["oslo"])}), RENTED)
    supplied = catalog(chip("chip", {"rent": rent(1, supply_systems_per_month=2)}))
    load_and_tabulate(tmp_path / "supply", wanted(), supplied)


def load_and_tabulate(folder: Path, scenario: Tree, known: Tree) -> None:
    tables(folder, scenario, known)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"objective": "minimize_cost"}, "demand.train needs one of per_second and by_deadline_unit_hours"),
        ({"demand": {"train": {"workload": "training"}, "other": fits()}}, "demand.train needs one of"),
        (
            {"demand": {"train": fits(unmet_usd_per_unit_hour=1)}},
            "has no meaning without per_second",
        ),
    ],
)
def test_an_amount_is_needed_without_a_value(tmp_path: Path, parts: Tree, message: str) -> None:
    with pytest.raises(InputError, match=message):
        load(tmp_path, wanted(**parts), BOUGHT)


def test_the_audit_counts_all_of_its_work(tmp_path: Path) -> None:
    made = plan(tmp_path, wanted(), BOUGHT)
    tree = made.model_dump(mode="json")
    tree["work"][0]["systems"] = 3.0
    assert any("value_usd" in finding or "objective" in finding for finding in audit(tree).findings)
    left = made.model_dump(mode="json")
    left["unmet"] = [{"demand": "train", "period": "2025q1", "per_second": 5.0, "usd": 0.0}]
    assert [f for f in audit(left).findings if f.startswith("unmet_has_price")], audit(left).findings


# levers


def test_a_little_more_power_is_worth_a_box(tmp_path: Path) -> None:
    """0.0594 MW hold 4 boxes; 1 % more are 0.059994, 2 % … 5 boxes take 0.06: a whole box comes with 10 % more."""
    made = plan(tmp_path, wanted(power="0.0594"), BOUGHT)
    (power,) = [row for row in explain(made).limits if row.limit == "power at oslo"]
    changes = {move.percent: move.change_usd for move in power.moves}
    assert max(changes) >= 5
    assert changes[max(changes)] is not None


def test_what_else_is_asked_for_can_be_repaired(tmp_path: Path) -> None:
    """The open work asks for nothing, so what is short is what the other lacks: a box of 0.012 MW."""
    demand = {"must": boxes(5), "train": fits()}
    path = write(tmp_path, wanted(demand=demand), BOUGHT)
    report = repair(load_request(path), Options())
    assert "+0.01 MW of power at oslo from 2025q1" in [option.words for option in report.repairs]
    for option in report.repairs:
        assert make_plan(load_request(path, option.settings), Options()).plan.audit.ok


# random requests


class DrawOpen(DrawWhole):
    """A random request whose first demand has a value and asks for no amount."""

    def scenario(self, known: Tree) -> Tree:
        asked = super().scenario(known)
        asked["objective"] = "maximize_value"
        first = next(iter(asked["demand"]))
        kept = {key: asked["demand"][first][key] for key in ("workload", "sites") if key in asked["demand"][first]}
        usd = self.random.randint(1, 40) * 1000 // self.months + 1
        asked["demand"][first] = {**kept, "value_usd_per_unit_hour": usd}
        for file in known.values():
            for offer in file.get("offers", {}).values():
                if "host" in offer:
                    offer.setdefault("supply_systems_per_month", 2)
        return asked


@pytest.mark.parametrize("number", [
    1, 4, 5, *(pytest.param(number, marks=pytest.mark.slow) for number in (0, 2, 3, *range(6, PLAIN_INSTANCES))),
])  # fmt: skip
def test_plain_model_agrees(tmp_path: Path, number: int) -> None:
    check_against_plain_model(tmp_path, f"plain open {number}", DrawOpen)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(1000, 1300))
def test_plain_model_agrees_many_times(tmp_path: Path, number: int) -> None:
    check_against_plain_model(tmp_path, f"plain open {number}", DrawOpen)


@few_and_many
def test_it_is_as_good_as_asking_for_more_than_can_be_done(seed: int) -> None:
    """The same plan serves a demand that nothing could meet in full, with the same value."""
    for i in range(100):
        found = drawn(f"open law {seed} {i}", large=False, kind=DrawOpen)
        made = planned(found[0], found[1], EXACT) if found else None
        if found and made:
            break
    assert found is not None
    assert made is not None
    scenario, known, _ = found
    first = next(iter(scenario["demand"]))
    done = max((row.work_per_second for row in made.work if row.demand == first), default=1.0)
    more = {**scenario["demand"][first], "per_second": round(100 * done) + 1000}
    closed = planned({**scenario, "demand": {**scenario["demand"], first: more}}, known, EXACT)
    assert closed is not None
    assert made.objective_usd == pytest.approx(closed.objective_usd, rel=1e-6, abs=2)


# the workbook


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory, in_process: None) -> Path:  # noqa: ARG001
    folder = tmp_path_factory.mktemp("open")
    demand = {
        "must": boxes(1),
        "train": fits({"2025q1": "0.01", "2025q2": "0.02"}),
        "other": fits("0.001", sites=["oslo"]),
    }
    made = plan(folder, wanted(2, demand=demand), BOUGHT)
    path = folder / "plan.xlsx"
    write_workbook(made, path)
    write_workbook(made, folder / "ja.xlsx", language="ja")
    assert not check_workbook(folder / "ja.xlsx")
    return path


def test_the_workbook_values_all_work(original: Path) -> None:
    assert not check_workbook(original)
    values = openpyxl.load_workbook(original, data_only=True)
    assert named(values, "master_check") == 0
    cash = values["Cash"]
    rows = {(cash.cell(r, 1).value, cash.cell(r, 2).value): r for r in range(8, cash.max_row + 1)}
    served = rows["Work served", "train"]
    assert [cash.cell(served, column).value for column in (9, 10)] == pytest.approx([9_600, 9_600])
    assert ("Demand", "train") not in {
        (row[0].value, row[1].value) for row in values["Inputs"].iter_rows(min_row=8, max_col=2)
    }


def test_a_value_edited_comes_back(original: Path, tmp_path: Path) -> None:
    edit: Edit = ("Inputs", "Value of work", "train", "", 2, 0.03)
    request = reopened(edited(original, tmp_path, edit)).request
    assert request.scenario.demand["train"].is_open
    assert {k: str(v) for k, v in dict(request.scenario.demand["train"].value_usd_per_unit_hour or {}).items()} == {  # type: ignore[arg-type]
        "2025q1": "0.01", "2025q2": "0.03",
    }  # fmt: skip
