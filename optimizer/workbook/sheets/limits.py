"""Limits: what each limit of the plan has in use, what is left of it, and whether it binds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from math import fsum
from typing import NamedTuple

from optimizer.explain.explanation import Explanation
from optimizer.formulation.register import LIMIT as RECORD
from optimizer.formulation.register import LIMITS as LIMIT_RECORDS
from optimizer.formulation.supply import orders_within_offer
from optimizer.plan.format import LimitRow
from optimizer.request.calendar import EACH_PERIOD, HOURS_PER_YEAR
from optimizer.request.resources import Resource
from optimizer.workbook.budgets import budget_lines
from optimizer.workbook.facts import MONTHS_PER_YEAR, Facts, number
from optimizer.workbook.language.given import Given
from optimizer.workbook.sheets.frame_worth import frame_worths
from optimizer.workbook.sheets.frames import names
from optimizer.workbook.sheets.input_work import BINDING_FROM, unit_of
from optimizer.workbook.sheets.limit_moves import Worth, moves, worths
from optimizer.workbook.sheets.sites import expansions, limit_of, limited
from optimizer.workbook.sheets.supply import limited_by_supply
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.lists import Block, Cell, Column, Columns, Content, Entry, ListSheet, Warned
from optimizer.workbook.writing.references import Row, at

NOTE = (
    "The price of one unit in the relaxation, where it is above zero, shows which limits are worth a closer look. "
    "It is not what one unit more is worth: that takes a second solve."
)
MOVING_NOTE = (
    "What moving a limit changes is from second solves, in the table below the last limit, for the move that was "
    "solved and no other; below zero saves. Blank: not asked, or not told by the gap."
)
COLUMNS = {
    "kind": Column("Kind", width=27),
    "of": Column("Of", width=30),
    "window": Column("Window", width=13),
    "unit": Column("Unit", width=16),
    "used": Column("Used", "any", 19),
    "limit": Column("Limit", "any", 19),
    "left": Column("Left", "any", 19),
    "share": Column("Used, share", "0.0%_);(0.0%)", 19),
    "binds": Column("Binds (0 or 1)", "switch", 10),
    "price": Column("Price in the relaxation, USD a unit", "kW", 17),
    "figures": Column("Figures", width=20),
    "name": Column("Name in the model", width=62),
}
MOVING = Column("Moving it in all windows changes the cost by, USD", "USD", 17)
"""Takes the place of the price in the relaxation where there is an explanation."""
MOVED = {
    "moved": Column("Moved by", "share", 12),
    "amount": Column("Moved by, in the unit", "any", 17),
    "unit of the move": Column("Unit of the move", width=20),
}
KINDS = {record.name: record.on_sheet for record in LIMIT_RECORDS}
"""The model's name of each kind of limit, in the order of the sheet, and what it is."""


class Live(NamedTuple):
    """The sheet that shows the use of a limit by formulas, and references to use and limit."""

    sheet: str
    used: str
    limit: str


@dataclass(frozen=True)
class Limited:
    """A line of the sheet: the plan's row, where use and limit are live (None: the optimiser's), what it is worth."""

    plan: LimitRow
    live: Live | None
    worth: Worth | None

    @property
    def row(self) -> Row:
        return at("limit", self.plan.row)

    @property
    def kind(self) -> str:
        return _parts(self.plan.row)[0]

    @property
    def keys(self) -> list[str]:
        return _parts(self.plan.row)[1]

    @property
    def words(self) -> str:
        """The limit in words, e.g. 'Racks: oslo, 2026q1'."""
        return f"{KINDS.get(self.kind, self.kind)}: {', '.join(self.keys)}"

    @property
    def binds(self) -> bool:
        """Whether it binds in the optimiser's plan."""
        return bool(self.plan.used) and self.plan.slack <= (1 - BINDING_FROM) * abs(self.plan.limit)

    @property
    def look(self) -> str:
        """The unit whose format shows its figures best."""
        return self.plan.unit if self.plan.unit in ("MW", "USD", "systems", "accelerators", "racks") else "units/s"

    def shown(self) -> tuple[Cell, Cell]:
        """Use and limit."""
        if self.live:
            return Cell(Formula(f"={self.live.used}"), self.look), Cell(Formula(f"={self.live.limit}"), self.look)
        return Cell(self.plan.used, self.look), Cell(self.plan.limit, self.look)


def _parts(row: str) -> tuple[str, list[str]]:
    """The kind of a row and its keys, e.g. power_within_site and [oslo, 2026q1]."""
    kind, _, keys = row.partition("(")
    return kind, keys.removesuffix(")").split(",")


def limits(facts: Facts, explanation: Explanation | None) -> ListSheet:
    """The limits, then the moves of which an explanation tells."""
    lines = all_limits(facts, explanation)
    columns = COLUMNS if explanation is None else {**COLUMNS, "price": MOVING, **MOVED}
    block = Block(
        [_entry(limit, columns) for limit in lines], columns, height=56, gap=0, filtered=True,
        notes=[NOTE if explanation is None else MOVING_NOTE],
    )  # fmt: skip
    blocks = [block, *([moves(explanation), *frame_worths(explanation)] if explanation else [])]
    return ListSheet(
        "Limits", "Limits: used, limit and what is left", "806000", blocks, head=4, wide=len(COLUMNS),
        warned=[Warned("left", "lessThan", lines[0].row, lines[-1].row)] if lines else [],
    )  # fmt: skip


def all_limits(facts: Facts, explanation: Explanation | None) -> list[Limited]:
    """The plan's limits in the order of the sheet."""
    known, found = worths(explanation), []
    for row in _rows(facts):
        kind, keys = _parts(row.row)
        found.append(Limited(row, _live(facts, kind, keys), known.get((kind, keys[0]))))
    return found


def _rows(facts: Facts) -> list[LimitRow]:
    """The plan's limits and its demands, kind by kind; offers that are not ordered come last."""
    order = {kind: i for i, kind in enumerate(KINDS)}

    def place(row: LimitRow) -> tuple[bool, int, str]:
        kind, keys = _parts(row.row)
        unused = kind == orders_within_offer.__name__ and keys[0] not in facts.offers
        return unused, order.get(kind, len(order)), row.row

    return sorted([*facts.plan.limits, *_demands(facts), *_deadlines(facts)], key=place)


def _demands(facts: Facts) -> Iterator[LimitRow]:
    """What is asked for in each period, and what of it is done or listed as not served."""
    done: defaultdict[tuple[str, str], float] = defaultdict(float)
    for work in facts.plan.work:
        done[work.demand, work.period] += work.work_per_second
    for unmet in facts.plan.unmet:
        done[unmet.demand, unmet.period] += unmet.per_second
    for name in facts.asked_for:
        for key, amount in zip(facts.keys, facts.asked(name), strict=True):
            if amount:
                yield _floor(f"serve_demand({name},{key})", unit_of(facts, name), done[name, key], amount)


def _deadlines(facts: Facts) -> Iterator[LimitRow]:
    """Work due at each deadline, and what of it is done by then."""
    hours = HOURS_PER_YEAR * facts.months / MONTHS_PER_YEAR
    for name, demand in facts.scenario["demand"].items():
        for key, due in demand.get("by_deadline_unit_hours", {}).items():
            if key in facts.index:
                before = facts.keys[: facts.index[key] + 1]
                work = (row.work_per_second for row in facts.plan.work if row.demand == name and row.period in before)
                row = f"finish_by_deadline({name},{key})"
                yield _floor(row, f"{unit_of(facts, name)} × h", hours * fsum(work), number(due))


def _floor(row: str, unit: str, used: float, limit: float) -> LimitRow:
    return LimitRow(row=row, unit=unit, used=used, limit=limit, at_least=True, slack=used - limit, price_usd=None)


def _live(facts: Facts, kind: str, keys: list[str]) -> Live | None:
    """Where use and limit are on the sheets that have them."""
    record, of, i = RECORD.get(kind), keys[0], facts.index.get(keys[-1], 0)
    if record is None:
        return None
    if record.kind == "budget":
        name = of if of == EACH_PERIOD else " ".join(keys)
        if not any((row.budget, row.name) == (record.key[1], name) for row in budget_lines(facts.plan.budget)):
            return None
        used, most = at("budget used", record.key[1], name), at("budget", "limit", record.key[1], of)
        return Live("Cash", used.at(i) if of == EACH_PERIOD else used.total, most.constant)
    if record.by_period_end:
        return Live("Capacity", at("done so far", of).at(i), at("deadline", of).at(i))
    if record.kind == "demand":
        unmet = f"+{at('not served', of).at(i)}" if of in facts.unmet else ""
        return Live("Capacity", at("done", of).at(i) + unmet, at("demand", of).at(i))
    if record.kind == "frames":
        spent, missing = at("spent under frame", of).total, at("frame shortfall", of).total
        return Live("Cash", f"{spent}+{missing}", at("promised", of).constant) if of in names(facts) else None
    if record.over == "horizon":
        added = [(at("decision used", each), at("decision", "max_mw", each)) for each in expansions(facts, of)]
        return Live("Orders", added[0][0].total, added[0][1].constant) if added else None
    if record.resource is not None:
        return _at_site(facts, record.resource, of, i)
    if (record.of, of) not in limited_by_supply(facts):
        return None
    return Live("Supply", *(at(what, record.of, of).at(i) for what in ("supply used", "supply limit")))


def _at_site(facts: Facts, resource: Resource, site: str, i: int) -> Live | None:
    if site not in facts.sites or resource not in limited(facts, site):
        return None
    return Live("Sites", at("used", resource.field, site).at(i), limit_of(facts, resource, site).at(i))


def _entry(limit: Limited, columns: Columns) -> Entry:
    plan, record = limit.plan, RECORD.get(limit.kind)
    used, most = limit.shown()
    more = "{used}-{limit}" if plan.at_least else "{limit}-{used}"
    in_relaxation: dict[str, Content] = {} if columns["price"] is MOVING else {"price": plan.price_usd}
    worth = limit.worth.cells() if limit.worth else in_relaxation
    cells: dict[str, Content] = {
        "kind": KINDS.get(limit.kind, limit.kind),
        "of": Given(", ".join(limit.keys[:-1]) or ("" if record and record.of == "window" else limit.keys[0])),
        "window": "horizon" if record and record.over == "horizon" else limit.keys[-1],
        "unit": plan.unit,
        "used": used,
        "limit": most,
        "left": Cell(Formula(f"=IF(ABS({more})<=tolerance_quantity*ABS({{limit}}),0,{more})"), limit.look),
        "share": Formula("=IF({limit}=0,0,{used}/{limit})"),
        "binds": Formula("=({used}<>0)*({left}<=(1-binding_from)*ABS({limit}))"),
        "figures": f"live, from {limit.live.sheet}" if limit.live else "optimiser's, static",
        "name": plan.row,
        **worth,
    }
    shows = {"used": plan.used, "limit": plan.limit} if limit.live else {}
    return Entry(cells, limit.row.key, shows, f"* of {plan.row}")
