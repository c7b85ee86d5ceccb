"""Where orders are booked: a cost centre and a general-ledger account for what a selection takes."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

from catalogs.schema import Frozen
from optimizer.request.selection import Selection

Code = Annotated[str, StringConstraints(min_length=1, max_length=40)]
"""How the books name a cost centre or an account: a text, so that `0047` keeps its zeros."""


class Account(Frozen):
    """The cost centre and the account of orders that `of` selects; all of them if it is absent.

    Of several that select an order the first one counts, so their order in the file has a meaning.
    """

    of: Selection = Selection.model_construct()
    cost_centre: Code | None = None
    gl_account: Code | None = None
