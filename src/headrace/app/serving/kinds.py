"""The types of connections: which values they have, which of them are secret, how they are used.

A source has the keys of `[connections.NAME]` in `headrace.toml`; a destination has a `url`, whose
password is kept apart as a secret.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from headrace.config import ConnectionSettings, password_of
from headrace.config.file import Config
from headrace.config.keys import CONNECTION_KEYS, near
from headrace.config.place import Place
from headrace.control.connections import ConnectionRole, Values
from headrace.control.models import time_of_day
from headrace.destinations.urls import known_scheme, schemes
from headrace.errors import Refused

CODING = "coding"
SOURCE_SECRETS = (
    "token", "client_secret", "hook_secret", "signing_token", "signing_token_old", "hook_password",
)  # fmt: skip
PLATFORM_KEYS: Mapping[str, type] = {"shared_mining": bool, "agent": str, "schema_reload_at": str}
_DESTINATION_KEYS = ("url", "password")


class ConnectionKinds:
    """See `control.connections.Kinds`. Relative destinations lie in `data`."""

    def __init__(self, data: Path) -> None:
        self._data = data

    def checked(self, role: ConnectionRole, kind: str, values: Values) -> Values:
        """See `Kinds.checked`."""
        if role is ConnectionRole.SOURCE:
            return self._checked_source(kind, values)
        return self._checked_destination(kind, values)

    def secret(self, role: ConnectionRole, kind: str) -> Sequence[str]:  # noqa: ARG002
        """See `Kinds.secret`."""
        return SOURCE_SECRETS if role is ConnectionRole.SOURCE else ("password",)

    def settings(self, name: str, values: Values) -> ConnectionSettings:
        """A source's values as the settings that a session takes."""
        read = {k: _read(k, value) for k, value in values.items() if k not in PLATFORM_KEYS}
        config = Config(Place(self._data / "headrace.toml", ""), {name: read}, {}, {})
        return config.connection(name)

    def url(self, values: Values) -> str:
        """Where a destination is, password included; relative paths within the data folder."""
        url, password = str(values["url"]), str(values.get("password", ""))
        scheme, _, rest = url.partition(":")
        if rest.startswith("///") and not rest.startswith("////"):
            return f"{scheme}:///{quote(str(self._data.absolute()))}/{rest[3:]}"
        if not password:
            return url
        parts = urlsplit(url)
        user, _, host = parts.netloc.rpartition("@")
        return urlunsplit(parts._replace(netloc=f"{user}:{quote(password, safe='')}@{host}"))

    def _checked_source(self, kind: str, values: Values) -> Values:
        if kind != CODING:
            raise Refused(f"There is no source of the type {kind}.", advice="The type is coding.")
        _check_keys(values, (*CONNECTION_KEYS, *PLATFORM_KEYS))
        given = {key: value for key, value in values.items() if key != "type"}
        for key, kind_of in PLATFORM_KEYS.items():
            if not isinstance(given.get(key, kind_of()), kind_of):
                raise Refused(f"{key} is no {kind_of.__name__}.", advice="Mend it and save again.")
        if "schema_reload_at" in given:
            time_of_day(given["schema_reload_at"])
        if not given.get("token") and not given.get("client_id"):
            raise Refused(
                "A token is missing.", advice="Give token, or client_id and client_secret."
            )
        self.settings("new", given)
        return given

    def _checked_destination(self, kind: str, values: Values) -> Values:
        _check_keys(values, _DESTINATION_KEYS)
        url = values.get("url")
        scheme = str(url).partition(":")[0].lower()
        if not isinstance(url, str) or not known_scheme(scheme):
            known = ", ".join(f"{name}:" for name in schemes())
            raise Refused("The url names no destination.", advice=f"Known kinds: {known}.")
        if scheme != kind:
            raise Refused(f"The url is not of the type {kind}.", advice=f"It is {scheme}.")
        password = password_of(url)
        if not password:
            return dict(values)
        return {"url": url.replace(f":{password}@", "@", 1), "password": unquote(password)}


def _check_keys(values: Mapping[str, Any], known: Sequence[str]) -> None:
    for key in values:
        if key not in known:
            raise Refused(
                f"There is no value {key}{near(key, known)}.", advice=f"Known: {', '.join(known)}."
            )


def _read(key: str, value: Any) -> Any:
    try:
        return CONNECTION_KEYS[key](value)
    except ValueError as error:
        raise Refused(f"{key}: {error}.", advice="Mend it and save again.") from None
