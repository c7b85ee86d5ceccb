"""The decisions of a large model in two steps (relax and fix): all but clusters, then clusters.

Where thousands of places may host a cluster, most columns of a relaxation are hosts, which cost nothing by themselves
and move its optimum by little. So the tree decides everything else on the model without its hosts. A small problem then
decides these, with all that fixed and every cluster at one of the few places where the tree has its work.

Proof that the tree's bound is one of the model: what is left out are rows, and columns that are in no other row and
cost nothing or more. So every plan is one of what is left, and costs there no more. Duals of what is left, with 0 for
the rows left out, prove its bound in the model too: a column left out has its own cost as reduced cost, and that is
not below 0. No plan is claimed to be the best by the second step: its cost has to be near the bound.

Runs in the solver's process: imports nothing but the standard library, numpy and `highs_solve`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import chain
from typing import Any

import numpy as np

from optimizer.solving.highs_solve import Found, Problem, Stop, Tell, whole

LARGE = 3_000
"""From so many whole columns on a model is large: each relaxation costs a good part of a second."""
MOST_PLACES, DEAR = (2, 8), 0.3
"""How many places are compared for a cluster; more where with fewer its clusters cost this part of the gap."""
HOSTED_NODES, HOSTED_WITHIN = 60, 0.2
"""How long the small problem is searched, to what part of the gap."""
DECIDED = ("frames", "projects", "blocks", "terms")
"""What a tree decides of a model without clusters."""


class WithoutClusters:
    """A large model with neither its hosts nor the rows that have any, and how its numbers are those of the model."""

    def __init__(self, problem: Problem, options: dict[str, Any]) -> None:
        self.problem, self.options = problem, options
        self.hosts = np.zeros(len(problem["cost"]), dtype=bool)
        self.hosts[list(chain(*chain(*options["clusters"])))] = True
        starts = problem["start"]
        row_of = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
        of_hosts = np.zeros(len(starts) - 1, dtype=bool)
        of_hosts[row_of[self.hosts[problem["index"]]]] = True
        self.rows, self.columns = np.flatnonzero(~of_hosts), np.flatnonzero(~self.hosts)
        self._number = np.cumsum(~self.hosts) - 1
        kept = ~of_hosts[row_of]
        self.left: Problem = {
            **{name: problem[name][self.columns] for name in ("cost", "lower", "upper")},
            **{name: problem[name][self.rows] for name in ("row_lower", "row_upper")},
            "integer": np.asarray(problem["integer"], dtype=bool)[self.columns],
            "start": np.concatenate([[0], np.cumsum(np.diff(starts)[self.rows])]).astype(starts.dtype),
            "index": self._number[problem["index"][kept]].astype(problem["index"].dtype),
            "value": problem["value"][kept],
        }

    @property
    def left_options(self) -> dict[str, Any]:
        """The options of what is left."""
        return {**self.options, **{name: self._numbers(self.options[name]) for name in DECIDED}, "clusters": []}

    def _numbers(self, columns: Any) -> Any:
        """Columns of the model as what is left numbers them, however deep in lists."""
        return [self._numbers(each) for each in columns] if isinstance(columns, list) else int(self._number[columns])

    def duals(self, of_left: Any) -> Any:
        """One dual for each row of the model: those left out have 0."""
        duals = np.zeros(len(self.problem["row_lower"]))
        duals[self.rows] = of_left
        return duals

    def values(self, of_left: Any) -> Any:
        """One value for each column of the model: nothing is hosted."""
        values = np.zeros(len(self.problem["cost"]))
        values[self.columns] = of_left
        return values

    def told(self, branches: Found | None) -> Found | None:
        """A tree over what is left, in the numbers of the model."""
        if branches is None:
            return None
        return {
            **branches,
            "rows": self.rows[branches["rows"]].tolist(),
            "columns": self.columns[branches["columns"]].tolist(),
            "children": [self.told(child) for child in branches["children"]],
        }

    def hosted(self, of_left: Found, stop: Stop, tell: Tell, in_haste: bool = False) -> Found:
        """The model with everything that the tree has decided fixed, and its hosts whole; no values if none fit.

        `of_left` is what the tree has found. In haste every cluster is where most of its work is, if that fits.
        """
        values, gap = self.values(of_left["values"]), self.options["gap"]
        asked = {**self.options, "gap": HOSTED_WITHIN * gap, "nodes": HOSTED_NODES, "heuristics": False}
        room = math.inf if in_haste else DEAR * gap * abs(of_left["objective"])
        found: Found = {}
        for most in (1, *MOST_PLACES) if in_haste else MOST_PLACES:
            found = whole(self._with_hosts(values, most), asked, stop.half(), tell)
            if (found["values"].size and found["objective"] - of_left["objective"] <= room) or stop.over():
                break
        return found

    def _with_hosts(self, values: Any, most_places: int) -> Problem:
        """The model with only hosts whole, so many places for each cluster; all else that is decided stays as it is."""
        problem = self.problem
        lower, upper = problem["lower"].copy(), problem["upper"].copy()
        fixed = np.array([j for j in self.options["decisions"] if not self.hosts[j]], dtype=int)
        lower[fixed] = upper[fixed] = np.clip(np.round(values[fixed]), lower[fixed], upper[fixed])
        integer = np.zeros(len(lower), dtype=bool)
        open_hosts = np.array(sorted(self._open_hosts(values, most_places)), dtype=int)
        upper[self.hosts] = lower[self.hosts]
        upper[open_hosts] = problem["upper"][open_hosts]
        integer[open_hosts] = True
        return {**problem, "lower": lower, "upper": upper, "integer": integer}

    def _open_hosts(self, values: Any, most_places: int) -> Iterator[int]:
        """The hosts of each cluster at the places that have most of its work, all accelerators and periods."""
        shares = self._shares(values)
        for places in self.options["places"]:
            of_place = [math.fsum(shares[hosts]) for hosts in places]
            most = np.argsort(-np.array(of_place), kind="stable")[:most_places]
            yield from chain(*(places[k] for k in most if of_place[k] > 0))

    def _shares(self, values: Any) -> Any:
        """How much of its cluster each host has where hosts are free: the least that its rows would ask of it."""
        shares = np.zeros(len(values))
        start, index, value = (self.problem[name] for name in ("start", "index", "value"))
        for i in np.setdiff1d(np.arange(len(start) - 1), self.rows):
            span = slice(start[i], start[i + 1])
            hosts = self.hosts[index[span]]
            if np.count_nonzero(hosts) == 1:
                host, weight = int(index[span][hosts][0]), float(value[span][hosts][0])
                used = math.fsum(value[span][~hosts] * values[index[span][~hosts]])
                if weight < 0 and used > 0:
                    shares[host] = max(shares[host], -used / weight)
        return shares
