"""An explanation for the terminal: what limits are worth, why offers are in the plan, what a frame or a chip needs."""

from __future__ import annotations

from collections.abc import Sequence

from cli.figures import Words, rounded, some
from cli.money import tell_mean_rate
from cli.show_offers import show_offers
from cli.show_plan import owed_words, tax_words
from cli.tables import amount, heading, show_table, tell
from optimizer.explain.explanation import Between, Explanation, FrameWorth, LimitWorth, Move, Volume, VolumePoint
from optimizer.plan.format import Plan

MOVES = (-5.0, -1.0, 1.0, 5.0)


def show_explanation(explanation: Explanation, plan: Plan, every_offer: bool) -> None:
    """Prints an explanation; `every_offer` tells all of each offer, instead of the many in groups."""
    words = Words(plan, explanation)
    cost = -plan.objective_usd if words.is_value else plan.objective_usd
    what = "value of the work, less all costs" if words.is_value else "all costs, less residual value"
    tell_mean_rate(words.money.rates)
    tell(f"{explanation.scenario}: {words.money.exact(cost)} present value of {what}, {tax_words(plan)}")
    owed = owed_words(plan, words.money)
    if owed is not None:
        tell(owed)
    tell(f"no difference of less than {words.amount(explanation.gap_usd)} can be told: that is the plan's gap")
    if explanation.limits:
        _show_limits(explanation.limits, words)
    if explanation.offers:
        show_offers(explanation.offers, words, every_offer)
    if explanation.frames:
        _show_frames(explanation.frames, words)
    if explanation.volume is not None:
        _show_volume(explanation.volume, words)


def _show_limits(limits: Sequence[LimitWorth], words: Words) -> None:
    looked_at = [limit for limit in limits if any(move.answer != "fits" for move in limit.moves)]
    if looked_at:
        heading("What each limit leaves, in its tightest row")
        columns = ("limit", "in", "used", "of", "unit", "room")
        show_table(columns, [_use(limit, words) for limit in looked_at], numbers=(2, 3, 5))
        _show_worth(looked_at, words)
    others = [limit for limit in limits if limit not in looked_at]
    if others:
        heading("Limits that were not moved")
        fit = [limit for limit in others if limit.moves]
        leave = "leaves" if len(fit) == 1 else "leave"
        _show_names(f"{len(fit)} {leave} room: 5 % less changes nothing", [limit.limit for limit in fit])
        rest = [limit for limit in others if not limit.moves]
        verbs = "binds or nearly, but matters" if len(rest) == 1 else "bind or nearly, but matter"
        _show_names(f"{len(rest)} {verbs} less; --limit NAME tells", [one.limit for one in rest])


def _show_names(what: str, names: Sequence[str]) -> None:
    if names:
        tell(f"{what}: {some(names)}")


def _use(limit: LimitWorth, words: Words) -> tuple[str, ...]:
    scale, unit = (words.per_usd / 1e6, f"M {words.code}") if limit.row_unit == "USD" else (1.0, limit.row_unit)
    where = limit.row.partition("(")[2].rstrip(")").rpartition(",")[2]
    slack = 0.0 if abs(limit.slack) <= 1e-6 * abs(limit.most) else limit.slack
    figures = (f"{rounded(figure * scale, 4)}" for figure in (limit.used, limit.most, slack))
    used, most, room = figures
    return limit.limit, where, used, most, unit, room


def _show_worth(limits: Sequence[LimitWorth], words: Words) -> None:
    heading(f"What moving it does to {_measure(words)}")
    columns = ("limit", "5 % less", "1 % less", "1 % more", "5 % more")
    show_table(columns, [(limit.limit, *_moves(limit, words)) for limit in limits], numbers=(1, 2, 3, 4))
    if any(limit.unit == "point" for limit in limits):
        tell("a share moves by points")
    answers = {_move(move, words) for limit in limits for move in limit.moves}
    if "not resolved" in answers:
        tell("not resolved at this gap: plan with a smaller --gap to tell")
    if "under gap" in answers:
        tell("under gap: the relaxation proves that no more than the gap can be gained")
    rates = [(limit.limit, *_rate(move, limit.unit, words)) for limit in limits for move in _telling(limit)]
    if rates:
        heading(f"How much that is: the change in {words.code} over the move that was solved")
        show_table(("limit", "change", "for"), rates, numbers=(1,))


def _measure(words: Words) -> str:
    """What changes are of, and what their sign says."""
    what, sign = ("value, less cost", "− loses") if words.is_value else ("cost", "− saves")
    return f"the plan's {what}: M {words.code} of present value, {sign}"


def _moves(limit: LimitWorth, words: Words) -> tuple[str, ...]:
    by_percent = {move.percent: move for move in limit.moves if not move.by_unit}
    return tuple(_move(by_percent.get(percent), words) for percent in MOVES)


def _move(move: Move | None, words: Words) -> str:
    if move is None:
        return "–"
    if move.answer == "infeasible":
        return "no plan"
    if move.answer == "fits":
        return "0"
    if move.answer == "bounded":
        return "under gap"
    if move.change_usd is None or not move.change_usd.is_resolved:
        return "not resolved"
    return words.change(move.change_usd)


def _telling(limit: LimitWorth) -> list[Move]:
    """The moves of a limit that tell what moving it is worth: by some percent, and by one whole unit."""
    return [move for move in (limit.telling, limit.one_more) if move is not None]


def _rate(move: Move, unit: str, words: Words) -> tuple[str, str]:
    """What a move changes, and the move: `5 % more, 0.28 MW`."""
    assert move.change_usd is not None, "it is told"
    amount, direction = abs(move.amount), "more" if move.amount > 0 else "less"
    by = words.amount(amount) if unit == "USD" else f"{rounded(amount)} {unit}"
    points = f"{amount:g} {unit}{'' if amount == 1 else 's'} {direction}"
    moved = points if unit == "point" else f"{abs(move.percent):g} % {direction}, {by}"
    return words.exactly(move.change_usd), f"one unit more ({unit})" if move.by_unit else moved


def _show_frames(frames: Sequence[FrameWorth], words: Words) -> None:
    heading(f"What signing each frame agreement does to {_measure(words)}")
    columns = ("frame", "in the plan", "promised", "signing it", "pays up to a promise of")
    show_table(columns, [_frame(frame, words) for frame in frames], numbers=(2, 3, 4))
    tell("promises are those of the whole window, as the scenario states them; all else stays as it is")


def _frame(frame: FrameWorth, words: Words) -> tuple[str, ...]:
    signed = "signed already" if frame.already else "signed" if frame.signed else "not signed"
    promised = words.millions(frame.spend_usd)
    if frame.answer != "solved" or frame.saves_usd is None:
        none = f"no plan with{'out' * frame.signed} it"
        return frame.frame, signed, promised, none if frame.answer == "infeasible" else "–", "–"
    change = Between(least=_less(frame.saves_usd.most), most=_less(frame.saves_usd.least))
    return frame.frame, signed, promised, words.change(change), _pays_up_to(frame, words)


def _less(usd: float | None) -> float | None:
    return None if usd is None else -usd


def _pays_up_to(frame: FrameWorth, words: Words) -> str:
    if frame.pays_up_to_usd is None:
        return "none at all"
    low, high = (words.millions(usd or 0.0) for usd in (frame.pays_up_to_usd.least, frame.pays_up_to_usd.most))
    return high if low == high else f"{low} to {high}"


def _show_volume(volume: Volume, words: Words) -> None:
    heading(f"From which volume {volume.accelerator} pays, in M {words.code} of present value")
    tell(
        f"one-off {words.amount(volume.one_off_usd)}, porting {words.amount(volume.porting_usd)}; times "
        f"{', '.join(volume.demands)}; supply and limits stay as they are"
    )
    columns = ("volume", "with it", "without it", "difference", "its systems", "instead of it")
    show_table(columns, [_point(point, words) for point in volume.points], numbers=(0, 1, 2, 3, 4))
    tell(_verdict(volume))


def _point(point: VolumePoint, words: Words) -> tuple[str, ...]:
    return (
        f"{point.factor:g}",
        _millions(point.with_usd, words),
        _millions(point.without_usd, words),
        _difference(point, words),
        amount(point.systems),
        ", ".join(point.instead),
    )


def _millions(cost: Between | None, words: Words) -> str:
    return "no plan" if cost is None or cost.most is None else rounded(cost.most * words.per_usd / 1e6, 6)


def _difference(point: VolumePoint, words: Words) -> str:
    """What the chip costs more, from the bounds of both plans."""
    if point.with_usd is None or point.without_usd is None:
        return ""
    (least, most), (low, high) = ((cost.least, cost.most) for cost in (point.with_usd, point.without_usd))
    if least is None or most is None or low is None or high is None:
        return ""
    return words.change(Between(least=least - high, most=most - low))


def _verdict(volume: Volume) -> str:
    if volume.from_factor is not None and volume.to_factor is not None:
        return (
            f"it does not pay at {volume.from_factor:.3g} times the volume and does at {volume.to_factor:.3g} times "
            "(both proved)"
        )
    low, high = volume.points[0], volume.points[-1]
    if volume.pays_everywhere:
        return f"it pays at {low.factor:g} times the volume already"
    return f"it is not proved to pay at any volume up to {high.factor:g} times"
