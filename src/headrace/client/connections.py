"""Connections over the API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from headrace.client.speaking import Speaker
from headrace.client.work import whole
from headrace.errors import Missing
from headrace.wire.connections import (
    CheckItem,
    CheckLine,
    Connection,
    ConnectionDetail,
    ConnectionRole,
)

_AT = "/connections"


class ConnectionsClient:
    """Sources and destinations."""

    def __init__(self, speaker: Speaker) -> None:
        self._speaker = speaker

    def all(self, role: ConnectionRole | None = None) -> list[Connection]:
        """All, or those of one role, by name."""
        return list(self._speaker.items(_AT, Connection, {"role": role}))

    def get(self, connection_id: int) -> ConnectionDetail:
        """One, with what its last test found."""
        return self._speaker.get(f"{_AT}/{connection_id}", ConnectionDetail)

    def named(self, name: str) -> Connection:
        """One by its name. Raises `Missing`."""
        for one in self.all():
            if one.name == name:
                return one
        raise Missing(f"There is no connection {name}.", advice="Look at the list of connections.")

    def add(
        self, name: str, role: ConnectionRole, type: str, values: Mapping[str, Any]
    ) -> ConnectionDetail:
        """Save a new one; `values` as in `headrace.toml`, of a destination `url`."""
        body = {"name": name, "role": role, "type": type, "values": values}
        return self._speaker.do("POST", _AT, ConnectionDetail, body)

    def change(
        self, one: Connection, values: Mapping[str, Any], *, name: str = ""
    ) -> ConnectionDetail:
        """Change values and name; a value that is None is taken away. Raises `Stale` when somebody
        changed it since `one` was read."""
        body = {"version": one.version, "name": name, "values": values}
        return self._speaker.do("PATCH", f"{_AT}/{one.id}", ConnectionDetail, body)

    def copy(self, connection_id: int, name: str) -> ConnectionDetail:
        """The same under another name."""
        return self._speaker.do(
            "POST", f"{_AT}/{connection_id}/copy", ConnectionDetail, {"name": name}
        )

    def delete(self, connection_id: int) -> None:
        """Refused while tasks use it."""
        self._speaker.done("DELETE", f"{_AT}/{connection_id}")

    def projects(self, connection_id: int) -> list[str]:
        """The projects that its token may see."""
        return list(self._speaker.items(f"{_AT}/{connection_id}/projects", str))

    def check(self, connection_id: int) -> Iterator[CheckItem]:
        """Test it: each item as soon as it is known."""
        lines = self._speaker.lines("POST", f"{_AT}/{connection_id}/check", CheckLine)
        return (line.item for line in whole(lines) if line.item is not None)
