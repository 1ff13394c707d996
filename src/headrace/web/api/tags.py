"""Entity tags: what one has need not be sent again, and nobody overwrites what he has not seen.

A tag is `"VERSION.DIGEST"`. A GET compares it whole (`If-None-Match`). A change or removal looks
at the version alone (`If-Match`): what a task does meanwhile makes no edit of it out of date.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Annotated, Any, Protocol, TypeVar

import msgspec
from litestar import Response
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import HeaderParameter

from headrace.errors import Refused, Stale

_TAGS = re.compile(r'(?:W/)?"([^"]*)"')
_HEADER = {"max_length": 1000}
IfMatch = Annotated[str, HeaderParameter(name="If-Match", **_HEADER)]
IfNoneMatch = Annotated[str, HeaderParameter(name="If-None-Match", **_HEADER)]
UNCHANGED = {304: ResponseSpec(None, description="It is as `If-None-Match` says")}


class Versioned(Protocol):
    """What counts its changes."""

    @property
    def version(self) -> int: ...


One = TypeVar("One", bound=Versioned)


def tagged(one: One, if_none_match: str = "") -> Response[One]:
    """A document with its tag; 304 without it where the reader has just that."""
    digest = hashlib.sha256(msgspec.json.encode(one)).hexdigest()[:16]
    tag = f"{one.version}.{digest}"
    headers = {"ETag": f'"{tag}"'}
    if if_none_match.strip() == "*" or tag in _TAGS.findall(if_none_match):
        unchanged: Any = Response(None, status_code=304, headers=headers)
        return unchanged  # type: ignore[no-any-return]
    return Response(one, headers=headers)


def expected_version(if_match: str, given: int | None, present: int) -> int:
    """The version a change is meant for: that of `If-Match`, or that `given` in the body.

    Raises `Stale` where `If-Match` means an earlier one, and `Refused` where nothing says.
    """
    if if_match:
        return _matching(if_match, present)
    if given is None:
        raise Refused(
            "Nothing says which version this is for.",
            advice="Send `version`, or the ETag as `If-Match`.",
        )
    return given


def matched(if_match: str, present: int) -> int | None:
    """The version that is meant; None for any. Raises `Stale` for an earlier one."""
    return _matching(if_match, present) if if_match else None


def _matching(if_match: str, present: int) -> int:
    known: Sequence[str] = _TAGS.findall(if_match)
    if if_match.strip() == "*" or str(present) in [tag.partition(".")[0] for tag in known]:
        return present
    raise Stale(
        "It was changed by somebody else meanwhile.",
        advice="Load it again; nothing of yours was saved.",
    )
