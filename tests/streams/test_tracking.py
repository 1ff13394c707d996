"""The issue tracker's streams beside issues: small worlds, the facts of each, the document."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from headrace.coding.source import CodingSource
from headrace.coding.streams import find
from headrace.coding.streams.issue_details import details_of
from headrace.coding.streams.issue_logs import custom_field_names
from headrace.coding.streams.issue_options import filters_of
from headrace.coding.streams.issue_parts import only
from headrace.coding.streams.resource_references import RESOURCE_REFERENCES
from headrace.coding.streams.tracking import TRACKING
from headrace.core.ports import Ask
from headrace.core.record import Record, Reject
from headrace.core.stream import TEAM_SCOPE, Scope, Stream, child_scopes, to_record
from headrace.errors import Unavailable
from headrace.playground.modules.tracking import links
from headrace.playground.modules.tracking.actions import ACTIONS
from headrace.playground.modules.tracking.state import Tracking
from headrace.playground.project import Project
from headrace.playground.team import Team
from headrace.testing.invariants import check_equal, living_rows, source_rows, storage_of
from headrace.testing.plan import Plan
from headrace.testing.run import Run

from ..playground.test_contract import DOCUMENT, operations, validator
from .holding import interval_ms

SHOP = 101
STREAMS = (*TRACKING, RESOURCE_REFERENCES)
NAMES = [stream.name for stream in STREAMS]
UNTOUCHED = {"team_issue_types"}  # nobody of the look-alike changes these
needs_document = pytest.mark.skipif(
    not DOCUMENT.is_file(),
    reason=f"CODING's OpenAPI document is not at {DOCUMENT}; name it with HEADRACE_OPENAPI",
)


def plan(*streams: str, **wishes: Any) -> Plan:
    drawn = Plan.draw(Random(1))
    calm = replace(
        drawn,
        projects=2,
        issues=40,
        page_size=9,
        fault_rate=0.0,
        write_fault_rate=0.0,
        crash_rate=0.0,
        acts_in_flight=0.0,
        lag_ms=0,
        vanish_rows=50,
        straggling=0.0,
        census_seconds=3600.0,
        tells_time=True,
        increments="polling",
        oauth=False,
        streams=streams,
    )
    return replace(calm, **wishes)


class Story:
    """A world that is read by turns, each a minute after the last."""

    def __init__(self, *streams: str, seed: int = 7, **wishes: Any) -> None:
        self.run = Run(seed, plan(*streams, **wishes))
        self.world = self.run.world
        self.team: Team = self.world.team
        self.tracking = self.team.module(Tracking)
        self.shop: Project = self.team.projects[SHOP]
        self.first: dict[str, Any] = {}
        self.poll()

    @property
    def now_ms(self) -> int:
        return self.world.clock.now_ms()

    def poll(self) -> None:
        """Until the regular passes have followed everything."""
        for _ in range(4):
            self.run.turn()
            self.world.clock.advance(interval_ms(self.world.streams))

    def sweep(self) -> None:
        """Until the thorough passes have, too; the copy is then exact."""
        self.run.finish()
        check_equal(self.world)

    def rows(self, table: str, stream: str = "") -> dict[tuple[Any, ...], dict[str, Any]]:
        """The destination's rows by key."""
        (found,) = find([stream or table])
        for shape in source_rows(self.world, found):
            if shape.name == table:
                names = [
                    name
                    for name, _ in shape.columns
                    if not name.startswith("_") or name == "_extra"
                ]
                rows = living_rows(storage_of(self.world), shape)
                return {key: dict(zip(names, row, strict=True)) for key, row in rows.items()}
        raise KeyError(table)

    def issue(self, kind: str) -> int:
        return next(code for code, issue in self.shop.issues.items() if issue.kind == kind)

    def calls(self, action: str) -> int:
        return self.world.playground.calls[action]


# --- every stream ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lived() -> Story:
    """All streams at once, through a snapshot and a long day."""
    story = Story(*NAMES)
    check_equal(story.world)
    story.first = {name: story.team.rows(name) for name in NAMES}
    for _ in range(5):
        story.world.live(30)
        for _ in range(60):
            story.tracking.step(story.now_ms)
        story.poll()
    story.sweep()
    return story


@pytest.mark.parametrize("name", NAMES)
def test_a_day_is_copied_exactly(lived: Story, name: str) -> None:
    (stream,) = find([name])
    truth = source_rows(lived.world, stream)
    for table, wanted in truth.items():
        assert living_rows(storage_of(lived.world), table) == wanted
        assert wanted, table.name
    main = next(iter(truth))
    assert {row["_extra"] for row in lived.rows(main.name, name).values()} == {None}
    changed = lived.team.rows(name) != lived.first[name]
    assert changed != (name in UNTOUCHED)


@pytest.mark.parametrize("increments", ["hybrid", "webhook"])
def test_hooks_bring_the_same_rows(increments: str) -> None:
    story = Story(*NAMES, seed=11, issues=16, increments=increments)
    story.world.live(50)
    story.poll()
    story.sweep()


def test_what_hangs_on_an_issue_goes_with_it() -> None:
    names = [
        n for n in NAMES if n.startswith("issue_") and n not in ("issue_modules", "issue_filters")
    ]
    story = Story(*names, "release_issues")
    code = story.issue("REQUIREMENT")
    for table in links.KINDS:
        story.tracking.links.tie(table, story.shop, code)
    story.tracking.comments.write(story.shop, story.shop.issues[code], now_ms=story.now_ms)
    story.team.update_issue(SHOP, code, now_ms=story.now_ms, priority="3")
    story.sweep()
    mine = [n for n in names if any(key[1] == code for key in story.rows(n))]
    assert {"issue_comments", "issue_details", "issue_status_changes", "issue_test_cases"} <= set(
        mine
    )
    story.team.delete_issue(SHOP, code, now_ms=story.now_ms)
    story.sweep()
    for name in names:
        assert not [key for key in story.rows(name) if key[:2] == (SHOP, code)], name


# --- logs ------------------------------------------------------------------------------------


def test_every_move_is_kept_also_those_between_two_polls() -> None:
    story = Story("issue_status_changes")
    code = story.team.create_issue(SHOP, now_ms=story.now_ms)
    for status_id in (33, 31, 33, 33, 37):
        story.world.clock.advance(2000)
        story.team.update_issue(SHOP, code, now_ms=story.now_ms, status_id=status_id)
    story.poll()
    mine = [row for key, row in story.rows("issue_status_changes").items() if key[1] == code]
    mine.sort(key=lambda row: row["created_at"])
    assert [row["status_id"] for row in mine] == [31, 33, 31, 33, 37]
    assert [row["status_type"] for row in mine][-2:] == ["PROCESSING", "COMPLETED"]
    assert mine[-1]["status_name"] == "已完成"


def test_moves_of_one_second_to_one_status_are_one() -> None:
    story = Story("issue_status_changes", "issue_activity_logs")
    code = story.team.create_issue(SHOP, now_ms=story.now_ms, iteration_code=1)
    story.world.clock.advance(5000)
    at_ms = story.now_ms
    for status_id, iteration in ((33, 2), (31, 1), (33, 2)):
        wishes = {"status_id": status_id, "iteration_code": iteration}
        story.team.update_issue(SHOP, code, now_ms=at_ms, **wishes)
    story.poll()
    moves = [key[2] for key in story.rows("issue_status_changes") if key[:2] == (SHOP, code)]
    assert sorted(moves) == [31, 31, 33]  # made, and back again
    logs = [key for key in story.rows("issue_activity_logs") if key[:2] == (SHOP, code)]
    assert len(logs) == 2
    check_equal(story.world)


def test_an_edit_asks_for_one_issue_and_changes_no_old_move() -> None:
    story = Story("issue_status_changes")
    before, calls = (
        story.rows("issue_status_changes"),
        story.calls("DescribeIssueStatusChangeLogList"),
    )
    story.team.update_issue(SHOP, story.issue("MISSION"), now_ms=story.now_ms, name="other")
    story.poll()
    assert story.rows("issue_status_changes") == before
    assert story.calls("DescribeIssueStatusChangeLogList") == calls + 1


def test_activities_are_told_apart_by_their_content() -> None:
    story = Story("issue_activity_logs")
    code = story.issue("MISSION")
    at_ms = story.now_ms
    for people in ((1,), (2,), (3,), (1,)):  # all within one second
        story.team.update_issue(SHOP, code, now_ms=at_ms, assignee_ids=people)
    story.team.update_issue(SHOP, code, now_ms=at_ms, due_date=at_ms)
    story.sweep()
    mine = [row for key, row in story.rows("issue_activity_logs").items() if key[1] == code]
    kinds = sorted(row["target"] for row in mine)
    assert kinds == ["ASSIGNEE"] * 4 + ["DUE_DATE"]
    people = [json.loads(row["content"])["after"] for row in mine if row["target"] == "ASSIGNEE"]
    assert sorted(people) == [[1], [1], [2], [3]]


def test_custom_fields_are_asked_for_one_by_one() -> None:
    story = Story("issue_custom_field_changes")
    code = story.team.create_issue(SHOP, now_ms=story.now_ms, custom=((71, "中 M"), (81, "1")))
    story.poll()
    calls = story.calls("DescribeIssueCustomFieldLogList")
    story.world.clock.advance(5000)
    story.team.update_issue(SHOP, code, now_ms=story.now_ms, custom=((71, "中 M"), (81, "2")))
    story.poll()
    assert story.calls("DescribeIssueCustomFieldLogList") == calls + 2  # Size and Cost
    mine = [row for key, row in story.rows("issue_custom_field_changes").items() if key[1] == code]
    told = sorted((row["field_name"], row["field_value"]) for row in mine)
    assert told == [("Cost", "1"), ("Cost", "2"), ("Size", "中 M")]


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ([{"Id": 1, "Name": "Size"}, {"Id": 2}, "odd", {"Name": ""}], ["Size"]),
        ([], []),
        (None, None),
        ("[]", None),
    ],
)
def test_only_a_list_says_which_custom_fields_there_are(fields: Any, names: Any) -> None:
    assert custom_field_names({"Code": 1, "CustomFields": fields}) == names


def test_custom_fields_that_are_not_known_prove_nothing_gone() -> None:
    story = Story("issue_custom_field_changes")
    (stream,) = find(["issue_custom_field_changes"])
    values = {"ProjectName": "shop", "IssueCode": 1, "FieldNames": None}
    source: CodingSource = story.world.source
    with pytest.raises(Unavailable, match="came as nothing"):
        source.list_page(stream, Scope("[101,1]", values, {}), Ask(1, 100))
    nothing = source.list_page(
        stream, Scope("[101,1]", {**values, "FieldNames": []}, {}), Ask(1, 100)
    )
    assert (nothing.rows, nothing.next_token) == ((), "")


# --- work logs -------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(7, 13))
def test_hours_of_last_month_are_found_by_a_poll(seed: int) -> None:
    story = Story("issue_work_logs", seed=seed)
    part, issue = story.tracking.work_logs, story.shop.issues[1]
    near = part.log(story.shop, issue, now_ms=story.now_ms, days_ago=25)
    far = part.log(story.shop, issue, now_ms=story.now_ms, days_ago=60)
    story.poll()
    found = story.rows("issue_work_logs")
    assert (SHOP, near) in found
    assert ((SHOP, far) in found) is not part.by_day_worked
    story.sweep()
    assert (SHOP, far) in story.rows("issue_work_logs")
    assert found[SHOP, near]["issue_code"] == 1


def test_both_ways_to_select_work_logs_are_drawn() -> None:
    drawn = {Team(seed, 1, 6, 1).module(Tracking).work_logs.by_day_worked for seed in range(20)}
    assert drawn == {True, False}


def test_a_removed_work_log_goes_and_a_hidden_project_keeps_its_own() -> None:
    story = Story("issue_work_logs", census_seconds=120.0)
    part = story.tracking.work_logs
    logs = part.of(story.shop)
    assert len(logs) > 1
    part.remove(story.shop, logs[0].id)
    story.sweep()
    kept = story.rows("issue_work_logs")
    assert (SHOP, logs[0].id) not in kept
    story.team.hide_project(SHOP)
    for _ in range(4):
        story.poll()
    assert story.rows("issue_work_logs") == kept


def test_a_hook_has_the_last_month_of_its_project_read_again() -> None:
    story = Story("issue_work_logs", increments="webhook", census_seconds=100_000.0)
    part = story.tracking.work_logs
    made = part.log(story.shop, story.shop.issues[1], now_ms=story.now_ms)
    for _ in range(20):  # some deliveries are lost: correct it until one arrives
        part.correct(story.shop, made, 7.5, now_ms=story.now_ms)
        story.poll()
        if (SHOP, made) in story.rows("issue_work_logs"):
            break
    assert story.rows("issue_work_logs")[SHOP, made]["record_hours"] == 7.5


def test_a_cap_on_the_page_size_loses_no_work_log() -> None:
    story = Story("issue_work_logs")
    playground = story.world.playground
    sizes = {"DescribeAllProjectsIssueWorkLogList": 3}
    playground.settings = replace(playground.settings, page_size_max=sizes)
    for issue in story.shop.issues.values():
        story.tracking.work_logs.log(story.shop, issue, now_ms=story.now_ms)
    story.poll()
    check_equal(story.world)


# --- releases --------------------------------------------------------------------------------


def test_a_release_s_counters_move_without_its_time() -> None:
    story = Story("releases", "release_issues")
    part = story.tracking.releases
    release = next(r for r in part.of(story.shop) if part.codes_in(story.shop, r))
    key = (SHOP, release.code)
    before = story.rows("releases")[key]
    code = part.codes_in(story.shop, release)[0]
    done = story.shop.issues[code].status_id in (37, 38)
    story.team.update_issue(SHOP, code, now_ms=story.now_ms, status_id=31 if done else 37)
    story.poll()
    after = story.rows("releases")[key]
    assert after["updated_at"] == before["updated_at"]
    assert after["completed_count"] == before["completed_count"] + (-1 if done else 1)


def test_an_issue_in_another_s_place_is_found_by_the_sweep() -> None:
    story = Story("release_issues")
    part, at_ms = story.tracking.releases, story.now_ms
    code = part.create(story.shop, now_ms=at_ms)
    release = part.one(story.shop, code)
    assert release is not None
    old = release.issues[0]
    new = next(n for n in story.shop.issues if n not in release.issues)
    for issue in (old, new):
        story.team.update_issue(SHOP, issue, now_ms=at_ms, status_id=37)
    part.put_issues(story.shop, code, [old], now_ms=at_ms)
    story.poll()
    assert in_release(story, code) == {old}
    part.put_issues(story.shop, code, [new], now_ms=story.now_ms, touch=False)
    story.poll()
    assert in_release(story, code) == {old}  # the same counters, the same time
    story.sweep()
    assert in_release(story, code) == {new}


def in_release(story: Story, code: int) -> set[int]:
    return {key[2] for key in story.rows("release_issues") if key[:2] == (SHOP, code)}


def test_the_detail_of_a_release_does_not_speak_for_its_creator() -> None:
    story = Story("releases")
    (stream,) = find(["releases"])
    scope = story.world.scopes.of(stream)[0]
    code = story.tracking.releases.of(story.shop)[0].code
    shown = story.world.source.look_up(stream, scope, f"[{SHOP},{code}]")
    truth = story.team.rows("releases")[SHOP, code]
    assert set(truth) - set(shown) == {"Creator"}
    assert all(value == truth[name] for name, value in shown.items())


# --- ties and details ------------------------------------------------------------------------


def test_a_silent_tie_waits_for_the_sweep() -> None:
    story = Story("issue_test_cases")
    case = _tied(story, links.CASES, 1)
    story.poll()
    assert (SHOP, 1, *case) not in story.rows("issue_test_cases")
    story.sweep()
    assert (SHOP, 1, *case) in story.rows("issue_test_cases")
    story.tracking.links.cut(links.CASES, story.shop, 1, case)
    story.sweep()
    assert (SHOP, 1, *case) not in story.rows("issue_test_cases")


def test_a_told_tie_does_not() -> None:
    story = Story("issue_blocks", increments="webhook", census_seconds=100_000.0)
    for _ in range(20):  # some deliveries are lost
        other = _tied(story, links.BLOCKS, 1)
        story.poll()
        if (SHOP, 1, *other) in story.rows("issue_blocks"):
            return
    raise AssertionError("no told tie was read")


def _tied(story: Story, table: str, code: int) -> Any:
    known = set(story.tracking.links.of(table, story.shop, code))
    while not story.tracking.links.tie(table, story.shop, code):
        pass
    (new,) = set(story.tracking.links.of(table, story.shop, code)) - known
    return new


def test_a_block_ends_with_the_issue_that_blocks() -> None:
    story = Story("issue_blocks")
    (other,) = _tied(story, links.BLOCKS, 1)
    story.sweep()
    assert (SHOP, 1, other) in story.rows("issue_blocks")
    story.team.delete_issue(SHOP, other, now_ms=story.now_ms)
    story.sweep()
    assert (SHOP, 1, other) not in story.rows("issue_blocks")


def test_only_requirements_are_asked_for_their_defects() -> None:
    story = Story("requirement_defects")
    wanted = sum(
        i.kind == "REQUIREMENT" for p in story.team.projects.values() for i in p.issues.values()
    )
    assert story.calls("DescribeRequirementDefectRelation") == wanted > 0


def test_where_test_management_was_withdrawn_its_rows_stay() -> None:
    story = Story("issue_test_cases", "issue_depots", census_seconds=120.0)
    before = story.rows("issue_test_cases")
    assert before
    playground = story.world.playground
    playground.settings = replace(playground.settings, withdrawn={"DescribeRelatedCaseList"})
    for code in list(story.shop.issues)[:5]:
        story.team.update_issue(SHOP, code, now_ms=story.now_ms, name="edited")
        for key in list(story.tracking.links.of(links.DEPOTS, story.shop, code)):
            story.tracking.links.cut(links.DEPOTS, story.shop, code, key)
    for _ in range(4):
        story.poll()
    assert story.rows("issue_test_cases") == before
    assert set(story.rows("issue_depots")) == set(story.team.rows("issue_depots"))
    hidden = [place for place in story.world.worker.report.hidden if place[0] == "issue_test_cases"]
    assert hidden


def test_resources_of_another_project_keep_its_name_beside_the_issue_s() -> None:
    story = Story("issue_references", "issue_depots")
    other = next(p for p in story.team.projects if p != SHOP)
    while not any(r["ProjectId"] == other for r in _resources(story)):
        story.tracking.links.tie(links.REFERENCES, story.shop, 1)
    story.sweep()
    rows = [row for key, row in story.rows("issue_references").items() if key[:2] == (SHOP, 1)]
    assert {row["project_id"] for row in rows} == {SHOP}
    assert other in {row["resource_project_id"] for row in rows}


def _resources(story: Story) -> Iterator[dict[str, Any]]:
    yield from story.tracking.links.of(links.REFERENCES, story.shop, 1).values()


def test_the_number_of_a_merge_request_is_sent_as_a_text() -> None:
    (stream,) = find(["resource_references"])
    project = Scope("[101]", {"ProjectId": 101, "ProjectName": "shop"}, {"ProjectId": 101})
    for merge_id, sent in ((14, "14"), ("14", "14"), (None, None), ({"Odd": 1}, None)):
        body = {"DepotId": 9, "MergeId": merge_id}
        (scope,) = child_scopes(stream, project, body, "[9,14]")
        assert scope.values["ResourceCode"] == sent
        assert scope.values["ProjectId"] == 101


def test_a_detail_changes_only_by_what_nothing_else_shows() -> None:
    story = Story("issue_details")
    code = next(n for n in story.shop.issues if n % 10 == 0)
    head = story.world.mirror.head()
    story.team.update_issue(SHOP, code, now_ms=story.now_ms, name="another title")
    story.poll()
    changed = {change.stream for change in story.world.mirror.log(head, 1000)}
    assert changed == {"issues"}
    story.team.update_issue(SHOP, code, now_ms=story.now_ms, watcher_ids=(2, 3))
    story.poll()
    watchers = [key[2] for key in story.rows("issue_watchers", "issue_details") if key[1] == code]
    assert sorted(
        n for n in watchers if (SHOP, code, n) in story.rows("issue_watchers", "issue_details")
    ) == [2, 3]
    filed = story.world.mirror.get("issue_details", f"[{SHOP},{code}]")
    assert filed is not None
    assert b"expires" not in filed.record.body
    assert b'"FileId"' in filed.record.body
    assert b'"Name":"another title"' not in filed.record.body


def test_a_told_change_of_watchers_alone_is_read_at_once() -> None:
    story = Story("issue_details", increments="webhook", census_seconds=100_000.0)
    for person in range(2, 24):  # some deliveries are lost
        story.team.update_issue(SHOP, 1, now_ms=story.now_ms, touch=False, watcher_ids=(person,))
        story.poll()
        if (SHOP, 1, person) in story.rows("issue_watchers", "issue_details"):
            return
    raise AssertionError("no told change was read")


def test_a_number_spelled_as_a_text_opens_no_scope_of_its_own() -> None:
    (logs,), (filters,) = find(["issue_work_logs"]), find(["issue_filters"])
    (scope,) = child_scopes(logs, TEAM_SCOPE, {"Id": "101", "Name": "shop"}, "[101]")
    assert (scope.key, scope.stamped) == ("[101]", {"ProjectId": 101})
    scopes = child_scopes(filters, TEAM_SCOPE, {"Id": 101, "Name": "7"}, "[101]")
    assert [scope.key for scope in scopes][:2] == ['[101,"ALL"]', '[101,"EPIC"]']


def test_a_moment_in_a_key_is_a_number_and_never_none() -> None:
    (stream,) = find(["issue_status_changes"])
    scope = Scope("[7,1]", {}, {"ProjectId": 7, "IssueCode": 1})
    kept = to_record(stream, scope, {"StatusId": 3, "CreatedAt": "1000"})
    assert isinstance(kept, Record)
    assert kept.key == "[7,1,3,1000]"
    for none in (0, -28_800_000, None, "soon"):
        assert isinstance(to_record(stream, scope, {"StatusId": 3, "CreatedAt": none}), Reject)


# --- odd answers -----------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [None, "rows", 5, {"Code": 1}])
def test_only_a_list_shows_what_is_there(answer: Any) -> None:
    with pytest.raises(Unavailable):
        only("Code")(answer)
    with pytest.raises(Unavailable):
        filters_of({"SystemFilterList": answer, "CustomFilterList": []})
    assert only("Code")([{"Code": 1, "Name": "x"}, {}, 3]) == [{"Code": 1}, {}, 3]


def test_a_detail_is_one_row_whatever_it_lacks() -> None:
    assert details_of({}) == [{}]
    assert details_of({"Epic": {"Code": 4, "Name": "x"}, "SubTasks": [{"Code": 5}, 7]}) == [
        {"Epic": {"Code": 4}, "SubTasks": [{"Code": 5}]}
    ]
    assert details_of("odd") == ["odd"]


# --- the official document -------------------------------------------------------------------


def asked(project: Project, action: str, tracking: Tracking) -> Iterator[dict[str, Any]]:
    """Requests that together show every kind of row of an Action."""
    base: dict[str, Any] = {"ProjectName": project.info.name}
    by_issue = [{**base, "IssueCode": code} for code in project.issues]
    if action == "DescribeIssueCommentList":
        yield from ({**one, "ShowFileId": True} for one in by_issue)
    elif action == "DescribeIssueStatusChangeLogList":
        yield {**base, "IssueCode": list(project.issues)}
    elif action == "DescribeIssueLogList":
        for one in by_issue:
            yield {**one, "ActionType": "CREATE", "Target": "SELF"}
            yield {**one, "ActionType": "UPDATE", "Target": "ASSIGNEE"}
    elif action == "DescribeIssueCustomFieldLogList":
        yield from ({**one, "FieldName": "Size"} for one in by_issue)
    elif action == "DescribeRequirementDefectRelation":
        yield from ({**base, "RequirementCode": code} for code in project.issues)
    elif action == "DescribeIssueReferenceResources":
        yield from ({**one, "ProjectId": project.id} for one in by_issue)
    elif action == "DescribeIssueFilterList":
        yield from ({**base, "IssueType": kind} for kind in ("ALL", "DEFECT", "REQUIREMENT"))
    elif action in ("DescribeRelease", "DescribeReleaseIssueList"):
        releases = tracking.releases.of(project)
        yield from ({**base, "ReleaseCode": release.code} for release in releases)
    elif action == "DescribeResourceReferencesCiting":
        for code in range(1, 9):
            yield {"ScopeType": 1, "ScopeId": project.id, "ResourceCode": str(code)}
    elif action == "DescribeConfigTemplateList":
        for scope in ("GLOBAL", "PROJECT"):
            yield {**base, "TemplateType": scope, "PageNumber": 1, "PageSize": 2}
    elif action in ("DescribeAllProjectsIssueWorkLogList", "DescribeReleaseList"):
        yield {**base, "PageSize": 2} if action == "DescribeReleaseList" else {**base, "Limit": 5}
    elif any(
        p.name == "IssueCode" for p in next(a for a in ACTIONS if a.name == action).parameters
    ):
        yield from by_issue
    else:
        yield base


ROWS = {stream.listing.action: stream.listing.rows for stream in STREAMS}
ROWS |= {"DescribeIssueWorkLogList": "WorkLogs", "DescribeRelease": "Release"}


@needs_document
@pytest.mark.parametrize("action", [action.name for action in ACTIONS])
def test_answers_are_as_the_document_says(lived: Story, action: str) -> None:
    source: CodingSource = lived.world.source
    shown = 0
    for project in lived.team.projects.values():
        for request in asked(project, action, lived.tracking):
            answer = source._client.call(action, request, expects="RequestId", many=None)
            problems = validator(action).iter_errors({"Response": answer.response})
            assert [f"{p.json_path}: {p.message[:200]}" for p in problems] == []
            shown += len(answer.at(ROWS[action]))
    assert shown


# Actions whose example shows no row that could be kept.
WITHOUT_ROWS = {
    "DescribeIssueLogList": "the document has no example of it",
    "DescribeIssueStatusChangeLogList": "placeholders: a change at the moment 0",
}


@needs_document
@pytest.mark.parametrize("stream", STREAMS, ids=NAMES)
def test_official_examples_become_rows(stream: Stream) -> None:
    action = stream.listing.action
    examples = operations()[action].get("x-tcapi-examples") or []
    scope = Scope("[7]", {}, dict.fromkeys(stream.parent.key if stream.parent else (), 7))
    rows = [row for example in examples for row in _rows_of(stream, example["output"])]
    records = [to_record(stream, scope, row) for row in rows]
    if action in WITHOUT_ROWS:
        assert not [record for record in records if isinstance(record, Record)]
        return
    assert records
    assert all(isinstance(record, Record) for record in records)


def _rows_of(stream: Stream, output: str) -> list[Any]:
    found = json.loads(output)["Response"]
    for name in stream.listing.rows.split("."):
        found = found[name]
    return list(stream.listing.unfold(found) if stream.listing.unfold else found)


@needs_document
def test_the_example_of_a_release_s_detail_equals_its_list_row() -> None:
    (stream,) = find(["releases"])
    (listed, *_) = _rows_of(
        stream, operations()["DescribeReleaseList"]["x-tcapi-examples"][0]["output"]
    )
    detail = json.loads(operations()["DescribeRelease"]["x-tcapi-examples"][0]["output"])[
        "Response"
    ]
    assert stream.lookup is not None and stream.lookup.project is not None
    shown = stream.lookup.project(detail["Release"])
    assert shown == {name: value for name, value in listed.items() if name != "Creator"}
