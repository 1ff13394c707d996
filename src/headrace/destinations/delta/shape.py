"""The shape of a Delta table: what it is now, and what makes it what is wanted."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from deltalake import DeltaTable, Field, Schema, Transaction
from deltalake.schema import PrimitiveType

from headrace.core.schema import Table, Type
from headrace.destinations.delta.store import TENDED, Store, plainly, stamp, tended_s
from headrace.destinations.tables import Found, Plan
from headrace.errors import TablesChanged

TYPES: Mapping[Type, str] = {
    Type.INTEGER: "long",
    Type.TEXT: "string",
    Type.BOOLEAN: "boolean",
    Type.DECIMAL: "decimal(38,9)",
    Type.TIMESTAMP: "timestamp",
    Type.JSON: "string",
}
CONFIG: Mapping[str, str | None] = {
    "delta.checkpointInterval": "10",
    "delta.logRetentionDuration": "interval 7 days",
    "delta.deletedFileRetentionDuration": "interval 7 days",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """What lies where a table would: its columns by name, and whether Headrace made it."""

    columns: Found
    ours: bool


def shown(store: Store, name: str) -> Shown | None:
    """What lies there; None for nothing. Something that is no Delta table has no columns."""
    if store.is_free(name):
        return None
    try:
        table = store.open(name)
    except TablesChanged:
        return Shown({}, ours=False)
    ours = tended_s(table) is not None
    return Shown({field.name: _said(field) for field in table.schema().fields}, ours)


def reshape(store: Store, task: str, epoch: int, table: Table, planned: Plan) -> None:
    """Make the table, make it anew without rows, or give it more columns."""
    if planned.create or planned.remove:
        _make(store, task, epoch, table, planned)
    elif planned.add:
        with plainly(table.name):
            store.open(table.name).alter.add_columns(
                [_field(name, kind) for name, kind in planned.add],
                commit_properties=stamp(task, epoch),
            )


def _make(store: Store, task: str, epoch: int, table: Table, planned: Plan) -> None:
    """With all columns that are noted; rows that were there go: they are filled again anyway."""
    with plainly(table.name):
        DeltaTable.create(
            store.uri(table.name),
            Schema([_field(name, kind) for name, kind in planned.noted.columns]),
            mode="overwrite" if planned.drop or planned.remove else "error",
            description=f"Kept by Headrace, task {task}; key: {', '.join(table.key)}."
            " Do not write here.",
            configuration=CONFIG,
            commit_properties=stamp(task, epoch, Transaction(TENDED, int(time.time()))),
        )


def _field(name: str, kind: Type) -> Field:
    return Field(name, PrimitiveType(TYPES[kind]))


def _said(field: Field) -> str:
    return field.type.type if isinstance(field.type, PrimitiveType) else str(field.type)
