"""What the audit understands: an input that says more than this is a finding, never passed over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from optimizer.audit.checks import Allowed, Check
from optimizer.audit.resources import FIELDS, TARIFFS

EACH = "*"
KeyPath = tuple[str, ...]

KNOWN: dict[KeyPath, str] = {
    ("scenario",): "name buyer catalogs extends currency horizon objective finance assumptions sites demand fleet"
    " commitments frames budget supply_per_month pools_per_month offers limits accounts futures uncertainty",
    ("scenario", "horizon"): "start periods",
    ("scenario", "finance"): "discount_rate fiscal_year_starts fiscal_year_named_by service_life_years book_life_years"
    " residual maintenance_share owed_after_horizon tax carbon_usd_per_t",
    ("scenario", "finance", "tax"): "rate depreciation",
    ("scenario", "assumptions"): "availability bring_up_months",
    ("scenario", "assumptions", "bring_up_months"): "purchase lease reservation on_demand",
    ("scenario", "sites", EACH): "region pue peak_pue expansion take_or_pay_share " + " ".join((*FIELDS, *TARIFFS)),
    ("scenario", "sites", EACH, "expansion"): "usd_per_mw lead_time_months max_mw life_years block_mw",
    ("scenario", "demand", EACH): "workload per_second by_deadline_unit_hours precisions stacks cluster sites"
    " unmet_usd_per_unit_hour value_usd_per_unit_hour",
    ("scenario", "demand", EACH, "stacks", EACH): "usd months",
    ("scenario", "demand", EACH, "cluster"): "accelerators",
    ("scenario", "fleet", EACH): "system site count until may_retire resale_usd",
    ("scenario", "commitments", EACH): "offer site period systems price_usd usd_per_accelerator_hour",
    ("scenario", "frames", EACH): "of orders within spend_usd factor signed",
    ("scenario", "frames", EACH, "of"): "vendor kind accelerator system offer route site host stack buyers",
    ("scenario", "accounts", EACH): "of cost_centre gl_account",
    ("scenario", "accounts", EACH, "of"): "vendor kind accelerator system offer route site host stack buyers",
    ("scenario", "budget"): "capex_usd opex_usd",
    ("scenario", "offers"): "deny allow basis",
    ("scenario", "limits", EACH): "name measure of at_most at_least at_most_share at_least_share within",
    ("scenario", "limits", EACH, "of"): "vendor kind accelerator system offer route site host stack demand buyers",
    ("catalog",): "accelerators systems offers throughput workloads pools tariffs sources cites",
    ("catalog", "accelerators", EACH): "id name vendor kind stack announced memory_gb memory_bandwidth_tb_s"
    " peak_tflops tdp_w draws one_off",
    ("catalog", "accelerators", EACH, "one_off"): "usd months",
    ("catalog", "systems", EACH): "accelerator name accelerators provisioned_kw average_kw cooling racks",
    ("catalog", "offers", EACH): "system route host price_usd usd_per_accelerator_hour lead_time_months available"
    " buyers term_months deposit_share supply_systems_per_month carbon_kg_per_accelerator_hour network_usd"
    " software_usd_per_year divisible free minimum_order_systems price_breaks availability bring_up_months",
    ("catalog", "offers", EACH, "price_breaks"): "kind steps",
    ("catalog", "offers", EACH, "price_breaks", "steps", EACH): "from_systems factor",
    ("catalog", "offers", EACH, "available"): "from until",
    ("catalog", "throughput", EACH, EACH): "rate from precision accelerators basis source",
    ("catalog", "workloads", EACH): "unit phase describes memory_gb",
    ("catalog", "tariffs", EACH): "describes electricity_usd_per_mwh carbon_kg_per_mwh pue",
}
"""Keys read, or known to change nothing, by where they stand."""

KNOWN_CHOICES: dict[KeyPath, str] = {
    ("scenario", "objective"): "minimize_cost maximize_value",
    ("scenario", "finance", "owed_after_horizon"): "as_residual in_full ignored",
    ("scenario", "finance", "tax", "depreciation"): "straight_line macrs_5 bonus",
    ("scenario", "frames", EACH, "signed"): "optional true",
    ("scenario", "limits", EACH, "measure"): "systems accelerators it_kw spend_usd capex_usd work carbon_t",
    ("catalog", "systems", EACH, "cooling"): "air liquid",
    ("catalog", "offers", EACH, "route"): "purchase lease reservation on_demand",
    ("catalog", "offers", EACH, "price_breaks", "kind"): "all_units incremental",
}
"""What a field may say, by where it stands."""


def inputs_are_understood(plan: Mapping[str, Any]) -> Iterator[Check]:
    """Every key of the inputs that is not empty is one that the audit knows."""
    for path, known in KNOWN.items():
        keys = frozenset(known.split())
        for place, node in found(plan, path):
            extra = sorted(key for key, value in node.items() if key not in keys and not is_empty(value))
            reason = f"the audit does not know {', '.join(extra)}"
            yield Allowed("inputs_are_understood", (place,), not extra, reason)
    for path, choices in KNOWN_CHOICES.items():
        *above, field = path
        for place, node in found(plan, tuple(above)):
            known_choice = node[field] in choices.split()
            yield Allowed(
                "inputs_are_understood", (place, field), known_choice, f"the audit does not know {node[field]}"
            )
    for key, offer in plan["catalog"]["offers"].items():
        bought = offer["route"] == "purchase" or is_empty(offer.get("price_breaks"))
        yield Allowed("inputs_are_understood", (key,), bought, "only a purchase has price breaks")


def is_empty(value: Any) -> bool:
    """Whether a value says nothing: absent, no entries, or a plain no."""
    return value is None or value is False or value in ("false", "none", {}, [], ())


def found(node: Any, path: KeyPath, place: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The mappings at a path with their place, alone or in a list; `*` stands for every key or entry."""
    if not path:
        if isinstance(node, Mapping):
            yield place, node
        for i, item in enumerate(node if isinstance(node, list) else ()):
            yield from found(item, path, f"{place}/{i}")
        return
    head, rest = path[0], path[1:]
    if head == EACH:
        inside = node.items() if isinstance(node, Mapping) else enumerate(node or ())
        for key, value in inside:
            yield from found(value, rest, f"{place}/{key}" if place else str(key))
    elif isinstance(node, Mapping) and head in node:
        yield from found(node[head], rest, f"{place}/{head}" if place else head)
