"""What the resources of a project refer to: issues named in the text of a merge request."""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random
from typing import TYPE_CHECKING

from ...defaults import KIND_NAMES
from ...records import Issue
from ...rows import Row
from .part import Key, Tables

if TYPE_CHECKING:
    from ...project import Project
    from ...team import Team

TYPES = {
    "EPIC": "Epic",
    "REQUIREMENT": "Requirement",
    "MISSION": "Mission",
    "DEFECT": "Defect",
    "SUB_TASK": "SubTask",
}


class References:
    """By project and number; what a resource cites is drawn when somebody first asks.

    An issue that is no longer cited is never cited again.
    """

    def __init__(self, team: Team, rng: Random) -> None:
        self._team = team
        self._rng = rng
        self._of: dict[tuple[int, int], dict[int, bool]] = {}

    def citing(self, project: Project, number: int) -> list[Row]:
        """`ResourceReferenceResourceInfo`s of one resource; issues that are gone are not shown."""
        cited = self._cited(project, number)
        issues = [project.issues[c] for c, now in cited.items() if now and c in project.issues]
        return [self._row(project, issue) for issue in issues]

    def step(self, now_ms: int) -> str:
        """The text of a resource names another issue, or one issue less."""
        del now_ms
        places = [place for place in self._of if place[0] in self._team.projects]
        if not places:
            return "nobody names an issue"
        project_id, number = self._rng.choice(places)
        project, cited = self._team.projects[project_id], self._of[project_id, number]
        where = f"resource {number} in {project.info.name}"
        living = [code for code, now in cited.items() if now]
        if living and self._rng.random() < 0.4:
            cited[self._rng.choice(living)] = False
            return f"{where} names one issue less"
        if project.issues:
            cited.setdefault(self._rng.choice(project.codes()), True)
        return f"{where} names issues"

    def tables(self) -> Tables:
        """See `modules.Module`."""
        return {"resource_references": lambda: dict(self._rows())}

    def _rows(self) -> Iterator[tuple[Key, Row]]:
        """As a reader keeps them: one object, without the text of markup."""
        for (depot_id, number), request in self._team.rows("merge_requests").items():
            project = self._team.projects[request["ProjectId"]]
            for shown in self.citing(project, int(number)):
                row = {**shown["Resource"], **shown["Scope"]}
                del row["Meta"]
                yield (depot_id, number, row["ResourceType"], row["ResourceId"]), row

    def _cited(self, project: Project, number: int) -> dict[int, bool]:
        place = (project.id, number)
        if place not in self._of:
            dice, codes = Random(f"{project.id} {number}"), project.codes()
            chosen = dice.sample(codes, min(len(codes), dice.randrange(3)))
            self._of[place] = dict.fromkeys(chosen, True)
        return self._of[place]

    def _row(self, project: Project, issue: Issue) -> Row:
        link = f"/p/{project.info.name}/all/issues/{issue.code}"
        status = project.statuses[issue.status_id]
        return {
            "Scope": {
                "ScopeType": 1,
                "ScopeId": project.id,
                "ScopeName": project.info.name,
                "ScopeDisplayName": project.info.display_name,
            },
            "Resource": {
                "ResourceType": TYPES[issue.kind],
                "ResourceTypeName": KIND_NAMES[issue.kind],
                "ResourceId": str(issue.id),
                "ResourceCode": str(issue.code),
                "Title": issue.name,
                "Icon": f"/static/reference/{TYPES[issue.kind]}.svg",
                "Meta": json.dumps({"statusName": status.name, "link": link}, ensure_ascii=False),
            },
        }
