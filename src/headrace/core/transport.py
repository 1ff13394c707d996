"""The one seam to the network: a request value, a response value, and `send`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request. `headers` may carry secrets, so they stay out of the repr (Invariant 11)."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP response. Header names are lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)


class Transport(Protocol):
    """The only way to the network."""

    def send(self, request: Request) -> Response:
        """Send one request and read the whole answer.

        Raises `Unavailable` when no complete HTTP answer arrived (refused, reset, timed out, over
        the size limit). Follows no redirect. Any HTTP status is a normal return.
        """
        ...


@dataclass(frozen=True, slots=True)
class Streamed:
    """An HTTP response whose body is still on its way. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    chunks: Iterator[bytes] = field(repr=False)


class Downloads(Protocol):
    """The way to bodies too large to be held at once."""

    def stream(self, request: Request) -> AbstractContextManager[Streamed]:
        """Send one request; its body comes in chunks, as it lies on the server, to the end.

        Raises `Unavailable`, also from `chunks` when the answer breaks off. Follows no redirect.
        """
        ...
