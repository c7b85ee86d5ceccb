"""Two or more plans side by side: what they cost, what changed in their orders, which commitments they keep."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from math import fsum
from typing import Literal

from optimizer.formulation.register import AT_PERIOD_END, lines_of
from optimizer.plan.at_once import most_at_once
from optimizer.plan.bridge import Bridge, bridged
from optimizer.plan.format import OrderRow, Plan
from optimizer.plan.provenance import Part, SeldomSaid

TRACE = 1e-6


class Side(SeldomSaid):
    """One plan of a comparison. Money in USD: `objective_usd` is present value, capex and opex are cash.

    `rent_after_usd` is rent due after the horizon, undiscounted; what of it the plan counts is in `present_usd`.
    `accelerators` gives the most of each vendor's orders in service at once, `frames` those that are signed.
    """

    SELDOM = frozenset({"frames"})

    name: str
    status: str
    objective_usd: float
    bound_usd: float
    gap: float
    capex_usd: float
    opex_usd: float
    rent_after_usd: float
    peak_mw: float
    accelerators: dict[str, float]
    present_usd: dict[str, float]
    frames: tuple[str, ...] = ()


class OrderChange(Part):
    """Systems of one offer that a later plan adds, drops, or moves to another place or period.

    What is ordered at the price of a frame is another offer, `o.f`.
    """

    change: Literal["added", "dropped", "moved"]
    offer: str
    systems: float
    place: str
    enters_service: str
    from_place: str | None = None
    from_period: str | None = None


class Change(SeldomSaid):
    """From the first plan to one of the others: its orders, the commitments of the first that it drops, its cost.

    `same_systems` counts what is rented by the period in the period in which most of it stays. `frames_signed` are
    those that the first plan does not sign, `frames_dropped` those that it alone does.
    """

    SELDOM = frozenset({"frames_signed", "frames_dropped"})

    plan: str
    orders: tuple[OrderChange, ...]
    same_systems: float
    commitments_kept: int
    commitments_dropped: tuple[str, ...]
    bridge: Bridge
    frames_signed: tuple[str, ...] = ()
    frames_dropped: tuple[str, ...] = ()


class Comparison(Part):
    """Plans side by side; each change is from the first plan."""

    plans: tuple[Side, ...]
    changes: tuple[Change, ...]


def compare(plans: Sequence[Plan], names: Sequence[str]) -> Comparison:
    """Compares plans, the first being what the others are changes of."""
    sides = tuple(_side(plan, name) for plan, name in zip(plans, names, strict=True))
    changes = [_change(plans[0], plan, name) for plan, name in zip(plans[1:], names[1:], strict=True)]
    return Comparison(plans=sides, changes=tuple(changes))


def present(plan: Plan) -> dict[str, float]:
    """Each cost line as present value in USD; they sum to the objective."""
    mid = {row.period: float(row.discount_mid) for row in plan.periods}
    end = {row.period: float(row.discount_end) for row in plan.periods}
    return {
        line: fsum(usd * (end if line in AT_PERIOD_END else mid)[period] for period, usd in by_period.items())
        for line, by_period in plan.costs.items()
    }


def _side(plan: Plan, name: str) -> Side:
    cash = {line: fsum(by_period.values()) for line, by_period in plan.costs.items()}
    power: defaultdict[str, float] = defaultdict(float)
    for site in plan.sites:
        power[site.period] += site.power_used_mw
    return Side(
        name=name,
        status=plan.status,
        objective_usd=plan.objective_usd,
        bound_usd=plan.bound_usd,
        gap=plan.gap,
        capex_usd=fsum(cash[line] for line in lines_of("capex_usd")),
        opex_usd=fsum(cash.get(line, 0.0) for line in lines_of("opex_usd")),
        rent_after_usd=plan.rent_after_usd,
        peak_mw=max(power.values(), default=0.0),
        accelerators=dict(sorted(most_at_once(plan.orders, plan.periods, lambda order: order.vendor).items())),
        present_usd=present(plan),
        frames=signed(plan),
    )


def signed(plan: Plan) -> tuple[str, ...]:
    """The frame agreements that a plan has."""
    return tuple(row.frame for row in plan.frames if row.signed)


LINE = ["offer", "place", "enters_service"]
Line = tuple[str, str]
"""Place and period of entering service of an offer's order."""


def _joined_orders(old: Plan, new: Plan) -> dict[str, dict[Line, tuple[float, float]]]:
    """Systems of each order line in two plans by offer, 0 where only one has it: an outer join; commitments apart."""
    import pandas as pd  # half a second, and only what compares plans needs it

    def orders(plan: Plan) -> pd.DataFrame:
        rows = [(o.label, o.place, o.enters_service, o.systems) for o in plan.orders if not o.commitment]
        return pd.DataFrame(rows, columns=[*LINE, "systems"], dtype=object).groupby(LINE, as_index=False).agg(fsum)

    both = orders(old).merge(orders(new), on=LINE, how="outer", suffixes=("_old", "_new"), validate="1:1")
    found: defaultdict[str, dict[Line, tuple[float, float]]] = defaultdict(dict)
    for offer, place, period, before, after in both.fillna(0.0).sort_values(LINE).itertuples(index=False, name=None):
        found[offer][place, period] = (float(before), float(after))
    return found


def _change(old: Plan, new: Plan, name: str) -> Change:
    joined = _joined_orders(old, new)
    orders = [change for offer, lines in joined.items() for change in _of_offer(offer, lines)]
    by_period = {order.label for order in (*old.orders, *new.orders) if order.route == "on_demand"}
    same = fsum(_same(lines, offer in by_period) for offer, lines in joined.items())
    kept, dropped = _commitments(old, new)
    before, after = signed(old), signed(new)
    return Change(
        plan=name,
        orders=tuple(orders),
        same_systems=same,
        commitments_kept=kept,
        commitments_dropped=dropped,
        bridge=bridged(old, new),
        frames_signed=tuple(name for name in after if name not in before),
        frames_dropped=tuple(name for name in before if name not in after),
    )


def _same(lines: dict[Line, tuple[float, float]], by_period: bool) -> float:
    """Systems of an offer that both plans order alike; of one that is rented by the period, those of one period."""
    of_period: defaultdict[str, float] = defaultdict(float)
    for (_, period), systems in lines.items():
        of_period[period] += min(systems)
    return max(of_period.values()) if by_period else fsum(of_period.values())


def _of_offer(offer: str, lines: dict[Line, tuple[float, float]]) -> Iterator[OrderChange]:
    """What is fewer in one line and more in another was moved, the earliest first; the rest is added or dropped."""
    more = {line: lines[line][1] - lines[line][0] for line in sorted(lines, key=lambda line: line[::-1])}
    gone = {line: -change for line, change in more.items() if change < -TRACE}
    come = {line: change for line, change in more.items() if change > TRACE}
    for here, there, systems in _matched(gone, come):
        place, period = there
        yield OrderChange(change="moved", offer=offer, systems=systems, place=place, enters_service=period,
                          from_place=here[0], from_period=here[1])  # fmt: skip
    for (place, period), systems in come.items():
        if systems > TRACE:
            yield OrderChange(change="added", offer=offer, systems=systems, place=place, enters_service=period)
    for (place, period), systems in gone.items():
        if systems > TRACE:
            yield OrderChange(change="dropped", offer=offer, systems=systems, place=place, enters_service=period)


def _matched(gone: dict[Line, float], come: dict[Line, float]) -> list[tuple[Line, Line, float]]:
    """Pairs of a line that lost systems and one that gained them; both are reduced by what is matched."""
    pairs = []
    for here in gone:
        for there in come:
            systems = min(gone[here], come[there])
            if systems > TRACE:
                pairs.append((here, there, systems))
                gone[here] -= systems
                come[there] -= systems
    return pairs


def _commitments(old: Plan, new: Plan) -> tuple[int, tuple[str, ...]]:
    """How many commitments of the old plan the new one keeps, and those that it does not."""
    left = [_words(order) for order in new.orders if order.commitment]
    kept, dropped = 0, []
    for order in old.orders:
        if order.commitment:
            if _words(order) in left:
                left.remove(_words(order))
                kept += 1
            else:
                dropped.append(_words(order))
    return kept, tuple(dropped)


def _words(order: OrderRow) -> str:
    return f"{order.systems:g} {order.offer} at {order.place} from {order.enters_service}"
