"""The finishing pass: caches, ties, chart caches, alt text, fixed bytes. Nothing edits the file after it."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterable, Mapping
from html import escape, unescape
from io import BytesIO
from typing import Any

import formualizer
from openpyxl.utils import get_column_letter, range_boundaries

from optimizer.workbook.facts import CENT
from optimizer.workbook.writing.book import Tie
from optimizer.workbook.writing.cells import STAND_IN, WorkbookError

STAMP = (1980, 1, 1, 0, 0, 0)
_CELL = re.compile(r'<c r="([A-Z]+\d+)"([^>]*?)(?:/>|>(.*?)</c>)', re.DOTALL)
_VALUE = re.compile(r"<v\s*>([^<]*)</v>")
_INLINE = re.compile(r"<t[^>]*>([^<]*)</t>")
_ESCAPE = re.compile("_(?=x[0-9A-Fa-f]{1,4}_)")
ESCAPED_SIGN = "x005F_"
"""What stands after an underscore that begins no escape; LibreOffice takes one to three digits for one too."""
Cells = dict[str, str]
"""Cached values of a sheet as text, by cell."""


def recalculated(content: bytes) -> bytes:
    """A file with its caches filled from the formulas that ship. Raises WorkbookError if a formula gives an error.

    A text such as `_x0041_`, by which a file means an A, is written so that every program shows it as it stands.
    """
    plain = _sheets_with(content, lambda xml: _ESCAPE.sub(f"_{STAND_IN}", xml))
    calculated = _calculated(plain)
    return calculated if plain is content else _sheets_with(calculated, lambda xml: xml.replace(STAND_IN, ESCAPED_SIGN))


def _sheets_with(content: bytes, change: Callable[[str], str]) -> bytes:
    """A file with its sheets changed; the same one if nothing is."""
    with zipfile.ZipFile(BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheets = {name: change(parts[name].decode()).encode() for name in parts if name.startswith("xl/worksheets/sheet")}
    return content if sheets.items() <= parts.items() else _packed({**parts, **sheets})


def _calculated(content: bytes) -> bytes:
    try:
        report: Any = formualizer.recalculate_xlsx_bytes(content)
    except (OSError, ValueError) as error:
        raise WorkbookError(f"the workbook cannot be calculated: {error}") from error
    summary = report["summary"]
    if summary["total_errors"] or summary.get("unknown_functions"):
        raise WorkbookError(f"formulas give errors: {summary['error_summary']} {summary.get('unknown_functions')}")
    return bytes(report["bytes"])


def finish(content: bytes, alt_texts: Mapping[str, list[str]], ties: Iterable[Tie]) -> bytes:
    """Read the calculated workbook, compare it with the plan, and give it with fixed bytes."""
    with zipfile.ZipFile(BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheets = _sheet_parts(parts)
    cells = {title: _cells(title, parts[part].decode()) for title, part in sheets.items()}
    compare(cells, ties)
    for title, part in sheets.items():
        parts[part] = _ignore_errors(parts[part].decode()).encode()
        _describe(parts, part, alt_texts.get(title, []))
    for name in [name for name in parts if name.startswith("xl/charts/chart")]:
        parts[name] = _chart_caches(parts[name].decode(), cells).encode()
    parts["docProps/core.xml"] = _undated(parts["docProps/core.xml"].decode()).encode()
    return _packed(parts)


def _sheet_parts(parts: Mapping[str, bytes]) -> dict[str, str]:
    """The part of each sheet, by title, in order."""
    links = _attributes(parts["xl/_rels/workbook.xml.rels"].decode(), "Relationship")
    targets = {link["Id"]: link["Target"].removeprefix("/xl/") for link in links}
    return {
        unescape(sheet["name"]): "xl/" + targets[sheet["r:id"]]
        for sheet in _attributes(parts["xl/workbook.xml"].decode(), "sheet")
    }


def _attributes(xml: str, tag: str) -> list[dict[str, str]]:
    return [dict(re.findall(r'([\w:]+)="([^"]*)"', found)) for found in re.findall(rf"<{tag}\s([^>]*)>", xml)]


def _cells(title: str, xml: str) -> Cells:
    """Values of a sheet. Raises WorkbookError where a formula has no value or an error."""
    cells: Cells = {}
    for cell, attributes, body in _CELL.findall(xml):
        value = _VALUE.search(body)
        if "<f>" in body and (value is None or not value[1] or 't="e"' in attributes):
            raise WorkbookError(f"{title}!{cell}: the formula has no value: {body[:120]}")
        inline = _INLINE.search(body)
        if value or inline:
            cells[cell] = unescape((value or inline)[1])  # type: ignore[index]
    return cells


def compare(cells: Mapping[str, Cells], ties: Iterable[Tie]) -> None:
    """Raise WorkbookError if a cell does not show the plan's own number."""
    wrong = []
    for tie in ties:
        found = float(cells[tie.sheet].get(tie.cell, "nan"))
        if not abs(found - tie.expected) <= _tolerance(tie):
            wrong.append(f"{tie.sheet}!{tie.cell} shows {found!r}, the plan says {tie.expected!r}: {tie.meaning}")
    if wrong:
        raise WorkbookError(f"{len(wrong)} cells do not show the plan's numbers; first: " + "; ".join(wrong[:3]))


def _tolerance(tie: Tie) -> float:
    """What was asked for; else 1e-9 of the number, at least half a cent from a dollar on."""
    size = abs(tie.expected)
    return max(1e-9 * size, CENT / 2 if size >= 1 else 1e-9) if tie.within is None else tie.within


def _ignore_errors(xml: str) -> str:
    """Mark what Excel would flag with green triangles and is meant."""
    dimension = re.search(r'<dimension ref="([^"]+)"', xml)
    area = dimension[1] if dimension else "A1"
    mark = (
        f'<ignoredErrors><ignoredError sqref="{area}" numberStoredAsText="1" formula="1" formulaRange="1" '
        'unlockedFormula="1" emptyCellReference="1"/></ignoredErrors>'
    )
    place = re.search(r"<drawing |<legacyDrawing |<tableParts|</worksheet>", xml)
    assert place is not None
    return xml[: place.start()] + mark + xml[place.start() :]


def _describe(parts: dict[str, bytes], sheet: str, texts: list[str]) -> None:
    """Give the charts of a sheet their alt texts, in order."""
    if not texts:
        return
    folder, _, name = sheet.rpartition("/")
    links = _attributes(parts[f"{folder}/_rels/{name}.rels"].decode(), "Relationship")
    drawing = next(link["Target"] for link in links if link["Type"].endswith("/drawing")).lstrip("/")
    waiting = iter(texts)

    def described(match: re.Match[str]) -> str:
        text = escape(next(waiting), quote=False).replace('"', "&quot;")
        return f'{match[0][:-2].rstrip()} descr="{text}"/>'

    xml = re.sub(r"<(?:xdr:)?cNvPr [^>]*/>", described, parts[drawing].decode(), count=len(texts))
    parts[drawing] = xml.encode()


def _chart_caches(xml: str, cells: Mapping[str, Cells]) -> str:
    """Put the values that a chart refers to beside each reference."""

    def cached(match: re.Match[str]) -> str:
        prefix, kind, reference = match[1], match[2], unescape(match[3])
        values = list(_referred(reference, cells))
        points = "".join(
            f'<{prefix}pt idx="{i}"><{prefix}v>{escape(value, quote=False)}</{prefix}v></{prefix}pt>'
            for i, value in enumerate(values)
        )
        code = f"<{prefix}formatCode>General</{prefix}formatCode>" if kind == "num" else ""
        cache = f'<{prefix}{kind}Cache>{code}<{prefix}ptCount val="{len(values)}"/>{points}</{prefix}{kind}Cache>'
        return f"<{prefix}{kind}Ref><{prefix}f>{match[3]}</{prefix}f>{cache}</{prefix}{kind}Ref>"

    return re.sub(r"<((?:c:)?)(num|str)Ref>\s*<(?:c:)?f>([^<]*)</(?:c:)?f>\s*</(?:c:)?(?:num|str)Ref>", cached, xml)


def _referred(reference: str, cells: Mapping[str, Cells]) -> Iterable[str]:
    sheet, _, area = reference.rpartition("!")
    first_column, first_row, last_column, last_row = range_boundaries(area.replace("$", ""))
    of_sheet = cells[sheet.strip("'")]
    for row in range(int(first_row or 0), int(last_row or 0) + 1):
        for column in range(int(first_column or 0), int(last_column or 0) + 1):
            yield of_sheet.get(f"{get_column_letter(column)}{row}", "0")


def _undated(xml: str) -> str:
    """Document properties without the moment of writing: the same plan gives the same bytes."""
    return re.sub(r"<dcterms:(created|modified)[^>]*>[^<]*</dcterms:\1>", "", xml)


def _packed(parts: Mapping[str, bytes]) -> bytes:
    content = BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name in sorted(parts, key=lambda name: (name != "[Content_Types].xml", name)):
            entry = zipfile.ZipInfo(name, STAMP)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
            archive.writestr(entry, parts[name])
    return content.getvalue()
