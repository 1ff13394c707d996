"""Shared mining (共享挖掘): what is read from each source, who reads it from the mirror, and what
people stop of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from litestar import Response
from litestar.params import PathParameter
from litestar.response import Stream

from headrace.app.serving import catalogue
from headrace.app.serving.mining import mining_views
from headrace.coding.streams import CATALOGUE
from headrace.errors import Missing
from headrace.speech import word
from headrace.web.console.live import live
from headrace.web.console.verbs import TheView, done, shown
from headrace.web.console.view import View

Key = Annotated[str, PathParameter(max_length=40)]
Name = Annotated[str, PathParameter(max_length=100)]
COLOURS = {
    "opening": "azure", "snapshot": "blue", "following": "green", "failed": "red",
    "stopped": "yellow", "waiting": "azure", "idle": "secondary",
}  # fmt: skip
_MOVING = ("opening", "snapshot", "following")
_READERS = {"running": "green", "error": "red", "retrying": "yellow"}
_SCALE = 1000


# --- what is shown -------------------------------------------------------------------------------


@shown("/minings", twin="/minings")
def minings(view: TheView) -> Response[str]:
    """All that run, that tasks wait for, or that ever ran."""
    return view.page("minings/list.html", minings=_listed(view))


@shown("/live/minings")
def minings_now(view: TheView) -> Stream:
    """What changes on it."""
    return live(view, lambda: {"minings": view.render("minings/rows.html", minings=_listed(view))})


@shown("/minings/{key:str}", twin="/minings/{key:str}")
def mining(key: Key, view: TheView) -> Response[str]:
    """One: who reads it, how it stands, table by table."""
    one = _one(view, key)
    values = view.platform.connections.get(one["connection_id"]).values
    return view.page("minings/page.html", one=one, values=values)


@shown("/live/minings/{key:str}")
def mining_now(key: Key, view: TheView) -> Stream:
    """What changes on it."""
    _one(view, key)

    def parts() -> dict[str, str]:
        found = mining_views.mining(view.platform, key)
        if found is None:
            return {}
        names = ("state", "figures", "picture", "tables")
        one = _dressed(view, found)
        return {name: view.render(f"minings/{name}.html", one=one) for name in names}

    return live(view, parts)


# --- what is done --------------------------------------------------------------------------------


@done("/minings/{key:str}/stop")
def stop(key: Key, view: TheView) -> Response[str]:
    """Read nothing until it is resumed."""
    view.platform.minings.stop(view.by, key)
    return view.said(view.text("Stopped. Tasks go on with what was read."))


@done("/minings/{key:str}/resume")
def resume(key: Key, view: TheView) -> Response[str]:
    """Read again."""
    view.platform.minings.resume(view.by, key)
    return view.said(view.text("Resumed. It catches up now."))


@done("/minings/{key:str}/streams/{name:str}/stop")
def stop_stream(key: Key, name: Name, view: TheView) -> Response[str]:
    """Leave a table as it is until it is resumed."""
    told = _title(view, name)
    view.platform.minings.stop_stream(view.by, key, name)
    return view.said(view.text("%(table)s is not read any more.", table=told))


@done("/minings/{key:str}/streams/{name:str}/resume")
def resume_stream(key: Key, name: Name, view: TheView) -> Response[str]:
    """Read a table again."""
    told = _title(view, name)
    view.platform.minings.resume_stream(view.by, key, name)
    return view.said(view.text("%(table)s is read again.", table=told))


# --- how it looks --------------------------------------------------------------------------------


def words(view: View) -> Mapping[str, str]:
    """The states of minings and of their tables, as people say them."""
    return {
        "opening": view.text("Opening"),
        "snapshot": view.text("First reading"),
        "following": view.text("Following"),
        "failed": view.text("Failed"),
        "stopped": view.text("Stopped"),
        "waiting": view.text("Waiting"),
        "idle": view.text("Idle"),
    }


def passes(view: View) -> Mapping[str, str]:
    """The kinds of passes over a table."""
    return {
        "snapshot": view.text("first reading"),
        "poll": view.text("poll"),
        "census": view.text("census"),
    }


def place(offset: int, tail: int, head: int) -> int:
    """Where an offset is in the log, from 0 at its oldest change to 1000 at its latest."""
    if head <= tail:
        return _SCALE
    return min(_SCALE, max(0, (offset - tail) * _SCALE // (head - tail)))


def readers(view: View, tasks: Sequence[Mapping[str, Any]], mirror: Any) -> list[dict[str, Any]]:
    """The tasks, those furthest behind first, each with its `place` in the log. `before`: what it
    needs next is in the log no more."""
    made = []
    for one in tasks:
        offset, at, before = one["offset"], None, False
        if mirror is not None and offset is not None:
            at = place(offset, mirror["tail"], mirror["head"])
            before = offset < mirror["tail"]
        look = {"word": word(one["state"], view.language),
                "colour": _READERS.get(one["state"], "secondary")}  # fmt: skip
        made.append({**one, **look, "place": at, "before": before})
    return sorted(made, key=lambda one: (-(one["lag"] or 0), one["name"]))


def _listed(view: View) -> list[dict[str, Any]]:
    return [_dressed(view, one) for one in mining_views.minings(view.platform)]


def _one(view: View, key: str) -> dict[str, Any]:
    found = mining_views.mining(view.platform, key)
    if found is None:
        raise Missing("There is no such mining.", advice="It begins with the first task.")
    return _dressed(view, found)


def _dressed(view: View, one: Mapping[str, Any]) -> dict[str, Any]:
    """With what a page says beside the figures."""
    said, kinds, titles = words(view), passes(view), _titles(view)
    tables = [
        {
            **table, "name": name, "title": titles.get(name, name), **_look(said, table["state"]),
            "pass": kinds.get(table["last"]["kind"], "") if table["last"] else "",
        }
        for name, table in one["streams"].items()
    ]  # fmt: skip
    notes = [{**note, "title": titles.get(note["stream"], "")} for note in one["notes"]]
    return {
        **one, **_look(said, one["state"]), "tables": tables, "notes": notes,
        "readers": readers(view, one["tasks"], one["mirror"]),
    }  # fmt: skip


def _look(said: Mapping[str, str], state: str) -> dict[str, Any]:
    return {"word": said[state], "colour": COLOURS[state], "moving": state in _MOVING}


def _title(view: View, name: str) -> str:
    """A table's title. Raises `Missing` for none of the catalogue's."""
    title: str = catalogue.named(name)["title"][view.language]
    return title


def _titles(view: View) -> Mapping[str, str]:
    chinese = view.language == "zh"
    return {one.name: one.title.zh if chinese else one.title.en for one in CATALOGUE}


HANDLERS = (
    minings, minings_now, mining, mining_now, stop, resume, stop_stream, resume_stream,
)  # fmt: skip
