"""A user's consent: the page to open, the state that ties an answer to it, the answer itself.

Rests on the help centre's page on OAuth: `GET {team}/oauth_authorize.html` goes back to the
redirect URI with `code` and `state`. What comes back may come from anybody: nothing in it is
believed before its state is.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

from headrace.coding.envelope import one_line
from headrace.coding.oauth_tokens import OAuthApp
from headrace.errors import Refused

STATE_LIVES_MS = 10 * 60_000
DENIED = "access_denied"
_STATES_MAX = 1_000
_QUERY_CHARS_MAX = 4_096
_FIELDS_MAX = 20
_VALUE = re.compile(r"[!-~]{1,1000}")
_AGAIN = "Authorize again, and use the page that opens then."


def authorize_url(app: OAuthApp, redirect_uri: str, state: str, scopes: Sequence[str]) -> str:
    """The page on which a person consents. It holds no secret but the state."""
    asked = {
        "client_id": app.client_id,
        "redirect_uri": redirect_uri,
        "response_type": "code",
        "state": state,
        "scope": ",".join(scopes),
    }
    return f"{app.base_url}/oauth_authorize.html?{urlencode(asked, safe=':,')}"


class States:
    """The states of requests under way: each admits one answer, within 10 minutes. Thread-safe.

    Only digests are kept, so that looking one up tells nothing of another.
    """

    def __init__(self) -> None:
        self._issued: dict[bytes, tuple[int, Any]] = {}
        self._lock = threading.Lock()

    def issue(self, state: str, now_ms: int, about: Any = None) -> None:
        """Admit one answer with this state, which must be impossible to guess."""
        with self._lock:
            self._issued[_digest(state)] = now_ms, about
            while len(self._issued) > _STATES_MAX:
                del self._issued[next(iter(self._issued))]

    def redeem(self, state: str, now_ms: int) -> Any:
        """What it was issued about. Raises `Refused` for a state that is not ours, was used already
        or is too old."""
        with self._lock:
            found = self._issued.pop(_digest(state), None)
        if found is None:
            raise Refused("The answer belongs to no request, or came twice.", advice=_AGAIN)
        issued_ms, about = found
        if not 0 <= now_ms - issued_ms < STATE_LIVES_MS:
            raise Refused("The answer came too late: a request is valid for 10 minutes.",
                          advice=_AGAIN)  # fmt: skip
        return about


def _digest(state: str) -> bytes:
    return hashlib.sha256(state.encode(errors="replace")).digest()


@dataclass(frozen=True, slots=True)
class Callback:
    """What a browser brought back: a code, or the reason why there is none."""

    state: str = field(repr=False)
    code: str = field(default="", repr=False)
    error: str = ""


def read_callback(query: str) -> Callback:
    """The answer in a redirect's query. Raises `Refused`, repeating nothing, for what is none."""
    try:
        if len(query) > _QUERY_CHARS_MAX:
            raise ValueError
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=_FIELDS_MAX)
    except ValueError:
        raise _malformed() from None
    names = [name for name, _ in pairs if name in ("state", "code", "error")]
    given = dict(pairs)
    code, error = given.get("code", ""), given.get("error", "")
    plain = all(_VALUE.fullmatch(given[name]) for name in names)
    if (
        len(set(names)) != len(names)
        or not plain
        or "state" not in given
        or bool(code) == bool(error)
    ):
        raise _malformed()
    return Callback(given["state"], code, one_line(error)[:100])


def _malformed() -> Refused:
    return Refused("This is no answer of CODING's authorization page.", advice=_AGAIN)
