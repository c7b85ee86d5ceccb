"""What is asked under uncertainty: futures as requests of their own, equal ones as one, and their mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from catalogs.problems import InputError, Problem
from optimizer.request.edits import request_of
from optimizer.request.futures import Future as Said
from optimizer.request.load import Request
from optimizer.request.uncertainty import Uncertainty
from optimizer.uncertainty.blocks import Future, Terms
from optimizer.uncertainty.courses import Course, Tree, course_of, texts_of
from optimizer.uncertainty.mean import mean_course
from optimizer.uncertainty.recourse import answerable, unmet_prices

AS_PLANNED, MEAN = "AS_PLANNED", "MEAN"
"""In capitals, which no name of a future has."""
Texts = tuple[Tree, Tree]


@dataclass(frozen=True)
class Question:
    """A request with its futures; `alike` are the names of those that are one, the first of which it goes by.

    The first of the futures is the request as planned, of which nothing may be broken; where no future is that, it has
    the probability 0, and what work is done in it does not matter.
    """

    request: Request
    futures: tuple[Future, ...]
    mean: Future
    alike: Mapping[str, tuple[str, ...]]
    unmet: Mapping[str, float]

    @property
    def certain(self) -> Future | None:
        """The only future that there is, if there is no other."""
        possible = [future for future in self.futures if future.probability > 0]
        return possible[0] if len(possible) == 1 else None

    @property
    def terms(self) -> Terms:
        return Terms(self.uncertainty, self.unmet, self.decide_by)

    @cached_property
    def uncertainty(self) -> Uncertainty:
        """What the request says of uncertainty, or what holds where it says nothing."""
        return self.request.scenario.uncertainty or Uncertainty()

    @cached_property
    def decide_by(self) -> int:
        """The last period of what is decided before it is known which future comes."""
        period = self.uncertainty.decide_by
        return 1 if period is None else self.request.scenario.calendar.index(period) or 1

    @property
    def decide_by_period(self) -> str:
        return self.request.scenario.calendar.key(self.decide_by)

    def said(self, name: str) -> Said:
        """What the scenario says of a future."""
        return next(future for future in self.request.scenario.futures or () if future.name == name)


def asked(request: Request) -> Question:
    """What is asked of a request. Raises InputError without futures, and for every one that makes none of it."""
    futures = request.scenario.futures
    if futures is None:
        raise InputError([request.problem((), "the scenario has no futures; chipmix init --futures writes some")])
    texts, unmet = _texts(request, futures), unmet_prices(request)
    total = sum((future.probability for future in futures), Decimal(0))
    plain = Course(request)
    here = request_of(plain.scenario, plain.catalog)
    as_planned, found, alike = Future(AS_PLANNED, 0.0, answerable(here, unmet), True), [], {}
    for members in _alike(texts):
        first, share = futures[members[0]], float(sum((futures[i].probability for i in members), Decimal(0)) / total)
        alike[first.name] = tuple(futures[i].name for i in members)
        if texts[members[0]] == (plain.scenario, plain.catalog):
            as_planned = Future(first.name, share, here, True)
        else:
            found.append(Future(first.name, share, course_of(request, first, unmet)))
    mean = mean_course(texts, [future.probability for future in futures], request.scenario.calendar)
    return Question(request, (as_planned, *found), Future(MEAN, 1.0, answerable(mean, unmet)), alike, unmet)


def _texts(request: Request, futures: Sequence[Said]) -> list[Texts]:
    texts: list[Texts] = []
    problems: list[Problem] = []
    for future in futures:
        try:
            texts.append(texts_of(request, future))
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return texts


def _alike(texts: Sequence[Texts]) -> list[list[int]]:
    """The numbers of texts that are equal, together; the first of each in order."""
    found: list[list[int]] = []
    for number, text in enumerate(texts):
        same = next((members for members in found if texts[members[0]] == text), None)
        if same is None:
            found.append([number])
        else:
            same.append(number)
    return found
