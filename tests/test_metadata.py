"""What a package index would show of the project."""

from __future__ import annotations

import tomllib
from importlib.metadata import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent


def project() -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return found


def test_the_description_is_the_project_s() -> None:
    """Its first sentence is that of the README."""
    readme = " ".join((ROOT / "README.md").read_text("utf-8").split())
    about = project()["description"].removesuffix(".")
    for word in about.replace(":", "").replace(",", "").split():
        assert word.lower() in readme.lower()
    assert metadata("chipmix")["Summary"] == project()["description"]


def test_every_supported_python_is_named() -> None:
    names = [f"Programming Language :: Python :: 3.{minor}" for minor in range(11, 15)]
    assert [name for name in project()["classifiers"] if ":: 3." in name] == names
    assert project()["requires-python"] == ">=3.11"


def test_no_address_is_given_that_does_not_exist() -> None:
    assert not {"urls", "authors", "maintainers"} & set(project())
    shown = metadata("chipmix")
    assert not {"Home-page", "Project-URL", "Author-email", "Download-URL"} & set(shown.keys())
