"""Futures of a scenario: what is refused and where, what they make of a request, and that the audit knows it."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from builders import Tree, accelerator, catalog, load, one_offer, rates, scenario, site, system

from catalogs.problems import InputError
from optimizer.audit.courses import future_is_applied
from optimizer.request.edits import as_text
from optimizer.request.load import Request
from optimizer.uncertainty.courses import course_of
from optimizer.uncertainty.question import asked

BASE = {"name": "base", "probability": "0.5"}
KNOWN = one_offer(lead_time_months=3, supply_systems_per_month=10)


def with_future(**changes: Any) -> list[Tree]:
    return [BASE, {"name": "other", "probability": "0.5", **changes}]


def refused(folder: Path, futures: Any, **parts: Any) -> list[str]:
    """What is said against a scenario when it is read, or when its futures are applied."""
    try:
        asked(load(folder, scenario(futures=futures, **parts), KNOWN))
    except InputError as error:
        return [str(problem) for problem in error.problems]
    return []


SAYS = [
    (with_future(demand={"factor": -1}), "futures.1.demand.factor must be at least 0 (got -1)"),
    ([BASE, {"name": "other", "probability": "0.4"}], "the probabilities must sum to 1; they sum to 0.9"),
    ([BASE, {"name": "base", "probability": "0.5"}], "the name 'base' is used twice"),
    (with_future(price={"of": {"vendor": "acmee"}, "factor": 1}), "'acmee' selects no vendor; did you mean 'acme'?"),
    (with_future(demand={"of": {"demand": "tran"}, "factor": 1}), "'tran' selects no demand; did you mean 'train'?"),
    (with_future(price={"of": {"site": "oslo"}, "factor": 2}), "price is not told apart by it; select by vendor"),
    (with_future(residual={"of": {"vendor": "acme"}, "factor": 2}), "it holds for all; take `of` away"),
    (with_future(price={"of": {"vendor": "each"}, "factor": 2}), "'each' is for limits; name what changes"),
    (with_future(price={"factor": 0}), "must be greater than 0; nothing is given away"),
    (with_future(price={"factor": {"2025q1": 1}, "from": "2025q2"}), "goes with one factor"),
    (with_future(delivery_delay={"months": 6}), "must be less than the horizon's 6 months (got 6)"),
    (with_future(hall_delay={"months": 0}), "must be at least 1"),
    (with_future(rent={"factor": 2}), "rent: changes nothing: the scenario has no such figure"),
    (with_future(residual={"factor": "0.5"}), "residual: changes nothing"),
    (with_future(hall_delay={"months": 3}), "hall_delay: changes nothing"),
    (with_future(demnd={"factor": 2}), "unknown key 'demnd'; did you mean 'demand'?"),
]


@pytest.mark.parametrize(("futures", "said"), SAYS, ids=[said for _, said in SAYS])
def test_what_contradicts_is_refused_at_its_place(futures: Any, said: str, tmp_path: Path) -> None:
    found = refused(tmp_path, futures)
    assert any(said in problem for problem in found), found
    line, column = found[0].removeprefix(f"{tmp_path}/scenario.yaml:").split(":")[:2]
    text = (tmp_path / "scenario.yaml").read_text().splitlines()
    assert "futures" not in text[int(line) - 1][: int(column) - 1], "it points into the futures, or at their key"
    assert int(line) >= next(k for k, each in enumerate(text, 1) if '"futures"' in each)


def test_uncertainty_names_what_there_is(tmp_path: Path) -> None:
    wrong = {"decide_by": "2026q1", "unmet_usd_per_unit_hour": {"tran": 1}, "beyond": {"budget": -1}}
    found = refused(tmp_path, [{**BASE, "probability": 1}], uncertainty=wrong)
    assert len(found) == 3
    for said in ("'2026q1' is not a period of the horizon, 2025q1 to 2025q2", "did you mean 'train'?", "at least 0"):
        assert any(said in problem for problem in found), found


def test_no_futures_are_as_good_as_none(tmp_path: Path) -> None:
    request = load(tmp_path, scenario(futures=[]), KNOWN)
    assert request.scenario.futures is None
    assert "futures" not in as_text(request.scenario)
    with pytest.raises(InputError, match="has no futures; chipmix init --futures"):
        asked(request)


def test_an_order_that_a_delay_moves_beyond_the_horizon_is_refused(tmp_path: Path) -> None:
    placed = [{"offer": "box.purchase", "site": "oslo", "period": "2025q2", "systems": 1}]
    (said,) = refused(tmp_path, with_future(delivery_delay={"months": 3}), commitments=placed)
    assert "moves box.purchase, ordered already, beyond the horizon" in said


def test_a_share_of_the_price_left_above_1_is_refused(tmp_path: Path) -> None:
    found = refused(tmp_path, with_future(residual={"factor": 2}), finance={})
    assert any("futures.1: what it makes of the request is none: " in problem for problem in found), found


# What they make of a request


def rich() -> tuple[Tree, dict[str, Tree]]:
    """A request with every figure that a future may change."""
    offers = {
        "box.buy": {"system": "box", "route": "purchase", "price_usd": {"2024": 300000, "2025q3": 280000},
                    "lead_time_months": 4, "supply_systems_per_month": 3},
        "box.rent": {"system": "box", "route": "on_demand", "host": "cloud", "usd_per_accelerator_hour": 2},
    }  # fmt: skip
    known = catalog(
        accelerator("chip", {"box": system()}, offers, rates(training=400), draws={"wafers": "0.5"}),
        pools={"wafers": {"unit": "wafer", "describes": "w", "forecasts": {"survey": {"2024": 1000}}}},
    )
    hall = site({"2025q1": 1, "2025q3": 3}, racks={"2025q1": 10, "2025q2": 90}, electricity_usd_per_mwh={"2024": 50})
    tree = scenario(
        horizon={"start": "2025q1", "periods": 4},
        finance={"residual": {1: "0.6", 5: "0.1"}},
        sites={"oslo": {**hall, "expansion": {"usd_per_mw": 1e6, "lead_time_months": 3, "max_mw": 1, "life_years": 9}}},
        demand={
            "train": {"workload": "training", "per_second": {"2025q1": 900, "growth_per_year": "0.5"}},
            "run": {"workload": "training", "by_deadline_unit_hours": {"2025q3": 5000}},
        },
        commitments=[{"offer": "box.buy", "site": "oslo", "period": "2025q2", "systems": 2},
                     {"offer": "box.buy", "site": "oslo", "period": "2024q3", "systems": 1}],
        supply_per_month={"chip": {"2025q1": 90}},
        pools_per_month={"wafers": {"forecast": "survey", "share": "0.1"}},
        limits=[],
    )  # fmt: skip
    return tree, known


CHANGES: dict[str, Tree] = {
    "demand": {"of": {"demand": "train"}, "factor": {"2025q2": "1.5", "growth_per_year": "0.2"}},
    "price": {"of": {"route": "purchase"}, "factor": "0.9"},
    "rent": {"of": {"host": "cloud"}, "factor": "1.3", "from": "2025-05"},
    "supply": {"of": {"accelerator": "chip"}, "factor": {"2025q1": "0.5", "2025q4": "0.8"}},
    "pools": {"of": {"pool": "wafers"}, "factor": "0.65"},
    "power": {"of": {"site": "oslo"}, "factor": "0.5", "from": "2025q2"},
    "electricity": {"factor": "1.2", "from": "2025-02"},
    "residual": {"factor": "0.5"},
    "delivery_delay": {"of": {"vendor": "acme"}, "months": 3},
    "hall_delay": {"months": 2},
}


def course(folder: Path, **changes: Any) -> tuple[Request, Request]:
    """A request, and what a future makes of it."""
    tree, known = rich()
    request = load(folder, {**tree, "futures": with_future(**changes)}, known)
    other = next(future for future in request.scenario.futures or () if future.name == "other")
    return request, course_of(request, other)


def test_deliveries_come_later_with_orders_that_are_placed(tmp_path: Path) -> None:
    """4 months are two quarters, 7 are three: a quarter later, at what was agreed; what is running stays."""
    _, found = course(tmp_path, delivery_delay=CHANGES["delivery_delay"], price=CHANGES["price"])
    assert found.catalog.offers["box.buy"].lead_time_months == 7
    assert found.catalog.offers["box.rent"].lead_time_months == 0, "a host delivers nothing to us"
    placed = [(entry.period, str(entry.price_usd)) for entry in found.scenario.commitments]
    assert sorted(placed) == [("2024q3", "300000"), ("2025q3", "300000")]


def test_a_hall_opens_later(tmp_path: Path) -> None:
    _, found = course(tmp_path, hall_delay=CHANGES["hall_delay"])
    oslo = as_text(found.scenario)["sites"]["oslo"]
    assert oslo["power_mw"] == {"2025q1": "1", "2025-09": "3"}
    assert oslo["racks"] == {"2025q1": "10", "2025-06": "90"}
    assert oslo["expansion"]["lead_time_months"] == 5


def test_a_schedule_of_factors_multiplies_month_by_month(tmp_path: Path) -> None:
    _, found = course(tmp_path, rent=CHANGES["rent"], pools=CHANGES["pools"], price={"factor": {"2025q3": "0.5"}})
    assert as_text(found.catalog)["offers"]["box.rent"]["usd_per_accelerator_hour"] == {"2025q1": "2", "2025-05": "2.6"}
    assert as_text(found.scenario)["pools_per_month"]["wafers"] == {"2024": "65.000"}
    prices = as_text(found.catalog)["offers"]["box.buy"]["price_usd"]
    assert {key: float(usd) for key, usd in prices.items()} == {
        "2024q1": 300000, "2025q1": 300000, "2025q3": 140000,
    }  # fmt: skip


# The audit


@pytest.mark.parametrize("kind", [*CHANGES, "all"])
def test_the_audit_knows_what_a_future_makes_of_a_request(kind: str, tmp_path: Path) -> None:
    """Its own reading, in fractions, agrees; a future that changes a little more, or less, is told."""
    changes = CHANGES if kind == "all" else {kind: CHANGES[kind]}
    request, found = course(tmp_path, **changes)
    plan = {"scenario": as_text(found.scenario), "catalog": as_text(found.catalog)}
    texts = as_text(request.scenario), as_text(request.catalog)
    future = next(each for each in texts[0]["futures"] if each["name"] == "other")
    checks = list(future_is_applied(*texts, future, {}, plan))
    assert len(checks) > 5
    assert [check.words() for check in checks if check.fails()] == []
    for other in wrong(future):
        assert any(check.fails() for check in future_is_applied(*texts, other, {}, plan)), other


def wrong(future: Tree) -> list[Tree]:
    """A future with each of its changes left out, and with each a little other."""
    found = []
    for kind in CHANGES.keys() & future.keys():
        found.append({key: value for key, value in future.items() if key != kind})
        other = copy.deepcopy(future)
        change = other[kind]
        if "months" in change:
            change["months"] += 1
        elif isinstance(change["factor"], dict):
            first = min(change["factor"])
            change["factor"][first] = f"{float(change['factor'][first]) + 1e-9:.12f}"
        else:
            change["factor"] = f"{float(change['factor']) + 1e-9:.12f}"
        found.append(other)
    return found


def test_what_no_future_changes_is_told(tmp_path: Path) -> None:
    request, found = course(tmp_path, power=CHANGES["power"])
    plan = {"scenario": as_text(found.scenario), "catalog": as_text(found.catalog)}
    plan["scenario"]["finance"]["discount_rate"] = "0.01"
    texts = as_text(request.scenario), as_text(request.catalog)
    future = next(each for each in texts[0]["futures"] if each["name"] == "other")
    failing = [check.words() for check in future_is_applied(*texts, future, {}, plan) if check.fails()]
    assert failing == ["future_is_applied(other): the future changes more than it says"]
