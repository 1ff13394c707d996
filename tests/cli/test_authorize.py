"""`headrace authorize`: from the page to the stored tokens, and all that may come between."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psutil
import pytest
import urllib3

from headrace.app import SystemClock
from headrace.app.authorize import (
    WAIT_SECONDS,
    Authorization,
)
from headrace.app.place import open_grants
from headrace.coding.oauth import Grant
from headrace.config import ConnectionSettings
from headrace.config.file import load
from headrace.errors import BadToken, Unavailable
from headrace.testing.clock import VirtualClock
from headrace.web.callback import CallbackListener

from .conftest import Headrace, Running, World

pytestmark = pytest.mark.long

NOW_MS = 1_795_000_000_000
DAY_MS = 86_400_000
TASK = '[tasks.copy]\nsource = "acme"\ndestination = "sqlite:///copy.db"\nstreams = ["projects"]\n'
Start = Callable[..., Running]


@pytest.fixture(autouse=True)
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HEADRACE_KEY", raising=False)


@pytest.fixture
def configured(world: World, tmp_path: Path) -> ConnectionSettings:
    """A headrace.toml with an app of the playground that may come back to any loopback port."""
    return configure(world, tmp_path)


def configure(world: World, folder: Path, **more: str) -> ConnectionSettings:
    redirect_uri = more.get("redirect_uri", "http://127.0.0.1/callback")
    client_id, client_secret = world.playground.register_app(redirect_uri)
    keys = {"url": world.server.url, "client_id": client_id, "client_secret": client_secret}
    lines = [f'{key} = "{value}"' for key, value in (keys | more).items()]
    path = folder / "headrace.toml"
    path.write_text("\n".join(["[connections.acme]", *lines, TASK]))
    return load(path).connection("acme")


def grant_of(settings: ConnectionSettings) -> Grant | None:
    return open_grants(settings, SystemClock()).load()


class Browser:
    """Follows no redirect by itself."""

    def get(self, url: str) -> urllib3.BaseHTTPResponse:
        with urllib3.PoolManager() as pool:
            return pool.request("GET", url, redirect=False, retries=False, timeout=10)

    def consent(self, url: str, answer: str = "approve") -> str:
        """Where CODING sends the browser once the person has clicked."""
        assert b"Approve" in self.get(url).data
        return self.get(f"{url}&{answer}=1").headers["location"]


@pytest.fixture
def browser() -> Browser:
    return Browser()


def opened(running: Running) -> str:
    return str(running.event("open")["url"])


# --- the way through -----------------------------------------------------------------------------


def test_from_the_page_to_a_synced_copy(
    configured: ConnectionSettings, start: Start, browser: Browser, headrace: Headrace
) -> None:
    running = start("authorize", "acme", "--no-browser", "--json")
    back = browser.consent(opened(running))
    page = browser.get(back)
    assert page.status == 200
    assert "no-store" in page.headers["cache-control"]
    code = parse_qs(urlsplit(back).query)["code"][0]
    assert code not in page.data.decode()
    told = running.event("authorized", connection="acme", team="demo-team", missing=[])
    assert "collaboration:issue:ro" in told["scopes"]
    ran = running.end()
    assert ran.code == 0, ran.err
    grant = grant_of(configured)
    assert grant is not None and told["file"].endswith("acme.grant")
    assert headrace("sync", "copy", "--once").code == 0
    shown = headrace("check", "acme", "--stream", "projects")
    assert shown.code == 0
    assert re.search(
        r"✓ OAuth authorization: authorized until 20\d\d-\d\d-\d\d \(90 days\)", shown.out
    )


def test_the_browser_is_opened(configured: ConnectionSettings, tmp_path: Path) -> None:
    """A stand-in for the browser, in a process of its own, clicks on the button."""
    script = tmp_path / "browser.py"
    script.write_text(
        "import sys, urllib.request\nurllib.request.urlopen(sys.argv[1] + '&approve=1').read()\n"
    )
    environment = {"BROWSER": f"{sys.executable} {script} %s", "PATH": "", "PYTHONUTF8": "1"}
    ran = subprocess.run(
        [sys.executable, "-m", "headrace", "authorize", "acme", "--lang", "zh"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert "acme 已授权，有效期至 20" in ran.stdout
    assert configured.url in ran.stdout
    assert grant_of(configured) is not None


def test_without_a_browser_the_address_is_said(
    configured: ConnectionSettings, tmp_path: Path, browser: Browser
) -> None:
    environment = {"BROWSER": "no-such-browser", "PATH": "", "PYTHONUTF8": "1"}
    with subprocess.Popen(
        [sys.executable, "-m", "headrace", "authorize", "acme", "--json"], cwd=tmp_path,
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None and process.stderr is not None
        url = json.loads(process.stdout.readline())["url"]
        said = [process.stderr.readline(), process.stderr.readline()]
        browser.get(browser.consent(url))
        assert process.wait(60) == 0
    assert "open the address yourself" in said[1]


def test_the_redirect_uri_of_the_app_is_sent_as_it_is(
    world: World, tmp_path: Path, start: Start, browser: Browser
) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    uri = f"http://localhost:{port}/back/here"
    settings = configure(world, tmp_path, redirect_uri=uri)
    running = start("authorize", "acme", "--no-browser", "--json")
    url = opened(running)
    assert parse_qs(urlsplit(url).query)["redirect_uri"] == [uri]
    browser.get(browser.consent(url).replace("localhost", "127.0.0.1"))
    assert running.end().code == 0
    assert grant_of(settings) is not None


def test_an_address_that_is_passed_on_to_a_port(
    world: World, tmp_path: Path, start: Start, browser: Browser
) -> None:
    """The redirect URI is a proxy's; the proxy is played by the test."""
    uri = "https://headrace.example.com/back"
    settings = configure(world, tmp_path, redirect_uri=uri)
    assert start("authorize", "acme", "--no-browser").end().code == 2
    running = start("authorize", "acme", "--no-browser", "--json", "--port", "0")
    page = running.event("open", redirect_uri=uri)
    back = browser.consent(page["url"])
    assert back.startswith(uri)
    browser.get(back.replace("https://headrace.example.com", f"http://127.0.0.1:{page['port']}"))
    assert running.end().code == 0
    assert grant_of(settings) is not None


def test_scopes_can_be_chosen(world: World, tmp_path: Path, start: Start, browser: Browser) -> None:
    configure(world, tmp_path)
    path = tmp_path / "headrace.toml"
    chosen = 'scopes = ["user:profile:ro", "project:profile:ro"]\n[tasks'
    path.write_text(path.read_text().replace("[tasks", chosen))
    running = start("authorize", "acme", "--no-browser", "--json")
    url = opened(running)
    assert parse_qs(urlsplit(url).query)["scope"] == ["user:profile:ro,project:profile:ro"]
    browser.get(browser.consent(url))
    assert running.event("authorized")["scopes"] == ["project:profile:ro", "user:profile:ro"]


def test_tokens_in_a_state_folder_of_choice(
    configured: ConnectionSettings,
    start: Start,
    browser: Browser,
    headrace: Headrace,
    tmp_path: Path,
) -> None:
    running = start("authorize", "acme", "--no-browser", "--json", "--state", "other")
    browser.get(browser.consent(opened(running)))
    assert running.end().code == 0
    assert (tmp_path / "other" / "acme.grant").exists()
    assert grant_of(configured) is None
    quick = ("--stream", "projects")
    assert headrace("check", "acme", *quick).code == 2
    assert headrace("check", "acme", *quick, "--state", "other").code == 0
    assert headrace("sync", "copy", "--once", "--state", "other").code == 0
    assert headrace("verify", "copy", "--state", "other").code == 0
    assert headrace("streams", "--connection", "acme", "--state", "other").code == 0


# --- answers that are none -----------------------------------------------------------------------


def test_answers_that_are_not_ours_are_ignored(
    configured: ConnectionSettings, start: Start, browser: Browser
) -> None:
    running = start("authorize", "acme", "--no-browser", "--json")
    url = opened(running)
    back = browser.consent(url)
    at = back.partition("?")[0]
    root = at.removesuffix("/callback")
    for path in ("/", "/favicon.ico", "/callbackx", "/callback/", "/CALLBACK"):
        assert browser.get(root + path).status == 404
    hostile = (
        "",
        "code=stolen",
        "state=guessed&code=stolen",
        "error=access_denied",
        "state=guessed&error=access_denied",
        f"{back.partition('?')[2]}&code=twice",
        "state=%3Cscript%3E&code=%3Cscript%3E",
        "state=%00&code=%0d%0aSet-Cookie:x",
        f"state={'x' * 6000}&code=stolen",
    )
    for query in hostile * 3:
        page = browser.get(f"{at}?{query}")
        assert (page.status, page.headers.get("set-cookie")) == (400, None)
        assert b"script" not in page.data and b"stolen" not in page.data
    assert browser.get(back).status == 200
    ran = running.end()
    assert ran.code == 0
    assert ran.err.count("Ignored:") == 2  # each reason once
    assert "stolen" not in ran.err + ran.out
    assert grant_of(configured) is not None


def test_other_methods_and_noise(
    configured: ConnectionSettings, start: Start, browser: Browser
) -> None:
    running = start("authorize", "acme", "--no-browser", "--json")
    back = browser.consent(opened(running))
    parts = urlsplit(back)
    with ExitStack() as stack:
        for noise in (b"", b"GET", b"\x16\x03\x01\x00\xff\x01", b"POST /callback HTTP/1.1\r\n\r\n"):
            idle = stack.enter_context(
                closing(socket.create_connection((parts.hostname or "", parts.port or 0)))
            )
            idle.sendall(noise)
        assert browser.get(back).status == 200
        assert running.end().code == 0
    assert grant_of(configured) is not None


def test_an_answer_is_taken_once(configured: ConnectionSettings, world: World) -> None:
    with Authorization(configured) as authorization:
        with CallbackListener(0, "/callback", authorization.take) as listener:
            url = authorization.begin(f"http://127.0.0.1:{listener.port}/callback")
            back = Browser().consent(url)
            assert Browser().get(back).status == 200
            assert Browser().get(back).status == 400
            callback = listener.await_answer(SystemClock(), 10)
        grant = authorization.finish(callback)
        assert grant_of(configured) == grant
        with pytest.raises(BadToken):  # the code works once too
            authorization.finish(callback)
    assert grant_of(configured) == grant


def test_nobody_answers(configured: ConnectionSettings) -> None:
    clock = VirtualClock(NOW_MS)
    with (
        Authorization(configured, clock=clock) as authorization,
        CallbackListener(0, "/callback", authorization.take) as listener,
        pytest.raises(Unavailable, match="within 10 minutes"),
    ):
        listener.await_answer(clock, WAIT_SECONDS)
    assert grant_of(configured) is None


def test_the_user_denies(configured: ConnectionSettings, start: Start, browser: Browser) -> None:
    for _ in range(2):  # the second time a grant is on file, and stays
        before = grant_of(configured)
        running = start("authorize", "acme", "--no-browser")
        running.process.stdout.readline()  # type: ignore[union-attr]
        url = running.process.stdout.readline().strip()  # type: ignore[union-attr]
        assert browser.get(browser.consent(url, "deny")).status == 200
        ran = running.end()
        assert ran.code == 2
        assert "acme is not authorized: it was denied" in ran.err
        assert "headrace authorize acme" in ran.err
        assert grant_of(configured) == before
        running = start("authorize", "acme", "--no-browser", "--json")
        browser.get(browser.consent(opened(running)))
        assert running.end().code == 0


def test_denied_as_json(configured: ConnectionSettings, start: Start, browser: Browser) -> None:
    running = start("authorize", "acme", "--no-browser", "--json")
    browser.get(browser.consent(opened(running), "deny"))
    ran = running.end()
    assert (ran.code, json.loads(ran.out)["error"]["exit_code"]) == (2, 2)


def test_stopped_while_waiting(configured: ConnectionSettings, start: Start) -> None:
    running = start("authorize", "acme", "--no-browser", "--json")
    opened(running)
    ran = running.stop(signal.SIGINT)
    assert (ran.code, "Traceback" in ran.err) == (130, False)
    assert grant_of(configured) is None


# --- the exchange --------------------------------------------------------------------------------


def test_a_refused_code(world: World, tmp_path: Path, start: Start, browser: Browser) -> None:
    settings = configure(world, tmp_path, client_secret="wrong-secret-word")
    running = start("authorize", "acme", "--no-browser", "--json", "-v")
    back = browser.consent(opened(running))
    browser.get(back)
    ran = running.end()
    assert ran.code == 2
    assert "client_id or client_secret is wrong" in ran.out
    assert "headrace authorize acme" in ran.out
    code = parse_qs(urlsplit(back).query)["code"][0]
    assert not any(secret in ran.out + ran.err for secret in ("wrong-secret-word", code))
    assert grant_of(settings) is None


def test_coding_goes_away_before_the_exchange(
    world: World, configured: ConnectionSettings, start: Start, browser: Browser
) -> None:
    running = start("authorize", "acme", "--no-browser", "--json")
    back = browser.consent(opened(running))
    world.server.close()
    browser.get(back)
    ran = running.end()
    assert ran.code == 3
    assert "refused the connection" in ran.out


# --- what is wrong before ------------------------------------------------------------------------


def test_a_connection_with_a_token(headrace: Headrace, world: World, tmp_path: Path) -> None:
    (tmp_path / "headrace.toml").write_text('[connections.acme]\nteam = "acme"\n')
    ran = headrace("authorize", "acme")
    assert (ran.code, "client_id" in ran.err) == (2, True)
    assert headrace("authorize").code == 2
    assert headrace("authorize", "acne").code == 2


def test_a_port_that_is_taken(headrace: Headrace, configured: ConnectionSettings) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        ran = headrace("authorize", "acme", "--port", str(other.getsockname()[1]))
    assert (ran.code, "cannot be listened on" in ran.err) == (2, True)


def test_a_grant_that_could_not_be_stored_is_not_asked_for(
    headrace: Headrace, configured: ConnectionSettings, tmp_path: Path
) -> None:
    (tmp_path / ".headrace").touch()
    ran = headrace("authorize", "acme", "--no-browser")
    assert (ran.code, "cannot be used" in ran.err) == (2, True)
    assert "oauth_authorize" not in ran.out


def test_a_key_of_the_environment(
    headrace: Headrace,
    configured: ConnectionSettings,
    browser: Browser,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("HEADRACE_KEY", "0123456789abcdef" * 4)
    with Authorization(configured) as authorization:
        back = browser.consent(authorization.begin("http://127.0.0.1:8400/callback"))
        authorization.finish(authorization.take(urlsplit(back).query))
    assert headrace("check", "acme", "--stream", "projects").code == 0
    assert not (tmp_path / ".headrace" / "headrace.key").exists()
    monkeypatch.setenv("HEADRACE_KEY", "fedcba9876543210" * 4)
    ran = headrace("check", "acme")
    assert (ran.code, "does not open" in ran.out) == (2, True)


@pytest.mark.parametrize("key", ["", "x", "0" * 63])
def test_a_wrong_key_of_the_environment(
    headrace: Headrace, configured: ConnectionSettings, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("HEADRACE_KEY", key)
    ran = headrace("check", "acme")
    assert ran.code == 2  # not authorized yet: nothing had to be opened
    if key:
        ran = headrace("authorize", "acme", "--no-browser")
        assert (ran.code, "HEADRACE_KEY is no key" in ran.err) == (2, True)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('client_id = "a"\n', ["line 3", "client_secret is missing"]),
        ('client_secret = "hidden"\n', ["line 3", "client_id is missing"]),
        ('scopes = ["a:ro"]\n', ["line 3", "client_id is missing"]),
        (
            'client_id = "a"\nclient_secret = "hidden"\ntoken = "hidden"\n',
            ["line 5", "exclude each other"],
        ),
        ('redirect_uri = "127.0.0.1:80"\n', ["line 3", "http://127.0.0.1:8400/callback"]),
        ('redirect_uri = "http://a/b?c=d"\n', ["line 3", "redirect_uri"]),
        ('scopes = ["a b"]\n', ["line 3", "collaboration:issue:ro"]),
        ('scopes = "a:ro"\n', ["line 3", "a list of texts"]),
        ('client_id = "a"\nclient_secret = "${NOT_SET}"\n', ["line 4", "NOT_SET"]),
    ],
)
def test_wrong_keys(headrace: Headrace, tmp_path: Path, lines: str, said: list[str]) -> None:
    (tmp_path / "headrace.toml").write_text(f'[connections.acme]\nteam = "acme"\n{lines}')
    ran = headrace("check", "acme")
    assert ran.code == 2
    assert all(part in ran.err for part in said), ran.err
    assert "hidden" not in ran.err


# --- check, sync ---------------------------------------------------------------------------------


def test_not_authorized_yet(
    headrace: Headrace, configured: ConnectionSettings, world: World
) -> None:
    ran = headrace("check", "acme")
    assert ran.code == 2
    assert "✗ OAuth authorization: not authorized yet" in ran.out
    assert "→ Run `headrace authorize acme`." in ran.out
    checks = headrace("check", "acme", "--json").document["checks"]
    assert {check["outcome"] for check in checks[1:]} == {"skipped"}
    assert {"address", "token", "stream:issues"} < {check["name"] for check in checks}
    ran = headrace("sync", "copy", "--once")
    assert ran.code == 2
    assert "not been authorized yet" in ran.err and "headrace authorize acme" in ran.err
    assert world.playground.calls == {}


def test_in_chinese(headrace: Headrace, configured: ConnectionSettings) -> None:
    assert "✗ OAuth 授权" in headrace("check", "acme", "--lang", "zh").out


@pytest.mark.parametrize("damage", ["foreign key", "damaged", "open to others"])
def test_a_file_that_cannot_be_used_is_said(
    headrace: Headrace, configured: ConnectionSettings, tmp_path: Path, damage: str
) -> None:
    store = open_grants(configured, SystemClock())
    with store.lock():
        store.save(Grant("access-1", "refresh-1", NOW_MS))
    if damage == "foreign key":
        (tmp_path / ".headrace" / "headrace.key").unlink()
    elif damage == "damaged":
        store.path.write_bytes(store.path.read_bytes()[:-1])
    else:
        store.path.chmod(0o644)
    for command in (("check", "acme"), ("sync", "copy", "--once")):
        ran = headrace(*command)
        assert ran.code == 2
        assert "acme.grant" in ran.out + ran.err
        assert (
            "chmod 600" if damage == "open to others" else "authorize acme"
        ) in ran.out + ran.err
    if damage != "open to others":
        assert "does not open" in ran.err


def test_a_refused_refresh_says_what_to_do(
    headrace: Headrace, configured: ConnectionSettings
) -> None:
    store = open_grants(configured, SystemClock())
    with store.lock():
        store.save(Grant("access-secret-1", "refresh-secret-1", 0))
    ran = headrace("sync", "copy", "--once", "-v")
    assert ran.code == 2
    assert "CODING refused it" in ran.err and "headrace authorize acme" in ran.err
    assert "-secret-1" not in ran.err + ran.out


def test_no_secret_is_anywhere(
    configured: ConnectionSettings,
    start: Start,
    browser: Browser,
    headrace: Headrace,
    tmp_path: Path,
) -> None:
    """Not in any output, file or command line (Invariant 11)."""
    running = start("authorize", "acme", "--no-browser", "--json", "-v")
    back = browser.consent(opened(running))
    command_line = " ".join(psutil.Process(running.process.pid).cmdline())
    browser.get(back)
    ran = running.end()
    grant, oauth = grant_of(configured), configured.oauth
    assert grant is not None and oauth is not None
    code = parse_qs(urlsplit(back).query)["code"][0]
    secrets = [grant.access_token, grant.refresh_token, oauth.client_secret, code]
    said = ran.out + ran.err + command_line + repr(configured) + repr(grant)
    for command in (
        ("check", "acme", "-v"), ("check", "acme", "--json"), ("sync", "copy", "--once", "-v"),
        ("sync", "copy", "--once", "--json"), ("streams", "--connection", "acme"),
        ("sync", "copy", "--once", "-v", "--stream", "nothing"), ("verify", "copy", "--json"),
    ):  # fmt: skip
        more = headrace(*command)
        said += more.out + more.err
    assert not [secret for secret in secrets if secret in said]
    for path in tmp_path.rglob("*"):
        if path.is_file() and path.name != "headrace.toml":
            content = path.read_bytes()
            assert not [secret for secret in secrets if secret.encode() in content], path


def test_the_playground_has_an_app_to_try(start: Start, browser: Browser, tmp_path: Path) -> None:
    playground = start("playground", "--json", "--issues", "5", "--rate", "0")
    ready = playground.event("ready")
    keys: dict[str, Any] = {"url": ready["url"], **ready["oauth"]}
    lines = [f'{key} = "{value}"' for key, value in keys.items()]
    (tmp_path / "headrace.toml").write_text("\n".join(["[connections.acme]", *lines, TASK]))
    running = start("authorize", "acme", "--no-browser", "--json")
    browser.get(browser.consent(opened(running)))
    assert running.end().code == 0
    assert start("sync", "copy", "--once").end().code == 0
