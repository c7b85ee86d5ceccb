"""What this program says, in another language: one table of texts and of templates with holes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

import yaml

from optimizer.workbook.writing.styles import FONT

Language = Literal["en", "ja"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
ENGLISH: Language = "en"
"""The language in which every sheet is written."""
HOLE = re.compile(r"\{(\w*)\}")
"""`{}` or `{name}` takes what was given, numbers and periods; `{words}`, `{words2}` … takes words with an entry."""
OWN = "words"
_LETTER = re.compile(r"[^\W\d_]")
_SEPARATED = re.compile(r"[^\s,;:()]+")
_FIGURE = re.compile(r"[-+(]?[A-Za-z]{0,2}\d[\w.,%:+-]*")
"""A number, a date, a period or a window, such as 2025q1, fy2027, 1.5e-05 or 12%."""


class Missing(Exception):
    """The table has no entry for a text."""


@dataclass(frozen=True)
class Template:
    """An entry with holes."""

    pattern: re.Pattern[str]
    holes: tuple[str, ...]
    starts: str
    ends: str
    says: str


def _template(text: str, says: str) -> Template:
    parts = HOLE.split(text)
    pattern = "".join("(.+?)" if i % 2 else re.escape(part) for i, part in enumerate(parts))
    return Template(re.compile(pattern, re.DOTALL), tuple(parts[1::2]), parts[0], parts[-1], says)


def _literal(text: str) -> int:
    return len(HOLE.sub("", text))


@cache
def table(language: Language) -> Mapping[str, Any]:
    """The file of a language: `font`, `formats` and `texts`."""
    if language == ENGLISH:
        return {"font": FONT, "formats": {}, "texts": {}}
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    content = yaml.load(Path(__file__).with_name(f"{language}.yaml").read_text("utf-8"), loader)
    assert isinstance(content, dict)
    return content


def font_of(language: Language) -> str:
    """A font that shows the language."""
    return str(table(language)["font"])


@cache
def _templates(language: Language) -> tuple[Template, ...]:
    """Entries with holes, those that say most first."""
    texts = table(language)["texts"]
    holed = sorted((text for text in texts if HOLE.search(text)), key=lambda text: (-_literal(text), text))
    return tuple(_template(text, texts[text]) for text in holed)


class Wording:
    """Says texts in a language; `given` are the texts of the user and the catalogue, which are left as they are.

    `keys` are left as they are only inside of other texts: alone they may be words of this program.
    """

    def __init__(self, language: Language, given: Iterable[str], keys: Iterable[str] = ()) -> None:
        self._texts: Mapping[str, str] = table(language)["texts"]
        self._templates = _templates(language)
        self._given = frozenset(given)
        self._known = self._given.union(keys)
        self._said: dict[str, str | None] = {}

    def say(self, text: str) -> str:
        """A text in the language. Raises Missing."""
        if text not in self._said:
            self._said[text] = self._found(text)
        said = self._said[text]
        if said is None:
            raise Missing(text)
        return said

    def _found(self, text: str) -> str | None:
        if text in self._texts:
            return self._texts[text]
        if self._stands(text):
            return text
        return next(filter(None, (self._filled(template, text) for template in self._templates)), None)

    def _filled(self, template: Template, text: str) -> str | None:
        """What a template says of a text; None if the text is not made from it."""
        if not (text.startswith(template.starts) and text.endswith(template.ends)):
            return None
        match = template.pattern.fullmatch(text)
        if match is None:
            return None
        filled = [self._in_hole(hole, content) for hole, content in zip(template.holes, match.groups(), strict=True)]
        if None in filled:
            return None
        unnamed = [content for hole, content in zip(template.holes, filled, strict=True) if not hole]
        return template.says.format(*unnamed, **dict(zip(template.holes, filled, strict=True)))

    def _in_hole(self, hole: str, content: str) -> str | None:
        if not hole.startswith(OWN):
            return content if self._stands(content) or _each_is_in(self._known, content) else None
        try:
            return self.say(content)
        except Missing:
            return None

    def _stands(self, text: str) -> bool:
        """Whether a text is in no language: given, made of a link and a note that are, or of ids and figures."""
        if text in self._given or not _LETTER.search(text):
            return True
        first, _, rest = text.partition(" ")
        return (first in self._given and rest in self._given) or _each_is_in(self._given, text)


def _each_is_in(known: frozenset[str], text: str) -> bool:
    words = _SEPARATED.findall(text)
    return all(_is_in(known, word) or not _LETTER.search(word) or _FIGURE.fullmatch(word) for word in words)


def _is_in(known: frozenset[str], word: str) -> bool:
    """Whether a word is known, or is a path of keys that are, such as frames.deal.within."""
    return word in known or ("." in word and known.issuperset(word.split(".")))
