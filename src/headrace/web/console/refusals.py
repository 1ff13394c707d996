"""What goes wrong, as a page or, where htmx asked, as a notice; what was typed in stays there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from litestar import Request, Response
from litestar.exceptions import HTTPException

from headrace.errors import HeadraceError, NotSignedIn, Unavailable
from headrace.web.api.access import Front
from headrace.web.api.errors import RETRY_SECONDS, noted_bug
from headrace.web.console.view import View, answer, view_of
from headrace.wire.problem import problem_of

_Request = Request[Any, Any, Any]


def _known(request: _Request, error: HeadraceError) -> Response[str]:
    view = _view(request)
    if isinstance(error, NotSignedIn):
        return _sign_in(view)
    headers = {}
    if isinstance(error, Unavailable):
        headers["Retry-After"] = str(round(error.retry_after_seconds or RETRY_SECONDS))
    return _shown(view, problem_of(error).status, error.message, error.advice, headers)


def _sign_in(view: View) -> Response[str]:
    """The page for it. Where htmx asked, a dialog over the page, so that nothing is lost."""
    if view.quick:
        text = view.render("session/dialog.html")
        headers = {"hx-retarget": "#dialogs", "hx-reswap": "innerHTML"}
        return answer(text, status=401, headers=headers)
    asked = view.request.url.path
    if view.request.url.query:
        asked += f"?{view.request.url.query}"
    target = "/sign-in" if asked == "/" else f"/sign-in?next={quote(asked, safe='/')}"
    return answer("", status=303, headers={"location": target})


def _framework(request: _Request, error: HTTPException) -> Response[str]:
    view = _view(request)
    message, advice = {
        404: (view.text("There is no such page."), view.text("Go on from the menu.")),
        405: (view.text("This page cannot do that."), view.text("Go on from the menu.")),
        413: (view.text("That is too much at once."), view.text("Send less.")),
    }.get(error.status_code, (error.detail, view.text("Mend it and send it again.")))
    return _shown(view, error.status_code, message, advice, {})


def _unknown(request: _Request, error: Exception) -> Response[str]:
    route = request.scope.get("path_template", "?")
    bug = noted_bug(error, f"{request.method} {route}")
    return _shown(_view(request), 500, bug.detail, bug.advice, {})


def _shown(
    view: View, status: int, message: str, advice: str, headers: Mapping[str, str]
) -> Response[str]:
    context = {"message": message, "advice": advice, "status": status}
    if view.quick:
        sent = {**headers, "hx-retarget": "#notices", "hx-reswap": "beforeend"}
        return answer(view.render("notice.html", **context), status=status, headers=sent)
    return answer(view.render("error.html", **context), status=status, headers=headers)


def _view(request: _Request) -> View:
    front: Front = request.app.opt["front"]
    return view_of(request, front)


HANDLERS: Mapping[int | type[Exception], Any] = {
    HeadraceError: _known, HTTPException: _framework, Exception: _unknown,
}  # fmt: skip
