"""The tables of the control store, for SQLite and PostgreSQL alike. Times are ms UTC.

`sealed` columns hold what `secrets.Vault` sealed for that row; JSON columns hold no secret. The
migrations in `migrations/` make these tables; a test holds both against each other.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)
_ID = Integer().with_variant(BigInteger, "postgresql")
NAME_MAX = 100
SUBJECT_MAX = 120
COUNTED = (
    "read", "inserted", "updated", "deleted", "unchanged", "rejected", "calls", "throttled_ms",
)  # fmt: skip
PRESENT = ("lag", "lag_ms", "changed_at")
MEASURED = (*COUNTED, *PRESENT)


def _id() -> Column[int]:
    """Where others keep a row's id beyond its life, its table says `sqlite_autoincrement`."""
    return Column("id", _ID, primary_key=True, autoincrement=True)


def _at(name: str, *, null: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=null)


# A connection: a CODING team to read (role source) or a place to write to (role destination).
connection = Table(
    "connection", metadata, _id(),
    Column("name", String(NAME_MAX), nullable=False, unique=True),
    Column("role", String(20), nullable=False),
    Column("type", String(40), nullable=False),
    Column("settings", JSON, nullable=False),
    Column("sealed", LargeBinary, nullable=True),
    Column("version", Integer, nullable=False),
    _at("created_at"), _at("updated_at"),
    sqlite_autoincrement=True,
)  # fmt: skip

# The last connection test, item by item: {"items": [...], "ok": bool}.
check = Table(
    "check", metadata,
    Column("connection_id", _ID, ForeignKey("connection.id", ondelete="CASCADE"), primary_key=True),
    _at("at"),
    Column("result", JSON, nullable=False),
)  # fmt: skip

# A source's Service URL: see `service_urls`. Its secrets are among the connection's.
service_url = Table(
    "service_url", metadata,
    Column("connection_id", _ID, ForeignKey("connection.id", ondelete="CASCADE"), primary_key=True),
    _at("made_at"), _at("old_until"), _at("pinged_at"),
)  # fmt: skip

# A mining: the shared one of a source, or that of a single task. What people stopped of it, when
# "from now" was, and what its mirror held when it was looked at last.
mining = Table(
    "mining", metadata,
    Column("key", String(40), primary_key=True),  # connection-3 or task-7
    Column("connection_id", _ID, ForeignKey("connection.id", ondelete="CASCADE"), nullable=False),
    Column("stopped_by", String(NAME_MAX), nullable=False),  # "": nobody did
    Column("stopped_streams", JSON, nullable=False),
    _at("from_now_at"),  # 0: never asked for
    Column("agent", String(NAME_MAX), nullable=False),  # who reads, or did last
    Column("held", JSON, nullable=False),
    _at("looked_at"),
    Index("ix_mining_connection", "connection_id"),
)  # fmt: skip

task = Table(
    "task", metadata, _id(),
    Column("name", String(NAME_MAX), nullable=False, unique=True),
    Column("source_id", _ID, ForeignKey("connection.id"), nullable=False),
    Column("destination_id", _ID, ForeignKey("connection.id"), nullable=False),
    Column("settings", JSON, nullable=False),
    Column("state", String(20), nullable=False),
    Column("reason", Text, nullable=False),
    Column("advice", Text, nullable=False),
    Column("agent", String(NAME_MAX), nullable=False),
    Column("tries", Integer, nullable=False),
    _at("due_at"),
    Column("reset_streams", JSON, nullable=True),  # null: nothing; []: all; else names
    Column("version", Integer, nullable=False),
    _at("created_at"), _at("updated_at"),
    Column("chosen", JSON(none_as_null=True), nullable=True),  # null: new streams join
    sqlite_autoincrement=True,
)  # fmt: skip

# What the last pre-check ("precheck") and the last verification ("verify") of a task found.
task_result = Table(
    "task_result", metadata,
    Column("task_id", _ID, ForeignKey("task.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", String(20), primary_key=True),
    _at("at"),
    Column("result", JSON, nullable=False),
)  # fmt: skip

run = Table(
    "run", metadata, _id(),
    Column("task_id", _ID, ForeignKey("task.id", ondelete="CASCADE"), nullable=False),
    Column("agent", String(NAME_MAX), nullable=False),
    _at("started_at"), _at("ended_at", null=True),
    Column("outcome", String(20), nullable=False),
    Column("reason", Text, nullable=False),
    Column("figures", JSON, nullable=False),
    Index("ix_run_task", "task_id", "started_at"),
)  # fmt: skip

agent = Table(
    "agent", metadata,
    Column("name", String(NAME_MAX), primary_key=True),
    Column("release", String(40), nullable=False),
    _at("started_at"), _at("heartbeat_at"),
    Column("cpu", Integer, nullable=False),  # per mille of one core
    Column("memory_mb", Integer, nullable=False),
    Column("cores", Integer, nullable=False),
)  # fmt: skip

# What a task's table (or a source's stream) did in a span of time that began at `at`. A span of 0
# is all time; that of a day begins where CODING's day does. See `monitor`.
measure = Table(
    "measure", metadata,
    Column("subject", String(SUBJECT_MAX), primary_key=True),  # task:7 or connection:3
    Column("stream", String(NAME_MAX), primary_key=True),  # "": the subject as a whole
    Column("span_ms", Integer, primary_key=True),
    Column("at", BigInteger, primary_key=True),
    *(_at(name) for name in MEASURED),
    Index("ix_measure_at", "span_ms", "at"),
)  # fmt: skip

log_line = Table(
    "log_line", metadata, _id(),
    Column("subject", String(SUBJECT_MAX), nullable=False),
    _at("at"),
    Column("level", String(10), nullable=False),
    Column("text", Text, nullable=False),
    Column("advice", Text, nullable=False),
    Index("ix_log_subject", "subject", "id"),
)  # fmt: skip

alert = Table(
    "alert", metadata, _id(),
    Column("kind", String(40), nullable=False),
    Column("subject", String(SUBJECT_MAX), nullable=False),  # one open alert a kind and subject
    Column("details", JSON, nullable=False),  # what its words are filled with
    _at("raised_at"), _at("seen_at"), _at("cleared_at", null=True),
    Column("times", Integer, nullable=False),
    Column("told", JSON, nullable=False),  # channel id -> {"raised": ms, "cleared": ms}
    Index("ix_alert_open", "cleared_at", "kind", "subject"),
)  # fmt: skip

channel = Table(
    "channel", metadata, _id(),
    Column("name", String(NAME_MAX), nullable=False, unique=True),
    Column("type", String(20), nullable=False),
    Column("settings", JSON, nullable=False),
    Column("sealed", LargeBinary, nullable=True),
    Column("enabled", Boolean, nullable=False),
    Column("last", JSON, nullable=True),  # the last message: {"at", "ok", "error", "advice"}
    sqlite_autoincrement=True,
)  # fmt: skip

user = Table(
    "user", metadata, _id(),
    Column("name", String(NAME_MAX), nullable=False, unique=True),
    Column("role", String(20), nullable=False),
    Column("password", Text, nullable=False),  # argon2id
    Column("disabled", Boolean, nullable=False),
    _at("created_at"),
)  # fmt: skip

session = Table(
    "session", metadata,
    Column("digest", String(64), primary_key=True),  # SHA-256 of the cookie's value
    Column("user_id", _ID, ForeignKey("user.id", ondelete="CASCADE"), nullable=False),
    _at("created_at"), _at("seen_at"), _at("ends_at"),
)  # fmt: skip

token = Table(
    "token", metadata, _id(),
    Column("name", String(NAME_MAX), nullable=False),
    Column("digest", String(64), nullable=False, unique=True),
    Column("user_id", _ID, ForeignKey("user.id", ondelete="CASCADE"), nullable=False),
    Column("role", String(20), nullable=False),  # at most the user's
    _at("created_at"), _at("used_at", null=True), _at("ends_at", null=True),
    UniqueConstraint("user_id", "name"),
)  # fmt: skip

audit = Table(
    "audit", metadata, _id(),
    _at("at"),
    Column("who", String(NAME_MAX), nullable=False),
    Column("action", String(60), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("before", JSON, nullable=True),
    Column("after", JSON, nullable=True),
    Index("ix_audit_at", "at"),
)  # fmt: skip

# The model of a source as it was last loaded, and what changed at each load that found a change.
model = Table(
    "model", metadata, _id(),
    Column("connection_id", _ID, ForeignKey("connection.id", ondelete="CASCADE"), nullable=False),
    _at("at"), _at("loaded_at"),
    Column("columns", JSON, nullable=False),  # table -> [[name, type], ...]; {} in older rows
    Column("changes", JSON, nullable=False),
    Index("ix_model_connection", "connection_id", "at"),
)  # fmt: skip

setting = Table(
    "setting", metadata,
    Column("name", String(NAME_MAX), primary_key=True),
    Column("value", JSON, nullable=False),
)  # fmt: skip
