"""Schedules finer than the horizon, and systems too small for their work, against the second statements of the model.

The requests of `test_brute_force_whole.py` once more, with keys at any month, a PUE by month, and workloads that take
more memory than some systems have.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from oracle import month_of
from test_brute_force_whole import DrawWhole, Tree, check_against_plain_model, check_batch

pytestmark = pytest.mark.usefixtures("in_process")
SMALL_BATCHES, SMALL_PER_BATCH = 5, 10
PLAIN_INSTANCES = 30


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
            for entry in file.get("throughput", {}).values():
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


@pytest.mark.parametrize("seed", range(SMALL_BATCHES))
def test_plan_is_the_cheapest_of_all_decisions(tmp_path: Path, seed: int) -> None:
    check_batch(tmp_path, seed, SMALL_PER_BATCH, DrawMonths)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1000, 1060))
def test_plan_is_the_cheapest_of_all_decisions_many_times(tmp_path: Path, seed: int) -> None:
    check_batch(tmp_path, seed, 50, DrawMonths)


@pytest.mark.parametrize("number", range(PLAIN_INSTANCES))
def test_plain_model_agrees(tmp_path: Path, number: int) -> None:
    check_against_plain_model(tmp_path, f"plain months {number}", DrawMonths)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(1000, 1500))
def test_plain_model_agrees_many_times(tmp_path: Path, number: int) -> None:
    check_against_plain_model(tmp_path, f"plain months {number}", DrawMonths)
