"""What a rise of a chip's price carries: the purchase price of its new systems, apart from network, and its rents."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from optimizer.workbook.facts import Facts
from optimizer.workbook.groups import Group
from optimizer.workbook.sheets.input_downside import unsigned, unsigned_purchases
from optimizer.workbook.writing.lines import PERIOD, SUM, Section, filled, line_of
from optimizer.workbook.writing.references import Row, at

MEANS = "A chip's price: purchase of its new systems, upkeep and residual on it, and rents; no network."
"""The one definition, as Summary and Downside say it."""
SHARED = ("falls in", "paid", "recovered", "service")
"""Lines of an order that its price alone has in common with it."""


@dataclass(frozen=True)
class PriceAlone:
    """The price of what is ordered without its network, as a subject of lines about tax."""

    group: Group

    @property
    def id(self) -> str:
        return f"price of {self.group.id}"

    @property
    def suffix(self) -> str:
        return f", price alone{self.group.suffix}"

    @property
    def item(self) -> str:
        return self.group.item

    @property
    def place(self) -> str:
        return self.group.place

    @property
    def running(self) -> bool:
        return False

    def __getattr__(self, name: str) -> Row:
        if name in SHARED:
            return at(name, self.group)
        raise AttributeError(name)


def prices_alone(facts: Facts) -> list[PriceAlone]:
    """Of what is purchased at a price that may still change."""
    return [PriceAlone(group) for group in unsigned_purchases(facts)]


def accelerators_priced(facts: Facts) -> list[str]:
    """Accelerators by what new orders of them pay, the most first."""
    pays = dict.fromkeys((group.accelerator for group in unsigned(facts)), 0.0)
    for row in facts.plan.orders:
        if not row.commitment:
            pays[row.accelerator] += row.capex_usd + row.rent_usd
    return sorted(pays, key=lambda each: (-pays[each], each))


def left_of_price(group: Group) -> Row:
    """The line of what is left of the price in the period in which it falls."""
    return at("residual of the price as it falls", group)


def residuals_of_prices(facts: Facts) -> Iterator[Section]:
    """What is left of purchases without their network: a part of the residual of each period of entry."""
    groups = unsigned_purchases(facts)
    note = "By period of entry: price paid times the share left at that age, without network."
    yield from filled("Residual of the price alone", note, [
        line_of(group, "Residual of the price", "USD", total=SUM,
                periods="={residual of entry}*IFERROR({paid}/({paid}+{network}),0)")
        for group in groups
    ])  # fmt: skip
    yield from filled("Residual of the price alone, by period in which it falls", lines=[
        line_of(group, "Residual of the price, as it falls", "USD", what=left_of_price(group).key.partition("/")[0],
                total=SUM, periods=f"=SUMIFS({{residual of the price.across}},{{falls in.across}},@${PERIOD})")
        for group in groups
    ])  # fmt: skip
