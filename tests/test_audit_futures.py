"""The audit of a decision in a future: what is stated to be broken is allowed by just as much, and no more."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from builders import EXACT, one_offer, scenario, site, write

from optimizer.audit.futures import Told, audit_future, one_decision
from optimizer.request.load import load_request
from optimizer.uncertainty.aims import Aim
from optimizer.uncertainty.outcome import Outcome, _told, outcomes_of
from optimizer.uncertainty.question import asked
from optimizer.uncertainty.robust import robust

FUTURES = [
    {"name": "as_planned", "probability": "0.4"},
    {"name": "short", "probability": "0.3", "supply": {"factor": "0.25"}, "price": {"factor": "1.5"}},
    {"name": "dark", "probability": "0.3", "power": {"factor": "0.05", "from": "2025q2"}},
]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Outcome, Told]]:
    """A decision with what it breaks: supply in one future, power in another, and a budget in the first of them."""
    tree = scenario(
        horizon={"start": "2025q1", "periods": 4},
        sites={"oslo": site(1)},
        demand={"train": {"workload": "training", "per_second": {"2025q2": 30000}, "unmet_usd_per_unit_hour": 50}},
        budget={"capex_usd": {"total": "3.2e6"}},
        futures=FUTURES,
    )
    path = write(tmp_path_factory.mktemp("audit"), tree, one_offer(lead_time_months=3, supply_systems_per_month=6))
    question = asked(load_request(path))
    outcomes = outcomes_of(robust(question, Aim(), EXACT), EXACT)
    return {each.future: (each, _told(question, each.future, each.over, each.unpowered)) for each in outcomes}


def test_each_kind_of_breach_is_in_the_decision(found: dict[str, tuple[Outcome, Told]]) -> None:
    """Else the tests below could pass for another reason."""
    assert {row.row.partition("(")[0] for row in found["short"][0].over} >= {"orders_within_offer"}
    assert found["dark"][0].unpowered
    assert not found["as_planned"][0].over
    assert not found["as_planned"][0].unpowered


@pytest.mark.parametrize("name", ["as_planned", "short", "dark"])
def test_what_is_stated_is_enough(name: str, found: dict[str, tuple[Outcome, Told]]) -> None:
    outcome, told = found[name]
    assert audit_future(outcome.plan, told).ok


def less_over(told: Told) -> Told:
    return replace(told, over={row: amount * (1 - 1e-6) for row, amount in told.over.items()})


def less_unpowered(told: Told) -> Told:
    return replace(told, unpowered=[replace(u, systems=u.systems * (1 - 1e-6)) for u in told.unpowered])


def more_unpowered(told: Told) -> Told:
    return replace(told, unpowered=[replace(u, systems=u.systems + 100) for u in told.unpowered])


def other_share(told: Told) -> Told:
    return replace(told, unpowered=[replace(u, able=u.able / 2) for u in told.unpowered])


def other_future(told: Told) -> Told:
    return replace(told, future={**told.future, "demand": {"of": {}, "factor": "1.01"}})


def decided_never(told: Told) -> Told:
    return replace(told, decide_by="2025q4")


WRONG: list[tuple[str, Callable[[Told], Told], str]] = [
    ("short", less_over, "orders_within_offer"),
    ("dark", less_unpowered, "power_within_site"),
    ("dark", more_unpowered, "unpowered_within_site"),
    ("dark", other_share, "unpowered_within_site"),
    ("dark", other_future, "future_is_applied"),
]


@pytest.mark.parametrize(("name", "change", "said"), WRONG, ids=[change.__name__ for _, change, _ in WRONG])
def test_what_is_not_stated_is_refused(
    name: str, change: Callable[[Told], Told], said: str, found: dict[str, tuple[Outcome, Told]]
) -> None:
    outcome, told = found[name]
    verdict = audit_future(outcome.plan, change(told))
    assert not verdict.ok
    assert any(finding.startswith(said) for finding in verdict.findings), verdict.findings


def test_another_decision_in_one_future_is_told(found: dict[str, tuple[Outcome, Told]]) -> None:
    plans: dict[str, Any] = {name: copy.deepcopy(dict(outcome.plan)) for name, (outcome, _) in found.items()}
    assert not any(check.fails() for check in one_decision(plans, "2025q1"))
    plans["dark"]["orders"][0]["systems"] += 1
    assert any(check.fails() for check in one_decision(plans, "2025q1"))


def test_fractions_are_refused_of_what_is_decided_before(found: dict[str, tuple[Outcome, Told]]) -> None:
    """A plan with a fraction of a system later passes; with all of it decided before it does not."""
    for name, (outcome, told) in found.items():
        later = [o for o in outcome.plan["orders"] if o["ordered"] > "2025q1" and o["systems"] % 1]
        if later:
            assert audit_future(outcome.plan, told).ok, name
            verdict = audit_future(outcome.plan, decided_never(told))
            assert any(finding.startswith("order_is_whole") for finding in verdict.findings)
