"""Models of sources: their tables and columns as they were last loaded, and what changed."""

from __future__ import annotations

from typing import Any

from headrace.app.serving import views
from headrace.control.models import Model
from headrace.web.api.verbs import BeforeId, Id, Limit, The, act, look


@look("/connections/{connection_id:int}/model")
def model(connection_id: Id, platform: The) -> Model | None:
    """The present one; null before the first load."""
    views.source(platform, connection_id)
    return platform.models.get(connection_id)


@look("/connections/{connection_id:int}/model/history")
def history(
    connection_id: Id, platform: The, before_id: BeforeId = 0, limit: Limit = 50
) -> list[dict[str, Any]]:
    """Loads that found a change, the newest first; `before_id` leads to the next page."""
    views.source(platform, connection_id)
    found = platform.models.history(connection_id, before_id=before_id, limit=limit)
    return [one.as_dict() for one in found]


@act("/connections/{connection_id:int}/model/reload")
def reload(connection_id: Id, platform: The) -> dict[str, int]:
    """Load it at once. Answers when it was loaded last, until then: wait for a later one."""
    views.source(platform, connection_id)
    before = platform.models.get(connection_id)
    platform.reload(connection_id)
    return {"loaded_at": before.loaded_at if before is not None else 0}


HANDLERS = (model, history, reload)
