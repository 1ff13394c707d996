"""`headrace demo`: a living team mirrored before your eyes, then the proof that nothing is lost."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import click

from headrace.cli.demo_console import CONSOLE_TASK, show_console
from headrace.cli.options import make_command, option
from headrace.cli.output import Output
from headrace.cli.progress import ReadProgress
from headrace.cli.proof import proof_tables
from headrace.cli.results import make_table, note_line
from headrace.cli.scroll import Scroll
from headrace.cli.signals import stopped_by_signals
from headrace.cli.words import say
from headrace.config import ConnectionSettings, TaskSettings
from headrace.errors import Refused

if TYPE_CHECKING:
    from headrace.app import Session, SystemClock
    from headrace.engine.verify import Verdict
    from headrace.playground import Server

PROJECTS, ISSUES, ACTS_PER_SECOND = 3, 600, 5.0
POLL_SECONDS, CENSUS_SECONDS = 1.0, 5.0
CONSOLE_PORT = 8300
TASK = "demo"
STREAMS = (
    *("projects", "project_members", "iterations"),
    *("issue_types", "issue_fields", "issue_statuses", "issues"),
    *("depots", "branches", "commits", "merge_requests", "ci_jobs", "ci_builds"),
)
_LEVEL_ROUNDS_MAX = 5

BY_STATUS = (
    "SELECT issue_status_name AS status, count(*) AS issues FROM issues"
    " WHERE _deleted_at IS NULL GROUP BY ALL ORDER BY issues DESC"
)
BY_WEEK = (
    "SELECT date_trunc('week', completed_at) AS week, count(*) AS done FROM issues"
    " WHERE _deleted_at IS NULL AND completed_at IS NOT NULL"
    " GROUP BY ALL ORDER BY week DESC LIMIT 8"
)


def command() -> click.Command:
    """The command, in the language of this run."""
    return make_command(
        "demo", _run,
        option("--seconds", type=click.FloatRange(0, 3600), default=20.0, show_default=True),
        option("--seed", type=int, default=1, show_default=True),
        option("--to", default="duckdb:///demo.duckdb", show_default=True),
        option("--console", is_flag=True),
        option("--port", type=click.IntRange(0, 65535), default=CONSOLE_PORT, show_default=True),
    )  # fmt: skip


def _run(out: Output, *, seconds: float, seed: int, to: str, console: bool, port: int) -> int:
    from rich.markup import escape

    from headrace.app import SystemClock
    from headrace.playground import DEFAULT_TOKEN, Playground, Team, serve

    path = _fresh_file(to)
    clock = SystemClock()
    out.hide(DEFAULT_TOKEN)
    out.show(
        say(
            "demo.begin",
            projects=PROJECTS,
            issues=ISSUES,
            rate=f"{ACTS_PER_SECOND:g}",
            path=escape(str(path)),
        )
    )
    team = Team(seed, PROJECTS, ISSUES, clock.now_ms())
    if console:
        return show_console(
            out, team, acts_per_second=ACTS_PER_SECOND, streams=STREAMS, path=path, port=port
        )
    with ExitStack() as closing:
        closing.enter_context(stopped_by_signals(clock.stop))
        server = closing.enter_context(
            serve(Playground(team, clock), acts_per_second=ACTS_PER_SECOND)
        )
        settings = ConnectionSettings(
            "demo", url=server.url, token=DEFAULT_TOKEN,
            poll_seconds=POLL_SECONDS, census_seconds=CENSUS_SECONDS,
        )  # fmt: skip
        verdicts, document = _watch(
            out, server, settings, TaskSettings(TASK, "demo", to, STREAMS), seconds, clock
        )
    equal = all(verdict.equal for verdict in verdicts)
    out.show(*proof_tables(verdicts))
    document |= {"equal": equal, "tables": [verdict.as_dict() for verdict in verdicts]}
    document["query"] = _try_sql(out, path)
    out.document(document)
    return 0 if equal else 1


def _watch(
    out: Output,
    server: Server,
    settings: ConnectionSettings,
    task: TaskSettings,
    seconds: float,
    clock: SystemClock,
) -> tuple[list[Verdict], dict[str, Any]]:
    """Live, pause, level, prove. The destination is closed at the end."""
    from headrace.app import Session
    from headrace.app.proof import prove

    with (
        tempfile.TemporaryDirectory(prefix="headrace-demo-") as state,
        ReadProgress(out) as progress,
        Session(settings, [task], state=Path(state), clock=clock, watch=progress.watch) as session,
    ):
        scroll = _live(out, session, seconds, progress)
        with server.paused():
            out.show("", say("demo.pause"))
            _level(session)
            scroll.show_new()
            out.show(say("demo.counted", **scroll.counts))
            out.show(*(note_line(note) for note in session.result().notes))
            out.show("", say("demo.proof"))
            verdicts = prove(
                settings, task, state=Path(state), destination=session.destinations[0], clock=clock
            )
        return verdicts, {"changes": scroll.counts, **session.result().as_dict()}


def _live(out: Output, session: Session, seconds: float, progress: ReadProgress) -> Scroll:
    """The snapshot, then changes scroll by. The time runs from the snapshot's end."""
    session.once()
    progress.close()
    result = session.result()
    scroll = Scroll(out, session)
    out.show(
        say("demo.snapshot", rows=f"{result.changed:,}", seconds=f"{result.seconds:.1f}",
            calls=result.calls)
    )  # fmt: skip
    ends_ms = session.clock.now_ms() + int(seconds * 1000)
    while session.clock.now_ms() < ends_ms:
        worked = session.turn()
        scroll.show_new()
        session.clock.sleep(0 if worked else 0.1)
    return scroll


def _level(session: Session) -> None:
    """A pass over everything; more of them only while deletes are held back."""
    for _ in range(_LEVEL_ROUNDS_MAX):
        session.once()
        if not session.report.held:
            return
        session.clock.sleep(CENSUS_SECONDS)


def _fresh_file(to: str) -> Path:
    """The DuckDB file to write, not there any more. Only a file of an earlier demo is replaced."""
    from headrace.app.services import made_by_tasks

    scheme, _, rest = to.partition(":///")
    if scheme.lower() != "duckdb" or not rest:
        raise Refused(say("demo.duckdb_only"), advice=say("demo.duckdb_only_advice"))
    path = Path(unquote(rest))
    if path.exists():
        if not made_by_tasks(path, TASK, CONSOLE_TASK):
            raise Refused(say("demo.not_ours", path=path), advice=say("demo.not_ours_advice"))
        path.unlink()
        path.with_name(f"{path.name}.wal").unlink(missing_ok=True)
    return path


def _try_sql(out: Output, path: Path) -> dict[str, Any]:
    """Show two queries and the rows of the first."""
    from rich.markup import escape

    from headrace.app.services import ask_duckdb

    answer = ask_duckdb(path, BY_STATUS)
    table = make_table(*answer.columns)
    for row in answer.rows:
        table.add_row(*(str(value) for value in row))
    out.show("", say("demo.try", path=escape(str(path))), f"[cyan]{BY_STATUS}[/]", table)
    out.show(f"[cyan]{BY_WEEK}[/]", "", say("demo.note"))
    return {"sql": BY_STATUS, "columns": answer.columns, "rows": answer.rows}
