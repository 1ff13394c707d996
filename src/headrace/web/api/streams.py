"""The streams there are, with their tables and columns."""

from __future__ import annotations

from typing import Any

from headrace.app.serving import catalogue
from headrace.web.api.verbs import look


@look("/streams")
def streams() -> list[dict[str, Any]]:
    """The catalogue."""
    return catalogue.streams()


HANDLERS = (streams,)
