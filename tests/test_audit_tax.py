"""Tax as the audit has it, in exact fractions against arithmetic by hand; and what it says of a wrong one."""

from __future__ import annotations

from fractions import Fraction

import pytest
from audit_plans import (
    LEASE,
    Tree,
    costs,
    filled,
    merged,
    names,
    ok,
    order,
    own_plan,
    plan,
    rich_plan,
)

from optimizer.audit import audit

S = "scenario/"


def taxed(rule: str, rate: str = "0.25") -> Tree:
    return {"finance/tax": {"rate": rate, "depreciation": rule}}


def bought(rule: str, periods: int = 4, **finance: str) -> Tree:
    """A box at 300,000 with network of 20,000 enters in 2025q2; no energy is charged."""
    inputs = {"horizon/periods": periods, "sites/oslo/electricity_usd_per_mwh": "0", **taxed(rule)}
    rates = {f"finance/{key}": value for key, value in finance.items()}
    return plan(inputs | rates, {"offers/box.purchase/network_usd": "20000"},
                orders=[order("box.purchase", "oslo", "2025q2", 1.0)])  # fmt: skip


QUARTER = Fraction(320000, 4)
"""A quarter of the price, of which 25 % are tax: so these are shares of 320,000 times 25 %."""


@pytest.mark.parametrize(
    ("rule", "finance", "charged", "left"),
    [
        # 1/20 in each of three quarters, 17/20 are left
        ("straight_line", {}, ["0", "0.05", "0.05", "0.05"], "0.85"),
        # a book life of 0.6 years is 2.4 quarters: 1/2.4 twice, then the rest
        ("straight_line", {"book_life_years": "0.6"}, ["0", "5/12", "5/12", "1/6"], "0"),
        # calendar years: 20 % over the three quarters that are left of 2025
        ("macrs_5", {}, ["0", "1/15", "1/15", "1/15"], "0.8"),
        # fiscal years from July: all of 20 % in 2025q2, then a quarter of 32 %
        ("macrs_5", {"fiscal_year_starts": "7"}, ["0", "0.2", "0.08", "0.08"], "0.64"),
        # from May the quarter from April still belongs to the year before, and it is its last
        ("macrs_5", {"fiscal_year_starts": "5"}, ["0", "0.2", "0.08", "0.08"], "0.64"),
        ("bonus", {}, ["0", "1", "0", "0"], "0"),
    ],
)
def test_depreciation_by_hand(rule: str, finance: dict[str, str], charged: list[str], left: str) -> None:
    of = bought(rule, **finance)
    assert costs(of, "tax_usd") == [-QUARTER * Fraction(share) for share in charged]
    residual = costs(of, "residual_usd")
    assert costs(of, "tax_on_residual_usd") == [
        -usd / 4 - (QUARTER * Fraction(left) if t == 3 else 0) for t, usd in enumerate(residual)
    ]
    ok(of)


def test_macrs_recovers_all_in_six_years() -> None:
    """Years from 2025: 20, 32, 19.2, 11.52, 11.52 and 5.76 %, then nothing; the fleet, eight years old by then, too."""
    inputs = {"horizon": {"start": "2025", "periods": 8}, "sites/oslo/electricity_usd_per_mwh": "0", **taxed("macrs_5")}
    of = plan(inputs, {"offers/box.purchase/term_months": 120}, orders=[order("box.purchase", "oslo", "2025", 1.0)])
    shares = ["0.2", "0.32", "0.192", "0.1152", "0.1152", "0.0576", "0", "0"]
    assert costs(of, "tax_usd") == [-75000 * Fraction(share) for share in shares]
    assert sum(costs(of, "tax_on_residual_usd")) == -sum(costs(of, "residual_usd")) / 4


@pytest.mark.parametrize(
    ("rule", "charged", "left"),
    [
        ("straight_line", ["0.05", "0.05"], "0.8"),  # two of twenty quarters are gone
        ("macrs_5", ["0.08", "0.08"], "0.64"),  # all of 2024's 20 %
        ("bonus", ["0", "0"], "0"),
    ],
)
def test_depreciation_of_what_is_running_goes_on(rule: str, charged: list[str], left: str) -> None:
    """Since 2024q3, two at 250,000: its price is sunk, its depreciation is not."""
    running = {"offer": "box.purchase", "site": "oslo", "period": "2024q3", "systems": 2, "price_usd": "250000"}
    inputs = {"commitments": [running], "sites/oslo/electricity_usd_per_mwh": "0", "finance/residual": "none"}
    of = plan(inputs | taxed(rule), orders=[order("box.purchase", "oslo", "2024q3", 2.0, 250000.0)])
    assert costs(of, "hardware_usd") == [0, 0]
    assert costs(of, "tax_usd") == [-125000 * Fraction(share) for share in charged]
    assert costs(of, "tax_on_residual_usd") == [0, -125000 * Fraction(left)]
    ok(of)


def test_a_deposit_deducts_nothing_before_the_system_serves() -> None:
    """Ordered in 2025q1 with half of the price down: all of it is deducted in 2025q2; likewise a quarter before."""
    inputs = {
        "sites/oslo/electricity_usd_per_mwh": "0",
        "finance/residual": "none",
        **taxed("bonus"),
        "commitments": [
            {"offer": "box.purchase", "site": "oslo", "period": "2025q1", "systems": 1, "price_usd": "200000"}
        ],
    }
    terms = {"offers/box.purchase/lead_time_months": 3, "offers/box.purchase/deposit_share": "0.5"}
    placed = [order("box.purchase", "oslo", "2025q1", 1.0, 200000.0), order("box.purchase", "oslo", "2025q2", 1.0)]
    of = plan(inputs, terms, orders=placed)
    assert costs(of, "hardware_usd") == [100000 + 150000, 150000]
    assert costs(of, "tax_usd") == [-50000, -75000]


def test_network_of_a_lease_is_written_off_when_it_ends() -> None:
    """A lease of two quarters from 2025q1: 2/20 of 20,000 are charged, 18/20 left in 2025q2; rent is deducted."""
    inputs = {"horizon/periods": 3, "sites/oslo/electricity_usd_per_mwh": "0", **taxed("straight_line")}
    of = plan(inputs, {"offers/box.lease": LEASE | {"network_usd": "20000"}}, orders=[
        order("box.lease", "oslo", "2025q1", 1.0)])  # fmt: skip
    rent = 2 * 8 * 2190
    assert costs(of, "tax_usd") == [-Fraction(rent + 1000, 4), -Fraction(rent + 1000, 4), 0]
    assert costs(of, "tax_on_residual_usd") == [0, -Fraction(18000, 4), 0]


@pytest.mark.parametrize("rule", ["straight_line", "macrs_5", "bonus"])
def test_every_line_that_is_taxed_is(rule: str) -> None:
    """Engineering, porting, added power and fleet that is sold: at 100 % what counts at all is as if it were not."""
    taxes = {S + key: value for key, value in taxed(rule, "1").items()}
    for made in (rich_plan(), own_plan()):
        of = filled(merged(made, taxes))
        ok(of)
        spent = sum(sum(usd.values()) for name, usd in of["costs"].items() if "tax" not in name and name != "unmet_usd")
        assert sum(sum(usd.values()) for name, usd in of["costs"].items() if "tax" in name) == pytest.approx(-spent)


WRONG: list[tuple[str, Tree]] = [
    ("costs", {"costs/tax_usd/2025q2": 0.0}),
    ("costs", {"costs/tax_on_residual_usd/2025q2": 0.25}),
    ("costs", {S + "finance/tax/rate": "0.26"}),
    ("costs", {S + "finance/tax/depreciation": "bonus"}),
    ("costs", {S + "finance/tax": None}),
    ("inputs_are_understood", {S + "finance/tax/losses": "carried"}),
    ("inputs_are_understood", {S + "finance/tax/depreciation": "slow"}),
]


@pytest.mark.parametrize(("finding", "change"), WRONG)
def test_a_wrong_tax_is_named(finding: str, change: Tree) -> None:
    of = filled(merged(rich_plan(), {S + key: value for key, value in taxed("macrs_5").items()}))
    assert finding in names(merged(of, change))


def test_tax_where_there_is_none_is_named() -> None:
    of = merged(rich_plan(), {"costs/tax_usd": {"2025q1": 0.0, "2025q2": 0.0}})
    assert names(of) == {"costs"}
    assert not audit(of).ok
