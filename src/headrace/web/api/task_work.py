"""What a task does, and what people have it do while it runs: progress, backfill, verification,
what its destination refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from litestar.openapi.datastructures import ResponseSpec
from litestar.params import JSONBody, QueryParameter
from litestar.response import Stream

from headrace.app.serving import views
from headrace.app.serving.tasks import rejecting, verifying
from headrace.app.serving.tasks.progress import progress as progress_of
from headrace.coding.streams import find
from headrace.control.people import Role
from headrace.engine.verify import Verdict
from headrace.web.api.answers import all_shown, shown
from headrace.web.api.lines import lines
from headrace.web.api.pages import After, Limit, listed
from headrace.web.api.tasks import Streams
from headrace.web.api.verbs import By, Id, The, act, look
from headrace.wire.page import Page
from headrace.wire.progress import Progress, Reject, Replayed, TableVerdict, Verified, VerifyLine
from headrace.wire.tasks import TaskDetail

_LINES = {
    200: ResponseSpec(
        VerifyLine, media_type="application/x-ndjson", generate_examples=False,
        description="A line of JSON for each table, then one with the result",
    )
}  # fmt: skip
_Stream = Annotated[str, QueryParameter(max_length=200, pattern="^[^\\x00]*$")]


@look("/tasks/{task_id:int}/progress")
def progress(task_id: Id, platform: The) -> Progress:
    """How far it is, as one estimate, and stream by stream."""
    return shown(Progress, progress_of(platform, task_id))


@act("/tasks/{task_id:int}/backfill")
def backfill(task_id: Id, data: JSONBody[Streams], by: By, platform: The) -> TaskDetail:
    """Fill these tables, or all, again from what is on file; a running task does it at once and
    goes on. CODING is not asked."""
    chosen = [stream.name for stream in find(data.streams)]
    platform.tasks.backfill(by, task_id, chosen)
    return shown(TaskDetail, views.task(platform, task_id))


@act("/tasks/{task_id:int}/verify", responses=_LINES)
def verify(task_id: Id, platform: The) -> Stream:
    """Hold a running task's tables against what is on file: a line of JSON for each table, then one
    with the result."""
    verifying.at_work(platform, task_id)
    return lines(_verified(verifying.verify(platform, task_id)), VerifyLine)


def _verified(verdicts: Iterator[Verdict]) -> Iterator[VerifyLine]:
    found: list[Verdict] = []
    for verdict in verdicts:
        found.append(verdict)
        yield VerifyLine(table=shown(TableVerdict, verdict.as_dict()))
    yield VerifyLine(result=shown(Verified, verifying.verify_result(found)))


@look("/tasks/{task_id:int}/rejects", needs=Role.OPERATOR)
def rejects(
    task_id: Id, platform: The, stream: _Stream = "", after: After = "", limit: Limit = 100
) -> Page[Reject]:
    """Records that its destination refused and that lie aside there, by stream and key."""
    found = all_shown(Reject, rejecting.rejects(platform, task_id, stream))
    return listed(found, lambda one: f"{one.stream} {one.key}", after=after, limit=limit)


@act("/tasks/{task_id:int}/rejects/replay")
def replay(task_id: Id, platform: The) -> Replayed:
    """Have the running task write them once more, as they are on file now."""
    return shown(Replayed, rejecting.replay(platform, task_id))


HANDLERS = (progress, backfill, verify, rejects, replay)
