"""The front door for notebooks: the page is run, tables are whole and typed, nothing is imported too early."""

from __future__ import annotations

import doctest
import json
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
from builders import accelerator, catalog, one_offer, rates, scenario, system, write
from commands import run_here, small
from hypothesis import given
from hypothesis import strategies as st

import optimizer
from catalogs.problems import InputError
from catalogs.yaml_text import parse
from optimizer import Infeasible, NoPlan, Plan, compare, plan
from optimizer.notebook import html
from optimizer.notebook.ask import _written
from optimizer.plan import format as fmt

ROOT = Path(__file__).parent.parent

pytestmark = pytest.mark.usefixtures("in_process")
TABLES = [name for name, field in fmt.Plan.model_fields.items()
          if get_origin(field.annotation) is tuple and get_args(field.annotation)[0] is not str]  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return plan(small(tmp_path_factory.mktemp("made")))


def test_the_page_is_true(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = doctest.testfile(
        str(ROOT / "docs" / "python.md"), module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE
    )
    assert done.attempted > 15
    assert done.failed == 0


# Imports


def test_importing_the_package_imports_no_library() -> None:
    code = (
        "import sys, time; began = time.process_time(); import optimizer; took = time.process_time() - began;"
        "print(took, sorted({m.partition('.')[0] for m in sys.modules}))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    took, _, modules = said.partition(" ")
    assert not {"pandas", "numpy", "pulp", "pydantic", "highspy", "openpyxl", "catalogs"} & set(eval(modules))
    assert float(took) < 0.2


def test_pandas_comes_with_the_first_table(tmp_path: Path) -> None:
    small(tmp_path)
    code = (
        "import sys; from optimizer import plan; made = plan('scenario.yaml'); made._repr_html_();"
        "assert 'pandas' not in sys.modules; made.orders; assert 'pandas' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)


def test_what_is_named_is_there_and_nothing_else() -> None:
    assert {name: getattr(optimizer, name) is not None for name in optimizer.__all__} == dict.fromkeys(
        optimizer.__all__, True
    )
    assert set(optimizer.__all__) <= set(dir(optimizer))
    with pytest.raises(AttributeError, match="has no attribute 'plam'"):
        _ = optimizer.plam  # type: ignore[attr-defined]


def test_the_package_named_plan_is_still_one() -> None:
    import optimizer.plan.format as again

    assert again is fmt
    assert optimizer.plan.format is fmt  # type: ignore[attr-defined]
    assert callable(plan)


# Tables


@pytest.mark.parametrize("name", TABLES)
def test_every_table_of_a_plan_is_a_frame(name: str, made: Plan) -> None:
    frame, rows = getattr(made, name), getattr(made.document, name)
    row = get_args(fmt.Plan.model_fields[name].annotation)[0]
    assert list(frame.columns) == list(row.model_fields)
    kinds = {field: str(kind) for field, kind in frame.dtypes.items()}
    assert set(kinds.values()) <= {"string", "float64", "int64", "bool"}
    back = [{key: None if value != value else value for key, value in record.items()}
            for record in frame.astype(object).where(frame.notna(), None).to_dict("records")]  # fmt: skip
    assert back == [{**dict.fromkeys(row.model_fields), **one.model_dump()} for one in rows]


def test_types_do_not_depend_on_the_rows(made: Plan) -> None:
    assert made.unmet.empty
    assert made.unmet.dtypes.astype(str).to_dict() == {
        "demand": "string", "period": "string", "per_second": "float64", "usd": "float64",
    }  # fmt: skip
    assert str(made.periods["months"].dtype) == "int64"
    assert str(made.sites["liquid_limit_mw"].dtype) == "float64"
    assert made.sites["liquid_limit_mw"].isna().all(), "absent is never zero"


def test_a_frame_is_a_copy(made: Plan) -> None:
    orders = made.orders
    orders["systems"] = 0.0
    assert (made.orders["systems"] > 0).all()


def test_costs_are_those_of_the_document(made: Plan) -> None:
    sums = made.costs.groupby("cost")["usd"].sum()
    assert {line: pytest.approx(sum(by.values())) for line, by in made.document.costs.items()} == sums.to_dict()
    assert made.present_costs["usd"].sum() == pytest.approx(made.objective_usd)


# Plans


def test_a_plan_is_that_of_the_command(tmp_path: Path) -> None:
    small(tmp_path)
    words = ("--set", "finance/discount_rate=0.2", "--set", "sites/oslo/pue={2025q1: 1.3}")
    done = run_here("plan", "scenario.yaml", "--json", "plan.json", *words, cwd=tmp_path)
    settings = {"finance/discount_rate": 0.2, "sites/oslo/pue": {"2025q1": 1.3}}
    assert done.returncode == 0, done.stderr
    found = plan(tmp_path / "scenario.yaml", set=settings)
    found.write(tmp_path / "mine.json")
    assert (tmp_path / "mine.json").read_bytes() == (tmp_path / "plan.json").read_bytes()


def test_a_workbook_is_planned_again(made: Plan, tmp_path: Path) -> None:
    made.write(tmp_path / "plan.xlsx")
    again = plan(tmp_path / "plan.xlsx")
    assert again.objective_usd == pytest.approx(made.objective_usd)
    dearer = plan(tmp_path / "plan.xlsx", set={"catalog/offers/box.purchase/price_usd": 400_000})
    assert dearer.objective_usd > made.objective_usd


def test_a_changed_file_is_refused(made: Plan, tmp_path: Path) -> None:
    made.write(tmp_path / "plan.json")
    text = json.loads((tmp_path / "plan.json").read_text())
    (tmp_path / "plan.json").write_text(json.dumps({**text, "objective_usd": 1.0}))
    with pytest.raises(InputError, match="sha256"):
        Plan.read(tmp_path / "plan.json")


def test_what_is_no_plan_is_an_exception(tmp_path: Path) -> None:
    small(tmp_path)
    with pytest.raises(Infeasible):
        plan(tmp_path / "scenario.yaml", set={"budget/capex_usd/total": 1, "budget/opex_usd/total": 1})
    with pytest.raises(InputError, match="did you mean 'quick_start'"):
        plan("quick_strat")
    with pytest.raises(NoPlan):
        plan("meta_2025", time_limit=1e-6)


@pytest.mark.parametrize(
    "wrong", [{"gap": -1}, {"gap": float("nan")}, {"gap": 2}, {"time_limit": 0}, {"time_limit": float("nan")}]
)
def test_numbers_that_are_none_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        plan("quick_start", **wrong)  # type: ignore[arg-type]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.from_regex(r"\A[a-z]{1,5}\Z"), inner, max_size=3),
)


@given(VALUES)
def test_values_are_written_as_settings_are_read(value: Any) -> None:
    """Numbers, lists and maps come back from the reader of settings as they were."""
    assert same(parse(f"value: {_written(value)}", "set")["value"], value)


def same(read: Any, value: Any) -> bool:
    if isinstance(value, dict):
        return set(read) == set(value) and all(same(read[key], value[key]) for key in value)
    if isinstance(value, list):
        return len(read) == len(value) and all(map(same, read, value))
    if value is None or isinstance(value, bool):
        return read is None if value is None else str(read) == str(value).lower()
    return float(read) == value


# Side by side


def test_plans_are_compared_as_the_command_does(tmp_path: Path) -> None:
    small(tmp_path)
    one, other = (plan(tmp_path / "scenario.yaml", set={"finance/discount_rate": rate}) for rate in (0.05, 0.2))
    one.write(tmp_path / "one.json")
    other.write(tmp_path / "other.json")
    done = run_here("compare", "one.json", "other.json", "--json", "-", cwd=tmp_path)
    found = compare(one=one, other=other)
    assert json.loads(done.stdout) == found.document.model_dump(mode="json")
    assert list(found.plans["name"]) == ["one", "other"]
    assert found.bridge["usd"].sum() == pytest.approx(other.objective_usd - one.objective_usd)
    assert found.costs.groupby("plan")["usd"].sum().to_dict() == pytest.approx(
        {"one": one.objective_usd, "other": other.objective_usd}
    )
    assert found.accelerators["accelerators"].sum() > 0
    assert repr(found) == "<Comparison of one, other>"
    with pytest.raises(ValueError, match="at least two"):
        compare(one=one)


def test_orders_that_changed_are_rows(tmp_path: Path) -> None:
    two = {
        "box.purchase": {"system": "box", "route": "purchase", "price_usd": 300_000},
        "box.lease": {"system": "box", "route": "lease", "usd_per_accelerator_hour": 9, "term_months": 12},
    }
    path = write(tmp_path, scenario(), catalog(accelerator("chip", {"box": system()}, two, rates(training=400))))
    bought = plan(path)
    leased = plan(path, set={"offers/deny": ["box.purchase"]})
    orders = compare(bought=bought, leased=leased).orders
    assert set(orders["change"]) == {"added", "dropped"}
    assert set(orders["plan"]) == {"leased"}
    assert str(orders["plan"].dtype) == "string"
    assert list(compare(a=bought, b=bought).orders.columns) == list(orders.columns)


# What a notebook shows


class Tags(HTMLParser):
    """The tags of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, _: object) -> None:
        self.found.add(tag)


def test_a_scenario_puts_no_html_into_a_notebook(tmp_path: Path) -> None:
    name = "<script>alert(1)</script>\u202e & co"
    evil = plan(write(tmp_path, scenario(name=name), one_offer()))
    for shown in (evil._repr_html_(), compare(a=evil, b=evil)._repr_html_()):
        assert Tags(shown).found <= {"p", "ul", "li", "table", "thead", "tbody", "tr", "th", "td"}
    assert "&lt;script&gt;" in evil._repr_html_()
    assert "\u202e" not in (evil._repr_html_() + repr(evil))


def test_orders_and_warnings_are_shown(made: Plan) -> None:
    shown = made._repr_html_()
    assert all(html.text(warning) in shown for warning in made.warnings)
    assert "box.purchase" in shown
    assert "and 5 more" in html.table(["n"], [[n] for n in range(25)])


def test_python_m_cli_is_the_command(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "cli"]
    good = subprocess.run([*words, "scenarios"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert good.stdout == run_here("scenarios", cwd=tmp_path).stdout
    bad = subprocess.run([*words, "plan", "nothing"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (good.returncode, bad.returncode) == (0, 2)
    usage = subprocess.run([*words, "plam"], cwd=tmp_path, capture_output=True, text=True, check=False).stderr
    assert usage.startswith("Usage: chipmix ")
