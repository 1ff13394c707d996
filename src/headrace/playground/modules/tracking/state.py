"""The module of what hangs on issues: its parts, and which of them acts next."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import TYPE_CHECKING

from ...issue_rows import issue_detail
from ...records import Issue
from ...rows import Row
from .comments import Comments
from .history import History
from .links import Links
from .options import Options
from .part import Key, Tables
from .references import References
from .releases import Releases
from .work_logs import WorkLogs

if TYPE_CHECKING:
    from ...project import Project
    from ...team import Team

_DETAILS = ("DefectType", "RequirementType", "ProjectModule", "Watchers", "ThirdLinks")


class Tracking:
    """Everything here belongs to living issues and projects, and goes with them."""

    def __init__(self, team: Team, rng: Random) -> None:
        self._team = team
        self._rng = rng
        self.comments = Comments(team, rng)
        self.work_logs = WorkLogs(team, rng)
        self.releases = Releases(team, rng)
        self.links = Links(team, rng)
        self.options = Options(team, rng)
        self.references = References(team, rng)
        self.history = History(team)
        self._acting = (
            *(self.comments, self.work_logs, self.releases),
            *(self.links, self.options, self.references),
        )

    def step(self, now_ms: int) -> str:
        """One random act of one part."""
        return self._rng.choices(self._acting, (4, 3, 2, 4, 2, 1))[0].step(now_ms)

    def tables(self) -> Tables:
        """See `modules.Module`."""
        found = {"issue_details": lambda: dict(self._detail_rows())}
        for part in (*self._acting, self.history):
            found |= part.tables()
        return found

    def _detail_rows(self) -> Iterator[tuple[Key, Row]]:
        for project in self._team.projects.values():
            for issue in project.issues.values():
                yield (project.id, issue.code), self._detail(project, issue)

    def _detail(self, project: Project, issue: Issue) -> Row:
        """What a reader keeps of a detail: no signed addresses, of other issues their number."""
        row = issue_detail(issue, project, self._team, 0)
        files = [{k: v for k, v in file.items() if k != "Url"} for file in row["Files"]]
        return {name: row[name] for name in _DETAILS} | {
            "Epic": {"Code": row["Epic"]["Code"]},
            "SubTasks": [{"Code": part["Code"]} for part in row["SubTasks"]],
            "Files": files,
        }
