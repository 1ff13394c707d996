"""People come, are locked, change departments, become administrators, and add and drop SSH keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ...records import Member
from ...rows import Row
from ...rows import team as team_row
from .rows import (
    ROOT,
    Department,
    Place,
    SshKey,
    admin_row,
    department_member_row,
    member_row,
    ref_id,
)

if TYPE_CHECKING:
    from ...team import Team

Key = tuple[int | str, ...]
MEMBERS_MAX = 40
DEPARTMENTS_MAX = 12
KEYS_MAX = 60
STATUSES = (1, 1, 0, -1, -2, -3)
NAMES = ("Engineering", "产品部", "Operations 运维", "Quality", "Design", "销售部")


class People:
    """The module. Nobody comes back to a list once left: not to a department, not as an admin."""

    def __init__(self, team: Team, rng: Random) -> None:
        self._team = team
        self._rng = rng
        self.departments = {ROOT: Department(ROOT, team.name, 0, team.owner_id)}
        self.keys: dict[int, SshKey] = {}
        self._charges: dict[int, dict[int, bool]] = {ROOT: {}}
        self._roles = {team.owner_id: "EnterpriseOwner", 2: "EnterpriseAdmin", 3: "EnterpriseAdmin"}
        self._exts: dict[int, str] = {}
        self._once: set[tuple[str, int, int]] = set()
        self._last_key = 0
        for name in NAMES[:3]:
            self._found(name, ROOT)
        self._found(NAMES[3], ROOT + 1)
        for member_id in team.members:
            if member_id % 4:
                self._place(member_id, rng.choice(list(self.departments)))
            if member_id % 5 == 0:
                self._add_key(member_id, team.began_ms)

    # Reading

    def role(self, member_id: int) -> str:
        """The type of a person's role in the team."""
        return self._roles.get(member_id, "EnterpriseMember")

    def admins(self) -> list[Member]:
        """The owner and the administrators."""
        found = [n for n in self._team.members if self.role(n) != "EnterpriseMember"]
        return [self._team.members[n] for n in found]

    def places(self, member_id: int) -> list[Place]:
        """The departments of a person, and those above them."""
        found: dict[int, Place] = {}
        for number, people in self._charges.items():
            if member_id in people:
                found[number] = Place(self.departments[number], True, people[member_id])
        for number in list(found):
            for above in self._above(number):
                found.setdefault(above.id, Place(above, False))
        return list(found.values())

    def _above(self, number: int) -> Iterator[Department]:
        while above := self.departments.get(self.departments[number].parent_id):
            yield above
            number = above.id

    def below(self, number: int) -> list[Department]:
        """The departments right below one."""
        return [found for found in self.departments.values() if found.parent_id == number]

    def members_of(self, number: int, *, direct: bool) -> list[Member]:
        """Who belongs to a department, or only who belongs to it directly."""
        ids = set(self._charges[number])
        for found in () if direct else self.below(number):
            ids |= {member.id for member in self.members_of(found.id, direct=False)}
        return [member for member in self._team.members.values() if member.id in ids]

    def member_row(self, member: Member, *, departments: bool = True) -> Row:
        """As `DescribeTeamMembers` serves it."""
        places = self.places(member.id) if departments else []
        ext = self._exts.get(member.id, "")
        return member_row(self._team, member, self.role(member.id), ext, places)

    def department_member_row(self, member: Member) -> Row:
        """As `DescribeDepartmentMembers` serves it."""
        return department_member_row(self._team, member, self.places(member.id))

    def tables(self) -> Mapping[str, Callable[[], dict[Key, Row]]]:
        """See `modules.Module`."""
        team = self._team
        return {
            "team_members": lambda: {(m.id,): self.member_row(m) for m in team.members.values()},
            "teams": lambda: {(team.id,): team_row(team)},
            "team_admins": lambda: {(m.id,): admin_row(team, m) for m in self.admins()},
            "departments": lambda: {
                (d.id,): d.row(team) | {"RootId": ROOT} for d in self.departments.values()
            },
            "department_members": lambda: {
                (number, ref_id(member)): self.department_member_row(member)
                for number in self.departments
                for member in self.members_of(number, direct=True)
            },
            "member_ssh_keys": lambda: {(key.id,): key.row() for key in self.keys.values()},
        }

    # Living

    def step(self, now_ms: int) -> str:
        """One of the acts below."""
        return self._rng.choice(ACTS)(self, now_ms)

    def _member(self) -> int:
        return self._rng.choice(list(self._team.members))

    def _join(self, now_ms: int) -> str:
        if len(self._team.members) >= MEMBERS_MAX:
            return self._restate(now_ms)
        member_id = max(self._team.members) + 1
        self._team.members[member_id] = Member(member_id, f"member-{member_id}", status=0)
        return f"member-{member_id} joined the team"

    def _restate(self, _: int) -> str:
        member_id, status = self._member(), self._rng.choice(STATUSES)
        if member_id == self._team.owner_id:
            status = 1
        self._team.change_member(member_id, status=status)
        return f"member-{member_id} has status {status}"

    def _extend(self, _: int) -> str:
        member_id = self._member()
        self._exts[member_id] = f"E-{member_id:04d}-{self._rng.randrange(9)}"
        return f"member-{member_id} got the number {self._exts[member_id]}"

    def _appoint(self, _: int) -> str:
        member_id = self._member()
        if self.role(member_id) == "EnterpriseAdmin":
            self._once.add(("admin", 0, member_id))
            del self._roles[member_id]
            return f"member-{member_id} is no administrator any more"
        if member_id != self._team.owner_id and ("admin", 0, member_id) not in self._once:
            self._roles[member_id] = "EnterpriseAdmin"
        return f"member-{member_id} is {self.role(member_id)}"

    def _found(self, name: str, parent_id: int) -> None:
        number = ROOT + len(self._charges)
        self._charges[number] = {}
        self.departments[number] = Department(number, name, parent_id, self._team.owner_id)

    def _reorganize(self, _: int) -> str:
        """A new department, or another name for one, or its end."""
        chosen = self._rng.choice(list(self.departments.values()))
        dice = self._rng.random()
        if dice < 0.4 and len(self.departments) < DEPARTMENTS_MAX:
            self._found(self._rng.choice(NAMES), chosen.id)
            return f"a department was founded below {chosen.name}"
        if dice < 0.8 or chosen.id == ROOT or self.below(chosen.id):
            name = f"{self._rng.choice(NAMES)} {self._rng.randrange(9)}"
            self.departments[chosen.id] = replace(chosen, name=name)
            return f"{chosen.name} is called {name}"
        self._charges[chosen.id].clear()
        del self.departments[chosen.id]
        return f"{chosen.name} was closed"

    def _move(self, _: int) -> str:
        """Somebody goes to a department, leaves one, or is put in charge of it."""
        member_id, number = self._member(), self._rng.choice(list(self.departments))
        people = self._charges[number]
        if member_id not in people:
            self._place(member_id, number)
            return f"member-{member_id} went to {self.departments[number].name}"
        if self._rng.random() < 0.5:
            people[member_id] = not people[member_id]
            return f"member-{member_id} changed charge of {self.departments[number].name}"
        del people[member_id]
        return f"member-{member_id} left {self.departments[number].name}"

    def _place(self, member_id: int, number: int) -> None:
        if ("department", number, member_id) not in self._once:
            self._once.add(("department", number, member_id))
            self._charges[number][member_id] = False

    def _add_key(self, member_id: int, now_ms: int) -> None:
        self._last_key += 1
        title = f"laptop {self._last_key}"
        key = SshKey(self._last_key, member_id, title, now_ms, "2027-12-31")
        self.keys[key.id] = key

    def _change_keys(self, now_ms: int) -> str:
        """A key is added, is over, or is dropped."""
        dice = self._rng.random()
        if not self.keys or (dice < 0.5 and len(self.keys) < KEYS_MAX):
            member_id = self._member()
            self._add_key(member_id, now_ms)
            return f"member-{member_id} added an SSH key"
        key = self._rng.choice(list(self.keys.values()))
        if dice < 0.75 and not key.expired:
            self.keys[key.id] = replace(key, expired=True)
            return f"an SSH key of member-{key.owner_id} is over"
        del self.keys[key.id]
        return f"member-{key.owner_id} dropped an SSH key"


Act = Callable[[People, int], str]
ACTS: tuple[Act, ...] = (
    People._join,
    People._restate,
    People._extend,
    People._appoint,
    People._reorganize,
    People._move,
    People._move,
    People._change_keys,
)
