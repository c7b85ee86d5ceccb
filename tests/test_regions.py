"""Tariffs by region: what a site has from its own, and what a plan says and keeps of it."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from commands import run_here

from catalogs.load import bundled_folder, catalog_of
from catalogs.problems import InputError
from optimizer.audit import audit
from optimizer.plan.format import Plan
from optimizer.request.edits import as_text
from optimizer.request.load import load_request, request_from_text
from optimizer.request.scenario import Scenario
from optimizer.request.site import OF_A_REGION

pytestmark = pytest.mark.usefixtures("in_process")

CHIPS = """\
accelerator: {id: chip, name: Chip, vendor: acme, kind: gpu, stack: cuda}
systems: {box: {name: Box, accelerators: 8, provisioned_kw: 10, average_kw: 7, cooling: air, racks: 1}}
offers: {box.purchase: {system: box, route: purchase, price_usd: 300000}}
throughput: {training: {rate: 400, precision: bf16, basis: measured, source: hand}}
sources: {hand: {title: by hand}, grid: {title: The grid, date: 2025-03}}
workloads: {training: {unit: TFLOP/s, phase: training, describes: training}}
tariffs:
  north: {describes: The north, electricity_usd_per_mwh: {2025q1: 40, 2025q2: 44}, carbon_kg_per_mwh: 20, pue: 1.1}
  south: {describes: The south, carbon_kg_per_mwh: 500}
cites: {north: {source: grid, basis: vendor}}
"""
SCENARIO = """\
name: Regions
catalogs: [./chips]
horizon: {start: 2025q1, periods: 2}
finance: {carbon_usd_per_t: 50}
sites:
  hall: {SITE}
demand: {train: {workload: training, per_second: {2025q1: 30000}}}
"""


def _scenario(folder: Path, site: str) -> Path:
    (folder / "chips").mkdir(exist_ok=True)
    (folder / "chips" / "chip.yaml").write_text(CHIPS)
    (folder / "scenario.yaml").write_text(SCENARIO.replace("{SITE}", f"{{power_mw: 10, {site}}}"))
    return folder / "scenario.yaml"


def _plan(folder: Path, *settings: str) -> dict[str, Any]:
    done = run_here("plan", "scenario.yaml", "--json", "plan.json", *settings, cwd=folder)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads((folder / "plan.json").read_text())
    return found


OWN = "pue: 1.1, carbon_kg_per_mwh: 20, electricity_usd_per_mwh: {2025q1: 40, 2025q2: 44}"


def test_a_region_gives_what_a_site_would_say_itself(tmp_path: Path) -> None:
    _scenario(tmp_path, "region: north")
    theirs = _plan(tmp_path)
    _scenario(tmp_path, OWN)
    own = _plan(tmp_path)
    assert theirs["costs"] == own["costs"]
    assert theirs["objective_usd"] == own["objective_usd"]
    assert theirs["audit"]["ok"]
    assert float(theirs["costs"]["carbon_usd"]["2025q1"]) > 0


def test_what_the_site_says_comes_first_field_by_field(tmp_path: Path) -> None:
    site = load_request(_scenario(tmp_path, "region: north, pue: 1.3")).scenario.sites["hall"]
    assert (str(site.pue), str(site.carbon_kg_per_mwh)) == ("1.3", "20")
    assert site.electricity_usd_per_mwh == load_request(_scenario(tmp_path, OWN)).scenario.sites[
        "hall"].electricity_usd_per_mwh  # fmt: skip


def test_a_folder_of_ones_own_changes_a_region_field_by_field(tmp_path: Path) -> None:
    path = _scenario(tmp_path, "region: north")
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "tariffs.yaml").write_text("tariffs: {north: {pue: 1.05}}")
    path.write_text(path.read_text().replace("[./chips]", "[./chips, ./ours]"))
    site = load_request(path).scenario.sites["hall"]
    assert (str(site.pue), str(site.carbon_kg_per_mwh)) == ("1.05", "20")
    site = load_request(path, ["catalog/tariffs/north/pue=1.2"]).scenario.sites["hall"]
    assert str(site.pue) == "1.2"


@pytest.mark.parametrize(
    ("site", "says"),
    [
        ("region: nord", ["sites.hall.region: there is no region 'nord'; did you mean 'north'?"]),
        ("region: south, pue: 1.2", ["sites.hall.electricity_usd_per_mwh is missing"]),
        ("region: south", ["sites.hall.pue is missing", "sites.hall.electricity_usd_per_mwh is missing"]),
    ],
)
def test_what_neither_says_is_missing(site: str, says: list[str], tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        load_request(_scenario(tmp_path, site))
    assert sorted(problem.message for problem in refused.value.problems) == sorted(says)


def test_a_region_without_carbon_leaves_none(tmp_path: Path) -> None:
    path = _scenario(tmp_path, "region: north")
    text = (tmp_path / "chips" / "chip.yaml").read_text()
    (tmp_path / "chips" / "chip.yaml").write_text(text.replace(", carbon_kg_per_mwh: 20", ""))
    assert load_request(path).scenario.sites["hall"].carbon_kg_per_mwh is None


# The plan.


def test_a_plan_without_a_region_keeps_its_bytes(tmp_path: Path) -> None:
    """Regions that no site names, and what only they cite, are in no plan."""
    _scenario(tmp_path, OWN)
    _plan(tmp_path)
    whole = (tmp_path / "plan.json").read_bytes()
    kept = CHIPS[: CHIPS.index("tariffs:")].replace(", grid: {title: The grid, date: 2025-03}", "")
    (tmp_path / "chips" / "chip.yaml").write_text(kept)
    _plan(tmp_path)
    assert (tmp_path / "plan.json").read_bytes() == whole


def test_a_plan_says_what_is_its_regions_and_holds_that_region_alone(tmp_path: Path) -> None:
    _scenario(tmp_path, "region: north, pue: 1.3")
    plan = _plan(tmp_path)
    assert plan["notes"] == [
        "sites.hall.region: electricity_usd_per_mwh is that of the region north (vendor: The grid, 2025-03)",
        "sites.hall.region: carbon_kg_per_mwh is that of the region north (vendor: The grid, 2025-03)",
    ]
    assert set(plan["catalog"]["tariffs"]) == {"north"}
    done = run_here("check", "scenario.yaml", cwd=tmp_path)
    assert "scenario.yaml:6:32: note: sites.hall.region: carbon_kg_per_mwh is that of the region north" in done.stderr


def test_the_audit_reads_the_region_itself(tmp_path: Path) -> None:
    """A figure that is no longer the region's, or a source that is another, does not go with what the notes say."""
    _scenario(tmp_path, "region: north")
    plan = _plan(tmp_path)
    assert audit(plan).ok
    for change in (
        lambda tree: tree["catalog"]["tariffs"]["north"].update(pue="1.2"),
        lambda tree: tree["catalog"]["sources"]["grid"].update(date="2024-03"),
        lambda tree: tree["scenario"]["sites"]["hall"].update(carbon_kg_per_mwh="21"),
        lambda tree: tree["catalog"].pop("tariffs"),
        lambda tree: tree["notes"].pop(),
    ):
        changed = copy.deepcopy(plan)
        change(changed)
        del changed["run"]
        assert any("region" in finding or "north" in finding for finding in audit(changed).findings)


def test_a_plan_comes_back_without_its_files(tmp_path: Path) -> None:
    _scenario(tmp_path, "region: north")
    plan = _plan(tmp_path)
    (tmp_path / "chips" / "chip.yaml").unlink()
    done = run_here("explain", "plan.json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    Plan.model_validate(plan)


def test_another_region_is_refused_of_a_plan(tmp_path: Path) -> None:
    _scenario(tmp_path, "region: north")
    done = run_here("plan", "scenario.yaml", "-o", "plan.xlsx", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    done = run_here("plan", "plan.xlsx", "--set", "sites/hall/region=south", "-o", "new.xlsx", cwd=tmp_path)
    assert done.returncode == 2
    assert "sites.hall.region cannot be set here: the plan holds its region's figures" in done.stderr
    done = run_here("plan", "plan.xlsx", "--set", "sites/hall/pue=1.3", "-o", "new.xlsx", cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_inputs_cites_the_source_of_the_region(tmp_path: Path) -> None:
    from openpyxl import load_workbook

    _scenario(tmp_path, "region: north")
    done = run_here("plan", "scenario.yaml", "-o", "plan.xlsx", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    rows = [[str(cell) for cell in row] for row in load_workbook(tmp_path / "plan.xlsx")["Inputs"].values]
    of_region = [row for row in rows if "grid (see Log)" in row]
    assert len(of_region) == len(OF_A_REGION)
    assert all("vendor" in row and "2025-03" in row for row in of_region)
    done = run_here("workbook", "check", "plan.xlsx", cwd=tmp_path)
    assert done.returncode == 0, done.stdout


# Shipped.


def test_the_bundled_regions_are_plausible_and_give_what_their_sentence_says() -> None:
    known = catalog_of([bundled_folder()])
    assert known.tariffs is not None
    assert len(known.tariffs) >= 30
    for name, region in known.tariffs.items():
        prices = region.electricity_usd_per_mwh
        listed = list(prices.values()) if isinstance(prices, dict) else [prices] if prices is not None else []
        assert all(30 < float(price) < 250 for price in listed), name
        assert bool(listed) == name.startswith("us"), name
        carbon = region.carbon_kg_per_mwh
        assert carbon is None or (not isinstance(carbon, dict) and 10 < float(carbon) < 900), name
        assert region.pue is not None, name


def test_the_schema_asks_for_a_region_or_for_figures() -> None:
    schema = Scenario.model_json_schema()
    site: dict[str, Any] = {"$ref": "#/$defs/Site", "$defs": schema["$defs"]}
    for given, right in (
        ({"power_mw": "1", "region": "us_ohio"}, True),
        ({"power_mw": "1", "pue": "1.2", "electricity_usd_per_mwh": "50"}, True),
        ({"power_mw": "1", "pue": "1.2"}, False),
    ):
        assert jsonschema.Draft202012Validator(site).is_valid(given) == right, given


def test_text_of_a_plan_without_tariffs_is_read(tmp_path: Path) -> None:
    request = load_request(_scenario(tmp_path, OWN))
    assert "tariffs" not in as_text(request.catalog)
    assert request_from_text is not None
