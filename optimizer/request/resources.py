"""What systems in service take of our sites: power, cooling, racks. One more of these is one more record here.

A record says how much a system takes, which field of a site limits it, and what the limit is called. Beside it, the
formats name its fields: the limit in `Site`, use and limit in the plan's `SiteRow`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

KW_PER_MW = 1000


@dataclass(frozen=True)
class Resource:
    """Something of which a site has so much, in `unit`, and each system in service takes a part.

    A system takes its figure `of_system` times `of_site`, the site's PUE or one of its tariffs (1 where there is
    none), of which `parts` are one unit; with `cooling`, only systems that are cooled so. The scenario limits it by
    `field` of a site: a limit that stands, or an amount `per_month`, as which use counts too. `grows` says that an
    expansion adds to it, `whole` that it comes in whole units.

    Its row is `name`_within_site, `used` and `limit` are the plan's fields. `called` is its name in a sentence,
    `on_sheet` on the sheet Limits, `used_on_sheet` on Sites, `limit_on_sheet` on Inputs. `sort` is its place among what
    can be talked about, `weight` what a unit counts against a MW. `states` and `equation` say the row.
    """

    name: str
    called: str
    field: str
    unit: str
    of_system: str
    used: str
    limit: str
    on_sheet: str
    used_on_sheet: str
    limit_on_sheet: str
    states: str
    equation: str
    of_site: str | None = None
    cooling: str | None = None
    parts: float = 1
    per_month: bool = False
    grows: bool = False
    whole: bool = False
    weight: float = 1.0
    sort: str = "power"

    def draw(self, system: Any) -> float:
        """What a system takes by its own figure, of which `parts` are one unit; 0 where it is cooled otherwise."""
        return float(getattr(system, self.of_system)) if self.cooling in (None, system.cooling) else 0.0

    def factor(self, site: Any) -> float:
        """The site's figure, by which a system takes more or less."""
        return 1.0 if self.of_site is None else float(site.figure(self.of_site))

    def use(self, site: Any, system: Any, months: int) -> float:
        """What a system in service takes in a period of some months, in `unit`."""
        return self.factor(site) * self.draw(system) / self.parts * (months if self.per_month else 1)

    def room(self, most: float, site: Any, system: Any, months: int) -> float | None:
        """Systems for which a limit of a period leaves room; None where they take nothing of it."""
        each = self.factor(site) * self.draw(system) * (months if self.per_month else 1)
        return self.parts * most / each if each else None


POWER = Resource(
    name="power",
    called="power",
    field="power_mw",
    unit="MW",
    of_system="provisioned_kw",
    of_site="peak_pue",
    parts=KW_PER_MW,
    grows=True,
    used="power_used_mw",
    limit="power_limit_mw",
    on_sheet="Power at the meter",
    used_on_sheet="Power used at the meter",
    limit_on_sheet="Power limit at the meter",
    states="Provisioned power at the meter stays within the site's. "
    "Provisioned, not average: a site must carry the peak. Energy is paid on the average.",
    equation="peak_pue(s,t) · Σ_y P_y · in_service(y,s,t) / 1000 ≤ power_mw(s,t) + Σ_{τ ≤ t} expand(s,τ)",
)
LIQUID = Resource(
    name="liquid",
    called="liquid cooling",
    field="liquid_mw",
    unit="MW",
    of_system="provisioned_kw",
    cooling="liquid",
    parts=KW_PER_MW,
    used="liquid_used_mw",
    limit="liquid_limit_mw",
    on_sheet="Liquid cooling, IT load",
    used_on_sheet="IT load on liquid cooling",
    limit_on_sheet="Liquid cooling limit, IT load",
    states="IT load that is liquid-cooled stays within the site's liquid cooling.",
    equation="Σ_{liquid y} P_y · in_service(y,s,t) / 1000 ≤ liquid_mw(s,t)",
)
AIR = Resource(
    name="air",
    called="air cooling",
    field="air_mw",
    unit="MW",
    of_system="provisioned_kw",
    cooling="air",
    parts=KW_PER_MW,
    used="air_used_mw",
    limit="air_limit_mw",
    on_sheet="Air cooling, IT load",
    used_on_sheet="IT load on air cooling",
    limit_on_sheet="Air cooling limit, IT load",
    states="IT load that is air-cooled stays within the site's air cooling.",
    equation="Σ_{air y} P_y · in_service(y,s,t) / 1000 ≤ air_mw(s,t)",
)
RACKS = Resource(
    name="racks",
    called="racks",
    field="racks",
    unit="racks",
    of_system="racks",
    whole=True,
    weight=0.01,
    sort="racks",
    used="racks_used",
    limit="racks_limit",
    on_sheet="Racks",
    used_on_sheet="Racks used",
    limit_on_sheet="Rack limit",
    states="Systems stand in the racks there are.",
    equation="Σ_y racks_y · in_service(y,s,t) ≤ racks(s,t)",
)
RESOURCES = (POWER, LIQUID, AIR, RACKS)
"""In the order of the model's rows and of the sheets."""
