"""The one door to the network: `Transport` over urllib3, with a limit on everything."""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from types import TracebackType
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, LocationValueError

from headrace.core.transport import Request, Response, Streamed
from headrace.errors import Refused, Unavailable

CONNECT_SECONDS = 5.0
READ_SECONDS = 20.0
TOTAL_SECONDS = 60.0
BODY_BYTES_MAX = 64 * 1024 * 1024
_CHUNK_BYTES = 64 * 1024


class HttpTransport:
    """Sends requests over pooled connections. Thread-safe. Close it, or use it in a `with`.

    `private`: connections to private and loopback addresses are allowed. Leave it off where the
    URL was built from a team's name: a name server must not lead us into our own network.
    """

    def __init__(
        self,
        *,
        private: bool = False,
        connections: int = 16,
        connect_seconds: float = CONNECT_SECONDS,
        read_seconds: float = READ_SECONDS,
        total_seconds: float = TOTAL_SECONDS,
        body_bytes_max: int = BODY_BYTES_MAX,
    ) -> None:
        timeout = urllib3.Timeout(connect=connect_seconds, read=read_seconds)
        self._total_seconds = total_seconds
        self._body_bytes_max = body_bytes_max
        self._pools = urllib3.PoolManager(
            num_pools=4, maxsize=connections, block=True, timeout=timeout, retries=False
        )
        if not private:
            self._pools.pool_classes_by_scheme = {"http": _PublicPool, "https": _PublicTlsPool}

    def send(self, request: Request) -> Response:
        """Send one request and read the whole answer, within 60 s of its first byte.

        Raises `Unavailable` when no complete answer arrived, `Refused` for an address or header
        that cannot be sent to or sent. Messages name the host only.
        """
        host = _host_of(request)
        with _sorted_errors(host):
            return self._exchange(request, host)

    @contextmanager
    def stream(self, request: Request) -> Iterator[Streamed]:
        """Send one request, and hand on its body in chunks, not decoded, without limits of ours.

        Raises as `send` does, also while the chunks come in.
        """
        host = _host_of(request)
        with _sorted_errors(host):
            answer = self._open(request, "identity")
        with closing(answer):  # an answer read to its end has given its connection back
            yield Streamed(answer.status, _headers_of(answer), _chunks(answer, host))

    def _open(self, request: Request, encoding: str) -> Any:
        return self._pools.urlopen(
            request.method,
            request.url,
            body=request.body,
            headers={"User-Agent": "headrace", "Accept-Encoding": encoding, **request.headers},
            redirect=False,
            preload_content=False,
            pool_timeout=self._total_seconds,
        )

    def _exchange(self, request: Request, host: str) -> Response:
        answer = self._open(request, "gzip")
        try:
            body = self._read(answer, host)
        except BaseException:
            answer.close()  # never reuse a connection with an answer half read
            raise
        answer.release_conn()
        return Response(answer.status, _headers_of(answer), body)

    def _read(self, answer: Any, host: str) -> bytes:
        """Read by single receives, so that a body that only drips meets the total limit."""
        ends = time.monotonic() + self._total_seconds
        chunks, size = [], 0
        while chunk := answer.read1(_CHUNK_BYTES):
            chunks.append(chunk)
            size += len(chunk)
            if size > self._body_bytes_max:
                raise Unavailable(f"The answer of {host} is over the limit of its size.")
            if time.monotonic() > ends:
                raise Unavailable(f"The answer of {host} took too long.")
        return b"".join(chunks)

    def close(self) -> None:
        """Close all connections. (Clearing the manager alone would leave that to the collector.)"""
        for key in self._pools.pools.keys():  # noqa: SIM118 - urllib3's container has no iterator
            if (pool := self._pools.pools.get(key)) is not None:
                pool.close()
        self._pools.clear()

    def __enter__(self) -> HttpTransport:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _host_of(request: Request) -> str:
    return urllib3.util.parse_url(request.url).host or "?"


def _headers_of(answer: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in answer.headers.items()}


def _chunks(answer: Any, host: str) -> Iterator[bytes]:
    while True:
        with _sorted_errors(host):
            chunk = answer.read1(_CHUNK_BYTES, decode_content=False)
        if not chunk:
            return
        yield chunk


@contextmanager
def _sorted_errors(host: str) -> Iterator[None]:
    """Which of our errors a failure of the network is."""
    try:
        yield
    except (HTTPError, OSError) as error:
        raise Unavailable(f"No answer from {host}: {_reason(error)}.") from None
    except (LocationValueError, ValueError, TypeError):  # its text may show a header
        raise Refused(f"The request to {host} cannot be sent.") from None


_REASONS = {
    "NameResolutionError": "its name is unknown",
    "NewConnectionError": "it refused the connection",
    "ConnectTimeoutError": "connecting took too long",
    "ReadTimeoutError": "it kept silent too long",
    "EmptyPoolError": "all connections are busy",
    "SSLError": "its certificate or encryption is not acceptable",
    "IncompleteRead": "the answer broke off",
    "ProtocolError": "the connection broke off",
    "DecodeError": "the answer is not compressed as it says",
}


def _reason(error: Exception) -> str:
    """What went wrong, in words of ours: library texts hold object ids and addresses."""
    kinds = (kind.__name__ for kind in type(error).__mro__)
    return next((_REASONS[kind] for kind in kinds if kind in _REASONS), "the connection failed")


def is_public(address: str) -> bool:
    """Whether an IP address is in the public internet, IPv4 inside of IPv6 unwrapped."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        nat64 = ipaddress.IPv6Network("64:ff9b::/96")
        inner = ip.ipv4_mapped or ip.sixtofour
        if ip in nat64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            ip = inner
    return ip.is_global and not ip.is_multicast


def _check_public(host: str, address: str) -> None:
    if not is_public(address):
        raise Refused(
            f"{host} leads to a private address; that is allowed only for an explicit URL.",
            advice="Give the URL instead of the team if the address is meant.",
        )


class _PublicConnection(HTTPConnection):
    """Looks at the addresses before it connects, and at the peer before it sends anything."""

    def _new_conn(self) -> socket.socket:
        try:
            found = socket.getaddrinfo(self._dns_host, self.port, type=socket.SOCK_STREAM)
        except (socket.gaierror, UnicodeError):
            found = []  # connecting will tell
        for *_, place in found:
            _check_public(self.host, str(place[0]))
        sock = super()._new_conn()
        try:
            _check_public(self.host, str(sock.getpeername()[0]))
        except BaseException:
            sock.close()
            raise
        return sock


class _PublicTlsConnection(_PublicConnection, HTTPSConnection):
    """The same over TLS: the check comes before the handshake."""


class _PublicPool(HTTPConnectionPool):
    ConnectionCls = _PublicConnection


class _PublicTlsPool(HTTPSConnectionPool):
    ConnectionCls = _PublicTlsConnection
