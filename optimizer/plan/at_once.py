"""How many accelerators are in service at once: what is rented period by period is not added up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeVar

from optimizer.plan.format import OrderRow, PeriodRow

Key = TypeVar("Key", bound=Hashable)


def most_at_once(
    orders: Iterable[OrderRow],
    periods: Sequence[PeriodRow],
    key: Callable[[OrderRow], Key],
) -> dict[Key, float]:
    """The most accelerators that orders of one key have in service in one period; what runs already came before."""
    number = {row.period: t for t, row in enumerate(periods)}
    present: defaultdict[Key, list[float]] = defaultdict(lambda: [0.0] * len(number))
    for order in orders:
        for t in range(number.get(order.enters_service, 0), number[order.in_service_until] + 1):
            present[key(order)][t] += order.accelerators
    return {one: max(by_period) for one, by_period in present.items()}
