"""The values of continuous integration. What hangs on a build follows from the build itself."""

from __future__ import annotations

from msgspec import Struct

RUNNING = ("QUEUED", "INITIALIZING", "NOT_BUILT", "RUNNING")
FINISHED = ("SUCCEED", "FAILED", "ABORTED", "TIMEOUT")
NOT_YET = -28_800_000  # a moment that has not come


class Job(Struct, frozen=True):
    """A build plan of a project. `secrets`: names of environment variables and their values."""

    id: int
    project_id: int
    name: str
    depot_id: int
    creator_id: int
    branch: str
    triggers: tuple[str, ...]
    secrets: tuple[tuple[str, str], ...]
    created_ms: int
    updated_ms: int


class Build(Struct, frozen=True):
    """One run of a build plan; it does not change any more once it has finished."""

    id: int
    job_id: int
    number: int
    cause: str
    branch: str
    status: str
    trigger_id: int
    created_ms: int
    updated_ms: int
    obtained_ms: int = NOT_YET
    started_ms: int = NOT_YET
    duration_ms: int = 0
    stage: int = 0

    @property
    def has_finished(self) -> bool:
        """Whether all that hangs on it is there."""
        return self.status in FINISHED

    @property
    def commit(self) -> str:
        """The SHA it builds."""
        return f"{self.id * 0x9E3779B97F4A7C15 % 2**160:040x}"

    @property
    def stages(self) -> int:
        """How many stages it goes through."""
        return 1 + self.id % 3
