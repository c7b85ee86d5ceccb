"""Supply: what is delivered against what can be had of accelerators, offers and pools."""

from __future__ import annotations

from optimizer.workbook.facts import Group
from optimizer.workbook.sheets.inputs import InputRows
from optimizer.workbook.sheets.orders import OrderRows
from optimizer.workbook.sheets.supply_inputs import PoolInputs
from optimizer.workbook.writing.book import Book, Check
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.lines import SUM, Line
from optimizer.workbook.writing.references import HERE, Row, area, left_of, sum_down
from optimizer.workbook.writing.table import Table

UNITS = {"accelerator": "accelerators", "offer": "systems", "pool": "pool units"}
Pairs = dict[tuple[str, str], tuple[Row, Row]]
"""Use and limit by kind (accelerator, offer, pool) and id."""


def write_supply(book: Book, inputs: InputRows, orders: OrderRows) -> Pairs:
    """Write the sheet; needs Inputs and Orders. Returns use and limit of what is limited."""
    table = Table(book, "Supply", "Supply: deliveries against what can be had", "00B0A0")
    if not (inputs.supply.accelerators or inputs.supply.offers or inputs.supply.pools):
        table.heading("Nothing is limited", "The scenario limits no accelerators, offers in the plan or pools.")
        table.finish()
        return {}
    delivered = _delivered(table, inputs, orders)
    pairs = {
        **_accelerators(table, inputs, delivered),
        **_offers(table, inputs, orders),
        **_pools(table, inputs, delivered),
    }
    _left(table, pairs)
    _tie(book, pairs)
    table.finish()
    return pairs


def _delivered(table: Table, inputs: InputRows, orders: OrderRows) -> dict[str, Row]:
    """Accelerators that come to our sites, by offer, then by accelerator; commitments do not count."""
    groups = table.book.facts.delivered
    note = "Orders of purchases and leases: systems entering service times accelerators in one (constant)."
    table.heading("Deliveries by offer", f"{note} Commitments were granted before and do not count.")
    by_offer: dict[Group, Row] = {}
    for group in groups:
        size = Formula(f"={inputs.systems[group.system].accelerators.constant}")
        formula = Formula(f"={HERE.constant}*{orders.groups[group].entering.now}")
        line = Line("Delivered", "accelerators", group.offer, constant=size, total=SUM, periods=formula,
                    constant_unit="accelerators/system")  # fmt: skip
        by_offer[group] = table.line(line)
    accelerators = dict.fromkeys([*(group.accelerator for group in groups), *inputs.supply.accelerators])
    table.heading("Deliveries by accelerator", "Over all offers.")
    rows = {}
    for accelerator in accelerators:
        lines = [row for group, row in by_offer.items() if group.accelerator == accelerator]
        line = Line("Delivered, all offers", "accelerators", accelerator, total=SUM, periods=sum_down(lines))
        rows[accelerator] = table.line(line)
    return rows


def _limit(table: Table, label: str, unit: str, item: str, monthly: Row, share: str = "") -> Row:
    formula = Formula(f"={share}{monthly.now}*months_per_period")
    return table.line(Line(label, unit, item, total=SUM, periods=formula))


def _accelerators(table: Table, inputs: InputRows, delivered: dict[str, Row]) -> Pairs:
    supply = inputs.supply.accelerators
    if supply:
        table.heading("Supply of accelerators", "Supply in a month times months in a period.")
    limits = {key: _limit(table, "Supply", "accelerators", key, row) for key, row in supply.items()}
    return {("accelerator", key): (delivered[key], row) for key, row in limits.items()}


def _offers(table: Table, inputs: InputRows, orders: OrderRows) -> Pairs:
    """Offers limited by what they can supply, any route; only those that are ordered."""
    supply = inputs.supply.offers
    if not supply:
        return {}
    table.heading("Supply of offers that are ordered", "Systems entering service; commitments do not count.")
    entering = {group.offer: rows.entering for group, rows in orders.groups.items() if not group.committed}
    used = {
        key: table.line(Line("Ordered", "systems", key, total=SUM, periods=sum_down([entering[key]]))) for key in supply
    }
    limits = {key: _limit(table, "Supply of the offer", "systems", key, row) for key, row in supply.items()}
    return {("offer", key): (used[key], limits[key]) for key in supply}


def _pools(table: Table, inputs: InputRows, delivered: dict[str, Row]) -> Pairs:
    pairs = {}
    for pool, rows in inputs.supply.pools.items():
        table.heading(f"Pool {pool}", "Deliveries times what an accelerator draws on the pool (constant).")
        draws = [_draw(table, pool, accelerator, rows, delivered) for accelerator in rows.draws]
        used = table.line(Line("Drawn", "pool units", pool, total=SUM, periods=sum_down(draws)))
        limit = _limit(table, "Our part of the pool", "pool units", pool, rows.monthly, f"{rows.share.constant}*")
        pairs["pool", pool] = (used, limit)
    return pairs


def _draw(table: Table, pool: str, accelerator: str, rows: PoolInputs, delivered: dict[str, Row]) -> Row:
    line = Line(
        f"Drawn on {pool}", "pool units", accelerator, constant=Formula(f"={rows.draws[accelerator].constant}"),
        total=SUM, periods=Formula(f"={HERE.constant}*{delivered[accelerator].now}"),
        constant_unit="pool units/accelerator",
    )  # fmt: skip
    return table.line(line)


def _left(table: Table, pairs: Pairs) -> None:
    table.heading("Left", "Supply less what is ordered; negative: an edit orders more than can be had.")
    rows = []
    for (kind, key), (used, limit) in pairs.items():
        rows.append(table.line(Line(f"Left of {kind}", UNITS[kind], key, periods=left_of(limit.now, used.now))))
    value = Formula(f"=SUMPRODUCT(({area(rows)}<0)*1)")
    meaning = "Periods in which more is ordered of an accelerator, an offer or a pool than can be had; see Supply."
    table.book.checks.append(Check("Orders stay within supply", value, "count", "tolerance_quantity", meaning))


def _tie(book: Book, pairs: Pairs) -> None:
    """Use and limit must be the plan's, where it has them."""
    for row in book.facts.plan.supply:
        if (row.kind, row.id) in pairs:
            for line, value, what in zip(
                pairs[row.kind, row.id], (row.used, row.limit), ("used", "limit"), strict=True
            ):
                book.tie_period(line, row.period, value, f"{what} of {row.kind} {row.id} in {row.period}")
