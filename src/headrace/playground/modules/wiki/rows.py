"""Wiki pages as the API and the events show them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from ...project import Project
from ...records import whole_seconds
from ...rows import Row
from ..texts import time_text

if TYPE_CHECKING:
    from ...team import Team

NAMES = {
    "WIKI_CREATED": "文档创建",
    "WIKI_COPIED": "文档 / 文档树复制",
    "WIKI_UPDATED": "文档更新",
    "WIKI_MOVED": "文档移动",
    "WIKI_SHARE_UPDATED": "文档分享变更",
    "WIKI_ACCESS_UPDATED": "文档权限变更",
    "WIKI_MOVED_TO_RECYCLE_BIN": "文档移入回收站",
    "WIKI_DELETED": "文档彻底删除",
}


class Page(Struct, frozen=True, kw_only=True):
    """A page. `versions` are its texts, oldest first; `parent_iid` 0: at the top."""

    iid: int
    id: int
    title: str
    versions: tuple[str, ...]
    parent_iid: int
    order: float
    creator_id: int
    editor_id: int
    created_ms: int
    updated_ms: int
    msg: str = ""
    visible_range: str = "INHERIT"
    shared: bool = False
    tree_shared: bool = False

    @property
    def content(self) -> str:
        """The text as it is now."""
        return self.versions[-1]

    @property
    def version(self) -> int:
        """The number of the newest version."""
        return len(self.versions)


def list_row(team: Team, page: Page) -> Row:
    """A node of `DescribeWikiList`, without the nodes below."""
    return {
        "Id": page.id,
        "Iid": page.iid,
        "ParentIid": page.parent_iid,
        "Title": page.title,
        "Content": page.content,
        "Order": page.order,
        "VisibleRange": page.visible_range,
        "IsShared": page.shared,
        "IsTreeShared": page.tree_shared,
        "Creator": team.user(page.creator_id),
        "Editor": team.user(page.editor_id),
        "CreatedAt": whole_seconds(page.created_ms),
        "UpdatedAt": whole_seconds(page.updated_ms),
    }


def detail(team: Team, page: Page, version: int, above: Sequence[Page]) -> Row:
    """`Data` of `DescribeWiki`: one version of a page. `above`: the pages above, nearest first."""
    content = page.versions[version - 1]
    return {
        "Id": page.id,
        "Iid": page.iid,
        "ParentIid": page.parent_iid,
        "Title": page.title,
        "Content": content,
        "Html": "".join(f"<p>{line}</p>" for line in content.splitlines() if line),
        "Msg": page.msg,
        "Order": int(page.order),
        "Path": ",".join(str(found.id) for found in reversed(above)),
        "CurrentVersion": version,
        "LastVersion": page.version,
        "HistoriesCount": page.version,
        "HistoryId": page.id * 1000 + version,
        "VisibleRange": page.visible_range,
        "ParentVisibleRange": above[0].visible_range if above else None,
        "ParentShared": bool(above) and above[0].shared,
        "CanRead": True,
        "CanMaintain": True,
        "Creator": team.user(page.creator_id),
        "Editor": team.user(page.editor_id),
        "CreatedAt": time_text(page.created_ms),
        "UpdatedAt": time_text(page.updated_ms),
    }


def told(team: Team, project: Project, code: str, page: Page) -> Row:
    """What a WIKI_* event has beside the common head: addresses, but no number of the page."""
    home = f"{team.site}/p/{project.info.name}/wiki"
    parent = f"{home}/{page.parent_iid}" if page.parent_iid else ""
    content = {
        "title": page.title,
        "url": f"{home}/{page.iid}",
        "parentName": f"page {page.parent_iid}" if page.parent_iid else "",
        "parentUrl": parent,
        "shareUrl": f"{team.site}/s/{page.id}" if page.shared else "",
    }
    return {"eventName": NAMES[code], "content": content}
