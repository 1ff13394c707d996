"""What a folder needs to know of a file format.

Rows in memory have the format's own form (an Arrow table, lines of JSON), so that copying the rows
of a file that stay costs no conversion; `len` counts them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, BinaryIO, Protocol

from headrace.core.schema import Columns, Table
from headrace.destinations.tables import Pairs

Rows = Any


class Codec(Protocol):
    """A file format: rows of a table to files and back. `name` is that of the URL's scheme."""

    @property
    def name(self) -> str:
        """For instance `parquet`; files end in it, too."""
        ...

    def encode(self, table: Table, columns: Columns) -> Rows:
        """Rows with all columns of the table; NULL where none are given. `Bug` for wrong values."""
        ...

    def values(self, rows: Rows, columns: Pairs) -> Columns:
        """The canonical values of some columns."""
        ...

    def size(self, rows: Rows) -> int:
        """Bytes they take in memory."""
        ...

    def take(self, rows: Rows, places: Sequence[int]) -> Rows:
        """The rows at these places, in this order."""
        ...

    def join(self, first: Rows, second: Rows) -> Rows:
        """Both, one after the other."""
        ...

    def widen(self, rows: Rows, columns: Pairs) -> Rows:
        """Rows of an older shape with all of these columns: the new ones are NULL."""
        ...

    def dump(self, rows: Rows) -> memoryview:
        """The content of a file."""
        ...

    def load(self, file: BinaryIO, columns: Pairs) -> Rows:
        """The rows of a file, with these columns at least.

        Raises `ValueError` (or what Arrow raises) for a file that is not as it was written.
        """
        ...
