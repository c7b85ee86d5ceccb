"""What a scenario's limits must say: one bound, of what exists, measured as it can be."""

from __future__ import annotations

from collections.abc import Mapping

from catalogs.leaves import entries, has, ids, leaves, texts, values
from catalogs.problems import Location, Problem, Problems, suggestion
from catalogs.validate import Sound, dotted
from catalogs.yaml_text import Map
from optimizer.request.scenario import EACH, matches


def hosts_of(known: Sound) -> frozenset[str] | None:
    """Every host of the catalogue; None where nobody can tell them all."""
    return values(known, "offers", "*", "host")


_BOUNDS = ("at_most", "at_least", "at_most_share", "at_least_share")
Selectable = Mapping[str, tuple[frozenset[str] | None, str]]
"""What each key of a selection may name, None where nobody can tell, and what that is called."""


def selectable(tree: Sound, known: Sound) -> Selectable:
    """What each key of a selection may name."""
    return {
        "vendor": (values(known, "accelerators", "*", "vendor"), "vendor"),
        "kind": (frozenset({"gpu", "asic"}), "kind"),
        "stack": (values(known, "accelerators", "*", "stack"), "stack"),
        "route": (frozenset({"purchase", "lease", "reservation", "on_demand"}), "route"),
        "host": (hosts_of(known), "host"),
        "site": (ids(tree, "sites"), "site"),
        "demand": (ids(tree, "demand"), "demand"),
        "buyers": (values(known, "offers", "*", "buyers", "*"), "buyer"),
        "accelerator": (ids(known, "accelerators"), "accelerator"),
        "system": (ids(known, "systems"), "system"),
        "offer": (ids(known, "offers"), "offer"),
    }


def check_limits(tree: Sound, known: Sound, problems: Problems) -> None:
    """Each limit has one bound, names what exists, and measures what can be measured so."""
    may_name = selectable(tree, known)
    names: dict[str, Location] = {}
    for (_section, number), entry, at in entries(tree, "limits", "*"):
        name = str(entry.get("name", number))
        if name in names:
            problems.append(Problem(at, f"limits.{number}: the name '{name}' is used twice (first at {names[name]})"))
        names.setdefault(name, at)
        bounds = [bound for bound in _BOUNDS if has(entry, bound)]
        if len(bounds) != 1:
            found = f"has {' and '.join(bounds)}" if bounds else "has none"
            problems.append(Problem(at, f"limits.{name} needs one of {', '.join(_BOUNDS)}; it {found}"))
        check_selection(("limits", name), entry, may_name, problems)
        _check_measure(name, entry, problems)
        _check_units(name, entry, tree, known, problems)


def check_selection(where: tuple[str, ...], entry: Map, may_name: Selectable, problems: Problems) -> None:
    """Each id or pattern of a selection names something."""
    for path, value, at in [*texts(entry, "of", "*"), *texts(entry, "of", "*", "*")]:
        them, kind = may_name[path[1]]
        if value != EACH and them is not None and not matches(value, them):
            message = f"{dotted((*where, 'of', path[1]))}: '{value}' selects no {kind}{suggestion(value, them)}"
            problems.append(Problem(at, message))


def _check_units(name: str, entry: Map, tree: Sound, known: Sound, problems: Problems) -> None:
    """Work of demands in different units is never added."""
    chosen = [*texts(entry, "of", "demand"), *texts(entry, "of", "demand", "*")]
    wanted = [pattern for _, pattern, _ in chosen if pattern != EACH]
    units = set()
    for (_section, demand, _field), workload, _ in texts(tree, "demand", "*", "workload"):
        if any(matches(pattern, [demand]) for pattern in wanted):
            units |= {unit for _, unit, _ in texts(known, "workloads", workload, "unit")}
    if len(units) > 1:
        message = f"limits.{name}.of.demand: {' and '.join(sorted(units))} are never added; write a limit for each"
        problems.append(Problem(entry["of"].key_at["demand"], message))


def _check_measure(name: str, entry: Map, problems: Problems) -> None:
    """What a measure cannot be told apart by, or summed over."""
    measure, keys = entry.get("measure"), {path[1] for path, _, _ in leaves(entry, "of", "*")}
    unknown = "of" in entry.refused or any(of.refused for _, of, _ in entries(entry, "of"))
    wrong = []
    if measure == "work" and "demand" not in keys and not unknown:
        wrong.append("work of different units is never added; name a demand, or demand: each")
    if measure == "work" and keys & {"offer", "route"}:
        wrong.append("work is not told apart by offer or route; select accelerators or systems")
    if measure not in ("work", None) and "demand" in keys:
        wrong.append("demand goes with measure: work only")
    if measure == "carbon_t" and entry.get("at_least") is not None:
        wrong.append("carbon has ceilings only; write at_most, or a share")
    floor, within = any(entry.get(b) is not None for b in _BOUNDS[1::2]), entry.get("within")
    at = entry.key_at.get("measure", entry.at)
    problems.extend(Problem(at, f"limits.{name}: {message}") for message in wrong)
    if measure == "it_kw" and floor and within != "each_period" and "within" not in entry.refused:
        message = "at least some kW needs within: each_period, since kW counts at its highest"
        problems.append(Problem(entry.key_at.get("within", at), f"limits.{name}: {message}"))
