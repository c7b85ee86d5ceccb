"""`catalog show` of several entries, `stale` and `diff`: what is told, and what is printed at real widths."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from builders import accelerator, as_yaml, rates, system
from commands import run_here

from catalogs.load import bundled_folder, catalog_of
from catalogs.schema import Catalog
from catalogs.side_by_side import beside, ids, kinds
from catalogs.stale import is_older

pytestmark = pytest.mark.usefixtures("in_process")

WORKLOADS = {
    "knitting": {"unit": "stitch/s", "phase": "training", "describes": "Stitches of plain wool"},
    "weaving": {"unit": "cloth/day", "phase": "training", "describes": "Cloths"},
    "darning": {"unit": "sock", "phase": "training", "describes": "Socks"},
}
SOURCES = {
    "hand": {"title": "made by hand", "date": "2024-03", "url": "https://example.org/hand"},
    "later": {"title": "made later", "date": "2026", "url": "https://example.org/later"},
    "undated": {"title": "made at some time"},
}
CITES = {
    "needle": {"source": "hand", "basis": "vendor"},
    "frame8": {"source": "later", "basis": "vendor"},
    "frame8.average_kw": {"source": "hand", "basis": "measured"},
    "frame8.purchase": {"source": "later", "basis": "estimated"},
    "frame8.rent": {"source": "undated", "basis": "estimated"},
    "loom": {"source": "later", "basis": "vendor"},
    "loom1.purchase.price_usd": {"source": "later", "basis": "vendor", "uncertainty": {"low": "0.9", "high": "1.2"}},
    "wool_land": {"source": "hand", "basis": "estimated"},
}
BUY = {"route": "purchase", "lead_time_months": 2, "available": {"until": "2026q4"}}


def files() -> dict[str, object]:
    """Two chips: one bought and let in frames of eight, one that only its owner may buy."""
    frame = {
        "frame8.purchase": {**BUY, "system": "frame8", "price_usd": {"2025": 280_320, "2026q2": 350_400}},
        "frame8.rent": {
            "system": "frame8", "route": "on_demand", "host": "mill", "usd_per_accelerator_hour": "1.8",
            "available": {"from": "2026q2"}, "supply_systems_per_month": 40,
        },
    }  # fmt: skip
    loom = {"loom1.purchase": {**BUY, "system": "loom1", "price_usd": 43_800, "buyers": ["mill"]}}
    work = {**rates(knitting=500, weaving=12), "darning": {"rate": 2, "basis": "estimated", "source": "undated"}}
    needle = accelerator("needle", {"frame8": system()}, frame, work, memory_gb=80)
    big = accelerator("loom", {"loom1": system(accelerators=1)}, loom, rates(knitting=2000), memory_gb=192)
    region = {"wool_land": {"describes": "Where sheep are", "pue": "1.3"}}
    shared = {"workloads": WORKLOADS, "sources": SOURCES, "cites": dict(CITES), "tariffs": region}
    return {"needle.yaml": needle, "loom.yaml": big, "shared.yaml": shared}


def written(folder: Path, contents: dict[str, object]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        (folder / name).write_text(as_yaml(content), encoding="utf-8")
    return folder


@pytest.fixture
def mill(tmp_path: Path) -> Path:
    """A folder with the catalogue in `mill`."""
    written(tmp_path / "mill", files())
    return tmp_path


def printed(folder: Path, *words: str) -> str:
    done = run_here("catalog", *words, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


BESIDE_AT_80 = """\
field      needle        basis, date, source  loom           basis, date, source
id         needle        vendor 2024-03 [1]   loom           vendor 2026 [2]
name       needle        vendor 2024-03 [1]   loom           vendor 2026 [2]
vendor     acme          vendor 2024-03 [1]   acme           vendor 2026 [2]
kind       gpu           vendor 2024-03 [1]   gpu            vendor 2026 [2]
stack      cuda          vendor 2024-03 [1]   cuda           vendor 2026 [2]
memory_gb  80            vendor 2024-03 [1]   192            vendor 2026 [2]
darning    2 sock        estimated [3]
knitting   500 stitch/s  measured 2024-03     2000 stitch/s  measured 2024-03
                         [1]                                 [1]
weaving    12 cloth/day  measured 2024-03
                         [1]
sources
  [1] made by hand, 2024-03
      https://example.org/hand
  [2] made later, 2026
      https://example.org/later
  [3] made at some time, without a date
"""
OTHER_KINDS_AT_100 = """\
field             wool_land        basis, date, source    loom1.purchase  basis, date, source
describes         Where sheep are  estimated 2024-03 [1]
pue               1.3              estimated 2024-03 [1]
system                                                    loom1
route                                                     purchase
price_usd                                                 43800           vendor 0.9 to 1.2 2026 [2]
lead_time_months                                          2
available                                                 until: 2026q4
buyers                                                    mill
sources
  [1] made by hand, 2024-03
      https://example.org/hand
  [2] made later, 2026
      https://example.org/later
"""


@pytest.mark.parametrize(
    ("width", "entries", "golden"),
    [
        (80, ("needle", "loom"), BESIDE_AT_80),
        (80, ("needle", "loom", "needle"), BESIDE_AT_80),
        (100, ("wool_land", "loom1.purchase"), OTHER_KINDS_AT_100),
    ],
)
def test_entries_are_shown_with_what_stands_behind_them(
    width: int, entries: tuple[str, ...], golden: str, mill: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    assert printed(mill, "show", "--catalog", "mill", *entries) == golden


def test_one_unknown_entry_of_several_is_refused(mill: Path) -> None:
    done = run_here("catalog", "show", "--catalog", "mill", "needle", "lom", cwd=mill)
    assert (done.returncode, done.stdout) == (2, "")
    assert "nothing is called 'lom'; did you mean 'loom'?" in done.stderr


def test_points_of_one_precision_are_beside_one_another() -> None:
    rows = list(beside(catalog_of([bundled_folder()]), ["h200_sxm", "mi325x"]))
    pairs = [
        [one.value for one in row if one] for row in rows if any(one and one.field == "llm_training" for one in row)
    ]
    assert pairs
    assert all(len({value.partition(" in ")[2].split()[0] for value in pair}) == 1 for pair in pairs)
    assert any(len(pair) == 2 for pair in pairs)


def test_a_catalogue_without_regions_is_looked_at_too() -> None:
    assert Catalog().tariffs is None
    assert ids(Catalog()) == kinds(Catalog(), "us_ohio") == []


STALE = """
2024-03, made by hand
hand: https://example.org/hand
file:line            figure             basis      used by
mill/loom.yaml:35    loom.knitting      measured   loom1.purchase
mill/needle.yaml:8   needle.memory_gb   vendor     frame8.*
mill/needle.yaml:17  frame8.average_kw  measured   frame8.*
mill/needle.yaml:45  needle.knitting    measured   frame8.*
mill/needle.yaml:50  needle.weaving     measured   frame8.*
mill/shared.yaml:75  wool_land.pue      estimated  region: wool_land

"""


@pytest.mark.parametrize("width", [80, 100, 120])
def test_old_figures_are_told_with_their_place_and_their_offers(
    width: int, mill: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    shown = printed(mill, "stale", "--catalog", "mill", "--before", "2024-04")
    assert STALE in shown
    assert max(map(len, shown.splitlines())) <= width
    lines = (mill / "mill" / "needle.yaml").read_text().splitlines()
    assert '"average_kw"' in lines[17 - 1]
    assert '"weaving"' in lines[50 - 1]


def test_figures_of_no_age_are_not_told(mill: Path) -> None:
    """Nor are names, nor what a later source gives, nor what has a source without a date, which is counted."""
    found = json.loads(printed(mill, "stale", "--catalog", "mill", "--before", "2024-04", "--json", "-"))
    ours = {one["figure"]: one for one in found["figures"] if one["source"] == "hand"}
    assert len(ours) == 6
    assert ours["needle.memory_gb"]["offers"] == ["frame8.purchase", "frame8.rent"]
    assert ours["needle.memory_gb"]["at"] == "mill/needle.yaml:8:3"
    # rent, dates and supply of the rent, and darning; its system, route and host are no figures
    assert found["figures_without_date"] == 4


@pytest.mark.parametrize(
    ("date", "than", "older"),
    [
        ("2024", "2025", True),
        ("2024", "2024-12", False),
        ("2024", "2024-12-31", False),
        ("2024-06", "2024-07", True),
        ("2024-06", "2024-06-15", False),
        ("2024-06-14", "2024-06-15", True),
        ("2024-06-15", "2024-06-15", False),
        ("2024-02", "2024-03-01", True),
        ("2024-02-29", "2024-03", True),
        ("2023-11", "2024", True),
    ],
)
def test_a_date_is_older_only_where_all_of_it_is(date: str, than: str, older: bool) -> None:
    assert is_older(date, than) is older


@pytest.mark.parametrize(
    "date", ["soon", "24", "2024-13", "2024-06-31", "2024q2", "2024-W01-1", "20240601", "２０２４"]
)
def test_what_is_no_date_is_refused(date: str, mill: Path) -> None:
    done = run_here("catalog", "stale", "--before", date, cwd=mill)
    assert (done.returncode, done.stdout) == (2, "")
    assert "write 2026, 2026-01 or 2026-01-31" in done.stderr


CHANGED_AT_80 = """\
         of      entry        file:line
removed  offers  frame8.rent  mill/needle.yaml:33

field                        value                  basis, source, date
needle.tdp_w            new  700                    vendor hand 2024-03
frame8.purchase.price_  old  2025: 280320, 2026q2:  estimated later 2026
usd                          350400
                        new  2025: 280320, 2026q2:  estimated later 2026
                             300000
wool_land.describes     old  Where sheep are        estimated hand 2024-03
                        new  Where sheep are        vendor later 2026
wool_land.pue           old  1.3                    estimated hand 2024-03
                        new  1.3                    vendor later 2026
needle knitting         old  500                    measured hand 2024-03
                        new  550                    measured later 2026
left out to fit 80 columns: file:line; a wider terminal shows them

1 entry removed; 1 field added; 4 fields changed
"""
CHANGED_AT_120 = """\
field                           value                         basis, source, date     file:line
needle.tdp_w               new  700                           vendor hand 2024-03     new/needle.yaml:9
frame8.purchase.price_usd  old  2025: 280320, 2026q2: 350400  estimated later 2026    mill/needle.yaml:28
                           new  2025: 280320, 2026q2: 300000  estimated later 2026    new/needle.yaml:29
"""


@pytest.fixture
def changed(mill: Path) -> Path:
    """Beside `mill`, `new`: an offer gone, a price, a rate and a cite changed, a field added, a number respelt."""
    new: Any = files()
    needle, cites = new["needle.yaml"], new["shared.yaml"]["cites"]
    needle["systems"]["frame8"]["average_kw"] = "7.00"
    needle["offers"]["frame8.purchase"]["price_usd"]["2026q2"] = 300_000
    needle["throughput"]["knitting"] = {"rate": 550, "basis": "measured", "source": "later"}
    needle["accelerator"]["tdp_w"] = 700
    del needle["offers"]["frame8.rent"], cites["frame8.rent"]
    cites["wool_land"] = {"source": "later", "basis": "vendor"}
    written(mill / "new", new)
    return mill


@pytest.mark.parametrize(("width", "golden"), [(80, CHANGED_AT_80), (120, CHANGED_AT_120)])
def test_differences_are_told_field_by_field_with_both_sources(
    width: int, golden: str, changed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    shown = printed(changed, "diff", "mill", "new")
    assert golden in shown
    assert max(map(len, shown.splitlines())) <= width


def test_the_way_back_is_the_same_turned_round(changed: Path) -> None:
    there, back = (
        json.loads(printed(changed, "diff", *way, "--json", "-"))["differences"]
        for way in (("mill", "new"), ("new", "mill"))
    )
    turned = {"added": "removed", "removed": "added", "changed": "changed"}
    assert back == [{**one, "kind": turned[one["kind"]], "old": one["new"], "new": one["old"]} for one in there]
    assert len(there) == 6


def test_a_catalogue_does_not_differ_from_itself(mill: Path) -> None:
    assert printed(mill, "diff", "mill", "mill") == "nothing differs\n"
    assert printed(mill, "diff", "bundled", "bundled") == "nothing differs\n"


def test_files_of_quotes_are_compared_without_what_they_lie_on(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("offers:\n  dgx_h100.purchase: {price_usd: 1e5}\n")
    (tmp_path / "b.yaml").write_text("offers:\n  dgx_h100.purchase: {price_usd: 100000, free: false}\n")
    (found,) = json.loads(printed(tmp_path, "diff", "a.yaml", "b.yaml", "--json", "-"))["differences"]
    assert (found["kind"], found["field"], found["new"]["at"]) == ("added", "free", "b.yaml:2:42")


def test_points_of_one_name_are_all_compared(tmp_path: Path) -> None:
    point = {"rate": 500, "precision": "fp8", "basis": "measured"}
    for name, rate in (("old", 500), ("new", 510)):
        points = [{**point, "source": "hand"}, {**point, "rate": rate, "source": "later"}]
        written(tmp_path / name, {"chip.yaml": accelerator("chip", {}, {}, {"knitting": points})})
    (found,) = json.loads(printed(tmp_path, "diff", "old", "new", "--json", "-"))["differences"]
    assert (found["field"], found["old"]["value"], found["new"]["value"]) == ("knitting in fp8 (2)", "500", "510")


def test_what_cannot_be_compared_is_refused(mill: Path) -> None:
    done = run_here("catalog", "diff", "mill", "nowhere", cwd=mill)
    assert (done.returncode, done.stdout) == (2, "")
    assert "there is no folder or file nowhere" in done.stderr
    (mill / "bad.yaml").write_text("offers: [1]\nofers: {}\n")
    done = run_here("catalog", "diff", "mill", "bad.yaml", cwd=mill)
    assert (done.returncode, done.stdout) == (2, "")
    assert "bad.yaml:1:1: offers must be a mapping" in done.stderr
    assert "bad.yaml:2:1: unknown key 'ofers'" in done.stderr
