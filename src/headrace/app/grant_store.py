"""The OAuth grant of a connection on disk: encrypted, durable, one refresher over all processes."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from headrace.app.private_files import read_private, replace_private
from headrace.app.sealing import Seal, open_seals, opened
from headrace.coding.oauth import Grant, OAuthApp
from headrace.core.clock import Clock
from headrace.errors import Refused, Unavailable

LOCK_SECONDS = 120  # longer than one refresh can take: see coding.http
_LOOK_SECONDS = 0.05
_FORMAT = b"headrace grant 1\n"


class FileGrantStore:
    """See `coding.oauth.GrantStore`. One file a connection, one lock file beside it.

    A grant opens only under the name, team address and client it was stored for: a copied or
    renamed file is of no use. Raises `Refused` for a file that cannot be used, with what to do.
    """

    def __init__(self, folder: Path, name: str, app: OAuthApp, key: str, clock: Clock) -> None:
        self.path = grant_path(folder, name)
        self._folder = folder
        self._key = key
        self._clock = clock
        self._advice = app.advice
        self._purpose = json.dumps(["grant", name, app.base_url, app.client_id]).encode()

    def load(self) -> Grant | None:
        """The grant on file; None before the first authorization."""
        content = read_private(self.path)
        if content is None:
            return None
        try:
            if not content.startswith(_FORMAT):
                raise ValueError("it has another format")
            plain = opened(self._seals(), content[len(_FORMAT) :], self._purpose)
            return msgspec.json.decode(plain, type=Grant)
        except ValueError:
            raise Refused(
                f"{self.path} does not open: it is damaged, or was made under another key, or for"
                " another connection, team or client.",
                advice=f"Bring back the key it was made under, or start over. {self._advice}",
            ) from None

    def save(self, grant: Grant) -> None:
        """Written beside, synced, and renamed into place: a crash leaves the old or the new one."""
        self._save(grant, self._seals()[0])

    def reseal(self, seal: Seal) -> bool:
        """Seal the grant anew, if there is one; for use under the lock. Raises as `load`."""
        grant = self.load()
        if grant is not None:
            self._save(grant, seal)
        return grant is not None

    def _save(self, grant: Grant, seal: Seal) -> None:
        sealed = seal.seal(msgspec.json.encode(grant), self._purpose)
        replace_private(self.path, _FORMAT + sealed)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Wait for the lock file, which the system releases when its holder dies."""
        path = self.path.with_name(f"{self.path.name}.lock")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise Refused(f"{path} cannot be used: {error.strerror}.",
                          advice="Mend its rights.") from None  # fmt: skip
        try:
            self._await(descriptor)
            yield
        finally:
            os.close(descriptor)

    def _await(self, descriptor: int) -> None:
        ends_ms = self._clock.now_ms() + LOCK_SECONDS * 1000
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if self._clock.now_ms() >= ends_ms:
                    raise Unavailable(
                        f"Another process has been renewing the authorization in {self.path.name}"
                        f" for {LOCK_SECONDS} s."
                    ) from None
                self._clock.sleep(_LOOK_SECONDS)
            else:
                return

    def prepare(self) -> None:
        """Make the folder and the key, so that nothing is missing once a grant has come.

        Raises `Refused` where a grant could not be stored.
        """
        self._seals()
        with self.lock():
            if not os.access(self._folder, os.W_OK | os.X_OK):
                raise Refused(f"{self._folder} cannot be written.", advice="Mend its rights.")

    def _seals(self) -> list[Seal]:
        """Read anew each time: the key may have been changed meanwhile."""
        return open_seals(self._folder, self._key)


def grant_path(folder: Path, name: str) -> Path:
    """Where the grant of a connection lies: readable, and different for different names."""
    plain = re.sub(r"[^a-z0-9-]+", "-", name.lower()).strip("-") or "connection"
    if plain != name:
        plain = f"{plain}-{hashlib.blake2b(name.encode(), digest_size=4).hexdigest()}"
    return folder / f"{plain}.grant"
