"""The market's rent of an accelerator: which hosted offers of the catalogue are the cheapest, and when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from catalogs.periods import first_month, last_month
from optimizer.workbook.facts import Facts
from optimizer.workbook.groups import HOSTED


@dataclass(frozen=True)
class MarketOffer:
    """A hosted offer that is the cheapest of its accelerator in some period; `rents` only where it may be ordered.

    `allowed` says whether the scenario could have chosen it.
    """

    offer: str
    rents: tuple[float | None, ...]
    allowed: bool


def market_of(facts: Facts) -> dict[str, tuple[MarketOffer, ...]]:
    """The cheapest hosted offers of each accelerator of the plan, fleet included; none where there is no rent.

    An offer counts where the catalogue has a rent for the period, the period lies within the dates in which
    it may be ordered, and it is open to the buyer. Whether the scenario allows it does not matter: it is
    the market that is compared with.
    """
    excluded = {row.offer for row in facts.plan.excluded}
    systems = facts.catalog["systems"]
    found = {}
    for accelerator in dict.fromkeys(str(systems[system]["accelerator"]) for system in facts.systems):
        rents = {o: _rents(facts, offer) for o, offer in sorted(_hosted(facts, accelerator).items())}
        cheapest = {name for i in range(facts.periods) if (name := _cheapest(rents, i))}
        offers = tuple(MarketOffer(o, rents[o], o not in excluded) for o in sorted(cheapest))
        if offers:
            found[accelerator] = offers
    return found


def _hosted(facts: Facts, accelerator: str) -> dict[str, dict[str, Any]]:
    """Hosted offers of an accelerator that are open to the buyer."""
    systems, buyer = facts.catalog["systems"], facts.scenario.get("buyer")
    return {
        name: offer
        for name, offer in facts.catalog["offers"].items()
        if offer["route"] in HOSTED
        and systems[offer["system"]]["accelerator"] == accelerator
        and ("buyers" not in offer or buyer == "any" or buyer in offer["buyers"])
    }


def _rents(facts: Facts, offer: dict[str, Any]) -> tuple[float | None, ...]:
    """The rent in each period in which the offer may be ordered."""
    dates = offer.get("available") or {}
    since = first_month(dates["from"]) if dates.get("from") else None
    until = last_month(dates["until"]) if dates.get("until") else None
    months = [first_month(key) for key in facts.keys]
    open_in = [(since is None or since <= month) and (until is None or month <= until) for month in months]
    rents = facts.over_periods("usd_per_accelerator_hour", offer.get("usd_per_accelerator_hour"))
    return tuple(rent if rent and is_open else None for rent, is_open in zip(rents, open_in, strict=True))


def _cheapest(rents: dict[str, tuple[float | None, ...]], i: int) -> str:
    """The offer with the lowest rent in a period, the first by name of equal ones; '' without any."""
    priced = {name: rent for name, each in rents.items() if (rent := each[i]) is not None}
    return min(priced, key=lambda name: (priced[name], name), default="")
