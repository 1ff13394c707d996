"""Managing Service Hooks of a project."""

from __future__ import annotations

from dataclasses import replace

from ..envelope import ApiError
from ..hook_codes import CODES, GROUPS, group, label
from ..hook_rows import SERVICES, WAYS, hook_row, log_row
from ..hooks import FAILED, SENT, Hook, properties
from ..paging import Paging, Style
from ..rows import Row
from .action import PROJECT_ID, Action, Call, Parameter

READ, WRITE = "service-hook:profile:ro", "service-hook:profile:rw"
TARGETS = ("PROJECT", "SPACE_NODE", "PROGRAM")


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
    return {"ServiceHook": hook_row(call.team, made)}


def _modify(call: Call) -> Row:
    old = _hook(call, call.parameters["Id"])
    asked = _asked(call, old.id, old.project_id)
    kept = {name: getattr(old, name) for name in ("created_ms", "creator_id", "status")}
    changed = call.hooks.change(replace(asked, succeeded_ms=old.succeeded_ms, **kept), call.now_ms)
    return {"ServiceHook": hook_row(call.team, changed)}


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
    return call.page(chosen, lambda hook: hook_row(call.team, hook))


def _one(call: Call) -> Row:
    return {"ServiceHook": hook_row(call.team, _hook(call, call.parameters["Id"]))}


def _logs(call: Call) -> Row:
    hook = _hook(call, call.parameters["Id"])
    return call.page(call.hooks.logs(hook.id), log_row)


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
