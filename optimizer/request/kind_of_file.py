"""Whether a file is a scenario or belongs to a catalogue."""

from __future__ import annotations

from catalogs.problems import nearest
from catalogs.sections import FILE_KEYS
from catalogs.yaml_text import Map
from optimizer.request.scenario import OfferRules, Scenario

SCENARIO_KEYS = frozenset({*Scenario.model_fields, "extends"}) - set(FILE_KEYS)
CATALOG_KEYS = frozenset(FILE_KEYS) - set(Scenario.model_fields)
RULES = frozenset(OfferRules.model_fields)
ALIKE, MOST_KEYS = 0.75, 100


def kind_of(tree: Map) -> str:
    """What a file is: a `scenario`, a file of a `catalogue`, or `empty`.

    By which of the two has more of its keys; a key that neither has counts for that which has one like it. Keys
    alone decide, whatever they hold, and `offers`, which both have, only by what it holds where it stands alone.
    """
    if not tree:
        return "empty"
    asked, known = _count(tree, SCENARIO_KEYS), _count(tree, CATALOG_KEYS)
    if asked == known == 0:
        offers = tree.get("offers")
        return "scenario" if "offers" not in tree or (isinstance(offers, Map) and RULES & set(offers)) else "catalogue"
    return "scenario" if asked >= known else "catalogue"


def _count(tree: Map, vocabulary: frozenset[str]) -> int:
    other = SCENARIO_KEYS | CATALOG_KEYS | {"offers"}
    strange = [key for key in list(tree)[:MOST_KEYS] if key not in other]
    return len(vocabulary & set(tree)) + sum(nearest(key, other, ALIKE) in vocabulary for key in strange)
