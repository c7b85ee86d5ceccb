"""The demand that a trace shows: the peak and the mean per second of each period, ready for a scenario.

With samples i of a period, of rate r_i per second for l_i seconds each:

    mean = Σ r_i · l_i / Σ l_i
    peak = the least r such that Σ l_i over r_i ≤ r is at least quantile · Σ l_i

A sample counts in the period that it begins in. What was not sampled counts nowhere: absent is never zero.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import tzinfo
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd

from catalogs.periods import LARGEST, SMALLEST, first_month, written
from catalogs.problems import InputError, Location, Problem
from optimizer.plan.provenance import Part
from optimizer.usage.fields import MICROSECONDS
from optimizer.usage.samples import Irregular, Samples, samples_of
from optimizer.usage.trace import Asked, Trace, read_trace

DIGITS = 6
MOST_GAPS = 100
DAY = 86_400 * MICROSECONDS
LONGEST_MONTH = 31.5 * DAY
"""With what samples of whole months may be off."""
MONTHS = {"month": 1, "quarter": 3, "year": 12}
REMEDY = "where each row is one request, say --rows event, else sample at one interval"


class PeriodUse(Part):
    """Work per second in a period; `observed` is the share of the period that has samples."""

    period: str
    peak_per_second: float
    mean_per_second: float
    observed: float
    samples: int


class Gap(Part):
    """A stretch without samples, between two that are there; times as the time zone has them."""

    start: str
    end: str
    seconds: float


class Usage(Part):
    """What a trace says of demand, and what was done with its rows."""

    column: str
    rows_say: str
    quantile: float
    time_zone: str
    interval_seconds: float
    first: str
    last: str
    rows: int
    rows_without_value: int
    equal_rows: int
    equal_rows_counted: bool
    was_unsorted: bool
    periods: tuple[PeriodUse, ...]
    periods_without_samples: tuple[str, ...]
    gaps: tuple[Gap, ...]
    """The longest of them, in the order of time."""
    gap_count: int
    gap_seconds: float

    def peaks(self) -> str:
        """The peaks as a schedule of a scenario."""
        return _schedule((row.period, row.peak_per_second) for row in self.periods)

    def means(self) -> str:
        """The means as a schedule of a scenario."""
        return _schedule((row.period, row.mean_per_second) for row in self.periods)


@dataclass(frozen=True)
class Wanted:
    """Periods of so many months, and the share of their time that the peak covers."""

    months: int
    quantile: float


def usage_of(path: Path, asked: Asked, wanted: Wanted) -> Usage:
    """The demand that the trace in a file shows. Raises InputError."""
    trace = read_trace(path, asked)
    try:
        samples = samples_of(trace, asked.rows_say)
        rows = tuple(_periods(samples, wanted, asked.zone))
    except Irregular as error:
        raise InputError([Problem(Location(str(path), 1, 1), f"{error}; {REMEDY}")]) from error
    _refuse_out_of_proportion(path, rows)
    return _usage(trace, samples, rows, asked, wanted)


def _refuse_out_of_proportion(path: Path, rows: tuple[PeriodUse, ...]) -> None:
    """Rates that no schedule takes."""
    said = [
        Problem(
            Location(str(path), 1, 1), f"{row.period}: {rate:g} per second is no demand; check the unit of the column"
        )
        for row in rows
        for rate in (row.peak_per_second, row.mean_per_second)
        if rate and not SMALLEST <= Decimal(rate) <= LARGEST
    ]
    if said:
        raise InputError(said)


def _periods(samples: Samples, wanted: Wanted, zone: tzinfo) -> Iterator[PeriodUse]:
    if samples.interval > LONGEST_MONTH * wanted.months:
        days = samples.interval / DAY
        raise Irregular(
            f"rows follow each other every {days:.0f} days, which is longer than a period; choose a longer --period"
        )
    local = pd.DatetimeIndex(samples.times.view("datetime64[us]")).tz_localize("UTC").tz_convert(zone)
    month = (12 * local.year + local.month - 1).to_numpy(np.int64)
    frame = pd.DataFrame({"start": month - month % wanted.months, "rate": samples.rates, "lasts": samples.lasts})
    for start, rows in frame.groupby("start", sort=True):
        assert isinstance(start, int)
        seconds = rows["lasts"].sum() / MICROSECONDS
        yield PeriodUse(
            period=written(start, wanted.months),
            peak_per_second=_rounded(_quantile(rows, wanted.quantile)),
            mean_per_second=_rounded(float(np.average(rows["rate"], weights=rows["lasts"]))),
            observed=min(1.0, seconds / _length(start, wanted.months, zone)),
            samples=len(rows),
        )


def _quantile(rows: pd.DataFrame, share: float) -> float:
    """The least rate that so large a share of the time does not exceed."""
    by_rate = rows.sort_values("rate", kind="stable")
    until = by_rate["lasts"].cumsum().to_numpy()
    at = int(np.searchsorted(until, share * until[-1] * (1 - 1e-12)))
    return float(by_rate["rate"].iloc[min(at, len(until) - 1)])


def _length(start: int, months: int, zone: tzinfo) -> float:
    """The seconds of a period on the clocks of a time zone."""
    begin, end = (pd.Timestamp(year=m // 12, month=m % 12 + 1, day=1, tz=zone) for m in (start, start + months))
    return float((end - begin).total_seconds())


def _rounded(rate: float) -> float:
    return float(f"{rate:.{DIGITS}g}")


def _schedule(values: Iterator[tuple[str, float]]) -> str:
    return "{" + ", ".join(f"{period}: {number_text(value)}" for period, value in values) + "}"


def number_text(value: float) -> str:
    """A number of a schedule as a scenario has it: 150000, 0.25."""
    return f"{Decimal(f'{value:.{DIGITS}g}'):f}"


def _usage(trace: Trace, samples: Samples, rows: tuple[PeriodUse, ...], asked: Asked, wanted: Wanted) -> Usage:
    gaps = samples.gaps
    lengths = (gaps["end"] - gaps["start"]) / MICROSECONDS
    longest = gaps.loc[lengths.nlargest(MOST_GAPS).sort_index().index]
    return Usage(
        column=asked.column,
        rows_say=asked.rows_say,
        quantile=wanted.quantile,
        time_zone=str(asked.zone),
        interval_seconds=samples.interval / MICROSECONDS,
        first=_clock(samples.times[0], asked.zone),
        last=_clock(samples.times[-1], asked.zone),
        rows=trace.rows,
        rows_without_value=trace.without_value,
        equal_rows=trace.equal_rows,
        equal_rows_counted=asked.adds,
        was_unsorted=trace.unsorted,
        periods=rows,
        periods_without_samples=_missing(rows, wanted.months),
        gaps=tuple(_gap(start, end, asked.zone) for start, end in longest.to_numpy().tolist()),
        gap_count=len(gaps),
        gap_seconds=float(lengths.sum()),
    )


def _gap(start: int, end: int, zone: tzinfo) -> Gap:
    return Gap(start=_clock(start, zone), end=_clock(end, zone), seconds=(end - start) / MICROSECONDS)


def _clock(microseconds: int, zone: tzinfo) -> str:
    at = pd.Timestamp(int(microseconds), unit="us", tz="UTC").tz_convert(zone)
    return at.isoformat(sep=" ", timespec="seconds")


def _missing(rows: tuple[PeriodUse, ...], months: int) -> tuple[str, ...]:
    """Periods between the first and the last that no sample begins in."""
    there = {row.period for row in rows}
    first, last = first_month(rows[0].period), first_month(rows[-1].period)
    keys = (written(month, months) for month in range(first, last, months))
    return tuple(key for key in keys if key not in there)
