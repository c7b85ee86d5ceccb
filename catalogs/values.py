"""The values that fields of catalogues and scenarios have: ids, names, counts, shares, months."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from catalogs.periods import LARGEST, Number

ID_PATTERN = r"^[a-z][a-z0-9_.]*$"
Id = Annotated[str, StringConstraints(pattern=ID_PATTERN, max_length=80)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]


def _whole(value: Any) -> Any:
    """`1e3` is a whole number too; what is none is left for the schema to refuse."""
    try:
        written = Decimal(value) if isinstance(value, str) else None
    except InvalidOperation:
        return value
    small = written is not None and written.is_finite() and written.adjusted() < LARGEST.adjusted()
    return int(written) if written is not None and small and written == written.to_integral_value() else value


Whole = Annotated[int, BeforeValidator(_whole)]
Share = Annotated[Number, Field(ge=0, le=1)]
Availability = Annotated[Number, Field(gt=0, le=1)]
Positive = Annotated[Number, Field(gt=0)]
Count = Annotated[Whole, Field(ge=1, le=10**9)]
Months = Annotated[Whole, Field(ge=0, le=600)]
Truth = Literal["true", "false"]
