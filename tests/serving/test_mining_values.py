"""What a source's values say of its minings, and what of them cannot be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.serving.conftest import ADMIN, Site

from headrace.app.serving.kinds import ConnectionKinds
from headrace.app.serving.mining.mining_values import mining_values
from headrace.coding.streams import CATALOGUE, DEFAULTS
from headrace.config import ConnectionSettings
from headrace.control.connections import HIDDEN, ConnectionRole
from headrace.errors import Refused

TOKEN = "0123456789abcdef0123456789abcdef01234567"
SOURCE = ConnectionRole.SOURCE


def checked(tmp_path: Path, **values: Any) -> dict[str, Any]:
    given = {"team": "acme", "token": TOKEN, **values}
    return dict(ConnectionKinds(tmp_path).checked(SOURCE, "coding", given))


def names(streams: Any) -> set[str]:
    return {stream.name for stream in streams}


@pytest.mark.parametrize(
    ("key", "value", "word"),
    [
        ("mining_store", "mysql://me@host/db", "PostgreSQL"),
        ("mining_store", "postgresql://me@host", "PostgreSQL"),
        ("mining_store", "postgresql://me@host:port/db", "PostgreSQL"),
        ("mining_store", "postgresql://me@[/db", "PostgreSQL"),
        ("mining_store", "postgresql://me@host/db?password=hunter2", "password"),
        ("mining_store", 7, "mining_store"),
        ("mining_streams", ["isues"], "isues"),
        ("mining_streams", "issues", "mining_streams"),
        ("mining_streams", [7], "mining_streams"),
        ("mining_leave_out", ["nothing*"], "nothing*"),
        ("mining_leave_out", ["*"], "leaves nothing"),
        ("log_days", 0, "log_days"),
        ("log_days", -1, "log_days"),
        ("log_days", 366, "log_days"),
        ("log_days", float("nan"), "log_days"),
        ("log_days", True, "log_days"),
        ("log_days", "3", "log_days"),
        ("mining_start", "yesterday", "mining_start"),
        ("mining_start", 7, "mining_start"),
        ("shared_mining", "yes", "shared_mining"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, key: str, value: Any, word: str) -> None:
    with pytest.raises(Refused) as caught:
        checked(tmp_path, **{key: value})
    assert word in caught.value.message and caught.value.advice
    assert "hunter2" not in str(caught.value)


def test_the_password_of_a_store_is_kept_apart(tmp_path: Path) -> None:
    saved = checked(tmp_path, mining_store="postgresql://me:p%40ss@host:5432/db")
    assert saved["mining_store"] == "postgresql://me@host:5432/db"
    assert saved["mining_password"] == "p@ss"
    assert "mining_password" in ConnectionKinds(tmp_path).secret(SOURCE, "coding")
    values = mining_values(saved)
    assert values.store == "postgresql://me:p%40ss@host:5432/db"
    assert "p%40ss" not in repr(values)
    assert "mining_password" not in checked(tmp_path, mining_password="p@ss")


def test_it_stays_sealed_and_goes_with_its_store(site: Site) -> None:
    platform = site.platform
    saved = site.source(mining_store="postgresql://me:hunter2@host/db")
    assert saved.as_dict()["values"]["mining_password"] == HIDDEN
    assert "hunter2" not in json.dumps(saved.values) + platform.files.export()
    given = {**saved.as_dict()["values"], "log_days": 5}
    changed = platform.connections.change(ADMIN, saved.id, saved.version, given)
    assert platform.connections.whole(saved.id)["mining_password"] == "hunter2"
    gone = {"mining_store": None}
    changed = platform.connections.change(ADMIN, saved.id, changed.version, gone)
    assert "mining_password" not in platform.connections.whole(saved.id)
    assert changed.values["log_days"] == 5


def test_a_file_may_name_them(site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STORE_PASSWORD", "p@ss/word")
    path = tmp_path / "headrace.toml"
    path.write_text(
        f'[connections.acme]\nteam = "acme"\ntoken = "{TOKEN}"\nlog_days = 1.5\n'
        'mining_store = "postgresql://me:${STORE_PASSWORD}@host/db"\n'
        'mining_streams = ["issue*"]\nmining_leave_out = ["issue_comments"]\n'
        'mining_start = "2026-01-31"\n'
    )
    assert site.platform.files.apply(ADMIN, path).made == ["connection acme"]
    assert site.platform.files.apply(ADMIN, path).equal == ["connection acme"]
    acme = site.platform.connections.named("acme")
    assert acme is not None
    whole = site.platform.connections.whole(acme.id)
    assert whole["mining_password"] == "p@ss/word"
    values = mining_values(whole)
    assert (values.log_days, values.leave_out) == (1.5, ("issue_comments",))
    exported = site.platform.files.export()
    assert (
        'mining_store = "postgresql://me@host/db"' in exported and "# mining_password" in exported
    )


def test_what_may_be_read() -> None:
    """Included with what they hang on; left out with what hangs on them."""
    every = mining_values({})
    assert every.names() == names(CATALOGUE) and every.choose(()) == DEFAULTS
    some = mining_values({"mining_streams": ["issue_comments", "wiki_pages"]})
    assert some.names() == {"projects", "issues", "issue_comments", "wiki_pages"}
    assert names(some.choose(())) == some.listed() == {"issue_comments", "wiki_pages"}
    alone = {"mining_streams": ["issue_comments"], "shared_mining": False}
    assert not mining_values(alone).listed() and not every.listed()
    without = mining_values({"mining_leave_out": ["issues"]})
    assert not without.names() & {"issues", "issue_comments", "issue_status_changes"}
    assert "iterations" in names(without.choose(()))
    assert names(without.choose(["iterations"])) == {"iterations"}
    with pytest.raises(Refused, match="leaves out issues, issue_comments") as caught:
        without.choose(["issues", "issue_comments", "iterations"])
    assert "mining_leave_out" in caught.value.advice


def test_where_a_mirror_lies(tmp_path: Path) -> None:
    settings = ConnectionSettings("acme", team="acme", token=TOKEN)
    store, name = mining_values({}).place("connection-3", tmp_path, settings)
    assert store == tmp_path and name.startswith("acme-")
    there = mining_values({"mining_store": "postgresql://me@host/db"})
    assert there.place("connection-3", tmp_path, settings) == (
        "postgresql://me@host/db", f"connection-3-{name}",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("start", "since"),
    [
        ("", 0),
        ("now", 77_000),
        ("1970-01-02", 16 * 3_600_000),
        ("1970-01-01T08:00:01", 1000),
        ("1970-01-01T00:00:01+00:00", 1000),
    ],
)
def test_from_when_rows_are_wanted(start: str, since: int) -> None:
    assert mining_values({"mining_start": start}).since_ms(377_000) == since
