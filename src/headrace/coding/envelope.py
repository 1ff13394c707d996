"""What an HTTP answer of CODING's Open API means: an `Answer`, or an error by what to do about it.

Pure. Success is: an object, no `Error`, and the expected part in place. Never anything less.
"""

from __future__ import annotations

import email.utils
from functools import lru_cache
from typing import Any

import msgspec

from headrace.core.record import Body, decode_json
from headrace.core.transport import Response
from headrace.errors import (
    BadToken,
    HeadraceError,
    NotFound,
    NotPermitted,
    Refused,
    Throttled,
    Unavailable,
    Withdrawn,
)

_TOKEN_ADVICE = "Check the token, or authorize again."  # noqa: S105 - advice, not a token
_ADDRESS_ADVICE = "Check the address: does CODING's Open API answer there?"
_MESSAGE_MAX = 300
_INVALID_USER = "user not found, authorization invalid"

# Error codes declared by the official document; what to do about each is our reading.
_WITHDRAWN = {"OperationDenied", "UnsupportedOperation", "ResourcesSoldOut", "DryRunOperation"}
_THROTTLED = {"RequestLimitExceeded", "LimitExceeded"}
_REFUSED = {
    *("InvalidParameter", "InvalidParameterValue", "MissingParameter", "UnknownParameter"),
}


class BadRequest(Refused):
    """CODING calls a parameter of the request wrong; some lists say so for a missing permission."""


class Expected(msgspec.Struct, frozen=True):
    """What an answer must hold: a list (`many`) or an object at `path` below `Response`.

    `many` None: anything but null. `total` is the path of the list's count: where there is one,
    the list may be null only if it says 0.
    """

    path: str
    many: bool | None = False
    total: str = ""


class Answer(msgspec.Struct, frozen=True):
    """A good answer: what is below `Response`, the server's time (ms UTC) and the request's id."""

    response: Body
    server_ms: int | None
    request_id: str

    def at(self, path: str) -> Any:
        """The value at a dotted path; None where there is none."""
        return _at(self.response, path)


def read_answer(action: str, response: Response, expected: Expected, now_ms: int) -> Answer:
    """Read one HTTP answer.

    Raises `BadToken`, `NotPermitted`, `NotFound`, `BadRequest`, `Throttled` or `Unavailable`;
    the message names Action, code, CODING's own message and the RequestId.
    """
    if response.status == 429 or response.status >= 500 or 300 <= response.status < 400:
        raise _bad_status(action, response, now_ms)
    body = _envelope_of(response)
    error = body.get("Error") if body is not None else None
    if body is not None and error is not None:
        raise _error_of(action, error, _request_id(body), response, now_ms)
    if response.status != 200:
        raise _bad_status(action, response, now_ms)
    if body is None:
        raise _no_answer(action, f"sent {_kind(response)}, which is no answer")
    _check_expected(action, body, expected)
    return Answer(body, date_ms(response), _request_id(body))


def _envelope_of(response: Response) -> Body | None:
    try:
        document = decode_json(response.body)
    except (ValueError, RecursionError):
        return None
    body = document.get("Response") if isinstance(document, dict) else None
    return body if isinstance(body, dict) else None


def _check_expected(action: str, body: Body, expected: Expected) -> None:
    value = _at(body, expected.path)
    if value is not None and (
        expected.many is None or isinstance(value, list if expected.many else dict)
    ):
        return
    empty = expected.many is not False and (not expected.total or _at(body, expected.total) == 0)
    if value is None and empty and _has(body, expected.path):
        return
    shape = {None: "part", True: "list", False: "object"}[expected.many]
    raise _no_answer(action, f"answered without the {shape} {expected.path}", _request_id(body))


def _error_of(
    action: str, error: Any, request_id: str, response: Response, now_ms: int
) -> HeadraceError:
    """The error for a code, the code's part behind a dot left aside."""
    fields = error if isinstance(error, dict) else {}
    code, message = one_line(fields.get("Code")), one_line(fields.get("Message") or error)
    text = f"{action}: {code or 'error'}: {message}{_with_id(request_id)}."
    family = code.partition(".")[0]
    if family == "AuthFailure" or _INVALID_USER in message.lower():
        return BadToken(text, advice=_TOKEN_ADVICE)
    if family in _WITHDRAWN:
        return Withdrawn(text, advice="Does the team have this module, and the token its scope?")
    if family == "UnauthorizedOperation":
        return NotPermitted(text, advice="Check the token's scopes and the team's modules.")
    if family == "ResourceNotFound":
        return NotFound(text)
    if family in _THROTTLED:
        return Throttled(text, retry_after_seconds=retry_after(response, now_ms))
    if family in _REFUSED:
        return BadRequest(text, advice="CODING may also mean that the token lacks a scope.")
    return Unavailable(text, retry_after_seconds=retry_after(response, now_ms))


def _bad_status(action: str, response: Response, now_ms: int) -> HeadraceError:
    """The error for a status that speaks for itself. A bare 404 never means a missing record."""
    body = _envelope_of(response) or {}
    error = body.get("Error")
    said = f": {one_line(error)}" if error else f" ({_kind(response)})"
    text = f"{action}: HTTP {response.status}{said}{_with_id(_request_id(body))}."
    asked = retry_after(response, now_ms)
    if response.status == 429:
        return Throttled(text, retry_after_seconds=asked)
    if response.status == 401:
        return BadToken(text, advice=_TOKEN_ADVICE)
    if response.status == 403:
        return NotPermitted(text, advice="Check the token's scopes and any network rules.")
    advice = "" if response.status >= 500 else _ADDRESS_ADVICE
    return Unavailable(text, advice=advice, retry_after_seconds=asked)


def _no_answer(action: str, what: str, request_id: str = "") -> Unavailable:
    return Unavailable(f"{action}: CODING {what}{_with_id(request_id)}.", advice=_ADDRESS_ADVICE)


def retry_after(response: Response, now_ms: int) -> float | None:
    """Seconds the Retry-After header asks for, given as a number or as a date; None for none."""
    text = response.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    moment = _http_date_ms(text)
    return None if moment is None else max(0.0, (moment - now_ms) / 1000)


def date_ms(response: Response) -> int | None:
    """The server's own time from its Date header, in ms UTC."""
    return _http_date_ms(response.headers.get("date", ""))


@lru_cache(maxsize=64)  # many answers tell the same second
def _http_date_ms(text: str) -> int | None:
    try:
        return int(email.utils.parsedate_to_datetime(text).timestamp() * 1000)
    except (ValueError, TypeError, OverflowError):
        return None


def _kind(response: Response) -> str:
    start = response.body[:200].lstrip().lower()
    if not start:
        return "an empty body"
    if start.startswith(b"<"):
        return "a web page"
    return "broken or foreign JSON" if start[:1] in b"{[" else "a body that is not JSON"


def one_line(value: Any) -> str:
    """One line of at most 300 characters: what the other side wrote is shown, not trusted."""
    text = str(value or "")
    if not text.isprintable():
        text = "".join(c if c.isprintable() else " " for c in text)
    line = " ".join(text.split())
    return line if len(line) <= _MESSAGE_MAX else f"{line[:_MESSAGE_MAX]}..."


def _request_id(body: Body) -> str:
    return one_line(body.get("RequestId"))[:100]


def _with_id(request_id: str) -> str:
    return f" (RequestId {request_id})" if request_id else ""


def _at(body: Any, path: str) -> Any:
    for name in path.split(".") if path else ():
        if not isinstance(body, dict):
            return None
        body = body.get(name)
    return body


def _has(body: Any, path: str) -> bool:
    owner, _, name = path.rpartition(".")
    holder = _at(body, owner) if owner else body
    return isinstance(holder, dict) and name in holder
