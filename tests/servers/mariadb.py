"""A real MariaDB for the tests: one server a session, on a free loopback port.

Import the fixtures where they are needed: `from tests.servers.mariadb import mariadb`. Without a
MariaDB on this machine its tests are skipped, with HEADRACE_CI=1 they fail.
"""

from __future__ import annotations

import itertools
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pymysql
import pytest
from tests.servers.postgres import free_port

from headrace.destinations.mysql import MySqlDestination

USER = "root"
LONGEST_SECONDS = 60
ATTEMPTS = 3
_numbers = itertools.count(1)
_SERVER = pytest.StashKey["MariaDbServer"]()
USUAL_RIGHTS = "SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP"
_OPTIONS = (
    "--innodb-log-file-size=16M", "--innodb-buffer-pool-size=64M", "--skip-name-resolve",
)  # fmt: skip
_FORGETFUL = "--debug-no-sync"  # nothing here has to survive the machine's own death


@dataclass
class MariaDbServer:
    """A server whose user `root` needs no password on loopback. `more`: options of its own."""

    program: str
    folder: Path
    port: int
    more: tuple[str, ...] = ()
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def url(self, database: str = "mysql") -> str:
        """How to connect."""
        return f"mysql://{USER}@127.0.0.1:{self.port}/{database}?ssl-mode=disabled"

    def connect(self, database: str | None = None, user: str = USER, password: str = "") -> Any:
        """A connection of one's own, which commits each statement."""
        return pymysql.connect(
            host="127.0.0.1", port=self.port, user=user, password=password, database=database,
            charset="utf8mb4", autocommit=True, ssl_disabled=True,
        )  # fmt: skip

    def new_database(self, prefix: str = "test") -> str:
        """Make a database of its own. Returns its URL."""
        name = f"{prefix}_{secrets.token_hex(6)}"
        self.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def execute(self, sql: str, database: str | None = None) -> list[tuple[Any, ...]]:
        """What a person does with a shell of their own."""
        with closing(self.connect(database)) as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall())

    def start(self) -> None:
        """Raises `OSError` when it does not come up."""
        files = (f"--datadir={self.folder / 'data'}", f"--socket={self.folder / 'socket'}")
        own = ("--bind-address=127.0.0.1", f"--port={self.port}", f"--pid-file={self.folder}/pid")
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self.program, "--no-defaults", *files, *own, *_OPTIONS, *self.more],
                cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                **unprivileged(),
            )  # fmt: skip
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """As if the machine lost power: every connection is cut."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _wait(self) -> None:
        end = time.monotonic() + LONGEST_SECONDS
        while self._process is not None and self._process.poll() is None:
            try:
                ((folder,),) = self.execute("SELECT @@datadir")
            except pymysql.Error:
                if time.monotonic() > end:
                    break
                time.sleep(0.02)
            else:
                if Path(folder) == self.folder / "data":
                    return
                break  # another one has the port
        said = (self.folder / "log").read_text(errors="replace")[-2000:]
        raise OSError(f"MariaDB did not start: {said}")


@dataclass(frozen=True)
class Database:
    """A database on the server, as a person with a shell of their own sees it."""

    server: MariaDbServer
    name: str

    @property
    def url(self) -> str:
        return self.server.url(self.name)

    def execute(self, sql: str) -> list[tuple[Any, ...]]:
        return self.server.execute(sql, self.name)


def unprivileged() -> dict[str, Any]:
    """For `subprocess`: as the user `mysql`, or nobody. MariaDB refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    try:
        user = pwd.getpwnam("mysql")
    except KeyError:
        user = pwd.getpwnam("nobody")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def program(name: str) -> str:
    """Where a program is, also where only root looks. Raises `FileNotFoundError`."""
    found = shutil.which(name, path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin")))
    if found is None:
        raise FileNotFoundError(f"there is no MariaDB ({name}) on this machine")
    return found


@contextmanager
def running_mariadb(*more: str, durable: bool = False) -> Iterator[MariaDbServer]:
    """A server with no database of ours, gone at the end. Raises `OSError` if it cannot be had.

    `durable`: commits reach the disk, as they must where time is measured.
    """
    more = more if durable else (*more, _FORGETFUL)
    install, server = program("mariadb-install-db"), program("mariadbd")
    folder = Path(tempfile.mkdtemp(prefix="headrace-mariadb-"))
    try:
        user = unprivileged()
        if user:
            os.chown(folder, user["user"], user["group"])
        done = subprocess.run(
            [install, "--no-defaults", f"--datadir={folder / 'data'}", *_OPTIONS,
             "--auth-root-authentication-method=normal", "--skip-test-db"],
            cwd=folder, stdin=subprocess.DEVNULL, capture_output=True,
            timeout=LONGEST_SECONDS, check=False, **user,
        )  # fmt: skip
        if done.returncode:
            said = (done.stdout + done.stderr)[-2000:].decode(errors="replace")
            raise OSError(f"{install} ended with {done.returncode}: {said}")
        running = started(server, folder, more)
        try:
            yield running
        finally:
            running.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def started(server: str, folder: Path, more: tuple[str, ...]) -> MariaDbServer:
    """Another process may take the free port first: try a few."""
    for attempt in range(ATTEMPTS):
        running = MariaDbServer(server, folder, free_port(), more)
        try:
            running.start()
        except OSError:
            if attempt == ATTEMPTS - 1:
                raise
        else:
            return running
    raise AssertionError("unreachable")


@pytest.fixture(scope="session")
def mariadb(pytestconfig: pytest.Config) -> MariaDbServer:
    """The one server of this test session."""
    if _SERVER not in pytestconfig.stash:
        running = running_mariadb()
        try:
            pytestconfig.stash[_SERVER] = running.__enter__()
        except (OSError, KeyError, subprocess.SubprocessError) as error:
            if os.environ.get("HEADRACE_CI") == "1":
                raise
            pytest.skip(f"no MariaDB: {error}")
        pytestconfig.add_cleanup(lambda: running.__exit__(None, None, None))
    return pytestconfig.stash[_SERVER]


@pytest.fixture
def database(mariadb: MariaDbServer) -> Database:
    """One of its own for each test, empty."""
    name = f"test_{next(_numbers)}"
    mariadb.execute(f"CREATE DATABASE {name}")
    return Database(mariadb, name)


def opened(database: Database, *, port: int = 0) -> MySqlDestination:
    """A destination there, perhaps through a proxy's port, that waits for no lock for long."""
    own = database.server.port
    return MySqlDestination(database.url.replace(f":{own}/", f":{port or own}/"), lock_seconds=1)


@contextmanager
def user_with(database: Database, rights: str = USUAL_RIGHTS, name: str = "clerk") -> Iterator[str]:
    """The URL of a user with a password and these rights on the database, gone at the end."""
    server = database.server
    server.execute(f"CREATE USER {name} IDENTIFIED BY 'hünter/2'")
    try:
        server.execute(f"GRANT {rights} ON {database.name}.* TO {name}")
        yield database.url.replace("root@", f"{name}:h%C3%BCnter%2F2@")
    finally:
        server.execute(f"DROP USER {name}")
