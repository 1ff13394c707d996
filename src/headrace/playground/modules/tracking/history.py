"""What is written down when issues change: statuses, activities and custom fields.

Nothing is kept of an issue until it changes: what came before is worked out from the issue itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from headrace.core.record import digest_of, encode_body

from ...defaults import STATUS_IDS_OF_KIND
from ...records import Field, Issue, whole_seconds
from ...rows import Row, issue_status
from .part import Key, Place, Tables

if TYPE_CHECKING:
    from ...project import Project
    from ...team import Team

# What an activity log calls the field of an issue, in both languages.
TARGETS = {
    "ASSIGNEE": ("assignee_ids", "处理人"),
    "ITERATION": ("iteration_code", "迭代"),
    "PRIORITY": ("priority", "优先级"),
    "DUE_DATE": ("due_date", "截止日期"),
    "START_DATE": ("start_date", "开始日期"),
    "STATUS": ("status_id", "状态"),
    "NAME": ("name", "标题"),
    "DESCRIPTION": ("description", "描述"),
    "LABEL": ("label_ids", "标签"),
    "WATCHER": ("watcher_ids", "关注人"),
    "STORY_POINT": ("story_point", "故事点"),
    "WORKING_HOURS": ("working_hours", "工时"),
    "PARENT_ISSUE": ("parent_code", "父事项"),
}
ACTIONS = ("ADD", "CHANGE_PARENT", "CREATE", "DELETE", "REMOVE", "UPDATE")
OTHER_TARGETS = (
    *("ATTACHMENT", "CHILD_ISSUE", "CUSTOM_FIELD", "DEFECT_TYPE", "EPIC_ISSUE", "MODULE"),
    *("ISSUE_EPIC_CHANGED", "ISSUE_PROGRAM_RELATION", "ISSUE_RELATION", "PROGRESS"),
    *("RELATE_DEFECT", "RELATE_REQUIREMENT", "REQUIREMENT_TYPE", "RESOURCE", "SELF", "THIRD_LINK"),
)
_MOVED_MS = 60_000  # an issue not yet seen to move went to its status a minute after it was made


def with_digest(row: Row) -> Row:
    """An entry of a log as a reader keeps it."""
    return row | {"Digest": digest_of(encode_body(row)).hex()}


class History:
    """Looks on while issues change; does nothing by itself."""

    def __init__(self, team: Team) -> None:
        self._team = team
        self._statuses: dict[Place, list[tuple[int, int]]] = {}
        self._activities: dict[Place, list[Row]] = {}
        self._values: dict[Place, dict[int, list[Row]]] = {}
        self._valued_ms: dict[Place, int] = {}
        team.onlookers.append(self._see)

    def statuses(self, project: Project, issue: Issue) -> list[Row]:
        """`IssueStatusChangeLog`s, oldest first: the status it was created in, and all since."""
        kept = self._statuses.get((project.id, issue.code)) or _begun(issue)
        return [_status_row(project, issue, status_id, at_ms) for status_id, at_ms in kept]

    def activities(self, project: Project, issue: Issue, action: str, target: str) -> list[Row]:
        """`ApiIssueLogIssueLog`s of one action on one target, newest first."""
        if (action, target) == ("CREATE", "SELF"):
            return [_activity(issue, "CREATE", "SELF", "事项", None, None, issue.created_ms)]
        if action != "UPDATE":
            return []
        kept = self._activities.get((project.id, issue.code), ())
        return [row for row in reversed(kept) if row["Target"] == target]

    def values(self, project: Project, issue: Issue, field: Field) -> list[Row]:
        """`CustomFieldChangeLog`s of one field, newest first, since it was last empty."""
        now = dict(issue.custom)
        if field.id not in now:
            return []
        kept = self._values.get((project.id, issue.code), {}).get(field.id)
        return kept[::-1] if kept else [_value(issue, field, now[field.id], issue.created_ms)]

    def tables(self) -> Tables:
        """See `modules.Module`."""
        return {
            "issue_status_changes": lambda: dict(self._status_rows()),
            "issue_activity_logs": lambda: dict(self._activity_rows()),
            "issue_custom_field_changes": lambda: dict(self._value_rows()),
        }

    # Looking on

    def _see(self, project: Project, old: Issue, new: Issue, now_ms: int) -> None:
        place = (project.id, new.code)
        if new.status_id != old.status_id:
            kept = self._statuses.setdefault(place, _begun(old))
            kept.append((new.status_id, now_ms))
        for target, (name, title) in TARGETS.items():
            before, after = getattr(old, name), getattr(new, name)
            if before != after:
                row = _activity(new, "UPDATE", target, title, before, after, now_ms)
                self._activities.setdefault(place, []).append(row)
        if new.custom != old.custom:
            self._see_values(project, old, new, now_ms)

    def _see_values(self, project: Project, old: Issue, new: Issue, now_ms: int) -> None:
        """A field that is emptied begins anew; no two entries of an issue are of one second."""
        place = (project.id, new.code)
        at_ms = self._valued_ms[place] = max(now_ms, self._valued_ms.get(place, 0) + 1000)
        kept = self._values.setdefault(place, {})
        before, after = dict(old.custom), dict(new.custom)
        for field in project.fields[new.kind]:
            if before.get(field.id) == after.get(field.id):
                continue
            if field.id in after:
                earlier = list(reversed(self.values(project, old, field)))
                kept[field.id] = [*earlier, _value(new, field, after[field.id], at_ms)]
            else:
                kept.pop(field.id, None)

    # The truth

    def _issues(self) -> Iterator[tuple[Project, Issue]]:
        for project in self._team.projects.values():
            for issue in project.issues.values():
                yield project, issue

    def _status_rows(self) -> Iterator[tuple[Key, Row]]:
        for project, issue in self._issues():
            for row in self.statuses(project, issue):
                status = row.pop("IssueStatus")
                key = (project.id, issue.code, row["StatusId"], row["CreatedAt"])
                yield key, row | {"StatusType": status["Type"]}

    def _activity_rows(self) -> Iterator[tuple[Key, Row]]:
        for project, issue in self._issues():
            for target in ("ASSIGNEE", "ITERATION", "PRIORITY", "DUE_DATE"):
                for row in map(with_digest, self.activities(project, issue, "UPDATE", target)):
                    yield (project.id, issue.code, "UPDATE", target, row["Digest"]), row

    def _value_rows(self) -> Iterator[tuple[Key, Row]]:
        for project, issue in self._issues():
            for field in project.fields[issue.kind]:
                for row in map(with_digest, self.values(project, issue, field)):
                    yield (project.id, issue.code, row["Digest"]), row


def _begun(issue: Issue) -> list[tuple[int, int]]:
    first = STATUS_IDS_OF_KIND[issue.kind][0]
    moved = [(issue.status_id, issue.created_ms + _MOVED_MS)] if issue.status_id != first else []
    return [(first, issue.created_ms), *moved]


def _status_row(project: Project, issue: Issue, status_id: int, at_ms: int) -> Row:
    status = project.statuses[status_id]
    return {
        "IssueCode": issue.code,
        "StatusId": status_id,
        "StatusName": status.name,
        "IssueStatus": issue_status(status, issue.kind, 0, project)["IssueStatus"],
        "CreatedAt": whole_seconds(at_ms),
    }


def _activity(
    issue: Issue, action: str, target: str, title: str, before: Any, after: Any, at_ms: int
) -> Row:
    content = json.dumps({"before": before, "after": after}, ensure_ascii=False)
    return {
        "ActionType": action,
        "Content": content,
        "CreateAt": whole_seconds(at_ms),
        "Creator": issue.creator_id,
        "IssueId": issue.id,
        "Target": target,
        "TargetName": title,
        "UpdatedAt": whole_seconds(at_ms),
    }


def _value(issue: Issue, field: Field, value: str, at_ms: int) -> Row:
    return {
        "ActionType": "UPDATE",
        "Creator": issue.creator_id,
        "FieldId": field.id,
        "FieldName": field.name,
        "FieldType": field.component,
        "FieldValue": value,
        "IssueId": issue.id,
        "UpdatedAt": whole_seconds(at_ms),
    }
