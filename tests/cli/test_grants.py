"""OAuth tokens on disk: encrypted, whole after any crash, one refresher at a time."""

from __future__ import annotations

import base64
import errno
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from headrace.app import SystemClock
from headrace.app.grant_store import LOCK_SECONDS, FileGrantStore, grant_path
from headrace.app.place import open_client
from headrace.app.sealing import KEY_FILE, open_seals
from headrace.coding.oauth import Grant, OAuthApp
from headrace.config import ConnectionSettings, OAuthSettings
from headrace.core.transport import Request, Response
from headrace.errors import HeadraceError, Refused, Unavailable
from headrace.playground import Playground, Team, serve
from headrace.playground.settings import Settings
from headrace.testing.clock import VirtualClock
from headrace.testing.consent import Consent

pytestmark = pytest.mark.long

APP = OAuthApp("https://acme.coding.net", "client-1", "client-secret-1", "Authorize again.")
GRANT = Grant("access-token-1", "refresh-token-1", 1_795_000_000_000, team="acme", ends_at_ms=5)
KEY = bytes(range(32))


def store_of(
    folder: Path, name: str = "acme", app: OAuthApp = APP, key: str = ""
) -> FileGrantStore:
    return FileGrantStore(folder, name, app, key, VirtualClock(0))


def saved(folder: Path, key: str = "") -> FileGrantStore:
    store = store_of(folder, key=key)
    with store.lock():
        store.save(GRANT)
    return store


def test_what_is_saved_is_loaded_by_others(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    assert store_of(folder).load() is None
    saved(folder)
    assert store_of(folder).load() == GRANT


def test_nothing_of_it_is_readable(tmp_path: Path) -> None:
    store = saved(tmp_path)
    for path in tmp_path.iterdir():
        content = path.read_bytes()
        for secret in (b"access-token", b"refresh-token", b"client-secret"):
            assert secret not in content
            assert base64.b64encode(secret)[:-2] not in content
        assert path.stat().st_mode & 0o777 == 0o600, path
    assert {p.name for p in tmp_path.iterdir()} == {
        KEY_FILE, "acme.grant", "acme.grant.lock",
    }  # fmt: skip
    assert "access" not in repr(store) + repr(GRANT)


def test_the_same_grant_never_looks_the_same(tmp_path: Path) -> None:
    store = saved(tmp_path)
    before = store.path.read_bytes()
    store.save(GRANT)
    assert store.path.read_bytes() != before


@pytest.mark.parametrize(
    "key",
    [
        base64.b64encode(KEY).decode(),
        base64.urlsafe_b64encode(bytes(range(224, 256))).decode(),
        f" {base64.b64encode(KEY).decode().rstrip('=')}\n",
        KEY.hex(),
        KEY.hex().upper(),
    ],
)
def test_a_key_of_the_environment_makes_no_file(tmp_path: Path, key: str) -> None:
    saved(tmp_path, key=key)
    assert not (tmp_path / KEY_FILE).exists()
    assert store_of(tmp_path, key=key).load() == GRANT
    with pytest.raises(Refused, match="does not open"):
        store_of(tmp_path).load()


@pytest.mark.parametrize(
    "key", ["secret-word", base64.b64encode(KEY[:31]).decode(), "ä" * 32, "=" * 44, KEY.hex()[:-1]]
)
def test_what_is_no_key_is_refused_unrepeated(tmp_path: Path, key: str) -> None:
    with pytest.raises(Refused, match="HEADRACE_KEY is no key") as caught:
        store_of(tmp_path, key=key).load() or open_seals(tmp_path, key)
    assert key not in str(caught.value)


@pytest.mark.parametrize(
    "other",
    [
        lambda folder: store_of(folder, app=replace(APP, base_url="https://evil.coding.net")),
        lambda folder: store_of(folder, app=replace(APP, client_id="client-2")),
        lambda folder: store_of(folder, key=KEY.hex()),
    ],
    ids=["team", "client", "key"],
)
def test_it_opens_only_for_what_it_was_stored_for(
    tmp_path: Path, other: Callable[[Path], FileGrantStore]
) -> None:
    saved(tmp_path)
    with pytest.raises(Refused, match="does not open") as caught:
        other(tmp_path).load()
    assert "Authorize again" in caught.value.advice


def test_a_copy_under_another_name_does_not_open(tmp_path: Path) -> None:
    saved(tmp_path).path.rename(grant_path(tmp_path, "other"))
    with pytest.raises(Refused, match="another connection"):
        store_of(tmp_path, "other").load()


def test_every_changed_byte_is_noticed(tmp_path: Path) -> None:
    path = saved(tmp_path).path
    whole = path.read_bytes()
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(Refused, match="does not open"):
            store_of(tmp_path).load()
    for length in (0, 1, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(Refused, match="does not open"):
            store_of(tmp_path).load()
    path.write_bytes(whole)
    assert store_of(tmp_path).load() == GRANT


@pytest.mark.parametrize("content", [b"", b"short", b"\xff" * 44, b"x" * 100])
def test_a_damaged_key_file_is_not_replaced(tmp_path: Path, content: bytes) -> None:
    saved(tmp_path)
    (tmp_path / KEY_FILE).write_bytes(content)
    with pytest.raises(Refused, match=f"{KEY_FILE} is damaged"):
        store_of(tmp_path).load()
    assert (tmp_path / KEY_FILE).read_bytes() == content


@pytest.mark.parametrize("name", [KEY_FILE, "acme.grant"])
def test_a_file_that_others_may_read_is_refused(tmp_path: Path, name: str) -> None:
    saved(tmp_path)
    (tmp_path / name).chmod(0o640)
    with pytest.raises(Refused, match="others may read it") as caught:
        store_of(tmp_path).load()
    assert "chmod 600" in caught.value.advice


@pytest.mark.parametrize("name", [KEY_FILE, "acme.grant"])
def test_a_folder_in_the_place_of_a_file(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(Refused, match="cannot be used"):
        store_of(tmp_path).prepare() or store_of(tmp_path).load()


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
@pytest.mark.parametrize("name", [KEY_FILE, "acme.grant"])
def test_a_file_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    saved(tmp_path)
    (tmp_path / name).chmod(0)
    with pytest.raises(Refused, match="cannot be used"):
        store_of(tmp_path).load()


def test_a_file_in_the_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    for use in (FileGrantStore.prepare, FileGrantStore.load):
        with pytest.raises(Refused, match="cannot be used"):
            use(store_of(tmp_path / "state"))


@pytest.mark.parametrize(("number", "kind"), [(errno.ENOSPC, Unavailable), (errno.EROFS, Refused)])
def test_a_disk_that_takes_nothing_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, kind: type[HeadraceError]
) -> None:
    store = saved(tmp_path)

    def fail(_descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(HeadraceError) as caught:
        store.save(replace(GRANT, access_token="access-token-2"))
    assert type(caught.value) is kind
    monkeypatch.undo()
    assert store_of(tmp_path).load() == GRANT
    assert len(list(tmp_path.iterdir())) == 3


def test_names_never_meet(tmp_path: Path) -> None:
    names = ["acme", "Acme", "ACME", "a/cme", "a cme", "../acme", "商店", "商店2", "", "a-cme", "."]
    paths = [grant_path(tmp_path, name) for name in names]
    assert len({str(path).lower() for path in paths}) == len(names)
    assert {path.parent for path in paths} == {tmp_path}


def test_many_first_users_agree_on_one_key(tmp_path: Path) -> None:
    start, sealed = threading.Barrier(8), []

    def seal() -> None:
        start.wait()
        sealed.append(open_seals(tmp_path / "state", "")[0].seal(b"text", b"purpose"))

    threads = [threading.Thread(target=seal) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    opened = open_seals(tmp_path / "state", "")[0]
    assert {opened.open(one, b"purpose") for one in sealed} == {b"text"}
    assert [path.name for path in (tmp_path / "state").iterdir()] == [KEY_FILE]


# --- processes -----------------------------------------------------------------------------------

HOLDER = """
import sys
from pathlib import Path
from tests.cli.test_grants import store_of
with store_of(Path(sys.argv[1])).lock():
    print("held", flush=True)
    sys.stdin.readline()
"""
SAVER = """
import sys
from pathlib import Path
from dataclasses import replace
from tests.cli.test_grants import GRANT, store_of
store = store_of(Path(sys.argv[1]))
for number in range(10**6):
    store.save(replace(GRANT, refresh_token="refresh-%d" % number * 50))
    print(number, flush=True)
"""
CALLER = """
import sys
from contextlib import ExitStack
from pathlib import Path
from headrace.app import SystemClock
from headrace.app.place import open_client
from tests.cli.test_grants import settings_of
with ExitStack() as closing:
    client = open_client(settings_of(sys.argv[2], Path(sys.argv[1])), SystemClock(), closing)
    print("ready", flush=True)
    sys.stdin.readline()
    for _ in range(3):
        client.call("DescribeCodingCurrentUser", {}, expects="User")
    print("done", client.calls, flush=True)
"""


def run_script(script: str, *args: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, args)], text=True, cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip


def line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_the_lock_holds_over_processes_and_ends_with_its_holder(tmp_path: Path) -> None:
    with run_script(HOLDER, tmp_path) as holder:
        assert line_of(holder) == "held"
        clock = VirtualClock(0)
        store = FileGrantStore(tmp_path, "acme", APP, "", clock)
        with pytest.raises(Unavailable, match="Another process"), store.lock():
            raise AssertionError("two held the lock")
        assert clock.now_ms() >= LOCK_SECONDS * 1000
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        with store.lock():
            pass


def test_a_killed_writer_leaves_a_whole_grant(tmp_path: Path) -> None:
    dice = random.Random(7)
    for _ in range(5):
        with run_script(SAVER, tmp_path) as saver:
            for _ in range(dice.randrange(1, 40)):
                number = int(line_of(saver))
            saver.send_signal(signal.SIGKILL)
        found = store_of(tmp_path).load()
        assert found is not None
        last = int(found.refresh_token[len("refresh-") :].partition("refresh-")[0])
        assert last >= number  # what was said to be saved is


class SlowTokens(Playground):
    """Answers the token endpoint after half a second: whoever does not wait would ask too."""

    asked = 0

    def send(self, request: Request) -> Response:
        if request.url.endswith("/access_token"):
            self.asked += 1
            threading.Event().wait(0.5)
        return super().send(request)


def settings_of(url: str, folder: Path) -> ConnectionSettings:
    oauth = OAuthSettings("client-1", "client-secret-1", folder=folder)
    return ConnectionSettings("acme", url=url, oauth=oauth)


@pytest.mark.parametrize("rotates", [True, False])
def test_many_processes_refresh_once(tmp_path: Path, rotates: bool) -> None:
    clock = SystemClock()
    settings = Settings(rotate_refresh=rotates)
    playground = SlowTokens(Team(1, 1, 5, clock.now_ms()), clock, settings=settings)
    consent = Consent(playground)
    grant = consent.store.load()
    assert grant is not None
    with serve(playground, deliver_hooks=False) as server, ExitStack() as closing:
        app = replace(consent.app, base_url=server.url)
        store = FileGrantStore(tmp_path, "acme", app, "", clock)
        with store.lock():  # due, and still alive
            store.save(replace(grant, expires_at_ms=clock.now_ms() + 60_000))
        processes = [
            closing.enter_context(run_script(CALLER, tmp_path, server.url)) for _ in range(4)
        ]
        playground.asked = 0
        assert [line_of(process) for process in processes] == ["ready"] * 4
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        assert {line_of(process).partition(" ")[0] for process in processes} == {"done"}
        assert (playground.asked, playground.refreshes) == (1, 1)
        kept = store.load()
        assert kept is not None and kept.access_token != grant.access_token
        assert kept.expires_at_ms > clock.now_ms() + 7_000_000


def test_the_new_token_is_on_disk_before_its_first_use(tmp_path: Path) -> None:
    """Every request that carries a token finds that very token in the file."""
    clock = SystemClock()
    playground = Playground(Team(1, 1, 5, clock.now_ms()), clock)
    consent = Consent(playground)
    grant = consent.store.load()
    assert grant is not None
    seen: list[bool] = []
    with serve(playground, deliver_hooks=False) as server, ExitStack() as closing:
        app = replace(consent.app, base_url=server.url)
        with FileGrantStore(tmp_path, "acme", app, "", clock).lock():
            store = FileGrantStore(tmp_path, "acme", app, "", clock)
            store.save(replace(grant, expires_at_ms=clock.now_ms()))
        client = open_client(settings_of(server.url, tmp_path), clock, closing)
        answered = playground.send

        def look(request: Request) -> Response:
            kept = store.load()
            headers = {name.lower(): value for name, value in request.headers.items()}
            if kept and "authorization" in headers:
                seen.append(headers["authorization"] == kept.header)
            return answered(request)

        playground.send = look  # type: ignore[method-assign]
        client.call("DescribeCodingCurrentUser", {}, expects="User")
        consent._playground.revoke(store.load().access_token)  # type: ignore[union-attr]
        client.call("DescribeCodingCurrentUser", {}, expects="User")
    assert playground.refreshes == 2
    assert seen == [True, True, True]
