"""Where Delta tables lie: a folder, or a prefix in an object store, with one folder a table in it.

Everything goes through delta-rs, access to data files too: a folder and an object store are one
code path, and credentials come from the environment, as delta-rs reads them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.fs as pafs
from deltalake import CommitProperties, DeltaTable, Transaction
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from deltalake.fs import DeltaStorageHandler

from headrace.core.schema import Table
from headrace.errors import Refused, TablesChanged, Unavailable

TENDED = "headrace/tended"  # an application transaction: its version is when, in s since 1970
_FOLDER_BYTES_MAX = 255
_NOT_IN_NAMES = frozenset(" ,;{}()\n\t=")  # Delta without column mapping


class Conflict(Unavailable):
    """Somebody committed to the table since it was read, so that we did not (or cannot know)."""


class Store:
    """The folder or prefix `root`; a folder is made if it is not there, its parent is not."""

    def __init__(self, root: str) -> None:
        self._root = root.rstrip("/")
        if "://" not in root:
            self._root = _made(Path(root).absolute())

    def uri(self, name: str) -> str:
        """Where the table of this name lies."""
        return f"{self._root}/{folder_of(name)}"

    def files(self, name: str) -> Any:
        """A `pyarrow.fs.FileSystem` whose root is the table's folder."""
        with plainly(name):
            return pafs.PyFileSystem(DeltaStorageHandler(self.uri(name)))

    def is_free(self, name: str) -> bool:
        """Whether nothing lies where the table would."""
        with plainly(name):
            whole = pafs.PyFileSystem(DeltaStorageHandler(self._root))
            selector = pafs.FileSelector(folder_of(name), allow_not_found=True)
            return not whole.get_file_info(selector)

    def open(self, name: str) -> DeltaTable:
        """The table as it is now. `TablesChanged` where there is none, `Refused` if it has become
        one whose rules would not be kept here."""
        with plainly(name):
            found = DeltaTable(self.uri(name))
            _check_rules(name, found)
            return found


def folder_of(name: str) -> str:
    """A folder's name for a table's: what is unsafe in paths, URLs or tools is escaped as !XX.

    (Not as %XX: delta-rs 1.6 takes percent signs out of paths once more.)
    """
    plain = quote(name, safe="").replace("~", "%7E")
    return (f"%2E{plain[1:]}" if plain.startswith(".") else plain).replace("%", "!")


def check_names(tables: Sequence[Table]) -> None:
    """Refuse names that Delta cannot take."""
    for table in tables:
        if len(folder_of(table.name)) > _FOLDER_BYTES_MAX:
            raise Refused(
                f"The table name {table.name[:20]}... is too long for a folder.",
                advice="Give it a shorter name.",
            )
        for name, _ in table.columns:
            if _NOT_IN_NAMES & set(name):
                raise Refused(
                    f"Delta takes no column name with one of ' ,;{{}}()=', a tab or a line break:"
                    f" {name!r} of table {table.name}.",
                    advice="Rename it.",
                )


def stamp(task: str, epoch: int, *more: Transaction) -> CommitProperties:
    """What each commit of a task carries: its epoch. It goes in just after the version that was
    read, or not at all."""
    return CommitProperties(
        max_commit_retries=0, app_transactions=[Transaction(_app_of(task), epoch), *more]
    )


def epoch_of(table: DeltaTable, task: str) -> int:
    """The epoch of the task's last commit to this table; 0 for none."""
    return table.transaction_version(_app_of(task)) or 0


def tended_s(table: DeltaTable) -> int | None:
    """When the table was last tended, in s since 1970; None for a table that is not ours."""
    return table.transaction_version(TENDED)


@contextmanager
def plainly(name: str) -> Iterator[None]:
    """Sort what delta-rs and Arrow raise; their messages may hold addresses and stay out."""
    try:
        yield
    except CommitFailedError as error:
        raise Conflict(
            f"Delta table {name} was written by somebody else at the same moment.",
            advice="It is tried again; let nobody else write to it.",
        ) from error
    except TableNotFoundError as error:
        raise TablesChanged(
            f"There is no Delta table {name}.",
            advice="Start the task again: missing tables are made and filled.",
        ) from error
    except (DeltaError, OSError, pa.ArrowException) as error:
        raise Unavailable(
            f"Delta table {name} could not be read or written ({type(error).__name__}).",
            advice="Check free space and rights; for an object store the address and the"
            " credentials in the environment.",
        ) from error


def _app_of(task: str) -> str:
    return f"headrace:{task}"


def _made(folder: Path) -> str:
    if "%" in str(folder):
        raise Refused(
            "A Delta destination's path cannot have a percent sign in it.",
            advice="Name another folder.",
        )
    if folder == folder.parent:
        raise Refused(
            "The root of the file system is no place for Delta tables.", advice="Name a folder."
        )
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise Refused(
            f"The folder {folder} cannot be made: {error.strerror}.",
            advice="Make it, mend its parent's rights, or name another one.",
        ) from None
    return str(folder)


def _check_rules(name: str, table: DeltaTable) -> None:
    """Data files are written here without delta-rs, so no rule beyond the plain format holds."""
    protocol, metadata = table.protocol(), table.metadata()
    plain = protocol.min_reader_version == 1 and protocol.min_writer_version <= 2
    append_only = metadata.configuration.get("delta.appendOnly", "").lower() == "true"
    if not plain or append_only or metadata.partition_columns:
        raise Refused(
            f"Delta table {name} has features that Headrace does not write (deletion vectors,"
            " column mapping, change data feed, constraints, partitions or append only).",
            advice="Drop the table: it is made and filled again.",
        )
