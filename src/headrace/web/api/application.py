"""The API put together: its routes, who may use them, what errors look like, its description."""

from __future__ import annotations

import re
from importlib.metadata import version
from types import ModuleType
from typing import Any

import msgspec
from litestar import Litestar, MediaType, Request, Response, Router
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme

from headrace.web.api import (
    agents,
    alerts,
    audit,
    authorizing,
    channels,
    connections,
    figures,
    files,
    forms,
    history,
    hooks,
    minings,
    models,
    overview,
    samples,
    server,
    session,
    setup,
    streams,
    task_work,
    tasks,
    tokens,
    users,
)
from headrace.web.api.access import COOKIE, Front, admit
from headrace.web.api.errors import HANDLERS
from headrace.web.api.metrics import metrics
from headrace.web.api.throttle import Throttle
from headrace.web.api.verbs import look

PREFIX = "/api/v1"
BODY_MAX = 1_048_576
_RESOURCES = (
    setup, session, users, tokens, connections, tasks, task_work, minings, agents, audit, streams,
    history, figures, models, alerts, channels, files, overview, authorizing, forms, hooks, samples,
    server,
)  # fmt: skip
_ACCESS = Components(
    security_schemes={
        "token": SecurityScheme(type="http", scheme="bearer", description="An API token: hr_..."),
        "session": SecurityScheme(type="apiKey", name=COOKIE, security_scheme_in="cookie"),
    }
)


def make_api(front: Front, throttle: Throttle) -> Litestar:
    """The application over a platform. A route that does not say who may use it is closed."""
    given: dict[str, Any] = {"platform": front.platform, "front": front, "throttle": throttle}
    resources = [
        Router("/", route_handlers=module.HANDLERS, tags=[_short(module)]) for module in _RESOURCES
    ]
    return Litestar(
        [Router(PREFIX, route_handlers=[*resources, description]), metrics, authorizing.authorized],
        guards=[admit],
        dependencies={
            **{name: _always(value) for name, value in given.items()},
            "by": Provide(_speaker, sync_to_thread=False),
        },
        exception_handlers=dict(HANDLERS),
        openapi_config=_description(),
        request_max_body_size=BODY_MAX,
        logging_config=None,
        debug=False,
        opt={"front": front},
    )


def _speaker(request: Request[Any, Any, Any]) -> Any:
    return request.scope["user"]


def _always(value: Any) -> Provide:
    def give() -> Any:
        return value

    return Provide(give, sync_to_thread=False)


@look("/openapi.json", include_in_schema=False)
def description(request: Request[Any, Any, Any]) -> Response[bytes]:
    """What there is, as OpenAPI 3.1."""
    return Response(described(request.app), media_type=MediaType.JSON)


def described(app: Litestar) -> bytes:
    """The description of an API, with plain names for its pages."""
    document = app.openapi_schema.to_schema()
    return re.sub(rb"Page_headrace[.\w]*\.(\w+)_\b", rb"\1Page", msgspec.json.encode(document))


def _short(module: ModuleType) -> str:
    return module.__name__.rpartition(".")[2]


def _operation_id(handler: HTTPRouteHandler, _method: Any, _path: Any) -> str:
    """`tasks_start`: the resource, and what is done."""
    done: Any = getattr(handler.fn, "func", handler.fn)  # it is run in a thread
    return f"{done.__module__.rpartition('.')[2]}_{done.__name__}"


def _description() -> OpenAPIConfig:
    """The framework's own pages of it, below `/schema`, need nothing and so are closed to all."""
    return OpenAPIConfig(
        title="Headrace",
        version=version("headrace"),
        components=_ACCESS,
        security=[{"token": []}, {"session": []}],
        use_handler_docstrings=True,
        operation_id_creator=_operation_id,
        render_plugins=[JsonRenderPlugin()],
    )
