"""A catalogue folder with a workload of one's own: what it takes, and what each accelerator does on it."""

from __future__ import annotations

from catalogs.estimates.packages import CACHE_BYTES
from catalogs.estimates.rounding import rounded
from catalogs.own_work.estimate import Asked, Estimate, Rate

SOURCE = "roofline_estimate"
RESTS_ON = {
    "accelerator": "",
    "vendor": "no rate of it was measured: as its vendor's others",
    "estimates": "no rate of it was measured: as efficient as the catalogue estimates it",
    "all": "neither it nor its vendor was measured: as the others on average",
}


def overlay_files(found: Estimate) -> dict[str, str]:
    """The YAML files of a folder on top of the bundled catalogue, by name: the workload, and one an accelerator."""
    files = {f"{found.asked.name}.yaml": _workload_file(found)}
    for accelerator, rates in found.rates.items():
        lines = _throughput(found.asked, accelerator, rates)
        files[f"{accelerator}.yaml"] = "\n".join(lines) + "\n"
    return files


def _workload_file(found: Estimate) -> str:
    lines = [
        f"# {found.asked.name}: rates estimated by `chipmix workload add`, from a roofline fitted to measured rates.",
        "# docs/estimates.md, rule 9, says how, and how far off they may be. Replace those that you measure yourself.",
        *(f"# Note: {doubt}." for doubt in found.doubts),
        *(f"# Without a rate: {accelerator}: {why}." for accelerator, why in found.without.items()),
        "workloads:",
        *_workload(found.asked),
        *_sources(found.asked),
    ]
    return "\n".join(lines) + "\n"


def _workload(asked: Asked) -> list[str]:
    model = asked.model
    memory = ", ".join(f"{precision}: {rounded(model.memory_gb(precision)):g}" for precision in CACHE_BYTES)
    size = f"{model.parameters_bn:g}B parameters"
    active = f", {model.active_bn:g}B active" if model.active_bn < model.parameters_bn else ""
    tokens = f"{model.prompt_tokens:g} tokens in and {model.answer_tokens:g} out"
    return [
        f"  {asked.name}:",
        "    unit: token/s",
        "    phase: serving",
        f"    describes: Output tokens of a model of {size}{active}; {tokens}, {asked.user:g} tokens/s per user",
        f"    memory_gb: {{{memory}}}",
    ]


def _throughput(asked: Asked, accelerator: str, rates: list[Rate]) -> list[str]:
    why = RESTS_ON[rates[0].factor.rests_on]
    lines = [*([f"# {why[0].upper()}{why[1:]}."] if why else []), "accelerator:", f"  id: {accelerator}"]
    lines += ["throughput:", f"  {asked.name}:"]
    for rate in rates:
        together = f"accelerators: {rate.group.accelerators}, " if rate.group.accelerators > 1 else ""
        lines.append(
            f"    - {{rate: {rate.group.rate:g}, precision: {rate.precision}, {together}"
            f"basis: estimated, source: {SOURCE}}}"
        )
    return lines


def _sources(asked: Asked) -> list[str]:
    return [
        "sources:",
        f"  {SOURCE}:",
        '    title: "Estimate: roofline calibrated on measured rates of other models"',
        '    note: "Rule 9 of docs/estimates.md."',
        "cites:",
        f"  {asked.name}.memory_gb: {{source: {SOURCE}, basis: estimated}}",
    ]
