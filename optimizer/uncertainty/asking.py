"""From a request to what is said of its best decision for all futures, and the plan that is signed: the whole flow."""

from __future__ import annotations

from optimizer.plan.format import Plan
from optimizer.request.load import Request
from optimizer.solving.solution import Options
from optimizer.uncertainty import certain
from optimizer.uncertainty.aims import Aim
from optimizer.uncertainty.outcome import outcomes_of
from optimizer.uncertainty.question import asked
from optimizer.uncertainty.report import result_of
from optimizer.uncertainty.results import RobustResult
from optimizer.uncertainty.robust import robust


def decided(
    request: Request, aim: Aim, options: Options, workers: int | None = None, signed: bool = True
) -> tuple[RobustResult, Plan | None]:
    """What is found, and with `signed` the plan of the scenario as it stands in which the decision has been taken.

    There is none where whole systems do not fit. Raises what `robust` and, for a future that is the only one,
    `make_plan` do.
    """
    question = asked(request)
    if question.certain is not None:
        plan = certain.only_plan(question, options)
        return certain.result_of_one(question, plan), plan
    found = robust(question, aim, options, workers)
    result = result_of(found, outcomes_of(found, options), options)
    return result, certain.signed_plan(question, found.best.decision, options) if signed else None
