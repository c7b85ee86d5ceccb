"""A frame agreement: so much spend promised to a provider or a maker, for a better price."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from catalogs.periods import Amount, Number
from catalogs.schema import Frozen
from optimizer.request.selection import Selection, Window

Factor = Annotated[Number, Field(gt=0, le=1)]
"""What is left of a price; an agreement to pay more than without it is none."""


class Frame(Frozen):
    """If signed, what `of` selects may be ordered, within `orders`, at its price and rent times `factor`.

    These orders have to spend `spend_usd` within `within`, or what is missing is paid as well. It is ours to sign, or
    signed already.
    """

    of: Selection
    orders: Window
    within: Window
    spend_usd: Amount
    factor: Factor
    signed: Literal["optional", "true"] = "optional"
