"""Plans of every making come back: read again, they are believed; and what was proved of them is proved again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from builders import Tree, plan, scenario, write
from whole_plan import whole_plan, whole_request

from catalogs.problems import InputError
from cli.main import run
from optimizer.explore.sweep import INDEX
from optimizer.plan.format import Plan
from optimizer.plan.seal import sealed
from optimizer.plan.text import plan_text
from optimizer.plan_files import read_plan
from optimizer.planning import make_plan
from optimizer.proven import program_version
from optimizer.replan.approved import Approved
from optimizer.request.edits import changed
from optimizer.solving.solution import Options

pytestmark = pytest.mark.usefixtures("in_process")


def written(plan: Plan, folder: Path) -> Path:
    path = folder / "plan.json"
    path.write_text(plan_text(plan), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def whole(in_process: None, tmp_path_factory: pytest.TempPathFactory) -> Plan:  # noqa: ARG001
    return whole_plan(tmp_path_factory.mktemp("whole"))


def dearer(folder: Path) -> Any:
    """The request of the whole plan with another price and tariff."""
    request = whole_request(folder)
    price = ("catalog", "offers", "tray.purchase", "price_usd")
    return changed(request, {price: "36000", ("sites", "hall", "electricity_usd_per_mwh"): "80"})


def test_what_was_written_is_what_is_read(whole: Plan, tmp_path: Path) -> None:
    assert read_plan(written(whole, tmp_path)) == whole
    assert whole.certified.duals
    assert whole.certified.bound_usd <= whole.bound_usd <= whole.objective_usd


@pytest.mark.parametrize(("saving", "until"), [(1.0, None), (0.5, None), (1.0, "2025q1"), (0.0, "2025q3")])
def test_a_plan_that_stays_close_to_another_comes_back(
    saving: float, until: str | None, whole: Plan, tmp_path: Path
) -> None:
    """Its bound is proved in a model in which the approved orders stay possible and placed ones are fixed."""
    made = make_plan(dearer(tmp_path), Options(), approved=Approved(whole, saving, until)).plan
    assert made.certified.approved
    assert bool(made.certified.placed) == (until is not None)
    assert read_plan(written(made, tmp_path)) == made
    certified = made.certified.model_copy(update={"approved": {}, "placed": {}})
    if any(made.certified.placed.values()):  # orders fixed at none, where none is best, leave the bound what it is
        with pytest.raises(InputError):
            read_plan(written(sealed(made.model_copy(update={"certified": certified})), tmp_path))


def test_a_plan_that_begins_from_another_comes_back(whole: Plan, tmp_path: Path) -> None:
    made = make_plan(dearer(tmp_path), Options(), before=whole).plan
    assert "begun_from" in made.run.options
    assert read_plan(written(made, tmp_path)) == made


MADE: dict[str, tuple[Tree, Options]] = {
    "without orders": ({"demand": {"train": {"workload": "training", "per_second": 0}}}, Options()),
    "for value": (
        {"objective": "maximize_value",
         "demand": {"train": {"workload": "training", "per_second": 10, "value_usd_per_unit_hour": 100}}}, Options(),
    ),
    "left undone": (
        {"demand": {"train": {"workload": "training", "per_second": 10, "unmet_usd_per_unit_hour": "0.0001"}}},
        Options(),
    ),
    "to a wide gap": ({}, Options(gap=0.5)),
    "to the last digit": ({}, Options(gap=1e-9)),
    "by month": ({"horizon": {"start": "2025-11", "periods": 5}}, Options()),
    "by year": ({"horizon": {"start": "2025", "periods": 2}}, Options(seed=7)),
}  # fmt: skip


@pytest.mark.parametrize("name", MADE)
def test_plans_of_every_kind_come_back(name: str, tmp_path: Path) -> None:
    parts, options = MADE[name]
    made = plan(tmp_path, scenario(**parts), options=options)
    assert read_plan(written(made, tmp_path)) == made


def test_a_plan_of_another_version_is_held_against_all_but_its_model(
    whole: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A later version may state the model in fewer rows; hashes, inputs and audit hold whatever states it."""
    monkeypatch.setattr("optimizer.returned.verified.program_version", lambda: f"{program_version()}.later")
    assert read_plan(written(whole, tmp_path)) == whole
    run_ = whole.run.model_copy(update={"rows": 1})
    assert read_plan(written(sealed(whole.model_copy(update={"run": run_})), tmp_path)).run.rows == 1
    for wrong in ({"objective_usd": 1.0}, {"orders": whole.orders[1:]}, {"basis": whole.basis.model_copy(
        update={"work": whole.basis.spend})}):  # fmt: skip
        with pytest.raises(InputError):
            read_plan(written(sealed(whole.model_copy(update=wrong)), tmp_path))


def test_a_plan_that_says_more_of_its_making_than_its_run_is_refused(whole: Plan, tmp_path: Path) -> None:
    invented = "every order of the plan before is kept: no change gains more than 1.00 USD"
    forged = sealed(whole.model_copy(update={"notes": (*whole.notes, invented)}))
    with pytest.raises(InputError, match="notes: nothing says"):
        read_plan(written(forged, tmp_path))


def test_another_spelling_of_the_same_json_is_the_same_plan(whole: Plan, tmp_path: Path) -> None:
    """Keys in another order, no spaces, a mark of its encoding: what a formatter or a Windows editor makes of it."""
    content = json.loads(plan_text(whole))
    turned = dict(reversed(content.items()))
    for text in (json.dumps(turned), json.dumps(content, indent=4, ensure_ascii=True), "\ufeff" + json.dumps(content)):
        (tmp_path / "plan.json").write_text(text, encoding="utf-8")
        assert read_plan(tmp_path / "plan.json") == whole


# A sweep's folder


def swept(folder: Path) -> Path:
    path, out = write(folder, scenario()), folder / "out"
    words = ["sweep", str(path), "--vary", "finance/discount_rate=0.08,0.1", "-o", str(out), "--workers", "1"]
    assert run(words) == 0
    return out


def resumed(out: Path) -> int:
    return run(["sweep", str(out.parent / "scenario.yaml"), "--resume", str(out), "--workers", "1", "--json", "-"])


def test_a_sweep_goes_on_only_where_nothing_was_changed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = swept(tmp_path)
    assert resumed(out) == 0
    index = json.loads((out / INDEX).read_text())
    plans = sorted(path for path in out.iterdir() if path.name != INDEX)
    sound = {path: path.read_bytes() for path in out.iterdir()}
    changes: dict[str, Any] = {
        "a headline": lambda: index["cells"][0]["headline"].update(cost_usd=1.0),
        "a status": lambda: index["cells"][0].update(status="infeasible", plan=None, headline=None, why="because"),
        "a file outside": lambda: index["cells"][0].update(plan="../../elsewhere.json"),
        "a gap": lambda: index.update(gap=0.5),
    }
    for change in changes.values():
        index = json.loads(sound[out / INDEX])
        change()
        (out / INDEX).write_text(json.dumps(index), encoding="utf-8")
        capsys.readouterr()
        assert resumed(out) == 2
        assert "was changed after chipmix wrote it" in capsys.readouterr().err
    (out / INDEX).write_bytes(sound[out / INDEX])
    plans[0].write_bytes(sound[plans[1]])
    assert resumed(out) == 2
    assert "is not the plan that index.json lists" in capsys.readouterr().err
    plans[0].write_bytes(sound[plans[0]].replace(b'"status": "optimal"', b'"status": "feasible"'))
    assert resumed(out) == 2
    assert "was changed after chipmix wrote it" in capsys.readouterr().err
    plans[0].write_bytes(sound[plans[0]])
    assert resumed(out) == 0
