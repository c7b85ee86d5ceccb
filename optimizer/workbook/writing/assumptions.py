"""Assumptions: what a key of the scenario or catalogue says, and what stands behind it: basis, date and source."""

from __future__ import annotations

from typing import Any, TypedDict

from catalogs.schema import UNSOURCED
from optimizer.request.schedules import READINGS, reading_of
from optimizer.workbook.facts import Facts, number
from optimizer.workbook.writing.growth import growing
from optimizer.workbook.writing.lines import Line

CATALOG = "catalog/"
RATES = "throughput"
"""What the catalogue cites beside the figure itself."""


class Citation(TypedDict):
    """The columns of a line that say where its number comes from."""

    basis: str
    date: str
    source: str


def assumed(
    facts: Facts, path: str, label: str, unit: str, rule: str = "amount", *, absent: str | None = None, **more: Any
) -> Line:
    """The line that shows what a key says, written as for `--set`, and edits it unless it is locked.

    `absent` is what the key says where it is not given; `more` are further columns, or others than the key gives.
    """
    return Line(label, unit, rule=rule, **{"constant": number(_said(facts, path, absent)), **_about(facts, path, more)})


def scheduled(
    facts: Facts, path: str, label: str, unit: str, rule: str = "amount", *, before: float | None = None,
    absent: str | None = None, **more: Any,
) -> Line:  # fmt: skip
    """The same of a schedule, by period as its field is read; `before` where it has not begun."""
    raw, reading = _said(facts, path, absent), reading_of(path.removeprefix(CATALOG).split("/"))
    about = {"periods": facts.read(reading, raw, before), **_about(facts, path, more)}
    line = Line(label, unit, rule=rule, **about)
    return line if "periods" in more else growing(facts, line, raw, reading, before)


def _said(facts: Facts, path: str, absent: str | None) -> Any:
    raw: Any = facts.catalog if path.startswith(CATALOG) else facts.scenario
    for part in path.removeprefix(CATALOG).split("/"):
        if isinstance(raw, list):
            raw = raw[int(part)]
        elif isinstance(raw, dict):
            raw = raw.get(part, absent)
    return raw


def _about(facts: Facts, path: str, more: dict[str, Any]) -> dict[str, Any]:
    """What a line says besides its figures: the key that it edits, what stands behind it, and what else is known."""
    return {"keys": () if more.get("locked") else (path,), **_behind(facts, path), **more}


def of_region(facts: Facts, path: str) -> Citation | None:
    """What stands behind a site's figure that is its region's; None where it is the site's own."""
    section, site, *rest = path.split("/")
    region = facts.scenario["sites"][site].get("region") if section == "sites" and len(rest) == 1 else None
    figure = facts.catalog.get("tariffs", {}).get(region, {}).get(rest[0]) if region else None
    own = figure is None or figure != facts.scenario["sites"][site].get(rest[0])
    return None if own else cited(facts, str(region), rest[0])


def _behind(facts: Facts, path: str) -> Citation:
    if not path.startswith(CATALOG):
        first, *_, field = path.split("/")
        if (theirs := of_region(facts, path)) is not None:
            return theirs
        return Citation(basis="", date="", source=f"scenario: {first if first in READINGS else field}")
    folder, entry, name, *_ = path.removeprefix(CATALOG).split("/")
    return (
        _cited_in(facts, _said(facts, path.rpartition("/")[0], None), name)
        if folder == RATES
        else cited(facts, entry, name)
    )


def cited(facts: Facts, entry: str, name: str) -> Citation:
    """The citation of a field; where there is none, the field's own name."""
    cites = facts.catalog.get("cites", {})
    cite = cites.get(f"{entry}.{name}") or cites.get(entry)
    return _cited_in(facts, cite or {}, name)


def _cited_in(facts: Facts, entry: dict[str, str], name: str) -> Citation:
    """The citation that an entry of the catalogue holds; without a source the field's own name."""
    basis, source = entry.get("basis") or UNSOURCED, entry.get("source")
    if not source:
        return Citation(basis=basis, date="", source=f"catalogue: {name}")
    day = facts.catalog.get("sources", {}).get(source, {}).get("date", "")
    return Citation(basis=basis, date=str(day), source=f"{source} (see Log)")
