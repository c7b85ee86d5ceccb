"""The model of each future, with what is decided before it is known which of them comes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from optimizer.formulation import build_model
from optimizer.formulation.model import Model
from optimizer.request.load import Request
from optimizer.request.uncertainty import Uncertainty
from optimizer.solving.matrix import Matrix, matrix_of
from optimizer.tables import OrderLine, Tables, build_tables
from optimizer.uncertainty.breaches import Breach, Priced, Unpowered, breached, stands_unpowered
from optimizer.uncertainty.first_stage import Decided, first_stage

Placed = Mapping[tuple[str, str, str], float]
"""The most systems of an order in any future, by what it is ordered as, place and the period in which it is placed."""


@dataclass(frozen=True)
class Block:
    """A future's model: `plain` is that of its request, `matrix` has what may be broken at a price beside.

    `first` are the columns of what is decided before it is known. Systems that are ordered later may be fractions in
    both; what is a yes or no stays one.
    """

    name: str
    probability: float
    request: Request
    model: Model
    plain: Matrix
    matrix: Matrix
    first: Mapping[Decided, int]
    breaches: Sequence[Breach]
    unpowered: Sequence[Unpowered]

    @cached_property
    def first_columns(self) -> list[int]:
        return list(self.first.values())

    def whole(self, decided: frozenset[Decided]) -> Matrix:
        """The model of this future alone, in which what is not decided for all futures alike is not decided at all."""
        never = [j for key, j in self.first.items() if key not in decided]
        return self.matrix.fixed(dict.fromkeys(never, 0.0))

    def holding(self, decision: Mapping[Decided, float]) -> Matrix:
        """The model of this future when a decision has been taken."""
        held = self.matrix.fixed({j: decision.get(key, 0.0) for key, j in self.first.items()})
        return held.relaxed(np.isin(np.arange(len(held.cost)), self.first_columns))


@dataclass(frozen=True)
class Future:
    """A course with its probability, and the request that it is.

    Work that is not done has a price in it. Of the scenario `as_planned` nothing else is broken, and where it may come
    true, all work is done that has to be.
    """

    name: str
    probability: float
    request: Request
    as_planned: bool = False


@dataclass(frozen=True)
class Terms:
    """What holds for all futures: what it costs to break limits, and up to when there is one decision for all.

    With `rent_adapts`, what is rented on demand is none of it.
    """

    uncertainty: Uncertainty
    unmet: Mapping[str, float]
    decide_by: int
    rent_adapts: bool = False


def blocks_of(futures: Sequence[Future], terms: Terms) -> list[Block]:
    """The models of futures, the first of them as planned, in which orders placed before have the same bounds.

    Proof that no decision is lost: `most_systems` gives for each future, read loosely, a number beyond which more of an
    order is of no use there. Beyond the largest of these, taking off what is beyond costs no more in any future. And
    what is placed fits the scenario as planned, so it is no more than the limits there leave to it alone.
    """
    as_planned = build_tables(futures[0].request, parts=True)
    of_use = _most_placed(
        [build_tables(f.request, loose=True, parts=True, like=as_planned) for f in futures], terms.decide_by
    )
    fits = _most_placed([build_tables(futures[0].request, tight=False, parts=True)], terms.decide_by)
    placed = {line: min(systems, fits[line]) for line, systems in of_use.items() if line in fits}
    return [block_of(future, placed, terms, as_planned) for future in futures]


def decided_by_all(blocks: Sequence[Block]) -> frozenset[Decided]:
    """What can be decided before it is known: only what is possible in every future.

    An order that would arrive after the horizon in one of them is not placed before it is known.
    """
    return frozenset.intersection(*(frozenset(block.first) for block in blocks))


def columns_of(blocks: Sequence[Block]) -> int:
    """How many columns some futures have together."""
    return sum(len(block.matrix.cost) for block in blocks)


def _most_placed(tables: Sequence[Tables], decide_by: int) -> dict[tuple[str, str, str], float]:
    most: dict[tuple[str, str, str], float] = {}
    for each in tables:
        for cohort in each.cohorts:
            if not cohort.committed and cohort.ordered <= decide_by:
                line = (cohort.label, cohort.place, each.calendar.key(cohort.ordered))
                most[line] = max(most.get(line, 0.0), cohort.systems)
    return most


def block_of(future: Future, placed: Placed, terms: Terms, as_planned: Tables) -> Block:
    """The model of one future, in which so much of each order is possible; `as_planned` is what was placed fits."""
    model = build_model(
        build_tables(future.request, approved=_lines(future.request, placed), parts=True, like=as_planned)
    )
    plain = matrix_of(model)
    number = {name: j for j, name in enumerate(plain.columns)}
    decided = first_stage(model, terms.decide_by, terms.rent_adapts)
    first = {key: number[decided[key].name] for key in sorted(decided) if decided[key].name in number}
    later = {*plain.column_numbers("order"), *plain.column_numbers("band")} - {*first.values()}
    plain = plain.relaxed(np.isin(np.arange(len(plain.cost)), sorted(later)))
    if future.as_planned:
        return Block(future.name, future.probability, future.request, model, plain, plain, first, (), ())
    before = {plain.columns[j] for j in first.values()}
    priced = Priced(model, plain, terms.uncertainty, terms.unmet, as_planned, before)
    breaches, over, no_more = breached(priced)
    matrix = plain.with_columns(over).with_rows(no_more) if over else plain
    unpowered, released, rows = stands_unpowered(replace(priced, matrix=matrix))
    matrix = matrix.with_columns(released).with_rows(rows) if released else matrix
    return Block(future.name, future.probability, future.request, model, plain, matrix, first, breaches, unpowered)


def _lines(request: Request, placed: Placed) -> dict[OrderLine, float]:
    """The order lines of what may be placed, by the period of entering service in a request."""
    tables, calendar = Tables(request), request.scenario.calendar
    lead = {f"{name}.{frame}" if frame else name: offer.lead_periods for name, offer in tables.offers.items()
            for frame in (None, *tables.frames)}  # fmt: skip
    lines = {}
    for (label, place, period), systems in placed.items():
        t = (calendar.index(period) or 0) + lead[label]
        if t <= calendar.count:
            lines[label, place, calendar.key(t)] = systems
    return lines
