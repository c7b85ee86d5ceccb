"""What the solver's process and its parent say to each other in the same words."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any

import numpy as np

DONE, STOP = b"done ", b"stop\n"


def packed(arrays: Mapping[str, Any]) -> bytes:
    """Arrays by name as one .npz."""
    content = BytesIO()
    np.savez(content, **arrays)
    return content.getvalue()
