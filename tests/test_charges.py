"""A cost of a site's use follows from its record: one more is planned, audited and on every sheet."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from workbook_cells import find

ROOT = Path(__file__).parent.parent
WATER = {
    "optimizer/request/site.py": (
        "    carbon_kg_per_mwh: Schedule | None = None\n",
        "    water_litres_per_kwh: Schedule = Decimal(0)\n    water_usd_per_m3: Schedule = Decimal(0)\n",
    ),
    "optimizer/request/charges.py": (
        "CHARGES = (ENERGY, HOSTING)\n",
        'WATER = Charge(name="water_usd", label="Water", used="it_mwh", note="Of IT energy.", equation="", tariffs=(\n'
        '    Tariff("water_litres_per_kwh", "Water", "litres/kWh"),\n'
        '    Tariff("water_usd_per_m3", "Water price", "USD/m3"),\n'
        "))\nCHARGES += (WATER,)\n",
    ),
    "optimizer/audit/resources.py": (
        "CHARGES = (\n",
        '    Charge("water_usd", "it_mwh", ("water_litres_per_kwh", "water_usd_per_m3")),\n',
    ),
}
"""What is added to each file, after which line: litres per kWh of IT energy, which are m3 per MWh, at a price."""
SCENARIO = """
extends: quick_start
sites: {colo_room: {water_litres_per_kwh: {2026q1: 1.8, 2027q1: 1.5}, water_usd_per_m3: 4}}
"""
Run = Callable[..., str]


@pytest.fixture
def with_water(tmp_path: Path) -> Run:
    """The command of a copy of the program that knows of water."""
    for package in ("catalogs", "optimizer", "cli"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name, (after, added) in WATER.items():
        text = (tmp_path / name).read_text("utf-8")
        assert text.count(after) == 1, f"say where water goes in {name}"
        (tmp_path / name).write_text(text.replace(after, after + added), "utf-8")
    (tmp_path / "water.yaml").write_text(SCENARIO)

    def run(*words: str) -> str:
        code = "import sys; from cli.main import run; sys.exit(run(sys.argv[1:]))"
        environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
        done = subprocess.run([sys.executable, "-c", code, *words], cwd=tmp_path, env=environment, check=False,
                              capture_output=True, encoding="utf-8", timeout=120)  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_a_cost_of_a_site_is_one_record(with_water: Run, tmp_path: Path) -> None:
    """The audit counts it anew; the workbook is only written where its formulas give the plan's costs."""
    with_water("plan", "water.yaml", "-o", "plan.xlsx", "--json", "plan.json")
    plan = json.loads((tmp_path / "plan.json").read_text("utf-8"))
    assert plan["audit"]["ok"]
    energy, water = plan["costs"]["energy_usd"], plan["costs"]["water_usd"]
    it_mwh = {key: usd / 143.7 / 1.3 for key, usd in energy.items()}  # its tariff and PUE
    assert sum(it_mwh.values()) > 0
    assert water == pytest.approx({key: mwh * 4 * (1.8 if key < "2027" else 1.5) for key, mwh in it_mwh.items()})
    assert "nothing found" in with_water("workbook", "check", "plan.xlsx")

    book = openpyxl.load_workbook(tmp_path / "plan.xlsx", data_only=True)
    cash, inputs = book["Cash"], book["Inputs"]
    total = sum(water.values())
    assert [cash.cell(find(cash, *of), 6).value for of in (("Water",), ("Water cost", "", "colo_room"))] == (
        pytest.approx([total, total])
    )
    price = inputs.cell(find(inputs, "Water price", place="colo_room"), 9)
    assert (price.value, price.number_format[:10]) == (4, "#,##0.00##")
    assert find(book["Unit costs"], "Energy, hosting, water, carbon", "dgx_b200", "colo_room")
