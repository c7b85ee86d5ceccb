"""Deciding under ten futures of a scenario, and holding its plan in a thousand that are drawn, measured in one run.

Ten futures of meta_2025 are decided under to a gap of 0.1 %, and the decision audited in each. Its plan is then held in
samples, on all local cores, and some of them by the built-in pool and by Dask in turn. Seconds are those of the clock,
on a machine that does nothing else.

    python -m benchmarks.uncertainty [SCENARIO] [SAMPLES] [SPREAD]
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from benchmarks import cluster
from optimizer.planning import make_plan
from optimizer.request.load import load_request
from optimizer.solving.solution import Options
from optimizer.uncertainty.aims import Aim
from optimizer.uncertainty.outcome import outcomes_of
from optimizer.uncertainty.question import asked
from optimizer.uncertainty.robust import robust
from optimizer.uncertainty.samples import samples_of

GAP, MOST_SECONDS, MOST_STRESS_SECONDS, SAMPLES, SPREAD = 1e-3, 300.0, 600.0, 1000, 96
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


def main(scenario: str = "meta_2025", samples: str = str(SAMPLES), spread: str = str(SPREAD)) -> int:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "uncertain.yaml"
        path.write_text(UNCERTAIN.format(scenario=scenario))
        request = load_request(path)
    options = Options(gap=GAP)
    began = time.monotonic()
    found = robust(asked(request), Aim(), options)
    outcomes_of(found, options)
    decided = time.monotonic() - began
    gap = (found.objective - found.bound) / abs(found.objective)
    print(f"{len(found.blocks)} futures of {scenario}: {decided:.1f} s, gap {gap:.1e} (at most {MOST_SECONDS:g} s)")
    plan = make_plan(request, options).plan
    began = time.monotonic()
    held, _ = samples_of(plan, int(samples), Options(tidy=False, at_once=True))
    stressed = time.monotonic() - began
    print(
        f"{len(held)} samples: {stressed:.0f} s, {stressed / len(held):.3f} s each (at most {MOST_STRESS_SECONDS:g} s)"
    )
    shared = cluster.spread(plan, int(spread))
    print(cluster.said(shared, int(spread)))
    slow = shared.dask.clock > cluster.MOST_TIMES * shared.pool.clock
    return int(slow or decided > MOST_SECONDS or stressed > MOST_STRESS_SECONDS * int(samples) / SAMPLES)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
