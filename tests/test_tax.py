"""Plans after tax: three cases worked by hand to the cent, what the audit finds, laws that tax obeys, and what is said.

The expected sums were made with a calculator of 40 digits from the products in the comments.
"""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from builders import (
    EXACT,
    Tree,
    accelerator,
    catalog,
    cents,
    load,
    one_offer,
    plan,
    rates,
    scenario,
    site,
    system,
    write,
)
from test_worked_example import asked as worked_example
from whole_requests import drawn

from catalogs.problems import InputError
from cli.main import run
from optimizer.audit import audit
from optimizer.explain import explain
from optimizer.infeasible.shortage import Infeasible
from optimizer.plan.bridge import bridge
from optimizer.plan.compare import compare, present
from optimizer.plan.format import Plan
from optimizer.plan.recost import recosted
from optimizer.plan.text import plan_text
from optimizer.planning import make_plan

pytestmark = pytest.mark.usefixtures("in_process")
RULES = ("straight_line", "macrs_5", "bonus")


def taxed(asked: Tree, rate: Any, depreciation: str, **finance: Any) -> Tree:
    tax = {"rate": rate, "depreciation": depreciation}
    return {**asked, "finance": {**asked["finance"], "tax": tax, **finance}}


def flows(made: Plan, line: str) -> list[float]:
    return list(made.costs[line].values())


def by_line(made: Plan) -> dict[str, str]:
    """The present value of each line, to the cent."""
    return {line: cents(usd) for line, usd in present(made).items() if any(made.costs[line].values())}


# Worked by hand


def test_straight_line_to_the_cent(tmp_path: Path) -> None:
    """The worked example at 25 %: ten systems of 300,000 enter in each of two quarters, book life 5 years.

    A quarter of a system is 300,000 / 20 = 15,000. Of the price 0.90 and 0.95 are left after two quarters and one: as
    residual value by the books and to depreciate, so that no tax is due on it.
    """
    made = plan(tmp_path, taxed(worked_example("2025q1", "2025q1", "2025q2"), "0.25", "straight_line"),
                one_offer(price_usd=300000))  # fmt: skip
    # 0.25 * (9,198 energy + 30,000 maintenance + 10 * 15,000); then 0.25 * (18,396 + 60,000 + 20 * 15,000)
    assert flows(made, "tax_usd") == pytest.approx([-47299.5, -94599.0])
    assert flows(made, "tax_on_residual_usd") == [0, 0]
    assert by_line(made) == {
        "hardware_usd": "5885934.26", "energy_usd": "26982.61", "maintenance_usd": "88005.91",
        "residual_usd": "-5340489.99",
        "tax_usd": "-138754.51",  # 47,299.5 * 1.08^-0.125 + 94,599 * 1.08^-0.375
    }  # fmt: skip
    assert cents(made.objective_usd) == "521678.28"


def test_less_is_left_than_is_left_to_depreciate(tmp_path: Path) -> None:
    """By the default table 1 - 0.38 * 0.5 = 0.81 and 1 - 0.38 * 0.25 = 0.905 of the price are left.

    The residual is 3,000,000 * (0.81 + 0.905) = 5,145,000, what is left to depreciate 5,550,000: a loss of 405,000 at
    the end of the second quarter, of which 25 % are 101,250 at 1.08^-0.5.
    """
    table = {1: "0.62", 2: "0.42"}
    request = taxed(worked_example("2025q1", "2025q1", "2025q2"), "0.25", "straight_line", residual=table)
    made = plan(tmp_path, request, one_offer(price_usd=300000))
    assert flows(made, "tax_on_residual_usd") == pytest.approx([0, -101250])
    assert by_line(made)["tax_on_residual_usd"] == "-97427.86"
    assert cents(made.objective_usd) == "813961.85"


BUY = {"price_usd": 100000, "lead_time_months": 3, "deposit_share": "0.4", "network_usd": 10000}


def from_july(periods: int, work: Tree, **parts: Any) -> Tree:
    """Quarters from 2025q1 at 21 % a year, of fiscal years from July; 0.6 of a price is left after a year and on."""
    finance = {"discount_rate": "0.21", "residual": {1: "0.6"}, "fiscal_year_starts": 7,
               "tax": {"rate": "0.3", "depreciation": "macrs_5"}}  # fmt: skip
    demand = {"train": {"workload": "training", "per_second": work}}
    sites = {"oslo": site(electricity_usd_per_mwh=0)}
    return scenario(
        horizon={"start": "2025q1", "periods": periods}, finance=finance, demand=demand, sites=sites, **parts
    )


def test_macrs_to_the_cent(tmp_path: Path) -> None:
    """A box is ordered in 2025q1 and enters in q2; two have been running since 2024q1, at 80,000 each.

    2025q2 is the last quarter of fy2025: 20 % of 110,000 are charged in it, then 32 % / 4 in each quarter of fy2026,
    and 48 % are left when the horizon ends with 2026q2. 2024q1 was the third quarter of fy2024: of what is running 20 %
    are gone, then 32 % / 4 of 2 * 90,000 in each quarter of fy2025, 19.2 % / 4 in fy2026, and 28.8 % are left.
    """
    running = {"offer": "box.purchase", "site": "oslo", "period": "2024q1", "systems": 2, "price_usd": 80000}
    made = plan(tmp_path, from_july(6, {"2025q1": 6400, "2025q2": 9600}, commitments=[running]), one_offer(**BUY))
    assert [(o.ordered, o.systems) for o in made.orders] == [("2023q4", 2), ("2025q1", 1)]
    # the deposit of 40,000 deducts nothing: 0.3 * 14,400; 0.3 * (14,400 + 22,000); 0.3 * (8,640 + 8,800)
    assert flows(made, "tax_usd") == pytest.approx([-4320, -10920, *[-5232] * 4])
    # 0.6 of 110,000 and 180,000 are left in value, 52,800 and 51,840 to depreciate: 0.3 * (174,000 - 104,640)
    assert flows(made, "tax_on_residual_usd") == pytest.approx([*[0] * 5, 20808])
    assert by_line(made) == {
        "hardware_usd": "94918.91",  # 40,000 * 1.21^-0.125 + 60,000 * 1.21^-0.375
        "network_usd": "9310.12", "residual_usd": "-130728.78",  # f_6 = 1.21^-1.5 = 1 / 1.331
        "tax_usd": "-31705.36", "tax_on_residual_usd": "15633.36",
    }  # fmt: skip
    assert cents(made.objective_usd) == "-42571.75"


def test_macrs_of_what_leaves_inside_the_horizon(tmp_path: Path) -> None:
    """In service for three quarters: 20 + 8 + 8 % are charged, 64 % of 110,000 are left in 2025q4.

    0.7 of the price is left then: 0.3 * (77,000 - 70,400) = 1,980 at f_4 = 1 / 1.21, and no more is charged after it.
    """
    work = {"2025q2": 3200, "2026q1": 0}
    made = plan(tmp_path, from_july(6, work), one_offer(**BUY, term_months=9))
    assert flows(made, "residual_usd") == pytest.approx([0, 0, 0, -77000, 0, 0])
    assert flows(made, "tax_usd") == pytest.approx([0, -6600, -2640, -2640, 0, 0])
    assert flows(made, "tax_on_residual_usd") == pytest.approx([0, 0, 0, 1980, 0, 0])
    assert cents(made.objective_usd) == "31506.43"


def leased_and_bought(depreciation: str, lease_months: int = 24) -> tuple[Tree, Tree]:
    """Years at 10 %, tax at 40 %. A box can be bought in 2025 only, and leased from 2026 on; the hall holds one.

    A box takes 0.012 MW; the second one needs as much power more, at a million USD a MW.
    """
    known = catalog(
        accelerator(
            "chip", {"box": system()},
            {
                "box.buy": {"system": "box", "route": "purchase", "price_usd": 100000, "network_usd": 5000,
                            "available": {"until": "2025"}},
                "box.lease": {"system": "box", "route": "lease", "usd_per_accelerator_hour": 2, "network_usd": 6000,
                              "available": {"from": "2026"}, "term_months": lease_months},
            },
            rates(training=400),
        )
    )  # fmt: skip
    grown = {"usd_per_mw": "1e6", "lead_time_months": 12, "max_mw": 1, "life_years": 10}
    demand = {"train": {"workload": "training", "per_second": {"2025": 3200, "2026": 6400}}}
    request = scenario(horizon={"start": "2025", "periods": 3}, finance={"discount_rate": "0.1", "residual": "book"},
                       sites={"oslo": site("0.012", expansion=grown)}, demand=demand)  # fmt: skip
    return taxed(request, "0.4", depreciation), known


def test_bonus_with_rented_network_and_added_power_to_the_cent(tmp_path: Path) -> None:
    """A box year takes 1.2 * 7 kW * 8,760 h = 73,584 kWh at 0.05, 3,679.20 USD, and 2 * 8 * 8,760 = 140,160 of rent."""
    made = plan(tmp_path, *leased_and_bought("bonus"))
    # 105,000 + 3,679.2; then 140,160 + 7,358.4, the network of the lease 6,000, and 12,000 / 10 of the added power
    deducted = [108679.2, 154718.4, 148718.4]
    assert flows(made, "tax_usd") == pytest.approx([-0.4 * usd for usd in deducted])
    # after three of five years 42,000 is left of the box, nothing to depreciate; of the power 9,600 of both
    assert flows(made, "residual_usd") == pytest.approx([0, 0, -51600])
    assert flows(made, "tax_on_residual_usd") == pytest.approx([0, 0, 16800])
    assert by_line(made) == {
        "hardware_usd": "95346.26", "network_usd": "9968.02", "facility_usd": "10401.41", "energy_usd": "15684.44",
        "rent_usd": "231932.53", "residual_usd": "-38767.84", "tax_usd": "-141966.79",
        "tax_on_residual_usd": "12622.09",
    }  # fmt: skip
    assert cents(made.objective_usd) == "195220.11"


@pytest.mark.parametrize(
    ("months", "left"),
    [
        # 6,000 over five years: 1,200 a year. Each lease of a year leaves 4,800, the last one when the horizon ends too
        (12, [0, -0.4 * 4800, -0.4 * 4800]),
        # of 2026 and 2027 3,600 are left
        (24, [0, 0, -0.4 * 3600]),
        (36, [0, 0, -0.4 * 3600]),  # and as much when the term goes on after the horizon
    ],
)
def test_what_is_left_of_rented_network_is_written_off(tmp_path: Path, months: int, left: list[float]) -> None:
    made = plan(tmp_path, *leased_and_bought("straight_line", months))
    assert flows(made, "tax_on_residual_usd") == pytest.approx(left)  # the residual is by the books: no tax on it


def test_value_and_resale_are_taxed_and_unmet_work_deducts_nothing(tmp_path: Path) -> None:
    """Two boxes of the fleet do 3,200 each, of which 4,000 is asked for at 1 USD; at 3 USD one is sold for 9,000.

    In the quarter: value 4,000 * 2,190 or 3,200 * 2,190; the price of what is left undone is nobody's income.
    """
    fleet = [{"system": "box", "site": "oslo", "count": 2, "may_retire": "true", "resale_usd": "9e6"}]
    demand = {"train": {"workload": "training", "per_second": 4000, "value_usd_per_unit_hour": 1,
                        "unmet_usd_per_unit_hour": "0.5"}}  # fmt: skip
    request = scenario(horizon={"start": "2025q1", "periods": 1}, objective="maximize_value", fleet=fleet,
                       demand=demand, offers={"deny": ["chip"]})  # fmt: skip
    made = plan(tmp_path, taxed(request, "0.25", "bonus"))
    sold = made.retired[0].systems
    assert sold == 1
    # 3,200 * 2,190 of value and 9,000,000 of resale, less 919.80 of energy
    assert flows(made, "tax_usd") == pytest.approx([0.25 * (3200 * 2190 + 9e6 - 919.8)])
    assert flows(made, "unmet_usd") == pytest.approx([800 * 2190 * 0.5])


def test_owed_rent_and_idle_power_are_deducted(tmp_path: Path) -> None:
    """A year of 8 * 8,760 = 70,080 at 1 USD, as much owed for the next at 0.8; half of 1 MW is paid for."""
    lease = {"system": "box", "route": "lease", "usd_per_accelerator_hour": 1, "term_months": 24}
    known = catalog(accelerator("chip", {"box": system()}, {"box.lease": lease}, rates(training=400)))
    request = scenario(
        horizon={"start": "2025", "periods": 1}, sites={"oslo": site(1, take_or_pay_share="0.5")},
        finance={"discount_rate": "0.25", "owed_after_horizon": "in_full"},
    )  # fmt: skip
    made = plan(tmp_path, taxed(request, "0.5", "bonus"), known)
    # energy, used or not: 0.5 MW * 8,760 h * 50 USD = 219,000
    assert flows(made, "tax_usd") == pytest.approx([-0.5 * (70080 + 0.8 * 70080 + 219000)])


# The audit


@pytest.mark.parametrize("rule", RULES)
def test_the_audit_finds_a_wrong_tax(tmp_path: Path, rule: str) -> None:
    made = json.loads(plan_text(plan(tmp_path, *leased_and_bought(rule))))
    for line, period in (("tax_usd", "2026"), ("tax_on_residual_usd", "2027")):
        wrong = {
            **made,
            "costs": {**made["costs"], line: {**made["costs"][line], period: made["costs"][line][period] + 1}},
        }
        assert f"costs({line},{period},usd)" in str(audit(wrong).findings)
        gone = {**made, "costs": {name: usd for name, usd in made["costs"].items() if name != line}}
        assert f"costs({line},{period}): the row is missing" in str(audit(gone).findings)


@pytest.mark.parametrize(("key", "value"), [("rate", "0.4001"), ("depreciation", "macrs_5"), ("depreciation", "slow")])
def test_the_audit_finds_another_tax(tmp_path: Path, key: str, value: str) -> None:
    made = json.loads(plan_text(plan(tmp_path, *leased_and_bought("bonus"))))
    made["scenario"]["finance"]["tax"][key] = value
    assert not audit(made).ok


def test_a_plan_before_tax_has_no_line_of_it(tmp_path: Path) -> None:
    made = plan(tmp_path, scenario())
    assert not [line for line in made.costs if "tax" in line]
    assert "tax" not in made.scenario["finance"]


# Laws


def objective(folder: Path, asked: Tree, known: Tree) -> Plan | None:
    try:
        return make_plan(load(folder, asked, known), EXACT).plan
    except (Infeasible, InputError):
        return None


def requests(seed: str, count: int, **finance: Any) -> list[tuple[Tree, Tree]]:
    """Random requests that have a plan, before tax."""
    found: list[tuple[Tree, Tree]] = []
    for i in range(10_000):
        draw = drawn(f"{seed} {i}", large=False)
        if len(found) == count:
            return found
        if draw is not None:
            asked = {**draw[0], "finance": {**draw[0]["finance"], **finance}}
            asked["finance"].pop("tax", None)
            found.append((asked, draw[1]))
    raise AssertionError("there are enough")


@pytest.mark.parametrize("number", range(8))
def test_a_rate_of_nothing_changes_nothing(tmp_path: Path, number: int) -> None:
    ((asked, known),) = requests(f"nothing {number}", 1)
    before = objective(tmp_path / "before", asked, known)
    after = objective(tmp_path / "after", taxed(asked, 0, RULES[number % 3]), known)
    assert (before is None) == (after is None)
    if before is not None and after is not None:
        assert not any(any(after.costs[line].values()) for line in ("tax_usd", "tax_on_residual_usd"))
        assert {line: usd for line, usd in after.costs.items() if "tax" not in line} == before.costs
        assert after.objective_usd == before.objective_usd
        assert after.orders == before.orders


def without(known: Tree, *fields: str) -> Tree:
    """A catalogue whose offers lack some fields."""
    return {
        name: {**file, "offers": {
            key: {field: value for field, value in offer.items() if field not in fields}
            for key, offer in file.get("offers", {}).items()
        }}
        for name, file in known.items()
    }  # fmt: skip


@pytest.mark.parametrize("number", range(8))
def test_bonus_takes_the_rate_off_all_that_is_spent(tmp_path: Path, number: int) -> None:
    """Nothing left, no deposits, no added power, nothing undone at a price: each cost is deducted as it is paid."""
    ((asked, known),) = requests(f"bonus {number}", 1, residual="none")
    known = without(known, "deposit_share")
    asked["sites"] = {name: {k: v for k, v in of.items() if k != "expansion"} for name, of in asked["sites"].items()}
    asked["demand"] = {name: {k: v for k, v in of.items() if k != "unmet_usd_per_unit_hour"}
                       for name, of in asked["demand"].items()}  # fmt: skip
    before = objective(tmp_path / "before", asked, known)
    after = objective(tmp_path / "after", taxed(asked, "0.3", "bonus"), known)
    assert (before is None) == (after is None)
    if before is not None and after is not None:
        assert after.objective_usd == pytest.approx(0.7 * before.objective_usd, rel=1e-9, abs=0.02)


def least(folder: Path, asked: Tree, known: Tree, rate: Any, rule: str) -> float | None:
    found = objective(folder / f"{rate} {rule}", taxed(asked, rate, rule), known)
    return None if found is None else found.objective_usd


@pytest.mark.parametrize("number", range(6))
def test_sooner_depreciation_and_a_higher_rate_never_cost_more(tmp_path: Path, number: int) -> None:
    """Where work earns nothing: a higher rate takes more off what is spent than off what is left of it."""
    drawn_ones = requests(f"sooner {number}", 6)
    asked, known = next(one for one in drawn_ones if one[0].get("objective") != "maximize_value")
    asked.pop("fleet", None)  # whose resale is taxed
    straight, macrs, bonus, higher = (
        least(tmp_path, asked, known, rate, rule)
        for rate, rule in (("0.2", "straight_line"), ("0.2", "macrs_5"), ("0.2", "bonus"), ("0.5", "bonus"))
    )
    if straight is None or macrs is None or bonus is None or higher is None:
        assert straight is macrs is bonus is higher is None
        return
    running = "commitments" in asked  # of which bonus has deducted all before the horizon
    assert running or bonus <= min(straight, macrs) + 0.02
    assert running or higher <= bonus + 0.02


def test_every_share_of_a_price_is_charged_or_left(tmp_path: Path) -> None:
    """Undiscounted, what tax saves on a purchase is the rate times its price, whatever the rule and the term."""
    for rule in RULES:
        for term in (3, 12, 60):
            request = taxed(scenario(finance={"discount_rate": 0, "residual": "none"}), "0.5", rule)
            made = plan(tmp_path / f"{rule}{term}", request, one_offer(term_months=term, network_usd=7000))
            bought = sum(flows(made, "hardware_usd")) + sum(flows(made, "network_usd"))
            spent = sum(flows(made, "energy_usd"))
            saved = -sum(flows(made, "tax_usd")) - sum(flows(made, "tax_on_residual_usd"))
            assert saved == pytest.approx(0.5 * (bought + spent))


# What is said


def test_the_first_screen_says_before_or_after_tax(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    request, known = leased_and_bought("bonus")
    assert run(["plan", str(write(tmp_path / "after", request, known))]) == 0
    after = capsys.readouterr().out
    assert (
        "195,220.11 USD present value of all costs, less residual value, after tax at 40.0 % (bonus; a loss is" in after
    )
    assert "is used as it arises)" in " ".join(after.split())
    assert [line.split() for line in after.splitlines() if line.startswith("tax")] == [
        ["tax", "-0.165", "-0.142"], ["tax_on_residual", "0.017", "0.013"],
    ]  # fmt: skip
    del request["finance"]["tax"]
    assert run(["plan", str(write(tmp_path / "before", request, known))]) == 0
    before = capsys.readouterr().out
    assert "less residual value, before tax" in before
    assert "after tax" not in before


def both(folder: Path) -> tuple[Plan, Plan]:
    """A plan before tax and the same after tax."""
    request, known = leased_and_bought("macrs_5")
    after = plan(folder / "after", request, known)
    del request["finance"]["tax"]
    return plan(folder / "before", request, known), after


def test_the_bridge_has_a_step_of_tax(tmp_path: Path) -> None:
    before, after = both(tmp_path)
    steps = {step.name: step.usd for step in bridge(before, after)}
    assert steps == {"Tax": pytest.approx(after.objective_usd - before.objective_usd)}
    sides = compare([before, after], ["before", "after"]).plans
    assert "tax_usd" not in sides[0].present_usd
    assert sum(sides[1].present_usd.values()) == pytest.approx(after.objective_usd)


def test_the_step_of_work_is_after_tax(tmp_path: Path) -> None:
    """More value and other unmet work: the steps still sum to the difference."""
    demand = {"train": {"workload": "training", "per_second": 4000, "value_usd_per_unit_hour": 1,
                        "unmet_usd_per_unit_hour": "0.5"}}  # fmt: skip
    request = taxed(scenario(objective="maximize_value", demand=demand), "0.25", "bonus")
    one = plan(tmp_path / "one", {**request, "sites": {"oslo": site("0.012")}})
    two = plan(tmp_path / "two", {**request, "sites": {"oslo": site("0.024")}})
    steps = {step.name: step.usd for step in bridge(one, two)}
    d = [float(row.discount_mid) for row in one.periods]
    # a second box does the other 800: their value after tax, and their price, which deducts nothing
    assert steps["Work left undone"] == pytest.approx(-800 * 2190 * (0.75 + 0.5) * sum(d))
    assert sum(steps.values()) == pytest.approx(two.objective_usd - one.objective_usd)


def test_other_inputs_recost_a_plan(tmp_path: Path) -> None:
    before, after = both(tmp_path)
    again = recosted(before, after.scenario, after.catalog)
    assert float(again.objective_usd) == pytest.approx(after.objective_usd)
    assert again.costs["tax_usd"]["2025"] == -Fraction("0.4") * (105000 * Fraction("0.2") + Fraction("3679.2"))


def test_the_price_at_which_a_purchase_enters_is_after_tax(tmp_path: Path) -> None:
    """A box for a year: 8 * 8,760 * 1 = 70,080 of rent, or a price P of which nothing is left in value after it.

    With d = 1.21^-0.5 = 1 / 1.1 and f = 1 / 1.21, straight line over five years at 25 %:
    P * (d - 0.25 * 0.2 * d - 0.25 * 0.8 * f) = 0.75 * 70,080 * d, so P = 0.75 * 70,080 / (0.95 - 0.2 / 1.1).
    """
    rent = {"system": "box", "route": "on_demand", "host": "cloud", "usd_per_accelerator_hour": 1}
    offers = {"box.buy": {"system": "box", "route": "purchase", "price_usd": 200000}, "box.rent": rent}
    known = catalog(accelerator("chip", {"box": system()}, offers, rates(training=400)))
    request = scenario(horizon={"start": "2025", "periods": 1}, sites={"oslo": site(electricity_usd_per_mwh=0)},
                       finance={"discount_rate": "0.21", "residual": "none"})  # fmt: skip
    path = load(tmp_path, taxed(request, "0.25", "straight_line"), known)
    made = make_plan(path, EXACT)
    assert [order.offer for order in made.plan.orders] == ["box.rent"]
    (reason,) = explain(made.plan, offers=["box.buy"]).offers
    assert reason.entry is not None
    assert reason.entry.price.usd == pytest.approx(0.75 * 70080 / (0.95 - 0.2 / 1.1), rel=1e-4)


@pytest.mark.parametrize(
    ("tax", "says"),
    [
        ({"rate": "1.2", "depreciation": "bonus"}, "finance.tax.rate must be at most 1"),
        ({"rate": "-0.1", "depreciation": "bonus"}, "finance.tax.rate must be at least 0"),
        ({"rate": "0.2", "depreciation": "macrs"}, "finance.tax.depreciation"),
        ({"rate": "0.2"}, "finance.tax.depreciation"),
        ({"depreciation": "bonus"}, "finance.tax.rate"),
        ({"rate": "0.2", "depreciation": "bonus", "losses": "carried"}, "losses"),
    ],
)
def test_bad_tax_is_refused_where_it_stands(tmp_path: Path, tax: Tree, says: str) -> None:
    with pytest.raises(InputError) as refused:
        load(tmp_path, scenario(finance={"discount_rate": "0.08", "tax": tax}))
    assert says in str(refused.value)
