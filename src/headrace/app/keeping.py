"""What a session keeps and where: the place of its mirror, the length of its log, what is left."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from headrace.app.place import mirror_path
from headrace.config import ConnectionSettings
from headrace.mirror.stored import StoredMirror
from headrace.mirror.urls import Store, open_mirror


@dataclass(frozen=True, slots=True)
class Keeping:
    """`store` and `name`: where the mirror lies; without a name, as usual in the state folder.

    `log_days`: how long the log is kept. `since_ms`: rows last touched before are left out, as by
    a `start` of the connection; 0 for none. `without`: streams that are not read, even where others
    hang on them.
    """

    store: Store = field(default="", repr=False)
    name: str = ""
    log_days: float = 3.0
    since_ms: int = 0
    without: frozenset[str] = frozenset()

    def place(self, settings: ConnectionSettings, state: Path) -> tuple[Store, str]:
        """Where the mirror lies, and the inbox beside it: the store and the name there."""
        if self.name:
            return self.store, self.name
        return state, mirror_path(state, settings).stem

    def open(self, settings: ConnectionSettings, state: Path, now_ms: int) -> StoredMirror:
        """The mirror, held for this process. Raises as `open_mirror`."""
        return open_mirror(*self.place(settings, state), now_ms)


EVERYTHING = Keeping()
