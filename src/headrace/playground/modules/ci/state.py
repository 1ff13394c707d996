"""Build plans and their builds: queued, run, finished, removed; a finished build never changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from ...envelope import ApiError
from ...rows import Row
from . import rows
from .events import told
from .records import FINISHED, RUNNING, Build, Job

if TYPE_CHECKING:
    from ...project import Project
    from ...team import Team

Key = tuple[int | str, ...]
BUILDS_MAX = 30  # of one plan; at so many the oldest are removed
JOBS_MAX = 5  # of one project
_BRANCHES = ("master", "release/2", "修复")
_CAUSES = ("coding 手动触发", "push to master", "每日构建 🌙")
_TRIGGERS = (("REF_CHANGE",), ("MR_CHANGE", "REF_CHANGE"), ("CRON",))
_HOUR_MS = 3_600_000


class CI:
    """The module. A plan goes with its project, builds with their plan."""

    def __init__(self, team: Team, rng: Random) -> None:
        self._team = team
        self._rng = rng
        self._last_id = 20
        self._jobs: dict[int, Job] = {}
        self._builds: dict[int, dict[int, Build]] = {}
        for project in team.projects.values():
            for _ in range(rng.choice((1, 2, 2))):
                job = self.create_job(project, now_ms=team.began_ms)
                for hours in range(rng.randrange(8), 0, -1):
                    build = self.start(job.id, now_ms=team.began_ms - hours * _HOUR_MS)
                    if rng.random() < 0.8:
                        self.finish(build.id, now_ms=build.created_ms + 60_000)

    # Reading

    def jobs(self, project: Project) -> list[Job]:
        """The build plans of a project."""
        return [job for job in self._jobs.values() if job.project_id == project.id]

    def job(self, job_id: int) -> tuple[Project, Job]:
        """A build plan and its project. ApiError ResourceNotFound: there is none."""
        job = self._jobs.get(job_id)
        project = self._team.projects.get(job.project_id) if job else None
        if job is None or project is None:
            raise ApiError("ResourceNotFound", "Job not found")
        return project, job

    def builds(self, job_id: int) -> list[Build]:
        """The builds of a plan, newest first."""
        return list(reversed(self._builds.get(job_id, {}).values()))

    def build(self, build_id: int) -> tuple[Project, Job, Build]:
        """A build, its plan and its project. ApiError ResourceNotFound: there is none."""
        for job_id, builds in self._builds.items():
            if build_id in builds:
                return (*self.job(job_id), builds[build_id])
        raise ApiError("ResourceNotFound", "Build not found")

    # Changing

    def create_job(self, project: Project, *, now_ms: int) -> Job:
        """A new build plan."""
        rng = self._rng
        job = Job(
            id=self._next_id(),
            project_id=project.id,
            name=f"plan-{self._last_id}",
            depot_id=project.id * 10 + rng.randrange(3),
            creator_id=rng.choice(tuple(project.roles) or (self._team.owner_id,)),
            branch=rng.choice(_BRANCHES),
            triggers=rng.choice(_TRIGGERS),
            secrets=(("DEMO_TOKEN", f"secret-{self._last_id}"),),
            created_ms=now_ms,
            updated_ms=now_ms,
        )
        self._jobs[job.id] = job
        self._builds[job.id] = {}
        self._tell("CI_JOB_CREATED", job)
        return job

    def edit_job(self, job_id: int, *, now_ms: int, **fields: Any) -> None:
        """Change fields of a build plan."""
        self._jobs[job_id] = replace(self._jobs[job_id], updated_ms=now_ms, **fields)
        self._tell("CI_JOB_UPDATED", self._jobs[job_id])

    def delete_job(self, job_id: int) -> None:
        """Remove a build plan and its builds."""
        self._tell("CI_JOB_DELETED", self._jobs[job_id])
        del self._jobs[job_id], self._builds[job_id]

    def start(self, job_id: int, *, now_ms: int) -> Build:
        """A new build, queued."""
        job, builds = self._jobs[job_id], self._builds[job_id]
        number = next(reversed(builds.values())).number + 1 if builds else 1
        build = Build(
            id=self._next_id(),
            job_id=job_id,
            number=number,
            cause=self._rng.choice(_CAUSES),
            branch=job.branch,
            status="QUEUED",
            trigger_id=job.creator_id,
            created_ms=now_ms,
            updated_ms=now_ms,
        )
        builds[build.id] = build
        self._tell("CI_JOB_STARTED", job, build)
        return build

    def advance(self, build_id: int, *, now_ms: int) -> None:
        """The next status of a running build, or its next stage; no event tells of it."""
        _, _, build = self.build(build_id)
        place = RUNNING.index(build.status)
        changes: dict[str, Any] = {"status": RUNNING[min(place + 1, len(RUNNING) - 1)]}
        if place == 0:
            changes["obtained_ms"] = now_ms
        if changes["status"] == "RUNNING":
            changes["started_ms"] = build.started_ms if build.started_ms > 0 else now_ms
            changes["stage"] = build.stage + (build.status == "RUNNING")
        self._put(replace(build, updated_ms=now_ms, **changes))

    def finish(self, build_id: int, *, now_ms: int, status: str = "SUCCEED") -> None:
        """The end of a build."""
        _, job, build = self.build(build_id)
        started_ms = build.started_ms if build.started_ms > 0 else build.created_ms
        build = replace(
            build, status=status, started_ms=started_ms, duration_ms=now_ms - started_ms,
            obtained_ms=max(build.obtained_ms, build.created_ms), updated_ms=now_ms,
        )  # fmt: skip
        self._put(build)
        self._tell("CI_JOB_FINISHED", job, build)

    def delete_build(self, build_id: int) -> None:
        """Remove a build, whatever its status; no event tells of it."""
        _, job, _ = self.build(build_id)
        del self._builds[job.id][build_id]

    def step(self, now_ms: int) -> str:
        """Start, advance, finish or remove a build; make, change or remove a plan."""
        rng = self._rng
        projects = list(self._team.projects.values())
        if not projects:
            return "nobody builds"
        project = rng.choice(projects)
        jobs = self.jobs(project)
        if not jobs or (len(jobs) < JOBS_MAX and rng.random() < 0.04):
            return f"plan {self.create_job(project, now_ms=now_ms).name} made"
        job = rng.choice(jobs)
        if rng.random() < 0.06:
            self.edit_job(job.id, now_ms=now_ms, branch=rng.choice(_BRANCHES))
            return f"plan {job.name} changed"
        if len(jobs) > 1 and rng.random() < 0.03:
            self.delete_job(job.id)
            return f"plan {job.name} removed"
        return self._step_build(job, now_ms)

    def _step_build(self, job: Job, now_ms: int) -> str:
        rng, builds = self._rng, self.builds(job.id)
        if len(builds) >= BUILDS_MAX:
            self.delete_build(builds[-1].id)
            return f"oldest build of {job.name} removed"
        if not builds or rng.random() < 0.4:
            return f"build {self.start(job.id, now_ms=now_ms).number} of {job.name} queued"
        if rng.random() < 0.12:
            build = rng.choice(builds)
            self.delete_build(build.id)
            return f"build {build.number} of {job.name} removed"
        running = [build for build in builds if not build.has_finished]
        if not running:
            return f"{job.name} is idle"
        build = rng.choice(running)
        if rng.random() < 0.5:
            self.advance(build.id, now_ms=now_ms)
            return f"build {build.number} of {job.name} goes on"
        self.finish(build.id, now_ms=now_ms, status=rng.choice(FINISHED))
        return f"build {build.number} of {job.name} finished"

    def tables(self) -> Mapping[str, Callable[[], dict[Key, Row]]]:
        """See `modules.Module`. Stages and the like are those of finished builds."""
        return {
            "ci_jobs": self._job_rows,
            "ci_builds": self._build_rows,
            "ci_build_stages": lambda: self._hanging("id", rows.stages),
            "ci_build_steps": self._step_rows,
            "ci_build_artifacts": lambda: self._hanging("Id", rows.artifacts_kept),
            "ci_build_reports": lambda: self._hanging("Id", partial(rows.reports, self._team)),
        }

    def _all(self) -> Iterator[tuple[Project, Job]]:
        for project in self._team.projects.values():
            for job in self.jobs(project):
                yield project, job

    def _job_rows(self) -> dict[Key, Row]:
        return {(job.id,): rows.job_kept(self._team, p, job) for p, job in self._all()}

    def _build_rows(self) -> dict[Key, Row]:
        return {
            (job.id, build.id): rows.build_kept(job, build)
            for _, job in self._all()
            for build in self.builds(job.id)
        }

    def _finished(self) -> Iterator[Build]:
        for _, job in self._all():
            yield from (build for build in self.builds(job.id) if build.has_finished)

    def _hanging(self, name: str, made: Callable[[Build], list[Row]]) -> dict[Key, Row]:
        return {
            (build.job_id, build.id, _plain(row[name])): row
            for build in self._finished()
            for row in made(build)
        }

    def _step_rows(self) -> dict[Key, Row]:
        return {
            (build.job_id, build.id, int(stage["id"]), int(row["id"])): row
            for build in self._finished()
            for stage in rows.stages(build)
            for row in rows.steps(build, int(stage["id"]))
        }

    # Small steps

    def _next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def _put(self, build: Build) -> None:
        self._builds[build.job_id][build.id] = build

    def _tell(self, code: str, job: Job, build: Build | None = None) -> None:
        project = self._team.projects[job.project_id]
        build = build or next(iter(self.builds(job.id)), None)
        self._team.tell(project, code, lambda: told(self._team, project, code, job, build))


def _plain(ident: int | str) -> int | str:
    return int(ident) if str(ident).isdecimal() else ident
