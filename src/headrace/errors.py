"""Every error Headrace raises on purpose, sorted by what has to be done about it.

`Refused`: a person mends something (exit code 2). `Unavailable`: try again later (exit code 3).
`BadRecord`: one record is set aside, the rest goes on. `Bug`: our own mistake (exit code 1).
"""

from __future__ import annotations


class HeadraceError(Exception):
    """Base of all. `str(error)` is one sentence for a person; `advice` says what to do about it.

    Messages must already be free of secrets: nothing here masks them.
    """

    exit_code = 1

    def __init__(self, message: str, *, advice: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.message} {self.advice}".rstrip()


class Refused(HeadraceError):
    """Trying again will not help: a person has to mend a setting, a permission or a file."""

    exit_code = 2


class NotPermitted(Refused):
    """CODING refuses this Action: missing scope, withdrawn module, forbidden project."""


class Withdrawn(NotPermitted):
    """The team has not got the module this Action belongs to, or CODING took it away."""


class NotFound(Refused):
    """CODING says the named object does not exist (or is out of this token's sight)."""


class BadToken(Refused):
    """The token is wrong, expired beyond refreshing, or revoked."""


class TablesChanged(Refused):
    """A destination's table is not as Headrace made it: preparing it again may mend it."""


class Fenced(Refused):
    """Another agent has taken the task over: a later epoch is on file at the destination."""


class Missing(Refused):
    """There is nothing of that name or number on the server."""


class Conflict(Refused):
    """It clashes with what is there: a name that is taken, a use, a state."""


class Stale(Conflict):
    """Somebody else changed it meanwhile: load it again."""


class Forbidden(Refused):
    """This person's role does not cover it."""


class NotSignedIn(Refused):
    """Nobody speaks: no session, no token, or one that is no good."""


class Unavailable(HeadraceError):
    """The other side is down, slow, throttling or talking nonsense: retry with backoff.

    `retry_after_seconds` is what the other side asked for, if it did.
    """

    exit_code = 3

    def __init__(
        self, message: str, *, advice: str = "", retry_after_seconds: float | None = None
    ) -> None:
        super().__init__(message, advice=advice)
        self.retry_after_seconds = retry_after_seconds


class Throttled(Unavailable):
    """CODING answered RequestLimitExceeded (or HTTP 429)."""


class TooOften(Unavailable):
    """Too many failures: wait a while."""


class BadRecord(HeadraceError):
    """One record cannot be used (no key, say). It is set aside with this reason, never dropped."""


class BadRows(BadRecord):
    """The destination refuses values of a table: its tables are fine, some row is not.

    Nothing of the write was kept. `table` is the table's name; row values stay out of the sentence.
    """

    def __init__(self, message: str, *, table: str, advice: str = "") -> None:
        super().__init__(message, advice=advice)
        self.table = table


class Bug(HeadraceError):
    """A promise inside Headrace was broken. Please report it."""


class Stopped(BaseException):
    """The user asked to stop (SIGINT, SIGTERM): no error, it unwinds to the edge, which exits 0."""
