"""Periods, windows and schedules; which orders may exist, how large they may be, and why the others do not."""

from __future__ import annotations

import warnings
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from builders import Tree, accelerator, catalog, load, one_offer, rates, scenario, site, system, tables

from catalogs.periods import first_month, last_month, value_at, written
from optimizer.request.calendar import Calendar, discount_end, discount_mid
from optimizer.request.edits import as_text

QUARTERS = Calendar(first_month("2024q3"), 3, 6, 7)
"""2024q3 to 2025q4; fiscal years begin in July."""


# periods


@pytest.mark.parametrize(
    ("key", "first", "last"),
    # 12 · year + month − 1
    [
        ("2025", 24300, 24311),
        ("2025q1", 24300, 24302),
        ("2025q4", 24309, 24311),
        ("2025-01", 24300, 24300),
        ("2025-12", 24311, 24311),
    ],
)
def test_months_of_a_period(key: str, first: int, last: int) -> None:
    assert (first_month(key), last_month(key)) == (first, last)
    assert written(first, last - first + 1) == key


@pytest.mark.parametrize(
    "key", ["", "25", "2025q0", "2025q5", "2025-00", "2025-13", "2025-1", "2025Q1", "fy2025", "0999", "2025 "]
)
def test_what_is_no_period(key: str) -> None:
    with pytest.raises(ValueError, match="is not a period"):
        first_month(key)


@pytest.mark.parametrize(
    ("start", "months", "n", "hours"), [("2025", 12, 1, 8760), ("2025q2", 3, 4, 2190), ("2025-11", 1, 12, 730)]
)
def test_length_of_periods(start: str, months: int, n: int, hours: float) -> None:
    calendar = Calendar(first_month(start), months, 3, 1)
    assert (calendar.periods_per_year, calendar.hours) == (n, hours)
    assert calendar.key(1) == start
    assert [calendar.index(calendar.key(t)) for t in calendar.periods] == [1, 2, 3]
    assert calendar.index(calendar.key(4)) is None
    assert calendar.index(calendar.key(0)) is None


def test_key_of_another_length_is_no_period_of_the_horizon() -> None:
    assert QUARTERS.index("2025") is None
    assert QUARTERS.index("2025-01") is None


def test_fiscal_years_have_the_name_of_the_year_they_end_in() -> None:
    """7 makes fy2025 = July 2024 to June 2025."""
    assert [QUARTERS.fiscal_year(t) for t in QUARTERS.periods] == ["fy2025"] * 4 + ["fy2026"] * 2
    calendar_year = Calendar(first_month("2024q3"), 3, 6, 1)
    assert [calendar_year.fiscal_year(t) for t in calendar_year.periods] == ["fy2024"] * 2 + ["fy2025"] * 4
    december = Calendar(first_month("2024-11"), 1, 3, 12)
    assert [december.fiscal_year(t) for t in december.periods] == ["fy2024", "fy2025", "fy2025"]


@pytest.mark.parametrize(
    ("window", "periods"),
    [
        ("total", (1, 2, 3, 4, 5, 6)),
        ("2025", (3, 4, 5, 6)),
        ("2025q1", (3,)),
        ("2025-04", (4,)),  # the period that starts in April
        ("fy2025", (1, 2, 3, 4)),
        ("fy2026", (5, 6)),
        ("2024q4..2025q2", (2, 3, 4)),
        ("2024..2025q1", (1, 2, 3)),
        ("2024q4..2025", (2, 3, 4, 5, 6)),  # to the end of its last key
        ("2025-02..2025-09", (4, 5)),  # those that start inside
    ],
)
def test_window(window: str, periods: tuple[int, ...]) -> None:
    assert QUARTERS.window(window) == periods


@pytest.mark.parametrize(
    "window", ["2026", "fy2024", "fy25", "2025-05", "2025q2..2025q1", "all", "", "..", "2025..", "Total"]
)
def test_what_is_no_window(window: str) -> None:
    with pytest.raises(ValueError, match=r"window|period"):
        QUARTERS.window(window)


@pytest.mark.parametrize(("months", "periods"), [(0, 0), (1, 1), (3, 1), (4, 2), (6, 2), (7, 3)])
def test_lead_times_are_rounded_up(months: int, periods: int) -> None:
    assert QUARTERS.whole_periods(months) == periods


@pytest.mark.parametrize(
    ("months", "periods"),
    # to the nearest number of quarters, halves up, at least one
    [("1", 1), ("3", 1), ("4", 1), ("4.4", 1), ("4.5", 2), ("5", 2), ("7", 2), ("8", 3), ("60", 20), ("0.1", 1)],
)
def test_terms_are_rounded_to_the_nearest(months: str, periods: int) -> None:
    assert QUARTERS.periods_in_term(Decimal(months)) == periods


def test_discount_factors() -> None:
    """At 21 % over two half-years: 1.21^-0.5 = 1/1.1. Period 1 of years ends after a year; quarters by four."""
    years, rate = Calendar(first_month("2025"), 12, 3, 1), Decimal("0.21")
    assert discount_mid(rate, years, 1) * Decimal("1.1") == pytest.approx(Decimal(1), abs=Decimal("1e-28"))
    assert discount_end(rate, years, 1) * Decimal("1.21") == pytest.approx(Decimal(1), abs=Decimal("1e-28"))
    assert discount_end(rate, QUARTERS, 2) == discount_mid(rate, years, 1)
    assert discount_mid(Decimal(0), QUARTERS, 5) == 1


# schedules


@pytest.mark.parametrize(
    ("key", "expected"),
    [("2024-12", None), ("2025-01", 5), ("2025-05", 5), ("2025-06", 7), ("2025-12", 7), ("2026", 0), ("2030", 0)],
)
def test_a_value_holds_until_the_next_one(key: str, expected: int | None) -> None:
    schedule = {"2025": Decimal(5), "2025-06": Decimal(7), "2026q1": Decimal(0)}
    assert value_at(schedule, first_month(key)) == expected


def test_a_number_always_holds() -> None:
    assert value_at(Decimal(3), 0) == 3
    assert value_at(None, 0) is None


def test_a_period_is_as_demanding_as_its_months(tmp_path: Path) -> None:
    """Demand from February is asked for in the first quarter; limits that begin then or in March are 0 in January."""
    asked = scenario(
        demand={"train": {"workload": "training", "per_second": {"2025-02": 10}}},
        sites={"oslo": site({"2025-02": 5}, racks={"2025-03": 4})},
    )
    found = tables(tmp_path, asked)
    assert [(need.t, need.per_second) for need in found.needs] == [(1, 10), (2, 10)]
    limits = [(row.limits["power_mw"], row.limits["racks"], row.limits["liquid_mw"]) for row in found.site_periods]
    assert limits == [(0, 0, None), (5, 4, None)]


# orders that may exist

FOUR: Tree = {"horizon": {"start": "2025q1", "periods": 4}}


def orders(folder: Path, known: Tree | None = None, **parts: Any) -> list[tuple[int, int, int, float | None]]:
    """(enters service, ordered, last period, price) of every possible order."""
    found = tables(folder, scenario(**{**FOUR, **parts}), known)
    return [(cohort.t, cohort.ordered, cohort.last, cohort.price_usd) for cohort in found.cohorts]


def test_orders_arrive_after_their_lead_time(tmp_path: Path) -> None:
    """4 months are 2 quarters: ordered in the first, in service in the third."""
    assert orders(tmp_path, one_offer(lead_time_months=4)) == [(3, 1, 4, 300000), (4, 2, 4, 300000)]


def test_orders_last_for_their_term(tmp_path: Path) -> None:
    """5 months are 1.67 quarters, so 2."""
    known = one_offer(term_months=5)
    assert [(t, last) for t, _, last, _ in orders(tmp_path, known)] == [(1, 2), (2, 3), (3, 4), (4, 4)]


def test_a_purchase_lasts_for_the_service_life(tmp_path: Path) -> None:
    """0.375 years are 4.5 months, 1.5 quarters, so 2."""
    finance = {"discount_rate": 0, "service_life_years": "0.375"}
    assert [last for _, _, last, _ in orders(tmp_path, finance=finance)] == [2, 3, 4, 4]


def test_prices_are_those_of_the_order(tmp_path: Path) -> None:
    known = one_offer(lead_time_months=3, price_usd={"2024": 9, "2025q2": 8, "2025-08": 7, "2025q4": 6})
    # ordered in 2025q1, q2 and q3: July at 8, August and September at 7
    expected = [(1, 9), (2, 8), (3, float(Fraction(8 + 7 + 7, 3)))]
    assert [(ordered, price) for _, ordered, _, price in orders(tmp_path, known)] == expected


@pytest.mark.parametrize(
    ("available", "ordered"),
    [
        ({"from": "2025q2"}, [2, 3]), ({"until": "2025q2"}, [1, 2]),
        ({"from": "2025-05"}, [3]), ({"until": "2025-05"}, [1, 2]),
        ({"from": "2025q2", "until": "2025q2"}, [2]), ({"until": "2025"}, [1, 2, 3]), ({}, [1, 2, 3]),
    ],
)  # fmt: skip
def test_orders_are_placed_while_they_may(tmp_path: Path, available: Tree, ordered: list[int]) -> None:
    """A period lies inside if its first month does; `until` runs to its key's end."""
    assert [row[1] for row in orders(tmp_path, one_offer(lead_time_months=3, available=available))] == ordered


def test_commitments_keep_no_rule_but_their_own(tmp_path: Path) -> None:
    """In service at once in spite of lead time, dates, buyers and deny; at the price of the order before."""
    known = one_offer(
        lead_time_months=6, available={"until": "2020"}, buyers=["rival"], price_usd={"2024q1": 5, "2024q4": 4}
    )
    item = {"offer": "box.purchase", "site": "oslo", "period": "2025q1", "systems": 2}
    found = tables(tmp_path, scenario(**FOUR, commitments=[item], offers={"deny": ["chip"]}), known)
    (cohort,) = found.cohorts
    assert (cohort.t, cohort.ordered, cohort.last, cohort.committed, cohort.systems) == (1, -1, 4, True, 2)
    assert cohort.price_usd == 5  # ordered in 2024q3


# why an offer is out: one case for each reason

RENT = {"system": "box", "route": "on_demand", "host": "cloud", "usd_per_accelerator_hour": 1}
EXCLUDED = [
    ("buyers", {"buyers": ["rival", "meta"]}, {}, "open only to meta, rival (buyers)"),
    ("deny", {}, {"offers": {"deny": ["*.purchase"]}}, "denied by '*.purchase' (offers.deny)"),
    ("allow", {}, {"offers": {"allow": ["box.rent"]}}, "not on the list of allowed offers (offers.allow)"),
    ("work", {}, {"demand": {"train": {"workload": "training", "per_second": 10, "sites": ["cloud"]}}},
     "it can do none of the work (train: it may not run where the offer's systems stand)"),
    ("late", {"lead_time_months": 13}, {}, "nothing ordered in the horizon arrives in it: lead time 13 months"),
    ("window", {"lead_time_months": 3, "available": {"from": "2025q4"}}, {},
     "it cannot be ordered in time: orders open 2025q4 to …, lead time 3 months (available)"),
    ("price", {"price_usd": {"2026": 5}}, {}, "it has no price when it can be ordered (price schedule)"),
    ("room", {}, {"sites": {"oslo": site("0.001")}}, "no site, supply or work leaves room for one system"),
    ("supply", {}, {"supply_per_month": {"chip": 2}}, "no site, supply or work leaves room for one system"),
]  # fmt: skip


@pytest.mark.parametrize(("offer", "parts", "reason"), [row[1:] for row in EXCLUDED], ids=[row[0] for row in EXCLUDED])
def test_reason_for_leaving_an_offer_out(tmp_path: Path, offer: Tree, parts: Tree, reason: str) -> None:
    known = one_offer(**offer)
    known["chip.yaml"]["offers"]["box.rent"] = RENT
    found = tables(tmp_path, scenario(**{**FOUR, **parts}), known)
    assert list(found.excluded) == ["box.purchase"]
    assert reason in found.excluded["box.purchase"]


def test_without_sites_only_hosted_offers_are_left(tmp_path: Path) -> None:
    known = one_offer()
    known["chip.yaml"]["offers"]["box.rent"] = RENT
    found = tables(tmp_path, scenario(sites={}), known)
    assert found.excluded == {"box.purchase": "it needs a site of ours and the scenario has none (sites)"}


def test_evidence_that_is_not_accepted_leaves_an_offer_out(tmp_path: Path) -> None:
    """By its own cite, which goes before that of the whole offer."""
    known = one_offer()
    known["chip.yaml"]["offers"]["box.rent"] = RENT
    known["chip.yaml"]["cites"] = {
        "box.purchase": {"source": "hand", "basis": "vendor"},
        "box.purchase.price_usd": {"source": "hand", "basis": "estimated"},
    }  # fmt: skip
    found = tables(tmp_path, scenario(offers={"basis": ["measured", "vendor", "unsourced"]}), known)
    assert found.excluded == {"box.purchase": "its price_usd is estimated, which is not accepted (offers.basis)"}


@pytest.mark.parametrize(
    ("file", "parts", "why"),
    [
        ({"throughput": {}}, {}, "no throughput for training"),
        ({"stack": "rocm"}, {"stacks": {"cuda": 0}}, "stack rocm is not listed"),
        ({"throughput": rates(training={"2030": 5})}, {}, "its throughput begins after the horizon"),
    ],
)
def test_near_misses(tmp_path: Path, file: Tree, parts: Tree, why: str) -> None:
    """A second chip that cannot do the work, beside the first that can."""
    offers = {"red.purchase": {"system": "red_box", "route": "purchase", "price_usd": 1}}
    facts = {"throughput": rates(training=1), **file}
    red = accelerator("red", {"red_box": system()}, offers, facts.pop("throughput"), **facts)
    demand = {"train": {"workload": "training", "per_second": 10, **parts}}
    found = tables(tmp_path, scenario(demand=demand), catalog(one_offer()["chip.yaml"], red))
    assert found.excluded == {"red.purchase": f"it can do none of the work (train: {why})"}


def test_any_buyer_opens_every_offer(tmp_path: Path) -> None:
    assert len(orders(tmp_path, one_offer(buyers=["rival"]), buyer="any")) == 4


# how large an order may be


@pytest.mark.parametrize(
    ("parts", "most"),
    [
        # 32,000 / (8 · 400) = 10, with availability 0.95 it is 10.5, so 11
        ({}, 10), ({"assumptions": {"availability": "0.95"}}, 11),
        # 0.1 MW / (1.2 · 10 kW) = 8.3; 1.25 as peak PUE: 8
        ({"sites": {"oslo": site("0.1")}}, 8), ({"sites": {"oslo": site("0.1", peak_pue="1.25")}}, 8),
        ({"sites": {"oslo": site("0.1", peak_pue="1.3")}}, 7),
        # cooling is IT load: 0.07 MW / 10 kW; racks of 1; the air-cooled box does not care about liquid
        ({"sites": {"oslo": site(air_mw="0.07")}}, 7), ({"sites": {"oslo": site(racks="6.5")}}, 6),
        ({"sites": {"oslo": site(liquid_mw=0)}}, 10),
        # 3 · 16 chips / 8
        ({"supply_per_month": {"chip": 16}}, 6), ({"supply_per_month": {"chip": 17}}, 6),
    ],
)  # fmt: skip
def test_most_systems_of_an_order(tmp_path: Path, parts: Tree, most: float) -> None:
    demand = {"train": {"workload": "training", "per_second": 32000}}
    assert {cohort.systems for cohort in tables(tmp_path, scenario(**{"demand": demand, **parts})).cohorts} == {most}


def test_room_must_last_as_long_as_the_order(tmp_path: Path) -> None:
    """The site shrinks to 2 systems in the third quarter: what enters before and stays must fit then."""
    known = one_offer(term_months=6)
    demand = {"train": {"workload": "training", "per_second": 32000}}
    asked = scenario(**FOUR, demand=demand, sites={"oslo": site({"2025q1": 1, "2025q3": "0.024"})})
    assert [cohort.systems for cohort in tables(tmp_path, asked, known).cohorts] == [10, 2, 2, 2]


def test_divisible_orders_keep_fractions(tmp_path: Path) -> None:
    demand = {"train": {"workload": "training", "per_second": 4000}}
    (cohort, _) = tables(tmp_path, scenario(demand=demand), one_offer(divisible="true")).cohorts
    assert cohort.systems == 1.25


# where work may run


def groups(folder: Path, **sites_of: list[str]) -> dict[str, tuple[str, ...]]:
    """Groups of the places oslo, paris and cloud for demands that may run at some of them."""
    known = one_offer()
    known["chip.yaml"]["offers"]["box.rent"] = RENT
    demand = {
        name: {"workload": "training", "per_second": 10, **({"sites": allowed} if allowed else {})}
        for name, allowed in sites_of.items()
    }
    return dict(tables(folder, scenario(sites={"oslo": site(), "paris": site()}, demand=demand), known).groups)


def test_places_alike_are_one_group(tmp_path: Path) -> None:
    assert groups(tmp_path, one=[], two=[]) == {"ANYWHERE": ("cloud", "oslo", "paris")}


def test_places_that_may_do_other_work_are_apart(tmp_path: Path) -> None:
    assert groups(tmp_path, one=[], two=["oslo", "cloud"]) == {"PLACES_1": ("cloud", "oslo"), "paris": ("paris",)}
    assert groups(tmp_path, one=["oslo"], two=["paris", "cloud"]) == {"oslo": ("oslo",), "PLACES_1": ("cloud", "paris")}


def test_groups_do_not_depend_on_the_order_of_a_list(tmp_path: Path) -> None:
    assert groups(tmp_path, one=[], two=["oslo", "cloud"]) == groups(tmp_path, one=[], two=["cloud", "oslo"])


# supply


def test_supply_is_per_month_of_the_period(tmp_path: Path) -> None:
    """Quarters have three months; a schedule's value is that of the first month; before its first key it is 0."""
    chip = accelerator(
        "chip", {"box": system()},
        {"box.purchase": {"system": "box", "route": "purchase", "price_usd": 1, "supply_systems_per_month": 2}},
        rates(training=1), draws={"wafers": 1},
    )  # fmt: skip
    pools = {"wafers": {"unit": "wafer", "describes": "packaging", "forecasts": {"survey": {"2025": 1000}}}}
    asked = scenario(
        supply_per_month={"chip": {"2025q2": 5}}, pools_per_month={"wafers": {"forecast": "survey", "share": "0.12"}}
    )
    found = tables(tmp_path, asked, catalog(chip, pools=pools))
    assert [(limit.t, limit.most) for limit in found.accelerator_supply] == [(1, 0), (2, 15)]
    assert [limit.most for limit in found.offer_supply] == [6, 6]
    assert [limit.most for limit in found.pool_supply] == [360, 360]


def test_forecast_is_written_without_a_warning(tmp_path: Path) -> None:
    pools = {"wafers": {"unit": "wafer", "describes": "packaging", "forecasts": {"survey": {"2025": 1000}}}}
    known = {**one_offer(), "pools.yaml": {"pools": pools}}
    request = load(tmp_path, scenario(pools_per_month={"wafers": {"forecast": "survey", "share": "0.12"}}), known)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert as_text(request.scenario)["pools_per_month"] == {"wafers": {"forecast": "survey", "share": "0.12"}}
