"""`chipmix check` reads what `plan` reads: the same files, the same refusals; and warns of what counts as nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from builders import Tree, accelerator, as_yaml, catalog, one_offer, plan, rates, scenario, site, system, write

from catalogs.yaml_text import parse
from cli.main import run
from optimizer.request.kind_of_file import kind_of
from optimizer.request.load import load_request
from optimizer.tables import build_tables
from optimizer.tables.warnings import doubts

pytestmark = pytest.mark.usefixtures("in_process")


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = run([*words])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


# what a file is

KINDS = [
    ("extends: base.yaml\nname: x\n", "scenario"),
    ("extends: quick_start\n", "scenario"),
    ("extends: base.yaml\noffers: {deny: [h20]}\n", "scenario"),
    ("offers: {deny: [h20]}\n", "scenario"),
    ("offers: {allow: null}\n", "scenario"),
    ("limits: []\nextends: a.yaml\n", "scenario"),
    ("supply_per_month: {h100_sxm: 5}\nextends: a\n", "scenario"),
    ("name: only a name\n", "scenario"),
    ("exteds: base.yaml\nnmae: x\n", "scenario"),
    ("sites: 5\n", "scenario"),
    ("demand: []\nsystems: {}\nhorizon: 3\n", "scenario"),
    ("zzz: 1\n", "scenario"),
    ("offers: {dgx_h100.purchase: {price_usd: 5}}\n", "catalogue"),
    ("offers: []\n", "catalogue"),
    ("offers:\n", "catalogue"),
    ("accelerator: {id: x}\n", "catalogue"),
    ("accelerator: 5\nname: x\nsystems: {}\n", "catalogue"),
    ("sistems: {}\noffers: {}\n", "catalogue"),
    ("workloads: {}\n", "catalogue"),
    ("cites: {}\nsources: {}\n", "catalogue"),
    ("", "empty"),
    ("# nothing\n", "empty"),
]


@pytest.mark.parametrize(("text", "kind"), KINDS, ids=[text for text, _ in KINDS])
def test_the_kind_of_a_file(text: str, kind: str) -> None:
    assert kind_of(parse(text, "f")) == kind


EXTENDING = [
    "extends: scenario.yaml\n",
    "extends: scenario.yaml\nname: x\n",
    "extends: ./scenario.yaml\noffers: {deny: []}\n",
    "extends: scenario.yaml\nfinance: {discount_rate: 0.1}\n",
    "extends: scenario.yaml\nlimits: [{name: few, measure: systems, at_most: 9}]\n",
    "extends: quick_start\nname: mine\n",
]


@pytest.mark.parametrize("text", EXTENDING)
def test_a_scenario_that_only_extends_is_in_order(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, scenario())
    (tmp_path / "d.yaml").write_text(text)
    code, out, err = said(capsys, "check", str(tmp_path / "d.yaml"))
    assert (code, err) == (0, "")
    assert "a scenario in order" in out


def test_a_folder_of_scenarios_and_a_catalogue(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each scenario, and the catalogue; no file of a folder is passed over."""
    write(tmp_path, scenario())
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "far.yaml").write_text("extends: ../scenario.yaml\nname: far\n")
    code, out, _ = said(capsys, "check", str(tmp_path))
    assert code == 0
    assert out.count("a scenario in order") == 2
    assert out.count("a catalogue in order") == 1
    (tmp_path / "spare").mkdir()
    broken = {"spare/broken.yaml": "systems: [", "spare/wrong.yaml": "offers: {box.by: {price_usd: 5}}"}
    broken["scenarios/near.yaml"] = "extends: ../scenario.yaml\nsites: {oslo: {pue: 0.5}}\n"
    for name, text in broken.items():
        (tmp_path / name).write_text(text)
    code, out, err = said(capsys, "check", str(tmp_path))
    assert (code, out.count("a scenario in order")) == (2, 2)
    assert all(name in err for name in broken), err


# what plan refuses

WORK = {"workload": "training", "per_second": 1}
BREAKS = {"kind": "incremental", "steps": [{"from_systems": 5, "factor": "0.9"}]}
COMMITTED = {"offer": "box.purchase", "site": "oslo", "period": "2025q1", "systems": 1}
REFUSED: dict[str, tuple[Tree, Tree]] = {
    "nothing serves": ({"demand": {"d": {**WORK, "stacks": {"rocm": 0}}}}, one_offer()),
    "no throughput": (
        {"demand": {"d": {"workload": "other", "per_second": 1}}},
        catalog(
            one_offer()["chip.yaml"],
            workloads={
                name: {"unit": "unit", "phase": "training", "describes": "work"} for name in ("training", "other")
            },
        ),
    ),
    "sold out": ({}, one_offer(available={"until": "2024q4"})),
    "another's chip": ({}, one_offer(buyers=["rival"])),
    "commitment without a price": (
        {"commitments": [COMMITTED]}, one_offer(price_usd={"2025q1": 5}, lead_time_months=3),
    ),
    "rent begins too late": (
        {"commitments": [{**COMMITTED, "offer": "box.purchase"}]},
        one_offer(route="lease", term_months=12, price_usd=None, usd_per_accelerator_hour={"2025q2": 2}),
    ),
    "money of breaks by place": (
        {"sites": {"oslo": site(), "rome": site()},
         "limits": [{"name": "money", "measure": "spend_usd", "of": {"site": "oslo"}, "at_most": 1e6}]},
        one_offer(price_breaks=BREAKS),
    ),
    "out of proportion": ({"demand": {"d": {"workload": "training", "per_second": "1e-9"}}}, one_offer(divisible=True)),
    "a window without a period": ({"budget": {"opex_usd": {"2031": 5}}}, one_offer()),
    "a commitment after the horizon": ({"commitments": [{**COMMITTED, "period": "2026q1"}]}, one_offer()),
    "power without a tariff": ({"sites": {"oslo": site(electricity_usd_per_mwh={"2025q2": 5})}}, one_offer()),
}  # fmt: skip
LAWFUL: dict[str, tuple[Tree, Tree]] = {
    "plain": ({}, one_offer()),
    "infeasible": ({"sites": {"oslo": site("0.001")}}, one_offer()),
    "no buyer": ({"buyer": None}, one_offer()),
    "unmet": (
        {"demand": {"d": {**WORK, "unmet_usd_per_unit_hour": 1}}},
        one_offer(available={"until": "2024q4"}),
    ),
    "a floor over nothing": (
        {"limits": [{"name": "some", "measure": "systems", "of": {"offer": "box.purchase", "site": "rome"},
                     "at_least": 1}],
         "sites": {"oslo": site(), "rome": site()}, "demand": {"d": WORK},
         "offers": {"deny": ["box.purchase"]},
         "fleet": [{"system": "box", "site": "oslo", "count": 1}]},
        one_offer(),
    ),
    "committed": ({"commitments": [COMMITTED]}, one_offer()),
}  # fmt: skip


@pytest.mark.parametrize("name", [*REFUSED, *LAWFUL])
def test_check_and_plan_refuse_the_same(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In the same words; what is in order has a plan or is infeasible."""
    parts, known = {**REFUSED, **LAWFUL}[name]
    offers = {
        key: {k: v for k, v in terms.items() if v is not None} for key, terms in known["chip.yaml"]["offers"].items()
    }
    known = {**known, "chip.yaml": {**known["chip.yaml"], "offers": offers}}
    asked = {key: value for key, value in scenario(**parts).items() if value is not None}
    path = str(write(tmp_path, asked, known))
    checked, _, why = said(capsys, "check", path)
    planned, _, why_not = said(capsys, "plan", path)
    if name in REFUSED:
        assert (checked, planned) == (2, 2)
        assert why == why_not
    else:
        assert checked == 0
        assert planned in (0, 3)


# own quotes that are never used

STALE: dict[str, tuple[Tree, Tree, str]] = {
    "sold out": ({}, {"available": {"until": "2024q4"}}, "it cannot be ordered in time: orders open … to 2024q4"),
    "not yet sold": ({}, {"available": {"from": "2026q1"}}, "it cannot be ordered in time: orders open 2026q1 to …"),
    "no price yet": ({}, {"price_usd": {"2026q1": 5}}, "it has no price when it can be ordered"),
    "too late": ({}, {"lead_time_months": 24}, "nothing ordered in the horizon arrives in it: lead time 24 months"),
    "another's": ({}, {"buyers": ["rival"]}, "open only to rival (buyers)"),
    "evidence": ({"offers": {"basis": ["measured", "unsourced"]}}, {}, "is vendor, which is not accepted"),
    "no room": ({"sites": {"oslo": site("0.001")}}, {}, "no site, supply or work leaves room for one system"),
    "no work": ({"demand": {"d": {**WORK, "stacks": {"rocm": 0}}}}, {}, "none of the"),
}  # fmt: skip
OTHER = accelerator(
    "spare", {"spare_box": system()},
    {"spare.rent": {"system": "spare_box", "route": "on_demand", "host": "cloud", "usd_per_accelerator_hour": 2}},
    rates(training=400), stack="rocm",
)  # fmt: skip


def layered(folder: Path, parts: Tree, terms: Tree) -> Path:
    """A catalogue, and on top of it a quote for its purchase offer; what is spare can do the work too."""
    cited = {"cites": {"box.purchase": {"source": "hand", "basis": "vendor"}}}
    base = catalog({**one_offer()["chip.yaml"], **cited}, OTHER)
    path = write(folder, scenario(**{"catalogs": ["quotes", "own"], **parts}), base)
    (folder / "own").mkdir()
    quote = {"offers": {"box.purchase": {"price_usd": 250000, **terms}}, **cited, "sources": {"hand": {"title": "x"}}}
    (folder / "own" / "quote.yaml").write_text(as_yaml(quote))
    return path


@pytest.mark.parametrize("name", STALE)
def test_a_quote_that_is_never_used_is_said(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parts, terms, why = STALE[name]
    path = layered(tmp_path, parts, terms)
    code, out, err = said(capsys, "check", str(path))
    assert (code, out.count("with ")) == (0, 1), (out, err)
    found = [line for line in err.splitlines() if "own quote" in line and "box.purchase" in line]
    assert len(found) == 1, err
    assert found[0].startswith(f"{tmp_path}/own/quote.yaml:3:3: warning: the own quote box.purchase is never used: ")
    assert why in found[0]
    code, out, err = said(capsys, "plan", str(path))
    assert code == 0, err
    assert "the own quote box.purchase is never used: " in out + err


QUIET: dict[str, tuple[Tree, Tree]] = {
    "in use": ({}, {}),
    "denied": ({"offers": {"deny": ["box*"]}}, {}),
    "not allowed": ({"offers": {"allow": ["spare*"]}}, {}),
    "placed already": ({"commitments": [{**COMMITTED, "price_usd": 5}]}, {"available": {"until": "2024q4"}}),
}


@pytest.mark.parametrize("name", QUIET)
def test_a_quote_in_use_or_denied_is_not(name: str, tmp_path: Path) -> None:
    tables = build_tables(load_request(layered(tmp_path, *QUIET[name])))
    assert [doubt.text for doubt in doubts(tables) if doubt.about == "box.purchase"] == []


def test_a_bundled_offer_that_cannot_be_ordered_is_no_quote(tmp_path: Path) -> None:
    """Unless a folder or a setting changes it."""
    (tmp_path / "s.yaml").write_text("extends: quick_start\noffers: {allow: [dgx_*, gh200_*]}\n")
    dead = "gh200_server.purchase"
    tables = build_tables(load_request(tmp_path / "s.yaml"))
    assert dead in tables.excluded
    assert [doubt for doubt in doubts(tables) if isinstance(doubt.about, str)] == []
    tables = build_tables(load_request(tmp_path / "s.yaml", [f"catalog/offers/{dead}/software_usd_per_year=7"]))
    assert [doubt.about for doubt in doubts(tables) if isinstance(doubt.about, str)] == [dead]


# carbon that nobody counts

CLOUD: Tree = {
    "system": "box", "route": "on_demand", "host": "cloud", "usd_per_accelerator_hour": 2,
    "carbon_kg_per_accelerator_hour": "0.1",
}  # fmt: skip


def emitting(parts: Tree, hosted: Tree) -> tuple[Tree, Tree]:
    terms = {"box.purchase": {"system": "box", "route": "purchase", "price_usd": 3}, "box.rent": {**CLOUD, **hosted}}
    terms = {key: {k: v for k, v in offer.items() if v is not None} for key, offer in terms.items()}
    return scenario(**parts), catalog(accelerator("chip", {"box": system()}, terms, rates(training=400)))


def priced(price: Any, **fields: Any) -> Tree:
    return {"finance": {"residual": "none", "carbon_usd_per_t": price}, "sites": {"oslo": site(**fields)}}


def capped(**of: Any) -> Tree:
    return {"limits": [{"name": "co2", "measure": "carbon_t", "of": of, "at_most": 1000000}]}


PRICE = "carbon has a price, but that of oslo counts as 0: it has no carbon_kg_per_mwh"
CAP = "limit 'co2' measures carbon, but that of oslo counts as 0: it has no carbon_kg_per_mwh"
RENT = "that of box.rent counts as 0: it has no carbon_kg_per_accelerator_hour"
UNKNOWN: Tree = {"carbon_kg_per_accelerator_hour": None}
CARBON: dict[str, tuple[Tree, Tree, list[str]]] = {
    "a price": (priced(50), {}, [PRICE]),
    "a price from the second quarter on": (priced({"2025q2": 50}), {}, [PRICE]),
    "a price inside a quarter": (priced({"2025-06": 50}), {}, [PRICE]),
    "a price after the horizon": (priced({"2025q3": 50}), {}, []),
    "no price": (priced(0), {}, []),
    "a clean site": (priced(50, carbon_kg_per_mwh=0), {}, []),
    "a known site": (priced(50, carbon_kg_per_mwh=300), {}, []),
    "known too late": (priced(50, carbon_kg_per_mwh={"2025q2": 300}), {}, [f"{PRICE} before 2025q2"]),
    "known in time": (priced({"2025q2": 50}, carbon_kg_per_mwh={"2025q2": 300}), {}, []),
    "hosted": (priced(50, carbon_kg_per_mwh=1), UNKNOWN, [f"carbon has a price, but {RENT}"]),
    "both": (priced(50), UNKNOWN, [f"carbon has a price, but {RENT}", PRICE]),
    "a cap": (capped(), {}, [CAP]),
    "a cap here": (capped(site="oslo"), UNKNOWN, [CAP]),
    "a cap of a vendor": (capped(vendor="acme", site="each"), {}, [CAP]),
    "a cap there": (capped(host="cloud"), UNKNOWN, [f"limit 'co2' measures carbon, but {RENT}"]),
    "a cap of an offer": (capped(offer="box.purchase"), UNKNOWN, [CAP]),
    "a price and a cap": ({**priced(50), **capped(route="purchase")}, {}, [PRICE, CAP]),
}  # fmt: skip


@pytest.mark.parametrize("name", CARBON)
def test_carbon_that_counts_as_nothing_is_said(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parts, hosted, expected = CARBON[name]
    path = write(tmp_path, *emitting(parts, hosted))
    found = [doubt.text for doubt in doubts(build_tables(load_request(path))) if "counts as 0" in doubt.text]
    assert sorted(found) == sorted(expected)
    code, _, err = said(capsys, "check", str(path))
    lines = [line for line in err.splitlines() if "counts as 0" in line]
    assert (code, len(lines)) == (0, len(expected))
    assert all(": warning: " in line and line.startswith(str(tmp_path)) for line in lines), lines


def test_a_plan_is_warned_of_what_it_uses_alone(tmp_path: Path) -> None:
    """The hall is cheaper than the cloud, and the cloud is all there is without a hall."""
    dear = {**UNKNOWN, "usd_per_accelerator_hour": 9000}
    asked, known = emitting(priced(50), dear)
    here = [text for text in plan(tmp_path / "here", asked, known).warnings if "counts as 0" in text]
    assert here == [PRICE]
    asked, known = emitting({**priced(50), "offers": {"deny": ["box.purchase"]}}, UNKNOWN)
    there = [text for text in plan(tmp_path / "there", asked, known).warnings if "counts as 0" in text]
    assert there == [f"carbon has a price, but {RENT}"]


def test_a_fleet_alone_emits(tmp_path: Path) -> None:
    parts = {**priced(50), "fleet": [{"system": "box", "site": "oslo", "count": 4}], "offers": {"deny": ["*.purchase"]}}
    asked, known = emitting(parts, {})
    assert PRICE in plan(tmp_path, asked, known).warnings


# nobody's plan


def test_a_scenario_without_a_buyer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Open to it is what is open to anyone: the dear offer, since the cheap one is somebody's own."""
    terms: Tree = {"system": "box", "route": "purchase"}
    offers = {"box.own": {**terms, "price_usd": 5, "buyers": ["acme"]}, "box.any": {**terms, "price_usd": 500}}
    known = catalog(accelerator("chip", {"box": system()}, offers, rates(training=400)))
    asked = {key: value for key, value in scenario().items() if key != "buyer"}
    found = plan(tmp_path, asked, known)
    assert {order.offer for order in found.orders} == {"box.any"}
    assert "buyer" not in found.scenario
    assert {row.offer: row.reason for row in found.excluded} == {"box.own": "open only to acme (buyers)"}
    workbook = tmp_path / "p.xlsx"
    code, out, _ = said(capsys, "plan", str(tmp_path / "scenario.yaml"), "-o", str(workbook))
    assert code == 0
    assert out.startswith("test · 2025q1 to 2025q2\n")
    for words in (("plan", str(workbook)), ("workbook", "check", str(workbook)), ("check", str(tmp_path))):
        assert said(capsys, *words)[0] == 0
