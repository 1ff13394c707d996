"""A console with something on every page: a source, a copy, a task that runs, people, a channel."""

from __future__ import annotations

from tests.console.conftest import Console
from tests.serving.conftest import ADMIN

PAGES = {
    "overview": "/",
    "connections": "/connections",
    "connection-gallery": "/connections/new",
    "connection-new": "/connections/new/coding",
    "connection": "/connections/{source}",
    "tasks": "/tasks",
    "task-new": "/tasks/new",
    "task": "/tasks/{task}",
    "task-tables": "/tasks/{task}/tables",
    "task-rejects": "/tasks/{task}/rejects",
    "task-log": "/tasks/{task}/log",
    "task-runs": "/tasks/{task}/runs",
    "task-settings": "/tasks/{task}/settings",
    "minings": "/minings",
    "mining": "/minings/connection-{source}",
    "hooks": "/hooks",
    "deliveries": "/connections/{source}/deliveries",
    "data": "/data",
    "data-stream": "/data/issues",
    "agents": "/agents",
    "alerts": "/alerts",
    "people": "/people",
    "audit": "/audit",
    "settings": "/settings",
    "account": "/account",
}


def furnish(console: Console, *, streams: tuple[str, ...] = (), **values: object) -> dict[str, str]:
    """Make what the pages show, once, and say where each page is."""
    behind = console.behind
    source = behind.source("team-1", **values)
    destination = behind.destination("copy-1")
    chosen = {"streams": list(streams)} if streams else {}
    task = behind.task(source, destination, **chosen)
    behind.platform.tasks.start(ADMIN, task.id)
    behind.until(lambda: console.behind.file("copy-1").exists())
    known = {"source": source.id, "destination": destination.id, "task": task.id}
    return {name: path.format(**known) for name, path in PAGES.items()}
