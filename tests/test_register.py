"""The register: a record for each limit and each cost of the model, complete, and true to the model and the formats."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest
from builders import model
from test_golden_rows import ASKED, KNOWN, WHOLE_ASKED, WHOLE_KNOWN

import optimizer.audit.costs as audited
from optimizer.audit.resources import RESOURCES as AUDITED
from optimizer.audit.resources import TARIFFS as READ
from optimizer.audit.rules import LIMITING
from optimizer.formulation import CONSTRAINTS, COSTS
from optimizer.formulation.business_limits import business_limits, figure
from optimizer.formulation.model import Model
from optimizer.formulation.register import AT_PERIOD_END, COST_LINES, KINDS, LIMIT, LIMITS, lines_of
from optimizer.infeasible.conflict import NEGOTIABLE, SUSPECT
from optimizer.plan.format import SiteRow
from optimizer.request.charges import CHARGES, TARIFFS
from optimizer.request.resources import RESOURCES
from optimizer.request.schedules import READINGS
from optimizer.request.site import Site
from optimizer.tables import SystemFacts
from optimizer.workbook.language.wording import HOLE, Missing, Wording

STRUCTURAL = {
    "honour_commitment", "carry_in_service", "retire_within_fleet", "run_within_fleet", "count_served",
    "port_before_run", "cluster_on_one_site", "run_in_cluster", "fill_cluster", "cluster_within_fleet",
    "engineer_before_order", "engineer_before_run", "order_at_least_minimum", "buy_in_one_band", "expand_in_blocks",
    "take_or_pay", "orders_under_frame",
}  # fmt: skip
"""How things work: rows that are no limit which a buyer could move by a number. All other constraints need a record."""


def holes(text: str) -> set[str]:
    return set(HOLE.findall(text))


@pytest.fixture(scope="module", params=["golden", "whole"])
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Model:
    asked, known = {"golden": (ASKED, KNOWN), "whole": (WHOLE_ASKED, WHOLE_KNOWN)}[request.param]
    return model(tmp_path_factory.mktemp(request.param), asked, known)


def test_every_constraint_has_a_record_or_is_how_things_work() -> None:
    stated = {constraint.__name__ for constraint in CONSTRAINTS}
    assert stated == STRUCTURAL | set(LIMIT), "give a new limit its record in register.py"
    assert not STRUCTURAL & set(LIMIT)
    assert len(LIMIT) == len(LIMITS)


def test_every_cost_of_its_module_is_a_line() -> None:
    """A function of costs that no record names would be left out of the objective."""
    source = (Path(__file__).parent.parent / "optimizer" / "formulation" / "costs.py").read_text("utf-8")
    written = set(re.findall(r"^def (\w+_usd)\(", source, re.MULTILINE))
    names = [line.name for line in COST_LINES]
    written |= {"owed_usd", "frame_usd", "tax_usd", "tax_on_residual_usd", *(charge.name for charge in CHARGES)}
    assert written == set(names) == {cost.__name__ for cost in COSTS}
    assert len(names) == len(set(names))


@pytest.mark.parametrize("record", LIMITS, ids=lambda record: record.name)
def test_a_record_of_a_limit_is_complete(record: object) -> None:
    one = LIMIT[record.name]  # type: ignore[attr-defined]
    assert one.kind in KINDS
    assert holes(one.label) == {""}
    assert holes(one.short) == {"amount", "name"}
    assert holes(one.repair) in ({"amount", "name"}, {"more", "name"}, {"name", "after", "before"})
    assert one.on_sheet
    assert one.key.count("{}") == (1 if one.key else 0)
    assert one.key or one.of == "rule"
    assert one.unit or one.of in ("rule", "demand")
    sort = one.sort or one.repaired_as or one.kind
    assert sort in NEGOTIABLE, "say where it stands among what can be talked about"
    assert sort in SUSPECT
    assert one.weight is None or one.weight > 0
    assert not (one.per_month and one.by_period_end)


def test_no_two_limits_are_called_alike() -> None:
    for texts in ([record.label for record in LIMITS], [record.on_sheet for record in LIMITS]):
        assert len(texts) == len(set(texts))


@pytest.mark.parametrize("line", COST_LINES, ids=lambda line: line.name)
def test_a_record_of_a_cost_line_is_complete(line: object) -> None:
    one = next(each for each in COST_LINES if each is line)
    assert one.label
    assert bool(one.unborne) == (one.falls_on != "accelerators"), "say why no accelerator bears it"


def test_records_are_true_to_the_model(built: Model) -> None:
    """Rows are in the unit of their record and of one period where it says so; keys lead to a figure of the request."""
    for limit in business_limits(built):
        rows = [built.rows[name] for name in limit.rows]
        if limit.record.unit:
            assert {row.unit for row in rows} == {limit.record.unit}, limit.label
        if limit.record.over == "period":
            assert all(row.keys[1] in map(built.period, built.tables.calendar.periods) for row in rows), limit.label
        assert len(rows) == 1 or limit.record.over != "horizon"
        assert figure(built.tables.request, limit) is not None, limit.label


def test_signs_are_those_of_the_model(built: Model) -> None:
    for line in COST_LINES:
        negative = {term.usd < 0 for term in built.costs.get(line.name, [])}
        assert line.receipt is None or negative <= {line.receipt}, line.name


def test_the_lists_of_the_audit_agree() -> None:
    """It shares none of them, so each new record needs its line there."""
    assert [rule.__name__ for rule in LIMITING] == [
        *(resource.row for resource in AUDITED),
        *(record.name for record in LIMITS if record.resource is None and record.kind != "demand"),
    ]
    assert [*(cost.__name__ for cost in audited.COSTS), *audited.TAXES] == [line.name for line in COST_LINES]
    assert tuple(cost.__name__ for cost in audited.CAPEX) == lines_of("capex_usd")
    assert tuple(cost.__name__ for cost in audited.OPEX) == lines_of("opex_usd")
    assert set(audited.AT_PERIOD_END) == AT_PERIOD_END
    for name, when in (("tax_usd", "mid"), ("tax_on_residual_usd", "end")):
        taxed = {cost.__name__ for cost in audited.TAXES[name]}
        assert taxed == {line.name for line in COST_LINES if line.taxed == when}
    ours = [(f"{each.name}_within_site", each.unit, each.field, each.used, each.limit) for each in RESOURCES]
    assert ours == [(each.row, each.unit, each.field, each.used, each.limit) for each in AUDITED]


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.name)
def test_the_formats_have_the_fields_of_a_resource(resource: object) -> None:
    one = next(each for each in RESOURCES if each is resource)
    assert one.field in Site.model_fields
    assert one.field in READINGS
    assert {one.used, one.limit} <= set(SiteRow.model_fields)
    assert one.of_system in SystemFacts._fields
    assert one.of_site in (None, "pue", "peak_pue", *(tariff.field for tariff in TARIFFS))
    assert all(getattr(one, each.name) not in ("", ()) for each in fields(one))


def test_every_text_that_a_sheet_takes_from_a_record_has_an_entry() -> None:
    """The names of limits and costs and why; units too. What is short and what repairs it stands on no sheet."""
    texts = [text for one in LIMITS for text in (one.label.format("oslo"), one.on_sheet, one.unit)]
    texts += [text for one in COST_LINES for text in (one.label, one.note, one.unborne)]
    texts += [f"PV of {one.label[0].lower()}{one.label[1:]}" for one in COST_LINES]
    texts += [f"Not allocated: {one.apart or one.label.lower()}" for one in COST_LINES if one.unborne]
    texts += [one.limit_on_sheet for one in RESOURCES]
    texts += [one.used_on_sheet + more for one in RESOURCES for more in ("", ": limit", ": left")]
    wording, missing = Wording("ja", ["oslo"]), []
    for text in filter(None, texts):
        try:
            wording.say(text)
        except Missing:
            missing.append(text)
    assert missing == []


def test_the_audit_reads_every_tariff() -> None:
    """Its own list: one that it lacks would be a finding in every plan, one more a figure that nobody pays."""
    assert sorted(READ) == sorted(tariff.field for tariff in TARIFFS)
