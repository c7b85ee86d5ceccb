"""Why a plan is as it is: what binds and what it is worth, why this offer, from which volume an own chip pays."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from optimizer.explain.explanation import (
    FORMAT,
    Explanation,
    FrameWorth,
    LimitWorth,
    OfferReason,
    Program,
    Volume,
    explanation_schema,
    explanation_text,
)
from optimizer.explain.frames import frames_worth
from optimizer.explain.inquiry import Inquiry, WatchQuestions
from optimizer.explain.names import UnknownName
from optimizer.explain.offers import all_offers, offers_named
from optimizer.explain.volume import volume_of
from optimizer.explain.worth import worth
from optimizer.interruption import held
from optimizer.plan.format import Plan
from optimizer.plan.text import plan_text
from optimizer.proven import program_version
from optimizer.solving.solution import Options
from optimizer.what_if import WhatIf

__all__ = ["Explanation", "UnknownName", "WatchQuestions", "explain", "explanation_schema", "explanation_text"]


def explain(
    plan: Plan,
    offers: Sequence[str] = (),
    limits: Sequence[str] = (),
    volume: str | None = None,
    options: Options | None = None,
    workers: int | None = None,
    watch: WatchQuestions | None = None,
    frames: Sequence[str] = (),
) -> Explanation:
    """Questions a plan about what is named: offers, limits, the volume of an own chip, frames; else about all it can.

    `offers`, `limits` and `frames` are ids, names or patterns, `volume` an accelerator. `options` are those of every
    solve, by default with the plan's own gap; `workers` ask at once, by default one to a core. When the time of
    `options.ends` has passed, or at a Ctrl-C, what has been answered is given. Raises UnknownName for a name that
    nothing has.
    """
    everything = not offers and not limits and not frames and volume is None
    with held(), WhatIf(plan, options, workers) as what_if:
        inquiry = Inquiry(what_if, watch)
        found_limits = _limits(inquiry, limits) if everything or limits else ()
        found_offers = _offers(inquiry, offers) if everything or offers else ()
        found_frames = _frames(inquiry, frames) if everything or frames else ()
        found_volume = None if volume is None else _volume(inquiry, volume)
        return Explanation(
            chipmix=Program(explanation=FORMAT, version=program_version()),
            scenario=plan.scenario["name"],
            plan_sha256=hashlib.sha256(plan_text(plan).encode()).hexdigest(),
            objective=plan.scenario["objective"],
            objective_usd=plan.objective_usd,
            gap_usd=inquiry.open_usd,
            limits=found_limits,
            offers=found_offers,
            frames=found_frames,
            volume=found_volume,
            solves=inquiry.solves,
            answered_by_bounds=inquiry.by_bounds,
            stopped=what_if.stopped,
        )


def _limits(inquiry: Inquiry, named: Sequence[str]) -> tuple[LimitWorth, ...]:
    return inquiry.as_far_as_time_goes(lambda: worth(inquiry, named), ())


def _offers(inquiry: Inquiry, named: Sequence[str]) -> tuple[OfferReason, ...]:
    """What is said of the offers that are named, or of all."""
    return inquiry.as_far_as_time_goes(lambda: offers_named(inquiry, named) if named else all_offers(inquiry), ())


def _frames(inquiry: Inquiry, named: Sequence[str]) -> tuple[FrameWorth, ...]:
    return inquiry.as_far_as_time_goes(lambda: frames_worth(inquiry, named), ())


def _volume(inquiry: Inquiry, accelerator: str) -> Volume | None:
    return inquiry.as_far_as_time_goes(lambda: volume_of(inquiry, accelerator), None)
