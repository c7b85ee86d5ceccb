"""Decisions under uncertainty and stressed plans as a notebook shows them."""

from __future__ import annotations

from collections.abc import Iterator
from math import fsum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catalogs.printable import one_line
from optimizer.notebook import html
from optimizer.notebook.frames import frame_of, typed
from optimizer.notebook.view import Plan
from optimizer.plan.provenance import Part
from optimizer.uncertainty import distribution as of_stress
from optimizer.uncertainty import results as of_robust

if TYPE_CHECKING:
    import pandas as pd

WORKBOOK, ROUNDED = ".xlsx", 9
TEXT, FLOAT = "string", "float64"
QUANTITIES = ("cost_usd", "unmet_share", "over_budget_usd", "unpowered_kw", "late_systems")
STATISTICS = ("mean", "p5", "p50", "p95", "cvar90")


class Decision:
    """One decision for all futures; `plan` is the plan of the scenario as it stands in which it has been taken.

    `document` is all of it, as `robust --json` has it. Money is in USD, as present value. `plan` is None where the
    decision leaves no plan of whole systems.
    """

    def __init__(self, document: of_robust.RobustResult, plan: Plan | None) -> None:
        self.document, self.plan = document, plan

    @property
    def expected_usd(self) -> float:
        """What the decision is expected to cost."""
        return self.document.expected_usd.most_usd

    @property
    def bound_usd(self) -> float:
        """No decision can be better, by what it is best by."""
        return self.document.bound_usd

    @property
    def sign_now(self) -> pd.DataFrame:
        """What is decided for all futures: orders, power, engineering, porting, frames, what is switched off."""
        rows = ((s.kind, ", ".join(s.what), s.period, s.amount, s.unit) for s in self.document.sign_now)
        return typed({"kind": TEXT, "what": TEXT, "period": TEXT, "amount": FLOAT, "unit": TEXT}, rows)

    @property
    def may_change(self) -> pd.DataFrame:
        """Orders placed later, with what becomes of them: least, most and expected systems."""
        return frame_of(of_robust.MayChange, self.document.may_change)

    @property
    def futures(self) -> pd.DataFrame:
        """The decision in each future: what it costs, what more than a plan that knew, and what it breaks."""
        columns = dict.fromkeys(("cost_usd", "regret_usd", "unmet_usd", "over_usd", "most_unpowered"), FLOAT)
        rows = (
            (
                *(row.name, row.probability, row.cost_usd, row.regret_usd, row.unmet_usd),
                fsum(each.usd for each in row.over),
                max((each.systems for each in row.unpowered), default=0.0),
            )
            for row in self.document.futures
        )
        return typed({"future": TEXT, "probability": FLOAT, **columns}, rows)

    @property
    def costs(self) -> pd.DataFrame:
        """Every plan in every future: a column for each future, then expectation, mean of the worst, worst."""
        names = [row.name for row in self.document.futures]
        figures = ("expected_usd", "cvar_usd", "worst_usd", "largest_regret_usd")
        rows = (
            (row.plan, *(row.costs_usd[name] for name in names), *(getattr(row, name) for name in figures))
            for row in self.document.regret
        )
        return typed({"plan": TEXT, **dict.fromkeys((*names, *figures), FLOAT)}, rows)

    @property
    def regret(self) -> pd.DataFrame:
        """What every plan costs more in every future than the least that was found there."""
        found = self.document.futures
        rows = list(self.document.regret)
        least = {each.name: min(each.known_usd.most_usd, *(row.costs_usd[each.name] for row in rows)) for each in found}
        table = ((row.plan, *(row.costs_usd[name] - usd for name, usd in least.items())) for row in rows)
        return typed({"plan": TEXT, **dict.fromkeys(least, FLOAT)}, table)

    @property
    def over(self) -> pd.DataFrame:
        """Limits that the decision passes, by future."""
        return self._by_future(of_robust.OverRow, "over")

    @property
    def unpowered(self) -> pd.DataFrame:
        """Systems that stand unpowered, by future."""
        return self._by_future(of_robust.UnpoweredRow, "unpowered")

    def _by_future(self, model: type[Part], field: str) -> pd.DataFrame:
        found = [(row.name, each) for row in self.document.futures for each in getattr(row, field)]
        frame = frame_of(model, (each for _, each in found))
        frame.insert(0, "future", [name for name, _ in found])
        return frame.astype({"future": TEXT})

    def write(self, path: str | Path) -> None:
        """Writes a workbook where the name ends in .xlsx, else the result as JSON. Raises Unwritable, and ValueError
        for a workbook of a decision that leaves no plan of whole systems."""
        if Path(path).suffix != WORKBOOK:
            _write_json(path, self.document)
            return
        if self.plan is None:
            raise ValueError("the decision leaves no plan of whole systems, so there is no workbook of it")
        from optimizer.workbook import write_workbook

        command = f"Decision.write('{Path(path).name}')"
        write_workbook(self.plan.document, Path(path), command=command, decision=self.document)

    def __repr__(self) -> str:
        return f"<Decision {one_line(self._headline())}>"

    def _headline(self) -> str:
        found = self.document
        return (
            f"{found.scenario}: {found.status}, {len(found.futures)} futures, expected {self.expected_usd:,.2f} USD, "
            f"gap {100 * round(found.gap, ROUNDED):.2g} %"
        )

    def _repr_html_(self) -> str:
        now = [(s.kind, ", ".join(s.what), s.period or "", s.amount, s.unit) for s in self.document.sign_now]
        names = [row.name for row in self.document.futures]
        costs: list[tuple[str | float, ...]] = [
            (row.plan, *(row.costs_usd[name] for name in names), row.expected_usd, row.worst_usd)
            for row in self.document.regret
        ]
        return (
            html.paragraph(self._headline())
            + html.table(("kind", "what", "period", "amount", "unit"), now)
            + html.table(("plan", *names, "expected_usd", "worst_usd"), costs)
            + html.items(self.document.notes)
        )


class Stressed:
    """What happens to a plan in futures that are drawn; `document` is all of it, as `stress --json` has it."""

    def __init__(self, document: of_stress.StressResult, plan: Plan) -> None:
        self.document, self.plan = document, plan

    @property
    def spread(self) -> pd.DataFrame:
        """Mean, quantiles and mean of the worst tenth of each quantity, with the ends of 95 % confidence."""
        ends = ("estimate", "least", "most")
        return typed({"quantity": TEXT, "statistic": TEXT, **dict.fromkeys(ends, FLOAT)}, self._statistics())

    def _statistics(self) -> Iterator[tuple[Any, ...]]:
        for quantity in QUANTITIES:
            for statistic in STATISTICS:
                found = getattr(getattr(self.document, quantity), statistic)
                yield quantity, statistic, found.estimate, found.least, found.most

    @property
    def above_zero(self) -> pd.DataFrame:
        """In what share of the futures there is any of a quantity."""
        rows = ((name, getattr(self.document, name).above_zero) for name in QUANTITIES[1:])
        return typed({"quantity": TEXT, "share": FLOAT}, rows)

    @property
    def histogram(self) -> pd.DataFrame:
        """How many futures cost how much."""
        return frame_of(of_stress.Bin, self.document.histogram)

    @property
    def drivers(self) -> pd.DataFrame:
        """What moves cost, most first."""
        return frame_of(of_stress.Driver, self.document.drivers)

    @property
    def break_points(self) -> pd.DataFrame:
        """How far each change alone may go."""
        return frame_of(of_stress.Breaks, self.document.break_points)

    @property
    def costs(self) -> pd.DataFrame:
        """What the plan costs in each future that was drawn, by its number from 1."""
        return typed({"future": "int64", "cost_usd": FLOAT}, enumerate(self.document.costs_usd, start=1))

    def write(self, path: str | Path) -> None:
        """Writes a workbook where the name ends in .xlsx, else the result as JSON. Raises Unwritable."""
        if Path(path).suffix != WORKBOOK:
            _write_json(path, self.document)
            return
        from optimizer.workbook import write_workbook

        command = f"Stressed.write('{Path(path).name}')"
        write_workbook(self.plan.document, Path(path), command=command, stressed=self.document)

    def __repr__(self) -> str:
        return f"<Stressed {one_line(self._headline())}>"

    def _headline(self) -> str:
        found = self.document
        mean, worst = found.cost_usd.mean.estimate, found.cost_usd.cvar90.estimate
        return (
            f"{self.plan.name}: {found.samples} futures, {mean:,.2f} USD in the mean, "
            f"{worst:,.2f} USD in the worst tenth"
        )

    def _repr_html_(self) -> str:
        shown = [row for row in self._statistics() if getattr(self.document, row[0]).above_zero]
        drivers = [(d.draw, d.rank_correlation, d.lowest_usd, d.highest_usd) for d in self.document.drivers]
        return (
            html.paragraph(self._headline())
            + html.table(("quantity", "statistic", "estimate", "least", "most"), shown)
            + html.table(("draw", "rank_correlation", "lowest_usd", "highest_usd"), drivers)
        )


def _write_json(path: str | Path, document: Part) -> None:
    from optimizer.files import write_text

    write_text(Path(path), document.model_dump_json(indent=1) + "\n")
