"""What a scenario's fields must say together and with the catalogue.

Every check works on the sound part of both texts, so it runs however broken the rest is, meets no wrong shape
and says nothing of what was refused already.
"""

from __future__ import annotations

from collections.abc import Mapping

from catalogs.leaves import check_keys, check_references, entries, has, hides, ids, keys, leaves, number, texts, values
from catalogs.periods import NotAPeriod, first_month, steps
from catalogs.problems import Location, Problem, Problems, suggestion
from catalogs.schema import HOSTED
from catalogs.validate import Sound, dotted
from catalogs.yaml_text import Map
from optimizer.request.account_checks import check_accounts
from optimizer.request.calendar import Calendar, EmptyWindow, calendar_of
from optimizer.request.draw_checks import check_draws, check_slips
from optimizer.request.frame_checks import check_frame_windows, check_frames
from optimizer.request.future_checks import check_future_periods, check_futures
from optimizer.request.growth_checks import check_growth
from optimizer.request.limit_checks import check_limits, hosts_of
from optimizer.request.scenario import Horizon, matches


def _both(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    return None if one is None or other is None else one | other


def _check_ids(tree: Sound, known: Sound, problems: Problems) -> None:
    sites = ids(tree, "sites")
    places = _both(sites, hosts_of(known))
    links: tuple[tuple[tuple[str, ...], frozenset[str] | None, str], ...] = (
        (("demand", "*", "workload"), ids(known, "workloads"), "workload"),
        (("demand", "*", "sites", "*"), places, "site or host"),
        (("fleet", "*", "system"), ids(known, "systems"), "system"),
        (("fleet", "*", "site"), sites, "site"),
        (("commitments", "*", "offer"), ids(known, "offers"), "offer"),
        (("commitments", "*", "site"), places, "site or host"),
    )
    for path, them, kind in links:
        check_references(leaves(tree, *path), them, kind, problems)
    stacks = values(known, "accelerators", "*", "stack")
    check_keys(keys(tree, "supply_per_month", "*"), ids(known, "accelerators"), "accelerator", problems)
    check_keys(keys(tree, "pools_per_month", "*"), ids(known, "pools"), "pool", problems)
    check_keys(keys(tree, "demand", "*", "stacks", "*"), stacks, "stack", problems)


def _check_offer_rules(tree: Sound, known: Sound, problems: Problems) -> None:
    named = [ids(known, section) for section in ("accelerators", "systems", "offers")]
    if None in named:
        return
    every = sorted(frozenset().union(*filter(None, named)))
    for rule in ("deny", "allow"):
        for where, pattern, at in texts(tree, "offers", rule, "*"):
            if not matches(pattern, every):
                hint = suggestion(pattern, every) if pattern.isidentifier() else ""
                message = f"{dotted(where)}: '{pattern}' matches no accelerator, system or offer{hint}"
                problems.append(Problem(at, message))


def _check_pools(tree: Sound, known: Sound, problems: Problems) -> None:
    pools = ids(known, "pools") or frozenset()
    for (_, pool, _), forecast, at in texts(tree, "pools_per_month", "*", "forecast"):
        names = ids(known, "pools", pool, "forecasts") if pool in pools else None
        if names is not None and forecast not in names:
            message = f"pools_per_month.{pool}: there is no forecast '{forecast}'{suggestion(forecast, names)}"
            problems.append(Problem(at, message))


def _check_sites(tree: Sound, known: Sound, problems: Problems) -> None:
    hosts = {host for _, host, _ in texts(known, "offers", "*", "host")}
    for (_, site), _value, at in keys(tree, "sites", "*"):
        if site in hosts:
            message = f"sites.{site}: '{site}' is the name of a host in the catalogue; rename the site"
            problems.append(Problem(at, message))
    for (_, site), entry, _at in entries(tree, "sites", "*"):
        pue, peak = number(entry.get("pue")), number(entry.get("peak_pue"))
        if pue is not None and peak is not None and peak < pue:
            message = f"sites.{site}.peak_pue must be at least pue, the yearly mean ({peak} < {pue})"
            problems.append(Problem(entry["peak_pue"].at, message))
    for (_, site, _), entry, _at in entries(tree, "sites", "*", "expansion"):
        block, most = number(entry.get("block_mw")), number(entry.get("max_mw"))
        if block is not None and most is not None and block > most:
            message = f"sites.{site}.expansion.block_mw must not exceed max_mw, or none fits ({block} > {most})"
            problems.append(Problem(entry["block_mw"].at, message))


def _calendar_in(tree: Sound) -> Calendar | None:
    """The calendar of a tree whose horizon and fiscal year are sound, whatever else is wrong with it."""
    horizon, finance = tree.get("horizon"), tree.get("finance", {})
    start = number(finance.get("fiscal_year_starts", "1"))
    whole = isinstance(horizon, Map) and not horizon.refused and "finance" not in tree.refused
    if not whole or start is None or "fiscal_year_starts" in getattr(finance, "refused", ()):
        return None
    known = Horizon.model_validate(horizon)
    return calendar_of(known.start, known.periods, int(start))


def _check_periods(tree: Sound, calendar: Calendar, problems: Problems) -> None:
    for budget in ("capex_usd", "opex_usd"):
        for where, _, at in keys(tree, "budget", budget, "*"):
            try:
                calendar.windows(where[-1])
            except (NotAPeriod, EmptyWindow) as error:
                problems.append(Problem(at, f"{dotted(where)}: {error}"))
    for where, period, at in texts(tree, "commitments", "*", "period"):
        if calendar.number(period) is None:
            message = (
                f"{dotted(where)}: '{period}' is not a period of the horizon, {_ends(calendar)}, nor one before it"
            )
            problems.append(Problem(at, message))
    for where, _, at in keys(tree, "demand", "*", "by_deadline_unit_hours", "*"):
        _check_in_horizon(where, where[-1], at, calendar, problems)


def _check_in_horizon(
    where: tuple[str, ...], period: str, at: Location, calendar: Calendar, problems: Problems
) -> None:
    if calendar.index(period) is None:
        problems.append(Problem(at, f"{dotted(where)}: '{period}' is not a period of the horizon, {_ends(calendar)}"))


def _ends(calendar: Calendar) -> str:
    """The first and the last period of the horizon."""
    return f"{calendar.key(1)} to {calendar.key(calendar.count)}"


def _check_windows(tree: Sound, calendar: Calendar, problems: Problems) -> None:
    """Windows of limits hold periods of the horizon."""
    for where, window, at in texts(tree, "limits", "*", "within"):
        try:
            calendar.windows(window)
        except (NotAPeriod, EmptyWindow) as error:
            problems.append(Problem(at, f"{dotted(where)}: {error}"))


def _check_tariffs(tree: Sound, calendar: Calendar, problems: Problems) -> None:
    """Electricity needs a price and a PUE wherever it may be drawn: absent is never zero."""
    drawn = {site for part in ("fleet", "commitments") for _, site, _ in texts(tree, part, "*", "site")}
    for (_, site), entry, _at in entries(tree, "sites", "*"):
        drawing = site in drawn or has(entry, "expansion")
        start = calendar.first_month(1)
        powered = start if drawing else max(_first_key(entry.get("power_mw")), start)
        for field in ("electricity_usd_per_mwh", "pue"):
            tariff = entry.get(field)
            if tariff is not None and "power_mw" not in entry.refused and max(_first_key(tariff), start) > powered:
                message = f"sites.{site}.{field} begins after the site has power; give it from then on"
                problems.append(Problem(tariff.at, message))


def _check_currency(tree: Sound, calendar: Calendar, problems: Problems) -> None:
    """A rate by period has one in the first period: no flow is shown at a rate that nobody gave."""
    for _where, rate, at in leaves(tree, "currency", "per_usd"):
        if isinstance(rate, Map) and not rate.refused and _first_key(rate) > calendar.first_month(1):
            message = f"currency.per_usd begins after {calendar.key(1)}, the first period; give a rate from then on"
            problems.append(Problem(at, message))


def _check_peak_pue(tree: Sound, calendar: Calendar, problems: Problems) -> None:
    """A site's PUE at peak is no less than any that a schedule of its PUE has in the horizon."""
    for (_, site), entry, _at in entries(tree, "sites", "*"):
        pue, peak = entry.get("pue"), number(entry.get("peak_pue"))
        listed = steps(pue) if isinstance(pue, Map) else {}
        for key, text in listed.items():
            each = number(text)
            if each is not None and peak is not None and peak < each and _holds(key, listed, calendar):
                why = f"{peak} < {each} from {key}"
                message = f"sites.{site}.peak_pue must be at least every pue of the horizon ({why})"
                problems.append(Problem(entry["peak_pue"].at, message))


def _holds(key: str, schedule: Mapping[str, str], calendar: Calendar) -> bool:
    """Whether a step of a schedule holds in some month of the horizon."""
    later = [first_month(other) for other in schedule if first_month(other) > first_month(key)]
    ends = min(later, default=calendar.first_month(calendar.count + 1))
    return first_month(key) < calendar.first_month(calendar.count + 1) and ends > calendar.start


def _first_key(schedule: object) -> int:
    """The first month of a schedule; 0 for what always holds."""
    return min(map(first_month, steps(schedule)), default=0) if isinstance(schedule, Map) else 0


def _check_commitments(tree: Sound, known: Sound, problems: Problems) -> None:
    sites, hosts = ids(tree, "sites"), hosts_of(known)
    for (_, item), entry, _where in entries(tree, "commitments", "*"):
        name, site = str(entry.get("offer")), entry.get("site")
        for _, offer, _at in entries(known, "offers", name):
            route, host = offer.get("route"), offer.get("host")
            if site is not None and route in HOSTED and host is not None and site != host:
                message = f"commitments.{item}.site must be '{host}', the host of {name} (got {site})"
                problems.append(Problem(entry.key_at["site"], message))
            stands_at_host = sites is not None and site not in sites and site in (hosts or ())
            if route is not None and route not in HOSTED and stands_at_host:
                message = f"commitments.{item}.site must be one of our sites: {name} is not hosted (got {site})"
                problems.append(Problem(entry.key_at["site"], message))
            if "price_usd" in entry and route not in ("purchase", None):
                message = f"commitments.{item}.price_usd has no meaning: {name} is not a purchase"
                problems.append(Problem(entry.key_at["price_usd"], message))
            if "usd_per_accelerator_hour" in entry and route == "purchase":
                message = f"commitments.{item}.usd_per_accelerator_hour has no meaning: {name} is a purchase"
                problems.append(Problem(entry.key_at["usd_per_accelerator_hour"], message))


def _check_demand(tree: Sound, _: Sound, problems: Problems) -> None:
    """A demand is a rate, a run to be finished or as much as fits; prices of unmet work and value go with a rate."""
    maximizing = tree.get("objective") == "maximize_value"
    for (_section, name), entry, at in entries(tree, "demand", "*"):
        rate, deadline = has(entry, "per_second"), has(entry, "by_deadline_unit_hours")
        open_ended = maximizing and has(entry, "value_usd_per_unit_hour")
        if rate == deadline and (rate or not open_ended):
            message = f"demand.{name} needs one of per_second and by_deadline_unit_hours"
            problems.append(Problem(at, message + (" and has both" if rate else "")))
        if open_ended and not rate and not deadline and entry.get("unmet_usd_per_unit_hour") is not None:
            message = f"demand.{name}.unmet_usd_per_unit_hour has no meaning without per_second: nothing is left undone"
            problems.append(Problem(entry.key_at["unmet_usd_per_unit_hour"], message))
        for key in ("unmet_usd_per_unit_hour", "value_usd_per_unit_hour"):
            if deadline and entry.get(key) is not None:
                message = f"demand.{name}.{key} does not go with by_deadline_unit_hours"
                problems.append(Problem(entry.key_at[key], message))
        if entry.get("value_usd_per_unit_hour") is not None and not maximizing and "objective" not in tree.refused:
            message = f"demand.{name}.value_usd_per_unit_hour goes with objective: maximize_value only"
            problems.append(Problem(entry.key_at["value_usd_per_unit_hour"], message))
    valued = [has(entry, "value_usd_per_unit_hour") or entry.refused for _, entry, _ in entries(tree, "demand", "*")]
    if maximizing and not any(valued) and not hides(tree, "demand"):
        message = "objective: maximize_value needs a demand with value_usd_per_unit_hour"
        problems.append(Problem(tree.key_at["objective"], message))


CHECKS = (
    _check_ids,
    _check_offer_rules,
    _check_pools,
    _check_sites,
    _check_commitments,
    _check_demand,
    check_limits,
    check_frames,
    check_accounts,
    check_futures,
    check_draws,
)


def check_scenario(tree: Sound, known: Sound, problems: Problems) -> None:
    """Appends every mistake that a scenario makes against itself or the catalogue."""
    for check in CHECKS:
        check(tree, known, problems)
    calendar = _calendar_in(tree)
    if calendar is not None:
        _check_periods(tree, calendar, problems)
        _check_windows(tree, calendar, problems)
        check_frame_windows(tree, calendar, problems)
        check_future_periods(tree, calendar, problems)
        check_slips(tree, calendar, problems)
        _check_tariffs(tree, calendar, problems)
        _check_currency(tree, calendar, problems)
        _check_peak_pue(tree, calendar, problems)
        check_growth(tree, known, calendar, problems)
