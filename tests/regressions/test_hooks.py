"""What hooks did to those who believed them. Here a hook is a hint; the API is the truth."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from tests.engine.bench_world import Bench

from headrace.core.record import make_key


class Hooked:
    """A bench whose team tells of its acts; deliveries are handed over by the test."""

    def __init__(self, **settings: Any) -> None:
        self.bench = Bench(issues=8, **settings)
        self.bench.turn()
        self.bench.team.listening = True

    def told(self) -> list[Mapping[str, Any]]:
        return [event.body for event in self.bench.team.take_events()]

    def hear(self, *bodies: Mapping[str, Any]) -> None:
        """What a delivery leads to: the records it names are read again."""
        for body in bodies:
            issue = body["issue"]
            project = issue.get("project_id", self.bench.project)
            key = make_key((int(project), int(issue["code"])))
            self.bench.capture.reread(
                self.bench.stream("issues"), self.bench.scope("issues"), [key]
            )
        self.bench.apply.drain()


@pytest.fixture
def hooked() -> Hooked:
    return Hooked()


def test_hooks_out_of_order(hooked: Hooked) -> None:
    """Events came in another order than they happened, and the older state won
    (stripe/stripe-cli#418); here both lead to the same second look."""
    bench = hooked.bench
    for name in ("first", "second", "third"):
        bench.clock.advance(2000)
        bench.update(1, name=name)
    hooked.hear(*reversed(hooked.told()))
    assert bench.row(1)["name"] == "third"
    assert bench.counts("issues").updated == 1
    bench.assert_exact()


def test_hook_twice(hooked: Hooked) -> None:
    """A repeated delivery was counted as a second change."""
    hooked.bench.update(1, name="once")
    (body,) = hooked.told()
    hooked.hear(body, body, body)
    assert hooked.bench.counts("issues").updated == 1


def test_hook_lost(hooked: Hooked) -> None:
    """A delivery that never came was never missed."""
    bench = hooked.bench
    bench.update(1, name="told to nobody")
    bench.delete(bench.team.projects[bench.project].codes()[-1])
    hooked.told()
    bench.poll()
    bench.census().assert_exact()


def test_hook_forged(hooked: Hooked) -> None:
    """Anybody who knew the address could write into the table; here a body is never written."""
    bench = hooked.bench
    bench.update(1, name="true")
    (body,) = hooked.told()
    forged = json.loads(json.dumps(body).replace("true", "forged"))
    forged["issue"]["title"] = "forged"
    hooked.hear(forged)
    assert bench.row(1)["name"] == "true"
    bench.assert_exact()


def test_hook_of_a_delete_then_a_late_update(hooked: Hooked) -> None:
    """The update's event came after the delete's and brought the row back."""
    bench = hooked.bench
    code = bench.team.projects[bench.project].codes()[-1]
    bench.update(code, name="last words")
    bench.delete(code)
    update, delete = hooked.told()
    hooked.hear(delete, update)
    assert code not in bench.codes()
    bench.assert_exact()
    assert (bench.counts("issues").deleted, bench.counts("issues").inserted) == (1, 8)


def test_hook_of_a_project_out_of_sight(hooked: Hooked) -> None:
    """The second look was refused, which is no proof that the record is gone."""
    bench = hooked.bench
    bench.update(1, name="unseen")
    bench.team.hide_project(bench.project)
    hooked.hear(*hooked.told())
    assert 1 in bench.codes()


def test_hook_before_the_index_follows() -> None:
    """The event came before the search index had the change: the second look showed the old
    state, and nobody looked a third time; here the poll does."""
    hooked = Hooked(visibility_lag_ms=5_000)
    bench = hooked.bench
    bench.settle()
    bench.update(1, name="soon")
    hooked.hear(*hooked.told())
    assert bench.row(1)["name"] != "soon"
    bench.poll()
    bench.poll()
    assert bench.row(1)["name"] == "soon"


def test_partial_body_of_a_hook_does_not_clear_columns(hooked: Hooked) -> None:
    """A body that left out unset and unchanged fields emptied their columns."""
    bench = hooked.bench
    bench.update(1, due_date=bench.now_ms, story_point="5", assignee_ids=(1, 2))
    bench.poll()
    bench.census()
    before = bench.row(1)
    bench.clock.advance(2000)
    bench.update(1, priority="0" if before["priority"] != "0" else "1")
    hooked.hear(hooked.told()[-1])
    after = bench.row(1)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"priority", "updated_at", "_changed_at", "_offset"}
