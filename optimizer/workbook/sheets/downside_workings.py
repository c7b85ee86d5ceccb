"""The part of Cash behind Downside: what does not move in proportion, by period, at each change of an assumption.

At another discount rate every factor is another, and so is what is owed after the horizon. At another utilisation less
energy may be paid for and not used. At other prices and rents more or less is missing of what a frame promises.
"""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.formulation.register import AT_PERIOD_END
from optimizer.request.resources import POWER
from optimizer.workbook.facts import Facts
from optimizer.workbook.groups import Group
from optimizer.workbook.sheets.frames import names, under
from optimizer.workbook.sheets.input_downside import LEVELS, change
from optimizer.workbook.sheets.input_sites import taking
from optimizer.workbook.sheets.sites import limit_of
from optimizer.workbook.writing.lines import PERIOD, START, SUM, Line, Of, Section, filled, line_of
from optimizer.workbook.writing.references import Row, area, at, key_of, of_each, summed

PRICES, RENTS = "prices", "rents"
"""What may be paid under a frame."""


def downside_workings(facts: Facts) -> Iterator[Section]:
    """Block by block, each only where the plan has what moves so."""
    yield _discounted(facts)
    yield from _owed(facts)
    yield from _idle(facts)
    yield from _under_frames(facts)


def _discounted(facts: Facts) -> Section:
    """All flows at each other discount rate."""
    mid, end = ([at(f"{what} at change", i) for i in LEVELS] for what in ("mid factor", "end factor"))
    rates = [at("discount rate at change", i).constant for i in LEVELS]
    late = "+".join(str(at("cost", name)) for name in sorted(AT_PERIOD_END) if name in facts.plan.costs)
    total = at("cost", "total")
    note = "Each period at the factors of another rate (see Downside on Inputs); what is left at its end at its end."
    return Section("Present value at other discount rates", note, [
        *(Line(f"Discount rate, change {i}", "share/year", constant=f"=discount_rate*(1+{change(i)})",
               key=key_of("discount rate at change", i)) for i in LEVELS),
        *(Line(f"Discount factor, mid-period, change {i}", "factor", key=mid[i - 1].key,
               periods=f"=(1+{rates[i - 1]})^(-(@${PERIOD}-cash_timing)/periods_per_year)") for i in LEVELS),
        *(Line(f"Discount factor, end of period, change {i}", "factor", key=end[i - 1].key,
               periods=f"=(1+{rates[i - 1]})^(-@${PERIOD}/periods_per_year)") for i in LEVELS),
        *(Line(f"Present value of cost, change {i}", "USD", total=SUM, key=key_of("present value at change", i),
               periods=f"={total}*{mid[i - 1]}+({late})*({end[i - 1]}-{mid[i - 1]})") for i in LEVELS),
    ])  # fmt: skip


def with_terms(facts: Facts) -> list[Group]:
    """What may be owed after the horizon."""
    return list(facts.terms) if facts.after_horizon else []


def _owed(facts: Facts) -> Iterator[Section]:
    """What is owed at each other rate; and if the rest of a term would fetch nothing."""
    groups = with_terms(facts)
    if not groups:
        return
    rents, left = of_each("rent of a period", groups), "{periods after}"
    note = "Rent of a period times the value, at that rate, of the periods left, as far as it counts."
    yield Section("Owed at other discount rates", note, [
        *(Line(f"Discount of a period, change {i}", "factor", key=key_of("discount of a period at change", i),
               constant=f"=(1+{at('discount rate at change', i).constant})^(1/periods_per_year)") for i in LEVELS),
        *(_value_of_periods(group, i, left) for i in LEVELS for group in groups),
        *(Line(f"Owed, change {i}", "USD", key=key_of("owed at change", i),
               total=f"=SUMPRODUCT({area(rents)},{area(of_each(f'owed of a USD at change {i}', groups))})")
          for i in LEVELS),
    ])  # fmt: skip
    note = "Without what the rest of a term would fetch."
    yield Section("Owed if the rest of a term fetched nothing", note, [
        line_of(group, "Owed in full", "USD",
                total="=rent_after_counted*SUMPRODUCT({rent of a period.across},{value of periods after.across})")
        for group in groups
    ])  # fmt: skip


def _value_of_periods(group: Group, i: int, left: str) -> Line:
    """Of a USD in each period left, what is owed at a rate: as on the lines for the plan's own rate."""
    rate, growth = (at(f"{what} at change", i).constant for what in ("discount rate", "discount of a period"))
    counts = "rent_after_counted*(1-rent_after_less_worth*{share left.constant})" if group.running else "{/share owed}"
    return line_of(group, f"Owed of a USD a period, change {i}", "factor", what=f"owed of a USD at change {i}",
                   periods=f"=IF({rate}=0,{left},(1-{growth}^-{left})/({growth}-1))*{counts}")  # fmt: skip


def _idle(facts: Facts) -> Iterator[Section]:
    """Energy paid for and not used when systems draw more or less."""
    due = "{site/take_or_pay_share.constant}*%s*hours_per_period"
    note = "As above, with energy at the meter changed by the share."
    yield from filled("Idle power at other utilisations", note, [
        line_of(Of(place=site), f"Idle power cost, change {i}", "USD", what=f"idle power at change {i}", total=SUM,
                periods=f"=MAX(0,{due % limit_of(facts, POWER, site)}-(1+{change(i)})*{{energy}})"
                "*{site/electricity_usd_per_mwh}")
        for site in taking(facts) for i in LEVELS
    ])  # fmt: skip


def paid_under(facts: Facts, frame: str) -> dict[str, list[Row]]:
    """What is paid under a frame: in prices, in rents, and in both for each accelerator; only what there is."""
    groups = under(facts, frame)
    found = {
        PRICES: _prices_of(groups),
        RENTS: _rents_of(groups),
        **{
            _price_of(accelerator): [*_prices_of(own), *_rents_of(own)]
            for accelerator in dict.fromkeys(group.accelerator for group in groups)
            for own in [[group for group in groups if group.accelerator == accelerator]]
        },
    }
    return {what: rows for what, rows in found.items() if rows}


def _prices_of(groups: list[Group]) -> list[Row]:
    bought = [group for group in groups if group.purchased]
    return [*of_each("deposit", bought), *of_each("balance paid", bought)]


def _rents_of(groups: list[Group]) -> list[Row]:
    return of_each("rent", [group for group in groups if not group.purchased])


def _price_of(accelerator: str) -> str:
    return f"price of {accelerator}"


def _under_frames(facts: Facts) -> Iterator[Section]:
    """What of a frame's spend are prices, what are rents, and what both are for each accelerator."""
    note = "What is spent in the window of a frame, as above: prices and rents apart, and both by accelerator."
    yield from filled("Frame agreements: prices and rents", note, [
        _spent(frame, what, rows) for frame in names(facts) for what, rows in paid_under(facts, frame).items()
    ])  # fmt: skip


def _spent(frame: str, what: str, rows: list[Row]) -> Line:
    first, last = (at("frame", f"within {end}", frame).constant for end in ("first", "last"))
    label = f"Spent in the window, {what}"
    return Line(label, "USD", frame, total=SUM, key=spent_under(frame, what).key,
                periods=f"=(@${START}>={first})*(@${START}<={last})*({summed(rows)})")  # fmt: skip


def spent_under(frame: str, what: str) -> Row:
    """The line of what is spent under a frame on prices, on rents, or on an accelerator."""
    return at("spent in window", frame, what)


def price_under(facts: Facts, frame: str, accelerator: str) -> Row | None:
    """The line of what is spent under a frame on an accelerator; None where it is nothing."""
    what = _price_of(accelerator)
    return spent_under(frame, what) if what in paid_under(facts, frame) else None
