"""One input, one plan, one set of bytes: on whichever Python, PuLP and numpy.

Python 3.12 began to add floats with `sum` more exactly than 3.11, PuLP 4 no longer sorts columns, and numpy adds in an
order of its own. So nothing that is written may rest on any of them.
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from builders import accelerator, catalog, rates, scenario, site, system, write

ROOT = Path(__file__).parent.parent
PACKAGES = ("optimizer", "cli", "catalogs")
OTHER = os.environ.get("CHIPMIX_OTHER_PYTHON")
"""Another Python with chipmix installed; `.ci/run` names that of its first environment when it runs on a second."""

# sums

WHOLE = {
    ("optimizer/explain/volume.py", "_porting_usd"): "decimals",
    ("optimizer/explain/worth.py", "stated"): "decimals",
    ("optimizer/request/kind_of_file.py", "_count"): "how many are true",
    ("optimizer/replan/approved.py", "counted"): "how many are true",
    ("optimizer/explore/results.py", "left"): "how many are true",
    ("optimizer/solving/certificate.py", "bound"): "whole numbers of 2^-k",
    ("optimizer/workers/cluster.py", "at_once"): "threads",
    ("optimizer/uncertainty/blocks.py", "columns_of"): "columns",
    ("optimizer/workbook/back/package.py", "_check_sizes"): "bytes",
    ("optimizer/workbook/writing/draw.py", "_text"): "lines of a text",
    ("optimizer/workbook/language/translate.py", "breadth"): "characters",
    ("optimizer/workbook/language/translate.py", "_height"): "lines of a text",
    ("optimizer/usage/csv_rows.py", "_chunk"): "lines of a text",
    ("cli/catalog.py", "check_"): "how many there are",
    ("cli/demand.py", "_show_periods"): "characters",
    ("cli/fitting.py", "width"): "characters",
    ("cli/fitting.py", "_narrow"): "characters",
    ("cli/fitting.py", "in_parts"): "characters",
    ("cli/progress.py", "tell"): "how many are true",
    ("cli/show_limits.py", "_cells"): "how many are true",
    ("cli/sweep.py", "_tell_end"): "how many are true",
}
"""Where `sum` adds whole numbers or decimals, by file and function: exact, in any order."""
EXACT_START = {"ZERO", "Fraction", "Decimal"}
ADDING = {"sum", "dot", "mean", "average", "nansum", "einsum", "matmul", "inner", "vdot", "trace", "fmean"}


def trees() -> Iterator[tuple[str, ast.Module]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def functions(tree: ast.AST, name: str = "") -> Iterator[tuple[str, ast.AST]]:
    """Every node with the name of the function that it stands in."""
    for child in ast.iter_child_nodes(tree):
        inner = child.name if isinstance(child, ast.FunctionDef) else name
        yield inner, child
        yield from functions(child, inner)


def starts_exact(call: ast.Call) -> bool:
    """Whether a sum begins with a fraction or decimal, so that floats in it would be seen: they make it a float."""
    start = call.args[1] if len(call.args) > 1 else None
    name = start.func if isinstance(start, ast.Call) else start
    return isinstance(name, ast.Name) and name.id in EXACT_START


def sums_of(file: str, tree: ast.Module) -> Iterator[tuple[str, str]]:
    for function, node in functions(tree):
        is_sum = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "sum"
        if isinstance(node, ast.Call) and is_sum and not starts_exact(node):
            yield file, function


def test_no_sum_of_floats_is_left_to_the_python_it_runs_on() -> None:
    """Each `sum` starts from a fraction, or is known to add whole numbers; for floats there is `math.fsum`."""
    found = {each for file, tree in trees() for each in sums_of(file, tree)}
    assert found == set(WHOLE)


def test_no_sum_is_left_to_numpy() -> None:
    """Neither `@` nor the reductions of arrays, whose order and rounding are those of a processor."""
    found = [
        (file, node.lineno)
        for file, tree in trees()
        # The audit imports no numpy (test_audit), and its `mean` is of fractions; a trace ends in a text of few digits.
        if not file.startswith(("optimizer/audit/", "optimizer/usage/"))
        for node in ast.walk(tree)
        if (isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult))
        or (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ADDING)
    ]
    assert found == []


GUARDED = """
import builtins, sys
real = builtins.sum
def watched(items, /, start=0):
    items = list(items)
    of_ours = sys._getframe(1).f_globals.get("__name__", "").partition(".")[0] in ("optimizer", "cli", "catalogs")
    floats = [item for item in items if isinstance(item, float)]
    if of_ours and floats:
        raise AssertionError(f"sum of floats in {sys._getframe(1).f_code.co_qualname}")
    return real(items, start)
builtins.sum = watched
from cli.main import chipmix
for arguments in %r:
    chipmix.main(args=arguments, standalone_mode=False)
"""


def asked_for(folder: Path) -> Path:
    """A request with most terms: two chips, fleet, expansion, budgets, a share, a deadline, unmet work, a lease."""
    chips = [
        accelerator(
            name, {f"{name}_box": system(8, kilowatts, kilowatts - 3, racks="0.25")},
            {
                f"{name}.buy": {
                    "system": f"{name}_box", "route": "purchase", "price_usd": price, "network_usd": "12345.67",
                    "deposit_share": "0.3", "lead_time_months": 3, "software_usd_per_year": "1234.56",
                },
                f"{name}.lease": {
                    "system": f"{name}_box", "route": "lease", "usd_per_accelerator_hour": "1.37", "term_months": 6,
                },
            },
            rates(training=rate, serving=rate / 3), vendor=name,
        )
        for name, kilowatts, price, rate in (("red", 11, "271828.18", 417), ("blue", 13, "314159.27", 733))
    ]  # fmt: skip
    workloads = {name: {"unit": "unit", "phase": "training", "describes": "work"} for name in ("training", "serving")}
    return write(folder, scenario(
        horizon={"start": "2025q1", "periods": 6},
        finance={"discount_rate": "0.083", "residual": "book", "maintenance_share": "0.031", "carbon_usd_per_t": 47},
        assumptions={"availability": "0.93"},
        sites={"oslo": site(
            "1.37", peak_pue="1.31", carbon_kg_per_mwh="113.7", hosting_usd_per_kw_month="3.3",
            expansion={"usd_per_mw": "1.1e7", "lead_time_months": 6, "max_mw": "2.5", "life_years": 20},
        )},
        demand={
            "train": {"workload": "training", "by_deadline_unit_hours": {"2026q1": "4.1e8"}},
            "serve": {"workload": "serving", "per_second": {"2025q2": 31313, "2026q1": 41414},
                      "unmet_usd_per_unit_hour": "0.0123"},
        },
        fleet=[{"system": "red_box", "site": "oslo", "count": 17, "until": "2025q4", "may_retire": "true",
                "resale_usd": 90001}],
        budget={"capex_usd": {"2025": "2.1e7", "total": "4.4e7"}, "opex_usd": {"total": "9.9e6"}},
        limits=[{"name": "second", "measure": "spend_usd", "of": {"vendor": "red"}, "at_most_share": "0.7",
                 "within": "total"}],
    ), catalog(*chips, workloads=workloads))  # fmt: skip


def run(python: str, *arguments: str, script: str | None = None) -> str:
    command = [python, "-c", script or "from cli.main import main; main()", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_no_float_is_added_by_sum_on_the_way(every: bool, tmp_path: Path) -> None:
    """The same, watched: a plan with its workbook, what explains it, what it is compared with."""
    path, made = str(asked_for(tmp_path)), str(tmp_path / "plan.json")
    commands = [
        ["plan", path, "--json", made, "-o", str(tmp_path / "plan.xlsx")],
        ["compare", made, made],
        ["explain", made, "--limit", "second"],
        ["plan", path, "--stay-close", made, "--set", "finance/discount_rate=0.12"],
    ]
    run(sys.executable, script=GUARDED % (commands if every else commands[:2]))


def test_columns_stand_in_the_order_of_their_names(tmp_path: Path) -> None:
    """PuLP 3 sorts them, PuLP 4 keeps the order in which they were made."""
    from optimizer.proven import stated
    from optimizer.request.load import load_request

    _, matrix = stated(load_request(asked_for(tmp_path)))
    assert list(matrix.columns) == sorted(matrix.columns)


def without_versions(text: str) -> Any:
    plan = json.loads(text)
    return {**plan, "run": {key: value for key, value in plan["run"].items() if key != "version"}, "chipmix": None}


@pytest.mark.skipif(OTHER is None, reason="CHIPMIX_OTHER_PYTHON names no other Python")
def test_another_python_writes_the_same(tmp_path: Path) -> None:
    """The plan, to the last digit; what the terminal shows but the time; the workbook, byte by byte."""
    assert OTHER is not None
    path = str(asked_for(tmp_path))
    for name in (path, "quick_start"):
        plans = [run(python, "plan", name, "--json", "-") for python in (sys.executable, OTHER)]
        assert plans[0].encode() == plans[1].encode()
        assert without_versions(plans[0])["status"] == "optimal"
    books = []
    for python in (sys.executable, OTHER):
        run(python, "plan", path, "-o", str(tmp_path / "plan.xlsx"))
        books.append((tmp_path / "plan.xlsx").read_bytes())
    assert books[0] == books[1]
