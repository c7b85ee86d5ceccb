"""A plan being questioned: what is asked, counted and told to whoever waits."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import TypeVar

from catalogs.problems import InputError
from optimizer.explain.explanation import Between, Changed
from optimizer.formulation.model import Model
from optimizer.plan.format import Plan
from optimizer.request.load import Request
from optimizer.solving.matrix import Matrix
from optimizer.solving.solution import Solution
from optimizer.what_if import NEVER, Bracket, Outcome, WhatIf

Task = TypeVar("Task")
Result = TypeVar("Result")
WatchQuestions = Callable[[str, int, int], None]
"""Told what is being asked, how many of these questions are answered, and how many there are."""


class Inquiry:
    """A plan's what-ifs with a count of the solves, and of the answers that needed none."""

    def __init__(self, what_if: WhatIf, watch: WatchQuestions | None = None) -> None:
        self.what_if, self.watch = what_if, watch
        self.solves = self.by_bounds = 0
        self._lock = threading.Lock()

    @property
    def plan(self) -> Plan:
        return self.what_if.plan

    @property
    def request(self) -> Request:
        return self.what_if.request

    @property
    def cost(self) -> Bracket:
        """What the plan at hand costs, between its bound and its objective."""
        return self.what_if.cost

    @property
    def model(self) -> Model:
        return self.what_if.model[0]

    @property
    def matrix(self) -> Matrix:
        return self.what_if.model[1]

    @cached_property
    def open_usd(self) -> float:
        """What the gap leaves open: less than that is no difference between two plans."""
        return max(self.cost.width, self.what_if.options.gap * abs(self.cost.most))

    @cached_property
    def root(self) -> Solution:
        """The relaxation of the plan's own model, with its duals."""
        return self.what_if.relaxed(self.matrix)

    def ask(self, request: Request, enough_usd: float | None = None, precision: float = 0.0) -> Outcome:
        """What a changed request costs. What nothing could serve any more has no plan."""
        try:
            outcome = self.what_if.ask(request, enough_usd, precision)
        except InputError:
            return Outcome("infeasible", Bracket(NEVER, NEVER), None)
        self.count(solved=outcome.status != "bounded")
        return outcome

    def count(self, solved: bool) -> None:
        """Counts a question, by how it was answered."""
        with self._lock:
            self.solves += solved
            self.by_bounds += not solved

    def all(self, what: str, tasks: Iterable[Task], question: Callable[[Task], Result]) -> list[Result | None]:
        """The answers to one question asked of each of the tasks, on all local cores at once, in order.

        None where time ran out or somebody asked to stop before there was an answer.
        """

        def told(done: int, total: int) -> None:
            if self.watch is not None:
                self.watch(what, done, total)

        return self.what_if.all(tasks, question, told)

    def as_far_as_time_goes(self, question: Callable[[], Result], nothing: Result) -> Result:
        """A part of the answer; nothing of it once time has run out or somebody has asked to stop."""
        with self.what_if.until_stopped():
            return nothing if self.what_if.stopped else question()
        return nothing


def between(bracket: Bracket) -> Between:
    """A bracket as it is written: what is infinite is no bound."""
    least, most = (None if abs(usd) == NEVER else usd for usd in bracket)
    return Between(least=least, most=most)


def ordered(plan: Plan) -> dict[str, float]:
    """Systems that a plan orders of each offer, commitments aside."""
    found: dict[str, float] = {}
    for order in plan.orders:
        if not order.commitment:
            found[order.offer] = found.get(order.offer, 0.0) + order.systems
    return found


def changes(before: Plan, after: Plan) -> tuple[Changed, ...]:
    """Offers of which two plans order different numbers, the largest difference in accelerators first."""
    old, new = ordered(before), ordered(after)
    entries, systems = before.catalog["offers"], before.catalog["systems"]
    found = [
        Changed(offer=offer, before=old.get(offer, 0.0), after=new.get(offer, 0.0))
        for offer in sorted({*old, *new})
        if old.get(offer) != new.get(offer)
    ]

    def accelerators(row: Changed) -> float:
        return abs(row.after - row.before) * int(systems[entries[row.offer]["system"]]["accelerators"])

    return tuple(sorted(found, key=accelerators, reverse=True))
