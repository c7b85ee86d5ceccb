"""`chipmix repair`: the true cause first, and repairs that are enough and none of them more than needed.

A box has 8 chips of 400 units a second, 3,200 in all, draws 10 kW and costs 300,000 USD. 32,000 units are 10 boxes:
0.12 MW at a PUE of 1.2, 100 kW of cooling, 3 million USD. Each repair is applied through its own `--set` lines to the
file, and planned; each of its figures is then moved back by 1 % of its change, or one unit, and must have no plan.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from builders import EXACT, Tree, accelerator, catalog, one_offer, rates, scenario, site, system, write

from catalogs.periods import first_month, value_at
from catalogs.problems import InputError
from cli.main import run
from optimizer.infeasible.edits import edited
from optimizer.infeasible.repair import Report, repair
from optimizer.infeasible.report import Repair
from optimizer.infeasible.shortage import proved_infeasible
from optimizer.planning import make_plan
from optimizer.proven import stated
from optimizer.request.calendar import Calendar
from optimizer.request.load import Request, load_request
from optimizer.solving.solution import Options
from optimizer.solving.solve import solve

pytestmark = pytest.mark.usefixtures("in_process")

TEN = {"train": {"workload": "training", "per_second": 32000}}
BOX = {"system": "box", "route": "purchase", "price_usd": 300000}


def chip(name: str = "chip", vendor: str = "acme", stack: str = "cuda", **more: Any) -> Tree:
    offer = {**BOX, "system": f"{name}_box", **more.pop("offer", {})}
    boxes = {f"{name}_box": system(**more.pop("system", {}))}
    return accelerator(
        name, boxes, {f"{name}.purchase": offer}, rates(training=400), vendor=vendor, stack=stack, **more
    )


WAFERS = {"wafers": {"unit": "wafer", "describes": "packaging"}}
TWO_VENDORS = catalog(chip(), chip("rival", "zeta", offer={"supply_systems_per_month": 1}))
ACME_AT_MOST_40 = [{"name": "acme_share", "measure": "systems", "of": {"vendor": "acme"}, "at_most_share": "0.4"}]
FOUR = {"start": "2025q1", "periods": 4}

CAUSES: dict[str, tuple[str, Tree, Tree | None]] = {
    # 0.08 MW of the 0.12 needed.
    "power": ("power at oslo", {"sites": {"oslo": site("0.08")}}, None),
    # 0.07 MW of the 0.1 needed.
    "cooling": ("air cooling at oslo", {"sites": {"oslo": site(10, air_mw="0.07")}}, None),
    "racks": ("racks at oslo", {"sites": {"oslo": site(10, racks=8)}}, None),
    # 2.5 million of 3.
    "budget": ("capex budget total", {"budget": {"capex_usd": {"total": "2.5e6"}}}, None),
    # 60 chips in the first quarter of 80.
    "supply": ("allocation of chip", {"supply_per_month": {"chip": 20}}, None),
    "offer": ("supply of box.purchase", {}, one_offer(supply_systems_per_month=3)),
    # Two quarters of lead time, and work in the first.
    "lead time": ("lead times", {"horizon": FOUR}, one_offer(lead_time_months=5)),
    # Software that is ready in the third quarter.
    "porting": (
        "porting of train to cuda",
        {"horizon": FOUR, "demand": {"train": {**TEN["train"], "stacks": {"cuda": {"usd": 1e6, "months": 6}}}}},
        None,
    ),
    # 0.07 MW hold 5 boxes, 40 chips; 64 are asked for at one place.
    "cluster": (
        "cluster of train",
        {
            "sites": {"oslo": site("0.07")},
            "demand": {"train": {"workload": "training", "per_second": 3200, "cluster": {"accelerators": 64}}},
        },
        None,
    ),
    # 3 boxes of the rival a quarter, so 6.67 of 10 would have to be acme's, which may have 40 %.
    "vendor share": ("limit acme_share", {"limits": ACME_AT_MOST_40}, TWO_VENDORS),
    # 80 chips draw 40 wafers, of which there are 36.
    "pool": ("pool wafers", {"pools_per_month": {"wafers": 12}}, catalog(chip(draws={"wafers": "0.5"}), pools=WAFERS)),
    # The least order is of 20 boxes, and 0.12 MW hold 10.
    "minimum order": (
        "minimum order of box.purchase", {"sites": {"oslo": site("0.12")}}, one_offer(minimum_order_systems=20)
    ),
}  # fmt: skip


def asked(folder: Path, parts: Tree, known: Tree | None = None) -> tuple[Path, Report]:
    path = write(folder, scenario(**{"demand": TEN, **parts}), known)
    return path, repair(load_request(path), EXACT)


@pytest.mark.parametrize("name", CAUSES)
def test_the_true_cause_is_named_first_and_repairs_are_the_least(tmp_path: Path, name: str) -> None:
    cause, parts, known = CAUSES[name]
    path, report = asked(tmp_path, parts, known)
    assert report.status == "infeasible"
    (conflict,) = report.conflicts
    assert conflict.limits[0] == cause
    assert conflict.minimal
    assert any(change.about == cause or name == "lead time" for change in report.repairs[0].changes + changes(report))
    check_repairs(path, report)


def changes(report: Report) -> tuple[Any, ...]:
    return tuple(change for option in report.repairs for change in option.changes)


def touches(option: Repair, limits: Iterable[str]) -> bool:
    """Whether a repair makes one of some limits give way."""
    named = set(limits)
    leads = "lead times" in named and any(change.about.startswith("lead time of ") for change in option.changes)
    return leads or any(change.about in named for change in option.changes)


def check_causes(report: Report) -> None:
    """What is said to be the cause must give way in every repair: a repair that leaves it as it is contradicts it."""
    for option in report.repairs:
        for cause in report.contradictions:
            assert touches(option, cause.limits), (cause.sentence, cause.limits, option.words)
        for conflict in report.conflicts:
            assert touches(option, conflict.limits), (conflict, option.words)


def check_repairs(path: Path, report: Report) -> None:
    assert report.repairs
    check_causes(report)
    assert [option.cost_usd for option in report.repairs] == sorted(option.cost_usd for option in report.repairs)
    for option in report.repairs:
        plan = make_plan(load_request(path, option.settings), EXACT).plan
        assert plan.audit.ok
        assert plan.objective_usd == pytest.approx(option.cost_usd, rel=1e-6)
        for smaller in less(load_request(path), option.settings):
            assert not has_plan(load_request(path, smaller)), smaller


def has_plan(request: Request) -> bool:
    """A solve that shares nothing with the repair but the model; work that nothing can ever do has none."""
    try:
        matrix = stated(request)[1]
    except InputError:
        return False
    found = solve(matrix, Options(gap=1e-9, presolve="off", seed=7))
    assert found.status in ("optimal", "infeasible")
    return found.status == "optimal"


def less(request: Request, settings: tuple[str, ...]) -> Iterator[list[str]]:
    """The settings with one change at a time moved back by 1 %, or by one unit; of a demand, one period's at a time."""
    for i, setting in enumerate(settings):
        key, _, value = setting.partition("=")
        new, old = as_steps(value), figure(request, key)
        begins = {first_month(p) if p[:1].isdigit() else p: p for p in [*old, *new]}
        periods = new if "" in {**old, **new} else begins.values()
        figures = {p: (old_at(old, p), old_at(new, p)) for p in periods}
        moved = [period for period, (before, after) in figures.items() if before != after]
        for chosen in [[period] for period in moved] if key.startswith("demand") else [moved]:
            back = {p: one_back(*figures[p], key) for p in chosen}
            steps = {p: str(back.get(p, after)) for p, (_, after) in figures.items()}
            text = steps[""] if "" in steps else json.dumps(steps).replace('"', "")
            yield [*settings[:i], f"{key}={text}", *settings[i + 1 :]]


def one_back(before: Decimal, after: Decimal, key: str) -> Decimal:
    toward = 1 if before > after else -1
    if re.search("supply|racks$|months$|accelerators$|minimum_order", key):
        return after + toward
    return after + (toward * Decimal("0.001") if re.search("^limits.*share$", key) else (before - after) / 100)


def as_steps(value: str) -> dict[str, Decimal]:
    """A schedule, or a number under no period."""
    if not value.startswith("{"):
        return {"": Decimal(value)}
    pairs = (pair.split(": ") for pair in value.strip("{}").split(", "))
    return {period: Decimal(number) for period, number in pairs}


def figure(request: Request, key: str) -> dict[str, Decimal]:
    tree: Any = request.source
    names = key.split("/")
    if names[0] == "catalog":
        tree, names = request.catalog.model_dump(mode="json"), names[1:]
    for name in names:
        tree = tree[int(name)] if isinstance(tree, list) else tree[name]
    return {k: Decimal(str(v)) for k, v in tree.items()} if isinstance(tree, dict) else {"": Decimal(str(tree))}


def old_at(old: dict[str, Decimal], period: str) -> Decimal:
    same = "" if "" in old else period
    return old[same] if same in old else value_at(old, first_month(period)) or Decimal(0)


def test_two_causes_at_once_are_both_named(tmp_path: Path) -> None:
    """0.08 of 0.12 MW and 2.5 of 3 million: neither alone is enough, both together are, and so is doing 40 % less."""
    parts = {"sites": {"oslo": site("0.08")}, "budget": {"capex_usd": {"total": "2.5e6"}}}
    path, report = asked(tmp_path, parts)
    assert {conflict.limits for conflict in report.conflicts} == {
        ("power at oslo", "demand train"), ("capex budget total", "demand train"),
    }  # fmt: skip
    assert {hopeless.kind for hopeless in report.not_alone} >= {"power", "budget"}
    assert {"+0.04 MW of power at oslo from 2025q1", "+0.5 M USD of capex budget total"} <= {
        change.words for change in changes(report)
    }
    check_repairs(path, report)


def test_time_and_power_at_once(tmp_path: Path) -> None:
    """The work of the first quarter needs both an earlier delivery and 0.04 MW."""
    path, report = asked(tmp_path, {"sites": {"oslo": site("0.08")}, "horizon": FOUR}, one_offer(lead_time_months=5))
    assert {conflict.limits[0] for conflict in report.conflicts} == {"power at oslo", "lead times"}
    words = [option.words for option in report.repairs]
    assert "+0.04 MW of power at oslo from 2025q1 and lead time of box.purchase: 0 months instead of 5" in words
    check_repairs(path, report)


@pytest.mark.parametrize(
    ("parts", "known", "words"),
    [
        ({"sites": {"oslo": site({"2025q1": "0.5", "2025q2": "0.11"})}}, None, "+0.01 MW of power at oslo from 2025q2"),
        ({"supply_per_month": {"chip": 20}}, None, "+7 chip a month in 2025q1"),  # 20 in a quarter
        ({"budget": {"opex_usd": {"2025q2": 9000}}}, None, "+198 USD of opex budget 2025q2"),
        ({"sites": {"oslo": site("0.08")}}, None, "40 % of train left undone from 2025q1 to 2025q2"),
        ({"horizon": FOUR}, one_offer(lead_time_months=4), "lead time of box.purchase: 0 months instead of 4"),
        (CAUSES["cluster"][1], None, "cluster of train: 40 accelerators instead of 64"),
        # 0.12 MW of 0.08 + 0.03: 0.01 more can be built.
        (
            {"sites": {"oslo": site("0.08", expansion={"usd_per_mw": 1e6, "lead_time_months": 0, "max_mw": "0.03",
                                                       "life_years": 20})}},
            None, "+0.01 MW of room to grow at oslo",
        ),
        # 3 of the rival's boxes in each quarter; 7 of 10 are acme's, or 7 of 13 with 3 idle ones: 53.9 %.
        (CAUSES["vendor share"][1], TWO_VENDORS, "limit acme_share at 53.9 % instead of 40 %"),
        (
            {"pools_per_month": {"wafers": {"forecast": "us", "share": "0.1"}}},
            catalog(chip(draws={"wafers": "0.5"}), pools={"wafers": {**WAFERS["wafers"], "forecasts": {"us": 120}}}),
            "+1.112 points of pool wafers",  # 40 / (3 · 120) = 11.11 %
        ),
        (
            {"limits": [{"name": "small", "measure": "capex_usd", "at_most": "2.5e6"}]}, None,
            "limit small at 3 M USD instead of 2.5 M USD",
        ),
    ],
)  # fmt: skip
def test_amounts_and_periods(tmp_path: Path, parts: Tree, known: Tree | None, words: str) -> None:
    path, report = asked(tmp_path, parts, known)
    assert words in [option.words for option in report.repairs]
    check_repairs(path, report)


def test_a_scenario_with_a_plan_needs_no_repair(tmp_path: Path) -> None:
    path, report = asked(tmp_path, {})
    assert (report.status, report.repairs, report.conflicts) == ("feasible", (), ())
    assert not proved_infeasible(load_request(path), EXACT)


def test_infeasible_is_proved_by_one_relaxation(tmp_path: Path) -> None:
    path, _ = asked(tmp_path, {"sites": {"oslo": site("0.08")}})
    assert proved_infeasible(load_request(path), EXACT)


def test_whole_systems_that_do_not_fit_are_proved_too(tmp_path: Path) -> None:
    """9.9 boxes of power would do the work of 9.9 boxes, but only 9 fit."""
    path, report = asked(
        tmp_path,
        {"sites": {"oslo": site("0.1188")}, "demand": {"train": {"workload": "training", "per_second": 31680}}},
    )
    assert proved_infeasible(load_request(path), EXACT)
    assert report.conflicts[0].limits == ("power at oslo", "demand train")
    assert "+0.0012 MW of power at oslo from 2025q1" in [option.words for option in report.repairs]


def sentences(report: Report) -> list[str]:
    return [contradiction.sentence for contradiction in report.contradictions]


MINIMUM = one_offer(minimum_order_systems=20, supply_systems_per_month=5)
HALF_EACH = [{"name": "spread", "measure": "systems", "of": {"vendor": "each"}, "at_most_share": "0.4"}]
FLOOR = [{"name": "own", "measure": "systems", "of": {"vendor": "zeta"}, "at_least": 8}]
FLEET = [{"system": "box", "site": "oslo", "count": 10}]


@pytest.mark.parametrize(
    ("parts", "known", "key", "says"),
    [
        ({}, MINIMUM, "per_second", "box.purchase: its minimum order of 20 systems is above the 15 that can be had"),
        ({"horizon": FOUR}, one_offer(lead_time_months=5), "per_second", "nothing can do it before 2025q3"),
        (CAUSES["porting"][1], None, "per_second", "porting takes 6 months"),
        # 0.08 MW are 6.67 boxes of 3,200.
        ({"sites": {"oslo": site("0.08")}}, None, "per_second", "each, does at most 21,333.3"),
        ({"supply_per_month": {"chip": 20}}, None, "per_second", "does at most 24,000"),  # 60 chips of 400
        (
            {"fleet": FLEET, "sites": {"oslo": site("0.1")}}, None, "power_mw",
            "the fleet and commitments alone use 0.12 MW in 2025q1, more than the 0.1 MW",
        ),
        ({"limits": HALF_EACH}, TWO_VENDORS, "spread", "may have 2 × 40 %, which is not the whole (acme, zeta)"),
        ({"limits": FLOOR}, TWO_VENDORS, "own", "at least 8 systems are asked for in total, and no more than 6"),
        (CAUSES["cluster"][1], None, "cluster", "no place can have more than 46 at work (power at oslo)"),
    ],
)  # fmt: skip
def test_contradictions_name_their_place(tmp_path: Path, parts: Tree, known: Tree | None, key: str, says: str) -> None:
    path, report = asked(tmp_path, parts, known)
    found = [c for c in report.contradictions if says in c.sentence]
    assert found, sentences(report)
    file, line, _ = found[0].at.rsplit(":", 2)
    assert file == str(path)
    near = path.read_text().splitlines()[int(line) - 1 : int(line) + 3]
    assert any(f'"{key}"' in text for text in near), near


EARLY = {"train": {"workload": "training", "per_second": {"2025q2": 32000}}}
OPENS = {"2025q3": 10}
SLOW = one_offer(lead_time_months=5)
UNTIL_Q1 = one_offer(lead_time_months=3, available={"until": "2025q1"})
GROWS = {"usd_per_mw": 1e6, "lead_time_months": 8, "max_mw": 5, "life_years": 20}
RENTED = chip(offer={"route": "on_demand", "host": "cloud", "usd_per_accelerator_hour": 2,
                     "supply_systems_per_month": {"2025q3": 9}})  # fmt: skip
del RENTED["offers"]["chip.purchase"]["price_usd"]


@pytest.mark.parametrize(
    ("parts", "known", "why", "limits"),
    [
        # The hall opens in the third quarter; whatever takes long or not, nothing stands there before.
        ({"sites": {"oslo": site(OPENS)}}, None, "oslo has no power before 2025q3", ["power at oslo"]),
        ({"sites": {"oslo": site(OPENS)}}, SLOW, "oslo has no power before 2025q3", ["power at oslo"]),
        ({"sites": {"oslo": site(10, air_mw=OPENS)}}, None, "oslo has no air cooling before 2025q3",
         ["air cooling at oslo"]),
        ({"sites": {"oslo": site(10, racks=OPENS)}}, None, "oslo has no racks before 2025q3", ["racks at oslo"]),
        ({"sites": {"oslo": site(OPENS), "bergen": site(10, racks=0)}}, None,
         "bergen has no racks; oslo has no power before 2025q3", ["power at oslo", "racks at bergen"]),
        # It closes again before the boxes have served their time.
        ({"sites": {"oslo": site({"2025q1": 10, "2025q4": 0})}}, None, "oslo has no power from 2025q4 on",
         ["power at oslo"]),
        ({"sites": {"oslo": site("0.011")}}, None, "oslo has less power than one box takes",
         ["power at oslo"]),
        # Power that can be added, but not by then: sooner or more from the start would do.
        ({"sites": {"oslo": site(0, expansion=GROWS)}}, None, "oslo has no power before 2025q4",
         ["building time at oslo", "power at oslo"]),
        ({"supply_per_month": {"chip": OPENS}}, None, "allocation of chip leaves nothing to order",
         ["allocation of chip"]),
        ({}, catalog(RENTED), "supply of chip.purchase leaves nothing to order", ["supply of chip.purchase"]),
        # The dates have ended; what takes no time could still have been ordered in the first quarter.
        ({"demand": {"train": {**EARLY["train"], "per_second": {"2025q1": 32000}}}}, UNTIL_Q1,
         "box.purchase: in service from 2025q2, lead time 3 months", ["lead time of box.purchase"]),
        ({}, SLOW, "box.purchase: in service from 2025q3, lead time 5 months", ["lead time of box.purchase"]),
    ],
)  # fmt: skip
def test_the_cause_is_what_must_give_way(
    tmp_path: Path, parts: Tree, known: Tree | None, why: str, limits: list[str]
) -> None:
    """Work is asked for in the second quarter: the sentence names what shuts every way to do it, and no more."""
    _, report = asked(tmp_path, {"horizon": FOUR, "demand": EARLY, **parts}, known)
    (cause,) = [one for one in report.contradictions if "nothing can do it" in one.sentence]
    assert f"({why})" in cause.sentence
    assert list(cause.limits) == sorted(["demand train", *limits])
    assert report.repairs
    check_causes(report)


def test_a_wait_that_is_not_the_cause_is_not_told(tmp_path: Path) -> None:
    """One box comes at once and one late; the hall that opens late stops both."""
    both = one_offer(lead_time_months=6)
    both["chip.yaml"]["offers"]["box.stock"] = {**BOX, "price_usd": 400000}
    path, report = asked(tmp_path, {"horizon": FOUR, "demand": EARLY, "sites": {"oslo": site(OPENS)}}, both)
    assert "lead time" not in " ".join(sentences(report))
    assert [conflict.limits for conflict in report.conflicts] == [("power at oslo", "demand train")]
    check_repairs(path, report)


def test_dates_that_end_are_no_reason_to_blame_the_power(tmp_path: Path) -> None:
    """Orders close in the first quarter, and what takes half a year and serves as long comes in time for the third.

    The work there lacks power. With no wait at all it would lack an offer too, which is no conflict.
    """
    demand = {"train": {"workload": "training", "per_second": {"2025q3": 32000}}}
    known = one_offer(lead_time_months=6, available={"until": "2025q1"}, term_months=6)
    path, report = asked(tmp_path, {"horizon": FOUR, "demand": demand, "sites": {"oslo": site("0.08")}}, known)
    assert [conflict.limits for conflict in report.conflicts] == [("power at oslo", "demand train")]
    check_repairs(path, report)


def test_a_share_of_each_that_is_too_much_only_with_what_comes_late(tmp_path: Path) -> None:
    """Each vendor has at least 60 %: of acme's boxes alone, since zeta's do not come in time.

    Without lead times there are two such shares, which cannot hold; that is no cause of what lacks now, the power.
    """
    limits = [{"name": "most", "measure": "systems", "of": {"vendor": "each"}, "at_least_share": "0.6"}]
    known = catalog(chip(), chip("rival", "zeta", offer={"lead_time_months": 12}))
    parts = {"limits": limits, "sites": {"oslo": site("0.08")}, "horizon": FOUR}
    path, report = asked(tmp_path, parts, known)
    assert report.conflicts[0].limits == ("power at oslo", "demand train")
    assert all("lead times" in conflict.limits for conflict in report.conflicts if "limit most" in conflict.limits)
    check_repairs(path, report)


def test_supply_that_has_no_row_until_time_gives_way_is_in_the_conflict(tmp_path: Path) -> None:
    """Nothing comes in time, and then there are 60 chips of 80: the second conflict knows of the allocation."""
    parts = {"horizon": FOUR, "demand": {"train": {"workload": "training", "per_second": {"2025q1": 32000}}},
             "supply_per_month": {"chip": 20}}  # fmt: skip
    path, report = asked(tmp_path, parts, one_offer(lead_time_months=5, term_months=3))
    assert {conflict.limits[0] for conflict in report.conflicts} == {"lead times", "allocation of chip"}
    check_repairs(path, report)


def test_lead_time_beyond_the_horizon_is_repaired_by_time(tmp_path: Path) -> None:
    """Nothing ordered arrives in the two quarters, which `plan` refuses as input; less time repairs it."""
    path, report = asked(tmp_path, {}, one_offer(lead_time_months=9))
    assert "lead time 9 months" in sentences(report)[0]
    assert [option.words for option in report.repairs] == ["lead time of box.purchase: 0 months instead of 9"]
    check_repairs(path, report)


def test_what_no_time_can_help_stays_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no offer, fleet or commitment can serve it"):
        asked(tmp_path, {"offers": {"deny": ["box.purchase"]}})


def test_runs_to_be_finished_are_left_unfinished_by_their_own_amount(tmp_path: Path) -> None:
    """10 boxes do 32,000 · 2,190 unit hours in a quarter; 0.08 MW hold 6."""
    run_ = {"workload": "training", "by_deadline_unit_hours": {"2025q1": 32000 * 2190, "2025q2": 38400 * 2190}}
    path, report = asked(tmp_path, {"demand": {"train": run_}, "sites": {"oslo": site("0.08")}})
    assert "40 % of train left unfinished at the end of 2025q1" in [option.words for option in report.repairs]
    check_repairs(path, report)


def test_other_windows_of_a_budget_are_kept(tmp_path: Path) -> None:
    """`--set` replaces a map whose keys are all periods, so a budget is given whole."""
    budget = {"capex_usd": {"2025q1": "2.5e6", "2025q2": 7}}
    path, report = asked(tmp_path, {"budget": budget})
    (option,) = [option for option in report.repairs if option.kind == "budget"]
    assert option.settings == ("budget/capex_usd={2025q1: 3000000, 2025q2: 7}",)
    check_repairs(path, report)


def test_limits_are_set_by_their_number_in_the_file(tmp_path: Path) -> None:
    """The request sorts limits; the file has the tight one last."""
    limits = [
        {"name": "zz_loose", "measure": "systems", "at_most": 100},
        {"name": "aa_tight", "measure": "systems", "at_most": 7},
    ]
    path, report = asked(tmp_path, {"limits": limits})
    (option,) = [option for option in report.repairs if option.kind == "limits"]
    assert option.settings == ("limits/1/at_most=10",)
    check_repairs(path, report)


@pytest.mark.parametrize(
    ("value", "first", "last", "expected"),
    [
        ("5", 1, 4, "6"),
        ("5", 2, 4, {"2025q1": "5", "2025q2": "6"}),
        ("5", 2, 3, {"2025q1": "5", "2025q2": "6", "2025q4": "5"}),
        ({"2025q3": "5"}, 1, 4, {"2025q1": "1", "2025q3": "6"}),  # before its first key a limit is 0
        ({"2024": "5", "2025-07": "7"}, 3, 4, {"2024": "5", "2025-07": "8"}),
        ({"2025": "5", "2026": "7"}, 4, 4, {"2025": "5", "2025q4": "6", "2026": "8"}),
    ],
)
def test_schedules_are_changed_exactly(value: Any, first: int, last: int, expected: Any) -> None:
    calendar = Calendar(12 * 2025, 3, 4, 1)
    assert edited(value, calendar, first, last, lambda number: number + 1) == expected


def test_time_that_runs_out_is_said(tmp_path: Path) -> None:
    path = write(tmp_path, scenario(demand=TEN, sites={"oslo": site("0.08")}))
    report = repair(load_request(path), Options(time_limit=1e-9))
    assert (report.status, report.stopped) == ("unknown", True)


# the command


@pytest.fixture
def short(tmp_path: Path) -> Path:
    return write(tmp_path, scenario(demand=TEN, sites={"oslo": site("0.08")}))


def test_repair_prints_why_and_what_to_do(short: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["repair", str(short)]) == 0
    out = capsys.readouterr().out
    assert "these cannot all hold: power at oslo, demand train" in out
    assert "+0.04 MW of power at oslo from 2025q1" in out
    assert "--set sites/oslo/power_mw=0.12" in out
    assert "supply" not in out


def test_repair_prints_only_json(short: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["repair", str(short), "--json", "-"]) == 0
    out = capsys.readouterr().out
    report = Report.model_validate_json(out[out.index('{\n "scenario"') :])
    assert report.conflicts[0].limits == ("power at oslo", "demand train")


def test_what_an_offer_that_only_a_share_wants_lacks_is_told(tmp_path: Path) -> None:
    """A box that does the work only after its deadline, at a site with half of the rack that it takes.

    With more racks a share could want it: what the request lacks is asked of that, and is an answer and no error.
    """
    known = one_offer(lead_time_months=3)
    known["chip.yaml"]["throughput"] = rates(training={"2025q2": 5})
    rule = {"name": "most_asics", "measure": "it_kw", "of": {"kind": "asic"}, "at_most_share": "0.5"}
    demand = {"train": {"workload": "training", "by_deadline_unit_hours": {"2025q1": 10}}}
    path, report = asked(tmp_path, {"demand": demand, "limits": [rule], "sites": {"oslo": site(1, racks="0.5")}}, known)
    assert report.conflicts[0].limits == ("deadline of train",)
    check_repairs(path, report)


def test_plan_points_to_repair_which_then_has_nothing_to_do(short: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plan", str(short)]) == 3
    assert "chipmix repair" in capsys.readouterr().err
    assert run(["repair", str(short), "--set", "sites/oslo/power_mw=0.12"]) == 0
    assert "nothing to repair" in capsys.readouterr().out
    assert run(["repair", str(short), "--set", "nothing/here=1"]) == 2
