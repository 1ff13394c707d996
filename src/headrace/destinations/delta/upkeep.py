"""Looking after Delta tables: files and log entries that no version needs any longer are deleted.

Once a day a table that is written to, one a write, after the write: how long versions stay is the
table's own setting (`delta.deletedFileRetentionDuration`, `delta.logRetentionDuration`). What fails
here harms nobody and is tried again an hour later. (Small files are merged by the writes.)
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from deltalake import CommitProperties, Transaction

from headrace.destinations.delta.store import TENDED, Store, plainly
from headrace.errors import HeadraceError

EVERY_S = 24 * 3600
AGAIN_S = 3600

_log = logging.getLogger(__name__)


class Upkeep:
    """Tends the tables of one store. `now_s`: seconds since 1970."""

    def __init__(self, store: Store, now_s: Callable[[], float]) -> None:
        self._store = store
        self._now_s = now_s
        self._tried_s: dict[str, float] = {}

    def tend(self, tended_s: Mapping[str, int]) -> None:
        """Tend one of these tables, if one is due. `tended_s`: when each was, as it says itself."""
        now = self._now_s()
        for name, last_s in tended_s.items():
            if now - last_s >= EVERY_S and now - self._tried_s.get(name, 0) >= AGAIN_S:
                self._tried_s[name] = now
                self._tend(name, int(now))
                return

    def _tend(self, name: str, now_s: int) -> None:
        try:
            table = self._store.open(name)
            with plainly(name):
                files = table.vacuum(dry_run=False, full=True)
                table.update_incremental()
                table.create_write_transaction(
                    [], "append", table.schema(),
                    commit_properties=CommitProperties(
                        max_commit_retries=0, app_transactions=[Transaction(TENDED, now_s)]
                    ),
                )  # fmt: skip
                table.update_incremental()
                table.create_checkpoint()
                table.cleanup_metadata()
        except HeadraceError as error:
            _log.warning("Delta table %s could not be tended: %s", name, error)
        else:
            _log.info("Delta table %s was tended: %d files deleted.", name, len(files))
