"""A CODING team as a seeded state machine: no I/O, no clock of its own.

Everything that changes goes through a method that is told the time. The same seed and the same
calls give the same team, byte for byte.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from random import Random
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec.structs import replace

from . import beginning, events, living, rows
from .defaults import KINDS, LABEL_COLORS, STATUS_IDS_OF_KIND
from .modules import MODULES, Module
from .modules.files.store import Files
from .project import Project
from .records import Event, Field, Issue, Iteration, Label, Member, Option, ProjectInfo
from .rows import Row
from .truth import TABLES, Key, table_rows

if TYPE_CHECKING:
    from .hooks import Hooks

EVENTS_MAX = 20_000
MODULES_SHARE = 0.6
UNTOLD = {"updated_ms", "completed_ms"}
TOLD_BY = {
    "ISSUE_STATUS_UPDATED": ("status_id",),
    "ISSUE_ASSIGNEE_CHANGED": ("assignee_ids",),
    "ISSUE_ITERATION_CHANGED": ("iteration_code",),
    "ISSUE_RELATIONSHIP_CHANGED": ("parent_code",),
}


M = TypeVar("M", bound=Module)
Onlooker = Callable[[Project, Issue, Issue, int], None]
"""A module that is shown every change of an issue: the project, old, new, and when."""


class Team:
    """`projects` projects that share `issues` issues, created over the year before `now_ms`.

    `listening`: keep an `Event` for every change until `take_events()`; off by default.
    `remember_ms`: for how long earlier versions of issues are kept (for a lagging view).
    """

    def __init__(self, seed: int, projects: int, issues: int, now_ms: int) -> None:
        self.id = 7001
        self.name = "Demo Team"
        self.domain = "demo-team"
        self.site = f"https://{self.domain}.coding.net"
        self.served_at = "https://e.coding.net"  # where depots and files are
        self.files = Files(self)
        self.owner_id = beginning.OWNER
        self.members = {n: Member(n, f"member-{n}") for n in range(1, beginning.MEMBERS + 1)}
        self.projects: dict[int, Project] = {}
        self.listening = False
        self.events: deque[Event] = deque(maxlen=EVENTS_MAX)
        self.remember_ms = 0
        self.began_ms = now_ms
        self.modules: dict[str, Module] = {}
        self.hooks: Hooks | None = None
        self.onlookers: list[Onlooker] = []
        self._seed = seed
        self._rng = Random(seed)
        self._users: dict[int, Row] = {}
        self._user_jsons: dict[int, str] = {}
        self._next_field_id = 1001
        beginning.fill(self, self._rng, projects, issues, now_ms)
        self._next_project_id = 101 + projects
        self._issues_max = 2 * issues + 50

    # Reading

    def rows(self, table: str) -> dict[Key, Row]:
        """The list rows the API would serve now, hidden projects included, by key.

        Tables and keys: see `truth.TABLES`, and `tables` of each module.
        """
        if table in TABLES:
            return table_rows(self, table)
        for name in dict.fromkeys((*self.modules, *MODULES)):  # those at hand before new ones
            tables = self._module(name).tables()
            if table in tables:
                return tables[table]()
        raise KeyError(table)

    def module(self, kind: type[M]) -> M:
        """The team's module of this kind; made at the first question."""
        name = next(name for name, made in MODULES.items() if made is kind)
        found = self._module(name)
        assert isinstance(found, kind)
        return found

    def _module(self, name: str) -> Module:
        if name not in self.modules:
            dice = Random(f"{self._seed} {name}")
            listening, self.listening = self.listening, False  # it has been there all along
            self.modules[name] = MODULES[name](self, dice)
            self.listening = listening
        return self.modules[name]

    def project_named(self, name: str) -> Project | None:
        return next((p for p in self.projects.values() if p.info.name == name), None)

    def user(self, member_id: int) -> Row:
        """A person inside an issue; id 0 is nobody. Not to be changed by the caller."""
        if member_id not in self._users:
            self._users[member_id] = rows.user(self.members.get(member_id), self.id)
        return self._users[member_id]

    def user_json(self, member_id: int) -> str:
        if member_id not in self._user_jsons:
            self._user_jsons[member_id] = rows.user_json(self.members[member_id], self.id)
        return self._user_jsons[member_id]

    def take_events(self) -> list[Event]:
        """All events since the last call, oldest first (at most the last 20,000)."""
        taken = list(self.events)
        self.events.clear()
        return taken

    # Living

    def step(self, now_ms: int) -> str:
        """One random act of the team. Returns it in one line."""
        if self.modules and self._rng.random() < MODULES_SHARE:
            return self._rng.choice(list(self.modules.values())).step(now_ms)
        return living.act(self, self._rng, now_ms, issues_max=self._issues_max)

    # Issues

    def create_issue(
        self, project_id: int, *, now_ms: int, kind: str = "MISSION", **fields: Any
    ) -> int:
        """Returns the new issue's code. `fields`: names of `records.Issue`."""
        project = self.projects[project_id]
        code = project.last_code + 1
        values: dict[str, Any] = {
            "type_id": beginning.TYPE_OF_KIND[kind],
            "name": f"Issue (#{code})",
            "status_id": STATUS_IDS_OF_KIND[kind][0],
            "creator_id": self.owner_id,
            "watcher_ids": (self.owner_id,),
        } | fields
        issue = Issue(
            id=project.id * 1_000_000 + code,
            code=code,
            kind=kind,
            created_ms=now_ms,
            updated_ms=now_ms,
            **values,
        )
        return self.add_issue(project, issue, now_ms)

    def add_issue(self, project: Project, issue: Issue, now_ms: int) -> int:
        project.last_code = max(project.last_code, issue.code)
        project.put(issue, now_ms=now_ms, remember_ms=self.remember_ms)
        self._tell_issue(project, "ISSUE_CREATED", issue)
        return issue.code

    def update_issue(
        self, project_id: int, code: int, *, now_ms: int, touch: bool = True, **fields: Any
    ) -> None:
        """Change fields of `records.Issue`. `touch=False` leaves UpdatedAt alone."""
        project = self.projects[project_id]
        old = project.issues[code]
        if touch:
            fields["updated_ms"] = max(old.updated_ms, now_ms)
        if "status_id" in fields and "completed_ms" not in fields:
            done = project.statuses[fields["status_id"]].type == "COMPLETED"
            fields["completed_ms"] = (old.completed_ms or now_ms) if done else 0
        issue = replace(old, **fields)
        project.put(issue, now_ms=now_ms, remember_ms=self.remember_ms)
        for look_on in self.onlookers:
            look_on(project, old, issue, now_ms)
        if self.listening:
            self._tell_update(project, old, issue)

    def delete_issue(self, project_id: int, code: int, *, now_ms: int) -> None:
        """Sub tasks go with their parent; other children lose it, without a new UpdatedAt."""
        project = self.projects[project_id]
        for child in [i for i in project.issues.values() if i.parent_code == code]:
            if child.kind == "SUB_TASK":
                self.delete_issue(project_id, child.code, now_ms=now_ms)
            else:
                self.update_issue(project_id, child.code, now_ms=now_ms, touch=False, parent_code=0)
        issue = project.issues[code]
        self._tell_issue(project, "ISSUE_DELETED", issue)
        project.drop(code, now_ms=now_ms, remember_ms=self.remember_ms)

    def set_labels(
        self, project_id: int, code: int, labels: Iterable[str], *, now_ms: int, touch: bool = True
    ) -> None:
        """Give an issue exactly these labels; unknown names become labels of the project."""
        project = self.projects[project_id]
        known = {label.name: label.id for label in project.labels.values()}
        ids = []
        for name in labels:
            if name not in known:
                label_id = max(project.labels, default=project.id * 100) + 1
                project.labels[label_id] = Label(label_id, name, LABEL_COLORS[0])
                known[name] = label_id
            ids.append(known[name])
        self.update_issue(project_id, code, now_ms=now_ms, touch=touch, label_ids=tuple(ids))

    # Members

    def change_member(self, member_id: int, **fields: Any) -> None:
        """Change a person (fields of `records.Member`), wherever rows show them."""
        self.members[member_id] = replace(self.members[member_id], **fields)
        self._users.pop(member_id, None)
        self._user_jsons.pop(member_id, None)
        for project in self.projects.values():
            project.forget_rows()

    def add_member(
        self, project_id: int, member_id: int, *, now_ms: int, role: str = "ProjectMember"
    ) -> None:
        """Let a person of the team join a project, or give a member another role."""
        del now_ms  # member rows carry no time
        project = self.projects[project_id]
        code = "MEMBER_ROLE_UPDATED" if member_id in project.roles else "MEMBER_CREATED"
        project.roles[member_id] = role
        self._tell_member(project, code, member_id)

    def remove_member(self, project_id: int, member_id: int, *, now_ms: int) -> None:
        del now_ms
        project = self.projects[project_id]
        del project.roles[member_id]
        self._tell_member(project, "MEMBER_DELETED", member_id)

    # Iterations

    def create_iteration(self, project_id: int, *, now_ms: int, **fields: Any) -> int:
        """Returns the new iteration's code. `fields`: names of `records.Iteration`."""
        project = self.projects[project_id]
        code = project.last_iteration_code = project.last_iteration_code + 1
        values: dict[str, Any] = {"name": f"Sprint {code}", "creator_id": self.owner_id} | fields
        iteration = Iteration(
            id=project.id * 1000 + code, code=code, created_ms=now_ms, updated_ms=now_ms, **values
        )
        project.put_iteration(iteration)
        self._tell_iteration(project, "ITERATION_CREATED", iteration)
        return code

    def update_iteration(
        self, project_id: int, code: int, *, now_ms: int, touch: bool = True, **fields: Any
    ) -> None:
        project = self.projects[project_id]
        old = project.iterations[code]
        if touch:
            fields["updated_ms"] = max(old.updated_ms, now_ms)
        project.put_iteration(replace(old, **fields))
        self._tell_iteration(project, "ITERATION_UPDATED", project.iterations[code])

    def delete_iteration(self, project_id: int, code: int, *, now_ms: int) -> None:
        """Its issues lose it, without a new UpdatedAt."""
        project = self.projects[project_id]
        for issue in [i for i in project.issues.values() if i.iteration_code == code]:
            moved = replace(issue, iteration_code=0)
            project.put(moved, now_ms=now_ms, remember_ms=self.remember_ms)
        self._tell_iteration(project, "ITERATION_DELETED", project.iterations[code])
        del project.iterations[code]
        project.forget_rows()

    # Projects

    def create_project(self, name: str, *, now_ms: int, display_name: str = "") -> int:
        """Returns the new project's id. `name` is the lower-case slug."""
        project_id = self._next_project_id
        self._next_project_id += 1
        info = ProjectInfo(project_id, name, display_name or name, "", now_ms, now_ms)
        project = self.projects[project_id] = beginning.new_project(info)
        project.roles[self.owner_id] = "ProjectAdmin"
        return project_id

    def archive_project(self, project_id: int, *, now_ms: int, archived: bool = True) -> None:
        self._change_project(project_id, now_ms, archived=archived)

    def rename_project(
        self, project_id: int, *, now_ms: int, name: str | None = None, display_name: str = ""
    ) -> None:
        """`name` changes the ProjectName by which Actions find it, `display_name` the title."""
        changes = {"name": name, "display_name": display_name}
        self._change_project(project_id, now_ms, **{k: v for k, v in changes.items() if v})

    def delete_project(self, project_id: int, *, now_ms: int) -> None:
        del now_ms
        del self.projects[project_id]

    def hide_project(self, project_id: int, hidden: bool = True) -> None:
        """Take a project out of every token's sight, or bring it back. Nothing is deleted."""
        self.projects[project_id].hidden = hidden

    def add_field(
        self,
        project_id: int,
        name: str,
        component: str,
        *,
        now_ms: int,
        kinds: Sequence[str] = KINDS,
        options: Sequence[str] = (),
    ) -> int:
        """Add a custom field to the types of `kinds`; returns its id. No issue has a value yet."""
        project = self.projects[project_id]
        field_id = self._next_field_id
        self._next_field_id += 1
        choices = tuple(Option(str(n), title) for n, title in enumerate(options, 1))
        field = Field(field_id, name, "CUSTOM", component, choices, created_ms=now_ms)
        for kind in kinds:
            project.fields[kind] = (*project.fields[kind], field)
        return field_id

    # Telling

    def _change_project(self, project_id: int, now_ms: int, **changes: Any) -> None:
        project = self.projects[project_id]
        updated_ms = max(project.info.updated_ms, now_ms)
        project.info = replace(project.info, updated_ms=updated_ms, **changes)

    def _tell_update(self, project: Project, old: Issue, new: Issue) -> None:
        changed = {f for f in new.__struct_fields__ if getattr(old, f) != getattr(new, f)} - UNTOLD
        for code, names in TOLD_BY.items():
            if changed.intersection(names):
                self._tell_issue(project, code, new)
                changed.difference_update(names)
        if new.iteration_code != old.iteration_code and new.iteration_code in project.iterations:
            sprint = project.iterations[new.iteration_code]
            self._tell_iteration(project, "ITERATION_PLANNED", sprint)
        if "custom" in changed:
            before, after = dict(old.custom), dict(new.custom)
            ids = {n for n in before | after if before.get(n) != after.get(n)}
            fields = tuple(f for f in project.fields[new.kind] if f.id in ids)
            self._tell_issue(project, "ISSUE_UPDATED", new, fields)
        elif changed:
            self._tell_issue(project, "ISSUE_UPDATED", new)

    def _tell_issue(
        self, project: Project, code: str, issue: Issue, fields: tuple[Field, ...] = ()
    ) -> None:
        if self.listening:
            self.events.append(events.issue_event(self, project, code, issue, fields=fields))

    def tell(self, project: Project, code: str, told: Callable[[], Row]) -> None:
        """Let a module tell of an event; `told` makes what its body has beside the common head."""
        if self.listening:
            self.events.append(events.event(self, project, code, told()))

    def _tell_iteration(self, project: Project, code: str, iteration: Iteration) -> None:
        if self.listening:
            self.events.append(events.iteration_event(self, project, code, iteration))

    def _tell_member(self, project: Project, code: str, member_id: int) -> None:
        if self.listening:
            member = self.members[member_id]
            self.events.append(events.member_event(self, project, code, member))
