"""What the catalogue says stands behind a field: basis, date and source."""

from __future__ import annotations

from typing import TypedDict

from optimizer.workbook.facts import Facts


class Citation(TypedDict):
    """The columns of a line that say where its number comes from."""

    basis: str
    date: str
    source: str


def cited(facts: Facts, entry: str, name: str) -> Citation:
    """The citation of a field; where there is none, the field's own name."""
    cites = facts.catalog.get("cites", {})
    cite = cites.get(f"{entry}.{name}") or cites.get(entry)
    return cited_in(facts, cite) if cite else Citation(basis="", date="", source=f"catalogue: {name}")


def cited_in(facts: Facts, entry: dict[str, str]) -> Citation:
    """The citation that an entry of the catalogue holds itself."""
    day = facts.catalog.get("sources", {}).get(entry["source"], {}).get("date", "")
    return Citation(basis=str(entry["basis"]), date=str(day), source=f"{entry['source']} (see Log)")
