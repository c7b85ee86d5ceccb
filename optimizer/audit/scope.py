"""What the audit understands: an input that says more than this is a finding, never passed over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from optimizer.audit.checks import Allowed, Check

EACH = "*"
Path = tuple[str, ...]

KNOWN: dict[Path, str] = {
    ("scenario",): "name buyer catalogs extends currency horizon objective finance assumptions sites demand fleet"
    " commitments budget supply_per_month pools_per_month offers futures",
    ("scenario", "horizon"): "start periods",
    ("scenario", "finance"): "discount_rate fiscal_year_starts service_life_years book_life_years residual"
    " maintenance_share carbon_usd_per_t",
    ("scenario", "assumptions"): "availability",
    ("scenario", "sites", EACH): "power_mw pue peak_pue liquid_mw air_mw racks electricity_usd_per_mwh"
    " hosting_usd_per_kw_month carbon_kg_per_mwh",
    ("scenario", "demand", EACH): "workload per_second stacks sites unmet_usd_per_unit_hour",
    ("scenario", "fleet", EACH): "system site count until",
    ("scenario", "commitments", EACH): "offer site period systems price_usd",
    ("scenario", "budget"): "capex_usd opex_usd",
    ("scenario", "offers"): "deny allow basis",
    ("catalog",): "accelerators systems offers throughput workloads pools sources cites",
    ("catalog", "accelerators", EACH): "id name vendor kind stack announced memory_gb memory_bandwidth_tb_s"
    " peak_tflops tdp_w draws",
    ("catalog", "systems", EACH): "accelerator name accelerators provisioned_kw average_kw cooling racks",
    ("catalog", "offers", EACH): "system route host price_usd usd_per_accelerator_hour lead_time_months available"
    " buyers term_months deposit_share supply_systems_per_month carbon_kg_per_accelerator_hour network_usd"
    " software_usd_per_year divisible free",
    ("catalog", "offers", EACH, "available"): "from until",
    ("catalog", "throughput", EACH, EACH): "rate precision basis source",
}
"""Keys read, or known to change nothing, by where they stand."""


def inputs_are_understood(plan: Mapping[str, Any]) -> Iterator[Check]:
    """Every key of the inputs that is not empty is one that the audit knows."""
    for path, known in KNOWN.items():
        keys = frozenset(known.split())
        for place, node in found(plan, path):
            extra = sorted(key for key, value in node.items() if key not in keys and not is_empty(value))
            reason = f"the audit does not know {', '.join(extra)}"
            yield Allowed("inputs_are_understood", (place,), not extra, reason)
    objective = plan["scenario"]["objective"]
    known_objective = objective == "minimize_cost"
    yield Allowed("inputs_are_understood", ("objective",), known_objective, f"the audit does not know {objective}")
    yield from stacks_are_free(plan)


def stacks_are_free(plan: Mapping[str, Any]) -> Iterator[Check]:
    """Porting to a stack costs nothing: the audit knows no porting."""
    for key, demand in (plan["scenario"].get("demand") or {}).items():
        for stack, cost in (demand.get("stacks") or {}).items():
            free = not isinstance(cost, Mapping) and float(cost) == 0
            yield Allowed("inputs_are_understood", (key, stack), free, "the audit does not know porting costs")


def is_empty(value: Any) -> bool:
    """Whether a value says nothing: absent, no entries, or a plain no."""
    return value is None or value is False or value in ("false", "none", {}, [], ())


def found(node: Any, path: Path, place: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The mappings at a path with their place; `*` stands for every key or entry."""
    if not path:
        if isinstance(node, Mapping):
            yield place, node
        return
    head, rest = path[0], path[1:]
    if head == EACH:
        inside = node.items() if isinstance(node, Mapping) else enumerate(node or ())
        for key, value in inside:
            yield from found(value, rest, f"{place}/{key}" if place else str(key))
    elif isinstance(node, Mapping) and head in node:
        yield from found(node[head], rest, f"{place}/{head}" if place else head)
