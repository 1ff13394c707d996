"""A server, as a Python program sees it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Self

from headrace.client.connections import ConnectionsClient
from headrace.client.hooks import HooksClient
from headrace.client.speaking import Query, Speaker
from headrace.client.tasks import TasksClient
from headrace.wire.minings import Mining
from headrace.wire.models import Applied, StreamInfo
from headrace.wire.people import Person
from headrace.wire.watching import Agent, Alert, FiguresOf, Level, Line, Point


class HeadraceClient:
    """A `headrace serve` at `url`, as the person whose API `token` it is. Use it in a `with`.

    Answers are the types of `headrace.wire`. What the server refuses is raised as in `headrace`:
    `NotSignedIn`, `Forbidden`, `Missing`, `Conflict`, `Stale` and other kinds of `Refused`, and
    `Unavailable`. Requests that change nothing are asked again while the server is unavailable.
    """

    def __init__(self, url: str, token: str = "") -> None:
        self._speaker = Speaker(url, token)
        self.connections = ConnectionsClient(self._speaker)
        self.hooks = HooksClient(self._speaker)
        self.tasks = TasksClient(self._speaker)

    def close(self) -> None:
        """Let go of the connections."""
        self._speaker.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def me(self) -> Person:
        """Whose token it is, with the role that counts."""
        return self._speaker.get("/session", Person)

    def streams(self) -> list[StreamInfo]:
        """The streams there are."""
        return list(self._speaker.items("/streams", StreamInfo))

    def agents(self) -> list[Agent]:
        """Who runs tasks."""
        return list(self._speaker.items("/agents", Agent))

    def minings(self) -> list[Mining]:
        """What is read from CODING now, for which tasks."""
        return list(self._speaker.items("/minings", Mining))

    def mining(self, key: str) -> Mining:
        """One of them, by its key. Raises `Missing`."""
        return self._speaker.get(f"/minings/{key}", Mining)

    def stop_mining(self, key: str) -> Mining:
        """Read nothing until it is resumed."""
        return self._speaker.do("POST", f"/minings/{key}/stop", Mining)

    def resume_mining(self, key: str) -> Mining:
        """Read again, and catch up."""
        return self._speaker.do("POST", f"/minings/{key}/resume", Mining)

    def figures(self, subject: str) -> FiguresOf:
        """Totals and rates of `task:ID` or `connection:ID`, by stream."""
        return self._speaker.get("/figures", FiguresOf, {"subject": subject})

    def series(
        self, subject: str, *, since: int = 0, until: int = 0, stream: str | None = None
    ) -> Iterator[Point]:
        """Its figures span by span, the oldest first. Times in ms UTC."""
        query: Query = {"subject": subject, "since": since, "until": until, "stream": stream}
        return self._speaker.items("/figures/series", Point, query)

    def log(
        self, subject: str = "", *, text: str = "", level: Level = "info", since: int = 0
    ) -> Iterator[Line]:
        """Lines of the log, the newest first: of `task:ID`, `connection:ID`, `agent:NAME` or
        `server`, with this text in them, of this level and above."""
        query: Query = {"subject": subject, "text": text, "level": level, "since": since}
        return self._speaker.items("/logs", Line, query)

    def alerts(self, subject: str = "") -> Iterator[Alert]:
        """Open or not, the newest first."""
        return self._speaker.items("/alerts", Alert, {"subject": subject})

    def open_alerts(self) -> list[Alert]:
        """Those that stand."""
        return list(self._speaker.items("/alerts/open", Alert))

    def export(self) -> str:
        """All connections and tasks as TOML, without secrets."""
        return self._speaker.text("/export")

    def apply(self, toml: str) -> Applied:
        """Make and change what a file says; what it does not name stays. The server fills in no
        `${NAME}`."""
        return self._speaker.do("POST", "/import", Applied, {"toml": toml})
