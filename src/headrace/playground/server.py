"""The playground on a real loopback port: HTTP/1.1 with keep-alive, life and hook deliveries."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, RLock, Thread
from types import TracebackType
from typing import Any, Self

import urllib3

from headrace.core.transport import Request, Response

from .api import Playground
from .hooks import Delivery

BODY_MAX = 1_048_576
DISCARD_MAX = 16 * BODY_MAX
IDLE_SECONDS = 30
DELIVERY_TIMEOUT_SECONDS = 5.0
OUTBOX_LOOK_SECONDS = 0.02
ACTS_PER_SECOND_MAX = 1_000.0


class _Handler(BaseHTTPRequestHandler):
    server: _Listener
    protocol_version = "HTTP/1.1"
    server_version = "playground"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = 65_536
    timeout = IDLE_SECONDS

    def handle_one_request(self) -> None:
        with suppress(ConnectionError, TimeoutError):
            super().handle_one_request()
            return
        self.close_connection = True

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        told = self.headers.get("Content-Length", "")
        length = int(told) if told.isdecimal() else BODY_MAX + 1
        if length <= BODY_MAX:
            self._answer(self.rfile.read(length))
            return
        if told.isdecimal():
            self._discard(min(length, DISCARD_MAX))
        self.close_connection = True
        self._write(Response(413, {}, b"Too large, or without a Content-Length"))

    def _discard(self, length: int) -> None:
        """Read on: an answer to a client that is still sending would be lost."""
        while length > 0 and (chunk := self.rfile.read(min(length, BODY_MAX))):
            length -= len(chunk)

    def _answer(self, body: bytes) -> None:
        host = self.headers.get("Host", "127.0.0.1")
        request = Request(self.command, f"http://{host}{self.path}", dict(self.headers), body)
        with self.server.lock:
            response = self.server.playground.send(request)
        self._write(response)

    def _write(self, response: Response) -> None:
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(response.body)))
        if self.close_connection:
            self.send_header("connection", "close")
        self.end_headers()
        self.wfile.write(response.body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the playground counts its calls."""


class _Listener(ThreadingHTTPServer):
    """Keeps its open connections, to end them on close and leave no thread behind."""

    daemon_threads = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], playground: Playground, lock: RLock) -> None:
        self.playground = playground
        self.lock = lock
        self._open: set[socket.socket] = set()
        self._open_lock = RLock()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._open_lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._open_lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        with self._open_lock:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)


class Server:
    """A running playground. `lock` guards team and playground for callers in other threads."""

    def __init__(
        self,
        playground: Playground,
        host: str,
        port: int,
        *,
        acts_per_second: float,
        on_act: Callable[[str], None] | None,
        deliver_hooks: bool,
    ) -> None:
        self.playground = playground
        self.lock = RLock()
        self._on_act = on_act
        self._pauses = 0
        self._stop = Event()
        self._listener = _Listener((host, port), playground, self.lock)
        playground.team.served_at = self.url
        self._threads = [Thread(target=self._listener.serve_forever, args=(0.05,), name="http")]
        if acts_per_second > 0:
            pause_seconds = 1 / min(acts_per_second, ACTS_PER_SECOND_MAX)
            self._threads.append(Thread(target=self._live, args=(pause_seconds,), name="life"))
        if deliver_hooks:
            self._threads.append(Thread(target=self._deliver, name="hooks"))
        for thread in self._threads:
            thread.start()

    @property
    def port(self) -> int:
        return int(self._listener.server_address[1])

    @property
    def url(self) -> str:
        """Without a slash at the end; the API is at `{url}/open-api`."""
        return f"http://{self._listener.server_address[0]!s}:{self.port}"

    @contextmanager
    def paused(self) -> Iterator[Playground]:
        """Hold life still: between enter and exit no act happens. Calls are still answered."""
        with self.lock:
            self._pauses += 1
        try:
            yield self.playground
        finally:
            with self.lock:
                self._pauses -= 1

    def close(self) -> None:
        """End life, deliveries, connections and all threads. A second call does nothing."""
        if self._stop.is_set():
            return
        self._stop.set()
        self._listener.shutdown()
        self._listener.hang_up()
        self._listener.server_close()
        for thread in self._threads:
            thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _live(self, pause_seconds: float) -> None:
        while not self._stop.wait(pause_seconds):
            with self.lock:
                if self._pauses:
                    continue
                told = self.playground.team.step(self.playground.clock.now_ms())
            if self._on_act:
                self._on_act(told)

    def _deliver(self) -> None:
        timeout = urllib3.Timeout(total=DELIVERY_TIMEOUT_SECONDS)
        with urllib3.PoolManager(timeout=timeout, retries=False) as pool:
            while not self._stop.wait(OUTBOX_LOOK_SECONDS):
                with self.lock:
                    due = self.playground.deliver_due()
                for delivery in due:
                    if self._stop.is_set():
                        return
                    response = _sent(pool, delivery)
                    with self.lock:
                        self.playground.delivered(delivery.id, response)


def _sent(pool: urllib3.PoolManager, delivery: Delivery) -> Response | None:
    """Send once, follow nothing; None when no answer came."""
    request = delivery.request
    try:
        found = pool.request(
            request.method,
            request.url,
            body=request.body or None,
            headers=dict(request.headers),
            redirect=False,
        )
    except (urllib3.exceptions.HTTPError, UnicodeError, ValueError):
        return None
    headers = {name.lower(): value for name, value in found.headers.items()}
    return Response(found.status, headers, found.data)


def serve(
    playground: Playground,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    acts_per_second: float = 0,
    on_act: Callable[[str], None] | None = None,
    deliver_hooks: bool = True,
) -> Server:
    """Serve a playground until `close()`; use it as a context manager. Port 0: any free one.

    acts_per_second: how fast the team lives (0: it stands still; at most 1000). on_act hears
    each act in one line, from the life thread, outside the lock.
    """
    return Server(
        playground,
        host,
        port,
        acts_per_second=acts_per_second,
        on_act=on_act,
        deliver_hooks=deliver_hooks,
    )
