"""The part of Depreciation behind the classes: what each offer's systems, network and added power charge."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from optimizer.workbook.decisions import EXPAND, Decision, decisions_of
from optimizer.workbook.facts import Facts
from optimizer.workbook.groups import Group
from optimizer.workbook.sheets.purchases import purchased
from optimizer.workbook.writing.lines import PERIOD, SUM, Line, Section, line_of, lines_of
from optimizer.workbook.writing.references import Row, at, sum_down

SYSTEMS, NETWORK, POWER = "systems", "network", "added power"
COSTS = {SYSTEMS: "paid", NETWORK: "network", POWER: "flow"}
"""What Cash calls the cost of each class."""
YEARS = {SYSTEMS: "book_life_years", NETWORK: "network_life_years"}


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
        """Its cost by period of entering service; of what is running, what was left of it in the books."""
        return at("brought forward", self) if self.running else at(COSTS[self.kind], self.of)

    @property
    def running(self) -> bool:
        """Whether it entered service before the horizon."""
        return isinstance(self.of, Group) and self.of.running

    @property
    def lived(self) -> str:
        """What has its life: a class, added power by site, or what is running, of which the rest is left."""
        return self.id if self.kind == POWER or self.running else self.kind

    @property
    def life(self) -> Row:
        """The life in periods."""
        return at("life in periods", self.lived)

    @property
    def left(self) -> Row:
        """The share of cost that is left at the end, by period of entering service."""
        return at("cost left", self.lived)

    @property
    def service(self) -> Row:
        """The periods in service."""
        return at("service", self.of)

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


def _lived(assets: Sequence[Asset]) -> list[Asset]:
    """One asset for each class or site that has a life."""
    return list({asset.lived: asset for asset in assets}.values())


def lives(assets: Sequence[Asset]) -> Section:
    return Section("Lives in periods", "Life in years, by class (Inputs), times periods in a year.", [
        Line(f"Life of {asset.kind}", "periods", place=asset.place, constant=f"={years}*periods_per_year",
             constant_unit="years", key=asset.life.key)
        if not asset.running else
        line_of(asset, "Rest of life", "periods", constant_unit="years", key=asset.life.key,
                constant=f"=MAX(1,{years}*periods_per_year-{at('commitment/age', asset.of).constant})")
        for asset in _lived(assets)
        for years in [YEARS.get(asset.kind) or at("decision", "life_years", asset.of).constant]
    ])  # fmt: skip


def _brought_forward(running: Sequence[Asset]) -> Iterator[Section]:
    """What was left in the books of what is running as the horizon began."""
    if not running:
        return
    share = "=MAX(0,1-%s/(%s*periods_per_year))"
    note = "Cost of what is running times the share of its life that was left as the horizon began (constant)."
    yield Section("Brought forward", note, [
        *(
            line_of(asset, "Brought forward", "USD", total=SUM, constant_unit="share",
                    constant=share % (at("commitment/age", asset.of).constant, YEARS[asset.kind]),
                    periods=f"={{here.constant}}*{at(COSTS[asset.kind], asset.of)}")
            for asset in running
        ),
        Line("Brought forward, all", "USD", total=sum_down([asset.cost for asset in running], "$F"),
             key="brought forward, all"),
    ])  # fmt: skip


def asset_lines(assets: Sequence[Asset]) -> Iterator[Section]:
    """The lines of each asset, block by block: what is charged, and what is retired at the end of its service."""
    leaving = [asset for asset in assets if asset.leaves]
    yield from _brought_forward([asset for asset in assets if asset.running])
    cost, axis = "{cost.across}", "{cost.axis_across}"
    note = "What entered within so many whole periods (constant): the life, or the periods in service if fewer."
    yield Section("Cost charged in full", note, [
        line_of(asset, "Charged in full", "USD", constant_unit="years",
                constant="=MIN({life.constant},{service.constant})" if asset.leaves else "={life.constant}",
                periods=f'=SUMIFS({cost},{axis},"<="&@${PERIOD},{axis},">"&@${PERIOD}-INT({{here.constant}}))')
        for asset in assets
    ])  # fmt: skip
    note = "Straight line from entering service: cost over the life; a life's last part of a period counts as such."
    whole = "INT({charged in full.constant})"
    last = f"({{charged in full.constant}}-{whole})*SUMIFS({cost},{axis},@${PERIOD}-{whole})"
    yield Section("Depreciation by offer", note, lines_of(
        assets, "Depreciation", "USD", what="charge", total=SUM,
        periods=f"=({{charged in full}}+{last})/{{life.constant}}",
    ))  # fmt: skip
    yield Section("Cost retired", "At the end of the last period of service (constant: periods in service).", lines_of(
        leaving, "Retired", "USD", constant="={service.constant}", constant_unit="years", total=SUM,
        periods=f"=SUMIFS({cost},{axis},@${PERIOD}-{{here.constant}}+1)",
    ))  # fmt: skip
    note = "Cost times the share of the life that has been charged (constant)."
    yield Section("Depreciation of what is retired", note, lines_of(
        leaving, "Depreciation of retired", "USD", what="written off", constant_unit="share", total=SUM,
        constant="={charged in full.constant}/{life.constant}", periods="={retired}*{here.constant}",
    ))  # fmt: skip
    yield from _at_the_end(assets)


def _at_the_end(assets: Sequence[Asset]) -> Iterator[Section]:
    """Book value and residual of what is still in service after the horizon, from periods of entry alone."""
    yield Section("Share of cost left at the end", "By period of entering service: 1 less age over life.", [
        Line(f"Cost left{asset.suffix}" if asset.running else f"Cost left, {asset.kind}", "share",
             asset.item if asset.running else "", asset.place, key=asset.left.key,
             periods=f"=MAX(0,1-(periods_in_horizon-@${PERIOD}+1)/{asset.life.constant})")
        for asset in _lived(assets)
    ])  # fmt: skip
    yield Section("Book value at the end by offer", "Cost of what stays in service times the share left.", [
        line_of(asset, "Book value", "USD", total=f"=SUMPRODUCT({_stays(asset, asset.cost)},{{left.across}})")
        for asset in assets
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
