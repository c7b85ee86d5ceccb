"""Which limits cannot all hold: a deletion filter over limits of the business, not over rows of the model.

A limit is left out; if there is still no plan, it stays out. What remains is a conflict: all of it together is
impossible, and without any one of it the rest is not. Limits are tried from the most to the least negotiable, so
that what remains is what can least be talked about. Rows that state how things work always stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from catalogs.problems import InputError
from optimizer.formulation import build_model
from optimizer.formulation.business_limits import business_limits
from optimizer.formulation.model import Model, model_name
from optimizer.infeasible.adjustments import kind_of
from optimizer.infeasible.feasibility import Feasibility
from optimizer.infeasible.fixed_terms import terms
from optimizer.infeasible.proof import certified
from optimizer.infeasible.work_options import Ways
from optimizer.request.edits import Key, changed
from optimizer.request.load import Request
from optimizer.request.scenario import EACH
from optimizer.solving.matrix import Give, Matrix, matrix_of
from optimizer.tables import build_tables
from optimizer.tables.by_period import Circumstances
from optimizer.tables.eligibility import could_be_ordered
from optimizer.tables.selection import chosen

NEGOTIABLE = (
    "limits",
    "budget",
    "minimum order",
    "frames",
    "supply",
    "growth",
    "cluster",
    "racks",
    "power",
    "porting",
    "engineering",
    "building",
    "bring-up",
    "demand",
    "lead time",
)
"""From what a buyer sets alone, over what suppliers grant and what is built, to the work itself and to time."""
SUSPECT = (
    "limits",
    "cluster",
    "minimum order",
    "frames",
    "porting",
    "engineering",
    "building",
    "bring-up",
    "budget",
    "growth",
    "racks",
    "power",
    "supply",
    "lead time",
    "demand",
)
"""What to look at first in a conflict: the narrowest rule in front, the work itself last."""
MOST_CONFLICTS = 5
MONEY = ("spend_usd", "capex_usd")


@dataclass(frozen=True)
class LimitGroup:
    """A limit that can be left out: rows of the model, or figures that make a term ask for nothing.

    `kind` is how it is repaired, `sort` where it stands in `NEGOTIABLE`, `rows` how its rows begin: with other
    figures there may be more of them.
    """

    kind: str
    sort: str
    label: str
    rows: str | None = None
    figures: Mapping[Key, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class ConflictingLimits:
    """A conflict: its groups, and whether each was shown to be needed."""

    groups: tuple[LimitGroup, ...]
    minimal: bool

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(group.label for group in self.groups)

    def has(self, kind: str) -> bool:
        return any(group.kind == kind for group in self.groups)


class DeletionFilter:
    """Looks for the conflicts of a request without a plan."""

    def __init__(self, feasibility: Feasibility, request: Request) -> None:
        self.feasibility, self.request = feasibility, request
        self._unsure = False
        self._built: dict[tuple[LimitGroup, ...], Matrix | None] = {}
        model = build_model(build_tables(request, loose=True))
        self._ways = Ways(model.tables)
        relaxed = [LimitGroup(term.kind, term.sort, term.label, None, term.without) for term in terms(request)]
        self.groups = [*self._of_rows(model, relaxed), *relaxed]

    def _of_rows(self, model: Model, relaxed: Sequence[LimitGroup]) -> list[LimitGroup]:
        """The limits of rows: those of the request, and those that are rows only where terms ask for nothing.

        What cannot be ordered in time has no row of supply, but has one as soon as it can.
        """
        models = [model, *filter(None, [self._model(relaxed)])]
        found = {limit.label: limit for each in models for limit in business_limits(each)}
        return [
            LimitGroup(kind_of(limit), limit.record.sort or kind_of(limit), limit.label, _begins(limit.rows[0]))
            for limit in found.values()
        ]

    def conflicts(self) -> Iterator[ConflictingLimits]:
        """Conflicts one after another, each without the limits of those before; the work asked for stays."""
        out: set[LimitGroup] = set()
        for _ in range(MOST_CONFLICTS):
            conflict = self._conflict(out) if self._infeasible(out) else None
            if conflict is None or not conflict.groups or not self._proved(conflict):
                return
            yield conflict
            out |= {group for group in conflict.groups if group.kind != "demand"} or set(conflict.groups)

    def _conflict(self, out: Iterable[LimitGroup]) -> ConflictingLimits:
        dropped, kept, self._unsure = set(out), list[LimitGroup](), False
        for sort in NEGOTIABLE:
            left = [group for group in self.groups if group.sort == sort and group not in dropped]
            kept += self._needed(left, dropped)
        kept += self._hidden_time(kept)
        return ConflictingLimits(tuple(sorted(kept, key=lambda group: SUSPECT.index(group.sort))), not self._unsure)

    def _hidden_time(self, kept: Sequence[LimitGroup]) -> list[LimitGroup]:
        """The lead times, where a conflict without any of them does not say that they cannot help.

        Without them there is no wait, so prices are those of the period of entering service. Where money is limited and
        prices change, some wait in between could be the cheaper, so that the conflict is with the lead times. So it is
        where a limit goes through each value that could be ordered: with no wait there may be more of them.
        """
        hidden = [group for group in self.groups if group.sort == "lead time" and group not in kept]
        labels = {group.label for group in kept}
        rules = [rule for rule in self.request.scenario.limits if f"limit {rule.name}" in labels]
        money = any(group.sort == "budget" for group in kept) or any(rule.measure in MONEY for rule in rules)
        each = any((EACH,) in chosen(rule).values() for rule in rules)
        untold = (money and not self._ways.costs_no_time()) or (each and not self._same_offers(hidden))
        self._unsure = self._unsure or (bool(hidden) and untold)
        return hidden if untold else []

    def _same_offers(self, lead_times: Iterable[LimitGroup]) -> bool:
        """Whether the same offers could be ordered without lead times: so they could with any shorter ones.

        What is ordered in some period with a wait can be ordered in it with less.
        """
        figures = {key: value for group in lead_times for key, value in group.figures.items()}
        here, then = (Circumstances(request, True, 0) for request in (self.request, changed(self.request, figures)))
        return all(
            could_be_ordered(here, offer) == could_be_ordered(then, then.offers[name])
            for name, offer in here.offers.items()
        )

    def _needed(self, groups: Sequence[LimitGroup], dropped: set[LimitGroup]) -> Iterator[LimitGroup]:
        """The groups of one sort without which there is a plan; the others are dropped, all at once if possible."""
        if groups and self._infeasible(dropped | set(groups)):
            dropped |= set(groups)
        elif len(groups) == 1:
            yield groups[0]
        elif groups:
            half = len(groups) // 2
            yield from self._needed(groups[:half], dropped)
            yield from self._needed(groups[half:], dropped)

    def _infeasible(self, out: Iterable[LimitGroup]) -> bool:
        """Whether there is no plan without some limits; what is not found out counts as a plan."""
        matrix = self._matrix(out)
        fits = None if matrix is None else self.feasibility.fits(matrix)
        self._unsure = self._unsure or fits is None
        return fits is False

    def _matrix(self, out: Iterable[LimitGroup]) -> Matrix | None:
        """The model without some limits; None if what is asked for can then never be served."""
        matrix = self._stated(tuple(sorted((g for g in out if g.figures), key=lambda g: g.label)))
        if matrix is None:
            return None
        return matrix.without_limits(_rows_of(matrix, out))

    def _stated(self, relaxed: tuple[LimitGroup, ...]) -> Matrix | None:
        if relaxed not in self._built:
            model = self._model(relaxed)
            self._built[relaxed] = None if model is None else matrix_of(model)
        return self._built[relaxed]

    def _model(self, relaxed: Iterable[LimitGroup]) -> Model | None:
        """The loose model where some terms ask for nothing; None if what is asked for can then never be served."""
        figures = {key: value for group in relaxed for key, value in group.figures.items()}
        try:
            return build_model(build_tables(changed(self.request, figures), loose=True))
        except InputError:
            return None

    def _proved(self, conflict: ConflictingLimits) -> bool:
        """Whether a conflict holds in exact arithmetic, or two solves agree where only whole numbers conflict."""
        others = [group for group in self.groups if group not in conflict.groups]
        matrix = self._matrix(others)
        if matrix is None:
            return False
        elastic = matrix.relaxed().elastic([_give(matrix, i) for i in _rows_of(matrix, conflict.groups)])
        duals = self.feasibility.asked(elastic).duals
        return certified(elastic, duals) or self.feasibility.fits(matrix, otherwise=True) is False


def _begins(name: str) -> str:
    """How all rows of a limit begin: the constraint and what it is the limit of."""
    return model_name(name).removesuffix(")").partition(",")[0]


def _rows_of(matrix: Matrix, groups: Iterable[LimitGroup]) -> list[int]:
    begins = {group.rows for group in groups}
    return [i for i, name in enumerate(matrix.rows) if _begins(name) in begins]


def _give(matrix: Matrix, row: int) -> Give:
    return Give(f"give({matrix.rows[row]})", 1.0, {row: 1.0 if np.isfinite(matrix.row_lower[row]) else -1.0})
