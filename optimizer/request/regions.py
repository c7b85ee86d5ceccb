"""What sites leave to their region: its tariffs and PUE, read into the text of the scenario before it is checked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from catalogs.problems import Problem, Problems, suggestion
from catalogs.schema import Catalog
from catalogs.validate import Sound
from catalogs.yaml_text import ANY, Map, Text
from optimizer.request.scenario import Scenario
from optimizer.request.site import OF_A_REGION


def fill_from_regions(tree: Map, known: Sound, problems: Problems) -> None:
    """Puts into each site with a region what the region says and the site does not. What neither says stays absent.

    Where a region is not known, nobody can tell what its site has.
    """
    sites = tree.get("sites")
    for name, site in sites.items() if isinstance(sites, Map) else ():
        region = site.get("region") if isinstance(site, Map) else None
        if isinstance(region, Text):
            _fill(str(name), site, region, known["tariffs"], problems)


def _fill(name: str, site: Map, region: Text, tariffs: Map, problems: Problems) -> None:
    given = tariffs.get(region)
    if not isinstance(given, Map):
        site.refused |= set(OF_A_REGION)
        if not {region, ANY} & tariffs.refused:
            message = f"sites.{name}.region: there is no region '{region}'{suggestion(region, tariffs)}"
            problems.append(Problem(region.at, message))
        return
    site.refused |= given.refused & set(OF_A_REGION)
    for field in OF_A_REGION:
        if field in given and field not in site and field not in site.refused:
            site.put(field, given[field], given.key_at[field])


def with_regions_of(catalog: Catalog, scenario: Scenario) -> Catalog:
    """A catalogue for a scenario: of the tariffs only those of its sites' regions, and what these cite."""
    named = {site.region for site in scenario.sites.values() if site.region}
    others = set(catalog.tariffs or {}) - named
    theirs = {key for key in catalog.cites if others & {key, key.rpartition(".")[0]}}
    cites = {key: cite for key, cite in catalog.cites.items() if key not in theirs}
    used = {cite.source for cite in cites.values()}
    used |= {p.source for rates in catalog.throughput.values() for points in rates.values() for p in points}
    only_theirs = {catalog.cites[key].source for key in theirs} - used
    sources = {key: source for key, source in catalog.sources.items() if key not in only_theirs}
    tariffs = {key: region for key, region in (catalog.tariffs or {}).items() if key in named}
    return catalog.model_copy(update={"tariffs": tariffs or None, "cites": cites, "sources": sources})


class OfRegion(NamedTuple):
    """A figure of a site that is its region's, and what it rests on."""

    site: str
    words: str

    @property
    def path(self) -> tuple[str, str, str]:
        return ("sites", self.site, "region")

    def __str__(self) -> str:
        return f"sites.{self.site}.region: {self.words}"


def of_regions(scenario: Scenario, catalog: Catalog) -> Iterator[OfRegion]:
    """Which figures of sites are their regions', each with its source."""
    for name, site in sorted(scenario.sites.items()):
        region = (catalog.tariffs or {}).get(site.region) if site.region else None
        for field in OF_A_REGION if region else ():
            figure = getattr(region, field)
            if figure is not None and figure == getattr(site, field):
                rests = _source(catalog, site.region, field)
                yield OfRegion(name, f"{field} is that of the region {site.region}{rests}")


def _source(catalog: Catalog, region: str | None, field: str) -> str:
    cite = catalog.cite(str(region), field)
    source = catalog.sources.get(cite.source or "") if cite else None
    dated = f", {source.date}" if source and source.date else ""
    return f" ({cite.basis}: {source.title}{dated})" if cite and source else ""
