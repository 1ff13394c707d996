"""The languages of the console: which one a browser wants, and its texts.

English texts stand in the templates and in the code; the files in `locale/zh` have them in Chinese.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from headrace.speech import preferred

LANGUAGES: Mapping[str, str] = {"zh": "中文", "en": "English"}
DEFAULT = "en"
LOCALE = Path(__file__).parent / "locale"


def chosen(cookie: str, accept: str) -> str:
    """The language of a cookie, if there is one, else the first known of `Accept-Language`."""
    if cookie in LANGUAGES:
        return cookie
    return preferred(accept)


@cache
def texts(language: str) -> NullTranslations:
    """The catalogue of a language; that of English gives back what it is asked."""
    if language == DEFAULT:
        return NullTranslations()
    catalogue = Catalog(locale=language)
    for path in sorted((LOCALE / language).glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=language):
                if message.id:
                    catalogue[message.id] = message
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled)
