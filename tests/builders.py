"""Small catalogues and scenarios as trees, written as YAML files and loaded as a user's would be.

JSON is YAML in flow style, so a tree is dumped as JSON. Numbers may be int, str or Fraction; a str is
read as the number it writes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from optimizer.formulation import build_model
from optimizer.formulation.model import Model
from optimizer.plan.format import Plan
from optimizer.planning import make_plan
from optimizer.request.load import Request, load_request
from optimizer.solving.solution import Options
from optimizer.tables import Tables, build_tables

Tree = dict[str, Any]
EXACT = Options(gap=1e-9)
SOURCES: Tree = {"hand": {"title": "made by hand"}}
WORKLOADS: Tree = {"training": {"unit": "unit", "phase": "training", "describes": "work"}}


def system(accelerators: int = 8, provisioned_kw: Any = 10, average_kw: Any = 7, **fields: Any) -> Tree:
    """A system; its accelerator is the one of its file."""
    facts = {"name": "a system", "cooling": "air", "racks": 1}
    return {**facts, "accelerators": accelerators, "provisioned_kw": provisioned_kw, "average_kw": average_kw, **fields}


def rates(**by_workload: Any) -> Tree:
    """Throughput of one accelerator, by workload."""
    return {name: {"rate": rate, "basis": "measured", "source": "hand"} for name, rate in by_workload.items()}


def points_of(file: Tree) -> list[Tree]:
    """Every point of the throughputs in a file, whether it stands alone or in a list."""
    found = file.get("throughput", {}).values()
    return [point for entry in found for point in (entry if isinstance(entry, list) else [entry])]


def accelerator(name: str, systems: Tree, offers: Tree, throughput: Tree, **facts: Any) -> Tree:
    """The file of one accelerator."""
    about = {"id": name, "name": name, "vendor": "acme", "kind": "gpu", "stack": "cuda", **facts}
    return {"accelerator": about, "systems": systems, "offers": offers, "throughput": throughput}


def catalog(*files: Tree, workloads: Tree = WORKLOADS, pools: Tree | None = None) -> Tree:
    """File contents by file name."""
    tree = {f"{file['accelerator']['id']}.yaml": file for file in files}
    shared = {"workloads": workloads, "pools": pools or {}, "sources": SOURCES}
    return {**tree, "shared.yaml": shared}


def site(power_mw: Any = 100, **fields: Any) -> Tree:
    return {"power_mw": power_mw, "pue": "1.2", "electricity_usd_per_mwh": 50, **fields}


def scenario(**parts: Any) -> Tree:
    """Two quarters of 2025 at one site; every part can be replaced."""
    base: Tree = {
        "name": "test",
        "buyer": "acme",
        "catalogs": ["quotes"],
        "horizon": {"start": "2025q1", "periods": 2},
        "finance": {"discount_rate": "0.08", "residual": "none"},
        "assumptions": {"availability": 1},
        "sites": {"oslo": site()},
        "demand": {"train": {"workload": "training", "per_second": 10}},
    }
    return {**base, **parts}


def one_offer(**offer: Any) -> Tree:
    """A catalogue of one accelerator `chip`, one system `box` of 8 and one purchase offer."""
    terms = {"system": "box", "route": "purchase", "price_usd": 300000, **offer}
    return catalog(accelerator("chip", {"box": system()}, {"box.purchase": terms}, rates(training=400)))


def write(folder: Path, asked: Tree, known: Mapping[str, Tree] | None = None) -> Path:
    """Writes a scenario and its catalogue; gives the scenario's file."""
    quotes = folder / "quotes"
    quotes.mkdir(parents=True, exist_ok=True)
    for name, content in (known if known is not None else one_offer()).items():
        (quotes / name).write_text(as_yaml(content), encoding="utf-8")
    path = folder / "scenario.yaml"
    path.write_text(as_yaml(asked), encoding="utf-8")
    return path


def as_yaml(tree: Any) -> str:
    return json.dumps(tree, indent=1, ensure_ascii=False, default=str)


def load(folder: Path, asked: Tree, known: Mapping[str, Tree] | None = None) -> Request:
    return load_request(write(folder, asked, known))


def tables(folder: Path, asked: Tree, known: Mapping[str, Tree] | None = None) -> Tables:
    return build_tables(load(folder, asked, known))


def model(folder: Path, asked: Tree, known: Mapping[str, Tree] | None = None) -> Model:
    return build_model(tables(folder, asked, known))


def plan(folder: Path, asked: Tree, known: Mapping[str, Tree] | None = None, options: Options = EXACT) -> Plan:
    """The plan of a scenario, by default to a gap of 1e-9."""
    planned = make_plan(load(folder, asked, known), options)
    assert not planned.interrupted
    assert planned.plan.audit.ok
    return planned.plan


def cents(usd: float | Decimal) -> str:
    return f"{Decimal(repr(usd)) if isinstance(usd, float) else usd:.2f}"
