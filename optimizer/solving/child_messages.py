"""What the solver's process and its parent say to each other in the same words.

Arrays go as a line of JSON with the name, type and shape of each, and then their bytes. Not as .npz: NumPy reads the
heads of these with `ast`, and in Python 3.11 two threads that do so at once may fail.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

DONE, STOP = b"done ", b"stop\n"


def packed(given: Mapping[str, Any]) -> bytes:
    """Arrays by name in one piece."""
    arrays = {name: np.asarray(value, order="C") for name, value in given.items()}
    head = [[name, each.dtype.str, each.shape] for name, each in arrays.items()]
    return b"".join([json.dumps(head).encode(), b"\n", *(each.tobytes() for each in arrays.values())])


def unpacked(content: bytes) -> dict[str, Any]:
    """The arrays in one piece, each with memory of its own."""
    at = content.index(b"\n") + 1
    found = {}
    for name, kind, shape in json.loads(content[:at]):
        each: Any = np.ndarray(shape, np.dtype(kind), content, at)
        found[name] = each.copy()
        at += each.nbytes
    return found
