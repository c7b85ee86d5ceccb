"""What a tree over decisions branches on next.

Frames come first, for they price everything else, then projects, blocks of power and the terms of orders. Hosts come
last: they cost next to nothing by themselves, and whatever costs more would have to be branched on again below each of
them.

Of a project, such as the engineering of a chip or a porting, the starts up to some period: whether at all comes before
when; it is begun once or never. Of the blocks of power of a site, those that come on line up to some period: how many
in all comes before how many by when. Of a cluster in a period, all hosts with one accelerator, then one of these. Of a
frame, a minimum order or a price break, the one column that says whether it is signed, or whether there is such an
order.

Of the projects the one whose two branches raise the bound most comes first, as far as earlier branches tell
(pseudo-costs): the product of what each is likely to raise it by, for a bound is no higher than its lower branch.

Runs in the solver's process: imports nothing but the standard library, numpy and `highs_solve`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from optimizer.solving.highs_nodes import Columns, Node, Split
from optimizer.solving.highs_solve import Problem

WHOLE = 1e-6
"""How near to whole a decision must be."""
LATER = 0.1
"""What part of a project's cost is likely to hang on when it starts, where nothing tells."""
LEAST_RISE = 1e-7
"""The part of a bound that any branch is taken to raise it by: one that raises it by nothing is not all there is."""
Branched = tuple[int, bool]
"""A project by its number, and whether its branches are of whether it is begun, or of when."""


class Branching:
    """The decisions of a model by kind, and by how much branches of its projects have raised the bound so far."""

    def __init__(self, problem: Problem, options: Mapping[str, Any]) -> None:
        self.frames: list[int] = options["frames"]
        self.projects: list[list[int]] = options["projects"]
        self.blocks: list[list[int]] = options["blocks"]
        self.clusters: list[list[list[int]]] = options["clusters"]
        self.terms: list[int] = options["terms"]
        self._dearest = [float(problem["cost"][columns].max()) for columns in self.projects]
        self._project_of = {j: number for number, columns in enumerate(self.projects) for j in columns}
        self._rises: dict[tuple[Branched, bool], list[float]] = {}

    def split(self, node: Node, cut_off: float) -> Split | None:
        """What a node with values is branched on; None where all but hosts is whole."""
        return (
            _nearest_to_neither(node, self.frames)
            or self._project(node, cut_off - node.bound)
            or self._blocks(node)
            or _nearest_to_neither(node, self.terms)
        )

    def hosts(self, node: Node) -> list[Columns]:
        """The sets of hosts to branch on of the earliest cluster that is open: its accelerators, those with most of it
        first, then the places of the one that has it.
        """
        for accelerators in self.clusters:
            parts = np.array([math.fsum(node.values[hosts]) for hosts in accelerators])
            if _is_broken(parts).any():
                return [tuple(accelerators[k]) for k in _by_size(parts)]
            if parts.any():
                places = accelerators[int(np.argmax(parts))]
                if _is_broken(node.values[places]).any():
                    return [(places[k],) for k in _by_size(node.values[places])]
        return []

    def learn(self, split: Split, values: Any, bound: float, children: tuple[Node, Node]) -> None:
        """Remembers by how much the children of a node with these values have raised its bound, for each whole that
        its starts had to move by."""
        if (project := self._project_of.get(split.columns[0])) is None:
            return
        branched = (project, len(split.columns) == len(self.projects[project]))
        part = math.fsum(values[list(split.columns)])
        for child, more, moved in zip(children, (True, False), (1 - part, part), strict=True):
            if math.isfinite(child.bound):
                self._rises.setdefault((branched, more), []).append((child.bound - bound) / moved)

    def _project(self, node: Node, room: float) -> Split | None:
        """The starts to branch on; None where all are whole. A project that has started whole needs no second start."""
        found: list[tuple[float, int, int]] = []
        for project, columns in enumerate(self.projects):
            starts = node.values[columns]
            broken = np.flatnonzero(_is_broken(starts))
            if broken.size and math.fsum(starts[: broken[0]]) <= 1 - WHOLE:
                whether = math.fsum(starts) < 1 - WHOLE
                periods = len(columns) if whether else int(broken[0]) + 1
                part = math.fsum(starts[:periods])
                rises = (self._rise((project, whether), more) * moved for more, moved in ((1, 1 - part), (0, part)))
                least = LEAST_RISE * abs(node.bound)
                worth = math.prod(max(min(rise, room), least) for rise in rises)
                found.append((worth, -project, periods))
        if not found:
            return None
        _, number, periods = max(found)
        return Split(tuple(self.projects[-number][:periods]))

    def _rise(self, branched: Branched, more: int) -> float:
        """By how much a branch is likely to raise the bound for each whole that is moved: what it did on average, or
        what the project costs."""
        if (rises := self._rises.get((branched, bool(more)))) is not None:
            return math.fsum(rises) / len(rises)
        project, whether = branched
        return self._dearest[project] * (1.0 if whether else LATER)

    def _blocks(self, node: Node) -> Split | None:
        """The blocks of power to branch on; None where all are whole. How many a site adds in all comes before by when.

        By when: the period in which those that are on line are farthest from a whole number.
        """
        for columns in self.blocks:
            online = np.cumsum(node.values[columns])
            broken = np.flatnonzero(_is_broken(online))
            if broken.size:
                parts = np.abs(online - np.round(online))
                last = broken[-1] if broken[-1] == len(columns) - 1 else broken[np.argmax(parts[broken])]
                return Split(tuple(columns[: last + 1]), math.ceil(online[last]))
        return None


def _nearest_to_neither(node: Node, columns: list[int]) -> Split | None:
    """The yes/no column that is nearest to neither; the first of those that are alike, None where all are whole."""
    parts = node.values[columns]
    broken = np.where(_is_broken(parts), np.abs(parts - np.round(parts)), 0.0)
    return Split((columns[int(np.argmax(broken))],)) if broken.any() else None


def _by_size(parts: Any) -> list[int]:
    """The numbers of what is more than nothing, the largest first; the first of those that are alike."""
    return [int(k) for k in np.argsort(-parts, kind="stable") if parts[k] > WHOLE]


def _is_broken(values: Any) -> Any:
    return np.abs(values - np.round(values)) > WHOLE
