"""What a workbook is now against what the plan inside it is written as: cells, names and the areas of charts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from html import unescape
from xml.etree.ElementTree import tostring

from optimizer.workbook.back.compare import normalised
from optimizer.workbook.back.package import Package
from optimizer.workbook.back.sheets import sheet_parts
from optimizer.workbook.check.subject import Finding, Subject

MANIFEST, CHARTS = 28, 30
_DRAWN = re.compile(r"<(?:\w+:)?f>([^<]*)</(?:\w+:)?f>")


def cells_and_names(subject: Subject) -> Iterator[Finding]:
    """Every cell and name is as written, but for edits of inputs within their rules and notes in empty cells."""
    for problem in subject.held.problems if subject.held else ():
        where = problem.at.file.removeprefix(f"{subject.path}, ")
        yield Finding(MANIFEST, where, problem.message)


def areas_of_charts(subject: Subject) -> Iterator[Finding]:
    """Every area that the plan's charts draw is drawn; a reader may add charts of their own."""
    if subject.written is None:
        return
    found = _drawn(subject.package)
    for sheet in subject.written.workbook.worksheets:
        expected = Counter[str]()
        for chart in sheet._charts:  # type: ignore[attr-defined]
            expected.update(_areas(tostring(chart._write(), encoding="unicode")))
        for area in sorted((expected - found.get(sheet.title, Counter())).keys()):
            yield Finding(CHARTS, sheet.title, f"no chart draws {area} any more; was its range moved?")


def _drawn(package: Package) -> Mapping[str, Counter[str]]:
    """The areas that charts draw, by the title of the sheet that they stand on."""
    found: dict[str, Counter[str]] = {}
    for title, sheet in sheet_parts(package).items():
        drawings = (part for part in package.related(sheet).values() if "/drawings/" in part)
        related = (part for drawing in drawings for part in package.related(drawing).values())
        charts = (package.parts.get(part, b"").decode() for part in related if "/charts/" in part)
        found[title] = Counter(area for chart in charts for area in _areas(chart))
    return found


def _areas(chart: str) -> Iterator[str]:
    """The areas that the XML of a chart names."""
    return (normalised(unescape(area)) for area in _DRAWN.findall(chart))
