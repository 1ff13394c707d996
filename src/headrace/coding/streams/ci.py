"""Streams of continuous integration: build plans (jobs) and their builds.

No scope of CODING's list is about builds: whoever may see a project is taken to see them too.
"""

from __future__ import annotations

from headrace.coding.streams.ci_columns import BUILD_COLUMNS, JOB_COLUMNS
from headrace.coding.streams.project import IN_PROJECT
from headrace.core.record import Body
from headrace.core.schema import Schema
from headrace.core.stream import HookRule, Listing, Lookup, Paging, Parent, Strategy, Stream, Title

SCOPES = ("project:profile:ro",)
_RUNNING = ("QUEUED", "INITIALIZING", "NOT_BUILT", "RUNNING")


def is_running(build: Body) -> bool:
    """Whether a build will still change."""
    return build.get("Status") in _RUNNING


CI_JOBS = Stream(
    name="ci_jobs",
    title=Title("构建计划", "Build plans"),
    key=("Id",),
    version=("UpdatedAt",),
    schema=Schema(key=("id",), columns=JOB_COLUMNS),
    listing=Listing(action="DescribeCodingCIJobs", rows="JobList", sends=("ProjectId",)),
    parent=IN_PROJECT,
    lookup=Lookup(
        action="DescribeCodingCIJob", row="Job", key_params={"JobId": "Id"}, project=dict
    ),
    hooks=(HookRule(("CI_JOB_CREATED", "CI_JOB_UPDATED", "CI_JOB_DELETED"), {"Id": "ci.id"}),),
    scopes=SCOPES,
    volatile=("JenkinsFileStaticContent", "EnvList.Value"),
)

OF_JOB = Parent(stream="ci_jobs", values={"JobId": "Id"}, key=("JobId",))

# The order of the list is stated nowhere; the official example has the newest build first.
CI_BUILDS = Stream(
    name="ci_builds",
    title=Title("构建记录", "Builds"),
    key=("JobId", "Id"),
    schema=Schema(key=("job_id", "id"), columns=BUILD_COLUMNS),
    strategy=Strategy.NEWEST,
    running=is_running,
    listing=Listing(
        action="DescribeCodingCIBuilds",
        rows="Data.BuildList",
        total="Data.TotalCount",
        paging=Paging.NUMBER,
        sends=("JobId",),
    ),
    parent=OF_JOB,
    lookup=Lookup(
        action="DescribeCodingCIBuild", row="Build", key_params={"BuildId": "Id"}, project=dict
    ),
    hooks=(
        HookRule(("CI_JOB_STARTED", "CI_JOB_FINISHED"), {"JobId": "ci.id", "Id": "ci.build.id"}),
    ),
    scopes=SCOPES,
    volatile=("JenkinsFileContent", "EnvList.Value"),
)
