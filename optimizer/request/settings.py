"""What `--set KEY=VALUE` says of a scenario and of its catalogue, as text to lay on top of theirs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from catalogs.overlay import SET
from catalogs.problems import InputError, Location, Problem, Problems
from catalogs.yaml_text import DEEPEST_NESTING, Map, parse
from optimizer.request.scenario import Scenario

CATALOG_PATH = "catalog"
LONGEST_SHOWN = 500


def settings_of(settings: Sequence[str], problems: Problems) -> tuple[Map, Map]:
    """The text of some settings, for the scenario and for the catalogue; later ones win."""
    start = Location(SET, 1, 1)
    scenario, catalog = Map(start), Map(start)
    for setting in settings:
        at = Location(f"{SET} {setting[:LONGEST_SHOWN]}", 1, 1)
        key, equals, value = setting.partition("=")
        path = key.strip().split("/")
        wrong = _wrong_key(path, bool(equals))
        if wrong:
            problems.append(Problem(at, wrong))
        else:
            in_catalog = path[0] == CATALOG_PATH and len(path) > 1
            _set(catalog if in_catalog else scenario, path[in_catalog:], value, at, problems)
    return scenario, catalog


def _wrong_key(path: Sequence[str], has_value: bool) -> str | None:
    """Why a key leads nowhere."""
    if not has_value or not all(path):
        return "must be KEY=VALUE, such as finance/discount_rate=0.1"
    if len(path) > DEEPEST_NESTING:
        return f"the key is longer than {DEEPEST_NESTING} parts"
    if path[0] == "extends":
        return "extends cannot be set; name the scenario that extends it instead"
    if path[0].partition(".")[0] in Scenario.model_fields and "." in path[0]:
        return f"keys are parted by slashes: {'/'.join(path).replace('.', '/')}"
    return None


def _set(tree: Map, path: Sequence[str], value: str, at: Location, problems: Problems) -> None:
    """Puts the value of a setting where its key leads."""
    try:
        parsed = _value(value, at)
    except InputError as error:
        problems.extend(error.problems)
        return
    for part in path[:-1]:
        if not isinstance(tree.get(part), Map):
            tree.put(part, Map(at), at)
        tree = tree[part]
    tree.put(path[-1], parsed, at)


def _value(value: str, at: Location) -> Any:
    """What a value says as YAML, on its one line. Raises InputError."""
    tree = parse(f"value: {value}", at.file)
    if list(tree) != ["value"]:
        raise InputError([Problem(at, "sets more than one key; write a --set for each")])
    return tree["value"]
