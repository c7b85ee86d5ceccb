"""A new accelerator that is like another: its figures, their evidence, and that a newcomer sees it in a plan."""

from __future__ import annotations

import json
import re
import shlex
from decimal import Decimal
from pathlib import Path

import pytest
from commands import run_here

from catalogs.estimates.entry import entry_file
from catalogs.estimates.like import Sheet, estimated
from catalogs.load import bundled_folder, catalog_of
from catalogs.schema import Catalog

pytestmark = pytest.mark.usefixtures("in_process")
README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
ADD = shlex.split(next(line for line in README.splitlines() if line.startswith("chipmix catalog add nova1")))[1:]
PRICE = ADD.index("--price")
UNPRICED = ADD[:PRICE] + ADD[PRICE + 2 :]
FILE = Path("my_plan") / "our_quotes" / "nova1.yaml"


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return catalog_of([bundled_folder()])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    assert run_here("init", "my_plan", cwd=tmp_path).returncode == 0
    return tmp_path


def _bought(folder: Path) -> set[str]:
    """The offers of a plan to a wide gap: README's own line runs with its other lines."""
    done = run_here("plan", "my_plan/scenario.yaml", "--gap", "0.1", "--json", "plan.json", cwd=folder)
    assert done.returncode == 0, done.stderr
    plan = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    assert plan["audit"]["ok"]
    return {order["offer"] for order in plan["orders"]}


def test_a_newcomer_sees_a_chip_of_a_data_sheet_in_a_plan(folder: Path) -> None:
    """The lines of README, from `init` to the plan."""
    done = run_here(*ADD, cwd=folder)
    assert done.returncode == 0, done.stderr
    done = run_here("check", "my_plan", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "nova1_server.purchase" in _bought(folder)


def test_nothing_is_bought_at_a_price_that_is_made_up(folder: Path) -> None:
    done = run_here(*UNPRICED, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "no plan buys nova1_server" in done.stdout
    assert run_here("check", "my_plan", cwd=folder).returncode == 0
    assert not any("nova1" in offer for offer in _bought(folder))
    known = catalog_of([bundled_folder(), folder / FILE.parent])
    assert "nova1_server" in known.systems
    assert "nova1_server.purchase" not in known.offers
    text = (folder / FILE).read_text(encoding="utf-8")
    (folder / FILE).write_text(re.sub(r"(?m)^( *)#(?=\S|  )", r"\1", text), "utf-8")
    known = catalog_of([bundled_folder(), folder / FILE.parent])
    assert known.basis("nova1_server.purchase", "price_usd") == "estimated"


def test_an_estimate_that_is_accepted_is_an_estimate(folder: Path) -> None:
    done = run_here(*UNPRICED, "--accept-price", cwd=folder)
    assert done.returncode == 0, done.stderr
    known = catalog_of([bundled_folder(), folder / FILE.parent])
    cite = known.cite("nova1_server.purchase", "price_usd")
    assert cite is not None
    assert (cite.source, cite.basis) == ("rule_price", "estimated")


def test_each_figure_says_what_stands_behind_it(folder: Path) -> None:
    assert run_here(*ADD, cwd=folder).returncode == 0
    known = catalog_of([bundled_folder(), folder / FILE.parent])
    chip, system = known.accelerators["nova1"], known.systems["nova1_server"]
    assert (chip.memory_gb, chip.tdp_w, chip.stack) == (Decimal(192), Decimal(1000), "cuda")
    for field in ("memory_gb", "memory_bandwidth_tb_s", "peak_tflops", "tdp_w"):
        assert known.basis("nova1", field) == "vendor"
    for entry, field in (("nova1", "draws"), ("nova1_server", "racks"), ("nova1_server", "average_kw")):
        assert known.basis(entry, field) == "estimated"
    assert known.basis("nova1_server.purchase", "price_usd") == "unsourced"
    assert {point.basis for points in known.throughput["nova1"].values() for point in points} == {"estimated"}
    assert float(system.provisioned_kw) == pytest.approx(11.0 / (8 * 0.7) * 8 * 1.0, rel=5e-3)


def test_an_accelerator_with_its_neighbours_figures_has_its_rates_power_and_price(catalog: Catalog) -> None:
    there, system = catalog.accelerators["h100_sxm"], catalog.systems["dgx_h100"]
    found = estimated(catalog, Sheet("same", "Same", "acme"), "dgx_h100")
    assert found.chip.peak_tflops == there.peak_tflops
    assert (found.system.provisioned_kw, found.system.average_kw) == (system.provisioned_kw, system.average_kw)
    assert found.price_usd == 286_000
    for workload, points in found.rates.items():
        for point in points:
            known = [p.rate for p in catalog.points("h100_sxm", workload) if p.precision == point.precision]
            assert point.rate in known, workload


def test_rates_follow_the_roofline_of_the_data_sheet(catalog: Catalog) -> None:
    peaks = {"bf16": 2 * 989.0}
    found = estimated(catalog, Sheet("fast", "Fast", "acme", 80, 3.35, peaks, 700), "dgx_h100")
    (training,) = found.rates["llm_training"]
    assert float(str(training.rate)) == pytest.approx(2 * 430)  # training is bound by computing alone
    assert "fp8" not in {point.precision for points in found.rates.values() for point in points}


@pytest.mark.parametrize("system", ["dgx_b200", "mi355x_server", "tpu_v6e_server", "trn2_server", "mtia_v2_rack"])
def test_what_is_like_any_system_is_in_order(system: str, catalog: Catalog, tmp_path: Path) -> None:
    sheet = Sheet("nova1", 'No"va: 1', "acme", accepts_price=True)
    found = estimated(catalog, sheet, system)
    text = entry_file(found, sheet, system, catalog.systems[system].accelerator, 2026)
    (tmp_path / "nova1.yaml").write_text(text, encoding="utf-8")
    assert catalog_of([bundled_folder(), tmp_path]).accelerators["nova1"].name == 'No"va: 1'


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--like", "h100_sx"], "did you mean 'h100_sxm'?"),
        (["--tdp", "700"], "go with --like"),
        (["--like", "h100_sxm", "--peak", "fp9=4"], "is no peak; write bf16=2250"),
        (["--like", "h100_sxm", "--peak", "fp8=nan"], "--peak"),
        (["--like", "h100_sxm", "--price", "3", "--accept-price"], "give one of them"),
        (["--like", "h100_sxm", "--tdp", "-1"], "--tdp"),
        (["--like", "l40s", "--peak", "fp4=100"], "no precision in common"),
    ],
)
def test_what_cannot_be_meant_is_refused(words: list[str], says: str, tmp_path: Path) -> None:
    done = run_here("catalog", "add", "nova1", "--vendor", "acme", *words, cwd=tmp_path)
    assert done.returncode == 2
    assert says in done.stderr
    assert not list(tmp_path.iterdir())
