"""The user's limits once more: what is selected, over which periods, against which bound.

A limit sums the amounts of the subjects it selects; over a window of several periods they are summed
too, but for kW, of which the highest counts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from itertools import product

from optimizer.audit.checks import Allowed, Check, Keys, Limited
from optimizer.audit.decisions import ZERO
from optimizer.audit.measures import HIGHEST, MEASURES, Amounts, Counted
from optimizer.audit.periods import Series, fiscal_year_of, periods_in
from optimizer.audit.records import Inputs, UserLimit
from optimizer.audit.roll_forward import Books
from optimizer.audit.selections import EACH, attributes, matches, possible

Groups = Mapping[Keys, list[Counted]]
"""Subjects by the values that `each` stands for, in the order of the limit's keys: those that a subject has at once."""


def grouped(subjects: Iterable[Counted], of: Mapping[str, tuple[str, ...]], inputs: Inputs) -> Groups:
    """The subjects that a selection takes, one group for each value of `each` that occurs."""
    groups: defaultdict[Keys, list[Counted]] = defaultdict(list)
    each = [key for key, patterns in of.items() if patterns == EACH]
    for subject in subjects:
        seen = attributes(subject, inputs)
        if all(matches(seen.get(key, ()), patterns) for key, patterns in of.items()):
            for values in product(*(seen[key] for key in each)):
                groups[values].append(subject)
    if not each:
        groups.setdefault((), [])
    return groups


def windows(rule: UserLimit, books: Books) -> Iterator[tuple[str, list[int]]]:
    """The windows of a limit, each with its periods.

    A ceiling on the highest period, or on its share, is one on each period.
    """
    horizon, starts, within = books.inputs.horizon, books.inputs.finance.fiscal_year_starts, rule.within
    if within == "each_year":
        years = dict.fromkeys(fiscal_year_of(horizon.start(t), starts) for t in range(horizon.periods))
        whole = [(year, periods_in(year, horizon, starts)) for year in years]
    else:
        whole = [(within, periods_in("total" if within == "each_period" else within, horizon, starts))]
    if within == "each_period" or (rule.measure in HIGHEST and not rule.at_least):
        yield from ((horizon.key(t), [t]) for _, periods in whole for t in periods)
    else:
        yield from whole


def total(subjects: Iterable[Counted], amounts: Amounts, books: Books) -> Series:
    """The sum of the amounts of subjects by period."""
    sums = [ZERO] * books.inputs.horizon.periods
    for subject in subjects:
        for t, amount in enumerate(amounts.get(subject, ())):
            if amount:
                sums[t] += amount
    return sums


def limit(books: Books) -> Iterator[Check]:
    """The user's limits: at most or at least a bound, or a share of the same measure over everything."""
    measured: dict[str, Amounts] = {}
    for rule in books.inputs.limits:
        if rule.measure not in MEASURES:
            continue
        if rule.measure not in measured:
            measured[rule.measure] = MEASURES[rule.measure].amounts(books)
        yield from check_limit(rule, measured[rule.measure], books)


def check_limit(rule: UserLimit, amounts: Amounts, books: Books) -> Iterator[Check]:
    """One limit in each of its groups; a share is of the same measure over everything, or over the same demands."""
    groups = grouped(dict.fromkeys([*amounts, *possible(rule, books)]), rule.of, books.inputs)
    demands = {key: patterns for key, patterns in rule.of.items() if key == "demand"}
    wholes = grouped(amounts, demands, books.inputs) if rule.share else {}
    position = [key for key, patterns in rule.of.items() if patterns == EACH]
    if rule.at_least and not groups:
        groups = {(): []}  # a floor over nothing
    for values, group in sorted(groups.items()):
        yield from one_unit(rule, values, group, books)
        same = tuple(value for key, value in zip(position, values, strict=bool(values)) if key == "demand")
        whole = total(wholes.get(same, ()), amounts, books)
        yield from check_group(rule, values, total(group, amounts, books), whole, books)


def one_unit(rule: UserLimit, values: Keys, group: Iterable[Counted], books: Books) -> Iterator[Check]:
    """Work of different units is never added."""
    units = {books.inputs.demand[subject.demand].unit for subject in group if subject.demand}
    if len(units) > 1:
        reason = f"it adds work in {' and '.join(sorted(units))}"
        yield Allowed("limit", (rule.name, *values), False, reason)


def unit_of(rule: UserLimit, inputs: Inputs) -> str:
    """The unit of a limit's rows: that of the work of the demands it names, `work` for `each` of them."""
    if rule.measure != "work":
        return MEASURES[rule.measure].unit
    patterns = rule.of.get("demand", ())
    units = {one.unit for key, one in inputs.demand.items() if patterns != EACH and matches((key,), patterns)}
    return min(units, default="work")


def check_group(rule: UserLimit, values: Keys, used: Series, whole: Series, books: Books) -> Iterator[Check]:
    """One group of a limit in each of its windows."""
    unit, sense = unit_of(rule, books.inputs), -1 if rule.at_least else 1
    in_parts = rule.measure == "work" or any(offer.divisible for offer in books.inputs.offers.values())
    for key, periods in windows(rule, books):
        over = max if rule.measure in HIGHEST else added_up
        bound = rule.bound * over(whole[t] for t in periods) if rule.share else rule.bound
        amount = over(used[t] for t in periods)
        yield Limited("limit", (rule.name, *values, key), amount, bound, unit, sense, not in_parts)


def added_up(amounts: Iterable[Fraction]) -> Fraction:
    """Their sum."""
    return sum(amounts, ZERO)
