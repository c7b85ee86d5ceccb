"""Depreciation: prepayments, construction in progress, assets by class, net book value beside the residual."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from optimizer.workbook.decisions import EXPAND
from optimizer.workbook.sheets.assets import NETWORK, POWER, SYSTEMS, Asset, AssetRows, write_assets, write_lives
from optimizer.workbook.sheets.book_checks import book_checks
from optimizer.workbook.sheets.carriers import OrderRows
from optimizer.workbook.sheets.cash_carriers import CashRows
from optimizer.workbook.sheets.corkscrew import BookRows, ClassRows, Corkscrew, corkscrew
from optimizer.workbook.sheets.fiscal_years import by_year, years_of
from optimizer.workbook.sheets.inputs import InputRows
from optimizer.workbook.sheets.leases import write_leases
from optimizer.workbook.writing.above import results_above
from optimizer.workbook.writing.book import Book
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.columns import fit_labels, fit_money
from optimizer.workbook.writing.lines import PERIOD, SUM, Line
from optimizer.workbook.writing.references import HERE, Row, sum_down
from optimizer.workbook.writing.styles import Role
from optimizer.workbook.writing.table import Table

LONGEST_LABEL = 49


@dataclass(frozen=True)
class Balances:
    """The balances that the summary above them is made from."""

    made: AssetRows
    prepaid: Corkscrew | None
    building: Corkscrew
    classes: dict[str, ClassRows]


def write_depreciation(book: Book, inputs: InputRows, orders: OrderRows, cash: CashRows) -> BookRows | None:
    """Write the sheet; needs Inputs, Orders and Cash. None where nothing is capitalised."""
    table = Table(book, "Depreciation", "Depreciation and leases: the book view, USD", "833C0B")
    fit_money(table)
    fit_labels(table, LONGEST_LABEL)
    rows = None
    if not cash.purchases:
        write_leases(table, orders, cash)
    if orders.groups or cash.workings.flows[EXPAND]:
        rows = _assets(table, inputs, orders, cash)
    else:
        table.heading("Nothing is capitalised", "The plan orders nothing and adds no power.")
    if cash.purchases:
        write_leases(table, orders, cash)
    table.finish()
    return rows


def _assets(table: Table, inputs: InputRows, orders: OrderRows, cash: CashRows) -> BookRows:
    note = "Not in it: the fleet, whose cost was paid before this plan; engineering and porting, which are expensed."
    table.text(table.next, 1, note, Role.NOTE)
    table.skip()
    assets = write_lives(table, inputs, orders, cash)
    rows = results_above(
        table,
        3 * 3 + 5 + 5 + 4 * len(years_of(table.book.facts)),
        lambda: _balances(table, assets, inputs, orders, cash),
        lambda balances: _summary(table, cash, balances),
    )
    table.book.checks += book_checks(rows, cash)
    return rows


def _balances(table: Table, assets: list[Asset], inputs: InputRows, orders: OrderRows, cash: CashRows) -> Balances:
    """Prepayments, construction and the classes, above the lines of each asset."""
    return results_above(
        table,
        _height(assets, inputs, cash),
        lambda: (write_assets(table, assets), _ordered(table, orders, cash)),
        lambda made: _classes(table, assets, inputs, cash, *made),
    )


def _kinds(assets: Sequence[Asset]) -> list[str]:
    return [kind for kind in (SYSTEMS, NETWORK, POWER) if any(asset.kind == kind for asset in assets)]


def _height(assets: Sequence[Asset], inputs: InputRows, cash: CashRows) -> int:
    """Rows that the balances take; a heading takes a blank line, itself and its note."""
    of_purchases = [5, 2 * len(inputs.book.lives)] if cash.purchases else []
    return sum(3 + lines for lines in (7, *[9] * len(_kinds(assets)), *of_purchases))


def _ordered(table: Table, orders: OrderRows, cash: CashRows) -> list[Row]:
    """Balances of systems that are ordered by the end of a period and enter service later."""
    if not cash.purchases:
        return []
    table.heading("Balances of systems ordered", "Due after the period; constant: lead time in periods.")
    rows = []
    for group, row in zip(cash.purchases.groups, cash.purchases.balances, strict=True):
        axis = row.axis_across
        text = f'=SUMIFS({row.across},{axis},">"&@${PERIOD},{axis},"<="&@${PERIOD}+{HERE.constant})'
        lead = Formula(f"={orders.groups[group].lead.constant}")
        line = Line(f"Balance ordered{group.suffix}", "USD", group.offer, constant=lead, constant_unit="periods")
        rows.append(table.line(replace(line, periods=Formula(text))))
    return rows


def _classes(
    table: Table, assets: list[Asset], inputs: InputRows, cash: CashRows, made: AssetRows, ordered: list[Row]
) -> Balances:
    prepaid = _prepaid(table, cash, ordered)
    building = _building(table, assets, cash)
    classes = {kind: _class(table, kind, assets, made) for kind in _kinds(assets)}
    if cash.purchases:
        _other_lives(table, inputs, classes[SYSTEMS].cost.ins[0])
    return Balances(made, prepaid, building, classes)


def _summary(table: Table, cash: CashRows, balances: Balances) -> BookRows:
    total = _total(table, list(balances.classes.values()))
    end = _residual(table, cash, balances.made, total)
    _by_year(table, years_of(table.book.facts), cash, total)
    made = balances.made
    return BookRows(
        balances.classes, balances.prepaid, balances.building, total, *end, made.book_left, made.residual_left
    )


def _prepaid(table: Table, cash: CashRows, ordered: list[Row]) -> Corkscrew | None:
    """Deposits until the system enters service, and the balances still to be paid for what is ordered."""
    if not cash.purchases:
        return None
    bought = cash.purchases
    table.heading("Prepayments", "Deposits until the system enters service; opening: paid before the horizon.")
    sunk = sum_down(bought.deposits, "$G")
    moved = f"{sum_down(bought.paid)}-{sum_down(bought.balances)[1:]}"
    rows = corkscrew(
        table, "Prepayments", {"deposits paid": sum_down(bought.deposits)}, {"systems entering service": moved}, sunk
    )
    line = Line("Balances still due on systems ordered", "USD", source="at the end of the period; not a balance yet")
    table.line(replace(line, periods=sum_down(ordered)))
    return rows


def _building(table: Table, assets: list[Asset], cash: CashRows) -> Corkscrew:
    """What is received and paid for until it is in service."""
    note = (
        "Zero at the end of each period: the plan pays the balance when the system enters service, and powers it then."
    )
    table.heading("Construction in progress", note)
    bought, made = cash.purchases, cash.workings
    moved = "=0"
    if bought:
        moved = f"{sum_down(bought.paid)}-{sum_down(bought.balances)[1:]}"
    ins = {
        "prepayments": moved,
        "balances paid": sum_down(bought.balances if bought else []),
        "network": sum_down(list(made.network.values())),
        "added power": sum_down(list(made.flows[EXPAND].values())),
    }
    placed = "+".join(sum_down(_costs(assets, kind))[1:] for kind in _kinds(assets))
    return corkscrew(table, "Construction", ins, {"placed in service": Formula(f"={placed}")})


def _costs(assets: list[Asset], kind: str) -> list[Row]:
    return [asset.cost for asset in assets if asset.kind == kind]


def _class(table: Table, kind: str, assets: list[Asset], made: AssetRows) -> ClassRows:
    """Cost, accumulated depreciation and their difference."""
    own = [asset for asset in assets if asset.kind == kind]
    name = f"{kind[0].upper()}{kind[1:]}"
    table.heading(f"{name} in service", "Cost less accumulated depreciation is the net book value.")
    retired, written = ([rows[asset] for asset in own if asset in rows] for rows in (made.retired, made.written))
    placed = {"placed in service": sum_down(_costs(own, kind))}
    cost = corkscrew(table, f"{name} cost", placed, {"retired": sum_down(retired)})
    charged = {"charge": sum_down([made.charge[asset] for asset in own])}
    charge = corkscrew(table, f"{name} depreciation", charged, {"of what is retired": sum_down(written)})
    formula = Formula(f"={cost.closing.now}-{charge.closing.now}")
    return ClassRows(cost, charge, table.line(Line(f"{name}: net book value", "USD", periods=formula, role=Role.TOTAL)))


def _total(table: Table, classes: list[ClassRows]) -> Corkscrew:
    """Net book value of all classes as a balance."""

    def plus(rows: list[Row]) -> str:
        return "+".join(row.now for row in rows)

    table.heading("Net book value, all classes", "Straight line from entering service, by class; lives on Inputs.")
    ins = {"placed in service": Formula(f"={plus([rows.cost.ins[0] for rows in classes])}")}
    charge = Formula(f"={plus([rows.depreciation.ins[0] for rows in classes])}")
    cost, written = plus([rows.cost.outs[0] for rows in classes]), [rows.depreciation.outs[0] for rows in classes]
    left = Formula(f"={cost}-({plus(written)})")
    return corkscrew(table, "Net book value", ins, {"depreciation": charge, "book value of what is retired": left})


def _residual(table: Table, cash: CashRows, made: AssetRows, total: Corkscrew) -> tuple[Row, Row, Row, Row, Row]:
    """What the plan assumes to get, beside what the books then hold."""
    table.heading("Residual value that the plan assumes, beside the books", "In Total: at the end of the horizon.")
    held = Formula(f"=INDEX({total.closing.across},periods_in_horizon)")
    book = table.line(Line("Net book value at the end", "USD", total=held))
    left = table.line(Line("Residual value at the end", "USD", total=sum_down(list(made.residual_left.values()), "$F")))
    formula = Formula(f"={left.total}-{book.total}")
    more = table.line(Line("Residual value less net book value", "USD", total=formula, role=Role.TOTAL))
    falls, here = cash.costs["residual_usd"], f"(@${PERIOD}=periods_in_horizon)"
    formula = Formula(f"=-{falls.now}-{here}*{left.total}")
    received = table.line(Line("Residual value of what is retired", "USD", total=SUM, periods=formula))
    gain = Line("Residual less book value of what is retired", "USD", total=SUM, source="gain; negative: loss")
    formula = Formula(f"={received.now}-{total.outs[1].now}")
    return received, table.line(replace(gain, periods=formula)), book, left, more


def _by_year(table: Table, years: list[str], cash: CashRows, total: Corkscrew) -> None:
    table.heading("Book view by fiscal year", "Sums over the year; the net book value is that at its end.")
    for label, row in (
        ("Placed in service", total.ins[0]),
        ("Depreciation", total.outs[0]),
        ("Book value of what is retired", total.outs[1]),
    ):
        table.block(list(by_year(table.book.facts, label, row)))
    axis = HERE.years_across
    for year, number in zip(years, cash.fiscal, strict=True):
        formula = Formula(f"=INDEX({total.closing.across},MATCH({number.constant},{axis},1))")
        table.line(Line("Net book value at the end of the year", "USD", year, total=formula))


def _other_lives(table: Table, inputs: InputRows, placed: Row) -> None:
    """The charge on systems under lives that others use."""
    note = "Straight line over the life (constant, in periods), as if nothing were retired before its end."
    table.heading("Depreciation of systems under other lives", note)
    axis = placed.axis_across
    for label, life in inputs.book.lives.items():
        text = f'=SUMIFS({placed.across},{axis},"<="&@${PERIOD},{axis},">"&@${PERIOD}-INT({HERE.constant}))'
        periods = Formula(f"={life.constant}*periods_per_year")
        line = Line(f"Charged in full: {label}", "USD", constant=periods, constant_unit="periods")
        full = table.line(replace(line, periods=Formula(text)))
        last = f"SUMIFS({placed.across},{axis},@${PERIOD}-INT({full.constant}))"
        part = f"({full.constant}-INT({full.constant}))"
        formula = Formula(f"=({full.now}+{part}*{last})/{full.constant}")
        table.line(Line(f"Depreciation: {label}", "USD", total=SUM, periods=formula))
