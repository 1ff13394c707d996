"""What tells a Service Hook of CODING from anybody else's request, and keeps it out of sight.

The signature is `X-Coding-Signature: sha1=<hex>`: HMAC-SHA1 of the raw body under the signing token
(help centre, "Service Hook"). All comparisons take the same time whatever they find.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus

from headrace.errors import Refused

MASK = b"***"
_URL_SECRET = re.compile(r"[A-Za-z0-9_-]{16,128}")
_TOKEN = re.compile(r"[!#-\[\]-~]{8,128}")  # visible ASCII without quote and backslash
_USER = re.compile(r"[!-9;-~]{1,64}")
_KEPT = ("content-type", "user-agent")
_LEFT_OUT = ("x-coding-signature",)
_HEADERS_MAX = 20
_VALUE_CHARS_MAX = 500


@dataclass(frozen=True, slots=True)
class HookSecrets:
    """`url_secret` is the last part of the Service URL, `tokens` are one or two signing tokens (two
    while one replaces the other, the new one first), `user` and `password` are optional;
    `url_secret_old` is that of the URL before, which goes on while CODING is told of the new one.

    Raises `Refused` for what would be unsafe or could not be masked; the text is not repeated.
    """

    url_secret: str = field(repr=False)
    tokens: tuple[str, ...] = field(repr=False)
    user: str = ""
    password: str = field(default="", repr=False)
    url_secret_old: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if not _URL_SECRET.fullmatch(self.url_secret):
            raise _refused("hook_secret", "16 to 128 letters, digits, - and _")
        if self.url_secret_old and not _URL_SECRET.fullmatch(self.url_secret_old):
            raise _refused("hook_secret_old", "16 to 128 letters, digits, - and _")
        if not 1 <= len(self.tokens) <= 2 or not all(map(_TOKEN.fullmatch, self.tokens)):
            raise _refused("signing_token", "8 to 128 visible ASCII characters, no quote")
        if bool(self.user) != bool(self.password):
            raise _refused("hook_user and hook_password", "both of them, or none")
        if self.user and not (_USER.fullmatch(self.user) and _TOKEN.fullmatch(self.password)):
            raise _refused("hook_user and hook_password", "visible ASCII, no colon in the user")

    def owns_url(self, secret: str) -> bool:
        """Whether a request to `/hooks/{secret}` is meant for us."""
        given = secret.encode(errors="replace")
        return _is_one_of(given, [one for one in (self.url_secret, self.url_secret_old) if one])

    def signed(self, body: bytes, signature: str) -> bool:
        """Whether the header holds the HMAC-SHA1 of the raw body under one of the tokens."""
        given = signature.strip().lower().encode()
        return _is_one_of(given, [signature_of(token, body) for token in self.tokens])

    def holds_token(self, document: Any) -> bool:
        """The legacy WebHook v1 does not sign: its body holds the token itself."""
        token = document.get("token") if isinstance(document, dict) else None
        given = token.encode(errors="replace") if isinstance(token, str) else b""
        return _is_one_of(given, self.tokens)

    def admits(self, authorization: str) -> bool:
        """Whether Basic user and password are right; always, where none are set."""
        if not self.user:
            return True
        pair = base64.b64encode(f"{self.user}:{self.password}".encode())
        scheme, _, given = authorization.partition(" ")
        same = hmac.compare_digest(given.strip().encode(errors="replace"), pair)
        return same and scheme.lower() == "basic"

    def masked(self, body: bytes) -> bytes:
        """The body as it may be stored: our URL's secret and tokens masked (Invariant 11)."""
        for secret in filter(
            None, (self.url_secret, self.url_secret_old, *self.tokens, self.password)
        ):
            for form in {secret, quote_plus(secret)}:
                body = body.replace(form.encode(), MASK)
        return body


def _is_one_of(given: bytes, wanted: Sequence[str]) -> bool:
    """Compares with all of them, whatever the first comparison finds."""
    return sum(hmac.compare_digest(given, one.encode()) for one in wanted) > 0


def signature_of(token: str, body: bytes) -> str:
    """`sha1=` and the hex HMAC-SHA1 of the raw body."""
    return f"sha1={hmac.new(token.encode(), body, hashlib.sha1).hexdigest()}"


def kept_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """What is stored of a request's headers: CODING's own, no credentials, at most 20.

    `headers` have lower-case names. Others may be secrets that a proxy or the hook's own settings
    added, so they are left out.
    """
    own = {
        name: value[:_VALUE_CHARS_MAX]
        for name, value in headers.items()
        if (name.startswith("x-coding-") or name in _KEPT) and name not in _LEFT_OUT
    }
    return dict(sorted(own.items())[:_HEADERS_MAX])


def _refused(key: str, allowed: str) -> Refused:
    return Refused(f"{key} cannot be used.", advice=f"Give {allowed}, or leave it off.")
