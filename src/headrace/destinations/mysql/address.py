"""From the URL of a MySQL or MariaDB database to an address, without repeating a secret."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from headrace.errors import Refused

PORT = 3306
SSL_MODES = ("disabled", "preferred", "required", "verify_ca", "verify_identity")
OPTIONS = ("ssl_mode", "ssl_ca", "ssl_cert", "ssl_key", "socket")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a database is and who asks. `options`: those of `OPTIONS` that were given."""

    host: str
    port: int
    user: str
    database: str
    password: str = field(default="", repr=False)
    options: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        """For a person."""
        where = self.options.get("socket") or f"{self.host}:{self.port}"
        return f"the database {self.database} at {where}"


def parse_url(url: str) -> Address:
    """Read `mysql://USER:PASSWORD@HOST:PORT/DATABASE?ssl-mode=...`; percent-escapes are decoded.

    Raises `Refused`, without repeating anything but the name of an unknown option.
    """
    try:
        parts = urlsplit(url)
        port = parts.port if parts.port is not None else PORT
        words = (parts.username or "", parts.password or "", parts.path[1:])
        user, password, database = (unquote(word, errors="strict") for word in words)
        pairs = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
        options = _options(pairs)
    except ValueError:
        raise _unreadable() from None
    host = parts.hostname or ""
    whole = user and database and (host or "socket" in options)
    if not whole or parts.fragment or "/" in parts.path[1:] or "\0" in user + password + database:
        raise _unreadable()
    return Address(host or "localhost", port, user, database, password, options)


def _options(pairs: list[tuple[str, str]]) -> Mapping[str, str]:
    options = {name.lower().replace("-", "_"): value for name, value in pairs}
    for name, value in options.items():
        if name not in OPTIONS:
            near = difflib.get_close_matches(name, OPTIONS, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise Refused(
                f"The URL of a MySQL destination has an unknown option: {name[:40]}.",
                advice=f"Known options: {', '.join(OPTIONS)}.{hint}",
            )
        if not value or "\0" in value:
            raise ValueError(name)
    mode = options.get("ssl_mode", "preferred").lower()
    if mode not in SSL_MODES:
        raise Refused(
            "The option ssl_mode of a MySQL URL has an unknown value.",
            advice=f"Known values: {', '.join(SSL_MODES)}.",
        )
    return {**options, **({"ssl_mode": mode} if "ssl_mode" in options else {})}


def _unreadable() -> Refused:
    return Refused(
        "The URL of a MySQL destination cannot be read.",
        advice="Write mysql://USER:PASSWORD@HOST:PORT/DATABASE; characters like @ : / ? # % in a"
        " user, password or name are percent-escaped.",
    )
