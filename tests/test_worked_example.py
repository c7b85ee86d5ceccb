"""The worked example, and the same by years and by months, to the cent on every line.

One site, PUE 1.2, 50 USD/MWh. A system of 8 accelerators at 400 each with availability 0.95 does
8 · 400 · 0.95 = 3,040, so 30,000 takes 9.87, that is 10 systems, and 60,000 takes 19.7, that is 20:
10 enter service in each period. Discount 8 %, maintenance 4 %, book life 5 years.

The expected sums were made with a calculator of 40 digits from the products in the comments.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from builders import Tree, one_offer, plan, scenario, site

from optimizer.audit import audit
from optimizer.plan.format import Plan

pytestmark = pytest.mark.usefixtures("in_process")


def asked(start: str, first: str, second: str) -> Tree:
    return scenario(
        horizon={"start": start, "periods": 2},
        finance={"discount_rate": "0.08", "maintenance_share": "0.04", "residual": "book",
                 "service_life_years": 5, "book_life_years": 5},
        assumptions={"availability": "0.95"},
        sites={"oslo": site(pue="1.2", electricity_usd_per_mwh=50)},
        demand={"train": {"workload": "training", "per_second": {first: 30000, second: 60000}}},
    )  # fmt: skip


def discounted(made: Plan, line: str) -> Decimal:
    """The present value of a cost line, from the plan's own factors."""
    total = Decimal(0)
    for period in made.periods:
        factor = period.discount_end if line == "residual_usd" else period.discount_mid
        total += Decimal(repr(made.costs[line][period.period])) * Decimal(factor)
    return total


def to_the_cent(usd: Decimal | float) -> Decimal:
    return Decimal(repr(usd) if isinstance(usd, float) else usd).quantize(Decimal("0.01"))


# start, first and second period; discounted lines; objective
CASES = [
    pytest.param(
        "2025q1", "2025q1", "2025q2",
        # d_1 = 1.08^-0.125, d_2 = 1.08^-0.375, f_2 = 1.08^-0.5; H = 2,190
        # hardware 300,000 · 10 · (d_1 + d_2)
        # energy 1.2 · 7 kW · 2,190 h · 0.05 USD/kWh = 919.80 a system: 919.8 · (10 d_1 + 20 d_2)
        # maintenance 300,000 · 4 % / 4 = 3,000 a system: 3,000 · (10 d_1 + 20 d_2)
        # residual ages 0.5 and 0.25 years: 300,000 · f_2 · 10 · (0.90 + 0.95)
        {"hardware_usd": "5885934.26", "energy_usd": "26982.61", "maintenance_usd": "88005.91",
         "residual_usd": "-5340489.99"},
        "660432.79", id="quarters",
    ),
    pytest.param(
        "2025", "2025", "2026",
        # d_1 = 1.08^-0.5 = 0.962250, d_2 = 1.08^-1.5 = 0.890973, f_2 = 1.08^-2 = 0.857339; H = 8,760
        # hardware 3,000,000 · (d_1 + d_2)
        # energy 1.2 · 7 · 8,760 · 0.05 = 3,679.20 a system
        # maintenance 300,000 · 4 % = 12,000 a system
        # residual ages 2 and 1 years: 300,000 · f_2 · 10 · (0.60 + 0.80)
        {"hardware_usd": "5559669.26", "energy_usd": "100964.45", "maintenance_usd": "329303.49",
         "residual_usd": "-3600823.05"},
        "2389114.15", id="years",
    ),
    pytest.param(
        "2025-01", "2025-01", "2025-02",
        # d_1 = 1.08^(-1/24), d_2 = 1.08^(-3/24), f_2 = 1.08^(-2/12); H = 730
        # energy 1.2 · 7 · 730 · 0.05 = 306.60 a system
        # maintenance 300,000 · 4 % / 12 = 1,000 a system
        # residual ages 2/12 and 1/12 years: 300,000 · f_2 · 10 · (29/30 + 59/60)
        {"hardware_usd": "5961673.26", "energy_usd": "9129.48", "maintenance_usd": "29776.50",
         "residual_usd": "-5775442.18"},
        "225137.07", id="months",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("start", "first", "second", "lines", "objective"), CASES)
def test_worked_example(
    tmp_path: Path, start: str, first: str, second: str, lines: dict[str, str], objective: str
) -> None:
    made = plan(tmp_path, asked(start, first, second), one_offer(price_usd=300000))
    assert [(order.enters_service, order.systems) for order in made.orders] == [(first, 10), (second, 10)]
    assert {line: to_the_cent(discounted(made, line)) for line in made.costs if any(made.costs[line].values())} == {
        line: Decimal(usd) for line, usd in lines.items()
    }
    assert to_the_cent(made.objective_usd) == Decimal(objective)
    verdict = audit(made.model_dump(mode="json"))
    assert verdict.ok
    assert verdict.cost_difference_usd < 0.005


def test_undiscounted_lines_by_period(tmp_path: Path) -> None:
    """The quarters again, as cash: 10 systems in the first, 20 in service in the second."""
    made = plan(tmp_path, asked("2025q1", "2025q1", "2025q2"), one_offer(price_usd=300000))
    assert made.costs["hardware_usd"] == {"2025q1": 3_000_000, "2025q2": 3_000_000}
    assert made.costs["energy_usd"] == pytest.approx({"2025q1": 9198, "2025q2": 18396})
    assert made.costs["maintenance_usd"] == pytest.approx({"2025q1": 30000, "2025q2": 60000})
    # 300,000 · 10 · 0.90 + 300,000 · 10 · 0.95
    assert made.costs["residual_usd"] == pytest.approx({"2025q1": 0, "2025q2": -5_550_000})


def test_factors_have_thirty_digits(tmp_path: Path) -> None:
    made = plan(tmp_path, asked("2025q1", "2025q1", "2025q2"), one_offer(price_usd=300000))
    # 1.08^-0.125 = 1 / 1.08^(1/8): its eighth power times 1.08 is 1
    mid, end = Decimal(made.periods[0].discount_mid), Decimal(made.periods[1].discount_end)
    assert abs(mid**8 * Decimal("1.08") - 1) < Decimal("1e-26")
    assert abs(end**2 * Decimal("1.08") - 1) < Decimal("1e-26")
    assert len(mid.as_tuple().digits) == 30


def test_books_of_the_audit_agree_line_by_line(tmp_path: Path) -> None:
    """A cent off in one line is found."""
    made = plan(tmp_path, asked("2025q1", "2025q1", "2025q2"), one_offer(price_usd=300000)).model_dump(mode="json")
    for line in ("hardware_usd", "energy_usd", "maintenance_usd", "residual_usd"):
        wrong = {
            **made,
            "costs": {**made["costs"], line: {**made["costs"][line], "2025q2": made["costs"][line]["2025q2"] + 10}},
        }
        assert not audit(wrong).ok
