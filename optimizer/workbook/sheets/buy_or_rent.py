"""The part of Unit costs about buying against renting the same hours: yearly cash, rate of return, payback."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from optimizer.workbook.facts import Facts
from optimizer.workbook.sheets.book_inputs import market_of
from optimizer.workbook.sheets.unit_accelerators import OURS, Bearer, Stood, bearers_of, has_residual, rows_of
from optimizer.workbook.writing.lines import SUM, Line, Of, Section, filled, line_of
from optimizer.workbook.writing.references import HERE, at, down

TITLE = "Buying against renting the same hours"
NOTE = (
    "Rent of the same accelerator-hours at the market's rent, less what buying costs, plus residual value; "
    "undiscounted. n/a: no rent in some period, no outlay that comes back, or not within the horizon."
)
BEFORE_TAX = "Before tax, which is on profit and falls on no accelerator."
NOT_RENTED, ALSO_LEASED, BOUGHT_BEFORE = (
    "nobody rents it", "some of it is leased on our sites", "some of it was bought before the horizon"
)  # fmt: skip
NONE = '"n/a"'


def buying(facts: Facts, stood: Sequence[Stood]) -> list[Bearer]:
    """The accelerators that are purchased, on our sites."""
    return [bearer for bearer in bearers_of(stood) if bearer.place == OURS and has_residual(facts, bearer)]


def reason(facts: Facts, bearer: Bearer) -> str:
    """Why buying and renting cannot be compared; empty where they can."""
    if bearer.item not in market_of(facts):
        return NOT_RENTED
    groups = [group for group in facts.groups if bearer.holds(group)]
    if not all(group.purchased for group in groups):
        return ALSO_LEASED
    return BOUGHT_BEFORE if any(group.running for group in groups) else ""


def buy_or_rent(facts: Facts, stood: Sequence[Stood]) -> Iterator[Section]:
    """The returns of each accelerator, and why others have none."""
    found = [(Of(bearer.item), reason(facts, bearer)) for bearer in buying(facts, stood)]
    lines = [line for of, why in found if not why for line in _returns(facts, of)]
    if found:
        yield Section(
            TITLE, NOTE, lines, [*[BEFORE_TAX] * facts.taxed, *(f"{of.item}: {why}" for of, why in found if why)]
        )


def _returns(facts: Facts, of: Of) -> Iterator[Line]:
    """Yearly cash, then what follows from it."""
    saved, rows = at("saved by buying", of), [at("saved by buying in", of, year) for year in facts.years]
    for year, row in zip(facts.years, rows, strict=True):
        number = at("fiscal year", year).constant
        yield Line(f"Saved by buying in {year}", "USD", of.item, key=row.key,
                   total=f"=SUMIFS({saved.across},{HERE.years_across},{number})")  # fmt: skip
    years = down(rows, "$F")
    gaps = "{without a rent.total}"
    still = "INDEX({not paid back.across},periods_in_horizon)"
    yield line_of(of, "Internal rate of return", "share/year", source="of the yearly cash above",
                  total=f"=IF({gaps}>0,{NONE},IFERROR(IRR({years}),{NONE}))")  # fmt: skip
    yield line_of(of, "Payback", "years", source="from the first cash on, until the sum stays positive",
                  total=f"=IF({gaps}+{still}>0,{NONE},{{not paid back.total}}/periods_per_year)")  # fmt: skip


def buying_workings(facts: Facts, stood: Sequence[Stood]) -> Iterator[Section]:
    """By period: what renting would cost, what buying does, and the sum so far."""
    bearers = [bearer for bearer in buying(facts, stood) if not reason(facts, bearer)]
    yield from filled("Buying against renting, by period", "Hours in service, at work or not; residual as it falls.", [
        line for bearer in bearers for line in _by_period(stood, bearer)
    ])  # fmt: skip


def _by_period(stood: Sequence[Stood], bearer: Bearer) -> Iterator[Line]:
    of, rows = Of(bearer.item), rows_of(bearer, stood, "systems")
    rent = at("cheapest rent", of)
    buying_costs, left = at("cost before residual", bearer), at("residual value", bearer)
    yield line_of(of, "Accelerator-hours bought", "accelerator-hours", what="hours bought", total=SUM,
                  periods=f"=SUMPRODUCT({down(rows, '$E')},{down(rows)})*hours_per_period")  # fmt: skip
    yield line_of(of, "Rent of the same hours", "USD", total=SUM, periods=f"={{hours bought}}*{rent}")
    yield line_of(of, "Cost of buying, less residual value", "USD", what="cost of buying", total=SUM,
                  periods=f"={buying_costs}-{left}")  # fmt: skip
    yield line_of(of, "Saved by buying", "USD", total=SUM, periods="={rent of the same hours}-{cost of buying}")
    yield line_of(of, "Saved so far", "USD", periods=f"=SUM({at('saved by buying', of).so_far})")
    on = at("saved so far", of).part("@#n:$#z#n")
    begun = f"(SUMPRODUCT(1*({at('saved by buying', of).so_far}<>0))>0)"
    yield line_of(of, "Not paid back", "switch", total=SUM, periods=f"=(MIN({on})<0)*{begun}")
    yield line_of(of, "Periods without a rent", "periods", what="without a rent",
                  total=f"=SUMPRODUCT(({{hours bought.across}}>0)*({rent.across}=0))")  # fmt: skip
