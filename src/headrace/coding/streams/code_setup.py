"""Streams around depots: the team's depot specs, and depots of other services."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from headrace.coding.streams.code_depot import SCOPES
from headrace.coding.streams.columns import flag, integer, nested, text, word
from headrace.core.schema import Schema
from headrace.core.stream import Listing, Parent, Stream, Title

DEPOT_SPECS = Stream(
    name="depot_specs",
    title=Title("仓库规范", "Depot specs"),
    key=("Name",),
    schema=Schema(
        key=("name",),
        columns=(
            text("name", "Name", "规范名称", "name of the spec"),
            text("description", "Description", "描述", "description"),
            text("type", "Type", "级别：system 系统，team 团队", "system or team"),
        ),
    ),
    listing=Listing(action="DescribeDepotSpecs", rows="DepotSpecs"),
    scopes=SCOPES,
    slow=True,
)


def _alone(detail: Any) -> Iterable[Any]:
    return [detail]


DEPOT_SPEC_DETAILS = Stream(
    name="depot_spec_details",
    title=Title("仓库规范详情", "Depot specs in full"),
    key=("Name",),
    schema=Schema(
        key=("name",),
        columns=(
            text("name", "Name", "规范名称", "name of the spec"),
            text("description", "Description", "描述", "description"),
            text("type", "Type", "级别：system 系统，team 团队", "system or team"),
            flag(
                "allow_push_wild_ref",
                "AllowPushWildRef",
                "是否允许规定类型以外的分支",
                "allows branches of no type",
            ),
            flag(
                "use_existing_solution",
                "UseExistingSolution",
                "仓库是否沿用现有规范（仅按仓库查询时有用）",
                "depot uses an existing spec; of use for a depot only",
            ),
            nested(
                "depot_branch_type_list",
                "DepotBranchTypeList",
                "分支类型：名称、描述、规则",
                "types of branches: name, description, rule",
            ),
            nested(
                "depot_merge_request_rule_list",
                "DepotMergeRequestRuleList",
                "允许的合并方向",
                "from which type into which one may merge",
            ),
        ),
    ),
    listing=Listing(
        action="DescribeDepotSpecDetail",
        rows="Detail",
        sends={"DepotSpecName": "Name"},
        unfold=_alone,
    ),
    parent=Parent("depot_specs", {"Name": "Name"}, ("Name",)),
    scopes=SCOPES,
    slow=True,
)

# The kinds of DepotType that are not the project's own depots.
_ELSEWHERE = (
    *("GITHUB", "GITLAB", "GITLAB_PRIVATE", "GITEE", "TGIT"),
    *("COMMON_GIT_REPO", "CODING_OTHER_PROJ"),
)

EXTERNAL_DEPOTS = Stream(
    name="external_depots",
    title=Title("关联的外部仓库", "Depots elsewhere"),
    key=("ProjectId", "DepotType", "Id"),
    schema=Schema(
        key=("project_id", "depot_type", "id"),
        columns=(
            integer("project_id", "ProjectId", "项目 ID", "id of the project"),
            text("depot_type", "DepotType", "仓库类型：GITHUB，GITLAB 等", "GITHUB, GITLAB ..."),
            integer("id", "Id", "仓库 ID", "id of the depot there"),
            text("name", "Name", "仓库名称", "name of the depot"),
            flag("authorized", "Authorized", "是否已关联", "is bound"),
            flag("is_default", "IsDefault", "是否默认显示", "is shown first"),
            word("depot_https_url", "DepotHttpsUrl", "HTTPS 克隆地址", "address to clone by HTTPS"),
            word("depot_ssh_url", "DepotSshUrl", "SSH 克隆地址", "address to clone by SSH"),
            word("open_module", "OpenModule", "无用字段", "of no use, says CODING"),
        ),
    ),
    listing=Listing(
        action="DescribeProjectDepots", rows="Data.DepotList", sends=("ProjectId", "DepotType")
    ),
    parent=Parent(
        "projects",
        {"ProjectId": "Id"},
        ("ProjectId", "DepotType"),
        fan={"DepotType": _ELSEWHERE},
    ),
    scopes=("depot:external-repository:ro",),
    slow=True,
)
