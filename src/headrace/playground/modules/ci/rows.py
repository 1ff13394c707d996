"""Rows of continuous integration, as the Open API serves them.

Those named `*_kept` leave out what nobody may keep: environment values, Jenkinsfiles, addresses
that end soon. They are the truth that a copy is held against.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from ...records import whole_seconds
from ...rows import Row
from .records import Build, Job

if TYPE_CHECKING:
    from ...project import Project
    from ...team import Team

JENKINSFILE = "pipeline {\n  agent any\n  stages { stage('构建') { steps { sh 'make' } } }\n}\n"
STAGES = ("检出", "Build", "测试")
STEPS = ("Check out from version control", "Shell Script", "Print Message")
_SERVER_TIME = timezone(timedelta(hours=8))


def job_kept(team: Team, project: Project, job: Job) -> Row:
    """A row of `DescribeCodingCIJobs` without values of the environment and the Jenkinsfile."""
    path = f"{team.domain}/{project.info.name}/depot-{job.depot_id}"
    return {
        "Id": job.id,
        "ProjectId": project.id,
        "ProjectName": project.info.name,
        "Name": job.name,
        "DepotId": job.depot_id,
        "DepotName": f"depot-{job.depot_id}",
        "DepotType": "CODING",
        "DepotHttpsUrl": f"https://e.coding.net/{path}.git",
        "DepotSshUrl": f"git@e.coding.net:{path}.git",
        "DepotWebUrl": f"{team.site}/p/{project.info.name}/d/depot-{job.depot_id}/git",
        "JobFromType": "CODING",
        "ExecuteIn": "CVM",
        "ExecutedAgentPoolId": 0,
        "CreatorId": job.creator_id,
        "TriggerMethodList": list(job.triggers),
        "ScheduleList": [_schedule(job)] if "CRON" in job.triggers else [],
        "HookType": "DEFAULT",
        "BranchSelector": job.branch,
        "BranchRegex": f"^refs/heads/{job.branch}$",
        "JenkinsFileFromType": "STATIC",
        "JenkinsFilePath": "Jenkinsfile",
        "AutoCancelSameRevision": True,
        "AutoCancelSameMergeRequest": False,
        "TriggerRemind": "ALWAYS",
        "AlwaysUserIdList": [job.creator_id],
        "BuildFailUserIdList": [],
        "CachePathList": [{"AbsolutePath": "/home/builder/.cache", "Enabled": True}],
        "CacheSize": 0,
        "EnvList": [{"Name": name, "Sensitive": True} for name, _ in job.secrets],
        "CreatedAt": whole_seconds(job.created_ms),
        "UpdatedAt": whole_seconds(job.updated_ms),
    }


def job_row(team: Team, project: Project, job: Job) -> Row:
    """A row of `DescribeCodingCIJobs`."""
    row = job_kept(team, project, job)
    return row | {"EnvList": _env_list(job), "JenkinsFileStaticContent": JENKINSFILE}


def _schedule(job: Job) -> Row:
    return {
        "Branch": job.branch,
        "EndTime": "20",
        "Interval": "HOUR_4",
        "RefChangeTrigger": True,
        "Repeat": True,
        "StartTime": "8",
        "Weekend": "1,2,3",
    }


def _env_list(job: Job) -> list[Row]:
    return [{"Name": name, "Sensitive": True, "Value": value} for name, value in job.secrets]


def build_kept(job: Job, build: Build) -> Row:
    """A row of `DescribeCodingCIBuilds` without values of the environment and the Jenkinsfile."""
    tests = build.id % 40 if build.has_finished else 0
    failures = 1 if build.status == "FAILED" and tests else 0
    running = build.status == "RUNNING"
    return {
        "Id": build.id,
        "JobId": job.id,
        "Number": build.number,
        "CodingCIId": f"cci-{job.id}-{build.id}",
        "Status": build.status,
        "StatusNode": STAGES[build.stage % len(STAGES)] if running else "",
        "Cause": build.cause,
        "Branch": build.branch,
        "CommitId": build.commit,
        "FailedMessage": "step 2 failed" if build.status == "FAILED" else "",
        "CreatedAt": whole_seconds(build.created_ms),
        "NodeObtainedAt": whole_seconds(build.obtained_ms),
        "StartedAt": whole_seconds(build.started_ms),
        "Duration": build.duration_ms,
        "TestResult": {
            "Empty": not tests,
            "TotalCount": tests,
            "PassCount": tests - failures,
            "FailCount": failures,
            "SkipCount": 0,
            "Duration": tests * 7,
        },
        "EnvList": [{"Name": name, "Sensitive": True} for name, _ in job.secrets],
    }


def build_row(job: Job, build: Build) -> Row:
    """A row of `DescribeCodingCIBuilds`, and the detail of `DescribeCodingCIBuild`."""
    row = build_kept(job, build)
    return row | {"EnvList": _env_list(job), "JenkinsFileContent": JENKINSFILE}


def stages(build: Build) -> list[Row]:
    """The nodes in `StageJsonString`; ids are texts there."""
    ids = [6 + 5 * n for n in range(build.stages)]
    return [
        _node(build, f"nodes/{node}", node, STAGES[n], "STAGE")
        | {
            "causeOfBlockage": None,
            "edges": [{"id": str(after), "type": "STAGE"} for after in ids[n + 1 : n + 2]],
            "firstParent": str(ids[n - 1]) if n else None,
            "restartable": build.has_finished,
        }
        for n, node in enumerate(ids)
    ]


def steps(build: Build, stage_id: int) -> list[Row]:
    """The nodes in `StepJsonString` of one stage."""
    count = 1 + (build.id + stage_id) % 2
    return [
        _node(build, f"nodes/{stage_id}/steps/{stage_id + n}", stage_id + n, STEPS[n], "STEP")
        for n in range(1, count + 1)
    ]


def json_of(nodes: list[Row]) -> str:
    """Nodes as the text in which they are served."""
    return json.dumps(nodes, ensure_ascii=False)


def _node(build: Build, path: str, node: int, name: str, kind: str) -> Row:
    began = datetime.fromtimestamp(max(build.started_ms, build.created_ms) / 1000, _SERVER_TIME)
    href = f"/blue/rest/organizations/jenkins/pipelines/cci-{build.id}/runs/1/{path}/"
    return {
        "_class": f"io.jenkins.blueocean.rest.impl.pipeline.Pipeline{kind.title()}Impl",
        "_links": {"self": {"_class": "io.jenkins.blueocean.rest.hal.Link", "href": href}},
        "actions": [],
        "displayDescription": None,
        "displayName": name,
        "durationInMillis": build.duration_ms // build.stages,
        "id": str(node),
        "input": None,
        "result": "SUCCESS" if build.status == "SUCCEED" else "UNKNOWN",
        "startTime": began.strftime("%Y-%m-%dT%H:%M:%S.000%z"),
        "state": "FINISHED" if build.has_finished else "RUNNING",
        "type": kind,
    }


def artifacts_kept(build: Build) -> list[Row]:
    """Rows of `DescribeCodingCIBuildArtifacts` without their addresses."""
    return [
        {
            "Id": f"artifact-{build.id}-{n}",
            "Name": f"demo-{n}.tar.gz",
            "Path": f"dist/demo-{n}.tar.gz",
            "Size": 1000 + n,
            "Downloadable": True,
        }
        for n in range(build.id % 3)
    ]


def artifacts(build: Build, now_ms: int) -> list[Row]:
    """Rows of `DescribeCodingCIBuildArtifacts`; their addresses end soon."""
    url = f"https://files.example.com/{build.id}?signed={now_ms}"
    return [row | {"Url": url} for row in artifacts_kept(build)]


def reports(team: Team, build: Build) -> list[Row]:
    """Rows of `DescribeCodingCIBuildHtmlReports`."""
    return [
        {
            "Id": build.id * 10 + n,
            "Name": f"coverage-{n}",
            "Des": "覆盖率报告",
            "Tag": "",
            "Size": 2000 + n,
            "Url": f"{team.site}/ci/report/{build.id * 10 + n}",
            "CreatedAt": whole_seconds(build.updated_ms),
        }
        for n in range((build.id + 1) % 2)
    ]
