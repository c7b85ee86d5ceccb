"""The shipped catalogue is complete and plausible: what a planner would notice at once if it were not."""

from __future__ import annotations

import re
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from catalogs.load import bundled_folder, catalog_of, load_catalog
from catalogs.periods import first_month, value_at
from catalogs.problems import Problem
from catalogs.schema import HOSTED, Catalog, Offer, Throughput

VENDORS = {"nvidia", "amd", "google", "aws", "microsoft", "meta", "intel"}
REQUIRED = {
    *("h100_sxm", "h200_sxm", "b200", "gb200", "b300", "gb300", "vr200", "h20", "l40s", "a100_80"),
    *("mi250x", "mi300x", "mi325x", "mi350x", "mi355x", "mi455x"),
    *("tpu_v4", "tpu_v5e", "tpu_v5p", "tpu_v6e", "tpu_v7"),
    *("trainium1", "trainium2", "trainium3", "inferentia2", "maia_100", "maia_200"),
    *("mtia_v1", "mtia_v2", "mtia_300", "mtia_400", "mtia_450", "mtia_500", "gaudi2", "gaudi3", "jalapeno"),
}
WITHOUT_SYSTEM = {
    "tpu_8t", "tpu_8i", "rubin_cpx", "mi430x", "mi440x", "ascend_910b", "ascend_950dt", "ai200", "lpu_v1", "wse_3",
}  # fmt: skip
"""What is published of these is too little for a system, a price or a rate."""
BUYERS = {"meta", "microsoft", "google", "amazon", "oracle", "xai", "openai", "anthropic", "apple", "deepseek"}
WORKLOADS = {
    "llm_training": "training",
    "llm_serving_70b": "serving",
    "llm_serving_70b_interactive": "serving",
    "llm_serving_405b": "serving",
    "llm_serving_405b_interactive": "serving",
    "llm_serving_moe": "serving",
    "llm_serving_moe_interactive": "serving",
    "recommendation_training": "recommendation",
    "recommendation_inference": "recommendation",
    "recommendation_inference_v3": "recommendation",
    "llm_serving_8b": "serving",
    "llm_serving_8b_interactive": "serving",
    "llm_serving_mixtral": "serving",
    "llm_serving_gpt_oss": "serving",
    "llm_serving_gpt_oss_interactive": "serving",
    "llm_fine_tuning": "training",
    "vision_language_batch": "serving",
    "image_generation": "serving",
}
WITHOUT_PRECISION = {"llm_fine_tuning", "vision_language_batch", "image_generation", "recommendation_inference_v3"}
"""Workloads whose submissions mix precisions, or of which nobody has written down in which they ran."""
WITHOUT_PEAK = {("rtx_pro_6000", "fp8")}
"""Precisions that were measured on a chip whose maker states no peak in them."""
SUCCESSORS = (
    ("a100_80", "h100_sxm", "h200_sxm", "b200", "b300"),
    ("gb200", "gb300", "vr200"),
    ("h100_pcie", "h100_nvl", "h200_nvl"),
    ("mi250x", "mi300x", "mi325x", "mi350x", "mi355x", "mi455x"),
    ("tpu_v4", "tpu_v5p", "tpu_v7"),
    ("tpu_v5e", "tpu_v6e", "tpu_v7"),
    ("trainium1", "trainium2", "trainium3"),
    ("gaudi2", "gaudi3"),
    ("mtia_v1", "mtia_v2", "mtia_300", "mtia_400", "mtia_450", "mtia_500"),
    ("maia_100", "maia_200"),
)
MEASURED_SLOWER = {("b200", "b300", "recommendation_training")}
"""Successors that a public benchmark shows to be slower."""

IN_SERVICE = {  # first quarter in which a purchase can be in service
    "dgx_b200": "2025q1",
    "gb200_nvl72": "2025q1",
    "gb300_nvl72": "2025q3",
    "dgx_b300": "2025q4",
    "mi300x_server": "2024q1",
    "mi355x_server": "2025q3",
    "tpu_v7_rack": "2025q4",
    "vr200_nvl72": "2026q4",
    "trn2_server": "2024q4",
    "mtia_v2_rack": "2024q2",
    "maia_200_server": "2026q1",
    "jalapeno_rack": "2026q4",
}
USD_PER_ACCELERATOR = {  # of a whole system, without its network, at any period
    "nvidia": (10_000, 130_000),
    "amd": (15_000, 110_000),
    "intel": (8_000, 30_000),
    "google": (4_000, 25_000),
    "aws": (4_000, 20_000),
    "microsoft": (8_000, 30_000),
    "meta": (1_000, 50_000),
    "openai": (10_000, 30_000),
    "huawei": (10_000, 40_000),
}
RENT_USD_PER_HOUR = (0.3, 28.0)


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return catalog_of([bundled_folder()])


def _values(schedule: Decimal | dict[str, Decimal] | None) -> list[float]:
    if schedule is None:
        return []
    return [float(v) for v in schedule.values()] if isinstance(schedule, dict) else [float(schedule)]


def _offers_of(catalog: Catalog, accelerator: str) -> list[Offer]:
    return [o for o in catalog.offers.values() if catalog.systems[o.system].accelerator == accelerator]


def test_it_loads_without_a_problem() -> None:
    problems: list[Problem] = []
    load_catalog([bundled_folder()], problems)
    assert problems == []


def test_every_required_accelerator_and_vendor_is_there(catalog: Catalog) -> None:
    assert set(catalog.accelerators) >= REQUIRED
    assert {a.vendor for a in catalog.accelerators.values()} >= VENDORS


FILES = sorted(p for p in bundled_folder().glob("*/*.yaml") if p.parent.name != "scenarios")


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_a_file_is_named_after_its_accelerator_and_vendor(catalog: Catalog, path: Path) -> None:
    assert catalog.accelerators[path.stem].vendor == path.parent.name


def test_systems_that_really_ship(catalog: Catalog) -> None:
    sizes = {
        "dgx_h100": 8, "gb200_nvl72": 72, "gb300_nvl72": 72, "vr200_nvl72": 72, "mi455x_rack": 72,
        "tpu_v7_rack": 64, "trn2_server": 16, "trn2_ultraserver": 64, "mtia_v2_rack": 72, "l40s_server": 8,
    }  # fmt: skip
    assert {name: catalog.systems[name].accelerators for name in sizes} == sizes


def test_workloads(catalog: Catalog) -> None:
    assert {name: w.phase for name, w in catalog.workloads.items()} == WORKLOADS
    assert catalog.workloads["llm_training"].unit == "TFLOP/s"
    assert all("latency" in w.describes for w in catalog.workloads.values() if w.phase == "serving")


def test_pools_have_several_forecasts_that_grow(catalog: Catalog) -> None:
    assert set(catalog.pools) == {"cowos_wafers", "hbm_stacks"}
    assert {"semi_vision", "morgan_stanley", "jpmorgan", "digitimes", "silicon_analysts"} <= set(
        catalog.pools["cowos_wafers"].forecasts
    )
    for pool in catalog.pools.values():
        assert len(pool.forecasts) >= 2
        for name, forecast in pool.forecasts.items():
            assert _values(forecast) == sorted(_values(forecast)), name


def test_chips_with_hbm_draw_on_it(catalog: Catalog) -> None:
    outside = {"l40s", "rtx_pro_6000", "mtia_v1", "mtia_v2"} | WITHOUT_SYSTEM
    for name, chip in catalog.accelerators.items():
        assert ("hbm_stacks" in chip.draws) == (name not in outside), name
        assert all(0 < float(v) <= (1 if pool == "cowos_wafers" else 12) for pool, v in chip.draws.items()), name


def test_every_system_and_accelerator_can_be_had(catalog: Catalog) -> None:
    assert {o.system for o in catalog.offers.values()} == set(catalog.systems)
    assert {s.accelerator for s in catalog.systems.values()} == set(catalog.accelerators) - WITHOUT_SYSTEM
    assert set(catalog.throughput) == set(catalog.accelerators) - WITHOUT_SYSTEM


def test_routes_that_exist(catalog: Catalog) -> None:
    def routes(accelerator: str) -> set[str]:
        return {o.route for o in _offers_of(catalog, accelerator)}

    for name in ("h100_sxm", "b200", "gb200", "mi355x"):
        assert routes(name) == {"purchase", "lease", "reservation", "on_demand"}
    for name in ("a100_80", "l40s", "gaudi2", "gaudi3"):
        assert {"purchase", "on_demand"} <= routes(name)
    for name in ("h20", "mi250x", "mi455x"):
        assert routes(name) == {"purchase"}
    for name in ("tpu_v4", "tpu_v5e", "tpu_v5p", "tpu_v6e", "tpu_v7", "trainium1", "trainium3"):
        assert routes(name) == {"purchase", "reservation", "on_demand"}
    assert routes("trainium2") == {"purchase", "reservation"}


def test_hosted_offers_name_host_supply_and_carbon(catalog: Catalog) -> None:
    for name, offer in catalog.offers.items():
        assert (offer.host is not None) == (offer.route in HOSTED), name
        if offer.hosted:
            assert offer.supply_systems_per_month is not None, name
            assert offer.carbon_kg_per_accelerator_hour is not None, name
    hosts = {o.host for o in catalog.offers.values() if o.host}
    assert hosts == {"neocloud", "aws", "google_cloud", "azure", "oracle_cloud"}


def test_in_house_chips_have_their_buyers(catalog: Catalog) -> None:
    owners = {
        "google": {"google", "anthropic"}, "aws": {"amazon"}, "microsoft": {"microsoft"}, "meta": {"meta"},
        "openai": {"openai"},
    }  # fmt: skip
    for name, offer in catalog.offers.items():
        vendor = catalog.accelerators[catalog.systems[offer.system].accelerator].vendor
        if offer.route == "purchase" and vendor in owners:
            assert offer.buyers, name
            assert set(offer.buyers) <= owners[vendor], name
            assert offer.supply_systems_per_month is not None, name
        assert set(offer.buyers or ()) <= BUYERS, name
        if offer.hosted:
            assert offer.buyers is None, name


def test_nothing_is_sold_only_to_others(catalog: Catalog) -> None:
    """A buyer without own chips can still rent TPU and Trainium, but not Maia or MTIA."""
    open_to_all = {catalog.systems[o.system].accelerator for o in catalog.offers.values() if o.buyers is None}
    assert {"tpu_v7", "trainium2", "inferentia2"} <= open_to_all
    assert not {a for a in open_to_all if a.startswith(("maia", "mtia", "jalapeno"))}


def test_average_power_is_within_provisioned(catalog: Catalog) -> None:
    for name, system in catalog.systems.items():
        assert Decimal("0.5") < system.average_kw / system.provisioned_kw <= 1, name


def test_provisioned_power_covers_the_chips(catalog: Catalog) -> None:
    for name, system in catalog.systems.items():
        tdp_w = catalog.accelerators[system.accelerator].tdp_w
        if tdp_w is not None:
            chips_kw = system.accelerators * tdp_w / 1000
            assert 1 < system.provisioned_kw / chips_kw < Decimal("3.5"), name


def test_prices_are_plausible(catalog: Catalog) -> None:
    for name, offer in catalog.offers.items():
        system = catalog.systems[offer.system]
        low, high = USD_PER_ACCELERATOR[catalog.accelerators[system.accelerator].vendor]
        for usd in _values(offer.price_usd):
            assert low <= usd / system.accelerators <= high, name
        for usd in _values(offer.usd_per_accelerator_hour):
            assert RENT_USD_PER_HOUR[0] <= usd <= RENT_USD_PER_HOUR[1], name


def test_capacity_blocks_are_reservations(catalog: Catalog) -> None:
    blocks = [key.rpartition(".")[0] for key, cite in catalog.cites.items() if cite.source == "aws_blocks"]
    assert len(blocks) >= 7
    for name in blocks:
        offer = catalog.offers[name]
        assert (offer.host, offer.route, offer.term_months) == ("aws", "reservation", 6), name


def test_every_large_cloud_has_published_rents(catalog: Catalog) -> None:
    """What somebody publishes is the vendor's, with a date; the others are what rule 4 gives, or a survey."""
    published: dict[str, set[str]] = {}
    for name, offer in catalog.offers.items():
        cite = catalog.cite(name, "usd_per_accelerator_hour")
        if offer.hosted and cite and cite.basis == "vendor":
            assert catalog.sources[cite.source].date, name
            published.setdefault(str(offer.host), set()).add(name)
    assert {host for host, names in published.items() if len(names) >= 5} == {
        "neocloud", "aws", "google_cloud", "azure", "oracle_cloud",
    }  # fmt: skip


def test_nobody_lets_below_an_owners_cost(catalog: Catalog) -> None:
    """SemiAnalysis, August 2026: what a neocloud pays in all for an hour of its own."""
    costs = {"dgx_h100": 1.55, "dgx_h200": 1.59, "dgx_b200": 2.07, "dgx_b300": 2.52, "gb200_nvl72": 2.26,
             "gb300_nvl72": 2.79, "mi300x_server": 1.16, "mi325x_server": 1.32, "mi355x_server": 2.09,
             "rtx_pro_6000_server": 0.75}  # fmt: skip
    for name, offer in catalog.offers.items():
        if offer.host == "neocloud" and offer.system in costs:
            rent = value_at(offer.usd_per_accelerator_hour, first_month("2026q3"))
            assert rent is None or float(rent) >= costs[offer.system], name


def test_estimated_prices_have_a_range(catalog: Catalog) -> None:
    """Published ranges lie within it: Epoch AI's 80 % of H100 in 2025 gives a server 0.91 to 1.11 times its price,
    TPU v7's cost and margin a rack 0.85 to 1.21 times."""
    for name, offer in catalog.offers.items():
        if offer.route == "purchase":
            cite = catalog.cite(name, "price_usd")
            assert cite is not None, name
            assert (cite.uncertainty is not None) == (cite.basis == "estimated"), name
            if cite.uncertainty:
                assert (cite.uncertainty.low, cite.uncertainty.high) == (Decimal("0.85"), Decimal("1.25")), name


def test_network_is_a_part_of_the_price(catalog: Catalog) -> None:
    for name, offer in catalog.offers.items():
        if offer.route == "purchase" and offer.price_usd is not None and offer.network_usd:
            assert float(offer.network_usd) < 1.0 * min(_values(offer.price_usd)), name


def test_longer_terms_cost_less(catalog: Catalog) -> None:
    for name, offer in catalog.offers.items():
        stem = name.rpartition(".")[0]
        month = first_month("2026q4")
        rents = [
            value_at(catalog.offers[f"{stem}.{route}"].usd_per_accelerator_hour, month)
            for route in ("reservation_36", "reservation", "on_demand")
            if f"{stem}.{route}" in catalog.offers
        ]
        if offer.hosted and None not in rents:
            assert rents == sorted(rents, key=lambda rent: rent or 0), stem


def test_a_price_holds_from_the_first_order(catalog: Catalog) -> None:
    for name, offer in catalog.offers.items():
        start = offer.available.from_
        assert start is not None, name
        price = offer.price_usd if offer.route == "purchase" else offer.usd_per_accelerator_hour
        assert value_at(price, first_month(start)) is not None, name
        if offer.supply_systems_per_month is not None:
            assert value_at(offer.supply_systems_per_month, first_month(start)) is not None, name


def test_every_quote_ends(catalog: Catalog) -> None:
    for name, offer in catalog.offers.items():
        assert offer.available.from_ is not None, name
        assert offer.available.until is not None, name
        assert first_month(offer.available.from_) < first_month(offer.available.until), name


def test_nothing_is_in_service_before_it_was_announced(catalog: Catalog) -> None:
    for name, offer in catalog.offers.items():
        announced = catalog.accelerators[catalog.systems[offer.system].accelerator].announced
        assert announced is not None, name
        assert offer.available.from_ is not None, name
        assert first_month(offer.available.from_) + offer.lead_time_months >= first_month(announced), name


@pytest.mark.parametrize(("system", "quarter"), sorted(IN_SERVICE.items()))
def test_purchases_enter_service_when_the_chip_first_shipped(catalog: Catalog, system: str, quarter: str) -> None:
    offer = catalog.offers[f"{system}.purchase"]
    assert offer.available.from_ is not None
    quarters = -(-offer.lead_time_months // 3)
    assert first_month(offer.available.from_) + 3 * quarters == first_month(quarter)


def test_rates_hold_whenever_the_chip_can_be_had(catalog: Catalog) -> None:
    for chip, rates in catalog.throughput.items():
        for workload, points in rates.items():
            assert any(point.from_ is None for point in points), (chip, workload)


def test_software_only_gets_faster(catalog: Catalog) -> None:
    """In each precision every point is faster than those before it."""
    for chip, rates in catalog.throughput.items():
        for workload, points in rates.items():
            for precision in {point.precision for point in points}:
                dated = [point for point in points if point.precision == precision]
                found = [float(str(point.rate)) for point in dated]
                assert found == sorted(set(found)), (chip, workload, precision)
                starts = [first_month(point.from_) for point in dated if point.from_]
                assert starts == sorted(set(starts)), (chip, workload, precision)
                assert len(starts) >= len(dated) - 1, (chip, workload, precision)


def test_a_point_is_one_rate_in_one_precision(catalog: Catalog) -> None:
    """What was measured says how many reached it together, and some shipped system holds so many; estimates do not."""
    for chip, rates in catalog.throughput.items():
        largest = max(s.accelerators for s in catalog.systems.values() if s.accelerator == chip)
        for workload, points in rates.items():
            for point in points:
                assert isinstance(point.rate, Decimal), (chip, workload)
                known = {*catalog.accelerators[chip].peak_tflops, *(p for c, p in WITHOUT_PEAK if c == chip)}
                assert point.precision in known or workload in WITHOUT_PRECISION, (chip, workload)
                assert (point.accelerators is not None) == (point.basis == "measured"), (chip, workload)
                assert point.together <= largest, (chip, workload)


def test_precisions_of_training_are_told_apart(catalog: Catalog) -> None:
    def rate(chip: str, precision: str) -> float:
        points = [point for point in catalog.points(chip, "llm_training") if point.precision == precision]
        return max(float(str(point.rate)) for point in points)

    assert 400 <= rate("h100_sxm", "bf16") <= 430
    assert rate("h100_sxm", "fp8") == 845
    assert 1_788 <= rate("gb200", "fp8") <= 1_880
    assert rate("gb200", "fp4") == 2_590
    assert {point.precision for point in catalog.points("a100_80", "llm_training")} == {"bf16"}
    for chip in catalog.throughput:
        found = {point.precision for point in catalog.points(chip, "llm_training")}
        assert not found or "bf16" in found, chip


def test_what_was_published_later_is_measured(catalog: Catalog) -> None:
    for chip, workload in (
        ("b300", "llm_serving_moe"), ("mi355x", "llm_serving_moe"),
        ("gb200", "llm_serving_moe_interactive"), ("gb300", "llm_serving_moe_interactive"),
    ):  # fmt: skip
        assert [point.basis for point in catalog.points(chip, workload)] == ["estimated", "measured"], (chip, workload)


def test_latency_costs_throughput(catalog: Catalog) -> None:
    for chip, rates in catalog.throughput.items():
        for relaxed in ("llm_serving_70b", "llm_serving_405b", "llm_serving_moe"):
            if f"{relaxed}_interactive" in rates:
                assert _latest(catalog, chip, f"{relaxed}_interactive") < _latest(catalog, chip, relaxed), chip


def _latest(catalog: Catalog, chip: str, workload: str) -> float:
    return max(float(str(point.rate)) for point in catalog.points(chip, workload))


def test_a_newer_chip_is_not_slower(catalog: Catalog) -> None:
    slower = {
        (older, newer, workload)
        for line in SUCCESSORS
        for older, newer in pairwise(line)
        for workload in catalog.throughput[newer].keys() & catalog.throughput[older].keys()
        if _latest(catalog, newer, workload) < _latest(catalog, older, workload)
    }
    assert slower == MEASURED_SLOWER
    slow = [point for _, newer, workload in MEASURED_SLOWER for point in catalog.points(newer, workload)]
    assert all(point.basis == "measured" for point in slow)


def test_training_needs_a_training_chip(catalog: Catalog) -> None:
    trains = {chip for chip, rates in catalog.throughput.items() if "llm_training" in rates}
    assert not trains & {"inferentia2", "maia_200", "mtia_v1", "mtia_v2", "mtia_300", "rtx_pro_6000", "jalapeno"}


def test_a_training_rate_is_a_plausible_share_of_peak(catalog: Catalog) -> None:
    for chip, rates in catalog.throughput.items():
        for entry in rates.get("llm_training", ()):
            assert entry.precision is not None, chip
            peak = float(catalog.accelerators[chip].peak_tflops[entry.precision])
            assert 0.15 < float(str(entry.rate)) / peak < 0.67, chip


def _points(catalog: Catalog) -> list[Throughput]:
    """Every point of every throughput."""
    return [point for rates in catalog.throughput.values() for points in rates.values() for point in points]


def test_measured_rates_name_a_publication(catalog: Catalog) -> None:
    measured = [point for point in _points(catalog) if point.basis == "measured"]
    assert len(measured) >= 50
    for rate in measured:
        source = catalog.sources[rate.source]
        assert source.url, rate.source
        assert source.date, rate.source


def test_sources_are_all_used_and_published_unless_ours(catalog: Catalog) -> None:
    used = {c.source for c in catalog.cites.values()} | {point.source for point in _points(catalog)}
    assert used == set(catalog.sources)
    for name, source in catalog.sources.items():
        if source.url is not None:
            assert source.url.startswith("https://"), name
        else:
            assert name.startswith(("rule_", "assumed_")), name
            assert source.note, name


def test_no_address_reads_as_an_escape_of_a_spreadsheet(catalog: Catalog) -> None:
    """`_x4_` is a character to LibreOffice, which saves another text: in an address %5F stands for the line."""
    assert not [name for name, source in catalog.sources.items() if re.search("_x[0-9a-fA-F]{1,4}_", source.url or "")]


def test_engineering_is_done_by_the_first_order(catalog: Catalog) -> None:
    """A plan from 2024q3 on, as Microsoft's of its fiscal year, can start in time for every own chip."""
    ahead = {name: chip.one_off for name, chip in catalog.accelerators.items() if chip.one_off}
    assert set(ahead) == {"maia_200", "mtia_400", "mtia_450", "mtia_500", "jalapeno"}
    for name, one_off in ahead.items():
        for offer in _offers_of(catalog, name):
            assert offer.available.from_ is not None
            assert first_month(offer.available.from_) - one_off.months >= first_month("2024q3"), name
