"""From one plan to another: steps in USD of present value that sum to the difference of their objectives.

First the old decisions are priced with the new inputs, one kind of input after another: rates, tariffs of
sites, prices, frame agreements (what was ordered under one that is no more has the list price), all else. Then the
new decisions take the place of the old at the new inputs. With N periods of service of an accelerator in all, N_o
from offer o at a mean cost a_o each, 0 old and 1 new, k = N1 / N0:

    volume = (k - 1) · Σ N0_o · a0_o
    mix    = Σ (N1_o - k · N0_o) · (a0_o, or a1_o where the offer is new)
    timing = Σ over offers of both plans of N1_o · (a1_o - a0_o)

These sum to the difference in the cost of all orders, because a cost of an order depends on no order of
another offer: what a frame promises and is not spent stands apart.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from fractions import Fraction
from math import fsum
from typing import Any

from optimizer.formulation.register import COST_LINE, COST_LINES
from optimizer.plan.format import Plan
from optimizer.plan.provenance import Part
from optimizer.plan.recost import NotPriced, Recosted, recost

ZERO = Fraction(0)
WORK, FRAME = (tuple(record.name for record in COST_LINES if record.falls_on == what) for what in ("work", "frame"))
ScenarioAndCatalog = tuple[dict[str, Any], dict[str, Any]]
"""Scenario and catalogue."""


class Stamp(Part):
    """Which run a plan came from."""

    name: str
    scenario_sha256: str
    catalog_sha256: str
    solver: str
    status: str
    gap: float
    objective_usd: float


class Step(Part):
    """One reason why the new plan costs more (positive) or less than the old one, in USD of present value."""

    name: str
    usd: float
    meaning: str


class Bridge(Part):
    """The steps from an old plan to a new one."""

    old: Stamp
    new: Stamp
    steps: tuple[Step, ...]

    @property
    def residual_usd(self) -> float:
        """What the steps leave unexplained: nothing but the last digits of the solver's numbers."""
        return self.new.objective_usd - self.old.objective_usd - fsum(step.usd for step in self.steps)


def bridge(old: Plan, new: Plan) -> tuple[Step, ...]:
    """The steps from the objective of an old plan to that of a new one; steps of nothing are left out.

    Plans with other periods, or whose decisions have no cost under each other's inputs, are one step apart.
    """
    try:
        steps = [*_inputs(old, new), *_decisions(old, new)]
    except NotPriced as reason:
        usd = new.objective_usd - old.objective_usd
        return (Step(name="Another plan", usd=usd, meaning=f"Not split: {reason}."),)
    return tuple(Step(name=name, usd=float(usd), meaning=meaning) for name, usd, meaning in steps if usd)


def bridged(old: Plan, new: Plan) -> Bridge:
    """The steps with the stamps of both runs."""
    return Bridge(old=stamp_of(old), new=stamp_of(new), steps=bridge(old, new))


def stamp_of(plan: Plan) -> Stamp:
    """Which run a plan came from."""
    return Stamp(
        name=str(plan.scenario.get("name", "")),
        scenario_sha256=plan.run.scenario_sha256,
        catalog_sha256=plan.run.catalog_sha256,
        solver=plan.run.solver,
        status=plan.status,
        gap=plan.gap,
        objective_usd=plan.objective_usd,
    )


Effect = tuple[str, Fraction, str]


def _inputs(old: Plan, new: Plan) -> Iterator[Effect]:
    """The old decisions at more and more of the new inputs."""
    decisions = old.model_dump(mode="json")
    before = recost(decisions, old.scenario, old.catalog).objective_usd
    for name, meaning, inputs in _more_and_more(old, new):
        after = recost(_in_frames_of(decisions, inputs), *inputs).objective_usd
        yield name, after - before, f"The old decisions with the new {meaning}."
        before = after


def _in_frames_of(decisions: Mapping[str, Any], inputs: ScenarioAndCatalog) -> dict[str, Any]:
    """Decisions without the frames that some inputs do not have: their orders are at the list price."""
    there = inputs[0].get("frames") or {}
    orders = [row if row.get("frame") in there else _listed(row) for row in decisions["orders"]]
    return {**decisions, "orders": orders, "frames": [r for r in decisions.get("frames", ()) if r["frame"] in there]}


def _listed(order: Mapping[str, Any]) -> dict[str, Any]:
    """An order without a frame."""
    return {key: value for key, value in order.items() if key != "frame"}


def _more_and_more(old: Plan, new: Plan) -> Iterator[tuple[str, str, ScenarioAndCatalog]]:
    scenario, catalog = dict(old.scenario), old.catalog
    rate = {"discount_rate": new.scenario["finance"]["discount_rate"]}
    scenario = {**scenario, "finance": {**scenario["finance"], **rate}}
    yield "Discount rate", "discount rate", (scenario, catalog)
    rates = new.scenario["finance"]
    scenario = {**scenario, "finance": {**rates, "tax": old.scenario["finance"].get("tax")}}
    yield (
        "Other rates",
        "lives, maintenance, residual values, rule for rent after the horizon and carbon price",
        (scenario, catalog),
    )
    scenario = {**scenario, "finance": rates}
    yield "Tax", "tax rate and depreciation for tax", (scenario, catalog)
    sites = {**old.scenario.get("sites", {}), **new.scenario.get("sites", {})}
    scenario = {**scenario, "sites": sites}
    yield "Sites", "tariffs, PUE and power prices of the sites", (scenario, catalog)
    yield "Prices", "prices, rents and systems of the catalogue", (scenario, new.catalog)
    scenario = {**scenario, "frames": new.scenario.get("frames")}
    yield "Frame agreements", "frame agreements", (scenario, new.catalog)
    yield "Other inputs", "demand, fleet, commitments and all else", (new.scenario, new.catalog)


def _decisions(old: Plan, new: Plan) -> Iterator[Effect]:
    """From the old decisions to the new ones at the new inputs."""
    before, after = (_Orders(plan, (new.scenario, new.catalog)) for plan in (old, new))
    size_before, size_after = sum(before.service.values(), ZERO), sum(after.service.values(), ZERO)
    growth = size_after / size_before if size_before else ZERO
    cost = sum(before.cost.values(), ZERO)
    yield (
        "Volume",
        (growth - 1) * cost if size_before else ZERO,
        "More or less accelerator service, at the old mean cost.",
    )
    mix = sum(
        (
            (after.service.get(offer, ZERO) - growth * before.service.get(offer, ZERO))
            * (before.each(offer) if offer in before.cost else after.each(offer))
            for offer in {*before.cost, *after.cost}
        ),
        ZERO,
    )
    yield "Mix", mix, "Other offers: dearer or cheaper accelerators, bought or rented."
    both = before.cost.keys() & after.cost.keys()
    timing = sum((after.service[o] * (after.each(o) - before.each(o)) for o in both), ZERO)
    yield "Timing and place", timing, "The same offers at other times or places, or at another step of their price."
    work = after.rest_of(WORK) - before.rest_of(WORK)
    yield "Work left undone", work, "Unmet work and the value of work done."
    missing = after.missing - before.missing
    yield "Frame shortfall", missing, "What signed frames promise and is not spent."
    others = after.rest_usd - before.rest_usd - work
    yield "Other decisions", others, "Fleet retired, power added, engineering and porting."


class _Orders:
    """Periods of service of ordered accelerators and their present cost, by offer; and the cost of all else."""

    def __init__(self, plan: Plan, inputs: ScenarioAndCatalog) -> None:
        decisions = _in_frames_of(plan.model_dump(mode="json"), inputs)
        orders = [row for row in decisions["orders"] if not row["commitment"]]
        self.service = _service(decisions, orders, inputs[1])
        self.tax_rate = Fraction(inputs[0]["finance"].get("tax", {}).get("rate", 0))
        self.missing = self._after_tax(FRAME, recost(decisions, *inputs))
        self.rest: Recosted = recost({**decisions, "orders": []}, *inputs)
        self.rest_usd = self._but_frames(self.rest)
        self.cost = {offer: self._cost(decisions, orders, offer, inputs) for offer in self.service}

    def _cost(self, decisions: dict[str, Any], orders: list[Any], offer: str, inputs: ScenarioAndCatalog) -> Fraction:
        of_offer = [row for row in orders if row["offer"] == offer]
        return self._but_frames(recost({**decisions, "orders": of_offer}, *inputs)) - self.rest_usd

    def each(self, offer: str) -> Fraction:
        """The mean cost of a period of service of an accelerator of an offer."""
        return self.cost[offer] / self.service[offer]

    def rest_of(self, lines: tuple[str, ...]) -> Fraction:
        """The present value of some cost lines without any orders, less the tax on what of them is taxed."""
        return self._after_tax(lines, self.rest)

    def _but_frames(self, recosted: Recosted) -> Fraction:
        """The cost of all but what frames promise and is not spent, which hangs on all orders together."""
        return recosted.objective_usd - self._after_tax(FRAME, recosted)

    def _after_tax(self, lines: tuple[str, ...], recosted: Recosted) -> Fraction:
        taxed = (recosted.present.get(line, ZERO) * (1 - self.tax_rate * COST_LINE[line].in_profit) for line in lines)
        return sum(taxed, ZERO)


def _service(decisions: Mapping[str, Any], orders: list[Any], catalog: Mapping[str, Any]) -> dict[str, Fraction]:
    """Periods of service of accelerators inside the horizon, by offer."""
    index = {row["period"]: t for t, row in enumerate(decisions["periods"])}
    found: defaultdict[str, Fraction] = defaultdict(Fraction)
    for row in orders:
        if row["offer"] not in catalog["offers"]:
            raise NotPriced(f"orders name {row['offer']}, which the other inputs do not have")
        system = catalog["systems"][catalog["offers"][row["offer"]]["system"]]
        periods = index[row["in_service_until"]] - index.get(row["enters_service"], 0) + 1
        found[row["offer"]] += Fraction(row["systems"]) * Fraction(system["accelerators"]) * periods
    return {offer: count for offer, count in sorted(found.items()) if count}
