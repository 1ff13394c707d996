"""A control store as the first release wrote it: its tables, and a few rows in every one of them.

What is written here is history: it does not change when the tables do.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from tests.control.conftest import KEY, START_MS

import headrace.control
from headrace.app.sealing import Seal

PASSWORD = "correct horse battery"
COOKIE, TOKEN = "cookie-of-release-one", "hr_token-of-release-one"
MADE_ANEW = {"mining"}  # the first release never wrote into it
SOURCE_SECRETS = {"token": "0123456789abcdef0123456789abcdef01234567"}
CHANNEL = {"url": "https://hooks.example/of-old", "language": "en"}
CHANNEL_SECRETS = {"secret": "0123456789abcdef"}
_PASSWORD = (  # argon2id, of PASSWORD
    "$argon2id$v=19$m=64,t=1,p=1$wyEsfVWNHC1kNg6RRoFVJQ$k5SvDHOPPYxqDwIgxnV6mI3kMx7ulzUYZlBFXywxEpM"
)
_COOKIE = "bf22edaf90e14d768eeb2cc6fe174a4b977354fad4c2a551980ca25abb739eb3"  # SHA-256 of COOKIE
_TOKEN = "0ba5fb135618b72255f6b9dcd7927786085bd4e2c177420c9ff059cfc881623f"  # SHA-256 of TOKEN
_AT = {"created_at": START_MS, "updated_at": START_MS + 1}


class Json:
    """A value of a JSON column."""

    def __init__(self, value: Any) -> None:
        self.text = json.dumps(value)


def _sealed(row: str, values: Mapping[str, str]) -> bytes:
    return Seal(KEY).seal(json.dumps(values).encode(), f"headrace control {row}".encode())


def _connection(number: int, name: str, role: str, kind: str, settings: Any) -> dict[str, Any]:
    sealed = _sealed(f"connection {name}", SOURCE_SECRETS) if role == "source" else None
    return {
        "id": number, "name": name, "role": role, "type": kind, "settings": Json(settings),
        "sealed": sealed, "version": 3, **_AT,
    }  # fmt: skip


def _task(number: int, name: str, state: str, **values: Any) -> dict[str, Any]:
    return {
        "id": number, "name": name, "source_id": 7, "destination_id": 8,
        "settings": Json({"streams": ["issues"], "write": "history"}), "state": state,
        "reason": "", "advice": "", "agent": "local", "tries": 0, "due_at": 0,
        "reset_streams": None, "version": 2, **_AT, **values,
    }  # fmt: skip


def _measure(stream: str, span_ms: int, at: int) -> dict[str, Any]:
    return {
        "subject": "task:5", "stream": stream, "span_ms": span_ms, "at": at, "read": 40,
        "inserted": 3, "updated": 2, "deleted": 1, "unchanged": 9, "rejected": 1, "calls": 12,
        "throttled_ms": 150, "lag": 4, "lag_ms": 2_000, "changed_at": START_MS,
    }  # fmt: skip


def _user(number: int, name: str, role: str, disabled: bool) -> dict[str, Any]:
    return {
        "id": number, "name": name, "role": role, "password": _PASSWORD, "disabled": disabled,
        "created_at": START_MS,
    }  # fmt: skip


ROWS: Mapping[str, list[dict[str, Any]]] = {
    "connection": [
        _connection(7, "team", "source", "coding", {"team": "acme", "projects": ["商店"]}),
        _connection(8, "copy", "destination", "duckdb", {"url": "duckdb:///copy.duckdb"}),
    ],
    "check": [{"connection_id": 7, "at": START_MS, "result": Json({"ok": True, "items": []})}],
    "mining": [
        {"connection_id": 7, "state": "running", "reason": "", "agent": "local",
         "stopped_streams": Json([]), "updated_at": START_MS},
    ],
    "task": [
        _task(5, "nightly", "running"),
        _task(6, "weekly", "error", reason="It is away.", advice="Look at it.", tries=9,
              due_at=START_MS, reset_streams=Json(["issues"])),
        _task(9, "yearly", "new", agent="", reset_streams=Json(None)),
    ],
    "run": [
        {"id": 1, "task_id": 5, "agent": "local", "started_at": START_MS, "ended_at": START_MS + 5,
         "outcome": "failed", "reason": "It is away.", "figures": Json({"read": 40})},
        {"id": 2, "task_id": 5, "agent": "local", "started_at": START_MS + 9, "ended_at": None,
         "outcome": "running", "reason": "", "figures": Json({})},
    ],
    "agent": [
        {"name": "local", "release": "0.1.0", "started_at": START_MS, "heartbeat_at": START_MS,
         "cpu": 120, "memory_mb": 90, "cores": 2},
    ],
    "measure": [
        _measure("issues", 0, 0), _measure("issues", 10_000, START_MS), _measure("", 0, 0),
    ],
    "log_line": [
        {"id": 1, "subject": "task:5", "at": START_MS, "level": "warning", "text": "目标不可达",
         "advice": "Wait."},
    ],
    "alert": [
        {"id": 1, "kind": "lag", "subject": "task:5", "details": Json({"name": "nightly"}),
         "raised_at": START_MS, "seen_at": START_MS, "cleared_at": None, "times": 2,
         "told": Json({"1": {"raised": START_MS}})},
        {"id": 2, "kind": "task_error", "subject": "task:6", "details": Json({"name": "weekly"}),
         "raised_at": START_MS, "seen_at": START_MS, "cleared_at": START_MS + 1, "times": 1,
         "told": Json({})},
    ],
    "channel": [
        {"id": 1, "name": "ops", "type": "webhook",
         "settings": Json(CHANNEL),
         "sealed": _sealed("channel ops", CHANNEL_SECRETS), "enabled": True,
         "last": Json({"at": START_MS, "ok": True, "error": "", "advice": ""})},
        {"id": 2, "name": "post", "type": "email",
         "settings": Json({"host": "mail.example", "from": "headrace@example.org",
                           "to": ["member-17@example.org"]}),
         "sealed": None, "enabled": False, "last": None},
    ],
    "user": [_user(1, "admin-1", "admin", False), _user(2, "viewer-2", "viewer", True)],
    "session": [
        {"digest": _COOKIE, "user_id": 1, "created_at": START_MS, "seen_at": START_MS,
         "ends_at": START_MS + 86_400_000},
    ],
    "token": [
        {"id": 1, "name": "job", "digest": _TOKEN, "user_id": 1, "role": "operator",
         "created_at": START_MS, "used_at": START_MS, "ends_at": START_MS + 86_400_000},
    ],
    "audit": [
        {"id": 1, "at": START_MS, "who": "admin-1", "action": "task.save", "subject": "nightly",
         "before": None, "after": Json({"write": "history"})},
        {"id": 2, "at": START_MS, "who": "admin-1", "action": "task.change", "subject": "weekly",
         "before": Json({"write": "mirror"}), "after": Json({"write": "history"})},
    ],
    "model": [
        {"id": 1, "connection_id": 7, "at": START_MS, "loaded_at": START_MS,
         "columns": Json({"issues": [["id", "integer"]]}), "changes": Json([])},
    ],
    "setting": [
        {"name": "alerts", "value": Json({"lag_ms": 5, "muted": ["lag"]})},
    ],
}  # fmt: skip


def make(place: Path | str) -> None:
    """Write that store."""
    engine = engine_of(place)
    config = Config()
    migrations = Path(headrace.control.__file__).parent / "migrations"
    config.set_main_option("script_location", str(migrations))
    with engine.begin() as db:
        config.attributes["connection"] = db
        command.upgrade(config, "0001")
        for table, rows in ROWS.items():
            for row in rows:
                names = ", ".join(f'"{name}"' for name in row)
                places = ", ".join(f":{name}" for name in row)
                values = {n: v.text if isinstance(v, Json) else v for n, v in row.items()}
                db.execute(sa.text(f'INSERT INTO "{table}" ({names}) VALUES ({places})'), values)
            if engine.name == "postgresql" and "id" in rows[0]:  # as if they came one by one
                sequence = f"pg_get_serial_sequence('\"{table}\"', 'id')"
                db.execute(sa.text(f'SELECT setval({sequence}, max(id)) FROM "{table}"'))
    engine.dispose()


def engine_of(place: Path | str) -> sa.Engine:
    """A plain engine, which knows nothing of Headrace."""
    if isinstance(place, Path):
        return sa.create_engine(f"sqlite:///{place}")
    return sa.create_engine(place.replace("postgresql://", "postgresql+psycopg://"))


def found(place: Path | str) -> dict[str, Any]:
    """What the columns of the first release hold now, except for tables that were made anew."""
    engine = engine_of(place)
    with engine.connect() as db:
        kept = {
            table: sorted((dict(row) for row in db.execute(_all(table)).mappings()), key=repr)
            for table in ROWS
            if table not in MADE_ANEW
        }
    engine.dispose()
    return kept


def version(place: Path | str) -> str:
    """That of the store."""
    engine = engine_of(place)
    with engine.connect() as db:
        number = db.scalar(sa.text("SELECT version_num FROM alembic_version"))
    engine.dispose()
    return str(number)


def _all(table: str) -> sa.TextClause:
    names = ", ".join(f'"{name}"' for name in ROWS[table][0])
    return sa.text(f'SELECT {names} FROM "{table}"')
