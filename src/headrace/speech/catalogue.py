"""The texts that are known, with their Chinese: the files `zh/*.po`, one for each room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from headrace.speech.templates import Template, template

FOLDER = Path(__file__).parent
WORDS = "words"  # the file with single words: they are said only where a hole asks for a word


@dataclass(frozen=True)
class Message:
    """A text in both languages, as the file `file`.po has it."""

    file: str
    english: str
    translated: str


@dataclass(frozen=True)
class Catalogue:
    """A language, ready for use. `templates`: those with most known text first."""

    exact: Mapping[str, str]
    templates: Sequence[tuple[Template, Template]]
    words: Mapping[str, str]


def messages(language: str) -> list[Message]:
    """All entries of all files."""
    from babel.messages.pofile import read_po

    found: list[Message] = []
    for path in sorted((FOLDER / language).glob("*.po")):
        with path.open("rb") as file:
            found += [
                Message(path.stem, str(one.id), str(one.string))
                for one in read_po(file, locale=language)
                if one.id
            ]
    return found


@cache
def catalogue(language: str) -> Catalogue:
    """What is known of a language; reads its files once."""
    exact, templates, words = {}, [], {}
    for one in messages(language):
        if one.file == WORDS:
            words[one.english] = one.translated
            continue
        english, translated = template(one.english), template(one.translated)
        if english.holes:
            templates.append((english, translated))
        else:
            exact[english.filled([])] = translated.filled([])
    templates.sort(key=lambda pair: -pair[0].size)
    return Catalogue(exact, templates, words)
