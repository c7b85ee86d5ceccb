"""What may come, line by line: the changes of named futures and the distributions that futures are drawn from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from catalogs.periods import GROWTH
from catalogs.schema import Catalog
from optimizer.request.draws import Decline, Draw, Range
from optimizer.request.futures import Changed, Changes, Delay, Future
from optimizer.uncertainty.draws import ranges_in
from optimizer.workbook.facts import Facts, number
from optimizer.workbook.language.given import Given
from optimizer.workbook.sheets.stamps import beside, header_beside
from optimizer.workbook.writing.lists import Block, Cell, Column, Entry
from optimizer.workbook.writing.styles import Role

CHANGES = {
    "demand": "Demand",
    "price": "Price of purchases",
    "rent": "Rent",
    "supply": "Supply",
    "pools": "Pools",
    "power": "Power of sites",
    "electricity": "Electricity price",
    "residual": "Residual value",
    "delivery_delay": "Deliveries come later",
    "hall_delay": "Halls open later",
}
"""What futures change, as their keys are, and in words."""
AS_IT_STANDS, ALL = "nothing: the scenario as it stands", "all that there is"
LINES = {
    "name": Column("Future or draw"),
    "change": Column("What changes"),
    "of": Column("Of"),
    "figure": Column("Figure, or from when it holds"),
    "value": Column("Value", "any"),
    "unit": header_beside("Unit"),
    "": Column(),
    "source": header_beside("Source"),
}
TOGETHER = {
    "same_vendor": "Draws of one vendor move together",
    "others": "Any two other draws move together",
    "next_year": "A year and the next move together",
}
LIKELY = {"low": "lowest", "mode": "likeliest", "high": "highest"}


class Figure(NamedTuple):
    """A figure of a future or of a draw: what it changes and of what, which figure it is, and its key in the file."""

    name: str
    change: str
    of: str
    figure: str
    value: float
    unit: str
    source: str

    def entry(self) -> Entry:
        """Locked: another figure would make another result. Its role says so."""
        shown = Cell(self.value, "share" if self.unit == "share" else "any", role=Role.FIXED)
        words = (Given(self.name), self.change, self.of, self.figure)
        return Entry((*words, shown, beside(self.unit), None, beside(Given(self.source))))


def named_futures(facts: Facts) -> list[Future]:
    """The futures of the plan's scenario, in the order of its list; none where it names none."""
    return [Future.model_validate(tree) for tree in facts.scenario.get("futures") or ()]


def draws_of(facts: Facts) -> Mapping[str, Draw]:
    """The distributions of the plan's scenario, and where it asks for them those of its catalogue's ranges."""
    asked: dict[str, Any] = facts.scenario.get("uncertainty") or {}
    ranges = ranges_in(Catalog.model_validate(facts.catalog)) if asked.get("catalog_ranges") == "true" else {}
    own = {name: Draw.model_validate(tree) for name, tree in asked.get("draws", {}).items()}
    return dict(sorted({**ranges, **own}.items()))


def changes_block(futures: list[Future]) -> Block:
    """Each change of each future; a future without any is the scenario as it stands."""
    entries = []
    for future in futures:
        lines = [figure.entry() for figure in _changes(future)]
        entries += lines or [Entry((Given(future.name), AS_IT_STANDS))]
    return Block(entries, LINES, "What each future changes")


def draws_block(facts: Facts, draws: Mapping[str, Draw]) -> Block:
    """The figures of each distribution, and what moves together."""
    found = [figure for name, draw in draws.items() for figure in _figures(name, draw, name in _own(facts))]
    together = (facts.scenario.get("uncertainty") or {}).get("correlation") or {}
    for key, words in TOGETHER.items():
        value = number(together.get(key, 0))
        found.append(Figure("correlation", words, "", "", value, "number", "uncertainty.correlation"))
    entries = [figure.entry() for figure in found]
    return Block(entries, LINES, "What futures are drawn from")


def _own(facts: Facts) -> Mapping[str, Any]:
    """The draws that stand in the scenario itself."""
    found: Mapping[str, Any] = (facts.scenario.get("uncertainty") or {}).get("draws", {})
    return found


def _words(of: Changed) -> str:
    """What a change is about, by the keys that it selects by."""
    said = "; ".join(f"{key}: {', '.join(each)}" for key, each in of.model_dump(exclude_none=True).items())
    return Given(said) if said else ALL


def _changes(future: Future) -> Iterator[Figure]:
    for key in Changes.model_fields:
        for change in getattr(future, key) or ():
            source = f"futures.{future.name}.{key}"
            about = (future.name, CHANGES[key], _words(change.of))
            if isinstance(change, Delay):
                yield Figure(*about, "", float(change.months), "months", source)
                continue
            schedule = change.schedule
            steps = schedule if isinstance(schedule, dict) else {"": schedule}
            for period, value in steps.items():
                unit = "share" if period in GROWTH else "factor"
                yield Figure(*about, Given(period), float(value), unit, source)


def _figures(name: str, draw: Draw, own: bool) -> Iterator[Figure]:
    """What describes a distribution, in the order in which a reader would ask for it."""
    source = f"uncertainty.draws.{name}" if own else f"cites.{name.removeprefix('catalog.')}"
    about = (name, CHANGES[draw.change], _words(draw.of))
    if draw.lognormal_per_year is not None:
        words = "a year's growth, spread of its log"
        yield Figure(*about, words, float(draw.lognormal_per_year), "number", source)
    for months, share in sorted((draw.months or {}).items()):
        yield Figure(*about, f"probability of {months} months", float(share), "share", source)
    for kind, unit, given in (("factor", "factor", draw.between), ("decline a year", "share", draw.decline_per_year)):
        for words, value in _ends(given):
            begins = f" from {draw.from_}" if draw.from_ else ""
            yield Figure(*about, f"{kind}{begins}, {words}", value, unit, source)


def _ends(given: Range | Decline | None) -> Iterator[tuple[str, float]]:
    """The ends of a triangular distribution and its mode; a uniform one has none."""
    for key, words in LIKELY.items():
        value = getattr(given, key, None)
        if value is not None:
            yield words, float(value)
