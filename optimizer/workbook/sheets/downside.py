"""Downside: what this plan costs where an assumption turns out otherwise, live; and whether it would still be the plan.

The orders stay as they are: what is bought, leased and rented is paid at other prices, not planned again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from openpyxl.chart import BarChart

from optimizer.explain.explanation import Explanation, OfferReason
from optimizer.workbook.facts import Facts
from optimizer.workbook.language.given import Given
from optimizer.workbook.sheets.downside_parts import (
    ELECTRICITY,
    PRICES,
    RATE,
    RENTS,
    RESIDUAL,
    UTILISATION,
    after_tax,
    bent_rows,
    level,
    level_columns,
    missing_more,
    out_of_proportion,
    part_rows,
    proportional,
)
from optimizer.workbook.sheets.downside_workings import price_under
from optimizer.workbook.sheets.frames import names
from optimizer.workbook.sheets.input_downside import LEVELS, change
from optimizer.workbook.sheets.limit_moves import stamp
from optimizer.workbook.sheets.price_alone import MEANS, accelerators_priced
from optimizer.workbook.sheets.why_not import PRICE_UNITS, STANDINGS
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.charts import outlined, series_down, sideways
from optimizer.workbook.writing.lists import Block, Cell, Column, Content, Drawing, Entry, ListSheet, paragraph
from optimizer.workbook.writing.references import Places, Row, at, down, key_of, of_each
from optimizer.workbook.writing.styles import Role

DRIVERS = {
    PRICES: "Price of what is purchased, with the maintenance on it and its residual value. Network, power added and "
    "one-offs stay; commitments keep the prices they were placed at.",
    RENTS: "Rents of leases, reservations and on demand, in the horizon and owed after it. Commitments stay.",
    ELECTRICITY: "The tariff of every site: energy, and energy paid for and not used. Carbon stays.",
    UTILISATION: "Work done by a system in service and the power it draws on average, by the same share: energy, its "
    "carbon, energy not used. Orders, rents, provisioned power, value and unmet work stay; see also the cost of work.",
    RESIDUAL: "The share of price and network left of purchases, and what the rest of terms would fetch. Added power "
    "stays.",
    RATE: "Every discount factor, and what is owed after the horizon. The change is a share of the rate, not points.",
}
"""The assumptions: what a change of each carries, and what stays."""
TAXED = "Depreciation for tax too."
WIDTHS = (34, 62, 19, 19, 19, 19, 21, 22, 20)
COST_NOTE = (
    "The orders of this plan, overrides included, at other figures: re-costed, not re-optimised. Edits are followed."
)
WORK_NOTE = "With the same orders, so much more or less work is done; the value of work is no cost of it."
ENTRIES_NOTE = (
    "Each offer's own price changing alone, all else as solved: at a lower one it enters, at a higher one it leaves. "
    "1: at this change the plan would be another."
)
NOT_ASKED = "Nobody has asked yet: chipmix explain PLAN -o FILE.xlsx finds the prices at which the plan would change."
NONE_FOUND = "No price was found at which an offer enters or leaves."
LEADING, IF_IT_RISES = "leading_accelerator", "cost_if_leading_price_rises_usd"
HEADERS = at("downside", "sorted")
BELOW_CHART = 21
"""Rows that the chart takes."""
DEARER, CHEAPER = ("8C2D19", "E8A33D"), ("1F3864", "6FA8DC")
MILLION = "MW"
"""Millions, shown to the thousand."""


def downside(facts: Facts, explanation: Explanation | None) -> ListSheet:
    """The table, the change against the plan, the same sorted and drawn, then what stands behind it."""
    found = [one for one in (explanation.offers if explanation else ()) if one.entry is not None]
    blocks = [
        _table(facts), _changes(), *_sorted(), _work(facts), *_rises(facts), _entries(explanation, found),
        proportional(facts), out_of_proportion(facts),
    ]  # fmt: skip
    rows = of_each("downside sorted", range(len(DRIVERS)))
    says = "Bars of the change in cost at each change of an assumption, the widest on top, from the table above it."
    return ListSheet(
        "Downside", "Downside: this plan's cost at other figures", "1F3864", blocks, widths=WIDTHS, wide=len(WIDTHS),
        stamp=NOT_ASKED if explanation is None else stamp(explanation),
        drawings=[Drawing(lambda places: _tornado(places, rows), says, below=rows[-1], rows=2)],
    )  # fmt: skip


def if_dearer(accelerator: str) -> Row:
    """The row of what the plan costs if an accelerator's price rises, and by how much more."""
    return at("if dearer", accelerator)


def _row(what: str, driver: str) -> Row:
    return at("downside", what, driver)


def _table(facts: Facts) -> Block:
    """Cost by assumption and change."""
    columns = {
        "assumption": Column("Assumption"), "what": Column("What changes and what stays"), **level_columns(),
        "plan": Column("This plan", "USD"), "moves": Column("Moves in proportion", "USD"), "unit": Column("Unit"),
    }  # fmt: skip
    return Block([_cost(facts, driver) for driver in DRIVERS], columns, "Total discounted cost", [COST_NOTE], gap=1)


def _cost(facts: Facts, driver: str) -> Entry:
    bent, parts = bent_rows(facts), part_rows(facts)
    label = "{assumption}"
    moves = f"=SUMIFS({down(parts, '<all>')},{down(parts, '<driver>')},{label})" if parts else "=0"
    carried = DRIVERS[driver] + f" {TAXED}" * (facts.taxed and driver == PRICES)
    cells: dict[str, Content] = {
        "assumption": driver, "what": paragraph(carried), "plan": Formula("=total_npv_usd"),
        "moves": Formula(moves), "unit": "USD",
        **{
            level(i): Formula(
                f"=total_npv_usd+{{moves}}*{change(i)}"
                f"+SUMIFS({down(bent, f'<{level(i)}>')},{down(bent, '<driver>')},{label})"
            )
            for i in LEVELS
        },
    }  # fmt: skip
    return Entry(cells, _row("cost", driver).key)


def _changes() -> Block:
    """Against the plan, how far the changes lie apart, and the place of that among all."""
    columns = {
        "assumption": Column("Assumption"), "": Column(), **level_columns(), "spread": Column("Spread", "USD"),
        "place": Column("Rank by spread", "count"), "unit": Column("Unit"),
    }  # fmt: skip
    rows = [_row("change", driver) for driver in DRIVERS]
    entries = []
    for n, (driver, row) in enumerate(zip(DRIVERS, rows, strict=True)):
        cost = _row("cost", driver)
        levels = f"{{{level(1)}}}:{{{level(len(LEVELS))}}}"
        place = f"=1+SUMPRODUCT(1*({down(rows, '<spread>')}>{{spread}}))"
        if n:
            place += f"+SUMPRODUCT(1*({down(rows[:n], '<spread>')}={{spread}}))"
        entries.append(Entry({
            "assumption": Formula(f"={cost.cell('assumption')}"), "spread": Formula(f"=MAX({levels})-MIN({levels})"),
            "place": Formula(place), "unit": "USD",
            **{level(i): Formula(f"={cost.cell(level(i))}-{cost.cell('plan')}") for i in LEVELS},
        }, row.key))  # fmt: skip
    return Block(entries, columns, "Change against this plan")


def _sorted() -> list[Block]:
    """The same in millions, the widest spread first: what the chart shows."""
    columns = {
        "assumption": Column("Assumption, widest first"), "": Column(), **level_columns("USD m"),
        "place": Column("Rank", "count"), " ": Column(), "unit": Column("Unit"),
    }  # fmt: skip
    changes = [_row("change", driver) for driver in DRIVERS]
    entries = []
    for n in range(len(DRIVERS)):
        found = f"MATCH({{place}},{down(changes, '<place>')},0)"
        first = "=1" if not n else f"={at('downside sorted', n - 1).cell('place')}+1"
        entries.append(Entry({
            "assumption": Formula(f"=INDEX({down(changes, '<assumption>')},{found})"), "place": Formula(first),
            "unit": "USD m",
            **{
                level(i): Cell(Formula(f"=INDEX({down(changes, f'<{level(i)}>')},{found})/usd_per_million"), MILLION)
                for i in LEVELS
            },
        }, at("downside sorted", n).key))  # fmt: skip
    return [Block(heading="Change against this plan, sorted"), Block(entries, columns, key=HEADERS.key, gap=0)]


def _work(facts: Facts) -> Block:
    """What a unit of work costs at each utilisation, against this plan."""
    columns = {
        "assumption": Column("At a utilisation changed by"), "": Column(), **level_columns(),
        "plan": Column("This plan", "USD"), " ": Column(), "unit": Column("Unit"),
    }  # fmt: skip
    done, net, unit = (at("downside work", what) for what in ("done", "net", "unit"))
    worth = f"-{at('present value', 'value_usd').total}{after_tax(facts)}" if "value_usd" in facts.plan.costs else ""
    cost = _row("cost", UTILISATION)

    def entry(row: Row, label: str, look: str, formula: Callable[[int], str], **more: Content) -> Entry:
        cells = {level(i): Cell(Formula(formula(i)), look) for i in LEVELS}
        return Entry({"assumption": label, **cells, "unit": look, **more}, row.key)

    base = net.part("$<plan>$#n")
    return Block([
        entry(done, "Work done, against this plan", "share", lambda i: f"=1+{change(i)}"),
        entry(net, "Cost without the value of work", "USD", lambda i: f"={cost.cell(level(i))}{worth}",
              plan=Formula(f"=total_npv_usd{worth}")),
        entry(unit, "Cost of a unit of work, change", "share", lambda i: (
            f"=IF({base}*{done.cell(level(i))}=0,0,{net.cell(level(i))}/{base}/{done.cell(level(i))}-1)")),
    ], columns, "Cost of a unit of work", [WORK_NOTE], gap=BELOW_CHART)  # fmt: skip


def _rises(facts: Facts) -> Iterator[Block]:
    """What the plan costs if the price of the leading accelerator rises, and of each other."""
    accelerators = accelerators_priced(facts)
    if not accelerators:
        return
    columns = {
        "accelerator": Column("Accelerator"), "": Column(), "prices": Column("Purchase price", "USD"),
        "rents": Column("Rents", "USD"), "short": Column("Frame shortfall", "USD"),
        "rise": Column("Rise", "share"), "more": Column("Costs more", "USD"),
        "cost": Column("Total discounted cost", "USD"), "unit": Column("Unit"),
    }  # fmt: skip
    rows, short = list(map(if_dearer, accelerators)), list(_short(facts, accelerators))
    entries = [_rise(facts, one, row, short) for one, row in zip(accelerators, rows, strict=True)]
    yield Block([_leading(rows), *entries], columns, "If the price of one accelerator rises", [MEANS], gap=2)
    if short:
        columns = {
            "accelerator": Column("Accelerator"),
            "frame": Column("Frame agreement"),
            "short": Column("Shortfall changes by", "USD"),
        }
        yield Block(short, columns)


def _short(facts: Facts, accelerators: Sequence[str]) -> Iterator[Entry]:
    """What is then missing of the frames under which it is bought."""
    found = ((name, one, price_under(facts, name, one)) for one in accelerators for name in names(facts))
    for n, (name, one, spent) in enumerate(each for each in found if each[2] is not None):
        assert spent is not None
        more = Formula(missing_more(facts, name, spent, "price_rise"))
        yield Entry((Given(one), Given(name), more), key_of("shortfall at a price", n))


def _leading(rows: Sequence[Row]) -> Entry:
    """That whose rise costs most."""
    more = down(rows, "<more>")
    found = f"MATCH(MAX({more}),{more},0)"
    picked = {
        what: Formula(f"=INDEX({down(rows, f'<{what}>')},{found})") for what in ("prices", "rents", "short", "more")
    }
    return Entry({
        "accelerator": Cell(Formula(f"=INDEX({down(rows, '<accelerator>')},{found})"), role=Role.TOTAL, name=LEADING),
        "": "the leading one: its rise costs most", **picked, "rise": Formula("=price_rise"),
        "cost": Cell(Formula(f"=INDEX({down(rows, '<cost>')},{found})"), role=Role.TOTAL, name=IF_IT_RISES),
        "unit": "USD",
    })  # fmt: skip


def _rise(facts: Facts, accelerator: str, row: Row, short: Sequence[Entry]) -> Entry:
    missing = [Row(entry.key) for entry in short]
    more = f"=SUMIFS({down(missing, '<short>')},{down(missing, '<accelerator>')},{{accelerator}})" if missing else "=0"
    return Entry({
        "accelerator": Given(accelerator), "prices": _moved(facts, PRICES), "rents": _moved(facts, RENTS),
        "short": Formula(more), "rise": Formula("=price_rise"), "unit": "USD",
        "more": Formula("={rise}*({prices}+{rents})+{short}"), "cost": Formula("=total_npv_usd+{more}"),
    }, row.key)  # fmt: skip


def _moved(facts: Facts, driver: str) -> Formula:
    """What of an assumption's parts is an accelerator's."""
    parts, named = part_rows(facts), _row("cost", driver).cell("assumption")
    every, drivers, own = (down(parts, f"<{column}>") for column in ("all", "driver", "accelerator"))
    return Formula(f"=SUMIFS({every},{drivers},{named},{own},{{accelerator}})")


def _entries(explanation: Explanation | None, found: Sequence[OfferReason]) -> Block:
    """Offers that would enter or leave as their price changes, the nearest first; and how many at each change."""
    columns = {
        "offer": Column("Offer"), "standing": Column("Standing"), **level_columns("count"),
        "at": Column("Changes at", "share"), "usd": Column("Price then, USD"), "unit": Column("Price per"),
    }  # fmt: skip
    heading = "Would this plan still be the best? As solved"
    if not found:
        return Block((), heading=heading, notes=[NONE_FOUND if explanation else NOT_ASKED], gap=2)
    ordered = sorted(found, key=lambda one: (abs((one.entry.factor if one.entry else 0.0) - 1.0), one.offer))
    rows = of_each("downside entry", range(len(ordered)))
    entries = [_entering(one, row) for one, row in zip(ordered, rows, strict=True)]
    counts = {level(i): Cell(Formula(f"=SUM({down(rows, f'<{level(i)}>')})"), role=Role.TOTAL) for i in LEVELS}
    total = Entry({"offer": Cell("Offers that enter or leave", role=Role.TOTAL), **counts})
    return Block([*entries, total], columns, heading, [ENTRIES_NOTE], gap=2)


def _entering(one: OfferReason, row: Row) -> Entry:
    assert one.entry is not None
    unit = PRICE_UNITS[one.entry.price.unit]
    flags = {level(i): Formula(f"=({{at}}<0)*({change(i)}<={{at}})+({{at}}>0)*({change(i)}>={{at}})") for i in LEVELS}
    return Entry({
        "offer": Given(one.offer), "standing": STANDINGS[one.verdict], **flags, "at": one.entry.factor - 1.0,
        "usd": Cell(one.entry.price.usd, unit), "unit": unit,
    }, row.key)  # fmt: skip


def _tornado(places: Places, rows: Sequence[Row]) -> BarChart:
    """A bar for each change, the outer ones below the inner ones."""
    chart = BarChart()
    chart.grouping, chart.overlap, chart.gapWidth = "clustered", 100, 40
    inner, outer = sorted(LEVELS)[1:-1], (min(LEVELS), max(LEVELS))
    for pair, shade in ((outer, 0), (inner, 1)):
        for i, colours in zip(pair, (CHEAPER, DEARER), strict=True):
            chart.series.append(series_down(places, rows, level(i), HEADERS, outlined(colours[shade])))
    sideways(chart, "Change in cost against this plan", "Assumption", "USD m")
    chart.y_axis.number_format = "#,##0.0##;-#,##0.0##;0"
    chart.width, chart.height = 30.0, 9.5  # type: ignore[assignment]
    return chart
