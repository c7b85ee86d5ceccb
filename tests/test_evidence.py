"""What stands behind a figure: own quotes, figures that nobody cites, cites across folders, shares of a plan."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from builders import Tree, as_yaml, catalog, one_offer, plan, scenario, write

from catalogs.problems import InputError
from catalogs.schema import Catalog
from cli.show_plan import basis_words
from optimizer.planning import make_plan
from optimizer.request.load import load_request
from optimizer.solving.solution import Options

PRICE = "box.purchase.price_usd"
WIDE = {"low": "0.8", "high": "1.3"}
BASE_CITES = {
    "box.purchase": {"source": "hand", "basis": "vendor"},
    PRICE: {"source": "hand", "basis": "estimated", "uncertainty": WIDE},
}
OURS = {"ours": {"title": "written offer", "date": "2025-11-20"}}
QUOTED = {"source": "ours", "basis": "quoted"}


def layered(folder: Path, over: Tree, *settings: str, cites: Tree | None = None, **parts: Any) -> Catalog:
    """The catalogue of one cited offer with a folder of the user's on top."""
    return load_request(two_folders(folder, over, cites, **parts), settings).catalog


def two_folders(folder: Path, over: Tree, cites: Tree | None = None, **parts: Any) -> Path:
    file = one_offer(lead_time_months=0)["chip.yaml"]
    base = catalog({**file, "cites": BASE_CITES if cites is None else cites})
    path = write(folder, scenario(catalogs=["quotes", "own"], **parts), base)
    (folder / "own").mkdir()
    (folder / "own" / "quote.yaml").write_text(as_yaml(over))
    return path


def behind(catalog: Catalog, field: str) -> str:
    return catalog.basis("box.purchase", field)


def test_a_changed_figure_without_a_cite_is_unsourced_and_others_keep_theirs(tmp_path: Path) -> None:
    found = layered(tmp_path, {"offers": {"box.purchase": {"price_usd": 250000}}})
    assert behind(found, "price_usd") == "unsourced"
    assert found.cites[PRICE].source is None
    assert found.cites[PRICE].uncertainty is None
    assert behind(found, "lead_time_months") == "vendor"
    assert found.cites["box.purchase"].source == "hand"


def test_a_quote_has_its_own_cite_and_none_of_the_old(tmp_path: Path) -> None:
    over = {"offers": {"box.purchase": {"price_usd": 250000}}, "sources": OURS, "cites": {PRICE: QUOTED}}
    found = layered(tmp_path, over)
    assert (found.cites[PRICE].basis, found.cites[PRICE].source) == ("quoted", "ours")
    assert found.cites[PRICE].uncertainty is None, "that was of the estimate"


def test_a_cite_of_an_entry_is_of_what_its_folder_changes(tmp_path: Path) -> None:
    terms = {"price_usd": 250000, "deposit_share": "0.3"}
    over = {"offers": {"box.purchase": terms}, "sources": OURS, "cites": {"box.purchase": QUOTED}}
    found = layered(tmp_path, over)
    assert behind(found, "price_usd") == behind(found, "deposit_share") == "quoted"
    assert behind(found, "lead_time_months") == "vendor", "nothing is quoted of it"


def test_a_figure_retyped_as_it_stands_keeps_its_cite(tmp_path: Path) -> None:
    found = layered(tmp_path, {"offers": {"box.purchase": {"price_usd": 300000}}})
    assert behind(found, "price_usd") == "estimated"


def test_a_part_of_a_cite_may_be_changed_where_the_figure_is_not(tmp_path: Path) -> None:
    found = layered(tmp_path, {"cites": {PRICE: {"uncertainty": {"high": "1.5"}}}})
    cite = found.cites[PRICE]
    assert (cite.basis, cite.source) == ("estimated", "hand")
    assert cite.uncertainty is not None
    assert (str(cite.uncertainty.low), str(cite.uncertainty.high)) == ("0.8", "1.5")


def test_a_setting_is_unsourced(tmp_path: Path) -> None:
    found = layered(tmp_path, {}, f"catalog/offers/{PRICE.replace('.price', '/price')}=2e5")
    assert behind(found, "price_usd") == "unsourced"


def test_a_new_figure_of_a_known_entry_is_unsourced(tmp_path: Path) -> None:
    found = layered(tmp_path, {"offers": {"box.purchase": {"network_usd": 500}}})
    assert (behind(found, "network_usd"), behind(found, "price_usd")) == ("unsourced", "estimated")


@pytest.mark.parametrize(
    ("point", "basis", "source"),
    [
        ({"rate": 450}, "unsourced", None),
        ({"precision": "bf16"}, "unsourced", None),
        ({"rate": 450, "basis": "quoted", "source": "ours"}, "quoted", "ours"),
        ({"rate": 400}, "measured", "hand"),
        ({"basis": "estimated"}, "estimated", "hand"),
    ],
)
def test_a_point_that_is_changed_in_part_has_no_source_of_the_old(
    point: Tree, basis: str, source: str | None, tmp_path: Path
) -> None:
    over = {"accelerator": {"id": "chip"}, "throughput": {"training": point}, "sources": OURS}
    (found,) = layered(tmp_path, over).points("chip", "training")
    assert (found.basis, found.source) == (basis, source)


def test_a_point_of_a_list_that_is_set_is_unsourced_and_the_others_are_not(tmp_path: Path) -> None:
    points = [{"rate": rate, "precision": precision, "basis": "measured", "source": "hand"}
              for rate, precision in ((400, "bf16"), (800, "fp8"))]  # fmt: skip
    over = {"accelerator": {"id": "chip"}, "throughput": {"training": points}}
    found = layered(tmp_path, over, "catalog/throughput/chip/training/1/rate=700").points("chip", "training")
    assert [(str(point.rate), point.basis) for point in found] == [("400", "measured"), ("700", "unsourced")]


@pytest.mark.parametrize(
    ("over", "message"),
    [
        ({"sources": {"ours": {"title": "t"}}, "cites": {PRICE: QUOTED}},
         "cites.box.purchase.price_usd is quoted, but nobody knows when: add date to sources.ours"),
        ({"sources": OURS, "offers": {"box.purchase": {"price_usd": 1}}, "cites": {PRICE: {"basis": "quoted"}}},
         "cites.box.purchase.price_usd.source is missing; basis quoted needs one"),
        ({"accelerator": {"id": "chip"}, "throughput": {"training": {"rate": 1, "source": "hand"}}},
         "throughput.chip.training.basis is missing; say what its source makes it"),
        ({"accelerator": {"id": "chip"}, "throughput": {"training": {"rate": 1, "basis": "vendor"}}},
         "throughput.chip.training.source is missing; basis vendor needs one"),
    ],
)  # fmt: skip
def test_evidence_has_what_its_basis_asks_for(over: Tree, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        layered(tmp_path, over)
    found = [problem.message for problem in refused.value.problems]
    assert len(found) == 1
    assert message in found[0]


def test_a_plan_says_what_rests_on_quotes_and_what_nobody_cites(tmp_path: Path) -> None:
    """Ten systems at our own quote against two that are committed at a price of their own: 2.5 and 0.4 million USD."""
    asked = {
        "demand": {"train": {"workload": "training", "per_second": 12 * 8 * 450}},
        "commitments": [{"offer": "box.purchase", "site": "oslo", "period": "2025q1", "systems": 2, "price_usd": 2e5}],
    }
    over = {
        "accelerator": {"id": "chip"}, "throughput": {"training": {"rate": 450}}, "sources": OURS,
        "offers": {"box.purchase": {"price_usd": 250000}}, "cites": {PRICE: QUOTED},
    }  # fmt: skip
    made = make_plan(load_request(two_folders(tmp_path, over, **asked)), Options(gap=1e-9)).plan
    assert made.audit.ok
    assert made.basis.spend.quoted == pytest.approx(2.5 / 2.9)
    assert made.basis.spend.unsourced == pytest.approx(0.4 / 2.9)
    assert made.basis.work.unsourced == 1.0
    assert basis_words(made) == (
        "rests on estimates: 100.0 % of the work, 13.8 % of the spend; of it unsourced 100.0 % and 13.8 %; "
        "on own quotes 0 % and 86.2 %"
    )


def test_what_nobody_cites_can_be_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="its price_usd is unsourced, which is not accepted"):
        plan(tmp_path, scenario(offers={"basis": ["measured", "vendor", "quoted", "estimated"]}), one_offer())
