"""One's own account: who one is, the password, tokens, language and colours."""

from __future__ import annotations

from litestar import Response

from headrace.control.people import PASSWORD_MIN, Role
from headrace.errors import NotSignedIn, Refused
from headrace.speech import translate
from headrace.web.api.session import proven
from headrace.web.console.pages.people import tokens
from headrace.web.console.verbs import TheForm, TheThrottle, TheView, done, shown
from headrace.web.console.view import View, answer


@shown("/account", twin="/session")
def page(view: TheView) -> Response[str]:
    """All of it."""
    return view.page(
        "account/page.html", section="account", twin="/session", message="",
        password_min=PASSWORD_MIN, **tokens(view, own=True),
    )  # fmt: skip


@done("/account/password", needs=Role.VIEWER)
def change_password(view: TheView, form: TheForm, throttle: TheThrottle) -> Response[str]:
    """A new password for oneself. All other sessions end."""
    assert view.person is not None
    people, person = view.platform.people, view.person
    new = str(form.get("new", ""))
    if new != form.get("again"):
        return _asked(view, view.text("The new password was typed in two different ways."))
    try:
        proof = proven(view.request, view.platform, throttle, person.name, str(form.get("old", "")))
        people.sign_out(proof)
        people.change(person, person.id, password=new)
    except NotSignedIn:
        return _asked(view, view.text("The present password is wrong."))
    except Refused as error:
        said = (translate(text, view.language) for text in (error.message, error.advice))
        return _asked(view, " ".join(said))
    cookie = view.front.cookie(people.open_session(person.id))
    told = view.said(view.text("Your password is changed; you are signed out everywhere else."))
    return answer(_form(view, ""), headers=told.headers, cookies=[cookie])


def _asked(view: View, message: str) -> Response[str]:
    return answer(_form(view, message), status=400)


def _form(view: View, message: str) -> str:
    return view.render("account/password.html", message=message, password_min=PASSWORD_MIN)


HANDLERS = (page, change_password)
