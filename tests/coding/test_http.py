"""The transport against real sockets on loopback."""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import pytest
from tests.coding.fakes import SECRET

from headrace.coding.http import HttpTransport, is_public
from headrace.core.transport import Request
from headrace.errors import HeadraceError, Refused, Unavailable

HEADERS = {"Authorization": f"token {SECRET}", "Content-Type": "application/json"}
Talk = Callable[[socket.socket], None]


@dataclass
class Peer:
    """A server that reads a request and then does what the test says."""

    port: int
    requests: list[bytes] = field(default_factory=list)
    accepted: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/open-api"

    @property
    def request(self) -> Request:
        return Request("POST", self.url, HEADERS, b'{"Action":"X"}')


def read_request(connection: socket.socket) -> bytes:
    """A whole request, or b"" when the other side left."""
    data = b""
    while b"\r\n\r\n" not in data or not data.endswith(b"}"):
        received = connection.recv(65536)
        if not received:
            return b""
        data += received
    return data


@contextmanager
def serving(talk: Talk) -> Iterator[Peer]:
    listener = socket.create_server(("127.0.0.1", 0))
    peer = Peer(listener.getsockname()[1])
    connections: list[socket.socket] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            peer.accepted += 1
            connections.append(connection)
            try:
                while request := read_request(connection):
                    peer.requests.append(request)
                    talk(connection)
            except OSError:
                pass

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield peer
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for connection in connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        thread.join()
        for connection in connections:
            connection.close()


def saying(*parts: bytes, close: bool = False) -> Talk:
    def talk(connection: socket.socket) -> None:
        for part in parts:
            connection.sendall(part)
        if close:
            connection.shutdown(socket.SHUT_RDWR)

    return talk


def answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers])
    return f"{head}\r\n\r\n".encode() + body


def failure(transport: HttpTransport, request: Request) -> HeadraceError:
    with pytest.raises(HeadraceError) as caught:
        transport.send(request)
    return caught.value


def test_an_answer_comes_back_whole() -> None:
    reply = answer(b'{"a":1}', "X-Odd: Yes")
    with serving(saying(reply)) as peer, HttpTransport(private=True) as transport:
        response = transport.send(peer.request)
        again = transport.send(peer.request)
    assert (response.status, response.body) == (200, b'{"a":1}')
    assert response.headers["x-odd"] == "Yes"
    assert again == response
    assert peer.accepted == 1  # the connection was used again
    assert f"token {SECRET}".encode() in peer.requests[0]
    assert peer.requests[0].endswith(b'{"Action":"X"}')


def test_any_status_is_an_answer_and_no_redirect_is_followed() -> None:
    reply = answer(b"", "Location: http://127.0.0.1:1/x", status="302 Found")
    with serving(saying(reply)) as peer, HttpTransport(private=True) as transport:
        assert transport.send(peer.request).status == 302
    assert len(peer.requests) == 1


def test_compressed_answers_are_unpacked() -> None:
    packed = gzip.compress(b"x" * 1_000_000)
    reply = answer(packed, "Content-Encoding: gzip")
    with serving(saying(reply)) as peer, HttpTransport(private=True) as transport:
        assert len(transport.send(peer.request).body) == 1_000_000


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def test_chunked_answers_are_put_together() -> None:
    parts = (CHUNKED, b"3\r\nabc\r\n", b"2\r\nde\r\n0\r\n\r\n")
    with serving(saying(*parts)) as peer, HttpTransport(private=True) as transport:
        assert transport.send(peer.request).body == b"abcde"


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n",
        b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"Response":{}}',
        CHUNKED + b"3\r\nabc\r\n",
        CHUNKED + b"30\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\nnot gzip!",
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 7\r\n\r\nabcde",
    ],
)
def test_a_broken_answer_is_unavailable(reply: bytes) -> None:
    with serving(saying(reply, close=True)) as peer, HttpTransport(private=True) as transport:
        error = failure(transport, peer.request)
    assert type(error) is Unavailable
    assert "127.0.0.1" in str(error)
    assert SECRET not in f"{error!r} {error.__cause__!r}"


@pytest.mark.parametrize("packed", [False, True])
def test_an_answer_over_the_limit_is_unavailable(packed: bool) -> None:
    body = b"x" * 300_000
    reply = answer(gzip.compress(body), "Content-Encoding: gzip") if packed else answer(body)
    small = HttpTransport(private=True, body_bytes_max=200_000)
    with serving(saying(reply)) as peer, small as transport:
        assert "size" in str(failure(transport, peer.request))


def test_a_silent_peer_meets_the_time_limit() -> None:
    with serving(saying()) as peer, HttpTransport(private=True, read_seconds=0.05) as transport:
        error = failure(transport, peer.request)
    assert type(error) is Unavailable
    assert "silent" in str(error)


def test_a_half_sent_answer_meets_the_time_limit() -> None:
    half = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"
    with serving(saying(half)) as peer, HttpTransport(private=True, read_seconds=0.05) as transport:
        error = failure(transport, peer.request)
    assert type(error) is Unavailable
    assert "silent" in str(error)


def test_a_dripping_answer_meets_the_total_limit() -> None:
    ended = threading.Event()

    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not ended.wait(0.01):
            connection.sendall(b"x")

    with serving(drip) as peer, HttpTransport(private=True, total_seconds=0.2) as transport:
        try:
            with pytest.raises(Unavailable, match="too long"):
                transport.send(peer.request)
        finally:
            ended.set()


def test_nobody_there_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with HttpTransport(private=True) as transport:
        with pytest.raises(Unavailable, match="refused the connection"):
            transport.send(Request("POST", f"http://127.0.0.1:{port}/open-api", HEADERS))
        with pytest.raises(Unavailable, match=r"nowhere\.invalid: its name is unknown"):
            transport.send(Request("POST", "https://nowhere.invalid/open-api", HEADERS))


def test_a_plain_peer_is_not_taken_for_tls() -> None:
    impatient = HttpTransport(private=True, connect_seconds=0.1)
    with serving(saying(b"plain")) as peer, impatient as transport:
        url = f"https://127.0.0.1:{peer.port}/open-api"
        assert type(failure(transport, Request("POST", url, HEADERS))) is Unavailable


def test_a_header_that_breaks_out_is_refused_unrepeated() -> None:
    headers = {"Authorization": f"token {SECRET}\r\nX: y"}
    with serving(saying(answer(b"{}"))) as peer, HttpTransport(private=True) as transport:
        error = failure(transport, Request("POST", peer.url, headers))
    assert type(error) is Refused
    assert SECRET not in f"{error!r} {error.__cause__!r}"
    assert peer.requests == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433"])
def test_a_team_address_never_leads_into_our_own_network(host: str) -> None:
    with serving(saying(answer(b"{}"))) as peer, HttpTransport() as transport:
        with pytest.raises(Refused, match="private address") as caught:
            transport.send(Request("POST", f"http://{host}:{peer.port}/open-api", HEADERS))
        assert caught.value.advice
    assert peer.accepted == 0


def test_a_name_that_turns_private_between_two_looks_gets_no_byte(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """DNS rebinding: the first answer is public, the one used to connect is not."""
    real, asked = socket.getaddrinfo, []

    def rebinding(host: str, port: int, *args: object, **options: object) -> object:
        asked.append(host)
        if len(asked) == 1:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("8.8.8.8", port))]
        return real("127.0.0.1", port)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    with serving(saying(answer(b"{}"))) as peer, HttpTransport() as transport:
        url = f"http://team.example.com:{peer.port}/"
        assert "private address" in str(failure(transport, Request("POST", url, HEADERS)))
    assert peer.requests == []


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True), ("2606:4700::1", True), ("10.0.0.1", False), ("127.0.0.1", False),
        ("169.254.169.254", False), ("192.168.1.1", False), ("172.16.0.1", False),
        ("100.64.0.1", False), ("0.0.0.0", False), ("224.0.0.1", False), ("::1", False),
        ("fe80::1%eth0", False), ("fd00::1", False), ("::ffff:10.0.0.1", False),
        ("64:ff9b::a00:1", False), ("2002:a00:1::", False), ("64:ff9b::808:808", True),
    ],
)  # fmt: skip
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(address) is public


def test_threads_share_the_connections() -> None:
    def talk_all(connection: socket.socket) -> None:
        connection.sendall(answer(b"{}"))

    with serving(talk_all) as peer, HttpTransport(private=True, connections=1) as transport:
        found: list[int] = []
        threads = [
            threading.Thread(target=lambda: found.append(transport.send(peer.request).status))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == [200] * 8
    assert peer.accepted == 1
