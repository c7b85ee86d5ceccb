"""What stands where: orders, commitments and the fleet, in service and able to work. A part of Capacity."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from optimizer.tables import grouped
from optimizer.workbook.facts import Facts
from optimizer.workbook.groups import Group, OrderLine
from optimizer.workbook.sheets.decision_inputs import fleet_rows, retirements
from optimizer.workbook.sheets.input_offers import availability, bring_up, has_term
from optimizer.workbook.writing.lines import PERIOD, Line, Of, Section, filled, line_of
from optimizer.workbook.writing.references import Row, at, down, of_each, summed


@dataclass(frozen=True)
class Stand:
    """Systems of a group, or of the fleet where there is none, in service at a place."""

    place: str
    system: str
    cooling: str
    line: OrderLine | None = None
    group: Group | None = None

    @property
    def id(self) -> str:
        """Its name in the keys of lines."""
        return self.line.id if self.line else f"fleet/{self.system}/{self.place}"

    @property
    def suffix(self) -> str:
        return self.line.suffix if self.line else ", fleet"

    @property
    def item(self) -> str:
        return self.line.offer if self.line else self.system

    @property
    def whole(self) -> bool:
        return not self.line or self.line.whole

    @property
    def row(self) -> Row:
        """Where Capacity shows it."""
        return at("in service", self)


def stands_at(facts: Facts, place: str) -> list[Stand]:
    """Groups, then the fleet, of each system at a place: liquid-cooled systems first."""
    cooling = {system: str(facts.catalog["systems"][system]["cooling"]) for system in facts.systems}
    found = [
        Stand(place, line.system, cooling[line.system], line, group)
        for group in facts.groups
        for line in group.lines
        if line.place == place
    ]
    found += [Stand(place, system, cooling[system]) for system, site in facts.fleet if site == place]
    return sorted(found, key=lambda stand: (stand.cooling != "liquid", stand.system))


def standing(facts: Facts) -> dict[Of, list[Stand]]:
    """What stands of each system at a place."""
    stands = (stand for place in facts.places for stand in stands_at(facts, place))
    return grouped(stands, lambda stand: Of(stand.system, stand.place))


def systems_in_service(facts: Facts) -> Section:
    """A line for each stand, those of a place together."""
    note = "Orders: what entered within the periods of service (constant). Fleet: as in Inputs, less what is retired."
    lines = [_in_service(facts, stand) for place in facts.places for stand in stands_at(facts, place)]
    return Section("Systems in service", note, lines)


def _in_service(facts: Facts, stand: Stand) -> Line:
    if stand.group:
        service = at("service", stand.group)
        return line_of(stand, "In service", "systems", constant=service, periods="={entering.cohort}")
    off = of_each("retired so far", retirements(facts, stand.system, stand.place))
    there = f"=SUM({down(fleet_rows(facts, stand.system, stand.place))})"
    return line_of(stand, "In service", "systems", periods=there + (f"-SUM({down(off)})" if off else ""))


def able_to_work(facts: Facts) -> Iterator[Section]:
    """What is being brought up, and what is able to work where that is not just the scenario's availability."""
    unlike = [stand for same in standing(facts).values() for stand in same if _is_unlike(facts, stand)]
    note = "What entered in the last periods, as many whole ones as bring-up takes (constant); part of one is below."
    yield from filled("Being brought up", note, [
        line_of(stand, "Being brought up", "systems", constant_unit="periods", periods="={entering.cohort}",
                constant=f"=INT(MIN({_periods_left(stand, months)},{{in service.constant}}))")
        for stand in unlike if (months := bring_up(facts, stand.item)) is not None
    ])  # fmt: skip
    note = "Availability times systems in service, less what is being brought up (constant: periods that takes)."
    yield from filled("Able to work", note, [_able(facts, stand) for stand in unlike])


def _is_unlike(facts: Facts, stand: Stand) -> bool:
    """Whether what does work of a stand is not just the scenario's availability."""
    offer = stand.group.offer if stand.group else None
    return offer is not None and (has_term(facts, offer, "availability") or bring_up(facts, offer) is not None)


def _able(facts: Facts, stand: Stand) -> Line:
    """The share of what is in service and up; of what entered when the last whole period began a part is not."""
    months, share = bring_up(facts, stand.item), availability(facts, stand.item)
    known: dict[str, Any] = {"what": "able", "whole": False}
    if months is None:
        return line_of(stand, "Able to work", "systems", periods=f"={share}*{{in service}}", **known)
    entered = f"SUMIFS({{entering.across}},{{entering.axis_across}},@${PERIOD}-{{being brought up.constant}})"
    return line_of(
        stand, "Able to work", "systems", constant_unit="periods",
        constant=f"=MIN({_periods_left(stand, months)},{{in service.constant}})",
        periods=f"={share}*({{in service}}-{{being brought up}}-MOD({{here.constant}},1)*{entered})", **known,
    )  # fmt: skip


def _periods_left(stand: Stand, months: Row) -> str:
    """The periods that bringing up what enters takes; of what is running already, those that are left of it."""
    periods = f"{months.constant}/months_per_period"
    running = stand.group is not None and stand.group.running
    return f"MAX(0,{periods}-{at('commitment/age', stand.group).constant})" if running else periods


def available(facts: Facts, stands: Sequence[Stand]) -> str:
    """The scenario's share of all systems but those that have lines of their own, and these."""
    unlike = [stand for stand in stands if _is_unlike(facts, stand)]
    alike = [stand.row for stand in stands if stand not in unlike]
    parts = [f"availability*{summed(alike)}"] if alike else []
    parts += [summed(of_each("able", unlike))] if unlike else []
    return "=" + "+".join(parts)
