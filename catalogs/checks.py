"""What a catalogue's fields must say together: references, proportions, routes and sources.

Every check works on the sound part of the source text, so it runs however broken the rest is, meets no wrong
shape, says nothing of what was refused already, and knows where things are.
"""

from __future__ import annotations

from catalogs.leaves import (
    amounts,
    check_keys,
    check_references,
    entries,
    has,
    ids,
    keys,
    leaves,
    number,
    points_in,
)
from catalogs.problems import Problem, Problems
from catalogs.schema import UNSOURCED
from catalogs.validate import Sound, dotted
from catalogs.yaml_text import Map


def check_links(known: Sound, problems: Problems) -> None:
    links: tuple[tuple[tuple[str, ...], str, str], ...] = (
        (("systems", "*", "accelerator"), "accelerators", "accelerator"),
        (("offers", "*", "system"), "systems", "system"),
        (("cites", "*", "source"), "sources", "source"),
    )
    for path, section, kind in links:
        check_references(leaves(known, *path), ids(known, section), kind, problems)
    for where, point, _at in points_in(known):
        found = [((*where, *below), value, at) for below, value, at in leaves(point, "source")]
        check_references(found, ids(known, "sources"), "source", problems)
    check_keys(keys(known, "accelerators", "*", "draws", "*"), ids(known, "pools"), "pool", problems)
    check_keys(keys(known, "throughput", "*"), ids(known, "accelerators"), "accelerator", problems)
    check_keys(keys(known, "throughput", "*", "*"), ids(known, "workloads"), "workload", problems)
    cited = [ids(known, section) for section in FIGURES]
    for (_, key), _value, at in keys(known, "cites", "*"):
        if not any(them is None or key in them or key.rpartition(".")[0] in them for them in cited):
            message = f"cites.{key}: names no accelerator, system, offer, workload or region, nor a field of one"
            problems.append(Problem(at, message))


def check_names(known: Sound, problems: Problems) -> None:
    """An accelerator goes by its id: another id is another accelerator."""
    for (_, key, _), name, at in leaves(known, "accelerators", "*", "id"):
        if name != key:
            problems.append(Problem(at, f"accelerators.{key}.id must stay {key} (got {name})"))


def check_systems(known: Sound, problems: Problems) -> None:
    for (_, key), system, _at in entries(known, "systems", "*"):
        average, provisioned = number(system.get("average_kw")), number(system.get("provisioned_kw"))
        if average is not None and provisioned is not None and average > provisioned:
            message = f"systems.{key}.average_kw must not exceed provisioned_kw ({average} > {provisioned})"
            problems.append(Problem(system["average_kw"].at, message))


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


def check_offers(known: Sound, problems: Problems) -> None:
    for (_, key), offer, at in entries(known, "offers", "*"):
        route = str(offer.get("route"))
        for field in _NEEDS.get(route, ()):
            if not has(offer, field):
                problems.append(Problem(at, f"offers.{key}.{field} is missing; route {route} needs it"))
        for field in _REFUSES.get(route, ()):
            if field in offer:
                message = f"offers.{key}.{field} has no meaning for route {route}; remove it"
                problems.append(Problem(offer.key_at[field], message))
        if offer.get("free") != "true" and "free" not in offer.refused:
            _check_not_free(key, offer, problems)


def _check_not_free(key: str, offer: Map, problems: Problems) -> None:
    for field in ("price_usd", "usd_per_accelerator_hour"):
        for where, text, at in amounts(offer, field):
            if number(text) == 0:
                message = f"offers.{key}.{dotted(where)} is zero; write free: true if it is meant, else the price"
                problems.append(Problem(at, message))


def check_order_terms(known: Sound, problems: Problems) -> None:
    """Price breaks are for purchases and rise; neither they nor minimum orders go with fractions."""
    for (_, key), offer, _at in entries(known, "offers", "*"):
        for field in ("price_breaks", "minimum_order_systems"):
            if offer.get(field) is not None and offer.get("divisible") == "true":
                message = f"offers.{key}.{field} does not go with divisible: true; remove one"
                problems.append(Problem(offer.key_at[field], message))
        if offer.get("price_breaks") is not None and offer.get("route", "purchase") != "purchase":
            message = f"offers.{key}.price_breaks has no meaning for this route; only a purchase has them"
            problems.append(Problem(offer.key_at["price_breaks"], message))
        _check_rising(key, offer, problems)


def _check_rising(key: str, offer: Map, problems: Problems) -> None:
    before = 1
    for where, text, at in leaves(offer, "price_breaks", "steps", "*", "from_systems"):
        start = int(number(text) or 0)
        if start <= before:
            message = f"offers.{key}.{dotted(where)} must be more than the step before ({before})"
            problems.append(Problem(at, message))
        before = start


def check_throughput(known: Sound, problems: Problems) -> None:
    """A rate is positive, and a rate in TFLOP/s cannot exceed the peak of its precision."""
    for above, entry, _at in points_in(known):
        _, owner, workload, *_ = above
        precision = str(entry.get("precision"))
        peaks = leaves(known, "accelerators", owner, "peak_tflops", precision)
        peak = number(peaks[0][1]) if peaks else None
        in_tflops = any(unit == "TFLOP/s" for _, unit, _ in leaves(known, "workloads", workload, "unit"))
        for where, text, at in amounts(entry, "rate"):
            rate, name = number(text), dotted((*above, *where))
            if rate == 0:
                problems.append(Problem(at, f"{name} is zero; leave the entry out if it cannot do the work"))
            if in_tflops and rate is not None and peak is not None and rate > peak:
                message = f"{name} exceeds the {precision} peak of {owner} ({rate} > {peak} TFLOP/s)"
                problems.append(Problem(at, message))


FIGURES = {
    "accelerators": ("memory_gb", "memory_bandwidth_tb_s", "peak_tflops", "tdp_w", "draws", "announced", "one_off"),
    "systems": ("accelerators", "provisioned_kw", "average_kw", "racks", "cooling"),
    "offers": (
        "price_usd", "usd_per_accelerator_hour", "lead_time_months", "bring_up_months", "availability", "available",
        "term_months",
        "deposit_share", "supply_systems_per_month", "carbon_kg_per_accelerator_hour",
        "network_usd", "software_usd_per_year", "minimum_order_systems", "price_breaks",
    ),
    "workloads": ("memory_gb",),
    "tariffs": ("electricity_usd_per_mwh", "carbon_kg_per_mwh", "pue"),
}  # fmt: skip
"""The fields of each section that are figures: what somebody measured, stated or estimated."""


def check_cites(known: Sound, problems: Problems) -> None:
    """In the shipped catalogue every figure says where it comes from."""
    cited = ids(known, "cites")
    for section, fields in FIGURES.items():
        for (_, key), entry, _at in entries(known, section, "*"):
            for field in fields:
                if cited is not None and field in entry and not {key, f"{key}.{field}"} & cited:
                    message = f"{section}.{key}.{field} has no source; add cites: {key}.{field}"
                    problems.append(Problem(entry.key_at[field], message))
    for where, point, at in points_in(known):
        if not has(point, "source"):
            problems.append(Problem(at, f"{dotted(where)} has no source; add source and basis"))


def check_evidence(known: Sound, problems: Problems) -> None:
    """A basis but `unsourced` has a source, a source has a basis, and a quote a date."""
    cites = entries(known, "cites", "*")
    for where, said, at in (*cites, *points_in(known)):
        basis, name = str(said.get("basis", UNSOURCED)), dotted(where)
        if basis == UNSOURCED and has(said, "source") and "basis" not in said.refused:
            message = f"{name}.basis is missing; say what its source makes it: measured, vendor, quoted or estimated"
            problems.append(Problem(at, message))
        if basis != UNSOURCED and not has(said, "source"):
            problems.append(Problem(at, f"{name}.source is missing; basis {basis} needs one, unsourced none"))
        source = known["sources"].get(said.get("source")) if basis == "quoted" else None
        if isinstance(source, Map) and not has(source, "date"):
            message = f"{name} is quoted, but nobody knows when: add date to sources.{said['source']}"
            problems.append(Problem(source.at, message))


CHECKS = (check_links, check_names, check_systems, check_offers, check_order_terms, check_throughput, check_evidence)
