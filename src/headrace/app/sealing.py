"""Secrets on disk: sealed with AES-256-GCM, for one purpose each, under the installation's key.

The key comes from the environment, or from a file that is made on first use.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
import secrets
from pathlib import Path

from headrace.app.private_files import create_private, read_private
from headrace.config import KEY_VARIABLE
from headrace.errors import Refused

KEY_FILE = "headrace.key"
_KEY_BYTES = 32
_NONCE_BYTES = 12  # drawn by chance for each sealing: NIST SP 800-38D allows 2^32 of them
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


def open_seal(folder: Path, given: str) -> Seal:
    """The seal of an installation: see `installation_key`."""
    return Seal(installation_key(folder, given))


def mask_key(folder: Path, given: str) -> bytes:
    """The key for masks, which is another one than that of the seal."""
    return hmac.digest(installation_key(folder, given), b"headrace mask", "sha256")


def installation_key(folder: Path, given: str) -> bytes:
    """32 bytes: `given` (the environment's key) or the key file in `folder`, made on first use.

    Raises `Refused` for a key that is none; it is not repeated.
    """
    if given:
        key = _decoded(given)
        if key is None:
            raise Refused(
                f"{KEY_VARIABLE} is no key.",
                advice="Give 32 random bytes in base64, such as `openssl rand -base64 32` prints.",
            )
        return key
    path = folder / KEY_FILE
    content = read_private(path)
    if content is None:
        made = base64.b64encode(secrets.token_bytes(_KEY_BYTES))
        create_private(path, made + b"\n")
        content = read_private(path) or b""
    key = _decoded(content.decode(errors="replace"))
    if key is None:
        raise Refused(
            f"{path} is damaged.",
            advice="Put it back from a copy; or remove it and authorize every connection again.",
        )
    return key


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
