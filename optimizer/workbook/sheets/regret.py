"""Regret: every plan in every future, what each costs more than the best there, and what uncertainty costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from openpyxl.chart import BarChart

from optimizer.uncertainty.results import Between, FutureRow, PlanRow, RobustResult
from optimizer.workbook.language.given import Given
from optimizer.workbook.sheets.futures import future_row
from optimizer.workbook.sheets.insurance import insurance_block
from optimizer.workbook.sheets.stamps import APART, command_of, digits, header_beside, room, rows_of, stamped
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.charts import outlined, series_down, sideways
from optimizer.workbook.writing.lists import RIGHT, Block, Cell, Column, Columns, Content, Drawing, Entry, ListSheet
from optimizer.workbook.writing.references import Places, Row, at, down
from optimizer.workbook.writing.styles import Role

MEAN, ROBUST = "MEAN", "ROBUST"
"""Names of plans in capitals, which no future has."""
TAIL = 0.9
"""The level of the mean of the worst where the aim has none."""
PLAN, FIGURE, WIDEST = Column("Plan", width=34), 17.0, 40.0
PROBABILITY, LEAST, LEVEL = at("regret", "probability"), at("regret", "least"), at("regret", "level")
PROVED, FOUND, DECIDED = at("regret", "proved"), at("regret", "found"), at("regret", "decided with")
EXPECTED, EDITED, HEADERS = at("worth", "expected"), at("worth", "edited"), at("regret", "headers")
STATIC = "Costs are those of one run; they follow no edit. Expectations and regret follow the probabilities on Futures."
COSTS_NOTE = "Present value of cost: what is decided up to the date below is as in the plan, what comes later adapts."
REGRET_NOTE = "What a plan costs more than the least of its column: the price of not having known the future."
TAIL_NOTE = (
    "The mean of the worst is the least over the columns of: the cost there, plus the expected excess over it divided "
    "by 1 - level (Rockafellar and Uryasev, 2000)."
)
AIMS = {
    "expected": "least expected cost",
    "cvar": "least expected cost and mean of the worst",
    "regret": "least largest regret",
}
LARGEST, USUAL = "C05000", "0072B2"
WIDTH, BAR_HEIGHT, LEAST_HEIGHT, MOST_HEIGHT = 26.0, 1.0, 7.0, 20.0
"""In cm."""


class _Futures(NamedTuple):
    """The columns of the futures, and the part of a row that they are."""

    columns: Columns
    across: str
    fixed: str


def regret(decision: RobustResult, command: str) -> ListSheet:
    """Costs, regret and its chart, the workings of the mean of the worst, what uncertainty costs, the run."""
    named = {f"f{k}": row for k, row in enumerate(decision.futures)}
    columns = {key: Column(_head(row.name), "USD", _width(row.name)) for key, row in named.items()}
    first, last = next(iter(named)), list(named)[-1]
    futures = _Futures(columns, f"{{{first}}}:{{{last}}}", f"$<{first}>$#n:$<{last}>$#n")
    plans = [at("regret", "plan", row.plan) for row in decision.regret]
    regrets = [at("regret", "of", row.plan) for row in decision.regret]
    height_cm = min(max(4.0 + BAR_HEIGHT * len(regrets), LEAST_HEIGHT), MOST_HEIGHT)
    blocks = [
        Block(heading="Cost of every plan in every future", notes=[COSTS_NOTE]),
        _costs(decision, futures, plans),
        Block(heading="Regret of every plan in every future", notes=[REGRET_NOTE]),
        _regrets(decision, futures, plans, regrets),
        _worth(decision, futures, rows_of(height_cm)),
        Block(heading="Workings of the mean of the worst", notes=[TAIL_NOTE]),
        _tails(decision, futures, plans),
        *_insured(decision),
        _run(decision, command),
        *_notes(decision),
    ]
    drawing = Drawing(lambda places: _chart(places, regrets, height_cm), _says(decision), regrets[-1], 2)
    widths = [PLAN.width, *(column.width for column in columns.values()), *[_width("Expected, USD m")] * 4]
    return ListSheet(
        "Regret", "Regret: every plan in every future", "1F3864", blocks, widths=widths, wide=len(widths), frozen="B",
        stamp=STATIC, drawings=[drawing], large="A:A", one_page=True,
    )  # fmt: skip


def plan_label(plan: str) -> str:
    """A plan as a reader knows it."""
    return {MEAN: "Plan of the mean", ROBUST: "This decision"}.get(plan, f"Plan of {plan}")


def _head(name: str) -> Cell:
    return Cell(Given(name), role=Role.NUMBERS, alignment=RIGHT)


def _width(header: str) -> float:
    """So that a bold header is not cut, within reason."""
    return min(max(FIGURE, len(header) * 1.2 + 4), WIDEST)


def _label(row: PlanRow) -> Cell:
    return Cell(plan_label(row.plan), role=Role.STATUS if row.plan == ROBUST else Role.LABEL)


def _costs(decision: RobustResult, futures: _Futures, plans: Sequence[Row]) -> Block:
    columns = {"plan": PLAN, **futures.columns, "expected": Column("Expected", "USD"),
               "cvar": Column("Mean of the worst", "USD"), "worst": Column("Worst", "USD")}  # fmt: skip
    of = list(zip(futures.columns, decision.futures, strict=True))
    weights = {key: Cell(_weight(row), "share") for key, row in of}
    least = {key: Cell(Formula(f"=MIN({down([*plans, FOUND], f'<{key}>')})"), role=Role.TOTAL) for key, _ in of}
    found = {key: row.known_usd.most_usd for key, row in of}
    entries = [
        Entry({"plan": "Probability", **weights}, PROBABILITY.key, {key: row.probability for key, row in of},
              "probability of *"),
        Entry({"plan": "Probability decided with", **{key: Cell(row.probability, "share") for key, row in of}},
              DECIDED.key),
        *(_cost(decision, row, plan, futures) for row, plan in zip(decision.regret, plans, strict=True)),
        Entry({"plan": "Plan of that future, found", **found}, FOUND.key),
        Entry({"plan": Cell("Least of the column", role=Role.TOTAL), **least}, LEAST.key, found, "least cost of *",
              _widest(decision)),
        Entry({"plan": "No plan costs less there, proved", **{key: row.known_usd.least_usd for key, row in of}},
              PROVED.key),
    ]  # fmt: skip
    return Block(entries, columns, gap=0)


def _weight(row: FutureRow) -> Formula:
    """The probability of a future, and of those that are the same."""
    return Formula("=" + "+".join(future_row(name).cell("probability") for name in row.alike or (row.name,)))


def _widest(decision: RobustResult) -> float:
    """What is open of the least cost in a future, at the most: a plan that was found may be the better one there."""
    return max(row.known_usd.most_usd - row.known_usd.least_usd for row in decision.futures) + room(decision)


def _cost(decision: RobustResult, row: PlanRow, here: Row, futures: _Futures) -> Entry:
    """The costs of a plan; those of the decision are what stands on Futures."""
    own = row.plan == ROBUST
    cells: dict[str, Content] = {"plan": _label(row)}
    for key, future in zip(futures.columns, decision.futures, strict=True):
        of_futures = Formula(f"={future_row(future.name).cell('cost')}")
        cells[key] = of_futures if own else row.costs_usd[future.name]
    cells["expected"] = Formula(f"=SUMPRODUCT({PROBABILITY.part(futures.fixed)},{futures.across})")
    cells["cvar"] = Formula(f"=MIN({at('tail', row.plan).part(futures.fixed)})")
    cells["worst"] = Formula(f"=MAX({futures.across})")
    shows = {"expected": row.expected_usd, "cvar": row.cvar_usd, "worst": row.worst_usd}
    return Entry(cells, here.key, shows, f"* cost of the plan {row.plan}", room(decision))


def _regrets(decision: RobustResult, futures: _Futures, plans: Sequence[Row], regrets: Sequence[Row]) -> Block:
    """Differences, and what the chart draws in millions."""
    columns = {"plan": PLAN, **futures.columns, "expected": Column("Expected", "USD"),
               "largest": Column("Largest", "USD"), "usual m": Column("Expected, USD m", "MW"),
               "largest m": Column("Largest, USD m", "MW")}  # fmt: skip
    entries = []
    for row, plan, here in zip(decision.regret, plans, regrets, strict=True):
        cells: dict[str, Content] = {"plan": _label(row)}
        cells |= {key: Formula(f"={plan.cell(key)}-{LEAST.cell(key)}") for key in futures.columns}
        cells["expected"] = Formula(f"=SUMPRODUCT({PROBABILITY.part(futures.fixed)},{futures.across})")
        cells["largest"] = Formula(f"=MAX({futures.across})")
        cells["usual m"] = Formula("={expected}/usd_per_million")
        cells["largest m"] = Formula("={largest}/usd_per_million")
        shows = {"largest": row.largest_regret_usd}
        entries.append(Entry(cells, here.key, shows, f"* regret of the plan {row.plan}", _widest(decision)))
    return Block(entries, columns, gap=0, key=HEADERS.key)


def _tails(decision: RobustResult, futures: _Futures, plans: Sequence[Row]) -> Block:
    """For each column as the value at risk: what the mean of the worst is at most; the least of a row is just it."""
    weights, level = PROBABILITY.part(futures.fixed), LEVEL.part("$<least>$#n")
    entries = []
    for row, plan in zip(decision.regret, plans, strict=True):
        costs = plan.part(futures.fixed)
        cells: dict[str, Content] = {"plan": _label(row)}
        for key in futures.columns:
            here = plan.part(f"<{key}>#n")
            cells[key] = Formula(f"={here}+SUMPRODUCT({weights},({costs}>{here})*({costs}-{here}))/(1-{level})")
        entries.append(Entry(cells, at("tail", row.plan).key))
    return Block(entries, {"plan": PLAN, **futures.columns}, gap=0)


def _worth(decision: RobustResult, futures: _Futures, gap: int) -> Block:
    """Brackets: what follows from the costs above is a formula, the bounds that were proved are of the run."""
    columns = {"what": Column("What uncertainty costs, expected"), "least": Column("Least, USD", "USD"),
               "most": Column("Most, USD", "USD"), "meaning": header_beside("What it is")}  # fmt: skip
    weights, plans = PROBABILITY.part(futures.fixed), {row.plan for row in decision.regret}
    own, mean = (at("regret", "plan", plan).cell("expected") for plan in (ROBUST, MEAN))
    within = room(decision)
    known = {row: f"SUMPRODUCT({weights},{row.part(futures.fixed)})" for row in (PROVED, FOUND)}
    entries = [
        _bracket(within, "Expected cost of this decision", decision.expected_usd, None,
                 own if ROBUST in plans else None,
                 "Present value; no decision is expected to cost less than the least.", EXPECTED.key),
        _bracket(within, "Value of the stochastic solution", decision.value_of_stochastic_solution, None,
                 f"MAX(0,{mean}-{EXPECTED.cell('least')})" if MEAN in plans else None,
                 "What the plan of the mean is expected to cost more than the best decision."),
        _bracket(within, "Value of perfect information", decision.value_of_perfect_information,
                 f"MAX(0,{EXPECTED.cell('least')}-{known[FOUND]})" if MEAN in plans else None,
                 f"MAX(0,{own}-{known[PROVED]})" if MEAN in plans else None,
                 "What it would save to know the future before deciding."),
        Entry({"what": "Probabilities edited (0 or 1)", "least": Cell(Formula(_edited(futures)), "switch"),
               "meaning": _note("1: the bounds were proved for others; chipmix robust FILE.xlsx decides again.")},
              EDITED.key, {"least": 0.0}, "probabilities as they were decided with"),
        Entry({"what": "Level of the mean of the worst", "least": Cell(decision.measured.level or TAIL, "share"),
               "meaning": _note("The worst 1 - level of what may come.")}, LEVEL.key),
    ]  # fmt: skip
    return Block(entries, columns, gap=gap)


def _edited(futures: _Futures) -> str:
    """Whether the probabilities are others than those that were decided with."""
    now, then = PROBABILITY.part(futures.fixed), DECIDED.part(futures.fixed)
    return f"=IF(SUMPRODUCT(({now}-{then})*({now}-{then}))>tolerance_edited*tolerance_edited,1,0)"


def _insured(decision: RobustResult) -> list[Block]:
    """Where the decision is another than the likeliest future's."""
    if decision.insurance is None:
        return []
    own, other = (at("regret", "plan", plan) for plan in (ROBUST, decision.insurance.against))
    return [insurance_block(decision, own, other)]


def _notes(decision: RobustResult) -> list[Block]:
    """What is worth knowing of how it was looked at."""
    return [Block([Entry((text,)) for text in decision.notes], {"note": Column("Notes")})] if decision.notes else []


def _bracket(
    within: float, what: str, of: Between, least: str | None, most: str | None, meaning: str, key: str = ""
) -> Entry:
    """Two ends, each a formula or a figure of the run; what follows from bounds holds for their probabilities alone."""

    def end(usd: float, formula: str | None) -> Content:
        if formula is None or key:
            return usd if formula is None else Formula(f"={formula}")
        return Formula(f'=IF({EDITED.cell("least")}=0,{formula},"decide again")')

    cells: dict[str, Content] = {
        "what": what,
        "least": end(of.least_usd, least),
        "most": end(of.most_usd, most),
        "meaning": _note(meaning),
    }
    return Entry(cells, key, {"least": of.least_usd, "most": of.most_usd}, f"* of: {what.lower()}", within)


def _note(text: str) -> Cell:
    return Cell(text, role=Role.NOTE, alignment=APART)


def _run(decision: RobustResult, command: str) -> Block:
    measured = decision.measured
    figures: list[tuple[str, str | float, str]] = [
        ("Program", f"chipmix {decision.chipmix.version}", ""),
        ("Command", command_of(command), ""),
        ("Scenario SHA-256, first digits", digits(decision.scenario_sha256), ""),
        ("Catalogue SHA-256, first digits", digits(decision.catalog_sha256), ""),
        ("Decided by", AIMS[measured.by], ""),
        *([("Weight of the mean of the worst", measured.weight, "share")] if measured.by == "cvar" else []),
        ("Decided up to", Given(decision.decide_by), ""),
        ("Status", decision.status, ""),
        ("Measure of this decision", decision.objective_usd, "USD"),
        ("No decision can be below", decision.bound_usd, "USD"),
        ("Certified in exact arithmetic", decision.certified_bound_usd, "USD"),
        ("Gap", decision.gap, "share"),
    ]
    return stamped(figures)


def _chart(places: Places, rows: Sequence[Row], height_cm: float) -> BarChart:
    """Two bars for each plan, in the order of the table."""
    chart = BarChart()
    chart.grouping, chart.gapWidth = "clustered", 50
    for column, colour in (("usual m", USUAL), ("largest m", LARGEST)):
        chart.series.append(series_down(places, rows, column, HEADERS, outlined(colour)))
    sideways(chart, "Expected and largest regret of each plan", "Plan", "USD m")
    chart.width, chart.height = WIDTH, height_cm  # type: ignore[assignment]
    return chart


def _says(decision: RobustResult) -> str:
    """The finding in a sentence."""
    least = min(decision.regret, key=lambda row: row.largest_regret_usd)
    own = decision.regret[-1]
    largest, smallest = (row.largest_regret_usd / 1e6 for row in (own, least))
    return (
        f"Bars of expected and largest regret by plan: the largest of this decision is {largest:,.3f} million USD, the "
        f"least of all {smallest:,.3f} million."
    )
