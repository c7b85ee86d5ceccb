"""Samples of a trace: how long each lasts, at which rate per second, and where nothing was sampled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from optimizer.usage.fields import MICROSECONDS, Times, Values
from optimizer.usage.trace import RowsSay, Trace

NEIGHBOURS = 25
"""The usual interval at a sample is the median of so many: it follows a change of interval, and passes gaps by."""
LONGEST_OF_USUAL = 1.5
"""A sample lasts until the next one; beyond so many usual intervals it lasts one, and the rest is a gap."""
LEAST_REGULAR = 0.75
EVENTS_PER = 60 * MICROSECONDS
QUIET = 3600 * MICROSECONDS
"""A minute without an event is a minute without work, but no event for so long is a gap."""


class Irregular(ValueError):
    """Times that follow no interval, so that nobody can tell how long a row counts."""


@dataclass(frozen=True)
class Samples:
    """Samples one after another: from when, for how many microseconds each, at which rate per second."""

    times: Times
    lasts: Times
    rates: Values

    @property
    def interval(self) -> int:
        """The usual length of a sample, in microseconds."""
        return int(np.median(self.lasts))

    @property
    def gaps(self) -> pd.DataFrame:
        """Stretches between samples in which there is none: columns start and end, in microseconds since 1970."""
        ends, following = (self.times + self.lasts)[:-1], self.times[1:]
        is_gap = following > ends
        return pd.DataFrame({"start": ends[is_gap], "end": following[is_gap]})


def samples_of(trace: Trace, rows_say: RowsSay) -> Samples:
    """The samples of a trace. Raises Irregular."""
    times, values = trace.times, trace.values
    if rows_say == "event":
        times, values = _per_minute(times, values)
        lasts = np.full(len(times), EVENTS_PER)
    else:
        lasts = _lengths(times)
    return Samples(times, lasts, values if rows_say == "rate" else values / (lasts / MICROSECONDS))


def _lengths(times: Times) -> Times:
    """Microseconds that each sample lasts; the last one as long as is usual there."""
    if len(times) < 2:
        raise Irregular("a single time does not tell how long its row counts")
    steps = np.diff(times)
    usual = pd.Series(steps).rolling(NEIGHBOURS, center=True, min_periods=1).median().to_numpy()
    regular = np.mean(np.abs(steps - usual) <= (LONGEST_OF_USUAL - 1) * usual)
    if regular < LEAST_REGULAR:
        raise Irregular(f"only {regular:.0%} of the rows follow each other at the usual interval")
    lasts = np.where(steps <= LONGEST_OF_USUAL * usual, steps, usual).astype(np.int64)
    return np.append(lasts, np.int64(usual[-1]))


def _per_minute(times: Times, values: Values) -> tuple[Times, Values]:
    """Events added up by minute, with those without any that are no gap."""
    minutes = pd.Series(values).groupby(times // EVENTS_PER).sum()
    at = minutes.index.to_numpy(np.int64)
    quiet = np.append(np.diff(at) - 1, 0)
    counted = 1 + np.where(quiet * EVENTS_PER < QUIET, quiet, 0)
    after = np.arange(counted.sum()) - np.repeat(np.cumsum(counted) - counted, counted)
    every = np.asarray(np.repeat(at, counted) + after, dtype=np.int64)
    sums = np.zeros(len(every))
    sums[np.cumsum(counted) - counted] = minutes.to_numpy()
    return every * EVENTS_PER, sums
