"""A server as a desk, through its client."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from headrace.client import HeadraceClient
from headrace.wire.connections import CheckItem, Connection, ConnectionDetail
from headrace.wire.models import Applied
from headrace.wire.tasks import Task, TaskDetail
from headrace.wire.watching import Level, Line


class RemoteDesk:
    """See `headrace.cli.desk.Desk`."""

    def __init__(self, client: HeadraceClient) -> None:
        self._client = client
        self.start = client.tasks.start
        self.stop = client.tasks.stop

    def connections(self) -> list[Connection]:
        """All, by name."""
        return self._client.connections.all()

    def connection(self, connection_id: int) -> ConnectionDetail:
        """One, with its last test."""
        return self._client.connections.get(connection_id)

    def check(self, connection_id: int) -> Iterator[CheckItem]:
        """Test it."""
        return self._client.connections.check(connection_id)

    def tasks(self) -> list[Task]:
        """All, by name."""
        return self._client.tasks.all()

    def task(self, task_id: int) -> TaskDetail:
        """One, stream by stream."""
        return self._client.tasks.get(task_id)

    def reset(self, task_id: int, streams: Sequence[str]) -> TaskDetail:
        """Fill these tables anew at the next start."""
        return self._client.tasks.reset(task_id, streams)

    def log(self, subject: str, text: str, level: Level, count: int) -> list[Line]:
        """The newest lines, the newest first."""
        return list(islice(self._client.log(subject, text=text, level=level), count))

    def apply(self, file: Path) -> Applied:
        """What the environment fills in is filled in here: the server is sent the values."""
        from headrace.app.serving.files import filled_file

        return self._client.apply(filled_file(file))

    def export(self) -> str:
        """All, without secrets."""
        return self._client.export()
