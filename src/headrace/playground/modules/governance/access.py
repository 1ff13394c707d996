"""Who may do what: user groups and their members, policies, and what is granted on projects."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ...defaults import ROLES
from ...project import Project
from .rows import Group, Policy, Principal

if TYPE_CHECKING:
    from ...team import Team

GROUPS_MAX, POLICIES_MAX = 8, 20
PREDICATES = ("SELF_PARENT", "SELF_NONE", "NONE_PARENT")
ALLOWED = ("ram:createPolicy", "project:read", "depot:push", "wiki:*", "issue:update", "ci:run")
TYPES = (("team",), ("project",), ("depot",), ("team", "project"))
GROUP_NAMES = ("Developers", "测试组", "Reviewers", "Night shift 夜班")


class Access:
    """State and acts. What was taken away from somebody is never given back."""

    def __init__(self, team: Team, rng: Random) -> None:
        self._team = team
        self._rng = rng
        self.groups: dict[int, Group] = {}
        self.members: dict[int, dict[int, None]] = {}
        self.policies = {
            number: Policy(number, kind, alias, ("project",), ("project:read",))
            for kind, (number, alias) in ROLES.items()
        }
        self.policies[11] = Policy(11, "team-member", "普通成员", ("team",), ("team:read",))
        self.policies[12] = Policy(12, "depot-reader", "只读", ("depot",), ("depot:pull",))
        self.scopes: dict[int, dict[int, int]] = {21: dict.fromkeys(team.projects, team.began_ms)}
        self.predicates: dict[int, tuple[str, bool]] = {}
        self._attached: dict[tuple[int, int], int] = {}
        self._once: set[tuple[str, int, int]] = set()
        self._last_id = 40
        for _ in range(3):
            self._change_group(team.began_ms)
            self._change_policy(team.began_ms)

    # Reading

    def policies_for(self, kind: str) -> list[Policy]:
        """The policies listed under a kind of resource."""
        return [policy for policy in self.policies.values() if kind in policy.types]

    def principals(self, project: Project) -> list[Principal]:
        """The members of a project and the user groups in it."""
        since_ms = project.info.created_ms
        users = [
            Principal(
                "USER", n, self._team.members[n].name, since_ms, self.policies[ROLES[kind][0]]
            )
            for n, kind in project.roles.items()
        ]
        guest = self.policies[ROLES["ProjectGuest"][0]]
        groups = [
            Principal("USER_GROUP", group, self.groups[group].name, attached_ms, guest)
            for (project_id, group), attached_ms in self._attached.items()
            if project_id == project.id
        ]
        return users + groups

    def predicate(self, project_id: int) -> tuple[str, bool]:
        """How a project's rights are judged, and whether it has an administrator."""
        return self.predicates.get(project_id, ("SELF_PARENT", True))

    # Living

    def _new_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def _first_time(self, what: str, above: int, number: int) -> bool:
        fresh = (what, above, number) not in self._once
        self._once.add((what, above, number))
        return fresh

    def _change_group(self, now_ms: int) -> str:
        """A group is made, called otherwise, or dissolved."""
        dice = self._rng.random()
        if len(self.groups) < 2 or (dice < 0.4 and len(self.groups) < GROUPS_MAX):
            group = Group(self._new_id(), self._rng.choice(GROUP_NAMES), "", now_ms)
            self.groups[group.id] = group
            self.members[group.id] = dict.fromkeys(self._some_members())
            return f"user group {group.name} was made"
        group = self._rng.choice(list(self.groups.values()))
        if dice < 0.8:
            self.groups[group.id] = replace(group, description=f"since step {int(dice * 100)}")
            return f"user group {group.name} was described"
        del self.groups[group.id], self.members[group.id]
        self._attached = {k: v for k, v in self._attached.items() if k[1] != group.id}
        return f"user group {group.name} was dissolved"

    def _some_members(self) -> list[int]:
        return self._rng.sample(list(self._team.members), 4)

    def _change_members(self, _: int) -> str:
        """Somebody joins a group or leaves it."""
        group = self._rng.choice(list(self.groups.values()))
        people = self.members[group.id]
        if people and self._rng.random() < 0.5:
            left = self._rng.choice(list(people))
            del people[left]
            self._once.add(("member", group.id, left))
            return f"member-{left} left user group {group.name}"
        joins = self._some_members()[0]
        if ("member", group.id, joins) not in self._once:
            people[joins] = None
        return f"member-{joins} was asked into user group {group.name}"

    def _attach(self, now_ms: int) -> str:
        """A group comes to a project, or leaves it for good."""
        if not self._team.projects:
            return "there is no project to come to"
        place = (self._rng.choice(list(self._team.projects)), self._rng.choice(list(self.groups)))
        if place in self._attached:
            del self._attached[place]
            return f"user group {place[1]} left project {place[0]}"
        if self._first_time("group", *place):
            self._attached[place] = now_ms
        return f"user group {place[1]} was asked to project {place[0]}"

    def _change_policy(self, _: int) -> str:
        """A policy is written, written anew, or dropped."""
        dice = self._rng.random()
        custom = [policy for policy in self.policies.values() if policy.custom]
        actions = tuple(sorted(self._rng.sample(ALLOWED, 2)))
        if not custom or (dice < 0.4 and len(self.policies) < POLICIES_MAX):
            number, types = self._new_id(), self._rng.choice(TYPES)
            name = f"policy-{number}"
            policy = Policy(number, name, f"权限 {number}", types, actions, custom=True)
            self.policies[number] = policy
            return f"{name} was written"
        policy = self._rng.choice(custom)
        if dice < 0.8:
            version = policy.version + 1
            self.policies[policy.id] = replace(policy, actions=actions, version=version)
            return f"{policy.name} was written anew"
        del self.policies[policy.id]
        self.scopes.pop(policy.id, None)
        return f"{policy.name} was dropped"

    def _change_scope(self, now_ms: int) -> str:
        """A policy may be used in one more project, or no longer."""
        if not self._team.projects:
            return "there is no project to use a policy in"
        policy = self._rng.choice(list(self.policies.values()))
        places = self.scopes.setdefault(policy.id, {})
        project_id = self._rng.choice(list(self._team.projects))
        if project_id in places:
            del places[project_id]
            self._once.add(("scope", policy.id, project_id))
            return f"{policy.name} may not be used in project {project_id}"
        if self._first_time("scope", policy.id, project_id):
            places[project_id] = now_ms
        return f"{policy.name} was offered to project {project_id}"

    def _judge(self, _: int) -> str:
        """A project's rights are judged otherwise."""
        if not self._team.projects:
            return "there is nothing to judge"
        project_id = self._rng.choice(list(self._team.projects))
        chosen = self._rng.choice(PREDICATES), self._rng.random() < 0.8
        self.predicates[project_id] = chosen
        return f"project {project_id} is judged by {chosen[0]}"


ACCESS_ACTS: tuple[Callable[[Access, int], str], ...] = (
    Access._change_group,
    Access._change_members,
    Access._change_members,
    Access._attach,
    Access._change_policy,
    Access._change_scope,
    Access._change_scope,
    Access._judge,
)
