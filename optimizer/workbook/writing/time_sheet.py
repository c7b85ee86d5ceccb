"""A time sheet as data: sections of lines by period under a time axis, and what must hold on it; as rows of a list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from openpyxl.utils import get_column_letter

from optimizer.workbook.decisions import decisions_of
from optimizer.workbook.facts import Facts
from optimizer.workbook.writing.book import InputCell
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.lines import AXIS, HEADER, HEADERS, OVERRIDE, SUM, VIEW, Check, Constant, Line, Section
from optimizer.workbook.writing.lists import Block, Cell, Column, Columns, Content, Entry, ListSheet
from optimizer.workbook.writing.references import FIRST_PERIOD, HERE, Row
from optimizer.workbook.writing.styles import SPLIT_SYSTEMS, Role, look_of

NAMES = ("label", "item", "place", "unit", "constant", "total", "opening", "source")
WIDTHS = (34, 23, 13, 20, 13, 15, 13, 33)
NUMBERS = frozenset({"Constant", "Total", "Opening"})
MOST_ID, MOST_LABEL, PADDING = 40.0, 64.0, 4


@dataclass(frozen=True)
class Axis:
    """How the rows of the time axis are made, what their figures must be, and what the columns left of it are called.

    Without `formulas` they are links to Inputs, where the axis is made.
    """

    headers: Sequence[str] = HEADERS
    formulas: Mapping[int, str] = field(default_factory=dict)
    shows: Mapping[int, Sequence[float]] = field(default_factory=dict)


@dataclass(frozen=True)
class TimeSheet:
    """A tab, the heading above it, its colour, its sections from top to bottom, and its lines of Checks.

    `money` says that sums of all flows times it must fit its columns, `longest` how long a label may be. `stamp` is a
    note beside the status.
    """

    title: str
    heading: str
    colour: str
    sections: Sequence[Section]
    checks: Sequence[Check] = ()
    money: float = 0.0
    longest: int = 0
    axis: Axis = field(default_factory=Axis)
    stamp: str | Formula = ""


def as_list(facts: Facts, views: Mapping[str, float], sheet: TimeSheet) -> ListSheet:
    """The axis, the headers, then a block for each section; `views` are edited assumptions of the workbook alone."""
    columns: Columns = dict.fromkeys((*NAMES, *facts.keys), Column())
    blocks = [
        Block(list(_axis(facts, sheet.axis)), columns, gap=0), Block(columns=_headers(facts, sheet.axis), gap=0),
        *(
            Block([_entry(facts, views, line) for line in section.lines], columns, section.heading,
                  list(filter(None, (section.note, *section.more))), key=section.key, gap=bool(section.heading))
            for section in sheet.sections
        ),
    ]  # fmt: skip
    return ListSheet(
        sheet.title, sheet.heading, sheet.colour, blocks, widths=_widths(facts, sheet), wide=len(columns), head=HEADER,
        frozen=get_column_letter(FIRST_PERIOD), large="A:D", stamp=sheet.stamp,
    )  # fmt: skip


def _axis(facts: Facts, axis: Axis) -> Iterator[Entry]:
    for row, (label, unit) in AXIS.items():
        formula = Cell(Formula(axis.formulas.get(row, f"=Inputs!@${row}")), unit)
        shows = dict(zip(facts.keys, axis.shows.get(row, ()), strict=False))
        yield Entry({"label": label, "unit": unit, **dict.fromkeys(facts.keys, formula)}, shows=shows,
                    meaning=f"{label} of *")  # fmt: skip


def _headers(facts: Facts, axis: Axis) -> Columns:
    left = {
        name: Column(text, "any" if text in NUMBERS else "") for name, text in zip(NAMES, axis.headers, strict=True)
    }
    link = Column(Cell(Formula(f"=Inputs!@${HEADER}"), role=Role.NUMBERS))
    return {**left, **{key: Column(key, "any") if axis.formulas else link for key in facts.keys}}


def _widths(facts: Facts, sheet: TimeSheet) -> list[float]:
    """So wide that ids, labels and figures are not cut."""
    label, item, place, unit, constant, total, opening, source = map(float, WIDTHS)
    labels = [f"{each.kind.label}{each.suffix}, optimiser" for each in decisions_of(facts)]
    label = max(_fitting(label, labels), min(MOST_LABEL, sheet.longest + 1.0))
    flows = (facts.flows_usd + facts.plan.rent_after_usd) * sheet.money
    money = len(f"{flows:,.0f}") + PADDING if sheet.money else 0.0
    item, place = _fitting(item, [*facts.offers, *facts.systems]), _fitting(place, facts.places)
    period = max(_period_width(facts), money)
    left = [label, item, place, unit, constant, max(total, money), max(opening, money), source]
    return [*left, *[period] * facts.periods]


def _fitting(width: float, texts: Sequence[str]) -> float:
    return min(MOST_ID, max(width, max(map(len, texts), default=0) + 1.0))


def _period_width(facts: Facts) -> float:
    """Wide enough for the largest cost and the most work asked for."""
    flows = [abs(value) for periods in facts.plan.costs.values() for value in periods.values()]
    work = [value or 0.0 for name in facts.asked_for for value in facts.asked(name)]
    work += [value for values in facts.unmet.values() for value in values]
    longest = [f"{max(flows, default=0.0):,.0f}", f"{max(work, default=0.0):,.2f}"]
    return max(11.0, max(map(len, longest)) + 3.0)


def _entry(facts: Facts, views: Mapping[str, float], line: Line) -> Entry:
    """A line: texts, scalars and periods. Basis and date stand where a total and an opening would."""
    source = "; ".join(filter(None, (line.source, line.locked and f"locked: {line.locked}")))
    texts = {"label": line.label, "item": line.item, "place": line.place, "unit": line.unit}
    texts |= {"total": line.basis, "opening": line.date}
    cells: dict[str, Content] = {name: text for name, text in texts.items() if text}
    cells |= {"source": Cell(source, role=Role.NOTE)} if source else {}
    total = f"=SUM({HERE.part('I#n:#z#n')})" if line.total == SUM else line.total
    scalars = {"constant": line.constant, "total": total, "opening": line.opening}
    cells |= {name: _cell(views, line, name, value) for name, value in scalars.items() if value is not None}
    if isinstance(line.periods, str):
        cells |= dict.fromkeys(facts.keys, _cell(views, line, "", line.periods))
    elif line.periods is not None:
        cells |= {key: _cell(views, line, key, value) for key, value in zip(facts.keys, line.periods, strict=True)}
    shows = {key: value for key, value in zip(facts.keys, line.shows, strict=False) if value is not None}
    if line.shows_in_total is not None:
        shows["total"] = line.shows_in_total
    meaning = f"{line.meaning} *" if line.shows else line.meaning
    return Entry(cells, line.key or line.name, shows, meaning, line.within, line.constant_unit or line.unit)


def _cell(views: Mapping[str, float], line: Line, column: str, value: Constant | Row) -> Cell:
    """A formula, or a number that may be an assumption, open to edits or locked."""
    unit = line.constant_unit if column == "constant" and line.constant_unit else line.unit
    look = look_of(unit) if line.whole or unit != "systems" else SPLIT_SYSTEMS
    name = line.name if column == ("total" if line.constant is None else "constant") else ""
    if line.keys and line.keys[0].startswith(VIEW):
        value = views.get(line.keys[0], value)
    if isinstance(value, Row):
        return Cell(Formula(f"={value.constant}"), value, name=name)
    if isinstance(value, str):
        return Cell(Formula(value), look, Role.TOTAL if line.role is Role.TOTAL else None, name=name)
    editable = line.role is None and _editable(line, value)
    part = line.part if column in NAMES else column
    named = " ".join(filter(None, (line.label, line.item, line.place)))
    return Cell(
        value, look if line.role else look.replace('"-"', "0"), line.role or (Role.INPUT if editable else Role.FIXED),
        name=name, rule=line.rule, edits=InputCell(line.keys, part, line.rule, named) if editable else None,
    )  # fmt: skip


def _editable(line: Line, value: Constant) -> bool:
    """Whether a cell may be edited: it has a key, and a number unless blank is what an override is."""
    return bool(line.keys) and (value is not None or line.keys[0].startswith(OVERRIDE))
