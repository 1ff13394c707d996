"""Streams of deployment (CD): applications, their pipelines, how often and how long they deploy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from headrace.coding.streams.columns import integer, nested, text, word
from headrace.coding.streams.delivery_hosts import HOSTS
from headrace.coding.streams.project import IN_PROJECT, PROJECT_ID
from headrace.core.record import decode_json
from headrace.core.schema import Schema
from headrace.core.stream import Listing, Parent, Stream, Title

_APPLICATION_SCOPES = ("cd:application:ro",)
_STATISTICS_SCOPES = ("cd:statistics:ro",)
_APPLICATION = text("application", "Application", "应用名称", "name of the application")
_OF_APPLICATION = Parent(
    stream="cd_applications", values={"Application": "Name"}, key=("Application",)
)
# From before there were deployments until after the service has ended (2028-09-30).
_EVER = {"StartAt": "2019-01-01 00:00:00", "EndAt": "2028-12-31 23:59:59"}


def _from_json(data: Any) -> list[Any]:
    """The object written as a text in `ApplicationJsonContent`; any other text is kept as it is."""
    content = data.get("ApplicationJsonContent") if isinstance(data, dict) else None
    try:
        found = decode_json(content.encode()) if isinstance(content, str) else None
    except ValueError:
        found = None
    return [found if isinstance(found, dict) else data]


def _days(details: Any) -> Iterator[Any]:
    """A row for each application and day with a deployment; the days between say only 0."""
    for detail in details if isinstance(details, list) else ():
        days = detail.get("CdDeployTrend") if isinstance(detail, dict) else None
        if not isinstance(days, list):
            yield detail
            continue
        for day in days:
            if not isinstance(day, dict):
                yield day
            elif day.get("TotalCount") != 0:
                yield {"Application": detail.get("Application"), **day}


CD_APPLICATIONS = Stream(
    name="cd_applications",
    title=Title("部署应用", "Applications"),
    key=("Name",),
    schema=Schema(key=("name",), columns=(text("name", "Name", "应用名称", "name"),)),
    listing=Listing(action="DescribeCdApplications", rows="Data.Applications"),
    scopes=_APPLICATION_SCOPES,
    slow=True,
)

CD_APPLICATION_DETAILS = Stream(
    name="cd_application_details",
    title=Title("部署应用配置", "How applications are set up"),
    key=("Application",),
    schema=Schema(
        key=("application",),
        columns=(
            _APPLICATION,
            word("description", "description", "描述", "description, if any"),
            word(
                "cloud_providers", "cloudProviders", "云类型，逗号分隔", "kinds of clouds, by comma"
            ),
            integer("instance_port", "instancePort", "实例端口", "port of the instances"),
            nested("traffic_guards", "trafficGuards", "流量保护", "guards of the traffic"),
            word("user", "user", "创建人", "who made it"),
            word("last_modify_nick_name", "lastModifyNickName", "最近修改人", "who changed it"),
        ),
        ignored=frozenset(("name",)),
    ),
    listing=Listing(
        action="DescribeCdApplication", rows="Data", sends=("Application",), unfold=_from_json
    ),
    parent=_OF_APPLICATION,
    scopes=_APPLICATION_SCOPES,
    slow=True,
)

CD_PROJECT_APPLICATIONS = Stream(
    name="cd_project_applications",
    title=Title("项目关联的部署应用", "Applications of a project"),
    key=("ProjectId", "Name"),
    schema=Schema(
        key=("project_id", "name"),
        columns=(PROJECT_ID, text("name", "Name", "应用名称", "name of the application")),
    ),
    listing=Listing(
        action="DescribeCdApplicationsByProject", rows="Data.Applications", sends=("ProjectName",)
    ),
    parent=IN_PROJECT,
    scopes=_APPLICATION_SCOPES,
    slow=True,
)

CD_PIPELINE_CONFIGS = Stream(
    name="cd_pipeline_configs",
    title=Title("部署流程配置", "Deployment pipelines"),
    key=("Application", "Id"),
    schema=Schema(
        key=("application", "id"),
        columns=(
            _APPLICATION,
            text("id", "Id", "部署流程 ID", "id of the pipeline"),
            text("name", "Name", "部署流程名称", "name"),
        ),
    ),
    listing=Listing(
        action="DescribeCdPipelineConfigs", rows="Data.PipelineConfigs", sends=("Application",)
    ),
    parent=_OF_APPLICATION,
    scopes=("cd:pipeline:ro",),
    volatile=("JsonContent",),  # commands and manifests, with whatever secrets they hold
    slow=True,
)

# No Action lists the deployments themselves; these count them.
CD_DEPLOY_TRENDS = Stream(
    name="cd_deploy_trends",
    title=Title("每日发布次数", "Deployments a day"),
    key=("ProjectId", "Application", "Date"),
    schema=Schema(
        key=("project_id", "application", "date"),
        columns=(
            PROJECT_ID,
            _APPLICATION,
            text("date", "Date", "发布日期（文本，+08:00）", "day, as text, +08:00"),
            integer("succeed_count", "SucceedCount", "成功发布次数", "deployments that succeeded"),
            integer("total_count", "TotalCount", "发布总次数", "all deployments"),
        ),
    ),
    listing=Listing(
        action="DescribeCdDeployTrendByProject",
        rows="Data.Details",
        sends=("ProjectName",),
        params=_EVER,
        unfold=_days,
    ),
    parent=IN_PROJECT,
    scopes=_STATISTICS_SCOPES,
    slow=True,
)

CD_DEPLOY_TIMES = Stream(
    name="cd_deploy_times",
    title=Title("累计发布时长", "Time spent on deployments"),
    key=("ProjectId", "Application"),
    schema=Schema(
        key=("project_id", "application"),
        columns=(
            PROJECT_ID,
            _APPLICATION,
            integer(
                "deploy_time",
                "CdDeployTime.DeployTime",
                "累计发布时长（秒）",
                "seconds, all in all",
            ),
            integer("total_count", "CdDeployTime.TotalCount", "累计发布次数", "deployments so far"),
        ),
    ),
    listing=Listing(
        action="DescribeCdDeployTimeByProject",
        rows="Data.Details",
        sends=("ProjectName",),
        params=_EVER,
    ),
    parent=IN_PROJECT,
    scopes=_STATISTICS_SCOPES,
    slow=True,
)

DELIVERY: tuple[Stream, ...] = (
    CD_APPLICATIONS,
    CD_APPLICATION_DETAILS,
    CD_PROJECT_APPLICATIONS,
    CD_PIPELINE_CONFIGS,
    CD_DEPLOY_TRENDS,
    CD_DEPLOY_TIMES,
    *HOSTS,
)
