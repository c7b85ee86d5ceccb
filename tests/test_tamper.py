"""Every leaf of a plan.json changed, taken out or added to: refused, with what does not agree.

Once as it comes, when the seal tells; and once sealed again by a careful hand, when what follows from the inputs and
the decisions has to tell. What only the seal protects is listed.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from whole_plan import whole_plan

from catalogs.problems import InputError
from cli.main import run
from optimizer.plan.seal import sha256_of
from optimizer.plan.text import plan_text
from optimizer.plan_files import read_plan

pytestmark = pytest.mark.usefixtures("in_process")
Way = tuple[str | int, ...]
TABLES_OF_KEYS = ("costs", "duals", "approved", "placed", "offers", "systems", "accelerators", "throughput", "cites",
                  "sources", "workloads", "pools", "sites", "demand")  # fmt: skip
"""Trees whose keys are names: one of them stands for all."""


@pytest.fixture(scope="module")
def content(in_process: None, tmp_path_factory: pytest.TempPathFactory) -> Any:  # noqa: ARG001
    plan = whole_plan(tmp_path_factory.mktemp("whole"))
    tables = ("orders", "in_service", "work", "unmet", "retired", "expanded", "engineering", "porting", "clusters",
              "sites", "budget", "supply", "limits", "frames", "excluded", "warnings")  # fmt: skip
    assert [table for table in tables if not getattr(plan, table)] == []
    return json.loads(plan_text(plan))


def leaves(tree: Any, way: Way = ()) -> Iterator[Way]:
    """The ways to everything in a tree that is not a tree."""
    inside = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in inside:
        yield from leaves(value, (*way, key))
    if not isinstance(tree, dict | list):
        yield way


def branches(tree: Any, way: Way = ()) -> Iterator[Way]:
    """The ways to every tree inside a tree, itself among them."""
    if isinstance(tree, dict | list):
        yield way
        for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
            yield from branches(value, (*way, key))


def kind(way: Way) -> str:
    """A way without what tells rows and names apart."""
    parts: list[str] = []
    for part in way:
        named = bool(parts) and (parts[-1] in TABLES_OF_KEYS or parts[-1].startswith("costs/"))
        parts.append("*" if isinstance(part, int) or named else str(part))
    return "/".join(parts)


def at(tree: Any, way: Way) -> Any:
    for part in way:
        tree = tree[part]
    return tree


def changed(value: Any) -> Any:
    """Another value of the same type, the least that a reader would mind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, float):
        return value * 1.0001 + 1e-6 if value else 1.0
    if value is None:
        return 1.0
    if re.fullmatch(r"-?\d+(\.\d+)?", value):
        return str(Decimal(value) * Decimal("1.001") + value.isdigit())
    return f"{value}x"


Tampered = dict[str, Any]


def tamperings(content: Any, every: bool) -> Iterator[tuple[str, Tampered]]:
    """One change of each kind, or of every leaf and branch: what was done, and the plan with it."""
    seen = set[str]()

    def first(what: str) -> bool:
        new = every or what not in seen
        seen.add(what)
        return new

    for way in leaves(content):
        if first(what := f"changed {kind(way)}"):
            tree = copy.deepcopy(content)
            at(tree, way[:-1])[way[-1]] = changed(at(tree, way))
            yield what, tree
    for way in [*leaves(content), *branches(content)]:
        if way and first(what := f"removed {kind(way)}"):
            tree = copy.deepcopy(content)
            del at(tree, way[:-1])[way[-1]]
            yield what, tree
    for way in branches(content):
        if first(what := f"added to {kind(way)}"):
            tree = copy.deepcopy(content)
            branch = at(tree, way)
            if isinstance(branch, dict):
                branch["another"] = next(iter(branch.values()), 1)
            else:
                branch.append(branch[-1] if branch else 1)
            yield what, tree


def sealed_again(tree: Tampered) -> Tampered:
    """With the hashes that it would have if it had been written so."""
    tree = copy.deepcopy(tree)
    for name in ("scenario", "catalog"):
        if name in tree and name + "_sha256" in tree.get("run", {}):
            tree["run"][name + "_sha256"] = sha256_of(tree[name])
    if "run" in tree:
        tree["run"].pop("plan_sha256", None)
        tree["run"]["plan_sha256"] = sha256_of(tree)
    return tree


def refusal(tree: Tampered, path: Path) -> str:
    """What a reader says of it; empty where it is believed."""
    path.write_text(json.dumps(tree), encoding="utf-8")
    try:
        read_plan(path)
    except InputError as error:
        return "\n".join(str(problem) for problem in error.problems)
    return ""


def test_a_plan_as_it_was_written_is_believed(content: Any, tmp_path: Path) -> None:
    """However its JSON is spelt."""
    assert refusal(content, tmp_path / "plan.json") == ""
    assert refusal(sealed_again(content), tmp_path / "plan.json") == ""


@pytest.mark.parametrize(("every", "step"), [(False, 3), *(
    pytest.param(every, 1, marks=pytest.mark.slow) for every in (False, True)
)])  # fmt: skip
def test_whatever_is_changed_is_refused(every: bool, step: int, content: Any, tmp_path: Path) -> None:
    """A third of the kinds of change always: the hash sees them all alike, and the next test tries each kind."""
    changes = islice(tamperings(content, every), 0, None, step)
    believed = [what for what, tree in changes if not refusal(tree, tmp_path / "plan.json")]
    assert believed == []


ONLY_SEALED = {
    "bound_usd": "the solver's word, with the gap that follows from it; no better than the certified one",
    "certified/duals/*": "other numbers that prove the same bound prove it as well",
    "certified/branches/children/*/duals/*": "other numbers that prove as much in a part that is not the least",
    "certified/branches/children/*/sums/*": "the same",
    "certified/branches/children/*/rows/*": "the same",
    "certified/branches/columns": "one more name that no part speaks of",
    "run/solver": "a name",
    "run/options/gap": "what was asked for, as long as the plan reaches it",
    "run/options/seed": "what was asked for",
    "run/options/threads": "what was asked for",
    "run/options/time_limit_s": "what was asked for",
}
"""What no inputs and decisions say, and why: a careful hand can change these and seal the plan again."""
OTHER = re.compile(r"\S+ (to )?(scenario|catalog)(/|$)|\S+ run/\w*sha256")
"""Inputs, since a plan of other inputs is another plan, which has to have its costs and proofs; and the hashes."""


@pytest.mark.slow
def test_what_is_sealed_again_still_has_to_agree_with_itself(content: Any, tmp_path: Path) -> None:
    believed = {
        re.sub(r"(/children/\*)+", "/children/*", what)  # however deep
        for what, tree in tamperings(content, every=False)
        if not OTHER.match(what) and not refusal(sealed_again(tree), tmp_path / "plan.json")
    }
    allowed = {f"{how} {leaf}" for leaf in ONLY_SEALED for how in ("changed", "removed", "added to")}
    assert believed - allowed == set()


INPUTS_CHANGED: dict[str, Any] = {
    "a price": ("catalog/offers/tray.purchase/price_usd", "29999"),
    "a rent": ("catalog/offers/box.rent/usd_per_accelerator_hour", "5.99"),
    "a lead time": ("catalog/offers/box.purchase/lead_time_months", 6),
    "a bring-up": ("catalog/offers/box.purchase/bring_up_months", 3),
    "a bring-up of a route": ("scenario/assumptions/bring_up_months/purchase", 9),
    "an availability of an offer": ("catalog/offers/box.rent/availability", "0.8"),
    "a rate": ("catalog/throughput/chip/training/0/rate", "401"),
    "a point's precision": ("catalog/throughput/chip/training/0/precision", "fp4"),
    "a point's first period": ("catalog/throughput/chip/training/1/from", "2025q4"),
    "a point's size": ("catalog/throughput/chip/training/1/accelerators", 9),
    "a point's basis": ("catalog/throughput/chip/training/1/basis", "estimated"),
    "a demand's precisions": ("scenario/demand/train/precisions", ["fp8"]),
    "a power": ("catalog/systems/box/average_kw", "6.9"),
    "a share": ("scenario/limits/0/at_most_share", "0.5"),
    "a date": ("scenario/horizon/start", "2025q2"),
    "a demand": ("scenario/demand/train/per_second/2025q1", "12001"),
    "a rate of discount": ("scenario/finance/discount_rate", "0.081"),
    "a commitment's price": ("scenario/commitments/0/price_usd", "280000"),
    "a commitment's systems": ("scenario/commitments/0/systems", "2"),
    "a site's power": ("scenario/sites/hall/power_mw", "0.05"),
    "a block of power": ("scenario/sites/hall/expansion/block_mw", "0.07"),
    "a share to take or pay": ("scenario/sites/hall/take_or_pay_share", "0.8"),
    "a budget": ("scenario/budget/capex_usd/total", "1e5"),
    "an offer allowed": ("scenario/offers/deny", []),
    "an offer denied": ("scenario/offers/deny", ["tray.*"]),
    "a buyer": ("scenario/buyer", "rival"),
    "a PUE below one": ("scenario/sites/hall/pue", "0.9"),
    "a share above one": ("scenario/assumptions/availability", "1.5"),
    "a negative price": ("catalog/offers/box.purchase/network_usd", "-5000"),
    "a number for a text": ("scenario/sites/hall/racks", 40),
    "an infinite number": ("scenario/sites/hall/racks", "Infinity"),
    "a key that is none": ("scenario/sites/hall/coal_mw", "1"),
    "an unknown stack": ("catalog/accelerators/chip/stack", "unheard"),
    "an offer of a system that is not there": ("catalog/offers/box.rent/system", "crate"),
    "another file": ("scenario/extends", "/etc/passwd"),
    "a control character": ("scenario/name", "a\x1b[31mb"),
}


@pytest.mark.parametrize("name", INPUTS_CHANGED)
def test_other_inputs_are_not_smuggled_in(name: str, content: Any, tmp_path: Path) -> None:
    """Sealed again with honest hashes: checked as files are, then priced and proved with what they say."""
    tree, (where, value) = copy.deepcopy(content), INPUTS_CHANGED[name]
    *way, last = where.split("/")
    node = tree
    for part in way:
        node = node[int(part)] if isinstance(node, list) else node[part]
    assert node.get(last) != value
    node[last] = value
    assert refusal(sealed_again(tree), tmp_path / "plan.json") != ""


SAID: dict[str, tuple[str, Any, str]] = {
    "a system more": ("orders/3/systems", 2.0, "orders"),
    "a price": ("orders/2/price_usd", 1.0, "price_usd"),
    "a bound above the objective": ("bound_usd", 1e12, "lies above the objective"),
    "a gap": ("gap", 0.5, "gap"),
    "a date": ("orders/1/enters_service", "2025q4", "orders"),
    "a commitment dropped": ("orders/0", None, "honour_commitment"),
    "a share of the evidence": ("/".join(("basis", "work", "measured")), 1.0, "basis(work,measured)"),
    "a reason": ("excluded/0/reason", "nobody likes it", "excluded"),
    "a limit's price": ("limits/0/price_usd", 12345.0, "a price of 12345.0"),
    "a limit's unit": ("limits/0/unit", "GW", "limits"),
    "a certified bound": ("certified/bound_usd", 1.0, "certified"),
    "the audit's word": ("audit/ok", False, "audit"),
    "a hash": ("run/catalog_sha256", "0" * 64, "run.catalog_sha256"),
}


@pytest.mark.parametrize("name", SAID)
def test_the_refusal_names_what_does_not_agree(name: str, content: Any, tmp_path: Path) -> None:
    tree, (where, value, says) = copy.deepcopy(content), SAID[name]
    *way, last = (int(part) if part.isdigit() else part for part in where.split("/"))
    if value is None:
        del at(tree, tuple(way))[last]
    else:
        at(tree, tuple(way))[last] = value
    told = refusal(tree, tmp_path / "plan.json")
    assert says in told
    assert "was changed after chipmix wrote it" in told


def test_no_command_says_anything_about_a_changed_plan(
    content: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("sound.json").write_text(json.dumps(content))
    content = copy.deepcopy(content)
    content["orders"][1]["systems"] += 1
    Path("plan.json").write_text(json.dumps(content))
    for command in (
        ["compare", "sound.json", "plan.json"],
        ["compare", "plan.json", "sound.json", "-o", "new.xlsx"],
        ["explain", "plan.json"],
        ["explain", "plan.json", "--offer", "box.purchase", "--json", "-"],
        ["plan", "quick_start", "--stay-close", "plan.json", "-o", "new.xlsx"],
    ):
        assert run(command) == 2
        printed = capsys.readouterr()
        assert printed.out == ""
        assert "plan.json: the plan was changed after chipmix wrote it" in printed.err
        assert not Path("new.xlsx").exists()


def test_plans_of_an_earlier_format_are_to_be_made_again(content: Any, tmp_path: Path) -> None:
    tree = copy.deepcopy(content)
    tree["chipmix"] = {"format": 1, "version": "0.1.0"}
    assert "was written in format 1 of plans" in refusal(tree, tmp_path / "plan.json")
    assert "plan its scenario again" in refusal(tree, tmp_path / "plan.json")


def test_what_was_changed_is_named_before_what_follows_from_it(content: Any, tmp_path: Path) -> None:
    """The seal, the decisions, what follows from them, and last how much more there is."""
    changed_plan = copy.deepcopy(content)
    for order in changed_plan["orders"]:
        order["systems"] += 1
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(changed_plan))
    with pytest.raises(InputError) as refused:
        read_plan(path)
    said = [problem.message for problem in refused.value.problems]
    assert "run.plan_sha256" in said[0]
    ours = ("fails its audit: orders(", "fails its audit: honour_commitment(")
    decided = [message.startswith(ours) for message in said[1:-1]]
    assert any(decided)
    assert decided == sorted(decided, reverse=True)
    assert "more statements" in said[-1]
