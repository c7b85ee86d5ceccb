"""What may be spent, as cash, in each window; `each_period` and `each_year` are a row for each of theirs."""

from __future__ import annotations

import math
from collections.abc import Iterator

from optimizer.formulation.model import USD_PER_MODEL_UNIT, Model, Row
from optimizer.tables import summed

LEAST_UNIT = 1000.0


def capex_within_budget(model: Model) -> Iterator[Row]:
    """Cash for systems, their network and added power stays within each window's budget.

    Σ_{t in window} hardware_usd(t) + network_usd(t) + facility_usd(t) ≤ capex_usd(window)
    """
    return _within(model, "capex_usd")


def opex_within_budget(model: Model) -> Iterator[Row]:
    """Cash for running stays within each window's budget: energy, hosting and all else that the register calls opex.

    Σ_{t in window} Σ_{c in opex} c(t) ≤ opex_usd(window)
    """
    return _within(model, "opex_usd")


def _within(model: Model, budget: str) -> Iterator[Row]:
    for window, most in model.tables.budgets[budget].items():
        unit = _unit(most)
        for keys, inside in model.tables.calendar.windows(window):
            spent = summed((variable, usd) for variable, t, usd in model.cash[budget] if t in inside)
            yield Row(keys, [(v, usd / unit) for v, usd in spent.items()], "<=", most / unit, "USD", unit)


def _unit(most: float) -> float:
    """USD of one unit in a budget's row: a million, less for a small budget, of which a solver's slip is then small."""
    return (
        min(USD_PER_MODEL_UNIT, max(LEAST_UNIT, 10.0 ** math.floor(math.log10(most)))) if most else USD_PER_MODEL_UNIT
    )
