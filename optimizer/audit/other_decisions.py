"""The other decisions of a plan: fleet retired, power added, engineering and porting started.

Only the systems and MW of a row, and what starts when, are taken from the plan; each keeps the row
that states it, so that what the row says beside can be compared. Periods count from 0.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple

from optimizer.audit.decisions import ZERO, PlanRow, Unknown
from optimizer.audit.inputs import last_month
from optimizer.audit.records import Expansion, Fleet, Inputs, Project

FleetKey = tuple[str, str, int | None, Fraction]
"""Fleet entries that are alike: system, site, last month of service, resale in USD."""


class Retired(NamedTuple):
    """Systems of fleet entries that are alike, switched off from period t on."""

    key: FleetKey
    t: int
    systems: Fraction
    stated: PlanRow

    @property
    def resale_usd(self) -> Fraction:
        return self.key[3] * self.systems


class Expanded(NamedTuple):
    """Power that comes on line at a site in period t; `terms` None where it cannot be had."""

    site: str
    t: int
    mw: Fraction
    terms: Expansion | None
    stated: PlanRow

    @property
    def usd(self) -> Fraction:
        return self.terms.usd_per_mw * self.mw if self.terms else ZERO


class Started(NamedTuple):
    """Engineering of (accelerator,) or porting of (demand, stack) begun in t."""

    keys: tuple[str, ...]
    t: int
    project: Project
    stated: PlanRow

    @property
    def usd(self) -> Fraction:
        return self.project.usd

    @property
    def ready(self) -> int:
        """The first period that may use it."""
        return self.t + self.project.periods


def fleet_key(entry: Fleet) -> FleetKey:
    """What makes fleet entries alike."""
    return entry.system, entry.site, entry.until, entry.resale_usd


def read_retired(rows: Iterable[PlanRow], inputs: Inputs, unknown: Unknown) -> tuple[Retired, ...]:
    """The retired rows, each with the fleet entries it stands for."""
    index, retired = inputs.horizon.positions(), []
    for row in rows:
        t, keys = index.get(row["period"]), retired_from(row, inputs)
        if t is None or not keys:
            unknown.append(("retired", (row["system"], row["site"], row["period"])))
            continue
        systems, stated = Fraction(row["systems"]), Fraction(row["resale_usd"])
        key = min(keys, key=lambda key: (abs(key[3] * systems - stated), key[3]))
        retired.append(Retired(key, t, systems, row))
    return tuple(retired)


def retired_from(row: PlanRow, inputs: Inputs) -> list[FleetKey]:
    """The fleet entries that a row may stand for; those that may not retire only where no other is."""
    where = row["system"], row["site"], last_month(row["until"])
    alike = [entry for entry in inputs.fleet if fleet_key(entry)[:3] == where]
    return sorted({fleet_key(e) for e in alike if e.may_retire} or {fleet_key(e) for e in alike})


def read_expanded(rows: Iterable[PlanRow], inputs: Inputs, unknown: Unknown) -> tuple[Expanded, ...]:
    """The rows of power added."""
    index, expanded = inputs.horizon.positions(), []
    for row in rows:
        site, t = inputs.sites.get(row["site"]), index.get(row["period"])
        if site is None or t is None:
            unknown.append(("expanded", (row["site"], row["period"])))
        else:
            expanded.append(Expanded(row["site"], t, Fraction(row["mw"]), site.expansion, row))
    return tuple(expanded)


def read_engineering(rows: Iterable[PlanRow], inputs: Inputs, unknown: Unknown) -> tuple[Started, ...]:
    """The rows of engineering; an accelerator that needs none has no such row."""
    index, started = inputs.horizon.positions(), []
    for row in rows:
        project, t = inputs.one_offs.get(row["accelerator"]), index.get(row["starts"])
        if project is None or t is None:
            unknown.append(("engineering", (row["accelerator"], row["starts"])))
        else:
            started.append(Started((row["accelerator"],), t, project, row))
    return tuple(started)


def porting_of(demand: str, stack: str, inputs: Inputs) -> Project | None:
    """What it takes to bring a demand to a stack; None where nothing is needed or it cannot be."""
    entry = inputs.demand.get(demand)
    return entry.stacks.get(stack) if entry and entry.stacks else None


def read_porting(rows: Iterable[PlanRow], inputs: Inputs, unknown: Unknown) -> tuple[Started, ...]:
    """The rows of porting; a stack that costs nothing has no such row."""
    index, started = inputs.horizon.positions(), []
    for row in rows:
        keys = row["demand"], row["stack"]
        project, t = porting_of(*keys, inputs), index.get(row["starts"])
        if project is None or t is None:
            unknown.append(("porting", (*keys, row["starts"])))
        else:
            started.append(Started(keys, t, project, row))
    return tuple(started)
