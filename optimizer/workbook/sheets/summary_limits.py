"""Tables of Summary about limits: those worth most, and how much of power and budgets is used."""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum

from optimizer.explain.explanation import Explanation, Move
from optimizer.formulation.register import limits_of
from optimizer.request.resources import POWER
from optimizer.tables import grouped
from optimizer.workbook.budgets import BudgetLine, budget_lines
from optimizer.workbook.facts import Facts
from optimizer.workbook.sheets.cash import spent
from optimizer.workbook.sheets.limits import KINDS, Limited
from optimizer.workbook.sheets.rates import at_mean, money_unit
from optimizer.workbook.sheets.sites import limit_of, limited
from optimizer.workbook.sheets.summary_tables import MEGAWATTS, SHARE, in_millions, titled
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.lists import Cell, note
from optimizer.workbook.writing.page import Rowed, Table
from optimizer.workbook.writing.references import Row, at, down

MOST_LIMITS, MOST_SITES, MOST_BUDGETS = 5, 4, 2
DEMANDS = tuple(record.name for record in limits_of("demand"))
SCREEN = "By prices of the relaxation: a screen; `explain -o` solves again."
SOLVED = "From second solves, static; see Limits."
Moved = tuple[str, list[Limited]]
"""A limit in all its windows: its name in words, and its rows."""


def worth_most(facts: Facts, limits: Sequence[Limited], explanation: Explanation | None, cut: int) -> Table:
    """Ranked by what a move of one percent in all windows saves, as far as that is known."""
    moves = _moves(explanation)
    worth = _solved(limits, moves) if explanation else _priced(limits)
    ranked = sorted(worth, key=lambda each: (-abs(worth[each]), each))
    rows = []
    for kind, of in ranked[: MOST_LIMITS - cut]:
        own = [limit for limit in limits if (limit.kind, limit.keys[0]) == (kind, of)]
        label = f"{KINDS.get(kind, kind)}: {of}"
        saves, moved = _by_move(facts, own[0].row) if explanation else _by_price(facts, own)
        rows.append(Rowed((label, None, None, None, None, saves, moved)))
    if not rows:
        rows.append(Rowed((note("none that binds has a price"),)))
    elif more := len(ranked[MOST_LIMITS - cut :]):
        rows.append(Rowed((note(f"and {more} others, see Limits"),)))
    rows.append(Rowed((note(SOLVED if explanation else SCREEN),)))
    return Table((titled("Limits worth most: what a move saves"), *[None] * 4, money_unit(facts), "moved by"), rows)


def _priced(limits: Sequence[Limited]) -> dict[tuple[str, str], float]:
    """Price times limit in all windows, of limits that have prices; demands are no limits to move."""
    rows = [limit for limit in limits if limit.kind not in DEMANDS and limit.plan.price_usd]
    together = grouped(rows, lambda limit: (limit.kind, limit.keys[0]))
    return {of: fsum((limit.plan.price_usd or 0.0) * limit.plan.limit for limit in own) for of, own in together.items()}


def _moves(explanation: Explanation | None) -> dict[tuple[str, str], Move]:
    """The move of each limit that tells, by constraint and name."""
    found = {}
    for limit in explanation.limits if explanation else ():
        move = limit.one_more or limit.telling
        if move is not None and move.change_usd is not None and move.percent:
            found[limit.constraint, limit.name] = move
    return found


def _solved(limits: Sequence[Limited], moves: dict[tuple[str, str], Move]) -> dict[tuple[str, str], float]:
    """What a percent changes, of limits whose move was solved and told."""
    known = {(limit.kind, limit.keys[0]) for limit in limits if limit.worth and limit.kind not in DEMANDS}
    found = {of: move for of, move in moves.items() if of in known}
    return {of: (move.change_usd.middle or 0.0) / move.percent for of, move in found.items() if move.change_usd}


def _by_price(facts: Facts, own: Sequence[Limited]) -> tuple[Cell, Cell]:
    """Prices of the relaxation times limits, times the move on Inputs."""
    rows = [limit.row for limit in own]
    product = f"SUMPRODUCT({down(rows, '<price>')},{down(rows, '<limit>')})*limit_move"
    return in_millions(facts, at_mean(facts, product)), Cell(Formula("=limit_move"), "share")


def _by_move(facts: Facts, row: Row) -> tuple[Cell, Cell]:
    """What the move that was solved saves, and the move."""
    return in_millions(facts, at_mean(facts, f"-{row.cell('price')}")), Cell(Formula(f"={row.cell('moved')}"), "share")


def in_use(facts: Facts, cut: int) -> Table:
    """Peak power of each site against its limit then, those of most power first; then budgets, the tightest first."""
    rows = [_site(facts, site) for site in _by_peak(facts)[: MOST_SITES - cut]]
    if rest := _by_peak(facts)[MOST_SITES - cut :]:
        rows.append(Rowed((note(f"and {len(rest)} other sites, see Sites"),)))
    budgets = sorted(budget_lines(facts.plan.budget), key=_share, reverse=True)
    rows += [_budget(facts, row) for row in budgets[:MOST_BUDGETS]]
    if len(budgets) > MOST_BUDGETS:
        rows.append(Rowed((note(f"and {len(budgets) - MOST_BUDGETS} other budgets, see Cash"),)))
    if not rows:
        rows.append(Rowed((note("no site of our own, no budget"),)))
    return Table((titled("Power, budgets: highest use"), "Used", "Limit", titled("Unit"), "Share"), rows)


def _by_peak(facts: Facts) -> list[str]:
    """Sites by the most power that they use."""
    peak = dict.fromkeys(facts.sites, 0.0)
    for row in facts.plan.sites:
        peak[row.site] = max(peak[row.site], row.power_used_mw)
    return sorted(facts.sites, key=lambda site: (-peak[site], site))


def _site(facts: Facts, site: str) -> Rowed:
    """The highest peak, and the limit in the first period that has it."""
    used = at("used", POWER.field, site)
    peak = Cell(Formula(f"={used.total}"), MEGAWATTS)
    if POWER not in limited(facts, site):
        return Rowed((f"Peak power: {site}", peak, "no limit", "MW"))
    limit = limit_of(facts, POWER, site)
    then = f"=INDEX({limit.across},MATCH({used.total},{used.across},0))"
    return Rowed((f"Peak power: {site}", peak, Cell(Formula(then), MEGAWATTS), "MW", _of_limit()))


def _of_limit() -> Cell:
    return Cell(Formula("=IF({M}=0,0,{L}/{M})"), SHARE)


def _share(row: BudgetLine) -> float:
    return max(row.used_usd) / row.limit_usd if row.limit_usd else 0.0


def _budget(facts: Facts, row: BudgetLine) -> Rowed:
    """What is used of a budget; of one of each period, the most."""
    used, most = (at(f"budget {what}", row.budget, row.name).total for what in ("used", "allowed"))
    label = f"{spent(row)} {row.name}" + ", highest" * row.by_period
    amounts = (in_millions(facts, at_mean(facts, usd)) for usd in (used, most))
    return Rowed((label, *amounts, money_unit(facts), _of_limit()))
