"""The part of Unit costs that sums the cost lines for each accelerator on our sites, hosted, or of the fleet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from optimizer.workbook.decisions import ENGINEER, RETIRE, decisions_of
from optimizer.workbook.facts import Facts
from optimizer.workbook.groups import Group
from optimizer.workbook.sheets.cash_workings import hosted
from optimizer.workbook.sheets.purchases import purchased, rented
from optimizer.workbook.sheets.unit_accelerators import FLEET, OURS, Bearer, Stood, at_our_sites, rows_of
from optimizer.workbook.writing.lines import SUM, Line, Section
from optimizer.workbook.writing.references import Row, at, down, key_of, sum_down, summed
from optimizer.workbook.writing.styles import Role


def bearer_costs(facts: Facts, stood: Sequence[Stood], bearer: Bearer) -> Section:
    """The cost lines of a bearer and their sum; then the residual, if anything of it has one."""
    note = "Running costs and resale: what the fleet cost is not in the plan." if bearer.where == FLEET else ""
    parts = [_line(bearer, label, f"={formula}") for label, formula in _parts(facts, stood, bearer)]
    before = sum_down([Row(line.key) for line in parts])
    lines = [*parts, _line(bearer, "Cost before residual", before, Role.TOTAL)]
    if has_residual(facts, bearer):
        lines.append(_line(bearer, "Residual value", sum_down(_held(bearer, purchased(facts), "residual"))))
    return Section(f"Cost of {bearer.accelerator}, {bearer.where}", note, lines)


def has_residual(facts: Facts, bearer: Bearer) -> bool:
    return any(bearer.holds(group) for group in purchased(facts))


def _line(bearer: Bearer, label: str, periods: str, role: Role | None = None) -> Line:
    return Line(label, "USD", bearer.accelerator, bearer.where, total=SUM, periods=periods, role=role,
                key=key_of(label, bearer))  # fmt: skip


def _held(bearer: Bearer, groups: Sequence[Group], what: str) -> list[Row]:
    return [at(what, group) for group in groups if bearer.holds(group)]


def _parts(facts: Facts, stood: Sequence[Stood], bearer: Bearer) -> Iterator[tuple[str, str]]:
    """The cost lines of a bearer; a line that it cannot have is left out."""
    for label, what, groups in (
        ("Deposits", "deposit", purchased(facts)),
        ("Balances", "balance paid", purchased(facts)),
        ("Network", "network", facts.groups),
        ("Software", "software", facts.groups),
        ("Rent", "rent", rented(facts)),
        ("Owed after the horizon", "owed", tuple(facts.terms) if facts.after_horizon else ()),
    ):
        if own := _held(bearer, groups, what):
            yield label, summed(own)
    if base := _held(bearer, purchased(facts), "maintained"):
        yield "Maintenance", f"maintenance_share/periods_per_year*{summed(base)}"
    if power := rows_of(bearer, at_our_sites(facts, stood), "power"):
        yield "Energy, hosting, carbon", f"SUM({down(power)})"
    if tonnes := _held(bearer, hosted(facts), "carbon of hosted hours"):
        yield "Carbon of hosted hours", f"{summed(tonnes)}*{at('carbon price').now}"
    yield from _decided(facts, bearer)


def _decided(facts: Facts, bearer: Bearer) -> Iterator[tuple[str, str]]:
    """Engineering of what is ordered, and resale of the fleet."""
    systems = facts.catalog["systems"]
    one_off = [at("flow", d) for d in decisions_of(facts, ENGINEER) if d.item == bearer.accelerator]
    if bearer.where == OURS and one_off:
        yield "Engineering", summed(one_off)
    retired = decisions_of(facts, RETIRE)
    sold = [at("flow", d) for d in retired if systems[d.item]["accelerator"] == bearer.accelerator]
    if bearer.where == FLEET and sold:
        yield "Resale", f"-{summed(sold)}"
