"""The part of Cash about depreciation for tax: what a rule charges in a period, and what is left when service ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from optimizer.formulation.tax import MACRS_5
from optimizer.workbook.facts import Facts
from optimizer.workbook.groups import Group
from optimizer.workbook.sheets.price_alone import PriceAlone, prices_alone
from optimizer.workbook.sheets.purchases import entering, running
from optimizer.workbook.writing.lines import FISCAL_YEAR, PERIOD, START, Line, Section, filled, line_of, lines_of
from optimizer.workbook.writing.references import at, down, key_of, of_each

BASIS, AXIS, YEARS = "{tax basis.across}", "{tax basis.axis_across}", "{tax basis.years_across}"
AGE = "{commitment/age.constant}"
LIFE = "{/tax life.constant}"
YEAR = "YEAR(EDATE(%s,MOD(1-fiscal_year_starts,months_per_year)))-fiscal_year_shift"
NUMBER = "INT(MOD(MONTH(%s)-fiscal_year_starts,months_per_year)/months_per_period)+1"
"""The fiscal year of a first day, and the number of its period there."""


@dataclass(frozen=True)
class Rule:
    """How systems and network are depreciated for tax; formulas are None where nothing is charged or left.

    `note` says it, `workings` are lines behind the formulas. `shares` are those of a table of the law, from `source`.
    """

    note: str
    workings: Callable[[Facts], Iterator[Section]]
    charge: Callable[[Facts, Deducted], str | None]
    left: Callable[[Deducted], str | None]
    shares: Sequence[Decimal] = ()
    source: str = ""


Deducted = Group | PriceAlone


def deducted(facts: Facts) -> list[Deducted]:
    """What enters and is depreciated for tax; then, beside it, its prices without network."""
    return [*entering(facts), *prices_alone(facts)]


def rule_of(facts: Facts) -> Rule:
    """The rule of a plan after tax."""
    return RULES[facts.scenario["finance"]["tax"]["depreciation"]]


# straight line over the book life


def _in_full(facts: Facts) -> Iterator[Section]:
    yield Section("Life for tax", "The book life of systems, also of network.", [
        Line("Life for tax", "periods", constant="=book_life_years*periods_per_year", key="tax life"),
    ])  # fmt: skip
    note = "What entered within so many whole periods (constant): the life, or the periods in service if fewer."
    yield from filled("Value charged in full for tax", note, lines_of(
        deducted(facts), "Charged in full for tax", "USD", constant_unit="years",
        constant=f"=MIN({LIFE},{{service.constant}})",
        periods=f'=SUMIFS({BASIS},{AXIS},"<="&@${PERIOD},{AXIS},">"&@${PERIOD}-INT({{here.constant}}))',
    ))  # fmt: skip


def _charged_in_line(_: Facts, group: Deducted) -> str:
    if group.running:
        gone = f"MIN(1,({AGE}+@${PERIOD}%s)/{LIFE})"
        return f"={{tax basis.total}}*({gone % ''}-{gone % '-1'})*(@${PERIOD}<={{service.constant}})"
    whole = "INT({charged in full for tax.constant})"
    last = f"({{charged in full for tax.constant}}-{whole})*SUMIFS({BASIS},{AXIS},@${PERIOD}-{whole})"
    return f"=({{charged in full for tax}}+{last})/{LIFE}"


def _left_in_line(group: Deducted) -> str:
    periods = f"{{falls in}}+{AGE}" if group.running else f"{{falls in}}-@${PERIOD}+1"
    return f"={{tax basis}}*MAX(0,1-({periods})/{LIFE})"


# by fiscal year of recovery


YEARS_OF_RECOVERY = range(1, len(MACRS_5) + 2)
"""From the one of entering service on; in the last all is recovered."""
PART = "{part of the year gone}"
BEFORE, SHARES = (
    down(of_each(what, YEARS_OF_RECOVERY), "$E", fixed=True) for what in ("recovered before", "recovered in")
)


def later_years(facts: Facts) -> range:
    """How many fiscal years before something may have entered of which a part is still recovered."""
    return range(1, min(len(MACRS_5), len(facts.years)))


def _by_year(facts: Facts) -> Iterator[Section]:
    yield Section("Recovery by fiscal year", "Constant: share of the year, and of all years before it.", [
        *(Line(f"Recovered in year {k}", "share", key=key_of("recovered in", k),
               constant=f"={at('recovery share', k).constant}" if k <= len(MACRS_5) else "=0")
          for k in YEARS_OF_RECOVERY),
        *(Line(f"Recovered before year {k}", "share", key=key_of("recovered before", k), constant=_before(k))
          for k in YEARS_OF_RECOVERY),
        Line("Number in the fiscal year", "number", periods=f"={NUMBER % f'@${START}'}", key="number in year"),
        Line("Share of a period in year 1", "share", key="share of a period",
             periods=f"={at('recovered in', 1).constant}/(periods_per_year-{at('number in year')}+1)"),
    ])  # fmt: skip
    yield from _of_entered(facts)
    yield from _of_running(facts)


def _before(k: int) -> str:
    return "=0" if k == 1 else f"={at('recovered before', k - 1).constant}+{at('recovered in', k - 1).constant}"


def _of_entered(facts: Facts) -> Iterator[Section]:
    """Of what enters in the horizon: its first year, later years, and what of it is recovered when it falls."""
    groups, now = entering(facts), f"@${FISCAL_YEAR}"
    first = f"{BASIS}*{{/share of a period.across}}*({YEARS}={now})*({AXIS}<=@${PERIOD})"
    note = "Of what entered in the same fiscal year and is in service; constant: periods in service."
    yield from filled("Charged in year 1", note, lines_of(
        deducted(facts), "Charged in year 1", "USD", constant="service",
        periods=f"=SUMPRODUCT({first}*({AXIS}>@${PERIOD}-{{here.constant}}))",
    ))  # fmt: skip
    note = "What entered so many fiscal years before (constant) and is in service."
    yield from filled("Value for tax by year of recovery", note, [
        line_of(group, f"Entered, now in year {k + 1}", "USD", what=f"in year {k + 1}", constant_unit="number",
                constant=f"={{in year {k}.constant}}+1" if k > 1 else "=1",
                periods=f'=SUMIFS({BASIS},{YEARS},{now}-{{here.constant}},{AXIS},">"&@${PERIOD}-{{service.constant}})')
        for group in deducted(facts) for k in later_years(facts)
    ])  # fmt: skip
    year = f"=MIN(ROWS({BEFORE}),INDEX({YEARS},{{falls in}})-{now}+1)"
    part = "INDEX({/number in year.across},{falls in})/periods_per_year"
    begun = f"({{falls in}}-@${PERIOD}+1)/(periods_per_year-{{/number in year}}+1)"
    yield from _recovered(groups, "By period of entry, when it leaves service or the horizon ends.", year, part, begun)


def _of_running(facts: Facts) -> Iterator[Section]:
    """Of what is running: when it entered, and by each period what of it is recovered."""
    groups = running(facts)
    yield from filled("Fiscal year in which it entered", "Of what is running; constant.", [
        *lines_of(groups, "Entered service", "date",
                  constant=f"=EDATE(horizon_start,-{AGE}*months_per_period)"),
        *lines_of(groups, "Entered in fiscal year", "year", constant=f"={YEAR % '{entered service.constant}'}"),
        *lines_of(groups, "Entered as number", "number", constant=f"={NUMBER % '{entered service.constant}'}"),
    ])  # fmt: skip
    year = f"=MIN(ROWS({BEFORE}),@${FISCAL_YEAR}-{{entered in fiscal year.constant}}+1)"
    begun = f"({AGE}+@${PERIOD})/(periods_per_year-{{entered as number.constant}}+1)"
    note = "By the end of each period."
    yield from _recovered(groups, note, year, "{/number in year}/periods_per_year", begun)
    first = f"{at('recovered in', 1).constant}/(periods_per_year-{{entered as number.constant}}+1)"
    later = f"INDEX({SHARES},{{year of recovery}})/periods_per_year"
    yield from filled("Charged of what is running", "The share of a period in each fiscal year.", lines_of(
        groups, "Share charged", "share", periods=f"=IF({{year of recovery}}=1,{first},{later})",
    ))  # fmt: skip


def _recovered(groups: list[Group], note: str, year: str, part: str, begun: str) -> Iterator[Section]:
    """The share of a price that is recovered: all of the years before, and a part of the year."""
    of = f"INDEX({BEFORE},{{year of recovery}})+INDEX({SHARES},{{year of recovery}})*{PART}"
    heading = "Recovered of what is running" if groups and groups[0].running else "Recovered of what enters"
    yield from filled(heading, note, [
        *lines_of(groups, "Year of recovery", "number", periods=year),
        *lines_of(groups, "Part of the year gone", "share", periods=f"=IF({{year of recovery}}=1,{begun},{part})"),
        *lines_of(groups, "Recovered", "share", periods=f"={of}"),
    ])  # fmt: skip


def _charged_by_year(facts: Facts, group: Deducted) -> str:
    if group.running:
        return f"={{tax basis.total}}*{{share charged}}*(@${PERIOD}<={{service.constant}})"
    later = [k + 1 for k in later_years(facts)]
    if not later:
        return "={charged in year 1}"
    values = down([at(f"in year {k}", group) for k in later])
    shares = down(of_each("recovered in", later), "$E", fixed=True)
    return f"={{charged in year 1}}+SUMPRODUCT({values},{shares})/periods_per_year"


def _left_by_year(group: Deducted) -> str:
    return "={tax basis}*(1-" + ("INDEX({recovered.across},MAX(1,{falls in})))" if group.running else "{recovered})")


RULES = {
    "straight_line": Rule(
        "Depreciation for tax: straight line over the book life.", _in_full, _charged_in_line, _left_in_line
    ),
    "macrs_5": Rule(
        "Depreciation for tax: MACRS, five-year property, by fiscal year.",
        _by_year,
        _charged_by_year,
        _left_by_year,
        shares=MACRS_5,
        source="IRS Publication 946, table A-1",
    ),
    "bonus": Rule(
        "Depreciation for tax: all of the price on entering service.",
        lambda _: iter(()),
        lambda _, group: None if group.running else "={tax basis}",
        lambda _: None,
    ),
}
