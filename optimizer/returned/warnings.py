"""What a plan that comes back warns of beyond its costs, told again by the model of its inputs.

The audit computes again what follows from decisions and costs. What hangs on all that might have been ordered (a demand
that nothing can serve in time, a quote off the trend) is told here by the code that told it first.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

import numpy as np

from optimizer.audit.warnings import FOLLOWING
from optimizer.formulation.model import Model
from optimizer.plan.format import Plan
from optimizer.plan.solved_model import SolvedModel
from optimizer.plan.warnings import said
from optimizer.replan.earlier import decisions, retired
from optimizer.solving.matrix import Matrix, uncomfortable
from optimizer.solving.solution import Solution

MADE = {
    "close_to": r"stays close to the approved plan: .+",
    "begun_from": r"every order of the plan before is kept: .+|order lines changed against the plan before: .+",
}
"""What is told of how a plan was made, by the option of the run that says so."""


def told_otherwise(plan: Plan, model: Model, matrix: Matrix) -> Iterator[str]:
    """Warnings and notes that the model tells and the plan does not, or the other way round."""
    again = said(_ordered(plan, model, matrix), (), filter(None, [uncomfortable(matrix)]))
    for name, told, expected in (("warnings", plan.warnings, again.warnings), ("notes", plan.notes, again.notes)):
        mine, theirs = Counter(_beyond(_not_of_making(plan, told))), Counter(_beyond(expected))
        yield from (f"{name}: nothing says '{text}'" for text in sorted((mine - theirs).keys()))
        yield from (f"{name}: one is missing: {text}" for text in sorted((theirs - mine).keys()))


def _beyond(texts: Iterable[str]) -> list[str]:
    """The texts that the audit does not compute again."""
    return [text for text in texts if not any(re.fullmatch(pattern, text) for pattern in FOLLOWING)]


def _not_of_making(plan: Plan, texts: Iterable[str]) -> list[str]:
    """The texts but those on how the plan was made, of which a run has one where its options say so."""
    left = list(texts)
    for option, pattern in MADE.items():
        of_it = [text for text in left if option in plan.run.options and re.fullmatch(pattern, text)]
        for text in of_it[:1]:
            left.remove(text)
    return left


def _ordered(plan: Plan, model: Model, matrix: Matrix) -> SolvedModel:
    """The orders, commitments and retired fleet of a plan in its model: all that is needed of a solution here."""
    values = {**decisions(plan), **dict(retired(plan, model))}
    values |= {variable.name: cohort.systems for cohort, variable in model.cohort.items() if cohort.committed}
    found = np.array([values.get(column, 0.0) for column in matrix.columns])
    nothing = np.zeros(len(matrix.rows))
    return SolvedModel(model, matrix, Solution(plan.status, found, nothing, 0.0, 0.0, False, plan.run.solver))
