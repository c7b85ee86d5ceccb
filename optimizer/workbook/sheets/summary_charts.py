"""The charts of the Summary, each with the sentence that stands for it where it cannot be seen."""

from __future__ import annotations

from math import fsum

from optimizer.workbook.sheets.carriers import OrderRows, PlaceRows
from optimizer.workbook.sheets.cash import CAPEX, COSTS
from optimizer.workbook.sheets.cash_carriers import CashRows
from optimizer.workbook.writing.book import Book
from optimizer.workbook.writing.charts import against_chart, cost_chart, entering_chart, place
from optimizer.workbook.writing.page import Page

CHART_ROWS = 13
"""Rows that a chart takes, with the gap below it."""
MILLION = 1e6


def place_charts(
    page: Page, orders: OrderRows, places: PlaceRows, cash: CashRows, costs: range, top: int, column: str
) -> None:
    """Four charts under one another, each with a sentence for who cannot see it."""
    found = []
    accelerators = list(orders.accelerators.values())
    if accelerators:
        found.append((entering_chart(page.book, accelerators), _say_entering(page.book)))
    if page.book.facts.sites:
        title = "Peak power at the meter against the limit, all sites"
        found.append((against_chart(page.book, places.power, [places.limit], title), _say_power(page.book)))
    capex, *budgets = cash.capex_path
    if budgets or _capex(page.book):
        title = "Capex so far against budget" if budgets else "Capex so far (no budget)"
        found.append((against_chart(page.book, capex, budgets, title), _say_capex(page.book, bool(budgets))))
    if costs:
        found.append((cost_chart(page, costs[0], costs[-1]), _say_costs(page.book)))
    for i, (chart, says) in enumerate(found):
        place(page, chart, f"{column}{top + CHART_ROWS * i}", says)


def _say_entering(book: Book) -> str:
    by_key = dict.fromkeys(book.facts.keys, 0.0)
    for row in book.facts.plan.orders:
        by_key[row.enters_service] += row.accelerators
    most = max(by_key, key=lambda key: by_key[key])
    return f"Stacked columns of accelerators entering service by period; most, {by_key[most]:,.0f}, enter in {most}."


def _say_power(book: Book) -> str:
    used = dict.fromkeys(book.facts.keys, 0.0)
    for row in book.facts.plan.sites:
        used[row.period] += row.power_used_mw
    most = max(used, key=lambda key: used[key])
    return f"Columns of peak power over all sites, the limit as a line; highest in {most}: {used[most]:,.3f} MW."


def _capex(book: Book) -> float:
    """USD of capex over the horizon."""
    return fsum(fsum(book.facts.plan.costs.get(name, {}).values()) for name in CAPEX)


def _say_capex(book: Book, budget: bool) -> str:
    line = ", the budgets begun so far as a line" if budget else ""
    return f"Columns of capex from the first period on{line}; {_capex(book) / MILLION:,.1f} million USD in all."


def _say_costs(book: Book) -> str:
    cash = {name: fsum(values.values()) for name, values in book.facts.plan.costs.items()}
    most = max(cash, key=lambda name: cash[name])
    return f"Bars of the present value of each cost, receipts to the left; the largest outlay is {COSTS[most].lower()}."
