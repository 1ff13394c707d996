"""Bare clones through git: first and later ones, what goes wrong, and where the token may show."""

from __future__ import annotations

import shutil
import threading
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from headrace.app import SystemClock
from headrace.archive.contents import WantedDepot
from headrace.archive.depots import Clone, Depots
from headrace.archive.git import Git, GitRefused
from headrace.archive.journal import Journal
from headrace.coding.auth import Authorizer, PersonalToken, ProjectToken
from headrace.coding.client import Client
from headrace.coding.git_access import GitAccess
from headrace.coding.http import HttpTransport
from headrace.coding.pacing import Pacer
from headrace.core.retry import RetryPolicy
from headrace.errors import HeadraceError, NotFound, Refused, Stopped, Unavailable

from .conftest import needs_git
from .smart import Forge, git, serving

pytestmark = needs_git
GOOD = f"Basic {b64encode(b'member-17:secret-token').decode()}"
PATH = "projects/101-shop/depots/1-app.git"


@dataclass
class Access:
    """Hands out the headers it was given, one after the other."""

    headers: list[str] = field(default_factory=lambda: [GOOD])

    def header(self, url: str) -> str:
        return self.headers[0]

    def renew(self, refused_header: str) -> bool:
        if len(self.headers) < 2:
            return False
        assert self.headers.pop(0) == refused_header
        return True


@dataclass
class Place:
    """A forge with one depot, and what clones it."""

    forge: Forge
    depots: Depots
    access: Access
    clock: SystemClock

    def wanted(self, **heads: str) -> WantedDepot:
        url = f"{self.forge.url}/acme/shop/app.git"
        return WantedDepot(1, 101, "app", url, "git", "main", heads)

    def clone(self, **heads: str) -> Clone:
        return self.depots.clone(self.wanted(**heads), PATH)

    def refs(self) -> dict[str, str]:
        """The references of the clone."""
        lines = git("--git-dir", str(self.depots.root / PATH), "for-each-ref",
                    "--format=%(refname) %(objectname)").splitlines()  # fmt: skip
        return dict(line.split() for line in lines)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with serving(Forge(tmp_path / "forge", {GOOD})) as forge:
        forge.make("acme/shop/app")
        clock, access, root = SystemClock(), Access(), tmp_path / "kept"
        journal = Journal(root, "team")
        retry = RetryPolicy(attempts=3, first_seconds=0.01)
        depots = Depots(root, journal, access, clock, shutil.which("git"), retry)
        yield Place(forge, depots, access, clock)
        journal.close()


# --- clones --------------------------------------------------------------------------------------


def test_a_depot_is_cloned_and_then_fetched(place: Place) -> None:
    first = place.forge.commit("acme/shop/app", "main", "one")
    old = place.forge.commit("acme/shop/app", "old", "other")
    made = place.clone(main=first, old=old)
    assert made.lacking == {}
    assert place.refs() == {"refs/heads/main": first, "refs/heads/old": old}
    git("-C", str(place.forge.folder / "acme/shop/app.git"), "branch", "-q", "-D", "old")
    second = place.forge.commit("acme/shop/app", "main", "two")
    again = place.clone(main=second, old=old)
    assert again.lacking == {}  # no commit that was once fetched goes
    assert place.refs() == {"refs/heads/main": second}
    assert again.stored.sha256 != made.stored.sha256
    assert place.depots.journal.done("depots 1") == again.stored


def test_heads_that_are_not_there(place: Place) -> None:
    first = place.forge.commit("acme/shop/app", "main", "one")
    blob = git(
        "-C", str(place.forge.folder / "acme/shop/app.git"), "rev-parse", f"{first}:file.txt"
    )
    heads = {"main": first, "gone": "1" * 40, "odd": "not a sha", "file": blob, "empty": ""}
    made = place.clone(**heads)
    assert made.lacking == {name: sha for name, sha in heads.items() if name != "main"}


def test_a_forced_push(place: Place) -> None:
    first = place.forge.commit("acme/shop/app", "main", "one")
    place.forge.commit("acme/shop/app", "main", "two")
    place.clone()
    forced = place.forge.commit("acme/shop/app", "main", "three", parent=first)
    assert place.clone(main=forced).lacking == {}
    assert place.refs() == {"refs/heads/main": forced}


def test_a_branch_becomes_a_folder_of_branches(place: Place) -> None:
    place.forge.commit("acme/shop/app", "a", "one")
    place.clone()
    git("-C", str(place.forge.folder / "acme/shop/app.git"), "branch", "-q", "-D", "a")
    inner = place.forge.commit("acme/shop/app", "a/b", "two")
    place.clone()
    assert place.refs() == {"refs/heads/a/b": inner}


def test_an_empty_depot(place: Place) -> None:
    assert place.clone().lacking == {}
    assert place.refs() == {}


def test_what_a_crash_left_is_no_hindrance(place: Place) -> None:
    sha = place.forge.commit("acme/shop/app", "main", "one")
    part = place.depots.root / f"{PATH}.part"
    part.mkdir(parents=True)
    (part / "config").write_text("[core")
    assert place.clone(main=sha).lacking == {}
    assert not part.exists()


# --- what goes wrong -----------------------------------------------------------------------------


def test_a_refused_credential_is_renewed_once(place: Place) -> None:
    sha = place.forge.commit("acme/shop/app", "main", "one")
    place.access.headers = ["Basic bW9sZDpvbGQ=", GOOD]
    assert place.clone(main=sha).lacking == {}
    place.access.headers = ["Basic bW9sZDpvbGQ="]
    with pytest.raises(GitRefused) as caught:
        place.clone()
    assert "bW9sZDpvbGQ=" not in str(caught.value)
    assert place.refs() == {"refs/heads/main": sha}  # the earlier clone stays


def test_a_server_that_recovers(place: Place) -> None:
    sha = place.forge.commit("acme/shop/app", "main", "one")
    place.forge.failures = 2
    assert place.clone(main=sha).lacking == {}
    place.forge.failures = 99
    with pytest.raises(Unavailable, match="503"):
        place.clone()


def test_a_depot_that_is_gone(place: Place) -> None:
    gone = replace(place.wanted(), url=f"{place.forge.url}/acme/shop/gone.git")
    with pytest.raises(NotFound, match="not found"):
        place.depots.clone(gone, PATH)
    assert not (place.depots.root / PATH).exists()


def test_a_redirect_is_not_followed(place: Place, tmp_path: Path) -> None:
    """Else the token would go wherever a server sends us."""
    with serving(Forge(tmp_path / "evil", {GOOD})) as evil:
        place.forge.redirect = evil.url
        with pytest.raises(HeadraceError):
            place.clone()
        assert evil.seen == []


@pytest.mark.parametrize(
    "url",
    [
        "--upload-pack=touch /tmp/x", "ext::sh -c touch% /tmp/x", "file:///etc", "/etc", "",
        "ssh://git@127.0.0.1/a.git", "http://user:pass@127.0.0.1/a.git", "http://127.0.0.1",
        "http://127.0.0.1/a.git?x=1", "https://127.0.0.1/a b.git", "http://-x/\n--y",
    ],
)  # fmt: skip
def test_hostile_addresses(place: Place, url: str) -> None:
    with pytest.raises(Refused, match="no usable address"):
        place.depots.clone(replace(place.wanted(), url=url), PATH)


def test_a_stop_ends_git(place: Place, tmp_path: Path) -> None:
    """A git that never ends is killed, with all that it started."""
    script = tmp_path / "git"
    script.write_text("#!/bin/sh\nsleep 600 & wait\n")
    script.chmod(0o755)
    timer = threading.Timer(0.3, place.clock.stop)
    timer.start()
    with pytest.raises(Stopped):
        Git(str(script), tmp_path, place.clock).run("fetch")
    timer.join()
    with pytest.raises(Unavailable, match="too long"):
        Git(str(script), tmp_path, SystemClock(), seconds_max=0.2).run("fetch")


# --- the token -----------------------------------------------------------------------------------


def test_the_token_is_in_no_argument_and_no_file(place: Place, tmp_path: Path) -> None:
    log, real = tmp_path / "arguments.log", shutil.which("git")
    script = tmp_path / "git"
    script.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$@" >> {log}\nenv >> {log}.environment\nexec {real} "$@"\n'
    )
    script.chmod(0o755)
    place.depots = replace(place.depots, program=str(script))
    place.clone(main=place.forge.commit("acme/shop/app", "main", "one"))
    secrets = (GOOD.split()[1], "secret-token")
    assert "fetch" in log.read_text()
    files = [log, *(p for p in place.depots.root.rglob("*") if p.is_file())]
    for path in files:
        content = path.read_bytes()
        assert not any(secret.encode() in content for secret in secrets), path
    environment = Path(f"{log}.environment").read_text()
    assert secrets[0] in environment  # only whom the program belongs to can read that
    assert "HOME=" not in environment
    assert place.forge.url not in (place.depots.root / PATH / "config").read_text()


def test_our_own_configuration_of_git_does_not_matter(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rewritten address, a hook, a tracing or a helper of the user's must not see the token."""
    sha = place.forge.commit("acme/shop/app", "main", "one")
    trace, home = tmp_path / "trace.log", tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(
        f'[url "http://127.0.0.1:9/"]\n\tinsteadOf = {place.forge.url}/\n'
    )
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_TRACE_CURL", str(trace))
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    assert place.clone(main=sha).lacking == {}
    assert not trace.exists()


def access_of(token: Authorizer, address: str, *hosts: str) -> GitAccess:
    clock = SystemClock()
    with HttpTransport(private=True) as transport:
        client = Client(transport, address, token, Pacer(clock), clock)
        return GitAccess(client, address, user="member-17", hosts=hosts)


@pytest.mark.parametrize(
    ("address", "hosts", "url", "good"),
    [
        ("https://acme.coding.net", (), "https://e.coding.net/acme/shop/app.git", True),
        ("https://acme.coding.net", (), "https://acme.coding.net/a.git", True),
        ("https://acme.coding.net", (), "http://e.coding.net/acme/shop/app.git", False),
        ("https://acme.coding.net", (), "https://coding.net.evil.example/a.git", False),
        ("https://acme.coding.net", (), "https://evilcoding.net/a.git", False),
        ("https://acme.coding.net", ("git.example.com",), "https://git.example.com/a.git", True),
        ("https://coding.example.com", (), "https://coding.example.com/a.git", True),
        ("https://coding.example.com", (), "https://git.example.com/a.git", False),
        ("https://coding.example.com", (), "https://e.coding.net/a.git", False),
        ("https://coding.example.com", ("git.example.com",), "http://git.example.com/a.git", False),
        ("http://127.0.0.1:8080", (), "http://127.0.0.1:8080/a.git", True),
        ("http://127.0.0.1:8080", (), "http://127.0.0.1:8081/a.git", False),
    ],
)
def test_where_the_token_may_go(address: str, hosts: tuple[str, ...], url: str, good: bool) -> None:
    access = access_of(PersonalToken("secret-token"), address, *hosts)
    if good:
        assert access.header(url) == GOOD
        assert access.renew(GOOD) is False
        return
    with pytest.raises(Refused) as caught:
        access.header(url)
    assert "secret-token" not in str(caught.value)


class Renewing:
    """Has a newer header after the first was refused."""

    headers = ("Bearer old", "Bearer new")
    place = 0

    def header(self) -> str:
        return self.headers[self.place]

    def renew(self, refused_header: str) -> bool:
        assert refused_header == "Bearer old"
        self.place = 1
        return True


def test_an_oauth_token_is_renewed() -> None:
    access, url = access_of(Renewing(), "https://acme.coding.net"), "https://e.coding.net/a.git"
    headers = [f"Basic {b64encode(f'member-17:{t}'.encode()).decode()}" for t in ("old", "new")]
    assert access.header(url) == headers[0]
    assert access.renew("Basic something else") is False
    assert access.renew(headers[0]) is True
    assert access.header(url) == headers[1]


def test_a_project_token_is_sent_as_it_is() -> None:
    access = access_of(ProjectToken("pt-user", "pt-pass"), "https://acme.coding.net")
    header = access.header("https://e.coding.net/a.git")
    assert header == f"Basic {b64encode(b'pt-user:pt-pass').decode()}"
