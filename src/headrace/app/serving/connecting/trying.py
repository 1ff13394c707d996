"""A connection's form before it is saved: tested, and the projects in its sight.

A secret that comes back hidden is that of the saved connection the form is about, but only for the
place it was entered for: nobody may have it sent elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from headrace.app.services import check as run_check
from headrace.app.serving.connecting.looking import projects_of
from headrace.app.serving.platform import Platform, check_destination
from headrace.coding.checks import Check
from headrace.config import ConnectionSettings
from headrace.control.connections import HIDDEN, Connection, ConnectionRole, Values
from headrace.errors import Refused

_NAME = "new"


def check(
    platform: Platform, role: ConnectionRole, kind: str, values: Values, *, saved: int | None
) -> Iterator[Check]:
    """The connection test of a form, item by item; nothing is kept. `saved`: the connection that
    the form changes. Raises `Refused` at once for values that cannot be."""
    whole, known = _whole(platform, role, kind, values, saved)
    if role is ConnectionRole.SOURCE:
        return run_check(_settings(platform, known, whole))
    return iter([check_destination(platform.kinds.url(whole))])


def projects(platform: Platform, kind: str, values: Values, *, saved: int | None) -> list[str]:
    """The projects in the sight of a form's token. Raises what the calls raise."""
    whole, known = _whole(platform, ConnectionRole.SOURCE, kind, values, saved)
    return projects_of(_settings(platform, known, whole))


def _settings(platform: Platform, known: Connection | None, whole: Values) -> ConnectionSettings:
    if known is not None:
        return platform.kinds.settings_of(known, whole)
    if whole.get("client_id"):
        raise Refused(
            "It is not authorized yet.",
            advice="Save the connection first, then authorize it: projects can be chosen then.",
        )
    return platform.kinds.settings(_NAME, whole)


def _whole(
    platform: Platform, role: ConnectionRole, kind: str, values: Values, saved: int | None
) -> tuple[Values, Connection | None]:
    """The values with the secrets they hide, checked, and the saved connection they change."""
    given = {name: value for name, value in values.items() if value is not None}
    hidden = [name for name in platform.kinds.secret(role, kind) if given.get(name) == HIDDEN]
    known = platform.connections.get(saved) if saved is not None else None
    if known is not None and (known.role, known.type) != (role, kind):
        raise Refused(
            f"{known.name} is a {known.type} {known.role}.", advice="Test it as what it is."
        )
    if hidden:
        secrets = _secrets_of(platform, known, hidden, given)
        given |= {name: secrets[name] for name in hidden if name in secrets}
    return platform.kinds.checked(role, kind, given), known


def _secrets_of(
    platform: Platform, known: Connection | None, hidden: Sequence[str], given: Values
) -> Values:
    if known is None:
        raise Refused("A secret is missing.", advice="Enter it: a new connection has none yet.")
    whole = platform.connections.whole(known.id)
    platform.connections.check_sent(known.role, hidden, whole, given)
    return whole
