"""Fiscal years: what the flows of their periods sum to."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.workbook.facts import Facts
from optimizer.workbook.writing.lines import Line, Section
from optimizer.workbook.writing.references import HERE, Row, at, key_of

YEARLY = {
    "Capex": at("cost", "capex"),
    "Opex without rent": at("cost", "opex without rent"),
    "Rent": at("cost", "rent_usd"),
    "Owed after the horizon": at("cost", "owed_usd"),
    "Unmet work less receipts": at("cost", "other"),
    "Total cost": at("cost", "total"),
    "Present value of cost": at("net present value"),
}
"""Lines of the fiscal years; the first five sum to the sixth."""


def fiscal_years(facts: Facts) -> Section:
    """Flows by fiscal year, in the total column; first the years themselves, in the constant column."""
    years = facts.years
    before = (f"MIN({HERE.years_across})", *(f"{at('fiscal year', year).constant}+1" for year in years))
    numbers = [
        Line("Fiscal year", "year", year, constant=f"={text}", key=key_of("fiscal year", year))
        for year, text in zip(years, before, strict=False)
    ]
    flows = [line for label, row in YEARLY.items() for line in by_year(facts, label, row)]
    return Section("By fiscal year", "A period belongs to the fiscal year in which it starts.", [*numbers, *flows])


def by_year(facts: Facts, label: str, row: Row) -> Iterator[Line]:
    """A line for each fiscal year: what a line shows in its periods, summed in the total column."""
    for year in facts.years:
        number = at("fiscal year", year).constant
        yield Line(label, "USD", year, total=f"=SUMIFS({row.across},{HERE.years_across},{number})",
                   key=key_of("by year", label, year))  # fmt: skip
