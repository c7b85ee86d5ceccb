"""Actuals: cash of this plan by cost line and fiscal year beside budget, prior plan and what was paid; who approved it.

What is typed here belongs to the reader: it changes nothing else, and a workbook that is planned again keeps it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from openpyxl.styles import Alignment

from optimizer.formulation.register import lines_of
from optimizer.plan.prior import Prior
from optimizer.workbook.budgets import budget_lines
from optimizer.workbook.facts import Facts
from optimizer.workbook.language.given import Given
from optimizer.workbook.sheets.cash import COSTS, TAX, shown
from optimizer.workbook.writing.book import InputCell
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.lines import TYPED, Check
from optimizer.workbook.writing.lists import Block, Cell, Column, Columns, Content, Entry, ListSheet
from optimizer.workbook.writing.references import Row, at, down
from optimizer.workbook.writing.styles import Role

Typed = Mapping[str, float | str]
"""What the reader typed, by key."""
CAPEX, OPEX = lines_of("capex_usd"), lines_of("opex_usd")
OTHER = ("resale_usd", TAX[0])
"""Cash in no budget. Residual value, what is owed, and the price of unmet work are no cash of the horizon."""
SUMS = {"Capex": CAPEX, "Opex": OPEX, "Cash paid": (*CAPEX, *OPEX, *OTHER)}
BUDGETS = {"Capex": "capex_usd", "Opex": "opex_usd"}
NONE = '"n/a"'
PLAN, BUDGET, PRIOR, ACTUAL = "This plan", "Budget", "Prior plan", "Actual"
VARIANCES = ((ACTUAL, PLAN), (ACTUAL, BUDGET), (PLAN, BUDGET), (PLAN, PRIOR))
NOTES = {
    PLAN: "Undiscounted, from Cash; a period belongs to the fiscal year in which it starts.",
    BUDGET: "Type what was approved. Capex and opex without any are the scenario's budgets of whole fiscal years.",
    PRIOR: "As it was planned, static. Blank: its horizon does not reach the year.",
    ACTUAL: "Type what was paid; a blank is not known and never zero.",
}
NO_PRIOR = "None given: chipmix plan SCENARIO --prior PLAN -o FILE.xlsx shows an earlier plan here."
VARIANCE_NOTE = "Where both are known, else n/a. Positive: more was paid. Sums are of the lines that are known."
RIGHT_END = Alignment(horizontal="right", vertical="top")
APPROVAL = {"Version": "text", "Prepared by": "text", "Approved by": "text", "Approved on": "date"}
"""What may be typed about the approval, with its rule."""
TOTAL = "total"


@dataclass(frozen=True)
class Frame:
    """What the blocks have in common: lines, fiscal years, and what is typed into them."""

    facts: Facts
    prior: Prior | None
    typed: Typed

    @property
    def years(self) -> list[str]:
        """Those of this plan and of the prior one."""
        known = set(self.facts.years)
        return sorted(known.union(*(self.prior.costs.values() if self.prior else ())))

    @property
    def lines(self) -> list[str]:
        """The cash lines of this plan and of the prior one."""
        there = {*shown(self.facts, COSTS), *(self.prior.costs if self.prior else ())}
        return [name for name in SUMS["Cash paid"] if name in there]

    @property
    def columns(self) -> Columns:
        years = {year: Column(Given(year), "USD", 17) for year in self.years}
        return {"line": Column("Line", width=34), **years, TOTAL: Column("Total", "USD", 19), "unit": Column("Unit")}


def actuals(facts: Facts, typed: Typed, prior: Prior | None, bridged: bool) -> ListSheet:
    """Approval, the figures, then their differences."""
    frame = Frame(facts, prior, typed)
    measures = {PLAN: _planned, BUDGET: _budgeted, **({PRIOR: _prior} if prior else {}), ACTUAL: _typed(ACTUAL)}
    blocks = [_approval(frame, bridged)]
    blocks += [_block(frame, measure, [NOTES[measure]], of_line) for measure, of_line in measures.items()]
    if prior is None:
        blocks.append(Block(heading=PRIOR, notes=[NO_PRIOR]))
    blocks += [
        _block(frame, f"{one} less {other.lower()}", [VARIANCE_NOTE], _difference(one, other))
        for one, other in VARIANCES
        if {one, other} <= measures.keys()
    ]
    widths = [max(column.width, 12.0) for column in frame.columns.values()]
    return ListSheet("Actuals", "Actuals beside this plan, USD", "C55A11", blocks,
                     list(_checks(frame)), widths=widths, wide=len(widths))  # fmt: skip


def _approval(frame: Frame, bridged: bool) -> Block:
    """Who made and approved the plan, to be typed; and which plan it is."""
    entries = [Entry((label, _cell(frame, f"approval/{label}", rule, label))) for label, rule in APPROVAL.items()]
    run = frame.facts.plan.run
    hashes = {"SHA-256 of this plan": run.plan_sha256, "SHA-256 of its scenario": run.scenario_sha256}
    if frame.prior:
        hashes["Prior plan, SHA-256 of its scenario"] = frame.prior.stamp.scenario_sha256
    entries += [Entry((label, Given(value))) for label, value in hashes.items()]
    if bridged:
        entries.append(Entry(("From the prior plan to this one", Cell("Bridge", link="Bridge"))))
    return Block(entries, heading="Approval")


def _cell(frame: Frame, key: str, rule: str, label: str) -> Cell:
    """A cell for the reader, with what stands in it already."""
    value = frame.typed.get(TYPED + key)
    look = "date" if rule == "date" else "USD" if rule == "money" else ""
    return Cell(Given(value) if isinstance(value, str) else value, look, Role.INPUT, rule=rule,
                edits=InputCell((TYPED + key,), "", rule, label))  # fmt: skip


OfLine = Callable[[Frame, str, str], Content]
"""What a line shows in a fiscal year."""


def _row(measure: str, line: str) -> Row:
    return at("actuals", measure, line)


def _block(frame: Frame, measure: str, notes: Sequence[str], of_line: OfLine) -> Block:
    """The lines by fiscal year, with their sums; a sum of nothing is not known."""
    entries = [Entry({
        "line": COSTS[name], **{year: of_line(frame, name, year) for year in frame.years},
        TOTAL: _known(_sum(f"{{{frame.years[0]}}}:{{{frame.years[-1]}}}")), "unit": "USD",
    }, _row(measure, name).key) for name in frame.lines]  # fmt: skip
    sums = [_summed(frame, measure, label) for label in SUMS]
    return Block([*entries, *sums], frame.columns, measure, notes)


def _known(formula: str, role: Role | None = None) -> Cell:
    """A figure, or n/a where figures end."""
    return Cell(Formula(formula), role=role, alignment=RIGHT_END)


def _sum(cells: str) -> str:
    return f"=IF(COUNT({cells})>0,SUM({cells}),{NONE})"


def _summed(frame: Frame, measure: str, label: str) -> Entry:
    rows = [_row(measure, name) for name in frame.lines if name in SUMS[label]]
    cells: dict[str, Content] = {"line": Cell(label, role=Role.TOTAL), "unit": "USD"}
    for column in (*frame.years, TOTAL):
        of = down(rows, f"<{column}>") if rows else ""
        text = _sum(of) if rows else f"={NONE}"
        if measure == BUDGET and column != TOTAL and rows:
            text = f"=IF(COUNT({of})>0,SUM({of}),{_stated(frame.facts, label, column)})"
        cells[column] = _known(text, Role.TOTAL)
    return Entry(cells, _row(measure, label).key)


def _stated(facts: Facts, label: str, year: str) -> str:
    """The scenario's budget of a fiscal year, if it has one."""
    for line in budget_lines(facts.plan.budget):
        if line.budget == BUDGETS.get(label) and not line.by_period and facts.window(line.window) == facts.window(year):
            return at("budget", "limit", line.budget, line.amount).constant
    return NONE


def _planned(frame: Frame, name: str, year: str) -> Content:
    """From Cash; nothing where the horizon does not reach the year."""
    cost = at("cost", name)
    if year not in frame.facts.years:
        return None
    if name not in frame.facts.plan.costs:
        return Formula("=0")
    number = at("fiscal year", year).constant
    return Formula(f"=SUMIFS({cost.across},{cost.years_across},{number})")


def _prior(frame: Frame, name: str, year: str) -> Content:
    """What the prior plan says; a line that it does not have costs nothing in the years that it reaches."""
    assert frame.prior is not None
    reached = {each for line in frame.prior.costs.values() for each in line}
    return frame.prior.costs.get(name, {}).get(year, 0.0) if year in reached else None


def _typed(measure: str) -> OfLine:
    def cell(frame: Frame, name: str, year: str) -> Content:
        return _cell(frame, f"{measure.lower()}/{name}/{year}", "money", f"{measure}, {COSTS[name]} {year}")

    return cell


_budgeted = _typed(BUDGET)


def _difference(one: str, other: str) -> OfLine:
    def cell(_: Frame, name: str, year: str) -> Content:
        here, there = (_row(measure, name).cell(year) for measure in (one, other))
        return _known(f"=IF(COUNT({here},{there})>1,{here}-{there},{NONE})")

    return cell


def _checks(frame: Frame) -> Iterator[Check]:
    """All cash of the plan is there once."""
    names = [name for name in frame.lines if name in OTHER and name in frame.facts.plan.costs]
    cash = "-".join(at("cost", name).total for name in ("capex", "opex", *names))
    meaning = "The fiscal years of Actuals hold all cash that the plan pays."
    yield Check("Cash paid by fiscal year", f"={_row(PLAN, 'Cash paid').cell(TOTAL)}-{cash}", "USD", meaning)
