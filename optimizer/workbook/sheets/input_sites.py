"""The part of Inputs about sites, unmet work and budgets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from optimizer.formulation.register import limits_of
from optimizer.request.calendar import EACH_WINDOW
from optimizer.request.charges import TARIFFS
from optimizer.request.resources import KW_PER_MW, RESOURCES
from optimizer.request.schedules import highest
from optimizer.workbook.budgets import BudgetLine, budget_lines
from optimizer.workbook.facts import Facts, number
from optimizer.workbook.writing.assumptions import assumed, of_region, scheduled
from optimizer.workbook.writing.lines import Line, Section, filled
from optimizer.workbook.writing.references import Row, at, key_of

LIVE = tuple(
    each
    for each in RESOURCES
    if each.of_site in (None, "peak_pue") and each.parts in (1, KW_PER_MW) and not each.per_month
)
"""Resources of a site whose use the sheets can follow; of others they show the plan's figures."""
LIMITS = {each.field: (each.limit_on_sheet, each.unit) for each in LIVE}
BUDGETS = {record.key[1]: record.on_sheet for record in limits_of("budget")}
UNMET, TAKE_OR_PAY = "unmet_usd_per_unit_hour", "take_or_pay_share"
NOT_GIVEN, UNLIKE_MONTHS = "not given, counts as 0", "its months differ inside a period"
ENERGY_PUE, PEAK_PUE = "PUE, yearly mean, for energy", "PUE at peak, for power"


def sites(facts: Facts) -> Section:
    """Limits, PUE and tariffs of our sites."""
    return Section("Sites", lines=[line for site in facts.sites for line in _site(facts, site)])


def _site(facts: Facts, site: str) -> Iterator[Line]:
    given = facts.scenario["sites"][site]

    def line(name: str, *words: str, **more: Any) -> Line:
        return scheduled(facts, f"sites/{site}/{name}", *words, place=site, key=key_of("site", name, site), **more)

    yield from (line(name, *words, before=0.0) for name, words in LIMITS.items() if name in given)
    yield from _pue(facts, site)
    if TAKE_OR_PAY in given:
        yield assumed(facts, f"sites/{site}/{TAKE_OR_PAY}", "Take or pay, share of all energy", "share", "share",
                      place=site, key=key_of("site", TAKE_OR_PAY, site))  # fmt: skip
    for tariff in TARIFFS:
        other = {} if tariff.field in given else {"absent": "0", "source": NOT_GIVEN}
        yield line(tariff.field, tariff.on_sheet, tariff.unit, **other)


def _pue(facts: Facts, site: str) -> Iterator[Line]:
    """PUE for energy and for power: numbers, or by period; one line where they are the same.

    Where months differ inside a period and the peak is the highest of them, a new mean does not say what the highest
    is: both are locked.
    """
    given = facts.scenario["sites"][site]
    raw, varies = given["pue"], _by_period(facts, site)
    line = Line(
        ENERGY_PUE, "ratio", place=site, rule="ratio", keys=(f"sites/{site}/pue",),
        constant=None if varies else number(raw), periods=facts.over_periods("pue", raw) if varies else None,
        key=key_of("site", "pue", site), **(of_region(facts, f"sites/{site}/pue") or {"source": "scenario: pue"}),
    )  # fmt: skip
    peak = replace(line, label=PEAK_PUE, key=key_of("site", "peak_pue", site))
    if "peak_pue" in given:
        yield line
        yield replace(peak, periods=None, constant=number(given["peak_pue"]), source="scenario: peak_pue", basis="",
                      date="", keys=(f"sites/{site}/peak_pue",))  # fmt: skip
    elif _own_peak(facts, site):
        yield replace(line, keys=(), locked=UNLIKE_MONTHS)
        yield replace(peak, keys=(), locked=UNLIKE_MONTHS, periods=facts.read(highest, raw))
    else:
        yield line


def _by_period(facts: Facts, site: str) -> bool:
    """Whether the PUE of a site is given by period."""
    return isinstance(facts.scenario["sites"][site]["pue"], dict)


def _own_peak(facts: Facts, site: str) -> bool:
    """Whether the PUE at peak has a line of its own."""
    given = facts.scenario["sites"][site]
    return "peak_pue" in given or facts.over_periods("pue", given["pue"]) != facts.read(highest, given["pue"])


def pue(facts: Facts, site: str) -> str:
    """PUE for energy, as formulas refer to it."""
    row = at("site", "pue", site)
    return row.now if _by_period(facts, site) else row.constant


def peak_constant(facts: Facts, site: str) -> Row | None:
    """The line of the PUE at peak where it is one number."""
    one = "peak_pue" in facts.scenario["sites"][site] or not _by_period(facts, site)
    return _peak(facts, site) if one else None


def peak_pue(facts: Facts, site: str) -> str:
    """PUE at peak, as formulas refer to it."""
    one = peak_constant(facts, site)
    return one.constant if one else _peak(facts, site).now


def _peak(facts: Facts, site: str) -> Row:
    return at("site", "peak_pue" if _own_peak(facts, site) else "pue", site)


def taking(facts: Facts) -> list[str]:
    """Sites that pay for a share of the energy of all their power, used or not."""
    return [site for site in facts.sites if TAKE_OR_PAY in facts.scenario["sites"][site]]


def unmet_work(facts: Facts) -> Iterator[Section]:
    """What work that is not done costs, where that has a price."""
    yield from filled("Price of unmet work", lines=[
        scheduled(facts, f"demand/{demand}/{UNMET}", "Unmet work", "USD/unit-hour", item=demand,
                  key=key_of("price of unmet work", demand))
        for demand in priced_unmet(facts)
    ])  # fmt: skip


def priced_unmet(facts: Facts) -> list[str]:
    """Demands that may go unmet at a price."""
    return [demand for demand in facts.unmet if UNMET in facts.scenario["demand"][demand]]


def budgets(facts: Facts) -> Iterator[Section]:
    """Each budget: its window and its limit, which several windows may share."""
    known = budget_lines(facts.plan.budget)
    lines = {line.key: line for budget in known for line in _budget(facts, budget)}
    note = "A budget holds for the periods that start in its window."
    each = "A budget holds for the periods that start in its window; that of each period or year for every one of them."
    yield from filled("Budgets", each if any(one.amount in EACH_WINDOW for one in known) else note, [*lines.values()])


def _budget(facts: Facts, budget: BudgetLine) -> Iterator[Line]:
    kind, source = BUDGETS[budget.budget], f"scenario: {budget.budget}"
    days = () if budget.by_period else zip(("first day", "last day"), facts.window(budget.window), strict=True)
    for day, constant in days:
        yield Line(f"{kind}, {day}", "date", budget.name, constant=constant, source=source, rule="date",
                   locked="the window's", key=key_of("budget", day, budget.budget, budget.name))  # fmt: skip
    yield Line(f"{kind}, limit", "USD", budget.amount, constant=budget.limit_usd, source=source, rule="amount",
               keys=(f"budget/{budget.budget}",), part=budget.amount,
               key=key_of("budget", "limit", budget.budget, budget.amount))  # fmt: skip
