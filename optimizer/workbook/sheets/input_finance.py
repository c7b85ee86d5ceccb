"""The part of Inputs about rates, residual value and carbon."""

from __future__ import annotations

from dataclasses import replace

from optimizer.workbook.facts import DEFAULT_RESIDUAL, number
from optimizer.workbook.writing.lines import Line
from optimizer.workbook.writing.references import Row, key_of
from optimizer.workbook.writing.table import Table

OURS = "chipmix: definition"
TIMING, TERM, PLACED = "sets when it can be ordered", "sets how long it serves", "already placed"
"""Why assumptions are locked: a plan with other terms is another plan, not this one at another cost."""
RESIDUAL = ("finance/residual",)
RESIDUAL_COUNTED, RESIDUAL_BY_BOOK = "residual_counted", "residual_by_book_life"
"""Parts of the residual rule, and names of their cells; its other parts are the ages of the table."""


AFTER = ("finance/owed_after_horizon",)
AFTER_COUNTED, AFTER_LESS_WORTH = "rent_after_counted", "rent_after_less_worth"
"""Parts of the rule for rent after the horizon, and names of their cells."""


def write_finance(table: Table) -> None:
    """Rates and lives."""
    finance = table.book.facts.scenario["finance"]
    table.heading("Finance", "Nominal, before tax. Costs are positive, receipts negative.")
    for label, unit, key, rule in (
        ("Discount rate", "share/year", "discount_rate", "share"),
        ("Maintenance, share of price paid", "share/year", "maintenance_share", "share"),
        ("Service life of a purchase without a term", "years", "service_life_years", "positive"),
        ("Book life", "years", "book_life_years", "positive"),
    ):
        line = Line(label, unit, constant=number(finance[key]), source=f"scenario: {key}", rule=rule, name=key)
        locked = key == "service_life_years"
        table.line(replace(line, locked=TERM) if locked else replace(line, keys=(f"finance/{key}",)))
    currency = table.book.facts.scenario.get("currency", {"code": "USD", "per_usd": "1"})
    label = f"Exchange rate, {currency['code']} per USD"
    rate = number(currency["per_usd"])
    table.line(
        Line(
            label,
            "currency/USD",
            constant=rate,
            source="scenario: per_usd",
            rule="positive",
            name="currency_per_usd",
            keys=("currency/per_usd",),
        )
    )


def write_residual(table: Table) -> tuple[list[Row], list[Row]]:
    """The switches and the table of residual shares; linear between its ages, constant after the last."""
    residual = table.book.facts.scenario["finance"]["residual"]
    given = residual if isinstance(residual, dict) else DEFAULT_RESIDUAL
    table.heading(
        "Residual value",
        "Share of price and network that is left at an age: from the table, or straight-line over the book life.",
    )
    for label, value, part in (
        ("Residual value counted", float(residual != "none"), RESIDUAL_COUNTED),
        ("From the book life (0: from the table)", float(residual == "book"), RESIDUAL_BY_BOOK),
    ):
        line = Line(label, "switch", constant=value, source="scenario: residual", rule="switch", name=part)
        table.line(replace(line, keys=RESIDUAL, part=part))
    points = [(0.0, 1.0), *sorted((number(age), number(share)) for age, share in given.items())]
    where = "scenario: residual" if isinstance(residual, dict) else "default table, not in use"
    ages, shares = [], []
    for i, (age, _) in enumerate(points):
        source = OURS if i == 0 else where
        ages.append(
            table.line(
                Line(
                    f"Table point {i}: age",
                    "years",
                    constant=age,
                    source=source,
                    rule="amount",
                    key=key_of("residual age", i),
                )
            )
        )
    for i, (_, share) in enumerate(points):
        source = OURS if i == 0 else where
        line = Line(f"Table point {i}: share left", "share", constant=share, source=source, rule="share")
        keys = RESIDUAL if i else ()
        shares.append(table.line(replace(line, keys=keys, part=f"{points[i][0]:.0f}", key=key_of("residual share", i))))
    return ages, shares


def write_after_horizon(table: Table) -> None:
    """The switches of what is owed on terms that outlast the horizon."""
    rule = table.book.facts.scenario["finance"]["owed_after_horizon"]
    note = "Rent of terms that outlast the horizon: in full, or less what the rest would fetch by the share left."
    table.heading("Rent after the horizon", note)
    for label, value, part in (
        ("Rent after the horizon counted", float(rule != "ignored"), AFTER_COUNTED),
        ("Less what the rest of a term would fetch (0: in full)", float(rule == "as_residual"), AFTER_LESS_WORTH),
    ):
        line = Line(label, "switch", constant=value, source="scenario: owed_after_horizon", rule="switch", name=part)
        table.line(replace(line, keys=AFTER, part=part))


def write_carbon_price(table: Table) -> Row:
    """The price of carbon by period."""
    facts = table.book.facts
    prices = facts.over_periods("carbon_usd_per_t", facts.scenario["finance"]["carbon_usd_per_t"], 0.0)
    table.heading("Carbon")
    source = "scenario: carbon_usd_per_t"
    keys = ("finance/carbon_usd_per_t",)
    return table.line(
        Line("Carbon price", "USD/t", periods=prices, source=source, rule="amount", keys=keys, key="carbon price")
    )
