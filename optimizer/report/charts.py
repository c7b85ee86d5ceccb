"""Drawings in SVG, each with a title and a description that stand for it where it cannot be seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, fsum, log10

from optimizer.report.elements import Html, element, joined
from optimizer.workbook.writing.styles import CHART_COLOURS

WIDTH, HEIGHT = 760, 300
LEFT, RIGHT, TOP, BOTTOM = 70, 10, 14, 54
MOST_LABELS, STEPS = 12, 4
INK, LINE = "#1f3864", "#a33c00"
Series = Mapping[str, Sequence[float]]


@dataclass(frozen=True)
class Chart:
    """Stacked bars by period, and a line of levels above them if there is one; `key` makes its ids its own."""

    key: str
    title: str
    says: str
    unit: str
    periods: Sequence[str]
    bars: Series
    line: tuple[str, Sequence[float]] | None = None


def drawn(chart: Chart) -> Html:
    """The drawing with its legend."""
    scale = _Scale(chart)
    parts = [
        element("title", chart.title, id=f"{chart.key}-title"), element("desc", chart.says, id=f"{chart.key}-desc"),
        *scale.grid(), *_bars(chart, scale), *_line(chart, scale), *scale.labels(),
    ]  # fmt: skip
    svg = element("svg", joined(parts), viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img",
                  aria_labelledby=f"{chart.key}-title {chart.key}-desc")  # fmt: skip
    caption = element("figcaption", element("strong", chart.title), f" · {chart.unit}", _legend(chart))
    return element("figure", caption, svg)


class _Scale:
    """Where periods and values stand."""

    def __init__(self, chart: Chart) -> None:
        self.chart = chart
        stacks = list(zip(*chart.bars.values(), strict=True)) or [(0.0,)]
        over = [fsum(value for value in stack if value > 0) for stack in stacks]
        under = [fsum(value for value in stack if value < 0) for stack in stacks]
        self.step = _nice(max(*over, *(chart.line[1] if chart.line else ()), 0.0), min(*under, 0.0))
        self.most = ceil(max(*over, *(chart.line[1] if chart.line else ()), self.step) / self.step) * self.step
        self.least = floor(min(*under, 0.0) / self.step) * self.step
        self.slot = (WIDTH - LEFT - RIGHT) / max(1, len(chart.periods))

    def y(self, value: float) -> float:
        return TOP + (self.most - value) / (self.most - self.least) * (HEIGHT - TOP - BOTTOM)

    def x(self, i: int) -> float:
        return LEFT + i * self.slot

    def grid(self) -> list[Html]:
        """Lines across and what they stand for."""
        found = []
        for k in range(round((self.most - self.least) / self.step) + 1):
            value = self.least + k * self.step
            y = f"{self.y(value):.1f}"
            colour = INK if abs(value) < self.step / 2 else "#c8ccd4"
            found.append(element("line", x1=f"{LEFT}", x2=f"{WIDTH - RIGHT}", y1=y, y2=y, stroke=colour))
            found.append(element("text", f"{value:,.10g}", x=f"{LEFT - 6}", y=y, class_="left", dy="0.35em"))
        return found

    def labels(self) -> list[Html]:
        """The periods below, as many as have room."""
        every = ceil(len(self.chart.periods) / MOST_LABELS)
        return [
            element("text", name, x=f"{self.x(i) + self.slot / 2:.1f}", y=f"{HEIGHT - BOTTOM + 18}", class_="below")
            for i, name in enumerate(self.chart.periods)
            if i % every == 0
        ]


def _nice(most: float, least: float) -> float:
    """A step of 1, 2 or 5 times a power of ten, so that a few of them span the values."""
    span = (most - least) / STEPS
    if span <= 0:
        return 1.0
    power = 10.0 ** floor(log10(span))
    return next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= span)


def _bars(chart: Chart, scale: _Scale) -> list[Html]:
    """Rectangles on one another, receipts below zero, outlined so that pale ones stand out."""
    found, width = [], scale.slot * 0.72
    over, under = ([0.0] * len(chart.periods) for _ in range(2))
    for number, (label, values) in enumerate(chart.bars.items()):
        colour = f"#{CHART_COLOURS[number % len(CHART_COLOURS)]}"
        for i, value in enumerate(values):
            if not value:
                continue
            base = over if value > 0 else under
            ends = sorted((scale.y(base[i]), scale.y(base[i] + value)))
            base[i] += value
            tip = element("title", f"{label}, {chart.periods[i]}: {value:,.4g} {chart.unit}")
            found.append(element("rect", tip, x=f"{scale.x(i) + scale.slot * 0.14:.1f}", y=f"{ends[0]:.1f}",
                                 width=f"{width:.1f}", height=f"{max(ends[1] - ends[0], 0.5):.1f}", fill=colour,
                                 stroke=INK, stroke_width="0.6"))  # fmt: skip
    return found


def _line(chart: Chart, scale: _Scale) -> list[Html]:
    """A level for each period."""
    if chart.line is None:
        return []
    points = [
        point
        for i, value in enumerate(chart.line[1])
        for point in (f"{scale.x(i):.1f},{scale.y(value):.1f}", f"{scale.x(i + 1):.1f},{scale.y(value):.1f}")
    ]
    return [element("polyline", points=" ".join(points), fill="none", stroke=LINE, stroke_width="2.5")]


def _legend(chart: Chart) -> Html:
    """What the colours mean."""
    keys = [(label, f"#{CHART_COLOURS[i % len(CHART_COLOURS)]}") for i, label in enumerate(chart.bars)]
    if chart.line is not None:
        keys.append((chart.line[0], LINE))
    return element("span", *(
        element("span", element("span", "", class_="swatch", style=f"background:{colour}"), label, class_="key")
        for label, colour in keys
    ), class_="legend")  # fmt: skip
