"""Bad input: every mistake at its character, all at once, and nothing but InputError for any text."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from builders import Tree, accelerator, catalog, load, one_offer, plan, rates, scenario, site, system, write
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogs.file_text import LARGEST_FILE_BYTES
from catalogs.periods import value_at
from catalogs.problems import InputError
from catalogs.yaml_text import parse
from optimizer.request.load import load_request
from optimizer.tables import build_tables

CHIP = """\
accelerator: {id: chip, name: Chip 1.10, vendor: acme, kind: gpu, stack: cuda, peak_tflops: {bf16: 500}}
systems:
  box: {name: a box, accelerators: 8, provisioned_kw: 10, average_kw: 7, cooling: air, racks: 1}
offers:
  box.buy:
    system: box
    route: purchase
    price_usd: {2025q1: 300e3, 2025-06: 250000.50}
    lead_time_months: 3
  box.rent: {system: box, route: on_demand, host: cloud, usd_per_accelerator_hour: 2}
throughput:
  training: {rate: 400, precision: bf16, basis: measured, source: hand}
workloads:
  training: {unit: TFLOP/s, phase: training, describes: work}
pools:
  wafers: {unit: wafer, describes: packaging, forecasts: {survey: {2025: 1e3}}}
sources:
  hand: {title: made by hand}
"""
ASKED = """\
name: no
buyer: acme
catalogs: [quotes]
horizon: {start: 2026q1, periods: 2}
finance: {discount_rate: 0.08}
sites:
  oslo: {power_mw: 1, pue: 1.2, electricity_usd_per_mwh: 50}
demand:
  train: {workload: training, per_second: 1e3}
fleet:
  - {system: box, site: oslo, count: 3}
commitments:
  - {offer: box.buy, site: oslo, period: 2026q1, systems: 2, price_usd: 1}
budget:
  capex_usd: {2026: 1e9}
"""


def problems(folder: Path, asked: str = ASKED, chip: str = CHIP) -> list[str]:
    """Every problem as `file:line:column: message`, the file by its last name. Fails where there is none."""
    (folder / "quotes").mkdir(exist_ok=True)
    (folder / "quotes" / "chip.yaml").write_text(chip, encoding="utf-8")
    path = folder / "s.yaml"
    path.write_text(asked, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        build_tables(load_request(path))
    return [str(problem).replace(str(folder), "").lstrip("/") for problem in caught.value.problems]


def changed(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the text"
    return text.replace(old, new)


# what stands in the text, what to write instead with a § before the character that the message must point
# to (none: anywhere), and what the message must say
SCENARIO_MISTAKES = [
    ("pue: 1.2", "pue: §0.9", "sites.oslo.pue must be at least 1 (got 0.9)"),
    ("pue: 1.2", "pue: 1.2, peak_pue: §1.1", "sites.oslo.peak_pue must be at least pue"),
    ("pue: 1.2", "§pu: 1.2", "sites.oslo.pu: unknown key 'pu'; did you mean 'pue'?"),
    ("power_mw: 1,", "", "sites.oslo.power_mw is missing"),
    ("power_mw: 1,", "power_mw: §-1,", "sites.oslo.power_mw must be at least 0 (got -1)"),
    ("power_mw: 1,", "power_mw: §.nan,", "sites.oslo.power_mw"),
    ("power_mw: 1,", "power_mw: §NaN,", "sites.oslo.power_mw"),
    ("power_mw: 1,", "power_mw: §inf,", "sites.oslo.power_mw"),
    ("power_mw: 1,", "power_mw: §-Infinity,", "sites.oslo.power_mw"),
    ("power_mw: 1,", "§power_mw: {},", "sites.oslo.power_mw"),
    ("power_mw: 1,", "§power_mw: [1],", "sites.oslo.power_mw"),
    ("power_mw: 1,", "power_mw: §1 MW,", "sites.oslo.power_mw"),
    ("power_mw: 1,", "power_mw: {§2026q5: 1},", "sites.oslo.power_mw.2026q5 '2026q5' is not a period"),
    ("power_mw: 1,", "power_mw: {2026: 1, 2026q1: 2},", "'2026' and '2026q1' start in the same month"),
    ("power_mw: 1,", "power_mw: {2026q2: 1, 2026-04: 2},", "'2026q2' and '2026-04' start in the same month"),
    ("electricity_usd_per_mwh: 50", "electricity_usd_per_mwh: {2026q2: 50}", "begins after the site has power"),
    ("oslo: {power", "§cloud: {power", "sites.cloud: 'cloud' is the name of a host in the catalogue"),
    ("start: 2026q1", "start: §26q1", "horizon.start '26q1' is not a period"),
    ("periods: 2", "periods: §0", "horizon.periods"),
    ("periods: 2", "periods: §2.5", "horizon.periods must be a whole number (got 2.5)"),
    ("discount_rate: 0.08", "discount_rate: §8 %", "finance.discount_rate"),
    ("discount_rate: 0.08", "discount_rate: 0.08, maintenance_share: §1.5", "finance.maintenance_share"),
    ("discount_rate: 0.08", "discount_rate: 0.08, residual: §some", "finance.residual"),
    ("discount_rate: 0.08", "discount_rate: 0.08, fiscal_year_starts: §13", "finance.fiscal_year_starts"),
    ("catalogs: [quotes]", "catalogs: [quotes, §qoutes]", "catalogs: there is no folder 'qoutes'"),
    ("workload: training", "workload: §trainig", "demand.train.workload: there is no workload 'trainig'; did you mean"),
    ("per_second: 1e3", "per_second: 1e3, sites: [§olso]", "demand.train.sites.0: there is no site or host 'olso'"),
    ("per_second: 1e3", "per_second: 1e3, stacks: {§rocm: 0}", "demand.train.stacks.rocm: there is no stack 'rocm'"),
    ("system: box, site: oslo, count", "system: §bx, site: oslo, count", "fleet.0.system: there is no system 'bx'"),
    ("count: 3", "count: §-3", "fleet.0.count"),
    ("site: oslo, count", "site: §cloud, count", "fleet.0.site: there is no site 'cloud'"),
    ("offer: box.buy", "offer: §box.bye", "commitments.0.offer: there is no offer 'box.bye'; did you mean 'box.buy'?"),
    ("period: 2026q1, systems", "period: §2027q1, systems", "commitments.0.period: '2027q1' is not a period of"),
    ("period: 2026q1, systems", "period: §2026-01, systems", "commitments.0.period: '2026-01' is not a period of the"),
    ("offer: box.buy, site: oslo", "offer: box.rent, site: cloud", "commitments.0.price_usd has no meaning"),
    ("offer: box.buy, site: oslo", "offer: box.rent, site: oslo", "commitments.0.site must be 'cloud', the host of"),
    ("offer: box.buy, site: oslo", "offer: box.buy, site: cloud", "commitments.0.site must be one of our sites"),
    ("{2026: 1e9}", "{§2027: 1e9}", "budget.capex_usd.2027: window '2027' holds no period of the horizon"),
    ("{2026: 1e9}", "{§soon: 1e9}", "budget.capex_usd.soon"),
    ("{2026: 1e9}", "{§2026q2..2026q1: 1e9}", "budget.capex_usd.2026q2..2026q1: window"),
    ("buyer: acme", "buyer: acme\n§buyer: meta", "duplicate key 'buyer' (first at line 2)"),
    ("buyer: acme", "buyer: §Acme Inc", "buyer does not have the form"),
    ("buyer: acme", "§<<: {buyer: acme}", "merge keys ('<<') are not read"),
    ("buyer: acme", "? §[a, b]\n: c", "a key must be a plain word"),
    ("buyer: acme", "buyer: §\"ac\\u0007me\"", "contains a control character"),
    ("buyer: acme", "buyer: §&a [*a]", "an alias contains itself"),
    ("buyer: acme", "buyer: [acme", "is not valid YAML"),
    ("buyer: acme", "buyer: §*nobody", "is not valid YAML"),
    ("buyer: acme", "buyer: acme\noffers: {deny: [§h2*]}", "offers.deny.0: 'h2*' matches no accelerator"),
    ("buyer: acme", "buyer: acme\noffers: {basis: [§guessed]}", "offers.basis.0 must be 'measured', 'vendor', 'quo"),
    ("buyer: acme", "buyer: acme\nsupply_per_month: {§chop: 1}", "supply_per_month.chop: there is no accelerator"),
    ("buyer: acme", "buyer: acme\npools_per_month: {§wafer: 1}", "pools_per_month.wafer: there is no pool 'wafer'"),
    ("buyer: acme", "buyer: acme\npools_per_month: {wafers: {forecast: srvey, share: 1}}", "no forecast 'srvey'"),
    ("buyer: acme", "buyer: acme\ncurrency: {code: §usd}", "currency.code does not have the form"),
    ("buyer: acme", "buyer: acme\nassumptions: {availability: §0}", "assumptions.availability"),
    ("price_usd: 1}", "}\nfinance: {}", "duplicate key 'finance'"),
]  # fmt: skip

CATALOG_MISTAKES = [
    ("price_usd: {2025q1: 300e3, 2025-06: 250000.50}", "price_usd: §0", "offers.box.buy.price_usd is zero; write free"),
    ("2025q1: 300e3", "2025q1: §0.00", "offers.box.buy.price_usd.2025q1 is zero"),
    ("2025q1: 300e3", "2025q1: §-5", "offers.box.buy.price_usd.2025q1 must be at least 0 (got -5)"),
    ("usd_per_accelerator_hour: 2", "usd_per_accelerator_hour: §0", "offers.box.rent.usd_per_accelerator_hour is zero"),
    ("average_kw: 7", "average_kw: §11", "systems.box.average_kw must not exceed provisioned_kw (11 > 10)"),
    ("provisioned_kw: 10", "provisioned_kw: 0", "systems.box.provisioned_kw"),
    ("accelerators: 8", "accelerators: §0", "systems.box.accelerators"),
    ("cooling: air", "cooling: §water", "systems.box.cooling must be 'air' or 'liquid' (got water)"),
    ("rate: 400", "rate: §501", "throughput.chip.training.rate exceeds the bf16 peak of chip (501 > 500 TFLOP/s)"),
    ("rate: 400", "rate: {2025: 400, 2026: 600}", "throughput.chip.training.rate.2026 exceeds the bf16 peak"),
    ("rate: 400", "rate: §0", "throughput.chip.training.rate is zero"),
    ("source: hand", "source: §hnd", "throughput.chip.training.source: there is no source 'hnd'; did you mean 'hand'?"),
    ("basis: measured", "basis: guess", "throughput.chip.training.basis"),
    ("    system: box\n", "    system: §bax\n", "offers.box.buy.system: there is no system 'bax'"),
    ("route: purchase", "route: §purchas", "offers.box.buy.route must be"),
    ("route: purchase", "route: lease", "offers.box.buy.usd_per_accelerator_hour is missing; route lease needs it"),
    ("route: purchase", "route: purchase\n    §host: cloud", "offers.box.buy.host has no meaning for route purchase"),
    ("host: cloud, ", "", "offers.box.rent.host is missing; route on_demand needs it"),
    ("host: cloud, ", "host: cloud, §term_months: 3, ", "offers.box.rent.term_months has no meaning for route"),
    ("host: cloud, ", "host: cloud, §deposit_share: 0.1, ", "offers.box.rent.deposit_share has no meaning"),
    ("lead_time_months: 3", "lead_time_months: §3.5", "offers.box.buy.lead_time_months must be a whole number"),
    ("lead_time_months: 3", "§lead_time_quarters: 1", "unknown key 'lead_time_quarters'; did you mean"),
    ("lead_time_months: 3", "deposit_share: §1.1", "offers.box.buy.deposit_share"),
    ("lead_time_months: 3", "divisible: §yes", "offers.box.buy.divisible must be 'true' or 'false' (got yes)"),
    ("lead_time_months: 3", "buyers: §meta", "offers.box.buy.buyers must be a list"),
    ("kind: gpu", "kind: §cpu", "accelerators.chip.kind must be 'gpu' or 'asic' (got cpu)"),
    ("id: chip", "id: §H100-SXM", "accelerators.H100-SXM.id does not have the form"),
    ("id: chip, ", "", "accelerator.id is missing"),
    ("stack: cuda", "stack: cuda, draws: {§hbm: 1}", "accelerators.chip.draws.hbm: there is no pool 'hbm'"),
    ("sources:", "cites: {§chop.price: {source: hand, basis: vendor}}\nsources:", "cites.chop.price: names no"),
    ("sources:", "§source:", "unknown key 'source'; did you mean 'sources'?"),
    ("phase: training", "phase: §dreaming", "workloads.training.phase"),
]  # fmt: skip


def test_the_text_without_mistakes_is_read(tmp_path: Path) -> None:
    """Else the tests below could pass for another reason."""
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        problems(tmp_path)


def mistakes(entries: list[tuple[str, str, str]]) -> list[Any]:
    return [pytest.param(*entry, id=entry[1] or entry[0]) for entry in entries]


def check_mistake(found: list[str], file: str, text: str, expected: str) -> None:
    """`text` has a § before the character that one of the problems must point to."""
    assert any(expected in problem for problem in found), found
    before, mark, _ = text.partition("§")
    if mark:
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        at = f"{file}:{line}:{column}: "
        assert any(problem.startswith(at) and expected in problem for problem in found), (at, found)


@pytest.mark.parametrize(("old", "new", "expected"), mistakes(SCENARIO_MISTAKES))
def test_mistake_in_a_scenario(tmp_path: Path, old: str, new: str, expected: str) -> None:
    text = changed(ASKED, old, new)
    check_mistake(problems(tmp_path, asked=text.replace("§", "")), "s.yaml", text, expected)


@pytest.mark.parametrize(("old", "new", "expected"), mistakes(CATALOG_MISTAKES))
def test_mistake_in_a_catalogue(tmp_path: Path, old: str, new: str, expected: str) -> None:
    text = changed(CHIP, old, new)
    check_mistake(problems(tmp_path, chip=text.replace("§", "")), "quotes/chip.yaml", text, expected)


def test_ten_mistakes_in_each_file_come_at_once(tmp_path: Path) -> None:
    """Ten replacements that do not touch each other, in the catalogue and in the scenario."""
    in_catalog = [CATALOG_MISTAKES[i] for i in (1, 3, 4, 7, 8, 11, 13, 22, 25, 31)]
    parts = ("pue: §0.9", "power_mw: §-1,", "periods: §2.5", "discount_rate: §8 %", "workload: §trainig",
             "system: §bx, ", "count: §-3", "offer: §box.bye", "{§2027: 1e9}", "buyer: §Acme Inc")  # fmt: skip
    in_scenario = [entry for entry in SCENARIO_MISTAKES if entry[1].startswith(parts)]
    assert len(in_catalog) == len(in_scenario) == 10
    chip, asked = CHIP, ASKED
    for old, new, _ in in_catalog:
        chip = changed(chip, old, new.replace("§", ""))
    for old, new, _ in in_scenario:
        asked = changed(asked, old, new.replace("§", ""))
    # nothing can be said of a window while the horizon is broken
    in_scenario = [entry for entry in in_scenario if "2027" not in entry[1]]
    found = "\n".join(problems(tmp_path, asked, chip))
    for _, _, expected in in_catalog + in_scenario:
        assert expected in found, (expected, found)


def test_problems_are_in_order_and_said_once(tmp_path: Path) -> None:
    found = problems(tmp_path, changed(changed(ASKED, "pue: 1.2", "pue: 0.9"), "count: 3", "count: -3"))
    assert len(found) == len(set(found)) == 2
    assert [problem.split(":")[1] for problem in found] == ["7", "11"]


# what scalars mean


def test_scalars_mean_what_they_look_like(tmp_path: Path) -> None:
    (tmp_path / "quotes").mkdir()
    (tmp_path / "quotes" / "chip.yaml").write_text(CHIP)
    (tmp_path / "s.yaml").write_text(ASKED)
    request = load_request(tmp_path / "s.yaml")
    assert request.scenario.name == "no"
    assert request.catalog.accelerators["chip"].name == "Chip 1.10"
    assert request.scenario.budget.capex_usd == {"2026": Decimal("1e9")}
    assert request.scenario.demand["train"].per_second == Decimal(1000)
    assert request.scenario.horizon.start == "2026q1"
    price = request.catalog.offers["box.buy"].price_usd
    assert isinstance(price, dict)
    # decimals keep every digit; a value holds from its first month on: 2025q1 from January, 2025-06 from June
    assert str(price["2025-06"]) == "250000.50"
    assert [value_at(price, 12 * 2025 + month) for month in (-1, 0, 4, 5)] == [
        None, Decimal("300e3"), Decimal("300e3"), Decimal("250000.50"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "meant"),
    [("no", "no"), ("1e9", "1e9"), ("1.10", "1.10"), ("2026q1", "2026q1"), ("12:30:45", "12:30:45"), ("010", "010"),
     ("2026-01-01", "2026-01-01"), ("'~'", "~"), ("on", "on"), (".5", ".5"), ("'null'", "null")],
)  # fmt: skip
def test_scalar_text(text: str, meant: str) -> None:
    assert parse(f"key: {text}\n", "f")["key"] == meant


@pytest.mark.parametrize("text", ["null", "~", ""])
def test_null_is_nothing(text: str) -> None:
    assert parse(f"key: {text}\n", "f")["key"] is None


def test_the_nulls_of_the_format_are_read(tmp_path: Path) -> None:
    """Both stand so in the example of the format."""
    demand = {"train": {"workload": "training", "per_second": 1, "unmet_usd_per_unit_hour": None}}
    request = load(tmp_path, scenario(demand=demand, offers={"deny": [], "allow": None}))
    assert request.scenario.demand["train"].unmet_usd_per_unit_hour is None
    assert request.scenario.offers.allow is None


def test_a_count_may_be_written_with_an_exponent(tmp_path: Path) -> None:
    fleet = [{"system": "box", "site": "oslo", "count": "1e3"}]
    assert load(tmp_path, scenario(fleet=fleet)).scenario.fleet[0].count == 1000


# files


def test_a_file_of_more_than_10_mib_is_refused(tmp_path: Path) -> None:
    found = problems(tmp_path, asked=ASKED + "#" * LARGEST_FILE_BYTES)
    assert found == ["s.yaml:1:1: larger than 10 MiB"]


def test_an_alias_bomb_is_refused(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    assert "aliases expand without bound" in problems(tmp_path, asked="\n".join(lines))[0]


def test_an_alias_that_is_no_bomb_is_read() -> None:
    tree = parse("a: &x {b: 1}\nc: *x\n", "f")
    assert tree["c"] == {"b": "1"}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"\xff\xfe\x00", "s.yaml:1:1: is not UTF-8 text"),
        (b"[1, 2]", "s.yaml:1:1: must be a mapping of keys to values"),
        (b"word", "s.yaml:1:1: must be a mapping"),
        (b"", "is missing"),
        (b"a: b\n---\nc: d", "is not valid YAML"),
        (b"a:\n\t- b", "is not valid YAML"),
        (b"a: \x00", "s.yaml:1:"),
        (b"[" * 10000, "s.yaml:"),
        (b"a: " + b"{a: " * 60 + b"1" + b"}" * 60, "nested deeper than 40 levels"),
        ("name: \u202e\ud7ff".encode(), "is missing"),
    ],
    ids=[
        "not utf-8",
        "list",
        "word",
        "empty",
        "two documents",
        "tab",
        "null byte",
        "brackets",
        "deep",
        "right to left",
    ],
)
def test_a_file_that_is_no_scenario(tmp_path: Path, content: bytes, expected: str) -> None:
    path = tmp_path / "s.yaml"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        load_request(path)
    assert expected in str(caught.value)


def test_a_file_of_brackets_does_not_kill_the_process(tmp_path: Path) -> None:
    """100 kB of [, in a process of its own."""
    path = tmp_path / "s.yaml"
    path.write_bytes(b"[" * 100_000)
    code = "import sys, pathlib\nfrom catalogs.problems import InputError\nfrom catalogs.yaml_text import read\n"
    code += "try: read(pathlib.Path(sys.argv[1]))\nexcept InputError: print('refused')"
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "refused\n")


def test_a_huge_month_does_not_hang(tmp_path: Path) -> None:
    path = write(tmp_path, scenario(finance={"fiscal_year_starts": "1e99999999"}))
    code = (
        "import sys, pathlib\nfrom optimizer.request.load import load_request\nload_request(pathlib.Path(sys.argv[1]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False, timeout=5
    )
    assert "finance.fiscal_year_starts" in done.stderr


def test_a_byte_order_mark_is_read_over(tmp_path: Path) -> None:
    (tmp_path / "quotes").mkdir()
    (tmp_path / "quotes" / "chip.yaml").write_text(CHIP, encoding="utf-8-sig")
    (tmp_path / "s.yaml").write_text(ASKED, encoding="utf-8-sig")
    assert load_request(tmp_path / "s.yaml").scenario.buyer == "acme"


def test_a_scenario_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.yaml:1:1: cannot be read"):
        load_request(tmp_path / "none.yaml")


# what only the tables find


def test_a_demand_that_nothing_can_serve_names_the_near_misses(tmp_path: Path) -> None:
    asked = scenario(demand={"train": {"workload": "training", "per_second": 10, "stacks": {"rocm": 0}}})
    other = accelerator("red", {"red_box": system()}, {}, rates(training=1), stack="rocm")
    found = catalog(one_offer()["chip.yaml"], other)
    with pytest.raises(InputError, match=r"demand\.train: no offer.*box\.purchase.*stack cuda is not listed"):
        build_tables(load(tmp_path, asked, found))


def test_a_commitment_without_any_price(tmp_path: Path) -> None:
    """Ordered a quarter before the horizon, when the offer had no price yet."""
    commitments = [{"offer": "box.purchase", "site": "oslo", "period": "2025q1", "systems": 1}]
    known = one_offer(price_usd={"2025q1": 5}, lead_time_months=3)
    with pytest.raises(
        InputError, match=r"commitments\.0: box.purchase has no price at its order in 2024q4; give price_usd"
    ):
        build_tables(load(tmp_path, scenario(commitments=commitments), known))


@pytest.mark.usefixtures("in_process")
@pytest.mark.parametrize(
    "parts",
    [
        {"demand": {"train": {"workload": "training", "per_second": "1e400"}}},  # OverflowError
        {"sites": {"oslo": site("1e400")}},  # PulpError
        {"budget": {"capex_usd": {"total": "1e400"}}},  # PulpError
        {"sites": {"oslo": site(electricity_usd_per_mwh="1e400")}},  # SolverError
        {"assumptions": {"availability": "1e-400"}},  # ZeroDivisionError
    ],
    ids=["demand", "power", "budget", "electricity", "availability"],
)
def test_a_number_beyond_a_float_is_an_input_error(tmp_path: Path, parts: Tree) -> None:
    with pytest.raises(InputError):
        plan(tmp_path, scenario(**parts))


@pytest.mark.usefixtures("in_process")
@pytest.mark.parametrize("price", ["1e400", "1e30"])
def test_a_price_beyond_all_sense_is_an_input_error(tmp_path: Path, price: str) -> None:
    """1e400 is a PulpError, 1e30 the solver's `error: Unknown`: both exits of our own fault."""
    with pytest.raises(InputError):
        plan(tmp_path, scenario(), one_offer(price_usd=price))


# any text at all

TOKEN = re.compile(r"[A-Za-z0-9_.+-]+|[{}\[\]:,&*?|>#'\"-]|\n *| +")
STRANGE = [
    "1e400", "-1", "0", ".nan", "null", "~", "{}", "[]", "{a: b}", "[1, 2]", "2026q1", "2026q9",
    "é", "漢字", "\u202e", "\x07", "\U0001f600", "'", '"', "<<", "*a", "&a x",
    "!!python/object:os.system", "!!int 3", "%", "@", "`", "- ", "? ", "|", "\t", "---", "...",
    "true", "1_000", "٣", "0x10", "[" * 60, "{a: " * 45, "x" * 300, "2025", "total", "fy2026",
    "2026q1..2026q2", "purchase", "on_demand", "box", "chip", "cloud", "oslo", "train",
]  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn, text: str) -> str:
    """A text with one to four tokens deleted, doubled, exchanged or replaced."""
    tokens = TOKEN.findall(text)
    for _ in range(draw(st.integers(1, 4))):
        i, j = draw(st.integers(0, len(tokens) - 1)), draw(st.integers(0, len(tokens) - 1))
        change = draw(st.sampled_from(["delete", "double", "exchange", "strange", "text"]))
        if change == "exchange":
            tokens[i], tokens[j] = tokens[j], tokens[i]
        else:
            new = {
                "delete": "",
                "double": tokens[i] * 2,
                "strange": draw(st.sampled_from(STRANGE)),
                "text": draw(st.text(max_size=8)),
            }
            tokens[i] = new[change]
    return "".join(tokens)


def check_any_text(asked: str, chip: str) -> None:
    """It is read, or every problem has a file, a line and a column."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "quotes").mkdir()
        (folder / "quotes" / "chip.yaml").write_bytes(chip.encode("utf-8", "surrogatepass"))
        (folder / "s.yaml").write_bytes(asked.encode("utf-8", "surrogatepass"))
        try:
            load_request(folder / "s.yaml")
            found: tuple[Any, ...] | None = None
        except InputError as error:
            found = error.problems
        assert found is None or found
        for problem in found or ():
            assert re.match(r".+\.yaml:[1-9]\d*:[1-9]\d*: .", str(problem), re.DOTALL), str(problem)


FUZZ: dict[bool, Any] = {False: 150, True: 20_000}
few_or_many = pytest.mark.parametrize("many", [False, pytest.param(True, marks=pytest.mark.slow)])


@few_or_many
def test_any_scenario_is_read_or_refused(many: bool) -> None:
    settings(max_examples=FUZZ[many])(given(mutated(ASKED))(lambda asked: check_any_text(asked, CHIP)))()


@few_or_many
def test_any_catalogue_is_read_or_refused(many: bool) -> None:
    settings(max_examples=FUZZ[many])(given(mutated(CHIP))(lambda chip: check_any_text(ASKED, chip)))()
