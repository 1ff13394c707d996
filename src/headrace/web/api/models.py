"""Models of sources: their tables and columns as they were last loaded, and what changed."""

from __future__ import annotations

from headrace.app.serving import views
from headrace.web.api.answers import all_shown, shown
from headrace.web.api.pages import After, Limit, newest
from headrace.web.api.verbs import Id, The, act, look
from headrace.wire.models import Load, Model, Reloading
from headrace.wire.page import Page


@look("/connections/{connection_id:int}/model")
def model(connection_id: Id, platform: The) -> Model | None:
    """The present one; null before the first load."""
    views.source(platform, connection_id)
    found = platform.models.get(connection_id)
    return shown(Model, found) if found is not None else None


@look("/connections/{connection_id:int}/model/history")
def history(connection_id: Id, platform: The, after: After = "", limit: Limit = 50) -> Page[Load]:
    """Loads that found a change, the newest first."""
    views.source(platform, connection_id)

    def found(before_id: int, count: int) -> list[Load]:
        rows = platform.models.history(connection_id, before_id=before_id, limit=count)
        return all_shown(Load, rows)

    return newest(found, after=after, limit=limit)


@act("/connections/{connection_id:int}/model/reload")
def reload(connection_id: Id, platform: The) -> Reloading:
    """Load it at once. Answers when it was loaded last, until then: wait for a later one."""
    views.source(platform, connection_id)
    before = platform.models.get(connection_id)
    platform.reload(connection_id)
    return Reloading(loaded_at=before.loaded_at if before is not None else 0)


HANDLERS = (model, history, reload)
