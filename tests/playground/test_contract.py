"""Every answer against CODING's own OpenAPI document, where that document is at hand."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from headrace.core.transport import Response
from headrace.playground import Playground, Team
from headrace.playground.actions import ALL, issues, iterations, projects, setup
from headrace.playground.actions import team as teams

from .conftest import NOW_MS, Call

HERE = Path(__file__).resolve().parents[2]
DOCUMENT = Path(
    os.environ.get("HEADRACE_OPENAPI", HERE.parent / "shared" / "coding" / "openapi.json")
)
pytestmark = pytest.mark.skipif(
    not DOCUMENT.is_file(),
    reason=f"CODING's OpenAPI document is not at {DOCUMENT}; name it with HEADRACE_OPENAPI",
)

# Of these the document does not know which parameters are required.
REQUIRED_UNKNOWN = {
    *("DescribeArtifactProperties", "DescribeCdApplicationsByProject"),
    *("DescribeCdDeployCountByProject", "DescribeCodingCIBuild", "DescribeCodingCIJob"),
    *("DescribeCodingCIBuildHtmlReports", "DescribeDepotPushSetting"),
    *("DescribeGitCommitsInPage", "DescribeIssueModuleList", "DescribeIteration"),
    *("DescribeMergeRequestLog", "DescribeProjectDepots", "DescribeProjectIssueStatusList"),
    *("DescribeReport", "DescribeResourceReferencesCited", "DescribeTestCase", "DescribeTestRun"),
}
KINDS = {
    "integer": "integer",
    "string": "string",
    "date": "object",
    "boolean": "boolean",
    "integers": "array",
    "strings": "array",
    "objects": None,  # documented as one object, sent as an array by clients
}
SHOP, SPRINT = 101, {"ProjectName": "shop"}
TARGET = {"ProjectId": SHOP, "TargetType": "PROJECT"}


@cache
def document() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(DOCUMENT.read_bytes())
    return loaded


@cache
def operations() -> dict[str, dict[str, Any]]:
    found = {}
    for path, methods in document()["paths"].items():
        name = re.sub(r"^.*action=", "", path).strip("/")
        (found[name],) = methods.values()
    return found


def request_schema(action: str) -> dict[str, Any]:
    content = operations()[action]["requestBody"]["content"]
    schema: dict[str, Any] = content["application/json"]["schema"]
    return schema


@cache
def validator(action: str) -> Draft202012Validator:
    """All fields of the schema are wanted, and no others."""
    content = operations()[action]["responses"]["200"]["content"]
    return Draft202012Validator(strict(content["application/json"]["schema"]))


def strict(schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        schema = document()["components"]["schemas"][name] | {
            key: schema[key] for key in ("nullable",) if key in schema
        }
    made: dict[str, Any] = {}
    if "type" in schema:
        made["type"] = [schema["type"], "null"] if schema.get("nullable") else schema["type"]
    if "enum" in schema:
        made["enum"] = schema["enum"]
    if "properties" in schema:
        made["properties"] = {name: strict(part) for name, part in schema["properties"].items()}
        made["required"] = list(schema["properties"])
        made["additionalProperties"] = False
    if "items" in schema:
        made["items"] = strict(schema["items"])
    return made


class Checked:
    """Calls Actions and holds every answer against the document."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self.seen: set[str] = set()

    def __call__(self, action: str, **parameters: Any) -> dict[str, Any]:
        answer = self._call(action, **parameters)
        assert "Error" not in answer, answer
        problems = [
            f"{action} {error.json_path}: {error.message[:200]}"
            for error in validator(action).iter_errors({"Response": answer})
        ]
        assert problems == []
        self.seen.add(action)
        return answer


def pages(size: int) -> Iterator[dict[str, int]]:
    """A first page, a later one, and one far beyond the end."""
    for number in (1, 2, 999):
        yield {"PageNumber": number, "PageSize": size}


def test_reading_actions(call: Call, team: Team) -> None:
    checked = Checked(call)
    empty = team.create_project("empty", now_ms=NOW_MS)
    team.remove_member(empty, 1, now_ms=NOW_MS)
    for lives in range(2):
        for n in range(300 * lives):
            team.step(NOW_MS + 1000 * n)
        _read_all(checked, team, empty)
    own = {a.name for group in (teams, projects, iterations, setup, issues) for a in group.ACTIONS}
    assert checked.seen == own


def _read_all(checked: Checked, team: Team, empty: int) -> None:
    for action in ("DescribeCodingCurrentUser", "DescribeTeam", "DescribeTeamIssueTypeList"):
        checked(action)
    checked("DescribeOneProject", ProjectId=SHOP)
    checked("DescribeProjectByName", **SPRINT)
    checked("DescribeUserProjects", UserId=1)
    checked("DescribeUserProjects", UserId=99_999)
    checked("DescribeProjectIssueTypeList", **SPRINT)
    for kind in ("EPIC", "REQUIREMENT", "MISSION", "DEFECT", "SUB_TASK"):
        checked("DescribeProjectIssueFieldList", **SPRINT, IssueType=kind)
        checked("DescribeProjectIssueStatusList", **SPRINT, IssueType=kind)
    for page in pages(2):
        checked("DescribeCodingProjects", **page)
        checked("DescribeProjectMembers", ProjectId=SHOP, **page)
        checked("DescribeProjectMembers", ProjectId=empty, **page)
    for name in ("shop", "empty"):
        checked("DescribeIterationList", ProjectName=name)
        checked("DescribeIterationList", ProjectName=name, Offset=2, Limit=1)
        for page in pages(11):
            wanted = {"ProjectName": name, "IssueType": "ALL", "ShowSubIssues": True}
            checked("DescribeIssueListWithPage", **wanted, **page)
    for code in team.projects[SHOP].iterations:
        checked("DescribeIteration", **SPRINT, IterationCode=code)
    for code in team.projects[SHOP].issues:
        checked("DescribeIssue", **SPRINT, IssueCode=code)


def test_service_hook_actions(call: Call, team: Team, playground: Playground) -> None:
    checked = Checked(call)
    wishes = {
        "ProjectId": SHOP,
        "Event": ["ISSUE_CREATED"],
        "Service": "WebHook",
        "ServiceAction": "webhook_http_post",
        "ActionProperty": '{"service_url": "https://receiver.example.com", "token": "t"}',
        "FilterProperty": "",
        "Enabled": True,
    }
    checked("DescribeEvents")
    checked("DescribeServiceHooks", **TARGET, PageNumber=1, PageSize=10)
    hook = {"Id": checked("CreateServiceHook", **wishes)["ServiceHook"]["Id"]}
    listed = {"Id": [hook["Id"]]}
    checked("DescribeServiceHookLogs", **TARGET, **hook, PageNumber=1, PageSize=10)
    checked("PingServiceHook", **TARGET, **listed)
    team.create_issue(SHOP, now_ms=NOW_MS)
    for delivery, answer in zip(
        playground.deliver_due(), (None, Response(200, {"a": "b"}, b"ok")), strict=True
    ):
        playground.delivered(delivery.id, answer)
    checked("DescribeServiceHook", **TARGET, **hook)
    checked("DescribeServiceHooks", **TARGET, PageNumber=1, PageSize=10)
    logs = checked("DescribeServiceHookLogs", **TARGET, **hook, PageNumber=1, PageSize=10)
    checked("ResendServiceHookLog", ServiceHookLogId=logs["Data"]["Log"][0]["Id"])
    checked("ModifyServiceHook", **wishes, **hook)
    checked("EnabledServiceHook", **TARGET, **listed, Enabled=False)
    checked("DeleteServiceHook", **TARGET, **listed)
    assert checked.seen == {name for name in ALL if "Hook" in name or name == "DescribeEvents"}


@pytest.mark.parametrize("name", sorted(ALL))
def test_our_table_agrees_with_the_document(name: str) -> None:
    schema, ours = request_schema(name), ALL[name].all_parameters()
    assert {parameter.name for parameter in ours} == set(schema["properties"])
    if name not in REQUIRED_UNKNOWN:
        required = {parameter.name for parameter in ours if parameter.required}
        assert required == set(schema.get("required", ()))
    for parameter in ours:
        wanted = KINDS[parameter.type]
        assert wanted in (None, schema["properties"][parameter.name].get("type"))
    rate = operations()[name].get("x-tcapi-sec-rate")
    assert rate in (None, ALL[name].rate)
