"""A data folder as a desk. A server may run on it meanwhile: it sees what is written here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from headrace.app.serving import views
from headrace.app.serving.platform import Platform, check_item
from headrace.coding.streams import find
from headrace.control.history import Level as LevelKind
from headrace.control.people import Person, Role
from headrace.wire.connections import CheckItem, Connection, ConnectionDetail
from headrace.wire.making import all_shown, shown
from headrace.wire.models import Applied
from headrace.wire.tasks import Task, TaskDetail
from headrace.wire.watching import Level, Line

_BY = Person(0, "headrace", Role.ADMIN)


class LocalDesk:
    """See `headrace.cli.desk.Desk`."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def connections(self) -> list[Connection]:
        """All, by name."""
        return all_shown(Connection, views.connections(self._platform))

    def connection(self, connection_id: int) -> ConnectionDetail:
        """One, with its last test."""
        return shown(ConnectionDetail, views.connection(self._platform, connection_id))

    def check(self, connection_id: int) -> Iterator[CheckItem]:
        """Test it."""
        for item in self._platform.check(connection_id):
            yield shown(CheckItem, check_item(item))

    def tasks(self) -> list[Task]:
        """All, by name."""
        return all_shown(Task, views.tasks(self._platform))

    def task(self, task_id: int) -> TaskDetail:
        """One, stream by stream."""
        return shown(TaskDetail, views.task(self._platform, task_id))

    def start(self, task_id: int) -> TaskDetail:
        """Let it run as soon as a server has it."""
        self._platform.tasks.start(_BY, task_id)
        return self.task(task_id)

    def stop(self, task_id: int) -> TaskDetail:
        """Let it drain and end."""
        self._platform.tasks.stop(_BY, task_id)
        return self.task(task_id)

    def reset(self, task_id: int, streams: Sequence[str]) -> TaskDetail:
        """Fill these tables anew at the next start."""
        names = [one.name for one in find(streams)] if streams else []
        self._platform.tasks.reset(_BY, task_id, names)
        return self.task(task_id)

    def log(self, subject: str, text: str, level: Level, count: int) -> list[Line]:
        """The newest lines, the newest first."""
        found = self._platform.log.lines(
            subject=subject, text=text, level=LevelKind(level), limit=count
        )
        return all_shown(Line, found)

    def apply(self, file: Path) -> Applied:
        """Make and change what the file says."""
        done = self._platform.files.apply(Person(0, "headrace apply", Role.ADMIN), file)
        return shown(Applied, done.as_dict())

    def export(self) -> str:
        """All, without secrets."""
        return self._platform.files.export()
