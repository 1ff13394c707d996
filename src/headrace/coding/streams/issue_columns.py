"""The columns of the issues table and of its child tables."""

from __future__ import annotations

from headrace.coding.streams.columns import (
    decimal,
    flag,
    integer,
    moment,
    nested,
    reference,
    text,
    word,
)
from headrace.core.schema import Child

COLUMNS = (
    integer("project_id", "ProjectId", "项目 ID", "id of the project"),
    integer("code", "Code", "事项编号，项目内唯一", "number, unique in the project"),
    text(
        "type",
        "Type",
        "事项大类：EPIC 史诗，REQUIREMENT 需求，MISSION 任务，DEFECT 缺陷，SUB_TASK 子工作项",
        "EPIC, REQUIREMENT, MISSION, DEFECT or SUB_TASK",
    ),
    text("name", "Name", "标题", "title"),
    text("description", "Description", "描述", "description"),
    text(
        "priority",
        "Priority",
        "优先级：0 低，1 中，2 高，3 紧急，空为未指定",
        "0 low, 1 middle, 2 high, 3 urgent, empty for none",
    ),
    reference("issue_type_id", "IssueTypeId", "事项类型 ID", "id of the issue type"),
    word("issue_type_name", "IssueTypeDetail.Name", "事项类型名称", "name of the issue type"),
    word(
        "issue_type_category", "IssueTypeDetail.IssueType", "类型所属大类", "kind of the issue type"
    ),
    word(
        "issue_type_description", "IssueTypeDetail.Description", "类型描述", "what the type is for"
    ),
    flag("issue_type_is_system", "IssueTypeDetail.IsSystem", "是否系统类型", "type is built in"),
    reference("issue_status_id", "IssueStatusId", "状态 ID", "id of the status"),
    word("issue_status_name", "IssueStatusName", "状态名称", "name of the status"),
    word(
        "issue_status_type",
        "IssueStatusType",
        "状态类型：TODO 未开始，PROCESSING 进行中，COMPLETED 已完成",
        "TODO, PROCESSING or COMPLETED",
    ),
    reference("assignee_id", "AssigneeId", "处理人 ID", "id of the assignee"),
    reference("creator_id", "CreatorId", "创建人 ID", "id of the creator"),
    reference(
        "iteration_id", "IterationId", "迭代 ID（数据库 ID）", "database id of the iteration"
    ),
    reference("iteration_code", "Iteration.Code", "迭代编号", "number of the iteration"),
    word("iteration_name", "Iteration.Name", "迭代名称", "title of the iteration"),
    word("iteration_status", "Iteration.Status", "迭代状态", "status of the iteration"),
    word("parent_type", "ParentType", "父事项大类", "kind of the parent issue"),
    reference("parent_id", "ParentId", "父事项 ID", "database id of the parent issue"),
    reference("parent_code", "ParentCode", "父事项编号", "number of the parent issue"),
    moment("start_date", "StartDate", "开始日期", "start date"),
    moment("due_date", "DueDate", "截止日期", "due date"),
    decimal("working_hours", "WorkingHours", "工时（小时）", "working hours"),
    word("story_point", "StoryPoint", "故事点，可含小数", "story points, may have decimals"),
    nested(
        "custom_fields",
        "CustomFields",
        "自定义属性（同子表）",
        "custom fields, as in the child table",
    ),
    moment("created_at", "CreatedAt", "创建时间", "created"),
    moment("updated_at", "UpdatedAt", "修改时间", "last updated"),
    moment("completed_at", "CompletedAt", "完成时间", "completed"),
)

_LABELS = Child(
    name="issue_labels",
    path="Labels",
    zh="事项标签",
    en="Labels of an issue",
    key=("label_id",),
    columns=(
        integer("label_id", "Id", "标签 ID", "id of the label"),
        text("label_name", "Name", "标签名称", "name of the label"),
        text("color", "Color", "颜色，例如 #5A606B", "colour, e.g. #5A606B"),
    ),
)

_CUSTOM_FIELDS = Child(
    name="issue_custom_fields",
    path="CustomFields",
    zh="事项自定义属性值",
    en="Custom field values of an issue",
    key=("field_id",),
    columns=(
        integer(
            "field_id", "Id", "属性 ID，对应 issue_fields", "id of the field, see issue_fields"
        ),
        word("field_name", "Name", "属性名称", "name of the field"),
        text("value", "ValueString", "值：文本或 JSON", "value: plain text or JSON"),
    ),
)

_ASSIGNEES = Child(
    name="issue_assignees",
    path="Assignees",
    zh="事项处理人",
    en="Assignees of an issue",
    key=("user_id",),
    columns=(
        integer("user_id", "Id", "用户 ID", "id of the user"),
        text("user_name", "Name", "姓名", "name"),
        word("global_key", "GlobalKey", "用户唯一标识", "unique login name"),
        word("email", "Email", "邮箱（个人信息）", "e-mail (personal data)"),
        word("phone", "Phone", "电话（个人信息）", "phone (personal data)"),
        text("avatar", "Avatar", "头像地址", "address of the picture"),
        integer("status", "Status", "用户状态", "status of the user"),
        reference("team_id", "TeamId", "团队 ID", "id of the team"),
        word("team_global_key", "TeamGlobalKey", "团队唯一标识", "unique name of the team"),
    ),
)

CHILDREN = (_LABELS, _CUSTOM_FIELDS, _ASSIGNEES)
