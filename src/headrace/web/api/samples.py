"""What is read of a source already: records of each stream, and the first as rows."""

from __future__ import annotations

from typing import Annotated

from litestar.params import PathParameter, QueryParameter

from headrace.app.serving.connecting import samples
from headrace.app.serving.connecting.samples import ROWS_MAX
from headrace.control.people import Role
from headrace.web.api.answers import all_shown, shown
from headrace.web.api.pages import whole
from headrace.web.api.verbs import Id, The, look
from headrace.wire.page import Page
from headrace.wire.samples import HeldStream, Sample

StreamName = Annotated[str, PathParameter(max_length=100)]
Rows = Annotated[int, QueryParameter(ge=1, le=ROWS_MAX)]


@look("/connections/{connection_id:int}/streams")
def streams(connection_id: Id, platform: The) -> Page[HeldStream]:
    """All there are, with how many records are on file; null before anything was read."""
    return whole(all_shown(HeldStream, samples.streams(platform, connection_id)))


@look("/connections/{connection_id:int}/streams/{stream:str}/rows", needs=Role.OPERATOR)
def rows(connection_id: Id, stream: StreamName, platform: The, limit: Rows = 20) -> Sample:
    """The first rows of its table and child tables, as a task writes them. CODING is not asked."""
    return shown(Sample, samples.rows(platform, connection_id, stream, limit))


HANDLERS = (streams, rows)
