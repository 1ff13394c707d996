"""What every new team begins with: issue types, statuses, fields, labels and roles.

The kinds of types and of fields are those named by `DescribeProjectIssueTypeList` and
`DescribeProjectIssueFieldList`; ids, names and options are invented.
"""

from __future__ import annotations

from .records import Field, IssueType, Option, Status

KINDS = ("EPIC", "REQUIREMENT", "MISSION", "DEFECT", "SUB_TASK")

KIND_NAMES = {
    "EPIC": "史诗",
    "REQUIREMENT": "需求",
    "MISSION": "任务",
    "DEFECT": "缺陷",
    "SUB_TASK": "子工作项",
}

STATUS_TYPE_NAMES = {"TODO": "待处理", "PROCESSING": "进行中", "COMPLETED": "已完成"}

TYPES = (
    IssueType(11, "EPIC", "史诗", "A long-running goal of the demo team"),
    IssueType(12, "REQUIREMENT", "需求", "Something a customer of the demo shop wants"),
    IssueType(13, "MISSION", "任务", "Work that has to be done"),
    IssueType(14, "DEFECT", "缺陷", "Something that does not work"),
    IssueType(15, "SUB_TASK", "子工作项", "A part of another issue"),
    IssueType(16, "REQUIREMENT", "Customer wish", "A type made by the team", is_system=False),
)

STATUSES = (
    Status(31, 1, "未开始", "TODO"),
    Status(32, 2, "待处理", "TODO"),
    Status(33, 3, "处理中", "PROCESSING"),
    Status(34, 4, "开发中", "PROCESSING"),
    Status(35, 5, "测试中", "PROCESSING"),
    Status(36, 6, "待验证", "PROCESSING"),
    Status(37, 7, "已完成", "COMPLETED"),
    Status(38, 8, "已关闭", "COMPLETED"),
)

STATUS_IDS_OF_KIND: dict[str, tuple[int, ...]] = {
    "EPIC": (31, 33, 37),
    "REQUIREMENT": (31, 34, 35, 37, 38),
    "MISSION": (31, 33, 37),
    "DEFECT": (32, 33, 36, 38),
    "SUB_TASK": (31, 33, 37),
}

_SIZES = tuple(Option(str(n), title) for n, title in enumerate(("小 S", "中 M", "大 L", "XL"), 1))
_BROWSERS = tuple(
    Option(str(n), title) for n, title in enumerate(("Firefox", "Chrome", "Safari", "其他"), 1)
)

FIELDS = (
    Field(51, "标题", "NAME", "TEXT_SINGLE_LINE"),
    Field(52, "处理人", "ASSIGNEE", "SELECT_MEMBER_MULTI"),
    Field(53, "关注人", "WATCHER", "SELECT_MEMBER_MULTI"),
    Field(54, "优先级", "PRIORITY", "SELECT_SINGLE"),
    Field(55, "所属迭代", "ITERATION", "SELECT_ITERATION_SINGLE"),
    Field(56, "开始日期", "START_DATE", "TEXT_DATE"),
    Field(57, "截止日期", "DUE_DATE", "TEXT_DATE"),
    Field(58, "预估工时", "WORKING_HOURS", "TEXT_DECIMAL", unit="小时"),
    Field(59, "标签", "LABEL", "SELECT_MULTI"),
    Field(71, "Size", "CUSTOM", "SELECT_SINGLE", _SIZES),
    Field(72, "Browsers", "CUSTOM", "SELECT_MULTI", _BROWSERS),
    Field(73, "Tester 测试", "CUSTOM", "SELECT_MEMBER_SINGLE"),
    Field(74, "Reviewers", "CUSTOM", "SELECT_MEMBER_MULTI"),
    Field(75, "Found in", "CUSTOM", "SELECT_ITERATION_SINGLE"),
    Field(76, "Fixed in", "CUSTOM", "SELECT_ITERATION_MULTI"),
    Field(77, "Order number", "CUSTOM", "TEXT_SINGLE_LINE"),
    Field(78, "Steps 复现步骤", "CUSTOM", "TEXT_MULTI_LINE"),
    Field(79, "Promised for", "CUSTOM", "TEXT_DATE"),
    Field(80, "Seen at", "CUSTOM", "TEXT_DATETIME"),
    Field(81, "Cost", "CUSTOM", "TEXT_DECIMAL", unit="CNY"),
    Field(82, "Reports", "CUSTOM", "TEXT_INTEGER"),
)

LABELS = ("frontend", "backend", "支付", "urgent 🔥", "docs", 'quoted "label"', "移动端", "debt")
LABEL_COLORS = ("#5A606B", "#0066FF", "#00A86B", "#D0021B")

ROLES = {
    "ProjectAdmin": (21, "项目管理员"),
    "ProjectMember": (22, "开发"),
    "ProjectManager": (23, "项目经理"),
    "ProjectGuest": (24, "受限成员"),
}
ROLE_TYPES = tuple(ROLES)

DEFECT_TYPES = ("", "功能缺陷", "界面缺陷", "性能问题")
REQUIREMENT_TYPES = ("", "产品需求", "技术需求")
MODULES = ("", "checkout", "catalogue", "account")
