"""What people and machines watch through the API: figures, logs, models, alerts, files."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from tests.cli.conftest import QUICK, World
from tests.serving.conftest import Site as Behind
from tests.web.api_site import API, Client, destination, source

from headrace.control.alerts import Thresholds
from headrace.control.history import Level

pytestmark = pytest.mark.long

LIMITS = {
    "lag_ms": 60_000, "lag_for_ms": 0, "tries": 2, "grant_days": 7, "disk_free_percent": 1,
    "muted": ["lag"],
}  # fmt: skip


def came(figures: dict[str, int]) -> int:
    """The rows of a table: filled at a task's start, and those that were read after it; what came
    meanwhile may be counted as both."""
    return figures["read"] + figures["inserted"]


def test_a_task_that_ran_is_seen_everywhere(admin: Client, behind: Behind, world: World) -> None:
    team = admin.post(f"{API}/connections", {**source(world), "name": "seen"})
    copy = admin.post(f"{API}/connections", destination("seen-copy"))
    given = {"name": "seen", "source_id": team["id"], "destination_id": copy["id"]}
    task = admin.post(f"{API}/tasks", {**given, "settings": {"streams": list(QUICK)}})
    at, wanted = f"{API}/tasks/{task['id']}", len(world.team.rows("issues"))
    admin.post(f"{at}/start")
    of_task = f"{API}/figures?subject=task:{task['id']}"
    behind.until(lambda: "issues" in admin.get(of_task)["ever"])
    behind.until(lambda: came(admin.get(of_task)["ever"]["issues"]) == wanted)
    assert came(admin.get(of_task)["today"]["issues"]) == wanted
    of_team = admin.get(f"{API}/figures?subject=connection:{team['id']}")
    assert of_team["ever"][""]["calls"] > 0 and set(of_team["rates"]) <= {"", *QUICK}
    points = admin.items(f"{API}/figures/series?subject=task:{task['id']}&stream=issues")
    assert sum(came(point) for point in points) == wanted
    after = points[-1]["at"] + 1
    assert admin.items(f"{API}/figures/series?subject=task:{task['id']}&since={after}") == []
    text = admin.ask("GET", "/metrics")
    assert text.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    line = re.compile(
        r'headrace_task_records_total{task="seen",stream="issues",what="(?:read|inserted)"} (\d+)'
    )
    assert sum(int(one) for one in line.findall(text.data.decode())) == wanted

    admin.post(f"{at}/stop")
    behind.until(lambda: admin.get(at)["state"] == "stopped")
    behind.until(lambda: admin.items(f"{at}/runs")[0]["outcome"] == "stopped")
    [run] = admin.items(f"{at}/runs")
    written = sum(len(world.team.rows(name)) for name in QUICK)
    assert run["agent"] == "local" and came(run["figures"]) == written
    assert admin.items(f"{at}/runs?after={run['id']}") == []

    model = f"{API}/connections/{team['id']}/model"
    behind.until(lambda: admin.get(model) is not None)
    before = admin.get(model)
    assert ["code", "integer"] in before["columns"]["issues"]
    [first] = admin.items(f"{model}/history")
    assert first["first"] and first["changes"] == []
    assert admin.post(f"{model}/reload") == {"loaded_at": before["loaded_at"]}
    behind.until(lambda: admin.get(model)["loaded_at"] > before["loaded_at"])
    assert admin.ask("GET", f"{API}/connections/{copy['id']}/model").status == 400
    for gone in (at, f"{API}/connections/{team['id']}", f"{API}/connections/{copy['id']}"):
        admin.delete(gone)
    assert admin.ask("GET", f"{at}/runs").status == 404
    assert admin.ask("GET", of_task).status == 404


def test_the_log_is_searched_and_taken_along(admin: Client, behind: Behind) -> None:
    behind.platform.log.write([
        ("agent:x", Level.INFO, "began", ""),
        ("agent:x", Level.WARNING, "pipe 100%\nbroke", "mend it"),
        ("agent:y", Level.ERROR, "another", ""),
    ])  # fmt: skip
    at = f"{API}/logs?subject=agent:x"
    assert [one["text"] for one in admin.items(at)] == ["pipe 100%\nbroke", "began"]
    [line] = admin.items(f"{at}&text=PIPE%20100%25")
    assert line["level"] == "warning" and admin.items(f"{at}&level=warning") == [line]
    assert admin.items(f"{at}&level=error") == admin.items(f"{at}&since={line['at'] + 1}") == []
    assert [one["text"] for one in admin.items(f"{at}&after={line['id']}")] == ["began"]
    assert admin.ask("GET", f"{at}&level=loud").status == 400
    answer = admin.ask("GET", f"{API}/logs/text?subject=agent:x")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    began, broke = answer.data.decode().splitlines()
    assert began.endswith("info agent:x began")
    assert broke.endswith("warning agent:x pipe 100% broke → mend it")


def test_alerts_are_listed_and_their_thresholds_kept(admin: Client, behind: Behind) -> None:
    at = f"{API}/alerts/thresholds"
    assert admin.get(at)["lag_ms"] == Thresholds().lag_ms
    assert admin.ask("PUT", at, LIMITS).good == admin.get(at) == LIMITS
    for wrong in ({"lag_ms": 0}, {"muted": ["noise"]}, {"disk_free_percent": 101}, {"more": 1}):
        assert admin.ask("PUT", at, {**LIMITS, **wrong}).status == 400
    [entry] = admin.items(f"{API}/audit?subject=alerts")
    assert entry["who"] == "admin-1" and entry["after"]["tries"] == 2
    away = {**LIMITS, "disk_free_percent": 100, "muted": []}
    admin.ask("PUT", at, away)  # no disk is as free as that
    behind.platform.watching.hurry()
    behind.until(lambda: "disk_full" in [one["kind"] for one in admin.items(f"{API}/alerts/open")])
    [alert] = admin.items(f"{API}/alerts?subject=server")
    assert alert["text"]["zh"] and alert["advice"]["en"] and alert["cleared_at"] is None
    assert admin.items(f"{API}/alerts?subject=server&after={alert['id']}") == []
    admin.ask("PUT", at, LIMITS)


@pytest.fixture
def heard() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A webhook's other side: where it is, and what it was sent."""
    got: list[dict[str, Any]] = []

    class Ear(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Ear) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/", got
        server.shutdown()
        thread.join()


def test_a_channel_is_made_tested_changed_and_gone(
    admin: Client, heard: tuple[str, list[dict[str, Any]]]
) -> None:
    url, got = heard
    body = {"name": "ops", "type": "webhook", "settings": {"url": url, "secret": "x" * 16}}
    made = admin.post(f"{API}/channels", body)
    at = f"{API}/channels/{made['id']}"
    assert "x" * 16 not in str(made) and "secret" in made["settings"]
    assert admin.ask("POST", f"{API}/channels", body).status == 409
    assert admin.post(f"{at}/test")["last"]["ok"]
    assert [one["event"] for one in got if one["event"] == "test"] == ["test"]
    change = {"settings": {"url": "http://127.0.0.1:1/"}, "enabled": False}
    assert admin.ask("PATCH", at, change).good["enabled"] is False
    assert admin.ask("POST", f"{at}/test").status == 503
    assert admin.get(at)["last"]["ok"] is False
    assert [one["name"] for one in admin.items(f"{API}/channels")] == ["ops"]
    assert admin.ask("PATCH", at, {"settings": {"secret": None}}).status == 400
    admin.delete(at)
    assert admin.ask("GET", at).status == admin.ask("DELETE", at).status == 404


FILE = """
[connections.filed]
team = "team-17"
token = "0123456789abcdef0123456789abcdef01234567"

[destinations.filed-to]
url = "sqlite:///filed.db"

[tasks.filed]
source = "filed"
destination = "filed-to"
streams = ["issues"]
"""


def test_a_file_goes_in_and_comes_out(admin: Client) -> None:
    own = FILE.replace("filed", "kept")  # other tests leave theirs
    done = admin.post(f"{API}/import", {"toml": own})
    assert done["made"] == ["connection kept", "connection kept-to", "task kept"]
    again = admin.post(f"{API}/import", {"toml": own})
    assert again == {"made": [], "changed": [], "equal": done["made"]}
    text = admin.ask("GET", f"{API}/export").data.decode()
    assert "[tasks.kept]" in text and "0123456789abcdef" not in text
    assert admin.post(f"{API}/import", {"toml": text})["made"] == []
    actions = [one["who"] for one in admin.items(f"{API}/audit?subject=kept")]
    assert actions and set(actions) == {"admin-1"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[connections.a]\nteam = 'x'\ntoken = '${PATH}'", "PATH"),  # the server's own
        ("[connections", "no TOML"),
        (FILE.replace('["issues"]', '["isues"]'), "isues"),
        (FILE.replace("streams", "strems"), "did you mean streams"),
        (FILE.replace("streams =", "start = 'never'\nstreams ="), "snapshot, now"),
        ("[destinations.a]\nurl = 2020-01-01", "names no destination"),
        ("[connections.a]\nteam = 'x'\ntoken = 2020-01-01", "token"),
        ("a = " + "[" * 5000, ""),
    ],
)
def test_a_file_that_cannot_be_is_refused(admin: Client, text: str, said: str) -> None:
    answer = admin.ask("POST", f"{API}/import", {"toml": text})
    assert answer.status == 400 and said in answer.document["detail"], answer
