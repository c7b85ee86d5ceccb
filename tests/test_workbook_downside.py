"""Downside: each figure is what the same plan costs with the same change of its inputs, and the sheet follows edits."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Iterable
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import workbook_plans as plans
from openpyxl.workbook import Workbook
from workbook_cells import named, place_of
from workbook_edits import EDITS, OVERRIDES, Value, changed, edited_cells, recalculated
from workbook_page import Page
from workbook_pricing import Case, Pricing

from catalogs.periods import GROWTH
from optimizer.plan.format import Plan
from optimizer.plan.recost import recost
from optimizer.planning import make_plan
from optimizer.request.load import find_scenario, load_request
from optimizer.solving.solution import Options
from optimizer.workbook import write_workbook
from optimizer.workbook.sheets.downside import DRIVERS
from optimizer.workbook.sheets.downside_parts import ELECTRICITY, PRICES, RATE, RENTS, RESIDUAL, UTILISATION
from optimizer.workbook.sheets.input_downside import CHANGES

pytestmark = pytest.mark.usefixtures("in_process")
FIRST_LEVEL, PLAN = 3, 7
SIGNED = ".signed"
"""How the offers of commitments are called where they must keep their prices."""
Tree = dict[str, Any]


# The same changes of the inputs, in the text of a scenario and catalogue


def scaled(raw: Any, factor: Decimal) -> Any:
    """A number or schedule times a factor; what it grows by stays."""
    if isinstance(raw, dict):
        return {key: value if key in GROWTH else scaled(value, factor) for key, value in raw.items()}
    return None if raw is None else str(Decimal(str(raw)) * factor)


def _fields(entries: Iterable[Tree], factor: Decimal, *fields: str) -> None:
    for entry in entries:
        entry.update({field: scaled(entry[field], factor) for field in fields if field in entry})


def prices(of: Tree, factor: Decimal) -> None:
    bought = [o for key, o in of["catalog"]["offers"].items() if o["route"] == "purchase" and not key.endswith(SIGNED)]
    _fields(bought, factor, "price_usd")


def rents(of: Tree, factor: Decimal) -> None:
    offers = [offer for key, offer in of["catalog"]["offers"].items() if not key.endswith(SIGNED)]
    _fields(offers, factor, "usd_per_accelerator_hour")


def electricity(of: Tree, factor: Decimal) -> None:
    _fields(of["scenario"]["sites"].values(), factor, "electricity_usd_per_mwh")


def utilisation(of: Tree, factor: Decimal) -> None:
    _fields(of["catalog"]["systems"].values(), factor, "average_kw")


def residual(of: Tree, factor: Decimal) -> None:
    """The share left at the end of every period of an age, as a table of its own."""
    finance, ages = of["scenario"]["finance"], [Decimal(month) / 12 for month in range(1, 12 * 15)]
    shares = Pricing.residual
    curve = {age: Decimal(str(shares(_Finance(finance), float(age)))) for age in ages}
    finance["residual"] = {str(age): str(share * factor) for age, share in curve.items()}


class _Finance(Pricing):
    """Only what the share left depends on."""

    def __init__(self, finance: Tree) -> None:
        self.finance = finance


def rate(of: Tree, factor: Decimal) -> None:
    _fields([of["scenario"]["finance"]], factor, "discount_rate")


MOVES: dict[str, Callable[[Tree, Decimal], None]] = {
    PRICES: prices, RENTS: rents, ELECTRICITY: electricity, UTILISATION: utilisation, RESIDUAL: residual, RATE: rate,
}  # fmt: skip


def signed_apart(offers: Iterable[str], catalog: Tree) -> None:
    """Commitments keep their prices: their offers stand once more under names of their own."""
    for offer in set(offers):
        catalog["offers"][offer + SIGNED] = copy.deepcopy(catalog["offers"][offer])


def moved_case(case: Case, move: Callable[[Tree, Decimal], None], share: float) -> float:
    """What the reference says that a hand-made plan costs."""
    scenario, catalog = copy.deepcopy(case.scenario), copy.deepcopy(case.catalog)
    signed_apart((entry.offer for entry in case.entries if entry.commitment), catalog)
    entries = tuple(replace(e, offer=e.offer + SIGNED) if e.commitment else e for e in case.entries)
    move({"scenario": scenario, "catalog": catalog}, 1 + Decimal(str(share)))
    return Pricing(replace(case, scenario=scenario, catalog=catalog, entries=entries)).npv


def moved_plan(plan: Plan, move: Callable[[Tree, Decimal], None], share: float) -> float:
    """What the optimiser's own re-costing says that a plan costs."""
    decisions = plan.model_dump(mode="json")
    scenario, catalog = copy.deepcopy(plan.scenario), copy.deepcopy(plan.catalog)
    signed_apart((row["offer"] for row in decisions["orders"] if row["commitment"]), catalog)
    for row in [*(row for row in decisions["orders"] if row["commitment"]), *scenario.get("commitments", ())]:
        row["offer"] += SIGNED
    move({"scenario": scenario, "catalog": catalog}, 1 + Decimal(str(share)))
    return float(recost(decisions, scenario, catalog).objective_usd)


def of_chip(accelerator: str) -> Callable[[Tree, Decimal], None]:
    """A chip's price rises: what its systems cost to buy, not their network, and its rents."""

    def move(of: Tree, factor: Decimal) -> None:
        systems, offers = of["catalog"]["systems"], of["catalog"]["offers"]
        own = {key: each for key, each in offers.items() if systems[each["system"]]["accelerator"] == accelerator}
        prices({"catalog": {"offers": own}}, factor)
        rents({"catalog": {"offers": own}}, factor)

    return move


# The sheet


def table(value: Value, row: int) -> dict[str, list[float]]:
    """Cost by assumption at each change."""
    return {
        driver: [value("Downside", row + n, FIRST_LEVEL + i) for i in range(len(CHANGES))]
        for n, driver in enumerate(DRIVERS)
    }


def top(book: Workbook) -> int:
    """The first row of the table."""
    return next(cell.row for cell in book["Downside"]["A"] if cell.value == PRICES)


def shown(path: Path) -> dict[str, list[float]]:
    values = openpyxl.load_workbook(path, data_only=True)
    return table(lambda title, row, column: values[title].cell(row, column).value, top(values))


def dearer(values: Workbook) -> dict[str, float]:
    """What the plan costs if an accelerator's price rises, by accelerator, as Downside says."""
    rows = list(values["Downside"].iter_rows(values_only=True))
    top = next(i for i, row in enumerate(rows) if row[0] == "If the price of one accelerator rises")
    below = rows[top + 4 :]
    return {str(row[0]): row[7] for row in below[: [row[0] for row in below].index(None)]}


def on_summary(values: Workbook, plan: Plan) -> dict[str, float]:
    """By how many USD the cost rises, by the names of accelerators that Summary lists; in their order."""
    page, per_usd = Page(values), float(plan.scenario["currency"]["per_usd"])
    found = {}
    for accelerator in dearer(values):
        name = plan.catalog["accelerators"][accelerator].get("name", accelerator)
        for place in ("our sites", "hosted"):
            with contextlib.suppress(AssertionError):
                last = page.figures(f"{name}, {place}", "Accelerator-hour")[-1]
                found[accelerator] = float(last) * 1e6 / per_usd  # type: ignore[arg-type]
    return found


def close(usd: float, scale: float) -> Any:
    return pytest.approx(usd, rel=1e-9, abs=1e-9 * scale)


def heavy(name: str) -> Any:
    return pytest.param(name, marks=pytest.mark.slow)


CASES: dict[str, Callable[[], Case]] = {
    "worked": plans.worked_example,
    "rich": plans.rich,
    "straight": lambda: plans.taxed("straight_line"),
    "bonus": lambda: plans.taxed("bonus"),
    "untaxed": lambda: plans.rich().edited({"scenario/finance": _untaxed("book")}),
}


def _untaxed(rule: str) -> Tree:
    finance = {key: value for key, value in plans.rich().scenario["finance"].items() if key != "tax"}
    return {**finance, "residual": rule, "owed_after_horizon": "in_full"}


@pytest.mark.parametrize("name", ["worked", "rich", "straight", heavy("bonus"), heavy("untaxed")])
def test_each_figure_is_the_cost_of_the_same_plan_by_plain_loops(name: str, tmp_path: Path) -> None:
    case = CASES[name]()
    path = tmp_path / "plan.xlsx"
    write_workbook(plans.plan_of(case), path)
    now = Pricing(case)
    scale = sum(abs(usd) for line in now.costs.values() for usd in line)
    for driver, costs in shown(path).items():
        expected = [moved_case(case, MOVES[driver], share) for share in CHANGES]
        assert costs == [close(usd, scale) for usd in expected], driver
        assert name == "worked" or abs(expected[0] - now.npv) > 1.0, f"{driver} moves the rich plan"


@pytest.mark.parametrize("name", ["worked", "rich", "straight", "bonus", "untaxed"])
def test_a_dearer_chip_is_the_same_on_both_sheets_and_by_plain_loops(name: str, tmp_path: Path) -> None:
    """Price and rents of one accelerator alone, with the tax on them and what is then missing of a frame."""
    case = CASES[name]()
    plan, path = plans.plan_of(case), tmp_path / "plan.xlsx"
    write_workbook(plan, path)
    now, values = Pricing(case), openpyxl.load_workbook(path, data_only=True)
    scale = sum(abs(usd) for line in now.costs.values() for usd in line)
    costs = dearer(values)
    assert costs == {chip: close(moved_case(case, of_chip(chip), 0.1), scale) for chip in costs}
    shown = on_summary(values, plan)
    assert shown == {chip: close(costs[chip] - now.npv, scale) for chip in shown}
    assert shown
    assert named(values, "cost_if_leading_price_rises_usd") == max(costs.values())


@cache
def planned(name: str) -> Plan:
    return make_plan(load_request(find_scenario(name), ()), Options(gap=0.05)).plan


@pytest.mark.parametrize("name", ["quick_start", heavy("japan_2025"), heavy("meta_2025"), heavy("oracle_2025")])
def test_each_figure_is_what_recosting_says(name: str, tmp_path: Path) -> None:
    plan, path = planned(name), tmp_path / "plan.xlsx"
    write_workbook(plan, path)
    scale = sum(abs(usd) for line in plan.costs.values() for usd in line.values())
    for driver, costs in shown(path).items():
        assert costs == [close(moved_plan(plan, MOVES[driver], share), scale) for share in CHANGES], driver
    values = openpyxl.load_workbook(path, data_only=True)
    rises, page = dearer(values), on_summary(values, plan)
    assert rises == {chip: close(moved_plan(plan, of_chip(chip), 0.1), scale) for chip in rises}
    assert page == {chip: close(rises[chip] - plan.objective_usd, scale) for chip in page}
    assert named(values, "cost_if_leading_price_rises_usd") == rises[str(named(values, "leading_accelerator"))]


def test_the_table_follows_edits_and_overrides(tmp_path: Path) -> None:
    """Other prices, rates and orders: every figure is that of the edited plan; and of other changes of its inputs."""
    path, names = tmp_path / "rich.xlsx", ["discount_rate", "rent", "frame_spend", "deposit", "systems", "fleet"]
    assert set(names) <= EDITS.keys() | OVERRIDES.keys()
    write_workbook(plans.plan_of(plans.rich()), path)
    book = openpyxl.load_workbook(path)
    edits = [*edited_cells(book, names), (*place_of(book, "downside_change_4"), 0.4)]
    live, case = recalculated(path, edits), changed(names)
    scale = sum(abs(usd) for line in Pricing(case).costs.values() for usd in line)
    for driver, costs in table(live, top(book)).items():
        moved = [moved_case(case, MOVES[driver], share) for share in (*CHANGES[:-1], 0.4)]
        assert costs == [close(usd, scale) for usd in moved], driver
