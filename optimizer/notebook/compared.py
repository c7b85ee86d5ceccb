"""Plans side by side as a notebook shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalogs.printable import one_line
from optimizer.notebook import html
from optimizer.notebook.frames import frame_of, typed
from optimizer.plan import compare as found

if TYPE_CHECKING:
    import pandas as pd


class Comparison:
    """Plans side by side; what changed is from the first plan to each of the others. Money is in USD."""

    def __init__(self, document: found.Comparison) -> None:
        self.document = document

    @property
    def plans(self) -> pd.DataFrame:
        """Each plan in a row: objective, bound, gap, cash, peak power."""
        return frame_of(found.Side, self.document.plans, leave_out=("accelerators", "present_usd", "frames"))

    @property
    def accelerators(self) -> pd.DataFrame:
        """Accelerators ordered, by plan and vendor."""
        rows = ((side.name, vendor, n) for side in self.document.plans for vendor, n in side.accelerators.items())
        return typed({"plan": "string", "vendor": "string", "accelerators": "float64"}, rows)

    @property
    def costs(self) -> pd.DataFrame:
        """Present value of each cost line, by plan."""
        rows = ((side.name, line, usd) for side in self.document.plans for line, usd in side.present_usd.items())
        return typed({"plan": "string", "cost": "string", "usd": "float64"}, rows)

    @property
    def orders(self) -> pd.DataFrame:
        """Orders added, dropped and moved, by plan."""
        frame = frame_of(found.OrderChange, (order for change in self.document.changes for order in change.orders))
        frame.insert(0, "plan", [change.plan for change in self.document.changes for _ in change.orders])
        return frame.astype({"plan": "string"})

    @property
    def bridge(self) -> pd.DataFrame:
        """Why each plan costs more or less than the first, in steps that sum to the difference."""
        changes = self.document.changes
        rows = ((change.plan, step.name, step.usd, step.meaning) for change in changes for step in change.bridge.steps)
        return typed({"plan": "string", "step": "string", "usd": "float64", "meaning": "string"}, rows)

    def __repr__(self) -> str:
        return f"<Comparison of {', '.join(one_line(side.name) for side in self.document.plans)}>"

    def _repr_html_(self) -> str:
        sides = [(s.name, s.status, s.objective_usd, s.capex_usd, s.opex_usd) for s in self.document.plans]
        steps = [(change.plan, step.name, step.usd) for change in self.document.changes for step in change.bridge.steps]
        costs = html.table(("plan", "status", "objective_usd", "capex_usd", "opex_usd"), sides)
        return costs + html.table(("plan", "step", "usd"), steps)
