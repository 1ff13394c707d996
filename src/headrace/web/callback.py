"""The loopback listener that a browser comes back to after a consent: one answer, then it closes.

It believes nothing itself: every query goes to `take`, which refuses what is no answer of ours.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from types import TracebackType
from typing import Any, Self

from headrace.app.authorize import LOOPBACK
from headrace.coding.consent import Callback
from headrace.core.clock import Clock
from headrace.errors import Refused, Unavailable

_IDLE_SECONDS = 10
_LOOK_SECONDS = 0.05
_CONNECTIONS_MAX = 32
_PAGE = (
    """<!doctype html><html><meta charset="utf-8"><title>Headrace</title><p>{zh}<p>{en}</html>"""
)
_TAKEN = _PAGE.format(
    zh="Headrace 已收到授权结果。请关闭此页面，回到终端查看。",
    en="Headrace has the answer. Close this page and look at the terminal.",
)
_REFUSED = _PAGE.format(
    zh="这不是当前授权请求的结果。请使用终端中显示的地址重新授权。",
    en="This is no answer to the request under way. Use the address that the terminal shows.",
)
_HEADERS: Mapping[str, str] = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Connection": "close",
}


class CallbackListener:
    """Listens on 127.0.0.1 from when it is made until `close`. Port 0 is any free one.

    `take` reads a query, or raises `Refused`; `refused` is told of each that was. Raises `Refused`
    when the port cannot be had.
    """

    def __init__(
        self,
        port: int,
        path: str,
        take: Callable[[str], Callback],
        refused: Callable[[Refused], None] = lambda _error: None,
    ) -> None:
        self.answers: queue.Queue[Callback] = queue.Queue()
        try:
            self._server = _Server((LOOPBACK, port), path, take, refused, self.answers)
        except OSError as error:
            raise Refused(
                f"{LOOPBACK}:{port} cannot be listened on: {error.strerror or error}.",
                advice="Stop what uses that port, or register another redirect URI.",
            ) from None
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_LOOK_SECONDS,), name="headrace-callback"
        )
        self._thread.start()

    def await_answer(self, clock: Clock, seconds: float) -> Callback:
        """The answer. Raises `Unavailable` when none has come in time."""
        ends_ms = clock.now_ms() + int(seconds * 1000)
        while clock.now_ms() < ends_ms:
            try:
                return self.answers.get_nowait()
            except queue.Empty:
                clock.sleep(_LOOK_SECONDS)
        raise Unavailable(
            f"No answer came within {seconds / 60:g} minutes.",
            advice="Run it again, and consent on the page that opens.",
        )

    def close(self) -> None:
        """Take no more. A second call does nothing."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class _Server(ThreadingTCPServer):
    """Browsers open connections that they may never use: each has a thread, and a limit."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = _CONNECTIONS_MAX

    def __init__(
        self,
        address: tuple[str, int],
        path: str,
        take: Callable[[str], Callback],
        refused: Callable[[Refused], None],
        answers: queue.Queue[Callback],
    ) -> None:
        self.path = path
        self.take = take
        self.refused = refused
        self.answers = answers
        self._slots = threading.BoundedSemaphore(_CONNECTIONS_MAX)
        super().__init__(address, _Handler)

    def verify_request(self, request: Any, client_address: Any) -> bool:  # noqa: ARG002
        return self._slots.acquire(blocking=False)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._slots.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: the request line holds the code."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    server_version = "headrace"
    sys_version = ""
    timeout = _IDLE_SECONDS

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        if path != self.server.path:
            self._answer(404, _REFUSED)
            return
        try:
            callback = self.server.take(query)
        except Refused as error:
            self.server.refused(error)
            self._answer(400, _REFUSED)
            return
        try:
            self._answer(200, _TAKEN)
        finally:
            self.server.answers.put(callback)

    def _answer(self, status: int, page: str) -> None:
        content = page.encode()
        self.send_response(status)
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the request line holds the code."""
