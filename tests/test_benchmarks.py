"""The benchmarks compare like with like: every installed peer finds the same optimum of the smallest request."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from benchmarks import growth, melange, search
from benchmarks.__main__ import cell, write
from benchmarks.aggregation import by_site, summed
from benchmarks.instances import NAMED, Size, instance, size_of
from benchmarks.peers.plain import NOTHING, Answer, plain
from optimizer.request.load import Request
from optimizer.tables import Tables, build_tables

SMALLEST = Size(1, 8, 2, offers=27)
"""With a chip of its own that has to be engineered first."""
SHORT = SMALLEST._replace(quarters=4)
"""Solved in a moment; no chip of its own is ready in so short a time."""
SIZES = pytest.mark.parametrize("size", [SHORT, pytest.param(SMALLEST, marks=pytest.mark.slow)], ids=["year", "years"])
GAP = 1e-6
SECONDS = 60.0
PLAIN = ("HiGHS, plain", "PuLP and CBC")

pytestmark = pytest.mark.filterwarnings("ignore")  # what libraries say of one another's versions


@cache
def smallest(size: Size = SMALLEST) -> Request:
    with TemporaryDirectory() as folder:
        return instance(size, Path(folder))


@cache
def tables(size: Size) -> Tables:
    return build_tables(smallest(size))


@cache
def optimum(size: Size) -> float:
    answer = search.ours(tables(size), GAP, SECONDS)
    assert answer.reached
    return answer.cost


@SIZES
def test_our_model_by_itself(size: Size) -> None:
    answer = search.highs_on_ours(tables(size), GAP, SECONDS)
    assert answer == Answer(pytest.approx(optimum(size), rel=2 * GAP), reached=True)


@pytest.mark.parametrize("name", [name for name in search.installed() if name in PLAIN])
@SIZES
def test_plain_matrix(name: str, size: Size) -> None:
    solved = {"HiGHS, plain": search.highs, "PuLP and CBC": search.cbc}[name]
    answer = solved(summed(by_site(smallest(size))), GAP, SECONDS)
    assert answer == Answer(pytest.approx(optimum(size), rel=2 * GAP), reached=True)


@pytest.mark.parametrize(("name", "module"), search.LIBRARIES.items())
@SIZES
def test_plain_model_of_a_library(name: str, module: str, size: Size) -> None:
    pytest.importorskip(module)
    peer = import_module(f"benchmarks.peers.in_{name.lower()}")
    answer = peer.solved(plain(smallest(size)), GAP, SECONDS)
    assert answer == Answer(pytest.approx(optimum(size), rel=2 * GAP), reached=True)


def test_smallest_has_every_row_of_the_plain_model() -> None:
    figures = plain(smallest())
    assert all([figures.one_offs, figures.engineer, figures.supply, figures.room, figures.works, figures.unmet])


def test_plain_model_refuses_terms(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no terms"):
        plain(instance(SMALLEST._replace(terms=True), tmp_path))


def test_contradiction_is_refused() -> None:
    dearer = {"one": search.Measured(Answer(100.0, True), 1.0), "other": search.Measured(Answer(99.0, False), 1.0)}
    search.refuse_contradiction(dearer, 0.02)
    with pytest.raises(ArithmeticError, match="one calls 100"):
        search.refuse_contradiction(dearer, 0.001)


def test_sizes() -> None:
    assert size_of("4x8x8") == Size(4, 8, 8)
    assert size_of("4x8x8+") == Size(4, 8, 8, terms=True)
    large, larger = NAMED["hyperscale"], NAMED["extreme"]
    assert large[:3] == (25, 20, 15)
    assert larger == large._replace(sites=4 * large.sites)


def test_offers_are_as_many_as_asked(tmp_path: Path) -> None:
    few = build_tables(instance(SMALLEST._replace(offers=5), tmp_path))
    assert len({cohort.offer for cohort in few.cohorts}) == 5
    with pytest.raises(ValueError, match="the catalogue has"):
        instance(SMALLEST._replace(offers=1000), tmp_path)


@pytest.mark.skipif(not melange.CASES.exists(), reason="the published cases are not part of the repository")
def test_melange(tmp_path: Path) -> None:
    case = melange.cases()[0]
    known = Answer(pytest.approx(case.known), reached=True)
    assert melange.theirs(case, GAP, SECONDS) == known
    assert melange.priced(search.ours(build_tables(melange.request(case, tmp_path)), GAP, SECONDS)) == known


def test_cells() -> None:
    found = {
        "chipmix": search.Measured(Answer(100.0, True), 0.5),
        "linopy": search.Measured(Answer(101.0, False), 20.0),
        "Pyomo": search.Measured(NOTHING, 1.25),
    }
    shown = [cell(found, name) for name in ("chipmix", "linopy", "Pyomo", "PyPSA")]
    assert shown == ["0.50", "20 (40.0), stopped, +1.00%", "1.25 (2.5), stopped without a plan", "–"]


def test_tables_are_put_between_their_marks(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("a\n<!-- growth -->\nold\n<!-- /growth -->\nb\n", encoding="utf-8")
    write("growth", "| new |", page)
    assert page.read_text(encoding="utf-8") == "a\n<!-- growth -->\n| new |\n<!-- /growth -->\nb\n"
    page.write_text("<!-- other -->\n<!-- /other -->\n", encoding="utf-8")
    write("other", "| first |", page)
    assert "\n| first |\n" in page.read_text(encoding="utf-8")
    with pytest.raises(ValueError, match="no marks"):
        write("none", "", page)


def test_growth_of_the_smallest(tmp_path: Path) -> None:
    plan = growth.planned(Size(1, 4, 1, offers=4))
    assert set(plan.seconds) == set(growth.PARTS)
    assert all(seconds > 0 for seconds in plan.seconds.values())
    assert plan.mib > 10
    assert plan.gap <= growth.GAP
    assert growth.table({"sites": {1: plan, 2: plan}}).count("\n") == 2
    pytest.importorskip("matplotlib")
    growth.plot({"sites": {1: plan, 2: plan}}, tmp_path / "growth.svg")
    assert (tmp_path / "growth.svg").read_text().startswith("<?xml")


def test_exponent() -> None:
    assert growth.exponent((1, 2, 4), (3, 12, 48)) == pytest.approx(2)
