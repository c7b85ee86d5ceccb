"""The bundled scenarios: each plans to the tolerance, says where its numbers come from, and matches its page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from catalogs.periods import first_month, value_at
from optimizer.plan_format import Plan
from optimizer.planning import make_plan
from optimizer.request import Request, bundled_scenarios, load_request
from optimizer.solve import Options

NAMES = ("meta_2025", "microsoft_fy2025", "quick_start", "xai_colossus")
GAP = 1e-4
PAGE = Path(__file__).parent.parent / "docs" / "scenarios.md"
CALIBRATION_TOLERANCE = 0.15
PAGE_TOLERANCE = 0.10
COMMENTED = (
    "finance", "assumptions", "sites", "demand", "fleet", "commitments", "budget",
    "supply_per_month", "pools_per_month",
)  # fmt: skip

HELD_BY_META = {"h100_sxm": 350e3, "mi300x": 173e3, "a100_80": 67.2e3}
MICROSOFT_2024 = {"h100_sxm": 635e3, "mi300x": 96e3, "a100_80": 100e3}
MICROSOFT_FY2025 = {**MICROSOFT_2024, "h200_sxm": 121e3, "gb200": 121e3}
COLOSSUS = {"h100_sxm": 150e3, "h200_sxm": 50e3}
ANNOUNCED: dict[str, dict[str, dict[str, float]]] = {
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
}
"""The accelerators that each scenario's header counts, by the quarter from which they are in service."""
MTIA_V2_HELD = 194.4e3

SHOWN = re.compile(
    r"# (?P<period>\w+): \((?P<sum>[^)]*)\)\n"
    r"\s*#   x (?P<available>[\d.]+) available x (?P<share>[\d.]+) of them"
    r"(?: \+ all of (?P<all>[^=]*))? = (?P<result>[\d.e]+)"
)
TERM = re.compile(r"(?P<count>[\d.]+)(?P<thousand>k?) (?P<chip>\w+) x (?P<rate>[\d.e+]+)")


@pytest.fixture(scope="module")
def plans() -> dict[str, tuple[Request, Plan]]:
    requests = {name: load_request(path) for name, path in bundled_scenarios().items()}
    return {name: (request, make_plan(request, Options(gap=GAP)).plan) for name, request in requests.items()}


def text_of(name: str) -> str:
    return bundled_scenarios()[name].read_text(encoding="utf-8")


def rate(request: Request, chip: str, workload: str, period: str) -> float:
    entry = request.catalog.throughput[chip].get(workload)
    return float(value_at(entry.rate, first_month(period)) or 0) if entry else 0.0


def block(name: str, demand: str) -> str:
    found = re.search(rf"^  {demand}:.*\n(?:    .*\n)+", text_of(name), re.MULTILINE)
    assert found, f"{name}: {demand} is not written as a block"
    return found.group()


def test_the_bundled_ones_are_these() -> None:
    assert tuple(bundled_scenarios()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_plans_to_the_gap_and_passes_the_audit(plans: dict[str, tuple[Request, Plan]], name: str) -> None:
    _, plan = plans[name]
    assert plan.status == "optimal"
    assert plan.gap <= GAP
    assert plan.audit.ok, plan.audit.findings


@pytest.mark.parametrize("name", NAMES)
def test_next_to_nothing_is_left_undone(plans: dict[str, tuple[Request, Plan]], name: str) -> None:
    _, plan = plans[name]
    done: dict[tuple[str, str], float] = {}
    for row in plan.work:
        key = row.demand, row.period
        done[key] = done.get(key, 0.0) + row.work_per_second
    for left in plan.unmet:
        assert left.per_second <= 0.02 * (done.get((left.demand, left.period), 0.0) + left.per_second), left


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
            and not above.lstrip().startswith("#")
        ):
            bare.append(f"{name}.yaml:{number}: {line.strip()}")
        above = line
    assert not bare


@pytest.mark.parametrize("name", NAMES)
def test_the_arithmetic_in_the_comments_is_the_catalogues(plans: dict[str, tuple[Request, Plan]], name: str) -> None:
    request, _ = plans[name]
    for demand, asked in request.scenario.demand.items():
        shown = SHOWN.search(block(name, demand))
        assert shown, f"{name}: {demand} does not show its calibration"
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


@pytest.mark.parametrize("name", NAMES)
def test_demand_is_the_work_of_what_was_announced(plans: dict[str, tuple[Request, Plan]], name: str) -> None:
    request, _ = plans[name]
    available = float(request.scenario.assumptions.availability)
    shares = 0.0
    for demand, asked in request.scenario.demand.items():
        shown = SHOWN.search(block(name, demand))
        assert shown
        share = float(shown["share"])
        shares += share
        for period, held in ANNOUNCED[name].items():
            work = share * sum(count * rate(request, chip, asked.workload, period) for chip, count in held.items())
            if shown["all"]:
                work += MTIA_V2_HELD * rate(request, "mtia_v2", asked.workload, period)
            at = first_month(period) if isinstance(asked.per_second, dict) else 0
            given = value_at(asked.per_second, at)
            assert given is not None
            assert float(given) == pytest.approx(work * available, rel=CALIBRATION_TOLERANCE), (name, demand, period)
        if isinstance(asked.per_second, dict):
            assert set(asked.per_second) == set(ANNOUNCED[name])
    assert shares == pytest.approx(1.0)


def in_service(request: Request, plan: Plan, period: str, kind: str) -> float:
    chips = {chip for chip, entry in request.catalog.accelerators.items() if entry.kind == kind}
    return sum(row.accelerators for row in plan.in_service if row.period == period and row.accelerator in chips)


def megawatts(plan: Plan, period: str) -> float:
    return sum(row.power_used_mw for row in plan.sites if row.period == period)


def capex(plan: Plan, window: str) -> float:
    return next(row.used_usd for row in plan.budget if row.window == window and row.budget == "capex_usd") / 1e9


def spent_on(plan: Plan, vendor: str) -> float:
    """Percent of the capex and rent of all new orders, commitments left out."""
    spent = [(row.vendor, row.capex_usd + row.rent_usd) for row in plan.orders if not row.commitment]
    return 100 * sum(usd for name, usd in spent if name == vendor) / sum(usd for _, usd in spent)


def spent_by(plan: Plan, *routes: str) -> float:
    spent = [(row.route, row.capex_usd + row.rent_usd) for row in plan.orders if not row.commitment]
    return 100 * sum(usd for name, usd in spent if name in routes) / sum(usd for _, usd in spent)


def figures(name: str, request: Request, plan: Plan) -> dict[str, float]:
    """What the page says of a plan, by the words in the first column of its table."""
    last = plan.periods[-1].period
    told = {
        "total cost, bn USD": plan.objective_usd / 1e9,
        "NVIDIA, % of new spend": spent_on(plan, "nvidia"),
        "bought, % of new spend": spent_by(plan, "purchase"),
        "leased, % of new spend": spent_by(plan, "lease"),
        "rented, % of new spend": spent_by(plan, "reservation", "on_demand"),
        f"GPUs in service, {last}": in_service(request, plan, last, "gpu"),
    }
    if name == "quick_start":
        told["total cost, M USD"] = 1000 * told.pop("total cost, bn USD")
        told["GPUs in service, 2026q1"] = in_service(request, plan, "2026q1", "gpu")
    if name == "meta_2025":
        for period in ("2025q4", "2026q4"):
            told[f"GPUs in service, {period}"] = in_service(request, plan, period, "gpu")
            told[f"MTIA in service, {period}"] = in_service(request, plan, period, "asic")
            told[f"MW at the meter, {period}"] = megawatts(plan, period)
        told["capex on accelerators, 2025, bn USD"] = capex(plan, "2025")
        told["capex on accelerators, 2026, bn USD"] = capex(plan, "2026")
        told["AMD, % of new spend"] = spent_on(plan, "amd")
        told["MTIA, % of new spend"] = spent_on(plan, "meta")
    if name == "microsoft_fy2025":
        for period in ("2025q2", "2026q2"):
            told[f"GPUs in service, {period}"] = in_service(request, plan, period, "gpu")
            told[f"Maia in service, {period}"] = in_service(request, plan, period, "asic")
            told[f"MW at the meter, {period}"] = megawatts(plan, period)
        told["capex on accelerators, FY2025, bn USD"] = capex(plan, "fy2025")
        told["capex on accelerators, FY2026, bn USD"] = capex(plan, "fy2026")
        told["AMD, % of new spend"] = spent_on(plan, "amd")
        told["Maia, % of new spend"] = spent_on(plan, "microsoft")
    if name == "xai_colossus":
        for period in ("2025q1", "2025q3", "2026q3"):
            told[f"GPUs in service, {period}"] = in_service(request, plan, period, "gpu")
            told[f"MW at the meter, {period}"] = megawatts(plan, period)
        told["capex on accelerators, 2025, bn USD"] = capex(plan, "2025")
        told["capex on accelerators, 2026, bn USD"] = capex(plan, "2026")
    return told


def section(name: str) -> str:
    found = re.search(rf"^## `{name}`\n(.*?)(?=^## |\Z)", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert found, f"docs/scenarios.md has no section on {name}"
    return found.group(1)


@pytest.mark.parametrize("name", NAMES)
def test_the_page_tells_what_the_plan_says(plans: dict[str, tuple[Request, Plan]], name: str) -> None:
    request, plan = plans[name]
    rows = dict(re.findall(r"^\| ([^|]+?) \| [^|]* \| ([\d,.]+)[^|]* \|$", section(name), re.MULTILINE))
    told = {label: float(value.replace(",", "")) for label, value in rows.items()}
    now = figures(name, request, plan)
    assert set(told) == set(now)
    wrong = [
        f"| {label} | … | {value:,.4g} |   (page: {told[label]:,.4g})"
        for label, value in now.items()
        if told[label] != pytest.approx(value, rel=PAGE_TOLERANCE, abs=0.5)
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", NAMES)
def test_the_limits_that_the_page_names_bind(plans: dict[str, tuple[Request, Plan]], name: str) -> None:
    _, plan = plans[name]
    named = re.findall(r"`(\w+\([\w.,]+\))`", section(name))
    assert named or name == "quick_start"
    limits = {row.row: row for row in plan.limits}
    for row in named:
        assert limits[row].used >= 0.97 * limits[row].limit, row


def test_own_chips_win_where_they_should(plans: dict[str, tuple[Request, Plan]]) -> None:
    """MTIA in ranking, Maia in serving; neither by a rule that asks for it."""
    for name, chips, demands in (
        ("meta_2025", {"mtia_v2"}, {"ranking_inference"}),
        ("microsoft_fy2025", {"maia_200"}, {"chat_70b_interactive", "chat_70b", "gpt_moe", "gpt_dense"}),
    ):
        _, plan = plans[name]
        assert chips <= {row.accelerator for row in plan.orders}
        assert demands & {row.demand for row in plan.work if row.accelerator in chips}
