"""The types of connections: which values they have, which of them are secret, how they are used.

A source has the keys of `[connections.NAME]` in `headrace.toml`; a destination has a `url`, whose
password is kept apart as a secret.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from headrace.app.hook_identity import HOOK_NAME
from headrace.app.serving.mining.mining_values import PASSWORD, STORE, mining_values, split_store
from headrace.config import ConnectionSettings, password_of
from headrace.config.file import Config
from headrace.config.keys import CONNECTION_KEYS, near
from headrace.config.place import Place
from headrace.control.connections import Connection, ConnectionRole, Values
from headrace.control.models import time_of_day
from headrace.destinations.urls import known_scheme, schemes
from headrace.errors import Refused

CODING = "coding"
SOURCE_SECRETS = (
    "token", "client_secret", "hook_secret", "hook_secret_old", "signing_token",
    "signing_token_old", "hook_password", PASSWORD,
)  # fmt: skip
PLATFORM_KEYS: Mapping[str, type | tuple[type, ...]] = {
    "shared_mining": bool, "agent": str, "schema_reload_at": str, STORE: str, PASSWORD: str,
    "mining_streams": list, "mining_leave_out": list, "mining_start": str, "log_days": (int, float),
}  # fmt: skip
_DESTINATION_KEYS = ("url", "password")
# What tells the Service Hooks of one connection from those of all others.
_HOOK_IDENTITY = ("hook_secret", "hook_secret_old", "signing_token", "signing_token_old")
_AUTHORIZE = "Open the connection in the console and press 授权 (authorize)."


class ConnectionKinds:
    """See `control.connections.Kinds`. Relative destinations lie in `data`.

    `public_url` is where CODING reaches this server, if it does; `installation` what tells its
    hooks from those of another Headrace.
    """

    def __init__(self, data: Path, *, public_url: str = "", installation: str = "0") -> None:
        self.public_url = public_url
        self._data = data
        self._installation = installation

    def checked(self, role: ConnectionRole, kind: str, values: Values) -> Values:
        """See `Kinds.checked`."""
        if role is ConnectionRole.SOURCE:
            return self._checked_source(kind, values)
        return self._checked_destination(kind, values)

    def secret(self, role: ConnectionRole, kind: str) -> Sequence[str]:  # noqa: ARG002
        """See `Kinds.secret`."""
        return SOURCE_SECRETS if role is ConnectionRole.SOURCE else ("password",)

    def own(self, role: ConnectionRole, kind: str) -> Sequence[str]:  # noqa: ARG002
        """See `Kinds.own`."""
        return _HOOK_IDENTITY if role is ConnectionRole.SOURCE else ()

    def sent_to(self, role: ConnectionRole, values: Values) -> Mapping[str, str]:
        """See `Kinds.sent_to`."""
        place = _place(values.get("url")) + str(values.get("team") or "").lower()
        if role is ConnectionRole.DESTINATION:
            return {"password": place}
        return {"token": place, "client_secret": place, PASSWORD: _place(values.get(STORE))}

    def called_at(self, values: Values) -> str:
        """Where CODING reaches us for a source, "" where nobody said."""
        return str(values.get("public_url") or self.public_url).rstrip("/")

    def settings_of(self, connection: Connection, values: Values) -> ConnectionSettings:
        """Those of a saved source. Its grant goes by its number, whatever its name. It is called at
        this server's own address unless it names one, and has no hooks before it has a Service URL.
        """
        settings = self.settings(connection.name, values)
        generated = bool(settings.hook_secret and settings.signing_token)
        oauth = settings.oauth
        if oauth is not None:
            oauth = replace(oauth, grant=f"connection-{connection.id}", advice=_AUTHORIZE)
        return replace(
            settings, oauth=oauth, public_url=self.called_at(values) if generated else "",
            hook_name=f"{HOOK_NAME}{self._installation}-{connection.id}",
        )  # fmt: skip

    def settings(self, name: str, values: Values) -> ConnectionSettings:
        """A source's values as the settings that a session takes. Its grant lies in the data
        folder, under the one key that is there."""
        read = {k: _read(k, value) for k, value in values.items() if k not in PLATFORM_KEYS}
        config = Config(Place(self._data / "headrace.toml", ""), {name: read}, {}, {})
        settings = config.connection(name)
        if settings.oauth is None:
            return settings
        return replace(settings, oauth=replace(settings.oauth, folder=self._data))

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
        _check_types(given)
        if "schema_reload_at" in given:
            time_of_day(given["schema_reload_at"])
        if not given.get("token") and not given.get("client_id"):
            raise Refused(
                "A token is missing.", advice="Give token, or client_id and client_secret."
            )
        self.settings("new", given)
        mining_values(given)
        return split_store(given)

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


def _place(url: object) -> str:
    """Scheme, host and port of a URL."""
    parts = urlsplit(str(url or ""))
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2].lower()}" if parts.netloc else ""


def _check_keys(values: Mapping[str, Any], known: Sequence[str]) -> None:
    for key in values:
        if key not in known:
            raise Refused(
                f"There is no value {key}{near(key, known)}.", advice=f"Known: {', '.join(known)}."
            )


def _check_types(values: Mapping[str, Any]) -> None:
    for key, kinds in PLATFORM_KEYS.items():
        if key in values and not isinstance(values[key], kinds):
            wanted = kinds.__name__ if isinstance(kinds, type) else "number"
            raise Refused(f"{key} is no {wanted}.", advice="Mend it and save again.")


def _read(key: str, value: Any) -> Any:
    try:
        return CONNECTION_KEYS[key](value)
    except ValueError as error:
        raise Refused(f"{key}: {error}.", advice="Mend it and save again.") from None
