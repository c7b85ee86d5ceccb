"""JSON Schemas beside the files that commands write, and the line by which editors find them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

KINDS = ("catalog", "scenario", "plan", "robust", "stress")
"""Of files and results that have a schema."""
FOLDER = "schemas"
"""Of the schemas, beside the first file that is of one."""


def schema_text(kind: str) -> str:
    """The schema of a kind of file, as a file has it."""
    return json.dumps(_schema(kind), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _schema(kind: str) -> dict[str, Any]:
    if kind == "plan":
        from optimizer.plan.text import plan_schema

        return plan_schema()
    if kind in ("robust", "stress"):
        from optimizer.uncertainty import schemas

        return schemas.robust_schema() if kind == "robust" else schemas.stress_schema()
    from catalogs.json_schema import catalog_schema
    from optimizer.request.json_schema import scenario_schema

    return scenario_schema() if kind == "scenario" else catalog_schema()


def schema_file(folder: Path, kind: str) -> Path:
    """Where the schema of a kind of file stands."""
    return folder / FOLDER / f"{kind}.schema.json"


def line_of(kind: str, up: int = 0) -> str:
    """The first line of a file so many folders below the one that has the schemas."""
    return f"# yaml-language-server: $schema={'../' * up}{FOLDER}/{kind}.schema.json\n"


def write_schemas(folder: Path, *kinds: str) -> list[Path]:
    """Writes schemas into a folder, over older ones; needs no network, then or later."""
    from optimizer.files import make_folder, write_text

    written = [schema_file(folder, kind) for kind in kinds]
    for kind, path in zip(kinds, written, strict=True):
        make_folder(path.parent)
        write_text(path, schema_text(kind))
    return written
