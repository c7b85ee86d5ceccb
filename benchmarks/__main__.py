"""All comparisons in one run, as one table: the seconds of each peer, and how many times those of chipmix; and growth.

    python -m benchmarks [--quick] [--write]

`--quick` takes the smallest two sizes and one case of Mélange, and leaves out growth. `--write` puts the tables and the
plot into docs/speed.md. What-ifs, which take all cores and the time of the clock, are `benchmarks.what_ifs`.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks import growth, melange
from benchmarks.instances import size_of
from benchmarks.search import OURS, PEERS, SIZES, Measured, compared

PAGE = Path(__file__).parent.parent / "docs" / "speed.md"
GAP, MOST = 1e-3, 60.0
QUICK = 2


def rows(quick: bool) -> Iterator[tuple[str, dict[str, Measured]]]:
    """What is solved, and what each peer reached."""
    for text in SIZES[:QUICK] if quick else SIZES:
        yield text, compared(size_of(text), GAP, MOST)
    yield from melange.rows(count=1 if quick else None)


def cell(found: dict[str, Measured], peer: str) -> str:
    """The seconds of a peer and how many times those of chipmix; where the gap was not reached, how far its plan is."""
    if peer not in found:
        return "–"
    (cost, reached), seconds = found[peer]
    told = f"{seconds:.2f}" if seconds < 10 else f"{seconds:.0f}"
    if peer != OURS:
        told += f" ({seconds / found[OURS].seconds:.1f})"
    if reached:
        return told
    best = min(one.answer.cost for one in found.values())
    return f"{told}, " + (f"stopped, +{cost / best - 1:.2%}" if cost < float("inf") else "stopped without a plan")


def table(found: Iterator[tuple[str, dict[str, Measured]]]) -> str:
    lines = ["| problem | " + " | ".join(PEERS) + " |", "|---" * (len(PEERS) + 1) + "|"]
    for name, peers in found:
        lines.append(f"| {name} | " + " | ".join(cell(peers, peer) for peer in PEERS) + " |")
        print(lines[-1], file=sys.stderr, flush=True)
    return "\n".join(lines)


def write(name: str, text: str, page: Path = PAGE) -> None:
    """Puts a text into a page, between the marks of that name."""
    begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
    content = page.read_text("utf-8")
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    changed, count = pattern.subn(lambda _: f"{begin}{text}\n{end}", content)
    if count != 1:
        raise ValueError(f"{page} has no marks {begin.strip()} … {end.strip()}")
    page.write_text(changed, "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description="All comparisons in one run, as one table.")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    text = table(rows(given.quick))
    print(text)
    if given.write:
        write("comparison", text)
    if not given.quick:
        show_growth(given.write)


def show_growth(written: bool) -> None:
    found = growth.grown()
    text = growth.table(found)
    print("", text, sep="\n")
    if written:
        write("growth", text)
        growth.plot(found, PAGE.parent / "growth.svg")


if __name__ == "__main__":
    main()
