"""Names as MySQL takes them: none ends in white space or has a character beyond U+FFFF.

Such characters are written by their number, as `%1f600;`; so is a `%` that could be read as one.
"""

from __future__ import annotations

import re

from headrace.destinations.tables import quoted

_FORBIDDEN = re.compile(r"[ \t\n\v\f\r]\Z|[\U00010000-\U0010ffff]|%(?=[0-9a-f]+;)")
_WRITTEN = re.compile(r"%([0-9a-f]+);")


def spelled(name: str) -> str:
    """The name that stands for ours in the database."""
    return _FORBIDDEN.sub(lambda found: f"%{ord(found[0]):x};", name)


def meant(name: str) -> str:
    """Our name, of one in the database."""
    return _WRITTEN.sub(lambda found: chr(min(int(found[1], 16), 0x10FFFF)), name)


def quoted_name(name: str) -> str:
    """Our name, as SQL reads it."""
    return quoted(spelled(name))
