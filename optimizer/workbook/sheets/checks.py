"""Checks: what must hold, whether it does, and what it means when it does not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from optimizer.workbook.decisions import decisions_of, factors_paid
from optimizer.workbook.facts import Facts
from optimizer.workbook.sheets.input_offers import OTHERS, others
from optimizer.workbook.sheets.inputs import fingerprint, fingerprint_of_others, last_other
from optimizer.workbook.writing.book import Book
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.lines import HEADER, Check
from optimizer.workbook.writing.lists import Block, Cell, Column, Entry, ListSheet, Warned, heading
from optimizer.workbook.writing.references import Row, area, at, between, down, key_of, of_each
from optimizer.workbook.writing.styles import Role

COLUMNS = {
    "label": Column("Check", width=46),
    "value": Column("Value", "any", 21),
    "unit": Column("Unit", width=10),
    "tolerance": Column("Tolerance", "any", 14),
    "fails": Column("Fails (0 or 1)", "0_)", 16),
    "meaning": Column("What it means", width=96),
}
LOOKS = {
    "USD": "#,##0.00_);(#,##0.00)",
    "systems": "#,##0.00_);(#,##0.00)",
    "MW": "#,##0.000_);(#,##0.000)",
    "blocks": "0.000_)",
    "count": "0_)",
    "switch": "0_)",
    "ratio": "0.00000000_)",
}
FIRST = (
    "Total equals the optimiser's objective", "Present value, computed twice", "Capex by fiscal year",
    "Opex by fiscal year", "Total by fiscal year", "Present value by fiscal year", "Deposits and balances add up",
    "Rent after the horizon by fiscal year", "Residual value falls once", "Balance of systems closes",
    "Places hold all systems", "Sites stay within their limits", "Budgets are kept",
    "Nothing arrives before its lead time", "Only fleet that is there is retired",
    "Power is added within what a site can have", "Engineering is ready before purchases",
    "Everything ordered has a price",
)  # fmt: skip
"""What is checked first: money, balances, limits; then sheet by sheet."""
MASTER = at("check", "master")


def checks(facts: Facts, found: Iterable[Check], last_input: Row) -> ListSheet:
    """Edits, then what the sheets check of themselves, then how many checks fail."""
    ordered = sorted(found, key=lambda check: FIRST.index(check.label) if check.label in FIRST else len(FIRST))
    rows = [at("check", check.label) for check in ordered]
    fails = Cell(Formula(f"=SUM({down(rows, '<fails>')})"), role=Role.TOTAL, name="master_check")
    master = {
        "label": Cell("Master check: number of checks that fail", role=Role.TOTAL),
        "fails": fails,
        "meaning": _meaning("0: all hold. Shown at the top of every sheet."),
    }
    wide = len(COLUMNS)
    entries = [
        heading("Edits and the optimiser's figures", wide), *_edits(facts, last_input), heading("Checks", wide),
        *map(_check, ordered), Entry(), Entry(master, MASTER.key, {"fails": 0.0}, "checks that fail"),
    ]  # fmt: skip
    return ListSheet(
        "Checks", "Checks: a result of 0 holds, 1 fails", "C00000", [Block(entries, COLUMNS)], head=4,
        warned=[Warned("fails", "notEqual", rows[0], MASTER)],
    )  # fmt: skip


def _meaning(text: str) -> Cell:
    return Cell(text, role=Role.WRAPPED)


def _check(check: Check) -> Entry:
    beyond = "ABS({value})>{tolerance}"
    test = f"(plan_edited=0)*({beyond})" if check.only_unedited else f"IF({beyond},1,0)"
    fails = Cell(Formula(f"=IFERROR({test},1)"), role=Role.STATUS)
    value = Cell(Formula(check.value), LOOKS[check.unit])
    cells = (check.label, value, check.unit, Formula(f"={check.tolerance}"), fails, _meaning(check.meaning))
    return Entry(cells, key_of("check", check.label))


def _edits(facts: Facts, last_input: Row) -> list[Entry]:
    """How the plan differs from the one that was optimised."""
    now, written = at("trace", "now"), at("trace", "as written")
    gap = "=IFERROR((optimiser_objective_usd-optimiser_bound_usd)/ABS(optimiser_objective_usd),0)"
    return [
        _figure("Overrides in use", Formula(_overrides(facts)), "count",
                "Cells filled on Orders; the plan is re-costed with them.", "overrides_used"),
        _figure("Trace of the inputs, now", Formula(_trace(last_input)), "ratio",
                "Sum of (1 + x) to a small power over Inputs: it moves with any edit.", key=now.key),
        _figure("Trace of the inputs, as written", fingerprint, "ratio", "The same sum when the file was written.",
                key=written.key),
        _figure("Inputs edited", Formula(f"=IF(ABS({now.cell('value')}-{written.cell('value')})>tolerance_edited,1,0)"),
                "switch", "1: an assumption differs from the one that was optimised.", "inputs_edited"),
        *_others(facts),
        _figure("Plan edited", Formula("=MIN(1,inputs_edited+overrides_used)"), "switch",
                "1: the totals re-cost the plan and are no longer the optimiser's.", "plan_edited", unedited=True),
        _figure("Net present value of cost, this workbook", Formula("=total_npv_usd"), "USD", "Cash, total column."),
        _figure("Net present value of cost, optimiser", facts.plan.objective_usd, "USD",
                "The objective; net of value, if any.", "optimiser_objective_usd"),
        _figure("Lower bound, optimiser", facts.plan.bound_usd, "USD",
                "No plan for the same inputs costs less than this.", "optimiser_bound_usd"),
        _figure("Gap to the bound, optimiser", Formula(gap), "ratio",
                "Most that a better plan could save, as a share.", "optimiser_gap"),
    ]  # fmt: skip


def _others(facts: Facts) -> Iterator[Entry]:
    """Whether a price was edited that changes no cost of this plan, and might make another one the best."""
    if not others(facts):
        return
    now, written = at("trace of others", "now"), at("trace of others", "as written")
    parts = (between(OTHERS, last_other(facts), columns) for columns in ("$I:$#z", "$E:$E"))
    trace = "=" + "+".join(f"SUMPRODUCT((1+{part})^fingerprint_power)" for part in parts)
    yield _figure("Trace of prices of offers not in this plan, now", Formula(trace), "ratio",
                  "The same sum over their part of Inputs.", key=now.key)  # fmt: skip
    yield _figure("Trace of prices of offers not in this plan, as written", fingerprint_of_others, "ratio",
                  "The same sum when the file was written.", key=written.key)  # fmt: skip
    moved = f"ABS({now.cell('value')}-{written.cell('value')})"
    yield _figure("Prices of offers not in this plan edited", Formula(f"=IF({moved}>tolerance_edited,1,0)"), "switch",
                  "1: no error and no cost of this plan; another plan may be best: make it again.",
                  "other_prices_edited", unedited=True)  # fmt: skip


def _figure(
    label: str, value: Formula | float | Callable[[Book], float], unit: str, meaning: str, name: str = "",
    key: str = "", unedited: bool = False,
) -> Entry:  # fmt: skip
    """A figure under a name; one that is 0 while the plan is `unedited`, as it must be when it is written."""
    cells = (label, Cell(value, LOOKS[unit], name=name), unit, None, None, _meaning(meaning))
    return Entry(cells, key, {"value": 0.0} if unedited else {}, "a plan as it was optimised")


def _overrides(facts: Facts) -> str:
    """How many cells are filled, in two blocks of Orders."""
    orders = [at("override", line) for group in facts.groups if not group.committed for line in group.lines]
    others = of_each("factor override", factors_paid(facts))
    others += of_each("decision override", decisions_of(facts))
    filled = ",".join(area(rows) for rows in (orders, others) if rows)
    return f"=COUNT({filled})" if filled else "=0"


def _trace(last: Row) -> str:
    """Over all assumptions down to the last: periods, then constants."""
    top = HEADER + 1
    parts = (last.part(template) for template in (f"$I${top}:$#z$#n", f"$E${top}:$E$#n"))
    return "=" + "+".join(f"SUMPRODUCT((1+{part})^fingerprint_power)" for part in parts)
