"""The part of Inputs about tax: its rate, and the shares of a rule that the law writes as a table."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.workbook.facts import Facts
from optimizer.workbook.sheets.tax_rules import rule_of
from optimizer.workbook.writing.assumptions import assumed
from optimizer.workbook.writing.lines import Line, Section
from optimizer.workbook.writing.references import key_of


def tax(facts: Facts) -> Iterator[Section]:
    """None of a plan before tax."""
    if facts.taxed:
        rule = rule_of(facts)
        rate = assumed(facts, "finance/tax/rate", "Tax rate", "share", "share", source="scenario: tax, rate",
                       name="tax_rate")  # fmt: skip
        shares = [
            Line(f"Share of recovery year {k}", "share", constant=float(share), source=rule.source, rule="share",
                 locked="set by law", key=key_of("recovery share", k))
            for k, share in enumerate(rule.shares, start=1)
        ]  # fmt: skip
        yield Section("Tax", f"On profit; a loss is used as it arises. {rule.note}", [rate, *shares])
