"""The part of Cash about tax: what is depreciated for it, what is left of that, and the profit that is taxed."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.formulation.register import COST_LINES
from optimizer.workbook.decisions import EXPAND, decisions_of
from optimizer.workbook.facts import Facts
from optimizer.workbook.sheets.price_alone import prices_alone
from optimizer.workbook.sheets.purchases import FALLS, entering, rented, running
from optimizer.workbook.sheets.tax_rules import rule_of
from optimizer.workbook.writing.lines import PERIOD, SUM, Line, Section, filled, line_of, lines_of
from optimizer.workbook.writing.references import Row, at, of_each, sum_down, summed

PROFIT, GAIN = at("taxable", "profit"), at("taxable", "gain")
"""What is taxed as it falls due, and at the end of a period."""
CHARGED, LEFT = at("tax", "depreciation"), at("tax", "left")


def tax_workings(facts: Facts) -> Iterator[Section]:
    """The lines behind tax, block by block; none of a plan before tax."""
    if not facts.taxed:
        return
    rule, added = rule_of(facts), decisions_of(facts, EXPAND)
    yield from filled("Value for tax", "Price paid and network; of what is rented its network.", [
        line_of(group, "Value for tax", "USD", what="tax basis", total=SUM,
                periods="={paid}+{network}" if group.purchased else "={network}")
        for group in (*entering(facts), *running(facts))
    ])  # fmt: skip
    yield from filled("Value for tax of prices alone", "Price paid, without network.", lines_of(
        prices_alone(facts), "Value for tax", "USD", what="tax basis", total=SUM, periods="={paid}",
    ))  # fmt: skip
    yield from filled("Period in which what is left of network falls", FALLS, lines_of(
        rented(facts), "Falls in", "periods", constant="service",
        periods=f"=MIN(periods_in_horizon,@${PERIOD}+{{here.constant}}-1)",
    ))  # fmt: skip
    yield from rule.workings(facts)
    note = "Over its own life in periods (constant), as in the books."
    yield from filled("Added power charged in full", note, lines_of(
        added, "Charged in full", "USD", constant_unit="years", what="power charged",
        constant="={decision/life_years.constant}*periods_per_year",
        periods=f'=SUMIFS({{flow.across}},{{flow.axis_across}},">"&@${PERIOD}-INT({{here.constant}}),'
                f'{{flow.axis_across}},"<="&@${PERIOD})',
    ))  # fmt: skip
    yield _depreciation(facts)
    yield from _left(facts)
    yield from _of_prices(facts)
    yield from _brought_forward(facts)
    yield _taxable(facts)


def _depreciation(facts: Facts) -> Section:
    """What is charged by offer and for added power, and in all."""
    rule, whole = rule_of(facts), "INT({power charged.constant})"
    last = f"({{power charged.constant}}-{whole})*SUMIFS({{flow.across}},{{flow.axis_across}},@${PERIOD}-{whole})"
    charges = {group: rule.charge(facts, group) for group in facts.groups}
    lines = [
        *(line_of(group, "Depreciation for tax", "USD", what="tax charge", total=SUM, periods=formula)
          for group, formula in charges.items() if formula),
        *lines_of(decisions_of(facts, EXPAND), "Depreciation for tax, power", "USD", what="tax charge", total=SUM,
                  periods=f"=({{power charged}}+{last})/{{power charged.constant}}"),
    ]  # fmt: skip
    every = Line("Depreciation for tax, all", "USD", total=SUM, periods=sum_down(rows_of(lines)), key=CHARGED.key)
    return Section("Depreciation for tax", rule.note, [*lines, every])


def rows_of(lines: list[Line]) -> list[Row]:
    return [Row(line.key) for line in lines]


def _left(facts: Facts) -> Iterator[Section]:
    """What is left for tax when service or the horizon ends, by period of entry and as it falls."""
    lefts = {group: formula for group in facts.groups if (formula := rule_of(facts).left(group))}
    yield from filled("Left for tax by period of entry", "When it leaves service or the horizon ends.", [
        line_of(group, "Left for tax, of entry", "USD", total=SUM, periods=formula)
        for group, formula in lefts.items()
    ])  # fmt: skip
    lines = lines_of(lefts, "Left for tax", "USD", total=SUM,
                     periods=f"=SUMIFS({{left for tax, of entry.across}},{{falls in.across}},@${PERIOD})")  # fmt: skip
    power = of_each("residual", decisions_of(facts, EXPAND))
    every = Line("Left for tax, all", "USD", total=SUM, periods=sum_down([*rows_of(lines), *power]), key=LEFT.key)
    note = "Set against residual value, or written off; added power is left at its residual value."
    yield Section("Left for tax by period in which it falls", note, [*lines, every])


def _of_prices(facts: Facts) -> Iterator[Section]:
    """What prices alone deduct: a part of the above, by which a rise of a price is told."""
    rule, prices = rule_of(facts), prices_alone(facts)
    charges = {each: formula for each in prices if (formula := rule.charge(facts, each))}
    lefts = {each: formula for each in prices if (formula := rule.left(each))}
    yield from filled("Depreciation for tax of prices alone", "A part of the above, without network.", [
        line_of(each, "Depreciation for tax", "USD", what="tax charge", total=SUM, periods=formula)
        for each, formula in charges.items()
    ])  # fmt: skip
    yield from filled("Left for tax of prices alone", "A part of the above, without network.", [
        *(line_of(each, "Left for tax, of entry", "USD", total=SUM, periods=formula)
          for each, formula in lefts.items()),
        *lines_of(lefts, "Left for tax", "USD", total=SUM,
                  periods=f"=SUMIFS({{left for tax, of entry.across}},{{falls in.across}},@${PERIOD})"),
    ])  # fmt: skip


def _brought_forward(facts: Facts) -> Iterator[Section]:
    """What was left for tax of what is running as the horizon began: all that is charged or left of it since."""
    rule, note = rule_of(facts), "Of what is running, in the first period: all that is charged or left of it since."
    parts = {
        group: "+".join(
            ["{tax charge.total}"] * bool(rule.charge(facts, group)) + ["{left for tax.total}"] * bool(rule.left(group))
        )
        for group in running(facts)
    }
    yield from filled("Value for tax brought forward", note, [
        line_of(group, "Brought forward for tax", "USD", total=SUM, periods=f"=(@${PERIOD}=1)*({parts[group] or '0'})")
        for group in parts
    ])  # fmt: skip


def _taxable(facts: Facts) -> Section:
    """The profit of a period: what falls due, less depreciation; and the gain on what is left at its end."""
    due = [at("cost", line.name) for line in COST_LINES if line.taxed == "mid" and line.name in facts.plan.costs]
    before, left = at("taxable", "before depreciation"), at("cost", "residual_usd")
    note = "A loss is negative and used as it arises. Deposits, unmet work and what the fleet once cost deduct nothing."
    return Section("Profit that is taxed", note, [
        Line("Profit before depreciation", "USD", total=SUM, key=before.key, periods=f"=-{summed(due)}",
             source="value and resale less costs as they fall due"),
        Line("Taxable profit", "USD", total=SUM, periods=f"={before}-{CHARGED}", key=PROFIT.key,
             source="discounted to mid-period"),
        Line("Taxable gain on what is left", "USD", total=SUM, periods=f"=-{left}-{LEFT}", key=GAIN.key,
             source="residual value less what is left for tax; discounted to the end"),
    ])  # fmt: skip
