"""The JSON Schemas of what users write agree with `check`, by two validators, and every key has its text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import fastjsonschema
import pytest
from jsonschema import Draft7Validator, Draft202012Validator
from test_readme import FILES as STARTED
from test_readme import switched_on, switches
from test_shapes import ASKED, CHIP, FILES, SHAPES, Path_, keys_in, problems_of, replaced, write
from yaml_1_2 import instance

from catalogs.hover import HOVER as CATALOG_HOVER
from catalogs.json_schema import catalog_schema
from catalogs.load import bundled_folder, catalog_files
from catalogs.schema import CatalogFile
from cli.main import run
from optimizer.request.hover import HOVER as SCENARIO_HOVER
from optimizer.request.json_schema import scenario_schema
from optimizer.request.load import bundled_scenarios
from optimizer.request.scenario import Scenario

ROOT = Path(__file__).parent.parent
KINDS: dict[str, Callable[[], Any]] = {"scenario": scenario_schema, "catalog": catalog_schema}
OF_FILE = {"s.yaml": "scenario", "quotes/chip.yaml": "catalog"}


@cache
def judges(kind: str) -> tuple[Draft7Validator, Callable[[Any], Any]]:
    schema = KINDS[kind]()
    return Draft7Validator(schema), fastjsonschema.compile(schema, use_default=False)


def accepted(kind: str, text: str) -> bool:
    """Whether a schema takes a text; both validators say the same."""
    tree, (one, other) = instance(text), judges(kind)
    try:
        other(tree)
    except fastjsonschema.JsonSchemaValueException:
        assert not one.is_valid(tree)
        return False
    assert one.is_valid(tree), [error.message for error in one.iter_errors(tree)]
    return True


def kind_of(text: str) -> str:
    return "scenario" if re.search("^(horizon|extends):", text, re.MULTILINE) else "catalog"


# What is right


@pytest.mark.parametrize("kind", KINDS)
def test_they_are_schemas(kind: str) -> None:
    Draft7Validator.check_schema(KINDS[kind]())
    Draft202012Validator.check_schema(KINDS[kind]())


@pytest.mark.parametrize("path", catalog_files(bundled_folder()), ids=lambda path: path.stem)
def test_every_catalogue_file_that_ships_is_taken(path: Path) -> None:
    assert accepted("catalog", path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", sorted(bundled_scenarios()))
def test_every_scenario_that_ships_is_taken(name: str) -> None:
    assert accepted("scenario", bundled_scenarios()[name].read_text(encoding="utf-8"))


@pytest.mark.parametrize(("file", "key"), [(file, key) for file, text in STARTED.items() for key in switches(text)])
def test_what_init_writes_is_taken_with_whatever_is_switched_on(file: str, key: str) -> None:
    kind = "scenario" if file == "scenario.yaml" else "catalog"
    assert accepted(kind, STARTED[file])
    assert accepted(kind, switched_on(STARTED[file], switches(STARTED[file])[key]))


def test_what_the_pages_show_is_taken() -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "format.md").read_text(), re.DOTALL)
    assert len(blocks) >= 3
    assert all(accepted(kind_of(text), text) for text in blocks)


def test_files_that_are_started_name_a_schema_that_is_there(tmp_path: Path) -> None:
    assert run(["init", str(tmp_path / "new")]) == 0
    assert run(["init", str(tmp_path / "copy"), "--example", "meta_2025"]) == 0
    assert run(["catalog", "add", "nova1", "--vendor", "acme", "--folder", str(tmp_path / "chips")]) == 0
    files = sorted(tmp_path.rglob("*.yaml"))
    assert [path.name for path in files] == ["nova1.yaml", "scenario.yaml", "h100.yaml", "scenario.yaml"]
    for path in files:
        text = path.read_text(encoding="utf-8")
        named = re.match(r"# yaml-language-server: \$schema=(\S+)\n", text)
        assert named is not None
        assert (path.parent / named[1]).exists()
        assert named[1].endswith(f"{kind_of(text)}.schema.json")
        assert accepted(kind_of(text), text)
    assert run(["check", str(tmp_path / "new"), str(tmp_path / "copy"), str(tmp_path / "chips")]) == 0


OVERLAYS = {
    "a price": ("catalog", "offers: {dgx_h100.purchase: {price_usd: {2025q4: 255000}}}"),
    "a peak": ("catalog", "accelerator: {id: h100_sxm, peak_tflops: {fp8: 1979}}"),
    "a rate": ("catalog", "accelerator: {id: chip}\nthroughput: {training: {rate: 450}}"),
    "a point of a list": ("catalog", "accelerator: {id: chip}\nthroughput: {training: {1: {rate: 450}}}"),
    "growth alone": ("catalog", "offers: {dgx_h100.purchase: {price_usd: {growth_per_year: -0.1}}}"),
    "a range": ("catalog", "cites: {dgx_h100.purchase.price_usd: {uncertainty: {high: 1.4}}}"),
    "empty sections": ("catalog", "offers:\nsources:\n"),
    "texts like numbers": ("catalog", "sources: {a: {title: 405, date: 2025}}"),
    "numbers as texts": ("catalog", "offers: {a.buy: {price_usd: '3e5', lead_time_months: '6'}}"),
    "only extends": ("scenario", "extends: base.yaml\n"),
    "a part of a site": ("scenario", "extends: meta_2025\nsites: {prineville: {pue: 1.1}}"),
    "an item by number": ("scenario", "extends: base.yaml\nlimits: {0: {at_most: 5}}"),
    "years": ("scenario", "extends: b.yaml\nhorizon: {start: 2026, periods: 3}\nbudget: {capex_usd: {2026: 1}}"),
    "a later key that is empty": ("scenario", "extends: base.yaml\nname: 2025\n"),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "text"), OVERLAYS.values(), ids=OVERLAYS)
def test_a_part_of_a_file_is_taken(kind: str, text: str) -> None:
    assert accepted(kind, text)


# What is wrong


TOGETHER = "there is no |selects no |matches no |names no |needs one of|needs a demand|has no meaning|holds no period"
TOGETHER += "|must be '.+', the host|never added|can serve it"
IN_AN_OVERLAY = r"is missing|must not be empty \(got \(\{\},\)\)"
SEMANTIC = {"s.yaml": TOGETHER, "quotes/chip.yaml": f"{TOGETHER}|{IN_AN_OVERLAY}"}
"""What only `check` knows: which ids there are, what fields say together, what an overlay lies on."""
OWN_FOLDER = {(("catalogs", 0), "empty word")}
"""Names the folder of the scenario itself, which is no catalogue."""
FEW = ("word", "list", "null")


def judged(folder: Path, name: str, path: Path_, shape: Any) -> tuple[bool, list[str]]:
    """Whether the schema takes a file with another value at a path, and what `check` has against it."""
    asked, chip = (replaced(tree, path, shape) if own == name else tree for own, tree in FILES)
    write(folder, asked, chip)
    told = [problem.message for problem in problems_of(folder)]
    return accepted(OF_FILE[name], (folder / name).read_text()), told


@pytest.mark.parametrize(
    ("labels", "every"), [(FEW, 6), pytest.param(tuple(SHAPES), 1, marks=pytest.mark.slow)], ids=["few", "all"]
)
@pytest.mark.parametrize("name", OF_FILE)
def test_a_wrong_shape_is_refused_by_both(name: str, labels: tuple[str, ...], every: int, tmp_path: Path) -> None:
    """At every key that there is, or every sixth: what `check` takes the schema takes, and what it refuses for its
    form too."""
    refused = 0
    for path in list(keys_in(dict(FILES)[name]))[::every]:
        for label in (label for label in labels if (path, label) not in OWN_FOLDER):
            taken, told = judged(tmp_path, name, path, SHAPES[label])
            refused += not taken and bool(told)
            assert taken or told, (path, label, "only the schema refuses it")
            assert not taken or all(re.search(SEMANTIC[name], each) for each in told), (path, label, told)
    assert refused >= 100 // every


def structural(tree: Any, path: Path_ = ()) -> Iterator[tuple[Path_, Any]]:
    """Changes of one thing that make a file wrong by its form: at each key what could stand there and may not."""
    for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
        here = (*path, key)
        if isinstance(value, dict):
            periods = any(re.fullmatch(r"\d{4}\S*", str(each)) for each in value)
            yield here, {**value, "2027q5" if periods else "Unknown key": next(iter(value.values()))}
        elif isinstance(value, list):
            yield here, [*value, {"unknown": 1}]
        elif re.fullmatch(r"-?[\d.]+", str(value)):
            yield here, f"{value} kW"
            yield here, "-5" if key not in ("growth_per_month", "growth_per_year") else "-2"
        elif re.fullmatch(r"\d{4}q\d", str(value)):
            yield here, value.replace("q", "-q")
        yield from structural(value, here) if isinstance(value, (dict, list)) else ()


@pytest.mark.parametrize("every", [5, pytest.param(1, marks=pytest.mark.slow)])
def test_a_hundred_structural_mistakes_are_refused_by_both(tmp_path: Path, every: int) -> None:
    mistakes = [(name, *each) for name, tree in FILES for each in structural(tree)]
    assert len(mistakes) >= 100
    for name, path, value in mistakes[::every]:
        taken, told = judged(tmp_path, name, path, value)
        assert told, (name, path, value, "check takes it")
        assert not taken, (name, path, value, "the schema takes it")


REQUIRED = [(key,) for key in ("name", "horizon", "demand")] + [
    ("horizon", "start"), ("horizon", "periods"), ("sites", "oslo", "power_mw"), ("sites", "oslo", "pue"),
    ("demand", "train", "workload"), ("fleet", 0, "system"), ("commitments", 0, "period"), ("limits", 0, "measure"),
]  # fmt: skip


@pytest.mark.parametrize("path", REQUIRED, ids=lambda path: ".".join(map(str, path)))
def test_what_is_missing_is_refused_by_both_unless_it_is_extended(path: Path_, tmp_path: Path) -> None:
    def without(tree: Any, rest: Path_) -> Any:
        if isinstance(tree, list):
            return [without(each, rest[1:]) if i == rest[0] else each for i, each in enumerate(tree)]
        return {k: without(v, rest[1:]) if k == rest[0] else v for k, v in tree.items() if (k,) != rest}

    asked = without(ASKED, ("sites", "oslo", "region"))  # which would say what the site does not
    write(tmp_path, without(asked, path), CHIP)
    text = (tmp_path / "s.yaml").read_text()
    assert any("is missing" in problem.message for problem in problems_of(tmp_path))
    assert not accepted("scenario", text)
    assert accepted("scenario", f"extends: base.yaml\n{text}")


def test_what_the_first_schema_took() -> None:
    for text in ("accelerator: {id: a, tdp_w: abc}", "accelerator: {id: a, memory_gb: -5}",
                 "offers: {a.buy: {price_usd: {apple: -1}}}", "offers: {Bad-Id: {route: lease}}",
                 "accelerator: {id: a, announced: 2027q7}", "offers: {a.buy: {deposit_share: 20}}"):  # fmt: skip
        assert not accepted("catalog", text), text


# Texts for editors


def test_every_key_has_a_text_and_every_quantity_its_unit() -> None:
    units = {"_usd": "USD", "_kw": "kW", "_mw": "MW", "_gb": "GB", "_w": "W ", "_months": "onths", "_tb_s": "TB/s",
             "_mwh": "MWh", "_share": "hare", "_years": "ears", "_tflops": "TFLOP/s"}  # fmt: skip
    for kind, hover, model in (("catalog", CATALOG_HOVER, CatalogFile), ("scenario", SCENARIO_HOVER, Scenario)):
        schema = KINDS[kind]()
        parts = {model.__name__: schema, **{k: part for k, part in schema["$defs"].items() if not k.startswith("Part")}}
        keys = {f"{title}.{key}": value.get("description", "") for title, part in parts.items()
                for key, value in part.get("properties", {}).items()}  # fmt: skip
        assert set(hover) <= set(keys)
        assert set(keys) - set(hover) <= {f"Scenario.{key}" for key in Scenario.LATER}
        for name, text in keys.items():
            unit = next((unit for ending, unit in units.items() if name.endswith(ending)), "")
            assert unit in text, (name, text)
