"""Cash by period and fiscal year, cost lines, and what a unit costs."""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum

from optimizer.formulation.register import COST_LINE, COST_LINES, lines_of
from optimizer.plan.currency import present_flows
from optimizer.report.charts import Chart, drawn
from optimizer.report.elements import Cell, Html, element, joined, table
from optimizer.report.subject import Subject, figure
from optimizer.request.currency import USD
from optimizer.workbook.unit_figures import unit_figures

RENT = "rent_usd"
PARTS = {
    "Capex": lines_of("capex_usd"),
    "Opex without rent": tuple(name for name in lines_of("opex_usd") if name != RENT),
    "Rent": (RENT,),
    "Tax": ("tax_usd",),
    "Resale": ("resale_usd",),
}
"""What cash is made of."""


def cash(on: Subject) -> Html:
    """The section: by period with its drawing, and by fiscal year. Residual value is never a receipt here."""
    parts = {label: values for label, names in PARTS.items() if any(values := on.by_period(names))}
    paid = [fsum(of_period) for of_period in zip(*parts.values(), strict=True)] or [0.0] * len(on.periods)
    labels = {on.say(label): values for label, values in parts.items()}
    columns = [f"{name}, {on.unit}" for name in (*labels, on.say("Cash paid"))]
    title = on.say("Cash paid by period")
    chart = Chart("cash", title, on.say("Stacked bars, one for each period; the table below has the figures."), on.unit,
                  on.periods, labels)  # fmt: skip
    each = [*labels.values(), paid]
    rows = [(key, *(on.money(values[i]) for values in each)) for i, key in enumerate(on.periods)]
    sums = [on.money(fsum(values)) for values in each]
    years = [on.by_year(values) for values in each]
    of_years = [(year, *(on.money(values[year]) for values in years)) for year in on.years]
    total = [on.say("All periods"), *sums]
    return joined([
        *([drawn(chart)] if labels else []), table(title, [on.say("Period"), *columns], rows, total),
        table(on.say("Cash paid by fiscal year"), [on.say("Fiscal year"), *columns], of_years, total),
    ])  # fmt: skip


def cost_lines(on: Subject) -> Html:
    """Each cost as cash and as present value."""
    rows: list[Sequence[Cell]] = [
        (on.say(record.label), on.money(on.flows(on.plan.costs[record.name])),
         on.money(on.flows(present_flows(on.plan, record.name))))
        for record in COST_LINES if any(on.plan.costs.get(record.name, {}).values())
    ]  # fmt: skip
    assert set(on.plan.costs) <= set(COST_LINE)
    columns = [on.say("Cost line"), *(f"{on.say(name)}, {on.unit}" for name in ("Undiscounted", "Present value"))]
    total = [on.say("Total cost"), "", on.money(on.objective)]
    return table(on.say("Costs, receipts negative"), columns, rows, total)


def units(on: Subject) -> Html:
    """Levelised costs as the workbook has them."""
    note = on.say(
        "Levelised: the present value of all cost less residual value, over the quantity discounted alike; the "
        "constant price that would pay for it."
    )
    rows: list[Sequence[Cell]] = [
        (on.say(found.label), found.item, on.say(found.place) if found.place else "",
         figure(each, 6 if abs(each) < 0.01 else 4), on.say(found.unit.replace(USD, on.code, 1)))
        for found in unit_figures(on.plan) for each in [found.usd * on.rates.mean]
    ]  # fmt: skip
    columns = on.all(["What", "Accelerator", "Place", f"{on.code} a unit", "Unit"])
    return joined([element("p", note), table(on.say(f"Unit costs, in {on.code}"), columns, rows)])
