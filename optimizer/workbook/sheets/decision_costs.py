"""The part of Cash behind decisions other than orders: what they cost or bring, and the value of work."""

from __future__ import annotations

from optimizer.workbook.decisions import ENGINEER, EXPAND, PORT, RETIRE, Decision, Kind
from optimizer.workbook.sheets.carriers import OrderRows
from optimizer.workbook.sheets.inputs import InputRows
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.lines import PERIOD, SUM, Line
from optimizer.workbook.writing.references import HERE, Row
from optimizer.workbook.writing.table import Table

HEADINGS = {
    EXPAND: ("Facility", "Power added (MW) times its price (constant)."),
    ENGINEER: ("Engineering", "One-off cost (constant) in the period in which it starts."),
    PORT: ("Porting", "Cost (constant) in the period in which it starts."),
    RETIRE: ("Resale", "Systems retired times the resale price (constant)."),
}
LABELS = {EXPAND: "Facility cost", ENGINEER: "Engineering cost", PORT: "Porting cost", RETIRE: "Resale"}


def write_flows(table: Table, inputs: InputRows, orders: OrderRows, kind: Kind) -> dict[Decision, Row]:
    """Price times what is decided, by decision and period; positive also where it is received."""
    used = orders.decisions.of(kind)
    if not used:
        return {}
    table.heading(*HEADINGS[kind])
    return {decision: table.line(_flow(inputs, decision, row)) for decision, row in used.items()}


def _flow(inputs: InputRows, decision: Decision, used: Row) -> Line:
    return Line(
        LABELS[decision.kind] + decision.suffix,
        "USD",
        decision.item,
        decision.place,
        constant=Formula(f"={inputs.decisions.price[decision].constant}"),
        total=SUM,
        periods=Formula(f"={HERE.constant}*{used.now}"),
        constant_unit=decision.kind.price_unit,
    )


def write_values(table: Table, inputs: InputRows, orders: OrderRows) -> list[Row]:
    """Work served and its value; positive, though it counts as a receipt."""
    if not inputs.values:
        return []
    table.heading("Work served", "The demand less what is left unmet.")
    served = {}
    for demand, rows in inputs.values.items():
        formula = Formula(f"={rows.demand.now}-{orders.unmet[demand].now}")
        served[demand] = table.line(Line("Work served", "units/s", demand, periods=formula))
    table.heading("Value of work", "Work served times hours times its value.")
    values = []
    for demand, row in served.items():
        formula = Formula(f"={row.now}*hours_per_period*{inputs.values[demand].value.now}")
        values.append(table.line(Line("Value of work", "USD", demand, total=SUM, periods=formula)))
    return values


def write_facility_left(table: Table, inputs: InputRows, facility: dict[Decision, Row]) -> dict[Decision, Row]:
    """Share of added power that is left at the end of the horizon, by the period in which it comes on line."""
    if not facility:
        return {}
    table.heading("Share left of added power", "At the end of the horizon, straight-line over its life (constant).")
    shares = {}
    for decision in facility:
        life = Formula(f"={inputs.decisions.more[decision, 'life_years'].constant}")
        age = f"(periods_in_horizon-@${PERIOD}+1)/periods_per_year"
        line = Line(
            "Share left, power",
            "share",
            decision.item,
            decision.place,
            constant=life,
            periods=Formula(f"=MAX(0,1-{age}/{HERE.constant})"),
            constant_unit="years",
        )
        shares[decision] = table.line(line)
    return shares
