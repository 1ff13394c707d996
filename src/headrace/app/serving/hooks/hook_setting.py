"""Service Hooks set up on a person's behalf, through CODING's API: made, mended, tested, removed.

Project by project, each as a line of plain data; what CODING does not permit is left to a person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from headrace.app.hook_desk import HookDesk, Project
from headrace.app.serving.hooks import service_urls
from headrace.app.serving.platform import Platform
from headrace.app.serving.views import source
from headrace.app.system import SystemClock
from headrace.coding.hook_setup import SCOPE
from headrace.control.people import Person
from headrace.errors import BadToken, Refused
from headrace.mirror.urls import open_inbox

View = dict[str, Any]
PING_SECONDS = 10.0
_ATTEMPTS = 2  # a person waits


def set_up(
    platform: Platform, by: Person, connection_id: int, *, seconds: float = PING_SECONDS
) -> Iterator[View]:
    """Our hook in every chosen project is as it should be and has been tested; then `{"result"}`:
    `ok`, the projects left `by_hand` with the `scope` that would do it, and whether all `pinged`.
    """
    service_urls.generate(platform, by, connection_id)
    with _desk(platform, connection_id) as desk:
        began_ms, made = desk.clock.now_ms(), []

        def one(project: Project) -> View:
            ensured = desk.set_up(project)
            made.append(ensured.hook_id)
            return {"hook": ensured.hook_id, "done": ensured.done, "what": list(ensured.what)}

        left: list[str] = []
        yield from _each(desk, one, left)
        unheard = desk.await_pings(made, began_ms, seconds) if made else set()
    _note(platform, by, connection_id, "hooks.set_up", {"hooks": len(made), "left": left})
    pinged = bool(made) and not unheard
    yield _result(ok=pinged and not left, pinged=pinged, left=left)


def inspect(platform: Platform, connection_id: int) -> Iterator[View]:
    """What is wrong with our hook in each project; nothing is changed."""
    with _desk(platform, connection_id) as desk:
        left: list[str] = []
        wrong: list[str] = []

        def one(project: Project) -> View:
            found = list(desk.differences(project))
            wrong.extend(found)
            return {"wrong": found}

        yield from _each(desk, one, left)
    yield _result(ok=not wrong and not left, left=left)


def ping(
    platform: Platform, by: Person, connection_id: int, *, seconds: float = PING_SECONDS
) -> Iterator[View]:
    """Have CODING send a test event by each hook of ours, and wait for them."""
    with _desk(platform, connection_id) as desk:
        began_ms, ids = desk.clock.now_ms(), []

        def one(project: Project) -> View:
            found = desk.ping(project)
            ids.extend(found)
            return {"hooks": found}

        left: list[str] = []
        yield from _each(desk, one, left)
        unheard = desk.await_pings(ids, began_ms, seconds) if ids else set()
    _note(platform, by, connection_id, "hooks.ping", {"hooks": len(ids)})
    pinged = bool(ids) and not unheard
    yield _result(ok=pinged, pinged=pinged, left=left)


def remove(platform: Platform, by: Person, connection_id: int) -> Iterator[View]:
    """Delete our own hooks, and no others."""
    with _desk(platform, connection_id) as desk:
        left: list[str] = []
        yield from _each(desk, lambda project: {"removed": desk.remove(project)}, left)
    _note(platform, by, connection_id, "hooks.remove", {"left": left})
    yield _result(ok=not left, left=left)


@contextmanager
def _desk(platform: Platform, connection_id: int) -> Iterator[HookDesk]:
    connection = source(platform, connection_id)
    whole = platform.connections.whole(connection_id)
    settings = service_urls.hook_settings(platform, connection, whole)
    if not (settings.hook_secret and settings.signing_token):
        raise Refused(f"{connection.name} has no Service URL yet.", advice="Generate one first.")
    store, name = platform.doors.places(connection, whole)[0]
    if isinstance(store, Path):
        store.mkdir(parents=True, exist_ok=True)
    quick = replace(settings, attempts=_ATTEMPTS)
    inbox = open_inbox(store, name)
    with HookDesk(quick, state=Path(), clock=SystemClock(), inbox=inbox) as desk:
        yield desk


def _each(desk: HookDesk, do: Callable[[Project], View], left: list[str]) -> Iterator[View]:
    """A line for each project; what is refused in one is told, and the next is tried."""
    for project in desk.projects():
        shown: View = {"id": project.id, "name": project.name}
        try:
            yield {"project": shown, **do(project)}
        except BadToken:
            raise
        except Refused as error:
            left.append(project.name)
            said = {"message": error.message, "advice": error.advice}
            yield {"project": shown, "refused": said}


def _result(*, ok: bool, left: list[str], pinged: bool | None = None) -> View:
    told: View = {"ok": ok, "by_hand": left, "scope": SCOPE if left else ""}
    return {"result": told if pinged is None else {**told, "pinged": pinged}}


def _note(platform: Platform, by: Person, connection_id: int, action: str, after: View) -> None:
    name = platform.connections.get(connection_id).name
    platform.service_urls.noted(by, action, name, after)
