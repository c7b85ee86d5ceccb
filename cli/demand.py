"""`chipmix demand`: what a usage trace says of demand, as a schedule."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypedDict, Unpack

import click

from cli.options import SHARE
from cli.outputs import check_targets, delivering, is_printed, json_option, write_json
from cli.screen import say

if TYPE_CHECKING:
    from datetime import tzinfo

    from optimizer.usage.demand import Usage

SCREEN, LONGEST_BAR = 80, 20
BETWEEN_COLUMNS = 14
"""What a table on a terminal has beside its five columns."""
FULL, LIGHT = "█", "░"
MOST_GAPS = 5
ROWS = {
    "count": "work done in each interval",
    "rate": "work per second",
    "event": "single requests, added up by minute",
}


class Given(TypedDict):
    """What was typed."""

    trace: Path
    column: str
    time_column: str | None
    rows: Literal["count", "rate", "event"]
    period: Literal["month", "quarter", "year"]
    quantile: float
    time_zone: tzinfo
    add_same_time: bool
    demand_id: str
    json_file: Path | None


class TimeZone(click.ParamType):  # type: ignore[type-arg]
    """A time zone by its name in the IANA database, such as Europe/Berlin."""

    name = "time zone"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> tzinfo:
        from zoneinfo import ZoneInfo, available_timezones

        from catalogs.problems import nearest

        known = available_timezones() | {"UTC"}
        if value not in known:
            near = nearest(value, known)
            self.fail(f"there is no time zone '{value}'" + (f"; did you mean '{near}'?" if near else ""), param, ctx)
        return ZoneInfo(value)


class Id(click.ParamType):  # type: ignore[type-arg]
    """An id as scenarios have them."""

    name = "id"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        import re

        from catalogs.values import ID_PATTERN

        if not re.fullmatch(ID_PATTERN, value):
            self.fail(f"'{value}' is no id: small letters, digits, _ and ., a letter first", param, ctx)
        return value


@click.command(short_help="Turn a usage trace into a demand: peak and mean of each period.")
@click.argument("trace", type=click.Path(path_type=Path, dir_okay=False, exists=True), metavar="TRACE.csv")
@click.option("--column", required=True, metavar="NAME", help="The column of tokens, requests or other work.")
@click.option("--time", "time_column", metavar="NAME", help="The column of times; default: the first one.")
@click.option("--rows", type=click.Choice(tuple(ROWS)), default="count", show_default=True,
              help="What a row says: work done from its time until the next row (count), work per second from then "
                   "on (rate), or a single request with its work (event).")  # fmt: skip
@click.option("--period", type=click.Choice(("month", "quarter", "year")), default="month", show_default=True,
              help="Length of the periods.")  # fmt: skip
@click.option("--quantile", type=SHARE, default="99%", show_default=True, metavar="SHARE",
              help="The peak covers this share of the time sampled; 100% is the highest sample.")  # fmt: skip
@click.option("--time-zone", type=TimeZone(), default="UTC", show_default=True, metavar="NAME",
              help="Of times without an offset, and in which months begin, such as Europe/Berlin.")  # fmt: skip
@click.option("--add-same-time", is_flag=True,
              help="Rows of one time are parts, such as those of several servers, and add up.")  # fmt: skip
@click.option("--demand", "demand_id", type=Id(), default="usage", show_default=True, metavar="ID",
              help="The demand of the scenario that the schedule is for.")  # fmt: skip
@json_option()
def demand(**given: Unpack[Given]) -> None:
    """Turn a usage trace into a demand: the peak and the mean per second of each period.

    The peak is the rate that is not exceeded in 99 % of the time sampled; peaks shorter than an interval of the trace
    are not in it. Gaps, and rows without a value, count nowhere: absent is never zero. docs/demand.md says more.

    \b
    Examples:
      chipmix demand trace.csv --column tokens
      chipmix demand trace.csv --column tokens --period quarter --quantile 100%
    """
    from optimizer.plan.text import model_text
    from optimizer.usage.demand import MONTHS, Wanted, usage_of
    from optimizer.usage.trace import Asked

    check_targets([given["trace"]], {"--json": given["json_file"]})
    asked = Asked(given["column"], given["time_column"], given["rows"], given["time_zone"], given["add_same_time"])
    usage = usage_of(given["trace"], asked, Wanted(MONTHS[given["period"]], given["quantile"]))
    with delivering() as delivery:
        write_json(delivery, model_text(usage), given["json_file"])
        if not is_printed(given["json_file"]):
            _show(usage, given["demand_id"])


def _show(usage: Usage, demand_id: str) -> None:
    from cli.tables import heading, percent

    say(f"{usage.rows:,} rows of {usage.column}, from {usage.first} to {usage.last}")
    say(f"read as {ROWS[usage.rows_say]}; a sample lasts {_duration(usage.interval_seconds)}")
    heading("Per second")
    _show_periods(usage)
    _show_rows(usage)
    _show_gaps(usage)
    heading("For a scenario")
    say("demand:")
    say(f"  {demand_id}:  # beside its workload")
    say(f"    per_second: {usage.peaks()}  # peak: {percent(usage.quantile)} of the time sampled")
    say(f"    # per_second: {usage.means()}  # mean")
    heading("For one run")
    say(f"--set 'demand/{demand_id}/per_second={usage.peaks()}'")


def _show_periods(usage: Usage) -> None:
    from cli.tables import percent, show_table
    from optimizer.usage.demand import number_text

    figures = [
        [row.period, _grouped(number_text(row.peak_per_second)), _grouped(number_text(row.mean_per_second)),
         percent(row.observed)]
        for row in usage.periods
    ]  # fmt: skip
    highest = max(row.peak_per_second for row in usage.periods)
    used = sum(max(map(len, column)) for column in zip(*figures, strict=True))
    scale = min(LONGEST_BAR, SCREEN - used - BETWEEN_COLUMNS) / (highest or 1)
    bars = [_bar(row.peak_per_second * scale, row.mean_per_second * scale) for row in usage.periods]
    rows = [[*cells, bar] for cells, bar in zip(figures, bars, strict=True)]
    show_table(["period", "peak", "mean", "sampled", f"{FULL}mean{LIGHT}peak"], rows, [1, 2, 3])


def _grouped(number: str) -> str:
    whole, point, part = number.partition(".")
    return f"{int(whole):,}{point}{part}"


def _bar(peak: float, mean: float) -> str:
    """The mean and, from it on, the peak; a peak is at least one sign."""
    width = max(1, round(peak)) if peak else 0
    filled = min(width, round(mean))
    return FULL * filled + LIGHT * (width - filled)


def _show_rows(usage: Usage) -> None:
    """What was done with rows that are not each a sample of their own."""
    if usage.was_unsorted:
        say("rows were not in the order of their times, and were sorted")
    if usage.equal_rows:
        done = "counted like any other" if usage.equal_rows_counted else "left out"
        say(f"{usage.equal_rows:,} rows are equal to another one in every column: {done}")
    if usage.rows_without_value:
        say(f"{usage.rows_without_value:,} rows have no value: not sampled, not zero")


def _show_gaps(usage: Usage) -> None:
    from cli.tables import heading

    heading(f"Gaps: {usage.gap_count:,}, {_duration(usage.gap_seconds)} in all" if usage.gap_count else "Gaps: none")
    for gap in sorted(usage.gaps, key=lambda gap: -gap.seconds)[:MOST_GAPS]:
        say(f"{gap.start} to {gap.end}: {_duration(gap.seconds)}")
    if usage.gap_count:
        say("what was not sampled counts nowhere, neither as zero nor as what was sampled around it")
    if usage.periods_without_samples:
        missing = usage.periods_without_samples
        more = f" and {len(missing) - MOST_GAPS} more" if len(missing) > MOST_GAPS else ""
        say(f"no sample in {', '.join(missing[:MOST_GAPS])}{more}: there the schedule keeps the value before")


def _duration(seconds: float) -> str:
    """A length of time in the largest unit that it has two of."""
    for unit, length in (("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:,.4g} {unit}"
    return f"{seconds:,.4g} s"
