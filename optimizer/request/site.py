"""A site of our own: what it holds, what it charges, and how it can grow."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pydantic import ConfigDict

from catalogs.periods import Amount, Pue, PueSchedule, Schedule
from catalogs.schema import Frozen
from catalogs.values import Id, Months, Positive, Share


class Expansion(Frozen):
    """Power that can be added to a site: its price, how long it takes, how much, and how long it lasts.

    With `block_mw`, only whole blocks of it.
    """

    usd_per_mw: Amount
    lead_time_months: Months
    max_mw: Positive
    life_years: Positive
    block_mw: Positive | None = None

    @property
    def most_blocks(self) -> int | None:
        """The blocks that fit; None where it need not be whole ones."""
        return None if self.block_mw is None else int(self.max_mw // self.block_mw)

    @property
    def most_mw(self) -> Decimal:
        """The most that can be added, in whole blocks where it has any."""
        blocks, block_mw = self.most_blocks, self.block_mw
        return self.max_mw if blocks is None or block_mw is None else blocks * block_mw


OF_A_REGION = ("electricity_usd_per_mwh", "carbon_kg_per_mwh", "pue")
"""What a site may leave to its region."""


def _or_a_region(schema: dict[str, Any]) -> None:
    """In the JSON Schema: what a region gives is required of sites without one only."""
    own = [field for field in schema["required"] if field in OF_A_REGION]
    schema["required"] = [field for field in schema["required"] if field not in own]
    schema["anyOf"] = [{"required": own}, {"required": ["region"], "properties": {"region": {"type": "string"}}}]


class Site(Frozen):
    """A place of our own. Power is at the meter; cooling limits are IT load; absent is no limit.

    `peak_pue` is for the power limit; without one it is the highest `pue` of the months of a period. Of the energy that
    all power would give, `take_or_pay_share` is paid for whether it is used or not. `region` is where the figures come
    from that the file leaves out; they stand here like its own.
    """

    model_config = ConfigDict(json_schema_extra=_or_a_region)

    region: Id | None = None
    power_mw: Schedule
    pue: PueSchedule
    peak_pue: Pue | None = None
    liquid_mw: Schedule | None = None
    air_mw: Schedule | None = None
    racks: Schedule | None = None
    electricity_usd_per_mwh: Schedule
    hosting_usd_per_kw_month: Schedule = Decimal(0)
    carbon_kg_per_mwh: Schedule | None = None
    take_or_pay_share: Share | None = None
    expansion: Expansion | None = None
