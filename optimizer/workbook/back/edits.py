"""Edits of a workbook as changes to the text of its scenario and catalogue, each value at the cell it came from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from catalogs.periods import GROWTH, first_month, steps
from catalogs.problems import Location
from catalogs.yaml_text import Map, Text
from optimizer.request.schedules import Reading, mean, reading_of
from optimizer.workbook.back.compare import Edit
from optimizer.workbook.facts import DEFAULT_RESIDUAL, Facts
from optimizer.workbook.sheets.input_finance import (
    AFTER,
    AFTER_COUNTED,
    AFTER_LESS_WORTH,
    RESIDUAL,
    RESIDUAL_BY_BOOK,
    RESIDUAL_COUNTED,
)
from optimizer.workbook.writing.growth import LISTED

CATALOG = "catalog/"
BUDGET = "budget/"
Raw = Mapping[str, Any] | Sequence[Any] | str | None


class Changer:
    """Collects the changes that edits make to what a plan was made from, to lay on top of both texts."""

    def __init__(self, path: Path, facts: Facts) -> None:
        self._file, self._facts = str(path), facts
        self.start = Location(self._file, 0, 0)
        self.scenario, self.catalog = Map(self.start), Map(self.start)

    def at(self, edit: Edit) -> Location:
        """The cell of an edit as a place in a message."""
        return Location(f"{self._file}, {edit.where}", 0, 0)

    def change(self, edits: Iterable[Edit]) -> None:
        """Take in edits of inputs; those of one key make one value."""
        keyed = [(key, edit) for edit in edits for key in edit.of.keys]
        for key, group in groupby(sorted(keyed, key=lambda pair: pair[0]), key=lambda pair: pair[0]):
            of_key = [edit for _, edit in group]
            self.put(key, self._value(key, of_key), self.at(of_key[0]))
            self._keep_commitments(key, of_key[0])

    def put(self, key: str, value: Any, at: Location) -> None:
        """A value at a key as `--set` writes it."""
        tree = self.catalog if key.startswith(CATALOG) else self.scenario
        *folders, last = key.removeprefix(CATALOG).split("/")
        for folder in folders:
            if folder not in tree:
                tree.put(folder, Map(at), at)
            tree = tree[folder]
        tree.put(last, value, at)

    def _value(self, key: str, edits: list[Edit]) -> Any:
        new = {edit.of.part: Text(written(edit.new), self.at(edit)) for edit in edits}
        raw = self.raw(key)
        if (key,) == RESIDUAL:
            return self._residual(raw, new)
        if (key,) == AFTER:
            return _after_horizon(raw, new)
        if key.startswith(BUDGET):
            return self._table({**(raw if isinstance(raw, dict) else {}), **new})
        if "" in new:
            return new[""]
        reading = reading_of(key.removeprefix(CATALOG).split("/"))
        grows = isinstance(raw, dict) and _grows_on(raw, new)
        return self._growing(raw, new, reading) if grows else self._schedule(raw, new, reading)

    def _growing(self, raw: Mapping[str, str], new: Mapping[str, Text], reading: Reading) -> Map:
        """A schedule that grows on: its last value, its growth, and the periods before that were edited."""
        listed = steps(raw)
        if LISTED in new:
            listed[max(listed, key=first_month)] = new[LISTED]
        before = {key: value for key, value in new.items() if key not in (LISTED, *GROWTH)}
        grown = self._schedule(listed, before, reading) if before else self._table(listed)
        for key in raw.keys() & GROWTH.keys():
            share = new.get(key, raw[key])
            grown.put(key, share if isinstance(share, Text) else Text(share, grown.at), grown.at)
        return grown

    def raw(self, key: str) -> Any:
        """What the plan's inputs say at a key; None where they say nothing."""
        tree: Any = self._facts.catalog if key.startswith(CATALOG) else self._facts.scenario
        for part in key.removeprefix(CATALOG).split("/"):
            tree = tree[int(part)] if isinstance(tree, list) else (tree or {}).get(part)
        return tree

    def _table(self, values: Mapping[str, str]) -> Map:
        table = Map(Location(self._file, 0, 0))
        for key, value in values.items():
            at = value.at if isinstance(value, Text) else table.at
            table.put(key, value if isinstance(value, Text) else Text(value, at), at)
        return table

    def _schedule(self, raw: Raw, new: Mapping[str, Text], reading: Reading) -> Map:
        """The schedule with the periods edited and every other as it was, month by month.

        Keys from before the horizon stay, keys after it are as good as gone with the horizon. What grew is listed.
        """
        raw = self._facts.listed(reading, raw)
        begun = {key: raw[key] for key in raw if first_month(key) < self._facts.first} if isinstance(raw, dict) else {}
        values: dict[str, str] = dict(begun)
        last = None
        for key in self._facts.keys:
            for step, value in self._steps(raw, key, new, bool(values), reading).items():
                if value != last or isinstance(value, Text):
                    values[step] = value
                last = value
        return self._table(values)

    def _steps(self, raw: Raw, key: str, new: Mapping[str, Text], begun: bool, reading: Reading) -> Mapping[str, str]:
        """The steps of a period: the one edited, or those it had, or zero again after an edit before it began.

        What is absent in the first month of a period may count for nothing in all of it, and zero would not.
        """
        if key in new:
            return {key: new[key]}
        before, steps = self._before(raw, key), raw if isinstance(raw, dict) else {}
        inner = {step: str(steps[step]) for step in steps if first_month(step) in self._facts.span(key)[1:]}
        if before is None and begun and reading is mean:
            return {key: "0"}
        first = "0" if before is None and begun else before
        begins = {} if first is None else {key: first}
        return begins | {step: inner[step] for step in sorted(inner, key=first_month)}

    def _before(self, raw: Raw, key: str) -> str | None:
        """The value with which a period begins that was not edited; None where there is none yet."""
        if not isinstance(raw, dict):
            return None if raw is None else str(raw)
        steps = [step for step in raw if first_month(step) <= first_month(key)]
        return str(raw[max(steps, key=first_month)]) if steps else None

    def _residual(self, raw: Raw, new: Mapping[str, Text]) -> Any:
        """`none`, `book` or the table, as the switches and shares now say."""
        counted = new.get(RESIDUAL_COUNTED, "0" if raw == "none" else "1")
        by_book = new.get(RESIDUAL_BY_BOOK, "1" if raw == "book" else "0")
        at = next(iter(new.values())).at
        if counted == "0":
            return Text("none", at)
        if by_book == "1":
            return Text("book", at)
        ages = {age: share for age, share in new.items() if age not in (RESIDUAL_COUNTED, RESIDUAL_BY_BOOK)}
        return self._table({**(raw if isinstance(raw, dict) else DEFAULT_RESIDUAL), **ages})

    def _keep_commitments(self, key: str, edit: Edit) -> None:
        """Orders already placed keep the price at which they were placed when the price of their offer is edited."""
        raw, place = self.raw(key), self.at(edit)
        if not key.startswith("catalog/offers/") or not key.endswith("/price_usd"):
            return
        offer = key.split("/")[2]
        ordered = {
            (row.place, row.enters_service): row.ordered
            for row in self._facts.plan.orders
            if row.commitment and row.offer == offer
        }
        for i, entry in enumerate(self._facts.scenario.get("commitments", ())):
            if entry["offer"] == offer and entry.get("price_usd") is None:
                placed = ordered.get((entry["site"], entry["period"]))
                if placed is not None:  # else its term has ended
                    price = self._facts.price_at(raw, placed)
                    self.put(f"commitments/{i}/price_usd", Text(written(price), place), place)


def _grows_on(raw: Mapping[str, str], new: Iterable[str]) -> bool:
    """Whether a schedule grows as before after edits: of its last value, its growth, or periods before its last key."""
    last = max(map(first_month, steps(raw)))
    edited = (key in (LISTED, *GROWTH) or first_month(key) < last for key in new)
    return len(steps(raw)) < len(raw) and all(edited)


def _after_horizon(raw: Raw, new: Mapping[str, Text]) -> Text:
    """The rule for rent after the horizon as its switches now say; the second counts only with the first."""
    counted = new.get(AFTER_COUNTED, "0" if raw == "ignored" else "1")
    less_worth = new.get(AFTER_LESS_WORTH, "1" if raw == "as_residual" else "0")
    at = next(iter(new.values())).at
    if counted == "0":
        return Text("ignored", at)
    return Text("as_residual" if less_worth == "1" else "in_full", at)


def written(value: float | None) -> str:
    """A number as a file writes it; whole ones without a point."""
    number = float(value or 0.0)
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)
