"""How one batch becomes statements on a MySQL table, inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from headrace.core.ports import Batch
from headrace.core.schema import Columns, Table
from headrace.destinations.mysql.connecting import send
from headrace.destinations.mysql.names import quoted_name
from headrace.destinations.mysql.values import KEY, key_bytes, literals
from headrace.destinations.tables import quoted
from headrace.errors import BadRows

SLICE_ROWS = 1000  # turned into text at a time
STATEMENT_BYTES = 1 << 20  # larger ones are not quicker
KEYS_MAX = 500  # of one DELETE: from 1000 on MariaDB no longer looks them up one by one
_FRAME_BYTES = 64  # of a packet, beside the statement
_KEY = quoted(KEY)


def write_batch(connection: Any, batch: Batch) -> None:
    """Empty, delete, put: in that order. A statement that has nothing to do is left out."""
    table = batch.table
    if batch.truncate:
        send(connection, f"DELETE FROM {quoted_name(table.name)}")
    if len(batch.owners):
        owners = key_bytes(table, batch.owners, table.key[: table.owner])
        _delete(connection, table, [_begins_with(owner) for owner in dict.fromkeys(owners)], " OR ")
    if len(batch.deletes):
        keys = key_bytes(table, batch.deletes, table.key)
        _delete(connection, table, [_literal(key) for key in keys], ", ", f"{_KEY} IN (", ")")
    for start in range(0, len(batch.rows), SLICE_ROWS):
        _put(connection, table, batch.rows, slice(start, start + SLICE_ROWS))


def upsert_tail(table: Table) -> str:
    """The end of an INSERT whose rows take the place of those with the same key.

    Of those, and no others: where a row only meets another one in a unique index that a person
    made, the key would have to become NULL, which MySQL refuses.
    """
    own = f"IF({_KEY} = VALUES({_KEY}), {_KEY}, NULL)"
    others = [quoted_name(name) for name, _ in table.columns if name not in table.key]
    changed = "".join(f", {name} = VALUES({name})" for name in others)
    return f" ON DUPLICATE KEY UPDATE {_KEY} = {own}{changed}"


def _put(connection: Any, table: Table, columns: Columns, rows: slice) -> None:
    keys = [_literal(key) for key in key_bytes(table, columns, table.key, rows)]
    texts = [keys, *literals(table, columns, connection.escape, rows)]
    names = ", ".join([_KEY, *(quoted_name(name) for name, _ in table.columns)])
    head = f"INSERT INTO {quoted_name(table.name)} ({names}) VALUES (".encode()
    tail = f"){upsert_tail(table)}".encode()
    rows_bytes = [text.encode() for text in map(",".join, zip(*texts, strict=True))]
    most = connection.max_allowed_packet - len(head) - len(tail) - _FRAME_BYTES
    largest = max(map(len, rows_bytes))
    if largest > most:
        raise BadRows(
            f"A row of table {table.name} takes {largest} bytes, more than the MySQL server's"
            " max_allowed_packet lets through.",
            table=table.name, advice="Raise max_allowed_packet at the server (1G is the most).",
        )  # fmt: skip
    for piece in _pieces(rows_bytes, min(most, STATEMENT_BYTES)):
        send(connection, head + b"),(".join(piece) + tail)


def _pieces(rows: Sequence[bytes], bytes_max: int) -> Iterator[list[bytes]]:
    """As many rows as fit, at least one."""
    piece: list[bytes] = []
    size = 0
    for row in rows:
        if piece and size + len(row) > bytes_max:
            yield piece
            piece, size = [], 0
        piece.append(row)
        size += len(row) + len(b"),(")
    yield piece


def _delete(
    connection: Any,
    table: Table,
    which: Sequence[str],
    joint: str,
    before: str = "",
    after: str = "",
) -> None:
    rest = iter(which)
    while some := list(islice(rest, KEYS_MAX)):
        where = f"{before}{joint.join(some)}{after}"
        send(connection, f"DELETE FROM {quoted_name(table.name)} WHERE {where}")


def _begins_with(start: bytes) -> str:
    """A range of keys. The first byte is a flag, so there is always a next one."""
    beyond = (int.from_bytes(start, "big") + 1).to_bytes(len(start), "big")
    return f"({_KEY} >= {_literal(start)} AND {_KEY} < {_literal(beyond)})"


def _literal(key: bytes) -> str:
    return f"X'{key.hex()}'"
