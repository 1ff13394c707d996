"""Streams of a project's wiki: the tree of its pages, and the content of each."""

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
from headrace.coding.streams.people import alone, tree
from headrace.coding.streams.project import IN_PROJECT, PROJECT_ID
from headrace.core.schema import Column, Schema
from headrace.core.stream import HookRule, Listing, Parent, Strategy, Stream, Title

_SCOPES = ("document:knowledge:ro",)
_IID = integer("iid", "Iid", "页面编号，项目内唯一", "number of the page, unique in the project")
_CURRENT = -1  # the VersionId that stands for the newest version; lists tell no version
_RANGE_ZH = "可见范围：PUBLIC 公开，INHERIT 继承，HIDDEN 隐藏"


def _person(name: str, path: str, zh: str, en: str) -> tuple[Column, ...]:
    return (
        reference(f"{name}_id", f"{path}.Id", f"{zh} ID", f"id of who {en}"),
        word(f"{name}_name", f"{path}.Name", f"{zh}姓名", f"name of who {en}"),
        nested(name, path, f"{zh}（全部字段）", f"who {en}, all fields"),
    )


WIKI_PAGES = Stream(
    name="wiki_pages",
    title=Title("Wiki 页面", "Wiki pages"),
    key=("ProjectId", "Iid"),
    version=("UpdatedAt",),
    schema=Schema(
        key=("project_id", "iid"),
        columns=(
            PROJECT_ID,
            _IID,
            integer("id", "Id", "页面 ID", "id of the page"),
            reference("parent_iid", "ParentIid", "上级页面编号", "number of the page above"),
            decimal("order", "Order", "所处顺序位置", "place among its siblings"),
            text("title", "Title", "标题", "title"),
            text("content", "Content", "列表中的内容", "the text as the list shows it"),
            text("visible_range", "VisibleRange", _RANGE_ZH, "PUBLIC, INHERIT or HIDDEN"),
            flag("is_shared", "IsShared", "是否已分享", "is shared"),
            flag("is_tree_shared", "IsTreeShared", "是否整树分享", "is shared with all below"),
            *_person("creator", "Creator", "创建者", "made it"),
            *_person("editor", "Editor", "编辑者", "edited it last"),
            moment("created_at", "CreatedAt", "创建时间", "created"),
            moment("updated_at", "UpdatedAt", "更新时间", "last updated"),
        ),
    ),
    listing=Listing(action="DescribeWikiList", rows="Data", sends=("ProjectName",), unfold=tree),
    parent=IN_PROJECT,
    # No body has the page's number: an event has the project's tree read again.
    hooks=(
        HookRule(
            (
                *("WIKI_CREATED", "WIKI_UPDATED", "WIKI_MOVED", "WIKI_COPIED", "WIKI_DELETED"),
                *("WIKI_SHARE_UPDATED", "WIKI_ACCESS_UPDATED"),
                *("WIKI_MOVED_TO_RECYCLE_BIN", "WIKI_RESTORED_FROM_RECYCLE_BIN"),
            )
        ),
    ),
    every=10,
    scopes=_SCOPES,
    personal=("Creator.Email", "Creator.Phone", "Editor.Email", "Editor.Phone"),
)

WIKI_CONTENTS = Stream(
    name="wiki_contents",
    title=Title("Wiki 内容", "Contents of wiki pages"),
    key=("ProjectId", "Iid"),
    schema=Schema(
        key=("project_id", "iid"),
        columns=(
            PROJECT_ID,
            _IID,
            integer("id", "Id", "页面 ID", "id of the page"),
            text("title", "Title", "标题", "title"),
            text("content", "Content", "内容（Markdown）", "the text as written"),
            text("html", "Html", "内容（HTML）", "the text as HTML"),
            integer("current_version", "CurrentVersion", "当前版本", "number of this version"),
            integer("last_version", "LastVersion", "最新版本", "number of the newest version"),
            integer("histories_count", "HistoriesCount", "修改次数", "how often it was changed"),
            reference("history_id", "HistoryId", "历史记录 ID", "id of the version"),
            word("msg", "Msg", "提交说明", "what was said about the version"),
            reference("parent_iid", "ParentIid", "上级页面编号", "number of the page above"),
            integer("order", "Order", "所处顺序位置", "place among its siblings"),
            word("path", "Path", "路径", "numbers of the pages above"),
            word("visible_range", "VisibleRange", _RANGE_ZH, "PUBLIC, INHERIT or HIDDEN"),
            word("parent_visible_range", "ParentVisibleRange", "上级可见范围", "of the page above"),
            flag("parent_shared", "ParentShared", "上级是否已分享", "the page above is shared"),
            text("created_at", "CreatedAt", "创建时间（文本，+08:00）", "created, as text, +08:00"),
            text("updated_at", "UpdatedAt", "更新时间（文本，+08:00）", "updated, as text, +08:00"),
        ),
    ),
    strategy=Strategy.CHILDREN,
    listing=Listing(
        action="DescribeWiki",
        rows="Data",
        sends=("ProjectName", "Iid"),
        params={"VersionId": _CURRENT},
        unfold=alone,
    ),
    parent=Parent(stream="wiki_pages", values={"Iid": "Iid"}, key=("ProjectId", "Iid")),
    scopes=_SCOPES,
    # Who made and edited it stands in wiki_pages; what may be done depends on who asks.
    volatile=("Creator", "Editor", "CanRead", "CanMaintain"),
)

WIKI: tuple[Stream, ...] = (WIKI_PAGES, WIKI_CONTENTS)
