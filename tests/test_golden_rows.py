"""A golden row for every constraint, cost and variable: one small request, its LP file beside the arithmetic.

One system `box` of 8 chips, provisioned 10 kW and average 7 kW, liquid-cooled, half a rack, at 100 of work a
chip: 800 a box. It can be bought (ordered a quarter ahead, in service one quarter) for Oslo or rented in the
cloud. One box stands in Oslo in the first quarter, two are committed for the second. Two quarters of 2,190
hours; nothing is discounted.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from builders import Tree, accelerator, catalog, model, plan, rates, scenario, site, system

from optimizer.elastic import Infeasible
from optimizer.formulation import CONSTRAINTS, COSTS, VARIABLES
from optimizer.formulation.model import Model
from optimizer.matrix import to_matrix

KNOWN = catalog(
    accelerator(
        "chip",
        {"box": system(8, 10, 7, cooling="liquid", racks="0.5")},
        {
            "box.buy": {
                "system": "box", "route": "purchase", "price_usd": 300000, "lead_time_months": 3,
                "deposit_share": "0.2", "network_usd": 20000, "software_usd_per_year": 4000, "term_months": 3,
            },
            "box.rent": {
                "system": "box", "route": "on_demand", "host": "cloud", "usd_per_accelerator_hour": 2,
                "carbon_kg_per_accelerator_hour": "0.5", "supply_systems_per_month": 1,
            },
        },
        rates(training=100),
        draws={"wafers": "0.5"},
    ),
    pools={"wafers": {"unit": "wafer", "describes": "packaging"}},
)  # fmt: skip

ASKED = scenario(
    finance={"discount_rate": 0, "residual": "book", "maintenance_share": "0.04", "carbon_usd_per_t": 100},
    assumptions={"availability": "0.9"},
    sites={"oslo": site(
        {"2025q1": 1, "2025q2": "0.5"}, peak_pue="1.5", liquid_mw="0.4", air_mw="0.3", racks=7,
        hosting_usd_per_kw_month=3, carbon_kg_per_mwh=100,
    )},
    demand={"train": {
        "workload": "training", "per_second": {"2025q1": 1000, "2025q2": 2000}, "unmet_usd_per_unit_hour": "0.5",
    }},
    fleet=[{"system": "box", "site": "oslo", "count": 1, "until": "2025q1"}],
    commitments=[{"offer": "box.buy", "site": "oslo", "period": "2025q2", "systems": 2, "price_usd": 250000}],
    budget={"capex_usd": {"2025q1": "1e6", "total": "2e6"}, "opex_usd": {"total": "3e6"}},
    supply_per_month={"chip": {"2025q2": 4}},
    pools_per_month={"wafers": 5},
)  # fmt: skip

# constraint -> (its equation in the docstring, its rows in the LP file)
ROWS: dict[str, tuple[str, list[str]]] = {
    "honour_commitment": (
        "commit(o,s,t) = systems",
        ["honour_commitment(box.buy,oslo,2025q2): commit(box.buy,oslo,2025q2) = 2"],
    ),
    "carry_in_service": (
        "in_service(y,s,t) − in_service(y,s,t−1) − Σ_o order(o,s,t) + Σ_o order(o,s,t−K_o) = fleet(t) − fleet(t−1)",
        [
            # the cloud: a rented box leaves after one quarter, so the first quarter's order enters with a plus
            "carry_in_service(box,cloud,2025q1): in_service(box,cloud,2025q1) - order(box.rent,cloud,2025q1) = 0",
            "carry_in_service(box,cloud,2025q2): - in_service(box,cloud,2025q1) + in_service(box,cloud,2025q2)"
            " + order(box.rent,cloud,2025q1) - order(box.rent,cloud,2025q2) = 0",
            # Oslo: the fleet is 1 and then 0, so it changes by 1 and by -1
            "carry_in_service(box,oslo,2025q1): in_service(box,oslo,2025q1) = 1",
            "carry_in_service(box,oslo,2025q2): - commit(box.buy,oslo,2025q2) - in_service(box,oslo,2025q1)"
            " + in_service(box,oslo,2025q2) - order(box.buy,oslo,2025q2) = -1",
        ],
    ),
    "run_within_fleet": (
        "Σ_w run(y,g,w,t) ≤ al · Σ_{s in g} in_service(y,s,t)",
        [  # availability 0.9; the work may run anywhere, so both places are one group
            f"run_within_fleet(box,anywhere,{t}): - 0.9 in_service(box,cloud,{t}) - 0.9 in_service(box,oslo,{t})"
            f" + run(box,anywhere,train,{t}) <= 0"
            for t in ("2025q1", "2025q2")
        ],
    ),
    "serve_demand": (
        "Σ_y a_y · r(y,w) · run(y,g,w,t) + unmet(w,t) ≥ per_second(w,t)",
        [  # in thousandths of the demand: 8 · 100 / (1000 / 1000) = 800, then 800 / (2000 / 1000) = 400
            "serve_demand(train,2025q1): 800 run(box,anywhere,train,2025q1) + unmet(train,2025q1) >= 1000",
            "serve_demand(train,2025q2): 400 run(box,anywhere,train,2025q2) + unmet(train,2025q2) >= 1000",
        ],
    ),
    "power_within_site": (
        "peak_pue_s · Σ_y P_y · in_service(y,s,t) / 1000 ≤ power_mw(s,t)",
        [  # 1.5 · 10 kW / 1000 = 0.015 MW
            "power_within_site(oslo,2025q1): 0.015 in_service(box,oslo,2025q1) <= 1",
            "power_within_site(oslo,2025q2): 0.015 in_service(box,oslo,2025q2) <= 0.5",
        ],
    ),
    "liquid_within_site": (
        "Σ_{liquid y} P_y · in_service(y,s,t) / 1000 ≤ liquid_mw(s,t)",
        [  # 10 kW / 1000, without PUE
            "liquid_within_site(oslo,2025q1): 0.01 in_service(box,oslo,2025q1) <= 0.4",
            "liquid_within_site(oslo,2025q2): 0.01 in_service(box,oslo,2025q2) <= 0.4",
        ],
    ),
    "air_within_site": (
        "Σ_{air y} P_y · in_service(y,s,t) / 1000 ≤ air_mw(s,t)",
        [  # nothing here is air-cooled
            "air_within_site(oslo,2025q1): nothing() <= 0.3",
            "air_within_site(oslo,2025q2): nothing() <= 0.3",
        ],
    ),
    "racks_within_site": (
        "Σ_y racks_y · in_service(y,s,t) ≤ racks(s,t)",
        [
            "racks_within_site(oslo,2025q1): 0.5 in_service(box,oslo,2025q1) <= 7",
            "racks_within_site(oslo,2025q2): 0.5 in_service(box,oslo,2025q2) <= 7",
        ],
    ),
    "deliveries_within_supply": (
        "Σ a_o · order(o,s,t) over purchase and lease offers of accelerator a ≤ supply_per_month(a,t) · months",
        # 4 a month for 3 months; the commitment does not count; in the first quarter nothing can arrive
        ["deliveries_within_supply(chip,2025q2): 8 order(box.buy,oslo,2025q2) <= 12"],
    ),
    "orders_within_offer": (
        "Σ_s order(o,s,t) ≤ supply_systems_per_month(o,t) · months",
        [
            "orders_within_offer(box.rent,2025q1): order(box.rent,cloud,2025q1) <= 3",
            "orders_within_offer(box.rent,2025q2): order(box.rent,cloud,2025q2) <= 3",
        ],
    ),
    "draws_within_pool": (
        "Σ draws(o,p) · a_o · order(o,s,t) over purchase and lease offers ≤ pools_per_month(p,t) · months",
        # 0.5 wafers · 8 chips; 5 · 3; the rented box draws nothing
        ["draws_within_pool(wafers,2025q2): 4 order(box.buy,oslo,2025q2) <= 15"],
    ),
    "capex_within_budget": (
        "Σ_{t in window} hardware_usd(t) + network_usd(t) ≤ capex_usd(window)",
        [  # in millions. Deposits of 20 %: 0.06 and, at the committed price, 0.05
            "capex_within_budget(2025q1): 0.05 commit(box.buy,oslo,2025q2) + 0.06 order(box.buy,oslo,2025q2) <= 1",
            # all of the price and the network of 0.02
            "capex_within_budget(total): 0.27 commit(box.buy,oslo,2025q2) + 0.32 order(box.buy,oslo,2025q2) <= 2",
        ],
    ),
    "opex_within_budget": (
        "Σ_{t in window} energy + hosting + maintenance + software + rent + carbon ≤ opex_usd(window)",
        [  # commitment: maintenance 2,500 + software 1,000; order: 3,000 + 1,000
            # in Oslo: energy 919.80 + hosting 90 + carbon 183.96; rented: 35,040 + carbon 876
            "opex_within_budget(total): 0.0035 commit(box.buy,oslo,2025q2) + 0.00119376 in_service(box,oslo,2025q1)"
            " + 0.00119376 in_service(box,oslo,2025q2) + 0.004 order(box.buy,oslo,2025q2)"
            " + 0.035916 order(box.rent,cloud,2025q1) + 0.035916 order(box.rent,cloud,2025q2) <= 3",
        ],
    ),
}

BUY, COMMIT = "order(box.buy,oslo,2025q2)", "commit(box.buy,oslo,2025q2)"
RENT_1, RENT_2 = "order(box.rent,cloud,2025q1)", "order(box.rent,cloud,2025q2)"
OSLO_1, OSLO_2 = "in_service(box,oslo,2025q1)", "in_service(box,oslo,2025q2)"

# cost -> (its equation in the docstring, USD by (variable, period))
PRICES: dict[str, tuple[str, dict[tuple[str, int], float]]] = {
    "hardware_usd": (
        "price_o(t − l_o) · (deposit_share in t − l_o, 1 − deposit_share in t) · order(o,s,t)",
        # 20 % in the quarter of order, 80 % a quarter later: of 300,000, and of the committed 250,000
        {(BUY, 1): 60000, (BUY, 2): 240000, (COMMIT, 1): 50000, (COMMIT, 2): 200000},
    ),
    "network_usd": ("network_usd_o · order(o,s,t)", {(BUY, 2): 20000, (COMMIT, 2): 20000}),
    "energy_usd": (
        "pue · A_y · H · electricity/1000 · in_service(y,s,t)",
        # 1.2 · 7 kW · 2,190 h = 18.396 MWh at 50
        {(OSLO_1, 1): 919.80, (OSLO_2, 2): 919.80},
    ),
    "hosting_usd": (
        "hosting_usd_per_kw_month · P_y · months · in_service(y,s,t)",
        # 3 · 10 kW · 3 months
        {(OSLO_1, 1): 90, (OSLO_2, 2): 90},
    ),
    "maintenance_usd": (
        "maintenance_share / n · price paid · purchased systems in service",
        # 4 % / 4 of the price paid; not of the fleet
        {(BUY, 2): 3000, (COMMIT, 2): 2500},
    ),
    "software_usd": (
        "software_usd_per_year / n · systems in service",
        {(BUY, 2): 1000, (COMMIT, 2): 1000},
    ),
    "rent_usd": (
        "usd_per_accelerator_hour(t − l_o) · a_o · H · cohorts in service",
        # 2 · 8 · 2,190
        {(RENT_1, 1): 35040, (RENT_2, 2): 35040},
    ),
    "carbon_usd": (
        "carbon_usd_per_t · (carbon_kg_per_mwh · MWh + carbon_kg_per_accelerator_hour · a_o · H · hosted) / 1000",
        # 18.396 MWh · 100 kg = 1.8396 t at 100; 0.5 kg · 8 · 2,190 = 8.76 t
        {(OSLO_1, 1): 183.96, (OSLO_2, 2): 183.96, (RENT_1, 1): 876, (RENT_2, 2): 876},
    ),
    "unmet_usd": (
        "unmet_usd_per_unit_hour · H · unmet(w,t)",
        # a thousandth of 1,000, then of 2,000, for 2,190 h at 0.50
        {("unmet(train,2025q1)", 1): 1095, ("unmet(train,2025q2)", 2): 2190},
    ),
    "residual_usd": (
        "− (price paid + network) · residual share at age (z − t + 1)/n, in period z = min(T, last period of service)",
        # a quarter old: 1 − 0.25 / 5 = 0.95 of 320,000 and of 270,000
        {(BUY, 2): -304000, (COMMIT, 2): -256500},
    ),
}

# variable -> upper bound by name; whole numbers are marked with an int
BOUNDS: dict[str, dict[str, float]] = {
    "order": {
        # 2,000 / (800 · 0.9) = 2.8, so 3 are of use; the supply of 12 chips is 1.5 boxes, so 1
        "order(box.buy,oslo,2025q2)": 1,
        # 1,000 / 720 = 1.4, so 2; then 3; the offer has 3
        "order(box.rent,cloud,2025q1)": 2,
        "order(box.rent,cloud,2025q2)": 3,
    },
    "commit": {"commit(box.buy,oslo,2025q2)": 2.0},
    "in_service": {
        "in_service(box,cloud,2025q1)": 2.0,
        "in_service(box,cloud,2025q2)": 3.0,
        "in_service(box,oslo,2025q1)": 1.0,  # the fleet
        "in_service(box,oslo,2025q2)": 3.0,  # 2 committed, 1 ordered
    },
    "run": {"run(box,anywhere,train,2025q1)": 1.25, "run(box,anywhere,train,2025q2)": 2.5},  # demand / 800
    "unmet": {"unmet(train,2025q1)": 1000.0, "unmet(train,2025q2)": 1000.0},  # all of it, in thousandths
}


@pytest.fixture(scope="module")
def golden(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return model(tmp_path_factory.mktemp("golden"), ASKED, KNOWN)


def lp_rows(built: Model, folder: Path) -> dict[str, list[str]]:
    """The rows of the LP file by constraint, each on one line."""
    file = folder / "model.lp"
    built.problem.writeLP(str(file))
    body = file.read_text().partition("Subject To\n")[2].partition("Bounds\n")[0]
    lines = re.sub(r"\n ", " ", body).splitlines()
    found: dict[str, list[str]] = {}
    for line in lines:
        found.setdefault(line.partition("(")[0], []).append(re.sub(r" +", " ", line).strip())
    return found


@pytest.mark.parametrize("constraint", ROWS)
def test_golden_row(golden: Model, tmp_path: Path, constraint: str) -> None:
    assert lp_rows(golden, tmp_path)[constraint] == ROWS[constraint][1]


@pytest.mark.parametrize("cost", PRICES)
def test_golden_cost(golden: Model, cost: str) -> None:
    terms = golden.costs[cost]
    assert {(term.variable.name, term.t): term.usd for term in terms} == pytest.approx(PRICES[cost][1])
    assert len(terms) == len(PRICES[cost][1])


@pytest.mark.parametrize("variable", BOUNDS)
def test_golden_bound(golden: Model, variable: str) -> None:
    matrix = to_matrix(golden.problem)
    columns = matrix.column_numbers(variable)
    assert {matrix.columns[j]: matrix.upper[j] for j in columns} == BOUNDS[variable]
    assert {bool(matrix.integer[j]) for j in columns} == {isinstance(most, int) for most in BOUNDS[variable].values()}
    assert all(matrix.lower[j] == 0 for j in columns)


def test_golden_objective(golden: Model) -> None:
    """Without a discount a coefficient of the objective is the sum of its costs, in millions."""
    total: dict[str, float] = {}
    for _, prices in PRICES.values():
        for (variable, _), usd in prices.items():
            total[variable] = total.get(variable, 0.0) + usd / 1e6
    matrix = to_matrix(golden.problem)
    assert {name: usd for name, usd in zip(matrix.columns, matrix.cost, strict=True) if usd} == pytest.approx(total)


def test_everything_has_a_golden_case(golden: Model, tmp_path: Path) -> None:
    """A new constraint, cost or variable needs one."""
    assert [f.__name__ for f in CONSTRAINTS] == list(ROWS)
    assert {f.__name__ for f in COSTS} == set(PRICES)
    assert [f.__name__ for f in VARIABLES] == list(BOUNDS)
    assert set(lp_rows(golden, tmp_path)) == set(ROWS)


@pytest.mark.parametrize("rule", [*CONSTRAINTS, *COSTS], ids=lambda rule: rule.__name__)
def test_docstring_says_the_equation(rule: object) -> None:
    name = rule.__name__  # type: ignore[attr-defined]
    equation = (ROWS.get(name) or PRICES[name])[0]
    assert equation in [line.strip() for line in (rule.__doc__ or "").splitlines()]


def test_discount_multiplies_each_cost(tmp_path: Path) -> None:
    """d_t = 1.21^(-(t - 0.5)/4), f_2 = 1.21^-0.5 = 1/1.1: exact for the residual."""
    rate: Tree = {**ASKED, "finance": {**ASKED["finance"], "discount_rate": "0.21"}}
    matrix = to_matrix(model(tmp_path, rate, KNOWN).problem)
    cost = dict(zip(matrix.columns, matrix.cost, strict=True))
    d_1, d_2, f_2 = 1.21**-0.125, 1.21**-0.375, 1 / 1.1
    # deposit; the rest, network, maintenance and software; residual
    assert cost[BUY] * 1e6 == pytest.approx(60000 * d_1 + (240000 + 20000 + 3000 + 1000) * d_2 - 304000 * f_2)
    assert cost[OSLO_1] * 1e6 == pytest.approx((919.80 + 90 + 183.96) * d_1)


def test_a_row_that_nothing_can_fill_stays(tmp_path: Path) -> None:
    """Nothing arrives in the first quarter: the row must not vanish, or the demand would."""
    late = {**KNOWN["chip.yaml"], "offers": {"box.buy": KNOWN["chip.yaml"]["offers"]["box.buy"]}}
    bare = {key: part for key, part in ASKED.items() if key not in ("fleet", "commitments")}
    firm = {"train": {"workload": "training", "per_second": 1000}}
    built = model(tmp_path, {**bare, "demand": firm}, {**KNOWN, "chip.yaml": late})
    assert "serve_demand(train,2025q1): nothing() >= 1000" in lp_rows(built, tmp_path)["serve_demand"]


def test_names_of_months_survive(tmp_path: Path) -> None:
    built = model(tmp_path, scenario(horizon={"start": "2025-11", "periods": 2}))
    assert set(to_matrix(built.problem).rows) == set(built.rows)


def test_infeasible_by_months_is_explained(tmp_path: Path) -> None:
    """12 kW at the meter for the one system needed, of which there are 6."""
    asked = scenario(horizon={"start": "2025-11", "periods": 2}, sites={"oslo": site("0.012")},
                     demand={"train": {"workload": "training", "per_second": 6400}})  # fmt: skip
    with pytest.raises(Infeasible):
        plan(tmp_path, asked)


@pytest.mark.parametrize("start", ["2025-11"])
def test_limits_have_prices_by_months(tmp_path: Path, start: str) -> None:
    """Power for one system, work for two: more power is worth something, whatever the periods are called."""
    demand = {"train": {"workload": "training", "per_second": 6400, "unmet_usd_per_unit_hour": 1000}}
    asked = scenario(horizon={"start": start, "periods": 2}, sites={"oslo": site("0.012")}, demand=demand)
    assert any(limit.price_usd for limit in plan(tmp_path, asked).limits)


def test_limits_have_prices_by_quarters(tmp_path: Path) -> None:
    demand = {"train": {"workload": "training", "per_second": 6400, "unmet_usd_per_unit_hour": 1000}}
    assert any(
        limit.price_usd for limit in plan(tmp_path, scenario(sites={"oslo": site("0.012")}, demand=demand)).limits
    )
