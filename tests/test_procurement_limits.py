"""Hand-worked plans under limits of the user's own; `procurement_requests.py` says what a box does and costs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from builders import Tree, catalog, one_offer, plan, site, system
from procurement_requests import ALL_UNITS, BOX, PLAIN, QUARTER_BOX, asked, bought, boxes, buy, chip, rent

from catalogs.problems import InputError
from optimizer.infeasible.shortage import Infeasible

pytestmark = pytest.mark.usefixtures("in_process")


def ten_boxes(**limit: Any) -> tuple[Tree, Tree]:
    """10 boxes: `red` bought at 100,000 or rented at 140,160, or `blue` bought at 150,000."""
    known = catalog(
        chip("red", {"buy": buy(100_000, buyers=["acme", "rival"]), "rent": rent(8)}, vendor="vermilion"),
        chip("blue", {"buy": buy(150_000)}, vendor="azure", kind="asic", stack="xla"),
    )
    hall = site(electricity_usd_per_mwh=0, carbon_kg_per_mwh=100)
    return asked(
        sites={"oslo": hall}, demand={"train": boxes(10)}, limits=[{"name": "rule", **limit}] if limit else []
    ), known


FOUR_BLUE, FOUR_RENTED = 600_000 + 4 * 150_000, 600_000 + 4 * 140_160

LIMITS: list[tuple[Tree, int]] = [
    # every measure at most what six red boxes use: then four are blue
    ({"measure": "systems", "of": {"accelerator": "red"}, "at_most": 6}, FOUR_BLUE),
    ({"measure": "accelerators", "of": {"vendor": "vermilion"}, "at_most": 55}, FOUR_BLUE),
    ({"measure": "it_kw", "of": {"kind": "gpu"}, "at_most": "69.9"}, FOUR_BLUE),
    ({"measure": "spend_usd", "of": {"system": "red_box"}, "at_most": 650_000}, FOUR_BLUE),
    ({"measure": "work", "of": {"stack": "cuda", "demand": "train"}, "at_most": 6 * BOX}, FOUR_BLUE),
    # rent is no capex, and the cloud emits nothing: then four are rented
    ({"measure": "capex_usd", "of": {"accelerator": "red"}, "at_most": 650_000}, FOUR_RENTED),
    # 1.2 · 7 kW · 2,190 h · 100 kg/MWh = 1.8396 t a box: 6 are 11.04, 7 are 12.88
    ({"measure": "carbon_t", "of": {"accelerator": "red"}, "at_most": 12}, FOUR_RENTED),
    ({"measure": "carbon_t", "at_most": 12}, FOUR_RENTED),
    # selections that let red boxes in by another door
    ({"measure": "systems", "of": {"offer": "red.buy"}, "at_most": 6}, FOUR_RENTED),
    ({"measure": "systems", "of": {"route": "purchase"}, "at_most": 6}, FOUR_RENTED),
    ({"measure": "systems", "of": {"site": "oslo"}, "at_most": 6}, FOUR_RENTED),
    ({"measure": "systems", "of": {"buyers": "rival"}, "at_most": 6}, FOUR_RENTED),
    ({"measure": "it_kw", "of": {"site": "oslo"}, "at_most": 60}, FOUR_RENTED),
    ({"measure": "work", "of": {"site": "oslo", "demand": "train"}, "at_most": 6 * BOX}, FOUR_RENTED),
    # patterns, lists, and all keys together
    ({"measure": "systems", "of": {"offer": "red.*"}, "at_most": 6}, FOUR_BLUE),
    ({"measure": "systems", "of": {"offer": ["red.buy", "red.rent"]}, "at_most": 6}, FOUR_BLUE),
    ({"measure": "systems", "of": {"accelerator": "red", "route": "on_demand"}, "at_most": 0}, 1_000_000),
    # the work of a system is that of all its buyers' offers
    ({"measure": "work", "of": {"buyers": "rival", "demand": "train"}, "at_most": 6 * BOX}, FOUR_BLUE),
    # floors
    ({"measure": "systems", "of": {"accelerator": "blue"}, "at_least": 4}, FOUR_BLUE),
    ({"measure": "accelerators", "of": {"kind": "asic"}, "at_least": 25}, FOUR_BLUE),
    ({"measure": "it_kw", "of": {"vendor": "azure"}, "at_least": "30.1", "within": "each_period"}, FOUR_BLUE),
    ({"measure": "spend_usd", "of": {"stack": "xla"}, "at_least": 450_001}, FOUR_BLUE),
    ({"measure": "capex_usd", "of": {"system": "blue_box"}, "at_least": 450_001}, FOUR_BLUE),
    ({"measure": "work", "of": {"accelerator": "blue", "demand": "train"}, "at_least": 3 * BOX + 1}, FOUR_BLUE),
    # more work than is asked: 12 boxes of it; 10 of each vendor; over one quarter its sum is its rate
    ({"measure": "work", "of": {"accelerator": "red", "demand": "train"}, "at_least": 12 * BOX}, 1_200_000),
    ({"measure": "work", "of": {"vendor": "each", "demand": "train"}, "at_least": 10 * BOX}, 1_000_000 + 1_500_000),
    ({"measure": "work", "of": {"demand": "each"}, "at_least": 12 * BOX, "within": "each_year"}, 1_200_000),
    ({"measure": "systems", "of": {"host": "cloud"}, "at_least": 4}, FOUR_RENTED),
    # a floor above all need: 20 blue boxes, of which 10 stand idle
    ({"measure": "systems", "of": {"accelerator": "blue"}, "at_least": 20}, 20 * 150_000),
    # shares: six of ten
    ({"measure": "systems", "of": {"vendor": "vermilion"}, "at_most_share": "0.6"}, FOUR_BLUE),
    ({"measure": "accelerators", "of": {"vendor": "vermilion"}, "at_most_share": "0.69"}, FOUR_BLUE),
    ({"measure": "it_kw", "of": {"vendor": "vermilion"}, "at_most_share": "0.6"}, FOUR_BLUE),
    ({"measure": "work", "of": {"vendor": "vermilion", "demand": "train"}, "at_most_share": "0.6"}, FOUR_BLUE),
    # of the money: 6 · 100 of 1,200 is a half, 7 · 100 of 1,150 is 0.609
    ({"measure": "spend_usd", "of": {"vendor": "vermilion"}, "at_most_share": "0.6"}, FOUR_BLUE),
    # rent is no capex: 6 bought and 3 blue leave a tenth to be rented, 600 of 1,050
    ({"measure": "capex_usd", "of": {"vendor": "vermilion"}, "at_most_share": "0.6"}, 600_000 + 450_000 + 140_160),
    ({"measure": "systems", "of": {"vendor": "azure"}, "at_least_share": "0.31"}, FOUR_BLUE),
    ({"measure": "work", "of": {"vendor": "azure", "demand": "train"}, "at_least_share": "0.31"}, FOUR_BLUE),
    # each vendor, each offer
    ({"measure": "systems", "of": {"vendor": "each"}, "at_most_share": "0.6"}, FOUR_BLUE),
    ({"measure": "work", "of": {"vendor": "each", "demand": "each"}, "at_most_share": "0.6"}, FOUR_BLUE),
    ({"measure": "systems", "of": {"offer": "each"}, "at_most": 6}, FOUR_RENTED),
    ({"measure": "systems", "of": {"vendor": "each"}, "at_most": 6}, FOUR_BLUE),
]  # fmt: skip


@pytest.mark.parametrize(("limit", "usd"), LIMITS, ids=lambda value: str(value) if isinstance(value, dict) else "")
def test_limit(tmp_path: Path, limit: Tree, usd: int) -> None:
    made = plan(tmp_path, *ten_boxes(**limit))
    assert made.objective_usd == pytest.approx(usd)
    assert any(row.row.startswith("limit(rule") for row in made.limits)


def test_a_floor_on_work_may_be_met_at_any_time(tmp_path: Path) -> None:
    """3 boxes are asked for in each of two quarters and 10 wanted in all: 5 in the first do 5 in both."""
    limit = {"name": "rule", "measure": "work", "of": {"demand": "train"}, "at_least": 10 * BOX}
    made = plan(tmp_path, asked(2, demand={"train": boxes(3)}, limits=[limit]), one_offer(price_usd=100_000))
    assert bought(made) == {("box.purchase", "2025q1"): 5}
    assert sum(row.work_per_second for row in made.work) == pytest.approx(10 * BOX)


@pytest.mark.parametrize("more", [{}, {"cluster": {"accelerators": 0}}], ids=["spread", "not split"])
def test_floors_on_the_work_of_each_system_add_up(tmp_path: Path, more: Tree) -> None:
    """6 boxes and 12 half boxes at 60,000 do a part of 6 boxes each, of 10 asked, after the port to their stack."""
    known = chip("red", {"buy": buy(100_000)}, stack="own")
    known["systems"]["half"] = system(4)
    known["offers"]["half.buy"] = {"system": "half", **buy(60_000)}
    limit = {"name": "rule", "measure": "work", "of": {"system": "each", "demand": "train"}, "at_least": 6 * BOX}
    demand = {"train": boxes(10, stacks={"own": {"usd": 5_000, "months": 0}}, **more)}
    made = plan(tmp_path, asked(demand=demand, limits=[limit]), catalog(known))
    assert made.objective_usd == pytest.approx(6 * 100_000 + 12 * 60_000 + 5_000)


def test_without_a_limit_all_are_red(tmp_path: Path) -> None:
    assert plan(tmp_path, *ten_boxes()).objective_usd == pytest.approx(1_000_000)


def rented(limit: Tree, **finance: Any) -> tuple[Tree, Tree]:
    """10 boxes in each of two quarters, rented: red at 17,520 a quarter, blue at twice that."""
    known = catalog(chip("red", {"rent": rent(1)}), chip("blue", {"rent": rent(2)}))
    demand = {"train": boxes(10)}
    return asked(2, demand=demand, finance={**PLAIN, **finance}, limits=[{"name": "rule", **limit}]), known


WINDOWS: list[tuple[Tree, Tree, int]] = [
    # a limit, finance, and how many of the 20 are blue
    ({"measure": "systems", "at_most": 10}, {}, 10),
    ({"measure": "systems", "at_most": 10, "within": "total"}, {}, 10),
    ({"measure": "systems", "at_most": 8, "within": "each_period"}, {}, 4),
    ({"measure": "systems", "at_most": 8, "within": "2025q2"}, {}, 2),
    ({"measure": "systems", "at_most": 8, "within": "2025"}, {}, 12),
    ({"measure": "systems", "at_most": 8, "within": "2025q1..2025q2"}, {}, 12),
    ({"measure": "systems", "at_most": 8, "within": "each_year"}, {}, 12),
    # from April on: the first quarter is in fy2025, the second in fy2026
    ({"measure": "systems", "at_most": 8, "within": "each_year"}, {"fiscal_year_starts": 4}, 4),
    ({"measure": "systems", "at_most": 8, "within": "fy2025"}, {"fiscal_year_starts": 4}, 2),
    # power counts at its highest, work is summed
    ({"measure": "it_kw", "at_most": 80}, {}, 4),
    ({"measure": "it_kw", "at_most": 80, "within": "each_year"}, {}, 4),
    ({"measure": "it_kw", "at_most": 80, "within": "2025q2"}, {}, 2),
    ({"measure": "work", "at_most": 12 * BOX}, {}, 8),
    ({"measure": "work", "at_most": 8 * BOX, "within": "each_period"}, {}, 4),
    ({"measure": "systems", "at_most_share": "0.5"}, {}, 10),
    ({"measure": "systems", "at_most_share": "0.5", "within": "2025q1"}, {}, 5),
]  # fmt: skip


@pytest.mark.parametrize(("limit", "finance", "blue"), WINDOWS)
def test_window_of_a_limit(tmp_path: Path, limit: Tree, finance: Tree, blue: int) -> None:
    of = {"accelerator": "red", **({"demand": "train"} if limit["measure"] == "work" else {})}
    made = plan(tmp_path, *rented({**limit, "of": of}, **finance))
    assert made.objective_usd == pytest.approx((20 + blue) * QUARTER_BOX)


def test_a_share_over_the_whole_horizon_may_be_uneven(tmp_path: Path) -> None:
    """Red may do all of the first quarter and none of the second."""
    known = catalog(chip("red", {"rent": rent({"2025q1": 1, "2025q2": 9})}), chip("blue", {"rent": rent(2)}))
    limit = {"name": "rule", "measure": "systems", "of": {"accelerator": "red"}, "at_most_share": "0.5"}
    made = plan(tmp_path, asked(2, demand={"train": boxes(10)}, limits=[limit]), known)
    assert bought(made) == {("red.rent", "2025q1"): 10, ("blue.rent", "2025q2"): 10}


def test_spend_counts_all_rent_inside_the_horizon(tmp_path: Path) -> None:
    """A lease of four quarters that begins in the second of three pays two of them: 35,040 a box."""
    lease = {
        "route": "lease", "term_months": 12, "usd_per_accelerator_hour": 1,
        "available": {"from": "2025q2", "until": "2025q2"},
    }  # fmt: skip
    known = catalog(chip("a", {"lease": lease}), chip("b", {"rent": rent(9)}))
    demand = {"train": {"workload": "training", "per_second": {"2025q2": 2 * BOX}}}
    for most, leased in ((35_040 * 2, 2), (35_040 * 2 - 1, 1)):
        limit = {"name": "rule", "measure": "spend_usd", "of": {"offer": "a.lease"}, "at_most": most}
        made = plan(tmp_path / str(most), asked(3, demand=demand, limits=[limit]), known)
        assert sum(count for (offer, _), count in bought(made).items() if offer == "a.lease") == leased


def test_commitments_count_in_limits_and_the_fleet_in_power(tmp_path: Path) -> None:
    """Two committed and three that stand there: five boxes of power, but two systems that enter service."""
    committed = [{"offer": "box.purchase", "site": "oslo", "period": "2025q1", "systems": 2}]
    fleet = [{"system": "box", "site": "oslo", "count": 3}]
    for measure, enough in (("systems", 2), ("it_kw", 50)):
        for most in (enough, enough - 1):
            limit = {"name": "rule", "measure": measure, "at_most": most}
            wanted = asked(commitments=committed, fleet=fleet, limits=[limit])
            if most == enough:
                plan(tmp_path / f"{measure} enough", wanted)
            else:
                with pytest.raises(Infeasible, match="rule"):
                    plan(tmp_path / f"{measure} too little", wanted)


def test_retiring_helps_a_limit(tmp_path: Path) -> None:
    fleet = [{"system": "box", "site": "oslo", "count": 5, "may_retire": "true"}]
    limit = {"name": "rule", "measure": "it_kw", "at_most": 30}
    made = plan(tmp_path, asked(fleet=fleet, limits=[limit]))
    assert sum(row.systems for row in made.retired) >= 2


RED_AND_BLUE = catalog(chip("red", {"buy": buy(100)}, vendor="red"), chip("blue", {"rent": rent(1)}, vendor="blue"))
ONE_OF_OSLO = {"train": boxes(1, sites=["oslo"])}
NONE_OF_BLUE = [{"at_least_share": "0.3"}, {"at_least": 1}]


@pytest.mark.parametrize("bound", NONE_OF_BLUE, ids=str)
@pytest.mark.parametrize("key", ["vendor", "accelerator", "offer", "route"])
def test_each_vendor_counts_even_where_it_has_none_of_it(tmp_path: Path, key: str, bound: Tree) -> None:
    """Oslo's box must be bought from red; of that capex no part can be that of blue, who only rents."""
    limit = {"name": "rule", "measure": "capex_usd", "of": {key: "each"}, **bound}
    two = {**ONE_OF_OSLO, "chat": boxes(1, sites=["cloud"])}
    with pytest.raises(Infeasible, match="give in the limit rule"):
        plan(tmp_path, asked(limits=[limit], demand=two), RED_AND_BLUE)


def test_what_is_short_of_a_limit_is_told_in_its_unit(tmp_path: Path) -> None:
    """Of the half million of each vendor, amber's rows count in hundreds, blue's in single dollars."""
    amber, blue = chip("amber", {"buy": buy(100)}, vendor="amber"), chip("blue", {"rent": rent(1)}, vendor="blue")
    limit = {"name": "rule", "measure": "capex_usd", "of": {"vendor": "each"}, "at_least": 500_000}
    with pytest.raises(Infeasible, match=r"limits: 0\.500 million USD of give in the limit rule"):
        plan(tmp_path, asked(limits=[limit]), catalog(amber, blue))


@pytest.mark.parametrize("bound", NONE_OF_BLUE, ids=str)
def test_what_can_do_no_work_counts_in_each(tmp_path: Path, bound: Tree) -> None:
    """Blue rents at the cloud, where nothing may run: it could be ordered all the same, and has no capex."""
    limit = {"name": "rule", "measure": "capex_usd", "of": {"vendor": "each"}, **bound}
    with pytest.raises(Infeasible, match="give in the limit rule"):
        plan(tmp_path, asked(limits=[limit], demand=ONE_OF_OSLO), RED_AND_BLUE)


def test_idle_systems_are_ordered_for_a_floor_or_a_share_of_each(tmp_path: Path) -> None:
    """Red works at Oslo for 100. Blue may only stand idle at the cloud, at 1 USD for each of 8 · 2190 hours."""
    blue = 8 * 2190
    floor = {"name": "rule", "measure": "systems", "of": {"vendor": "each"}, "at_least": 2}
    made = plan(tmp_path / "floor", asked(limits=[floor], demand=ONE_OF_OSLO), RED_AND_BLUE)
    assert made.objective_usd == pytest.approx(2 * 100 + 2 * blue)
    share = {"name": "rule", "measure": "systems", "of": {"vendor": "each"}, "at_least_share": "0.3"}
    made = plan(tmp_path / "share", asked(limits=[share], demand=ONE_OF_OSLO), RED_AND_BLUE)
    assert made.objective_usd == pytest.approx(100 + blue)  # one of each: a half
    assert any("never do any work" in warning for warning in made.warnings)


@pytest.mark.parametrize("bound", NONE_OF_BLUE, ids=str)
@pytest.mark.parametrize("of", [{"vendor": "blue"}, {"vendor": "blue", "offer": "each"}], ids=str)
def test_a_floor_over_nothing_is_infeasible(tmp_path: Path, of: Tree, bound: Tree) -> None:
    """All that blue has is denied."""
    limit = {"name": "rule", "measure": "systems", "of": of, **bound}
    with pytest.raises(Infeasible, match="give in the limit rule"):
        plan(tmp_path, asked(limits=[limit], demand=ONE_OF_OSLO, offers={"deny": ["blue*"]}), RED_AND_BLUE)
    ceiling = {"name": "rule", "measure": "systems", "of": of, "at_most": 0}
    made = plan(
        tmp_path / "ceiling", asked(limits=[ceiling], demand=ONE_OF_OSLO, offers={"deny": ["blue*"]}), RED_AND_BLUE
    )
    assert made.objective_usd == 100


def test_a_share_of_nothing_holds(tmp_path: Path) -> None:
    """The system costs a million at Oslo, 17,520 at the cloud: no capex at all, of which each has its half."""
    known = catalog(chip("red", {"buy": buy(10**6)}, vendor="red"), chip("blue", {"rent": rent(1)}, vendor="blue"))
    limit = {"name": "rule", "measure": "capex_usd", "of": {"vendor": "each"}, "at_least_share": "0.5"}
    made = plan(tmp_path, asked(limits=[limit]), known)
    assert made.objective_usd == pytest.approx(QUARTER_BOX)
    assert {row.row: (row.used, row.limit) for row in made.limits if row.row.startswith("limit")} == {
        "limit(rule,blue,total)": (0, 0), "limit(rule,red,total)": (0, 0),
    }  # fmt: skip


def test_each_goes_through_what_one_offer_is_at_once(tmp_path: Path) -> None:
    """Red's chip is red's and blue's is blue's; every demand is crossed with both."""
    limit = {
        "name": "rule", "measure": "work", "at_least_share": 0,
        "of": {"vendor": "each", "accelerator": "each", "demand": "each"},
    }  # fmt: skip
    two = {**ONE_OF_OSLO, "chat": boxes(1, sites=["cloud"])}
    made = plan(tmp_path, asked(limits=[limit], demand=two), RED_AND_BLUE)
    assert [row.row for row in made.limits if row.row.startswith("limit")] == [
        f"limit(rule,{chip},{chip},{demand},total)" for chip in ("blue", "red") for demand in ("chat", "train")
    ]


@pytest.mark.parametrize(
    ("of", "counted"),
    [
        ({"vendor": "each"}, ["blue", "red"]),
        ({"vendor": "each", "route": "purchase"}, ["red"]),
        ({"vendor": "each", "host": "*"}, ["blue"]),
        ({"site": "each"}, ["oslo", "rome"]),
        ({"host": "each"}, ["cloud"]),
        ({"site": "each", "vendor": "red"}, ["oslo", "rome"]),
    ],
)
def test_the_rest_of_a_selection_narrows_each(tmp_path: Path, of: Tree, counted: list[str]) -> None:
    """Nothing fits in Rome, but what could be ordered may stand there."""
    sites = {"oslo": site(electricity_usd_per_mwh=0), "rome": site(0)}
    limit = {"name": "rule", "measure": "systems", "of": of, "at_least_share": 0}
    made = plan(tmp_path, asked(limits=[limit], sites=sites), RED_AND_BLUE)
    rows = [row.row for row in made.limits if row.row.startswith("limit")]
    assert rows == [f"limit(rule,{value},total)" for value in counted]


def test_money_of_price_breaks_is_not_told_apart_by_site(tmp_path: Path) -> None:
    """6 for Oslo and 4 for Paris share one discount; with one site there is nothing to tell apart."""
    hall = site(electricity_usd_per_mwh=0)
    known = one_offer(price_usd=100_000, price_breaks=ALL_UNITS)
    limit = {"name": "rule", "measure": "capex_usd", "of": {"site": "oslo"}, "at_most": 790_000}
    two = {"north": boxes(6, sites=["oslo"]), "south": boxes(4, sites=["paris"])}
    with pytest.raises(InputError, match="not told apart by site"):
        plan(tmp_path / "two", asked(sites={"oslo": hall, "paris": hall}, demand=two, limits=[limit]), known)
    made = plan(tmp_path / "one", asked(demand={"train": boxes(10)}, limits=[limit]), known)
    assert made.objective_usd == pytest.approx(790_000)


def test_a_floor_of_money_counts_the_price_paid(tmp_path: Path) -> None:
    """600,000 at 50,000 each are 12 boxes, more than at the list price of 100,000."""
    breaks = {"kind": "all_units", "steps": [{"from_systems": 5, "factor": "0.5"}]}
    limit = {"name": "rule", "measure": "capex_usd", "at_least": 600_000}
    made = plan(tmp_path, asked(limits=[limit]), one_offer(price_usd=100_000, price_breaks=breaks))
    assert made.objective_usd == pytest.approx(600_000)
