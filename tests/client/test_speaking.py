"""What the client does where the other side is odd: a server that says what a test tells it to."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec
import pytest

from headrace.client.speaking import RETRY, Speaker
from headrace.errors import Bug, HeadraceError, Missing, NotSignedIn, Refused, Unavailable
from headrace.wire.people import Person
from headrace.wire.problem import CODES, error_of, problem_of

PERSON = {"id": 1, "name": "member-17", "role": "viewer"}


class Odd:
    """Answers in turn: a status, headers, a body. The last answer again and again."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, dict[str, str], bytes]] = []
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        self.url = ""

    def says(self, status: int, body: Any = None, **headers: str) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers.append((status, named, data))


@pytest.fixture
def odd() -> Iterator[Odd]:
    one = Odd()

    class Mouth(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            one.asked.append((self.command, self.path, dict(self.headers)))
            status, headers, data = one.answers.pop(0) if one.answers[1:] else one.answers[0]
            self.send_response(status)
            for name, value in {**headers, "content-length": str(len(data))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_DELETE = answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Mouth) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        one.url = f"http://127.0.0.1:{server.server_port}"
        yield one
        server.shutdown()
        thread.join()


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def speaker(odd: Odd, slept: list[float]) -> Iterator[Speaker]:
    one = Speaker(odd.url, "hr_token", sleep=slept.append)
    yield one
    one.close()


def test_a_safe_request_is_sent_again(odd: Odd, speaker: Speaker, slept: list[float]) -> None:
    odd.says(503, b"<html>away</html>", retry_after="3")
    odd.says(503, {}, retry_after="soon")
    odd.says(200, {**PERSON, "added": "by a later release"})
    assert speaker.get("/session", Person) == Person(**PERSON)
    assert slept[0] == 3 and 0 < slept[1] <= 10 and len(odd.asked) == 3
    assert {headers["authorization"] for _, _, headers in odd.asked} == {"Bearer hr_token"}


def test_it_gives_up(odd: Odd, speaker: Speaker, slept: list[float]) -> None:
    odd.says(503, {})
    with pytest.raises(Unavailable):
        speaker.get("/session", Person)
    assert len(odd.asked) == RETRY.attempts == len(slept) + 1


def test_it_does_not_wait_an_hour(odd: Odd, speaker: Speaker, slept: list[float]) -> None:
    odd.says(429, {}, retry_after="3600")
    with pytest.raises(Unavailable) as error:
        speaker.get("/session", Person)
    assert error.value.retry_after_seconds == 3600 and slept == []


def test_a_change_is_sent_once(odd: Odd, speaker: Speaker, slept: list[float]) -> None:
    odd.says(503, {})
    with pytest.raises(Unavailable):
        speaker.do("POST", "/tasks/1/start", Person)
    with pytest.raises(Unavailable):
        speaker.done("DELETE", "/tasks/1", tag='"3.x"')
    assert len(odd.asked) == 2 and slept == []
    assert odd.asked[-1][2]["if-match"] == '"3.x"'


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, b"", NotSignedIn),
        (404, b"nginx", Missing),
        (400, {"code": "of a later release", "title": "", "type": "", "status": 400,
               "detail": "no"}, Refused),
        (418, {"not": "a problem"}, Refused),
        (302, b"", Refused),
        (200, b"<html>", Bug),
        (200, {"id": "x"}, Bug),
    ],
)  # fmt: skip
def test_what_no_headrace_would_say(
    odd: Odd, speaker: Speaker, status: int, body: Any, kind: type[HeadraceError]
) -> None:
    odd.says(status, body, location="http://127.0.0.1:1/")
    with pytest.raises(kind) as error:
        speaker.get("/session", Person)
    assert type(error.value) is kind and "hr_token" not in str(error.value)
    assert len(odd.asked) == 1


def test_a_line_that_breaks_off(odd: Odd, speaker: Speaker) -> None:
    odd.says(200, json.dumps(PERSON).encode() + b"\n" + json.dumps(PERSON).encode()[:9])
    assert list(speaker.lines("POST", "/x", Person)) == [Person(**PERSON)]


def test_nobody_there(slept: list[float]) -> None:
    speaker = Speaker("http://127.0.0.1:1", "hr_token", sleep=slept.append)
    with pytest.raises(Unavailable, match=r"127\.0\.0\.1 does not answer"):
        speaker.get("/session", Person)
    assert len(slept) == RETRY.attempts - 1


@pytest.mark.parametrize("url", ["", "headrace.example", "ftp://x", "http://", "http://x/?y=1"])
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(Refused):
        Speaker(url, "hr_token")


@pytest.mark.parametrize("token", ["a b", "a\nb", "ä"])
def test_a_token_that_is_none(token: str) -> None:
    with pytest.raises(Refused) as error:
        Speaker("http://127.0.0.1:1", token)
    assert token not in str(error.value)


@pytest.mark.parametrize("kind", [kind for kind in CODES if kind is not HeadraceError])
def test_every_error_survives_the_way(kind: type[HeadraceError]) -> None:
    one = kind("It went wrong.", advice="Mend it.")
    said = problem_of(one)
    got = error_of(msgspec.json.encode(said), status=said.status)
    assert (type(got), got.message, got.advice) == (kind, one.message, one.advice)
    assert said.type.endswith(said.code) and said.title


def test_waits_come_with_the_error() -> None:
    error = error_of(b"", status=503, retry_after_seconds=7)
    assert isinstance(error, Unavailable) and error.retry_after_seconds == 7
