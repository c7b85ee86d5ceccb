"""What else is decided: retirement, expansion, engineering, porting, clusters."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import optimizer.plan.format as fmt
from optimizer.plan.answer import Answer
from optimizer.request.scenario import Porting


def retired(answer: Answer) -> list[fmt.RetiredRow]:
    rows = []
    for (entry, t), systems in answer.retire.items():
        if systems > 0:
            rows.append(fmt.RetiredRow(
                system=entry.system, site=entry.site, period=answer.period(t), until=entry.until,
                systems=systems, resale_usd=systems * entry.resale_usd,
            ))  # fmt: skip
    return rows


def expanded(answer: Answer) -> list[fmt.ExpansionRow]:
    rows = []
    for (site, t), variable in answer.model.expand.items():
        mw, expansion = answer.values[variable.name], answer.tables.scenario.sites[site].expansion
        if mw > 0 and expansion is not None:
            usd = mw * float(expansion.usd_per_mw)
            rows.append(fmt.ExpansionRow(site=site, period=answer.period(t), mw=mw, usd=usd))
    return rows


def engineering(answer: Answer) -> list[fmt.EngineeringRow]:
    rows = []
    for (accelerator, t), variable in answer.model.engineer.items():
        one_off = answer.tables.request.catalog.accelerators[accelerator].one_off
        if answer.values[variable.name] > 0 and one_off is not None:
            ready = answer.period(t + answer.tables.wait(one_off.months))
            starts, usd = answer.period(t), float(one_off.usd)
            rows.append(fmt.EngineeringRow(accelerator=accelerator, starts=starts, ready=ready, usd=usd))
    return rows


def porting(answer: Answer) -> list[fmt.PortingRow]:
    rows = []
    for (demand, stack, t), variable in answer.model.port.items():
        cost = (answer.tables.scenario.demand[demand].stacks or {})[stack]
        if answer.values[variable.name] > 0 and isinstance(cost, Porting):
            ready = answer.period(t + answer.tables.wait(cost.months))
            starts, usd = answer.period(t), float(cost.usd)
            rows.append(fmt.PortingRow(demand=demand, stack=stack, starts=starts, ready=ready, usd=usd))
    return rows


def clusters(answer: Answer, work: Iterable[fmt.WorkRow]) -> list[fmt.ClusterRow]:
    catalog, demands = answer.tables.request.catalog, answer.tables.scenario.demand
    size: defaultdict[tuple[str, str, str, str], float] = defaultdict(float)
    for row in work:
        if demands[row.demand].cluster is not None:
            accelerators = row.systems * catalog.systems[row.system].accelerators
            size[row.demand, row.period, row.accelerator, row.place] += accelerators
    return [
        fmt.ClusterRow(demand=demand, period=period, accelerator=accelerator, place=place, accelerators=count)
        for (demand, period, accelerator, place), count in sorted(size.items())
    ]
