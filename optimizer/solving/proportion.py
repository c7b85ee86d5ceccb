"""Numbers that are out of all proportion to one another, refused at their place in the file."""

from __future__ import annotations

import math
from collections.abc import Iterator

from catalogs.problems import InputError, Problem
from optimizer.formulation.business_limits import business_limits
from optimizer.formulation.model import Model, model_name
from optimizer.request.edits import Key
from optimizer.request.load import Request
from optimizer.solving.matrix import Matrix
from optimizer.solving.scaling import OutOfProportion, scaled
from optimizer.tables import grouped

MOST_SYSTEMS = 1e9
"""Systems that are still counted one by one: beyond, a solver no longer tells one from the next."""
LEAST_PART = 1e-6
"""The part of a system below which what is divided is none."""


def refuse_out_of_proportion(request: Request, model: Model, matrix: Matrix) -> None:
    """Raises InputError for work that takes less of a divisible system than can be told from none.

    And for a row of the model in which numbers meet that no unit makes comparable.
    """
    problems = list(_too_little(request, model))
    try:
        scaled(matrix)
    except OutOfProportion as error:
        problems.append(request.problem(_field(model, error), f"{error}; check its unit"))
    if problems:
        raise InputError(problems)


def refuse_uncountable(request: Request, model: Model) -> None:
    """Raises InputError for work that takes more systems than a solver can count."""
    problems = list(_too_many(request, model))
    if problems:
        raise InputError(problems)


def _too_many(request: Request, model: Model) -> Iterator[Problem]:
    """Work that must be done, and takes more systems than are counted, whichever do it."""
    fewest = _fewest(model)
    for demand, group in grouped(fewest, lambda key: key[0]).items():
        systems = max(fewest[key] for key in group)
        if systems > MOST_SYSTEMS:
            text = (
                f"takes at least {systems:,.0f} systems of anything that can do it; check its unit against throughput"
            )
            yield request.problem(("demand", demand), text)


def _fewest(model: Model) -> dict[tuple[str, int], float]:
    """Systems that must be at work at the least, by demand and period of what must be done."""
    tables = model.tables
    best: dict[tuple[str, int], float] = {}
    for row in model.run:
        best[row.demand, row.t] = max(best.get((row.demand, row.t), 0.0), row.per_system)
    found = {
        (need.demand, need.t): need.per_second / best[need.demand, need.t]
        for need in tables.needs
        if not need.may_be_unmet and (need.demand, need.t) in best
    }
    for deadline in tables.deadlines:
        able = math.fsum(best.get((deadline.demand, t), 0.0) for t in range(1, deadline.t + 1))
        if able:
            found[deadline.demand, deadline.t] = deadline.unit_hours / (tables.calendar.hours * able)
    return found


def _too_little(request: Request, model: Model) -> Iterator[Problem]:
    """Work that takes next to nothing of a system that may be divided: nobody orders a ten-millionth of one."""
    divided = {offer.system for offer in model.tables.offers.values() if offer.divisible}
    for demand, rows in grouped(model.run, lambda row: row.demand).items():
        least = min((row for row in rows if row.system in divided), key=lambda row: row.most, default=None)
        if least is not None and least.most < LEAST_PART:
            text = f"takes {least.most:.2g} of a {least.system}, which is divisible; check its unit against throughput"
            yield request.problem(("demand", demand), text)


def _field(model: Model, error: OutOfProportion) -> Key:
    """The field of the scenario behind a row; none where the row states how things work."""
    limits = {model_name(name): limit.key for limit in business_limits(model) for name in limit.rows}
    key = limits.get(error.row, ())
    return () if key[:1] == ("catalog",) else key
