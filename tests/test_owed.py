"""Rent after the horizon, to the cent and in every place where a reader meets it; terms that are rounded.

A box of one chip does 200 of work, so 2,000 take ten. In the cloud it is had for 12 months at 2.50 USD an hour or for
36 months at 1.50: over one year the long term is the cheaper only as far as its other two years do not count.
"""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from builders import Tree, accelerator, catalog, cents, model, plan, rates, scenario, site, system, write
from test_brute_force import drawn, planned_cost
from workbook_page import Page

from cli.main import run
from optimizer.audit import audit
from optimizer.explain import explain
from optimizer.explain.explanation import OfferReason
from optimizer.plan.bridge import bridge
from optimizer.plan.compare import compare
from optimizer.plan.format import Plan
from optimizer.plan.recost import recosted
from optimizer.plan.text import plan_text
from optimizer.workbook.language.wording import Wording

pytestmark = pytest.mark.usefixtures("in_process")
RULES = ("ignored", "as_residual", "in_full")
"""From the least that rent after the horizon counts to the most."""


def term(months: int, hourly: Any, route: str = "reservation", **fields: Any) -> Tree:
    host = {} if route == "lease" else {"host": "cloud"}
    return {
        "system": "box",
        "route": route,
        "usd_per_accelerator_hour": hourly,
        "term_months": months,
        **host,
        **fields,
    }


def chips(**offers: Tree) -> Tree:
    return catalog(
        accelerator(
            "chip", {"box": system(1, 1, 1)}, {f"box.{name}": offer for name, offer in offers.items()},
            rates(training=200),
        )
    )  # fmt: skip


def asked(start: str = "2026", periods: int = 1, work: int = 2000, **parts: Any) -> Tree:
    """A year at 25 %, so that d_2 / d_1 is 0.8 and d_3 / d_1 0.64; without a residual table the default one."""
    finance = {"discount_rate": "0.25", **parts.pop("finance", {})}
    demand = {"train": {"workload": "training", "per_second": work}}
    return scenario(horizon={"start": start, "periods": periods}, finance=finance, demand=demand, **parts)


TERMS = chips(short=term(12, "2.5"), long=term(36, "1.5"))


def ordered(made: Plan) -> list[tuple[str, str, float]]:
    return [(order.offer, order.enters_service, order.systems) for order in made.orders]


# d_1 = 1.25^-0.5 = 0.894427. Ten boxes: 2.5 * 8,760 * 10 = 219,000 a year, or 131,400; of the latter 0.8 + 0.64 = 1.44
# years are owed after the horizon, 189,216 in full. Rule, what is chosen, USD owed in the period, present value.
YEARS = [
    # the default table leaves 0.62 after a year: 0.38 * 189,216; 0.894427 * (131,400 + 71,902.08)
    pytest.param({}, "box.long", "71902.08", "181838.91", id="default"),
    # in full the long term would cost 131,400 + 189,216 = 320,616: 0.894427 * 219,000
    pytest.param({"owed_after_horizon": "in_full"}, "box.short", "0.00", "195879.55", id="in full"),
    # 0.894427 * 131,400
    pytest.param({"owed_after_horizon": "ignored"}, "box.long", "0.00", "117527.73", id="ignored"),
    # nothing is left of anything: as in full
    pytest.param({"residual": "none"}, "box.short", "0.00", "195879.55", id="none left"),
    # 1 - 1/5 of the price is left: 0.2 * 189,216; 0.894427 * (131,400 + 37,843.20)
    pytest.param({"residual": "book"}, "box.long", "37843.20", "151375.72", id="book"),
    # a half is left: 131,400 + 94,608 is more than 219,000
    pytest.param({"residual": {1: "0.5"}}, "box.short", "0.00", "195879.55", id="a table that falls faster"),
    # all of it is left for good: nothing is owed
    pytest.param({"residual": {1: 1}}, "box.long", "0.00", "117527.73", id="a table that never falls"),
]


@pytest.mark.parametrize(("finance", "offer", "owed", "objective"), YEARS)
def test_a_project_of_one_year(tmp_path: Path, finance: Tree, offer: str, owed: str, objective: str) -> None:
    made = plan(tmp_path, asked(finance=finance), TERMS)
    assert ordered(made) == [(offer, "2026", 10)]
    assert cents(made.costs["owed_usd"]["2026"]) == owed
    assert cents(made.objective_usd) == objective
    due = {"fy2027": 131400.0, "fy2028": 131400.0} if offer == "box.long" else {}
    assert {row.fiscal_year: row.rent_usd for row in made.after_horizon} == pytest.approx(due)
    assert made.rent_after_usd == pytest.approx(sum(due.values()))
    assert made.orders[0].term_until == ("2028" if due else "2026")


def test_a_lease_by_quarters_ordered_ahead(tmp_path: Path) -> None:
    """A lead time of a quarter: in service from 2026q2 and q3 for a year each; a fiscal year from July.

    A box and quarter is 2 * 2,190 = 4,380 USD. Two boxes enter in q2, one quarter of theirs is left after 2026q4; one
    in q3, two quarters left. d_5 / d_4 = 1.21^-0.25 = 0.953463, d_6 / d_4 = 1.21^-0.5 = 0.909091. After three quarters
    book over 5 years leaves 0.85, after two 0.90.
    """
    lease = chips(lease=term(12, 2, "lease", lead_time_months=3))
    demand = {"train": {"workload": "training", "per_second": {"2026q2": 400, "2026q3": 600}}}
    request = asked("2026q1", 4, finance={"discount_rate": "0.21", "residual": "book", "fiscal_year_starts": 7},
                    sites={"oslo": site()})  # fmt: skip
    made = plan(tmp_path, {**request, "demand": demand}, lease)
    assert ordered(made) == [("box.lease", "2026q2", 2), ("box.lease", "2026q3", 1)]
    # 4,380 * (2 * 0.953463 * 0.15 + (0.953463 + 0.909091) * 0.10) = 2,068.65
    assert cents(made.costs["owed_usd"]["2026q4"]) == "2068.65"
    # July 2026 to June 2027: three boxes in 2027q1, one in 2027q2
    assert [(row.fiscal_year, row.rent_usd) for row in made.after_horizon] == [("fy2027", pytest.approx(4 * 4380.0))]
    assert [order.term_until for order in made.orders] == ["2027q1", "2027q2"]


def test_commitments_owe_too_by_months(tmp_path: Path) -> None:
    """Two boxes committed from 2026-11 for 6 months, in full and undiscounted: 4 months of 730 h at 2 USD are left."""
    placed = {"offer": "box.half", "site": "cloud", "period": "2026-11", "systems": 2}
    rule: Tree = {"discount_rate": 0, "owed_after_horizon": "in_full", "fiscal_year_starts": 2}
    request = asked("2026-11", 2, 400, finance=rule, commitments=[placed])
    made = plan(tmp_path, request, chips(half=term(6, 2)))
    assert [(order.commitment, order.rent_after_usd, order.owed_usd) for order in made.orders] == [(True, 11680, 11680)]
    assert made.costs["owed_usd"] == {"2026-11": 0.0, "2026-12": 11680.0}
    # January ends the fiscal year, February to April are of the next
    assert {row.fiscal_year: row.rent_usd for row in made.after_horizon} == {"fy2027": 2920.0, "fy2028": 8760.0}


@pytest.mark.parametrize("rule", RULES)
def test_what_ends_with_the_horizon_or_is_bought_owes_nothing(tmp_path: Path, rule: str) -> None:
    offers = {"bought": {"system": "box", "route": "purchase", "price_usd": 30000, "term_months": 60},
              "by_hour": {k: v for k, v in term(1, 3, "on_demand").items() if k != "term_months"}}  # fmt: skip
    for name, offer in {**offers, "exact": term(24, 2)}.items():
        made = plan(tmp_path / name, asked("2026", 2, finance={"owed_after_horizon": rule}), chips(**{name: offer}))
        assert ordered(made)
        assert not any(made.costs["owed_usd"].values())
        assert made.after_horizon == ()
        unruled = plan(tmp_path / f"{name} again", asked("2026", 2), chips(**{name: offer}))
        assert made.objective_usd == unruled.objective_usd


def test_what_is_owed_is_in_no_budget(tmp_path: Path) -> None:
    """131,400 USD of rent inside the horizon is all that a budget sees; what follows is neither opex nor capex."""
    request = asked(finance={"owed_after_horizon": "in_full"}, offers={"deny": ["box.short"]},
                    budget={"opex_usd": {"total": 131400}, "capex_usd": {"total": 0}})  # fmt: skip
    made = plan(tmp_path, request, TERMS)
    assert {row.budget: row.used_usd for row in made.budget} == {"opex_usd": pytest.approx(131400), "capex_usd": 0}
    (side,) = compare([made], ["only"]).plans
    assert (side.opex_usd, side.capex_usd) == (pytest.approx(131400), 0)
    assert side.rent_after_usd == pytest.approx(262800)
    assert side.present_usd["owed_usd"] == pytest.approx(189216 * 1.25**-0.5)


@pytest.mark.parametrize("number", range(24))
def test_the_more_of_it_counts_the_more_a_plan_costs(tmp_path: Path, number: int) -> None:
    """Ignored, less the residual, in full: the same orders cost no less, so the best ones do not either."""
    request = drawn(f"owed {number}", large=False)
    if request is None:
        return
    ask, known, _ = request
    costs = []
    for rule in RULES:
        ask["finance"]["owed_after_horizon"] = rule
        costs.append(planned_cost(tmp_path / rule, ask, known))
        if costs[-1] is not None:
            assert all(term.usd > 0 for term in model(tmp_path / rule, ask, known).costs["owed_usd"])
    assert all((a is None) == (b is None) for a, b in pairwise(costs))
    assert all(a <= b + 1 for a, b in pairwise(costs) if a is not None and b is not None)


# where a reader meets it


def test_a_wrong_amount_is_found(tmp_path: Path) -> None:
    made = json.loads(plan_text(plan(tmp_path, asked(), TERMS)))
    assert audit(made).ok
    for path, value in {
        "costs/owed_usd/2026": 0.0, "orders/0/owed_usd": 71902.0, "orders/0/rent_after_usd": 0.0,
        "orders/0/term_until": "2026", "after_horizon/1/rent_usd": 131399.9, "after_horizon": [],
        "scenario/finance/owed_after_horizon": "in_full",
    }.items():  # fmt: skip
        wrong: Any = json.loads(json.dumps(made))
        *way, last = path.split("/")
        node = wrong
        for key in way:
            node = node[int(key)] if isinstance(node, list) else node[key]
        node[last] = value
        assert not audit(wrong).ok, path


def test_old_orders_at_another_rule(tmp_path: Path) -> None:
    """The bridge puts the change of the rule among the rates: 0.62 * 189,216 * 0.894427 more."""
    long_only = {"offers": {"deny": ["box.short"]}}
    old = plan(tmp_path / "old", asked(**long_only), TERMS)
    new = plan(tmp_path / "new", asked(finance={"owed_after_horizon": "in_full"}, **long_only), TERMS)
    (step,) = bridge(old, new)
    assert (step.name, cents(step.usd)) == ("Other rates", "104928.76")
    again = recosted(old, new.scenario, new.catalog)
    assert float(again.objective_usd) == pytest.approx(new.objective_usd)
    assert float(again.costs["owed_usd"]["2026"]) == pytest.approx(189216)


def beside_the_total(printed: str) -> str:
    """The line under the present value of a plan."""
    lines = printed.splitlines()
    return lines[next(i for i, line in enumerate(lines) if line.startswith("optimal: ")) + 1]


def test_the_terminal_says_it_beside_the_total(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(write(tmp_path, asked(), TERMS))
    made = {rule: str(tmp_path / f"{rule}.json") for rule in RULES}
    printed = {}
    for rule, file in made.items():
        assert run(["plan", path, "--set", f"finance/owed_after_horizon={rule}", "--json", file]) == 0
        printed[rule] = capsys.readouterr().out
    owed = {
        # 71,902.08 * 0.894427
        "as_residual": "of which 64,311.18 USD owed after the horizon; undiscounted rent due after it: 262,800.00 USD",
        "ignored": "of which 0.00 USD owed after the horizon; undiscounted rent due after it: 262,800.00 USD",
    }
    assert {rule: beside_the_total(printed[rule]) for rule in owed} == owed
    assert "after the horizon" not in printed["in_full"]
    by_year = [line.split() for line in printed["as_residual"].splitlines() if line.startswith("fy")]
    assert by_year == [["fy2027", "0.131"], ["fy2028", "0.131"]]
    # A warning of substance stands on the first screen, with the plan.
    first = {rule: text.partition("What to order")[0] for rule, text in printed.items()}
    silent = [rule for rule in RULES if "owed_after_horizon: ignored" not in first[rule]]
    assert silent == ["as_residual", "in_full"], "only what is left out of the costs is warned of"
    assert run(["explain", made["as_residual"], "--offer", "box.short"]) == 0
    assert owed["as_residual"] in capsys.readouterr().out.splitlines()
    assert run(["compare", made["as_residual"], made["in_full"]]) == 0
    rows = {line[:42].strip(): line[42:].split() for line in capsys.readouterr().out.splitlines()}
    assert rows["rent due after the horizon, undiscounted"] == ["0.263", "0.000"]
    assert rows["owed, present value"] == ["0.064", "0.000"]


def test_the_value_of_work_is_not_what_is_owed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    worth = {"train": {"workload": "training", "per_second": 2000, "value_usd_per_unit_hour": 1}}
    path = write(tmp_path, {**asked(), "demand": worth, "objective": "maximize_value"}, TERMS)
    assert run(["plan", str(path)]) == 0
    assert beside_the_total(capsys.readouterr().out).startswith("of the costs 64,311.18 USD owed after the horizon")


def test_summary_and_purchase_orders_show_it(tmp_path: Path) -> None:
    """Quarters of fiscal years from April: one quarter of fy2026 is left, then four, then three."""
    known = chips(long=term(36, "1.5"))
    path = write(tmp_path, asked("2025q1", 4, finance={"fiscal_year_starts": 4}), known)
    assert run(["plan", str(path), "-o", str(tmp_path / "plan.xlsx")]) == 0
    book = openpyxl.load_workbook(tmp_path / "plan.xlsx", data_only=True)
    page = Page(book)
    after = page.row("Owed after the horizon")[0].row
    years = [[book["Summary"].cell(after - i, column).value for column in (1, 4)] for i in (3, 2, 1, 0)]
    assert [name for name, _ in years] == [2026, 2027, 2028, "Owed after the horizon"]
    assert [due for _, due in years] == pytest.approx([0.03285, 0.1314, 0.09855, 0.2628])
    orders = book["Purchase orders"]
    head = {cell.value: cell.column for cell in orders[4]}
    assert orders.cell(5, head["Rent over the term, USD"]).value == pytest.approx(3 * 131400)
    assert orders.cell(5, head["Of it after the horizon, USD"]).value == pytest.approx(2 * 131400)
    assert run(["workbook", "check", str(tmp_path / "plan.xlsx")]) == 0


def test_many_years_after_the_horizon_fit_on_summary(tmp_path: Path) -> None:
    """Ten years at once: three rows, the last of them all that is later; the workbook's checks hold."""
    path = write(tmp_path, asked("2026q1", 2), chips(long=term(120, "1.5")))
    assert run(["plan", str(path), "-o", str(tmp_path / "plan.xlsx")]) == 0
    book = openpyxl.load_workbook(tmp_path / "plan.xlsx", data_only=True)
    page = Page(book)
    # 38 quarters of 32,850 USD: two of 2026, four of 2027, 32 later
    after = page.row("Owed after the horizon")[0].row
    due = [book["Summary"].cell(after - i, 4).value for i in (3, 2, 1, 0)]
    assert due == pytest.approx([0.0657, 0.1314, 32 * 0.03285, 38 * 0.03285])
    assert str(page.row("Owed after the horizon")[0].offset(-1).value).endswith("more years after")
    assert run(["workbook", "check", str(tmp_path / "plan.xlsx")]) == 0


# a longer term is never better in nothing worse


def reasons(folder: Path, known: Tree, **finance: Any) -> dict[str, OfferReason]:
    made = plan(folder, asked("2026q1", 4, finance=finance), known)
    return {one.offer: one for one in explain(made, workers=1).offers}


@pytest.mark.parametrize("rule", RULES)
def test_a_longer_term_dominates_no_shorter_one(tmp_path: Path, rule: str) -> None:
    """Cheaper by the hour and bound for longer: which is better the solves tell, not a comparison of terms."""
    found = reasons(tmp_path, TERMS, owed_after_horizon=rule)
    assert all(one.dominated_by is None for one in found.values())


@pytest.mark.parametrize("rule", RULES)
def test_a_shorter_term_at_the_same_rent_dominates(tmp_path: Path, rule: str) -> None:
    """Where what is owed counts for nothing both cost the same, and a plan may hold either: there, a little cheaper."""
    rent = "1.999" if rule == "ignored" else 2
    found = reasons(tmp_path, chips(short=term(12, rent), long=term(36, 2)), owed_after_horizon=rule)
    assert found["box.long"].dominated_by == "box.short"
    assert re.search(r"better on (price, )?term and in nothing worse", found["box.long"].reason)


def test_terms_that_end_alike_after_rounding_are_the_same(tmp_path: Path) -> None:
    found = reasons(tmp_path, chips(a=term(36, 2), b=term(35, 2)))
    assert {one.dominated_by for one in found.values()} - {None}
    assert any("the same in all" in one.reason for one in found.values())


# terms rounded to another length

ROUNDED = [
    # 14 / 3 + 1/2 = 5.17: 5 quarters; 20 months in years: 1.67 + 1/2: 2; 5 months in years: at least 1
    ("2026q1", 14, "14 months, counts as 15 months: it is rounded to whole periods of 3 months, here 5"),
    ("2026", 20, "20 months, counts as 24 months: it is rounded to whole periods of 12 months, here 2"),
    ("2026", 5, "5 months, counts as 12 months: it is rounded to whole periods of 12 months, here 1"),
    ("2026q1", 12, None), ("2026", 36, None), ("2026-01", 7, None),
]  # fmt: skip


@pytest.mark.parametrize(("start", "months", "words"), ROUNDED)
def test_a_rounded_term_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], start: str, months: int, words: str | None
) -> None:
    known, request = chips(rented=term(months, 2), unused=term(13, 9)), asked(start, 2)
    made = plan(tmp_path, request, known)
    assert [text for text in made.warnings if "counts as" in text] == (
        [f"the term of box.rented, {words}"] if words else []
    )
    assert run(["check", str(write(tmp_path, request, known))]) == 0
    told = [line for line in capsys.readouterr().err.splitlines() if "counts as" in line]
    assert sum("box.rented" in line for line in told) == (words is not None)
    assert sum("box.unused" in line for line in told) == (start != "2026-01"), "it could be ordered"


def test_a_rounded_life_is_said_once_for_all_purchases(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """66 months in years are 6; the one with a term of its own is not meant, the committed one is named too."""
    bought = {"system": "box", "route": "purchase", "price_usd": 30000}
    known = chips(a={**bought, "price_usd": 20000}, b=bought, c={**bought, "term_months": 60, "price_usd": 90000})
    request = asked("2026", 2, finance={"service_life_years": "5.5"}, sites={"oslo": site()},
                    commitments=[{"offer": "box.b", "site": "oslo", "period": "2026", "systems": 1}])  # fmt: skip
    words = (
        "finance.service_life_years, 66 months, counts as 72 months: it is rounded to whole periods of 12 months, "
        "here 6, for box.a, box.b"
    )
    assert [text for text in plan(tmp_path, request, known).warnings if "counts as" in text] == [words]
    path = write(tmp_path, request, known)
    assert run(["check", str(path)]) == 0
    line = next(i for i, text in enumerate(path.read_text().splitlines(), start=1) if "service_life_years" in text)
    assert capsys.readouterr().err.splitlines() == [f"{path}:{line}:25: warning: {words}"], "where the life stands"


def test_a_committed_term_is_said_where_nothing_more_can_be_ordered(tmp_path: Path) -> None:
    known = chips(placed=term(14, 2, available={"until": "2025"}), rented=term(12, 3))
    request = asked("2026q1", 2, commitments=[
        {"offer": "box.placed", "site": "cloud", "period": "2026q1", "systems": 1}])  # fmt: skip
    told = [text for text in plan(tmp_path, request, known).warnings if "counts as" in text]
    assert [text.split(",")[0] for text in told] == ["the term of box.placed"]


def test_what_is_warned_of_is_said_in_japanese(tmp_path: Path) -> None:
    """Every sentence has an entry; the ids in it stand as they are."""
    bought = {"system": "box", "route": "purchase", "price_usd": 1000}
    known = chips(rented=term(14, 2), bought=bought)
    request = asked("2026-01", 2, finance={"owed_after_horizon": "ignored", "service_life_years": "1.3"},
                    sites={"oslo": site("0.006")})  # fmt: skip
    monthly = plan(tmp_path / "months", request, known)
    yearly = plan(tmp_path / "years", {**request, "horizon": {"start": "2026", "periods": 1}}, known)
    told = [text for made in (monthly, yearly) for text in made.warnings if "counts as" in text or "rent falls" in text]
    assert len(told) == 4, told  # of rent and life by months, of term and life by years
    wording = Wording("ja", {"box.rented", "box.bought"})
    assert all("か月" in wording.say(text) or "計画期間" in wording.say(text) for text in told)


REPORTED = Path(__file__).parents[2] / "shared" / "cases" / "reported" / "rent-after-horizon" / "s.yaml"


@pytest.mark.skipif(not REPORTED.exists(), reason="the reported cases are not beside this checkout")
def test_the_reported_case(capsys: pytest.CaptureFixture[str]) -> None:
    """0.26 M USD are due after the horizon: with them the year's term is the cheaper."""
    assert run(["plan", str(REPORTED), "--json", "-"]) == 0
    made = Plan.model_validate_json(capsys.readouterr().out)
    assert ordered(made) == [("gamma1.res12", "2026q1", 10)]
