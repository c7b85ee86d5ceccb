"""Time as a repair: lead times, bring-up, porting, engineering and building that take fewer periods."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optimizer.infeasible.feasibility import Feasibility
from optimizer.infeasible.fixed_terms import TIME, terms
from optimizer.infeasible.report import Change
from optimizer.infeasible.steps import Fix
from optimizer.infeasible.work_options import bring_up, lead_time
from optimizer.interruption import OutOfTime
from optimizer.request.edits import Key, changed
from optimizer.request.load import Request


class Sooner:
    """The months that things take in a request, and what it needs them to be."""

    def __init__(self, feasibility: Feasibility, request: Request) -> None:
        self.feasibility, self.request = feasibility, request
        self.calendar = request.scenario.calendar
        times = [term.numbers for term in terms(request) if term.kind == TIME]
        self.months = {key: number for numbers in times for key, number in numbers.items()}

    def least(self) -> Fix | None:
        """The fewest periods sooner, of as few things as will do; None if at once would still be too late."""
        for periods in range(1, self.most + 1):
            everything = dict.fromkeys(self.months, periods)
            if self._fits(everything):
                return self._fix(self._fewest(everything))
        if self.feasibility.cut_short:
            raise OutOfTime
        return None

    @property
    def most(self) -> int:
        """The periods that anything takes at the most."""
        return max(map(self.calendar.whole_periods, self.months.values()), default=0)

    @property
    def names(self) -> tuple[str, ...]:
        """Everything that takes time, by the names that repairs give it."""
        return tuple(sorted(map(_about, self.months)))

    def values(self, periods: int) -> dict[Key, Any]:
        """Figures with everything so many periods sooner."""
        return self._values(dict.fromkeys(self.months, periods))

    def _fewest(self, sooner: dict[Key, int]) -> dict[Key, int]:
        """Without what need not be sooner, and the rest by no more than it needs to be."""
        used = self._used(sooner)
        sooner = used if self._fits(used) else sooner
        for key in list(sooner):
            without = {other: n for other, n in sooner.items() if other != key}
            if self._fits(without):
                sooner = without
        for key, most in list(sooner.items()):
            least = next((n for n in range(1, most) if self._fits({**sooner, key: n})), most)
            sooner = {**sooner, key: least}
        return sooner

    def _used(self, sooner: dict[Key, int]) -> dict[Key, int]:
        """What a plan makes use of that orders as little as it can sooner than it may today."""
        today, then = self.feasibility.stated(self.request), self.feasibility.stated(self._changed(sooner))
        if then is None:
            return sooner
        possible = set(today[1].columns) if today is not None else set()
        early = [j for j in then[1].column_numbers("order") if then[1].columns[j] not in possible]
        values = self.feasibility.asked(then[1].minimising(dict.fromkeys(early, 1.0))).values
        if not values.size:
            return sooner
        offers = {then[1].columns[j].removeprefix("order(").partition(",")[0] for j in early if values[j] > 0.5}
        return {key: n for key, n in sooner.items() if key[1] != "offers" or key[2] in offers}

    def _fits(self, sooner: Mapping[Key, int]) -> bool:
        return self.feasibility.has_plan(self._changed(sooner)) is True

    def _changed(self, sooner: Mapping[Key, int]) -> Request:
        return changed(self.request, self._values(sooner))

    def _values(self, sooner: Mapping[Key, int]) -> dict[Key, Any]:
        return {key: str(self._shorter(key, periods)) for key, periods in sooner.items()}

    def _shorter(self, key: Key, periods: int) -> int:
        """The most months that take so many periods less."""
        months = self.months[key]
        return max(0, (self.calendar.whole_periods(months) - periods) * self.calendar.months)

    def _fix(self, sooner: Mapping[Key, int]) -> Fix:
        return Fix(TIME, self._values(sooner), tuple(self._change(key, n) for key, n in sooner.items()))

    def _change(self, key: Key, periods: int) -> Change:
        old, new = self.months[key], self._shorter(key, periods)
        about = _about(key)
        return Change(
            kind=TIME, about=about, amount=old - new, unit="months", first=None, last=None,
            words=f"{about}: {new} months instead of {old}",
        )  # fmt: skip


def _about(key: Key) -> str:
    if key[0] == "demand":
        return f"porting of {key[1]} to {key[3]}"
    if key[0] == "sites":
        return f"building time at {key[1]}"
    if key[1] == "offers":
        return lead_time(key[2]) if key[3] == "lead_time_months" else bring_up(key[2])
    return f"engineering of {key[2]}"
