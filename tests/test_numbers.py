"""Numbers of any size: budgets of 1e3 to 1e12 USD, work of 1e-6 to 1e15, limits met or missed by a hair.

A plan, or a proof that there is none with what is short; never a fault. Each answer is held against arithmetic in
decimals that shares nothing with the product. `hair` is the part by which a limit is below what is needed. Where only
whole systems count, any hair decides; where fractions do, one of a billionth is within the tolerance.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from builders import Tree, accelerator, catalog, load, rates, scenario, site, system

from catalogs.problems import InputError
from optimizer.infeasible.shortage import Infeasible, Shortage
from optimizer.plan.format import Plan
from optimizer.planning import make_plan
from optimizer.solving.solution import Options

pytestmark = pytest.mark.usefixtures("in_process")
FINE = Options(gap=1e-6)
ONE_QUARTER = {"start": "2025q1", "periods": 1}
THREE_QUARTERS = {"start": "2025q1", "periods": 3}
PER_BOX = Decimal(3200)
"""Work of a box: 8 chips of 400."""
BOX_MW = Decimal("0.012")
"""10 kW at the meter."""
HOURS = 2190
TOLERANCE, CENT, GAP = Decimal("1e-9"), Decimal("0.01"), Decimal("2e-6")
LAST_DIGITS, FOUR_DIGITS = Decimal("2e-14"), Decimal("1e-3")
"""What a shortage may be off by: the last digits of a double of what is needed, and the digits that are shown."""


def text(number: Decimal) -> str:
    return format(number, "f")


def answer(folder: Path, asked: Tree, known: Tree | None = None) -> Plan | Infeasible:
    try:
        made = make_plan(load(folder, asked, known), FINE).plan
    except Infeasible as error:
        return error
    assert made.audit.ok
    return made


def boxes(plan: Plan | Infeasible) -> Decimal:
    assert isinstance(plan, Plan), str(plan)
    return sum((Decimal(order.systems) for order in plan.orders), Decimal(0))


def short_of(found: Plan | Infeasible, kind: str) -> Shortage:
    """What is missing of a kind alone, in words that say so."""
    assert isinstance(found, Infeasible)
    (short,) = next(each for each in found.alone if each[0].kind == kind)
    assert "proved" in found.proof or "two solves agree" in found.proof
    words = str(short).removesuffix(f" {short.unit}")
    assert any(digit in words for digit in "123456789"), words
    return short


def work_of(count: Decimal | int, **fields: Any) -> Tree:
    return {"train": {"workload": "training", "per_second": text(PER_BOX * count), **fields}}


def hall(power_mw: Any = "1e12", **fields: Any) -> Tree:
    return {"oslo": site(power_mw, **fields)}


def chip(offer: Tree | None = None, rate: Any = 400, box: Tree | None = None, **facts: Any) -> Tree:
    terms = {"system": "box", "route": "purchase", "price_usd": 300000, **(offer or {})}
    terms = {key: value for key, value in terms.items() if value is not None}
    pools = {"wafers": {"unit": "wafer", "describes": "packaging"}}
    return catalog(
        accelerator("chip", {"box": box or system()}, {"box.buy": terms}, rates(training=rate), **facts), pools=pools
    )


# budgets: short, or left over, by cents

BUDGETS = [(digits, count) for digits in range(3, 13) for count in (1, 7, 1000, 99999) if 10**digits > 10 * count]
OFF = ("-1000", "-1", "-0.10", "-0.01", "0", "0.01", "0.10", "1", "1000")
FEW = [(3, 7, "-0.01"), (7, 1, "-0.10"), (9, 1000, "0"), (10, 99999, "-0.10"), (10, 99999, "0.10"), (12, 7, "-0.01"),
       (12, 1000, "-1"), (12, 99999, "0.01")]  # fmt: skip


def check_budget(folder: Path, digits: int, count: int, off: str) -> None:
    price = (Decimal(10) ** digits / count).quantize(CENT)
    budget = price * count + Decimal(off)
    if budget <= 0:
        return
    asked = scenario(
        horizon=ONE_QUARTER, demand=work_of(count), sites=hall(), budget={"capex_usd": {"total": text(budget)}}
    )
    found = answer(folder, asked, chip({"price_usd": text(price)}))
    if Decimal(off) >= 0:
        assert boxes(found) == count
    else:
        assert short_of(found, "budget").amount == pytest.approx(-float(off), rel=1e-3)


@pytest.mark.parametrize(("digits", "count", "off"), FEW)
def test_a_budget_decides_by_cents(tmp_path: Path, digits: int, count: int, off: str) -> None:
    check_budget(tmp_path, digits, count, off)


@pytest.mark.slow
@pytest.mark.parametrize(("digits", "count"), BUDGETS)
def test_every_budget_decides_by_cents(tmp_path: Path, digits: int, count: int) -> None:
    for off in OFF:
        check_budget(tmp_path / off, digits, count, off)


# limits on whole systems: any hair decides

Case = tuple[Tree, Tree, str, Decimal]
"""A scenario, its catalogue, the kind that is short and what is needed of it."""


def whole_kinds(count: int, below: Decimal) -> Iterator[tuple[str, Case]]:
    """Requests of so many boxes whose limit is `below` times what they need."""
    n, one = Decimal(count), {"horizon": ONE_QUARTER}
    asked: Tree = {**one, "demand": work_of(count)}
    fleet = [{"system": "box", "site": "oslo", "count": count}]

    def limit(measure: str, need: Decimal, **more: Any) -> Case:
        rule = {"name": "rule", "measure": measure, "at_most": text(need * below), "within": "total"}
        return scenario(**{**asked, "sites": hall(**more), "limits": [rule]}), chip(), "limits", need

    mw, kw = n * BOX_MW, 10 * n
    yield "power", (scenario(**{**asked, "sites": hall(text(mw * below))}), chip(), "power", mw)
    yield "power of a fleet", (scenario(**one, sites=hall(text(mw * below)), fleet=fleet), chip(), "power", mw)
    committed = [{"offer": "box.buy", "site": "oslo", "period": "2025q1", "systems": count}]
    held = scenario(**{**asked, "sites": hall(text(mw * below)), "commitments": committed})
    yield "power of commitments", (held, chip(), "power", mw)
    yield "air", (scenario(**{**asked, "sites": hall(air_mw=text(kw / 1000 * below))}), chip(), "power", kw / 1000)
    wet = chip(box=system(cooling="liquid"))
    yield "liquid", (scenario(**{**asked, "sites": hall(liquid_mw=text(kw / 1000 * below))}), wet, "power", kw / 1000)
    yield "racks", (scenario(**{**asked, "sites": hall(racks=text(n * below))}), chip(), "power", n)
    supply = scenario(**{**asked, "sites": hall(), "supply_per_month": {"chip": text(8 * n / 3 * below)}})
    if count % 3 == 0:
        yield "supply", (supply, chip(), "supply", 8 * n)
        own = chip({"supply_systems_per_month": text(n / 3 * below)})
        yield "an offer's supply", (scenario(**{**asked, "sites": hall()}), own, "supply", n)
    drawn = n * 8 * Decimal("0.1035")
    pool = scenario(**{**asked, "sites": hall(), "pools_per_month": {"wafers": text(drawn / 3 * below)}})
    yield "pool", (pool, chip(draws={"wafers": "0.1035"}), "supply", drawn)
    energy = Decimal("1.2") * 7 * HOURS / 1000 * n
    opex = scenario(**{**asked, "sites": hall(), "budget": {"opex_usd": {"total": text(energy * 50 * below)}}})
    yield "opex", (opex, chip(), "budget", energy * 50)
    rent = Decimal("1.37") * 8 * HOURS * n
    rented = chip({"route": "on_demand", "host": "cloud", "price_usd": None, "usd_per_accelerator_hour": "1.37"})
    paid = scenario(**{**asked, "sites": hall(), "budget": {"opex_usd": {"total": text(rent * below)}}})
    yield "rent", (paid, rented, "budget", rent)
    cut = chip({"price_breaks": {"kind": "all_units", "steps": [{"from_systems": max(2, count), "factor": "0.93"}]}})
    price = n * 300000 * (Decimal("0.93") if count > 1 else 1)
    broken = scenario(**{**asked, "sites": hall(), "budget": {"capex_usd": {"total": text(price * below)}}})
    yield "price breaks", (broken, cut, "budget", price)
    yield "systems", limit("systems", n)
    yield "accelerators", limit("accelerators", 8 * n)
    yield "it_kw", limit("it_kw", kw)
    yield "capex_usd", limit("capex_usd", 300000 * n)
    yield "spend_usd", limit("spend_usd", 300000 * n)
    yield "carbon_t", limit("carbon_t", energy * 120 / 1000, carbon_kg_per_mwh=120)


KINDS = [name for name, _ in whole_kinds(3, Decimal(1))]


def check_whole(folder: Path, kind: str, count: int, hair: str) -> None:
    asked, known, of, need = dict(whole_kinds(count, 1 - Decimal(hair)))[kind]
    found = answer(folder, asked, known)
    if Decimal(hair) <= 0:
        assert isinstance(found, Plan), f"{kind}, {count}, {hair}: {found}"
        return
    missing = need * Decimal(hair)
    amount = Decimal(short_of(found, of).amount)
    assert missing * (1 - TOLERANCE) - need * LAST_DIGITS <= amount <= missing * (1 + FOUR_DIGITS) + need * LAST_DIGITS


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("count", "hair"), [(3, "1e-10"), (1200, "1e-12"), (99999, "0"), (99999, "1e-8")])
def test_whole_systems_fit_or_they_do_not(tmp_path: Path, kind: str, count: int, hair: str) -> None:
    check_whole(tmp_path, kind, count, hair)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("count", [3, 1200, 99999, 10_000_002])
def test_whole_systems_fit_or_they_do_not_by_any_hair(tmp_path: Path, kind: str, count: int) -> None:
    for hair in ("-1e-6", "-1e-12", "0", "1e-12", "1e-11", "1e-10", "1e-9", "1e-8", "1e-6", "1e-4", "1e-2"):
        check_whole(tmp_path / hair, kind, count, hair)


MISSING_MW = ("1e-9", "1e-8", "1e-7", "1e-6", "1e-5", "1e-4", "1e-3")


@pytest.mark.parametrize("missing", MISSING_MW)
@pytest.mark.parametrize("stands", ["fleet", "orders"])
def test_power_is_short_by_watts(tmp_path: Path, missing: str, stands: str) -> None:
    """1,200 boxes in a hall that lacks 1e-9 to 1e-3 of its 14.4 MW."""
    power = text(1200 * BOX_MW - Decimal(missing))
    fleet = [{"system": "box", "site": "oslo", "count": 1200}]
    parts: Tree = {"fleet": fleet} if stands == "fleet" else {"demand": work_of(1200)}
    found = answer(tmp_path, scenario(horizon=ONE_QUARTER, sites=hall(power), **parts), chip())
    short = short_of(found, "power")
    assert short.amount == pytest.approx(float(missing), rel=1e-3)
    assert str(short) == f"{text(Decimal(missing))} MW more power at oslo"


# limits in which fractions count: a billionth is within the tolerance, two are not


def fraction_kinds(count: int, below: Decimal) -> Iterator[tuple[str, Tree, Tree]]:
    n, mw = Decimal(count), count * BOX_MW
    grows = {"usd_per_mw": "1e7", "lead_time_months": 0, "max_mw": "1e6", "life_years": 20}
    one = {"horizon": ONE_QUARTER, "demand": work_of(count)}
    room = {**grows, "max_mw": text(mw / 2 - mw * (1 - below))}
    yield "expansion", scenario(**one, sites=hall(text(mw / 2), expansion=room)), chip()
    cost = text((300000 * n + mw / 2 * 10**7) * below)
    paid = {"budget": {"capex_usd": {"total": cost}}}
    yield "budget of an expansion", scenario(**one, sites=hall(text(mw / 2), expansion=grows), **paid), chip()
    due = {
        "train": {"workload": "training", "by_deadline_unit_hours": {"2025q2": text(PER_BOX * n * HOURS * 2 / below)}}
    }
    yield "deadline", scenario(horizon=THREE_QUARTERS, demand=due, sites=hall(text(mw))), chip()
    yield "demand", scenario(horizon=ONE_QUARTER, demand=work_of(n / below), sites=hall(text(mw))), chip()
    floor = {"name": "rule", "measure": "work", "of": {"demand": "train"}, "at_least": text(PER_BOX * n / below)}
    yield "floor on work", scenario(**one, sites=hall(text(mw)), limits=[{**floor, "within": "total"}]), chip()
    parts = chip({"divisible": "true"})
    yield "divisible power", scenario(**one, sites=hall(text(mw * below))), parts
    usd = {"budget": {"capex_usd": {"total": text(300000 * n * below)}}}
    yield "divisible budget", scenario(**one, sites=hall(), **usd), parts


FRACTIONS = [name for name, *_ in fraction_kinds(1, Decimal(1))]
"""Kinds of limits in which fractions count."""


def check_fraction(folder: Path, kind: str, count: int, hair: str) -> None:
    asked, known = next((a, k) for name, a, k in fraction_kinds(count, 1 - Decimal(hair)) if name == kind)
    found = answer(folder, asked, known)
    if Decimal(hair) < TOLERANCE / 3:
        assert isinstance(found, Plan), f"{kind}, {count}, {hair}: {found}"
    elif Decimal(hair) > 2 * TOLERANCE:
        assert isinstance(found, Infeasible), f"{kind}, {count}, {hair}"


@pytest.mark.parametrize("kind", FRACTIONS)
@pytest.mark.parametrize(("count", "hair"), [(1, "1e-12"), (7, "1e-9"), (1200, "1e-8"), (99999, "0")])
def test_fractions_fit_within_a_billionth(tmp_path: Path, kind: str, count: int, hair: str) -> None:
    check_fraction(tmp_path, kind, count, hair)


@pytest.mark.slow
@pytest.mark.parametrize("kind", FRACTIONS)
@pytest.mark.parametrize("count", [1, 7, 1200, 99999])
def test_fractions_fit_within_a_billionth_by_any_hair(tmp_path: Path, kind: str, count: int) -> None:
    for hair in ("-1e-6", "-1e-10", "0", "1e-12", "1e-10", "5e-10", "1e-9", "2e-9", "1e-8", "1e-6"):
        check_fraction(tmp_path / hair, kind, count, hair)


# work of any size


def check_work(folder: Path, exponent: int, rate: str, power: str) -> None:
    work, per_box = Decimal(10) ** exponent, 8 * Decimal(rate)
    count = math.ceil(work / per_box)
    demand = {"train": {"workload": "training", "per_second": text(work)}}
    found = answer(folder, scenario(horizon=ONE_QUARTER, demand=demand, sites=hall(power)), chip(rate=rate))
    if count * BOX_MW > Decimal(power):
        short_of(found, "demand")
    else:
        assert count * (1 - 2 * TOLERANCE) <= boxes(found) <= max(count, count * (1 + GAP))


@pytest.mark.parametrize("exponent", range(-6, 16, 3))
@pytest.mark.parametrize(("rate", "power"), [("400", "100"), ("1e6", "1e15")])
def test_work_of_any_size(tmp_path: Path, exponent: int, rate: str, power: str) -> None:
    check_work(tmp_path, exponent, rate, power)


@pytest.mark.slow
@pytest.mark.parametrize("exponent", range(-6, 16))
def test_work_of_every_size(tmp_path: Path, exponent: int) -> None:
    for rate in ("1e-3", "400", "1e6", "1e12"):
        for power in ("100", "1e15"):
            check_work(tmp_path / rate / power, exponent, rate, power)


def test_two_demands_of_very_different_size_share_a_system(tmp_path: Path) -> None:
    """The small one takes 3e-9 of a box; one that is ordered for the large one has room for it."""
    demand = {**work_of(1), "tiny": {"workload": "training", "per_second": "1e-5"}}
    assert boxes(answer(tmp_path / "a", scenario(horizon=ONE_QUARTER, demand=demand), chip())) == 2
    demand["train"]["per_second"] = 3000
    assert boxes(answer(tmp_path / "b", scenario(horizon=ONE_QUARTER, demand=demand), chip())) == 1


def test_next_to_nothing_of_a_divisible_system_is_refused(tmp_path: Path) -> None:
    """1e-6 of work are 3.1e-10 of a box: nobody orders that, so the unit is a slip. The place in the file is told."""
    demand = {"train": {"workload": "training", "per_second": "1e-6"}}
    with pytest.raises(InputError) as caught:
        answer(tmp_path, scenario(demand=demand), chip({"divisible": "true"}))
    (problem,) = caught.value.problems
    assert problem.message.startswith("demand.train: takes 3.1e-10 of a box, which is divisible; check its unit")
    assert problem.at.line > 1


# prices of work left undone, and the value of work done


def check_price(folder: Path, price: int, work: int, objective: str) -> None:
    """The cheapest of no box, all that are needed or fit, and one less: the cost is piecewise linear between."""
    usd, asked = Decimal(10) ** price, Decimal(10) ** work
    valued = objective == "maximize_value"
    field = "value_usd_per_unit_hour" if valued else "unmet_usd_per_unit_hour"
    demand = {"train": {"workload": "training", "per_second": text(asked), field: text(usd)}}
    found = answer(folder, scenario(
        horizon=ONE_QUARTER, objective=objective, finance={"discount_rate": 0, "residual": "none"}, demand=demand,
        sites=hall("1000", electricity_usd_per_mwh=0),
    ), chip())  # fmt: skip

    def cost(count: Decimal) -> Decimal:
        done = min(asked, PER_BOX * count)
        return 300000 * count + usd * HOURS * (-done if valued else asked - done)

    most = Decimal(min(math.floor(1000 / BOX_MW), math.ceil(asked / PER_BOX)))
    best = min(cost(Decimal(0)), cost(most), cost(max(Decimal(0), most - 1)))
    here = cost(boxes(found))
    assert best <= here <= best + abs(best) * GAP + CENT
    assert isinstance(found, Plan)
    assert found.objective_usd == pytest.approx(float(here), rel=1e-9, abs=0.01)


@pytest.mark.parametrize(("price", "work"), [(-12, -6), (-12, 12), (-3, 6), (0, 0), (3, -3), (9, 3), (9, 12)])
@pytest.mark.parametrize("objective", ["minimize_cost", "maximize_value"])
def test_work_at_any_price(tmp_path: Path, price: int, work: int, objective: str) -> None:
    check_price(tmp_path, price, work, objective)


@pytest.mark.slow
@pytest.mark.parametrize("price", range(-12, 10))
@pytest.mark.parametrize("objective", ["minimize_cost", "maximize_value"])
def test_work_at_every_price(tmp_path: Path, price: int, objective: str) -> None:
    for work in (-6, -3, 0, 3, 6, 9, 12):
        check_price(tmp_path / str(work), price, work, objective)


# two chips against all their combinations


class Pair:
    """Two chips with prices in cents and rates of any size, and work that some of both do exactly."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(f"pair {seed}")
        money, speed = (Decimal(10) ** self.chance.randint(-2, 6) for _ in range(2))
        self.prices = [self._drawn(100, 999) * money + CENT for _ in range(2)]
        self.rates = [self._drawn(10, 99) * speed * each for each in (8, 4)]
        self.kw = [Decimal(10), Decimal(13)]
        counts = [self.chance.randint(1, 40), self.chance.randint(0, 40)]
        self.work = self._sum(self.rates, counts)
        hair = 1 - Decimal(self.chance.choice(["0", "1e-12", "-1e-12", "1e-9", "-1e-9", "1e-7", "-1e-7"]))
        free = self.best(None, None)
        assert free is not None
        self.capex = free[0] * hair if self.chance.random() < 0.7 else None
        self.power = self._mw(free[1:]) * hair if self.capex is None or self.chance.random() < 0.3 else None

    def _drawn(self, low: int, high: int) -> Decimal:
        return Decimal(self.chance.randint(low, high))

    @staticmethod
    def _sum(amounts: list[Decimal], counts: Any) -> Decimal:
        return sum((amount * count for amount, count in zip(amounts, counts, strict=True)), Decimal(0))

    def _mw(self, counts: Any) -> Decimal:
        return self._sum(self.kw, counts) * Decimal("1.2") / 1000

    def best(self, capex: Decimal | None, power: Decimal | None) -> tuple[Decimal, int, int] | None:
        """The cheapest counts of both that do the work within the limits, by trying all."""
        found = []
        for first in range(math.ceil(self.work / self.rates[0]) + 1):
            left = (self.work - first * self.rates[0]) - self.work * TOLERANCE
            counts = (first, max(0, math.ceil(left / self.rates[1])))
            cost = self._sum(self.prices, counts)
            if (capex is None or cost <= capex) and (power is None or self._mw(counts) <= power):
                found.append((cost, *counts))
        return min(found, default=None)

    def asked(self) -> Tree:
        budget = {} if self.capex is None else {"budget": {"capex_usd": {"total": text(self.capex)}}}
        return scenario(
            horizon=ONE_QUARTER, finance={"discount_rate": 0, "residual": "none"},
            demand={"train": {"workload": "training", "per_second": text(self.work)}},
            sites=hall("1e9" if self.power is None else text(self.power), electricity_usd_per_mwh=0), **budget,
        )  # fmt: skip

    def known(self) -> Tree:
        return catalog(*(
            accelerator(
                name, {f"{name}_box": system(chips, kw, 1)},
                {f"{name}.buy": {"system": f"{name}_box", "route": "purchase", "price_usd": text(price)}},
                rates(training=text(rate / chips)),
            )
            for name, chips, kw, price, rate in zip(
                ("red", "blue"), (8, 4), (10, 13), self.prices, self.rates, strict=True
            )
        ))  # fmt: skip


def check_pair(folder: Path, seed: int) -> None:
    pair = Pair(seed)
    best, found = pair.best(pair.capex, pair.power), answer(folder, pair.asked(), pair.known())
    if best is None:
        assert isinstance(found, Infeasible), seed
        return
    assert isinstance(found, Plan), (seed, str(found))
    counts = {order.offer: Decimal(order.systems) for order in found.orders}
    cost = pair._sum(pair.prices, (counts.get("red.buy", 0), counts.get("blue.buy", 0)))
    assert best[0] <= cost <= best[0] * (1 + GAP) + CENT, seed


@pytest.mark.parametrize("seed", range(25))
def test_two_chips_are_what_trying_all_finds(tmp_path: Path, seed: int) -> None:
    check_pair(tmp_path, seed)


@pytest.mark.slow
@pytest.mark.parametrize("batch", range(20))
def test_two_chips_are_what_trying_all_finds_many_times(tmp_path: Path, batch: int) -> None:
    for seed in range(100 + 50 * batch, 150 + 50 * batch):
        check_pair(tmp_path / str(seed), seed)
