"""A program (项目集) above the projects, with the work items that issues may belong to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...beginning import new_project
from ...issue_rows import issue_detail
from ...project import Project
from ...records import Issue, IssueType, ProjectInfo
from ...rows import Row

if TYPE_CHECKING:
    from ...team import Team

PROGRAM_ID = 9001
WORK_ITEMS = 6
_TYPE = IssueType(91, "WORK_ITEM", "工作项", "A part of a program")
_KEPT = ("Code", "Type", "Name", "IssueStatusId", "IssueStatusName", "IssueStatusType")


class Program:
    """A project that no list of projects shows; its issues are the work items."""

    def __init__(self, team: Team) -> None:
        began_ms = team.began_ms
        info = ProjectInfo(PROGRAM_ID, "program", "Program 项目集", "", began_ms, began_ms)
        self.id = PROGRAM_ID
        self._team = team
        self._inside = _project(info)
        for code in range(1, WORK_ITEMS + 1):
            item = Issue(
                id=PROGRAM_ID * 1000 + code,
                code=code,
                type_id=_TYPE.id,
                kind=_TYPE.kind,
                name=f"Work item {code}",
                status_id=(31, 33, 37)[code % 3],
                creator_id=team.owner_id,
                created_ms=began_ms,
                updated_ms=began_ms,
            )
            self._inside.put(item, now_ms=began_ms)

    def codes(self) -> list[int]:
        return self._inside.codes()

    def detail(self, code: Any, now_ms: int) -> Row:
        """`IssueDetail` of a work item."""
        return issue_detail(self._inside.issues[code], self._inside, self._team, now_ms)

    def kept(self, code: Any) -> Row:
        """What a reader keeps of a work item."""
        row = self.detail(code, 0)
        program = {"ProgramId": row["Project"]["Id"], "ProgramName": row["Project"]["Name"]}
        return {name: row[name] for name in _KEPT} | program


def _project(info: ProjectInfo) -> Project:
    like = new_project(info)
    return Project(info, types=(_TYPE,), statuses=like.statuses, fields={}, labels={})
