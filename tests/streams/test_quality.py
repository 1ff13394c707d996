"""Test management: copied while people test, kept when the module is withdrawn."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from msgspec.structs import replace as changed

from headrace.coding.streams import DEFAULTS, find
from headrace.coding.streams.quality import QUALITY
from headrace.playground.modules.quality.actions import ACTIONS
from headrace.playground.modules.quality.rows import File
from headrace.playground.modules.quality.state import Quality

from .holding import (
    SHOP,
    Story,
    assert_documented,
    example_rows,
    leftovers,
    listed_from,
    live_and_copy,
    looked_up,
    needs_document,
)

NAMES = [stream.name for stream in QUALITY]
each = pytest.mark.parametrize("stream", QUALITY, ids=lambda stream: stream.name)
# The example of DescribeTestCase has no attachments; DescribeTest's shows what one looks like.
EXAMPLE_ROWS = {"test_case_attachments": 0, "test_case_sections": 4, "test_reports": 2}


class Bench(Story):
    """A world of which only the tests of the shop are looked at."""

    def __init__(self, *streams: str, **wishes: Any) -> None:
        super().__init__(*streams, **wishes)
        self.quality = self.team.module(Quality)
        self.shop = self.team.projects[SHOP]
        (self.plan,) = self.quality.runs_of(self.shop)
        self.first = self.quality.tests_of(self.plan)[0]

    def result(self, status: str) -> None:
        now_ms = self.world.clock.now_ms()
        self.quality.tests[self.first.id] = changed(
            self.first, status=status, tester_id=4, tested_ms=now_ms
        )


def test_all_are_copied_while_people_test() -> None:
    live_and_copy(NAMES, unchanged=set(), acts=300)


def test_each_action_has_its_stream() -> None:
    assert_documented(QUALITY, ACTIONS)


@needs_document
@each
def test_the_official_examples_are_rows(stream: Any) -> None:
    if stream.name == "test_case_attachments":
        pytest.skip("the official example answers a case without the field Attachments")
    assert len(list(example_rows(stream))) == EXAMPLE_ROWS.get(stream.name, 1)


@needs_document
def test_the_official_example_of_a_plan_looked_up_is_a_row() -> None:
    (stream,) = find(["test_runs"])
    (listed,) = [record.value() for record in example_rows(stream)]
    assert set(looked_up(stream)) == set(listed) - {"ProjectId"}


@needs_document
@each
def test_every_documented_field_has_its_column(stream: Any) -> None:
    assert leftovers(stream) == []


# --- plans and tests -------------------------------------------------------------------------


def test_a_result_moves_the_counters_and_has_the_tests_read_again() -> None:
    story = Bench("test_runs", "tests", "test_details")
    asked = story.calls("DescribeTestList")
    story.result("FAILED")
    story.poll()
    assert story.calls("DescribeTestList") == asked + 1
    run = story.rows("test_runs")[(SHOP, story.plan.id)]
    assert (run["failed_count"], run["state"]) == (1, 1)
    test = story.rows("tests")[(SHOP, story.plan.id, story.first.id)]
    assert test["status"] == "FAILED" and test["tested_at"]
    assert story.rows("test_details")[(SHOP, story.first.id)]["tested_by"] == 4


def test_a_task_given_to_somebody_is_found_by_the_sweep() -> None:
    story = Bench("tests")
    key = (SHOP, story.plan.id, story.first.id)
    story.quality.tests[story.first.id] = changed(story.first, assignee_id=9)
    story.poll()
    assert story.rows("tests")[key]["assigned_to_id"] is None
    story.finish()
    assert story.rows("tests")[key]["assigned_to_id"] == 9


def test_a_dropped_plan_is_asked_for_before_it_goes() -> None:
    story = Bench("test_runs", "tests")
    for test in story.quality.tests_of(story.plan):
        del story.quality.tests[test.id]
    del story.quality.runs[story.plan.id]
    story.poll()
    assert {"ProjectName": "shop", "RunId": story.plan.id} in story.asked["DescribeTestRun"]
    assert (SHOP, story.plan.id) not in story.rows("test_runs")
    assert not [key for key in story.rows("tests") if key[1] == story.plan.id]


def test_an_event_without_a_body_has_the_plans_read_again() -> None:
    story = Bench("test_runs", increments="webhook")
    post = story.world.post
    assert post is not None
    post._loss = 0.0
    story.quality.runs[story.plan.id] = changed(story.plan, description="told")
    story.team.tell(story.shop, "TEST_PLAN_UPDATED", dict)
    story.poll()
    assert story.rows("test_runs")[(SHOP, story.plan.id)]["description"] == "told"


def test_a_defect_that_is_deleted_leaves_the_tests() -> None:
    story = Bench("test_defects")
    code = next(code for code, issue in story.shop.issues.items() if issue.kind == "DEFECT")
    key = (SHOP, story.first.id, story.shop.issues[code].id)
    story.quality.links[story.first.id] = {code: True}
    story.finish()
    assert story.rows("test_defects")[key]["name"] == story.shop.issues[code].name
    story.team.delete_issue(SHOP, code, now_ms=story.world.clock.now_ms())
    story.finish()
    assert key not in story.rows("test_defects")


def test_nulls_of_plans_become_nulls() -> None:
    (stream,) = find(["test_runs"])
    nothing = '{"Response": {"Data": {"Runs": null}}}'
    assert not listed_from(stream, nothing).rows


# --- cases and reports -----------------------------------------------------------------------


def test_no_address_of_a_file_is_kept() -> None:
    story = Bench("test_cases", "test_case_attachments", "test_details")
    case = story.quality.cases_of(story.shop)[0]
    file = File(99_001, "screen-1.png", story.world.clock.now_ms())
    story.quality.cases[case.id] = changed(case, files=(file,))
    story.quality.tests[story.first.id] = changed(
        story.first, case=story.quality.cases[case.id], status="PASSED"
    )
    story.finish()
    assert story.rows("test_case_attachments")[(SHOP, case.id, 99_001)]["name"] == "screen-1.png"
    kept = [body for name in ("test_cases", "test_details") for body in story.bodies(name)]
    kept += story.bodies("test_case_attachments")
    assert "screen-1.png" in json.dumps(kept) and "files.example.com" not in json.dumps(kept)


def test_a_report_is_read_again_when_it_is_made() -> None:
    story = Bench("test_reports", "test_report_details")
    (report,) = story.quality.reports_of(story.shop)
    assert report.status == "CREATING"
    asked = story.calls("DescribeReport")
    story.quality.reports[report.id] = changed(report, status="AVAILABLE", counts=(4, 3, 2))
    story.poll()
    assert story.calls("DescribeReport") == asked + 1
    row = story.rows("test_report_details")[(SHOP, report.id)]
    assert (row["exec_percent"], row["pass_percent"], row["defect_sum"]) == (75, 50, 1)


def test_everything_is_kept_when_the_module_is_withdrawn() -> None:
    names = [stream.name for stream in QUALITY if not stream.optional]
    story = Bench(*names)
    kept = {name: story.rows(name) for name in names}
    playground = story.world.playground
    actions = {action.name for action in ACTIONS}
    playground.settings = replace(playground.settings, withdrawn=actions)
    for rows in (story.quality.runs, story.quality.cases, story.quality.reports):
        rows.clear()
    story.census()
    story.census()
    assert {name: story.rows(name) for name in names} == kept
    hidden = {name for name, _ in story.world.worker.report.hidden}
    assert {"test_runs", "test_cases", "test_reports", "test_case_sections"} <= hidden


def test_what_costs_a_call_for_each_row_is_read_only_when_asked_for() -> None:
    optional = {stream.name for stream in QUALITY} - {stream.name for stream in DEFAULTS}
    assert optional == {"test_details", "test_case_attachments"}
