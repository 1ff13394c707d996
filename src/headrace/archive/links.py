"""Links to CODING's own files in what people wrote: as Markdown, as HTML or bare.

The official document shows two forms: `/api/project/1/files/2/imagePreview` (or `download`), whose
second number is the file's id, and `/api/km/.../external/imagePreview`, which names none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_LINK = re.compile(
    r"(?:https?://(?P<host>[A-Za-z0-9.:\[\]-]{1,255}))?"
    r"(?P<path>/api/(?:project/(?P<project>\d{1,18})/files/(?P<file>\d{1,18})/"
    r"(?:imagePreview|download)|km/[A-Za-z0-9/_-]{1,300}/imagePreview))"
)
_PICTURE = re.compile(
    r"!\[[^\[\]\n]{0,500}\]\((?P<md>[^)\s]{1,2000})"
    r"|<img\b[^<>]{0,500}?\bsrc\s*=\s*[\"']?(?P<html>[^\"'<>\s]{1,2000})",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Link:
    """A link to a file of the team. `file_id` and `project` are 0 where the address has none."""

    path: str
    file_id: int = 0
    project: int = 0


def files_in(text: str, host: str) -> Sequence[Link]:
    """The links to CODING's own files in a text, each once. `host`: the team's, with its port."""
    found = (_link(match, host) for match in _LINK.finditer(text))
    return list(dict.fromkeys(link for link in found if link is not None))


def pictures_in(text: str, host: str) -> Sequence[Link | None]:
    """All pictures of a text in their order; None for one that is kept elsewhere."""
    addresses = [match["md"] or match["html"] for match in _PICTURE.finditer(text)]
    return [next(iter(files_in(address, host)), None) for address in addresses]


def _link(match: re.Match[str], host: str) -> Link | None:
    if match["host"] and match["host"].lower() != host.lower():
        return None
    return Link(match["path"], int(match["file"] or 0), int(match["project"] or 0))
