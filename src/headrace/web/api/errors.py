"""What goes wrong, as an answer: a status, and `{"message", "advice"}`; never a traceback."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping
from typing import Any

from litestar import Request, Response
from litestar.exceptions import HTTPException

from headrace.control.refusals import Conflict, Forbidden, Missing
from headrace.errors import HeadraceError, Refused, Unavailable

RETRY_SECONDS = 5


class NotSignedIn(Refused):
    """Nobody speaks: no session, no token, or one that is no good."""


class TooOften(Unavailable):
    """Too many failures: wait a while."""


_STATUS: Mapping[type[HeadraceError], int] = {
    NotSignedIn: 401, Forbidden: 403, Missing: 404, Conflict: 409, Refused: 400, TooOften: 429,
    Unavailable: 503,
}  # fmt: skip
_log = logging.getLogger("headrace.web")


def document_of(error: HeadraceError) -> dict[str, str]:
    """The body of an answer."""
    return {"message": error.message, "advice": error.advice}


def _known(_request: Request[Any, Any, Any], error: HeadraceError) -> Response[Any]:
    status = next((_STATUS[kind] for kind in type(error).mro() if kind in _STATUS), 500)
    headers: dict[str, str] = {}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, Unavailable):
        headers["Retry-After"] = str(round(error.retry_after_seconds or RETRY_SECONDS))
    return Response(document_of(error), status_code=status, headers=headers)


def _invalid(_request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """What the framework refuses: no such route, a body that is not as described."""
    message = error.detail
    if isinstance(error.extra, list) and error.extra:
        found = [f"{item.get('key', '')}: {item.get('message', '')}" for item in error.extra]
        message = "; ".join(found)
    advice = _ADVICE.get(error.status_code, "")
    return Response(
        {"message": message, "advice": advice}, status_code=error.status_code,
        headers=error.headers or {},
    )  # fmt: skip


_ADVICE = {
    400: "Mend it and send it again.",
    404: "Look the address up.",
    405: "Look up which methods there are.",
    413: "Send less.",
}


def noted_bug(error: Exception, doing: str) -> dict[str, str]:
    """Our own mistake, for an answer. The log gets where it happened, and no value: it might be a
    secret."""
    where = "".join(traceback.format_tb(error.__traceback__))
    _log.error("%s at %s\n%s", type(error).__name__, doing, where)
    return {
        "message": f"Something is wrong in Headrace ({type(error).__name__}).",
        "advice": "The server's log tells where; please report it.",
    }


def _unknown(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    route = request.scope.get("path_template", "?")
    return Response(noted_bug(error, f"{request.method} {route}"), status_code=500)


def _too_deep(_request: Request[Any, Any, Any], _error: RecursionError) -> Response[Any]:
    document = {"message": "The request is nested too deeply.", "advice": "Send a flat one."}
    return Response(document, status_code=400)


HANDLERS: Mapping[int | type[Exception], Any] = {
    HeadraceError: _known, HTTPException: _invalid, RecursionError: _too_deep,
    Exception: _unknown,
}  # fmt: skip
