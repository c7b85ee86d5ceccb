"""Power that nobody publishes: provisioned and average kW of a system."""

from __future__ import annotations

from catalogs.estimates.rounding import Value, for_each, known, rounded
from catalogs.schema import Catalog

NETWORK_POWER = 1.09
"""IT power of a node with its share of switches and storage, over the node's own: 64 nodes of 8 H100
with their switches drew 7.6 kW a node in a GPT-3 run, a node alone 6.95 kW (MLPerf Training v4.0)."""


MEASURED_NODE_KW = {"dgx_h100": 6.951, "dgx_b200": 9.86}
"""AC power of a busy 8-GPU node: H100 mean of a training run (MLPerf Training v4.0); B200 mean of one
training run (9.57) and three inference runs (10.40, 9.89, 9.57; MLPerf Training v5.0, Inference v5.1)."""


def provisioned_from_tdp(accelerators: int, tdp_w: float, all_in_over_tdp: float) -> float:
    """Provisioned kW of a system from its chips' TDP and a neighbour's ratio of all-in power to TDP."""
    return accelerators * tdp_w / 1000 * all_in_over_tdp


def provisioned_from_nameplate(nameplate_kw: float) -> float:
    """Provisioned kW of a system whose own largest power is published: plus network and storage."""
    return nameplate_kw * NETWORK_POWER


def average_from_measured(node_kw: float) -> float:
    """Average kW of a system whose node was measured at work: plus network and storage."""
    return node_kw * NETWORK_POWER


def average_from_load(provisioned_kw: float, load: float) -> float:
    """Average kW from provisioned kW and a measured neighbour's ratio of the two."""
    return provisioned_kw * load


ALL_IN_LIKE = {
    "hgx_h20": "dgx_h100", "gaudi2_server": "dgx_h100",
    "h100_pcie_server": "dgx_h100", "h100_nvl_server": "dgx_h100", "h200_nvl_server": "dgx_h200",
    "l40s_server": "rtx_pro_6000_server",
    "mi250x_node": "mi300x_server", "mi350x_server": "mi325x_server", "gaudi3_server": "dgx_b200",
    "tpu_v4_rack": "tpu_v7_rack", "tpu_v5e_server": "tpu_v7_rack", "tpu_v5p_rack": "tpu_v7_rack",
    "tpu_v6e_server": "tpu_v7_rack", "trn1_server": "trn2_server",
    "trn3_ultraserver": "trn2_server", "maia_100_server": "gb200_nvl72", "maia_200_server": "gb200_nvl72",
    "mtia_300_server": "dgx_b200", "mtia_400_rack": "gb200_nvl72", "mtia_450_rack": "gb200_nvl72",
    "mtia_500_rack": "gb200_nvl72",
}  # fmt: skip
"""Provisioned power of a system from its TDP at the all-in ratio of another system."""


PACKAGES_LIKE = {"mi455x_rack": "vr200_nvl72", "inf2_server": "trn1_server", "trn2_ultraserver": "trn2_server"}
"""Provisioned power of a system whose chip has no published TDP: as much per package as another."""


NAMEPLATE_KW = {
    "dgx_a100": 6.5, "dgx_b200": 14.3, "dgx_b300": 14.5, "vr200_nvl72": 230.0, "tpu_v7_rack": 100.0,
    "gh200_server": 1.0,
}  # fmt: skip
"""Largest published power of the whole system, without scale-out network and storage."""


MEASURED_LOAD = {"tpu_v4_rack": 170 / 192}
"""Average over largest power of a chip in production, where its maker publishes both (TPU v4, in W)."""


CARD_HOST_KW = {"mtia_v1_server": 0.6, "mtia_v2_rack": 3.0}
"""Power of the host servers of cards too small for a ratio of TDP: one server for 12 or 24 cards."""


LOAD_LIKE = {
    "dgx_h100": "dgx_h100",
    **for_each("dgx_h100", """
        dgx_h200 dgx_a100 hgx_h20 h100_pcie_server h100_nvl_server h200_nvl_server gh200_server l40s_server
        mi250x_node mi300x_server mi325x_server gaudi2_server gaudi3_server tpu_v5e_server tpu_v5p_rack
        tpu_v6e_server trn1_server inf2_server trn2_server trn2_ultraserver maia_100_server mtia_v1_server
        mtia_v2_rack cloudmatrix_384
    """),
    **for_each("dgx_b200", "dgx_b200 dgx_b300 vr200_nvl72 mi455x_rack tpu_v7_rack mtia_300_server"),
    **for_each("dgx_b200_all_in", """
        rtx_pro_6000_server gb200_nvl72 gb300_nvl72 mi350x_server mi355x_server trn3_ultraserver maia_200_server
        mtia_400_rack mtia_450_rack mtia_500_rack
    """),
}  # fmt: skip
"""Average over provisioned power: as measured on H100 (chips to 2024) or B200 (from 2025), whose nameplate counts where
the system has one, and SemiAnalysis's all-in power where that is what the system reserves."""


ALL_IN_B200_KW = 8 * 1.71
"""What SemiAnalysis reserves for a DGX B200 with its network, less than its nameplate."""


def _load(of: str, catalog: Catalog) -> float:
    """Average over reserved power of a measured system."""
    node = of.removesuffix("_all_in")
    reserved_kw = float(catalog.systems[of].provisioned_kw) if of == node else ALL_IN_B200_KW
    return average_from_measured(MEASURED_NODE_KW[node]) / reserved_kw


def _provisioned(name: str, catalog: Catalog) -> float | None:
    system = catalog.systems[name]
    chip = catalog.accelerators[system.accelerator]
    if name in NAMEPLATE_KW:
        return provisioned_from_nameplate(NAMEPLATE_KW[name])
    if name in CARD_HOST_KW:
        cards_kw = system.accelerators * known(chip.tdp_w) / 1000
        return provisioned_from_nameplate(cards_kw + CARD_HOST_KW[name])
    if name in PACKAGES_LIKE:
        other = catalog.systems[PACKAGES_LIKE[name]]
        return system.accelerators * float(other.provisioned_kw) / other.accelerators
    if name in ALL_IN_LIKE:
        other = catalog.systems[ALL_IN_LIKE[name]]
        chips_kw = other.accelerators * known(catalog.accelerators[other.accelerator].tdp_w) / 1000
        return provisioned_from_tdp(system.accelerators, known(chip.tdp_w), float(other.provisioned_kw) / chips_kw)
    return None


def power_figures(catalog: Catalog) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for name, system in catalog.systems.items():
        provisioned = _provisioned(name, catalog)
        if provisioned is not None:
            found[f"{name}.provisioned_kw"] = rounded(provisioned)
        if name in MEASURED_NODE_KW:
            found[f"{name}.average_kw"] = rounded(average_from_measured(MEASURED_NODE_KW[name]))
        elif name in MEASURED_LOAD:
            average = average_from_load(float(system.provisioned_kw), MEASURED_LOAD[name])
            found[f"{name}.average_kw"] = rounded(average)
        elif name in LOAD_LIKE:
            average = average_from_load(float(system.provisioned_kw), _load(LOAD_LIKE[name], catalog))
            found[f"{name}.average_kw"] = rounded(average)
    return found
