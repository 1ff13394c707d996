"""The streams there are, with their tables and columns."""

from __future__ import annotations

from typing import Annotated

from litestar.params import PathParameter

from headrace.app.serving import catalogue
from headrace.web.api.answers import all_shown, shown
from headrace.web.api.pages import whole
from headrace.web.api.verbs import look
from headrace.wire.models import StreamInfo
from headrace.wire.page import Page

StreamName = Annotated[str, PathParameter(max_length=100)]


@look("/streams")
def streams() -> Page[StreamInfo]:
    """The catalogue."""
    return whole(all_shown(StreamInfo, catalogue.streams()))


@look("/streams/{stream:str}")
def stream(stream: StreamName) -> StreamInfo:
    """One of them."""
    return shown(StreamInfo, catalogue.named(stream))


HANDLERS = (streams, stream)
