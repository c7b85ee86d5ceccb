"""The shape of a price list: which column holds what, and which system an accelerator of the list is in.

Two shapes are built in, those of SkyPilot's and gpuhunt's catalogues; a file of the user's has the same form, and its
rules go before the built-in ones.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from importlib.resources import files
from pathlib import Path
from typing import Literal

from catalogs.problems import InputError, Location, Problem, Problems, suggestion
from catalogs.schema import Catalog, Frozen
from catalogs.validate import accepted
from catalogs.values import Count, Id, Name, Positive
from catalogs.yaml_text import Map, parse, read

SHAPES = ("skypilot", "gpuhunt")
NEAR = 0.05
"""Lists give memory in GB or GiB: so far off, as a share, it is still the same."""


class Columns(Frozen):
    """The names of the columns. Prices are in USD an hour; a `spot` column says true or false of its row's price."""

    instance: Name
    accelerator: Name
    count: Name
    usd_per_hour: Name
    spot_usd_per_hour: Name | None = None
    spot: Name | None = None
    region: Name | None = None
    provider: Name | None = None
    memory_gb: Name | None = None

    @property
    def needed(self) -> tuple[str, ...]:
        return self.instance, self.accelerator, self.count, self.usd_per_hour

    @property
    def all(self) -> tuple[str, ...]:
        return tuple(name for name in self.model_dump().values() if name is not None)


class Rule(Frozen):
    """An accelerator of the list, by pattern, is in this system; without one the catalogue has none.

    `memory_gb` is that of one accelerator. With `cores_per_accelerator` the number that ends the accelerator's name
    is of cores: `tpu-v5p-8` holds 4 chips of 2 cores.
    """

    accelerator: Name
    instance: Name | None = None
    memory_gb: Positive | None = None
    cores_per_accelerator: Count | None = None
    system: Id | None = None

    def fits(self, accelerator: str, instance: str, memory_gb: float | None) -> bool:
        """Whether the rule is of such a row; case does not matter."""
        same = fnmatchcase(accelerator.lower(), self.accelerator.lower())
        there = self.instance is None or fnmatchcase(instance.lower(), self.instance.lower())
        return same and there and (self.memory_gb is None or self._holds(memory_gb, float(self.memory_gb)))

    @staticmethod
    def _holds(found: float | None, asked: float) -> bool:
        return found is not None and abs(found - asked) <= NEAR * asked


class Shape(Frozen):
    """Columns, what a price is of, and rules; without columns, those of the built-in shape that the header has."""

    columns: Columns | None = None
    price_is_per: Literal["instance", "accelerator"] = "instance"
    systems: tuple[Rule, ...] = ()


def built_in(name: str) -> Shape:
    """A shape that ships, or the rules that all of them share."""
    file = f"{name}.yaml"
    text = files("optimizer.price_lists").joinpath(file).read_text(encoding="utf-8")
    return _shape(parse(text, file))


def own_shape(path: Path, known: Catalog) -> Shape:
    """The shape in a file. Raises InputError with every mistake; systems that the catalogue lacks are such."""
    tree = read(path)
    shape, problems = _shape(tree), Problems()
    for i, rule in enumerate(shape.systems):
        if rule.system is not None and rule.system not in known.systems:
            hint = suggestion(rule.system, known.systems)
            problems.append(Problem(tree["systems"].item_at[i], f"there is no system '{rule.system}'{hint}"))
    if problems:
        raise InputError(problems)
    return shape


def _shape(tree: Map) -> Shape:
    problems = Problems()
    shape, _ = accepted(Shape, tree, (), problems)
    if shape is None:
        raise InputError(problems)
    return shape


def columns_of(path: Path, header: list[str], own: Shape) -> Columns:
    """The columns of a list: the user's own, or those of the built-in shape that its header has."""
    if own.columns is not None:
        return own.columns
    shapes = [columns for name in SHAPES if (columns := built_in(name).columns) is not None]
    for columns in shapes:
        if set(columns.needed) <= set(header):
            return columns
    forms = " or ".join(", ".join(columns.needed) for columns in shapes)
    message = f"the header names neither {forms}; say with --map which column is which"
    raise InputError([Problem(Location(str(path), 1, 1), message)])


def rules_of(own: Shape) -> tuple[Rule, ...]:
    """All rules, the user's first."""
    return (*own.systems, *built_in("systems").systems)
