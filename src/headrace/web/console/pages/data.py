"""Data (数据): the tables there are, what their columns mean, and what a mirror holds of them."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Annotated, Any

from litestar import Response
from litestar.params import PathParameter

from headrace.app.serving import catalogue
from headrace.app.serving.connecting import samples
from headrace.control.connections import ConnectionRole
from headrace.control.people import Role
from headrace.core.stream import Strategy
from headrace.errors import Missing
from headrace.web.console.verbs import TheView, shown
from headrace.web.console.view import View

StreamName = Annotated[str, PathParameter(max_length=100)]
CLIPPED = 60
_ROWS = 20


@shown("/data", twin="/streams")
def data(view: TheView) -> Response[str]:
    """The catalogue; how many records there are of each table comes after it."""
    sources = _sources(view)
    return view.page(
        "data/list.html", sources=sources, chosen=_chosen(view, sources), groups=_groups(view),
        counts=None,
    )  # fmt: skip


@shown("/parts/data", part=True)
def counted(view: TheView) -> Response[str]:
    """The tables of the catalogue with what the mirror of a connection holds of them."""
    chosen = _asked(view)
    held = samples.streams(view.platform, chosen)
    return view.page("data/tables.html", groups=_groups(view), chosen=chosen,
                     counts={one["name"]: one["records"] for one in held})  # fmt: skip


@shown("/data/{stream:str}", twin="/streams/{stream:str}")
def table(stream: StreamName, view: TheView) -> Response[str]:
    """One: its columns, how it is read, what hangs on it."""
    one, all_streams = catalogue.named(stream), catalogue.streams()
    sources = _sources(view)
    return view.page(
        "data/page.html", one=one, sources=sources, chosen=_chosen(view, sources),
        titles={other["name"]: other["title"][view.language] for other in all_streams},
        hanging=[other["name"] for other in all_streams if stream in other["parents"]],
        strategy=strategies(view)[one["strategy"]],
    )  # fmt: skip


@shown("/parts/data/{stream:str}", needs=Role.OPERATOR, part=True)
def rows(stream: StreamName, view: TheView) -> Response[str]:
    """The first rows of it and of its child tables, as a task writes them."""
    found = samples.rows(view.platform, _asked(view), stream, _ROWS)
    tables = [
        {**one, "rows": [[cell(value) for value in row] for row in one["rows"]]}
        for one in found["tables"]
    ]
    return view.page("data/rows.html", tables=tables, records=found["records"])


# --- how it looks --------------------------------------------------------------------------------


def strategies(view: View) -> Mapping[str, tuple[str, str]]:
    """How a table is read, by strategy: in a few words, and in full."""
    return {
        Strategy.DELTA: (
            view.text("What changed since"),
            view.text("CODING is asked for what changed since the last time, with an overlap. A"
                      " census lists all keys now and then, to find deletes."),
        ),
        Strategy.NEWEST: (
            view.text("From the newest on"),
            view.text("Read from the newest on until nothing is new; rows that will still change"
                      " are looked up one by one. A census lists all keys, to find deletes."),
        ),
        Strategy.FULL: (
            view.text("Everything, compared"),
            view.text("Every row is read, and compared with what is on file."),
        ),
        Strategy.CHILDREN: (
            view.text("With its parent"),
            view.text("Read again for each parent that changed or that an event names, and slowly"
                      " for all of them. The set is replaced."),
        ),
        Strategy.HISTORY: (
            view.text("Along the branches"),
            view.text("Newest first from each branch that moved, until every ancestor is there."),
        ),
    }  # fmt: skip


def cell(value: Any) -> dict[str, Any]:
    """A value to be shown: `text`, and its beginning where it is long; None for NULL."""
    if value is None:
        return {"text": None, "clipped": ""}
    text = str(value).lower() if isinstance(value, bool) else str(value)
    one_line = " ".join(text.split())
    long = len(one_line) > CLIPPED or one_line != text
    return {"text": text, "clipped": f"{one_line[:CLIPPED]}…" if long else ""}


def _groups(view: View) -> list[tuple[str, list[dict[str, Any]]]]:
    """The tables by what they are about, the groups in the order of the catalogue."""
    short = {name: told[0] for name, told in strategies(view).items()}
    found = [{**one, "read": short[one["strategy"]]} for one in catalogue.streams()]
    order = list(dict.fromkeys(one["group"]["en"] for one in found))
    found.sort(key=lambda one: order.index(one["group"]["en"]))
    return [
        (title, list(tables))
        for title, tables in groupby(found, key=lambda one: str(one["group"][view.language]))
    ]


def _sources(view: View) -> list[tuple[int, str]]:
    found = view.platform.connections.all()
    return [(one.id, one.name) for one in found if one.role is ConnectionRole.SOURCE]


def _chosen(view: View, sources: list[tuple[int, str]]) -> int | None:
    """The connection that the address names, else the first; None where there is none."""
    if view.request.query_params.get("connection"):
        return _asked(view)
    return sources[0][0] if sources else None


def _asked(view: View) -> int:
    asked = view.request.query_params.get("connection", "")
    for number, _ in _sources(view):
        if str(number) == asked:
            return number
    raise Missing("There is no such connection.", advice="Load the list again.")


HANDLERS = (data, counted, table, rows)
