"""Where a connection leads: the client for its team, and the file of its mirror."""

from __future__ import annotations

import hashlib
import re
from contextlib import ExitStack
from pathlib import Path

from headrace.coding.address import base_url
from headrace.coding.auth import parse_token
from headrace.coding.client import Client
from headrace.coding.http import HttpTransport
from headrace.coding.pacing import Pacer
from headrace.config import ConnectionSettings
from headrace.core.clock import Clock
from headrace.core.retry import RetryPolicy


def open_client(settings: ConnectionSettings, clock: Clock, closing: ExitStack) -> Client:
    """A client for the connection's team. Raises `Refused` for a bad address or token."""
    address = base_url(team=settings.team, url=settings.url)
    authorizer = parse_token(settings.token)
    transport = closing.enter_context(HttpTransport(private=settings.url is not None))
    retry = RetryPolicy(attempts=settings.attempts)
    return Client(transport, address, authorizer, Pacer(clock), clock, retry=retry)


def mirror_path(state: Path, settings: ConnectionSettings) -> Path:
    """Where the connection's mirror lies: readable name, and a digest of what it must match."""
    address = base_url(team=settings.team, url=settings.url)
    same = "\n".join([address, *sorted(settings.projects)])
    digest = hashlib.blake2b(same.encode(), digest_size=4).hexdigest()
    name = re.sub(r"[^a-z0-9-]+", "-", (settings.team or settings.name).lower()).strip("-")
    return state / f"{name or 'connection'}-{digest}.mirror"
