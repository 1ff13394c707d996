"""Who we are to CODING: tokens, and the protocol that hands out the Authorization header.

Personal and project tokens stand for themselves; OAuth grants, which end and are renewed, are in
`coding.oauth`. No repr shows a secret (Invariant 11).
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import Protocol

from headrace.errors import Refused

_TOKEN = re.compile(r"[!-~]{1,4096}")  # visible ASCII: nothing that could break a header


class Authorizer(Protocol):
    """Hands out the Authorization header. Thread-safe."""

    def header(self) -> str:
        """The header's value as of now; asked anew for every attempt.

        Raises `BadToken` when there is none any more, `Unavailable` when it cannot be had now.
        """
        ...

    def renew(self, refused_header: str) -> bool:
        """CODING refused this header: True when there is a newer one to try.

        May raise `Unavailable`, and `BadToken` with what a person has to do.
        """
        ...


@dataclass(frozen=True, slots=True)
class PersonalToken:
    """A personal access token (个人设置 > 访问令牌), valid until it is revoked."""

    value: str = field(repr=False)

    def header(self) -> str:
        """`token <value>`, as the official document has it."""
        return f"token {self.value}"

    def renew(self, refused_header: str) -> bool:  # noqa: ARG002 - Authorizer's signature
        """There never is a newer one."""
        return False


@dataclass(frozen=True, slots=True)
class ProjectToken:
    """A project token (项目设置 > 开发者选项 > 项目令牌): user and password, sees one project."""

    user: str = field(repr=False)
    password: str = field(repr=False)

    def header(self) -> str:
        """HTTP Basic of user and password."""
        pair = f"{self.user}:{self.password}".encode()
        return f"Basic {base64.b64encode(pair).decode()}"

    def renew(self, refused_header: str) -> bool:  # noqa: ARG002 - Authorizer's signature
        """There never is a newer one."""
        return False


Token = PersonalToken | ProjectToken


def parse_token(text: str) -> Token:
    """`user:password` is a project token, anything else a personal one.

    Surrounding white space is dropped. Raises `Refused`, without repeating the text.
    """
    text = text.strip()
    if not _TOKEN.fullmatch(text):
        raise Refused(
            "The token is empty, too long, or holds spaces or characters no token has.",
            advice="Paste the bare token, or user:password for a project token.",
        )
    if ":" not in text:
        return PersonalToken(text)
    user, _, password = text.partition(":")
    if not user or not password:
        raise Refused(
            "A project token needs both its user and its password.",
            advice="Write user:password.",
        )
    return ProjectToken(user, password)


def masked(text: str, header: str) -> str:
    """`text` with every secret of an Authorization header replaced by ***."""
    for secret in sorted(_secrets_of(header), key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


def _secrets_of(header: str) -> set[str]:
    kind, _, credential = header.partition(" ")
    secrets = {credential}
    if kind == "Basic":
        try:
            pair = base64.b64decode(credential).decode()
        except (binascii.Error, UnicodeDecodeError):
            return secrets
        secrets |= {pair, pair.partition(":")[2]}
    return {secret for secret in secrets if secret}
