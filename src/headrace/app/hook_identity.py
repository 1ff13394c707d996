"""Who we are to CODING's Service Hooks: the Service URL, the secrets, and the name of our hook.

What the settings leave out is made once and kept in the state folder, readable by its owner only.
"""

from __future__ import annotations

import json
import os
import secrets as dice
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from headrace.app.place import mirror_path
from headrace.coding.hook_secrets import HookSecrets
from headrace.config import ConnectionSettings
from headrace.errors import Refused

_URL_SECRET_BYTES = 24
_TOKEN_BYTES = 24
_INSTALLATION_BYTES = 4
HOOK_NAME = "Headrace "


@dataclass(frozen=True, slots=True)
class HookIdentity:
    """`hook_name` stays the same for ever, so that we find our own hook whatever else changes."""

    hook_name: str
    service_url: str = field(repr=False)
    secrets: HookSecrets


def identity_of(settings: ConnectionSettings, state: Path) -> HookIdentity:
    """The connection's identity; made and stored on the first call.

    Raises `Refused` without a `public_url`, for unsafe secrets, and for a file that others may
    read or that is damaged.
    """
    if not settings.public_url:
        raise Refused(
            f"Connection {settings.name} has no public_url: CODING would not know where to call.",
            advice=f'Add public_url = "https://..." to [connections.{settings.name}].',
        )
    given = {
        "installation": settings.hook_name.removeprefix(HOOK_NAME),
        "url_secret": settings.hook_secret,
        "signing_token": settings.signing_token,
    }
    if not all(given.values()):
        kept = _kept(mirror_path(state, settings).with_suffix(".hooks"))
        given = {name: value or kept[name] for name, value in given.items()}
    old = (settings.signing_token_old,) if settings.signing_token_old else ()
    secrets = HookSecrets(
        given["url_secret"],
        (given["signing_token"], *old),
        settings.hook_user,
        settings.hook_password,
        settings.hook_secret_old,
    )
    url = f"{settings.public_url.rstrip('/')}/hooks/{secrets.url_secret}"
    return HookIdentity(f"{HOOK_NAME}{given['installation']}", url, secrets)


def _kept(path: Path) -> Mapping[str, str]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return _read(path)
        except FileNotFoundError:
            _write(path)
            return _read(path)
    except OSError as error:
        raise Refused(
            f"{path} cannot be used: {error.strerror}.", advice="Mend its rights or the disk."
        ) from None


def _read(path: Path) -> Mapping[str, str]:
    with path.open(encoding="utf-8") as file:
        if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
            raise Refused(
                f"{path} holds secrets, but others may read it.", advice=f"chmod 600 {path}"
            )
        try:
            kept = json.loads(file.read(10_000))
            return {name: str(kept[name]) for name in _MADE}
        except (ValueError, KeyError, TypeError):
            raise Refused(
                f"{path} is damaged.",
                advice="Remove it: new secrets are made; then run `headrace hooks setup` again.",
            ) from None


def _write(path: Path) -> None:
    """Written whole under another name first; whoever comes second keeps what is there."""
    made = path.with_name(f"{path.name}.{dice.token_hex(4)}")
    descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(_make(), file)
            file.flush()
            os.fsync(file.fileno())
        os.link(made, path)
    except FileExistsError:
        pass
    finally:
        made.unlink()


_MADE = ("installation", "url_secret", "signing_token")


def _make() -> dict[str, str]:
    return {"installation": make_installation(), **make_secrets()}


def make_installation() -> str:
    """What tells our hooks from those of another Headrace on the same team."""
    return dice.token_hex(_INSTALLATION_BYTES)


def make_secrets() -> dict[str, str]:
    """A new `url_secret` and `signing_token`."""
    return {
        "url_secret": dice.token_urlsafe(_URL_SECRET_BYTES),
        "signing_token": dice.token_urlsafe(_TOKEN_BYTES),
    }
