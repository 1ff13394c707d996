"""Actions about depots, branches, tags and commits."""

from __future__ import annotations

from collections.abc import Mapping

from ...actions.action import PROJECT_ID, Action, Call, Parameter
from ...envelope import ApiError
from ...paging import Paging, Style
from ...rates import UNLIMITED
from ...rows import Row
from . import rows, tables
from .asking import DEPOT, DEPOT_PATH, SCOPE, depot_of
from .graph import Commit
from .guard_actions import ACTIONS as GUARD_ACTIONS
from .state import Code

SHA = Parameter("Sha", required=True)


def _depots(call: Call) -> Row:
    project, team = call.project(), call.team
    depots = list(call.module(Code).depots(project).values())
    return call.page(depots, lambda depot: rows.depot_row(team, project, depot))


def _branches(call: Call) -> Row:
    _, depot = depot_of(call)
    wanted = call.parameters.get("KeyWord", "")
    found = [branch for branch in depot.branches.values() if wanted in branch.name]
    found.sort(key=lambda branch: depot.commits[branch.sha].number, reverse=True)
    page = call.page(found, lambda branch: rows.branch_row(depot, branch))
    return {name: page[name] for name in ("Branches", "TotalCount")}


def _tags(call: Call) -> Row:
    _, depot = depot_of(call)
    wanted = call.parameters.get("KeyWord", "")
    found = [tag for tag in depot.tags.values() if wanted in tag.name]
    return call.page(found, lambda tag: rows.tag_row(call.team, depot, tag))


def _commits(call: Call) -> Row:
    """Without a Ref, those of the default branch. The dates and the path are not looked at."""
    _, depot = depot_of(call)
    ref = call.parameters.get("Ref", depot.default_branch)
    commits = depot.log(ref)
    if not commits:
        raise ApiError("ResourceNotFound", f"There is no {ref}")
    return call.page(commits, lambda commit: rows.commit_row(call.team, commit))


def _files(call: Call) -> Row:
    _, depot = depot_of(call)
    changes = _known(depot.commits, call.parameters["Sha"]).changes
    path = call.parameters.get("Path", "")
    return {"Diffs": [rows.change_row(c) for c in changes if path in ("", c.path)]}


def _checks(call: Call) -> Row:
    project, depot = depot_of(call)
    sha = _known(depot.commits, call.parameters["CommitSha"]).sha
    return {"StatusCheckResults": tables.check_rows(call.module(Code), project, depot, sha)}


def _remarks(call: Call) -> Row:
    _, depot = depot_of(call)
    sha = _known(depot.commits, call.parameters["Sha"]).sha
    found = [remark for remark in depot.remarks.values() if remark.sha == sha]
    return call.page(found, lambda remark: rows.remark_row(call.team, depot, remark))


def _notes(call: Call) -> Row:
    """Of the default ref of notes only."""
    _, depot = depot_of(call)
    known = depot.notes if call.parameters["NoteRef"] == "refs/notes/commits" else {}
    wanted = call.parameters["Commits"]
    return {
        "Notes": [{"CommitSha": sha, "NoteContent": known[sha]} for sha in wanted if sha in known]
    }


def _known(commits: Mapping[str, Commit], sha: str) -> Commit:
    if sha not in commits:
        raise ApiError("ResourceNotFound", "Commit not found")
    return commits[sha]


ACTIONS = (
    Action(
        name="DescribeProjectDepotInfoList",
        handler=_depots,
        scope=SCOPE,
        parameters=(PROJECT_ID,),
        paging=Paging(
            style=Style.PAGE_OBJECT, rows="Depots", under="DepotData", required=False, as_text=True
        ),
    ),
    Action(
        name="DescribeGitBranches",
        handler=_branches,
        scope=SCOPE,
        parameters=(*DEPOT, Parameter("KeyWord")),
        paging=Paging(style=Style.NUMBERED, rows="Branches", under="", default=10, required=False),
    ),
    Action(
        name="DescribeGitTags",
        handler=_tags,
        scope=SCOPE,
        parameters=(*DEPOT, Parameter("KeyWord")),
        paging=Paging(style=Style.BARE, rows="GitTags", under="", number="Page", required=False),
    ),
    Action(
        name="DescribeGitCommitsInPage",
        handler=_commits,
        scope=SCOPE,
        parameters=(
            Parameter("DepotId", "integer"),
            DEPOT_PATH,
            *(Parameter(name) for name in ("StartDate", "EndDate", "KeyWord", "Path", "Ref")),
        ),
        paging=Paging(style=Style.PAGE_OBJECT, rows="Commits", required=False),
        rate=UNLIMITED,
    ),
    Action(
        name="DescribeGitCommitDiff",
        handler=_files,
        scope=SCOPE,
        parameters=(*DEPOT, SHA, Parameter("Path")),
    ),
    Action(
        name="DescribeGitCommitStatus",
        handler=_checks,
        scope=SCOPE,
        parameters=(*DEPOT, Parameter("CommitSha", required=True)),
        rate=UNLIMITED,
    ),
    Action(
        name="DescribeGitCommitComments",
        handler=_remarks,
        scope=SCOPE,
        parameters=(Parameter("DepotPath", required=True), SHA),
        paging=Paging(style=Style.PAGE_OBJECT, rows="CommitComments", under="GitCommitComments"),
        rate=UNLIMITED,
    ),
    Action(
        name="DescribeNotesByCommits",
        handler=_notes,
        scope=SCOPE,
        parameters=(
            *DEPOT,
            Parameter("Commits", "strings", required=True),
            Parameter("NoteRef", required=True),
        ),
    ),
    *GUARD_ACTIONS,
)
