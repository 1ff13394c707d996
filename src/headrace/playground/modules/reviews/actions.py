"""Actions about merge requests, their parts and releases."""

from __future__ import annotations

import re
from collections.abc import Callable

from ...actions.action import PROJECT_ID, Action, Call, Parameter
from ...envelope import ApiError
from ...paging import Paging, Style
from ...rates import UNLIMITED
from ...rows import Row
from ..code.asking import DEPOT, DEPOT_PATH, depot_of
from ..code.depot import Depot
from ..texts import day_text
from . import rows
from .records import MergeRequest, Note
from .state import Reviews, Shelf

SCOPE, RELEASE_SCOPE = "vcs:merge:ro", "vcs:release:ro"
MERGE_ID = Parameter("MergeId", "integer", required=True)
OF_REQUEST = (*DEPOT, MERGE_ID)
OPEN_KINDS = {"open": True, "close": False}
SORTS = {"action_at": "UpdateAt", "created_at": "CreatedAt"}
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def _listed(call: Call) -> Row:
    """Filters: Status, and the days of creation and update; all others are known but ignored."""
    project, reviews = call.project(), call.module(Reviews)
    found = [
        reviews.row(project, depot, request)
        for depot in call_depots(reviews, project.id)
        for request in reviews.shelf(project, depot).requests.values()
        if _has_status(request, call.parameters.get("Status", "all"))
    ]
    for field, name in (("UpdateAt", "UpdatedAt"), ("CreatedAt", "CreatedAt")):
        within = _days(call, name)
        found = [row for row in found if within(row[field])]
    sort = SORTS[call.parameters.get("Sort", "created_at")]
    is_ascending = call.parameters.get("IsSortDirectionAsc", False)
    found.sort(key=lambda row: (row[sort], row["Id"]), reverse=not is_ascending)
    return call.page(found, lambda row: row)


def call_depots(reviews: Reviews, project_id: int) -> list[Depot]:
    """The depots of git of one project."""
    return [depot for project, depot in reviews.code.git_places() if project.id == project_id]


def _has_status(request: MergeRequest, wanted: str) -> bool:
    return wanted == "all" or OPEN_KINDS[wanted] == request.is_open


def _days(call: Call, name: str) -> Callable[[int], bool]:
    """Whether a moment lies within the days asked for, both included, at UTC+8."""
    first = call.parameters.get(f"{name}StartDate", "0000-00-00")
    last = call.parameters.get(f"{name}EndDate", "9999-99-99")
    if not _DAY.fullmatch(first) or not _DAY.fullmatch(last):
        raise ApiError("InvalidParameterValue", f"The dates of {name} are no days")
    return lambda at_ms: first <= day_text(at_ms) <= last


def _request(call: Call) -> tuple[Depot, MergeRequest, Row]:
    """The merge request that is named, with its row."""
    project, depot = depot_of(call)
    reviews = call.module(Reviews)
    request = reviews.shelf(project, depot).requests.get(call.parameters.get("MergeId", 0))
    if request is None:
        raise ApiError("ResourceNotFound", "Merge request not found")
    return depot, request, reviews.row(project, depot, request)


def _detail(call: Call) -> Row:
    return {"MergeRequestInfo": rows.merge_request_detail(_request(call)[2])}


def _commits(call: Call) -> Row:
    depot, request, _ = _request(call)
    return {"Commits": rows.commit_rows(call.team, depot, request)}


def _files(call: Call) -> Row:
    depot, request, _ = _request(call)
    paths = rows.file_rows(depot, request)
    return {
        "Diff": {
            "Deletions": sum(row["Deletions"] for row in paths),
            "Insertions": sum(row["Insertions"] for row in paths),
            "IsLarge": False,
            "NewSha": request.source_sha,
            "OldSha": request.target_sha,
            "Paths": paths,
        }
    }


def _log(call: Call) -> Row:
    return {"Logs": rows.log_rows(call.team, _request(call)[1])}


def _participants(call: Call) -> Row:
    return {"Participants": rows.participant_rows(call.team, _request(call)[1])}


def _notes(call: Call) -> Row:
    """Pages of threads. A thread is shown whole if any of its comments was written in time."""
    project, depot = depot_of(call)
    shelf = call.module(Reviews).shelf(project, depot)
    wanted = call.parameters.get("MergeIds", list(shelf.requests))
    within = _days(call, "CreatedAt")
    threads = [
        thread
        for thread in _threads(shelf)
        if thread[0].merge_id in wanted and any(within(note.created_ms) for note in thread)
    ]
    return call.page(threads, lambda t: {"Note": [rows.note_row(call.team, n) for n in t]})


def _threads(shelf: Shelf) -> list[list[Note]]:
    found: dict[int, list[Note]] = {}
    for note in shelf.notes.values():
        found.setdefault(note.parent_id or note.id, []).append(note)
    return list(found.values())


def _releases(call: Call) -> Row:
    project, depot = depot_of(call)
    found = list(call.module(Reviews).shelf(project, depot).releases.values())
    page = call.page(found[::-1], lambda r: rows.release_row(project, depot, r))["ReleasePageList"]
    return {"ReleasePageList": {name: page[name] for name in ("Releases", "TotalCount")}}


def _release(call: Call) -> Row:
    project, depot = depot_of(call)
    found = call.module(Reviews).shelf(project, depot).releases
    release = found.get(call.parameters["ReleaseId"])
    if release is None or release.tag != call.parameters["TagName"]:
        raise ApiError("ResourceNotFound", "Release not found")
    return {"Release": rows.release_row(project, depot, release)}


_IGNORED = (
    *("CreatorEmail", "CreatorGlobalKey", "KeyWord", "Label", "MergerEmail", "MergerGlobalKey"),
    *("ReviewerEmail", "ReviewerGlobalKey", "SourceBranch", "TargetBranch"),
)
_DATES = ("CreatedAtStartDate", "CreatedAtEndDate", "UpdatedAtStartDate", "UpdatedAtEndDate")

ACTIONS = (
    Action(
        name="DescribeProjectMergeRequests",
        handler=_listed,
        scope=SCOPE,
        parameters=(
            PROJECT_ID,
            *(Parameter(name) for name in (*_IGNORED, *_DATES)),
            Parameter("IsSortDirectionAsc", "boolean"),
            Parameter("Sort", choices=tuple(SORTS)),
            Parameter("Status", choices=("all", *OPEN_KINDS)),
        ),
        paging=Paging(
            style=Style.NUMBERED,
            rows="List",
            total="TotalRow",
            pages="TotalPage",
            default=10,
            required=False,
        ),
    ),
    Action(
        name="DescribeMergeRequest",
        handler=_detail,
        scope=SCOPE,
        parameters=OF_REQUEST,
        rate=UNLIMITED,
    ),
    Action(name="DescribeMergeReqCommits", handler=_commits, scope=SCOPE, parameters=OF_REQUEST),
    Action(name="DescribeGitMergeRequestDiffs", handler=_files, scope=SCOPE, parameters=OF_REQUEST),
    Action(
        name="DescribeMergeRequestLog",
        handler=_log,
        scope=SCOPE,
        parameters=(
            Parameter("DepotId", "integer"),
            DEPOT_PATH,
            Parameter("MergeId", "integer"),
        ),
    ),
    Action(
        name="DescribeGitMergeRequestParticipants",
        handler=_participants,
        scope=SCOPE,
        parameters=OF_REQUEST,
    ),
    Action(
        name="DescribeAllMergeRequestNotes",
        handler=_notes,
        scope=SCOPE,
        parameters=(
            Parameter("DepotPath", required=True),
            Parameter("CreatedAtStartDate"),
            Parameter("CreatedAtEndDate"),
            Parameter("MergeIds", "integers"),
            Parameter("MrStatuses", "strings"),
            Parameter("ReporterIds", "integers"),
        ),
        paging=Paging(style=Style.BARE, rows="Notes", under=""),
        rate=UNLIMITED,
    ),
    Action(
        name="DescribeGitReleases",
        handler=_releases,
        scope=RELEASE_SCOPE,
        parameters=(
            *DEPOT,
            Parameter("FromDate"),
            Parameter("ToDate"),
            Parameter("Status", "integer"),
            Parameter("TagName"),
            Parameter("ShowResourceUrl", "boolean"),
        ),
        paging=Paging(
            style=Style.NUMBERED, rows="Releases", under="ReleasePageList", required=False
        ),
    ),
    Action(
        name="DescribeGitReleaseDetail",
        handler=_release,
        scope=RELEASE_SCOPE,
        parameters=(
            *DEPOT,
            Parameter("ReleaseId", "integer", required=True),
            Parameter("TagName", required=True),
            Parameter("ShowResourceUrl", "boolean"),
        ),
    ),
)
