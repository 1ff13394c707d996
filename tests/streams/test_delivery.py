"""Deployment: applications, pipelines, statistics and hosts, copied while things are deployed."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from msgspec.structs import replace as changed

from headrace.coding.streams import DEFAULTS, find
from headrace.coding.streams.delivery import DELIVERY
from headrace.playground.modules.delivery.actions import ACTIONS
from headrace.playground.modules.delivery.rows import Deployed
from headrace.playground.modules.delivery.state import Delivery

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

NAMES = [stream.name for stream in DELIVERY]
each = pytest.mark.parametrize("stream", DELIVERY, ids=lambda stream: stream.name)
EXAMPLE_ROWS = {
    "cd_applications": 2,
    "cd_project_applications": 2,
    "cd_pipeline_configs": 2,
    "cd_deploy_trends": 2,  # of six days only those with a deployment
    "cd_deploy_times": 2,
}


def test_all_are_copied_while_things_are_deployed() -> None:
    live_and_copy(NAMES, unchanged=set(), acts=240)


def test_each_action_has_its_stream() -> None:
    assert_documented(DELIVERY, ACTIONS)


@needs_document
@each
def test_the_official_examples_are_rows(stream: Any) -> None:
    assert len(list(example_rows(stream))) == EXAMPLE_ROWS.get(stream.name, 1)


@needs_document
@pytest.mark.parametrize(
    "stream",
    [stream for stream in DELIVERY if stream.name != "cd_application_details"],
    ids=lambda stream: stream.name,
)
def test_every_documented_field_has_its_column(stream: Any) -> None:
    assert leftovers(stream) == []


# --- applications ----------------------------------------------------------------------------


@needs_document
def test_the_text_of_a_configuration_becomes_columns() -> None:
    (stream,) = find(["cd_application_details"])
    (record,) = example_rows(stream)
    columns = {column.path for column in stream.schema.columns}
    assert set(record.value()) - columns <= {"name"} == stream.schema.ignored


def test_a_configuration_that_is_no_json_is_kept_as_it_is() -> None:
    story = Story("cd_application_details")
    delivery = story.team.module(Delivery)
    name = next(iter(delivery.applications))
    delivery.applications[name] = changed(delivery.applications[name], broken=True)
    story.finish()
    row = story.rows("cd_application_details")[(name,)]
    assert row["instance_port"] is None
    assert row["application_json_content"] == delivery.applications[name].content()


@pytest.mark.parametrize("content", ["[1]", "{", "", "null", None])
def test_odd_configurations_lose_nothing(content: str | None) -> None:
    (stream,) = find(["cd_application_details"])
    data = {"ApplicationJsonContent": content}
    assert listed_from(stream, json.dumps({"Response": {"Data": data}})).rows == [data]


def test_a_removed_application_goes_with_its_pipelines() -> None:
    story = Story(*NAMES)
    delivery = story.team.module(Delivery)
    name = next(iter(delivery.applications))
    for pipeline in delivery.pipelines_of(name):
        del delivery.pipelines[pipeline.id]
    del delivery.applications[name]
    story.finish()
    tables = ("cd_applications", "cd_application_details", "cd_pipeline_configs")
    assert not [key for table in tables for key in story.rows(table) if key[0] == name]
    assert not [key for key in story.rows("cd_deploy_trends") if key[1] == name]


def test_the_content_of_pipelines_is_not_kept() -> None:
    story = Story("cd_pipeline_configs")
    bodies = story.bodies("cd_pipeline_configs")
    assert bodies and "not-a-real-token" not in json.dumps(bodies)


# --- statistics ------------------------------------------------------------------------------


def test_a_day_without_a_deployment_is_no_row() -> None:
    story = Story("cd_deploy_trends", "cd_deploy_times")
    delivery, shop = story.team.module(Delivery), story.team.projects[SHOP]
    name = delivery.applications_of(shop)[0]
    delivery._days[name] = {"2026-11-01": Deployed(1, 2, 30), "2026-11-05": Deployed(3, 3, 60)}
    story.finish()
    days = {key[2]: row for key, row in story.rows("cd_deploy_trends").items() if key[1] == name}
    assert {day: (r["succeed_count"], r["total_count"]) for day, r in days.items()} == {
        "2026-11-01": (1, 2), "2026-11-05": (3, 3)
    }  # fmt: skip
    total = story.rows("cd_deploy_times")[(SHOP, name)]
    assert (total["deploy_time"], total["total_count"]) == (90, 5)


def test_one_more_deployment_changes_its_day() -> None:
    story = Story("cd_deploy_trends")
    delivery, shop = story.team.module(Delivery), story.team.projects[SHOP]
    name = delivery.applications_of(shop)[0]
    before = story.rows("cd_deploy_trends")
    delivery._deploy_on(name, story.team.began_ms)
    story.census()
    after = story.rows("cd_deploy_trends")
    differing = {key: row for key, row in after.items() if before.get(key) != row}
    ((key, row),) = [(key, row) for key, row in differing.items() if key[0] == SHOP]
    assert row["total_count"] == before[key]["total_count"] + 1


def test_odd_statistics_are_set_aside_not_dropped() -> None:
    (stream,) = find(["cd_deploy_trends"])
    details = ["odd", {"Application": "a", "CdDeployTrend": None}]
    details.append({"Application": "b", "CdDeployTrend": ["odd", {"Date": "d", "TotalCount": 1}]})
    answer = {"Response": {"Data": {"Details": details}}}
    assert listed_from(stream, json.dumps(answer)).rows == [
        "odd",
        {"Application": "a", "CdDeployTrend": None},
        "odd",
        {"Application": "b", "Date": "d", "TotalCount": 1},
    ]


# --- hosts -----------------------------------------------------------------------------------


def test_a_bastion_that_goes_down_shows_at_its_groups() -> None:
    story = Story("cd_agent_machines", "cd_host_server_groups")
    delivery = story.team.module(Delivery)
    number = next(iter(delivery.groups.values())).machine_id
    delivery.machines[number] = changed(delivery.machines[number], status="OFFLINE")
    story.finish()
    assert story.rows("cd_agent_machines")[(number,)]["status"] == "OFFLINE"
    groups = story.rows("cd_host_server_groups").values()
    assert {r["agent_machine_status"] for r in groups if r["agent_machine_id"] == number} == {
        "OFFLINE"
    }


def test_hosts_are_read_only_when_asked_for() -> None:
    optional = {stream.name for stream in DELIVERY} - {stream.name for stream in DEFAULTS}
    hosts = {"cd_host_server_groups", "cd_host_server_group_details", "cd_agent_machines"}
    assert optional == hosts


def test_everything_is_kept_when_the_module_is_withdrawn() -> None:
    story = Story(*NAMES)
    kept = {name: story.rows(name) for name in NAMES}
    playground = story.world.playground
    actions = {action.name for action in ACTIONS}
    playground.settings = replace(playground.settings, withdrawn=actions)
    delivery = story.team.module(Delivery)
    delivery.applications.clear()
    delivery.groups.clear()
    story.census()
    story.census()
    assert {name: story.rows(name) for name in NAMES} == kept
    assert ("cd_applications", "[]") in story.world.worker.report.hidden
