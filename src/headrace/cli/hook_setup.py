"""`headrace hooks setup`, `status` and `remove`: our own Service Hook in each project."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from headrace.cli.output import Output
from headrace.cli.signals import stopped_by_signals
from headrace.cli.words import said, say, spoken
from headrace.errors import BadToken, HeadraceError, Refused

if TYPE_CHECKING:
    from headrace.app.hook_desk import HookDesk, Project
    from headrace.coding.hook_setup import Ensured

_SCOPE = "service-hook:profile:rw"
_WAIT_SECONDS = 30.0
_WAIT_BY_HAND_SECONDS = 900.0


def setup(out: Output, desk: HookDesk, *, wait: float | None) -> int:
    """Make or mend our hook in every project, and wait until its test event has arrived."""
    _ = desk.identity  # without a public URL there is nothing to begin with
    with stopped_by_signals(desk.clock.stop), _receiving(out, desk):
        began_ms = desk.clock.now_ms()
        ensured, refused = _set_up_all(out, desk)
        if refused or not ensured:
            _show_steps(out, desk, refused)
        seconds = wait if wait is not None else _seconds(refused)
        heard = _await(out, desk, ensured, began_ms, seconds)
    out.document(
        {
            "projects": [_as_dict(project, done) for project, done in ensured],
            "by_hand": [{"id": p.id, "name": p.name, "reason": str(e)} for p, e in refused],
            "scope": _SCOPE if refused else "",
            "pinged": heard,
        }
    )
    if not heard:
        out.show("", say("hooks.no_ping"), f"    → {say('hooks.no_ping_advice')}")
        return 2 if refused else 3
    out.show("", say("hooks.ready"))
    return 0


def status(out: Output, desk: HookDesk) -> int:
    """What is received, and whether our hook is in order in every project."""
    from rich.markup import escape

    last, ping = desk.last_received_ms(), desk.last_received_ms(event="PING")
    document: dict[str, Any] = {
        "connection": desk.settings.name,
        "increments": desk.settings.increments.value,
        "public_url": desk.settings.public_url,
        "listen": desk.settings.listen,
        "receiving": desk.is_receiving(),
        "deliveries": dict(desk.inbox.counts()),
        "last_received_ms": last,
        "last_ping_ms": ping,
    }
    yes = say("hooks.receiving" if document["receiving"] else "hooks.not_receiving",
              address=desk.settings.listen)  # fmt: skip
    out.show(escape(yes), say("hooks.counts", **document["deliveries"]))
    out.show(say("hooks.last", received=_told(last), ping=_told(ping)))
    if not desk.settings.public_url:
        out.show(say("hooks.no_url"))
        out.document({**document, "projects": []})
        return 0
    found = {project: _differences(desk, project) for project in desk.projects()}
    for project, what in found.items():
        sign = "[red]✗[/]" if what else "[green]✓[/]"
        out.show(f"{sign} {escape(project.name)}: {escape(what or say('hooks.in_order'))}")
    projects = [{"id": p.id, "name": p.name, "wrong": what} for p, what in found.items()]
    out.document({**document, "projects": projects})
    return 2 if any(found.values()) else 0


def remove(out: Output, desk: HookDesk) -> int:
    """Delete our own hooks, and no others."""
    removed = {project: desk.remove(project) for project in desk.projects()}
    out.document({"removed": {project.name: count for project, count in removed.items()}})
    out.show(say("hooks.removed", count=sum(removed.values()), projects=len(removed)))
    return 0


@contextmanager
def _receiving(out: Output, desk: HookDesk) -> Iterator[None]:
    """Receive the test events here, unless a sync already does."""
    from headrace.web.server import HookServer

    if desk.is_receiving():
        yield
        return
    out.note(say("sync.receiving", address=desk.settings.listen))
    with HookServer(
        desk.open_inbox(), desk.identity.secrets, desk.clock, listen=desk.settings.listen
    ):
        yield


def _set_up_all(
    out: Output, desk: HookDesk
) -> tuple[list[tuple[Project, Ensured]], list[tuple[Project, HeadraceError]]]:
    """Project by project; what is refused is left for a person."""
    from rich.markup import escape

    ensured: list[tuple[Project, Ensured]] = []
    refused: list[tuple[Project, HeadraceError]] = []
    for project in desk.projects():
        try:
            done = desk.set_up(project)
        except BadToken:
            raise
        except Refused as error:
            refused.append((project, error))
            out.show(f"[red]✗[/] {escape(f'{project.name}: {said(error.message)}')}")
            continue
        ensured.append((project, done))
        what = f" ({', '.join(done.what)})" if done.what else ""
        line = f"{project.name}: {say(f'hooks.done.{done.done}')}{what}"
        out.show(f"[green]✓[/] {escape(line)}")
    return ensured, refused


def _show_steps(out: Output, desk: HookDesk, refused: list[tuple[Project, HeadraceError]]) -> None:
    """For a person at the screen: with the secrets, which nobody could fill in otherwise."""
    from rich.markup import escape

    names = ", ".join(project.name for project, _ in refused) or "?"
    out.show("", say("hooks.by_hand", scope=_SCOPE, projects=escape(names)))
    out.show(*(f"  {escape(line)}" for line in desk.steps(spoken())))


def _await(
    out: Output, desk: HookDesk, ensured: list[tuple[Project, Ensured]], began_ms: int, wait: float
) -> bool:
    """Whether every hook's test event has come; any one, where hooks are made by hand."""
    out.note(say("hooks.waiting", seconds=f"{wait:g}"))
    return not desk.await_pings([done.hook_id for _, done in ensured], began_ms, wait)


def _seconds(refused: list[tuple[Project, HeadraceError]]) -> float:
    return _WAIT_BY_HAND_SECONDS if refused else _WAIT_SECONDS


def _differences(desk: HookDesk, project: Project) -> str:
    try:
        return ", ".join(desk.differences(project))
    except BadToken:
        raise
    except HeadraceError as error:
        return said(error.message)


def _as_dict(project: Project, done: Ensured) -> dict[str, Any]:
    return {
        "id": project.id,
        "name": project.name,
        "hook": done.hook_id,
        "done": done.done,
        "what": list(done.what),
    }


def _told(moment_ms: int) -> str:
    from datetime import UTC, datetime

    if not moment_ms:
        return say("hooks.never")
    return f"{datetime.fromtimestamp(moment_ms / 1000, UTC).astimezone():%Y-%m-%d %H:%M:%S}"
