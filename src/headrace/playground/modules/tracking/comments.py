"""Comments of issues, written, edited and removed without the issue's update time moving."""

from __future__ import annotations

from functools import partial
from random import Random
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from ...events import issue_body, sender
from ...records import Issue, whole_seconds
from ...rows import Row
from ...words import EDITS
from .part import Key, Place, Tables, person, some_issue

if TYPE_CHECKING:
    from ...project import Project
    from ...team import Team


class Comment(Struct, frozen=True):
    """One comment of an issue. `parent_id`: the comment it answers, 0 for none."""

    id: int
    creator_id: int
    text: str
    created_ms: int
    updated_ms: int
    parent_id: int = 0

    def row(self) -> Row:
        """As `DescribeIssueCommentList` serves it."""
        return {
            "CommentId": self.id,
            "Content": f"<p>{self.text}</p>",
            "RawContent": self.text,
            "CreatorId": self.creator_id,
            "ParentId": self.parent_id,
            "CreatedAt": whole_seconds(self.created_ms),
            "UpdatedAt": whole_seconds(self.updated_ms),
            "FileId": [],
        }


class Comments:
    """By project and issue; an issue's end is theirs."""

    def __init__(self, team: Team, rng: Random) -> None:
        self._team = team
        self._rng = rng
        self._last_id = 0
        self._of: dict[Place, dict[int, Comment]] = {}
        for project in team.projects.values():
            for code in project.codes()[::3]:
                for _ in range(rng.randrange(3)):
                    self.write(project, project.issues[code], now_ms=team.began_ms)

    def write(self, project: Project, issue: Issue, *, now_ms: int, text: str = "") -> int:
        """Write a comment. Returns its id."""
        self._last_id += 1
        comment = Comment(
            id=self._last_id,
            creator_id=person(self._team, project, self._rng),
            text=text or self._rng.choice(EDITS),
            created_ms=now_ms,
            updated_ms=now_ms,
        )
        self._of.setdefault((project.id, issue.code), {})[comment.id] = comment
        told = partial(self._told, project, issue, comment)
        self._team.tell(project, "ISSUE_COMMENT_CREATED", told)
        return comment.id

    def _told(self, project: Project, issue: Issue, comment: Comment) -> Row:
        inside = issue_body(self._team, project, issue)
        return {
            "action": "comment",
            "issueComment": {
                "html_url": f"{inside['html_url']}#comment-{comment.id}",
                "issue": inside,
                "creator": sender(self._team, comment.creator_id),
                "content": f"<p>{comment.text}</p>",
                "created_at": comment.created_ms,
                "updated_at": comment.updated_ms,
            },
        }

    def of(self, project: Project, code: int) -> list[Comment]:
        """The comments of one issue, oldest first; none when the issue is gone."""
        if code not in project.issues:
            return []
        return list(self._of.get((project.id, code), {}).values())

    def step(self, now_ms: int) -> str:
        """Write, edit or remove a comment."""
        found = some_issue(self._team, self._rng)
        if found is None:
            return "nobody has anything to say"
        project, issue = found
        place = f"{issue.code} in {project.info.name}"
        known = self.of(project, issue.code)
        if not known or self._rng.random() < 0.5:
            self.write(project, issue, now_ms=now_ms)
            return f"commented on {place}"
        chosen = self._rng.choice(known)
        kept = self._of[project.id, issue.code]
        if self._rng.random() < 0.5:
            del kept[chosen.id]
            return f"removed a comment of {place}"
        text = f"{chosen.text} {self._rng.choice(EDITS)}"[:400]
        kept[chosen.id] = replace(chosen, text=text, updated_ms=now_ms)
        return f"edited a comment of {place}"

    def tables(self) -> Tables:
        """See `modules.Module`."""
        return {"issue_comments": self._rows}

    def _rows(self) -> dict[Key, Row]:
        return {
            (project.id, code, comment.id): comment.row()
            for project in self._team.projects.values()
            for code in project.issues
            for comment in self.of(project, code)
        }
