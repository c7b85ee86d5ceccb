"""Overrides of a workbook as limits of the user: the optimiser is held to the systems that were typed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import fsum
from typing import Any

from catalogs.problems import InputError, Problem
from catalogs.yaml_text import Map, Seq, tree_of
from optimizer.workbook.back.compare import Edit
from optimizer.workbook.back.edits import Changer, written
from optimizer.workbook.groups import HOSTED
from optimizer.workbook.writing.lines import OVERRIDE

SYSTEMS, FACTOR = f"{OVERRIDE}systems/", f"{OVERRIDE}factor/"
LONGEST_NAME = 80


@dataclass(frozen=True)
class Hold:
    """So many systems of an offer enter service at a place in a period, commitments included."""

    offer: str
    place: str
    period: str
    systems: float
    hosted: bool

    @property
    def name(self) -> str:
        """The beginning of the names of its limits, as ids are written."""
        name = f"override_{self.offer}_{self.place}_{self.period}".replace("-", "_")
        if len(name) + len("_at_least") <= LONGEST_NAME:
            return name
        return f"{name[:50]}_{hashlib.sha256(name.encode()).hexdigest()[:12]}"


def hold_systems(
    changer: Changer, edits: Iterable[Edit], scenario: Mapping[str, Any], offers: Mapping[str, Any], release: bool
) -> None:
    """Add two limits for each override in place of those it had before; `release` lets go of all held before.

    Raises InputError for what cannot be held.
    """
    edits = [edit for edit in edits if not edit.of.keys[0].startswith(FACTOR)]
    other = [edit for edit in edits if not edit.of.keys[0].startswith(SYSTEMS)]
    if other:
        message = "only systems can be held when the plan is made again; clear the cell"
        raise InputError(Problem(changer.at(edit), f"{edit.of.label}: {message}") for edit in other)
    holds = {edit: hold_of(edit, scenario, offers) for edit in edits}
    replaced = {hold.name for hold in holds.values()}
    kept = [
        limit
        for limit in scenario.get("limits", ())
        if _held_by(limit["name"]) not in replaced and not (release and _held_by(limit["name"]))
    ]
    if holds or len(kept) < len(scenario.get("limits", ())):
        limits = Seq(changer.start)
        limits.extend(tree_of(limit, changer.start) for limit in kept)
        for edit, hold in holds.items():
            limits.extend(_limits(changer, edit, hold))
        limits.item_at.extend(limit.at for limit in limits)
        changer.put("limits", limits, changer.start)


def _held_by(name: str) -> str:
    """The beginning of a limit's name if an override made it, else nothing."""
    match = re.fullmatch(r"(override_.*)_at_(least|most)", name)
    return match[1] if match else ""


def held_before(limits: Iterable[Mapping[str, Any]]) -> int:
    """How many overrides of earlier rounds the limits of a plan hold."""
    return len({_held_by(limit["name"]) for limit in limits} - {""})


def hold_of(edit: Edit, scenario: Mapping[str, Any], offers: Mapping[str, Any]) -> Hold:
    """What an override holds."""
    offer, _, place = edit.of.keys[0].removeprefix(SYSTEMS).partition("/")
    committed = fsum(
        float(entry["systems"])
        for entry in scenario.get("commitments", ())
        if (entry["offer"], entry["site"], entry["period"]) == (offer, place, edit.of.part)
    )
    return Hold(offer, place, edit.of.part, (edit.new or 0.0) + committed, offers[offer]["route"] in HOSTED)


def _limits(changer: Changer, edit: Edit, hold: Hold) -> list[Map]:
    bounds = ("at_least", "at_most") if hold.systems else ("at_most",)
    return [_limit(changer, edit, hold, bound) for bound in bounds]


def _limit(changer: Changer, edit: Edit, hold: Hold, bound: str) -> Map:
    content = {
        "name": f"{hold.name}_{bound}",
        "measure": "systems",
        "of": {"offer": [hold.offer], "host" if hold.hosted else "site": [hold.place]},
        bound: written(hold.systems),
        "within": hold.period,
    }
    tree = tree_of(content, changer.at(edit))
    assert isinstance(tree, Map)
    return tree
