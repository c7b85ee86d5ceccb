"""A relaxation that is asked again and again with other values of some columns, as a solver's process keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from optimizer.solving.matrix import Floats, Integers, Matrix
from optimizer.solving.scaling import Scaled, scaled


@dataclass(frozen=True)
class Kept:
    """The model in the solver's units, by a key that no other model of the process has; `columns` get values.

    With `keep` its process keeps it, with its basis; without, it is loaded anew each time.
    """

    key: str
    fine: Scaled
    columns: Integers
    keep: bool

    def arrays(self) -> dict[str, Any]:
        return self.fine.matrix.arrays()

    def within(self, values: Floats) -> Floats:
        """Values of the columns in the solver's units."""
        inside: Floats = values / self.fine.columns[self.columns]
        return inside

    def outside(self, duals: Floats) -> Floats:
        """Duals as those of the model's own units."""
        own: Floats = duals * self.fine.rows / self.fine.objective if duals.size else duals
        return own


def kept(key: str, matrix: Matrix, columns: Sequence[int], keep: bool = True) -> Kept:
    """The relaxation of a model. Raises OutOfProportion where no unit brings it into a solver's reach."""
    return Kept(key, scaled(matrix.relaxed()), np.array(columns, dtype=np.int32), keep)
