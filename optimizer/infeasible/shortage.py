"""What a request without a plan lacks: re-solves in which one kind of limit may give way.

`infeasible` is never said on the solver's word alone. Each kind of limit (power, budget, supply, time,
demand) is made elastic by itself, all else staying hard; the least it must give is what is short.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, Decimal
from functools import partial

from optimizer.formulation import build_model
from optimizer.formulation.model import Model, Row, model_name
from optimizer.formulation.register import KINDS, LIMIT, LimitRecord
from optimizer.infeasible.proof import Solve, certified, finer_duals, whole
from optimizer.interruption import OutOfTime
from optimizer.request.load import Request
from optimizer.request.scenario import Porting
from optimizer.solving.matrix import Floats, Give, Matrix, matrix_of
from optimizer.solving.proportion import MOST_SYSTEMS, refuse_uncountable
from optimizer.solving.settle import STRICT, needed
from optimizer.solving.solution import Options, Solution
from optimizer.solving.solve import Solver
from optimizer.tables import build_tables
from optimizer.tables.rows import MILLION

ELASTIC_SECONDS = 60.0
HAIR = 1e-4
"""The weight of a give that is so small that it is looked for again with a finer tolerance."""
LARGE_USD = 1000.0
FOUR = 4
NOISE = 1000
"""How much finer than what is shown of it an amount is known: less is no reason to round up."""
_MEASURED = {"systems": 0.01, "accelerators": 0.001}
"""What a unit of a measure weighs against others in the user's own limits, 1 if not here."""

LEAD_TIME = "lead_time"
_LATE = "lead times, bring-up, engineering, porting and building {amount} shorter"


@dataclass(frozen=True)
class Shortage:
    """One limit and the least by which it is short, in its unit, where only its kind may give way."""

    kind: str
    constraint: str
    name: str
    amount: float
    unit: str

    def __str__(self) -> str:
        text = _LATE if self.constraint == LEAD_TIME else LIMIT[self.constraint].short
        return text.format(name=self.name, amount=_readable(self.amount, self.unit))


def _readable(amount: float, unit: str) -> str:
    """An amount that is enough, with the digits that it takes to say so."""
    if unit == "USD" and amount >= LARGE_USD:
        return f"{enough(amount / MILLION, 3)} million USD"
    if unit == "USD":
        return f"{enough(amount, 2)} USD"
    return f"{enough(amount)} {unit}"


def enough(amount: float, places: int = 0) -> str:
    """A number rounded up to four digits, or to some places after the point if that is more."""
    exact = Decimal(amount)
    step = Decimal(1).scaleb(-max(places, FOUR - 1 - exact.adjusted()))
    known = Decimal(f"{exact / (step / NOISE):.0f}") * (step / NOISE)
    shown = (known / step).to_integral_value(ROUND_CEILING) * step
    least = max(places, -int(shown.normalize().as_tuple().exponent))
    return f"{shown:,.{least}f}"


class Infeasible(Exception):
    """No plan exists. `alone` are the repairs by kind, as far as time went; `together` those of all kinds at once."""

    def __init__(
        self,
        alone: Sequence[Sequence[Shortage]],
        together: Sequence[Shortage],
        proof: str,
        out_of_time: bool = False,
    ) -> None:
        self.alone, self.together, self.proof = tuple(map(tuple, alone)), tuple(together), proof
        self.out_of_time = out_of_time
        super().__init__(self.explanation())

    def explanation(self) -> str:
        """The whole message, one line a kind of limit."""
        lines = [f"no plan meets every limit ({self.proof})"]
        if self.alone:
            lines.append("any one of these lines would be enough, and no less of its kind:")
            lines += [f"  {kind[0].kind}: {'; '.join(map(str, kind))}" for kind in self.alone]
        else:
            none_alone = "" if self.out_of_time else "no kind of limit is enough by itself; "
            lines.append(f"{none_alone}together at least:")
            lines += [f"  {item.kind}: {item}" for item in self.together]
        if self.out_of_time:
            lines.append("the time ran out before every kind of limit was tried by itself")
        return "\n".join(lines)


@dataclass(frozen=True)
class _Group:
    """Rows that give way together, such as the power of one site in every period.

    One unit of give is `scale` times the user's unit, and `rows` has what it is in each row.
    """

    kind: str
    constraint: str
    name: str
    rows: tuple[tuple[int, float], ...]
    weight: float
    unit: str
    scale: float


def _groups(model: Model, matrix: Matrix, kinds: Iterable[str]) -> list[_Group]:
    number = {name: i for i, name in enumerate(matrix.rows)}
    found: dict[tuple[str, str], _Group] = {}
    asked = set(kinds)
    for name, row in model.rows.items():
        record = LIMIT.get(name.partition("(")[0])
        if record is None or record.kind not in asked:
            continue
        key, sign = (record.name, row.keys[0]), 1.0 if row.sense == ">=" else -1.0
        unit, scale, own = ("%", 0.1, 0.1) if record.kind == "demand" else (row.unit, row.scale, row.scale)
        group = found.setdefault(key, _Group(record.kind, *key, (), _weight(record, row), unit, scale))
        found[key] = replace(group, rows=(*group.rows, (number[model_name(name)], sign * group.scale / own)))
    return list(found.values())


def _weight(record: LimitRecord, row: Row) -> float:
    """What a unit of give weighs against others of its kind; only matters where a kind mixes units."""
    if row.unit == "USD":
        return row.scale / MILLION
    return _MEASURED.get(row.unit, 1.0) if record.weight is None else record.weight


def _elastic(matrix: Matrix, groups: Sequence[_Group]) -> Matrix:
    """The least weighted give of some groups of rows: a column each, its cost its weight."""
    return matrix.elastic([Give(f"give({g.constraint},{g.name})", g.weight, dict(g.rows)) for g in groups])


def _weighed(groups: Sequence[_Group], gives: Sequence[float]) -> float:
    return math.fsum(group.weight * give for group, give in zip(groups, gives, strict=True))


class _ElasticRequest:
    """A request in the form in which it can be asked what it lacks.

    What no solver can count (`MOST_SYSTEMS`) need not be whole: an amount of four digits is the same.
    """

    def __init__(self, request: Request, options: Options, ask: Solve) -> None:
        limit = ELASTIC_SECONDS if options.time_limit is None else min(options.time_limit, ELASTIC_SECONDS)
        self.options = replace(options, gap=1e-3, abs_gap=0.0, time_limit=limit)
        self.request, self.ask = request, ask
        self.model = build_model(build_tables(request, loose=True))
        matrix = matrix_of(self.model)
        self.matrix = matrix.relaxed(matrix.upper > MOST_SYSTEMS)

    def least(self, kinds: Iterable[str]) -> tuple[list[Shortage], Solution, Matrix]:
        """The least give of some kinds of limits; no shortages if even that does not make a plan."""
        groups = _groups(self.model, self.matrix, kinds)
        matrix = _elastic(self.matrix, groups)
        solution = self._solved(matrix)
        rows = [group.rows for group in groups]
        gives = needed(self.matrix, solution.values, rows)
        if 0 < _weighed(groups, gives) < HAIR:  # too little for the solver to have told more from less
            finer = self.ask(matrix, replace(self.options, tolerance=STRICT, presolve="off"))
            others = needed(self.matrix, finer.values, rows)
            gives = min(gives, others, key=lambda each: _weighed(groups, each)) if finer.values.size else gives
        short = [
            Shortage(group.kind, group.constraint, group.name, give * group.scale, group.unit)
            for group, give in zip(groups, gives, strict=True)
            if give
        ]
        return short, solution, matrix

    def _solved(self, matrix: Matrix) -> Solution:
        """A solution; that there is none is not believed of presolve, which has taken a give for a whole number."""
        solution, otherwise = self.ask(matrix, self.options), replace(self.options, presolve="off")
        if solution.status != "infeasible" or self.ask(matrix.relaxed(), otherwise).status == "infeasible":
            return solution
        return self.ask(matrix, otherwise)

    def periods_too_late(self) -> Shortage | None:
        """By how many periods every lead time would have to be shorter, if that alone makes a plan."""
        tables = self.model.tables
        waits = [max(offer.lead_periods, len(offer.ramp)) for offer in tables.offers.values()]
        scenario, catalog = tables.scenario, tables.request.catalog
        months = [a.one_off.months for a in catalog.accelerators.values() if a.one_off]
        months += [s.expansion.lead_time_months for s in scenario.sites.values() if s.expansion]
        costs = [cost for demand in scenario.demand.values() for cost in (demand.stacks or {}).values()]
        months += [cost.months for cost in costs if isinstance(cost, Porting)]
        longest = max([*waits, *map(tables.wait, months)], default=0)
        for sooner in range(1, longest + 1):
            matrix = matrix_of(build_model(build_tables(self.request, sooner=sooner)))
            if self.ask(matrix.minimising({}), self.options).values.size:
                unit = {1: "months", 3: "quarters", 12: "years"}[tables.calendar.months]
                return Shortage("time", LEAD_TIME, "every offer", sooner, unit)
        return None


def what_is_short(request: Request, options: Options) -> Infeasible | None:
    """Proves that a request has no plan and says what is short; None if the proof fails.

    The proof is that the certified least violation with every kind of limit elastic is more than the model's
    own numbers are rounded, or, where only whole numbers conflict, that two solves with different presolve and
    seed agree.
    """
    with Solver() as solver:
        return _short(_ElasticRequest(request, options, partial(whole, ask=solver.solve)), options)


def _short(elastic: _ElasticRequest, options: Options) -> Infeasible | None:
    together, solution, matrix = elastic.least(KINDS)
    proof = _proof(elastic, matrix, solution.duals, options) if together else None
    if proof is None:
        return None
    alone: list[list[Shortage]] = []
    try:
        for kind in KINDS:
            alone += filter(None, [elastic.least([kind])[0]])
        late = elastic.periods_too_late()
    except OutOfTime:
        return Infeasible(alone, together, proof, out_of_time=True)
    return Infeasible(alone + ([[late]] if late else []), together, proof)


def _proof(elastic: _ElasticRequest, matrix: Matrix, duals: Floats, options: Options) -> str | None:
    """How it is known that a request has no plan, from duals of its elastic form; None if it is not.

    Raises InputError where whole systems conflict that are too many to be told apart.
    """
    if certified(matrix, duals) or certified(matrix, finer_duals(matrix, elastic.options, elastic.ask)):
        return "proved: the least violation is above zero in exact arithmetic"
    refuse_uncountable(elastic.request, elastic.model)
    again = replace(options, presolve="off", seed=options.seed + 1)
    if elastic.ask(elastic.matrix, again).status == "infeasible":
        return "whole systems do not fit where fractions would; two solves agree"
    return None


def proved_infeasible(request: Request, options: Options, ask: Solve = whole) -> bool:
    """Whether a request that a solver calls infeasible is proved to be: one relaxation, and only if need be a solve.

    `ask` solves; whoever has solvers of his own, which he can end, gives it.
    """
    elastic = _ElasticRequest(request, options, ask)
    matrix = _elastic(elastic.matrix, _groups(elastic.model, elastic.matrix, KINDS))
    return _proof(elastic, matrix, ask(matrix.relaxed(), elastic.options).duals, options) is not None
