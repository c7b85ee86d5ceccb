"""Why a plan is as it is: what binds and what it is worth, why this offer, from which volume an own chip pays."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from optimizer.explain.explanation import FORMAT, Explanation, Program, explanation_schema, explanation_text
from optimizer.explain.inquiry import Inquiry, Watch
from optimizer.explain.offers import all_offers, offers_named
from optimizer.explain.volume import volume_of
from optimizer.explain.worth import worth
from optimizer.plan import plan_text
from optimizer.plan_format import Plan
from optimizer.planning import program_version
from optimizer.solve import Options
from optimizer.what_if import WhatIf

__all__ = ["Explanation", "Watch", "explain", "explanation_schema", "explanation_text"]


def explain(
    plan: Plan,
    offers: Sequence[str] = (),
    limits: Sequence[str] = (),
    volume: str | None = None,
    options: Options | None = None,
    workers: int | None = None,
    watch: Watch | None = None,
) -> Explanation:
    """Questions a plan about what is named: offers, limits, the volume of an own chip; else about all it can.

    `offers` and `limits` are ids, names or patterns, `volume` an accelerator. `options` are those of every
    solve, by default with the plan's own gap; `workers` ask at once, by default one to a core. Raises
    LookupError for a name that nothing has.
    """
    everything = not offers and not limits and volume is None
    with WhatIf(plan, options, workers) as what_if:
        inquiry = Inquiry(what_if, watch)
        found_limits = worth(inquiry, limits) if everything or limits else ()
        found_offers = offers_named(inquiry, offers) if offers else all_offers(inquiry) if everything else ()
        found_volume = None if volume is None else volume_of(inquiry, volume)
        return Explanation(
            chipmix=Program(explanation=FORMAT, version=program_version()),
            scenario=plan.scenario["name"],
            plan_sha256=hashlib.sha256(plan_text(plan).encode()).hexdigest(),
            objective=plan.scenario["objective"],
            objective_usd=plan.objective_usd,
            gap_usd=inquiry.open_usd,
            limits=found_limits,
            offers=found_offers,
            volume=found_volume,
            solves=inquiry.solves,
            answered_by_bounds=inquiry.by_bounds,
        )
