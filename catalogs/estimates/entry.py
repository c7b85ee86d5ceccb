"""The file of a new accelerator that is like another: what is stated, what a rule gives, what is only copied."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from catalogs.estimates.like import Estimated, Sheet

UNACCEPTED = (
    "# Nothing is bought at a price that is made up. Take the # away, below the cites too, to accept the estimate, or",
    "# write your own price_usd, and who quoted it.",
)


def entry_file(found: Estimated, sheet: Sheet, like: str, neighbour: str, year: int) -> str:
    """The YAML of the accelerator, its system, a purchase without a price, its rates, sources and cites.

    The offer stands there switched off, unless there is a quote or the estimate was accepted: no plan buys at a price
    that nobody has taken for good.
    """
    lines = [
        f"# {sheet.entry}, as {neighbour} in {like}: estimated by the rules of docs/estimates.md where its data sheet",
        "# says nothing. Replace what you know better; `chipmix catalog check` says what is wrong.",
        *_accelerator(found, year),
        *_system(found, sheet),
        *_offers(found, sheet, year),
        *_throughput(found),
        *_evidence(sheet, like),
    ]
    return "\n".join(lines) + "\n"


def _accelerator(found: Estimated, year: int) -> Iterator[str]:
    chip = found.chip
    yield "accelerator:"
    yield f"  id: {chip.id}"
    yield f"  name: {json.dumps(chip.name)}"
    yield f"  vendor: {chip.vendor}"
    yield f"  kind: {chip.kind}"
    yield f"  stack: {chip.stack}   # the software its work must be ported to"
    yield f"  announced: {year}"
    for field in ("memory_gb", "memory_bandwidth_tb_s", "tdp_w"):
        if getattr(chip, field) is not None:
            yield f"  {field}: {getattr(chip, field):f}"
    yield f"  peak_tflops: {_flow(chip.peak_tflops)}   # dense, per accelerator"
    if chip.draws:
        yield f"  draws: {_flow(chip.draws)}"


def _system(found: Estimated, sheet: Sheet) -> Iterator[str]:
    system = found.system
    yield "systems:"
    yield f"  {sheet.entry}_server:"
    yield f"    name: {json.dumps(system.name)}"
    yield f"    accelerators: {system.accelerators}"
    yield f"    provisioned_kw: {system.provisioned_kw:f}   # IT load a site must reserve: rule 1"
    yield f"    average_kw: {system.average_kw:f}   # IT load the meter sees in service: rule 1"
    yield f"    cooling: {system.cooling}"
    yield f"    racks: {system.racks:f}"


def _offers(found: Estimated, sheet: Sheet, year: int) -> Iterator[str]:
    off = "" if sheet.is_sold else "#"
    price = sheet.price_usd if sheet.price_usd is not None else found.price_usd
    rule = "" if sheet.price_usd is not None else ": rule 2" if found.price_usd is not None else ": your quote"
    if off:
        yield from UNACCEPTED
    yield f"{off}offers:"
    yield f"{off}  {sheet.entry}_server.purchase:"
    yield f"{off}    system: {sheet.entry}_server"
    yield f"{off}    route: purchase"
    yield f"{off}    price_usd: {{{year}: {'' if price is None else f'{price:.0f}'}}}   # per system{rule}"
    if found.purchase is not None:
        yield f"{off}    lead_time_months: {found.purchase.lead_time_months}"
        if found.purchase.network_usd:
            yield f"{off}    network_usd: {found.purchase.network_usd:f}"


def _throughput(found: Estimated) -> Iterator[str]:
    if found.rates:
        yield "throughput:   # rule 7: the neighbour's share of the roofline"
    for workload, points in found.rates.items():
        yield f"  {workload}:"
        for point in points:
            evidence = f"basis: {point.basis}, source: {point.source}"
            yield f"    - {{rate: {point.rate:f}, precision: {point.precision}, {evidence}}}"
    for workload, why in found.without.items():
        yield f"# Without a rate: {workload}: {why}."


def _evidence(sheet: Sheet, like: str) -> Iterator[str]:
    entry, copied = sheet.entry, f"{sheet.entry}_as_{like}"
    stated = {"memory_gb": sheet.memory_gb, "memory_bandwidth_tb_s": sheet.bandwidth_tb_s, "tdp_w": sheet.tdp_w,
              "peak_tflops": sheet.peak_tflops}  # fmt: skip
    yield "sources:"
    yield f'  {copied}: {{title: "Assumption: as {like}, until it is replaced"}}'
    if any(stated.values()):
        address = f", url: {json.dumps(sheet.url)}" if sheet.url else ""
        yield f"  {entry}_data_sheet: {{title: {json.dumps(f'Data sheet of {sheet.name}')}{address}}}"
    yield "cites:"
    yield f"  {entry}: {{source: {copied}, basis: estimated}}"
    for field in (field for field, value in stated.items() if value):
        yield f"  {entry}.{field}: {{source: {entry}_data_sheet, basis: vendor}}"
    yield f"  {entry}_server: {{source: {copied}, basis: estimated}}"
    for field in ("provisioned_kw", "average_kw"):
        yield f"  {entry}_server.{field}: {{source: rule_power, basis: estimated}}"
    off, priced = "" if sheet.is_sold else "#", f"{entry}_server.purchase.price_usd"
    yield f"  {off}{entry}_server.purchase: {{source: {copied}, basis: estimated}}"
    if sheet.price_usd is not None:
        yield f"  {priced}: {{basis: unsourced}}   # or {{source: ID, basis: quoted}}, its source with a date"
    else:
        yield f"  {off}{priced}: {{source: rule_price, basis: estimated}}"


def _flow(figures: Mapping[Any, Decimal]) -> str:
    return "{" + ", ".join(f"{key}: {value:f}" for key, value in figures.items()) + "}"
