"""Numbers in messages: with as many digits as it takes to tell two of them apart."""

from __future__ import annotations

FEWEST_DIGITS, MOST_DIGITS = 6, 17


def shown(number: float, digits: int = FEWEST_DIGITS) -> str:
    """A number with thousands separated, to some significant digits."""
    whole = number == round(number) and abs(number) < 10**digits
    return f"{round(number):,}" if whole else f"{number:,.{digits}g}"


def told_apart(one: float, other: float) -> tuple[str, str]:
    """Two numbers that are compared: different ones never look alike."""
    pairs = ((shown(one, digits), shown(other, digits)) for digits in range(FEWEST_DIGITS, MOST_DIGITS + 1))
    return next((pair for pair in pairs if pair[0] != pair[1]), (shown(one), shown(other)))
