"""`chipmix catalog stale` and `diff`: what is old and what differs, their widths, what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders import accelerator, as_yaml, system

from catalogs.aged import aged, last_day
from catalogs.changed import changes
from catalogs.load import bundled_folder, catalog_of, sound_catalog
from cli.main import run

WIDTHS = (80, 100, 120)


def told(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert run(words) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(
    "words",
    [
        ["show", "us_ohio"],
        ["stale", "--before", "2024-01-01"],
        ["diff", "bundled", "bundled"],
    ],
    ids=" ".join,
)
def test_it_fits(
    words: list[str], width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    assert max(map(len, told(["catalog", *words], capsys).splitlines())) <= width


def own(folder: Path, price: int, date: str) -> Path:
    """A folder with one quote of that date."""
    folder.mkdir()
    offers = {"box.purchase": {"system": "box", "route": "purchase", "price_usd": price, "lead_time_months": 6}}
    chip = accelerator("own", {"box": system()}, offers, {"llm_training": {"rate": 400}})
    chip["sources"] = {"quote": {"title": "Offer 7", "date": date}}
    chip["cites"] = {"box.purchase.price_usd": {"source": "quote", "basis": "quoted"}}
    (folder / "chip.yaml").write_text(as_yaml(chip), encoding="utf-8")
    return folder


def test_what_is_stale_has_its_line_and_its_offers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A month counts to its end: 2025-06 is from before July, and not from before 30 June."""
    folder = own(tmp_path / "quotes", 1000, "2025-06")
    found, undated = aged(*sound_catalog([bundled_folder(), folder]), "2025-07-01")
    (one,) = [each for each in found if each.figure == "box.purchase.price_usd"]
    line = (folder / "chip.yaml").read_text().splitlines()[one.at.line - 1]
    assert "price_usd" in line
    assert (one.source, one.date, one.offers) == ("quote", "2025-06", ("box.purchase",))
    assert undated > 0
    before = aged(*sound_catalog([bundled_folder(), folder]), "2025-06-30")[0]
    assert not [each for each in before if each.figure == "box.purchase.price_usd"]
    shown = told(["catalog", "stale", "--before", "2025-07-01", "--catalog", str(folder)], capsys)
    assert "1 figures" in shown
    assert "bundled/" not in shown


def test_the_last_day_of_a_date() -> None:
    assert [last_day(each) for each in ("2025", "2025-06", "2025-06-30")] == ["2025-12-31", "2025-06-31", "2025-06-30"]


def test_what_differs_is_told_with_both_values_and_sources(tmp_path: Path) -> None:
    old, new = own(tmp_path / "old", 1000, "2025-06"), own(tmp_path / "new", 1200, "2026-01")
    (one,) = changes(catalog_of([bundled_folder(), old]), catalog_of([bundled_folder(), new]))
    assert (one.section, one.entry, one.field, one.was, one.now) == (
        "offers",
        "box.purchase",
        "price_usd",
        "1000",
        "1200",
    )
    assert one.was_by == one.now_by == "quoted, quote"
    came = list(changes(catalog_of([bundled_folder()]), catalog_of([bundled_folder(), new])))
    assert {(each.section, each.entry) for each in came if each.now and not each.field} >= {
        ("accelerators", "own"), ("systems", "box"), ("offers", "box.purchase"),
    }  # fmt: skip
    assert not list(changes(catalog_of([bundled_folder(), old]), catalog_of([bundled_folder(), old])))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["stale", "--before", "June"], "write it as"),
        (["diff", "bundled", "nowhere"], "no catalogue folder"),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, list) else "",
)
def test_what_is_refused(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["catalog", *words]) == 2
    assert said in capsys.readouterr().err
