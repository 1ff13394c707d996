"""Depots at other services that projects have bound, and the team's depot specs."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from ...rows import Row

if TYPE_CHECKING:
    from ...project import Project
    from ...team import Team

SYSTEM_SPECS = {
    "单分支规范": ("支持 master 分支", ("master",)),
    "功能分支规范": ("支持 master、feature/* 分支", ("master", "feature/*")),
}
SERVICES = ("GITHUB", "GITLAB", "GITEE")
TYPES = (
    *("CODING", "TGIT", "GITHUB", "GITLAB", "GITLAB_PRIVATE", "GITEE", "NONE"),
    *("CODING_OTHER_PROJ", "COMMON_GIT_REPO"),
)
BOUND_MAX, SPECS_MAX = 6, 4


class Elsewhere:
    """Bound depots by project and id; the team's own specs by name, each with its details."""

    def __init__(self, team: Team, rng: Random) -> None:
        self._team = team
        self._rng = rng
        self._made = 9000
        self._bound: dict[int, dict[int, Row]] = {}
        self._specs = {
            name: _spec(name, "system", description, rules)
            for name, (description, rules) in SYSTEM_SPECS.items()
        }
        self._add_spec()

    def bound(self, project: Project) -> dict[int, Row]:
        """Rows of `CodingCIProjectDepot` by id."""
        if project.id not in self._bound:
            self._bound[project.id] = {}
            self._bind(project)
        return self._bound[project.id]

    def specs(self) -> dict[str, Row]:
        """`DepotSpecDetail` by name."""
        return self._specs

    def act(self, project: Project) -> str:
        """Bind or unbind a depot of another service, or change the team's specs."""
        rng, bound = self._rng, self.bound(project)
        if rng.random() < 0.4:
            return self._act_on_specs()
        if bound and (len(bound) >= BOUND_MAX or rng.random() < 0.5):
            number = rng.choice(tuple(bound))
            if rng.random() < 0.5:
                del bound[number]
                return f"a depot elsewhere unbound from {project.info.name}"
            bound[number] = {**bound[number], "Authorized": not bound[number]["Authorized"]}
            return f"a depot elsewhere authorized or not for {project.info.name}"
        self._bind(project)
        return f"a depot elsewhere bound to {project.info.name}"

    def _bind(self, project: Project) -> None:
        self._made += 1
        service = self._rng.choice(SERVICES)
        site = f"{service.lower()}.example.com/demo/part-{self._made}"
        self._bound[project.id][self._made] = {
            "Authorized": True,
            "DepotHttpsUrl": f"https://{site}.git",
            "DepotSshUrl": f"git@{site}.git",
            "DepotType": service,
            "Id": self._made,
            "IsDefault": False,
            "Name": f"part-{self._made}",
            "OpenModule": "continue_integration",
        }

    def _act_on_specs(self) -> str:
        own = [name for name, spec in self._specs.items() if spec["Type"] == "team"]
        if not own or (len(own) < SPECS_MAX and self._rng.random() < 0.4):
            return f"depot spec {self._add_spec()} made"
        name = self._rng.choice(own)
        if self._rng.random() < 0.4:
            del self._specs[name]
            return f"depot spec {name} removed"
        wild = not self._specs[name]["AllowPushWildRef"]
        self._specs[name] = {**self._specs[name], "AllowPushWildRef": wild}
        return f"depot spec {name} changed"

    def _add_spec(self) -> str:
        self._made += 1
        name = f"team-spec-{self._made}"
        self._specs[name] = _spec(name, "team", "Demo spec", ("master", "feature/*"))
        return name


def _spec(name: str, kind: str, description: str, rules: tuple[str, ...]) -> Row:
    types = [{"Description": "", "Name": f"type of {rule}", "Rule": rule} for rule in rules]
    directions = [
        {
            "SourceBranchTypeName": source["Name"],
            "SourceBranchTypeRule": source["Rule"],
            "TargetBranchTypeName": types[0]["Name"],
            "TargetBranchTypeRule": types[0]["Rule"],
        }
        for source in types[1:]
    ]
    return {
        "AllowPushWildRef": False,
        "DepotBranchTypeList": types,
        "DepotMergeRequestRuleList": directions,
        "Description": description,
        "Name": name,
        "Type": kind,
        "UseExistingSolution": False,
    }
