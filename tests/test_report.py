"""`chipmix report`: one page, well formed, without script or network, its figures those of the plan."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from math import fsum
from pathlib import Path

import pytest
import workbook_plans as plans
from commands import run_here

from optimizer.formulation.register import lines_of
from optimizer.plan.format import Plan
from optimizer.plan.seal import sealed
from optimizer.plan_files import read_plan
from optimizer.report import money, page
from optimizer.report.elements import Number, shown, table
from optimizer.report.page import POLICY, report
from optimizer.report.style import CSS
from optimizer.report.subject import Subject, figure
from optimizer.workbook.unit_figures import UnitFigure

pytestmark = pytest.mark.usefixtures("in_process")
VOID = {"meta", "br"}
HOSTILE = "</title><script>alert(1)</script><img src=x onerror=alert(1)> & \"'"


class Page(HTMLParser):
    """A page as a tree is read: tags that close in order, ids, links, and the cells of tables by caption."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.tables: dict[str, list[list[str]]] = {}
        self._caption, self._rows, self._text = "", list[list[str]](), ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._text = ""
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self._rows = []
        if tag == "tr":
            self._rows.append([])

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        if tag == "caption":
            self._caption = self._text
        if tag in ("th", "td"):
            self._rows[-1].append(self._text)
        if tag == "table":
            self.tables[self._caption] = self._rows

    def handle_data(self, data: str) -> None:
        self._text += data

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def rich() -> Plan:
    plan = plans.plan_of(plans.rich().edited({"scenario/name": HOSTILE}))
    return plan.model_copy(update={"warnings": ("the <b>first</b>",)})


@pytest.fixture(scope="module")
def text(rich: Plan) -> str:
    return report(rich)


@pytest.fixture(scope="module")
def read(text: str) -> Page:
    return Page(text)


def test_the_page_is_well_formed_and_its_ids_are_its_own(read: Page, text: str) -> None:
    assert read.open == []
    assert text.startswith('<!doctype html>\n<html lang="en">')
    ids = [value for _, attributes in read.tags if (value := attributes.get("id"))]
    assert len(ids) == len(set(ids)) > 10
    named = [name for _, each in read.tags for name in (each.get("aria-labelledby") or "").split()]
    links = [str(each["href"]).removeprefix("#") for each in read.of("a")]
    assert {*named, *links} <= set(ids)
    assert set(links) >= {"orders", "cash", "obligations", "power", "limits", "units", "trust"}


def test_nothing_runs_and_nothing_is_loaded(read: Page, text: str) -> None:
    assert not {tag for tag, _ in read.tags} & {"script", "img", "link", "iframe", "object", "embed", "form", "image"}
    attributes = {name for _, each in read.tags for name in each}
    assert not {name for name in attributes if name.startswith("on")}
    assert not attributes & {"src", "srcset", "action", "xlink:href"}
    assert all(str(each["href"]).startswith("#") for each in read.of("a"))
    assert not re.search(r"url\(|@import|https?://", text)
    assert [each.get("content") for each in read.of("meta") if "http-equiv" in each] == [POLICY]


def test_texts_of_a_user_are_shown_and_never_markup(text: str, rich: Plan) -> None:
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "<script" not in text
    assert rich.scenario["name"] == HOSTILE
    assert shown("\x1b[31m") == "\\x1b[31m"
    assert shown('<a href="x">') == "&lt;a href=&quot;x&quot;&gt;"


def test_headings_headers_and_drawings_say_what_they_are(read: Page) -> None:
    headings = [tag for tag, _ in read.tags if re.fullmatch("h[1-6]", tag)]
    assert headings[0] == "h1"
    assert set(headings[1:]) == {"h2"}
    assert all(each.get("scope") in ("row", "col") for each in read.of("th"))
    tables, captions = len(read.of("table")), len(read.of("caption"))
    assert tables == captions == len(read.tables)
    drawings = read.of("svg")
    assert len(drawings) == 2 + 2  # in service, cash, and a site each
    assert all(each["role"] == "img" and each["aria-labelledby"] for each in drawings)
    assert len(read.of("desc")) == len(drawings)


def number(text: str) -> float:
    return float(text.replace(",", ""))


def test_cash_is_that_of_the_plan(read: Page, rich: Plan) -> None:
    """In millions of euros at 0.92; by period, by fiscal year and in all."""
    paid = [name for name in (*lines_of("capex_usd"), *lines_of("opex_usd"), "tax_usd", "resale_usd")
            if name in rich.costs]  # fmt: skip
    each = {row.period: fsum(rich.costs[n][row.period] for n in paid) * 0.92 / 1e6 for row in rich.periods}
    header, *rows = read.tables["Cash paid by period"]
    assert header[-1] == "Cash paid, M EUR"
    assert [number(row[-1]) for row in rows[:-1]] == pytest.approx(list(each.values()), abs=0.006)
    assert number(rows[-1][-1]) == pytest.approx(fsum(each.values()), abs=0.006)
    years = read.tables["Cash paid by fiscal year"][1:-1]
    assert [row[0] for row in years] == ["fy2025", "fy2026", "fy2027"]
    assert fsum(number(row[-1]) for row in years) == pytest.approx(fsum(each.values()), abs=0.02)


def test_orders_and_what_they_bind_to_are_those_of_the_plan(read: Page, rich: Plan) -> None:
    rows = read.tables["What to buy, lease and rent"]
    capex = fsum(rich.costs["hardware_usd"].values()) + fsum(rich.costs["network_usd"].values())
    rent = fsum(rich.costs["rent_usd"].values())
    sunk = 0.3 * 20 * 3.1e6  # the deposit of nvl72 that was due before the horizon: part of the price all the same
    assert number(rows[-1][-2]) == pytest.approx(rent * 0.92 / 1e6, abs=0.006)
    assert number(rows[-1][-3]) == pytest.approx((capex + sunk) * 0.92 / 1e6, abs=0.006)
    assert {row[3] for row in rows[1:-1]} == {"Committed", "New"}
    total = read.tables["Payments that orders bind to, by fiscal year, after the horizon too"][-1]
    assert number(total[-1]) == pytest.approx((capex + rent + rich.rent_after_usd) * 0.92 / 1e6, abs=0.02)
    assert number(total[1]) + number(total[2]) == pytest.approx(number(total[3]), abs=0.02)


def test_power_limits_units_and_trust_are_those_of_the_plan(read: Page, rich: Plan) -> None:
    oslo = read.tables["Power at the meter: oslo"][1:]
    assert [number(row[1]) for row in oslo] == pytest.approx(
        [row.power_used_mw for row in rich.sites if row.site == "oslo"], abs=0.0005
    )
    assert {row[0] for row in read.tables["Limits worth most"][1:]} >= {"Capex budget", "Power at the meter"}
    units = {(row[0], row[1], row[2]): (number(row[3]), row[4]) for row in read.tables["Unit costs, in EUR"][1:]}
    value, unit = units["Cost per accelerator-hour", "b200", "our sites"]
    assert (value, unit) == (pytest.approx(1.7128 * 0.92, abs=1e-4), "EUR/accelerator-hour")
    known = dict(row for row in read.tables["How the plan is known"] if len(row) == 2)
    assert known["SHA-256: plan"] == rich.run.plan_sha256
    assert known["Audit in exact arithmetic"].startswith("passed")


def test_warnings_come_first(text: str) -> None:
    assert text.index("the &lt;b&gt;first") < text.index("Key figures</h2>")


CASES = {
    "worked": plans.worked_example, "taxed": lambda: plans.taxed("bonus", plans.worked_example()),
    "yen": lambda: plans.rich().edited({"scenario/currency": {"code": "JPY", "per_usd": {"2025q1": "150"}}}),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_page_in_japanese_has_nothing_of_ours_in_english(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Subject] = []

    class Kept(Subject):
        def __init__(self, *of: object) -> None:
            super().__init__(*of)  # type: ignore[arg-type]
            made.append(self)

    monkeypatch.setattr(page, "Subject", Kept)
    said = report(plans.plan_of(CASES[name]()), "ja")
    assert made[0].untranslated == set()
    assert '<html lang="ja">' in said
    assert "発注内容" in said
    assert Page(said).open == []


def contrast(one: str, other: str) -> float:
    """By WCAG 2: (lighter + 0.05) / (darker + 0.05)."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_ink_stands_out_from_what_it_is_on() -> None:
    inks = set(re.findall(r"(?<![-\w])(?:color|fill): (#[0-9a-f]{6})", CSS))
    assert len(inks) >= 4
    assert min(contrast(ink, paper) for ink in inks for paper in ("#ffffff", "#eef2f8")) >= 4.5


def test_small_figures_are_not_shown_as_nothing() -> None:
    assert (figure(0.0004, 1), figure(0, 1), figure(-1234.56, 1)) == ("0.0004", "0.0", "-1,234.6")
    assert 'class="number"' in table("t", ["a", "b"], [("x", Number("1"))])


# The command


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("quick")
    assert run_here("plan", "quick_start", "--json", "plan.json", cwd=folder).returncode == 0
    return folder


def test_the_command_writes_the_page_and_twice_the_same(quick: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run_here("report", "plan.json", "-o", "one.html", cwd=quick).returncode == 0
    first, plan = (quick / "one.html").read_text(encoding="utf-8"), read_plan(quick / "plan.json")
    known = [UnitFigure(*row[:3], row[4], number(row[3])) for row in Page(first).tables["Unit costs, in USD"][1:]]
    monkeypatch.setattr(money, "unit_figures", lambda _plan: known)  # a calculation of its own, which takes seconds
    assert report(plan) == first


def test_what_cannot_be_used_exits_2_and_replaces_nothing(quick: Path, tmp_path: Path) -> None:
    (tmp_path / "plan.html").write_text("old")
    content = json.loads((quick / "plan.json").read_text())
    content["orders"][0]["systems"] += 1
    (tmp_path / "changed.json").write_text(json.dumps(content))
    (tmp_path / "sealed.json").write_text(sealed(Plan.model_validate(content)).model_dump_json())
    for plan, says in (
        ("changed.json", "was changed after chipmix wrote it"), ("sealed.json", "fails its audit"),
        ("nothing.json", "cannot be read"),
    ):  # fmt: skip
        done = run_here("report", plan, "-o", "plan.html", cwd=tmp_path)
        assert (done.returncode, done.stdout, says in done.stderr) == (2, "", True)
    done = run_here("report", str(quick / "plan.json"), "-o", "plan.pdf", cwd=tmp_path)
    assert (done.returncode, "must end in .html or .htm" in done.stderr) == (2, True)
    assert (tmp_path / "plan.html").read_text() == "old"


@pytest.mark.skipif(shutil.which("chromium") is None, reason="Chromium is not installed")
def test_a_browser_shows_it_and_loads_nothing(text: str, tmp_path: Path) -> None:
    (tmp_path / "plan.html").write_text(text, encoding="utf-8")
    words = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--v=0",
             f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", (tmp_path / "plan.html").as_uri()]  # fmt: skip
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0
    assert [line for line in done.stderr.splitlines() if "CONSOLE" in line] == []
    assert done.stdout.count("<svg") == text.count("<svg")
    assert done.stdout.count("<tr>") == text.count("<tr>")
