"""What an explanation says is what a fresh solve of the changed scenario says, written by hand into its files."""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from builders import EXACT, accelerator, catalog, load, plan, rates, scenario, site, system

from cli.main import run
from cli.show_explanation import show_explanation
from optimizer.explain import Explanation, UnknownName, explain, explanation_schema, explanation_text
from optimizer.explain.explanation import LimitWorth, Move, OfferReason
from optimizer.explain.worth import _change
from optimizer.files import write_text
from optimizer.infeasible.shortage import Infeasible
from optimizer.plan.format import Plan
from optimizer.plan.text import plan_text
from optimizer.planning import make_plan
from optimizer.what_if import Bracket

pytestmark = pytest.mark.usefixtures("in_process")
ROOT = Path(__file__).parent.parent
Tree = dict[str, Any]
CENT = 0.01


def changed(tree: Tree, path: Sequence[Any], value: Any) -> Tree:
    """A tree with another value at a path; None takes it away."""
    result = copy.deepcopy(tree)
    part: Any = result
    for key in path[:-1]:
        part = part.setdefault(key, {}) if isinstance(part, dict) else part[key]
    if value is None:
        del part[path[-1]]
    else:
        part[path[-1]] = value
    return result


def cost(folder: Path, asked: Tree, known: Tree) -> float | None:
    """What the best plan of a scenario costs, from its files; None if there is none."""
    try:
        return make_plan(load(folder, asked, known), EXACT).plan.objective_usd
    except Infeasible:
        return None


def explained(folder: Path, asked: Tree, known: Tree, **what: Any) -> tuple[Plan, Explanation]:
    best = plan(folder, asked, known)
    return best, explain(best, workers=1, **what)


def limit_called(found: Explanation, label: str) -> LimitWorth:
    (one,) = [limit for limit in found.limits if limit.limit == label]
    return one


def moves(limit: LimitWorth) -> dict[float, Move]:
    return {move.percent: move for move in limit.moves if not move.by_unit}


def offer_called(found: Explanation, offer: str) -> OfferReason:
    (one,) = [reason for reason in found.offers if reason.offer == offer]
    return one


def two_chips(**offers: Any) -> Tree:
    """`small` is dear by the kW and cheap by the system, `large` the other way round; `rented` is on demand."""
    small = accelerator(
        "small",
        {"small_box": system(accelerators=4, provisioned_kw=10)},
        {
            "small_box.purchase": {
                "system": "small_box",
                "route": "purchase",
                "price_usd": 90000,
                **offers.get("small", {}),
            }
        },
        rates(training=10),
    )
    large = accelerator(
        "large",
        {"large_box": system(accelerators=8, provisioned_kw=12)},
        {
            "large_box.purchase": {
                "system": "large_box",
                "route": "purchase",
                "price_usd": 260000,
                **offers.get("large", {}),
            }
        },
        rates(training=12),
        **offers.get("large_facts", {}),
    )
    rented = accelerator(
        "rented",
        {"rented_box": system(accelerators=8)},
        {"rented_box.on_demand": {"system": "rented_box", "route": "on_demand", "host": "cloud",
                                  "usd_per_accelerator_hour": 9, **offers.get("rented", {})}},
        rates(training=11),
    )  # fmt: skip
    return catalog(small, large, rented)


def request(**parts: Any) -> Tree:
    """Four quarters; 1,000 units a second grow to 1,500; room for 24 small systems at 10 kW x 1.2."""
    base = scenario(
        horizon={"start": "2025q1", "periods": 4},
        sites={"oslo": site("0.29")},
        demand={"train": {"workload": "training", "per_second": {"2025q1": 1000, "2025q3": 1500}}},
    )
    return {**base, **parts}


def limited() -> tuple[Tree, Tree]:
    asked = request(
        supply_per_month={"large": "5.5"},
        budget={"capex_usd": {2025: "4.2e6"}},
        limits=[{"name": "owned", "measure": "systems", "of": {"route": "purchase"}, "at_least": 20}],
    )
    return asked, two_chips(rented={"supply_systems_per_month": "2"})


MOVED = [
    ("power at oslo", ("sites", "oslo", "power_mw"), 0.29),
    ("allocation of large", ("supply_per_month", "large"), 5.5),
    ("capex budget 2025", ("budget", "capex_usd", 2025), 4.2e6),
    ("limit owned", ("limits", 0, "at_least"), 20),
]


def test_what_a_limit_is_worth_is_what_a_fresh_plan_of_the_changed_scenario_says(tmp_path: Path) -> None:
    asked, known = limited()
    best, found = explained(tmp_path, asked, known)
    differences = 0
    for label, path, figure in MOVED:
        for percent, move in moves(limit_called(found, label)).items():
            fresh = cost(tmp_path, changed(asked, path, f"{figure * (1 + percent / 100):.12g}"), known)
            differences += check_move(move, fresh, best)
    demand = {"2025q1": 1000, "2025q3": 1500}
    for percent, move in moves(limit_called(found, "demand train")).items():
        steps = {period: f"{amount * (1 + percent / 100):.12g}" for period, amount in demand.items()}
        fresh = cost(tmp_path, changed(asked, ("demand", "train", "per_second"), steps), known)
        differences += check_move(move, fresh, best)
    assert differences >= 6, "the limits bind, or the test shows nothing"


def check_move(move: Move, fresh: float | None, best: Plan) -> bool:
    """Whether the fresh plan costs something else; the move must say so."""
    if fresh is None:
        assert move.answer == "infeasible"
        return True
    assert move.change_usd is not None
    assert move.change_usd.least is not None
    assert move.change_usd.most is not None
    difference = fresh - best.objective_usd
    assert move.change_usd.least - CENT <= difference <= move.change_usd.most + CENT, move
    assert move.change_usd.is_resolved
    return abs(difference) > CENT


def test_no_plan_is_said_only_where_there_is_none(tmp_path: Path) -> None:
    # 1,500 units need 1500 / 96 = 15.6, so 16 large systems of 12 kW: 16 x 12 x 1.2 = 0.2304 MW. With 0.235 MW,
    # 5 % less is 0.2233 MW, and the small systems do only 40 on 10 kW where the large do 96 on 12 kW.
    asked = request(sites={"oslo": site("0.235")}, offers={"deny": ["rented"]})
    _, found = explained(tmp_path, asked, two_chips(), limits=["power at oslo"])
    (power,) = found.limits
    assert {percent: move.answer for percent, move in moves(power).items()} == {
        -5.0: "infeasible", -1.0: "fits", 1.0: "solved", 5.0: "solved",
    }  # fmt: skip
    assert cost(tmp_path, changed(asked, ("sites", "oslo", "power_mw"), "0.22325"), two_chips()) is None


def test_where_the_plan_still_fits_nothing_is_solved(tmp_path: Path) -> None:
    asked = request(sites={"oslo": site(50)})
    best, found = explained(tmp_path, asked, two_chips(), limits=["power at oslo"])
    (power,) = found.limits
    assert [move.answer for move in power.moves[:2]] == ["fits", "fits"]
    assert power.used < 0.95 * power.most
    assert found.answered_by_bounds >= 2
    fresh = cost(tmp_path, changed(asked, ("sites", "oslo", "power_mw"), "47.5"), two_chips())
    assert fresh == pytest.approx(best.objective_usd, abs=CENT)


def test_shares_move_by_points_and_a_move_says_how_much_it_is(tmp_path: Path) -> None:
    asked = request(
        limits=[
            {"name": "large_share", "measure": "accelerators", "of": {"accelerator": "large"}, "at_most_share": "0.5"}
        ],
        sites={"oslo": site(3)},
    )
    best, found = explained(tmp_path, asked, two_chips(), limits=["large_share", "train"])
    share = limit_called(found, "limit large_share")
    assert share.unit == "point"
    for percent, move in moves(share).items():
        fresh = cost(
            tmp_path, changed(asked, ("limits", 0, "at_most_share"), f"{0.5 + percent / 100:.3f}"), two_chips()
        )
        check_move(move, fresh, best)
    # The demand is 1,000 for two quarters and 1,500 for two: 1,250 on average, of which 5 % are 62.5.
    demand = limit_called(found, "demand train")
    assert demand.amount == 1250
    more = moves(demand)[5.0]
    assert more.change_usd is not None
    assert more.amount == pytest.approx(62.5)
    assert moves(share)[5.0].amount == 5


UNITS = [
    ("allocation of large", ("supply_per_month", "large"), "6.5", "accelerators a month"),
    ("limit owned", ("limits", 0, "at_least"), 21, "systems"),
    ("limit few", ("limits", 1, "at_most"), 27, "systems"),
    ("racks at oslo", ("sites", "oslo", "racks"), {"2025q1": 29, "2025q3": 31}, "racks"),
    ("supply of rented_box.on_demand", None, "3", "systems a month"),
]


@pytest.mark.slow
def test_a_whole_unit_is_told_where_a_whole_unit_was_solved(tmp_path: Path) -> None:
    """One accelerator, system or rack more, each from fresh files; a schedule grows by one wherever it has any."""
    asked, known = limited()
    asked["sites"]["oslo"]["racks"] = {"2025q1": 28, "2025q3": 30}
    asked["limits"].append({"name": "few", "measure": "systems", "of": {"route": "purchase"}, "at_most": 26})
    best, found = explained(tmp_path, asked, known, limits=[label for label, *_ in UNITS])
    for label, path, more, unit in UNITS:
        limit = limit_called(found, label)
        (move,) = [move for move in limit.moves if move.by_unit]
        assert (limit.unit, move.amount) == (unit, 1)
        easier = two_chips(rented={"supply_systems_per_month": more}) if path is None else known
        check_move(move, cost(tmp_path, asked if path is None else changed(asked, path, more), easier), best)


@pytest.mark.parametrize("label", ["power at oslo", "capex budget 2025", "demand train", "limit share"])
def test_what_comes_in_no_whole_units_is_not_told_by_the_unit(label: str, tmp_path: Path) -> None:
    asked, known = limited()
    asked["limits"] = [{"name": "share", "measure": "systems", "of": {"route": "purchase"}, "at_least_share": "0.5"}]
    _, found = explained(tmp_path, asked, known, limits=[label])
    (limit,) = found.limits
    assert not [move for move in limit.moves if move.by_unit]
    assert limit.one_more is None


def test_the_command_tells_a_change_only_for_the_move_that_was_solved(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every line is a move of the explanation: its change in USD, its percent or unit, and how much that is."""
    asked, known = limited()
    best, found = explained(tmp_path, asked, known)
    show_explanation(found, best, every_offer=False)
    lines = capsys.readouterr().out.splitlines()
    head = next(i for i, line in enumerate(lines) if line.startswith("How much that is"))
    told = [re.split(r" {2,}", line.strip()) for line in lines[head + 2 : lines.index("", head)]]
    assert len(told) >= 3
    for label, change, by in told:
        limit = limit_called(found, label)
        by_unit = by.startswith("one unit more")
        percent = 0.0 if by_unit else float(by.split(" %")[0]) * (1 if "more" in by else -1)
        (move,) = [m for m in limit.moves if m.by_unit == by_unit and (by_unit or m.percent == percent)]
        assert move.change_usd is not None
        assert float(change.replace(",", "")) == pytest.approx(move.change_usd.middle, abs=0.5)
        if not by_unit and limit.unit != "USD":
            amount = float(by.split(", ")[1].split(" ")[0])
            assert amount == pytest.approx(abs(limit.amount * percent / 100), rel=5e-3)


def test_where_value_is_maximised_more_room_is_worth_something(tmp_path: Path) -> None:
    # Serving is worth 1 USD per unit and hour, far more than it costs: power is what limits it.
    demand = {"workload": "training", "per_second": 5000, "value_usd_per_unit_hour": 1}
    asked = request(objective="maximize_value", demand={"train": demand}, offers={"deny": ["rented"]})
    best, found = explained(tmp_path, asked, two_chips(), limits=["power at oslo"])
    (power,) = found.limits
    for percent, move in moves(power).items():
        fresh = cost(
            tmp_path, changed(asked, ("sites", "oslo", "power_mw"), f"{0.29 * (1 + percent / 100):.6f}"), two_chips()
        )
        check_move(move, fresh, best)
    five = moves(power)
    assert five[5.0].change_usd is not None
    assert five[5.0].change_usd.most is not None
    assert five[5.0].change_usd.most < -1000, "more power earns: the objective, cost less value, falls"


def random_instance(number: int) -> tuple[Tree, Tree]:
    """Three chips with terms by chance: one-offs, minimum orders, price steps, allocations, dear or cheap."""
    chance = random.Random(number)
    files = []
    for name in ("alpha", "beta", "gamma"):
        terms: Tree = {"system": f"{name}_box", "route": "purchase", "price_usd": chance.randrange(80, 400) * 1000}
        if chance.random() < 0.4:
            terms["minimum_order_systems"] = chance.randrange(2, 6)
        if chance.random() < 0.3:
            steps = [{"from_systems": chance.randrange(3, 8), "factor": "0.9"}]
            terms["price_breaks"] = {"kind": chance.choice(["all_units", "incremental"]), "steps": steps}
        facts: Tree = {}
        if chance.random() < 0.4:
            facts["one_off"] = {"usd": chance.randrange(1, 9) * 100000, "months": 0}
        box = system(accelerators=chance.choice([4, 8]), provisioned_kw=chance.randrange(8, 14), average_kw=7)
        rate = chance.randrange(8, 16)
        files.append(
            accelerator(name, {f"{name}_box": box}, {f"{name}_box.purchase": terms}, rates(training=rate), **facts)
        )
    asked = request(
        finance={"discount_rate": "0.08", "residual": chance.choice(["none", "book"]), "maintenance_share": "0.03"},
        sites={"oslo": site(1)},
        demand={
            "train": {"workload": "training", "per_second": {"2025q1": 500, "2025q3": chance.randrange(600, 1200)}}
        },
    )
    return asked, catalog(*files)


def with_price(known: Tree, offer: str, factor: float) -> Tree:
    name = f"{offer.partition('_')[0]}.yaml"
    price = known[name]["offers"][offer]["price_usd"]
    return changed(known, (name, "offers", offer, "price_usd"), f"{price * factor:.9f}")


def forced(asked: Tree, offer: str) -> Tree:
    """The scenario with at least one system of an offer ordered, beside what is committed."""
    committed = sum(item["systems"] for item in asked.get("commitments", []) if item["offer"] == offer)
    rule = {"name": "forced", "measure": "systems", "of": {"offer": offer}, "at_least": 1 + committed}
    return {**asked, "limits": [*asked.get("limits", []), rule]}


def check_entry(folder: Path, asked: Tree, known: Tree, offer: str, factor: float) -> None:
    """A thousandth below the offer is in every best plan, a thousandth above in none; each from fresh files."""
    without = cost(folder, {**asked, "offers": {"deny": [offer]}}, known)
    below = cost(folder, asked, with_price(known, offer, factor * 0.999))
    above = with_price(known, offer, factor * 1.001)
    best_above = cost(folder, asked, above)
    with_it = cost(folder, forced(asked, offer), above)
    assert without is not None
    assert below is not None
    assert best_above is not None
    assert below < without - CENT, "without it every plan costs more"
    assert best_above == pytest.approx(without, rel=1e-8)
    assert with_it is None or with_it > without + CENT, "with it every plan costs more"


@pytest.mark.parametrize("number", [0, 1, *(pytest.param(n, marks=pytest.mark.slow) for n in range(2, 5))])
def test_offers_enter_at_their_break_even_and_are_missed_by_what_a_fresh_plan_says(number: int, tmp_path: Path) -> None:
    asked, known = random_instance(number)
    best, found = explained(tmp_path, asked, known, offers=["*"])
    entries = [one for one in found.offers if one.entry is not None]
    assert len(entries) >= 2
    for one in entries:
        assert one.entry is not None
        assert (one.entry.factor > 1) == (one.verdict == "ordered")
        check_entry(tmp_path, asked, known, one.offer, one.entry.factor)
        assert one.entry.factor_least <= one.entry.factor <= one.entry.factor_most
        assert one.entry.price.usd == pytest.approx(one.entry.price_now.usd * one.entry.factor)
        assert one.entry.orders
    assert any(one.verdict == "ordered" for one in found.offers)
    for one in found.offers:
        if one.verdict == "ordered":
            check_without(tmp_path, asked, known, best, one)


def check_without(folder: Path, asked: Tree, known: Tree, best: Plan, one: OfferReason) -> None:
    fresh = cost(folder, {**asked, "offers": {"deny": [one.offer]}}, known)
    assert fresh is not None
    assert one.without is not None
    assert one.without.change_usd is not None
    assert one.without.change_usd.most == pytest.approx(fresh - best.objective_usd, abs=CENT)
    assert one.offer in {row.offer for row in one.without.changes if row.after == 0}


def test_a_price_that_counts_in_a_budget_too_is_found_with_the_budget(tmp_path: Path) -> None:
    # At list price the large systems do not fit the budget of 3 M USD with the work to do (16 x 260,000 = 4.16 M),
    # and the small ones do; the rented ones are dear. A lower price lets more of them into the budget.
    known = two_chips(small={"price_usd": 150000})
    asked = request(sites={"oslo": site(3)}, budget={"capex_usd": {"total": "3e6"}})
    _, found = explained(tmp_path, asked, known, offers=["small"])
    (small,) = found.offers
    assert small.entry is not None
    assert small.entry.counts_in == ("capex budget total",)
    check_entry(tmp_path, asked, known, "small_box.purchase", small.entry.factor)


def test_what_is_committed_keeps_its_price_when_the_offer_is_priced_anew(tmp_path: Path) -> None:
    commitments = [{"offer": "small_box.purchase", "site": "oslo", "period": "2025q1", "systems": 2}]
    asked = request(sites={"oslo": site(3)}, commitments=commitments)
    known = two_chips(small={"price_usd": 150000})
    _, found = explained(tmp_path, asked, known, offers=["small"])
    (small,) = found.offers
    assert small.entry is not None
    priced = [{**commitments[0], "price_usd": 150000}]
    check_entry(tmp_path, {**asked, "commitments": priced}, known, "small_box.purchase", small.entry.factor)


def test_what_is_rented_by_commitment_keeps_its_rent(tmp_path: Path) -> None:
    # Two committed systems of 8 at 9 USD an hour for the term of one quarter; their rent moves with the offer's in the
    # fresh plans: by 2 x 8 x 9 x 2190 x (f - 1) x 1.08^-0.125, which is the same with and without further orders.
    commitments = [{"offer": "rented_box.on_demand", "site": "cloud", "period": "2025q1", "systems": 2}]
    asked, known = request(sites={"oslo": site(3)}, commitments=commitments), two_chips()
    _, found = explained(tmp_path, asked, known, offers=["rented"])
    (rented,) = found.offers
    assert rented.entry is not None
    for factor, enters in ((rented.entry.factor * 0.999, True), (rented.entry.factor * 1.001, False)):
        path = ("rented.yaml", "offers", "rented_box.on_demand", "usd_per_accelerator_hour")
        priced = changed(known, path, f"{9 * factor:.9f}")
        with_it = cost(tmp_path, asked, priced)
        without = cost(tmp_path, {**asked, "offers": {"deny": ["rented"]}}, priced)
        assert with_it is not None
        assert without is not None
        assert (with_it < without - CENT) == enters


def test_no_price_helps_where_the_minimum_order_is_above_the_supply(tmp_path: Path) -> None:
    terms = {"minimum_order_systems": 40, "supply_systems_per_month": 3, "price_usd": 300000}
    asked, known = request(sites={"oslo": site(3)}), two_chips(small=terms)
    _, found = explained(tmp_path, asked, known, offers=["small"])
    (small,) = found.offers
    assert (small.verdict, small.entry) == ("no_price", None)
    assert "minimum order of 40" in small.reason
    fresh = plan(tmp_path, asked, changed(known, ("small.yaml", "offers", "small_box.purchase", "price_usd"), 1))
    assert not [order for order in fresh.orders if order.offer == "small_box.purchase"]


def test_reasons_that_take_no_solve(tmp_path: Path) -> None:
    known = two_chips(small={"buyers": ["somebody_else"]})
    worse = {"system": "large_box", "route": "purchase", "price_usd": 270000, "network_usd": 10}
    known["large.yaml"]["offers"]["large_box.dearer"] = worse
    asked = request(offers={"deny": ["rented"]}, sites={"oslo": site(3)})
    best, found = explained(tmp_path, asked, known)
    assert offer_called(found, "small_box.purchase").verdict == "ineligible"
    assert "somebody_else" in offer_called(found, "small_box.purchase").reason
    assert "deny" in offer_called(found, "rented_box.on_demand").reason
    dearer = offer_called(found, "large_box.dearer")
    assert (dearer.verdict, dearer.dominated_by) == ("dominated", "large_box.purchase")
    assert "better on price, network and in nothing worse" in dearer.reason
    assert offer_called(found, "large_box.purchase").systems == sum(order.systems for order in best.orders)


@pytest.mark.parametrize("spoiled", [
    {"price_usd": 250000}, {"deposit_share": "0.1"}, {"divisible": "true", "price_usd": 270000},
    {"lead_time_months": 3},
])  # fmt: skip
def test_an_offer_that_is_better_or_other_in_something_is_not_dominated(spoiled: Tree, tmp_path: Path) -> None:
    known = two_chips(large={"lead_time_months": 6} if "lead_time_months" in spoiled else {})
    other = {"system": "large_box", "route": "purchase", "price_usd": 260000, **spoiled}
    known["large.yaml"]["offers"]["large_box.other"] = other
    demand = {"train": {"workload": "training", "per_second": {"2025q4": 1500}}}
    _, found = explained(tmp_path, request(sites={"oslo": site(3)}, demand=demand), known)
    assert offer_called(found, "large_box.other").verdict != "dominated"


def test_a_supply_that_may_run_out_dominates_nothing(tmp_path: Path) -> None:
    known = two_chips(large={"supply_systems_per_month": 2})
    known["large.yaml"]["offers"]["large_box.dearer"] = {
        "system": "large_box",
        "route": "purchase",
        "price_usd": 270000,
    }
    asked = request(sites={"oslo": site(3)}, offers={"deny": ["rented", "small"]})
    _, found = explained(tmp_path, asked, known, offers=["large_box.dearer"])
    assert offer_called(found, "large_box.dearer").verdict == "ordered", "6 a quarter are not enough for 11"


def own_chip() -> tuple[Tree, Tree]:
    """A chip that does the work for less, once 2 M USD of engineering are paid."""
    known = two_chips(large={"price_usd": 120000}, large_facts={"one_off": {"usd": 2000000, "months": 0}})
    return request(sites={"oslo": site(50)}, offers={"deny": ["rented"]}), known


def test_the_volume_from_which_an_own_chip_pays(tmp_path: Path) -> None:
    asked, known = own_chip()
    _, found = explained(tmp_path, asked, known, volume="large")
    volume = found.volume
    assert volume is not None
    assert volume.one_off_usd == 2000000
    assert volume.demands == ("train",)
    assert volume.from_factor is not None
    assert volume.to_factor is not None
    assert 0.25 <= volume.from_factor < volume.to_factor <= volume.from_factor * 1.0101
    for point in volume.points:
        steps = {period: f"{amount * point.factor:.9f}" for period, amount in (("2025q1", 1000), ("2025q3", 1500))}
        times = changed(asked, ("demand", "train", "per_second"), steps)
        with_it = cost(tmp_path, forced(times, "large_box.purchase"), known)
        without = cost(tmp_path, {**times, "offers": {"deny": ["large", "rented"]}}, known)
        assert point.with_usd is not None
        assert point.without_usd is not None
        assert point.with_usd.most == pytest.approx(with_it, abs=CENT)
        assert point.without_usd.most == pytest.approx(without, abs=CENT)
        assert with_it is not None
        assert without is not None
        assert (with_it < without) == (point.factor >= volume.to_factor)


@pytest.mark.parametrize("number", [0, *(pytest.param(n, marks=pytest.mark.slow) for n in range(1, 3))])
def test_no_plan_is_better_for_a_dominated_offer(number: int, tmp_path: Path) -> None:
    asked, known = random_instance(number + 100)
    for name in ("alpha", "beta"):
        terms = known[f"{name}.yaml"]["offers"][f"{name}_box.purchase"]
        other = {"system": terms["system"], "route": "purchase", "price_usd": terms["price_usd"] + 5000 * (number - 1)}
        known[f"{name}.yaml"]["offers"][f"{name}_box.other"] = other
    best, found = explained(tmp_path, asked, known)
    dominated = [one.offer for one in found.offers if one.dominated_by is not None]
    assert dominated
    without = cost(tmp_path, {**asked, "offers": {"deny": dominated}}, known)
    assert without == pytest.approx(best.objective_usd, rel=1e-8)


def saved(folder: Path) -> str:
    """A plan in a file."""
    path = folder / "plan.json"
    write_text(path, plan_text(plan(folder, request(), two_chips())))
    return str(path)


def test_the_command_prints_tables_or_only_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = saved(tmp_path)
    capsys.readouterr()
    assert run(["explain", path, "--limit", "power at oslo", "--offer", "large"]) == 0
    shown = "\n".join(line for line in capsys.readouterr().out.splitlines() if not line.startswith('{"seconds"'))
    assert "power at oslo" in shown
    assert "5 % more" in shown
    assert "large_box.purchase" in shown
    assert run(["explain", path, "--limit", "power at oslo", "--json", str(tmp_path / "why.json")]) == 0
    found = Explanation.model_validate_json((tmp_path / "why.json").read_bytes())
    assert [limit.limit for limit in found.limits] == ["power at oslo"]
    assert found.offers == ()


@pytest.mark.parametrize("wrong", [["--offer", "nothing"], ["--limit", "nothing"], ["--volume", "nothing"]])
def test_the_command_refuses_what_it_does_not_know(
    wrong: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["explain", saved(tmp_path), *wrong]) == 2
    assert "nothing" in capsys.readouterr().err


def test_the_command_refuses_what_is_no_plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "other.json").write_text("{}")
    assert run(["explain", str(tmp_path / "other.json")]) == 2
    assert "is not a chipmix plan" in capsys.readouterr().err
    assert run(["explain", str(tmp_path / "absent.json")]) == 2


@pytest.mark.parametrize(
    ("after", "tightens", "change"),
    [
        (Bracket(100.0 + 1e-10, 100.0), False, (0.0, 0.0)),  # a bound above the plan in the last digits alone
        (Bracket(100.0, 100.0 - 1e-10), True, (0.0, 0.0)),
        (Bracket(90.0, 95.0), False, (-10.0, -5.0)),
        (Bracket(105.0, 110.0), True, (5.0, 10.0)),
        (Bracket(90.0, 110.0), None, (-10.0, 10.0)),
    ],
)
def test_the_least_of_a_change_is_never_above_the_most(
    after: Bracket, tightens: bool | None, change: tuple[float, float]
) -> None:
    assert tuple(_change(after, Bracket(100.0, 100.0), tightens)) == change


def test_names_that_nothing_has_are_refused(tmp_path: Path) -> None:
    best = plan(tmp_path, request(), two_chips())
    with pytest.raises(UnknownName, match="did you mean 'small_box'"):
        explain(best, offers=["smal_box"])
    with pytest.raises(UnknownName, match="no limit is called"):
        explain(best, limits=["power at bergen"])
    with pytest.raises(UnknownName, match="no accelerator"):
        explain(best, volume="larg")


def test_the_published_schema_of_explanations_is_the_one_in_force(tmp_path: Path) -> None:
    import jsonschema

    published = json.loads((ROOT / "optimizer" / "explain" / "explanation.schema.json").read_text())
    assert published == explanation_schema()
    asked, known = own_chip()
    _, found = explained(tmp_path, asked, known)
    text = explanation_text(found)
    jsonschema.validate(json.loads(text), published)
    assert Explanation.model_validate_json(text) == found
