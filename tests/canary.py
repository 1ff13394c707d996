"""With HEADRACE_CANARY=1 the suite runs at DEBUG and looks for every secret that it met.

Secrets are learned where they enter the product: what is sealed, hashed, masked, sent as a token or
used as a key. At the end they are looked for, in plain, in base64 and as parts of URLs, in whatever
was logged, printed, written or shown on a page, and in the command lines of processes that the
product started.
Where one may be is named below, with the reason.
"""

from __future__ import annotations

import base64
import json
import logging
import os
import re
import subprocess
import sys
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from fnmatch import fnmatch
from functools import wraps
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import quote

import pytest

VARIABLE = "HEADRACE_CANARY"
LENGTH_MIN, LETTERS_MIN = 12, 4  # shorter and duller ones are found by chance
MADE_UP = "test_a_stranger_gets_nothing"  # what is sent there is nobody's secret
SAID, COMMANDS = "canary-said.txt", "canary-commands.txt"
KEPT_MAX = 1_000_000
PRODUCT = f"{os.sep}src{os.sep}headrace{os.sep}"
LOOK_ALIKE = f"{PRODUCT}playground{os.sep}"

# Files in which a secret may be, and why.
FILES = {
    "headrace.key": "the key itself, of mode 0600",
    "*.key": "a key that a test made",
    "*.hooks": "made for a sync without a server; of mode 0600, and CODING shows them as well",
    "*.toml": "written by a test, as people do: they name secrets as they like",
    "test_show_masks_secrets*.inbox": "a delivery is kept as it came; that one has secrets in it",
}
# Lines in which a secret may be said, and why.
SPOKEN = {
    '"setup": "http': "the link that makes the first admin, printed once, for whoever started it",
    "/setup#": "the same for people",
    '"token": "hr_': "an API token in the answer that shows it, once",
    "服务 URL": "a step that a person takes in CODING: what to paste, told to whoever asked for it",
    "签名令牌": "the next step",
    "data-copy=": "what a page gives its reader to copy: a new token, a Service URL",
    'font-monospace" readonly value=': "the field beside that button",
    "what_was_typed_stays] page": "a form that was refused gives its sender back what was typed",
}


class Canary:
    """What was learned, and what was heard."""

    def __init__(self) -> None:
        self.secrets: dict[str, str] = {}
        self.test = ""
        self.folder: Path | None = None
        self.findings: list[str] = []
        self._heard: defaultdict[str, str] = defaultdict(str)
        self._shown: set[int] = set()
        self._lock = threading.RLock()

    def learn(self, kind: str, value: object) -> None:
        """A secret, if it is one that can be looked for."""
        if not isinstance(value, str) or MADE_UP in self.test:
            return
        secret = value.strip()
        if len(secret) >= LENGTH_MIN and len(set(secret)) >= LETTERS_MIN:
            self.secrets.setdefault(secret, f"{kind} in {self.test}")

    def hear(self, what: str, text: str, file: str = SAID) -> None:
        """Something that was said; it is looked through at the end."""
        label = f"[{self.test}] {what}:\t"
        lines = "".join(f"{label}{line}\n" for line in text.splitlines())
        with self._lock:
            self._heard[file] += lines
            if len(self._heard[file]) > KEPT_MAX:
                self.keep()

    def see(self, page: str) -> None:
        """A page or a part of one, of which most lines were seen before."""
        new = [line for line in page.splitlines() if hash(line) not in self._shown]
        self._shown.update(map(hash, new))
        self.hear("page", "\n".join(new))

    def keep(self) -> None:
        """Write down what was heard."""
        if self.folder is not None:
            for name, lines in self._heard.items():
                with (self.folder / name).open("a", encoding="utf-8", errors="replace") as said:
                    said.write(lines)
            self._heard.clear()

    def search(self) -> Iterator[str]:
        """Where secrets are found that should not be there."""
        self.keep()
        forms = {form: secret for secret in self.secrets for form in _forms(secret)}
        if self.folder is None or not forms:
            return
        for path in _files_with(list(forms), self.folder):
            if any(fnmatch(str(path.relative_to(self.folder)), f"*{one}") for one in FILES):
                continue
            if path.name in (SAID, COMMANDS):
                yield from self._search_lines(path, forms)
                continue
            content = path.read_bytes()
            found = next((f for f in forms if f.encode() in content), None)
            if found is not None:
                yield f"{path.relative_to(self.folder)}: {self._named(forms[found])}"

    def _search_lines(self, path: Path, forms: dict[str, str]) -> Iterator[str]:
        pattern = re.compile("|".join(re.escape(form) for form in sorted(forms, key=len)[::-1]))
        seen = set()
        for line in path.read_text("utf-8", errors="replace").splitlines():
            found = pattern.search(line, line.find("\t"))  # behind the name of the test
            if found and not any(allowed in line for allowed in SPOKEN):
                shown = pattern.sub("<SECRET>", line.replace("\t", " ", 1))[:300]
                alike = re.sub(r"\d+", "0", shown)
                if alike not in seen:
                    yield f"{shown} <- {self._named(forms[found[0]])}"
                seen.add(alike)

    def _named(self, secret: str) -> str:
        return f"{self.secrets[secret]} ({secret[:3]}..., {len(secret)} characters)"


def _forms(secret: str) -> Iterator[str]:
    """How it may travel."""
    yield secret
    yield base64.b64encode(secret.encode()).decode()
    for changed in (quote(secret, safe=""), json.dumps(secret)[1:-1]):
        if changed != secret:
            yield changed


def _files_with(forms: Sequence[str], folder: Path) -> list[Path]:
    """Files that hold any of these, quickly."""
    patterns = folder / "canary-patterns.key"
    patterns.write_text("\n".join(forms) + "\n")
    found = subprocess.run(
        ["grep", "-rlaFf", str(patterns), str(folder)],
        capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"},
    )  # fmt: skip
    assert found.returncode in (0, 1) or found.stdout, found.stderr
    patterns.unlink()
    return [Path(line) for line in found.stdout.splitlines() if line != str(patterns)]


# --- where it listens ----------------------------------------------------------------------------


class _Listening(logging.Handler):
    def __init__(self, canary: Canary) -> None:
        super().__init__(logging.DEBUG)
        self._canary = canary
        self.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith("urllib3") and not _from_product():
            return  # a client of the tests, or the look-alike: they know the URLs they call
        self._canary.hear("log", self.format(record))


def _from_product() -> bool:
    """Whether the product is among the callers; the look-alike is CODING's side, not the product's.
    Innermost first."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if PRODUCT in frame.f_code.co_filename:
            return LOOK_ALIKE not in frame.f_code.co_filename
        frame = frame.f_back
    return False


def _before(owner: Any, name: str, look: Callable[..., None]) -> None:
    """Let `look` see the arguments of each call, as well as its own."""
    original = getattr(owner, name)

    @wraps(original)
    def wrapped(*args: Any, **named: Any) -> Any:
        look(*args, **named)
        return original(*args, **named)

    setattr(owner, name, wrapped)


def _after(owner: Any, name: str, look: Callable[[Any], None]) -> None:
    """Let `look` see what each call returns."""
    original = getattr(owner, name)

    @wraps(original)
    def wrapped(*args: Any, **named: Any) -> Any:
        found = original(*args, **named)
        look(found)
        return found

    setattr(owner, name, wrapped)


def watch_product(canary: Canary) -> None:
    """Learn secrets where they enter the product."""
    from headrace.app import sealing
    from headrace.app.grant_store import FileGrantStore
    from headrace.cli.output import Output
    from headrace.coding import hook_secrets, oauth
    from headrace.control import people
    from headrace.control.vault import Vault
    from headrace.playground import DEFAULT_TOKEN

    learn = canary.learn
    learn("the look-alike's token", DEFAULT_TOKEN)

    def learn_all(kind: str, values: Iterable[object]) -> None:
        for value in values:
            learn(kind, value)

    _before(people, "_digest", lambda value: learn("cookie, API token or code", value))
    _before(people, "_hash", lambda _name, password: learn("password", password))
    _before(Vault, "seal", lambda _self, secrets, _row: learn_all("sealed", secrets.values()))
    _before(Output, "hide", lambda _self, secret: learn("masked", secret))
    _before(
        sealing.Seal, "__init__",
        lambda _self, key: learn_all("key", (base64.b64encode(key).decode(), key.hex())),
    )  # fmt: skip
    _before(
        FileGrantStore,
        "_save",
        lambda _self, grant, _seal: learn_all("grant", (grant.access_token, grant.refresh_token)),
    )
    _before(
        oauth.OAuthApp, "__init__",
        lambda _self, *args, **named: learn("client secret", named.get("client_secret") or args[2]),
    )  # fmt: skip
    _before(
        hook_secrets.HookSecrets, "__post_init__",
        lambda self: learn_all("hook", (self.url_secret, self.password, *self.tokens)),
    )  # fmt: skip


def watch_output(canary: Canary) -> None:
    """Hear what is logged, printed and shown on pages, and which processes are started."""
    from headrace.web.console.view import View

    root = logging.getLogger()
    root.setLevel(logging.DEBUG)
    for name in ("faker", "asyncio"):  # tools of the tests, which say much
        logging.getLogger(name).setLevel(logging.INFO)
    root.addHandler(_Listening(canary))
    _after(
        pytest.CaptureFixture, "readouterr",
        lambda found: [canary.hear("printed", str(text)) for text in found],
    )  # fmt: skip

    def hear_process(found: Sequence[Any]) -> None:
        for said in found:
            text = said.decode(errors="replace") if isinstance(said, bytes) else said
            canary.hear("said by a process", text or "")

    def see_command(_self: Any, args: Any, *_: Any, **__: Any) -> None:
        if _from_product():
            words = [args] if isinstance(args, (str, bytes)) else args
            canary.hear("command line", " ".join(map(str, words)), COMMANDS)

    _after(View, "render", canary.see)
    _after(subprocess.Popen, "communicate", hear_process)
    _before(subprocess.Popen, "__init__", see_command)


class CanaryPlugin:
    """The canary's place in a run of the suite, in a worker of it or alone."""

    def __init__(self, canary: Canary) -> None:
        self._canary = canary

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._canary.folder = session.config._tmp_path_factory.getbasetemp()

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._canary.test = nodeid

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Heard where the test ran; the reports of workers come by here once more."""
        for name, text in [] if hasattr(report, "node") else report.sections:
            if "log" not in name:
                self._canary.hear(name, text)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """A worker hands over what it learned; all files are looked through for all of it."""
        output = getattr(session.config, "workeroutput", None)
        if output is not None:
            self._canary.keep()
            output["canary"] = self._canary.secrets
            return
        self._canary.folder = session.config._tmp_path_factory.getbasetemp()
        self._canary.findings = list(self._canary.search())
        if self._canary.findings:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        self._canary.secrets |= getattr(node, "workeroutput", {}).get("canary", {})

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        found = self._canary.findings
        terminalreporter.section(f"canary: {len(found)} secrets out of place")
        for line in found:
            terminalreporter.line(line)


def pytest_configure(config: pytest.Config) -> None:
    """Nothing without HEADRACE_CANARY=1."""
    if os.environ.get(VARIABLE) != "1" or config.pluginmanager.has_plugin("canary"):
        return
    canary = Canary()
    config.pluginmanager.register(CanaryPlugin(canary), "canary")
    if hasattr(config, "workerinput") or not config.getoption("numprocesses", None):
        watch_product(canary)
        watch_output(canary)
