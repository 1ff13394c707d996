"""Connections and tasks as a TOML file: taken out whole, without secrets, and put in."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Response
from litestar.params import JSONBody

from headrace.web.api.verbs import Body, By, The, act, look


class File(Body):
    """The text of a file. `${NAME}` is not filled in here: the environment is the server's."""

    toml: Annotated[str, msgspec.Meta(max_length=1_000_000, pattern="^[^\\x00]*$")]


@look("/export")
def export(platform: The) -> Response[str]:
    """All connections and tasks."""
    headers = {"content-disposition": 'attachment; filename="headrace.toml"'}
    return Response(
        platform.files.export(), media_type="application/toml; charset=utf-8", headers=headers
    )


@act("/import")
def apply(data: JSONBody[File], by: By, platform: The) -> dict[str, list[str]]:
    """Make and change what the file says; what it does not name stays. Where something in it cannot
    be, what came before that is applied."""
    return platform.files.apply_text(by, data.toml).as_dict()


HANDLERS = (export, apply)
