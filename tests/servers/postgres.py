"""A real PostgreSQL for the tests: one server a session, on a free loopback port.

Import the fixture where it is needed: `from tests.servers.postgres import postgres`. Without a
PostgreSQL on this machine its tests are skipped, with HEADRACE_CI=1 they fail.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

USER = "headrace"
LONGEST_SECONDS = 60
ATTEMPTS = 3
_SERVER = pytest.StashKey["PostgresServer"]()


@dataclass(frozen=True)
class PostgresServer:
    """A running server whose superuser `headrace` needs no password on loopback."""

    bin: Path
    folder: Path
    port: int
    durable: bool = False

    def url(self, database: str = "postgres") -> str:
        """How to connect."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    def new_database(self, prefix: str = "test") -> str:
        """Make a database of its own. Returns its URL."""
        name = f"{prefix}_{secrets.token_hex(6)}"
        with psycopg.connect(self.url(), autocommit=True) as db:
            db.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def start(self) -> None:
        options = (
            f"-p {self.port} -c listen_addresses=127.0.0.1 -c max_connections=50"
            f" -c unix_socket_directories='' -c fsync={'on' if self.durable else 'off'}"
        )
        self._control("start", "-w", "-l", str(self.folder / "log"), "-o", options)

    def stop(self) -> None:
        """As if the machine lost power: every connection is cut."""
        self._control("stop", "-w", "-m", "immediate")

    def _control(self, *words: str) -> None:
        data = self.folder / "data"
        run_unprivileged(self.folder, str(self.bin / "pg_ctl"), "-s", "-D", str(data), *words)


def run_unprivileged(folder: Path, *command: str) -> None:
    """Run a program of PostgreSQL, which refuses to run as root, in a folder that is its own."""
    as_user: dict[str, Any] = {}
    if os.geteuid() == 0:
        user = unprivileged()
        as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        os.chown(folder, user.pw_uid, user.pw_gid)
    with (folder / "said").open("a+") as said:  # a pipe would be held open by the server
        done = subprocess.run(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=said, stderr=said,
            timeout=LONGEST_SECONDS, check=False, **as_user,
        )  # fmt: skip
        said.seek(0)
        if done.returncode:
            raise OSError(f"{command[0]} ended with {done.returncode}: {said.read()[-2000:]}")


def unprivileged() -> pwd.struct_passwd:
    """The user `postgres`, or nobody."""
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


def find_programs() -> Path | None:
    """The folder of initdb and pg_ctl, if there is one."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += [Path("/usr/local/bin"), *sorted(Path("/usr/lib/postgresql").glob("*/bin"))[::-1]]
    wanted = ("initdb", "pg_ctl", "postgres")
    return next((f for f in folders if all((f / name).exists() for name in wanted)), None)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def running_postgres(*, durable: bool = False) -> Iterator[PostgresServer]:
    """A server with an empty cluster, gone at the end. Raises `OSError` when it cannot be had.

    `durable`: commits reach the disk, as they must where time is measured.
    """
    programs = find_programs()
    if programs is None:
        raise FileNotFoundError("there is no PostgreSQL (initdb, pg_ctl) on this machine")
    folder = Path(tempfile.mkdtemp(prefix="headrace-postgres-"))
    try:
        run_unprivileged(
            folder, str(programs / "initdb"), "-D", str(folder / "data"), "-U", USER,
            "--auth=trust", "-E", "UTF8", "--locale=C", "--no-sync",
        )  # fmt: skip
        server = started(programs, folder, durable)
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def started(programs: Path, folder: Path, durable: bool) -> PostgresServer:
    """Another process may take the free port first: try a few."""
    for attempt in range(ATTEMPTS):
        server = PostgresServer(programs, folder, free_port(), durable)
        try:
            server.start()
        except OSError:
            if attempt == ATTEMPTS - 1:
                raise
        else:
            return server
    raise AssertionError("unreachable")


@pytest.fixture(scope="session")
def postgres(pytestconfig: pytest.Config) -> PostgresServer:
    """The one server of this test session."""
    if _SERVER not in pytestconfig.stash:
        running = running_postgres()
        try:
            pytestconfig.stash[_SERVER] = running.__enter__()
        except (OSError, KeyError, subprocess.SubprocessError) as error:
            if os.environ.get("HEADRACE_CI") == "1":
                raise
            pytest.skip(f"no PostgreSQL: {error}")
        pytestconfig.add_cleanup(lambda: running.__exit__(None, None, None))
    return pytestconfig.stash[_SERVER]
