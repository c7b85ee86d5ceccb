"""The finance sheets against sums worked by hand: book view, leases, unit costs, fiscal years, the market's rent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import formualizer
import openpyxl
import pytest
import workbook_plans as plans
from failing_workbooks import write_failing
from openpyxl.utils import get_column_letter
from openpyxl.workbook import Workbook
from workbook_pricing import Case, Entry, Pricing

from optimizer.plan.format import Plan, WorkRow
from optimizer.workbook.facts import Facts
from optimizer.workbook.sheets.book_inputs import market_of

FIRST, TOTAL, OPENING, CONSTANT = 9, 6, 7, 5


class Sheets:
    """The values of a workbook, by sheet and line."""

    def __init__(self, book: Workbook, value: Callable[[str, int, int], Any] | None = None) -> None:
        self.book = book
        self._value = value or (lambda sheet, row, column: book[sheet].cell(row, column).value)

    def row(self, sheet: str, label: str, item: str = "", place: str = "") -> int:
        wanted = (label, item, place)
        lines = self.book[sheet]
        found = [
            row
            for row in range(8, lines.max_row + 1)
            if lines.cell(row, 4).value and tuple(lines.cell(row, c).value or "" for c in (1, 2, 3)) == wanted
        ]
        assert len(found) == 1, (sheet, wanted, found)
        return found[0]

    def periods(self, sheet: str, label: str, item: str = "", place: str = "") -> list[float]:
        row, cells = self.row(sheet, label, item, place), []
        for column in range(FIRST, self.book[sheet].max_column + 1):
            if self.book[sheet].cell(7, column).value is not None:
                cells.append(float(self._value(sheet, row, column) or 0.0))
        return cells

    def one(self, sheet: str, label: str, item: str = "", place: str = "", column: int = TOTAL) -> float:
        return float(self._value(sheet, self.row(sheet, label, item, place), column) or 0.0)

    def named(self, name: str) -> float:
        sheet, cell = self.book.defined_names[name].attr_text.split("!")
        found = self.book[sheet.strip("'")][cell.replace("$", "")]
        return float(self._value(sheet.strip("'"), found.row, found.column) or 0.0)

    def failing(self) -> list[str]:
        """Checks of money that fail; these plans are about cost and need not serve their demand."""
        checks = self.book["Checks"]
        rows = [row for row in range(5, checks.max_row + 1) if checks.cell(row, 4).value is not None]
        money = [row for row in rows if checks.cell(row, 3).value == "USD"]
        assert len(money) >= 10
        return [str(checks.cell(row, 1).value) for row in money if self._value("Checks", row, 5) != 0]


def written(plan: Plan, folder: Path) -> Sheets:
    path = folder / "plan.xlsx"
    write_failing(plan, path)
    return Sheets(openpyxl.load_workbook(path, data_only=True))


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> Sheets:
    """The rich plan's workbook as it was written, for all that only read it."""
    return written(plans.plan_of(plans.rich()), tmp_path_factory.mktemp("rich"))


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> Sheets:
    """The same of the worked example."""
    return written(plans.plan_of(plans.worked_example()), tmp_path_factory.mktemp("worked"))


def edited(plan: Plan, folder: Path, edits: dict[tuple[str, str, str], float]) -> Sheets:
    """The workbook after edits of Inputs, by label, item and place, as formualizer calculates it."""
    sheets = written(plan, folder)
    live = formualizer.Workbook.load_path(str(folder / "plan.xlsx"))
    for (label, item, place), value in edits.items():
        row = sheets.row("Inputs", label, item, place)
        columns = [c for c in range(CONSTANT, sheets.book["Inputs"].max_column + 1) if _number(sheets, row, c)]
        for column in columns:
            live.set_value("Inputs", row, column, value)
    live.evaluate_all()
    return Sheets(sheets.book, live.get_value)


def _number(sheets: Sheets, row: int, column: int) -> bool:
    return isinstance(sheets.book["Inputs"].cell(row, column).value, int | float)


def case_of(entries: tuple[Entry, ...], periods: int = 4, **changes: Any) -> Case:
    """The worked example over more quarters, with other entries and values at paths."""
    case = plans.worked_example().edited({"scenario/horizon": {"start": "2025q1", "periods": periods}, **changes})
    return replace(case, entries=entries)


def one(t: int = 1, systems: float = 10.0, commitment: bool = False) -> tuple[Entry, ...]:
    return (Entry("dgx.purchase", "north", t, systems, commitment),)


# Depreciation


def test_straight_line_of_the_worked_example(worked: Sheets) -> None:
    """10 systems a quarter at 300,000 over 5 years: 3,000,000 / 20 = 150,000 a quarter, then twice that."""
    assert worked.periods("Depreciation", "Systems cost: placed in service") == [3e6, 3e6]
    assert worked.periods("Depreciation", "Systems depreciation: charge") == pytest.approx([150_000, 300_000])
    assert worked.periods("Depreciation", "Systems depreciation, closing") == pytest.approx([150_000, 450_000])
    assert worked.periods("Depreciation", "Net book value, closing") == pytest.approx([2_850_000, 5_550_000])


def test_a_residual_by_book_life_is_the_net_book_value(worked: Sheets) -> None:
    """300,000 × 10 × (0.90 + 0.95) = 5,550,000, the residual of the worked example before discounting."""
    assert worked.one("Depreciation", "Residual value at the end") == pytest.approx(5_550_000)
    assert worked.one("Depreciation", "Net book value at the end") == pytest.approx(5_550_000)
    assert worked.one("Depreciation", "Residual value less net book value") == pytest.approx(0, abs=1e-6)


def test_a_residual_by_table_beside_the_books(tmp_path: Path) -> None:
    """After two quarters 1 - 0.38 / 2 = 0.81 of 3,000,000, after one 0.905: 5,145,000; the books hold 5,550,000."""
    case = plans.worked_example().edited({"scenario/finance/residual": plans.TABLE})
    sheets = written(plans.plan_of(case), tmp_path)
    assert sheets.one("Depreciation", "Residual value at the end") == pytest.approx(5_145_000)
    assert sheets.one("Depreciation", "Residual value less net book value") == pytest.approx(-405_000)


def test_the_last_part_of_a_period_is_charged_as_such(tmp_path: Path) -> None:
    """0.625 years are 2.5 quarters: 3,000,000 / 2.5 = 1,200,000 twice, half of it once, then nothing."""
    case = case_of(one(), **{"scenario/finance/book_life_years": "0.625"})
    sheets = written(plans.plan_of(case), tmp_path)
    charge = sheets.periods("Depreciation", "Systems depreciation: charge")
    assert charge == pytest.approx([1_200_000, 1_200_000, 600_000, 0])
    assert sheets.periods("Depreciation", "Net book value, closing") == pytest.approx([1.8e6, 6e5, 0, 0], abs=1e-6)


@pytest.mark.parametrize(("residual", "gain"), [("book", 0.0), (plans.TABLE, -270_000.0), ("none", -2_700_000.0)])
def test_what_leaves_service_is_retired_at_its_book_value(residual: Any, gain: float, tmp_path: Path) -> None:
    """Two quarters of service: 300,000 of 3,000,000 charged, 2,700,000 left; the table gives 0.81 of 3,000,000."""
    changes = {"scenario/finance/service_life_years": "0.5", "scenario/finance/residual": residual}
    sheets = written(plans.plan_of(case_of(one(t=2), **changes)), tmp_path)
    assert sheets.periods("Depreciation", "Systems depreciation: charge") == pytest.approx([0, 150_000, 150_000, 0])
    assert sheets.periods("Depreciation", "Systems cost: less retired") == [0, 0, 3e6, 0]
    off = sheets.periods("Depreciation", "Net book value: less book value of what is retired")
    assert off == pytest.approx([0, 0, 2_700_000, 0])
    gains = sheets.periods("Depreciation", "Residual less book value of what is retired")
    assert gains == pytest.approx([0, 0, gain, 0], abs=1e-6)
    assert sheets.periods("Depreciation", "Net book value, closing")[2:] == pytest.approx([0, 0], abs=1e-6)
    assert sheets.one("Depreciation", "Residual value at the end") == 0
    assert not sheets.failing()


def test_service_that_ends_with_the_horizon_is_retired_not_left(tmp_path: Path) -> None:
    """Entering in the first of two quarters of service: retired at the end of the horizon, nothing stays."""
    case = case_of(one(), periods=2, **{"scenario/finance/service_life_years": "0.5"})
    sheets = written(plans.plan_of(case), tmp_path)
    assert sheets.one("Depreciation", "Net book value at the end") == pytest.approx(0, abs=1e-6)
    assert sheets.periods("Depreciation", "Residual value of what is retired") == pytest.approx([0, 2_700_000])
    assert not sheets.failing()


def test_deposits_are_prepayments_until_service(tmp_path: Path) -> None:
    """40 % of 3,000,000 paid a quarter ahead; of the commitment of period 1 it was paid before the horizon."""
    offer = "catalog/offers/dgx.purchase"
    case = case_of((*one(t=1, systems=5, commitment=True), *one(t=3)), **{
        f"{offer}/deposit_share": "0.4", f"{offer}/lead_time_months": 3,
    })  # fmt: skip
    sheets = written(plans.plan_of(case), tmp_path)
    assert sheets.one("Depreciation", "Prepayments, opening", column=OPENING) == pytest.approx(600_000)
    assert sheets.periods("Depreciation", "Prepayments, closing") == pytest.approx([0, 1_200_000, 0, 0], abs=1e-6)
    due = sheets.periods("Depreciation", "Balances still due on systems ordered")
    assert due == pytest.approx([0, 1_800_000, 0, 0], abs=1e-6)
    assert sheets.periods("Depreciation", "Net book value: placed in service") == pytest.approx([1.5e6, 0, 3e6, 0])
    # capex 900,000 + 1,200,000 + 1,800,000 and 600,000 sunk are the 4,500,000 placed in service
    assert sheets.one("Cash", "Capex, cash") == pytest.approx(3_900_000)
    assert sheets.periods("Cash", "Capex, cumulative") == pytest.approx([9e5, 2.1e6, 3.9e6, 3.9e6])
    assert not sheets.failing()


def test_network_has_a_life_of_its_own(tmp_path: Path) -> None:
    """Systems 3,000,000 / 20; network 10 × 40,000 over 2 years: 400,000 / 8 = 50,000 a quarter."""
    plan = plans.plan_of(case_of(one(), **{"catalog/offers/dgx.purchase/network_usd": "40000"}))
    sheets = edited(plan, tmp_path, {("Book life of network", "", ""): 2.0})
    assert sheets.periods("Depreciation", "Network depreciation: charge") == pytest.approx([50_000] * 4)
    assert sheets.periods("Depreciation", "Systems depreciation: charge") == pytest.approx([150_000] * 4)
    assert not sheets.failing()
    assert sheets.named("total_npv_usd") == pytest.approx(plan.objective_usd)


def test_added_power_is_charged_over_its_own_life(rich: Sheets) -> None:
    """Oslo: 1.75 MW × 9,000,000 over 6 quarters from the second; Prineville: 7.25 MW × 11,000,000 over 80."""
    oslo = rich.periods("Depreciation", "Depreciation, added power", place="oslo")
    assert oslo == pytest.approx([0, *[2_625_000] * 6, 0])
    prineville = rich.periods("Depreciation", "Depreciation, added power", place="prineville")
    assert prineville[3:6] == pytest.approx([996_875] * 3)
    # 79,750,000 × 75/80 and 38,500,000 × 78/80 stay at the end of eight quarters
    assert rich.periods("Depreciation", "Added power: net book value")[7] == pytest.approx(112_303_125)


def test_other_lives_are_shown_beside_the_plan_s(tmp_path: Path) -> None:
    """3,000,000 over 3, 5, 5.5 and 6 years: 12, 20, 22 and 24 quarters."""
    sheets = written(plans.plan_of(case_of(one())), tmp_path)
    for label, periods in (
        ("short", 12),
        ("Amazon, part of its servers", 20),
        ("Meta, servers", 22),
        ("Microsoft and Alphabet, servers", 24),
    ):
        assert sheets.periods("Depreciation", f"Depreciation: {label}") == pytest.approx([3e6 / periods] * 4)


def test_fiscal_years_from_july(rich: Sheets) -> None:
    """The rich plan's years start in July: quarters 1-2, 3-6 and 7-8 are fy2025, fy2026 and fy2027."""
    for sheet, line, yearly in (
        ("Cash", "Capex, cash", "Capex"),
        ("Cash", "Rent", "Rent"),
        ("Cash", "Opex without rent, cash", "Opex without rent"),
        ("Cash", "Net present value of cost", "Present value of cost"),
        ("Depreciation", "Net book value: less depreciation", "Depreciation"),
    ):
        by_period = rich.periods(sheet, line)
        shown = [rich.one(sheet, yearly, f"fy{year}") for year in (2025, 2026, 2027)]
        assert shown == pytest.approx([sum(by_period[:2]), sum(by_period[2:6]), sum(by_period[6:])]), yearly
    closing = rich.periods("Depreciation", "Net book value, closing")
    ends = [rich.one("Depreciation", "Net book value at the end of the year", f"fy{y}") for y in (2025, 2026, 2027)]
    assert ends == pytest.approx([closing[1], closing[5], closing[7]])


# Leases


def leased(rate: str = "0.08", route: str = "lease") -> Plan:
    """One system of 8 at 2 USD an hour: 8 × 2 × 2190 = 35,040 a quarter, for four quarters from the second."""
    offer = {**plans.worked_example().catalog["offers"]["dgx.purchase"], "route": route, "term_months": 12}
    del offer["price_usd"]
    offer["usd_per_accelerator_hour"] = "2"
    place = "north"
    if route == "reservation":
        offer["host"], place = "cloud", "cloud"
    case = case_of((), **{"catalog/offers": {"dgx.rented": offer}, "scenario/finance/discount_rate": rate})
    return plans.plan_of(replace(case, entries=(Entry("dgx.rented", place, 2, 1.0),)))


def test_a_lease_in_both_shapes(tmp_path: Path) -> None:
    """Payments at mid-period: the liability is 35,040 × Σ 1.08^-((j - 0.5) / 4) over four quarters."""
    sheets = written(leased(), tmp_path)
    value = [35_040 * sum(1.08 ** -((j - 0.5) / 4) for j in range(1, left + 1)) for left in (4, 3, 2, 1)]
    assert sheets.periods("Depreciation", "Leases: payments") == pytest.approx([0, 35_040, 35_040, 35_040])
    assert sheets.one("Depreciation", "Leases: payments after the horizon") == pytest.approx(35_040)
    assert sheets.periods("Depreciation", "Leases: liability: new contracts") == pytest.approx([0, value[0], 0, 0])
    assert sheets.periods("Depreciation", "Leases: liability, closing") == pytest.approx([0, *value[1:]])
    charge = sheets.periods("Depreciation", "Leases: IFRS 16 asset: less depreciation")
    assert charge == pytest.approx([0, *[value[0] / 4] * 3])
    interest = [paid - (before - after) for paid, before, after in zip([35_040] * 3, value, value[1:], strict=False)]
    expense = sheets.periods("Depreciation", "Leases: IFRS 16 expense")
    assert expense == pytest.approx([0, *[value[0] / 4 + each for each in interest]])
    assert sheets.periods("Depreciation", "Leases: ASC 842 cost") == pytest.approx([0, 35_040, 35_040, 35_040])
    assert sheets.periods("Depreciation", "Leases: ASC 842 asset, closing") == pytest.approx([0, *value[1:]])
    assert not sheets.failing()


def test_a_lease_rate_of_its_own(tmp_path: Path) -> None:
    """Without interest the liability is what is due, and both shapes cost the same; the plan's cost does not move."""
    plan = leased()
    sheets = edited(plan, tmp_path, {("Discount rate of leases", "", ""): 0.0})
    assert sheets.periods("Depreciation", "Leases: liability, closing") == pytest.approx([0, 105_120, 70_080, 35_040])
    assert sheets.periods("Depreciation", "Leases: IFRS 16 expense") == pytest.approx([0, 35_040, 35_040, 35_040])
    assert sheets.named("total_npv_usd") == pytest.approx(plan.objective_usd)
    assert not sheets.failing()


def test_reservations_stand_apart_and_on_demand_is_no_lease(tmp_path: Path) -> None:
    sheets = written(leased(route="reservation"), tmp_path)
    assert sheets.periods("Depreciation", "Reservations: payments") == pytest.approx([0, 35_040, 35_040, 35_040])
    texts = [str(cell.value) for row in sheets.book["Depreciation"].iter_rows(max_col=1) for cell in row]
    assert not [text for text in texts if text.startswith("Leases: p")]
    assert any("may or may not contain a lease" in text for text in texts)
    assert any("not an accounting conclusion" in text for text in texts)
    entries = (Entry("h100.on_demand", "neocloud", 1, 2.0),)
    rented = written(plans.plan_of(replace(plans.rich(), entries=entries)), tmp_path)
    texts = [str(cell.value) for row in rented.book["Depreciation"].iter_rows(max_col=1) for cell in row]
    assert not [text for text in texts if "IFRS" in text]


# Unit costs

RATE = {"rate": "400", "precision": "bf16", "basis": "measured", "source": "mlperf"}
D1, D2 = 1.08**-0.125, 1.08**-0.375


def working(workload: str = "llm_training", unit: str = "TFLOP/s", **changes: Any) -> Plan:
    """The worked example doing its 30,000 then 60,000 a second, with what its workload is measured in."""
    case = plans.worked_example().edited({
        "catalog/workloads": {workload: {"unit": unit, "phase": "training", "describes": "work"}},
        "catalog/throughput": {"h100": {workload: RATE}},
        "scenario/demand": {"training": {"workload": workload, "per_second": {"2025q1": "30000", "2025q2": "60000"}}},
        **changes,
    })  # fmt: skip
    rows = [
        WorkRow(
            demand="training", workload=workload, system="dgx", accelerator="h100", place="north", period=period,
            systems=work / 3200, work_per_second=work,
        )
        for period, work in (("2025q1", 30_000.0), ("2025q2", 60_000.0))
    ]  # fmt: skip
    return plans.plan_of(case).model_copy(update={"work": tuple(rows)})


def test_unit_costs_of_the_worked_example(tmp_path: Path) -> None:
    """660,432.79 USD over discounted hours, kW, MW at the meter (PUE 1.2) and PFLOP-hours."""
    plan = working()
    sheets = written(plan, tmp_path)
    npv, bearer = plan.objective_usd, ("h100", "our sites")
    hours = 2190 * (80 * D1 + 160 * D2)
    assert round(npv, 2) == 660_432.79
    assert sheets.one("Unit costs", "Cost per accelerator-hour", *bearer) == pytest.approx(npv / hours)
    assert sheets.one("Unit costs", "Cost per kW-year", *bearer) == pytest.approx(npv / (25 * D1 + 50 * D2))
    mw_years = (0.12 * D1 + 0.24 * D2) / 4
    assert sheets.one("Unit costs", "Cost per MW-year", *bearer) == pytest.approx(npv / mw_years)
    # 30,000 TFLOP/s for 2190 h are 65,700 PFLOP-hours
    pflop_hours = 65_700 * D1 + 131_400 * D2
    assert sheets.one("Unit costs", "Per PFLOP-hour, training") == pytest.approx(npv / pflop_hours)
    assert sheets.one("Unit costs", "Per PFLOP-hour, training", "h100") == pytest.approx(npv / pflop_hours)


def test_cost_per_million_tokens(tmp_path: Path) -> None:
    """30,000 tokens/s for 2190 h of 3600 s are 236,520 million tokens."""
    plan = working("llm_serving", "token/s")
    sheets = written(plan, tmp_path)
    expected = plan.objective_usd / (236_520 * D1 + 473_040 * D2)
    assert sheets.one("Unit costs", "Per million token, training") == pytest.approx(expected)


def test_parts_sum_to_the_total_and_work_bears_all(rich: Sheets) -> None:
    """The rich plan: every accelerator's present value and what falls on none are the objective."""
    plan, sheets = plans.plan_of(plans.rich()), rich
    rows = sheets.book["Unit costs"]
    lines = [row for row in range(8, rows.max_row) if rows.cell(row, 1).value == "Present value of cost"]
    present = [rows.cell(row, TOTAL).value for row in lines]
    assert len(present) == 8  # ours: b200, h100, mi355x, own_chip; hosted: h100, tpu_v6e; fleet: h100, mi355x
    rest = ("idle power", "frame shortfall", "porting", "unmet work", "value of work", "added power",
            "residual of added power", "tax", "tax on residual value")  # fmt: skip
    unallocated = [sheets.one("Unit costs", f"Not allocated: {name}") for name in rest]
    assert all(unallocated)
    assert sum(present) + sum(unallocated) == pytest.approx(plan.objective_usd)
    assert sheets.one("Unit costs", "All parts") == pytest.approx(plan.objective_usd)


def test_the_fleet_bears_its_running_costs_and_resale(rich: Sheets) -> None:
    """12 MI355X systems at Oslo all along: energy, hosting, carbon and nothing else."""
    sheets, pricing = rich, Pricing(plans.rich())
    site = plans.rich().scenario["sites"]["oslo"]
    expected = 0.0
    for t in range(1, 9):
        mwh = 1.2 * 12 * 10.2 * 2190 / 1000
        carbon = mwh * pricing.at(site["carbon_kg_per_mwh"], t) / 1000
        usd = mwh * 61 + carbon * pricing.at(pricing.finance["carbon_usd_per_t"], t)
        usd += pricing.at(site["hosting_usd_per_kw_month"], t) * 12 * 14.5 * 3
        expected += usd * float(pricing.mid(t))
    assert sheets.one("Unit costs", "Present value of cost", "mi355x", "fleet") == pytest.approx(expected)
    sold = sheets.periods("Unit costs", "Resale", "h100", "fleet")
    assert sold == pytest.approx(pricing.costs["resale_usd"])


def _rentable(host: str, usd: Any, **more: Any) -> dict[str, Any]:
    offer = {**plans.worked_example().catalog["offers"]["dgx.purchase"], "route": "on_demand", "host": host, **more}
    del offer["price_usd"]
    return {**offer, "usd_per_accelerator_hour": usd}


def with_market() -> Plan:
    """Beside the purchase: 3 USD, to be had all along; 2 USD from the second quarter; 1 USD for another buyer."""
    offers = {
        **plans.worked_example().catalog["offers"],
        "dgx.dear": _rentable("cloud", "3"),
        "dgx.late": _rentable("other", "2", available={"from": "2025q2"}),
        "dgx.past": _rentable("other", "0.5", available={"until": "2024q4"}),
        "dgx.closed": _rentable("third", "1", buyers=["someone_else"]),
    }
    return working(**{"catalog/offers": offers, "scenario/buyer": "our_company"})


def test_the_market_is_what_may_be_rented_in_the_period(tmp_path: Path) -> None:
    plan = with_market()
    offers = market_of(Facts(plan))["h100"]
    assert [(each.offer, each.rents) for each in offers] == [("dgx.dear", (3.0, 3.0)), ("dgx.late", (None, 2.0))]
    sheets = written(plan, tmp_path)
    assert sheets.periods("Unit costs", "Cheapest rent", "h100") == [3, 2]
    # 80 accelerators at 3 USD, then 160 at 2 USD
    rent = (80 * D1 * 3 + 160 * D2 * 2) / (80 * D1 + 160 * D2)
    bearer = ("h100", "our sites")
    assert sheets.one("Unit costs", "Market's rent", *bearer) == pytest.approx(rent)
    cost = sheets.one("Unit costs", "Cost per accelerator-hour", *bearer)
    assert sheets.one("Unit costs", "Cost less market's rent", *bearer) == pytest.approx(cost - rent)
    per_work = sheets.one("Unit costs", "Per PFLOP-hour, training", "h100")
    at_market = sheets.one("Unit costs", "Per PFLOP-hour, training", "h100", "at market")
    assert at_market == pytest.approx(per_work * rent / cost)


def test_a_cheaper_market_shows_and_changes_no_cost(tmp_path: Path) -> None:
    plan = with_market()
    sheets = edited(plan, tmp_path, {("Rent", "dgx.dear", ""): 1.5})
    assert sheets.one("Unit costs", "Market's rent", "h100", "our sites") == pytest.approx(1.5)
    assert sheets.named("total_npv_usd") == pytest.approx(plan.objective_usd)
    assert sheets.named("plan_edited") == 1
    assert not sheets.failing()


def test_without_a_market_there_is_no_comparison(tmp_path: Path) -> None:
    sheets = written(working(), tmp_path)
    texts = {str(cell.value) for row in sheets.book["Unit costs"].iter_rows(max_col=1) for cell in row}
    assert "Cost per accelerator-hour" in texts
    assert not [text for text in texts if text.startswith(("Market's", "Cost less"))]


def test_rent_of_the_plan_s_own_offer_counts_where_it_may_be_ordered(rich: Sheets) -> None:
    """The rich plan's TPU rent is its own reservation's: 1.9 USD, from 2025q4 on 1.6 USD, as it may be ordered."""
    assert rich.periods("Unit costs", "Cheapest rent", "tpu_v6e") == pytest.approx([1.9] * 3 + [1.6] * 5)


# All together


def test_checks_hold_when_prices_lives_and_rates_are_edited(tmp_path: Path) -> None:
    changes = {
        ("Price", "nvl72.purchase", ""): 2_345_678.0,
        ("Rent", "mi355x.lease", ""): 2.75,
        ("Book life", "", ""): 3.3,
        ("Book life of network", "", ""): 0.9,
        ("Life of added power", "", "prineville"): 1.1,
        ("Discount rate of leases", "", ""): 0.0725,
        ("Electricity", "", "oslo"): 88.0,
        ("Network, on entering service", "nvl72.purchase", ""): 210_000.0,
    }
    sheets = edited(plans.plan_of(plans.rich()), tmp_path, changes)
    assert not sheets.failing()


@pytest.mark.parametrize("sheet", ["Depreciation", "Unit costs"])
def test_columns_are_wide_enough_for_their_numbers(sheet: str, rich: Sheets) -> None:
    lines = rich.book[sheet]
    for column in (TOTAL, OPENING, *range(FIRST, FIRST + 8)):
        width = lines.column_dimensions[get_column_letter(column)].width
        values = [lines.cell(row, column).value for row in range(8, lines.max_row + 1)]
        longest = max((len(f"{value:,.0f}") for value in values if isinstance(value, int | float)), default=0)
        assert width >= longest + 2, get_column_letter(column)
