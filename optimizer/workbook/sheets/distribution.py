"""Distribution: how the cost of a plan and what breaks are spread over futures, what drives cost, where it breaks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from openpyxl.chart import BarChart

from optimizer.uncertainty.distribution import Bin, Breaks, Driver, Interval, Spread, StressResult
from optimizer.workbook.language.given import Given
from optimizer.workbook.sheets.future_inputs import CHANGES
from optimizer.workbook.sheets.stamps import beside, command_of, digits, header_beside, rows_of, stamped
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.charts import frame, outlined, series_down, sideways
from optimizer.workbook.writing.lines import Check
from optimizer.workbook.writing.lists import Block, Cell, Column, Content, Drawing, Entry, ListSheet
from optimizer.workbook.writing.references import Places, Row, at, down

WIDTHS = (34, 25, 19, 19, 20, 20, 24, 19)
STATIC = "Figures of one run of stress; they follow no edit."
SPREADS = {
    "of": Column("What is spread"),
    "statistic": Column("Statistic"),
    "estimate": Column("Estimate", "any"),
    "least": Column("95 % from", "any"),
    "most": Column("95 % to", "any"),
    "unit": header_beside("Unit"),
    "planned": Column("Above the plan's, USD", "USD"),
}
INTERVALS = "Between the ends lies the figure of all futures with 95 % confidence, by 1,000 resamples (bootstrap)."
BINS = {
    "label": Column("Cost, USD m"),
    "least": Column("From, USD", "USD"),
    "most": Column("To less than, USD", "USD"),
    "other": Column("Other futures", "count"),
    "worst": Column("Worst tenth", "count"),
    "all": Column("Futures drawn", "count"),
    "share": Column("Share", "share"),
    "so far": Column("Share so far", "share"),
}
DRIVERS = {
    "draw": Column("Draw"),
    "correlation": Column("Rank correlation with cost", "ratio"),
    "lowest": Column("Mean cost in its lowest fifth, USD", "USD"),
    "highest": Column("Mean cost in its highest fifth, USD", "USD"),
    "swing": Column("Between them, USD", "USD"),
    "low m": Column("Lowest fifth, USD m", "MW"),
    "high m": Column("Highest fifth, USD m", "MW"),
}
BREAKS = {
    "draw": Column("Draw"),
    "change": Column("What changes"),
    "holds": Column("Holds at", "any"),
    "fails": Column("Fails at", "any"),
    "unit": header_beside("Unit"),
    "breaks": header_beside("What breaks there"),
}
DRIVERS_NOTE = "Bars of the chart: mean cost in a fifth of the futures less the mean of all; the longest on top."
BREAKS_NOTE = (
    "Each change alone, all else as planned; both figures are confirmed by a solve. Blank: none as far as looked."
)
QUANTITIES = (
    ("cost_usd", "Cost, present value", "USD"),
    ("unmet_share", "Work left undone, of a demand", "share"),
    ("over_budget_usd", "Beyond budgets", "USD"),
    ("unpowered_kw", "Unpowered", "kW"),
    ("late_systems", "Systems after the horizon", "systems"),
)
STATISTICS = {
    "mean": "Mean",
    "p5": "Quantile of 5 %",
    "p50": "Median",
    "p95": "Quantile of 95 %",
    "cvar90": "Mean of the worst tenth",
}
STOPPED = {"out_of_time": "out of time", "interrupted": "interrupted", None: "no"}
BIN_HEADERS, DRIVER_HEADERS, PLANNED = at("bins"), at("drivers"), at("spread", "planned")
WORST, OTHER, LOW, HIGH = "C05000", "0072B2", "0072B2", "C05000"
WIDTH, COLUMN_HEIGHT, BAR_HEIGHT, LEAST_HEIGHT = 26.0, 9.0, 0.8, 7.0
"""In cm."""
MOST_BARS, MOST_PLACES = 15, 6
MILLION = 1e6


def distribution(result: StressResult, command: str) -> ListSheet:
    """Spreads, the histogram and its chart, drivers and theirs, break points, the run."""
    bins = [at("bin", k) for k in range(len(result.histogram))]
    swings = sorted(result.drivers, key=lambda driver: -abs(driver.highest_usd - driver.lowest_usd))
    drawn = [at("driver", driver.draw) for driver in swings[:MOST_BARS]]
    tornado_cm = max(4.0 + BAR_HEIGHT * len(drawn), LEAST_HEIGHT)
    blocks = [
        _spreads(result),
        Block(list(_bins(result.histogram, bins)), BINS, gap=2, key=BIN_HEADERS.key),
        Block(heading="What drives cost", notes=[DRIVERS_NOTE], gap=rows_of(COLUMN_HEIGHT)),
        Block(_drivers(swings), DRIVERS, height=28, gap=0, key=DRIVER_HEADERS.key),
        Block(heading="How far each change alone may go", notes=[BREAKS_NOTE],
              gap=rows_of(tornado_cm) if drawn else 1),
        Block([_break(point) for point in result.break_points] or [Entry(("none",))], BREAKS, gap=0),
        _run(result, command),
    ]  # fmt: skip
    drawings = [Drawing(lambda places: _histogram(places, bins), _says(result), bins[-1], 2)]
    if drawn:
        last = at("driver", swings[-1].draw)
        drawings.append(Drawing(lambda places: _tornado(places, drawn, tornado_cm), _tells(swings[0]), last, 2))
    every = f"={down(bins, '<all>')}"
    checks = [Check("Histogram holds every future", f"=SUM({every[1:]})-{at('stress', 'samples').cell('value')}",
                    "count", "The futures of the histogram on Distribution are all that were drawn.")]  # fmt: skip
    return ListSheet(
        "Distribution", "Distribution: this plan in futures that are drawn", "1F3864", blocks, checks, widths=WIDTHS,
        wide=len(WIDTHS), frozen="B", stamp=STATIC, drawings=drawings,
        large="A:A", one_page=True,
    )  # fmt: skip


def _spreads(result: StressResult) -> Block:
    cost = Cell(result.plan_usd, "USD")
    planned = Entry(("Cost, present value", "As planned", cost, None, None, beside("USD")), PLANNED.key)
    entries = [planned]
    for field, words, unit in QUANTITIES:
        entries += _spread(words, unit, getattr(result, field))
    return Block(entries, SPREADS, notes=[INTERVALS])


def _spread(words: str, unit: str, spread: Spread) -> Iterator[Entry]:
    """The statistics of a quantity, those of cost against the plan's; of what is in no future, that it is in none."""
    for name, statistic in STATISTICS.items() if spread.above_zero or spread.mean.estimate else ():
        found: Interval = getattr(spread, name)
        ends = (Cell(value, unit) for value in (found.estimate, found.least, found.most))
        more = Formula(f"={{estimate}}-{PLANNED.part('$<estimate>$#n')}") if words == QUANTITIES[0][1] else None
        yield Entry((words, statistic, *ends, beside(unit), more), at("spread", words, name).key)
    if words != QUANTITIES[0][1]:
        yield Entry((words, "Share of futures with any", Cell(spread.above_zero, "share"), None, None, beside("share")))


def _bins(bins: Sequence[Bin], rows: Sequence[Row]) -> Iterator[Entry]:
    labels = _labels(bins)
    for k, (one, row) in enumerate(zip(bins, rows, strict=True)):
        total = f"SUM({down(rows, '<all>', fixed=True).replace('<all>', '$<all>')})"
        cells: dict[str, Content] = {
            "label": labels[k],
            "least": one.least_usd,
            "most": one.most_usd,
            "other": float(one.samples - one.worst),
            "worst": float(one.worst),
            "all": Formula("={other}+{worst}"),
            "share": Formula(f"={{all}}/{total}"),
            "so far": Formula(f"=SUM({down(rows[: k + 1], '<share>')})"),
        }
        yield Entry(cells, row.key)


def _labels(bins: Sequence[Bin]) -> list[str]:
    """The ends of each bin in millions, with as many digits as tell them apart."""
    ends = [f"{usd / MILLION:.10g}" for each in bins for usd in (each.least_usd, each.most_usd)]
    places = min(max(len(end.partition(".")[2]) for end in ends), MOST_PLACES)
    return [f"{each.least_usd / MILLION:,.{places}f} – {each.most_usd / MILLION:,.{places}f}" for each in bins]


def _drivers(drivers: Sequence[Driver]) -> list[Entry]:
    """The largest swing on top, as the chart draws them."""
    mean = at("spread", QUANTITIES[0][1], "mean").part("$<estimate>$#n")
    return [
        Entry(
            {
                "draw": Given(driver.draw),
                "correlation": driver.rank_correlation,
                "lowest": driver.lowest_usd,
                "highest": driver.highest_usd,
                "swing": Formula("=ABS({highest}-{lowest})"),
                "low m": Formula(f"=({{lowest}}-{mean})/usd_per_million"),
                "high m": Formula(f"=({{highest}}-{mean})/usd_per_million"),
            },
            at("driver", driver.draw).key,
        )
        for driver in drivers
    ] or [Entry(("none",))]


def _break(point: Breaks) -> Entry:
    unit = "months" if point.change.endswith("delay") else "factor"
    return Entry(
        (
            Given(point.draw),
            CHANGES[point.change],
            point.holds,
            point.fails,
            beside(unit),
            point.breaks.replace(", ", "; "),
        )
    )


def _run(result: StressResult, command: str) -> Block:
    """What the figures were made with."""
    samples: Entry = Entry(("Futures looked at", Cell(float(result.samples), "count")), at("stress", "samples").key)
    block = stamped([
        ("Program", f"chipmix {result.chipmix.version}", ""),
        ("Command", command_of(command), ""),
        ("Plan SHA-256, first digits", digits(result.plan_sha256), ""),
        ("Seed of the futures", float(result.seed), "number"),
        ("Futures asked for", float(result.asked), "count"),
        ("Stopped before the end", STOPPED[result.stopped], ""),
    ])  # fmt: skip
    return Block([*block.entries, samples], {"what": Column("The run"), "value": Column("Value")})


def _histogram(places: Places, rows: Sequence[Row]) -> BarChart:
    """Stacked columns: the worst tenth stands out in its own colour."""
    chart = BarChart()
    chart.type, chart.grouping, chart.overlap, chart.gapWidth = "col", "stacked", 100, 8
    for column, colour in (("other", OTHER), ("worst", WORST)):
        chart.series.append(series_down(places, rows, column, BIN_HEADERS, outlined(colour)))
    frame(chart, "Futures by the cost of this plan", "Cost, USD m", "Futures drawn")
    chart.width, chart.height = WIDTH, COLUMN_HEIGHT  # type: ignore[assignment]
    chart.x_axis.tickLblPos = "low"
    chart.y_axis.number_format = "0"
    chart.legend.position = "b"
    return chart


def _tornado(places: Places, rows: Sequence[Row], height_cm: float) -> BarChart:
    """From the mean of all futures, to where the lowest and the highest fifth of each draw lead."""
    chart = BarChart()
    chart.grouping, chart.overlap, chart.gapWidth = "clustered", 60, 40
    for column, colour in (("low m", LOW), ("high m", HIGH)):
        chart.series.append(series_down(places, rows, column, DRIVER_HEADERS, outlined(colour)))
    sideways(chart, "What drives the cost of this plan", "Draw", "Mean cost against that of all futures, USD m")
    chart.y_axis.number_format = "#,##0.0##;-#,##0.0##;0"
    chart.width, chart.height = WIDTH, height_cm  # type: ignore[assignment]
    return chart


def _says(result: StressResult) -> str:
    """The finding of the histogram in a sentence."""
    mean, worst = (each.estimate / MILLION for each in (result.cost_usd.mean, result.cost_usd.cvar90))
    return (
        f"Histogram of the cost in {result.samples:,} futures: {mean:,.3f} million USD in the mean, "
        f"{worst:,.3f} million in the mean of the worst tenth."
    )


def _tells(driver: Driver) -> str:
    """The finding of the tornado in a sentence."""
    swing = abs(driver.highest_usd - driver.lowest_usd) / MILLION
    return f"Tornado of what drives cost: {driver.draw} most, by {swing:,.3f} million USD between its fifths."
