"""What the catalogue says stands behind a field: basis, date and source."""

from __future__ import annotations

from dataclasses import dataclass, replace

from optimizer.workbook.facts import Facts
from optimizer.workbook.writing.lines import Line


@dataclass(frozen=True)
class Cited:
    """What the catalogue says of a field: basis, date, source."""

    basis: str
    date: str
    source: str


def cited(facts: Facts, entry: str, name: str) -> Cited:
    """The citation of a field; where there is none, the field's own name."""
    cites = facts.catalog.get("cites", {})
    cite = cites.get(f"{entry}.{name}") or cites.get(entry)
    if cite is None:
        return Cited("", "", f"catalogue: {name}")
    source = facts.catalog.get("sources", {}).get(cite["source"], {})
    return Cited(str(cite["basis"]), str(source.get("date", "")), f"{cite['source']} (see Log)")


def of_catalog(facts: Facts, entry: str, name: str, line: Line) -> Line:
    cite = cited(facts, entry, name)
    return replace(line, basis=cite.basis, date=cite.date, source=cite.source)
