"""The rules that fill figures nobody publishes: one function each, inputs beside them.

A figure of the shipped catalogue whose source is named `rule_…` is the result of a rule here and of
nothing else; `figures` recomputes all of them and a test compares. `docs/estimates.md` explains the
rules with worked examples. Money is in USD, power in kW, rates in the workload's unit.
"""

from __future__ import annotations

from catalogs.estimates.packages import draw_figures, memory_figures
from catalogs.estimates.power import power_figures
from catalogs.estimates.prices import price_figures
from catalogs.estimates.rates import rate_figures
from catalogs.estimates.rents import rent_figures
from catalogs.estimates.rounding import Value
from catalogs.schema import Catalog


def figures(catalog: Catalog) -> dict[str, Value]:
    """Every figure that a rule fills, by `<entry>.<field>` or `throughput.<accelerator>.<workload>`.

    Rules build on figures of the catalogue, some of which are estimates themselves, so this is one
    step: in the shipped catalogue every figure equals its recomputed value.
    """
    return {
        **power_figures(catalog),
        **price_figures(catalog),
        **rent_figures(catalog),
        **draw_figures(catalog),
        **memory_figures(),
        **rate_figures(catalog),
    }
