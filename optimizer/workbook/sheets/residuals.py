"""The part of Cash about residual value: what is left of purchases and added power, and when it is received."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.workbook.decisions import EXPAND, Decision, decisions_of
from optimizer.workbook.facts import Facts
from optimizer.workbook.groups import Group
from optimizer.workbook.sheets.input_finance import residual_points
from optimizer.workbook.sheets.purchases import purchased
from optimizer.workbook.writing.lines import PERIOD, SUM, Line, Section, line_of
from optimizer.workbook.writing.references import HERE, at, down, key_of


def with_residual(facts: Facts) -> list[Group | Decision]:
    """What is left of at the end: purchases, then added power."""
    return [*purchased(facts), *decisions_of(facts, EXPAND)]


def residuals(facts: Facts) -> Iterator[Section]:
    """What is left of purchases and added power, by period of entry, then by the period in which it is received."""
    if purchased(facts):
        yield _falls(facts)
    if decisions_of(facts, EXPAND):
        yield _power_left(facts)
    if with_residual(facts):
        note = "What was paid times the share left at that age."
        yield Section("Residual by period of entry", note, [_of_entry(of) for of in with_residual(facts)])
        note = "Added power: in the last period of the horizon."
        yield Section("Residual by period in which it falls", note, [_received(of) for of in with_residual(facts)])


def _of_entry(of: Group | Decision) -> Line:
    if isinstance(of, Decision):
        left = f"={at('flow', of).now}*{at('power left', of).now}"
        return line_of(of, "Residual of added power", "USD", what="residual of entry", total=SUM, periods=left)
    share = f"INDEX({at('share left').across},{at('falls in', of).now}-@${PERIOD}+1)"
    left = f"=({at('paid', of).now}+{at('network', of).now})*{share}"
    return line_of(of, "Residual of entry", "USD", total=SUM, periods=left)


def _received(of: Group | Decision) -> Line:
    entry = at("residual of entry", of)
    if isinstance(of, Decision):
        return line_of(of, "Residual", "USD", total=SUM, periods=f"=(@${PERIOD}=periods_in_horizon)*{entry.total}")
    return line_of(
        of, "Residual", "USD", total=SUM, periods=f"=SUMIFS({entry.across},{at('falls in', of).across},@${PERIOD})"
    )


def _falls(facts: Facts) -> Section:
    """The period in which the residual of what enters now is received."""
    note = "By period of entry: last period of service or of the horizon; constant: periods in service."
    return Section("Period in which the residual falls", note, [
        line_of(group, "Falls in", "periods", constant=at("service", group),
                periods=f"=MIN(periods_in_horizon,@${PERIOD}+{HERE.constant}-1)")
        for group in purchased(facts)
    ])  # fmt: skip


def _power_left(facts: Facts) -> Section:
    """Share of added power that is left at the end of the horizon, by the period in which it comes on line."""
    age = f"(periods_in_horizon-@${PERIOD}+1)/periods_per_year"
    note = "At the end of the horizon, straight-line over its life (constant)."
    return Section("Share left of added power", note, [
        Line("Share left, power", "share", decision.item, decision.place, key=key_of("power left", decision),
             constant=at("decision", "life_years", decision), periods=f"=MAX(0,1-{age}/{HERE.constant})")
        for decision in decisions_of(facts, EXPAND)
    ])  # fmt: skip


def curve(facts: Facts) -> Section:
    """Share left after as many periods as the column's number."""
    points = range(len(residual_points(facts)))
    ages, shares, slopes = (
        down([at(what, i) for i in points], "$E", fixed=True)
        for what in ("residual age", "residual share", "residual slope")
    )
    age, point, start = at("age").now, at("point below").now, at("age at point").now
    table = f"INDEX({shares},{point})+INDEX({slopes},{point})*({age}-{start})"
    by_table, by_book = at("share left by table").now, at("share left by book").now
    left = f"residual_counted*IF(residual_by_book_life=1,{by_book},{by_table})"
    return Section("Share left by age", "Age: as many periods as the column's number.", [
        *(_slope(i, i == points[-1]) for i in points),
        Line("Age", "years", periods=f"=@${PERIOD}/periods_per_year", key=key_of("age")),
        Line("Table point below", "number", periods=f"=MATCH({age},{ages},1)", key=key_of("point below")),
        Line("Age at that point", "years", periods=f"=INDEX({ages},{point})", key=key_of("age at point")),
        Line("Share left, table", "share", periods=f"={table}", key=key_of("share left by table")),
        Line("Share left, book", "share", periods=f"=MAX(0,1-{age}/book_life_years)",
             key=key_of("share left by book")),
        Line("Share left", "share", periods=f"={left}", key=key_of("share left")),
    ])  # fmt: skip


def _slope(i: int, last: bool) -> Line:
    """Change of the share in a year after a point of the table; none after the last."""
    rise, years = (
        f"({at(f'residual {what}', i + 1).constant}-{at(f'residual {what}', i).constant})" for what in ("share", "age")
    )
    return Line(f"Slope after point {i}", "share/year", constant="=0" if last else f"={rise}/{years}",
                key=key_of("residual slope", i))  # fmt: skip
