"""Depots behind git's own smart HTTP server, as CODING has them: `git http-backend` on a port."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

IDENTITY = ("-c", "user.name=member-17", "-c", "user.email=member-17@example.com")


@dataclass
class Forge:
    """Bare repositories in a folder, served to who sends one of the `good` headers.

    `redirect`: every request is sent there. `failures`: so many requests are answered 503.
    """

    folder: Path
    good: set[str] = field(default_factory=set)
    url: str = ""
    redirect: str = ""
    failures: int = 0
    seen: list[str] = field(default_factory=list)

    def make(self, path: str) -> Path:
        """An empty bare repository. Returns where it lies."""
        place = self.folder / f"{path}.git"
        git("init", "-q", "--bare", "-b", "main", str(place))
        return place

    def commit(self, path: str, branch: str, text: str, parent: str = "") -> str:
        """A commit at the end of a branch, or upon `parent`. Returns its id."""
        place = self.folder / f"{path}.git"
        ref = f"refs/heads/{branch}"
        blob = git("-C", str(place), "hash-object", "-w", "--stdin", given=text)
        tree = git("-C", str(place), "mktree", given=f"100644 blob {blob}\tfile.txt\n")
        found = parent or git("-C", str(place), "for-each-ref", "--format=%(objectname)", ref)
        above = ("-p", found) if found else ()
        made = git("-C", str(place), *IDENTITY, "commit-tree", tree, *above, "-m", text)
        git("-C", str(place), "update-ref", ref, made)
        return made


def git(*arguments: str, given: str = "") -> str:
    """Run the git program; returns what it prints."""
    done = subprocess.run(
        ["git", *arguments], input=given, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


class Handler(BaseHTTPRequestHandler):
    server: ForgeServer

    def do_GET(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        if self.headers.get("Transfer-Encoding") == "chunked":
            raise AssertionError("the requests of these tests are small")
        self._serve(self.rfile.read(int(self.headers["Content-Length"])))

    def _serve(self, body: bytes) -> None:
        forge, sent = self.server.forge, self.headers.get("Authorization", "")
        forge.seen.append(sent)
        if forge.redirect:
            self._answer(302, {"Location": f"{forge.redirect}{self.path}"}, b"")
        elif sent not in forge.good:
            self._answer(401, {"WWW-Authenticate": 'Basic realm="forge"'}, b"")
        elif forge.failures > 0:
            forge.failures -= 1
            self._answer(503, {}, b"")
        else:
            self._backend(body)

    def _backend(self, body: bytes) -> None:
        parts = urlsplit(self.path)
        done = subprocess.run(
            ["git", "http-backend"], input=body, check=True, capture_output=True,
            env={
                "GIT_PROJECT_ROOT": str(self.server.forge.folder), "GIT_HTTP_EXPORT_ALL": "1",
                "REQUEST_METHOD": self.command, "PATH_INFO": parts.path,
                "QUERY_STRING": parts.query, "REMOTE_USER": "member-17",
                "CONTENT_TYPE": self.headers.get("Content-Type", ""), "PATH": "/usr/bin:/bin",
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
                "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory",
                "GIT_CONFIG_VALUE_0": "*",
            },
        )  # fmt: skip
        head, _, answer = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        status = int(headers.pop("Status", "200").split()[0])
        self._answer(status, headers, answer)

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Be quiet."""


class ForgeServer(ThreadingHTTPServer):
    daemon_threads = False
    forge: Forge


@contextmanager
def serving(forge: Forge) -> Iterator[Forge]:
    """Serve on a free port of loopback; `forge.url` is set."""
    server = ForgeServer(("127.0.0.1", 0), Handler)
    server.forge = forge
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    forge.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield forge
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
