"""The plain model in PyPSA, as far as PyPSA can say it: a network with multi-period investment; HiGHS solves.

An order is a generator of whole modules with a build year and a lifetime, on a bus for its system and place; work is a
link from there to the bus of its demand, whose efficiency is the part of the demand that a system does; unmet work is a
generator at the demand. PyPSA has no words for what systems of several kinds take of a site together (power, cooling
and racks, each with its own weight), for a limit on what is built anew over several places, nor for a one-off that
others wait for: these are added to its model in linopy.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pypsa
import xarray as xr

from benchmarks.peers.plain import NOTHING, Answer, Plain
from optimizer.request.resources import RESOURCES

Entry = tuple[str, int, float]
"""A row, the number of an order, and what one system of it counts there."""


def solved(plain: Plain, gap: float, seconds: float) -> Answer:
    """Builds and solves the plain model."""
    for told in ("pypsa", "linopy"):
        logging.getLogger(told).setLevel(logging.ERROR)
    pypsa.options.api.legacy_string_dtype = True  # or it warns
    network = stated(plain)
    options = {"threads": 1, "parallel": "off", "mip_rel_gap": gap, "time_limit": float(seconds), "output_flag": False}
    status, condition = network.optimize(
        multi_investment_periods=True,
        solver_name="highs",
        io_api="direct",
        solver_options=options,
        extra_functionality=_more(plain),
        include_objective_constant=False,
    )
    cost = network.model.objective.value
    if cost is None or not np.isfinite(cost):
        return NOTHING
    return Answer(float(cost), (status, condition) == ("ok", "optimal"))


def stated(plain: Plain) -> pypsa.Network:
    """What PyPSA can say of the model."""
    network = pypsa.Network()
    network.set_snapshots(pd.MultiIndex.from_product([plain.periods, [1]], names=["period", "timestep"]))
    network.investment_periods = list(plain.periods)
    network.investment_period_weightings.loc[:, ["objective", "years"]] = 1.0
    demands = sorted({demand for demand, _ in plain.unmet})
    stands = sorted({(system, place) for system, place, _ in plain.standing})
    network.add("Bus", [*demands, *(f"{system} {place}" for system, place in stands)])
    orders = plain.orders
    network.add(
        "Generator",
        [f"order {i}" for i in range(len(orders))],
        bus=[f"{o.system} {o.place}" for o in orders],
        p_nom_extendable=True,
        p_nom_mod=1.0,
        p_nom_max=[o.most for o in orders],
        p_max_pu=plain.availability,
        build_year=[o.t for o in orders],
        lifetime=[float(o.last - o.t + 1) for o in orders],
        capital_cost=[_usd(plain, i) / (o.last - o.t + 1) for i, o in enumerate(orders)],
    )
    _add_work(network, plain)
    _add_demands(network, plain, demands)
    return network


def _usd(plain: Plain, number: int) -> float:
    """The cost of an order with that of being in service; PyPSA charges it by active period."""
    order = plain.orders[number]
    there = ((order.system, order.place, t) for t in range(order.t, order.last + 1))
    return order.usd + sum(plain.standing[key] for key in there)


def _add_work(network: pypsa.Network, plain: Plain) -> None:
    runs = sorted({key[:3] for key in plain.works})
    names = [" ".join(run) for run in runs]
    does = pd.DataFrame(0.0, network.snapshots, names)
    for (system, place, demand, t), part in plain.works.items():
        does.loc[(t, 1), f"{system} {place} {demand}"] = part
    network.add(
        "Link",
        names,
        bus0=[f"{system} {place}" for system, place, _ in runs],
        bus1=[demand for _, _, demand in runs],
        p_nom=1.0 / does.where(does > 0).min().to_numpy(),  # no more than does all of the demand
        p_max_pu=(does > 0).astype(float),
        efficiency=does,
    )


def _add_demands(network: pypsa.Network, plain: Plain, demands: list[str]) -> None:
    asked, usd = (pd.DataFrame(0.0, network.snapshots, demands) for _ in range(2))
    for (demand, t), cost in plain.unmet.items():
        asked.loc[(t, 1), demand], usd.loc[(t, 1), demand] = 1.0, cost
    network.add("Load", demands, suffix=" asked", bus=demands, p_set=asked.add_suffix(" asked"))
    network.add("Generator", demands, suffix=" unmet", bus=demands, p_nom=1.0, marginal_cost=usd.add_suffix(" unmet"))


def _more(plain: Plain) -> Callable[[pypsa.Network, Any], None]:
    """What PyPSA cannot say: site limits, supply and one-offs, in linopy on its model."""
    takes = [
        (f"{resource.name} {order.place} {t}", i, plain.uses[resource.name, order.system, order.place, t])
        for i, order in enumerate(plain.orders)
        for t in range(order.t, order.last + 1)
        for resource in RESOURCES
        if (resource.name, order.system, order.place, t) in plain.uses
    ]
    entering = [(f"{order.offer} {order.t}", i, 1.0) for i, order in enumerate(plain.orders)]

    def add(network: pypsa.Network, _: Any) -> None:
        model = network.model
        order = model["Generator-p_nom"]
        room = pd.Series({" ".join(map(str, key)): most for key, most in plain.room.items()})
        model.add_constraints(_total(order, takes) <= _by_row(room), name="within_site")
        supply = pd.Series({f"{offer} {t}": most for (offer, t), most in plain.supply.items()})
        limited = [entry for entry in entering if entry[0] in supply.index]
        model.add_constraints(_total(order, limited) <= _by_row(supply), name="within_supply")
        if plain.engineer:
            _add_engineering(model, plain, order, entering)

    return add


def _total(order: Any, entries: list[Entry]) -> Any:
    """Σ weight · order, by row."""
    rows, numbers, weights = zip(*entries, strict=True)
    picked = order.sel(name=xr.DataArray([f"order {i}" for i in numbers], dims="entry"))
    return (picked * xr.DataArray(list(weights), dims="entry")).groupby(_row(list(rows))).sum()


def _row(rows: list[str]) -> xr.DataArray:
    return xr.DataArray(rows, dims="entry", name="row")


def _by_row(most: pd.Series) -> xr.DataArray:
    return xr.DataArray(most.sort_index().rename_axis("row"))


def _add_engineering(model: Any, plain: Plain, order: Any, entering: list[Entry]) -> None:
    keys = list(plain.engineer)
    index = pd.Index([f"{accelerator} {t}" for accelerator, t in keys], name="one_off")
    engineer = model.add_variables(coords=[index], binary=True, name="engineer")
    ones = {f"{one.offer} {one.t}": one for one in sorted(plain.one_offs, key=lambda one: f"{one.offer} {one.t}")}
    waiting = _total(order, [entry for entry in entering if entry[0] in ones])
    done = [[one.most * (key[0] == one.accelerator and key[1] <= one.by) for key in keys] for one in ones.values()]
    started = (engineer * xr.DataArray(done, coords=[pd.Index(list(ones), name="row"), index])).sum("one_off")
    model.add_constraints(waiting - started <= 0, name="engineer_before_order")
    usd = xr.DataArray(list(plain.engineer.values()), coords=[index])
    model.objective = model.objective.expression + (engineer * usd).sum()
