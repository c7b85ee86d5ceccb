"""Commitments that entered service before the horizon: what they still cost, do and leave, by hand."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from builders import Tree, catalog, cents, load, plan, scenario, site
from procurement_requests import PLAIN, QUARTER_BOX, asked, bought, boxes, buy, chip, flows, rent
from test_workbook_sheets import Live, line

from catalogs.problems import InputError
from cli.main import run
from optimizer.audit import audit
from optimizer.infeasible.shortage import Infeasible
from optimizer.plan.format import Plan
from optimizer.workbook import write_workbook
from optimizer.workbook.back import reopened

pytestmark = pytest.mark.usefixtures("in_process")
RESERVED: Tree = {"route": "reservation", "host": "cloud", "usd_per_accelerator_hour": 3, "term_months": 12}
LEASED: Tree = {"route": "lease", "usd_per_accelerator_hour": {"2025q1": 3}, "term_months": 24, "network_usd": 4000}


def known(**offers: Any) -> Tree:
    return catalog(chip("chip", {"buy": buy(300_000, network_usd=20_000), "rent": rent(1), **offers}))


def placed(offer: str, period: str, **more: Any) -> Tree:
    place = "cloud" if offer == "chip.reserved" else "oslo"
    return {"offer": offer, "site": place, "period": period, "systems": 1, **more}


def committed(made: Plan) -> list[tuple[str, str, str]]:
    return [(row.offer, row.enters_service, row.in_service_until) for row in made.orders if row.commitment]


def test_a_contract_serves_and_is_paid_until_its_term_ends(tmp_path: Path) -> None:
    """A year from 2024q3 at 2.10 USD an hour: 8 · 2,190 · 2.10 = 36,792 a quarter for two more quarters."""
    parts: Tree = {
        "commitments": [placed("chip.reserved", "2024q3", usd_per_accelerator_hour="2.1")],
        "offers": {"deny": ["chip.reserved", "chip.buy"]},
    }
    made = plan(tmp_path, asked(3, **parts), known(reserved=RESERVED))
    assert committed(made) == [("chip.reserved", "2024q3", "2025q2")]
    assert bought(made) == {("chip.rent", "2025q3"): 1}
    assert flows(made, "rent_usd") == pytest.approx([36_792, 36_792, QUARTER_BOX])
    (order,) = (row for row in made.orders if row.commitment)
    assert (order.rent_usd, order.capex_usd) == (pytest.approx(73_584), 0)


def test_a_purchase_that_is_running_to_the_cent(tmp_path: Path) -> None:
    """Bought for 2024q1: price and network are sunk, maintenance goes on, and at 1.5 of 5 years 0.7 of both is left."""
    finance = {"discount_rate": "0.08", "residual": "book", "maintenance_share": "0.04"}
    item = placed("chip.buy", "2024q1", price_usd=280_000)
    made = plan(tmp_path, scenario(finance=finance, commitments=[item], demand={"train": boxes(1)}), known())
    assert flows(made, "hardware_usd") == flows(made, "network_usd") == [0, 0]
    assert flows(made, "maintenance_usd") == pytest.approx([2800, 2800])
    # energy 1.2 · 7 · 2,190 · 0.05 = 919.80, so 3,719.80 · (d_1 + d_2) = 3,719.80 · 1.961978088 = 7,298.17
    # 0.7 · 300,000 · 0.962250449 = 202,072.59
    d_1, d_2, f_2 = (Decimal("1.08") ** -Decimal(x) for x in ("0.125", "0.375", "0.5"))
    by_hand = (Decimal("919.80") + 2800) * (d_1 + d_2) - 210_000 * f_2
    assert cents(made.objective_usd) == cents(by_hand) == "-194774.43"


def test_a_term_that_has_ended_has_no_effect(tmp_path: Path) -> None:
    """Not even a price is asked for."""
    item = placed("chip.lease", "2022q4")
    made = plan(tmp_path, asked(commitments=[item]), known(lease=LEASED))
    assert committed(made) == []
    assert bought(made) == {("chip.rent", "2025q1"): 1}


def test_what_a_running_lease_owes_after_the_horizon(tmp_path: Path) -> None:
    """Two years from 2024q1 at 2 USD, and 3 quarters of 2025 planned: the last one, 35,040, is owed."""
    finance = {**PLAIN, "owed_after_horizon": "in_full"}
    item = placed("chip.lease", "2024q1", usd_per_accelerator_hour=2)
    made = plan(tmp_path, asked(3, finance=finance, commitments=[item]), known(lease=LEASED))
    assert flows(made, "rent_usd") == pytest.approx([35_040] * 3)
    assert flows(made, "owed_usd") == pytest.approx([0, 0, 35_040])
    assert flows(made, "network_usd") == [0, 0, 0]


def test_it_is_brought_up_by_its_age(tmp_path: Path) -> None:
    """Five months from 2024q4: three are over, and of the first quarter a third is left."""
    parts: Tree = {"assumptions": {"availability": 1, "bring_up_months": {"purchase": 5}}}
    item = placed("chip.buy", "2024q4", price_usd=1)
    made = plan(tmp_path, asked(2, commitments=[{**item, "systems": 3}], **parts), known())
    assert bought(made) == {}
    short = {**parts, "offers": {"deny": ["chip.*"]}}
    with pytest.raises(Infeasible):
        plan(tmp_path / "short", asked(2, commitments=[{**item, "systems": 2}], **short), known())


@pytest.mark.parametrize("within", ["total", "each_period", "2025"])
def test_it_is_in_no_window_of_limits_that_count_orders(tmp_path: Path, within: str) -> None:
    """In 2025q2, half a year before the horizon of 2025q3, though 2025 is the window."""
    rule = {"name": "some", "measure": "systems", "of": {"offer": "chip.*"}, "at_least": 1, "within": within}
    item = placed("chip.reserved", "2025q2")
    request = asked(limits=[rule], commitments=[item], horizon={"start": "2025q3", "periods": 1})
    assert bought(plan(tmp_path, request, known(reserved=RESERVED))) == {("chip.rent", "2025q3"): 1}


@pytest.mark.parametrize(
    ("item", "says"),
    [
        (placed("chip.buy", "2026q1"), "'2026q1' is not a period of the horizon, 2025q1 to 2025q2, nor one before it"),
        (placed("chip.buy", "2024"), "'2024' is not a period of the horizon"),
        (placed("chip.lease", "2024q1"), r"no price at its order in 2024q1; give usd_per_accelerator_hour"),
        (placed("chip.buy", "2024q1", usd_per_accelerator_hour=1), "has no meaning: chip.buy is a purchase"),
        (placed("chip.lease", "2024q1", price_usd=1), "has no meaning: chip.lease is not a purchase"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, item: Tree, says: str) -> None:
    with pytest.raises(InputError, match=says):
        plan(tmp_path, asked(2, commitments=[item]), known(lease=LEASED))


def test_the_audit_holds_it_to_its_term_and_rent(tmp_path: Path) -> None:
    item = placed("chip.lease", "2024q1", usd_per_accelerator_hour=2)
    made = plan(tmp_path, asked(3, commitments=[item]), known(lease=LEASED)).model_dump(mode="json")
    assert audit(made).ok
    for field, value, name in (
        ("usd_per_accelerator_hour", "2.5", "costs(rent_usd,2025q1,usd)"), ("systems", "2", "honour_commitment"),
        ("period", "2023q1", "honour_commitment"), ("period", "2024q2", "honour_commitment"),
    ):  # fmt: skip
        other = {**made, "scenario": {**made["scenario"], "commitments": [{**made["scenario"]["commitments"][0]}]}}
        other["scenario"]["commitments"][0][field] = value
        assert name in "\n".join(audit(other).findings)


# the workbook


@pytest.fixture(scope="module")
def request_of_all() -> Tree:
    """A purchase, a lease and a reservation that are running, a second purchase of another time, and new orders."""
    hall = site(1, hosting_usd_per_kw_month=3, carbon_kg_per_mwh=300)
    finance = {
        "discount_rate": "0.08", "residual": {1: "0.6", 3: "0.2"}, "maintenance_share": "0.04", "carbon_usd_per_t": 50,
        "book_life_years": 4,
    }  # fmt: skip
    items = [
        placed("chip.buy", "2023q1", price_usd=310_000), placed("chip.buy", "2024q3", price_usd=280_000),
        placed("chip.buy", "2025q1", price_usd=270_000), placed("chip.buy", "2019q4", price_usd=1),
        placed("chip.lease", "2024q1", usd_per_accelerator_hour=2), placed("chip.reserved", "2024q3"),
    ]  # fmt: skip
    parts: Tree = {"sites": {"oslo": hall}, "finance": finance, "commitments": items}
    parts["assumptions"] = {"availability": "0.95", "bring_up_months": {"purchase": 8}}
    return asked(3, demand={"train": boxes(7)}, **parts)


@pytest.fixture(scope="module")
def path(in_process: None, request_of_all: Tree, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: ARG001
    folder = tmp_path_factory.mktemp("running")
    offers = known(lease=LEASED, reserved={**RESERVED, "carbon_kg_per_accelerator_hour": "0.2"})
    write_workbook(plan(folder, request_of_all, offers), folder / "plan.xlsx")
    return folder / "plan.xlsx"


def test_the_workbook_has_all_of_it_and_is_found_sound(path: Path) -> None:
    assert run(["workbook", "check", str(path)]) == 0
    assert Live(path, {}).named("master_check") == 0


@pytest.mark.parametrize(
    ("label", "value", "key"),
    [
        ("Discount rate", 0.12, {"finance": {"discount_rate": "0.12"}}),
        ("From the book life (0: from the table)", 1, {"finance": {"residual": "book"}}),
        ("Less what the rest of a term would fetch (0: in full)", 0, {"finance": {"owed_after_horizon": "in_full"}}),
        ("Maintenance, share of price paid", 0.1, {"finance": {"maintenance_share": "0.1"}}),
    ],
)
def test_its_costs_follow_edits(
    path: Path, request_of_all: Tree, tmp_path: Path, label: str, value: float, key: Tree
) -> None:
    """As the same plan costs when the scenario says so."""
    live = Live(path, {("Inputs", line(openpyxl.load_workbook(path)["Inputs"], label), 5): value})
    finance = {**request_of_all["finance"], **key["finance"]}
    offers = known(lease=LEASED, reserved={**RESERVED, "carbon_kg_per_accelerator_hour": "0.2"})
    again = plan(tmp_path, {**request_of_all, "finance": finance}, offers)
    kept = plan(tmp_path / "kept", request_of_all, offers)
    assert [(o.offer, o.enters_service, o.systems) for o in again.orders] == [
        (o.offer, o.enters_service, o.systems) for o in kept.orders
    ], "the edit must leave the orders as they are"
    assert live.named("total_npv_usd") == pytest.approx(again.objective_usd, rel=1e-9)
    assert live.named("master_check") == 0


def test_an_unedited_workbook_makes_the_same_request(path: Path, request_of_all: Tree, tmp_path: Path) -> None:
    offers = known(lease=LEASED, reserved={**RESERVED, "carbon_kg_per_accelerator_hour": "0.2"})
    assert reopened(path).request.scenario == load(tmp_path, request_of_all, offers).scenario
