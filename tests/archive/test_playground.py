"""The look-alike's files and depots: the Action by the document, addresses, parts, tokens."""

from __future__ import annotations

import json
import subprocess
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from headrace.core.transport import Request, Response
from headrace.playground import DEFAULT_TOKEN, Playground, Settings, Team
from headrace.playground.modules.code.state import Code
from headrace.playground.modules.files.git import objects_of
from headrace.playground.modules.files.store import LIVES_SECONDS
from headrace.testing.clock import VirtualClock

from ..playground.test_contract import DOCUMENT, validator
from .conftest import needs_git

NOW_MS = 1_795_000_000_000
SHOP = 101


class Fixed:
    """A playground without a socket."""

    def __init__(self) -> None:
        self.clock = VirtualClock(NOW_MS)
        self.team = Team(7, 2, 40, NOW_MS)
        self.playground = Playground(self.team, self.clock, settings=Settings(rate_limits=False))

    def call(self, action: str, **parameters: Any) -> dict[str, Any]:
        body = json.dumps({"Action": action, **parameters}).encode()
        headers = {"Authorization": f"token {DEFAULT_TOKEN}"}
        request = Request("POST", "https://x.example/open-api", headers, body)
        answered: dict[str, Any] = json.loads(self.playground.send(request).body)["Response"]
        return answered

    def get(self, url: str, **headers: str) -> Response:
        return self.playground.send(Request("GET", url, headers))


@pytest.fixture
def fixed() -> Fixed:
    return Fixed()


def basic(user: str, password: str) -> str:
    return f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"


@pytest.mark.skipif(not DOCUMENT.is_file(), reason="CODING's OpenAPI document is absent")
def test_the_action_is_as_the_document_says(fixed: Fixed) -> None:
    files, issue = fixed.team.files, fixed.team.projects[SHOP].issues[10]
    files.attach(SHOP, 10, "a.txt", b"a", now_ms=NOW_MS)
    files.show(SHOP, 10, "b.png", b"b")
    for asked in (
        {"FileId": issue.id},
        {"FileId": 0, "IssueCode": 10},
        {"FileId": issue.id, "IssueCode": 10},
    ):
        answer = fixed.call("DescribeIssueFileUrl", ProjectName="shop", **asked)
        problems = [
            e.message for e in validator("DescribeIssueFileUrl").iter_errors({"Response": answer})
        ]
        assert problems == []
    assert len(answer["AttachmentFileUrl"]) == 2
    assert len(answer["DescriptionImageUrl"]) == 1


def test_an_address_is_good_for_a_while(fixed: Fixed) -> None:
    issue = fixed.team.projects[SHOP].issues[10]
    url = fixed.call("DescribeIssueFileUrl", ProjectName="shop", FileId=issue.id)["Url"]
    whole = fixed.get(url)
    (row,) = fixed.call("DescribeIssue", ProjectName="shop", IssueCode=10)["Issue"]["Files"]
    assert (whole.status, len(whole.body)) == (200, row["Size"])
    assert fixed.get(f"{url}0").status == 403
    assert fixed.get(url.replace(str(issue.id), str(issue.id + 10))).status == 403
    fixed.clock.advance((LIVES_SECONDS + 1) * 1000)
    assert fixed.get(url).status == 403


def test_parts_of_a_file(fixed: Fixed) -> None:
    issue = fixed.team.projects[SHOP].issues[10]
    url = fixed.call("DescribeIssueFileUrl", ProjectName="shop", FileId=issue.id)["Url"]
    whole = fixed.get(url)
    part = fixed.get(url, Range="bytes=1000-")
    assert (part.status, part.body) == (206, whole.body[1000:])
    assert part.headers["content-range"] == "bytes 1000-1023/1024"
    assert part.headers["etag"] == whole.headers["etag"]
    assert fixed.get(url, Range="bytes=1024-").status == 416
    fixed.team.files.resumable = False
    assert fixed.get(url, Range="bytes=1000-").body == whole.body


@pytest.mark.parametrize(
    "asked",
    [{"FileId": 5}, {"FileId": 0}, {"FileId": 102_000_010}, {"FileId": 0, "IssueCode": 999}],
)
def test_files_that_are_not_there(fixed: Fixed, asked: dict[str, int]) -> None:
    assert "Error" in fixed.call("DescribeIssueFileUrl", ProjectName="shop", **asked)


def test_a_file_ends_with_its_issue(fixed: Fixed) -> None:
    issue = fixed.team.projects[SHOP].issues[10]
    fixed.team.delete_issue(SHOP, 10, now_ms=NOW_MS)
    answer = fixed.call("DescribeIssueFileUrl", ProjectName="shop", FileId=issue.id)
    assert answer["Error"]["Code"] == "ResourceNotFound"


def test_who_may_read_a_depot(fixed: Fixed) -> None:
    playground, owner = fixed.playground, str(fixed.team.user(1)["GlobalKey"])
    depot = next(
        d for d in fixed.team.module(Code).depots(fixed.team.projects[SHOP]).values() if d.is_git
    )
    url = f"https://e.coding.net/demo-team/shop/{depot.name}.git/info/refs?service=git-upload-pack"
    project = playground.issue_token("project", project_id=SHOP)
    other = playground.issue_token("project", project_id=102)
    narrow = playground.issue_token(scopes={"user:profile:ro"})
    statuses = {
        basic(owner, DEFAULT_TOKEN): 200,
        basic("somebody", DEFAULT_TOKEN): 401,
        basic(owner, "wrong"): 401,
        basic(*project.split(":")): 200,
        basic(*other.split(":")): 404,
        basic(owner, narrow): 403,
        f"token {DEFAULT_TOKEN}": 401,
        "Basic !": 401,
        "": 401,
    }
    for header, status in statuses.items():
        assert fixed.get(url, Authorization=header).status == status, header
    fixed.team.hide_project(SHOP)
    assert fixed.get(url, Authorization=basic(owner, DEFAULT_TOKEN)).status == 404


@needs_git
def test_commits_are_what_git_calls_them(fixed: Fixed, tmp_path: Path) -> None:
    depot = next(d for _, d in fixed.team.module(Code).git_places())
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    for commit in depot.commits.values():
        for found in objects_of(depot.id, commit):
            head, _, data = found.content.partition(b"\0")
            kind = head.split()[0].decode()
            command = ["git", "-C", tmp_path, "hash-object", "-w", "-t", kind, "--stdin"]
            done = subprocess.run(command, input=data, check=True, capture_output=True)
            assert done.stdout.decode().strip() == found.id
        assert found.id == commit.sha
    subprocess.run(["git", "-C", tmp_path, "fsck", "--strict"], check=True, capture_output=True)
