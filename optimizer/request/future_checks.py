"""What a scenario's futures must say: probabilities that sum, things that there are, delays inside the horizon."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from catalogs.leaves import amounts, check_keys, entries, ids, keys, leaves, number, texts
from catalogs.problems import Location, Problem, Problems
from catalogs.validate import Sound, dotted
from catalogs.yaml_text import Map
from optimizer.request.calendar import Calendar
from optimizer.request.futures import DELAYS, SELECTS
from optimizer.request.limit_checks import Selectable, check_selection, selectable
from optimizer.request.scenario import EACH

ROUNDING = Decimal("1e-6")
"""How far from 1 probabilities may sum: thirds are written with some digits."""
ABOVE_ZERO = ("price", "rent")
Path = tuple[str, ...]


def check_futures(tree: Sound, known: Sound, problems: Problems) -> None:
    """Each future has a name of its own and selects what exists; together they are certain."""
    may_name: Selectable = {**selectable(tree, known), "pool": (ids(known, "pools"), "pool")}
    _check_names(tree, problems)
    _check_probabilities(tree, problems)
    for where, change, entry, _at in _changes(tree):
        check_selection(where, entry, may_name, problems)
        _check_keys(where, change, entry, problems)
        _check_factors(where, change, entry, problems)
    check_keys(keys(tree, "uncertainty", "unmet_usd_per_unit_hour", "*"), ids(tree, "demand"), "demand", problems)


def check_future_periods(tree: Sound, calendar: Calendar, problems: Problems) -> None:
    """Delays end inside the horizon; what is decided before the future is known is placed inside it."""
    length = calendar.count * calendar.months
    for where, change, entry, _at in _changes(tree):
        months = number(entry.get("months")) if change in DELAYS else None
        if months is not None and months >= length:
            message = f"{dotted((*where, 'months'))} must be less than the horizon's {length} months (got {months})"
            problems.append(Problem(entry["months"].at, message))
    for where, period, at in texts(tree, "uncertainty", "decide_by"):
        if calendar.index(period) is None:
            ends = f"{calendar.key(1)} to {calendar.key(calendar.count)}"
            problems.append(Problem(at, f"{dotted(where)}: '{period}' is not a period of the horizon, {ends}"))


def _changes(tree: Sound) -> Iterator[tuple[Path, str, Map, Location]]:
    """Every change of every future, alone or in a list, with its path in the words of the file, and its kind."""
    for (_section, item), future, _at in entries(tree, "futures", "*"):
        name = str(future.get("name", item))
        for change in SELECTS:
            for path, entry, at in [*entries(future, change), *entries(future, change, "*")]:
                if "of" not in path[1:]:
                    yield ("futures", name, *path), change, entry, at


def _check_names(tree: Sound, problems: Problems) -> None:
    seen: dict[str, Location] = {}
    for (_section, item, _name), name, at in texts(tree, "futures", "*", "name"):
        if name in seen:
            problems.append(Problem(at, f"futures.{item}: the name '{name}' is used twice (first at {seen[name]})"))
        seen.setdefault(name, at)


def _check_probabilities(tree: Sound, problems: Problems) -> None:
    futures = entries(tree, "futures", "*")
    found = [number(future.get("probability")) for _, future, _ in futures]
    told = [each for each in found if each is not None]
    if not told or len(told) < len(found) or "futures" in tree.refused or getattr(tree["futures"], "refused", False):
        return
    total = sum(told, Decimal(0))
    if abs(total - 1) > ROUNDING:
        message = f"futures: the probabilities must sum to 1; they sum to {total.normalize():f}"
        problems.append(Problem(tree.key_at["futures"], message))


def _check_keys(where: Path, change: str, entry: Map, problems: Problems) -> None:
    """A change selects by what it is about, never one apiece."""
    allowed = SELECTS[change]
    for path, _value, at in keys(entry, "of", "*"):
        if path[-1] not in allowed:
            by = f"select by {', '.join(allowed)}" if allowed else "it holds for all; take `of` away"
            problems.append(Problem(at, f"{dotted((*where, *path))}: {change} is not told apart by it; {by}"))
    for path, value, at in [*texts(entry, "of", "*"), *texts(entry, "of", "*", "*")]:
        if value == EACH:
            problems.append(Problem(at, f"{dotted((*where, *path))}: 'each' is for limits; name what changes"))


def _check_factors(where: Path, change: str, entry: Map, problems: Problems) -> None:
    """Prices stay above zero, and one number alone can begin later."""
    for path, value, at in amounts(entry, "factor"):
        if change in ABOVE_ZERO and number(value) == 0:
            problems.append(Problem(at, f"{dotted((*where, *path))} must be greater than 0; nothing is given away"))
    begins = [at for _, _, at in leaves(entry, "from")]
    if begins and isinstance(entry.get("factor"), Map):
        message = f"{dotted((*where, 'from'))} goes with one factor; these have periods of their own"
        problems.append(Problem(begins[0], message))
    if change == "residual" and (begins or isinstance(entry.get("factor"), Map)):
        at = begins[0] if begins else entry["factor"].at
        problems.append(Problem(at, f"{dotted(where)}: shares of the price left go by age; give one factor for all"))
