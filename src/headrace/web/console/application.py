"""The console put together: its pages, who may see them, what errors look like, its files."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Litestar, Request, Response, Router, get
from litestar.datastructures import FormMultiDict
from litestar.di import Provide
from litestar.exceptions import NotFoundException
from litestar.params import PathParameter

from headrace.app.serving.trials import Trials
from headrace.web.api.access import ANYBODY, Front, admit
from headrace.web.api.throttle import Throttle
from headrace.web.console.assets import assets
from headrace.web.console.pages import (
    account,
    agents,
    alerts,
    audit,
    channels,
    connection,
    connections,
    data,
    hooks,
    minings,
    overview,
    people,
    preferences,
    service_url,
    session,
    settings,
    task,
    task_acts,
    task_form,
    tasks,
    trials,
)
from headrace.web.console.refusals import HANDLERS
from headrace.web.console.view import YEAR_SECONDS, View, view_of

BODY_MAX = 1_048_576
_PAGES = (
    session, preferences, overview, account, agents, alerts, audit, channels, people, settings,
    connections, connection, service_url, trials, tasks, task,
    task_acts, task_form, minings, hooks, data,
)  # fmt: skip
Name = Annotated[str, PathParameter(max_length=100)]
_KEPT = f"public, max-age={YEAR_SECONDS}, immutable"


def make_console(front: Front, throttle: Throttle) -> Litestar:
    """The application over a platform. A page that does not say who may see it is closed.

    Raises `Refused` where its styles and scripts were not built.
    """
    assets()
    running = Trials()
    handlers = [handler for module in _PAGES for handler in module.HANDLERS]
    return Litestar(
        [Router("/", route_handlers=[*handlers, static])],
        guards=[admit],
        dependencies={
            "trials": Provide(lambda: running, sync_to_thread=False),
            "throttle": Provide(lambda: throttle, sync_to_thread=False),
            "view": Provide(_view, sync_to_thread=False),
            "form": Provide(_form),
        },
        exception_handlers=dict(HANDLERS),
        openapi_config=None,
        request_max_body_size=BODY_MAX,
        logging_config=None,
        debug=False,
        opt={"front": front},
    )


def _view(request: Request[Any, Any, Any]) -> View:
    return view_of(request, request.app.opt["front"])


async def _form(request: Request[Any, Any, Any]) -> FormMultiDict:
    return await request.form()


@get("/static/{digest:str}/{name:str}", needs=ANYBODY, sync_to_thread=False)
def static(request: Request[Any, Any, Any], digest: Name, name: Name) -> Response[bytes]:
    """A style, script or picture; what one address has never changes."""
    found = assets().get(name)
    if found is None or found.digest != digest:
        raise NotFoundException
    packed = "gzip" in request.headers.get("accept-encoding", "")
    headers = {"cache-control": _KEPT, "vary": "accept-encoding"}
    if packed:
        headers["content-encoding"] = "gzip"
    data = found.packed if packed else found.data
    return Response(data, media_type=found.media_type, headers=headers)
