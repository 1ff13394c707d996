"""Opening a DuckDB file, and what DuckDB's errors mean for a person."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import duckdb

from headrace.errors import BadRows, Bug, HeadraceError, Refused, TablesChanged, Unavailable

MEMORY = "128MB"  # beyond it DuckDB goes to disk, beside the file: fills may be of any size
_MAGIC = slice(8, 12)  # where a DuckDB file says DUCK, after the checksum of its first block
_HOLDER = re.compile(r"held in (?P<program>.+?) \(PID (?P<pid>\d+)\)")
_FATAL = (duckdb.IOException, duckdb.FatalException, duckdb.InternalException)
_TRY_AGAIN = (*_FATAL, duckdb.OutOfMemoryException, duckdb.TransactionException)
_ALTERED = (duckdb.CatalogException, duckdb.BinderException, duckdb.ConstraintException)
_VALUES = (duckdb.ConstraintException, duckdb.DataError)


def connect(path: Path) -> Any:
    """Open or make the file. Raises `Refused`, `Unavailable`."""
    _check_path(path)
    try:
        connection = duckdb.connect(str(path))
        connection.execute(f"SET memory_limit = '{MEMORY}'")
        return connection
    except duckdb.Error as error:
        raise _opening_error(error, path) from error


def is_fatal(error: Exception) -> bool:
    """Whether DuckDB may refuse all further work on this connection."""
    return isinstance(error, _FATAL)


def sorted_error(error: Exception, path: Path, table: str = "") -> HeadraceError:
    """See `Dialect.sorted_error`."""
    said = str(error).splitlines()[0] if str(error) else type(error).__name__
    if isinstance(error, _TRY_AGAIN):
        return Unavailable(
            f"DuckDB could not finish on {path}: {said}",
            advice="Nothing was written; check free space if it stays so.",
        )
    if table and isinstance(error, _VALUES):
        return BadRows(
            f"DuckDB refused a row of table {table} ({type(error).__name__}).", table=table,
            advice="Look for a rule (an index, NOT NULL) that somebody added to the table.",
        )  # fmt: skip
    if isinstance(error, _ALTERED):
        return TablesChanged(
            f"A table in {path} is not as Headrace made it ({type(error).__name__}).",
            advice="Start the task again: missing tables and columns are made and filled.",
        )
    return Bug(f"DuckDB refused a statement on {path} ({type(error).__name__}).")


def _check_path(path: Path) -> None:
    """Refuse what is plainly no DuckDB file, before DuckDB tries an extension on it."""
    if not path.parent.is_dir():
        raise Refused(
            f"The folder {path.parent} does not exist.", advice="Make it, or name another file."
        )
    if not path.exists():
        return
    try:
        with path.open("rb") as file:
            start = file.read(16)
    except OSError as error:
        raise Refused(
            f"{path} cannot be read: {error.strerror}.", advice="Mend its rights, or name a file."
        ) from None
    if start[_MAGIC] != b"DUCK":
        raise Refused(f"{path} is not a DuckDB file.", advice="Move it away or name another file.")


def _opening_error(error: duckdb.Error, path: Path) -> HeadraceError:
    said = str(error)
    if "lock on file" in said:
        return Refused(f"{path} is in use{_holder(said)}.", advice="Close it there and try again.")
    if isinstance(error, duckdb.TransactionException) or "No space left" in said:
        return sorted_error(error, path)
    return Refused(
        f"DuckDB cannot open {path}: {said.splitlines()[0]}",
        advice="Mend the file or its rights, or name another one.",
    )


def _holder(said: str) -> str:
    found = _HOLDER.search(said)
    return f" by {found['program']} (PID {found['pid']})" if found else " by another process"
