"""The bundled scenarios: each plans to the tolerance, says where its numbers come from, and matches its page."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from catalogs.periods import first_month, value_at
from optimizer.plan.format import Plan
from optimizer.request.load import Request, bundled_scenarios, load_request
from optimizer.request.throughputs import best

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "scenarios.md"
ANNOUNCED = ROOT / "docs" / "announced"
NAMES = tuple(bundled_scenarios())
GAP = 1e-4
REQUIRED = {
    "quick_start", "meta_2024", "meta_2025", "microsoft_fy2025", "google_2025", "aws_2025", "oracle_2025",
    "xai_colossus", "anthropic_2025", "openai_aws", "openai_asic", "stargate", "deepseek_v3", "apple_2024",
    "japan_2025", "industry_2025",
}  # fmt: skip
CALIBRATION_TOLERANCE = 0.15
COMMENTED = (
    "finance", "assumptions", "sites", "demand", "fleet", "commitments", "budget",
    "supply_per_month", "pools_per_month", "limits",
)  # fmt: skip
UNPUBLISHED = ("facts", ".csv")
"""What a scenario may not name as a source: sources are publications."""

SHOWN = re.compile(
    r"# (?P<period>\w+): \((?P<sum>[^)]*)\)\n"
    r"\s*#   x (?P<available>[\d.]+) available x (?P<share>[\d.]+) of them"
    r"(?: \+ all of (?P<all>[^=]*))? = (?P<result>[\d.e]+)"
)
TERM = re.compile(r"(?P<count>[\d.]+)(?P<thousand>k?) (?P<chip>\w+) x (?P<rate>[\d.e+]+)")

HELD_BY_META = {"h100_sxm": 350e3, "mi300x": 173e3, "a100_80": 67.2e3}
MICROSOFT_2024 = {"h100_sxm": 635e3, "mi300x": 96e3, "a100_80": 100e3}
MICROSOFT_FY2025 = {**MICROSOFT_2024, "h200_sxm": 121e3, "gb200": 121e3}
COLOSSUS = {"h100_sxm": 150e3, "h200_sxm": 50e3}
COUNTED: dict[str, dict[str, dict[str, float]]] = {
    "quick_start": {"2024q4": {"h100_sxm": 64}},
    "meta_2025": {
        "2025q1": {**HELD_BY_META, "h200_sxm": 56e3},
        "2025q2": {**HELD_BY_META, "h200_sxm": 112e3},
        "2025q3": {**HELD_BY_META, "h200_sxm": 290e3, "gb200": 118e3},
        "2025q4": {**HELD_BY_META, "h200_sxm": 473e3, "gb200": 237e3},
        "2026q2": {**HELD_BY_META, "h200_sxm": 473e3, "gb200": 475e3},
        "2026q4": {**HELD_BY_META, "h200_sxm": 473e3, "gb200": 713e3},
    },
    "microsoft_fy2025": {
        "2024q3": {"h100_sxm": 514e3, "mi300x": 72e3, "a100_80": 100e3},
        "2024q4": MICROSOFT_2024,
        "2025q1": {**MICROSOFT_2024, "h200_sxm": 60e3, "gb200": 60e3},
        "2025q2": MICROSOFT_FY2025,
        "2025q4": {chip: 1.4 * count for chip, count in MICROSOFT_FY2025.items()},
        "2026q2": {chip: 1.8 * count for chip, count in MICROSOFT_FY2025.items()},
    },
    "xai_colossus": {
        "2024q3": {"h100_sxm": 100e3},
        "2025q1": {"h100_sxm": 150e3},
        "2025q3": {**COLOSSUS, "gb200": 30e3},
        "2026q1": {**COLOSSUS, "gb200": 140e3},
        "2026q2": {**COLOSSUS, "gb200": 360e3},
        "2026q3": {**COLOSSUS, "gb200": 580e3},
    },
    "openai_asic": {
        "2026q4": {"jalapeno": 100e3},
        "2027q1": {"jalapeno": 200e3},
        "2027q2": {"jalapeno": 300e3},
        "2027q3": {"jalapeno": 402e3},
    },
    "openai_aws": {
        "2026q1": {"gb200": 35e3, "gb300": 11e3},
        "2026q2": {"gb200": 58e3, "gb300": 35e3},
        "2026q3": {"gb200": 75e3, "gb300": 64e3},
        "2026q4": {"gb200": 93e3, "gb300": 93e3},
    },
    "apple_2024": {
        "2024q1": {"tpu_v4": 8192, "tpu_v5p": 2048},
        "2025q1": {"tpu_v4": 16384, "tpu_v5p": 4096},
        "2026q1": {"tpu_v4": 32768, "tpu_v5p": 8192},
    },
    "japan_2025": {
        period: {"h100_sxm": 98e3 + 71e3 / 4 * quarter}
        for quarter, period in enumerate(
            ("2025q1", "2025q2", "2025q3", "2025q4", "2026q1", "2026q2", "2026q3", "2026q4")
        )
    },
}
"""The accelerators that a scenario's header counts, by the quarter from which they are in service."""
MTIA_V2_HELD = 194.4e3


def _generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_scenarios", ROOT / "docs" / "make_scenarios.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


make_scenarios = _generator()


@pytest.fixture(scope="session")
def cases() -> dict[str, Any]:
    """Every bundled scenario, planned once."""
    planned: dict[str, Any] = make_scenarios.cases()
    return planned


@pytest.fixture(scope="session")
def request_of() -> Callable[[str], Request]:
    read: dict[str, Request] = {}

    def request(name: str) -> Request:
        return read.setdefault(name, load_request(bundled_scenarios()[name]))

    return request


def text_of(name: str) -> str:
    return bundled_scenarios()[name].read_text(encoding="utf-8")


def rate(request: Request, chip: str, workload: str, period: str) -> float:
    month = first_month(period)
    found = best(request.catalog.points(chip, workload), range(month, month + 1))
    return float(found.rate) if found else 0.0


def calibration(name: str, demand: str) -> re.Match[str] | None:
    """The arithmetic beside a demand; a demand without one is calibrated in words."""
    block = re.search(rf"^  {demand}:.*\n(?:    .*\n)+", text_of(name), re.MULTILINE)
    assert block, f"{name}: {demand} is not written as a block"
    return SHOWN.search(block.group())


def test_the_bundled_ones_are_these() -> None:
    assert set(NAMES) >= REQUIRED


@pytest.mark.parametrize("name", NAMES)
def test_plans_to_the_gap_and_passes_the_audit(cases: dict[str, Any], name: str) -> None:
    plan: Plan = cases[name].plan
    assert plan.status == "optimal"
    assert plan.gap <= GAP
    assert plan.audit.ok, plan.audit.findings


@pytest.mark.parametrize("name", NAMES)
def test_next_to_nothing_is_left_undone(cases: dict[str, Any], name: str) -> None:
    """A fortieth of the work of the horizon, most of it while systems are brought up; work with a value may be."""
    plan: Plan = cases[name].plan
    done: dict[str, float] = {}
    left: dict[str, float] = {}
    for row in plan.work:
        done[row.demand] = done.get(row.demand, 0.0) + row.work_per_second
    for unmet in plan.unmet:
        left[unmet.demand] = left.get(unmet.demand, 0.0) + unmet.per_second
    worth = {key for key, asked in cases[name].request.scenario.demand.items() if asked.value_usd_per_unit_hour}
    for demand, per_second in left.items():
        assert demand in worth or per_second <= 0.025 * (done.get(demand, 0.0) + per_second), (name, demand)


@pytest.mark.parametrize("name", NAMES)
def test_every_number_has_a_comment(name: str) -> None:
    section, above, bare = "", "", []
    for number, line in enumerate(text_of(name).splitlines(), 1):
        code, _, comment = line.partition("#")
        if code and not code[0].isspace():
            section = code.partition(":")[0]
        value = code.partition(":")[2] if not code.lstrip().startswith("-") else code
        if (
            section in COMMENTED
            and "workload" not in code
            and re.search(r"\d", value)
            and not comment
            and "#" not in above
        ):
            bare.append(f"{name}.yaml:{number}: {line.strip()}")
        above = line
    assert not bare


@pytest.mark.parametrize("name", NAMES)
def test_sources_are_publications(name: str) -> None:
    page = (ANNOUNCED / f"{name}.yaml").read_text(encoding="utf-8")
    assert not [word for word in UNPUBLISHED if word in text_of(name) + page]


@pytest.mark.parametrize("name", NAMES)
def test_the_arithmetic_in_the_comments_is_the_catalogues(request_of: Callable[[str], Request], name: str) -> None:
    request = request_of(name)
    for demand, asked in request.scenario.demand.items():
        if not (shown := calibration(name, demand)):
            continue
        assert float(shown["available"]) == float(request.scenario.assumptions.availability)
        total = 0.0
        for factor, terms in ((float(shown["share"]), shown["sum"]), (1.0, shown["all"] or "")):
            for term in TERM.finditer(terms):
                now = rate(request, term["chip"], asked.workload, shown["period"])
                assert float(term["rate"]) == pytest.approx(now, rel=CALIBRATION_TOLERANCE), (
                    name,
                    demand,
                    term["chip"],
                )
                count = float(term["count"]) * (1000 if term["thousand"] else 1)
                total += count * float(term["rate"]) * float(shown["available"]) * factor
        assert float(shown["result"]) == pytest.approx(total, rel=0.01), f"{name}.{demand}"
        if isinstance(asked.per_second, dict) and shown["period"] in asked.per_second:
            assert float(asked.per_second[shown["period"]]) == pytest.approx(total, rel=0.01), f"{name}.{demand}"


@pytest.mark.parametrize("name", sorted(COUNTED))
def test_demand_is_the_work_of_what_was_announced(request_of: Callable[[str], Request], name: str) -> None:
    request = request_of(name)
    available = float(request.scenario.assumptions.availability)
    shares = 0.0
    for demand, asked in request.scenario.demand.items():
        shown = calibration(name, demand)
        assert shown, f"{name}: {demand} does not show its calibration"
        assert asked.per_second is not None
        share = float(shown["share"])
        shares += share
        for period, held in COUNTED[name].items():
            work = share * sum(count * rate(request, chip, asked.workload, period) for chip, count in held.items())
            if shown["all"]:
                work += MTIA_V2_HELD * rate(request, "mtia_v2", asked.workload, period)
            at = first_month(period) if isinstance(asked.per_second, dict) else 0
            given = value_at(asked.per_second, at)
            assert given is not None
            assert float(given) == pytest.approx(work * available, rel=CALIBRATION_TOLERANCE), (name, demand, period)
        if isinstance(asked.per_second, dict):
            assert set(asked.per_second) == set(COUNTED[name])
    assert shares == pytest.approx(1.0)


def test_a_run_is_its_hours_on_the_stand_in(request_of: Callable[[str], Request]) -> None:
    """DeepSeek-V3: 2.788 million GPU-hours at an H100's rate, of which availability leaves 95 %."""
    request = request_of("deepseek_v3")
    (run,) = request.scenario.demand.values()
    assert run.by_deadline_unit_hours is not None
    work = (
        2.788e6 * rate(request, "h100_sxm", run.workload, "2024q4") * float(request.scenario.assumptions.availability)
    )
    assert float(run.by_deadline_unit_hours["2024-12"]) == pytest.approx(work, rel=0.01)


@pytest.mark.parametrize("name", NAMES)
def test_what_was_announced_is_told_in_full(name: str) -> None:
    told = yaml.safe_load((ANNOUNCED / f"{name}.yaml").read_text(encoding="utf-8"))
    assert set(told) == {"text", "compare", "verdict"}
    assert told["compare"]
    for row in told["compare"]:
        assert set(row) <= {"what", "announced", "planned"}
        assert set(row["planned"]) <= {"measure", "of", "period", "unit"}
        assert row["planned"]["measure"] in make_scenarios.MEASURES


def test_the_page_tells_what_the_plans_say(cases: dict[str, Any]) -> None:
    wrong = make_scenarios.differences(PAGE.read_text(encoding="utf-8"), make_scenarios.page(cases))
    assert not wrong, "run python docs/make_scenarios.py\n" + "\n".join(wrong)


def test_a_page_that_lags_is_noticed() -> None:
    page = "| total cost | – | 28.5 bn USD |\n| by maker | – | NVIDIA 69 %, AMD 15 % |"
    assert not make_scenarios.differences(page, page.replace("28.5", "28.6").replace("69", "70"))
    assert make_scenarios.differences(page, page.replace("28.5", "30.5"))
    assert make_scenarios.differences(page, page.replace("69", "73"))
    assert make_scenarios.differences(page, page.replace("AMD", "TPU"))
    assert make_scenarios.differences(page, page + "\n| more | | |")


def test_own_chips_win_where_they_should(cases: dict[str, Any]) -> None:
    """MTIA in ranking, Maia in serving; neither by a rule that asks for it."""
    for name, chips, demands in (
        ("meta_2025", {"mtia_v2"}, {"ranking_inference"}),
        ("microsoft_fy2025", {"maia_200"}, {"chat_70b_interactive", "chat_70b", "gpt_moe", "gpt_dense"}),
    ):
        plan: Plan = cases[name].plan
        assert chips <= {row.accelerator for row in plan.orders}
        assert demands & {row.demand for row in plan.work if row.accelerator in chips}


def test_own_chips_stay_at_home(cases: dict[str, Any]) -> None:
    homes = {"google": "google", "aws": "amazon", "meta": "meta", "microsoft": "microsoft"}
    for row in cases["industry_2025"].plan.orders:
        assert homes.get(row.vendor, row.place) == row.place


def test_an_own_chip_is_a_yes_or_no(cases: dict[str, Any]) -> None:
    """OpenAI's is bought only with its engineering paid, and its software ported."""
    plan: Plan = cases["openai_asic"].plan
    bought = any(row.accelerator == "jalapeno" for row in plan.orders)
    assert bought == any(row.accelerator == "jalapeno" for row in plan.engineering)
    assert bought == any(row.stack == "jalapeno" for row in plan.porting)
