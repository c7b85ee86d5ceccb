"""Repairs of random requests of every kind: proven conflicts, causes that every repair addresses, least changes."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from builders import EXACT, write
from test_repair import check_causes, check_repairs, has_plan
from whole_requests import drawn

from catalogs.periods import first_month
from catalogs.problems import InputError
from optimizer.formulation import build_model
from optimizer.infeasible.contradictions import contradictions
from optimizer.infeasible.repair import repair
from optimizer.proven import stated
from optimizer.request.calendar import Calendar
from optimizer.request.load import load_request
from optimizer.tables import build_tables


def random_requests(folder: Path, seed: int) -> Iterator[Path]:
    """Endless small requests with every feature there is."""
    for number in count():
        found = drawn(f"repair {seed} {number}", large=False)
        if found is not None:
            yield write(folder / str(number), found[0], found[1])


def check_random(folder: Path, seed: int, wanted: int) -> None:
    """What has a plan has no contradiction; what has none has a proven conflict, and repairs that are the least."""
    repaired = 0
    for path in random_requests(folder, seed):
        try:
            request = load_request(path)
            stated(request)
        except InputError:
            continue
        if has_plan(request):
            assert contradictions(request, build_model(build_tables(request, loose=True))) == []
            continue
        report = repair(request, EXACT)
        assert report.conflicts
        check_repairs(path, report)
        repaired += 1
        if repaired == wanted:
            return


@pytest.mark.parametrize("seed", range(2))
def test_random_requests_are_repaired(tmp_path: Path, seed: int) -> None:
    check_random(tmp_path, seed, wanted=1)


def hindered(path: Path, chance: random.Random) -> None:
    """Makes a request harder in what causes are about: halls that open late, long waits, supply that begins late."""
    tree = json.loads(path.read_text())
    start, count = tree["horizon"]["start"], tree["horizon"]["periods"]
    months = {4: 12, 6: 3, 7: 1}[len(str(start))]
    later = Calendar(first_month(start), months, count, 1).key(chance.randint(1, count))
    for place in tree["sites"].values():
        for what in ("power_mw", "racks", "air_mw", "liquid_mw"):
            if what in place and not isinstance(place[what], dict) and chance.random() < 0.4:
                place[what] = {later: place[what]}
    for name, most in tree.get("supply_per_month", {}).items():
        if not isinstance(most, dict) and chance.random() < 0.4:
            tree["supply_per_month"][name] = {later: most}
    path.write_text(json.dumps(tree))
    for file in sorted((path.parent / "quotes").iterdir()):
        known = json.loads(file.read_text())
        for offer in known.get("offers", {}).values():
            if chance.random() < 0.4:
                offer["lead_time_months"] = chance.choice([1, 2]) * months
        file.write_text(json.dumps(known))


def check_random_causes(folder: Path, seed: int, wanted: int) -> None:
    """Every repair makes every cause that is told give way, by a limit that the cause names."""
    chance, found = random.Random(seed), 0
    for path in random_requests(folder, seed):
        hindered(path, chance)
        try:
            report = repair(load_request(path), EXACT)
        except InputError:
            continue
        check_causes(report)
        found += report.status == "infeasible"
        if found == wanted:
            return


@pytest.mark.parametrize("seed", range(2))
def test_no_cause_is_contradicted_by_a_repair(tmp_path: Path, seed: int) -> None:
    check_random_causes(tmp_path, seed, wanted=2)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, *range(1000, 1010)])
def test_no_cause_is_contradicted_by_a_repair_many_times(tmp_path: Path, seed: int) -> None:
    check_random_causes(tmp_path, seed, wanted=40)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, *range(1000, 1020)])
def test_random_requests_are_repaired_many_times(tmp_path: Path, seed: int) -> None:
    check_random(tmp_path, seed, wanted=20)
