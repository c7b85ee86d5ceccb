"""One tree of source text on top of another: what is changed field by field, what is replaced, what is no change."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence, Set
from typing import Any

from pydantic import BaseModel

from catalogs.periods import steps
from catalogs.problems import InputError, Problem, Problems, suggestion
from catalogs.wording import needed_by
from catalogs.yaml_text import Map, Seq

SET = "--set"
"""Where something stands that was given on the command line."""
BUDGETS = frozenset({"capex_usd", "opex_usd"})
"""Their keys look like those of a schedule, but are windows: each is a limit of its own."""
_ITEM = re.compile("[0-9]{1,6}")
_STEP = re.compile("[0-9]{1,4}(q[0-9]+|-[0-9]+)?")


def overlaid(base: Any, over: Any, field: str = "") -> Any:
    """`over` on top of `base`: mappings merge field by field, schedules and lists are replaced whole.

    How a schedule grows is a field of it, which may be changed alone.
    A mapping of item numbers laid on a list replaces those items. `field` is what the two are the value of.
    """
    if isinstance(base, Seq) and isinstance(over, Map) and over and all(map(_ITEM.fullmatch, over)):
        return _items_replaced(base, over)
    if not (isinstance(base, Map) and isinstance(over, Map)):
        return over
    if field not in BUDGETS and (_is_schedule(over) or (_is_schedule(base) and not _only_growth(over))):
        return over
    return merged(base, over)


def merged(base: Map, over: Map) -> Map:
    """A mapping on top of another, field by field."""
    both = Map(base.at)
    both.refused = base.refused | over.refused
    both.was = {key: base[key] for key in over if key in base and over[key] != base[key]} | base.was
    for key, value in base.items():
        both.put(key, value, base.key_at[key])
    for key, value in over.items():
        both.put(key, overlaid(base.get(key), value, key), over.key_at[key])
    return both


def _items_replaced(base: Seq, over: Map) -> Seq:
    both = Seq(base.at)
    for i, item in enumerate(base):
        both.append(overlaid(item, over[str(i)]) if str(i) in over else item)
        both.item_at.append(base.item_at[i])
    for key, value in sorted(over.items(), key=lambda item: int(item[0])):
        if int(key) == len(both):
            both.append(value)
            both.item_at.append(over.key_at[key])
        elif int(key) > len(both):
            message = f"there is no item {key}; the list has {len(both)}, counted from 0"
            raise InputError([Problem(over.key_at[key], message)])
    return both


def _is_schedule(tree: Map) -> bool:
    listed = steps(tree)
    return bool(listed) and all(map(_STEP.fullmatch, listed))


def _only_growth(tree: Map) -> bool:
    """Whether a mapping says how a schedule grows and nothing else: a field of it, and no schedule of its own."""
    return bool(tree) and not steps(tree)


def refuse_change_of_nothing(
    tree: Map, section: str, model: type[BaseModel], own: Set[str], new: Iterable[str], problems: Problems
) -> None:
    """Refuses entries of a section that are meant to change another, whose name is misspelt.

    Such is an entry, of those that are new, with none of the fields that say what it is (`own`); on the command
    line any that lacks something. One problem says which may be meant, and it is taken away.
    """
    there = tree.get(section)
    if not isinstance(there, Map):
        return
    for name in sorted(new):
        entry, typed = there[name], there.key_at[name].file.startswith(SET)
        known = set(entry) | entry.refused if isinstance(entry, Map) else set()
        missing = [key for key in needed_by(model) if key not in known]
        nothing = isinstance(entry, Map) and bool(own) and not own & known
        if missing and (typed or nothing):
            _refuse(there, section, name, missing, problems)


def _refuse(there: Map, section: str, name: str, missing: Sequence[str], problems: Problems) -> None:
    at = there.key_at.pop(name)
    del there[name]
    hint = suggestion(name, there)
    there.refused.add(name)
    more = f"{'' if hint.endswith('?') else ';'} a new one needs {', '.join(missing)}"
    message = f"{section}.{name}: there is no {section.removesuffix('s')} '{name}' to change{hint}{more}"
    problems.append(Problem(at, message))
