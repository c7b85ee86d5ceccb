"""One comparison made by the audit, and the words for it when it fails."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import inf, isfinite
from typing import NamedTuple

FRACTIONS = Fraction(1, 10**9)
"""What a limit may be passed by where fractions count in it (work, added power), as part of what is compared."""
WHOLE = Fraction(1, 2**48)
"""The same where only whole systems count: the last digits of a double, in which plans are written."""

NONE, FORBIDDEN = Fraction(0), Fraction(1)
"""Violations of what holds, and of what is not allowed at all."""

Keys = tuple[str, ...]


DIGITS = range(6, 31)
"""After the point: as few as tell two values apart."""
Value = Fraction | float | str | None


def shown(value: Value, digits: int = DIGITS[0]) -> str:
    """A value as a finding shows it."""
    if value is None or isinstance(value, str):
        return "none" if value is None else f"'{value}'"
    if isinstance(value, float) and not isfinite(value):
        return f"{value}"
    exact = Decimal(value.numerator) / value.denominator if isinstance(value, Fraction) else Decimal(value)
    return f"{exact:,.{digits}f}".rstrip("0").rstrip(".")


def told_apart(one: Value, other: Value) -> tuple[str, str]:
    """Two values as a finding shows them: different ones never look alike."""
    texts = ((shown(one, digits), shown(other, digits)) for digits in DIGITS)
    return next((pair for pair in texts if pair[0] != pair[1]), (shown(one), shown(other)))


def row(name: str, keys: Keys) -> str:
    """A row's name, as in the model: power_within_site(prineville,2027q1)."""
    return f"{name}({','.join(keys)})"


class Limited(NamedTuple):
    """A quantity used against its limit. `sense` is +1 for at most, -1 for at least, 0 for equal.

    `whole` says that only whole systems count in it, so that it is met or not met, with nothing between.
    """

    name: str
    keys: Keys
    used: Fraction
    limit: Fraction
    unit: str
    sense: int = 1
    whole: bool = False

    def violation(self) -> Fraction:
        """How far the limit is passed, as part of the larger of use and limit."""
        within = self.used == self.limit or (self.sense and (self.used < self.limit) == (self.sense > 0))
        return NONE if within else abs(self.used - self.limit) / self.size

    @property
    def size(self) -> Fraction:
        """What a difference between use and limit is to be measured by."""
        return max(abs(self.used), abs(self.limit))

    def fails(self) -> bool:
        return self.violation() > (WHOLE if self.whole else FRACTIONS)

    def words(self) -> str:
        limit = {1: "limit", -1: "required", 0: "must be"}[self.sense]
        used, most = told_apart(self.used, self.limit)
        return f"{row(self.name, self.keys)}: used {used} {self.unit}, {limit} {most} {self.unit}"


class Allowed(NamedTuple):
    """Something that holds or does not; `reason` says why not."""

    name: str
    keys: Keys
    allowed: bool
    reason: str

    def violation(self) -> Fraction:
        return NONE if self.allowed else FORBIDDEN

    def fails(self) -> bool:
        return not self.allowed

    def words(self) -> str:
        return f"{row(self.name, self.keys)}: {self.reason}"


class Reported(NamedTuple):
    """A value that the plan states against the one recomputed from its inputs and decisions.

    Compared as floats, which are exact to 1e-16 where the narrowest tolerance is 1e-9.
    """

    name: str
    keys: Keys
    stated: float | str | None
    recomputed: float | str | None
    tolerance: float

    def violation(self) -> Fraction:
        """None: a wrong statement is a finding, not a limit passed."""
        return NONE

    def difference(self) -> float:
        """Between two numbers; a NaN is infinitely wrong."""
        if isinstance(self.stated, int | float) and isinstance(self.recomputed, float):
            difference = abs(self.stated - self.recomputed)
            return difference if difference == difference else inf
        return 0.0 if self.stated == self.recomputed else inf

    def fails(self) -> bool:
        return self.difference() > self.tolerance

    def words(self) -> str:
        stated, recomputed = told_apart(self.stated, self.recomputed)
        return f"{row(self.name, self.keys)}: the plan says {stated}, recomputed {recomputed}"


Check = Limited | Allowed | Reported
