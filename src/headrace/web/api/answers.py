"""Documents as they are answered: plain data made into the types of `headrace.wire`."""

from __future__ import annotations

import msgspec
from litestar.openapi.datastructures import ResponseSpec

from headrace.wire.connections import CheckLine
from headrace.wire.making import all_shown, shown

__all__ = ["LINES", "Nothing", "all_shown", "shown"]


class Nothing(msgspec.Struct):
    """Done, and nothing to say."""


LINES = {
    200: ResponseSpec(
        CheckLine, media_type="application/x-ndjson", generate_examples=False,
        description="A line of JSON for each item, then one with the result",
    )
}  # fmt: skip
