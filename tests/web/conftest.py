"""A receiver on a real port, its inbox in a real file, and a sender that signs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import urllib3
from tests.cli.conftest import start
from tests.web.api_site import admin, behind, site, stranger, world

from headrace.app import SystemClock
from headrace.coding.hook_secrets import HookSecrets, signature_of
from headrace.core.ports import Inbox
from headrace.mirror.files import connect
from headrace.mirror.inbox import SqliteInbox
from headrace.web.receiver import ReceiverSettings
from headrace.web.server import HookServer

__all__ = ["admin", "behind", "site", "start", "stranger", "world"]
SECRETS = HookSecrets("url-secret-0123456789", ("token-of-today", "token-of-old"))
BODY = b'{"event":"ISSUE_UPDATED","project":{"id":2001},"issue":{"project_id":2001,"code":41}}'
EVENT = "x-coding-service-hook-event"


class Sender:
    """Sends as CODING does."""

    def __init__(self, server: HookServer) -> None:
        self.url = f"http://127.0.0.1:{server.port}"
        self.pool = urllib3.PoolManager(retries=False, timeout=20, maxsize=20)

    def send(
        self,
        body: bytes = BODY,
        *,
        id: str | None = "delivery-1",
        token: str | None = "token-of-today",
        path: str = f"/hooks/{SECRETS.url_secret}",
        method: str = "POST",
        headers: dict[str, str] | None = None,
    ) -> urllib3.BaseHTTPResponse:
        sent = {"content-type": "application/json"}
        sent |= {"x-coding-delivery": id} if id else {}
        sent |= {"x-coding-signature": signature_of(token, body)} if token else {}
        return self.pool.request(method, self.url + path, body=body, headers=sent | (headers or {}))


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[Inbox]:
    """For the test to look into; the receiver has a connection of its own."""
    one = SqliteInbox(connect(tmp_path / "inbox.db"))
    yield one
    one.close()


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[..., HookServer]]:
    """Open a receiver; it is closed after the test."""
    with ExitStack() as closing:

        def make(
            secrets: HookSecrets = SECRETS, inbox: Inbox | None = None, **settings: Any
        ) -> HookServer:
            if inbox is None:
                inbox = SqliteInbox(connect(tmp_path / "inbox.db"))
                closing.callback(inbox.close)
            server = HookServer(
                inbox, secrets, SystemClock(),
                listen="127.0.0.1:0", settings=ReceiverSettings(**settings),
            )  # fmt: skip
            return closing.enter_context(server)

        yield make
