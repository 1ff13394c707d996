"""`headrace.toml`: connections and tasks by name.

Every error names the file, the line where it can be found, the key and what to do. No value is
repeated that could be a secret (Invariant 11).
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from headrace.config import (
    DEFAULT_STATE,
    ConnectionSettings,
    Increments,
    OAuthSettings,
    TaskSettings,
    token_from_environment,
)
from headrace.config.keys import SECTIONS, Reader, near
from headrace.config.place import Place
from headrace.errors import Refused

_FILE_BYTES_MAX = 1_000_000
_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_POSITION = re.compile(r"(?P<what>.*?) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end.*)\)")
_OAUTH = ("client_id", "client_secret", "redirect_uri", "scopes")
_FIELDS = {f"{name}_interval": f"{name}_seconds" for name in ("poll", "census", "sweep")}


def load(path: Path) -> Config:
    """Read and check a configuration file. Raises `Refused` for all that is wrong with it.

    `${NAME}` values are looked up only for the task or connection that is used.
    """
    text = _read(path)
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _malformed(path, str(error)) from None
    place = Place(path, text)
    place.check_keys((), document, tuple(SECTIONS))
    sections = {
        section: {
            name: _read_keys(place, (section, name), given, keys)
            for name, given in place.table((section,), document.get(section, {})).items()
        }
        for section, keys in SECTIONS.items()
    }
    return Config(place, sections["connections"], sections["tasks"])


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_FILE_BYTES_MAX + 1)
        if len(content) > _FILE_BYTES_MAX:
            raise Refused(f"{path} is too large for a configuration.", advice="Name another file.")
        return content.decode()
    except FileNotFoundError:
        raise Refused(
            f"There is no {path}.", advice="Write one with `headrace init`, or name it by --config."
        ) from None
    except OSError as error:
        raise Refused(
            f"{path} cannot be read: {error.strerror}.", advice="Mend its rights or name another."
        ) from None
    except UnicodeDecodeError:
        raise Refused(f"{path} is not UTF-8 text.", advice="Save it as UTF-8.") from None


def _malformed(path: Path, said: str) -> Refused:
    found = _POSITION.match(said)
    what = found["what"] if found else said
    where = f"line {found['line']}, column {found['column']}" if found and found["line"] else "end"
    advice = "Mend that line: texts stand in quotes, [tables] in brackets; see toml.io."
    return Refused(f"{path}, {where}: {what}.", advice=advice)


def _read_keys(
    place: Place, section: tuple[str, ...], given: Any, keys: Mapping[str, Reader]
) -> Mapping[str, Any]:
    table = place.table(section, given)
    place.check_keys(section, table, tuple(keys))
    values = {}
    for key, value in table.items():
        try:
            values[key] = keys[key](value)
        except ValueError as error:
            raise place.refused((*section, key), f"{key} has a wrong value", str(error)) from None
    return values


_PATHS = ("duckdb", "sqlite", "delta", "parquet", "jsonl")  # what follows :/// is a path


def fill(text: str, value_of: Callable[[str], str], *, url: bool = False) -> str:
    """The text with every `${NAME}` replaced. Within a `url`, values are percent-encoded: they may
    be passwords; one that is the whole text or its beginning stays as it is."""

    def value(found: re.Match[str]) -> str:
        plain = value_of(found[1])
        return quote(plain, safe="") if url and found.start() else plain

    return _VARIABLE.sub(value, text)


class Config:
    """A checked configuration. Values with `${NAME}` are filled in when they are asked for."""

    def __init__(
        self,
        place: Place,
        connections: Mapping[str, Mapping[str, Any]],
        tasks: Mapping[str, Mapping[str, Any]],
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self._place = place
        self._connections = connections
        self._tasks = tasks
        self._environment = environment
        self.path = place.path

    @property
    def state(self) -> Path:
        """The default state folder: beside the file."""
        return self.path.parent / DEFAULT_STATE

    @property
    def tasks(self) -> Sequence[str]:
        """The names of the tasks."""
        return tuple(self._tasks)

    @property
    def connections(self) -> Sequence[str]:
        """The names of the connections."""
        return tuple(self._connections)

    def task(self, name: str) -> TaskSettings:
        """One task. File destinations named relatively lie beside the configuration."""
        given = self._named("tasks", self._tasks, name)
        for key in ("source", "destination"):
            if key not in given:
                raise self._place.refused(("tasks", name), f"[tasks.{name}] has no {key}",
                                          f"Add {key} = ...")  # fmt: skip
        source = given["source"]
        if source not in self._connections:
            known = self.connections
            advice = f"there is no [connections.{source}]{near(source, known)}"
            raise self._place.refused(("tasks", name, "source"), "source is unknown", advice)
        at = ("tasks", name)
        values = {key: self._filled(at, key, value) for key, value in given.items()}
        values["destination"] = _beside(values["destination"], self.path.parent)
        return TaskSettings(name=name, **values)

    def connection(self, name: str) -> ConnectionSettings:
        """One connection. Without `token` and `client_id` the token is that of `CODING_TOKEN`."""
        given = self._named("connections", self._connections, name)
        at = ("connections", name)
        if ("team" in given) == ("url" in given):
            raise self._place.refused(
                at, f"[connections.{name}] needs a team or a url", "give exactly one of them"
            )
        values = {key: self._filled(at, key, value) for key, value in given.items()}
        oauth = self._oauth(at, values)
        token = values.pop("token", "")
        if oauth is None and not token:
            token = token_from_environment(self._environment)
        values.pop("type", None)
        values = {_FIELDS.get(key, key): value for key, value in values.items()}
        default = Increments.HYBRID if values.get("public_url") else Increments.POLLING
        values["increments"] = Increments(values.get("increments", default))
        return ConnectionSettings(name=name, token=token, oauth=oauth, **values)

    def _oauth(self, at: tuple[str, ...], values: dict[str, Any]) -> OAuthSettings | None:
        """The OAuth keys, taken out of the values; None where there are none."""
        given = {key: values.pop(key) for key in _OAUTH if key in values}
        if not given:
            return None
        missing = next((key for key in _OAUTH[:2] if key not in given), None)
        if missing:
            raise self._place.refused(
                (*at, next(iter(given))), f"{missing} is missing",
                "OAuth needs client_id and client_secret",
            )  # fmt: skip
        if "token" in values:
            raise self._place.refused(
                (*at, "token"), "token and client_id exclude each other",
                "leave off one of them: client_id is for OAuth",
            )  # fmt: skip
        return OAuthSettings(**given, folder=self.state)

    def _named(
        self, section: str, known: Mapping[str, Mapping[str, Any]], name: str
    ) -> Mapping[str, Any]:
        if name in known:
            return known[name]
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        listed = ", ".join(known) or "none yet"
        advice = f"Did you mean {near[0]}?" if near else f"There are: {listed}."
        raise Refused(f"{self.path} has no [{section}.{name}].", advice=advice)

    def _filled(self, at: tuple[str, ...], key: str, value: Any) -> Any:
        """The value with every `${NAME}` replaced from the environment."""
        if isinstance(value, tuple):
            return tuple(self._filled(at, key, item) for item in value)
        if not isinstance(value, str):
            return value
        return fill(value, lambda name: self._variable((*at, key), name), url=key == "destination")

    def _variable(self, at: tuple[str, ...], name: str) -> str:
        if not _VARIABLE_NAME.fullmatch(name):
            raise self._place.refused(
                at, f"{at[-1]} names no environment variable between ${{ and }}", "write ${NAME}"
            )
        if value := self._environment.get(name):
            return value
        raise self._place.refused(
            at, f"{at[-1]} needs the environment variable {name}, which is not set",
            f"export {name}=...",
        )  # fmt: skip


def _beside(destination: str, folder: Path) -> str:
    """A relative path, as in `duckdb:///name.db`, made absolute beside the configuration file."""
    scheme, colon, rest = destination.partition(":///")
    if not colon or scheme.lower() not in _PATHS or rest.startswith("/"):
        return destination
    return f"{scheme}:///{quote(str(folder.absolute()))}/{rest}"
