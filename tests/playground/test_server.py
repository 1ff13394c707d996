from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from time import time_ns
from typing import Any

import pytest
import urllib3

from headrace.playground import DEFAULT_TOKEN, Playground, Settings, Team, serve

from .conftest import NOW_MS

SHOP = 101
HEADERS = {"Authorization": f"token {DEFAULT_TOKEN}", "Content-Type": "application/json"}
WAIT_SECONDS = 20


class WallClock:
    def now_ms(self) -> int:
        return time_ns() // 1_000_000

    def sleep(self, seconds: float) -> None:
        raise AssertionError(f"nobody here sleeps {seconds} s")


@pytest.fixture
def living() -> Playground:
    return Playground(Team(9, 2, 60, NOW_MS), WallClock(), settings=Settings(rate_limits=False))


@pytest.fixture
def pool() -> Iterator[urllib3.PoolManager]:
    with urllib3.PoolManager(maxsize=8, timeout=WAIT_SECONDS, retries=False) as pool:
        yield pool


def ask(pool: urllib3.PoolManager, url: str, action: str, **parameters: Any) -> dict[str, Any]:
    body = json.dumps({"Action": action, **parameters}).encode()
    response = pool.request("POST", f"{url}/open-api", body=body, headers=HEADERS)
    assert response.status == 200
    answer: dict[str, Any] = response.json()["Response"]
    return answer


def issues(pool: urllib3.PoolManager, url: str) -> dict[int, dict[str, Any]]:
    wanted = {"ProjectName": "shop", "IssueType": "ALL", "ShowSubIssues": True}
    data = ask(pool, url, "DescribeIssueListWithPage", **wanted, PageNumber=1, PageSize=500)["Data"]
    return {row["Code"]: row for row in data["List"]}


def test_one_connection_serves_many_requests(living: Playground) -> None:
    with serve(living) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=WAIT_SECONDS)
        connection.connect()
        socket = connection.sock
        for _ in range(5):
            body = json.dumps({"Action": "DescribeTeam"})
            connection.request("POST", "/open-api", body, HEADERS)
            response = connection.getresponse()
            assert response.status == 200
            assert json.loads(response.read())["Response"]["Data"]["Id"] == 7001
            assert connection.sock is socket
        connection.close()
    assert living.calls["DescribeTeam"] == 5


def test_many_clients_at_once_see_a_living_team(
    living: Playground, pool: urllib3.PoolManager
) -> None:
    with serve(living, acts_per_second=500) as server, ThreadPoolExecutor(8) as clients:
        answers = list(clients.map(lambda _: issues(pool, server.url), range(80)))
        with server.paused() as playground:
            still = issues(pool, server.url)
            truth = playground.team.rows("issues")
            assert still == {c: row for (project, c), row in truth.items() if project == SHOP}
    assert all(answers)


def test_life_is_told_and_stands_still_when_paused(living: Playground) -> None:
    acts: Queue[str] = Queue()
    with serve(living, acts_per_second=1000, on_act=acts.put) as server:
        assert acts.get(timeout=WAIT_SECONDS)
        with server.paused():
            with server.lock:
                before = living.team.rows("issues")
            with server.lock:
                assert living.team.rows("issues") == before
        while not acts.empty():
            acts.get()
        assert acts.get(timeout=WAIT_SECONDS)


def test_errors_of_http_itself(living: Playground, pool: urllib3.PoolManager) -> None:
    with serve(living) as server:
        assert pool.request("GET", f"{server.url}/nowhere").status == 404
        assert pool.request("POST", f"{server.url}/open-api").status == 200
        assert pool.request("POST", f"{server.url}/open-api", body=b"x" * 2_000_000).status == 413


def test_closing_ends_open_connections_and_threads(living: Playground) -> None:
    before = set(threading.enumerate())
    server = serve(living, acts_per_second=100)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=WAIT_SECONDS)
    connection.request("POST", "/open-api", b"{}", HEADERS)
    connection.getresponse().read()
    server.close()
    server.close()
    connection.close()
    assert set(threading.enumerate()) == before


class Receiver(ThreadingHTTPServer):
    """Keeps every body it is sent, and answers what it is told to."""

    daemon_threads = False

    def __init__(self, answer: int) -> None:
        self.answer = answer
        self.bodies: Queue[dict[str, Any]] = Queue()
        super().__init__(("127.0.0.1", 0), ReceiverHandler)


class ReceiverHandler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(self.server.answer)
        self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.server.bodies.put(json.loads(body))

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture(params=[200, 302])
def receiver(request: pytest.FixtureRequest) -> Iterator[Receiver]:
    with Receiver(request.param) as receiver:
        thread = threading.Thread(target=receiver.serve_forever, args=(0.02,))
        thread.start()
        yield receiver
        receiver.shutdown()
        thread.join()


def test_hooks_are_really_delivered_and_logged(
    living: Playground, pool: urllib3.PoolManager, receiver: Receiver
) -> None:
    with serve(living) as server:
        target = f"http://127.0.0.1:{receiver.server_address[1]}/hook"
        hook = _hook(pool, server.url, target)
        with server.lock:
            code = living.team.create_issue(SHOP, now_ms=living.clock.now_ms())
        assert receiver.bodies.get(timeout=WAIT_SECONDS)["issue"]["code"] == code
        log = _first_log(pool, server.url, hook)
    assert log["ResponseStatus"] == receiver.answer  # a redirect is not followed
    assert log["Status"] == (1 if receiver.answer == 200 else 2)


def test_an_unreachable_receiver_is_logged_as_failed(
    living: Playground, pool: urllib3.PoolManager
) -> None:
    with serve(living) as server:
        hook = _hook(pool, server.url, "http://127.0.0.1:1/closed")
        with server.lock:
            living.team.create_issue(SHOP, now_ms=living.clock.now_ms())
        log = _first_log(pool, server.url, hook)
    assert (log["Status"], log["ResponseStatus"]) == (2, 0)


def _hook(pool: urllib3.PoolManager, url: str, target: str) -> str:
    made = ask(
        pool,
        url,
        "CreateServiceHook",
        ProjectId=SHOP,
        Event=["ISSUE_CREATED"],
        Service="WebHook",
        ServiceAction="webhook_http_post",
        ActionProperty=json.dumps({"service_url": target, "token": "t"}),
        Enabled=True,
    )
    return str(made["ServiceHook"]["Id"])


def _first_log(pool: urllib3.PoolManager, url: str, hook: str) -> dict[str, Any]:
    wanted = {"ProjectId": SHOP, "Id": hook, "PageNumber": 1, "PageSize": 10}
    deadline_ns = time_ns() + WAIT_SECONDS * 1_000_000_000
    while time_ns() < deadline_ns:
        logs = ask(pool, url, "DescribeServiceHookLogs", **wanted)["Data"]["Log"]
        if logs:
            first: dict[str, Any] = logs[0]
            return first
    raise AssertionError("no delivery was logged")
