"""The part of Inputs about systems, offers and commitments."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from optimizer.workbook.facts import HOSTED, RENTED, Group, number
from optimizer.workbook.sheets.input_finance import PLACED, TERM, TIMING
from optimizer.workbook.sheets.input_rows import CommittedRows, OfferRows, SystemRows
from optimizer.workbook.writing.citations import of_catalog
from optimizer.workbook.writing.lines import Line
from optimizer.workbook.writing.references import Row, key_of
from optimizer.workbook.writing.table import Table

LOCKED = {"lead_time_months": TIMING, "term_months": TERM}


def write_systems(table: Table) -> dict[str, SystemRows]:
    """What each system is and draws."""
    facts = table.book.facts
    table.heading("Systems")
    rows: dict[str, list[Row]] = {system: [] for system in facts.systems}
    for label, unit, name, rule in (
        ("Accelerators in a system", "accelerators/system", "accelerators", "positive"),
        ("Provisioned IT power", "kW/system", "provisioned_kw", "positive"),
        ("Average IT power in service", "kW/system", "average_kw", "positive"),
        ("Racks", "racks/system", "racks", "amount"),
    ):
        for system in facts.systems:
            value = number(facts.catalog["systems"][system][name])
            keys = () if name == "accelerators" else (f"catalog/systems/{system}/{name}",)
            locked = "" if keys else "what the system is"
            line = Line(
                label,
                unit,
                system,
                constant=value,
                rule=rule,
                keys=keys,
                locked=locked,
                key=key_of("system", name, system),
            )
            rows[system].append(table.line(of_catalog(facts, system, name, line)))
    return {system: SystemRows(*found) for system, found in rows.items()}


def write_offers(table: Table) -> dict[str, OfferRows]:
    """Terms by offer, then prices by offer and period of order."""
    note = "Lead times and terms are locked: a plan with others is another plan; change the scenario and plan again."
    table.heading("Terms of offers", note)
    terms = {
        name: _terms(table, name, label, unit, rule)
        for name, label, unit, rule in (
            ("lead_time_months", "Lead time", "months", "amount"),
            ("term_months", "Term in service", "months", "positive"),
            ("deposit_share", "Deposit at order, share of price", "share", "share"),
            ("network_usd", "Network, on entering service", "USD/system", "amount"),
            ("software_usd_per_year", "Software, while in service", "USD/system-year", "amount"),
            ("carbon_kg_per_accelerator_hour", "Carbon of hosted hours", "kg/accelerator-hour", "amount"),
        )
    }
    prices = _prices(table)
    return {
        offer: OfferRows(
            terms["lead_time_months"][offer],
            terms["term_months"].get(offer),
            terms["deposit_share"].get(offer),
            terms["network_usd"][offer],
            terms["software_usd_per_year"][offer],
            prices[offer],
            terms["carbon_kg_per_accelerator_hour"].get(offer),
        )
        for offer in table.book.facts.offers
    }


def _has_term(offer: dict[str, Any], name: str) -> bool:
    """Whether a term means anything for the offer's route."""
    if name == "deposit_share":
        return bool(offer["route"] == "purchase")
    if name == "carbon_kg_per_accelerator_hour":
        return bool(offer["route"] in HOSTED)
    return bool(name != "term_months" or offer["route"] != "purchase" or "term_months" in offer)


def _terms(table: Table, name: str, label: str, unit: str, rule: str) -> dict[str, Row]:
    facts = table.book.facts
    rows = {}
    for offer_id in facts.offers:
        offer = facts.catalog["offers"][offer_id]
        if not _has_term(offer, name):
            continue
        if name == "term_months" and offer["route"] == "on_demand":
            line = Line(label, unit, offer_id, constant=float(facts.months), source="on demand: one period", rule=rule)
        else:
            line = Line(label, unit, offer_id, constant=number(offer.get(name, 0)), rule=rule)
            line = of_catalog(facts, offer_id, name, line)
        why = LOCKED.get(name, "")
        rows[offer_id] = table.line(
            replace(
                line,
                locked=why,
                keys=() if why else (f"catalog/offers/{offer_id}/{name}",),
                key=key_of("offer", name, offer_id),
            )
        )
    return rows


def _prices(table: Table) -> dict[str, Row]:
    facts = table.book.facts
    note = "A price holds for what is ordered in the period, whenever it enters service; price breaks on Orders."
    table.heading("Prices by period of order", note)
    rows = {}
    committed = {group.offer for group in facts.groups if group.committed}
    for offer_id in sorted(facts.offers, key=lambda o: facts.catalog["offers"][o]["route"] in RENTED):
        offer = facts.catalog["offers"][offer_id]
        rented = offer["route"] in RENTED
        name = "usd_per_accelerator_hour" if rented else "price_usd"
        label, unit = ("Rent", "USD/accelerator-hour") if rented else ("Price", "USD/system")
        line = Line(
            label,
            unit,
            offer_id,
            periods=facts.over_periods(name, offer.get(name)),
            rule="amount",
            key=key_of("offer", "price", offer_id),
        )
        line = of_catalog(facts, offer_id, name, line)
        if rented and offer_id in committed:
            rows[offer_id] = table.line(replace(line, locked="an order placed pays it"))
        else:
            rows[offer_id] = table.line(replace(line, keys=(f"catalog/offers/{offer_id}/{name}",)))
    return rows


def write_committed(table: Table) -> dict[Group, CommittedRows]:
    """Prices and systems of orders already placed."""
    groups = [group for group in table.book.facts.groups if group.committed]
    if not groups:
        return {}
    table.heading(
        "Commitments", "Orders already placed, by period of entering service; prices are those of the period of order."
    )
    rows = {}
    for group in groups:
        label, unit = ("Price", "USD/system") if group.purchased else ("Rent", "USD/accelerator-hour")
        price = Line(
            label + group.suffix,
            unit,
            group.offer,
            periods=group.entry_prices,
            key=key_of("commitment", "price", group),
            source="scenario: commitments",
            rule="amount",
            locked=PLACED,
        )
        systems = [
            Line(
                f"Systems{group.suffix}",
                "systems",
                group.offer,
                line.place,
                periods=line.systems,
                key=key_of("commitment", "systems", group, line.place),
                source="scenario: commitments",
                rule="amount",
                locked=PLACED,
                whole=all(x.is_integer() for x in line.systems),
            )
            for line in group.lines
        ]
        places = [line.place for line in group.lines]
        rows[group] = CommittedRows(table.line(price), dict(zip(places, table.block(systems), strict=True)))
    return rows
