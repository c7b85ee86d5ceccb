"""JSON Schema of a scenario: whole, or the part of one that extends another."""

from __future__ import annotations

import json
from typing import Any

from catalogs.json_schema import DRAFT, FORMS, PERIOD, standard
from optimizer.request.hover import HOVER
from optimizer.request.scenario import Scenario
from optimizer.request.selection import WINDOW_FORM

WINDOW = rf"^(total|each_period|each_year|fy[0-9]{{4}}|{PERIOD}(\.\.{PERIOD})?)$"
WINDOWS = {**FORMS, WINDOW_FORM: {"pattern": WINDOW, "minimum": 1000, "maximum": 2999}}
EXTENDS = {"description": "A scenario that this one changes: a file beside it, or a bundled name.", "type": "string"}
PART = "Part"
"""Before the name of what is laid on the scenario that it extends."""


def scenario_schema() -> dict[str, Any]:
    """Of a scenario's file."""
    whole = standard(Scenario, HOVER, forms=WINDOWS)
    part = _renamed(standard(Scenario, HOVER, partial=True, forms=WINDOWS))
    part["properties"] = {"extends": EXTENDS, **part["properties"]}
    for each in (whole, part):
        for key in sorted(Scenario.LATER):
            each["properties"][key] = {"description": "Not built yet.", "enum": [None, [], {}]}
    definitions = {**whole.pop("$defs"), **part.pop("$defs"), "Scenario": whole, f"{PART}Scenario": part}
    chosen = {name: {"$ref": f"#/$defs/{of}Scenario"} for name, of in (("then", PART), ("else", ""))}
    return {"$schema": DRAFT, "title": "Scenario", "if": {"required": ["extends"]}, **chosen, "$defs": definitions}


def _renamed(schema: dict[str, Any]) -> dict[str, Any]:
    """The same with other names for its parts."""
    text = json.dumps({key: value for key, value in schema.items() if key != "$defs"})
    parts = {f"{PART}{name}": json.dumps(part) for name, part in schema["$defs"].items()}
    again = {name: json.loads(part.replace('"#/$defs/', f'"#/$defs/{PART}')) for name, part in parts.items()}
    return {**json.loads(text.replace('"#/$defs/', f'"#/$defs/{PART}')), "$defs": again}
