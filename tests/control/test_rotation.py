"""`headrace rotate-key`: a new key for everything, however often it is killed on its way."""

from __future__ import annotations

import base64
import json
import secrets
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from tests.cli.conftest import Headrace, Running, headrace, start
from tests.control.conftest import ADMIN
from tests.servers.postgres import PostgresServer

from headrace.app.grant_store import FileGrantStore
from headrace.app.place import open_grants
from headrace.app.sealing import KEY_FILE, ROTATION_FILE, mask_key, write_rotation
from headrace.app.serving.keys.locks import lock_key
from headrace.app.serving.keys.rotation import rotate_key
from headrace.app.serving.platform import Platform
from headrace.app.system import SystemClock
from headrace.coding.oauth import Grant
from headrace.config import key_from_environment
from headrace.control import tables
from headrace.control.agents import Agents
from headrace.control.connections import ConnectionRole
from headrace.control.store import ControlStore
from headrace.errors import Refused
from headrace.testing.clock import VirtualClock

pytestmark = pytest.mark.long

__all__ = ["headrace", "start"]
SOURCE, DESTINATION = ConnectionRole.SOURCE, ConnectionRole.DESTINATION
GRANT = Grant("access-token-1", "refresh-token-1", 1_795_000_000_000, team="acme", ends_at_ms=5)
TOKEN = "0123456789abcdef0123456789abcdef01234567"
OAUTH = {"team": "acme", "client_id": "client-1", "client_secret": "client-secret-1"}
HOOK = {"url": "https://hooks.example/headrace", "secret": "0123456789abcdef"}
LONGEST_SECONDS = 120


def drawn() -> str:
    """A key as an environment has it."""
    return base64.b64encode(secrets.token_bytes(32)).decode()


@pytest.fixture(params=["file", "environment"])
def environment(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What the key comes from, here and in the processes that are started."""
    for name in ("HEADRACE_KEY", "HEADRACE_KEY_NEW"):
        monkeypatch.delenv(name, raising=False)
    if request.param == "file":
        return {}
    given = {"HEADRACE_KEY": drawn(), "HEADRACE_KEY_NEW": drawn()}
    monkeypatch.setenv("HEADRACE_KEY", given["HEADRACE_KEY"])
    return given


@dataclass(frozen=True)
class Kept:
    """All that is secret in a folder, in plain."""

    connections: list[Mapping[str, Any]]
    channels: list[Mapping[str, Any]]
    grant: Grant | None
    masks: bytes


def fill(data: Path, store: str = "") -> Kept:
    """A folder in which something of every kind is sealed."""
    with Platform(data, store=store) as platform:
        connections = platform.connections
        connections.save(ADMIN, "team", SOURCE, "coding", {"team": "acme", "token": TOKEN})
        connections.save(ADMIN, "consented", SOURCE, "coding", OAUTH)
        url = "mysql://member-17:hunter2@127.0.0.1:1/copy"
        connections.save(ADMIN, "copy", DESTINATION, "mysql", {"url": url})
        platform.channels.save(ADMIN, "ops", "webhook", HOOK)
        grants = grants_of(platform)
        with grants.lock():
            grants.save(GRANT)
    return kept(data, store)


def kept(data: Path, store: str = "") -> Kept:
    """What the folder opens with the key there is; a server starts on it, too."""
    with Platform(data, store=store) as platform:
        platform.start()
        connections = [platform.connections.whole(one.id) for one in platform.connections.all()]
        channels = [platform.channels.whole(one.id) for one in platform.channels.all()]
        grant = grants_of(platform).load()
    return Kept(connections, channels, grant, mask_key(data, key_from_environment()))


def grants_of(platform: Platform) -> FileGrantStore:
    consented = platform.connections.named("consented")
    assert consented is not None
    whole = platform.connections.whole(consented.id)
    return open_grants(platform.kinds.settings_of(consented, whole), VirtualClock(0))


def key_of(data: Path) -> bytes:
    given = key_from_environment()
    return base64.b64decode(given) if given else key_of_file(data)


def key_of_file(data: Path) -> bytes:
    return base64.b64decode((data / KEY_FILE).read_text())


def holders(data: Path, key: bytes) -> set[str]:
    """The files in which this key is found, in whatever form."""
    forms = (key, base64.b64encode(key), key.hex().encode())
    files = [path for path in data.rglob("*") if path.is_file()]
    return {path.name for path in files if any(form in path.read_bytes() for form in forms)}


def rotate(data: Path, environment: Mapping[str, str], *args: str) -> dict[str, Any]:
    """Run the command as a process; it has to do."""
    ran = subprocess.run(
        [sys.executable, "-m", "headrace", "rotate-key", "--json", "--data", str(data), *args],
        env={"PATH": "", "PYTHONUTF8": "1", **environment},
        capture_output=True, text=True, check=False, timeout=LONGEST_SECONDS,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    document: dict[str, Any] = json.loads(ran.stdout)
    return document


def switch(environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """What a person does after the command: start with the new key."""
    if environment:
        monkeypatch.setenv("HEADRACE_KEY", environment["HEADRACE_KEY_NEW"])


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest) -> str:
    if request.param == "sqlite":
        return ""
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.new_database()


def test_everything_is_sealed_anew_and_the_old_key_is_nowhere(
    tmp_path: Path, store: str, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before, old = fill(tmp_path, store), key_of(tmp_path)
    done = rotate(tmp_path, environment, *(["--store", store] if store else []))
    assert (done["connections"], done["channels"], done["grants"]) == (3, 1, 1)
    assert (done["left"], done["resumed"], done["in_file"]) == ([], False, not environment)
    if environment:
        with pytest.raises(Refused, match="do not open"):
            kept(tmp_path, store)
    switch(environment, monkeypatch)
    assert kept(tmp_path, store) == before
    new = key_of(tmp_path)
    assert new != old and holders(tmp_path, old) == set()
    assert holders(tmp_path, new) == (set() if environment else {KEY_FILE})
    assert (tmp_path / KEY_FILE).exists() is (not environment)
    with Platform(tmp_path, store=store) as platform:
        assert platform.audit.entries()[0].action == "key.change"


def test_it_may_be_done_again_and_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HEADRACE_KEY", raising=False)
    before, keys = fill(tmp_path), {key_of(tmp_path)}
    for _ in range(2):
        rotate(tmp_path, {})
        keys.add(key_of(tmp_path))
        assert kept(tmp_path) == before
    assert len(keys) == 3


# --- crashes -------------------------------------------------------------------------------------

DRIVER = """
import os, shutil, signal, sys
from pathlib import Path
import sqlalchemy as sa
from headrace.app.serving.keys import rotation
from headrace.cli import run

template, folders = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
WRITES = os.O_WRONLY | os.O_RDWR


def die_at(wanted):
    # The process dies before its n-th step that others could see: a file made, renamed or removed
    # in the folder, a transaction committed.
    seen = 0

    def step(connection=None):
        nonlocal seen
        if connection is not None and connection.get_execution_options().get("reading"):
            return
        seen += 1
        if seen == wanted:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(event, args):
        if event not in ("open", "os.rename", "os.remove", "os.link"):
            return
        if not str(args[0]).startswith(str(folders)) or str(args[0]).endswith(".lock"):
            return
        if event != "open" or (isinstance(args[2], int) and args[2] & WRITES):
            step()

    sys.addaudithook(watch)
    sa.event.listen(sa.Engine, "commit", step)


number = 0
while True:
    number += 1
    folder = folders / str(number)
    shutil.copytree(template, folder)
    child = os.fork()
    if child == 0:
        die_at(number)
        os._exit(run(["rotate-key", "--json", "--data", str(folder)]))
    _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status):
        sys.exit(os.waitstatus_to_exitcode(status))
"""


def test_killed_at_any_step_it_starts_and_can_be_run_again(
    tmp_path: Path, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    template, folders = tmp_path / "template", tmp_path / "killed"
    before = fill(template)
    old = key_of(template)
    driven = subprocess.run(
        [sys.executable, "-c", DRIVER, str(template), str(folders)],
        env={"PATH": "", "PYTHONUTF8": "1", **environment},
        capture_output=True, text=True, check=False, timeout=LONGEST_SECONDS,
    )  # fmt: skip
    assert driven.returncode == 0, driven.stderr
    killed = sorted(folders.iterdir(), key=lambda folder: int(folder.name))[:-1]
    pending = [folder for folder in killed if (folder / ROTATION_FILE).exists()]
    assert len(pending) > 5
    for folder in killed:
        assert kept(folder) == before, folder.name  # a server starts, with the key it had
        with monkeypatch.context() as switched:
            if folder in pending:
                switch(environment, switched)
                assert kept(folder) == before, folder.name  # and with the new one
        with monkeypatch.context() as switched:
            for name, value in environment.items():
                switched.setenv(name, value)
            assert rotate_key(folder).resumed is (folder in pending)
            switch(environment, switched)
            assert kept(folder) == before, folder.name
        assert holders(folder, old) == set(), folder.name
        assert list(folder.glob(".*")) == [], folder.name


@pytest.fixture
def begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A change that was begun with keys of the environment, and nothing of it done."""
    old, new = drawn(), drawn()
    monkeypatch.setenv("HEADRACE_KEY", old)
    fill(tmp_path)
    write_rotation(tmp_path, *(base64.b64decode(one) for one in (old, new)))
    return {"HEADRACE_KEY": old, "HEADRACE_KEY_NEW": new}


def test_what_was_begun_ends_with_the_new_key_alone(
    tmp_path: Path, begun: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before, new = kept(tmp_path), begun["HEADRACE_KEY_NEW"]
    assert rotate(tmp_path, {"HEADRACE_KEY": new, "HEADRACE_KEY_NEW": new})["resumed"]
    monkeypatch.setenv("HEADRACE_KEY", new)
    assert kept(tmp_path) == before
    assert holders(tmp_path, base64.b64decode(begun["HEADRACE_KEY"])) == set()


@pytest.mark.parametrize("own", ["HEADRACE_KEY", "HEADRACE_KEY_NEW"])
def test_what_was_begun_may_end_with_a_third_key(
    tmp_path: Path, begun: dict[str, str], monkeypatch: pytest.MonkeyPatch, own: str
) -> None:
    before, third = kept(tmp_path), drawn()
    assert rotate(tmp_path, {"HEADRACE_KEY": begun[own], "HEADRACE_KEY_NEW": third})["resumed"]
    monkeypatch.setenv("HEADRACE_KEY", third)
    assert kept(tmp_path) == before


# --- what is refused -----------------------------------------------------------------------------


def refused(data: Path, said: str, monkeypatch: pytest.MonkeyPatch, **given: str) -> None:
    """It says so, with advice, and nothing is otherwise."""
    for name in ("HEADRACE_KEY", "HEADRACE_KEY_NEW"):
        monkeypatch.setenv(name, given.get(name, ""))
    files = {path: path.read_bytes() for path in data.glob("headrace.*")}
    with pytest.raises(Refused, match=said) as caught:
        rotate_key(data, store=given.get("store", ""))
    assert caught.value.advice
    assert {path: path.read_bytes() for path in data.glob("headrace.*")} == files


def test_a_running_server_keeps_its_key(start: Callable[..., Running], tmp_path: Path) -> None:
    data = tmp_path / "headrace-data"
    running = start("serve", "--port", "0", "--json")
    running.event("ready")
    key = (data / KEY_FILE).read_bytes()
    ran = start("rotate-key", "--json").end()
    assert ran.code == 2 and "Another `headrace serve` runs" in ran.out
    assert (data / KEY_FILE).read_bytes() == key
    running.stop(signal.SIGTERM)
    assert start("rotate-key", "--json").end().code == 0
    assert (data / KEY_FILE).read_bytes() != key


def test_another_command_at_work_keeps_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Platform(tmp_path):
        refused(tmp_path, "Another command", monkeypatch)
    with lock_key(tmp_path, change=True), pytest.raises(Refused, match="is being changed"):
        Platform(tmp_path)


def test_other_servers_on_the_store_keep_the_key(
    tmp_path: Path, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = postgres.new_database()
    key = drawn()
    monkeypatch.setenv("HEADRACE_KEY", key)
    fill(tmp_path, store)
    with closing(ControlStore(store)) as opened:
        Agents(opened, SystemClock()).beat("another", release="1", cores=1)
    given = {"HEADRACE_KEY": key, "HEADRACE_KEY_NEW": drawn()}
    refused(tmp_path, "agent another is at work", monkeypatch, store=store, **given)


def test_a_wrong_key_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HEADRACE_KEY", raising=False)
    before, wrong = fill(tmp_path), drawn()
    for given, said in (
        ({"HEADRACE_KEY": wrong, "HEADRACE_KEY_NEW": drawn()}, "do not open"),
        ({"HEADRACE_KEY": wrong}, "has to come from outside"),
        ({"HEADRACE_KEY": wrong, "HEADRACE_KEY_NEW": "no key"}, "HEADRACE_KEY_NEW is no key"),
        ({"HEADRACE_KEY_NEW": base64.b64encode(key_of_file(tmp_path)).decode()}, "is the one"),
    ):
        refused(tmp_path, said, monkeypatch, **given)
    monkeypatch.setenv("HEADRACE_KEY", "")
    assert kept(tmp_path) == before
    monkeypatch.setenv("HEADRACE_KEY", wrong)
    with pytest.raises(Refused, match="do not open"):
        kept(tmp_path)


def test_where_nothing_is_kept_nothing_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused(tmp_path / "none", "Nothing is kept", monkeypatch)
    assert not (tmp_path / "none").exists()


def test_a_grant_of_no_connection_is_named(tmp_path: Path, headrace: Headrace) -> None:
    fill(tmp_path)
    with Platform(tmp_path) as platform:
        grant = grants_of(platform).path
    grant.with_name("gone.grant").write_bytes(grant.read_bytes())
    ran = headrace("rotate-key", "--data", str(tmp_path), "--lang", "zh")
    assert ran.code == 0 and "已重新密封" in ran.out and "gone.grant" in ran.err


def test_every_sealed_column_is_sealed_anew() -> None:
    """A new one has to be added to the command first."""
    sealed = {table.name for table in tables.metadata.sorted_tables if "sealed" in table.c}
    binary = {
        table.name for table in tables.metadata.sorted_tables
        for column in table.c if isinstance(column.type, sa.LargeBinary)
    }  # fmt: skip
    assert sealed == binary == {"connection", "channel"}
