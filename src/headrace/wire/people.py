"""People, their API tokens, and what they changed. No secret is in any of them but `TokenMade`."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Role = Literal["viewer", "operator", "admin"]


class Person(msgspec.Struct, kw_only=True, frozen=True):
    """Who speaks, with the role that counts now."""

    id: int
    name: str
    role: Role


class User(msgspec.Struct, kw_only=True, frozen=True):
    """Somebody who may sign in. `created_at` in ms UTC."""

    id: int
    name: str
    role: Role
    disabled: bool
    created_at: int


class Token(msgspec.Struct, kw_only=True, frozen=True):
    """An API token, without its value. Times in ms UTC."""

    id: int
    name: str
    user: str
    role: Role
    created_at: int
    used_at: int | None
    ends_at: int | None


class TokenMade(msgspec.Struct, kw_only=True, frozen=True):
    """A token's value, shown this once."""

    token: str


class SetupNeeded(msgspec.Struct, kw_only=True, frozen=True):
    """Whether there is no user yet."""

    needed: bool


class Entry(msgspec.Struct, kw_only=True, frozen=True):
    """A change that somebody made. `at` in ms UTC; `before` and `after` hold what differs."""

    id: int
    at: int
    who: str
    action: str
    subject: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
