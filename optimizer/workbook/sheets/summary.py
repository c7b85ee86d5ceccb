"""Summary: one printed page that answers what finance acts on; each list is cut so that the page stays one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from optimizer.explain.explanation import Explanation
from optimizer.workbook.facts import Facts
from optimizer.workbook.sheets.limits import all_limits
from optimizer.workbook.sheets.rates import code_of, rule_of, translates
from optimizer.workbook.sheets.summary_cash import cash_paid
from optimizer.workbook.sheets.summary_headline import headline
from optimizer.workbook.sheets.summary_limits import in_use, worth_most
from optimizer.workbook.sheets.summary_orders import ordered
from optimizer.workbook.sheets.summary_tables import costs, trust, unit_costs
from optimizer.workbook.writing.lists import Block, Entry, ListSheet, heading, note
from optimizer.workbook.writing.page import Stack, side_by_side
from optimizer.workbook.writing.styles import Role

MOST_WARNINGS = 4
LEFT, RIGHT = (27.0, 9.6, *[8.3] * 7), (26.0, *[8.4] * 4, 9.4, 9.4)
"""Widths of the columns of the two stacks; a narrow one stands between them."""
ROW, ROWS = 12.6, 48
"""Points, and rows below the head: with these widths, a full page is printed at four fifths, where 10 points are 8."""
MOST_CUT = 2
"""By how many rows each list may be cut to fit."""


def summary(facts: Facts, explanation: Explanation | None) -> ListSheet:
    """The name of the plan, what to know first, then two stacks of tables."""
    limits, warnings = all_limits(facts, explanation), facts.plan.warnings
    widths = (*LEFT, 1.0, *RIGHT)
    top = [
        Block([Entry((note(text),), height=ROW) for text in _head(facts)], gap=0),
        *([_warnings(warnings, len(widths))] if warnings else []),
    ]
    room = ROWS - len([entry for block in top for entry in block.entries])
    left = _fitting(room, lambda cut: Stack(1, len(LEFT), [headline(facts), cash_paid(facts, cut), trust(facts)]))
    right = _fitting(room, lambda cut: Stack(len(LEFT) + 2, len(RIGHT), [
        ordered(facts, cut), worth_most(facts, limits, explanation, cut), in_use(facts, cut), unit_costs(facts, cut),
        costs(facts, cut),
    ]))  # fmt: skip
    return ListSheet(
        "Summary", "Summary", "1F3864", [*top, side_by_side(left, right, ROW)], widths=widths, one_page=True, fixed=True
    )


def _head(facts: Facts) -> list[str]:
    """The name of the plan, and in which money it is told where that is another than USD."""
    name = str(facts.scenario.get("name", "plan"))
    return [name, f"Money in {code_of(facts)}. {rule_of(facts)}"] if translates(facts) else [name]


def _fitting(room: int, made: Callable[[int], Stack]) -> Stack:
    """The longest stack that fits; the lists of the last are as short as they get."""
    stacks = [made(cut) for cut in range(MOST_CUT + 1)]
    return next((stack for stack in stacks if len(stack.rows()) <= room), stacks[-1])


def _warnings(warnings: Sequence[str], wide: int) -> Block:
    """What changes the meaning of the decision, across the page."""
    shown = list(warnings[:MOST_WARNINGS])
    top = heading("What to know first", wide, Role.HEADER)
    entries = [Entry(top.cells, height=ROW), *(Entry((text,), height=ROW) for text in shown)]
    if len(warnings) > MOST_WARNINGS:
        entries.append(Entry((note(f"… and {len(warnings) - MOST_WARNINGS} more on Log"),), height=ROW))
    return Block([*entries, Entry(height=6.0)], gap=0)
