"""How accelerators come: bought, leased, reserved or by the hour, new or committed; what came and what it is worth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import fsum

from optimizer.tables import grouped
from optimizer.workbook.facts import Facts
from optimizer.workbook.groups import Group
from optimizer.workbook.writing.lines import SUM, Line, Section, filled, line_of, lines_of
from optimizer.workbook.writing.references import HERE, Row, at, down, key_of, of_each

ROUTES = {"purchase": "buy", "lease": "lease", "reservation": "reserve", "on_demand": "by the hour"}
"""Routes in the order in which they are shown, and what a buyer does."""
COMMITTED = "committed"
HOURLY = at("entering by way", "all by the hour")
"""The line of what is rented by the hour, of all accelerators."""


@dataclass(frozen=True)
class Way:
    """Orders, or commitments, of an accelerator by a route."""

    accelerator: str
    vendor: str
    route: str
    committed: bool
    groups: tuple[Group, ...]

    @property
    def id(self) -> str:
        """Its name in the keys of lines."""
        return f"{self.accelerator}/{self.does}"

    @property
    def does(self) -> str:
        """What is done, in words."""
        return f"{ROUTES[self.route]}{f', {COMMITTED}' * self.committed}"

    @property
    def by_the_hour(self) -> bool:
        """Whether each period's accelerators are rented anew, so that periods do not add up."""
        return self.route == "on_demand"


def ways_of(facts: Facts) -> list[Way]:
    """Those of the largest contracts first, hourly ones last; what is running already is not ordered any more."""
    found = grouped(
        [group for group in facts.groups if not group.running],
        lambda group: (group.accelerator, group.route, group.committed),
    )
    ways = [
        Way(accelerator, own[0].vendor, route, signed, tuple(own))
        for (accelerator, route, signed), own in found.items()
    ]
    worth = {way: _worth(facts, way) for way in ways}
    return sorted(ways, key=lambda way: (way.by_the_hour, -worth[way], way.id))


def _worth(facts: Facts, way: Way) -> float:
    """USD of the contracts, as the plan has them."""
    labels = {group.label for group in way.groups}
    return fsum(
        (row.price_usd or 0.0) * row.systems + row.rent_usd + row.rent_after_usd
        for row in facts.plan.orders
        if row.label in labels and row.commitment == way.committed
    )


def entering_by_way(facts: Facts) -> Iterator[Section]:
    """The part of Orders: accelerators entering service by offer, then by way."""
    ways = ways_of(facts)
    yield from filled("Accelerators entering service, by offer", "Systems times accelerators in a system.", lines_of(
        groups_of(ways), "Accelerators of", "accelerators", total=SUM,
        periods="={entering}*{system/accelerators.constant}", what="accelerators of",
    ))  # fmt: skip
    note = "Orders and commitments apart. By the hour, each period's are rented anew; in Total: the most at once."
    lines = [
        Line(f"Accelerators, {way.does}", "accelerators", way.accelerator, source=f"vendor: {way.vendor}",
             total=f"=MAX({HERE.across})" if way.by_the_hour else SUM,
             periods=_sum(of_each("accelerators of", way.groups)), key=key_of("entering by way", way))
        for way in ways
    ]  # fmt: skip
    if hourly := of_each("entering by way", [way for way in ways if way.by_the_hour]):
        total = f"=MAX({HERE.across})"
        lines.append(
            Line("Accelerators by the hour, all", "accelerators", total=total, periods=_sum(hourly), key=HOURLY.key)
        )
    yield from filled("Accelerators entering service, by how they come", note, lines)


def worth_of(way: Way) -> Row:
    """The line of Cash with its contract value."""
    return at("contract value by way", way)


def contract_values(facts: Facts) -> Iterator[Section]:
    """The part of Cash: what each order is worth as a contract, by offer, then by way."""
    ways, note = ways_of(facts), "Price of what is bought; rent over the term, also after the horizon."
    yield from filled("Contract value, by offer", note, [
        line_of(group, "Contract value", "USD", total=_value(facts, group)) for group in groups_of(ways)
    ])  # fmt: skip
    yield from filled("Contract value, by how accelerators come", "Network and running cost not included.", [
        Line(f"Contract value, {way.does}", "USD", way.accelerator, key=worth_of(way).key,
             total=_sum(of_each("contract value", way.groups), "$F"))
        for way in ways
    ])  # fmt: skip


def _value(facts: Facts, group: Group) -> str:
    if group.purchased:
        return "={paid.total}"
    after = "+SUMPRODUCT({rent of a period.across},{periods after.across})"
    return "={rent.total}" + after * (group in facts.terms and bool(facts.after_horizon))


def groups_of(ways: Iterable[Way]) -> list[Group]:
    """Groups, those of a way together."""
    return [group for way in ways for group in way.groups]


def _sum(rows: list[Row], column: str = "@") -> str:
    return f"=SUM({down(rows, column)})"
