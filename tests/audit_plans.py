"""Plans for the tests of the audit.

`plan` builds a plan from its decisions; `filled` writes the derived tables with the audit's own
numbers, so that a tampered input leaves a plan that is wrong in one way only.
"""

from __future__ import annotations

from copy import deepcopy
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import chain
from typing import Any, cast

from optimizer.audit import audit, keep_accounts
from optimizer.audit.expected import (
    expected_after_horizon,
    expected_budget,
    expected_clusters,
    expected_expanded,
    expected_frames,
    expected_in_service,
    expected_limits,
    expected_order,
    expected_periods,
    expected_retired,
    expected_sites,
    expected_starts,
    expected_supply,
)
from optimizer.audit.periods import Horizon, span
from optimizer.audit.reported import cohorts_of_rows

Tree = dict[str, Any]

SCENARIO: Tree = {
    "name": "hand", "buyer": "acme", "catalogs": ["bundled"], "currency": {"code": "USD", "per_usd": "1"},
    "horizon": {"start": "2025q1", "periods": 2}, "objective": "minimize_cost",
    "finance": {
        "discount_rate": "0.08", "fiscal_year_starts": 1, "service_life_years": "5", "book_life_years": "5",
        "residual": "book", "maintenance_share": "0", "owed_after_horizon": "as_residual",
        "carbon_usd_per_t": "0",
    },
    "assumptions": {"availability": "0.95"},
    "sites": {"oslo": {
        "power_mw": "1", "pue": "1.2", "electricity_usd_per_mwh": "50", "hosting_usd_per_kw_month": "0",
        "carbon_kg_per_mwh": "0",
    }},
    "demand": {"train": {"workload": "training", "per_second": "0"}},
    "fleet": [], "commitments": [], "budget": {"capex_usd": {}, "opex_usd": {}},
    "supply_per_month": {}, "pools_per_month": {},
    "offers": {"deny": [], "basis": ["measured", "vendor", "estimated", "unsourced"]},
}  # fmt: skip
CATALOG: Tree = {
    "accelerators": {"chip": {
        "id": "chip", "name": "Chip", "vendor": "maker", "kind": "gpu", "stack": "cuda", "draws": {"hbm": "5"},
    }},
    "systems": {"box": {
        "accelerator": "chip", "name": "Box", "accelerators": 8, "provisioned_kw": "10", "average_kw": "7",
        "cooling": "air", "racks": "0.25",
    }},
    "offers": {"box.purchase": {
        "system": "box", "route": "purchase", "price_usd": "300000", "lead_time_months": 0, "available": {},
        "deposit_share": "0", "network_usd": "0", "software_usd_per_year": "0", "divisible": "false", "free": "false",
    }},
    "throughput": {"chip": {"training": {"rate": "400", "basis": "measured", "source": "bench"}}},
    "workloads": {"training": {"unit": "TFLOP/s", "phase": "training", "describes": "training"}},
    "pools": {"hbm": {"unit": "stack", "describes": "memory", "forecasts": {"house": {"2025q2": "1000"}}}},
    "sources": {}, "cites": {"box.purchase.price_usd": {"source": "bench", "basis": "estimated"}},
}  # fmt: skip
NO_DECISIONS: Tree = {
    "orders": [], "work": [], "unmet": [], "retired": [], "expanded": [], "engineering": [], "porting": [],
}  # fmt: skip
LEASE = {"system": "box", "route": "lease", "usd_per_accelerator_hour": "2", "term_months": 6}
RENTED = {"system": "box", "route": "on_demand", "host": "cloud", "usd_per_accelerator_hour": "3"}
RESERVED = RENTED | {"route": "reservation", "term_months": 9, "usd_per_accelerator_hour": "2"}


def merged(base: Tree, changes: Tree) -> Tree:
    """A copy of a tree with changes merged into it; keys with slashes are paths."""
    result = deepcopy(base)
    for path, value in changes.items():
        *way, last = path.split("/")
        node: Any = result
        for key in way:
            node = node[int(key)] if isinstance(node, list) else node.setdefault(key, {})
        node[last] = deepcopy(value)
    return result


def order(offer: str, place: str, enters: str, systems: float, price: float | None = None) -> Tree:
    """A row of orders before its derived fields; with a price it is a commitment."""
    row = {"offer": offer, "place": place, "enters_service": enters, "systems": systems}
    return row | {"price_usd": price, "commitment": price is not None}


def work(demand: str, system: str, place: str, period: str, systems: float) -> Tree:
    return {"demand": demand, "system": system, "place": place, "period": period, "systems": systems}


def plan(scenario: Tree | None = None, catalog: Tree | None = None, **decisions: list[Tree]) -> Tree:
    """A complete plan from changed inputs and its decisions."""
    inputs = {"scenario": merged(SCENARIO, scenario or {}), "catalog": merged(CATALOG, catalog or {})}
    for row in decisions.get("retired", []):
        row.setdefault("resale_usd", 0.0)
    return filled(NO_DECISIONS | decisions | inputs)


def under(frame: str, row: Tree) -> Tree:
    """An order at the price of a frame."""
    return row | {"frame": frame}


def power(base: Fraction, exponent: Fraction) -> str:
    """A power with 30 digits."""
    with localcontext() as context:
        context.prec = 40
        exact = (Decimal(base.numerator) / base.denominator) ** (Decimal(exponent.numerator) / exponent.denominator)
        context.prec = 30
        return str(+exact)


def plain(value: Any) -> Any:
    return float(value) if isinstance(value, Fraction) else value


def rows(keys: tuple[str, ...], table: Any) -> list[Tree]:
    return [
        dict(zip(keys, key, strict=True)) | {field: plain(value) for field, value in row.items()}
        for key, row in table.items()
    ]


def filled(decisions: Tree) -> Tree:
    """The plan with all derived tables as recomputed."""
    result = deepcopy(decisions)
    horizon = Horizon(
        span(result["scenario"]["horizon"]["start"])[0],
        span(result["scenario"]["horizon"]["start"])[1] - span(result["scenario"]["horizon"]["start"])[0] + 1,
        result["scenario"]["horizon"]["periods"],
    )
    growth, n = 1 + Fraction(result["scenario"]["finance"]["discount_rate"]), horizon.per_year
    result["periods"] = [
        {"discount_mid": power(growth, Fraction(-2 * t - 1, 2 * n)), "discount_end": power(growth, Fraction(-t - 1, n))}
        for t in range(horizon.periods)
    ]
    accounts = keep_accounts(result)
    if "frames" in result["scenario"]:
        result["frames"] = rows(("frame",), expected_frames(accounts))
        for row in result["frames"]:
            row["signed"] = row["signed"] == "True"
        accounts = keep_accounts(result)
    for row, known in zip(result["periods"], rows(("period",), expected_periods(accounts)), strict=True):
        row.update(known)
    fill_decisions(result, accounts)
    result["costs"] = {
        name: {horizon.key(t): float(usd) for t, usd in enumerate(series)} for name, series in accounts.costs.items()
    }
    result["after_horizon"] = rows(("fiscal_year",), expected_after_horizon(accounts))
    result["in_service"] = rows(("system", "place", "period"), expected_in_service(accounts))
    result["clusters"] = rows(("demand", "period"), expected_clusters(accounts))
    result["sites"] = rows(("site", "period"), expected_sites(accounts))
    result["budget"] = rows(("budget", "window"), expected_budget(accounts))
    result["supply"] = rows(("kind", "id", "period"), expected_supply(accounts))
    result["limits"] = rows(("row",), expected_limits(accounts))
    for row in result["limits"]:
        row["at_least"] = row["at_least"] == "True"
    total = float(accounts.objective_usd)
    bound = {"bound_usd": total, "gap": 0.0}
    return result | {"objective_usd": total, "certified": bound} | bound


def fill_decisions(result: Tree, accounts: Any) -> None:
    books = accounts.books
    for row, cohort in cohorts_of_rows(result["orders"], books):
        cast(Tree, row).update({field: plain(value) for field, value in expected_order(cohort, books).items()})
    for row, done in zip(result["work"], books.work, strict=False):
        row["workload"] = books.inputs.demand[done.demand].workload
        row |= {"accelerator": done.system.accelerator, "work_per_second": float(done.per_second)}
    for row, left in zip(result["unmet"], books.unmet, strict=False):
        row["usd"] = float((left.price or 0) * left.per_second * books.inputs.horizon.hours)
    starts = [expected_starts(books, projects) for projects in (books.engineering, books.porting)]
    for _, stated, expected in chain(expected_retired(books), expected_expanded(books), *starts):
        cast(Tree, stated).update({field: plain(value) for field, value in expected.items()})


def costs(of: Tree, name: str) -> list[Fraction]:
    return keep_accounts(of).costs[name]


def names(of: Tree) -> set[str]:
    """The rules that the audit found broken."""
    return {finding.split("(")[0] for finding in audit(of).findings}


def ok(of: Tree) -> None:
    verdict = audit(of)
    assert verdict.findings == ()
    assert verdict.ok
    assert verdict.largest_violation < 1e-15
    assert verdict.cost_difference_usd < 0.01


# 1.08^-0.125, 1.08^-0.375 and 1.08^-0.25, 1.08^-0.5
D1, D2 = power(Fraction(108, 100), Fraction(-1, 8)), power(Fraction(108, 100), Fraction(-3, 8))
F1, F2 = power(Fraction(108, 100), Fraction(-1, 4)), power(Fraction(108, 100), Fraction(-1, 2))


def rich_plan() -> Tree:
    """Two quarters with every cost line above zero and every limit present and nearly reached."""
    tank = CATALOG["systems"]["box"] | {"cooling": "liquid"}
    return plan(
        {
            "finance/maintenance_share": "0.04", "finance/carbon_usd_per_t": "50",
            "sites/oslo": SCENARIO["sites"]["oslo"] | {
                "hosting_usd_per_kw_month": "10", "carbon_kg_per_mwh": "100", "power_mw": "0.205", "liquid_mw": "0.041",
                "air_mw": "0.131", "racks": "4.3"},
            "demand/train": {"workload": "training", "per_second": "30400", "unmet_usd_per_unit_hour": "1",
                             "stacks": {"cuda": "0"}},
            "demand/idle": {"workload": "serving", "per_second": "0", "stacks": {"cuda": "0"}, "sites": ["oslo"],
                            "precisions": ["bf16", "fp8"]},
            "fleet": [{"system": "box", "site": "oslo", "count": 1}],
            "commitments": [{"offer": "box.purchase", "site": "oslo", "period": "2025q2", "systems": 2}],
            "budget": {"capex_usd": {"total": "3900000"}, "opex_usd": {"2025": "450000"}},
            "supply_per_month": {"chip": "38"}, "pools_per_month": {"hbm": {"2025q1": "190"}},
        },
        {
            "offers/box.purchase/network_usd": "100", "offers/box.purchase/software_usd_per_year": "1200",
            "offers/box.purchase/buyers": ["acme", "other"], "offers/box.purchase/supply_systems_per_month": "3.4",
            "offers/box.purchase/available": {"from": "2025", "until": "2025-01"},
            "systems/tank": tank, "offers/tank.lease": LEASE | {"system": "tank", "term_months": 9},
            "offers/box.rented": RENTED,
            "throughput/chip/serving": [
                {"rate": "1", "precision": "fp8", "accelerators": 8, "basis": "vendor", "source": "bench"},
                {"rate": "2", "precision": "fp4", "basis": "vendor", "source": "bench"},
            ],
            "workloads/serving": {"unit": "tokens/s", "phase": "serving", "describes": "serving"},
        },
        orders=[order("box.purchase", "oslo", "2025q1", 10.0), order("tank.lease", "oslo", "2025q1", 4.0),
                order("box.rented", "cloud", "2025q1", 1.0), order("box.purchase", "oslo", "2025q2", 2.0, 300000.0)],
        work=[work("train", "box", "oslo", "2025q1", 9.0), work("train", "box", "oslo", "2025q2", 9.0),
              work("idle", "box", "oslo", "2025q1", 1.4)],
        unmet=[{"demand": "train", "period": t, "per_second": 1600.0} for t in ("2025q1", "2025q2")],
    )  # fmt: skip


S, C = "scenario/", "catalog/"


OWN = {"name": "Own", "vendor": "acme", "kind": "asic", "stack": "own", "one_off": {"usd": "1e6", "months": 4}}
SPECIFIC = "limit(own_floor,2025)"


def own_plan() -> Tree:
    """Four quarters: an own chip engineered, ordered at a discount and put to work while the old fleet goes.

    Engineering starts in 2025q1 and takes 2 quarters, so orders may be placed from 2025q3, to enter a quarter
    later; the run is ported in 2025q3, ready in 2025q4.
    """
    fleet = {"system": "box", "site": "oslo", "count": 12, "until": "2025q3", "may_retire": "true", "resale_usd": "2e4"}
    limits = [
        {"name": "own_floor", "measure": "accelerators", "of": {"kind": ["asic"], "buyers": ["ac*"]}, "at_least": "96",
         "within": "2025"},
        {"name": "rented", "measure": "spend_usd", "of": {"route": ["on_demand"]}, "at_most_share": "0.052",
         "within": "total"},
        {"name": "kw", "measure": "it_kw", "of": {"site": ["oslo"]}, "at_most": "120", "within": "total"},
        {"name": "own_work", "measure": "work", "of": {"vendor": ["acme"], "demand": ["run"]}, "at_least_share": "0.78",
         "within": "total"},
        {"name": "carbon", "measure": "carbon_t", "of": {"site": ["each"]}, "at_most": "70", "within": "each_year"},
        {"name": "lots", "measure": "systems", "of": {"system": ["each"]}, "at_least": "1", "within": "2025"},
    ]  # fmt: skip
    return plan(
        {
            "horizon/periods": 4, "fleet": [fleet], "limits": limits, "budget/opex_usd": {"2025q1": "1080000"},
            "sites/oslo/power_mw": {"2025q1": "0.15", "2025q2": "0.11", "2025q3": "0.05"},
            "sites/oslo/carbon_kg_per_mwh": "100", "sites/bergen": SCENARIO["sites"]["oslo"],
            "sites/oslo/expansion": {
                "usd_per_mw": "1e6", "lead_time_months": 5, "max_mw": "0.0625", "life_years": "20"},
            "demand/train": {"workload": "training", "per_second": {"2025q1": "25600", "2025q4": "0"},
                             "cluster": {"accelerators": 64}},
            "demand/run": {"workload": "training", "cluster": {"accelerators": 0},
                           "by_deadline_unit_hours": {"2025q3": "7008000", "2025q4": "33288000"},
                           "stacks": {"cuda": "0", "own": {"usd": "5e4", "months": 3}}},
        },
        {
            "accelerators/own": OWN, "systems/ownbox": CATALOG["systems"]["box"] | {"accelerator": "own"},
            "throughput/own/training": {"rate": "500", "basis": "measured", "source": "bench"},
            "offers/box.rented": RENTED, "offers/box.purchase/available/until": "2024",
            "offers/ownbox.purchase": CATALOG["offers"]["box.purchase"] | {
                "system": "ownbox", "price_usd": "100000", "lead_time_months": 3, "minimum_order_systems": 5,
                "buyers": ["acme"], "price_breaks": {"kind": "all_units", "steps": [
                    {"from_systems": 5, "factor": "0.9"}, {"from_systems": 12, "factor": "0.8"}]}},
        },
        orders=[order("ownbox.purchase", "oslo", "2025q4", 8.0), order("ownbox.purchase", "bergen", "2025q4", 4.0),
                order("box.rented", "cloud", "2025q1", 1.0)],
        work=[work("run", "box", "oslo", "2025q1", 1.0), work("run", "ownbox", "bergen", "2025q4", 1.0),
              work("run", "ownbox", "bergen", "2025q4", 2.0),
              *(work("train", "box", "oslo", f"2025q{q}", 8.0) for q in (1, 2, 3))],
        retired=[{"system": "box", "site": "oslo", "period": "2025q2", "until": "2025q3", "systems": 3.0}],
        expanded=[{"site": "oslo", "period": "2025q3", "mw": 0.0625}],
        engineering=[{"accelerator": "own", "starts": "2025q1"}],
        porting=[{"demand": "run", "stack": "own", "starts": "2025q3"}],
    )  # fmt: skip


FRAMES: Tree = {
    "bulk": {"of": {"vendor": ["maker"], "site": ["oslo"]}, "orders": "2025q1..2025q2", "within": "2025",
             "spend_usd": "1.3e6", "factor": "0.8", "signed": "optional"},
    "cloudy": {"of": {"host": ["cloud"]}, "orders": "2025q2", "within": "2025q2..2026q1", "spend_usd": "4e5",
               "factor": "0.75", "signed": "true"},
    "never": {"of": {"route": ["purchase"]}, "orders": "2025", "within": "2025", "spend_usd": "9e9", "factor": "0.5",
              "signed": "optional"},
}  # fmt: skip


def framed_plan() -> Tree:
    """Four quarters: a signed frame that is spent, one signed already that is not, and one that is not signed.

    6 systems at 300,000 USD times 0.8, the last two of them at the 0.9 of the price breaks: 1,392,000 USD, and 3 more
    without frame at the same step. 2 x 8 accelerators at 3 USD times 0.75 for 2190 hours are 78,840 USD of the 300,000
    that fall into the horizon, three quarters of 400,000: 221,160 are paid for nothing.
    """
    breaks = {"kind": "incremental", "steps": [{"from_systems": 5, "factor": "0.9"}]}
    return plan(
        {"horizon/periods": 4, "frames": FRAMES, "sites/oslo/power_mw": "2", "budget/opex_usd": {"2025q4": "5e5"}},
        {"offers/box.purchase/price_breaks": breaks, "offers/box.rented": RENTED},
        orders=[order("box.purchase", "oslo", "2025q1", 3.0),
                under("bulk", order("box.purchase", "oslo", "2025q1", 6.0)),
                under("cloudy", order("box.rented", "cloud", "2025q2", 2.0))],
        frames=[{"frame": "bulk", "signed": True, "shortfall_usd": 0.0},
                {"frame": "cloudy", "signed": True, "shortfall_usd": 0.0}],
    )  # fmt: skip
