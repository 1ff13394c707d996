"""The form of a task: a new one, or the settings of one that does not run; its pre-check."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar import Response
from litestar.response import Stream

from headrace.app.serving.tasks import drafts, prechecking
from headrace.control.connections import Connection, ConnectionRole
from headrace.control.people import Role
from headrace.control.refusals import Conflict
from headrace.control.states import ACTIVE
from headrace.control.tasks import TaskRow
from headrace.errors import Refused
from headrace.web.api.tasks import Settings
from headrace.web.api.verbs import Id
from headrace.web.console import task_form as fields_of
from headrace.web.console.kinds import shown_as
from headrace.web.console.live import live
from headrace.web.console.pages.task import head, heading
from headrace.web.console.trials import show_trial
from headrace.web.console.verbs import TheForm, TheTrials, TheView, done, shown
from headrace.web.console.view import View
from headrace.wire.problem import problem_of

_AT = "/tasks/{task_id:int}/settings"


@shown("/tasks/new", needs=Role.OPERATOR, part=True)
def new(view: TheView) -> Response[str]:
    """The form of a new one; `?source=` names where it leads from."""
    asked = view.request.query_params
    context = _new(view, fields_of.of_settings({}), _ends(asked), name="")
    return view.page("tasks/new.html", **context)


@done("/tasks/new")
def add(view: TheView, form: TheForm) -> Response[str]:
    """Save it, and start it where that was asked."""
    fields, ends = fields_of.posted(form), _ends(form)
    name = str(form.get("name", "")).strip()
    tasks = view.platform.tasks
    try:
        settings = fields_of.settings_of(fields)
        wanted = name or drafts.name_for(view.platform, ends["source"], ends["destination"])
        row = tasks.save(view.by, wanted, ends["source"], ends["destination"], settings)
    except Refused as error:
        context = _new(view, fields, ends, name=name)
        context |= {"error": error, "status": problem_of(error).status}
        return view.page("tasks/form.html", **context)
    if form.get("then") == "start":
        tasks.start(view.by, row.id)
    return view.go(f"/tasks/{row.id}")


@done("/tasks/form/ends")
def ends(view: TheView, form: TheForm) -> Response[str]:
    """Another end was chosen: the tables that there are, and the name suggested."""
    context = _new(view, fields_of.posted(form), _ends(form), name="")
    return view.page("tasks/ends.html", **context)


@shown(_AT, twin="/tasks/{task_id:int}")
def settings(task_id: Id, view: TheView) -> Response[str]:
    """Its settings, to be changed while it does not run."""
    row = view.platform.tasks.get(task_id)
    fields = fields_of.of_settings(row.settings)
    return view.page("tasks/settings.html", just_saved="saved" in view.request.query_params,
                     **heading(view, task_id), **_saved(view, row, fields, row.name))  # fmt: skip


@shown("/live/tasks/{task_id:int}/settings", part=True)
def settings_now(task_id: Id, view: TheView) -> Stream:
    """What stands above; and, where a running task locked the form, the word that it stopped."""
    platform = view.platform
    platform.tasks.get(task_id)
    locked = "locked" in view.request.query_params

    def parts() -> dict[str, str]:
        if locked and platform.tasks.get(task_id).state not in ACTIVE:
            again = view.render("tasks/unlocked.html", task_id=task_id)
            return {"unlocked": again, **head(view, task_id)}
        return head(view, task_id)

    return live(view, parts)


@done(_AT)
def edit(task_id: Id, view: TheView, form: TheForm) -> Response[str]:
    """Save what was changed, unless somebody else did meanwhile."""
    tasks = view.platform.tasks
    row = tasks.get(task_id)
    fields, name = fields_of.posted(form), str(form.get("name", "")).strip()
    version = fields_of.number(form, "version")
    theirs = None
    try:
        given = {**dict.fromkeys(Settings.__struct_fields__), **fields_of.settings_of(fields)}
        tasks.change(view.by, task_id, version, given, name=name)
        return view.go(f"/tasks/{task_id}/settings?saved=yes")
    except Conflict as conflict:
        error: Refused = conflict
        row = tasks.get(task_id)
        if row.version != version:
            theirs = _differing(fields, fields_of.of_settings(row.settings))
    except Refused as refused:
        error = refused
    context = _saved(view, row, fields, name) | {"error": error, "theirs": theirs}
    return view.page("tasks/form.html", status=problem_of(error).status, **context)


@done("/tasks/precheck")
def precheck(view: TheView, form: TheForm, trials: TheTrials) -> Response[str]:
    """What would stand in its way, as the form says it; nothing is saved."""
    if "as_saved" in form:
        items = prechecking.precheck(view.platform, fields_of.number(form, "id"))
        return show_trial(view, trials.start(view.by, "precheck", items))
    given = fields_of.settings_of(fields_of.posted(form))
    if task_id := fields_of.number(form, "id"):
        items = drafts.check_change(view.platform, task_id, given)
    else:
        chosen = _ends(form)
        items = drafts.check_draft(view.platform, chosen["source"], chosen["destination"], given)
    return show_trial(view, trials.start(view.by, "precheck", items))


# --- what they share -----------------------------------------------------------------------------


def _ends(form: Mapping[str, Any]) -> dict[str, int]:
    return {name: fields_of.number(form, name) for name in ("source", "destination")}


def _new(
    view: View, fields: Mapping[str, Any], ends: dict[str, int], *, name: str
) -> dict[str, Any]:
    """What the form of a new task shows; a source or destination that is the only one is chosen."""
    found = view.platform.connections.all()
    sources = [one for one in found if one.role is ConnectionRole.SOURCE]
    destinations = [one for one in found if one.role is ConnectionRole.DESTINATION]
    ends = {
        "source": ends["source"] or (sources[0].id if len(sources) == 1 else 0),
        "destination": ends["destination"] or (destinations[0].id if len(destinations) == 1 else 0),
    }
    source = next((one for one in sources if one.id == ends["source"]), None)
    suggested = drafts.name_for(view.platform, ends["source"], ends["destination"])
    return {
        **_fields(view, fields, source), "saved": None, "name": name, "ends": ends,
        "sources": _choices(sources), "destinations": _choices(destinations),
        "suggested": suggested, "active": False,
    }  # fmt: skip


def _saved(view: View, row: TaskRow, fields: Mapping[str, Any], name: str) -> dict[str, Any]:
    source = view.platform.connections.get(row.source_id)
    return {
        **_fields(view, fields, source), "saved": row, "name": name,
        "active": row.state in ACTIVE, "suggested": "",
    }  # fmt: skip


def _fields(view: View, fields: Mapping[str, Any], source: Connection | None) -> dict[str, Any]:
    agents = [(one.name, one.name) for one in view.platform.agents.all()]
    return {"fields": fields, "agents": agents, "error": None, "theirs": None,
            **fields_of.tables(source)}  # fmt: skip


def _choices(found: list[Connection]) -> list[tuple[int, str]]:
    return [(one.id, f"{one.name} ({shown_as(one.type).name})") for one in found]


def _differing(mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    return [name for name in theirs if theirs[name] != mine[name]]


HANDLERS = (new, add, ends, settings, settings_now, edit, precheck)
