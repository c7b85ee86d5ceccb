"""What was found as what is said: the tables of `robust` from a decision and what it comes to in each future."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from math import fsum
from typing import Any

from optimizer.plan.seal import sha256_of
from optimizer.proven import program_version
from optimizer.request.edits import as_text
from optimizer.solving.solution import Options, relative_gap
from optimizer.uncertainty.aims import Aim, cvar
from optimizer.uncertainty.first_stage import Decided
from optimizer.uncertainty.method import Candidate
from optimizer.uncertainty.outcome import Outcome
from optimizer.uncertainty.results import (
    FORMAT,
    Between,
    Difference,
    FutureRow,
    Insurance,
    MayChange,
    Measured,
    OverRow,
    PlanRow,
    ResultFormat,
    RobustResult,
    SignNow,
    UnpoweredRow,
)
from optimizer.uncertainty.robust import Robust

UNITS = {"order": "systems", "retire": "systems", "expand": "MW"}
SHOWN = ("order", "expand", "engineer", "port", "sign", "retire")
"""Decisions that somebody takes; the others only follow from them."""
TABLES_LEFT_OUT = ("scenario", "catalog", "certified", "run", "chipmix", "status", "gap", "bound_usd", "limits")
"""Parts of a future's plan that are the request's, or speak of a solve that was none of its own."""
TAIL = 0.9
"""The level of the CVaR that is shown where none is asked for."""
NO_SYSTEMS = 1e-9


def result_of(found: Robust, outcomes: Sequence[Outcome], options: Options) -> RobustResult:
    """Everything that is said of a decision."""
    question, request = found.question, found.question.request
    gap = relative_gap(found.objective, found.bound)
    expected = found.best.expected(found.weights)
    return RobustResult(
        chipmix=ResultFormat(format=FORMAT, version=program_version()),
        scenario=request.scenario.name,
        scenario_sha256=sha256_of(as_text(request.scenario)),
        catalog_sha256=sha256_of(as_text(request.catalog)),
        status="optimal" if gap <= options.gap else "feasible",
        measured=_measured(found.aim),
        decide_by=question.decide_by_period,
        objective_usd=found.objective,
        bound_usd=found.bound,
        certified_bound_usd=found.certified,
        gap=gap,
        expected_usd=Between(least_usd=found.least_expected, most_usd=expected),
        value_of_stochastic_solution=_stochastic(found, expected),
        value_of_perfect_information=_perfect(found, expected),
        sign_now=tuple(_sign_now(found.best.decision)),
        may_change=(later := tuple(_may_change(outcomes, question.decide_by_period))),
        kept_open=_kept_open(later),
        futures=tuple(_future(found, k, outcome) for k, outcome in enumerate(outcomes)),
        regret=tuple(_plan_row(found, each) for each in (*found.others, found.best)),
        insurance=_insurance(found),
        unmet_usd_per_unit_hour=dict(question.unmet),
        notes=tuple(_notes(found)),
    )


def _measured(aim: Aim) -> Measured:
    by = "regret" if aim.regret else "cvar" if aim.averse else "expected"
    return Measured(by=by, level=aim.level, weight=aim.weight)  # type: ignore[arg-type]


def _stochastic(found: Robust, expected: float) -> Between:
    """What the decision of the mean is expected to cost more than the best: EEV − RP, RP between its bounds."""
    weights, mean = found.weights, found.mean
    bounds = fsum(p * bound for p, bound in zip(weights, mean.bounds, strict=True))
    best = min(expected, *(other.expected(weights) for other in found.others))
    return Between(least_usd=max(0.0, bounds - best), most_usd=max(0.0, mean.expected(weights) - found.least_expected))


def _perfect(found: Robust, expected: float) -> Between:
    """What it would save to know the future: RP − WS, both between their bounds."""
    known = [
        fsum(p * usd for p, usd in zip(found.weights, ends, strict=True)) for ends in zip(*found.known, strict=True)
    ]
    return Between(least_usd=max(0.0, found.least_expected - known[1]), most_usd=max(0.0, expected - known[0]))


def _sign_now(decision: Mapping[Decided, float]) -> list[SignNow]:
    rows = []
    for key, amount in sorted(decision.items()):
        if key[0] in SHOWN and amount > NO_SYSTEMS:
            what, period = (key[1:], None) if key[0] == "sign" else (key[1:-1], key[-1])
            rows.append(SignNow(kind=key[0], what=what, period=period, amount=amount, unit=UNITS.get(key[0], "")))
    return rows


def _may_change(outcomes: Sequence[Outcome], decide_by: str) -> list[MayChange]:
    """Later orders by offer, place and period: what becomes of them in the futures."""
    by_line: dict[tuple[str, str, str], list[float]] = {}
    for number, outcome in enumerate(outcomes):
        for order in outcome.plan["orders"]:
            if not order["commitment"] and _is_later(order["ordered"], decide_by):
                line = (order["offer"], order["place"], order["ordered"])
                by_line.setdefault(line, [0.0] * len(outcomes))[number] += order["systems"]
    weights = [outcome.probability for outcome in outcomes]
    return [
        MayChange(
            offer=offer,
            place=place,
            ordered=ordered,
            least=min(systems),
            most=max(systems),
            expected=fsum(p * n for p, n in zip(weights, systems, strict=True)),
        )
        for (offer, place, ordered), systems in sorted(by_line.items(), key=lambda item: (item[0][2], item[0]))
    ]


def _is_later(ordered: str, decide_by: str) -> bool:
    """Whether a period comes after another of the same length."""
    return ordered > decide_by


def _kept_open(later: Sequence[MayChange]) -> tuple[str, ...]:
    """Offers that are ordered later in some futures and not in others: what is not decided yet."""
    least: dict[str, float] = {}
    for row in later:
        least[row.offer] = max(least.get(row.offer, 0.0), row.least)
    return tuple(sorted(offer for offer, systems in least.items() if systems <= NO_SYSTEMS))


def _future(found: Robust, number: int, outcome: Outcome) -> FutureRow:
    known, cost = found.known[number], found.best.costs[number]
    unmet = fsum(row["usd"] for row in outcome.plan["unmet"])
    return FutureRow(
        name=outcome.future,
        probability=outcome.probability,
        alike=found.question.alike.get(outcome.future, ()),
        cost_usd=cost,
        known_usd=Between(least_usd=known.least, most_usd=known.most),
        regret_usd=max(0.0, cost - known.most),
        unmet_usd=unmet,
        over=tuple(OverRow(**asdict(each)) for each in outcome.over),
        unpowered=tuple(UnpoweredRow(**asdict(each)) for each in outcome.unpowered),
        plan=_tables(outcome.plan),
    )


def _tables(plan: Mapping[str, Any]) -> dict[str, Any]:
    return {name: table for name, table in plan.items() if name not in TABLES_LEFT_OUT}


def _plan_row(found: Robust, candidate: Candidate) -> PlanRow:
    names = [block.name for block in found.blocks]
    regrets = [cost - known.most for cost, known in zip(candidate.costs, found.known, strict=True)]
    return PlanRow(
        plan=candidate.name,
        costs_usd=dict(zip(names, candidate.costs, strict=True)),
        expected_usd=candidate.expected(found.weights),
        worst_usd=max(candidate.costs),
        cvar_usd=cvar(candidate.costs, found.weights, found.aim.level or TAIL),
        largest_regret_usd=max(0.0, *regrets),
    )


def _insurance(found: Robust) -> Insurance | None:
    """Against the plan of the likeliest future: what the decision costs there, and saves in the worst future."""
    likeliest = max(range(len(found.blocks)), key=lambda k: found.blocks[k].probability)
    other = next(each for each in found.others if each.name == found.blocks[likeliest].name)
    differences = _differences(found.best.decision, other.decision)
    if not differences:
        return None
    worst = max(range(len(found.blocks)), key=lambda k: other.costs[k] - found.best.costs[k])
    return Insurance(
        against=other.name,
        premium_usd=found.best.costs[likeliest] - other.costs[likeliest],
        saves_at_worst_usd=other.costs[worst] - found.best.costs[worst],
        worst=found.blocks[worst].name,
        differences=tuple(differences),
    )


def _differences(one: Mapping[Decided, float], other: Mapping[Decided, float]) -> list[Difference]:
    rows = []
    for key in sorted({*one, *other}):
        more = one.get(key, 0.0) - other.get(key, 0.0)
        if key[0] in SHOWN and abs(more) > NO_SYSTEMS:
            what, period = (key[1:], None) if key[0] == "sign" else (key[1:-1], key[-1])
            rows.append(Difference(kind=key[0], what=what, period=period, more=more))
    return rows


def _notes(found: Robust) -> list[str]:
    """What is worth knowing of how it was looked at."""
    aim, notes = found.aim, []
    largest = max(found.weights)
    if aim.averse and 1 - aim.level < 2 * largest:
        worst = f"the worst {1 - aim.level:.2g} of all are hardly more than one of them"
        notes.append(f"with futures of a probability up to {largest:.2g}, {worst}")
    for alike in found.question.alike.values():
        if len(alike) > 1:
            notes.append(f"{', '.join(alike)} are one future: they change the same")
    compared = len(found.others) - 1
    if compared < len(found.blocks):
        notes.append(
            f"of {len(found.blocks)} futures the plans of the {compared} likeliest are held in all of them, "
            "with that of their mean; those of the others in their own alone"
        )
    if found.too_late:
        notes.append(
            f"not ordered before it is known, because in some future it would come after the horizon: "
            f"{', '.join(found.too_late)}"
        )
    if found.question.futures[0].probability == 0:
        notes.append("no future is the scenario as it stands; what is signed now fits its limits all the same")
    return notes
