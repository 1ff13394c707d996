"""What a server is: its release, where it keeps what, and for how long."""

from __future__ import annotations

from typing import Literal

import msgspec


class Store(msgspec.Struct, kw_only=True, frozen=True):
    """The control store: a file, or a database as `host:port/name`."""

    type: Literal["sqlite", "postgresql"]
    place: str


class Key(msgspec.Struct, kw_only=True, frozen=True):
    """Where the key comes from: a variable of the environment or a file. `changed_at` in ms UTC, 0:
    never; `unfinished`: a change of it broke off."""

    origin: Literal["environment", "file"]
    place: str
    changed_at: int
    unfinished: bool


class Server(msgspec.Struct, kw_only=True, frozen=True):
    """A server. `public_url` is what browsers open, "" where nobody said; sizes in bytes; `limits`:
    how long, and how much of what, is kept."""

    release: str
    agent: str
    public_url: str
    data: str
    disk_free: int
    disk_size: int
    store: Store
    key: Key
    limits: dict[str, int]
