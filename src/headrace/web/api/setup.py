"""The first admin, by the link that `headrace serve` prints."""

from __future__ import annotations

from litestar import Response
from litestar.params import JSONBody

from headrace.web.api.access import ANYBODY
from headrace.web.api.session import TheFront, signed_in
from headrace.web.api.verbs import Body, Password, Text, The, act, look
from headrace.wire.people import Person, SetupNeeded


class SetUp(Body):
    """The link's code, and who to be."""

    code: Text
    name: Text
    password: Password


@look("/setup", needs=ANYBODY)
def needed(platform: The) -> SetupNeeded:
    """Whether there is no user yet."""
    return SetupNeeded(needed=platform.people.needs_setup())


@act("/setup", needs=ANYBODY)
def set_up(data: JSONBody[SetUp], platform: The, front: TheFront) -> Response[Person]:
    """Make the first admin, who is then signed in."""
    person = platform.people.set_up(data.code, data.name, data.password)
    return signed_in(front, person, platform.people.open_session(person.id))


HANDLERS = (needed, set_up)
