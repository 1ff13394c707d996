"""Our own Service Hook in each project: created, tested, mended and removed through the API.

Needs the scope `service-hook:profile:rw`. A hook is ours by its exact name; no other is touched.
Actions: DescribeEvents, DescribeServiceHooks, CreateServiceHook, ModifyServiceHook,
DeleteServiceHook, PingServiceHook. The time of the last success is not relied on.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from headrace.coding.client import Client
from headrace.coding.hook_secrets import HookSecrets
from headrace.core.record import Body
from headrace.core.stream import Stream
from headrace.errors import NotFound, Unavailable

SCOPE = "service-hook:profile:rw"
_TARGET = "PROJECT"
_SERVICE, _ACTION = "WebHook", "webhook_http_post"
_PAGE_SIZE, _PAGES_MAX = 100, 20

Done = Literal["created", "mended", "kept"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What our hook should be. `name` tells it from all others and never changes."""

    name: str
    service_url: str = field(repr=False)
    secrets: HookSecrets
    events: tuple[str, ...]

    @property
    def properties(self) -> dict[str, str]:
        """`ActionProperty` of a POST hook: URL, signing token, user and password."""
        found = {"service_url": self.service_url, "token": self.secrets.tokens[0]}
        if self.secrets.user:
            found |= {"username": self.secrets.user, "password": self.secrets.password}
        return found


@dataclass(frozen=True, slots=True)
class Ensured:
    """A hook that is now as it should be. `what` lists what had to be mended."""

    project_id: int
    hook_id: str
    done: Done
    what: tuple[str, ...] = ()


def events_of(streams: Sequence[Stream]) -> tuple[str, ...]:
    """Every event that one of the streams follows, sorted."""
    return tuple(sorted({e for s in streams for rule in s.hooks for e in rule.events}))


class HookSetup:
    """Keeps our hooks. All methods raise `NotPermitted` without the scope, and `Unavailable`."""

    def __init__(self, client: Client, wanted: Wanted) -> None:
        self._client = client
        self._wanted = wanted
        self._events: tuple[str, ...] | None = None

    def ensure(self, project_id: int) -> Ensured:
        """Exactly one enabled hook of ours, with our URL, token and events. May be repeated."""
        own = self.own(project_id)
        if not own:
            hook_id = self._create(project_id)
            self._delete(project_id, [row for row in self.own(project_id) if row["Id"] != hook_id])
            return Ensured(project_id, hook_id, "created")
        hook_id = str(own[0]["Id"])
        self._delete(project_id, own[1:])
        what = self._differences(own[0])
        if what:
            self._modify(project_id, hook_id)
        extra = ("doubles removed",) if own[1:] else ()
        return Ensured(project_id, hook_id, "mended" if what or extra else "kept", (*what, *extra))

    def differences(self, project_id: int) -> tuple[str, ...]:
        """What is wrong with our hook, in words for machines; empty when all is well."""
        own = self.own(project_id)
        return self._differences(own[0]) if own else ("missing",)

    def ping(self, project_id: int, hook_id: str) -> None:
        """Have CODING send a test event."""
        self._call("PingServiceHook", project_id, Id=[hook_id], TargetType=_TARGET)

    def remove(self, project_id: int) -> int:
        """Delete our own hooks. Returns how many there were."""
        own = self.own(project_id)
        self._delete(project_id, own)
        return len(own)

    def own(self, project_id: int) -> list[Body]:
        """Our hooks in a project, the oldest first."""
        rows: list[Body] = []
        for number in range(1, _PAGES_MAX + 1):
            params = {
                "ProjectId": project_id, "TargetType": _TARGET, "Name": self._wanted.name,
                "PageNumber": number, "PageSize": _PAGE_SIZE,
            }  # fmt: skip
            answer = self._client.call(
                "DescribeServiceHooks", params, urgent=True,
                expects="Data.ServiceHook", many=True, total="Data.TotalCount",
            )  # fmt: skip
            page = answer.at("Data.ServiceHook") or []
            rows += [row for row in page if isinstance(row, dict)]
            if len(page) < _PAGE_SIZE:
                break
        ours = [r for r in rows if r.get("Name") == self._wanted.name and r.get("Id")]
        return sorted(ours, key=lambda row: str(row.get("CreatedAt", "")))

    # --- one hook ----------------------------------------------------------------------------

    def _differences(self, row: Body) -> tuple[str, ...]:
        """What the row shows to be wrong. What CODING does not show is counted as wrong."""
        wanted = self._wanted.properties
        shown = _object(row.get("ActionProperties"))
        hidden = {name for name in wanted if name not in shown or set(str(shown[name])) == {"*"}}
        checks = {
            "disabled": row.get("Enabled") is not True,
            "events": set(row.get("Event") or ()) != set(self._known_events()),
            "url": "service_url" not in hidden and shown["service_url"] != wanted["service_url"],
            "secrets": any(shown[n] != wanted[n] for n in wanted if n not in hidden | _URL),
            "template": bool(shown.get("template")),
            "filter": bool(_object(row.get("FilterProperties"))),
            "action": row.get("Action", _ACTION) != _ACTION,
            "target": str(row.get("TargetType", _TARGET)).upper() != _TARGET,
            "not shown": bool(hidden),
        }
        return tuple(name for name, wrong in checks.items() if wrong)

    def _create(self, project_id: int) -> str:
        answer = self._client.call(
            "CreateServiceHook", self._wishes(project_id), expects="ServiceHook", urgent=True
        )
        return str(answer.at("ServiceHook.Id"))

    def _modify(self, project_id: int, hook_id: str) -> None:
        params = {**self._wishes(project_id), "Id": hook_id}
        self._client.call("ModifyServiceHook", params, expects="ServiceHook", urgent=True)

    def _delete(self, project_id: int, rows: Sequence[Body]) -> None:
        if rows:
            ids = [str(row["Id"]) for row in rows]
            self._call("DeleteServiceHook", project_id, Id=ids, TargetType=_TARGET)

    def _wishes(self, project_id: int) -> Body:
        return {
            "ProjectId": project_id,
            "TargetType": _TARGET,
            "Name": self._wanted.name,
            "Service": _SERVICE,
            "ServiceAction": _ACTION,
            "Event": list(self._known_events()),
            "FilterProperty": "",
            "ActionProperty": json.dumps(self._wanted.properties),
            "Enabled": True,
        }

    def _known_events(self) -> tuple[str, ...]:
        """Those of our events that this CODING lists; all of them where it lists none of ours."""
        if self._events is None:
            answer = self._client.call("DescribeEvents", {}, expects="Event", many=True)
            rows = answer.at("Event") or []
            listed = {row.get("Name") for row in rows if isinstance(row, dict)}
            known = tuple(event for event in self._wanted.events if event in listed)
            self._events = known or self._wanted.events
        return self._events

    def _call(self, action: str, project_id: int, **params: Any) -> None:
        """An Action that only says whether it succeeded. What is gone already is no failure."""
        try:
            answer = self._client.call(
                action, {"ProjectId": project_id, **params}, expects="", urgent=True
            )
        except NotFound:
            if action != "DeleteServiceHook":
                raise
            return
        if answer.at("Succeed") is False:
            raise Unavailable(f"{action}: CODING says that it did not succeed.")


_URL = {"service_url"}


def _object(text: Any) -> Body:
    """The properties of a hook, a JSON object written as a text; empty where it is neither."""
    try:
        found = json.loads(text) if isinstance(text, str) and text else text
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def by_hand(wanted: Wanted, language: str) -> list[str]:
    """How to set the hook up without the scope, step by step: what to click and what to fill in.

    The lines hold the Service URL and the secrets: they are for the person at the screen only.
    """
    values = {
        "name": wanted.name,
        "url": wanted.service_url,
        "token": wanted.secrets.tokens[0],
        "events": ", ".join(wanted.events),
        "user": wanted.secrets.user,
        "password": wanted.secrets.password,
    }
    lines = _STEPS_ZH if language == "zh" else _STEPS_EN
    steps = [line for line in lines if wanted.secrets.user or "{user}" not in line]
    return [f"{n}. {line.format(**values)}" for n, line in enumerate(steps, 1)]


_STEPS_ZH = (
    "以项目管理员身份打开：项目设置 > 开发者选项 > Service Hook > 新建 Service Hook",
    "服务选择 http Webhook，名称可填 {name}",
    "事件勾选：{events}（或全部事项、迭代、成员事件）",
    "操作选择“发送 POST 请求”，服务 URL：{url}",
    "签名令牌：{token}",
    "用户名：{user}，密码：{password}",
    "消息模板、过滤条件都留空",
    "点击“发送测试 PING 事件”，然后点击“完成”；每个项目重复一次",
)
_STEPS_EN = (
    "As an administrator of the project open: 项目设置 (project settings) > 开发者选项 (developer"
    " options) > Service Hook > 新建 Service Hook (new)",
    "Service: http Webhook; name: {name}",
    "Events: {events} (or all of issues, iterations and members)",
    "Action: 发送 POST 请求 (send a POST request); 服务 URL (Service URL): {url}",
    "签名令牌 (signing token): {token}",
    "用户名 (user): {user}; 密码 (password): {password}",
    "Leave template and filter empty",
    "Press 发送测试 PING 事件 (send a test PING), then 完成 (done); once for each project",
)
