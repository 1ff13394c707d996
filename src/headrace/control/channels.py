"""Channels: where alerts are told, a webhook or e-mail, with their secrets sealed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa

from headrace.control import tables
from headrace.control.audit import Audit
from headrace.control.connections import HIDDEN, Values
from headrace.control.people import Person
from headrace.control.refusals import Conflict, Missing
from headrace.control.store import ControlStore
from headrace.control.vault import Vault
from headrace.core.clock import Clock
from headrace.errors import Refused

WEBHOOK, EMAIL = "webhook", "email"
SECRETS: Mapping[str, frozenset[str]] = {
    WEBHOOK: frozenset({"url", "secret"}),  # who knows the URL of a chat's robot can write there
    EMAIL: frozenset({"password"}),
}
KEYS: Mapping[str, frozenset[str]] = {
    WEBHOOK: frozenset({"url", "secret", "language"}),
    EMAIL: frozenset(
        {"host", "port", "user", "password", "from", "to", "security", "language"}
    ),
}  # fmt: skip
SECURITY = ("starttls", "tls", "none")
LANGUAGES = ("zh", "en")
_SECRET_MIN = 16
_REST = "/…"  # what is shown of a URL behind its host


@dataclass(frozen=True, slots=True)
class Channel:
    """A saved channel. `settings` as they are shown: secrets are HIDDEN, of a URL there is only
    scheme and host. `last`: what became of the last message: `{"at", "ok", "error", "advice"}`."""

    id: int
    name: str
    type: str
    settings: Values
    enabled: bool
    last: Mapping[str, Any] | None

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


class Channels:
    """Saves and finds channels."""

    def __init__(self, store: ControlStore, clock: Clock, audit: Audit, vault: Vault) -> None:
        self._store = store
        self._clock = clock
        self._audit = audit
        self._vault = vault

    def all(self) -> list[Channel]:
        """All, by name."""
        query = sa.select(tables.channel).order_by(tables.channel.c.name)
        with self._store.reading() as db:
            return [_read(row) for row in db.execute(query).mappings()]

    def get(self, channel_id: int) -> Channel:
        """One. Raises `Refused` where there is none."""
        with self._store.reading() as db:
            return _read(_row(db, channel_id))

    def whole(self, channel_id: int) -> Values:
        """The settings with their secret, to send with."""
        with self._store.reading() as db:
            row = _row(db, channel_id)
            return {**row["settings"], **self._vault.open(row["sealed"], _row_name(row["name"]))}

    def save(self, by: Person, name: str, kind: str, settings: Values) -> Channel:
        """A new one. Raises `Refused` for a name that is taken and for settings that cannot be."""
        _check_name(name)
        if kind not in KEYS:
            raise Refused(f"There is no channel of the type {kind}.", advice="webhook or email.")
        plain, secret = _split(kind, checked(kind, settings))
        made = sa.insert(tables.channel).values(
            name=name, type=kind, settings=plain, enabled=True, last=None,
            sealed=self._vault.seal(secret, _row_name(name)),
        )  # fmt: skip
        with self._store.transaction() as db:
            try:
                key = db.execute(made).inserted_primary_key
            except sa.exc.IntegrityError:
                raise Conflict(
                    f"There is a channel {name} already.", advice="Choose another name."
                ) from None
            assert key is not None
            self._audit.note(db, by.name, "channel.save", name, None, {"type": kind, **plain})
            return _read(_row(db, key[0]))

    def change(
        self, by: Person, channel_id: int, settings: Values, *, enabled: bool | None = None
    ) -> Channel:
        """Change settings (None takes one away). A secret that comes back as it is shown stays."""
        with self._store.transaction() as db:
            row = _row(db, channel_id)
            kind, sealed = row["type"], self._vault.open(row["sealed"], _row_name(row["name"]))
            shown = _shown(row)
            hidden = {name: (HIDDEN, shown.get(name)) for name in SECRETS[kind]}
            given = {n: v for n, v in settings.items() if v not in hidden.get(n, ())}
            merged = {**row["settings"], **sealed, **given}
            merged = {n: v for n, v in merged.items() if v is not None}
            plain, secret = _split(kind, checked(kind, merged))
            enabled = row["enabled"] if enabled is None else enabled
            where = tables.channel.c.id == channel_id
            db.execute(
                sa.update(tables.channel).where(where).values(
                    settings=plain, enabled=enabled,
                    sealed=self._vault.seal(secret, _row_name(row["name"])),
                )
            )  # fmt: skip
            changed = dict.fromkeys([n for n in secret if secret[n] != sealed.get(n)], "changed")
            before = {**shown, "enabled": row["enabled"]}
            after = {**plain, "enabled": enabled, **changed}
            self._audit.note(db, by.name, "channel.change", row["name"], before, after)
            return _read(_row(db, channel_id))

    def delete(self, by: Person, channel_id: int) -> None:
        """Nothing is told there any more."""
        with self._store.transaction() as db:
            row = _row(db, channel_id)
            db.execute(sa.delete(tables.channel).where(tables.channel.c.id == channel_id))
            self._audit.note(db, by.name, "channel.delete", row["name"], _shown(row), None)

    def note(self, channel_id: int, error: str = "", advice: str = "") -> None:
        """What became of a message: nothing for well."""
        last = {"at": self._clock.now_ms(), "ok": not error, "error": error, "advice": advice}
        where = tables.channel.c.id == channel_id
        with self._store.transaction() as db:
            db.execute(sa.update(tables.channel).where(where).values(last=last))

    def reseal(self, vault: Vault) -> int:
        """Seal every secret anew with another vault's key, all or none. Returns how many rows."""
        with self._store.transaction() as db:
            rows = db.execute(sa.select(tables.channel)).mappings().all()
            sealed = [row for row in rows if row["sealed"] is not None]
            for row in sealed:
                name = _row_name(row["name"])
                value = vault.seal(self._vault.open(row["sealed"], name), name)
                where = tables.channel.c.id == row["id"]
                db.execute(sa.update(tables.channel).where(where).values(sealed=value))
        return len(sealed)


def checked(kind: str, settings: Values) -> Values:
    """The settings, if they can be used. Raises `Refused`, naming the one that cannot."""
    for name in settings:
        if name not in KEYS[kind]:
            raise Refused(f"There is no setting {name}.", advice=", ".join(sorted(KEYS[kind])))
    if settings.get("language", "zh") not in LANGUAGES:
        raise Refused("The language is not known.", advice="zh or en.")
    if kind == WEBHOOK:
        _check_url(settings.get("url"))
        secret = settings.get("secret")
        if not isinstance(secret, str) or len(secret) < _SECRET_MIN:
            raise Refused("The secret is missing or too short.",
                          advice=f"Give at least {_SECRET_MIN} characters.")  # fmt: skip
        return dict(settings)
    to = settings.get("to")
    addresses = [settings.get("from"), *(to if isinstance(to, list) and to else [None])]
    for one in addresses:
        if not isinstance(one, str) or "@" not in one or not one.isprintable():
            raise Refused("An address is missing or none.", advice="from: text; to: a list.")
    if not settings.get("host") or settings.get("security", "starttls") not in SECURITY:
        raise Refused("host or security cannot be used.", advice=f"{', '.join(SECURITY)}.")
    for name in ("host", "user", "password"):
        if not isinstance(settings.get(name, ""), str):
            raise Refused(f"{name} is no text.", advice="Mend it and save again.")
    port = settings.get("port", 587)
    if not isinstance(port, int) or isinstance(port, bool) or not 0 < port < 65_536:
        raise Refused("The port is none.", advice="587 for starttls, 465 for tls.")
    return dict(settings)


def _check_url(url: Any) -> None:
    try:
        parts = urlsplit(url if isinstance(url, str) and url.isprintable() else "")
        known = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # a port that is none
        known = False
    if not known:
        raise Refused("The url is none.", advice="Give http:// or https:// and a host.")
    if "@" in parts.netloc:  # it would be shown in plain
        raise Refused("The url holds a user or a password.",
                      advice="Leave them off; messages are signed with the secret.")  # fmt: skip
    if parts.path == _REST:
        raise Refused("The url is not whole.", advice="Copy it from where the messages are to go.")


def _split(kind: str, settings: Values) -> tuple[dict[str, Any], dict[str, str]]:
    """What is shown and kept in plain, and what is sealed: not a URL that is shown whole."""
    secret = {name: str(settings[name]) for name in SECRETS[kind] if settings.get(name)}
    plain = {name: value for name, value in settings.items() if name not in SECRETS[kind]}
    if kind == WEBHOOK:
        plain["url"] = _shortened(secret["url"])
        if plain["url"] == secret["url"]:
            del secret["url"]
    return plain, secret


def _shortened(url: str) -> str:
    """Scheme and host of a URL; the rest of it often is a key."""
    parts = urlsplit(url)
    if parts.path in ("", "/") and not parts.query and not parts.fragment:
        return url
    return f"{parts.scheme}://{parts.netloc}{_REST}"


def _shown(row: sa.RowMapping) -> dict[str, Any]:
    """The settings as they are shown, also of a row whose URL was saved in plain."""
    shown = dict(row["settings"])
    if row["type"] == WEBHOOK:
        shown["url"] = _shortened(shown["url"])
    if row["sealed"] is not None:
        shown |= dict.fromkeys(SECRETS[row["type"]] - {"url"}, HIDDEN)
    return shown


def _check_name(name: str) -> None:
    if not name or name != name.strip() or len(name) > tables.NAME_MAX or not name.isprintable():
        raise Refused("A channel needs a name.", advice=f"At most {tables.NAME_MAX} characters.")


def _row(db: sa.Connection, channel_id: int) -> sa.RowMapping:
    query = sa.select(tables.channel).where(tables.channel.c.id == channel_id)
    row = db.execute(query).mappings().one_or_none()
    if row is None:
        raise Missing("There is no such channel.", advice="Load the list again.")
    return row


def _read(row: sa.RowMapping) -> Channel:
    return Channel(row["id"], row["name"], row["type"], _shown(row), row["enabled"], row["last"])


def _row_name(name: str) -> str:
    return f"channel {name}"
