"""Where a connection leads: the client for its team, its OAuth grant, the file of its mirror."""

from __future__ import annotations

import hashlib
import re
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from headrace.coding.address import base_url
from headrace.coding.auth import Authorizer, parse_token
from headrace.coding.client import Client
from headrace.coding.http import HttpTransport
from headrace.coding.oauth import OAuthApp, OAuthAuthorizer
from headrace.coding.pacing import Pacer
from headrace.config import ConnectionSettings, key_from_environment
from headrace.core.clock import Clock
from headrace.core.retry import RetryPolicy
from headrace.core.transport import Transport

if TYPE_CHECKING:
    from headrace.app.grant_store import FileGrantStore


def open_client(settings: ConnectionSettings, clock: Clock, closing: ExitStack) -> Client:
    """A client for the connection's team. Raises `Refused` for a bad address or token."""
    address = base_url(team=settings.team, url=settings.url)
    transport = open_transport(settings, closing)
    authorizer = _authorizer(settings, transport, clock)
    retry = RetryPolicy(attempts=settings.attempts)
    return Client(transport, address, authorizer, Pacer(clock), clock, retry=retry)


def open_transport(settings: ConnectionSettings, closing: ExitStack) -> HttpTransport:
    """The way to the connection's team."""
    return closing.enter_context(HttpTransport(private=settings.url is not None))


def oauth_app(settings: ConnectionSettings) -> OAuthApp:
    """The OAuth app of a connection that has one. Raises `Refused` for a bad address."""
    assert settings.oauth is not None, "the connection has no OAuth app"
    address = base_url(team=settings.team, url=settings.url)
    advice = settings.oauth.advice or f"Run `headrace authorize {settings.name}`."
    return OAuthApp(address, settings.oauth.client_id, settings.oauth.client_secret, advice)


def open_grants(settings: ConnectionSettings, clock: Clock) -> FileGrantStore:
    """Where the grant of a connection with OAuth lies. Nothing is read or made yet."""
    from headrace.app.grant_store import FileGrantStore

    assert settings.oauth is not None, "the connection has no OAuth app"
    key = key_from_environment()
    name = settings.oauth.grant or settings.name
    return FileGrantStore(settings.oauth.folder, name, oauth_app(settings), key, clock)


def _authorizer(settings: ConnectionSettings, transport: Transport, clock: Clock) -> Authorizer:
    if settings.oauth is None:
        return parse_token(settings.token)
    return OAuthAuthorizer(transport, clock, open_grants(settings, clock), oauth_app(settings))


def mirror_path(state: Path, settings: ConnectionSettings) -> Path:
    """Where the connection's mirror lies: readable name, and a digest of what it must match."""
    address = base_url(team=settings.team, url=settings.url)
    same = "\n".join([address, *sorted(settings.projects)])
    digest = hashlib.blake2b(same.encode(), digest_size=4).hexdigest()
    name = re.sub(r"[^a-z0-9-]+", "-", (settings.team or settings.name).lower()).strip("-")
    return state / f"{name or 'connection'}-{digest}.mirror"
