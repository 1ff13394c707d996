"""Mining: one connection captured into its mirror, in a thread of its own, for all its tasks."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from headrace.app.hooks import SessionHooks
from headrace.app.place import mirror_path
from headrace.app.result import Note
from headrace.app.session import Session
from headrace.app.system import SystemClock
from headrace.coding.client import Client
from headrace.config import ConnectionSettings
from headrace.core.change import Counts
from headrace.core.stream import Stream
from headrace.engine.capture import Kind
from headrace.errors import HeadraceError, Stopped

_JOIN_SECONDS = 10.0


class Pass(NamedTuple):
    """How far the last pass over a stream has come: rows read of those expected, at a moment."""

    kind: str
    rows: int
    expected: int | None
    at: int


class Mining:
    """Reads a connection's streams from when it is started until it is stopped.

    `error` is why it ended by itself, if it did. `ready` is set once the mirror is there, `level`
    once all that was due has been read. Figures are copies of the session's, taken after each
    round; `calls`, `throttled_ms` and `passes`, by stream, after each page.
    """

    def __init__(
        self, name: str, settings: ConnectionSettings, state: Path, streams: Sequence[str]
    ) -> None:
        self.name = name
        self.settings = settings
        self.state = state
        self.streams = tuple(streams)
        self.error: HeadraceError | None = None
        self.ready = threading.Event()
        self.level = threading.Event()
        self.counts: Mapping[str, Counts] = {}
        self.notes: Sequence[Note] = ()
        self.calls = self.throttled_ms = 0
        self.passes: dict[str, Pass] = {}
        self.hooks: SessionHooks | None = None
        self._client: Client | None = None
        self._clock = SystemClock()
        self._thread = threading.Thread(target=self._run, name=f"headrace-mining-{name}")

    @property
    def mirror(self) -> str:
        """The name of the mirror in the state folder."""
        return mirror_path(self.state, self.settings).stem

    @property
    def running(self) -> bool:
        """Whether its thread lives."""
        return self._thread.is_alive()

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
        try:
            with Session(
                self.settings, (), streams=self.streams, state=self.state, clock=self._clock,
                watch=self._note_page,
            ) as session:  # fmt: skip
                self._client = session.client
                self.hooks = session.hooks
                self.ready.set()
                session.follow(lambda: self._note(session))
        except Stopped:
            pass
        except HeadraceError as error:
            self.error = error
        except Exception as error:  # noqa: BLE001 - whatever it is, it is shown and tried again
            self.error = HeadraceError(f"{type(error).__name__}: {error}", advice="Report it.")
        finally:
            self.hooks = None

    def _note(self, session: Session) -> None:
        if session.level:
            self.level.set()
        result = session.result()
        self.counts, self.notes = result.streams, result.notes
        self._note_calls()

    def _note_page(self, stream: Stream, kind: Kind, counts: Counts, expected: int | None) -> None:
        rows = counts.read + counts.inserted + counts.updated + counts.unchanged + counts.stale
        self.passes[stream.name] = Pass(str(kind), rows, expected, self._clock.now_ms())
        self._note_calls()

    def _note_calls(self) -> None:
        if self._client is not None:
            self.calls = self._client.calls
            self.throttled_ms = self._client.pacer.throttled_ms
