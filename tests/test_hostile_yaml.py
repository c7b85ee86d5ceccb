"""Files and settings that would fill the memory, never end or hang: refused within two seconds and 300 MB."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Any

import pytest
from test_yaml_input import ASKED, CHIP, changed

from catalogs.problems import InputError
from optimizer.request.load import load_request

MOST_MB, MOST_SECONDS = 300, 3.0
"""Two seconds on an idle core, and half as much again where others are at work; the start is counted in."""
MEASURED = """\
import json, os, resource, sys
from cli.main import run
code = run(sys.argv[1:])
used = resource.getrusage(resource.RUSAGE_SELF)
megabytes = used.ru_maxrss / 1024  # on Linux that of the parent counts too, so the kernel's own figure is better
if os.path.exists("/proc/self/status"):
    megabytes = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")) / 1024
start = "RESULT " if code == 2 else f"CODE {code} "
print(start + json.dumps([megabytes, used.ru_utime + used.ru_stime]))
"""


def refused(folder: Path, *words: str) -> str:
    """What is said of a command line, which must be refused in time and in little memory."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, *words], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert "Traceback" not in done.stderr, done.stderr[-3000:]
    kind, _, figures = done.stdout.strip().rpartition("\n")[2].partition(" ")
    assert kind == "RESULT", (done.stdout[-300:], done.stderr[-300:])
    megabytes, seconds = json.loads(figures)
    assert megabytes <= MOST_MB
    assert seconds <= MOST_SECONDS
    assert len(done.stderr) < 100_000, "a reader of messages has limits too"
    return done.stderr


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "quotes").mkdir()
    (tmp_path / "quotes" / "chip.yaml").write_text(CHIP)
    (tmp_path / "s.yaml").write_text(ASKED)
    return tmp_path


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(2**30)


PLACED: dict[str, tuple[Callable[[Path], object], str]] = {
    "a pipe": (os.mkfifo, "is not a file that can be read whole"),
    "zeros": (lambda path: path.symlink_to("/dev/zero"), "is not a file that can be read whole"),
    "noise": (lambda path: path.symlink_to("/dev/urandom"), "is not a file that can be read whole"),
    "a terminal": (lambda path: path.symlink_to("/dev/tty"), "is not a file that can be read whole"),
    "a circle": (lambda path: path.symlink_to(path), "cannot be read"),
    "nothing": (lambda path: path.symlink_to("nowhere"), "cannot be read"),
    "1 GiB": (_sparse, "larger than 10 MiB"),
    "11 MiB": (lambda path: path.write_text("# " + "x" * 11 * 2**20), "larger than 10 MiB"),
}


def few(names: Iterable[str], always: Collection[str]) -> list[Any]:
    """Some that always run; each takes a process or more."""
    return [name if name in always else pytest.param(name, marks=pytest.mark.slow) for name in names]


@pytest.mark.parametrize("name", few(PLACED, ["a pipe"]))
def test_a_file_of_a_catalogue_that_never_ends(folder: Path, name: str) -> None:
    make, says = PLACED[name]
    make(folder / "quotes" / "x.yaml")
    for command in (("plan", "s.yaml"), ("check", ".")):
        found = refused(folder, *command)
        assert "quotes/x.yaml:1:1: " in found
        assert says in found


@pytest.mark.parametrize("name", few(["a pipe", "zeros", "1 GiB", "11 MiB"], ["1 GiB"]))
def test_a_scenario_that_never_ends(folder: Path, name: str) -> None:
    make, says = PLACED[name]
    make(folder / "x.yaml")
    found = refused(folder, "plan", "x.yaml")
    assert "x.yaml:1:1: " in found
    assert says in found
    (folder / "over.yaml").write_text("extends: x.yaml\n")
    assert ":1:" in refused(folder, "check", "over.yaml")


MIB = 2**20
TEXTS: dict[str, str] = {
    "flow list": "catalogs: [" + "1," * (5 * MIB - 10) + "]",
    "flow list over lines": "catalogs: [\n" + "1,\n" * (3 * MIB) + "]",
    "block list": "catalogs:\n" + "- x\n" * (2 * MIB),
    "keys": "demand:\n" + "".join(f"  a{i}: 1\n" for i in range(700_000)),
    "a key in brackets": "[" * (10 * MIB - 1),
    "maps in maps": "{a: " * (2 * MIB),
    "documents": "---\n" * (2 * MIB),
    "questions": "? " * (5 * MIB),
    "anchors": "name: " + "&a " * (3 * MIB),
    "a number": "name: " + "9" * (10 * MIB - 10),
    "just under the limit of entries": "catalogs: [" + "x," * 99_000 + "]",
    "just under it, as keys": "".join(f"k{i}: 1\n" for i in range(49_000)),
    "wrong entries of a list": changed(ASKED, "[quotes]", "[quotes]\nlimits: [" + "{a: b}," * 24_000 + "]"),
    "wrong entries of a map": ASKED + "supply_per_month:\n" + "".join(f"  a{i}: 1\n" for i in range(40_000)),
    "patterns": ASKED + "offers: {deny: [" + ", ".join(f"x{i}*" for i in range(30_000)) + "]}\n",
    "sites": ASKED.replace("sites:\n", "sites:\n" + "".join(f"  a{i}: {{}}\n" for i in range(40_000))),
    "unknown keys": ASKED + "currency: {" + ", ".join(f"b{i}: 1" for i in range(40_000)) + "}\n",
    "bad periods": changed(ASKED, "power_mw: 1,", "power_mw: {" + ", ".join(f"b{i}: 1" for i in range(40_000)) + "},"),
    "same name": ASKED + "limits:\n" + "  - {name: a, measure: work}\n" * 16_000,
    "a long pattern": ASKED + "offers: {deny: ['" + "[a*" * 200_000 + "']}\n",
    "a long id": changed(ASKED, "  oslo:", "  ? " + "o" * 900_000 + "\n  :"),
    "aliases": "\n".join(
        ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
        + [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    ),
    "aliases of maps": "\n".join(
        ["a0: &a0 {x: 1, y: 2}"] + [f"a{i}: &a{i} {{x: *a{i - 1}, y: *a{i - 1}, z: *a{i - 1}}}" for i in range(1, 30)]
    ),
}  # fmt: skip


QUICK = {"keys", "aliases"}


@pytest.mark.parametrize("name", few(TEXTS, QUICK))
def test_a_large_text(folder: Path, name: str) -> None:
    (folder / "s.yaml").write_text(TEXTS[name])
    assert "s.yaml:" in refused(folder, "plan", "s.yaml")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["flow list", "keys", "documents", "just under it, as keys"])
def test_a_large_text_in_a_catalogue(folder: Path, name: str) -> None:
    (folder / "quotes" / "x.yaml").write_text(TEXTS[name])
    assert "x.yaml:" in refused(folder, "check", "s.yaml")


HUGE = [
    "1e99999999",
    "-1e99999999",
    "1e-99999999",
    "1e999999999999999999999",
    "9" * 100_000,
    "0." + "0" * 100_000 + "1",
]


@pytest.mark.parametrize(
    "key", ["horizon/periods", "finance/discount_rate", "finance/fiscal_year_starts", "sites/oslo/power_mw",
            "demand/train/per_second", "fleet/0/count", "finance/residual/1", "catalog/systems/box/accelerators",
            "catalog/offers/box.buy/lead_time_months", "catalog/offers/box.buy/price_usd"]
)  # fmt: skip
def test_a_huge_number(folder: Path, key: str) -> None:
    """A residual's ages, a horizon's periods and leads in months are where one would loop."""
    for number in HUGE:
        began = time.process_time()
        with pytest.raises(InputError) as caught:
            load_request(folder / "s.yaml", [f"{key}={number}"])
        assert time.process_time() - began < MOST_SECONDS
        assert len(str(caught.value)) < 2000
        assert str(caught.value).startswith(f"--set {key}={number[:100]}")


def test_a_huge_age(folder: Path) -> None:
    (folder / "s.yaml").write_text(changed(ASKED, "discount_rate: 0.08", "residual: {1e99999999: 0.5}"))
    assert "finance.residual" in refused(folder, "plan", "s.yaml")


def test_a_folder_of_the_whole_machine(folder: Path) -> None:
    (folder / "many").mkdir()
    for i in range(101):
        (folder / "many" / f"{i}").mkdir()
        for j in range(100):
            (folder / "many" / f"{i}" / f"{j}").touch()
    (folder / "s.yaml").write_text(changed(ASKED, "[quotes]", "[quotes, many]"))
    assert "many:1:1: holds more than 10,000 files; name the folder of the catalogue alone" in refused(
        folder, "plan", "s.yaml"
    )
