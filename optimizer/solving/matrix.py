"""A PuLP problem as one frozen sparse model: what is solved, certified and hashed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizer.formulation.model import USD_PER_MODEL_UNIT, model_name

if TYPE_CHECKING:
    import pulp

    from optimizer.formulation.model import Model

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

    def by_column(self, values: Mapping[str, float]) -> dict[int, float]:
        """Values by the number of their column instead of its name, as far as there are such columns."""
        return {j: values[name] for j, name in enumerate(self.columns) if name in values}

    def cost_of(self, values: Floats) -> float:
        """cost · x of some values, rounded once."""
        return math.fsum(self.cost * values)

    def most_activity(self, row: int) -> float:
        """The most that the terms of a row can come to, whatever their signs; lower bounds are 0."""
        span = slice(self.start[row], self.start[row + 1])
        return math.fsum(np.abs(self.value[span]) * self.upper[self.index[span]])

    def cost_row(self, most: float) -> NewRow:
        """The row that keeps the objective at or below `most`, in millions of USD."""
        paid = np.flatnonzero(self.cost).tolist()
        return NewRow("cost_within", -np.inf, most, {j: float(self.cost[j]) for j in paid})

    def minimising(self, entries: Mapping[int, float]) -> Matrix:
        """The same limits, but Σ coefficient · column is what is minimised: with no entries, any plan will do."""
        cost = np.zeros(len(self.cost))
        cost[list(entries)] = list(entries.values())
        return replace(self, cost=cost)

    def relaxed(self, columns: NDArray[np.bool_] | None = None) -> Matrix:
        """The relaxation: no column has to be whole, or none of those told."""
        return replace(self, integer=np.zeros_like(self.integer) if columns is None else self.integer & ~columns)

    def fixed(self, values: Mapping[int, float]) -> Matrix:
        """A model with some columns fixed, by number; what is fixed may lie beyond what would be worth having."""
        lower, upper = self.lower.copy(), self.upper.copy()
        lower[list(values)] = upper[list(values)] = list(values.values())
        return replace(self, lower=lower, upper=upper)

    def narrowed(self, columns: Sequence[int], least: Floats, most: Floats) -> Matrix:
        """A model with some columns between the least and the most told, as far as their own bounds let them."""
        lower, upper = self.lower.copy(), self.upper.copy()
        lower[columns] = np.clip(least, self.lower[columns], self.upper[columns])
        upper[columns] = np.clip(most, self.lower[columns], self.upper[columns])
        return replace(self, lower=lower, upper=upper)

    def loosened(self, gives: Iterable[tuple[int, float]]) -> Matrix:
        """A model with limits of rows moved, one after another: upper ones by a give above 0, else lower ones."""
        lower, upper = self.row_lower.copy(), self.row_upper.copy()
        for row, give in gives:
            (upper if give > 0 else lower)[row] += give
        return replace(self, row_lower=lower, row_upper=upper)

    def without_limits(self, rows: Sequence[int]) -> Matrix:
        """A model in which some rows limit nothing."""
        lower, upper = self.row_lower.copy(), self.row_upper.copy()
        lower[rows], upper[rows] = -np.inf, np.inf
        return replace(self, row_lower=lower, row_upper=upper)

    def with_columns(self, columns: Sequence[NewColumn]) -> Matrix:
        """A model with further columns at its end."""
        count = len(self.cost)
        entries = sorted(
            (i, count + k, value) for k, column in enumerate(columns) for i, value in column.entries.items()
        )
        rows = np.array([i for i, _, _ in entries], dtype=np.int64)
        added = np.bincount(rows, minlength=len(self.rows))
        return replace(
            self,
            cost=np.concatenate([self.cost, [column.cost for column in columns]]),
            lower=np.concatenate([self.lower, np.zeros(len(columns))]),
            upper=np.concatenate([self.upper, [column.upper for column in columns]]),
            integer=np.concatenate([self.integer, np.array([column.integer for column in columns], dtype=bool)]),
            start=(self.start + np.concatenate([[0], np.cumsum(added)])).astype(np.int32),
            index=np.insert(self.index, self.start[rows + 1], [j for _, j, _ in entries]).astype(np.int32),
            value=np.insert(self.value, self.start[rows + 1], [value for _, _, value in entries]),
            columns=(*self.columns, *(column.name for column in columns)),
        )

    def with_rows(self, rows: Sequence[NewRow]) -> Matrix:
        """A model with further rows at its end."""
        terms = [sorted(row.entries.items()) for row in rows]
        ends = self.start[-1] + np.cumsum([len(row) for row in terms], dtype=np.int64)
        return replace(
            self,
            row_lower=np.concatenate([self.row_lower, [row.lower for row in rows]]),
            row_upper=np.concatenate([self.row_upper, [row.upper for row in rows]]),
            start=np.concatenate([self.start, ends]).astype(np.int32),
            index=np.concatenate([self.index, [j for row in terms for j, _ in row]]).astype(np.int32),
            value=np.concatenate([self.value, [value for row in terms for _, value in row]]),
            rows=(*self.rows, *(row.name for row in rows)),
        )

    def elastic(self, gives: Sequence[Give]) -> Matrix:
        """The elastic model: rows may be violated, and the weighed violations are all that is minimised."""
        return self.minimising({}).with_columns(
            [NewColumn(give.name, give.weight, self._most(give), give.rows) for give in gives]
        )

    def _most(self, give: Give) -> float:
        """The most that rows can have to give: their variables at their extremes."""
        if give.most is not None:
            return give.most
        worst = 0.0
        for i, each in give.rows.items():
            bound = self.row_upper[i] if each < 0 else self.row_lower[i]
            worst = max(worst, (self.most_activity(i) + abs(float(bound))) / abs(each))
        return worst


class NewColumn(NamedTuple):
    """A further column from 0 to `upper`; `entries` has its coefficient by row number."""

    name: str
    cost: float
    upper: float
    entries: Mapping[int, float]
    integer: bool = False


class NewRow(NamedTuple):
    """A further row, `lower` ≤ Σ coefficient · column ≤ `upper`; `entries` has its coefficient by column number."""

    name: str
    lower: float
    upper: float
    entries: Mapping[int, float]


class Give(NamedTuple):
    """A violation that is allowed at a price.

    `rows` has what one unit of it is worth in each row, by number: above 0 where the lower limit gives, below 0 where
    the upper one does. `most` is the most of it, None for what the rows can need.
    """

    name: str
    weight: float
    rows: Mapping[int, float]
    most: float | None = None


def matrix_of(model: Model) -> Matrix:
    """The frozen model of a model: that of its problem, number by number, read where PuLP would have had it from.

    Stating rows as PuLP's expressions takes a third of the time of building a model, for what nobody looks at unless
    the model is written to a file or solved by another solver. A term stated twice is added up, as PuLP does. Raises
    ArithmeticError for a number that is not finite.
    """
    named = sorted(((variable.name, variable) for variable in model.variables), key=lambda pair: pair[0])
    number = {id(variable): j for j, (_, variable) in enumerate(named)}
    cost = np.zeros(len(named))
    for variable, usd in model.objective.items():
        cost[number[id(variable)]] = usd
    start, index, value = [0], list[int](), list[float]()
    for row in model.rows.values():
        entries: dict[int, float] = {}
        for variable, coefficient in model.stated_terms(row):
            j = number[id(variable)]
            entries[j] = entries[j] + coefficient if j in entries else coefficient
        used = [j for j in sorted(entries) if entries[j]]
        index += used
        value += [entries[j] for j in used]
        start.append(len(index))
    bounds = [(row.sense, 0.0 + row.bound) for row in model.rows.values()]
    matrix = Matrix(
        cost=cost,
        lower=np.array([variable.lowBound for _, variable in named], dtype=float),
        upper=np.array([variable.upBound for _, variable in named], dtype=float),
        integer=np.array([variable.cat == "Integer" for _, variable in named], dtype=bool),
        row_lower=np.array([-np.inf if sense == "<=" else bound for sense, bound in bounds], dtype=float),
        row_upper=np.array([np.inf if sense == ">=" else bound for sense, bound in bounds], dtype=float),
        start=np.array(start, dtype=np.int32),
        index=np.array(index, dtype=np.int32),
        value=np.array(value, dtype=float),
        columns=tuple(name for name, _ in named),
        rows=tuple(model_name(name) for name in model.rows),
    )
    _refuse_infinite(matrix)
    return matrix


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
        bound = 0.0 - row.constant  # never −0, whose sign depends on how the row was put together
        lower.append(bound if row.sense >= 0 else -np.inf)
        upper.append(bound if row.sense <= 0 else np.inf)
    matrix = Matrix(
        cost=cost,
        lower=np.array([variable.lowBound for variable in variables], dtype=float),
        upper=np.array([variable.upBound for variable in variables], dtype=float),
        integer=np.array([variable.cat == "Integer" for variable in variables], dtype=bool),
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


def in_usd(cost: float) -> float:
    """A cost of a model, which counts in millions of USD, in USD."""
    return cost * USD_PER_MODEL_UNIT


def row_numbers(matrix: Matrix) -> NDArray[np.int64]:
    """The row of each entry."""
    return np.repeat(np.arange(len(matrix.rows)), np.diff(matrix.start))


def row_limits(matrix: Matrix) -> Floats:
    """The size of each row's limit, the larger of two, 0 where it has none."""
    lower, upper = (np.where(np.isfinite(b), np.abs(b), 0.0) for b in (matrix.row_lower, matrix.row_upper))
    return np.maximum(lower, upper)


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
