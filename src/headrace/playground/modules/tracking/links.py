"""What issues are tied to: other issues, test cases, repositories, resources, program work items.

A tie that was cut is never made again, so that a key that comes back is always a mistake of ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import TYPE_CHECKING

from ...events import issue_body
from ...records import Issue
from ...rows import Row
from ...words import EDITS
from .part import Key, Place, Tables, some_issue
from .program import Program

if TYPE_CHECKING:
    from ...project import Project
    from ...team import Team

FIRST_MAX = 60  # issues of a project that begin with ties
DRAWS = 5  # tries to find an issue that fits
BLOCKS, DEFECTS = "issue_blocks", "requirement_defects"
CASES, DEPOTS = "issue_test_cases", "issue_depots"
REFERENCES, WORK_ITEMS = "issue_references", "issue_work_items"
BETWEEN_ISSUES = (BLOCKS, DEFECTS)
KINDS = (*BETWEEN_ISSUES, CASES, DEPOTS, REFERENCES, WORK_ITEMS)
RENAMED = (CASES, DEPOTS, REFERENCES)  # whose far ends change by themselves
RESOURCES = (("Wiki", "运行手册"), ("ProjectFile", "demo.txt"), ("ExternalLink", "demo link"))


class Links:
    """By kind, project and issue."""

    def __init__(self, team: Team, rng: Random) -> None:
        self._team = team
        self._rng = rng
        self._last_id = 0
        self.program = Program(team)
        self._of: dict[str, dict[Place, dict[Key, Row]]] = {}
        self._made: set[tuple[str, Place, Key]] = set()
        for project in team.projects.values():
            for code in project.codes()[::2][:FIRST_MAX]:
                for table in rng.sample(KINDS, 3):
                    self._tie(table, project, project.issues[code])

    def of(self, table: str, project: Project, code: int) -> dict[Key, Row]:
        """The ties of one issue as the API shows them; of issues only their number."""
        if code not in project.issues:
            return {}
        known = self._of.get(table, {}).get((project.id, code), {})
        if table in BETWEEN_ISSUES:
            return {key: row for key, row in known.items() if row["Code"] in project.issues}
        return known

    def tie(self, table: str, project: Project, code: int) -> bool:
        """Make a new tie; False where there was none left to make."""
        return self._tie(table, project, project.issues[code])

    def cut(self, table: str, project: Project, code: int, key: Key) -> None:
        """Undo a tie."""
        del self._of[table][project.id, code][key]
        self._tell(table, project, project.issues[code])

    def rename(self, table: str, project: Project, code: int, key: Key, name: str) -> None:
        """Give a far end another name: nothing of the issue changes, and nothing is told."""
        field = "ResourceName" if table == REFERENCES else "Name"
        kept = self._of[table][project.id, code]
        kept[key] = kept[key] | {field: name}

    def step(self, now_ms: int) -> str:
        """Make or cut a tie, or let a far end change by itself."""
        del now_ms
        found, rng = some_issue(self._team, self._rng), self._rng
        if found is None:
            return "nothing to tie"
        project, issue = found
        table = rng.choice(KINDS)
        place = f"{table.replace('_', ' ')} of {issue.code} in {project.info.name}"
        tied = sorted(self.of(table, project, issue.code))
        if not tied or rng.random() < 0.5:
            made = self._tie(table, project, issue)
            return f"{place}: one more" if made else f"{place}: no more to add"
        key = rng.choice(tied)
        if table in RENAMED and rng.random() < 0.5:
            self.rename(table, project, issue.code, key, rng.choice(EDITS))
            return f"{place}: one was renamed"
        self.cut(table, project, issue.code, key)
        return f"{place}: one less"

    def tables(self) -> Tables:
        """See `modules.Module`."""
        return {
            BLOCKS: lambda: dict(self._rows(BLOCKS)),
            DEFECTS: lambda: dict(self._rows(DEFECTS)),
            CASES: lambda: dict(self._rows(CASES)),
            DEPOTS: lambda: dict(self._rows(DEPOTS, ProjectId="DepotProjectId")),
            REFERENCES: lambda: dict(
                self._rows(
                    REFERENCES,
                    ProjectId="ResourceProjectId",
                    ProjectName="ResourceProjectName",
                )
            ),
            WORK_ITEMS: lambda: {k: self.program.kept(k[-1]) for k, _ in self._rows(WORK_ITEMS)},
        }

    def _rows(self, table: str, **names: str) -> Iterator[tuple[Key, Row]]:
        """Rows as a reader keeps them: fields about another project under another name."""
        for project in self._team.projects.values():
            for code in project.issues:
                for key, row in self.of(table, project, code).items():
                    yield (
                        (project.id, code, *key),
                        {names.get(name, name): value for name, value in row.items()},
                    )

    def _tie(self, table: str, project: Project, issue: Issue) -> bool:
        drawn = self._draw(table, project, issue)
        place = (project.id, issue.code)
        if drawn is None or (table, place, drawn[0]) in self._made:
            return False
        key, row = drawn
        self._made.add((table, place, key))
        self._of.setdefault(table, {}).setdefault(place, {})[key] = row
        self._tell(table, project, issue)
        return True

    def _tell(self, table: str, project: Project, issue: Issue) -> None:
        """Ties between issues are told, the others are not."""
        if table in BETWEEN_ISSUES:
            self._team.tell(
                project, "ISSUE_RELATIONSHIP_CHANGED", lambda: self._told(project, issue)
            )

    def _told(self, project: Project, issue: Issue) -> Row:
        inside = issue_body(self._team, project, issue)
        return {issue.kind.lower(): inside, "issue": inside}

    # Far ends

    def _draw(self, table: str, project: Project, issue: Issue) -> tuple[Key, Row] | None:
        """What tells a far end from the others at its issue, and its row; None: it does not fit."""
        if table in BETWEEN_ISSUES:
            return self._other_issue(table, project, issue)
        if table == CASES:
            return self._case(issue)
        if table == DEPOTS:
            return self._depot(project)
        return self._resource(project) if table == REFERENCES else self._work_item()

    def _other_issue(self, table: str, project: Project, issue: Issue) -> tuple[Key, Row] | None:
        for code in self._rng.choices(project.codes(), k=DRAWS):
            kinds = (issue.kind, project.issues[code].kind)
            fits = code != issue.code if table == BLOCKS else kinds == ("REQUIREMENT", "DEFECT")
            if fits:
                return (code,), {"Code": code}
        return None

    def _case(self, issue: Issue) -> tuple[Key, Row]:
        self._last_id += 1
        name, priority = f"Case for {issue.name}", self._rng.randrange(4)
        return (self._last_id,), {"Id": self._last_id, "Name": name, "Priority": priority}

    def _depot(self, project: Project) -> tuple[Key, Row]:
        home = self._rng.choice([project.id, *self._team.projects])
        depot_id = home * 10 + self._rng.randrange(3)
        return (depot_id,), {"DepotId": depot_id, "Name": f"demo-{depot_id}", "ProjectId": home}

    def _resource(self, project: Project) -> tuple[Key, Row]:
        self._last_id += 1
        home = self._rng.choice([project, *self._team.projects.values()])
        kind, name = self._rng.choice(RESOURCES)
        return (kind, self._last_id), {
            "ProjectId": home.id,
            "ProjectName": home.info.name,
            "ResourceCode": self._last_id % 1000,
            "ResourceId": self._last_id,
            "ResourceName": f"{name} {self._last_id}",
            "ResourceStatus": self._rng.choice(("", "未开始")),
            "ResourceType": kind,
        }

    def _work_item(self) -> tuple[Key, Row]:
        code = self._rng.choice(self.program.codes())
        return (self.program.id, code), {"Code": code}
