"""What is ordered, committed and retired, and what is in service."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from optimizer.formulation.model import Model, Row, Terms
from optimizer.tables import LOOSE, Cohort, grouped


def order(model: Model) -> None:
    """order(o,s,t): systems of an offer entering service at a place in a period; whole unless divisible.

    Its bound is loose by one, so that a limit's price stands on the limit's row and not on the bound.
    """
    for cohort in model.tables.cohorts:
        if not cohort.committed:
            keys = (cohort.label, cohort.place, model.period(cohort.t))
            whole = not model.tables.offers[cohort.offer].divisible
            model.cohort[cohort] = model.add("order", keys, cohort.systems + LOOSE, integer=whole)


def commit(model: Model) -> None:
    """commit(o,s,t): systems of a commitment, which `honour_commitment` fixes."""
    for cohort, keys in commitments(model):
        model.cohort[cohort] = model.add("commit", keys, cohort.systems)


def in_service(model: Model) -> None:
    """in_service(y,s,t): systems at a place in a period, from fleet, commitments and orders."""
    for row in model.tables.stock:
        keys = (row.system, row.place, model.period(row.t))
        model.in_service[row.system, row.place, row.t] = model.add("in_service", keys, row.most)


def retire(model: Model) -> None:
    """retire(f,t): systems of a fleet entry switched off for good from t on; whole."""
    for entry in model.tables.fleet:
        for t in range(1, entry.last + 1) if entry.may_retire else ():
            model.retire[entry, t] = model.add("retire", (*entry.key, model.period(t)), entry.systems, integer=True)


def retire_within_fleet(model: Model) -> Iterator[Row]:
    """No more systems of a fleet entry are retired than it has.

    Σ_t retire(f,t) ≤ count_f
    """
    for entry, retired in grouped(model.retire, lambda key: key[0]).items():
        yield Row(entry.key, [(model.retire[key], 1.0) for key in retired], "<=", entry.systems, "systems")


def commitments(model: Model) -> Iterator[tuple[Cohort, tuple[str, ...]]]:
    """Each commitment with its keys; those alike in offer, place and period are told apart by a number."""
    committed = [cohort for cohort in model.tables.cohorts if cohort.committed]
    for _, alike in groupby(committed, key=lambda c: (c.offer, c.place, c.t)):
        for number, cohort in enumerate(alike, start=1):
            keys = (cohort.offer, cohort.place, model.period(cohort.t))
            yield cohort, keys if number == 1 else (*keys, str(number))


def honour_commitment(model: Model) -> Iterator[Row]:
    """Commitments enter service as stated.

    commit(o,s,t) = systems
    """
    for cohort, keys in commitments(model):
        yield Row(keys, [(model.cohort[cohort], 1.0)], "=", cohort.systems, "systems")


def carry_in_service(model: Model) -> Iterator[Row]:
    """What is in service is what was before, and what enters, less what has reached the end of its term.

    in_service(y,s,t) − in_service(y,s,t−1) − Σ_o order(o,s,t) + Σ_o order(o,s,t−K_o) = fleet(t) − fleet(t−1)

    A running balance has as many terms as orders; the sum over all earlier orders that it replaces has
    that times the periods. Both say the same, by summing the rows up to t. Commitments count as orders, those that are
    running in the first period;
    fleet(t) is what its entries count, less retire(f,τ) for τ ≤ t, up to their last period.
    """
    gone = _retired(model)
    entering = grouped(model.cohort, lambda c: (model.tables.offers[c.offer].system, c.place, c.served[0]))
    leaving = grouped(model.cohort, lambda c: (model.tables.offers[c.offer].system, c.place, c.last + 1))
    fleet = {(row.system, row.place, row.t): row.fleet for row in model.tables.stock}
    for row in model.tables.stock:
        now, before = (row.system, row.place, row.t), (row.system, row.place, row.t - 1)
        terms: Terms = [(model.in_service[now], 1.0)]
        if before in model.in_service:
            terms.append((model.in_service[before], -1.0))
        terms += [(model.cohort[cohort], -1.0) for cohort in entering.get(now, ())]
        terms += [(model.cohort[cohort], 1.0) for cohort in leaving.get(now, ())]
        terms += gone.get(now, ())
        change = row.fleet - fleet.get(before, 0.0)
        yield Row((row.system, row.place, model.period(row.t)), terms, "=", change, "systems")


def _retired(model: Model) -> dict[tuple[str, str, int], Terms]:
    """What retiring takes out of each balance, and gives back when the entry would have ended anyway."""
    terms: dict[tuple[str, str, int], Terms] = {}
    for (entry, t), variable in model.retire.items():
        terms.setdefault((entry.system, entry.site, t), []).append((variable, 1.0))
        terms.setdefault((entry.system, entry.site, entry.last + 1), []).append((variable, -1.0))
    return terms
