"""Ten thousand broken scenarios and catalogues, a hundred of them always: no fault, no hang, bounded memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

FUZZ = Path(__file__).with_name("fuzz.py")
BATCH, ALWAYS, ALL = 100, 100, 10_000
BATCHES = range(0, ALL, BATCH)


def tried(first: int) -> dict[str, int]:
    """What becomes of a batch of seeds. Fails with the faults that it finds."""
    command = [sys.executable, str(FUZZ), str(first), str(min(BATCH, ALL - first))]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    except subprocess.TimeoutExpired as hang:
        pytest.fail(f"hangs at {(hang.stderr or b'').decode().splitlines()[-1:]}")
    assert done.returncode == 0, done.stderr[-2000:]
    *faults, last = map(
        json.loads,
        filter(lambda line: line.startswith('{"seed"') or line.startswith('{"outcomes"'), done.stdout.splitlines()),
    )
    assert not faults, "\n".join(f"seed {fault['seed']}: {fault['fault']}" for fault in faults[:3])
    outcomes: dict[str, int] = last["outcomes"]
    return outcomes


@pytest.mark.parametrize(
    "first", [pytest.param(n, marks=[] if n < ALWAYS else [pytest.mark.slow]) for n in BATCHES], ids=str
)
def test_a_broken_input_is_read_or_refused(first: int) -> None:
    outcomes = tried(first)
    assert sum(outcomes.values()) == min(BATCH, ALL - first)
    # the breaker breaks enough, and not too much: both ways through the readers are tried
    assert outcomes.get("refused", 0) > BATCH // 5
    assert outcomes.get("in order", 0) > 0 or ALL - first < BATCH
