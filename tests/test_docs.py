"""What README and docs show is run: every YAML block is valid, every command exists."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from catalogs.load import bundled_folder, catalog_of
from cli.main import chipmix, run
from cli.schemas import schema_text
from optimizer.request.load import load_request
from optimizer.tables import build_tables

ROOT = Path(__file__).parent.parent
PAGES = [
    *(ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")),
    *sorted((ROOT / "docs").glob("*.md")),
]

SCENARIO, QUOTE, ACCELERATOR = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "format.md").read_text(), re.DOTALL)


def test_the_scenario_of_the_format_page_can_be_planned(tmp_path: Path) -> None:
    (tmp_path / "scenario.yaml").write_text(SCENARIO)
    tables = build_tables(load_request(tmp_path / "scenario.yaml"))
    assert tables.work
    assert any(cohort.committed for cohort in tables.cohorts)


@pytest.mark.parametrize("text", [QUOTE, ACCELERATOR])
def test_the_catalogue_files_of_the_format_page_are_sound(text: str, tmp_path: Path) -> None:
    (tmp_path / "chip.yaml").write_text(text)
    assert catalog_of([bundled_folder(), tmp_path]).offers


def test_commands_shown_exist() -> None:
    shown = [line for page in PAGES for line in re.findall(r"`(chipmix [a-z][^`]*)`", page.read_text())]
    assert len(shown) >= 8
    for line in shown:
        assert shlex.split(line.replace("'", ""))[1].strip("…") in chipmix.commands, line


def test_links_between_pages_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\((?!http)([^)#]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_readme_names_every_dependency_with_its_reason() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    block = re.search(r"^dependencies = \[(.*?)\]", text, re.DOTALL | re.MULTILINE)
    assert block is not None
    names = re.findall(r'"([a-z]+)', block[1])
    readme = (ROOT / "README.md").read_text().lower()
    assert all(re.search(rf"^\|.*\b{name}\b.*\|", readme, re.MULTILINE) for name in names), names


def test_the_plan_that_the_readme_shows_is_the_plan(capsys: pytest.CaptureFixture[str]) -> None:
    shown = re.search(r"```\n(Quick start.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert shown is not None
    assert run(["plan", "quick_start"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert [line for line in shown[1].splitlines() if line != "…" and line not in printed] == []


PUBLISHED = {"plan": "plan", "robust": "uncertainty", "stress": "uncertainty"}


@pytest.mark.parametrize("kind", PUBLISHED)
def test_the_published_schema_is_the_one_in_force(kind: str) -> None:
    published = ROOT / "optimizer" / PUBLISHED[kind] / f"{kind}.schema.json"
    assert published.read_text(encoding="utf-8") == schema_text(kind)


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "SECURITY.md"])
def test_files_that_are_named_exist(page: str) -> None:
    named = re.findall(r"`([\w./]+(?:/|\.py|\.md|\.yaml)|\.ci/run)`", (ROOT / page).read_text(encoding="utf-8"))
    assert len(named) > 10
    assert [name for name in named if not (ROOT / name).exists()] == []
