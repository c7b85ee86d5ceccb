"""How files are written: whole or not at all, through links, into devices, by several at once, with honest errors."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import highspy
import pytest
from builders import accelerator, catalog, model, rates, scenario, site, system

from optimizer import files
from optimizer.files import Unwritable, make_folder, probe, probe_folder, write_bytes, write_text
from optimizer.solving.matrix import to_matrix
from optimizer.solving.model_file import LONGEST_NAME, with_short_names, write_model
from optimizer.solving.solution import Options
from optimizer.solving.solve import solve

posix = pytest.mark.skipif(sys.platform == "win32", reason="links, modes and devices of POSIX")
everyone = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may do anything")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def limited(tmp_path: Path) -> Iterator[Path]:
    """A folder in which no file can become longer than 10,000 bytes."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
    yield tmp_path
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_file_is_written_as_it_is(tmp_path: Path) -> None:
    write_text(tmp_path / "a.json", "zwölf\n二\n")
    assert (tmp_path / "a.json").read_bytes() == "zwölf\n二\n".encode()
    assert names(tmp_path) == ["a.json"]


@pytest.mark.parametrize("name", ["x" * 250 + ".xlsx", "ü" * 120 + ".json", ".hidden", "a b\tc", "-"])
def test_any_name_that_the_file_system_takes_will_do(name: str, tmp_path: Path) -> None:
    """A temporary name beside a long one is not longer."""
    write_text(tmp_path / name, "1")
    assert names(tmp_path) == [name]


# Links, modes, devices


@posix
@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("links", [1, 2])
def test_links_are_written_through(known: bool, links: int, tmp_path: Path) -> None:
    target = tmp_path / "far" / "plan.json"
    target.parent.mkdir()
    if known:
        target.write_text("old")
    last = target
    for number in range(links):
        link = tmp_path / f"link{number}"
        link.symlink_to(os.path.relpath(last, tmp_path))
        last = link
    write_text(last, "new")
    assert target.read_text() == "new"
    assert all((tmp_path / f"link{number}").is_symlink() for number in range(links))


@posix
def test_a_link_that_leads_to_itself_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(Unwritable, match=r"loop: cannot be written: Too many levels of symbolic links"):
        write_text(tmp_path / "loop", "1")


@posix
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o664, 0o755])
def test_the_mode_of_a_file_is_kept(mode: int, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text("old")
    path.chmod(mode)
    write_text(path, "new")
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("new", mode)


@posix
@pytest.mark.parametrize("mask", [0o022, 0o027, 0o077, 0o002, 0o000])
def test_a_new_file_has_the_mode_that_the_user_wants(mask: int, tmp_path: Path) -> None:
    before = os.umask(mask)
    try:
        write_text(tmp_path / "plan.json", "1")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "plan.json").stat().st_mode) == 0o666 & ~mask


@posix
def test_devices_are_written_to_and_stay_devices() -> None:
    write_text(Path("/dev/null"), "1")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is Linux's")
def test_a_full_device_is_an_error_that_names_it() -> None:
    with pytest.raises(Unwritable, match="/dev/full: cannot be written: No space left on device"):
        write_text(Path("/dev/full"), "1")


@posix
def test_a_pipe_with_a_name_is_written_to_and_stays(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    heard: list[str] = []
    reader = threading.Thread(target=lambda: heard.append(pipe.read_text()))
    reader.start()
    write_text(pipe, "plan" * 100_000)
    reader.join()
    assert (heard, names(tmp_path)) == (["plan" * 100_000], ["pipe"])
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/stdout as on Linux")
@pytest.mark.parametrize("target", ["/dev/stdout", "/dev/stderr", "/proc/self/fd/1", "/dev/fd/2", "/dev/fd/1"])
@pytest.mark.parametrize("kind", ["pipe", "file"])
def test_our_own_streams_are_written_to_in_turn(target: str, kind: str, tmp_path: Path) -> None:
    """Also where one is a file that other text goes to: nothing in it is overwritten."""
    code = "import sys; from pathlib import Path; from optimizer.files import write_text; print('before', flush=True); "
    code += f"write_text(Path({target!r}), 'written\\n'); print('after')"
    with (tmp_path / "out").open("w") as file:
        out = file if kind == "file" else subprocess.PIPE
        done = subprocess.run([sys.executable, "-c", code], stdout=out, stderr=subprocess.STDOUT, text=True, check=True)
    said = (tmp_path / "out").read_text() if kind == "file" else done.stdout
    assert said.split() == ["before", "written", "after"]


# What cannot be written


def unwritable(tmp_path: Path) -> dict[str, tuple[Path, str]]:
    """Targets that cannot be written, each with the reason."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("1")
    return {
        "no folder": (tmp_path / "no" / "plan.json", "No such file or directory"),
        "a folder": (tmp_path / "folder", "folder"),
        "below a file": (tmp_path / "file" / "plan.json", "Not a directory"),
        "too long": (tmp_path / ("x" * 300), "File name too long"),
        "protected": (Path("/proc/plan.json"), ""),
    }


@posix
@pytest.mark.parametrize("kind", ["no folder", "a folder", "below a file", "too long", "protected"])
def test_what_cannot_be_written_is_known_before_and_says_why(kind: str, tmp_path: Path) -> None:
    target, why = unwritable(tmp_path)[kind]
    for attempt in (lambda: probe(target), lambda: write_text(target, "1")):
        with pytest.raises(Unwritable, match="cannot be written") as refused:
            attempt()
        assert str(refused.value).startswith(f"{target}: cannot be written: ")
        assert why in str(refused.value)
        assert ".part" not in str(refused.value)
    assert names(tmp_path) == ["file", "folder"]


@posix
@everyone
def test_what_may_not_be_written_is_left(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    (tmp_path / "file").write_text("1")
    (tmp_path / "file").chmod(0o444)
    closed.chmod(0o555)
    for target in (closed / "plan.json", tmp_path / "file"):
        with pytest.raises(Unwritable):
            probe(target)
        with pytest.raises(Unwritable):
            write_text(target, "2")
    assert (tmp_path / "file").read_text() == "1"


@pytest.mark.parametrize("kind", ["new", "known"])
def test_a_full_disk_leaves_what_was_there(kind: str, limited: Path) -> None:
    path = limited / "plan.json"
    if kind == "known":
        path.write_text("old")
    with pytest.raises(Unwritable, match=r"plan\.json: cannot be written: File too large"):
        write_bytes(path, b"x" * 20_000)
    assert names(limited) == (["plan.json"] if kind == "known" else [])
    assert kind == "new" or path.read_text() == "old"


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit, MemoryError, OSError, ValueError])
def test_whatever_ends_a_write_leaves_nothing_half_done(
    stop: type[BaseException], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def end(_descriptor: int) -> None:
        raise stop

    monkeypatch.setattr(files.os, "fsync", end)
    (tmp_path / "plan.json").write_text("old")
    with pytest.raises(Unwritable if stop is OSError else stop):
        write_text(tmp_path / "plan.json", "new")
    assert (names(tmp_path), (tmp_path / "plan.json").read_text()) == (["plan.json"], "old")


def test_two_writers_never_share_a_temporary_file(tmp_path: Path) -> None:
    """A reader sees one text or another, always whole."""
    texts = [str(number) * 200_000 for number in range(5)]
    path = tmp_path / "plan.json"
    write_text(path, texts[0])
    writers = [threading.Thread(target=lambda text=text: [write_text(path, text) for _ in range(6)]) for text in texts]
    seen = set()
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        seen.add(path.read_text())
    assert seen <= set(texts)
    assert names(tmp_path) == ["plan.json"]


def test_what_was_written_is_known(tmp_path: Path) -> None:
    before = files.written()
    write_text(tmp_path / "a", "1")
    with pytest.raises(Unwritable):
        write_text(tmp_path / "no" / "b", "1")
    assert files.written() == (*before, str(tmp_path / "a"))


def test_folders_are_tried_before_they_are_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("1")
    probe_folder(tmp_path / "one" / "two" / "three")
    assert names(tmp_path) == ["file"]
    make_folder(tmp_path / "one" / "two")
    assert (tmp_path / "one" / "two").is_dir()
    for attempt in (probe_folder, make_folder):
        with pytest.raises(Unwritable, match="Not a directory"):
            attempt(tmp_path / "file" / "two")


# The model as a file


def long_named(tmp_path: Path, length: int) -> Any:
    """A model whose site, offer, system and demand have ids of so many letters."""
    box, place, work = ("b" * length, "s" * length, "w" * length)
    chip = accelerator(
        "chip", {box: system()}, {f"{box[:-1]}o": {"system": box, "route": "purchase", "price_usd": 300000}},
        rates(training=400),
    )  # fmt: skip
    asked = scenario(sites={place: site()}, demand={work: {"workload": "training", "per_second": 10}})
    return model(tmp_path, asked, catalog(chip))


@pytest.mark.parametrize("ending", [".lp", ".mps"])
@pytest.mark.parametrize("length", [20, 40, 60, 78, 80])
def test_a_model_with_long_names_is_written_and_read_by_another_program(
    length: int, ending: str, tmp_path: Path
) -> None:
    built = long_named(tmp_path, length)
    target = tmp_path / f"model{ending}"
    write_model(built, target)
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    assert highs.readModel(str(target)) == highspy.HighsStatus.kOk
    highs.run()
    best = solve(to_matrix(built.problem), Options(gap=1e-9)).objective
    assert highs.getInfo().objective_function_value == pytest.approx(best, rel=1e-6)
    lp = highs.getLp()
    assert max(map(len, [*lp.col_names_, *lp.row_names_])) <= LONGEST_NAME
    text = target.read_text()
    for name in (*to_matrix(built.problem).columns, *to_matrix(built.problem).rows):
        assert name in text


def test_short_names_stand_for_the_long_ones_alone() -> None:
    long, longer = "x" * 256, "x" * 257
    text = f"row: 2 {long} + 3 {longer} + 4 {long[:255]} <= 1\n"
    short = with_short_names(text, ["row", long, longer, long[:255]], ".lp")
    assert short.splitlines() == [
        f"\\ long_1 is {long}", f"\\ long_2 is {longer}", f"row: 2 long_1 + 3 long_2 + 4 {long[:255]} <= 1",
    ]  # fmt: skip


def test_a_model_that_cannot_be_written_names_its_target(tmp_path: Path) -> None:
    with pytest.raises(Unwritable, match=r"no/model\.lp: cannot be written"):
        write_model(model(tmp_path, scenario()), tmp_path / "no" / "model.lp")
