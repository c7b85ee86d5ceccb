"""Power that comes in whole blocks: plans by hand, what is refused, the audit and the workbook."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest
from builders import Tree, catalog, load, plan, site, tables, write
from procurement_requests import asked, bought, boxes, buy, chip, rent
from test_workbook_sheets import Live, line

from catalogs.problems import InputError
from cli.main import run
from optimizer.audit import audit
from optimizer.infeasible.repair import repair
from optimizer.plan.format import Plan
from optimizer.solving.solution import Options
from optimizer.workbook import write_workbook
from optimizer.workbook.back import reopened

pytestmark = pytest.mark.usefixtures("in_process")
KNOWN = catalog(chip("chip", {"buy": buy(10_000), "rent": rent(1)}))


def grows(power_mw: Any = 0, quarters: int = 1, count: Any = 3, **terms: Any) -> Tree:
    """A hall of no power to begin with; a box of 10 kW at a PUE of 1.2 takes 0.012 MW of it."""
    expansion = {"usd_per_mw": "1e6", "lead_time_months": 0, "max_mw": "0.1", "life_years": 20, **terms}
    hall = site(power_mw, electricity_usd_per_mwh=0, expansion=expansion)
    return asked(quarters, sites={"oslo": hall}, demand={"train": boxes(count)})


def added(made: Plan) -> dict[tuple[str, str], float]:
    return {(row.site, row.period): row.mw for row in made.expanded}


def test_blocks_by_hand_to_the_cent(tmp_path: Path) -> None:
    """Three boxes take 0.036 MW: 36,000 USD of power, or two blocks of 0.02, 40,000; with 30,000 for the boxes.

    Three rented ones are 52,560. A quarter of 20 years is gone at the end: 1 − 0.25 / 20 of the power is left.
    """
    parts = plan(tmp_path / "parts", grows(), KNOWN)
    assert added(parts) == pytest.approx({("oslo", "2025q1"): 0.036})
    assert parts.objective_usd == pytest.approx(30_000 + 36_000 * 0.0125)
    whole = plan(tmp_path / "whole", grows(block_mw="0.02"), KNOWN)
    assert added(whole) == {("oslo", "2025q1"): 0.04}
    assert whole.costs["facility_usd"] == {"2025q1": 40_000}
    assert whole.objective_usd == pytest.approx(30_000 + 40_000 * 0.0125, abs=1e-6)


def test_a_block_that_is_not_worth_it_is_not_built(tmp_path: Path) -> None:
    """One block of 0.024 MW at 12,000 USD holds two boxes. A second for the third box costs more than a rented one."""
    made = plan(tmp_path, grows(block_mw="0.024", life_years="0.25", usd_per_mw="5e5"), KNOWN)
    assert added(made) == {("oslo", "2025q1"): 0.024}
    assert bought(made) == {("chip.buy", "2025q1"): 2, ("chip.rent", "2025q1"): 1}
    # 12,000 + 20,000 + 17,520; two blocks and three boxes cost 54,000, three rented ones 52,560
    assert made.objective_usd == pytest.approx(49_520)


def test_each_block_comes_when_it_is_needed(tmp_path: Path) -> None:
    """1, 2 and 4 boxes: 0.012, 0.024 and 0.048 MW are 1, 2 and 3 blocks of 0.02; nothing is left of a block's price."""
    plain = {"discount_rate": "0.1", "residual": "none"}
    request = {**grows(quarters=3, count=[1, 2, 4], block_mw="0.02", life_years="0.25"), "finance": plain}
    made = plan(tmp_path, request, catalog(chip("chip", {"buy": buy(1)})))
    assert added(made) == {("oslo", "2025q1"): 0.02, ("oslo", "2025q2"): 0.02, ("oslo", "2025q3"): 0.02}


def test_no_more_blocks_than_fit(tmp_path: Path) -> None:
    """Of 0.1 MW three blocks of 0.03 fit: room for 7 boxes of 0.012, whatever the eighth would save."""
    known = catalog(chip("chip", {"buy": buy(1), "rent": rent(1)}))
    request = grows(count=8, block_mw="0.03")
    assert {c.systems for c in tables(tmp_path / "t", request, known).cohorts if c.offer == "chip.buy"} == {7}
    assert bought(plan(tmp_path, request, known)) == {("chip.buy", "2025q1"): 7, ("chip.rent", "2025q1"): 1}


def test_repair_adds_room_for_a_whole_block(tmp_path: Path) -> None:
    """Four boxes take 0.048 MW, two blocks of 0.03; there is room for one."""
    request = grows(count=4, block_mw="0.03", max_mw="0.05")
    report = repair(load(tmp_path, request, catalog(chip("chip", {"buy": buy(1)}))), Options())
    assert "+0.01 MW of room to grow at oslo" in [option.words for option in report.repairs]


def test_a_block_above_the_most_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"oslo\.expansion\.block_mw must not exceed max_mw, or none fits \(0\.2 > 0\.1\)"
    ):
        load(tmp_path, grows(block_mw="0.2"), KNOWN)


@pytest.mark.parametrize("block", [0, -1, "none"])
def test_a_block_that_is_none_is_refused(tmp_path: Path, block: Any) -> None:
    with pytest.raises(InputError, match="block_mw"):
        load(tmp_path, grows(block_mw=block), KNOWN)


def test_the_audit_refuses_a_part_of_a_block(tmp_path: Path) -> None:
    made = plan(tmp_path, grows(block_mw="0.02"), KNOWN).model_dump(mode="json")
    made["expanded"][0] |= {"mw": 0.036, "usd": 36_000}
    assert "expand_in_blocks(oslo,2025q1): used 0.036 MW, must be 0.04 MW" in audit(made).findings


def test_the_terminal_counts_blocks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plan", str(write(tmp_path, grows(block_mw="0.02"), KNOWN))]) == 0
    assert "on line, 2 blocks of 0.02 MW" in " ".join(capsys.readouterr().out.split())


def test_a_part_of_a_block_fails_a_check_of_the_workbook(tmp_path: Path) -> None:
    path = tmp_path / "plan.xlsx"
    write_workbook(plan(tmp_path, grows(block_mw="0.02"), KNOWN), path)
    assert run(["workbook", "check", str(path)]) == 0
    assert Live(path, {}).check("Power is added in whole blocks") == (0, 0)
    book = openpyxl.load_workbook(path)
    override = ("Orders", line(book["Orders"], "Power added, override", "", "oslo"), 9)
    part = Live(path, {override: 0.05})  # two and a half
    assert part.check("Power is added in whole blocks") == (pytest.approx(0.25), 1)
    assert Live(path, {override: 0.06}).check("Power is added in whole blocks")[1] == 0


def test_another_block_comes_back_from_the_workbook(tmp_path: Path) -> None:
    path = tmp_path / "plan.xlsx"
    write_workbook(plan(tmp_path, grows(block_mw="0.02"), KNOWN), path)
    book = openpyxl.load_workbook(path)
    book["Inputs"].cell(line(book["Inputs"], "Block of added power", "", "oslo"), 5).value = 0.025
    book.save(path)
    expansion = reopened(path).request.scenario.sites["oslo"].expansion
    assert expansion is not None
    assert str(expansion.block_mw) == "0.025"
