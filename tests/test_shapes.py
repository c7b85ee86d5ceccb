"""Every wrong shape at every key of a scenario and a catalogue: refused where it stands, and nothing else said."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from builders import Tree

from catalogs.problems import InputError, Problem
from catalogs.schema import CatalogFile
from optimizer.proven import stated
from optimizer.request.load import load_request
from optimizer.request.scenario import Scenario

Path_ = tuple[str | int, ...]

CHIP: Tree = {
    "accelerator": {
        "id": "chip", "name": "Chip", "vendor": "acme", "kind": "gpu", "stack": "cuda", "announced": "2024q1",
        "memory_gb": 80, "memory_bandwidth_tb_s": 3, "peak_tflops": {"bf16": 500, "fp8": 1000}, "tdp_w": 700,
        "draws": {"wafers": "0.5"}, "one_off": {"usd": 1000, "months": 1},
    },
    "systems": {
        "box": {"name": "Box", "accelerators": 8, "provisioned_kw": 10, "average_kw": 7, "cooling": "air", "racks": 1},
    },
    "offers": {
        "box.buy": {
            "system": "box", "route": "purchase", "lead_time_months": 3,
            "price_usd": {"2025q1": 300000, "growth_per_year": "-0.1"},
            "available": {"from": "2025q1", "until": "2027q4"}, "buyers": ["acme"], "term_months": 48,
            "deposit_share": "0.1", "supply_systems_per_month": {"2025q1": 100}, "network_usd": 5,
            "software_usd_per_year": 6, "minimum_order_systems": 2,
            "price_breaks": {"kind": "all_units", "steps": [{"from_systems": 10, "factor": "0.9"}]}, "free": "false",
        },
        "box.rent": {
            "system": "box", "route": "on_demand", "host": "cloud", "usd_per_accelerator_hour": 2,
            "carbon_kg_per_accelerator_hour": "0.1", "divisible": "true", "bring_up_months": 1, "availability": "0.8",
        },
    },
    "throughput": {
        "training": {"rate": {"2025q1": 400, "growth_per_month": "0.001"}, "precision": "bf16", "basis": "measured",
                     "source": "hand"},
        "chatting": [
            {"rate": 7, "basis": "vendor", "source": "hand"},
            {"rate": {"2025q1": 9}, "precision": "fp8", "from": "2026q1", "accelerators": 8, "basis": "measured",
             "source": "hand"},
        ],
    },
    "workloads": {
        "training": {"unit": "TFLOP/s", "phase": "training", "describes": "work"},
        "chatting": {"unit": "token/s", "phase": "serving", "describes": "words"},
    },
    "pools": {
        "wafers": {
            "unit": "wafer", "describes": "packaging", "forecasts": {"survey": {"2025": 1000, "growth_per_month": 0}},
        },
    },
    "tariffs": {
        "north": {"describes": "the north", "electricity_usd_per_mwh": {"2025": 40, "growth_per_year": "0.02"},
                  "carbon_kg_per_mwh": 20, "pue": {"2025": "1.1"}},
    },
    "sources": {"hand": {"title": "made by hand", "url": "https://example.com", "date": "2025-01", "note": "a note"}},
    "cites": {
        "box.buy.price_usd": {"source": "hand", "basis": "vendor", "uncertainty": {"low": "0.9", "high": "1.2"}},
    },
}  # fmt: skip
ASKED: Tree = {
    "name": "Shapes",
    "buyer": "acme",
    "catalogs": ["quotes"],
    "currency": {"code": "EUR", "per_usd": {"2026q1": "0.9", "growth_per_year": "0.01"}},
    "horizon": {"start": "2026q1", "periods": 4},
    "objective": "maximize_value",
    "finance": {
        "discount_rate": "0.08", "fiscal_year_starts": 7, "fiscal_year_named_by": "start",
        "service_life_years": 5, "book_life_years": 4,
        "residual": {"1": "0.5", "2": "0.2"}, "maintenance_share": "0.03", "carbon_usd_per_t": {"2026q1": 50},
        "owed_after_horizon": "in_full", "tax": {"rate": "0.3", "depreciation": "bonus"},
    },
    "frames": {
        "deal": {
            "of": {"vendor": "acme", "kind": ["gpu"], "accelerator": "chip", "route": "purchase", "site": "oslo",
                   "buyers": ["acme"]},
            "orders": "2026", "within": "2026q1..2026q4", "spend_usd": 1000, "factor": "0.9", "signed": "optional",
        },
    },
    "assumptions": {"availability": "0.9", "bring_up_months": {"purchase": 1}},
    "sites": {
        "oslo": {
            "region": "north",
            "power_mw": {"2026q1": 1, "growth_per_year": "0.1"},
            "pue": "1.2", "peak_pue": "1.3", "liquid_mw": 1, "air_mw": {"2026q1": 1, "growth_per_month": "0.1"},
            "racks": 100, "electricity_usd_per_mwh": {"2026q1": 50}, "hosting_usd_per_kw_month": 10,
            "take_or_pay_share": "0.1",
            "carbon_kg_per_mwh": 20,
            "expansion": {"usd_per_mw": 1000, "lead_time_months": 3, "max_mw": 2, "life_years": 20, "block_mw": 1},
        },
    },
    "demand": {
        "train": {
            "workload": "training", "per_second": {"2026q1": 3000}, "stacks": {"cuda": {"usd": 10, "months": 1}},
            "cluster": {"accelerators": 16}, "sites": ["oslo", "cloud"], "unmet_usd_per_unit_hour": {"2026q1": 1},
            "value_usd_per_unit_hour": 2, "precisions": ["bf16", "fp8"],
        },
        "run": {"workload": "chatting", "by_deadline_unit_hours": {"2026q4": 1000}},
    },
    "fleet": [
        {"system": "box", "site": "oslo", "count": 3, "until": "2026q4", "may_retire": "true", "resale_usd": 90},
    ],
    "commitments": [
        {"offer": "box.buy", "site": "oslo", "period": "2026q2", "systems": 2, "price_usd": 100},
        {"offer": "box.rent", "site": "cloud", "period": "2026q2", "systems": 2, "usd_per_accelerator_hour": 1},
    ],
    "budget": {"capex_usd": {"2026": 1000000000, "total": 2000000000}, "opex_usd": {"fy2027": 1000000000}},
    "supply_per_month": {"chip": {"2026q1": 1000}},
    "pools_per_month": {"wafers": {"forecast": "survey", "share": "0.5"}},
    "offers": {"deny": ["box.buy"], "allow": ["box*"], "basis": ["measured", "vendor"]},
    "limits": [
        {"name": "few", "measure": "systems", "of": {"vendor": "acme", "site": ["oslo"]}, "at_most": 90,
         "within": "total"},
        {"name": "most_work", "measure": "work", "of": {"accelerator": "chip", "demand": "each"},
         "at_most_share": 1, "within": "each_period"},
        {"name": "bought", "measure": "spend_usd", "of": {"route": "purchase", "kind": "gpu", "buyers": "acme"},
         "at_most": 100000000, "within": "2026q1"},
        {"name": "some", "measure": "accelerators", "of": {"system": "box", "offer": "box.*", "stack": "cuda"},
         "at_least": 1, "within": "2026"},
        {"name": "abroad", "measure": "it_kw", "of": {"host": "cloud"}, "at_least_share": "0.1",
         "within": "each_period"},
    ],
    "accounts": [
        {"of": {"route": "purchase", "vendor": ["acme"], "site": "oslo"}, "cost_centre": "c47", "gl_account": "g16"},
        {"cost_centre": "others"},
    ],
    "futures": [
        {"name": "as_planned", "probability": "0.5"},
        {"name": "other", "probability": "0.5",
         "demand": {"of": {"demand": "train"}, "factor": "1.5", "from": "2026q2"},
         "price": [{"of": {"vendor": "acme", "kind": "gpu"}, "factor": {"2026q2": "0.9", "growth_per_year": "-0.1"}},
                   {"factor": "1.1"}],
         "rent": {"of": {"host": ["cloud"]}, "factor": 2}, "supply": {"of": {"stack": "cuda"}, "factor": "0.5"},
         "pools": {"of": {"pool": "wafers"}, "factor": {"2026q1": "0.5"}},
         "power": {"of": {"site": "oslo"}, "factor": "0.9"}, "electricity": {"factor": "1.2"},
         "residual": {"factor": "0.8"}, "delivery_delay": {"of": {"offer": "box.*"}, "months": 3},
         "hall_delay": {"of": {"site": "oslo"}, "months": 2}},
    ],
    "uncertainty": {
        "decide_by": "2026q2", "unmet_usd_per_unit_hour": {"run": "0.5"},
        "beyond": {"budget": 1, "supply": 2, "limits": "0.5"},
        "seed": 3, "catalog_ranges": "true",
        "draws": {
            "busy": {"change": "demand", "of": {"demand": "train"}, "lognormal_per_year": "0.3"},
            "cheaper": {"change": "price", "decline_per_year": {"low": "-0.1", "mode": "0.1", "high": "0.3"}},
            "short": {"change": "pools", "of": {"pool": "wafers"}, "between": {"low": "0.65", "high": 1},
                      "from": "2026q2"},
            "slips": {"change": "delivery_delay", "of": {"vendor": "acme"}, "months": {"0": "0.6", "3": "0.4"}},
        },
        "correlation": {"same_vendor": "0.5", "others": "0.2", "next_year": "0.7"},
    },
}  # fmt: skip

SHAPES: dict[str, Any] = {
    "word": "zzz",
    "number": -7,
    "huge number": "1e99999999",
    "list": ["zzz", "yyy"],
    "mapping": {"zzz": "yyy"},
    "empty list": [],
    "empty mapping": {},
    "empty word": "''",
    "list of mappings": [{"zzz": {"yyy": []}}],
    "mapping of lists": {"zzz": [{"yyy": "xxx"}, None], "2026q1": ["a"]},
    "list of lists": [[["zzz"], []], [None]],
    "mapping with a number": {"0": {"1": {"2": []}}},
    "null": None,
}


def lines(tree: Any, depth: int = 0) -> Iterator[tuple[Path_, str]]:
    """A tree as YAML in block style, line by line, each with the path that it begins."""
    pad = "  " * depth
    for key, value in tree.items() if isinstance(tree, Mapping) else enumerate(tree):
        head = f"{pad}{key}:" if isinstance(tree, Mapping) else f"{pad}-"
        if isinstance(value, (dict, list)) and value:
            yield (key,), head
            for path, line in lines(value, depth + 1):
                yield (key, *path), line
        else:
            shown = (
                {None: ""}.get(value, value) if not isinstance(value, (dict, list)) else "{}" if value == {} else "[]"
            )
            yield (key,), f"{head} {shown}".rstrip()


def keys_in(tree: Any, path: Path_ = ()) -> Iterator[Path_]:
    for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
        yield (*path, key)
        if isinstance(value, (dict, list)):
            yield from keys_in(value, (*path, key))


def replaced(tree: Any, path: Path_, value: Any) -> Any:
    """A copy of a tree with another value at a path."""
    if not path:
        return value
    if isinstance(tree, dict):
        return {key: replaced(old, path[1:], value) if key == path[0] else old for key, old in tree.items()}
    return [replaced(old, path[1:], value) if i == path[0] else old for i, old in enumerate(tree)]


def write(folder: Path, asked: Tree, chip: Tree) -> dict[str, list[Path_]]:
    """Writes both files; gives the path that each of their lines begins, by the file's name."""
    found = {}
    (folder / "quotes").mkdir(exist_ok=True)
    for name, tree in (("s.yaml", asked), ("quotes/chip.yaml", chip)):
        written = list(lines(tree))
        (folder / name).write_text("\n".join(line for _, line in written) + "\n", encoding="utf-8")
        found[name] = [path for path, _ in written]
    return found


PLACE = re.compile(r"(.*?\.yaml):([1-9]\d*):([1-9]\d*): (.+)", re.DOTALL)


def problems_of(folder: Path) -> tuple[Problem, ...]:
    """What is said against the files in a folder; nothing where they can be planned."""
    try:
        stated(load_request(folder / "s.yaml"))
    except InputError as error:
        return error.problems
    return ()


def told(folder: Path) -> list[tuple[str, int, str]]:
    """Each problem's file, line and message; each has all three, and a column."""
    found = [(problem, PLACE.fullmatch(str(problem))) for problem in problems_of(folder)]
    assert all(match for _, match in found), found
    return [(match[1].removeprefix(f"{folder}/"), int(match[2]), match[4]) for _, match in found if match]


def test_every_key_there_is_stands_in_the_two_files() -> None:
    """Else a key of the format could go untried."""

    def named(tree: Any) -> set[str]:
        inside = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ()
        return {*(map(str, tree) if isinstance(tree, dict) else ()), *(key for part in inside for key in named(part))}

    def known(schema: Any) -> set[str]:
        if isinstance(schema, dict):
            own = set(schema.get("properties", {}))
            return own | {key for part in schema.values() for key in known(part)}
        return {key for part in schema for key in known(part)} if isinstance(schema, list) else set()

    alternatives = {
        "at_least",
        "at_least_share",
        "system",
        "offer",
        "host",
        "stack",
    }  # of limits: bounds and selections
    assert known(Scenario.model_json_schema()) - named(ASKED) <= alternatives
    assert known(CatalogFile.model_json_schema()) <= named(CHIP)


def test_the_files_without_a_wrong_shape_can_be_planned(tmp_path: Path) -> None:
    """Else the tests below could pass for another reason."""
    write(tmp_path, ASKED, CHIP)
    assert told(tmp_path) == []


CASES = [
    pytest.param(name, path, id=f"{name}:{'.'.join(map(str, path))}")
    for name, tree in (("s.yaml", ASKED), ("quotes/chip.yaml", CHIP))
    for path in keys_in(tree)
]


FILES = (("s.yaml", ASKED), ("quotes/chip.yaml", CHIP))
NUMBER = {case.values: number for number, case in enumerate(CASES)}
FEW = ("word", "list", "mapping", "empty list", "null", "list of mappings")


@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["few", "all"])
@pytest.mark.parametrize(("name", "path"), CASES)
def test_a_wrong_shape_is_refused_where_it_stands(tmp_path: Path, name: str, path: Path_, every: bool) -> None:
    """Any shape is read, or refused at a line and a column; what is refused itself has no follow-up elsewhere.

    Where not every shape is tried, each key gets every other one of a few: its neighbours, most alike, get the others.
    """
    for label in SHAPES if every else FEW[NUMBER[name, path] % 2 :: 2]:
        shape = SHAPES[label]
        asked, chip = (replaced(tree, path, shape) if own == name else tree for own, tree in FILES)
        places = write(tmp_path, asked, chip)
        found = [(file, (places[file] + [()])[line - 1], message) for file, line, message in told(tmp_path)]
        if label != "null" and any((file, there) == (name, path) for file, there, _ in found):
            elsewhere = [row for row in found if row[0] != name or row[1][: len(path)] != path]
            assert not elsewhere, (label, elsewhere)
