"""The part of Cash about purchases: price, price paid, deposits and balances, what is left; the price of rent."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.workbook.decisions import EXPAND, Decision, decisions_of, factors_paid
from optimizer.workbook.facts import Facts
from optimizer.workbook.groups import Group
from optimizer.workbook.sheets.frames import times_factor
from optimizer.workbook.sheets.input_finance import residual_points
from optimizer.workbook.writing.lines import PERIOD, SUM, Line, Section, filled, line_of, lines_of
from optimizer.workbook.writing.references import at, down, key_of, of_each, sum_down

FALLS = "By period of entry: last period of service or of the horizon; constant: periods in service."


def purchased(facts: Facts) -> list[Group]:
    return [group for group in facts.groups if group.purchased]


def bought(facts: Facts) -> list[Group]:
    """What is purchased in this plan: the price of what is running already is sunk."""
    return [group for group in purchased(facts) if not group.running]


def entering(facts: Facts) -> list[Group]:
    """What enters service in the horizon."""
    return [group for group in facts.groups if not group.running]


def running(facts: Facts) -> list[Group]:
    """What entered service before the horizon."""
    return [group for group in facts.groups if group.running]


def rented(facts: Facts) -> list[Group]:
    return [group for group in facts.groups if not group.purchased]


def price(group: Group, what: str, label: str, unit: str) -> Line:
    """The price of what enters service now: that of its period of order, times the factor of its frame if any."""
    if group.committed:
        return line_of(group, label, unit, what=what, periods="={commitment/price}")
    ordered = f"=SUMIFS({{offer/price.across}},{{/balance/entering.axis_across}},@${PERIOD}-{{here.constant}})"
    ordered += times_factor(group)
    source = "constant: lead time in periods"
    return line_of(group, label, unit, what=what, constant="lead", periods=ordered, source=source)


def purchases(facts: Facts) -> Iterator[Section]:
    """Price, price paid, deposits and balances by offer; then what is paid for hardware."""
    groups = purchased(facts)
    if not groups:
        return
    note = "Read at the period of order: so many periods before as the lead time."
    prices = [price(group, "price", "Price", "USD/system") for group in groups]
    yield Section("Price of what enters service", note, prices)
    factors = factors_paid(facts)
    broken = [group for group in groups if group in factors]
    if factors:
        yield Section("Price after price breaks", "List price times the factor paid, of offers with price breaks.", [
            line_of(group, "Price after breaks", "USD/system",
                    periods=f"={{price}}*{at('factor used', group)}")
            for group in broken
        ])  # fmt: skip
    yield Section("Price paid", "Price, after breaks if any, times systems entering service.", [
        line_of(group, "Price paid", "USD", what="paid", total=SUM,
                periods="={price after breaks}*{entering}" if group in broken else "={price}*{entering}")
        for group in groups
    ])  # fmt: skip
    groups = bought(facts)
    if not groups:
        return
    yield Section("Deposits", "Share of the price, in the period of order; one before the horizon is sunk.", lines_of(
        groups, "Deposit", "USD", total=SUM, constant="offer/deposit_share", source="constant: share; opening: sunk",
        opening='={here.constant}*SUMIFS({paid.across},{paid.axis_across},"<="&{lead.constant})',
        periods=f"={{here.constant}}*SUMIFS({{paid.across}},{{paid.axis_across}},@${PERIOD}+{{lead.constant}})",
    ))  # fmt: skip
    yield Section("Balances", "The rest of the price, on entering service.", lines_of(
        groups, "Balance", "USD", what="balance paid", total=SUM, periods="=(1-{deposit.constant})*{paid}",
    ))  # fmt: skip
    yield Section("Hardware, cash", lines=[
        Line(f"{label}, all offers", "USD", total=SUM, key=key_of("hardware", label.lower()),
             periods=sum_down(of_each(what, groups)))
        for label, what in (("Deposits", "deposit"), ("Balances", "balance paid"))
    ])  # fmt: skip


def with_residual(facts: Facts) -> list[Group | Decision]:
    """What is left of at the end: purchases, then added power."""
    return [*purchased(facts), *decisions_of(facts, EXPAND)]


def residuals(facts: Facts) -> Iterator[Section]:
    """What is left of purchases and added power, by period of entry, then by the period in which it is received.

    Of a purchase it is received when it leaves service or the horizon ends, of added power at the end of the horizon.
    """
    held, added = purchased(facts), decisions_of(facts, EXPAND)
    yield from filled("Period in which the residual falls", FALLS, lines_of(
        held, "Falls in", "periods", constant="service",
        periods=f"=MIN(periods_in_horizon,@${PERIOD}+{{here.constant}}-1)",
    ))  # fmt: skip
    age = f"(periods_in_horizon-@${PERIOD}+1)/periods_per_year"
    note = "At the end of the horizon, straight-line over its life (constant)."
    yield from filled("Share left of added power", note, lines_of(
        added, "Share left, power", "share", what="power left", constant="decision/life_years",
        periods=f"=MAX(0,1-{age}/{{here.constant}})",
    ))  # fmt: skip
    share = f"INDEX({{/share left.across}},{{falls in}}-@${PERIOD}+1)"
    yield from filled("Residual by period of entry", "What was paid times the share left at that age.", [
        *(line_of(group, "Residual of entry", "USD", total=SUM,
                  periods=f"=({{paid}}+{{network}})*{'{share left.constant}' if group.running else share}")
          for group in held),
        *lines_of(added, "Residual of added power", "USD", what="residual of entry", total=SUM,
                  periods="={flow}*{power left}"),
    ])  # fmt: skip
    yield from filled("Residual by period in which it falls", "Added power: in the last period of the horizon.", [
        *lines_of(held, "Residual", "USD", total=SUM,
                  periods=f"=SUMIFS({{residual of entry.across}},{{falls in.across}},@${PERIOD})"),
        *lines_of(added, "Residual", "USD", total=SUM,
                  periods=f"=(@${PERIOD}=periods_in_horizon)*{{residual of entry.total}}"),
    ])  # fmt: skip


def curve(facts: Facts) -> Section:
    """Share left after as many periods as the column's number."""
    points = range(len(residual_points(facts)))
    ages, shares, slopes = (
        down(of_each(what, points), "$E", fixed=True) for what in ("residual age", "residual share", "residual slope")
    )
    age, point, start = at("age"), at("point below"), at("age at point").now
    table = f"INDEX({shares},{point})+INDEX({slopes},{point})*({age}-{start})"
    by_table, by_book = at("share left by table"), at("share left by book").now
    left = f"residual_counted*IF(residual_by_book_life=1,{by_book},{by_table})"
    return Section("Share left by age", "Age: as many periods as the column's number.", [
        *(_slope(i, i == points[-1]) for i in points),
        Line("Age", "years", periods=f"=@${PERIOD}/periods_per_year", key="age"),
        Line("Table point below", "number", periods=f"=MATCH({age},{ages},1)", key="point below"),
        Line("Age at that point", "years", periods=f"=INDEX({ages},{point})", key="age at point"),
        Line("Share left, table", "share", periods=f"={table}", key="share left by table"),
        Line("Share left, book", "share", periods=f"=MAX(0,1-{age}/book_life_years)",
             key="share left by book"),
        Line("Share left", "share", periods=f"={left}", key="share left"),
    ])  # fmt: skip


def running_shares(facts: Facts) -> Iterator[Section]:
    """The share left of what is running: of a purchase when it falls, else at the end of the horizon."""
    groups, points = running(facts), range(len(residual_points(facts)))
    ages, shares, slopes = (
        down(of_each(what, points), "$E", fixed=True) for what in ("residual age", "residual share", "residual slope")
    )
    point, age = "{table point below.constant}", "{age.constant}"
    until = "MIN(periods_in_horizon,{service.constant})"
    by_book = f"MAX(0,1-{age}/book_life_years)"
    yield from filled("Share left of what is running", "By the same shares, at its age in years.", [
        *(line_of(group, "Age", "years", constant_unit="years",
                  constant=f"=({until if group.purchased else 'periods_in_horizon'}+{{commitment/age.constant}})"
                  "/periods_per_year")
          for group in groups),
        *lines_of(groups, "Table point below", "number", constant=f"=MATCH({age},{ages},1)"),
        *lines_of(groups, "Share left, table", "share",
                  constant=f"=INDEX({shares},{point})+INDEX({slopes},{point})*({age}-INDEX({ages},{point}))"),
        *lines_of(groups, "Share left", "share",
                  constant="=residual_counted*IF(residual_by_book_life=1,"
                  f"{by_book},{{share left, table.constant}})"),
    ])  # fmt: skip


def _slope(i: int, last: bool) -> Line:
    """Change of the share in a year after a point of the table; none after the last."""
    rise, years = (
        f"({at(f'residual {what}', i + 1).constant}-{at(f'residual {what}', i).constant})" for what in ("share", "age")
    )
    return Line(f"Slope after point {i}", "share/year", constant="=0" if last else f"={rise}/{years}",
                key=key_of("residual slope", i))  # fmt: skip
