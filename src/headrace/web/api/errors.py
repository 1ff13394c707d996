"""What goes wrong, as an answer: a status and a problem document; never a traceback."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException

from headrace.errors import HeadraceError, NotSignedIn, TooOften, Unavailable
from headrace.speech import preferred, translate, word
from headrace.wire.problem import INVALID, MEDIA_TYPE, Problem, problem, problem_of

__all__ = ["HANDLERS", "NotSignedIn", "TooOften", "noted_bug"]
RETRY_SECONDS = 5
_log = logging.getLogger("headrace.web")
_Request = Request[Any, Any, Any]

# What the framework refuses: a code, and what to do.
_REFUSED: Mapping[int, tuple[str, str]] = {
    400: (INVALID, "Mend it and send it again."),
    404: ("missing", "Look the address up."),
    405: ("method_not_allowed", "Look up which methods there are."),
    413: ("too_large", "Send less."),
    415: ("unsupported_media_type", "Send application/json."),
}


def answer(
    request: _Request, one: Problem, headers: Mapping[str, str] | None = None
) -> Response[Problem]:
    """A problem as an answer, in the language that the request prefers."""
    language = preferred(request.headers.get("accept-language", ""))
    told = msgspec.structs.replace(
        one, title=word(one.title, language), detail=translate(one.detail, language),
        advice=translate(one.advice, language),
    )  # fmt: skip
    sent = {**(headers or {}), "Content-Language": language, "Vary": "Accept-Language"}
    return Response(told, status_code=one.status, media_type=MEDIA_TYPE, headers=sent)


def noted_bug(error: Exception, doing: str) -> Problem:
    """Our own mistake, for an answer. The log gets where it happened, and no value: it might be a
    secret."""
    where = "".join(traceback.format_tb(error.__traceback__))
    _log.error("%s at %s\n%s", type(error).__name__, doing, where)
    return problem(
        500, "bug", f"Something is wrong in Headrace ({type(error).__name__}).",
        "The server's log tells where; please report it.",
    )  # fmt: skip


def _known(request: _Request, error: HeadraceError) -> Response[Problem]:
    one, headers = problem_of(error), {}
    if one.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, Unavailable):
        headers["Retry-After"] = str(round(error.retry_after_seconds or RETRY_SECONDS))
    return answer(request, one, headers)


def _invalid(request: _Request, error: HTTPException) -> Response[Problem]:
    """What the framework refuses: no such route, a body that is not as described."""
    detail = error.detail
    if isinstance(error.extra, list) and error.extra:
        found = [f"{item.get('key', '')}: {item.get('message', '')}" for item in error.extra]
        detail = "; ".join(found)
    code, advice = _REFUSED.get(error.status_code, (INVALID, ""))
    return answer(request, problem(error.status_code, code, detail, advice), error.headers)


def _unknown(request: _Request, error: Exception) -> Response[Problem]:
    route = request.scope.get("path_template", "?")
    return answer(request, noted_bug(error, f"{request.method} {route}"))


def _too_deep(request: _Request, _error: RecursionError) -> Response[Problem]:
    detail = "The request is nested too deeply."
    return answer(request, problem(400, INVALID, detail, "Send a flat one."))


HANDLERS: Mapping[int | type[Exception], Any] = {
    HeadraceError: _known, HTTPException: _invalid, RecursionError: _too_deep,
    Exception: _unknown,
}  # fmt: skip
