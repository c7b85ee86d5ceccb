"""What the user asks: one YAML file, checked against the catalogue, every mistake at once."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, StringConstraints, Tag

from catalogs.load import BUNDLED, bundled_folder, entry_ids, load_catalog, locate, shown_name
from catalogs.periods import Amount, Period, Schedule, first_month
from catalogs.problems import InputError, Location, Problem, suggestion
from catalogs.schema import Basis, Catalog, Count, Frozen, Id, Name, Positive, Share
from catalogs.validate import check_references, dotted, leaves, number, place_of, validated
from catalogs.yaml_text import Map, Text, read
from optimizer.calendar import Calendar

ANY_BUYER = "any"
Window = Annotated[str, StringConstraints(min_length=1, max_length=40)]


def _in_order(items: tuple[Any, ...]) -> tuple[Any, ...]:
    """Lists in the file are sets: their order changes nothing, so it is not kept."""
    return tuple(sorted(items, key=str))


InOrder = AfterValidator(_in_order)


def _known_objective(value: Any) -> Any:
    if value == "maximize_value":
        raise ValueError("maximize_value is not supported yet by this version of chipmix; write minimize_cost")
    return value


def _unported(value: Any) -> Any:
    if isinstance(value, dict):
        raise ValueError("porting costs are not supported yet by this version of chipmix; give 0 or leave the stack out")
    return value


class Currency(Frozen):
    """How money is shown; files stay in USD."""

    code: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = "USD"
    per_usd: Positive = Decimal(1)


class Horizon(Frozen):
    """The periods planned; the form of `start` sets their length."""

    start: Period
    periods: Annotated[int, Field(ge=1, le=600)]


def _residual_form(value: Any) -> str:
    return "table" if isinstance(value, dict) else "rule"


_DEFAULT_RESIDUAL = {1: "0.62", 2: "0.42", 3: "0.30", 4: "0.18", 5: "0.12"}
_Age = Annotated[int, Field(ge=1, le=50)]
_Residual = Annotated[
    Annotated[Literal["book", "none"], Tag("rule")]
    | Annotated[dict[_Age, Share], Field(min_length=1), Tag("table")],
    Discriminator(_residual_form),
]


class Finance(Frozen):
    """Rates a year, lives in years; `residual` gives the share of the price left by age in years."""

    discount_rate: Annotated[Decimal, Field(ge=0, le=10, allow_inf_nan=False)] = Decimal("0.09")
    fiscal_year_starts: Annotated[int, Field(ge=1, le=12)] = 1
    service_life_years: Positive = Decimal(5)
    book_life_years: Positive = Decimal(5)
    residual: _Residual = {age: Decimal(share) for age, share in _DEFAULT_RESIDUAL.items()}
    maintenance_share: Share = Decimal(0)
    carbon_usd_per_t: Schedule = Decimal(0)


class Assumptions(Frozen):
    """`availability` is the share of systems in service that does work."""

    availability: Annotated[Decimal, Field(gt=0, le=1, allow_inf_nan=False)] = Decimal("0.95")


Pue = Annotated[Decimal, Field(ge=1, le=10, allow_inf_nan=False)]


class Site(Frozen):
    """A place of our own. Power is at the meter; cooling limits are IT load; absent is no limit."""

    LATER = frozenset({"expansion"})

    power_mw: Schedule
    pue: Pue
    peak_pue: Pue | None = None
    liquid_mw: Schedule | None = None
    air_mw: Schedule | None = None
    racks: Schedule | None = None
    electricity_usd_per_mwh: Schedule
    hosting_usd_per_kw_month: Schedule = Decimal(0)
    carbon_kg_per_mwh: Schedule = Decimal(0)


_NoCost = Annotated[Decimal, Field(ge=0, le=0), BeforeValidator(_unported)]


class Demand(Frozen):
    """Work to be done, per second in the workload's unit; without a price for unmet work, in full."""

    LATER = frozenset({"by_deadline_unit_hours", "cluster", "value_usd_per_unit_hour"})

    workload: Id
    per_second: Schedule
    stacks: Annotated[dict[Id, _NoCost], Field(min_length=1)] | None = None
    sites: Annotated[tuple[Id, ...], Field(min_length=1), InOrder] | None = None
    unmet_usd_per_unit_hour: Schedule | None = None


class Fleet(Frozen):
    """Systems already in service, up to and including the period `until`."""

    LATER = frozenset({"may_retire", "resale_usd"})

    system: Id
    site: Id
    count: Count
    until: Period | None = None


class Commitment(Frozen):
    """An order already placed, entering service in `period`; `site` is a site or the offer's host."""

    offer: Id
    site: Id
    period: Period
    systems: Count
    price_usd: Amount | None = None


class Budget(Frozen):
    """Most money spent in each window."""

    capex_usd: dict[Window, Amount] = {}
    opex_usd: dict[Window, Amount] = {}


class Forecast(Frozen):
    """A share of a published forecast of a pool."""

    forecast: Id
    share: Share


def _pool_form(value: Any) -> str:
    forecast = isinstance(value, (Map, dict)) and ("forecast" in value or "share" in value)
    return "forecast" if forecast else "schedule"


PoolLimit = Annotated[
    Annotated[Forecast, Tag("forecast")] | Annotated[Schedule, Tag("schedule")],
    Discriminator(_pool_form),
]


class OfferRules(Frozen):
    """Which accelerators, systems and offers may be used, by id or pattern; `deny` wins."""

    deny: Annotated[tuple[str, ...], InOrder] = ()
    allow: Annotated[tuple[str, ...], InOrder] | None = None
    basis: Annotated[tuple[Basis, ...], Field(min_length=1), InOrder] = ("measured", "vendor", "estimated")


class Scenario(Frozen):
    """A whole request. Amounts are in USD."""

    LATER = frozenset({"extends", "limits", "futures"})

    name: Name
    buyer: Id
    catalogs: Annotated[tuple[str, ...], Field(min_length=1)] = (BUNDLED,)
    currency: Currency = Currency()
    horizon: Horizon
    objective: Annotated[Literal["minimize_cost"], BeforeValidator(_known_objective)] = "minimize_cost"
    finance: Finance = Finance()
    assumptions: Assumptions = Assumptions()
    sites: dict[Id, Site] = {}
    demand: Annotated[dict[Id, Demand], Field(min_length=1)]
    fleet: Annotated[tuple[Fleet, ...], InOrder] = ()
    commitments: Annotated[tuple[Commitment, ...], InOrder] = ()
    budget: Budget = Budget()
    supply_per_month: dict[Id, Schedule] = {}
    pools_per_month: dict[Id, PoolLimit] = {}
    offers: OfferRules = OfferRules()

    @property
    def calendar(self) -> Calendar:
        return calendar_of(self.horizon, self.finance.fiscal_year_starts)


def calendar_of(horizon: Horizon, fiscal_year_starts: int) -> Calendar:
    months = {4: 12, 6: 3, 7: 1}[len(horizon.start)]
    return Calendar(first_month(horizon.start), months, horizon.periods, fiscal_year_starts)


@dataclass(frozen=True)
class Request:
    """A scenario with the catalogue it was checked against: all that a plan depends on."""

    scenario: Scenario
    catalog: Catalog
    source: Map | None = None

    def problem(self, path: tuple[str, ...], message: str) -> Problem:
        """A mistake found later than by the reader, at its place in the scenario's file."""
        at = place_of(self.source, path)[0] if self.source is not None else Location("scenario", 1, 1)
        return Problem(at, f"{dotted(path)}: {message}" if path else message)


def matches(pattern: str, ids: Iterable[str]) -> bool:
    """Whether a pattern such as `h20` or `*.on_demand` names one of some ids."""
    return any(fnmatch.fnmatchcase(name, pattern) for name in ids)


def hosts_of(merged: dict[str, Map]) -> set[str]:
    return {host for _, host, _ in leaves(merged["offers"], "*", "host") if isinstance(host, str)}


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
                at = _key_location(tree, where)
                problems.append(Problem(at, f"{dotted(where)}: there is no {kind} '{where[-1]}'{suggestion(where[-1], known)}"))


def _key_location(tree: Map, path: tuple[str, ...]) -> Location:
    node = tree
    for part in path[:-1]:
        node = node[part]
    return node.key_at[path[-1]]


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
            problems.append(Problem(at, f"sites.{site}: '{site}' is the name of a host in the catalogue; rename the site"))
        pue, peak = (number(entry.get(key)) if isinstance(entry, Map) else None for key in ("pue", "peak_pue"))
        if pue is not None and peak is not None and peak < pue:
            at = entry["peak_pue"].at
            problems.append(Problem(at, f"sites.{site}.peak_pue must be at least pue, the yearly mean ({peak} < {pue})"))


def _calendar_in(tree: Map) -> Calendar | None:
    """The calendar of a tree whose horizon is sound, whatever else is wrong with it."""
    ignored: list[Problem] = []
    horizon = tree.get("horizon")
    parsed = validated(Horizon, horizon, (), ignored) if isinstance(horizon, Map) else None
    finance = tree.get("finance")
    start = number(finance.get("fiscal_year_starts")) if isinstance(finance, Map) else None
    valid = start is not None and start == int(start) and 1 <= start <= 12
    return calendar_of(parsed, int(start) if valid and start is not None else 1) if parsed else None


def _check_periods(tree: Map, calendar: Calendar, problems: list[Problem]) -> None:
    for budget in ("capex_usd", "opex_usd"):
        for where, _, _ in leaves(tree, "budget", budget, "*"):
            try:
                calendar.window(where[-1])
            except ValueError as error:
                problems.append(Problem(_key_location(tree, where), f"{dotted(where)}: {error}"))
    for where, period, at in leaves(tree, "commitments", "*", "period"):
        if isinstance(period, str) and _is_period(period) and calendar.index(period) is None:
            horizon = f"{calendar.key(1)} to {calendar.key(calendar.count)}"
            problems.append(Problem(at, f"{dotted(where)}: '{period}' is not a period of the horizon, {horizon}"))


def _is_period(key: str) -> bool:
    try:
        first_month(key)
    except ValueError:
        return False
    return True


def _check_commitments(tree: Map, merged: dict[str, Map], problems: list[Problem]) -> None:
    sites = tree["sites"] if isinstance(tree.get("sites"), Map) else {}
    for (_, item), entry, at in leaves(tree, "commitments", "*"):
        offer = merged["offers"].get(entry.get("offer")) if isinstance(entry, Map) else None
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


def _catalog_folders(tree: Map, beside: Path, problems: list[Problem]) -> list[Path]:
    named = [name for _, name, _ in leaves(tree, "catalogs", "*")] or [Text(BUNDLED, tree.at)]
    folders = []
    for name in named:
        folder = locate(str(name), beside)
        if not folder.is_dir():
            at = name.at if isinstance(name, Text) else tree.at
            problems.append(Problem(at, f"catalogs: there is no folder '{name}' beside the scenario"))
        else:
            folders.append(folder)
    return folders


def load_request(path: Path) -> Request:
    """A scenario file with its catalogue. Raises InputError with every mistake of all the files."""
    shown = shown_name(path, bundled_folder()) if bundled_folder() in path.parents else str(path)
    tree = read(path, shown)
    problems: list[Problem] = []
    catalog, merged = load_catalog(_catalog_folders(tree, path.parent, problems), problems)
    scenario = validated(Scenario, tree, (), problems)
    for check in (_check_ids, _check_offer_rules, _check_pools, _check_sites, _check_commitments):
        check(tree, merged, problems)
    calendar = _calendar_in(tree)
    if calendar is not None:
        _check_periods(tree, calendar, problems)
    if problems or scenario is None:
        raise InputError(problems)
    return Request(scenario, catalog, tree)


def bundled_scenarios() -> dict[str, Path]:
    """The scenarios that ship with chipmix, by name."""
    folder = Path(str(files("catalogs"))) / "scenarios"
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def find_scenario(name: str) -> Path:
    """The file of a scenario: a path, or the name of a bundled one. Raises InputError."""
    path = Path(name)
    if path.is_file():
        return path
    bundled = bundled_scenarios()
    if name in bundled:
        return bundled[name]
    hint = suggestion(name, bundled)
    raise InputError([Problem(Location(name, 1, 1), f"there is no such file and no bundled scenario of that name{hint}")])
