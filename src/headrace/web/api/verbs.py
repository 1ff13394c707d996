"""How handlers are declared: what they do to a resource, and which role that needs."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Any

import msgspec
from litestar import delete, get, patch, post, put
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import PathParameter, QueryParameter, SkipValidation

from headrace.app.serving.platform import Platform
from headrace.control.people import Person, Role
from headrace.wire.problem import MEDIA_TYPE, Problem

ID_MAX = 2**31 - 1
Text = Annotated[str, msgspec.Meta(max_length=200, pattern="^[^\\x00]*$")]
Password = Annotated[str, msgspec.Meta(max_length=1024, pattern="^[^\\x00]*$")]
Number = Annotated[int, msgspec.Meta(ge=0, le=ID_MAX)]
Id = Annotated[int, PathParameter(ge=0, le=ID_MAX)]
SearchText = Annotated[str, QueryParameter(max_length=200, pattern="^[^\\x00]*$")]
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
    return get(path, **_said(path, needs, more, ()))


def make(path: str, needs: Role | str = Role.OPERATOR, **more: Any) -> Verb:
    """POST: makes something."""
    return post(path, **_said(path, needs, more, (409, 413)))


def act(path: str, needs: Role | str = Role.OPERATOR, **more: Any) -> Verb:
    """POST: has something done."""
    return post(path, status_code=200, **_said(path, needs, more, (409, 413)))


def change(path: str, needs: Role | str = Role.OPERATOR, **more: Any) -> Verb:
    """PATCH: changes what is given."""
    return patch(path, **_said(path, needs, more, (409, 412, 413)))


def replace(path: str, needs: Role | str = Role.OPERATOR, **more: Any) -> Verb:
    """PUT: this instead of what there is."""
    return put(path, **_said(path, needs, more, (409, 412, 413)))


def remove(path: str, needs: Role | str = Role.OPERATOR, **more: Any) -> Verb:
    """DELETE."""
    return delete(path, **_said(path, needs, more, (409, 412)))


def _said(
    path: str, needs: Role | str, more: dict[str, Any], problems: tuple[int, ...]
) -> dict[str, Any]:
    """What a handler is declared with: who may, and each problem it may answer with."""
    often = (429,) if path.startswith(("/session", "/setup")) else ()
    answers = {
        status: ResponseSpec(
            Problem, description=HTTPStatus(status).phrase, media_type=MEDIA_TYPE,
            generate_examples=False,
        )
        for status in sorted({400, 401, 403, 404, *often, *problems, 503})
    }  # fmt: skip
    answers |= more.pop("responses", {})
    if not isinstance(needs, Role):
        more["security"] = [{}]
    return {"needs": needs, "sync_to_thread": True, "responses": answers, **more}
