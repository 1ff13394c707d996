"""Connections and tasks as a TOML file: applied any number of times, and exported.

The file is `headrace.toml` with `[destinations.NAME]` besides; a task may also name a destination
by its URL. Secrets are not exported: a `${NAME}` in a value is filled in from the environment when
the file is applied.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from headrace.app.serving.tasks.task_settings import checked
from headrace.config import variable
from headrace.config.file import fill
from headrace.control.connections import Connection, ConnectionRole, Connections, Values
from headrace.control.people import Person
from headrace.control.states import ACTIVE
from headrace.control.tasks import TaskRow, Tasks
from headrace.errors import Refused

_URLS = ("url", "destination", "mining_store")  # keys of texts in which a value may be a password
_SECTIONS = ("connections", "destinations", "tasks")


_ENDS = ("source", "destination")

Document = Mapping[str, Any]
Value = Callable[[str], str]


@dataclass(slots=True)
class Applied:
    """What was made, changed and found equal, as `connection NAME` and `task NAME`."""

    made: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    equal: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, list[str]]:
        """For `--json`."""
        return {name: getattr(self, name) for name in self.__slots__}


class Files:
    """Applies files to the control store and exports it."""

    def __init__(self, connections: Connections, tasks: Tasks) -> None:
        self._connections = connections
        self._tasks = tasks

    def apply(self, by: Person, path: Path) -> Applied:
        """Make and change what the file says; what it does not name stays.

        Raises `Refused`, naming what cannot be, for a file or value that is wrong and for an active
        task that would change. What came before it in the file is applied then.
        """
        return self._apply(by, _load(path), _variable)

    def apply_text(self, by: Person, text: str) -> Applied:
        """The same of a text that came from elsewhere. It gets nothing of this environment, where
        there may be secrets: a `${NAME}` in it is refused."""
        return self._apply(by, load_text(text, "The file"), _no_variable)

    def _apply(self, by: Person, read: Document, value_of: Value) -> Applied:
        document, done = _filled(read, value_of), Applied()
        for name, values in document.get("connections", {}).items():
            given = {key: value for key, value in values.items() if key != "type"}
            self._put_connection(by, name, ConnectionRole.SOURCE, "coding", given, done)
        for name, values in document.get("destinations", {}).items():
            self._put_destination(by, name, values, done)
        for name, values in document.get("tasks", {}).items():
            self._put_task(by, name, values, done)
        return done

    def export(self) -> str:
        """All connections and tasks, without secrets."""
        connections = self._connections.all()
        names = {one.id: one.name for one in connections}
        return "\n".join([
            *_sections("connections", connections, ConnectionRole.SOURCE),
            *_sections("destinations", connections, ConnectionRole.DESTINATION),
            *(_task_section(row, names) for row in self._tasks.all()),
        ])  # fmt: skip

    def export_task(self, task_id: int) -> str:
        """One task; the connections it names are not in it. Raises `Missing`."""
        row = self._tasks.get(task_id)
        return _task_section(row, {one.id: one.name for one in self._connections.all()})

    def _put_destination(self, by: Person, name: str, values: Values, done: Applied) -> int:
        scheme = str(values.get("url", "")).partition(":")[0].lower()
        return self._put_connection(by, name, ConnectionRole.DESTINATION, scheme, values, done)

    def _put_connection(
        self, by: Person, name: str, role: ConnectionRole, kind: str, values: Values, done: Applied
    ) -> int:
        known, label = self._connections.named(name), f"connection {name}"
        if known is None:
            done.made.append(label)
            return self._connections.save(by, name, role, kind, values).id
        if (known.role, known.type) != (role, kind):
            raise Refused(
                f"The connection {name} is a {known.type} {known.role} already.",
                advice="Give this one another name.",
            )
        before = self._connections.whole(known.id)
        gone = {key: None for key in known.values if key not in values}
        self._connections.change(by, known.id, known.version, {**gone, **values})
        equal = self._connections.whole(known.id) == before
        (done.equal if equal else done.changed).append(label)
        return known.id

    def _put_task(self, by: Person, name: str, values: Values, done: Applied) -> None:
        settings = checked({k: v for k, v in values.items() if k not in _ENDS}, name)
        source = self._connection(name, "source", str(values.get("source", "")))
        wanted = str(values.get("destination", ""))
        if ":" in wanted:
            destination = self._put_destination(by, f"{name} destination", {"url": wanted}, done)
        else:
            destination = self._connection(name, "destination", wanted)
        known, label = self._tasks.named(name), f"task {name}"
        if known is None:
            self._tasks.save(by, name, source, destination, settings)
            done.made.append(label)
            return
        if (known.source_id, known.destination_id) != (source, destination):
            raise Refused(
                f"The task {name} leads elsewhere now.",
                advice="Give the new one another name, or delete the old one first.",
            )
        gone = {key: None for key in known.settings if key not in settings}
        if dict(known.settings) == settings:
            done.equal.append(label)
            return
        if known.state in ACTIVE:
            raise Refused(f"The task {name} is {known.state}.", advice="Stop it, then apply again.")
        self._tasks.change(by, known.id, known.version, {**gone, **settings})
        done.changed.append(label)

    def _connection(self, task: str, key: str, name: str) -> int:
        found = self._connections.named(name)
        if found is None:
            raise Refused(
                f"The {key} of the task {task}, {name or 'nothing'}, is unknown.",
                advice="Add it to the file, or save it first.",
            )
        return found.id


def filled_file(path: Path) -> str:
    """A file's text to send elsewhere, each `${NAME}` filled in from the environment here."""
    sections = _filled(_load(path), _variable)
    return "\n".join(
        "\n".join([f"[{section}.{_key(name)}]", *_lines(values), ""])
        for section, named in sections.items()
        for name, values in named.items()
    )


def _load(path: Path) -> Document:
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}.", advice="Name a file.") from None
    except UnicodeDecodeError as error:
        raise Refused(f"{path} is no TOML: {error}.", advice="Mend that place.") from None
    return load_text(text, str(path))


def load_text(text: str, name: str) -> Document:
    """A file's tables by section. Raises `Refused`, naming it, for what is none."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Refused(f"{name} is no TOML: {error}.", advice="Mend that place.") from None
    for section, tables in document.items():
        if section not in _SECTIONS or not isinstance(tables, dict):
            raise Refused(
                f"{name}: nothing reads [{section}].", advice=f"Known: {', '.join(_SECTIONS)}."
            )
        for one, table in tables.items():
            if not isinstance(table, dict):
                raise Refused(f"{name}: {section}.{one} is no table.", advice="Write keys in it.")
    return document


def _filled(value: Any, value_of: Value, *, url: bool = False) -> Any:
    """With every `${NAME}` replaced."""
    if isinstance(value, Mapping):
        return {k: _filled(v, value_of, url=url or k in _URLS) for k, v in value.items()}
    if isinstance(value, list):
        return [_filled(item, value_of) for item in value]
    return fill(value, value_of, url=url) if isinstance(value, str) else value


def _variable(name: str) -> str:
    value = variable(name)
    if not value:
        raise Refused(f"The environment has no {name}.", advice=f"export {name}=...")
    return value


def _no_variable(name: str) -> str:
    raise Refused(
        f"${{{name}}} cannot be filled in here.",
        advice="Write the value itself, or run `headrace apply` where the variable is.",
    )


def _sections(section: str, connections: list[Connection], role: ConnectionRole) -> Iterator[str]:
    for one in connections:
        if one.role is role:
            yield section_of(section, one)


def section_of(section: str, one: Connection) -> str:
    """A connection's table, without its secrets."""
    secret = [f"# {key} = ... (secret)" for key in one.secrets]
    return "\n".join([f"[{section}.{_key(one.name)}]", *_lines(one.values), *secret, ""])


def _task_section(row: TaskRow, names: Mapping[int, str]) -> str:
    ends = {"source": names[row.source_id], "destination": names[row.destination_id]}
    return "\n".join([f"[tasks.{_key(row.name)}]", *_lines({**ends, **row.settings}), ""])


def _lines(values: Values) -> Iterator[str]:
    """JSON's texts, numbers, booleans and lists are TOML's, too."""
    for key, value in values.items():
        yield f"{_key(key)} = {json.dumps(value, ensure_ascii=False, default=str)}"


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name, ensure_ascii=False)
