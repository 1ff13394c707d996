"""From a dlt URL to the destination's name, its credentials and the dataset. Needs no package."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode

from headrace.errors import Refused

PREFIX = "dlt+"
DATASET = "headrace"
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Address:
    """One of dlt's destinations. `credentials` "": dlt finds them in its configuration or in the
    environment."""

    name: str
    credentials: str = field(repr=False)
    dataset: str


def address_of(scheme: str, rest: str) -> Address:
    """`dlt+NAME://user:password@host/database?dataset=...`; or `dlt+NAME:` alone.

    What follows NAME is what dlt takes as its credentials; where that has a scheme of another name,
    it is written whole: `dlt+sqlalchemy://mysql+pymysql://...`. Raises `Refused` without a word of
    it.
    """
    name = scheme.removeprefix(PREFIX)
    if not _WORD.fullmatch(name):
        raise _refused()
    base, _, query = rest.partition("?")
    pairs = parse_qsl(query, keep_blank_values=True)
    datasets = [value for key, value in pairs if key == "dataset"] or [DATASET]
    if len(datasets) > 1 or not _WORD.fullmatch(datasets[0]):
        raise _refused()
    left = urlencode([pair for pair in pairs if pair[0] != "dataset"])
    inner = base.removeprefix("//")
    whole = inner if "://" in inner else f"{name}:{base}"
    credentials = f"{whole}?{left}" if left else whole
    return Address(name, credentials if base.strip("/") else "", datasets[0])


def _refused() -> Refused:
    return Refused(
        "This is not a dlt destination.",
        advice="Write dlt+NAME://..., NAME one of dlt's destinations; ?dataset=name if wanted.",
    )
