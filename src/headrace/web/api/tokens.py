"""API tokens: one's own; an admin sees and ends all."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar.params import JSONBody

from headrace.control.people import Role
from headrace.web.api.answers import all_shown
from headrace.web.api.pages import After, Limit, newest
from headrace.web.api.verbs import Body, By, Id, The, look, make, remove
from headrace.wire.page import Page
from headrace.wire.people import Token, TokenMade


class NewToken(Body):
    """What it may do, and for how long; without `days` until it is revoked."""

    name: Annotated[str, msgspec.Meta(pattern=r"^[!-~]{1,100}$")]
    role: Role = Role.VIEWER
    days: Annotated[int, msgspec.Meta(ge=1, le=3650)] | None = None


@look("/tokens")
def tokens(by: By, platform: The, after: After = "", limit: Limit = 100) -> Page[Token]:
    """All for an admin, else one's own, the newest first; never a value."""
    rows = all_shown(Token, platform.people.tokens(None if by.role is Role.ADMIN else by))

    def found(before_id: int, count: int) -> list[Token]:
        return [one for one in reversed(rows) if not before_id or one.id < before_id][:count]

    return newest(found, after=after, limit=limit)


@make("/tokens", needs=Role.VIEWER)
def add(data: JSONBody[NewToken], by: By, platform: The) -> TokenMade:
    """A new token: its value is shown this once."""
    return TokenMade(token=platform.people.make_token(by, data.name, data.role, days=data.days))


@remove("/tokens/{token_id:int}", needs=Role.VIEWER)
def revoke(token_id: Id, by: By, platform: The) -> None:
    """End a token."""
    platform.people.revoke(by, token_id)


HANDLERS = (tokens, add, revoke)
