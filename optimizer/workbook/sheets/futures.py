"""Futures: what may come, how likely it is, what it changes, and what one decision for all of them comes to in each."""

from __future__ import annotations

from collections.abc import Mapping
from math import fsum

from optimizer.uncertainty.results import FutureRow, OverRow, RobustResult, SignNow
from optimizer.workbook.facts import Facts
from optimizer.workbook.language.given import Given
from optimizer.workbook.sheets.future_inputs import changes_block, draws_block, draws_of, named_futures
from optimizer.workbook.sheets.stamps import beside, counted, header_beside, room
from optimizer.workbook.writing.book import InputCell
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.lines import Check
from optimizer.workbook.writing.lists import Block, Cell, Column, Content, Entry, ListSheet
from optimizer.workbook.writing.references import Row, at, down, key_of
from optimizer.workbook.writing.styles import FORMATS, Role

WIDTHS = (30, 30, 36, 36, 23, 20, 25, 48)
OUTCOMES = {
    "name": Column("Future"),
    "alike": Column("The same as"),
    "probability": Column("Probability", "share"),
    "cost": Column("Cost of this decision, USD", "USD"),
    "unmet": Column("Work left undone, USD", "USD"),
    "over": Column("Limits passed, USD", "USD"),
    "unpowered": Column("Most systems unpowered", "count"),
    "source": header_beside("Source"),
}
OVER = {
    "name": Column("Future"),
    "limit": Column("Limit that is passed"),
    "": Column(),
    "unit": Column("Unit"),
    "amount": Column("By", "any"),
    "usd": Column("Costs, USD", "USD"),
}
UNPOWERED = {
    "name": Column("Future"),
    "system": Column("System without power"),
    "site": Column("Site"),
    "period": Column("Period"),
    "systems": Column("Systems", "any"),
}
SIGNED = {
    "period": Column("When"),
    "kind": Column("What is signed now"),
    "what": Column("Of"),
    "unit": Column("Unit"),
    "amount": Column("How much", "any"),
}
LATER = {
    "period": Column("When"),
    "offer": Column("Offer ordered later"),
    "place": Column("Place"),
    "unit": Column("Unit"),
    "least": Column("Least", "any"),
    "expected": Column("Expected", "any"),
    "most": Column("Most", "any"),
}
KINDS = {
    "order": "order",
    "expand": "add power",
    "engineer": "engineer",
    "port": "port",
    "sign": "sign frame",
    "retire": "switch off",
}
"""What is decided, as the result has it, and in words."""
STATIC = (
    "Costs are of the run on Regret, expectations follow the probabilities; to decide again: chipmix robust FILE.xlsx"
)
DRAWN = "The figures on Distribution are of futures drawn from these; they follow no edit."
SUMS = "The probabilities of the futures sum to 1."


def future_row(name: str) -> Row:
    """The row of a future, by its name."""
    return at("future", name)


def futures(facts: Facts, decision: RobustResult | None, drawn: bool) -> ListSheet:
    """The futures with what a decision comes to in them, and what futures are `drawn` from, if they are."""
    named, draws = named_futures(facts), draws_of(facts) if drawn else {}
    listed = decision is not None or not draws
    blocks = [_outcomes(facts, decision)] if listed else []
    blocks += [changes_block(named)] if listed and named else []
    blocks += [draws_block(facts, draws)] if draws else []
    if decision is not None:
        blocks += [_over(decision), _unpowered(decision), _signed(decision), _later(decision)]
    total = at("futures", "expected").cell("probability")
    checks = [Check("Futures are all there are", f"={total}-1", "ratio", SUMS)] if listed else []
    return ListSheet(
        "Futures", "Futures: what may come", "1F3864", blocks, checks, widths=WIDTHS, wide=len(WIDTHS), frozen="B",
        stamp=STATIC if decision is not None else DRAWN,
    )  # fmt: skip


def _outcomes(facts: Facts, decision: RobustResult | None) -> Block:
    """Each future; the probabilities may be edited where the plan's scenario has them, and its expectations follow."""
    known = _by_name(decision)
    named = named_futures(facts)
    entries, rows = [], []
    for i, future in enumerate(named):
        cells = _cells(known.get(future.name), future.name)
        label = f"Probability of {future.name}"
        edits = InputCell((f"futures/{i}/probability",), "", "share", label)
        shown = Cell(float(future.probability), role=Role.INPUT, rule="share", edits=edits)
        source = beside(Given(f"futures.{future.name}.probability"))
        rows.append(future_row(future.name))
        entries.append(Entry({"name": Given(future.name), "probability": shown, **cells, "source": source},
                             rows[-1].key))  # fmt: skip
    for name in [] if named or decision is None else [row.name for row in decision.futures]:
        shown = Cell(known[name].probability, role=Role.FIXED)
        rows.append(future_row(name))
        entries.append(Entry({"name": Given(name), "probability": shown, **_cells(known[name], name),
                              "source": beside("the only future that there is")}, rows[-1].key))  # fmt: skip
    return Block([*entries, _expected(rows, decision)], OUTCOMES)


def _by_name(decision: RobustResult | None) -> Mapping[str, FutureRow]:
    """The outcome in each future, by its name and by those of the futures that are the same."""
    found: dict[str, FutureRow] = {}
    for row in decision.futures if decision is not None else ():
        found |= dict.fromkeys((row.name, *row.alike), row)
    return found


def _cells(row: FutureRow | None, name: str) -> dict[str, Content]:
    """What the decision comes to in a future."""
    if row is None:
        return {}
    return {
        "cost": row.cost_usd,
        "unmet": row.unmet_usd,
        "over": fsum(each.usd for each in row.over),
        "unpowered": counted(max((each.systems for each in row.unpowered), default=0.0)),
        "alike": None if row.name == name else Given(row.name),
    }


def _expected(rows: list[Row], decision: RobustResult | None) -> Entry:
    """The probabilities' sum, and expectations."""
    probabilities = down(rows, "$<probability>")
    cells: dict[str, Content] = {
        "name": Cell("Expected", role=Role.TOTAL),
        "probability": Cell(Formula(f"=SUM({down(rows, '<probability>')})"), role=Role.TOTAL),
    }
    shows: dict[str, float] = {}
    if decision is not None:
        shows = {"cost": decision.expected_usd.most_usd}
        for column in ("cost", "unmet", "over"):
            formula = Formula(f"=SUMPRODUCT({probabilities},{down(rows, f'<{column}>')})")
            cells[column] = Cell(formula, role=Role.TOTAL)
    return Entry(cells, key_of("futures", "expected"), shows, "expected * of the decision",
                 None if decision is None else room(decision))  # fmt: skip


def _over(decision: RobustResult) -> Block:
    return _listed("Limits that this decision passes, by future", OVER, [
        Entry((Given(future.name), Given(over.row), None, over.unit, _passed(over), over.usd))
        for future in decision.futures
        for over in future.over
    ])  # fmt: skip


def _passed(over: OverRow) -> Cell:
    """By how much a limit is passed, with the digits of its unit where that has some."""
    return Cell(over.amount, over.unit if over.unit in FORMATS else "any")


def _unpowered(decision: RobustResult) -> Block:
    return _listed("Systems that stand unpowered, by future", UNPOWERED, [
        Entry((Given(future.name), Given(row.system), Given(row.site), Given(row.period), counted(row.systems)))
        for future in decision.futures
        for row in future.unpowered
    ])  # fmt: skip


def _signed(decision: RobustResult) -> Block:
    """What is the same in every future."""
    heading = f"Signed now: up to {decision.decide_by}, the same in every future"
    return _listed(heading, SIGNED, [Entry(_sign(row)) for row in decision.sign_now])


def _sign(row: SignNow) -> tuple[Content, ...]:
    amount = counted(row.amount) if row.unit == "systems" else Cell(row.amount, row.unit or "switch")
    period = Given(row.period) if row.period else None
    return period, KINDS[row.kind], Given(", ".join(row.what)), row.unit or "switch", amount


def _later(decision: RobustResult) -> Block:
    """Orders that may change."""
    return _listed("Planned, may change: orders placed later, by what becomes of them", LATER, [
        Entry((Given(row.ordered), Given(row.offer), Given(row.place), "systems",
               *map(counted, (row.least, row.expected, row.most))))
        for row in decision.may_change
    ])  # fmt: skip


def _listed(heading: str, columns: Mapping[str, Column], entries: list[Entry]) -> Block:
    return Block(entries or [Entry(("none",))], columns, heading)
