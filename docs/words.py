"""The console's texts: `python -m docs.words` lists those that have no Chinese yet, ready to be
written into the files of `locale/zh`; the tests hold that there are none.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from headrace.web.console.language import LOCALE

_CONSOLE = LOCALE.parent
_METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]
_KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "text": None}
_OPTIONS = {"templates/**.html": {"extensions": "jinja2.ext.do", "silent": "false"}}
Text = str | tuple[str, str]


class Use(NamedTuple):
    """A text and where it stands."""

    text: Text
    file: str


def used() -> Iterator[Use]:
    """All texts of the console."""
    found = extract_from_dir(
        _CONSOLE, method_map=_METHODS, options_map=_OPTIONS, keywords=_KEYWORDS,
        directory_filter=lambda path: not path.endswith(("vendor", "locale", "__pycache__")),
    )  # fmt: skip
    for file, _, text, _, _ in found:
        yield Use(text if isinstance(text, str) else (text[0], text[1]), file)


def translated(language: str = "zh") -> Mapping[str, set[str]]:
    """What each text is in that language, in whichever file it stands."""
    made: dict[str, set[str]] = defaultdict(set)
    for path in sorted((LOCALE / language).glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=language):
                if message.id and not message.fuzzy:
                    made[first(message.id)].add(first(message.string))
    return made


def first(text: Text) -> str:
    """A text; of one with a plural, the singular."""
    return text if isinstance(text, str) else text[0]


def missing() -> list[Use]:
    """The texts that have no Chinese, each once."""
    known = {text for text, meant in translated().items() if any(meant)}
    return list({first(use.text): use for use in used() if first(use.text) not in known}.values())


def main() -> int:
    """Print them as entries of a .po file."""
    found = missing()
    for use in sorted(found, key=lambda one: one.file):
        sys.stdout.write(f"#: {use.file}\n{_entry(use.text)}\n")
    return 1 if found else 0


def _entry(text: Text) -> str:
    if isinstance(text, str):
        return f'msgid "{_quoted(text)}"\nmsgstr ""\n'
    one, many = map(_quoted, text)
    return f'msgid "{one}"\nmsgid_plural "{many}"\nmsgstr[0] ""\n'


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


if __name__ == "__main__":
    sys.exit(main())
