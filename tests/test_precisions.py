"""Throughput as points: which of them holds on a system, for a demand, in a period; worked by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from builders import Tree, accelerator, catalog, load, plan, scenario, system, tables, write

from catalogs.load import bundled_folder, doubtful
from catalogs.problems import InputError
from catalogs.schema import CatalogFile
from cli.main import run
from optimizer.audit import audit
from optimizer.explain.inquiry import Inquiry
from optimizer.explain.offers import offers_named
from optimizer.plan.format import Plan
from optimizer.request.edits import as_text
from optimizer.what_if import WhatIf

pytestmark = pytest.mark.usefixtures("in_process")


def point(rate: Any, precision: str | None = None, **fields: Any) -> Tree:
    named = {} if precision is None else {"precision": precision}
    return {"rate": rate, "basis": "measured", "source": "hand", **named, **fields}


BF16 = point(100, "bf16")
FP8 = point(180, "fp8", accelerators=8, basis="vendor", **{"from": "2025q2"})
FP4 = point(250, "fp4", accelerators=16, basis="estimated")
POINTS = [BF16, FP8, FP4]


def known(*points: Tree, takes: Tree | None = None, **facts: Any) -> dict[str, Tree]:
    """One chip in boxes of 8 to buy and shelves of 16 to rent, at 1,000 USD a chip and 1 USD an hour."""
    offers = {
        "box.buy": {"system": "box", "route": "purchase", "price_usd": 8000},
        "shelf.rent": {"system": "shelf", "route": "on_demand", "host": "cloud", "usd_per_accelerator_hour": 1},
    }
    systems = {"box": system(8, 8, 8), "shelf": system(16, 16, 16)}
    about: Tree = {"unit": "unit", "phase": "training", "describes": "work"}
    workloads = {"training": about | ({} if takes is None else {"memory_gb": takes})}
    return catalog(accelerator("chip", systems, offers, {"training": list(points)}, **facts), workloads=workloads)


def asked(**demand: Any) -> Tree:
    return scenario(demand={"train": {"workload": "training", "per_second": 10, **demand}})


def rate_of(folder: Path, *points: Tree, known_facts: Tree | None = None, **demand: Any) -> dict[str, Any]:
    """The rate of each system in the quarters 2025q1 and 2025q2; None where it cannot do the work."""
    found = tables(folder, asked(**demand), known(*points, **(known_facts or {}))).rate
    return {each: tuple(found.get((each, "train", t)) for t in (1, 2)) for each in ("box", "shelf")}


@pytest.mark.parametrize(
    ("precisions", "box", "shelf"),
    [
        # all of them: a box of 8 does not reach what 16 did together, so fp8 is its best once it holds
        (None, (100.0, 180.0), (250.0, 250.0)),
        (["bf16", "fp8", "fp4"], (100.0, 180.0), (250.0, 250.0)),
        (["bf16", "fp8"], (100.0, 180.0), (100.0, 180.0)),
        (["bf16"], (100.0, 100.0), (100.0, 100.0)),
        (["fp8"], (None, 180.0), (None, 180.0)),
        (["bf16", "fp4"], (100.0, 100.0), (250.0, 250.0)),
    ],
)
def test_the_best_point_that_is_allowed_holds(tmp_path: Path, precisions: Any, box: Any, shelf: Any) -> None:
    """A demand of fp8 alone lets a quarter go unserved, as nothing can do it before 2025q2."""
    demand: Tree = {} if precisions is None else {"precisions": precisions}
    assert rate_of(tmp_path, *POINTS, unmet_usd_per_unit_hour=1, **demand) == {"box": box, "shelf": shelf}


@pytest.mark.parametrize(
    ("points", "box"),
    [
        # a point holds from the first period that begins in it or later, as any date
        ([BF16, point(180, "fp8", **{"from": "2025-02"})], (100.0, 180.0)),
        ([BF16, point(180, "fp8", **{"from": "2025-05"})], (100.0, 100.0)),
        ([BF16, point(180, "fp8", **{"from": "2024"})], (180.0, 180.0)),
        # the best of the means, not the mean of the best: (90 + 90 + 150) / 3 = 110, then 150
        ([BF16, point({"2025-01": 90, "2025-03": 150}, "fp8")], (110.0, 150.0)),
        ([BF16, point({"2025-01": 60, "2025-03": 150}, "fp8")], (100.0, 150.0)),  # (60 + 60 + 150) / 3 = 90
        # a later point that is slower changes nothing
        ([BF16, point(80, "bf16", **{"from": "2025q2"})], (100.0, 100.0)),
        # a schedule begins by itself, whatever `from` says
        ([BF16, point({"2025q2": 130}, "fp8", **{"from": "2024"})], (100.0, 130.0)),
    ],
)
def test_dates_and_means(tmp_path: Path, points: list[Tree], box: Any) -> None:
    assert rate_of(tmp_path, *points)["box"] == box


def test_a_point_without_a_precision_fails_any(tmp_path: Path) -> None:
    points = [point(300), point(100, "bf16")]
    assert rate_of(tmp_path, *points)["box"] == (300.0, 300.0)
    assert rate_of(tmp_path, *points, precisions=["bf16", "fp8", "fp4", "int8"])["box"] == (100.0, 100.0)


def test_memory_is_that_of_the_precision_used(tmp_path: Path) -> None:
    """800 GB in bf16 and 400 in fp8: a box of 8 · 60 = 480 GB holds it in fp8, a shelf of 960 GB in both."""
    facts: Tree = {"takes": {"bf16": 800, "fp8": 400}, "memory_gb": 60}
    points = [point(200, "bf16"), point(120, "fp8")]
    assert rate_of(tmp_path, *points, known_facts=facts) == {"box": (120.0, 120.0), "shelf": (200.0, 200.0)}
    assert rate_of(tmp_path, *points, known_facts=facts, precisions=["bf16"])["box"] == (None, None)


def test_evidence_that_is_not_accepted_leaves_the_other_points(tmp_path: Path) -> None:
    parts = {**asked(), "offers": {"basis": ["measured", "unsourced"]}}
    assert {rate for (system, _, _), rate in tables(tmp_path, parts, known(*POINTS)).rate.items()} == {100.0}


def test_one_point_in_a_list_is_one_that_stands_alone(tmp_path: Path) -> None:
    alone = known(BF16)
    alone["chip.yaml"]["throughput"]["training"] = BF16
    first, second = (as_text(load(tmp_path / name, asked(), each).catalog) for name, each in
                     (("list", known(BF16)), ("alone", alone)))  # fmt: skip
    assert first == second
    assert first["throughput"]["chip"]["training"] == {
        "rate": "100", "precision": "bf16", "basis": "measured", "source": "hand",
    }  # fmt: skip


def test_the_order_of_points_changes_nothing(tmp_path: Path) -> None:
    one, other = (as_text(load(tmp_path / str(i), asked(), known(*points)).catalog)
                  for i, points in enumerate((POINTS, POINTS[::-1])))  # fmt: skip
    assert one == other


# a plan by hand


def planned(folder: Path) -> Plan:
    """Two demands in two quarters, on boxes of 8 at 8,000 USD that may be bought in either.

    `fine` takes bf16 alone: 700 a second, 7 chips of 100 each. `rough` takes bf16 or fp8: 900, then 1,800.
    In 2025q1 both run in bf16: (700 + 900) / 100 = 16 chips, 2 boxes. In 2025q2 fp8 does 180: 7 + 1,800 / 180 = 17
    chips, of which 16 are there, so 3 boxes in all. Without fp8 it would be 7 + 18 = 25 chips, 4 boxes.
    """
    demand = {
        "fine": {"workload": "training", "per_second": 700, "precisions": ["bf16"]},
        "rough": {"workload": "training", "per_second": {"2025q1": 900, "2025q2": 1800},
                  "precisions": ["bf16", "fp8"]},
    }  # fmt: skip
    return plan(folder, scenario(demand=demand, offers={"deny": ["shelf.rent"]}), known(*POINTS))


def test_a_plan_by_hand(tmp_path: Path) -> None:
    made = planned(tmp_path)
    assert [(row.enters_service, row.systems) for row in made.orders] == [("2025q1", 2.0), ("2025q2", 1.0)]
    done = {(row.demand, row.period): (row.systems, row.work_per_second) for row in made.work}
    assert done == {
        ("fine", "2025q1"): (pytest.approx(7 / 8), pytest.approx(700)),
        ("fine", "2025q2"): (pytest.approx(7 / 8), pytest.approx(700)),
        ("rough", "2025q1"): (pytest.approx(9 / 8), pytest.approx(900)),
        ("rough", "2025q2"): (pytest.approx(10 / 8), pytest.approx(1800)),
    }
    # each demand and quarter counts as one whole: of four, one is done at the vendor's point
    assert made.basis.work.vendor == pytest.approx(1 / 4)
    assert made.basis.work.measured == pytest.approx(3 / 4)


def test_of_equal_points_the_more_certain_is_the_evidence(tmp_path: Path) -> None:
    points = [point(100, "bf16", basis=basis) for basis in ("estimated", "measured", "vendor")]
    assert plan(tmp_path, asked(), known(*points)).basis.work.measured == 1.0
    assert plan(tmp_path, asked(), known(*points[:1], points[2])).basis.work.vendor == 1.0


TAMPERED: list[tuple[Tree, set[str]]] = [
    # the better point is not there yet, so 10 chips do 1,000 of 1,800 and the evidence is another
    ({"1/from": "2025q3"}, {"serve_demand"}),
    ({"1/accelerators": 9}, {"serve_demand"}),
    ({"1/precision": "fp4"}, {"serve_demand"}),
    ({"1/rate": "179"}, {"serve_demand"}),
    ({"1/basis": "estimated"}, {"basis"}),
    ({"0/precision": "fp8"}, {"work_in_precision"}),
]


def test_what_is_tampered_with_is_found(tmp_path: Path) -> None:
    made = json.loads(planned(tmp_path).model_dump_json())
    assert audit(made).ok
    points = made["catalog"]["throughput"]["chip"]["training"]
    order = {each["precision"]: i for i, each in enumerate(points)}
    for changes, rules in TAMPERED:
        tree = json.loads(json.dumps(made))
        for where, value in changes.items():
            which, field = where.split("/")
            tree["catalog"]["throughput"]["chip"]["training"][order[("bf16", "fp8")[int(which)]]][field] = value
        found = {text.partition("(")[0] for text in audit(tree).findings}
        assert rules <= found, (changes, found)


# what is said


def test_the_reason_is_told_by_explain(tmp_path: Path) -> None:
    parts = asked(precisions=["fp4"])
    with WhatIf(plan(tmp_path, parts, known(*POINTS))) as what_if:
        (box,) = offers_named(Inquiry(what_if), ["box.buy"])
    assert box.verdict == "ineligible"
    assert "train: its throughput takes 16 accelerators together, it has 8" in box.reason
    with pytest.raises(InputError, match=r"in bf16 or fp4 or fp8, which is not accepted \(precisions\)"):
        tables(tmp_path / "other", asked(precisions=["int8"]), known(*POINTS))


REFUSED: list[tuple[Any, str]] = [
    ([], "throughput.chip.training must not be empty"),
    ("fast", "throughput.chip.training must be a mapping of keys to values"),
    ([BF16, "fast"], "throughput.chip.training.1 must be a mapping of keys to values"),
    ([BF16, {**FP8, "from": "soon"}], "throughput.chip.training.1.from 'soon' is not a period"),
    ([BF16, {**FP8, "accelerators": 0}], "throughput.chip.training.1.accelerators must be at least 1 (got 0)"),
    ([BF16, {**FP8, "accelerators": "1.5"}], "throughput.chip.training.1.accelerators must be a whole number"),
    ([BF16, {**FP8, "precision": "fp16"}], "throughput.chip.training.1.precision must be"),
    ([BF16, {**FP8, "precison": "fp8"}], "throughput.chip.training.1.precison: unknown key 'precison'; did you mean"),
    ([BF16, {"rate": 1, "basis": "vendor"}], "throughput.chip.training.1.source is missing"),
    ([BF16, {**FP8, "source": "nobody"}], "throughput.chip.training.1.source: there is no source 'nobody'"),
    ([BF16, {**FP8, "rate": 0}], "throughput.chip.training.1.rate is zero"),
    ([BF16, {**FP8, "rate": {"2025q1": 0}}], "throughput.chip.training.1.rate.2025q1 is zero"),
]


@pytest.mark.parametrize(("entry", "message"), REFUSED)
def test_what_is_wrong_with_a_point_is_said_where_it_stands(tmp_path: Path, entry: Any, message: str) -> None:
    files = known(BF16)
    files["chip.yaml"]["throughput"]["training"] = entry
    with pytest.raises(InputError) as caught:
        load(tmp_path, asked(), files)
    (problem,) = caught.value.problems
    assert problem.message.startswith(message)
    lines = (tmp_path / "quotes" / "chip.yaml").read_text().splitlines()
    assert '"throughput"' in "".join(lines[: problem.at.line])
    assert problem.at.line <= next(i for i, line in enumerate(lines, 1) if line.startswith("}"))


def test_a_rate_above_the_peak_of_its_precision_is_refused(tmp_path: Path) -> None:
    files = known(point(400, "bf16"), point(800, "fp8"), peak_tflops={"bf16": 500, "fp8": 700})
    files["shared.yaml"]["workloads"]["training"]["unit"] = "TFLOP/s"
    with pytest.raises(InputError) as caught:
        load(tmp_path, asked(), files)
    (problem,) = caught.value.problems
    assert problem.message == "throughput.chip.training.1.rate exceeds the fp8 peak of chip (800 > 700 TFLOP/s)"


@pytest.mark.parametrize(
    ("precisions", "message"),
    [
        ([], "demand.train.precisions must not be empty"),
        (["fp16"], "demand.train.precisions.0 must be"),
        ("bf16", "demand.train.precisions must be a list"),
    ],
)
def test_precisions_that_are_none_are_refused(tmp_path: Path, precisions: Any, message: str) -> None:
    with pytest.raises(InputError) as caught:
        load(tmp_path, asked(precisions=precisions), known(BF16))
    assert message in str(caught.value)


def test_check_warns_of_a_point_that_no_system_reaches(tmp_path: Path) -> None:
    """With 30 GB a chip: 480 GB in a shelf of 16, 240 GB in a box."""
    facts: Tree = {"takes": {"bf16": 800, "fp8": 400}, "memory_gb": 30}
    write(tmp_path, asked(), known(point(9, "bf16"), point(9, "fp8"), point(9, "fp8", accelerators=72), **facts))
    found = [str(doubt) for doubt in doubtful([bundled_folder(), tmp_path / "quotes"])]
    assert len(found) == 2
    assert "throughput.chip.training.0: no system of chip can do it (box: its 8 accelerators hold 240 GB" in found[0]
    assert "throughput.chip.training.2: no system of chip can do it (box: its throughput takes 72" in found[1]


def test_the_json_schema_takes_a_point_and_a_list() -> None:
    from jsonschema import Draft202012Validator

    schema = Draft202012Validator(CatalogFile.model_json_schema())
    about = {"sources": {"hand": {"title": "by hand"}}}
    assert schema.is_valid({**about, "throughput": {"training": point(1, "bf16")}})
    assert schema.is_valid({**about, "throughput": {"training": [point(1, "bf16"), point(2, "fp8", accelerators=8)]}})
    assert not schema.is_valid({**about, "throughput": {"training": []}})
    assert schema.is_valid({**about, "throughput": {"training": [{"rate": 1}]}}), "it is unsourced"
    assert not schema.is_valid({**about, "throughput": {"training": [{"precision": "bf16"}]}})


def test_the_catalogue_shows_every_point(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = known(*POINTS)
    files["chip.yaml"]["throughput"]["llm_training"] = files["chip.yaml"]["throughput"].pop("training")
    write(tmp_path, asked(), {**files, "shared.yaml": {"sources": {"hand": {"title": "by hand"}}}})
    assert run(["catalog", "show", "chip", "--catalog", str(tmp_path / "quotes")]) == 0
    shown = capsys.readouterr().out
    table = shown[shown.index("throughput of one accelerator") :]
    for words in (("rate", "from", "precision", "accelerators"), ("100 TFLOP/s", "bf16", "measured"),
                  ("180 TFLOP/s", "2025q2", "fp8", "8", "vendor"), ("250 TFLOP/s", "fp4", "16")):  # fmt: skip
        assert any(all(word in line for word in words) for line in table.splitlines()), words
    assert run(["catalog", "list", "--vendor", "acme", "--catalog", str(tmp_path / "quotes")]) == 0
    listed = {line.split()[3]: line.split()[-2] for line in capsys.readouterr().out.splitlines() if "chip" in line}
    assert listed == {"box.buy": "180", "shelf.rent": "250"}
