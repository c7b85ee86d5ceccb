"""What README and `init` give a newcomer to type works as typed, in order, and agrees with the catalogue."""

from __future__ import annotations

import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from catalogs.load import bundled_folder, catalog_of
from catalogs.periods import first_month, value_at
from cli.main import run
from cli.templates import SCENARIO

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
FIRST, *LATER = re.findall(r"^```\n((?:python3 |source |chipmix ).*?)^```", README, re.DOTALL | re.MULTILINE)
ACTIVATE = Path(sys.prefix) / "bin" / "activate"


def typed() -> list[str]:
    """The lines of README's later blocks, in order; the block of the tests is not for users."""
    return [line for block in LATER for line in block.splitlines() if line and not line.startswith("python3 ")]


def inline() -> list[str]:
    """Commands in README's sentences and tables that name no placeholder."""
    found = re.findall(r"`(chipmix [a-z][^`]*)`", README)
    return sorted({command for command in found if not re.search(r"[A-Z]{2}|[|…]|A,B", command)})


def test_the_blocks_are_found() -> None:
    assert "chipmix plan meta_2025" in FIRST
    assert typed()[0] == "source .venv/bin/activate"
    assert len(typed()) > 10
    assert "chipmix plan quick_start" in inline()


@pytest.mark.skipif(not ACTIVATE.exists(), reason="the tests run outside of a virtual environment")
def test_what_is_typed_after_the_first_block_works(tmp_path: Path) -> None:
    """In a fresh folder that has what the first block makes: .venv and a workbook."""
    (tmp_path / ".venv").symlink_to(sys.prefix)
    (tmp_path / "meta_2025.xlsx").touch()
    script = "\n".join([*typed(), *(line for line in inline() if line not in typed())])
    done = subprocess.run(
        ["bash", "-exo", "pipefail", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]


def test_files_that_readme_names_are_made_before_they_are_read() -> None:
    """Every file in a command of README is written by an earlier one, also in the sentences."""
    made = {"meta_2025.xlsx"}
    for line in [*typed(), *inline()]:
        words = line.split()
        read = {w for w, before in zip(words, ["", *words], strict=False) if before not in ("-o", "--json")}
        named = {word for word in read if re.fullmatch(r"\w+\.(json|xlsx|yaml)", word)}
        assert named <= made, line
        made |= {word for word, before in zip(words[1:], words, strict=False) if before in ("-o", "--json")}


# init


def commented(pattern: str) -> list[Decimal]:
    """The figures that comments of the scenario that `init` writes give."""
    return [Decimal(number) for number in re.findall(pattern, SCENARIO)]


def h100s(workload: str, per_second: int, period: str) -> Decimal:
    """The H100 that do some work, at the default availability."""
    (point,) = catalog_of([bundled_folder()]).points("h100_sxm", workload)
    rate = value_at(point.rate, first_month(period))
    assert rate is not None
    return per_second / (rate * Decimal("0.95"))


def test_what_init_says_of_the_catalogue_agrees_with_it() -> None:
    training = h100s("llm_training", 40000, "2026q3")
    chat = [h100s("llm_serving_70b", rate, "2026q3") for rate in (60000, 150000)]
    written = [*commented(r"sustained: about (\d+) H100"), *commented(r"second: about (\d+) H100, then \d+")]
    written += commented(r"H100, then (\d+)")
    assert len(written) == 3
    for said, is_so in zip(written, [training, *chat], strict=True):
        assert abs(said / is_so - 1) < Decimal("0.05")
    a_million_tokens = Decimal("0.02") / 3600 * 10**6
    assert commented(r"at ([\d.]+) USD a million tokens") == [round(a_million_tokens, 1)]
    assert "per_second: {2026q3: 40000}" in SCENARIO
    assert "{2026q1: 60000, 2026q3: 150000}" in SCENARIO


def test_what_init_writes_is_in_order_and_can_be_planned(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["init", str(tmp_path / "mine")]) == 0
    for command in (["check", str(tmp_path / "mine")], ["plan", str(tmp_path / "mine" / "scenario.yaml")]):
        assert run(command) == 0
        assert "own quote" not in capsys.readouterr().err, "the example quote is in use"
