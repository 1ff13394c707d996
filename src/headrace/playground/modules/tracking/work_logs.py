"""Hours logged on issues: often for an earlier day, corrected and removed later.

Whether CODING's list selects by the day worked or by the day written down is unknown: a team draws
one of the two.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from random import Random
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from ...events import issue_body
from ...records import DAY_MS, Issue, whole_seconds
from ...rows import Row
from ...words import EDITS
from .part import Key, Tables, person, some_issue

if TYPE_CHECKING:
    from ...project import Project
    from ...team import Team

FIRST_MAX = 60  # logs that a project begins with
SPENT = (0.5, 1.0, 1.5, 2.0, 4.0, 8.0)


class WorkLog(Struct, frozen=True):
    """`start_ms`: when the work began, `created_ms`: when it was written down."""

    id: int
    issue_code: int
    user_id: int
    spent: float
    left: float
    text: str
    start_ms: int
    created_ms: int
    updated_ms: int


class WorkLogs:
    """By project; the logs of an issue that is gone are gone."""

    def __init__(self, team: Team, rng: Random) -> None:
        self._team = team
        self._rng = rng
        self._last_id = 0
        self._of: dict[int, dict[int, WorkLog]] = {}
        self.by_day_worked = rng.random() < 0.5
        for project in team.projects.values():
            for code in project.codes()[::4][:FIRST_MAX]:
                issue = project.issues[code]
                since_ms = max(0, team.began_ms - issue.created_ms)
                at_ms = issue.created_ms + int(rng.random() * since_ms)
                self._put(project, self._draw(project, issue, at_ms))

    def log(self, project: Project, issue: Issue, *, now_ms: int, days_ago: int = 0) -> int:
        """Log some hours. Returns the log's id."""
        made = self._draw(project, issue, now_ms, days_ago)
        self._put(project, made)
        self._tell(project, made, made.spent)
        return made.id

    def correct(self, project: Project, log_id: int, spent: float, *, now_ms: int) -> None:
        """Change the hours of a log."""
        old = self._of[project.id][log_id]
        new = replace(old, spent=spent, updated_ms=max(now_ms, old.updated_ms))
        self._put(project, new)
        self._tell(project, new, spent - old.spent)

    def remove(self, project: Project, log_id: int) -> None:
        """Remove a log: the event tells of hours below zero."""
        old = self._of[project.id].pop(log_id)
        self._tell(project, old, -old.spent)

    def of(self, project: Project) -> list[WorkLog]:
        """The logs of the project's living issues, oldest first."""
        known = self._of.get(project.id, {}).values()
        return [log for log in known if log.issue_code in project.issues]

    def chosen_at(self, log: WorkLog) -> int:
        """The moment by which the team's list selects a log."""
        return log.start_ms if self.by_day_worked else log.created_ms

    def row(self, project: Project, log: WorkLog) -> Row:
        """`IssueWorkLog`, the same in both Actions."""
        return {
            "Id": log.id,
            "IssueId": project.issues[log.issue_code].id,
            "IssueCode": log.issue_code,
            "UserId": log.user_id,
            "RecordHours": log.spent,
            "RemainingHours": log.left,
            "WorkingDesc": log.text,
            "StartAt": whole_seconds(log.start_ms),
            "CreatedAt": whole_seconds(log.created_ms),
            "UpdatedAt": whole_seconds(log.updated_ms),
            "ProjectName": project.info.name,
        }

    def step(self, now_ms: int) -> str:
        """Log hours, correct or remove some."""
        found = some_issue(self._team, self._rng)
        if found is None:
            return "nobody has worked"
        project, issue = found
        known = self.of(project)
        if not known or self._rng.random() < 0.5:
            days = self._rng.choice((0, 0, 0, 1, 3, 40))
            self.log(project, issue, now_ms=now_ms, days_ago=days)
            return f"hours logged on {issue.code} in {project.info.name}"
        chosen = self._rng.choice(known)
        place = f"of {chosen.issue_code} in {project.info.name}"
        if self._rng.random() < 0.4:
            self.remove(project, chosen.id)
            return f"hours {place} removed"
        self.correct(project, chosen.id, self._rng.choice(SPENT), now_ms=now_ms)
        return f"hours {place} corrected"

    def tables(self) -> Tables:
        """See `modules.Module`."""
        return {"issue_work_logs": lambda: dict(self._rows())}

    def _rows(self) -> Iterator[tuple[Key, Row]]:
        for project in self._team.projects.values():
            for log in self.of(project):
                yield (project.id, log.id), self.row(project, log)

    def _draw(self, project: Project, issue: Issue, at_ms: int, days_ago: int = 0) -> WorkLog:
        self._last_id += 1
        rng = self._rng
        return WorkLog(
            id=self._last_id,
            issue_code=issue.code,
            user_id=person(self._team, project, rng),
            spent=rng.choice(SPENT),
            left=rng.choice((0.0, *SPENT)),
            text=rng.choice(("", *EDITS)),
            start_ms=at_ms - days_ago * DAY_MS,
            created_ms=at_ms,
            updated_ms=at_ms,
        )

    def _put(self, project: Project, log: WorkLog) -> None:
        self._of.setdefault(project.id, {})[log.id] = log

    def _tell(self, project: Project, log: WorkLog, hours: float) -> None:
        told = partial(self._told, project, log, hours)
        self._team.tell(project, "ISSUE_HOUR_RECORD_UPDATED", told)

    def _told(self, project: Project, log: WorkLog, hours: float) -> Row:
        issue = project.issues[log.issue_code]
        inside = issue_body(self._team, project, issue)
        spent = {"record_hours": hours, "remaining_hours": log.left}
        return {issue.kind.lower(): inside, "issue": inside, "work_log": spent}
