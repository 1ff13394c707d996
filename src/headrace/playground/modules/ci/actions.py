"""Actions about build plans and builds. What is out of sight is answered as if it were not."""

from __future__ import annotations

from ...actions.action import PROJECT_ID, Action, Call, Parameter
from ...envelope import ApiError
from ...paging import Paging, Style
from ...project import Project
from ...rates import UNLIMITED
from ...rows import Row
from . import rows
from .records import Build, Job
from .state import CI

SCOPE = "project:profile:ro"
BUILD_ID = Parameter("BuildId", "integer", required=True)


def _jobs(call: Call) -> Row:
    """`Filter` takes plans by name."""
    project = call.project()
    found = call.module(CI).jobs(project)
    for part in call.parameters.get("Filter", ()):
        found = [job for job in found if job.name in part.get("Value", ())]
    return {"JobList": [rows.job_row(call.team, project, job) for job in found]}


def _job_of(call: Call) -> tuple[Project, Job]:
    project, job = call.module(CI).job(call.parameters.get("JobId", 0))
    if not call.sees(project):
        raise ApiError("ResourceNotFound", "Job not found")
    return project, job


def _build_of(call: Call) -> tuple[Job, Build]:
    project, job, build = call.module(CI).build(call.parameters.get("BuildId", 0))
    if not call.sees(project):
        raise ApiError("ResourceNotFound", "Build not found")
    return job, build


def _job(call: Call) -> Row:
    return {"Job": rows.job_row(call.team, *_job_of(call))}


def _builds(call: Call) -> Row:
    _, job = _job_of(call)
    found = call.module(CI).builds(job.id)
    return call.page(found, lambda build: rows.build_row(job, build))


def _build(call: Call) -> Row:
    return {"Build": rows.build_row(*_build_of(call))}


def _stages(call: Call) -> Row:
    nodes = rows.stages(_build_of(call)[1])
    return {"Data": {"StageJsonString": rows.json_of(nodes)}}


def _steps(call: Call) -> Row:
    _, build = _build_of(call)
    stage_id = call.parameters["StageId"]
    if str(stage_id) not in {stage["id"] for stage in rows.stages(build)}:
        raise ApiError("ResourceNotFound", "Stage not found")
    nodes = rows.steps(build, stage_id)
    return {"Data": {"StepJsonString": rows.json_of(nodes)}}


def _artifacts(call: Call) -> Row:
    return {"Data": {"Reports": rows.artifacts(_build_of(call)[1], call.now_ms)}}


def _reports(call: Call) -> Row:
    return {"Data": {"Reports": rows.reports(call.team, _build_of(call)[1])}}


# Which parameters of the details are required, the document does not say.
ACTIONS = (
    Action(
        name="DescribeCodingCIJobs",
        handler=_jobs,
        scope=SCOPE,
        parameters=(PROJECT_ID, Parameter("Filter", "objects")),
        rate=UNLIMITED,
    ),
    Action(
        name="DescribeCodingCIJob",
        handler=_job,
        scope=SCOPE,
        parameters=(Parameter("JobId", "integer"),),
        rate=UNLIMITED,
    ),
    Action(
        name="DescribeCodingCIBuilds",
        handler=_builds,
        scope=SCOPE,
        parameters=(Parameter("JobId", "integer", required=True),),
        paging=Paging(style=Style.NUMBERED, rows="BuildList"),
        rate=UNLIMITED,
    ),
    Action(
        name="DescribeCodingCIBuild",
        handler=_build,
        scope=SCOPE,
        parameters=(Parameter("BuildId", "integer"),),
        rate=UNLIMITED,
    ),
    Action(
        name="DescribeCodingCIBuildStage",
        handler=_stages,
        scope=SCOPE,
        parameters=(BUILD_ID,),
        rate=UNLIMITED,
    ),
    Action(
        name="DescribeCodingCIBuildStep",
        handler=_steps,
        scope=SCOPE,
        parameters=(BUILD_ID, Parameter("StageId", "integer", required=True)),
        rate=UNLIMITED,
    ),
    Action(
        name="DescribeCodingCIBuildArtifacts",
        handler=_artifacts,
        scope=SCOPE,
        parameters=(BUILD_ID,),
    ),
    Action(
        name="DescribeCodingCIBuildHtmlReports",
        handler=_reports,
        scope=SCOPE,
        parameters=(Parameter("BuildId", "integer"),),
    ),
)
