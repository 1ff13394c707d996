"""Running git: quietly, within limits, with nobody's configuration, hooks or credentials but ours.

A credential goes in the environment, as configuration for one host alone: never in the arguments,
which others may see, nor in the clone's own configuration.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import ssl
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from headrace.archive.names import shown
from headrace.core.clock import Clock
from headrace.errors import NotFound, Refused, Unavailable

SECONDS_MAX = 4 * 3600
VERSION_MIN = (2, 32)  # GIT_CONFIG_COUNT, GIT_CONFIG_GLOBAL
_LOOK_SECONDS = 0.1
_REFUSED = ("Authentication failed", "could not read Username", "error: 401", "error: 403")

_CONFIG: Mapping[str, str] = {
    "core.fsync": "all",
    "core.hooksPath": os.devnull,
    "credential.helper": "",
    "fetch.recurseSubmodules": "false",
    "gc.auto": "0",
    "http.followRedirects": "false",
    "http.lowSpeedLimit": "1",
    "http.lowSpeedTime": "60",
    "maintenance.auto": "false",
    "protocol.allow": "never",
    "protocol.https.allow": "always",
    "transfer.credentialsInUrl": "die",
}


class GitRefused(Refused):
    """The git server does not accept the credential."""


def find_git() -> str | None:
    """The path of a git program that takes its configuration from the environment, else None."""
    found = shutil.which("git")
    if found is None:
        return None
    told = subprocess.run([found, "version"], capture_output=True, text=True, check=False).stdout  # noqa: S603
    version = re.match(r"git version (\d+)\.(\d+)", told)
    return found if version and (int(version[1]), int(version[2])) >= VERSION_MIN else None


class Git:
    """The git program on one bare repository. Waits through the clock, so that a stop ends it."""

    def __init__(
        self, program: str, folder: Path, clock: Clock, *, seconds_max: float = SECONDS_MAX
    ) -> None:
        self._program = program
        self._folder = folder
        self._clock = clock
        self._seconds_max = seconds_max

    def run(self, *arguments: str, url: str = "", header: str = "", given: str = "") -> str:
        """Run a command and return what it prints. `header`: the Authorization for `url`'s host.

        Raises `GitRefused` for a refused credential, `NotFound`, else `Unavailable`.
        """
        command = [self._program, f"--git-dir={self._folder}", *arguments]
        process = subprocess.Popen(  # noqa: S603 - no shell, and the URL is checked before
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=_environment(url, header), start_new_session=True,
        )  # fmt: skip
        try:
            out, err = self._wait(process, given.encode())
        except BaseException:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise
        if process.returncode:
            raise _failure(arguments[0], err.decode(errors="replace"), header)
        return out.decode(errors="replace")

    def _wait(self, process: subprocess.Popen[bytes], given: bytes) -> tuple[bytes, bytes]:
        ends_ms = self._clock.now_ms() + self._seconds_max * 1000
        rest: bytes | None = given
        while True:
            try:
                return process.communicate(rest, timeout=_LOOK_SECONDS)
            except subprocess.TimeoutExpired:
                rest = None  # it is under way
                self._clock.sleep(0)
                if self._clock.now_ms() > ends_ms:
                    raise Unavailable("Git took too long.") from None


def _environment(url: str, header: str) -> dict[str, str]:
    """Nothing of ours is passed on but what git needs to find its parts."""
    config = dict(_CONFIG)
    parts = urlsplit(url)
    if parts.scheme == "http":
        config["protocol.http.allow"] = "always"
    if header:
        config[f"http.{parts.scheme}://{parts.netloc}/.extraHeader"] = f"Authorization: {header}"
    if authorities := ssl.get_default_verify_paths().cafile:
        config["http.sslCAInfo"] = authorities
    pairs = {f"GIT_CONFIG_KEY_{n}": name for n, name in enumerate(config)}
    pairs |= {f"GIT_CONFIG_VALUE_{n}": value for n, value in enumerate(config.values())}
    return {
        **pairs,
        "GIT_CONFIG_COUNT": str(len(config)),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
        "PATH": os.defpath,
    }


def _failure(command: str, said: str, header: str) -> Refused | Unavailable:
    """The last thing that git said, without the credential."""
    secret = header.partition(" ")[2]
    lines = [line for line in said.replace(secret or "\0", "***").splitlines() if line.strip()]
    told = shown(" ".join(lines[-3:]))
    if any(sign in said for sign in _REFUSED):
        return GitRefused(f"git {command}: {told}", advice="The token may lack the scope for code.")
    if " not found" in said:
        return NotFound(f"git {command}: {told}")
    return Unavailable(f"git {command}: {told}")


def is_repository(folder: Path) -> bool:
    """Whether a bare repository lies there, by its looks."""
    return (folder / "HEAD").is_file() and (folder / "objects").is_dir()


def bytes_in(folder: Path) -> int:
    """The bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
