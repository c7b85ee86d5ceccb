"""The limits that a buyer can do something about, each with the keys of the scenario that set it.

A limit of the business is many rows of the model: the power of one site is a row a period. It is moved by
changing the scenario, so that what is asked is what `--set` would give.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from optimizer.formulation import SHORT_OF
from optimizer.formulation.model import Model
from optimizer.request.edits import Key, changed, each_number, text_at
from optimizer.request.load import Request

PERCENT = Decimal(100)


@dataclass(frozen=True)
class BusinessLimit:
    """One limit: the constraint that states it, what it is the limit of, and its rows.

    `key` leads to its figures in the scenario. `is_share` says that they are shares of a whole, which move
    by points and not in proportion; `is_floor` that more of it asks for more.
    """

    kind: str
    constraint: str
    name: str
    rows: tuple[str, ...]
    unit: str
    key: Key
    is_share: bool
    is_floor: bool

    @property
    def label(self) -> str:
        """The limit in the planner's words, such as `power at oslo`."""
        return label_of(self.constraint, self.name)


def label_of(constraint: str, name: str) -> str:
    """The limits of one constraint of one thing, in the planner's words."""
    return _LABELS[constraint].format(name)


_LABELS = {
    "power_within_site": "power at {}",
    "liquid_within_site": "liquid cooling at {}",
    "air_within_site": "air cooling at {}",
    "racks_within_site": "racks at {}",
    "expansion_within_site": "room to grow at {}",
    "deliveries_within_supply": "allocation of {}",
    "orders_within_offer": "supply of {}",
    "draws_within_pool": "pool {}",
    "capex_within_budget": "capex budget {}",
    "opex_within_budget": "opex budget {}",
    "limit": "limit {}",
    "serve_demand": "demand {}",
    "finish_by_deadline": "deadline of {}",
}

_KEYS: Mapping[str, Callable[[str], Key]] = {
    "power_within_site": lambda site: ("sites", site, "power_mw"),
    "liquid_within_site": lambda site: ("sites", site, "liquid_mw"),
    "air_within_site": lambda site: ("sites", site, "air_mw"),
    "racks_within_site": lambda site: ("sites", site, "racks"),
    "expansion_within_site": lambda site: ("sites", site, "expansion", "max_mw"),
    "deliveries_within_supply": lambda accelerator: ("supply_per_month", accelerator),
    "orders_within_offer": lambda offer: ("catalog", "offers", offer, "supply_systems_per_month"),
    "draws_within_pool": lambda pool: ("pools_per_month", pool),
    "capex_within_budget": lambda window: ("budget", "capex_usd", window),
    "opex_within_budget": lambda window: ("budget", "opex_usd", window),
    "serve_demand": lambda demand: ("demand", demand, "per_second"),
    "finish_by_deadline": lambda demand: ("demand", demand, "by_deadline_unit_hours"),
}
_BOUNDS = ("at_most", "at_least", "at_most_share", "at_least_share")


def business_limits(model: Model) -> tuple[BusinessLimit, ...]:
    """Every limit of a model that a buyer could move, in the model's order."""
    request = model.tables.request
    rows: dict[tuple[str, str, str], list[str]] = {}
    kinds = {constraint.__name__: kind for kind, constraints in SHORT_OF.items() for constraint in constraints}
    for name, row in model.rows.items():
        constraint = name.partition("(")[0]
        if constraint in kinds:
            rows.setdefault((kinds[constraint], constraint, row.keys[0]), []).append(name)
    return tuple(_limit(request, model, *which, names) for which, names in rows.items())


def _limit(request: Request, model: Model, kind: str, constraint: str, name: str, rows: Sequence[str]) -> BusinessLimit:
    key, first = _key(request, constraint, name), model.rows[rows[0]]
    is_share = key[-1].endswith("share")
    return BusinessLimit(kind, constraint, name, tuple(rows), first.unit, key, is_share, first.sense == ">=")


def _key(request: Request, constraint: str, name: str) -> Key:
    if constraint != "limit":
        key = _KEYS[constraint](name)
        forecast = constraint == "draws_within_pool" and "share" in (text_at(request, key) or {})
        return (*key, "share") if forecast else key
    number, rule = next((i, rule) for i, rule in enumerate(request.scenario.limits) if rule.name == name)
    bound = next(bound for bound in _BOUNDS if getattr(rule, bound) is not None)
    return ("limits", str(number), bound)


def moved(request: Request, limit: BusinessLimit, percent: Decimal) -> Request:
    """The request with a limit moved by some percent; a share moves by so many points, inside 0 to 1."""

    def move(number: Decimal) -> Decimal:
        if limit.is_share:
            return min(Decimal(1), max(Decimal(0), number + percent / PERCENT))
        return number * (1 + percent / PERCENT)

    return changed(request, {limit.key: each_number(text_at(request, limit.key), move)})


def with_one_more(request: Request, limit: BusinessLimit) -> Request:
    """The request with one whole unit more of a limit, wherever there is any of it."""
    return changed(request, {limit.key: each_number(figure(request, limit), lambda number: number + (number > 0))})


def figure(request: Request, limit: BusinessLimit) -> Any:
    """The number or schedule that sets a limit, as text."""
    return text_at(request, limit.key)
