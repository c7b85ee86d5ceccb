"""Edits of a workbook: what is typed into which cells, and the same change in the reference."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import formualizer
import workbook_plans as plans
from openpyxl.workbook import Workbook
from workbook_cells import FIRST, find
from workbook_pricing import Case, Entry, Retired

Cells = list[tuple[str, int, int, float]]
"""Edited cells: sheet, row, column, value."""
Value = Callable[[str, int, int], Any]
"""What a cell shows, by sheet, row and column."""
Edit = Callable[[Workbook], Cells]
Change = Callable[[Case], Case]


def setter(title: str, label: str, value: float, item: str = "", place: str = "", periods: range | None = None) -> Edit:
    """An edit: fill a line's constant, or the given periods (from 1)."""

    def cells_of(book: Workbook) -> Cells:
        row = find(book[title], label, item, place)
        columns = [5] if periods is None else [FIRST + t - 1 for t in periods]
        return [(title, row, column, value) for column in columns]

    return cells_of


def inputs(path: str, value: Any) -> Change:
    """The same edit in the reference: a value at a slash-separated path."""
    return lambda case: case.edited({path: value})


def decided(**changes: Any) -> Change:
    return lambda case: replace(case, decided=replace(case.decided, **changes))


def ordered(entry: Entry) -> Change:
    """One order's systems replaced, as an override does."""

    def changed(case: Case) -> Case:
        key = (entry.offer, entry.place, entry.t, False, entry.frame)
        kept = [e for e in case.entries if (e.offer, e.place, e.t, e.commitment, e.frame) != key]
        return replace(case, entries=(*kept, entry))

    return changed


OFFERS, SITE = "catalog/offers", "scenario/sites/prineville"
ALL = range(1, 9)
EDITS: dict[str, tuple[Edit, Change]] = {
    "price": (
        setter("Inputs", "Price", 2_000_000, "nvl72.purchase", periods=ALL),
        inputs(f"{OFFERS}/nvl72.purchase/price_usd", {"2024q1": "3100000", "2025q1": "2000000"}),
    ),
    "list_price_all_units": (
        setter("Inputs", "Price", 200_000, "dgx_h100.purchase", periods=ALL),
        inputs(f"{OFFERS}/dgx_h100.purchase/price_usd", "200000"),
    ),
    "list_price_incremental": (
        setter("Inputs", "Price", 333_333, "own_rack.purchase", periods=ALL),
        inputs(f"{OFFERS}/own_rack.purchase/price_usd", "333333"),
    ),
    "rent": (
        setter("Inputs", "Rent", 3.3, "mi355x.lease", periods=ALL),
        inputs(f"{OFFERS}/mi355x.lease/usd_per_accelerator_hour", "3.3"),
    ),
    "tariff": (
        setter("Inputs", "Electricity", 71.5, place="prineville", periods=ALL),
        inputs(f"{SITE}/electricity_usd_per_mwh", "71.5"),
    ),
    "frame_factor": (
        setter("Inputs", "Factor on price and rent", 0.7, "chip_deal"),
        inputs("scenario/frames/chip_deal/factor", "0.7"),
    ),
    "frame_spend": (
        setter("Inputs", "Spend promised", 90e6, "cloud_deal"),
        inputs("scenario/frames/cloud_deal/spend_usd", "90e6"),
    ),
    "frame_spent": (
        setter("Inputs", "Spend promised", 1e6, "cloud_deal"),
        inputs("scenario/frames/cloud_deal/spend_usd", "1e6"),
    ),
    "pue": (
        setter("Inputs", "PUE, yearly mean, for energy", 1.4, place="oslo"),
        inputs("scenario/sites/oslo/pue", "1.4"),
    ),
    "discount_rate": (setter("Inputs", "Discount rate", 0.12), inputs("scenario/finance/discount_rate", "0.12")),
    "maintenance": (
        setter("Inputs", "Maintenance, share of price paid", 0.05),
        inputs("scenario/finance/maintenance_share", "0.05"),
    ),
    "service_life": (
        setter("Inputs", "Service life of a purchase without a term", 0.7),
        inputs("scenario/finance/service_life_years", "0.7"),
    ),
    "residual_table": (
        setter("Inputs", "Table point 1: share left", 0.5),
        inputs("scenario/finance/residual", {**plans.TABLE, "1": "0.5"}),
    ),
    "residual_book": (
        setter("Inputs", "From the book life (0: from the table)", 1),
        inputs("scenario/finance/residual", "book"),
    ),
    "residual_none": (setter("Inputs", "Residual value counted", 0), inputs("scenario/finance/residual", "none")),
    "owed_in_full": (
        setter("Inputs", "Less what the rest of a term would fetch (0: in full)", 0),
        inputs("scenario/finance/owed_after_horizon", "in_full"),
    ),
    "owed_ignored": (
        setter("Inputs", "Rent after the horizon counted", 0),
        inputs("scenario/finance/owed_after_horizon", "ignored"),
    ),
    "tax_rate": (setter("Inputs", "Tax rate", 0.41), inputs("scenario/finance/tax/rate", "0.41")),
    "no_tax": (setter("Inputs", "Tax rate", 0), inputs("scenario/finance/tax/rate", "0")),
    "no_discount": (setter("Inputs", "Discount rate", 0), inputs("scenario/finance/discount_rate", "0")),
    "deposit": (
        setter("Inputs", "Deposit at order, share of price", 0.6, "dgx_h100.purchase"),
        inputs(f"{OFFERS}/dgx_h100.purchase/deposit_share", "0.6"),
    ),
    "lead_time": (
        setter("Inputs", "Lead time", 3, "dgx_h100.purchase"),
        inputs(f"{OFFERS}/dgx_h100.purchase/lead_time_months", 3),
    ),
    "term": (
        setter("Inputs", "Term in service", 8, "mi355x.lease"),
        inputs(f"{OFFERS}/mi355x.lease/term_months", 8),
    ),
    "network": (
        setter("Inputs", "Network, on entering service", 9e4, "nvl72.purchase"),
        inputs(f"{OFFERS}/nvl72.purchase/network_usd", "90000"),
    ),
    "software": (
        setter("Inputs", "Software, while in service", 500, "h100.on_demand"),
        inputs(f"{OFFERS}/h100.on_demand/software_usd_per_year", "500"),
    ),
    "power_draw": (
        setter("Inputs", "Average IT power in service", 8.1, "dgx_h100"),
        inputs("catalog/systems/dgx_h100/average_kw", "8.1"),
    ),
    "take_or_pay": (
        setter("Inputs", "Take or pay, share of all energy", 0.7, place="oslo"),
        inputs("scenario/sites/oslo/take_or_pay_share", "0.7"),
    ),
    "hosting": (
        setter("Inputs", "Hosting, provisioned IT load", 20, place="prineville", periods=ALL),
        inputs(f"{SITE}/hosting_usd_per_kw_month", "20"),
    ),
    "carbon_price": (
        setter("Inputs", "Carbon price", 200, periods=ALL),
        inputs("scenario/finance/carbon_usd_per_t", "200"),
    ),
    "hosted_carbon": (
        setter("Inputs", "Carbon of hosted hours", 0.5, "tpu.reserved"),
        inputs(f"{OFFERS}/tpu.reserved/carbon_kg_per_accelerator_hour", "0.5"),
    ),
    "unmet_price": (
        setter("Inputs", "Unmet work", 0.01, "training", periods=ALL),
        inputs("scenario/demand/training/unmet_usd_per_unit_hour", "0.01"),
    ),
    "value": (
        setter("Inputs", "Value of work", 0.05, "training", periods=ALL),
        inputs("scenario/demand/training/value_usd_per_unit_hour", "0.05"),
    ),
    "valued_demand": (
        setter("Inputs", "Demand", 123_456, "serving", periods=ALL),
        inputs("scenario/demand/serving/per_second", "123456"),
    ),
    "resale": (
        setter("Inputs", "Resale of fleet, until 2026q1", 50_000, "dgx_h100", "prineville"),
        inputs("scenario/fleet", [{**plans.rich().scenario["fleet"][0], "resale_usd": "50000"},
                                  *plans.rich().scenario["fleet"][1:]]),
    ),
    "power_price": (
        setter("Inputs", "Price of power added", 8e6, place="prineville"),
        inputs(f"{SITE}/expansion/usd_per_mw", "8e6"),
    ),
    "power_life": (
        setter("Inputs", "Life of added power", 1.1, place="prineville"),
        inputs(f"{SITE}/expansion/life_years", "1.1"),
    ),
    "one_off": (
        setter("Inputs", "One-off engineering", 44e6, "own_chip"),
        inputs("catalog/accelerators/own_chip/one_off/usd", "44e6"),
    ),
    "porting": (
        setter("Inputs", "Porting to own", 5e6, "serving"),
        inputs("scenario/demand/serving/stacks/own/usd", "5e6"),
    ),
}  # fmt: skip
RETIRED, EXPANDED = plans.rich().decided.retired, plans.rich().decided.expanded
FLEET = ("Orders", "Fleet retired, until 2026q1, override")
OVERRIDES: dict[str, tuple[Edit, Change]] = {
    "systems": (
        setter("Orders", "Override", 55.0, "nvl72.purchase", "prineville", range(3, 4)),
        ordered(Entry("nvl72.purchase", "prineville", 3, 55.0)),
    ),
    "no_systems": (
        setter("Orders", "Override", 0.0, "nvl72.purchase", "prineville", range(3, 4)),
        ordered(Entry("nvl72.purchase", "prineville", 3, 0.0)),
    ),
    "under_a_frame": (
        setter("Orders", "Override, under cloud_deal", 300.0, "h100.on_demand", "neocloud", range(2, 3)),
        ordered(Entry("h100.on_demand", "neocloud", 2, 300.0, frame="cloud_deal")),
    ),
    "fleet": (
        setter(*FLEET, 100.0, "dgx_h100", "prineville", range(3, 4)),
        decided(retired=(Retired(0, 3, 100.0), *RETIRED[1:])),
    ),
    "power": (
        setter("Orders", "Power added, override", 2.5, place="prineville", periods=range(5, 6)),
        decided(expanded=(*EXPANDED, ("prineville", 5, 2.5))),
    ),
    "factor": (
        setter("Orders", "Price paid over list price, override", 0.8, "dgx_h100.purchase", periods=range(3, 4)),
        lambda case: replace(case, factors=(("dgx_h100.purchase", 3, 0.8),)),
    ),
    "no_port": (
        setter("Orders", "Porting started to own, override", 0.0, "serving", periods=range(3, 4)),
        decided(porting=()),
    ),
}


def changed(names: Iterable[str]) -> Case:
    case = plans.rich()
    for name in names:
        case = {**EDITS, **OVERRIDES}[name][1](case)
    return case


def edited_cells(book: Workbook, names: Iterable[str]) -> Cells:
    return [cell for name in names for cell in {**EDITS, **OVERRIDES}[name][0](book)]


@lru_cache(maxsize=2)
def _calculated(path: Path, _written_ns: int) -> tuple[Any, dict[tuple[str, int, int], Any]]:
    """A workbook, and what stood in its edited cells before."""
    live = formualizer.Workbook.load_path(str(path))
    live.evaluate_all()
    return live, {}


def recalculated(path: Path, edits: Cells) -> Value:
    """The workbook after an edit, as formualizer calculates it, until the next edit of the workbook as it was.

    It calculates again what follows from edited cells, in a fifth of the time that all of it takes.
    """
    live, before = _calculated(path, path.stat().st_mtime_ns)
    for where, value in before.items():
        live.set_value(*where, value)
    before.clear()
    for sheet, row, column, value in edits:
        before.setdefault((sheet, row, column), live.get_value(sheet, row, column))
        live.set_value(sheet, row, column, value)
    live.evaluate_all()
    return live.get_value


BROKEN: dict[str, tuple[Edit, str]] = {
    "more fleet off than there is": (
        setter(*FLEET, 2000.0, "dgx_h100", "prineville", range(3, 4)), "Only fleet that is there is retired",
    ),
    "fleet off after its end": (
        setter(*FLEET, 1.0, "dgx_h100", "prineville", range(7, 8)), "Only fleet that is there is retired",
    ),
    "more power than a site can have": (
        setter("Orders", "Power added, override", 30.0, place="prineville", periods=range(5, 6)),
        "Power is added within what a site can have",
    ),
    "power before its time": (
        setter("Orders", "Power added, override", 1.0, place="prineville", periods=range(3, 4)),
        "Power is added within what a site can have",
    ),
    "part of a block of power": (
        setter("Orders", "Power added, override", 1.6, place="oslo", periods=range(2, 3)),
        "Power is added in whole blocks",
    ),
    "an order that a frame does not take": (
        setter("Orders", "Override, under cloud_deal", 3.0, "h100.on_demand", "neocloud", range(5, 6)),
        "Frames take orders in their time",
    ),
    "purchases without engineering": (
        setter("Orders", "Engineering started, override", 0.0, "own_chip", periods=range(2, 3)),
        "Engineering is ready before purchases",
    ),
    "a lead time that is not kept": (
        setter("Inputs", "Lead time", 12, "own_rack.purchase"), "Engineering is ready before purchases",
    ),
}  # fmt: skip
