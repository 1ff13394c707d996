"""Streams of how a depot is guarded: protected branches and tags, push rules, deploy keys."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from headrace.coding.streams.code_depot import (
    DEPOT_ID,
    OF_DEPOT,
    SCOPES,
    TAG_PERSONAL,
    tag_columns,
)
from headrace.coding.streams.columns import flag, integer, moment, nested, text, word
from headrace.core.schema import Schema
from headrace.core.stream import Listing, Parent, Stream, Title

_BY_PATH = ("DepotPath",)

PROTECTED_BRANCHES = Stream(
    name="protected_branches",
    title=Title("保护分支", "Protected branches"),
    key=("DepotId", "Name"),
    schema=Schema(
        key=("depot_id", "name"),
        columns=(
            DEPOT_ID,
            text("name", "Name", "分支名称", "name of the branch"),
            flag("deny_force_push", "DenyForcePush", "是否禁止强制推送", "refuses forced pushes"),
            flag("force_squash", "ForceSquash", "是否强制 squash 合并", "merges by squash only"),
            flag("status_check", "StatusCheck", "是否开启状态检查", "wants status checks"),
            moment("commit_date", "CommitDate", "最后提交时间", "date of its last commit"),
        ),
    ),
    listing=Listing(
        action="DescribeProtectedBranches",
        rows="ProtectedBranches",
        sends=("DepotId", "DepotPath"),
    ),
    parent=OF_DEPOT,
    scopes=SCOPES,
    slow=True,
)

PROTECTED_BRANCH_MEMBERS = Stream(
    name="protected_branch_members",
    title=Title("保护分支成员", "Members of a protected branch"),
    key=("DepotId", "BranchName", "GlobalKey"),
    schema=Schema(
        key=("depot_id", "branch_name", "global_key"),
        columns=(
            DEPOT_ID,
            text("branch_name", "BranchName", "分支名称", "name of the branch"),
            text("global_key", "GlobalKey", "成员唯一标识", "unique login name of the member"),
            text("name", "Name", "成员姓名", "name of the member"),
            flag("has_push_access", "HasPushAccess", "是否允许直接推送", "may push"),
            flag("has_update_access", "HasUpdateAccess", "是否允许合并", "may merge"),
        ),
    ),
    listing=Listing(
        action="DescribeProtectedBranchMembers",
        rows="Members",
        sends=("DepotId", "BranchName"),
    ),
    parent=Parent("protected_branches", {"BranchName": "Name"}, ("DepotId", "BranchName")),
    scopes=SCOPES,
    slow=True,
)

BRANCH_PROTECTIONS = Stream(
    name="branch_protections",
    title=Title("保护分支规则", "Branch protection rules"),
    key=("DepotId", "BranchProtectionId"),
    schema=Schema(
        key=("depot_id", "branch_protection_id"),
        columns=(
            DEPOT_ID,
            integer("branch_protection_id", "BranchProtectionId", "规则 ID", "id of the rule"),
            text("rule", "Rule", "分支名称的匹配规则", "pattern of the names of branches"),
            integer("matcher_count", "MatcherCount", "匹配的分支数", "branches it fits now"),
            flag("deny_force_push", "DenyForcePush", "是否禁止强制推送", "refuses forced pushes"),
            flag("force_squash", "ForceSquash", "是否强制 squash 合并", "merges by squash only"),
            flag(
                "auto_add_reviewer",
                "AutoAddReviewer",
                "是否自动添加评审者",
                "adds reviewers by itself",
            ),
            flag(
                "required_code_owner_grant",
                "RequiredCodeOwnerGrant",
                "是否需要代码所有者授权",
                "code owners must agree",
            ),
            flag(
                "required_discussion_resolved",
                "RequiredDiscussionResolved",
                "是否需要解决全部讨论",
                "discussions must be resolved",
            ),
            integer(
                "required_grant_count", "RequiredGrantCount", "所需授权数", "approvals it takes"
            ),
            flag(
                "required_status_check",
                "RequiredStatusCheck",
                "是否需要通过状态检查",
                "status checks must pass",
            ),
            word(
                "src_must_merged_to",
                "SrcMustMergedTo",
                "源分支须已合并到的分支",
                "branch that must have the source already",
            ),
        ),
    ),
    listing=Listing(
        action="DescribeBranchProtections", rows="BranchProtections", sends=("DepotId",)
    ),
    parent=OF_DEPOT,
    scopes=SCOPES,
    slow=True,
)

BRANCH_PROTECTION_MEMBERS = Stream(
    name="branch_protection_members",
    title=Title("保护分支规则管理员", "Administrators of a branch protection rule"),
    key=("DepotId", "BranchProtectionId", "GlobalKey"),
    schema=Schema(
        key=("depot_id", "branch_protection_id", "global_key"),
        columns=(
            DEPOT_ID,
            integer("branch_protection_id", "BranchProtectionId", "规则 ID", "id of the rule"),
            text("global_key", "GlobalKey", "管理员唯一标识", "unique login name"),
            text("name", "Name", "管理员姓名", "name of the administrator"),
            flag("allow_push", "AllowPush", "是否允许直接推送", "may push"),
        ),
    ),
    listing=Listing(
        action="DescribeBranchProtectionMembers",
        rows="Members",
        sends=("DepotId", "BranchProtectionId"),
    ),
    parent=Parent(
        "branch_protections",
        {"BranchProtectionId": "BranchProtectionId"},
        ("DepotId", "BranchProtectionId"),
    ),
    scopes=SCOPES,
    slow=True,
)

PROTECTED_TAGS = Stream(
    name="protected_tags",
    title=Title("受保护标签", "Protected tags"),
    key=("DepotId", "TagName"),
    schema=Schema(key=("depot_id", "tag_name"), columns=tag_columns()),
    listing=Listing(action="DescribeGitProtectedTags", rows="GitTags", sends=("DepotId",)),
    parent=OF_DEPOT,
    personal=TAG_PERSONAL,
    scopes=SCOPES,
    slow=True,
)


def _alone(setting: Any) -> Iterable[Any]:
    return [setting]


DEPOT_PUSH_SETTINGS = Stream(
    name="depot_push_settings",
    title=Title("仓库推送设置", "Push settings of a depot"),
    key=("DepotId",),
    schema=Schema(
        key=("depot_id",),
        columns=(
            DEPOT_ID,
            flag(
                "check_commit_author",
                "CheckCommitAuthor",
                "提交者与作者是否须为已验证邮箱",
                "author and committer must be known",
            ),
            word(
                "commit_message_must_match_regex",
                "CommitMessageMustMatchRegex",
                "提交说明须匹配的正则表达式",
                "pattern of commit messages",
            ),
            flag("deny_force_push", "DenyForcePush", "是否禁止强制推送", "refuses forced pushes"),
            word(
                "push_deny_file",
                "PushDenyFile",
                "禁止推送的文件，每行一种",
                "files refused, one kind a line",
            ),
            word(
                "push_file_size",
                "PushFileSize",
                "单次推送文件总大小上限（MB，文本）",
                "most MB of files a push, as text",
            ),
        ),
    ),
    listing=Listing(action="DescribeDepotPushSetting", rows="Data", sends=_BY_PATH, unfold=_alone),
    parent=OF_DEPOT,
    scopes=SCOPES,
    slow=True,
)

DEPOT_FILE_PUSH_RULES = Stream(
    name="depot_file_push_rules",
    title=Title("文件推送规则", "File push rules"),
    key=("DepotId", "FilePushRuleId"),
    schema=Schema(
        key=("depot_id", "file_push_rule_id"),
        columns=(
            DEPOT_ID,
            integer("file_push_rule_id", "FilePushRuleId", "规则 ID", "id of the rule"),
            text("pattern", "Pattern", "文件路径规则", "pattern of the paths"),
            flag(
                "is_deny_for_all_user",
                "IsDenyForAllUser",
                "是否拒绝所有人推送",
                "refuses everybody",
            ),
            nested("privileges", "Privileges", "例外的用户与角色", "users and roles excepted"),
        ),
    ),
    listing=Listing(action="DescribeDepotFilePushRules", rows="GitFilePushRule", sends=_BY_PATH),
    parent=OF_DEPOT,
    scopes=SCOPES,
    slow=True,
)

DEPLOY_KEYS = Stream(
    name="deploy_keys",
    title=Title("部署公钥", "Deploy keys"),
    key=("DepotId", "KeyId"),
    schema=Schema(
        key=("depot_id", "key_id"),
        columns=(
            DEPOT_ID,
            integer("key_id", "KeyId", "公钥 ID", "id of the key"),
            text("title", "Title", "公钥标题", "title"),
            text("finger_print", "FingerPrint", "公钥指纹", "fingerprint of the key"),
            text("owner_name", "OwnerName", "所属者姓名", "name of its owner"),
            flag("allow_write", "AllowWrite", "是否可写", "may write"),
            flag("has_expired", "HasExpired", "是否已过期", "has expired"),
            word("expiration_date", "ExpirationDate", "过期时间（文本）", "ends, as CODING's text"),
            moment("created_at", "CreatedAt", "创建时间", "created"),
        ),
    ),
    listing=Listing(action="DescribeGitDepotDeployKeys", rows="Keys", sends=("DepotId",)),
    parent=OF_DEPOT,
    scopes=("vcs:ssh-key:ro",),
    slow=True,
    optional=True,
)
