"""A workload of one's own: how far off its rates are, and that they can be checked and planned with."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from catalogs.load import bundled_folder, catalog_of
from catalogs.own_work.calibration import Calibration, Row, calibrated, measured_rows, rows_of, unseen_errors
from catalogs.own_work.estimate import Asked, Estimate, estimate
from catalogs.own_work.models import MODELS, SERVED_AS, Model, cached_values_like
from catalogs.own_work.roofline import Chip, Parameters, best_group, chip_in, group_rate
from catalogs.schema import Catalog
from cli.main import chipmix

DOCUMENT = Path(__file__).parent.parent / "docs" / "estimates.md"
MOST_ERROR = 0.35
OURS = Model(235, 22, 84_000, 7_000, 1_000)


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return catalog_of([bundled_folder()])


@pytest.fixture(scope="module")
def rows(catalog: Catalog) -> list[Row]:
    return measured_rows(catalog)


@pytest.fixture(scope="module")
def known(catalog: Catalog, rows: list[Row]) -> Calibration:
    return calibrated(catalog, rows, rows_of(catalog, "estimated"))


@pytest.fixture(scope="module")
def ours(catalog: Catalog) -> Estimate:
    return estimate(catalog, Asked("ours", OURS, 40.0, ("fp8",)))


def _median(found: dict[str, list[float]]) -> float:
    return statistics.median(error for errors in found.values() for error in errors)


def _table(found: dict[str, list[float]]) -> list[str]:
    return [
        f"| `{name}` | {len(errors)} | {statistics.median(errors):.0%} | {max(errors):.0%} |".replace("%", " %")
        for name, errors in found.items()
    ]


@pytest.mark.parametrize("left_out", ["model", pytest.param("accelerator", marks=pytest.mark.slow)])
def test_unseen_rates_are_within_a_third_and_the_document_says_so(
    catalog: Catalog, rows: list[Row], left_out: str
) -> None:
    found = unseen_errors(catalog, rows, left_out)
    assert sum(map(len, found.values())) == len(rows)
    assert _median(found) <= MOST_ERROR
    text = DOCUMENT.read_text(encoding="utf-8")
    expected = [*_table(found), f"without the {left_out} {_median(found):.1%}".replace("%", " %")]
    missing = [line for line in expected if line not in text]
    assert not missing, "\n".join(missing)


def test_the_document_states_the_parameters_and_the_models(known: Calibration, rows: list[Row]) -> None:
    text, p = DOCUMENT.read_text(encoding="utf-8"), known.parameters
    stated = (f"computing {p.computing:g}", f"4 bits {p.fp4:g}", f"moving {p.moving:g}", f"sparse {p.sparse:g}",
              f"parallel {p.parallel:g}", f"drafted {p.drafted:g}")  # fmt: skip
    assert not [words for words in stated if words not in text]
    assert f"{len(rows)} measured rates" in text
    for name, model in MODELS.items():
        shape = f"{model.parameters_bn:,g} B | {model.active_bn:g} B | {model.cached_values:,} |"
        assert f"| `{name}` | {shape} {model.prompt_tokens:,} | {model.answer_tokens:,} |" in text, name


def test_every_measured_serving_rate_with_a_precision_is_used(catalog: Catalog, rows: list[Row]) -> None:
    used = {(row.accelerator, row.model, row.user) for row in rows}
    for accelerator, rated in catalog.throughput.items():
        for workload, (model, user) in SERVED_AS.items():
            if any(point.basis == "measured" for point in rated.get(workload, ())):
                assert (accelerator, model, user) in used


# Laws that a reader expects of a roofline.

EVEN = Parameters(computing=0.5, fp4=1, moving=0.5, sparse=0, parallel=1, drafted=1)
CHIP = Chip("fp8", peak_tflops=1_000, bandwidth_tb_s=4, memory_gb=100)


def test_a_rate_by_hand() -> None:
    # 10 GB of weights, 100 GB of memory: 80 GB are free, a request of 100 tokens of 1e8 values takes 10 GB: 8 users.
    # A token computes 2 * 10 GFLOP * (1 + 50/50) = 40 GFLOP at 500 TFLOP/s, 80 us; reads 75 tokens of cache, 7.5 GB at
    # 2 TB/s, 3.75 ms; and an eighth of the weights, 5 ms / 8. One over 4.455 ms is 224.5 tokens/s, 28 for each user.
    model = Model(10, 10, 1e8, 50, 50)
    assert group_rate(model, CHIP, 1, 20.0, EVEN) == pytest.approx(224.467, rel=1e-5)
    # At 50 tokens/s a user a pass takes 20 ms: (20 - 5) / 3.83 = 3.916 users, 195.8 tokens/s
    assert group_rate(model, CHIP, 1, 50.0, EVEN) == pytest.approx(195.822, rel=1e-4)
    # 5 ms of weights alone are longer than a pass at 201 tokens/s
    assert group_rate(model, CHIP, 1, 201.0, EVEN) is None
    assert group_rate(replace(model, parameters_bn=95, active_bn=95), CHIP, 1, 1.0, EVEN) is None


def test_faster_for_a_user_is_slower_in_all(known: Calibration) -> None:
    rates = [group_rate(OURS, CHIP, 8, user, known.parameters) for user in (5, 10, 20, 40, 60)]
    found = [rate for rate in rates if rate]
    assert found == sorted(found, reverse=True)
    assert len(found) >= 4
    assert found[0] > found[-1]


def test_more_to_compute_is_slower_and_a_better_chip_is_faster(known: Calibration) -> None:
    def rate(model: Model, chip: Chip) -> float:
        group = best_group(model, chip, 8, 20.0, known.parameters)
        assert group is not None
        return group.rate

    here = rate(OURS, CHIP)
    assert rate(replace(OURS, active_bn=44), CHIP) < here
    assert rate(replace(OURS, prompt_tokens=14_000), CHIP) < here
    assert rate(OURS, replace(CHIP, peak_tflops=2_000)) > here
    assert rate(OURS, replace(CHIP, bandwidth_tb_s=8)) > here
    assert rate(OURS, replace(CHIP, memory_gb=200)) >= here * (1 - 1e-6)


def test_cached_values_grow_with_the_model() -> None:
    found = [cached_values_like(active) for active in (5, 22, 70, 405)]
    assert found == sorted(found)
    assert found[1] == pytest.approx(96_256, rel=0.35)  # Qwen3 235B: 94 layers, 4 heads of 128


# What cannot be known.


def test_what_has_no_rate_says_why(catalog: Catalog) -> None:
    chips = dict(catalog.accelerators)
    chips["h100_sxm"] = chips["h100_sxm"].model_copy(update={"memory_bandwidth_tb_s": None})
    chips["mi300x"] = chips["mi300x"].model_copy(update={"peak_tflops": {}})
    found = estimate(catalog.model_copy(update={"accelerators": chips}), Asked("ours", OURS, 40.0, ("fp8",)))
    assert found.without["h100_sxm"] == "the catalogue lacks memory_bandwidth_tb_s"
    assert found.without["mi300x"] == "the catalogue lacks peak_tflops in fp8 or wider"
    assert found.without["gh200"] == "its largest system, 1 of 144 GB, holds no 236 GB in fp8"
    assert not found.rates.keys() & found.without.keys()
    fast = estimate(catalog, Asked("ours", OURS, 3e3, ("fp8",)))
    assert "gives a user 3000 tokens/s" in fast.without["h100_sxm"]
    assert any(
        doubt.startswith("no rate was measured at such tokens per second of a user: 3000") for doubt in fast.doubts
    )


def test_models_outside_what_was_measured_are_doubted(catalog: Catalog, ours: Estimate) -> None:
    assert ours.doubts == []
    large = estimate(catalog, Asked("ours", replace(OURS, parameters_bn=3_000, prompt_tokens=1e5), 40.0, ("bf16",)))
    assert [doubt.split(":")[0] for doubt in large.doubts] == [
        "no rate was measured at such parameters",
        "no rate was measured at such context",
        "no rate was measured in bf16",
    ]


def test_a_chip_without_the_precision_takes_the_next_wider(catalog: Catalog, ours: Estimate) -> None:
    assert {rate.precision for rate in ours.rates["a100_80"]} == {"int8"}
    assert {rate.precision for rate in ours.rates["ascend_910c"]} == {"bf16"}
    assert chip_in(catalog, "a100_80", "fp8") is None


def test_an_estimate_says_what_it_rests_on(ours: Estimate) -> None:
    rests = {name: rates[0].factor.rests_on for name, rates in ours.rates.items()}
    assert rests["h100_sxm"] == "accelerator"
    assert rests["tpu_v7"] == "estimates"
    best = max(ours.calibration.by_accelerator.values())
    assert all(value >= ours.calibration.factor(name, "").value for name, value in {"h20": 2.72**best}.items())


# The command.

ADD = ["workload", "add", "our_model", "--params", "235e9", "--active", "22e9", "--context", "8k", "--precision", "fp8"]


def _run(arguments: Sequence[str]) -> tuple[int, str]:
    result = CliRunner().invoke(chipmix, list(arguments))
    return result.exit_code, result.output + (str(result.exception.args) if result.exception else "")


def test_it_is_checked_and_planned_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code, said = _run([*ADD, "--latency", "interactive"])
    assert code == 0, said
    assert "gh200: its largest system, 1 of 144 GB, holds no 236 GB in fp8" in said
    code, said = _run(["check", "our_model"])
    assert code == 0, said
    Path("ours.yaml").write_text(
        "name: ours\ncatalogs: [bundled, ./our_model]\nhorizon: {start: 2026q3, periods: 2}\n"
        "sites: {hall: {power_mw: 5, pue: 1.2, electricity_usd_per_mwh: 60}}\n"
        "demand: {chat: {workload: our_model, per_second: {2026q4: 50e3}, precisions: [fp8]}}\n",
        encoding="utf-8",
    )
    code, said = _run(["plan", "ours.yaml", "--json", "plan.json"])
    assert code == 0, said
    plan = json.loads(Path("plan.json").read_text(encoding="utf-8"))
    assert plan["audit"]["ok"]
    assert plan["orders"]
    assert float(plan["basis"]["work"]["estimated"]) == pytest.approx(1.0)
    lines = [line for file in Path("our_model").glob("*.yaml") for line in file.read_text("utf-8").splitlines()]
    assert sum("{rate:" in line for line in lines) >= 35
    assert all("basis: estimated" in line for line in lines if "{rate:" in line)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([*ADD, "--latency", "interactiv"], "did you mean 'interactive'?"),
        ([*ADD[:4], "22e9", "--active", "235e9"], "must not exceed --params"),
        ([*ADD, "--answer", "9k"], "must not exceed --context"),
        (["workload", "add", "llm_serving_70b", "--params", "70e9"], "exists already; take another name"),
        ([*ADD[:4], "9e14"], "holds no"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    arguments: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, said = _run(arguments)
    assert code != 0
    assert says in said
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_there_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("our_model").mkdir()
    code, said = _run(ADD)
    assert code != 0
    assert "exists already and is left as it is" in said
    assert not list(Path("our_model").iterdir())
