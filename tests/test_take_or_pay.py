"""Energy that is paid for whether it is used or not: plans by hand, the audit and the workbook.

A hall of 0.1 MW gives 219 MWh a quarter; a box of 7 kW at a PUE of 1.2 uses 18.396 of them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest
from builders import Tree, catalog, plan, site
from procurement_requests import PLAIN, asked, bought, boxes, buy, chip, flows, rent
from test_workbook_sheets import Live, line

from catalogs.problems import InputError
from cli.main import run
from optimizer.audit import audit
from optimizer.infeasible.shortage import Infeasible
from optimizer.plan.text import plan_text
from optimizer.workbook import write_workbook
from optimizer.workbook.back import reopened

pytestmark = pytest.mark.usefixtures("in_process")
KNOWN = catalog(chip("chip", {"buy": buy(10_000), "rent": rent(1)}))


def hall(share: Any, usd: Any = 50, **more: Any) -> Tree:
    return {"oslo": site("0.1", electricity_usd_per_mwh=usd, take_or_pay_share=share, **more)}


def test_idle_power_by_hand_to_the_cent(tmp_path: Path) -> None:
    """0.8 of 219 are 175.2 MWh: 18.396 used and 156.804 not, at 50 USD 919.80 and 7,840.20; with the box 18,760."""
    made = plan(tmp_path, asked(sites=hall("0.8")), KNOWN)
    assert bought(made) == {("chip.buy", "2025q1"): 1}
    assert flows(made, "energy_usd") == pytest.approx([919.80])
    assert flows(made, "idle_power_usd") == pytest.approx([7840.20])
    assert made.objective_usd == pytest.approx(18_760)


def test_what_is_used_above_the_share_is_not_idle(tmp_path: Path) -> None:
    """8 boxes use 147.168 MWh, more than half of 219."""
    made = plan(tmp_path, asked(sites=hall("0.5"), demand={"train": boxes(8)}), KNOWN)
    assert flows(made, "idle_power_usd") == [0]
    assert flows(made, "energy_usd") == pytest.approx([8 * 919.80])


def test_energy_that_is_paid_for_anyway_costs_nothing_more(tmp_path: Path) -> None:
    """At 1,000 USD a MWh a box of one's own uses 18,396, more than a rented one costs, unless they are paid anyway."""
    free = plan(tmp_path / "free", asked(sites=hall(0, 1000)), KNOWN)
    assert bought(free) == {("chip.rent", "2025q1"): 1}
    assert free.objective_usd == pytest.approx(17_520)
    bound = plan(tmp_path / "bound", asked(sites=hall(1, 1000)), KNOWN)
    assert bought(bound) == {("chip.buy", "2025q1"): 1}
    assert bound.objective_usd == pytest.approx(219_000 + 10_000)


def test_added_power_is_taken_or_paid_for_too(tmp_path: Path) -> None:
    """Ten boxes take 0.12 MW: 0.02 more, on line in the second quarter; all of 0.1 and then 0.12 MW is paid for."""
    terms = {"usd_per_mw": 100, "lead_time_months": 3, "max_mw": 1, "life_years": 1}
    sites = hall(1, expansion=terms)
    made = plan(
        tmp_path, asked(2, sites=sites, demand={"train": boxes([8, 10])}), catalog(chip("chip", {"buy": buy(9)}))
    )
    due = [219 * 50, 1.2 * 219 * 50]
    energy, idle = flows(made, "energy_usd"), flows(made, "idle_power_usd")
    assert [a + b for a, b in zip(energy, idle, strict=True)] == pytest.approx(due)


def test_power_that_goes_down_in_a_period_is_its_lowest(tmp_path: Path) -> None:
    """Of 0.1 MW and, from February, 0.05 the half is due: 109.5 MWh."""
    sites = {"oslo": site({"2025-01": "0.1", "2025-02": "0.05"}, electricity_usd_per_mwh=50, take_or_pay_share=1)}
    made = plan(tmp_path, asked(sites=sites), KNOWN)
    assert flows(made, "idle_power_usd") == pytest.approx([(109.5 - 18.396) * 50])


def test_idle_power_counts_in_the_opex_budget(tmp_path: Path) -> None:
    """8,760 USD are due whatever is decided."""
    enough = plan(tmp_path / "a", asked(sites=hall("0.8"), budget={"opex_usd": {"total": 8760}}), KNOWN)
    assert bought(enough) == {("chip.buy", "2025q1"): 1}
    with pytest.raises(Infeasible):
        plan(tmp_path / "b", asked(sites=hall("0.8"), budget={"opex_usd": {"total": 8759}}), KNOWN)


def test_without_a_share_there_is_no_such_line(tmp_path: Path) -> None:
    for number, share in enumerate((None, 0)):
        sites = hall(share) if share is not None else {"oslo": site("0.1")}
        assert ("idle_power_usd" in plan(tmp_path / str(number), asked(sites=sites), KNOWN).costs) is False


@pytest.mark.parametrize("share", ["1.1", -1, "all"])
def test_a_share_that_is_none_is_refused(tmp_path: Path, share: Any) -> None:
    with pytest.raises(InputError, match="take_or_pay_share"):
        plan(tmp_path, asked(sites=hall(share)), KNOWN)


def test_the_audit_counts_idle_power(tmp_path: Path) -> None:
    made = plan(tmp_path, asked(sites=hall("0.8")), KNOWN).model_dump(mode="json")
    made["costs"]["idle_power_usd"]["2025q1"] -= 1
    assert "costs(idle_power_usd,2025q1,usd): the plan says 7,839.2, recomputed 7,840.2" in audit(made).findings
    del made["costs"]["idle_power_usd"]
    assert not audit(made).ok


def test_plans_with_and_without_a_share_are_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """7,840.20 USD of idle power are why the second plan costs more, whichever comes first."""
    for name, share in (("with", "0.8"), ("without", 0)):
        made = plan(tmp_path / name, asked(sites=hall(share)), KNOWN)
        (tmp_path / f"{name}.json").write_text(plan_text(made), encoding="utf-8")
    for first, second in (("with", "without"), ("without", "with")):
        assert run(["compare", str(tmp_path / f"{first}.json"), str(tmp_path / f"{second}.json")]) == 0
        assert "idle_power, present value" in capsys.readouterr().out


def test_cash_follows_the_share_and_it_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "plan.xlsx"
    write_workbook(plan(tmp_path, asked(sites=hall("0.8"), finance=PLAIN), KNOWN), path)
    assert run(["workbook", "check", str(path)]) == 0
    cell = ("Inputs", line(openpyxl.load_workbook(path)["Inputs"], "Take or pay, share of all energy", "", "oslo"), 5)
    for edits, idle in (({}, 7840.20), ({cell: 0.5}, (109.5 - 18.396) * 50), ({cell: 0.0}, 0)):
        live = Live(path, edits)
        assert live.across("Cash", "Idle power", "", "oslo") == pytest.approx([idle])
        assert live.named("master_check") == 0
    book = openpyxl.load_workbook(path)
    book["Inputs"].cell(*cell[1:]).value = 0.5
    book.save(path)
    assert str(reopened(path).request.scenario.sites["oslo"].take_or_pay_share) == "0.5"
