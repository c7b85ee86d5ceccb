"""A system has to hold the weights of what it serves: who is left out, why, and who says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from builders import Tree, accelerator, catalog, load, plan, scenario, system, tables, write

from catalogs.load import bundled_folder, catalog_of, doubtful
from catalogs.problems import InputError
from catalogs.reach import reached
from catalogs.schema import CatalogFile
from cli.main import run
from optimizer.audit import audit
from optimizer.explain.inquiry import Inquiry
from optimizer.explain.offers import offers_named
from optimizer.what_if import WhatIf

pytestmark = pytest.mark.usefixtures("in_process")
TAKES: Tree = {"bf16": 810, "fp8": 405, "fp4": "202.5"}
CASES = Path(__file__).parents[2] / "shared" / "cases" / "reported" / "memory"


def rate(per_second: Any = 100, **fields: Any) -> Tree:
    return {"rate": per_second, "basis": "measured", "source": "hand", **fields}


def chips(memory_gb: Any, precision: str | None, takes: Tree | None = TAKES) -> Tree:
    """One chip in servers of 4 and 8 and a pod of 64, with a workload to serve and one that takes any chip."""
    facts: Tree = {} if memory_gb is None else {"memory_gb": memory_gb}
    served = rate() if precision is None else rate(precision=precision)
    sizes = {"four": 4, "eight": 8, "pod": 64}
    offers = {
        f"{name}.buy": {"system": name, "route": "purchase", "price_usd": 40_000 * size} for name, size in sizes.items()
    }
    offers["eight.rent"] = {
        "system": "eight", "route": "on_demand", "host": "cloud", "usd_per_accelerator_hour": 3,
    }  # fmt: skip
    systems = {name: system(size, size, size) for name, size in sizes.items()}
    about: Tree = {"unit": "token/s", "phase": "serving", "describes": "a model"}
    workloads = {"big": about | ({} if takes is None else {"memory_gb": takes}), "small": about}
    return catalog(
        accelerator("chip", systems, offers, {"big": served, "small": rate(10)}, **facts), workloads=workloads
    )


SERVE: Tree = {"serve": {"workload": "big", "per_second": 50}}


@pytest.mark.parametrize(
    ("memory_gb", "precision", "able"),
    [
        (80, "fp8", {"eight", "pod"}),  # 640 of 405, but 320 in four
        (80, "bf16", {"pod"}),
        (80, "fp4", {"four", "eight", "pod"}),
        (80, None, {"four", "eight", "pod"}),  # no precision: the least that the workload takes
        (80, "int8", {"four", "eight", "pod"}),  # one that is not listed: the least too
        ("50.625", "fp8", {"eight", "pod"}),  # 405 exactly
        ("50.62", "fp8", {"pod"}),
        (6, "fp8", set[str]()),
        (None, "bf16", {"four", "eight", "pod"}),  # memory that nobody states is not judged
    ],
)  # fmt: skip
def test_a_system_has_to_hold_the_workload(
    tmp_path: Path, memory_gb: Any, precision: str | None, able: set[str]
) -> None:
    asked = scenario(demand={**SERVE, "other": {"workload": "small", "per_second": 1}})
    if not able:
        with pytest.raises(InputError) as caught:
            tables(tmp_path, asked, chips(memory_gb, precision))
        assert "eight.buy, eight.rent: its 8 accelerators hold 48 GB, big takes 405 GB in fp8" in str(caught.value)
        return
    found = tables(tmp_path, asked, chips(memory_gb, precision))
    assert {row.system for row in found.work if row.demand == "serve"} == able
    assert {row.system for row in found.work if row.demand == "other"} == {"four", "eight", "pod"}
    assert found.excluded == {}


def test_a_workload_without_memory_takes_any(tmp_path: Path) -> None:
    found = tables(tmp_path, scenario(demand=SERVE), chips(1, "fp8", takes=None))
    assert {row.system for row in found.work} == {"four", "eight", "pod"}


def test_the_reason_is_kept_for_each_offer(tmp_path: Path) -> None:
    found = tables(tmp_path, scenario(demand=SERVE), chips(40, "fp8"))
    words = "it can do none of the work (serve: its {} accelerators hold {} GB, big takes 405 GB in fp8)"
    assert found.excluded == {
        "four.buy": words.format(4, 160), "eight.buy": words.format(8, 320), "eight.rent": words.format(8, 320),
    }  # fmt: skip


def test_one_accelerator_is_one(tmp_path: Path) -> None:
    known = chips(144, "fp8")
    known["chip.yaml"]["systems"]["four"]["accelerators"] = 1
    reason = tables(tmp_path, scenario(demand=SERVE), known).excluded["four.buy"]
    assert reason.endswith("(serve: its 1 accelerator holds 144 GB, big takes 405 GB in fp8)")


@pytest.mark.parametrize(
    "there",
    [
        {"fleet": [{"system": "four", "site": "oslo", "count": 9}]},
        {"commitments": [{"offer": "four.buy", "site": "oslo", "period": "2025q1", "systems": 9}]},
    ],
)
def test_what_stands_there_does_no_such_work_either(tmp_path: Path, there: Tree) -> None:
    """Nine servers of 4 would do it all; none of them can, so one of 8 is had beside them."""
    made = plan(tmp_path, scenario(demand=SERVE, **there), chips(80, "fp8"))
    assert {row.system for row in made.work} == {"eight"}
    assert sum(row.systems for row in made.in_service if row.system == "four") == 18


def test_a_cluster_of_systems_that_are_too_small_is_none(tmp_path: Path) -> None:
    """What counts is the memory of one system, however many stand together."""
    demand = {"serve": {**SERVE["serve"], "cluster": {"accelerators": 64}}}
    made = plan(tmp_path, scenario(demand=demand), chips(40, "fp8"))
    assert {row.system for row in made.work} == {"pod"}


CHANGED = {"run"}
"""What the audit says of any catalogue that is not the one that was hashed."""


def test_the_audit_finds_work_that_does_not_fit(tmp_path: Path) -> None:
    """With more in the workload's memory than was planned with, and with less in the chip."""
    made = plan(tmp_path, scenario(demand=SERVE), chips(80, "fp8")).model_dump(mode="json")
    assert audit(made).ok
    made["catalog"]["workloads"]["big"]["memory_gb"]["fp8"] = "640.5"
    # what the eight chips hold is also why the offers of one and of four are excluded
    assert {text.partition("(")[0] for text in audit(made).findings} == CHANGED | {"work_fits_memory", "excluded"}
    made["catalog"]["workloads"]["big"]["memory_gb"]["fp8"] = "405"
    made["catalog"]["accelerators"]["chip"]["memory_gb"] = "50"
    assert {text.partition("(")[0] for text in audit(made).findings} == CHANGED | {"work_fits_memory", "excluded"}


def test_explain_says_why(tmp_path: Path) -> None:
    with WhatIf(plan(tmp_path, scenario(demand=SERVE), chips(80, "bf16"))) as what_if:
        reasons = {one.offer: one for one in offers_named(Inquiry(what_if), ["eight.*"])}
    assert {one.verdict for one in reasons.values()} == {"ineligible"}
    assert "its 8 accelerators hold 640 GB, big takes 810 GB in bf16" in reasons["eight.rent"].reason


def test_limits_by_value_see_what_could_be_ordered(tmp_path: Path) -> None:
    """`each` goes through systems whether or not they can do any work, once something else asks for them."""
    asked = scenario(
        demand={**SERVE, "other": {"workload": "small", "per_second": 1}},
        limits=[{"name": "few", "measure": "systems", "of": {"system": "each"}, "at_most": 5}],
    )
    made = plan(tmp_path, asked, chips(80, "bf16"))
    assert {row.row for row in made.limits if row.row.startswith("limit")} == {
        f"limit(few,{name},total)" for name in ("four", "eight", "pod")
    }


@pytest.mark.parametrize(
    ("memory_gb", "message"),
    [
        ({}, "must not be empty"),
        ({"fp16": 10}, "memory_gb.fp16"),
        ({"fp8": 0}, "must be more than 0"),
        ({"fp8": -3}, "must be more than 0"),
        ({"fp8": "much"}, "must be a number"),
        (405, "must be a mapping of keys to values"),
    ],
)
def test_memory_that_is_none_is_refused(tmp_path: Path, memory_gb: Any, message: str) -> None:
    with pytest.raises(InputError) as caught:
        load(tmp_path, scenario(demand=SERVE), chips(80, "fp8", takes=memory_gb))
    assert message in str(caught.value)


def test_the_json_schema_has_it() -> None:
    workload = CatalogFile.model_json_schema()["$defs"]["Workload"]["properties"]["memory_gb"]
    assert "fp8" in str(workload)
    assert "minProperties" in str(workload)


# rates that no system can reach


def test_check_warns_where_a_rate_claims_what_no_system_holds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    known = chips(5, "fp8")
    write(tmp_path, scenario(demand=SERVE), known)
    assert run(["check", str(tmp_path / "quotes")]) == 0
    shown = capsys.readouterr()
    assert shown.out.endswith("a catalogue in order; with the bundled one 53 accelerators\n")
    (doubt,) = shown.err.splitlines()
    assert ": warning: throughput.chip.big: no system of chip can do it (eight: its 8 accelerators hold" in doubt
    assert run(["catalog", "check", str(tmp_path / "quotes")]) == 0
    assert capsys.readouterr().err.splitlines() == [doubt]
    assert run(["catalog", "show", "eight", "--catalog", str(tmp_path / "quotes")]) == 0
    words = "eight cannot do big: its 8 accelerators hold 40 GB, big takes 405 GB in fp8"
    assert words in capsys.readouterr().out


def test_one_system_that_holds_it_is_enough(tmp_path: Path) -> None:
    write(tmp_path, scenario(demand=SERVE), chips(10, "fp8"))
    assert doubtful([bundled_folder(), tmp_path / "quotes"]) == []


def test_a_folder_of_one_s_own_is_told_of_what_it_changes(tmp_path: Path) -> None:
    """A rate, a larger system or a workload's memory on top of the bundled catalogue."""
    folder = tmp_path / "own"
    folder.mkdir()
    own = folder / "own.yaml"
    rate_of_ours = "{rate: 20, precision: fp8, basis: measured, source: ours}"
    own.write_text(
        "accelerator: {id: gh200}\nsources: {ours: {title: a}}\n"
        f"throughput: {{llm_serving_405b: {rate_of_ours}}}\n"
    )
    (doubt,) = doubtful([bundled_folder(), folder])
    assert str(doubt).startswith(f"{own}:3:14: throughput.gh200.llm_serving_405b: no system of gh200 can do it")
    own.write_text("workloads: {llm_serving_70b: {memory_gb: {fp8: 150, int8: 150}}}\n")
    assert [doubt.message.partition(":")[0] for doubt in doubtful([bundled_folder(), folder])] == [
        "throughput.tpu_v5e.llm_serving_70b.0", "throughput.tpu_v5e.llm_serving_70b.1",
        "throughput.gh200.llm_serving_70b",
    ]  # fmt: skip
    own.write_text("systems: {tpu_v6e_server: {accelerators: 64}}\n")
    (doubt,) = doubtful([bundled_folder(), folder])
    assert doubt.message.startswith("accelerators of tpu_v6e_server looks like a slip: 64 is 8 times"), "rates fit"
    assert reached(catalog_of([bundled_folder(), folder]), "tpu_v6e_server", "llm_serving_moe")[0]


def test_the_bundled_rates_that_wait_for_larger_systems() -> None:
    """One more is a mistake in the catalogue, or belongs into docs/estimates.md."""
    found = [".".join(doubt.message.partition(":")[0].split(".")[1:3]) for doubt in doubtful([bundled_folder()])]
    assert list(dict.fromkeys(found)) == [
        f"{chip}.{workload}{speed}"
        for chip, workload in (
            ("tpu_v6e", "llm_serving_405b"), ("tpu_v6e", "llm_serving_moe"), ("gh200", "llm_serving_405b"),
            ("h100_sxm", "llm_serving_moe"),
        )
        for speed in ("", "_interactive")
    ]  # fmt: skip


def test_larger_systems_of_a_chip_remain() -> None:
    known = catalog_of([bundled_folder()])
    assert reached(known, "dgx_h100", "llm_serving_405b")[0]
    for name in ("gb200_nvl72", "tpu_v7_rack", "trn2_server", "dgx_h200", "maia_200_server"):
        assert reached(known, name, "llm_serving_moe")[0], name
    assert not reached(known, "dgx_h100", "llm_serving_moe")[0]


# what was reported


@pytest.mark.skipif(not CASES.is_dir(), reason="the reported cases are not here")
@pytest.mark.parametrize(
    ("name", "system"), [("gh200_405b", "gh200_server"), ("moe_h100", "dgx_h100"), ("v6e", "tpu_v6e_server")]
)
def test_reported_cases(name: str, system: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = run(["plan", str(CASES / f"{name}.yaml")])
    shown = capsys.readouterr()
    if name == "gh200_405b":
        assert code == 0
        assert system not in shown.out
    else:
        assert code == 2
        assert f"{system}" in shown.err
        assert "accelerators hold" in shown.err
