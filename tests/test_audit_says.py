"""What a plan says beside its decisions against the audit's own statement: limits, basis, excluded offers, status."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest
from builders import Tree, accelerator, catalog, load, rates, scenario, site, system
from whole_plan import whole_plan

from optimizer.audit import audit
from optimizer.audit.exclusions import REASONS, is_true
from optimizer.audit.inputs import read_inputs
from optimizer.plan.text import plan_text
from optimizer.request.edits import as_text
from optimizer.tables import build_tables

pytestmark = pytest.mark.usefixtures("in_process")


@pytest.fixture(scope="module")
def content(in_process: None, tmp_path_factory: pytest.TempPathFactory) -> Any:  # noqa: ARG001
    return json.loads(plan_text(whole_plan(tmp_path_factory.mktemp("whole"))))


def found(tree: Any) -> set[str]:
    """The statements that the audit finds wrong."""
    return {finding.partition("(")[0] for finding in audit(tree).findings}


def test_the_plan_itself_passes(content: Any) -> None:
    assert audit(content).findings == ()


WRONG: dict[str, tuple[str, Any, str]] = {
    "a use": ("limits/3/used", 99.0, "limits"),
    "a limit": ("limits/3/limit", 99.0, "limits"),
    "a slack": ("limits/3/slack", 99.0, "limits"),
    "a unit": ("limits/3/unit", "kW", "limits"),
    "a floor for a ceiling": ("limits/3/at_least", True, "limits"),
    "a row's name": ("limits/3/row", "air_within_site(hall,2031q1)", "limits"),
    "the basis of work": ("/".join(("basis", "work", "measured")), 0.7, "basis"),
    "the basis of spend": ("basis/spend/vendor", 0.9, "basis"),
    "a basis of nothing": ("basis/spend/estimated", None, "basis"),
    "a reason that does not hold": ("excluded/0/reason", "open only to rival (buyers)", "excluded"),
    "a reason that is none": ("excluded/0/reason", "too dear", "excluded"),
    "an offer that can be ordered": ("excluded/0/offer", "box.rent", "excluded"),
    "an offer that there is not": ("excluded/0/offer", "crate.purchase", "excluded"),
    "a bound above the objective": ("bound_usd", 1e9, "bound_usd"),
    "a certified bound above it": ("certified/bound_usd", 1e9, "certified"),
    "a gap": ("gap", 1e-3, "gap"),
    "a certified gap": ("certified/gap", 1e-3, "gap"),
    "a scenario's hash": ("run/scenario_sha256", "0" * 64, "run"),
    "a catalogue's hash": ("run/catalog_sha256", "0" * 64, "run"),
    "a version": ("run/version", "9.9", "run"),
    "a unit of supply": ("supply/0/unit", "crates", "supply"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_statement_is_found(name: str, content: Any) -> None:
    tree, (where, value, statement) = copy.deepcopy(content), WRONG[name]
    *way, last = where.split("/")
    node = tree
    for part in way:
        node = node[int(part)] if isinstance(node, list) else node[part]
    assert node[last] != value
    node[last] = value
    assert statement in found(tree)


@pytest.mark.parametrize("table", ["limits", "sites", "budget", "in_service", "clusters", "excluded"])
def test_every_row_is_there_and_once(table: str, content: Any) -> None:
    """Rows of limits may be missing only where nothing can ever count against them; none of these are such."""
    for i in range(len(content[table])):
        less, more = copy.deepcopy(content), copy.deepcopy(content)
        row = less[table].pop(i)
        more[table].append(copy.deepcopy(row))
        unused = (
            table == "limits" and not row["used"] and not row["row"].startswith(("power", "liquid", "air", "racks"))
        )
        assert table in found(less) or unused, row
        assert table in found(more), row


def test_a_plan_with_a_larger_gap_than_was_asked_for_is_not_optimal(content: Any) -> None:
    tree = copy.deepcopy(content)
    assert tree["status"] == "optimal"
    tree["bound_usd"] = tree["objective_usd"] * 0.99
    tree["gap"] = 0.01
    assert found(tree) == {"status"}
    tree["status"] = "feasible"
    assert found(tree) == set()


@pytest.mark.parametrize(("left", "wrong"), [(1e-8, set()), (1e-4, {"status"})])
def test_an_optimum_is_one_within_the_tolerance_of_costs(content: Any, left: float, wrong: set[str]) -> None:
    """The gap asked for is smaller than what a search can tell apart."""
    tree = copy.deepcopy(content)
    tree["run"]["options"]["gap"] = 1e-12
    tree["bound_usd"] = tree["objective_usd"] * (1 - left)
    tree["gap"] = left
    assert found(tree) == wrong


# Each reason for which an offer is excluded: the one that the model gives holds, all others do not


def point(precision: str, **fields: Any) -> Tree:
    return {"rate": 1, "precision": precision, "basis": "measured", "source": "hand", **fields}


def asked(offer: Tree, rules: Tree | None = None, **parts: Any) -> tuple[Tree, dict[str, Tree]]:
    """A request in which `red.offer` is excluded and `blue.rent` does the work."""
    blue = {"system": "cell", "route": "on_demand", "host": "cloud", "usd_per_accelerator_hour": 2}
    files = catalog(
        accelerator("red", {"rack": system(**parts.pop("rack", {}))}, {"red.offer": offer},
                    parts.pop("rates", rates(training=100)), **parts.pop("red", {})),
        accelerator("blue", {"cell": system()}, {"blue.rent": blue}, {
            "training": [point("fp4", rate=100), point("bf16", rate=90)]}),
    )  # fmt: skip
    files["red.yaml"]["cites"] = parts.pop("cites", {})
    return scenario(offers=rules or {}, **parts), files


BUY = {"system": "rack", "route": "purchase", "price_usd": 1000}
RENT = {"system": "rack", "route": "on_demand", "host": "other", "usd_per_accelerator_hour": 1}
CITED = {"red.offer.price_usd": {"source": "hand", "basis": "estimated"}}
EXCLUDED: dict[str, tuple[tuple[Tree, dict[str, Tree]], str]] = {
    "closed": (asked({**BUY, "buyers": ["rival", "other"]}), "open only to other, rival (buyers)"),
    "denied": (asked(BUY, {"deny": ["red*"]}), "denied by 'red*' (offers.deny)"),
    "not listed": (asked(BUY, {"allow": ["blue*"]}), "not on the list of allowed offers (offers.allow)"),
    "not accepted": (
        asked(BUY, {"basis": ["measured", "vendor", "unsourced"]}, cites=CITED),
        "its price_usd is estimated, which is not accepted (offers.basis)",
    ),
    "homeless": (asked(BUY, sites={}), "it needs a site of ours and the scenario has none (sites)"),
    "no throughput": (asked(BUY, rates={}), "it can do none of the work (train: no throughput for training)"),
    "a stack": (
        asked(BUY, red={"stack": "own"}, demand={
            "train": {"workload": "training", "per_second": 10, "stacks": {"cuda": 0}}}),
        "it can do none of the work (train: stack own is not listed)",
    ),
    "another basis": (
        asked(RENT, {"basis": ["measured", "unsourced"]}, rates={
            "training": {"rate": 1, "basis": "estimated", "source": "hand"}}),
        "it can do none of the work (train: its throughput is estimated, which is not accepted)",
    ),
    "a later rate": (
        asked(BUY, rates={"training": {"rate": {"2030q1": 1}, "basis": "measured", "source": "hand"}}),
        "it can do none of the work (train: its throughput begins after the horizon)",
    ),
    "another precision": (
        asked(BUY, rates={"training": [point("fp8"), point("bf16")]}, demand={
            "train": {"workload": "training", "per_second": 10, "precisions": ["fp4"]}}),
        "it can do none of the work (train: its throughput is in bf16 or fp8, which is not accepted (precisions))",
    ),
    "no precision": (
        asked(BUY, rates=rates(training=1), demand={
            "train": {"workload": "training", "per_second": 10, "precisions": ["fp4"]}}),
        "it can do none of the work (train: its throughput is in an unstated precision, which is not accepted "
        "(precisions))",
    ),
    "a larger replica": (
        asked(BUY, rates={"training": [point("fp8", accelerators=72), point("bf16", accelerators=64), point("fp4")]},
              demand={"train": {"workload": "training", "per_second": 10, "precisions": ["bf16", "fp8"]}}),
        "it can do none of the work (train: its throughput takes 64 accelerators together, it has 8)",
    ),
    "a later point": (
        asked(BUY, rates={"training": [point("fp8", **{"from": "2025-08"}), point("bf16", accelerators=64)]}),
        "it can do none of the work (train: its throughput begins after the horizon)",
    ),
    "another place": (
        asked(RENT, demand={"train": {"workload": "training", "per_second": 10, "sites": ["oslo", "cloud"]}}),
        "it can do none of the work (train: it may not run where the offer's systems stand)",
    ),
    "too late": (
        asked({**BUY, "lead_time_months": 7}),
        "nothing ordered in the horizon arrives in it: lead time 7 months (lead_time_months)",
    ),
    "undated": (
        asked({**BUY, "lead_time_months": 1, "available": {"from": "2025q2"}}),
        "it cannot be ordered in time: orders open 2025q2 to …, lead time 1 months (available)",
    ),
    "sold out": (
        asked({**BUY, "available": {"until": "2024q4"}}),
        "it cannot be ordered in time: orders open … to 2024q4, lead time 0 months (available)",
    ),
    "unpriced": (asked({**BUY, "price_usd": {"2026": 1}}), "it has no price when it can be ordered (price schedule)"),
    "no power": (
        asked({**BUY}, sites={"oslo": site("0.01")}, rack={"provisioned_kw": 50}),
        "no site, supply or work leaves room for one system",
    ),
    "no supply": (
        asked({**BUY, "supply_systems_per_month": "0.1"}), "no site, supply or work leaves room for one system",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", EXCLUDED)
def test_the_reason_for_an_excluded_offer_holds_and_no_other_does(name: str, tmp_path: Path) -> None:
    (tree, known), expected = EXCLUDED[name]
    request = load(tmp_path, tree, known)
    assert dict(build_tables(request).excluded) == {"red.offer": expected}
    inputs = read_inputs(as_text(request.scenario), as_text(request.catalog))
    offer = inputs.offers["red.offer"]
    assert is_true(expected, offer, inputs)
    others = {reason for _, reason in EXCLUDED.values()} - {expected}
    assert [reason for reason in sorted(others) if is_true(reason, offer, inputs)] == []


def test_there_is_a_case_for_every_reason() -> None:
    reasons = [reason for _, reason in EXCLUDED.values()]
    assert [pattern for pattern in REASONS if not any(re.fullmatch(pattern, reason) for reason in reasons)] == []
