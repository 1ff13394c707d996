"""What a server is, as plain data: its release, where it keeps what, its key, how long it keeps."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from typing import Any

from headrace.app.sealing import KEY_FILE, ROTATION_FILE
from headrace.app.serving.agent import release
from headrace.app.serving.platform import Platform
from headrace.config import KEY_VARIABLE, key_from_environment
from headrace.control import alerts, history, monitor, people

DAY_MS = 86_400_000
LIMITS: Mapping[str, int] = {
    "alerts_days": alerts.KEPT_MS // DAY_MS,
    "figures_days": monitor.KEPT_MS // DAY_MS,
    "log_days": history.LINES_KEPT_MS // DAY_MS,
    "log_lines": history.LINES_MAX,
    "runs": history.RUNS_MAX,
    "session_days": people.SESSION_MS // DAY_MS,
    "session_idle_days": people.IDLE_MS // DAY_MS,
    "password_characters": people.PASSWORD_MIN,
}


def about(platform: Platform, public_url: str) -> dict[str, Any]:
    """`public_url` is what browsers open, "" where nobody said. No secret is in it, nor a user or
    a password of the store. `limits`: how long, and how much of what, is kept."""
    disk = shutil.disk_usage(platform.data)
    return {
        "release": release(), "agent": platform.agent.name, "public_url": public_url,
        "data": str(platform.data.absolute()), "disk_free": disk.free, "disk_size": disk.total,
        "store": _store(platform), "key": _key(platform), "limits": dict(LIMITS),
    }  # fmt: skip


def _store(platform: Platform) -> dict[str, Any]:
    """Which kind, and where."""
    store = platform.store
    if store.is_sqlite:
        return {"type": "sqlite", "place": str(store.url.database)}
    host = f"{store.url.host or 'localhost'}:{store.url.port or 5432}"
    return {"type": "postgresql", "place": f"{host}/{store.url.database or ''}"}


def _key(platform: Platform) -> dict[str, Any]:
    """Where it comes from; when it was last changed (ms UTC; 0: never), and whether to the end."""
    given = bool(key_from_environment())
    changed = platform.audit.entries(subject="key", limit=1)
    return {
        "origin": "environment" if given else "file",
        "place": KEY_VARIABLE if given else str((platform.data / KEY_FILE).absolute()),
        "changed_at": changed[0].at if changed else 0,
        "unfinished": (platform.data / ROTATION_FILE).exists(),
    }
