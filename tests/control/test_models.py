"""Models: what differs from load to load, and when the next load is due."""

from __future__ import annotations

import pytest
from tests.control.conftest import ADMIN, Desk

from headrace.control.connections import ConnectionRole
from headrace.control.models import (
    LOADS_MAX,
    MANY_TABLES,
    Difference,
    Models,
    differences,
    next_load,
)
from headrace.control.monitor import DAY_MS, HOUR_MS, day_of
from headrace.errors import Refused

BEFORE = {"issues": [["id", "integer"], ["name", "text"]], "old": [["id", "integer"]]}
AFTER = {"issues": [["id", "decimal"], ["points", "integer"]], "new": [["id", "integer"]]}


@pytest.fixture
def models(desk: Desk) -> Models:
    return Models(desk.store, desk.clock)


@pytest.fixture
def source(desk: Desk) -> int:
    role = ConnectionRole.SOURCE
    return desk.connections.save(ADMIN, "team", role, "coding", {"team": "t"}).id


def test_every_kind_of_difference_is_listed() -> None:
    assert set(differences(BEFORE, AFTER)) == {
        Difference("table_removed", "old"),
        Difference("table_added", "new"),
        Difference("column_removed", "issues", "name", before="text"),
        Difference("column_added", "issues", "points", after="integer"),
        Difference("column_type", "issues", "id", "integer", "decimal"),
    }
    assert list(differences(AFTER, AFTER)) == []


def test_loads_are_kept_where_something_changed(desk: Desk, models: Models, source: int) -> None:
    assert models.get(source) is None
    first = models.loaded(source, BEFORE)
    assert first is not None and first.first and first.changes == []
    began = desk.clock.now_ms()
    desk.clock.advance(HOUR_MS)
    assert models.loaded(source, BEFORE) is None
    model = models.get(source)
    assert model is not None
    assert (model.columns, model.changed_at, model.loaded_at) == (BEFORE, began, began + HOUR_MS)
    load = models.loaded(source, AFTER)
    assert load is not None and len(load.changes) == 5 and not load.first
    assert models.history(source) == [load, first]
    assert models.history(source, before_id=load.id) == [first]
    now = models.get(source)
    assert now is not None and now.columns == AFTER


def test_the_history_is_limited_and_goes_with_its_connection(
    desk: Desk, models: Models, source: int
) -> None:
    for number in range(LOADS_MAX + 4):
        models.loaded(source, {"issues": [[f"c{number}", "text"]]})
    kept = models.history(source, limit=1000)
    assert len(kept) == LOADS_MAX
    assert kept[0].changes[0].before == "text"
    desk.connections.delete(ADMIN, source)
    assert models.history(source) == []


def test_small_sources_are_loaded_hourly_large_ones_daily_at_their_time() -> None:
    midnight = day_of(1_795_000_000_000)
    noon = midnight + 12 * HOUR_MS
    assert next_load(noon, MANY_TABLES - 1) == noon + HOUR_MS
    assert next_load(noon, MANY_TABLES) == midnight + DAY_MS + 3 * HOUR_MS
    assert next_load(noon, MANY_TABLES, "22:30") == midnight + 22 * HOUR_MS + HOUR_MS // 2
    assert next_load(noon, MANY_TABLES, "12:00") == noon + DAY_MS
    with pytest.raises(Refused, match="no time"):
        next_load(noon, MANY_TABLES, "24:00")
