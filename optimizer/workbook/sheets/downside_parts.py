"""The lower part of Downside: what moves with each assumption, in proportion or not, line by line in present value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from optimizer.request.charges import CARBON, CHARGES, Charge
from optimizer.workbook.facts import Facts
from optimizer.workbook.groups import Group
from optimizer.workbook.language.given import Given
from optimizer.workbook.sheets import downside_workings as workings
from optimizer.workbook.sheets.downside_workings import paid_under, spent_under, with_terms
from optimizer.workbook.sheets.frames import names
from optimizer.workbook.sheets.input_downside import LEVELS, change, unsigned, unsigned_purchases
from optimizer.workbook.sheets.input_sites import taking
from optimizer.workbook.sheets.price_alone import PriceAlone, left_of_price
from optimizer.workbook.sheets.purchases import purchased
from optimizer.workbook.sheets.tax_rules import rule_of
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.lines import Of
from optimizer.workbook.writing.lists import Block, Cell, Column, Columns, Content, Entry
from optimizer.workbook.writing.references import Row, at
from optimizer.workbook.writing.styles import Role

PRICES, RENTS, ELECTRICITY, UTILISATION, RESIDUAL, RATE = (
    "Prices", "Rents", "Electricity", "Utilisation", "Residual value", "Discount rate",
)  # fmt: skip
TARIFF = "electricity_usd_per_mwh"
MID, END = at("discount factor", "mid").across, at("discount factor", "end").across
TITLE = "What moves with each assumption, in proportion"
NOTES = (
    "Present values of this plan. A change of the assumption by a share changes each line by that share.",
    "Taxed: what tax deducts or, below zero, taxes; of a price the depreciation for tax and what is left of it.",
)
BENT = "What does not move in proportion"
BENT_NOTE = "By how much the cost of this plan changes at each change; workings on Cash."
AFTER_TAX = "After tax."


@dataclass(frozen=True)
class Part:
    """What moves with an assumption: a line of a subject, its present value, and what of it tax deducts or taxes."""

    driver: str
    line: str
    of: str
    accelerator: str
    value: str
    taxed: str = "={value}"


def parts_of(facts: Facts) -> list[Part]:
    """Everything that moves in proportion to an assumption, assumption by assumption."""
    return [*_prices(facts), *_rents(facts), *_energy(facts), *_residuals(facts)]


def _of_group(driver: str, line: str, group: Group, value: str, taxed: str = "={value}") -> Part:
    of = f"{group.offer}{group.suffix}" if group.suffix else Given(group.offer)
    return Part(driver, line, of, group.accelerator, value, taxed)


def _prices(facts: Facts) -> Iterator[Part]:
    """What is paid for systems without their network, maintenance at a share of it, and what is left of it."""
    for group in unsigned_purchases(facts):
        paid = "+".join(at(what, group).across for what in ("deposit", "balance paid"))
        taxed = _deducted(facts, PriceAlone(group)) if facts.taxed else ""
        yield _of_group(PRICES, "Price", group, f"=SUMPRODUCT({paid},{MID})", taxed)
        kept = f"=maintenance_share/periods_per_year*SUMPRODUCT({at('maintained', group).across},{MID})"
        yield _of_group(PRICES, "Maintenance", group, kept)
        yield _of_group(PRICES, "Residual value", group, f"=-SUMPRODUCT({left_of_price(group).across},{END})")


def _deducted(facts: Facts, group: PriceAlone) -> str:
    """Depreciation for tax and what is left of it when service or the horizon ends."""
    sums = [f"SUMPRODUCT({at('tax charge', group).across},{MID})"] if rule_of(facts).charge(facts, group) else []
    if rule_of(facts).left(group):
        sums.append(f"SUMPRODUCT({at('left for tax', group).across},{END})")
    return "=" + ("+".join(sums) or "0")


def _left(group: Group) -> str:
    return f"=-SUMPRODUCT({at('residual', group).across},{END})"


def _rents(facts: Facts) -> Iterator[Part]:
    """Rent in the horizon and what is owed after it."""
    for group in (group for group in unsigned(facts) if not group.purchased):
        yield _of_group(RENTS, "Rent", group, f"=SUMPRODUCT({at('rent', group).across},{MID})")
        if group in with_terms(facts):
            owed = f"=SUMPRODUCT({at('owed', group).across},{MID})"
            yield _of_group(RENTS, "Owed after the horizon", group, owed)


def _energy(facts: Facts) -> Iterator[Part]:
    """What is charged for electricity; then what is charged for energy whatever its tariff, and its carbon."""
    for charge in CHARGES:
        if TARIFF in [tariff.field for tariff in charge.tariffs]:
            yield from _charged(facts, ELECTRICITY, charge)
    for site in taking(facts):
        idle = f"=SUMPRODUCT({at('idle power cost', Of(place=site)).across},{MID})"
        yield Part(ELECTRICITY, "Idle power", Given(site), "", idle)
    for charge in CHARGES:
        if charge.used != "kw_months":
            yield from _charged(facts, UTILISATION, charge)
    for site in facts.sites:
        tonnes, price = at("carbon of energy", Of(place=site)).across, at("carbon price").across
        yield Part(UTILISATION, CARBON.label, Given(site), "", f"=SUMPRODUCT({tonnes},{price},{MID})")


def _charged(facts: Facts, driver: str, charge: Charge) -> Iterator[Part]:
    for site in facts.sites:
        cost = at(f"{charge.label} cost".lower(), Of(place=site)).across
        yield Part(driver, charge.label, Given(site), "", f"=SUMPRODUCT({cost},{MID})")


def _residuals(facts: Facts) -> Iterator[Part]:
    """What is left of purchases, and what the rest of terms that outlast the horizon would fetch."""
    for group in purchased(facts):
        yield _of_group(RESIDUAL, "Residual value", group, _left(group))
    for group in with_terms(facts):
        fetched = f"({at('owed', group).total}-{at('owed in full', group).total})*INDEX({MID},periods_in_horizon)"
        yield _of_group(RESIDUAL, "Worth of the rest of terms", group, f"={fetched}")


def columns(facts: Facts) -> Columns:
    """Those of what moves in proportion; tax only where there is any."""
    value, every = Column("Present value", "USD"), Column("In all", "USD")
    tax = {"value": value, "taxed": Column("Taxed", "USD"), "tax": Column("Tax", "USD"), "all": every}
    return {
        "driver": Column("Moves with"), "line": Column("Line"), "of": Column("Offer or site"),
        "accelerator": Column("Accelerator"),
        **(tax if facts.taxed else {"value": value, "all": every, "": Column(), " ": Column()}),
        "unit": Column("Unit"),
    }  # fmt: skip


def level(i: int) -> str:
    """The column of a change."""
    return f"change {i}"


def level_columns(unit: str = "USD") -> dict[str, Column]:
    """Those of the changes, under the changes in percent."""
    return {level(i): Column(Cell(Formula(f'=TEXT({change(i)},"+0%;-0%")'), role=Role.NUMBERS), unit) for i in LEVELS}


def part_rows(facts: Facts) -> list[Row]:
    return [at("downside part", i) for i in range(len(parts_of(facts)))]


def proportional(facts: Facts) -> Block:
    """A row for each part."""
    entries = [_entry(facts, part, row) for part, row in zip(parts_of(facts), part_rows(facts), strict=True)]
    return Block(entries, columns(facts), TITLE, NOTES if facts.taxed else NOTES[:1], gap=2)


def _entry(facts: Facts, part: Part, row: Row) -> Entry:
    cells: dict[str, Content] = {
        "driver": part.driver,
        "line": part.line,
        "of": part.of,
        "accelerator": Given(part.accelerator) if part.accelerator else None,
        "value": Formula(part.value),
        "all": Formula("={value}+{tax}" if facts.taxed else "={value}"),
        "unit": "USD",
    }
    if facts.taxed:
        cells |= {"taxed": Formula(part.taxed), "tax": Formula("=-tax_rate*{taxed}")}
    return Entry(cells, row.key)


@dataclass(frozen=True)
class Bent:
    """What does not move in proportion: by how much cost changes at each change, before tax unless it is said."""

    driver: str
    line: str
    of: str
    changes: tuple[str, ...]


def bent_of(facts: Facts) -> list[Bent]:
    """Everything that does not move in proportion; the discount rate moves all there is."""
    return [*_missing(facts), *_unused(facts), *_at_rates(facts)]


def after_tax(facts: Facts) -> str:
    """What is left of a deductible cost after tax, as a factor at the end of a formula."""
    return "*(1-tax_rate)" if facts.taxed else ""


def missing_more(facts: Facts, frame: str, spent: Row, share: str) -> str:
    """By how much what is missing of a frame's promise costs more where a part of its spend changes by a share."""
    short, now = at("frame shortfall", Of(frame)), at("spent under frame", Of(frame)).total
    left = f"{at('promised', Of(frame)).constant}-{now}-{share}*{spent.total}"
    return f"=(MAX(0,{left})-{short.total})*INDEX({MID},{short.constant}){after_tax(facts)}"


def _missing(facts: Facts) -> Iterator[Bent]:
    """Frames, by what is paid under them."""
    for frame in names(facts):
        for driver, what in ((PRICES, workings.PRICES), (RENTS, workings.RENTS)):
            if what in paid_under(facts, frame):
                spent = spent_under(frame, what)
                changes = (missing_more(facts, frame, spent, change(i)) for i in LEVELS)
                yield Bent(driver, "Frame shortfall", frame, tuple(changes))


def _unused(facts: Facts) -> Iterator[Bent]:
    for site in taking(facts):
        now = at("idle power cost", Of(place=site)).across
        changes = (f"{at(f'idle power at change {i}', Of(place=site)).across}-{now}" for i in LEVELS)
        taxed = after_tax(facts)
        yield Bent(UTILISATION, "Idle power", site, tuple(f"=SUMPRODUCT({each},{MID}){taxed}" for each in changes))


def _at_rates(facts: Facts) -> Iterator[Bent]:
    """All flows at another rate, and what is then owed more or less."""
    flows = (f"={at('present value at change', i).total}-total_npv_usd" for i in LEVELS)
    yield Bent(RATE, "All flows", "", tuple(flows))
    if with_terms(facts):
        yield Bent(RATE, "Owed after the horizon", "", tuple(_owed_more(facts, i) for i in LEVELS))


def _owed_more(facts: Facts, i: int) -> str:
    more = f"({at('owed at change', i).total}-{at('cost', 'owed_usd').total})"
    return f"={more}*INDEX({at('mid factor at change', i).across},periods_in_horizon){after_tax(facts)}"


def bent_rows(facts: Facts) -> list[Row]:
    return [at("downside bent", i) for i in range(len(bent_of(facts)))]


def out_of_proportion(facts: Facts) -> Block:
    """A row for each of what does not move in proportion."""
    columns = {
        "driver": Column("Moves with"), "line": Column("Line"), **level_columns(), "of": Column("Site or frame"),
        "unit": Column("Unit"),
    }  # fmt: skip
    entries = []
    for bent, row in zip(bent_of(facts), bent_rows(facts), strict=True):
        cells: dict[str, Content] = {
            "driver": bent.driver, "line": bent.line, "of": Given(bent.of) if bent.of else None, "unit": "USD",
            **{level(i): Formula(text) for i, text in zip(LEVELS, bent.changes, strict=True)},
        }  # fmt: skip
        entries.append(Entry(cells, row.key))
    return Block(entries, columns, BENT, [BENT_NOTE, *[AFTER_TAX] * facts.taxed], gap=2)
