"""The keys of `headrace.toml` and how each value is read."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from headrace.config import (
    DELETES,
    PERSONAL,
    REJECTS,
    WRITES,
    Increments,
    address_of,
    parse_duration,
)

_PLACE = re.compile(r"[a-z_]+\.[A-Za-z][A-Za-z.]*")
_SCOPE = re.compile(r"[a-z][a-z0-9:_-]{0,99}")


def _duration(value: Any) -> float:
    if isinstance(value, str):
        return parse_duration(value)
    raise ValueError('write a text with a unit, such as "30s" or "5m"')


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("write a text in quotes")
    return value


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise ValueError('write a list of texts, such as ["shop", "pay"]')
    return tuple(value)


def _one_of(*known: str) -> Callable[[Any], str]:
    def choose(value: Any) -> str:
        if value in known and isinstance(value, str):
            return value
        raise ValueError(f"write one of {', '.join(known)}{near(str(value), known)}")

    return choose


def _attempts(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 20:
        raise ValueError("write a whole number from 1 to 20")
    return value


def _listen(value: Any) -> str:
    text = _text(value)
    address_of(text)
    return text


def _public_url(value: Any) -> str:
    """What CODING calls. May hold `${NAME}`, so only its beginning can be judged here."""
    text = _text(value).rstrip("/")
    if not text.startswith(("https://", "http://", "${")) or "?" in text or "#" in text:
        raise ValueError('write an address such as "https://hooks.example.com"')
    if "@" in text:
        raise ValueError("leave off user and password: they are hook_user and hook_password")
    return text


def _redirect_uri(value: Any) -> str:
    """What the OAuth app was registered with. May hold `${NAME}`: judged again when it is used."""
    text = _text(value)
    if not text.startswith(("https://", "http://", "${")) or "#" in text or "?" in text:
        raise ValueError('write an address such as "http://127.0.0.1:8400/callback"')
    return text


def _scopes(value: Any) -> tuple[str, ...]:
    texts = _texts(value)
    for text in texts:
        if not _SCOPE.fullmatch(text):
            raise ValueError('write scopes such as "collaboration:issue:ro"')
    return texts


def near(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"; did you mean {near[0]}?" if near else ""


Reader = Callable[[Any], Any]


def _places(value: Any) -> tuple[str, ...]:
    for item in _texts(value):
        if not _PLACE.fullmatch(item):
            raise ValueError('write streams with their fields, such as ["issues.Description"]')
    return tuple(value)


def _starts(value: Any) -> tuple[str, ...]:
    for item in _texts(value):
        try:
            date.fromisoformat(item.rpartition("=")[2])
        except ValueError:
            raise ValueError('write days, such as ["2024-01-01", "commits=2025-01-01"]') from None
    return tuple(value)


CONNECTION_KEYS: Mapping[str, Reader] = {
    "type": _one_of("coding"),
    "team": _text,
    "url": _text,
    "token": _text,
    "client_id": _text,
    "client_secret": _text,
    "redirect_uri": _redirect_uri,
    "scopes": _scopes,
    "projects": _texts,
    "iterations": _texts,
    "issue_types": _texts,
    "start": _starts,
    "personal": _one_of(*PERSONAL),
    "mask": _places,
    "leave_out": _places,
    "increments": _one_of(*Increments),
    "poll_interval": _duration,
    "census_interval": _duration,
    "sweep_interval": _duration,
    "attempts": _attempts,
    "public_url": _public_url,
    "listen": _listen,
    "hook_secret": _text,
    "hook_secret_old": _text,
    "signing_token": _text,
    "signing_token_old": _text,
    "hook_user": _text,
    "hook_password": _text,
}
TASK_KEYS: Mapping[str, Reader] = {
    "source": _text,
    "destination": _text,
    "streams": _texts,
    "write": _one_of(*WRITES),
    "deletes": _one_of(*DELETES),
    "rejects": _one_of(*REJECTS),
    "filters": _texts,
}
SECTIONS = {"connections": CONNECTION_KEYS, "tasks": TASK_KEYS}
