"""Authorizing a saved source (授权) from a browser: to CODING's page of consent and back here.

A source with client_id and client_secret may be saved before it is authorized, and its projects be
chosen afterwards. Nothing that comes back is believed before its state is: each admits one answer,
within 10 minutes, of the person who began.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from headrace.app.authorize import Authorization, make_state, missing_scopes, wanted_scopes
from headrace.app.place import open_grants
from headrace.app.serving.kinds import ConnectionKinds
from headrace.coding.consent import DENIED, STATE_LIVES_MS, Callback, States, read_callback
from headrace.config import ConnectionSettings
from headrace.control.connections import Connection, ConnectionRole, Connections
from headrace.control.people import Person, Role
from headrace.core.clock import Clock
from headrace.errors import HeadraceError, Refused, Unavailable

PATH = "/authorized"
WARN_MS = 14 * 86_400_000
View = dict[str, Any]
Note = Callable[[Person, str, str, Mapping[str, Any]], None]


@dataclass(frozen=True, slots=True)
class _Asked:
    """Who asked for a consent, for what."""

    connection_id: int
    person_id: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an answer. `reason` is empty where it was good, else one of `denied`,
    `expired`, `other_person`, `refused` and `unavailable`. `connection_id` None: not known."""

    connection_id: int | None
    reason: str = ""


class Authorizing:
    """Begins and finishes authorizations. `address` is where browsers reach this server; `done` is
    told the id of each connection that was authorized."""

    def __init__(
        self, connections: Connections, kinds: ConnectionKinds, note: Note, clock: Clock,
        done: Callable[[int], None] = lambda _connection_id: None,
    ) -> None:  # fmt: skip
        self.address = ""
        self._done = done
        self._connections = connections
        self._kinds = kinds
        self._note = note
        self._clock = clock
        self._states = States()
        self._failures: dict[int, View] = {}

    def redirect_uri(self, settings: ConnectionSettings | None = None) -> str:
        """What an app has to be registered with, unless the connection says otherwise."""
        own = settings.oauth.redirect_uri if settings is not None and settings.oauth else ""
        return own or f"{self.address}{PATH}"

    def begin(self, by: Person, connection_id: int) -> View:
        """The address of CODING's page, to be opened by this person's browser.

        Raises `Refused` for a connection without OAuth, and where a grant could not be stored.
        """
        connection, settings = self._source(connection_id)
        with Authorization(settings, clock=self._clock) as attempt:
            state, now_ms = make_state(), self._clock.now_ms()
            self._states.issue(state, now_ms, _Asked(connection_id, by.id))
            redirect_uri = self.redirect_uri(settings)
            url = attempt.page(redirect_uri, state)
        self._failures.pop(connection_id, None)
        self._note(by, "connection.authorize.begin", connection.name, {})
        return {
            "url": url, "redirect_uri": redirect_uri, "ends_at": now_ms + STATE_LIVES_MS,
            "scopes": list(wanted_scopes(settings)),
        }  # fmt: skip

    def finish(self, by: Person | None, query: str) -> Outcome:
        """Take the answer that a browser brought, fetch the grant and keep it. Raises nothing that
        a browser can cause. Asks CODING; may take as long as it does."""
        try:
            callback = read_callback(query)
            asked: _Asked = self._states.redeem(callback.state, self._clock.now_ms())
        except Refused:
            return Outcome(None, "expired")
        if by is None or by.id != asked.person_id or not by.role.covers(Role.OPERATOR):
            return Outcome(asked.connection_id, "other_person")
        try:
            self._take(by, asked.connection_id, callback)
        except HeadraceError as error:
            return self._failed(asked.connection_id, callback, error)
        return Outcome(asked.connection_id)

    def _take(self, by: Person, connection_id: int, callback: Callback) -> None:
        connection, settings = self._source(connection_id)
        with Authorization(settings, clock=self._clock) as attempt:
            grant = attempt.finish(callback)
            missing = list(attempt.missing(grant))
        self._failures.pop(connection_id, None)
        given = {"scopes": grant.scope.split(), "missing": missing, "ends_at": grant.ends_at_ms}
        self._note(by, "connection.authorize", connection.name, given)
        self._done(connection_id)

    def _failed(self, connection_id: int, callback: Callback, error: HeadraceError) -> Outcome:
        reason = "unavailable" if isinstance(error, Unavailable) else "refused"
        reason = "denied" if callback.error == DENIED else reason
        self._failures[connection_id] = {
            "reason": reason, "message": error.message, "advice": error.advice,
            "at": self._clock.now_ms(),
        }  # fmt: skip
        return Outcome(connection_id, reason)

    # --- how it stands ---------------------------------------------------------------------------

    def view(self, connection: Connection) -> View | None:
        """How a source's authorization stands; None where it uses a token. Asks nobody.

        `state`: `missing`, `authorized`, `ends_soon` (within 14 days), `ended` or `unusable`.
        """
        if not connection.values.get("client_id"):
            return None
        found: View = {
            "state": "missing", "ends_at": None, "scopes": [], "missing": [], "message": "",
            "advice": "", "failure": self._failures.get(connection.id),
        }  # fmt: skip
        try:
            _, settings = self._source(connection.id)
            found["redirect_uri"] = self.redirect_uri(settings)
            grant = open_grants(settings, self._clock).load()
        except HeadraceError as error:
            said = {"message": error.message, "advice": error.advice}
            return {**found, "state": "unusable", "needs_consent": True, **said}
        if grant is None:
            return {**found, "needs_consent": True}
        left_ms = grant.ends_at_ms - self._clock.now_ms() if grant.ends_at_ms else WARN_MS
        state = "authorized" if left_ms >= WARN_MS else "ends_soon" if left_ms > 0 else "ended"
        missing = list(missing_scopes(settings, grant))
        return {
            **found, "state": state, "ends_at": grant.ends_at_ms or None,
            "scopes": grant.scope.replace(",", " ").split(), "missing": missing,
            "needs_consent": state != "authorized" or bool(missing),
        }  # fmt: skip

    def forgetting(self, connection_id: int) -> Callable[[], None]:
        """What drops the grant of a connection, once it is deleted."""
        path = None
        with suppress(HeadraceError):  # a destination, or values that cannot be
            _, settings = self._source(connection_id)
            path = open_grants(settings, self._clock).path if settings.oauth else None

        def forget() -> None:
            self._failures.pop(connection_id, None)
            for one in (path, path.with_name(f"{path.name}.lock")) if path is not None else ():
                one.unlink(missing_ok=True)

        return forget

    def _source(self, connection_id: int) -> tuple[Connection, ConnectionSettings]:
        connection = self._connections.get(connection_id)
        if connection.role is not ConnectionRole.SOURCE:
            raise Refused(f"{connection.name} is no source.", advice="Choose a CODING connection.")
        whole = self._connections.whole(connection_id)
        return connection, self._kinds.settings_of(connection, whole)
