"""Saying an English text of Headrace in another language, by its template.

A text is known when it is an entry of the catalogue, or made of known ones: several sentences, or
a name, a colon and a known text. What stands in a hole between words is a name, and said as it is;
in any other (after a colon, in brackets, at an end) it may be another text, and is said as one if
it is known. Of several readings the one that knows most of it counts.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from headrace.speech.catalogue import Catalogue, catalogue
from headrace.speech.languages import DEFAULT, LANGUAGES
from headrace.speech.templates import Template

TEXT_MAX = 4_000  # characters; longer texts stay English
_QUOTED_MIN = 8  # characters that must be known of what stands in a hole: most names are shorter
_SENTENCES_MAX = 8
_SEARCHES_MAX = 100  # of the whole catalogue, for one text
_KEPT_MAX = 1_000  # translations: logs say the same over and over
_DEPTH_MAX = 4  # texts within texts
_BETWEEN_SENTENCES = re.compile(r"(?<=[.?]) (?=\S)")


@lru_cache(_KEPT_MAX)
def translate(text: str, language: str) -> str:
    """`text` in that language; as it is where it is not known, too long, or English is wanted."""
    if language == DEFAULT or language not in LANGUAGES or not 0 < len(text) <= TEXT_MAX:
        return text
    reading = _Reader(catalogue(language)).text(text)
    return reading.said if reading is not None else text


def word(text: str, language: str) -> str:
    """A single word for people (a state, a role) in that language; as it is if it is not known."""
    if language == DEFAULT or language not in LANGUAGES:
        return text
    return catalogue(language).words.get(text, text)


class _Reading(NamedTuple):
    """A text, said; and how many characters of it were known."""

    said: str
    known: int


class _Reader:
    """Reads one text. Its work is limited, whatever the text holds: what is left stays English."""

    def __init__(self, known: Catalogue) -> None:
        self._known = known
        self._read: dict[str, _Reading | None] = {}
        self._depth = 0

    def text(self, text: str) -> _Reading | None:
        """One or several sentences."""
        whole = self._sentence(text)
        if whole is not None and whole.known == len(text):
            return whole
        parts = _BETWEEN_SENTENCES.split(text, _SENTENCES_MAX - 1)
        split = self._sentences(parts) if len(parts) > 1 else None
        return _better(whole, split)

    def _sentences(self, parts: list[str]) -> _Reading | None:
        """The best reading of these in a row, where an entry may be more than one of them."""
        best = [_Reading("", 0)]
        for end in range(1, len(parts) + 1):
            rest = best[-1].said + (" " if end > 1 and best[-1].said[-1].isascii() else "")
            found = _Reading(rest + parts[end - 1], best[-1].known)
            for start in range(end):
                one = self._sentence(" ".join(parts[start:end]))
                if one is not None and one.known + best[start].known > found.known:
                    before = best[start].said
                    gap = " " if before and before[-1].isascii() else ""
                    found = _Reading(before + gap + one.said, one.known + best[start].known)
            best.append(found)
        return best[-1] if best[-1].known else None

    def _sentence(self, text: str) -> _Reading | None:
        """One entry; or a phrase that was made a sentence; or a name, a colon and one of these."""
        if text in self._read:
            return self._read[text]
        if len(self._read) >= _SEARCHES_MAX:
            return None
        self._read[text] = None  # while it is looked at
        found = self._entry(text)
        if found is None and text.endswith(".") and text[:1].isupper():
            phrase = self._entry(text[0].lower() + text[1:-1])
            found = phrase and _Reading(f"{phrase.said}。", phrase.known + 1)
        name, colon, rest = text.partition(": ")
        if colon and (told := self._quoted(rest)):
            found = _better(found, _Reading(f"{name}：{told.said}", told.known + len(colon)))
        self._read[text] = found
        return found

    def _entry(self, text: str) -> _Reading | None:
        if text in self._known.exact:
            return _Reading(self._known.exact[text], len(text))
        for english, translated in self._known.templates:
            values = english.values(text)
            if values is not None:
                found = self._filled(english, translated, values)
                if found is not None:
                    return found
        return None

    def _filled(
        self, english: Template, translated: Template, values: list[str]
    ) -> _Reading | None:
        """None where a word is wanted and something else is there."""
        known = english.size
        wanted = {hole.index for hole in translated.holes if hole.word}
        for index, value in enumerate(values):
            if index in wanted:
                if value not in self._known.words:
                    return None
                values[index], known = self._known.words[value], known + len(value)
            elif not english.names(index) and (quoted := self._quoted(value)):
                values[index], known = quoted.said, known + quoted.known
        return _Reading(translated.filled(values), known)

    def _quoted(self, value: str) -> _Reading | None:
        """What stands in a hole, if it is a text and not a name."""
        if " " not in value or self._depth == _DEPTH_MAX:
            return None
        self._depth += 1
        found = self.text(value)
        self._depth -= 1
        return found if found is not None and found.known >= _QUOTED_MIN else None


def _better(one: _Reading | None, other: _Reading | None) -> _Reading | None:
    return other if one is None or (other is not None and other.known > one.known) else one
