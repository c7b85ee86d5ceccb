"""Frame agreements as the audit reads them from a scenario."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from optimizer.audit.periods import Horizon, periods_in, window_span


@dataclass(frozen=True)
class Frame:
    """An agreement: what `of` selects, ordered in the periods `orders`, costs `factor` of its price.

    It spends `promised_usd` in the periods `within`: spend_usd by the share of the window's months that lies inside the
    horizon. `already` says that it is signed whatever the plan decides.
    """

    id: str
    of: Mapping[str, tuple[str, ...]]
    orders: frozenset[int]
    within: tuple[int, ...]
    promised_usd: Fraction
    factor: Fraction
    already: bool

    @property
    def turn(self) -> tuple[Fraction, str]:
        """Where orders at its price stand among those that fill the steps of price breaks: the lowest factor first."""
        return self.factor, self.id


def read_frames(source: Mapping[str, Any] | None, horizon: Horizon, fiscal_year_starts: int) -> dict[str, Frame]:
    """Every frame by its id."""
    return {key: read_frame(key, one, horizon, fiscal_year_starts) for key, one in sorted((source or {}).items())}


def read_frame(key: str, source: Mapping[str, Any], horizon: Horizon, starts: int) -> Frame:
    """A frame, with its windows as periods that start in them."""
    of = {field: (value,) if isinstance(value, str) else tuple(value) for field, value in source["of"].items()}
    return Frame(
        id=key,
        of=of,
        orders=frozenset(periods_in(source["orders"], horizon, starts)),
        within=tuple(periods_in(source["within"], horizon, starts)),
        promised_usd=Fraction(source["spend_usd"]) * part_inside(source["within"], horizon, starts),
        factor=Fraction(source["factor"]),
        already=source["signed"] == "true",
    )


def part_inside(window: str, horizon: Horizon, starts: int) -> Fraction:
    """How many of a window's months lie inside the horizon, as part of all of them."""
    first, last = window_span(window, horizon, starts)
    end = horizon.start(horizon.periods) - 1
    return Fraction(min(last, end) - max(first, horizon.first) + 1, last - first + 1)
