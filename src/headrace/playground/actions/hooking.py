"""Managing Service Hooks of a project."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from ..envelope import ApiError
from ..hook_codes import CODES, GROUPS, group, label
from ..hooks import BODY_LOGGED_MAX, FAILED, SENT, Hook, Log, properties
from ..paging import Paging, Style
from ..records import whole_seconds
from ..rows import AVATAR, Row
from .action import PROJECT_ID, Action, Call, Parameter

READ, WRITE = "service-hook:profile:ro", "service-hook:profile:rw"
TARGETS = ("PROJECT", "SPACE_NODE", "PROGRAM")
SERVICES = {
    "WebHook": "Http WebHook",
    "WeCom": "企业微信",
    "DingDing": "钉钉",
    "Jenkins": "Jenkins",
    "FeiShu": "飞书",
}
WAYS = {
    "webhook_http_post": "发送 POST 请求",
    "webhook_http_get": "发送 GET 请求",
    "wecom_group_chat_robot": "企业微信群机器人",
    "dingding_group_chat_robot": "钉钉群机器人",
    "jenkins_generic_build_job": "触发 Jenkins 构建",
    "feishu_group_chat_robot": "飞书群机器人",
}


def _events(_: Call) -> Row:
    rows = [
        {
            "Name": code,
            "Label": label(code),
            "GroupName": group(code),
            "GroupLabel": GROUPS[group(code)],
        }
        for code in CODES
    ]
    return {"Event": rows}


def _create(call: Call) -> Row:
    made = call.hooks.create(_asked(call, "", call.project().id), call.now_ms)
    return {"ServiceHook": _row(call, made)}


def _modify(call: Call) -> Row:
    old = _hook(call, call.parameters["Id"])
    asked = _asked(call, old.id, old.project_id)
    kept = {name: getattr(old, name) for name in ("created_ms", "creator_id", "status")}
    changed = call.hooks.change(replace(asked, succeeded_ms=old.succeeded_ms, **kept), call.now_ms)
    return {"ServiceHook": _row(call, changed)}


def _asked(call: Call, hook_id: str, project_id: int) -> Hook:
    asked = call.parameters
    wanted = properties(asked["ActionProperty"], "ActionProperty")
    if asked["Service"] == "WebHook" and not wanted.get("service_url"):
        raise ApiError("InvalidParameterValue", "ActionProperty has no service_url")
    return Hook(
        id=hook_id,
        project_id=project_id,
        name=asked.get("Name", ""),
        service=asked["Service"],
        action=asked["ServiceAction"],
        events=tuple(asked["Event"]),
        properties=wanted,
        filters=properties(asked.get("FilterProperty", ""), "FilterProperty"),
        enabled=asked["Enabled"],
        creator_id=call.token.member_id,
        created_ms=call.now_ms,
        updated_ms=call.now_ms,
    )


def _delete(call: Call) -> Row:
    for hook in _hooks_named(call):
        call.hooks.delete(hook.id, call.now_ms)
    return {"Succeed": True}


def _enable(call: Call) -> Row:
    for hook in _hooks_named(call):
        call.hooks.change(replace(hook, enabled=call.parameters["Enabled"]), call.now_ms)
    return {"Succeed": True}


def _ping(call: Call) -> Row:
    for hook in _hooks_named(call):
        call.hooks.ping(hook.id, call.now_ms)
    return {"Succeed": True}


def _list(call: Call) -> Row:
    project, asked = call.project(), call.parameters
    status = {"SUCCESS": SENT, "FAILURE": FAILED}.get(asked.get("Status", ""))
    chosen = [
        hook
        for hook in call.hooks.hooks.values()
        if hook.project_id == project.id
        and asked.get("Name", "") in hook.name
        and hook.creator_id in asked.get("CreatorBy", [hook.creator_id])
        and asked.get("Enabled", str(hook.enabled).lower()) == str(hook.enabled).lower()
        and hook.service in asked.get("Service", [hook.service])
        and set(hook.events).intersection(asked.get("Event", hook.events))
        and status in (None, hook.status)
    ]
    return call.page(chosen, lambda hook: _row(call, hook))


def _one(call: Call) -> Row:
    return {"ServiceHook": _row(call, _hook(call, call.parameters["Id"]))}


def _logs(call: Call) -> Row:
    hook = _hook(call, call.parameters["Id"])
    return call.page(call.hooks.logs(hook.id), _log_row)


def _resend(call: Call) -> Row:
    log = call.hooks.log(call.parameters["ServiceHookLogId"])
    hook = call.hooks.hooks.get(log.delivery.hook_id) if log else None
    if log is None or hook is None or call.token.project_id not in (0, hook.project_id):
        raise ApiError("ResourceNotFound", "Service Hook log not found")
    call.hooks.resend(log, call.now_ms)
    return {"Data": {"Success": True}}


def _hook(call: Call, hook_id: str) -> Hook:
    project = call.project()
    found = call.hooks.hooks.get(hook_id)
    if found is None or found.project_id != project.id:
        raise ApiError("ResourceNotFound", "Service Hook not found")
    return found


def _hooks_named(call: Call) -> list[Hook]:
    return [_hook(call, hook_id) for hook_id in call.parameters["Id"]]


def _row(call: Call, hook: Hook) -> Row:
    creator = call.team.members[hook.creator_id]
    person = {
        "Id": creator.id,
        "Name": creator.name,
        "Avatar": AVATAR.format(creator.id),
        "NamePinyin": creator.name,
    }
    return {
        "Id": hook.id,
        "Name": hook.name,
        "TargetId": hook.project_id,
        "TargetType": "Project",
        "CreatorBy": creator.id,
        "CreatorByUser": person,
        "UpdatedBy": creator.id,
        "UpdatedByUser": person,
        "Service": hook.service,
        "ServiceName": SERVICES[hook.service],
        "Action": hook.action,
        "ActionLabel": WAYS[hook.action],
        "CreatedAt": whole_seconds(hook.created_ms),
        "UpdatedAt": whole_seconds(hook.updated_ms),
        "Status": hook.status,
        "LastSucceedAt": whole_seconds(hook.succeeded_ms),
        "Version": 3,
        "Enabled": hook.enabled,
        "Event": list(hook.events),
        "EventLabel": [label(code) for code in hook.events],
        "FilterProperties": _json(hook.filters),
        "ActionProperties": _json(hook.properties),
    }


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False)


def _log_row(log: Log) -> Row:
    request, response = log.delivery.request, log.response
    answer = response.body[:BODY_LOGGED_MAX].decode(errors="replace") if response else ""
    return {
        "Id": log.delivery.id,
        "Event": log.delivery.event,
        "ServiceHookId": log.delivery.hook_id,
        "CreatedAt": whole_seconds(log.delivery.created_ms),
        "SendAt": whole_seconds(log.sent_ms),
        "Status": SENT if log.ok else FAILED,
        "RequestId": log.delivery.id,
        "RequestContent": request.body.decode(),
        "RequestHeaders": "\n".join(
            f"{name}: {value if name != 'Authorization' else '***'}"
            for name, value in request.headers.items()
        ),
        "ResponseHeaders": "\n".join(f"{k}: {v}" for k, v in response.headers.items())
        if response
        else "",
        "ResponseBody": answer,
        "ResponseStatus": response.status if response else 0,
        "ResponseAt": whole_seconds(log.sent_ms),
    }


TARGET = Parameter("TargetType", choices=TARGETS)
TARGET_REQUIRED = Parameter("TargetType", required=True, choices=TARGETS)
IDS = Parameter("Id", "strings", required=True)
ID = Parameter("Id", required=True)
ENABLED = Parameter("Enabled", "boolean", required=True)
EVENTS = Parameter("Event", "strings", required=True, choices=CODES)
SERVICE = Parameter("Service", required=True, choices=tuple(SERVICES))
WAY = Parameter("ServiceAction", required=True, choices=tuple(WAYS))
PROPERTY = Parameter("ActionProperty", required=True)
WISHES = (PROJECT_ID, Parameter("Name"), EVENTS, SERVICE, WAY, PROPERTY, ENABLED, TARGET)

ACTIONS = (
    Action(name="DescribeEvents", handler=_events, scope=READ, team_wide=True),
    Action(
        name="CreateServiceHook",
        handler=_create,
        scope=WRITE,
        parameters=(*WISHES, Parameter("FilterProperty")),
    ),
    Action(
        name="ModifyServiceHook",
        handler=_modify,
        scope=WRITE,
        parameters=(*WISHES, ID, Parameter("FilterProperty", required=True)),
    ),
    Action(
        name="DeleteServiceHook",
        handler=_delete,
        scope=WRITE,
        parameters=(PROJECT_ID, IDS, TARGET),
    ),
    Action(
        name="EnabledServiceHook",
        handler=_enable,
        scope=WRITE,
        parameters=(PROJECT_ID, IDS, ENABLED, TARGET_REQUIRED),
    ),
    Action(
        name="DescribeServiceHooks",
        handler=_list,
        scope=READ,
        parameters=(
            PROJECT_ID,
            TARGET_REQUIRED,
            Parameter("Name"),
            Parameter("CreatorBy", "integers"),
            Parameter("Enabled", choices=("true", "false")),
            Parameter("Event", "strings", choices=CODES),
            Parameter("Service", "strings", choices=tuple(SERVICES)),
            Parameter("Status", choices=("SUCCESS", "FAILURE")),
        ),
        paging=Paging(style=Style.NUMBERED, rows="ServiceHook"),
    ),
    Action(
        name="DescribeServiceHook",
        handler=_one,
        scope=READ,
        parameters=(PROJECT_ID, ID, TARGET),
    ),
    Action(
        name="PingServiceHook",
        handler=_ping,
        scope=WRITE,
        parameters=(PROJECT_ID, IDS, TARGET),
    ),
    Action(
        name="DescribeServiceHookLogs",
        handler=_logs,
        scope=READ,
        parameters=(PROJECT_ID, ID, TARGET),
        paging=Paging(style=Style.NUMBERED, rows="Log"),
    ),
    Action(
        name="ResendServiceHookLog",
        handler=_resend,
        scope=WRITE,
        parameters=(Parameter("ServiceHookLogId", required=True),),
    ),
)
