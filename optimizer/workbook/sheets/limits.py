"""Limits: what each limit of the plan has in use, what is left of it, and whether it binds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import fsum

from openpyxl.utils import get_column_letter

from optimizer.formulation.register import LIMIT as RECORD
from optimizer.formulation.register import LIMITS as LIMIT_RECORDS
from optimizer.formulation.register import LimitRecord
from optimizer.formulation.supply import orders_within_offer
from optimizer.plan.format import LimitRow
from optimizer.request.calendar import HOURS_PER_YEAR
from optimizer.workbook.decisions import EXPAND
from optimizer.workbook.facts import MONTHS_PER_YEAR, Facts, number
from optimizer.workbook.language.given import Given
from optimizer.workbook.sheets.carriers import CapacityRows, OrderRows, PlaceRows, demand_row
from optimizer.workbook.sheets.cash_carriers import CashRows
from optimizer.workbook.sheets.inputs import InputRows
from optimizer.workbook.sheets.moves import Worth, worth_cells, write_moves
from optimizer.workbook.sheets.supply import limited_by_supply
from optimizer.workbook.sheets.supply_inputs import BINDING_FROM
from optimizer.workbook.sheets.work_inputs import unit_of
from optimizer.workbook.writing.book import Book, Tie
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.page import Page, warn
from optimizer.workbook.writing.references import at
from optimizer.workbook.writing.styles import FORMATS, PALE_RED, RED, Role

HEAD = 4
HEADERS = (
    "Kind", "Of", "Window", "Unit", "Used", "Limit", "Left", "Used, share", "Binds (0 or 1)",
    "Price in the relaxation, USD a unit", "Figures", "Name in the model",
)  # fmt: skip
WIDTHS = (27, 30, 13, 16, 19, 19, 19, 19, 10, 17, 20, 62)
KIND, OF, WINDOW, UNIT, USED, LIMIT, LEFT, SHARE, BINDS, PRICE, FIGURES, NAME = range(1, len(HEADERS) + 1)
MOVE = NAME + 1
"""The first of the columns that say which move is told."""
NOTE = (
    "The price of one unit in the relaxation, where it is above zero, shows which limits are worth a closer look. "
    "It is not what one unit more is worth: that takes a second solve."
)
MOVING = "Moving it in all windows changes the cost by, USD"
"""Takes the place of the price in the relaxation where there is an explanation."""
MOVED_HEADERS = ("Moved by", "Moved by, in the unit", "Unit of the move")
MOVED_WIDTHS = (12, 17, 20)
MOVING_NOTE = (
    "What moving a limit changes is from second solves, in the table below the last limit, for the move that was "
    "solved and no other; below zero saves. Blank: not asked, or not told by the gap."
)
KINDS = {record.name: record.on_sheet for record in LIMIT_RECORDS}
"""The model's name of each kind of limit, in the order of the sheet, and what it is."""


@dataclass(frozen=True)
class Sources:
    """The sheets that hold live figures of limits."""

    facts: Facts
    inputs: InputRows
    orders: OrderRows
    capacity: CapacityRows
    places: PlaceRows
    cash: CashRows


@dataclass(frozen=True)
class Limited:
    """A line of the sheet: the plan's row, and where its use and limit are live; None: the optimiser's figures."""

    number: int
    plan: LimitRow
    live: tuple[str, str] | None
    worth: Worth | None = None

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

    def show(self, page: Page, row: int, columns: tuple[int, int]) -> None:
        """Put use and limit into two cells of a sheet."""
        look = _look(self.plan.unit)
        if self.live:
            for column, reference in zip(columns, self.live, strict=True):
                page.formula(row, column, Formula(f"={reference}"), None, FORMATS[look])
        else:
            for column, value in zip(columns, (self.plan.used, self.plan.limit), strict=True):
                page.number(row, column, value, Role.SOLVER, look)


def _parts(row: str) -> tuple[str, list[str]]:
    """The kind of a row and its keys, e.g. power_within_site and [oslo, 2026q1]."""
    kind, _, keys = row.partition("(")
    return kind, keys.removesuffix(")").split(",")


def write_limits(book: Book, sources: Sources) -> list[Limited]:
    """Write the sheet; returns its lines. Needs every sheet that holds figures of limits."""
    page = Page(book, "Limits", "Limits: used, limit and what is left", "806000")
    explanation = book.made.explanation
    page.widths(WIDTHS if explanation is None else (*WIDTHS, *MOVED_WIDTHS))
    page.text(HEAD - 1, 1, NOTE if explanation is None else MOVING_NOTE, Role.NOTE)
    headers = HEADERS if explanation is None else (*HEADERS[: PRICE - 1], MOVING, *HEADERS[PRICE:], *MOVED_HEADERS)
    numbers = {*range(USED, PRICE + 1), MOVE, MOVE + 1}
    page.headers(HEAD, [(header, i in numbers) for i, header in enumerate(headers, start=1)], 56)
    rows = enumerate(_rows(sources.facts), start=HEAD + 1)
    limits = [Limited(number, row, _live(sources, *_parts(row.row))) for number, row in rows]
    if explanation is not None:
        known = write_moves(page, explanation, HEAD + len(limits) + 3)
        limits = [replace(limit, worth=known.get((limit.kind, limit.keys[0]))) for limit in limits]
    for limit in limits:
        _write(page, limit)
        _tie(book, limit)
    last = HEAD + max(1, len(limits))
    page.sheet.auto_filter.ref = f"A{HEAD}:{get_column_letter(len(headers))}{last}"
    warn(page.sheet, f"G{HEAD + 1}:G{last}", "lessThan", "0", PALE_RED, RED)
    page.sheet.freeze_panes = f"A{HEAD + 1}"
    page.print_setup(HEAD)
    return limits


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


def _live(sources: Sources, kind: str, keys: list[str]) -> tuple[str, str] | None:
    """References to use and limit on the sheets that have them."""
    record, window = RECORD.get(kind), sources.facts.index.get(keys[-1], 0)
    if record is None:
        return None
    if record.kind == "budget":
        return _budget(sources, record.key[1], keys[0])
    if record.kind == "demand":
        return _demand(sources, record, keys[0], window)
    if record.over == "horizon":
        return _expansion(sources, keys[0])
    if record.resource is not None:
        site = sources.places.sites.get(keys[0])
        pair = site.limits.get(record.resource.field) if site else None
    else:
        of = (record.of, keys[0])
        pair = (at("supply used", *of), at("supply limit", *of)) if of in limited_by_supply(sources.facts) else None
    return (pair[0].at(window), pair[1].at(window)) if pair else None


def _budget(sources: Sources, budget: str, window: str) -> tuple[str, str] | None:
    found = [use for use in sources.cash.budgets if (use.inputs.budget, use.inputs.window) == (budget, window)]
    return (found[0].used.total, found[0].inputs.limit.constant) if found else None


def _demand(sources: Sources, record: LimitRecord, name: str, i: int) -> tuple[str, str]:
    capacity = sources.capacity
    if record.by_period_end:
        return capacity.done_so_far[name].at(i), sources.inputs.work.deadline[name].at(i)
    unmet = f"+{capacity.unmet[name].at(i)}" if name in capacity.unmet else ""
    return capacity.done[name].at(i) + unmet, demand_row(sources.inputs, name).at(i)


def _expansion(sources: Sources, site: str) -> tuple[str, str] | None:
    for decision, row in sources.orders.decisions.of(EXPAND).items():
        if decision.place == site:
            return row.total, sources.inputs.decisions.more[decision, "max_mw"].constant
    return None


def _look(unit: str) -> str:
    """The unit whose format shows figures of a limit best."""
    return unit if unit in ("MW", "USD", "systems", "accelerators", "racks") else "units/s"


def _write(page: Page, limit: Limited) -> None:
    row, plan = limit.number, limit.plan
    record = RECORD.get(limit.kind)
    of = ", ".join(limit.keys[:-1]) or ("" if record and record.of == "window" else limit.keys[0])
    window = "horizon" if record and record.over == "horizon" else limit.keys[-1]
    live = page.book.places.resolved(limit.live[0]).partition("!")[0] if limit.live else ""
    figures = f"live, from {live}" if live else "optimiser's, static"
    for column, text in (
        (KIND, KINDS.get(limit.kind, limit.kind)), (OF, Given(of)), (WINDOW, window), (UNIT, plan.unit),
        (FIGURES, figures), (NAME, plan.row),
    ):  # fmt: skip
        page.text(row, column, text)
    limit.show(page, row, (USED, LIMIT))
    more = f"E{row}-F{row}" if plan.at_least else f"F{row}-E{row}"
    left = f"=IF(ABS({more})<=tolerance_quantity*ABS(F{row}),0,{more})"
    page.formula(row, LEFT, Formula(left), None, FORMATS[_look(plan.unit)])
    page.formula(row, SHARE, Formula(f"=IF(F{row}=0,0,E{row}/F{row})"), None, "0.0%_)")
    binds = f"=(E{row}<>0)*(G{row}<=(1-binding_from)*ABS(F{row}))"
    page.formula(row, BINDS, Formula(binds), None, "0_)")
    if page.book.made.explanation is None:
        if plan.price_usd is not None:
            page.number(row, PRICE, plan.price_usd, Role.SOLVER, "kW")
    elif limit.worth is not None:
        worth_cells(page, row, PRICE, MOVE, limit.worth)


def _tie(book: Book, limit: Limited) -> None:
    """Live figures must be the plan's."""
    if limit.live:
        for column, value, what in (("E", limit.plan.used, "used"), ("F", limit.plan.limit, "limit")):
            book.ties.append(Tie("Limits", f"{column}{limit.number}", value, f"{what} of {limit.plan.row}"))
