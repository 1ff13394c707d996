"""Schema reload (模型加载): each source's model is loaded when it is due, asked for, or when a task
learned a column. A model is the catalogue's tables with the columns that its mirrors learned."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path

from headrace.app.serving.watching.counting import Mirrors, Place
from headrace.coding.streams import CATALOGUE
from headrace.control.connections import Connection, ConnectionRole, Connections
from headrace.control.models import DAILY_AT, Load, Models, next_load
from headrace.core.clock import Clock
from headrace.core.learning import Learned, extended, wider_type
from headrace.core.schema import Column, Schema, tables_of

Places = Callable[[Connection], Sequence[Place]]
RELOAD_AT = "schema_reload_at"  # the value of a source that says when, for 10,000 tables and more


class Reloader:
    """Loads models. `places` says where the mirrors of a source lie."""

    def __init__(
        self, models: Models, connections: Connections, mirrors: Mirrors, places: Places,
        clock: Clock,
    ) -> None:  # fmt: skip
        self._models = models
        self._connections = connections
        self._mirrors = mirrors
        self._places = places
        self._clock = clock
        self._asked: set[int] = set()
        self._due: dict[int, int] = {}

    def ask(self, connection_id: int) -> None:
        """Load this source at the next look. Safe from any thread."""
        self._asked.add(connection_id)

    def look(self) -> list[tuple[Connection, Load]]:
        """Load what is due. Returns the loads that found something new."""
        found = []
        for connection in self._connections.all():
            if connection.role is ConnectionRole.SOURCE and self._is_due(connection):
                self._asked.discard(connection.id)
                load = self._load(connection)
                if load is not None:
                    found.append((connection, load))
        return found

    def _is_due(self, connection: Connection) -> bool:
        if connection.id in self._asked:
            return True
        if connection.id not in self._due:
            model = self._models.get(connection.id)
            self._note_due(connection, model.loaded_at if model else 0,
                           len(model.columns) if model else 0)  # fmt: skip
        return self._clock.now_ms() >= self._due[connection.id]

    def _load(self, connection: Connection) -> Load | None:
        columns = _model_of(self._learned(self._places(connection)))
        load = self._models.loaded(connection.id, columns)
        self._note_due(connection, self._clock.now_ms(), len(columns))
        return load

    def _note_due(self, connection: Connection, loaded_at: int, count: int) -> None:
        daily_at = str(connection.values.get(RELOAD_AT, DAILY_AT))
        self._due[connection.id] = next_load(loaded_at, count, daily_at)

    def _learned(self, places: Iterable[Place]) -> Learned:
        """What the mirrors learned, together."""
        found: dict[str, dict[str, Column]] = {}
        for place in places:
            mirror = self._mirrors.at(place)
            for table, columns in (mirror.learned() if mirror else {}).items():
                known = found.setdefault(table, {})
                for column in columns:
                    before = known.get(column.path)
                    if before is None or wider_type(before.type, column.type) is column.type:
                        known[column.path] = column
        return {table: tuple(columns.values()) for table, columns in found.items()}


def mirror_places(folder: Path, names: Iterable[str]) -> list[Place]:
    """The mirrors that lie in these folders of the data folder."""
    return [
        (folder / name, path.stem)
        for name in names
        for path in sorted((folder / name).glob("*.mirror"))
    ]


def _model_of(learned: Learned) -> dict[str, list[list[str]]]:
    model = dict(_catalogue())
    for stream in CATALOGUE:
        own = {stream.name, *(child.name for child in stream.schema.children)}
        if own & learned.keys():
            model.update(_tables(stream.name, extended(stream.schema, stream.name, learned)))
    return model


@cache
def _catalogue() -> dict[str, list[list[str]]]:
    model: dict[str, list[list[str]]] = {}
    for stream in CATALOGUE:
        model.update(_tables(stream.name, stream.schema))
    return model


def _tables(stream: str, schema: Schema) -> dict[str, list[list[str]]]:
    return {
        table.name: [[name, str(kind)] for name, kind in table.columns]
        for table in tables_of(stream, schema)
    }
