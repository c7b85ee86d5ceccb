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

    def told(self) -> dict[str, Any]:
        """The same as the solver's process tells it, for `branches_of`."""
        return {
            "rows": list(self.duals),
            "duals": list(self.duals.values()),
            "sum_duals": self.sum_duals,
            "columns": self.columns,
            "children": [child.told() for child in self.children],
            "least": self.least,
        }


def read_branches(text: str, rows: Floats, objective: float) -> Branches | None:
    """What the solver's process tells of its tree, in the model's own units: r and o of `scaling`; None for nothing."""
    return branches_of(json.loads(text), rows, objective) if text else None


def branches_of(told: Mapping[str, Any], rows: Floats, objective: float) -> Branches:
    """Branches as they were told, in the units of a model.

    Columns that are branched on are whole, so they keep their unit, and so does the row that adds them up.
    """
    pairs = zip(told["rows"], told["duals"], strict=True)
    return Branches(
        duals={row: dual * float(rows[row]) / objective for row, dual in pairs},
        sum_duals=tuple(dual / objective for dual in told["sum_duals"]),
        columns=tuple(told["columns"]),
        children=tuple(branches_of(child, rows, objective) for child in told["children"]),
        least=told["least"],
    )
