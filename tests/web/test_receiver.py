"""What the receiver takes, what it refuses and what it says, over real sockets."""

from __future__ import annotations

import base64
import json
import socket
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from threading import Event
from urllib.parse import urlencode

import pytest

from headrace.coding.hook_secrets import HookSecrets, signature_of
from headrace.core.ports import Delivery, Inbox
from headrace.errors import Unavailable
from headrace.web.commit import CommitLimits
from headrace.web.server import HookServer

from .conftest import BODY, EVENT, SECRETS, Sender

Opened = Callable[..., HookServer]


@pytest.fixture
def sender(opened: Opened) -> Iterator[Sender]:
    one = Sender(opened())
    yield one
    one.pool.clear()


@pytest.fixture
def senders() -> Iterator[Callable[[HookServer], Sender]]:
    made: list[Sender] = []

    def make(server: HookServer) -> Sender:
        made.append(Sender(server))
        return made[-1]

    yield make
    for one in made:
        one.pool.clear()


Senders = Callable[[HookServer], Sender]


def told(server: HookServer, reason: str) -> int:
    return server.receiver.counters.refused[reason]


# --- taken ---------------------------------------------------------------------------------------


def test_a_signed_delivery_is_stored_before_it_is_answered(sender: Sender, inbox: Inbox) -> None:
    answer = sender.send(headers={EVENT: "ISSUE_UPDATED", "x-coding-service-hook-id": "h-1"})
    (stored,) = inbox.list()
    assert (answer.status, answer.json()) == (200, {"ok": True})
    assert (stored.id, stored.event, stored.body) == ("delivery-1", "ISSUE_UPDATED", BODY)
    assert stored.state == "waiting"
    assert stored.headers["x-coding-service-hook-id"] == "h-1"


def test_the_same_delivery_twice_is_one_row(opened: Opened, senders: Senders, inbox: Inbox) -> None:
    server = opened()
    sender = senders(server)
    assert {sender.send().status for _ in range(3)} == {200}
    assert len(inbox.list()) == 1
    assert (server.receiver.stored, server.receiver.repeated) == (1, 2)


def test_without_an_id_the_digest_tells_repeats(sender: Sender, inbox: Inbox) -> None:
    for body in (BODY, BODY, BODY + b" "):
        assert sender.send(body, id=None).status == 200
    for _ in range(2):
        assert sender.send(id="a b\tc" * 40).status == 200, "an odd id counts as none"
    assert len(inbox.list()) == 3
    assert all(one.id.startswith("digest-") for one in inbox.list())


@pytest.mark.parametrize("token", SECRETS.tokens)
def test_both_tokens_are_good_while_one_replaces_the_other(sender: Sender, token: str) -> None:
    assert sender.send(token=token).status == 200


def test_unknown_events_and_signed_nonsense_are_kept(sender: Sender, inbox: Inbox) -> None:
    bodies = {"1": b'{"event":"NEVER_HEARD_OF"}', "2": b"${no json}", "3": b"[]", "4": b""}
    for key, body in bodies.items():
        assert sender.send(body, id=key).status == 200
    assert {one.id: one.body for one in inbox.list()} == bodies
    assert inbox.list(event="NEVER_HEARD_OF")


def test_a_ping_is_noted(opened: Opened, senders: Senders, inbox: Inbox) -> None:
    server = opened()
    assert server.receiver.counters.last_ping_ms == 0
    senders(server).send(b'{"event":"PING"}')
    (ping,) = inbox.list(event="PING")
    assert ping.state == "done"
    assert server.receiver.counters.last_ping_ms == ping.received_at


def test_our_own_url_and_all_credentials_are_not_stored(
    opened: Opened, senders: Senders, inbox: Inbox
) -> None:
    secrets = HookSecrets(SECRETS.url_secret, ("token+of/today", "x" * 8), "carol", "pass+word")
    url = f"https://hooks.example.com/hooks/{secrets.url_secret}"
    document = {"event": "GIT_PUSHED", "hook": {"config": {"url": url, "token": "token+of/today"}}}
    pair = base64.b64encode(b"carol:pass+word").decode()
    headers = {"authorization": f"Basic {pair}", "cookie": "s=1", "x-forwarded-for": "1.2.3.4"}
    sender = senders(opened(secrets))
    plain = json.dumps(document).encode()
    form = urlencode({"payload": json.dumps(document)}).encode()
    assert sender.send(plain, id="1", token="token+of/today", headers=headers).status == 200
    headers |= {"content-type": "application/x-www-form-urlencoded"}
    assert sender.send(form, id="2", token="token+of/today", headers=headers).status == 200
    for one in inbox.list():
        whole = repr(one)
        assert one.event == "GIT_PUSHED"
        assert b"hooks.example.com" in one.body and b"***" in one.body
        for secret in (secrets.url_secret, "token+of/today", "token%2Bof%2Ftoday", pair, "cookie"):
            assert secret not in whole
        assert "signature" not in whole and "1.2.3.4" not in whole


# --- legacy --------------------------------------------------------------------------------------


def test_legacy_v2_signs_like_the_new_one(sender: Sender, inbox: Inbox) -> None:
    body = b'{"ref":"refs/heads/master"}'
    form = urlencode({"payload": '{"zen":"x"}'}).encode()
    as_form = {"content-type": "application/x-www-form-urlencoded"}
    assert sender.send(body, id="1", headers={"x-coding-event": "merge request"}).status == 200
    assert sender.send(form, id="2", headers=as_form).status == 200
    assert {one.id: one.event for one in inbox.list()} == {"1": "GIT_MR_UPDATED", "2": "PING"}


def test_legacy_v1_shows_its_token_in_the_body(sender: Sender, inbox: Inbox) -> None:
    right = json.dumps({"token": "token-of-today", "zen": "Coding！"}).encode()
    wrong = json.dumps({"token": "token-of-nobody", "zen": "Coding！"}).encode()
    assert sender.send(right, token=None, headers={"x-coding-event": "ping"}).status == 200
    assert sender.send(wrong, id="2", token=None).status == 401
    (stored,) = inbox.list()
    assert b"token-of-today" not in stored.body


# --- refused -------------------------------------------------------------------------------------


def test_a_forged_delivery_is_counted_and_not_stored(
    opened: Opened, senders: Senders, inbox: Inbox
) -> None:
    server = opened()
    sender = senders(server)
    forged = [
        {"token": "token-of-nobody"},
        {"token": None},
        {"token": None, "headers": {"x-coding-signature": ""}},
        {"token": None, "headers": {"x-coding-signature": "sha1="}},
        {"token": None, "headers": {"x-coding-signature": signature_of("token-of-today", b"")}},
        {"token": None, "headers": {"x-coding-signature": "sha256=" + "0" * 64}},
    ]
    assert {sender.send(**one).status for one in forged} == {401}
    assert inbox.list() == []
    assert told(server, "wrong signature") + told(server, "no signature") == len(forged)


def test_user_and_password(opened: Opened, senders: Senders) -> None:
    sender = senders(opened(HookSecrets(SECRETS.url_secret, SECRETS.tokens, "carol", "password")))
    right = base64.b64encode(b"carol:password").decode()
    for given, status in (
        ("", 401), (f"Bearer {right}", 401), ("Basic", 401), (f"Basic {right}x", 401),
        (f"Basic {right}", 200), (f"basic {right}", 200),
    ):  # fmt: skip
        assert sender.send(headers={"authorization": given}).status == status


def test_every_wrong_request_gets_the_same_answer(opened: Opened, senders: Senders) -> None:
    sender, off = senders(opened()), senders(opened(enabled=False))
    url = f"/hooks/{SECRETS.url_secret}"
    answers = [
        *(sender.send(path=path) for path in ("/", "/hooks/", "/hooks/x", url + "x", url + "/")),
        *(sender.send(path=path) for path in (url[:-1], "/hooks/" + "x" * 5000, "/hooks/%ff%fe")),
        *(sender.send(method=method) for method in ("GET", "PUT", "DELETE", "OPTIONS")),
        sender.send(path="/healthz"),
        off.send(),
        off.send(token="token-of-nobody"),
    ]
    shown = {
        (a.status, a.data, *sorted((k.lower(), v) for k, v in a.headers.items() if k != "date"))
        for a in answers
    }
    assert len(shown) == 1, shown
    assert answers[0].status == 404


def test_what_is_too_large_is_refused(opened: Opened, senders: Senders, inbox: Inbox) -> None:
    server = opened(body_max=1000)
    sender = senders(server)
    assert sender.send(b"x" * 1000).status == 200
    assert sender.send(b"x" * 1001, id="2").status == 413
    assert sender.send(b"x" * 3_000_000, id="3").status == 413
    assert len(inbox.list()) == 1


def test_without_a_content_length_the_size_is_bounded_too(opened: Opened) -> None:
    server = opened(body_max=1000)
    head = f"POST /hooks/{SECRETS.url_secret} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n"
    chunk = b"1f4\r\n" + b"x" * 500 + b"\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
        client.sendall(head.encode() + b"\r\n" + chunk * 3)
        assert b" 413 " in client.recv(1000)


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":' * 65 + b"1" + b"}" * 65,
        b"[" * 65 + b"]" * 65,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":[' * 100_000,
    ],
)
def test_what_is_nested_too_deeply_is_refused(sender: Sender, inbox: Inbox, body: bytes) -> None:
    answer = sender.send(body)
    assert (answer.status, inbox.list()) == (400, [])


def test_wide_is_not_deep(sender: Sender) -> None:
    assert sender.send(b"[" * 64 + b"]" * 64, id="1").status == 200
    assert sender.send(json.dumps([{"text": "[[{" * 99}] * 999).encode(), id="2").status == 200


def test_a_client_that_leaves_in_the_middle_stores_nothing(
    opened: Opened, senders: Senders, inbox: Inbox
) -> None:
    server = opened()
    head = (
        f"POST /hooks/{SECRETS.url_secret} HTTP/1.1\r\nhost: x\r\ncontent-length: {len(BODY)}\r\n"
        f"x-coding-signature: {signature_of('token-of-today', BODY)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
        client.sendall(head.encode() + BODY[:-1])
    assert senders(server).send().status == 200
    server.close()
    assert len(inbox.list()) == 1
    assert told(server, "disconnected") == 1


def test_a_body_that_never_ends_is_given_up(opened: Opened) -> None:
    server = opened(read_seconds=0.05)
    head = f"POST /hooks/{SECRETS.url_secret} HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
        client.sendall(head.encode() + b"x")
        assert b" 408 " in client.recv(1000)


# --- load and trouble ----------------------------------------------------------------------------


def test_twenty_senders_at_once(opened: Opened, senders: Senders, inbox: Inbox) -> None:
    server = opened()
    sender = senders(server)
    ids = [f"delivery-{number % 400}" for number in range(500)]
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda one: sender.send(id=one).status, ids))
    assert set(answers) == {200}
    assert {one.id for one in inbox.list(limit=1000)} == set(ids)
    assert (server.receiver.stored, server.receiver.repeated) == (400, 100)


class Troubled:
    """An inbox that fails for a while, or holds a batch until it is let go."""

    def __init__(self, real: Inbox) -> None:
        self.real = real
        self.error: Exception | None = None
        self.began, self.go = Event(), Event()
        self.go.set()

    def put(self, deliveries: Sequence[Delivery]) -> int:
        self.began.set()
        assert self.go.wait(20)
        if self.error:
            raise self.error
        return self.real.put(deliveries)


@pytest.fixture
def troubled(inbox: Inbox) -> Troubled:
    return Troubled(inbox)


@pytest.mark.parametrize("error", [Unavailable("disk full"), OSError("gone"), ValueError("bug")])
def test_what_cannot_be_stored_is_asked_for_again(
    opened: Opened, senders: Senders, troubled: Troubled, inbox: Inbox, error: Exception
) -> None:
    troubled.error = error
    server = opened(inbox=troubled)
    sender = senders(server)
    answer = sender.send()
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")
    assert sender.send(path="/healthz", method="GET").status == 503
    troubled.error = None
    assert sender.send().status == 200
    assert sender.send(path="/healthz", method="GET").status == 200
    assert [one.id for one in inbox.list()] == ["delivery-1"]


@pytest.mark.parametrize(
    "limits",
    [
        CommitLimits(batch_max=1, waiting_max=1),
        CommitLimits(batch_max=1, waiting_bytes_max=len(BODY)),
    ],
)
def test_a_full_queue_refuses_more(
    opened: Opened, senders: Senders, troubled: Troubled, inbox: Inbox, limits: CommitLimits
) -> None:
    server = opened(inbox=troubled, commit=limits)
    sender = senders(server)
    troubled.go.clear()
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(sender.send, id="first")
        assert troubled.began.wait(20)
        others = [pool.submit(sender.send, id=str(number)) for number in range(5)]
        refused = next(as_completed(others)).result().status
        troubled.go.set()
        answers = [first.result().status, *(one.result().status for one in others)]
    assert refused == 503
    assert {200, 503} == set(answers)
    assert len(inbox.list()) == answers.count(200)


def test_closing_finishes_what_is_in_flight(
    opened: Opened, senders: Senders, troubled: Troubled, inbox: Inbox
) -> None:
    server = opened(inbox=troubled)
    sender = senders(server)
    troubled.go.clear()
    with ThreadPoolExecutor(2) as pool:
        sent = pool.submit(sender.send)
        assert troubled.began.wait(20)
        closing = pool.submit(server.close)
        troubled.go.set()
        closing.result()
        assert sent.result().status == 200
    assert len(inbox.list()) == 1
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", server.port), timeout=20)


def test_a_taken_port_is_refused_in_a_sentence(opened: Opened, inbox: Inbox) -> None:
    from headrace.app import SystemClock
    from headrace.errors import Refused

    port = opened().port
    with pytest.raises(Refused, match="cannot listen"):
        HookServer(inbox, SECRETS, SystemClock(), listen=f"127.0.0.1:{port}")


def test_health(sender: Sender) -> None:
    answer = sender.send(path="/healthz", method="GET")
    assert (answer.status, answer.json()) == (200, {"ok": True})


def test_a_form_is_judged_by_its_payload(sender: Sender) -> None:
    as_form = {"content-type": "application/x-www-form-urlencoded"}
    deep = urlencode({"payload": "[" * 65 + "]" * 65}).encode()
    flat = urlencode({"payload": json.dumps(["[" * 99])}).encode()
    assert sender.send(deep, id="1", headers=as_form).status == 400
    assert sender.send(flat, id="2", headers=as_form).status == 200
