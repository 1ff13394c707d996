"""Service Hooks and their deliveries as the API's lists show them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .hook_codes import label
from .hooks import BODY_LOGGED_MAX, FAILED, SENT, Hook, Log
from .records import whole_seconds
from .rows import AVATAR, Row

if TYPE_CHECKING:
    from .team import Team

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


def hook_row(team: Team, hook: Hook) -> Row:
    """A row of `DescribeServiceHooks`."""
    creator = team.members[hook.creator_id]
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


def log_row(log: Log) -> Row:
    """A row of `DescribeServiceHookLogs`."""
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
