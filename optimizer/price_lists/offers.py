"""What a price list offers: for each system, host and kind of price the cheapest row; and what could not be taken."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Context, Decimal

from catalogs.problems import InputError, Location, Problem
from catalogs.schema import Catalog
from optimizer.price_lists.rows import PriceList, Row
from optimizer.price_lists.shape import Rule, Shape, rules_of

DIGITS = Context(prec=8)
"""Digits of a rent: more would come of the division alone."""
LONGEST_HOST = 30
_ENDS_IN_NUMBER = re.compile(r"(\d{1,6})$", re.ASCII)


@dataclass(frozen=True)
class Unknown:
    """Rows that became no offer, and why."""

    accelerator: str
    why: str


@dataclass(frozen=True)
class Found:
    """The cheapest row of an offer, its accelerators and its rent; how many rows there were, and the dearest."""

    row: Row
    accelerators: int
    usd_per_accelerator_hour: Decimal
    rows: int
    highest: Decimal

    def beside(self, other: Found) -> Found:
        """The cheaper of two with the rows of both; of equal ones the smaller instance, then the first line."""
        best = min(self, other, key=lambda one: (one.usd_per_accelerator_hour, one.accelerators, one.row.line))
        return Found(
            best.row, best.accelerators, best.usd_per_accelerator_hour, self.rows + other.rows,
            max(self.highest, other.highest),
        )  # fmt: skip


@dataclass(frozen=True, order=True)
class Key:
    """An offer: a system of the catalogue, or so many accelerators of one (0: all), a host, spot or not."""

    system: str
    part: int
    host: str
    spot: bool

    @property
    def system_id(self) -> str:
        return f"{self.system}_x{self.part}" if self.part else self.system

    @property
    def offer_id(self) -> str:
        return f"{self.system_id}.{self.host}_{'spot' if self.spot else 'on_demand'}"


@dataclass
class Imported:
    """The offers, and the instances of what was not taken over."""

    offers: dict[Key, Found] = field(default_factory=dict)
    unknown: dict[Unknown, list[Row]] = field(default_factory=dict)
    elsewhere: int = 0
    """Rows of regions that were not asked for."""


def as_id(text: str) -> str:
    """An id that is most like a text."""
    plain = re.sub("[^a-z0-9]+", "_", text.lower())[:LONGEST_HOST].strip("_")
    return plain if plain[:1].isalpha() else f"host_{plain}".strip("_")


def hosts_of(place: Location, listed: PriceList, host: str | None) -> dict[str, str]:
    """The id of each provider of the list. Raises InputError where there is none, or two have the same."""
    if host is not None or not listed.has_provider:
        if host is None:
            raise InputError([Problem(place, "no column names the provider; say whose prices these are with --host")])
        return {row.provider: host for row in listed.rows}
    hosts = {name: as_id(name) for name in sorted({row.provider for row in listed.rows})}
    first: dict[str, str] = {}
    problems = []
    for name, known in hosts.items():
        if name == "":
            problems.append(Problem(place, "some rows name no provider; fill them, or say it for all with --host"))
        elif first.setdefault(known, name) != name:
            problems.append(Problem(place, f"'{first[known]}' and '{name}' would both be host {known}; rename one"))
    if problems:
        raise InputError(problems)
    return hosts


def imported(
    known: Catalog, listed: PriceList, own: Shape, hosts: Mapping[str, str], regions: Iterable[str]
) -> Imported:
    """The offers of a list, those of some regions alone where any are named."""
    found, rules, wanted = Imported(), rules_of(own), frozenset(regions)
    for row in listed.rows:
        if wanted and row.region not in wanted:
            found.elsewhere += 1
            continue
        _take(found, known, row, own.price_is_per == "accelerator", hosts[row.provider], _rule(rules, row))
    return found


def _rule(rules: Iterable[Rule], row: Row) -> Rule | None:
    return next((rule for rule in rules if rule.fits(row.accelerator, row.instance, row.memory_gb)), None)


def _take(found: Imported, known: Catalog, row: Row, each: bool, host: str, rule: Rule | None) -> None:
    """Adds the offers of a row, or why there are none."""
    why = _why_not(known, row, rule)
    if why is not None or rule is None or rule.system is None:
        found.unknown.setdefault(Unknown(row.accelerator, why or ""), []).append(row)
        return
    count, whole = _accelerators(row, rule) or 0, known.systems[rule.system].accelerators
    for price, spot in ((row.price, False), (row.spot_price, True)):
        if price:
            rent = DIGITS.divide(price, Decimal(1 if each else count))
            key = Key(rule.system, count if count < whole else 0, host, spot)
            one = Found(row, count, rent, 1, rent)
            found.offers[key] = found.offers[key].beside(one) if key in found.offers else one


def _why_not(known: Catalog, row: Row, rule: Rule | None) -> str | None:
    """Why a row makes no offer; None where it does."""
    if rule is None:
        return "no rule says which system it is in"
    if rule.system is None or rule.system not in known.systems:
        return "the catalogue has no such system"
    count, whole = _accelerators(row, rule), known.systems[rule.system].accelerators
    if count is None:
        return "not a whole number of accelerators"
    if count > whole and count % whole:
        return f"{count} accelerators are no multiple of the {whole} of {rule.system}"
    return None if row.price or row.spot_price else "no price above 0 is listed"


def _accelerators(row: Row, rule: Rule) -> int | None:
    """How many accelerators the instance holds; None where that is no whole number from 1 on."""
    count = row.count
    if rule.cores_per_accelerator is not None:
        cores = _ENDS_IN_NUMBER.search(row.accelerator)
        if cores is None:
            return None
        count = count * int(cores[1]) / rule.cores_per_accelerator
    return int(count) if count == count.to_integral_value() and 1 <= count <= 10**6 else None
