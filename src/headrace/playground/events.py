"""Bodies of Service Hook events, as the help centre's skeletons and delivered bodies show them.

A body is partial against the table row, unset people, dates and iterations are left out, ids and
times are numbers, and times carry real milliseconds. `hook` and `hook_id` are added on delivery.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .defaults import KIND_NAMES, STATUS_TYPE_NAMES
from .records import NO_ITERATION_DATE, Event, Field, Issue, Iteration, Member
from .rows import AVATAR, ICON

if TYPE_CHECKING:
    from .project import Project
    from .team import Team

Body = dict[str, Any]
Teller = Callable[["Team", Member], Body]

NAMES = {
    "ITERATION_CREATED": "创建迭代",
    "ITERATION_DELETED": "删除迭代",
    "ITERATION_UPDATED": "更新迭代",
    "ITERATION_PLANNED": "规划迭代",
    "ISSUE_CREATED": "创建事项",
    "ISSUE_DELETED": "删除事项",
    "ISSUE_STATUS_UPDATED": "状态变更",
    "ISSUE_ASSIGNEE_CHANGED": "分配处理人",
    "ISSUE_ITERATION_CHANGED": "规划迭代",
    "ISSUE_RELATIONSHIP_CHANGED": "关联关系变更",
    "ISSUE_UPDATED": "更新事项信息",
    "MEMBER_CREATED": "添加项目成员",
    "MEMBER_DELETED": "移除项目成员",
    "MEMBER_ROLE_UPDATED": "更新项目成员用户组",
}
ACTIONS = {"ISSUE_ASSIGNEE_CHANGED": "update_assignee", "MEMBER_CREATED": "added"}


def issue_event(
    team: Team, project: Project, code: str, issue: Issue, *, fields: tuple[Field, ...] = ()
) -> Event:
    """An ISSUE_* event. `fields`: the custom fields that changed, told with their new value."""
    told = _issue(team, project, issue)
    body = _head(team, project, code)
    if fields:
        values = dict(issue.custom)
        told["fieldInfos"] = [
            {
                "id": field.id,
                "name": field.name,
                "type": field.component,
                "newFieldValue": values.get(field.id, ""),
            }
            for field in fields
        ]
        body["action"] = "update_custom_field"
    return Event(code, project.id, body | {issue.kind.lower(): told, "issue": told})


def iteration_event(team: Team, project: Project, code: str, iteration: Iteration) -> Event:
    """An ITERATION_* event: unlike inside an issue, its people have no email and phone."""
    told = _iteration(team, project, iteration, person=_sender)
    return Event(code, project.id, _head(team, project, code) | {"iteration": told})


def member_event(team: Team, project: Project, code: str, member: Member) -> Event:
    """A MEMBER_* event: the role is not told."""
    body = _head(team, project, code)
    return Event(code, project.id, body | {"member": _sender(team, member)})


def ping(team: Team, project: Project) -> Event:
    """The test event. The body of a real one is unknown; this one has the usual tail."""
    body = _head(team, project, "PING") | {"eventName": "PING", "zen": "Demo data stays demo data"}
    return Event("PING", project.id, body)


def event(team: Team, project: Project, code: str, told: Body) -> Event:
    """An event of a module: the common head and what is `told` beside it."""
    return Event(code, project.id, _head(team, project, code) | told)


def sender(team: Team, member_id: int) -> Body:
    """A person as events outside of issues show them."""
    return _sender(team, team.members[member_id])


def issue_body(team: Team, project: Project, issue: Issue) -> Body:
    """An issue inside an event."""
    return _issue(team, project, issue)


def _head(team: Team, project: Project, code: str) -> Body:
    body: Body = {"action": ACTIONS[code]} if code in ACTIONS else {}
    info, site = project.info, team.site
    body |= {
        "event": code,
        "eventName": NAMES.get(code, code),
        "sender": _sender(team, team.members[team.owner_id]),
        "project": {
            "id": info.id,
            "icon": ICON.format(info.id % 12),
            "url": f"{site}/p/{info.name}",
            "description": info.description,
            "name": info.name,
            "display_name": info.display_name,
        },
        "team": {
            "id": team.id,
            "domain": team.domain,
            "url": site,
            "introduction": "",
            "name": team.name,
            "name_pinyin": team.name,
            "avatar": f"https://static.example.com/team/{team.id}.png",
        },
    }
    return body


def _sender(team: Team, member: Member) -> Body:
    return {
        "id": member.id,
        "login": member.global_key,
        "avatar_url": AVATAR.format(member.id),
        "url": f"{team.site}/api/user/key/{member.global_key}",
        "html_url": f"{team.site}/u/{member.global_key}",
        "name": member.name,
        "name_pinyin": member.name,
    }


def _person(team: Team, member: Member) -> Body:
    return _sender(team, member) | {"email": "", "phone": ""}


def _issue(team: Team, project: Project, issue: Issue) -> Body:
    status = project.statuses[issue.status_id]
    body: Body = {
        "html_url": f"{team.site}/p/{project.info.name}/all/issues/{issue.code}",
        "typeZh": KIND_NAMES[issue.kind],
        "statusZh": STATUS_TYPE_NAMES[status.type],
        "type": issue.kind,
        "project_id": project.id,
        "code": issue.code,
        "parent_code": issue.parent_code,
        "title": issue.name,
        "creator": _person(team, team.members[issue.creator_id]),
        "status": status.name,
        "priority": int(issue.priority or -1),
        "description": issue.description,
        "created_at": issue.created_ms,
        "updated_at": issue.updated_ms,
        "issue_status": {"id": status.id, "name": status.name, "type": status.type},
        "watchers": [_person(team, team.members[member_id]) for member_id in issue.watcher_ids],
        "labels": [
            {"id": label_id, "name": project.labels[label_id].name}
            for label_id in issue.label_ids
            if label_id in project.labels
        ],
    }
    dates = {"start_date": issue.start_date, "due_date": issue.due_date}
    body |= {name: at_ms for name, at_ms in dates.items() if at_ms}
    if issue.assignee_ids:
        body["assignee"] = _person(team, team.members[issue.assignee_ids[0]])
    if sprint := project.iterations.get(issue.iteration_code):
        body["iteration"] = _iteration(team, project, sprint)
    return body


def _iteration(
    team: Team,
    project: Project,
    iteration: Iteration,
    *,
    person: Callable[[Team, Member], Body] = _person,
) -> Body:
    body: Body = {
        "title": iteration.name,
        "goal": iteration.goal,
        "html_url": f"{team.site}/p/{project.info.name}/iterations/{iteration.code}",
        "project_id": project.id,
        "code": iteration.code,
        "creator": person(team, team.members[iteration.creator_id]),
        "watchers": [],
        "status": iteration.status,
        "plan_issue_number": project.counts(iteration.code).total(),
        "created_at": iteration.created_ms,
        "updated_at": iteration.updated_ms,
    }
    dates = {"start_at": iteration.start_ms, "end_at": iteration.end_ms}
    body |= {name: at_ms for name, at_ms in dates.items() if at_ms != NO_ITERATION_DATE}
    if iteration.assignee_id:
        body["assignee"] = person(team, team.members[iteration.assignee_id])
    return body
