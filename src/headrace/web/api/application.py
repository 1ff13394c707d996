"""The API put together: its routes, who may use them, what errors look like, its description."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from litestar import Litestar, Request, Router
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme

from headrace.web.api import (
    agents,
    alerts,
    audit,
    channels,
    connections,
    figures,
    files,
    history,
    minings,
    models,
    session,
    setup,
    streams,
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
    setup, session, users, tokens, connections, tasks, minings, agents, audit, streams, history,
    figures, models, alerts, channels, files,
)  # fmt: skip
_ACCESS = Components(
    security_schemes={
        "token": SecurityScheme(type="http", scheme="bearer", description="An API token: hr_..."),
        "session": SecurityScheme(type="apiKey", name=COOKIE, security_scheme_in="cookie"),
    }
)


def make_api(front: Front) -> Litestar:
    """The application over a platform. A route that does not say who may use it is closed."""
    given: dict[str, Any] = {
        "platform": front.platform, "front": front, "throttle": Throttle(front.platform.clock),
    }  # fmt: skip
    handlers = [handler for module in _RESOURCES for handler in module.HANDLERS]
    return Litestar(
        [Router(PREFIX, route_handlers=[*handlers, description]), metrics],
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
def description(request: Request[Any, Any, Any]) -> dict[str, Any]:
    """What there is, as OpenAPI 3.1."""
    return request.app.openapi_schema.to_schema()


def _description() -> OpenAPIConfig:
    """The framework's own pages of it, below `/schema`, need nothing and so are closed to all."""
    return OpenAPIConfig(
        title="Headrace",
        version=version("headrace"),
        components=_ACCESS,
        security=[{"token": []}, {"session": []}],
        use_handler_docstrings=True,
        render_plugins=[JsonRenderPlugin()],
    )
