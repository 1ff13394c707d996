"""One connection: its form, new or saved, its test, and the projects to choose from."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Response
from litestar.datastructures import FormMultiDict
from litestar.exceptions import NotFoundException
from litestar.params import PathParameter

from headrace.app.serving import views
from headrace.app.serving.connecting import trying
from headrace.control.connections import HIDDEN, Connection, ConnectionRole
from headrace.control.people import Role
from headrace.control.refusals import Conflict
from headrace.destinations.urls import known_scheme
from headrace.errors import HeadraceError, Refused
from headrace.web.api.verbs import Id
from headrace.web.console import connection_form as fields_of
from headrace.web.console.kinds import shown_as
from headrace.web.console.pages.connections import why_not_authorized
from headrace.web.console.pages.service_url import hooks_of
from headrace.web.console.trials import show_trial
from headrace.web.console.verbs import TheForm, TheTrials, TheView, done, shown
from headrace.web.console.view import View
from headrace.wire.problem import problem_of

Kind = Annotated[str, PathParameter(max_length=40)]
CODING = "coding"
_NUMBER_MAX = 2**31 - 1


@shown("/connections/new/{kind:str}", needs=Role.OPERATOR, part=True)
def new(kind: Kind, view: TheView) -> Response[str]:
    """The form of a new one."""
    _check_kind(kind)
    fields = fields_of.of_source({}) if kind == CODING else fields_of.of_destination(
        kind, {"url": shown_as(kind).example}
    )  # fmt: skip
    return _form_page(view, kind, fields, name="")


@done("/connections/new/{kind:str}")
def add(kind: Kind, view: TheView, form: TheForm) -> Response[str]:
    """Save a new one, then go on with it: to CODING's consent, or on its page."""
    _check_kind(kind)
    role, fields, values = _posted(kind, form)
    name = str(form.get("name", "")).strip()
    given = {key: value for key, value in values.items() if value is not None}
    try:
        saved = view.platform.connections.save(view.by, name, role, _type(kind, given), given)
    except Refused as error:
        return _form_again(view, kind, fields, name=name, error=error)
    return _go_on(view, saved.id, str(form.get("then", "")))


@shown("/connections/{connection_id:int}", twin="/connections/{connection_id:int}")
def connection(connection_id: Id, view: TheView) -> Response[str]:
    """A saved one: how it stands, and its form for those who may change it."""
    saved = view.platform.connections.get(connection_id)
    fields = _fields(saved)
    return _form_page(view, saved.type, fields, name=saved.name, saved=saved)


@done("/connections/{connection_id:int}")
def edit(connection_id: Id, view: TheView, form: TheForm) -> Response[str]:
    """Save what was changed, unless somebody else did meanwhile."""
    connections = view.platform.connections
    saved = connections.get(connection_id)
    _, fields, values = _posted(saved.type, form)
    name = str(form.get("name", "")).strip()
    version = str(form.get("version", ""))
    try:
        if not version.isdecimal() or int(version) > _NUMBER_MAX:
            raise Refused("The form is not whole.", advice="Load the page again.")
        connections.change(view.by, connection_id, int(version), values, name=name)
    except Conflict as error:
        now = connections.get(connection_id)
        other = str(now.version) != version  # else the name is taken
        return _form_again(view, saved.type, fields, name=name, saved=now, error=error,
                           theirs=_fields(now) if other else None)  # fmt: skip
    except Refused as error:
        return _form_again(view, saved.type, fields, name=name, saved=saved, error=error)
    return _go_on(view, connection_id, str(form.get("then", "")))


# --- test and projects ---------------------------------------------------------------------------


@done("/connections/check/{kind:str}")
def check(kind: Kind, view: TheView, form: TheForm, trials: TheTrials) -> Response[str]:
    """Test what the form says, saved or not; of what is saved unchanged, the result is kept."""
    _check_kind(kind)
    saved = _saved_of(view, form)
    role, _, values = _posted(kind, form)
    given = {key: value for key, value in values.items() if value is not None}
    if saved is not None and given == {**saved.values, **dict.fromkeys(saved.secrets, HIDDEN)}:
        items = view.platform.check(saved.id)
    else:
        items = trying.check(view.platform, role, _type(kind, given), given,
                             saved=saved.id if saved else None)  # fmt: skip
    return show_trial(view, trials.start(view.by, "check", items))


@done("/connections/projects/{kind:str}")
def projects(kind: Kind, view: TheView, form: TheForm) -> Response[str]:
    """The projects that can be chosen, those already chosen first."""
    _check_kind(kind)
    saved = _saved_of(view, form)
    _, fields, values = _posted(kind, form)
    given = {key: value for key, value in values.items() if value is not None}
    found, error = [], None
    try:
        found = trying.projects(view.platform, kind, given, saved=saved.id if saved else None)
    except HeadraceError as refused:
        error = refused
    return view.page("connections/projects.html", chosen=fields["projects"], found=found,
                     asked=True, error=error)  # fmt: skip


# --- what they share -----------------------------------------------------------------------------


def _check_kind(kind: str) -> None:
    if kind != CODING and not known_scheme("dlt+x" if kind == "dlt" else kind):
        raise NotFoundException


def _type(kind: str, values: dict[str, Any]) -> str:
    """Of a destination, what its URL says: a kind of the gallery may stand for several."""
    if kind == CODING:
        return CODING
    return str(values.get("url", "")).partition(":")[0].lower() or kind


def _posted(kind: str, form: FormMultiDict) -> tuple[ConnectionRole, Any, dict[str, Any]]:
    if kind == CODING:
        fields = fields_of.posted_source(form)
        return ConnectionRole.SOURCE, fields, fields_of.source_values(fields)
    fields = fields_of.posted_destination(kind, form)
    return ConnectionRole.DESTINATION, fields, fields_of.destination_values(kind, fields)


def _fields(saved: Connection) -> Any:
    values = {**saved.values, **dict.fromkeys(saved.secrets, HIDDEN)}
    if saved.type == CODING:
        return fields_of.of_source(values)
    return fields_of.of_destination(saved.type, values)


def _saved_of(view: View, form: FormMultiDict) -> Connection | None:
    number = str(form.get("id", ""))
    if not number.isdecimal() or int(number) > _NUMBER_MAX:
        return None
    return view.platform.connections.get(int(number))


def _go_on(view: View, connection_id: int, then: str) -> Response[str]:
    if then == "authorize":
        return view.go(view.platform.authorizing.begin(view.by, connection_id)["url"])
    here = "#service-url" if then == "service-url" else ""
    return view.go(f"/connections/{connection_id}?saved=yes{here}")


def _context(
    view: View, kind: str, fields: Any, name: str, saved: Connection | None
) -> dict[str, Any]:
    shown = views.connection(view.platform, saved.id) if saved is not None else None
    agents = [(one.name, one.name) for one in view.platform.agents.all()]
    reason = view.request.query_params.get("reason", "")
    return {
        "kind": shown_as(kind), "type": kind, "is_source": kind == CODING, "fields": fields,
        "name": name, "saved": shown, "agents": agents, "theirs": None, "error": None,
        "redirect_uri": view.platform.authorizing.redirect_uri(),
        "server_url": view.platform.kinds.public_url,
        "just_saved": "saved" in view.request.query_params,
        "authorized": view.request.query_params.get("authorized", ""),
        "why_not": why_not_authorized(view, reason) if reason else "",
        "databases": fields_of.DATABASES,
        "hooks": hooks_of(view, saved.id) if saved is not None and kind == CODING else None,
    }  # fmt: skip


def _form_page(
    view: View, kind: str, fields: Any, *, name: str, saved: Connection | None = None
) -> Response[str]:
    return view.page("connections/page.html", **_context(view, kind, fields, name, saved),
                     **_beside(view, saved))  # fmt: skip


def _beside(view: View, saved: Connection | None) -> dict[str, Any]:
    """What stands beside the form of a saved one."""
    if saved is None:
        return {"model": None, "uses": []}
    source = saved.role is ConnectionRole.SOURCE
    uses = [
        {"id": row.id, "name": row.name, "state": row.state}
        for row in view.platform.tasks.all()
        if saved.id in (row.source_id, row.destination_id)
    ]
    return {"model": view.platform.models.get(saved.id) if source else None, "uses": uses}


def _form_again(
    view: View, kind: str, fields: Any, *, name: str, error: HeadraceError,
    saved: Connection | None = None, theirs: Any = None,
) -> Response[str]:  # fmt: skip
    """The form with all that was typed in, and what is wrong with it."""
    context = _context(view, kind, fields, name, saved)
    differing = [one for one in theirs if theirs[one] != fields[one]] if theirs else None
    context |= {"error": error, "theirs": differing}
    return view.page("connections/form.html", status=problem_of(error).status, **context)


HANDLERS = (new, add, connection, edit, check, projects)
