"""Slips of a unit in a catalogue: most are told, wherever they are made, and nothing that ships looks like one."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from builders import as_yaml

from catalogs.figures_of import every_figure
from catalogs.load import Known, bundled_folder, checked_catalog, doubtful, merge_folders
from catalogs.problems import InputError, Location, Problems
from catalogs.slips import chips, doubtful_figures, prices, rates, replaced, slip, systems
from catalogs.yaml_text import Map, Seq, Text
from cli.main import run
from optimizer.audit import audit
from optimizer.planning import make_plan
from optimizer.request.load import bundled_scenarios, load_request
from optimizer.solving.solution import Options
from optimizer.workbook.language.wording import Wording

HERE = Location("slip.yaml", 1, 1)


class Made(NamedTuple):
    """A slip: where it is made, by which factor a figure is off or what stands there, and what is said of it."""

    path: str
    wrong: Any
    says: str = ""


H100, DGX, BUY, RENT, TERM = (
    "accelerators/h100_sxm", "systems/dgx_h100", "offers/dgx_h100.purchase", "offers/dgx_h100.on_demand",
    "offers/dgx_h100.reservation_36",
)  # fmt: skip
SLIPS = {
    "power of a chip in kW": Made(f"{H100}/tdp_w", 1e-3, "kW instead of W?"),
    "power of a server for that of a chip": Made(f"{H100}/tdp_w", 8, "a whole system instead of one accelerator?"),
    "memory in TB": Made(f"{H100}/memory_gb", 1e-3, "TB instead of GB?"),
    "memory in MB": Made(f"{H100}/memory_gb", 1024, "MB instead of GB?"),
    "memory of a server": Made(f"{H100}/memory_gb", 8, "a whole system instead of one accelerator?"),
    "bandwidth in GB/s": Made(f"{H100}/memory_bandwidth_tb_s", 1e3, "GB/s instead of TB/s?"),
    "bandwidth in Gbit/s": Made(f"{H100}/memory_bandwidth_tb_s", 8e3, "Gbit/s instead of TB/s?"),
    "bandwidth of a server": Made(f"{H100}/memory_bandwidth_tb_s", 8, "a whole system instead of one accelerator?"),
    "peaks in PFLOP/s": Made(f"{H100}/peak_tflops", 1e-3, "PFLOP/s instead of TFLOP/s?"),
    "a sparse peak in one precision": Made(f"{H100}/peak_tflops/fp8", 2, "with sparsity instead of dense?"),
    "a sparse peak in the coarsest": Made(f"{H100}/peak_tflops/bf16", 2, "with sparsity instead of dense?"),
    "sparse peaks": Made(f"{H100}/peak_tflops", 2, "with sparsity instead of dense?"),
    "peaks of a server": Made(f"{H100}/peak_tflops", 8, "a whole system instead of one accelerator?"),
    "wafers the other way round": Made(f"{H100}/draws/cowos_wafers", 1 / 0.0351**2),
    "stacks of a server": Made(f"{H100}/draws/hbm_stacks", 8, "a whole system instead of one accelerator?"),
    "GB for stacks": Made(f"{H100}/draws/hbm_stacks", 16),
    "provisioned power in W": Made(f"{DGX}/provisioned_kw", 1e3, "W instead of kW?"),
    "provisioned power of a chip": Made(f"{DGX}/provisioned_kw", 1 / 8),
    "average power in W": Made(f"{DGX}/average_kw", 1e3),
    "average power of a chip": Made(f"{DGX}/average_kw", 1 / 8, "one accelerator instead of a whole system?"),
    "accelerators of a rack": Made(f"{DGX}/accelerators", 4),
    "systems of a rack": Made(f"{DGX}/racks", 16, "systems of a rack instead of racks of a system?"),
    "rack units": Made(f"{DGX}/racks", 32),
    "a price per chip": Made(f"{BUY}/price_usd", 1 / 8, "one accelerator instead of a whole system?"),
    "a price in thousands": Made(f"{BUY}/price_usd", 1e-3, "thousands of USD instead of USD?"),
    "a price in cents": Made(f"{BUY}/price_usd", 100, "cents instead of USD?"),
    "a price in yen": Made(f"{BUY}/price_usd", 150, "yen instead of USD?"),
    "a network per chip": Made(f"{BUY}/network_usd", 1 / 8, "one accelerator instead of a whole system?"),
    "a lead time in days": Made(f"{BUY}/lead_time_months", 30, "days instead of months?"),
    "a lead time in weeks": Made(f"{BUY}/lead_time_months", 26 / 6, "weeks instead of months?"),
    "a rent per server": Made(f"{RENT}/usd_per_accelerator_hour", 8, "a whole system instead of one accelerator?"),
    "a rent per server for a term": Made(f"{TERM}/usd_per_accelerator_hour", 8),
    "a rent per month": Made(f"{RENT}/usd_per_accelerator_hour", 730, "a month instead of an hour?"),
    "a rent per day": Made(f"{RENT}/usd_per_accelerator_hour", 24, "a day instead of an hour?"),
    "a rent in cents": Made(f"{TERM}/usd_per_accelerator_hour", 100),
    "a term in years": Made(f"{TERM}/term_months", 1 / 12, "years instead of months?"),
    "a term in days": Made(f"{TERM}/term_months", 30, "days instead of months?"),
    "carbon in g": Made(f"{RENT}/carbon_kg_per_accelerator_hour", 1e3, "g instead of kg?"),
    "a rate per server": Made("throughput/h100_sxm/llm_serving_70b", 8, "a whole system instead of one accelerator?"),
    "a rate per minute": Made("throughput/mi300x/llm_serving_70b", 60, "a minute instead of a second?"),
    "dates the other way round": Made(
        f"{BUY}/available", {"from": "2026q4", "until": "2022q3"}, "the other way round?",
    ),
}  # fmt: skip
NOT_SEEN = {"sparse peaks"}
"""Where it replaces nothing: nothing tells a chip whose every peak is sparse from a better one."""
REFUSED = {"peaks in PFLOP/s", "provisioned power of a chip", "average power in W", "a term in days"}
"""They are mistakes, not only doubtful."""


@cache
def bundled() -> Map:
    problems = Problems()
    text = merge_folders([bundled_folder()], problems)
    assert not problems
    return text


def changed(value: Any, wrong: Any) -> Any:
    """A figure, a schedule, a mapping or a list of points off by a factor; or what stands in its place."""
    if isinstance(wrong, dict):
        return {key: Text(text, HERE) for key, text in wrong.items()}
    if isinstance(value, dict):
        return {key: changed(one, wrong) if _moves(key, value) else one for key, one in value.items()}
    if isinstance(value, list):
        return [changed(one, wrong) for one in value]
    number = float(value) * wrong
    whole = number >= 1000 or (str(value).isdecimal() and number >= 1)
    return Text(str(round(number)) if whole else f"{number:.6g}", HERE)


def _moves(key: str, among: dict[str, Any]) -> bool:
    return key == "rate" or "rate" not in among


def overlay(name: str) -> dict[str, Any]:
    """The few lines of a folder of one's own that make the slip."""
    section, entry, field, *below = SLIPS[name].path.split("/")
    value = bundled()[section][entry][field]
    for key in below:
        value = value[key]
    new = changed(value, SLIPS[name].wrong)
    tree = {below[0]: new} if below else new
    if section == "throughput":
        return {"accelerator": {"id": entry}, "throughput": {field: tree}}
    if section == "accelerators":
        return {"accelerator": {"id": entry, field: tree}}
    return {section: {entry: {field: tree}}}


def told_of_overlay(name: str, folder: Path) -> list[str]:
    """What `check` says of a folder with a slip on top of the bundled catalogue."""
    (folder / "slip.yaml").write_text(as_yaml(overlay(name)))
    try:
        return [one.message for one in doubtful([bundled_folder(), folder])]
    except InputError as error:
        return [one.message for one in error.problems]


def told_of_file(name: str) -> list[str]:
    """What is said where the figure stands in the file itself, so that there is nothing that it replaces."""
    section, entry, field, *below = SLIPS[name].path.split("/")
    text = copied(bundled())
    place = text[section][entry] if not below else text[section][entry][field]
    key = below[0] if below else field
    place.put(key, as_text(changed(place[key], SLIPS[name].wrong)), HERE)
    problems = Problems()
    known: Known = checked_catalog(text, problems)
    if known.catalog is None or problems:
        return [one.message for one in problems]
    own = frozenset({(section, entry, field)})
    return [one.text for one in doubtful_figures(known.catalog, known.text, own)]


def copied(tree: Any) -> Any:
    if isinstance(tree, Map):
        new = Map(tree.at)
        for key, value in tree.items():
            new.put(key, copied(value), tree.key_at[key])
        return new
    return tree


def as_text(tree: Any) -> Any:
    if isinstance(tree, dict):
        new = Map(HERE)
        for key, value in tree.items():
            new.put(key, as_text(value), HERE)
        return new
    if isinstance(tree, list):
        items = Seq(HERE)
        items.extend(as_text(item) for item in tree)
        items.item_at = [HERE] * len(items)
        return items
    return tree


@pytest.mark.parametrize("name", SLIPS)
def test_a_slip_in_a_quote_is_told_with_what_may_be_meant(name: str, tmp_path: Path) -> None:
    told = told_of_overlay(name, tmp_path)
    assert told
    if name not in REFUSED:
        assert SLIPS[name].says in told[0]


def test_most_slips_are_told_in_a_file_of_its_own_too() -> None:
    """36 of 41 are asked for."""
    assert len(SLIPS) == 41
    assert {name for name in SLIPS if not told_of_file(name)} == NOT_SEEN


def test_nothing_that_ships_looks_like_a_slip() -> None:
    known = checked_catalog(bundled(), Problems())
    assert known.catalog is not None
    found = doubtful_figures(known.catalog, known.text, every_figure(known.text))
    assert [one.text for one in found if one.about is not None] == []


@pytest.mark.parametrize("name", sorted(bundled_scenarios()))
def test_no_bundled_scenario_has_a_doubtful_figure(name: str) -> None:
    assert load_request(bundled_scenarios()[name]).doubtful == ()


QUOTES = {
    "a quarter off": {"price_usd": {"2025q4": 214500}, "lead_time_months": 3, "network_usd": 40000},
    "dearer and later": {"price_usd": {"2025q4": 420000}, "lead_time_months": 12, "deposit_share": "0.5"},
    "by volume": {"price_breaks": {"kind": "all_units", "steps": [{"from_systems": 100, "factor": "0.85"}]}},
}


@pytest.mark.parametrize("terms", QUOTES.values(), ids=QUOTES)
def test_a_quote_that_may_well_be_is_let_pass(terms: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "quote.yaml").write_text(as_yaml({"offers": {"dgx_h100.purchase": terms}}))
    assert doubtful([bundled_folder(), tmp_path]) == []


OTHERS = {
    "a discount": (
        {"offers": {"dgx_h100.purchase": {"price_breaks": {
            "kind": "all_units", "steps": [{"from_systems": 9, "factor": "0.07"}]}}}},
        "price_breaks of dgx_h100.purchase looks like a slip: from 9 systems on each costs 0.07 times the price",
    ),
    "a stack": ({"accelerator": {"id": "mi300x", "stack": "rocmm"}}, "has the stack rocmm; did you mean rocm?"),
    "a year": (
        {"offers": {"dgx_h100.purchase": {"price_usd": {"1925q4": 286000}}}}, "1925q4 is no year of these machines",
    ),
    "a term for less": (
        {"offers": {"dgx_h100.on_demand": {"usd_per_accelerator_hour": "0.9"}}},
        "usd_per_accelerator_hour of dgx_h100.on_demand looks like a slip: dgx_h100.on_demand costs 0.2 times the "
        "rent of dgx_h100.reservation, whose term is longer: a rent of another unit?",
    ),
    "a short term": (
        {"offers": {"dgx_h100.google_reservation": {"term_months": 5}}}, None,
    ),
    "half a server's rate": (
        {"accelerator": {"id": "h200_sxm"}, "throughput": {"llm_serving_70b": {"rate": 17000, "precision": "fp8"}}},
        "17,000 is 4.3 times what others of its maker and time do with such a peak and bandwidth, about 3,950",
    ),
    "a design in millions": ({"accelerator": {"id": "maia_200", "one_off": {"usd": 250}}}, "millions of USD instead"),
}  # fmt: skip


@pytest.mark.parametrize(("tree", "says"), OTHERS.values(), ids=OTHERS)
def test_other_slips(tree: dict[str, Any], says: str | None, tmp_path: Path) -> None:
    (tmp_path / "quote.yaml").write_text(as_yaml(tree))
    told = [one.message for one in doubtful([bundled_folder(), tmp_path])]
    assert len(told) == (0 if says is None else 1)
    assert says is None or says in told[0]


SCENARIO = """\
name: small
catalogs: [bundled, ./own]
horizon: {start: 2026q1, periods: 4}
sites: {hall: {power_mw: 2, pue: 1.2, electricity_usd_per_mwh: 75}}
demand: {training: {workload: llm_training, per_second: {2026q4: 20000}}}
offers: {allow: [dgx_h100.purchase]}
"""
PER_CHIP = "offers:\n  dgx_h100.purchase:\n    price_usd: {2025q4: 35750}\n"
ELSEWHERE = "  dgx_h200.purchase:\n    price_usd: {2025q4: 323}\n  dgx_b200.purchase: {lead_time_months: 180}\n"


def scenario_with(folder: Path, quote: str) -> Path:
    (folder / "own").mkdir()
    (folder / "own" / "quote.yaml").write_text(quote)
    (folder / "small.yaml").write_text(SCENARIO)
    return folder / "small.yaml"


def test_check_tells_all_and_a_plan_what_touches_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = scenario_with(tmp_path, PER_CHIP + ELSEWHERE)
    assert run(["check", str(path)]) == 0
    told = capsys.readouterr().err
    quote = f"{tmp_path}/own/quote.yaml"
    price = "price_usd of dgx_h100.purchase looks like a slip: 35,750 is 0.12 times what it replaces, about 286,000"
    assert f"{quote}:3:5: warning: {price}: one accelerator instead of a whole system?" in told
    assert "price_usd of dgx_h200.purchase looks like a slip" in told
    assert "lead_time_months of dgx_b200.purchase looks like a slip: 180 is 30 times" in told
    made = make_plan(load_request(path), Options()).plan
    assert {order.offer for order in made.orders} == {"dgx_h100.purchase"}
    slips = [text for text in made.warnings if "looks like a slip" in text]
    assert slips == [f"{price}: one accelerator instead of a whole system?"]
    assert made.audit.ok
    assert run(["plan", str(path), "--json", str(tmp_path / "plan.json"), "-o", str(tmp_path / "plan.xlsx")]) == 0
    for name in ("plan.json", "plan.xlsx"):
        assert run(["compare", str(tmp_path / name), str(tmp_path / "plan.json")]) == 0, "it comes back"
    capsys.readouterr()
    tree = json.loads((tmp_path / "plan.json").read_text())
    other = "tdp_w of nobody looks like a slip: 8 is 2 times what it replaces, about 4: check its unit?"
    assert not audit({**tree, "warnings": [*tree["warnings"], other]}).ok, "there is no such figure"


def test_what_is_asked_on_the_command_line_is_meant(tmp_path: Path) -> None:
    path = scenario_with(tmp_path, "{}")
    assert load_request(path, ["catalog/offers/dgx_h100.purchase/price_usd=35750"]).doubtful == ()


def test_every_phrase_has_a_reason_and_japanese() -> None:
    rules = (*chips.RULES, *systems.RULES, *prices.RULES)
    assert all(rule.why and rule.low <= rule.usual <= rule.high for rule in rules)
    phrases = {rule.against for rule in rules} | {
        rates.AGAINST,
        replaced.AGAINST,
        slip.UNKNOWN,
        slip.WHOLE,
        slip.SINGLE,
    }
    phrases |= {words for known in slip.SLIPS.values() for words in known.values()}
    japanese = Wording("ja", ["h100_sxm", "dgx_h100.purchase"], ["price_usd"])
    for phrase in phrases:
        assert japanese.say(phrase) != phrase
        told = f"price_usd of dgx_h100.purchase looks like a slip: 8 is 2 times {phrase}, about 4: {slip.UNKNOWN}?"
        assert japanese.say(told)
