"""What else is decided: frames signed, retirement, expansion, engineering, porting, clusters."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import optimizer.plan.format as fmt
from optimizer.plan.solved_model import SolvedModel
from optimizer.request.scenario import Porting


def frames(solved: SolvedModel) -> list[fmt.FrameRow]:
    """What is signed and spent."""
    return [
        fmt.FrameRow(
            frame=name,
            signed=solved.signed[name],
            promised_usd=frame.promised_usd,
            spent_usd=solved.spent_usd[name],
            shortfall_usd=solved.shortfall_usd(name),
            due=solved.period(frame.within[-1]),
        )
        for name, frame in solved.tables.frames.items()
    ]


def retired(solved: SolvedModel) -> list[fmt.RetiredRow]:
    rows = []
    for (entry, t), systems in solved.retire.items():
        if systems > 0:
            rows.append(fmt.RetiredRow(
                system=entry.system, site=entry.site, period=solved.period(t), until=entry.until,
                systems=systems, resale_usd=systems * entry.resale_usd,
            ))  # fmt: skip
    return rows


def expanded(solved: SolvedModel) -> list[fmt.ExpansionRow]:
    rows = []
    for (site, t), variable in solved.model.expand.items():
        mw, expansion = solved.values[variable.name], solved.tables.scenario.sites[site].expansion
        if mw > 0 and expansion is not None:
            usd = mw * float(expansion.usd_per_mw)
            rows.append(fmt.ExpansionRow(site=site, period=solved.period(t), mw=mw, usd=usd))
    return rows


def engineering(solved: SolvedModel) -> list[fmt.EngineeringRow]:
    rows = []
    for (accelerator, t), variable in solved.model.engineer.items():
        one_off = solved.tables.request.catalog.accelerators[accelerator].one_off
        if solved.values[variable.name] > 0 and one_off is not None:
            ready = solved.period(t + solved.tables.wait(one_off.months))
            starts, usd = solved.period(t), float(one_off.usd)
            rows.append(fmt.EngineeringRow(accelerator=accelerator, starts=starts, ready=ready, usd=usd))
    return rows


def porting(solved: SolvedModel) -> list[fmt.PortingRow]:
    rows = []
    for (demand, stack, t), variable in solved.model.port.items():
        cost = (solved.tables.scenario.demand[demand].stacks or {})[stack]
        if solved.values[variable.name] > 0 and isinstance(cost, Porting):
            ready = solved.period(t + solved.tables.wait(cost.months))
            starts, usd = solved.period(t), float(cost.usd)
            rows.append(fmt.PortingRow(demand=demand, stack=stack, starts=starts, ready=ready, usd=usd))
    return rows


def clusters(solved: SolvedModel, work: Iterable[fmt.WorkRow]) -> list[fmt.ClusterRow]:
    catalog, demands = solved.tables.request.catalog, solved.tables.scenario.demand
    size: defaultdict[tuple[str, str, str, str], float] = defaultdict(float)
    for row in work:
        if demands[row.demand].cluster is not None:
            accelerators = row.systems * catalog.systems[row.system].accelerators
            size[row.demand, row.period, row.accelerator, row.place] += accelerators
    return [
        fmt.ClusterRow(demand=demand, period=period, accelerator=accelerator, place=place, accelerators=count)
        for (demand, period, accelerator, place), count in sorted(size.items())
    ]


DECIDED = (frames, retired, expanded, engineering, porting)
"""Each has the name of its table."""
