"""A platform behind its real port, and a client that speaks for whoever it is told to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import urllib3
from tests.cli.conftest import World, living
from tests.serving.conftest import Site as Behind
from tests.web.documented import check

from headrace.app.serving.platform import Platform
from headrace.playground import DEFAULT_TOKEN
from headrace.web.site import Site

API = "/api/v1"
PROBLEM = {"type", "title", "status", "detail", "code", "advice"}
PASSWORD = "correct horse battery"


@dataclass
class Client:
    """Keeps a cookie as browsers do, and says where its requests come from; or sends a token."""

    url: str
    token: str = ""
    cookie: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    pool: urllib3.PoolManager = field(
        default_factory=lambda: urllib3.PoolManager(retries=False, timeout=30)
    )

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        sent = {"sec-fetch-site": "same-origin", **self.headers}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        sent |= {"authorization": f"Bearer {self.token}"} if self.token else {}
        sent |= {"cookie": self.cookie} if self.cookie else {}
        encoded = None
        if body is not None:
            encoded = body if isinstance(body, bytes) else json.dumps(body).encode()
            sent.setdefault("content-type", "application/json")
        sent = {name: value for name, value in sent.items() if value}
        got = self.pool.request(method, self.url + path, body=encoded, headers=sent)
        if cookie := got.headers.get("set-cookie"):
            self.cookie = cookie.partition(";")[0]
        check(method, path, got.status, got.headers.get("content-type", ""), got.data)
        return Answer(got.status, got.data, got.headers)

    def get(self, path: str) -> Any:
        """The document of an answer that has to be good."""
        return self.ask("GET", path).good

    def items(self, path: str) -> list[Any]:
        """A list whole, page by page."""
        found, after, joint = [], "", "&" if "?" in path else "?"
        while True:
            page = self.get(f"{path}{joint}after={after}" if after else path)
            assert set(page) == {"items", "next"}
            found += page["items"]
            after = page["next"]
            if after is None:
                return found

    def post(self, path: str, body: Any = None) -> Any:
        return self.ask("POST", path, body).good

    def delete(self, path: str) -> Any:
        return self.ask("DELETE", path).good


@dataclass
class Answer:
    status: int
    data: bytes
    headers: Any

    @property
    def document(self) -> Any:
        return json.loads(self.data)

    @property
    def good(self) -> Any:
        assert 200 <= self.status < 300, (self.status, self.data)
        return self.document if self.data else None

    @property
    def lines(self) -> list[Any]:
        assert self.status == 200, self.data
        return [json.loads(line) for line in self.data.splitlines()]


def source(world: World, **more: object) -> dict[str, object]:
    values = {"url": world.server.url, "token": DEFAULT_TOKEN, "poll_interval": "200ms", **more}
    return {"name": "team", "role": "source", "type": "coding", "values": values}


def destination(name: str) -> dict[str, object]:
    values = {"url": f"sqlite:///{name}.db"}
    return {"name": name, "role": "destination", "type": "sqlite", "values": values}


def written(task: dict[str, Any], stream: str = "issues") -> int:
    """How many rows a task wrote: filled at its start, and those that came later."""
    counts = task["streams"].get(stream, {"read": 0, "inserted": 0})
    return int(counts["read"] + counts["inserted"])


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with living(issues=12) as one:
        yield one


@pytest.fixture(scope="module")
def behind(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    folder = tmp_path_factory.mktemp("data")
    with Platform(folder) as platform:
        platform.start()
        yield Behind(world, platform, folder)


@pytest.fixture(scope="module")
def site(behind: Behind) -> Iterator[Site]:
    with Site(behind.platform, listen="127.0.0.1:0") as one:
        yield one


@pytest.fixture
def stranger(site: Site) -> Client:
    return Client(f"http://127.0.0.1:{site.port}")


@pytest.fixture(scope="module")
def admin(site: Site, behind: Behind) -> Client:
    client = Client(f"http://127.0.0.1:{site.port}")
    assert client.get(f"{API}/setup") == {"needed": True}
    code = behind.platform.people.make_setup_code()
    body = {"code": code, "name": "admin-1", "password": PASSWORD}
    assert client.post(f"{API}/setup", body)["role"] == "admin"
    assert client.get(f"{API}/setup") == {"needed": False}
    return client
