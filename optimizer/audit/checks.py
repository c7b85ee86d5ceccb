"""One comparison made by the audit, and the words for it when it fails."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

TOLERANCE = Fraction(1, 10**6)
"""Largest violation that passes, relative to the scale of its limit."""

Keys = tuple[str, ...]


def shown(value: Fraction | str | None) -> str:
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
        over = self.used - self.limit
        over = max(over * self.sense, Fraction(0)) if self.sense else abs(over)
        return over / max(Fraction(1), abs(self.limit)) if over else over

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
        return Fraction(0 if self.holds else 1)

    def fails(self) -> bool:
        return not self.holds

    def words(self) -> str:
        return f"{row(self.name, self.keys)}: {self.reason}"


class Reported(NamedTuple):
    """A value that the plan states against the one recomputed from its inputs and decisions."""

    name: str
    keys: Keys
    stated: Fraction | str | None
    recomputed: Fraction | str | None
    tolerance: Fraction

    def violation(self) -> Fraction:
        """None: a wrong statement is a finding, not a limit passed."""
        return Fraction(0)

    def difference(self) -> Fraction:
        if isinstance(self.stated, Fraction) and isinstance(self.recomputed, Fraction):
            return abs(self.stated - self.recomputed)
        return Fraction(0)

    def fails(self) -> bool:
        if isinstance(self.stated, Fraction) and isinstance(self.recomputed, Fraction):
            return self.difference() > self.tolerance
        return self.stated != self.recomputed

    def words(self) -> str:
        return f"{row(self.name, self.keys)}: the plan says {shown(self.stated)}, recomputed {shown(self.recomputed)}"


Check = Limited | Allowed | Reported
