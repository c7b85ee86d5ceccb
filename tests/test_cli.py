"""The installed command: help whose examples run, exit codes, what is printed where, what is written."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from commands import run, run_here, seen, start, wait_for_solver

from cli.main import chipmix

CATALOG = """\
accelerator: {id: chip, name: Chip, vendor: acme, kind: gpu, stack: cuda}
systems:
  box: {name: Box, accelerators: 8, provisioned_kw: 10, average_kw: 7, cooling: air, racks: 0.25}
offers:
  box.purchase: {system: box, route: purchase, price_usd: 300000}
throughput:
  training: {rate: 400, basis: measured, source: none}
sources: {none: {title: none}}
workloads: {training: {unit: TFLOP/s, phase: training, describes: training}}
"""
SCENARIO = """\
name: Worked example
buyer: anyone
catalogs: [./chips]
horizon: {start: 2025q1, periods: 2}
finance: {discount_rate: 0.08, maintenance_share: 0.04, residual: book}
sites:
  hall: {power_mw: 10, pue: 1.2, electricity_usd_per_mwh: 50}
demand:
  train: {workload: training, per_second: {2025q1: 30000, 2025q2: 60000}}
"""


pytestmark = pytest.mark.usefixtures("in_process")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The worked example as `scenario.yaml`, beside its catalogue."""
    (tmp_path / "chips").mkdir()
    (tmp_path / "chips" / "chip.yaml").write_text(CATALOG)
    (tmp_path / "scenario.yaml").write_text(SCENARIO)
    return tmp_path


def commands(
    group: click.Group = chipmix, words: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in group.commands.items():
        yield (*words, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*words, name))


def examples() -> Iterator[tuple[str, str]]:
    for words, command in commands():
        for line in (command.help or "").splitlines():
            if line.strip().startswith("chipmix "):
                yield " ".join(words), line.strip()


EXAMPLES = list(examples())


def test_every_command_shows_an_example() -> None:
    assert {name for name, _ in EXAMPLES} == {" ".join(words) for words, _ in commands()}


@pytest.fixture(scope="module")
def known_plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The plan.json of the smallest bundled scenario, made once."""
    folder = tmp_path_factory.mktemp("known")
    assert run_here("plan", "quick_start", "--json", "plan.json", cwd=folder).returncode == 0
    return folder / "plan.json"


FIRST = {next(line for command, line in EXAMPLES if command == name) for name, _ in EXAMPLES}
SOLVED_OFTEN = ("alternatives", "compare", "explain", "frontier", "repair", "sweep")
"""Commands whose examples solve many times: the first example of each always runs."""
LONG = (
    "explained.xlsx", "meta_2025", "--regret", "--cvar", "--samples 16", "within 2%", "--trade it_kw", "-o rates",
)  # fmt: skip
"""In examples that take long, and whose commands other tests run too."""


SAID = {"chipmix robust my_risks/scenario.yaml": ("Sign now", "packaging_short")}
"""What examples print, of what `init` writes for them."""
assert SAID.keys() <= {line for _, line in EXAMPLES}


def example(line: str) -> Any:
    often = line.split()[1] in SOLVED_OFTEN and line not in FIRST
    return pytest.param(line, marks=[pytest.mark.slow] if often or any(word in line for word in LONG) else [])


@pytest.mark.parametrize("line", [example(line) for line in sorted({line for _, line in EXAMPLES})])
def test_examples_of_the_help_run(line: str, folder: Path, known_plan: Path) -> None:
    shutil.copy(folder / "scenario.yaml", folder / "my_scenario.yaml")
    if not line.startswith("chipmix init"):
        run_here("init", "my_plan", cwd=folder)
    if "risks" in line and "init" not in line:
        run_here("init", "my_risks", "--futures", cwd=folder)
    if "stress" in line:
        run_here("plan", "my_risks/scenario.yaml", "--json", "risks.json", cwd=folder)
    for name in ("our_quotes", "quotes_2025"):
        (folder / name).mkdir()
        shutil.copy(folder / "chips" / "chip.yaml", folder / name / "chip.yaml")
    words = shlex.split(line.partition(" > ")[0])[1:]
    (folder / "trace.csv").write_text("time,tokens\n2026-01-01,86400\n2026-01-02,172800\n")
    (folder / "vms.csv").write_text("InstanceType,AcceleratorName,AcceleratorCount,Price\np5.48xlarge,H100,8,55\n")
    if "plan.xlsx" in words and "-o plan.xlsx" not in line:
        run_here("plan", "scenario.yaml", "-o", "plan.xlsx", cwd=folder)
    if "--volume" in words:
        run_here("plan", "openai_asic", "--json", "plan.json", cwd=folder)
    for name in {"plan.json", "approved.json", "new.json"} & set(words):
        if not (folder / name).exists():
            shutil.copy(known_plan, folder / name)
    done = run_here(*words, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert all(said in done.stdout for said in SAID.get(line, ()))


def test_the_plan_is_printed_and_timings_go_to_stderr(folder: Path) -> None:
    done = run("plan", "scenario.yaml", cwd=folder)
    assert done.returncode == 0
    assert "660,432.79 USD" in done.stdout
    assert re.search(r"2025q2 +2025q2 +box\.purchase +hall +10 +80 +3\.000", done.stdout)
    assert "audit: passed" in done.stdout
    assert re.search(r"^\d+\.\d s, of which the solver", done.stderr, re.MULTILINE)
    assert "\x1b" not in done.stdout


def test_json_to_standard_output_is_json_alone_and_the_same_twice(folder: Path) -> None:
    first, second = (run_here("plan", "scenario.yaml", "--json", "-", cwd=folder) for _ in range(2))
    assert json.loads(first.stdout)["objective_usd"] == pytest.approx(660432.79, abs=0.005)
    assert first.stdout == second.stdout


def test_files_are_written_beside_what_is_printed(folder: Path) -> None:
    done = run_here("plan", "scenario.yaml", "--json", "plan.json", "--write-model", "m.lp", "-o", "p.xlsx", cwd=folder)
    assert done.returncode == 0
    assert json.loads((folder / "plan.json").read_text())["status"] == "optimal"
    assert "serve_demand(train,2025q1):" in (folder / "m.lp").read_text()
    assert (folder / "p.xlsx").read_bytes()[:2] == b"PK"
    assert sorted(path.name for path in folder.iterdir()) == ["chips", "m.lp", "p.xlsx", "plan.json", "scenario.yaml"]


def test_bad_input_exits_2_and_writes_nothing(folder: Path) -> None:
    text = SCENARIO.replace("pue: 1.2", "pue: 0.9").replace("workload: training", "workload: trainning")
    (folder / "scenario.yaml").write_text(text)
    before = sorted(folder.rglob("*"))
    done = run_here("plan", "scenario.yaml", "-o", "p.xlsx", "--json", "p.json", "--write-model", "m.lp", cwd=folder)
    assert done.returncode == 2
    assert "scenario.yaml:7:29: sites.hall.pue must be at least 1 (got 0.9)" in done.stderr
    assert "there is no workload 'trainning'; did you mean 'training'?" in done.stderr
    assert "2 problems; nothing was written" in done.stderr
    assert done.stdout == ""
    assert sorted(folder.rglob("*")) == before


def test_an_infeasible_scenario_exits_3_names_what_is_short_and_writes_nothing(folder: Path) -> None:
    (folder / "scenario.yaml").write_text(SCENARIO.replace("power_mw: 10,", "power_mw: 0.2,"))
    before = sorted(folder.rglob("*"))
    done = run_here("plan", "scenario.yaml", "-o", "p.xlsx", "--json", "p.json", cwd=folder)
    # 20 systems of 10 kW at a PUE of 1.2 take 0.24 MW; the site has 0.20.
    assert done.returncode == 3
    assert "power: 0.04 MW more power at hall" in done.stderr
    assert done.stdout == ""
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("plan", "metta_2025"), "did you mean 'meta_2025'?"),
        (("plan", "scenario.yaml", "-o", "plan.xls"), "must end in .xlsx"),
        (("plan", "scenario.yaml", "-o", "nowhere/plan.xlsx"), "there is no folder nowhere"),
        (("plan", "scenario.yaml", "--solver", "NOSOLVER"), "PuLP reaches no solver 'NOSOLVER'"),
        (("plan", "scenario.yaml", "--gap", "2"), "2"),
        (("check", "chips", "nothing.yaml"), "no such file"),
        (("catalog", "show", "h100"), "did you mean"),
        (("catalog", "list", "--vendor", "nvidea"), "there is no vendor 'nvidea'"),
        (("catalog", "add", "Nova", "--vendor", "acme"), "small letters"),
        (("advise", "plan.json"), "No such command"),
        (("explain", "plan.json"), "plan.json:1:1: cannot be read"),
        (("compare", "scenario.yaml"), "give at least two plans"),
        (("plan", "scenario.yaml", "--saving", "50%"), "need --stay-close PLAN"),
        (("plan", "scenario.yaml", "--stay-close", "scenario.yaml"), "is not a chipmix plan"),
    ],
)
def test_misuse_exits_2_with_what_would_do(words: tuple[str, ...], says: str, folder: Path) -> None:
    done = run_here(*words, cwd=folder)
    assert (done.returncode, done.stdout.replace("chips: ", "")[:0]) == (2, "")
    assert says in done.stderr


def test_check_reports_every_problem_of_every_path(folder: Path) -> None:
    (folder / "chips" / "chip.yaml").write_text(CATALOG.replace("cooling: air", "cooling: water"))
    (folder / "other.yaml").write_text(SCENARIO.replace("periods: 2", "periods: two"))
    done = run_here("check", "scenario.yaml", "other.yaml", cwd=folder)
    assert done.returncode == 2
    assert "systems.box.cooling must be 'air' or 'liquid' (got water)" in done.stderr
    assert "horizon.periods must be a whole number (got two)" in done.stderr


def test_init_and_add_write_what_runs_and_never_overwrite(tmp_path: Path) -> None:
    assert run_here("init", "mine", cwd=tmp_path).returncode == 0
    assert run_here("plan", "mine/scenario.yaml", cwd=tmp_path).returncode == 0
    assert run_here("init", "mine", cwd=tmp_path).returncode == 2
    assert run_here("catalog", "add", "nova1", "--vendor", "acme", "--folder", "own", cwd=tmp_path).returncode == 0
    assert run_here("catalog", "check", "own", cwd=tmp_path).returncode == 0
    assert run_here("catalog", "add", "nova1", "--vendor", "acme", "--folder", "own", cwd=tmp_path).returncode == 2


def test_the_catalogue_is_shown_in_one_table(tmp_path: Path) -> None:
    listed = run_here("catalog", "list", cwd=tmp_path).stdout.splitlines()
    shown = run_here("catalog", "show", "h100_sxm", cwd=tmp_path).stdout
    assert listed[0].startswith("vendor")
    assert any("dgx_h100.purchase" in line and "nvidia" in line for line in listed)
    assert re.search(r"llm_training +\S+ TFLOP/s .*\bfp8 .*(measured|vendor|estimated)", shown)


@pytest.mark.parametrize("what", ["catalog", "scenario", "plan", "robust", "stress"])
def test_schemas_are_json_schemas(what: str, tmp_path: Path) -> None:
    import jsonschema

    schema = json.loads(run_here("catalog", "schema", "--of", what, cwd=tmp_path).stdout)
    jsonschema.Draft202012Validator.check_schema(schema)


def test_help_needs_no_slow_import() -> None:
    code = "import sys; from cli.main import run; run(['--help']); print(sorted(sys.modules), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"pandas", "pulp", "openpyxl", "numpy", "pydantic", "rich"} & set(re.findall(r"'(\w+)'", done.stderr))


def test_a_plan_that_nobody_wants_as_a_workbook_needs_no_library_of_workbooks(folder: Path) -> None:
    """It takes as long to import as the rest of our program."""
    code = "import sys; from cli.main import run; run(['plan', 'scenario.yaml']); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=folder)
    assert "audit: passed" in done.stdout
    assert not {"openpyxl", "formualizer", "pandas"} & set(done.stderr.split())


def test_a_terminal_gets_tables_with_rules(folder: Path) -> None:
    _, shown = seen(["plan", "scenario.yaml"], folder)
    assert "660,432.79 USD" in shown
    assert "────" in shown
    assert "\x1b[1m" in shown


def test_no_color_is_kept(folder: Path) -> None:
    _, shown = seen(["catalog", "list", "--vendor", "intel"], folder, NO_COLOR="1")
    assert "gaudi3" in shown
    assert not re.search(r"\x1b\[[0-9;]*m", shown)


@pytest.mark.slow
def test_interrupting_keeps_the_best_plan(tmp_path: Path) -> None:
    """At a gap of zero the search goes on long after a good plan is known."""
    child = start("plan", "meta_2025", "--gap", "0", "--json", "plan.json", cwd=tmp_path)
    wait_for_solver(child, seconds=3)
    if child.poll() is not None:
        pytest.skip("the search ended before it could be interrupted")
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=60)
    assert child.returncode == 130, err
    assert json.loads((tmp_path / "plan.json").read_text())["status"] == "feasible"
    assert "stopped early, the best plan so far" in out


def test_no_plan_in_the_time_given_exits_4(tmp_path: Path) -> None:
    done = run_here("plan", "meta_2025", "--time-limit", "0.001", "--json", "plan.json", cwd=tmp_path)
    assert done.returncode == 4
    assert "no plan was found in the time given" in done.stderr
    assert not list(tmp_path.iterdir())


def test_another_solver_agrees(folder: Path) -> None:
    pytest.importorskip("pyscipopt")
    done = run_here("plan", "scenario.yaml", "--solver", "SCIP_PY", "--json", "-", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["objective_usd"] == pytest.approx(660432.79, abs=0.005)


def test_settings_change_scenario_and_catalogue(folder: Path) -> None:
    """At 200,000 and without maintenance and residual value, 20 boxes are 4 million and their energy."""
    settings = (
        "finance/discount_rate=0", "finance/residual=none", "finance/maintenance_share=0",
        "catalog/offers/box.purchase/price_usd=200e3",
    )  # fmt: skip
    words = [word for setting in settings for word in ("--set", setting)]
    done = run_here("plan", "scenario.yaml", *words, "--json", "-", cwd=folder)
    assert done.returncode == 0, done.stderr
    # 10 boxes, then 20, at 1.2 · 7 kW · 2,190 h · 0.05 USD/kWh = 919.80 a quarter
    assert json.loads(done.stdout)["objective_usd"] == pytest.approx(20 * 200_000 + 30 * 919.80)
    assert (folder / "scenario.yaml").read_text() == SCENARIO


def test_wrong_settings_exit_2_and_name_the_setting(folder: Path) -> None:
    done = run_here("plan", "scenario.yaml", "--set", "finance/discount_rat=0", "--set", "horizon=x", cwd=folder)
    assert done.returncode == 2
    assert "--set finance/discount_rat=0" in done.stderr
    assert "did you mean 'discount_rate'?" in done.stderr
    assert "--set horizon=x" in done.stderr
    assert done.stdout == ""


DECISIONS = """\
extends: scenario.yaml
finance: {residual: none, maintenance_share: 0}
assumptions: {availability: 1}
horizon: {start: 2025q1, periods: 3}
sites:
  hall: {power_mw: 0.012, expansion: {usd_per_mw: 1e6, lead_time_months: 3, max_mw: 1, life_years: 10}}
demand:
  train:
    per_second: {2025q3: 9600}
    stacks: {cuda: {usd: 2e6, months: 6}}
    cluster: {accelerators: 24}
fleet:
  - {system: box, site: hall, count: 1, until: 2025q2, may_retire: true, resale_usd: 50e3}
"""


def test_other_decisions_are_printed(folder: Path) -> None:
    """One-off costs, growth, what is sold and where a cluster runs, each with its period."""
    catalogue = CATALOG.replace("stack: cuda}", "stack: cuda, one_off: {usd: 5e6, months: 6}}")
    (folder / "chips" / "chip.yaml").write_text(catalogue)
    (folder / "decisions.yaml").write_text(DECISIONS)
    done = run_here("plan", "decisions.yaml", cwd=folder)
    assert done.returncode == 0, done.stderr
    shown = done.stdout
    assert re.search(r"2025q1 +start engineering chip +orders from 2025q3 +5\.000", shown)
    assert re.search(r"2025q1 +start porting train to cuda +runs from 2025q3 +2\.000", shown)
    # 3 boxes of 0.012 MW from the third quarter on, in a hall for one
    assert re.search(r"2025q3 +add 0\.02 MW at hall +on line +0\.024", shown)
    assert re.search(r"2025q1 +retire 1 box at hall +sold +-0\.050", shown)
    assert re.search(r"train +2025q3 +2025q3 +chip +hall +24", shown)


def test_a_plan_of_value_says_so(folder: Path) -> None:
    """Half a cent for each TFLOP/s and hour: the headline is what the work is worth less all costs."""
    value = ("--set", "objective=maximize_value", "--set", "demand/train/value_usd_per_unit_hour=0.005")
    done = run_here("plan", "scenario.yaml", *value, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "present value of the work, less all costs" in done.stdout
    best = run_here("plan", "scenario.yaml", *value, "--json", "-", cwd=folder)
    objective = json.loads(best.stdout)["objective_usd"]
    assert f"optimal: {-objective:,.2f} USD present value of the work" in done.stdout


CENTS = """\
extends: scenario.yaml
assumptions: {availability: 1}
horizon: {start: 2025q1, periods: 1}
sites: {hall: {power_mw: 1e6}}
demand: {train: {per_second: 3.2e8}}
"""
"""100,000 boxes of 300,000 USD: 30 billion."""


@pytest.mark.parametrize(
    ("settings", "code", "said"),
    [
        (["budget/capex_usd/total=29999999999.90"], 3, "budget: 0.10 USD more capex in total"),
        (["budget/capex_usd/total=30000000000.10"], 0, ""),
        (["sites/hall/power_mw=1199.999999999"], 3, "power: 0.000000001 MW more power at hall"),
        (["sites/hall/racks=24999.99"], 3, "power: 0.01 racks more at hall"),
        (["supply_per_month/chip=266666.5"], 3, "supply: 0.5 accelerators of chip more in each period"),
        (["demand/train/per_second=1e15"], 3, "power: 3,749,000,000 MW more power at hall"),
        (["demand/train/per_second=1e-6"], 0, ""),
        (["catalog/throughput/chip/training/rate=1e-12"], 3, "demand: "),
        (
            ["demand/train/per_second=1e-6", "catalog/offers/box.purchase/divisible=true"], 2,
            "demand.train: takes 3.1e-1",
        ),
    ],
)  # fmt: skip
def test_numbers_of_any_size_end_in_an_answer(folder: Path, settings: list[str], code: int, said: str) -> None:
    """A plan, a proof that there is none with what is short, or the field that is out of proportion."""
    (folder / "cents.yaml").write_text(CENTS)
    done = run_here("plan", "cents.yaml", *(word for each in settings for word in ("--set", each)), cwd=folder)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    if code == 0:
        assert "audit: passed" in done.stdout


def test_a_repair_of_a_hair_is_a_hair(folder: Path) -> None:
    (folder / "cents.yaml").write_text(CENTS)
    done = run_here("repair", "cents.yaml", "--set", "budget/capex_usd/total=29999999999.90", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "+0.1 USD of capex budget total" in done.stdout
    assert "total: 30000000000" in done.stdout
