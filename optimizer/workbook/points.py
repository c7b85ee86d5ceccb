"""Points of throughputs as a plan has them: which count for its work, by which it is done, where they are edited."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from catalogs.periods import first_month
from catalogs.reach import reached
from catalogs.schema import Catalog, Throughput
from optimizer.request.throughputs import best, in_force
from optimizer.workbook.facts import Facts


@dataclass(frozen=True)
class Point:
    """A point of an accelerator's throughput on a workload; without a `number` it stands alone, without a list."""

    accelerator: str
    workload: str
    number: int | None
    facts: Throughput

    @property
    def path(self) -> str:
        """Its key, as `--set` writes it."""
        return f"catalog/throughput/{self.id}"

    @property
    def id(self) -> str:
        """Its name in the keys of lines."""
        number = "" if self.number is None else f"/{self.number}"
        return f"{self.accelerator}/{self.workload}{number}"

    @property
    def label(self) -> str:
        """The workload and, where there are more points, what tells this one from the others: fp8, ×8, 2026q3."""
        if self.number is None:
            return self.workload
        together = f"×{self.facts.accelerators}" if self.facts.accelerators else None
        return ", ".join(filter(None, (self.workload, self.facts.precision, together, self.facts.from_)))

    def begins_in(self, facts: Facts) -> bool:
        """Whether it begins after the horizon does, so that in some periods it does not hold."""
        return self.facts.from_ is not None and first_month(self.facts.from_) > facts.first

    def holds(self, facts: Facts) -> list[bool]:
        """Whether it holds, by period."""
        return [in_force(self.facts, facts.span(key)) for key in facts.keys]


def points_for(facts: Facts, demand: str, system: str) -> list[Point]:
    """The points that count for a demand's work on a system and begin within the horizon; of one alone, that."""
    asked, accelerator = facts.scenario["demand"][demand], facts.catalog["systems"][system]["accelerator"]
    workload = asked["workload"]
    given = facts.catalog["throughput"][accelerator][workload]
    if not isinstance(given, list):
        return [Point(accelerator, workload, None, Throughput.model_validate(given))]
    catalog, bases = _part(facts, accelerator, system, workload), facts.scenario.get("offers", {}).get("basis")
    counts, _ = reached(catalog, system, workload, asked.get("precisions"), bases)
    numbered = enumerate(catalog.points(accelerator, workload))
    points = (Point(accelerator, workload, i, point) for i, point in numbered if point in counts)
    return [point for point in points if any(point.holds(facts))]


def _part(facts: Facts, accelerator: str, system: str, workload: str) -> Catalog:
    """What the catalogue says of one accelerator, system and workload."""
    names = {"accelerators": accelerator, "systems": system, "workloads": workload, "throughput": accelerator}
    found: dict[str, Any] = {section: {name: facts.catalog[section][name]} for section, name in names.items()}
    return Catalog.model_validate(found)


def evidence_of(facts: Facts, accelerator: str, demand: str) -> list[Throughput]:
    """The points by which an accelerator does a demand's work in the plan, in the order of their periods."""
    rows = [row for row in facts.plan.work if (row.accelerator, row.demand) == (accelerator, demand)]
    points_of = {system: points_for(facts, demand, system) for system in {row.system for row in rows}}
    used: list[Throughput] = []
    for row in sorted(rows, key=lambda row: facts.index[row.period]):
        points = points_of[row.system]
        found = best((point.facts for point in points), facts.span(row.period)) if len(points) > 1 else None
        used.append(found.point if found else points[0].facts)
    return [point for i, point in enumerate(used) if point not in used[:i]]
