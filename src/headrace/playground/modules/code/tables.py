"""The rows a perfect reader of code would have now."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from functools import partial
from typing import TYPE_CHECKING

from ...rows import Row
from . import rows
from .depot import Depot

if TYPE_CHECKING:
    from ...project import Project
    from .state import Code

Key = tuple[int | str, ...]
Pairs = Iterator[tuple[Key, Row]]


def of(code: Code) -> Mapping[str, Callable[[], dict[Key, Row]]]:
    """See `modules.Module`."""
    return {
        "depots": partial(_depots, code),
        **{name: partial(_of_depots, code, each) for name, each in _OF_DEPOT.items()},
        "external_depots": partial(_bound, code),
        "depot_specs": partial(_specs, code),
        "depot_spec_details": partial(_spec_details, code),
    }


def _depots(code: Code) -> dict[Key, Row]:
    return {(depot.id,): rows.depot_row(code.team, p, depot) for p, depot in code.places()}


def _of_depots(code: Code, each: Callable[[Code, Project, Depot], Pairs]) -> dict[Key, Row]:
    found = (each(code, project, depot) for project, depot in code.git_places())
    return {key: row for pairs in found for key, row in pairs}


def _branches(_: Code, __: Project, depot: Depot) -> Pairs:
    for branch in depot.branches.values():
        yield (depot.id, branch.name), rows.branch_row(depot, branch)


def _tags(code: Code, _: Project, depot: Depot) -> Pairs:
    for tag in depot.tags.values():
        yield (depot.id, tag.name), rows.tag_row(code.team, depot, tag)


def _commits(code: Code, _: Project, depot: Depot) -> Pairs:
    for commit in depot.held():
        yield (depot.id, commit.sha), rows.commit_row(code.team, commit)


def _commit_branches(_: Code, __: Project, depot: Depot) -> Pairs:
    for name in depot.branches:
        for commit in depot.log(name):
            yield (depot.id, name, commit.sha), {"Sha": commit.sha}


def _files(_: Code, __: Project, depot: Depot) -> Pairs:
    for commit in depot.held():
        for change in commit.changes:
            row = rows.change_row(change)
            del row["Content"], row["Lines"]
            yield (depot.id, commit.sha, change.path), row


def _checks(code: Code, project: Project, depot: Depot) -> Pairs:
    for commit in depot.held():
        for row in check_rows(code, project, depot, commit.sha):
            yield (depot.id, commit.sha, row["Context"]), row


def check_rows(code: Code, project: Project, depot: Depot, sha: str) -> list[Row]:
    """`StatusCheckResult` of one commit."""
    found = depot.checks.get(sha, {}).values()
    return [rows.check_row(code.team, project, depot, sha, check) for check in found]


def _remarks(code: Code, _: Project, depot: Depot) -> Pairs:
    held = {commit.sha for commit in depot.held()}
    for remark in depot.remarks.values():
        if remark.sha in held:
            yield (depot.id, remark.sha, remark.id), rows.remark_row(code.team, depot, remark)


def _notes(_: Code, __: Project, depot: Depot) -> Pairs:
    for commit in depot.held():
        if commit.sha in depot.notes:
            note = depot.notes[commit.sha]
            yield (depot.id, commit.sha), {"CommitSha": commit.sha, "NoteContent": note}


def _protected_branches(_: Code, __: Project, depot: Depot) -> Pairs:
    for row in protected_branch_rows(depot):
        yield (depot.id, row["Name"]), row


def protected_branch_rows(depot: Depot) -> list[Row]:
    """`ProtectedBranch`, with the date of the newest commit."""
    return [
        {**row, "CommitDate": depot.commits[depot.branches[name].sha].at_ms}
        for name, row in depot.guards.branches.items()
    ]


def _branch_members(_: Code, __: Project, depot: Depot) -> Pairs:
    for name, members in depot.guards.branch_members.items():
        for key, row in members.items():
            yield (depot.id, name, key), row


def _rules(_: Code, __: Project, depot: Depot) -> Pairs:
    for row in rule_rows(depot):
        yield (depot.id, row["BranchProtectionId"]), row


def rule_rows(depot: Depot) -> list[Row]:
    """`BranchProtection`, with the number of branches that fit now."""
    return [
        {**row, "MatcherCount": sum(fnmatchcase(name, row["Rule"]) for name in depot.branches)}
        for row in depot.guards.rules.values()
    ]


def _rule_members(_: Code, __: Project, depot: Depot) -> Pairs:
    for number, members in depot.guards.rule_members.items():
        for key, row in members.items():
            yield (depot.id, number, key), row


def _protected_tags(code: Code, _: Project, depot: Depot) -> Pairs:
    for name in sorted(depot.guards.tags):
        yield (depot.id, name), rows.tag_row(code.team, depot, depot.tags[name])


def _push_settings(_: Code, __: Project, depot: Depot) -> Pairs:
    yield (depot.id,), depot.guards.push


def _file_rules(_: Code, __: Project, depot: Depot) -> Pairs:
    for number, row in depot.guards.file_rules.items():
        yield (depot.id, number), row


def _keys(_: Code, __: Project, depot: Depot) -> Pairs:
    for number, row in depot.guards.keys.items():
        yield (depot.id, number), row


def _bound(code: Code) -> dict[Key, Row]:
    return {
        (project.id, row["DepotType"], number): row
        for project in code.team.projects.values()
        for number, row in code.elsewhere.bound(project).items()
    }


def _specs(code: Code) -> dict[Key, Row]:
    return {(name,): spec_row(row) for name, row in code.elsewhere.specs().items()}


def _spec_details(code: Code) -> dict[Key, Row]:
    return {(name,): row for name, row in code.elsewhere.specs().items()}


def spec_row(detail: Row) -> Row:
    """`DepotSpec`."""
    return {name: detail[name] for name in ("Description", "Name", "Type")}


_OF_DEPOT: Mapping[str, Callable[[Code, Project, Depot], Pairs]] = {
    "branches": _branches,
    "tags": _tags,
    "commits": _commits,
    "commit_branches": _commit_branches,
    "commit_files": _files,
    "commit_statuses": _checks,
    "commit_comments": _remarks,
    "commit_notes": _notes,
    "protected_branches": _protected_branches,
    "protected_branch_members": _branch_members,
    "branch_protections": _rules,
    "branch_protection_members": _rule_members,
    "protected_tags": _protected_tags,
    "depot_push_settings": _push_settings,
    "depot_file_push_rules": _file_rules,
    "deploy_keys": _keys,
}
