"""The event codes of Service Hooks, as `DescribeEvents` lists them: code, label, group."""

from __future__ import annotations

from .events import NAMES

GROUPS = {
    "ITERATION": "迭代",
    "ISSUE": "事项",
    "GIT": "代码仓库",
    "CI": "持续集成",
    "ARTIFACTS": "制品库",
    "WIKI": "Wiki",
    "FILE": "文件网盘",
    "MEMBER": "成员",
    "TEST": "测试管理",
    "FLEXIBLE": "测试协同",
    "CODE": "代码扫描",
    "PLAN": "项目集计划",
    "RISK": "项目集风险",
}
_OTHERS = {
    "ISSUE": "COMMENT_CREATED HOUR_RECORD_UPDATED",
    "GIT": "PUSHED MR_CREATED MR_UPDATED MR_MERGED MR_CLOSED MR_NOTE",
    "ARTIFACTS": (
        "VERSION_CREATED VERSION_UPDATED VERSION_DOWNLOADED VERSION_DELETED VERSION_RELEASED"
        " VERSION_DOWNLOAD_FORBIDDEN VERSION_DOWNLOAD_ALLOWED VERSION_DOWNLOAD_BLOCKED"
        " REPO_CREATED REPO_UPDATED REPO_DELETED"
    ),
    "CI": "JOB_CREATED JOB_UPDATED JOB_DELETED JOB_STARTED JOB_FINISHED",
    "FILE": (
        "CREATED UPDATED RENAMED SHARE_UPDATED MOVED COPIED MOVED_TO_RECYCLE_BIN"
        " RESTORED_FROM_RECYCLE_BIN DELETED"
    ),
    "WIKI": (
        "CREATED UPDATED MOVED SHARE_UPDATED ACCESS_UPDATED COPIED MOVED_TO_RECYCLE_BIN"
        " RESTORED_FROM_RECYCLE_BIN DELETED"
    ),
    "TEST": "PLAN_CREATED PLAN_UPDATED PLAN_FINISHED TASK_ASSIGNED REPORT_CREATED",
    "FLEXIBLE": (
        "TESTX_REVIEW_CREATED TESTX_REVIEW_COMMENTED TESTX_REVIEW_UPDATED TESTX_REVIEW_COMPLETED"
        " TESTX_PLAN_CREATED TESTX_PLAN_TASK_ASSIGNED TESTX_PLAN_UPDATED TESTX_PLAN_FINISHED"
        " TESTX_REPORT_CREATED"
    ),
    "CODE": "DOG_CREATE_JOB DOG_RESULT_NOTIFY",
    # One of these is really spelled STATUE.
    "PLAN": "CREATED DELETED COMMENT_CREATED STATUE_CHANGED ASSIGNEE_CHANGED UPDATED",
    "RISK": "CREATED DELETED COMMENT_CREATED STATUS_CHANGED ASSIGNEE_CHANGED UPDATED",
}
CODES: tuple[str, ...] = (
    *NAMES,
    *(f"{group}_{rest}" for group, rests in _OTHERS.items() for rest in rests.split()),
)


def label(code: str) -> str:
    return NAMES.get(code, code)


def group(code: str) -> str:
    return code.partition("_")[0]
