"""The plain model in Pyomo: sparse sets of keys, what is in service as an expression, rules as sums; HiGHS solves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable
from typing import Any

import pyomo.environ as pyo
from pyomo.opt import TerminationCondition

from benchmarks.peers.plain import NOTHING, Answer, Plain


def solved(plain: Plain, gap: float, seconds: float) -> Answer:
    """Builds and solves the plain model."""
    model = stated(plain)
    solver = pyo.SolverFactory("appsi_highs")
    solver.options = {"threads": 1, "parallel": "off", "mip_rel_gap": gap, "time_limit": float(seconds)}
    solver.config.load_solution = False
    solver.config.warmstart = False
    result = solver.solve(model, load_solutions=False)
    if result.problem.upper_bound is None:
        return NOTHING
    reached = result.solver.termination_condition == TerminationCondition.optimal
    return Answer(float(result.problem.upper_bound), reached)


def stated(plain: Plain) -> pyo.ConcreteModel:
    m = pyo.ConcreteModel()
    orders = range(len(plain.orders))
    m.order = pyo.Var(orders, domain=pyo.NonNegativeIntegers, bounds=lambda _, i: (0, plain.orders[i].most))
    m.run = pyo.Var(list(plain.works), domain=pyo.NonNegativeReals)
    m.unmet = pyo.Var(list(plain.unmet), bounds=(0, 1))
    m.engineer = pyo.Var(list(plain.engineer), domain=pyo.Binary)

    there = _by((((o.system, o.place, t), i) for i, o in enumerate(plain.orders) for t in range(o.t, o.last + 1)))
    m.in_service = pyo.Expression(list(plain.standing), rule=lambda m, *key: sum(m.order[i] for i in there[key]))

    runs = _by(((y, s, t), (y, s, w, t)) for y, s, w, t in plain.works)
    m.run_within_service = pyo.Constraint(
        list(runs),
        rule=lambda m, *key: sum(m.run[k] for k in runs[key]) <= plain.availability * m.in_service[key],
    )
    does = _by(((w, t), (y, s, w, t)) for y, s, w, t in plain.works)
    m.serve = pyo.Constraint(
        list(plain.unmet),
        rule=lambda m, *key: sum(plain.works[k] * m.run[k] for k in does[key]) + m.unmet[key] >= 1,
    )
    draws = _by(((r, s, t), (y, use)) for (r, y, s, t), use in plain.uses.items())
    m.within_site = pyo.Constraint(
        list(plain.room),
        rule=lambda m, r, s, t: sum(use * m.in_service[y, s, t] for y, use in draws[r, s, t]) <= plain.room[r, s, t],
    )
    entering = _by(((o.offer, o.t), i) for i, o in enumerate(plain.orders))
    m.within_supply = pyo.Constraint(
        list(plain.supply), rule=lambda m, *key: sum(m.order[i] for i in entering[key]) <= plain.supply[key]
    )
    m.engineer_before_order = pyo.Constraint(
        range(len(plain.one_offs)),
        rule=lambda m, i: _engineered(m, plain, i) >= sum(m.order[j] for j in entering[plain.one_offs[i][1:3]]),
    )
    m.cost = pyo.Objective(
        expr=sum(o.usd * m.order[i] for i, o in enumerate(plain.orders))
        + sum(usd * m.in_service[key] for key, usd in plain.standing.items() if usd)
        + sum(usd * m.unmet[key] for key, usd in plain.unmet.items())
        + sum(usd * m.engineer[key] for key, usd in plain.engineer.items())
    )
    return m


def _engineered(m: Any, plain: Plain, number: int) -> Any:
    one = plain.one_offs[number]
    return one.most * sum(m.engineer[one.accelerator, tau] for tau in plain.periods if tau <= one.by)


def _by(pairs: Iterable[tuple[Hashable, Any]]) -> defaultdict[Hashable, list[Any]]:
    """Values by key."""
    groups: defaultdict[Hashable, list[Any]] = defaultdict(list)
    for key, value in pairs:
        groups[key].append(value)
    return groups
