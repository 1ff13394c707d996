"""`headrace hooks`, and a sync that hears of changes by hooks from a living playground."""

from __future__ import annotations

import json
import signal
import socket
import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from headrace.app import SystemClock
from headrace.app.hook_desk import HookDesk
from headrace.app.hook_identity import identity_of
from headrace.config import ConnectionSettings
from headrace.config.file import load
from headrace.core.ports import Delivery
from headrace.errors import Refused
from headrace.playground import DEFAULT_TOKEN, Playground, Server, Team, serve

from .conftest import Headrace, Running

Start = Callable[..., Running]


@dataclass
class Living:
    """A team whose hooks are delivered, and a configuration that listens."""

    server: Server
    team: Team
    clock: SystemClock
    path: Path
    port: int

    def write(self, more: str = "") -> None:
        self.path.write_text(
            f'[connections.acme]\nurl = "{self.server.url}"\n'
            f'public_url = "http://127.0.0.1:{self.port}"\nlisten = "127.0.0.1:{self.port}"\n'
            f'poll_interval = "1h"\ncensus_interval = "1h"\nattempts = 1\n{more}\n'
            '[tasks.copy]\nsource = "acme"\ndestination = "duckdb:///copy.duckdb"\n'
            'streams = ["issues", "iterations", "project_members"]\n'
        )

    def desk(self) -> HookDesk:
        found = load(self.path)
        return HookDesk(found.connection("acme"), state=found.state)

    def first(self, table: str) -> Any:
        return next(iter(self.team.rows(table)))


@pytest.fixture
def living(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Living]:
    monkeypatch.setenv("CODING_TOKEN", DEFAULT_TOKEN)
    clock = SystemClock()
    team = Team(5, 2, 30, clock.now_ms())
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with serve(Playground(team, clock)) as server:
        one = Living(server, team, clock, tmp_path / "headrace.toml", port)
        one.write()
        yield one


def put(living: Living, *deliveries: Delivery) -> None:
    with closing(living.desk()) as desk:
        desk.inbox.put(deliveries)


BODY = b'{"event":"ISSUE_UPDATED","project":{"id":7},"issue":{"project_id":7,"code":1}}'
ONE = Delivery("d-1", "ISSUE_UPDATED", 1_790_000_000_000, {"user-agent": "x"}, BODY)
TWO = Delivery("d-2", "GIT_PUSHED", 1_790_000_001_000, {}, b"no json", "dead", "no stream")


# --- set-up and living hooks ---------------------------------------------------------------------


def test_set_up_receive_and_remove(headrace: Headrace, start: Start, living: Living) -> None:
    sync = start("sync", "copy", "--json")
    sync.event("changes", stream="issues")
    made = headrace("hooks", "setup", "--json")
    assert made.code == 0, made.err
    assert [one["done"] for one in made.document["projects"]] == ["created", "created"]
    assert made.document["pinged"]
    again = headrace("hooks", "setup")
    assert again.code == 0
    assert again.out.count("in order") == 2

    project, code = living.first("issues")
    with living.server.lock:
        living.team.update_issue(project, code, now_ms=living.clock.now_ms(), name="by a hook")
    sync.event("changes", stream="issues", updated=1)
    with living.server.lock:
        living.team.create_issue(project, now_ms=living.clock.now_ms())
    sync.event("changes", stream="issues", inserted=1)
    with living.server.lock:
        living.team.delete_issue(project, code, now_ms=living.clock.now_ms())
    sync.event("changes", stream="issues", deleted=1)

    status = headrace("hooks", "status", "--json")
    assert status.code == 0
    assert status.document["receiving"]
    assert status.document["last_ping_ms"] > 0
    listed = headrace("hooks", "list", "--json").document["deliveries"]
    assert {one["event"] for one in listed} >= {"PING", "ISSUE_CREATED", "ISSUE_DELETED"}
    ended = sync.stop(signal.SIGTERM)
    assert ended.code == 0, ended.err
    assert "received on" in ended.err

    removed = headrace("hooks", "remove", "--json")
    assert sum(removed.document["removed"].values()) == 2
    assert living.server.playground.hooks.hooks == {}
    assert headrace("hooks", "status").code == 2


def test_what_was_sent_while_nobody_received_is_found(
    headrace: Headrace, start: Start, living: Living
) -> None:
    assert headrace("hooks", "setup", "--wait", "20").code == 0
    sync = start("sync", "copy", "--json")
    sync.event("changes", stream="issues")
    assert sync.stop(signal.SIGTERM).code == 0

    project, code = living.first("issues")
    with living.server.lock:
        living.team.update_issue(project, code, now_ms=living.clock.now_ms(), name="unheard")
        living.team.create_issue(project, now_ms=living.clock.now_ms())
    hooks = living.server.playground.hooks
    lost: list[Any] = []
    while len(lost) < 2:
        with living.server.lock:
            logs = [log for hook_id in hooks.hooks for log in hooks.logs(hook_id)]
        lost = [log for log in logs if not log.ok]
        living.clock.sleep(0.01)

    sync = start("sync", "copy", "--json")
    sync.event("changes", stream="issues", inserted=1, updated=1)
    assert sync.stop(signal.SIGTERM).code == 0
    listed = headrace("hooks", "list", "--json").document["deliveries"]
    assert {log.delivery.id for log in lost} <= {one["id"] for one in listed}


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_without_the_scope_it_says_what_to_do(
    headrace: Headrace, living: Living, monkeypatch: pytest.MonkeyPatch, lang: str
) -> None:
    scopes = {"project:profile:ro", "user:profile:ro"}
    token = living.server.playground.issue_token(scopes=scopes)
    monkeypatch.setenv("CODING_TOKEN", token)
    ran = headrace("hooks", "setup", "--wait", "0", "--lang", lang)
    assert ran.code == 2
    found = load(living.path)
    identity = identity_of(found.connection("acme"), found.state)
    assert identity.service_url in ran.out
    assert identity.secrets.tokens[0] in ran.out
    assert "签名令牌" in ran.out and "service-hook:profile:rw" in ran.out
    assert token not in ran.out + ran.err


def test_no_ping_is_told_with_advice(headrace: Headrace, living: Living) -> None:
    living.write()
    text = living.path.read_text()
    living.path.write_text(
        text.replace('public_url = "http://127.0.0.1', 'public_url = "http://x.invalid')
    )
    ran = headrace("hooks", "setup", "--wait", "0.2")
    assert ran.code == 3
    assert "No test event" in ran.out


# --- deliveries ----------------------------------------------------------------------------------


def test_list_and_filters(headrace: Headrace, living: Living) -> None:
    put(living, ONE, TWO)
    every = headrace("hooks", "list", "--json").document
    assert [one["id"] for one in every["deliveries"]] == ["d-2", "d-1"]
    assert every["counts"] == {"waiting": 1, "done": 0, "dead": 1}
    for wish in (("--state", "dead"), ("--event", "GIT_PUSHED"), ("--limit", "1")):
        (one,) = headrace("hooks", "list", *wish, "--json").document["deliveries"]
        assert (one["id"], one["reason"]) == ("d-2", "no stream")
    shown = headrace("hooks", "list", "--lang", "zh").out
    assert "GIT_PUSHED" in shown and "no stream" in shown and "失败 1" in shown


def test_show_masks_secrets(headrace: Headrace, living: Living) -> None:
    found = load(living.path)
    identity = identity_of(found.connection("acme"), found.state)
    body = json.dumps({"event": "X", "url": identity.service_url, "text": "[bold]"}).encode()
    put(living, Delivery("d-3", "X", 0, {"x-coding-delivery": "d-3"}, body), TWO)
    shown = headrace("hooks", "show", "d-3")
    assert shown.code == 0
    assert identity.secrets.url_secret not in shown.out
    assert '"text": "[bold]"' in shown.out
    assert headrace("hooks", "show", "d-3", "--json").document["body"]["event"] == "X"
    assert "no json" in headrace("hooks", "show", "d-2").out


def test_replay(headrace: Headrace, living: Living) -> None:
    put(living, ONE, TWO)
    unknown = headrace("hooks", "replay", "d-2", "never")
    assert (unknown.code, "never" in unknown.err) == (2, True)
    assert headrace("hooks", "list", "--state", "dead", "--json").document["counts"]["dead"] == 1
    assert headrace("hooks", "replay", "d-2", "--json").document == {"replayed": ["d-2"]}
    assert headrace("hooks", "list", "--json").document["counts"]["waiting"] == 2
    assert headrace("hooks", "show", "never").code == 2


# --- configuration -------------------------------------------------------------------------------


def test_which_connection(headrace: Headrace, living: Living) -> None:
    with living.path.open("a") as file:
        file.write('[connections.other]\nteam = "other"\n')
    ran = headrace("hooks", "list")
    assert (ran.code, "acme, other" in ran.err) == (2, True)
    assert headrace("hooks", "list", "--connection", "acme").code == 0


def test_setup_needs_a_public_url(headrace: Headrace, living: Living) -> None:
    lines = living.path.read_text().splitlines()
    living.path.write_text("\n".join(line for line in lines if "public_url" not in line))
    ran = headrace("hooks", "setup")
    assert (ran.code, "public_url" in ran.err) == (2, True)
    assert headrace("hooks", "status").code == 0
    assert headrace("hooks", "list").code == 0


def test_a_public_url_makes_it_hybrid(living: Living) -> None:
    assert load(living.path).connection("acme").hooks
    living.write('increments = "polling"')
    assert not load(living.path).connection("acme").hooks


@pytest.mark.parametrize(
    "line",
    [
        'public_url = "hooks.example.com"', 'public_url = "https://u:p@x.example.com"',
        'listen = "8300"', 'listen = "127.0.0.1:99999"', "hook_secret = 5",
    ],
)  # fmt: skip
def test_wrong_values_are_refused_with_their_line(tmp_path: Path, line: str) -> None:
    path = tmp_path / "headrace.toml"
    path.write_text(f'[connections.acme]\nteam = "acme"\n{line}\n')
    with pytest.raises(Refused, match="line 3"):
        load(path)


def test_secrets_are_made_once_and_kept_from_others(tmp_path: Path) -> None:
    settings = ConnectionSettings("acme", team="acme", public_url="https://x.example.com/a/")
    first, again = identity_of(settings, tmp_path), identity_of(settings, tmp_path)
    assert first == again
    assert first.service_url.startswith("https://x.example.com/a/hooks/")
    (file,) = tmp_path.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    given = ConnectionSettings(
        "acme", team="acme", public_url="https://x.example.com", hook_secret="s" * 20,
        signing_token="token-new-1", signing_token_old="token-old-1",
    )  # fmt: skip
    mine = identity_of(given, tmp_path)
    assert mine.secrets.tokens == ("token-new-1", "token-old-1")
    assert mine.hook_name == first.hook_name
    assert "token-new-1" not in repr(given) + repr(mine)
    file.chmod(0o644)
    with pytest.raises(Refused, match="others may read"):
        identity_of(settings, tmp_path)
    file.chmod(0o600)
    file.write_text("{}")
    with pytest.raises(Refused, match="damaged"):
        identity_of(settings, tmp_path)
