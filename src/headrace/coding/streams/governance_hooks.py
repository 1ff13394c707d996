"""Streams of a project's Service Hooks and of what they delivered, without any secret of them."""

from __future__ import annotations

from headrace.coding.streams.columns import flag, integer, moment, nested, reference, text, word
from headrace.coding.streams.project import IN_PROJECT, PROJECT_ID
from headrace.core.schema import Schema
from headrace.core.stream import Listing, Paging, Parent, Strategy, Stream, Title

_SCOPES = ("service-hook:profile:ro",)
_OF_PROJECT = {"TargetType": "PROJECT"}

SERVICE_HOOKS = Stream(
    name="service_hooks",
    title=Title("Service Hook", "Service Hooks"),
    key=("ProjectId", "Id"),
    schema=Schema(
        key=("project_id", "id"),
        columns=(
            PROJECT_ID,
            text("id", "Id", "Service Hook ID", "id of the hook"),
            text("name", "Name", "名称", "name"),
            text("target_type", "TargetType", "目标类型，如 Project", "kind of what it watches"),
            integer("target_id", "TargetId", "目标 ID", "id of what it watches"),
            text("service", "Service", "服务类型，如 WebHook", "WebHook, WeCom, Jenkins ..."),
            text("service_name", "ServiceName", "服务名", "the service shown to people"),
            text("action", "Action", "发送类型，如 webhook_http_post", "way it sends"),
            text("action_label", "ActionLabel", "发送类型描述", "the way shown to people"),
            nested("event", "Event", "事件列表", "codes of the events it waits for"),
            nested("event_label", "EventLabel", "事件描述列表", "the events shown to people"),
            word("filter_properties", "FilterProperties", "过滤条件（JSON 文本）", "JSON text"),
            flag("enabled", "Enabled", "是否启用", "is switched on"),
            integer("status", "Status", "最近发送状态：1 成功，2 失败", "last: 1 sent, 2 failed"),
            moment("last_succeed_at", "LastSucceedAt", "最近发送成功时间", "last success"),
            integer("version", "Version", "版本", "version of the hook's form"),
            reference("creator_id", "CreatorBy", "创建者 ID", "id of who made it"),
            nested("creator", "CreatorByUser", "创建者", "who made it"),
            reference("updated_by", "UpdatedBy", "更新者 ID", "id of who changed it last"),
            nested("updater", "UpdatedByUser", "更新者", "who changed it last"),
            moment("created_at", "CreatedAt", "创建时间", "created"),
            moment("updated_at", "UpdatedAt", "更新时间", "last updated"),
        ),
    ),
    listing=Listing(
        action="DescribeServiceHooks",
        rows="Data.ServiceHook",
        total="Data.TotalCount",
        paging=Paging.NUMBER,
        sends=("ProjectId",),
        params=_OF_PROJECT,
    ),
    parent=IN_PROJECT,
    scopes=_SCOPES,
    volatile=("ActionProperties",),  # addresses, signing tokens, passwords
    slow=True,
)

# What was sent names the receiver's address, in the headers and in the body: it is never kept.
SERVICE_HOOK_LOGS = Stream(
    name="service_hook_logs",
    title=Title("Service Hook 发送记录", "Deliveries of Service Hooks"),
    key=("Id",),
    schema=Schema(
        key=("id",),
        columns=(
            text("id", "Id", "发送记录 ID", "id of the delivery"),
            text("service_hook_id", "ServiceHookId", "Service Hook ID", "id of the hook"),
            text("event", "Event", "事件名", "code of the event"),
            text("request_id", "RequestId", "发送请求 ID", "id of the request"),
            integer("status", "Status", "发送状态：1 成功，2 失败", "1 sent, 2 failed"),
            integer("response_status", "ResponseStatus", "响应状态码", "HTTP status answered"),
            word("response_body", "ResponseBody", "响应内容", "what was answered"),
            moment("created_at", "CreatedAt", "创建时间", "created"),
            moment("send_at", "SendAt", "发送时间", "sent"),
            moment("response_at", "ResponseAt", "响应时间", "answered"),
        ),
    ),
    strategy=Strategy.NEWEST,
    listing=Listing(
        action="DescribeServiceHookLogs",
        rows="Data.Log",
        total="Data.TotalCount",
        paging=Paging.NUMBER,
        sends={"ProjectId": "ProjectId", "Id": "ServiceHookId"},
        params=_OF_PROJECT,
    ),
    parent=Parent(stream="service_hooks", values={"ServiceHookId": "Id"}, key=("ServiceHookId",)),
    every=10,
    scopes=_SCOPES,
    volatile=("RequestContent", "RequestHeaders", "ResponseHeaders"),
)

HOOKS: tuple[Stream, ...] = (SERVICE_HOOKS, SERVICE_HOOK_LOGS)
