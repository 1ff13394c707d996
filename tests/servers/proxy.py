"""A TCP proxy between a client and a database server: it cuts, hangs and swallows on demand.

    with proxy_to(server.port) as proxy:
        client = connect(host="127.0.0.1", port=proxy.port)
        trap = proxy.drop_answer(holding(b"COMMIT"))
        ...                                  # the client commits: the server does it, and the
        assert trap.sprung                   # client sees its connection end without an answer

It knows no wire protocol: a trap is given a predicate on the bytes that the client sends. TLS must
be off. A trap springs once; the connections that come after it are served as usual.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

HOST = "127.0.0.1"
OVERLAP_BYTES = 256  # of unanswered bytes a predicate sees again: a word may come in two pieces
LONGEST_SECONDS = 30
_PIECE_BYTES = 1 << 16
_ACCEPT_SECONDS = 0.02

Seen = Callable[[bytes], bool]


def holding(*words: bytes) -> Seen:
    """The predicate: one of these words is among the bytes, in whatever case."""
    lowered = [word.lower() for word in words]
    return lambda data: any(word in data.lower() for word in lowered)


@dataclass(eq=False)
class Trap:
    """What is to happen when the client sends certain bytes. `sprung` tells that it has."""

    seen: Seen
    answered: Seen | None = None
    _over: threading.Event = field(default_factory=threading.Event)

    @property
    def sprung(self) -> bool:
        return self._over.is_set()

    def wait(self) -> None:
        """Until it has sprung. Raises `TimeoutError`."""
        if not self._over.wait(LONGEST_SECONDS):
            raise TimeoutError("the client never sent what the trap waits for")

    def spring(self) -> None:
        self._over.set()


class Proxy:
    """See the module. All methods may be called from any thread."""

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._guard = threading.Lock()
        self._trap: Trap | None = None
        self._flowing = threading.Event()
        self._flowing.set()
        self._pairs: set[_Pair] = set()
        self._listener = _bound(0)
        self.port: int = self._listener.getsockname()[1]
        self._listening = threading.Event()
        self.up()

    def cut_before(self, seen: Seen) -> Trap:
        """When the client sends such bytes: cut both sides before they reach the server."""
        return self._set(Trap(seen))

    def drop_answer(self, seen: Seen, answered: Seen = bool) -> Trap:
        """When the client sends such bytes: let them through, keep the server's answer, cut.

        `answered` sees all the server sent since; say more than "anything" where the client sends
        several statements before it reads the answer to the first one.
        """
        return self._set(Trap(seen, answered))

    def hang(self) -> None:
        """Forward nothing more, either way, and keep every connection open."""
        self._flowing.clear()

    def resume(self) -> None:
        """Forward again, also what came while it hung."""
        self._flowing.set()

    def cut(self) -> None:
        """Cut the connections there are. New ones are served."""
        with self._guard:
            pairs = list(self._pairs)
        for pair in pairs:
            pair.cut()

    def down(self) -> None:
        """Cut all connections and refuse new ones."""
        self._stop_listening()
        self._listener = _bound(self.port)
        self.cut()

    def up(self) -> None:
        """Take connections (again)."""
        self._listener.listen()
        self._listener.settimeout(_ACCEPT_SECONDS)
        self._listening.set()
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()

    def close(self) -> None:
        """End all of it."""
        self._stop_listening()
        self.resume()
        self.cut()

    def _set(self, trap: Trap) -> Trap:
        with self._guard:
            self._trap = trap
        return trap

    def _stop_listening(self) -> None:
        """The port is free only when nobody waits at its socket any more."""
        self._listening.clear()
        self._acceptor.join()
        self._listener.close()

    def _accept(self) -> None:
        while self._listening.is_set():
            with suppress(TimeoutError):
                client, _ = self._listener.accept()
                self._serve(client)

    def _serve(self, client: socket.socket) -> None:
        client.settimeout(None)
        try:
            server = socket.create_connection((HOST, self._server_port))
        except OSError:
            client.close()
            return
        for end in (client, server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        pair = _Pair(client, server)
        with self._guard:
            self._pairs.add(pair)
        for pump in (self._pump_client, self._pump_server):
            threading.Thread(target=pump, args=(pair,), daemon=True).start()

    def _pump_client(self, pair: _Pair) -> None:
        with self._ending(pair):
            while piece := pair.client.recv(_PIECE_BYTES):
                self._flowing.wait()
                pair.asked = pair.asked[-OVERLAP_BYTES:] + piece
                trap = self._caught(pair.asked)
                if trap is not None and trap.answered is None:
                    trap.spring()
                    pair.cut()
                    return
                if trap is not None:
                    pair.trap = trap
                pair.server.sendall(piece)

    def _pump_server(self, pair: _Pair) -> None:
        kept = b""
        with self._ending(pair):
            while piece := pair.server.recv(_PIECE_BYTES):
                self._flowing.wait()
                trap = pair.trap
                if trap is None:
                    pair.asked = b""
                    pair.client.sendall(piece)
                    continue
                kept += piece
                if trap.answered is not None and trap.answered(kept):
                    trap.spring()
                    pair.cut()
                    return

    def _caught(self, data: bytes) -> Trap | None:
        with self._guard:
            trap = self._trap
            if trap is None or not trap.seen(data):
                return None
            self._trap = None
            return trap

    @contextmanager
    def _ending(self, pair: _Pair) -> Iterator[None]:
        """When one side ends, so does the other."""
        with suppress(OSError):
            yield
        pair.cut()
        with self._guard:
            self._pairs.discard(pair)


@dataclass(eq=False)
class _Pair:
    """A client's connection, the one to the server that belongs to it, what is not yet answered."""

    client: socket.socket
    server: socket.socket
    asked: bytes = b""
    trap: Trap | None = None

    def cut(self) -> None:
        for end in (self.client, self.server):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


def _bound(port: int) -> socket.socket:
    """A socket that keeps the port; before it listens, connections are refused."""
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind((HOST, port))
    return bound


@contextmanager
def proxy_to(server_port: int) -> Iterator[Proxy]:
    """A proxy to a server on loopback, closed at the end."""
    proxy = Proxy(server_port)
    try:
        yield proxy
    finally:
        proxy.close()
