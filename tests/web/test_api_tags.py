"""Entity tags, versions and pages of the API."""

from __future__ import annotations

import pytest
from tests.cli.conftest import World
from tests.serving.conftest import Site as Behind
from tests.web.api_site import API, Client, destination, source

from headrace.control.history import Level


def test_what_one_has_is_not_sent_again(admin: Client, world: World) -> None:
    team = admin.post(f"{API}/connections", {**source(world), "name": "tagged"})
    at = f"{API}/connections/{team['id']}"
    first = admin.ask("GET", at)
    tag = first.headers["etag"]
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = admin.ask("GET", at, if_none_match=known)
        assert (again.status, again.data, again.headers["etag"]) == (304, b"", tag)
    for other in ('"other"', tag.strip('"')):
        assert admin.ask("GET", at, if_none_match=other).document == first.document
    assert admin.ask("POST", f"{at}/check").lines[-1]["result"]["ok"]
    tested = admin.ask("GET", at, if_none_match=tag)  # the version is the same, the document not
    assert tested.status == 200 and tested.document["version"] == team["version"]
    assert tested.headers["etag"] != tag
    edited = admin.ask("PATCH", at, {"values": {"poll_interval": "30s"}}, if_match=tag)
    assert edited.status == 200 and edited.headers["etag"] == admin.ask("GET", at).headers["etag"]
    for method, body in (("PATCH", {"values": {}}), ("DELETE", None)):
        late = admin.ask(method, at, body, if_match=tag)
        assert (late.status, late.document["code"]) == (412, "stale")
    assert admin.ask("PATCH", at, {"values": {}, "version": 1}).status == 412
    assert admin.ask("PATCH", at, {"values": {}}).status == 400  # nothing says which
    assert admin.ask("PATCH", at, {"name": "tagged 2"}, if_match="*").status == 200
    now = admin.ask("GET", at).headers["etag"]
    assert admin.ask("DELETE", at, if_match=f'"other", {now}').status == 204


def test_tasks_have_tags_too(admin: Client, world: World) -> None:
    team = admin.post(f"{API}/connections", {**source(world), "name": "tagged team"})
    copy = admin.post(f"{API}/connections", destination("tagged-copy"))
    given = {"name": "tagged", "source_id": team["id"], "destination_id": copy["id"]}
    made = admin.ask("POST", f"{API}/tasks", given)
    at, tag = f"{API}/tasks/{made.good['id']}", made.headers["etag"]
    assert admin.ask("GET", at, if_none_match=tag).status == 304
    assert admin.ask("PATCH", at, {"name": "tagged again"}, if_match=tag).status == 200
    for method, body in (("PATCH", {"name": "x"}), ("DELETE", None)):
        assert admin.ask(method, at, body, if_match=tag).status == 412
    assert admin.get(at)["name"] == "tagged again"
    assert admin.ask("DELETE", at, if_match=admin.ask("GET", at).headers["etag"]).status == 204
    for one in (team, copy):
        admin.delete(f"{API}/connections/{one['id']}")


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 6, 1000])
def test_pages_make_the_whole(admin: Client, behind: Behind, limit: int) -> None:
    subject = f"agent:pages-{limit}"
    lines = [(subject, Level.INFO, f"line {number}", "") for number in range(5)]
    behind.platform.log.write(lines)
    at = f"{API}/logs?subject={subject}"
    assert [one["text"] for one in admin.items(f"{at}&limit={limit}")] == [
        text for _, _, text, _ in reversed(lines)
    ]
    first = admin.get(f"{at}&limit={limit}")
    assert len(first["items"]) == min(limit, 5) and (first["next"] is None) == (limit >= 5)
    whole = admin.items(f"{API}/streams")
    assert admin.get(f"{API}/streams") == {"items": whole, "next": None}


def test_a_page_goes_on_where_it_was(admin: Client) -> None:
    """Names with anything in them lead on; what came or went meanwhile moves nothing else."""
    names = ["Ärger", "alpha", "漏斗 & co", "zeta/?="]
    ids = [admin.post(f"{API}/channels", hook(name))["id"] for name in names]
    page = admin.get(f"{API}/channels?limit=2")
    assert [one["name"] for one in page["items"]] == ["alpha", "zeta/?="]
    admin.delete(f"{API}/channels/{page['items'][-1]['id']}")
    ids.append(admin.post(f"{API}/channels", hook("aaa, before what was seen"))["id"])
    rest = admin.get(f"{API}/channels?limit=2&after={page['next']}")
    assert [one["name"] for one in rest["items"]] == ["Ärger", "漏斗 & co"]
    assert rest["next"] is None
    for one in ids:
        admin.ask("DELETE", f"{API}/channels/{one}")


def hook(name: str) -> dict[str, object]:
    settings = {"url": "http://127.0.0.1:1/", "secret": "x" * 16}
    return {"name": name, "type": "webhook", "settings": settings}


@pytest.mark.parametrize("after", ["x", "-1", "9" * 20, "%C3%A4", "=", "__8="])
def test_a_cursor_that_is_none_is_refused(admin: Client, after: str) -> None:
    for path in ("logs", "channels"):
        answer = admin.ask("GET", f"{API}/{path}?after={after}")
        if (path, after) != ("channels", "9" * 20):  # that one could be a name's
            assert answer.status == 400 and answer.document["advice"], (path, after)
    for limit in ("0", "1001", "x"):
        assert admin.ask("GET", f"{API}/logs?limit={limit}").status == 400
