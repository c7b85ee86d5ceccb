"""The workbook of a plan whose schedules are finer than its periods, and its way back."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from builders import Tree, accelerator, catalog, load, plan, rates, scenario, system
from test_workbook_back import Edit, edited
from workbook_cells import find, named

from catalogs.periods import first_month
from optimizer.plan.format import Plan
from optimizer.request.edits import as_text
from optimizer.request.load import Request
from optimizer.request.schedules import highest, reading_of
from optimizer.workbook import write_workbook
from optimizer.workbook.back import reopened
from optimizer.workbook.check import check_workbook

pytestmark = pytest.mark.usefixtures("in_process")
HALL: Tree = {
    "power_mw": {"2024": 5, "2025-03": 4, "2025-05": "4.5"},
    "pue": {"2025-01": "1.2", "2025-02": "1.25", "2025-03": "1.4", "2025q2": "1.3"},
    "peak_pue": "1.5",
    "racks": {"2025-01": 900, "2025-06": 800},
    "electricity_usd_per_mwh": {"2025-01": 40, "2025-02": 70, "2025-05": 20},
    "hosting_usd_per_kw_month": {"2025-02": 3},
    "carbon_kg_per_mwh": {"2024-12": 100, "2025-09": 70},
}  # fmt: skip


def asked(**hall: Any) -> Tree:
    return scenario(
        horizon={"start": "2025q1", "periods": 4},
        finance={"discount_rate": "0.08", "residual": "book", "carbon_usd_per_t": {"2025-02": 30, "2025-12": 60}},
        sites={"oslo": {**HALL, **hall}},
        demand={
            "train": {
                "workload": "training", "per_second": {"2025-02": 30_000, "2025-03": 45_000, "2025-08": 60_000},
                "unmet_usd_per_unit_hour": {"2025-01": 9, "2025-06": 12},
            },
        },
        supply_per_month={"chip": {"2025-02": 300, "2025-11": 10}},
    )  # fmt: skip


def known() -> Tree:
    offers: Tree = {
        "box.buy": {"system": "box", "route": "purchase", "lead_time_months": 2, "supply_systems_per_month":
                    {"2025-02": 6, "2025-05": 9}, "price_usd": {"2025-01": 300_000, "2025-03": 240_000}},
        "box.rent": {"system": "box", "route": "on_demand", "host": "cloud", "usd_per_accelerator_hour":
                     {"2025-01": 5, "2025-02": 4, "2025-08": 3}},
    }  # fmt: skip
    work = rates(training={"2025-01": 400, "2025-06": 460})
    return catalog(accelerator("chip", {"box": system()}, offers, work))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("months")


@pytest.fixture(scope="module")
def made(folder: Path, in_process: None) -> Plan:  # noqa: ARG001
    return plan(folder, asked(), known())


@pytest.fixture(scope="module")
def original(folder: Path, made: Plan) -> Path:
    path = folder / "plan.xlsx"
    write_workbook(made, path)
    return path


def test_its_totals_are_the_plan_s(original: Path) -> None:
    """Every tie to the plan holds, with the formulas recomputed while it was written."""
    book = openpyxl.load_workbook(original, data_only=True)
    assert named(book, "master_check") == 0
    assert not check_workbook(original)


EDITS: list[tuple[Edit, str]] = [
    (("Inputs", "Power limit at the meter", "", "oslo", 2, 3), "sites/oslo/power_mw"),
    (("Inputs", "Rack limit", "", "oslo", 1, 700), "sites/oslo/racks"),
    (("Inputs", "PUE, yearly mean, for energy", "", "oslo", 1, 1.1), "sites/oslo/pue"),
    (("Inputs", "PUE, yearly mean, for energy", "", "oslo", 3, 1.1), "sites/oslo/pue"),
    (("Inputs", "Electricity", "", "oslo", 1, 90), "sites/oslo/electricity_usd_per_mwh"),
    (("Inputs", "Electricity", "", "oslo", 2, 90), "sites/oslo/electricity_usd_per_mwh"),
    (("Inputs", "Hosting, provisioned IT load", "", "oslo", 2, 9), "sites/oslo/hosting_usd_per_kw_month"),
    (("Inputs", "Carbon of electricity", "", "oslo", 3, 9), "sites/oslo/carbon_kg_per_mwh"),
    (("Inputs", "Carbon price", "", "", 1, 20), "finance/carbon_usd_per_t"),
    (("Inputs", "Carbon price", "", "", 4, 20), "finance/carbon_usd_per_t"),
    (("Inputs", "Demand", "train", "", 1, 7_000), "demand/train/per_second"),
    (("Inputs", "Demand", "train", "", 2, 7_000), "demand/train/per_second"),
    (("Inputs", "Unmet work", "train", "", 2, 10), "demand/train/unmet_usd_per_unit_hour"),
    (("Inputs", "Supply", "chip", "", 1, 77), "supply_per_month/chip"),
    (("Inputs", "Supply", "chip", "", 3, 77), "supply_per_month/chip"),
    (("Inputs", "Supply of the offer", "box.buy", "", 2, 4), "catalog/offers/box.buy/supply_systems_per_month"),
    (("Inputs", "Price", "box.buy", "", 1, 250_000), "catalog/offers/box.buy/price_usd"),
    (("Inputs", "Rent", "box.rent", "", 3, 2), "catalog/offers/box.rent/usd_per_accelerator_hour"),
    (("Inputs", "Throughput, training", "chip", "", 2, 500), "catalog/throughput/chip/training/rate"),
]


@pytest.fixture(scope="module")
def requests(original: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[Edit, Request]:
    """The request of the workbook that holds an edit, with at most one edit of each field."""
    books: list[dict[str, Edit]] = []
    for edit, key in EDITS:
        book = next((book for book in books if key not in book), None)
        if book is None:
            books.append(book := {})
        book[key] = edit
    assert len(books) < 3
    folder, found = tmp_path_factory.mktemp("edited"), dict[Edit, Request]()
    for book in books:
        found |= dict.fromkeys(book.values(), reopened(edited(original, folder, *book.values())).request)
    return found


@pytest.mark.parametrize(("edit", "key"), EDITS, ids=[f"{key} {edit[4]}" for edit, key in EDITS])
def test_an_edit_changes_exactly_its_period(requests: dict[Edit, Request], made: Plan, edit: Edit, key: str) -> None:
    """In every other period the schedule is read as before, and its months are what they were."""
    request = requests[edit]
    of_catalog = key.startswith("catalog/")
    before = at(made.catalog if of_catalog else made.scenario, key)
    after = at(as_text(request.catalog if of_catalog else request.scenario), key)
    read = reading_of(key.removeprefix("catalog/").split("/"))
    for i, row in enumerate(made.periods, start=1):
        months = range(first_month(row.period), first_month(row.period) + row.months)
        expected = Decimal(str(edit[-1])) if i == edit[4] else read(before, months)
        assert (read(after, months) or 0) == (expected or 0), row.period
        if i != edit[4] and read(before, months) is not None:
            for month in months:
                single = range(month, month + 1)
                assert (highest(after, single) or 0) == (highest(before, single) or 0), (row.period, month)


def at(tree: Any, key: str) -> dict[str, Decimal]:
    for part in key.removeprefix("catalog/").split("/"):
        tree = tree[part]
    return {period: Decimal(str(value)) for period, value in tree.items()}


def test_a_pue_with_months_of_its_own_has_a_peak_of_its_own(tmp_path: Path) -> None:
    """Without a peak of its own the power limit takes the highest month, which a new mean would not say: locked."""
    hall = {key: value for key, value in HALL.items() if key != "peak_pue"}
    tree = asked()
    tree["sites"]["oslo"] = hall
    made = plan(tmp_path, tree, known())
    path = tmp_path / "plan.xlsx"
    write_workbook(made, path)
    values = openpyxl.load_workbook(path, data_only=True)
    assert named(values, "master_check") == 0
    rows = [
        find(values["Inputs"], label, "", "oslo")
        for label in ("PUE, yearly mean, for energy", "PUE at peak, for power")
    ]
    shown = [[values["Inputs"].cell(row, column).value for column in range(9, 13)] for row in rows]
    assert shown[0] == [pytest.approx(3.85 / 3), 1.3, 1.3, 1.3]
    assert shown[1] == [1.4, 1.3, 1.3, 1.3]
    assert all("its months differ inside a period" in values["Inputs"].cell(row, 8).value for row in rows)


def test_a_pue_by_period_is_one_line_and_may_be_edited(tmp_path: Path) -> None:
    tree = asked(pue={"2025q1": "1.2", "2025q3": "1.1"})
    del tree["sites"]["oslo"]["peak_pue"]
    made = plan(tmp_path, tree, known())
    path = tmp_path / "plan.xlsx"
    write_workbook(made, path)
    assert named(openpyxl.load_workbook(path, data_only=True), "master_check") == 0
    edit: Edit = ("Inputs", "PUE, yearly mean, for energy", "", "oslo", 2, 1.4)
    request = reopened(edited(path, tmp_path, edit)).request
    assert request.scenario.sites["oslo"].pue == {
        "2025q1": Decimal("1.2"), "2025q2": Decimal("1.4"), "2025q3": Decimal("1.1"),
    }  # fmt: skip
    assert load(tmp_path, tree, known()).scenario.sites["oslo"].peak_pue is None
