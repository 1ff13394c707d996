"""The rows that every writer gets: 20 columns of mixed types, plainly artificial."""

from __future__ import annotations

from decimal import Decimal

from headrace.core.schema import Columns, Table, Type

FILL_ROWS, CHUNK_ROWS = 100_000, 5_000
UPSERT_ROWS, SMALL_ROWS, DELETED_ROWS = 1_000, 10, 1_000
ISSUES = Table(
    "issues",
    (
        ("project_id", Type.INTEGER), ("code", Type.INTEGER), ("type", Type.TEXT),
        ("name", Type.TEXT), ("description", Type.TEXT), ("status_id", Type.INTEGER),
        ("status_name", Type.TEXT), ("priority", Type.TEXT), ("assignee_id", Type.INTEGER),
        ("assignee_name", Type.TEXT), ("hours", Type.DECIMAL), ("is_system", Type.BOOLEAN),
        ("start_at", Type.TIMESTAMP), ("due_at", Type.TIMESTAMP), ("created_at", Type.TIMESTAMP),
        ("updated_at", Type.TIMESTAMP), ("custom_fields", Type.JSON), ("_extra", Type.JSON),
        ("_changed_at", Type.TIMESTAMP), ("_offset", Type.INTEGER),
    ),
    ("project_id", "code"),
)  # fmt: skip
_BEGAN_MS = 1_700_000_000_000


def rows(count: int, *, first: int = 0, version: int = 0) -> Columns:
    """Rows `first` to `first + count`, as they are in a version."""
    numbers = range(first, first + count)
    return Columns({
        "project_id": [n % 5 for n in numbers],
        "code": [n // 5 for n in numbers],
        "type": [("REQUIREMENT", "MISSION", "DEFECT")[n % 3] for n in numbers],
        "name": [f"Issue {n}, version {version}" for n in numbers],
        "description": [f"Step {n}: open the cart, press pay, wait. " * 8 for n in numbers],
        "status_id": [n % 7 for n in numbers],
        "status_name": [("todo", "doing", "done")[n % 3] for n in numbers],
        "priority": [str(n % 4) for n in numbers],
        "assignee_id": [n % 40 or None for n in numbers],
        "assignee_name": [f"member-{n % 40}" if n % 40 else None for n in numbers],
        "hours": [Decimal(n % 16) / 2 for n in numbers],
        "is_system": [n % 7 == 0 for n in numbers],
        "start_at": [_BEGAN_MS + n if n % 2 else None for n in numbers],
        "due_at": [None for _ in numbers],
        "created_at": [_BEGAN_MS + n for n in numbers],
        "updated_at": [_BEGAN_MS + n + version for n in numbers],
        "custom_fields": [f'[{{"Id":{n % 9},"ValueString":"x"}}]' for n in numbers],
        "_extra": [None for _ in numbers],
        "_changed_at": [_BEGAN_MS + n + version for n in numbers],
        "_offset": [n + version for n in numbers],
    })  # fmt: skip


def chunks() -> list[Columns]:
    """The full load, in the parts in which it comes from a mirror."""
    return [rows(CHUNK_ROWS, first=at) for at in range(0, FILL_ROWS, CHUNK_ROWS)]


def keys(count: int) -> Columns:
    """Keys of the first rows."""
    found = rows(count).values
    return Columns({name: found[name] for name in ISSUES.key})


def tuples(columns: Columns) -> list[tuple[object, ...]]:
    """Row by row, for drivers that take parameters."""
    return list(zip(*columns.values.values(), strict=True))
