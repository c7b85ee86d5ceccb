"""Systems that do less work than the scenario's availability: while they are brought up, and of an offer of its own."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import workbook_plans as plans
from builders import EXACT, Tree, catalog, cents, load, model, one_offer, plan, scenario, site
from procurement_requests import QUARTER_BOX, asked, bought, boxes, buy, chip, flows, rent
from test_golden_rows import lp_rows
from test_workbook_sheets import Live, line
from workbook_pricing import Pricing

from cli.main import run
from optimizer.audit import audit
from optimizer.infeasible.repair import repair
from optimizer.planning import make_plan
from optimizer.solving.solution import Options
from optimizer.tables import build_tables
from optimizer.workbook import write_workbook
from optimizer.workbook.back import reopened

pytestmark = pytest.mark.usefixtures("in_process")
TWO: Tree = {"oslo": site(electricity_usd_per_mwh=0), "paris": site(electricity_usd_per_mwh=0)}


def test_bring_up_by_hand_to_the_cent(tmp_path: Path) -> None:
    """The worked example with the first quarter's demand in both, and a month of bring-up.

    A box does 8 · 400 · 0.95 = 3,040 a second, in its first quarter two thirds of that, 2,026.67: so 30,000 take 14.8,
    that is 15, and 9.9 a quarter later, when the 15 are there. They are paid for and powered from entering service on.
    """
    terms = {"maintenance_share": "0.04", "residual": "book", "discount_rate": "0.08"}
    assumed = {"availability": "0.95", "bring_up_months": {"purchase": 1}}
    demand = {"train": {"workload": "training", "per_second": 30000}}
    made = plan(tmp_path, scenario(finance=terms, assumptions=assumed, demand=demand), one_offer())
    assert bought(made) == {("box.purchase", "2025q1"): 15}
    # d_1 = 1.08^-0.125 = 0.990425995, d_2 = 1.08^-0.375 = 0.971552093, 1.08^-0.5 = 0.962250449
    # hardware 300,000 · 15 · d_1 = 4,456,916.98; energy 1.2 · 7 · 2,190 · 0.05 = 919.80, · 15 · (d_1 + d_2) = 27,069.41
    # maintenance 3,000 · 15 · (d_1 + d_2) = 88,289.01; residual 300,000 · 15 · 0.90 · 1.08^-0.5 = 3,897,114.32
    d_1, d_2, f_2 = (Decimal("1.08") ** -Decimal(x) for x in ("0.125", "0.375", "0.5"))
    by_hand = 4_500_000 * d_1 + (13_797 + 45_000) * (d_1 + d_2) - 4_050_000 * f_2
    assert cents(by_hand) == cents(made.objective_usd) == "675161.09"


def test_more_are_bought_for_the_quarter_in_which_they_are_brought_up(tmp_path: Path) -> None:
    """Two boxes of work: three at two thirds, 30,000, are less than two and a rented one, 37,520."""
    known = catalog(chip("chip", {"buy": buy(10_000), "rent": rent(1)}))
    assumed = {"availability": 1, "bring_up_months": {"purchase": 1}}
    demand = {"train": boxes([2, 2])}
    assert bought(plan(tmp_path / "up", asked(2, demand=demand), known)) == {("chip.buy", "2025q1"): 2}
    brought_up = plan(tmp_path / "ramp", asked(2, demand=demand, assumptions=assumed), known)
    assert bought(brought_up) == {("chip.buy", "2025q1"): 3}
    assert brought_up.objective_usd == pytest.approx(30_000)


@pytest.mark.parametrize(("usd", "offer", "systems"), [("0.45", "chip.spot", 2), ("0.6", "chip.rent", 1)])
def test_an_offer_has_an_availability_of_its_own(tmp_path: Path, usd: str, offer: str, systems: int) -> None:
    """Half of the spot boxes work: two at 0.45 USD an hour cost 15,768 a quarter, at 0.6 21,024, one at 1 17,520."""
    spot = rent(usd, availability="0.5")
    made = plan(tmp_path, asked(), catalog(chip("chip", {"spot": spot, "rent": rent(1)})))
    assert bought(made) == {(offer, "2025q1"): systems}


def test_commitments_are_brought_up_and_the_fleet_is_not(tmp_path: Path) -> None:
    """Of three boxes of work the fleet does one, and the committed box one from the second quarter on."""
    parts: Tree = {
        "demand": {"train": boxes(3)}, "assumptions": {"availability": 1, "bring_up_months": {"purchase": 3}},
        "fleet": [{"system": "chip_box", "site": "oslo", "count": 1}],
        "commitments": [{"offer": "chip.buy", "site": "oslo", "period": "2025q1", "systems": 1}],
        "offers": {"deny": ["chip.buy"]},
    }  # fmt: skip
    made = plan(tmp_path, asked(2, **parts), catalog(chip("chip", {"buy": buy(10_000), "rent": rent(1)})))
    assert flows(made, "rent_usd") == pytest.approx([2 * QUARTER_BOX, QUARTER_BOX])


def test_an_offers_own_bring_up_comes_before_that_of_its_route(tmp_path: Path) -> None:
    known = catalog(chip("chip", {"fast": buy(10_000, bring_up_months=0), "slow": buy(9_000)}))
    made = plan(tmp_path, asked(assumptions={"availability": 1, "bring_up_months": {"purchase": 3}}), known)
    assert bought(made) == {("chip.fast", "2025q1"): 1}


def test_work_of_a_group_stands_where_systems_are_up(tmp_path: Path) -> None:
    """The box in Paris is up, the two committed in Oslo are at two thirds: 1 and 4/3 of the work, split so."""
    parts: Tree = {
        "sites": TWO, "demand": {"train": {"workload": "training", "per_second": 7466}},
        "assumptions": {"availability": 1, "bring_up_months": {"purchase": 1}},
        "fleet": [{"system": "chip_box", "site": "paris", "count": 1}],
        "commitments": [{"offer": "chip.buy", "site": "oslo", "period": "2025q1", "systems": 2}],
    }  # fmt: skip
    made = plan(tmp_path, asked(**parts), catalog(chip("chip", {"buy": buy(10_000)})))
    at_work = {row.place: row.systems for row in made.work}
    assert bought(made) == {}
    assert at_work == pytest.approx({"oslo": 4 / 7 * 7466 / 3200, "paris": 3 / 7 * 7466 / 3200})


def test_a_cluster_is_filled_with_what_is_up(tmp_path: Path) -> None:
    """16 chips take two boxes, three while a third of the quarter is spent on bring-up."""
    demand = {"train": boxes(1, cluster={"accelerators": 16})}
    parts: Tree = {"demand": demand, "assumptions": {"availability": 1, "bring_up_months": {"purchase": 1}}}
    made = plan(tmp_path, asked(**parts), catalog(chip("chip", {"buy": buy(10_000)})))
    assert bought(made) == {("chip.buy", "2025q1"): 3}


def test_golden_rows(tmp_path: Path) -> None:
    """Four months are a quarter and a third of the next: nothing, then 0.8 · 2/3 of what entered in the first.

    Beside 0.9 of all that is in service stands what the orders' share is short of it: 0.9 and 0.9 − 0.533.
    """
    known = catalog(chip("chip", {"buy": buy(1, bring_up_months=4, availability="0.8"), "rent": rent(1)}))
    parts: Tree = {"demand": {"train": boxes(3)}, "assumptions": {"availability": "0.9"}}
    rows = lp_rows(model(tmp_path, asked(2, **parts), known), tmp_path)["run_within_fleet"]
    group, t1, t2 = "chip_box,ANYWHERE", "2025q1", "2025q2"
    assert rows == [
        f"run_within_fleet({group},{t1}): - 0.9 in_service(chip_box,cloud,{t1}) - 0.9 in_service(chip_box,oslo,{t1})"
        f" + 0.9 order(chip.buy,oslo,{t1}) + run({group},train,{t1}) <= 0",
        f"run_within_fleet({group},{t2}): - 0.9 in_service(chip_box,cloud,{t2}) - 0.9 in_service(chip_box,oslo,{t2})"
        f" + 0.366666666667 order(chip.buy,oslo,{t1}) + run({group},train,{t2}) <= 0",
    ]


def test_the_most_of_an_order_counts_its_weakest_quarter_of_use(tmp_path: Path) -> None:
    """Three boxes of work take 3 / 0.8 = 3.75 boxes when up, 5.6 at two thirds of that, a quarter after they enter.

    None enters in the last quarter, in which it would do no work.
    """
    known = catalog(chip("chip", {"buy": buy(1, bring_up_months=4, availability="0.8")}))
    tables = build_tables(load(tmp_path, asked(3, demand={"train": boxes([0, 3, 3])}), known))
    assert {cohort.t: cohort.systems for cohort in tables.cohorts} == {1: 6, 2: 6}


def test_what_is_brought_up_for_all_of_its_term_does_no_work(tmp_path: Path) -> None:
    known = catalog(chip("chip", {"buy": buy(10_000), "rent": rent("0.1", bring_up_months=3)}))
    made = plan(tmp_path, asked(), known)
    why = "its systems are brought up for all of their term (bring_up_months)"
    assert [row.reason for row in made.excluded] == [f"it can do none of the work (train: {why})"]
    assert bought(made) == {("chip.buy", "2025q1"): 1}


def test_repair_shortens_bring_up(tmp_path: Path) -> None:
    """Work in the first quarter, in which nothing is up."""
    known = catalog(chip("chip", {"buy": buy(10_000, bring_up_months=3)}))
    report = repair(load(tmp_path, asked(2), known), Options())
    assert "chip.buy: bring-up takes 3 months" in report.contradictions[0].sentence
    assert "bring-up of chip.buy" in report.contradictions[0].limits
    assert report.conflicts[0].limits[0] == "bring-up"
    assert "bring-up of chip.buy: 0 months instead of 3" in [option.words for option in report.repairs]


def test_a_route_is_brought_up_sooner_offer_by_offer(tmp_path: Path) -> None:
    """Half a year of all purchases: one offer's own figure repairs it."""
    known = catalog(chip("chip", {"buy": buy(10_000)}))
    assumed = {"availability": 1, "bring_up_months": {"purchase": 6}}
    report = repair(load(tmp_path, asked(2, assumptions=assumed), known), Options())
    settings = [option.settings for option in report.repairs]
    assert settings == [("demand/train/per_second={2025q1: 0}",), ("catalog/offers/chip.buy/bring_up_months=0",)]


def tampered(made: dict[str, Any], *way: Any, value: Any) -> str:
    """What the audit finds when an input is another."""
    *folders, last = way
    node: Any = made
    for part in folders:
        node = node[part]
    node[last] = value
    return "\n".join(audit(made).findings)


def test_the_audit_counts_the_systems_that_are_up(tmp_path: Path) -> None:
    """15 boxes at two thirds do 30,000; at a third, at less availability or with one order less they do not."""
    assumed = {"availability": "0.95", "bring_up_months": {"purchase": 1}}
    demand = {"train": {"workload": "training", "per_second": 30000}}
    made = plan(tmp_path, scenario(assumptions=assumed, demand=demand), one_offer()).model_dump(mode="json")
    assert audit(made).ok
    route = ("scenario", "assumptions", "bring_up_months")
    short = "run_within_fleet(box,oslo,2025q1): used 9.375 systems, limit "
    # 15 · 0.95 · 1/3 = 4.75, 15 · 0.9 · 2/3 = 9
    assert f"{short}4.75 systems" in tampered({**made}, *route, value={"purchase": 2})
    own = ("catalog", "offers", "box.purchase")
    again = plan(tmp_path, scenario(assumptions=assumed, demand=demand), one_offer()).model_dump(mode="json")
    assert f"{short}9 systems" in tampered(again, *own, "availability", value="0.9")
    again["catalog"]["offers"]["box.purchase"].pop("availability")
    assert f"{short}4.75 systems" in tampered(again, *own, "bring_up_months", value=2)


# the workbook


@pytest.fixture(scope="module")
def brought_up(in_process: None, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: ARG001
    """The plan of 15 boxes of the first case, as a workbook."""
    folder = tmp_path_factory.mktemp("bring_up")
    assumed = {"availability": "0.95", "bring_up_months": {"purchase": 1}}
    demand = {"train": {"workload": "training", "per_second": 30000}}
    write_workbook(plan(folder, scenario(assumptions=assumed, demand=demand), one_offer()), folder / "plan.xlsx")
    return folder / "plan.xlsx"


def of_inputs(path: Path, label: str, item: str = "") -> tuple[str, int, int]:
    return "Inputs", line(openpyxl.load_workbook(path)["Inputs"], label, item), 5


@pytest.mark.parametrize(
    ("months", "able"),
    # 0.95 · 15 = 14.25 are up: of one month two thirds, of four nothing and then two thirds
    [(None, [9.5, 14.25]), (0, [14.25, 14.25]), (2, [4.75, 14.25]), (4, [0, 9.5]), (100, [0, 0])],
)
def test_capacity_follows_the_bring_up(brought_up: Path, months: float | None, able: list[float]) -> None:
    edits = {} if months is None else {of_inputs(brought_up, "Bring-up, purchase"): months}
    live = Live(brought_up, edits)
    assert live.across("Capacity", "Able to work", "box.purchase", "oslo") == pytest.approx(able)
    assert live.across("Capacity", "Available", "box", "oslo") == pytest.approx(able)
    missing = able[0] - 9.375  # 30,000 / 3,200 are at work in each quarter
    assert live.check("Work fits the systems")[0] == pytest.approx(min(0, missing, able[1] - 9.375))


def test_capacity_of_many_orders_is_that_of_each(tmp_path: Path) -> None:
    """Of every order and commitment of the rich plan what is up after so many months of its months in the period."""
    case = plans.rich()
    write_workbook(plans.plan_of(case), tmp_path / "rich.xlsx")
    book, own = Live(tmp_path / "rich.xlsx", {}), Pricing(case)
    route = {"lease": 2, "purchase": 1}
    for offer, suffix, placed in (
        ("dgx_h100.purchase", "", False), ("nvl72.purchase", "", False), ("nvl72.purchase", ", committed", True),
        ("mi355x.lease", "", False), ("own_rack.purchase", "", False),
        ("own_rack.purchase", ", under chip_deal", False),
    ):  # fmt: skip
        of_it = (offer, "prineville", placed, suffix.startswith(", under"))
        entries = [  # commitments at another price in a period are a batch of their own
            e for e in case.entries if (e.offer, e.place, e.commitment, e.frame != "") == of_it and e.price is None
        ]
        terms = case.catalog["offers"][offer]
        months = terms.get("bring_up_months", route[terms["route"]])
        share = float(terms.get("availability", "0.95"))
        able = [0.0] * own.T
        for entry in entries:
            for t in range(entry.t, min(own.T, entry.t + own.stays(entry) - 1) + 1):
                up = sum((t - entry.t) * own.months + month >= months for month in range(own.months))
                able[t - 1] += share * entry.systems * up / own.months
        assert any(able)
        assert book.across("Capacity", f"Able to work{suffix}", offer, "prineville") == pytest.approx(able), offer


def test_bring_up_and_availability_come_back(brought_up: Path, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(brought_up)
    sheet, row, column = of_inputs(brought_up, "Bring-up, purchase")
    book[sheet].cell(row, column).value = 2
    book.save(tmp_path / "edited.xlsx")
    again = reopened(tmp_path / "edited.xlsx").request
    assert again.scenario.assumptions.bring_up_months == {"purchase": 2}
    # 30,000 / (3,200 · 0.95 / 3) = 29.6
    assert bought(make_plan(again, EXACT).plan) == {("box.purchase", "2025q1"): 30}


def test_terms_of_an_offer_come_back(tmp_path: Path) -> None:
    known = one_offer(bring_up_months=1, availability="0.9")
    write_workbook(plan(tmp_path, scenario(demand={"train": boxes(3)}), known), tmp_path / "plan.xlsx")
    book = openpyxl.load_workbook(tmp_path / "plan.xlsx")
    for label, value in (("Bring-up", 2), ("Availability of its systems", 0.8)):
        sheet, row, column = of_inputs(tmp_path / "plan.xlsx", label, "box.purchase")
        book[sheet].cell(row, column).value = value
    book.save(tmp_path / "plan.xlsx")
    offer = reopened(tmp_path / "plan.xlsx").request.catalog.offers["box.purchase"]
    assert (offer.bring_up_months, offer.availability) == (2, Decimal("0.8"))


def test_the_workbook_is_found_sound(brought_up: Path) -> None:
    assert run(["workbook", "check", str(brought_up)]) == 0
