"""File names made of what people typed: never a way out of the folder, never a reserved name."""

from __future__ import annotations

import re
import unicodedata

NAME_BYTES_MAX = 120
_SUFFIX_BYTES_MAX = 16
_FORBIDDEN = frozenset('<>:"/\\|?*')
_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])", re.IGNORECASE)


def safe_name(text: str, *, bytes_max: int = NAME_BYTES_MAX) -> str:
    """A name that Linux, macOS and Windows take as one plain file, as close to `text` as can be.

    Separators, control and invisible characters become `_`; so does a dot or dash at the start.
    At most `bytes_max` bytes of UTF-8; a short suffix (.png) is kept. Never empty.
    """
    plain = "".join(map(_safe, unicodedata.normalize("NFC", text)))
    plain = " ".join(plain.split()).rstrip(". ")
    if not plain or plain[0] in ".-~":
        plain = f"_{plain[1:]}"
    if _RESERVED.fullmatch(plain.partition(".")[0].rstrip()):
        plain = f"_{plain}"
    return _cut(plain, bytes_max)


def _safe(char: str) -> str:
    # Cc control, Cf invisible and direction marks, Cs lone surrogates, Co and Cn nobody's
    if char in _FORBIDDEN or unicodedata.category(char)[0] == "C":
        return "_"
    return char


def _cut(name: str, bytes_max: int) -> str:
    if len(name.encode()) <= bytes_max:
        return name
    stem, dot, suffix = name.rpartition(".")
    tail = f"{dot}{suffix}"
    if not stem or len(tail.encode()) > _SUFFIX_BYTES_MAX:
        stem, tail = name, ""
    room = bytes_max - len(tail.encode())
    return f"{stem.encode()[:room].decode(errors='ignore').rstrip('. ')}{tail}"


def shown(text: str, chars_max: int = 300) -> str:
    """One line of what others wrote, for messages and pages: printable, not too long."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= chars_max else f"{line[:chars_max]}…"
