"""How handlers are declared: what they do to a resource, and which role that needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from litestar import delete, get, patch, post, put
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import PathParameter, QueryParameter, SkipValidation

from headrace.app.serving.platform import Platform
from headrace.control.people import Person, Role

ID_MAX = 2**31 - 1
Text = Annotated[str, msgspec.Meta(max_length=200, pattern="^[^\\x00]*$")]
Password = Annotated[str, msgspec.Meta(max_length=1024, pattern="^[^\\x00]*$")]
Number = Annotated[int, msgspec.Meta(ge=0, le=ID_MAX)]
Id = Annotated[int, PathParameter(ge=0, le=ID_MAX)]
SearchText = Annotated[str, QueryParameter(max_length=200, pattern="^[^\\x00]*$")]
BeforeId = Annotated[int, QueryParameter(ge=0, le=ID_MAX)]
Limit = Annotated[int, QueryParameter(ge=1, le=1000)]
Moment = Annotated[int, QueryParameter(ge=0, le=2**53)]
The = NamedDependency[SkipValidation[Platform]]
Verb = Callable[[Callable[..., Any]], HTTPRouteHandler]
By = NamedDependency[SkipValidation[Person]]


class Body(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A request's body: a field that it has not got is an error."""


class Named(Body):
    """A name, for a copy."""

    name: Text


def look(path: str, needs: Role | str = Role.VIEWER, **more: Any) -> Verb:
    """GET: changes nothing."""
    return get(path, needs=needs, sync_to_thread=True, **more)


def make(path: str, needs: Role | str = Role.OPERATOR, **more: Any) -> Verb:
    """POST: makes something."""
    return post(path, needs=needs, sync_to_thread=True, **more)


def act(path: str, needs: Role | str = Role.OPERATOR, **more: Any) -> Verb:
    """POST: has something done."""
    return post(path, needs=needs, sync_to_thread=True, status_code=200, **more)


def change(path: str, needs: Role | str = Role.OPERATOR, **more: Any) -> Verb:
    """PATCH: changes what is given."""
    return patch(path, needs=needs, sync_to_thread=True, **more)


def replace(path: str, needs: Role | str = Role.OPERATOR, **more: Any) -> Verb:
    """PUT: this instead of what there is."""
    return put(path, needs=needs, sync_to_thread=True, **more)


def remove(path: str, needs: Role | str = Role.OPERATOR, **more: Any) -> Verb:
    """DELETE."""
    return delete(path, needs=needs, sync_to_thread=True, **more)
