"""A tree of branches that divides all plans of a model, with the duals that prove a bound in each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from optimizer.solving.matrix import Floats


class NoBranch(ValueError):
    """What does not divide all plans of a model in two, or has no dual for what it divides by."""


@dataclass(frozen=True)
class Branches:
    """A node: plans in which `columns` come to `least` or more are in its first child, all others in its second.

    `duals` has those that differ from the ones above it, by row number, and `sum_duals` one for each sum that is
    limited, in the order of the way from the top: to at least so many, or to less where that is not to none.
    Without children it is a leaf.
    """

    duals: Mapping[int, float]
    sum_duals: tuple[float, ...]
    columns: tuple[int, ...] = ()
    children: tuple[Branches, ...] = ()
    least: int = 1

    def below(self, above: Floats) -> Floats:
        """The duals of all rows at a node, from those above it."""
        duals = above.copy()
        duals[list(self.duals)] = list(self.duals.values())
        return duals

    def of_first_rows(self, count: int) -> Branches:
        """The same for a model without the rows from `count` on; their duals prove what is left of it."""
        kept = {row: dual for row, dual in self.duals.items() if row < count}
        return replace(self, duals=kept, children=tuple(child.of_first_rows(count) for child in self.children))


def read_branches(text: str, rows: Floats, objective: float) -> Branches | None:
    """What the solver's process tells of its tree, in the model's own units: r and o of `scaling`; None for nothing.

    Columns that are branched on are whole, so they keep their unit, and so does the row that adds them up.
    """

    def read(told: Mapping[str, Any]) -> Branches:
        pairs = zip(told["rows"], told["duals"], strict=True)
        return Branches(
            duals={row: dual * float(rows[row]) / objective for row, dual in pairs},
            sum_duals=tuple(dual / objective for dual in told["sum_duals"]),
            columns=tuple(told["columns"]),
            children=tuple(read(child) for child in told["children"]),
            least=told["least"],
        )

    return read(json.loads(text)) if text else None
