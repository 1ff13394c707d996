"""Secrets on disk: sealed with AES-256-GCM, for one purpose each, under the installation's key.

The key comes from the environment, or from a file that is made on first use. While it is being
changed (`app.rotation`) there are two, and whoever has the one has the other.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
import secrets
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from headrace.app.private_files import create_private, read_private, replace_private
from headrace.config import KEY_VARIABLE
from headrace.errors import Refused

KEY_FILE = "headrace.key"
ROTATION_FILE = "headrace.rotation"
MASK_FILE = "headrace.masks"
_KEY_BYTES = 32
_NONCE_BYTES = 12  # drawn by chance for each sealing: NIST SP 800-38D allows 2^32 of them
_MASK_PURPOSE = b"headrace masks"
_HEX = re.compile(r"[0-9A-Fa-f]{64}")


class Seal:
    """Seals and opens bytes. What is sealed for one purpose opens for no other."""

    def __init__(self, key: bytes) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._cipher = AESGCM(key)

    def seal(self, plain: bytes, purpose: bytes) -> bytes:
        """Encrypted and authenticated together with the purpose, which is not stored."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, purpose)

    def open(self, sealed: bytes, purpose: bytes) -> bytes:
        """Raises `ValueError` for another key, another purpose, or a changed or cut text."""
        from cryptography.exceptions import InvalidTag

        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], purpose)
        except InvalidTag:
            raise ValueError("it does not open") from None


def open_seals(folder: Path, given: str) -> list[Seal]:
    """The seals of an installation: the first one seals, what was sealed opens with any. The key is
    that of `installation_key`; a second seal is there while a change of the key is unfinished."""
    key = installation_key(folder, given)
    other = other_key(folder, key)
    return [Seal(key)] if other is None else [Seal(key), Seal(other.key)]


def opened(seals: Iterable[Seal], sealed: bytes, purpose: bytes) -> bytes:
    """What one of the seals opens. Raises `ValueError` where none does."""
    for seal in seals:
        try:
            return seal.open(sealed, purpose)
        except ValueError:
            continue
    raise ValueError("it does not open")


class Turn(StrEnum):
    """Whether a key comes after, or came before, the one that somebody has."""

    NEXT = "next"
    BEFORE = "before"


class Other(NamedTuple):
    """The other key of a change that is unfinished."""

    key: bytes
    turn: Turn


def write_rotation(folder: Path, old: bytes, new: bytes) -> None:
    """From now on whoever has one of these keys has the other: each is sealed under the other."""
    lines = [
        base64.b64encode(Seal(one).seal(other, f"headrace rotation {turn}".encode()))
        for one, other, turn in ((old, new, Turn.NEXT), (new, old, Turn.BEFORE))
    ]
    replace_private(folder / ROTATION_FILE, b"\n".join(lines) + b"\n")


def other_key(folder: Path, key: bytes) -> Other | None:
    """The other key, while a change of the key is unfinished; None where this one is not of it."""
    content = read_private(folder / ROTATION_FILE) or b""
    for line, turn in zip(content.splitlines(), Turn, strict=False):
        purpose = f"headrace rotation {turn}".encode()
        try:
            return Other(Seal(key).open(base64.b64decode(line, validate=True), purpose), turn)
        except ValueError:
            continue
    return None


def mask_key(folder: Path, given: str) -> bytes:
    """The key for masks: derived from the first key there was, so that equal values have equal
    masks after the key was changed, too. Raises `Refused` as `installation_key`."""
    path = folder / MASK_FILE
    sealed = read_private(path)
    if sealed is None:
        key = installation_key(folder, given)
        other = other_key(folder, key)
        first = other.key if other is not None and other.turn is Turn.BEFORE else key
        return hmac.digest(first, b"headrace mask", "sha256")
    try:
        return opened(open_seals(folder, given), sealed, _MASK_PURPOSE)
    except ValueError:
        raise Refused(
            f"{path} does not open with this key.",
            advice="Bring back the key it was sealed with; or remove it, and masks are other ones.",
        ) from None


def keep_mask_key(folder: Path, given: str, seal: Seal) -> None:
    """Seal the key for masks, apart from the key that it was derived from."""
    sealed = seal.seal(mask_key(folder, given), _MASK_PURPOSE)
    replace_private(folder / MASK_FILE, sealed)


def installation_key(folder: Path, given: str) -> bytes:
    """32 bytes: `given` (the environment's key) or the key file in `folder`, made on first use.

    Raises `Refused` for a key that is none; it is not repeated.
    """
    if given:
        return read_key(given, KEY_VARIABLE)
    path = folder / KEY_FILE
    content = read_private(path)
    if content is None:
        create_private(path, _encoded(new_key()))
        content = read_private(path) or b""
    key = _decoded(content.decode(errors="replace"))
    if key is None:
        raise Refused(
            f"{path} is damaged.",
            advice="Put it back from a copy; or remove it and authorize every connection again.",
        )
    return key


def replace_key(folder: Path, key: bytes) -> None:
    """Put this key into the folder's key file, in the place of the one there was."""
    replace_private(folder / KEY_FILE, _encoded(key))


def read_key(given: str, variable: str) -> bytes:
    """The key in a variable of the environment. Raises `Refused` for what is none."""
    key = _decoded(given)
    if key is None:
        raise Refused(
            f"{variable} is no key.",
            advice="Give 32 random bytes in base64, such as `openssl rand -base64 32` prints.",
        )
    return key


def new_key() -> bytes:
    """32 random bytes."""
    return secrets.token_bytes(_KEY_BYTES)


def _encoded(key: bytes) -> bytes:
    return base64.b64encode(key) + b"\n"


def _decoded(text: str) -> bytes | None:
    text = text.strip()
    if _HEX.fullmatch(text):
        return bytes.fromhex(text)
    try:
        standard = text.replace("-", "+").replace("_", "/").rstrip("=")
        key = base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
    return key if len(key) == _KEY_BYTES else None
