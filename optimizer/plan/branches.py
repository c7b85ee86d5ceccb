"""The branches that prove a bound, as a plan holds them: columns by name, and rows, which are many, by number."""

from __future__ import annotations

from collections.abc import Mapping

from optimizer.plan.provenance import Branch
from optimizer.solving.branches import Branches, NoBranch
from optimizer.solving.matrix import Matrix


def named(branches: Branches, matrix: Matrix) -> Branch:
    """Branches as they stand in a plan."""
    return Branch(
        rows=tuple(branches.duals),
        duals=tuple(branches.duals.values()),
        sums=branches.sum_duals,
        columns=tuple(matrix.columns[j] for j in branches.columns),
        least=branches.least if branches.children else 0,
        children=tuple(named(child, matrix) for child in branches.children),
    )


def numbered(branch: Branch, matrix: Matrix) -> Branches:
    """Branches as they stand in a plan, in a model of its inputs. Raises NoBranch for what that has not."""
    return _numbered(branch, len(matrix.rows), {name: j for j, name in enumerate(matrix.columns)})


def _numbered(branch: Branch, rows: int, columns: Mapping[str, int]) -> Branches:
    if len(branch.rows) != len(branch.duals) or not all(0 <= row < rows for row in branch.rows):
        raise NoBranch("there is one dual for each row, and rows are those of the model")
    if bool(branch.children) != bool(branch.least):
        raise NoBranch("what is divided, and nothing else, says at how many")
    unknown = [name for name in branch.columns if name not in columns]
    if unknown:
        raise NoBranch(f"there is no column {unknown[0]}")
    return Branches(
        duals=dict(zip(branch.rows, branch.duals, strict=True)),
        sum_duals=branch.sums,
        columns=tuple(columns[name] for name in branch.columns),
        least=branch.least or 1,
        children=tuple(_numbered(child, rows, columns) for child in branch.children),
    )
