"""What README and `init` give a newcomer to type works as typed, in order, and agrees with the catalogue."""

from __future__ import annotations

import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from commands import mostly_slow
from commands import run as typed_in

from catalogs.load import bundled_folder, catalog_of
from catalogs.periods import first_month, value_at
from cli.main import run
from cli.templates import FUTURES, QUOTES, SCENARIO
from optimizer.request.load import bundled_scenarios, load_request
from optimizer.request.throughputs import best

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


MAIN = ("source", "chipmix plan quick_start -o", "chipmix plan plan.xlsx", "chipmix workbook", "chipmix init",
        "chipmix check my_plan")  # fmt: skip
"""How lines begin that always run: a plan, its workbook and the way back, and a scenario of one's own."""


@pytest.mark.skipif(not ACTIVATE.exists(), reason="the tests run outside of a virtual environment")
@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_what_is_typed_after_the_first_block_works(every: bool, tmp_path: Path) -> None:
    """In a fresh folder that has what the first block makes: .venv and a workbook."""
    (tmp_path / ".venv").symlink_to(sys.prefix)
    (tmp_path / "meta_2025.xlsx").touch()
    lines = [*typed(), *(line for line in inline() if line not in typed())]
    script = "\n".join(line for line in dict.fromkeys(lines) if every or line.startswith(MAIN))
    assert script.count("chipmix") >= (15 if every else 5)
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


SWITCH, MORE = re.compile(r" *#[a-z]\w*:"), re.compile(r"#  ")
"""How lines begin that can be switched on, and those under them that go with them."""
FILES = {"scenario.yaml": SCENARIO, "our_quotes/h100.yaml": QUOTES}
ALWAYS = ("#fleet", "#price_breaks", "everything")


def commented(pattern: str) -> list[Decimal]:
    """The figures that comments of the files that `init` writes give."""
    return [Decimal(number.replace(",", "")) for number in re.findall(pattern, SCENARIO + QUOTES)]


def h100s(workload: str, per_second: int, period: str) -> Decimal:
    """The H100 that do some work, at the default availability."""
    month = first_month(period)
    found = best(catalog_of([bundled_folder()]).points("h100_sxm", workload), range(month, month + 1))
    assert found is not None
    return per_second / (Decimal(str(found.rate)) * Decimal("0.95"))


def switches(text: str) -> dict[str, list[int]]:
    """The lines of each comment that can be switched on, by its first words; and of all together."""
    lines, found = text.split("\n"), dict[str, list[int]]()
    for number, line in enumerate(lines):
        if SWITCH.match(line):
            words = found[line.strip().partition(":")[0]] = [number]
        elif MORE.match(line):
            words.append(number)
    return {**found, "everything": [number for numbers in found.values() for number in numbers]}


def switched_on(text: str, numbers: list[int]) -> str:
    """A file in which some lines are comments no longer."""
    lines = text.split("\n")
    return "\n".join(line.replace("#", "", 1) if n in numbers else line for n, line in enumerate(lines))


SWITCHES = [
    pytest.param(file, key, id=f"{file} {key}", marks=[] if key.startswith(ALWAYS) else [pytest.mark.slow])
    for file, text in FILES.items()
    for key in switches(text)
]


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


def test_figures_of_what_can_be_switched_on_agree_with_the_catalogue() -> None:
    known = catalog_of([bundled_folder()])
    month = first_month("2026q1")
    offer, system = known.offers["dgx_h100.purchase"], known.systems["dgx_h100"]
    rack = known.systems["gb300_nvl72"]
    wafers = value_at(known.pools["cowos_wafers"].forecasts["semi_vision"], month)
    assert wafers is not None
    said = {
        r"(\d+) DGX H100 of 11 kW": Decimal(500) // system.provisioned_kw,
        r"DGX H100 of (\d+) kW": system.provisioned_kw,
        r"(\d+) GB300 NVL72 of 153 kW": Decimal(500) // rack.provisioned_kw,
        r"GB300 NVL72 of (\d+) kW": rack.provisioned_kw,
        r"of ([\d,]+) wafers": wafers,
        r"wafers is ([\d.]+) a month": wafers / 10_000,
        r"price_usd: .*catalogue has ([\d,]+)": value_at(offer.price_usd, month),
        r"lead_time.*catalogue has (\d+)": offer.lead_time_months,
        r"deposit.*catalogue has ([\d.]+)": offer.deposit_share,
        r"network.*catalogue has ([\d,]+)": offer.network_usd,
        r"(\d+) H100 do about": 4 * system.accelerators,
    }
    assert {pattern: commented(pattern) for pattern in said} == {pattern: [is_so] for pattern, is_so in said.items()}
    (share,) = commented(r"do about (\d+) % of the training")
    assert abs(share / 100 * h100s("llm_training", 40000, "2026q3") / 32 - 1) < Decimal("0.05")
    (hours,) = commented(r"about ([\d,]+) H100 hours")
    assert abs(hours / h100s("llm_training", 10**7, "2026q3") - 1) < Decimal("0.05")


def test_the_format_page_s_sections_can_be_switched_on() -> None:
    """Whatever a scenario can hold at its top, and at a site, stands in the one that `init` writes."""
    page = (Path(__file__).parent.parent / "docs" / "format.md").read_text(encoding="utf-8")
    shown = re.search(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert shown is not None
    sections = set(re.findall(r"^(\w+):", shown[1], re.MULTILINE)) - {"objective"}
    assert sections <= set(re.findall(r"^#?(\w+):", SCENARIO + FUTURES, re.MULTILINE))
    fields = set(re.findall(r"^ +(\w+):", shown[1].partition("sites:")[2].partition("fleet:")[0], re.MULTILINE))
    assert fields <= set(re.findall(r"[ #{](\w+):", SCENARIO))


@pytest.mark.parametrize(("file", "key"), SWITCHES)
def test_what_is_switched_on_is_in_order_and_can_be_planned(
    file: str, key: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["init", str(tmp_path)]) == 0
    text = FILES[file]
    (tmp_path / file).write_text(switched_on(text, switches(text)[key]))
    for command in (["check", str(tmp_path)], ["plan", str(tmp_path / "scenario.yaml"), "--gap", "0.05"]):
        assert run(command) == 0, capsys.readouterr().err
    assert "audit: passed" in capsys.readouterr().out


def test_what_init_writes_is_in_order_and_can_be_planned(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["init", str(tmp_path / "mine")]) == 0
    for command in (["check", str(tmp_path / "mine")], ["plan", str(tmp_path / "mine" / "scenario.yaml")]):
        assert run(command) == 0
        assert "own quote" not in capsys.readouterr().err, "the example quote is in use"


@pytest.mark.parametrize("all_decided", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_futures_that_init_writes_are_in_order_and_can_be_decided_under(
    all_decided: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """All of them switched on, with the limits that they change; as they are, an example of the help decides."""
    assert run(["init", str(tmp_path), "--futures"]) == 0
    text = (tmp_path / "scenario.yaml").read_text()
    on = {key: lines for key, lines in switches(text).items() if key in ("#supply", "#pools", "#electricity", "#power")}
    wanted = [n for key in ("#supply_per_month", "#pools_per_month") for n in switches(text)[key]]
    (tmp_path / "scenario.yaml").write_text(switched_on(text, [*wanted, *(n for lines in on.values() for n in lines)]))
    assert len(on) == 4
    assert run(["check", str(tmp_path)]) == 0, capsys.readouterr().err
    if all_decided:
        assert run(["robust", str(tmp_path / "scenario.yaml"), "--regret"]) == 0, capsys.readouterr().err


@pytest.mark.parametrize("name", mostly_slow(bundled_scenarios(), fast=4))
def test_a_copy_of_a_bundled_scenario_asks_the_same(name: str, tmp_path: Path) -> None:
    """Alone in a folder: it needs no other file."""
    assert run(["init", str(tmp_path / "mine"), "--example", name]) == 0
    assert [path.name for path in (tmp_path / "mine").rglob("*.yaml")] == ["scenario.yaml"]
    copied, bundled = (load_request(path) for path in (tmp_path / "mine" / "scenario.yaml", bundled_scenarios()[name]))
    assert (copied.scenario, copied.catalog) == (bundled.scenario, bundled.catalog)


def test_a_copy_overwrites_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "scenario.yaml").write_text("mine")
    assert run(["init", str(tmp_path), "--example", "meta_2025"]) == 2
    assert "exists already and is left as it is" in capsys.readouterr().err
    assert (tmp_path / "scenario.yaml").read_text() == "mine"
    assert run(["init", str(tmp_path / "new"), "--example", "metta_2025"]) == 2
    assert "did you mean 'meta_2025'?" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


# Completion


def completed(shell: str, *words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """What a shell gets that asks what may follow some words, the last of them unfinished."""
    number = words[-1] if shell == "fish" else str(len(words))
    asked = {
        "_CHIPMIX_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": " ".join(["chipmix", *words]),
        "COMP_CWORD": number,
    }
    return typed_in(cwd=cwd, environment=asked)


COMPLETED = ((("init", "x", "--example", "quick"), "quick_start"), (("pl",), "plan"),
             (("plan", "--stay"), "--stay-close"), (("plan", "meta_2025"), "meta_2025"))  # fmt: skip


@pytest.mark.parametrize(("shell", "most"), [
    ("bash", 4), ("zsh", 1), ("fish", 1),
    pytest.param("zsh", 4, marks=pytest.mark.slow), pytest.param("fish", 4, marks=pytest.mark.slow),
])  # fmt: skip
def test_shells_complete_commands_options_and_scenarios(shell: str, most: int, tmp_path: Path) -> None:
    script = typed_in(cwd=tmp_path, environment={"_CHIPMIX_COMPLETE": f"{shell}_source"})
    assert script.returncode == 0, script.stderr
    assert f"_CHIPMIX_COMPLETE={shell}_complete" in script.stdout
    assert f"_CHIPMIX_COMPLETE={shell}_source chipmix" in README
    for words, found in COMPLETED[:most]:
        done = completed(shell, *words, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert re.search(rf"(^|,){found}\b", done.stdout, re.MULTILINE), (words, done.stdout)
        assert "\\" not in done.stdout
    assert "file" in completed(shell, "plan", "my_", cwd=tmp_path).stdout


def test_bash_takes_the_script(tmp_path: Path) -> None:
    script = typed_in(cwd=tmp_path, environment={"_CHIPMIX_COMPLETE": "bash_source"}).stdout
    assert subprocess.run(["bash", "-n"], input=script, text=True, check=False).returncode == 0
