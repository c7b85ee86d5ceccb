"""What commands print fits a terminal of 80, 100 and 120 columns, and says what was left out for that."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from commands import run_here

import cli.tables
from cli.fitting import Grid, fitted, folded, in_parts, paragraph

pytestmark = pytest.mark.usefixtures("in_process")

WIDTHS = 80, 100, 120
MONTHS = [f"{2025 + month // 12}-{month % 12 + 1:02}" for month in range(24)]
BUDGET = "{" + ", ".join(f"{month}: 60e9" for month in MONTHS) + "}"
COPIED = ("--set ", "https://")
"""How lines begin that are copied from the screen, and so stay whole."""
COMMANDS = (
    "plan quick_start",
    "plan japan_2025 --gap 0.01",
    "plan oracle_2025 --gap 0.01",
    "plan meta_2025 --gap 0.01",
    "plan stargate --gap 0.01",
    f"plan stargate --gap 0.01 --set 'horizon={{start: 2025-01, periods: 24}}' --set 'budget/capex_usd={BUDGET}'",
    "compare plan.json dear.json",
    "compare plan.json dear.json plan.json dear.json plan.json dear.json plan.json",
    "explain plan.json --limit 'power at *'",
    "explain plan.json --limit 'demand *' --limit 'power at *'",
    "explain plan.json --offer dgx_b200.purchase --offer 'gb*'",
    "repair quick_start --set budget/opex_usd/total=1e6 --set budget/capex_usd/total=1e5",
    "sweep quick_start --vary finance/discount_rate=0.05,0.1 --set 'offers/allow=[dgx_*, mi3*, gb*]'",
    "frontier quick_start --trade it_kw --points 2",
    "alternatives quick_start --plans 2 --set 'offers/allow=[dgx_b200.*, dgx_h100.on_demand]'",
    "scenarios",
    "catalog list",
    "catalog show h100_sxm",
    "catalog list --workload llm_training --in 2026q1",
    "catalog list --workload llm_serving_70b --in 2027q1 --sort rate",
    "catalog show gb300_nvl72.purchase",
    "catalog show b200 mi355x",
    "catalog show us_iowa us_ohio dgx_h200",
    "catalog stale --before 2027",
    "check quick_start",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the commands are run, with two plans."""
    made = tmp_path_factory.mktemp("widths")
    run_here("plan", "quick_start", "--json", "plan.json", cwd=made)
    run_here("plan", "quick_start", "--set", "finance/discount_rate=0.15", "--json", "dear.json", cwd=made)
    return made


class Seen:
    """Every table that a command prints, fitted to all widths, whatever the width of the screen."""

    def __init__(self) -> None:
        self.lines: list[tuple[int, str]] = []

    def fitted(self, whole: Grid, spare: Sequence[int], width: int) -> tuple[Grid, list[str]]:
        for one in WIDTHS:
            shown, _ = fitted(whole, spare, one)
            self.lines += [(one, line) for row in (shown.columns, *shown.rows) for line in shown.drawn(row)]
        return fitted(whole, spare, width)

    def paragraph(self, text: str, width: int) -> Iterator[str]:
        self.lines += [(one, line) for one in WIDTHS for line in paragraph(text, one)]
        return paragraph(text, width)


LONG = ("plan oracle_2025", "plan meta_2025", "plan stargate --gap 0.01 --set", "compare plan.json dear.json plan",
        "explain plan.json --limit 'demand", "explain plan.json --offer", "repair", "sweep")  # fmt: skip
"""How commands begin that take long and print what others print too, or other tests run."""


@pytest.mark.parametrize("words", [
    pytest.param(words, id=words[:40], marks=[pytest.mark.slow] if words.startswith(LONG) else []) for words in COMMANDS
])  # fmt: skip
def test_what_a_command_prints_fits(words: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = Seen()
    monkeypatch.setenv("COLUMNS", str(WIDTHS[0]))
    monkeypatch.setattr(cli.tables, "fitted", seen.fitted)
    monkeypatch.setattr(cli.tables, "paragraph", seen.paragraph)
    done = run_here(*shlex.split(words), cwd=folder)
    assert done.returncode == 0, done.stderr
    assert [line for width, line in seen.lines if len(line) > width] == []
    printed = done.stdout.splitlines()
    assert printed
    assert [line for line in printed if len(line) > WIDTHS[0] and not line.strip().startswith(COPIED)] == []
    assert not {"inf", "-inf", "nan"} & {word.strip("(),") for word in done.stdout.split()}


def test_budgets_of_single_months_are_one_line(folder: Path) -> None:
    words = next(words for words in COMMANDS if "budget/capex_usd" in words)
    lines = run_here(*shlex.split(words), cwd=folder).stdout.splitlines()
    months = [line for line in lines if line.startswith("capex_within_budget(202") and ".." not in line]
    assert len(months) == 1
    assert months[0].endswith("0 of 20"), "in 20 of the 24 months something is bought"


GRID = Grid(
    ["name", "price, M USD", "accelerators", "remark"],
    [["gb200_nvl72.reservation_36", "1,234.5", "12", ""], ["box.buy", "0.1", "9,999", "many words that may be folded"]],
    frozenset({1, 2}),
)


def shown(width: int, spare: Sequence[int] = ()) -> tuple[list[str], list[str]]:
    """The lines of a table in a width, and what is left out of it."""
    grid, left_out = fitted(GRID, spare, width)
    return [line for row in (grid.columns, *grid.rows) for line in grid.drawn(row)], left_out


@pytest.mark.parametrize("width", WIDTHS)
def test_a_table_of_many_figures_is_shown_in_parts(width: int) -> None:
    """Ten futures of 9 signs and three sums: each part names its rows, no figure is folded, none left out."""
    names = ["plan", *(f"future_{n}" for n in range(10)), "expected", "worst", "largest regret"]
    rows = [[f"of future_{n}", *(f"{n},{k:03},456.7" for k in range(13))] for n in range(10)]
    parts = in_parts(Grid(names, rows, frozenset(range(1, 14))), width)
    assert len(parts) == {80: 3, 100: 3, 120: 2}[width]
    assert [name for part in parts for name in part.columns[1:]] == names[1:]
    assert all(part.columns[0] == "plan" for part in parts)
    drawn = [line for part in parts for row in part.rows for line in fitted(part, (), width)[0].drawn(row)]
    assert max(map(len, drawn)) <= width
    assert len(drawn) == 10 * len(parts)
    assert {figure for line in drawn for figure in line.split()[2:]} == {each for row in rows for each in row[1:]}


def test_a_table_that_has_room_is_not_folded() -> None:
    assert shown(200, spare=(2,)) == (
        [
            "name                        price, M USD  accelerators  remark",
            "gb200_nvl72.reservation_36       1,234.5            12",
            "box.buy                              0.1         9,999  many words that may be folded",
        ],
        [],
    )


def test_headings_are_folded_first_and_keep_their_unit() -> None:
    lines, left_out = shown(80)
    assert lines[:3] == [
        "name                         price,  accelerators  remark",
        "                              M USD",
        "gb200_nvl72.reservation_36  1,234.5            12",
    ]
    assert left_out == []


def test_a_column_that_can_be_spared_is_left_out_before_cells_are_folded() -> None:
    lines, left_out = shown(68, spare=(2,))
    assert left_out == ["accelerators"]
    assert lines[-1] == "box.buy                         0.1  many words that may be folded"


def test_cells_are_folded_where_nothing_can_be_spared() -> None:
    lines, left_out = shown(60)
    assert max(map(len, lines)) <= 60
    assert left_out == []
    assert [line.split()[0] for line in lines[2:4]] == ["gb200_nvl72.", "reservation_36"]


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("one two three", 8, ["one two", "three"]),
        ("it takes 12 kW", 11, ["it takes", "12 kW"]),
        ("it takes 12.5", 12, ["it takes", "12.5"]),
        ("a_price=12.5", 11, ["a_", "price=12.5"]),
        ("within_site(oslo)", 12, ["within_site(", "oslo)"]),
        ("abcdefgh", 3, ["abc", "def", "gh"]),
        ("日本の計算基盤", 6, ["日本の", "計算基", "盤"]),
        ("日", 1, ["日"]),
    ],
)
def test_where_a_text_is_folded(text: str, width: int, lines: list[str]) -> None:
    assert folded(text, width) == lines


def test_prose_goes_on_set_in() -> None:
    assert [*paragraph("  a long line of many words", 20)] == ["  a long line of", "    many words"]


@pytest.mark.parametrize(
    ("value", "digits", "shown"),
    [
        (0.0, 3, "0.000"),
        (-0.0, 3, "0.000"),
        (0.3, 0, "0.3"),
        (0.00012, 3, "0.0001"),
        (-2e-7, 2, "-0.0000002"),
        (1234.5, 0, "1,234"),
    ],
)
def test_what_is_little_is_never_shown_as_nothing(value: float, digits: int, shown: str) -> None:
    assert cli.tables.figure(value, digits) == shown


def test_a_plan_is_optimal_only_within_a_small_gap(folder: Path) -> None:
    assert "\noptimal: " in run_here("plan", "quick_start", cwd=folder).stdout
    loose = run_here("plan", "quick_start", "--gap", "0.03", cwd=folder).stdout
    assert re.search(r"^within [\d.]+ % of the best, as the gap asked for allows: ", loose, re.MULTILINE)
    swept = run_here(
        "sweep", "quick_start", "--vary", "finance/discount_rate=0.1", "--gap", "0.03", "-o", "loose", cwd=folder
    )
    assert re.search(r" within [\d.]+ %$", swept.stdout, re.MULTILINE)
