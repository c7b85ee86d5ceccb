"""Orders of a plan as groups: of one offer at one price, a frame's or not, and commitments at one price a period."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from catalogs.periods import first_month
from optimizer.plan.format import OrderRow
from optimizer.tables import ordered_as

RENTED = frozenset({"lease", "reservation", "on_demand"})
HOSTED = frozenset({"reservation", "on_demand"})
Values = tuple[float | None, ...]


@dataclass(frozen=True)
class _Placed:
    """Systems of an offer; `batch` is 0 for orders and counts from 1 for commitments.

    `began` is the period before the horizon in which they entered service; empty for all others. `frame` is the
    agreement at whose price they are ordered, if any.
    """

    offer: str
    batch: int
    system: str
    began: str
    frame: str

    @property
    def item(self) -> str:
        """What stands in the column of items."""
        return self.offer

    @property
    def label(self) -> str:
        """What they are ordered as: the offer, or that of a frame."""
        return ordered_as(self.offer, self.frame or None)

    @property
    def suffix(self) -> str:
        """What tells a line of commitments, or at a frame's price, from the same line of the offer's orders."""
        if self.frame:
            return f", under {self.frame}"
        number = f" ({self.batch})" if self.batch > 1 else ""
        if self.began:
            return f", running since {self.began}{number}"
        return f", committed{number}" if self.batch else ""


@dataclass(frozen=True)
class OrderLine(_Placed):
    """Systems of a group entering service at a place, by period."""

    place: str
    systems: tuple[float, ...]

    @property
    def id(self) -> str:
        """Its name in the keys of lines."""
        return f"{self.label}#{self.batch}/{self.place}"

    @property
    def whole(self) -> bool:
        """Whether all are whole systems."""
        return all(systems.is_integer() for systems in self.systems)


@dataclass(frozen=True)
class Group(_Placed):
    """Orders of one offer at one price, or commitments of one at one price per period, at all places.

    `entry_prices` holds USD per system or per accelerator-hour by period of entry; only commitments have it, because an
    order's follows from the offer. What is running stands there as entering in the first period, `age` periods old.
    """

    accelerator: str
    vendor: str
    route: str
    lines: tuple[OrderLine, ...]
    entry_prices: Values
    age: int

    @property
    def id(self) -> str:
        """Its name in the keys of lines."""
        return f"{self.label}#{self.batch}"

    @property
    def place(self) -> str:
        """Its orders are at all places."""
        return ""

    @property
    def committed(self) -> bool:
        return self.batch > 0

    @property
    def purchased(self) -> bool:
        return self.route not in RENTED

    @property
    def running(self) -> bool:
        """Whether it entered service before the horizon, and what it cost to begin with is sunk."""
        return self.age > 0


def price_of(row: OrderRow) -> float | None:
    """USD per system or per accelerator-hour that an order pays."""
    return row.price_usd if row.route not in RENTED else row.usd_per_accelerator_hour


def batches_of(orders: Iterable[OrderRow], first: str) -> list[tuple[int, list[OrderRow]]]:
    """Commitments in as few batches per offer as give each batch one price a period.

    What entered service before the first period is in one batch only with what entered at the same time.
    """

    def apart(one: OrderRow, other: OrderRow) -> bool:
        began = [row.enters_service for row in (one, other)]
        if began[0] != began[1]:
            return any(first_month(key) < first_month(first) for key in began)
        return price_of(one) != price_of(other)

    batches: dict[tuple[str, int], list[OrderRow]] = {}
    for row in (row for row in orders if row.commitment):
        batch = 1
        while any(apart(row, other) for other in batches.get((row.offer, batch), ())):
            batch += 1
        batches.setdefault((row.offer, batch), []).append(row)
    return [(batch, rows) for (_, batch), rows in sorted(batches.items(), key=lambda pair: pair[0])]
