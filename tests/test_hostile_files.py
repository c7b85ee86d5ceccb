"""Files of somebody else: none runs code, none speaks to the terminal, none is read out to whom it is not meant for."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from builders import scenario, site
from commands import mostly_slow, other, run, run_here, seen, small

posix = pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals and links of POSIX")


# Code from the folder where chipmix is called

MODULES = (
    "highspy", "numpy", "json", "optimizer", "multiprocessing", "cli", "catalogs", "queue", "runpy", "threading",
    "concurrent", "pulp", "yaml", "click", "sitecustomize", "usercustomize", "pathlib",
)  # fmt: skip


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """A folder with a scenario, and with modules that leave a trace and end whoever imports them."""
    small(tmp_path)
    text = "open(r'" + str(tmp_path / "trace") + "', 'a').write(__name__ + chr(10))\nraise SystemExit(99)\n"
    for name in MODULES[:10]:
        (tmp_path / f"{name}.py").write_text(text)
    for name in MODULES[10:]:
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(text)
    (tmp_path / "optimizer.py").unlink()
    (tmp_path / "optimizer").mkdir()
    for name in ("__init__", "solver_process", "solve"):
        (tmp_path / "optimizer" / f"{name}.py").write_text(text)
    return tmp_path


TRAPPED = [
    ("sweep", "scenario.yaml", "--vary", "finance/discount_rate=0.1,0.2", "--workers", "2", "-o", "out"),
    ("plan", "scenario.yaml", "--json", "plan.json"),
    ("alternatives", "scenario.yaml", "--workers", "2"),
    ("plan", "scenario.yaml", "-o", "plan.xlsx"),
    ("frontier", "scenario.yaml", "--trade", "it_kw"),
    ("repair", "scenario.yaml", "--set", "sites/oslo/power_mw=0"),
    ("check", "scenario.yaml"),
]


@pytest.mark.parametrize("words", mostly_slow(TRAPPED, fast=1))
def test_no_code_of_the_working_directory_runs(words: tuple[str, ...], trap: Path) -> None:
    done = run(*words, cwd=trap)
    assert done.returncode == 0, done.stderr
    assert not (trap / "trace").exists(), (trap / "trace").read_text()


def test_a_solver_is_started_with_the_installation_alone_on_its_path(tmp_path: Path) -> None:
    """Whatever the environment says; what we import ourselves comes last."""
    from optimizer.solving.solver_child import NEEDED, command

    words = command()
    code = "import sys; sys.path += sys.argv[2:]; print(*sys.path, sep=chr(10)); print(sys.flags.utf8_mode)"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONSTARTUP": "x", "PYTHONIOENCODING": "cp932"}
    done = subprocess.run(
        [code if word.startswith("import runpy") else word for word in words],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    *paths, utf8 = done.stdout.splitlines()
    assert utf8 == "1"
    assert not {"", ".", str(tmp_path)} & set(paths)
    assert all(Path(path).is_absolute() for path in paths)
    assert len(NEEDED) == 2


# What reaches the terminal

EVIL = "a\x1b[2J\x1b]0;owned\x07b\rc\x9b31md\u202egnp\u2066e\x7f\u2028f\nevil line"
CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029]")
OURS = re.compile("\x1b\\[[0-9;?]*[A-Za-z]")
"""What a terminal is told by us: colours, and where a progress bar stands."""


def escaped(text: str) -> str:
    """The text as YAML in double quotes, with every control character written out, which YAML allows."""
    return json.dumps(text, ensure_ascii=True)


@pytest.fixture(scope="module")
def evil(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Plans, scenarios, catalogues, folders and files whose names and texts try to speak to the terminal."""
    folder = tmp_path_factory.mktemp("evil")
    mild = "a\rb\tc\nevil line\u202ed\u2066e\u2028f\x85"
    small(folder, name=mild)
    text = (folder / "quotes" / "shared.yaml").read_text()
    (folder / "quotes" / "shared.yaml").write_text(text.replace('"made by hand"', escaped(mild)))
    done = run_here("plan", "scenario.yaml", "--json", "good.json", cwd=folder)
    assert done.returncode == 0, done.stderr
    plan = json.loads((folder / "good.json").read_text("utf-8"))
    plan["scenario"]["name"] = EVIL
    (folder / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
    named = folder / "x\x1b[31my\u202ez\nevil line"
    named.mkdir()
    shutil.copytree(folder / "quotes", named / "quotes")
    (named / "quotes" / "bad\x07\nevil line.yaml").write_text("what: {is: this}\n")
    other(named, "scenario.yaml", scenario(name="in an evil folder", sites={"oslo": site(pue="0.5")}))
    other(folder, "bad.yaml", f"name: {escaped(EVIL)}\nsites: {{oslo: {escaped(mild)}}}\n{escaped(mild)}: 1\n")
    other(folder, "worse.yaml", f"extends: {escaped(mild)}\ncatalogs: [{escaped(mild)}]\ndemand: !<{EVIL} x\n")
    other(folder, "limit.yaml", {"extends": "scenario.yaml", "offers": {"deny": [mild]}, "buyer": mild})
    return folder


def commands_on(folder: Path) -> list[list[str]]:
    named = next(path.name for path in folder.iterdir() if path.name.startswith("x"))
    return [
        ["plan", "scenario.yaml", "--json", "good.json"],
        ["explain", "plan.json"],
        ["check", "bad.yaml"],
        ["plan", f"{named}/scenario.yaml"],
        ["compare", "plan.json", "good.json"],
        ["check", "worse.yaml"],
        ["check", "limit.yaml"],
        ["check", named],
        ["catalog", "show", "chip", "--catalog", "quotes"],
        ["catalog", "show", EVIL.replace("\x00", "")],
        ["catalog", "check", f"{named}/quotes"],
        ["plan", EVIL],
        ["plan", "scenario.yaml", "--set", f"finance/{EVIL}=1"],
        ["plan", "scenario.yaml", "--json", f"{EVIL}/p.json"],
        ["plan", "scenario.yaml", "--gap", EVIL],
        ["plan", "scenario.yaml", "--json", "-"],
        ["explain", "plan.json", "--json", "-"],
        ["explain", "plan.json", "--offer", EVIL],
        ["repair", "scenario.yaml", "--set", "sites/oslo/power_mw=0.001"],
        ["sweep", "scenario.yaml", "--vary", f"finance/discount_rate=0.1,{EVIL}", "-o", "out"],
        ["sweep", "scenario.yaml", "--vary", "name=0.1,0.2", "-o", f"{named}_sweep"],
        [EVIL],
    ]


@posix
@pytest.mark.parametrize("number", mostly_slow(map(str, range(22)), fast=2))
def test_no_control_character_of_a_file_reaches_the_terminal(number: str, evil: Path) -> None:
    words = commands_on(evil)[int(number)]
    _, said = seen(words, evil, TERM="dumb", NO_COLOR="1")
    assert said
    assert "Traceback" not in said
    assert CONTROL.findall(OURS.sub("", said)) == []
    assert not any(line.strip().startswith("evil line") for line in said.splitlines())


@posix
def test_colours_of_ours_still_reach_it(tmp_path: Path) -> None:
    small(tmp_path)
    code, said = seen(["plan", "scenario.yaml"], tmp_path)
    assert (code, "\x1b[1m" in said) == (0, True)


# What a file names

SECRET = "root:x:0:0:hunter2"


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    """A folder beside files that are nobody's business, and in it scenarios that name them."""
    mine = tmp_path / "theirs" / "mine"
    mine.mkdir(parents=True)
    small(mine)
    for name, text in {
        "passwd": f"{SECRET}\n", "keys.yaml": f"token: {SECRET}\nname: {{x: {SECRET}}}\n",
        "broken.yaml": f"a: [{SECRET}\n", "odd.yml": f"- {SECRET}\n",
        "named.yaml": f"name: [{SECRET}]\nuser: {SECRET}\n",
    }.items():  # fmt: skip
        (tmp_path / name).write_text(text)
    (tmp_path / "their_keys").mkdir()
    (tmp_path / "their_keys" / "keys.yaml").write_text(f"token: {SECRET}\n")
    return tmp_path


NAMED = [
    "extends: {far}/passwd",
    "extends: ../../keys.yaml",
    "extends: scenario.yaml\ncatalogs: [../../their_keys]",
    "extends: ../../broken.yaml",
    "extends: ../../odd.yml",
    "extends: ../../named.yaml",
    "extends: link.yaml",
    "extends: scenario.yaml\ncatalogs: [linked]",
    "extends: scenario.yaml\ncatalogs: [{far}/their_keys]",
]


@posix
@pytest.mark.parametrize("text", mostly_slow(NAMED, fast=2))
def test_errors_do_not_read_out_files_that_somebody_else_names(text: str, secrets: Path) -> None:
    mine = secrets / "theirs" / "mine"
    (mine / "link.yaml").symlink_to("../../passwd")
    (mine / "linked").mkdir()
    (mine / "linked" / "quotes.yaml").symlink_to("../../../keys.yaml")
    other(mine, "evil.yaml", text.format(far=secrets) + "\nbuyer: evil\n")
    for command in ("plan", "check"):
        done = run_here(command, "evil.yaml", cwd=mine)
        assert done.returncode == 2
        assert "hunter2" not in done.stdout + done.stderr
        assert "token" not in done.stdout + done.stderr
        assert "chipmix check" in done.stderr


def test_a_scenario_may_be_extended_from_anywhere(secrets: Path) -> None:
    """With every mistake in it told: it is one."""
    mine = secrets / "theirs" / "mine"
    shutil.move(mine / "scenario.yaml", secrets / "base.yaml")
    shutil.move(mine / "quotes", secrets / "quotes")
    other(mine, "good.yaml", "extends: ../../base.yaml\n")
    assert run_here("plan", "good.yaml", cwd=mine).returncode == 0
    (secrets / "base.yaml").write_text((secrets / "base.yaml").read_text().replace('"1.2"', '"0.2"'))
    done = run_here("plan", "good.yaml", cwd=mine)
    assert "base.yaml:" in done.stderr
    assert "pue must be at least 1 (got 0.2)" in done.stderr


def test_what_the_user_names_is_told_in_full(secrets: Path) -> None:
    done = run_here("check", str(secrets / "keys.yaml"), cwd=secrets / "theirs" / "mine")
    assert done.returncode == 2
    assert "token" in done.stderr
