"""What schedules grow to by the end of the horizon: no more and no less than their numbers may be."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from catalogs.leaves import leaves, number
from catalogs.periods import GROWTH, LARGEST, SMALLEST, first_month, steps, value_at, written
from catalogs.problems import Problem, Problems
from catalogs.validate import Sound, dotted
from catalogs.yaml_text import Map, Seq
from optimizer.request.calendar import Calendar

LEAST_PUE, MOST_PUE = Decimal(1), Decimal(10)
Grown = tuple[tuple[str, ...], Map, str, Decimal]
"""A path, the schedule there, the key of its growth, and what it is in the last month of the horizon."""


def check_growth(tree: Sound, known: Sound, calendar: Calendar, problems: Problems) -> None:
    """Growth goes one way, so that what is right in the last month of the horizon is right in every one."""
    for text in (tree, known):
        for path, schedule, key, last in _grown(text, (), calendar):
            for wrong in filter(None, (_size(last), _pue(path, last, tree), _peak(path, last, known))):
                message = (
                    f"{dotted((*path, key))}: by {written(calendar.last_month, 1)} it has grown to {float(last):.4g}, "
                )
                problems.append(Problem(schedule[key].at, message + wrong))


def _grown(node: object, path: tuple[str, ...], calendar: Calendar) -> Iterator[Grown]:
    """Every schedule that grows inside the horizon."""
    if isinstance(node, Map):
        for key in GROWTH.keys() & node.keys():
            numbers = {step: number(text) for step, text in node.items()}
            listed = {step: each for step, each in numbers.items() if each is not None}
            begun = steps(listed) and max(map(first_month, steps(listed))) < calendar.last_month
            last = value_at(listed, calendar.last_month) if begun and len(listed) == len(node) else None
            if last is not None:
                yield path, node, key, last
    children = node.items() if isinstance(node, Map) else enumerate(node) if isinstance(node, Seq) else ()
    for name, child in children:
        yield from _grown(child, (*path, str(name)), calendar)


def _size(last: Decimal) -> str | None:
    fits = last == 0 or SMALLEST <= last <= LARGEST
    return None if fits else f"which must lie between {SMALLEST} and {LARGEST}; give a growth nearer to 0"


def _pue(path: tuple[str, ...], last: Decimal, tree: Sound) -> str | None:
    if path[0] != "sites" or path[-1] != "pue":
        return None
    peaks = [number(text) for _, text, _ in leaves(tree, *path[:-1], "peak_pue")]
    most = min([MOST_PUE, *filter(None, peaks)])
    return None if LEAST_PUE <= last <= most else f"and a PUE must lie between {LEAST_PUE} and {most}, its most"


def _peak(path: tuple[str, ...], last: Decimal, known: Sound) -> str | None:
    """A rate in TFLOP/s stays within the peak of its precision."""
    if path[0] != "throughput" or path[-1] != "rate":
        return None
    owner, workload = path[1:3]
    in_tflops = any(unit == "TFLOP/s" for _, unit, _ in leaves(known, "workloads", workload, "unit"))
    for _, precision, _ in leaves(known, *path[:-1], "precision"):
        for _, text, _ in leaves(known, "accelerators", owner, "peak_tflops", str(precision)):
            peak = number(text)
            if in_tflops and peak is not None and last > peak:
                return f"which exceeds the {precision} peak of {owner} ({peak} TFLOP/s)"
    return None
