"""The part of Unit costs that splits the plan's cost: by accelerator, by work, and what falls on neither."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from optimizer.formulation.register import COST_LINES
from optimizer.workbook.decisions import ENGINEER, EXPAND, decisions_of
from optimizer.workbook.facts import Facts
from optimizer.workbook.sheets.unit_accelerators import OURS, Bearer, has_residual
from optimizer.workbook.sheets.unit_workings import Pair, pairs_of
from optimizer.workbook.writing.lines import Check, Line, Section, filled, line_of
from optimizer.workbook.writing.references import HERE, Row, at, down, key_of, sum_down, summed
from optimizer.workbook.writing.styles import Role

FALLS_ON = ("software", "work", "site")
REST = sorted((record for record in COST_LINES if record.unborne), key=lambda record: FALLS_ON.index(record.falls_on))
"""Costs that fall on no accelerator."""
MID, END = at("unit costs", "mid"), at("unit costs", "end")


def demands_of(pairs: Sequence[Pair]) -> list[str]:
    return sorted({demand for _, demand in pairs})


def present(of: Bearer | Pair | str) -> Row:
    """The present value of cost of a bearer, of an accelerator's work on a demand, or of a demand; in the total."""
    return at("present value of", of)


def present_of(accelerator: str, bearers: Sequence[Bearer]) -> str:
    """The present value of cost of an accelerator, wherever it stands."""
    return f"SUM({down([present(bearer) for bearer in bearers if bearer.item == accelerator], '$F')})"


def parts(facts: Facts, bearers: Sequence[Bearer]) -> Iterator[Section]:
    """Present values by accelerator and by work, and that they are the plan's cost."""
    pairs = pairs_of(facts)
    note = "Cost at mid-period less residual at the period's end."
    yield from filled("Present value of cost, by accelerator", note, [
        _cost(bearer, "Present value of cost", total=_of_bearer(facts, bearer)) for bearer in bearers
    ])  # fmt: skip
    note = "Split by accelerators at work, discounted; time without work falls on the work done."
    yield from filled("Present value of cost, by accelerator and work", note, [
        _cost(pair, "Work on", total=f"=IFERROR({present_of(pair.accelerator, bearers)}*{_share(pair)},0)")
        for pair in pairs
    ])  # fmt: skip
    rows = [present(pair) for pair in pairs]
    yield from filled("Present value of cost, by work", "The lines above of the same name.", [
        Line(f"Work on {demand}", "USD", key=present(demand).key,
             total=f"=SUMIFS({down(rows, '$F')},{down(rows, '$A', fixed=True)},{HERE.label})")
        for demand in demands_of(pairs)
    ])  # fmt: skip
    yield _total(facts, bearers, pairs)


def _cost(of: Bearer | Pair, label: str, total: str) -> Line:
    return line_of(of, label, "USD", what="present value of", total=total)


def _of_bearer(facts: Facts, bearer: Bearer) -> str:
    value = f"=SUMPRODUCT({{cost before residual.across}},{MID.across})"
    return value + f"-SUMPRODUCT({{residual value.across}},{END.across})" * has_residual(facts, bearer)


def _share(pair: Pair) -> str:
    """How much of an accelerator's work time goes to a demand, by which its cost is split."""
    return "/".join(
        f"SUMPRODUCT({row.across},{MID.across})" for row in (at("at work on", pair), at("busy", pair.accelerator))
    )


def _total(facts: Facts, bearers: Sequence[Bearer], pairs: Sequence[Pair]) -> Section:
    """From accelerators to the plan's cost; and from work to accelerators."""
    power = [at("residual", decision) for decision in decisions_of(facts, EXPAND)]
    left = f"=-SUM({down(power, '$F')})*INDEX({END.across},periods_in_horizon)" if power else "=0"
    summands = [
        ("Accelerators, all", sum_down([present(bearer) for bearer in bearers], "$F"), ""),
        *(
            (f"Not allocated: {r.apart or r.label.lower()}", f"={at('present value', r.name).total}", r.unborne)
            for r in REST
        ),
        ("Not allocated: residual of added power", left, "at the end"),
        ("Not allocated: engineering of what is not bought", _engineering(facts, bearers), ""),
    ]
    lines = [
        Line(label, "USD", total=total, source=why, key=key_of("part", label)) for label, total, why in summands
    ]  # fmt: skip
    idle = [bearer for bearer in bearers if bearer.item not in {accelerator for accelerator, _ in pairs}]
    note = "What falls on no accelerator stands alone and is in no unit cost."
    return Section("From the parts to the total", note, [
        *lines,
        Line("All parts", "USD", total=f"=SUM({down([Row(line.key) for line in lines], '$F')})", role=Role.TOTAL,
             key=key_of("all parts")),
        Line("Of it: accelerators that do no work", "USD", key=key_of("idle"),
             total=sum_down([present(bearer) for bearer in idle], "$F")),
    ])  # fmt: skip


def _engineering(facts: Facts, bearers: Sequence[Bearer]) -> str:
    """Engineering of an accelerator that then is not bought."""
    bought = {bearer.item for bearer in bearers if bearer.place == OURS}
    rows = [at("flow", decision) for decision in decisions_of(facts, ENGINEER) if decision.item not in bought]
    return "=" + ("+".join(f"SUMPRODUCT({row.across},{MID.across})" for row in rows) or "0")


def unit_checks(facts: Facts, bearers: Sequence[Bearer]) -> list[Check]:
    """The parts are the whole."""
    work = summed([present(pair) for pair in pairs_of(facts)], "$F")
    every = summed([present(bearer) for bearer in bearers], "$F")
    return [
        Check("Unit costs: parts are the total", f"={at('all parts').total}-total_npv_usd", "USD",
              "Cost by accelerator and what falls on none is the net present value of cost."),
        Check("Unit costs: work bears all accelerators", f"={work}+{at('idle').total}-{every}", "USD",
              "Cost by work, and of accelerators without work, is the cost of accelerators."),
    ]  # fmt: skip
