"""Orders: what the optimiser chose, what the reader puts in its place, and what is used."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.workbook.decisions import clusters_of
from optimizer.workbook.facts import Facts
from optimizer.workbook.groups import Group
from optimizer.workbook.sheets.decision_orders import behind_checks, decision_checks, other_decisions
from optimizer.workbook.sheets.frames import frame_checks, out_of_time
from optimizer.workbook.sheets.input_offers import has_term
from optimizer.workbook.sheets.ways import entering_by_way
from optimizer.workbook.writing.lines import OVERRIDE, PERIOD, SUM, Check, Line, Of, Section, filled, line_of, lines_of
from optimizer.workbook.writing.references import HERE, at, before, down, key_of, of_each, sum_down
from optimizer.workbook.writing.styles import Role
from optimizer.workbook.writing.time_sheet import TimeSheet


def orders(facts: Facts) -> TimeSheet:
    """Choices and overrides, then systems and accelerators entering, in and leaving service."""
    sections = [
        _time(), _terms(facts), *_choices(facts), *other_decisions(facts), *_entering(facts), _accelerators(facts),
        *entering_by_way(facts),
        *_in_service(facts), _early(facts), *out_of_time(facts), *behind_checks(facts), *_beside(facts),
    ]  # fmt: skip
    checks = [*_checks(facts), *frame_checks(facts), *decision_checks(facts)]
    return TimeSheet("Orders", "Orders: systems entering service", "7030A0", sections, checks)


def _time() -> Section:
    horizon = f"=MAX({HERE.axis_across})"
    return Section("Time", lines=[
        Line("Hours in a period", "hours", constant="=hours_per_year/periods_per_year", name="hours_per_period"),
        Line("Months in a period", "months", constant="=months_per_year/periods_per_year", name="months_per_period"),
        Line("Periods in the horizon", "periods", constant=horizon, name="periods_in_horizon"),
    ])  # fmt: skip


def _terms(facts: Facts) -> Section:
    """Lead time and service in periods, by group."""
    note = "A lead time rounds up to whole periods, a term to the nearest, at least one."
    return Section("Terms in periods", note, [
        *lines_of(facts.groups, "Lead time", "periods", what="lead",
                  constant="=ROUNDUP({offer/lead_time_months.constant}/months_per_period,0)"),
        *(
            line_of(group, "Periods in service", "periods", what="service",
                    constant=f"=MAX(1,ROUND({_months(facts, group)}/months_per_period,0))"
                    + "-{commitment/age.constant}" * group.running)
            for group in facts.groups
        ),
    ])  # fmt: skip


def _months(facts: Facts, group: Group) -> str:
    if has_term(facts, group.offer, "term_months"):
        return at("offer", "term_months", group.offer).constant
    return "service_life_years*months_per_year"


def _choices(facts: Facts) -> Iterator[Section]:
    """The optimiser's systems and the block of overrides in the same order."""
    lines = [(group, line) for group in facts.groups if not group.committed for line in group.lines]
    note = "By period of entering service. Do not type here but in the overrides below."
    yield Section("Chosen by the optimiser", note, [
        line_of(line, "Optimiser", "systems", total=SUM, periods=line.systems, role=Role.SOLVER) for _, line in lines
    ])  # fmt: skip
    note = "Blank: the optimiser's number stands. A number, 0 included, replaces it and re-costs the plan."
    yield Section("Overrides", note, [
        line_of(line, "Override", "systems", periods=[None] * facts.periods,
                rule="amount" if facts.catalog["offers"][group.offer].get("divisible") == "true" else "count",
                keys=("/".join(filter(None, (f"{OVERRIDE}systems", group.offer, line.place, group.frame))),))
        for group, line in lines
    ])  # fmt: skip


def _entering(facts: Facts) -> Iterator[Section]:
    """Systems entering service, accelerators per system in the constant column; then at all places."""
    note = "The override where there is one, else the optimiser's; commitments as in Inputs."
    chosen = "=IF(ISBLANK({override}),{optimiser},{override})"

    def placed(group: Group) -> str:
        """Of what is running, none whose term is over before the horizon."""
        return "={commitment/systems}" + f"*({at('service', group).constant}>0)" * group.running

    yield Section("Systems entering service", note, [
        line_of(line, "Entering service", "systems", what="entering", total=SUM, constant="system/accelerators",
                periods=placed(group) if group.committed else chosen,
                source="constant: accelerators in a system", shows=line.systems,
                meaning=f"systems of {group.label} at {line.place} in")
        for group in facts.groups for line in group.lines
    ])  # fmt: skip
    yield Section("Systems entering service, all places", lines=[
        line_of(group, "All places", "systems", what="entering", total=SUM,
                periods=sum_down(of_each("entering", group.lines)),
                whole=all(line.whole for line in group.lines))
        for group in facts.groups
    ])  # fmt: skip


def _accelerators(facts: Facts) -> Section:
    """Accelerators entering service: systems times accelerators in a system."""
    return Section("Accelerators entering service", "Orders and commitments, all places.", [
        Line("Accelerators", "accelerators", accelerator, total=SUM, source=f"vendor: {vendor}",
             periods=f"=SUMPRODUCT({down(rows, '$E')},{down(rows)})", key=key_of("accelerators entering", accelerator))
        for vendor, accelerator in facts.accelerators
        for own in [[group for group in facts.groups if group.accelerator == accelerator]]
        for rows in [[at("entering", line) for group in own for line in group.lines]]
    ])  # fmt: skip


def _in_service(facts: Facts) -> Iterator[Section]:
    """What is in service and what leaves it; then opening, entering, leaving, closing."""
    yield Section("Systems in service", "What entered within the periods of service (constant); fleet not included.",
                  lines_of(facts.groups, "In service", "systems", constant="service", periods="={entering.cohort}"),
    )  # fmt: skip
    yield Section("Leaving service", "What entered as long ago as the periods of service.", lines_of(
        facts.groups, "Leaving", "systems",
        periods=f"=SUMIFS({{entering.across}},{{entering.axis_across}},@${PERIOD}-{{service.constant}})",
    ))  # fmt: skip
    entered, left, there = (sum_down(of_each(what, facts.groups)) for what in ("entering", "leaving", "in service"))
    opening, entering, leaving = (at("balance", name) for name in ("opening", "entering", "leaving"))
    so_far = f"{HERE.opening}+SUM({before([entering])})-SUM({before([leaving])})"
    closing = f"={opening}+{entering}-{leaving}"
    note = "Opening balance plus what entered and minus what left before the period."
    yield Section("Balance of systems", note, [
        Line("Opening", "systems", opening="=0", periods=f"={so_far}", key=opening.key),
        Line("Entering", "systems", total=SUM, periods=entered, key=entering.key),
        Line("Leaving, all offers", "systems", total=SUM, periods=left, key=leaving.key),
        Line("Closing", "systems", periods=closing, key=key_of("balance", "closing")),
        Line("In service, all offers", "systems", periods=there, key=key_of("balance", "in service")),
    ])  # fmt: skip


def _early(facts: Facts) -> Section:
    """Systems that enter service sooner than an order placed in the first period could arrive."""
    note = "Systems in periods that no order of this horizon can reach."
    total = '=SUMIFS({entering.across},{entering.axis_across},"<="&{lead.constant})'
    ordered = [group for group in facts.groups if not group.committed]
    return Section("Entering before the lead time", note, lines_of(ordered, "Too early", "systems", total=total))


def _beside(facts: Facts) -> Iterator[Section]:
    """What the optimiser left undone, and where it runs each cluster."""
    note = "Left by the optimiser; an override above does not change it."
    yield from filled("Work not served", note, [
        line_of(Of(demand), "Unmet work", "units/s", what="unmet", periods=values, role=Role.SOLVER)
        for demand, values in facts.unmet.items()
    ])  # fmt: skip
    note = "Accelerators on which a demand runs at one place; an override does not change it."
    yield from filled("Clusters", note, [
        Line(f"Cluster of {demand}", "accelerators", accelerator, place, periods=values, role=Role.SOLVER,
             key=key_of("cluster", demand, accelerator, place))
        for (demand, accelerator, place), values in clusters_of(facts).items()
    ])  # fmt: skip


def _checks(facts: Facts) -> Iterator[Check]:
    difference = f"({at('balance', 'closing').across}-{at('balance', 'in service').across})"
    meaning = "Opening, entering and leaving give what is in service, in every period."
    yield Check("Balance of systems closes", f"=SUMPRODUCT({difference}*{difference})", "systems", meaning)
    if early := [at("too early", group) for group in facts.groups if not group.committed]:
        meaning = "Systems overridden into a period that no order can reach."
        yield Check("Nothing arrives before its lead time", f"=SUM({down(early, '$F')})", "systems", meaning)
