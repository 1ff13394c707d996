"""`headrace sync`: mirror a team into a destination, once or until stopped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from headrace.cli.follow import Follower
from headrace.cli.options import (
    Target,
    connection_options,
    make_command,
    option,
    pace_options,
    target_of,
    task_options,
)
from headrace.cli.output import Output, error_document
from headrace.cli.progress import ReadProgress
from headrace.cli.results import result_tables
from headrace.cli.signals import stopped_by_signals
from headrace.cli.words import say
from headrace.errors import HeadraceError, Stopped


def command() -> click.Command:
    """The command, in the language of this run."""
    return make_command(
        "sync", _run,
        click.Argument(["name"], required=False),
        *connection_options(), *task_options(), *pace_options(),
        option("--once", is_flag=True),
        option("--state", type=click.Path(path_type=Path, file_okay=False)),
    )  # fmt: skip


def _run(out: Output, *, name: str | None, once: bool, **values: Any) -> int:
    target = target_of(out, name, values)
    return _once(out, target) if once else _follow(out, target)


def _once(out: Output, target: Target) -> int:
    from headrace.app import Session, SystemClock

    clock = SystemClock()
    failure: HeadraceError | None = None
    with stopped_by_signals(clock.stop) as signals, ReadProgress(out) as progress:
        session = Session(
            target.settings, [target.task], state=target.state, clock=clock, watch=progress.watch
        )
        with session:
            try:
                session.once()
            except HeadraceError as error:
                failure = error
            except Stopped:
                pass
            result = session.result()
    if failure is not None and not result.calls:
        raise failure
    document: dict[str, Any] = {"task": target.task.name, **result.as_dict()}
    if failure is not None:
        document["error"] = error_document(failure.message, failure.advice, failure.exit_code)
    if signals:
        document["stopped"] = True
    out.document(document)
    if result.changed or failure is None:
        out.show(*result_tables(result))
    if signals:
        out.note(say("sync.stopped_early"))
        return 128 + signals[0]
    if failure is not None and not out.as_json:
        return out.failure(failure)
    return failure.exit_code if failure is not None else 0


def _follow(out: Output, target: Target) -> int:
    from headrace.app import Session, SystemClock
    from headrace.web.server import receiving

    clock = SystemClock()
    out.note(say("sync.following", task=target.task.name))
    with stopped_by_signals(clock.stop), ReadProgress(out) as progress:
        session = Session(
            target.settings, [target.task], state=target.state, clock=clock, watch=progress.watch
        )
        with session, receiving(session) as server:
            if server is not None:
                out.note(say("sync.receiving", address=target.settings.listen))
            follower = Follower(out, session, begun=progress.close)
            session.follow(follower.turned)
            result = session.result()
    out.document({"event": "stopped", "task": target.task.name, **result.as_dict()})
    out.show(*result_tables(result))
    return 0
