"""Build plans, builds and what hangs on them: small worlds, the facts of each, the document."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from headrace.coding.streams import find
from headrace.coding.streams.ci_build_parts import CI, nodes_of
from headrace.core.ports import Delivery
from headrace.core.record import Reject, make_key
from headrace.core.stream import Scope, Stream, to_record
from headrace.core.transport import Request, Response
from headrace.errors import Unavailable
from headrace.playground.modules.ci import events, rows, state
from headrace.playground.modules.ci.actions import ACTIONS
from headrace.playground.modules.ci.records import Build
from headrace.testing.invariants import check_equal, living_rows, source_rows, storage_of
from headrace.testing.run import Run

from ..playground.test_contract import operations, validator
from .holding import calm, interval_ms, needs_document

SHOP = 101
NAMES = [stream.name for stream in CI]
BELOW = [name for name in NAMES if name.startswith("ci_build_")]


class Story:
    """A world that is read by turns, each a minute after the last."""

    def __init__(self, *streams: str, seed: int = 3, **wishes: Any) -> None:
        self.run = Run(seed, calm(*streams, **{"census_seconds": 100_000.0, **wishes}))
        self.world = self.run.world
        self.team = self.world.team
        self.poll()

    @property
    def now_ms(self) -> int:
        return self.world.clock.now_ms()

    def poll(self, turns: int = 2) -> None:
        for _ in range(turns):
            self.run.turn()
            self.world.clock.advance(interval_ms(self.world.streams))

    def settle(self) -> None:
        """Past the thorough passes; the copy is then exact."""
        self.run.finish()
        check_equal(self.world)

    def keys(self, stream: str) -> set[tuple[Any, ...]]:
        return {tuple(json.loads(f.record.key)) for f in self.world.mirror.records(stream)}

    def bodies(self, stream: str) -> list[dict[str, Any]]:
        return [f.record.value() for f in self.world.mirror.records(stream)]

    def calls(self, action: str) -> int:
        return self.world.playground.calls[action]


class BuildStory(Story):
    """The same with the look-alike's build plans at hand; `plan` is one of the shop's."""

    def __init__(self, *streams: str, **wishes: Any) -> None:
        super().__init__(*(streams or ("ci_builds",)), **wishes)
        self.ci = self.team.module(state.CI)
        self.shop = self.team.projects[SHOP]
        self.plan = self.ci.jobs(self.shop)[0]

    def start(self, count: int = 1) -> list[Build]:
        return [self.ci.start(self.plan.id, now_ms=self.now_ms + n) for n in range(count)]

    def finish_all(self) -> None:
        for project in self.team.projects.values():
            for job in self.ci.jobs(project):
                for build in self.ci.builds(job.id):
                    if not build.has_finished:
                        self.ci.finish(build.id, now_ms=self.now_ms)

    def status(self, build: Build) -> str:
        filed = self.world.mirror.get("ci_builds", make_key((build.job_id, build.id)))
        return str(filed.record.value()["Status"]) if filed and not filed.deleted else ""

    def plans(self) -> int:
        return sum(len(self.ci.jobs(project)) for project in self.team.projects.values())


# --- every stream ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lived() -> BuildStory:
    """All streams at once, through a snapshot and a long day."""
    story = BuildStory(*NAMES)
    for _ in range(5):
        story.world.live(50)
        story.poll()
    story.start(2)  # running builds, too
    story.settle()
    return story


@pytest.mark.parametrize("name", NAMES)
def test_a_day_is_copied_exactly(lived: BuildStory, name: str) -> None:
    (stream,) = find([name])
    for table, wanted in source_rows(lived.world, stream).items():
        assert living_rows(storage_of(lived.world), table) == wanted
        assert wanted
        extra = [column for column, _ in table.columns if not column.startswith("_deleted")].index(
            "_extra"
        )
        assert {row[extra] for row in wanted.values()} == {None}


def test_a_day_brought_every_kind_of_change(lived: BuildStory) -> None:
    counts = lived.world.mirror.counts()
    assert all(counts[name].inserted and counts[name].deleted for name in NAMES)
    assert all(counts[name].updated for name in ("ci_jobs", "ci_builds"))


@pytest.mark.parametrize("increments", ["hybrid", "webhook"])
def test_hooks_bring_the_same_rows(increments: str) -> None:
    story = BuildStory(*NAMES, increments=increments)
    for _ in range(4):
        story.world.live(20)
        story.poll()
    story.settle()


def test_no_secret_no_jenkinsfile_and_no_signed_address_is_kept(lived: BuildStory) -> None:
    kept = b"".join(f.record.body for name in NAMES for f in lived.world.mirror.records(name))
    assert b"DEMO_TOKEN" in kept
    for secret in (b"secret-", b"pipeline {", b"signed="):
        assert secret not in kept


# --- builds: the front of a list -------------------------------------------------------------


def test_an_idle_plan_costs_one_page_a_poll() -> None:
    story = BuildStory()
    story.finish_all()
    story.poll()
    pages, details = story.calls("DescribeCodingCIBuilds"), story.calls("DescribeCodingCIBuild")
    story.poll(1)
    assert story.calls("DescribeCodingCIBuilds") == pages + story.plans()
    assert story.calls("DescribeCodingCIBuild") == details


def test_one_poll_finds_more_new_builds_than_a_page_holds() -> None:
    story = BuildStory(page_size=2)
    new = story.start(7)
    story.poll(1)
    assert [story.status(build) for build in new] == ["QUEUED"] * 7


Send = Callable[[Request], Response]


def asked_of(request: Request) -> dict[str, Any]:
    asked: dict[str, Any] = json.loads(request.body or b"{}")
    return asked


def test_a_poll_that_was_cut_off_hides_nothing_behind_its_first_page() -> None:
    story = BuildStory(page_size=2)
    server = story.world.playground
    whole: Send = server.send

    def second_page_lost(request: Request) -> Response:
        asked = asked_of(request)
        if asked["Action"] == "DescribeCodingCIBuilds" and asked["PageNumber"] == 2:
            raise Unavailable("The connection was reset.")
        return whole(request)

    new = story.start(5)
    server.send = second_page_lost  # type: ignore[method-assign]
    story.poll(1)
    assert [story.status(build) for build in new] == ["", "", "", "QUEUED", "QUEUED"]
    server.send = whole  # type: ignore[method-assign]
    story.poll(2)
    assert [story.status(build) for build in new] == ["QUEUED"] * 5


def test_builds_that_a_hook_showed_hide_none_behind_them() -> None:
    story = BuildStory(page_size=2, increments="hybrid")
    new = story.start(5)
    story.world.inbox.put([delivery(story, build) for build in new[-2:]])
    story.world.playground.hooks.deliver_due(story.now_ms)  # the deliveries of all are lost
    story.poll(1)
    assert [story.status(build) for build in new] == ["QUEUED"] * 5


def delivery(
    story: BuildStory, build: Build, *, code: str = "CI_JOB_STARTED", **ids: int
) -> Delivery:
    """A hook about a build; `ids` are told in place of the true ones."""
    body = events.told(story.team, story.shop, code, story.plan, build)
    body["ci"]["id"] = ids.get("job_id", story.plan.id)
    told = {"event": code, "project": {"id": ids.get("project_id", SHOP)}, **body}
    data = json.dumps(told).encode()
    return Delivery(f"d-{build.id}-{len(ids)}", code, story.now_ms, {}, data)


def test_a_running_build_is_followed_to_its_end_wherever_it_stands() -> None:
    story = BuildStory(page_size=2)
    story.finish_all()
    (old,) = story.start()
    for build in story.start(6):
        story.ci.finish(build.id, now_ms=story.now_ms)
    story.poll()
    pages, details = story.calls("DescribeCodingCIBuilds"), story.calls("DescribeCodingCIBuild")
    for status in ("INITIALIZING", "NOT_BUILT", "RUNNING"):
        story.ci.advance(old.id, now_ms=story.now_ms)
        story.poll(1)
        assert story.status(old) == status
    story.ci.finish(old.id, now_ms=story.now_ms, status="TIMEOUT")
    story.poll(1)
    assert story.status(old) == "TIMEOUT"
    assert story.calls("DescribeCodingCIBuild") == details + 4
    assert story.calls("DescribeCodingCIBuilds") == pages + 4 * story.plans()
    story.poll()
    assert story.calls("DescribeCodingCIBuild") == details + 4


def test_a_removed_build_goes_at_once_while_it_runs_and_else_by_the_census() -> None:
    story = BuildStory(page_size=2)
    (running,) = story.start()
    finished = story.start(4)[0]
    story.ci.finish(finished.id, now_ms=story.now_ms)
    story.poll()
    for build in (running, finished):
        story.ci.delete_build(build.id)
    story.poll()
    assert (story.status(running), story.status(finished)) == ("", "SUCCEED")
    story.settle()
    assert story.status(finished) == ""


def test_a_cap_on_the_page_size_that_no_answer_tells_of_loses_nothing() -> None:
    story = BuildStory(page_size=2)
    server = story.world.playground
    honest: Send = server.send

    def silent(request: Request) -> Response:
        asked, response = asked_of(request), honest(request)
        if asked["Action"] != "DescribeCodingCIBuilds":
            return response
        told = json.loads(response.body)
        told["Response"]["Data"]["PageSize"] = asked["PageSize"]
        return Response(response.status, response.headers, json.dumps(told).encode())

    server.send = silent  # type: ignore[method-assign]
    new = story.start(5)
    story.poll(1)
    assert [story.status(build) for build in new] == ["QUEUED"] * 5


# --- hooks -----------------------------------------------------------------------------------


def test_a_hook_asks_for_the_one_build_it_names() -> None:
    story = BuildStory(increments="webhook")
    assert story.plans() > 2
    (build,) = story.start()
    story.world.playground.hooks.deliver_due(story.now_ms)
    pages, details = story.calls("DescribeCodingCIBuilds"), story.calls("DescribeCodingCIBuild")
    story.world.inbox.put([delivery(story, build)])
    story.poll(1)
    assert story.status(build) == "QUEUED"
    assert story.calls("DescribeCodingCIBuild") == details + 1
    assert story.calls("DescribeCodingCIBuilds") == pages


def test_a_hook_that_lies_about_the_place_writes_nothing() -> None:
    story = BuildStory(increments="webhook")
    other = next(job for job in story.ci.jobs(story.shop) if job.id != story.plan.id)
    (build,) = story.start()
    story.world.playground.hooks.deliver_due(story.now_ms)
    known = story.keys("ci_builds"), story.keys("ci_jobs"), story.bodies("ci_jobs")
    wrong_plan = delivery(story, build, job_id=other.id)
    wrong_project = delivery(
        story, build, code="CI_JOB_UPDATED", job_id=story.plan.id, project_id=SHOP + 1
    )
    story.world.inbox.put([wrong_plan, wrong_project])
    story.poll(1)
    assert (story.keys("ci_builds"), story.keys("ci_jobs"), story.bodies("ci_jobs")) == known


# --- what goes, and what is only out of sight ------------------------------------------------


def test_a_removed_plan_takes_all_that_hangs_on_it_along() -> None:
    story = BuildStory(*NAMES)
    story.start()
    story.finish_all()
    story.poll(4)
    gone = story.plan.id
    assert all(any(key[0] == gone for key in story.keys(name)) for name in BELOW[:2])
    story.ci.delete_job(gone)
    story.settle()
    for name in NAMES:
        assert not any(key[0] == gone for key in story.keys(name)), name


@pytest.mark.parametrize("code", ["CI_JOB_FINISHED", "CI_JOB_DELETED"])
def test_a_project_out_of_sight_keeps_its_plans_and_builds(code: str) -> None:
    """The look-alike answers then that they do not exist, as CODING may do."""
    story = BuildStory(increments="hybrid")
    (build, *_) = story.start(3)
    story.poll()
    known = story.keys("ci_jobs"), story.keys("ci_builds")
    assert story.status(build) == "QUEUED"
    story.team.hide_project(SHOP)
    story.world.inbox.put([delivery(story, build, code=code)])
    story.poll(4)
    assert (story.keys("ci_jobs"), story.keys("ci_builds")) == known
    assert ("ci_jobs", f"[{SHOP}]") in story.world.worker.report.hidden
    story.team.hide_project(SHOP, False)
    story.settle()


@pytest.mark.parametrize("code", ["OperationDenied", "UnauthorizedOperation", "InvalidParameter"])
def test_where_builds_may_not_be_read_their_rows_stay(code: str) -> None:
    story = BuildStory(*NAMES, census_seconds=180.0)
    story.finish_all()
    story.poll(4)
    known = {name: story.keys(name) for name in NAMES}
    settings = story.world.playground.settings
    refused = dict.fromkeys((action.name for action in ACTIONS), code)
    story.world.playground.settings = replace(settings, failing=refused)
    story.start(2)
    story.poll(8)
    assert {name: story.keys(name) for name in NAMES} == known
    report = story.world.worker.report
    assert "ci_builds" in {stream for stream, _ in (*report.hidden, *report.failures)}
    story.world.playground.settings = settings
    story.world.clock.advance(600_000)  # what failed waits longer each time
    story.settle()


def test_stages_wait_for_the_end_of_their_build() -> None:
    story = BuildStory("ci_build_stages")
    (build,) = story.start()
    story.poll(3)
    asked = story.calls("DescribeCodingCIBuildStage")
    assert not any(key[1] == build.id for key in story.keys("ci_build_stages"))
    story.ci.finish(build.id, now_ms=story.now_ms)
    story.poll(3)
    assert sum(key[1] == build.id for key in story.keys("ci_build_stages")) == build.stages
    assert story.calls("DescribeCodingCIBuildStage") == asked + 1


# --- JSON in a text --------------------------------------------------------------------------


@pytest.mark.parametrize("told", ["[{", "{}", '"x"', "nothing", "null", 7])
def test_a_text_that_holds_no_nodes_is_set_aside_and_not_lost(told: Any) -> None:
    (stream,) = find(["ci_build_stages"])
    (row,) = nodes_of(told)
    record = to_record(stream, Scope("[1,2]", {}, {"JobId": 1, "BuildId": 2}), row)
    assert isinstance(record, Reject)
    assert json.loads(record.body)["Text"] == told


def test_nodes_have_numbers_for_ids() -> None:
    assert list(nodes_of("")) == list(nodes_of("[]")) == []
    assert list(nodes_of('[{"id":"6"},{"id":7},{"id":"x"},3]')) == [
        {"id": 6}, {"id": 7}, {"id": "x"}, 3,
    ]  # fmt: skip


def test_a_build_whose_stages_cannot_be_read_keeps_those_on_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    story = BuildStory("ci_build_stages", census_seconds=180.0)
    story.finish_all()
    story.poll(4)
    known = story.keys("ci_build_stages")
    assert known
    with monkeypatch.context() as broken:
        broken.setattr(rows, "json_of", lambda nodes: "not JSON")
        story.poll(8)
    assert story.keys("ci_build_stages") == known
    assert {r.stream for r in story.world.mirror.rejects()} == {"ci_build_stages"}
    story.settle()


# --- the official document -------------------------------------------------------------------


def asked(story: BuildStory, action: str) -> Iterator[dict[str, Any]]:
    """Requests that together show every kind of row of an Action."""
    ci = story.ci
    for project in story.team.projects.values():
        if action == "DescribeCodingCIJobs":
            yield {"ProjectId": project.id}
        for job in ci.jobs(project):
            if action == "DescribeCodingCIJob":
                yield {"JobId": job.id}
            if action == "DescribeCodingCIBuilds":
                yield from ({"JobId": job.id, "PageNumber": n, "PageSize": 2} for n in (1, 2, 99))
            for build in ci.builds(job.id):
                if action == "DescribeCodingCIBuildStep":
                    yield from (
                        {"BuildId": build.id, "StageId": int(stage["id"])}
                        for stage in rows.stages(build)
                    )
                elif action.startswith("DescribeCodingCIBuild") and not action.endswith("Builds"):
                    yield {"BuildId": build.id}


@needs_document
@pytest.mark.parametrize("action", [action.name for action in ACTIONS])
def test_answers_are_as_the_document_says(lived: BuildStory, action: str) -> None:
    requests = list(asked(lived, action))
    assert requests
    for request in requests:
        answer = lived.world.source._client.call(action, request, expects="RequestId", many=None)
        problems = validator(action).iter_errors({"Response": answer.response})
        assert [f"{p.json_path}: {p.message[:200]}" for p in problems] == []


WITHOUT_EXAMPLE = {"DescribeCodingCIBuildArtifacts", "DescribeCodingCIBuildHtmlReports"}


@needs_document
@pytest.mark.parametrize("stream", CI, ids=NAMES)
def test_official_examples_become_rows(stream: Stream) -> None:
    examples = operations()[stream.listing.action].get("x-tcapi-examples") or []
    found = [row for example in examples for row in rows_of(stream, example["output"])]
    assert bool(found) == (stream.listing.action not in WITHOUT_EXAMPLE)
    scope = Scope("[]", {}, dict.fromkeys(stream.parent.key if stream.parent else (), 7))
    assert not [r for r in found if isinstance(to_record(stream, scope, r), Reject)]


def rows_of(stream: Stream, output: str) -> list[Any]:
    """The rows in an official example of the stream's listing."""
    found = json.loads(output)["Response"]
    for name in stream.listing.rows.split("."):
        found = found[name]
    return list(stream.listing.unfold(found) if stream.listing.unfold else found)


@needs_document
@pytest.mark.parametrize("name", ["ci_jobs", "ci_builds"])
def test_the_example_of_a_detail_equals_its_list_row(name: str) -> None:
    (stream,) = find([name])
    assert stream.lookup is not None and stream.lookup.project is not None
    listed, detail = (
        json.loads(operations()[action]["x-tcapi-examples"][0]["output"])["Response"]
        for action in (stream.listing.action, stream.lookup.action)
    )
    for part in stream.listing.rows.split("."):
        listed = listed[part]
    assert stream.lookup.project(detail[stream.lookup.row]) == listed[0]
