"""What the parts of the formulation are made of: variables by key, rows with names, cost terms.

Units are fixed so that coefficients stay between 1e-5 and 1e5: money in millions of USD, power in MW,
work in thousandths of the demand it serves, systems in systems.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from optimizer.tables import Cohort, FleetEntry, Stock, Tables, Work, ordered_as

if TYPE_CHECKING:
    import pulp

USD_PER_MODEL_UNIT = 1e6
WHOLE = "Integer"
"""What PuLP calls the category of whole numbers."""
DEMAND_PARTS = 1000.0
"""A demand is this many units of work in its row."""

Terms = list[tuple["pulp.LpVariable", float]]


class Share(NamedTuple):
    """A share of a whole: the row says Σ part − share · Σ whole (≤ or ≥) 0, each with its constant."""

    part: Terms
    part_constant: float
    whole: Terms
    whole_constant: float
    share: float


class Row(NamedTuple):
    """A constraint: Σ coefficient · variable, `sense` ("<=", ">=" or "="), `bound`.

    `scale` times the row is in the user's `unit`; `constant`, in that unit, is used whatever is decided and
    is already taken off the bound. A row that limits a share says of what.
    """

    keys: tuple[str, ...]
    terms: Terms
    sense: str
    bound: float
    unit: str
    scale: float = 1.0
    constant: float = 0.0
    share: Share | None = None

    def usd_per_unit(self, dual: float) -> float:
        """What one unit more in the row is worth by its dual, in USD of the user's unit."""
        return dual * USD_PER_MODEL_UNIT / self.scale


class Band(NamedTuple):
    """A step of an offer's price breaks for the orders entering service in period t, all places together.

    `first` and `last` are its systems, counted from 1; `factor` is what the price is times, that of a `frame` if any.
    """

    offer: str
    t: int
    step: int
    first: float
    last: float
    factor: float
    frame: str | None = None

    @property
    def label(self) -> str:
        """What the systems paid at it are ordered as."""
        return ordered_as(self.offer, self.frame)


class CostTerm(NamedTuple):
    """`usd` per unit of a variable, as cash in period t, undiscounted."""

    variable: pulp.LpVariable
    t: int
    usd: float


def row_name(constraint: str, keys: Iterable[str]) -> str:
    """A row's name everywhere: `power_within_site(prineville,2027q1)`."""
    return f"{constraint}({','.join(keys)})"


def model_name(name: str) -> str:
    """A row's name inside the model and its LP and MPS files, where months are written `2027m01`.

    PuLP would turn the hyphen of `2027-01` into an underscore.
    """
    return name.replace("-", "m")


def expression(terms: Sequence[tuple[pulp.LpVariable, float]]) -> pulp.LpAffineExpression:
    """Σ coefficient · variable, built so that PuLP 3 and 4 take the same few microseconds a term."""
    (variable, coefficient), *rest = terms
    result = coefficient * variable
    for variable, coefficient in rest:
        result.addterm(variable, coefficient)
    return result


class Model:
    """A problem under construction: the tables it is made from and its variables by key."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        import pulp  # with every solver that it knows it takes a tenth of a second: not before a model is made

        self._problem = pulp.LpProblem("chipmix", pulp.LpMinimize)
        self._is_stated = False
        self.variables: list[pulp.LpVariable] = []
        self.objective: Mapping[pulp.LpVariable, float] = {}
        self.rows: dict[str, Row] = {}
        self.costs: dict[str, list[CostTerm]] = {}
        self.cash: defaultdict[str, list[CostTerm]] = defaultdict(list)
        self.taxed: defaultdict[str, list[CostTerm]] = defaultdict(list)
        self.cohort: dict[Cohort, pulp.LpVariable] = {}
        self.in_service: dict[tuple[str, str, int], pulp.LpVariable] = {}
        self.run: dict[Work, pulp.LpVariable] = {}
        self.unmet: dict[tuple[str, int], pulp.LpVariable] = {}
        self.served: dict[tuple[str, int], pulp.LpVariable] = {}
        self.retire: dict[tuple[FleetEntry, int], pulp.LpVariable] = {}
        self.expand: dict[tuple[str, int], pulp.LpVariable] = {}
        self.idle_mwh: dict[tuple[str, int], pulp.LpVariable] = {}
        self.blocks: dict[tuple[str, int], pulp.LpVariable] = {}
        self.engineer: dict[tuple[str, int], pulp.LpVariable] = {}
        self.port: dict[tuple[str, str, int], pulp.LpVariable] = {}
        self.host_cluster: dict[tuple[str, str, str, int], pulp.LpVariable] = {}
        self.orders_any: dict[tuple[str, int], pulp.LpVariable] = {}
        self.band: dict[Band, pulp.LpVariable] = {}
        self.band_used: dict[Band, pulp.LpVariable] = {}
        self.sign: dict[str, pulp.LpVariable] = {}
        self.frame_shortfall: dict[str, pulp.LpVariable] = {}

    def add(
        self, name: str, keys: Iterable[str], most: float, integer: bool = False, least: float = 0
    ) -> pulp.LpVariable:
        """A variable from 0, or `least`, to `most`, which must be finite: certificates rest on it."""
        kind = WHOLE if integer else "Continuous"
        variable = self._problem.add_variable(model_name(row_name(name, keys)), least, most, kind)
        self.variables.append(variable)
        return variable

    def period(self, t: int) -> str:
        return self.tables.calendar.key(t)

    def at(self, row: Stock) -> pulp.LpVariable:
        """in_service(y,s,t) of a stock row."""
        return self.in_service[row.system, row.place, row.t]

    def add_costs(self, line: str, budget: str | None, taxed: str | None, terms: Iterable[CostTerm]) -> None:
        """Adds a cost line under its name, to the cash of its budget, and to the profit taxed as of `mid` or `end`."""
        self.costs[line] = list(terms)
        if budget is not None:
            self.cash[budget] += self.costs[line]
        if taxed is not None:
            self.taxed[taxed] += self.costs[line]

    def add_rows(self, constraint: str, rows: Iterable[Row]) -> None:
        """Adds a constraint's rows under its name. A row without terms must hold by itself."""
        for row in rows:
            name = row_name(constraint, row.keys)
            self.rows[name] = row
            self.stated_terms(row)

    def stated_terms(self, row: Row) -> Terms:
        """The terms of a row as it is stated, at least one."""
        return row.terms or [(self.nothing, 1.0)]

    def minimize(self, costs: Mapping[pulp.LpVariable, float]) -> None:
        """States what is minimised, in millions of USD of each variable."""
        self.objective = costs or {self.nothing: 0.0}

    @property
    def problem(self) -> pulp.LpProblem:
        """All of it in PuLP: for LP and MPS files and other solvers. `matrix_of` reads it without."""
        if not self._is_stated:
            self._is_stated = True
            for name, row in self.rows.items():
                left = expression(self.stated_terms(row))
                relation = {"<=": left.__le__, ">=": left.__ge__, "=": left.__eq__}[row.sense]
                self._problem.addConstraint(relation(row.bound), model_name(name))
            self._problem += expression([*self.objective.items()])
        return self._problem

    @property
    def nothing(self) -> pulp.LpVariable:
        """A variable fixed at 0, so that an impossible row without terms stays in the model."""
        if not hasattr(self, "_nothing"):
            self._nothing = self.add("nothing", (), 0)
        return self._nothing
