"""What this server is. For operators, for it names places on its machine."""

from __future__ import annotations

from headrace.app.serving.about import about
from headrace.control.people import Role
from headrace.web.api.answers import shown
from headrace.web.api.session import TheFront
from headrace.web.api.verbs import The, look
from headrace.wire.server import Server


@look("/server", needs=Role.OPERATOR)
def server(platform: The, front: TheFront) -> Server:
    """Its release, where it keeps what, and for how long."""
    return shown(Server, about(platform, front.public_url))


HANDLERS = (server,)
