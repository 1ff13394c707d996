"""The client against the look-alike, in process: what one room writes the other reads."""

from __future__ import annotations

import random
from dataclasses import replace
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from tests.coding.fakes import BASE, FIRST, NOW_MS

from headrace.coding.auth import Authorizer, PersonalToken, parse_token
from headrace.coding.checks import run_checks
from headrace.coding.client import Client
from headrace.coding.oauth import Grant, MemoryGrantStore, OAuthApp, OAuthAuthorizer
from headrace.coding.pacing import Pacer
from headrace.coding.source import CodingSource
from headrace.coding.streams import find
from headrace.core.ports import Ask
from headrace.core.record import Record, decode_json
from headrace.core.schema import EXTRA, Flattener
from headrace.core.stream import TEAM_SCOPE, Scope, Stream, child_scopes, to_record
from headrace.core.transport import Request
from headrace.errors import BadToken, NotFound, NotPermitted, Unavailable
from headrace.playground import DEFAULT_TOKEN, Playground, Settings, Team
from headrace.testing.clock import VirtualClock


class World:
    """A team that has lived for 200 steps, and a reader of it."""

    def __init__(self, authorizer: Authorizer | None = None) -> None:
        self.clock = VirtualClock(NOW_MS)
        self.team = Team(seed=7, projects=2, issues=60, now_ms=NOW_MS)
        for _ in range(200):
            self.clock.advance(1000)
            self.team.step(self.clock.now_ms())
        self.playground = Playground(self.team, self.clock)
        self.clock.advance(10_000)
        self.client = self.client_of(authorizer or PersonalToken(DEFAULT_TOKEN))
        self.source = CodingSource(self.client)

    def client_of(self, authorizer: Authorizer) -> Client:
        pacer = Pacer(self.clock)
        return Client(self.playground, BASE, authorizer, pacer, self.clock, dice=random.Random(1))

    def records(self, stream: Stream) -> dict[str, tuple[Scope, Record]]:
        """Every record of the stream by key, with its scope; parents are walked first."""
        found = {}
        for scope in self.scopes(stream):
            page, total = 1, None
            while total is None or (page - 1) * stream.listing.size < total:
                listed = self.source.list_page(stream, scope, Ask(page, stream.listing.size))
                total = listed.total
                for row in listed.rows:
                    record = to_record(stream, scope, row)
                    assert isinstance(record, Record)
                    found[record.key] = (scope, record)
                page += 1
        return found

    def scopes(self, stream: Stream) -> list[Scope]:
        if stream.parent is None:
            return [TEAM_SCOPE]
        (parent,) = find([stream.parent.stream])
        opened = [
            opened
            for scope, record in self.records(parent).values()
            for opened in child_scopes(stream, scope, record.value(), record.key)
        ]
        return list({scope.key: scope for scope in opened}.values())


@pytest.fixture(scope="module")
def lived() -> World:
    return World()


@pytest.mark.parametrize("stream", FIRST, ids=lambda stream: stream.name)
def test_every_row_is_read_and_flattens_without_leftovers(lived: World, stream: Stream) -> None:
    found = lived.records(stream)
    assert len(found) == len(lived.team.rows(stream.name)) > 0
    bodies = [record.value() for _, record in found.values()]
    flattener = Flattener(stream.name, stream.schema)
    assert set(flattener.main(bodies).values[EXTRA]) == {None}
    for index in range(len(stream.schema.children)):
        child, _ = flattener.child(index, bodies)
        assert set(child.values[EXTRA]) <= {None}


@pytest.mark.parametrize("name", ["issues", "iterations", "projects"])
def test_a_detail_read_equals_the_list_row(lived: World, name: str) -> None:
    (stream,) = find([name])
    found = lived.records(stream)
    assert found
    for key, (scope, listed) in found.items():
        detail = to_record(stream, scope, lived.source.look_up(stream, scope, key))
        assert isinstance(detail, Record)
        shown, expected = detail.value(), listed.value()
        if expected.get("ParentId"):
            assert "ParentId" not in shown  # the one field a detail cannot vouch for
            del expected["ParentId"]
        assert shown == expected
        assert (detail.key, detail.version) == (listed.key, listed.version)


def test_a_window_gives_what_was_updated_in_it(lived: World) -> None:
    (stream,) = find(["issues"])
    scope, _ = next(iter(lived.records(stream).values()))
    everything = lived.source.list_page(stream, scope, Ask(1, 500)).rows
    times = sorted(row["UpdatedAt"] for row in everything)
    middle = times[len(times) // 2]
    page = lived.source.list_page(stream, scope, Ask(1, 500, (middle, times[-1])))
    assert [row["UpdatedAt"] for row in page.rows] == [time for time in times if time >= middle]


def test_what_was_deleted_is_not_found() -> None:
    world = World()
    (stream,) = find(["issues"])
    key, (scope, record) = next(iter(world.records(stream).items()))
    body = record.value()
    world.team.delete_issue(body["ProjectId"], body["Code"], now_ms=world.clock.now_ms())
    with pytest.raises(NotFound, match="DescribeIssue"):
        world.source.look_up(stream, scope, key)


def test_in_a_renamed_or_hidden_project_nothing_is_not_found() -> None:
    world = World()
    (stream,) = find(["issues"])
    key, (scope, record) = next(iter(world.records(stream).items()))
    project_id = record.value()["ProjectId"]
    world.team.rename_project(project_id, name="renamed", now_ms=world.clock.now_ms())
    with pytest.raises(Unavailable, match="renamed"):
        world.source.look_up(stream, scope, key)
    world.team.hide_project(project_id)
    with pytest.raises(NotPermitted):
        world.source.look_up(stream, scope, key)


def test_the_pacer_stays_under_the_rates(lived: World) -> None:
    before = lived.playground.throttled
    (stream,) = find(["issues"])
    for key, (scope, _) in lived.records(stream).items():
        lived.source.look_up(stream, scope, key)
    assert lived.playground.throttled == before


def test_no_request_comes_within_an_announced_wait() -> None:
    world = World()
    rates = {"DescribeIssue": 2, "DescribeIterationList": 1}
    world.playground.settings = replace(Settings(), rates=rates, throttle_wait_ms=5000)
    (stream,) = find(["issues"])
    for key, (scope, _) in list(world.records(stream).items())[:40]:
        world.source.look_up(stream, scope, key)
    assert world.playground.throttled > 0
    assert world.playground.requests_while_throttled == 0


def test_a_capped_page_size_is_noticed() -> None:
    world = World()
    sizes = {"DescribeIssueListWithPage": 10}
    world.playground.settings = replace(Settings(), page_size_max=sizes)
    (stream,) = find(["issues"])
    scope = world.scopes(stream)[0]
    page = world.source.list_page(stream, scope, Ask(1, 500))
    assert (page.size, len(page.rows)) == (10, 10)
    assert page.total is not None and page.total > 10


def test_the_connection_test_passes(lived: World) -> None:
    found = {c.name: c.ok for c in run_checks(lived.client, lived.clock, streams=FIRST)}
    assert found.pop("clock") == "skipped"  # in process there is no Date header
    assert set(found.values()) == {"ok"}


def test_the_connection_test_names_what_is_missing(lived: World) -> None:
    scopes = {"user:profile:ro", "team:profile:ro", "project:profile:ro"}
    token = lived.playground.issue_token(scopes=scopes)
    client = lived.client_of(parse_token(token))
    found = {check.name: check for check in run_checks(client, lived.clock)}
    assert found["projects"].ok == "ok"
    assert found["stream:project_members"].ok == found["stream:issues"].ok == "failed"
    assert "project:member:ro" in found["stream:project_members"].advice


def test_a_project_token_reads_its_project(lived: World) -> None:
    project_id = next(iter(lived.team.projects))
    scopes = {"project_issue_rw", "project_member_rw"}
    secret = lived.playground.issue_token("project", scopes, project_id)
    client = lived.client_of(parse_token(secret))
    name = lived.team.projects[project_id].info.name
    found = {c.name: c for c in run_checks(client, lived.clock, projects=(name,))}
    assert found["token"].ok == "ok"
    assert found[f"project:{name}"].ok == found["stream:issues"].ok == "ok"


def test_a_revoked_token_is_bad(lived: World) -> None:
    token = lived.playground.issue_token()
    client = lived.client_of(parse_token(token))
    lived.playground.revoke(token)
    with pytest.raises(BadToken) as caught:
        client.call("DescribeTeam", {}, expects="Data")
    assert token not in str(caught.value)


@pytest.mark.parametrize("rotates", [True, False])
def test_an_oauth_grant_lives_on_for_days(rotates: bool) -> None:
    world = World()
    world.playground.settings = replace(Settings(), rotate_refresh=rotates, auto_approve=True)
    grant, app = granted(world)
    authorizer = OAuthAuthorizer(world.playground, world.clock, MemoryGrantStore(grant), app)
    client = world.client_of(authorizer)
    for _ in range(72):
        world.clock.advance(3_600_000)
        client.call("DescribeTeam", {}, expects="Data")
    assert client.calls == 72  # renewed in time: no call was refused


def test_two_processes_on_one_store_do_not_log_each_other_out() -> None:
    world = World()
    world.playground.settings = replace(Settings(), auto_approve=True)
    grant, app = granted(world)
    store = MemoryGrantStore(grant)
    clients = [
        world.client_of(OAuthAuthorizer(world.playground, world.clock, store, app))
        for _ in range(2)
    ]
    for hour in range(40):
        world.clock.advance(3_600_000)
        for client in clients if hour % 2 else reversed(clients):
            client.call("DescribeTeam", {}, expects="Data")


def granted(world: World) -> tuple[Grant, OAuthApp]:
    """A first grant, as the code exchange after a person's consent gives it."""
    redirect = "http://127.0.0.1:9/callback"
    client_id, secret = world.playground.register_app(redirect)
    asked = {
        "client_id": client_id, "redirect_uri": redirect, "response_type": "code", "state": "s",
        "scope": "team:profile:ro",
    }  # fmt: skip
    page = Request("GET", f"{BASE}/oauth_authorize.html?{urlencode(asked)}")
    told = world.playground.send(page).headers["location"]
    form = {
        "client_id": client_id, "client_secret": secret, "grant_type": "authorization_code",
        "code": parse_qs(urlsplit(told).query)["code"][0],
    }  # fmt: skip
    request = Request("POST", f"{BASE}/api/oauth/access_token", {}, urlencode(form).encode())
    fields = decode_json(world.playground.send(request).body)
    grant = Grant(fields["access_token"], fields["refresh_token"], world.clock.now_ms() + 7_200_000)
    return grant, OAuthApp(BASE, client_id, secret)
