"""Fields of a trace as numbers: times as microseconds since 1970 in UTC, and values.

A time is ISO 8601 (`2026-01-31T23:59:00Z`, `2026-01-31 23:59`, `2026-01`), or a number of seconds, milliseconds,
microseconds or nanoseconds since 1970: as seconds of the years 1973 to 2999 they cannot be taken for each other. A
time without an offset is one of the time zone asked for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from catalogs.periods import LARGEST, SMALLEST
from catalogs.wording import shown_value

Times = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
_OFFSET = re.compile(r"(?:Z|z|[+-]\d\d(?::?\d\d)?)\s*$")
ABSENT = frozenset({"", "nan", "null", "none", "na", "n/a", "-"})
"""What exports write where there is no value."""
MICROSECONDS = 1_000_000
EPOCH = ((1e8, 3.3e10, 1e6), (1e11, 3.3e13, 1e3), (1e14, 3.3e16, 1.0), (1e17, 3.3e19, 1e-3))
"""From when to when a number means seconds, milliseconds, microseconds, nanoseconds; microseconds of each."""
EARLIEST, LATEST = (np.datetime64(day, "us").astype(np.int64) for day in ("1973-01-01", "3000-01-01"))
NO_TIME = np.iinfo(np.int64).min


@dataclass(frozen=True)
class Read:
    """Times of some rows. A local time that comes twice as the clocks go back is read as the earlier of the two.

    `later` is the other reading of each; where there is but one, the same. NO_TIME where there is none at all.
    """

    times: Times
    later: Times
    skipped: Mask
    """Local times that the clocks skip as they go forward."""


def read_times(texts: Sequence[str], zone: tzinfo) -> Read:
    """The times that some fields write."""
    written = np.array(texts, dtype=object)
    years = {text[:5] for text in texts}
    dates = {year for year in years if year[4:] == "-" and year[:4].isdecimal()}
    if dates == years:
        return _dates(written, texts, zone)
    is_date = np.array([text[:5] in dates for text in texts], dtype=bool)
    times = np.full(len(texts), NO_TIME)
    times[~is_date] = _since_1970(written[~is_date])
    read = _dates(written[is_date], [text for text in texts if text[:5] in dates], zone)
    later, skipped = times.copy(), np.zeros(len(texts), bool)
    times[is_date], later[is_date], skipped[is_date] = read.times, read.later, read.skipped
    return Read(times, later, skipped)


def _since_1970(written: npt.NDArray[Any]) -> Times:
    numbers = np.asarray(pd.to_numeric(written, errors="coerce"), dtype=float)
    times = np.full(len(numbers), NO_TIME)
    for least, most, factor in EPOCH:
        inside = (numbers >= least) & (numbers < most)
        times[inside] = np.rint(numbers[inside] * factor).astype(np.int64)
    return _bounded(times)


def _dates(written: npt.NDArray[Any], texts: Sequence[str], zone: tzinfo) -> Read:
    local = _without_offset(texts)
    times = np.full(len(texts), NO_TIME)
    for alike in (local, ~local):  # pandas 2 gives a time without an offset that of the one before it
        times[alike] = _in_utc(written if alike.all() else written[alike])
    local &= times != NO_TIME
    later, skipped = times.copy(), np.zeros(len(times), bool)
    if local.any():
        times[local], later[local] = _of_zone(times[local], zone)
        skipped = local & (times == NO_TIME)
    return Read(times, later, skipped)


def _without_offset(texts: Sequence[str]) -> Mask:
    """Which times have none: what follows the day tells, and few kinds of it follow in many times."""
    clocks = [text[10:] for text in texts]
    kinds = set(clocks)
    local = {clock for clock in kinds if not _OFFSET.search(clock)}
    if len(local) in (0, len(kinds)):
        return np.full(len(texts), bool(local))
    return np.array([clock in local for clock in clocks], dtype=bool)


def _in_utc(written: npt.NDArray[Any]) -> Times:
    read = pd.DatetimeIndex(pd.to_datetime(written, format="ISO8601", utc=True, errors="coerce"))
    return _bounded(read.as_unit("us").asi8)


def _of_zone(wall: Times, zone: tzinfo) -> tuple[Times, Times]:
    """Times on a wall clock, in UTC: the earlier and the later reading."""
    clock = pd.DatetimeIndex(wall.view("datetime64[us]"))
    earlier, later = (
        clock.tz_localize(zone, ambiguous=np.full(len(wall), is_summer), nonexistent="NaT").asi8
        for is_summer in (True, False)
    )
    return np.minimum(earlier, later), np.maximum(earlier, later)


def _bounded(times: Times) -> Times:
    """Times of the years 1973 to 2999; what is no time stays none."""
    return np.where((times >= EARLIEST) & (times < LATEST), times, NO_TIME)


def read_values(texts: Sequence[str]) -> tuple[Values, Mask]:
    """The numbers that some fields write, and which fields are wrong; NaN where a field holds no value."""
    values = np.asarray(pd.to_numeric(np.array(texts, dtype=object), errors="coerce"), dtype=float)
    wrong = np.zeros(len(values), bool)
    for i in np.flatnonzero(np.isnan(values)).tolist():
        wrong[i] = texts[i].strip().lower() not in ABSENT
    wrong |= (values < 0) | (values > float(LARGEST)) | ((values > 0) & (values < float(SMALLEST)))
    return values, wrong


def wrong_time(column: str, text: str, skipped: bool, zone: tzinfo) -> str:
    """What is said of a field that is no time."""
    got = f"{shown_value(column)} must be a time of the years 1973 to 2999 (got {shown_value(text or None)})"
    if skipped:
        return (
            f"{shown_value(column)}: the clocks of {zone} skip {shown_value(text)} as they go forward; name the "
            "time zone of the file with --time-zone, or write times with their offset"
        )
    return f"{got}; write 2026-01-31T23:59:00Z, or seconds since 1970"


def wrong_value(column: str, text: str, value: float) -> str:
    """What is said of a field that is no value."""
    name, got = shown_value(column), f"(got {shown_value(text)})"
    if np.isnan(value):
        remedy = "write 1234.5, without unit and thousands separators, or nothing where none was measured"
        return f"{name} must be a number {got}; {remedy}"
    if value < 0:
        return f"{name} must be at least 0 {got}; leave the field empty where none was measured"
    return f"{name} must lie between {SMALLEST} and {LARGEST}, or be 0 {got}; check its unit"
