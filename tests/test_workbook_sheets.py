"""Purchase orders, Capacity, Supply, Limits, Summary: figures by hand, and what they show after an edit."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import workbook_plans as plans
from openpyxl.utils.cell import coordinate_to_tuple
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet
from workbook_edits import recalculated
from workbook_page import Page
from workbook_pricing import Case, Pricing

from optimizer.plan.format import LimitRow, Plan
from optimizer.workbook import WorkbookError, write_workbook
from optimizer.workbook.sheets.contents import SHEETS
from optimizer.workbook.writing.styles import CHART_COLOURS

FIRST = 9
SOFFICE = shutil.which("soffice")
Edits = dict[tuple[str, int, int], float]
"""Edited cells: value by sheet, row and column."""


def limited() -> Case:
    """The rich plan with limited accelerators, offers and a pool; all of it within the limits."""
    return plans.rich().edited(
        {
            "scenario/supply_per_month": {
                "b200": {"2025q1": "300", "2026q1": "1200"},
                "h100": "400",
                "own_chip": "500",
            },
            "scenario/pools_per_month": {"cowos_wafers": {"forecast": "analyst", "share": "0.1"}},
            "catalog/pools": {
                "cowos_wafers": {"unit": "wafer", "forecasts": {"analyst": {"2025": "1000", "2026": "2000"}}}
            },
            "catalog/accelerators/b200/draws": {"cowos_wafers": "0.05"},
            "catalog/accelerators/h100/draws": {"cowos_wafers": "0.03"},
            "catalog/offers/mi355x.lease/supply_systems_per_month": "25",
            "catalog/offers/tpu.reserved/supply_systems_per_month": {"2025q1": "1"},
        }
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sheets")


def written(case: Case, path: Path) -> Path:
    write_workbook(plans.plan_of(case), path)
    return path


@pytest.fixture(scope="module")
def limited_path(folder: Path) -> Path:
    return written(limited(), folder / "limited.xlsx")


@pytest.fixture(scope="module")
def worked_path(folder: Path) -> Path:
    return written(plans.worked_example(), folder / "worked.xlsx")


@pytest.fixture(scope="module")
def values(limited_path: Path) -> Workbook:
    return openpyxl.load_workbook(limited_path, data_only=True)


@pytest.fixture(scope="module")
def worked(worked_path: Path) -> Workbook:
    return openpyxl.load_workbook(worked_path, data_only=True)


@cache
def as_written(path: Path) -> Workbook:
    """A workbook with its formulas; tests only look."""
    return openpyxl.load_workbook(path)


class Live:
    """A workbook after edits, as formualizer calculates it; lines stand where they stood."""

    def __init__(self, path: Path, edits: Edits) -> None:
        self.book = as_written(path)
        self._value = recalculated(path, [(*where, value) for where, value in edits.items()])

    def at(self, sheet: str, row: int, column: int) -> Any:
        return self._value(sheet, row, column)

    def named(self, name: str) -> Any:
        sheet, cell = self.book.defined_names[name].attr_text.split("!")
        return self.at(sheet.strip("'"), *coordinate_to_tuple(cell.replace("$", "")))

    def across(self, sheet: str, *names: str) -> list[float]:
        row = line(self.book[sheet], *names)
        return [self.at(sheet, row, FIRST + i) for i in range(self.book[sheet].max_column - FIRST + 1)]

    def check(self, label: str) -> tuple[float, int]:
        """Value and result of a check."""
        sheet = self.book["Checks"]
        (row,) = [row for row in range(5, sheet.max_row + 1) if sheet.cell(row, 1).value == label]
        return self.at("Checks", row, 2), self.at("Checks", row, 5)


def line(sheet: Worksheet, label: str, item: str = "", place: str = "") -> int:
    """The row of a line by label, item and place."""
    rows = range(8, sheet.max_row + 1)
    found = [row for row in rows if [sheet.cell(row, c).value or "" for c in (1, 2, 3)] == [label, item, place]]
    found = [row for row in found if sheet.cell(row, 4).value]
    assert len(found) == 1, (label, item, place, found)
    return found[0]


def across(book: Workbook, sheet: str, *names: str) -> list[Any]:
    row = line(book[sheet], *names)
    return [book[sheet].cell(row, FIRST + i).value for i in range(book[sheet].max_column - FIRST + 1)]


def override(path: Path, offer: str, place: str, period: int, systems: float) -> Edits:
    row = line(as_written(path)["Orders"], "Override", offer, place)
    return {("Orders", row, FIRST + period - 1): systems}


def table(book: Workbook, sheet: str) -> list[dict[str, Any]]:
    """A list sheet as records; empty rows and what stands below the list are left out."""
    rows = book[sheet].iter_rows(min_row=4, values_only=True)
    header = next(rows)
    found = []
    for row in rows:
        if row[0] is None:
            break
        found.append(dict(zip(header, row, strict=True)))
    return found


# Purchase orders, of the rich plan in EUR
EUR = 0.92


def test_purchase_orders_list_the_plan_by_date_of_order(values: Workbook) -> None:
    plan, rows = plans.plan_of(limited()), table(values, "Purchase orders")
    orders = [order for order in plan.orders if order.enters_service >= "2025q1"]  # what is running was ordered before
    assert len(rows) == len(orders) == len(plan.orders) - 3 == 22
    assert [row["Order date"] for row in rows] == sorted(row["Order date"] for row in rows)
    assert sum(row["Systems"] for row in rows) == sum(order.systems for order in orders)
    assert sum(row["Accelerators"] for row in rows) == sum(order.accelerators for order in orders)
    capex = sum(row["Capex with network, EUR"] for row in rows)
    assert capex == pytest.approx(sum(order.capex_usd for order in orders) * EUR)
    assert [row["Commitment"] for row in rows].count("yes") == 4


def test_a_purchase_order_by_hand(worked: Workbook) -> None:
    """10 systems of 8 at 300,000 USD, no lead time, no deposit, no network; five years of service."""
    first = table(worked, "Purchase orders")[0]
    assert first["Order date"] == first["Enters service"] == datetime(2025, 1, 1)
    assert first["Last day of service"] == datetime(2029, 12, 31)
    assert (first["Systems"], first["Accelerators"], first["Unit price, USD/system"]) == (10, 80, 300_000)
    assert first["Capex with network, USD"] == 3_000_000
    assert (first["Deposit due at order, USD"], first["Balance due on entering service, USD"]) == (0, 3_000_000)


def test_price_breaks_deposits_and_rents_of_purchase_orders(values: Workbook) -> None:
    """dgx_h100: ordered two quarters ahead, 70 at once at 0.95 of the price; what is rented has no deposit."""
    plan, rows = plans.plan_of(limited()), table(values, "Purchase orders")
    bought = [row for row in rows if row["Route"] == "purchase"]
    for row in bought:
        due = row["Deposit due at order, EUR"] + row["Balance due on entering service, EUR"]
        assert due == pytest.approx(row["Capex with network, EUR"])
    order = next(o for o in plan.orders if o.offer == "dgx_h100.purchase" and o.place == "oslo")
    shown = next(row for row in bought if row["Offer"] == "dgx_h100.purchase" and row["Place"] == "oslo")
    assert shown["Unit price, USD/system"] == pytest.approx(order.price_usd)
    assert shown["Unit price, EUR/system"] == pytest.approx((order.price_usd or 0) * EUR)
    offer = limited().catalog["offers"]["dgx_h100.purchase"]
    deposit = float(offer["deposit_share"]) * (order.price_usd or 0) * order.systems
    assert shown["Deposit due at order, EUR"] == pytest.approx(deposit * EUR)
    rented = next(row for row in rows if row["Offer"] == "mi355x.lease")
    assert rented["Unit price, USD/system"] is None
    hourly = rented["Accelerators"] * rented["Rent, USD/ accelerator-hour"] * EUR
    assert rented["Rent, EUR/hour"] == pytest.approx(hourly)


def test_overrides_and_prices_flow_into_purchase_orders(worked_path: Path, worked: Workbook) -> None:
    """7 systems at 200,000 USD in the first quarter: 1.4 million USD."""
    inputs = line(worked["Inputs"], "Price", "dgx.purchase")
    edits = {**override(worked_path, "dgx.purchase", "north", 1, 7.0), ("Inputs", inputs, FIRST): 200_000.0}
    live = Live(worked_path, edits)
    assert [live.at("Purchase orders", 5, column) for column in (10, 11, 12, 13)] == [7, 56, 200_000, 1_400_000]
    assert live.check("Purchase orders list every order") == (0, 0)


def test_an_order_that_purchase_orders_does_not_list_fails_a_check(limited_path: Path) -> None:
    """There is no order of nvl72 at oslo in period 7; 3 systems by override stand in no row."""
    live = Live(limited_path, override(limited_path, "nvl72.purchase", "oslo", 7, 3.0))
    assert live.check("Purchase orders list every order") == (-3, 1)


def test_purchase_orders_can_be_filtered(limited_path: Path) -> None:
    sheet = openpyxl.load_workbook(limited_path)["Purchase orders"]
    assert sheet.auto_filter.ref == "A4:Y26"  # the last two are those of its accounts
    assert not sheet.protection.autoFilter


def test_a_price_in_the_plan_that_the_offer_does_not_have_is_refused(folder: Path) -> None:
    plan = plans.plan_of(plans.worked_example())
    wrong = plan.orders[0].model_copy(update={"capex_usd": 3_000_001.0})
    with pytest.raises(WorkbookError, match=r"capex of dgx\.purchase at north, entering service in 2025q1"):
        write_workbook(plan.model_copy(update={"orders": (wrong, *plan.orders[1:])}), folder / "wrong.xlsx")


# Capacity


def test_capacity_by_hand(worked: Workbook) -> None:
    """Systems do 8 · 400 = 3,200 each; 95 % of 10 and 20 are available, 9.375 and 18.75 at work."""
    assert across(worked, "Capacity", "Demand", "training") == [30_000, 60_000]
    assert across(worked, "Capacity", "Work done", "training") == [30_000, 60_000]
    assert across(worked, "Capacity", "Done of training", "h100") == [30_000, 60_000]
    assert across(worked, "Capacity", "Available", "dgx", "north") == [9.5, 19]
    assert across(worked, "Capacity", "At work", "dgx", "north") == [9.375, 18.75]
    assert across(worked, "Capacity", "Spare", "dgx", "north") == pytest.approx([0.125, 0.25])
    assert across(worked, "Capacity", "Missing, share of demand", "training") == [0, 0]


def test_systems_taken_away_show_what_no_longer_fits(worked_path: Path) -> None:
    """9 instead of 10 in the first quarter: 0.95 · 9 − 9.375 and 0.95 · 19 − 18.75 systems are missing."""
    live = Live(worked_path, override(worked_path, "dgx.purchase", "north", 1, 9.0))
    assert live.across("Capacity", "Spare", "dgx", "north") == pytest.approx([-0.825, -0.7])
    assert live.check("Work fits the systems") == (pytest.approx(-0.825), 1)
    assert live.check("Demand is served")[1] == 0
    assert live.named("master_check") == 1


@pytest.mark.parametrize(
    ("label", "item", "value", "missing"),
    [
        ("Demand", "training", 80_000.0, -0.25),  # 60,000 of 80,000
        ("Throughput, llm_training", "h100", 300.0, -0.25),  # 8 · 300 · 18.75 = 45,000 of 60,000
    ],
)
def test_more_demand_or_less_throughput_leaves_work_missing(
    label: str, item: str, value: float, missing: float, worked_path: Path, worked: Workbook
) -> None:
    live = Live(worked_path, {("Inputs", line(worked["Inputs"], label, item), FIRST + 1): value})
    assert live.across("Capacity", "Missing, share of demand", "training")[1] == pytest.approx(missing)
    assert live.check("Demand is served") == (pytest.approx(missing), 1)
    assert live.named("inputs_edited") == 1


def test_less_availability_leaves_too_few_systems(worked_path: Path, worked: Workbook) -> None:
    row = line(worked["Inputs"], "Availability of systems in service")
    live = Live(worked_path, {("Inputs", row, 5): 0.9})  # 0.9 · 20 − 18.75
    assert live.check("Work fits the systems") == (pytest.approx(-0.75), 1)


def test_work_not_served_counts_as_accounted_for(values: Workbook) -> None:
    """Training asks for 1e6 per second; 50,000 and 20,000 are left at first, 1,000 in the last quarter."""
    assert across(values, "Capacity", "Not served", "training") == [5e4, 2e4, 0, 0, 0, 0, 0, 1e3]
    done = across(values, "Capacity", "Work done", "training")
    assert done == pytest.approx([95e4, 98e4, 1e6, 1e6, 1e6, 1e6, 1e6, 999e3])
    assert across(values, "Capacity", "Done beyond demand", "training") == [0] * 8


def test_deadlines_are_met_in_unit_hours(limited_path: Path, values: Workbook) -> None:
    """2e10 unit-hours by the fourth quarter, spread evenly; at half the throughput half is missing."""
    assert across(values, "Capacity", "Work done so far", "recommending")[:4] == pytest.approx(
        [5e9, 1e10, 1.5e10, 2e10]
    )
    row = line(values["Inputs"], "Throughput, dlrm", "h100")
    live = Live(limited_path, {("Inputs", row, FIRST + i): 1e4 for i in range(8)})
    assert live.check("Deadlines are met") == (pytest.approx(-0.5), 1)


def test_work_that_the_throughput_does_not_give_is_refused(folder: Path) -> None:
    plan = plans.plan_of(plans.worked_example())
    wrong = plan.work[0].model_copy(update={"work_per_second": 30_001.0})
    with pytest.raises(WorkbookError, match="work of dgx at north on training"):
        write_workbook(plan.model_copy(update={"work": (wrong, *plan.work[1:])}), folder / "wrong.xlsx")


# Supply


def test_the_plan_keeps_its_limits(limited_path: Path) -> None:
    assert Live(limited_path, {}).named("master_check") == 0


def test_supply_by_hand(values: Workbook) -> None:
    """b200: 12, 30 and 7 racks of 72, of 300 and then 1,200 a month; its commitments do not count."""
    delivered = across(values, "Supply", "Delivered, all offers", "b200")
    assert delivered == [0, 0, 864, 0, 0, 0, 2160, 504]
    assert across(values, "Supply", "Supply", "b200") == [900] * 4 + [3600] * 4
    assert across(values, "Supply", "Left of accelerator", "b200")[2] == 36
    assert across(values, "Supply", "Ordered", "mi355x.lease") == [0, 60, 0, 0, 33.5, 0, 0, 0]
    assert across(values, "Supply", "Left of offer", "tpu.reserved") == [3, 0, 3, 2, 3, 1, 3, 3]


def test_pools_by_hand(values: Workbook) -> None:
    """Third quarter: 864 · 0.05 + 70 · 8 · 0.03 = 60 wafers of 0.1 · 1,000 · 3."""
    assert across(values, "Supply", "Drawn", "cowos_wafers")[2] == pytest.approx(60)
    assert across(values, "Supply", "Our part of the pool", "cowos_wafers") == pytest.approx([300] * 4 + [600] * 4)


def test_an_override_beyond_supply_fails_its_check(limited_path: Path) -> None:
    """13 racks are 936 accelerators of 900."""
    live = Live(limited_path, override(limited_path, "nvl72.purchase", "prineville", 3, 13.0))
    assert live.across("Supply", "Left of accelerator", "b200")[2] == -36
    assert live.check("Orders stay within supply") == (1, 1)


def test_a_plan_without_limited_supply_says_so(worked: Workbook) -> None:
    assert "Nothing is limited" in [worked["Supply"].cell(row, 1).value for row in range(8, 14)]


# Limits


def limit_rows(book: Workbook) -> dict[str, dict[str, Any]]:
    return {row["Name in the model"]: row for row in table(book, "Limits")}


def test_every_limit_of_the_plan_is_listed_with_its_figures(values: Workbook) -> None:
    shown = limit_rows(values)
    plan = plans.plan_of(limited())
    assert {limit.row for limit in plan.limits} <= set(shown)
    for limit in plan.limits:
        row = shown[limit.row]
        assert (row["Used"], row["Limit"], row["Unit"]) == (
            pytest.approx(limit.used), pytest.approx(limit.limit), limit.unit,
        )  # fmt: skip
        assert row["Left"] == pytest.approx(limit.slack, abs=1e-6 * abs(limit.limit))
        assert row["Figures"].startswith("live") or limit.row == "spend_of_frame(not_worth_it)"  # not signed
    assert shown["serve_demand(serving,2025q4)"]["Limit"] == 3e5
    assert shown["finish_by_deadline(recommending,2025q4)"]["Used"] == pytest.approx(2e10)


def test_what_binds_is_marked(values: Workbook) -> None:
    """3 of 3 systems of tpu.reserved in the second quarter; 60 of 75 leases do not bind."""
    shown = limit_rows(values)
    full = shown["orders_within_offer(tpu.reserved,2025q2)"]
    assert (full["Used, share"], full["Binds (0 or 1)"]) == (1, 1)
    assert full["Price in the relaxation, USD a unit"] == 98.7
    assert shown["orders_within_offer(mi355x.lease,2025q2)"]["Binds (0 or 1)"] == 0
    assert shown["orders_within_offer(tpu.reserved,2025q3)"]["Binds (0 or 1)"] == 0


def test_limits_follow_overrides_and_inputs(limited_path: Path, values: Workbook) -> None:
    """4 systems of 3, and a site with 1 MW: both are exceeded."""
    power = line(values["Inputs"], "Power limit at the meter", "", "oslo")
    edits = override(limited_path, "tpu.reserved", "gcp", 2, 4.0)
    live = Live(limited_path, {**edits, **{("Inputs", power, FIRST + i): 1.0 for i in range(8)}})
    rows = {live.book["Limits"].cell(row, 12).value: row for row in range(5, live.book["Limits"].max_row + 1)}
    assert live.at("Limits", rows["orders_within_offer(tpu.reserved,2025q2)"], 7) == -1
    assert live.at("Limits", rows["power_within_site(oslo,2025q1)"], 6) == 1
    assert live.check("Orders stay within supply") == (1, 1)
    assert live.check("Sites stay within their limits")[1] == 1


def with_limit(plan: Plan) -> Plan:
    """The plan with a limit of the user's, a floor that is just kept."""
    row = LimitRow(
        row="limit(some_amd,amd,total)", unit="systems", used=93.5, limit=93.5, at_least=True, slack=0.0, price_usd=12.0
    )
    return plan.model_copy(update={"limits": (*plan.limits, row)})


def test_limits_of_the_scenario_are_the_optimisers_figures(folder: Path) -> None:
    path = folder / "user.xlsx"
    write_workbook(with_limit(plans.plan_of(limited())), path)
    book = openpyxl.load_workbook(path)
    sheet = book["Limits"]
    (row,) = [row for row in range(5, sheet.max_row + 1) if str(sheet.cell(row, 12).value).startswith("limit(")]
    assert (sheet.cell(row, 1).value, sheet.cell(row, 2).value) == ("Limit of the scenario", "some_amd, amd")
    assert sheet.cell(row, 11).value == "optimiser's, static"
    assert {sheet.cell(row, column).style for column in (5, 6)} == {"Optimiser value"}
    worth = Page(openpyxl.load_workbook(path, data_only=True)).figures("Limit of the scenario: some_amd")
    assert worth[-2:] == pytest.approx([12.0 * 93.5 * 0.01 * EUR / 1e6, 0.01])


def test_a_limit_that_the_sheets_do_not_confirm_is_refused(folder: Path) -> None:
    plan = plans.plan_of(limited())
    at = next(i for i, row in enumerate(plan.limits) if row.row == "racks_within_site(prineville,2025q3)")
    limits = list(plan.limits)
    limits[at] = limits[at].model_copy(update={"used": limits[at].used + 1})
    with pytest.raises(WorkbookError, match="racks_within_site"):
        write_workbook(plan.model_copy(update={"limits": tuple(limits)}), folder / "wrong.xlsx")


# Summary


def summary(book: Workbook) -> dict[Any, Any]:
    return {row[0]: row[1] for row in book["Summary"].iter_rows(min_row=4, values_only=True) if row[0]}


def test_the_gap_does_not_stand_for_an_edited_plan(worked_path: Path, worked: Workbook) -> None:
    assert summary(worked)["Gap to the bound"] == pytest.approx(5e-5)
    live = Live(worked_path, override(worked_path, "dgx.purchase", "north", 1, 10.0))
    rows = {live.book["Summary"].cell(row, 1).value: row for row in range(4, 20)}
    for label in ("Proven lower bound", "Gap to the bound"):
        assert live.at("Summary", rows[label], 2) == "plan edited"


def test_peak_power_against_the_limit(worked: Workbook) -> None:
    """20 systems of 10 kW at a PUE of 1.2: 0.24 MW of 5."""
    shown = summary(worked)
    assert shown["Highest peak power, all sites"] == pytest.approx(0.24)
    assert shown["Highest share of the limit"] == pytest.approx(0.048)


def test_capex_so_far_against_budgets(values: Workbook) -> None:
    """fy2025 gives 400 million for two quarters; what follows is under the total alone, 900 million."""
    pricing = Pricing(limited())
    names = ("hardware_usd", "network_usd", "facility_usd")
    capex = [sum(pricing.costs[name][t] for name in names) / 1e6 for t in range(8)]
    so_far = [sum(capex[: t + 1]) for t in range(8)]
    assert across(values, "Cash", "Capex so far") == pytest.approx(so_far)
    budget = [min(900, 400 + max(0, so_far[t] - so_far[1])) for t in range(8)]
    assert across(values, "Cash", "Capex budgets so far") == pytest.approx(budget)


def test_without_a_capex_budget_there_is_no_budget_line(worked_path: Path) -> None:
    with zipfile.ZipFile(worked_path) as archive:
        charts = [archive.read(name).decode() for name in archive.namelist() if "charts/chart" in name]
    assert len(charts) == 5
    (capex,) = [chart for chart in charts if "Capex so far (no budget)" in chart]
    assert "lineChart" not in capex


def test_neighbours_in_a_stack_differ_in_grey() -> None:
    grey = [sum(w * int(c[i : i + 2], 16) for w, i in ((0.299, 0), (0.587, 2), (0.114, 4))) for c in CHART_COLOURS]
    assert all(abs(a - b) > 50 for a, b in pairwise(grey))


def test_contents_says_what_each_sheet_holds(values: Workbook) -> None:
    sheet = values["Contents"]
    listed = {sheet.cell(row, 1).value: sheet.cell(row, 2).value for row in range(1, sheet.max_row + 1)}
    for name in values.sheetnames[1:]:
        assert listed[name] == SHEETS[name]


# LibreOffice


def formulas(book: Workbook) -> Iterator[tuple[str, str]]:
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            yield from ((sheet.title, cell.coordinate) for cell in row if cell.data_type == "f")


@pytest.mark.skipif(SOFFICE is None, reason="LibreOffice is not installed")
def test_libreoffice_agrees_after_edits(limited_path: Path, folder: Path, values: Workbook) -> None:
    """Prices, systems, demand and supply edited: both engines show the same in every formula cell."""
    edits = {
        **override(limited_path, "nvl72.purchase", "prineville", 3, 5.0),
        **override(limited_path, "tpu.reserved", "gcp", 3, 2.0),
        ("Inputs", line(values["Inputs"], "Price", "nvl72.purchase"), FIRST): 2_222_222.0,
        ("Inputs", line(values["Inputs"], "Demand", "serving"), FIRST + 2): 654_321.0,
        ("Inputs", line(values["Inputs"], "Supply", "b200"), FIRST + 6): 99.0,
    }
    bare = openpyxl.load_workbook(limited_path)
    for (sheet, row, column), value in edits.items():
        bare[sheet].cell(row, column).value = value
    bare.save(folder / "edited.xlsx")
    command = [str(SOFFICE), f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to", "xlsx"]
    subprocess.run([*command, "--outdir", str(folder / "libre"), str(folder / "edited.xlsx")], check=True, timeout=300,
                   capture_output=True)  # fmt: skip
    theirs = openpyxl.load_workbook(folder / "libre" / "edited.xlsx", data_only=True)
    live = Live(limited_path, edits)
    wrong = []
    for sheet, cell in formulas(live.book):
        mine, their = live.at(sheet, *coordinate_to_tuple(cell)), theirs[sheet][cell].value
        their = (their - datetime(1899, 12, 30)).days if isinstance(their, datetime) else their
        same = mine == their if isinstance(mine, str) else abs(mine - their) <= max(1e-9 * abs(mine), 1e-6)
        if not same:
            wrong.append((sheet, cell, mine, their))
    assert not wrong
    assert live.named("master_check") >= 2
