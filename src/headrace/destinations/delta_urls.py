"""From a Delta URL of an object store to the root of its tables. Needs no package."""

from __future__ import annotations

import re

from headrace.errors import Refused

STORES = {"delta+s3": "s3", "delta+gs": "gs", "delta+az": "az"}
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_PREFIX = re.compile(r"(/[A-Za-z0-9._=-]+)*/?")


def store_of(scheme: str, rest: str) -> str:
    """`delta+s3://bucket/prefix`, gs and az alike. Raises `Refused`, without repeating it."""
    bucket, slash, prefix = rest.removeprefix("//").partition("/")
    usable = rest.startswith("//") and _BUCKET.fullmatch(bucket)
    if not usable or not _PREFIX.fullmatch(slash + prefix) or {".", ".."} & set(prefix.split("/")):
        raise Refused(
            f"A {scheme} destination is named by a bucket (or container) and a plain prefix.",
            advice=f"Write {scheme}://bucket/prefix; credentials go into the environment.",
        )
    return f"{STORES[scheme]}://{bucket}{slash}{prefix}".rstrip("/")
