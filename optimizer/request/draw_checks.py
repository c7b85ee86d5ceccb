"""What the distributions of a scenario must say: one each, in order, of what there is."""

from __future__ import annotations

from decimal import Decimal

from catalogs.leaves import entries, has, ids, keys, leaves, number, texts
from catalogs.problems import Problem, Problems
from catalogs.validate import Sound, dotted
from catalogs.yaml_text import Map
from optimizer.request.calendar import Calendar
from optimizer.request.draws import DISTRIBUTIONS
from optimizer.request.futures import DELAYS, SELECTS
from optimizer.request.limit_checks import check_selection, selectable
from optimizer.request.scenario import EACH

ROUNDING = Decimal("1e-6")
YEARLY = ("lognormal_per_year", "decline_per_year")
PRICED = ("price", "rent")
Path = tuple[str, ...]


def check_draws(tree: Sound, known: Sound, problems: Problems) -> None:
    """Each draw has one distribution that goes with its change, selects what exists, and is in order."""
    may_name = {**selectable(tree, known), "pool": (ids(known, "pools"), "pool")}
    for where, entry, _at in entries(tree, "uncertainty", "draws", "*"):
        check_selection(where, entry, may_name, problems)
        _check_selected(where, entry, problems)
        _check_distribution(where, entry, problems)
        for field in ("decline_per_year", "between"):
            _check_range(where, field, entry, problems)
        _check_months(where, entry, problems)
    _check_correlation(tree, problems)


def check_slips(tree: Sound, calendar: Calendar, problems: Problems) -> None:
    """Delays that may be drawn end inside the horizon."""
    length = calendar.count * calendar.months
    for where, _share, at in keys(tree, "uncertainty", "draws", "*", "months", "*"):
        months = number(where[-1])
        if months is not None and months >= length:
            message = f"{dotted(where)}: a delay must be less than the horizon's {length} months"
            problems.append(Problem(at, message))


def _check_selected(where: Path, entry: Map, problems: Problems) -> None:
    allowed = SELECTS.get(str(entry.get("change")), ())
    for path, _value, at in keys(entry, "of", "*") if "change" in entry else ():
        if path[-1] not in allowed:
            by = f"select by {', '.join(allowed)}" if allowed else "it holds for all; take `of` away"
            problems.append(Problem(at, f"{dotted((*where, *path))}: {entry['change']} is not told apart by it; {by}"))
    for path, value, at in [*texts(entry, "of", "*"), *texts(entry, "of", "*", "*")]:
        if value == EACH:
            problems.append(Problem(at, f"{dotted((*where, *path))}: 'each' is for limits; name what changes"))


def _check_distribution(where: Path, entry: Map, problems: Problems) -> None:
    change, said = str(entry.get("change")), [name for name in DISTRIBUTIONS if has(entry, name)]
    if len(said) != 1:
        found = f"has {' and '.join(said)}" if said else "has none"
        problems.append(Problem(entry.at, f"{dotted(where)} needs one of {', '.join(DISTRIBUTIONS)}; it {found}"))
        return
    at = entry.key_at.get(said[0], entry.at)
    if (change in DELAYS) != (said == ["months"]) and "change" in entry:
        fits = "months" if change in DELAYS else "lognormal_per_year, decline_per_year or between"
        problems.append(Problem(at, f"{dotted((*where, said[0]))} does not go with {change}; give {fits}"))
    if change == "residual" and said[0] in YEARLY:
        problems.append(Problem(at, f"{dotted((*where, said[0]))}: shares of the price left go by age; give between"))
    for _path, _value, place in leaves(entry, "from"):
        if said != ["between"] or change == "residual":
            problems.append(Problem(place, f"{dotted((*where, 'from'))} goes with a factor that is drawn between two"))


def _check_range(where: Path, field: str, entry: Map, problems: Problems) -> None:
    for _path, given, at in entries(entry, field):
        low, mode, high = (number(given.get(key)) for key in ("low", "mode", "high"))
        inside = mode is None or low is None or high is None or low <= mode <= high
        if low is not None and high is not None and (low > high or not inside):
            problems.append(Problem(at, f"{dotted((*where, field))}: write low ≤ mode ≤ high"))
        if field == "between" and entry.get("change") in PRICED and low == 0:
            message = f"{dotted((*where, field, 'low'))} must be greater than 0; nothing is given away"
            problems.append(Problem(given["low"].at, message))


def _check_months(where: Path, entry: Map, problems: Problems) -> None:
    found = [number(share) for _, share, _ in leaves(entry, "months", "*")]
    told = [each for each in found if each is not None]
    whole = not getattr(entry.get("months"), "refused", False) and len(told) == len(found)
    if told and whole and abs(sum(told, Decimal(0)) - 1) > ROUNDING:
        total = f"{sum(told, Decimal(0)).normalize():f}"
        message = f"{dotted((*where, 'months'))}: the probabilities must sum to 1; they sum to {total}"
        problems.append(Problem(entry.key_at["months"], message))


def _check_correlation(tree: Sound, problems: Problems) -> None:
    """With all others no nearer than those of a vendor, the matrix is one of correlations."""
    for _where, entry, at in entries(tree, "uncertainty", "correlation"):
        same, others = number(entry.get("same_vendor", "0")), number(entry.get("others", "0"))
        if same is not None and others is not None and others > same and "same_vendor" not in entry.refused:
            message = f"uncertainty.correlation.others must be no more than same_vendor ({others} > {same})"
            problems.append(Problem(at, message))
