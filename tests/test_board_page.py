"""Summary, the first page: the answers that finance asks for are on it, by the plan's own sums, on one sheet of A4."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from itertools import combinations
from math import dist, fsum
from pathlib import Path

import openpyxl
import pytest
import workbook_plans as plans
from openpyxl.workbook import Workbook
from printed import pages_wide, paper, points, scale, width
from solved_plans import solved_plan
from workbook_page import HEADS, Page

from optimizer.plan.bridge import Step
from optimizer.plan.format import OrderRow, Plan
from optimizer.workbook import write_workbook
from optimizer.workbook.embedded import Made
from optimizer.workbook.language.translate import breadth
from optimizer.workbook.sheets.bridge import DOWN, UP, axis_from
from optimizer.workbook.write import build
from optimizer.workbook.writing.paper import breaks
from optimizer.workbook.writing.styles import CHART_COLOURS

SOFFICE = shutil.which("soffice")
NAMES = ("meta_2025", "japan_2025")
RICH, YEN = "rich", "yen"
LEAST_POINTS, LARGEST_BYTES = 8.0, 5 * 2**20
NEXT = {
    "meta_2025": (2026, ("2026q1", "2026q2", "2026q3", "2026q4")),
    "japan_2025": (2026, ("2025q2", "2025q3", "2025q4", "2026q1")),
    RICH: (2026, ("2025q3", "2025q4", "2026q1", "2026q2")),
    YEN: (2026, ("2025q3", "2025q4", "2026q1", "2026q2")),
}
"""The fiscal year after the one in which the horizon begins, and its quarters."""
LEADING = {"meta_2025": "gb200", "japan_2025": "gb300", RICH: "b200", YEN: "b200"}
MONEY = {"meta_2025": "USD m", "japan_2025": "JPY m", RICH: "EUR m", YEN: "JPY m"}
"""What each is reported in."""
RATES = {"meta_2025": [1.0] * 12, "japan_2025": [150.0] * 12, RICH: [0.92] * 8,
         YEN: [150.0, 150.0, 150.0, 144.0, 145.0, 145.0, 145.0, 145.0]}  # fmt: skip
"""How much of it a USD is in each period."""
PER_USD = {"2025q1": "150", "2025-11": "141", "2026q1": "145"}
PAID = ("energy_usd", "hosting_usd", "idle_power_usd", "maintenance_usd", "software_usd", "engineering_usd",
        "porting_usd", "carbon_usd", "frame_usd", "rent_usd", "hardware_usd", "network_usd", "facility_usd",
        "resale_usd", "tax_usd")  # fmt: skip
"""What leaves the bank, resale coming back: not residual value, unmet work or what is owed."""


@cache
def plan_named(name: str) -> Plan:
    if name == YEN:
        return plans.plan_of(plans.rich().edited({"scenario/currency": {"code": "JPY", "per_usd": PER_USD}}))
    return plans.plan_of(plans.rich()) if name == RICH else solved_plan(name)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("page")


@pytest.fixture(scope="module", params=[*NAMES, RICH, YEN])
def page(request: pytest.FixtureRequest, folder: Path) -> tuple[str, Page]:
    path = folder / f"{request.param}.xlsx"
    write_workbook(plan_named(request.param), path)
    assert path.stat().st_size < LARGEST_BYTES
    return request.param, Page(openpyxl.load_workbook(path, data_only=True), path)


def rate(name: str, period: str) -> float:
    keys = [row.period for row in plan_named(name).periods]
    return RATES[name][keys.index(period)]


def mean(name: str) -> float:
    return fsum(RATES[name]) / len(RATES[name])


def paid(name: str, period: str) -> float:
    costs = plan_named(name).costs
    return fsum(costs.get(line, {}).get(period, 0.0) for line in PAID) * rate(name, period) / 1e6


def test_its_money_is_in_the_currency_that_is_reported(page: tuple[str, Page]) -> None:
    """Every heading says it; USD stand beside it where it is another, and what budgets are kept in."""
    name, summary = page
    unit, code = MONEY[name], MONEY[name].split()[0]
    texts = [str(cell.value) for row in summary.book["Summary"].iter_rows() for cell in row if cell.data_type == "s"]
    for heading in (f"Cash paid, {unit}", f"Cost by line, {unit}", f"Accelerator-hour, work, {code}"):
        assert heading in texts
    assert summary.figures("Net present value of cost")[1] == unit
    if code == "USD":
        assert "The same in USD" not in texts
        return
    assert summary.figures("The same in USD")[:2] == [pytest.approx(plan_named(name).objective_usd / 1e6), "USD m"]
    assert any(text.startswith(f"Money in {code}.") and "Every decision is made in USD" in text for text in texts)
    kept = [text for text in texts if "USD" in text and not text.startswith(("Money in", "The same in USD"))]
    assert all(text in ("USD m", "every decision is made in USD") or " million USD" in text for text in kept), kept


def test_the_bound_and_what_is_left_at_the_end(page: tuple[str, Page]) -> None:
    """The gap has no period and is shown at the mean rate, what is left at the rate of the last."""
    name, summary = page
    plan = plan_named(name)
    last = RATES[name][-1]
    cost = summary.figures("Net present value of cost")[0]
    gap = (plan.objective_usd - plan.bound_usd) * mean(name) / 1e6
    assert summary.figures("Proven lower bound")[0] == pytest.approx(cost - gap)  # type: ignore[operator]
    book = summary.book["Depreciation"]
    labels = {str(row[0].value): row[5].value for row in book.iter_rows(8)}
    for shown, label in (("Net book value at the end",) * 2, ("Residual value assumed at the end",
                                                             "Residual value at the end")):  # fmt: skip
        assert summary.figures(shown)[0] == pytest.approx(labels[label] * last / 1e6)  # type: ignore[operator]


def test_units_of_work_and_hours_at_the_mean(page: tuple[str, Page]) -> None:
    name, summary = page
    label = f"{plan_named(name).catalog['accelerators'][LEADING[name]]['name']}, our sites"
    usd = next(row[5].value for row in summary.book["Unit costs"].iter_rows(8)
               if (row[0].value, row[1].value) == ("Cost per accelerator-hour", LEADING[name]))  # fmt: skip
    assert summary.at(label, "All in", "Accelerator-hour") == pytest.approx(usd * mean(name))


def test_each_cost_is_that_of_its_periods(page: tuple[str, Page]) -> None:
    name, summary = page
    for label, line in (("Hardware", "hardware_usd"), ("Residual value", "residual_usd")):
        flows = [usd * rate(name, key) / 1e6 for key, usd in plan_named(name).costs[line].items()]
        assert summary.at(label, "Undisc.", "Cost by line") == pytest.approx(fsum(flows))


def test_what_leaves_the_bank_each_quarter_of_the_next_fiscal_year(page: tuple[str, Page]) -> None:
    name, summary = page
    year, quarters = NEXT[name]
    flows = [paid(name, quarter) for quarter in quarters]
    shown = [summary.at(quarter, "Paid", "Cash paid") for quarter in quarters]
    assert shown == pytest.approx(flows, rel=1e-9, abs=1e-9)
    assert summary.at(year, "Paid", "Cash paid") == pytest.approx(fsum(flows))
    parts = [summary.at(year, head, "Cash paid") for head in ("Capex", "Opex", "Rent")]
    sold = [each for head in ("Sold", "Tax", "Tax, sold") for each in _maybe(summary, year, head)]
    assert fsum([*parts, *sold]) == pytest.approx(fsum(flows))  # type: ignore[list-item]


def _maybe(summary: Page, year: int, head: str) -> list[object]:
    try:
        return [summary.at(year, head, "Cash paid")]
    except StopIteration:
        return []


def test_residual_value_is_no_receipt(page: tuple[str, Page]) -> None:
    name, summary = page
    plan = plan_named(name)
    assert summary.figures("Cash paid in the horizon")[0] == pytest.approx(
        fsum(paid(name, p.period) for p in plan.periods)
    )
    assert summary.figures("Residual value assumed at the end")[0] > 0  # type: ignore[operator]


def test_what_is_owed_after_the_horizon(page: tuple[str, Page]) -> None:
    name, summary = page
    due = [row.rent_usd * RATES[name][-1] / 1e6 for row in plan_named(name).after_horizon]
    owed = summary.at("Owed after the horizon", "Paid", "Cash paid")
    assert owed == pytest.approx(fsum(due))
    last = summary.row("Owed after the horizon")[0]
    assert [last.offset(-i, 3).value for i in range(len(due), 0, -1)] == pytest.approx(due)


def test_what_a_dearer_accelerator_costs(page: tuple[str, Page]) -> None:
    """Ten percent on every price and rent of its new orders, with maintenance on it and less what is left of it."""
    name, summary = page
    plan, accelerator = plan_named(name), LEADING[name]
    label = f"{plan.catalog['accelerators'][accelerator]['name']}, our sites"
    dearer = summary.row(label, "Accelerator-hour")[-1].value
    new = [row for row in plan.orders if row.accelerator == accelerator and not row.commitment]
    pays = fsum((row.price_usd or 0.0) * row.systems + row.rent_usd for row in new)
    assert 0.2 * pays < dearer * 1e7 / mean(name) < pays  # type: ignore[operator]
    head = summary.row(label, "Accelerator-hour")[-1].row
    heads = [summary.book["Summary"].cell(row, 17).value for row in range(head, head - 9, -1)]
    assert 0.1 in heads, "the rise stands above"


def test_what_a_unit_of_work_costs_beside_the_whole_name_of_its_demand(page: tuple[str, Page]) -> None:
    """A name that does not fit its column would be cut at the figure beside it; its unit stands to the right."""
    name, summary = page
    plan = plan_named(name)
    shown = [demand for demand in plan.scenario["demand"] if _listed(summary, demand)]
    assert shown
    for demand in shown:
        cells = summary.row(demand, "Accelerator-hour")
        assert str(cells[3].value).startswith("Per ")
        unit, column = summary.book["Unit costs"], f"{cells[3].value}, {demand}"
        usd = next(row[5].value for row in unit.iter_rows(8) if (row[0].value, row[1].value) == (column, None))
        assert cells[1].value == pytest.approx(usd * mean(name))


def _listed(summary: Page, demand: str) -> bool:
    return any(cell.value == demand for cell in summary.book["Summary"]["K"])


def test_which_limit_is_worth_most(page: tuple[str, Page]) -> None:
    name, summary = page
    plan = plan_named(name)
    worth: dict[tuple[str, str], float] = {}
    for limit in plan.limits:
        kind, _, of = limit.row.removesuffix(")").partition("(")
        if limit.price_usd and kind not in ("serve_demand", "finish_by_deadline"):
            key = kind, of.split(",")[0]
            worth[key] = worth.get(key, 0.0) + limit.price_usd * limit.limit / 100 / 1e6
    title = summary.row("Limits worth most: what a move saves")
    first = [title[0].offset(1, column).value for column in (0, 5, 6)]
    if worth:
        (_, of), most = max(worth.items(), key=lambda each: abs(each[1]))
        assert str(first[0]).endswith(f": {of}")
        assert first[1:] == pytest.approx([most * mean(name), 0.01])


def test_what_auditors_ask(page: tuple[str, Page]) -> None:
    name, summary = page
    plan = plan_named(name)
    spend = plan.basis.spend
    below = "What it rests on"
    assert summary.at("Share of money spent", "Estimate", below) == pytest.approx(spend.estimated)
    assert summary.figures("Warnings of the plan, notes")[:2] == [len(plan.warnings), len(plan.notes)]
    assert summary.figures("Checks of this workbook that fail")[0] == 0
    assert summary.figures("Gap to the bound")[0] == pytest.approx(plan.gap, abs=1e-9)
    for text in plan.warnings[:4]:
        assert text in [cell.value for cell in summary.book["Summary"]["A"]]


def test_a_label_that_is_too_long_for_its_column_has_the_id(page: tuple[str, Page]) -> None:
    """`H200 SXM5 141GB: buy, committed` would be cut at the figure beside it."""
    name, summary = page
    labels = [str(cell.value) for cell in summary.book["Summary"]["K"] if cell.data_type == "s"]
    beside = [text for text in labels if ": buy" in text or text.endswith((", our sites", ", hosted"))]
    assert beside
    assert max(map(len, beside)) <= 29
    if name == "japan_2025":
        assert "h200_sxm: buy, committed" in beside


def test_contracts_and_commitments_stand_apart(page: tuple[str, Page]) -> None:
    name, summary = page
    plan = plan_named(name)
    entering = [row for row in plan.orders if row.enters_service >= plan.periods[0].period and row.route != "on_demand"]
    shown = summary.at("All that enters service", "Total", "Accelerators to order")
    assert shown == pytest.approx(fsum(row.accelerators for row in entering))
    value = fsum(contract(name, row) for row in entering)
    assert summary.at("All that enters service", MONEY[name], "Accelerators to order") == pytest.approx(value / 1e6)


def contract(name: str, row: OrderRow) -> float:
    """Deposit and balance at the rates of their periods, rent at that of each, rent after the horizon at the last."""
    plan, rates = plan_named(name), RATES[name]
    keys = [period.period for period in plan.periods]
    price, share = (
        (row.price_usd or 0.0) * row.systems,
        float(plan.catalog["offers"][row.offer].get("deposit_share") or 0),
    )
    first = rates[keys.index(row.ordered)] if row.ordered in keys else rates[0]
    begins, ends = keys.index(row.enters_service), keys.index(min(row.in_service_until, keys[-1]))
    each = rates[begins : ends + 1]
    rent = row.rent_usd * fsum(each) / len(each) + row.rent_after_usd * rates[-1]
    return price * share * first + price * (1 - share) * rates[begins] + rent


@cache
def built(name: str, language: str) -> Workbook:
    return build(Made(plan_named(name), language=language)).workbook  # type: ignore[arg-type]


EACH = pytest.mark.parametrize(("name", "language"), [(n, each) for n in (*NAMES, RICH) for each in ("en", "ja")])


@EACH
def test_it_is_one_page_of_legible_letters(name: str, language: str) -> None:
    sheet = built(name, language)["Summary"]
    assert (sheet.page_setup.paperSize, sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (9, 1, 1)
    assert points(sheet) >= LEAST_POINTS


# Every other sheet on paper


@EACH
def test_every_sheet_is_printed_at_7_points_and_folded_where_it_says(name: str, language: str) -> None:
    for sheet in built(name, language).worksheets:
        assert points(sheet) >= 7.0, sheet.title
        assert sheet.print_title_rows, sheet.title
        room = paper(sheet)[0] / scale(sheet)
        for page in pages_wide(sheet):
            assert sum(width(sheet, column) for column in page) <= room * 1.0001, (sheet.title, page)


@pytest.mark.parametrize("name", NAMES)
def test_time_sheets_are_folded_between_fiscal_years(name: str) -> None:
    plan, book = plan_named(name), built(name, "en")
    years = [row.fiscal_year for row in plan.periods]
    for title in ("Orders", "Cash", "Depreciation", "Unit costs"):
        sheet = book[title]
        assert (sheet.page_setup.paperSize, sheet.print_title_cols) == (8, "$A:$D")
        ends = [each.id - 9 for each in sheet.col_breaks.brk]
        assert ends, title
        assert all(years[end] != years[end + 1] for end in ends), title


def test_pages_end_where_groups_do() -> None:
    """Left block of 50 and years of 40 on pages of 100 that repeat 20; a year that fits nowhere is broken."""
    assert breaks([[30, 20], [20, 20], [20, 20], [20, 20]], 20, 100) == [4]
    assert breaks([[30, 20], [20] * 5], 20, 100) == [4]
    assert breaks([[60, 30, 30], [10]], 20, 100) == [2]


@EACH
def test_headers_do_not_run_into_each_other(name: str, language: str) -> None:
    """A header that is not wrapped fits its column, or has a blank one beside it; so does the title above all."""
    for sheet in built(name, language).worksheets:
        for row in sheet.iter_rows():
            for cell, beside in zip(row, (*row[1:], None), strict=True):
                if cell.style not in HEADS or cell.data_type != "s" or cell.alignment.wrap_text or not cell.value:
                    continue
                free = beside is None or beside.value is None or cell.style == HEADS[1]
                fits = breadth(str(cell.value)) * 0.92 <= sheet.column_dimensions[cell.column_letter].width
                left = cell.style == HEADS[1] and sheet.cell(cell.row, cell.column - 1).value is None
                assert fits or left or (free and cell.style == HEADS[0]), (sheet.title, cell.coordinate, cell.value)
        room = sum(sheet.column_dimensions[letter].width for letter in "ABC")
        assert sheet.title == "Contents" or breadth(str(sheet["A1"].value)) * 1.5 <= room, sheet.title


def seen_as(colour: str, matrix: tuple[tuple[float, float, float], ...]) -> tuple[float, ...]:
    """A colour in CIELAB as somebody sees it who lacks a kind of cone (Machado 2009, in linear light)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    light = [((part + 0.055) / 1.055) ** 2.4 if part > 0.04045 else part / 12.92 for part in parts]
    red, green, blue = (min(1.0, max(0.0, fsum(w * x for w, x in zip(row, light, strict=True)))) for row in matrix)
    xyz = (
        (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047,
        0.2126 * red + 0.7152 * green + 0.0722 * blue,
        (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883,
    )
    x, y, z = (value ** (1 / 3) if value > 0.008856 else 7.787 * value + 16 / 116 for value in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


BLIND = {
    "protan": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deutan": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.01182, 0.04294, 0.968881)),
    "tritan": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.3039)),
}


@pytest.mark.parametrize("kind", BLIND)
def test_the_colour_blind_tell_the_colours_of_charts_apart(kind: str) -> None:
    seen = {colour: seen_as(colour, BLIND[kind]) for colour in CHART_COLOURS}
    least = min(dist(seen[one], seen[other]) for one, other in combinations(CHART_COLOURS, 2))
    assert least >= 20
    assert dist(seen_as(UP, BLIND[kind]), seen_as(DOWN, BLIND[kind])) >= 40


def test_the_axis_of_a_bridge_shows_its_steps() -> None:
    """Steps of 30 and -10 beside 1,000 million; steps as large as the whole begin at zero, as do receipts."""
    assert axis_from(_steps(1000, 30, -10)) == 980
    assert axis_from(_steps(10, 30, -10)) == 0
    assert axis_from(_steps(-100, 30)) == 0
    assert axis_from(_steps(1000)) == 0


def _steps(*millions: float) -> list[Step]:
    steps = [Step(name="step", usd=1e6 * each, meaning="") for each in millions]
    return [*steps, Step(name="This plan", usd=1e6 * fsum(millions), meaning="")]


@pytest.mark.skipif(SOFFICE is None or not shutil.which("pdftotext"), reason="LibreOffice is not installed")
def test_libreoffice_prints_it_on_one_page(page: tuple[str, Page], tmp_path: Path) -> None:
    book = openpyxl.load_workbook(page[1].path, data_only=True)
    for title in book.sheetnames:
        if title != "Summary":
            del book[title]
    book.save(tmp_path / "summary.xlsx")
    command = [str(SOFFICE), f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "pdf"]
    subprocess.run([*command, "--outdir", str(tmp_path), str(tmp_path / "summary.xlsx")], check=True, timeout=240,
                   capture_output=True)  # fmt: skip
    text = subprocess.run(["pdftotext", str(tmp_path / "summary.pdf"), "-"], check=True, capture_output=True).stdout
    assert text.count(b"\f") == 1
    assert b"Owed after the horizon" in text
