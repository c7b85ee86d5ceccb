"""Overrides of a workbook as limits of the user: the optimiser is held to the systems that were typed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import fsum
from typing import Any

from catalogs.problems import InputError, Problem
from catalogs.yaml_text import Map, Seq, tree_of
from optimizer.plan.format import Plan
from optimizer.tables import grouped
from optimizer.workbook.back.compare import Edit
from optimizer.workbook.back.edits import Changer, written
from optimizer.workbook.groups import HOSTED
from optimizer.workbook.writing.lines import OVERRIDE

SYSTEMS, FACTOR = f"{OVERRIDE}systems/", f"{OVERRIDE}factor/"
LONGEST_NAME = 80


@dataclass(frozen=True)
class Hold:
    """So many systems of an offer enter service at a place in a period, commitments and frames' orders included."""

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


def hold_systems(changer: Changer, edits: Iterable[Edit], plan: Plan, release: bool) -> None:
    """Add two limits for each override in place of those it had before; `release` lets go of all held before.

    Raises InputError for what cannot be held.
    """
    scenario = plan.scenario
    edits = [edit for edit in edits if not edit.of.keys[0].startswith(FACTOR)]
    other = [edit for edit in edits if not edit.of.keys[0].startswith(SYSTEMS)]
    if other:
        message = "only systems can be held when the plan is made again; clear the cell"
        raise InputError(Problem(changer.at(edit), f"{edit.of.label}: {message}") for edit in other)
    holds = {same[0]: hold_of(same, plan) for same in grouped(edits, _held).values()}
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


def _parts(edit: Edit) -> tuple[str, str, str]:
    """Offer, place and frame of an override; the frame is empty for orders at the list price."""
    offer, place, *frame = edit.of.keys[0].removeprefix(SYSTEMS).split("/")
    return offer, place, "".join(frame)


def _held(edit: Edit) -> tuple[str, str, str]:
    """What is held together: a limit cannot tell at which price an offer is ordered."""
    offer, place, _ = _parts(edit)
    return offer, place, edit.of.part


def hold_of(edits: Sequence[Edit], plan: Plan) -> Hold:
    """What overrides of one offer, place and period hold: beside what is typed, orders at other prices as they are."""
    what = offer, place, period = _held(edits[0])
    typed = {_parts(edit)[2]: edit.new or 0.0 for edit in edits}
    others = [
        row.systems
        for row in plan.orders
        if (row.offer, row.place, row.enters_service) == what and not row.commitment and (row.frame or "") not in typed
    ]
    committed = [
        float(entry["systems"])
        for entry in plan.scenario.get("commitments", ())
        if (entry["offer"], entry["site"], entry["period"]) == what
    ]
    systems = fsum((*typed.values(), *others, *committed))
    return Hold(offer, place, period, systems, plan.catalog["offers"][offer]["route"] in HOSTED)


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
