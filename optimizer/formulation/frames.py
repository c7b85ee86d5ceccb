"""Frame agreements: a yes/no each, what may be ordered at their price, and what they promise to spend."""

from __future__ import annotations

import math
from collections.abc import Iterator

from optimizer.formulation.budget import LEAST_UNIT
from optimizer.formulation.costs import installments, rents
from optimizer.formulation.model import CostTerm, Model, Row, Terms
from optimizer.formulation.order_terms import most_ordered, paid
from optimizer.tables import FrameTerms, Tables, grouped, summed

PARTS = 1000.0
"""What a frame promises is so many units in its row, or some more."""


def sign(model: Model) -> None:
    """sign(f): 1 if a frame is signed; whoever has signed already cannot choose."""
    for name, frame in model.tables.frames.items():
        model.sign[name] = model.add("sign", (name,), 1, integer=True, least=int(frame.signed))


def frame_shortfall(model: Model) -> None:
    """frame_shortfall(f): spend promised and not made, in units of its row."""
    for name, frame in model.tables.frames.items():
        if frame.promised_usd:
            model.frame_shortfall[name] = model.add("frame_shortfall", (name,), frame.promised_usd / unit_of(frame))


def unit_of(frame: FrameTerms) -> float:
    """USD of one unit in the row of a frame's spend: so large that none of its numbers is, whatever is promised."""
    return max(LEAST_UNIT, 10.0 ** math.floor(math.log10(frame.promised_usd / PARTS)))


def orders_under_frame(model: Model) -> Iterator[Row]:
    """Nothing is ordered at the price of a frame that is not signed.

    Σ_s order(o.f,s,t) ≤ most(o.f,t) · sign(f)

    `most` is what the places and the supply of the offer leave at the most: the tightest M there is.
    """
    framed = ((c.frame, c) for c in model.cohort if c.frame is not None)
    for (frame, offer, t), orders in grouped(framed, lambda each: (each[0], each[1].offer, each[1].t)).items():
        cohorts = [cohort for _, cohort in orders]
        terms: Terms = [(model.cohort[cohort], 1.0) for cohort in cohorts]
        terms.append((model.sign[frame], -most_ordered(model, cohorts)))
        yield Row((frame, offer, model.period(t)), terms, "<=", 0.0, "systems")


def spend_of_frame(model: Model) -> Iterator[Row]:
    """A frame that is signed is spent, or what is missing is paid as well.

    Σ_{t in within} price and rent of the orders at its price + frame_shortfall(f) ≥ spend_usd · sign(f)

    By cash date and without network; spend_usd by the share of the window's months that lies inside the horizon.
    """
    spent = spent_in_window(model) if model.frame_shortfall else {}
    for name, shortfall in model.frame_shortfall.items():
        frame = model.tables.frames[name]
        unit = unit_of(frame)
        usd = summed((term.variable, term.usd) for term in spent[name])
        terms: Terms = [(variable, amount / unit) for variable, amount in usd.items()]
        terms += [(shortfall, 1.0), (model.sign[name], -frame.promised_usd / unit)]
        yield Row((name,), terms, ">=", 0.0, "USD", unit)


def spent_in_window(model: Model) -> dict[str, list[CostTerm]]:
    """What the orders at the price of each frame spend in its window."""
    found: dict[str, list[CostTerm]] = {name: [] for name in model.tables.frames}
    for name, term in _spent(model) if found else ():
        if term.t in model.tables.frames[name].within:
            found[name].append(term)
    return found


def _spent(model: Model) -> Iterator[tuple[str, CostTerm]]:
    """What orders at the price of a frame cost, by cash date, with the frame."""
    for each in paid(model):
        if each.cohort.frame is not None:
            yield from ((each.cohort.frame, term) for term in installments(model, each))
    for cohort in model.cohort:
        if cohort.frame is not None:
            yield from ((cohort.frame, term) for term in rents(model, cohort))


def promises(tables: Tables) -> bool:
    """Whether any frame promises anything inside the horizon."""
    return any(frame.promised_usd for frame in tables.frames.values())


def frame_usd(model: Model) -> Iterator[CostTerm]:
    """What frames promise and is not spent, in the last period of their windows inside the horizon.

    frame_shortfall(f)
    """
    for name, variable in model.frame_shortfall.items():
        frame = model.tables.frames[name]
        yield CostTerm(variable, frame.within[-1], unit_of(frame))
