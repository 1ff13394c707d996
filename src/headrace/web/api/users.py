"""Users: for admins."""

from __future__ import annotations

from litestar.params import JSONBody

from headrace.control.people import Role
from headrace.web.api.answers import all_shown, shown
from headrace.web.api.pages import After, Limit, listed
from headrace.web.api.verbs import Body, By, Id, Password, Text, The, change, look, make, remove
from headrace.wire.page import Page
from headrace.wire.people import User


class NewUser(Body):
    """Somebody new."""

    name: Text
    password: Password
    role: Role


class UserChange(Body):
    """What is to be otherwise; the rest stays."""

    role: Role | None = None
    disabled: bool | None = None
    password: Password | None = None


@look("/users", needs=Role.ADMIN)
def users(platform: The, after: After = "", limit: Limit = 100) -> Page[User]:
    """All, by name."""
    return listed(
        all_shown(User, platform.people.users()), lambda one: one.name, after=after, limit=limit
    )


@make("/users", needs=Role.ADMIN)
def add(data: JSONBody[NewUser], by: By, platform: The) -> User:
    """A new user."""
    return shown(User, platform.people.add(by, data.name, data.password, data.role))


@change("/users/{user_id:int}", needs=Role.ADMIN)
def edit(user_id: Id, data: JSONBody[UserChange], by: By, platform: The) -> User:
    """Change what is given. A new password, or being disabled, ends the user's sessions."""
    changed = platform.people.change(
        by, user_id, role=data.role, disabled=data.disabled, password=data.password
    )
    return shown(User, changed)


@remove("/users/{user_id:int}", needs=Role.ADMIN)
def delete(user_id: Id, by: By, platform: The) -> None:
    """Remove a user with all sessions and tokens."""
    platform.people.remove(by, user_id)


HANDLERS = (users, add, edit, delete)
