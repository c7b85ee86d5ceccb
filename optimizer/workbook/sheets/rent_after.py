"""Rent after the horizon on Cash: what is due in each fiscal year, and the lines behind what of it is owed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from optimizer.workbook.facts import Facts
from optimizer.workbook.groups import Group
from optimizer.workbook.writing.lines import PERIOD, SUM, Line, Of, Section, filled, line_of, lines_of
from optimizer.workbook.writing.references import area, at, down, key_of, of_each
from optimizer.workbook.writing.styles import Role

DUE = "Rent due after the horizon"


def rent_due(facts: Facts) -> Iterator[Section]:
    """Rent due after the horizon by fiscal year: what is still due at its start, less what is at the next."""
    names = facts.after_horizon
    known = {row.fiscal_year: row.rent_usd for row in facts.plan.after_horizon}
    by_year = [
        line_of(Of(name), DUE, "USD", what="due", shows_in_total=known.get(name, 0.0),
                total="={still due.total}" + (f"-{at('still due', later).total}" if later else ""),
                meaning=f"rent due after the horizon in {name}")
        for name, later in zip_longest(names, names[1:])
    ]  # fmt: skip
    if by_year:
        total = f"=SUM({down(of_each('due', names), '$F')})"
        every = Line(f"{DUE}, all", "USD", total=total, role=Role.TOTAL, key=key_of("due", "all"))
        note = "Undiscounted, of terms that outlast it; what of it counts is a cost above."
        yield Section(f"{DUE}, by fiscal year", note, [*by_year, every])


def all_due(facts: Facts) -> str:
    """The same sum another way: rent of a period times the periods left."""
    rent, left = (area(of_each(what, facts.terms)) for what in ("rent of a period", "periods after"))
    return f"SUMPRODUCT({rent},{left})"


def owed(facts: Facts) -> Iterator[Section]:
    """The lines behind what is owed, block by block; none where no order has a term to outlast the horizon.

    A USD in each of the periods left is discounted to the middle of the horizon's last period. Of the rent counts what
    hardware of that age would not be worth, unless in full or ignored.
    """
    if not facts.after_horizon:
        return
    groups = list(facts.terms)
    yield Section("Terms: rent of a period", "Of what enters, in each period of its term.", lines_of(
        groups, "Rent of a period", "USD", periods="={hourly rent}*hours_per_period",
    ))  # fmt: skip
    yield Section("Terms: periods after the horizon", "By period of entry; constant: periods of the term.", lines_of(
        groups, "Periods after", "periods", constant="service",
        periods=f"=MAX(0,{{here.constant}}-periods_in_horizon+@${PERIOD}-1)",
    ))  # fmt: skip
    growth, left = "{/discount of a period.constant}", "{periods after}"
    note = "Of one USD in each, discounted to the horizon's last period."
    yield Section("Terms: value of the periods left", note, [
        Line("Discount of a period", "factor", source="from the discount rate", key="discount of a period",
             constant="=(1+discount_rate)^(1/periods_per_year)"),
        *lines_of(groups, "Value of the periods left", "factor", what="value of periods after",
                  periods=f"=IF(discount_rate=0,{left},(1-{growth}^-{left})/({growth}-1))"),
    ])  # fmt: skip
    worth = f"INDEX({at('share left').across},periods_in_horizon-@${PERIOD}+1)"
    note = "By period of entry: one less the share left at the age that the horizon ends at; see Inputs."
    yield Section("Share of the rent that is owed", note, [
        Line("Share owed", "share", periods=f"=rent_after_counted*(1-rent_after_less_worth*{worth})", key="share owed")
    ])  # fmt: skip
    yield from _owed_of_entry(groups)
    yield Section("Owed in the last period of the horizon", "What is owed of all that has entered by then.", lines_of(
        groups, "Owed", "USD", total=SUM, periods=f"=(@${PERIOD}=periods_in_horizon)*{{owed of entry.total}}",
    ))  # fmt: skip
    yield _still_due(facts.after_horizon, groups)


def _owed_of_entry(groups: Sequence[Group]) -> Iterator[Section]:
    """By the share of the age at which the horizon ends, which what is running has for itself."""
    note = "Rent of a period times the value of the periods left, as far as it counts."
    yield from filled("Owed by period of entry", note, lines_of(
        [group for group in groups if not group.running], "Owed of entry", "USD", total=SUM,
        periods="={rent of a period}*{value of periods after}*{/share owed}",
    ))  # fmt: skip
    counts = "rent_after_counted*(1-rent_after_less_worth*{share left.constant})"
    yield from filled("Owed of what is running", "The same, at the age that it then has.", lines_of(
        [group for group in groups if group.running], "Owed of entry", "USD", total=SUM,
        periods=f"={{rent of a period}}*{{value of periods after}}*{counts}",
    ))  # fmt: skip


def _still_due(names: tuple[str, ...], groups: list[Group]) -> Section:
    """Fiscal years after the horizon, and the rent still due at the start of each, undiscounted."""
    note = (
        "A period belongs to the fiscal year in which it starts; constant: periods after the horizon before the year."
    )
    end = at("first day after").constant
    rent, left = (down(of_each(what, groups)) for what in ("rent of a period", "periods after"))
    first_year = f"YEAR(EDATE({end},MOD(1-fiscal_year_starts,months_per_year)))-fiscal_year_shift"
    numbers = (first_year, *(f"{at('year after the horizon', name).constant}+1" for name in names))
    rest = f"months_per_year-MOD(MONTH({end})-fiscal_year_starts,months_per_year)"
    until = ("0", f"ROUNDUP(({rest})/months_per_period,0)", *(
        f"{at('still due', name).constant}+periods_per_year" for name in names[1:]
    ))  # fmt: skip
    return Section("Rent still due from a fiscal year on", note, [
        Line("First day after the horizon", "date", key="first day after",
             constant="=EDATE(horizon_start,periods_in_horizon*months_per_period)"),
        *(
            line_of(Of(name), "Fiscal year after the horizon", "year", what="year after the horizon",
                    constant=f"={number}")
            for name, number in zip(names, numbers, strict=False)
        ),
        *(
            line_of(Of(name), "Rent still due", "USD", what="still due", constant=f"={periods}",
                    constant_unit="periods", total=SUM,
                    periods=f"=SUMPRODUCT({rent},({left}>{{here.constant}})*({left}-{{here.constant}}))")
            for name, periods in zip(names, until, strict=False)
        ),
    ])  # fmt: skip
