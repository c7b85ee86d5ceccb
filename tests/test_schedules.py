"""What a schedule says in a period: every month of it, by what the number means; and what is said of it."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from builders import (
    Tree,
    accelerator,
    catalog,
    load,
    model,
    one_offer,
    plan,
    rates,
    scenario,
    site,
    system,
    tables,
    write,
)
from pydantic import TypeAdapter, ValidationError

from catalogs.periods import first_month
from catalogs.problems import InputError
from catalogs.schema import Offer, Throughput
from cli.main import run
from optimizer.audit.periods import schedule as audited
from optimizer.explain.inquiry import Inquiry
from optimizer.explain.worth import worth
from optimizer.infeasible.repair import repair
from optimizer.infeasible.shortage import Infeasible
from optimizer.planning import make_plan
from optimizer.request.currency import Currency
from optimizer.request.load import load_request
from optimizer.request.scenario import Demand, Finance, Scenario
from optimizer.request.schedule_notes import readings
from optimizer.request.schedules import READINGS, highest, lowest, mean, reading_of, supplied
from optimizer.request.site import Site
from optimizer.solving.solution import Options
from optimizer.what_if import WhatIf

pytestmark = pytest.mark.usefixtures("in_process")

Q2 = range(first_month("2025q2"), first_month("2025q3"))
YEAR = range(first_month("2025"), first_month("2026"))

PEAK = {"2025q1": 10, "2025-05": 500, "2025-06": 20}
BEGINS = {"2025-05": 7}
LATER = {"2025q3": 4}
OLD = {"2024": 3, "2024q4": 5}
FINE = {"2025-04": 1, "2025-05": 2, "2025-06": 2}


def steps(values: Tree) -> dict[str, Decimal]:
    return {key: Decimal(str(value)) for key, value in values.items()}


@pytest.mark.parametrize(
    ("values", "months", "most", "least", "average", "supply"),
    [
        (PEAK, Q2, 500, 10, Fraction(530, 3), Fraction(530, 3)),
        (PEAK, YEAR, 500, 10, Fraction(4 * 10 + 500 + 7 * 20, 12), Fraction(680, 12)),
        (BEGINS, Q2, 7, 0, None, Fraction(14, 3)),
        (BEGINS, YEAR, 7, 0, None, Fraction(8 * 7, 12)),
        (LATER, Q2, None, 0, None, 0),
        (OLD, Q2, 5, 5, 5, 5),
        (FINE, Q2, 2, 1, Fraction(5, 3), Fraction(5, 3)),
        ({"2025-04": 8, "2025-06": 0}, Q2, 8, 0, Fraction(16, 3), Fraction(16, 3)),
        ({"2025-04": "0.1", "2025-05": "0.2", "2025-06": "0.3"}, Q2, "0.3", "0.1", "0.2", "0.2"),
    ],
)
def test_every_month_counts_by_what_the_number_means(
    values: Tree, months: range, most: Any, least: Any, average: Any, supply: Any
) -> None:
    """The model's reading to 30 digits, the audit's exactly."""
    read, exact = steps(values), audited({key: str(value) for key, value in values.items()})
    assert highest(read, months) == (None if most is None else Decimal(str(most)))
    assert lowest(read, months) == Decimal(str(least))
    assert exact.asked(months) == (None if most is None else Fraction(str(most)))
    assert exact.standing(months) == Fraction(str(least))
    for found, audit, expected in (
        (mean(read, months), exact.mean(months), average), (supplied(read, months), exact.supplied(months), supply),
    ):  # fmt: skip
        if expected is None:
            assert found is None is audit
        else:
            assert found is not None
            assert audit == Fraction(expected)
            assert abs(Fraction(found) - Fraction(expected)) <= Fraction(expected) / 10**29


@pytest.mark.parametrize("read", [highest, lowest, mean, supplied])
@pytest.mark.parametrize("number", ["0", "1", "0.1", "12345678901234567890.12345678901234567890", "1e15", "3e-12"])
def test_a_number_is_itself_in_every_month(read: Any, number: str) -> None:
    """However many digits it has, and however it is spelled over the months."""
    each = dict.fromkeys(["2025-04", "2025-05", "2025-06"], Decimal(number))
    assert read(Decimal(number), Q2) == read(each, Q2) == Decimal(number)


def test_where_there_is_no_schedule_there_is_nothing() -> None:
    assert [read(None, Q2) for read in (highest, lowest, mean, supplied)] == [None] * 4


def test_every_schedule_of_the_format_has_a_reading() -> None:
    """Whoever adds a schedule says what its number means."""
    by_period, plain = {"2025": "2"}, "2"
    scheduled = set()
    for part in (Site, Demand, Finance, Currency, Offer, Throughput, Scenario):
        for name, kind in get_type_hints(part, include_extras=True).items():
            if name in part.model_fields:
                alone = takes(kind, by_period) and takes(kind, plain)
                by_id = takes(kind, {"chip": by_period}) and takes(kind, {"chip": plain})
                scheduled |= {name} if alone or by_id else set()
    assert scheduled == set(READINGS)


def takes(kind: Any, value: Any) -> bool:
    try:
        TypeAdapter(kind).validate_python(value)
    except ValidationError:
        return False
    return True


def test_a_reading_is_found_by_field_or_section() -> None:
    assert reading_of(("sites", "oslo", "power_mw")) is lowest
    assert reading_of(("supply_per_month", "racks")) is supplied
    assert reading_of(("pools_per_month", "per_second")) is supplied
    assert reading_of(("demand", "racks", "per_second")) is highest
    assert reading_of(("catalog", "offers", "pue", "price_usd")) is mean


# in the tables


def test_a_site_is_what_its_tightest_months_allow(tmp_path: Path) -> None:
    """Power 5, 3, 4 MW; racks begin in February; liquid only in the second quarter: by hand."""
    hall = site({"2025-01": 5, "2025-02": 3, "2025-03": 4}, racks={"2025-02": 9}, liquid_mw={"2025q2": 2}, air_mw=1)
    first, second = tables(tmp_path, scenario(sites={"oslo": hall})).site_periods
    assert first.limits == {"power_mw": 3, "liquid_mw": 0, "air_mw": 1, "racks": 0}
    assert second.limits == {"power_mw": 4, "liquid_mw": 2, "air_mw": 1, "racks": 9}


def test_tariffs_are_means_and_begin_in_a_first_month(tmp_path: Path) -> None:
    hall = site(
        electricity_usd_per_mwh={"2025-01": 30, "2025-03": 90}, hosting_usd_per_kw_month={"2025-02": 6},
        carbon_kg_per_mwh={"2024": 100, "2025-03": 400}, pue={"2025-01": "1.1", "2025-02": "1.4", "2025q2": "1.2"},
    )  # fmt: skip
    first, second = tables(tmp_path, scenario(sites={"oslo": hall})).site_periods
    fields = ("electricity_usd_per_mwh", "hosting_usd_per_kw_month", "carbon_kg_per_mwh")
    assert first.tariffs == dict(zip(fields, (50, 0, 200), strict=True))
    assert second.tariffs == dict(zip(fields, (90, 6, 400), strict=True))
    assert (first.pue, first.peak_pue) == (1.3, 1.4)
    assert (second.pue, second.peak_pue) == (1.2, 1.2)


def test_supply_is_a_mean_and_pools_too(tmp_path: Path) -> None:
    """0, 10 and 20 in the months of the first quarter are 30; a fifth of 0, 0 and 100 is 20."""
    known = one_offer(supply_systems_per_month={"2025-02": 10, "2025-03": 20})
    known["chip.yaml"]["accelerator"]["draws"] = {"wafers": 1}
    forecast = {"unit": "wafer", "describes": "packaging", "forecasts": {"survey": {"2025-03": 100}}}
    known["shared.yaml"]["pools"] = {"wafers": forecast, "stacks": {"unit": "stack", "describes": "memory"}}
    asked = scenario(
        supply_per_month={"chip": {"2025-01": 5, "2025-02": 5, "2025-03": 6}},
        pools_per_month={"wafers": {"forecast": "survey", "share": "0.2"}, "stacks": {"2025-03": 1}},
    )
    found = tables(tmp_path, asked, known)
    assert [row.most for row in found.offer_supply] == [30, 60]
    assert [row.most for row in found.accelerator_supply] == [16, 18]
    assert {(row.id, row.t): row.most for row in found.pool_supply} == {
        ("wafers", 1): 20, ("wafers", 2): 60, ("stacks", 1): 1, ("stacks", 2): 3,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("price", "paid"),
    [
        ({"2025-01": 300, "2025-02": 360}, [340, 360]),
        ({"2025-01": 300, "2025-03": 330}, [310, 330]),
        ({"2025-02": 300}, [None, 300]),
        ({"2025-03": 300, "2025q2": 200}, [None, 200]),
        ({"2024-12": 300, "2025-04": 200, "2025-05": 500}, [300, 400]),
        ({"2025-04": 300, "2025-06": 0.3}, [None, 200.1]),
    ],
)
def test_an_order_is_paid_at_the_mean_of_its_period(tmp_path: Path, price: Tree, paid: list[float | None]) -> None:
    """A price that begins after a period's first month is none in that period."""
    found = tables(tmp_path, scenario(), one_offer(price_usd=price))
    orders = {cohort.t: cohort.price_usd for cohort in found.cohorts}
    assert [orders.get(t) for t in (1, 2)] == paid


def test_rent_and_rate_are_means(tmp_path: Path) -> None:
    """1, 1 and 4 USD are 2 an hour for each of 8; 100, 400 and 400 are a rate of 300."""
    rent: Tree = {"system": "box", "route": "on_demand", "host": "cloud", "usd_per_accelerator_hour":
                  {"2025-01": 1, "2025-03": 4}}  # fmt: skip
    work = rates(training={"2025-01": 100, "2025-02": 400})
    known = catalog(accelerator("chip", {"box": system()}, {"box.rent": rent}, work))
    found = tables(tmp_path, scenario(), known)
    assert [cohort.rent_usd for cohort in found.cohorts] == [16, 32]
    assert [row.per_system for row in found.work] == [8 * 300, 8 * 400]


def test_unmet_value_and_carbon_count_from_a_first_month_on(tmp_path: Path) -> None:
    demand: Tree = {
        "workload": "training", "per_second": 10, "unmet_usd_per_unit_hour": {"2025-02": 5},
        "value_usd_per_unit_hour": {"2025-01": 3, "2025-03": 6},
    }  # fmt: skip
    asked = scenario(demand={"train": demand}, objective="maximize_value")
    first, second = tables(tmp_path, asked).needs
    assert (first.unmet_usd, first.value_usd, second.unmet_usd, second.value_usd) == (None, 4, 5, 6)
    asked = scenario(sites={"oslo": site(carbon_kg_per_mwh=1000)})
    asked["finance"]["carbon_usd_per_t"] = {"2025-02": 30}
    costs = model(tmp_path, asked).costs["carbon_usd"]
    assert {t for _, t, _ in costs} == {2}


def test_power_is_reserved_at_the_highest_pue_of_the_months(tmp_path: Path) -> None:
    """10 kW at 1.6, 1.2 and 1.2 take 16 kW of a site in the first quarter: 0.4 MW hold 25, and 33 later."""
    hall = site("0.4", pue={"2025-01": "1.6", "2025-02": "1.2"})
    demand = {"train": {"workload": "training", "per_second": {"2025q1": 25 * 3200, "2025q2": 33 * 3200}}}
    made = plan(tmp_path, scenario(sites={"oslo": hall}, demand=demand))
    assert [(row.power_used_mw, row.energy_mwh) for row in made.sites] == [
        (pytest.approx(0.4), pytest.approx(25 * 7 * 2190 / 1000 * 4 / 3)),
        (pytest.approx(0.396), pytest.approx(33 * 7 * 2190 / 1000 * 1.2)),
    ]
    demand["train"]["per_second"]["2025q1"] = 26 * 3200
    with pytest.raises(Infeasible):
        plan(tmp_path, scenario(sites={"oslo": hall}, demand=demand))


@pytest.mark.parametrize(
    ("hall", "message"),
    [
        (site({"2025q2": 1}, pue={"2025-05": "1.2"}), "sites.oslo.pue begins after the site has power"),
        (site(1, pue={"2025-02": "1.2"}), "sites.oslo.pue begins after the site has power"),
        (site(1, pue={"2025q1": "0.9"}), "sites.oslo.pue.2025q1 must be at least 1"),
        (site(1, pue={"2025q1": "1.2", "2025-06": "1.5"}, peak_pue="1.4"), "(1.4 < 1.5 from 2025-06)"),
        (site(1, pue={"2024q1": "1.6", "2024q3": "1.5", "2025q2": 1}, peak_pue="1.4"), "(1.4 < 1.5 from 2024q3)"),
        (site(1, pue={}), "an empty schedule has no value"),
        (site(1, pue={"2025q1": 1, "2025-01": 2}), "start in the same month"),
    ],
)
def test_a_pue_that_cannot_be_is_refused(tmp_path: Path, hall: Tree, message: str) -> None:
    with pytest.raises(InputError) as caught:
        load(tmp_path, scenario(sites={"oslo": hall}))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "hall",
    [
        site({"2025q2": 1}, pue={"2025q2": "1.2"}),
        site({"2025-05": 1}, pue={"2025-05": "1.2"}),
        site(1, pue={"2023": "1.6", "2025q1": "1.2", "2026q1": "1.6"}, peak_pue="1.4"),
    ],
)
def test_a_pue_that_begins_with_the_power_is_in_order(tmp_path: Path, hall: Tree) -> None:
    assert load(tmp_path, scenario(sites={"oslo": hall})).scenario.sites["oslo"].pue


# what is said


def said(tmp_path: Path, **parts: Any) -> list[str]:
    return [str(read) for read in readings(load(tmp_path, scenario(**parts), one_offer()).scenario)]


@pytest.mark.parametrize(
    ("parts", "notes"),
    [
        ({"demand": {"run": {"workload": "training", "per_second": {"2025q1": 1, "2025-05": 5e5, "2025-06": 2}}}},
         ["demand.run.per_second: 2025-05 and 2025-06 lie inside 2025q2, read as the highest of its months, 500,000"]),
        ({"sites": {"oslo": site({"2025q1": 5, "2025-06": 0})}},
         ["sites.oslo.power_mw: 2025-06 lies inside 2025q2, read as the lowest of its months, 0"]),
        ({"sites": {"oslo": site(pue={"2025-01": "1.1", "2025-02": "1.2"})}},
         ["sites.oslo.pue: 2025-02 lies inside 2025q1, read as the mean of its months, 1.166666667"]),
        ({"sites": {"oslo": site(hosting_usd_per_kw_month={"2025-02": 5})}},
         ["sites.oslo.hosting_usd_per_kw_month: 2025-02 lies inside 2025q1, in whose first month it has not begun: "
          "there is none in 2025q1"]),
        ({"supply_per_month": {"chip": {"2025-02": 3}}},
         ["supply_per_month.chip: 2025-02 lies inside 2025q1, read as the mean of its months, 2"]),
        ({"supply_per_month": {"chip": {"2025q1": 3, "2025q3": 4, "2026": 9}}},
         ["supply_per_month.chip: 2025q3 and 2026 lie after the horizon, which ends with 2025q2: not read"]),
        ({"supply_per_month": {"chip": {"2023": 3, "2024": 4}}},
         ["supply_per_month.chip: 2023 lies before the horizon and a later key holds when it begins: not read"]),
        ({"supply_per_month": {"chip": {"2024-12": 3, "2025": 3, "2025-02": 3}}},
         ["supply_per_month.chip: 2024-12 lies before the horizon and a later key holds when it begins: not read"]),
        ({"fleet": [{"system": "box", "site": "oslo", "count": 1, "until": "2025-02"}]},
         ["fleet: box at oslo until 2025-02 is in service to the end of 2025q1"]),
        ({"fleet": [{"system": "box", "site": "oslo", "count": 1, "until": "2024q4"}]},
         ["fleet: box at oslo until 2024q4 is gone before the horizon: not counted"]),
        ({"budget": {"capex_usd": {"2025-01": 1}}},
         ["budget.capex_usd.2025-01: it holds 2025q1: the periods of the horizon that start in it"]),
        ({"budget": {"opex_usd": {"2025": 1}}},
         ["budget.opex_usd.2025: it holds 2025q1 to 2025q2: the periods of the horizon that start in it"]),
        ({"limits": [{"name": "few", "measure": "systems", "at_most": 9, "within": "2025-02..2025-05"}]},
         ["limits: few within 2025-02..2025-05 holds 2025q2: the periods of the horizon that start in it"]),
    ],
)  # fmt: skip
def test_what_was_read_is_said(tmp_path: Path, parts: Tree, notes: list[str]) -> None:
    assert said(tmp_path, **parts) == notes


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"sites": {"oslo": site({"2024": 5, "2025q2": 6}, pue={"2025-01": "1.1", "2025-04": "1.2"})}},
        {"supply_per_month": {"chip": {"2025-01": 4, "2025-02": 4, "2025-03": 4, "2025-04": 5}}},
        {"fleet": [{"system": "box", "site": "oslo", "count": 1, "until": "2025-03"}]},
        {"fleet": [{"system": "box", "site": "oslo", "count": 1, "until": "2031-02"}]},
        {"budget": {"capex_usd": {"2025q1": 1, "total": 5, "2025-01..2025-06": 3}}},
        {"limits": [{"name": "few", "measure": "systems", "at_most": 9, "within": "each_year"}]},
    ],
)
def test_what_is_read_as_it_stands_is_not(tmp_path: Path, parts: Tree) -> None:
    assert said(tmp_path, **parts) == []


def test_many_periods_are_counted(tmp_path: Path) -> None:
    power = {f"{year}-{month:02d}": month for year in (2025, 2026) for month in range(1, 13)}
    (note,) = said(tmp_path, horizon={"start": "2025q1", "periods": 8}, sites={"oslo": site(power)})
    assert note.startswith("sites.oslo.power_mw: 2025-02 and 2025-03 lie inside 2025q1, read as the lowest of its ")
    assert note.endswith("2026q2, read as the lowest of its months, 4; and 2 more periods alike")


def test_the_plan_and_check_say_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = scenario(sites={"oslo": site({"2025q1": 5, "2025-06": 1})})
    words = "sites.oslo.power_mw: 2025-06 lies inside 2025q2, read as the lowest of its months, 1"
    assert words in plan(tmp_path, asked).notes
    path = write(tmp_path, asked)
    capsys.readouterr()
    assert run(["check", str(path)]) == 0
    shown = capsys.readouterr()
    assert shown.out.endswith("a scenario in order; 1 of 1 offers can be ordered\n")
    assert [line.partition(": ")[2] for line in shown.err.splitlines()] == [f"note: {words}"]
    assert shown.err.startswith(f"{path}:")


# what others make of it


def test_a_limit_s_amount_is_what_was_read(tmp_path: Path) -> None:
    """Demand 10 and 500, power 4 and 2, supply 20 and 30 a month: their means over the horizon."""
    asked = scenario(
        sites={"oslo": site({"2025q1": 4, "2025-06": 2})},
        demand={"train": {"workload": "training", "per_second": {"2025q1": 10, "2025-05": 500, "2025-06": 5}}},
        supply_per_month={"chip": {"2025-02": 30}},
    )
    with WhatIf(plan(tmp_path, asked)) as what_if:
        amounts = {one.limit: one.amount for one in worth(Inquiry(what_if))}
    assert (amounts["demand train"], amounts["power at oslo"], amounts["allocation of chip"]) == (255, 3, 25)


@pytest.mark.parametrize(
    "parts",
    [
        {"sites": {"oslo": site({"2025q1": 1, "2025-05": "0.02", "2025-06": 1})}},
        {"sites": {"oslo": site(1, racks={"2025q1": 9, "2025-02": 1, "2025-03": 9})}},
        {"supply_per_month": {"chip": {"2025-01": 8, "2025-02": 0}}},
        {"sites": {"oslo": site("0.036", pue={"2025q1": "1.2", "2025-06": 2})}},
    ],
)
def test_a_repair_of_months_is_a_plan(tmp_path: Path, parts: Tree) -> None:
    """Three boxes are asked for in the highest month, and there is room or supply for two."""
    demand = {"train": {"workload": "training", "per_second": {"2025q1": 9000, "2025-05": 9600, "2025-06": 4000}}}
    path = write(tmp_path, scenario(demand=demand, **parts))
    report = repair(load_request(path), Options())
    assert report.status == "infeasible"
    assert report.repairs
    for option in report.repairs:
        assert make_plan(load_request(path, option.settings), Options()).plan.audit.ok
