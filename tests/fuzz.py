"""Tries broken scenarios and catalogues: each is read and stated as a model, and some are solved.

`python tests/fuzz.py FIRST COUNT` tries COUNT seeds from FIRST on and prints a line of JSON for each fault: anything
raised but what says that the input is wrong, infeasible or out of time; a problem without a place; more than ten
seconds. Its memory is bounded by 2 GiB. `python tests/fuzz.py SEED` shows one.
"""

from __future__ import annotations

import json
import re
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

from breaker import Breaker

from catalogs.problems import InputError, Problem
from optimizer.infeasible.shortage import Infeasible
from optimizer.planning import NoPlan, make_plan
from optimizer.proven import stated
from optimizer.request.load import load_request
from optimizer.solving.solution import Options
from optimizer.tables.warnings import doubts

MOST_BYTES, MOST_SECONDS = 2 * 2**30, 10
SOLVED = 0.3
"""The part of what is in order that is solved."""
PLACE = re.compile(r".+?:[1-9]\d*:[1-9]\d*: .", re.DOTALL)


class TooLongError(BaseException):
    """A case takes more than MOST_SECONDS."""


class NoPlaceError(Exception):
    """A problem that does not say where it is."""


def _write(folder: Path, breaker: Breaker) -> Path:
    asked, quote = breaker.texts()
    (folder / "quotes").mkdir()
    (folder / "quotes" / "chip.yaml").write_bytes(quote)
    (folder / "s.yaml").write_bytes(asked)
    if breaker.bundled:
        (folder / "over.yaml").write_text("extends: s.yaml\ncatalogs: [bundled, quotes]\n")
        return folder / "over.yaml"
    return folder / "s.yaml"


def _check_places(problems: tuple[Problem, ...]) -> None:
    if not problems or not all(PLACE.match(str(problem)) for problem in problems):
        raise NoPlaceError(str(problems))


def attempt(path: Path, solved: bool) -> str:
    """What becomes of a scenario: refused, in order, planned, infeasible or no plan in time. Raises what is a fault."""
    try:
        request = load_request(path)
        model, _ = stated(request)
    except InputError as error:
        _check_places(error.problems)
        return "refused"
    doubts(model.tables)
    if not solved:
        return "in order"
    try:
        make_plan(request, Options(time_limit=0.5, gap=0.1))
    except Infeasible:
        return "infeasible"
    except NoPlan:
        return "no plan"
    return "planned"


def tried(seed: int) -> tuple[str, str]:
    """What becomes of a seed's scenario, and a fault if there is one."""
    breaker = Breaker(seed)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        try:
            signal.setitimer(signal.ITIMER_REAL, MOST_SECONDS)
            found = attempt(_write(Path(name), breaker), breaker.random.random() < SOLVED)
        except (Exception, TooLongError):
            return "fault", traceback.format_exc()
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    seconds = time.monotonic() - began
    return found, f"{seconds:.1f} s" if seconds > MOST_SECONDS else ""


def _too_long(*_: object) -> None:
    raise TooLongError(f"more than {MOST_SECONDS} s")


def main(first: int, count: int) -> None:
    """Tries some seeds; what becomes of them stands in the last line."""
    import resource

    from conftest import solve_here

    import optimizer.solving.solve

    optimizer.solving.solve.Solver._run = solve_here  # type: ignore[method-assign,assignment]
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_BYTES, MOST_BYTES))
    signal.signal(signal.SIGALRM, _too_long)
    outcomes: dict[str, int] = {}
    for seed in range(first, first + count):
        print(json.dumps({"trying": seed}), file=sys.stderr)
        found, fault = tried(seed)
        outcomes[found] = outcomes.get(found, 0) + 1
        if fault:
            print(json.dumps({"seed": seed, "fault": fault}), flush=True)
    print(json.dumps({"outcomes": outcomes}))


if __name__ == "__main__":
    if len(sys.argv) == 2:
        for text in Breaker(int(sys.argv[1])).texts():
            print(text.decode("utf-8", "replace"))
    main(int(sys.argv[1]), int((*sys.argv[1:], "1")[1]))
