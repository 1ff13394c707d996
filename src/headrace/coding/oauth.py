"""OAuth grants: kept in a store, renewed in time, by one caller at a time.

A refresh kills the previous access token at once, and may end the refresh token too. So one grant
has one store and one refresher over all threads and processes, and what is new is stored before it
is used.
"""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager
from typing import Protocol

from headrace.coding.oauth_tokens import Grant as Grant
from headrace.coding.oauth_tokens import OAuthApp as OAuthApp
from headrace.coding.oauth_tokens import refresh
from headrace.core.clock import Clock
from headrace.core.transport import Transport
from headrace.errors import BadToken, Unavailable

_PAUSE_MS = 30_000


class GrantStore(Protocol):
    """Where the one grant of a connection lives, shared by all processes that use it."""

    def load(self) -> Grant | None:
        """The grant on file, as the last saver left it."""
        ...

    def save(self, grant: Grant) -> None:
        """Store the grant durably before returning. Only within `lock`."""
        ...

    def lock(self) -> AbstractContextManager[object]:
        """Held by one caller at a time, over all threads and processes; not twice by one caller.

        Raises `Unavailable` when it cannot be had within a minute or two.
        """
        ...


class MemoryGrantStore:
    """A store for tests and for a single process."""

    def __init__(self, grant: Grant | None = None) -> None:
        self._grant = grant
        self._lock = threading.Lock()

    def load(self) -> Grant | None:
        """The grant saved last."""
        return self._grant

    def save(self, grant: Grant) -> None:
        """Keep it."""
        self._grant = grant

    def lock(self) -> AbstractContextManager[object]:
        """One lock for all who share this store."""
        return self._lock


class OAuthAuthorizer:
    """Hands out the access token and renews it at 80 % of its life. Thread-safe."""

    def __init__(
        self, transport: Transport, clock: Clock, store: GrantStore, app: OAuthApp
    ) -> None:
        self._transport = transport
        self._clock = clock
        self._store = store
        self._app = app
        self._lock = threading.Lock()
        self._grant: Grant | None = None
        self._unsaved: tuple[Grant, Grant] | None = None
        self._quiet_until_ms = 0

    def header(self) -> str:
        """The header as of now. While renewing fails, the old token is used up to its end.

        Raises `BadToken` where there is no grant or CODING refuses to renew it, `Unavailable`
        where the token has ended and cannot be renewed now.
        """
        with self._lock:
            grant, now = self._current(), self._clock.now_ms()
            if now >= grant.refresh_at_ms and now >= self._quiet_until_ms:
                grant = self._refresh_early(grant, now)
            return grant.header

    def renew(self, refused_header: str) -> bool:
        """True once there is a newer token than the refused one, whoever fetched it.

        Raises `BadToken`, which says what a person has to do, where CODING gives no new one.
        """
        with self._lock:
            grant = self._current()
            if grant.header == refused_header:
                self._refresh(grant)
            return True

    def _current(self) -> Grant:
        if self._unsaved is not None:
            with self._store.lock():
                self._save_unsaved(*self._unsaved)
        if self._grant is None:
            self._grant = self._stored()
        return self._grant

    def _stored(self) -> Grant:
        stored = self._store.load()
        if stored is None:
            raise BadToken("CODING has not been authorized yet.", advice=self._app.advice)
        return stored

    def _refresh_early(self, grant: Grant, now: int) -> Grant:
        try:
            return self._refresh(grant)
        except Unavailable:
            if now >= grant.expires_at_ms:
                raise
            self._quiet_until_ms = now + _PAUSE_MS
            return grant

    def _refresh(self, grant: Grant) -> Grant:
        """Take over what another process stored, else fetch a new grant and store it."""
        with self._store.lock():
            stored = self._stored()
            if stored != grant and self._clock.now_ms() < stored.refresh_at_ms:
                self._grant = stored
                return stored
            try:
                fresh = refresh(self._transport, self._clock, self._app, stored)
            except BadToken:
                self._grant = self._stored()
                if self._grant == stored:
                    raise
                return self._grant  # not every file system keeps locks
            return self._save_unsaved(stored, fresh)

    def _save_unsaved(self, old: Grant, fresh: Grant) -> Grant:
        """Store before first use; a grant that could not be stored is stored at the next call,
        unless another process has stored a later one since."""
        self._unsaved = old, fresh
        stored = self._stored()
        if stored == old:
            self._store.save(fresh)
            stored = fresh
        self._unsaved, self._grant = None, stored
        return stored
