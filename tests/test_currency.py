"""Money in another currency: one rate or a rate by period, flow by flow; decisions stay in USD."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
from decimal import Decimal
from pathlib import Path
from typing import Any

import formualizer
import openpyxl
import pytest
import workbook_plans as plans
from commands import run_here
from openpyxl.workbook import Workbook
from workbook_pricing import Case

from optimizer.formulation.register import COST_LINES
from optimizer.plan.currency import objective_flows, order_flows, plan_rates, present_flows
from optimizer.plan.format import Plan
from optimizer.workbook import write_workbook
from optimizer.workbook.check import check_workbook

SOFFICE = shutil.which("soffice")
pytestmark = pytest.mark.usefixtures("in_process")
YEN = {"code": "JPY", "per_usd": {"2025q1": "150", "2025-11": "141", "2026q1": "145"}}
"""141 holds in two of three months of the fourth quarter, whose rate is 144."""
RATES = [150.0, 150.0, 150.0, 144.0, 145.0, 145.0, 145.0, 145.0]
BY_PERIOD = "currency={code: JPY, per_usd: {2026q1: 150, 2026q3: 140}}"


def in_yen(case: Case) -> Case:
    return case.edited({"scenario/currency": YEN})


@pytest.fixture(scope="module")
def rich() -> Plan:
    return plans.plan_of(in_yen(plans.rich()))


@pytest.fixture(scope="module")
def path(rich: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("yen") / "rich.xlsx"
    write_workbook(rich, file)
    return file


def test_a_period_has_the_mean_of_its_months(rich: Plan) -> None:
    rates = plan_rates(rich)
    assert list(rates.by_period.values()) == RATES
    assert rates.mean == sum(RATES) / 8
    assert (rates.at("2024q4"), rates.at("2027q3")) == (150, 145)
    assert rates.translated({"2025q1": 2.0, "2025q4": 1.0}) == 2 * 150 + 144
    assert rates.translated({"2024q4": 2.0}) == 2 * 150


def test_flows_sum_to_what_they_are_flows_of(rich: Plan) -> None:
    assert sum(objective_flows(rich).values()) == pytest.approx(rich.objective_usd)
    assert sum(sum(present_flows(rich, line).values()) for line in rich.costs) == pytest.approx(rich.objective_usd)
    for order in rich.orders:
        assert sum(order_flows(rich, order).values()) == pytest.approx(order.capex_usd + order.rent_usd)
    paid: dict[str, float] = {}
    for order in rich.orders:
        for period, usd in order_flows(rich, order).items():
            paid[period] = paid.get(period, 0.0) + usd
    for period in RATES and [row.period for row in rich.periods]:
        cost = sum(rich.costs[line][period] for line in ("hardware_usd", "network_usd", "rent_usd"))
        assert paid[period] == pytest.approx(cost)


def lines_of(book: Workbook, label: str) -> tuple[Any, ...]:
    return next(row for row in book["Reporting currency"].iter_rows(8, values_only=True) if row[0] == label)


def test_each_line_of_cash_at_the_rate_of_its_period(rich: Plan, path: Path) -> None:
    values = openpyxl.load_workbook(path, data_only=True)
    for record in COST_LINES:
        usd = [rich.costs[record.name][row.period] for row in rich.periods]
        line = lines_of(values, record.label)
        assert line[3] == "JPY"
        assert line[8:16] == pytest.approx([a * b for a, b in zip(usd, RATES, strict=True)])
        assert line[5] == pytest.approx(sum(a * b for a, b in zip(usd, RATES, strict=True)))
    net = plan_rates(rich).translated(objective_flows(rich))
    assert lines_of(values, "Net present value of cost")[5] == pytest.approx(net)
    summary = [row for row in values["Summary"].iter_rows(values_only=True) if row[0] == "Net present value of cost"]
    assert [row[1] * 1e6 for row in summary if row[2] == "JPY m"] == pytest.approx([net])


def test_the_sheet_follows_a_rate_that_is_edited(path: Path) -> None:
    book, live = openpyxl.load_workbook(path), formualizer.Workbook.load_path(str(path))
    row = next(r for r in range(8, 60) if book["Inputs"].cell(r, 1).value == "Exchange rate, JPY per USD")
    sheet = book["Reporting currency"]
    energy = next(r for r in range(8, sheet.max_row) if sheet.cell(r, 1).value == "Energy")
    live.evaluate_all()
    before = [live.get_value("Reporting currency", energy, column) for column in (9, 10)]
    live.set_value("Inputs", row, 9, 300.0)
    live.evaluate_all()
    after = [live.get_value("Reporting currency", energy, column) for column in (9, 10)]
    assert after == pytest.approx([2 * before[0], before[1]])


def test_summary_and_purchase_orders_follow_a_rate_that_is_edited(rich: Plan, path: Path) -> None:
    """The last rate times ten: what is owed after the horizon, and what enters in the first period stays."""
    book, live = openpyxl.load_workbook(path), formualizer.Workbook.load_path(str(path))
    row = next(r for r in range(8, 60) if book["Inputs"].cell(r, 1).value == "Exchange rate, JPY per USD")
    page, (sheet, column) = book["Summary"], ("Purchase orders", "Balance due on entering service, JPY")
    owed = next(r for r in range(8, 60) if page.cell(r, 1).value == "Owed after the horizon")
    balance = next(cell.column for cell in book[sheet][4] if cell.value == column)
    live.evaluate_all()
    before = [live.get_value("Summary", owed, 6), live.get_value(sheet, 5, balance)]
    live.set_value("Inputs", row, 16, 1450.0)
    live.evaluate_all()
    after = [live.get_value("Summary", owed, 6), live.get_value(sheet, 5, balance)]
    assert before[0] == pytest.approx(145 * rich.rent_after_usd / 1e6)
    assert after == pytest.approx([10 * before[0], before[1]])


@pytest.mark.skipif(SOFFICE is None, reason="LibreOffice is not installed")
def test_libreoffice_calculates_the_same_from_the_formulas_alone(path: Path, tmp_path: Path) -> None:
    bare = openpyxl.load_workbook(path)
    bare.save(tmp_path / "bare.xlsx")  # openpyxl writes no cached values
    command = [str(SOFFICE), f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "xlsx"]
    out = tmp_path / "out"
    subprocess.run([*command, "--outdir", str(out), str(tmp_path / "bare.xlsx")], check=True, timeout=240,
                   capture_output=True)  # fmt: skip
    ours, theirs = (openpyxl.load_workbook(each, data_only=True) for each in (path, out / "bare.xlsx"))
    compared = 0
    for title in ("Summary", "Charts", "Purchase orders", "Reporting currency"):
        for row in bare[title].iter_rows():
            for cell in row:
                mine, other = (book[title][cell.coordinate].value for book in (ours, theirs))
                if cell.data_type == "f" and isinstance(mine, float):
                    compared += 1
                    assert abs(mine - other) <= max(1e-9 * abs(mine), 1e-6), (title, cell.coordinate, mine, other)
    assert compared > 400


def test_the_workbook_of_rates_by_period_holds_to_the_rules(path: Path) -> None:
    """All of the linter but that of the seal, for the plan of this test was never optimised."""
    assert [each for each in check_workbook(path) if each.rule != 28] == []


def test_hundreds_of_millions_of_millions_are_counted_in_billions(tmp_path: Path) -> None:
    """A large plan in won: no amount has more digits than its column holds."""
    case = plans.rich().edited({"scenario/currency": {"code": "KRW", "per_usd": "1400000"}})
    write_workbook(plans.plan_of(case), tmp_path / "won.xlsx")
    book = openpyxl.load_workbook(tmp_path / "won.xlsx", data_only=True)
    page = book["Summary"]
    texts = [str(cell.value) for row in page.iter_rows() for cell in row if cell.data_type == "s"]
    assert "Cash paid, KRW bn" in texts
    assert not [text for text in texts if "KRW m" in text]
    cells = (cell for row in page.iter_rows(8, max_col=10) for cell in row)
    amounts = [float(cell.value) for cell in cells if cell.data_type == "n" and cell.value]
    assert max(amounts) < 1e6


def test_one_rate_has_the_sheet_too_and_dollars_have_none(tmp_path: Path) -> None:
    case = plans.worked_example()
    for code, per_usd in (("USD", "1"), ("EUR", "0.92")):
        plan = plans.plan_of(case.edited({"scenario/currency": {"code": code, "per_usd": per_usd}}))
        write_workbook(plan, tmp_path / f"{code}.xlsx")
    assert "Reporting currency" not in openpyxl.load_workbook(tmp_path / "USD.xlsx").sheetnames
    euro = openpyxl.load_workbook(tmp_path / "EUR.xlsx", data_only=True)
    assert lines_of(euro, "Net present value of cost")[5] == pytest.approx(660_432.79 * 0.92, abs=0.01)


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The quick start in yen: at one rate, and at a rate by period."""
    folder = tmp_path_factory.mktemp("quick")
    for name, currency in (("one", "currency={code: JPY, per_usd: 150}"), ("by_period", BY_PERIOD)):
        done = run_here("plan", "quick_start", "--set", currency, "--json", f"{name}.json", cwd=folder)
        assert done.returncode == 0
        (folder / f"{name}.txt").write_text(done.stdout)
    return folder


def test_the_plan_is_the_same_in_any_currency(quick: Path) -> None:
    one, other = (json.loads((quick / f"{name}.json").read_text()) for name in ("one", "by_period"))
    assert {key for key in one if one[key] != other[key]} == {"scenario", "run"}


def test_the_terminal_shows_each_flow_at_its_rate(quick: Path) -> None:
    """A deposit of a fifth in the first quarter at 150, the rest and network in the third at 140."""
    plan, text = json.loads((quick / "by_period.json").read_text()), (quick / "by_period.txt").read_text()
    hardware = plan["costs"]["hardware_usd"]
    assert (hardware["2026q1"], hardware["2026q3"]) == (315_200, 1_260_800)
    assert "hardware       223.8" in text  # 47.28 + 176.512
    assert "268.1" in (quick / "one.txt").read_text()
    assert "at the rate of the period of each flow, 140 to 150 per USD" in text
    assert "at the rate" not in (quick / "one.txt").read_text()


def test_what_has_no_period_is_told_at_the_mean(quick: Path) -> None:
    done = run_here("compare", "by_period.json", "one.json", cwd=quick)
    assert "in JPY at the mean rate of the periods, 141.667 per USD" in done.stdout


def test_a_sweep_says_its_mean_rate_where_rates_vary(quick: Path) -> None:
    words = ["sweep", "quick_start", "--vary", "finance/discount_rate=0.1", "--workers", "1", "--set"]
    done = run_here(*words, BY_PERIOD, "-o", "varied", cwd=quick)
    assert "in JPY at the mean rate of the periods, 141.667 per USD" in done.stdout
    done = run_here(*words, "currency={code: JPY, per_usd: 150}", "-o", "fixed", cwd=quick)
    assert (done.returncode, "mean rate" in done.stdout) == (0, False)


def test_orders_have_both_due_dates_in_the_currency(quick: Path) -> None:
    done = run_here("orders", "by_period.json", "-o", "-", cwd=quick)
    line = next(row for row in csv.DictReader(io.StringIO(done.stdout)) if row["route"] == "purchase")
    assert (line["reporting_currency"], line["currency"]) == ("JPY", "USD")
    assert (line["rate_at_order"], line["rate_at_service"]) == ("150", "140")
    assert Decimal(line["deposit_due_reporting"]) == 150 * Decimal(line["deposit_due"])
    assert Decimal(line["balance_due_reporting"]) == 140 * Decimal(line["balance_due"])


@pytest.mark.parametrize(
    ("per_usd", "says"),
    [
        ("{2026q2: 150}", "currency.per_usd begins after 2026q1, the first period"),
        ("{2026q1: 0}", "currency.per_usd.2026q1 must be more than 0"), ("0", "currency.per_usd must be more than 0"),
        ("{2026q7: 1}", "is not a period"), ("{}", "empty"),
    ],
)  # fmt: skip
def test_rates_that_are_none_are_refused(per_usd: str, says: str, tmp_path: Path) -> None:
    done = run_here("plan", "quick_start", "--set", f"currency={{code: JPY, per_usd: {per_usd}}}", cwd=tmp_path)
    assert done.returncode == 2
    assert says in done.stderr


def test_what_was_read_of_a_rate_inside_a_period_is_told(tmp_path: Path) -> None:
    done = run_here(
        "plan", "quick_start", "--set", "currency={code: JPY, per_usd: {2026q1: 150, 2026-05: 141}}", cwd=tmp_path
    )
    assert "note: currency.per_usd" in done.stdout
