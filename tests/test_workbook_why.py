"""Why not, and what limits are worth: by hand on a tiny plan, in the file, and through the way back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest
from builders import accelerator, catalog, plan, rates, scenario, site, system
from click.testing import CliRunner
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet
from workbook_page import Page

from cli.explain import explain as explain_command
from optimizer.explain import Explanation, explain
from optimizer.plan.format import Plan
from optimizer.plan.text import plan_text
from optimizer.workbook import write_workbook
from optimizer.workbook.back import copy_in, reopened
from optimizer.workbook.check import check_workbook
from optimizer.workbook.embedded import Made, packed, unpacked
from optimizer.workbook.sheets.limits import MOVED, MOVING
from optimizer.workbook.sheets.why_not import NOT_CHOSEN
from optimizer.workbook.write import build

pytestmark = pytest.mark.usefixtures("in_process")
Row = dict[str, Any]
FORMULA = '=HYPERLINK("x")'


def bought(name: str, price_usd: int, kw: int) -> dict[str, Any]:
    """An accelerator in systems of eight, sold at one price; each system does 8 × 10 = 80 /s."""
    offer = {"system": f"{name}_box", "route": "purchase", "price_usd": price_usd}
    return accelerator(
        name, {f"{name}_box": system(provisioned_kw=kw, average_kw=kw)}, {f"{name}_box.purchase": offer},
        rates(training=10),
    )  # fmt: skip


@pytest.fixture(scope="module")
def tiny(in_process: None, tmp_path_factory: pytest.TempPathFactory) -> Plan:  # noqa: ARG001
    """800 /s is ten systems. Ten `plain` ones at 100,000 USD draw all of 0.1 MW; `frugal` ones at 160,000 half as much.

    Power is free and nothing is discounted, so that the plan costs 1,000,000 USD.
    """
    chips = (bought("plain", 100_000, 10), bought("frugal", 160_000, 5), bought("refused", 1, 10))
    asked = scenario(
        name=FORMULA,
        finance={"discount_rate": 0, "residual": "none"},
        sites={"oslo": site(power_mw="0.1", pue=1, electricity_usd_per_mwh=0)},
        demand={"train": {"workload": "training", "per_second": 800}},
        offers={"deny": ["refused"]},
    )
    found = plan(tmp_path_factory.mktemp("tiny"), asked, catalog(*chips))
    assert found.objective_usd == pytest.approx(1_000_000)
    return found


@pytest.fixture(scope="module")
def why(tiny: Plan) -> Explanation:
    return explain(tiny, workers=1)


@pytest.fixture(scope="module")
def original(tiny: Plan, why: Explanation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("why") / "why.xlsx"
    write_workbook(tiny, path, "chipmix explain plan.json -o why.xlsx", explanation=why)
    return path


@pytest.fixture(scope="module")
def values(original: Path) -> Workbook:
    return openpyxl.load_workbook(original, data_only=True)


def table(sheet: Worksheet, first_header: str) -> list[Row]:
    """The rows below the header that begins so, up to a blank line."""
    rows = list(sheet.iter_rows(values_only=True))
    head = next(i for i, row in enumerate(rows) if row[0] == first_header)
    body = rows[head + 1 :]
    end = next((i for i, row in enumerate(body) if row[0] is None), len(body))
    return [dict(zip(rows[head], row, strict=True)) for row in body[:end]]


def offers(book: Workbook) -> dict[str, Row]:
    return {row["Offer"]: row for row in table(book["Why not"], "Offer")}


def moves(book: Workbook, limit: str) -> dict[float, Row]:
    rows = table(book["Limits"], "Limit, in all its windows")
    return {row["Moved by"]: row for row in rows if row["Limit, in all its windows"] == limit}


# What the sheets say


def test_an_offer_out_of_the_plan_enters_at_the_price_of_the_other(values: Workbook) -> None:
    row = offers(values)["frugal_box.purchase"]
    assert row["Standing"] == "enters below a price"
    assert row["Price then, USD"] == 160_000
    # Ten for ten: it pays below 100,000 USD, 0.625 of its price, which is known to a thousandth.
    assert row["Enters or leaves at, times the price"] == pytest.approx(0.625)
    assert row["Enters or leaves at, USD"] == pytest.approx(100_000)
    assert row["In every best plan below, USD"] <= row["Enters or leaves at, USD"] < row["Saves no more above, USD"]
    # A thousandth below the price ten of them cost 10 × 99,900, or 1,000 USD less.
    assert row["Cost of the other plan, more by USD, least"] == pytest.approx(-1_000)
    assert row["The other plan"] == (
        "just below: frugal_box.purchase 0 → 10 (oslo 2025q1: 10); plain_box.purchase 10 → 0"
    )


def test_an_offer_in_the_plan_is_worth_what_the_plan_costs_more_without_it(values: Workbook) -> None:
    row = offers(values)["plain_box.purchase"]
    assert (row["Standing"], row["Systems ordered"]) == ("in the plan", 10)
    # Ten at 160,000 instead of ten at 100,000.
    assert row["Cost of the other plan, more by USD, least"] == pytest.approx(600_000)
    assert row["Cost of the other plan, more by USD, most"] == pytest.approx(600_000)
    assert row["The other plan"] == "without it: frugal_box.purchase 0 → 10"
    # One `frugal` for one `plain` as soon as that costs more.
    assert row["Enters or leaves at, USD"] == pytest.approx(160_000)


def test_an_offer_that_cannot_be_ordered_says_which_key_forbids_it(values: Workbook) -> None:
    row = offers(values)["refused_box.purchase"]
    assert row["Standing"] == "cannot be ordered"
    assert row["Why"] == "denied by 'refused' (offers.deny)"
    assert row["Enters or leaves at, USD"] is None, "absent is not zero"


def test_moving_power_costs_a_frugal_system(values: Workbook) -> None:
    rows = moves(values, "power at oslo")
    # 0.099 or 0.095 MW: one or the one system more must draw 5 kW less, for 60,000 USD.
    for moved in (-0.01, -0.05):
        assert rows[moved]["Cost changes by, USD, least"] == pytest.approx(60_000)
        assert rows[moved]["Cost changes by, USD, most"] == pytest.approx(60_000)
    # No figure for a whole MW: 0.001 MW less was solved, and ten of its like are not a hundredth of one.
    assert rows[-0.01]["Moved by, in the unit"] == pytest.approx(-0.001)
    more = rows[0.01]["Cost changes by, USD, least"]
    assert more is None or abs(more) < 0.01
    limits = {row["Name in the model"]: row for row in table(values["Limits"], "Kind")}
    first = limits["power_within_site(oslo,2025q1)"]
    assert first[MOVING.header] == pytest.approx(60_000)
    assert [first[column.header] for column in MOVED.values()] == [-0.01, pytest.approx(-0.001), "MW"]


def test_summary_shows_the_worth_and_its_unit(values: Workbook) -> None:
    page = Page(values)
    assert page.at("Power at the meter: oslo", "USD m", "Limits worth most") == pytest.approx(-0.06)
    assert page.at("Power at the meter: oslo", "moved by", "Limits worth most") == pytest.approx(-0.01)


def test_without_an_explanation_the_sheet_says_what_is_known(tiny: Plan, tmp_path: Path) -> None:
    write_workbook(tiny, tmp_path / "plan.xlsx")
    book = openpyxl.load_workbook(tmp_path / "plan.xlsx", data_only=True)
    rows = offers(book)
    assert {offer: row["Standing"] for offer, row in rows.items()} == {
        "frugal_box.purchase": "not chosen", "refused_box.purchase": "cannot be ordered",
    }  # fmt: skip
    assert rows["frugal_box.purchase"]["Why"] == NOT_CHOSEN
    assert "Price in the relaxation, USD a unit" in table(book["Limits"], "Kind")[0]
    assert [str(finding) for finding in check_workbook(tmp_path / "plan.xlsx")] == []


def test_names_that_look_like_formulas_stay_text(tiny: Plan, why: Explanation) -> None:
    """A copy in a workbook may hold any text."""
    one = next(reason for reason in why.offers if reason.entry is not None and reason.without is None)
    hostile = one.model_copy(update={"reason": FORMULA, "accelerator": FORMULA})
    book = build(Made(tiny, explanation=why.model_copy(update={"offers": (hostile,)})))
    row = next(row for row in book.workbook["Why not"].iter_rows() if row[0].value == one.offer)
    shown = [cell for cell in row if cell.value == FORMULA]
    assert len(shown) == 2
    assert all(cell.data_type == "s" and cell.style and cell.quotePrefix for cell in shown)


# The file and the way back


def test_the_linter_finds_nothing(original: Path) -> None:
    assert [str(finding) for finding in check_workbook(original)] == []


def test_the_copy_carries_the_explanation(tiny: Plan, why: Explanation, original: Path) -> None:
    assert copy_in(original).made.explanation == why
    assert unpacked(*packed(Made(tiny))).explanation is None


def test_a_workbook_with_why_not_comes_back_with_its_edit(original: Path, tmp_path: Path) -> None:
    assert reopened(original).edits == ()
    book = openpyxl.load_workbook(original)
    sheet = book["Inputs"]
    price = ("plain_box.purchase", 100_000)
    row = next(row for row in range(8, 400) if (sheet.cell(row, 2).value, sheet.cell(row, 9).value) == price)
    sheet.cell(row, 9).value = 170_000
    book.save(tmp_path / "edited.xlsx")
    found = reopened(tmp_path / "edited.xlsx")
    assert [(edit.where, edit.old, edit.new) for edit in found.edits] == [(f"Inputs!I{row}", 100_000, 170_000)]


def test_a_figure_of_why_not_may_not_be_changed(original: Path, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(original)
    book["Why not"]["I5"] = 0.9
    book.save(tmp_path / "edited.xlsx")
    with pytest.raises(Exception, match="Why not!I5"):
        reopened(tmp_path / "edited.xlsx")


def test_in_japanese_nothing_is_left_in_english(tiny: Plan, why: Explanation) -> None:
    book = build(Made(tiny, explanation=why, language="ja"))
    assert sorted(book.untranslated) == []
    row = next(row for row in book.workbook["Why not"].iter_rows(values_only=True) if row[0] == "frugal_box.purchase")
    assert row[16] == "直下の価格：frugal_box.purchase 0 → 10 (oslo 2025q1: 10); plain_box.purchase 10 → 0"


def test_the_command_writes_the_workbook_and_keeps_the_language(tiny: Plan, tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text(plan_text(tiny), encoding="utf-8")
    first, second = str(tmp_path / "first.xlsx"), str(tmp_path / "second.xlsx")
    asked = ["--offer", "frugal_box.purchase"]
    for arguments in ([str(tmp_path / "plan.json"), "-o", first, "--language", "ja"], [first, "-o", second]):
        done = CliRunner().invoke(explain_command, [*arguments, *asked])
        assert done.exit_code == 0, done.output
    made = copy_in(Path(second)).made
    assert made.language == "ja"
    assert made.explanation is not None
    assert [reason.offer for reason in made.explanation.offers] == ["frugal_box.purchase"]
    done = CliRunner().invoke(explain_command, [str(tmp_path / "plan.json"), "-o", str(tmp_path / "why.csv")])
    assert done.exit_code == 2
    assert "must end in .xlsx" in done.output
