"""Schedules finer than the horizon, and systems too small for their work, against the second statements of the model.

The requests of `test_brute_force_whole.py` once more, with keys at any month, a PUE by month, and workloads that take
more memory than some systems have.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from builders import points_of
from oracle import month_of
from oracle_whole import Whole
from test_brute_force_whole import check_against_plain_model, check_batch
from test_properties import few_and_many, never_costs_more, planned, shuffled
from test_properties_whole import sound
from whole_requests import DrawWhole, Tree, drawn

from optimizer.plan.format import Plan
from optimizer.request.schedules import READINGS

pytestmark = pytest.mark.usefixtures("in_process")
SMALL_BATCHES, SMALL_PER_BATCH = 5, 10
FEW, PLAIN_INSTANCES = 8, 24


class DrawMonths(DrawWhole):
    """A random request whose keys lie anywhere, and whose workloads take memory."""

    def month(self, low: int, high: int) -> str:
        """A month from `low` months after the horizon's start to `high` after it."""
        year, offset = divmod(self.start + self.random.randint(low, high), 12)
        return f"{year}-{offset + 1:02d}"

    def schedule(self, low: int, high: int, early: bool = True) -> Any:
        """A number, or steps at any months, some of them before the horizon or after it."""
        if self.maybe(0.4):
            return self.random.randint(low, high)
        end = self.periods * self.months
        keys = {"2023"} if early or self.maybe(0.4) else {self.month(0, self.months)}
        keys |= {self.month(-3, end + 2) for _ in range(self.random.randint(1, 5))}
        first = min(keys, key=month_of) if not early else "2023"
        return {key: self.random.randint(low, high) for key in sorted(keys) if key == first or self.maybe(0.8)}

    def site(self) -> Tree:
        site = super().site()
        if self.maybe(0.5):
            months = {self.month(0, self.periods * self.months) for _ in range(3)}
            site["pue"] = {key: self.random.choice([1, "1.1", "1.25", "1.4"]) for key in ["2023", *sorted(months)]}
        return site

    def catalog(self) -> Tree:
        known = super().catalog()
        shared = known["shared.yaml"]
        takes = {"fp8": self.random.choice([40, 80, "80.5"]), "bf16": 160}
        shared["workloads"] = {
            name: entry | ({"memory_gb": takes} if self.maybe(0.6) else {})
            for name, entry in shared["workloads"].items()
        }
        for file in known.values():
            if "accelerator" in file and self.maybe(0.8):
                file["accelerator"]["memory_gb"] = self.random.choice([20, 40, 80, 160])
            for entry in points_of(file):
                if self.maybe(0.6):
                    entry["precision"] = self.random.choice(["fp8", "bf16", "int8"])
        return known

    def scenario(self, known: Tree) -> Tree:
        asked = super().scenario(known)
        for entry in asked.get("fleet", ()):
            if "until" in entry:
                entry["until"] = self.month(0, self.periods * self.months)
        return asked


# the second statements


@pytest.mark.parametrize("seed", [
    0, 1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, SMALL_BATCHES)),
])  # fmt: skip
def test_plan_is_the_cheapest_of_all_decisions(tmp_path: Path, seed: int) -> None:
    check_batch(tmp_path, seed, SMALL_PER_BATCH, DrawMonths)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1000, 1060))
def test_plan_is_the_cheapest_of_all_decisions_many_times(tmp_path: Path, seed: int) -> None:
    check_batch(tmp_path, seed, 50, DrawMonths)


@pytest.mark.parametrize("number", [
    *range(FEW), *(pytest.param(number, marks=pytest.mark.slow) for number in range(FEW, PLAIN_INSTANCES)),
])  # fmt: skip
def test_plain_model_agrees(tmp_path: Path, number: int) -> None:
    check_against_plain_model(tmp_path, f"plain months {number}", DrawMonths)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(1000, 1500))
def test_plain_model_agrees_many_times(tmp_path: Path, number: int) -> None:
    check_against_plain_model(tmp_path, f"plain months {number}", DrawMonths)


def test_a_plan_of_nearly_whole_numbers_is_no_gain(tmp_path: Path) -> None:
    """Without presolve HiGHS 1.15.1 finds a plan that is 0.04 % cheaper by half a millionth of a cluster."""
    check_against_plain_model(tmp_path, "plain months 1472", DrawMonths)


# laws


FLOORS = {"at_least", "at_least_share"}


def request(seed: int) -> tuple[Tree, Tree]:
    """A random request that is sound; without floors, which nothing that is left may meet."""
    for i in range(1000):
        found = drawn(f"months law {seed} {i}", large=i % 2 == 0, kind=DrawMonths)
        if found is None:
            continue
        asked, known, _ = found
        asked["limits"] = [limit for limit in asked["limits"] if not set(limit) & FLOORS]
        if sound(asked, known):
            return asked, known
    raise AssertionError("the generator makes no sound request")


Change = Callable[[str, Any], Any]
"""A schedule or constant of a field, changed."""


def with_schedules(asked: Tree, known: Tree, change: Change) -> tuple[Tree, Tree]:
    """A copy of a request with each of its schedules, constants among them, changed."""
    asked, known = deepcopy(asked), deepcopy(known)
    holders = [*asked["sites"].values(), *asked["demand"].values(), asked["finance"]]
    for file in known.values():
        holders += [*file.get("offers", {}).values(), *points_of(file)]
    for holder in holders:
        holder |= {field: change(field, value) for field, value in holder.items() if field in READINGS}
    for section in ("supply_per_month", "pools_per_month"):
        by_id = asked.get(section, {})
        by_id |= {key: value if "forecast" in str(value) else change(section, value) for key, value in by_id.items()}
    for pool in known["shared.yaml"]["pools"].values():
        pool["forecasts"] = {name: change("pools_per_month", value) for name, value in pool["forecasts"].items()}
    return asked, known


def is_schedule(tree: Any) -> bool:
    return isinstance(tree, dict) and all(str(key)[:1].isdigit() for key in tree)


def key_of(month: int) -> str:
    return f"{month // 12}-{month % 12 + 1:02d}"


def respelled(horizon: Tree) -> Change:
    """Each month of the horizon on its own, and of three years before it: the same numbers in many more keys."""
    start = month_of(horizon["start"])
    end = start + 12 * horizon["periods"] + 12

    def respell(_: str, schedule: Any) -> Any:
        steps = schedule if isinstance(schedule, dict) else {"2020": schedule}
        held = {month_of(key): amount for key, amount in steps.items()}
        return {
            key_of(month): held[max(begun)]
            for month in range(min(held), end)
            if (begun := [key for key in held if key <= month])
        }

    return respell


def flattened(horizon: Tree) -> Change:
    """Each schedule with its keys moved back to the start of their periods: constant in each."""
    start = month_of(horizon["start"])
    months = 12 if len(horizon["start"]) == 4 else 3 if "q" in horizon["start"] else 1

    def flatten(_: str, schedule: Any) -> Any:
        if not is_schedule(schedule):
            return schedule
        moved = {start + (month_of(key) - start) // months * months: amount for key, amount in schedule.items()}
        return {key_of(month): amount for month, amount in moved.items()}

    return flatten


SPELT = ("scenario", "catalog", "run", "warnings", "notes", "audit")
"""Parts of a plan that hold the text of its inputs or speak of it."""


def decided(plan: Plan | None) -> Tree | None:
    return None if plan is None else {k: v for k, v in plan.model_dump(mode="json").items() if k not in SPELT}


@few_and_many
def test_how_a_schedule_is_spelt_changes_nothing(seed: int) -> None:
    """The same numbers month by month, wherever the keys lay and where months do not differ inside a period."""
    asked, known = request(seed)
    respell = respelled(asked["horizon"])
    for first in ((asked, known), with_schedules(asked, known, flattened(asked["horizon"]))):
        assert decided(planned(*with_schedules(*first, respell))) == decided(planned(*first))


@few_and_many
def test_the_order_of_keys_changes_nothing(seed: int) -> None:
    asked, known = request(seed)
    chance = random.Random(seed)
    again = planned(shuffled(asked, chance), {name: shuffled(file, chance) for name, file in known.items()})
    assert decided(again) == decided(planned(asked, known))


@few_and_many
def test_more_memory_never_costs_more(seed: int) -> None:
    asked, known = request(seed)
    more = deepcopy(known)
    for file in more.values():
        if "memory_gb" in file.get("accelerator", {}):
            file["accelerator"]["memory_gb"] *= 2
    never_costs_more(asked, known, asked, more)


@few_and_many
def test_a_workload_that_takes_less_never_costs_more(seed: int) -> None:
    asked, known = request(seed)
    less = deepcopy(known)
    for entry in less["shared.yaml"]["workloads"].values():
        entry["memory_gb"] = dict.fromkeys(entry.get("memory_gb", {"fp8": 1}), 1)
    never_costs_more(asked, known, asked, less)


def shifted(fields: tuple[str, ...], factor: int, chance: random.Random) -> Change:
    """One step of each schedule of some fields, times a factor."""

    def shift(field: str, schedule: Any) -> Any:
        if field not in fields or not is_schedule(schedule):
            return schedule
        key = chance.choice(sorted(schedule))
        return {**schedule, key: schedule[key] * factor}

    return shift


@few_and_many
def test_a_month_with_more_room_or_supply_never_costs_more(seed: int) -> None:
    """Whichever month it is: the others may still bind."""
    asked, known = request(seed)
    for site in asked["sites"].values():
        site.pop("take_or_pay_share", None)  # with one, more power is more energy to pay for
    fields = ("power_mw", "liquid_mw", "air_mw", "racks", "supply_per_month", "pools_per_month")
    shift = shifted((*fields, "supply_systems_per_month"), 3, random.Random(seed))
    never_costs_more(asked, known, *with_schedules(asked, known, shift))


@few_and_many
def test_a_month_that_asks_for_more_never_costs_less(seed: int) -> None:
    asked, known = request(seed)
    asked.pop("objective", None)
    for entry in asked["demand"].values():
        entry.pop("value_usd_per_unit_hour", None)
    asked["limits"] = [limit for limit in asked["limits"] if limit["measure"] != "work"]
    harder, _ = with_schedules(asked, known, shifted(("per_second",), 2, random.Random(seed)))
    never_costs_more(harder, known, asked)


def too_small(oracle: Whole) -> Iterator[bool]:
    """Whether each system is too small for each work that its accelerator has a rate for."""
    for system, entry in oracle.systems.items():
        for work in oracle.throughput[entry["accelerator"]]:
            takes = oracle.workloads[work].get("memory_gb")
            yield not any(oracle.fits(system, point, takes) for point in oracle.points(system, work))


def test_the_requests_have_what_they_are_for() -> None:
    """Keys inside periods, before and after the horizon, a PUE by month, and systems that are too small."""
    seen = {"inside": 0, "after": 0, "before": 0, "pue": 0, "small": 0}
    for seed in range(40):
        asked, known = request(seed)
        horizon, keys = asked["horizon"], list[int]()

        def note(_: str, schedule: Any, keys: list[int] = keys) -> Any:
            keys += [month_of(key) for key in schedule] if is_schedule(schedule) else []
            return schedule

        with_schedules(asked, known, note)
        start = month_of(horizon["start"])
        months = 12 if len(horizon["start"]) == 4 else 3 if "q" in horizon["start"] else 1
        end = start + months * horizon["periods"]
        seen["inside"] += any(start < key < end and (key - start) % months for key in keys)
        seen["after"] += any(key >= end for key in keys)
        seen["before"] += any(key < start for key in keys)
        seen["pue"] += any(isinstance(site["pue"], dict) for site in asked["sites"].values())
        seen["small"] += any(too_small(Whole(asked, known)))
    assert min(seen.values()) >= 10, seen
