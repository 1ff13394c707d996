"""Merge requests, what hangs on them, and releases: small worlds, facts, the document."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from msgspec.structs import replace as changed

from headrace.coding.streams import find
from headrace.coding.streams.code import CODE
from headrace.coding.streams.code_release import DEPOT_RELEASES, list_row_of
from headrace.coding.streams.merge_request import MERGE_REQUESTS, days, updated_between
from headrace.coding.streams.merge_request_parts import in_threads
from headrace.core.record import Reject, make_key
from headrace.core.stream import Scope, Stream, to_record
from headrace.playground.modules.reviews.actions import ACTIONS
from headrace.playground.modules.reviews.records import MergeRequest, Note
from headrace.playground.modules.reviews.state import Reviews
from headrace.testing.invariants import living_rows, source_rows, storage_of

from ..playground.test_contract import DOCUMENT, operations, validator
from .test_code import Story, rows_of

NAMES = [s.name for s in CODE if "merge_request" in s.name or s.name == "depot_releases"]
READ = [s for s in CODE if s.name in NAMES]
PARTS = [name for name in NAMES if name not in ("merge_requests", "depot_releases")]
needs_document = pytest.mark.skipif(
    not DOCUMENT.is_file(),
    reason=f"CODING's OpenAPI document is not at {DOCUMENT}; name it with HEADRACE_OPENAPI",
)


class ReviewStory(Story):
    """The same with an open merge request of the shop at hand."""

    def __init__(self, *streams: str, **wishes: Any) -> None:
        super().__init__(*(streams or NAMES), **wishes)
        self.reviews = self.team.module(Reviews)
        self.branch("topic", count=2)
        self.opened = self.reviews.open(
            self.shop, self.depot, "topic", "master", now_ms=self.now_ms, by=3
        )
        self.poll(3)

    @property
    def request(self) -> MergeRequest:
        """The merge request as it is now."""
        return self.shelf.requests[self.opened.merge_id]

    @property
    def shelf(self) -> Any:
        return self.reviews.shelf(self.shop, self.depot)

    @property
    def key(self) -> tuple[int, int]:
        return self.depot.id, self.opened.merge_id

    def change(self, **fields: Any) -> None:
        self.reviews.change(self.shop, self.depot, self.request, now_ms=self.now_ms, **fields)

    def quietly(self, **fields: Any) -> None:
        self.reviews.quietly(self.shop, self.depot, self.request, **fields)

    def comment(self, text: str = "looks good", parent_id: int = 0) -> Note:
        note = Note(
            self.reviews.number(), self.opened.merge_id, 5, text, self.now_ms, self.now_ms,
            parent_id,
        )  # fmt: skip
        self.shelf.notes[note.id] = note
        return note

    def filed(self, stream: str = "merge_requests", *key: Any) -> dict[str, Any] | None:
        """The row on file of the merge request, or of what has this key below it."""
        found = self.world.mirror.get(stream, make_key((*self.key, *key)))
        return None if found is None or found.deleted else found.record.value()

    def part(self, stream: str) -> set[Any]:
        """What hangs on the merge request, by the last part of the key."""
        return {key[2] for key in self.keys(stream) if key[:2] == self.key}

    def note(self, number: int) -> dict[str, Any] | None:
        found = self.world.mirror.get("merge_request_notes", make_key((self.depot.id, number)))
        return None if found is None or found.deleted else found.record.value()


# --- every stream ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lived() -> ReviewStory:
    """All streams at once, through a snapshot and a long day."""
    story = ReviewStory()
    for _ in range(5):
        story.world.live(60)
        story.poll(2)
    story.settle()
    return story


@pytest.mark.parametrize("name", NAMES)
def test_a_day_is_copied_exactly(lived: ReviewStory, name: str) -> None:
    (stream,) = find([name])
    for table, wanted in source_rows(lived.world, stream).items():
        assert living_rows(storage_of(lived.world), table) == wanted
        assert wanted
        names = [n for n, _ in table.columns if n not in ("_deleted_at", "_changed_at", "_offset")]
        assert {row[names.index("_extra")] for row in wanted.values()} == {None}


def test_a_day_brought_every_kind_of_change(lived: ReviewStory) -> None:
    counts = lived.world.mirror.counts()
    assert all(counts[name].inserted for name in NAMES)
    assert all(counts[n].updated for n in ("merge_requests", "merge_request_notes"))
    assert all(counts[n].deleted for n in ("merge_request_notes", "depot_releases"))
    assert counts["depot_releases"].updated


@pytest.mark.parametrize("increments", ["hybrid", "webhook"])
def test_hooks_bring_the_same_rows(increments: str) -> None:
    story = ReviewStory(increments=increments)
    for _ in range(4):
        story.world.live(20)
        story.poll(2)
    story.settle()


# --- merge requests --------------------------------------------------------------------------


def test_a_poll_asks_for_the_days_since_the_mark_only() -> None:
    story = ReviewStory("merge_requests")
    asked: list[dict[str, Any]] = []
    call = story.world.source._client.call

    def noted(action: str, params: dict[str, Any], **wishes: Any) -> Any:
        asked.append({"Action": action, **params})
        return call(action, params, **wishes)

    story.world.source._client.call = noted  # type: ignore[method-assign]
    story.change(title="another title")
    story.poll()
    (one, *_) = [a for a in asked if a["Action"] == "DescribeProjectMergeRequests"]
    assert one["Status"] == "all"
    assert "2026-11-1" in one["UpdatedAtStartDate"] <= one["UpdatedAtEndDate"]
    filed = story.filed()
    assert filed is not None and filed["Title"] == "another title"


def test_a_count_that_moves_without_an_update_is_found_by_the_census() -> None:
    story = ReviewStory("merge_requests")
    month_ms = 30 * 86_400_000
    story.world.clock.advance(month_ms)
    story.poll()
    story.branch("later", count=1)
    story.reviews.open(story.shop, story.depot, "later", "master", now_ms=story.now_ms, by=3)
    story.poll()  # the mark is a month behind now
    story.quietly(granted=3)
    story.comment()
    story.poll()
    filed = story.filed()
    assert filed is not None and (filed["Granted"], filed["CommentCount"]) == (0, 0)
    story.settle()
    filed = story.filed()
    assert filed is not None and (filed["Granted"], filed["CommentCount"]) == (3, 1)


def test_a_merge_request_follows_its_source_branch() -> None:
    story = ReviewStory()
    before = story.part("merge_request_commits")
    story.grow("topic", count=2)
    story.poll(2)
    assert story.part("merge_request_commits") == set(story.request.commits) > before
    story.force("topic", story.depot.log("topic")[1].sha)
    story.poll(2)
    assert story.part("merge_request_commits") == set(story.request.commits)
    paths = {c.path for sha in story.request.commits for c in story.depot.commits[sha].changes}
    assert story.part("merge_request_files") == paths
    story.settle()


def test_what_was_merged_stays_though_its_branch_goes() -> None:
    story = ReviewStory()
    head = story.head("topic")
    sha = story.code.merge(story.shop, story.depot, "master", head, now_ms=story.now_ms)
    story.change(status="ACCEPTED", merge_sha=sha, action="merge", by=7)
    story.drop("topic")
    story.poll(3)
    filed = story.filed()
    assert filed is not None
    assert (filed["Status"], filed["MergeCommitSha"]) == ("ACCEPTED", sha)
    assert story.part("merge_request_commits") == set(story.request.commits)
    assert story.part("merge_request_participants") == {3, 7}
    assert len(story.part("merge_request_logs")) == 2
    story.settle()


def test_a_hook_has_one_merge_request_read_again() -> None:
    story = ReviewStory("merge_requests", increments="webhook", census_seconds=100_000.0)
    story.poll(3)
    lists, details = (
        story.calls("DescribeProjectMergeRequests"),
        story.calls("DescribeMergeRequest"),
    )
    story.change(title="told by a hook")
    story.poll(4)
    filed = story.filed()
    assert filed is not None and filed["Title"] == "told by a hook"
    assert story.calls("DescribeMergeRequest") > details
    assert story.calls("DescribeProjectMergeRequests") == lists


def test_a_depot_takes_its_merge_requests_along() -> None:
    story = ReviewStory()
    gone = story.depot.id
    assert all(any(key[0] == gone for key in story.keys(name)) for name in PARTS[:3])
    story.code.delete_depot(story.depot)
    story.settle()
    assert not [key for name in NAMES for key in story.keys(name) if key[0] == gone]


@pytest.mark.parametrize(
    ("start_ms", "end_ms", "wanted"),
    [
        (1_795_000_000_000, 1_795_000_000_000, ("2026-11-18", "2026-11-19")),
        # a second before and at midnight in +08:00
        (1_794_931_199_000, 1_794_931_200_000, ("2026-11-17", "2026-11-19")),
        (0, 0, ("1970-01-01", "1970-01-02")),
    ],
)
def test_days_are_coding_s_own_and_widened(
    start_ms: int, end_ms: int, wanted: tuple[str, str]
) -> None:
    assert days(start_ms, end_ms) == wanted
    asked = updated_between(start_ms, end_ms)
    assert (asked["UpdatedAtStartDate"], asked["UpdatedAtEndDate"]) == wanted


# --- comments and releases -------------------------------------------------------------------


def test_comments_are_read_with_their_answers_edited_and_removed() -> None:
    story = ReviewStory("merge_request_notes")
    root = story.comment("why?")
    answer = story.comment("because", parent_id=root.id)
    story.poll()
    filed = story.note(answer.id)
    assert filed is not None and filed["ParentId"] == root.id
    later_ms = story.now_ms
    story.shelf.notes[root.id] = changed(root, text="why not?", updated_ms=later_ms)
    story.poll()
    filed = story.note(root.id)
    assert filed is not None and filed["Content"] == "why not?"
    del story.shelf.notes[answer.id]
    story.settle()
    assert story.note(answer.id) is None


def test_threads_become_rows_and_what_is_none_is_not_lost() -> None:
    notes = [{"Id": 1}, {"Id": 2}]
    assert list(in_threads([{"Note": notes}, {"Note": [{"Id": 3}]}])) == [*notes, {"Id": 3}]
    assert list(in_threads([{"Id": 4}, "odd"])) == [{"Id": 4}, "odd"]
    assert list(in_threads({})) == list(in_threads([{"Note": []}])) == []


def test_a_release_that_is_gone_goes_at_the_next_pass() -> None:
    """There is an Action for one release: no second pass is waited for."""
    story = ReviewStory("depot_releases")
    number, release = next(iter(story.shelf.releases.items()))
    key = (story.depot.id, number, release.tag)
    assert key in story.keys("depot_releases")
    del story.shelf.releases[number]
    other = story.code.create_depot(story.shop, now_ms=story.now_ms)  # not the last of its list
    assert other.is_git
    story.settle()
    assert key not in story.keys("depot_releases")


def test_a_detail_does_not_speak_for_the_attachment_in_the_list() -> None:
    assert list_row_of({"Title": "v-1", "ReleaseAttachment": {}}) == {"Title": "v-1"}


def test_no_address_of_an_attachment_is_kept(lived: ReviewStory) -> None:
    bodies = [f.record.value() for f in lived.world.mirror.records("depot_releases")]
    assert bodies
    assert all(
        body["ReleaseAttachment"].keys() == {"AttachmentName", "AttachmentSize"} for body in bodies
    )


# --- what may not be read --------------------------------------------------------------------


@pytest.mark.parametrize("code", ["OperationDenied", "UnauthorizedOperation", "InvalidParameter"])
def test_where_reviews_may_not_be_read_their_rows_stay(code: str) -> None:
    story = ReviewStory(census_seconds=180.0)
    known = {name: story.keys(name) for name in NAMES}
    assert all(known.values())
    settings = story.world.playground.settings
    refused = dict.fromkeys((action.name for action in ACTIONS), code)
    story.world.playground.settings = replace(settings, failing=refused)
    story.change(title="not to be seen")
    story.poll(8)
    assert {name: story.keys(name) for name in NAMES} == known
    report = story.world.worker.report
    assert "merge_requests" in {name for name, _ in (*report.hidden, *report.failures)}
    story.world.playground.settings = settings
    story.world.clock.advance(600_000)  # what failed waits longer each time
    story.settle()


# --- the official document -------------------------------------------------------------------


def requests_of(story: ReviewStory, action: str) -> Iterator[dict[str, Any]]:
    """Requests that together show every kind of row of an Action."""
    pages = [{"PageNumber": n, "PageSize": 2} for n in (1, 2, 99)]
    if action == "DescribeProjectMergeRequests":
        for project in story.team.projects.values():
            one = {"ProjectId": project.id}
            yield from (one, *({**one, "Status": s, **pages[0]} for s in ("open", "close", "all")))
            yield from ({**one, **updated_between(0, story.now_ms), **page} for page in pages)
    for project, depot, shelf in story.reviews.places():
        by_id = {"DepotId": depot.id}
        if action == "DescribeAllMergeRequestNotes":
            path = {"DepotPath": f"demo-team/{project.info.name}/{depot.name}"}
            yield from ({**path, **page} for page in pages)
        elif action == "DescribeGitReleases":
            yield from (by_id, *({**by_id, **page} for page in pages))
        elif action == "DescribeGitReleaseDetail":
            for number, release in shelf.releases.items():
                yield {**by_id, "ReleaseId": number, "TagName": release.tag}
        elif action != "DescribeProjectMergeRequests":
            yield from ({**by_id, "MergeId": merge_id} for merge_id in shelf.requests)


@needs_document
@pytest.mark.parametrize("action", [action.name for action in ACTIONS])
def test_answers_are_as_the_document_says(lived: ReviewStory, action: str) -> None:
    requests = list(requests_of(lived, action))
    assert requests
    for request in requests:
        answer = lived.world.source._client.call(action, request, expects="RequestId", many=None)
        problems = validator(action).iter_errors({"Response": answer.response})
        assert [f"{p.json_path}: {p.message[:200]}" for p in problems] == []


@needs_document
@pytest.mark.parametrize("stream", READ, ids=NAMES)
def test_official_examples_become_rows(stream: Stream) -> None:
    examples = operations()[stream.listing.action]["x-tcapi-examples"]
    found = [row for example in examples for row in rows_of(stream, example["output"])]
    assert found
    scope = Scope("[]", {}, dict.fromkeys(stream.parent.key if stream.parent else (), 7))
    rejected = [r for r in found if isinstance(to_record(stream, scope, r), Reject)]
    assert rejected == []


def details_and_rows(stream: Stream) -> Iterator[tuple[Any, Any]]:
    """Official examples of one record as its detail and as a row of the list."""
    assert stream.lookup is not None and stream.lookup.project is not None
    for example in operations()[stream.lookup.action]["x-tcapi-examples"]:
        detail = json.loads(example["output"])["Response"][stream.lookup.row]
        for listed in operations()[stream.listing.action]["x-tcapi-examples"]:
            for row in rows_of(stream, listed["output"]):
                if row["Id"] == detail["Id"] and row["DepotId"] == detail["DepotId"]:
                    yield stream.lookup.project(detail), row


@needs_document
def test_the_example_of_a_release_equals_its_list_row() -> None:
    ((detail, row),) = details_and_rows(DEPOT_RELEASES)
    assert detail == row


@needs_document
def test_the_example_of_a_merge_request_has_the_fields_of_its_list_row() -> None:
    """They were taken at different times: the target had moved on, and then it was in conflict."""
    ((detail, row),) = details_and_rows(MERGE_REQUESTS)
    assert detail.keys() == row.keys()
    differ = {name for name in row if detail[name] != row[name]}
    assert differ == {"MergeCommitSha", "Status", "StickingPoint", "TargetBranchSha", "UpdateAt"}
