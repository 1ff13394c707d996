"""Short names for the columns a stream declares: one function a kind of value.

All take the column's name, its path in the body and its meaning in Chinese and English.
"""

from __future__ import annotations

from headrace.core.schema import Column, Type


def integer(name: str, path: str, zh: str, en: str) -> Column:
    """A number or an id that is always set."""
    return Column(name, Type.INTEGER, path, zh, en)


def reference(name: str, path: str, zh: str, en: str) -> Column:
    """The id of a person or an object; CODING writes 0 where there is none, the table NULL."""
    return Column(name, Type.INTEGER, path, zh, en, none_is_zero=True)


def text(name: str, path: str, zh: str, en: str) -> Column:
    """A text, empty texts included."""
    return Column(name, Type.TEXT, path, zh, en)


def word(name: str, path: str, zh: str, en: str) -> Column:
    """A text that is empty where there is none; the table holds NULL then."""
    return Column(name, Type.TEXT, path, zh, en, none_is_zero=True)


def flag(name: str, path: str, zh: str, en: str) -> Column:
    """True or false."""
    return Column(name, Type.BOOLEAN, path, zh, en)


def decimal(name: str, path: str, zh: str, en: str) -> Column:
    """A number with digits behind the point."""
    return Column(name, Type.DECIMAL, path, zh, en)


def moment(name: str, path: str, zh: str, en: str) -> Column:
    """A moment in ms since 1970 UTC; CODING's 0 and -28800000 mean none."""
    return Column(name, Type.TIMESTAMP, path, zh, en)


def nested(name: str, path: str, zh: str, en: str) -> Column:
    """A list or an object, kept as JSON."""
    return Column(name, Type.JSON, path, zh, en)
