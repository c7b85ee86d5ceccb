"""Random decisions under uncertainty equal their extensive form, written in bare algebra by the tests."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from builders import EXACT, load
from two_stage import Draw, Extensive

from optimizer.uncertainty.aims import Aim
from optimizer.uncertainty.outcome import outcomes_of
from optimizer.uncertainty.question import asked
from optimizer.uncertainty.robust import robust

FEW, MANY = range(4), range(300)


def check(seed: int, folder: Path) -> None:
    drawn = Draw(seed)
    question = asked(load(folder, drawn.scenario(), drawn.catalog()))
    if question.certain is not None:
        return
    for level, weight in ((0.0, 0.0), (0.6, 0.7)):
        found = robust(question, Aim(level, weight), EXACT, workers=1)
        outcomes_of(found, EXACT)
        expected = Extensive(drawn).least_usd(level, weight)
        assert math.isclose(found.objective, expected, rel_tol=1e-6, abs_tol=1.0), (seed, level)
        assert found.certified <= found.bound * (1 + 1e-9) + 1, (seed, level)


@pytest.mark.parametrize("seed", FEW)
def test_a_random_decision_equals_its_extensive_form(seed: int, tmp_path: Path) -> None:
    check(seed, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("seed", MANY)
def test_many_random_decisions_equal_their_extensive_form(seed: int, tmp_path: Path) -> None:
    check(seed, tmp_path)
