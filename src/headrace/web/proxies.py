"""Who calls, where proxies stand between: each adds the address of its caller to a header.

Only what a trusted proxy wrote counts; anybody may send such a header.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence

from headrace.errors import Refused
from headrace.web.listener import Message

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_HEADER = b"x-forwarded-for"
_HOPS_MAX = 20


def read_proxies(given: Iterable[str]) -> tuple[Network, ...]:
    """Addresses (`10.0.0.7`) or networks (`10.0.0.0/24`). Raises `Refused` for what is neither."""
    found = []
    for one in given:
        try:
            found.append(ipaddress.ip_network(one.strip(), strict=False))
        except ValueError:
            raise Refused(
                f"{one} is no address of a proxy.", advice="Give such as 127.0.0.1 or 10.0.0.0/24."
            ) from None
    return tuple(found)


def note_caller(scope: Message, proxies: Sequence[Network]) -> None:
    """Put the caller's address into `scope["client"]`: the last one on the way here that is no
    trusted proxy's."""
    if not proxies or not scope.get("client"):
        return
    host, port = scope["client"]
    headers = [value for name, value in scope["headers"] if name == _HEADER]
    written = [one.strip() for value in headers for one in value.decode("latin-1").split(",")]
    for one in reversed(written[-_HOPS_MAX:]):
        if not _is_one_of(host, proxies) or _read(one) is None:
            break
        host = one
    scope["client"] = (host, port)


def _is_one_of(host: str, proxies: Sequence[Network]) -> bool:
    address = _read(host)
    return address is not None and any(address in network for network in proxies)


def _read(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
