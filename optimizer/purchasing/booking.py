"""On which cost centre and account an order is booked: the scenario's first account that selects it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from optimizer.plan.format import OrderRow, Plan
from optimizer.tables.selection import EntryFacts, facts_of_place, selected


class Booked(NamedTuple):
    """Cost centre and general-ledger account of an order; empty where the scenario says none."""

    cost_centre: str = ""
    gl_account: str = ""


def booked(order: OrderRow, plan: Plan) -> Booked:
    """Where an order is booked. An order at the price of a frame is one of its offer."""
    facts = _facts(order, plan)
    for account in plan.scenario.get("accounts") or ():
        if selected(_patterns(account), facts):
            return Booked(account.get("cost_centre", ""), account.get("gl_account", ""))
    return Booked()


def _patterns(account: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    return {key: tuple(wanted) for key, wanted in account["of"].items()}


def _facts(order: OrderRow, plan: Plan) -> EntryFacts:
    accelerator, offer = plan.catalog["accelerators"][order.accelerator], plan.catalog["offers"][order.offer]
    return {
        "vendor": (order.vendor,),
        "kind": (accelerator["kind"],),
        "stack": (accelerator["stack"],),
        "accelerator": (order.accelerator,),
        "system": (order.system,),
        "offer": (order.offer,),
        "route": (order.route,),
        "buyers": tuple(offer.get("buyers") or ()),
        **facts_of_place(order.place, plan.scenario.get("sites", {})),
    }
