"""GET: files at their temporary addresses, without a token; depots, with one, as git sends it."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from headrace.core.transport import Request, Response

from ...envelope import ApiError
from ...tokens import Token, Tokens
from .dumb import MARK, Repositories
from .store import PREFIX, File

if TYPE_CHECKING:
    from ...team import Team

SCOPE = "vcs:repository:ro"
_RANGE = re.compile(r"bytes=(\d{1,18})-")
_TYPE = {"content-type": "application/octet-stream"}


class Serving:
    """What the playground serves besides its API."""

    def __init__(self, team: Team, tokens: Tokens) -> None:
        self._team = team
        self._tokens = tokens
        self._repositories = Repositories(team)

    def get(self, request: Request, now_ms: int) -> Response | None:
        """The answer; None for a path that is neither a file's nor a depot's."""
        path = unquote(urlsplit(request.url).path)
        headers = {name.lower(): value for name, value in request.headers.items()}
        if path.startswith(PREFIX):
            found = self._team.files.at(request.url, now_ms)
            return self._part(found, headers.get("range", "")) if found else _said(403, "Expired")
        if MARK not in path:
            return None
        return self._depot(path, headers.get("authorization", ""), now_ms)

    def _part(self, file: File, wanted: str) -> Response:
        headers = {**_TYPE, "etag": file.etag}
        found = _RANGE.fullmatch(wanted) if self._team.files.resumable else None
        if found is None:
            return Response(200, headers, file.content)
        size, start = len(file.content), int(found[1])
        if start >= size:
            return Response(416, {**headers, "content-range": f"bytes */{size}"})
        told = f"bytes {start}-{size - 1}/{size}"
        return Response(206, {**headers, "content-range": told}, file.content[start:])

    def _depot(self, path: str, authorization: str, now_ms: int) -> Response:
        token = self._token(authorization, now_ms)
        if token is None:
            asked = {"www-authenticate": 'Basic realm="playground"'}
            return Response(401, {**_TYPE, **asked}, b"Who are you?")
        if not token.allows(SCOPE):
            return _said(403, "No permission")
        found = self._repositories.at(path)
        if found is None or token.project_id not in (0, found[0]):
            return _said(404, "Not found")
        return Response(200, _TYPE, found[1])

    def _token(self, authorization: str, now_ms: int) -> Token | None:
        """A project token as it is; any other is the password of a user whose name is known."""
        kind, _, value = authorization.partition(" ")
        try:
            user, _, password = b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        for sent in (authorization, f"token {password}", f"Bearer {password}"):
            try:
                token = self._tokens.of(sent, now_ms)
            except ApiError:
                continue
            known = token.kind == "project" or user == self._owner(token)
            return token if known and kind == "Basic" else None
        return None

    def _owner(self, token: Token) -> str:
        return str(self._team.user(token.member_id)["GlobalKey"])


def _said(status: int, text: str) -> Response:
    return Response(status, {"content-type": "text/plain"}, text.encode())
