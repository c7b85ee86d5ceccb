"""What `catalog list --workload` and `catalog show A B` say, against sums by hand and the bundled catalogue."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from commands import run_here

from catalogs.load import bundled_folder, catalog_of
from catalogs.schema import Catalog
from cli.catalog_list import sorted_unit_costs
from optimizer.request.scenario import Finance
from optimizer.tables.unit_cost import TERMS, UnitCost, left_after, unit_costs, usd_per_accelerator_hour


@pytest.fixture(scope="module")
def known() -> Catalog:
    return catalog_of([bundled_folder()])


def costs(known: Catalog, workload: str, period: str) -> dict[str, UnitCost]:
    return {row.offer: row for row in unit_costs(known, workload, period, TERMS)}


def test_a_rented_unit_costs_its_rent_over_its_rate(known: Catalog) -> None:
    row = costs(known, "llm_training", "2026q1")["dgx_h100.on_demand"]
    # 2.30 USD an hour; 845 TFLOP/s at 0.95 for 3,600 s are 2.88990 million TFLOP
    assert (row.rate, row.price, row.usd_per_accelerator_hour) == (845.0, 2.3, 2.3)
    assert row.usd_per_million_units == pytest.approx(2.30 / (845 * 0.95 * 3600 / 1e6))
    assert row.supply_systems_per_month == 600


def test_an_owned_hour_pays_price_network_and_energy(known: Catalog) -> None:
    """286,000 and 52,800 USD, 0.12 of both left after five years at 9 %, eight H100, 7.58 kW."""
    years = sum(1.09 ** -(k + 0.5) for k in range(5))
    left = 1 - 0.12 * 1.09**-5
    fixed = (286_000 + 52_800) * left / (8760 * years)
    energy = 7.58 * 1.2 * 70 / 1000
    found = usd_per_accelerator_hour(known, known.offers["dgx_h100.purchase"], 286_000.0, TERMS)
    assert found == pytest.approx((fixed + energy) / 8)


def test_a_lease_pays_rent_beside_network_and_energy(known: Catalog) -> None:
    lease = known.offers["dgx_h100.lease"].model_copy(update={"network_usd": Decimal(52_800)})
    years = sum(1.09 ** -(k + 0.5) for k in range(3))
    found = usd_per_accelerator_hour(known, lease, 1.52, TERMS)
    assert found == pytest.approx(1.52 + (52_800 / (8760 * years) + 7.58 * 1.2 * 70 / 1000) / 8)


def test_what_is_left_is_linear_between_years() -> None:
    assert left_after(1.5, Finance()) == pytest.approx((0.62 + 0.42) / 2 * 1.09**-1.5)
    assert left_after(7, Finance()) == pytest.approx(0.12 * 1.09**-7), "the last value holds"


def test_closed_offers_say_from_or_until_when(known: Catalog) -> None:
    early, late = (costs(known, "llm_training", period) for period in ("2023q1", "2030q1"))
    assert early["gb300_nvl72.purchase"].closed.startswith("from ")
    assert late["dgx_h100.purchase"].closed == "until 2026q4"
    assert early["dgx_h100.purchase"].closed == ""


def test_only_what_does_the_work_is_listed(known: Catalog) -> None:
    found = costs(known, "llm_serving_moe", "2026q1")
    able = {chip for chip, rated in known.throughput.items() if "llm_serving_moe" in rated}
    assert {known.systems[known.offers[key].system].accelerator for key in found} <= able
    assert "dgx_h100.purchase" not in found, "640 GB hold no model of 672"


@pytest.mark.parametrize(("sort", "field", "falls"), [("usd_per_unit", -1, False), ("rate", 0, True)])
def test_offers_are_sorted_and_those_that_can_be_ordered_come_first(
    sort: str, field: int, falls: bool, known: Catalog, tmp_path: Path
) -> None:
    words = ("catalog", "list", "--workload", "llm_training", "--in", "2026q1", "--sort", sort)
    done = run_here(*words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    rows = costs(known, "llm_training", "2026q1")
    order = [rows[word] for line in done.stdout.splitlines() if (word := line.partition(" ")[0]) in rows]
    assert len(order) == len(rows)
    assert [bool(row.closed) for row in order] == sorted(bool(row.closed) for row in order)
    shown = [row.rate if field == 0 else row.usd_per_million_units or 0 for row in order if not row.closed]
    assert shown == sorted(shown, reverse=falls)


def test_what_is_not_supplied_is_closed_and_what_is_free_comes_first(known: Catalog) -> None:
    rent = known.offers["dgx_h100.on_demand"]
    offers = {
        "none": rent.model_copy(update={"supply_systems_per_month": {"2027q1": Decimal(5)}}),
        "free": rent.model_copy(update={"usd_per_accelerator_hour": Decimal(0), "free": "true"}),
        "paid": rent,
    }
    ours = known.model_copy(update={"offers": offers})
    rows = sorted_unit_costs(ours, "llm_training", "2026q1", "usd_per_unit", TERMS, None)
    assert [(row.offer, row.closed) for row in rows] == [("free", ""), ("paid", ""), ("none", "no supply")]


def test_the_offers_of_a_workload_are_json_too(known: Catalog, tmp_path: Path) -> None:
    words = ("catalog", "list", "--workload", "llm_training", "--in", "2026q1", "--pue", "1.3", "--json", "-")
    told = json.loads(run_here(*words, cwd=tmp_path).stdout)
    assert (told["unit"], told["pue"], told["electricity_usd_per_mwh"]) == ("TFLOP/s", 1.3, 70)
    (rented,) = [row for row in told["offers"] if row["offer"] == "dgx_h100.on_demand"]
    assert (rented["price"], rented["rate"], rented["closed"]) == (2.3, 845.0, "")
    assert rented["point"]["source"] in known.sources


def test_an_in_house_offer_names_its_buyer(tmp_path: Path) -> None:
    done = run_here("catalog", "list", "--workload", "llm_training", "--in", "2026q1", cwd=tmp_path)
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("tpu_v7_rack.purchase ")]
    assert "google only" in line


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("list", "--workload", "llm_trainin"), "did you mean 'llm_training'?"),
        (("list", "--workload", "llm_training", "--in", "2026Q5"), "is not a period"),
        (("list", "--workload", "llm_training", "--pue", "0.9"), "0.9"),
        (("list", "--sort", "rate", "--pue", "1.1"), "--pue, --sort must go with --workload"),
        (("show", "b200", "mi355"), "nothing is called 'mi355'"),
    ],
)
def test_what_is_not_there_is_said(words: tuple[str, ...], said: str, tmp_path: Path) -> None:
    done = run_here("catalog", *words, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr


def test_two_chips_stand_side_by_side_with_their_sources(known: Catalog, tmp_path: Path) -> None:
    lines = run_here("catalog", "show", "b200", "mi355x", cwd=tmp_path).stdout.splitlines()
    (memory,) = [line.split() for line in lines if line.startswith("memory_gb")]
    assert [memory[0], memory[1], memory[5]] == ["memory_gb", "180", "288"]
    assert [memory[2:5], memory[6:9]] == [["vendor", "2026-08", "[1]"]] * 2, "basis, date and source of each"
    (samples,) = [line for line in lines if line.startswith("recommendation_training")]
    assert "2900000 sample/s" in samples, "written out, not as 2.9E+6"
    sources = {
        point.source for chip in ("b200", "mi355x") for points in known.throughput[chip].values() for point in points
    }
    urls = {known.sources[name].url for name in sources if known.sources[name].url}
    assert urls <= {line.strip() for line in lines}
    assert any("2025-09" in line for line in lines)


def test_a_source_is_told_for_the_entry_s_own_figures_alone(tmp_path: Path) -> None:
    """`dgx_h100.purchase` is an offer, no field of the system `dgx_h100`."""
    shown = run_here("catalog", "show", "dgx_h100", cwd=tmp_path).stdout
    assert "behind dgx_h100.provisioned_kw" in shown
    assert "dgx_h100.purchase.price_usd" not in shown
