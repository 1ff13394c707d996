"""How a project has set up its issues: types, and the fields and statuses of each type."""

from __future__ import annotations

from headrace.coding.streams.columns import flag, integer, moment, nested, reference, text, word
from headrace.coding.streams.project import IN_PROJECT
from headrace.core.schema import Schema
from headrace.core.stream import Listing, Parent, Stream, Title

_SCOPES = ("collaboration:issue:ro",)
_PROJECT_ID = integer("project_id", "ProjectId", "项目 ID", "id of the project")
_ISSUE_TYPE = text(
    "issue_type",
    "IssueType",
    "事项大类：EPIC，REQUIREMENT，MISSION，DEFECT，SUB_TASK",
    "EPIC, REQUIREMENT, MISSION, DEFECT or SUB_TASK",
)

# Several types of a project may share one kind (IssueType): they open the same scope.
IN_ISSUE_TYPE = Parent(
    stream="issue_types",
    values={"IssueType": "IssueType"},
    key=("ProjectId", "IssueType"),
)

ISSUE_TYPES = Stream(
    name="issue_types",
    title=Title("事项类型", "Issue types"),
    key=("ProjectId", "Id"),
    schema=Schema(
        key=("project_id", "id"),
        columns=(
            _PROJECT_ID,
            integer("id", "Id", "事项类型 ID", "id of the issue type"),
            text("name", "Name", "类型名称", "name of the type"),
            _ISSUE_TYPE,
            text("description", "Description", "描述", "description"),
            flag("is_system", "IsSystem", "是否系统类型", "is built in"),
            word("split_type", "SplitType", "需求分解方式", "how requirements may be split"),
            nested(
                "split_target_issue_type_id",
                "SplitTargetIssueTypeId",
                "可分解为的类型 ID 列表",
                "ids of the types it may be split into",
            ),
        ),
    ),
    listing=Listing(
        action="DescribeProjectIssueTypeList", rows="IssueTypes", sends=("ProjectName",)
    ),
    parent=IN_PROJECT,
    scopes=_SCOPES,
    slow=True,
)

ISSUE_FIELDS = Stream(
    name="issue_fields",
    title=Title("事项属性", "Issue fields"),
    key=("ProjectId", "IssueType", "IssueFieldId"),
    version=("UpdatedAt",),
    schema=Schema(
        key=("project_id", "issue_type", "issue_field_id"),
        columns=(
            _PROJECT_ID,
            _ISSUE_TYPE,
            integer("issue_field_id", "IssueFieldId", "属性 ID", "id of the field"),
            text("name", "IssueField.Name", "属性名称", "name of the field"),
            text(
                "type",
                "IssueField.Type",
                "属性类型，CUSTOM 为自定义",
                "kind; CUSTOM for own fields",
            ),
            text(
                "component_type", "IssueField.ComponentType", "控件类型", "kind of input, SELECT_*"
            ),
            text("description", "IssueField.Description", "描述", "description"),
            nested("options", "IssueField.Options", "选项列表", "choices of a select field"),
            word("unit", "IssueField.Unit", "单位", "unit"),
            text("icon_url", "IssueField.IconUrl", "图标地址", "address of the icon"),
            reference("team_id", "IssueField.TeamId", "团队 ID", "id of the team"),
            flag("required", "Required", "此类型中是否必填", "must be filled for this type"),
            flag("need_default", "NeedDefault", "是否有默认值", "has a default"),
            word("value_string", "ValueString", "默认值，JSON 文本", "default value, JSON text"),
            flag(
                "field_required", "IssueField.Required", "属性是否必填", "must be filled anywhere"
            ),
            flag("selectable", "IssueField.Selectable", "项目中是否可选", "projects may choose it"),
            flag("editable", "IssueField.Editable", "是否可修改", "may be changed"),
            flag("deletable", "IssueField.Deletable", "是否可删除", "may be deleted"),
            flag("sortable", "IssueField.Sortable", "是否可排序", "may be sorted by"),
            reference(
                "field_created_by", "IssueField.CreatedBy", "属性创建人 ID", "id of its creator"
            ),
            moment("field_created_at", "IssueField.CreatedAt", "属性创建时间", "field created"),
            moment(
                "field_updated_at", "IssueField.UpdatedAt", "属性修改时间", "field last updated"
            ),
            moment("created_at", "CreatedAt", "加入此类型的时间", "added to this type"),
            moment("updated_at", "UpdatedAt", "修改时间", "last updated"),
        ),
    ),
    listing=Listing(
        action="DescribeProjectIssueFieldList",
        rows="ProjectIssueFieldList",
        sends=("ProjectName", "IssueType"),
    ),
    parent=IN_ISSUE_TYPE,
    scopes=_SCOPES,
    slow=True,
)

ISSUE_STATUSES = Stream(
    name="issue_statuses",
    title=Title("事项状态", "Issue statuses"),
    key=("ProjectId", "IssueType", "IssueStatusId"),
    version=("UpdatedAt",),
    schema=Schema(
        key=("project_id", "issue_type", "issue_status_id"),
        columns=(
            _PROJECT_ID,
            _ISSUE_TYPE,
            integer("issue_status_id", "IssueStatusId", "状态 ID", "id of the status"),
            text("name", "IssueStatus.Name", "状态名称", "name of the status"),
            text(
                "type",
                "IssueStatus.Type",
                "状态类型：TODO，PROCESSING，COMPLETED",
                "TODO, PROCESSING or COMPLETED",
            ),
            text("description", "IssueStatus.Description", "描述", "description"),
            integer("index", "IssueStatus.Index", "状态序号", "number of the status in the team"),
            flag("is_system", "IssueStatus.IsSystem", "是否系统内置", "is built in"),
            flag("is_default", "IsDefault", "是否默认状态", "is the status of new issues"),
            integer("sort", "Sort", "排序", "place in the order"),
            moment("status_created_at", "IssueStatus.CreatedAt", "状态创建时间", "status created"),
            moment("status_updated_at", "IssueStatus.UpdatedAt", "状态修改时间", "status updated"),
            moment("created_at", "CreatedAt", "加入此类型的时间", "added to this type"),
            moment("updated_at", "UpdatedAt", "修改时间", "last updated"),
        ),
    ),
    listing=Listing(
        action="DescribeProjectIssueStatusList",
        rows="ProjectIssueStatusList",
        sends=("ProjectName", "IssueType"),
    ),
    parent=IN_ISSUE_TYPE,
    scopes=_SCOPES,
    slow=True,
)
