"""Systems in service at each place: what entered and is still in its term, and the fleet less what is retired."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from optimizer.workbook.facts import Facts, Group
from optimizer.workbook.sheets.carriers import OrderRows
from optimizer.workbook.sheets.inputs import InputRows
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.lines import Line
from optimizer.workbook.writing.references import HERE, Row, cohort, down, key_of
from optimizer.workbook.writing.table import Table


@dataclass(frozen=True)
class Stand:
    """Systems of one offer or of the fleet at a place, in service by period; label suffix and item tell them apart."""

    named: str
    suffix: str
    item: str
    system: str
    cooling: str
    row: Row
    whole: bool = True

    @property
    def id(self) -> str:
        """Its name in the keys of lines."""
        return self.named


def write_stands(table: Table, inputs: InputRows, orders: OrderRows) -> dict[str, list[Stand]]:
    """A line for each group and fleet entry at a place: liquid-cooled ones first, those of a system together."""
    note = "Orders: what entered within the periods of service (constant). Fleet: as in Inputs, less what is retired."
    table.heading("Systems in service", note)
    return {place: list(_stands(table, inputs, orders, place)) for place in table.book.facts.places}


def _stands(table: Table, inputs: InputRows, orders: OrderRows, place: str) -> Iterator[Stand]:
    facts = table.book.facts
    groups = [group for group in facts.groups if (group, place) in orders.entering]
    fleet = [system for system, site in facts.fleet if site == place]
    for cooling, system in _systems(facts, [*(group.system for group in groups), *fleet]):
        for group in (group for group in groups if group.system == system):
            whole = all(x.is_integer() for line in group.lines if line.place == place for x in line.systems)
            row = _order_line(table, orders, group, place, whole)
            yield Stand(group.id, group.suffix, group.offer, system, cooling, row, whole)
        if system in fleet:
            formula = _fleet_left(inputs, orders, system, place)
            line = Line(
                "In service, fleet",
                "systems",
                system,
                place,
                periods=formula,
                key=key_of("in service", f"fleet/{system}", place),
            )
            yield Stand(f"fleet/{system}", ", fleet", system, system, cooling, table.line(line))


def _systems(facts: Facts, systems: list[str]) -> list[tuple[str, str]]:
    """(cooling, system), liquid first."""
    cooling = {system: str(facts.catalog["systems"][system]["cooling"]) for system in systems}
    return sorted(((cooling[system], system) for system in cooling), key=lambda pair: (pair[0] != "liquid", pair[1]))


def _fleet_left(inputs: InputRows, orders: OrderRows, system: str, site: str) -> Formula:
    """The fleet as in Inputs, less what is retired."""
    rows = inputs.fleet.lines[system, site]
    off = [row for d, row in orders.decision_checks.off.items() if (d.item, d.place) == (system, site)]
    return Formula(f"=SUM({down(rows)})" + (f"-SUM({down(off)})" if off else ""))


def _order_line(table: Table, orders: OrderRows, group: Group, place: str, whole: bool) -> Row:
    line = Line(
        f"In service{group.suffix}",
        "systems",
        group.offer,
        place,
        constant=Formula(f"={orders.groups[group].service.constant}"),
        periods=cohort(orders.entering[group, place], HERE.constant),
        constant_unit="periods",
        whole=whole,
        key=key_of("in service", group, place),
    )
    return table.line(line)
