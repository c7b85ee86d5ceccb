"""Balances: opening, what comes in, what goes out, closing; and what flows sum to in fiscal years."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from optimizer.workbook.facts import Facts
from optimizer.workbook.writing.lines import SUM, Line, Section
from optimizer.workbook.writing.references import HERE, Row, at, before, down, key_of, of_each
from optimizer.workbook.writing.styles import Role


def yearly(facts: Facts) -> dict[str, Row]:
    """Lines of the fiscal years; all but the last two sum to the total cost."""
    return {
        "Capex": at("cost", "capex"),
        "Opex without rent": at("cost", "opex without rent"),
        "Rent": at("cost", "rent_usd"),
        "Owed after the horizon": at("cost", "owed_usd"),
        "Unmet work less receipts": at("cost", "other"),
        **({"Tax": at("cost", "tax")} if facts.taxed else {}),
        "Total cost": at("cost", "total"),
        "Present value of cost": at("net present value"),
    }


def corkscrew(name: str, ins: Mapping[str, str], outs: Mapping[str, str], opening: str = "=0") -> list[Line]:
    """A balance in USD that starts at `opening`, in the opening column; all amounts are positive, outs are deducted.

    The keys of its lines are its name and `opening`, what comes in or goes out, or `closing`.
    """
    came, went = (of_each(name, flows) for flows in (ins, outs))
    since = f"={HERE.opening}+SUM({before(came)})-SUM({before(went)})"
    left = f"={at(name, 'opening')}+SUM({down(came)})-SUM({down(went)})"
    return [
        Line(f"{name}, opening", "USD", opening=opening, periods=since, key=key_of(name, "opening")),
        *(
            Line(f"{name}: {'less ' * (label in outs)}{label}", "USD", total=SUM, periods=formula,
                 key=key_of(name, label))
            for label, formula in {**ins, **outs}.items()
        ),
        Line(f"{name}, closing", "USD", periods=left, role=Role.TOTAL, key=key_of(name, "closing")),
    ]  # fmt: skip


def at_end(*key: object) -> str:
    """A line's value in the last period."""
    return f"INDEX({at(*key).across},periods_in_horizon)"


def fiscal_years(facts: Facts) -> Section:
    """Flows by fiscal year, in the total column; first the years themselves, in the constant column."""
    years = facts.years
    before = (f"MIN({HERE.years_across})", *(f"{at('fiscal year', year).constant}+1" for year in years))
    numbers = [
        Line("Fiscal year", "year", year, constant=f"={text}", source=facts.months_of(year),
             key=key_of("fiscal year", year))
        for year, text in zip(years, before, strict=False)
    ]  # fmt: skip
    flows = [line for label, row in yearly(facts).items() for line in by_year(facts, label, row)]
    return Section("By fiscal year", "A period belongs to the fiscal year in which it starts.", [*numbers, *flows])


def by_year(facts: Facts, label: str, row: Row) -> Iterator[Line]:
    """A line for each fiscal year: what a line shows in its periods, summed in the total column."""
    for year in facts.years:
        number = at("fiscal year", year).constant
        yield Line(label, "USD", year, total=f"=SUMIFS({row.across},{HERE.years_across},{number})",
                   key=key_of("by year", label, year))  # fmt: skip
