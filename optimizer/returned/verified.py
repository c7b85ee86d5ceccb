"""A plan that comes back: held against its seal, its inputs and its decisions before anything is said about it.

The seal says that something was changed, whatever it was. All else that follows from the inputs and the decisions is
computed again, so that a plan that was sealed by another hand is still refused where it contradicts itself: its inputs
are checked as files are, the audit goes through the decisions, and the model of the inputs, stated again, has to have
the size, the rows, the excluded offers and the certified bound that the plan says.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ValidationError

from catalogs.figures import told_apart
from catalogs.problems import InputError, Location, Problem
from catalogs.schema import Catalog
from catalogs.yaml_text import CONTROL_CHARACTERS, Map, tree_of
from optimizer.audit import audit
from optimizer.formulation.model import Model, model_name
from optimizer.plan.branches import numbered
from optimizer.plan.format import Plan
from optimizer.plan.limit_rows import limiting, price_usd
from optimizer.plan.provenance import FORMAT, Audit
from optimizer.plan.seal import seal_of, sha256_of
from optimizer.proven import program_version, stated
from optimizer.reading import from_outside, read_json, refused
from optimizer.request.edits import as_text
from optimizer.request.load import Request, request_from_text
from optimizer.request.scenario import Scenario
from optimizer.returned.warnings import told_otherwise
from optimizer.solving.branches import NoBranch
from optimizer.solving.certificate import certified_bound_usd
from optimizer.solving.matrix import Matrix
from optimizer.solving.solution import Options, relative_gap
from optimizer.tables import OrderLine

MOST_SHOWN = 8
"""Disagreements that are named of one plan; more are counted."""
LONGEST_PLACE = 100
ON_TOP = {"close_to", "begun_from"}
"""Options of a run that began from another plan."""
DECISIONS = ("orders", "work", "unmet", "retired", "expanded", "engineering", "porting", "honour_commitment")
SAME, LAST_DIGIT = 1e-9, 1e-15
"""Relative difference of one figure computed twice."""
KIND = "a chipmix plan"


def plan_from(path: Path) -> Plan:
    """The plan of a `plan.json`. Raises InputError if it is none, or not as it was written."""
    text, content = read_json(path, KIND)
    refuse_other_formats(content, path)
    with from_outside(path, KIND):
        try:
            plan = Plan.model_validate_json(text, strict=True)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(map(str, first["loc"]))
            raise refused(path, f"is not {KIND}: {where[:100]} {first['msg'].lower()}", 1) from error
    return verified(plan, path)


def refuse_other_formats(content: Any, path: Path) -> None:
    """Raises InputError for a plan of an earlier or later format, with the way out."""
    about = content.get("chipmix") if isinstance(content, dict) else None
    if not isinstance(about, dict) or not isinstance(about.get("format"), int):
        raise refused(path, f"is not {KIND}", 1)
    if about["format"] != FORMAT:
        message = f"was written in format {about['format']} of plans, this is chipmix {program_version()} with format"
        raise refused(path, f"{message} {FORMAT}; plan its scenario again", 1)


def verified(plan: Plan, path: Path) -> Plan:
    """The plan, if nothing in it disagrees. Raises InputError that names what does."""
    wrong = [*_unprintable(plan.model_dump(mode="json")), *_broken_seals(plan)]
    try:
        request = _request(plan, path)
        wrong += _disagreements(plan, request)
    except InputError as error:
        raise InputError([*error.problems, *_problems(wrong, path)]) from error
    if wrong:
        raise InputError(_problems(wrong, path))
    return plan


def _problems(wrong: list[str], path: Path) -> Iterator[Problem]:
    at = Location(str(path), 0, 0)
    for message in wrong[:MOST_SHOWN]:
        yield Problem(at, message)
    if len(wrong) > MOST_SHOWN:
        yield Problem(at, f"{len(wrong) - MOST_SHOWN} more statements in it do not agree with its inputs and decisions")


def _unprintable(content: Any, where: str = "") -> Iterator[str]:
    """Texts and keys that no file of ours can have, because a terminal would obey them."""
    if isinstance(content, str) and CONTROL_CHARACTERS.search(content):
        yield f"contains a control character in {where.removeprefix('.')[:LONGEST_PLACE]}"
    inside = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, value in inside:
        if isinstance(key, str) and CONTROL_CHARACTERS.search(key):
            yield f"contains a control character in a key of {where.removeprefix('.')[:LONGEST_PLACE]}"
        else:
            yield from _unprintable(value, f"{where}.{key}")


def _broken_seals(plan: Plan) -> Iterator[str]:
    """What does not have the SHA-256 that the plan says it has."""
    sealed = (
        ("run.plan_sha256", plan.run.plan_sha256, seal_of(plan), "the plan"),
        ("run.scenario_sha256", plan.run.scenario_sha256, sha256_of(plan.scenario), "its scenario"),
        ("run.catalog_sha256", plan.run.catalog_sha256, sha256_of(plan.catalog), "its catalogue"),
    )
    for name, said, found, what in sealed:
        if said != found:
            message = "use the file as it was written, or plan again"
            yield f"{what} was changed after chipmix wrote it: it does not have the SHA-256 of {name}; {message}"


def _request(plan: Plan, path: Path) -> Request:
    """The request of a plan's inputs, checked as those of files are. Raises InputError."""
    at = Location(str(path), 0, 0)
    scenario, catalog = as_typed(Scenario, plan.scenario, at), as_typed(Catalog, plan.catalog, at)
    return request_from_text(scenario, catalog, Map(at), Map(at))


def as_typed(model: type[BaseModel], content: dict[str, Any], at: Location) -> Map:
    """The text of an input that a plan holds, without the defaults that were filled in. Raises InputError."""
    with from_outside(Path(at.file), KIND):
        try:
            typed = model.model_validate(content).model_dump(
                mode="json", by_alias=True, exclude_none=True, exclude_defaults=True
            )
        except ValidationError as error:
            where, said = error.errors(include_url=False)[0]["loc"], error.errors(include_url=False)[0]["msg"]
            message = f"holds inputs that this version does not read: {'.'.join(map(str, where))[:100]}: {said}"
            raise InputError([Problem(at, message)]) from error
    tree = tree_of(typed, at)
    assert isinstance(tree, Map)
    return tree


def _disagreements(plan: Plan, request: Request) -> list[str]:
    """What a plan says that its inputs and decisions do not; the model is stated again only if all else agrees."""
    if as_text(request.scenario) != plan.scenario or as_text(request.catalog) != plan.catalog:
        return ["its inputs are not as chipmix writes them"]
    verdict = audit(plan.model_dump(mode="json"))
    if not verdict.ok:
        return [f"fails its audit: {finding}" for finding in sorted(verdict.findings, key=_decisions_first)]
    if plan.run.version != program_version():
        return [] if plan.audit.ok else ["says of itself that it fails its audit"]
    if Audit(**asdict(verdict)) != plan.audit:
        return ["its audit does not say what an audit of it finds"]
    return [*_other_gaps(plan), *_other_options(plan), *_stated_again(plan, request)]


def _other_options(plan: Plan) -> Iterator[str]:
    """Options that a run does not have, or lacks."""
    for name in sorted((plan.run.options.keys() ^ Options().manifest().keys()) - ON_TOP):
        yield f"run.options: a run of this version {'has no' if name in plan.run.options else 'has'} {name[:40]}"


def _other_gaps(plan: Plan) -> Iterator[str]:
    """Gaps that are not to the last digit those of their bound and the objective."""
    pairs = (("gap", plan.bound_usd, plan.gap), ("certified.gap", plan.certified.bound_usd, plan.certified.gap))
    for name, bound, said in pairs:
        found = relative_gap(plan.objective_usd, bound)
        if not math.isclose(said, found, rel_tol=SAME, abs_tol=LAST_DIGIT):
            yield f"{name}: the plan says {said}, its bound and objective {found}"


def _decisions_first(finding: str) -> tuple[bool, str]:
    """What is said of decisions stands before what follows from them."""
    return finding.partition("(")[0] not in DECISIONS, finding


def _stated_again(plan: Plan, request: Request) -> Iterator[str]:
    """What a plan says of the model of its inputs against that model."""
    lines = {_line(name): systems for name, systems in plan.certified.approved.items()}
    model, matrix = stated(request, lines)
    matrix = matrix.fixed(matrix.by_column(plan.certified.placed))
    yield from _other_size(plan, matrix)
    excluded = Counter((row.offer, row.reason) for row in plan.excluded)
    expected = Counter(model.tables.excluded.items())
    for offer, reason in sorted(((excluded - expected) + (expected - excluded)).keys()):
        yield f"excluded({offer}): not as the inputs have it: {reason}"
    yield from _other_limits(plan, model)
    yield from _other_certificate(plan, matrix)
    yield from told_otherwise(plan, model, matrix)


def _line(name: str) -> OrderLine:
    """The order line of a row's name: order(offer,place,period)."""
    offer, place, period = (*name.removeprefix("order(").removesuffix(")").split(","), "", "")[:3]
    return offer, place, period


def _other_size(plan: Plan, matrix: Matrix) -> Iterator[str]:
    sizes = {
        "variables": len(matrix.columns),
        "integers": int(np.count_nonzero(matrix.integer)),
        "rows": len(matrix.rows),
        "nonzeros": len(matrix.value),
    }
    for name, found in sizes.items():
        said = getattr(plan.run, name)
        if said != found:
            yield f"run.{name}: the plan says {said}, the model of its inputs has {found}"


def _other_limits(plan: Plan, model: Model) -> Iterator[str]:
    rows = dict(limiting(model))
    for name in sorted({row.row for row in plan.limits} ^ rows.keys()):
        yield f"limits({name}): {'the row is missing' if name in rows else 'the row belongs to nothing'}"
    for limit in plan.limits:
        if limit.row in rows:
            price = price_usd(rows[limit.row], plan.certified.duals.get(model_name(limit.row), 0.0))
            if not _same(limit.price_usd, price):
                yield f"limits({limit.row}): the plan says a price of {limit.price_usd}, its certificate {price}"


def _other_certificate(plan: Plan, matrix: Matrix) -> Iterator[str]:
    duals, branches = plan.certified.duals, plan.certified.branches
    unknown = sorted(duals.keys() - set(matrix.rows))
    if unknown:
        yield f"certified.duals: there is no row {unknown[0]}"
    values = np.array([duals.get(row, 0.0) for row in matrix.rows])
    try:
        divided = None if branches is None else numbered(branches, matrix)
        bound = certified_bound_usd(matrix, values, divided)
    except NoBranch as wrong:
        yield f"certified.branches: {wrong}"
        return
    if not _same(plan.certified.bound_usd, bound):
        said, proved = told_apart(plan.certified.bound_usd, bound)
        yield f"certified: the plan says a bound of {said} USD, its duals prove {proved} USD"


def _same(said: float | None, found: float | None) -> bool:
    if said is None or found is None:
        return said is found
    return math.isclose(said, found, rel_tol=SAME, abs_tol=0.0)
