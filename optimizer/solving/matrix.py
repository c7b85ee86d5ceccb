"""A PuLP problem as one frozen sparse model: what is solved, certified and hashed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import pulp
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int32]

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

    def cost_of(self, values: Floats) -> float:
        """cost · x of some values, rounded once."""
        return math.fsum(self.cost * values)

    def reach(self, row: int) -> float:
        """The most that the terms of a row can come to, whatever their signs; lower bounds are 0."""
        span = slice(self.start[row], self.start[row + 1])
        return math.fsum(np.abs(self.value[span]) * self.upper[self.index[span]])


def to_matrix(problem: pulp.LpProblem) -> Matrix:
    """The frozen model of a problem. Raises ArithmeticError for a number that is not finite.

    Columns are in the order of their names: PuLP 3 sorts them so, PuLP 4 does not, and a plan depends on the order.
    """
    variables = sorted(problem.variables(), key=lambda variable: variable.name)
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
    _refuse_infinite(matrix)
    return matrix


def row_numbers(matrix: Matrix) -> NDArray[np.int64]:
    """The row of each entry."""
    return np.repeat(np.arange(len(matrix.rows)), np.diff(matrix.start))


def row_limits(matrix: Matrix) -> Floats:
    """The size of each row's limit, the larger of two, 0 where it has none."""
    lower, upper = (np.where(np.isfinite(b), np.abs(b), 0.0) for b in (matrix.row_lower, matrix.row_upper))
    return np.maximum(lower, upper)


class Column(NamedTuple):
    """A further column from 0 to `upper`; `entries` has its coefficient by row number."""

    name: str
    cost: float
    upper: float
    entries: Mapping[int, float]
    integer: bool = False


def with_columns(matrix: Matrix, columns: Sequence[Column]) -> Matrix:
    """A model with further columns at its end."""
    count = len(matrix.cost)
    entries = sorted((i, count + k, value) for k, column in enumerate(columns) for i, value in column.entries.items())
    rows = np.array([i for i, _, _ in entries], dtype=np.int64)
    ends = matrix.start[rows + 1]
    added = np.bincount(rows, minlength=len(matrix.rows))
    return replace(
        matrix,
        cost=np.concatenate([matrix.cost, [column.cost for column in columns]]),
        lower=np.concatenate([matrix.lower, np.zeros(len(columns))]),
        upper=np.concatenate([matrix.upper, [column.upper for column in columns]]),
        integer=np.concatenate([matrix.integer, np.array([column.integer for column in columns], dtype=bool)]),
        start=(matrix.start + np.concatenate([[0], np.cumsum(added)])).astype(np.int32),
        index=np.insert(matrix.index, ends, [j for _, j, _ in entries]).astype(np.int32),
        value=np.insert(matrix.value, ends, [value for _, _, value in entries]),
        columns=(*matrix.columns, *(column.name for column in columns)),
    )


class Line(NamedTuple):
    """A further row, `lower` ≤ Σ coefficient · column ≤ `upper`; `entries` has its coefficient by column number."""

    name: str
    lower: float
    upper: float
    entries: Mapping[int, float]


def with_rows(matrix: Matrix, rows: Sequence[Line]) -> Matrix:
    """A model with further rows at its end."""
    terms = [sorted(row.entries.items()) for row in rows]
    ends = matrix.start[-1] + np.cumsum([len(row) for row in terms], dtype=np.int64)
    return replace(
        matrix,
        row_lower=np.concatenate([matrix.row_lower, [row.lower for row in rows]]),
        row_upper=np.concatenate([matrix.row_upper, [row.upper for row in rows]]),
        start=np.concatenate([matrix.start, ends]).astype(np.int32),
        index=np.concatenate([matrix.index, [j for row in terms for j, _ in row]]).astype(np.int32),
        value=np.concatenate([matrix.value, [value for row in terms for _, value in row]]),
        rows=(*matrix.rows, *(row.name for row in rows)),
    )


def with_objective(matrix: Matrix, entries: Mapping[int, float]) -> Matrix:
    """The same limits, but Σ coefficient · column is what is minimised."""
    cost = np.zeros(len(matrix.cost))
    cost[list(entries)] = list(entries.values())
    return replace(matrix, cost=cost)


def cost_row(matrix: Matrix, most: float) -> Line:
    """The row that keeps the objective at or below `most`, in millions of USD."""
    paid = np.flatnonzero(matrix.cost).tolist()
    return Line("cost_within", -np.inf, most, {j: float(matrix.cost[j]) for j in paid})


def _refuse_infinite(matrix: Matrix) -> None:
    if not (np.isfinite(matrix.upper).all() and np.isfinite(matrix.lower).all() and np.isfinite(matrix.value).all()):
        raise ArithmeticError("a bound or coefficient is not finite")


def uncomfortable(matrix: Matrix) -> str | None:
    """A warning if coefficients lie outside the range in which solvers are exact; None if all is well."""
    size = np.abs(matrix.value)
    low, high = COMFORTABLE
    if not size.size or (size.min() >= low and size.max() <= high):
        return None
    span = f"{size.min():.2g} to {size.max():.2g}"
    return f"numbers of very different size meet in the model (coefficients {span}); check units"
