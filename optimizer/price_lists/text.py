"""The file of a quote folder: offers with their rents, parts of systems, sources and cites."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Context, Decimal

from catalogs.printable import one_line
from catalogs.schema import Catalog
from optimizer.price_lists.offers import Found, Imported, Key, as_id

SHARE, SPOT = "assumed_share", "assumed_spot_share"
FOUR_DIGITS = Context(prec=4)
LONGEST_COMMENT = 150


@dataclass(frozen=True)
class Given:
    """The id and title of the source, where and when it was read; the share of its time that a spot system works."""

    source: str
    title: str
    url: str | None
    date: str | None
    spot_availability: float


def source_id(folder: str) -> str:
    """The id of the source: several lists in one scenario must not share one."""
    return f"price_list_{as_id(folder)}"


def quote_file(known: Catalog, found: Imported, given: Given) -> str:
    """The YAML of all offers of a list, in a fixed order; text from the list is quoted or in comments of one line."""
    offers = sorted(found.offers.items())
    lines = [*_head(found, given), *_systems(known, offers), "offers:"]
    for key, one in offers:
        lines += _offer(known, key, one, given)
    lines += [*_sources(offers, given), *_cites(known, offers, given)]
    return "\n".join(lines) + "\n"


def _head(found: Imported, given: Given) -> Iterator[str]:
    yield f"# {_comment(given.title)}: written by `chipmix catalog import`."
    yield "# Of several instances or regions the cheapest per accelerator is taken. No limit of supply is known: add"
    yield "# supply_systems_per_month where a plan would rent more than there is."
    for unknown, rows in found.unknown.items():
        names = sorted({row.instance for row in rows})
        yield f"# Not taken over: {_comment(unknown.accelerator)} ({unknown.why}): {_comment(', '.join(names))}".rstrip(
            ": "
        )


def _systems(known: Catalog, offers: list[tuple[Key, Found]]) -> Iterator[str]:
    """Instances that are parts of a system, each a system of its own with its share of power and racks."""
    parts = sorted({(key.system_id, key.system, key.part) for key, _ in offers if key.part})
    if parts:
        yield "systems:"
    for part_id, whole_id, count in parts:
        whole = known.systems[whole_id]
        yield f"  {part_id}:"
        yield f"    name: {_quoted(f'{count} of {whole.accelerators} of {whole.name}')}"
        yield f"    accelerator: {whole.accelerator}"
        yield f"    accelerators: {count}"
        for field in ("provisioned_kw", "average_kw", "racks"):
            share = FOUR_DIGITS.divide(getattr(whole, field) * count, Decimal(whole.accelerators))
            yield f"    {field}: {share:f}"
        yield f"    cooling: {whole.cooling}"


def _offer(known: Catalog, key: Key, one: Found, given: Given) -> Iterator[str]:
    rows = f"; {one.rows} rows, up to {one.highest.normalize():f}" if one.rows > 1 else ""
    where = f"{one.row.instance or one.row.accelerator}, {one.row.region or 'no region'}"
    yield f"  {key.offer_id}:   # {_comment(where)}{rows}"
    yield f"    system: {key.system_id}"
    yield "    route: on_demand"
    yield f"    host: {key.host}"
    yield f"    usd_per_accelerator_hour: {one.usd_per_accelerator_hour.normalize():f}"
    if key.spot:
        yield f"    availability: {given.spot_availability:g}"
    if (multiple := _multiple(known, key, one)) > 1:
        yield f"    minimum_order_systems: {multiple}   # no smaller instance is as cheap"


def _sources(offers: list[tuple[Key, Found]], given: Given) -> Iterator[str]:
    yield "sources:"
    yield f"  {given.source}:"
    yield f"    title: {_quoted(given.title[:200])}"
    if given.url:
        yield f"    url: {_quoted(given.url)}"
    if given.date:
        yield f"    date: {given.date}"
    if any(key.part for key, _ in offers):
        yield f'  {SHARE}: {{title: "Assumption: a part of a system takes its share of power and racks"}}'
    if any(key.spot for key, _ in offers):
        yield f'  {SPOT}: {{title: "Assumption: how much of its time a spot system works"}}'


def _cites(known: Catalog, offers: list[tuple[Key, Found]], given: Given) -> Iterator[str]:
    """By field: an offer that the catalogue has keeps what stands behind its other fields."""
    yield "cites:"
    for part in sorted({key.system_id for key, _ in offers if key.part}):
        yield f"  {part}: {{source: {SHARE}, basis: estimated}}"
    for key, one in offers:
        yield f"  {key.offer_id}.usd_per_accelerator_hour: {{source: {given.source}, basis: vendor}}"
        if key.spot:
            yield f"  {key.offer_id}.availability: {{source: {SPOT}, basis: estimated}}"
        if _multiple(known, key, one) > 1:
            yield f"  {key.offer_id}.minimum_order_systems: {{source: {given.source}, basis: vendor}}"


def _multiple(known: Catalog, key: Key, one: Found) -> int:
    """How many whole systems the cheapest instance holds; 0 where it is a part of one."""
    return one.accelerators // known.systems[key.system].accelerators


def _printable(text: str) -> str:
    return "".join(sign if sign.isprintable() else "?" for sign in one_line(text))


def _comment(text: str) -> str:
    """A text as the comment of one line, cut where it is long."""
    shown = _printable(text)
    return shown if len(shown) <= LONGEST_COMMENT else shown[: LONGEST_COMMENT - 1] + "…"


def _quoted(text: str) -> str:
    """A text as YAML writes it in double quotes."""
    escaped = _printable(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
