"""Frame agreements, to the cent and in every place where a reader meets them.

A box of one chip does 200 of work, so 2,000 take ten. A year at 56.25 % makes d_1 = 1 / 1.25 = 0.8 and d_2 = 0.8^3 =
0.512; a year has 8,760 hours. Power costs nothing, and nothing is left of what is bought.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from builders import EXACT, Tree, accelerator, catalog, cents, load, plan, rates, scenario, site, system, write
from workbook_cells import find

from catalogs.problems import InputError
from cli.main import run
from optimizer.audit import audit
from optimizer.explain import UnknownName, explain
from optimizer.infeasible.repair import repair
from optimizer.plan.bridge import bridge
from optimizer.plan.compare import compare
from optimizer.plan.format import Plan
from optimizer.plan.recost import recosted
from optimizer.plan.text import plan_text
from optimizer.plan_files import read_plan
from optimizer.planning import make_plan
from optimizer.replan.approved import Approved
from optimizer.workbook.back import reopened

pytestmark = pytest.mark.usefixtures("in_process")
YEARS = {"start": "2026", "periods": 2}
INCREMENTAL = {"kind": "incremental", "steps": [{"from_systems": 5, "factor": "0.9"}]}
CLOUD = {"system": "box", "route": "on_demand", "host": "cloud", "usd_per_accelerator_hour": 2}
BUY = {"system": "box", "route": "purchase", "price_usd": 100000}
CLOUD_DEAL: Tree = {
    "of": {"host": "cloud"}, "orders": "2026..2027", "within": "2026..2028", "spend_usd": 450000, "factor": "0.75",
}  # fmt: skip
BULK: Tree = {"of": {"route": "purchase"}, "orders": "2026", "within": "2026", "spend_usd": 500000, "factor": "0.8"}


def chips(**offers: Tree) -> Tree:
    named = {f"box.{name}": offer for name, offer in offers.items()}
    return catalog(accelerator("chip", {"box": system(1, 1, 1)}, named, rates(training=200)))


def asked(first: int, second: int, frames: Tree, **parts: Any) -> Tree:
    """So much work in the first year and in the second."""
    return scenario(
        **{
            "horizon": YEARS,
            "finance": {"discount_rate": "0.5625", "residual": "none"},
            "sites": {"oslo": site(electricity_usd_per_mwh=0)},
            "demand": {"train": {"workload": "training", "per_second": {"2026": first, "2027": second}}},
            **({"frames": frames} if frames else {}),
            **parts,
        }
    )


def rented(spend_usd: Any = 450000, more: Tree | None = None, **terms: Any) -> Tree:
    """Ten boxes in both years, at a cloud with which there may be an agreement."""
    deal = {**CLOUD_DEAL, "spend_usd": spend_usd, **terms}
    return asked(2000, 2000, {"cloud_deal": deal}, **(more or {}))


def ordered(of: Plan) -> dict[tuple[str, str | None, str, str], float]:
    return {(row.offer, row.frame, row.place, row.enters_service): row.systems for row in of.orders}


def frame_of(of: Plan, name: str) -> tuple[bool, float, float, float, str]:
    row = next(row for row in of.frames if row.frame == name)
    assert row.signed or row.shortfall_usd == 0
    return row.signed, row.promised_usd, row.spent_usd, row.shortfall_usd, row.due


def paid(of: Plan, line: str, period: str) -> float:
    return of.costs[line][period]


# What a plan costs, by hand


def test_what_is_missing_of_the_rent_promised_is_paid_in_the_window_s_last_period(tmp_path: Path) -> None:
    """Ten boxes at 2 USD an hour are 175,200 a year; 131,400 at 0.75.

    Two of the window's three years lie inside: 450,000 · 2/3 = 300,000 are promised, 262,800 spent on what is needed,
    37,200 missing, due in 2027. 131,400 · 0.8 + (131,400 + 37,200) · 0.512 = 105,120 + 86,323.20; without the frame
    175,200 · 1.312 = 229,862.40. To rent idle boxes in 2027 for what is missing costs the same, so 0 to 2 may be.
    """
    made = plan(tmp_path, rented(), chips(cloud=CLOUD))
    assert cents(made.objective_usd) == "191443.20"
    signed, promised, spent, missing, due = frame_of(made, "cloud_deal")
    assert (signed, promised, due) == (True, 300000, "2027")
    idle = ordered(made)["box.cloud", "cloud_deal", "cloud", "2027"] - 10
    assert idle in (0, 1, 2)
    assert spent == pytest.approx(262800 + 13140 * idle)
    assert paid(made, "frame_usd", "2027") == missing == pytest.approx(37200 - 13140 * idle)
    assert (paid(made, "frame_usd", "2026"), paid(made, "rent_usd", "2026")) == (0, 131400)
    assert {row.usd_per_accelerator_hour for row in made.orders} == {1.5}
    assert any("of the 0.300 million USD that it promises is not spent" in warning for warning in made.warnings)
    alone = plan(tmp_path / "alone", asked(2000, 2000, {}), chips(cloud=CLOUD))
    assert cents(alone.objective_usd) == "229862.40"


def test_a_purchase_frame_is_filled_up_to_the_supply_that_it_shares(tmp_path: Path) -> None:
    """Four boxes in 2026, eight from 2027 on; six a year can be had, at 100,000 USD, the fifth and sixth at 0.9.

    Signed, six are bought in 2026: 4 · 80,000 + 2 · 72,000 = 464,000, 36,000 are missing, and two more at 100,000 in
    2027: 500,000 · 0.8 + 200,000 · 0.512 = 502,400. Five would be 392,000 and 108,000 missing, and three more in 2027:
    553,600. Not signed, four and four: 400,000 · 1.312 = 524,800.
    """
    known = chips(buy={**BUY, "supply_systems_per_month": "0.5", "price_breaks": INCREMENTAL})
    made = plan(tmp_path, asked(800, 1600, {"bulk": BULK}), known)
    assert cents(made.objective_usd) == "502400.00"
    assert ordered(made) == {("box.buy", "bulk", "oslo", "2026"): 6, ("box.buy", None, "oslo", "2027"): 2}
    assert frame_of(made, "bulk") == (True, 500000, 464000, 36000, "2026")
    assert (paid(made, "hardware_usd", "2026"), paid(made, "frame_usd", "2026")) == (464000, 36000)
    assert made.orders[0].price_usd == pytest.approx(464000 / 6)
    supply = {row.row: row.used for row in made.limits if row.row.startswith("orders_within_offer")}
    assert supply == {"orders_within_offer(box.buy,2026)": 6, "orders_within_offer(box.buy,2027)": 2}

    dear = plan(tmp_path / "dear", asked(800, 1600, {"bulk": {**BULK, "spend_usd": 530000}}), known)
    assert cents(dear.objective_usd) == "524800.00"  # (530,000 · 0.8 + 102,400) would be 526,400
    assert frame_of(dear, "bulk") == (False, 530000, 0, 0, "2026")


TWO_SITES: Tree = {"north": site(electricity_usd_per_mwh=0), "south": site(electricity_usd_per_mwh=0)}
BREAKS = [
    # 3 at 80,000; then the fourth at 100,000 and two at 90,000.
    ("incremental", 5, "240000", "280000"),
    # Six of them: 0.9 for all, 72,000 and 90,000.
    ("all_units", 6, "216000", "270000"),
]


@pytest.mark.parametrize(("kind", "first", "under", "plain"), BREAKS)
def test_price_breaks_count_what_is_under_the_frame_and_what_is_not(
    tmp_path: Path, kind: str, first: int, under: str, plain: str
) -> None:
    """Three boxes at each of two sites; the frame is about one of them."""
    breaks = {"kind": kind, "steps": [{"from_systems": first, "factor": "0.9"}]}
    demand = {
        place: {"workload": "training", "per_second": 600, "sites": [place], "stacks": {"cuda": 0}}
        for place in TWO_SITES
    }
    frame = {**BULK, "of": {"site": "north"}, "spend_usd": 1000}
    parts = {"sites": TWO_SITES, "demand": demand, "horizon": {"start": "2026", "periods": 1}}
    made = plan(tmp_path, asked(0, 0, {"bulk": frame}, **parts), chips(buy={**BUY, "price_breaks": breaks}))
    capex = {(row.place, row.frame): cents(row.capex_usd) for row in made.orders}
    assert capex == {("north", "bulk"): f"{under}.00", ("south", None): f"{plain}.00"}
    assert cents(made.objective_usd) == cents(0.8 * (int(under) + int(plain)))


def test_spend_counts_by_cash_date_and_without_network(tmp_path: Path) -> None:
    """Five boxes for 2027, ordered in 2026: 80,000 each at 0.8, a quarter of it in 2026, network 10,000 each in 2027.

    The window is 2027: 300,000 of the 350,000 promised, 50,000 missing. 100,000 · 0.8 + (300,000 + 50,000 + 50,000) ·
    0.512 = 284,800; at list price 125,000 · 0.8 + (375,000 + 50,000) · 0.512 = 317,600.
    """
    offer = {**BUY, "lead_time_months": 12, "deposit_share": "0.25", "network_usd": 10000}
    frame = {**BULK, "within": "2027", "spend_usd": 350000}
    made = plan(tmp_path, asked(0, 1000, {"bulk": frame}), chips(buy=offer))
    assert cents(made.objective_usd) == "284800.00"
    assert frame_of(made, "bulk") == (True, 350000, 300000, 50000, "2027")
    assert [paid(made, "hardware_usd", period) for period in ("2026", "2027")] == [100000, 300000]
    assert (paid(made, "network_usd", "2027"), paid(made, "frame_usd", "2027")) == (50000, 50000)


def test_signed_already_is_paid_for_whatever_is_done(tmp_path: Path) -> None:
    """4 million USD for three years, two of them inside: what is not spent of 2,666,666.67 is paid in 2027."""
    made = plan(tmp_path, rented("4e6", signed="true"), chips(cloud=CLOUD))
    signed, promised, spent, missing, _ = frame_of(made, "cloud_deal")
    assert signed
    assert cents(promised) == "2666666.67"
    assert spent + missing == pytest.approx(promised)
    assert cents(made.objective_usd) == cents(131400 * 0.8 + 0.512 * (4e6 * 2 / 3 - 131400))
    assert not plan(tmp_path / "free", rented("4e6"), chips(cloud=CLOUD)).frames[0].signed


def test_commitments_keep_their_own_price(tmp_path: Path) -> None:
    """Two that are ordered already stay at their price and do not count; the frame is for the eight others."""
    committed = [{"offer": "box.cloud", "site": "cloud", "period": "2026", "systems": 2}]
    made = plan(tmp_path, rented(0, {"commitments": committed}, signed="true"), chips(cloud=CLOUD))
    rates_of = {(row.commitment, row.frame): row.usd_per_accelerator_hour for row in made.orders}
    assert rates_of == {(True, None): 2.0, (False, "cloud_deal"): 1.5}
    assert frame_of(made, "cloud_deal")[2] == pytest.approx(1.5 * 8760 * (8 + 10))


def test_a_frame_without_promise_is_a_lower_price(tmp_path: Path) -> None:
    """Residual value, maintenance, deposits, price breaks and what is owed follow the price that is paid.

    Work of 600 has to be rented at first, as nothing bought arrives before 2027.
    """
    finance = {"discount_rate": "0.1", "residual": {"1": "0.6", "2": "0.3"}, "maintenance_share": "0.05"}
    buy = {**BUY, "lead_time_months": 12, "deposit_share": "0.3", "price_breaks": INCREMENTAL}
    rent = {**CLOUD, "route": "reservation", "term_months": 36, "usd_per_accelerator_hour": 10}
    frame = {"of": {"vendor": "*"}, "orders": "total", "within": "total", "spend_usd": 0, "factor": "0.7"}
    made = plan(tmp_path, asked(600, 2000, {"all": frame}, finance=finance), chips(buy=buy, rent=rent))
    cheap = chips(buy={**buy, "price_usd": 70000}, rent={**rent, "usd_per_accelerator_hour": 7})
    other = plan(tmp_path / "cheap", asked(600, 2000, {}, finance=finance), cheap)
    assert cents(made.objective_usd) == cents(other.objective_usd)
    assert {row.route for row in made.orders} == {"purchase", "reservation"}
    assert made.costs == other.costs
    assert made.after_horizon == other.after_horizon


def test_for_limits_buyers_and_denials_what_is_under_a_frame_is_the_offer(tmp_path: Path) -> None:
    """At most four of the offer: four at the frame's price, six bought. What is denied is denied at any price."""
    few = [{"name": "few", "measure": "systems", "of": {"offer": "box.cloud"}, "at_most": 4, "within": "total"}]
    known = chips(cloud=CLOUD, buy={**BUY, "price_usd": 900000})
    made = plan(tmp_path, asked(2000, 2000, {"cloud_deal": {**CLOUD_DEAL, "spend_usd": 0}}, limits=few), known)
    assert sum(row.systems for row in made.orders if row.frame) == 4
    denied = plan(tmp_path / "denied", rented(more={"offers": {"deny": ["box.cloud"]}}), known)
    assert not denied.frames[0].signed
    assert "frame cloud_deal: nothing that it selects can be ordered within 2026..2027" in denied.warnings


def test_plans_without_frames_say_nothing_of_them(tmp_path: Path) -> None:
    alone = plan_text(plan(tmp_path, asked(2000, 2000, {}), chips(cloud=CLOUD)))
    assert "frame" not in alone
    assert '"frames"' in plan_text(plan(tmp_path / "framed", rented(), chips(cloud=CLOUD)))


# What is refused


REFUSED: dict[str, tuple[Tree, str]] = {
    "an unknown host": ({"of": {"host": "clowd"}}, r"frames\.deal\.of\.host: .*'clowd'.*did you mean 'cloud'"),
    "an unknown offer": (
        {"of": {"offer": ["box.by"]}},
        r"frames\.deal\.of\.offer: 'box\.by' selects no offer; did you mean 'box\.buy'",
    ),
    "each": ({"of": {"vendor": "each"}}, r"'each' is for limits"),
    "a demand": ({"of": {"demand": "train"}}, r"about what is ordered, not about work"),
    "no selector": ({"of": {"provider": "cloud"}}, r"provider"),
    "no spend": ({"spend_usd": None}, r"spend_usd"),
    "a negative spend": ({"spend_usd": -1}, r"frames\.deal\.spend_usd must be at least 0 \(got -1\)"),
    "no factor": ({"factor": None}, r"factor"),
    "a factor of 0": ({"factor": 0}, r"frames\.deal\.factor must be more than 0 \(got 0\)"),
    "a factor above 1": ({"factor": "1.01"}, r"frames\.deal\.factor must be at most 1 \(got 1\.01\)"),
    "signed perhaps": ({"signed": "perhaps"}, r"frames\.deal\.signed must be 'optional' or 'true' \(got perhaps\)"),
    "no such window": ({"orders": "soon"}, r"frames\.deal\.orders: "),
    "orders outside the horizon": ({"orders": "2031"}, r"frames\.deal\.orders: .*2031"),
    "a window outside the horizon": ({"within": "2022..2025"}, r"frames\.deal\.within: .*2022\.\.2025"),
    "nothing selected": (
        {"of": {"host": "cloud", "route": "purchase"}},
        r"frames\.deal\.of: all of it together selects no offer at any of its places",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_mistakes_are_refused_at_line_and_column(tmp_path: Path, name: str) -> None:
    changes, says = REFUSED[name]
    deal = {key: value for key, value in {**CLOUD_DEAL, **changes}.items() if value is not None}
    with pytest.raises(InputError) as refused:
        plan(tmp_path, asked(2000, 2000, {"deal": deal}), chips(cloud=CLOUD, buy=BUY))
    (problem,) = refused.value.problems
    assert re.search(rf"scenario\.yaml:\d+:\d+: .*{says}", str(problem)), str(problem)


def test_names_that_an_offer_has_already_are_refused(tmp_path: Path) -> None:
    known = chips(cloud=CLOUD, **{"cloud.deal": {**CLOUD, "host": "other"}})
    with pytest.raises(InputError, match=r"frames\.deal: 'box\.cloud\.deal', .* is an offer already; rename the frame"):
        plan(tmp_path, asked(2000, 2000, {"deal": CLOUD_DEAL}), known)


def test_a_setting_of_an_unknown_frame_is_refused(tmp_path: Path, capsys: Any) -> None:
    path = str(write(tmp_path, rented(), chips(cloud=CLOUD)))
    assert run(["plan", path, "--set", "frames/cloud_dael/spend_usd=1"]) == 2
    assert "cloud_deal" in capsys.readouterr().err


# What it is worth, and what gives way


def test_explain_says_up_to_which_promise_it_pays(tmp_path: Path) -> None:
    """131,400 · 1.312 + 0.512 · (S − 262,800) = 229,862.40 at S = 375,037.50 inside the horizon: 562,556.25 in all."""
    known = chips(cloud=CLOUD)
    signed, unsigned = (plan(tmp_path / str(spend), rented(spend), known) for spend in (450000, 600000))
    assert (signed.frames[0].signed, unsigned.frames[0].signed) == (True, False)
    for made in (signed, unsigned):
        (found,) = explain(made).frames
        assert found.answer == "solved"
        assert found.pays_up_to_usd is not None
        assert found.pays_up_to_usd.least == pytest.approx(562556.25, rel=1e-3)
        assert found.pays_up_to_usd.least <= 562556.25 * (1 + 1e-6) <= found.pays_up_to_usd.most * (1 + 1e-3)
        saves = 229862.40 - (131400 * 1.312 + 0.512 * (found.spend_usd * 2 / 3 - 262800))
        assert found.saves_usd is not None
        assert found.saves_usd.least - 1 <= saves <= found.saves_usd.most + 1
    for spend, pays in (("562500", True), ("562600", False)):
        assert plan(tmp_path / spend, rented(spend), known).frames[0].signed is pays


def test_tax_takes_its_part_of_what_is_missing_too(tmp_path: Path) -> None:
    """Rent and what is missing are deducted alike: at 40 % all costs are 0.6 of themselves, up to the same promise."""
    finance = {"discount_rate": "0.5625", "residual": "none", "tax": {"rate": "0.4", "depreciation": "bonus"}}
    made = plan(tmp_path, rented(more={"finance": finance}), chips(cloud=CLOUD))
    assert cents(made.objective_usd) == cents(191443.20 * 0.6)
    (found,) = explain(made).frames
    assert found.pays_up_to_usd is not None
    assert found.pays_up_to_usd.least == pytest.approx(562556.25, rel=1e-3)
    without = plan(tmp_path / "alone", asked(2000, 2000, {}, finance=finance), chips(cloud=CLOUD))
    assert sum(step.usd for step in bridge(without, made)) == pytest.approx(made.objective_usd - without.objective_usd)
    (missing,) = (step.usd for step in bridge(without, made) if step.name == "Frame shortfall")
    assert missing == pytest.approx(0.6 * 0.512 * made.frames[0].shortfall_usd)


def test_explain_of_what_never_pays_and_of_names(tmp_path: Path) -> None:
    """At a factor of 1 it pays to sign for nothing, not even without a promise."""
    made = plan(tmp_path, rented(1000, factor="1"), chips(cloud=CLOUD))
    (found,) = explain(made, frames=["cloud*"]).frames
    assert (found.pays_up_to_usd, found.signed, found.factor) == (None, False, 1.0)
    with pytest.raises(UnknownName, match="cloud_deal"):
        explain(made, frames=["cloud_dael"])


def test_repair_lowers_what_is_promised(tmp_path: Path) -> None:
    """300,000 of opex are promised and 280,000 budgeted: 20,000 more, or 280,000 · 3/2 = 420,000 promised."""
    short = rented(more={"budget": {"opex_usd": {"total": 280000}}}, signed="true")
    report = repair(load(tmp_path, short, chips(cloud=CLOUD)), EXACT)
    assert report.status == "infeasible"
    assert {"spend of frame cloud_deal", "opex budget total"} <= {
        name for each in report.conflicts for name in each.limits
    }
    settings = {option.settings: option.words for option in report.repairs}
    assert settings == {
        ("frames/cloud_deal/spend_usd=420000",): "frame cloud_deal with 0.03 M USD less to spend",
        ("budget/opex_usd={total: 300000}",): "+0.02 M USD of opex budget total",
    }
    path = str(tmp_path / "scenario.yaml")
    for (setting,) in settings:
        assert run(["plan", path, "--set", setting]) == 0
    assert run(["plan", path, "--set", "frames/cloud_deal/spend_usd=421000"]) == 3


def test_an_agreement_that_a_budget_does_not_allow_is_not_signed(tmp_path: Path) -> None:
    """262,800 of rent at its price and 37,200 more are above 299,000 of opex, which what is bought does not need."""
    known = chips(cloud=CLOUD, buy={**BUY, "price_usd": 150000})
    made = plan(tmp_path, rented(more={"budget": {"opex_usd": {"total": 299000}}}), known)
    assert not made.frames[0].signed


# Side by side, again, and on paper


def test_compare_and_the_bridge_tell_frames(tmp_path: Path) -> None:
    known = chips(cloud=CLOUD)
    before, after = plan(tmp_path / "a", rented(600000), known), plan(tmp_path / "b", rented(450000), known)
    (change,) = compare([before, after], ["a", "b"]).changes
    assert (change.frames_signed, change.frames_dropped) == (("cloud_deal",), ())
    steps = {step.name: step.usd for step in bridge(before, after)}
    assert sum(steps.values()) == pytest.approx(after.objective_usd - before.objective_usd, abs=0.01)
    assert steps["Frame shortfall"] == pytest.approx(0.512 * after.frames[0].shortfall_usd)
    assert float(recosted(after, after.scenario, after.catalog).objective_usd) == pytest.approx(after.objective_usd)


def test_an_approved_plan_keeps_its_agreement(tmp_path: Path) -> None:
    """The promise rises to where the frame does not pay: who stays close to the plan keeps the orders at its price."""
    known = chips(cloud=CLOUD)
    before = plan(tmp_path / "a", rented(450000), known)
    dearer = load(tmp_path / "b", rented(580000), known)
    again = make_plan(dearer, EXACT, approved=Approved(before, saving=0.0)).plan
    assert ordered(again) == ordered(before)
    assert again.frames[0].signed
    assert not make_plan(dearer, EXACT).plan.frames[0].signed


def test_the_terminal_shows_frames(tmp_path: Path, capsys: Any) -> None:
    path = str(write(tmp_path, rented(), chips(cloud=CLOUD)))
    made = str(tmp_path / "plan.json")
    assert run(["plan", path, "--json", made]) == 0
    printed = capsys.readouterr().out
    assert re.search(r"cloud_deal +sign +0\.300 +0\.2\d\d +0\.0\d\d +2027", printed), printed
    assert "box.cloud.cloud_deal" in printed
    book = str(tmp_path / "why.xlsx")
    assert run(["explain", made, "--frame", "cloud_deal", "-o", book]) == 0
    assert "0.563" in capsys.readouterr().out
    rows = [[cell.value for cell in row[:10]] for row in openpyxl.load_workbook(book)["Limits"].iter_rows()]
    (row,) = (row for row in rows if row[:2] == ["cloud_deal", "solved again"])
    assert row[2:5] == ["signed", 0.75, 450000]
    assert row[5] == pytest.approx(191443.20 - 229862.40)
    assert row[7] == pytest.approx(562556.25, rel=1e-3)
    assert [row["frame"] for row in json.loads(Path(made).read_text())["orders"]] == ["cloud_deal", "cloud_deal"]
    assert audit(json.loads(Path(made).read_text())).ok


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_workbook_is_planned_again_from_its_edits(tmp_path: Path, language: str) -> None:
    """A promise that does not pay any more, and an order under the frame that is held."""
    path, book, new = str(write(tmp_path, rented(), chips(cloud=CLOUD))), tmp_path / "plan.xlsx", tmp_path / "new.xlsx"
    assert run(["plan", path, "-o", str(book), "--language", language]) == 0
    assert run(["workbook", "check", str(book)]) == 0
    if language == "ja":
        return
    sheets = openpyxl.load_workbook(book)
    sheets["Inputs"].cell(find(sheets["Inputs"], "Spend promised", "cloud_deal"), 5).value = 600000
    sheets["Inputs"].cell(find(sheets["Inputs"], "Factor on price and rent", "cloud_deal"), 5).value = 0.8
    row = find(sheets["Orders"], "Override, under cloud_deal", "box.cloud", "cloud")
    sheets["Orders"].cell(row, 9).value = 12
    sheets.save(book)
    assert run(["plan", str(book), "-o", str(new)]) == 0
    again = read_plan(new)
    assert (again.scenario["frames"]["cloud_deal"]["spend_usd"], again.scenario["frames"]["cloud_deal"]["factor"]) == (
        "600000", "0.8",
    )  # fmt: skip
    assert sum(row.systems for row in again.orders if row.enters_service == "2026") == 12
    assert reopened(new).edits == ()
