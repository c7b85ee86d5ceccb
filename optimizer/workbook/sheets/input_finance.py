"""The part of Inputs about rates, residual value and carbon."""

from __future__ import annotations

from optimizer.workbook.facts import DEFAULT_RESIDUAL, Facts, number
from optimizer.workbook.sheets.rates import rate_input
from optimizer.workbook.writing.assumptions import assumed, scheduled
from optimizer.workbook.writing.lines import Line, Section
from optimizer.workbook.writing.references import key_of

OURS = "chipmix: definition"
TIMING, TERM, PLACED = "sets when it can be ordered", "sets how long it serves", "already placed"
"""Why assumptions are locked: a plan with other terms is another plan, not this one at another cost."""
RATES = (
    ("discount_rate", ("Discount rate", "share/year", "share")),
    ("maintenance_share", ("Maintenance, share of price paid", "share/year", "share")),
    ("service_life_years", ("Service life of a purchase without a term", "years", "positive")),
    ("book_life_years", ("Book life", "years", "positive")),
)
"""Rates and lives of the scenario, by field: label, unit and rule."""
LOCKED = {"service_life_years": TERM}
RESIDUAL = ("finance/residual",)
RESIDUAL_COUNTED, RESIDUAL_BY_BOOK = "residual_counted", "residual_by_book_life"
"""Parts of the residual rule, and names of their cells; its other parts are the ages of the table."""
AFTER = ("finance/owed_after_horizon",)
AFTER_COUNTED, AFTER_LESS_WORTH = "rent_after_counted", "rent_after_less_worth"
"""Parts of the rule for rent after the horizon, and names of their cells."""


def finance(facts: Facts) -> Section:
    """Rates and lives."""
    lines = [assumed(facts, f"finance/{name}", *words, name=name, locked=LOCKED.get(name, "")) for name, words in RATES]
    when = "after" if facts.taxed else "before"
    return Section(
        "Finance", f"Nominal, {when} tax. Costs are positive, receipts negative.", [*lines, rate_input(facts)]
    )


def residual_points(facts: Facts) -> list[tuple[float, float]]:
    """Age in years and share left; linear between the ages, constant after the last."""
    rule = facts.scenario["finance"]["residual"]
    table = rule if isinstance(rule, dict) else DEFAULT_RESIDUAL
    return [(0.0, 1.0), *sorted((number(age), number(share)) for age, share in table.items())]


def residual(facts: Facts) -> Section:
    """The switches and the table of residual shares."""
    rule, points = facts.scenario["finance"]["residual"], list(enumerate(residual_points(facts)))
    where = "scenario: residual" if isinstance(rule, dict) else "default table, not in use"
    lines = [
        _switch("Residual value counted", rule != "none", RESIDUAL, RESIDUAL_COUNTED),
        _switch("From the book life (0: from the table)", rule == "book", RESIDUAL, RESIDUAL_BY_BOOK),
        *(Line(f"Table point {i}: age", "years", constant=age, source=where if i else OURS, rule="amount",
               key=key_of("residual age", i))
          for i, (age, _) in points),
        *(Line(f"Table point {i}: share left", "share", constant=share, source=where if i else OURS, rule="share",
               keys=RESIDUAL if i else (), part=f"{age:.0f}", key=key_of("residual share", i))
          for i, (age, share) in points),
    ]  # fmt: skip
    note = "Share of price and network that is left at an age: from the table, or straight-line over the book life."
    return Section("Residual value", note, lines)


def after_horizon(facts: Facts) -> Section:
    """The switches of what is owed on terms that outlast the horizon."""
    rule = facts.scenario["finance"]["owed_after_horizon"]
    lines = [
        _switch("Rent after the horizon counted", rule != "ignored", AFTER, AFTER_COUNTED),
        _switch("Less what the rest of a term would fetch (0: in full)", rule == "as_residual", AFTER,
                AFTER_LESS_WORTH),
    ]  # fmt: skip
    note = "Rent of terms that outlast the horizon: in full, or less what the rest would fetch by the share left."
    return Section("Rent after the horizon", note, lines)


def _switch(label: str, on: bool, keys: tuple[str, ...], part: str) -> Line:
    source = f"scenario: {keys[0].removeprefix('finance/')}"
    return Line(label, "switch", constant=float(on), source=source, rule="switch", name=part, keys=keys, part=part)


def carbon(facts: Facts) -> Section:
    """The price of carbon by period."""
    path = "finance/carbon_usd_per_t"
    return Section("Carbon", lines=[scheduled(facts, path, "Carbon price", "USD/t", before=0.0, key="carbon price")])
