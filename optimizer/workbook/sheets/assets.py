"""The part of Depreciation behind the classes: what each offer's systems, network and added power charge."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from optimizer.workbook.decisions import EXPAND, Decision, decisions_of
from optimizer.workbook.facts import Facts
from optimizer.workbook.groups import Group
from optimizer.workbook.sheets.purchases import purchased
from optimizer.workbook.writing.lines import PERIOD, SUM, Line, Section, line_of
from optimizer.workbook.writing.references import HERE, Row, at, key_of

SYSTEMS, NETWORK, POWER = "systems", "network", "added power"
COSTS = {SYSTEMS: "paid", NETWORK: "network", POWER: "flow"}
"""What Cash calls the cost of each class."""


@dataclass(frozen=True)
class Asset:
    """What is capitalised of an offer or of added power."""

    kind: str
    of: Group | Decision

    @property
    def id(self) -> str:
        """Its name in the keys of lines."""
        return f"{self.kind}/{self.of.id}"

    @property
    def suffix(self) -> str:
        return f", {self.kind}{self.of.suffix}"

    @property
    def item(self) -> str:
        return self.of.item

    @property
    def place(self) -> str:
        return self.of.place

    @property
    def cost(self) -> Row:
        """Its cost by period of entering service."""
        return at(COSTS[self.kind], self.of)

    @property
    def lived(self) -> str:
        """What has its life: a class, or added power by site."""
        return self.id if self.kind == POWER else self.kind

    @property
    def life(self) -> str:
        """The life in periods."""
        return at("life in periods", self.lived).constant

    @property
    def leaves(self) -> bool:
        """Whether it is retired one day."""
        return self.kind != POWER

    @property
    def has_residual(self) -> bool:
        """The plan has one residual for price and network of a purchase: it stands with the systems."""
        return self.kind != NETWORK


def assets_of(facts: Facts) -> list[Asset]:
    """Class by class."""
    return [
        *(Asset(SYSTEMS, group) for group in purchased(facts)),
        *(Asset(NETWORK, group) for group in facts.groups),
        *(Asset(POWER, decision) for decision in decisions_of(facts, EXPAND)),
    ]


def lives(assets: Sequence[Asset]) -> Section:
    """One line for each class or site that has a life."""
    note = "Life in years, by class (Inputs), times periods in a year."
    return Section("Lives in periods", note, [
        Line(f"Life of {asset.kind}", "periods", place=asset.place, constant=f"={_years(asset)}*periods_per_year",
             constant_unit="years", key=key_of("life in periods", lived))
        for lived, asset in _lived(assets)
    ])  # fmt: skip


def _lived(assets: Sequence[Asset]) -> list[tuple[str, Asset]]:
    """What has a life of its own, each with one of the assets that have it."""
    return list({asset.lived: asset for asset in assets}.items())


def _years(asset: Asset) -> str:
    if isinstance(asset.of, Decision):
        return at("decision", "life_years", asset.of).constant
    return "book_life_years" if asset.kind == SYSTEMS else "network_life_years"


def asset_lines(assets: Sequence[Asset]) -> Iterator[Section]:
    """The lines of each asset, block by block."""
    leaving = [asset for asset in assets if asset.leaves]
    note = "What entered within so many whole periods (constant): the life, or the periods in service if fewer."
    yield Section("Cost charged in full", note, [_charged_in_full(asset) for asset in assets])
    note = "Straight line from entering service: cost over the life; a life's last part of a period counts as such."
    yield Section("Depreciation by offer", note, [_charge(asset) for asset in assets])
    note = "At the end of the last period of service (constant: periods in service)."
    yield Section("Cost retired", note, [_retired(asset) for asset in leaving])
    note = "Cost times the share of the life that has been charged (constant)."
    yield Section("Depreciation of what is retired", note, [_written(asset) for asset in leaving])
    yield from _at_the_end(assets)


def _charged_in_full(asset: Asset) -> Line:
    cost, axis = asset.cost.across, asset.cost.axis_across
    life = f"=MIN({asset.life},{at('service', asset.of).constant})" if asset.leaves else f"={asset.life}"
    entered = f'=SUMIFS({cost},{axis},"<="&@${PERIOD},{axis},">"&@${PERIOD}-INT({HERE.constant}))'
    return line_of(asset, "Charged in full", "USD", constant=life, constant_unit="years", periods=entered)


def _charge(asset: Asset) -> Line:
    full = at("charged in full", asset)
    last = f"SUMIFS({asset.cost.across},{asset.cost.axis_across},@${PERIOD}-INT({full.constant}))"
    part = f"({full.constant}-INT({full.constant}))"
    charged = f"=({full.now}+{part}*{last})/{asset.life}"
    return line_of(asset, "Depreciation", "USD", what="charge", total=SUM, periods=charged)


def _retired(asset: Asset) -> Line:
    """Cost of what is in its last period of service, retired at its end."""
    left = f"=SUMIFS({asset.cost.across},{asset.cost.axis_across},@${PERIOD}-{HERE.constant}+1)"
    service = f"={at('service', asset.of).constant}"
    return line_of(asset, "Retired", "USD", constant=service, constant_unit="years", total=SUM, periods=left)


def _written(asset: Asset) -> Line:
    charged = f"={at('charged in full', asset).constant}/{asset.life}"
    written = f"={at('retired', asset).now}*{HERE.constant}"
    return line_of(asset, "Depreciation of retired", "USD", what="written off", constant=charged, constant_unit="share",
                   total=SUM, periods=written)  # fmt: skip


def _at_the_end(assets: Sequence[Asset]) -> Iterator[Section]:
    """Book value and residual of what is still in service after the horizon, from periods of entry alone."""
    yield Section("Share of cost left at the end", "By period of entering service: 1 less age over life.", [
        Line(f"Cost left, {asset.kind}", "share", place=asset.place, key=key_of("cost left", lived),
             periods=f"=MAX(0,1-(periods_in_horizon-@${PERIOD}+1)/{asset.life})")
        for lived, asset in _lived(assets)
    ])  # fmt: skip
    yield Section("Book value at the end by offer", "Cost of what stays in service times the share left.", [
        line_of(asset, "Book value", "USD", total=f"=SUMPRODUCT({_stays(asset, asset.cost)},{left.across})")
        for asset in assets
        for left in [at("cost left", asset.lived)]
    ])  # fmt: skip
    yield Section("Residual value at the end by offer", "What the plan assumes for it; of systems, network included.", [
        line_of(asset, "Residual value", "USD",
                total=f"=SUMPRODUCT({_stays(asset, at('residual of entry', asset.of))})")
        for asset in assets if asset.has_residual
    ])  # fmt: skip


def _stays(asset: Asset, row: Row) -> str:
    """A line by period of entry, of what entered too late to leave inside the horizon."""
    if not asset.leaves:
        return row.across
    return f"{row.across}*({row.axis_across}>periods_in_horizon-{at('retired', asset).constant}+1)"
