"""Streams of what a finished build leaves behind: its stages and steps, artifacts and reports.

Stages and steps come as JSON in a text, in the shape that Jenkins' Blue Ocean gives them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from headrace.coding.streams.ci import CI_BUILDS, CI_JOBS, SCOPES
from headrace.coding.streams.columns import (
    flag,
    integer,
    moment,
    nested,
    reference,
    text,
    word,
)
from headrace.core.record import Body, decode_json
from headrace.core.schema import Schema
from headrace.core.stream import HookRule, Listing, Parent, Strategy, Stream, Title

_FINISHED = ("SUCCEED", "FAILED", "ABORTED", "TIMEOUT")


def has_finished(build: Body) -> bool:
    """Whether a build has come to its end, and with it all that hangs on it."""
    return build.get("Status") in _FINISHED


def nodes_of(told: Any) -> Iterable[Any]:
    """The nodes in a JSON text, their ids as numbers.

    A text that holds no list is one row without a key, which is set aside with the text in it.
    """
    try:
        nodes = decode_json(told.encode()) if told else []
    except (AttributeError, ValueError):
        nodes = None
    if not isinstance(nodes, list):
        return [{"Text": told}]
    return [_numbered(node) for node in nodes]


def _numbered(node: Any) -> Any:
    if isinstance(node, dict) and isinstance(node.get("id"), str) and node["id"].isdecimal():
        return {**node, "id": int(node["id"])}
    return node


OF_BUILD = Parent(
    stream="ci_builds", values={"BuildId": "Id"}, key=("JobId", "BuildId"), only=has_finished
)
OF_STAGE = Parent(
    stream="ci_build_stages", values={"StageId": "id"}, key=("JobId", "BuildId", "StageId")
)
_BUILD_OVER = (HookRule(("CI_JOB_FINISHED",), {"JobId": "ci.id", "BuildId": "ci.build.id"}),)
_JOB_ID = integer("job_id", "JobId", "构建计划 ID", "id of the build plan")
_BUILD_ID = integer("build_id", "BuildId", "构建 ID", "id of the build")
_NODE = (
    word("display_name", "displayName", "名称", "name"),
    word("display_description", "displayDescription", "描述", "description"),
    word("type", "type", "节点类型，例如 STAGE，STEP", "kind of node, e.g. STAGE, STEP"),
    word("state", "state", "状态，例如 FINISHED", "state, e.g. FINISHED"),
    word("result", "result", "结果，例如 SUCCESS", "result, e.g. SUCCESS"),
    word(
        "start_time",
        "startTime",
        "开始时间，文本，例如 2020-05-10T12:21:02.862+0800",
        "started, as a text such as 2020-05-10T12:21:02.862+0800",
    ),
    integer("duration_in_millis", "durationInMillis", "时长（毫秒）", "how long it took, in ms"),
    nested("input", "input", "等待的人工输入", "the input it waits for"),
    nested("actions", "actions", "附带的动作，例如日志", "what hangs on it, e.g. its log"),
)
_NOISE = frozenset({"_class", "_links"})

CI_BUILD_STAGES = Stream(
    name="ci_build_stages",
    title=Title("构建阶段", "Stages of builds"),
    key=("JobId", "BuildId", "id"),
    schema=Schema(
        key=("job_id", "build_id", "stage_id"),
        columns=(
            _JOB_ID,
            _BUILD_ID,
            integer("stage_id", "id", "阶段 ID，构建内唯一", "id, unique in the build"),
            *_NODE,
            reference("first_parent", "firstParent", "前一阶段 ID", "id of the stage before"),
            nested("edges", "edges", "后续阶段", "the stages after it"),
            word("cause_of_blockage", "causeOfBlockage", "阻塞原因", "why it has to wait"),
            flag("restartable", "restartable", "可否从此阶段重新开始", "may be started from"),
        ),
        ignored=_NOISE,
    ),
    strategy=Strategy.CHILDREN,
    listing=Listing(
        action="DescribeCodingCIBuildStage",
        rows="Data.StageJsonString",
        sends=("BuildId",),
        unfold=nodes_of,
    ),
    parent=OF_BUILD,
    hooks=_BUILD_OVER,
    scopes=SCOPES,
)

CI_BUILD_STEPS = Stream(
    name="ci_build_steps",
    title=Title("构建步骤", "Steps of builds"),
    key=("JobId", "BuildId", "StageId", "id"),
    schema=Schema(
        key=("job_id", "build_id", "stage_id", "step_id"),
        columns=(
            _JOB_ID,
            _BUILD_ID,
            integer("stage_id", "StageId", "阶段 ID", "id of the stage"),
            integer("step_id", "id", "步骤 ID，构建内唯一", "id, unique in the build"),
            *_NODE,
        ),
        ignored=_NOISE,
    ),
    strategy=Strategy.CHILDREN,
    listing=Listing(
        action="DescribeCodingCIBuildStep",
        rows="Data.StepJsonString",
        sends=("BuildId", "StageId"),
        unfold=nodes_of,
    ),
    parent=OF_STAGE,
    scopes=SCOPES,
    optional=True,
)

CI_BUILD_ARTIFACTS = Stream(
    name="ci_build_artifacts",
    title=Title("构建产物", "Artifacts of builds"),
    key=("JobId", "BuildId", "Id"),
    schema=Schema(
        key=("job_id", "build_id", "id"),
        columns=(
            _JOB_ID,
            _BUILD_ID,
            text("id", "Id", "产物 ID", "id of the artifact"),
            text("name", "Name", "名称", "name"),
            text("path", "Path", "路径", "path"),
            integer("size", "Size", "大小", "size"),
            flag("downloadable", "Downloadable", "可否下载", "may be downloaded"),
        ),
    ),
    strategy=Strategy.CHILDREN,
    listing=Listing(
        action="DescribeCodingCIBuildArtifacts", rows="Data.Reports", sends=("BuildId",)
    ),
    parent=OF_BUILD,
    hooks=_BUILD_OVER,
    scopes=SCOPES,
    volatile=("Url",),
)

CI_BUILD_REPORTS = Stream(
    name="ci_build_reports",
    title=Title("构建网页报告", "Web reports of builds"),
    key=("JobId", "BuildId", "Id"),
    schema=Schema(
        key=("job_id", "build_id", "id"),
        columns=(
            _JOB_ID,
            _BUILD_ID,
            integer("id", "Id", "报告 ID", "id of the report"),
            text("name", "Name", "名称", "name"),
            word("description", "Des", "描述", "description"),
            word("tag", "Tag", "标签", "tag"),
            integer("size", "Size", "大小", "size"),
            word("url", "Url", "报告地址", "where it is shown"),
            moment("created_at", "CreatedAt", "创建时间", "created"),
        ),
    ),
    strategy=Strategy.CHILDREN,
    listing=Listing(
        action="DescribeCodingCIBuildHtmlReports", rows="Data.Reports", sends=("BuildId",)
    ),
    parent=OF_BUILD,
    hooks=_BUILD_OVER,
    scopes=SCOPES,
)

CI: tuple[Stream, ...] = (
    CI_JOBS,
    CI_BUILDS,
    CI_BUILD_STAGES,
    CI_BUILD_STEPS,
    CI_BUILD_ARTIFACTS,
    CI_BUILD_REPORTS,
)
