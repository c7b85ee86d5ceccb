"""Rules about the file itself: what is in it, its texts and its charts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from openpyxl.cell.cell import Cell

from optimizer.workbook.check.as_written import areas_of_charts
from optimizer.workbook.check.formulas import STATIC
from optimizer.workbook.check.subject import Finding, Subject
from optimizer.workbook.writing.areas import areas_in
from optimizer.workbook.writing.cells import LONGEST_FORMULA, LONGEST_TEXT

LONGEST_TITLE = 31
CHART = re.compile(r"xl/charts/chart\d+\.xml")
TEXT_CONTRAST, MARK_CONTRAST = 4.5, 3.0
DECORATION = {"D9D9D9"}
"""Grid lines, which are meant to recede."""


def nothing_foreign(subject: Subject) -> Iterator[Finding]:
    """No formula reaches outside the file, and the file asks to be recalculated on opening."""
    for formula in subject.formulas:
        if re.search(r"\[|https?:|\|", formula.text, re.IGNORECASE):
            yield Finding(18, formula.where, "the formula reaches outside the file")
    if not re.search(rb'\bfullCalcOnLoad="(1|true)"', subject.package.parts["xl/workbook.xml"]):
        yield Finding(18, "workbook", "is not calculated again when it is opened")


def text_is_text(subject: Subject) -> Iterator[Finding]:
    """Texts cannot turn into formulas, fit a cell, and hold no numbers; names of sheets fit Excel."""
    for sheet in subject.sheets:
        if (
            len(sheet.title) > LONGEST_TITLE
            or sheet.title.lower() == "history"
            or sheet.title.strip("'") != sheet.title
        ):
            yield Finding(29, sheet.title, "is not a name that Excel gives a sheet")
        for cell in subject.cells(sheet):
            where = f"{sheet.title}!{cell.coordinate}"
            if cell.data_type == "s":
                yield from (Finding(29, where, message) for message in _text_faults(cell, subject.look(cell).style))
            elif cell.data_type == "f" and len(str(cell.value)) > LONGEST_FORMULA:
                yield Finding(29, where, "the formula is longer than Excel reads")


def _text_faults(cell: Cell, style: str) -> Iterator[str]:
    text = str(cell.value)
    if not cell.quotePrefix and cell.hyperlink is None:
        yield "a text that editing could turn into a formula"
    if len(text) > LONGEST_TEXT:
        yield "a text longer than a cell holds"
    if style in STATIC and _is_number(text):
        yield f"a number written as text: {text}"


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", ""))
    except ValueError:
        return False
    return True


def charts_can_be_read(subject: Subject) -> Iterator[Finding]:
    """Titles, axes, caches and alt text on every chart, its table behind it as written, colours that stand apart."""
    yield from areas_of_charts(subject)
    for name in sorted(name for name in subject.package.parts if CHART.fullmatch(name)):
        xml = re.sub(r"(</?)\w+:", r"\1", subject.package.parts[name].decode())
        yield from (Finding(30, name.rpartition("/")[2], message) for message in _chart_faults(subject, xml))
    for name in sorted(name for name in subject.package.parts if re.fullmatch(r"xl/drawings/drawing\d+\.xml", name)):
        xml = subject.package.parts[name].decode()
        charts, described = len(re.findall(r"<(?:\w+:)?graphicFrame", xml)), len(re.findall(r'descr="[^"]{20,}"', xml))
        if described < charts:
            yield Finding(
                30, name.rpartition("/")[2], "a chart has no sentence that stands for it where it cannot be seen"
            )
    yield from _contrasts(subject)


def _chart_faults(subject: Subject, xml: str) -> Iterator[str]:
    axes = len(re.findall(r"<(?:catAx|valAx|dateAx|serAx)>", xml))
    if not re.search(r"<chart>\s*<title>", xml):
        yield "the chart has no title"
    if xml.count("<title>") < axes + 1:
        yield "an axis has no title"
    if len(re.findall(r'<delete val="0"', xml)) < axes:
        yield "an axis is not drawn"
    references = re.findall(r"<f>([^<]*)</f>", xml)
    if len(re.findall(r"<ptCount", xml)) < len(references):
        yield "a series has no cached values"
    if re.search(r'<smooth val="1"', xml):
        yield "a line is smoothed"
    for reference in references:
        areas = list(areas_in(reference.replace("&apos;", "'"), ""))
        if not areas or areas[0].sheet not in subject.book.sheetnames:
            yield f"a series refers to {reference}, where no table is"
    for colour in set(re.findall(r'<srgbClr val="([0-9A-Fa-f]{6})"', xml)) - DECORATION:
        if contrast(colour, "FFFFFF") < MARK_CONTRAST and "<ln" not in xml:
            yield f"a mark in {colour} is too pale on white"


def _contrasts(subject: Subject) -> Iterator[Finding]:
    """Every look has enough contrast between its text and its fill."""
    seen: set[tuple[object, object]] = set()
    for sheet in subject.sheets:
        for cell in subject.cells(sheet):
            look = subject.look(cell)
            colours = look.ink, look.ground
            if colours in seen:
                continue
            seen.add(colours)
            ink, ground = colours
            if isinstance(ink, str) and isinstance(ground, str) and contrast(ink[-6:], ground[-6:]) < TEXT_CONTRAST:
                yield Finding(30, f"{sheet.title}!{cell.coordinate}", "too little contrast between text and ground")


def contrast(one: str, other: str) -> float:
    """The ratio of WCAG between two colours, from 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
