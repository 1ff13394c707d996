"""The values a team is made of. All are frozen: a change makes a new value in place of the old.

Times are milliseconds since 1970-01-01 UTC, exact; rows round them down to whole seconds.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

NO_DATE = 0  # an unset date on an issue
NO_ITERATION_DATE = -28_800_000  # an unset date on an iteration: 1970-01-01 00:00 at UTC+8
DAY_MS = 86_400_000
UTC8_MS = 8 * 3_600_000


class Event(Struct, frozen=True):
    """Something a Service Hook may tell. `body` lacks only `hook` and `hook_id`."""

    code: str
    project_id: int
    body: dict[str, Any]


class Member(Struct, frozen=True):
    """A person of the team. `status`: 1 active, 0 inactive, -1 locked, -3 left."""

    id: int
    name: str
    status: int = 1

    @property
    def global_key(self) -> str:
        return f"gk-{self.id}"


class Label(Struct, frozen=True):
    id: int
    name: str
    color: str


class IssueType(Struct, frozen=True):
    """`kind` is the large class (EPIC, DEFECT ...); a team-made type has a kind as well."""

    id: int
    kind: str
    name: str
    description: str
    is_system: bool = True


class Status(Struct, frozen=True):
    """`type` is TODO, PROCESSING or COMPLETED."""

    id: int
    index: int
    name: str
    type: str


class Option(Struct, frozen=True):
    value: str
    title: str


class Field(Struct, frozen=True):
    """An issue field; `type` is CUSTOM for fields made by the team."""

    id: int
    name: str
    type: str
    component: str
    options: tuple[Option, ...] = ()
    unit: str = ""
    created_ms: int = 0

    @property
    def is_custom(self) -> bool:
        return self.type == "CUSTOM"


class Iteration(Struct, frozen=True):
    """`code` is unique in its project, `id` in the team."""

    id: int
    code: int
    name: str
    creator_id: int
    created_ms: int
    updated_ms: int
    goal: str = ""
    status: str = "WAIT_PROCESS"
    start_ms: int = NO_ITERATION_DATE
    end_ms: int = NO_ITERATION_DATE
    assignee_id: int = 0
    starter_id: int = 0
    completer_id: int = 0


class Issue(Struct, frozen=True):
    """`code` is unique in its project, `id` in the team. `custom` maps field id to ValueString."""

    id: int
    code: int
    type_id: int
    kind: str
    name: str
    status_id: int
    creator_id: int
    created_ms: int
    updated_ms: int
    description: str = ""
    priority: str = "1"
    assignee_ids: tuple[int, ...] = ()
    watcher_ids: tuple[int, ...] = ()
    label_ids: tuple[int, ...] = ()
    iteration_code: int = 0
    parent_code: int = 0
    story_point: str = ""
    working_hours: float = 0.0
    start_date: int = NO_DATE
    due_date: int = NO_DATE
    completed_ms: int = NO_DATE
    custom: tuple[tuple[int, str], ...] = ()

    @property
    def updated_at(self) -> int:
        """What the API serves: whole seconds."""
        return self.updated_ms // 1000 * 1000


class ProjectInfo(Struct, frozen=True):
    """A project as `DescribeCodingProjects` knows it. `name` is the slug used as ProjectName."""

    id: int
    name: str
    display_name: str
    description: str
    created_ms: int
    updated_ms: int
    archived: bool = False


def whole_seconds(at_ms: int) -> int:
    """Round down to seconds, still in milliseconds; unset values stay what they are."""
    return at_ms if at_ms <= 0 else at_ms // 1000 * 1000
