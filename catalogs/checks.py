"""What a catalogue's fields must say together: references, proportions, routes and sources.

Every check works on the source text, so that it runs however broken the rest is and knows where it is.
"""

from __future__ import annotations

from typing import Any

from catalogs.problems import Problem, suggestion
from catalogs.validate import check_references, dotted, key_location, leaves, number
from catalogs.yaml_text import Map


def check_links(merged: dict[str, Map], problems: list[Problem]) -> None:
    links: tuple[tuple[str, tuple[str, ...], str, str], ...] = (
        ("systems", ("*", "accelerator"), "accelerators", "accelerator"),
        ("offers", ("*", "system"), "systems", "system"),
        ("throughput", ("*", "*", "source"), "sources", "source"),
        ("cites", ("*", "source"), "sources", "source"),
    )
    for section, path, target, kind in links:
        check_references(merged[section], path, merged[target], kind, (section,), problems)
    keys: tuple[tuple[str, tuple[str, ...], str, str], ...] = (
        ("accelerators", ("*", "draws", "*"), "pools", "pool"),
        ("throughput", ("*", "*"), "workloads", "workload"),
    )
    for section, path, target, kind in keys:
        for where, _, _ in leaves(merged[section], *path):
            if where[-1] not in merged[target]:
                at = key_location(merged[section], where)
                hint = suggestion(where[-1], merged[target])
                problems.append(Problem(at, f"{section}.{dotted(where)}: there is no {kind} '{where[-1]}'{hint}"))
    known = {key for section in _CITED for key in merged[section]}
    for key, at in merged["cites"].key_at.items():
        if key not in known and key.rpartition(".")[0] not in known:
            message = f"cites.{key}: names no accelerator, system, offer or workload, nor a field of one"
            problems.append(Problem(at, message))


def check_systems(merged: dict[str, Map], problems: list[Problem]) -> None:
    for (key,), system, _ in leaves(merged["systems"], "*"):
        for _, text, at in leaves(system, "average_kw"):
            average, provisioned = number(text), number(field_of(system, "provisioned_kw"))
            if average is not None and provisioned is not None and average > provisioned:
                problems.append(
                    Problem(at, f"systems.{key}.average_kw must not exceed provisioned_kw ({average} > {provisioned})")
                )


def field_of(tree: Any, key: str) -> Any:
    """The value of a key, or None where the tree is no mapping or lacks it."""
    return tree.get(key) if isinstance(tree, Map) else None


_NEEDS = {
    "purchase": ("price_usd",),
    "lease": ("usd_per_accelerator_hour", "term_months"),
    "reservation": ("usd_per_accelerator_hour", "term_months", "host"),
    "on_demand": ("usd_per_accelerator_hour", "host"),
}
_REFUSES = {
    "purchase": ("usd_per_accelerator_hour", "host", "carbon_kg_per_accelerator_hour"),
    "lease": ("price_usd", "host", "deposit_share", "carbon_kg_per_accelerator_hour"),
    "reservation": ("price_usd", "deposit_share"),
    "on_demand": ("price_usd", "deposit_share", "term_months"),
}


def check_offers(merged: dict[str, Map], problems: list[Problem]) -> None:
    for (key,), offer, offer_at in leaves(merged["offers"], "*"):
        route = field_of(offer, "route")
        for field in _NEEDS.get(route, ()) if isinstance(route, str) else ():
            if field_of(offer, field) is None:
                problems.append(Problem(offer_at, f"offers.{key}.{field} is missing; route {route} needs it"))
        for field in _REFUSES.get(route, ()) if isinstance(route, str) else ():
            if field in offer:
                problems.append(
                    Problem(offer.key_at[field], f"offers.{key}.{field} has no meaning for route {route}; remove it")
                )
        if field_of(offer, "free") != "true":
            check_not_free(key, offer, problems)


def check_order_terms(merged: dict[str, Map], problems: list[Problem]) -> None:
    """Price breaks are for purchases and rise; neither they nor minimum orders go with fractions."""
    for (key,), offer, _ in leaves(merged["offers"], "*"):
        for field in ("price_breaks", "minimum_order_systems"):
            if field_of(offer, field) is not None and field_of(offer, "divisible") == "true":
                at = offer.key_at[field]
                problems.append(Problem(at, f"offers.{key}.{field} does not go with divisible: true; remove one"))
        if field_of(offer, "price_breaks") is not None and field_of(offer, "route") != "purchase":
            at = offer.key_at["price_breaks"]
            problems.append(
                Problem(at, f"offers.{key}.price_breaks has no meaning for this route; only a purchase has them")
            )
        before = 1
        for where, text, at in leaves(offer, "price_breaks", "steps", "*", "from_systems"):
            start = number(text)
            if start is not None and start <= before:
                problems.append(
                    Problem(at, f"offers.{key}.{dotted(where)} must be more than the step before ({before})")
                )
            before = int(start) if start is not None else before


def check_not_free(key: str, offer: Any, problems: list[Problem]) -> None:
    for field in ("price_usd", "usd_per_accelerator_hour"):
        for where, text, at in [*leaves(offer, field), *leaves(offer, field, "*")]:
            if number(text) == 0:
                problems.append(
                    Problem(
                        at, f"offers.{key}.{dotted(where)} is zero; write free: true if it is meant, else the price"
                    )
                )


def check_throughput(merged: dict[str, Map], problems: list[Problem]) -> None:
    """A rate is positive, and a rate in TFLOP/s cannot exceed the peak of its precision."""
    for (owner, workload), entry, _ in leaves(merged["throughput"], "*", "*"):
        accelerator = merged["accelerators"].get(owner)
        precision = field_of(entry, "precision")
        peak = number(field_of(field_of(accelerator, "peak_tflops"), precision)) if isinstance(precision, str) else None
        in_tflops = field_of(merged["workloads"].get(workload), "unit") == "TFLOP/s"
        for where, text, at in [*leaves(entry, "rate"), *leaves(entry, "rate", "*")]:
            rate, name = number(text), f"throughput.{owner}.{workload}.{dotted(where)}"
            if rate == 0:
                problems.append(Problem(at, f"{name} is zero; leave the entry out if it cannot do the work"))
            if in_tflops and rate is not None and peak is not None and rate > peak:
                problems.append(
                    Problem(at, f"{name} exceeds the {precision} peak of {owner} ({rate} > {peak} TFLOP/s)")
                )


_CITED = {
    "accelerators": ("memory_gb", "memory_bandwidth_tb_s", "peak_tflops", "tdp_w", "draws", "announced", "one_off"),
    "systems": ("accelerators", "provisioned_kw", "average_kw", "racks", "cooling"),
    "offers": (
        "price_usd", "usd_per_accelerator_hour", "lead_time_months", "available", "term_months",
        "deposit_share", "supply_systems_per_month", "carbon_kg_per_accelerator_hour",
        "network_usd", "software_usd_per_year", "minimum_order_systems", "price_breaks",
    ),
    "workloads": ("memory_gb",),
}  # fmt: skip


def check_cites(merged: dict[str, Map], problems: list[Problem]) -> None:
    """In the shipped catalogue every figure says where it comes from."""
    for section, fields in _CITED.items():
        for (key,), entry, _ in leaves(merged[section], "*"):
            for field in fields:
                cited = f"{key}.{field}" in merged["cites"] or key in merged["cites"]
                if isinstance(entry, Map) and field in entry and not cited:
                    problems.append(
                        Problem(entry.key_at[field], f"{section}.{key}.{field} has no source; add cites: {key}.{field}")
                    )


CHECKS = (check_links, check_systems, check_offers, check_order_terms, check_throughput)
