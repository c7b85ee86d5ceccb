"""Every way in which some work could be done in a period, and the limits that bar it, without a solver.

A way is an order that could be placed if it took less time, or what stands there anyway; dates, prices, rates and who
may order what are facts. A bar is a proof: the way stays shut unless one of the limits that it names gives way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

from catalogs.figures import told_apart
from optimizer.infeasible.availability import Bounds
from optimizer.request.scenario import Porting
from optimizer.request.schedules import mean
from optimizer.tables import OfferFacts, Tables
from optimizer.tables.by_period import Circumstances
from optimizer.tables.eligibility import closed, has_price, homeless, orders_open, ruled_out
from optimizer.tables.joins import bring_up_months

ENOUGH = 1 - 1e-8
"""Room or supply for less than this part of a system is none."""


class Way(NamedTuple):
    """Systems that could do a demand's work: of an offer, entering service in a period, or standing there anyway."""

    system: str
    place: str
    offer: OfferFacts | None
    enters: int


class Bar(NamedTuple):
    """What keeps a way shut, in words, until one of some limits gives way."""

    words: str
    limits: frozenset[str]


def lead_time(offer: str) -> str:
    """A lead time as a limit that may give way, by the name that repairs give it."""
    return f"lead time of {offer}"


def bring_up(offer: str) -> str:
    """The time to bring up an offer's systems as a limit that may give way, by the name that repairs give it."""
    return f"bring-up of {offer}"


class Ways:
    """The ways of a request; `tables` are loose, so that no supply and no room hides an order."""

    def __init__(self, tables: Tables) -> None:
        self.tables, self.bounds = tables, Bounds(tables)
        self.here = Circumstances(tables.request, True, 0)
        entries, rules = tables.request.catalog.offers, (closed, ruled_out, homeless)
        self.offers = [
            offer
            for name, offer in sorted(tables.offers.items())
            if not any(rule(self.here, offer, entries[name]) for rule in rules)
        ]

    def of(self, demand: str, t: int) -> Iterator[Way]:
        """Every way to do work of a demand in a period.

        Proof that there is no other, whatever gives way: only systems with a rate there and then do it; they stand
        there anyway, or were ordered at a date and price that the offer has, at most its lead time before they enter
        service and not after, and are still in their term.
        """
        for row in self.tables.stock:
            if row.t == t and row.anyway and self._does(row.system, row.place, demand, t):
                yield Way(row.system, row.place, None, 0)
        for offer in self.offers:
            places = [place for place in self.here.places(offer) if self._does(offer.system, place, demand, t)]
            entered = range(max(1, t - offer.periods + 1), t + 1) if places else ()
            for enters in entered:
                if any(self._on_sale(offer, enters, lead) for lead in range(offer.lead_periods + 1)):
                    yield from (Way(offer.system, place, offer, enters) for place in places)

    def _does(self, system: str, place: str, demand: str, t: int) -> bool:
        return (system, demand, t) in self.here.rate and self.here.may_stand(demand, place)

    def _on_sale(self, offer: OfferFacts, enters: int, lead: int) -> bool:
        """Whether an offer that took so many periods could be ordered in the horizon to enter service then."""
        sooner = offer._replace(lead_periods=lead)
        return enters > lead and orders_open(self.here, sooner, enters) and has_price(self.here, sooner, enters)

    def costs_no_time(self) -> bool:
        """Whether what is ordered costs the same, due at the same time, however long it takes."""
        waits = [offer for offer in self.offers if offer.lead_periods]
        periods = self.tables.calendar.periods
        return all(not offer.deposit_share and self._one_price(offer, t) for offer in waits for t in periods)

    def _one_price(self, offer: OfferFacts, enters: int) -> bool:
        leads = range(offer.lead_periods + 1)
        return len({self._price(offer, enters - lead) for lead in leads if self._on_sale(offer, enters, lead)}) < 2

    def _price(self, offer: OfferFacts, ordered: int) -> Decimal | None:
        entry, months = self.tables.request.catalog.offers[offer.offer], self.tables.calendar.span(ordered)
        return mean(entry.price_usd if entry.route == "purchase" else entry.usd_per_accelerator_hour, months)

    def shut(self, demand: str, t: int) -> list[list[Bar]] | None:
        """The bars of every way to do a demand's work in a period; None if one has none."""
        found = []
        for way in self.of(demand, t):
            bars = list(self.bars(way, demand, t))
            if not bars:
                return None
            found.append(bars)
        return found

    def bars(self, way: Way, demand: str, t: int) -> Iterator[Bar]:
        """Everything that bars a way to do a demand's work in period t, what is built and supplied before time."""
        if way.offer is not None:
            if not way.offer.hosted:
                yield from self._of_room(way.offer, way.place, way.enters)
            yield from self._of_supply(way.offer, way.enters)
            yield from self._of_time(way.offer, way.enters)
            yield from self._of_bring_up(way.offer, t - way.enters)
        stack = self.tables.systems[way.system].stack
        porting = (self.tables.scenario.demand[demand].stacks or {}).get(stack)
        if isinstance(porting, Porting) and t <= self.tables.wait(porting.months):
            words = f"porting takes {porting.months} months ({stack})"
            yield Bar(words, frozenset({f"porting of {demand} to {stack}"}))

    def _of_time(self, offer: OfferFacts, enters: int) -> Iterator[Bar]:
        """The order would have to be placed before the horizon, off the offer's dates, or before engineering is done.

        A purchase is placed no sooner than `months` after the first period, where its one-off starts at the earliest.
        A shorter lead time lets an order be placed later, which may open any of these.
        """
        later = frozenset({lead_time(offer.offer)} if offer.lead_periods else ())
        if not self._on_sale(offer, enters, offer.lead_periods):
            yield Bar(self._in_time(offer), later)
        one_off = self.tables.request.catalog.accelerators[offer.accelerator].one_off
        if offer.route == "purchase" and one_off and enters - offer.lead_periods <= self.tables.wait(one_off.months):
            words = f"engineering of {offer.accelerator} takes {one_off.months} months first"
            yield Bar(words, later | {f"engineering of {offer.accelerator}"})

    def _of_bring_up(self, offer: OfferFacts, age: int) -> Iterator[Bar]:
        """Systems of that age are still being brought up and do no work."""
        if not offer.able(age):
            months = bring_up_months(self.tables.request.catalog.offers[offer.offer], self.tables.scenario)
            yield Bar(f"{offer.offer}: bring-up takes {months} months", frozenset({bring_up(offer.offer)}))

    def _in_time(self, offer: OfferFacts) -> str:
        first = next((t for t in self.tables.calendar.periods if self._on_sale(offer, t, offer.lead_periods)), None)
        when = (
            "not in service in the horizon" if first is None else f"in service from {self.tables.calendar.key(first)}"
        )
        months = self.tables.request.catalog.offers[offer.offer].lead_time_months
        return f"{offer.offer}: {when}, lead time {months} months"

    def _of_supply(self, offer: OfferFacts, enters: int) -> Iterator[Bar]:
        """A limit of supply leaves less than the offer's minimum order, or than one system.

        All places together order nothing or the minimum, and all of that counts in every limit of supply.
        """
        least = float(offer.minimum_order or (0 if offer.divisible else 1))
        for most, limits in self.bounds.each_supply(offer, enters):
            if most < ENOUGH and (most < least * ENOUGH or not most):
                yield Bar(f"{', '.join(sorted(limits))} leaves nothing to order", limits)
            elif most < least * ENOUGH:
                asked, there = told_apart(least, most)
                words = f"its minimum order of {asked} systems is above the {there} that can be had"
                yield Bar(f"{offer.offer}: {words}", limits | {f"minimum order of {offer.offer}"})

    def _of_room(self, offer: OfferFacts, site: str, enters: int) -> Iterator[Bar]:
        """A site has no room for one system in some period of its service, of power, cooling or racks."""
        last = min(self.tables.calendar.count, enters + offer.periods - 1)
        least = 0.0 if offer.divisible else ENOUGH
        rooms = [self.bounds.rooms(offer.system, site, t) for t in self.tables.calendar.periods]
        for what in rooms[0]:
            none = [not room[what].most or room[what].most < least for room in rooms]
            tau = next((tau for tau in range(enters, last + 1) if none[tau - 1]), None)
            if tau is not None:
                little = f"less {what} than one {offer.system} takes" if rooms[tau - 1][what].most else f"no {what}"
                yield Bar(f"{site} has {little}{self._when(none, tau)}", rooms[tau - 1][what].limits)

    def _when(self, none: Sequence[bool], tau: int) -> str:
        """Until when, or from when on, there is none of something, of which there is none in period tau."""
        key = self.tables.calendar.key
        begun, ends = all(none[:tau]), all(none[tau - 1 :])
        if begun:
            return "" if ends else f" before {key(none.index(False) + 1)}"
        return f" from {key(tau)} on" if ends else f" in {key(tau)}"


def few_bars(shut: Sequence[Sequence[Bar]]) -> list[Bar]:
    """A few bars that shut all ways between them, those that shut most first.

    Each way has one of them, so a change that opens a way makes a limit of one of them give way.
    """
    left, found = list(shut), list[Bar]()
    while left:
        counted = Counter(words for bars in left for words in dict.fromkeys(bar.words for bar in bars))
        words = max(counted, key=lambda words: (counted[words], -_first_at(left, words)))
        limits = frozenset[str]().union(*(bar.limits for bars in left for bar in bars if bar.words == words))
        found.append(Bar(words, limits))
        left = [bars for bars in left if words not in {bar.words for bar in bars}]
    return found


def _first_at(shut: Iterable[Iterable[Bar]], words: str) -> int:
    return next(i for i, bars in enumerate(shut) if words in {bar.words for bar in bars})
