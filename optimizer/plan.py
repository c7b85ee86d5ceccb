"""A solution in the user's words, as `plan.json`; the files it can be written to and read from."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

import optimizer.plan_format as fmt
from catalogs.problems import InputError, Location, Problem
from optimizer.formulation import AT_PERIOD_END, SHORT_OF
from optimizer.formulation.model import DEMAND_PARTS, Model, Row, Terms
from optimizer.matrix import Matrix
from optimizer.scenario import Porting
from optimizer.solve import Options, Solution
from optimizer.tables import KW_PER_MW, Cohort, Tables, Work, peak_pue

USD_PER_MILLION = 1e6
TRACE = 1e-7
"""Less than this part of a system, or of a demand, is rounding and not shown."""


def _no_trace(column: str, value: float) -> float:
    """A value without the solver's rounding, so that what is not shown costs nothing either."""
    unit = DEMAND_PARTS if column.startswith("unmet(") else 1.0
    return 0.0 if abs(value) < TRACE * unit else value


class Answer:
    """A solution with the model it solves: what the parts of a plan are read from."""

    def __init__(self, model: Model, matrix: Matrix, solution: Solution) -> None:
        self.model, self.tables, self.solution = model, model.tables, solution
        values = {name: _no_trace(name, x) for name, x in zip(matrix.columns, solution.values.tolist(), strict=True)}
        duals = dict(zip(matrix.rows, solution.duals.tolist(), strict=False))
        self.duals: Mapping[str, float] = duals
        self.cohorts: dict[Cohort, float] = {c: values[v.name] for c, v in model.cohort.items()}
        self.run = {row: values[v.name] for row, v in model.run.items()}
        self.unmet = {key: values[v.name] for key, v in model.unmet.items()}
        self.retire = {key: values[v.name] for key, v in model.retire.items()}
        self.paid_usd = self._paid(values)
        self.costs = {line: self._by_period(terms, values) for line, terms in model.costs.items()}
        self.in_service = self._in_service()
        counted = {model.in_service[key].name: systems for key, systems in self.in_service.items()}
        self.values: dict[str, float] = {**values, **counted}

    def _paid(self, values: Mapping[str, float]) -> dict[Cohort, float]:
        """The price paid for one system of each purchase, averaged where its order has price breaks."""
        spent: defaultdict[tuple[str, int], float] = defaultdict(float)
        bought: defaultdict[tuple[str, int], float] = defaultdict(float)
        for band, variable in self.model.band.items():
            spent[band.offer, band.t] += values[variable.name] * band.factor
            bought[band.offer, band.t] += values[variable.name]
        prices = {}
        for cohort in self.cohorts:
            key = (cohort.offer, cohort.t)
            broken = not cohort.committed and bought.get(key, 0.0) > TRACE
            if cohort.price_usd is not None:
                prices[cohort] = cohort.price_usd * (spent[key] / bought[key] if broken else 1.0)
        return prices

    def _by_period(self, terms: Iterable[Any], values: Mapping[str, float]) -> dict[int, float]:
        usd = dict.fromkeys(self.tables.calendar.periods, 0.0)
        for term in terms:
            usd[term.t] += term.usd * values[term.variable.name]
        return usd

    def _in_service(self) -> dict[tuple[str, str, int], float]:
        """Counted from fleet, commitments and orders, not read from the solver: sums of whole numbers."""
        count = {(row.system, row.place, row.t): row.fleet for row in self.tables.stock}
        for key, systems in _gone(self):
            count[key] -= systems
        for cohort, systems in self.cohorts.items():
            for t in range(cohort.t, cohort.last + 1):
                count[self.tables.offers[cohort.offer].system, cohort.place, t] += systems
        return count

    def period(self, t: int) -> str:
        return self.tables.calendar.key(t)

    @property
    def objective_usd(self) -> float:
        factors = {line: self.tables.end if line in AT_PERIOD_END else self.tables.mid for line in self.costs}
        return sum(usd * float(factors[line][t]) for line, by_t in self.costs.items() for t, usd in by_t.items())


def _gone(answer: Answer) -> Iterable[tuple[tuple[str, str, int], float]]:
    """The systems retired by each decision, at their place in every period from then on."""
    for (entry, start), systems in answer.retire.items():
        for t in range(start, entry.last + 1):
            yield (entry.system, entry.site, t), systems


def _periods(tables: Tables) -> list[fmt.PeriodRow]:
    calendar = tables.calendar
    return [
        fmt.PeriodRow(
            period=calendar.key(t),
            start=f"{calendar.first_month(t) // 12}-{calendar.first_month(t) % 12 + 1:02d}-01",
            months=calendar.months,
            fiscal_year=calendar.fiscal_year(t),
            discount_mid=str(tables.mid[t]),
            discount_end=str(tables.end[t]),
        )
        for t in calendar.periods
    ]


def _orders(answer: Answer) -> list[fmt.OrderRow]:
    rows = [_order(answer, cohort, systems) for cohort, systems in answer.cohorts.items() if systems > TRACE]
    return sorted(rows, key=lambda r: (r.enters_service, r.offer, r.place, r.commitment, r.price_usd or 0.0))


def _order(answer: Answer, cohort: Cohort, systems: float) -> fmt.OrderRow:
    offer = answer.tables.offers[cohort.offer]
    price = answer.paid_usd.get(cohort)
    hourly = None if cohort.rent_usd is None else cohort.rent_usd / offer.accelerators
    hours = answer.tables.calendar.hours * (cohort.last - cohort.t + 1)
    return fmt.OrderRow(
        offer=cohort.offer,
        system=offer.system,
        accelerator=offer.accelerator,
        vendor=offer.vendor,
        route=offer.route,  # type: ignore[arg-type]
        place=cohort.place,
        ordered=answer.period(cohort.ordered),
        enters_service=answer.period(cohort.t),
        in_service_until=answer.period(cohort.last),
        systems=systems,
        accelerators=systems * offer.accelerators,
        price_usd=price,
        usd_per_accelerator_hour=hourly,
        capex_usd=systems * ((price or 0.0) + offer.network_usd),
        rent_usd=systems * (cohort.rent_usd or 0.0) * hours,
        commitment=cohort.committed,
    )


def _in_service(answer: Answer) -> list[fmt.InServiceRow]:
    rows = []
    fleet = {(row.system, row.place, row.t): row.fleet for row in answer.tables.stock}
    for key, systems in _gone(answer):
        fleet[key] -= systems
    for stock in answer.tables.stock:
        systems = answer.in_service[stock.system, stock.place, stock.t]
        if systems > TRACE:
            facts = answer.tables.systems[stock.system]
            rows.append(fmt.InServiceRow(
                system=stock.system, accelerator=facts.accelerator, vendor=facts.vendor, place=stock.place,
                period=answer.period(stock.t), systems=systems,
                fleet=fleet[stock.system, stock.place, stock.t],
                accelerators=systems * facts.accelerators,
            ))  # fmt: skip
    return rows


def _work(answer: Answer) -> list[fmt.WorkRow]:
    """Work by place: what a group does is split in proportion to the systems that are free there.

    Work that is assigned to places one by one comes first and takes its part of them.
    """
    free = {key: systems * answer.tables.availability for key, systems in answer.in_service.items()}
    rows = []
    for work, systems in sorted(answer.run.items(), key=lambda item: len(answer.tables.places_of(item[0].group))):
        present = {place: free.get((work.system, place, work.t), 0.0) for place in answer.tables.places_of(work.group)}
        total = sum(present.values())
        for place, here in present.items():
            busy = systems if len(present) == 1 else systems * here / total if total else 0.0
            free[work.system, place, work.t] = here - busy
            if busy > TRACE * min(1.0, work.most):
                rows.append(_work_row(answer, work, place, busy))
    return sorted(rows, key=lambda r: (r.demand, r.period, r.system, r.place))


def _work_row(answer: Answer, work: Work, place: str, systems: float) -> fmt.WorkRow:
    return fmt.WorkRow(
        demand=work.demand,
        workload=answer.tables.scenario.demand[work.demand].workload,
        system=work.system,
        accelerator=answer.tables.systems[work.system].accelerator,
        place=place,
        period=answer.period(work.t),
        systems=systems,
        work_per_second=systems * work.per_system,
    )


def _unmet(answer: Answer) -> list[fmt.UnmetRow]:
    rows = []
    for need in answer.tables.needs:
        part = answer.unmet.get((need.demand, need.t), 0.0) / DEMAND_PARTS
        if part > TRACE:
            per_second = part * need.per_second
            usd = per_second * (need.unmet_usd or 0.0) * answer.tables.calendar.hours
            row = fmt.UnmetRow(demand=need.demand, period=answer.period(need.t), per_second=per_second, usd=usd)
            rows.append(row)
    return rows


def _sites(answer: Answer) -> list[fmt.SiteRow]:
    """Power, cooling, racks and energy of every site and period, counted from what is in service."""
    tables = answer.tables
    used: defaultdict[tuple[str, int, str], float] = defaultdict(float)
    for (system, place, t), systems in answer.in_service.items():
        facts = tables.systems[system]
        used[place, t, "it_mw"] += systems * facts.provisioned_kw / KW_PER_MW
        used[place, t, facts.cooling] += systems * facts.provisioned_kw / KW_PER_MW
        used[place, t, "average_mw"] += systems * facts.average_kw / KW_PER_MW
        used[place, t, "racks"] += systems * facts.racks
    added: defaultdict[tuple[str, int], float] = defaultdict(float)
    for (site, start), variable in answer.model.expand.items():
        for t in range(start, tables.calendar.count + 1):
            added[site, t] += answer.values[variable.name]
    return [
        fmt.SiteRow(
            site=row.site,
            period=answer.period(row.t),
            power_used_mw=used[row.site, row.t, "it_mw"] * peak_pue(tables.scenario, row.site),
            power_limit_mw=row.power_mw + added[row.site, row.t],
            liquid_used_mw=used[row.site, row.t, "liquid"],
            liquid_limit_mw=row.liquid_mw,
            air_used_mw=used[row.site, row.t, "air"],
            air_limit_mw=row.air_mw,
            racks_used=used[row.site, row.t, "racks"],
            racks_limit=row.racks,
            energy_mwh=used[row.site, row.t, "average_mw"]
            * float(tables.scenario.sites[row.site].pue)
            * tables.calendar.hours,
        )
        for row in tables.site_periods
    ]


def _limits(answer: Answer) -> list[fmt.LimitRow]:
    """Every row that a buyer could do something about, demand aside."""
    names = {f.__name__ for kind, constraints in SHORT_OF.items() if kind != "demand" for f in constraints}
    found = [(name, row) for name, row in answer.model.rows.items() if name.partition("(")[0] in names]
    return [_limit(answer, name, row) for name, row in sorted(found)]


def _limit(answer: Answer, name: str, row: Row) -> fmt.LimitRow:
    def total(terms: Terms) -> float:
        return sum(coefficient * answer.values[variable.name] for variable, coefficient in terms)

    if row.share is None:
        added = [(v, c) for v, c in row.terms if c < 0]  # what raises the limit, such as added power
        used, limit = (
            total([(v, c) for v, c in row.terms if c >= 0]) * row.scale,
            (row.bound - total(added)) * row.scale,
        )
    else:
        used = total(row.share.part) + row.share.part_constant
        limit = row.share.share * (total(row.share.whole) + row.share.whole_constant)
    at_least = row.sense == ">="
    price = answer.duals.get(name, 0.0) * USD_PER_MILLION / row.scale * (1 if at_least else -1)
    return fmt.LimitRow(
        row=name,
        unit=row.unit,
        used=used,
        limit=limit,
        at_least=at_least,
        slack=used - limit if at_least else limit - used,
        price_usd=price if price > TRACE else None,
    )


def _retired(answer: Answer) -> list[fmt.RetiredRow]:
    rows = []
    for (entry, t), systems in answer.retire.items():
        if systems > TRACE:
            rows.append(fmt.RetiredRow(
                system=entry.system, site=entry.site, period=answer.period(t), until=entry.until,
                systems=systems, resale_usd=systems * entry.resale_usd,
            ))  # fmt: skip
    return rows


def _expanded(answer: Answer) -> list[fmt.ExpansionRow]:
    rows = []
    for (site, t), variable in answer.model.expand.items():
        mw, expansion = answer.values[variable.name], answer.tables.scenario.sites[site].expansion
        if mw > TRACE and expansion is not None:
            usd = mw * float(expansion.usd_per_mw)
            rows.append(fmt.ExpansionRow(site=site, period=answer.period(t), mw=mw, usd=usd))
    return rows


def _engineering(answer: Answer) -> list[fmt.EngineeringRow]:
    rows = []
    for (accelerator, t), variable in answer.model.engineer.items():
        one_off = answer.tables.request.catalog.accelerators[accelerator].one_off
        if answer.values[variable.name] > TRACE and one_off is not None:
            ready = answer.period(t + answer.tables.wait(one_off.months))
            starts, usd = answer.period(t), float(one_off.usd)
            rows.append(fmt.EngineeringRow(accelerator=accelerator, starts=starts, ready=ready, usd=usd))
    return rows


def _porting(answer: Answer) -> list[fmt.PortingRow]:
    rows = []
    for (demand, stack, t), variable in answer.model.port.items():
        cost = (answer.tables.scenario.demand[demand].stacks or {})[stack]
        if answer.values[variable.name] > TRACE and isinstance(cost, Porting):
            ready = answer.period(t + answer.tables.wait(cost.months))
            starts, usd = answer.period(t), float(cost.usd)
            rows.append(fmt.PortingRow(demand=demand, stack=stack, starts=starts, ready=ready, usd=usd))
    return rows


def _clusters(answer: Answer, work: Iterable[fmt.WorkRow]) -> list[fmt.ClusterRow]:
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


_BUDGETS: dict[str, Literal["capex_usd", "opex_usd"]] = {
    "capex_within_budget": "capex_usd",
    "opex_within_budget": "opex_usd",
}


def _budget(answer: Answer, limits: Iterable[fmt.LimitRow]) -> list[fmt.BudgetRow]:
    rows = []
    for limit in limits:
        budget = _BUDGETS.get(limit.row.partition("(")[0])
        if budget is not None:
            (window,) = answer.model.rows[limit.row].keys
            rows.append(fmt.BudgetRow(budget=budget, window=window, used_usd=limit.used, limit_usd=limit.limit))
    return rows


_SUPPLY: dict[str, Literal["accelerator", "offer", "pool"]] = {
    "deliveries_within_supply": "accelerator",
    "orders_within_offer": "offer",
    "draws_within_pool": "pool",
}


def _supply(answer: Answer, limits: Iterable[fmt.LimitRow]) -> list[fmt.SupplyRow]:
    rows = []
    for limit in limits:
        kind = _SUPPLY.get(limit.row.partition("(")[0])
        if kind is not None:
            name, period = answer.model.rows[limit.row].keys
            rows.append(fmt.SupplyRow(
                kind=kind, id=name, period=period, used=limit.used, limit=limit.limit, unit=limit.unit,
            ))  # fmt: skip
    return rows


def _basis(answer: Answer) -> fmt.Basis:
    """Shares of the work done, each demand in parts of itself, and of the money spent on systems."""
    catalog = answer.tables.request.catalog
    work: defaultdict[str, float] = defaultdict(float)
    need = {(row.demand, row.t): row.per_second for row in answer.tables.needs}
    need.update({(d.demand, t): d.total for d in answer.tables.deadlines for t in answer.tables.calendar.periods})
    for row, systems in answer.run.items():
        accelerator = answer.tables.systems[row.system].accelerator
        workload = answer.tables.scenario.demand[row.demand].workload
        basis = catalog.throughput[accelerator][workload].basis
        work[basis] += systems * row.per_system / need[row.demand, row.t]
    spend: defaultdict[str, float] = defaultdict(float)
    for order in _orders(answer):
        priced = "price_usd" if order.route == "purchase" else "usd_per_accelerator_hour"
        cite = catalog.cite(order.offer, priced)
        spend[cite.basis if cite else "estimated"] += order.capex_usd + order.rent_usd
    return fmt.Basis(work=_shares(work), spend=_shares(spend))


def _shares(amounts: Mapping[str, float]) -> fmt.BasisShares:
    total = sum(amounts.values())
    share = {basis: amounts.get(basis, 0.0) / total if total else 0.0 for basis in ("measured", "vendor", "estimated")}
    return fmt.BasisShares(**share)


def as_text(part: BaseModel) -> dict[str, Any]:
    """A scenario or catalogue with every number as its source text, absent fields left out."""
    dumped: dict[str, Any] = part.model_dump(mode="json", by_alias=True, exclude_none=True)
    return dumped


def _sha256(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def read_answer(
    answer: Answer, matrix: Matrix, options: Options, certified_usd: float, warnings: Iterable[str], version: str
) -> dict[str, Any]:
    """All of a plan but its audit, which is made from this."""
    solution, tables = answer.solution, answer.tables
    scenario, catalog = as_text(tables.scenario), as_text(tables.request.catalog)
    objective, bound = answer.objective_usd, solution.bound * USD_PER_MILLION
    limits, work = _limits(answer), _work(answer)
    parts: dict[str, Any] = {
        "chipmix": fmt.Format(format=fmt.FORMAT, version=version),
        "status": solution.status,
        "objective_usd": objective,
        "bound_usd": min(bound, objective),
        "gap": solution.gap,
        "certified": fmt.Certified(bound_usd=certified_usd, gap=_gap(objective, certified_usd)),
        "periods": _periods(tables),
        "costs": {line: {answer.period(t): usd for t, usd in by_t.items()} for line, by_t in answer.costs.items()},
        "orders": _orders(answer),
        "in_service": _in_service(answer),
        "work": work,
        "unmet": _unmet(answer),
        "retired": _retired(answer),
        "expanded": _expanded(answer),
        "engineering": _engineering(answer),
        "porting": _porting(answer),
        "clusters": _clusters(answer, work),
        "sites": _sites(answer),
        "budget": _budget(answer, limits),
        "supply": _supply(answer, limits),
        "limits": limits,
        "basis": _basis(answer),
        "excluded": [fmt.Excluded(offer=o, reason=r) for o, r in sorted(tables.excluded.items())],
        "warnings": sorted(warnings),
        "run": fmt.Run(
            version=version,
            scenario_sha256=_sha256(scenario),
            catalog_sha256=_sha256(catalog),
            solver=solution.solver,
            options=options.manifest(),
            variables=len(matrix.columns),
            integers=int(matrix.integer.sum()),
            rows=len(matrix.rows),
            nonzeros=len(matrix.value),
        ),
        "scenario": scenario,
        "catalog": catalog,
    }
    return {name: _plain(part) for name, part in parts.items()}


def _gap(objective: float, bound: float) -> float:
    return max(0.0, objective - bound) / max(abs(objective), 1e-9)


def _plain(part: Any) -> Any:
    if isinstance(part, BaseModel):
        return part.model_dump(mode="json")
    return [_plain(item) for item in part] if isinstance(part, list) else part


def plan_text(plan: fmt.Plan) -> str:
    """The bytes of `plan.json`: sorted keys, one form for one plan."""
    return json.dumps(plan.model_dump(mode="json"), sort_keys=True, indent=1, ensure_ascii=False) + "\n"


def write_text(path: Path, text: str) -> None:
    """Writes a file whole or not at all: a temporary file beside it takes its name at the end."""
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_text(text, encoding="utf-8", newline="\n")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def plan_schema() -> dict[str, Any]:
    """The published JSON Schema of `plan.json`."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **fmt.Plan.model_json_schema()}


def read_plan(path: Path) -> fmt.Plan:
    """A plan from its file. Raises InputError if it is not one."""
    start = Location(str(path), 1, 1)
    try:
        return fmt.Plan.model_validate_json(path.read_bytes())
    except OSError as error:
        raise InputError([Problem(start, f"cannot be read: {error.strerror}")]) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise InputError([Problem(start, f"is not a chipmix plan: {where} {first['msg'].lower()}")]) from error
