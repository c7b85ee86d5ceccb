"""The record of a cost line: all that is said of it; `register` has one for each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from optimizer.formulation.model import CostTerm, Model
from optimizer.tables import Tables

Budget = Literal["capex_usd", "opex_usd"]
InMonths = Literal["first", "evenly", "last"]


@dataclass(frozen=True)
class CostRecord:
    """One line of the costs: its function, the budget that it is cash of, and its label on the sheets.

    A `receipt` is negative, None: what is either. What is due `only_where` a scenario has it is left out of all other
    plans. Flows count as of the middle of their period, or `at_period_end`. What counts `in_profit` is taxed as it
    falls due, or deducted if it is a cost. Cash of a period of several months falls `in_months`: in the first of them
    (what is due when ordered, started or entering service), evenly, or in the last; None is no cash. `falls_on` is what
    the line is a cost of where no accelerator bears it, with the reason `unborne` and the name `apart`.
    """

    terms: Callable[[Model], Iterable[CostTerm]]
    budget: Budget | None
    label: str
    receipt: bool | None = False
    only_where: Callable[[Tables], bool] | None = None
    at_period_end: bool = False
    in_profit: bool = False
    in_months: InMonths | None = None
    note: str = ""
    falls_on: Literal["accelerators", "software", "work", "site", "frame", "profit"] = "accelerators"
    unborne: str = ""
    apart: str = ""

    @property
    def name(self) -> str:
        """The name of the line in a plan."""
        return self.terms.__name__

    @property
    def taxed(self) -> Literal["mid", "end"] | None:
        """As of when it counts in the profit that is taxed, if it does."""
        return ("end" if self.at_period_end else "mid") if self.in_profit else None
