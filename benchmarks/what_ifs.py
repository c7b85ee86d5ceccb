"""What fifty what-ifs cost beside one plan, measured in one run: the dearest limits of a plan, moved a little.

Each what-if is what `explain` asks: a limit moved by 1 or 5 percent either way, the changed scenario checked,
built and solved, begun from the plan at hand, on all local cores. A plan is built, solved, certified and audited
once. Seconds are those of the clock, on a machine that does nothing else.

    python benchmarks/what_ifs.py [SCENARIO]
"""

from __future__ import annotations

import sys
import time

from optimizer.explain.inquiry import Inquiry
from optimizer.explain.row_use import uses
from optimizer.explain.worth import MOVES, dearest, move, relaxed_prices
from optimizer.formulation.business_limits import business_limits
from optimizer.planning import make_plan
from optimizer.request.load import find_scenario, load_request
from optimizer.solving.solution import Options
from optimizer.what_if import WhatIf

WHAT_IFS = 50
MOST_PLANS = 15.0
"""What fifty what-ifs may cost at the most, in plans."""


def main(scenario: str = "meta_2025") -> int:
    request = load_request(find_scenario(scenario))
    began = time.monotonic()
    plan = make_plan(request, Options()).plan
    one_plan = time.monotonic() - began
    began = time.monotonic()
    with WhatIf(plan) as what_if:
        inquiry = Inquiry(what_if)
        limits, used = business_limits(inquiry.model), uses(plan, inquiry.model)
        ranked = dearest(limits, relaxed_prices(inquiry, limits, used), used)
        tasks = [(limit, percent) for limit in ranked for percent in MOVES][:WHAT_IFS]
        found = inquiry.all("what-ifs", tasks, lambda task: move(inquiry, *task, used, closely=True))
    seconds = time.monotonic() - began
    resolved = sum(1 for one in found if one is not None and one.change_usd is not None and one.change_usd.is_resolved)
    print(f"one plan of {scenario}: {one_plan:.2f} s, gap {plan.gap:.1e}")
    answered = f"{inquiry.solves} solves, {inquiry.by_bounds} answered without, {resolved} resolved"
    print(f"{len(tasks)} what-ifs: {seconds:.2f} s, {answered}")
    ratio = seconds / one_plan
    print(f"what-ifs / plan: {ratio:.1f} (at most {MOST_PLANS:g})")
    return int(ratio > MOST_PLANS)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
