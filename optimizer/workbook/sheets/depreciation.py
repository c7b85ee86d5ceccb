"""Depreciation: prepayments, construction in progress, assets by class, net book value beside the residual."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from optimizer.workbook.decisions import EXPAND, decisions_of
from optimizer.workbook.facts import Facts
from optimizer.workbook.sheets.assets import NETWORK, POWER, SYSTEMS, Asset, asset_lines, assets_of, lives
from optimizer.workbook.sheets.balances import at_end, by_year, corkscrew
from optimizer.workbook.sheets.book_inputs import LIVES
from optimizer.workbook.sheets.leases import lease_checks, leases
from optimizer.workbook.sheets.purchases import bought, entering, purchased
from optimizer.workbook.sheets.tax_view import tax_checks, tax_view
from optimizer.workbook.writing.lines import PERIOD, SUM, Check, Line, Section, filled, lines_of
from optimizer.workbook.writing.references import HERE, at, down, key_of, of_each, sum_down, summed
from optimizer.workbook.writing.styles import Role
from optimizer.workbook.writing.time_sheet import TimeSheet

LONGEST_LABEL = 49
ALL = "Net book value"
"""What the balance of all classes is called."""
SCOPE = "Not in it: the fleet, whose cost was paid before this plan; engineering and porting, which are expensed."
NAMES = {SYSTEMS: "Systems", NETWORK: "Network", POWER: "Added power"}


def depreciation(facts: Facts) -> TimeSheet:
    """The book view, then leases; leases first where nothing is purchased."""
    assets = assets_of(facts)
    book, rent = list(_book_view(facts, assets)), leases(facts)
    held, owed = [*_checks(facts, assets), *tax_checks(facts)], lease_checks(facts)
    first = bool(purchased(facts))
    sections, checks = [*book, *rent] if first else [*rent, *book], [*held, *owed] if first else [*owed, *held]
    heading = "Depreciation and leases: the book view, USD"
    return TimeSheet("Depreciation", heading, "833C0B", sections, checks, money=True, longest=LONGEST_LABEL)


def _book_view(facts: Facts, assets: Sequence[Asset]) -> Iterator[Section]:
    """All classes together, then the balances of each, then the lines of each asset."""
    if not assets:
        yield Section("Nothing is capitalised", "The plan orders nothing and adds no power.")
        yield from tax_view(facts, assets)
        return
    kinds = list(dict.fromkeys(asset.kind for asset in assets))
    yield Section("", more=[SCOPE])
    yield lives(assets)
    yield _total(kinds)
    yield _residual(assets)
    yield _by_year(facts)
    yield from tax_view(facts, assets)
    yield from _prepaid(facts)
    yield _building(facts, assets)
    yield from (_class(kind, [asset for asset in assets if asset.kind == kind]) for kind in kinds)
    if purchased(facts):
        note = "Straight line over the life (constant, in periods), as if nothing were retired before its end."
        lines = [line for label, *_ in LIVES for line in _other_life(label)]
        yield Section("Depreciation of systems under other lives", note, lines)
    yield from asset_lines(assets)
    yield from _ordered(facts)


def _total(kinds: Sequence[str]) -> Section:
    """Net book value of all classes as a balance."""

    def plus(balance: str, label: str) -> str:
        return "+".join(at(f"{NAMES[kind]} {balance}", label).now for kind in kinds)

    charge, placed = f"={plus('depreciation', 'charge')}", f"={plus('cost', 'placed in service')}"
    left = f"={plus('cost', 'retired')}-({plus('depreciation', 'of what is retired')})"
    outs = {"depreciation": charge, "book value of what is retired": left}
    note = "Straight line from entering service, by class; lives on Inputs."
    return Section("Net book value, all classes", note, corkscrew(ALL, {"placed in service": placed}, outs))


def _residual(assets: Sequence[Asset]) -> Section:
    """What the plan assumes to get, beside what the books then hold."""
    book, left, received = (at(f"{what} at the end") for what in ("book value", "residual value", "received before"))
    all_left = sum_down([at("residual value", asset) for asset in assets if asset.has_residual], "$F")
    falls = f"=-{at('cost', 'residual_usd')}-(@${PERIOD}=periods_in_horizon)*{left.total}"
    gain = f"={received}-{at(ALL, 'book value of what is retired')}"
    return Section("Residual value that the plan assumes, beside the books", "In Total: at the end of the horizon.", [
        Line("Net book value at the end", "USD", total=f"={at_end(ALL, 'closing')}", key=book.key),
        Line("Residual value at the end", "USD", total=all_left, key=left.key),
        Line("Residual value less net book value", "USD", total=f"={left.total}-{book.total}", role=Role.TOTAL),
        Line("Residual value of what is retired", "USD", total=SUM, periods=falls, key=received.key),
        Line("Residual less book value of what is retired", "USD", total=SUM, source="gain; negative: loss",
             periods=gain),
    ])  # fmt: skip


def _by_year(facts: Facts) -> Section:
    flows = ("placed in service", "depreciation", "book value of what is retired")
    sums = [line for flow in flows for line in by_year(facts, f"{flow[0].upper()}{flow[1:]}", at(ALL, flow))]
    balance = at(ALL, "closing").across
    ends = [
        Line("Net book value at the end of the year", "USD", year,
             total=f"=INDEX({balance},MATCH({at('fiscal year', year).constant},{HERE.years_across},1))",
             key=key_of("net book value at the end", year))
        for year in facts.years
    ]  # fmt: skip
    note = "Sums over the year; the net book value is that at its end."
    return Section("Book view by fiscal year", note, [*sums, *ends])


def _prepayments_used(facts: Facts) -> str:
    """What was prepaid of the systems that enter service."""
    paid, balances = (of_each(what, bought(facts)) for what in ("paid", "balance paid"))
    return f"={summed(paid)}-{summed(balances)}" if paid else "=0"


def _prepaid(facts: Facts) -> Iterator[Section]:
    """Deposits until the system enters service, and the balances still to be paid for what is ordered."""
    if groups := bought(facts):
        deposits = of_each("deposit", groups)
        ins, outs = {"deposits paid": sum_down(deposits)}, {"systems entering service": _prepayments_used(facts)}
        due = Line("Balances still due on systems ordered", "USD", periods=sum_down(of_each("balance ordered", groups)),
                   source="at the end of the period; not a balance yet")  # fmt: skip
        note = "Deposits until the system enters service; opening: paid before the horizon."
        yield Section("Prepayments", note, [*corkscrew("Prepayments", ins, outs, sum_down(deposits, "$G")), due])


def _building(facts: Facts, assets: Sequence[Asset]) -> Section:
    """What is received and paid for until it is in service."""
    kinds = list(dict.fromkeys(asset.kind for asset in assets))
    ins = {
        "prepayments": _prepayments_used(facts),
        "balances paid": sum_down(of_each("balance paid", bought(facts))),
        "network": sum_down(of_each("network", entering(facts))),
        "added power": sum_down(of_each("flow", decisions_of(facts, EXPAND))),
    }
    here = [asset for asset in assets if not asset.running]
    placed = "+".join(summed([asset.cost for asset in here if asset.kind == kind]) for kind in kinds)
    note = (
        "Zero at the end of each period: the plan pays the balance when the system enters service, and powers it then."
    )
    return Section(
        "Construction in progress", note, corkscrew("Construction", ins, {"placed in service": f"={placed}"})
    )


def _class(kind: str, assets: Sequence[Asset]) -> Section:
    """Cost, accumulated depreciation and their difference."""
    name = NAMES[kind]
    leaving = [asset for asset in assets if asset.leaves]
    retired, written = (sum_down(of_each(what, leaving)) for what in ("retired", "written off"))
    placed, charged = (sum_down(rows) for rows in ([a.cost for a in assets], of_each("charge", assets)))
    net = f"={at(f'{name} cost', 'closing')}-{at(f'{name} depreciation', 'closing')}"
    return Section(f"{name} in service", "Cost less accumulated depreciation is the net book value.", [
        *corkscrew(f"{name} cost", {"placed in service": placed}, {"retired": retired}),
        *corkscrew(f"{name} depreciation", {"charge": charged}, {"of what is retired": written}),
        Line(f"{name}: net book value", "USD", periods=net, role=Role.TOTAL, key=key_of("net book value", kind)),
    ])  # fmt: skip


def _other_life(label: str) -> Iterator[Line]:
    """The charge on systems under a life that others use."""
    placed, full = at("Systems cost", "placed in service"), at("charged in full under a life", label)
    cost, axis, life = placed.across, placed.axis_across, full.constant
    yield Line(
        f"Charged in full: {label}", "USD", constant=f"={at('life', label).constant}*periods_per_year",
        constant_unit="periods", key=full.key,
        periods=f'=SUMIFS({cost},{axis},"<="&@${PERIOD},{axis},">"&@${PERIOD}-INT({HERE.constant}))',
    )  # fmt: skip
    last = f"({life}-INT({life}))*SUMIFS({cost},{axis},@${PERIOD}-INT({life}))"
    yield Line(f"Depreciation: {label}", "USD", total=SUM, periods=f"=({full}+{last})/{life}")


def _ordered(facts: Facts) -> Iterator[Section]:
    """Balances of systems that are ordered by the end of a period and enter service later."""
    due, axis = "{balance paid.across}", "{balance paid.axis_across}"
    yield from filled("Balances of systems ordered", "Due after the period; constant: lead time in periods.", lines_of(
        bought(facts), "Balance ordered", "USD", constant="lead",
        periods=f'=SUMIFS({due},{axis},">"&@${PERIOD},{axis},"<="&@${PERIOD}+{{here.constant}})',
    ))  # fmt: skip


def _checks(facts: Facts, assets: Sequence[Asset]) -> Iterator[Check]:
    """The book view holds all capex once, and agrees with itself when computed another way."""
    if not assets:
        return
    placed, charge, off = (
        at(ALL, flow).total for flow in ("placed in service", "depreciation", "book value of what is retired")
    )
    left, every = at_end(ALL, "closing"), _all_of("book value", assets)
    sunk = f"-{at('Prepayments', 'opening').opening}+{at_end('Prepayments', 'closing')}" if bought(facts) else ""
    sunk += f"-{at('brought forward, all').total}" if any(asset.running for asset in assets) else ""
    kinds = dict.fromkeys(asset.kind for asset in assets)
    lowest = ",".join(at("net book value", kind).across for kind in kinds)
    for label, value, meaning in (
        ("Capex is placed in service once", f"{placed}-{at('cost', 'capex').total}{sunk}",
         "Capex and what was sunk before the horizon are placed in service, or still prepaid at the end."),
        ("Nothing stays under construction", at_end("Construction", "closing"), "All that is paid for is in service."),
        ("Cost is charged, retired or left", f"{placed}-{charge}-{off}-{left}",
         "What was placed in service is depreciated, retired at book value, or left as net book value."),
        ("Net book value, computed twice", f"{left}-{every}",
         "The balances agree with cost times the share of its life left, by offer and period of entry."),
        ("Nothing is depreciated below zero", f"MIN(0,{lowest})", "The lowest net book value, where negative."),
    ):  # fmt: skip
        yield Check(label, f"={value}", "USD", meaning)
    if power := [asset for asset in assets if asset.kind == POWER]:
        value = f"={_all_of('residual value', power)}-{_all_of('book value', power)}"
        meaning = "The plan's residual of added power is its net book value."
        yield Check("Added power is left at book value", value, "USD", meaning)


def _all_of(what: str, assets: Sequence[Asset]) -> str:
    return f"SUM({down(of_each(what, assets), '$F')})"
