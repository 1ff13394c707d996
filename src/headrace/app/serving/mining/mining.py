"""Mining: one connection captured into its mirror, in a thread of its own, for all its tasks."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from headrace.app.hooks import SessionHooks
from headrace.app.keeping import Keeping
from headrace.app.result import Note
from headrace.app.serving.mining.holding import Holding, holding_of
from headrace.app.session import Session
from headrace.app.system import SystemClock
from headrace.coding.client import Client
from headrace.config import ConnectionSettings
from headrace.control.connections import Values
from headrace.core.change import Counts
from headrace.core.stream import Stream
from headrace.engine.capture import Kind
from headrace.errors import HeadraceError, Stopped, Unavailable
from headrace.mirror.urls import Store

_JOIN_SECONDS = 10.0
_HOLDING_MS, _CHANGED_MS = 10_000, 1_000


class Pass(NamedTuple):
    """How far the last pass over a stream has come: rows read of those expected, at a moment."""

    kind: str
    rows: int
    expected: int | None
    at: int


@dataclass(frozen=True, slots=True)
class Order:
    """What to mine. `version` and `values` are those of the connection; `streams` what tasks need,
    besides what these hang on. `state` is for what is kept beside the mirror; the key for masks
    lies in `secrets`."""

    connection_id: int
    version: int
    values: Values = field(repr=False)
    settings: ConnectionSettings
    keeping: Keeping
    streams: Sequence[str]
    state: Path
    secrets: Path


class Mining:
    """Reads a connection's streams from when it is started until it is stopped.

    `error` is why it ended by itself, if it did. `ready` is set once the mirror is there, `level`
    once all that was due has been read. Figures are copies of the session's, taken after each
    round; `holding` every few seconds, and at the end; `calls`, `throttled_ms` and `passes`, by
    stream, after each page.
    """

    def __init__(self, order: Order) -> None:
        self.order = order
        self.name = order.settings.name
        self.settings = order.settings
        self.state = order.state
        self.streams = tuple(order.streams)
        self.error: HeadraceError | None = None
        self.ready = threading.Event()
        self.level = threading.Event()
        self.counts: Mapping[str, Counts] = {}
        self.notes: Sequence[Note] = ()
        self.calls = self.throttled_ms = 0
        self.passes: dict[str, Pass] = {}
        self.holding: Holding | None = None
        self.hooks: SessionHooks | None = None
        self._session: Session | None = None
        self._client: Client | None = None
        self._clock = SystemClock()
        self._held_at = 0
        self._thread = threading.Thread(target=self._run, name=f"headrace-mining-{self.name}")

    @property
    def place(self) -> tuple[Store, str]:
        """Where the mirror lies: its store and its name there."""
        return self.order.keeping.store, self.order.keeping.name

    @property
    def running(self) -> bool:
        """Whether its thread lives."""
        return self._thread.is_alive()

    def reads(self, streams: Sequence[Stream]) -> bool:
        """Whether all of these are read, none of them stopped."""
        reading = set(self.streams) - self.order.keeping.without
        return all(stream.name in reading for stream in streams)

    def start(self) -> None:
        """Begin."""
        self.state.mkdir(parents=True, exist_ok=True)
        self._thread.start()

    def stop(self) -> None:
        """End between two pages; all that was read is kept."""
        self._clock.stop()

    def join(self, seconds: float = _JOIN_SECONDS) -> None:
        """Wait until it has ended."""
        self._thread.join(seconds)

    def _run(self) -> None:
        order = self.order
        try:
            with Session(
                order.settings, (), streams=self.streams, state=order.state, secrets=order.secrets,
                keeping=order.keeping, clock=self._clock, watch=self._note_page,
            ) as session:  # fmt: skip
                self._session, self._client = session, session.client
                self.hooks = session.hooks
                self.ready.set()
                try:
                    session.follow(lambda: self._note(session))
                finally:
                    self._hold(session, after_ms=0)
        except Stopped:
            pass
        except HeadraceError as error:
            self.error = error
        except Exception as error:  # noqa: BLE001 - whatever it is, it is shown and tried again
            self.error = HeadraceError(f"{type(error).__name__}: {error}", advice="Report it.")
        finally:
            self.hooks = None

    def _note(self, session: Session) -> None:
        result = session.result()
        self.counts, self.notes = result.streams, result.notes
        self._note_calls()
        first = session.level and not self.level.is_set()
        self._hold(session, after_ms=0 if first else _HOLDING_MS)
        if first:
            self.level.set()

    def _hold(self, session: Session, *, after_ms: int = _HOLDING_MS) -> None:
        """Look at the mirror, if that is so long ago, or a change and a second. What cannot be read
        now is as it was."""
        now_ms = self._clock.now_ms()
        with suppress(Unavailable):
            if self.holding is not None and session.mirror.head() != self.holding.head:
                after_ms = min(after_ms, _CHANGED_MS)
            if now_ms - self._held_at >= after_ms:
                self._held_at = now_ms
                self.holding = holding_of(session.mirror, session.streams)

    def _note_page(self, stream: Stream, kind: Kind, counts: Counts, expected: int | None) -> None:
        self.passes[stream.name] = Pass(str(kind), counts.read, expected, self._clock.now_ms())
        self._note_calls()
        if self._session is not None:
            self._hold(self._session)

    def _note_calls(self) -> None:
        if self._client is not None:
            self.calls = self._client.calls
            self.throttled_ms = self._client.pacer.throttled_ms
