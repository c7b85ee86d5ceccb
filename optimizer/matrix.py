"""A PuLP problem as one frozen sparse model: what is solved, certified and hashed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pulp
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int32]

SMALLEST_COEFFICIENT = 1e-8
"""HiGHS drops coefficients below 1e-9 without an error and then calls a broken model optimal."""
COMFORTABLE = (1e-5, 1e5)


@dataclass(frozen=True)
class Matrix:
    """Minimise cost · x subject to row_lower ≤ A x ≤ row_upper, lower ≤ x ≤ upper, x integer where told.

    A is stored by rows: row i has columns `index[start[i]:start[i + 1]]` with the `value`s beside.
    Money is in millions of USD; `columns` and `rows` are names such as `order(…)`.
    """

    cost: Floats
    lower: Floats
    upper: Floats
    integer: NDArray[np.bool_]
    row_lower: Floats
    row_upper: Floats
    start: Integers
    index: Integers
    value: Floats
    columns: tuple[str, ...]
    rows: tuple[str, ...]

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The numbers without the names, for the solver's process."""
        names = ("cost", "lower", "upper", "integer", "row_lower", "row_upper", "start", "index", "value")
        return {name: getattr(self, name) for name in names}

    def column_numbers(self, variable: str) -> list[int]:
        """The numbers of the columns of a variable, such as `order`."""
        return [j for j, name in enumerate(self.columns) if name.startswith(f"{variable}(")]


class ExtraRow(NamedTuple):
    """A row to add to a model: its coefficients by column number, between two bounds."""

    name: str
    terms: Mapping[int, float]
    lower: float
    upper: float


def extended(matrix: Matrix, choices: Sequence[str] = (), rows: Sequence[ExtraRow] = ()) -> Matrix:
    """A model with more columns, each a yes/no choice that costs nothing, and more rows."""
    count = len(choices)
    terms = [sorted(row.terms.items()) for row in rows]
    starts = matrix.start[-1] + np.cumsum([0, *map(len, terms)])[1:]
    flat = [term for row in terms for term in row]
    return Matrix(
        cost=np.append(matrix.cost, np.zeros(count)),
        lower=np.append(matrix.lower, np.zeros(count)),
        upper=np.append(matrix.upper, np.ones(count)),
        integer=np.append(matrix.integer, np.ones(count, dtype=bool)),
        row_lower=np.append(matrix.row_lower, [row.lower for row in rows]),
        row_upper=np.append(matrix.row_upper, [row.upper for row in rows]),
        start=np.append(matrix.start, starts).astype(np.int32),
        index=np.append(matrix.index, [j for j, _ in flat]).astype(np.int32),
        value=np.append(matrix.value, [coefficient for _, coefficient in flat]).astype(float),
        columns=(*matrix.columns, *choices),
        rows=(*matrix.rows, *(row.name for row in rows)),
    )


def to_matrix(problem: pulp.LpProblem) -> Matrix:
    """The frozen model of a problem. Raises ArithmeticError for a coefficient that a solver would drop."""
    variables = problem.variables()
    number = {variable.name: j for j, variable in enumerate(variables)}
    cost = np.zeros(len(variables))
    for variable, usd in problem.objective.items():
        cost[number[variable.name]] = usd
    rows, start, index, value, lower, upper = [], [0], [], [], [], []
    for row in problem.constraints():
        terms = sorted((number[variable.name], coefficient) for variable, coefficient in row.items())
        index += [j for j, coefficient in terms if coefficient]
        value += [coefficient for _, coefficient in terms if coefficient]
        start.append(len(index))
        rows.append(row.name)
        bound = -row.constant
        lower.append(bound if row.sense >= 0 else -np.inf)
        upper.append(bound if row.sense <= 0 else np.inf)
    matrix = Matrix(
        cost=cost,
        lower=np.array([variable.lowBound for variable in variables], dtype=float),
        upper=np.array([variable.upBound for variable in variables], dtype=float),
        integer=np.array([variable.cat == pulp.LpInteger for variable in variables], dtype=bool),
        row_lower=np.array(lower, dtype=float),
        row_upper=np.array(upper, dtype=float),
        start=np.array(start, dtype=np.int32),
        index=np.array(index, dtype=np.int32),
        value=np.array(value, dtype=float),
        columns=tuple(number),
        rows=tuple(rows),
    )
    _refuse_dropped(matrix)
    return matrix


LARGEST_COEFFICIENT = 1e10


def _refuse_dropped(matrix: Matrix) -> None:
    if not (np.isfinite(matrix.upper).all() and np.isfinite(matrix.lower).all() and np.isfinite(matrix.value).all()):
        raise ArithmeticError("a bound or coefficient is not finite")
    size = np.abs(matrix.value)
    wrong = (size < SMALLEST_COEFFICIENT) | (size > LARGEST_COEFFICIENT)
    if wrong.any():
        k = int(np.argmax(wrong))
        row = matrix.rows[int(np.searchsorted(matrix.start, k, side="right")) - 1]
        column = matrix.columns[matrix.index[k]]
        kind = "small" if size[k] < 1 else "large"
        raise ArithmeticError(
            f"{column} has the coefficient {matrix.value[k]:.3g} in {row}, too {kind} to solve reliably: "
            "a rate, price or power is out of proportion to its demand, budget or site"
        )


def uncomfortable(matrix: Matrix) -> str | None:
    """A warning if coefficients lie outside the range in which solvers are exact; None if all is well."""
    size = np.abs(matrix.value)
    low, high = COMFORTABLE
    if not size.size or (size.min() >= low and size.max() <= high):
        return None
    span = f"{size.min():.2g} to {size.max():.2g}"
    return f"numbers of very different size meet in the model (coefficients {span}); check units"
