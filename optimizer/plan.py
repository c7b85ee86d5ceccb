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
from optimizer.formulation.model import DEMAND_PARTS, Model
from optimizer.matrix import Matrix
from optimizer.solve import Options, Solution
from optimizer.tables import KW_PER_MW, Cohort, Tables, peak_pue

USD_PER_MILLION = 1e6
TRACE = 1e-7
"""Less than this part of a system, or of a demand, is rounding and not shown."""


class Answer:
    """A solution with the model it solves: what the parts of a plan are read from."""

    def __init__(self, model: Model, matrix: Matrix, solution: Solution) -> None:
        self.model, self.tables, self.solution = model, model.tables, solution
        values = dict(zip(matrix.columns, solution.values.tolist(), strict=True))
        duals = dict(zip(matrix.rows, solution.duals.tolist(), strict=False))
        self.duals: Mapping[str, float] = duals
        self.cohorts: dict[Cohort, float] = {c: values[v.name] for c, v in model.cohort.items()}
        self.run = {row: values[v.name] for row, v in model.run.items()}
        self.unmet = {key: values[v.name] for key, v in model.unmet.items()}
        self.costs = {line: self._by_period(terms, values) for line, terms in model.costs.items()}
        self.in_service = self._in_service()

    def _by_period(self, terms: Iterable[Any], values: Mapping[str, float]) -> dict[int, float]:
        usd = dict.fromkeys(self.tables.calendar.periods, 0.0)
        for term in terms:
            usd[term.t] += term.usd * values[term.variable.name]
        return usd

    def _in_service(self) -> dict[tuple[str, str, int], float]:
        """Counted from fleet, commitments and orders, not read from the solver: sums of whole numbers."""
        count = {(row.system, row.place, row.t): row.fleet for row in self.tables.stock}
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
        price_usd=cohort.price_usd,
        usd_per_accelerator_hour=hourly,
        capex_usd=systems * ((cohort.price_usd or 0.0) + offer.network_usd),
        rent_usd=systems * (cohort.rent_usd or 0.0) * hours,
        commitment=cohort.committed,
    )


def _in_service(answer: Answer) -> list[fmt.InServiceRow]:
    rows = []
    for stock in answer.tables.stock:
        systems = answer.in_service[stock.system, stock.place, stock.t]
        if systems > TRACE:
            facts = answer.tables.systems[stock.system]
            rows.append(fmt.InServiceRow(
                system=stock.system, accelerator=facts.accelerator, vendor=facts.vendor, place=stock.place,
                period=answer.period(stock.t), systems=systems, fleet=stock.fleet,
                accelerators=systems * facts.accelerators,
            ))  # fmt: skip
    return rows


def _work(answer: Answer) -> list[fmt.WorkRow]:
    """Work by place: what a group does is split in proportion to the systems in service there."""
    rows = []
    for work, systems in answer.run.items():
        facts, demand = answer.tables.systems[work.system], answer.tables.scenario.demand[work.demand]
        present = {
            place: answer.in_service.get((work.system, place, work.t), 0.0)
            for place in answer.tables.places_of[work.group]
        }
        total = sum(present.values())
        for place, here in present.items():
            busy = systems * here / total if total else 0.0
            if busy > TRACE:
                rows.append(fmt.WorkRow(
                    demand=work.demand, workload=demand.workload, system=work.system,
                    accelerator=facts.accelerator, place=place, period=answer.period(work.t),
                    systems=busy, work_per_second=busy * work.per_system,
                ))  # fmt: skip
    return sorted(rows, key=lambda r: (r.demand, r.period, r.system, r.place))


def _unmet(answer: Answer) -> list[fmt.UnmetRow]:
    rows = []
    for need in answer.tables.needs:
        part = answer.unmet.get((need.demand, need.t), 0.0) / DEMAND_PARTS
        if part > TRACE and need.unmet_usd is not None:
            per_second = part * need.per_second
            usd = per_second * need.unmet_usd * answer.tables.calendar.hours
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
    return [
        fmt.SiteRow(
            site=row.site,
            period=answer.period(row.t),
            power_used_mw=used[row.site, row.t, "it_mw"] * peak_pue(tables.scenario, row.site),
            power_limit_mw=row.power_mw,
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
    values = {v.name: x for v, x in _variable_values(answer)}
    rows = []
    for name, row in sorted(answer.model.rows.items()):
        if name.partition("(")[0] in names:
            used = sum(coefficient * values[v.name] for v, coefficient in row.terms) * row.scale
            limit = row.bound * row.scale
            price = -answer.duals.get(name, 0.0) * USD_PER_MILLION / row.scale
            rows.append(fmt.LimitRow(
                row=name, unit=row.unit, used=used, limit=limit, slack=limit - used,
                price_usd=price if price > TRACE else None,
            ))  # fmt: skip
    return rows


def _variable_values(answer: Answer) -> Iterable[tuple[Any, float]]:
    yield from ((v, answer.cohorts[c]) for c, v in answer.model.cohort.items())
    yield from ((v, answer.in_service[key]) for key, v in answer.model.in_service.items())


_BUDGETS: dict[str, Literal["capex_usd", "opex_usd"]] = {
    "capex_within_budget": "capex_usd",
    "opex_within_budget": "opex_usd",
}


def _budget(limits: list[fmt.LimitRow]) -> list[fmt.BudgetRow]:
    rows = []
    for limit in limits:
        constraint, _, window = limit.row.rstrip(")").partition("(")
        if constraint in _BUDGETS:
            budget = _BUDGETS[constraint]
            rows.append(fmt.BudgetRow(budget=budget, window=window, used_usd=limit.used, limit_usd=limit.limit))
    return rows


_SUPPLY: dict[str, Literal["accelerator", "offer", "pool"]] = {
    "deliveries_within_supply": "accelerator",
    "orders_within_offer": "offer",
    "draws_within_pool": "pool",
}


def _supply(limits: list[fmt.LimitRow]) -> list[fmt.SupplyRow]:
    rows = []
    for limit in limits:
        constraint, _, keys = limit.row.rstrip(")").partition("(")
        if constraint in _SUPPLY:
            name, period = keys.split(",")
            rows.append(fmt.SupplyRow(
                kind=_SUPPLY[constraint], id=name, period=period,
                used=limit.used, limit=limit.limit, unit=limit.unit,
            ))  # fmt: skip
    return rows


def _basis(answer: Answer) -> fmt.Basis:
    """Shares of the work done, each demand in parts of itself, and of the money spent on systems."""
    catalog = answer.tables.request.catalog
    work: defaultdict[str, float] = defaultdict(float)
    need = {(row.demand, row.t): row.per_second for row in answer.tables.needs}
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
    limits = _limits(answer)
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
        "work": _work(answer),
        "unmet": _unmet(answer),
        "sites": _sites(answer),
        "budget": _budget(limits),
        "supply": _supply(limits),
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
