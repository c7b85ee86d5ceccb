"""The layout: who may import whom, lazily or not, and how many modules stand beside the packages of `optimizer`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parent.parent
FLOORS = (
    "catalogs",
    *("interruption", "files", "reading", "audit", "request", "tables", "formulation", "solving", "plan", "proven"),
    *("infeasible", "replan", "planning", "what_if", "returned", "explain", "explore", "workbook", "plan_files"),
    "cli",
)
"""From the ground up: what stands here imports only itself and what stands before it."""
MOST_MODULES = 9


def modules() -> dict[str, Path]:
    files = [path for folder in ("catalogs", "optimizer", "cli") for path in (ROOT / folder).rglob("*.py")]
    return {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in files}


def imports(path: Path, known: dict[str, Path]) -> Iterator[str]:
    """The modules of ours that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module in known:
            inside = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in known else node.module for name in inside)


def floor(module: str) -> int:
    top, _, rest = module.partition(".")
    return FLOORS.index(
        rest.partition(".")[0] if top == "optimizer" and rest else top if top != "optimizer" else FLOORS[0]
    )


def test_imports_run_one_way() -> None:
    known = modules()
    upward = [
        f"{name} imports {other}"
        for name, path in known.items()
        for other in imports(path, known)
        if name != "optimizer" and floor(other) > floor(name)
    ]
    assert upward == []


def test_imports_run_in_no_circle() -> None:
    known = modules()
    graph = {name: set(imports(path, known)) - {name} for name, path in known.items()}
    TopologicalSorter(graph).prepare()  # raises CycleError with the circle


def test_few_modules_stand_beside_the_packages() -> None:
    beside = [path.stem for path in (ROOT / "optimizer").glob("*.py") if path.stem != "__init__"]
    assert len(beside) <= MOST_MODULES, beside
