"""Re-costing a plan's decisions under other inputs, the bridge between plans, and LibreOffice as their judge."""

from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from builders import accelerator, catalog, load, rates, scenario, site, system
from commands import mostly_slow

from optimizer.plan.bridge import bridge, bridged
from optimizer.plan.format import Plan
from optimizer.plan.recost import NotPriced, recost, recosted
from optimizer.planning import make_plan
from optimizer.request.edits import as_text
from optimizer.request.load import find_scenario, load_request
from optimizer.solving.solution import Options
from optimizer.workbook import write_workbook
from optimizer.workbook.back import reopened
from optimizer.workbook.embedded import Made
from optimizer.workbook.sheets.cash import COSTS
from optimizer.workbook.sheets.input_offers import others
from optimizer.workbook.write import build
from optimizer.workbook.writing.lines import OVERRIDE, TYPED, VIEW

SOFFICE = shutil.which("soffice")
needs_libreoffice = pytest.mark.skipif(SOFFICE is None, reason="LibreOffice is not installed")
pytestmark = pytest.mark.usefixtures("in_process")


def planned(name: str, *settings: str) -> Plan:
    return make_plan(load_request(find_scenario(name), settings), Options()).plan


def test_a_plan_recosted_under_its_own_inputs_costs_what_it_says() -> None:
    plan = planned("quick_start")
    again = recosted(plan, plan.scenario, plan.catalog)
    assert float(again.objective_usd) == pytest.approx(plan.objective_usd, abs=1e-3)
    for line, by_period in plan.costs.items():
        for period, usd in by_period.items():
            assert float(again.costs[line][period]) == pytest.approx(usd, rel=1e-9, abs=1e-6), (line, period)
    assert sum(again.present.values()) == again.objective_usd


BOX = {"box.purchase": {"system": "box", "route": "purchase", "price_usd": 300000}}


def small(tmp_path: Path, offers: Any = BOX, **parts: Any) -> Plan:
    """32,000 of work per second in 2025q1 and 64,000 in 2025q2: 10 systems of 8 accelerators at 400 each, twice."""
    tree = scenario(sites={"hall": site()}, **parts)
    tree["demand"] = parts.get("demand") or {
        "work": {"workload": "training", "per_second": {"2025q1": 32000, "2025q2": 64000}}
    }
    known = catalog(accelerator("chip", {"box": system()}, offers, rates(training=400)))
    return make_plan(load(tmp_path, tree, known), Options()).plan


def test_recosting_by_hand(tmp_path: Path) -> None:
    """Twenty systems bought; 250,000 instead of 300,000 each saves a million in all, half in each period."""
    plan = small(tmp_path)
    offers = {
        **plan.catalog["offers"],
        "box.purchase": {**plan.catalog["offers"]["box.purchase"], "price_usd": "250000"},
    }
    cheaper = recosted(plan, plan.scenario, {**plan.catalog, "offers": offers})
    saved = {
        period: plan.costs["hardware_usd"][period] - float(usd) for period, usd in cheaper.costs["hardware_usd"].items()
    }
    assert saved == {"2025q1": 500_000, "2025q2": 500_000}


def test_what_has_no_price_has_no_cost(tmp_path: Path) -> None:
    plan = small(tmp_path)
    offer = {key: value for key, value in plan.catalog["offers"]["box.purchase"].items() if key != "price_usd"}
    with pytest.raises(NotPriced, match="has no price"):
        recosted(plan, plan.scenario, {**plan.catalog, "offers": {"box.purchase": offer}})
    later = {**plan.scenario, "horizon": {"start": "2026q1", "periods": 2}}
    with pytest.raises(NotPriced, match="different periods"):
        recosted(plan, later, plan.catalog)


# The bridge


def steps_of(old: Plan, new: Plan) -> dict[str, float]:
    found = bridged(old, new)
    assert abs(found.residual_usd) < 0.005
    assert {step.name for step in found.steps if not step.usd} == set()
    return {step.name: step.usd for step in found.steps}


def test_a_price_is_a_price(tmp_path: Path) -> None:
    """The same systems at another price: one step, the whole difference."""
    old = small(tmp_path)
    new = small(tmp_path, {"box.purchase": {**BOX["box.purchase"], "price_usd": 250000}})
    assert steps_of(old, new) == {"Prices": pytest.approx(new.objective_usd - old.objective_usd, abs=0.01)}


def test_twice_the_demand_is_volume(tmp_path: Path) -> None:
    """Every order doubled: the old cost once more."""
    old = small(tmp_path)
    twice = {"work": {"workload": "training", "per_second": {"2025q1": 64000, "2025q2": 128000}}}
    new = small(tmp_path, demand=twice)
    assert steps_of(old, new) == {"Volume": pytest.approx(old.objective_usd, rel=1e-6)}


def test_another_offer_is_mix(tmp_path: Path) -> None:
    """A lease takes the place of the purchases, for the same service: cheaper or not, it is mix."""
    lease = {"box.lease": {"system": "box", "route": "lease", "usd_per_accelerator_hour": "0.01", "term_months": 60}}
    old, new = small(tmp_path), small(tmp_path, {**BOX, **lease})
    assert {row.offer for row in new.orders} == {"box.lease"}
    assert steps_of(old, new) == {"Mix": pytest.approx(new.objective_usd - old.objective_usd, abs=0.01)}


def test_the_same_systems_sooner_are_timing_and_volume(tmp_path: Path) -> None:
    """Twenty systems in the first quarter: 40 instead of 30 periods of service (× 80 accelerators / 10)."""
    old = small(tmp_path)
    new = small(tmp_path, demand={"work": {"workload": "training", "per_second": 64000}})
    steps = steps_of(old, new)
    assert set(steps) == {"Volume", "Timing and place"}
    assert steps["Volume"] == pytest.approx(old.objective_usd / 3, rel=1e-6)


def test_rates_come_first(tmp_path: Path) -> None:
    old = small(tmp_path)
    terms = {"box.purchase": {**BOX["box.purchase"], "price_usd": 250000}}
    finance = {"discount_rate": "0.12", "residual": "none", "maintenance_share": "0.1"}
    assert list(steps_of(old, small(tmp_path, terms, finance=finance))) == ["Discount rate", "Other rates", "Prices"]
    assert steps_of(old, old) == {}


@pytest.mark.slow
def test_rates_come_first_and_everything_adds_up() -> None:
    old = planned("quick_start")
    new = planned(
        "quick_start",
        "finance/discount_rate=0.12",
        "finance/carbon_usd_per_t=90",
        "demand/training_70b/per_second=40000",
        "catalog/offers/dgx_h100.on_demand/usd_per_accelerator_hour=3",
    )
    assert list(steps_of(old, new))[:3] == ["Discount rate", "Other rates", "Prices"]
    assert steps_of(old, old) == {}


def test_plans_with_other_periods_are_one_step_apart(tmp_path: Path) -> None:
    old = small(tmp_path)
    new = small(tmp_path, horizon={"start": "2025q1", "periods": 3})
    (step,) = bridge(old, new)
    assert step.usd == new.objective_usd - old.objective_usd
    assert "different periods" in step.meaning


# LibreOffice recalculates what re-costing says, to the cent

MONEY = ("price_usd", "_usd", "usd_per_", "discount_rate", "maintenance_share", "pue", "deposit_share")
EDITS, OVERRIDES = 8, 2


def random_edits(made: Made, chance: random.Random) -> dict[tuple[str, str], float]:
    """Eight edits of prices, tariffs and rates of the plan, two of systems, never more than a third up or down."""
    book = build(made)
    without_cost = (OVERRIDE, VIEW, TYPED, *(f"catalog/offers/{offer}/" for offer in others(book.facts)))
    keyed = [
        (where, cell)
        for where, cell in book.inputs.items()
        if not cell.keys[0].startswith(without_cost) and any(word in cell.keys[0] for word in MONEY)
    ]
    edits: dict[tuple[str, str], float] = {}
    for (sheet, coordinate), cell in chance.sample(keyed, EDITS):
        value = float(book.workbook[sheet][coordinate].value or 1.0)
        most = 1.0 if cell.rule == "share" else 1e15
        least = 1.0 if cell.rule == "ratio" else 0.0
        edits[sheet, coordinate] = min(most, max(least, round(value * chance.uniform(0.7, 1.3), 4)))
    breaks = {offer for offer, terms in made.plan.catalog["offers"].items() if terms.get("price_breaks")}
    held = [
        where
        for where, cell in book.inputs.items()
        if cell.keys[0].startswith(f"{OVERRIDE}systems/") and cell.keys[0].split("/")[2] not in breaks
    ]
    reachable = [where for where in held if where[1].startswith(("M", "N", "O", "P"))] or held
    edits.update({where: float(chance.randint(0, 40)) for where in chance.sample(reachable, OVERRIDES)})
    return edits


def with_overrides(plan: Plan, path: Path) -> tuple[dict[str, Any], Any]:
    """The decisions of a plan with the systems that the workbook overrides, and its edited request."""
    decisions = plan.model_dump(mode="json")
    found = reopened(path)
    for edit in found.edits:
        if edit.of.keys[0].startswith(OVERRIDE):
            _, _, offer, place = edit.of.keys[0].split("/")
            where = {"offer": offer, "place": place, "enters_service": edit.of.part, "commitment": False}
            kept = [row for row in decisions["orders"] if {key: row[key] for key in where} != where]
            decisions["orders"] = [*kept, {**where, "systems": edit.new, "price_usd": None}]
    return decisions, found.request


def libreoffice(paths: Iterable[Path], folder: Path) -> Path:
    """Files without caches, calculated by LibreOffice."""
    command = [str(SOFFICE), f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to", "xlsx"]
    words = [*command, "--outdir", str(folder / "libre"), *map(str, paths)]
    subprocess.run(words, check=True, capture_output=True, timeout=300)
    return folder / "libre"


@needs_libreoffice
@pytest.mark.parametrize("name", mostly_slow(["small", "quick_start", "meta_2025"], fast=1))
def test_ten_random_edits_recost_to_the_cent_in_libreoffice(name: str, tmp_path: Path) -> None:
    plan, chance = small(tmp_path) if name == "small" else planned(name), random.Random(name)
    made = Made(plan)
    write_workbook(plan, tmp_path / "plan.xlsx")
    book = openpyxl.load_workbook(tmp_path / "plan.xlsx")
    for (sheet, coordinate), value in random_edits(made, chance).items():
        book[sheet][coordinate] = value
    book.save(tmp_path / "edited.xlsx")
    decisions, request = with_overrides(plan, tmp_path / "edited.xlsx")
    expected = recost(decisions, as_text(request.scenario), as_text(request.catalog))
    assert abs(float(expected.objective_usd) - plan.objective_usd) > 1, "the edits change the total"
    values = openpyxl.load_workbook(libreoffice([tmp_path / "edited.xlsx"], tmp_path) / "edited.xlsx", data_only=True)
    sheet, cell = values.defined_names["total_npv_usd"].attr_text.replace("$", "").split("!")
    assert abs(values[sheet][cell].value - float(expected.objective_usd)) < 0.01
    cash = values["Cash"]
    rows = {cash.cell(row, 1).value: row for row in range(60, 7, -1)}
    for line in plan.costs:
        shown = [cash.cell(rows[COSTS[line]], 9 + i).value or 0.0 for i in range(len(plan.periods))]
        usd = [float(expected.costs.get(line, {}).get(row.period, 0)) for row in plan.periods]
        assert shown == pytest.approx(usd, rel=1e-11, abs=0.01), line


def test_present_values_are_exact_fractions(tmp_path: Path) -> None:
    plan = small(tmp_path)
    found = recosted(plan, plan.scenario, plan.catalog)
    assert all(isinstance(usd, Fraction) for usd in found.present.values())
