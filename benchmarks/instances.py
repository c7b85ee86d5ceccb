"""Requests of any size to measure on: sites, quarters and demands on the bundled catalogue, without and with all terms.

Terms are what makes a plan more than a linear programme: own chips with one-off engineering, porting to other stacks,
clusters on one site, minimum orders and price breaks. Figures are drawn from a seed.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from optimizer.request.load import Request, load_request
from optimizer.tables import build_tables

START_YEAR = 2025
BUYER = "meta"
"""Whose own chips, with their one-off engineering, may be chosen."""
UNMET_USD_PER_H100_HOUR = 8.0
"""What an hour of an H100 costs where there is none: the rent of the scarcity of 2023."""
SITE_MW = 90.0
SOLD = ("*.purchase", "*.lease", "*.reservation_36", "*.on_demand")
PORTED = ("rocm", "xla", "neuron")
"""Stacks that work has to be brought to, where there are terms."""
CLUSTER_ACCELERATORS = 16_000
"""The most H100 of a training run on one site."""


class Workload(NamedTuple):
    """A workload of the catalogue: what one H100 does of it in a second."""

    name: str
    per_h100: float


WORKLOADS = (
    Workload("llm_training", 845.0),
    Workload("llm_serving_70b", 3820.0),
    Workload("llm_serving_405b", 35.2),
    Workload("llm_serving_moe", 489.0),
    Workload("recommendation_training", 1.73e6),
    Workload("recommendation_inference", 44_800.0),
    Workload("llm_serving_70b_interactive", 2330.0),
    Workload("llm_serving_moe_interactive", 172.0),
)


class Size(NamedTuple):
    """How large an instance is, whether it has all terms, the seed of its figures, and how many offers it has.

    Without a number of offers there are all that may be ordered, 67 to 72 by the horizon.
    """

    sites: int
    quarters: int
    demands: int
    terms: bool = False
    seed: int = 1
    offers: int | None = None

    def __str__(self) -> str:
        offers = "" if self.offers is None else f"{self.offers} offers x "
        seed = f" (seed {self.seed})" if self.seed != 1 else ""
        return f"{offers}{self.sites}x{self.quarters}x{self.demands}{'+' if self.terms else ''}{seed}"


NAMED = {
    "hyperscale": Size(25, 20, 15, terms=True, offers=40),
    "hyperscale_without_terms": Size(25, 20, 15, offers=40),
    "extreme": Size(100, 20, 15, terms=True, offers=40),
}
"""The plan of a hyperscaler, with and without terms, and one with four times as many sites."""


def size_of(text: str) -> Size:
    """The size of a text: a name, or sites x quarters x demands, with a `+` for all terms."""
    if text in NAMED:
        return NAMED[text]
    sites, quarters, demands = map(int, text.removesuffix("+").split("x"))
    return Size(sites, quarters, demands, terms=text.endswith("+"))


def instance(size: Size, folder: Path) -> Request:
    """The request of an instance; its files go to a folder."""
    request = _written(_scenario(size, folder), folder)
    if size.offers is None:
        return request
    return _written(_scenario(size, folder, _first(size.offers, request)), folder)


def _written(scenario: Mapping[str, Any], folder: Path) -> Request:
    file = folder / "scenario.yaml"
    file.write_text(yaml.safe_dump(scenario, sort_keys=False), "utf-8")
    return load_request(file)


def _first(count: int, request: Request) -> list[str]:
    """The first of what may be ordered: what is for our own sites, where each place is a decision, before hosted."""
    tables = build_tables(request)
    orderable = sorted({(tables.offers[c.offer].hosted, c.offer) for c in tables.cohorts})
    if len(orderable) < count:
        raise ValueError(f"the catalogue has {len(orderable)} offers for this request, not {count}")
    return [offer for _, offer in orderable[:count]]


def _scenario(size: Size, folder: Path, offers: Sequence[str] = SOLD) -> dict[str, Any]:
    chance = random.Random(size.seed)
    scenario: dict[str, Any] = {
        "name": f"benchmark {size}",
        "buyer": BUYER,
        "catalogs": ["bundled"],
        "horizon": {"start": f"{START_YEAR}q1", "periods": size.quarters},
        "finance": {"discount_rate": 0.09},
        "sites": {f"s{i}": _site(chance) for i in range(size.sites)},
        "demand": {},
        "offers": {"allow": list(offers)},
    }
    each = size.sites * SITE_MW * 0.6 / size.demands / 1.4 * 1000  # H100-equivalents of a demand at the end
    for i in range(size.demands):
        scenario["demand"][f"w{i}"] = _demand(chance, size, WORKLOADS[i % len(WORKLOADS)], i, each)
    if size.terms:
        scenario["catalogs"].append("terms")
        _write_terms(folder / "terms")
    return scenario


def _site(chance: random.Random) -> dict[str, Any]:
    power = SITE_MW * chance.uniform(0.5, 1.5)
    return {
        "power_mw": {f"{START_YEAR}q1": round(power * 0.6, 1), f"{START_YEAR + 1}q3": round(power, 1)},
        "pue": round(chance.uniform(1.08, 1.35), 3),
        "liquid_mw": round(power * chance.uniform(0.5, 0.9), 1),
        "racks": round(power * chance.uniform(12, 20)),
        "electricity_usd_per_mwh": round(chance.uniform(45, 110), 1),
    }


def _demand(chance: random.Random, size: Size, workload: Workload, number: int, h100s: float) -> dict[str, Any]:
    most = h100s * chance.uniform(0.6, 1.4) * workload.per_h100
    asked: dict[str, Any] = {
        "workload": workload.name,
        "per_second": {_quarter(t): float(f"{most * (t + 1) / size.quarters:.4g}") for t in range(2, size.quarters, 2)},
        "unmet_usd_per_unit_hour": float(f"{UNMET_USD_PER_H100_HOUR / workload.per_h100:.4g}"),
    }
    if size.terms:
        asked |= _terms_of(chance, number)
        if cluster := asked.get("cluster"):  # a run of a fixed size: what its accelerators do if they are H100
            asked["per_second"] = {_quarter(2): float(f"{cluster['accelerators'] * workload.per_h100:.4g}")}
    return asked


def _quarter(t: int) -> str:
    return f"{START_YEAR + t // 4}q{t % 4 + 1}"


def _terms_of(chance: random.Random, number: int) -> dict[str, Any]:
    """Porting for every demand; training is one cluster, on few stacks."""
    training = number % len(WORKLOADS) == 0
    ported = {
        stack: {"usd": chance.randrange(5, 40) * 1_000_000, "months": chance.choice((3, 6, 9))}
        for stack in (PORTED[:1] if training else PORTED)
    }
    terms: dict[str, Any] = {"stacks": {"cuda": 0, **({} if training else {"mtia": 0}), **ported}}
    if training:
        terms["cluster"] = {"accelerators": int(CLUSTER_ACCELERATORS * chance.uniform(0.3, 1.0))}
    return terms


def _write_terms(folder: Path) -> None:
    """A catalogue on top of the bundled one: minimum orders and price breaks for what is sold most."""
    steps = [{"from_systems": 200, "factor": 0.97}, {"from_systems": 1000, "factor": 0.94}]
    offers: Mapping[str, Any] = {
        "dgx_b200.purchase": {"minimum_order_systems": 20},
        "gb200_nvl72.purchase": {"minimum_order_systems": 4},
        "mi355x_server.purchase": {"price_breaks": {"kind": "incremental", "steps": steps}},
        "gb300_nvl72.purchase": {"price_breaks": {"kind": "all_units", "steps": steps}},
    }
    folder.mkdir(exist_ok=True)
    (folder / "terms.yaml").write_text(yaml.safe_dump({"offers": dict(offers)}, sort_keys=False), "utf-8")
