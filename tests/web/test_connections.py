"""The receiver's connections."""

from __future__ import annotations

import socket
from collections.abc import Callable

from headrace.web.server import HookServer


def test_answers_do_not_wait_for_acknowledgements(opened: Callable[..., HookServer]) -> None:
    """An answer is two writes; with Nagle's algorithm the second waited 40 ms.

    Connections inherit the option.
    """
    listening = opened()._listener._socket
    assert listening.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
