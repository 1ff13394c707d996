"""Signing in and out, who one is, and one's own password."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response
from litestar.di import NamedDependency
from litestar.params import JSONBody, SkipValidation

from headrace.control.people import Person, Role
from headrace.errors import Refused
from headrace.web.api.access import ANYBODY, COOKIE, Front
from headrace.web.api.answers import Nothing, shown
from headrace.web.api.errors import NotSignedIn
from headrace.web.api.throttle import Throttle
from headrace.web.api.verbs import Body, By, Password, Text, The, act, look, remove
from headrace.wire.people import Person as PersonShown

TheFront = NamedDependency[SkipValidation[Front]]
TheThrottle = NamedDependency[SkipValidation[Throttle]]
_Request = Request[Any, Any, Any]


class SignIn(Body):
    """Who, and the proof."""

    name: Text
    password: Password


class NewPassword(Body):
    """The password there is, and the one there shall be."""

    old: Password
    new: Password


def person(one: Person) -> PersonShown:
    """For JSON."""
    return shown(PersonShown, one)


def signed_in(front: Front, one: Person, value: str) -> Response[PersonShown]:
    """Who one is, with the cookie of a session."""
    return Response(person(one), cookies=[front.cookie(value)])


@look("/session")
def who(by: By) -> PersonShown:
    """Who I am, and what I may do."""
    return person(by)


@act("/session", needs=ANYBODY)
def sign_in(
    request: _Request, data: JSONBody[SignIn], platform: The, front: TheFront, throttle: TheThrottle
) -> Response[PersonShown]:
    """Begin a session, kept in a cookie."""
    value = proven(request, platform, throttle, data.name, data.password)
    one = platform.people.of_session(value)
    if one is None:  # disabled at this very moment
        raise NotSignedIn("Nobody is signed in.", advice="Try again.")
    return signed_in(front, one, value)


@act("/session/password", needs=Role.VIEWER)
def change_password(
    request: _Request,
    data: JSONBody[NewPassword],
    by: By,
    platform: The,
    front: TheFront,
    throttle: TheThrottle,
) -> Response[PersonShown]:
    """Change one's own password. All other sessions end."""
    platform.people.sign_out(proven(request, platform, throttle, by.name, data.old))
    platform.people.change(by, by.id, password=data.new)
    return signed_in(front, by, platform.people.open_session(by.id))


@remove("/session", needs=ANYBODY, status_code=200)
def sign_out(request: _Request, platform: The, front: TheFront) -> Response[Nothing]:
    """End this session."""
    platform.people.sign_out(request.cookies.get(COOKIE, ""))
    return Response(Nothing(), cookies=[front.cookie("")])


def proven(request: _Request, platform: The, throttle: Throttle, name: str, password: str) -> str:
    """A new session's value. Raises `NotSignedIn` for a wrong password, `TooOften` for many."""
    address = request.client.host if request.client is not None else ""
    throttle.check(name, address)
    try:
        return platform.people.sign_in(name, password)
    except Refused as error:
        throttle.failed(name, address)
        raise NotSignedIn(error.message, advice=error.advice) from None


HANDLERS = (who, sign_in, sign_out, change_password)
