"""How the time and the memory of a whole plan grow with sites, quarters, offers and demands, part by part.

Each size is planned once in a process of its own, to a gap of 0.1 %, without terms: one of the four grows, the others
stay. Seconds are those of the processor, the solver's process included; memory is the peak of our process or that of
the solver's, whichever is more. The plot, on log axes, needs matplotlib.

    python -m benchmarks.growth [--plot FILE.svg] [--only SIZE]

`--only hyperscale` plans that size alone, for at most 300 seconds of search, and shows its parts.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from benchmarks.instances import Size, instance, size_of
from benchmarks.measuring import alone, spent
from optimizer.formulation import build_model
from optimizer.proven import Solved, plan_of
from optimizer.request.load import load_request
from optimizer.solving.certificate import certified_bound_usd
from optimizer.solving.matrix import matrix_of
from optimizer.solving.solution import Options
from optimizer.solving.solve import solve
from optimizer.tables import Tables, build_tables

BASE = Size(8, 12, 8, offers=32)
GROWN: Mapping[str, tuple[int, ...]] = {
    "sites": (2, 4, 8, 16, 32),
    "quarters": (6, 12, 24, 48),
    "offers": (8, 16, 32, 64),
    "demands": (2, 4, 8, 16, 32),
}
PARTS = ("start", "reading", "tables", "model", "matrix", "search", "certificate", "read-out and audit")
GAP, MOST, MOST_ALONE = 1e-3, 60.0, 300.0


class Planned(NamedTuple):
    """Seconds by part, MiB at the peak, the columns and nonzeros of the model, and the gap that was reached.

    Where no plan was found in time the gap is infinite, and there are no seconds of the last two parts.
    """

    seconds: Mapping[str, float]
    mib: float
    columns: int
    nonzeros: int
    gap: float

    @property
    def total(self) -> float:
        return math.fsum(self.seconds.values())


def planned(size: Size, most: float = MOST) -> Planned:
    """What a whole plan of a size costs."""
    with TemporaryDirectory() as folder:
        instance(size, Path(folder))
        found: Planned = alone("spawn", _planned, Path(folder) / "scenario.yaml", most)
        return found


def _planned(file: Path, most: float) -> Planned:
    seconds = {"start": spent().seconds}

    @contextmanager
    def part(name: str) -> Iterator[None]:
        before = spent().seconds
        yield
        seconds[name] = spent().seconds - before

    options = Options(gap=GAP, time_limit=most)
    with part("reading"):
        request = load_request(file)
    with part("tables"):
        tables = _worked_out(build_tables(request))
    with part("model"):
        model = build_model(tables)
    with part("matrix"):
        matrix = matrix_of(model)
    with part("search"):
        solution = solve(matrix, options)
    if solution.values.size:
        with part("certificate"):
            certified_bound_usd(matrix, solution.duals)
        with part("read-out and audit"):
            plan_of(Solved(request, model, matrix, solution, options))
        seconds["read-out and audit"] -= seconds["certificate"]  # of which it makes one too
    return Planned(seconds, spent().mib, len(matrix.cost), len(matrix.value), solution.gap)


def _worked_out(tables: Tables) -> Tables:
    """Tables whose rows are made, which else happens where the model first reads them."""
    for rows in (tables.work, tables.needs, tables.site_periods, tables.offer_supply, tables.mid):
        len(rows)
    return tables


def exponent(sizes: Iterable[float], amounts: Iterable[float]) -> float:
    """The power of the size with which an amount grows: the slope of the best line on log axes."""
    x, y = ([math.log(value) for value in values] for values in (sizes, amounts))
    middle_x, middle_y = math.fsum(x) / len(x), math.fsum(y) / len(y)
    spread = math.fsum((a - middle_x) ** 2 for a in x)
    return math.fsum((a - middle_x) * (b - middle_y) for a, b in zip(x, y, strict=True)) / spread


def grown() -> dict[str, dict[int, Planned]]:
    """What each size of the four that grow costs; the base, which all have, is planned once."""
    base = planned(BASE)
    return {
        name: {n: base if getattr(BASE, name) == n else planned(BASE._replace(**{name: n})) for n in sizes}
        for name, sizes in GROWN.items()
    }


def table(found: Mapping[str, Mapping[int, Planned]]) -> str:
    """Seconds and MiB by size, and the power with which each part grows: the search grows with none."""
    grow = [part for part in PARTS if part not in ("start", "search")]
    lines = ["| grows | to | seconds in all | of the search | MiB | " + " | ".join(grow) + " |"]
    lines.append("|---" * (5 + len(grow)) + "|")
    for name, plans in found.items():
        amounts = (
            plans,
            (f"{plan.total:.1f}" for plan in plans.values()),
            (f"{plan.seconds['search']:.1f}" for plan in plans.values()),
            (f"{plan.mib:.0f}" for plan in plans.values()),
        )
        powers = (exponent(plans, [plan.seconds[part] for plan in plans.values()]) for part in grow)
        told = [
            name,
            *(", ".join(map(str, each)) for each in amounts),
            *(f"{round(power, 1) + 0.0:.1f}" for power in powers),
        ]
        lines.append("| " + " | ".join(told) + " |")
    return "\n".join(lines)


def plot(found: Mapping[str, Mapping[int, Planned]], file: Path) -> None:
    """Seconds of the parts above, MiB below; on log axes, a straight line is a power."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams.update(
        {"svg.hashsalt": "chipmix", "svg.fonttype": "none", "font.size": 8, "font.sans-serif": ["DejaVu Sans"]}
    )
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(2, len(found), figsize=(11, 5), squeeze=False, sharey="row", height_ratios=(3, 1))
    for column, (name, plans) in enumerate(found.items()):
        seconds, memory = axes[0][column], axes[1][column]
        for part in PARTS:
            seconds.plot(list(plans), [plan.seconds[part] for plan in plans.values()], marker=".", label=part)
        seconds.plot(list(plans), [plan.total for plan in plans.values()], "k.-", label="whole plan")
        memory.plot(list(plans), [plan.mib for plan in plans.values()], "k.-")
        for axis in (seconds, memory):
            axis.set(xscale="log", yscale="log", xticks=list(plans), xticklabels=list(plans))
            axis.minorticks_off()
            axis.grid(linewidth=0.3)
        memory.set_xlabel(name)
    axes[0][0].set_ylabel("seconds of the processor")
    axes[1][0].set_ylabel("MiB at the peak")
    figure.legend(*axes[0][0].get_legend_handles_labels(), loc="upper center", ncols=len(PARTS) + 1, frameon=False)
    figure.savefig(file, metadata={"Date": None, "Creator": None}, bbox_inches="tight")


def parts(plan: Planned) -> str:
    """What one plan cost, part by part."""
    each: dict[str, Any] = {**plan.seconds, "whole plan": plan.total}
    lines = [f"{name:20} {seconds:8.2f} s" for name, seconds in each.items()]
    size = f"{plan.columns:,} columns, {plan.nonzeros:,} nonzeros"
    reached = f"gap {plan.gap:.2%}" if plan.gap < math.inf else "no plan in time"
    return "\n".join([*lines, f"{plan.mib:,.0f} MiB; {size}; {reached}"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--only", type=size_of)
    given = parser.parse_args()
    if given.only:
        print(parts(planned(given.only, MOST_ALONE)))
    else:
        found = grown()
        print(table(found))
        if given.plot:
            plot(found, given.plot)
