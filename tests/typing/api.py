"""What a type checker sees of the public API. Checked, never run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_type

import headrace
from headrace.client import HeadraceClient
from headrace.wire import connections, minings, tasks, watching

acme = headrace.connect(team="acme", token="t", projects=["shop"], state=".headrace")
assert_type(acme, headrace.Connection)

result = acme.sync("duckdb:///acme.duckdb", streams=["issues"], once=True, write="history")
assert_type(result, headrace.Result)
assert_type(result.streams["issues"], headrace.Counts)
assert_type(result.streams["issues"].inserted, int)
assert_type(result.notes, tuple[headrace.Note, ...])
assert_type(result.changed, int)
assert_type(result.seconds, float)

assert_type(acme.check(), list[headrace.Check])
assert_type(acme.streams("issue*"), tuple[headrace.Stream, ...])
assert_type(acme.verify("duckdb:///acme.duckdb")[0], headrace.Verdict)
assert_type(acme.changes(), Iterator[headrace.Change])
for change in acme.changes(after=5):
    assert_type(change.op, headrace.Op)
    assert_type(change.after, bytes | None)
acme.stop()

try:
    acme.sync("memory:", write="mirrors")  # type: ignore[arg-type]
except headrace.Unavailable as error:
    assert_type(error.retry_after_seconds, float | None)
except headrace.Refused as refused:
    assert_type(refused.advice, str)

with HeadraceClient("https://headrace.example.com", "hr_token") as client:
    assert_type(client.tasks.all(), list[tasks.Task])
    nightly = client.tasks.named("nightly")
    assert_type(nightly.lag, int | None)
    assert_type(client.tasks.start(nightly.id), tasks.TaskDetail)
    assert_type(client.tasks.wait(nightly.id, ["running"]).state, tasks.State)
    client.tasks.wait(nightly.id, ["runing"])  # type: ignore[list-item]
    assert_type(client.connections.all("source"), list[connections.Connection])
    assert_type(client.connections.check(1), Iterator[connections.CheckItem])
    assert_type(client.minings(), list[minings.Mining])
    assert_type(client.figures("task:1").ever[""].read, int)
    assert_type(next(client.log("task:1", level="error")).text, str)
    assert_type(client.open_alerts(), list[watching.Alert])
