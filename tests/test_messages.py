"""What is said of the mistakes that people make: what to write instead, once, and nothing that only follows."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_yaml_input import ASKED, CHIP, changed

from catalogs.problems import InputError
from catalogs.yaml_text import parse
from cli.main import run
from optimizer.proven import stated
from optimizer.request.load import find_scenario, load_request


def told(folder: Path, asked: str = ASKED, chip: str = CHIP, *settings: str) -> list[str]:
    """What is said of a scenario and its catalogue, without the folder; nothing where it can be planned."""
    (folder / "quotes").mkdir(exist_ok=True)
    (folder / "quotes" / "chip.yaml").write_text(chip, encoding="utf-8")
    (folder / "s.yaml").write_text(asked, encoding="utf-8")
    try:
        stated(load_request(folder / "s.yaml", settings))
    except InputError as error:
        return [str(problem).replace(f"{folder}/", "") for problem in error.problems]
    return []


SITE = "  oslo: {power_mw: 1, pue: 1.2, electricity_usd_per_mwh: 50}\n"
LISTS = [  # a list where a mapping belongs, and the reverse: the text, and the only thing that is said
    (SITE, "  - oslo: {power_mw: 1, pue: 1.2}\n", "6:1: sites must be a mapping of keys to values; this is a list"),
    ("  train: {workload", "  - {workload", "8:1: demand must be a mapping of keys to values; this is a list"),
    ("\n  capex_usd: {2026: 1e9}", " [1e9]", "14:1: budget must be a mapping of keys to values; this is a list"),
    ("{start: 2026q1, periods: 2}", "[2026q1, 2]", "4:1: horizon must be a mapping of keys to values; this is a list"),
    ("finance: {discount_rate: 0.08}", "finance: [0.08]", "5:1: finance must be a mapping of keys to values; this is"),
    ("  - {system: box, site: oslo, count: 3}", "  box: 3", "10:1: fleet must be a list; this is a mapping"),
    ("  - {offer: box.buy, site", "  {offer: box.buy, site", "12:1: commitments must be a list; this is a mapping"),
    ("[quotes]", "{quotes: yes}", "3:1: catalogs must be a list; this is a mapping"),
    ("[quotes]", "quotes", "3:11: catalogs must be a list; write [quotes]"),
    ("{workload: training, per_second: 1e3}", "[training, 1e3]", "9:3: demand.train must be a mapping of keys"),
    ("power_mw: 1,", "power_mw: [1],", "7:10: sites.oslo.power_mw must be a number"),
]  # fmt: skip
CATALOG_LISTS = [
    ("{training: {rate: 400, precision: bf16, basis: measured, source: hand}}", "[400]", "throughput must be a map"),
    ("accelerator: {id: chip", "accelerator:\n  - {id: chip", "1:1: accelerator must be a mapping of keys to values"),
    ("  box: {name: a box,", "  - {name: a box,", "2:1: systems must be a mapping of keys to values; this is a list"),
    ("  training: {unit: TFLOP/s, phase: training, describes: work}", "  - training", "13:1: workloads must be a map"),
    ("  hand: {title: made by hand}", "  - made by hand", "17:1: sources must be a mapping of keys to values"),
    ("{bf16: 500}", "[500]", "1:80: accelerators.chip.peak_tflops must be a mapping of keys to values; this is a list"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "says"), LISTS, ids=[new for _, new, _ in LISTS])
def test_one_wrong_shape_is_one_problem(tmp_path: Path, old: str, new: str, says: str) -> None:
    asked = changed(ASKED, old, new)
    found = told(tmp_path, asked)
    assert len(found) == 1, found
    assert found[0].startswith(f"s.yaml:{says}"), found


@pytest.mark.parametrize(("old", "new", "says"), CATALOG_LISTS, ids=[new for _, new, _ in CATALOG_LISTS])
def test_one_wrong_shape_in_a_catalogue_is_one_problem(tmp_path: Path, old: str, new: str, says: str) -> None:
    text = CHIP.replace("throughput:\n  training: {", "throughput: {training: {").replace(
        "source: hand}\nw", "source: hand}}\nw"
    )
    found = told(tmp_path, chip=changed(text if "rate: 400" in old else CHIP, old, new))
    assert len(found) == 1, found
    assert says in found[0], found


NUMBERS = [
    ("power_mw: 1,", "power_mw: '1,000',", "(got 1,000); write 1000, its digits in one piece"),
    ("power_mw: 1,", "power_mw: 1 000,", "(got 1 000); write 1000, its digits in one piece"),
    ("power_mw: 1,", "power_mw: \"2'500'000.5\",", "write 2500000.5, its digits in one piece"),
    ("power_mw: 1,", "power_mw: {2026q1: 1,000},", "write a number's digits in one piece, such as 1000 for 1,000"),
    ("power_mw: 1,", "power_mw: 1,000,", "write a number's digits in one piece, such as 1000 for 1,000"),
    ("{2026: 1e9}", "{2026: 65,000,000,000}", "write a number's digits in one piece, such as 1000 for 1,000"),
    ("power_mw: 1,", "power_mw: '1,5',", "(got 1,5); write 1.5, with a point"),
    ("power_mw: 1,", "power_mw: 1 MW,", "(got 1 MW); write 1 alone, in the unit that the key names"),
    ("power_mw: 1,", "power_mw: $5,", "(got $5); write 5 alone, in the unit that the key names"),
    ("discount_rate: 0.08", "discount_rate: 8 %", "(got 8 %); a share is written as a part of 1, such as 0.08 for 8 %"),
    ("discount_rate: 0.08", "discount_rate: 8%", "(got 8%); a share is written as a part of 1, such as 0.08 for 8 %"),
    ("count: 3", "count: 3 pieces", "must be a whole number (got 3 pieces); write 3 alone"),
    ("discount_rate: 0.08", "discount_rate: 1e99999999", "finance.discount_rate must lie between"),
    ("discount_rate: 0.08", "discount_rate: 1e-9999999999999999999999", "finance.discount_rate"),
    ("discount_rate: 0.08", "discount_rate: 1e9999999999999999999999", "finance.discount_rate"),
    ("count: 3", "count: 1e99999999", "fleet.0.count must be a whole number (got 1e99999999)"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "says"), NUMBERS, ids=[new for _, new, _ in NUMBERS])
def test_how_to_write_a_number(tmp_path: Path, old: str, new: str, says: str) -> None:
    found = told(tmp_path, changed(ASKED, old, new))
    assert any(says in problem for problem in found), found


IDS = [
    ("  oslo: {power", "  us-east-1: {power", "6: sites.us-east-1", "us_east_1"),
    ("  oslo: {power", "  Oslo: {power", "sites.Oslo", "oslo"),
    ("  oslo: {power", "  new york: {power", "sites.new york", "new_york"),
    ("  train: {work", "  GPT-5 training: {work", "demand.GPT-5 training", "gpt_5_training"),
    ("buyer: acme", "buyer: Acme Inc.", "buyer", "acme_inc."),
]


@pytest.mark.parametrize(("old", "new", "where", "written"), IDS, ids=[new for _, new, _, _ in IDS])
def test_how_to_write_an_id(tmp_path: Path, old: str, new: str, where: str, written: str) -> None:
    name = new.partition(":")[0].strip()
    asked = changed(ASKED, old, new)
    if old.startswith("  oslo"):
        asked = asked.replace("site: oslo", f"site: {name}")
    found = told(tmp_path, asked)
    assert all("does not have the form of an id" in problem and f"; write {written}" in problem for problem in found)
    assert any(where.split(": ")[-1] in problem for problem in found), found


QUOTES = [  # an entry that changes nothing there is: what is said
    ("offers: {box.by: {price_usd: 5}}", "there is no offer 'box.by' to change; did you mean 'box.buy'? a new one"),
    ("offers: {box.buyy: {lead_time_months: 5}}", "there is no offer 'box.buyy' to change; did you mean 'box.buy'?"),
    ("systems: {bux: {average_kw: 5}}", "systems.bux: there is no system 'bux' to change; did you mean 'box'?"),
    ("accelerator: {id: chop, tdp_w: 9}", "there is no accelerator 'chop' to change; did you mean 'chip'?"),
    ("workloads: {traning: {unit: x}}", "workloads.traning.describes is missing"),
    ("workloads: {traning: {}}", "there is no workload 'traning' to change; did you mean 'training'?"),
    ("pools: {wafer: {forecasts: {a: 5}}}", "pools.wafer: there is no pool 'wafer' to change; did you mean 'wafers'?"),
    ("offers: {zzz: {price_usd: 5}}", "offers.zzz: there is no offer 'zzz' to change; known: box.buy, box.rent; a new"),
]  # fmt: skip


@pytest.mark.parametrize(("quote", "says"), QUOTES, ids=[quote for quote, _ in QUOTES])
def test_a_quote_for_what_there_is_not(tmp_path: Path, quote: str, says: str) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "q.yaml").write_text(quote)
    found = told(tmp_path, changed(ASKED, "[quotes]", "[quotes, own]"))
    assert all(problem.startswith("own/q.yaml:1:") for problem in found), found
    assert any(says in problem for problem in found), found
    assert len(found) == 1 or "is missing" in says, found


SETTINGS = [
    ("sites/colo/power_mw=3", "there is no site 'colo' to change; did you mean 'oslo'? a new one needs pue, electri"),
    ("sites/colo=3", "there is no site 'colo' to change"),
    ("sites/osla/pue=1.3", "there is no site 'osla' to change; did you mean 'oslo'?"),
    ("demand/trein/per_second=5", "there is no demand 'trein' to change; did you mean 'train'? a new one needs"),
    ("catalog/offers/box.by/price_usd=1", "there is no offer 'box.by' to change; did you mean 'box.buy'?"),
    ("catalog/offers/box.by/system=box", "there is no offer 'box.by' to change; did you mean 'box.buy'?"),
    ("catalog/systems/bux/racks=1", "there is no system 'bux' to change; did you mean 'box'?"),
    ("catalog/offers=1", "catalog.offers must be a mapping of keys to values"),
    ("catalog/throughput=fast", "catalog.throughput must be a mapping of keys to values"),
    ("catalog/throughput/chip=fast", "throughput.chip must be a mapping of keys to values"),
    ("catalog/throughput/chap/training/rate=5", "throughput.chap: there is no accelerator 'chap'; did you mean"),
    ("catalog/accelerators/chip/id=chop", "accelerators.chip.id must stay chip (got chop)"),
    ("catalog=1", "unknown key 'catalog'; did you mean 'catalogs'?"),
    ("catalogs=[nowhere]", "catalogs: there is no folder 'nowhere' beside the scenario"),
    ("catalogs=quotes", "catalogs must be a list; write [quotes]"),
    ("extends=quick_start", "extends cannot be set"),
    ("name=a\nbuyer: b", "sets more than one key"),
    ("fleet/²/count=1", "fleet must be a list"),
    ("fleet/99999999999999999999/count=1", "fleet must be a list"),
    ("fleet/999999/count=1", "there is no item 999999; the list has 1, counted from 0"),
    ("sites/oslo/power_mw=1,000", "(got 1,000); write 1000"),
    ("/".join("a" * 60) + "=1", "the key is longer than 40 parts"),
]  # fmt: skip


@pytest.mark.parametrize(("setting", "says"), SETTINGS, ids=[setting for setting, _ in SETTINGS])
def test_a_setting_is_obeyed_or_refused(tmp_path: Path, setting: str, says: str) -> None:
    found = told(tmp_path, ASKED, CHIP, setting)
    assert any(problem.startswith(f"--set {setting}") and says in problem for problem in found), found


@pytest.mark.parametrize("setting", ["catalogs=[quotes, own]", "catalogs/1=own"])
def test_catalogues_can_be_set(tmp_path: Path, setting: str) -> None:
    """Beside the scenario, as in its file."""
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "q.yaml").write_text("offers: {box.buy: {price_usd: 7}}")
    assert told(tmp_path) == []
    price = load_request(tmp_path / "s.yaml", [setting]).catalog.offers["box.buy"].price_usd
    assert price == 7


def test_a_site_may_be_set_piece_by_piece(tmp_path: Path) -> None:
    pieces = ["sites/colo/power_mw=3", "sites/colo/pue=1.3", "sites/colo/electricity_usd_per_mwh=60"]
    assert told(tmp_path, ASKED, CHIP, *pieces) == []


MISSPELT = [  # one misspelt key: what is said of it, and nothing of what it would have held
    ("sites:", "sits:", "6:1: sits: unknown key 'sits'; did you mean 'sites'?"),
    ("workload: training", "worklod: training", "9:11: demand.train.worklod: unknown key 'worklod'; did you mean"),
    ("per_second: 1e3", "per_secnd: 1e3", "9:31: demand.train.per_secnd: unknown key 'per_secnd'; did you mean 'per_s"),
    ("horizon:", "horizn:", "4:1: horizn: unknown key 'horizn'; did you mean 'horizon'?"),
    ("pue: 1.2", "pui: 1.2", "7:23: sites.oslo.pui: unknown key 'pui'; did you mean 'pue'?"),
    ("demand:", "demands:", "8:1: demands: unknown key 'demands'; did you mean 'demand'?"),
    ("system: box, site: oslo, count", "sistem: box, site: oslo, count", "11:6: fleet.0.sistem: unknown key 'sistem'"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "says"), MISSPELT, ids=[new for _, new, _ in MISSPELT])
def test_a_misspelt_key_is_one_problem(tmp_path: Path, old: str, new: str, says: str) -> None:
    found = told(tmp_path, changed(ASKED, old, new))
    assert len(found) == 1, found
    assert found[0].startswith(f"s.yaml:{says}"), found


def test_a_missing_base_is_one_problem(tmp_path: Path) -> None:
    for base in ("nothing.yaml", "[a, b]", "{a: b}", "x" * 5000):
        found = told(tmp_path, f"extends: {base}\nname: x\nfleet: [{{system: box, site: oslo, count: 1}}]\n")
        assert len(found) == 1, found
        assert found[0].startswith("s.yaml:1:"), found
        assert ": extends: " in found[0], found


def test_a_broken_file_of_the_catalogue_is_one_problem(tmp_path: Path) -> None:
    found = told(tmp_path, chip=CHIP.replace("systems:", "systems: ["))
    assert len(found) == 1, found
    assert "is not valid YAML" in found[0]


@pytest.mark.parametrize(
    "text",
    ["name: x\nsites:\n\toslo: 1\n", "x: y\n\tb: y\n", "\tname: x\n", "a:\n- b\n\t- c\n", "a:\n- b\n-\t- c\n\t- d\n"],
)
def test_a_tab(tmp_path: Path, text: str) -> None:
    found = told(tmp_path, text)
    assert len(found) == 1
    assert "is not valid YAML" in found[0]
    line, column = (int(part) for part in found[0].split(":")[1:3])
    at_tab = text.splitlines()[line - 1][column - 1 : column] == "\t"
    assert found[0].endswith("a tab cannot indent; use spaces") is at_tab


def test_a_tag_is_refused(tmp_path: Path) -> None:
    for tag in ("!include x.yaml", "!!python/object:os.system x", "!secret x", "!!set {a, b}", "!!binary aGVsbG8="):
        found = told(tmp_path, changed(ASKED, "name: no", f"name: {tag}"))
        assert found[0].startswith("s.yaml:1:7: tags such as '!"), found
    assert told(tmp_path, changed(ASKED, "name: no", "name: !!str no")) == []


def test_a_message_points_to_the_item_as_the_file_counts(tmp_path: Path) -> None:
    """The scenario sorts its lists; the file does not."""
    placed = "  - {offer: box.buy, site: oslo, period: 2026q2, systems: 9, price_usd: 1}\n"
    asked = changed(ASKED, "commitments:\n", f"commitments:\n{placed}") + "limits:\n"
    asked += "  - {name: some, measure: systems, at_most: 90}\n"
    asked += "  - {name: other, measure: systems, of: {vendor: acme, host: cloud}, at_least: 1}\n"
    asked = asked.replace(", systems: 2, price_usd: 1", ", systems: 2")
    found = told(tmp_path, asked, CHIP.replace("2025q1: 300e3, 2025-06: 250000.50", "2025-11: 300e3"))
    assert found == [
        "s.yaml:14:5: commitments.1: box.buy has no price at its order in 2025q4; give price_usd",
    ]


# files that are no scenario


def test_an_empty_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for text in ("", "# nothing yet\n", "\n\n", "---\n", "~"):
        (tmp_path / "e.yaml").write_text(text)
        for command in ("plan", "check", "repair"):
            assert run([command, str(tmp_path / "e.yaml")]) == 2
            assert (
                "the file is empty; what a scenario needs is missing: name, horizon, demand" in capsys.readouterr().err
            )


def test_a_folder_is_no_scenario(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"is a folder; name a scenario in it, such as .*scenario\.yaml"):
        find_scenario(str(tmp_path))
    told(tmp_path)
    with pytest.raises(InputError, match=r"is a folder; name a scenario in it, such as .*s\.yaml"):
        find_scenario(str(tmp_path))


@pytest.mark.parametrize("name", ["/dev/null", "/dev/zero", "x" * 5000, "quick_strat", "nowhere/s.yaml"])
def test_what_is_no_file(name: str) -> None:
    with pytest.raises(InputError) as refused:
        find_scenario(name)
    assert len(refused.value.problems) == 1


def test_a_catalogue_is_no_scenario(tmp_path: Path) -> None:
    told(tmp_path)
    with pytest.raises(InputError, match="is a file of a catalogue, not a scenario; name its folder under catalogs:"):
        load_request(tmp_path / "quotes" / "chip.yaml")


# aliases


def test_an_alias_is_a_copy(tmp_path: Path) -> None:
    """Of its own, so that what is done to one place is not done to the other."""
    tree = parse("a: &x {b: [1, {c: 2}]}\nd: *x\n? &k word\n: 1\ne: &s text\nf: *s\n", "f")
    assert tree["a"] == tree["d"] == {"b": ["1", {"c": "2"}]}
    assert tree["a"] is not tree["d"]
    assert tree["a"]["b"] is not tree["d"]["b"]
    assert (tree["word"], tree["f"]) == ("1", "text")
    assert told(tmp_path, changed(ASKED, "power_mw: 1, pue: 1.2", "power_mw: &x 1, pue: *x")) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: &x 1\nb: &x 2\n", "f:2:4: the anchor 'x' is given twice"),
        ("a: *x\nb: &x 2\n", "f:1:4: is not valid YAML: there is no anchor 'x' before this alias"),
        ("a: &x {b: *x}\n", "f:1:4: an alias contains itself; write the value out"),
        ("a: &x [[*x]]\n", "f:1:4: an alias contains itself"),
        ("a: &x {b: 1}\n? *x\n: 2\n", "f:2:3: a key must be a plain word"),
        ("a: 1\n--- \nb: 2\n", "f:2:1: is not valid YAML: holds more than one document"),
        ("a: 1\n...\n---\nb: 2\n", "f:3:1: is not valid YAML: holds more than one document"),
    ],
)
def test_an_alias_or_document_that_cannot_be_read(text: str, says: str) -> None:
    with pytest.raises(InputError) as refused:
        parse(text, "f")
    assert str(refused.value).startswith(says)
