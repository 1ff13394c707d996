"""A bench: the real process over the look-alike, in one thread and in virtual time.

What outlives the process (team, mirror file, destination) stays when it is booted again.
"""

from __future__ import annotations

import json
import random
import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from headrace.coding.auth import Authorizer, PersonalToken
from headrace.coding.client import Client
from headrace.coding.pacing import Pacer
from headrace.coding.source import CodingSource
from headrace.coding.streams import CATALOGUE, find
from headrace.core.change import Change, Counts
from headrace.core.retry import RetryPolicy
from headrace.core.schema import Table
from headrace.core.stream import Scope, Stream
from headrace.core.transport import Request, Response, Transport
from headrace.destinations.memory import MemoryDestination, MemoryStorage
from headrace.engine.apply import Apply, Task
from headrace.engine.capture import Capture, Kind, Outcome
from headrace.engine.limits import Limits
from headrace.engine.modes import Deletes, Write
from headrace.engine.scopes import ScopeTree, with_parents
from headrace.engine.tables import TaskTables
from headrace.engine.worker import Worker
from headrace.mirror.sqlite import SqliteMirror
from headrace.playground.api import Playground
from headrace.playground.settings import Settings
from headrace.playground.team import Team
from headrace.playground.tokens import DEFAULT_TOKEN
from headrace.testing.clock import VirtualClock
from headrace.testing.invariants import check_equal
from headrace.testing.world import InlineWorkers

START_MS = 1_795_000_000_000
POLL_SECONDS = 60
CENSUS_SECONDS = 600
PAGED = (
    "DescribeIssueListWithPage",
    "DescribeIterationList",
    "DescribeProjectMembers",
    "DescribeCodingProjects",
)

Row = dict[str, Any]
Step = Callable[[], Response | None]
Edit = Callable[[dict[str, Any]], None]


class Crash(BaseException):
    """The process died here."""


class Wire:
    """The network: passes requests on, and lets a test step in at the nth call of an Action."""

    def __init__(self, inner: Transport) -> None:
        self.inner = inner
        self.asked: list[dict[str, Any]] = []
        self._times: Counter[str] = Counter()
        self._steps: dict[tuple[str, int], Step] = {}
        self._edits: dict[str, Edit] = {}

    def send(self, request: Request) -> Response:
        question = json.loads(request.body) if request.url.endswith("/open-api") else {}
        self.asked.append(question)
        action = question.get("Action", "")
        self._times[action] += 1
        step = self._steps.pop((action, self.times(action)), None)
        response = (step() if step else None) or self.inner.send(request)
        return self._edited(action, response)

    def times(self, action: str) -> int:
        """How often an Action was asked."""
        return self._times[action]

    def before(self, action: str, nth: int, step: Step) -> None:
        """At the nth call from now: act first, and answer in CODING's place if `step` does."""
        self._steps[action, self.times(action) + nth] = step

    def edit(self, action: str, change: Edit | None) -> None:
        """Change what is below `Response` in all answers of an Action; None: no longer."""
        self._edits.pop(action, None)
        if change:
            self._edits[action] = change

    def _edited(self, action: str, response: Response) -> Response:
        if action not in self._edits:
            return response
        document = json.loads(response.body)
        self._edits[action](document["Response"])
        return Response(response.status, response.headers, json.dumps(document).encode())


def failing(code: str) -> Step:
    """A step that answers an error of CODING."""
    answer = {"Response": {"Error": {"Code": code, "Message": "on purpose"}, "RequestId": "r"}}
    return lambda: Response(200, {}, json.dumps(answer).encode())


def crash() -> Response:
    """A step at which the process dies."""
    raise Crash


class Bench:
    """Team, look-alike, mirror, destination, and the process on them. `boot` starts it anew."""

    def __init__(
        self,
        *streams: str,
        projects: int = 1,
        issues: int = 10,
        seed: int = 1,
        page: int | None = None,
        write: Write = Write.MIRROR,
        deletes: Deletes = Deletes.SOFT,
        limits: Limits | None = None,
        authorizer: Callable[[Bench], Authorizer] | None = None,
        attempts: int = 3,
        **settings: Any,
    ) -> None:
        self.clock = VirtualClock(START_MS)
        self.team = Team(seed, projects, issues, START_MS - 7_200_000)
        sizes = dict.fromkeys(PAGED, page) if page else {}
        chosen = Settings(**{"rate_limits": False, "page_size_max": sizes, **settings})
        self.playground = Playground(self.team, self.clock, settings=chosen)
        self.wire = Wire(self.playground)
        self.file = sqlite3.connect(":memory:", isolation_level=None)
        self.storage = MemoryStorage()
        self.streams = with_parents(find(streams or ("issues",)), CATALOGUE)
        self.task = Task("copy", self.streams, write, deletes)
        self.limits = limits or Limits(poll_seconds=POLL_SECONDS, census_seconds=CENSUS_SECONDS)
        self.authorizer = authorizer(self) if authorizer else PersonalToken(DEFAULT_TOKEN)
        self.attempts = attempts
        self.boot()

    # --- the process -------------------------------------------------------------------------

    def boot(self) -> Bench:
        """Start the process on what is on file."""
        if self.file.in_transaction:
            self.file.execute("ROLLBACK")
        self.mirror = SqliteMirror(self.file, now_ms=self.clock.now_ms())
        client = Client(
            self.wire, "http://127.0.0.1", self.authorizer, Pacer(self.clock), self.clock,
            retry=RetryPolicy(attempts=self.attempts), dice=random.Random(1),
        )  # fmt: skip
        self.source = CodingSource(client)
        self.scopes = ScopeTree(CATALOGUE, self.mirror)
        self.capture = Capture(
            source=self.source, mirror=self.mirror, clock=self.clock, workers=InlineWorkers(),
            scopes=self.scopes, limits=self.limits,
        )  # fmt: skip
        self.destination = MemoryDestination(self.storage)
        self.apply = Apply(
            task=self.task, mirror=self.mirror, destination=self.destination, limits=self.limits
        )
        self.apply.open()
        self.worker = Worker(
            streams=self.streams, capture=self.capture, mirror=self.mirror, scopes=self.scopes,
            applies=[self.apply], clock=self.clock, limits=self.limits,
        )  # fmt: skip
        return self

    def turn(self) -> Bench:
        """All that is due now."""
        self.worker.turn()
        return self

    def poll(self) -> Bench:
        """Wait for the next poll and run it."""
        self.clock.advance(POLL_SECONDS * 1000 + 1)
        return self.turn()

    def census(self) -> Bench:
        """Wait for the next census and run it."""
        self.clock.advance(CENSUS_SECONDS * 1000 + 1)
        return self.turn()

    def settle(self) -> Bench:
        """As many rounds as it may take to confirm what was missing."""
        for _ in range(3):
            self.census()
        return self

    def run(self, stream: str, kind: Kind, project: int | None = None) -> Outcome:
        """One pass by hand."""
        return self.capture.run(self.stream(stream), self.scope(stream, project), kind)

    # --- looking -----------------------------------------------------------------------------

    def stream(self, name: str) -> Stream:
        return next(stream for stream in self.streams if stream.name == name)

    def scope(self, stream: str, project: int | None = None) -> Scope:
        scopes = list(self.scopes.of(self.stream(stream)))
        return next(s for s in scopes if project in (None, s.values.get("ProjectId")))

    def table(self, name: str) -> Table:
        tables = TaskTables(
            self.streams, self.task.write, self.task.deletes, learned=self.mirror.learned()
        )
        return next(table for table in tables.all() if table.name == name)

    def rows(self, table: str, *, dead: bool = False) -> list[Row]:
        """The rows of a table in the destination; deleted ones only when asked for."""
        found = []
        for chunk in self.destination.read(self.table(table)):
            names = list(chunk.values)
            found += [
                dict(zip(names, row, strict=True))
                for row in zip(*chunk.values.values(), strict=True)
            ]
        return [row for row in found if dead or row["_deleted_at"] is None]

    def row(self, code: int, project: int | None = None) -> Row:
        """One issue in the destination."""
        return next(
            row for row in self.rows("issues", dead=True)
            if row["code"] == code and row["project_id"] == (project or self.project)
        )  # fmt: skip

    def codes(self) -> list[int]:
        """The living issues' codes in the destination."""
        return sorted(row["code"] for row in self.rows("issues"))

    def log(self, stream: str, after: int = 0) -> list[Change]:
        return [change for change in self.mirror.log(after, 1_000_000) if change.stream == stream]

    def counts(self, stream: str) -> Counts:
        return self.mirror.counts().get(stream, Counts())

    def assert_exact(self) -> None:
        """Invariant 8, child tables too."""
        check_equal(self)  # type: ignore[arg-type]

    # --- the team ----------------------------------------------------------------------------

    @property
    def project(self) -> int:
        """The first project's id."""
        return next(iter(self.team.projects))

    @property
    def now_ms(self) -> int:
        return self.clock.now_ms()

    def create(self, project: int | None = None, **fields: Any) -> int:
        return self.team.create_issue(project or self.project, now_ms=self.now_ms, **fields)

    def update(self, code: int, project: int | None = None, **fields: Any) -> None:
        self.team.update_issue(project or self.project, code, now_ms=self.now_ms, **fields)

    def delete(self, code: int, project: int | None = None) -> None:
        self.team.delete_issue(project or self.project, code, now_ms=self.now_ms)

    def first_code(self) -> int:
        return self.team.projects[self.project].codes()[0]

    def set(self, **settings: Any) -> None:
        """Change how the look-alike behaves."""
        self.playground.settings = replace(self.playground.settings, **settings)


def numbers(rows: Sequence[Row], name: str) -> list[Any]:
    """One column."""
    return [row[name] for row in rows]
