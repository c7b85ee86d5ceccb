"""What a scenario's fields must say together and with the catalogue, checked on its source text."""

from __future__ import annotations

from collections.abc import Iterable

from catalogs.load import entry_ids
from catalogs.periods import NotAPeriod, first_month
from catalogs.problems import Problem, suggestion
from catalogs.validate import check_references, dotted, key_location, leaves, number, validated
from catalogs.yaml_text import Map
from optimizer.calendar import Calendar, EmptyWindow
from optimizer.limit_checks import check_limits, has, hosts_of
from optimizer.scenario import Horizon, calendar_of, matches


def _check_ids(tree: Map, merged: dict[str, Map], problems: list[Problem]) -> None:
    sites = set(tree["sites"]) if isinstance(tree.get("sites"), Map) else set()
    places = sites | hosts_of(merged)
    stacks = {stack for _, stack, _ in leaves(merged["accelerators"], "*", "stack") if isinstance(stack, str)}
    links: tuple[tuple[tuple[str, ...], Iterable[str], str], ...] = (
        (("demand", "*", "workload"), merged["workloads"], "workload"),
        (("demand", "*", "sites", "*"), places, "site or host"),
        (("fleet", "*", "system"), merged["systems"], "system"),
        (("fleet", "*", "site"), sites, "site"),
        (("commitments", "*", "offer"), merged["offers"], "offer"),
        (("commitments", "*", "site"), places, "site or host"),
    )
    for path, known, kind in links:
        check_references(tree, path, known, kind, (), problems)
    keys: tuple[tuple[tuple[str, ...], Iterable[str], str], ...] = (
        (("supply_per_month", "*"), merged["accelerators"], "accelerator"),
        (("pools_per_month", "*"), merged["pools"], "pool"),
        (("demand", "*", "stacks", "*"), stacks, "stack"),
    )
    for path, known, kind in keys:
        for where, _, _ in leaves(tree, *path):
            if where[-1] not in set(known):
                at = key_location(tree, where)
                problems.append(
                    Problem(at, f"{dotted(where)}: there is no {kind} '{where[-1]}'{suggestion(where[-1], known)}")
                )


def _check_offer_rules(tree: Map, merged: dict[str, Map], problems: list[Problem]) -> None:
    ids = sorted(entry_ids(merged))
    for rule in ("deny", "allow"):
        for where, pattern, at in leaves(tree, "offers", rule, "*"):
            if isinstance(pattern, str) and not matches(pattern, ids):
                hint = suggestion(pattern, ids) if pattern.isidentifier() else ""
                message = f"{dotted(where)}: '{pattern}' matches no accelerator, system or offer{hint}"
                problems.append(Problem(at, message))


def _check_pools(tree: Map, merged: dict[str, Map], problems: list[Problem]) -> None:
    for (_, pool, _), forecast, at in leaves(tree, "pools_per_month", "*", "forecast"):
        entry = merged["pools"].get(pool)
        known = entry.get("forecasts") if isinstance(entry, Map) else None
        names = list(known) if isinstance(known, Map) else []
        if isinstance(forecast, str) and entry is not None and forecast not in names:
            message = f"pools_per_month.{pool}: there is no forecast '{forecast}'{suggestion(forecast, names)}"
            problems.append(Problem(at, message))


def _check_sites(tree: Map, merged: dict[str, Map], problems: list[Problem]) -> None:
    hosts = hosts_of(merged)
    for (_, site), entry, _ in leaves(tree, "sites", "*"):
        if site in hosts:
            at = tree["sites"].key_at[site]
            problems.append(
                Problem(at, f"sites.{site}: '{site}' is the name of a host in the catalogue; rename the site")
            )
        pue, peak = (number(entry.get(key)) if isinstance(entry, Map) else None for key in ("pue", "peak_pue"))
        if pue is not None and peak is not None and peak < pue:
            at = entry["peak_pue"].at
            problems.append(
                Problem(at, f"sites.{site}.peak_pue must be at least pue, the yearly mean ({peak} < {pue})")
            )


def _calendar_in(tree: Map) -> Calendar | None:
    """The calendar of a tree whose horizon is sound, whatever else is wrong with it."""
    ignored: list[Problem] = []
    horizon = tree.get("horizon")
    parsed = validated(Horizon, horizon, (), ignored) if isinstance(horizon, Map) else None
    finance = tree.get("finance")
    start = number(finance.get("fiscal_year_starts")) if isinstance(finance, Map) else None
    valid = start is not None and 1 <= start <= 12 and start == int(start)
    return calendar_of(parsed, int(start) if valid and start is not None else 1) if parsed else None


def _check_periods(tree: Map, calendar: Calendar, problems: list[Problem]) -> None:
    for budget in ("capex_usd", "opex_usd"):
        for where, _, _ in leaves(tree, "budget", budget, "*"):
            try:
                calendar.window(where[-1])
            except (NotAPeriod, EmptyWindow) as error:
                problems.append(Problem(key_location(tree, where), f"{dotted(where)}: {error}"))
    for where, period, at in leaves(tree, "commitments", "*", "period"):
        if isinstance(period, str) and _is_period(period) and calendar.index(period) is None:
            horizon = f"{calendar.key(1)} to {calendar.key(calendar.count)}"
            problems.append(Problem(at, f"{dotted(where)}: '{period}' is not a period of the horizon, {horizon}"))


def _check_windows(tree: Map, calendar: Calendar, problems: list[Problem]) -> None:
    """Windows of limits and deadlines hold periods of the horizon."""
    for where, window, at in leaves(tree, "limits", "*", "within"):
        if isinstance(window, str) and window not in ("each_period", "each_year"):
            try:
                calendar.window(window)
            except (NotAPeriod, EmptyWindow) as error:
                problems.append(Problem(at, f"{dotted(where)}: {error}"))
    for where, _, _ in leaves(tree, "demand", "*", "by_deadline_unit_hours", "*"):
        if _is_period(where[-1]) and calendar.index(where[-1]) is None:
            horizon = f"{calendar.key(1)} to {calendar.key(calendar.count)}"
            message = f"{dotted(where)}: '{where[-1]}' is not a period of the horizon, {horizon}"
            problems.append(Problem(key_location(tree, where), message))


def _check_tariffs(tree: Map, calendar: Calendar, problems: list[Problem]) -> None:
    """Electricity needs a price wherever it may be drawn: absent is never zero."""
    drawn = {site for part in ("fleet", "commitments") for _, site, _ in leaves(tree, part, "*", "site")}
    for (_, site, _), tariff, at in leaves(tree, "sites", "*", "electricity_usd_per_mwh"):
        entry = tree["sites"][site]
        drawing = site in drawn or has(entry, "expansion")
        power = None if drawing else entry.get("power_mw")
        begins = [_first_key(tariff), calendar.first_month(1)]
        powered = [_first_key(power), calendar.first_month(1)]
        if max(begins) > max(powered):
            message = f"sites.{site}.electricity_usd_per_mwh begins after the site has power; give it from then on"
            problems.append(Problem(at, message))


def _first_key(schedule: object) -> int:
    """The first month of a schedule; 0 for what always holds."""
    keys = [first_month(key) for key in schedule if _is_period(key)] if isinstance(schedule, Map) else []
    return min(keys, default=0)


def _is_period(key: str) -> bool:
    try:
        first_month(key)
    except NotAPeriod:
        return False
    return True


def _check_commitments(tree: Map, merged: dict[str, Map], problems: list[Problem]) -> None:
    sites = tree["sites"] if isinstance(tree.get("sites"), Map) else {}
    for (_, item), entry, at in leaves(tree, "commitments", "*"):
        offer = merged["offers"].get(str(entry.get("offer"))) if isinstance(entry, Map) else None
        site = entry.get("site") if isinstance(entry, Map) else None
        if not isinstance(offer, Map) or not isinstance(site, str):
            continue
        host = offer.get("host")
        if host is not None and site != host:
            message = f"commitments.{item}.site must be '{host}', the host of {entry['offer']} (got {site})"
            problems.append(Problem(at, message))
        if host is None and site not in sites and site in hosts_of(merged):
            message = f"commitments.{item}.site must be one of our sites: {entry['offer']} is not hosted (got {site})"
            problems.append(Problem(at, message))
        if "price_usd" in entry and offer.get("route") != "purchase":
            message = f"commitments.{item}.price_usd has no meaning: {entry['offer']} is not a purchase"
            problems.append(Problem(entry.key_at["price_usd"], message))


def _check_demand(tree: Map, _: dict[str, Map], problems: list[Problem]) -> None:
    """A demand is a rate or a run to be finished; prices of unmet work and value go with a rate."""
    maximizing = tree.get("objective") == "maximize_value"
    for (_section, name), entry, at in leaves(tree, "demand", "*"):
        rate, deadline = has(entry, "per_second"), has(entry, "by_deadline_unit_hours")
        if isinstance(entry, Map) and rate == deadline:
            message = f"demand.{name} needs one of per_second and by_deadline_unit_hours"
            problems.append(Problem(at, message + (" and has both" if rate else "")))
        for key in ("unmet_usd_per_unit_hour", "value_usd_per_unit_hour"):
            if deadline and has(entry, key):
                problems.append(
                    Problem(entry.key_at[key], f"demand.{name}.{key} does not go with by_deadline_unit_hours")
                )
        if has(entry, "value_usd_per_unit_hour") and not maximizing:
            message = f"demand.{name}.value_usd_per_unit_hour goes with objective: maximize_value only"
            problems.append(Problem(entry.key_at["value_usd_per_unit_hour"], message))
    if maximizing and not leaves(tree, "demand", "*", "value_usd_per_unit_hour"):
        at = tree.key_at["objective"]
        problems.append(Problem(at, "objective: maximize_value needs a demand with value_usd_per_unit_hour"))


CHECKS = (
    _check_ids,
    _check_offer_rules,
    _check_pools,
    _check_sites,
    _check_commitments,
    _check_demand,
    check_limits,
)


def check_scenario(tree: Map, merged: dict[str, Map], problems: list[Problem]) -> None:
    """Appends every mistake that a scenario makes against itself or the catalogue."""
    for check in CHECKS:
        check(tree, merged, problems)
    calendar = _calendar_in(tree)
    if calendar is not None:
        _check_periods(tree, calendar, problems)
        _check_windows(tree, calendar, problems)
        _check_tariffs(tree, calendar, problems)
