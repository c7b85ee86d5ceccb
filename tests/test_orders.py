"""`chipmix orders`: a line an order, sums that tie to the plan's costs and to the workbook, text that is no formula."""

from __future__ import annotations

import csv
import io
import json
import re
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import workbook_plans as plans
from builders import load
from commands import run, run_here
from whole_plan import SCENARIO, _catalog
from workbook_pricing import Entry, Pricing

from catalogs.problems import InputError
from optimizer.audit import audit
from optimizer.plan.format import Plan
from optimizer.plan.seal import sealed
from optimizer.plan.text import plan_text
from optimizer.planning import make_plan
from optimizer.purchasing.order_csv import COLUMNS, exact, harmless, orders_csv
from optimizer.solving.solution import Options
from optimizer.workbook import write_workbook

Line = dict[str, str]


def lines(text: str) -> list[Line]:
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def committed(entry: Entry, key: str, route: str) -> dict[str, str]:
    """A commitment of the rich plan as a scenario says it."""
    price = {"price_usd" if route == "purchase" else "usd_per_accelerator_hour": entry.price or ""}
    said = {"offer": entry.offer, "site": entry.place, "period": key, "systems": str(entry.systems)}
    return said | (price if entry.price else {})


@pytest.fixture(scope="module")
def rich() -> Plan:
    return rich_in(plans.rich().scenario["currency"])


def rich_in(currency: dict[str, Any]) -> Plan:
    """The rich plan, with all that the audit reads: units of work, and its commitments in the scenario."""
    case, pricing = plans.rich(), Pricing(plans.rich())
    offers = case.catalog["offers"]
    placed = [committed(e, pricing.key(e.t), offers[e.offer]["route"]) for e in case.entries if e.commitment]
    workloads = {name: {"unit": "u", "phase": "training"} for name in ("llm_training", "llm_serving", "dlrm")}
    more = {"catalog/workloads": workloads, "scenario/commitments": placed, "scenario/currency": currency}
    return plans.plan_of(case.edited(more))


@pytest.fixture(scope="module")
def found(rich: Plan) -> list[Line]:
    return lines(orders_csv(rich))


def total(found: list[Line], column: str, **of: str) -> Decimal:
    return sum((Decimal(line[column]) for line in found if of.items() <= line.items()), Decimal(0))


def test_an_order_by_hand(found: list[Line]) -> None:
    """70 of dgx_h100 at once: 0.95 of the price of the quarter of order, two before, and a fifth as deposit.

    40 at 310,000 · 0.95 = 294,500 USD each, and 12,000 of network; 15 months from the third quarter on.
    """
    line = next(line for line in found if (line["offer"], line["place"]) == ("dgx_h100.purchase", "oslo"))
    assert line == {
        "order_date": "2025-01-01", "order_period": "2025q1", "service_date": "2025-07-01", "service_period": "2025q3",
        "end_date": "2026-09-30", "status": "new", "vendor": "nvidia", "accelerator": "h100", "system": "dgx_h100",
        "offer": "dgx_h100.purchase", "frame": "", "route": "purchase", "place": "oslo", "systems": "40",
        "accelerators": "320", "currency": "USD", "unit_price": "294500", "price_per": "system", "network": "480000",
        "contract_value": "12260000", "after_horizon": "0", "deposit_due": "2356000", "balance_due": "9904000",
        "cost_centre": "0047", "gl_account": "160200", "reporting_currency": "EUR", "rate_at_order": "0.92",
        "unit_price_reporting": "270940", "deposit_due_reporting": "2167520", "rate_at_service": "0.92",
        "balance_due_reporting": "9111680", "contract_value_reporting": "11279200", "after_horizon_reporting": "0",
    }  # fmt: skip


def test_a_rent_by_hand(found: list[Line]) -> None:
    """60 servers of 8 at 2.1 USD for six quarters of 2,190 hours, and 5,000 USD of network each; one quarter ahead."""
    line = next(line for line in found if (line["offer"], line["place"]) == ("mi355x.lease", "oslo"))
    rent = 60 * 8 * Decimal("2.1") * 2190 * 6
    assert (line["unit_price"], line["price_per"]) == ("2.1", "accelerator-hour")
    assert Decimal(line["contract_value"]) == rent + 300_000
    assert (line["deposit_due"], line["balance_due"], line["network"]) == ("0", "300000", "300000")
    assert (line["service_date"], line["end_date"]) == ("2025-04-01", "2026-09-30")


def test_deposits_and_balances_are_the_hardware_and_network_of_each_period(rich: Plan, found: list[Line]) -> None:
    for row in rich.periods:
        due = total(found, "deposit_due", order_period=row.period) + total(
            found, "balance_due", service_period=row.period
        )
        cost = rich.costs["hardware_usd"][row.period] + rich.costs["network_usd"][row.period]
        assert float(due) == pytest.approx(cost, abs=0.005), row.period


def test_rent_is_the_rent_of_the_plan_but_of_what_was_running(rich: Plan, found: list[Line]) -> None:
    rent = float(total(found, "contract_value") - total(found, "deposit_due") - total(found, "balance_due"))
    running = [row for row in rich.orders if row.enters_service < "2025q1" and row.route != "purchase"]
    before = sum(row.rent_usd + row.rent_after_usd for row in running)
    assert rent + before == pytest.approx(sum(rich.costs["rent_usd"].values()) + rich.rent_after_usd)
    assert len(found) == len([row for row in rich.orders if row.enters_service >= "2025q1"]) == 22


@pytest.mark.parametrize("per_usd", ["0.92", {"2025q1": "150", "2025-11": "141", "2026q1": "145"}])
def test_sums_are_those_of_purchase_orders(per_usd: Any, tmp_path: Path) -> None:
    """In the reporting currency, at one rate and at rates by period; unit prices of each order too."""
    rich = rich_in({"code": "EUR", "per_usd": per_usd})
    found = lines(orders_csv(rich))
    write_workbook(rich, tmp_path / "p.xlsx")
    rows = list(openpyxl.load_workbook(tmp_path / "p.xlsx", data_only=True)["Purchase orders"].iter_rows(4))
    header = [str(cell.value) for cell in rows[0]]
    sheet = [dict(zip(header, (cell.value for cell in row), strict=True)) for row in rows[1 : len(found) + 1]]
    last = next(row for row in rows if row[0].value == "All orders, filtered or not")
    sums = dict(zip(header, (cell.value for cell in last), strict=True))
    for column, theirs in (
        ("systems", ["Systems"]), ("accelerators", ["Accelerators"]),
        ("after_horizon_reporting", ["Of it after the horizon, {}"]),
        ("deposit_due_reporting", ["Deposit due at order, {}"]),
        ("balance_due_reporting", ["Balance due on entering service, {}"]),
        ("contract_value_reporting", ["Capex with network, {}", "Rent over the term, {}"]),
    ):  # fmt: skip
        assert float(total(found, column)) == pytest.approx(
            sum(sums[name.format("EUR")] for name in theirs), rel=1e-12
        ), column
    for unit, code in (("unit_price", "USD"), ("unit_price_reporting", "EUR")):
        prices = (row[f"Unit price, {code}/system"] or row[f"Rent, {code}/ accelerator-hour"] for row in sheet)
        assert sorted(prices) == pytest.approx(sorted(float(line[unit]) for line in found)), unit

    def booked(row: Any) -> tuple[str, str]:
        return row["Cost centre"] or "", row["GL account"] or ""

    assert sorted(map(booked, sheet)) == sorted(
        (line["cost_centre"], line["gl_account"].replace("'", "")) for line in found
    )


def test_the_first_account_that_selects_an_order_counts(found: list[Line]) -> None:
    booked = {(line["offer"], line["cost_centre"], line["gl_account"]) for line in found}
    assert ("nvl72.purchase", "0047", "160200") in booked
    assert ("tpu.reserved", "", "'-rent;'=1+1") in booked  # also an asic
    assert ("own_rack.purchase", "原価, 12", "") in booked
    assert ("mi355x.lease", "", "") in booked


def test_the_file_is_csv_by_the_book(rich: Plan) -> None:
    text = orders_csv(rich)
    assert text.count("\r\n") == text.count("\n") == text.count("\r") == 23
    assert '"原価, 12"' in text
    assert text.splitlines()[0].startswith(",".join(COLUMNS))


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("=1+1", "'=1+1"), ("+1", "'+1"), ("-4711", "'-4711"), ("@SUM(A1)", "'@SUM(A1)"), ("  =1", "  '=1"),
        ("a;=1", "a;'=1"), ("a,\t@b", "a,\\t@b"), ("＝1", "'＝1"), ("4711-2", "4711-2"), ("a=b", "a=b"), ("", ""),
    ],
)  # fmt: skip
def test_no_text_is_a_formula(text: str, written: str) -> None:
    assert harmless(text) == written


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (Fraction(0), "0"), (Fraction(1200), "1200"), (Fraction("0.1") + Fraction("0.2"), "0.3"),
        (Fraction(10**16 + 1, 10), "1000000000000000.1"), (Fraction(2, 3), "0.666666667"), (Fraction(1, 10**12), "0"),
        (Fraction(-5, 2), "-2.5"), (Fraction(-1, 10**12), "0"), (Fraction(10**40 + 1), f"1{'0' * 39}1"),
    ],
)  # fmt: skip
def test_amounts_are_exact_decimals(value: Fraction, written: str) -> None:
    assert exact(value) == written


# Accounts in a scenario


@pytest.mark.usefixtures("in_process")
def test_accounts_change_nothing_but_the_scenario(tmp_path: Path) -> None:
    booked = {**SCENARIO, "accounts": [{"of": {"route": "purchase"}, "cost_centre": "4711"}]}
    without, with_them = (make_plan(load(tmp_path, each, _catalog()), Options()).plan for each in (SCENARIO, booked))
    assert audit(with_them.model_dump(mode="json")).ok
    same, other = (json.loads(plan_text(plan)) for plan in (without, with_them))
    changed = {key for key in same if same[key] != other[key]}
    assert changed == {"scenario", "run", "audit"}  # the audit counts one check more: that it knows the keys
    assert "accounts" not in without.scenario


@pytest.mark.parametrize(
    ("account", "says"),
    [
        ({"of": {"vendor": "acmee"}, "cost_centre": "1"}, r"accounts\.0\.of\.vendor: 'acmee' selects no vendor"),
        ({"of": {"vendor": "each"}, "cost_centre": "1"}, "'each' is for limits; an account is one over all it selects"),
        ({"of": {"demand": "train"}, "cost_centre": "1"}, "an account is about what is ordered, not about work"),
        ({"of": {"vendor": "ours"}}, r"accounts\.0 needs one of cost_centre and gl_account, or both"),
        ({"cost_center": "1"}, "did you mean 'cost_centre'"),
        ({"cost_centre": "x" * 41}, "longer than 40 characters"),
        ({"cost_centre": ["1", "2"]}, r"accounts\.0\.cost_centre"),
    ],
)
def test_accounts_that_say_nothing_are_refused(account: Any, says: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        load(tmp_path, {**SCENARIO, "accounts": [account]}, _catalog())
    assert any(re.search(says, str(problem)) for problem in refused.value.problems), refused.value


# The command


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("quick")
    assert run_here("plan", "quick_start", "--json", "plan.json", "-o", "plan.xlsx", cwd=folder).returncode == 0
    return folder


def test_a_plan_and_its_workbook_give_the_same_bytes_and_so_does_standard_output(quick: Path, tmp_path: Path) -> None:
    (tmp_path / "plan.xlsx").write_bytes((quick / "plan.xlsx").read_bytes())
    assert run_here("orders", "plan.xlsx", "-o", "orders.csv", cwd=tmp_path).returncode == 0
    written = (tmp_path / "orders.csv").read_bytes()
    assert written.startswith(b"order_date,")
    printed = run("orders", "plan.json", "-o", "-", cwd=quick, encoding=None)
    assert (printed.returncode, printed.stdout) == (0, written)


def test_what_cannot_be_used_exits_2_and_replaces_nothing(quick: Path, tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("old")
    content = json.loads((quick / "plan.json").read_text())
    content["orders"][0]["systems"] += 1
    (tmp_path / "changed.json").write_text(json.dumps(content))
    (tmp_path / "scenario.yaml").write_text("name: none")
    for plan, says in (
        ("changed.json", "was changed after chipmix wrote it"), ("scenario.yaml", "is not a chipmix plan"),
        ("nothing.json", "cannot be read"),
    ):  # fmt: skip
        done = run_here("orders", plan, "-o", "orders.csv", cwd=tmp_path)
        assert (done.returncode, done.stdout) == (2, "")
        assert says in done.stderr
    for target, says in (("orders.xls", "must end in .csv"), ("no/orders.csv", "there is no folder no")):
        done = run_here("orders", str(quick / "plan.json"), "-o", target, cwd=tmp_path)
        assert (done.returncode, says in done.stderr) == (2, True)
    assert (tmp_path / "orders.csv").read_text() == "old"
    assert sealed(Plan.model_validate(content)).run.plan_sha256 != content["run"]["plan_sha256"]
