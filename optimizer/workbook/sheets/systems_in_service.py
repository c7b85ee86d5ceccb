"""Systems in service at each place: what entered and is still in its term, and the fleet less what is retired."""

from __future__ import annotations

from dataclasses import dataclass

from optimizer.workbook.facts import Facts
from optimizer.workbook.groups import Group
from optimizer.workbook.sheets.decision_inputs import fleet_rows, retirements
from optimizer.workbook.writing.lines import Line, Section
from optimizer.workbook.writing.references import Row, at, down


@dataclass(frozen=True)
class Stand:
    """Systems of a group, or of the fleet where there is none, in service at a place."""

    place: str
    system: str
    cooling: str
    group: Group | None = None

    @property
    def id(self) -> str:
        """Its name in the keys of lines."""
        return self.group.id if self.group else f"fleet/{self.system}"

    @property
    def suffix(self) -> str:
        return self.group.suffix if self.group else ", fleet"

    @property
    def item(self) -> str:
        return self.group.offer if self.group else self.system

    @property
    def whole(self) -> bool:
        return not self.group or all(line.whole for line in self.group.lines if line.place == self.place)

    @property
    def row(self) -> Row:
        """Where Capacity shows it."""
        return at("in service", self, self.place)


def stands_at(facts: Facts, place: str) -> list[Stand]:
    """Groups, then the fleet, of each system at a place: liquid-cooled systems first."""
    groups = [group for group in facts.groups if place in (line.place for line in group.lines)]
    fleet = {system for system, site in facts.fleet if site == place}
    found = []
    for system in {*(group.system for group in groups), *fleet}:
        cooling = str(facts.catalog["systems"][system]["cooling"])
        found += [Stand(place, system, cooling, group) for group in groups if group.system == system]
        found += [Stand(place, system, cooling)] if system in fleet else []
    return sorted(found, key=lambda stand: (stand.cooling != "liquid", stand.system))


def systems_in_service(facts: Facts) -> Section:
    """A line for each stand, those of a place together."""
    note = "Orders: what entered within the periods of service (constant). Fleet: as in Inputs, less what is retired."
    lines = [_in_service(facts, stand) for place in facts.places for stand in stands_at(facts, place)]
    return Section("Systems in service", note, lines)


def _in_service(facts: Facts, stand: Stand) -> Line:
    label, group = f"In service{stand.suffix}", stand.group
    if not group:
        return Line(label, "systems", stand.item, stand.place, periods=_fleet_left(facts, stand), key=stand.row.key)
    return Line(
        label, "systems", stand.item, stand.place, constant=at("service", group),
        periods=f"={at('entering', group, stand.place).cohort}", whole=stand.whole, key=stand.row.key,
    )  # fmt: skip


def _fleet_left(facts: Facts, stand: Stand) -> str:
    """The fleet as in Inputs, less what is retired."""
    off = [at("retired so far", each) for each in retirements(facts, stand.system, stand.place)]
    there = f"=SUM({down(fleet_rows(facts, stand.system, stand.place))})"
    return there + (f"-SUM({down(off)})" if off else "")
