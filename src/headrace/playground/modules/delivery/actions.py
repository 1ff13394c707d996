"""Actions about deployment."""

from __future__ import annotations

from collections.abc import Iterable

from ...actions.action import PROJECT_NAME, Action, Call, Parameter
from ...envelope import ApiError
from ...paging import Paging, Style
from ...rows import Row
from .rows import Deployed, HostGroup, time_row, together, trend, within
from .state import Delivery

APPLICATION_SCOPE, HOST_SCOPE = "cd:application:ro", "cd:host-server:ro"
STATISTICS_SCOPE = "cd:statistics:ro"


def _applications(call: Call) -> Row:
    return _named(call.module(Delivery).applications)


def _applications_of(call: Call) -> Row:
    return _named(call.module(Delivery).applications_of(call.project()))


def _named(names: Iterable[str]) -> Row:
    return {"Data": {"Applications": [{"Name": name} for name in names]}}


def _application(call: Call) -> str:
    name: str = call.parameters["Application"]
    if name not in call.module(Delivery).applications:
        raise ApiError("ResourceNotFound", "Application not found")
    return name


def _configuration(call: Call) -> Row:
    application = call.module(Delivery).applications[_application(call)]
    return {"Data": {"ApplicationJsonContent": application.content()}}


def _pipelines(call: Call) -> Row:
    pipelines = call.module(Delivery).pipelines_of(_application(call))
    return {"Data": {"PipelineConfigs": [pipeline.row() for pipeline in pipelines]}}


def _trends(call: Call) -> Row:
    delivery, (start, end) = call.module(Delivery), _window(call)
    names = delivery.applications_of(call.project())
    trends = {name: trend(delivery.days_of(name), start, end, call.now_ms) for name in names}
    details = [{"Application": name, **one} for name, one in trends.items()]
    total = trend(_sum(delivery, names), start, end, call.now_ms)
    return _statistics(call, details, total)


def _times(call: Call) -> Row:
    delivery, (start, end) = call.module(Delivery), _window(call)
    names = delivery.applications_of(call.project())
    details = [
        {
            "Application": name,
            "CdDeployTime": time_row(within(delivery.days_of(name), start, end)),
        }
        for name in names
    ]
    return _statistics(call, details, time_row(within(_sum(delivery, names), start, end)))


def _sum(delivery: Delivery, names: Iterable[str]) -> dict[str, Deployed]:
    """What was deployed of several applications, by day."""
    all_days = [delivery.days_of(name) for name in names]
    dates = sorted({date for days in all_days for date in days})
    return {date: together(days[date] for days in all_days if date in days) for date in dates}


def _window(call: Call) -> tuple[str, str]:
    start, end = call.parameters["StartAt"], call.parameters["EndAt"]
    if len(start) != 19 or len(end) != 19 or start > end:
        raise ApiError("InvalidParameterValue", "StartAt and EndAt must be yyyy-MM-dd HH:mm:ss")
    return start, end


def _statistics(call: Call, details: list[Row], total: Row) -> Row:
    start, end = _window(call)
    dates = {"StartDate": start[:10], "EndDate": end[:10]}
    return {"Data": {"Details": details, "Total": total, **dates}}


def _groups(call: Call) -> Row:
    delivery, words = call.module(Delivery), call.parameters.get("Keyword", "")
    found = [group for group in delivery.groups.values() if words in group.name]
    return call.page(found, lambda group: group.row(delivery.machines))


def _group(call: Call) -> Row:
    delivery = call.module(Delivery)
    found: HostGroup | None = delivery.groups.get(call.parameters["Id"])
    if found is None:
        raise ApiError("ResourceNotFound", "Host group not found")
    return {"Data": {"HostServerGroup": found.detail(delivery.machines)}}


def _machines(call: Call) -> Row:
    words = call.parameters.get("Keyword", "")
    machines = call.module(Delivery).machines.values()
    return call.page([one for one in machines if words in one.name], lambda one: one.row())


APPLICATION = Parameter("Application", required=True)
WINDOW = (PROJECT_NAME, Parameter("StartAt", required=True), Parameter("EndAt", required=True))


def _paged(rows: str) -> Paging:
    return Paging(
        style=Style.NUMBERED,
        rows=rows,
        total="TotalRow",
        pages="TotalPage",
        default=10,
        maximum=500,
        required=False,
    )


ACTIONS = (
    Action(
        name="DescribeCdApplications",
        handler=_applications,
        scope=APPLICATION_SCOPE,
        team_wide=True,
    ),
    Action(
        name="DescribeCdApplication",
        handler=_configuration,
        scope=APPLICATION_SCOPE,
        parameters=(APPLICATION,),
        team_wide=True,
    ),
    Action(
        name="DescribeCdApplicationsByProject",
        handler=_applications_of,
        scope=APPLICATION_SCOPE,
        parameters=(PROJECT_NAME,),
    ),
    Action(
        name="DescribeCdPipelineConfigs",
        handler=_pipelines,
        scope="cd:pipeline:ro",
        parameters=(APPLICATION,),
        team_wide=True,
    ),
    Action(
        name="DescribeCdDeployTrendByProject",
        handler=_trends,
        scope=STATISTICS_SCOPE,
        parameters=WINDOW,
    ),
    Action(
        name="DescribeCdDeployTimeByProject",
        handler=_times,
        scope=STATISTICS_SCOPE,
        parameters=WINDOW,
    ),
    Action(
        name="DescribeCdHostServerGroups",
        handler=_groups,
        scope=HOST_SCOPE,
        parameters=(Parameter("Keyword"),),
        paging=_paged("HostServerGroups"),
        team_wide=True,
    ),
    Action(
        name="DescribeCdHostServerGroup",
        handler=_group,
        scope=HOST_SCOPE,
        parameters=(Parameter("Id", "integer", required=True),),
        team_wide=True,
    ),
    Action(
        name="DescribeCdAgentMachines",
        handler=_machines,
        scope=HOST_SCOPE,
        parameters=(Parameter("Keyword"),),
        paging=_paged("AgentMachines"),
        team_wide=True,
    ),
)
