"""People and their API tokens: admins manage all, everybody their own tokens."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Response
from litestar.datastructures import FormMultiDict
from litestar.params import PathParameter

from headrace.control.people import PASSWORD_MIN, Person, Role, User
from headrace.errors import Missing, Refused
from headrace.web.api.tokens import NewToken
from headrace.web.api.verbs import ID_MAX
from headrace.web.console.verbs import TheForm, TheView, done, shown
from headrace.web.console.view import View

DAYS = (30, 90, 365)
_LIST = "/people"
_Id = Annotated[int, PathParameter(ge=0, le=ID_MAX)]


@shown(_LIST, twin="/tokens")
def page(view: TheView) -> Response[str]:
    """Users, for admins; tokens."""
    person = _who(view)
    users = view.platform.people.users() if person.role is Role.ADMIN else []
    return view.page(
        "people/page.html", section="people", twin="/users" if users else "/tokens", users=users,
        last=last_admin(users), **tokens(view, own=False),
    )  # fmt: skip


@shown(f"{_LIST}/new", needs=Role.ADMIN, twin="/users")
def new(view: TheView) -> Response[str]:
    """Ask who it is."""
    return view.page(
        "people/new.html", section="people", twin="/users", roles=Role, password_min=PASSWORD_MIN
    )


@done(f"{_LIST}/new", needs=Role.ADMIN)
def add(view: TheView, form: TheForm) -> Response[str]:
    """Save somebody new."""
    name, password = str(form.get("name", "")).strip(), str(form.get("password", ""))
    view.platform.people.add(_who(view), name, password, _role(view, form))
    return view.go(_LIST)


@shown(_LIST + "/{user_id:int}", needs=Role.ADMIN, twin="/users")
def user(view: TheView, user_id: _Id) -> Response[str]:
    """One, with what can be done about it."""
    users = view.platform.people.users()
    found = next((one for one in users if one.id == user_id), None)
    if found is None:
        raise Missing(view.text("There is no such user."), advice=view.text("Go on from the menu."))
    return view.page(
        "people/user.html", section="people", twin="/users", user=found, roles=Role,
        last=last_admin(users) == found.id, password_min=PASSWORD_MIN,
    )  # fmt: skip


@done(_LIST + "/{user_id:int}/role", needs=Role.ADMIN)
def set_role(view: TheView, form: TheForm, user_id: _Id) -> Response[str]:
    """What it may do from now on."""
    view.platform.people.change(_who(view), user_id, role=_role(view, form))
    return view.go(_LIST)


@done(_LIST + "/{user_id:int}/password", needs=Role.ADMIN)
def set_password(view: TheView, form: TheForm, user_id: _Id) -> Response[str]:
    """A new password; its sessions end."""
    password = str(form.get("password", ""))
    view.platform.people.change(_who(view), user_id, password=password)
    return view.go(_LIST)


@done(_LIST + "/{user_id:int}/disabled", needs=Role.ADMIN)
def disable(view: TheView, form: TheForm, user_id: _Id) -> Response[str]:
    """Keep it out, or let it in again."""
    view.platform.people.change(_who(view), user_id, disabled=form.get("disabled") == "1")
    return view.go(f"{_LIST}/{user_id}")


@done(_LIST + "/{user_id:int}/delete", needs=Role.ADMIN)
def remove(view: TheView, user_id: _Id) -> Response[str]:
    """Remove it with its sessions and tokens."""
    view.platform.people.remove(_who(view), user_id)
    return view.go(_LIST)


# --- tokens --------------------------------------------------------------------------------------


@done("/tokens", needs=Role.VIEWER)
def make_token(view: TheView, form: TheForm) -> Response[str]:
    """Make one of one's own, and show its value this once."""
    days = str(form.get("days", ""))
    given = {"name": str(form.get("name", "")).strip(), "role": str(form.get("role", "")),
             "days": int(days) if days.isdigit() else None}  # fmt: skip
    try:
        wanted = msgspec.convert(given, NewToken)
    except msgspec.ValidationError:
        raise Refused(
            view.text("A token like this cannot be made."),
            advice=view.text("Give it a name of letters, digits and signs, without blanks."),
        ) from None
    value = view.platform.people.make_token(
        _who(view), wanted.name, Role(wanted.role), days=wanted.days
    )
    return _tokens(view, form, value)


@done("/tokens/{token_id:int}/revoke", needs=Role.VIEWER)
def revoke(view: TheView, form: TheForm, token_id: _Id) -> Response[str]:
    """End it."""
    view.platform.people.revoke(_who(view), token_id)
    return _tokens(view, form)


def tokens(view: View, *, own: bool) -> dict[str, Any]:
    """What the part with the tokens shows: one's own, or for an admin those of all."""
    person = _who(view)
    everybody = person.role is Role.ADMIN and not own
    found = view.platform.people.tokens(None if everybody else person)
    return {
        "tokens": found[::-1], "everybody": everybody, "made": "", "days": DAYS,
        "token_roles": [role for role in Role if person.role.covers(role)],
        "now_ms": view.platform.clock.now_ms(), "own": own,
    }  # fmt: skip


def last_admin(users: list[User]) -> int:
    """The number of the only admin who can sign in; 0 where there are several."""
    admins = [one.id for one in users if one.role is Role.ADMIN and not one.disabled]
    return admins[0] if len(admins) == 1 else 0


def _tokens(view: View, form: FormMultiDict, made: str = "") -> Response[str]:
    context = tokens(view, own=form.get("own") == "1")
    return view.page("people/tokens.html", **{**context, "made": made})


def _who(view: View) -> Person:
    assert view.person is not None  # every page here needs somebody
    return view.person


def _role(view: View, form: FormMultiDict) -> Role:
    try:
        return Role(str(form.get("role", "")))
    except ValueError:
        raise Refused(
            view.text("There is no such role."), advice=view.text("Choose one of the list.")
        ) from None


HANDLERS = (
    page, new, add, user, set_role, set_password, disable, remove, make_token, revoke,
)  # fmt: skip
