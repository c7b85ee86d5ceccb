"""What a scenario's limits must say: one bound, of what exists, measured as it can be."""

from __future__ import annotations

from catalogs.problems import Location, Problem, suggestion
from catalogs.validate import leaves
from catalogs.yaml_text import Map
from optimizer.scenario import EACH, matches


def has(entry: object, key: str) -> bool:
    return isinstance(entry, Map) and entry.get(key) is not None


def hosts_of(merged: dict[str, Map]) -> set[str]:
    return {host for _, host, _ in leaves(merged["offers"], "*", "host") if isinstance(host, str)}


_BOUNDS = ("at_most", "at_least", "at_most_share", "at_least_share")
_LIMIT_KINDS = {
    "accelerator": "accelerators",
    "system": "systems",
    "offer": "offers",
}


def _selectable(tree: Map, merged: dict[str, Map]) -> dict[str, tuple[set[str], str]]:
    """What each key of a selection may name, and what that is called."""

    def named(section: str, key: str) -> set[str]:
        return {value for _, value, _ in leaves(merged[section], "*", key) if isinstance(value, str)}

    sites = set(tree["sites"]) if isinstance(tree.get("sites"), Map) else set()
    demands = set(tree["demand"]) if isinstance(tree.get("demand"), Map) else set()
    buyers = {value for _, value, _ in leaves(merged["offers"], "*", "buyers", "*") if isinstance(value, str)}
    return {
        "vendor": (named("accelerators", "vendor"), "vendor"),
        "kind": ({"gpu", "asic"}, "kind"),
        "stack": (named("accelerators", "stack"), "stack"),
        "route": ({"purchase", "lease", "reservation", "on_demand"}, "route"),
        "host": (hosts_of(merged), "host"),
        "site": (sites, "site"),
        "demand": (demands, "demand"),
        "buyers": (buyers, "buyer"),
        **{key: (set(merged[section]), key) for key, section in _LIMIT_KINDS.items()},
    }


def check_limits(tree: Map, merged: dict[str, Map], problems: list[Problem]) -> None:
    """Each limit has one bound, names what exists, and measures what can be measured so."""
    known = _selectable(tree, merged)
    names: dict[str, Location] = {}
    for (_section, number_), entry, at in leaves(tree, "limits", "*"):
        if not isinstance(entry, Map):
            continue
        name = str(entry.get("name", number_))
        if name in names:
            problems.append(Problem(at, f"limits.{number_}: the name '{name}' is used twice (first at {names[name]})"))
        names.setdefault(name, at)
        bounds = [bound for bound in _BOUNDS if has(entry, bound)]
        if len(bounds) != 1:
            found = f"has {' and '.join(bounds)}" if bounds else "has none"
            problems.append(Problem(at, f"limits.{name} needs one of {', '.join(_BOUNDS)}; it {found}"))
        _check_selection(name, entry, known, problems)
        _check_measure(name, entry, problems)
        _check_units(name, entry, tree, merged, problems)


def _check_selection(name: str, entry: Map, known: dict[str, tuple[set[str], str]], problems: list[Problem]) -> None:
    chosen = [*leaves(entry, "of", "*"), *leaves(entry, "of", "*", "*")]
    for path, value, at in chosen:
        if path[1] not in known or not isinstance(value, str) or value == EACH:
            continue
        ids, kind = known[path[1]]
        if not matches(value, ids) and not any(matches(value, [i]) for i in ids):
            message = f"limits.{name}.of.{path[1]}: '{value}' selects no {kind}{suggestion(value, ids)}"
            problems.append(Problem(at, message))


def _check_units(name: str, entry: Map, tree: Map, merged: dict[str, Map], problems: list[Problem]) -> None:
    """Work of demands in different units is never added."""
    patterns = [p for _, p, _ in [*leaves(entry, "of", "demand"), *leaves(entry, "of", "demand", "*")]]
    wanted = [p for p in patterns if isinstance(p, str) and p != EACH]
    units = set()
    for (_section, demand, _field), workload, _ in leaves(tree, "demand", "*", "workload"):
        if isinstance(workload, str) and any(matches(pattern, [demand]) for pattern in wanted):
            units |= {str(unit) for _, unit, _ in leaves(merged["workloads"], workload, "unit")}
    if len(units) > 1:
        message = f"limits.{name}.of.demand: {' and '.join(sorted(units))} are never added; write a limit for each"
        problems.append(Problem(entry["of"].key_at["demand"], message))


def _check_measure(name: str, entry: Map, problems: list[Problem]) -> None:
    """What a measure cannot be told apart by, or summed over."""
    measure, of = entry.get("measure"), entry.get("of")
    keys = set(of) if isinstance(of, Map) else set()
    wrong = []
    if measure == "work" and "demand" not in keys:
        wrong.append("work of different units is never added; name a demand, or demand: each")
    if measure == "work" and keys & {"offer", "route"}:
        wrong.append("work is not told apart by offer or route; select accelerators or systems")
    if measure != "work" and "demand" in keys:
        wrong.append("demand goes with measure: work only")
    if measure == "carbon_t" and has(entry, "at_least"):
        wrong.append("carbon has ceilings only; write at_most, or a share")
    if measure == "it_kw" and entry.get("within") != "each_period" and any(has(entry, b) for b in _BOUNDS[1::2]):
        wrong.append("at least some kW needs within: each_period, since kW counts at its highest")
    at = entry.key_at.get("measure", entry.at)
    problems.extend(Problem(at, f"limits.{name}: {message}") for message in wrong)
