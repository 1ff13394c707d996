"""Every reading Action of the official document is read by a stream, or named with its reason."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from headrace.coding.other_actions import OTHER_ACTIONS
from headrace.coding.streams import CATALOGUE

DOCUMENT = Path(
    os.environ.get(
        "HEADRACE_OPENAPI",
        Path(__file__).resolve().parents[2].parent / "shared" / "coding" / "openapi.json",
    )
)
# Actions that serve a stream and are the lookup of another thing besides.
ALSO_OTHERS = {"DescribeOneProject"}


def used() -> Iterator[str]:
    for stream in CATALOGUE:
        if not stream.is_derived:
            yield stream.listing.action
        if stream.lookup is not None:
            yield stream.lookup.action


def test_each_reading_action_has_one_place() -> None:
    if not DOCUMENT.is_file():
        pytest.skip(f"the OpenAPI document is not at {DOCUMENT}; name it with HEADRACE_OPENAPI")
    paths = json.loads(DOCUMENT.read_bytes())["paths"]
    names = {re.sub(r"^.*action=", "", path).strip("/") for path in paths}
    reading = {name for name in names if name.startswith("Describe")}
    assert len(reading) == 217
    assert set(used()) | set(OTHER_ACTIONS) == reading
    assert set(used()) & set(OTHER_ACTIONS) <= ALSO_OTHERS


def test_reasons_name_streams_that_exist() -> None:
    names = {stream.name for stream in CATALOGUE}
    shown = {why.split()[1] for why in OTHER_ACTIONS.values() if why.startswith("shows ")}
    assert shown <= names
