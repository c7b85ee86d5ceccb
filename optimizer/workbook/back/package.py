"""A workbook file opened safely: nothing too large, nothing that runs or links elsewhere, no trick in its XML."""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ParseError, iterparse
from xml.parsers import expat

from openpyxl.utils.cell import range_boundaries

from catalogs.problems import InputError
from optimizer.reading import LARGEST_FILE_BYTES, check_size, from_outside, refused

KIND = "an Excel workbook (.xlsx)"
LARGEST_INFLATED_BYTES = 100 * 2**20
MOST_PARTS = 2000
MOST_ELEMENTS, DEEPEST = 3_000_000, 100
"""Of XML, all parts together, and one inside another. The largest bundled plan has 140,000."""
LAST_COLUMN, LAST_ROW = 16_384, 1_048_576
"""Of a sheet in Excel."""
MOST_CELLS_OF_AREA, MOST_MERGED = 2_000_000, 10_000
"""Of one area that a sheet names, such as where a rule holds, and of one that is merged: readers make each cell."""
MOST_RATIO = 200
"""Between the size of a part and its size in the file; the sheets of a large plan reach about 30."""
SMALL_PART_BYTES = 2**20
FOREIGN = re.compile(
    r"vbaProject|externalLink|embeddings|oleObject|activeX|connections|queryTable|macrosheet|dialogsheet|customUI|"
    r"webextension|ctrlProp",
    re.IGNORECASE,
)
"""Parts that can run, call out or hold another file."""
XML = (".xml", ".rels")
MACROS = b"macroEnabled"
DOCTYPE = "declares a document type or entities, which no workbook needs"
DAMAGED = "the file is damaged or no Excel workbook"


class _TooMuch(Exception):
    """XML that is more than any workbook of ours has, or says that it is something else."""


class _Count:
    """Counts elements of XML as they go by, and looks at the areas that they name."""

    def __init__(self) -> None:
        self.elements = self.depth = 0

    def read(self, part: bytes) -> None:
        """Go through one part. Raises _TooMuch, and what the parser raises."""
        parser = expat.ParserCreate()
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.StartDoctypeDeclHandler = self._doctype
        self.depth = 0
        parser.Parse(part, True)

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self.elements += 1
        self.depth += 1
        if self.elements > MOST_ELEMENTS or self.depth > DEEPEST:
            raise _TooMuch(f"holds more than {MOST_ELEMENTS:,} elements of XML, or {DEEPEST} inside one another")
        tag = tag.rpartition(":")[2]
        for key in ("ref", "sqref") if tag != "dimension" else ():
            for area in attributes.get(key, "").split():
                _check_area(area, MOST_MERGED if tag == "mergeCell" else MOST_CELLS_OF_AREA)

    def _end(self, _: str) -> None:
        self.depth -= 1

    def _doctype(self, *_: Any) -> None:
        raise _TooMuch(DOCTYPE)


def _check_area(area: str, most: int) -> None:
    try:
        edges = zip(range_boundaries(area), (1, 1, LAST_COLUMN, LAST_ROW), strict=True)
        left, top, right, bottom = (edge or last for edge, last in edges)
    except (TypeError, ValueError) as error:
        raise _TooMuch(f"names {area[:40]!r}, which is no area of cells") from error
    if (right - left + 1) * (bottom - top + 1) > most:
        raise _TooMuch(f"names the area {area[:40]}, which is larger than any that a plan has")


class Package:
    """The parts of an .xlsx file that are XML, by name. Raises InputError where the file is not safe to read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        check_size(path, KIND, LARGEST_FILE_BYTES)
        with from_outside(path, KIND), self._opened() as archive:
            self._check_sizes(archive.infolist())
            self._count = _Count()
            self.parts = {name: self._read(archive, name) for name in sorted(archive.namelist()) if name.endswith(XML)}
            self._check_parts(archive.namelist())

    def refused(self, message: str) -> InputError:
        """The error that names this file."""
        return refused(self.path, message)

    def elements(self, name: str) -> Iterator[tuple[str, Any]]:
        """What iterparse gives for a part, start and end."""
        try:
            yield from iterparse(BytesIO(self.parts[name]), events=("start", "end"))
        except (ParseError, KeyError, ValueError) as error:
            raise self.refused(f"{name} cannot be read: {DAMAGED}") from error

    def related(self, name: str) -> dict[str, str]:
        """The parts that a part is related to, by id."""
        folder, _, last = name.rpartition("/")
        return {
            str(link.get("Id")): posixpath.normpath(posixpath.join(f"/{folder}", link.get("Target", ""))).lstrip("/")
            for link in self._links(f"{folder}/_rels/{last}.rels")
        }

    def _opened(self) -> zipfile.ZipFile:
        try:
            return zipfile.ZipFile(self.path)
        except (zipfile.BadZipFile, ValueError) as error:
            raise self.refused(f"is not {KIND}") from error

    def _check_sizes(self, parts: Sequence[zipfile.ZipInfo]) -> None:
        if len(parts) > MOST_PARTS or len({part.filename for part in parts}) != len(parts):
            raise self.refused(f"holds more than {MOST_PARTS} parts, or two of one name")
        if sum(part.file_size for part in parts) > LARGEST_INFLATED_BYTES:
            raise self.refused(f"unpacks to more than {LARGEST_INFLATED_BYTES // 2**20} MiB")
        for part in parts:
            if part.file_size > max(SMALL_PART_BYTES, MOST_RATIO * part.compress_size):
                raise self.refused(f"{part.filename} unpacks to more than {MOST_RATIO} times its size")
            if part.flag_bits & 1:
                raise self.refused("is encrypted; save it without a password")

    def _read(self, archive: zipfile.ZipFile, name: str) -> bytes:
        """A part, if it is well formed, without document types, and with all before it no more than a workbook has."""
        try:
            content = archive.read(name)
            self._count.read(content)
        except _TooMuch as error:
            raise self.refused(f"{name} {error}") from error
        except (expat.ExpatError, zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
            raise self.refused(f"{name} cannot be read: {DAMAGED}") from error
        return content

    def _check_parts(self, names: Iterable[str]) -> None:
        if not {"[Content_Types].xml", "xl/workbook.xml"} <= self.parts.keys():
            raise self.refused(f"is not {KIND}")
        foreign = sorted(name for name in names if FOREIGN.search(name))
        if foreign or MACROS in self.parts["[Content_Types].xml"]:
            raise self.refused(
                f"holds macros, links or embedded files ({', '.join(foreign[:3]) or 'macros'}); remove them"
            )
        for name in self.parts:
            if name.endswith(".rels") and any(link.get("TargetMode") == "External" for link in self._links(name)):
                raise self.refused(f"{name} links to something outside the file; remove the link")

    def _links(self, name: str) -> list[Element]:
        """The relationships that a .rels part states."""
        if name not in self.parts:
            return []
        return [each for event, each in self.elements(name) if event == "end" and local(each.tag) == "Relationship"]


@lru_cache(256)
def local(tag: str) -> str:
    """A tag or attribute without its namespace."""
    return tag.rpartition("}")[2]
