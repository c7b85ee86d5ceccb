"""Compare: the figures of several runs, each stamped with its run, and what changed in the orders between them."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.explore.results import Headline
from optimizer.explore.side_by_side import Run, Runs
from optimizer.plan.compare import Change, OrderChange
from optimizer.workbook.language.given import Given
from optimizer.workbook.writing.lines import Check
from optimizer.workbook.writing.lists import RIGHT, Block, Cell, Column, Columns, Content, Entry, ListSheet, paragraph
from optimizer.workbook.writing.references import Row, at
from optimizer.workbook.writing.styles import Role

COLUMNS = {
    "plan": Column("Plan", width=40),
    "status": Column("Status", width=27),
    "shown in": Column("Shown in", width=16),
    "cost": Column("Cost, net present value", "USD", 20),
    "bound": Column("No plan costs less than", "USD", 20),
    "gap": Column("Gap", "share", 11),
    "capex": Column("Capex", "USD", 18),
    "rent": Column("Rent due after the horizon", "USD", 18),
    "peak": Column("Peak power at the meter", "MW", 14),
}
STAMPS = {
    "plan": Column("Plan"),
    "scenario": Column("Scenario SHA-256, first digits"),
    "solver": Column("Solver"),
    "catalogue": Column("Catalogue SHA-256, first digits"),
}
CHANGES = {
    "plan": Column("To the plan"),
    "offer": Column("Offer"),
    "change": Column("What changed"),
    "systems": Column("Systems", "count"),
    "from place": Column("From place"),
    "from period": Column("In period"),
    "place": Column("To place"),
    "period": Column("From period on"),
}
STATUS = {
    "infeasible": "no plan meets every limit",
    "no_plan": "none found in the time given",
    "invalid": "not possible as asked",
    "not_run": "not run",
}
"""What is said of a run without a plan; the others say the status of theirs."""


def compare(runs: Runs) -> ListSheet:
    """Figures, stamps and, where plans were compared, changes; its figures follow no edit."""
    vendors = sorted({vendor for run in runs.runs if run.headline for vendor in run.headline.accelerators})
    most = {vendor: Column(f"{vendor}, most in service at once", "accelerators", 16) for vendor in vendors}
    blocks = [_figures(runs, {**COLUMNS, **most}, vendors), _stamps(runs)]
    blocks += [_changes(runs)] if runs.kind == "compare" else []
    cost = f"={run_of(runs.this).part('$<cost>$#n')}-optimiser_objective_usd"
    meaning = "The cost of this workbook's plan on Compare is the optimiser's."
    checks = [Check("Compare shows this plan", cost, "USD", meaning)]
    return ListSheet(
        "Compare", "Compare: plans side by side", "1F3864", blocks, checks, wide=len(COLUMNS), frozen="B"
    )  # fmt: skip


def run_of(i: int) -> Row:
    """Where a run stands, by its place among them."""
    return at("run", i)


def said(run: Run) -> str:
    """The status of a run in words."""
    return STATUS.get(run.status, run.status)


def _figures(runs: Runs, columns: Columns, vendors: list[str]) -> Block:
    """The runs under one another, below the units of their figures."""
    units = {
        name: Cell(column.unit, role=Role.NOTE, alignment=RIGHT) for name, column in columns.items() if column.unit
    }
    entries = [_run(i, run, i == runs.this, vendors) for i, run in enumerate(runs.runs)]
    note = "Figures of each run, re-optimised: they follow no edit."
    return Block([Entry(units), *entries], columns, notes=[note], height=42)


def _run(i: int, run: Run, this: bool, vendors: list[str]) -> Entry:
    marked = Cell("this workbook", role=Role.STATUS) if this else None
    shown: list[Content] = [Cell("no plan", role=Role.NOTE)]
    if run.headline is not None:
        shown = _of_plan(run.headline, vendors)
    return Entry((paragraph(run.name), said(run), marked, *shown), run_of(i).key)


def _of_plan(headline: Headline, vendors: list[str]) -> list[Content]:
    return [
        headline.cost_usd, headline.bound_usd, headline.gap, headline.capex_usd, headline.rent_after_usd,
        headline.peak_mw, *(headline.accelerators.get(vendor, 0.0) for vendor in vendors),
    ]  # fmt: skip


def _stamps(runs: Runs) -> Block:
    """Which run each figure is from, and why some have none."""
    return Block([entry for run in runs.runs for entry in _stamp(run)], STAMPS, "The runs", height=28)


def _stamp(run: Run) -> Iterator[Entry]:
    stamps = (run.scenario_sha256[:16], run.solver, run.catalog_sha256[:16])
    first, *more = run.why.splitlines() or [""]
    told = map(Given, stamps if run.headline else filter(None, [first]))
    yield Entry((paragraph(run.name), *told))
    yield from (Entry((None, Given(text))) for text in more)


def _changes(runs: Runs) -> Block:
    """Orders and commitments of the later plans against those of the first."""
    entries = [entry for change in runs.changes for entry in (*_orders(change), *_kept(change))]
    return Block(entries, CHANGES, "Orders that are not those of the first plan", height=15)


def _systems(systems: float) -> Cell:
    return Cell(systems, "count" if systems.is_integer() else "any")


def _orders(change: Change) -> Iterator[Entry]:
    for order in change.orders:
        places = (text or None for text in _places(order))
        yield Entry((change.plan, order.offer, order.change, _systems(order.systems), *places))


def _places(order: OrderChange) -> tuple[str | None, ...]:
    """Place and period before, and now."""
    here = (order.place, order.enters_service)
    return here if order.change == "dropped" else (order.from_place, order.from_period, *here)


def _kept(change: Change) -> Iterator[Entry]:
    """What stays and which commitments do not."""
    yield Entry((change.plan, "systems that stay", None, _systems(change.same_systems)))
    for text in change.commitments_dropped:
        yield Entry((change.plan, "commitment dropped", None, None, text))
    for word, names in (("frame signed", change.frames_signed), ("frame no longer signed", change.frames_dropped)):
        yield from (Entry((change.plan, word, None, None, name)) for name in names)
