"""Labels, roles, programs, access and Service Hooks: copied while they change, and their facts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from headrace.coding.streams import find
from headrace.coding.streams.governance import GOVERNANCE
from headrace.core.transport import Response
from headrace.playground.actions import hooking
from headrace.playground.hooks import Hook
from headrace.playground.modules.governance.actions import ACTIONS
from headrace.playground.modules.governance.state import Governance

from .holding import (
    SHOP,
    Story,
    assert_documented,
    example_rows,
    leftovers,
    listed_from,
    live_and_copy,
    needs_document,
)

NAMES = [stream.name for stream in GOVERNANCE]
SECRET = "signing-token-of-the-demo"
each = pytest.mark.parametrize("stream", GOVERNANCE, ids=lambda stream: stream.name)


def test_all_are_copied_while_the_team_lives() -> None:
    live_and_copy(NAMES, unchanged=set(), acts=240, increments="hybrid")


def test_each_action_has_its_stream() -> None:
    listing_hooks = {"DescribeServiceHooks", "DescribeServiceHookLogs"}
    of_hooks = [action for action in hooking.ACTIONS if action.name in listing_hooks]
    assert_documented(GOVERNANCE, [*ACTIONS, *of_hooks])


@needs_document
@each
def test_the_official_examples_are_rows(stream: Any) -> None:
    rows = {"resource_grants": 8, "project_announcements": 3}.get(stream.name, 1)
    assert len(list(example_rows(stream))) == rows


@needs_document
@each
def test_every_documented_field_has_its_column(stream: Any) -> None:
    assert leftovers(stream) == []


# --- labels, roles, programs -----------------------------------------------------------------


def test_a_label_called_otherwise_shows_in_issues_too() -> None:
    story = Story("project_labels", "issues")
    project = story.team.projects[SHOP]
    number = next(n for issue in project.issues.values() for n in issue.label_ids)
    project.labels[number] = replace_label(project.labels[number], "another name")
    project.forget_rows()
    story.finish()
    assert story.rows("project_labels")[(SHOP, number)]["name"] == "another name"
    assert "another name" in str(story.rows("issue_labels", "issues"))


def replace_label(label: Any, name: str) -> Any:
    return type(label)(label.id, name, label.color)


def test_notices_are_found_under_a_projects_new_name() -> None:
    story = Story("project_announcements")
    governance, project = story.team.module(Governance), story.team.projects[SHOP]
    story.team.rename_project(SHOP, now_ms=story.world.clock.now_ms(), name="store")
    number = governance.notices(project)[0]["Id"]
    governance._notices[SHOP][number] = "moved"
    story.finish()
    assert story.rows("project_announcements")[(SHOP, number)]["content_origin"] == "moved"
    assert story.asked["DescribeProjectAnnouncements"][-2]["ProjectName"] == "store"


def test_a_member_who_comes_back_is_a_principal_again() -> None:
    story = Story("project_principals", "resource_grants")
    project, now_ms = story.team.projects[SHOP], story.world.clock.now_ms()
    member_id = next(n for n in project.roles if n != story.team.owner_id)
    principal, grant = (SHOP, "USER", str(member_id)), ("project", SHOP, "USER", str(member_id))
    story.team.remove_member(SHOP, member_id, now_ms=now_ms)
    story.world.left.add((SHOP, member_id))
    story.finish()
    assert principal not in story.rows("project_principals")
    assert grant not in story.rows("resource_grants")
    story.team.add_member(SHOP, member_id, now_ms=now_ms)
    story.finish()
    assert story.rows("project_principals")[principal]["principal_type"] == "USER"
    assert grant in story.rows("resource_grants")


def test_principals_follow_an_event_before_the_census() -> None:
    story = Story("project_principals", increments="webhook")
    project, now_ms = story.team.projects[SHOP], story.world.clock.now_ms()
    member_id = next(n for n in story.team.members if n not in project.roles)
    story.world.post._loss = 0.0
    story.team.add_member(SHOP, member_id, now_ms=now_ms)
    story.poll()
    assert (SHOP, "USER", str(member_id)) in story.rows("project_principals")


# --- access ----------------------------------------------------------------------------------


def test_filters_and_resources_are_sent_as_objects() -> None:
    story = Story("user_groups", "policies", "resource_grants", "resource_predicates")
    first = {name: asked[0] for name, asked in story.asked.items()}
    assert first["DescribeUserGroups"]["Filter"] == {"GroupName": ""}
    filters = [asked["Filter"] for asked in story.asked["DescribePoliciesOnResourceType"]]
    assert {"ResourceType": "depot", "Visible": "all"} in filters
    resource = {"ResourceType": "project", "ResourceId": "101"}
    assert first["DescribePredicatePolicyOnResource"] == {"Resource": resource}
    assert first["DescribeGrantObjectsOnResource"]["Resource"] == resource


def test_a_policy_stands_under_each_kind_it_is_made_for() -> None:
    story = Story("policies", "policy_documents")
    policies = story.team.module(Governance).access.policies
    policies[99] = replace_policy(policies[11], id=99, types=("team", "project"))
    story.finish()
    for table in ("policies", "policy_documents"):
        kinds = [key[0] for key in story.rows(table) if key[1] == 99]
        assert sorted(kinds) == ["project", "team"], table


def test_a_policy_written_anew_is_read_again() -> None:
    story = Story("policy_documents")
    policies = story.team.module(Governance).access.policies
    policies[11] = replace_policy(policies[11], version=2, actions=("ram:createPolicy",))
    story.census()
    row = story.rows("policy_documents")[("team", 11)]
    assert "ram:createPolicy" in row["statement"] and row["current_version_id"] == 1102


def replace_policy(policy: Any, **changes: Any) -> Any:
    values = {name: getattr(policy, name) for name in policy.__struct_fields__}
    return type(policy)(**(values | changes))


def test_a_dissolved_group_goes_with_its_members() -> None:
    story = Story("user_group_members")
    access = story.team.module(Governance).access
    number = next(iter(access.groups))
    assert [key for key in story.rows("user_group_members") if key[0] == number]
    del access.groups[number], access.members[number]
    access._attached.clear()
    story.finish()
    assert not [key for key in story.rows("user_group_members") if key[0] == number]


def test_a_policy_that_may_be_used_nowhere_has_no_scopes() -> None:
    (stream,) = find(["policy_scopes"])
    nothing = '{"Response": {"Data": {"TotalCount": 0, "PolicyResourceScopeList": null}}}'
    assert not listed_from(stream, nothing).rows
    odd = '{"Response": {"Data": {"TotalCount": 1, "PolicyResourceScopeList": [{"PolicyId": 1}]}}}'
    assert listed_from(stream, odd).rows == [{"PolicyId": 1}]


def test_rows_stay_when_the_right_to_read_them_goes() -> None:
    story = Story("user_groups", "programs")
    kept = story.rows("user_groups")
    playground = story.world.playground
    refused = dict.fromkeys(("DescribeUserGroups", "DescribePrograms"), "UnauthorizedOperation")
    playground.settings = replace(playground.settings, failing=refused)
    story.team.module(Governance).access.groups.clear()
    story.census()
    assert story.rows("user_groups") == kept != {}
    assert set(story.world.worker.report.hidden) == {("user_groups", "[]"), ("programs", "[]")}


# --- Service Hooks ---------------------------------------------------------------------------


def hook(**wishes: Any) -> Hook:
    properties = {"service_url": "https://receiver.example.com/hooks/s", "token": SECRET}
    made = Hook(
        id="", project_id=SHOP, name="copy", service="WebHook", action="webhook_http_post",
        events=("ISSUE_CREATED",), properties=properties, filters={}, enabled=True, creator_id=1,
        created_ms=0, updated_ms=0,
    )  # fmt: skip
    return replace(made, **wishes)


def deliver(story: Story, issues: int, answer: Response | None) -> None:
    now_ms = story.world.clock.now_ms()
    for _ in range(issues):
        story.team.create_issue(SHOP, now_ms=now_ms)
    for delivery in story.world.playground.deliver_due():
        story.world.playground.delivered(delivery.id, answer)


def test_no_secret_of_a_hook_is_kept() -> None:
    story = Story("service_hooks", "service_hook_logs")
    story.world.playground.hooks.create(hook(), story.world.clock.now_ms())
    deliver(story, 3, Response(200, {"set-cookie": SECRET}, b"taken"))
    story.finish()
    kept = story.bodies("service_hooks") + story.bodies("service_hook_logs")
    assert len(kept) == 4
    assert "receiver.example.com" not in str(kept) and SECRET not in str(kept)
    assert "Signature" not in str(kept) and "sha1=" not in str(kept)


def test_a_failed_delivery_shows_at_the_hook_and_in_its_log() -> None:
    story = Story("service_hooks", "service_hook_logs")
    made = story.world.playground.hooks.create(hook(), story.world.clock.now_ms())
    deliver(story, 1, Response(500, {}, b"no"))
    deliver(story, 1, None)
    story.finish()
    assert story.rows("service_hooks")[(SHOP, made.id)]["status"] == 2
    rows = story.rows("service_hook_logs").values()
    assert sorted((row["status"], row["response_status"]) for row in rows) == [(2, 0), (2, 500)]
    assert {row["event"] for row in rows} == {"ISSUE_CREATED"}


def test_new_deliveries_are_read_from_the_front() -> None:
    story = Story("service_hook_logs")
    story.world.playground.hooks.create(hook(), story.world.clock.now_ms())
    deliver(story, 240, Response(200))
    story.census()
    assert len(story.rows("service_hook_logs")) == 240
    del story.asked["DescribeServiceHookLogs"]
    deliver(story, 2, Response(200))
    story.poll()
    assert len(story.rows("service_hook_logs")) == 242
    pages = {asked["PageNumber"] for asked in story.asked["DescribeServiceHookLogs"]}
    assert pages == {1}


def test_a_removed_hook_goes_with_its_deliveries() -> None:
    story = Story("service_hooks", "service_hook_logs")
    hooks = story.world.playground.hooks
    made = hooks.create(hook(), story.world.clock.now_ms())
    deliver(story, 2, Response(200))
    story.finish()
    assert len(story.rows("service_hook_logs")) == 2
    hooks.delete(made.id, story.world.clock.now_ms())
    story.finish()
    assert story.rows("service_hooks") == story.rows("service_hook_logs") == {}
