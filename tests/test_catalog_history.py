"""`chipmix catalog list --workload`, `show A B`, `stale` and `diff`: figures by hand, widths, what is refused."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from builders import accelerator, catalog, offer, system, write

from catalogs.aged import aged, last_day
from catalogs.changed import changes
from catalogs.cost_of_work import costs_of_work
from catalogs.load import bundled_folder, catalog_of, sound_catalog
from cli.main import run

WIDTHS = (80, 100, 120)


@pytest.fixture(scope="module")
def bundled() -> object:
    return catalog_of([bundled_folder()])


def told(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert run(words) == 0
    return capsys.readouterr().out


def test_a_cost_of_work_by_hand(capsys: pytest.CaptureFixture[str]) -> None:
    """dgx_b200 in 2026q3: 394,000 and 52,800 of network for 8 are 55,850 each; over 5 years of 8,760 hours 1.27511 USD an
    hour. It trains at 1,680 TFLOP/s: 0.000758997 USD for a TFLOP/s kept up for an hour, 0.759 for a PFLOP/s.
    """
    found = json.loads(told(["catalog", "list", "--workload", "llm_training", "--in", "2026q3", "--json", "-"], capsys))
    (one,) = [each for each in found["offers"] if each["offer"] == "dgx_b200.purchase"]
    assert one["price_usd_per_accelerator"] == 55850
    assert one["usd_per_unit_hour"] == pytest.approx(55850 / 43800 / 1680, rel=1e-12)
    assert one["usd_per_unit_hour"] == pytest.approx(0.000758997, rel=1e-5)
    assert one["orderable"] is True
    table = told(["catalog", "list", "--workload", "llm_training", "--in", "2026q3", "--vendor", "nvidia"], capsys)
    assert any("dgx_b200.purchase" in line and "0.759" in line for line in table.splitlines())


def test_a_rent_is_the_cost_of_its_hour(bundled: object) -> None:
    """And per million tokens: USD/h over rate x 3,600, whatever the years."""
    for years in (3, 5):
        costs = list(costs_of_work(bundled, "llm_serving_70b", "2026q3", Decimal(years)))  # type: ignore[arg-type]
        rented = [cost for cost in costs if cost.route == "on_demand"]
        assert rented
        assert all(cost.usd_per_unit * cost.rate == pytest.approx(cost.rent_usd) for cost in rented if cost.rent_usd)


@pytest.mark.parametrize("sort", ["usd_per_unit", "rate", "price_usd", "usd_per_accelerator_hour", "offer"])
def test_it_is_sorted_by_what_was_asked(sort: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(told(["catalog", "list", "--workload", "llm_training", "--sort", sort, "--json", "-"], capsys))
    key = {"usd_per_unit": "usd_per_unit_hour", "price_usd": "price_usd_per_accelerator"}.get(sort, sort)
    values = [each[key] for each in found["offers"] if each[key] is not None]
    assert len(values) > 10
    assert values == sorted(values, reverse=sort == "rate")


def test_before_its_price_or_rate_an_offer_is_not_listed(bundled: object) -> None:
    early = {cost.offer for cost in costs_of_work(bundled, "llm_training", "2023q1", Decimal(5))}  # type: ignore[arg-type]
    assert "dgx_h100.purchase" in early
    assert "gb300_nvl72.purchase" not in early


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(
    "words",
    [
        ["list", "--workload", "llm_serving_70b", "--in", "2026q3"],
        ["list", "--workload", "llm_training"],
        ["show", "b200", "mi355x"],
        ["show", "dgx_b200.purchase", "mi355x_server.purchase", "gb300_nvl72.purchase"],
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


def test_beside_each_other_with_addresses(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    shown = told(["catalog", "show", "b200", "mi355x"], capsys)
    (memory,) = [line for line in shown.splitlines() if line.startswith("memory_gb")]
    assert memory.split()[1:3] == ["180", "vendor"]
    assert "288 vendor" in memory
    number = memory.split()[3]
    assert any(line.startswith(number) and "https://" in line for line in shown.splitlines())


def own(folder: Path, price: int, date: str) -> Path:
    """A folder with one quote of that date."""
    chips = catalog(
        accelerator("own"), systems={"box": system()}, offers={"box.purchase": offer(price_usd=price)},
        sources={"quote": {"title": "Offer 7", "date": date}},
        cites={"box.purchase.price_usd": {"source": "quote", "basis": "quoted"}},
    )  # fmt: skip
    write(folder / "chip.yaml", chips)
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
        (["list", "--workload", "llm_trainin"], "did you mean"),
        (["list", "--workload", "llm_training", "--in", "2026q5"], "not a period"),
        (["list", "--workload", "llm_training", "--years", "0"], "0"),
        (["list", "--json", "-"], "--workload"),
        (["show", "b200", "mi355"], "mi355"),
        (["stale", "--before", "June"], "write it as"),
        (["diff", "bundled", "nowhere"], "no catalogue folder"),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, list) else "",
)
def test_what_is_refused(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["catalog", *words]) == 2
    assert said in capsys.readouterr().err
