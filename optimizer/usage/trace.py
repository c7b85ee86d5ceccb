"""A usage trace as it stands in a file: times, values and lines of its rows, sorted, each time once.

What is asked of the rows: `count` (work done from a row's time until the next one's), `rate` (work per second from then
on) or `event` (one request, with its work, at its time).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from catalogs.problems import MOST_PROBLEMS, InputError, Location, Problem, Problems
from catalogs.wording import shown_value
from optimizer.usage.csv_rows import Chunk, CsvFile, Wrong
from optimizer.usage.fields import NO_TIME, Times, Values, read_times, read_values, wrong_time, wrong_value

RowsSay = Literal["count", "rate", "event"]


@dataclass(frozen=True)
class Asked:
    """Which columns are read (no time column: the first one), what their rows say, whose clock local times are of.

    `add_same_time`: rows of one time are parts, such as those of several servers, and add up; events always do.
    """

    column: str
    time_column: str | None
    rows_say: RowsSay
    zone: tzinfo
    add_same_time: bool

    @property
    def adds(self) -> bool:
        return self.add_same_time or self.rows_say == "event"


@dataclass(frozen=True)
class Trace:
    """Times in microseconds since 1970, rising, and the value of each; what was done to the rows of the file."""

    times: Times
    values: Values
    rows: int
    without_value: int
    equal_rows: int
    """Rows that are the same as another one in every column: left out, or counted where rows of one time add up."""
    unsorted: bool


def read_trace(path: Path, asked: Asked) -> Trace:
    """The trace in a file. Raises InputError with every row that is wrong, up to the most that are told."""
    file = CsvFile(path, [name for name in (asked.column, asked.time_column) if name is not None])
    value = file.number_of(asked.column)
    time = 0 if asked.time_column is None else file.number_of(asked.time_column)
    if time == value:
        message = f"column '{shown_value(asked.column)}' cannot be the time too; name that with --time"
        raise InputError([Problem(Location(str(path), 1, 1), message)])
    wrong: list[Wrong] = []
    rows = _Rows([], 0, 0)
    for chunk in file.chunks():
        rows.take(chunk, _Columns(file.header[time], time, asked.column, value), asked.zone, wrong)
        if len(wrong) >= MOST_PROBLEMS:
            break
    _refuse(file, wrong)
    if not rows.parts:
        raise InputError(
            [Problem(Location(str(path), 1, 1), f"holds no row with a value of '{shown_value(asked.column)}'")]
        )
    return _settled(file, rows, asked, time)


def _refuse(file: CsvFile, wrong: Sequence[Wrong]) -> None:
    if wrong:
        problems = Problems()
        problems.extend(file.problems(wrong[:MOST_PROBLEMS]))
        raise InputError(problems)


@dataclass(frozen=True)
class _Columns:
    """The two columns that are read, by name and number."""

    time_name: str
    time: int
    value_name: str
    value: int


@dataclass
class _Rows:
    """Rows as they are read: columns time, later (its other reading), value, line, and whole, a hash of the row."""

    parts: list[pd.DataFrame]
    count: int
    without_value: int

    def take(self, chunk: Chunk, columns: _Columns, zone: tzinfo, wrong: list[Wrong]) -> None:
        wrong.extend(chunk.wrong)
        if not chunk.rows:
            return
        time_texts, value_texts = ([row[number] for row in chunk.rows] for number in (columns.time, columns.value))
        read = read_times(time_texts, zone)
        values, bad_value = read_values(value_texts)
        for i in np.flatnonzero(read.times == NO_TIME)[:MOST_PROBLEMS]:
            said = wrong_time(columns.time_name, time_texts[i], bool(read.skipped[i]), zone)
            wrong.append(Wrong(chunk.lines[i], columns.time, said))
        for i in np.flatnonzero(bad_value)[:MOST_PROBLEMS]:
            said = wrong_value(columns.value_name, value_texts[i], values[i])
            wrong.append(Wrong(chunk.lines[i], columns.value, said))
        self.count += len(values)
        self._keep(chunk, read.times, read.later, values)

    def _keep(self, chunk: Chunk, times: Times, later: Times, values: Values) -> None:
        there = ~np.isnan(values)
        self.without_value += int((~there).sum())
        whole = np.fromiter(map(hash, map(tuple, chunk.rows)), np.int64, len(values))
        part = pd.DataFrame(
            {"time": times, "later": later, "value": values, "line": np.array(chunk.lines, np.int64), "whole": whole}
        )
        if there.any():
            self.parts.append(part if there.all() else part[there])


def _settled(file: CsvFile, rows: _Rows, asked: Asked, time_number: int) -> Trace:
    """The rows in the order of their times, equal ones once, those of one time added up or refused."""
    frame = pd.concat(rows.parts, ignore_index=True)
    rows.parts.clear()
    _tell_hours_apart(frame)
    times = frame["time"].to_numpy()
    unsorted = bool((np.diff(times) < 0).any())
    if unsorted:
        frame = frame.sort_values("time", kind="stable", ignore_index=True)
        times = frame["time"].to_numpy()
    again = np.append(False, np.diff(times) == 0)
    equal = 0
    if again.any():
        shared = frame[again | np.append(again[1:], False)]  # looked through alone: they are few
        doubles = shared.index[shared.duplicated(["time", "whole"])]
        equal = len(doubles)
        if asked.adds:
            frame = frame[["time", "value"]].groupby("time", as_index=False).sum()
        else:
            _refuse_same_time(file, shared.drop(doubles), time_number)
            frame = frame.drop(doubles)
    sorted_times, values = frame["time"].to_numpy(np.int64), frame["value"].to_numpy(np.float64)
    return Trace(sorted_times, values, rows.count, rows.without_value, equal, unsorted)


def _tell_hours_apart(frame: pd.DataFrame) -> None:
    """Of the rows of a local time that comes twice, those in the second half of the file's order are the later ones."""
    twice = frame.loc[frame["time"] != frame["later"], ["time", "later"]]
    if twice.empty:
        return
    of_time = twice.groupby("time")["time"]
    second = twice[of_time.cumcount() >= (of_time.transform("size") + 1) // 2]
    frame.loc[second.index, "time"] = second["later"]


def _refuse_same_time(file: CsvFile, shared: pd.DataFrame, time_number: int) -> None:
    """Refuses rows of one time that differ: nobody can tell whether they are parts or corrections."""
    again = shared[shared.duplicated("time")]
    first = shared.groupby("time")["line"].first().reindex(again["time"]).tolist()
    said = (
        "the row has the time of line {}, and is not the same; --add-same-time adds rows of one time up, else keep one"
    )
    wrong = [
        Wrong(int(line), time_number, said.format(other))
        for line, other in zip(again["line"].head(MOST_PROBLEMS), first, strict=False)
    ]
    _refuse(file, sorted(wrong, key=lambda one: one.line))
