"""What is decided before it is known which future comes, by names that it has in every future.

An order has another period of entering service in a future that delays it; when it is placed is the same in all.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from typing import TYPE_CHECKING

from optimizer.formulation.model import Model, model_name, row_name

if TYPE_CHECKING:
    import pulp

Decided = tuple[str, ...]
"""What kind of decision, about what, and the period in which it is taken; such as (order, offer, place, 2026q1)."""


def first_stage(model: Model, decide_by: int, rent_adapts: bool = False) -> dict[Decided, pulp.LpVariable]:
    """The variables of a model that are decided up to a period: placed, started, retired or signed by then.

    All but what is rented by the period, on demand, if that adapts.
    """
    rented = {name for name, offer in model.tables.offers.items() if rent_adapts and offer.route == "on_demand"}
    return {
        (kind, *keys, model.period(at)): variable
        for kind, keys, at, variable in _decisions(model, rented)
        if at <= decide_by
    } | {
        ("sign", name): variable
        for name, variable in model.sign.items()
        if min(model.tables.frames[name].orders) <= decide_by
    }


def name_of(decided: Decided) -> str:
    """The name of its column in a model for all futures, such as `order(offer,place,2026q1)`, by when it is placed."""
    return model_name(row_name(decided[0], decided[1:]))


def _decisions(model: Model, adapting: Set[str]) -> Iterator[tuple[str, tuple[str, ...], int, pulp.LpVariable]]:
    """Every decision with the period in which it is taken; orders of offers that adapt are none."""
    lead = {name: offer.lead_periods for name, offer in model.tables.offers.items()}
    for cohort, variable in model.cohort.items():
        if not cohort.committed and cohort.offer not in adapting:
            yield "order", (cohort.label, cohort.place), cohort.ordered, variable
    for (offer, t), variable in model.orders_any.items():
        if offer not in adapting:
            yield "orders_any", (offer,), t - lead[offer], variable
    for kind, bands in (("band", model.band), ("band_used", model.band_used)):
        for band, variable in bands.items():
            yield kind, (band.label, str(band.step)), band.t - lead[band.offer], variable
    for (accelerator, t), variable in model.engineer.items():
        yield "engineer", (accelerator,), t, variable
    for (demand, stack, t), variable in model.port.items():
        yield "port", (demand, stack), t, variable
    for (entry, t), variable in model.retire.items():
        yield "retire", entry.key, t, variable
    for kind, added in (("expand", model.expand), ("blocks", model.blocks)):
        for (site, t), variable in added.items():
            expansion = model.tables.scenario.sites[site].expansion
            assert expansion is not None
            yield kind, (site,), t - model.tables.wait(expansion.lead_time_months), variable
