"""Artifact repositories and what lies in them: small worlds, the facts of each, the document."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from headrace.coding.streams import find
from headrace.coding.streams.artifact_parts import ARTIFACTS
from headrace.core.record import Record, Reject, make_key
from headrace.core.schema import Flattener
from headrace.core.stream import Scope, Stream, to_record
from headrace.core.transport import Request, Response
from headrace.errors import Unavailable
from headrace.playground.modules.artifacts import state
from headrace.playground.modules.artifacts.actions import ACTIONS
from headrace.playground.modules.artifacts.records import Version
from headrace.testing.invariants import check_equal, living_rows, source_rows, storage_of

from ..playground.test_contract import operations, validator
from .test_ci import SHOP, Story, asked_of, needs_document, rows_of

NAMES = [stream.name for stream in ARTIFACTS]
FILES = "DescribeArtifactRepositoryFileList"
Send = Callable[[Request], Response]


class ArtifactStory(Story):
    """A world with the look-alike's artifacts at hand."""

    def __init__(self, *streams: str, **wishes: Any) -> None:
        super().__init__(*(streams or NAMES), **wishes)
        self.artifacts = self.team.module(state.Artifacts)
        self.shop = self.team.projects[SHOP]
        self.repository = self.artifacts.repositories(self.shop)[0]
        self.package = self.artifacts.packages(self.repository.id)[0]

    def push(self, count: int) -> list[Version]:
        """New versions, the first one oldest, a second apart."""
        began = self.now_ms
        self.world.clock.advance(1000 * count)
        found = range(count)
        return [self.artifacts.push(self.package.id, now_ms=began + 1000 * n) for n in found]

    def row(self, stream: str, *key: Any) -> dict[str, Any]:
        filed = self.world.mirror.get(stream, make_key(key))
        assert filed is not None
        return {} if filed.deleted else filed.record.value()

    def intercept(self, change: Callable[[Send, Request], Response]) -> Callable[[], None]:
        """Let `change` answer in the server's place; returns what ends it."""
        server = self.world.playground
        honest: Send = server.send
        server.send = lambda request: change(honest, request)  # type: ignore[method-assign]

        def end() -> None:
            server.send = honest  # type: ignore[method-assign]

        return end


# --- every stream ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lived() -> ArtifactStory:
    """All streams at once, through a snapshot and a long day."""
    story = ArtifactStory()
    for _ in range(5):
        story.world.live(50)
        story.poll()
    story.settle()
    return story


@pytest.mark.parametrize("name", NAMES)
def test_a_day_is_copied_exactly(lived: ArtifactStory, name: str) -> None:
    (stream,) = find([name])
    for table, wanted in source_rows(lived.world, stream).items():
        assert living_rows(storage_of(lived.world), table) == wanted
        assert wanted
    counts = lived.world.mirror.counts()[name]
    assert counts.inserted and counts.deleted
    if name in ("artifact_repositories", "artifact_packages", "artifact_versions"):
        assert counts.updated
    flat = Flattener(name, stream.schema)
    assert set(flat.main(lived.bodies(name)).values["_extra"]) == {None}


@pytest.mark.parametrize("increments", ["hybrid", "webhook"])
def test_hooks_bring_the_same_rows(increments: str) -> None:
    story = ArtifactStory(increments=increments)
    for _ in range(4):
        story.world.live(20)
        story.poll()
    story.settle()


def test_no_key_and_no_address_that_ends_is_kept(lived: ArtifactStory) -> None:
    kept = b"".join(f.record.body for name in NAMES for f in lived.world.mirror.records(name))
    assert b"trusted-" in kept and b".jar" in kept
    for secret in (b"key-", b"?ends=", b"DownloadUrl", b"CreditKey"):
        assert secret not in kept


# --- versions --------------------------------------------------------------------------------


def test_versions_are_asked_for_by_project_and_an_idle_poll_is_one_page_each() -> None:
    story = ArtifactStory("artifact_versions", page_size=2)
    asked: list[dict[str, Any]] = []

    def listen(honest: Send, request: Request) -> Response:
        asked.append(asked_of(request))
        return honest(request)

    end = story.intercept(listen)
    story.poll(1)
    end()
    found = [one for one in asked if one["Action"] == "DescribeTeamArtifacts"]
    names = {project.info.name for project in story.team.projects.values()}
    assert [one["PageNumber"] for one in found] == [1] * len(names)
    assert {name for one in found for name in one["Rule"]["ProjectName"]} == names


def test_one_poll_finds_what_was_pushed_and_pushed_again() -> None:
    story = ArtifactStory("artifact_versions", page_size=2)
    old = story.push(6)[0]
    story.poll()
    story.world.clock.advance(5000)
    story.artifacts.overwrite(old.id, now_ms=story.now_ms)
    new = story.push(3)
    story.poll(1)
    assert all(story.row("artifact_versions", version.id) for version in new)
    story.poll(1)
    assert story.row("artifact_versions", old.id)["Hash"] != old.hash


def test_a_silent_download_of_an_old_version_is_seen_by_the_census() -> None:
    story = ArtifactStory("artifact_versions", page_size=2)
    old = story.push(6)[0]
    story.poll()
    story.artifacts.download(old.id)
    story.poll()
    assert story.row("artifact_versions", old.id)["DownloadCount"] == "0"
    story.settle()
    assert story.row("artifact_versions", old.id)["DownloadCount"] == "1"


def test_a_push_moves_the_package_s_counters_at_the_next_poll() -> None:
    story = ArtifactStory("artifact_packages")
    before = story.row("artifact_packages", story.package.id)["VersionCount"]
    (version,) = story.push(1)
    story.poll(1)
    row = story.row("artifact_packages", story.package.id)
    assert (row["VersionCount"], row["LatestVersionId"]) == (before + 1, version.id)


def test_a_push_over_a_version_replaces_its_checksums() -> None:
    story = ArtifactStory("artifact_checksums")
    (version,) = story.push(1)
    story.poll(3)
    before = {key for key in story.keys("artifact_checksums") if key[0] == version.id}
    assert {name for _, name in before} == set(version.files)
    story.artifacts.overwrite(version.id, now_ms=story.now_ms + 5000)
    story.poll(3)
    (now,) = [v for v in story.artifacts.versions(story.package.id) if v.id == version.id]
    after = {key for key in story.keys("artifact_checksums") if key[0] == version.id}
    assert {name for _, name in after} == set(now.files) != {name for _, name in before}


def test_times_in_seconds_become_moments(lived: ArtifactStory) -> None:
    for name in ("artifact_repositories", "artifact_packages", "artifact_versions"):
        (stream,) = find([name])
        for table, rows in source_rows(lived.world, stream).items():
            at = [column for column, _ in table.columns].index("created_at")
            years = {datetime.fromtimestamp(row[at] / 1000, UTC).year for row in rows.values()}
            assert years == {datetime.fromtimestamp(lived.now_ms / 1000, UTC).year}


@pytest.mark.parametrize(
    ("told", "moment"),
    [
        (1_605_600_358, 1_605_600_358_000),
        ("1629873218", 1_629_873_218_000),
        (1_538_743_856_753, 1_538_743_856_753),
        (0, None),
        (-28_800_000, None),
        (-1, -1),
        (99_999_999_999, 99_999_999_999_000),
        (100_000_000_000, 100_000_000_000),
    ],
)
def test_seconds_are_told_from_milliseconds_by_their_size(told: Any, moment: int | None) -> None:
    (stream,) = find(["artifact_repositories"])
    columns = Flattener(stream.name, stream.schema).main([{"Id": 1, "CreatedAt": told}])
    assert columns.values["created_at"] == [moment]


# --- files: pages that name the next one -----------------------------------------------------


def test_files_are_read_to_the_last_page_and_a_larger_page_is_cut() -> None:
    story = ArtifactStory("artifact_files", page_size=2)
    story.push(5)
    files = story.team.rows("artifact_files")
    calls = story.calls(FILES)
    story.settle()
    repositories = [
        r for p in story.team.projects.values() for r in story.artifacts.repositories(p)
    ]
    held = [sum(key[0] == one.id for key in files) for one in repositories]
    assert max(held) > 4
    passes = sum(max(1, -(-count // 2)) for count in held)
    assert (story.calls(FILES) - calls) % passes == 0


def test_a_circle_of_pages_ends_and_deletes_nothing() -> None:
    story = ArtifactStory("artifact_files", page_size=1, census_seconds=180.0)
    story.push(3)
    story.poll(4)
    known = story.keys("artifact_files")
    circle = {"": "a", "a": "b", "b": "a"}

    def circling(honest: Send, request: Request) -> Response:
        asked = asked_of(request)
        if asked["Action"] != FILES:
            return honest(request)
        token = asked.pop("ContinuationToken", "")
        told = json.loads(honest(replace(request, body=json.dumps(asked).encode())).body)
        told["Response"]["Data"]["ContinuationToken"] = circle[token]
        return Response(200, {}, json.dumps(told).encode())

    end = story.intercept(circling)
    calls = story.calls(FILES)
    story.poll(8)
    assert story.calls(FILES) - calls < 200
    assert story.keys("artifact_files") == known
    failures = story.world.worker.report.failures
    assert "same page twice" in str(failures["artifact_files", f"[{story.repository.id}]"].error)
    end()
    story.world.clock.advance(600_000)  # what failed waits longer each time
    story.settle()


def test_a_list_that_breaks_off_deletes_nothing() -> None:
    story = ArtifactStory("artifact_files", page_size=2, census_seconds=180.0)
    story.push(4)
    story.poll(4)
    known = story.keys("artifact_files")

    def breaking(honest: Send, request: Request) -> Response:
        asked = asked_of(request)
        if asked["Action"] == FILES and asked.get("ContinuationToken"):
            raise Unavailable("The connection was reset.")
        return honest(request)

    end = story.intercept(breaking)
    story.poll(10)
    assert story.keys("artifact_files") == known
    end()
    story.world.clock.advance(600_000)
    story.settle()


def test_a_page_that_comes_empty_at_first_is_not_the_end() -> None:
    story = ArtifactStory("artifact_files", page_size=2, census_seconds=180.0)
    story.push(6)
    story.poll(4)
    known, last = story.keys("artifact_files"), [""]

    def emptied(honest: Send, request: Request) -> Response:
        response, asked = honest(request), asked_of(request)
        if asked["Action"] != FILES:
            return response
        token, before = asked.get("ContinuationToken", ""), last[0]
        last[0] = token
        if not token or token == before:
            return response
        told = json.loads(response.body)
        told["Response"]["Data"]["InstanceSet"] = []
        return Response(200, {}, json.dumps(told).encode())

    end, stamp = story.intercept(emptied), story.world.capture.stamp()
    story.poll(8)
    end()
    scope = f"[{story.repository.id}]"
    assert not story.world.mirror.unseen("artifact_files", scope, stamp)
    assert story.keys("artifact_files") == known
    story.settle()


def test_a_file_that_slips_between_two_pages_is_not_taken_for_gone() -> None:
    """While the list is read one version goes, and shifts another over a border of its pages."""
    story = ArtifactStory("artifact_files", page_size=2, census_seconds=180.0)
    story.push(6)
    story.poll(4)
    (gone,) = story.push(1)
    story.poll(4)
    first = min(story.artifacts.versions(story.package.id), key=lambda version: version.name)
    slipped = False

    def living(honest: Send, request: Request) -> Response:
        nonlocal slipped
        response, asked = honest(request), asked_of(request)
        here = asked["Action"] == FILES and asked["Repository"] == story.repository.name
        if here and not slipped:
            slipped = True
            story.artifacts.delete_version(first.id)
        return response

    end = story.intercept(living)
    story.world.clock.advance(180_000)
    story.poll(1)
    assert slipped
    still = {key for key in story.team.rows("artifact_files") if key[0] == story.repository.id}
    assert still <= story.keys("artifact_files")
    end()
    story.settle()
    assert gone.name in {key[2] for key in story.keys("artifact_files")}


# --- what goes, and what is only out of sight ------------------------------------------------


def test_a_removed_repository_takes_all_that_lies_in_it_along() -> None:
    story = ArtifactStory()
    story.push(2)
    story.poll(4)
    story.artifacts.create_repository(story.shop, now_ms=story.now_ms)
    below = ("artifact_packages", "artifact_versions", "artifact_files")
    assert all(any(r["RepoId"] == story.repository.id for r in story.bodies(n)) for n in below)
    story.artifacts.delete_repository(story.repository.id)
    story.settle()
    for name in below:
        assert not any(row["RepoId"] == story.repository.id for row in story.bodies(name))


def test_a_project_out_of_sight_keeps_its_versions() -> None:
    """The list of versions is then empty, as if the project had none."""
    story = ArtifactStory("artifact_versions", census_seconds=180.0)
    story.push(3)
    story.poll()
    known = story.keys("artifact_versions")
    story.team.hide_project(SHOP)
    story.poll(12)
    assert story.keys("artifact_versions") == known
    assert ("artifact_versions", f"[{SHOP}]") in story.world.worker.report.hidden
    story.team.hide_project(SHOP, False)
    story.settle()


def test_where_the_module_was_withdrawn_its_rows_stay() -> None:
    story = ArtifactStory(census_seconds=180.0)
    story.poll(4)
    known = {name: story.keys(name) for name in NAMES}
    settings = story.world.playground.settings
    story.world.playground.settings = replace(settings, withdrawn={a.name for a in ACTIONS})
    story.push(2)
    story.poll(8)
    assert {name: story.keys(name) for name in NAMES} == known
    assert "artifact_repositories" in {stream for stream, _ in story.world.worker.report.hidden}
    story.world.playground.settings = settings
    story.settle()


def test_a_removed_list_of_trusted_artifacts_goes() -> None:
    story = ArtifactStory("artifact_credits")
    ident = next(iter(story.artifacts.credits))
    assert story.row("artifact_credits", ident)["Enabled"] is True
    del story.artifacts.credits[ident]
    story.settle()
    assert story.row("artifact_credits", ident) == {}
    assert story.calls("DescribeArtifactCredit") == 1


def test_a_renamed_project_keeps_its_artifacts() -> None:
    story = ArtifactStory()
    story.push(2)
    story.poll(4)
    known = story.keys("artifact_versions")
    story.team.rename_project(SHOP, now_ms=story.now_ms, name="another-name")
    story.poll(4)
    assert story.keys("artifact_versions") == known
    story.settle()
    head = story.world.mirror.head()
    assert {c.op.value for c in story.world.mirror.log(0, 100_000) if c.stream in NAMES} <= {
        "read", "insert", "update",
    }  # fmt: skip
    check_equal(story.world)
    assert story.world.mirror.head() == head


# --- the official document -------------------------------------------------------------------

# (Action, field): why the document's own type is not kept to.
MISPRINTS = {
    ("DescribeTeamArtifacts", "ProjectName"): "typed boolean; its example has the project's name"
}


def asked(story: ArtifactStory, action: str) -> Iterator[dict[str, Any]]:
    """Requests that together show every kind of row of an Action."""
    pages = [{"PageNumber": n, "PageSize": 2} for n in (1, 2, 99)]
    if action == "DescribeArtifactCredit":
        yield from ({"ArtifactCreditId": n} for n in story.artifacts.credits)
    elif action == "DescribeArtifactCreditList":
        yield {}
    elif action == "DescribeTeamArtifacts":
        yield from pages
        equal = {"Algorithm": "EQUAL", "Value": story.package.name}
        rule = {"ArtifactType": [1, 2, 3, 4], "Package": [equal], "ProjectName": ["shop"]}
        yield {"Rule": rule, **pages[0]}
    for project in story.team.projects.values():
        if action == "DescribeArtifactRepositoryList":
            yield from ({"ProjectId": project.id, **page} for page in pages)
        for _, repository, package, version in story.artifacts.places(project):
            where = {"ProjectId": project.id, "Repository": repository.name}
            if action == "DescribeArtifactPackageList":
                yield from ({**where, **page} for page in pages)
            elif action == FILES:
                place = {"Project": project.info.name, "Repository": repository.name}
                one = {"PackageName": package.name, "VersionName": version.name}
                yield from ({**place, "PageSize": 2}, {**place, "Artifacts": [one]})
            elif action in ("DescribeArtifactProperties", "DescribeArtifactChecksums"):
                yield {**where, "Package": package.name, "PackageVersion": version.name}


@needs_document
@pytest.mark.parametrize("action", [action.name for action in ACTIONS])
def test_answers_are_as_the_document_says(lived: ArtifactStory, action: str) -> None:
    shown = 0
    for request in asked(lived, action):
        answer = lived.world.source._client.call(action, request, expects="RequestId", many=None)
        problems = [
            f"{problem.json_path}: {problem.message[:200]}"
            for problem in validator(action).iter_errors({"Response": answer.response})
            if (action, str(problem.absolute_path[-1])) not in MISPRINTS
        ]
        assert problems == []
        shown += len(str(answer.response)) > 200
    assert shown


@needs_document
def test_the_misprints_are_still_in_the_document() -> None:
    for action, name in MISPRINTS:
        (example,) = operations()[action]["x-tcapi-examples"]
        (row,) = json.loads(example["output"])["Response"]["Data"]["InstanceSet"]
        assert isinstance(row[name], str)


WITHOUT_EXAMPLE = {"DescribeArtifactCreditList"}


@needs_document
@pytest.mark.parametrize("stream", ARTIFACTS, ids=NAMES)
def test_official_examples_become_rows(stream: Stream) -> None:
    examples = operations()[stream.listing.action].get("x-tcapi-examples") or []
    found = [row for example in examples for row in rows_of(stream, example["output"])]
    assert bool(found) == (stream.listing.action not in WITHOUT_EXAMPLE)
    scope = Scope("[]", {}, dict.fromkeys(stream.parent.key if stream.parent else (), 7))
    records = [to_record(stream, scope, row) for row in found]
    assert not [record for record in records if isinstance(record, Reject)]
    bodies = [record.value() for record in records if isinstance(record, Record)]
    columns = Flattener(stream.name, stream.schema).main(bodies)
    left = [json.loads(text) for text in columns.values["_extra"] if text]
    assert {name for extra in left for name in extra} <= {"DownloadUrl"}
