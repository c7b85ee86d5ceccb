"""The way back: an edited workbook is read, refused where it must be, and planned again with its edits."""

from __future__ import annotations

import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from builders import accelerator, catalog, load, rates, scenario, site, system
from openpyxl.workbook import Workbook
from workbook_cells import find

from catalogs.problems import InputError
from cli.main import run
from optimizer.plan.format import Plan
from optimizer.plan_files import read_plan
from optimizer.planning import make_plan
from optimizer.request.edits import as_text
from optimizer.request.load import find_scenario, load_request
from optimizer.solving.solution import Options
from optimizer.workbook import write_workbook
from optimizer.workbook.back import reopened
from optimizer.workbook.back.compare import normalised
from optimizer.workbook.embedded import MARK, Made, packed, unpacked

SOFFICE = shutil.which("soffice")
needs_libreoffice = pytest.mark.skipif(SOFFICE is None, reason="LibreOffice is not installed")
pytestmark = pytest.mark.usefixtures("in_process")


LEASED = "finance/owed_after_horizon=ignored"
"""What the lease owes after the horizon would make buying the cheaper plan; these tests edit one with a lease."""


def planned(settings: tuple[str, ...] = ()) -> Plan:
    return make_plan(load_request(find_scenario("quick_start"), (LEASED, *settings)), Options()).plan


@pytest.fixture(scope="module")
def plan(in_process: None) -> Plan:  # noqa: ARG001
    return planned()


@pytest.fixture(scope="module")
def original(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("back") / "plan.xlsx"
    write_workbook(plan, path, "chipmix plan quick_start -o plan.xlsx")
    return path


Edit = tuple[str, str, str, str, int, Any]
"""Sheet, label, item, place, period from 1 (0: the constant), value."""
RATE: Edit = ("Inputs", "Discount rate", "", "", 0, 0.12)
RENT: Edit = ("Inputs", "Rent", "dgx_h100.on_demand", "", 3, 3.1)
TARIFF: Edit = ("Inputs", "Electricity", "", "colo_room", 5, 160)
HELD: Edit = ("Orders", "Override", "dgx_b200.lease", "colo_room", 4, 5)
NONE_HELD: Edit = ("Orders", "Override", "dgx_h100.on_demand", "neocloud", 3, 0)


def cell_of(book: Workbook, edit: Edit) -> str:
    title, label, item, place, period, _ = edit
    return book[title].cell(find(book[title], label, item, place), 8 + period if period else 5).coordinate


def edited(original: Path, tmp_path: Path, *edits: Edit) -> Path:
    """A copy with cells changed, saved by openpyxl."""
    book = openpyxl.load_workbook(original)
    for edit in edits:
        book[edit[0]][cell_of(book, edit)] = edit[-1]
    path = tmp_path / "edited.xlsx"
    book.save(path)
    return path


def changed(original: Path, tmp_path: Path, change: Callable[[Workbook], None]) -> Path:
    book = openpyxl.load_workbook(original)
    change(book)
    path = tmp_path / "changed.xlsx"
    book.save(path)
    return path


def problems_of(path: Path) -> list[str]:
    with pytest.raises(InputError) as caught:
        reopened(path)
    return [str(problem).replace(f"{path}", "FILE") for problem in caught.value.problems]


def saved_by_libreoffice(path: Path, folder: Path) -> Path:
    out = folder / "libre"
    command = [str(SOFFICE), f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to", "xlsx"]
    subprocess.run([*command, "--outdir", str(out), str(path)], check=True, capture_output=True, timeout=300)
    return out / path.name


# The copy of the plan


def test_a_workbook_is_a_plan(plan: Plan, original: Path) -> None:
    assert read_plan(original) == plan


def test_the_copy_is_in_plain_sight_and_says_what_it_is(original: Path) -> None:
    sheet = openpyxl.load_workbook(original)["Log"]
    row = next(row for row in range(1, sheet.max_row + 1) if sheet.cell(row, 2).value == MARK)
    assert sheet.cell(row, 1).value == "Machine-readable copy of this plan"
    assert "Do not edit" in str(sheet.cell(row + 1, 1).value)
    parts = [str(sheet.cell(r, 2).value) for r in range(row + 3, sheet.max_row + 1)]
    assert parts
    assert all(len(part) <= 32_000 for part in parts)
    assert unpacked(str(sheet.cell(row + 2, 2).value), parts).command == "chipmix plan quick_start -o plan.xlsx"


def test_packing_gives_the_same_text_twice(plan: Plan) -> None:
    assert packed(Made(plan, "x")) == packed(Made(plan, "x"))
    assert unpacked(*packed(Made(plan, "x", None, {"view/a": 1.5}))) == Made(plan, "x", None, {"view/a": 1.5})


# Nothing edited


def test_an_unedited_workbook_makes_the_same_request(plan: Plan, original: Path) -> None:
    found = reopened(original)
    assert found.edits == ()
    assert as_text(found.request.scenario) == plan.scenario
    assert as_text(found.request.catalog) == plan.catalog


@pytest.mark.slow
@needs_libreoffice
def test_other_programs_may_save_it(plan: Plan, original: Path, tmp_path: Path) -> None:
    """LibreOffice spells formulas and numbers in its own way and drops styles; openpyxl drops caches."""
    resaved = saved_by_libreoffice(edited(original, tmp_path, RATE, HELD), tmp_path)
    found = reopened(resaved)
    assert [(edit.old, edit.new) for edit in found.edits] == [(0.1, 0.12), (None, 5)]
    assert as_text(found.request.catalog) == plan.catalog


def test_the_order_of_keys_in_a_file_is_not_part_of_a_limit(tmp_path: Path) -> None:
    """A plan is read back with its keys sorted; rows of `each` keep their names, so its audit still passes."""
    offers = {"box.purchase": {"system": "box", "route": "purchase", "price_usd": 300000}}
    each = {"name": "shares", "measure": "work", "of": {"vendor": "each", "demand": "each"}, "at_most_share": 1,
            "within": "each_period"}  # fmt: skip
    tree = scenario(sites={"hall": site()}, limits=[each],
                    demand={"work": {"workload": "training", "per_second": 30000}})  # fmt: skip
    known = catalog(accelerator("chip", {"box": system()}, offers, rates(training=400)))
    path = tmp_path / "plan.xlsx"
    write_workbook(make_plan(load(tmp_path, tree, known), Options()).plan, path)
    assert reopened(path).edits == ()


def test_spelling_of_formulas_does_not_count() -> None:
    assert normalised("=sum( 'Cash'!A1 , 1 )") == normalised("=SUM(Cash!A1,1)")
    assert normalised('=IF(A1="a b",1,0)') != normalised('=IF(A1="ab",1,0)')
    assert normalised("=SUM('Purchase orders'!A1)") != normalised("=SUM(Cash!A1)")


# Edits


def test_edits_change_the_request_and_nothing_else(plan: Plan, original: Path, tmp_path: Path) -> None:
    """A schedule gets a key for the period edited and keeps the values of all others."""
    found = reopened(edited(original, tmp_path, RATE, RENT, TARIFF))
    request = found.request
    assert [edit.of.keys[0] for edit in found.edits] == [
        "finance/discount_rate",
        "catalog/offers/dgx_h100.on_demand/usd_per_accelerator_hour",
        "sites/colo_room/electricity_usd_per_mwh",
    ]
    assert request.scenario.finance.discount_rate == Decimal("0.12")
    before, months = planned_schedule("dgx_h100.on_demand"), [row.period for row in plan.periods]
    rent = request.catalog.offers["dgx_h100.on_demand"].usd_per_accelerator_hour
    for i, key in enumerate(months):
        assert value(rent, key) == (Decimal("3.1") if i == 2 else value(before, key)), key
    tariff = request.scenario.sites["colo_room"].electricity_usd_per_mwh
    was = load_request(find_scenario("quick_start")).scenario.sites["colo_room"].electricity_usd_per_mwh
    for i, key in enumerate(months):
        assert value(tariff, key) == (Decimal(160) if i == 4 else value(was, key)), key
    assert request.scenario.demand == load_request(find_scenario("quick_start")).scenario.demand


def planned_schedule(offer: str) -> Any:
    return load_request(find_scenario("quick_start")).catalog.offers[offer].usd_per_accelerator_hour


def value(schedule: Any, key: str) -> Decimal | None:
    from catalogs.periods import first_month, value_at

    return value_at(schedule, first_month(key))


@pytest.mark.slow
def test_residual_values_by_switch_and_table(original: Path, tmp_path: Path) -> None:
    share: Edit = ("Inputs", "Table point 1: share left", "", "", 0, 0.5)
    book: Edit = ("Inputs", "From the book life (0: from the table)", "", "", 0, 1)
    none: Edit = ("Inputs", "Residual value counted", "", "", 0, 0)
    table = reopened(edited(original, tmp_path, share)).request.scenario.finance.residual
    assert isinstance(table, dict)
    assert (table[1], table[2]) == (Decimal("0.5"), Decimal("0.42"))
    assert reopened(edited(original, tmp_path, share, book)).request.scenario.finance.residual == "book"
    assert reopened(edited(original, tmp_path, book, none)).request.scenario.finance.residual == "none"


@pytest.mark.slow
def test_the_rule_for_rent_after_the_horizon_by_switch(original: Path, tmp_path: Path) -> None:
    """The plan ignores it: counted again, the second switch says how; ignored, the second says nothing."""
    counted: Edit = ("Inputs", "Rent after the horizon counted", "", "", 0, 1)
    less: Edit = ("Inputs", "Less what the rest of a term would fetch (0: in full)", "", "", 0, 1)

    def rule(*edits: Edit) -> str:
        return reopened(edited(original, tmp_path, *edits)).request.scenario.finance.owed_after_horizon

    assert (rule(counted), rule(counted, less), rule(less)) == ("in_full", "as_residual", "ignored")


def test_overrides_become_limits_with_names_that_say_so(original: Path, tmp_path: Path) -> None:
    limits = reopened(edited(original, tmp_path, HELD, NONE_HELD)).request.scenario.limits
    told = {
        limit.name: (limit.measure, limit.at_least, limit.at_most, limit.of.offer, limit.of.site or limit.of.host)
        for limit in limits
    }
    lease, neocloud = (("dgx_b200.lease",), ("colo_room",)), (("dgx_h100.on_demand",), ("neocloud",))
    assert told == {
        "override_dgx_b200.lease_colo_room_2026q4_at_least": ("systems", 5, None, *lease),
        "override_dgx_b200.lease_colo_room_2026q4_at_most": ("systems", None, 5, *lease),
        "override_dgx_h100.on_demand_neocloud_2026q3_at_most": ("systems", None, 0, *neocloud),
    }
    assert {limit.within for limit in limits} == {"2026q4", "2026q3"}


def test_settings_go_on_top_of_edits(original: Path, tmp_path: Path) -> None:
    found = reopened(edited(original, tmp_path, RATE), ["finance/discount_rate=0.07"])
    assert found.request.scenario.finance.discount_rate == Decimal("0.07")


def test_the_command_plans_again_and_bridges(original: Path, tmp_path: Path, capsys: Any) -> None:
    """What is held is held, the bridge adds up, and the new workbook can be edited in its turn."""
    new = tmp_path / "new.xlsx"
    assert run(["plan", str(edited(original, tmp_path, RATE, HELD)), "-o", str(new)]) == 0
    printed = capsys.readouterr().out
    assert re.search(r"Inputs!E\d+ +finance/discount_rate +0.1 +0.12", printed)
    assert re.search(r"Orders!L\d+ +override/systems/dgx_b200.lease/colo_room 2026q4 +blank +5", printed)
    assert "limit(override_dgx_b200.lease_colo_room_2026q4_at_least,2026q4)" in printed
    second = read_plan(new)
    held = [row for row in second.orders if (row.offer, row.enters_service) == ("dgx_b200.lease", "2026q4")]
    assert [row.systems for row in held] == [5]
    values = openpyxl.load_workbook(new, data_only=True)
    sheet = values["Bridge"]
    rows = [row for row in sheet.iter_rows(min_row=4, max_col=3, values_only=True) if isinstance(row[2], float)]
    assert rows[-1][1] == pytest.approx(second.objective_usd)
    assert rows[-2][2] == pytest.approx(second.objective_usd, abs=0.01)
    assert values["Contents"]["B2"].value == "OK"
    assert reopened(new).edits == ()


@pytest.mark.slow
def test_a_held_order_is_replaced_when_it_is_held_again(original: Path, tmp_path: Path) -> None:
    new = tmp_path / "new.xlsx"
    assert run(["plan", str(edited(original, tmp_path, HELD)), "-o", str(new)]) == 0
    again = edited(new, tmp_path, (*HELD[:-1], 4))
    limits = reopened(again).request.scenario.limits
    assert [(limit.at_least, limit.at_most) for limit in limits] == [(4, None), (None, 4)]
    assert len(reopened(new).request.scenario.limits) == 2, "held until it is let go"
    assert reopened(new, release=True).request.scenario.limits == ()


@pytest.mark.slow
def test_an_override_that_cannot_be_had_is_infeasible_by_its_name(original: Path, tmp_path: Path, capsys: Any) -> None:
    too_many = edited(original, tmp_path, (*HELD[:-1], 500))
    assert run(["plan", str(too_many), "-o", str(tmp_path / "none.xlsx")]) == 3
    assert "override_dgx_b200.lease_colo_room_2026q4_at_least" in capsys.readouterr().err
    assert not (tmp_path / "none.xlsx").exists()


@pytest.mark.slow
def test_assumptions_of_the_workbook_alone_survive(original: Path, tmp_path: Path) -> None:
    lease_rate: Edit = ("Inputs", "Discount rate of leases", "", "", 0, 0.08)
    new = tmp_path / "new.xlsx"
    assert run(["plan", str(edited(original, tmp_path, lease_rate)), "-o", str(new)]) == 0
    book = openpyxl.load_workbook(new)
    assert book["Inputs"][cell_of(book, lease_rate)].value == 0.08
    assert reopened(new).views == {"view/lease_rate": 0.08}
    assert reopened(new).edits == ()


def test_commitments_keep_their_price_when_the_offer_s_is_edited(tmp_path: Path) -> None:
    """Ordered in 2025q1 at 300,000, entering service in 2025q2; the price of 2025q1 is edited afterwards."""
    offers = {"box.purchase": {"system": "box", "route": "purchase", "price_usd": 300000, "lead_time_months": 3}}
    tree = scenario(
        sites={"hall": site()},
        demand={"work": {"workload": "training", "per_second": {"2025q2": 30000}}},
        commitments=[{"offer": "box.purchase", "site": "hall", "period": "2025q2", "systems": 2}],
    )
    request = load(tmp_path, tree, catalog(accelerator("chip", {"box": system()}, offers, rates(training=400))))
    path = tmp_path / "plan.xlsx"
    write_workbook(make_plan(request, Options()).plan, path)
    found = reopened(edited(path, tmp_path, ("Inputs", "Price", "box.purchase", "", 1, 250000)))
    assert found.request.catalog.offers["box.purchase"].price_usd == {"2025q1": 250000, "2025q2": 300000}
    assert [entry.price_usd for entry in found.request.scenario.commitments] == [300000]


# What is refused


def test_wrong_edits_are_named_by_sheet_and_cell_all_at_once(original: Path, tmp_path: Path) -> None:
    path = edited(
        original,
        tmp_path,
        (*RATE[:-1], 1.5),
        (*RENT[:-1], "three"),
        (*TARIFF[:-1], None),
        (*HELD[:-1], 2.5),
        (*NONE_HELD[:-1], "=1+1"),
    )
    book = openpyxl.load_workbook(original)
    told = problems_of(path)
    assert told == sorted(
        [
            f"FILE, Inputs!{cell_of(book, RATE)}: must be a share from 0 to 1 (0% to 100%) (got 1.5)",
            f"FILE, Inputs!{cell_of(book, RENT)}: must be a number of 0 or more (got 'three')",
            f"FILE, Inputs!{cell_of(book, TARIFF)}: is blank; it was 143.7",
            f"FILE, Orders!{cell_of(book, HELD)}: must be a whole number of 0 or more (got 2.5)",
            f"FILE, Orders!{cell_of(book, NONE_HELD)}: holds a formula; type the number",
        ]
    )


def test_a_value_that_only_the_schema_refuses_names_its_cell(original: Path, tmp_path: Path) -> None:
    """A rent of zero is no price unless the offer says free; a system cannot draw more than it provisions."""
    rent, power = (*RENT[:-1], 0), ("Inputs", "Average IT power in service", "dgx_h100", "", 0, 99)
    told = problems_of(edited(original, tmp_path, rent, power))
    book = openpyxl.load_workbook(original)
    assert len(told) == 2
    assert any(line.startswith(f"FILE, Inputs!{cell_of(book, rent)}: ") and "free" in line for line in told)
    assert any(line.startswith(f"FILE, Inputs!{cell_of(book, power)}: ") for line in told)


def _delete_row(book: Workbook) -> None:
    book["Cash"].delete_rows(12)


LOCKED: dict[str, tuple[Callable[[Workbook], None], str]] = {
    "a formula": (lambda book: book["Cash"].__setitem__("I3", 5), r"FILE, Cash!I3: the formula was replaced by 5; it"),
    "a locked number": (
        lambda book: book["Inputs"].cell(find(book["Inputs"], "Hours in a year"), 5).__setattr__("value", 8000),
        r"FILE, Inputs!E\d+: is locked and now holds 8000; it was 8760",
    ),
    "a label": (lambda book: book["Inputs"].__setitem__("A27", "Rate"), "FILE, Inputs!A27: is locked and now holds"),
    "an empty cell": (lambda book: book["Inputs"].__setitem__("AZ3", 1), "FILE, Inputs!AZ3: holds 1 where nothing"),
    "a sheet's name": (
        lambda book: setattr(book["Orders"], "title", "Order"),
        "FILE, Orders: the sheet is missing or renamed; did you mean 'Order'",
    ),
    "a sheet gone": (lambda book: book.remove(book["Sites"]), "FILE, Sites: the sheet is missing or renamed"),
    "a row": (_delete_row, "FILE, Cash: .* more cells are not as written; were rows or columns inserted, deleted"),
}


CELLS = ("a formula", "a locked number", "a label", "an empty cell")


@pytest.mark.parametrize(
    "names",
    [
        CELLS,
        ("a sheet's name", "a sheet gone"),
        ("a row",),
        *(pytest.param((one,), marks=pytest.mark.slow) for one in LOCKED),
    ],
    ids=" and ".join,
)
def test_what_may_not_change_is_named(names: tuple[str, ...], original: Path, tmp_path: Path) -> None:
    """Each by itself, and what is told of the same kind all at once."""

    def change(book: Workbook) -> None:
        for name in names:
            LOCKED[name][0](book)

    problems = problems_of(changed(original, tmp_path, change))
    for name in names:
        assert [problem for problem in problems if re.search(LOCKED[name][1], problem)], (name, problems)
    assert len(problems) == len(names) or "a row" in names, problems


def test_refusals_exit_2_and_write_nothing(original: Path, tmp_path: Path, capsys: Any) -> None:
    path = edited(original, tmp_path, (*RATE[:-1], -1))
    assert run(["plan", str(path), "-o", str(tmp_path / "new.xlsx")]) == 2
    assert "must be a share from 0 to 1" in capsys.readouterr().err
    assert not (tmp_path / "new.xlsx").exists()


def test_other_decisions_cannot_be_held(tmp_path: Path) -> None:
    offers = {"box.purchase": {"system": "box", "route": "purchase", "price_usd": 300000}}
    grows = site("0.05", expansion={"usd_per_mw": 1000, "lead_time_months": 0, "max_mw": 1, "life_years": 20})
    tree = scenario(sites={"hall": grows}, demand={"work": {"workload": "training", "per_second": 30000}})
    request = load(tmp_path, tree, catalog(accelerator("chip", {"box": system()}, offers, rates(training=400))))
    path = tmp_path / "plan.xlsx"
    write_workbook(make_plan(request, Options()).plan, path)
    told = problems_of(edited(path, tmp_path, ("Orders", "Power added, override", "", "hall", 1, 0.5)))
    assert len(told) == 1
    assert "Power added, override hall: only systems can be held when the plan is made again; clear the cell" in told[0]


def test_a_file_of_another_program_is_refused(tmp_path: Path) -> None:
    book = Workbook()
    book.save(tmp_path / "other.xlsx")
    assert "is not a workbook written by chipmix" in problems_of(tmp_path / "other.xlsx")[0]
    (tmp_path / "text.xlsx").write_text("no zip at all")
    assert "is not an Excel workbook" in problems_of(tmp_path / "text.xlsx")[0]
    assert "No such file" in problems_of(tmp_path / "absent.xlsx")[0]


def test_a_damaged_or_forged_copy_is_refused(plan: Plan, original: Path, tmp_path: Path) -> None:
    """A forged copy with a checksum of its own is no plan: its audit fails."""

    def damaged(book: Workbook) -> None:
        sheet = book["Log"]
        row = next(row for row in range(1, sheet.max_row + 1) if sheet.cell(row, 2).value == MARK)
        sheet.cell(row + 3, 2).value = "x" + str(sheet.cell(row + 3, 2).value)[1:]

    assert "the copy of the plan from Log!A" in problems_of(changed(original, tmp_path, damaged))[0]
    forged = plan.model_copy(update={"objective_usd": 1.0})
    sha256, parts = packed(Made(forged, ""))

    def forge(book: Workbook) -> None:
        sheet = book["Log"]
        row = next(row for row in range(1, sheet.max_row + 1) if sheet.cell(row, 2).value == MARK)
        sheet.cell(row + 2, 2).value = sha256
        for i, part in enumerate(parts):
            sheet.cell(row + 3 + i, 2).value = part

    changed_first, *follows = problems_of(changed(original, tmp_path, forge))
    assert "was changed after chipmix wrote it" in changed_first
    assert any("fails its audit" in problem for problem in follows)


# Reading is safe


def with_part(original: Path, target: Path, name: str, content: bytes, replace: bool = False) -> Path:
    """A copy with one more part, or one part replaced."""
    with zipfile.ZipFile(original) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy:
        for entry in source.namelist():
            if not (replace and entry == name):
                copy.writestr(entry, source.read(entry))
        copy.writestr(name, content)
    return target


DOCTYPE = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
EXTERNAL = (
    b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    b'<Relationship Id="rId1" Type="x" Target="file:///etc/passwd" TargetMode="External"/></Relationships>'
)
UNSAFE: dict[str, tuple[str, bytes, str]] = {
    "macros": ("xl/vbaProject.bin", b"x", "macros, links or embedded files"),
    "a link to a workbook": ("xl/externalLinks/externalLink1.xml", b"<x/>", "macros, links or embedded files"),
    "an embedded object": ("xl/embeddings/oleObject1.bin", b"x", "macros, links or embedded files"),
    "a connection": ("xl/connections.xml", b"<x/>", "macros, links or embedded files"),
    "a link outside": ("xl/worksheets/_rels/sheet99.xml.rels", EXTERNAL, "links to something outside the file"),
    "a bomb": ("xl/bomb.xml", b"0" * 30_000_000, "unpacks to more than 200 times its size"),
}


@pytest.mark.parametrize("name", UNSAFE)
def test_an_unsafe_file_is_refused_unread(name: str, original: Path, tmp_path: Path) -> None:
    part, content, says = UNSAFE[name]
    told = problems_of(with_part(original, tmp_path / "unsafe.xlsx", part, content))
    assert len(told) == 1
    assert says in told[0]


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet3.xml", "xl/_rels/workbook.xml.rels"])
def test_document_types_and_entities_are_refused(part: str, original: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(original) as archive:
        content = archive.read(part)
    body = content[content.index(b"?>") + 2 :] if content.startswith(b"<?xml") else content
    told = problems_of(with_part(original, tmp_path / "dtd.xlsx", part, DOCTYPE + body, replace=True))
    assert "document type or entities" in told[0]


def test_size_caps(original: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, limit, says in (
        ("LARGEST_FILE_BYTES", 1000, "is larger than"),
        ("LARGEST_INFLATED_BYTES", 1000, "unpacks to more than"),
        ("MOST_PARTS", 3, "more than 3 parts"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(f"optimizer.workbook.back.package.{name}", limit)
            assert says in problems_of(original)[0]


def test_parts_of_one_name_are_refused(original: Path, tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = with_part(original, tmp_path / "twice.xlsx", "xl/workbook.xml", b"<workbook/>")
    assert "two of one name" in problems_of(path)[0]


def test_our_own_workbooks_are_far_from_the_caps(original: Path) -> None:
    with zipfile.ZipFile(original) as archive:
        parts = archive.infolist()
    assert max(part.file_size / max(1, part.compress_size) for part in parts) < 50


def test_a_command_longer_than_a_cell_is_shown_in_part_and_kept_whole(plan: Plan, tmp_path: Path) -> None:
    command = "chipmix plan quick_start --set " + "x" * 40_000
    write_workbook(plan, tmp_path / "plan.xlsx", command)
    sheet = openpyxl.load_workbook(tmp_path / "plan.xlsx")["Log"]
    assert str(sheet["B6"].value).endswith("characters)") or str(sheet["B5"].value).endswith("characters)")
    assert all((row.height or 0) <= 409 for row in sheet.row_dimensions.values())
    assert reopened(tmp_path / "plan.xlsx").edits == ()
