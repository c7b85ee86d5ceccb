"""What the tables of a plan have to say, as rows by their keys, from its inputs and decisions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from optimizer.audit.checks import Check, Keys, Limited
from optimizer.audit.checks import row as row_name
from optimizer.audit.costs import CAPEX, OPEX, all_costs, objective_usd, scale_usd
from optimizer.audit.decisions import ZERO, Cohort, PlanRow
from optimizer.audit.frames import missing_usd, spent_usd
from optimizer.audit.obligations import owed, rent_after, rent_by_fiscal_year
from optimizer.audit.order_terms import clusters, most
from optimizer.audit.other_decisions import Started
from optimizer.audit.periods import Series, fiscal_year_of
from optimizer.audit.permissions import retired_keys
from optimizer.audit.resources import RESOURCES
from optimizer.audit.roll_forward import Books, keep_books
from optimizer.audit.rules import (
    CONSTRAINTS,
    LIMITING,
    MAY_BE_EMPTY,
    cash_in_windows,
    draws_within_pool,
    site_limits,
    supply_limits,
)

CENT = Fraction(1, 100)
RELATIVE = Fraction(1, 10**9)

POOL_UNIT = "units of the pool"
Expectation = Fraction | str | None
Values = Mapping[str, Expectation]
Table = dict[Keys, Values]
Stated = tuple[Keys, PlanRow, Values]
"""A row of decisions: its keys, the row itself, and what follows from it."""


@dataclass(frozen=True)
class Accounts:
    """The books of a plan and its costs; discount factors are the plan's own, checked against the rate."""

    books: Books
    costs: Mapping[str, Series]
    discount_mid: Series
    discount_end: Series
    objective_usd: Fraction
    scale_usd: float
    money_tolerance: float

    @cached_property
    def constraints(self) -> tuple[Check, ...]:
        """Every comparison of every constraint."""
        return tuple(check for rule in CONSTRAINTS for check in rule(self.books))


def keep_accounts(plan: PlanRow) -> Accounts:
    """Recompute a plan from its inputs and decisions."""
    books = keep_books(plan)
    costs = all_costs(books)
    mid = [Fraction(row["discount_mid"]) for row in plan["periods"]]
    end = [Fraction(row["discount_end"]) for row in plan["periods"]]
    scale = scale_usd(costs)
    objective = objective_usd(costs, mid, end)
    return Accounts(books, costs, mid, end, objective, float(scale), float(max(CENT, RELATIVE * scale)))


def expected_periods(accounts: Accounts) -> Table:
    """The calendar, without the discount factors."""
    horizon, starts = accounts.books.inputs.horizon, accounts.books.inputs.finance.fiscal_year_starts
    rows: Table = {}
    for t in range(horizon.periods):
        year, month = divmod(horizon.start(t), 12)
        rows[(horizon.key(t),)] = {
            "start": f"{year:04d}-{month + 1:02d}-01",
            "months": Fraction(horizon.months),
            "fiscal_year": fiscal_year_of(horizon.start(t), starts),
        }
    return rows


def expected_costs(accounts: Accounts) -> Table:
    """Every cost line by period."""
    key = accounts.books.inputs.horizon.key
    return {(name, key(t)): {"usd": usd} for name, series in accounts.costs.items() for t, usd in enumerate(series)}


def expected_after_horizon(accounts: Accounts) -> Table:
    """Rent due after the horizon by fiscal year."""
    return {(year,): {"rent_usd": usd} for year, usd in rent_by_fiscal_year(accounts.books).items()}


def expected_frames(accounts: Accounts) -> Table:
    """What each frame promises, what is spent of it and what is missing, by its name."""
    books = accounts.books
    return {
        (key,): {
            "signed": str(key in books.signed),
            "promised_usd": frame.promised_usd,
            "spent_usd": sum(spent_usd(frame, books), ZERO),
            "shortfall_usd": sum(missing_usd(frame, books), ZERO),
            "due": books.inputs.horizon.key(frame.within[-1]),
        }
        for key, frame in books.inputs.frames.items()
    }


def expected_in_service(accounts: Accounts) -> Table:
    """Systems in service by system, place and period, fleet and commitments included."""
    books = accounts.books
    none: Series = [ZERO] * books.inputs.horizon.periods
    rows: Table = {}
    for system, place in sorted({*books.on_site, *books.hosted}):
        entry, fleet = books.inputs.systems[system], books.fleet.get((system, place), none)
        for t, systems in enumerate(books.in_service(system, place)):
            rows[system, place, books.inputs.horizon.key(t)] = {
                "accelerator": entry.accelerator,
                "vendor": entry.vendor,
                "systems": systems,
                "fleet": fleet[t],
                "accelerators": entry.accelerators * systems,
            }
    return rows


def expected_sites(accounts: Accounts) -> Table:
    """Use and limits of our sites by period."""
    books, rows = accounts.books, Table()
    for site, use in books.site_use.items():
        limits = {resource: site_limits(books, site, resource) for resource in RESOURCES}
        for t in range(books.inputs.horizon.periods):
            values: dict[str, Expectation] = {"energy_mwh": use.energy_mwh[t]}
            for resource, by_period in limits.items():
                values[resource.used] = use.resources[resource.row][t]
                values[resource.limit] = None if by_period is None else by_period[t]
            rows[site, books.inputs.horizon.key(t)] = values
    return rows


def expected_budget(accounts: Accounts) -> Table:
    """Cash and limit of each window."""
    inputs, rows = accounts.books.inputs, Table()
    for name, lines, limits in (("capex_usd", CAPEX, inputs.capex_usd), ("opex_usd", OPEX, inputs.opex_usd)):
        series = [accounts.costs[line.__name__] for line in lines if line.__name__ in accounts.costs]
        for keys, used in cash_in_windows(accounts.books, series, limits).items():
            rows[name, " ".join(keys)] = {"used_usd": used, "limit_usd": limits[keys[0]]}
    return rows


def expected_supply(accounts: Accounts) -> Table:
    """Deliveries and limits of accelerators, offers and pools."""
    key = accounts.books.inputs.horizon.key
    return {
        (kind, id_, key(t)): {"used": used[t], "limit": limit[t], "unit": POOL_UNIT if kind == "pool" else unit}
        for (kind, id_), (used, limit, unit) in supply_limits(accounts.books).items()
        for t in range(len(used))
    }


def expected_clusters(accounts: Accounts) -> Table:
    """Where the cluster of a demand runs in a period: the accelerator and place with most of its work."""
    rows, horizon = Table(), accounts.books.inputs.horizon
    for (demand, t), running in clusters(accounts.books).items():
        (accelerator, place), accelerators = most(running)
        if accelerators:
            rows[demand, horizon.key(t)] = {"accelerator": accelerator, "place": place, "accelerators": accelerators}
    return rows


def expected_limits(accounts: Accounts) -> Table:
    """Use, limit, slack and unit of the rows that limit the plan, by their name."""
    rows = Table()
    for check in limiting(accounts):
        rows[(row_name(check.name, check.keys),)] = {
            "unit": POOL_UNIT if check.name == draws_within_pool.__name__ else check.unit,
            "used": check.used,
            "limit": check.limit,
            "at_least": str(check.sense < 0),
            "slack": check.sense * (check.limit - check.used),
        }
    return rows


def limiting(accounts: Accounts) -> Iterator[Limited]:
    """The comparisons that a plan lists as its limits."""
    names = {rule.__name__ for rule in LIMITING}
    return (c for c in accounts.constraints if isinstance(c, Limited) and c.name in names)


def dispensable_limits(accounts: Accounts) -> frozenset[Keys]:
    """Rows that a plan may leave out: ceilings that nothing counts against, of supply and of the user.

    Whether anything could ever count against them is a question of what can be ordered, not of what was.
    """
    names = {rule.__name__ for rule in MAY_BE_EMPTY}
    return frozenset(
        (row_name(c.name, c.keys),)
        for c in limiting(accounts)
        if c.name in names and c.sense > 0 and not c.used and c.limit >= 0
    )


def expected_retired(books: Books) -> Iterator[Stated]:
    """What the systems of each retired row are sold for."""
    for row in books.retired:
        yield retired_keys(books, row), row.stated, {"resale_usd": row.resale_usd}


def expected_expanded(books: Books) -> Iterator[Stated]:
    """The price of each row of power added."""
    for row in books.expanded:
        yield (row.site, books.inputs.horizon.key(row.t)), row.stated, {"usd": row.usd}


def expected_starts(books: Books, projects: Iterable[Started]) -> Iterator[Stated]:
    """When each that has been started is ready, and its price."""
    for project in projects:
        expected: Values = {"ready": books.inputs.horizon.key(project.ready), "usd": project.usd}
        yield project.keys, project.stated, expected


def expected_order(cohort: Cohort, books: Books) -> Values:
    """All that follows from the systems of one order; capex is in full, also where a deposit is sunk.

    There is none of a commitment that is running.
    """
    offer, horizon = cohort.offer, books.inputs.horizon
    end = cohort.end(horizon.periods)
    return {
        "system": offer.system.id,
        "accelerator": offer.system.accelerator,
        "vendor": offer.system.vendor,
        "route": offer.route,
        "ordered": horizon.key(cohort.ordered),
        "in_service_until": horizon.key(end - 1),
        "term_until": horizon.key(cohort.t + offer.service - 1),
        "accelerators": cohort.accelerators,
        "price_usd": cohort.price if offer.purchased else None,
        "usd_per_accelerator_hour": None if offer.purchased else cohort.price,
        "capex_usd": ZERO if cohort.running else cohort.hardware_usd + cohort.network_usd,
        "rent_usd": cohort.rent_usd_per_hour * horizon.hours * len(cohort.served(horizon.periods)),
        "rent_after_usd": rent_after(cohort, books),
        "owed_usd": owed(cohort, books),
    }
