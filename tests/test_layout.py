"""The layout: who may import whom, lazily or not, how many modules stand beside the packages, how long things are."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parent.parent
FLOORS = (
    "catalogs",
    *("cycles", "interruption", "files", "reading", "audit", "request", "tables", "formulation", "solving", "plan"),
    *("purchasing", "usage", "price_lists", "proven", "infeasible", "replan", "planning", "what_if", "returned"),
    *("explain", "explore", "uncertainty", "workbook", "report"),
    *("plan_files", "notebook"),
    "cli",
)
"""From the ground up: what stands here imports only itself and what stands before it."""
MOST_MODULES = 9
LONGEST_FILE, LONGEST_TEST_FILE, LONGEST_FUNCTION, LONGEST_MEDIAN = 300, 600, 40, 7


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


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """The functions of a file with their lines, from `def` on."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def test_files_are_short() -> None:
    assert [name for name, path in modules().items() if lines(path) > LONGEST_FILE] == []


def test_test_files_are_short() -> None:
    assert [path.name for path in (ROOT / "tests").glob("*.py") if lines(path) > LONGEST_TEST_FILE] == []


def test_functions_are_short() -> None:
    lengths = [(f"{module}.{name}", count) for module, path in modules().items() for name, count in functions(path)]
    assert [name for name, count in lengths if count > LONGEST_FUNCTION] == []
    assert median(count for _, count in lengths) <= LONGEST_MEDIAN


def test_planning_imports_neither_pandas_nor_pulp() -> None:
    """Half a second and a tenth: only what compares plans needs the one, and what makes a model the other."""
    code = "import sys, optimizer.planning; sys.exit(bool({'pandas', 'pulp'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=ROOT).returncode == 0
