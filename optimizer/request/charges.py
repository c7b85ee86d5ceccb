"""What a site costs for its use: costs that are a quantity times tariffs. One more of these is one more record here.

A record says what is used, which tariffs it is paid by, and what the cost is called. Beside it, the scenario's format
names the tariffs among the fields of `Site`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any, Literal

from optimizer.request.resources import KW_PER_MW


@dataclass(frozen=True)
class Tariff:
    """What a site charges, takes or gives off for its use: the mean of a period, 0 before it begins.

    `field` is its name in the scenario; `on_sheet` that on Inputs, where figures in its `unit` show `digits`.
    """

    field: str
    on_sheet: str
    unit: str
    digits: str = "#,##0.00##"


@dataclass(frozen=True)
class Charge:
    """What all systems in service at a site use in a period, times some of its tariffs: the cost line `name`.

    `used` is the energy of their average load in MWh, at the meter (times the PUE of the site) or of IT, or their
    provisioned load in kW-months. `label` names the cost, `note` says it on the sheet Cash, `equation` in the model.
    """

    name: str
    label: str
    used: Literal["energy_mwh", "it_mwh", "kw_months"]
    tariffs: tuple[Tariff, ...]
    note: str
    equation: str

    def of_system(self, site: Any, system: Any, calendar: Any, price: float = 1.0) -> float:
        """What a system in service at a site comes to in a period, at a price of what the tariffs are in."""
        rate = price * prod(site.tariffs[tariff.field] for tariff in self.tariffs)
        if self.used == "kw_months":
            return float(rate * system.provisioned_kw * calendar.months)
        return float(rate * energy_mwh(system, calendar, site.pue if self.used == "energy_mwh" else 1.0))


def energy_mwh(system: Any, calendar: Any, pue: float) -> float:
    """MWh that the average load of a system takes in a period, at the meter of a site with a PUE; of IT with 1."""
    return float(pue * system.average_kw * calendar.hours / KW_PER_MW)


ENERGY = Charge(
    name="energy_usd",
    label="Energy",
    used="energy_mwh",
    tariffs=(Tariff("electricity_usd_per_mwh", "Electricity", "USD/MWh"),),
    note="Energy at the meter times the tariff.",
    equation="pue(s,t) · A_y · H · electricity/1000 · in_service(y,s,t)",
)
HOSTING = Charge(
    name="hosting_usd",
    label="Hosting",
    used="kw_months",
    tariffs=(Tariff("hosting_usd_per_kw_month", "Hosting, provisioned IT load", "USD/kW-month"),),
    note="Tariff times provisioned IT load times months.",
    equation="hosting_usd_per_kw_month · P_y · months · in_service(y,s,t)",
)
CARBON = Charge(
    name="carbon_usd",
    label="Carbon",
    used="energy_mwh",
    tariffs=(Tariff("carbon_kg_per_mwh", "Carbon of electricity", "kg/MWh", digits="#,##0.0"),),
    note="Of the energy at our sites and of hosted hours.",
    equation="pue(s,t) · A_y · H · carbon_kg_per_mwh/1000 · in_service(y,s,t)",
)
"""In kg, to which the cost adds those of hosted hours; carbon has one price, whatever gives it off."""
CHARGES = (ENERGY, HOSTING)
"""In the order of the model, of a plan and of the sheets."""
TARIFFS = tuple(dict.fromkeys(tariff for charge in (*CHARGES, CARBON) for tariff in charge.tariffs))
"""In the order of Inputs. Here, too, stands a figure of a site that only a resource is counted by."""
