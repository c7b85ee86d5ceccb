"""No fault of ours is taken for the user's: what is caught is what was meant."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from commands import other, small

import optimizer.explore.frontier
from cli.main import run
from optimizer.request.calendar import Calendar

ROOT = Path(__file__).parent.parent
PACKAGES = ("catalogs", "optimizer", "cli")
BROAD = {
    "ArithmeticError", "AssertionError", "AttributeError", "BaseException", "EOFError", "Exception", "IndexError",
    "KeyError", "LookupError", "NameError", "NotImplementedError", "OverflowError", "RecursionError", "RuntimeError",
    "StopIteration", "TypeError", "ValueError", "ZeroDivisionError",
}  # fmt: skip
"""What a slip in any line of ours may raise too."""
ALLOWED = {
    ("cli/main.py", "run"): "the last resort: says that it is our fault, with the traceback",
    ("cli/options.py", "_number"): "float() is the reader of a typed number and says so by ValueError",
    ("cli/options.py", "_is_day"): "date.fromisoformat() is the reader of a typed date and says so by ValueError",
    ("cli/workload.py", "convert"): "float() is the reader of a typed number and says so by ValueError",
    ("optimizer/audit/__init__.py", "audit"): "a plan of any shape is read; what cannot be read fails its audit",
    ("optimizer/reading.py", "from_outside"): "the boundary for readers of files: nothing but reading stands inside",
    ("optimizer/workbook/embedded.py", "unpacked"): "base64, zlib and pydantic refuse a damaged copy",
    (
        "optimizer/workbook/writing/finish.py",
        "_calculated",
    ): "formualizer refuses a file so: our fault, exit 1",
    ("optimizer/workbook/back/package.py", "_check_area"): "openpyxl refuses what is no area so",
    ("optimizer/workbook/back/package.py", "_opened"): "zipfile refuses a damaged file so",
    ("optimizer/workbook/back/package.py", "_read"): "zipfile and expat refuse a damaged part so",
    ("optimizer/workbook/back/package.py", "elements"): "a part that is not there, or that iterparse refuses",
    ("optimizer/workbook/back/sheets.py", "_cells"): "openpyxl refuses a damaged cell so",
    ("optimizer/workbook/check/__init__.py", "_judged"): "a rule on a damaged file; it becomes a finding, never a pass",
    ("optimizer/workbook/check/model.py", "values_are_right"): "formualizer refuses a file so; it becomes a finding",
    ("optimizer/workbook/check/parts.py", "_is_number"): "float() is the reader of a cell and says so by ValueError",
}
"""Where a broad catch stands round a reader that is not ours, and why nothing of ours can hide in it."""
ASKS_FOR_IT = {"raise LookupError", "raise KeyError", "raise IndexError", "raise Exception", "raise BaseException"}


def sources() -> list[Path]:
    return sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def functions(tree: ast.AST, name: str = "") -> Iterator[tuple[str, ast.AST]]:
    """Every node with the name of the function round it."""
    for child in ast.iter_child_nodes(tree):
        inside = child.name if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)) else name
        yield inside, child
        yield from functions(child, inside)


def caught(expression: ast.expr | None, constants: dict[str, ast.expr]) -> set[str]:
    """The names of built-in exceptions in an `except` clause, those in a constant of the same file too."""
    if expression is None:
        return {"BaseException"}
    if isinstance(expression, (ast.Tuple, ast.List)):
        return set().union(*(caught(part, constants) for part in expression.elts))
    if isinstance(expression, ast.Name):
        return caught(constants[expression.id], constants) if expression.id in constants else {expression.id}
    return set()


def constants_of(tree: ast.Module) -> dict[str, ast.expr]:
    found = {}
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            found[statement.targets[0].id] = statement.value
    return found


def cleans_up(handler: ast.ExceptHandler) -> bool:
    """Whether a handler raises what it caught again, whatever it does first."""
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def broad_catches(source: str) -> Iterator[tuple[str, int]]:
    """(function, line) of every broad catch in a source."""
    tree = ast.parse(source)
    constants = constants_of(tree)
    for name, node in functions(tree):
        if isinstance(node, ast.ExceptHandler) and not cleans_up(node) and caught(node.type, constants) & BROAD:
            yield name, node.lineno
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "suppress":
            names = set().union(*(caught(argument, constants) for argument in node.args))
            if names & BROAD:
                yield name, node.lineno


def test_every_broad_catch_has_a_reason() -> None:
    found = {
        (str(path.relative_to(ROOT)), name): line
        for path in sources()
        for name, line in broad_catches(path.read_text("utf-8"))
    }
    assert {f"{file}:{line} in {name}" for (file, name), line in found.items() if (file, name) not in ALLOWED} == set()
    assert set(ALLOWED) - set(found) == set()


def test_nothing_of_ours_raises_what_only_a_broad_catch_can_catch() -> None:
    wrong = []
    for path in sources():
        for _, node in functions(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                text = f"raise {ast.unparse(node.exc.func)}"
                wrong += [f"{path.name}:{node.lineno}: {text}"] if text in ASKS_FOR_IT else []
    assert wrong == []


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("try: f()\nexcept LookupError as e: raise Mine from e", 1),
        ("try: f()\nexcept (Mine, KeyError): pass", 1),
        ("try: f()\nexcept: pass", 1),
        ("ANY = (ValueError, Mine)\ntry: f()\nexcept ANY: pass", 1),
        ("with suppress(Exception): f()", 1),
        ("with contextlib.suppress(OSError, TypeError): f()", 1),
        ("try: f()\nexcept Exception:\n    clean()\n    raise", 0),
        ("try: f()\nexcept (Mine, OSError): pass", 0),
        ("try: f()\nexcept Mine: pass\nexcept BaseException: pass", 1),
    ],
)
def test_the_search_finds_them(source: str, count: int) -> None:
    assert len(list(broad_catches(source))) == count


def test_the_names_are_those_of_built_in_exceptions() -> None:
    assert all(issubclass(getattr(builtins, name), BaseException) for name in BROAD)


FAULTS = [
    ("optimizer.proven.build_tables", LookupError, ("plan", "scenario.yaml")),
    ("optimizer.planning.solve", KeyError, ("plan", "scenario.yaml")),
    ("optimizer.proven.matrix_of", ZeroDivisionError, ("plan", "scenario.yaml")),
    ("optimizer.explain.worth.uses", KeyError, ("explain", "plan.json")),
    ("optimizer.explain.offers.matches", LookupError, ("explain", "plan.json", "--offer", "box.purchase")),
    ("optimizer.request.calendar.Calendar.window", ValueError, ("plan", "budget.yaml")),
    ("optimizer.replan.approved.order_lines", ValueError, ("plan", "scenario.yaml", "--stay-close", "plan.json")),
    ("optimizer.explore.trades.trade_of", IndexError, ("frontier", "scenario.yaml", "--trade", "it_kw")),
]


@pytest.mark.parametrize(("where", "fault", "words"), FAULTS, ids=[where for where, _, _ in FAULTS])
def test_a_slip_of_ours_is_our_fault(
    where: str, fault: type[Exception], words: tuple[str, ...], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    small(tmp_path)
    other(tmp_path, "budget.yaml", {"extends": "scenario.yaml", "budget": {"capex_usd": {"2025": "9e9"}}})
    monkeypatch.chdir(tmp_path)
    assert run(["plan", "scenario.yaml", "--json", "plan.json"]) == 0

    def slips(*_: object, **__: object) -> None:
        raise fault("a slip")

    module, _, name = where.rpartition(".")
    if name == "window":
        monkeypatch.setattr(Calendar, name, slips)
    else:
        monkeypatch.setattr(import_module(module), name, slips)
    if name == "trade_of":
        monkeypatch.setattr(optimizer.explore.frontier, name, slips)
    assert run(list(words)) == 1
    assert "this is our fault" in capsys.readouterr().err
