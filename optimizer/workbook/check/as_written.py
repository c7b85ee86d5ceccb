"""What a workbook is now against what the plan inside it is written as: cells, names and the areas of charts."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from html import unescape
from xml.etree.ElementTree import fromstring, tostring

from optimizer.workbook.back.compare import normalised
from optimizer.workbook.back.package import local
from optimizer.workbook.check.subject import Finding, Subject

MANIFEST, CHARTS = 28, 30
Areas = Mapping[str, Counter[str]]
"""What the charts of each sheet draw, by the sheet's title."""
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
    found = drawn(subject.parts)
    for sheet in subject.written.workbook.worksheets:
        expected = Counter[str]()
        for chart in sheet._charts:  # type: ignore[attr-defined]
            expected.update(_areas(tostring(chart._write(), encoding="unicode")))
        for area in sorted((expected - found.get(sheet.title, Counter())).keys()):
            yield Finding(CHARTS, sheet.title, f"no chart draws {area} any more; was its range moved?")


def drawn(parts: Mapping[str, bytes]) -> Areas:
    """The areas that charts draw, by the title of the sheet that they stand on."""
    found: dict[str, Counter[str]] = {}
    for title, sheet in _targets(parts, "xl/workbook.xml", "sheet").items():
        found[title] = Counter()
        for drawing in _targets(parts, sheet).values():
            charts = _targets(parts, drawing).values() if "/drawings/" in drawing else ()
            for chart in (chart for chart in charts if "/charts/" in chart):
                found[title].update(_areas(parts.get(chart, b"").decode()))
    return found


def _areas(chart: str) -> Iterator[str]:
    """The areas that the XML of a chart names."""
    return (normalised(unescape(area)) for area in _DRAWN.findall(chart))


def _targets(parts: Mapping[str, bytes], name: str, of: str = "") -> dict[str, str]:
    """The parts that a part is related to, by id, or by the name of the elements `of` it that have the id."""
    folder, _, last = name.rpartition("/")
    targets = {}
    for link in fromstring(parts.get(f"{folder}/_rels/{last}.rels", b"<none/>")):
        target = str(link.get("Target", ""))
        path = target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"{folder}/{target}")
        targets[str(link.get("Id"))] = path
    if not of:
        return targets
    named = {}
    for element in fromstring(parts[name]).iter():
        if local(element.tag) == of:
            link_id = next((value for key, value in element.attrib.items() if local(key) == "id"), "")
            named[str(element.get("name"))] = targets.get(link_id, "")
    return named
