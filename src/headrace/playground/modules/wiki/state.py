"""Pages are written, edited, moved, shared and thrown away; each version of a text is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from random import Random
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ...project import Project
from ...rows import Row
from ...words import EDITS
from .drive import Drive
from .rows import Page, detail, list_row, told

if TYPE_CHECKING:
    from ...team import Team

Key = tuple[int | str, ...]
PAGES_MAX = 16
TITLES = ("Architecture", "部署手册", "On call", "Release notes", "会议纪要", "FAQ")
RANGES = ("INHERIT", "PUBLIC", "HIDDEN")
NOT_KEPT = ("Creator", "Editor", "CanRead", "CanMaintain")


class Wiki:
    """The module. What went to the recycle bin stays there until it is deleted for good."""

    def __init__(self, team: Team, rng: Random) -> None:
        self._team = team
        self._rng = rng
        self._drive = Drive(team, rng)
        self._pages: dict[int, dict[int, Page]] = {}
        self._bins: dict[int, list[Page]] = {}
        self._made: dict[int, int] = {}
        for project in team.projects.values():
            for _ in range(5):
                self._write(project, team.began_ms)

    # Reading

    def pages(self, project: Project) -> dict[int, Page]:
        """The pages of a project by number; not to be changed by the caller."""
        return self._pages.get(project.id, {})

    def below(self, project: Project, iid: int) -> list[Page]:
        """The pages right below one, or at the top for 0, in their order."""
        found = [page for page in self.pages(project).values() if page.parent_iid == iid]
        return sorted(found, key=lambda page: (page.order, page.iid))

    def above(self, project: Project, page: Page) -> list[Page]:
        """The pages above one, nearest first."""
        found, pages = [], self.pages(project)
        while page.parent_iid:
            page = pages[page.parent_iid]
            found.append(page)
        return found

    def detail(self, project: Project, page: Page, version: int) -> Row:
        """As `DescribeWiki` serves it."""
        return detail(self._team, page, version, self.above(project, page))

    def tables(self) -> Mapping[str, Callable[[], dict[Key, Row]]]:
        """See `modules.Module`."""
        return {"wiki_pages": self._page_rows, "wiki_contents": self._content_rows}

    def _page_rows(self) -> dict[Key, Row]:
        return {
            (project.id, page.iid): list_row(self._team, page)
            for project in self._team.projects.values()
            for page in self.pages(project).values()
        }

    def _content_rows(self) -> dict[Key, Row]:
        rows: dict[Key, Row] = {}
        for project in self._team.projects.values():
            for page in self.pages(project).values():
                row = self.detail(project, page, page.version)
                kept = {name: value for name, value in row.items() if name not in NOT_KEPT}
                rows[(project.id, page.iid)] = kept
        return rows

    # Living

    def step(self, now_ms: int) -> str:
        """One of the acts below, in any project."""
        if not self._team.projects:
            return "there is nothing to write about"
        project = self._rng.choice(list(self._team.projects.values()))
        if self._rng.random() < 0.15:
            return self._drive.step(project)
        pages = list(self.pages(project).values())
        if len(pages) < 2:
            return self._write(project, now_ms)
        return self._rng.choice(ACTS)(self, project, self._rng.choice(pages), now_ms)

    def _tell(self, project: Project, code: str, page: Page) -> None:
        self._team.tell(project, code, partial(told, self._team, project, code, page))

    def _put(self, project: Project, page: Page, code: str) -> None:
        self._pages.setdefault(project.id, {})[page.iid] = page
        self._tell(project, code, page)

    def _write(
        self,
        project: Project,
        now_ms: int,
        above: Page | None = None,
        code: str = "WIKI_CREATED",
    ) -> str:
        iid = self._made[project.id] = self._made.get(project.id, 0) + 1
        page = Page(
            iid=iid,
            id=project.id * 1000 + iid,
            title=f"{self._rng.choice(TITLES)} {iid}",
            versions=(f"# Page {iid}\n\n{self._rng.choice(EDITS)}",),
            parent_iid=above.iid if above else 0,
            order=float(iid),
            creator_id=self._author(project),
            editor_id=self._author(project),
            created_ms=now_ms,
            updated_ms=now_ms,
        )
        self._put(project, page, code)
        return f"{page.title} was written in {project.info.name}"

    def _author(self, project: Project) -> int:
        return self._rng.choice(tuple(project.roles) or (self._team.owner_id,))

    def _add(self, project: Project, page: Page, now_ms: int) -> str:
        if len(self.pages(project)) >= PAGES_MAX:
            return self._throw_away(project, page, now_ms)
        code = self._rng.choice(("WIKI_CREATED", "WIKI_COPIED"))
        return self._write(project, now_ms, page, code)

    def _edit(self, project: Project, page: Page, now_ms: int) -> str:
        words = f"{page.content[-200:]}\n{self._rng.choice(EDITS)}"
        page = replace(
            page, versions=(*page.versions, words), msg=self._rng.choice(("", "补充说明")),
            editor_id=self._author(project), updated_ms=now_ms,
        )  # fmt: skip
        self._put(project, page, "WIKI_UPDATED")
        return f"{page.title} was edited"

    def _move(self, project: Project, page: Page, now_ms: int) -> str:
        """Below another page, which is not below this one, or to the top."""
        places = [
            place.iid
            for place in self.pages(project).values()
            if page.iid not in {place.iid, *(found.iid for found in self.above(project, place))}
        ]
        parent_iid = self._rng.choice([0, *places])
        order = self._rng.randrange(1, 40) / 2
        moved = replace(page, parent_iid=parent_iid, order=order, updated_ms=now_ms)
        self._put(project, moved, "WIKI_MOVED")
        return f"{page.title} was moved below page {parent_iid}"

    def _share(self, project: Project, page: Page, _: int) -> str:
        """The time of the page's last update stays."""
        shared = not page.shared
        page = replace(page, shared=shared, tree_shared=shared and self._rng.random() < 0.5)
        self._put(project, page, "WIKI_SHARE_UPDATED")
        return f"{page.title} is {'shared' if shared else 'not shared'}"

    def _restrict(self, project: Project, page: Page, _: int) -> str:
        page = replace(page, visible_range=self._rng.choice(RANGES))
        self._put(project, page, "WIKI_ACCESS_UPDATED")
        return f"{page.title} is {page.visible_range}"

    def _throw_away(self, project: Project, page: Page, _: int) -> str:
        """The page goes to the recycle bin with all below it; only one event tells of them."""
        pages = self._pages[project.id]
        gone = [page, *(p for p in pages.values() if page in self.above(project, p))]
        self._pages[project.id] = {n: p for n, p in pages.items() if p not in gone}
        self._bins.setdefault(project.id, []).extend(gone)
        self._tell(project, "WIKI_MOVED_TO_RECYCLE_BIN", page)
        return f"{page.title} was thrown away with {len(gone) - 1} below it"

    def _empty_bin(self, project: Project, _page: Page, _: int) -> str:
        gone = self._bins.pop(project.id, [])
        for page in gone:
            self._tell(project, "WIKI_DELETED", page)
        return f"{len(gone)} pages of {project.info.name} are gone for good"


Act = Callable[[Wiki, Project, Page, int], str]
ACTS: tuple[Act, ...] = (
    Wiki._add,
    Wiki._add,
    Wiki._edit,
    Wiki._edit,
    Wiki._move,
    Wiki._share,
    Wiki._restrict,
    Wiki._throw_away,
    Wiki._empty_bin,
)
