"""Which points of a throughput count on a system, and why none does where none does."""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterator, Sequence

from catalogs.leaves import points_in
from catalogs.memory import misfit
from catalogs.problems import Problem
from catalogs.schema import Catalog, Throughput
from catalogs.validate import Sound, dotted

UNSTATED = "an unstated precision"
Rule = tuple[Callable[[Throughput], bool], Callable[[Sequence[Throughput]], str]]
"""What a point has to be, and what is said of points of which none is."""


def reached(
    catalog: Catalog,
    system: str,
    workload: str,
    precisions: Collection[str] | None = None,
    bases: Collection[str] | None = None,
) -> tuple[tuple[Throughput, ...], str]:
    """The points that count on a system, or none and why: of an accepted precision and basis, and within its reach.

    None for precisions or bases accepts all of them. The rule that leaves no point tells why, of those left before it.
    """
    points = catalog.points(catalog.systems[system].accelerator, workload)
    return _sifted(points, [_precision(precisions), _basis(bases), *_reach(catalog, system, workload)])


def _sifted(points: tuple[Throughput, ...], rules: Sequence[Rule]) -> tuple[tuple[Throughput, ...], str]:
    for keeps, why in rules:
        kept = tuple(filter(keeps, points))
        if points and not kept:
            return (), why(points)
        points = kept
    return points, ""


def _precision(accepted: Collection[str] | None) -> Rule:
    """A point without a precision is in none that is asked for."""

    def why(points: Sequence[Throughput]) -> str:
        found = " or ".join(sorted({point.precision or UNSTATED for point in points}))
        return f"its throughput is in {found}, which is not accepted (precisions)"

    return lambda point: accepted is None or point.precision in accepted, why


def _basis(accepted: Collection[str] | None) -> Rule:
    def why(points: Sequence[Throughput]) -> str:
        return f"its throughput is {' or '.join(sorted({point.basis for point in points}))}, which is not accepted"

    return lambda point: accepted is None or point.basis in accepted, why


def _reach(catalog: Catalog, system: str, workload: str) -> tuple[Rule, Rule]:
    """A system has to hold as many accelerators as reached the point together, and the workload."""
    holds = catalog.systems[system].accelerators

    def few(points: Sequence[Throughput]) -> str:
        return f"its throughput takes {min(point.together for point in points)} accelerators together, it has {holds}"

    def small(points: Sequence[Throughput]) -> str:
        found = [why for point in points if (why := misfit(catalog, system, workload, point)) is not None]
        return str(min(found, key=lambda why: (why.takes_gb, why.precision)))

    return (
        (lambda point: point.together <= holds, few),
        (lambda point: misfit(catalog, system, workload, point) is None, small),
    )


def rates_of_no_use(catalog: Catalog, text: Sound, asked: Container[tuple[str, str]]) -> Iterator[Problem]:
    """Points of some accelerators on some workloads that no system reaches: somebody claims what cannot run."""
    for where, entry, at in points_in(text):
        _, accelerator, workload, *_ = where
        if (accelerator, workload) not in asked:
            continue
        point = Throughput.model_validate(entry)
        systems = sorted(key for key, system in catalog.systems.items() if system.accelerator == accelerator)
        small = [_sifted((point,), _reach(catalog, system, workload))[1] for system in systems]
        if systems and all(small):
            why = "; ".join(f"{system}: {each}" for system, each in zip(systems, small, strict=True))
            yield Problem(at, f"{dotted(where)}: no system of {accelerator} can do it ({why})")
