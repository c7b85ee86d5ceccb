"""What a plan warns of, once more: each warning of substance that follows from it is there, and none that does not.

A text is read by the pattern of its kind. What the decisions and costs decide is computed again and compared with the
words and numbers that the text holds, a number to half of its last digit. Of kinds that hang on more than that (what
might have been ordered, how the plan was made, what is only worth knowing) the wording alone is known here.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from optimizer.audit.checks import FRACTIONS, Allowed, Check
from optimizer.audit.decisions import ZERO, PlanRow, Unmet
from optimizer.audit.expected import Accounts
from optimizer.audit.frames import missing_usd
from optimizer.audit.obligations import rent_after
from optimizer.audit.records import Demand
from optimizer.audit.roll_forward import Books

NEAR = Fraction(1, 10**6)
"""Relative: what rounding may do to a number before it is shown."""
MILLION = 10**6
CUT = 60


class Interval(NamedTuple):
    """A number from one end to the other."""

    low: Fraction
    high: Fraction


Told = str | Interval | None


class Expected(NamedTuple):
    """What a warning has to say, by the holes of its pattern. One that is not sure may be there and need not be."""

    values: Mapping[str, Told]
    sure: bool = True


Follows = Callable[[PlanRow, Accounts], Iterable[Expected]]


def exactly(number: Fraction) -> Interval:
    return Interval(number, number)


def warnings(plan: PlanRow, accounts: Accounts) -> Iterator[Check]:
    """Every warning and note is of a kind there is and follows from the plan; every one that follows is there, once."""
    told = [*plan.get("warnings", ()), *plan.get("notes", ())]
    if "warnings" not in plan:
        return
    unknown = [text for text in told if not any(re.fullmatch(pattern, text) for pattern in (*FOLLOWING, *OTHERS))]
    yield Allowed("warnings", (), not unknown, f"nothing says '{''.join(unknown[:1])[:CUT]}'")
    yield Allowed("warnings", (), len(set(told)) == len(told), "one is told twice")
    for pattern, follows in FOLLOWING.items():
        found = {text: match.groupdict() for text in told if (match := re.fullmatch(pattern, text))}
        yield from compared(found, list(follows(plan, accounts)))


def compared(found: Mapping[str, Mapping[str, str | None]], expected: list[Expected]) -> Iterator[Check]:
    """The texts of one kind against what they have to say."""
    for text, said in found.items():
        fitting = next((each for each in expected if fits(said, each.values)), None)
        yield Allowed("warnings", (), fitting is not None, f"it does not follow that {text}")
        if fitting is not None:
            expected.remove(fitting)
    for each in expected:
        words = ", ".join(str(value) for value in each.values.values() if isinstance(value, str))
        yield Allowed("warnings", (), not each.sure, f"a warning is missing ({words or 'of the plan as a whole'})")


def fits(said: Mapping[str, str | None], expected: Mapping[str, Told]) -> bool:
    """Whether the holes of a text are filled as they have to be."""
    return all(is_so(said.get(hole), value) for hole, value in expected.items())


def is_so(said: str | None, expected: Told) -> bool:
    """Whether a word is the expected one, or a number within half of its last digit of the expected ones."""
    if said is None or not isinstance(expected, Interval):
        return said == expected
    number, half = read(said)
    room = half + NEAR * max(abs(expected.low), abs(expected.high))
    return expected.low - room <= number <= expected.high + room


def read(said: str) -> tuple[Fraction, Fraction]:
    """A number as it is shown, and half of its last digit: 1,234.567 million USD, 35.4 %, 62%, 12."""
    shown = Decimal(said.replace(",", "").split()[0].rstrip("%"))
    factor = Fraction(MILLION if "million" in said else 1) / (100 if "%" in said else 1)
    return Fraction(shown) * factor, Fraction(10) ** int(shown.as_tuple().exponent) / 2 * factor


def work_left_undone(_: PlanRow, accounts: Accounts) -> Iterator[Expected]:
    """How much of a demand is left undone, when, what that costs and what value is not earned."""
    books = accounts.books
    horizon, left = books.inputs.horizon, defaultdict[str, list[Unmet]](list)
    for row in books.unmet:
        left[row.demand].append(row)
    for key, rows in left.items():
        demand = books.inputs.demand[key]
        whole = sum(asked(demand, books), ZERO)
        share = sum((row.per_second for row in rows), ZERO) / whole if whole else ZERO
        periods = sorted({row.t for row in rows})
        several = len(periods) > 1
        paid = sum((row.per_second * (row.price or ZERO) for row in rows), ZERO) * horizon.hours
        yield Expected({
            "part": "all" if share > 1 - FRACTIONS else exactly(share),
            "demand": key,
            "count": str(len(periods)) if several else None,
            "first": horizon.key(periods[0]),
            "last": horizon.key(periods[-1]) if several else None,
            "paid": exactly(paid) if paid else None,
            "lost": exactly(lost) if (lost := value_lost(demand, rows, books)) else None,
        })  # fmt: skip


def asked(demand: Demand, books: Books) -> list[Fraction]:
    """What a demand asks for by period."""
    horizon = books.inputs.horizon
    return [demand.asked(horizon.span(t)) for t in range(horizon.periods)]


def value_lost(demand: Demand, rows: Iterable[Unmet], books: Books) -> Fraction:
    """The value of work left undone, where the plan is made for value."""
    worth, horizon = demand.value_usd_per_unit_hour, books.inputs.horizon
    if worth is None or not books.inputs.values_work:
        return ZERO
    return sum((row.per_second * worth.charged(horizon.span(row.t)) for row in rows), ZERO) * horizon.hours


def nothing_asked(_: PlanRow, accounts: Accounts) -> Iterator[Expected]:
    """A demand that asks for nothing in the horizon."""
    for key, demand in accounts.books.inputs.demand.items():
        due = any(amount and periods for _, periods, amount in demand.deadlines)
        if not demand.open and not due and not any(asked(demand, accounts.books)):
            yield Expected({"demand": key})


def high_residual(_: PlanRow, accounts: Accounts) -> Iterator[Expected]:
    """What is left at the end is more than half of what was bought."""
    costs = accounts.costs
    bought = sum(costs["hardware_usd"], ZERO) + sum(costs["network_usd"], ZERO)
    share = -sum(costs["residual_usd"], ZERO) / bought if bought > 0 else ZERO
    if share > Fraction(1, 2) - NEAR:
        yield Expected({"share": exactly(share)}, sure=share > Fraction(1, 2) + NEAR)


def rent_after_horizon(_: PlanRow, accounts: Accounts) -> Iterator[Expected]:
    """Rent due after the horizon, where the scenario leaves it out of the costs."""
    books = accounts.books
    due = sum((rent_after(cohort, books) for cohort in books.cohorts), ZERO)
    if due > 0 and books.inputs.finance.owed_after_horizon == "ignored":
        yield Expected({"usd": exactly(due)})


def promised_not_spent(_: PlanRow, accounts: Accounts) -> Iterator[Expected]:
    """What frames promise and the plan does not spend."""
    books = accounts.books
    for frame in books.inputs.frames.values():
        missing = sum(missing_usd(frame, books), ZERO)
        values: dict[str, Told] = {
            "frame": frame.id, "missing": exactly(missing), "promised": exactly(frame.promised_usd),
            "due": books.inputs.horizon.key(frame.within[-1]),
        }  # fmt: skip
        if missing:
            yield Expected(values, sure=missing > NEAR * frame.promised_usd)


def idle_systems(_: PlanRow, accounts: Accounts) -> Iterator[Expected]:
    """Systems ordered to a place where they never work, at the most; at the least those that work in none like it.

    Where the same demands may run, work is told of the places where systems are free: which of them it counts for is
    the plan's to say.
    """
    books = accounts.books
    at_work = {(work.system.id, work.place) for work in books.work if work.systems > 0}
    somewhere = {(system, may_run(place, books)) for system, place in at_work}
    least, most = defaultdict[str, Fraction](Fraction), defaultdict[str, Fraction](Fraction)
    for order in books.orders:
        system = order.offer.system.id
        if (system, order.place) not in at_work:
            most[system] += order.systems
            alone = (system, may_run(order.place, books)) not in somewhere
            least[system] += order.systems if alone else ZERO
    for system, systems in most.items():
        yield Expected({"count": Interval(least[system], systems), "system": system}, sure=least[system] > 0)


def may_run(place: str, books: Books) -> frozenset[str]:
    """The demands that may run at a place."""
    return frozenset(
        key for key, demand in books.inputs.demand.items() if demand.sites is None or place in demand.sites
    )


def empty_limits(plan: PlanRow, accounts: Accounts) -> Iterator[Expected]:
    """A limit without a row among the plan's limits."""
    rows = {row["row"].removeprefix("limit(").partition(",")[0] for row in plan.get("limits", ())}
    for name in sorted({rule.name for rule in accounts.books.inputs.limits} - rows):
        yield Expected({"name": name})


def own_quotes(plan: PlanRow, _: Accounts) -> Iterator[Expected]:
    """A quote of the user's own for what is excluded, with the reason; a plan does not say whose a quote is."""
    for row in plan.get("excluded", ()):
        yield Expected({"offer": row["offer"], "reason": row["reason"]}, sure=False)


def figures_of_regions(plan: PlanRow, _: Accounts) -> Iterator[Expected]:
    """A site's figure that equals its region's, with the basis and the source of the region's."""
    catalog = plan["catalog"]
    for name, site in (plan["scenario"].get("sites") or {}).items():
        region = (catalog.get("tariffs") or {}).get(site.get("region")) or {}
        for field in sorted({"electricity_usd_per_mwh", "carbon_kg_per_mwh", "pue"} & region.keys()):
            if region[field] == site.get(field):
                cite = catalog["cites"].get(f"{site['region']}.{field}") or catalog["cites"].get(site["region"])
                source = catalog["sources"].get(cite.get("source")) if cite else None
                dated = f", {source['date']}" if source and source.get("date") else ""
                rests = f"{cite['basis']}: {source['title']}{dated}" if cite and source else None
                yield Expected({"site": name, "field": field, "region": site["region"], "rests": rests})


SLIP = r"(?P<field>\w+) of (?P<entry>\S+)(?: for (?P<workload>\S+))? looks like a slip: .+"


def own_figures(plan: PlanRow, _: Accounts) -> Iterator[Expected]:
    """A slip in a figure that the plan's catalogue has; a plan does not say whose a figure is."""
    for said in filter(None, (re.fullmatch(SLIP, text) for text in plan.get("warnings", ()))):
        if is_figure(plan["catalog"], said["field"], said["entry"], said["workload"]):
            yield Expected(said.groupdict(), sure=False)


def is_figure(catalog: PlanRow, field: str, entry: str, workload: str | None) -> bool:
    """Whether a catalogue has a field of an entry, or of what it draws or pays once, or a rate for a workload."""
    if workload is not None:
        return field == "rate" and workload in catalog.get("throughput", {}).get(entry, {})
    parts = [catalog.get(section, {}).get(entry, {}) for section in ("accelerators", "systems", "offers", "workloads")]
    parts += [part.get(name) or {} for part in parts for name in ("draws", "one_off")]
    return any(field in part for part in parts)


def futures_not_counted(plan: PlanRow, _: Accounts) -> Iterator[Expected]:
    """The futures that the plan's scenario names."""
    if futures := plan["scenario"].get("futures"):
        yield Expected({"count": str(len(futures))})


MONEY = r"[\d.,e+-]+ (?:million )?USD"
FOLLOWING: Mapping[str, Follows] = {
    r"(?P<part>all|\S+ %) of the work of (?P<demand>\S+) is left undone, in (?:(?P<count>\d+) periods from )?"
    r"(?P<first>[\dq-]+)(?: to (?P<last>[\dq-]+))?; that costs (?:nothing|"
    rf"(?P<paid>{MONEY}))(?: and forgoes a value of (?P<lost>{MONEY}))?": work_left_undone,
    r"(?P<demand>\S+) asks for no work in the horizon": nothing_asked,
    r"the residual value is (?P<share>\d+%) of what is bought: the horizon is short against the life of the hardware, "
    r"so the plan leans on what it can be sold for \(finance\.residual\)": high_residual,
    rf"(?P<usd>{MONEY}) of rent falls due after the horizon, on terms running past it; it is not in the costs "
    r"\(finance\.owed_after_horizon: ignored\)": rent_after_horizon,
    rf"frame (?P<frame>\S+): (?P<missing>{MONEY}) of the (?P<promised>{MONEY}) that it promises is not spent; "
    r"it is paid all the same, in (?P<due>[\dq-]+)": promised_not_spent,
    r"(?P<count>[\d,]+) (?P<system>\S+) ordered never do any work: a limit (?:asks for them, or what "
    r"they can be sold for|or a frame asks for them, or their resale)":
        idle_systems,
    r"limit '(?P<name>.+)' selects nothing in this plan and holds by itself": empty_limits,
    r"the scenario's futures \((?P<count>\d+)\) are not counted: every figure is of the scenario as it stands; "
    r"`chipmix robust` decides for all of them": futures_not_counted,
    r"sites\.(?P<site>\S+)\.region: (?P<field>\w+) is that of the region (?P<region>\S+)(?: \((?P<rests>.+)\))?":
        figures_of_regions,
    r"the own quote (?P<offer>\S+) is never used: (?P<reason>.+)": own_quotes,
    SLIP: own_figures,
}  # fmt: skip
"""Kinds that follow from decisions and costs, by their pattern."""
OTHERS = (
    r"nothing can serve \S+ (?:at all|before \S+), though it is asked for from \S+",
    r"frame \S+: nothing (?:that it selects can be ordered|ordered at its price is paid) within \S+",
    r"the term of \S+, \d+ months, counts as .+",
    r"finance\.service_life_years, \S+ months, counts as .+",
    r"(?:carbon has a price|limit '.+' measures carbon), but that of \S+ counts as 0: it has no \w+(?: before \S+)?",
    r"\S+: .+ (?:lies|lie) (?:inside \S+, .+|before the horizon and .+: not read|after the horizon, .+: not read)",
    r"(?:(?:frames|budget)\.\S+: (?:it|the amount counts in full for \S+, which)|limits: .+) holds \S+(?: to \S+)?: "
    r"the periods of the horizon that start in it(?:, and \d+ of its \d+ months count of spend_usd)?",
    r"fleet: \S+ at \S+ until \S+ is (?:gone before the horizon: not counted|in service to the end of \S+)",
    r"the price of \S+ ordered in \S+ was quoted in \S+, more than a year before",
    r"the price of \S+ is \S+ times the median of its generation \(.+\)",
    r"\S+ is newer than \S+ and slower at \S+ \(.+\)",
    r"numbers of very different size meet in the model \(coefficients .+\); check units",
    r"stays close to the approved plan: .+",
    r"every order of the plan before is kept: no change gains more than .+",
    r"order lines changed against the plan before: \d+; .+",
)
"""Kinds of which only the wording is known here."""
