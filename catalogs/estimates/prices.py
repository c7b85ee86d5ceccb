"""Prices that nobody publishes: a system from its chips, a rack from another, and networks. In USD."""

from __future__ import annotations

import math

from catalogs.estimates.rounding import NoEstimate, Value, each_step, for_each, from_first_order, known, rounded
from catalogs.schema import Accelerator, Catalog, Offer, System


def scaled_price(price: float, bandwidth_ratio: float, peak_ratio: float) -> float:
    """A price carried from a chip of the same generation: by the geometric mean of the ratios of memory
    bandwidth and of 8-bit peak, the two things an accelerator is bought for."""
    return price * math.sqrt(bandwidth_ratio * peak_ratio)


def middle(low: float, high: float) -> float:
    """The middle of a published range of prices: its geometric mean."""
    return math.sqrt(low * high)


def system_price(accelerators: int, chip_usd: float, rest_usd: float) -> float:
    """A system from its chips: each with its share of CPUs, memory, NICs, chassis and integration."""
    return accelerators * (chip_usd + rest_usd)


def network_price(accelerators: int, gbit_s: float) -> float:
    """Switches, optics and cables of a system's scale-out network, from Gbit/s per accelerator.

    Through two published points: 6,600 USD at 400 Gbit/s (a cluster of 104,858 H100, 12.8 % of 51.6 k)
    and 10,600 USD at 800 Gbit/s (13 % of 5.9 M USD for a rack of 72 Blackwell).
    """
    exponent = math.log(10_600 / 6_600) / math.log(2)
    return accelerators * 6_600 * math.pow(gbit_s / 400, exponent)


CHIP_PRICE_USD: dict[str, dict[str, tuple[float, float]]] = {
    "a100_80": {"2023": (10_000, 15_000)},
    "h100_sxm": {
        "2022": (30_000, 45_000), "2023": (30_000, 40_000), "2024": (23_000, 30_000), "2025": (20_000, 27_000),
    },
    "h20": {"2024": (10_000, 15_000), "2025": (9_000, 12_000)},
    "b200": {"2024": (35_000, 45_000), "2025": (30_000, 45_000)},
    "b300": {"2025": (30_000, 45_000)},
    "mi250x": {"2022": (8_000, 12_000)},
    "mi300x": {"2023": (10_000, 15_000)},
    "mi325x": {"2024": (10_000, 20_000)},
    "mi350x": {"2025": (22_000, 25_000)},
    "mi355x": {"2025": (25_000, 30_000)},
    "gaudi2": {"2022": (65_000 / 8, 65_000 / 8)},
    "gaudi3": {"2024": (125_000 / 8, 125_000 / 8)},
}  # fmt: skip
"""Published range of what large buyers pay for the bare chip or board, by year of order (Epoch AI; Intel)."""


MADE_FOR_USD: dict[str, tuple[float, float, float, float]] = {
    "tpu_v4": (1_100, 1_500, 0.55, 0.70),
    "tpu_v5e": (950, 1_400, 0.50, 0.65),
    "tpu_v5p": (2_300, 2_900, 0.50, 0.65),
    "tpu_v6e": (1_600, 1_900, 0.50, 0.65),
    "tpu_v7": (4_600, 5_500, 0.50, 0.65),
}
"""Range of manufacturing cost, and of the design partner's gross margin (Epoch AI)."""


CHIP_PRICE_LIKE = {
    "h200_sxm": "h100_sxm", "h100_pcie": "h100_sxm", "h100_nvl": "h100_sxm", "h200_nvl": "h100_sxm",
    "gh200": "h100_sxm", "l40s": "h100_sxm", "rtx_pro_6000": "b200",
    "trainium1": "tpu_v4", "inferentia2": "tpu_v5e", "trainium2": "tpu_v6e", "trainium3": "tpu_v7",
    "maia_100": "tpu_v5p", "maia_200": "tpu_v7", "mtia_v1": "tpu_v5e", "mtia_v2": "tpu_v5e",
    "mtia_300": "tpu_v7", "mtia_400": "tpu_v7", "mtia_450": "tpu_v7", "mtia_500": "tpu_v7",
}  # fmt: skip


BASEBOARD_REST_USD = 12_500.0
"""Per accelerator of an 8-GPU server: 310,000 USD (August 2024) less eight chips, over eight."""


HOST_OF_4_REST_USD = 6_250.0
"""Per accelerator where there is no switched baseboard: PCIe servers and trays of four chips."""


HOST_OF_8_REST_USD = 3_125.0
"""Per accelerator where one plain host carries eight or more small chips."""


CARD_REST_USD = 1_000.0
"""Per accelerator where one server carries 12 to 24 cards."""


REST_USD = {
    **for_each(BASEBOARD_REST_USD, """
        dgx_h100 dgx_h200 dgx_a100 hgx_h20 dgx_b200 dgx_b300 mi250x_node mi300x_server mi325x_server
        mi350x_server mi355x_server
    """),
    **for_each(HOST_OF_4_REST_USD, """
        h100_pcie_server h100_nvl_server h200_nvl_server gh200_server l40s_server rtx_pro_6000_server
        gaudi2_server gaudi3_server tpu_v4_rack tpu_v5p_rack tpu_v7_rack trn2_server trn2_ultraserver
        trn3_ultraserver maia_100_server maia_200_server mtia_300_server mtia_400_rack mtia_450_rack
        mtia_500_rack
    """),
    **for_each(HOST_OF_8_REST_USD, "tpu_v5e_server tpu_v6e_server trn1_server inf2_server"),
    **for_each(CARD_REST_USD, "mtia_v1_server mtia_v2_rack"),
}  # fmt: skip


RACK_PRICE_LIKE = {"mi455x_rack.purchase": "vr200_nvl72.purchase"}
"""Racks whose price per package is scaled from another whole rack."""


NETWORK_GBIT_S = {
    **for_each(400.0, """
        dgx_h100 dgx_h200 hgx_h20 dgx_b200 gb200_nvl72 mi300x_server mi325x_server mi350x_server mi355x_server
        cloudmatrix_384 mtia_300_server mtia_400_rack mtia_450_rack mtia_500_rack gh200_server maia_100_server
        maia_200_server
    """),
    **for_each(800.0, "dgx_b300 gb300_nvl72 mi455x_rack"),
    **for_each(200.0, """
        dgx_a100 mi250x_node gaudi2_server gaudi3_server h100_nvl_server h200_nvl_server h100_pcie_server
        trn2_server trn2_ultraserver trn3_ultraserver
    """),
    **for_each(100.0, "l40s_server rtx_pro_6000_server tpu_v6e_server tpu_v7_rack trn1_server"),
    **for_each(50.0, "tpu_v4_rack tpu_v5p_rack inf2_server mtia_v1_server mtia_v2_rack"),
    "tpu_v5e_server": 25.0,
    "vr200_nvl72": 1600.0,
}  # fmt: skip
"""Scale-out network per accelerator; the links inside a rack or pod are part of the system. TPU: Google's
documentation, v4 as v5p."""


def common_peaks(here: Accelerator, there: Accelerator) -> float:
    """Ratio of two chips' peaks in one precision that both have: 8 bits, else 4 bits, else BF16."""
    for names in (("fp8", "int8"), ("fp4",), ("bf16",)):
        peaks = [max((float(v) for k, v in c.peak_tflops.items() if k in names), default=0.0) for c in (here, there)]
        if all(peaks):
            return peaks[0] / peaks[1]
    raise NoEstimate(f"{here.id} and {there.id} have no precision in common")


def bandwidth_and_peak_ratios(here: Accelerator, there: Accelerator) -> tuple[float, float]:
    bandwidths = known(here.memory_bandwidth_tb_s) / known(there.memory_bandwidth_tb_s)
    return bandwidths, common_peaks(here, there)


def _chip_price(chip: str, catalog: Catalog) -> dict[str, float]:
    if chip in CHIP_PRICE_USD:
        return {period: middle(*pair) for period, pair in CHIP_PRICE_USD[chip].items()}
    if chip in MADE_FOR_USD:
        low, high, least, most = MADE_FOR_USD[chip]
        return {"2021": middle(low, high) / (1 - (least + most) / 2)}
    neighbour = CHIP_PRICE_LIKE[chip]
    ratios = bandwidth_and_peak_ratios(catalog.accelerators[chip], catalog.accelerators[neighbour])
    return {period: scaled_price(usd, *ratios) for period, usd in _chip_price(neighbour, catalog).items()}


def price_figures(catalog: Catalog) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for name, offer in catalog.offers.items():
        system = catalog.systems[offer.system]
        if offer.route == "purchase" and offer.system in NETWORK_GBIT_S:
            usd = network_price(system.accelerators, NETWORK_GBIT_S[offer.system])
            found[f"{name}.network_usd"] = rounded(usd)
        if name in RACK_PRICE_LIKE:
            found[f"{name}.price_usd"] = _rack_price(system, catalog.offers[RACK_PRICE_LIKE[name]], catalog)
        elif name.endswith(".purchase") and offer.system in REST_USD:
            chip = _chip_price(system.accelerator, catalog)
            rest = REST_USD[offer.system]
            steps = {p: rounded(system_price(system.accelerators, usd, rest)) for p, usd in chip.items()}
            found[f"{name}.price_usd"] = from_first_order(steps, offer)
    return found


def _rack_price(system: System, other: Offer, catalog: Catalog) -> Value:
    there = catalog.systems[other.system]
    ratios = bandwidth_and_peak_ratios(
        catalog.accelerators[system.accelerator], catalog.accelerators[there.accelerator]
    )
    assert other.price_usd is not None
    return each_step(other.price_usd, lambda usd: scaled_price(usd * system.accelerators / there.accelerators, *ratios))
