"""The part of Orders that holds the other decisions and the factors paid: optimiser, override, what is used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from optimizer.workbook.decisions import ENGINEER, EXPAND, RETIRE, Decision, Kind, breaks_in_words, factors_paid
from optimizer.workbook.facts import Group
from optimizer.workbook.sheets.decision_inputs import DecisionInputs, FleetInputs
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.lines import LABEL, OVERRIDE, PERIOD, SUM, Line
from optimizer.workbook.writing.references import HERE, Row, key_of
from optimizer.workbook.writing.styles import Role
from optimizer.workbook.writing.table import Table

FACTOR = "Price paid over list price"
_FACTOR_NOTE = (
    "Price breaks depend on how many systems an order has: the optimiser's factor holds for its own number. "
    "Where you override systems, override the factor too."
)


@dataclass(frozen=True)
class DecisionRows:
    """What is used: decisions by period, factors by offer and period of entering service; and their overrides."""

    used: dict[Decision, Row]
    factors: dict[str, Row]
    overrides: list[Row]

    def of(self, kind: Kind) -> dict[Decision, Row]:
        return {decision: row for decision, row in self.used.items() if decision.kind is kind}


@dataclass(frozen=True)
class DecisionChecks:
    """Retired fleet by period (`off`), and the lines behind the checks.

    `left` by period and `room` in the total column may not be negative; the totals of `late`, `early` and
    `unready` are zero in a plan that can be carried out.
    """

    off: dict[Decision, Row]
    left: list[Row]
    late: list[Row]
    room: list[Row]
    early: list[Row]
    unready: list[Row]


Key = Decision | str


def write_decisions(table: Table) -> DecisionRows:
    """Factors paid and decisions, three blocks in one order."""
    lines = {**_factor_lines(table), **_decision_lines(table)}
    if not lines:
        return DecisionRows({}, {}, [])
    table.heading("Other decisions of the optimiser", "Do not type here but in the overrides below.")
    if any(isinstance(key, str) for key in lines):
        _break_notes(table)
    solver = {
        key: table.line(replace(_named(line, "optimiser", Role.SOLVER), key=_key("optimiser", key)))
        for key, line in lines.items()
    }
    table.heading("Overrides of other decisions", "Blank: the optimiser's number stands.")
    override = {key: table.line(replace(_override(line), key=_key("override", key))) for key, line in lines.items()}
    table.heading("Other decisions used", "The override where there is one, else the optimiser's.")
    used = {
        key: _used(table, replace(line, key=_key("used", key)), solver[key], override[key])
        for key, line in lines.items()
    }
    decisions = {key: row for key, row in used.items() if isinstance(key, Decision)}
    factors = {key: row for key, row in used.items() if isinstance(key, str)}
    return DecisionRows(decisions, factors, list(override.values()))


def _key(what: str, of: Key) -> str:
    return key_of(f"{'factor' if isinstance(of, str) else 'decision'} {what}", of)


def _factor_lines(table: Table) -> dict[Key, Line]:
    return {
        offer: Line(FACTOR, "factor", offer, periods=values, rule="amount")
        for offer, values in factors_paid(table.book.facts).items()
    }


def _decision_lines(table: Table) -> dict[Key, Line]:
    return {
        decision: Line(
            decision.kind.label + decision.suffix,
            decision.kind.unit,
            decision.item,
            decision.place,
            total=SUM,
            periods=decision.values,
            rule=decision.kind.rule,
        )
        for decision in table.book.decisions
    }


def _break_notes(table: Table) -> None:
    """The terms of each offer with price breaks, in words."""
    offers = table.book.facts.catalog["offers"]
    notes = [f"Price breaks of {o}, {breaks_in_words(offers[o]['price_breaks'])}." for o in _factor_lines(table)]
    for note in (_FACTOR_NOTE, *notes):
        table.text(table.next, LABEL, note, Role.NOTE)
        table.skip()


def _named(line: Line, word: str, role: Role) -> Line:
    return replace(line, label=f"{line.label}, {word}", role=role, rule="")


def _override(line: Line) -> Line:
    assert line.periods is not None
    assert not isinstance(line.periods, Formula)
    keys = (f"{OVERRIDE}{'factor' if line.label == FACTOR else 'decision'}/{line.item}",)
    return replace(line, label=f"{line.label}, override", total=None, periods=[None] * len(line.periods), keys=keys)


def _used(table: Table, line: Line, solver: Row, override: Row) -> Row:
    formula = Formula(f"=IF(ISBLANK({override.now}),{solver.now},{override.now})")
    row = table.line(replace(line, periods=formula, rule=""))
    assert line.periods is not None
    assert not isinstance(line.periods, Formula | str)
    values = [value or 0.0 for value in line.periods]
    table.book.tie(row, values, f"{line.label} {line.item} {line.place} in")
    return row


def write_checks(
    table: Table,
    inputs: DecisionInputs,
    fleet: FleetInputs,
    rows: DecisionRows,
    groups: Mapping[Group, tuple[Row, Row]],
) -> DecisionChecks:
    """Lines behind the checks; `groups` holds entering systems and lead time in periods."""
    off, left, late = _retired(table, fleet, rows.of(RETIRE))
    room, early = _expanded(table, inputs, rows.of(EXPAND))
    return DecisionChecks(off, left, late, room, early, _unready(table, inputs, rows.of(ENGINEER), groups))


def _retired(
    table: Table, fleet: FleetInputs, used: dict[Decision, Row]
) -> tuple[dict[Decision, Row], list[Row], list[Row]]:
    """Systems off that would still be there, what is left, and systems switched off when there were none."""
    if not used:
        return {}, [], []
    table.heading("Fleet retired so far", "Up to the last period in which it would have been in service.")
    off = {}
    for decision, row in used.items():
        formula = Formula(f"=IF({fleet.retirable[decision].now}>0,SUM({row.so_far}),0)")
        off[decision] = table.line(
            replace(_line(decision, "Off so far", "systems", formula), key=key_of("retired so far", decision))
        )
    table.heading("Fleet left of what may be retired")
    left = []
    for decision, row in off.items():
        formula = Formula(f"={fleet.retirable[decision].now}-{row.now}")
        left.append(
            table.line(
                replace(_line(decision, "Left in service", "systems", formula), key=key_of("left of fleet", decision))
            )
        )
    table.heading("Fleet retired after its end", "Systems in periods in which none was in service any more.")
    late = []
    for decision, row in used.items():
        formula = Formula(f"=SUMPRODUCT(({fleet.retirable[decision].across}=0)*{row.across})")
        late.append(
            table.line(
                replace(
                    _line(decision, "Off too late", "systems"), total=formula, key=key_of("retired too late", decision)
                )
            )
        )
    return off, left, late


def _line(decision: Decision, label: str, unit: str, periods: Formula | None = None) -> Line:
    return Line(label + decision.suffix, unit, decision.item, decision.place, periods=periods)


def _expanded(table: Table, inputs: DecisionInputs, used: dict[Decision, Row]) -> tuple[list[Row], list[Row]]:
    """MW that may still be added, and MW on line before the time it takes to add them."""
    if not used:
        return [], []
    table.heading("Power that may still be added", "Most power added less what is added in all periods.")
    room = []
    for decision, row in used.items():
        formula = Formula(f"={inputs.more[decision, 'max_mw'].constant}-{row.total}")
        room.append(
            table.line(
                replace(_line(decision, "Room for power", "MW"), total=formula, key=key_of("room for power", decision))
            )
        )
    table.heading("Power on line too early", "MW in periods that an order in the first period cannot reach.")
    early = []
    for decision, row in used.items():
        lead = f"ROUNDUP({inputs.more[decision, 'lead_time_months'].constant}/months_per_period,0)"
        formula = Formula(f'=SUMIFS({row.across},{row.axis_across},"<="&{lead})')
        early.append(
            table.line(
                replace(
                    _line(decision, "Power too early", "MW"), total=formula, key=key_of("power too early", decision)
                )
            )
        )
    return room, early


def _unready(
    table: Table, inputs: DecisionInputs, used: dict[Decision, Row], groups: Mapping[Group, tuple[Row, Row]]
) -> list[Row]:
    """Systems bought before the engineering of their accelerator was ready."""
    if not used:
        return []
    note = "Purchases by period of entering service; constant: periods that engineering takes."
    table.heading("Ordered before engineering is ready", note)
    rows = []
    for decision, row in used.items():
        months = inputs.more[decision, "months"].constant
        for group, (entering, lead) in groups.items():
            if group.accelerator == decision.item and group.purchased and not group.committed:
                started = f'{row.across},{row.axis_across},"<="&@${PERIOD}-{lead.constant}-{HERE.constant}'
                line = Line(
                    "Ordered too early",
                    "systems",
                    group.offer,
                    constant=Formula(f"=ROUNDUP({months}/months_per_period,0)"),
                    total=SUM,
                    periods=Formula(f"=IF(SUMIFS({started})=0,{entering.now},0)"),
                    constant_unit="periods",
                    key=key_of("ordered before engineering", decision, group),
                )
                rows.append(table.line(line))
    return rows
