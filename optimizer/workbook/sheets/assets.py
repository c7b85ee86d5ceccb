"""The part of Depreciation behind the classes: what each offer's systems, network and added power charge."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from optimizer.workbook.decisions import EXPAND, Decision
from optimizer.workbook.facts import Group
from optimizer.workbook.sheets.carriers import OrderRows
from optimizer.workbook.sheets.cash_carriers import CashRows
from optimizer.workbook.sheets.inputs import InputRows
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.lines import PERIOD, SUM, Constant, Line
from optimizer.workbook.writing.references import HERE, Row
from optimizer.workbook.writing.table import Table

SYSTEMS, NETWORK, POWER = "systems", "network", "added power"


@dataclass(frozen=True)
class Asset:
    """What is capitalised of an offer or of added power: its cost by period of entering service (Cash).

    `service` holds the periods in service and `life` the life in periods, both in the constant column.
    `service` is None where nothing is retired; `left` is the residual by period of entry, None without one.
    """

    kind: str
    of: Group | Decision
    cost: Row
    service: Row | None
    life: Row
    left: Row | None

    @property
    def item(self) -> str:
        return self.of.item if isinstance(self.of, Decision) else self.of.offer

    @property
    def place(self) -> str:
        return self.of.place if isinstance(self.of, Decision) else ""


@dataclass(frozen=True)
class AssetRows:
    """By asset: charge, cost retired and its depreciation by period; book value and residual at the end (totals)."""

    charge: dict[Asset, Row]
    retired: dict[Asset, Row]
    written: dict[Asset, Row]
    book_left: dict[Asset, Row]
    residual_left: dict[Asset, Row]


def write_lives(table: Table, inputs: InputRows, orders: OrderRows, cash: CashRows) -> list[Asset]:
    """Lives in periods, class by class, and the assets that have them."""
    table.heading("Lives in periods", "Life in years, by class (Inputs), times periods in a year.")
    service = {group: rows.service for group, rows in orders.groups.items()}
    made = cash.workings
    assets = []
    for kind, name, costs in ((SYSTEMS, "book_life_years", made.paid), (NETWORK, "network_life_years", made.network)):
        if costs:
            life = table.line(_life(f"Life of {kind}", f"={name}*periods_per_year"))
            assets += [Asset(kind, g, row, service[g], life, _left(kind, g, cash)) for g, row in costs.items()]
    for decision, row in made.flows[EXPAND].items():
        years = inputs.decisions.more[decision, "life_years"].constant
        line = replace(_life(f"Life of {POWER}", f"={years}*periods_per_year"), place=decision.place)
        assets.append(Asset(POWER, decision, row, None, table.line(line), made.entry[decision]))
    return assets


def _life(label: str, text: str) -> Line:
    return Line(label, "periods", constant=Formula(text), constant_unit="years")


def _left(kind: str, group: Group, cash: CashRows) -> Row | None:
    """The plan has one residual for price and network of a purchase: it stands with the systems."""
    return cash.workings.entry.get(group) if kind == SYSTEMS else None


def write_assets(table: Table, assets: list[Asset]) -> AssetRows:
    """The lines of each asset, block by block."""
    full = _charged_in_full(table, assets)
    charge = _charge(table, assets, full)
    leaving = [asset for asset in assets if asset.service]
    retired = _retired(table, leaving)
    written = _written(table, leaving, full, retired)
    book, residual = _at_the_end(table, assets, retired)
    return AssetRows(charge, retired, written, book, residual)


def _line(asset: Asset, label: str, constant: Constant = None, total: Formula | str | None = SUM) -> Line:
    label = f"{label}, {asset.kind}{asset.of.suffix}"
    return Line(label, "USD", asset.item, asset.place, constant=constant, total=total, constant_unit="years")


def _charged_in_full(table: Table, assets: Iterable[Asset]) -> dict[Asset, Row]:
    note = "What entered within so many whole periods (constant): the life, or the periods in service if fewer."
    table.heading("Cost charged in full", note)
    rows = {}
    for asset in assets:
        life = asset.life.constant
        periods = Formula(f"=MIN({life},{asset.service.constant})" if asset.service else f"={life}")
        axis, here = asset.cost.axis_across, HERE.constant
        text = f'=SUMIFS({asset.cost.across},{axis},"<="&@${PERIOD},{axis},">"&@${PERIOD}-INT({here}))'
        rows[asset] = table.line(replace(_line(asset, "Charged in full", periods, None), periods=Formula(text)))
    return rows


def _charge(table: Table, assets: Iterable[Asset], full: dict[Asset, Row]) -> dict[Asset, Row]:
    note = "Straight line from entering service: cost over the life; a life's last part of a period counts as such."
    table.heading("Depreciation by offer", note)
    rows = {}
    for asset in assets:
        periods = full[asset].constant
        last = f"SUMIFS({asset.cost.across},{asset.cost.axis_across},@${PERIOD}-INT({periods}))"
        text = f"=({full[asset].now}+({periods}-INT({periods}))*{last})/{asset.life.constant}"
        rows[asset] = table.line(replace(_line(asset, "Depreciation"), periods=Formula(text)))
    return rows


def _retired(table: Table, assets: Iterable[Asset]) -> dict[Asset, Row]:
    """Cost of what is in its last period of service, retired at its end."""
    table.heading("Cost retired", "At the end of the last period of service (constant: periods in service).")
    rows = {}
    for asset in assets:
        assert asset.service is not None
        periods = Formula(f"={asset.service.constant}")
        text = f"=SUMIFS({asset.cost.across},{asset.cost.axis_across},@${PERIOD}-{HERE.constant}+1)"
        rows[asset] = table.line(replace(_line(asset, "Retired", periods), periods=Formula(text)))
    return rows


def _written(
    table: Table, assets: Iterable[Asset], full: dict[Asset, Row], retired: dict[Asset, Row]
) -> dict[Asset, Row]:
    table.heading(
        "Depreciation of what is retired", "Cost times the share of the life that has been charged (constant)."
    )
    rows = {}
    for asset in assets:
        share = Formula(f"={full[asset].constant}/{asset.life.constant}")
        line = _line(asset, "Depreciation of retired", share)
        text = Formula(f"={retired[asset].now}*{HERE.constant}")
        rows[asset] = table.line(replace(line, periods=text, constant_unit="share"))
    return rows


def _at_the_end(
    table: Table, assets: list[Asset], retired: dict[Asset, Row]
) -> tuple[dict[Asset, Row], dict[Asset, Row]]:
    """Book value and residual of what is still in service after the horizon, from periods of entry alone."""
    table.heading("Share of cost left at the end", "By period of entering service: 1 less age over life.")
    shares: dict[Row, Row] = {}
    for asset in assets:
        if asset.life not in shares:
            age = f"(periods_in_horizon-@${PERIOD}+1)"
            line = Line(f"Cost left, {asset.kind}", "share", place=asset.place)
            text = Formula(f"=MAX(0,1-{age}/{asset.life.constant})")
            shares[asset.life] = table.line(replace(line, periods=text))
    table.heading("Book value at the end by offer", "Cost of what stays in service times the share left.")
    book = {}
    for asset in assets:
        stays = _stays(asset.cost, retired.get(asset))
        formula = Formula(f"=SUMPRODUCT({asset.cost.across}{stays},{shares[asset.life].across})")
        book[asset] = table.line(_line(asset, "Book value", total=formula))
    table.heading("Residual value at the end by offer", "What the plan assumes for it; of systems, network included.")
    residual = {}
    for asset in (asset for asset in assets if asset.left):
        assert asset.left is not None
        formula = Formula(f"=SUMPRODUCT({asset.left.across}{_stays(asset.left, retired.get(asset))})")
        residual[asset] = table.line(_line(asset, "Residual value", total=formula))
    return book, residual


def _stays(row: Row, retired: Row | None) -> str:
    """A factor that picks what entered too late to leave inside the horizon."""
    return f"*({row.axis_across}>periods_in_horizon-{retired.constant}+1)" if retired else ""
