"""Signing in and out, and the first admin."""

from __future__ import annotations

from litestar import Response

from headrace.errors import HeadraceError, NotSignedIn, Refused
from headrace.web.api.access import ANYBODY, COOKIE
from headrace.web.api.session import proven
from headrace.web.console.verbs import TheForm, TheThrottle, TheView, done, shown
from headrace.web.console.view import View, answer, own_path
from headrace.wire.problem import problem_of


@shown("/sign-in", needs=ANYBODY)
def sign_in_page(view: TheView) -> Response[str]:
    """Ask who it is."""
    target = own_path(view.request.query_params.get("next", "/"))
    if view.person is not None:
        return view.go(target)
    return _asked(view, target)


@done("/sign-in", needs=ANYBODY)
def sign_in(view: TheView, form: TheForm, throttle: TheThrottle) -> Response[str]:
    """Begin a session, then go where one wanted to, or close the dialog."""
    name, target = str(form.get("name", "")), own_path(str(form.get("next", "/")))
    try:
        value = proven(view.request, view.platform, throttle, name, str(form.get("password", "")))
    except HeadraceError as error:
        return _asked(view, target, name=name, error=error)
    cookies = [view.front.cookie(value)]
    if view.quick:  # the dialog goes
        return answer("", cookies=cookies)
    return answer("", status=303, headers={"location": target}, cookies=cookies)


@done("/sign-out", needs=ANYBODY)
def sign_out(view: TheView) -> Response[str]:
    """End this session."""
    view.platform.people.sign_out(view.request.cookies.get(COOKIE, ""))
    to = {"location": "/sign-in"}
    return answer("", status=303, headers=to, cookies=[view.front.cookie("")])


@shown("/setup", needs=ANYBODY)
def set_up_page(view: TheView) -> Response[str]:
    """Ask who the first admin is; the code is in the address's fragment, for a script to read."""
    if not view.platform.people.needs_setup():
        return view.go("/")
    return _welcome(view)


@done("/setup", needs=ANYBODY)
def set_up(view: TheView, form: TheForm) -> Response[str]:
    """Make the first admin, who is then signed in."""
    people, name, code = view.platform.people, str(form.get("name", "")), str(form.get("code", ""))
    try:
        person = people.set_up(code, name, str(form.get("password", "")))
    except Refused as error:
        return _welcome(view, name=name, code=code, error=error)
    cookies = [view.front.cookie(people.open_session(person.id))]
    return answer("", status=303, headers={"location": "/"}, cookies=cookies)


def _asked(
    view: View, target: str, *, name: str = "", error: HeadraceError | None = None
) -> Response[str]:
    context = {
        "next": target, "name": name, "needs_setup": view.platform.people.needs_setup(),
        "message": error.message if error else "", "advice": error.advice if error else "",
    }  # fmt: skip
    template = "session/dialog.html" if view.quick else "session/sign_in.html"
    status = problem_of(error).status if error is not None else 200
    if isinstance(error, NotSignedIn):
        status = 400  # 401 would have the browser's own dialog, or htmx's, come again
    return view.page(template, status=status, **context)


def _welcome(
    view: View, *, name: str = "", code: str = "", error: HeadraceError | None = None
) -> Response[str]:
    context = {
        "name": name, "code": code,
        "message": error.message if error else "", "advice": error.advice if error else "",
    }  # fmt: skip
    return view.page("session/setup.html", status=400 if error else 200, **context)


HANDLERS = (sign_in_page, sign_in, sign_out, set_up_page, set_up)
