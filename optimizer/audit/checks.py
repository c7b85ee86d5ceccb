"""One comparison made by the audit, and the words for it when it fails."""

from __future__ import annotations

from fractions import Fraction
from math import inf
from typing import NamedTuple

TOLERANCE = Fraction(1, 10**6)
"""Largest violation that passes, relative to the scale of its limit."""

NONE, FORBIDDEN = Fraction(0), Fraction(1)
"""Violations of what holds, and of what is not allowed at all."""

Keys = tuple[str, ...]


def shown(value: Fraction | float | str | None) -> str:
    """A value as a finding shows it."""
    if value is None or isinstance(value, str):
        return "none" if value is None else f"'{value}'"
    return f"{float(value):,.6f}".rstrip("0").rstrip(".")


def row(name: str, keys: Keys) -> str:
    """A row's name, as in the model: power_within_site(prineville,2027q1)."""
    return f"{name}({','.join(keys)})"


class Limited(NamedTuple):
    """A quantity used against its limit. `sense` is +1 for at most, -1 for at least, 0 for equal."""

    name: str
    keys: Keys
    used: Fraction
    limit: Fraction
    unit: str
    sense: int = 1

    def violation(self) -> Fraction:
        """How far the limit is passed, relative to max(1, |limit|)."""
        holds = self.used == self.limit or (self.sense and (self.used < self.limit) == (self.sense > 0))
        return NONE if holds else abs(self.used - self.limit) / max(Fraction(1), abs(self.limit))

    def fails(self) -> bool:
        return self.violation() > TOLERANCE

    def words(self) -> str:
        limit = {1: "limit", -1: "required", 0: "must be"}[self.sense]
        return (
            f"{row(self.name, self.keys)}: used {shown(self.used)} {self.unit}, {limit} {shown(self.limit)} {self.unit}"
        )


class Allowed(NamedTuple):
    """Something that holds or does not; `reason` says why not."""

    name: str
    keys: Keys
    holds: bool
    reason: str

    def violation(self) -> Fraction:
        return NONE if self.holds else FORBIDDEN

    def fails(self) -> bool:
        return not self.holds

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
        return f"{row(self.name, self.keys)}: the plan says {shown(self.stated)}, recomputed {shown(self.recomputed)}"


Check = Limited | Allowed | Reported
