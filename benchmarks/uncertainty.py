"""Deciding under the futures of a scenario, and holding its plan in a thousand that are drawn, measured in one run.

Ten futures of meta_2025 are decided under to a gap of 0.1 % by both methods, two hundred that are drawn by the one that
`robust` takes itself; the decision is audited in each future. The scenario's plan is then held in samples. All on all
local cores, each in a process of its own: seconds of the clock and of the processors, the peak of the largest process.

    python -m benchmarks.uncertainty [SCENARIO] [SAMPLES] [FUTURES]
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from benchmarks.measuring import Spent, alone, spent
from optimizer.planning import make_plan
from optimizer.request.edits import as_text, request_of
from optimizer.request.load import Request, load_request
from optimizer.solving.solution import Options
from optimizer.uncertainty.aims import Aim
from optimizer.uncertainty.draws import Sampler
from optimizer.uncertainty.outcome import outcomes_of
from optimizer.uncertainty.question import asked
from optimizer.uncertainty.robust import Method, robust
from optimizer.uncertainty.samples import samples_of

GAP, SAMPLES, FUTURES = 1e-3, 1000, 200
MOST_SECONDS, MOST_DRAWN_SECONDS, MOST_STRESS_SECONDS = 300.0, 1800.0, 600.0
UNCERTAIN = """\
extends: {scenario}
futures:
  - {{name: as_planned, probability: 0.19}}
  - {{name: slips, probability: 0.09, supply: {{of: {{vendor: nvidia}}, factor: 0.6}},
     delivery_delay: {{of: {{vendor: nvidia}}, months: 3}}}}
  - {{name: boom, probability: 0.09, demand: {{factor: 1.4}}, rent: {{factor: 1.3}}}}
  - {{name: cheap, probability: 0.09, demand: {{factor: 0.8}}, price: {{factor: 0.8, from: 2026q2}},
     rent: {{factor: 0.7}}}}
  - {{name: halls_late, probability: 0.09, hall_delay: {{months: 6}}}}
  - {{name: boom_short, probability: 0.09, demand: {{factor: 1.3}}, supply: {{factor: 0.7, from: 2025q3}}}}
  - {{name: dear_power, probability: 0.09, electricity: {{factor: 1.6}}, power: {{factor: 0.9, from: 2026q1}}}}
  - {{name: bust, probability: 0.09, demand: {{factor: 0.6, from: 2026q1}}, residual: {{factor: 0.7}}}}
  - {{name: amd_late, probability: 0.09, delivery_delay: {{of: {{vendor: amd}}, months: 6}}}}
  - {{name: dear, probability: 0.09, price: {{factor: 1.2}}, rent: {{factor: 1.5}}}}
uncertainty:
  draws:
    demand: {{change: demand, lognormal_per_year: 0.2}}
    prices: {{change: price, decline_per_year: {{low: -0.1, mode: 0.1, high: 0.3}}}}
    rents: {{change: rent, between: {{low: 0.65, mode: 1, high: 1.5}}}}
    slips: {{change: delivery_delay, of: {{vendor: nvidia}}, months: {{0: 0.6, 3: 0.3, 6: 0.1}}}}
  correlation: {{same_vendor: 0.3, others: 0.1, next_year: 0.5}}
"""


class Took(NamedTuple):
    """What some work took: seconds of the clock, what it spent, and what it found, in words."""

    seconds: float
    spent: Spent
    found: str


def uncertain(scenario: str) -> Request:
    """A bundled scenario with ten futures, and with distributions."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "uncertain.yaml"
        path.write_text(UNCERTAIN.format(scenario=scenario))
        return load_request(path)


def with_drawn(request: Request, count: int) -> Request:
    """The same with so many futures that are drawn, each as probable."""
    sampler, scenario = Sampler(request), as_text(request.scenario)
    drawn = [sampler.drawn(number).future.model_dump(mode="json", by_alias=True, exclude_none=True)
             for number in range(1, count + 1)]  # fmt: skip
    scenario["futures"] = [
        {**each, "name": f"draw_{number}", "probability": f"{1 / count:.9f}"} for number, each in enumerate(drawn, 1)
    ]
    return request_of(scenario, as_text(request.catalog))


def deciding(scenario: str, drawn: int, method: Method | None) -> Took:
    """One decision, audited in every future."""
    request = uncertain(scenario)
    began = time.monotonic()
    found = robust(asked(with_drawn(request, drawn) if drawn else request), Aim(), Options(gap=GAP), method=method)
    outcomes_of(found, Options(gap=GAP))
    gap, proved = ((found.objective - bound) / abs(found.objective) for bound in (found.bound, found.certified))
    cost = f"{found.objective / 1e6:.1f} million USD, gap {gap:.1e}, certified {proved:.1e}"
    words = f"{len(found.blocks)} futures, {found.method}: {cost}"
    return Took(time.monotonic() - began, spent(), words)


def holding(scenario: str, samples: int) -> Took:
    """A plan held in samples."""
    plan = make_plan(uncertain(scenario), Options(gap=GAP)).plan
    began = time.monotonic()
    held, _ = samples_of(plan, samples, Options(tidy=False, at_once=True))
    seconds = time.monotonic() - began
    return Took(seconds, spent(), f"{len(held)} samples, {seconds / len(held):.3f} s each")


def told(took: Took, most_seconds: float) -> bool:
    """Prints what something took; whether it was too long."""
    cpu = f"{took.spent.seconds:.0f} s of processors, {took.spent.mib:.0f} MiB"
    print(f"{took.found}: {took.seconds:.1f} s (at most {most_seconds:g} s), {cpu}", flush=True)
    return took.seconds > most_seconds


def main(scenario: str = "meta_2025", samples: str = str(SAMPLES), futures: str = str(FUTURES)) -> int:
    late = [told(alone("spawn", deciding, scenario, 0, method), MOST_SECONDS) for method in ("at_once", "l_shaped")]
    most = MOST_DRAWN_SECONDS * int(futures) / FUTURES
    late.append(told(alone("spawn", deciding, scenario, int(futures), None), most))
    late.append(told(alone("spawn", holding, scenario, int(samples)), MOST_STRESS_SECONDS * int(samples) / SAMPLES))
    return int(any(late))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
