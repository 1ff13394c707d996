"""Tokens, their scopes, and the three kinds of Authorization."""

from __future__ import annotations

import binascii
from base64 import b64decode
from dataclasses import dataclass

from .envelope import ApiError

DEFAULT_TOKEN = "playground-token"  # noqa: S105
SCOPES = frozenset(
    {
        "user:profile:ro",
        "user:email:ro",
        "team:profile:ro",
        "team:member:rw",
        "project:profile:rw",
        "project:member:rw",
        "project:label:rw",
        "collaboration:issue:rw",
        "related-resource:resource:rw",
        "service-hook:profile:rw",
        "artifact:repository:rw",
        "artifact:package:ro",
        "artifact:version:rw",
        "artifact:properties:rw",
        "vcs:repository:ro",
        "vcs:merge:ro",
        "vcs:release:ro",
        "vcs:ssh-key:ro",
        "depot:external-repository:ro",
        "project:notice:ro",
        "program:profile:ro",
        "program:project:ro",
        "user:public-key:ro",
        "ram:policy:ro",
        "ram:grant:ro",
        "ram:user-group:ro",
        "document:knowledge:rw",
        "testing:profile:rw",
        "cd:statistics:ro",
        "cd:host-server:ro",
        "cd:application:ro",
        "cd:pipeline:ro",
    }
)
KINDS = ("personal", "oauth", "project")

# What the scope of a project token allows, in the words of the other tokens.
PROJECT_SCOPES = {
    "project_issue_rw": "collaboration:issue:rw",
    "project_member_rw": "project:member:rw",
    "resource_reference_rw": "related-resource:resource:rw",
    "project_label_rw": "project:label:rw",
    "depot_read": "vcs:repository:ro",
    "merge_request_rw": "vcs:merge:rw",
    "release_rw": "vcs:release:rw",
}


@dataclass(frozen=True, slots=True)
class Token:
    """`secret` as it is sent: `user:password` for a project token. `ends_ms` 0: never."""

    secret: str
    kind: str
    scopes: frozenset[str]
    member_id: int = 1
    project_id: int = 0
    ends_ms: int = 0

    def allows(self, scope: str) -> bool:
        """`rw` includes `ro`; a project token may always read its own project."""
        if self.project_id and scope == "project:profile:ro":
            return True
        enough = (scope, scope.removesuffix(":ro") + ":rw")
        if not self.scopes.isdisjoint(enough):
            return True
        return any(PROJECT_SCOPES.get(name) in enough for name in self.scopes)


class Tokens:
    """All valid tokens. A revoked or ended one answers AuthFailure."""

    def __init__(self) -> None:
        self._tokens: dict[tuple[str, str], Token] = {}
        self._issued = 0
        self.add(Token(DEFAULT_TOKEN, "personal", SCOPES))

    def add(self, token: Token) -> None:
        self._tokens[token.kind, token.secret] = token

    def issue(
        self, kind: str = "personal", scopes: frozenset[str] | None = None, project_id: int = 0
    ) -> str:
        """Make a token and return its secret. ValueError: no such kind, or no project named."""
        if kind not in KINDS or (kind == "project") != bool(project_id):
            raise ValueError(f"No {kind} token with project {project_id}.")
        self._issued += 1
        secret = f"{kind}-token-{self._issued}"
        if kind == "project":
            secret = f"{secret}:password-{self._issued}"
        chosen = SCOPES if scopes is None else frozenset(scopes)
        self.add(Token(secret, kind, chosen, project_id=project_id))
        return secret

    def revoke(self, secret: str) -> None:
        """End a token at once; an unknown one is ignored."""
        for kind in KINDS:
            self._tokens.pop((kind, secret), None)

    def of(self, authorization: str, now_ms: int) -> Token:
        """Whose request this is. ApiError AuthFailure when nobody's."""
        scheme, _, value = authorization.partition(" ")
        kind = {"token": "personal", "bearer": "oauth", "basic": "project"}.get(scheme.lower(), "")
        secret = _decoded(value) if kind == "project" else value.strip()
        token = self._tokens.get((kind, secret))
        if token is None or 0 < token.ends_ms <= now_ms:
            raise ApiError("AuthFailure", "User not found, authorization invalid")
        return token


def _decoded(value: str) -> str:
    try:
        return b64decode(value.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
