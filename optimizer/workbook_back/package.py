"""A workbook file opened safely: nothing too large, nothing that runs or links elsewhere, no trick in its XML."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ParseError

import defusedxml
from defusedxml.ElementTree import iterparse

from catalogs.problems import InputError, Location, Problem

LARGEST_FILE_BYTES = 50 * 2**20
LARGEST_INFLATED_BYTES = 400 * 2**20
MOST_PARTS = 2000
MOST_RATIO = 200
"""Between the size of a part and its size in the file; the sheets of a large plan reach about 30."""
SMALL_PART_BYTES = 2**20
FOREIGN = re.compile(
    r"vbaProject|externalLink|embeddings|oleObject|activeX|connections|queryTable|macrosheet|dialogsheet|customUI|"
    r"webextension|ctrlProp",
    re.IGNORECASE,
)
"""Parts that can run, call out or hold another file."""
MACROS = b"macroEnabled"


class Package:
    """The parts of an .xlsx file. Raises InputError on opening where the file is not safe to read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._archive = self._opened()
        self.names = frozenset(self._archive.namelist())
        self._check_sizes()
        self._check_parts()

    def close(self) -> None:
        self._archive.close()

    def refused(self, message: str) -> InputError:
        """The error that names this file."""
        return InputError([Problem(Location(str(self.path), 0, 0), message)])

    def elements(self, name: str) -> Iterator[tuple[str, Any]]:
        """What iterparse gives for a part, start and end, refusing document types and entities."""
        try:
            with self._archive.open(name) as part:
                yield from iterparse(part, events=("start", "end"), forbid_dtd=True)
        except defusedxml.DefusedXmlException as error:
            raise self.refused(f"{name} declares a document type or entities, which no workbook needs") from error
        except (ParseError, zipfile.BadZipFile, KeyError, ValueError, EOFError, NotImplementedError, RuntimeError) as e:
            raise self.refused(f"{name} cannot be read: the file is damaged or no Excel workbook") from e

    def _opened(self) -> zipfile.ZipFile:
        try:
            if self.path.stat().st_size > LARGEST_FILE_BYTES:
                raise self.refused(f"is larger than {LARGEST_FILE_BYTES // 2**20} MiB")
            return zipfile.ZipFile(self.path)
        except OSError as error:
            raise self.refused(f"cannot be read: {error.strerror}") from error
        except (zipfile.BadZipFile, ValueError) as error:
            raise self.refused("is not an Excel workbook (.xlsx)") from error

    def _check_sizes(self) -> None:
        parts = self._archive.infolist()
        if len(parts) > MOST_PARTS or len(self.names) != len(parts):
            raise self.refused(f"holds more than {MOST_PARTS} parts, or two of one name")
        if sum(part.file_size for part in parts) > LARGEST_INFLATED_BYTES:
            raise self.refused(f"unpacks to more than {LARGEST_INFLATED_BYTES // 2**20} MiB")
        for part in parts:
            if part.file_size > max(SMALL_PART_BYTES, MOST_RATIO * part.compress_size):
                raise self.refused(f"{part.filename} unpacks to more than {MOST_RATIO} times its size")
            if part.flag_bits & 1:
                raise self.refused("is encrypted; save it without a password")

    def _check_parts(self) -> None:
        if not {"[Content_Types].xml", "xl/workbook.xml"} <= self.names:
            raise self.refused("is not an Excel workbook (.xlsx)")
        foreign = sorted(name for name in self.names if FOREIGN.search(name))
        if foreign or MACROS in self._archive.read("[Content_Types].xml"):
            raise self.refused(
                f"holds macros, links or embedded files ({', '.join(foreign[:3]) or 'macros'}); remove them"
            )
        for name in sorted(name for name in self.names if name.endswith(".rels")):
            if any(link.get("TargetMode") == "External" for link in self.links(name)):
                raise self.refused(f"{name} links to something outside the file; remove the link")

    def links(self, name: str) -> list[Element]:
        """The relationships that a .rels part states."""
        if name not in self.names:
            return []
        return [each for event, each in self.elements(name) if event == "end" and local(each.tag) == "Relationship"]


def local(tag: str) -> str:
    """A tag or attribute without its namespace."""
    return tag.rpartition("}")[2]
