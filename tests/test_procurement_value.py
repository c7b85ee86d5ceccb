"""Hand-worked plans where work has a value, and requests that make no sense; see `procurement_requests.py`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from builders import Tree, catalog, plan
from procurement_requests import BOX, HOURS, QUARTER_BOX, QUARTERS, asked, bought, boxes, chip, rent, total

from catalogs.problems import InputError

pytestmark = pytest.mark.usefixtures("in_process")


# maximising value


def worth(usd: Any, count: Any = 1, **more: Any) -> Tree:
    return boxes(count, value_usd_per_unit_hour=usd, **more)


ON_DEMAND = catalog(chip("a", {"rent": rent(1)}))
"""17,520 USD for 3,200 · 2,190 unit hours: 0.0025 USD each."""


def test_only_work_that_pays_is_done(tmp_path: Path) -> None:
    demand = {"good": worth("0.005"), "poor": worth("0.002")}
    made = plan(tmp_path, asked(objective="maximize_value", demand=demand), ON_DEMAND)
    assert bought(made) == {("a.rent", "2025q1"): 1}
    assert [(row.demand, row.per_second, row.usd) for row in made.unmet] == [("poor", BOX, 0)]
    # 0.005 · 3,200 · 2,190 = 35,040 are received
    assert total(made, "value_usd") == pytest.approx(-35_040)
    assert made.objective_usd == pytest.approx(QUARTER_BOX - 35_040)


def test_a_price_of_unmet_work_adds_to_its_value(tmp_path: Path) -> None:
    """0.002 and 0.001 are more than 0.0025."""
    demand = {"poor": worth("0.002", unmet_usd_per_unit_hour="0.001")}
    made = plan(tmp_path, asked(objective="maximize_value", demand=demand), ON_DEMAND)
    assert made.unmet == ()
    assert made.objective_usd == pytest.approx(QUARTER_BOX - 0.002 * BOX * HOURS)


@pytest.mark.parametrize(("value", "taken"), [("0.004", 1), ("0.006", 2)])
def test_a_last_box_must_pay_for_itself(tmp_path: Path, value: str, taken: int) -> None:
    """Of 1.5 boxes of work, the second box does half a box, worth 14,016 or 21,024 USD for its 17,520."""
    made = plan(tmp_path, asked(objective="maximize_value", demand={"train": worth(value, 1.5)}), ON_DEMAND)
    assert bought(made) == {("a.rent", "2025q1"): taken}
    assert sum(row.per_second for row in made.unmet) == pytest.approx((1.5 - min(taken, 1.5)) * BOX)


def test_value_may_change(tmp_path: Path) -> None:
    values = {"2025q1": "0.002", "2025q2": "0.005"}
    made = plan(tmp_path, asked(2, objective="maximize_value", demand={"train": worth(values)}), ON_DEMAND)
    assert bought(made) == {("a.rent", "2025q2"): 1}


def test_work_without_a_value_must_be_done(tmp_path: Path) -> None:
    demand = {"poor": worth("0.002"), "must": boxes(1)}
    made = plan(tmp_path, asked(objective="maximize_value", demand=demand), ON_DEMAND)
    assert {row.demand for row in made.work} == {"must"}
    assert made.objective_usd == pytest.approx(QUARTER_BOX)


def test_no_more_than_the_demand_has_value(tmp_path: Path) -> None:
    """Two boxes stand there; there is work for one."""
    fleet = [{"system": "a_box", "site": "oslo", "count": 2}]
    made = plan(tmp_path, asked(objective="maximize_value", demand={"train": worth("0.005")}, fleet=fleet), ON_DEMAND)
    assert made.objective_usd == pytest.approx(-35_040)


def test_nothing_that_could_do_valued_work_is_no_mistake(tmp_path: Path) -> None:
    """A demand with a value need not be served, even if nothing ever could."""
    demand = {"must": boxes(1), "other": worth("1", stacks={"cuda": 0})}
    made = plan(tmp_path, asked(objective="maximize_value", demand=demand), catalog(
        chip("b", {"rent": rent(1)}, stack="xla"), chip("a", {"rent": rent(1, available={"until": "2024"})}),
    ))  # fmt: skip
    assert {row.demand for row in made.unmet} == {"other"}


# refusals


@pytest.mark.parametrize(
    ("value", "left", "usd"),
    [
        # 0.003 · 3,200 · 2,190 h are 21,024 for a rent of 17,520; before and after the first key nothing must be done
        ({"2025q2": "0.003"}, [BOX, 0], QUARTER_BOX - 21_024),
        ({"2025q1": "0.003"}, [0, 0], 2 * (QUARTER_BOX - 21_024)),
        ({"2025q3": "0.003"}, [BOX, BOX], 0),
        ({"2025q1": "0.003", "2025q2": 0}, [0, BOX], QUARTER_BOX - 21_024),
    ],
)
def test_a_value_that_begins_late_forces_nothing_before(tmp_path: Path, value: Tree, left: list[int], usd: int) -> None:
    made = plan(tmp_path, asked(2, objective="maximize_value", demand={"train": worth(value)}), ON_DEMAND)
    unmet = {row.period: row.per_second for row in made.unmet}
    assert [unmet.get(quarter, 0) for quarter in QUARTERS[:2]] == pytest.approx(left)
    assert made.objective_usd == pytest.approx(usd)


def test_an_unmet_price_that_begins_late_forces_what_is_before(tmp_path: Path) -> None:
    """A price for work left undone is no value: before it begins the box is rented, then left at a dollar."""
    demand = {"train": boxes(1, unmet_usd_per_unit_hour={"2025q2": "1e-7"})}
    made = plan(tmp_path, asked(2, demand=demand), ON_DEMAND)
    assert [row.period for row in made.unmet] == ["2025q2"]
    assert made.objective_usd == pytest.approx(QUARTER_BOX + 1e-7 * BOX * HOURS)


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ({"limits": [{"name": "x", "measure": "systems", "of": {"host": "cloud"}, "at_most": 1}]}, "selects no host"),
        ({"limits": [{"name": "x", "measure": "systems", "at_most": 1, "at_least": 1}]}, "at_most and at_least"),
        ({"limits": [{"name": "x", "measure": "work", "at_most": 1}]}, "name a demand, or demand: each"),
        ({"limits": [{"name": "x", "measure": "it_kw", "at_least": 1}]}, "needs within: each_period"),
        ({"limits": [{"name": "x", "measure": "carbon_t", "at_least": 1}]}, "carbon has ceilings only"),
        ({"demand": {"train": {"workload": "training"}}}, "needs one of per_second and by_deadline_unit_hours"),
        ({"objective": "maximize_value"}, "needs a demand with value_usd_per_unit_hour"),
        ({"demand": {"train": worth(1)}}, "goes with objective: maximize_value only"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, parts: Tree, says: str) -> None:
    with pytest.raises(InputError, match=says):
        plan(tmp_path, asked(**parts))
