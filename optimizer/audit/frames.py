"""What follows from frame agreements: which orders may have their price, what is spent, what is missing."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.audit.checks import Allowed, Check, Limited
from optimizer.audit.decisions import ZERO, Cohort
from optimizer.audit.frame_inputs import Frame
from optimizer.audit.measures import NOTHING, Counted
from optimizer.audit.periods import Series
from optimizer.audit.roll_forward import Books
from optimizer.audit.selections import attributes, matches


def orders_under_frame(books: Books) -> Iterator[Check]:
    """Orders at the price of a frame are placed in its time, of what it selects, and only if it is signed."""
    for order in books.orders:
        if order.frame is not None:
            keys = order.frame.id, order.offer.id, books.inputs.horizon.key(order.t)
            reason = why_not(order, order.frame, books)
            yield Allowed("orders_under_frame", keys, reason is None, reason or "")


def why_not(order: Cohort, frame: Frame, books: Books) -> str | None:
    """Why an order may not have the price of a frame; None if it may."""
    if order.systems and frame.id not in books.signed:
        return "the frame is not signed"
    if order.ordered not in frame.orders:
        return f"nothing is ordered under the frame in {books.inputs.horizon.key(order.ordered)}"
    subject = Counted(order.offer.id, order.offer.system.id, order.place, NOTHING)
    seen = attributes(subject, books.inputs)
    if not all(matches(seen.get(key, ()), patterns) for key, patterns in frame.of.items()):
        return "the frame does not select it"
    return None


def spent_usd(frame: Frame, books: Books) -> Series:
    """Price and rent of the orders at a frame's price by period, by cash date; network is no part of it."""
    horizon = books.inputs.horizon
    spent = [ZERO] * horizon.periods
    for order in books.orders:
        if order.frame == frame:
            for t, usd in order.installments:
                spent[t] += usd
            for t in order.served(horizon.periods):
                spent[t] += order.rent_usd_per_hour * horizon.hours
    return [usd if t in frame.within else ZERO for t, usd in enumerate(spent)]


def missing_usd(frame: Frame, books: Books) -> Series:
    """What is promised and not spent, in the last period of the window inside the horizon; 0 unless it is signed."""
    promised = frame.promised_usd if frame.id in books.signed else ZERO
    missing = max(ZERO, promised - sum(spent_usd(frame, books), ZERO))
    return [missing if t == frame.within[-1] else ZERO for t in range(books.inputs.horizon.periods)]


def spend_of_frame(books: Books) -> Iterator[Check]:
    """What is spent and the shortfall that the plan states reach what is promised, if anything is."""
    for frame in books.inputs.frames.values():
        if frame.promised_usd:
            used = sum(spent_usd(frame, books), ZERO) + books.stated_shortfall.get(frame.id, ZERO)
            promised = frame.promised_usd if frame.id in books.signed else ZERO
            yield Limited("spend_of_frame", (frame.id,), used, promised, "USD", -1)


def frame_usd(books: Books) -> Series:
    """What all frames that are signed promise and is not spent."""
    total = [ZERO] * books.inputs.horizon.periods
    for frame in books.inputs.frames.values():
        total = [a + b for a, b in zip(total, missing_usd(frame, books), strict=True)]
    return total
