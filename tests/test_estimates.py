"""Every figure of the shipped catalogue that names a rule as its source is what the rule gives."""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from catalogs.estimates import figures, neighbours, packages, power, prices, rates, rents, rounding
from catalogs.estimates.rates import Work
from catalogs.estimates.rounding import Value
from catalogs.load import bundled_folder, catalog_of
from catalogs.memory import misfit
from catalogs.schema import Accelerator, Catalog

DOCUMENT = Path(__file__).parent.parent / "docs" / "estimates.md"


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return catalog_of([bundled_folder()])


@pytest.fixture(scope="module")
def computed(catalog: Catalog) -> dict[str, Value]:
    return figures(catalog)


def _shipped(catalog: Catalog, key: str) -> Decimal | dict[str, Decimal]:
    """The figure at `<entry>.<field>`, `<accelerator>.draws.<pool>`, or the points of a rule in one precision, by date,
    at `throughput.<accelerator>.<workload>.<precision>`."""
    if key.startswith("throughput."):
        _, chip, workload, precision = key.split(".")
        return {
            point.from_ or "": Decimal(str(point.rate))
            for point in catalog.points(chip, workload)
            if point.source == "rule_throughput" and point.precision == precision
        }
    if ".draws." in key:
        chip, _, pool = key.split(".")
        return catalog.accelerators[chip].draws[pool]
    name, _, field = key.rpartition(".")
    entry = catalog.offers.get(name) or catalog.systems.get(name) or catalog.workloads[name]
    value = getattr(entry, field)
    assert isinstance(value, (Decimal, dict)), f"the catalogue lacks {key}"
    return value


def _as_floats(value: Value | Decimal | dict[str, Decimal]) -> dict[str, float]:
    return {k: float(v) for k, v in value.items()} if isinstance(value, dict) else {"": float(value)}


def _cited_to_rules(catalog: Catalog) -> Iterator[str]:
    """Keys, in the form of `figures`, of whatever cites a rule."""
    for key, cite in catalog.cites.items():
        if cite.source.startswith("rule_"):
            yield f"{key}.cowos_wafers" if key.endswith(".draws") else key
    for chip, rated in catalog.throughput.items():
        for workload, points in rated.items():
            for point in points:
                if point.source.startswith("rule_"):
                    yield f"throughput.{chip}.{workload}.{point.precision}"


def test_the_catalogue_holds_what_the_rules_give(catalog: Catalog, computed: dict[str, Value]) -> None:
    wrong = {
        key: (value, _as_floats(_shipped(catalog, key)))
        for key, value in computed.items()
        if _as_floats(value) != pytest.approx(_as_floats(_shipped(catalog, key)), rel=1e-9)
    }
    assert not wrong


def test_what_cites_a_rule_is_computed_by_one(catalog: Catalog, computed: dict[str, Value]) -> None:
    assert set(_cited_to_rules(catalog)) == set(computed)


def test_a_changed_figure_is_noticed(catalog: Catalog, computed: dict[str, Value]) -> None:
    h100 = catalog.systems["dgx_h100"].model_copy(update={"provisioned_kw": Decimal("12.0")})
    moved = figures(catalog.model_copy(update={"systems": {**catalog.systems, "dgx_h100": h100}}))
    assert moved["hgx_h20.provisioned_kw"] != computed["hgx_h20.provisioned_kw"]


def test_estimates_are_never_called_measured(catalog: Catalog) -> None:
    for key, cite in catalog.cites.items():
        if cite.source.startswith("rule_") and cite.source != "rule_power_mlperf":
            assert cite.basis == "estimated", key
    for rated in catalog.throughput.values():
        points = [point for points in rated.values() for point in points]
        assert all(point.basis == "estimated" for point in points if point.source.startswith("rule_"))


def test_every_figure_has_three_significant_digits(computed: dict[str, Value]) -> None:
    for key, value in computed.items():
        for number in _as_floats(value).values():
            assert number == rounding.rounded(number, rounding.DIGITS), key


def test_the_document_names_each_rule_and_each_entry_it_fills(catalog: Catalog, computed: dict[str, Value]) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    rules = {c.source for c in catalog.cites.values()} | {
        point.source for rated in catalog.throughput.values() for points in rated.values() for point in points
    }
    for source in rules:
        if source.startswith(("rule_", "assumed_")):
            assert f"`{source}`" in text, source
    for key in computed:
        if key.startswith("throughput."):
            assert f"`{key.split('.')[1]}`" in text, key


def test_rounding_keeps_significant_digits() -> None:
    assert rounding.rounded(0.069_44) == 0.0694
    assert rounding.rounded(393_937.0) == 394_000.0
    assert rounding.rounded(0.0) == 0.0


def test_provisioned_power_follows_tdp() -> None:
    # 8 x 0.4 kW at DGX H100's ratio, 11.0 kW over 8 x 0.7 kW = 1.964
    assert power.provisioned_from_tdp(8, 400, 11.0 / 5.6) == pytest.approx(6.2857, rel=1e-4)


def test_nameplate_gains_network_and_storage() -> None:
    assert power.provisioned_from_nameplate(100.0) == pytest.approx(109.0)
    assert power.average_from_measured(6.951) == pytest.approx(7.5766, rel=1e-4)


def test_average_power_follows_the_measured_load() -> None:
    assert power.average_from_load(10.0, 0.7) == pytest.approx(7.0)


def test_a_price_scales_with_the_mean_of_bandwidth_and_peak() -> None:
    # twice the bandwidth and eight times the peak: four times the price
    assert prices.scaled_price(1_000.0, 2.0, 8.0) == pytest.approx(4_000.0)
    assert prices.middle(20_000, 45_000) == pytest.approx(30_000)
    assert prices.system_price(8, 26_000, 12_500) == pytest.approx(308_000)


def test_network_goes_through_its_two_published_points() -> None:
    assert prices.network_price(8, 400) == pytest.approx(52_800)
    assert prices.network_price(72, 800) == pytest.approx(763_200)
    assert prices.network_price(1, 800) < 2 * prices.network_price(1, 400)


def test_a_lease_pays_the_system_off() -> None:
    months, monthly = 36, 0.10 / 12
    rent = rents.lease_rent(100_000.0, 1, months) * 730
    paid = sum(rent / (1 + monthly) ** m for m in range(1, months + 1)) + 25_000 / (1 + monthly) ** months
    assert paid == pytest.approx(100_000.0)


def test_carbon_of_an_hour() -> None:
    assert rents.carbon_per_hour(8.0, 8, 1.25) == pytest.approx(0.4625)


def test_wafers_follow_stacks() -> None:
    assert packages.wafers_per_package(0.0625, 4, 8) == pytest.approx(0.03125)


def test_memory_is_weights_and_the_cache_of_a_request() -> None:
    # 10 B at 2 bytes and 1,000 tokens of 500,000 values at 2 bytes; at half a byte, the cache at 1
    model = packages.Served(parameters_bn=10, cached_values=500_000, tokens=1_000)
    assert packages.memory_gb(model, "bf16") == pytest.approx(20 + 1)
    assert packages.memory_gb(model, "fp4") == pytest.approx(5 + 0.5)


def test_what_was_measured_fits_where_it_was_measured(catalog: Catalog) -> None:
    """A minimum that contradicts a submission is none."""
    for chip, rated in catalog.throughput.items():
        systems = [name for name, system in catalog.systems.items() if system.accelerator == chip]
        for workload, points in rated.items():
            for point in points:
                large = [s for s in systems if catalog.systems[s].accelerators >= point.together]
                if point.basis == "measured":
                    assert not any(misfit(catalog, system, workload, point) for system in large), (chip, workload)


def test_roofline_adds_computing_and_moving() -> None:
    work = Work(tflop=2.0, weights_gb=3_000.0, other_gb=500.0)
    # 2 TFLOP at 4 TFLOP/s take 0.5 s; 3.5 TB at 7 TB/s another 0.5 s; at half the bytes 0.2857 s
    assert rates.roofline(work, 4.0, 7.0, 1.0) == pytest.approx(1.0)
    assert rates.roofline(work, 4.0, 7.0, 0.5) == pytest.approx(1 / (0.5 + 2.0 / 7.0))


def test_a_chip_is_as_efficient_as_its_neighbours() -> None:
    assert rates.like_neighbours([(50.0, 100.0)], 300.0, 0.8) == pytest.approx(120.0)
    assert rates.like_neighbours([(40.0, 100.0), (90.0, 100.0)], 100.0, 1.0) == pytest.approx(60.0)
    assert rates.from_small_run(1_000.0, 0.5, 0.9) == pytest.approx(450.0)
    assert rates.carried_back(6_000.0, 2_000.0, 5_000.0) == pytest.approx(2_400.0)


def test_own_chips_of_openai_are_as_maia_with_other_software(catalog: Catalog) -> None:
    for workload, points in catalog.throughput["jalapeno"].items():
        (like,) = (_as_floats(_shipped(catalog, f"throughput.maia_200.{workload}.fp4")),)
        here = {point.from_ or "": float(str(point.rate)) for point in points}
        assert here == {period: rounding.rounded(rate * 0.67 / 0.75) for period, rate in like.items()}, workload


def test_a_matrix_product_tells_how_fast_training_is() -> None:
    # 430 TFLOP/s at 794.5 in a product; a chip of 1,745 in a product trains at 944
    ceilings = neighbours.MATMUL_BF16_TFLOPS
    assert 430 * ceilings["b200"] / ceilings["h100_sxm"] == pytest.approx(944.4, abs=0.1)


def test_a_large_model_goes_by_what_both_reach_on_a_smaller_one(catalog: Catalog) -> None:
    """MI355X reaches 0.96 of B200's efficiency on 70 B, and so on 405 B: 160 · 0.96 · roofline · over B200's."""
    lines = {}
    for chip in ("b200", "mi355x"):
        spec = catalog.accelerators[chip]
        for workload in ("llm_serving_70b", "llm_serving_405b"):
            peak, bandwidth = float(spec.peak_tflops["fp4"]), float(spec.memory_bandwidth_tb_s or 0)
            lines[chip, workload] = rates.roofline(rates.WORK[workload], peak, bandwidth, 0.5)
    small = (12_900 / lines["mi355x", "llm_serving_70b"]) / (12_700 / lines["b200", "llm_serving_70b"])
    large = 160 / lines["b200", "llm_serving_405b"] * lines["mi355x", "llm_serving_405b"] * small
    (point,) = catalog.points("mi355x", "llm_serving_405b")
    assert float(str(point.rate)) == rounding.rounded(large)


def test_the_roofline_explains_the_rates_it_was_made_for(catalog: Catalog) -> None:
    """Measured rates of the 70 B model lie between 0.4 and 1.05 of the roofline on chips with HBM3 or later."""
    for chip, rated in catalog.throughput.items():
        spec = catalog.accelerators[chip]
        bandwidth = float(spec.memory_bandwidth_tb_s or 0)
        for rate in rated.get("llm_serving_70b", ()):
            if rate.precision is None or rate.basis != "measured" or bandwidth < 3:
                continue
            peak, width = float(spec.peak_tflops[rate.precision]), packages.BYTES[rate.precision]
            line = rates.roofline(rates.WORK["llm_serving_70b"], peak, bandwidth, width)
            assert 0.4 < list(_as_floats(rate.rate).values())[-1] / line < 1.05, chip


def test_no_common_precision_is_said() -> None:
    one = Accelerator.model_validate(
        {"id": "a", "name": "A", "vendor": "v", "kind": "gpu", "stack": "s", "peak_tflops": {"bf16": "1"}}
    )
    other = one.model_copy(update={"id": "b", "peak_tflops": {"fp4": Decimal(2)}})
    with pytest.raises(ValueError, match="a and b have no precision in common"):
        prices.common_peaks(one, other)
    assert math.isclose(prices.common_peaks(one, one), 1.0)
