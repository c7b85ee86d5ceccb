"""How often Python looks for reference cycles, in a program that lives for seconds and in the processes it starts."""

from __future__ import annotations

import gc

CYCLES = (100_000, 50, 100)
"""Rarely: a command lives for seconds, and a sixth of them went there."""


def look_rarely() -> None:
    """From now on, this process looks for cycles rarely."""
    gc.set_threshold(*CYCLES)
