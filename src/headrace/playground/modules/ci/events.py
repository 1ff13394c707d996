"""Bodies of the CI_JOB_* events, beside the head that all events share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...events import sender
from ...rows import Row
from .records import Build, Job

if TYPE_CHECKING:
    from ...project import Project
    from ...team import Team

NAMES = {
    "CI_JOB_CREATED": "创建构建计划",
    "CI_JOB_UPDATED": "修改构建计划",
    "CI_JOB_DELETED": "删除构建计划",
    "CI_JOB_STARTED": "启动构建计划",
    "CI_JOB_FINISHED": "构建计划执行结束",
}


def told(team: Team, project: Project, code: str, job: Job, build: Build | None) -> Row:
    """What an event says of a build plan, its build and its repository."""
    plan: Row = {
        "id": job.id,
        "name": job.name,
        "branch_regex": f"^refs/heads/{job.branch}$",
        "creator_id": job.creator_id,
        "project_id": project.id,
        "depot_id": job.depot_id,
        "jenkins_file_path": "Jenkinsfile",
        "created_at": job.created_ms,
        "updated_at": job.updated_ms,
        "trigger_method": job.triggers[0],
    }
    if build is not None:
        plan["build"] = _build(job, build)
    return {"eventName": NAMES[code], "ci": plan, "repository": _repository(team, project, job)}


def _build(job: Job, build: Build) -> Row:
    return {
        "id": build.id,
        "number": build.number,
        "cci_id": f"cci-{job.id}-{build.id}",
        "cause": build.cause,
        "commit_id": build.commit,
        "branch": build.branch,
        "job_id": job.id,
        "trigger_user_id": build.trigger_id,
        "created_at": build.created_ms,
        "updated_at": build.updated_ms,
        "failed_message": "step 2 failed" if build.status == "FAILED" else "",
        "duration": build.duration_ms,
        "status": build.status,
    }


def _repository(team: Team, project: Project, job: Job) -> Row:
    name = f"depot-{job.depot_id}"
    path = f"{team.domain}/{project.info.name}/{name}"
    return {
        "id": job.depot_id,
        "name": name,
        "full_name": path,
        "owner": sender(team, team.owner_id),
        "private": True,
        "html_url": f"{team.site}/p/{project.info.name}/d/{name}/git",
        "description": "",
        "fork": False,
        "created_at": project.info.created_ms,
        "updated_at": job.updated_ms,
        "clone_url": f"https://e.coding.net/{path}.git",
        "ssh_url": f"git@e.coding.net:{path}.git",
        "default_branch": "master",
        "vcs_type": "git",
    }
