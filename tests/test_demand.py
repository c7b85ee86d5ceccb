"""`chipmix demand`: traces of every kind as schedules, held against sums by hand and a plain second reckoning."""

from __future__ import annotations

import json
import random
import re
import subprocess
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from builders import one_offer, scenario, write
from commands import COMMAND, run, run_here, seen
from hypothesis import given
from hypothesis import strategies as st

from catalogs.printable import one_line
from optimizer.request.load import load_request
from optimizer.usage import csv_rows

START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
ROOT = Path(__file__).parent.parent


def trace(folder: Path, rows: Iterable[Any], header: str = "time,tokens") -> Path:
    path = folder / "trace.csv"
    lines = (row if isinstance(row, str) else ",".join(map(str, row)) for row in rows)
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def hourly(values: Iterable[Any], start: datetime = START, step: timedelta = HOUR) -> list[tuple[str, Any]]:
    return [((start + i * step).isoformat(), value) for i, value in enumerate(values)]


def usage(folder: Path, rows: Iterable[Any], *options: str, header: str = "time,tokens") -> dict[str, Any]:
    trace(folder, rows, header)
    done = run_here("demand", "trace.csv", "--column", "tokens", "--json", "-", *options, cwd=folder)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def refused(folder: Path, rows: Iterable[Any], *options: str, header: str = "time,tokens") -> str:
    trace(folder, rows, header)
    done = run_here("demand", "trace.csv", "--column", "tokens", *options, cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")
    return done.stderr


def peaks(found: dict[str, Any]) -> dict[str, float]:
    return {row["period"]: row["peak_per_second"] for row in found["periods"]}


def means(found: dict[str, Any]) -> dict[str, float]:
    return {row["period"]: row["mean_per_second"] for row in found["periods"]}


# Counts, rates, events


def test_counts_are_divided_by_the_interval(tmp_path: Path) -> None:
    # 90 hours of 3600 tokens and 10 of 36000: 1 and 10 per second; the mean is (90 + 100) / 100.
    found = usage(tmp_path, hourly([3600] * 90 + [36000] * 10))
    assert (peaks(found), means(found)) == ({"2026-01": 10}, {"2026-01": 1.9})
    assert found["interval_seconds"] == 3600


def test_rates_are_taken_as_they_are(tmp_path: Path) -> None:
    found = usage(tmp_path, hourly([1] * 90 + [10] * 10), "--rows", "rate")
    assert (peaks(found), means(found)) == ({"2026-01": 10}, {"2026-01": 1.9})


@pytest.mark.parametrize(("quantile", "peak"), [("100%", 10), ("99%", 10), ("0.91", 10), ("90%", 1), ("50%", 1)])
def test_the_peak_is_the_rate_that_a_share_of_the_time_does_not_exceed(
    quantile: str, peak: float, tmp_path: Path
) -> None:
    found = usage(tmp_path, hourly([3600] * 90 + [36000] * 10), "--quantile", quantile)
    assert peaks(found) == {"2026-01": peak}


def test_events_are_added_up_by_minute_and_quiet_minutes_count(tmp_path: Path) -> None:
    # Minute 0 has 60 + 120 tokens, 1 none, 2 sixty; then nothing for two hours, a gap; then a minute of 600.
    at = [(START + timedelta(seconds=s), tokens) for s, tokens in ((5, 60), (50, 120), (130, 60), (7330, 600))]
    found = usage(tmp_path, [(t.isoformat(), n) for t, n in at], "--rows", "event", "--quantile", "100%")
    assert peaks(found) == {"2026-01": 10}
    assert means(found) == {"2026-01": (180 + 0 + 60 + 600) / 240}
    assert (found["gap_count"], found["gap_seconds"]) == (1, 7320 - 180)


def test_equal_events_all_count(tmp_path: Path) -> None:
    found = usage(tmp_path, [("2026-01-01", 60)] * 3, "--rows", "event")
    assert means(found) == {"2026-01": 3}
    assert (found["equal_rows"], found["equal_rows_counted"]) == (2, True)


# Gaps


def test_what_is_absent_is_not_zero(tmp_path: Path) -> None:
    whole = hourly([3600] * 1000)
    found = usage(tmp_path, [*whole[:100], *whole[200:500], *whole[503:]])
    assert means(found) == {"2026-01": 1, "2026-02": 1}
    assert [(gap["start"], gap["seconds"]) for gap in found["gaps"]] == [
        ("2026-01-05 04:00:00+00:00", 100 * 3600),
        ("2026-01-21 20:00:00+00:00", 3 * 3600),
    ]
    assert found["gap_seconds"] == 103 * 3600
    assert found["periods"][0]["observed"] == pytest.approx((744 - 103) / 744)


def test_rows_without_a_value_are_gaps(tmp_path: Path) -> None:
    values: list[Any] = [3600] * 50
    values[10], values[11], values[30] = "", "NaN", "null"
    found = usage(tmp_path, hourly(values))
    assert (found["rows_without_value"], found["gap_count"], found["gap_seconds"]) == (3, 2, 3 * 3600)
    assert means(found) == {"2026-01": 1}


def test_a_period_without_samples_has_no_key(tmp_path: Path) -> None:
    rows = [*hourly([3600] * 100), *hourly([7200] * 100, datetime(2026, 4, 1, tzinfo=UTC))]
    found = usage(tmp_path, rows)
    assert peaks(found) == {"2026-01": 1, "2026-04": 2}
    assert found["periods_without_samples"] == ["2026-02", "2026-03"]
    shown = run_here("demand", "trace.csv", "--column", "tokens", cwd=tmp_path).stdout
    assert "no sample in 2026-02, 2026-03: there the schedule keeps the value before" in shown
    assert "Gaps: 1, 85.83 days in all" in shown


def test_the_interval_may_change_within_a_file(tmp_path: Path) -> None:
    """As in monitoring that keeps hours of the past and minutes of the present: each row counts as long as it lasts."""
    recent = hourly([60] * 1000, START + 100 * HOUR, timedelta(minutes=1))
    found = usage(tmp_path, [*hourly([3600] * 100), *recent], "--quantile", "100%")
    assert (peaks(found), means(found)) == ({"2026-01": 1}, {"2026-01": 1})
    assert found["gap_count"] == 0


# Periods


def test_months_quarters_and_years(tmp_path: Path) -> None:
    rows = hourly([86400 * (1 + day // 100) for day in range(400)], step=timedelta(days=1))
    assert list(peaks(usage(tmp_path, rows, "--period", "quarter"))) == [
        "2026q1",
        "2026q2",
        "2026q3",
        "2026q4",
        "2027q1",
    ]
    assert peaks(usage(tmp_path, rows, "--period", "year")) == {"2026": 4, "2027": 5 - 1}
    assert len(peaks(usage(tmp_path, rows))) == 14


def test_samples_of_whole_months_count_in_their_months(tmp_path: Path) -> None:
    days = {"2026-01": 31, "2026-02": 28, "2026-03": 31, "2026-04": 30, "2026-05": 31, "2026-06": 30}
    found = usage(tmp_path, [(month, 86400 * count) for month, count in days.items()])
    assert {key: round(value, 1) for key, value in peaks(found).items()} == dict.fromkeys(days, 1.0)
    assert found["gap_count"] == 0


def test_samples_longer_than_a_period_are_refused(tmp_path: Path) -> None:
    rows = [(f"{year}-01-01", 1) for year in range(2020, 2026)]
    assert "longer than a period; choose a longer --period" in refused(tmp_path, rows)
    assert list(peaks(usage(tmp_path, rows, "--period", "year"))) == [str(year) for year in range(2020, 2026)]


# Times


FORMS = {
    "with Z": lambda t: t.strftime("%Y-%m-%dT%H:%M:%SZ"),
    "with an offset": lambda t: t.astimezone(ZoneInfo("Asia/Kolkata")).isoformat(),
    "with an offset that changes": lambda t: t.astimezone(ZoneInfo("Europe/Berlin")).isoformat(" "),
    "without": lambda t: t.strftime("%Y-%m-%d %H:%M:%S.%f"),
    "seconds": lambda t: f"{t.timestamp():.0f}",
    "seconds and a half": lambda t: f"{t.timestamp() + 0.5}",
    "milliseconds": lambda t: f"{t.timestamp() * 1e3:.0f}",
    "microseconds": lambda t: f"{t.timestamp() * 1e6:.0f}",
    "nanoseconds": lambda t: f"{t.timestamp() * 1e9:.0f}",
}


@pytest.mark.parametrize("form", FORMS)
def test_times_of_every_form_mean_the_same(form: str, tmp_path: Path) -> None:
    moments = [(START + i * HOUR, 3600 * i) for i in range(24 * 120)]
    plain = usage(tmp_path, [(t.isoformat(), n) for t, n in moments])
    found = usage(tmp_path, [(FORMS[form](t), n) for t, n in moments])
    assert (peaks(found), means(found)) == (peaks(plain), means(plain))


def test_forms_may_be_mixed(tmp_path: Path) -> None:
    moments = [(START + i * HOUR, 3600 * (i % 7)) for i in range(900)]
    rows = [(list(FORMS.values())[i % 4](t) if i % 5 else FORMS["seconds"](t), n) for i, (t, n) in enumerate(moments)]
    plain = usage(tmp_path, [(t.isoformat(), n) for t, n in moments])
    assert usage(tmp_path, rows)["periods"] == plain["periods"]


@pytest.mark.parametrize("name", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"])
def test_local_times_of_a_year_are_those_with_their_offsets(name: str, tmp_path: Path) -> None:
    zone = ZoneInfo(name)
    moments = [(START + i * HOUR / 2).astimezone(zone) for i in range(2 * 24 * 365)]
    values = [1800 * (i % 97) for i in range(len(moments))]
    known = usage(tmp_path, [(t.isoformat(), n) for t, n in zip(moments, values, strict=True)], "--time-zone", name)
    local = [(t.replace(tzinfo=None).isoformat(), n) for t, n in zip(moments, values, strict=True)]
    found = usage(tmp_path, local, "--time-zone", name)
    assert found == known
    assert found["gap_count"] == 0
    random.Random(1).shuffle(local)
    assert usage(tmp_path, local, "--time-zone", name)["gap_count"] == 0


def test_months_begin_where_the_time_zone_says(tmp_path: Path) -> None:
    rows = hourly([3600] * 24, datetime(2026, 1, 31, 12, tzinfo=UTC))
    assert [row["samples"] for row in usage(tmp_path, rows)["periods"]] == [12, 12]
    assert [row["samples"] for row in usage(tmp_path, rows, "--time-zone", "Asia/Tokyo")["periods"]] == [3, 21]


# Rows


@given(st.randoms(use_true_random=False), st.lists(st.integers(0, 10**6), min_size=30, max_size=60))
def test_order_and_repeated_rows_change_nothing(
    tmp_path_factory: pytest.TempPathFactory, chance: random.Random, values: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("rows")
    rows = hourly(values, datetime(2026, 1, 31, tzinfo=UTC))
    plain = usage(folder, rows)
    again = [*rows, *chance.sample(rows, 10)]
    chance.shuffle(again)
    found = usage(folder, again)
    assert (found["periods"], found["gaps"], found["equal_rows"]) == (plain["periods"], plain["gaps"], 10)


def test_rows_of_one_time_are_refused_or_added_up(tmp_path: Path) -> None:
    rows = [(t, n, host) for t, n in hourly([1800] * 5) for host in "ab"]
    said = refused(tmp_path, rows, header="time,tokens,host")
    assert "trace.csv:3:1: the row has the time of line 2, and is not the same; --add-same-time adds" in said
    assert "5 problems" in said
    found = usage(tmp_path, rows, "--add-same-time", header="time,tokens,host")
    assert means(found) == {"2026-01": 1}


def test_a_column_of_times_is_named_and_other_columns_may_hold_anything(tmp_path: Path) -> None:
    rows = [f'"said ""no""\nand left";{n};{t}' for t, n in hourly([3600] * 10)]
    found = usage(tmp_path, [*rows, ""], "--time", "when", header="prompt;tokens;when")
    assert (found["rows"], means(found)) == (10, {"2026-01": 1})
    said = refused(tmp_path, [*rows, '"a\nb";-1;2026-01-02'], "--time", "when", header="prompt;tokens;when")
    assert said.startswith("trace.csv:22:")


def test_blocks_and_chunks_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [f'{t},{n},"a\nb ""c"", d"' for t, n in hourly(range(300))]
    bad = [*rows[:77], "never,5,x", "", *rows[77:200], "2026-02-01,-1,x", *rows[200:]]
    header = "time,tokens,said"
    plain, said = usage(tmp_path, rows, header=header), refused(tmp_path, bad, header=header)
    monkeypatch.setattr(csv_rows, "BLOCK_CHARACTERS", 61)
    monkeypatch.setattr(csv_rows, "ROWS_AT_ONCE", 14)
    monkeypatch.setattr(csv_rows, "FEW_ROWS", 7)
    assert usage(tmp_path, rows, header=header) == plain
    assert refused(tmp_path, bad, header=header) == said
    assert [int(n) for n in re.findall(r"^trace.csv:(\d+):", said, re.MULTILINE)] == [2 * 77 + 2, 2 * 200 + 4]


@pytest.mark.slow
@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 10**5)), min_size=20, max_size=80), st.floats(0.01, 1))
def test_a_plain_reckoning_agrees(
    tmp_path_factory: pytest.TempPathFactory, parts: list[tuple[int, int]], quantile: float
) -> None:
    """Hours with a value, each on its own; the peak as the definition has it, in plain loops."""
    by_hour = {hour: 3600 * value for hour, value in [*((h, 1) for h in range(0, 400)), *parts]}
    rates: defaultdict[str, list[float]] = defaultdict(list)
    start = datetime(2026, 1, 20, tzinfo=UTC)
    for hour, count in by_hour.items():
        rates[(start + hour * HOUR).strftime("%Y-%m")].append(count / 3600)
    rows = [((start + hour * HOUR).isoformat(), count) for hour, count in by_hour.items()]
    found = usage(tmp_path_factory.mktemp("plain"), rows, "--quantile", str(quantile))
    for period, values in rates.items():
        ordered = sorted(values)
        peak = next(r for i, r in enumerate(ordered, 1) if i >= quantile * len(ordered) * (1 - 1e-12))
        assert peaks(found)[period] == pytest.approx(peak, rel=1e-5)
        assert means(found)[period] == pytest.approx(sum(values) / len(values), rel=1e-5)


# Mistakes


@pytest.mark.parametrize(("row", "says"), [
    ("now,5", "4:1: time must be a time of the years 1973 to 2999 (got now); write 2026-01-31T23:59:00Z"),
    ("31/12/2026,5", "4:1: time must be a time"),
    ("20260101,5", "4:1: time must be a time"),
    ("1850-01-01,5", "4:1: time must be a time"),
    (",5", "4:1: time must be a time of the years 1973 to 2999 (got nothing)"),
    ("2026-01-01T02:00Z,-3", "4:19: tokens must be at least 0 (got -3); leave the field empty"),
    ("2026-01-01T02:00Z,5 tokens", "4:19: tokens must be a number (got 5 tokens); write 1234.5, without unit"),
    ('2026-01-01T02:00Z,"1,200"', "4:19: tokens must be a number (got 1,200)"),
    ("2026-01-01T02:00Z,inf", "4:19: tokens must lie between 1E-12 and 1E+15, or be 0 (got inf); check its unit"),
    ("2026-01-01T02:00Z,1e18", "4:19: tokens must lie between"),
    ("2026-01-01T02:00Z,1e-15", "4:19: tokens must lie between"),
    ("2026-01-01T02:00Z,1,200", "4:19: the row has 3 fields where the header has 2; quote fields that contain ','"),
    ("2026-01-01T02:00Z", "4:1: the row has 1 field where the header has 2; fill the row up"),
    ('2026-01-01T02:00Z,"5', "4:1: is no CSV: unexpected end of data"),
])  # fmt: skip
def test_bad_rows_are_told_with_their_places(row: str, says: str, tmp_path: Path) -> None:
    assert f"trace.csv:{says}" in refused(tmp_path, [*hourly([1, 2]), row])


def test_all_mistakes_come_at_once_and_no_more_than_can_be_read(tmp_path: Path) -> None:
    said = refused(tmp_path, [("never", -1)] * 3)
    assert "6 problems; nothing was written" in said
    assert "these are the first 200 problems" in refused(tmp_path, [("never", -1)] * 500_000)


def test_local_times_that_clocks_skip_are_refused(tmp_path: Path) -> None:
    rows = [(f"2026-03-29T0{hour}:30:00", 5) for hour in range(5)]
    said = refused(tmp_path, rows, "--time-zone", "Europe/Berlin")
    assert "trace.csv:4:1: time: the clocks of Europe/Berlin skip 2026-03-29T02:30:00" in said
    assert "1 problem;" in said


@pytest.mark.parametrize(("options", "header", "says"), [
    ((), "time,token", "1:1: the header names no column 'tokens'; did you mean 'token'?"),
    ((), "tokens,time", "1:1: column 'tokens' cannot be the time too; name that with --time"),
    (("--time", "tine"), "time,tokens", "1:1: the header names no column 'tine'; did you mean 'time'?"),
    ((), "tokens,tokens", "1:1: the header names column 'tokens' more than once"),
])  # fmt: skip
def test_columns_that_are_not_there_are_named(options: tuple[str, ...], header: str, says: str, tmp_path: Path) -> None:
    assert says in refused(tmp_path, hourly([1, 2]), *options, header=header)


@pytest.mark.parametrize(("content", "says"), [
    (b"", "begins with no header"), (b"\n\n", "begins with no header"), (b"time,tokens\n", "holds no row"),
    ("time,tokens\n2026,1\n".encode("utf-16"), "is not UTF-8 text; save it as UTF-8"),
    (b"\0" * 5_000_000, "has a line of more than"), (b"time,tokens\n" + b"x" * 5_000_000, "has a line of more than"),
    (b"time,tokens\n" + b"x" * 200_000 + b"\n", "is no CSV: field larger than field limit"),
])  # fmt: skip
def test_files_that_are_no_trace_are_refused(content: bytes, says: str, tmp_path: Path) -> None:
    (tmp_path / "trace.csv").write_bytes(content)
    done = run_here("demand", "trace.csv", "--column", "tokens", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr


@pytest.mark.parametrize(("seconds", "says"), [
    ([0], "a single time does not tell how long its row counts"),
    ([(i * i * 7919) % 100_003 for i in range(200)], "of the rows follow each other at the usual interval"),
], ids=["one", "many"])  # fmt: skip
def test_rows_at_no_interval_are_refused(seconds: list[int], says: str, tmp_path: Path) -> None:
    said = refused(tmp_path, [((START + timedelta(seconds=s)).isoformat(), 5) for s in seconds])
    assert says in said
    assert "--rows event" in said


def test_nothing_of_a_file_reaches_the_terminal_raw(tmp_path: Path) -> None:
    evil = "\x1b[31mtok\u202eens"
    trace(tmp_path, hourly([1, 2, 3]), header=f"time,{evil}")
    shown = run("demand", "trace.csv", "--column", evil, cwd=tmp_path)
    assert shown.returncode == 0
    told = run("demand", "trace.csv", "--column", "token", cwd=tmp_path)
    wrong = refused(tmp_path, [("2026", evil), (evil, 1)])
    for text in (shown.stdout, shown.stderr, told.stderr, wrong):
        assert text == "\n".join(map(one_line, text.split("\n")))


# What comes out


def test_what_is_printed_is_taken_by_a_scenario(tmp_path: Path) -> None:
    rows = [*hourly([3600 * 25] * 700), *hourly([3600 * 5] * 700, datetime(2026, 4, 1, tzinfo=UTC))]
    trace(tmp_path, rows)
    shown = run_here("demand", "trace.csv", "--column", "tokens", "--demand", "train", cwd=tmp_path).stdout
    setting = re.search(r"^--set '(.*)'$", shown, re.MULTILINE)
    pasted = re.search(r"^    per_second: ({.*?})", shown, re.MULTILINE)
    assert setting is not None
    assert pasted is not None
    path = write(tmp_path, scenario(horizon={"start": "2026-01", "periods": 6}), one_offer())
    asked = load_request(path, [setting[1]]).scenario
    assert asked.demand["train"].per_second == {"2026-01": 25, "2026-04": 5}
    assert setting[1] == f"demand/train/per_second={pasted[1]}"


def test_the_chart_fits_a_terminal(tmp_path: Path) -> None:
    # Years of large and small figures: the widest that a table of six digits has.
    rows = hourly([9.87654e14 / 7 ** (day // 31 % 12) for day in range(800)], step=timedelta(days=1))
    trace(tmp_path, rows)
    _, shown = seen(["demand", "trace.csv", "--column", "tokens", "--rows", "rate"], tmp_path, COLUMNS="80")
    chart = re.sub(r"\x1b\[[\d;]*m", "", shown).partition("Per second")[2].partition("Gaps")[0]
    assert chart.count("\n") > 26
    assert max(map(len, chart.splitlines())) <= 80


def test_bars_are_as_long_as_their_figures(tmp_path: Path) -> None:
    trace(tmp_path, [*hourly([3600, 7200] * 372), *hourly([7200, 14400] * 300, datetime(2026, 2, 1, tzinfo=UTC))])
    shown = run_here("demand", "trace.csv", "--column", "tokens", cwd=tmp_path).stdout
    bars = dict(re.findall(r"^(2026-\d\d) .* % +([█░]+)$", shown, re.MULTILINE))
    assert bars == {"2026-01": "█" * 8 + "░" * 2, "2026-02": "█" * 15 + "░" * 5}


def test_no_work_at_all_is_told_as_such(tmp_path: Path) -> None:
    trace(tmp_path, hourly([0] * 48))
    done = run_here("demand", "trace.csv", "--column", "tokens", cwd=tmp_path)
    assert "per_second: {2026-01: 0}" in done.stdout


@pytest.mark.slow
def test_a_screen_without_blocks_has_a_chart_too(tmp_path: Path) -> None:
    trace(tmp_path, hourly([3600] * 48))
    done = run("demand", "trace.csv", "--column", "tokens", cwd=tmp_path, environment={"PYTHONIOENCODING": "ascii"})
    assert re.search(r"^2026-01 .* % +#{20}$", done.stdout, re.MULTILINE)


def test_the_page_shows_what_is_printed(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "demand.md").read_text(encoding="utf-8")
    shown = re.search(r"^\$ chipmix (.*?)\n(.*?)```", page, re.DOTALL | re.MULTILINE)
    assert shown is not None
    values = [3600 * (400 if i % 2 else 100) * (1 if i < 744 else 1.5) for i in range(1416)]
    trace(tmp_path, hourly(values))
    done = run_here(*shown[1].split(), cwd=tmp_path)
    assert done.stdout == shown[2]


# Size


@pytest.mark.parametrize("rows", [200_000, pytest.param(10_000_000, marks=pytest.mark.slow)])
def test_large_traces_take_a_minute_and_two_gibibytes(rows: int, tmp_path: Path) -> None:
    with (tmp_path / "trace.csv").open("w") as file:
        file.write("time,tokens\n")
        for first in range(0, rows, 100_000):
            file.write("".join(f"{1577836800 + 15 * i},{i * 7919 % 100_003}\n" for i in range(first, first + 100_000)))
    code = (
        "import resource, subprocess, sys; done = subprocess.run(sys.argv[1:], check=True);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN), file=sys.stderr)"
    )
    words = [str(COMMAND), "demand", "trace.csv", "--column", "tokens"]
    done = subprocess.run(
        [str(COMMAND.parent / "python"), "-c", code, *words], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    used = {key: float(value) for key, value in re.findall(r"ru_(\w+)=([\d.]+)", done.stderr)}
    assert used["utime"] + used["stime"] < 60 * max(rows / 1e7, 0.1)
    assert used["maxrss"] < 2 * 2**20 * max(rows / 1e7, 0.2)
    assert f"{rows:,} rows" in done.stdout
