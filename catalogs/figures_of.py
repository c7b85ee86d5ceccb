"""The figures of a catalogue's text by their paths (section, entry, field), and whose they are."""

from __future__ import annotations

from collections.abc import Iterator

from catalogs.validate import Sound
from catalogs.yaml_text import Map

SECTIONS = ("accelerators", "systems", "offers", "throughput", "workloads", "tariffs")


def every_figure(text: Sound) -> frozenset[tuple[str, ...]]:
    """The paths of all figures."""
    return frozenset(_figures(text))


def figures_not_of(text: Sound, files: tuple[str, ...]) -> frozenset[tuple[str, ...]]:
    """The paths of the figures that something else has the last say in than files whose names begin so."""
    return frozenset(
        path for path in _figures(text) if not text[path[0]][path[1]].key_at[path[2]].file.startswith(files)
    )


def _figures(text: Sound) -> Iterator[tuple[str, ...]]:
    for section in SECTIONS:
        for entry, fields in text[section].items():
            for field in fields if isinstance(fields, Map) else ():
                yield section, entry, field
