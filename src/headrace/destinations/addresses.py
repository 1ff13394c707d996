"""What stands behind the scheme of a destination's URL: a path, a bucket, a place of dlt. Pure.

Every mistake is `Refused` without a word of the URL: it may hold a password.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from headrace.errors import Refused

STORES = {"delta+s3": "s3", "delta+gs": "gs", "delta+az": "az"}
DLT_PREFIX = "dlt+"
DATASET = "headrace"
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_BELOW = re.compile(r"(/[A-Za-z0-9._=-]+)*/?")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class DltAddress:
    """One of dlt's destinations. `credentials` "": dlt finds them in its configuration or in the
    environment."""

    name: str
    credentials: str = field(repr=False)
    dataset: str


def nothing(scheme: str, rest: str) -> None:
    """There is but one."""
    if rest.strip("/"):
        raise Refused(f"A {scheme}: destination takes no name.", advice=f"Write {scheme}: alone.")


def whole(scheme: str, rest: str) -> str:
    """The URL as it was given."""
    return f"{scheme}:{rest}"


def file_of(scheme: str, rest: str) -> str:
    """The path of a file behind three slashes: a fourth one makes it absolute."""
    return _path(scheme, rest, "name.db")


def folder_of(scheme: str, rest: str) -> str:
    """The path of a folder, in the same way."""
    return _path(scheme, rest, "folder")


def delta_root(scheme: str, rest: str) -> str:
    """A folder, or the bucket and prefix of an object store."""
    if scheme not in STORES:
        return folder_of(scheme, rest)
    bucket, slash, below = rest.removeprefix("//").partition("/")
    usable = rest.startswith("//") and _BUCKET.fullmatch(bucket)
    if not usable or not _BELOW.fullmatch(slash + below) or {".", ".."} & set(below.split("/")):
        raise Refused(
            f"A {scheme} destination is named by a bucket (or container) and a plain prefix.",
            advice=f"Write {scheme}://bucket/prefix; credentials go into the environment.",
        )
    return f"{STORES[scheme]}://{bucket}{slash}{below}".rstrip("/")


def dlt_address(scheme: str, rest: str) -> DltAddress:
    """`dlt+NAME://user:password@host/database?dataset=...`; or `dlt+NAME:` alone.

    What follows NAME is what dlt takes as its credentials; where that has a scheme of another name,
    it is written whole: `dlt+sqlalchemy://mysql+pymysql://...`.
    """
    name = scheme.removeprefix(DLT_PREFIX)
    base, _, query = rest.partition("?")
    pairs = parse_qsl(query, keep_blank_values=True)
    datasets = [value for key, value in pairs if key == "dataset"] or [DATASET]
    if not _WORD.fullmatch(name) or len(datasets) > 1 or not _WORD.fullmatch(datasets[0]):
        raise Refused(
            "This is not a dlt destination.",
            advice="Write dlt+NAME://..., NAME one of dlt's destinations; ?dataset=name if wanted.",
        )
    left = urlencode([pair for pair in pairs if pair[0] != "dataset"])
    inner = base.removeprefix("//")
    found = inner if "://" in inner else f"{name}:{base}"
    credentials = f"{found}?{left}" if left else found
    return DltAddress(name, credentials if base.strip("/") else "", datasets[0])


def _path(scheme: str, rest: str, example: str) -> str:
    try:
        parts = urlsplit(f"file:{rest}")
        path = unquote(parts.path, errors="strict")
    except ValueError:
        parts, path = None, ""
    usable = parts is not None and not (parts.netloc or parts.query or parts.fragment)
    if not usable or not rest.startswith("///") or path in ("", "/") or "\0" in path:
        raise Refused(
            f"A {scheme} destination is named by a path and nothing else.",
            advice=f"Write {scheme}:///{example} or {scheme}:////absolute/path/{example}.",
        )
    return path.removeprefix("/")
