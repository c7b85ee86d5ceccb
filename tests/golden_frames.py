"""The golden request of frame agreements, with its LP rows and costs.

One system `pod` of 4 chips at 100 of work a chip: 400 a pod, so three do all of 1,200 in the one quarter. It can be
bought in bulk (120,000, from the third on 0.8 of it for all), or one by one (100,000, from the third on 0.9), or
rented. `deal` is about all of it, at 0.75, and promises 1.2 million USD in the year of which a quarter is planned, so
300,000. `small` is about what is bought one by one, at 0.5, promises nothing and is signed already. Nothing is
discounted.
"""

from __future__ import annotations

from builders import accelerator, catalog, rates, scenario, system

FRAMED_KNOWN = catalog(
    accelerator(
        "chip",
        {"pod": system(4, 10, 5)},
        {
            "pod.bulk": {
                "system": "pod", "route": "purchase", "price_usd": 120000,
                "price_breaks": {"kind": "all_units", "steps": [{"from_systems": 3, "factor": "0.8"}]},
            },
            "pod.buy": {
                "system": "pod", "route": "purchase", "price_usd": 100000,
                "price_breaks": {"kind": "incremental", "steps": [{"from_systems": 3, "factor": "0.9"}]},
            },
            "pod.rent": {
                "system": "pod", "route": "on_demand", "host": "cloud", "usd_per_accelerator_hour": 2,
                "minimum_order_systems": 2,
            },
        },
        rates(training=100),
    ),
)  # fmt: skip
FRAMED_ASKED = scenario(
    horizon={"start": "2025q1", "periods": 1},
    finance={"discount_rate": 0, "residual": "none"},
    demand={"train": {"workload": "training", "per_second": 1200}},
    frames={
        "deal": {"of": {"system": "pod"}, "orders": "total", "within": "2025", "spend_usd": "1.2e6", "factor": "0.75"},
        "small": {
            "of": {"offer": "pod.buy"}, "orders": "2025q1", "within": "2025q1", "spend_usd": 0, "factor": "0.5",
            "signed": "true",
        },
    },
)  # fmt: skip

T = "2025q1"
# What spends all of 300,000 alone is of use under the deal, at the best step: 300,000 / (0.75 · 96,000) = 4.2,
# / (0.75 · 90,000) = 4.4, and of what is rented at 1.5 · 4 · 2,190 h = 13,140 a quarter 22.8 pods. Else three do the
# work. Together, which the steps and the minimum count: 3 + 5, 3 + 5 + 3 and 3 + 23.
FRAMED_MOST = {
    "pod.bulk": 3, "pod.bulk.deal": 5, "pod.buy": 3, "pod.buy.deal": 5, "pod.buy.small": 3,
    "pod.rent": 3, "pod.rent.deal": 23,
}  # fmt: skip
BY_HAND = ("pod.buy.small", "pod.buy.deal", "pod.buy")
"""In the order in which they fill the steps: half the price first, then three quarters, then all of it."""


def place(label: str) -> str:
    return "cloud" if label.startswith("pod.rent") else "oslo"


def at_step(step: int, *labels: str) -> str:
    return " + ".join(f"band({label},{T},{step})" for label in sorted(labels))


FRAMED_ROWS: dict[str, tuple[str, list[str]]] = {
    "orders_under_frame": (
        "Σ_s order(o.f,s,t) ≤ most(o.f,t) · sign(f)",
        [
            f"orders_under_frame({frame},{offer},{T}): order({offer}.{frame},{place(offer)},{T})"
            f" - {FRAMED_MOST[f'{offer}.{frame}']} sign({frame}) <= 0"
            for frame, offer in (("deal", "pod.bulk"), ("deal", "pod.buy"), ("deal", "pod.rent"), ("small", "pod.buy"))
        ],
    ),
    "spend_of_frame": (
        "Σ_{t in within} price and rent of the orders at its price + frame_shortfall(f) ≥ spend_usd · sign(f)",
        [  # in thousands of USD: three quarters of 120, 0.8 · 120, 100, 0.9 · 100 and 17.52
            f"spend_of_frame(deal): 90 band(pod.bulk.deal,{T},0) + 72 band(pod.bulk.deal,{T},1)"
            f" + 75 band(pod.buy.deal,{T},0) + 67.5 band(pod.buy.deal,{T},1) + frame_shortfall(deal)"
            f" + 13.14 order(pod.rent.deal,cloud,{T}) - 300 sign(deal) >= 0"
        ],
    ),
    "order_at_least_minimum": (
        "minimum_order_systems · orders_any(o,t) ≤ Σ_s order(o,s,t) ≤ most(o,t) · orders_any(o,t)",
        [
            f"order_at_least_minimum(pod.rent,{T},{end}): order(pod.rent,cloud,{T}) + order(pod.rent.deal,cloud,{T})"
            f" - {most} orders_any(pod.rent,{T}) {sense} 0"
            for end, most, sense in (("least", 2, ">="), ("most", 26, "<="))
        ],
    ),
    "buy_in_one_band": (
        "Σ_step band(o,t,step) = Σ_s order(o,s,t), and",
        [
            # all units: one step for all of them, each with its own price in it
            *(
                f"buy_in_one_band(pod.bulk,{T},{step},{end}): {at_step(step, 'pod.bulk', 'pod.bulk.deal')}"
                f" - {'' if count == 1 else f'{count} '}band_used(pod.bulk,{T},{step}) {sense} 0"
                for step, least, most in ((0, 1, 2), (1, 3, 8))
                for end, count, sense in (("least", least, ">="), ("most", most, "<="))
            ),
            f"buy_in_one_band(pod.bulk,{T},all): {at_step(0, 'pod.bulk')} + {at_step(1, 'pod.bulk')}"
            f" - order(pod.bulk,oslo,{T}) = 0",
            f"buy_in_one_band(pod.bulk,{T},one): band_used(pod.bulk,{T},0) + band_used(pod.bulk,{T},1) <= 1",
            f"buy_in_one_band(pod.bulk.deal,{T},all): {at_step(0, 'pod.bulk.deal')} + {at_step(1, 'pod.bulk.deal')}"
            f" - order(pod.bulk.deal,oslo,{T}) = 0",
            # incremental: the first two are those of `small`, as far as there are any, then those of `deal`
            *(
                f"buy_in_one_band({last},{T},{row}"
                for first, last in ((1, "pod.buy.small"), (2, "pod.buy.deal"), (3, "pod.buy"))
                for row in (
                    f"0,least): {at_step(0, *BY_HAND[:first])} - 2 band_used({last},{T},1) >= 0",
                    f"0,most): {at_step(0, *BY_HAND[:first])} - 2 band_used({last},{T},0) <= 0",
                    f"1,most): {at_step(1, *BY_HAND[:first])} - 9 band_used({last},{T},1) <= 0",
                    f"all): {at_step(0, last)} + {at_step(1, last)} - order({last},oslo,{T}) = 0",
                )
            ),
        ],
    ),
}  # fmt: skip
FRAMED_PRICES: dict[str, tuple[str, dict[tuple[str, int], float]]] = {
    "frame_usd": ("frame_shortfall(f)", {("frame_shortfall(deal)", 1): 1000}),
    "hardware_usd": (
        "price paid(t − l_o) · (deposit_share in t − l_o, 1 − deposit_share in t) · order(o,s,t)",
        {
            (f"band({label},{T},{step})", 1): usd
            for label, usds in {
                "pod.bulk": (120000, 96000), "pod.bulk.deal": (90000, 72000), "pod.buy": (100000, 90000),
                "pod.buy.deal": (75000, 67500), "pod.buy.small": (50000, 45000),
            }.items()
            for step, usd in enumerate(usds)
        },
    ),
    "rent_usd": (  # 4 chips for 2,190 h at 2 and at 1.5
        "usd_per_accelerator_hour(t − l_o) · a_o · H · cohorts in service",
        {(f"order(pod.rent,cloud,{T})", 1): 17520, (f"order(pod.rent.deal,cloud,{T})", 1): 13140},
    ),
}  # fmt: skip
FRAMED_BOUNDS: dict[str, dict[str, float]] = {
    "order": {f"order({label},{place(label)},{T})": most + 1 for label, most in FRAMED_MOST.items()},
    "frame_shortfall": {"frame_shortfall(deal)": 300.0},
    "band": {
        f"band({label},{T},{step})": most
        for labels, widths in ((("pod.bulk", "pod.bulk.deal"), (2, 8)), (BY_HAND, (2, 9)))
        for label in labels
        for step, most in enumerate(widths)
    },
    "band_used": {f"band_used({label},{T},{step})": 1 for label in ("pod.bulk", *BY_HAND) for step in (0, 1)},
}
