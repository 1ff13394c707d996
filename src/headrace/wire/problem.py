"""An error as a document (RFC 9457, `application/problem+json`), and the error of a document.

`code` is the stable name of a kind of error; the server and the client share the one table.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec

from headrace import errors
from headrace.errors import HeadraceError

MEDIA_TYPE = "application/problem+json"
INVALID = "invalid"

# The code of each kind, and the status it is answered with. A kind has the nearest one above it.
CODES: Mapping[type[HeadraceError], tuple[str, int]] = {
    errors.NotSignedIn: ("not_signed_in", 401),
    errors.Forbidden: ("forbidden", 403),
    errors.Missing: ("missing", 404),
    errors.Stale: ("stale", 412),
    errors.Conflict: ("conflict", 409),
    errors.Withdrawn: ("withdrawn", 400),
    errors.NotPermitted: ("not_permitted", 400),
    errors.NotFound: ("not_found", 400),
    errors.BadToken: ("bad_token", 400),
    errors.TablesChanged: ("tables_changed", 400),
    errors.Fenced: ("fenced", 400),
    errors.Refused: ("refused", 400),
    errors.TooOften: ("too_often", 429),
    errors.Throttled: ("throttled", 503),
    errors.Unavailable: ("unavailable", 503),
    errors.BadRecord: ("bad_record", 400),
    errors.Bug: ("bug", 500),
    HeadraceError: ("bug", 500),
}
_KINDS: Mapping[str, type[HeadraceError]] = {
    **{code: kind for kind, (code, _) in CODES.items() if kind is not HeadraceError},
    INVALID: errors.Refused,
}


class Problem(msgspec.Struct, kw_only=True):
    """What went wrong. `detail` is a sentence, `advice` what to do; `code` is for programs."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    advice: str = ""


def problem(status: int, code: str, detail: str, advice: str = "") -> Problem:
    """One, with the type and title that belong to its code and status."""
    return Problem(
        type=f"urn:headrace:problem:{code}", title=_title(status), status=status, detail=detail,
        code=code, advice=advice,
    )  # fmt: skip


def problem_of(error: HeadraceError) -> Problem:
    """An error for an answer."""
    code, status = next(CODES[kind] for kind in type(error).mro() if kind in CODES)
    return problem(status, code, error.message, error.advice)


def error_of(
    data: bytes, *, status: int, retry_after_seconds: float | None = None
) -> HeadraceError:
    """The error that an answer tells of, for whoever asked.

    An answer that is no such document (a proxy's, say) is judged by its status alone.
    """
    try:
        said = msgspec.json.decode(data, type=Problem)
    except msgspec.MsgspecError:
        said = problem(status, "", f"The server answered {status} {_title(status)}.")
    return raised(said, retry_after_seconds=retry_after_seconds)


def raised(said: Problem, *, retry_after_seconds: float | None = None) -> HeadraceError:
    """A problem as the error it was. A code that is not known yet counts by its status."""
    kind = _KINDS.get(said.code) or _kind_of(said.status)
    more: dict[str, Any] = {}
    if issubclass(kind, errors.Unavailable):
        more["retry_after_seconds"] = retry_after_seconds
    return kind(said.detail, advice=said.advice, **more)


def _kind_of(status: int) -> type[HeadraceError]:
    by_status = {401: errors.NotSignedIn, 403: errors.Forbidden, 404: errors.Missing}
    if status in by_status:
        return by_status[status]
    return errors.Refused if status < 500 and status != 429 else errors.Unavailable


def _title(status: int) -> str:
    return HTTPStatus(status).phrase if status in set(HTTPStatus) else "Error"
