"""What the sub-folder of a table is called: its name, with what a file system cannot take escaped.

Percent-escapes as in URLs, so every name can be read back, none leaves the folder, and plain names
(`issues`, `名字`) stay as they are.
"""

from __future__ import annotations

import re

from headrace.errors import Refused

OWN = "_headrace"
NAME_BYTES_MAX = 255  # of one folder, on every file system in use
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)|_headrace$", re.IGNORECASE)
_PLAIN = frozenset("_-.")


def folder_name(table: str) -> str:
    """The sub-folder's name. Raises `Refused` where it would be too long."""
    last = len(table) - 1
    name = "".join(
        char if _is_plain(char) and not (char == "." and at in (0, last)) else _escaped(char)
        for at, char in enumerate(table)
    )
    if _RESERVED.match(name):
        name = _escaped(name[0]) + name[1:]
    if len(name.encode()) > NAME_BYTES_MAX:
        raise Refused(
            f"The table name {table[:20]}... is too long for a folder.",
            advice="Give the table a shorter name.",
        )
    return name


def _is_plain(char: str) -> bool:
    return char.isalnum() or char in _PLAIN


def _escaped(char: str) -> str:
    return "".join(f"%{byte:02X}" for byte in char.encode())
