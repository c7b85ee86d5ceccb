"""Schedules that grow: what they say in a month, how they are refused, and plans with them."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import formualizer
import openpyxl
import pytest
from builders import Tree, catalog, load, one_offer, plan, scenario, site, write
from procurement_requests import asked, bought, boxes, buy, chip, flows, rent
from test_brute_force_whole import check_against_plain_model, check_batch
from test_months import DrawMonths, decided, is_schedule, key_of, month_of, with_schedules
from test_properties import few_and_many, planned
from test_workbook_back import Edit, edited
from whole_requests import drawn
from workbook_cells import find

from catalogs.periods import first_month, value_at
from catalogs.problems import InputError
from cli.main import run
from optimizer.audit.periods import schedule as audited
from optimizer.infeasible.repair import repair
from optimizer.infeasible.shortage import Infeasible
from optimizer.planning import make_plan
from optimizer.request.calendar import Calendar
from optimizer.request.load import load_request
from optimizer.request.schedules import highest, lowest, mean, spelled_out, supplied
from optimizer.solving.solution import Options
from optimizer.workbook import write_workbook
from optimizer.workbook.back import reopened
from optimizer.workbook.check import check_workbook

pytestmark = pytest.mark.usefixtures("in_process")
Q1, Q2 = (range(first_month(key), first_month(key) + 3) for key in ("2025q1", "2025q2"))
SMALL_BATCHES, SMALL_PER_BATCH, PLAIN_INSTANCES = 2, 10, 6


def by_period(values: Tree) -> dict[str, Decimal]:
    return {key: Decimal(str(value)) for key, value in values.items()}


# what it says


TENTH = by_period({"2025q1": 100, "growth_per_month": "0.1"})


def test_the_last_value_grows_from_the_month_after_its_key() -> None:
    """100, 110, 121 in the first quarter: the highest 121, the lowest 100, the mean 331/3.

    133.1, 146.41, 161.051 in the second, of which the mean is 440.561/3 = 146.853666….
    """
    assert [value_at(TENTH, month) for month in Q1] == [100, 110, 121]
    assert (highest(TENTH, Q1), lowest(TENTH, Q1)) == (121, 100)
    assert mean(TENTH, Q1) == supplied(TENTH, Q1) == Decimal("110.333333333333333333333333333")
    assert mean(TENTH, Q2) == Decimal("146.853666666666666666666666667")


def test_only_the_last_value_grows() -> None:
    schedule = by_period({"2025-01": 10, "2025-03": 20, "growth_per_year": "1"})
    assert [value_at(schedule, month) for month in Q1] == [10, 10, 20]
    assert value_at(schedule, first_month("2026-03")) == 40
    assert value_at(schedule, first_month("2024-12")) is None


def test_growth_of_a_year_is_compounded_by_month() -> None:
    """After a year exactly 8 %, after two 16.64 %, after half of one the root of 1.08; to 30 digits, on any Python."""
    schedule = by_period({"2025q1": "9e6", "growth_per_year": "0.08"})
    assert value_at(schedule, first_month("2026q1")) == 9_720_000
    assert value_at(schedule, first_month("2027q1")) == 10_497_600
    assert str(value_at(schedule, first_month("2025-07"))) == "9353074.36087193738504821024413"
    assert str(value_at(schedule, first_month("2025-02"))) == "9057906.27099003109350525461359"


@pytest.mark.parametrize("key", ["growth_per_month", "growth_per_year"])
@pytest.mark.parametrize("growth", ["-0.9", "-0.2", "-0.013", "0", "0.007", "0.08", "0.6", "3"])
def test_the_audit_grows_it_alike_by_roots_of_its_own(key: str, growth: str) -> None:
    """It takes whole roots of whole numbers, the model powers of decimals: alike to 28 digits."""
    values = {"2025-03": "12.5", "2025-11": "1234567.89", key: growth}
    for month in range(first_month("2025-02"), first_month("2028")):
        said, exact = value_at(by_period(values), month), audited(values).at(month)
        assert (said is None) == (exact is None)
        if said is not None and exact is not None and exact > Fraction(1, 10**12):
            assert abs(Fraction(said) / exact - 1) < Fraction(1, 10**28)


def test_what_is_spelled_out_is_read_alike() -> None:
    """From the period of the last key on, whatever the number means, each period is listed as it is read."""
    calendar = Calendar(first_month("2025q1"), 3, 4, 1)
    schedule = by_period({"2024q2": 3, "2025-05": 8, "growth_per_month": "0.5"})
    for read in (highest, lowest, mean, supplied):
        listed = spelled_out(schedule, read, calendar)
        assert not any(key.startswith("growth") for key in listed)
        assert [read(listed, calendar.span(t)) for t in range(-3, 5)] == [
            read(schedule, calendar.span(t)) for t in range(-3, 5)
        ]


# how it is refused


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{2025q1: 5, growth_per_year: -1}", "growth_per_year must be more than -1 (got -1)"),
        ("{2025q1: 5, growth_per_month: fast}", "growth_per_month must be a number (got fast)"),
        ("{2025q1: 5, growth_per_month: 0.1, growth_per_year: 2}", "growth_per_month and growth_per_year; keep one"),
        ("{growth_per_year: 0.1}", "an empty schedule has no value; remove it or give a period"),
        ("{2025q1: 5, growth_per_yaer: 0.1}", "'growth_per_yaer' is not a period"),
        ("{2025q1: 5, growth_per_month: 1e9}", "growth_per_month: by 2025-06 it has grown to 5e+45"),
        ("{2025q1: 5, growth_per_month: -0.999}", "by 2025-06 it has grown to 5e-15"),
    ],
)  # fmt: skip
def test_what_is_no_growth_is_refused_where_it_stands(tmp_path: Path, text: str, message: str) -> None:
    path = write(tmp_path, scenario())
    path.write_text(path.read_text().replace('"power_mw": 100', f'"power_mw": {text}'))
    with pytest.raises(InputError) as refused:
        load_request(path)
    (problem,) = refused.value.problems
    assert message in problem.message
    assert problem.message.startswith("sites.oslo.power_mw")
    line = path.read_text().splitlines()[problem.at.line - 1]
    if "power_mw.growth" in problem.message and "yaer" not in text:
        assert line[problem.at.column - 1 :].startswith(text.rpartition(" ")[2])


@pytest.mark.parametrize(
    ("hall", "message"),
    [
        ({"pue": {"2025q1": "1.2", "growth_per_month": "-0.1"}}, "a PUE must lie between 1 and 10"),
        ({"pue": {"2025q1": "1.2", "growth_per_month": "0.1"}, "peak_pue": "1.5"}, "between 1 and 1.5"),
    ],
)
def test_a_pue_stays_one(tmp_path: Path, hall: Tree, message: str) -> None:
    """1.2 · 0.9^5 = 0.709; 1.2 · 1.1^5 = 1.933, which is above a peak of 1.5."""
    with pytest.raises(InputError, match=message):
        load(tmp_path, scenario(sites={"oslo": site(**hall)}))


def test_a_rate_stays_within_the_peak(tmp_path: Path) -> None:
    """100 TFLOP/s that grow by a half a month are 100 · 1.5^5 = 759 in June, above a peak of 500."""
    known = one_offer()
    known["chip.yaml"]["accelerator"]["peak_tflops"] = {"bf16": 500}
    known["chip.yaml"]["throughput"]["training"] |= {
        "rate": {"2025q1": 100, "growth_per_month": "0.5"}, "precision": "bf16",
    }  # fmt: skip
    known["shared.yaml"]["workloads"]["training"] = {"unit": "TFLOP/s", "phase": "training", "describes": "work"}
    with pytest.raises(InputError, match=r"grown to 759\.4, which exceeds the bf16 peak of chip \(500 TFLOP/s\)"):
        load(tmp_path, scenario(), known)


def test_a_price_may_stand_still(tmp_path: Path) -> None:
    """Growth of 0 is no price of 0."""
    load(tmp_path, scenario(), one_offer(price_usd={"2024": 5, "growth_per_year": 0}))


def test_growth_alone_changes_how_a_schedule_grows(tmp_path: Path) -> None:
    """It is a field of the schedule, which `--set` may change; periods replace the schedule, growth and all."""
    path = write(tmp_path, scenario(sites={"oslo": site({"2024": 40, "growth_per_year": "0.1"})}))

    def power(*settings: str) -> Any:
        return load_request(path, settings).scenario.sites["oslo"].power_mw

    assert power("sites/oslo/power_mw/growth_per_year=0.3") == by_period({"2024": 40, "growth_per_year": "0.3"})
    assert power("sites/oslo/power_mw={2025: 7}") == by_period({"2025": 7})
    with pytest.raises(InputError, match="keep one"):
        power("sites/oslo/power_mw/growth_per_month=0.3")


# plans


def test_a_demand_and_a_rent_that_grow_by_hand(tmp_path: Path) -> None:
    """2 boxes of work in January, a tenth more each month: 2 · 1.1² = 2.42 in March, 2 · 1.1⁵ = 3.22 in June.

    So 3 boxes and 4 boxes, each 17,520 hours of a chip a quarter. The rent of 1 USD grows alike, on average to
    (1 + 1.1 + 1.21)/3 = 1.10333 in the first quarter and to 4.40561/3 = 1.468537 in the second:
    3 · 17,520 · 1.10333 = 57,991.20 and 4 · 17,520 · 1.468537 = 102,915.05.
    """
    known = catalog(chip("chip", {"rent": rent({"2025q1": 1, "growth_per_month": "0.1"})}))
    demand = boxes(2)
    demand["per_second"] = {"2025q1": demand["per_second"], "growth_per_month": "0.1"}
    made = plan(tmp_path, asked(2, assumptions={"availability": 1}, demand={"train": demand}), known)
    assert bought(made) == {("chip.rent", "2025q1"): 3, ("chip.rent", "2025q2"): 4}
    assert flows(made, "rent_usd") == pytest.approx([57_991.20, 102_915.05], abs=0.005)


class DrawGrowing(DrawMonths):
    """A random request of which many schedules grow or shrink."""

    def growing(self, field: str, schedule: Any) -> Any:
        if not is_schedule(schedule) or self.maybe(0.3):
            return schedule
        if field == "pue":
            return {**schedule, "growth_per_month": "0.004"}
        return {**schedule, **self.random.choice([
            {"growth_per_month": "0.03"}, {"growth_per_month": "-0.04"}, {"growth_per_year": "0.5"},
            {"growth_per_year": "-0.3"}, {"growth_per_year": 0},
        ])}  # fmt: skip

    def scenario(self, known: Tree) -> Tree:
        found, grown = with_schedules({"finance": {}, **super().scenario(known)}, known, self.growing)
        known.update(grown)
        return found


@pytest.mark.parametrize("seed", range(SMALL_BATCHES))
def test_plan_is_the_cheapest_of_all_decisions(tmp_path: Path, seed: int) -> None:
    check_batch(tmp_path, seed, SMALL_PER_BATCH, DrawGrowing)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1000, 1040))
def test_plan_is_the_cheapest_of_all_decisions_many_times(tmp_path: Path, seed: int) -> None:
    check_batch(tmp_path, seed, 50, DrawGrowing)


@pytest.mark.parametrize("number", range(PLAIN_INSTANCES))
def test_plain_model_agrees(tmp_path: Path, number: int) -> None:
    check_against_plain_model(tmp_path, f"plain growth {number}", DrawGrowing)


@few_and_many
def test_growth_is_what_its_months_say(seed: int) -> None:
    """Each month on its own, as it has grown, makes the same plan."""
    for i in range(100):
        found = drawn(f"growth law {seed} {i}", large=False, kind=DrawGrowing)
        if found is not None:
            break
    assert found is not None
    scenario_tree, known, _ = found
    start, end = month_of("2019"), month_of("2030")

    def listed(_: str, schedule: Any) -> Any:
        if not isinstance(schedule, dict) or not any(str(key).startswith("growth") for key in schedule):
            return schedule
        values = {key_of(m): value_at(by_period(schedule), m) for m in range(start, end)}
        return {key: str(value) for key, value in values.items() if value is not None}

    assert decided(planned(*with_schedules(scenario_tree, known, listed))) == decided(planned(scenario_tree, known))


def test_a_repair_of_what_grows_is_a_plan(tmp_path: Path) -> None:
    """3 boxes of 10 kW at a peak PUE of 1.2 need 0.036 MW; 0.02 MW grow to 0.02 · 1.1³ = 0.0266 by the second quarter.

    The repair lists what the power has grown to, and more of it; with it there is a plan.
    """
    hall = site({"2025q1": "0.02", "growth_per_month": "0.1"})
    request = load(tmp_path, scenario(sites={"oslo": hall}, demand={"train": boxes(3)}))
    with pytest.raises(Infeasible):
        make_plan(request, Options())
    power = [found for found in repair(request, Options()).repairs if found.kind == "power"]
    assert power
    settings = power[0].settings
    assert all("growth" not in line for line in settings)
    assert make_plan(load_request(tmp_path / "scenario.yaml", settings), Options()).plan.audit.ok


def test_check_takes_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, scenario(sites={"oslo": site({"2025q1": 40, "growth_per_year": "0.3"})}))
    assert run(["check", str(path)]) == 0
    assert "growth" not in capsys.readouterr().out


# the workbook


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory, in_process: None) -> Path:  # noqa: ARG001
    """A plan with a demand, a tariff, a limit and a price that grow, from a key before the horizon or inside it."""
    folder = tmp_path_factory.mktemp("grown")
    hall = site(
        {"2024": 5, "growth_per_year": "0.2"},
        electricity_usd_per_mwh={"2025q1": 40, "2025q3": 50, "growth_per_month": "0.03"},
        pue={"2025q1": "1.2", "growth_per_year": "0.01"},
        peak_pue="1.5",
    )
    demand = boxes(2)
    demand["per_second"] = {"2025q1": 6400, "2025q2": 9600, "growth_per_year": "0.5"}
    known = catalog(chip("chip", {"buy": buy({"2025q1": 300_000, "growth_per_year": "-0.2"}), "rent": rent(20)}))
    made = plan(folder, asked(4, sites={"oslo": hall}, demand={"train": demand}), known)
    write_workbook(made, folder / "plan.xlsx")
    write_workbook(made, folder / "ja.xlsx", language="ja")
    return folder / "plan.xlsx"


def test_the_workbook_is_sound_in_both_languages(grown: Path) -> None:
    assert not check_workbook(grown)
    assert not check_workbook(grown.with_name("ja.xlsx"))
    words = [cell.value for cell in openpyxl.load_workbook(grown.with_name("ja.xlsx"))["Inputs"]["A"]]
    assert "需要（年間成長率）" in words


def shown(path: Path, label: str, item: str = "", place: str = "") -> list[Any]:
    """The constant of a line of Inputs and its periods."""
    book = openpyxl.load_workbook(path, data_only=True)
    row = find(book["Inputs"], label, item, place)
    return [book["Inputs"].cell(row, column).value for column in (5, *range(9, 13))]


def test_inputs_show_what_grows_and_how(grown: Path) -> None:
    """9,600 from April on: the highest of the second quarter is 9,600 · 1.5^(2/12), of the fourth · 1.5^(8/12)."""
    assert shown(grown, "Demand, listed last", "train") == [9600, 6400, None, None, None]
    assert shown(grown, "Demand, growth a year", "train")[0] == 0.5
    assert shown(grown, "Demand, growing for", "train")[1:] == [None, 0, 3, 6]
    expected = [6400, *(9600 * 1.5 ** (months / 12) for months in (2, 5, 8))]
    assert shown(grown, "Demand", "train")[1:] == pytest.approx(expected)
    assert shown(grown, "Electricity", "", "oslo")[3] == pytest.approx(50 * (1 + 1.03 + 1.0609) / 3)
    assert shown(grown, "Power limit at the meter", "", "oslo")[1] == pytest.approx(6)


@pytest.mark.parametrize(
    ("edit", "path", "schedule"),
    [
        (("Demand, growth a year", "train", "", 0, 0.7), "demand",
         {"2025q1": 6400, "2025q2": 9600, "growth_per_year": "0.7"}),
        (("Demand, listed last", "train", "", 0, 9000), "demand",
         {"2025q1": 6400, "2025q2": 9000, "growth_per_year": "0.5"}),
        (("Demand, listed last", "train", "", 1, 3200), "demand",
         {"2025q1": 3200, "2025q2": 9600, "growth_per_year": "0.5"}),
        (("Power limit at the meter, listed last", "", "oslo", 0, 4), "power", {"2024": 4, "growth_per_year": "0.2"}),
        (("Electricity, growth a month", "", "oslo", 0, -0.01), "electricity",
         {"2025q1": 40, "2025q3": 50, "growth_per_month": "-0.01"}),
    ],
)  # fmt: skip
def test_an_edit_goes_on_growing(grown: Path, tmp_path: Path, edit: Any, path: str, schedule: Tree) -> None:
    scenario = reopened(edited(grown, tmp_path, ("Inputs", *edit))).request.scenario
    hall = scenario.sites["oslo"]
    found = {"demand": scenario.demand["train"].per_second, "power": hall.power_mw,
             "electricity": hall.electricity_usd_per_mwh}[path]  # fmt: skip
    assert found == by_period(schedule)


def test_an_edit_of_one_period_lists_the_others(grown: Path, tmp_path: Path) -> None:
    """A PUE is shown by period: with one edited, each of the others says what it had grown to."""
    edit: Edit = ("Inputs", "PUE, yearly mean, for energy", "", "oslo", 3, 1.25)
    pue = reopened(edited(grown, tmp_path, edit)).request.scenario.sites["oslo"].pue
    before = by_period({"2025q1": "1.2", "growth_per_year": "0.01"})
    for t, months in enumerate((Q1, Q2, range(Q2[0] + 3, Q2[0] + 6), range(Q2[0] + 6, Q2[0] + 9)), start=1):
        assert mean(pue, months) == (Decimal("1.25") if t == 3 else mean(before, months))


def test_a_growth_edited_is_re_costed_as_it_is_planned(grown: Path, tmp_path: Path) -> None:
    """By another calculator: the price of each period is that of the schedule with the new share."""
    path = edited(grown, tmp_path, ("Inputs", "Price, growth a year", "chip.buy", "", 0, 0.3))
    book = openpyxl.load_workbook(path)
    row = find(book["Inputs"], "Price", "chip.buy")
    workbook = formualizer.load_workbook(str(path))
    workbook.evaluate_all()
    prices = [workbook.evaluate_cell("Inputs", row, column) for column in range(9, 13)]
    price = by_period({"2025q1": 300_000, "growth_per_year": "0.3"})
    quarters = [range(Q1[0] + 3 * i, Q1[0] + 3 * i + 3) for i in range(4)]
    assert prices == pytest.approx([float(mean(price, months) or 0) for months in quarters])
