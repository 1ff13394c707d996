"""How pages are declared: what they show or do, and which role that needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from litestar import get, post
from litestar.datastructures import FormMultiDict
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import SkipValidation

from headrace.app.serving.trials import Trials
from headrace.control.people import Role
from headrace.web.api.throttle import Throttle
from headrace.web.console.view import View

Verb = Callable[[Callable[..., Any]], HTTPRouteHandler]
TheView = NamedDependency[SkipValidation[View]]
TheForm = NamedDependency[SkipValidation[FormMultiDict]]
TheTrials = NamedDependency[SkipValidation[Trials]]
TheThrottle = NamedDependency[SkipValidation[Throttle]]


def shown(
    path: str | list[str], needs: Role | str = Role.VIEWER, *, twin: str = "", part: bool = False
) -> Verb:
    """A page. `twin`: where the JSON API has the same (below /api/v1); a `part` of a page has the
    page's."""
    return get(path, needs=needs, sync_to_thread=True, twin=twin, part=part)


def done(path: str, needs: Role | str = Role.OPERATOR) -> Verb:
    """What a form or a button has done."""
    return post(path, needs=needs, sync_to_thread=True, status_code=200)
