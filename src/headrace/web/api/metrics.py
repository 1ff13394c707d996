"""Figures for Prometheus, at the place where it looks for them: `/metrics`."""

from __future__ import annotations

from litestar import Response

from headrace.app.serving.watching.metrics import CONTENT_TYPE
from headrace.web.api.verbs import The, look


@look("/metrics", include_in_schema=False)
def metrics(platform: The) -> Response[str]:
    """Everything, in the text format of Prometheus."""
    return Response(platform.metrics.text(), headers={"content-type": CONTENT_TYPE})
