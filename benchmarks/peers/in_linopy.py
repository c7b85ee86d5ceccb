"""The plain model in linopy: arrays over named dimensions, masked where a combination is not eligible; HiGHS solves.

What is in service is a sum over all periods of order: `there` says, for each offer, whether what is ordered for one
period is still there in another.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import linopy
import numpy as np
import pandas as pd
import xarray as xr

from benchmarks.peers.plain import NOTHING, Answer, Plain


def solved(plain: Plain, gap: float, seconds: float) -> Answer:
    """Builds and solves the plain model."""
    options: dict[str, Any] = {
        "threads": 1,
        "parallel": "off",
        "mip_rel_gap": gap,
        "time_limit": float(seconds),
        "output_flag": False,
    }
    with linopy.options:
        linopy.options["semantics"] = "v1"
        model = Stated(plain).model
        status, condition = model.solve(solver_name="highs", io_api="direct", **options)
    if model.objective.value is None or not np.isfinite(model.objective.value):
        return NOTHING
    return Answer(float(model.objective.value), (status, condition) == ("ok", "optimal"))


class Stated:
    """The model with its arrays, which all have whole dimensions: linopy aligns by label."""

    def __init__(self, plain: Plain) -> None:
        self.plain, self.model = plain, linopy.Model(force_dim_names=True)
        self.labels = {
            "offer": sorted({o.offer for o in plain.orders}),
            "system": sorted({y for y, _, _ in plain.standing}),
            "place": sorted({s for _, s, _ in plain.standing}),
            "demand": sorted({w for w, _ in plain.unmet}),
            "accelerator": sorted({a for a, _ in plain.engineer}),
            "t": list(plain.periods),
            "ordered": list(plain.periods),
        }
        most = self.array({(o.offer, o.place, o.t): o.most for o in plain.orders}, "offer", "place", "t")
        self.order = self.model.add_variables(0, most.fillna(0), name="order", mask=most.notnull(), integer=True)
        self.orders = self.order.fillna(0)
        in_service = self._in_service()
        cost = self._work(in_service) + self._costs(in_service)
        self._limits(in_service)
        self.model.add_objective(cost + self._engineering() if plain.engineer else cost)

    def array(self, figures: Mapping[Any, float], *dims: str) -> xr.DataArray:
        """Figures by key as an array with a dimension for each part of the key; not a number where there is none."""
        index = pd.MultiIndex.from_tuples(list(figures), names=dims)
        found = pd.Series(list(figures.values()), index=index).sort_index().to_xarray()
        return found.reindex({dim: self.labels[dim] for dim in dims})

    def _in_service(self) -> linopy.LinearExpression:
        """What is in service, by system: the orders of its offers that are there."""
        stays = {(o.offer, o.t, t): 1.0 for o in self.plain.orders for t in range(o.t, o.last + 1)}
        there = self.array(stays, "offer", "ordered", "t").fillna(0)
        system_of = {o.offer: o.system for o in self.plain.orders}
        systems = [system_of[offer] for offer in self.labels["offer"]]
        present = (self.order.rename(t="ordered").fillna(0) * there).sum("ordered")
        return present.groupby(xr.DataArray(systems, coords={"offer": self.labels["offer"]}, name="system")).sum()

    def _work(self, in_service: linopy.LinearExpression) -> linopy.LinearExpression:
        """Work within what is in service, and demands served or left unmet; returns what that costs."""
        plain, add = self.plain, self.model.add_constraints
        does = self.array(plain.works, "system", "place", "demand", "t")
        run = self.model.add_variables(0, name="run", coords=does.coords, mask=does.notnull()).fillna(0)
        usd = self.array(plain.unmet, "demand", "t")
        unmet = self.model.add_variables(0, 1, name="unmet", coords=usd.coords, mask=usd.notnull()).fillna(0)
        working = does.notnull().any("demand")
        add(run.sum("demand") <= plain.availability * in_service, name="run_within_service", mask=working)
        done = (run * does.fillna(0)).sum(["system", "place"])
        add(done + unmet >= 1, name="serve", mask=usd.notnull())
        return (unmet * usd.fillna(0)).sum()

    def _limits(self, in_service: linopy.LinearExpression) -> None:
        plain, add = self.plain, self.model.add_constraints
        for resource in sorted({key[0] for key in plain.room}):
            uses = {key[1:]: use for key, use in plain.uses.items() if key[0] == resource}
            rooms = {key[1:]: most for key, most in plain.room.items() if key[0] == resource}
            drawn = (in_service * self.array(uses, "system", "place", "t").fillna(0)).sum("system")
            room = self.array(rooms, "place", "t")
            add(drawn <= room.fillna(0), name=f"{resource}_within_site", mask=room.notnull())
        supply = self.array(plain.supply, "offer", "t")
        add(self.orders.sum("place") <= supply.fillna(0), name="within_supply", mask=supply.notnull())

    def _costs(self, in_service: linopy.LinearExpression) -> linopy.LinearExpression:
        orders = self.array({(o.offer, o.place, o.t): o.usd for o in self.plain.orders}, "offer", "place", "t")
        standing = self.array(self.plain.standing, "system", "place", "t")
        return (self.orders * orders.fillna(0)).sum() + (in_service * standing.fillna(0)).sum()

    def _engineering(self) -> linopy.LinearExpression:
        """One-offs before the orders that wait for them; returns what they cost."""
        usd = self.array(self.plain.engineer, "accelerator", "t").rename(t="started")
        engineer = self.model.add_variables(name="engineer", coords=usd.coords, binary=True)
        most = self.array({(one.offer, one.t): one.most for one in self.plain.one_offs}, "offer", "t")
        in_time = {
            (one.offer, one.t, one.accelerator, tau): float(tau <= one.by)
            for one in self.plain.one_offs
            for tau in self.plain.periods
        }
        done = self.array(in_time, "offer", "t", "accelerator", "ordered").rename(ordered="started")
        started = (engineer * done.fillna(0)).sum(["accelerator", "started"])
        entering = self.orders.sum("place") - started * most.fillna(0)
        self.model.add_constraints(entering <= 0, name="engineer_before_order", mask=most.notnull())
        return (engineer * usd).sum()
