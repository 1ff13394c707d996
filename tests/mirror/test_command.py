"""`headrace mirror`: what it shows, what it refuses, how it ends."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from headrace.app.mirrors import Place, compact, info, place_for, verify
from headrace.cli import run
from headrace.config import ConnectionSettings
from headrace.core.ports import Cursor
from headrace.errors import Refused
from headrace.mirror.urls import open_inbox, open_mirror
from headrace.testing.inbox_contract import deliveries
from headrace.testing.mirror_contract import START_MS, gone, page, seen

TEAM = ("--team", "acme")


class Ran(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


Headrace = Callable[..., Ran]


@pytest.fixture
def headrace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Headrace:
    """Run the program in an empty folder, without a token."""
    monkeypatch.chdir(tmp_path)
    for name in ("LC_ALL", "LC_MESSAGES", "LANG", "CODING_TOKEN"):
        monkeypatch.delenv(name, raising=False)

    def call(*args: str) -> Ran:
        code = run(["mirror", *args])
        return Ran(code, *capsys.readouterr())

    return call


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """The mirror of team acme: 600 issues, a delete, a hidden scope, hooks."""
    settings = ConnectionSettings("acme", team="acme")
    place = place_for(settings, tmp_path / ".headrace")
    with closing(open_mirror(place.store, place.name, START_MS)) as one:
        one.commit(page(*(seen(n, "x" * 999) for n in range(600)), cursor=Cursor(mark=START_MS)))
        one.commit(page(gone(7, at=2), at=START_MS + 9))
        hidden = Cursor(mark=START_MS + 5, state="hidden", reason="403", held=60)
        one.commit(page(scope="2", cursor=hidden))
        one.commit(page(stream="projects", calls=1))
    with closing(open_inbox(place.store, place.name)) as inbox:
        inbox.put(deliveries(1, 2, 3))
        inbox.settle(["delivery-1"], state="done")
    return place


def test_info(headrace: Headrace, place: Place) -> None:
    ran = headrace("info", *TEAM)
    assert ran.code == 0, ran.err
    assert str(place) in ran.out
    row = next(line.split() for line in ran.out.splitlines() if line.split()[:1] == ["issues"])
    assert row[:3] == ["issues", "599", "1"] and row[-2:] == ["1", "60"]
    assert "2 waiting, 1 done, 0 dead" in ran.out
    assert "等待 2" in headrace("info", *TEAM, "--lang", "zh").out


def test_info_as_json(headrace: Headrace, place: Place) -> None:
    document = headrace("info", *TEAM, "--json").document
    assert document["place"] == str(place) and document["bytes"] > 600_000
    assert document["inbox"] == {"waiting": 2, "done": 1, "dead": 0}
    assert set(document["streams"]) == {"issues", "projects"}
    issues = document["streams"]["issues"]
    assert (issues["records"], issues["tombstones"], issues["mark"]) == (599, 1, START_MS)
    assert (issues["hidden"], issues["held"]) == ({"2": "403"}, 60)
    assert issues["cursors"]["2"]["mark"] == START_MS + 5
    assert issues["log"] == {
        "changes": 601, "first_offset": START_MS * 1000 + 1,
        "last_offset": START_MS * 1000 + 601, "oldest_at": START_MS, "newest_at": START_MS + 9,
    }  # fmt: skip


def test_verify_of_a_sound_mirror(headrace: Headrace, place: Place) -> None:
    ran = headrace("verify", *TEAM)
    assert (ran.code, "599 records and 601 log entries agree" in ran.out) == (0, True)
    document = headrace("verify", *TEAM, "--json").document
    assert document["sound"] is True and document["problems"] == []


def test_verify_of_an_unsound_mirror(headrace: Headrace, place: Place) -> None:
    with closing(sqlite3.connect(str(place), isolation_level=None)) as file:
        file.execute("UPDATE body SET body = X'7B7D' WHERE id = 1")
        file.execute("DROP INDEX record_scope")
        file.execute("UPDATE record SET deleted = 1 WHERE id = 2")
    ran = headrace("verify", *TEAM)
    assert ran.code == 1
    assert "issues [0]: the body does not fit its digest" in ran.out
    ran = headrace("verify", *TEAM, "--json")
    assert ran.code == 1 and ran.document["sound"] is False
    assert ran.document["problems_total"] == len(ran.document["problems"]) > 1


def test_a_damaged_file_ends_with_2(headrace: Headrace, place: Place) -> None:
    path = Path(str(place))
    path.write_bytes(path.read_bytes()[:20_000])
    for action in ("info", "verify", "compact"):
        ran = headrace(action, *TEAM)
        assert (ran.code, "cannot be used" in ran.err) == (2, True)


def test_compact(headrace: Headrace, place: Place) -> None:
    ran = headrace("compact", *TEAM, "--json")
    assert ran.code == 0, ran.out
    document = ran.document
    assert document["bytes_after"] < document["bytes_before"] * 0.7
    assert document["changes_dropped"] == 601
    assert Path(str(place)).stat().st_size == document["bytes_after"]
    assert headrace("verify", *TEAM).code == 0
    assert "0 log entries" in headrace("compact", *TEAM).out


def test_compact_keeps_what_is_young(place: Place) -> None:
    done = compact(place, now_ms=START_MS + 3 * 86_400_000 + 5)
    assert done.changes_dropped == 600
    found = info(place)
    assert [(h.records, h.tombstones, h.log.changes) for h in found.streams] == [
        (599, 1, 1), (0, 0, 0),
    ]  # fmt: skip
    assert found.inbox == {"waiting": 2, "done": 0, "dead": 0}
    with closing(open_inbox(place.store, place.name)) as inbox:
        assert [d.id for d in inbox.waiting(9)] == ["delivery-2", "delivery-3"]


def test_compact_is_refused_while_the_mirror_is_in_use(headrace: Headrace, place: Place) -> None:
    with closing(open_mirror(place.store, place.name, START_MS)) as one:
        ran = headrace("compact", *TEAM)
        assert (ran.code, "in use" in ran.err) == (2, True)
        assert headrace("info", *TEAM).code == headrace("verify", *TEAM).code == 0
        one.commit(page(seen(9999, at=3)))
    with pytest.raises(Refused, match="no mirror"):
        verify(Place(place.store, "other"))


def test_there_is_no_mirror_yet(headrace: Headrace, tmp_path: Path) -> None:
    for action in ("info", "verify", "compact"):
        ran = headrace(action, *TEAM)
        assert (ran.code, "There is no mirror" in ran.err) == (2, True)
        assert headrace(action, *TEAM, "--json").document["error"]["exit_code"] == 2
    assert list(tmp_path.iterdir()) == []


def test_a_connection_by_name(
    headrace: Headrace, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "headrace.toml").write_text('[connections.work]\nteam = "acme"\n')
    monkeypatch.setenv("CODING_TOKEN", "t" * 40)
    assert headrace("info", "work", "--json").document["place"] == str(place)
    assert headrace("info", "nobody").code == 2


def test_another_state_folder(headrace: Headrace, place: Place, tmp_path: Path) -> None:
    assert headrace("info", *TEAM, "--state", str(tmp_path)).code == 2
    assert headrace("info", *TEAM, "--state", ".headrace").code == 0


@pytest.mark.parametrize("args", [(), ("info",), ("nothing", *TEAM), ("info", *TEAM, "--url", "x")])
def test_wrong_words(headrace: Headrace, args: tuple[str, ...]) -> None:
    assert headrace(*args).code == 2
