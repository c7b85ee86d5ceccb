"""A solved model as a plan that can be trusted: read out, audited, certified, sealed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version

from optimizer.audit import audit
from optimizer.formulation import build_model
from optimizer.formulation.model import Model, row_name
from optimizer.plan.branches import named
from optimizer.plan.format import Plan
from optimizer.plan.provenance import Certified
from optimizer.plan.read_out import plan_parts
from optimizer.plan.seal import sealed
from optimizer.plan.solved_model import SolvedModel
from optimizer.plan.warnings import said
from optimizer.request.load import Request
from optimizer.solving.certificate import certified_bound_usd
from optimizer.solving.matrix import Matrix, matrix_of, uncomfortable
from optimizer.solving.proportion import refuse_out_of_proportion
from optimizer.solving.solution import Options, Solution, relative_gap
from optimizer.tables import OrderLine, build_tables


class AuditFailed(Exception):
    """A plan that breaks its own rules: an internal error, never shown as a plan."""


def program_version() -> str:
    try:
        return version("chipmix")
    except PackageNotFoundError:  # run from a checkout that is not installed
        return "0"


@dataclass(frozen=True)
class Solved:
    """A request with its model and what the solver found: not yet read out, not yet audited.

    `lines` are order lines that stay possible and `placed` the columns that are fixed, both for an approved plan.
    """

    request: Request
    model: Model
    matrix: Matrix
    solution: Solution
    options: Options
    lines: Mapping[OrderLine, float] = field(default_factory=dict)
    placed: Mapping[str, float] = field(default_factory=dict)


def stated(request: Request, lines: Mapping[OrderLine, float] | None = None) -> tuple[Model, Matrix]:
    """The model of a request, and its frozen form; `lines` are orders that stay possible.

    Raises InputError for what the model cannot state.
    """
    model = build_model(build_tables(request, approved=lines))
    matrix = matrix_of(model)
    refuse_out_of_proportion(request, model, matrix)
    return model, matrix


def plan_of(solved: Solved, remarks: Sequence[str] = (), notes: Sequence[str] = ()) -> Plan:
    """What was found as a plan, audited, certified and sealed.

    `remarks` stand before its warnings, `notes` before its notes.

    Raises AuditFailed for a plan that breaks a rule.
    """
    model = SolvedModel(solved.model, solved.matrix, solved.solution)
    certified = _certified(solved, model.objective_usd)
    about = said(model, remarks, [*notes, *filter(None, [uncomfortable(solved.matrix)])])
    parts = plan_parts(model, solved.matrix, solved.options, certified, about, program_version())
    verdict = audit(parts)
    if not verdict.ok:
        raise AuditFailed("the plan fails its audit:\n" + "\n".join(verdict.findings))
    return sealed(Plan.model_validate({**parts, "audit": asdict(verdict)}))


def _certified(solved: Solved, objective_usd: float) -> Certified:
    """The bound that the duals of relaxations prove, and all that it takes to prove it again."""
    duals, rows, branches = solved.solution.duals, solved.matrix.rows, solved.solution.branches
    bound_usd = certified_bound_usd(solved.matrix, duals, branches)
    return Certified(
        bound_usd=bound_usd,
        gap=relative_gap(objective_usd, bound_usd),
        duals={row: dual for row, dual in zip(rows, duals.tolist(), strict=False) if dual},
        branches=None if branches is None else named(branches, solved.matrix),
        approved={row_name("order", line): systems for line, systems in sorted(solved.lines.items())},
        placed=dict(sorted(solved.placed.items())),
    )
