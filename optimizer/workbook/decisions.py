"""What the optimiser decides besides orders, and the factors of price breaks. Knows nothing of Excel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from optimizer.workbook.facts import Facts, number
from optimizer.workbook.groups import Group


@dataclass(frozen=True)
class Kind:
    """A kind of decision: its words, its unit, what one unit costs (or brings), which cost line that is."""

    name: str
    label: str
    unit: str
    price_label: str
    price_unit: str
    cost: str
    rule: str
    source: str


RETIRE = Kind("retire", "Fleet retired", "systems", "Resale of fleet", "USD/system", "resale_usd", "amount",
              "scenario: fleet resale_usd")  # fmt: skip
EXPAND = Kind("expand", "Power added", "MW", "Price of power added", "USD/MW", "facility_usd", "amount",
              "scenario: expansion usd_per_mw")  # fmt: skip
ENGINEER = Kind("engineer", "Engineering started", "starts", "One-off engineering", "USD", "engineering_usd", "switch",
                "catalogue: one_off usd")  # fmt: skip
PORT = Kind("port", "Porting started", "starts", "Porting", "USD", "porting_usd", "switch",
            "scenario: stacks usd")  # fmt: skip
KINDS = (RETIRE, EXPAND, ENGINEER, PORT)
"""In the order in which the sheets show them."""


@dataclass(frozen=True)
class Decision:
    """One thing that is decided by period: what is done in each, and what one unit of it costs or brings.

    `more` are further assumptions, e.g. the life of added power in years; `available` are the systems
    of a fleet entry that may be retired, by period. `keys` are what says `usd`, as `--set` writes them.
    """

    kind: Kind
    item: str
    place: str
    suffix: str
    values: tuple[float, ...]
    usd: float
    keys: tuple[str, ...]
    more: tuple[tuple[str, float], ...] = ()
    available: tuple[float, ...] = ()

    @property
    def id(self) -> str:
        """Its name in the keys of lines."""
        return f"{self.kind.name}/{self.item}/{self.place}{self.suffix}"

    def has(self, name: str) -> bool:
        """Whether there is a further assumption of that name."""
        return any(other == name for other, _ in self.more)


def decisions_of(facts: Facts, *kinds: Kind) -> list[Decision]:
    """Decisions besides orders, kind by kind; of all kinds if none is named."""
    found = {RETIRE: _retirements, EXPAND: _expansions, ENGINEER: _engineering, PORT: _porting}
    return [decision for kind in kinds or KINDS for decision in found[kind](facts)]


Entry = tuple[str, str, str, float]
"""System, site, last period ('' for none) and resale price: fleet entries alike in these are one."""


def _retirements(facts: Facts) -> list[Decision]:
    """A decision for each kind of fleet entry that may be retired, whether it is or not."""
    found: dict[Entry, list[int]] = {}
    for i, entry in enumerate(facts.scenario.get("fleet", ())):
        if entry.get("may_retire") == "true":
            key = (entry["system"], entry["site"], entry.get("until") or "", number(entry.get("resale_usd", 0)))
            found.setdefault(key, []).append(i)
    retired: dict[Entry, list[tuple[str, float]]] = {key: [] for key in found}
    for row in facts.plan.retired:
        alike = [key for key in found if key[:3] == (row.system, row.site, row.until or "")]
        paid = row.resale_usd / row.systems
        retired[min(alike, key=lambda key: abs(key[3] - paid))].append((row.period, row.systems))
    return [_retirement(facts, key, found, facts.added_up(retired[key])) for key in sorted(found)]


def _retirement(facts: Facts, key: Entry, found: dict[Entry, list[int]], retired: tuple[float, ...]) -> Decision:
    """Of the fleet entries of a key; `found` are all keys and the places of their entries."""
    system, site, until, usd = key
    alike = sorted(other for other in found if other[:3] == key[:3])
    suffix = (f", until {until}" if until else "") + (f" ({alike.index(key) + 1})" if len(alike) > 1 else "")
    available = facts.fleet_of([facts.scenario["fleet"][i] for i in found[key]])
    keys = tuple(f"fleet/{i}/resale_usd" for i in found[key])
    return Decision(RETIRE, system, site, suffix, retired, usd, keys, available=available)


def _expansions(facts: Facts) -> list[Decision]:
    """A decision for each site that may be given more power, whether it is or not."""
    found = []
    for site in facts.sites:
        terms = facts.scenario["sites"][site].get("expansion")
        if terms:
            added = ((row.period, row.mw) for row in facts.plan.expanded if row.site == site)
            named = ("lead_time_months", "max_mw", "life_years", "block_mw")
            more = tuple((name, number(terms[name])) for name in named if name in terms)
            keys = (f"sites/{site}/expansion/usd_per_mw",)
            usd = number(terms["usd_per_mw"])
            found.append(Decision(EXPAND, "", site, "", facts.added_up(added), usd, keys, more))
    return found


def _engineering(facts: Facts) -> list[Decision]:
    found = []
    for accelerator in sorted({row.accelerator for row in facts.plan.engineering}):
        terms = facts.catalog["accelerators"][accelerator]["one_off"]
        starts = ((row.starts, 1.0) for row in facts.plan.engineering if row.accelerator == accelerator)
        more = (("months", number(terms["months"])),)
        keys = (f"catalog/accelerators/{accelerator}/one_off/usd",)
        usd = number(terms["usd"])
        found.append(Decision(ENGINEER, accelerator, "", "", facts.added_up(starts), usd, keys, more))
    return found


def _porting(facts: Facts) -> list[Decision]:
    found = []
    for demand, stack in sorted({(row.demand, row.stack) for row in facts.plan.porting}):
        terms = facts.scenario["demand"][demand]["stacks"][stack]
        starts = ((r.starts, 1.0) for r in facts.plan.porting if (r.demand, r.stack) == (demand, stack))
        keys = (f"demand/{demand}/stacks/{stack}/usd",)
        usd = number(terms["usd"])
        found.append(Decision(PORT, demand, "", f" to {stack}", facts.added_up(starts), usd, keys))
    return found


def factors_paid(facts: Facts) -> dict[Group, tuple[float, ...]]:
    """Price paid over list price, a frame's factor apart, by period of entering service; else 1.

    Of what is ordered of offers with price breaks.
    """
    ordered = (group for group in facts.groups if not group.committed)
    broken = [group for group in ordered if facts.catalog["offers"][group.offer].get("price_breaks")]
    return {group: _factors(facts, group) for group in broken}


def _factors(facts: Facts, group: Group) -> tuple[float, ...]:
    found = [1.0] * facts.periods
    agreed = number(facts.scenario["frames"][group.frame]["factor"]) if group.frame else 1.0
    for row in facts.plan.orders:
        if row.label == group.label and not row.commitment:
            listed = facts.price_at(facts.catalog["offers"][row.offer]["price_usd"], row.ordered)
            if listed:
                found[facts.index[row.enters_service]] = (row.price_usd or 0.0) / (listed * agreed)
    return tuple(found)


def breaks_in_words(breaks: dict[str, Any]) -> str:
    """Price breaks as a note, e.g. 'all units: from 1000 at 0.93'."""
    steps = ", ".join(f"from {step['from_systems']} at {step['factor']}" for step in breaks["steps"])
    return f"{str(breaks['kind']).replace('_', ' ')}: {steps}"


def clusters_of(facts: Facts) -> dict[tuple[str, str, str], tuple[float, ...]]:
    """Accelerators of a demand's cluster by (demand, accelerator, place) and period."""
    found: dict[tuple[str, str, str], list[tuple[str, float]]] = {}
    for row in facts.plan.clusters:
        found.setdefault((row.demand, row.accelerator, row.place), []).append((row.period, row.accelerators))
    return {key: facts.added_up(found[key]) for key in sorted(found)}
