"""Frame agreements that are signed: terms on Inputs, spend on Cash, orders out of their time on Orders."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from optimizer.plan.format import FrameRow
from optimizer.workbook.facts import Facts
from optimizer.workbook.groups import Group
from optimizer.workbook.writing.assumptions import assumed
from optimizer.workbook.writing.lines import PERIOD, START, SUM, Check, Line, Of, Section, filled, line_of
from optimizer.workbook.writing.references import Row, at, down, key_of, of_each, summed

NOTE = "Prices and rents of what is ordered under the frame are multiplied by its factor; see Cash for what is spent."
SPENT = "By cash date, without network. What is missing is paid in the last period of the window inside the horizon."
WINDOW = "the window's"


def signed(facts: Facts) -> tuple[FrameRow, ...]:
    """The frames that count: those that are signed."""
    return tuple(row for row in facts.plan.frames if row.signed)


def names(facts: Facts) -> list[str]:
    """The frames that are signed, by name."""
    return [row.frame for row in signed(facts)]


def under(facts: Facts, frame: str) -> list[Group]:
    """What is ordered at the price of a frame."""
    return [group for group in facts.groups if group.frame == frame]


def times_factor(group: Group) -> str:
    """The factor of a group's frame, as the end of a formula; nothing without one."""
    return f"*{at('frame', 'factor', group.frame).constant}" if group.frame else ""


def frame_inputs(facts: Facts) -> Iterator[Section]:
    """Factor, promise and windows of each frame."""
    lines = [line for frame in names(facts) for line in _terms(facts, frame)]
    yield from filled("Frame agreements", NOTE, lines)


def _terms(facts: Facts, frame: str) -> Iterator[Line]:
    path, asked, share = f"frames/{frame}", facts.scenario["frames"][frame], facts.share_inside(frame)
    already = asked["signed"] == "true"

    def line(what: str, label: str, unit: str, constant: Any, locked: str, source: str) -> Line:
        return Line(label, unit, frame, constant=constant, locked=locked, source=f"scenario: {source}",
                    key=key_of("frame", what, frame))  # fmt: skip

    who = "signed already" if already else "the optimiser's decision"
    yield line("signed", "Frame signed", "switch", 1.0, who, "frames")
    yield assumed(facts, f"{path}/factor", "Factor on price and rent", "factor", "share", item=frame,
                  key=key_of("frame", "factor", frame))  # fmt: skip
    yield assumed(facts, f"{path}/spend_usd", "Spend promised", "USD", item=frame,
                  key=key_of("frame", "spend_usd", frame))  # fmt: skip
    yield line("share", "Part of its window inside the horizon", "share", share, WINDOW, "within")
    for field, what in (("orders", "Orders"), ("within", "Spend")):
        first, last = facts.window(asked[field])
        yield line(f"{field} first", f"{what} under the frame, first day", "date", first, WINDOW, field)
        yield line(f"{field} last", f"{what} under the frame, last day", "date", last, WINDOW, field)


def frame_workings(facts: Facts) -> Iterator[Section]:
    """What each frame promises, what is paid at its price, what of that is in its window, and what is missing."""
    rows = signed(facts)
    starts = at("balance", "entering").starts_across
    last = "{frame/within last.constant}"
    note = "Inside the horizon; a frame that is not signed promises nothing."
    yield from filled("Frame agreements: promised", note, [
        line_of(Of(row.frame), "Promised inside the horizon", "USD", what="promised",
                constant="={frame/spend_usd.constant}*{frame/share.constant}*{frame/signed.constant}")
        for row in rows
    ])  # fmt: skip
    yield from filled("Frame agreements: paid", "Price and rent of what is ordered at the frame's price.", [
        line_of(Of(row.frame), "Paid at the frame's price", "USD", what="paid under frame", total=SUM,
                periods=f"={summed(_paid(facts, row.frame))}")
        for row in rows
    ])  # fmt: skip
    yield from filled("Frame agreements: spent", SPENT, [
        line_of(Of(row.frame), "Spent in the window", "USD", what="spent under frame", total=SUM,
                periods=f"=(@${START}>={{frame/within first.constant}})*(@${START}<={last})*{{paid under frame}}",
                shows_in_total=row.spent_usd, meaning=f"spent under {row.frame}")
        for row in rows
    ])  # fmt: skip
    yield from filled("Frame agreements: missing", SPENT, [
        line_of(Of(row.frame), "Frame shortfall", "USD", total=SUM, constant_unit="number",
                constant=f"=SUMPRODUCT(1*({starts}<={last}))",
                periods=f"=IF(@${PERIOD}={{here.constant}},MAX(0,{{promised.constant}}-{{spent under frame.total}}),0)",
                shows_in_total=row.shortfall_usd, meaning=f"missing of {row.frame}")
        for row in rows
    ])  # fmt: skip


def _paid(facts: Facts, frame: str) -> list[Row]:
    """The lines of Cash with price and rent of what is ordered under a frame."""
    groups = under(facts, frame)
    bought, rented = ([group for group in groups if group.purchased is which] for which in (True, False))
    return [*of_each("deposit", bought), *of_each("balance paid", bought), *of_each("rent", rented)]


def out_of_time(facts: Facts) -> Iterator[Section]:
    """Systems ordered at a frame's price in periods in which it takes no orders, such as by an override."""
    note = (
        "Systems entering service whose order, so many periods before as the lead time (constant), is not in its days."
    )
    ordered = [group for group in facts.groups if group.frame]
    yield from filled("Ordered outside a frame's time", note, [
        line_of(group, "Outside the frame's time", "systems", constant="lead", total=SUM, constant_unit="periods",
                periods=_outside(group))
        for group in ordered
    ])  # fmt: skip


def _outside(group: Group) -> str:
    first, last = (at("frame", f"orders {end}", group.frame).constant for end in ("first", "last"))
    placed = f"EDATE(@${START},-{{here.constant}}*months_per_period)"
    return f"=(1-({placed}>={first})*({placed}<={last}))*{{entering}}"


def frame_checks(facts: Facts) -> Iterator[Check]:
    """Orders under frames are placed in their time."""
    if rows := of_each("outside the frame's time", [group for group in facts.groups if group.frame]):
        meaning = "Systems overridden into a period in which their frame takes no orders."
        yield Check("Frames take orders in their time", f"=SUM({down(rows, '$F')})", "systems", meaning)
