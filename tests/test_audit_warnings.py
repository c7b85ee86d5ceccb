"""Warnings of substance against the audit's own statement: each that follows is there, none that does not."""

from __future__ import annotations

import copy
import json
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from builders import Tree, accelerator, catalog, plan, rates, scenario, site, system

from optimizer.audit import audit
from optimizer.audit.warnings import FOLLOWING, OTHERS, Interval, is_so, read
from optimizer.plan import warnings as suspicions
from optimizer.plan.text import plan_text
from optimizer.plan.warnings import OF_SUBSTANCE, WORTH_KNOWING
from optimizer.tables import warnings as doubts

pytestmark = pytest.mark.usefixtures("in_process")

BOX = {"system": "box", "route": "purchase", "price_usd": 300000}
LEASE = {"system": "box", "route": "lease", "usd_per_accelerator_hour": 1, "term_months": 24}
RENT = {"system": "box", "route": "on_demand", "host": "cloud", "usd_per_accelerator_hour": 3}


def made(folder: Path, offers: Tree, **parts: Any) -> Tree:
    """The content of a plan of one kind of chip."""
    known = catalog(accelerator("chip", {"box": system()}, offers, rates(training=400)))
    content: Tree = json.loads(plan_text(plan(folder, scenario(**parts), known)))
    return content


def demand(per_second: Any, **more: Any) -> Tree:
    return {"train": {"workload": "training", "per_second": per_second, **more}}


FLOOR = {"name": "more", "measure": "systems", "of": {"offer": "box.purchase"}, "at_least": 7, "within": "total"}
SUBSTANCE: dict[str, tuple[Tree, Tree, str]] = {
    "some work is left": (
        {"box.rent": RENT}, {"demand": demand({"2025q1": 1000, "2025q2": 5000}, unmet_usd_per_unit_hour="0.01")},
        r"\S+ % of the work of train is left undone, .*; that costs .*",
    ),
    "all work is left": (
        {"box.rent": RENT}, {"demand": demand(1000, unmet_usd_per_unit_hour="0.000001")},
        r"all of the work of train is left undone, in 2 periods from 2025q1 to 2025q2; that costs \d.*",
    ),
    "work without value enough is left": (
        {"box.rent": RENT},
        {"demand": demand({"2025q2": 1000}, value_usd_per_unit_hour="0.000001"), "objective": "maximize_value"},
        r"all of the work of train is left undone, in 2025q2; that costs nothing and forgoes a value of .*",
    ),
    "nothing is asked for": (
        {"box.rent": RENT}, {"demand": {**demand(10), "later": {"workload": "training", "per_second": {"2030": 5}}}},
        r"later asks for no work in the horizon",
    ),
    "the residual value is high": (
        {"box.purchase": BOX},
        {"demand": demand(10), "finance": {"discount_rate": "0.08", "residual": {"1": "0.7", "5": "0.1"}}},
        r"the residual value is \d+% of what is bought: .*",
    ),
    "rent falls due later": (
        {"box.lease": LEASE}, {"demand": demand(10), "finance": {"owed_after_horizon": "ignored", "residual": "none"}},
        r"\S+ million USD of rent falls due after the horizon, .*",
    ),
    "systems stand idle": (
        {"box.purchase": BOX, "box.rent": RENT},
        {"demand": demand(10, sites=["cloud"]), "limits": [FLOOR]},
        r"7 box ordered never do any work: .*",
    ),
    "a limit is about nothing": (
        {"box.purchase": BOX},
        {"demand": demand(10), "limits": [{"name": "none", "measure": "systems", "of": {"route": "lease"},
                                          "at_most": 1, "within": "total"}]},
        r"limit 'none' selects nothing in this plan and holds by itself",
    ),
    "futures are not counted": (
        {"box.purchase": BOX},
        {"demand": demand(10), "futures": [{"name": "as_planned", "probability": "0.5"},
                                           {"name": "boom", "probability": "0.5", "demand": {"factor": 2}}]},
        r"the scenario's futures \(2\) are not counted: .*",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def contents(in_process: None, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Tree]:  # noqa: ARG001
    return {
        name: made(tmp_path_factory.mktemp("asked"), offers, **copy.deepcopy(parts))
        for name, (offers, parts, _) in SUBSTANCE.items()
    }


def found(content: Tree, warnings: list[str]) -> list[str]:
    return [f for f in audit({**content, "warnings": warnings}).findings if f.startswith("warnings")]


@pytest.mark.parametrize("name", SUBSTANCE)
def test_what_follows_is_told_and_nothing_else_is(name: str, contents: dict[str, Tree]) -> None:
    content, pattern = contents[name], SUBSTANCE[name][2]
    told = content["warnings"]
    (mine,) = (text for text in told if re.fullmatch(pattern, text))
    assert found(content, told) == []
    assert found(content, [text for text in told if text != mine])
    assert found(content, [*told, mine])
    for number in re.finditer(r"(?<![\w.])\d[\d,]*(?:\.\d+)?(?!\w)", mine):
        digits = number[0].replace(",", "")
        other = mine[: number.start()] + f"{float(digits) * 1.1 + 1:.3f}" + mine[number.end() :]
        assert found(content, [other if text == mine else text for text in told]), other


@pytest.mark.parametrize("name", SUBSTANCE)
def test_what_is_told_of_one_plan_is_not_told_of_another(name: str, contents: dict[str, Tree]) -> None:
    (mine,) = (text for text in contents[name]["warnings"] if re.fullmatch(SUBSTANCE[name][2], text))
    for other, content in contents.items():
        if other != name and mine not in content["warnings"]:
            assert found(content, [*content["warnings"], mine]), other


@pytest.mark.parametrize("text", ["all is well", "", "\n", "limit 'none' holds", "nothing can serve train"])
def test_what_nobody_says_is_refused(text: str, contents: dict[str, Tree]) -> None:
    content = contents["systems stand idle"]
    assert found(content, [*content["warnings"], text])
    assert audit({**content, "notes": [*content["notes"], text]}).findings


def test_a_number_is_read_to_half_of_its_last_digit() -> None:
    assert read("1,234.567 million USD") == (Fraction(1234567000), Fraction(500))
    assert read("12.34 USD") == (Fraction(1234, 100), Fraction(1, 200))
    assert read("35.4 %") == (Fraction(354, 1000), Fraction(1, 2000))
    assert read("62%") == (Fraction(62, 100), Fraction(1, 200))
    assert read("1.2e-05 %") == (Fraction(12, 10**8), Fraction(1, 2 * 10**8))
    between = Interval(Fraction(3), Fraction(5))
    assert [is_so(shown, between) for shown in ("2", "3", "4.2", "5", "6")] == [False, True, True, True, False]


def test_every_suspicion_has_its_wording_here() -> None:
    """A new one needs a line in the audit: the kinds that it computes again, and the others."""
    assert len(OF_SUBSTANCE) + len(WORTH_KNOWING) <= len(FOLLOWING) + len(OTHERS)
    computed = {follows.__name__ for follows in FOLLOWING.values()} - {"own_quotes", "own_figures"}
    assert [name for name in sorted(computed) if not (hasattr(suspicions, name) or hasattr(doubts, name))] == []


def test_sites_of_a_plan_without_power_are_listed(tmp_path: Path) -> None:
    """A plan without orders still has the rows of its sites, at nought."""
    content = made(tmp_path, {"box.rent": RENT}, sites={"oslo": site(0)}, demand=demand(10))
    assert audit(content).findings == ()
    assert "limits" in {f.partition("(")[0] for f in audit({**content, "limits": []}).findings}
