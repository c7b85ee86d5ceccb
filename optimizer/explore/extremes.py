"""How little and how much of a figure the plans of a model can have, each answer between two bounds."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from optimizer.explore.figures import Figure, Linear, lowest, minimised, negative
from optimizer.solving.matrix import Floats, Matrix
from optimizer.solving.solution import Solution
from optimizer.what_if import WhatIf

SAME = 1e-6
"""Amounts that differ by less than this part are the same; of amounts below `SMALL`, by this part of it."""
SMALL = 1e-3
MOST_NODES = 20
"""How far a search goes that closes in on an end: counted, so that the same input gives the same end."""


@dataclass(frozen=True)
class End:
    """An end of a range: what a plan attains, what none can go beyond, and that plan's solution."""

    value: float
    bound: float
    values: Floats


@dataclass(frozen=True)
class Extremes:
    """Asks for the extremes of figures over the plans of a model, of which `here` is one.

    An answer is good enough when value and bound differ by less than `gap`, as a part of the value; where
    the relaxation says that nothing lies beyond what is known, no integer solve follows.
    """

    asked: WhatIf
    matrix: Matrix
    here: Floats
    gap: float

    def least(self, figure: Figure) -> End:
        """The least of a figure."""
        return self.lower(figure.parts)

    def most(self, figure: Figure) -> End:
        """The most of a figure: of its parts one after another, each only if its relaxation leaves more."""
        best, bounds = End(-figure.at(self.here), 0.0, self.here), []
        for part in sorted(figure.parts, key=lambda part: -part.at(self.here)):
            end = self.lower((negative(part),), best)
            bounds.append(end.bound)
            best = min(best, end, key=lambda end: end.value)
        return End(-best.value, -min(bounds), best.values)

    def lower(self, parts: tuple[Linear, ...], known: End | None = None, close: float = 0.0) -> End:
        """The least that the highest of some parts can be, not more than what is known; `close` is near enough."""
        known = known or End(highest(parts, self.here), -np.inf, self.here)
        floor = lowest(self.matrix, parts)
        if self._is_near(known.value, floor):
            return replace(known, bound=known.value)
        matrix, constant = minimised(self.matrix, parts)
        relaxed = self.asked.relaxed(matrix)
        bound = max(relaxed.bound + constant, floor)
        if self._is_near(known.value, bound) or not relaxed.values.size:
            return replace(known, bound=min(bound, known.value))
        found = closed_in(self.asked, matrix, relaxed, known.values, self.gap, MOST_NODES, close)
        bound = max(found.bound + constant, floor)
        value = highest(parts, found.values) if found.values.size else np.inf
        if value < known.value:
            known = End(value, bound, found.values[: len(self.here)])
        return replace(known, bound=min(bound, known.value))

    def bound(self, part: Linear) -> float:
        """What the relaxation says that a part cannot be below."""
        return max(
            self.asked.relaxed(self.matrix.minimising(part.terms)).bound + part.constant,
            lowest(self.matrix, (part,)),
        )

    def _is_near(self, value: float, bound: float) -> bool:
        return value - bound <= SAME * max(abs(value), SMALL)


def highest(parts: tuple[Linear, ...], values: Floats) -> float:
    """The highest of some parts in a solution."""
    return max(part.at(values) for part in parts)


def closed_in(
    asked: WhatIf,
    matrix: Matrix,
    relaxed: Solution,
    known: Floats,
    gap: float,
    nodes: int | None = None,
    close: float = 0.0,
) -> Solution:
    """The best solution of a model, to within a gap or `close`, known one solution of it and its relaxation.

    A plan is looked for between the two: relaxations of procurement are nearly whole, and good plans are found
    there in a part of the time. Only if that leaves too much open the whole model is searched, from there.
    """
    options, begin = replace(asked.options, gap=gap, nodes=nodes), start_at(matrix, known)
    inside = relaxed
    if relaxed.values.size:
        inside = asked.solve(_between(matrix, relaxed.values, known), options, begin)
    if inside.values.size:
        if inside.objective - relaxed.bound <= max(gap * abs(inside.objective), close):
            bound = min(relaxed.bound, inside.objective)
            return replace(inside, status="optimal", bound=bound, duals=relaxed.duals, branches=None)
        begin = start_at(matrix, inside.values)
    found = asked.solve(matrix, options, begin)
    return replace(found, bound=max(found.bound, relaxed.bound))


def _between(matrix: Matrix, relaxed: Floats, known: Floats) -> Matrix:
    """The model with every whole number between that of its relaxation and that of a known solution."""
    whole = np.flatnonzero(matrix.integer[: len(known)]).tolist()
    plan = np.round(known[whole])
    least = np.minimum(np.floor(relaxed[whole] + SAME), plan)
    most = np.maximum(np.ceil(relaxed[whole] - SAME), plan)
    return matrix.narrowed(whole, least, most)


def start_at(matrix: Matrix, values: Floats) -> dict[int, float]:
    """The whole numbers of a solution by column number, to begin from."""
    return {j: float(round(values[j])) for j in np.flatnonzero(matrix.integer[: len(values)]).tolist()}


def solution_of(asked: WhatIf, matrix: Matrix) -> Floats:
    """The values of the plan at hand in its model: its decisions fixed, the rest solved for."""
    return asked.solve(matrix.fixed(asked.start(matrix)), asked.options).values
