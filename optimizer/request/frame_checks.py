"""What a scenario's frame agreements must say: what they are about, windows of the horizon, names of their own."""

from __future__ import annotations

from catalogs.leaves import entries, ids, keys, texts
from catalogs.periods import NotAPeriod
from catalogs.problems import Problem, Problems
from catalogs.validate import Sound, dotted
from catalogs.yaml_text import Map
from optimizer.request.calendar import Calendar, EmptyWindow
from optimizer.request.limit_checks import Selectable, check_selection, selectable
from optimizer.request.scenario import EACH


def check_frames(tree: Sound, known: Sound, problems: Problems) -> None:
    """Each frame selects what exists, of what is ordered, and makes offers that have names of their own."""
    may_name = selectable(tree, known)
    for where, entry, _at in entries(tree, "frames", "*"):
        check_selection_of_orders(where, entry, "a frame", may_name, problems)
    _check_names(tree, known, problems)


def check_selection_of_orders(
    where: tuple[str, ...], entry: Map, rule: str, may_name: Selectable, problems: Problems
) -> None:
    """Each id or pattern names something that is ordered, for a rule that is one over all it selects."""
    check_selection(where, entry, may_name, problems)
    for path, value, at in [*texts(entry, "of", "*"), *texts(entry, "of", "*", "*")]:
        if value == EACH:
            message = f"{dotted((*where, *path))}: 'each' is for limits; {rule} is one over all it selects"
            problems.append(Problem(at, message))
    for path, _value, at in keys(entry, "of", "demand"):
        message = f"{dotted((*where, *path))}: {rule} is about what is ordered, not about work"
        problems.append(Problem(at, message))


def _check_names(tree: Sound, known: Sound, problems: Problems) -> None:
    """An offer at the price of a frame is named `offer.frame`, which nothing else may be."""
    taken: dict[str, str] = dict.fromkeys(ids(known, "offers") or (), "")
    for (_section, frame), _value, at in sorted(keys(tree, "frames", "*")):
        named = {f"{offer}.{frame}": frame for offer in ids(known, "offers") or ()}
        clash = min(taken.keys() & named.keys(), default=None)
        if clash is not None:
            whose = f"an offer at the price of frame {taken[clash]}" if taken[clash] else "an offer"
            message = f"frames.{frame}: '{clash}', what it would make of an offer, is {whose} already; rename the frame"
            problems.append(Problem(at, message))
        taken.update(named)


def check_frame_windows(tree: Sound, calendar: Calendar, problems: Problems) -> None:
    """Orders may be placed, and are to be paid, in periods of the horizon."""
    for field in ("orders", "within"):
        for where, window, at in texts(tree, "frames", "*", field):
            try:
                calendar.window(window)
            except (NotAPeriod, EmptyWindow) as error:
                problems.append(Problem(at, f"{dotted(where)}: {error}"))
