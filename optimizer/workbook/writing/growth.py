"""Schedules that grow, as lines: what is listed, the share by which it grows, and the formula of each period."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from catalogs.periods import GROWTH, first_month, steps
from optimizer.request.schedules import Reading, highest, lowest
from optimizer.workbook.facts import MONTHS_PER_YEAR, Facts, number
from optimizer.workbook.groups import Values
from optimizer.workbook.writing.lines import Line, Section
from optimizer.workbook.writing.references import at

GROWS = {1: ("growth a month", "share/month"), MONTHS_PER_YEAR: ("growth a year", "share/year")}
"""What the line of a growth is called, and its unit, by its months."""
LISTED = "listed last"
"""The part of a schedule that its last value is, whatever its key."""


@dataclass(frozen=True)
class GrowingLine(Line):
    """The line of a schedule whose last value grows, `months` after its key in the first month of each period.

    `listed` are the figures of the periods before it. A period of several months reads what it is `reading` of them,
    which is `inside` times the first of them.
    """

    growth: str = ""
    value: float = 0.0
    share: float = 0.0
    listed: Values = ()
    months: Values = ()
    reading: Reading = highest
    inside: float = 1.0


def growing(facts: Facts, line: Line, raw: Any, reading: Reading, before: float | None) -> Line:
    """The line of a schedule; where its last value grows from the start of a period on, one that shows how."""
    listed = steps(raw) if isinstance(raw, dict) else {}
    growth = next((key for key in GROWTH if listed and key in raw), "")
    last = max(listed, key=first_month, default="")
    begins = [facts.span(key)[0] for key in facts.keys]
    if not growth or (first_month(last) >= begins[0] and first_month(last) not in begins):
        return line
    since = [month - first_month(last) for month in begins]
    values = facts.read(reading, listed, before)
    one = {last: Decimal(1), growth: Decimal(str(raw[growth]))}
    span = range(first_month(last), first_month(last) + facts.months)
    return GrowingLine(
        **{field: getattr(line, field) for field in Line.__dataclass_fields__},
        growth=growth,
        value=number(raw[last]),
        share=number(raw[growth]),
        listed=tuple(value if after < 0 else None for value, after in zip(values, since, strict=True)),
        months=tuple(float(after) if after >= 0 else None for after in since),
        reading=reading,
        inside=float(reading(one, span) or 0),
    )


def with_growth(section: Section) -> Section:
    """A section of Inputs in which each line that grows is followed by what it follows from."""
    return replace(section, lines=[each for line in section.lines for each in _lines(line)])


def _lines(line: Line) -> Iterator[Line]:
    if not isinstance(line, GrowingLine):
        yield line
        return
    listed, share, months, inside = (at(what, line.key) for what in ("listed", "growth", "growing for", "inside"))
    of = replace(line, shows=(), meaning="", name="")
    label, unit = GROWS[GROWTH[line.growth]]
    yield _plain(of, f"{line.label}, listed last", line.unit, constant=line.value, part=LISTED,
                 periods=line.listed, key=listed.key)  # fmt: skip
    yield _plain(of, f"{line.label}, {label}", unit, constant=line.share, part=line.growth,
                 rule="growth", key=share.key)  # fmt: skip
    yield _plain(of, f"{line.label}, growing for", "months", periods=line.months, keys=(), rule="count",
                 locked="the months since the key of the last value", key=months.key)  # fmt: skip
    factor = _inside(line.reading, GROWTH[line.growth], share.constant)
    yield _plain(of, f"{line.label}, growth inside a period", "ratio", periods=factor, keys=(),
                 shows=[line.inside] * len(line.months), meaning=f"growth of {line.label} inside",
                 key=inside.key)  # fmt: skip
    power = f"{months}" if GROWTH[line.growth] == 1 else f"({months}/months_per_year)"
    formula = f"=IF(ISNUMBER({months}),{listed.constant}*(1+{share.constant})^{power}*{inside},{listed})"
    shown = line.periods if not isinstance(line.periods, str) else ()
    yield _plain(of, line.label, line.unit, periods=formula, shows=tuple(shown or ()), keys=(),
                 meaning=f"{line.label} {line.item or line.place} in", key=line.key)  # fmt: skip


def _plain(line: GrowingLine, label: str, unit: str, **more: Any) -> Line:
    fields = {field: getattr(line, field) for field in Line.__dataclass_fields__}
    return Line(**{**fields, "label": label, "unit": unit, "periods": None, "constant": None, **more})


def _inside(reading: Reading, every: int, g: str) -> str:
    """What the months of a period are to its first: their mean, or the last where it is the highest or lowest."""
    whole = "1/periods_per_year" if every > 1 else "months_per_year/periods_per_year"
    one = "1/months_per_year" if every > 1 else "1"
    if reading in (highest, lowest):
        return f"={'MAX' if reading is highest else 'MIN'}(1,(1+{g})^({whole}-{one}))"
    step = f"((1+{g})^({one})-1)" if every > 1 else g
    return f"=IF({g}=0,1,((1+{g})^({whole})-1)/{step}/months_per_year*periods_per_year)"
