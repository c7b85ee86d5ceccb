"""A plan as a notebook shows it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from catalogs.printable import one_line
from optimizer.notebook import html
from optimizer.notebook.frames import frame_of, typed
from optimizer.plan import format as fmt
from optimizer.plan.compare import present
from optimizer.plan.currency import objective_flows, plan_rates
from optimizer.plan.provenance import Part

if TYPE_CHECKING:
    import pandas as pd


class Table:
    """A table of a plan's document, made into a DataFrame when asked for: a copy, whose changes change no plan."""

    def __set_name__(self, owner: type[Plan], name: str) -> None:
        self._name = name
        self._model: type[Part] = get_args(fmt.Plan.model_fields[name].annotation)[0]
        self.__doc__ = self._model.__doc__

    def __get__(self, plan: Plan | None, owner: type[Plan]) -> pd.DataFrame:
        return frame_of(self._model, () if plan is None else getattr(plan.document, self._name))


class Plan:
    """A plan, proven and audited. Each table is a DataFrame; `document` is all of it, as `plan.json` has it.

    Money is in USD, power in MW, work in the unit of its workload, periods are text such as `2026q1`.
    """

    periods = Table()
    orders = Table()
    frames = Table()
    after_horizon = Table()
    in_service = Table()
    work = Table()
    unmet = Table()
    retired = Table()
    expanded = Table()
    engineering = Table()
    porting = Table()
    clusters = Table()
    sites = Table()
    budget = Table()
    supply = Table()
    limits = Table()
    excluded = Table()

    def __init__(self, document: fmt.Plan) -> None:
        self.document = document

    @classmethod
    def read(cls, path: str | Path) -> Plan:
        """A plan from `plan.json` or a workbook, held against its hashes and audited again. Raises InputError."""
        from optimizer.plan_files import read_plan

        return cls(read_plan(Path(path)))

    def write(self, path: str | Path) -> None:
        """Writes the plan as a workbook where the name ends in .xlsx, else as plan.json. Raises Unwritable."""
        from optimizer.files import write_text
        from optimizer.plan.text import plan_text

        if Path(path).suffix != ".xlsx":
            write_text(Path(path), plan_text(self.document))
            return
        from optimizer.workbook import write_workbook

        write_workbook(self.document, Path(path), command=f"Plan.write('{Path(path).name}')")

    @property
    def name(self) -> str:
        """The name of the scenario."""
        return str(self.document.scenario["name"])

    @property
    def status(self) -> str:
        """`optimal`, or `feasible` where the search was stopped early."""
        return self.document.status

    @property
    def objective_usd(self) -> float:
        """What the plan costs in present value; less what it earns, where value is maximised."""
        return self.document.objective_usd

    @property
    def bound_usd(self) -> float:
        """No plan can cost less."""
        return self.document.bound_usd

    @property
    def gap(self) -> float:
        """The part of the cost by which another plan could be cheaper."""
        return self.document.gap

    @property
    def warnings(self) -> tuple[str, ...]:
        """What changes the meaning of the decision, that which says most first."""
        return self.document.warnings

    @property
    def notes(self) -> tuple[str, ...]:
        """What is only worth knowing."""
        return self.document.notes

    @property
    def costs(self) -> pd.DataFrame:
        """Cash in USD of each cost line in each period, undiscounted."""
        cash = self.document.costs
        rows = ((line, period, usd) for line, by_period in cash.items() for period, usd in by_period.items())
        return typed({"cost": "string", "period": "string", "usd": "float64"}, rows)

    @property
    def present_costs(self) -> pd.DataFrame:
        """Present value in USD of each cost line; they sum to the objective."""
        return typed({"cost": "string", "usd": "float64"}, present(self.document).items())

    def __repr__(self) -> str:
        return f"<Plan {one_line(self._headline())}>"

    def _headline(self) -> str:
        rates = plan_rates(self.document)
        shown = rates.translated(objective_flows(self.document)) if rates.varies else self.objective_usd * rates.mean
        return f"{self.name}: {self.status}, {shown:,.2f} {rates.code}, gap {100 * self.gap:.2g} %"

    def _repr_html_(self) -> str:
        columns = ("ordered", "enters_service", "offer", "place", "systems", "accelerators", "capex_usd", "rent_usd")
        rows = [[_shown(getattr(order, name)) for name in columns] for order in self.document.orders]
        warned = html.items(self.warnings)
        return html.paragraph(self._headline()) + warned + html.table(columns, rows)


def _shown(value: Any) -> str | float:
    return value if isinstance(value, str) else float(value)
